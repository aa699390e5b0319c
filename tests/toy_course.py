"""A course of one small lesson with three exercises, for the tests of everything that handles notebooks."""

import copy
import json
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bplib.course import notebooks, releases
from bplib.course.judging import Misconception, Problem, judge_choice, judge_function, wrong_choices
from bplib.course.problems import PROBLEMS

NAME = "77_toy.ipynb"
ADDED = (Misconception("added", lambda x: x + 2, "This adds 2; to double is to multiply by 2."),)
ODD = {"odd": "Divide it by two and look at the rest."}


def _numbers(rng):
    return [(rng.normal(size=5),), (rng.normal(size=7),)]


def _problem(id, points, judge, misconceptions):
    return Problem(id, id, points, ("think", "think again"), judge, misconceptions, minutes=1, difficulty=1)


TOYS = {
    "toy-double": _problem("toy-double", 2, judge_function(lambda x: 2 * x, _numbers, ADDED), ADDED),
    "toy-half": _problem("toy-half", 3, judge_function(lambda x: x / 2, _numbers, ()), ()),
    "toy-parity": _problem("toy-parity", 1, judge_choice("even", ODD), wrong_choices(ODD)),
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


def solution():
    """The solution of the lesson, not run yet."""
    here = str(Path(__file__).parent)
    setup = f"import sys\n\nsys.path.insert(0, {json.dumps(here)})\nimport toy_course\n\ntoy_course.register()\n"
    return new_notebook(
        cells=[
            new_markdown_cell("# Toys", id="title"),
            new_code_cell(setup + "from bplib.course.checks import check", id="setup"),
            new_code_cell(_answer("double(x)", "return 2 * x"), id="toy-double"),
            new_code_cell('check("toy-double", double)', id="toy-double-check"),
            new_code_cell(_answer("half(x)", "return x / 2"), id="toy-half"),
            new_code_cell('check("toy-half", half)', id="toy-half-check"),
            new_markdown_cell("Why it is even.", id="why", metadata={"tags": ["solution"]}),
            new_code_cell(_answer("parity()", 'return "even"'), id="toy-parity"),
            new_code_cell('check("toy-parity", parity)', id="toy-parity-check"),
        ]
    )


def _answer(signature, line):
    return f'def {signature}:\n    """Answer."""\n    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION'


def make(folder):
    """Write the course into a folder: solutions/, the released copy and exercises/."""
    for name in ("notebooks", "solutions", "exercises"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    notebooks.write(folder / "solutions" / NAME, notebooks.text(notebooks.canonical(solution())))
    releases.release_all(folder)
    return folder


def released():
    """The released exercise."""
    return releases.release(notebooks.canonical(solution()))


def cell(nb, id):
    """The cell with an id."""
    return next(cell for cell in nb.cells if cell.id == id)


def answered(answers, nb=None):
    """A learner's copy of the exercise with these answers in it, id to source."""
    nb = copy.deepcopy(nb or released())
    for id, source in answers.items():
        cell(nb, id).source = source
    return nb
