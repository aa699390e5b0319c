"""The exercises of the toy course. The kernels of the tests import this, so it imports next to nothing.

nbformat alone would cost each of them more than a second.
"""

from bplib.course.judging.judges import Misconception, Problem, judge_function
from bplib.course.judging.paper import judge_choice
from bplib.course.problems import PROBLEMS

ADDED = (Misconception("added", lambda x: x + 2, "This adds 2; to double is to multiply by 2."),)
ODD = {"odd": "Divide it by two and look at the rest."}


def _numbers(rng):
    return [(rng.normal(size=5),), (rng.normal(size=7),)]


def _problem(id, points, judge):
    return Problem(id, id, points, ("think", "think again"), judge, minutes=1, difficulty=1)


TOYS = {
    "toy-double": _problem("toy-double", 2, judge_function(lambda x: 2 * x, _numbers, ADDED)),
    "toy-half": _problem("toy-half", 3, judge_function(lambda x: x / 2, _numbers, ())),
    "toy-parity": _problem("toy-parity", 1, judge_choice("even", "Twice anything is even.", ODD)),
}

RIGHT = {
    "toy-double": "def double(x):\n    return x + x",
    "toy-half": "def half(x):\n    return 0.5 * x",
    "toy-parity": "def parity():\n    return 'even'",
}


def register():
    """Make the toy exercises known to this process; the setup cell of the lesson does the same in its kernel."""
    PROBLEMS.update(TOYS)


def unregister():
    """Take the toy exercises out again, for the tests that walk all problems."""
    for id in TOYS:
        PROBLEMS.pop(id, None)
