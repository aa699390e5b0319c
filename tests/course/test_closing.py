"""Promise: while an answer is judged the course's own mathematics is closed to it, but for what the exercise opens."""

import functools

import numpy as np
import pytest
from answers import RIGHT

from bplib import activations, autodiff, losses
from bplib.course.judging.closing import closed, functions
from bplib.course.judging.raising import Closed
from bplib.course.judging.reading import PASSED
from bplib.course.problems import PROBLEMS


def judged(id, answer, seed=0):
    with closed(PROBLEMS[id].allowed):
        return PROBLEMS[id].judge(answer, seed=seed)


def test_no_function_of_the_course_private_ones_too_is_an_answer_to_any_exercise():
    passed = []
    everything = list(functions())
    for id, problem in PROBLEMS.items():
        if "bplib" in problem.allowed:
            continue
        with closed(problem.allowed):  # once for all, since to close takes longer than to judge
            verdicts = {name: problem.judge(function, seed=0) for name, function in everything}
        passed += [(id, name) for name, verdict in verdicts.items() if verdict.status == PASSED]
    assert not passed


@pytest.mark.parametrize("id", RIGHT)
def test_a_right_answer_needs_only_what_is_open(id):
    assert [judged(id, answer).message for answer in RIGHT[id] if judged(id, answer).status != PASSED] == []


WAYS = {
    "itself": losses.mse,
    "within": lambda a, y: losses.mse(a, y),
    "by another": lambda a, y: losses.huber(a, y) * 2,
    "partial": functools.partial(losses.mse),
    "by numpy": lambda a, y: np.vectorize(lambda _: losses.mse(a, y))(np.zeros(1))[0],
    "by map": lambda a, y: next(map(losses.mse, [a], [y])),
    "by the engine": lambda a, y: autodiff.mean((autodiff.Value(a) - y) ** 2).data,
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_an_answer_takes_it_is_told_what_it_calls(way):
    verdict = judged("mse", WAYS[way])
    assert verdict.misconception == "calls ours" and "opens nothing of the course" in verdict.message


def test_what_is_open_may_call_all_that_it_needs_and_what_is_not_says_what_is():
    Z, y = np.zeros((2, 3)), np.array([0, 1])

    def outside(function, *args):
        return eval("function(*args)", {"function": function, "args": args, "__name__": "outside"})

    with closed(("losses.softmax_cross_entropy",)):
        assert outside(losses.softmax_cross_entropy, Z, y) == pytest.approx(np.log(3))
        with pytest.raises(Closed, match=r"activations.softmax, but this exercise opens losses.softmax_cross_entropy"):
            outside(activations.softmax, Z)
    assert outside(activations.softmax, Z)[0, 0] == pytest.approx(1 / 3)


def test_a_class_or_a_module_is_open_as_a_whole():
    def outside(code):
        return eval(code, {"autodiff": autodiff, "__name__": "outside"})

    for but in ("autodiff", "autodiff.Value"):
        with closed((but,)):
            assert outside("(autodiff.Value(3.0) * 2.0).data") == 6.0


def test_our_own_function_that_is_given_to_an_answer_may_be_called():
    """As the gradient that an optimizer is given: what it calls of ours is called by us."""
    with closed(()):
        given = PROBLEMS["nesterov"].judge(RIGHT["nesterov"][0], seed=1)
    assert given.status == PASSED
