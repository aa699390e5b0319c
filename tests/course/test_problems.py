"""Every exercise of the course, now and later, refuses its known-wrong answers and passes right ones."""

import importlib
import pkgutil
import re
from types import SimpleNamespace

import pytest
from answers import RIGHT
from answers.signals import autopsy_by_training

from bplib.course import problems
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.problems import LESSONS, PROBLEMS, collect

EVERY = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
SEEDS = range(5)
# A training to its end, of which one seed shows as much as five.
LONG = ("recall-hundred", "balance", "beat-pairs", "train-below", "project")


def stub(*args):
    raise NotImplementedError()


@EVERY
def test_each_known_wrong_answer_gets_its_own_sentence(problem):
    # A judge that knows k mistakes tries them all, so this grows as their square: two of the seeds for each, or one.
    seeds = 2 if len(problem.misconceptions) <= 30 and problem.id not in LONG else 1
    for first, mistake in enumerate(problem.misconceptions):
        for seed in range(first, first + seeds):
            verdict = problem.judge(mistake.answer, seed=seed % len(SEEDS))
            assert (verdict.status, verdict.message) == (NOT_YET, mistake.says), mistake.id


@EVERY
def test_at_least_two_mistakes_are_known(problem):
    assert len({mistake.says for mistake in problem.misconceptions}) >= 2


@EVERY
def test_right_answers_written_differently_pass(problem):
    answers = RIGHT.get(problem.id, [])
    assert len(answers) >= 2, f"RIGHT in tests/course/answers has {len(answers)} answers to {problem.id}; 2 are needed"
    for answer in answers:
        for seed in SEEDS[:1] if problem.id in LONG else SEEDS:
            assert problem.judge(answer, seed=seed).status == PASSED


@EVERY
def test_a_stub_is_not_attempted(problem):
    assert problem.judge(stub).status == NOT_ATTEMPTED


@EVERY
@pytest.mark.parametrize(
    "answer",
    [lambda *args: 0.0, lambda *args: {}, lambda *args: (), lambda *args: "", lambda *args: float("nan"), lambda: 0],
    ids=["zero", "empty dict", "empty tuple", "empty text", "nan", "no arguments"],
)
def test_an_empty_answer_does_not_pass(problem, answer):
    assert problem.judge(answer).status == NOT_YET


@EVERY
def test_it_is_described_for_a_learner(problem):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", problem.id)
    assert len(problem.hints) >= 2 and len(set(problem.hints)) == len(problem.hints)
    assert isinstance(problem.points, int) and problem.points >= 0
    assert problem.minutes > 0 and 1 <= problem.difficulty <= 3
    for text in (problem.title, *problem.hints, *(mistake.says for mistake in problem.misconceptions)):
        assert text.strip() == text and "!" not in text and "\n" not in text


def test_right_answers_belong_to_exercises():
    assert set(RIGHT) == set(PROBLEMS)


def test_every_lesson_in_the_folder_is_listed_once_and_in_order():
    found = [
        importlib.import_module(f"{problems.__name__}.{name}") for _, name, _ in pkgutil.iter_modules(problems.__path__)
    ]
    assert {module for module in found if hasattr(module, "LESSON")} == set(LESSONS)
    names = [lesson.LESSON for lesson in LESSONS]
    assert names == sorted(set(names))


def test_two_exercises_with_one_id_are_refused():
    lesson = SimpleNamespace(LESSON="99_again", PROBLEMS=LESSONS[0].PROBLEMS[:1])
    with pytest.raises(ValueError, match=r"'first-check'.*99_again"):
        collect([*LESSONS, lesson])


def test_what_the_autopsy_claims_is_what_happens():
    assert PROBLEMS["zero-autopsy"].judge(autopsy_by_training).status == PASSED
