"""Lesson 02: slopes along directions, a gradient by differences and its step, a slope on paper, a relative error."""

import contextlib
import functools
import numbers
from dataclasses import replace

import numpy as np
import sympy

from bplib import gradcheck
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_choice, judge_formula, judge_numbers
from bplib.course.judging.reading import NOT_YET, Settled, call
from bplib.course.judging.turns import judge_value, turn

LESSON = "02_gradients"
TITLE = "Gradients"


# slope-along: the gradient times the direction, divided by the length of the direction


def _directions(rng):
    """Of three directions the first leads up and the others down, so that a lost sign shows."""
    cases = []
    for shape, sign in (((5,), 1), ((7,), -1), ((4, 3), -1)):
        gradient, d = rng.normal(size=shape), rng.uniform(1.5, 4.0) * rng.normal(size=shape)
        cases.append((gradient, sign * np.sign(np.sum(gradient * d)) * d))
    return cases


def _slope_along(gradient, d):
    return np.sum(gradient * d) / np.sqrt(np.sum(d * d))


def _edges(rng):
    d = rng.normal(size=5)
    return [
        ("a flat place, where the gradient is zero", (np.zeros(5), d)),
        ("arrays of whole numbers", (np.array([3, -4, 1]), np.array([2, 0, 1]))),
    ]


def _length(v):
    return np.sqrt(np.sum(v * v))


ALONG_MISTAKES = misconceptions(
    (
        "not-normalized",
        "Try it with d twice as long: the direction is the same, and your slope is not. Divide by the length of d.",
        (lambda g, d: np.sum(g * d),),
    ),
    (
        "squared-length",
        "Look at the length that you divide by: it is still squared. The length of d is the root of the sum of its"
        " squares.",
        (lambda g, d: np.sum(g * d) / np.sum(d * d),),
    ),
    (
        "other-length",
        "Look at what you divide by: it is not the length of d. A length is the root of the sum of the squares.",
        (
            lambda g, d: np.sum(g * d) / np.sum(np.abs(d)),
            lambda g, d: np.sum(g * d) / np.max(np.abs(d)),
            lambda g, d: np.sum(g * d) / np.sum(d),
        ),
    ),
    (
        "cosine",
        "This is the cosine of the angle between the two, never larger than 1. The slope is that times the length of"
        " the gradient: do not divide by it.",
        (lambda g, d: np.sum(g * d) / _length(g) / _length(d),),
    ),
    (
        "gradients-length",
        "You divided by the length of the gradient. How steep it is has to stay in the result; only d becomes 1 long.",
        (lambda g, d: np.sum(g * d) / _length(g),),
    ),
    (
        "not-summed",
        "These are the shares of the entries, an array. The slope is their sum, one number.",
        (lambda g, d: g * d / _length(d), lambda g, d: g * d),
    ),
    (
        "projection",
        "This is an arrow, the part of the gradient that lies along d. The slope is one number, the length of that part"
        " with its sign.",
        (lambda g, d: np.sum(g * d) * d / np.sum(d * d),),
    ),
    (
        "magnitude",
        "The sign is lost. Along a direction that leads down, the slope is negative.",
        (lambda g, d: np.abs(np.sum(g * d)) / _length(d),),
    ),
    (
        "clamp",
        "Slopes below 0 have become 0. A direction that leads down has a negative slope: take no maximum.",
        (
            lambda g, d: np.maximum(np.sum(g * d) / _length(d), 0),
            lambda g, d: np.maximum(np.sum(g * d), 0),
            lambda g, d: np.sum(np.maximum(g * d, 0)) / _length(d),
        ),
    ),
    (
        "steepest",
        "This is the slope in the steepest direction, whatever d is. Multiply the gradient by d, entry by entry.",
        (lambda g, d: _length(g),),
    ),
    (
        "mean",
        "This is a mean over the entries, and it shrinks with their number. The changes add up: take the sum.",
        (lambda g, d: np.mean(g * d) / _length(d),),
    ),
)


# steepest: f = w b^2 - w at w = -1, b = 3, whose gradient is (8, -6)


def _steepest(w_slope, b_slope):
    size = np.hypot(w_slope, b_slope)
    return {
        "df_dw": w_slope,
        "df_db": b_slope,
        "steepest": size,
        "u_w": w_slope / size,
        "u_b": b_slope / size,
        "along": (w_slope + b_slope) / np.sqrt(2),
    }


STEEPEST = _steepest(8.0, -6.0)
STEEPEST_MISTAKES = misconceptions(
    (
        "term-lost",
        "Look at df_dw again: f has two terms with w, and both have a slope in w. That of -w is -1.",
        (lambda: _steepest(9.0, -6.0),),
    ),
    (
        "sign-of-term",
        "Look at the second term of df_dw: w is subtracted in f, so its slope in w is -1.",
        (lambda: _steepest(10.0, -6.0),),
    ),
    (
        "value-of-w",
        "Look at the first term of df_dw: it is a straight line in w, so its slope is b^2 whatever w is.",
        (lambda: _steepest(-10.0, -6.0),),
    ),
    (
        "constant-kept",
        "Look at df_db again: -w does not change when only b moves, so it adds nothing. What is left is the slope of"
        " w b^2 in b, with w held.",
        (lambda: _steepest(8.0, -7.0), lambda: _steepest(8.0, -5.0)),
    ),
    (
        "sign-of-w",
        "Look at the sign of w: it is -1 here, and it stands in df_db = 2 w b.",
        (lambda: _steepest(8.0, 6.0),),
    ),
    (
        "w-forgotten",
        "Look at df_db again: w stands in front of b^2 as a factor, and stays. The slope of w b^2 in b is 2 w b.",
        (lambda: {"df_db": 9.0}, lambda: {"df_db": -3.0}),
    ),
    (
        "exchanged",
        "Look at which letter moves: in df_dw it is w, and b is held. The two have changed places.",
        (lambda: _steepest(-6.0, 8.0),),
    ),
    (
        "sum-for-length",
        "The steepest slope is the length of the arrow (df_dw, df_db): the root of the sum of the squares.",
        (lambda: {"steepest": 2.0}, lambda: {"steepest": 14.0}, lambda: {"steepest": 100.0}),
    ),
    (
        "an-axis",
        "This is the slope along one axis. Between the axes lie steeper directions: the gradient's own has its length.",
        (lambda: {"steepest": 8.0}, lambda: {"steepest": 6.0}, lambda: {"steepest": -6.0}),
    ),
    (
        "lowest",
        "This is the slope in the direction of steepest descent. The largest of all slopes is asked for.",
        (lambda: {"steepest": -10.0},),
    ),
    (
        "not-unit",
        "How long is your direction? u must have the length 1, so divide the gradient by its own length.",
        (
            lambda: {"u_w": 8.0, "u_b": -6.0},
            lambda: {"u_w": 4.0, "u_b": -3.0},
            lambda: {"u_w": 1.0, "u_b": -0.75},
            lambda: {"u_w": 4 / 3, "u_b": -1.0},
            lambda: {"u_w": 8 / 14, "u_b": -6 / 14},
            lambda: {"u_w": 0.08, "u_b": -0.06},
        ),
    ),
    (
        "downhill",
        "This is the direction in which f falls fastest. The one in which it grows fastest is asked for.",
        (lambda: {"u_w": -0.8, "u_b": 0.6},),
    ),
    (
        "diagonal-not-unit",
        "How long is the arrow (1, 1)? Not 1: divide by its length, the root of 2.",
        (lambda: {"along": 2.0},),
    ),
    (
        "direction-exchanged",
        "Which entry belongs to w? The two have changed places, or lost their signs: u points where the gradient does.",
        (
            lambda: STEEPEST | {"u_w": 0.6, "u_b": 0.8},
            lambda: STEEPEST | {"u_w": 0.6, "u_b": -0.8},
            lambda: STEEPEST | {"u_w": 0.8, "u_b": 0.6},
            lambda: STEEPEST | {"u_w": -0.6, "u_b": 0.8},
        ),
    ),
    (
        "diagonal-sign",
        "Look at the sign of df_db: on the diagonal both letters grow, and one of them lowers f.",
        (
            lambda: STEEPEST | {"along": 14 / np.sqrt(2)},
            lambda: STEEPEST | {"along": 14.0},
            lambda: STEEPEST | {"along": -14 / np.sqrt(2)},
            lambda: STEEPEST | {"along": -np.sqrt(2)},
        ),
    ),
    (
        "diagonal-halved",
        "You divided by 2. The length of (1, 1) is the root of 2.",
        (lambda: {"along": 1.0},),
    ),
)


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
        " at both sides of x: the value with the entry moved up minus the one with it moved down, divided by 2h.",
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
    1e-3: "That is none of the five. Of these, look for the h where h^2 and 1e-7 / h are about equal.",
    1e-4: "Here rounding is what hurts: 1e-7 / h is 1e-3, while h^2 is only 1e-8. A larger h is better; look for the h"
    " where the two are about equal.",
    1e-5: "In float64 this would be a good step. But float32 has an eps of 1e-7, so the two values of f are left with"
    " few digits in which they differ: 1e-7 / h is 0.01.",
    1e-8: "In float32 x + h is x itself when h is that much smaller than 1e-7, so the difference is 0 or noise. This h"
    " is for forward differences in float64.",
}


def _judge_step(answer, seed=None):
    """A step near the place where the two errors meet is told so, as 1e-7 ** (1 / 3): the judge compares exactly."""
    judge = judge_choice(1e-2, H_WHY, H_WRONG)
    if not callable(answer):
        return judge(answer, seed=seed)

    @functools.wraps(answer, updated=())
    def rounded(*args):
        h = answer(*args)
        return 5e-3 if isinstance(h, numbers.Real) and 4e-3 < h < 6e-3 else h

    return judge(rounded, seed=seed)


_judge_step.misconceptions = judge_choice(1e-2, H_WHY, H_WRONG).misconceptions


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
        (
            lambda p, y, n: (p - y) / (n * p * 1 - p),
            lambda p, y, n: (-y / p + (1 - y) / 1 - p) / n,
            lambda p, y, n: -(y / p - (1 - y) / 1 - p) / n,
            lambda p, y, n: -y / (n * p) + (1 - y) / (n * 1 - p),
            lambda p, y, n: -y / (n * p) + (1 - y) / n * 1 - p,
            lambda p, y, n: -y / p + (1 - y) / 1 - p,
            lambda p, y, n: -(y / p - (1 - y) / 1 - p),
        ),
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
        )
    )


def _sum_and_floor(powers):
    """As in the notes of CS231n: the larger of the sum and a small number, or both added."""
    return tuple(
        answer
        for floor in (10.0**-k for k in powers)
        for answer in _over(
            lambda a, b, floor=floor: np.maximum(np.abs(a) + np.abs(b), floor),
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
        "other-scale",
        "Look at your s: it is the largest magnitude of an entry, so of |a_i| or |b_i| alone, and not of a"
        " difference, a sum or a length.",
        _over(
            lambda a, b: np.maximum(_magnitudes(a, b), np.max(np.abs(a - b)) / 1000),
            lambda a, b: np.maximum(_magnitudes(a, b), np.max(np.abs(a) + np.abs(b)) / 1000),
            lambda a, b: np.maximum(_magnitudes(a, b), (np.max(np.abs(a)) + np.max(np.abs(b))) / 1000),
            lambda a, b: np.maximum(_magnitudes(a, b), np.linalg.norm(a - b) / 1000),
        ),
    ),
    (
        "signed-scale",
        "Your s overlooks an entry that is large and negative, or large in one of the two arrays alone. It is the"
        " largest magnitude of both: take absolute values first, then the largest of all.",
        _over(
            lambda a, b: np.maximum(_magnitudes(a, b), max(np.max(a), np.max(b)) / 1000),
            lambda a, b: np.maximum(_magnitudes(a, b), min(np.max(np.abs(a)), np.max(np.abs(b))) / 1000),
            lambda a, b: np.maximum(_magnitudes(a, b), np.max(np.minimum(np.abs(a), np.abs(b))) / 1000),
        ),
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
        "sum-and-fixed-floor",
        "Two things differ from the formula below its line. In the place of the sum of the two magnitudes stands the"
        " larger one, and the floor goes with the arrays, s/1000, where yours is a fixed number.",
        _sum_and_floor(range(3, 17)),
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
        "difference-of-magnitudes",
        "Look above the line: 1 and -1 would agree there. It is the magnitude of the difference, |a - b|, and not the"
        " difference of the magnitudes.",
        (lambda a, b: np.max(np.abs(np.abs(a) - np.abs(b)) / _floored(_magnitudes)(a, b)),),
    ),
    (
        "signed-below",
        "Below the line, the larger of two negative entries is the one nearer to zero. Use |a| and |b|.",
        _over(_floored(np.maximum)),
    ),
)


PROBLEMS = (
    Problem(
        id="slope-along",
        title="The slope along a direction",
        points=2,
        hints=(
            "A small step along d changes each entry by a share of d. What does f gain from one entry, and what from"
            " all of them together?",
            "np.sum(gradient * d) adds up the shares, whatever the shape. It still depends on how long d is.",
            "The length of d is np.sqrt(np.sum(d**2)). Divide by it.",
        ),
        judge=judge_function(_slope_along, _directions, ALONG_MISTAKES, boundaries=_edges),
        minutes=6,
        difficulty=1,
    ),
    Problem(
        id="steepest",
        title="The steepest direction",
        points=2,
        hints=(
            "First the two partial derivatives as formulas: hold b and let w move, then hold w and let b move. Then put"
            " w = -1 and b = 3 in.",
            "The direction is the gradient divided by its length, and the steepest slope is that length.",
            "The slope along u is df_dw u_w + df_db u_b. For the diagonal u is (1, 1) divided by its length.",
        ),
        judge=judge_numbers(STEEPEST, STEEPEST_MISTAKES),
        minutes=8,
        difficulty=2,
    ),
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
        judge=_judge_step,
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


# Turns within the lesson

RECALL_SLOPE_WHY = "Prediction minus truth: 0.8 - 1. A larger logit would raise p and lower the loss."
RECALL_SLOPE_WRONG = {
    0.2: "The size is right. Would a larger logit raise this loss or lower it?",
    -0.8: "This is minus p. At the logit the slope is prediction minus truth.",
    0.16: "This is the slope of the sigmoid itself, p (1 - p). In the slope of the cross-entropy it has canceled.",
    -0.25: "This is prediction minus truth, once more divided by p. At the logit nothing is left to divide by.",
    0.8: "This is p itself. At the logit the slope is prediction minus truth.",
    -1.25: "This is the slope with respect to p, -1/p. It is asked at the logit z.",
    -0.064: "This would be the slope of the squared error. That of the cross-entropy has no p (1 - p) in it.",
    -0.032: "Here p (1 - p) has stayed. In the cross-entropy it cancels.",
    0.2231: "This is the loss itself, -log 0.8.",
}

RECALL_OUTLIER_WHY = (
    "A squared error resents large errors: ten times as far costs a hundred times as much, and pulls ten times as hard."
    " With the absolute error each bird pulls equally."
)
RECALL_OUTLIER_WRONG = {
    "absolute": "The absolute error pulls with the same force whatever the distance. How hard does a square pull?",
    "both alike": "Compare the slopes: one grows with the error, the other is 1 or -1. Which one does a far bird"
    " move more?",
}

PARTIAL_WHY = (
    "The error is 3 + 0 - 2 = 1. Inside of the square w stands beside x = 3, and b beside 1: 2 x 1 x 3 and 2 x 1."
)
PARTIAL_WRONG = {
    (3, 1): "The outer derivative is missing: that of a square is 2 times what stands inside.",
    (2, 6): "Both are right, and they have changed places: w first, then b.",
    (6, 6): "Is b multiplied by x? It stands there alone, so its inner derivative is 1.",
    (2, 2): "The inner derivative is missing: w stands beside x = 3.",
    (6, 1): "The slope in w is right. In b the outer derivative is missing, 2 times the error.",
    (-6, -2): "The error is prediction minus truth, 3 - 2. Its sign has turned around.",
}

ALONG_WHY = "6 x (-0.6) + 3 x 0.8 = -3.6 + 2.4. It leads down, though b grows and b alone would lead up."
ALONG_WRONG = {
    1.2: "The size is right. The step in w is negative, and counts more.",
    6.0: "Both shares were added with a plus. The first entry of u is negative.",
    -6.0: "Both shares are negative here. In which direction does b move?",
    3.0: "The shares have other factors: 6 belongs to the first entry of u, and 3 to the second.",
    0.2: "This is the sum of the entries of u. Each has to be multiplied by its slope first.",
}

DOWN_WHY = (
    "It leads three times as far along b as along w, but the bottom lies three times as far along w as along b. The"
    " arrow crosses the lines at a right angle, and these lines are no circles."
)
DOWN_WRONG = {
    (6, 18): "This is the gradient, which leads up. Minus the gradient is asked for.",
    (-3, -1): "This leads straight to the bottom, of which the gradient knows nothing. Differentiate, and put the place"
    " in.",
    (-6, -9): "The slope in w is right. In b a factor 2 got lost: what is the derivative of b^2?",
    (-6, -2): "The 9 got lost: what is the derivative of 9 b^2?",
    (-3, -9): "A factor 2 got lost, in both: the derivative of w^2 is 2 w.",
}


def _backward_difference(f, x, h):
    return (f(x) - f(x - h)) / h


def _one_variable(rng):
    """A cubic, a place and a step, twice."""
    cases = []
    for h in (0.1, 0.05):
        a, b, c = rng.uniform(0.5, 2.0, size=3)
        cases.append((lambda x, a=a, b=b, c=c: a * x**3 + b * x**2 + c * x, float(rng.uniform(0.5, 1.5)), h))
    return cases


BACKWARD_MISTAKES = misconceptions(
    (
        "forward",
        "This one looks ahead, to x + h. The backward difference looks back.",
        (lambda f, x, h: (f(x + h) - f(x)) / h,),
    ),
    (
        "ahead-turned",
        "This one looks ahead, to x + h, and its sign is turned around. The backward difference looks back, to x - h.",
        (lambda f, x, h: (f(x) - f(x + h)) / h,),
    ),
    (
        "added",
        "The two values are added. How much f has changed is their difference.",
        (lambda f, x, h: (f(x) + f(x - h)) / h,),
    ),
    (
        "times-h",
        "The difference is multiplied by h. Per unit of x it is divided by h.",
        (lambda f, x, h: (f(x) - f(x - h)) * h,),
    ),
    (
        "inside",
        "The step has gone out of the parentheses of f. It belongs to the place: f(x - h), and not f(x) - h.",
        (lambda f, x, h: (f(x) - (f(x) - h)) / h, lambda f, x, h: (f(x) - f(x) - h) / h),
    ),
    (
        "central",
        "This is the central difference, to both sides. The backward one has f(x) and f(x - h).",
        (lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),),
    ),
    (
        "sign",
        "The sign is turned around. Where f grows, the value at x is the larger one: subtract the other from it.",
        (lambda f, x, h: (f(x - h) - f(x)) / h,),
    ),
    (
        "brackets",
        "Python divides before it subtracts. The difference needs parentheses.",
        (lambda f, x, h: f(x) - f(x - h) / h,),
    ),
    (
        "over-2h",
        "The two places are only h apart: divide by h.",
        (lambda f, x, h: (f(x) - f(x - h)) / (2 * h),),
    ),
    (
        "not-divided",
        "This is how much f changes. Per unit of x it is that divided by h.",
        (lambda f, x, h: f(x) - f(x - h),),
    ),
)

_BACKWARD = judge_function(_backward_difference, _one_variable, BACKWARD_MISTAKES)
_PLACES = {2.0: "x", 1.75: "x - h", 2.25: "x + h", 1.5: "x - 2h", 2.5: "x + 2h", -1.75: "h - x", 0.25: "h"}


def _judge_backward(answer, seed=None):
    """What nobody foresaw is told at which places it asks f, at x = 2 with h = 1/4."""
    verdict = _BACKWARD(answer, seed=seed)
    if verdict.status != NOT_YET or verdict.misconception is not None or not callable(answer):
        return verdict
    asked = []
    with contextlib.suppress(Settled):
        call(lambda x, h: answer(lambda t: asked.append(t) or t**3, x, h), (2.0, 0.25), "")
    names = sorted({_PLACES.get(t, "another place") if isinstance(t, numbers.Real) else "another place" for t in asked})
    if not names:
        return replace(verdict, message=f"It never asks f. {verdict.message}", misconception="seen: f is not asked")
    if names == ["x", "x - h"]:
        said = "It asks f at x and at x - h, as it should. What it makes of the two values is another thing."
    else:
        said = f"It asks f at {' and at '.join(names)}. Where does a step begin and end that goes back from x?"
    return replace(verdict, message=f"{said} {verdict.message}", misconception="seen: places")


_judge_backward.misconceptions = _BACKWARD.misconceptions

HUNDREDTH_WHY = (
    "The error of the central difference shrinks like the square of h: a tenth of the step, a hundredth of it."
)
HUNDREDTH_WRONG = {
    3.2e-8: "This is a tenth. The forward difference shrinks like that; look at the right column above.",
    3.2e-10: "This is a thousandth. From one row to the next the right column shrinks by how much?",
    3.2e-7: "This is the error at h = 0.001. The step is a tenth of that.",
    3.2e-5: "This stands beside h = 0.01, or in the left column one row further. Read the right column to its end.",
}


def _judge_hundredth(answer, seed=None):
    """Who reads a factor off the rounded column may come out a little beside; so from 2.7e-9 to 3.7e-9 is right."""
    near = isinstance(answer, numbers.Real) and 2.7e-9 <= answer <= 3.7e-9
    return _HUNDREDTH(3.2e-9 if near else answer, seed=seed)


_HUNDREDTH = judge_value(3.2e-9, HUNDREDTH_WHY, HUNDREDTH_WRONG)
_judge_hundredth.misconceptions, _judge_hundredth.right = _HUNDREDTH.misconceptions, _HUNDREDTH.right


TURNS = (
    turn(
        "turn-recall-slope",
        "From lesson 01: a slope at the logit",
        judge_value(-0.2, RECALL_SLOPE_WHY, RECALL_SLOPE_WRONG),
        "It is as simple as the error of a line.",
    ),
    turn(
        "turn-recall-outlier",
        "From lesson 01: the loss that is drawn away",
        judge_value("squared", RECALL_OUTLIER_WHY, RECALL_OUTLIER_WRONG),
        "How hard does a bird pull that is ten times as far away, in each of the two?",
    ),
    turn(
        "turn-partial",
        "A gradient on paper",
        judge_value((6, 2), PARTIAL_WHY, PARTIAL_WRONG),
        "First the error, a number. Then 2 times the error times what stands beside w, and beside b.",
    ),
    turn(
        "turn-along",
        "The slope along a direction",
        judge_value(-1.2, ALONG_WHY, ALONG_WRONG),
        "Each entry of u times its own slope, added up.",
    ),
    turn(
        "turn-down",
        "The way down in a ravine",
        judge_value((-6, -18), DOWN_WHY, DOWN_WRONG),
        "The derivative of w^2 is 2 w, that of 9 b^2 is 18 b.",
    ),
    turn(
        "turn-backward",
        "The backward difference",
        _judge_backward,
        "Two values of f, their difference, and the distance between the two places.",
    ),
    turn(
        "turn-hundredth",
        "The error of the next row",
        _judge_hundredth,
        "Read the right column from row to row.",
    ),
)
