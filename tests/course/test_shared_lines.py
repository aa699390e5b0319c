"""Promise: an exercise asks for more than its lesson shows: two thirds of its lines, or more, stand in no lesson.

Lines are compared without spaces and comments. What opens a function, and lines that any answer has, do not count.
"""

import ast
import re
from pathlib import Path

import pytest

from bplib.course.notebooks import canonical
from bplib.course.problems import LESSONS

ROOT = Path(__file__).resolve().parents[2]
MOST = 1 / 3
LONGEST_LINE = 100  # what a laptop of 1366 points shows of a cell
_ANSWER = re.compile(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", re.DOTALL)
TRIVIAL = {"return", "else:", "break", "continue", "(", ")", "]", "}", "return{"}


def lines_of(source):
    """The lines of code that say something, each without spaces and comments; magics are no Python, and left out."""
    source = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        source = ast.unparse(ast.parse(source))  # without comments, and in one way of writing
    except SyntaxError:
        pass
    found = ["".join(line.split()) for line in source.splitlines()]
    return [line for line in found if line and line not in TRIVIAL and not line.startswith(("def", '"""', "#"))]


def shown_in(lesson):
    """The lines that a lesson shows, as code and as what it prints of a source."""
    shown = set()
    for cell in canonical.read(ROOT / "notebooks" / f"{lesson}.ipynb").cells:
        shown.update(lines_of(cell.source) if cell.cell_type == "code" else ())
        for output in cell.get("outputs", ()):
            if "def " in "".join(output.get("text", "")):
                shown.update(lines_of("".join(output["text"])))
    return shown


def answers_of(lesson):
    """The lines of each exercise's solution: id to lines."""
    cells = canonical.read(ROOT / "solutions" / f"{lesson}.ipynb").cells
    found = {}
    for cell in cells:
        for body in _ANSWER.findall(cell.source) if cell.cell_type == "code" else ():
            indent = min(len(line) - len(line.lstrip()) for line in body.splitlines() if line.strip())
            found[cell.id] = lines_of("def f():\n" + "\n".join("    " + line[indent:] for line in body.splitlines()))
    return found


def shared(lesson):
    """The share of each solution's lines that stand in its lesson: id to a number from 0 to 1."""
    shown = shown_in(lesson)
    return {id: sum(line in shown for line in lines) / len(lines) for id, lines in answers_of(lesson).items() if lines}


EXERCISES = LESSONS[1:]


@pytest.mark.parametrize("lesson", EXERCISES, ids=lambda lesson: lesson.LESSON)
def test_at_most_a_third_of_a_solution_stands_in_the_lesson(lesson):
    shares = shared(lesson.LESSON)
    assert set(shares) == {problem.id for problem in lesson.PROBLEMS}
    assert {id: share for id, share in shares.items() if share > MOST} == {}


@pytest.mark.parametrize("lesson", [LESSONS[0], *EXERCISES], ids=lambda lesson: lesson.LESSON)
def test_no_line_of_a_lesson_or_an_exercise_is_too_long_for_a_laptop(lesson):
    for folder in ("notebooks", "solutions"):
        cells = canonical.read(ROOT / folder / f"{lesson.LESSON}.ipynb").cells
        code = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()]
        assert [line for line in code if len(line) > LONGEST_LINE] == []


def test_a_copied_line_is_found_whatever_its_spaces_and_comments_are():
    assert lines_of("x = 1  # why\ny  =  x+1\n") == ["x=1", "y=x+1"]
    assert lines_of("%matplotlib inline\ny = 2") == ["y=2"]
