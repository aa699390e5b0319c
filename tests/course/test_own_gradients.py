"""Promise: a learner's gradients are held against their own loss, and what a training is measured by is true."""

import numpy as np
import pytest

from bplib.course.judging.own_gradients import Model, common_factor, slopes_of, wrong_gradients
from bplib.course.judging.reading import Settled
from bplib.course.problems import convolutional_networks, recurrent_networks


def squares(spoil=lambda grads: grads, dtype=float):
    """The model y = x w + b under the mean squared error, and a batch of it."""
    rng = np.random.default_rng(0)
    params, x = {"w": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}, rng.normal(size=(5, 3))

    def loss_and_gradients(params, x, y):
        e = x.astype(dtype) @ params["w"].astype(dtype) + params["b"].astype(dtype) - y.astype(dtype)
        d = 2 * e / e.size
        return np.mean(e**2), spoil({"w": x.astype(dtype).T @ d, "b": d.sum(axis=0)})

    return Model(params, loss_and_gradients, lambda params, x: x @ params["w"]), (x, rng.normal(size=(5, 2)))


def looked_at(*args, **more):
    model, batch = squares(*args, **more)
    return slopes_of(model, batch, np.random.default_rng(1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_right_gradients_are_right(dtype):
    slopes = looked_at(dtype=dtype)
    assert wrong_gradients(slopes) is None and common_factor(slopes) is None


def test_which_gradients_are_right_and_which_not_is_said():
    said = wrong_gradients(looked_at(lambda grads: {**grads, "w": 1.3 * grads["w"]})).message
    assert said.startswith("The gradients of b are right. Those of w are not those of your own loss")


@pytest.mark.parametrize("factor", [-1.0, 5.0, 0.5])
def test_one_factor_in_all_gradients_is_found(factor):
    slopes = looked_at(lambda grads: {name: factor * g for name, g in grads.items()})
    assert common_factor(slopes) == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda grads: {"w": grads["w"]}, "lacks b"),
        (lambda grads: {**grads, "w": grads["w"].T}, r"has the shape \(2, 3\)"),
        (lambda grads: {**grads, "b": np.full(2, np.nan)}, "not finite"),
        (lambda grads: [*grads.values()], "a dict is needed"),
    ],
)
def test_what_is_no_dict_of_gradients_is_told_so(spoil, says):
    with pytest.raises(Settled, match=says):
        looked_at(spoil)


def test_what_the_exercise_says_of_nearest_neighbors_is_so():
    X, X_test, y, y_test = convolutional_networks._digits()
    ways = ((0, 0), *convolutional_networks.SIDES)

    def right(known, labels):
        shares = []
        for way in convolutional_networks.SIDES:
            asked = convolutional_networks._moved(X_test, *way)
            nearest = np.argmin((known**2).sum(axis=1) - 2 * asked @ known.T, axis=1)
            shares.append(np.mean(labels[nearest] == y_test))
        return np.mean(shares)

    copies = np.concatenate([convolutional_networks._moved(X, *way) for way in ways])
    assert (len(X), len(copies)) == (1348, 6740)
    assert f"{right(X, y):.0%} {right(copies, np.tile(y, 5)):.0%}" == "65% 99%"


def test_what_the_exercise_says_of_the_simple_forecasts_is_so():
    series, past, truth = recurrent_networks._sunspots()
    rows = np.arange(9, len(series))
    known = np.stack([np.ones(len(rows)), *(series[rows - k] for k in range(1, 10))], axis=1)
    weights = np.linalg.lstsq(known, series[rows], rcond=None)[0]
    linear = past
    for _ in range(truth.shape[1]):
        linear = np.column_stack([linear, weights[0] + linear[:, :-10:-1] @ weights[1:]])
    linear = linear[:, past.shape[1] :]
    eleven = np.tile(past[:, -11:], 3)[:, : truth.shape[1]]
    simple = {59: np.full(truth.shape, series.mean()), 45: eleven, 44.9: linear, 41.2: (eleven + linear) / 2}
    assert len(past) == 59
    for off, said in simple.items():
        found = recurrent_networks._root_mean_square(said, truth)
        assert (
            found == pytest.approx(off, abs=0.5 if off == int(off) else 0.05) and found > recurrent_networks.FREE_BAND
        )


def unlucky(misses):
    """A forecaster whose first trainings on all years end badly, with what each would be off by, and then well."""
    truth = recurrent_networks._sunspots()[-1]
    sides = np.where(np.arange(truth.shape[1]) % 2, 1.0, -1.0) * (np.arange(truth.shape[1]) > 0)
    left = [*misses]

    def forecaster(series, rng):
        params, loss_and_gradients, run = recurrent_networks._forecaster(epochs=1)(series, rng)
        if len(series) > 100:
            off = left.pop(0) if left else 0.0
            run = lambda params, past, years: truth + off * sides / 100  # noqa: E731
        return params, loss_and_gradients, run

    return forecaster, left


@pytest.mark.parametrize("misses", [[], [50.0], [50.0, 60.0]])
def test_one_training_whose_draws_were_bad_costs_no_point(misses):
    forecaster, left = unlucky(misses)
    verdict = recurrent_networks._judge_free()(forecaster, seed=0)
    assert verdict.status == "passed" and not left, verdict.message


def test_the_best_of_three_trainings_is_told_and_a_fourth_is_not_made():
    forecaster, left = unlucky([60.0, 50.0, 55.0, 0.0])
    verdict = recurrent_networks._judge_free()(forecaster, seed=0)
    assert verdict.status == "not yet" and left == [0.0]
    assert "off by 49.2 sunspots in the best of 3 trainings, and 41 are needed" in verdict.message
    assert "One year ahead it is off by 0.0 sunspots" in verdict.message
