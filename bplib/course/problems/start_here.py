"""Lesson 00: three exercises and three turns, worth nothing, for trying out how a check answers."""

import numpy as np

from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_choice
from bplib.course.judging.turns import judge_value, turn

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

TURNS = (
    turn(
        "turn-pixels",
        "How many numbers an image is",
        judge_value(
            64,
            "8 times 8, one for each pixel. To the network an image is a row of 64 numbers.",
            {
                16: "That is 8 + 8. Each of the 8 rows has 8 pixels: how many pixels are that?",
                8: "That is one row of pixels. How many rows are there?",
                256: "An image of 16 x 16 would have so many. These are 8 x 8.",
            },
        ),
        "Count the pixels of one row, and then the rows.",
    ),
    turn(
        "turn-weights",
        "How many weights are between two layers",
        judge_value(
            2048,
            "64 times 32: each number goes into each neuron. Backpropagation says for each which way to go.",
            {
                96: "That is 64 + 32. Each of the 64 numbers goes into each of the 32 neurons: how many pairs?",
                64: "So many go into one neuron. There are 32 of them.",
                2080: "This counts a bias for each neuron, too. How many are weights alone?",
                2368: "This counts the weights to the ten answers, too. How many go into the 32 neurons?",
                320: "These go from the 32 neurons to the ten answers. How many go into the neurons?",
            },
        ),
        "One neuron has a weight for each of the 64 numbers. How many neurons are there?",
    ),
    turn(
        "turn-slope",
        "The slope of a parabola on its left",
        judge_value(
            -6,
            "2x at x = -3. The curve is as steep as at 3, but it falls.",
            {
                6: "So steep it is, but does it rise there, or fall?",
                9: "That is the height of the curve at -3. Its slope is 2x.",
                -9: "The height of the curve at -3 is 9. Its slope is 2x.",
                -3: "That is x itself. The slope is twice as much.",
            },
        ),
        "Put x = -3 into 2x.",
    ),
)
