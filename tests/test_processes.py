"""Promise: an answer in another process is called as if it were here, and one that does not come back is told so."""

import contextlib
import sys
import time

import numpy as np
import pytest

from bplib.course import grading, launching, releases, submissions
from bplib.course.judging import judge_function
from bplib.course.processes import Limits, Missing
from bplib.course.reading import Elsewhere, Gone

KINDS = [launching.Plain] + ([launching.Zygote] if sys.platform == "linux" else [])
NAMES = """
import numpy as np

def double(x): return 2 * x
def at(f, x): return f(x) + f(-x)
def shifted(by): return lambda x: x + by
def step(params, rate):
    params["W"] -= rate
    params["new"] = [1, 2]
    params["list"].append(3)
def draw(rng): return rng.normal(size=2)
def raising(x):
    y = x + 1
    return y.nothing
def leave(x):
    import os
    os._exit(0)
def hang(x):
    while True: pass
def confused(f): return f("x")
value = 3
"""


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def launcher(request):
    with contextlib.closing(request.param()) as launcher:
        yield launcher


@contextlib.contextmanager
def started(launcher, **limits):
    limits = Limits(**limits)
    with launching.scratch_folder() as scratch, contextlib.closing(launcher.start(scratch, limits)) as process:
        assert process.run(NAMES) == ""
        yield process


@pytest.fixture(scope="module")
def process(launcher):
    with started(launcher) as process:
        yield process


def test_a_cell_says_what_it_raised_and_the_next_one_runs(process):
    assert process.run("1 / 0") == "ZeroDivisionError: division by zero"
    assert process.run("def f(:").startswith("SyntaxError")
    assert process.run("late = 1") == "" and process.answer("late") == 1


def test_a_name_is_a_function_a_value_or_missing(process):
    np.testing.assert_array_equal(process.answer("double")(np.arange(3.0)), [0, 2, 4])
    assert process.answer("value") == 3
    with pytest.raises(Missing):
        process.answer("nothing")


def test_functions_go_both_ways(process):
    assert process.answer("at")(lambda x: x**2 + x, 3.0) == 18.0
    assert process.answer("shifted")(2.0)(40.0) == 42.0


def test_a_function_of_ours_that_is_called_with_something_odd_says_so_there(process):
    def ours(x):
        return x / 2

    with pytest.raises(Elsewhere) as error:
        process.answer("confused")(ours)
    assert error.value.raised.kinds[0] == "ValueError" and "unsupported operand" in error.value.raised.text


def test_what_is_written_into_arguments_is_written_into_ours(process):
    weights = np.ones(3)
    params = {"W": weights, "list": [0]}
    assert process.answer("step")(params, 0.5) is None
    np.testing.assert_array_equal(weights, np.full(3, 0.5))
    assert params["W"] is weights and params["new"] == [1, 2] and params["list"] == [0, 3]


def test_a_generator_goes_on_where_the_answer_left_it(process):
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    expected = ours.normal(size=2), ours.normal(size=2)
    draw = process.answer("draw")
    for numbers in expected:
        np.testing.assert_array_equal(draw(theirs), numbers)


def test_what_an_answer_raises_gives_the_sentence_that_it_gives_here(process):
    here = {}
    exec(NAMES, here)
    judge = judge_function(lambda x: x, lambda rng: [(rng.normal(size=5),), (rng.normal(size=7),)], ())
    away = judge(process.answer("raising"))
    assert "AttributeError in the line `return y.nothing`" in away.message
    assert away.message.replace(" in the line `return y.nothing`", "") == judge(here["raising"]).message


def test_an_answer_that_ends_its_process_or_takes_too_long_is_gone(launcher):
    with started(launcher, cell_seconds=1) as process:
        with pytest.raises(Gone, match="took longer than 1 s"):
            process.answer("hang")(1.0)
    with started(launcher) as process:
        with pytest.raises(Gone, match="ended its process"):
            process.answer("leave")(1.0)
    with started(launcher, notebook_seconds=1) as process:
        began = time.monotonic()
        with pytest.raises(Gone, match="for the whole notebook were over"):
            process.run("while True:\n    pass")
        assert time.monotonic() - began < 5


def test_both_kinds_of_process_give_a_submission_the_same(launcher, tmp_path):
    nb = releases.released_notebooks()["01_loss_functions.ipynb"]
    answers = {
        "mse": "def mse(y_pred, y_true):\n    return np.sum((y_pred - y_true) ** 2)",
        "bce-logits": "def bce_with_logits(z, y):\n    return np.mean(np.logaddexp(0, z) - z * y)",
        "softmax-ce": "def softmax_cross_entropy(z, y):\n    import os\n    os._exit(3)",
        "faster-loss": "def faster_loss():\n    while True:\n        pass",
    }
    learner = submissions.node({"cells": [{**cell, "source": answers.get(cell.id, cell.source)} for cell in nb.cells]})
    graded = grading.grade_notebook(learner, nb, launcher.start, Limits(cell_seconds=2), seed=1)
    assert [(each["status"], each["points"]) for each in graded.exercises] == [
        ("not yet", 0),
        ("passed", 3),
        ("not yet", 0),
        ("not yet", 0),
        ("not attempted", 0),
    ]
    assert [each["message"] for each in graded.exercises[2:4]] == ["It ended its process.", "It took longer than 2 s."]
    assert graded.problems == []
    assert bool(graded.not_enforced) == isinstance(launcher, launching.Plain)
