"""Lesson 01: a mean squared error and its gradient, two cross-entropies that do not overflow, and two predictions."""

import numpy as np

from bplib import losses
from bplib.course.judging.judges import Problem, judge_function, judge_square_first, misconceptions
from bplib.course.judging.paper import judge_choice
from bplib.course.judging.reading import PASSED, settling
from bplib.course.judging.turns import judge_value, turn

LESSON = "01_loss_functions"
TITLE = "Loss functions"


def _judge_plain_first(reference, plain, cases, mistakes, overflows):
    """A judge of losses that looks at plain inputs first, where a mistake gives the same however the loss is written.

    Only what is right there is judged on all cases, for the overflows and the gaps.
    """
    every = (*mistakes, *overflows)
    first, then = judge_function(reference, plain, mistakes), judge_function(reference, cases, every)

    def judge(answer, rng):
        seed = int(rng.integers(2**32))
        verdict = first(answer, seed=seed)
        return then(answer, seed=seed) if verdict.status == PASSED else verdict

    return settling(judge, every)


def _usual(loss):
    """Mistakes of both cross-entropies."""
    return (
        (
            "sign",
            "Your loss is negative, and a cross-entropy never is. The sign is turned around: the log of a probability"
            " is below zero, and minus it is not.",
            (lambda z, y: -loss(z, y),),
        ),
        (
            "log-base",
            "The logarithm has the wrong base. The loss has the natural one, np.log; np.log2 counts in bits.",
            (lambda z, y: loss(z, y) / np.log(2), lambda z, y: loss(z, y) / np.log(10)),
        ),
    )


def _for_each(numbers, mistake):
    """The wrong answers (z, y) -> mistake(number, z, y), one for each number."""
    return tuple(lambda z, y, number=number: mistake(number, z, y) for number in numbers)


EPSILONS = (*(10.0**-k for k in range(5, 17)), 2.0**-52)  # where p is cut off
ADDED = tuple(10.0**-k for k in range(3, 8))  # to p, and seen at plain logits; the last two only just


# mse: any shape, the mean over all entries whose truth is known


def _predictions(rng):
    return [(rng.normal(size=shape), rng.normal(size=shape)) for shape in ((5,), (7,), (7, 3))]


def _gaps(rng):
    """Truths of which some are missing: in a row, and in rows of which none, one or two are known."""
    cases = _predictions(rng)
    for shape in ((7,), (5, 3)):
        y_pred, y_true = rng.normal(size=shape), rng.normal(size=shape)
        y_true.flat[[1, 3, 4]] = np.nan
        cases.append((y_pred, y_true))
    return cases


def _mse_known(y_pred, y_true):
    return np.nanmean((y_pred - y_true) ** 2)


def _whole_rows(y_pred, y_true):
    known = ~np.isnan(y_true) if y_true.ndim == 1 else ~np.isnan(y_true).any(axis=1)
    return np.mean((y_pred[known] - y_true[known]) ** 2)


MSE_MISTAKES = misconceptions(
    (
        "factor-sum",
        "This is the sum of the squares; divide it by their number, or the loss grows with the amount of data.",
        (lambda a, y: np.nansum((a - y) ** 2), lambda a, y: np.sum((a - y) ** 2)),
    ),
    (
        "factor-half",
        "This is half of it. Some books put 1/2 in front to shorten the derivative; our mean squared error has none.",
        (lambda a, y: np.nanmean((a - y) ** 2) / 2, lambda a, y: np.mean((a - y) ** 2) / 2),
    ),
    (
        "factor-rows",
        "Right for shape (n,), and not for shape (n, d). There are n times d entries, and you divided by n alone.",
        (lambda a, y: np.sum((a - y) ** 2) / len(y), lambda a, y: np.nansum((a - y) ** 2) / len(y)),
    ),
    (
        "factor-n-1",
        "You divided by one less than the number of entries, as for the variance of a sample; divide by all of them.",
        (
            lambda a, y: np.sum((a - y) ** 2) / (np.size(y) - 1),
            lambda a, y: np.nansum((a - y) ** 2) / (np.sum(~np.isnan(y)) - 1),
        ),
    ),
    (
        "no-square",
        "Errors above and below zero cancel here, and very bad predictions can look perfect. The square is missing.",
        (
            lambda a, y: np.mean(a - y),
            lambda a, y: np.mean(y - a),
            lambda a, y: np.nanmean(a - y),
            lambda a, y: np.nanmean(y - a),
        ),
    ),
    (
        "absolute",
        "This is the mean absolute error. It is a loss too, but this exercise asks for squares.",
        (lambda a, y: np.mean(np.abs(a - y)), lambda a, y: np.nanmean(np.abs(a - y))),
    ),
    (
        "variance",
        "The mean error has been taken out: predictions that are all too high by the same amount would cost nothing."
        " Square the errors as they are.",
        (lambda a, y: np.var(a - y), lambda a, y: np.nanvar(a - y)),
    ),
    (
        "root",
        "You took the root at the end. That gives the RMSE, in the unit of y; the MSE stays squared.",
        (lambda a, y: np.sqrt(np.mean((a - y) ** 2)), lambda a, y: np.sqrt(np.nanmean((a - y) ** 2))),
    ),
    (
        "square-of-mean",
        "You took the mean first, and errors of opposite sign have canceled in it. Square each error first.",
        (lambda a, y: np.mean(a - y) ** 2, lambda a, y: np.nanmean(a - y) ** 2),
    ),
    (
        "difference-of-squares",
        "You squared first and subtracted afterward. Square the difference: (a - b)^2 is not a^2 - b^2.",
        (lambda a, y: np.mean(a**2 - y**2), lambda a, y: np.nanmean(a**2 - y**2)),
    ),
    (
        "brackets",
        "Only the truth is squared. Python raises to a power before it subtracts: the difference needs parentheses,"
        " (y_pred - y_true) ** 2.",
        (lambda a, y: np.mean(a - y**2), lambda a, y: np.nanmean(a - y**2)),
    ),
    (
        "factor-gradient",
        "This is the gradient 2 (y_pred - y_true) / N. The loss itself is asked for here.",
        (lambda a, y: 2 * (a - y) / np.size(y),),
    ),
)

MSE_GAPS = misconceptions(
    (
        "gaps-kept",
        "Right where every truth is known, and NaN where one is missing. A single NaN spoils a sum, and no comparison"
        " with == finds it, since NaN equals nothing: np.isnan(y_true) does. Take the mean over the other entries.",
        (lambda a, y: np.mean((a - y) ** 2),),
    ),
    (
        "gaps-as-perfect",
        "A missing truth counts here as a perfect prediction. It is not in the sum, so it must not be in the number"
        " that you divide by either.",
        (lambda a, y: np.nansum((a - y) ** 2) / np.size(y),),
    ),
    (
        "gaps-as-zero",
        "A missing truth was taken for a truth of 0, and the prediction is blamed for it. Nothing is known there:"
        " leave the entry out.",
        (lambda a, y: np.mean((a - np.nan_to_num(y)) ** 2),),
    ),
    (
        "whole-rows",
        "You left out whole rows. A row with one missing truth may hold known ones too: leave out entries, with a mask"
        " of the shape of y_true.",
        (_whole_rows,),
    ),
    (
        "mean-of-means",
        "You took a mean for each row and then the mean of these, so that entries in rows with gaps count for more."
        " Every known entry counts the same: one mean over all.",
        (lambda a, y: np.nanmean(np.nanmean((a - y) ** 2, axis=-1)) if y.ndim > 1 else _mse_known(a, y),),
    ),
    (
        "mean-of-columns",
        "You took a mean for each column and then the mean of these, so that entries in columns with gaps count for"
        " more. Every known entry counts the same: one mean over all.",
        (lambda a, y: np.nanmean(np.nanmean((a - y) ** 2, axis=0)),),
    ),
)


# mse-grad: columns that count differently


def _counted(rng):
    """Predictions, truths and how much each column counts."""
    return [_columns(rng, n, d) for n, d in ((5, 3), (7, 4))]


def _counted_square(rng):
    """As many examples as columns, where a column passes for a row."""
    return [_columns(rng, n, n) for n in (5, 7)]


def _columns(rng, n, d):
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.uniform(0.5, 3.0, size=d)


def _counted_grad(y_pred, y_true, c):
    return 2 * c * (y_pred - y_true) / np.size(y_true)


GRAD_MISTAKES = misconceptions(
    (
        "over-rows",
        "Look at the number of terms: the mean runs over n times d of them, and you divided by n alone.",
        (lambda a, y, c: 2 * c * (a - y) / len(y),),
    ),
    (
        "over-columns",
        "Look at the number of terms: the mean runs over n times d of them, and you divided by d alone.",
        (lambda a, y, c: 2 * c * (a - y) / len(c),),
    ),
    (
        "no-mean",
        "The mean has got lost on the way: 1/(n d) stands in front of the whole sum, and stays there.",
        (lambda a, y, c: 2 * c * (a - y),),
    ),
    (
        "brackets",
        "Look at the order in which Python divides and multiplies: / n * d divides by n and multiplies by d. Below the"
        " line stands (n * d), in parentheses.",
        (lambda a, y, c: 2 * c * (a - y) / len(y) * len(c),),
    ),
    (
        "no-c",
        "All columns count the same here. In the loss c_j stands in front of the square, and a constant factor stays"
        " when one differentiates.",
        (lambda a, y, c: 2 * (a - y) / np.size(y),),
    ),
    (
        "c-squared",
        "Is c_j inside of the square, or in front of it? You have its square; it stands in front, and so it stays as"
        " it is.",
        (lambda a, y, c: 2 * c**2 * (a - y) / np.size(y),),
    ),
    (
        "c-normalized",
        "You divided by the sum of the c_j. This loss is a plain mean over n d terms, whatever c is.",
        (
            lambda a, y, c: 2 * c * (a - y) / (len(y) * np.sum(c)),
            lambda a, y, c: 2 * c * (a - y) / np.sum(c),
        ),
    ),
    (
        "columns-as-rows",
        "c went along the rows: each example got a factor, and each column should. c of shape (d,) fits the columns"
        " as it is.",
        (lambda a, y, c: 2 * c[:, None] * (a - y) / np.size(y),),
    ),
    (
        "not-differentiated",
        "These are the terms of the loss, still squared. How does one of them change with its own prediction?",
        (lambda a, y, c: c * (a - y) ** 2 / np.size(y), lambda a, y, c: c * (a - y) ** 2),
    ),
    (
        "magnitude",
        "The signs are lost. A prediction that is too low has a negative slope, since raising it lowers the loss.",
        (lambda a, y, c: 2 * c * np.abs(a - y) / np.size(y),),
    ),
    (
        "loss",
        "This is the loss, a single number. The gradient has one entry for each prediction, so the shape (n, d).",
        (lambda a, y, c: np.mean(c * (a - y) ** 2),),
    ),
    (
        "summed",
        "This is added up over the examples. Each prediction has a slope of its own, so the shape stays (n, d).",
        (
            lambda a, y, c: np.sum(2 * c * (a - y) / np.size(y), axis=0),
            lambda a, y, c: np.mean(2 * c * (a - y), axis=0),
        ),
    ),
)


# bce-logits: the mean of log(1 + exp(z)) - z y, finite for every z


def _plain_logits(rng):
    return [(2.0 * rng.normal(size=n), _both_labels(rng, n)) for n in (5, 7)]


def _logits(rng):
    """Plain logits; one that rounds 1 - p to zero; and the extremes, right and wrong."""
    some = rng.normal(size=5)
    return [
        *_plain_logits(rng),
        (np.array([some[0], 40.0, some[1], -40.0, some[2]]), np.array([1.0, 0.0, 0.0, 1.0, 1.0])),
        (np.array([1000.0, -1000.0, some[3], 1000.0, some[4], -1000.0, 3.0]), np.array([1.0, 0, 1, 0, 0, 1, 1])),
    ]


def _both_labels(rng, n):
    """Zeros and ones in random order, more ones than zeros: equal numbers could hide an exchange."""
    return rng.permutation(np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0][:n]))


_bce = losses.binary_cross_entropy_with_logits


def _softplus(z):
    """log(1 + exp(z)), which never overflows."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _p(z):
    return 1 / (1 + np.exp(-z))


# The loss of each example, without overflow and in three forms that have it.
def _bce_stable(z, y):
    return _softplus(z) - z * y


def _bce_product(z, y):
    p = _p(z)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def _bce_where(z, y):
    p = _p(z)
    return np.where(y == 1, -np.log(p), -np.log(1 - p))


def _bce_two_terms(z, y):
    return y * np.log(1 + np.exp(-z)) + (1 - y) * np.log(1 + np.exp(z))


def _clipped_p(eps, z, y):
    p = np.clip(_p(z), eps, 1 - eps)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def _p_plus(eps, z, y):
    p = _p(z)
    return -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))


BCE_CLIP = (
    "A clip hides the overflow and does not mend it: for z = 1000 and y = 0 the loss is 1000, and yours stops at a"
    " cap, where it is flat and a model would learn nothing. Take clip and eps out and write the loss in z."
)

BCE_MISTAKES = misconceptions(
    *_usual(_bce),
    ("overflow-clip", BCE_CLIP, _for_each(ADDED, _p_plus)),
    (
        "labels-swapped",
        "The two labels have changed places: z is the logit of class 1, so a large z must be cheap where y = 1.",
        (lambda z, y: _bce(z, 1 - y),),
    ),
    (
        "first-term-only",
        "Only the examples with y = 1 cost anything. Where y = 0 the loss is -log(1 - p).",
        (lambda z, y: np.mean(y * _bce_stable(z, y)),),
    ),
    (
        "second-term-only",
        "Only the examples with y = 0 cost anything. Where y = 1 the loss is -log(p).",
        (lambda z, y: np.mean((1 - y) * _bce_stable(z, y)),),
    ),
    (
        "sign-brackets",
        "The minus reaches only the first of two terms. Put parentheses around both: -(y log p + (1 - y) log(1 - p)).",
        (lambda z, y: np.mean((2 * y - 1) * _bce_stable(z, y)),),
    ),
    (
        "z-for-p",
        "You put the logit where a probability belongs: the logarithms want p = sigmoid(z).",
        (lambda z, y: -np.mean(y * np.log(z) + (1 - y) * np.log(1 - z)),),
    ),
    (
        "sigmoid-twice",
        "The sigmoid is applied twice: a probability went in where a logit belongs.",
        (lambda z, y: _bce(_p(z), y),),
    ),
    (
        "squared-error",
        "This is the squared error of p. The exercise asks for the cross-entropy.",
        (lambda z, y: np.mean((_p(z) - y) ** 2),),
    ),
    (
        "no-abs",
        "Nearly, but your exponent can still be large and positive. With max(z, 0) in front it has to be -|z|.",
        tuple(
            lambda z, y, exponent=exponent: np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(exponent(z))))
            for exponent in (np.abs, np.positive)
        ),
    ),
    (
        "abs-for-max",
        "Where z is below 0 it is |z| too much. Perhaps in front stands |z| where max(z, 0) belongs, or the exponent is"
        " -z where -|z| belongs.",
        (
            lambda z, y: np.mean(np.abs(z) + np.log1p(np.exp(-np.abs(z))) - z * y),
            lambda z, y: np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-z))),
        ),
    ),
    (
        "one-kept",
        "You took the large part out of exp(z), and the 1 beside it has stayed as it was. It has to shrink too: with"
        " m = max(z, 0) taken out, 1 + exp(z) becomes exp(-m) + exp(z - m).",
        (lambda z, y: np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(z - np.maximum(z, 0)))),),
    ),
    (
        "maximum-only",
        "max(z, 0) is close to log(1 + exp(z)) where z is large, but near 0 something is missing: log(1 + exp(-|z|)).",
        (lambda z, y: np.mean(np.maximum(z, 0) - z * y),),
    ),
    (
        "plus-zy",
        "Where y = 1, your loss grows with z. A large z should lower it there: the term is - z y.",
        (lambda z, y: np.mean(_softplus(z) + z * y),),
    ),
    (
        "no-max",
        "You took the large part out of the logarithm, and it is gone. It has to be added again:"
        " log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)).",
        (lambda z, y: np.mean(np.log1p(np.exp(-np.abs(z))) - z * y),),
    ),
    (
        "no-1",
        "Of your logarithm only -|z| is left, since log(exp(-|z|)) is no more than that. Inside it the 1 is missing:"
        " log(1 + exp(-|z|)).",
        (lambda z, y: np.mean(np.maximum(z, 0) - z * y - np.abs(z)),),
    ),
    (
        "no-zy",
        "The label is never used: log(1 + exp(z)) is the loss where y = 0. The term - z y is missing.",
        (lambda z, y: np.mean(_softplus(z)),),
    ),
)

BCE_OVERFLOWS = misconceptions(
    (
        "overflow-log-0",
        "Right for moderate logits, but for a large z your p is rounded to exactly 1, and log(1 - p) is minus infinity."
        " Write the loss in z itself and never form p.",
        tuple(lambda z, y, form=form: np.mean(form(z, y)) for form in (_bce_product, _bce_where)),
    ),
    (
        "overflow",
        "Right for moderate logits, but exp(1000) is too large for a float, and exp(-1000) is 0 to it, which no"
        " logarithm survives. Take the large part out: exp should only ever see -|z|, and only beside a 1.",
        (
            lambda z, y: np.mean(np.log(1 + np.exp(z)) - z * y),
            lambda z, y: np.mean(_bce_two_terms(z, y)),
        ),
    ),
    (
        "one-maximum",
        "Nearly, but z.max() is the largest logit of the whole batch. Each example has two logits of its own, 0 and z,"
        " and needs the larger of these: np.maximum(z, 0).",
        (lambda z, y: np.mean(z.max() + np.log(np.exp(-z.max()) + np.exp(z - z.max())) - z * y),),
    ),
    (
        "overflow-clip",
        BCE_CLIP,
        (
            *_for_each(EPSILONS, _clipped_p),
            *_for_each((1e-15, 1e-16, 2.0**-52), _p_plus),
            *_for_each((20, 30), lambda cap, z, y: np.mean(_bce_product(np.clip(z, -cap, cap), y))),
            *_for_each((30, 50, 100, 500, 700), lambda cap, z, y: np.mean(_bce_stable(np.clip(z, -cap, cap), y))),
            lambda z, y: np.mean(np.nan_to_num(_bce_product(z, y))),
        ),
    ),
)


# softmax-ce: log(sum_j exp(z_j)) - z_y for each example, finite for every z


def _plain_rows(rng):
    """Plain logits, once square."""
    return [(rng.normal(size=(n, k)), _labels(rng, n, k)) for n, k in ((5, 3), (7, 4), (5, 5))]


def _rows(rng):
    """Plain logits; both extremes in each row, all right and then some wrong; and all around -1000."""
    high = rng.normal(size=(5, 3))
    high[np.arange(5), [0, 1, 2, 0, 1]] = 1000.0
    high[np.arange(5), [1, 2, 0, 2, 0]] = -1000.0
    high[4, 2] = 999.5  # not quite certain, so that not all costs are zero
    return [
        *_plain_rows(rng),
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


# What overflows: log p without p, and the logarithm of p.
def _log_p(z, axis=1):
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _p_of_rows(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def _log_of_p(z):
    return np.log(_p_of_rows(z))


def _from_the_top(z):
    """The logits of each row below the largest one."""
    return z - z.max(axis=1, keepdims=True)


def _picked(log_p, y):
    return log_p[np.arange(len(y)), y]


def _costs(z, y):
    return np.logaddexp.reduce(z, axis=1) - _picked(z, y)


def _onehot(z, y):
    return np.eye(z.shape[1])[y]


def _after(shift, *forms):
    """The costs of logits that are shifted first, in each form of log p."""
    return tuple(lambda z, y, log_p=log_p: -_picked(log_p(shift(z)), y) for log_p in forms)


def _capped_p(eps, z, y):
    return -np.log(np.clip(_picked(_p_of_rows(_from_the_top(z)), y), eps, 1 - eps))


def _small_added(eps, z, y):
    return -np.log(_picked(_p_of_rows(_from_the_top(z)), y) + eps)


SOFTMAX_CLIP = (
    "A clip hides log(0) and does not mend it: where a wrong logit is larger by 1000, the loss is 1000, and yours stops"
    " at a cap. Take clip and eps out: log p is z_y minus the log of the sum."
)

SOFTMAX_MISTAKES = misconceptions(
    *_usual(_costs),
    ("overflow-clip", SOFTMAX_CLIP, _for_each(ADDED, _small_added)),
    (
        "batch-mean",
        "This is a single number for the whole batch. Return the costs themselves, one for each example, as an array of"
        " shape (n,).",
        (lambda z, y: np.mean(_costs(z, y)), lambda z, y: np.sum(_costs(z, y))),
    ),
    (
        "stray-shape",
        "A column of shape (n, 1) and a row of shape (n,) have met, and every example was combined with every other."
        " Their mean would not even show it. What keepdims has kept has to be dropped before it meets z_y: [:, 0].",
        (
            lambda z, y: z.max(axis=1, keepdims=True) + np.log(np.exp(_from_the_top(z)).sum(axis=1)) - _picked(z, y),
            lambda z, y: np.log(np.exp(z).sum(axis=1, keepdims=True)) - _picked(z, y),
            lambda z, y: np.log(np.exp(_from_the_top(z)).sum(axis=1, keepdims=True)) - _picked(_from_the_top(z), y),
        ),
    ),
    (
        "wrong-axis",
        "You summed over the examples. Each row of z is one example, and its k probabilities add up to 1: use axis 1.",
        (lambda z, y: -_picked(_log_p(z, axis=0), y),),
    ),
    (
        "maximum-of-columns",
        "The largest logit was taken from each column, so over the examples. Each row needs its own:"
        " z.max(axis=1, keepdims=True).",
        (lambda z, y: -_picked(_log_p(z - z.max(axis=0)), y),),
    ),
    (
        "sum-over-all",
        "The sum of the exponentials runs over the whole batch. Each example has a sum of its own: sum over axis 1.",
        (
            lambda z, y: -_picked(_log_p(z, axis=(0, 1)), y),
            lambda z, y: -_picked(_log_p(_from_the_top(z), axis=(0, 1)), y),
        ),
    ),
    (
        "no-log",
        "The probability of the truth stands here as it is, so no mistake costs more than 1. The cost is minus its"
        " logarithm, which has no limit.",
        (
            lambda z, y: -_picked(_p_of_rows(z), y),
            lambda z, y: _picked(_p_of_rows(z), y),
            lambda z, y: 1 - _picked(_p_of_rows(z), y),
        ),
    ),
    (
        "no-zy",
        "The label is never used: the log of the sum is the same whatever the truth. Subtract the logit of the true"
        " class, z_y.",
        (lambda z, y: np.log(np.exp(z).sum(axis=1)),),
    ),
    (
        "maximum-for-log-sum",
        "The largest logit stands where the logarithm of the sum belongs. They are close where one logit is far above"
        " the others, and elsewhere not: what is left of the sum, after the largest has been taken out, is missing.",
        (lambda z, y: z.max(axis=1) - _picked(z, y),),
    ),
    (
        "no-softmax",
        "The logits were never normalized: log p is z_y minus the log of the sum of the exponentials.",
        (lambda z, y: -_picked(z, y),),
    ),
    (
        "labels-unused",
        "Every class counts here, whatever the label. Only log p of the true class is the loss.",
        (lambda z, y: -np.mean(_log_p(z), axis=1), lambda z, y: -np.sum(_log_p(z), axis=1)),
    ),
    (
        "argmax",
        "You took the class that the model likes best. The loss asks for the probability of the class that is true, y.",
        (lambda z, y: -np.max(_log_p(z), axis=1),),
    ),
    (
        "broadcast-columns",
        "z[:, y] takes the columns y of every row, n times n numbers. Pair row i with its label: z[np.arange(n), y].",
        (
            lambda z, y: -_log_p(z)[:, y],
            lambda z, y: np.log(np.exp(z).sum(axis=1)) - z[:, y],
            lambda z, y: np.log(np.exp(z).sum(axis=1, keepdims=True)) - z[:, y],
        ),
    ),
    (
        "label-as-factor",
        "The label stands as a factor, so class 2 counts twice as much as class 1, and class 0 not at all. It says"
        " which column to take: log_p[np.arange(n), y].",
        (lambda z, y: -np.sum(y[:, None] * _log_p(z), axis=1),),
    ),
    (
        "mean-inside",
        "Inside of the logarithm stands a mean of the exponentials. The probabilities have their sum below the line.",
        (lambda z, y: np.log(np.exp(z).mean(axis=1)) - _picked(z, y),),
    ),
    (
        "broadcast-rows",
        "Indexing with [y] alone takes whole rows, those whose numbers stand in y. Pair row i with its label:"
        " z[np.arange(n), y].",
        (lambda z, y: -_log_p(z)[y],),
    ),
    (
        "off-by-one",
        "The labels are shifted by one: they run from 0 to k - 1, as the columns of z do.",
        (lambda z, y: -_picked(_log_p(z), y - 1),),
    ),
    (
        "shift-one-sided",
        "The largest logit was subtracted on one side only: if you take it out of the exponentials, either add it to"
        " the log of the sum or take it out of z_y too.",
        (
            lambda z, y: np.log(np.exp(_from_the_top(z)).sum(axis=1)) - _picked(z, y),
            lambda z, y: np.log(np.exp(z).sum(axis=1)) - _picked(_from_the_top(z), y),
        ),
    ),
    (
        "binary-per-class",
        "This is a binary cross-entropy for each class. With softmax the classes compete, and the other probabilities"
        " have entered through the sum already: -log p of the true class is all.",
        (lambda z, y: np.sum(_softplus(z) - z * _onehot(z, y), axis=1),),
    ),
    (
        "squared-error",
        "This is the squared error of the probabilities. The exercise asks for the cross-entropy.",
        (
            lambda z, y: np.mean((_p_of_rows(z) - _onehot(z, y)) ** 2, axis=1),
            lambda z, y: np.sum((_p_of_rows(z) - _onehot(z, y)) ** 2, axis=1),
        ),
    ),
    (
        "softmax-twice",
        "Softmax is applied twice: probabilities went in where logits belong.",
        (lambda z, y: -_picked(_log_p(_p_of_rows(z)), y),),
    ),
)

SOFTMAX_OVERFLOWS = misconceptions(
    (
        "one-maximum",
        "Nearly, but the largest logit of the whole batch is subtracted, and a row whose logits are all far below it"
        " loses all its exponentials. Each row needs its own: z.max(axis=1, keepdims=True).",
        (lambda z, y: z.max() + np.log(np.exp(z - z.max()).sum(axis=1)) - _picked(z, y),),
    ),
    (
        "overflow",
        "Right for moderate logits, but exp(1000) is too large for a float, and where all logits are near -1000 every"
        " exp is 0. Subtract the largest logit of each row first: it changes nothing on paper.",
        _after(lambda z: z, _log_p, _log_of_p),
    ),
    (
        "overflow-log-0",
        "Right for moderate logits, but p is computed before its logarithm, and a p of exp(-1000) is rounded to 0."
        " Never form p: log p is z_y minus the log of the sum.",
        (
            *_after(_from_the_top, _log_of_p),
            lambda z, y: -np.sum(_onehot(z, y) * _log_of_p(_from_the_top(z)), axis=1),
            lambda z, y: np.nan_to_num(-_picked(_log_of_p(_from_the_top(z)), y)),
        ),
    ),
    ("overflow-clip", SOFTMAX_CLIP, (*_for_each(EPSILONS, _capped_p), *_for_each(EPSILONS, _small_added))),
    (
        "largest-magnitude",
        "Right for moderate logits, but you subtracted the largest magnitude. Where all logits of a row are near -1000,"
        " that shifts them to -2000, and every exp is 0: take z.max, without absolute values.",
        _after(lambda z: z - np.abs(z).max(axis=1, keepdims=True), _log_p, _log_of_p),
    ),
    (
        "overflow-other-shift",
        "Right for moderate logits, but after your subtraction an exponent can still be large. Subtract the largest"
        " logit of the row, and none is above 0.",
        _after(lambda z: z - z.mean(axis=1, keepdims=True), _log_p),
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
    (10,): "Nothing is put end to end. NumPy aligns the shapes from the right: (5, 1) against (1, 5).",
    (10, 1): "Nothing is put end to end. NumPy aligns the shapes from the right: (5, 1) against (1, 5).",
    (
        5,
        5,
        1,
    ): "No axis is put in beyond those that are there. The longer of the two shapes has two axes, and so has the"
    " result.",
    (25,): "There are indeed 25 differences, but they stay in a table: two axes, each with a length.",
    "error": "An error would be kinder, but NumPy does not refuse these two. It stretches an axis of length 1 to fit,"
    " and here each side has one.",
}


PROBLEMS = (
    Problem(
        id="mse",
        title="The mean squared error, with gaps",
        points=2,
        hints=(
            "First for truths that are all known: the errors, their squares, and the mean over all entries.",
            "np.isnan(y_true) is True where a truth is missing, and ~ turns True and False around. It has the shape of"
            " y_true.",
            "With known = ~np.isnan(y_true) the entries y_pred[known] and y_true[known] are what is left, in one row"
            " each, whatever the shape was.",
        ),
        judge=_judge_plain_first(_mse_known, _predictions, _gaps, MSE_MISTAKES, MSE_GAPS),
        minutes=8,
        difficulty=1,
    ),
    Problem(
        id="mse-grad",
        title="The gradient of a squared error with d columns",
        points=2,
        hints=(
            "On paper, write down the one term of the double sum that holds y_pred at row i and column j. All others"
            " have the slope 0.",
            "What stands in front of that square? 1/(n d) and c_j, both constant, so they stay. The square itself gives"
            " 2 times the error.",
            "In NumPy c of shape (d,) is stretched along the rows of an array of shape (n, d), as it should be;"
            " y_pred.size is n d.",
        ),
        judge=judge_square_first(_counted_grad, _counted, _counted_square, GRAD_MISTAKES, ("columns-as-rows",)),
        minutes=8,
        difficulty=2,
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
        judge=_judge_plain_first(_bce, _plain_logits, _logits, BCE_MISTAKES, BCE_OVERFLOWS),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="softmax-ce",
        title="Softmax cross-entropy, example by example",
        points=3,
        hints=(
            "For one example the cost is log(sum of exp(z_j)) - z_y. First write it for whole rows, without fear of"
            " overflow.",
            "The logit of the true class in each row: z[np.arange(len(y)), y], of shape (n,).",
            "The largest logit of each row: z.max(axis=1, keepdims=True), of shape (n, 1). Subtract it from z before"
            " anything else; the loss stays the same, since it is subtracted from z_y too.",
            "With that z the rows cost np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y], of shape (n,) both.",
        ),
        judge=_judge_plain_first(_costs, _plain_rows, _rows, SOFTMAX_MISTAKES, SOFTMAX_OVERFLOWS),
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


# Turns within the lesson

WITNESSES = ("forward = definition", "symbolic", "numeric", "automatic")

BIRDS_WHY = "The errors are 1.5, 0 and -1.5, their squares 2.25, 0 and 2.25, and a third of 4.5 is 1.5."
BIRDS_WRONG = {
    4.5: "This is the sum of the squares. There are three birds, and the loss is the mean.",
    0.0: "The errors cancel, 1.5 and -1.5. What happens to their signs when they are squared?",
    2.25: "This is one of the squares. The bird that is right counts too: there are three birds.",
    1.0: "This is the mean of the errors without their signs. Square them first.",
    0.75: "This is half of it. Some books have 1/2 in front; here there is none.",
    1.2247: "This is the root of it. The squared error stays squared.",
}

BUG_WHY = (
    "The definition does not have the bug, so the loss differs from it, and differences, which nudge the code that"
    " runs, see slopes three times as large. SymPy and autodiff work on the definition, and the gradient fits it."
)
BUG_WRONG = {
    frozenset(WITNESSES[1:]): (
        "Whose mistake would these three see? They would all fail if the gradient were wrong, and ours is right. The"
        " bug is in the loss that runs: who looks at that?"
    ),
    frozenset(WITNESSES): (
        "Who never runs the package's loss at all? SymPy and our autodiff have the definition alone, and that is right."
    ),
    frozenset({"symbolic"}): (
        "What does SymPy look at? It differentiates the definition, which has no bug. Ask who runs the new forward."
    ),
    frozenset({"numeric", "symbolic"}): (
        "One of the two looks at the definition alone, which has no bug. That is SymPy; who else runs the new forward?"
    ),
    frozenset({"automatic"}): (
        "What does autodiff go through? It is the definition, which has no bug. Ask who runs the new forward."
    ),
    frozenset(
        {"forward", "numeric"}
    ): 'These are nearly the names: write the first name in full, as it stands: "forward = definition".',
    frozenset(
        {"forward=definition", "numeric"}
    ): 'These are nearly the names: write the first one with its spaces, "forward = definition".',
    frozenset(WITNESSES[:1]): (
        "Who else runs the loss? It is three times too large, and so is every difference of two of its values."
    ),
    frozenset(WITNESSES[2:3]): (
        "Who else runs the loss? The differences do, and the first line compares its values with the definition."
    ),
}


def _both_ways(rng):
    """Predictions that are too high in the mean, and some that are too low, so that a lost sign shows."""
    return [
        (y + sign * np.abs(np.mean(error)) + error - np.mean(error), y)
        for error, y, sign in (
            (rng.normal(size=shape), rng.normal(size=shape), sign)
            for shape, sign in (((5,), 1), ((7,), -1), ((7, 3), 1))
        )
    ]


def _mae(y_pred, y):
    return np.mean(np.abs(y_pred - y))


MAE_MISTAKES = misconceptions(
    (
        "squares",
        "These are still squares. What takes the sign away without squaring?",
        (lambda a, y: np.mean((a - y) ** 2),),
    ),
    (
        "abs-of-mean",
        "The errors have canceled before the sign was taken away. First np.abs, entry by entry, and then the mean.",
        (lambda a, y: np.abs(np.mean(a - y)),),
    ),
    (
        "no-abs",
        "Errors above and below zero cancel here: np.abs takes their signs away.",
        (lambda a, y: np.mean(a - y), lambda a, y: np.mean(y - a)),
    ),
    ("sum", "This is the sum. The mean does not grow with the amount of data.", (lambda a, y: np.sum(np.abs(a - y)),)),
    (
        "over-rows",
        "It is right for shape (n,), and for shape (7, 3) this is the planted bug from above. There are 21 entries, and"
        " len counts 7 rows: np.mean counts all.",
        (lambda a, y: np.sum(np.abs(a - y)) / len(y),),
    ),
    (
        "root",
        "This is the root of the mean squared error. Nothing is squared in the mean absolute error.",
        (lambda a, y: np.sqrt(np.mean((a - y) ** 2)),),
    ),
    (
        "largest",
        "This is the largest of the errors alone. All of them count, each equally: take their mean.",
        (lambda a, y: np.max(np.abs(a - y)),),
    ),
    (
        "median",
        "This is the median of the errors without their signs. Their mean is asked for.",
        (lambda a, y: np.median(np.abs(a - y)),),
    ),
    (
        "abs-of-each",
        "The sign was taken from predictions and truths. It is the error that has to lose it.",
        (lambda a, y: np.mean(np.abs(a) - np.abs(y)),),
    ),
)

MEDIAN_WHY = (
    "It is the bird in the middle, the median. From there a step to either side comes nearer to two birds and takes"
    " leave of three, and how far away the fifth one is changes nothing."
)
MEDIAN_WRONG = {
    11.5: "This is the mean of the five, which the squared error likes best. Move it down by 1: to how many birds does"
    " it come nearer, and from how many does it move away?",
    3.875: "This is the mean of the four good birds, but nobody tells the loss which one has slipped. Move it up a"
    " little: from how many birds does it move away, and to how many does it come nearer?",
    3.9: "This lies between two birds. Move it up a little: to how many birds does it come nearer?",
}

GIVEN_WHY = "An Adelie is y = 0, and it had been given 1 - 0.6 = 0.4; minus the logarithm of that is 0.9163."
GIVEN_WRONG = {
    0.5108: "This is -log 0.6, the cost if it had been a Gentoo. What had been given to an Adelie?",
    0.4: "This is what had been given to the truth. The cost is minus its logarithm.",
    0.6: "This is what had been given to the other species. Start from what the truth had been given, and take minus"
    " its logarithm.",
    0.3979: "The logarithm has the base 10. Ours is the natural one, np.log.",
    0.36: "This is the squared error. The cross-entropy takes minus the logarithm of what the truth had been given.",
}

SLOPES_WHY = "p minus a one-hot vector: 1 is taken from the true class alone. They add up to 0, as they must."
SLOPES_WRONG = {
    (0.4, -0.3, -0.1): "All three signs are turned around. A larger logit of the true class must lower the loss.",
    (0.6, -0.7, 0.1): "This is for class 1, as above. Classes are counted from 0: which place has class 0?",
    (0.6, 0.3, 0.1): "These are the probabilities. From which of them is 1 taken?",
    (-0.4, -0.7, -0.9): "1 was taken from each of them. Only the true class loses it.",
    (-0.4, 0.0, 0.0): "The slope of the true class is right. The other classes have one too: raising their logits takes"
    " probability from the truth.",
    (0.4, 0.3, 0.1): "The true class has the wrong sign: it is p - 1, and not 1 - p.",
}

TURNS = (
    turn(
        "turn-lazy-birds",
        "A mean squared error by hand",
        judge_value(1.5, BIRDS_WHY, BIRDS_WRONG),
        "Write down the three errors, square each, add, and divide by 3.",
    ),
    turn(
        "turn-planted-bug",
        "Which witnesses will fail",
        judge_value(frozenset({"forward = definition", "numeric"}), BUG_WHY, BUG_WRONG),
        "For each of the four ask: does it run the package's loss, or the definition?",
    ),
    turn(
        "turn-absolute",
        "The mean absolute error",
        judge_function(_mae, _both_ways, MAE_MISTAKES),
        "np.abs takes the sign away, entry by entry.",
    ),
    turn(
        "turn-slipped-point",
        "The answer that the absolute error likes best",
        judge_value(4.0, MEDIAN_WHY, MEDIAN_WRONG),
        "Start anywhere and move up a little: from so many birds you move away, to so many you come nearer. Where do"
        " the two balance?",
    ),
    turn(
        "turn-given",
        "The cost of one answer",
        judge_value(0.9163, GIVEN_WHY, GIVEN_WRONG),
        "p is the probability of a Gentoo. What is left for an Adelie?",
    ),
    turn(
        "turn-softmax-slopes",
        "Three slopes on paper",
        judge_value((-0.4, 0.3, 0.1), SLOPES_WHY, SLOPES_WRONG),
        "p_j - [j = y], with y = 0.",
    ),
)
