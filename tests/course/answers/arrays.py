"""Right answers to the exercises and turns of lesson 00b, each written differently from the solution."""

import numpy as np

SHAPES = {
    "minimum": (7,),
    "column": (5, 1),
    "whole": (),
    "scaled": (5, 7),
    "table": (5, 5),
    "pairs": (5, 5, 7),
    "product": (5,),
}


def shapes_by_numpy():
    X, y, w = np.ones((5, 7)), np.ones(5), np.ones(7)
    column = X.max(axis=1, keepdims=True)
    arrays = (X.min(axis=0), column, X.sum(), X - column, y[:, None] - y, X[:, None, :] - X, X @ w)
    return {name: array.shape for name, array in zip(SHAPES, arrays, strict=True)}


def ranges_by_rows(X):
    return [max(column) - min(column) for column in X.T.tolist()]


def shares_of_the_transpose(X):
    return (X.T / X.sum(axis=1)).T


def shares_in_a_loop(X):
    return np.array([row / row.sum() for row in X])


def distances_in_loops(X, Y):
    return [[sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) for q in Y.tolist()] for p in X.tolist()]


def distances_by_the_binomial_formula(X, Y):
    return (X**2).sum(axis=1)[:, None] - 2 * X @ Y.T + (Y**2).sum(axis=1)


def lead_by_take_along_axis(z, y):
    return np.take_along_axis(z - z.mean(axis=1, keepdims=True), y[:, None], axis=1)[:, 0]


def lead_in_a_loop(z, y):
    return [z[i, y[i]] - z[i].mean() for i in range(len(y))]


def blend_by_broadcasting(W, X):
    return (W[:, :, None] * X[:, None, :]).sum(axis=0)


RIGHT = {
    "array-shapes": [shapes_by_numpy, lambda: {name: list(shape) for name, shape in SHAPES.items()}],
    "array-ranges": [ranges_by_rows, lambda X: np.ptp(X, axis=0), lambda X: (X - X.min(axis=0)).max(axis=0)],
    "array-shares": [shares_of_the_transpose, shares_in_a_loop, lambda X: X / X.sum(axis=1)[:, None]],
    "array-distances": [
        distances_in_loops,
        distances_by_the_binomial_formula,
        lambda X, Y: ((X[:, None] - Y) ** 2).sum(-1),
    ],
    "array-lead": [
        lead_by_take_along_axis,
        lead_in_a_loop,
        lambda z, y: z[range(len(z)), y] - z.sum(axis=1) / z.shape[1],
    ],
    "array-blend": [blend_by_broadcasting, lambda W, X: np.einsum("ij,ic->jc", W, X), lambda W, X: (X.T @ W).T],
}

TURNED = {
    "turn-array-center": [
        lambda X: X - X.mean(axis=1, keepdims=True),
        lambda X: (X.T - X.mean(axis=1)).T,
        lambda X: X - X.mean(1)[:, None],
    ],
    "turn-array-product": [
        lambda dz, X: X.T @ dz,
        lambda dz, X: dz @ X,
        lambda dz, X: (dz[:, None] * X).sum(axis=0),
    ],
}
