"""What the three projects of the last lesson are about: shifted digits, letters of plays, and a cart behind sensors.

An answer is judged on what is held out here, under other names of the classes, with other numbers of the letters, and
on another cart.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np

from bplib import data
from bplib.policy import play_many
from bplib.worlds import CartPoles

# Digits under shift: images of 10 x 10, in the middle for the training, one pixel aside in the test; hasty labels

TRAINED, HASTY = 900, 300  # digits to learn from, and how many of their labels are drawn at random


@cache
def shifted_parts(seed=17):
    """What `shifted_digits` gives, the test in the middle, and which of it moved along both axes; the same arrays."""
    digits, rng = data.digits(), np.random.default_rng(seed)
    order, aside = rng.permutation(len(digits.y)), [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    images = np.pad(digits.X.reshape(-1, 8, 8) / 16, ((0, 0), (1, 1), (1, 1)))
    train, test = order[:TRAINED], order[TRAINED:]
    shifts = [aside[k] for k in rng.integers(len(aside), size=len(test))]
    moved = np.stack([np.roll(image, shift, axis=(0, 1)) for image, shift in zip(images[test], shifts, strict=True)])
    y = digits.y[train]
    y[rng.permutation(TRAINED)[:HASTY]] = rng.integers(10, size=HASTY)
    return images[train], moved, y, digits.y[test], images[test], np.abs(shifts).sum(axis=1) == 2


def shifted_digits():
    """X and X_test, 10 x 10 pixels from 0 to 1, y of which a third is drawn at random, and y_test.

    The digits of X stand in the middle, those of X_test a pixel aside. They are always the same: which are held out
    should not decide about an answer.
    """
    return tuple(array.copy() for array in shifted_parts()[:4])


def nearest(X, y, X_new, k=25):
    """The label that most of the k nearest images have, for each of X_new."""
    X, X_new = X.reshape(len(X), -1), X_new.reshape(len(X_new), -1)
    near = np.argpartition((X**2).sum(axis=1) - 2 * X_new @ X.T, k, axis=1)[:, :k]
    return np.array([np.bincount(y[rows], minlength=10).argmax() for rows in near])


def shifted_copies(X, y, shifts):
    """Copies of images, moved by each of the shifts, and their labels."""
    return np.concatenate([np.roll(X, shift, axis=(1, 2)) for shift in shifts]), np.tile(y, len(shifts))


ALONG_ONE = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def simple_digits():
    """What the strongest simple methods say about the shifted digits, {method: labels}, and the right labels."""
    X, X_test, y, y_test = shifted_digits()
    A, A_test = (np.c_[x.reshape(len(x), -1), np.ones(len(x))] for x in (X, X_test))
    W = np.linalg.solve(A.T @ A + len(A) / 100 * np.eye(A.shape[1]), A.T @ np.eye(10)[y])
    copies = shifted_copies(X, y, ALONG_ONE + DIAGONAL)
    said = {"25 neighbors": nearest(X, y, X_test), "ridge": (A_test @ W).argmax(axis=1)}
    return said | {"25 neighbors among copies": nearest(*copies, X_test)}, y_test


# Text: 200,000 letters to learn from, and windows of those that follow

LETTERS, WINDOW, ASKED = 200_000, 16, 4000


@cache
def _plays():
    letters, ids = data.numbered(data.plays())
    return ids[300_000 : 300_000 + LETTERS + 5 * ASKED + WINDOW], len(letters)


def play_letters():
    """200,000 letters of the plays as numbers, windows (4000, 16) of what follows, the next letters, and kinds."""
    codes, kinds = _plays()
    starts = LETTERS + 5 * np.arange(ASKED)
    return codes[:LETTERS], codes[starts[:, None] + np.arange(WINDOW)], codes[starts + WINDOW], kinds


# A cart behind twelve sensors, six of which measure nothing

SENSORS = 12


class SensorCarts(CartPoles):
    """Carts whose state is seen by sensors: mixtures of it with units and zeros of their own, and some mere noise."""

    def __init__(self, seed):
        """Draw the sensors, and which push goes where."""
        rng = np.random.default_rng(seed)
        half = SENSORS // 2
        self.mixed = rng.normal(size=(4, half)) * 10 ** rng.uniform(-1, 1, size=half)
        self.noise, self.zeros = 10 ** rng.uniform(-1, 1, size=half), 5 * rng.normal(size=SENSORS)
        self.places, self.turned, self.played = rng.permutation(SENSORS), int(rng.integers(2)), 0

    def step(self, states, actions):
        """The states after a push; which action pushes to which side has been drawn."""
        return super().step(states, actions ^ self.turned)

    def play(self, layers, n, rng):
        """Play n episodes with a network of tanh layers, [(W, b), ...]: what was seen, actions and alive."""
        self.played += n
        seen = []

        def predict(now):
            noise = self.noise * rng.normal(size=(n, len(self.noise)))
            seen.append((np.hstack([now / [1, 1, 0.1, 1] @ self.mixed, noise]) + self.zeros)[:, self.places])
            z = seen[-1]
            for k, (W, b) in enumerate(layers):
                z = (np.tanh(z) if k else z) @ W + b
            return z

        _, actions, alive = play_many(self, SimpleNamespace(predict=predict), n, rng)
        return np.stack(seen, axis=1), actions, alive
