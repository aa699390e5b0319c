"""Promise: course.toml is read as it is meant, dates are those of the clocks, and a mistake in it is one line."""

import datetime
import math
import time
from dataclasses import replace
from importlib import metadata

import pytest

from bplib.course import syllabus
from bplib.course.syllabus import Asked, Extension, Syllabus

FIRST, SECOND = "01_loss_functions", "02_gradients"
WHOLE = """
version = "0.1.0"
counts = "last"
timezone = "Europe/Berlin"

[late]
per_day = 0.1
days = 7

[lessons.01]
due = 2026-10-05 23:59:00
points = 10

[lessons.02_gradients]
due = 2026-10-12

[lessons.00b]

[[extensions]]
learner = 1001
lesson = "01"
days = 3

[[extensions]]
learner = " Ada "
due = 2026-10-20T12:00:00+02:00
"""


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8"):
        (tmp_path / "course.toml").write_bytes(text.encode(encoding))
        return syllabus.read(tmp_path / "course.toml")

    return read


def term(due, zone='timezone = "Europe/Berlin"', more=""):
    return f"{zone}\n[lessons.01]\ndue = {due}\n{more}"


# The file


def test_all_that_may_stand_in_the_file_is_read(read):
    plan = read(WHOLE)
    assert list(plan.lessons) == ["00b_arrays", FIRST, SECOND]  # in the order of the course
    assert plan.lessons[FIRST] == Asked(datetime.datetime(2026, 10, 5, 23, 59), 10)
    assert plan.lessons[SECOND] == Asked(datetime.datetime(2026, 10, 12, 23, 59, 59), None)  # the whole day
    assert plan.lessons["00b_arrays"] == Asked()
    assert (plan.version, plan.counts, plan.per_day, plan.days) == ("0.1.0", "last", 0.1, 7)
    assert plan.timezone.key == "Europe/Berlin"
    noon = datetime.datetime.fromisoformat("2026-10-20T12:00:00+02:00")
    assert plan.extensions == (Extension("1001", FIRST, 3), Extension("Ada", "", 0, noon))


def test_whoever_has_no_file_or_an_empty_one_misses_nothing(read, tmp_path):
    assert syllabus.of(tmp_path) == Syllabus() == read("")
    assert Syllabus().days_late(FIRST, "2026-10-05T14:30:22") == 0
    assert Syllabus().share(0) == Syllabus().share(None) == Syllabus().share(3) == 1


def test_the_mark_that_an_editor_on_windows_writes_first_does_no_harm(read):
    assert read(WHOLE, "utf-8-sig") == read(WHOLE)


MISTAKES = {
    "lesons = 1": "the file has 'lesons'; what may stand there is version, counts, timezone, late, lessons, extensions",
    "version = 0.1": "version is 0.1; needed is text in quotes",
    'counts = "first"': 'counts is \'first\'; needed is "best" or "last"',
    'timezone = "Berlin"': "timezone is 'Berlin'; needed is one such as \"Europe/Berlin\"",
    'timezone = "Europe"': "timezone is 'Europe'; needed is one such as \"Europe/Berlin\"",
    'timezone = "../x"': "timezone is '../x'; needed is one such as \"Europe/Berlin\"",
    'timezone = ""': "timezone is ''; needed is one such as \"Europe/Berlin\"",
    "timezone = 2": 'timezone is 2; needed is one such as "Europe/Berlin"',
    "late = 0.1": "late is 0.1; needed is a table, [late]",
    "[late]\nperday = 1": "[late] has 'perday'; what may stand there is per_day, days",
    "[late]\nper_day = 10": "per_day is 10; needed is a number, from 0 to 1",
    "[late]\nper_day = -0.1": "per_day is -0.1; needed is a number, from 0 to 1",
    "[late]\nper_day = true": "per_day is True; needed is a number, from 0 to 1",
    '[late]\ndays = "7"': "days is '7'; needed is a number, 0 or more",
    "[late]\ndays = nan": "days is nan; needed is a number, 0 or more",
    'lessons = ["01"]': "lessons is ['01']; needed is a table, [lessons]",
    "[lessons.1]": "there is no lesson '1'; there are 00, 00b, 01, ",
    "[lessons]\n01 = 10": "lesson 01 is 10; needed is a table, [lessons.01]",
    "[lessons.01]\n[lessons.01_loss_functions]": "lesson 01_loss_functions is there twice",
    "[lessons.01]\nweight = 1": "[lessons.01] has 'weight'; what may stand there is due, points",
    '[lessons.01]\npoints = "10"': "points is '10'; needed is a number, from 0 to 1000000",
    "[lessons.01]\npoints = inf": "points is inf; needed is a number, from 0 to 1000000",
    "[lessons.00]\npoints = 5": "[lessons.00] has points, and its exercises have none that could earn them",
    '[lessons.01]\ndue = "2026-10-05"': "due of [lessons.01] is '2026-10-05'; needed is a date such as 2026",
    "[lessons.01]\ndue = 23:59:00": "due of [lessons.01] is 23:59:00; needed is a date such as",
    "[lessons.01]\ndue = 9999-12-31": "due of [lessons.01] is 9999-12-31 23:59:59; needed is a date such as",
    "extensions = 3": "extensions are needed as tables, each under [[extensions]]",
    "extensions = [3]": "extensions are needed as tables, each under [[extensions]]",
    "[[extensions]]\ndays = 3": "an extension needs a learner",
    "[[extensions]]\nlearner = true\ndays = 3": "learner is True; needed is text in quotes",
    '[[extensions]]\nlearner = "x"\nuntil = 3': "an extension has 'until'; what may stand there is learner, lesson, ",
    '[[extensions]]\nlearner = "x"': "the extension of x needs either days or due",
    '[[extensions]]\nlearner = "x"\ndays = 1\ndue = 2026-10-05': "the extension of x needs either days or due",
    '[[extensions]]\nlearner = "x"\ndays = 3': "the extension of x changes nothing, since no lesson has a date in this",
    '[[extensions]]\nlearner = "x"\nlesson = "99"\ndays = 3': "there is no lesson '99'; there are 00, ",
    '[lessons.01]\n[[extensions]]\nlearner = "x"\nlesson = "01"\ndays = 3': "since 01_loss_functions has no date in",
    '[lessons.01]\ndue = 2026-10-05\n[[extensions]]\nlearner = "x"\nlesson = "02"\ndays = 3': "02_gradients has no ",
    '[lessons.01]\ndue = 2026-10-05\n[[extensions]]\nlearner = "x"\ndays = 1e9': "needed is a number, from 0 to 3650",
    "counts = best": "is not TOML: ",
    "x = " + "[" * 100_000: "is not TOML: ",
}


@pytest.mark.parametrize("text", MISTAKES, ids=[text[:40] for text in MISTAKES])
def test_a_mistake_is_told_in_one_sentence_that_begins_with_the_file(read, tmp_path, text):
    with pytest.raises(ValueError) as error:
        read(text)
    assert MISTAKES[text] in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "course.toml")) and "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_no_text_is_told_too(read, tmp_path):
    with pytest.raises(ValueError, match=r"^there is no file .*none\.toml$"):
        syllabus.read(tmp_path / "none.toml")
    with pytest.raises(ValueError, match=r"course\.toml cannot be read: "):
        read(WHOLE, "utf-16")
    (tmp_path / "course.toml").unlink()
    (tmp_path / "course.toml").mkdir()
    with pytest.raises(ValueError, match=r"course\.toml cannot be read: "):
        syllabus.of(tmp_path)


def test_another_version_of_the_course_is_refused_and_this_one_or_none_is_not(monkeypatch):
    here = metadata.version("bplib-course")
    syllabus.require_version(Syllabus())
    syllabus.require_version(Syllabus(version=here))
    with pytest.raises(ValueError, match=rf"asks for version 9\.0 of the course, and this is {here}"):
        syllabus.require_version(Syllabus(version="9.0"))
    monkeypatch.setattr(syllabus.metadata, "version", lambda name: (_ for _ in ()).throw(metadata.PackageNotFoundError))
    with pytest.raises(ValueError, match="and this is of no known version"):
        syllabus.require_version(Syllabus(version="9.0"))


def test_what_everybody_may_read_is_the_same_plan_without_the_extensions(read):
    plan = read(WHOLE)
    public = syllabus.text(plan)
    assert read(public) == replace(plan, extensions=())
    assert "Ada" not in public and "1001" not in public
    assert read(syllabus.text(Syllabus())) == Syllabus()
    aware = read(term("2026-10-05T23:59:00-05:00", zone=""))
    assert read(syllabus.text(aware)) == aware


# Days


@pytest.mark.parametrize(
    "when, days",
    [
        ("2026-10-05T23:59:00", 0),  # as the clock strikes
        ("2026-10-05T23:59:01", 1),
        ("2026-10-06T23:59:00", 1),
        ("2026-10-06T23:59:01", 2),
        ("2026-10-05T21:59:00+00:00", 0),  # a time that names its zone
        ("2026-10-05T21:59:01Z", 1),
        ("2026-10-05T16:59:00-05:00", 0),
        ("2026-10-05 23:59:00.5", 1),
        ("", None),
        ("yesterday", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_each_day_that_has_begun_counts_and_a_time_that_is_none_is_not_known(read, when, days):
    assert read(term("2026-10-05 23:59:00")).days_late(FIRST, when) == days


def test_what_is_not_asked_for_or_has_no_date_is_never_late(read):
    plan = read("[lessons.01]\n[lessons.02]\ndue = 2026-10-05")
    assert [plan.days_late(lesson, "2030-01-01T00:00:00") for lesson in (FIRST, "03_chain_rule")] == [0, 0]


def test_a_date_without_a_time_is_the_whole_day(read):
    plan = read(term("2026-10-05"))
    assert [plan.days_late(FIRST, f"2026-10-0{when}") for when in ("5T23:59:59", "6T00:00:00")] == [0, 1]


def test_a_date_with_an_offset_is_that_moment_whatever_the_zone_of_the_term(read):
    plan = read(term("2026-10-05T23:59:00-05:00"))  # 06:59 on the next day in Berlin
    assert [plan.days_late(FIRST, f"2026-10-06T06:59:0{second}") for second in (0, 1)] == [0, 1]
    assert [plan.days_late(FIRST, f"2026-10-07T06:59:0{second}") for second in (0, 1)] == [1, 2]


@pytest.mark.parametrize(
    "due, in_time, day_one, day_two",
    [
        # 25 hours between the first two in October, 23 in March
        ("2026-10-24 23:59:00", "2026-10-24T23:59:00", "2026-10-25T23:59:00", "2026-10-26T23:59:00"),
        ("2026-03-28 23:59:00", "2026-03-28T23:59:00", "2026-03-29T23:59:00", "2026-03-30T23:59:00"),
        # The hour from 2 to 3 that comes twice, and the one that does not come at all
        ("2026-10-25 02:30:00", "2026-10-25T02:30:00", "2026-10-26T02:30:00", "2026-10-27T02:30:00"),
        ("2026-03-29 02:30:00", "2026-03-29T02:30:00", "2026-03-30T02:30:00", "2026-03-31T02:30:00"),
    ],
)
def test_days_are_those_of_the_clock_though_it_is_changed(read, due, in_time, day_one, day_two):
    plan = read(term(due))
    assert [plan.days_late(FIRST, when) for when in (in_time, day_one, day_two)] == [0, 1, 2]
    late = [(datetime.datetime.fromisoformat(when) + datetime.timedelta(seconds=1)).isoformat() for when in (day_one,)]
    assert [plan.days_late(FIRST, when) for when in late] == [2]


def test_the_second_half_past_two_is_later_than_the_first(read):
    plan = read(term("2026-10-25 02:30:00"))
    assert plan.days_late(FIRST, "2026-10-25T02:30:00+02:00") == 0
    assert plan.days_late(FIRST, "2026-10-25T02:10:00+01:00") == 1  # 40 minutes later, though the clock shows less


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the machine cannot be set")
def test_without_a_zone_the_clock_of_this_machine_counts(read, monkeypatch):
    plan = read(term("2026-10-24 23:59:00", zone=""))
    try:
        for zone, days in {"UTC": 0, "America/New_York": 0, "Asia/Tokyo": 1}.items():
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert plan.days_late(FIRST, "2026-10-24T23:59:00+00:00") == days
            assert plan.days_late(FIRST, "2026-10-24T23:59:00") == 0
            assert plan.days_late(FIRST, "2026-10-25T23:59:00") == 1
    finally:
        monkeypatch.undo()
        time.tzset()


def test_each_day_costs_its_share_and_after_the_last_nothing_is_left(read):
    plan = read("[late]\nper_day = 0.25\ndays = 3")
    assert [plan.share(days) for days in (None, 0, 1, 3, 4)] == [1, 1, 0.75, 0.25, 0]
    assert [read("[late]\nper_day = 0.6").share(days) for days in (1, 2, 99)] == [0.4, 0, 0]
    assert [read("[late]\ndays = 0").share(days) for days in (0, 1)] == [1, 0]  # nothing late counts


# Extensions


def extended(read, *extensions):
    more = "[lessons.02]\ndue = 2026-10-12\n[lessons.03]\n"
    return read(term("2026-10-05", more=more + "\n".join(f"[[extensions]]\n{each}" for each in extensions)))


def days_late(plan, *names, day="07", lesson=FIRST):
    return plan.days_late(lesson, f"2026-10-{day}T12:00:00", names)


def test_an_extension_is_for_one_learner_known_by_any_name(read):
    plan = extended(read, 'learner = "Ada@Uni.example"\nlesson = "01"\ndays = 2')
    assert days_late(plan, "Ada", "1001", "ada@uni.example") == 0
    assert days_late(plan, "Ada") == days_late(plan) == 2
    assert days_late(plan, "ada@uni.example", day="08") == 1  # counted from the later date


def test_a_name_is_the_same_however_its_letters_are_composed(read):
    assert days_late(extended(read, 'learner = "Änne"\ndays = 2'), "A\u0308nne") == 0


def test_an_extension_of_one_lesson_leaves_the_others_and_one_of_none_is_for_all_that_are_due(read):
    one = extended(read, 'learner = "x"\nlesson = "02"\ndays = 2')
    assert [days_late(one, "x"), days_late(one, "x", day="14", lesson=SECOND)] == [2, 0]
    every = extended(read, 'learner = "x"\ndays = 2')
    assert [days_late(every, "x"), days_late(every, "x", day="14", lesson=SECOND)] == [0, 0]
    until = extended(read, 'learner = "x"\ndue = 2026-10-08')
    assert days_late(until, "x") == 0
    assert days_late(until, "x", day="30", lesson="03_chain_rule") == 0  # it has no date, and gets none


def test_of_several_extensions_the_longest_counts_and_none_makes_the_time_shorter(read):
    plan = extended(read, 'learner = "x"\ndays = 1', 'learner = "x"\ndue = 2026-10-01', 'learner = "x"\ndays = 2')
    assert [days_late(plan, "x"), days_late(plan, "x", day="08")] == [0, 1]
    aware = extended(read, 'learner = "x"\ndue = 2026-10-08T00:00:00+00:00', 'learner = "x"\ndays = 1')
    assert aware.due(FIRST, ["x"]).utcoffset() == datetime.timedelta(0)


def test_an_extension_over_the_change_of_clocks_ends_at_the_same_time_of_day(read):
    plan = read(term("2026-10-24 23:59:00", more='[[extensions]]\nlearner = "x"\ndays = 1'))
    whens = ("2026-10-25T23:59:00", "2026-10-25T23:59:01")
    assert [plan.days_late(FIRST, when, ["x"]) for when in whens] == [0, 1]


def test_times_are_ordered_and_what_is_none_is_before_all(read):
    plan = read(term("2026-10-05"))
    assert plan.instant("2026-10-05T12:00:00") == plan.instant("2026-10-05T10:00:00Z") > plan.instant("") == -math.inf
