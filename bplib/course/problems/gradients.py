"""Lesson 02: a gradient by differences, the step to choose, the slope of the cross-entropy, and a relative error."""

import numpy as np
import sympy

from bplib import gradcheck
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_choice, judge_formula

LESSON = "02_gradients"
TITLE = "Gradients"


# central-difference: (f(x + h e_i) - f(x - h e_i)) / 2h for every entry, x of any shape


def _curved(weights):
    """A smooth function of arrays shaped like weights, in which the entries work on one another."""

    def f(x):
        x = np.asarray(x, dtype=float)
        if x.shape != weights.shape:
            given = f"an array of shape {x.shape}" if x.shape else "a single number"
            raise ValueError(f"f takes the whole array, of shape {weights.shape}, and was given {given}")
        return float(np.sum(weights * x**3) + np.sum(weights * x) ** 2 - 3 * np.sum(x))

    return f


def _functions(rng):
    """Three shapes, each with its step. The gradient falls in its first entry and rises in its last."""
    cases = []
    for shape, h in (((5,), 0.1), ((7,), 0.02), ((4, 3), 0.05)):
        weights, x = rng.uniform(0.5, 2.0, size=shape), rng.normal(size=shape)
        x.flat[0], x.flat[-1] = rng.uniform(0.1, 0.4), rng.uniform(2.0, 2.5)
        x.flat[1] -= (np.sum(weights * x) + rng.uniform(0.1, 1.0)) / weights.flat[1]  # the weighted sum is below 0
        cases.append((_curved(weights), x, h))
    return cases


def _central(f, x, h):
    return gradcheck.central_difference(f, np.asarray(x, dtype=float), h)


def _whole_numbers(rng):
    return [
        ("an x of whole numbers", (_curved(rng.uniform(0.5, 2.0, size=5)), rng.integers(1, 5, size=5), 0.1)),
        ("an x of one entry", (_curved(rng.uniform(0.5, 2.0, size=1)), rng.normal(size=1), 0.1)),
    ]


def _entry_by_entry(quotient):
    """A wrong central_difference, put together from what it does with f, x, the step in one entry, and h."""

    def difference(f, x, h):
        gradient = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            step = np.zeros(x.shape)
            step[i] = h
            gradient[i] = quotient(f, x, step, h)
        return gradient

    return difference


def _left_moved(f, x, h):
    x, gradient = x.copy(), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        gradient[i] = (above - f(x)) / (2 * h)
    return gradient


def _one_step_for_all(f, x, h):
    step, gradient = np.zeros(x.shape), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step[i] = h  # and what was there before stays
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def _first_only(f, x, h):
    gradient = np.zeros(x.shape)
    gradient.flat[0] = gradcheck.central_difference(f, x, h).flat[0]
    return gradient


def _row_by_row(f, x, h):
    if x.ndim < 2:
        return gradcheck.central_difference(f, x, h)
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def _all_at_once(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


DIFFERENCE_MISTAKES = misconceptions(
    (
        "one-sided",
        "This is a forward or a backward difference, whose error shrinks like h and not like h^2. The central one looks"
        " at both sides of x: f(x + h e_i) - f(x - h e_i), divided by 2h.",
        (
            _entry_by_entry(lambda f, x, s, h: (f(x + s) - f(x)) / h),
            _entry_by_entry(lambda f, x, s, h: (f(x) - f(x - s)) / h),
        ),
    ),
    (
        "divided-by-h",
        "Each entry is twice too large: from x - h to x + h the distance is 2h, so divide by 2h.",
        (_entry_by_entry(lambda f, x, s, h: (f(x + s) - f(x - s)) / h),),
    ),
    (
        "half-forward",
        "Your two values are only h apart and you divide by 2h. Perhaps the entry went up by h and then came back to"
        " where it was: from x + h it takes a step of 2h to reach x - h.",
        (_entry_by_entry(lambda f, x, s, h: (f(x + s) - f(x)) / (2 * h)),),
    ),
    (
        "half-step",
        "This is a central difference with half the step: it goes h/2 to each side. Go h to each side and divide by"
        " 2h.",
        (_entry_by_entry(lambda f, x, s, h: (f(x + s / 2) - f(x - s / 2)) / h),),
    ),
    (
        "times-h",
        "Python reads / 2 * h from left to right, so you multiplied by h: write / (2 * h).",
        (_entry_by_entry(lambda f, x, s, h: (f(x + s) - f(x - s)) / 2 * h),),
    ),
    (
        "brackets",
        "Only the second value is divided by 2h; put the difference in parentheses: (above - below) / (2 * h).",
        (_entry_by_entry(lambda f, x, s, h: f(x + s) - f(x - s) / (2 * h)),),
    ),
    (
        "not-divided",
        "This is how much f changes, not how much it changes for each unit of x: divide by 2h.",
        (_entry_by_entry(lambda f, x, s, h: f(x + s) - f(x - s)),),
    ),
    (
        "all-at-once",
        "You moved all entries of x at once, which gives the sum of all partial derivatives. Move one entry, leave the"
        " others where they are, and do so for each.",
        (_all_at_once, lambda f, x, h: np.full(x.shape, _all_at_once(f, x, h))),
    ),
    (
        "still-moved",
        "The first entry is right and the later ones are not: what was moved for an entry is still moved while the next"
        " one is tried. Put it back first, or make a new step of zeros for each entry.",
        (_left_moved, _one_step_for_all),
    ),
    (
        "first-only",
        "Only the first entry is there and the others are 0. Does the return stand inside the loop?",
        (_first_only,),
    ),
    (
        "no-difference",
        "Every entry is 0: the two values of f did not differ. Was f given the same array twice? After a = x both names"
        " mean one array, and x.copy() makes a second one; a step in an array of whole numbers is rounded to 0.",
        (lambda f, x, h: np.zeros(x.shape),),
    ),
    (
        "unit-step",
        "Each entry was moved by 1. It should move by h: step[i] = h.",
        (_entry_by_entry(lambda f, x, s, h: (f(x + s / h) - f(x - s / h)) / (2 * h)),),
    ),
    (
        "rows",
        "Right for one axis, but with shape (n, d) you moved a whole row at once. np.ndindex(x.shape) runs through the"
        " entries of any shape.",
        (_row_by_row,),
    ),
    (
        "own-step",
        "This is a good gradient, and not the difference that was asked for. Use the h that is given, one step up and"
        " one down: the exercise after this one is about choosing it.",
        (lambda f, x, h: gradcheck.central_difference(f, x, 1e-5),),
    ),
)


# choose-h: central differences in float32

H_WHY = (
    "The curve costs about h^2 = 1e-4 and the rounding 1e-7 / h = 1e-5; at each of the other four one of the two is"
    " larger than that."
)
H_WRONG = {
    1e-1: "Here the curve of the function is what hurts: h^2 is 1e-2, and that is far above the rounding, 1e-7 / h ="
    " 1e-6. A smaller h is better.",
    5e-3: "That is almost exactly where the two errors meet, but it is none of the five. Which of them comes closest?",
    1e-4: "Here rounding is what hurts: 1e-7 / h is 1e-3, while h^2 is only 1e-8. A larger h is better; look for the h"
    " where the two are about equal.",
    1e-5: "In float64 this would be a good step. But float32 has an eps of 1e-7, so the two values of f are left with"
    " few digits in which they differ: 1e-7 / h is 0.01.",
    1e-8: "In float32 x + h is x itself when h is that much smaller than 1e-7, so the difference is 0 or noise. This h"
    " is for forward differences in float64.",
}


# bce-slope: dL/dp_i of the mean cross-entropy, a formula in p, y, n


def _bce_slope(p, y, n):
    return (p - y) / (n * p * (1 - p))


BCE_MISTAKES = misconceptions(
    (
        "inner",
        "Look at the second term again: the inside of log(1 - p) has the derivative -1, so the derivative of"
        " log(1 - p) is -1/(1 - p).",
        (lambda p, y, n: -(y / p + (1 - y) / (1 - p)) / n,),
    ),
    (
        "below-the-line",
        "Look below the line of the second term. It comes from log(1 - p), so 1 - p stands there, as p does in the"
        " first.",
        (lambda p, y, n: (-y / p + (1 - y) / p) / n,),
    ),
    (
        "exchanged",
        "p and y have changed places. What moves is the prediction p, and it is p that stands below the line.",
        (lambda p, y, n: (y - p) / (n * y * (1 - y)),),
    ),
    (
        "brackets",
        "Python multiplies before it subtracts: below the line 1 - p needs parentheses of its own, as in p * (1 - p).",
        (lambda p, y, n: (p - y) / (n * p * 1 - p), lambda p, y, n: (-y / p + (1 - y) / 1 - p) / n),
    ),
    (
        "sign",
        "For y = 1 a larger p must lower the loss, so the slope must be negative there. The sign is turned around:"
        " there is a minus in front of the whole loss.",
        (lambda p, y, n: (y - p) / (n * p * (1 - p)),),
    ),
    (
        "wrt-z",
        "This is the derivative with respect to the logit z. Here we stop at p: -y/p + (1 - y)/(1 - p), divided by n.",
        (lambda p, y, n: (p - y) / n, lambda p, y, n: p - y),
    ),
    (
        "one-term",
        "Only one of the two terms is left. Both hold p: keep y log p and (1 - y) log(1 - p) side by side.",
        (lambda p, y, n: -y / (n * p), lambda p, y, n: (1 - y) / (n * (1 - p))),
    ),
    (
        "wrt-y",
        "You differentiated with respect to y. The truth is given; what may move is p.",
        (lambda p, y, n: (sympy.log(1 - p) - sympy.log(p)) / n,),
    ),
    (
        "times",
        "You multiplied by p (1 - p). When the two fractions are brought together, it stands below the line.",
        (lambda p, y, n: (p - y) * p * (1 - p) / n,),
    ),
    (
        "squared-error",
        "This is the slope of the squared error. The cross-entropy has logarithms, whose derivative is 1/p.",
        (lambda p, y, n: 2 * (p - y) / n,),
    ),
    (
        "loss",
        "This is the loss itself. Now its derivative with respect to p.",
        (lambda p, y, n: -(y * sympy.log(p) + (1 - y) * sympy.log(1 - p)) / n,),
    ),
)


# relative-error: the largest |a - b| / max(|a|, |b|, s / 1000), s the largest magnitude of all


def _gradients(rng):
    """Plain, in two sizes; with zeros and tiny entries beside others; one array larger than the other.

    Of the two arrays now a and now b has the larger magnitude, and the larger value, in the worst entry.
    """
    cases = []
    for n, size, worst in ((5, 1.0, 0.9), (7, 1.0, 1.1), (6, 1e-9, 0.97), (8, 1e-9, 1.03)):
        a = size * rng.uniform(0.5, 2.0, size=n) * np.array([-1.0, 1.0] * n)[:n]
        b = a * rng.uniform(0.995, 1.005, size=n)
        b[n - 3 :] = a[n - 3 :] * [(1 + worst) / 2, worst, (1 + worst) / 2]
        cases.append((a, b))
    a = rng.choice([-1.0, 1.0], size=(7, 3)) * rng.uniform(0.5, 2.0, size=(7, 3))
    b = a * (1 + 1e-6 * rng.uniform(0.2, 1.0, size=a.shape))
    a[0], b[0] = [0.0, 3e-9, -5e-7], [0.0, 5e-9, 8e-7]
    cases.append((a, b))
    # One array alone has the largest magnitude, a negative entry, and the worst entry is below the floor that it sets.
    large = np.array([[-1.0, 5e-4, -4e-4], [0.0, 0.02, 0.02]]) * rng.uniform(1.0, 2.0)
    small = large * np.array([[0.2, -1.2, -0.9], [1.0, 1.0, 1.01]])
    return [*cases, (large, small), (small.ravel(), large.ravel())]


def _zeros(rng):
    return [
        ("nothing but zeros in a", (np.zeros(4), rng.normal(size=4))),
        ("nothing but zeros in b", (rng.normal(size=6), np.zeros(6))),
        ("nothing but zeros in both", (np.zeros(5), np.zeros(5))),
    ]


def _scale(a, b):
    return max(np.max(np.abs(a)), np.max(np.abs(b)))


def _magnitudes(a, b):
    return np.maximum(np.abs(a), np.abs(b))


def _floored(size):
    """A size of the entries, and the floor under it."""
    return lambda a, b: np.maximum(size(a, b), _scale(a, b) / 1000)


def _entries(a, b):
    return np.abs(a - b) / _floored(_magnitudes)(a, b)


def _over(*sizes):
    """Wrong answers that divide by something else, entry by entry."""
    return tuple(lambda a, b, size=size: np.max(np.abs(a - b) / size(a, b)) for size in sizes)


def _with_and_without_floor(*sizes):
    return _over(*sizes, *map(_floored, sizes))


def _fixed_floor(powers):
    return tuple(
        answer
        for floor in (10.0**-k for k in powers)
        for answer in _over(
            lambda a, b, floor=floor: np.maximum(_magnitudes(a, b), floor),
            lambda a, b, floor=floor: _magnitudes(a, b) + floor,
            lambda a, b, floor=floor: np.abs(a) + np.abs(b) + floor,
        )
    )


ERROR_MISTAKES = misconceptions(
    (
        "scale-of-one",
        "You took s from one of the two arrays. It is the largest magnitude of all entries in both.",
        _over(
            lambda a, b: np.maximum(_magnitudes(a, b), np.max(np.abs(a)) / 1000),
            lambda a, b: np.maximum(_magnitudes(a, b), np.max(np.abs(b)) / 1000),
        ),
    ),
    (
        "signed-scale",
        "Your s overlooks a large negative entry. It is the largest magnitude: take absolute values first.",
        _over(lambda a, b: np.maximum(_magnitudes(a, b), max(np.max(a), np.max(b)) / 1000)),
    ),
    (
        "added-floor",
        "The floor was added. It is the third candidate of the maximum below the line, and counts only where it is the"
        " largest.",
        _over(lambda a, b: _magnitudes(a, b) + _scale(a, b) / 1000),
    ),
    (
        "smaller",
        "You divided by the smaller of the two magnitudes. Take the larger, with np.maximum.",
        _with_and_without_floor(lambda a, b: np.minimum(np.abs(a), np.abs(b))),
    ),
    (
        "sum",
        "You divided by the sum or the mean of the two magnitudes. Take the larger of them.",
        _with_and_without_floor(
            lambda a, b: np.abs(a) + np.abs(b),
            lambda a, b: (np.abs(a) + np.abs(b)) / 2,
        ),
    ),
    (
        "one-side",
        "You divided by the entry of one array alone. Neither of the two is the truth here: take the larger magnitude.",
        _with_and_without_floor(lambda a, b: np.abs(a), lambda a, b: np.abs(b)),
    ),
    (
        "absolute",
        "This is the absolute error. Two gradients of size 1e-9 would always seem to agree: divide each difference by"
        " the size of its entries.",
        (lambda a, b: np.max(np.abs(a - b)),),
    ),
    (
        "no-floor",
        "Where both entries are 0 you divide 0 by 0, and an entry that is tiny beside the others is judged by its"
        " rounding. The floor s/1000 is missing below the line.",
        _over(_magnitudes),
    ),
    (
        "tiny-floor",
        "Division by zero is avoided, but an entry that is tiny beside the others is still judged by its rounding. The"
        " floor below the line goes with the arrays: s/1000.",
        (lambda a, b: np.max(np.nan_to_num(np.abs(a - b) / _magnitudes(a, b))), *_fixed_floor(range(8, 17))),
    ),
    (
        "fixed-floor",
        "A fixed number below the line is an absolute tolerance in disguise: it decides how small a gradient may be."
        " The floor goes with the arrays: s/1000.",
        _fixed_floor(range(3, 8)),
    ),
    (
        "one-scale",
        "You divided the largest difference by one size for the whole array, so a small entry may be badly wrong and"
        " not be seen. Divide entry by entry, then take the largest.",
        _over(_scale, lambda a, b: np.max(np.abs(a)), lambda a, b: np.max(np.abs(b))),
    ),
    (
        "norms",
        "This compares lengths of whole arrays. It is used too, but a small entry that is badly wrong hides in it:"
        " divide entry by entry, then take the largest.",
        (
            lambda a, b: np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b)),
            lambda a, b: np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)),
            lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(a),
            lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(b),
        ),
    ),
    (
        "added-up",
        "This is the sum over the entries, which grows with their number. Take the largest.",
        (lambda a, b: np.sum(_entries(a, b)),),
    ),
    (
        "mean",
        "This is the mean over the entries. One wrong entry among thousands would not be seen: take the largest.",
        (lambda a, b: np.mean(_entries(a, b)),),
    ),
    ("no-max", "These are the errors entry by entry. Return the largest, a single number.", (_entries,)),
    (
        "signed",
        "Above the line an entry that is too small has a negative difference, and no largest will find it. Take the"
        " magnitude of each difference.",
        (lambda a, b: np.max((a - b) / _floored(_magnitudes)(a, b)),),
    ),
    (
        "signed-below",
        "Below the line, the larger of two negative entries is the one nearer to zero. Use |a| and |b|.",
        _over(_floored(np.maximum)),
    ),
)


PROBLEMS = (
    Problem(
        id="central-difference",
        title="The central difference",
        points=3,
        hints=(
            "For one entry: the value of f with that entry moved up by h, the value with it moved down by h, their"
            " difference over 2h. Then a loop over the entries.",
            "`for i in np.ndindex(x.shape):` runs through the indices of any shape, and x[i] is one number.",
            "Leave x as it is: make step = np.zeros(x.shape), set step[i] = h, and call f(x + step) and f(x - step).",
            "Collect in gradient = np.zeros(x.shape): gradient[i] = (f(x + step) - f(x - step)) / (2 * h).",
        ),
        judge=judge_function(_central, _functions, DIFFERENCE_MISTAKES, boundaries=_whole_numbers),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="choose-h",
        title="Choose the step",
        points=1,
        hints=(
            "Two errors work against each other: about h^2 from the curve of f, and about eps / h from rounding.",
            "The lowest point of the U is near where both are equal: h^3 = eps, with eps = 1e-7 this time.",
        ),
        judge=judge_choice(1e-2, H_WHY, H_WRONG),
        minutes=3,
        difficulty=1,
    ),
    Problem(
        id="bce-slope",
        title="The slope of the cross-entropy",
        points=3,
        hints=(
            "Only one of the n terms holds your p. The sum loses all the others when it is differentiated.",
            "The derivative of log p is 1/p. That of log(1 - p) is -1/(1 - p), since its inside falls when p grows.",
            "Together: -(y/p - (1 - y)/(1 - p)), and the 1/n of the mean in front. It may stay like that.",
        ),
        judge=judge_formula(_bce_slope, "p y n", BCE_MISTAKES),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="relative-error",
        title="The relative error",
        points=2,
        hints=(
            "In three steps: the differences, what each is divided by, and the largest quotient.",
            "s = max(np.max(np.abs(a)), np.max(np.abs(b))) is one number. np.maximum compares entry by entry, and takes"
            " a number on one side too.",
            "Below the line stands np.maximum(np.maximum(np.abs(a), np.abs(b)), s / 1000). What if s is 0?",
        ),
        judge=judge_function(gradcheck.relative_error, _gradients, ERROR_MISTAKES, boundaries=_zeros),
        minutes=10,
        difficulty=2,
    ),
)
