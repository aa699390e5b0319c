"""Promise: the way through the course is the one that the lessons name in their first cells, with their minutes."""

import re
from pathlib import Path

import pytest

from bplib.course import outline
from bplib.course.notebooks import canonical
from bplib.course.problems import LESSONS
from bplib.pictures import plans

ROOT = Path(__file__).resolve().parents[2]
EACH = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.LESSON)


def first_cell(lesson):
    return canonical.read(ROOT / "notebooks" / f"{lesson.LESSON}.ipynb").cells[0].source


def number(lesson):
    return lesson.LESSON.partition("_")[0]


def before(name):
    """All that has to come before a lesson."""
    just = outline.BUILDS_ON.get(name, ())
    return set(just).union(*map(before, just))


@EACH
def test_a_lesson_takes_the_minutes_that_its_first_cell_says(lesson):
    [said] = re.findall(r"^\*About (\d+) minutes\.", first_cell(lesson), flags=re.MULTILINE)
    assert int(said) == outline.MINUTES[number(lesson)]


@EACH
def test_what_a_lesson_says_it_builds_on_comes_before_it(lesson):
    named = set(re.findall(r"\]\((\d+[a-z]?)_\w+\.ipynb\)", first_cell(lesson)))
    assert named <= before(number(lesson))
    # A lesson that may be skipped is named by none that comes after it.
    just = set(outline.BUILDS_ON.get(number(lesson), ())) - set(outline.MAY_SKIP)
    assert just <= named or number(lesson) in ("00b", "12")  # lesson 17 builds on the whole course


def test_every_lesson_has_its_place_and_its_minutes_and_comes_after_what_it_builds_on():
    names = [number(lesson) for lesson in LESSONS]
    assert sorted(name for row in outline.ROWS for name in row if name) == names == sorted(outline.MINUTES)
    assert all(start < end for end, starts in outline.BUILDS_ON.items() for start in starts)


def test_the_picture_has_a_box_for_each_lesson_an_arrow_for_each_step_and_the_hours():
    made = outline.Outline()
    picture = made.svg()
    boxes, arrows = (re.findall(rf'data-{kind}="([^"]*)"', picture) for kind in ("box", "arrow"))
    assert sorted(boxes) == [f"{number(lesson)} {lesson.TITLE}" for lesson in LESSONS]
    assert len(arrows) == sum(map(len, outline.BUILDS_ON.values()))
    minutes = sum(problem.minutes for lesson in LESSONS for problem in lesson.PROBLEMS)
    assert made.caption.endswith(f"Exercises: about {minutes / 60:.0f} more.")
    assert str(made).count("\n") == len(LESSONS) and made.caption in made._repr_html_()


def test_an_arrow_goes_sideways_in_a_row_in_both_directions_and_down_between_rows():
    rows = [[("a", ""), ("b", "")], [None, ("c", "")]]
    picture = plans.plan(rows, [("a", "b"), ("b", "a"), ("a", "c")], "three", dashed=["c"])
    lines = dict(re.findall(r'data-arrow="([^"]*)" d="([^"]*)"', picture))
    assert lines["a b"] == "M198 32H222" and lines["b a"] == "M222 32H198" and "C" in lines["a c"]
    assert picture.count("stroke-dasharray") == 1
    with pytest.raises(KeyError):
        plans.plan(rows, [("a", "d")], "")
