"""Promise: the map is of the term where one is planned, and a plan that is broken costs a learner one line."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from bplib.course import course_map
from bplib.course.checks import check
from bplib.course.course_map import progress_table
from bplib.course.progress import record

FIRST, LAST = "01_loss_functions", "17_capstone"
PLAN = """
timezone = "Europe/Berlin"
[lessons.00]
[lessons.01]
due = 2026-10-05 23:59:59
points = 10
[lessons.02]
due = 2026-10-12T21:59:00Z
"""
HEADS = ["Lesson", "Passed", "Not yet", "Not attempted", "Points", "Your turns"]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The folder of a course of four lessons, in which a learner has passed mse, and a function that plans the term."""
    for name in ("notebooks", "exercises"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "exercises")
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)

    def lesson(name, title, **points):
        problems = tuple(SimpleNamespace(id=id, points=n) for id, n in points.items())
        return SimpleNamespace(LESSON=name, TITLE=title, PROBLEMS=problems)

    lessons = (
        lesson("00_start_here", "Start here", first=0),
        lesson(FIRST, "Loss functions", mse=2, bce=4),
        lesson("02_gradients", "Gradients", slope=3),
        lesson(LAST, "Capstone", repair=5),
    )
    monkeypatch.setattr(course_map, "LESSONS", lessons)
    record("mse", "passed")
    return tmp_path


def plan(course, text):
    (course / "course.toml").write_text(text, encoding="utf-8")
    return str(progress_table()).splitlines()


class Tables(HTMLParser):
    """The rows and the paragraphs of a page."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.notes, self.into = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th", "p"):
            self.into = self.notes if tag == "p" else self.rows[-1]
            self.into.append("")

    def handle_data(self, data):
        if self.into:
            self.into[-1] += data.replace("\xa0", " ").strip("\n")


def test_the_map_of_a_term_has_its_lessons_their_dates_and_what_they_count(course):
    assert plan(course, PLAN) == [
        "lesson             passed  not yet  not attempted      points  your turns               due      counts",
        "00 Start here           0        0              1           -           -                 -           -",
        "01 Loss functions       1        0              1      2 of 6           -  2026-10-05 23:59  3.33 of 10",
        "02 Gradients            0        0              1      0 of 3           -  2026-10-12 23:59      0 of 3",
        "all                     1        0              3      2 of 9           -                    3.33 of 13",
        "next: bce, in 01_loss_functions",
        "practice that never runs out: practice.ipynb",
        "due by the clocks of Europe/Berlin",
        "also here, not part of this term: 17",
    ]


def test_in_a_notebook_it_has_the_same(course):
    plan(course, PLAN)
    shown = Tables(progress_table()._repr_html_())
    assert shown.rows[0] == [*HEADS, "Due", "Counts"]
    assert shown.rows[2] == ["01 Loss functions", "mse", "", "bce", "2 of 6", "-", "2026-10-05 23:59", "3.33 of 10"]
    assert shown.rows[-1] == ["all", "1", "0", "3", "2 of 9", "-", "", "3.33 of 13"]
    assert shown.notes == str(progress_table()).splitlines()[-4:]
    assert {len(row) for row in shown.rows} == {8}


def test_a_term_without_dates_and_points_has_no_columns_for_them(course):
    lines = plan(course, 'counts = "last"\ntimezone = "Europe/Berlin"\n[lessons.01]\n')
    assert lines[0].endswith("your turns") and lines[-3] == "next: bce, in 01_loss_functions"
    assert lines[-1] == "also here, not part of this term: 00, 02, 17"
    assert Tables(progress_table()._repr_html_()).rows[0] == HEADS


def test_a_plan_that_lists_no_lessons_leaves_the_map_as_it_is(course):
    before = str(progress_table()), progress_table()._repr_html_()
    plan(course, "[late]\nper_day = 0.1\n")
    assert (str(progress_table()), progress_table()._repr_html_()) == before


def test_what_comes_next_is_of_the_term(course):
    assert plan(course, "[lessons.02]")[3] == "next: slope, in 02_gradients"
    record("slope", "passed")
    assert plan(course, "[lessons.02]")[3] == "everything is passed"


def test_many_lessons_that_are_left_break_between_words(course, monkeypatch):
    many = [SimpleNamespace(LESSON=f"{k}_name", TITLE="With a title", PROBLEMS=()) for k in range(20, 60)]
    monkeypatch.setattr(course_map, "LESSONS", (*course_map.LESSONS, *many))
    lines = plan(course, "[lessons.01]")[5:]
    assert all(len(line) <= 100 for line in lines) and " ".join(lines).endswith("57, 58, 59")


@pytest.mark.parametrize("broken", ["counts = ", "[lessons.99]", "lessons = 1\n", "\x00", 'timezone = "Nowhere"'])
def test_a_broken_plan_costs_the_map_one_line_and_a_check_nothing(course, capsys, broken):
    before = str(progress_table())
    after = "\n".join(plan(course, broken))
    assert after.startswith(before + "\n")
    note = " ".join(after.removeprefix(before).split())
    assert note.startswith("all lessons are shown, since the plan of the term cannot be read: ")
    assert str(course / "course.toml") in note
    assert Tables(progress_table()._repr_html_()).notes[2:] == [note]
    check("square-slope", lambda x: 2 * x)
    assert "square-slope: passed" in capsys.readouterr().out


def test_a_folder_or_bytes_in_the_place_of_the_plan_cost_one_line_too(course):
    (course / "course.toml").mkdir()
    assert "cannot be read: " in " ".join(str(progress_table()).split())
    (course / "course.toml").rmdir()
    (course / "course.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read: " in " ".join(str(progress_table()).split())


def test_what_stands_in_a_plan_is_never_markup(course):
    plan(course, 'counts = "<script>"')
    assert "<script" not in progress_table()._repr_html_()


def test_a_copy_of_another_version_is_told_and_shows_the_term_all_the_same(course):
    lines = plan(course, 'version = "9.0"\n[lessons.01]')
    assert re.fullmatch(r"course\.toml asks for version 9\.0 of the course, and this is \S+", lines[-1])
    assert len(lines) == 7


def test_turned_off_the_map_is_of_the_whole_course_whatever_is_planned(course, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    before = str(progress_table())
    assert "\n".join(plan(course, PLAN)) == before
    plan(course, "broken")
    assert str(progress_table()) == before
