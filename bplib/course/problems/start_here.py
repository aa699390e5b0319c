"""Lesson 00: three exercises worth nothing, for trying out how a check answers."""

import numpy as np

from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_choice

LESSON = "00_start_here"
TITLE = "Start here"


def _numbers(rng):
    return [(rng.normal(size=5),), (rng.normal(size=7),)]


def _square(x):
    return x**2


SQUARE_MISTAKES = misconceptions(
    ("doubled", "This is 2 times x. The square of x is x times x.", (lambda x: 2 * x,)),
    (
        "summed",
        "This is one number, the sum of all squares; the square of an array is the square of each entry.",
        (lambda x: np.sum(x**2),),
    ),
)


def _square_slope(x):
    return 2 * x


SQUARE_SLOPE_MISTAKES = misconceptions(
    (
        "factor-lost",
        "The exponent went down by one, as it should, but that is not all that happens to it. It also comes to the"
        " front as a factor: the derivative of x^3 is 3 x^2, so what is that of x^2?",
        (lambda x: x,),
    ),
    (
        "not-derived",
        "This is x squared itself. Its derivative says how fast it changes as x grows.",
        (lambda x: x**2,),
    ),
    (
        "derived-twice",
        "This is the derivative of the derivative. The slope of x^2 is not the same everywhere: it depends on x.",
        (lambda x: np.full_like(x, 2.0), lambda x: 2.0),
    ),
    (
        "integrated",
        "This is the integral of x^2, which goes the other way: a derivative lowers the exponent by one.",
        (lambda x: x**3 / 3,),
    ),
)

SLOPE_SIGN_WHY = "As x grows from -3 to -2, x^2 falls from 9 to 4, and where a function falls its slope is negative."
SLOPE_SIGN_MISTAKES = {
    "positive": "The value is positive there, (-3)^2 = 9, but the slope is asked: as x grows from -3 to -2,"
    " does x^2 grow or fall?",
    "zero": "The slope of x^2 is zero only where the curve is flat, at its lowest point. Is that at x = -3?",
}

PROBLEMS = (
    Problem(
        id="first-check",
        title="Square every entry",
        points=0,
        hints=(
            "Nothing is missing here: run the cell of the answer, then the check.",
            "If you changed the answer and want it back: it is x times x, `return x * x`.",
        ),
        judge=judge_function(_square, _numbers, SQUARE_MISTAKES),
        minutes=1,
        difficulty=1,
    ),
    Problem(
        id="square-slope",
        title="The derivative of x squared",
        points=0,
        hints=(
            "Compare two places: from x = 1 to x = 1.001, x^2 grows by 0.002001. How many times 0.001 is that?",
            "The derivative of x^n is n x^(n-1). Put n = 2.",
        ),
        judge=judge_function(_square_slope, _numbers, SQUARE_SLOPE_MISTAKES),
        minutes=2,
        difficulty=1,
    ),
    Problem(
        id="slope-sign",
        title="Predict the sign of a slope",
        points=0,
        hints=(
            "Draw x^2 and put a finger on x = -3. Move it a little to the right: up or down?",
            "(-3)^2 = 9 and (-2)^2 = 4. A slope is the change of the value divided by the change of x.",
        ),
        judge=judge_choice("negative", SLOPE_SIGN_WHY, SLOPE_SIGN_MISTAKES),
        minutes=2,
        difficulty=1,
    ),
)
