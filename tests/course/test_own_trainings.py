"""Promise: a right gradient that a flipped relu has moved once is not refused, and one that is off twice is."""

import pytest

from bplib.course.problems import PROBLEMS, attention, lstm


def _off_at(updates):
    def train(params, batch, update):
        for k in range(6):
            grads = attention._reader_gradients(params, *batch())
            grads["b1"] = grads["b1"] * (1.01 if k in updates else 1)
            params = update(params, grads)
        return params

    return train


@pytest.mark.parametrize(("updates", "refused"), [((1,), False), ((1, 2), True), (range(6), True)])
def test_a_gradient_that_is_slightly_off_is_refused_where_the_next_one_is_too(updates, refused):
    verdict = PROBLEMS["beat-pairs"].judge(_off_at(updates), seed=0)
    assert ("W1 or b1 is not" in verdict.message) == refused


@pytest.mark.parametrize(("first", "status", "made"), [(30, "passed", 2), (300, "not yet", 1)])
def test_a_short_training_that_falls_short_is_made_once_more(first, status, made):
    trainings = []

    def answer(batch, update, rng):
        trainings.append(len(trainings))
        train = lstm._recaller() if len(trainings) > 1 else lstm._recaller(updates=first, forget=1.0)
        return train(batch, update, rng)

    verdict = PROBLEMS["recall-hundred"].judge(answer, seed=0)
    assert (verdict.status, len(trainings)) == (status, made), verdict.message
