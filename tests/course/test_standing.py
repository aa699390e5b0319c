"""Promise: three right answers make practice harder and put it away, longer each time; two wrong ones bring it back."""

import datetime

import pytest

from bplib.course.drills.standing import Standing, next_kind

TODAY = datetime.date(2026, 12, 1)


def after(answers, standing=Standing(), today=TODAY):  # noqa: B008, it is frozen
    for answer in answers:
        standing = standing.after(answer == "+", today)
    return standing


@pytest.mark.parametrize(
    "answers, level",
    {
        **{"": 1, "++": 1, "+++": 2, "++-+++": 2, "+++++": 2, "++++++": 3, "+" * 30: 3},
        **{"++++++--": 2, "++++++-+-": 3, "++++++----": 1, "--": 1, "----": 1},
    }.items(),
)
def test_three_right_in_a_row_are_harder_and_two_wrong_ones_easier(answers, level):
    assert after(answers).level == level


def test_what_sits_is_due_after_a_day_then_three_then_a_week_each_time():
    standing, today, waits = Standing(), TODAY, []
    for _ in range(5):
        standing = after("+++", standing, today)
        due = datetime.date.fromisoformat(standing.due)
        waits.append((due - today).days)
        assert not standing.is_due(due - datetime.timedelta(days=1)) and standing.is_due(due)
        today = due
    assert waits == [1, 3, 7, 7, 7]


def test_two_wrong_ones_begin_the_intervals_again():
    standing = after("+++" * 3 + "--")
    assert (standing.due, standing.stage) == ("2026-12-02", 0)
    assert after("+++", standing).due == "2026-12-02"


def test_a_standing_comes_back_as_it_was_kept_and_what_is_none_is_a_fresh_one():
    standing = after("++++-")
    assert Standing.read(standing.stored()) == standing
    for broken in (None, [], {"level": 9}, {"level": "1"}, {"right": -1}, {"due": "soon"}, {"other": 1}, {"due": 3}):
        assert Standing.read(broken) == Standing()


def test_what_is_due_longest_comes_first_then_what_is_new_then_what_will_be_due_first():
    kinds = ("a", "b", "c")
    due = {"a": Standing(due="2026-11-30"), "b": Standing(due="2026-11-20"), "c": Standing()}
    assert next_kind(due, kinds, TODAY) == "b"
    assert next_kind({"a": Standing(due="2026-12-05")}, kinds, TODAY) == "b"
    later = {"a": Standing(due="2026-12-05"), "b": Standing(due="2026-12-03"), "c": Standing(due="2026-12-09")}
    assert next_kind(later, kinds, TODAY) == "b"
    assert next_kind(later | {"c": Standing(due="2026-12-09", right=1)}, kinds, TODAY) == "c"
