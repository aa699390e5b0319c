"""Lesson 01: the mean squared error, two cross-entropies that do not overflow, and two predictions."""

import numpy as np

from bplib import losses
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_choice
from bplib.course.judging.reading import PASSED, settling

LESSON = "01_loss_functions"
TITLE = "Loss functions"


def _judge_plain_first(reference, plain, cases, mistakes, overflows):
    """A judge of losses that looks at plain logits first, where a mistake gives the same however the loss is written.

    Only what is right there is judged on all cases, for the overflows.
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
        "Right for shape (n,), and not for shape (n, d). There are n times d entries, and you divided by n alone.",
        (lambda a, y: np.sum((a - y) ** 2) / len(y),),
    ),
    (
        "factor-n-1",
        "You divided by one less than the number of entries, as for the variance of a sample; divide by all of them.",
        (lambda a, y: np.sum((a - y) ** 2) / (np.size(y) - 1),),
    ),
    (
        "no-square",
        "Errors above and below zero cancel here, and very bad predictions can look perfect. The square is missing.",
        (lambda a, y: np.mean(a - y), lambda a, y: np.mean(y - a)),
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
        (lambda a, y: np.mean(a - y) ** 2,),
    ),
    (
        "difference-of-squares",
        "You squared first and subtracted afterward. Square the difference: (a - b)^2 is not a^2 - b^2.",
        (lambda a, y: np.mean(a**2 - y**2),),
    ),
    (
        "factor-gradient",
        "This is the gradient 2 (y_pred - y_true) / N. The loss itself is asked for here.",
        (lambda a, y: losses.mse_grad(a, y),),
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
            for exponent in (np.abs, np.positive, np.negative)
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


# softmax-ce: the mean of log(sum_j exp(z_j)) - z_y, finite for every z


def _plain_rows(rng):
    """Plain logits, once square."""
    return [(rng.normal(size=(n, k)), _labels(rng, n, k)) for n, k in ((5, 3), (7, 4), (5, 5))]


def _rows(rng):
    """Plain logits; both extremes in each row, all right and then some wrong; and all around -1000."""
    high = rng.normal(size=(5, 3))
    high[np.arange(5), [0, 1, 2, 0, 1]] = 1000.0
    high[np.arange(5), [1, 2, 0, 2, 0]] = -1000.0
    high[4, 2] = 999.5  # not quite certain, so that the mean is not zero
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


def _onehot(z, y):
    return np.eye(z.shape[1])[y]


def _after(shift, *forms):
    """The loss of logits that are shifted first, in each form of log p."""
    return tuple(lambda z, y, log_p=log_p: -np.mean(_picked(log_p(shift(z)), y)) for log_p in forms)


def _capped_p(eps, z, y):
    return -np.mean(np.log(np.clip(_picked(_p_of_rows(_from_the_top(z)), y), eps, 1 - eps)))


def _small_added(eps, z, y):
    return -np.mean(np.log(_picked(_p_of_rows(_from_the_top(z)), y) + eps))


SOFTMAX_CLIP = (
    "A clip hides log(0) and does not mend it: where a wrong logit is larger by 1000, the loss is 1000, and yours stops"
    " at a cap. Take clip and eps out: log p is z_y minus the log of the sum."
)

SOFTMAX_MISTAKES = misconceptions(
    *_usual(losses.softmax_cross_entropy),
    ("overflow-clip", SOFTMAX_CLIP, _for_each(ADDED, _small_added)),
    (
        "wrong-axis",
        "You summed over the examples. Each row of z is one example, and its k probabilities add up to 1: use axis 1.",
        (lambda z, y: -np.mean(_picked(_log_p(z, axis=0), y)),),
    ),
    (
        "maximum-of-columns",
        "The largest logit was taken from each column, so over the examples. Each row needs its own:"
        " z.max(axis=1, keepdims=True).",
        (lambda z, y: -np.mean(_picked(_log_p(z - z.max(axis=0)), y)),),
    ),
    (
        "sum-over-all",
        "The sum of the exponentials runs over the whole batch. Each example has a sum of its own: sum over axis 1.",
        (
            lambda z, y: -np.mean(_picked(_log_p(z, axis=(0, 1)), y)),
            lambda z, y: -np.mean(_picked(_log_p(_from_the_top(z), axis=(0, 1)), y)),
        ),
    ),
    (
        "no-log",
        "The probability of the truth stands here as it is, so no mistake costs more than 1. The loss is the mean of"
        " minus its logarithm, which has no limit.",
        (
            lambda z, y: -np.mean(_picked(_p_of_rows(z), y)),
            lambda z, y: np.mean(_picked(_p_of_rows(z), y)),
            lambda z, y: np.mean(1 - _picked(_p_of_rows(z), y)),
        ),
    ),
    (
        "no-zy",
        "The label is never used: the log of the sum is the same whatever the truth. Subtract the logit of the true"
        " class, z_y.",
        (lambda z, y: np.mean(np.log(np.exp(z).sum(axis=1))),),
    ),
    (
        "no-softmax",
        "The logits were never normalized: log p is z_y minus the log of the sum of the exponentials.",
        (lambda z, y: -np.mean(_picked(z, y)),),
    ),
    (
        "labels-unused",
        "Every class counts here, whatever the label. Only log p of the true class is the loss.",
        (lambda z, y: -np.mean(_log_p(z)), lambda z, y: -np.mean(np.sum(_log_p(z), axis=1))),
    ),
    (
        "argmax",
        "You took the class that the model likes best. The loss asks for the probability of the class that is true, y.",
        (lambda z, y: -np.mean(np.max(_log_p(z), axis=1)),),
    ),
    (
        "broadcast-columns",
        "z[:, y] takes the columns y of every row, n times n numbers. Pair row i with its label: z[np.arange(n), y].",
        (lambda z, y: -np.mean(_log_p(z)[:, y]),),
    ),
    (
        "broadcast-rows",
        "Indexing with [y] alone takes whole rows, those whose numbers stand in y. Pair row i with its label:"
        " z[np.arange(n), y].",
        (lambda z, y: -np.mean(_log_p(z)[y]),),
    ),
    (
        "off-by-one",
        "The labels are shifted by one: they run from 0 to k - 1, as the columns of z do.",
        (lambda z, y: -np.mean(_picked(_log_p(z), y - 1)),),
    ),
    (
        "shift-one-sided",
        "The largest logit was subtracted on one side only: if you take it out of the exponentials, either add it to"
        " the log of the sum or take it out of z_y too.",
        (
            lambda z, y: np.mean(np.log(np.exp(_from_the_top(z)).sum(axis=1)) - _picked(z, y)),
            lambda z, y: np.mean(np.log(np.exp(z).sum(axis=1)) - _picked(_from_the_top(z), y)),
        ),
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
        (lambda z, y: np.mean((_p_of_rows(z) - _onehot(z, y)) ** 2),),
    ),
    (
        "softmax-twice",
        "Softmax is applied twice: probabilities went in where logits belong.",
        (lambda z, y: -np.mean(_picked(_log_p(_p_of_rows(z)), y)),),
    ),
)

SOFTMAX_OVERFLOWS = misconceptions(
    (
        "one-maximum",
        "Nearly, but the largest logit of the whole batch is subtracted, and a row whose logits are all far below it"
        " loses all its exponentials. Each row needs its own: z.max(axis=1, keepdims=True).",
        (lambda z, y: np.mean(z.max() + np.log(np.exp(z - z.max()).sum(axis=1)) - _picked(z, y)),),
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
            lambda z, y: -np.sum(_onehot(z, y) * _log_of_p(_from_the_top(z))) / len(y),
        ),
    ),
    ("overflow-clip", SOFTMAX_CLIP, _for_each(EPSILONS, _capped_p)),
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
    (25,): "There are indeed 25 differences, but they stay in a table: two axes, each with a length.",
    "error": "An error would be kinder, but NumPy does not refuse these two. It stretches an axis of length 1 to fit,"
    " and here each side has one.",
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
        judge=_judge_plain_first(_bce, _plain_logits, _logits, BCE_MISTAKES, BCE_OVERFLOWS),
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
        judge=_judge_plain_first(losses.softmax_cross_entropy, _plain_rows, _rows, SOFTMAX_MISTAKES, SOFTMAX_OVERFLOWS),
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
