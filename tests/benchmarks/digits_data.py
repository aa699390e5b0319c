"""The digits, cut into mini-batches, and the weights that every contestant starts with."""

import itertools

import numpy as np

from bplib import data

LR = {"SGD": 0.01, "Adam": 1e-4}  # small, so that thousands of steps do not drive the loss to 0
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def pixels_and_labels(dtype):
    """X (1797, 64) in 0 to 1 and y (1797,)."""
    digits = data.digits()
    return (digits.X / 16).astype(dtype), digits.y


def minibatches(n, dtype):
    """A list of at most 64 pairs (x, y) with n rows each."""
    X, y = pixels_and_labels(dtype)
    return [(X[i : i + n], y[i : i + n]) for i in range(0, min(len(y) - n, 63 * n) + 1, n)]


def weights(sizes, dtype):
    """A list of W (n_in, n_out) and b (n_out,), in turn, the same in every call."""
    rng = np.random.default_rng(0)
    arrays = []
    for n_in, n_out in itertools.pairwise(sizes):
        arrays += rng.normal(size=(n_in, n_out)) / np.sqrt(n_in), rng.normal(size=n_out) / 10
    return [array.astype(dtype) for array in arrays]
