"""Promise: a turn within a lesson is judged at once, with a fact where it is wrong, and is worth nothing."""

import re

import numpy as np
import pytest
from answers import TURNED

from bplib.course import checks, course_map, progress
from bplib.course.judging.closing import closed
from bplib.course.judging.judges import judge_function
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.judging.turns import DOTS, judge_value, turn
from bplib.course.notebooks import canonical
from bplib.course.problems import LESSONS, PROBLEMS, TURNS
from bplib.grading import grader

EVERY = pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())
WITH_TURNS = [lesson for lesson in LESSONS if getattr(lesson, "TURNS", ())]


# Those of the course


@EVERY
def test_its_right_answers_pass_and_say_why(turn):
    answers = TURNED.get(turn.id, [turn.judge.right])
    for answer in answers:
        with closed(turn.allowed):
            verdict = turn.judge(answer, seed=0)
        assert verdict.status == PASSED and len(verdict.message) > 10, verdict


@EVERY
def test_its_known_mistakes_get_their_sentences_and_a_blank_one_says_what_to_do(turn):
    for mistake in turn.misconceptions:
        answer = mistake.answer if turn.judge.right is None else mistake.answer()
        verdict = turn.judge(answer, seed=0)
        assert (verdict.status, verdict.message) == (NOT_YET, mistake.says)
    verdict = turn.judge(..., seed=0)
    assert (verdict.status, verdict.message) == (NOT_ATTEMPTED, DOTS)
    if turn.judge.right is None:
        verdict = turn.judge(lambda *_: ..., seed=0)
        assert (verdict.status, verdict.message) == (NOT_ATTEMPTED, DOTS)


@EVERY
def test_it_is_named_as_a_turn_is_worth_nothing_and_has_a_hint(turn):
    assert re.fullmatch(r"turn-[a-z0-9]+(-[a-z0-9]+)*", turn.id) and turn.id not in PROBLEMS
    assert turn.points == 0 and turn.hints
    for text in (turn.title, *turn.hints, *(mistake.says for mistake in turn.misconceptions)):
        assert text.strip() == text and "!" not in text and "\n" not in text


def test_right_answers_in_code_belong_to_turns():
    assert set(TURNED) == {id for id, turn in TURNS.items() if turn.judge.right is None}


@pytest.mark.parametrize("lesson", WITH_TURNS, ids=lambda lesson: lesson.LESSON)
def test_every_turn_stands_once_in_its_lesson_in_order_and_as_it_is_given_not_attempted(lesson):
    notebook = canonical.read(f"notebooks/{lesson.LESSON}.ipynb")
    cells = [(id, cell) for cell in notebook.cells for id in canonical.checked(cell) if id in TURNS]
    assert [id for id, _ in cells] == [turn.id for turn in lesson.TURNS]
    assert len(cells) >= 3
    for id, cell in cells:
        assert cell.id == id and "..." in cell.source
        assert cell.outputs[-1]["data"]["text/plain"].startswith(f"{id}: not attempted.")


# Values


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (0.25, 0.25),
        (0.25, np.float32(0.25)),
        (0.3333, 1 / 3),
        (3, 3.0),
        ("falls", " Falls"),
        ((2, 3), [2, 3]),
        ((2, 3), np.array([2, 3])),
        ({"numeric", "symbolic"}, ["Symbolic", "numeric"]),
        ({"numeric"}, "numeric"),
        (True, np.True_),
        ((2, 3, 4, 5), ((2, 3), (4, 5))),
        (((2, 3), (4,)), [[2, 3], [4]]),
    ],
)
def test_a_right_value_in_another_form_passes(right, said):
    assert judge_value(right, "So it is.")(said).message == "So it is."


@pytest.mark.parametrize(
    ("right", "said", "fact"),
    [
        (0.25, -0.25, "sign"),
        (0.25, 0.5, "twice"),
        (0.25, 0.125, "half"),
        (0.25, 2.5, "ten times"),
        (0.25, 7.0, "too large"),
        (0.25, 0.2, "too small"),
        (0.25, -7.0, "wrong sign"),
        (0.25, "0.25", "without quotes"),
        (0.25, (1, 2), "one number"),
        (0.25, float("nan"), "too small"),
        (True, 1, "True or False"),
        ("falls", "sinks", "'falls', 'rises'"),
        ("falls", 3, "none of the choices"),
        ((2, 3), (3, 2), "order"),
        ((2, 3), (2, 3, 1), "3 values; 2"),
        ((2, 3), (2, 4), "Value 2 of 2 is not right yet; value 1 is."),
        ((2, 3), (7, 4), "Neither of the two values"),
        ((2, 2), (3, 3), "Neither of the two values"),
        ((2, 3, 4, 5), (2, 9, 4, 8), "Values 2 and 4 of 4 are not right yet; values 1 and 3 are."),
        ((2, 3), 6, "2 values"),
        ({"numeric", "symbolic"}, {"numeric"}, "1 of them is missing"),
        ({"numeric", "symbolic"}, {"numeric", "forward"}, "1 of them is missing and 1 of yours does not belong"),
        ({"numeric"}, 3, "names are needed"),
        ({"numeric", "symbolic"}, "numeric, symbolic", "one text"),
        (-0.25, -7.0, "too far from 0"),
        (-0.25, -0.2, "too near to 0"),
        ((2, 3), (2,), "This is 1 value; 2"),
        ((2, -4), (1, -2), "half of"),
        ((2, -4), (-2, 4), "all signs"),
        ((2, -4), (3, -6), "ratios are right"),
        ((2, 3, 4), ((2, 3), (5,)), "Value 3 of 3"),
        (0.25, lambda: 0.25, "function"),
    ],
)
def test_a_wrong_value_gets_a_fact(right, said, fact):
    wrong = {"rises": "It rises where the slope is positive. Is it?"} if right == "falls" else {}
    verdict = judge_value(right, "So it is.", wrong)(said)
    assert verdict.status == NOT_YET and fact in verdict.message, verdict


@pytest.mark.parametrize(("right", "said"), [(0.018476, 0.018), (0.6341, 0.63), (-0.2222, -0.22)])
def test_the_right_value_with_too_few_digits_is_told_so(right, said):
    assert "rounded too far" in judge_value(right, "So it is.")(said).message


def test_one_digit_is_taken_for_a_guess():
    assert "rounded" not in judge_value(0.018476, "So it is.")(0.02).message


def test_another_way_to_say_it_passes():
    judge = judge_value("saddle", "So it is.", also=("saddle point",))
    assert judge("Saddle point").status == judge("saddle").status == PASSED != judge("point").status


def test_a_foreseen_wrong_value_gets_its_sentence():
    judge = judge_value(0.25, "So it is.", {4.0: "This is one over it. Turn it round."})
    assert judge(4).misconception == "said 4.0" and judge(4).nudge == "This is one over it."


@pytest.mark.parametrize("each", [*PROBLEMS.values(), *TURNS.values()], ids=[*PROBLEMS, *TURNS])
def test_every_nudge_is_a_sentence_and_not_cut_short(each):
    for mistake in each.misconceptions:
        nudge = mistake.verdict.told_first
        assert nudge[-1] in ".?)" and len(re.findall(r"[^\W_]+", nudge)) >= 3, nudge


def test_what_is_read_off_a_rounded_column_may_be_a_little_beside():
    judge = TURNS["turn-hundredth"].judge
    assert all(judge(said).status == PASSED for said in (2.7e-9, 3e-9, 3.2e-9, 3.7e-9))
    assert all(judge(said).status == NOT_YET for said in (2.6e-9, 3.8e-9, -3.2e-9, "3.2e-9", True))


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (lambda f, x, h: (f(x + h) - f(x)) / (2 * h), "asks f at x and at x + h."),
        (lambda f, x, h: (f(x) - f(h - x)) / h, "asks f at h - x and at x."),
        (lambda f, x, h: (f(x) - f(x - h)) / 2 * h, "as it should"),
        (lambda f, x, h: 3 * x**2, "never asks f"),
    ],
)
def test_a_difference_that_nobody_foresaw_is_told_where_it_asks(answer, fact):
    verdict = TURNS["turn-backward"].judge(answer, seed=0)
    assert verdict.status == NOT_YET and fact in verdict.message


def test_one_line_of_code_is_judged_as_an_exercise_is():
    square = turn(
        "turn-square", "Square", judge_function(lambda x: x * x, lambda rng: [(2.0,), (3.0,)], ()), "x times x"
    )
    assert square.judge(lambda x: x**2).status == PASSED
    assert square.judge(lambda x: 2 * x).status == NOT_YET
    assert square.judge(lambda x: ...).message == DOTS


# Where they count, and where not


def test_check_takes_a_turn_and_the_map_remembers_it(tmp_path, monkeypatch, capsys):
    for name in ("notebooks", "exercises"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    first = next(iter(TURNS.values()))
    checks.check(first.id, TURNED.get(first.id, [first.judge.right])[0])
    assert capsys.readouterr().out.startswith(f"{first.id}: passed. ")
    assert progress.statuses() == {first.id: PASSED}
    assert str(course_map.progress_table()).count(f"1 of {len(WITH_TURNS[0].TURNS)}") == 1


def test_a_lesson_that_is_handed_in_gives_no_points(tmp_path):
    lesson = WITH_TURNS[0]
    graded = grader.grade([f"notebooks/{lesson.LESSON}.ipynb"])
    assert all(not exercise["points"] for each in graded["submissions"] for exercise in each["exercises"])
