"""The sentences about a sequence backward through time say with which lengths it goes wrong, and it does."""

import re

import numpy as np
import pytest

from bplib.course.judging.reading import NOT_YET
from bplib.course.problems import PROBLEMS
from bplib.course.problems.recurrent_networks import LENGTHS, _rnn_backward, _sequences
from bplib.gradcheck import relative_error

PROBLEM = PROBLEMS["rnn-backward"]


def right_with(answer, seed=0):
    """The lengths T with which an answer gives all that is needed."""
    found = []
    for T, args in zip(LENGTHS, _sequences(np.random.default_rng(seed)), strict=True):
        pairs = zip(answer(*args), _rnn_backward(*args), strict=True)
        if all(np.shape(got) == want.shape and relative_error(got, want) < 1e-6 for got, want in pairs):
            found.append(T)
    return tuple(found)


@pytest.mark.parametrize("mistake", PROBLEM.misconceptions, ids=lambda mistake: mistake.id)
def test_a_sentence_claims_the_lengths_with_which_its_mistake_is_right(mistake):
    right = right_with(mistake.answer)
    if mistake.id == "order":
        assert right == ()
    elif right == (1, 2):
        assert mistake.says.startswith("With T = 1 and T = 2 it is right, and with T = 5 ")
    elif right == (1,):
        assert re.search(r"[Ww]ith T = 1 .*right.*from T = 2 on", mistake.says)
    else:
        assert right == () and mistake.says.startswith("It is wrong with T = 1 already")


@pytest.mark.parametrize(
    ("first_wrong", "says"),
    [
        (1, "It is wrong with T = 1 already. dWx, dWh, dWy, dby are right; db is not."),
        (2, "With T = 1 it is right, and with T = 2 it is not. dWx, dWh, dWy, dby are right; db is not."),
        (5, "With T = 1 and T = 2 it is right, and with T = 5 it is not. dWx, dWh, dWy, dby are right; db is not."),
    ],
)
def test_a_mistake_that_nobody_knows_is_told_with_the_length_where_it_begins(first_wrong, says):
    def answer(dy, h, x, *weights):
        dWx, dWh, db, *output = _rnn_backward(dy, h, x, *weights)
        return dWx, dWh, db + 0.3 * (x.shape[1] >= first_wrong) * np.arange(len(db)), *output

    verdict = PROBLEM.judge(answer, seed=0)
    assert verdict.status == NOT_YET and not verdict.recognized
    assert verdict.message.startswith(says)
