"""Promise: a learner's training meets real birds, and whatever it is, it is answered kindly and raises nothing."""

import inspect
import json

import nbformat
import numpy as np
import pytest
from answers.single_neuron import train_by_python, train_in_a_while_loop

from bplib.course import birds
from bplib.course.notebooks import canonical, releases
from bplib.course.notebooks.assembling import TRIAL
from bplib.course.problems.single_neuron import TRAIN_MISTAKES
from bplib.grading import grader


def not_written(X, y, lr, tolerance, most):
    raise NotImplementedError()


def test_a_right_training_stands_alone_with_its_first_loss_and_its_share_on_unseen_birds():
    trial = birds.meet(train_in_a_while_loop, np.log(2))
    assert list(trial.curves) == ["yours"] and trial.curves["yours"][0] == pytest.approx(np.log(2))
    assert "and there your curve begins" in str(trial) and "is right" in str(trial)
    assert trial.predict(trial.X).shape == trial.y.shape == (164,)
    assert np.mean((trial.predict(trial.X) > 0.5) == trial.y) > 0.95


def test_ours_is_that_of_the_right_answers():
    theirs, ours = (birds.meet(train, 0.69).curves for train in (train_by_python, not_written))
    assert list(ours) == ["ours"]
    np.testing.assert_allclose(theirs["yours"], ours["ours"], rtol=1e-9)


def test_what_is_not_written_or_stops_is_told_so_and_ours_is_shown():
    assert "not written yet" in str(birds.meet(not_written))
    for wrong in (lambda X, y, lr, tolerance, most: 1 / 0, lambda *args: None, lambda *args: ([1], 0, []), 3):
        trial = birds.meet(wrong)
        assert list(trial.curves) == ["ours"] and "this is ours" in str(trial).casefold()


@pytest.mark.parametrize("mistake", TRAIN_MISTAKES, ids=lambda mistake: mistake.id)
def test_a_known_mistake_is_drawn_beside_ours_or_told_where_it_stops(mistake):
    trial = birds.meet(mistake.answer, 0.6931)
    assert list(trial.curves)[-1] == "ours" and ("beside ours" in str(trial) or "stops with" in str(trial))


@pytest.mark.parametrize(
    ("predicted", "says"),
    [
        (..., "predicted no first loss"),
        (None, "predicted no first loss"),
        ("0.69", "write the number without quotes"),
        (0.5, "what is a, and what does it cost"),
        (0.69, "there a right curve begins"),
    ],
)
def test_the_prediction_is_answered(predicted, says):
    assert says in str(birds.meet(not_written, predicted))


def test_nbgrader_is_not_kept_waiting(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "not written yet" in str(birds.meet(train_in_a_while_loop))


def test_the_cells_that_try_are_released_with_their_tag_and_without_the_number():
    cells = releases.released_notebooks()["04_single_neuron.ipynb"].cells
    tried = [cell for cell in cells if TRIAL in cell.metadata.get("tags", ())]
    assert [cell.id for cell in tried] == ["birds-predict", "birds-meet"] and tried[0].source.startswith(
        "predicted = ..."
    )
    assert all(not canonical.checked(cell) for cell in tried)


def test_a_cell_that_tries_is_not_run_in_grading_where_a_slow_training_would_cost_its_points(tmp_path):
    nb = nbformat.from_dict(json.loads(json.dumps(releases.released_notebooks()["04_single_neuron.ipynb"])))
    source = inspect.getsource(train_by_python).replace("train_by_python", "train")
    slow = source.replace("    n, d = X.shape\n", "    while len(X) > 100:\n        pass\n    n, d = X.shape\n")
    assert slow != source
    next(cell for cell in nb.cells if cell.id == "train").source = "import math\n\n\n" + slow
    path = tmp_path / "04_single_neuron.ipynb"
    nbformat.write(nb, path)
    [graded] = grader.grade([path])["submissions"]
    assert graded["problems"] == [] and graded["points"] == 5
