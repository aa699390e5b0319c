"""Right answers to the exercises of lesson 04, each written differently from the solution."""

import math
from fractions import Fraction

import numpy as np
import sympy


def nine_by_calculator():
    return {
        "z": 0.6,
        "a": 0.646,
        "L": 0.437,
        "dL_da": -1.55,
        "da_dz": 0.229,
        "dL_dz": -0.354,
        "dL_dw1": -0.709,
        "dL_dw2": 0.531,
        "dL_db": -0.354,
    }


def nine_by_math():
    z = Fraction(4, 10) * 2 - Fraction(2, 10) * Fraction(3, 2) + Fraction(1, 10)
    a = 1 / (1 + math.exp(-z))
    error = np.float64(a - 1)
    backward = {"dL_da": -1 / a, "da_dz": a - a**2, "dL_dz": error}
    return {
        "dL_dw1": 2 * error,
        "dL_dw2": -1.5 * error,
        "dL_db": error,
        "z": z,
        "a": a,
        "L": math.log(1 / a),
        **backward,
    }


def mse_slope_expanded(x, y, a):
    return sympy.expand(2 * x * (a**2 - a**3 - a * y + a**2 * y))


def mse_slope_in_steps(x, y, a):
    dL_da = -2 * (y - a)
    da_dz = a - a**2
    return dL_da * da_dz * x


def gradients_by_loop(X, y, w, b):
    dw, db = [0.0] * len(w), 0.0
    for row, truth in zip(X, y, strict=True):
        a = 1 / (1 + math.exp(-(sum(wi * xi for wi, xi in zip(w, row, strict=True)) + b)))
        for i, xi in enumerate(row):
            dw[i] += (a - truth) * xi / len(y)
        db += (a - truth) / len(y)
    return dw, db


def gradients_by_chain(X, y, w, b):
    a = 1 / (1 + np.exp(-X.dot(w) - b))
    dz = ((1 - y) / (1 - a) - y / a) * a * (1 - a)
    return np.mean(dz[:, None] * X, axis=0), np.mean(dz)


def update_by_hand(x, y, w, b, lr):
    a = 1 / (1 + math.exp(-(float(np.sum(x * w)) + b)))
    return np.array([wi - lr * (a - y) * xi for wi, xi in zip(w, x, strict=True)]), b + lr * (y - a)


def update_on_a_copy(x, y, w, b, lr):
    w = w.copy()
    a = 1 / (1 + np.exp(-(x @ w + b)))
    w -= lr * (a - y) * x
    return [w, b - lr * (a - y)]


RIGHT = {
    "nine-numbers": [nine_by_calculator, nine_by_math],
    "neuron-mse": [mse_slope_expanded, mse_slope_in_steps],
    "neuron-ce": [gradients_by_loop, gradients_by_chain],
    "one-update": [update_by_hand, update_on_a_copy],
}
