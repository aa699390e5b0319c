"""Promise: the digits take a learner's functions as they are, right or not, say so kindly, and never fail."""

import math
import time

import numpy as np
import pytest
from answers.backpropagation import loss_by_log_probabilities

from bplib.course import handwriting

LOSS, BACKWARD = loss_by_log_probabilities, handwriting._backward
NAMES = ("W1", "b1", "W2", "b2")


@pytest.fixture(autouse=True)
def _few_epochs(monkeypatch):
    monkeypatch.setattr(handwriting, "EPOCHS", 4)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def not_written(*args):
    raise NotImplementedError()


def without_the_slope(X, y, W1, b1, W2, b2):
    found = BACKWARD(X, y, W1, b1, W2, b2)
    return {**found, "dW1": 0 * found["dW1"]}


def test_right_functions_stand_alone_and_the_ten_read_worst_are_shown():
    trial = handwriting.meet(LOSS, BACKWARD, math.log(10))
    assert list(trial.curves) == ["yours"] and len(trial.curves["yours"]) == 4
    assert abs(trial.curves["yours"][0] - math.log(10)) < 0.11
    assert trial.images.shape == (10, 8, 8) and len(trial.titles) == len(trial.wrong) == 10
    assert "You predicted 2.30 for the first loss, log(10) is 2.30, and it begins at 2.3." in str(trial)
    assert "Your two-layer-backward is right" in str(trial) and "Ours" not in str(trial)


def test_with_all_epochs_it_reads(monkeypatch):
    monkeypatch.setattr(handwriting, "EPOCHS", 60)
    trial = handwriting.meet(LOSS, BACKWARD)
    share = float(str(trial).split("never seen: ")[1].rstrip("%."))
    assert share > 85


@pytest.mark.parametrize(
    ("loss", "backward", "curves", "says"),
    [
        (not_written, not_written, ["ours"], "is not written yet"),
        (LOSS, not_written, ["ours"], "two-layer-backward is not written yet"),
        (not_written, BACKWARD, ["your gradients, our loss"], "softmax-ce-grad is not written yet"),
        (LOSS, without_the_slope, ["yours", "ours"], "is not right yet"),
        (LOSS, lambda *a: {}, ["ours"], "stop with KeyError"),
        (LOSS, lambda *a: 1 / 0, ["ours"], "stop with ZeroDivisionError"),
        (LOSS, lambda *a: None, ["ours"], "stop with TypeError"),
        (LOSS, lambda *a: {f"d{k}": np.ones(3) for k in NAMES}, ["ours"], "stop with ValueError"),
        (
            LOSS,
            lambda *a: {f"d{k}": v * np.nan for k, v in zip(NAMES, a[2:], strict=True)},
            ["ours"],
            "stop with ValueError",
        ),
        (lambda *a: (0, 0), BACKWARD, ["yours", "ours"], "softmax-ce-grad is not right yet"),
        (3, "text", ["ours"], "Ours: after 4 epochs"),
    ],
)
def test_others_are_told_so_and_ours_stands_beside(loss, backward, curves, says):
    trial = handwriting.meet(loss, backward)
    assert list(trial.curves) == curves and says in str(trial), str(trial)


def test_what_stops_stands_beside_nothing_and_a_wrong_loss_begins_where_no_right_one_does():
    assert "beside ours" not in str(handwriting.meet(LOSS, lambda *a: 1 / 0))
    wrong = str(handwriting.meet(lambda *a: (0.0, 0.0), BACKWARD, math.log(10)))
    assert "beside ours" in wrong and "and there a right curve begins" in wrong and "begins at" not in wrong


def test_a_slow_answer_is_stopped_and_told(monkeypatch):
    def slow(*args, **kwargs):
        time.sleep(0.05)
        return BACKWARD(*args, **kwargs)

    monkeypatch.setattr(handwriting, "SECONDS", 0.06)
    assert "whole arrays are faster than loops" in str(handwriting.meet(LOSS, slow))


@pytest.mark.parametrize(
    ("predicted", "says"),
    [(..., "predicted no first loss"), ("2.3", "write the number without quotes"), (0.7, "What does guessing cost")],
)
def test_a_prediction_is_answered(predicted, says):
    assert says in str(handwriting.meet(LOSS, BACKWARD, predicted))


def test_nbgrader_does_not_wait_for_it(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert list(handwriting.meet(LOSS, lambda *a: 1 / 0).curves) == ["ours"]
