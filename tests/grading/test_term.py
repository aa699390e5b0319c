"""Promise: a term holds together: whose work it is, when it came, what a person decided, what goes to the LMS."""

import csv
import io
import json
import shutil
import time

import pytest
from test_batch import LESSON, blank, full, linux
from test_layouts import zipped

from bplib import cli
from bplib.course import syllabus
from bplib.grading.classes import records, workers
from bplib.grading.classes.term import Term, grade_class
from bplib.grading.sandbox.processes import Limits

pytestmark = linux

ROSTER = "identity,name,email\n1|a1,Ada Lovelace,ada@x.org\n2|a2,Grace Hopper,grace@x.org\n3,Alan Turing,alan@x.org\n"
SHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    'Participant 11,"Ada Lovelace",ada@x.org,Submitted,,12.00,Yes,"Monday, 5 October 2026, 9:00 PM",-,\r\n'
    'Participant 12,"Grace Hopper",grace@x.org,Submitted,,12.00,Yes,"Tuesday, 6 October 2026, 9:00 PM",-,\r\n'
)
PLAN = """
[late]
per_day = 0.5
[lessons.01]
due = 2026-10-05 23:59:00
[lessons.04]
due = 2020-10-05
points = 10
"""


@pytest.fixture
def week(tmp_path):
    """A download of Moodle with two hand-ins, and beside it what an instructor has."""
    names = {"Ada Lovelace_11": full(), "Grace Hopper_12": full(), "Mallory_13": blank()}
    content = {f"{name}_assignsubmission_file_/{LESSON}": text for name, text in names.items()}
    (tmp_path / "week 1.zip").write_bytes(zipped(content))
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    (tmp_path / "grades.csv").write_text(SHEET, encoding="utf-8")
    (tmp_path / "course.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def term(folder, **more):
    plan = syllabus.read(folder / "course.toml")
    return Term(plan, roster=folder / "roster.csv", exported=(folder / "grades.csv",), **more)


def graded(folder, **more):
    results, lines = grade_class(folder / "week 1.zip", folder / "out", term=term(folder, **more))
    return {each["learner"]: each for each in results}, lines


def test_a_week_of_moodle_comes_back_with_dates_weights_absentees_strangers_and_the_sheet_filled(week):
    results, _ = graded(week)
    assert {name: (each["points"], each["max_points"]) for name, each in results.items()} == {
        "Ada Lovelace": (12, 22),
        "Grace Hopper": (6, 22),  # one day late, which costs half
        "Alan Turing": (None, 22),
        "Mallory": (0, 22),
    }
    assert results["Alan Turing"]["absent"] and results["Mallory"]["stranger"]
    sheet = list(csv.DictReader(io.StringIO((week / "out" / "upload" / "grades.csv").read_text(encoding="utf-8"))))
    assert [(row["Identifier"], float(row["Grade"])) for row in sheet] == [
        ("Participant 11", 12),
        ("Participant 12", 6),
    ]
    assert (week / "grades.csv").read_text(encoding="utf-8") == SHEET.replace("\r\n", "\n")
    assert {"moodle.csv", "feedback_moodle.zip"} <= {path.name for path in (week / "out" / "upload").iterdir()}


def test_a_persons_word_a_date_and_a_weight_change_points_and_grade_nothing_again(week, monkeypatch):
    graded(week)
    monkeypatch.setattr(workers, "graded", lambda *_: pytest.fail("it has graded again"))
    (week / "out" / "overrides.csv").write_text(
        "learner,exercise,points,comment\nmallory,mse,2,by hand\nnobody,mse,1,\n", encoding="utf-8"
    )
    results, lines = graded(week)
    assert results["Mallory"]["points"] == 2
    assert any("nobody" in line for line in lines)
    assert any("Mallory: 0 -> 2, an override" in line for line in lines)
    assert "by hand" in (week / "out" / "feedback" / f"{results['Mallory']['slug']}.html").read_text(encoding="utf-8")
    extension = '[[extensions]]\nlearner = "grace@x.org"\ndays = 1\n'
    (week / "course.toml").write_text(PLAN + extension, encoding="utf-8")
    results, lines = graded(week)
    assert results["Grace Hopper"]["points"] == 12
    assert any("Grace Hopper: 6 -> 12, no longer late" in line for line in lines)


def test_who_is_gone_has_no_page_and_is_not_forgotten(week):
    results, _ = graded(week)
    page = week / "out" / "feedback" / f"{results['Mallory']['slug']}.html"
    assert page.exists()
    names = {"Ada Lovelace_11": full()}
    (week / "week 1.zip").write_bytes(
        zipped({f"{name}_assignsubmission_file_/{LESSON}": text for name, text in names.items()})
    )
    _, lines = graded(week)
    assert not page.exists() and (week / "out" / "learners" / f"{page.stem}.json").exists()
    assert any("Mallory: 0 -> none, gone from the class" in line for line in lines)


def test_without_names_there_is_no_name(week):
    graded(week, nameless=True)
    for path in (week / "out" / "anonymous").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [name for name in ("Ada", "Lovelace", "Hopper", "Mallory", "x.org", "week 1") if name in text]
            assert "lovelace" not in path.name
    assert len([*(week / "out" / "anonymous" / "feedback").iterdir()]) == 4


def test_what_was_asked_stays_asked_though_the_course_changes(week):
    results, _ = graded(week)
    path = week / "out" / "asked.json"
    asked = json.loads(path.read_text(encoding="utf-8"))
    del asked["01_loss_functions"]["mse"]
    path.write_text(json.dumps(asked), encoding="utf-8")
    after, lines = graded(week)
    assert after["Ada Lovelace"]["max_points"] < results["Ada Lovelace"]["max_points"]
    assert any("the course has changed mse;" in line for line in lines)


def test_the_first_week_of_a_term_is_graded_alone_though_the_plan_has_more(tmp_path):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / LESSON).write_text(full(), encoding="utf-8")
    plan = "[lessons.01]\n[lessons.02]\ndue = 2999-01-01\n[lessons.04]\n"
    (tmp_path / "course.toml").write_text(plan, encoding="utf-8")
    out = tmp_path / "out"
    [ada], _ = grade_class(tmp_path / "in", out, term=Term(syllabus.read(tmp_path / "course.toml")))
    assert (ada["points"], ada["max_points"]) == (12, 12)
    assert json.loads((out / "asked.json").read_text(encoding="utf-8")).keys() == {"01_loss_functions"}
    page = (out / "feedback" / "ada.html").read_text(encoding="utf-8")
    assert "Not handed in" not in page and "of 12 points" in page
    assert "Gradients" not in (out / "class.html").read_text(encoding="utf-8")
    assert (out / "gradebook.csv").read_text(encoding="utf-8").splitlines()[1].endswith(",12,12,12")


def test_a_term_adds_up_over_weeks_by_the_roster(tmp_path):
    (tmp_path / "in").mkdir()
    for number, (download, lesson) in enumerate((("week 1", LESSON), ("week 2", "02_gradients.ipynb")), 1):
        content = {
            f"{name}_{number}{k}_assignsubmission_file_/{lesson}": text(lesson)
            for k, name in enumerate(("Ada Lovelace", "Grace Hopper"))
        }
        (tmp_path / "in" / f"{download}.zip").write_bytes(zipped(content))
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    results, _ = grade_class(tmp_path / "in", tmp_path / "out", term=Term(roster=tmp_path / "roster.csv"))
    assert [(each["learner"], len(each["notebooks"])) for each in results] == [
        ("Ada Lovelace", 2),
        ("Alan Turing", 0),
        ("Grace Hopper", 2),
    ]
    upload = {path.name for path in (tmp_path / "out" / "upload").iterdir()}
    assert {"moodle_week 1.csv", "moodle_week 2.csv"} <= upload or len([n for n in upload if n.endswith(".csv")]) == 2


def text(lesson):
    from test_batch import ROOT

    return (ROOT / "solutions" / lesson).read_text(encoding="utf-8")


def test_what_was_cut_off_is_graded_again_where_it_has_more_time_and_only_that(tmp_path, monkeypatch):
    slow = json.loads(full())
    for cell in slow["cells"]:
        if cell["id"] == "mse":
            cell["source"] = "while True: pass"
    for name, content in (("ada", full()), ("bob", json.dumps(slow))):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / LESSON).write_text(content, encoding="utf-8")
    begun = time.monotonic()
    results, _ = grade_class(tmp_path / "in", tmp_path / "out", limits=Limits().within(1))
    assert time.monotonic() - begun < 40
    assert {each["learner"]: each["points"] for each in results} == {"ada": 12, "bob": 10}
    sent = []

    def watched(work, tasks, *more, real=workers.graded):
        tasks = list(tasks)
        sent.append([task.slug for task in tasks])
        return real(work, tasks, *more)

    monkeypatch.setattr(workers, "graded", watched)
    for seconds, expected in ((1, []), (2, [["bob"]]), (1, [["bob"]])):
        grade_class(tmp_path / "in", tmp_path / "out", limits=Limits().within(seconds))
        assert sent == expected
    assert records.stored(tmp_path / "out" / "learners" / "bob.json")["notebooks"][0]["seconds"] == 2


def test_the_command_reads_the_plan_of_the_course_it_stands_in(week, monkeypatch, capsys):
    course = week / "course"
    for name in ("notebooks", "exercises"):
        (course / name).mkdir(parents=True)
    shutil.copy(week / "course.toml", course)
    monkeypatch.chdir(course)
    arguments = ["grade", "../week 1.zip", "--out", "../out", "--roster", "../roster.csv", "--fill", "../grades.csv"]
    assert cli.main(arguments) == 1  # a stranger, who needs a person's eye
    said = capsys.readouterr().out
    assert "Grace Hopper   6/22" in said.replace("  ", "  ") or "6/22" in said
    assert "absent" in said
    assert cli.main([*arguments, "--layout", "NONSENSE"]) == 1
    assert "layout" in capsys.readouterr().err
