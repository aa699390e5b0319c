"""Progress is the learner's own: the best status is kept, nothing is lost, and a check is never disturbed."""

import datetime
import errno
import json
import os
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from bplib.course import course_map, progress
from bplib.course.checks import check
from bplib.course.course_map import progress_table
from bplib.course.problems import LESSONS
from bplib.course.progress import record, record_drill, standings, statuses


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder; the learner works in its exercises."""
    for name in ("notebooks", "exercises"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "exercises")
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    return tmp_path


@pytest.fixture
def lessons(monkeypatch):
    """A course of two lessons, 5 points in all."""

    def lesson(name, title, turns=(), **points):
        problems = tuple(SimpleNamespace(id=id.replace("_", "-"), points=n) for id, n in points.items())
        turns = tuple(SimpleNamespace(id=id, points=0) for id in turns)
        return SimpleNamespace(LESSON=name, TITLE=title, PROBLEMS=problems, TURNS=turns)

    two = (
        lesson("00_start_here", "Start here", first_check=0),
        lesson("01_loss_functions", "Loss functions", ("turn-size", "turn-sign"), mse=2, bce_logits=3),
    )
    monkeypatch.setattr(course_map, "LESSONS", two)


def test_the_best_status_wins(course):
    for status, best in [("not yet", "not yet"), ("passed", "passed"), ("not yet", "passed")]:
        record("mse", status)
        record("mse", "not attempted")
        assert statuses() == {"mse": best}


def test_each_exercise_is_remembered_beside_the_others(course):
    record("mse", "passed")
    record("bce", "not yet")
    assert statuses() == {"mse": "passed", "bce": "not yet"}


def test_a_check_records_what_it_found(course, capsys):
    check("first-check", lambda x: x * x)
    check("square-slope", lambda x: x)
    assert statuses() == {"first-check": "passed", "square-slope": "not yet"}


def test_nothing_is_written_for_an_exercise_that_is_not_attempted(course):
    record("mse", "not attempted")
    assert not (course / ".progress.json").exists()


def test_the_file_lies_in_the_course_folder_from_wherever_below(course, monkeypatch):
    (course / "exercises" / "deep").mkdir()
    monkeypatch.chdir(course / "exercises" / "deep")
    record("mse", "passed")
    assert sorted(path.name for path in course.iterdir() if path.is_file()) == [
        *(".progress.json", ".progress.json.lock")
    ]


@pytest.mark.parametrize("folders", [[], ["notebooks"], ["exercises"]])
def test_outside_of_a_course_nothing_is_written(tmp_path, monkeypatch, folders):
    for name in folders:
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    record("mse", "passed")
    assert [path.name for path in tmp_path.iterdir()] == folders and statuses() == {}


def test_turned_off_it_neither_reads_nor_writes(course, monkeypatch):
    record("mse", "passed")
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    before = (course / ".progress.json").read_bytes()
    record("bce", "passed")
    assert statuses() == {}
    assert (course / ".progress.json").read_bytes() == before


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"exercises": []}',
        b'{"exercises": {"mse": "gold"}}',
        b'{"exercises": {"mse": ["passed"]}}',
        b'{"other": {}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_not_ours_is_set_aside_and_a_fresh_one_begun(course, foreign):
    (course / ".progress.json").write_bytes(foreign)
    assert statuses() == {}
    record("mse", "passed")
    assert statuses() == {"mse": "passed"}
    [kept] = [path for path in course.iterdir() if path.name.startswith(".progress.2")]
    assert kept.read_bytes() == foreign


def test_a_second_foreign_file_in_the_same_second_is_kept_too(course):
    for text in ("one", "two", "three"):
        (course / ".progress.json").write_text(text)
        record("mse", "passed")
    kept = [path.read_text() for path in course.iterdir() if path.name.startswith(".progress.2")]
    assert sorted(kept) == ["one", "three", "two"]


def test_a_folder_in_place_of_the_file_is_set_aside(course):
    (course / ".progress.json").mkdir()
    record("mse", "passed")
    assert statuses() == {"mse": "passed"}


def test_looking_sets_nothing_aside(course):
    (course / ".progress.json").write_text("foreign")
    progress_table()
    assert [path.name for path in course.iterdir() if path.is_file()] == [".progress.json"]


@pytest.mark.parametrize("broken", ["replace", "write_bytes"])
def test_a_folder_that_cannot_be_written_does_not_disturb_a_check(course, monkeypatch, capsys, broken):
    def refuse(*args, **kwargs):
        raise PermissionError("read-only")

    record("mse", "passed")
    monkeypatch.setattr(os if broken == "replace" else Path, broken, refuse)
    check("first-check", lambda x: x * x)
    assert "passed" in capsys.readouterr().out
    assert statuses() == {"mse": "passed"}
    assert {path.name for path in course.iterdir() if path.is_file()} <= {".progress.json", ".progress.json.lock"}


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a user whom permissions bind",
)
def test_a_folder_that_is_read_only_does_not_disturb_a_check(course, capsys):
    course.chmod(0o500)
    try:
        check("first-check", lambda x: x * x)
    finally:
        course.chmod(0o700)
    assert "passed" in capsys.readouterr().out


def test_a_working_folder_that_is_gone_does_not_disturb_a_check(tmp_path, monkeypatch, capsys):
    if sys.platform == "win32":
        pytest.skip("Windows keeps the working folder")
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    check("first-check", lambda x: x * x)
    assert "passed" in capsys.readouterr().out


def test_the_file_is_text_a_person_can_read(course):
    record("mse", "passed")
    assert json.loads((course / ".progress.json").read_text()) == {"exercises": {"mse": "passed"}}


def test_the_map_counts_by_lesson_and_says_what_is_next(course, lessons):
    record("first-check", "passed")
    record("mse", "passed")
    record("bce-logits", "not yet")
    record("turn-size", "passed")
    record("turn-sign", "not yet")
    assert str(progress_table()).splitlines() == [
        "lesson             passed  not yet  not attempted      points  your turns",
        "00 Start here           1        0              0           -           -",
        "01 Loss functions       1        1              0      2 of 5      1 of 2",
        "all                     2        1              0      2 of 5      1 of 2",
        "next: bce-logits, in 01_loss_functions",
        "practice that never runs out: practice.ipynb",
    ]


def test_the_map_says_when_everything_is_passed(course, lessons):
    for id in ("first-check", "mse", "bce-logits"):
        record(id, "passed")
    assert "5 of 5      0 of 2\neverything is passed\n" in str(progress_table())


def test_how_one_stands_in_practice_is_remembered_shown_and_taken_over(course, lessons, tmp_path, monkeypatch):
    day = datetime.date(2026, 12, 1)
    for passed in (True, True, True, False):
        before, after = record_drill("graphs", passed, day)
    assert (before.level, after.level, after.due) == (2, 2, "2026-12-02")
    record("mse", "passed")
    assert standings() == {"graphs": after} and statuses() == {"mse": "passed"}
    due = "; due again: graphs" if after.is_due(datetime.date.today()) else ""
    assert f"practice.ipynb, graphs on level 2{due}\n" in f"{progress_table()}\n"
    other = tmp_path / "newer"
    for name in ("notebooks", "exercises"):
        (other / name).mkdir(parents=True)
    monkeypatch.chdir(other)
    assert standings() == {}
    progress.take_over(course)
    assert standings() == {"graphs": after}


def test_without_a_folder_practice_is_remembered_as_long_as_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "_unkept", progress.Memory())
    record_drill("bugs", False)
    assert standings()["bugs"].wrong == 1 and not list(tmp_path.iterdir())


def test_an_exercise_of_another_version_is_kept_and_not_counted(course, lessons):
    record("of-a-later-version", "passed")
    record("mse", "passed")
    assert "1        0              1      2 of 5" in str(progress_table())
    assert statuses()["of-a-later-version"] == "passed"


def test_turned_off_the_map_is_the_same_for_everybody(course, lessons, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    fresh = progress_table()
    monkeypatch.delenv("BPLIB_PROGRESS")
    record("mse", "passed")
    assert str(progress_table()) != str(fresh)
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    assert str(progress_table()) == str(fresh)
    assert progress_table()._repr_html_() == fresh._repr_html_()


def test_the_table_for_a_notebook_names_the_exercises_and_follows_the_theme(course, lessons):
    record("mse", "passed")
    record("turn-sign", "passed")
    text = progress_table()._repr_html_()
    cells, open_tags = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            open_tags.append(tag)
            cells.extend([""] if tag in ("td", "th") else [])

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

        def handle_data(self, data):
            if cells and "tr" in open_tags:
                cells[-1] += data

    Reader().feed(text)
    assert open_tags == []
    assert cells[:6] == ["Lesson", "Passed", "Not yet", "Not attempted", "Points", "Your turns"]
    assert cells[12:18] == ["01 Loss functions", "mse", "", "bce-logits", "2\xa0of\xa05", "1\xa0of\xa02"]
    assert 'href="../notebooks/01_loss_functions.ipynb"' in text
    assert "var(--jp-ui-font-color1, " in text and "<style" not in text


@pytest.mark.parametrize(
    ("passed", "asked"),
    [((), "first-check, in 00"), (("square",), "first-check, in 00"), (("knows",), "mse, in 01")],
)
def test_practice_is_not_asked_for_where_one_has_gone_past_it_or_knows_it(course, lessons, passed, asked):
    practice = course_map.LESSONS[0]
    practice.SKIP = ("knows",)
    for id in passed:
        record(id, "passed")
    assert f"next: {asked}" in str(progress_table())
    record("mse", "passed")
    assert "next: bce-logits, in 01" in str(progress_table())


def test_the_map_holds_the_lessons_that_exist(course):
    assert [row[0] for row in progress_table().rows] == [lesson.LESSON for lesson in LESSONS]


# Several at once


RECORDER = """
import sys
from bplib.course import course_map, progress

print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    progress.record(f"exercise-{sys.argv[1]}-{number}", "passed")
"""


def test_processes_that_record_at_once_lose_nothing_and_set_a_foreign_file_aside_once(course):
    (course / ".progress.json").write_text("foreign")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    recorders = [subprocess.Popen([sys.executable, "-c", RECORDER, str(k)], text=True, **pipes) for k in range(6)]
    for recorder in recorders:
        assert recorder.stdout.readline() == "ready\n"
    for recorder in recorders:
        recorder.stdin.write("go\n")
        recorder.stdin.flush()
    for recorder in recorders:
        recorder.communicate(timeout=60)
    assert statuses() == {f"exercise-{k}-{number}": "passed" for k in range(6) for number in range(20)}
    [kept] = course.glob(".progress.2*")
    assert kept.read_text() == "foreign"


def test_one_who_holds_the_lock_and_does_not_go_on_costs_a_check_little_time_and_nothing_else(course, monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.2)
    with FileLock(course / ".progress.json.lock"):
        began = time.monotonic()
        thread = threading.Thread(target=record, args=("mse", "passed"))  # a thread holds no lock of another
        thread.start()
        thread.join()
    assert 0.2 <= time.monotonic() - began < 2
    assert statuses() == {"mse": "passed"}


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EBADF, errno.EACCES])
def test_where_the_file_system_has_no_locks_a_check_is_remembered_all_the_same(course, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    if sys.platform == "win32":
        pytest.skip("Windows has no flock")
    import fcntl

    monkeypatch.setattr(progress, "_PATIENCE", 0.1)
    monkeypatch.setattr(fcntl, "flock", refuse)
    record("mse", "passed")
    assert statuses() == {"mse": "passed"}


def test_a_folder_in_place_of_the_lock_does_not_disturb_a_check(course):
    (course / ".progress.json.lock").mkdir()
    record("mse", "passed")
    assert statuses() == {"mse": "passed"}


def test_a_file_that_is_held_for_a_moment_is_written_then(course, monkeypatch):
    held, replace = [True] * 3, os.replace

    def refuse(*args):
        if held:
            held.pop()
            raise PermissionError(errno.EACCES, "it is read, as on Windows")
        replace(*args)

    monkeypatch.setattr(os, "replace", refuse)
    record("mse", "passed")
    assert statuses() == {"mse": "passed"} and not held
