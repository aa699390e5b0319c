"""Promise: a mistake that people have made in public is refused, and told what is true of it; not only in numbers."""

import pytest
from mistakes import MISTAKES
from mistakes.habits import RIGHT_HABITS

from bplib.course.judging.closing import closed
from bplib.course.judging.reading import NOT_YET, PASSED
from bplib.course.problems import PROBLEMS


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{mistake.id}: {mistake.what}" for mistake in MISTAKES])
def test_a_mistake_made_in_public_is_told_what_it_is(mistake):
    problem = PROBLEMS[mistake.id]
    for seed in range(3):
        with closed(problem.allowed):
            verdict = problem.judge(mistake.answer, seed=seed)
        assert verdict.status == NOT_YET
        if mistake.says is not None:
            assert verdict.misconception is not None and mistake.says in verdict.message, verdict.message


@pytest.mark.parametrize(("id", "answer"), RIGHT_HABITS, ids=[answer.__name__ for _, answer in RIGHT_HABITS])
def test_a_habit_that_is_right_passes(id, answer):
    with closed(PROBLEMS[id].allowed):
        assert all(PROBLEMS[id].judge(answer, seed=seed).status == PASSED for seed in range(25))


def test_nine_in_ten_are_told_more_than_numbers():
    told = [mistake for mistake in MISTAKES if mistake.says is not None]
    assert len(told) >= 0.9 * len(MISTAKES)


def test_no_mistake_stands_there_twice():
    whats = [(mistake.id, mistake.source, mistake.what) for mistake in MISTAKES]
    assert len(set(whats)) == len(whats)
    assert len({mistake.answer for mistake in MISTAKES}) == len(MISTAKES)
