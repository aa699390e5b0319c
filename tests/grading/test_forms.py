"""Promise: what somebody grades alone counts as the plan of the term says, with the same numbers in every form."""

import json
import os
import re
import subprocess
import sys

import pytest
from hostile_submissions import ROOT, answered, released, right
from test_autograder import RUNNER, require_classroom50

from bplib import cli
from bplib.course import syllabus
from bplib.course.problems import LESSONS
from bplib.course.syllabus import Asked, Syllabus
from bplib.grading import adapters, forms, reports

FIRST, SECOND, OTHER = "01_loss_functions", "02_gradients", "04_single_neuron"
PLAN = """
[late]
per_day = 0.5
[lessons.01]
due = 2020-10-05
points = 10
[lessons.02]
"""
MOST = {lesson.LESSON: sum(problem.points for problem in lesson.PROBLEMS) for lesson in LESSONS}


def submission(lesson, path="", share=1):
    """A notebook of a lesson with that share of each exercise's points."""
    [problems] = [each.PROBLEMS for each in LESSONS if each.LESSON == lesson]
    exercises = [
        {"id": each.id, "title": each.title, "points": share * each.points, "max_points": each.points}
        | {"status": "passed" if share else "not yet", "message": "", "misconception": None, "code": ""}
        for each in problems
    ]
    start = {"path": path or f"exercises/{lesson}.ipynb", "lesson": lesson, "title": lesson, "problems": []}
    return start | {"points": share * MOST[lesson], "max_points": MOST[lesson], "exercises": exercises}


REPORT = {"submissions": [submission(FIRST), submission(SECOND, share=0), submission(OTHER)]}
TERM = Syllabus({FIRST: Asked(None, 10), SECOND: Asked()})


def numbers(report):
    """The points, and the points to have, as each form says them."""
    table, gradescope = reports.table(report), adapters.gradescope(report)
    classroom50 = adapters.classroom50(report, RUNNER)
    require_classroom50(classroom50)
    return {
        re.search(r"total: (\S+) of (\S+) points", table).groups(),
        re.search(r"total: (\S+) of (\S+) points", reports.markdown(report)).groups(),
        re.search(r"<b>(\S+)</b> of (\S+) points", forms.page(report)).groups(),
        re.match(r"(\S+) of (\S+) points", gradescope["output"]).groups(),
        (f"{gradescope['score']:g}", f"{classroom50['max-score']:g}"),
        (f"{classroom50['score']:g}", f"{classroom50['max-score']:g}"),
    }


def test_a_plan_says_which_lessons_count_and_for_how_much_in_every_form():
    report = forms.counted(REPORT, TERM)
    assert numbers(report) == {("10", f"{10 + MOST[SECOND]}")}
    assert "exercises/01_loss_functions.ipynb  10/10, for 12/12 in its exercises" in reports.table(report)
    assert "**10/10** | for 12/12 in its exercises |" in reports.markdown(report)
    assert "Of this lesson 10 of 10 points count in this term." in forms.page(report)
    assert [each["exercises"] for each in report["submissions"]] == [
        each["exercises"] for each in REPORT["submissions"][:2]
    ]


def test_without_a_plan_all_counts_as_it_is():
    assert forms.counted(REPORT) == {**REPORT, "notes": []}
    assert numbers(forms.counted(REPORT)) == {
        (f"{MOST[FIRST] + MOST[OTHER]}", f"{sum(map(MOST.get, (FIRST, SECOND, OTHER)))}")
    }


def test_lessons_that_are_chosen_count_instead_with_what_the_plan_makes_them_worth():
    assert numbers(forms.counted(REPORT, TERM, ["01"])) == {("10", "10")}
    assert numbers(forms.counted(REPORT, TERM, ["04"])) == {(f"{MOST[OTHER]}",) * 2}


def test_one_line_names_what_is_outside_of_what_counts():
    more = {"submissions": [submission(lesson) for lesson in MOST if MOST[lesson]]}
    outside = len(more["submissions"]) - 2
    for term, names in ((TERM, ()), (Syllabus(), ("01", "02"))):
        report = forms.counted(more, term, names)
        [line] = report["notes"]
        assert line.startswith(f"{outside} notebooks are of lessons that were not asked for: ")
        assert ("as course.toml says" in line) == (not names)
        shown = [" ".join(reports.table(report).split()), adapters.gradescope(report)["output"], forms.page(report)]
        assert all(text.count("not asked for") == 1 for text in shown)
        assert reports.markdown(report).count("not asked for") == 1
        assert not any(map(reports.has_problems, report["submissions"]))


def test_points_with_a_fraction_are_two_decimals_and_whole_where_a_form_takes_no_others():
    one = submission(FIRST) | {"points": 10}
    one["exercises"][0]["points"] = 0  # of 2
    report = forms.counted({"submissions": [one]}, TERM)
    assert report["submissions"][0]["points"] == 8.33
    assert reports.table(report).startswith("total: 8.33 of 10 points")
    assert adapters.gradescope(report)["score"] == 8.33
    assert adapters.classroom50(report, RUNNER)["score"] == 8
    assert "<b>8.33</b> of 10 points" in forms.page(report)


def test_what_could_not_be_graded_or_read_is_neither_left_out_nor_weighed():
    unread = {"path": "a", "points": 0, "max_points": 0, "exercises": [], "problems": ["it is not JSON"]}
    broken = {**submission(FIRST), "points": None}
    assert forms.counted({"submissions": [unread, broken]}, TERM)["submissions"] == [unread, broken]


@pytest.fixture
def handout(tmp_path, monkeypatch):
    """A folder of the course with a plan, in which somebody has answered lessons 01 and 04."""
    for name in ("notebooks", "exercises"):
        (tmp_path / name).mkdir()
    (tmp_path / "course.toml").write_text(PLAN)
    for lesson, nb in {FIRST: right(), SECOND: released("02"), OTHER: answered({}, "04")}.items():
        (tmp_path / "exercises" / f"{lesson}.ipynb").write_text(json.dumps(nb))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_grade_in_a_folder_of_the_course_knows_the_plan_and_no_date_of_it(handout, capsys):
    for paths in (["exercises"], [f"exercises/{FIRST}.ipynb", f"exercises/{SECOND}.ipynb"]):
        assert cli.main(["grade", *paths, "--json", "r.json", "--page", "p.html"]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"total: 8.33 of {10 + MOST[SECOND]} points\n") and "late" not in said
        assert json.loads((handout / "r.json").read_text())["submissions"][0]["points"] == 8.33
        assert f"<b>8.33</b> of {10 + MOST[SECOND]} points" in (handout / "p.html").read_text()
    assert cli.main(["grade", "exercises", "--lesson", "04"]) == 0
    assert capsys.readouterr().out.startswith(f"total: 0 of {MOST[OTHER]} points\n")


def test_pytest_in_a_folder_of_the_course_knows_the_plan(handout):
    (handout / "pytest.ini").write_text("[pytest]\n")
    command = "-m pytest --nbval exercises -n0 -p no:cacheprovider --bplib-page p.html --bplib-classroom50 r.json"
    weighed, whole = f"total: 8.33 of {10 + MOST[SECOND]} points", "total: 10 of "
    for plan, starts, points, score in (
        (PLAN, [weighed], "8.33", 8),
        ("x = 1", ["points are counted without a plan: ", whole], "10", 10),
    ):
        (handout / "course.toml").write_text(plan)
        environment = {**os.environ, **RUNNER, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, *command.split()], env=environment, capture_output=True, text=True, timeout=120
        )
        said = done.stdout.partition(" points =")[2].splitlines()[1:]
        for line, start in zip(said, starts, strict=False):
            assert line.startswith(start), done.stdout + done.stderr
        assert json.loads((handout / "r.json").read_text())["score"] == score
        assert f"<b>{points}</b> of" in (handout / "p.html").read_text()


def test_a_plan_that_cannot_be_read_or_is_of_another_version_is_refused_before_anything_is_graded(handout, capsys):
    for plan, says in (("x = 1", "the file has 'x'"), ('version = "0.0.0"', "asks for version 0.0.0")):
        (handout / "course.toml").write_text(plan)
        assert cli.main(["grade", "exercises"]) == 1
        out, err = capsys.readouterr()
        assert out == "" and says in err


def test_where_notebooks_were_moved_out_of_exercises_a_line_names_their_lessons(handout, capsys):
    (handout / "exercises" / f"{FIRST}.ipynb").rename(handout / f"{FIRST}.ipynb")
    for path in ("exercises", str(handout / "exercises")):
        assert cli.main(["grade", path]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert f"nothing of {FIRST} is graded: {path} has no notebook of it that can be read" in said
    assert cli.main(["grade", "."]) == 0  # where it is found
    assert "has no notebook" not in capsys.readouterr().out
    assert cli.main(["grade", f"exercises/{SECOND}.ipynb"]) == 0
    assert "has no notebook" not in capsys.readouterr().out
    (handout / "course.toml").unlink()
    assert cli.main(["grade", "exercises"]) == 0
    assert f"nothing of 00_start_here, 00b_arrays, {FIRST}, 03_chain_rule, " in " ".join(
        capsys.readouterr().out.split()
    )


def test_the_plan_of_a_zip_is_the_one_in_its_package_whatever_folder_it_stands_in(handout, monkeypatch):
    assert forms.plan() == syllabus.read(handout / "course.toml")
    package = handout / "zip" / "bplib"
    package.mkdir(parents=True)
    (package / "course.toml").write_text("[lessons.04]")
    monkeypatch.setattr(forms, "PACKAGE", package)
    assert [*forms.plan().lessons] == [OTHER]
