"""Lesson 01: the mean squared error, two cross-entropies that do not overflow, and two predictions."""

import numpy as np

from bplib import losses
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_choice

LESSON = "01_loss_functions"
TITLE = "Loss functions"


def _in_every_form(forms, mistake):
    """The wrong answers (z, y) -> mistake(form, z, y), one for each form."""
    return tuple(lambda z, y, form=form: mistake(form, z, y) for form in forms)


def _usual(forms):
    """Mistakes of both cross-entropies; forms (z, y) -> (n,) are the ways in which people write their terms."""
    return (
        (
            "factor-sum",
            "You added up the losses of the batch. Take their mean.",
            _in_every_form(forms, lambda form, z, y: np.sum(form(z, y))),
        ),
        (
            "sign",
            "The sign is turned around: minus the log of a probability is never negative, and neither is the loss.",
            _in_every_form(forms, lambda form, z, y: -np.mean(form(z, y))),
        ),
        ("no-mean", "These are the losses one by one. Return their mean, a single number.", forms),
        (
            "log10",
            "The logarithm is the one to base 10; the loss has the natural one, np.log.",
            _in_every_form(forms, lambda form, z, y: np.mean(form(z, y)) / np.log(10)),
        ),
        (
            "log2",
            "The logarithm is the one to base 2, which counts in bits; the loss has the natural one, np.log.",
            _in_every_form(forms, lambda form, z, y: np.mean(form(z, y)) / np.log(2)),
        ),
    )


# mse: any shape, the mean over all entries


def _predictions(rng):
    return [(rng.normal(size=shape), rng.normal(size=shape)) for shape in ((5,), (7,), (7, 3))]


MSE_MISTAKES = misconceptions(
    (
        "factor-sum",
        "This is the sum of the squares; divide it by their number, or the loss grows with the amount of data.",
        (lambda a, y: np.sum((a - y) ** 2),),
    ),
    (
        "factor-half",
        "This is half of it. Some books put 1/2 in front to shorten the derivative; our mean squared error has none.",
        (lambda a, y: np.mean((a - y) ** 2) / 2,),
    ),
    (
        "factor-rows",
        "Right for shape (n,). With shape (n, d) there are n times d entries, and you divided by n alone.",
        (lambda a, y: np.sum((a - y) ** 2) / len(y),),
    ),
    (
        "factor-n-1",
        "You divided by one less than the number of entries, as for the variance of a sample; divide by all of them.",
        (lambda a, y: np.sum((a - y) ** 2) / (np.size(y) - 1),),
    ),
    (
        "no-square",
        "The square is missing: errors above and below zero cancel, and very bad predictions can look perfect.",
        (lambda a, y: np.mean(a - y), lambda a, y: np.mean(y - a)),
    ),
    (
        "doubled",
        "You doubled the errors where they have to be squared: in Python a square is ** 2.",
        (lambda a, y: np.mean((a - y) * 2), lambda a, y: np.mean((y - a) * 2)),
    ),
    (
        "absolute",
        "This is the mean absolute error. It is a loss too, but this exercise asks for squares.",
        (lambda a, y: np.mean(np.abs(a - y)),),
    ),
    (
        "root",
        "You took the root at the end. That gives the RMSE, in the unit of y; the MSE stays squared.",
        (lambda a, y: np.sqrt(np.mean((a - y) ** 2)),),
    ),
    (
        "square-of-mean",
        "You took the mean first, and errors of opposite sign have canceled in it. Square each error first.",
        (lambda a, y: np.mean(a - y) ** 2, lambda a, y: np.sum(a - y) ** 2 / np.size(y)),
    ),
    (
        "difference-of-squares",
        "You squared first and subtracted afterward. Square the difference: (a - b)^2 is not a^2 - b^2.",
        (lambda a, y: np.mean(a**2 - y**2), lambda a, y: np.mean(y**2 - a**2)),
    ),
    (
        "plus",
        "You added the truth where it has to be subtracted: the error is y_pred - y_true.",
        (lambda a, y: np.mean((a + y) ** 2),),
    ),
    (
        "one-side",
        "Only one of the two arrays is used. The error is the difference between prediction and truth.",
        (lambda a, y: np.mean(a**2), lambda a, y: np.mean(y**2)),
    ),
    (
        "no-mean",
        "These are the squared errors one by one. A loss is a single number: take their mean.",
        (lambda a, y: (a - y) ** 2,),
    ),
    (
        "mean-of-columns",
        "With shape (n, d) you took the mean over one axis only. Take it over all entries: one number for any shape.",
        (lambda a, y: np.mean((a - y) ** 2, axis=0), lambda a, y: np.mean((a - y) ** 2, axis=-1)),
    ),
    (
        "factor-gradient",
        "This is the gradient 2 (y_pred - y_true) / N. The loss itself is asked for here.",
        (losses.mse_grad,),
    ),
)


# bce-logits: the mean of log(1 + exp(z)) - z y, finite for every z


def _logits(rng):
    """Plain logits; one that rounds 1 - p to zero; and the extremes, right and wrong."""
    some = rng.normal(size=5)
    return [
        *((2.0 * rng.normal(size=n), _both_labels(rng, n)) for n in (5, 7)),
        (np.array([some[0], 40.0, some[1], -40.0, some[2]]), np.array([1.0, 0.0, 0.0, 1.0, 1.0])),
        (np.array([1000.0, -1000.0, some[3], 1000.0, some[4], -1000.0, 3.0]), np.array([1.0, 0, 1, 0, 0, 1, 1])),
    ]


def _both_labels(rng, n):
    """Zeros and ones in random order, more ones than zeros: equal numbers could hide an exchange."""
    return rng.permutation(np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0][:n]))


def _softplus(z):
    """log(1 + exp(z)), which never overflows."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _p(z):
    return 1 / (1 + np.exp(-z))


# The loss of each example in the forms in which people write it: a mistake can be made in any of them.
def _bce_stable(z, y):
    return _softplus(z) - z * y


def _bce_product(z, y):
    p = _p(z)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def _bce_where(z, y):
    p = _p(z)
    return np.where(y == 1, -np.log(p), -np.log(1 - p))


def _bce_positive(z, y):
    return np.log(1 + np.exp(z)) - z * y


def _bce_negative(z, y):
    return np.log(1 + np.exp(-z)) + (1 - y) * z


def _bce_two_terms(z, y):
    return y * np.log(1 + np.exp(-z)) + (1 - y) * np.log(1 + np.exp(z))


def _bce_two_p(z, y):
    return -(y * np.log(_p(z)) + (1 - y) * np.log(_p(-z)))


SAFE_AT_40 = (_bce_stable, _bce_positive, _bce_negative, _bce_two_terms)
BCE_FORMS = (_bce_product, _bce_where, *SAFE_AT_40)
EPSILONS = tuple(10.0**-k for k in range(5, 17))
CAPS = (20, 30, 36)  # of logits
HIGH_CAPS = (50, 100, 500, 700, 709)  # here the forms with p have met log(0) already


def _clipped_p(eps, z, y):
    p = np.clip(_p(z), eps, 1 - eps)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def _p_plus(eps, z, y):
    p = _p(z)
    return -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))


BCE_MISTAKES = misconceptions(
    *_usual(BCE_FORMS),
    (
        "overflow-log-0",
        "Right for moderate logits. But p was computed first: for a large z it is rounded to exactly 1, and log(1 - p)"
        " is minus infinity. Write the loss in z itself and never form p.",
        _in_every_form((_bce_product, _bce_where), lambda form, z, y: np.mean(form(z, y))),
    ),
    (
        "overflow",
        "Right for moderate logits. But exp(1000) is too large for a float, and exp(-1000) is 0 to it, which no"
        " logarithm survives. Take the large part out: exp should only ever see -|z|, and only beside a 1.",
        _in_every_form(
            (_bce_positive, _bce_negative, _bce_two_terms, _bce_two_p), lambda form, z, y: np.mean(form(z, y))
        ),
    ),
    (
        "overflow-clip",
        "A clip hides the overflow and does not mend it: for z = 1000 and y = 0 the loss is 1000, and yours stops at a"
        " cap, where it is flat and a model would learn nothing. Take clip and eps out and write the loss in z.",
        (
            *(lambda z, y, eps=eps: _clipped_p(eps, z, y) for eps in EPSILONS),
            *(lambda z, y, eps=eps: _p_plus(eps, z, y) for eps in EPSILONS),
            *(lambda z, y, f=f: np.mean(np.nan_to_num(f(z, y))) for f in (_bce_product, _bce_where)),
            *(lambda z, y, f=f: np.nan_to_num(np.mean(f(z, y))) for f in (_bce_product, _bce_where, _bce_positive)),
            *(lambda z, y, f=f, c=c: np.mean(f(np.clip(z, -c, c), y)) for f in BCE_FORMS for c in CAPS),
            *(lambda z, y, f=f, c=c: np.mean(f(np.clip(z, -c, c), y)) for f in SAFE_AT_40 for c in HIGH_CAPS),
        ),
    ),
    (
        "labels-swapped",
        "The two labels have changed places: z is the logit of class 1, so a large z must be cheap where y = 1.",
        _in_every_form(BCE_FORMS, lambda form, z, y: np.mean(form(z, 1 - y))),
    ),
    (
        "first-term-only",
        "Only the examples with y = 1 cost anything. Where y = 0 the loss is -log(1 - p).",
        _in_every_form(BCE_FORMS, lambda form, z, y: np.mean(y * form(z, y))),
    ),
    (
        "second-term-only",
        "Only the examples with y = 0 cost anything. Where y = 1 the loss is -log(p).",
        _in_every_form(BCE_FORMS, lambda form, z, y: np.mean((1 - y) * form(z, y))),
    ),
    (
        "sign-brackets",
        "The minus reaches only the first of two terms. Put parentheses around both: -(y log p + (1 - y) log(1 - p)).",
        _in_every_form(BCE_FORMS, lambda form, z, y: np.mean((2 * y - 1) * form(z, y))),
    ),
    (
        "z-for-p",
        "You put the logit where a probability belongs: the logarithms want p = sigmoid(z).",
        (lambda z, y: -np.mean(y * np.log(z) + (1 - y) * np.log(1 - z)),),
    ),
    (
        "sigmoid-twice",
        "The sigmoid is applied twice: a probability went in where a logit belongs.",
        (lambda z, y: np.mean(_bce_stable(_p(z), y)),),
    ),
    (
        "squared-error",
        "This is the squared error of p. The exercise asks for the cross-entropy.",
        (lambda z, y: np.mean((_p(z) - y) ** 2),),
    ),
    (
        "no-abs",
        "Nearly: with max(z, 0) in front, the exponent has to be -|z|, which is never positive.",
        _in_every_form(
            (np.abs, np.positive, np.negative),
            lambda exponent, z, y: np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(exponent(z)))),
        ),
    ),
    (
        "one-maximum",
        "Nearly: z.max() is the largest logit of the whole batch. Each example has two logits of its own, 0 and z, and"
        " needs the larger of these: np.maximum(z, 0).",
        (lambda z, y: np.mean(z.max() + np.log(np.exp(-z.max()) + np.exp(z - z.max())) - z * y),),
    ),
    (
        "one-kept",
        "The 1 has to shrink too: with m = max(z, 0) taken out, 1 + exp(z) becomes exp(-m) + exp(z - m).",
        (lambda z, y: np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(z - np.maximum(z, 0)))),),
    ),
    (
        "maximum-only",
        "max(z, 0) is close to log(1 + exp(z)) where z is large, but near 0 something is missing: log(1 + exp(-|z|)).",
        (lambda z, y: np.mean(np.maximum(z, 0) - z * y),),
    ),
    (
        "plus-zy",
        "The sign of z y is turned around: where y = 1, a large z should lower the loss.",
        (lambda z, y: np.mean(_softplus(z) + z * y),),
    ),
    (
        "no-max",
        "What you took out of the logarithm has to be added again: log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)).",
        (lambda z, y: np.mean(np.log1p(np.exp(-np.abs(z))) - z * y),),
    ),
    (
        "no-1",
        "Inside the logarithm the 1 is missing: it is log(1 + exp(-|z|)), and log(exp(-|z|)) would only be -|z|.",
        (
            lambda z, y: np.mean(np.maximum(z, 0) - z * y - np.abs(z)),
            lambda z, y: np.mean(np.maximum(z, 0) - z * y + np.log(np.exp(-np.abs(z)))),
        ),
    ),
    (
        "no-zy",
        "The label is never used: log(1 + exp(z)) is the loss where y = 0. The term - z y is missing.",
        (lambda z, y: np.mean(_softplus(z)), lambda z, y: np.mean(np.log(1 + np.exp(z)))),
    ),
)


# softmax-ce: the mean of log(sum_j exp(z_j)) - z_y, finite for every z


def _rows(rng):
    """Plain logits, once square; both extremes in each row, all right and then some wrong; and all around -1000."""
    high = rng.normal(size=(5, 3))
    high[np.arange(5), [0, 1, 2, 0, 1]] = 1000.0
    high[np.arange(5), [1, 2, 0, 2, 0]] = -1000.0
    high[4, 2] = 999.5  # not quite certain, so that the mean is not zero
    return [
        *((rng.normal(size=(n, k)), _labels(rng, n, k)) for n, k in ((5, 3), (7, 4), (5, 5))),
        (high, np.array([0, 1, 2, 0, 1])),
        (high, np.array([0, 2, 2, 1, 2])),
        (rng.normal(size=(7, 3)) - 1000.0, _labels(rng, 7, 3)),
        # One maximum for all rows would be too large for some of them.
        (
            rng.normal(size=(5, 3)) + np.array([[1000.0], [-1000.0], [1000.0], [0.0], [-1000.0]]),
            np.array([0, 2, 1, 0, 1]),
        ),
    ]


def _labels(rng, n, k):
    """Random labels, not all equal."""
    return rng.permutation(np.arange(n) % k)


def _log_p_naive(z, axis=1):
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _softmax_naive(z, axis=1):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def _log_of_naive(z, axis=1):
    return np.log(_softmax_naive(z, axis))


def _safe(function):
    """The same function, with the largest logit subtracted first."""
    return lambda z, axis=1: function(z - z.max(axis=axis, keepdims=True), axis)


_log_p, _softmax = _safe(_log_p_naive), _safe(_softmax_naive)
_log_of_softmax = _safe(_log_of_naive)
LOG_P = (_log_p, _log_p_naive, _log_of_softmax, _log_of_naive)


def _picked(log_p, y):
    return log_p[np.arange(len(y)), y]


SOFTMAX_FORMS = _in_every_form(LOG_P, lambda log_p, z, y: -_picked(log_p(z), y))


def _onehot(z, y):
    return np.eye(z.shape[1])[y]


def _not_added_again(z, y):
    top = z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z - top).sum(axis=1)) - _picked(z, y))


def _one_maximum(z, y):
    top = z.max()
    return np.mean(top + np.log(np.exp(z - top).sum(axis=1)) - _picked(z, y))


def _added_twice(z, y):
    top = z.max(axis=1, keepdims=True)
    return np.mean(top[:, 0] + np.log(np.exp(z - top).sum(axis=1)) - _picked(z - top, y))


def _capped_p(eps, z, y):
    return -np.mean(np.log(np.clip(_picked(_softmax(z), y), eps, 1 - eps)))


def _small_added(eps, z, y):
    return -np.mean(np.log(_picked(_softmax(z), y) + eps))


SOFTMAX_MISTAKES = misconceptions(
    *_usual(SOFTMAX_FORMS),
    (
        "one-maximum",
        "Nearly: m is the largest logit of the whole batch. A row whose logits are all far below it loses all its"
        " exponentials. Each row needs its own: z.max(axis=1, keepdims=True).",
        (_one_maximum,),
    ),
    (
        "maximum-of-columns",
        "The largest logit was taken from each column, so over the examples. Each row needs its own:"
        " z.max(axis=1, keepdims=True).",
        (
            lambda z, y: -np.mean(_picked(_log_p_naive(z - z.max(axis=0)), y)),
            lambda z, y: -np.mean(_picked(_log_of_naive(z - z.max(axis=0)), y)),
            lambda z, y: np.mean(np.log(np.exp(z - z.max(axis=0)).sum(axis=1)) - _picked(z, y)),
        ),
    ),
    (
        "overflow",
        "Right for moderate logits. But exp(1000) is too large for a float, and if all logits are near -1000 every exp"
        " is 0. Subtract the largest logit of each row first: it changes nothing on paper.",
        (
            lambda z, y: -np.mean(_picked(_log_p_naive(z), y)),
            lambda z, y: -np.mean(_picked(_log_of_naive(z), y)),
            lambda z, y: -np.sum(_onehot(z, y) * _log_of_naive(z)) / len(y),
            lambda z, y: -np.sum(_onehot(z, y) * _log_p_naive(z)) / len(y),
        ),
    ),
    (
        "overflow-log-0",
        "Right for moderate logits. But p is computed before its logarithm, and a p of exp(-1000) is rounded to 0."
        " Never form p: log p is z_y minus the log of the sum.",
        (
            lambda z, y: -np.mean(_picked(_log_of_softmax(z), y)),
            lambda z, y: -np.sum(_onehot(z, y) * _log_of_softmax(z)) / len(y),
        ),
    ),
    (
        "overflow-clip",
        "A clip hides log(0) and does not mend it: where a wrong logit is larger by 1000, the loss is 1000, and yours"
        " stops at a cap. Take clip and eps out: log p is z_y minus the log of the sum.",
        (
            *(lambda z, y, eps=eps: _capped_p(eps, z, y) for eps in EPSILONS),
            *(lambda z, y, eps=eps: _small_added(eps, z, y) for eps in EPSILONS),
        ),
    ),
    (
        "overflow-other-shift",
        "Right for moderate logits. But what you subtract is not the largest logit of the row, so an exponent can still"
        " be large. With the largest one, no exponent is above 0.",
        (
            lambda z, y: -np.mean(_picked(_log_p_naive(z - z.mean(axis=1, keepdims=True)), y)),
            lambda z, y: -np.mean(_picked(_log_p_naive(z - z.min(axis=1, keepdims=True)), y)),
        ),
    ),
    (
        "wrong-axis",
        "You summed over the examples. Each row of z is one example, and its k probabilities add up to 1: use axis 1.",
        _in_every_form(LOG_P, lambda log_p, z, y: -np.mean(_picked(log_p(z, axis=0), y))),
    ),
    (
        "sum-over-all",
        "The sum of the exponentials runs over the whole batch. Each example has a sum of its own: sum over axis 1.",
        (
            *_in_every_form(LOG_P, lambda log_p, z, y: -np.mean(_picked(log_p(z, axis=(0, 1)), y))),
            lambda z, y: -np.mean(_picked(_log_p_naive(z - z.max(axis=1, keepdims=True), axis=(0, 1)), y)),
        ),
    ),
    (
        "factor-n-k",
        "You divided by n times k. Each example has one loss, so the mean is over the n examples.",
        _in_every_form(LOG_P, lambda log_p, z, y: -np.sum(_picked(log_p(z), y)) / z.size),
    ),
    (
        "no-log",
        "This is the probability of the truth, not its logarithm. The loss is the mean of -log p.",
        (
            lambda z, y: -np.mean(_picked(_softmax(z), y)),
            lambda z, y: np.mean(_picked(_softmax(z), y)),
        ),
    ),
    (
        "one-minus-p",
        "This is one minus the probability of the truth, which never costs more than 1. The loss is minus the logarithm"
        " of the probability, and that has no limit.",
        (lambda z, y: np.mean(1 - _picked(_softmax(z), y)),),
    ),
    (
        "no-zy",
        "The label is never used: the log of the sum is the same whatever the truth. Subtract the logit of the true"
        " class, z_y.",
        (
            lambda z, y: np.mean(np.log(np.exp(z).sum(axis=1))),
            lambda z, y: np.mean(z.max(axis=1) + np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1))),
        ),
    ),
    (
        "no-softmax",
        "The logits were never normalized: log p is z_y minus the log of the sum of the exponentials.",
        (lambda z, y: -np.mean(_picked(z, y)),),
    ),
    (
        "labels-unused",
        "Every class counts here, whatever the label. Only log p of the true class is the loss.",
        (
            *_in_every_form(LOG_P, lambda log_p, z, y: -np.mean(log_p(z))),
            *_in_every_form(LOG_P, lambda log_p, z, y: -np.mean(np.sum(log_p(z), axis=1))),
        ),
    ),
    (
        "argmax",
        "You took the class that the model likes best. The loss asks for the probability of the class that is true, y.",
        _in_every_form(LOG_P, lambda log_p, z, y: -np.mean(np.max(log_p(z), axis=1))),
    ),
    (
        "broadcast-columns",
        "z[:, y] takes the columns y of every row, n times n numbers. Pair row i with its label: z[np.arange(n), y].",
        (
            *_in_every_form(LOG_P, lambda log_p, z, y: -np.mean(log_p(z)[:, y])),
            *_in_every_form(LOG_P, lambda log_p, z, y: -log_p(z)[:, y]),
        ),
    ),
    (
        "broadcast-rows",
        "Indexing with [y] alone takes whole rows, those whose numbers stand in y. Pair row i with its label:"
        " z[np.arange(n), y].",
        _in_every_form(LOG_P, lambda log_p, z, y: -np.mean(log_p(z)[y])),
    ),
    (
        "off-by-one",
        "The labels are shifted by one: they run from 0 to k - 1, as the columns of z do.",
        _in_every_form(LOG_P, lambda log_p, z, y: -np.mean(_picked(log_p(z), y - 1))),
    ),
    (
        "shift-one-sided",
        "The largest logit was subtracted on one side only: if you take it out of the exponentials, either add it to"
        " the log of the sum or take it out of z_y too.",
        (_not_added_again, _added_twice),
    ),
    (
        "binary-per-class",
        "This is a binary cross-entropy for each class. With softmax the classes compete, and the other probabilities"
        " have entered through the sum already: -log p of the true class is all.",
        (lambda z, y: np.sum(_softplus(z) - z * _onehot(z, y)) / len(y),),
    ),
    (
        "squared-error",
        "This is the squared error of the probabilities. The exercise asks for the cross-entropy.",
        (lambda z, y: np.mean((_softmax(z) - _onehot(z, y)) ** 2),),
    ),
    (
        "softmax-twice",
        "Softmax is applied twice: probabilities went in where logits belong.",
        (lambda z, y: -np.mean(_picked(_log_p(_softmax(z)), y)),),
    ),
)


# faster-loss and broadcast: predictions

FASTER_WHY = (
    "At z = -4 its slope is p - 1 = -0.982, and that of the squared error is 2 (p - 1) p (1 - p) = -0.035: the more"
    " sure and wrong the model, the flatter the squared error."
)
FASTER_WRONG = {
    "mse": "Look at its slope at z = -4, which is 2 (p - 1) p (1 - p) with p = 0.018. Where a model is so sure and so"
    " wrong, the squared error is almost flat.",
    "both alike": "Both have the same sign, so both fall, but compare the slopes dL/dz at z = -4: p - 1 for one,"
    " 2 (p - 1) p (1 - p) for the other.",
    "neither": "Each of them falls: both slopes are negative at z = -4, so b grows. Compare how steep they are.",
}

BROADCAST_WHY = (
    "Aligned from the right, (5, 1) meets (1, 5), and each axis of length 1 is stretched to 5: 25 differences, where"
    " five were meant, and no error."
)
BROADCAST_WRONG = {
    (5,): "The column does not turn into a row by itself. NumPy aligns shapes from the right: (5, 1) against (1, 5).",
    (5, 1): "The row does not turn into a column by itself. NumPy aligns shapes from the right: (5, 1) against (1, 5).",
    (1, 5): "Each axis takes the longer of its two lengths. Aligned from the right, the axes are 5 against 1 and 1"
    " against 5.",
    (25,): "There are indeed 25 differences, but they stay in a table: two axes, each with a length.",
    "error": "An error would be kinder, but NumPy stretches an axis of length 1 to fit, and here each side has one.",
}


PROBLEMS = (
    Problem(
        id="mse",
        title="The mean squared error",
        points=2,
        hints=(
            "In three steps: the errors, their squares, and the mean of those.",
            "With arrays y_pred - y_true subtracts entry by entry, and ** 2 squares entry by entry.",
            "np.mean without an axis is the mean over all entries, whatever the shape.",
        ),
        judge=judge_function(losses.mse, _predictions, MSE_MISTAKES),
        withdrawn=("losses.mse",),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="bce-logits",
        title="Binary cross-entropy from logits",
        points=3,
        hints=(
            "Start on paper, with p = 1 / (1 + exp(-z)). What is -log(p) in z? What is -log(1 - p)?",
            "-log(1 - p) = log(1 + exp(z)) and -log(p) = log(1 + exp(z)) - z. So the loss is log(1 + exp(z)) - z y.",
            "log(1 + exp(z)) is the log-sum-exp of the two logits 0 and z. Take the larger of them out: max(z, 0).",
            "What stays inside is 1 + exp(-|z|), so log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)). np.maximum takes"
            " the larger entry by entry.",
        ),
        judge=judge_function(losses.binary_cross_entropy_with_logits, _logits, BCE_MISTAKES),
        withdrawn=("losses.binary_cross_entropy_with_logits",),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="softmax-ce",
        title="Softmax cross-entropy",
        points=3,
        hints=(
            "For one example the loss is log(sum of exp(z_j)) - z_y. First write it for whole rows, without fear of"
            " overflow.",
            "The logit of the true class in each row: z[np.arange(len(y)), y], of shape (n,).",
            "The largest logit of each row: z.max(axis=1, keepdims=True), of shape (n, 1). Subtract it from z before"
            " anything else; the loss stays the same, since it is subtracted from z_y too.",
            "With that z each row costs np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]. Now the mean.",
        ),
        judge=judge_function(losses.softmax_cross_entropy, _rows, SOFTMAX_MISTAKES),
        withdrawn=("losses.softmax_cross_entropy", "losses._softmax_cross_entropy_and_grad"),
        minutes=10,
        difficulty=3,
    ),
    Problem(
        id="faster-loss",
        title="Which loss falls faster",
        points=1,
        hints=(
            "Each step moves b by 0.5 times dL/dz. So compare the two slopes at z = -4.",
            "For the cross-entropy dL/dz = p - y. For the squared error it is that times 2 p (1 - p), and p = 0.018.",
        ),
        judge=judge_choice("cross-entropy", FASTER_WHY, FASTER_WRONG),
        minutes=3,
        difficulty=1,
    ),
    Problem(
        id="broadcast",
        title="Spot the broadcast",
        points=1,
        hints=(
            "NumPy lines the two shapes up from the right and puts a 1 where one of them has nothing.",
            "So it is (5, 1) against (1, 5). An axis of length 1 is stretched to the length of the other.",
        ),
        judge=judge_choice((5, 5), BROADCAST_WHY, BROADCAST_WRONG),
        minutes=3,
        difficulty=1,
    ),
)
