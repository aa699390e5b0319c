"""Promise: a regrade says whose points are others than before, from what to what, and for what reason."""

import copy
import dataclasses
import datetime

import pytest

from bplib.course.syllabus import LAST, Asked, Syllabus
from bplib.grading.classes import changes, counting

ASKED = {"01": {"mse": 2, "ce": 3}}
OPEN = Syllabus()


def exercise(id, points, most):
    status = "passed" if points else "not yet"
    return {"id": id, "title": id, "points": points, "max_points": most, "status": status, "message": "", "code": "x"}


def notebook(mse, ce, content="a", when="2026-10-05T10:00:00+00:00"):
    exercises = [exercise("mse", mse, 2), exercise("ce", ce, 3)]
    return {
        **{"path": f"{content}.ipynb", "lesson": "01", "title": "One", "problems": [], "late": False},
        **{"points": mse + ce, "max_points": 5, "exercises": exercises, "content": content, "when": when},
    }


def record(name, *notebooks, digest="d", absent=False):
    return {
        **{"learner": name.title(), "identity": "", "entries": [], "slug": name, "late": False, "absent": absent},
        **{"stranger": False, "problems": [], "not_enforced": [], "digest": digest, "notebooks": list(notebooks)},
    }


def content(*records, asked=ASKED, syllabus=OPEN, overrides=None):
    """What results.json holds."""
    return {"learners": counting.settled(copy.deepcopy(list(records)), asked, syllabus, overrides)}


def test_nothing_has_changed_where_nothing_has_and_in_a_first_run():
    now = content(record("al", notebook(2, 0)))
    assert changes.between(now, copy.deepcopy(now)) == []
    assert changes.between({}, now) == changes.between({"learners": []}, now) == [] == changes.lines([])


ONE = record("al", notebook(2, 0))
DUE = datetime.datetime(2026, 10, 4, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("before", "now", "was", "points", "why"),
    [
        (content(ONE), content(record("al", notebook(2, 3, "b"), digest="e")), "2", "5", changes.ANEW),
        (content(record("al")), content(ONE), "-", "2", changes.ASKED),
        (content(record("al", digest="c")), content(ONE), "-", "2", changes.MORE),
        (content(ONE), content(record("al", digest="e")), "2", "-", changes.ANEW),
        (content(ONE), content(record("al", notebook(0, 0), digest="e")), "2", "0", changes.JUDGED),
        (content(ONE), content(ONE, overrides={("al", "ce"): (1.5, "")}), "2", "3.5", changes.OVERRIDE),
        (content(ONE, overrides={("al", "ce"): (1.5, "")}), content(ONE), "3.5", "2", changes.WITHDRAWN),
        (content(record("al")), content(record("al"), overrides={("al", "ce"): (1, "")}), "-", "1", changes.OVERRIDE),
        (content(record("al"), overrides={("al", "ce"): (1, "")}), content(record("al")), "1", "-", changes.WITHDRAWN),
        (content(ONE), content(ONE, syllabus=Syllabus({"01": Asked(DUE)}, per_day=0.1)), "2", "1.6", "now 2 days late"),
        (content(ONE), content(ONE, syllabus=Syllabus({"01": Asked(None, 10.0)})), "2", "4", changes.WEIGHT),
        (content(ONE), content(ONE, asked={}), "2", "-", changes.ASKED),
        (content(ONE), content(ONE, asked={"01": {"mse": 4, "ce": 3}}), "2", "4", changes.WEIGHT),
    ],
)
def test_a_change_has_its_reason(before, now, was, points, why):
    assert changes.between(before, now) == [changes.Change("Al", was, points, (why,))]


def test_who_only_handed_in_one_more_lesson_is_counted_and_not_listed():
    before = content(record("al"), record("be", notebook(2, 0)))
    now = content(record("al", notebook(2, 0), digest="e"), record("be", notebook(2, 3, "b"), digest="e"))
    head, *rest = changes.lines(changes.between(before, now))
    assert "one more lesson was handed in: 1" in head and "handed in anew: 1" in head
    assert rest == ["  Be: 2 -> 5, handed in anew"]


def test_another_of_the_same_notebooks_counts_for_other_rules_of_the_term():
    both = record(
        "al", notebook(2, 3, "a", "2026-10-05T10:00:00+00:00"), notebook(2, 0, "b", "2026-10-06T10:00:00+00:00")
    )
    [change] = changes.between(content(both), content(both, syllabus=Syllabus({"01": Asked()}, counts=LAST)))
    assert (change.before, change.now, change.why) == ("5", "2", (changes.OTHER,))


def due(day, **more):
    return Syllabus({"01": Asked(datetime.datetime(2026, 10, day, 12, tzinfo=datetime.UTC), **more)}, per_day=0.1)


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (due(6), due(3), ("now 2 days late",)),
        (due(3), due(4), ("now 1 day late",)),
        (due(3), due(6), ("no longer late",)),
        (due(3), dataclasses.replace(due(3), per_day=0.2), (changes.SHARE,)),
        (due(6), due(3, points=10), (changes.WEIGHT, "now 2 days late")),
    ],
)
def test_of_a_term_that_has_changed_it_is_said_what(before, now, why):
    [change] = changes.between(content(ONE, syllabus=before), content(ONE, syllabus=now))
    assert change.why == why


def test_two_reasons_are_both_told():
    now = content(record("al", notebook(2, 3), digest="e"), overrides={("al", "mse"): (1, "")})
    [change] = changes.between(content(ONE), now)
    assert (change.now, change.why) == ("4", (changes.JUDGED, changes.OVERRIDE))


def test_grading_that_failed_is_a_reason_of_its_own():
    failed = {"path": "a.ipynb", "points": None, "max_points": 5, "exercises": [], "problems": ["not graded"]}
    [change] = changes.between(content(record("al", failed)), content(ONE))
    assert (change.before, change.now, change.why) == ("?", "2", (changes.FAILURE,))


def test_who_is_new_or_gone_is_told():
    found = changes.between(content(ONE), content(record("be", notebook(0, 3))))
    assert found == [changes.Change("Be", None, "3", (changes.NEW,)), changes.Change("Al", "2", None, (changes.GONE,))]
    assert changes.lines(found)[1:] == ["  Be: none -> 3, new in the class", "  Al: 2 -> none, gone from the class"]


def test_many_changes_are_few_lines():
    before = content(*(record(f"a{k}", notebook(2, 0)) for k in range(1000)))
    now = content(*(record(f"a{k}", notebook(0, 0), digest="e") for k in range(1000)))
    lines = changes.lines(changes.between(before, now))
    assert len(lines) == 22
    assert lines[0] == "the points of 1000 learners are others than before (the course judges anew: 1000)"
    assert (lines[1], lines[-1]) == ("  A0: 2 -> 0, the course judges anew", "  and 980 more")
