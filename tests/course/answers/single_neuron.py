"""Right answers to the exercises of lesson 04, each written differently from the solution."""

import math
from fractions import Fraction

import numpy as np
import sympy


def nine_by_calculator():
    return {
        "z": 0.6,
        "a": 0.537,
        "L": 2.36,
        "dL_da": 3.07,
        "da_dz": 0.712,
        "dL_dz": 2.19,
        "dL_dw1": 4.37,
        "dL_dw2": -3.28,
        "dL_db": 2.19,
    }


def nine_by_math():
    z = Fraction(4, 10) * 2 - Fraction(2, 10) * Fraction(3, 2) + Fraction(1, 10)
    a = (math.exp(2 * z) - 1) / (math.exp(2 * z) + 1)
    arrived = np.float64(2 + 2 * a) / math.cosh(z) ** 2
    backward = {"dL_da": 2 + 2 * a, "da_dz": 1 / math.cosh(z) ** 2, "dL_dz": arrived}
    return {
        "dL_dw1": 2 * arrived,
        "dL_dw2": -1.5 * arrived,
        "dL_db": arrived,
        "z": z,
        "a": a,
        "L": 1 + 2 * a + a**2,
        **backward,
    }


def mse_slope_expanded(x, y, a):
    return sympy.expand(2 * x * (a**2 - a**3 - a * y + a**2 * y))


def mse_slope_in_steps(x, y, a):
    dL_da = -2 * (y - a)
    da_dz = a - a**2
    return dL_da * da_dz * x


def signed_by_loop(X, y, w, b):
    dw, db = [0.0] * len(w), 0.0
    for row, truth in zip(X, y, strict=True):
        z = sum(wi * xi for wi, xi in zip(w, row, strict=True)) + b
        slope = -truth / (1 + math.exp(truth * z)) / len(y)
        for i, xi in enumerate(row):
            dw[i] += slope * xi
        db += slope
    return dw, db


def signed_as_the_same_neuron(X, y, w, b):
    dz = 1 / (1 + np.exp(-X.dot(w) - b)) - (y + 1) / 2
    return np.mean(dz[:, None] * X, axis=0), np.mean(dz)


def train_in_a_while_loop(X, y, lr, tolerance, most):
    theta, X = np.zeros(X.shape[1] + 1), np.column_stack([X, np.ones(len(X))])

    def loss():
        a = 1 / (1 + np.exp(-X @ theta))
        return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))

    losses = [loss()]
    while losses[-1] >= tolerance and len(losses) <= most:
        theta -= lr * X.T @ (1 / (1 + np.exp(-X @ theta)) - y) / len(y)
        losses.append(loss())
    return theta[:-1], theta[-1], losses


def train_by_python(X, y, lr, tolerance, most):
    n, d = X.shape
    w, b, losses = [0.0] * d, 0.0, []
    for k in range(most + 1):
        a = [1 / (1 + math.exp(-b - sum(wi * xi for wi, xi in zip(w, x, strict=True)))) for x in X]
        losses.append(sum(-math.log(p if truth else 1 - p) for p, truth in zip(a, y, strict=True)) / n)
        if losses[-1] < tolerance or k == most:
            return w, b, np.array(losses)
        errors = [p - truth for p, truth in zip(a, y, strict=True)]
        w = [w[i] - lr * sum(e * x[i] for e, x in zip(errors, X, strict=True)) / n for i in range(d)]
        b -= lr * sum(errors) / n


RIGHT = {
    "nine-numbers": [nine_by_calculator, nine_by_math],
    "neuron-mse": [mse_slope_expanded, mse_slope_in_steps],
    "signed-labels": [signed_by_loop, signed_as_the_same_neuron],
    "train": [train_in_a_while_loop, train_by_python],
}

TURNED = {"turn-slope-at-z": [lambda a, y: a - y, lambda a, y: -(y - a)]}
