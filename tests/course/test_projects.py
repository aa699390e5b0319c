"""Promise: the three projects hold out what they say, and the simple methods that the lesson names do not pass."""

import numpy as np
import pytest

from bplib.counts import Counts
from bplib.course import projects
from bplib.course.judging.reading import NOT_YET
from bplib.course.problems import PROBLEMS
from bplib.course.problems.projects import EPISODES, best_counts


def judged(kind, fit, seed=0):
    return PROBLEMS["project"].judge(lambda: (kind, fit), seed=seed)


# Digits


def test_the_digits_to_learn_from_stand_in_the_middle_and_those_held_out_a_pixel_aside():
    X, X_test, y, y_test = projects.shifted_digits()
    assert X.shape == (900, 10, 10) and X_test.shape == (897, 10, 10)
    assert y.shape == (900,) and y_test.shape == (897,)
    edge = np.ones((10, 10), dtype=bool)
    edge[1:-1, 1:-1] = False
    assert not X[:, edge].any() and X_test[:, edge].any(axis=1).mean() > 0.7
    middle = projects.shifted_parts()[4]
    assert not np.any(np.all(middle == X_test, axis=(1, 2)))
    np.testing.assert_allclose(middle.sum(axis=(1, 2)), X_test.sum(axis=(1, 2)))


def neighbors(X, y, rng):
    X = X.reshape(len(X), -1)

    def predict(images):
        D = (X**2).sum(axis=1) - 2 * images.reshape(len(images), -1) @ X.T
        return np.array([np.bincount(y[rows], minlength=10).argmax() for rows in np.argsort(D, axis=1)[:, :25]])

    return predict


def test_twenty_five_neighbors_do_not_pass():
    assert judged("digits", neighbors).status == NOT_YET


# Text


def test_the_windows_follow_the_text_and_the_letters_follow_the_windows():
    text, windows, y, kinds = projects.play_letters()
    assert len(text) == 200_000 and windows.shape == (4000, 16) and max(text.max(), windows.max(), y.max()) < kinds
    assert text.min() >= 0
    joined = np.column_stack([windows, y])
    np.testing.assert_array_equal(joined[0, 5:], joined[1, :12])


def test_the_bar_stands_below_the_counts_which_are_the_best_of_all_orders():
    text, windows, y, kinds = projects.play_letters()
    short = np.column_stack([windows[:, -4:], y])
    p = Counts(text, kinds, 4).probabilities(short.ravel()).reshape(short.shape)[:, -1]
    assert best_counts() == pytest.approx(-np.log(p).mean())


# A policy


def test_a_cart_behind_sensors_is_the_same_for_a_seed_and_counts_its_episodes():
    layers = [(np.zeros((12, 2)), np.zeros(2))]
    first, second = (projects.SensorCarts(3) for _ in range(2))
    a, b = (world.play(layers, 4, np.random.default_rng(0)) for world in (first, second))
    assert all(map(np.array_equal, a, b)) and first.played == 4
    assert a[0].shape == (*a[2].shape, 12)


def test_six_sensors_know_nothing_of_the_cart():
    world = projects.SensorCarts(3)
    seen, _, alive = world.play([(np.zeros((12, 2)), np.zeros(2))], 400, np.random.default_rng(0))
    now, later = seen[:, :-1][alive[:, 1:]], seen[:, 1:][alive[:, 1:]]
    alike = [abs(np.corrcoef(now[:, k], later[:, k])[0, 1]) for k in range(12)]
    assert sum(each < 0.05 for each in alike) == 6


@pytest.mark.parametrize(
    ("fit", "says"),
    [
        (lambda play, rng: play([(np.zeros((12, 2)), np.zeros(2))], 0), "a whole number from 1"),
        (lambda play, rng: [(np.zeros((3, 2)), np.zeros(2))], "12 rows and a b to fit"),
        (lambda play, rng: [(np.zeros((12, 3)), np.zeros(3))], "two numbers, one for each push"),
        (lambda play, rng: 3, "a list of layers is needed"),
        (lambda play, rng: [3], "a pair (W, b) is needed"),
    ],
)
def test_what_is_no_policy_is_told_what_is_needed(fit, says):
    assert says in judged("policy", fit).message


def test_episodes_are_counted_over_all_of_a_training():
    def fit(play, rng):
        layers = [(np.zeros((12, 2)), np.zeros(2))]
        for _ in range(EPISODES // 100):
            play(layers, 100)
        return layers

    assert judged("policy", fit).misconception == "at-random"  # all of them may be played


# The form


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: neighbors, "which project it is"),
        (lambda: ("picture", neighbors), "'digits', 'text', 'policy'"),
        (lambda: ("digits", 3), "without parentheses"),
        (lambda: 3, "two values are needed"),
        (lambda: ([], neighbors), "The first value is a list"),
    ],
)
def test_what_is_no_project_is_told_what_is_needed(answer, says):
    assert says in PROBLEMS["project"].judge(answer, seed=0).message


def test_a_report_needs_all_its_parts_and_a_machine_says_no_more():
    judge = PROBLEMS["report"].judge
    parts = {name: "seven words and the numbers 1, 2, 3, 4." for name in ("question", "baseline", "seeds", "error")}
    assert "Still missing: did not work" in judge(lambda: parts).message
    verdict = judge(lambda: parts | {"did not work": "Larger rates did not work for any of the seeds."})
    assert "whoever reads it" in verdict.message
    assert "text is needed" in judge(lambda: parts | {"seeds": 3, "did not work": "so many words " * 5}).message
