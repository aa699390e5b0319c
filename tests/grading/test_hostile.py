"""Promise: no submission gains a point that it did not earn, none loses one that it did, and none stops the others."""

import importlib
import json
import sys
import time

import numpy as np
import pytest
from hostile_processes import DYING, FORGING, FORMULAS, READING
from hostile_submissions import FORM, IN_PROCESS, RESULTS, right

from bplib import losses
from bplib.course import checks
from bplib.course.judging.closing import functions
from bplib.course.problems import PROBLEMS
from bplib.grading import grader, notebook
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.processes import Limits

SUBMISSIONS = {**FORM, **IN_PROCESS, **RESULTS, **READING, **DYING, **FORMULAS, **FORGING}
LIMITS = Limits(cell_seconds=1.5)
SILENT = ("messages without end", "does not listen", "own serving")
"""They are waited for as long as they may take, three times on the wall's clock, so they may take less."""
LONGEST = 60
"""Seconds for any of them; a machine that has nothing else to do needs five."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no jail")


@pytest.fixture(scope="module")
def graded():
    """All of them, graded one after the other by one launcher: name to (deserved, seconds, what grade_file gives)."""
    done = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY", "of the grader")
        patch.setattr(notebook, "JUDGE_SECONDS", 2)
        launcher = launching.launcher()
        try:
            for name, (deserved, make) in {**SUBMISSIONS, "right, at the end": (10, right)}.items():
                made = make()
                data = made if isinstance(made, bytes) else json.dumps(made).encode()
                limits = Limits(cell_seconds=0.5) if name in SILENT else LIMITS
                began = time.monotonic()
                result = grader.grade_file(f"{name}.ipynb", launcher, limits, data=data)
                done[name] = (deserved, time.monotonic() - began, result)
        finally:
            launcher.close()
    return done


def test_every_submission_gets_the_points_it_deserves_in_time(graded):
    wrong = [
        f"{name:32} {deserved:>8} {result['points']!s:>5} {seconds:7.1f} s  {result['problems']}"
        for name, (deserved, seconds, result) in graded.items()
        if result["points"] != deserved or seconds > LONGEST
    ]
    assert not wrong, "\n".join(["", f"{'submission':32} deserved   got   seconds", *wrong])


def message(graded, name, id):
    return next(each["message"] for each in graded[name][2]["exercises"] if each["id"] == id)


@pytest.mark.parametrize(
    ("name", "id", "says"),
    [
        ("known wrong: sum", "mse", "This is the sum of the squares"),
        ("known wrong: overflow", "bce-logits", "exp(1000) is too large"),
        ("known wrong: formula", "neuron-mse", "The slope of the sigmoid is missing"),
        ("calls our own", "mse", "It calls losses.mse, but this exercise opens nothing of the course"),
        ("calls our own", "bce-logits", "It calls losses.binary_cross_entropy_with_logits, but this exercise"),
        ("calls our own", "softmax-ce", "but this exercise opens nothing of the course"),
        ("loops", "faster-loss", "It took longer than 1.5 s."),
        ("loops, signals ignored", "mse", "It took longer than 1.5 s."),
        ("os._exit", "mse", "It ended its process."),
        ("4 GB", "mse", "MemoryError"),
        ("recursion", "mse", "calls itself without end"),
        ("writes into its input", "mse", "changes its input in place"),
        ("writes where it may not", "mse", "changes its input in place"),
        ("syntax error", "mse", "Its cell raised SyntaxError"),
        ("garbage", "mse", "It sent what cannot be read"),
        ("deep list", "mse", "nested too deeply"),
    ],
)
def test_the_sentence_says_what_happened(graded, name, id, says):
    assert says in message(graded, name, id)


def test_a_check_in_a_notebook_says_too_that_our_own_function_is_no_answer(capsys, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    checks.check("mse", losses.mse)
    checks.check("softmax-ce", lambda z, y: losses.softmax_cross_entropy(z, y))
    checks.check("mse", lambda y_pred, y_true: np.nanmean((y_pred - y_true) ** 2))
    said = " ".join(capsys.readouterr().out.split())
    assert "mse: not yet. It calls losses.mse, but this exercise opens nothing of the course" in said
    assert "softmax-ce: not yet. It calls losses.softmax_cross_entropy, but this exercise opens" in said
    assert "mse: passed, 2 of 2 points." in said
    assert losses.mse(np.ones(2), np.zeros(2)) == 1.0


def test_every_function_that_is_open_exists():
    opened = {name for problem in PROBLEMS.values() for name in problem.allowed}
    for name in opened - {"bplib"}:
        importlib.import_module(f"bplib.{name.partition('.')[0]}")  # what nobody has imported is not there to be closed
    there = [f".bplib.{name}." for name, _ in functions()]
    assert [name for name in opened if not any(f".{name}." in each for each in there)] == []


def test_no_code_of_a_terminal_reaches_a_message(graded):
    assert message(graded, "codes of a terminal", "mse").isprintable()


def test_a_file_that_is_no_notebook_is_named_and_graded_as_such(graded):
    assert "it is not JSON" in graded["not JSON"][2]["problems"][0]
