"""Right answers to the exercises of lesson 07, each written differently from the solution."""

import numpy as np


def check_flat(f, x, gradient):
    flat, claims = np.array(x).ravel(), np.ravel(gradient)
    for i, claimed in enumerate(claims):
        step = np.zeros(flat.size)
        step[i] = 1e-5
        above, below = (f((flat + sign * step).reshape(x.shape)) for sign in (1, -1))
        found = (above - below) / 2e-5
        size = max(abs(claimed), abs(found), 1e-3 * max(abs(claims)))
        if claimed != found and not abs(claimed - found) / size < 1e-6:
            return False
    return True


def check_by_allclose(f, x, gradient):
    found = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += 1e-5
        below[i] -= 1e-5
        found[i] = (f(above) - f(below)) / 2e-5
    return np.allclose(gradient, found, rtol=1e-6, atol=1e-9 * np.abs(found).max())


def check_by_columns(f, x, gradient):
    found = np.zeros(x.size)
    for i in range(x.size):
        e = np.eye(x.size)[i].reshape(x.shape)
        found[i] = (f(x + 1e-5 * e) - f(x - 1e-5 * e)) / 2e-5
    size = np.abs(gradient.ravel()) + np.abs(found)
    size = np.maximum(size, size.max() / 1000) + 1e-300
    return np.max(np.abs(gradient.ravel() - found) / size) < 1e-6


RIGHT = {
    "grad-check": [check_flat, check_by_allclose, check_by_columns],
    "find-bugs": [
        lambda: {"A": "Z2", "B": "Z1", "C": "A1", "D": "W2"},
        lambda: {"D": " dW2", "C": "dA1", "B": "dZ1", "A": "dZ2"},
    ],
    "fool-test": [
        lambda da, a, z: da * a**2,
        lambda da, a, z: da**2 * a * (1 - a),
        lambda da, a, z: np.full(z.shape, 0.25),
        lambda da, a, z: da / 4,
    ],
}

TURNED = {
    "turn-number": [lambda A, U: np.sum(A * U), lambda A, U: np.vdot(A, U), lambda A, U: (U * A).sum()],
}
