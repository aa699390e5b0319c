"""Right answers to the exercises of lesson 06, each written differently from the solution."""

import numpy as np

from bplib import activations, layers, losses
from bplib.autodiff import Value, exp, log, mean
from bplib.autodiff import sum as total


def linear_by_loops(dY, X, W):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(len(W))
    for i in range(len(X)):
        for j in range(len(W)):
            db[j] += dY[i, j]
            for c in range(X.shape[1]):
                dX[i, c] += dY[i, j] * W[j, c]
                dW[j, c] += dY[i, j] * X[i, c]
    return dX, dW, db


def linear_by_outer_products(dY, X, W):
    dW = sum(np.outer(dy, x) for x, dy in zip(X, dY, strict=True))
    return [(W.T @ dY.T).T, dW, np.ones(len(dY)) @ dY]


def linear_by_einsum(dY, X, W):
    return np.einsum("nj,jc->nc", dY, W), np.einsum("nc,nj->jc", X, dY), np.einsum("nj->j", dY)


def linear_like_the_lesson(dY, X, W):
    V = W.T  # the weights of the lesson's layer
    return dY @ V.T, (X.T @ dY).T, dY.sum(axis=0)


def tanh_from_the_input(da, a, z):
    return da / np.cosh(z) ** 2


def tanh_in_factors(da, a, z):
    dz = da.copy()
    dz *= (1 - a) * (1 + a)
    return dz


def loss_by_log_probabilities(z, y, s):
    log_p = activations.log_softmax(z)
    picked = [log_p[i, label] for i, label in enumerate(y)]
    return -np.average(picked, weights=s), ((np.exp(log_p) - np.eye(z.shape[1])[y]).T * s / sum(s)).T


def loss_by_rows(z, y, s):
    loss, dz = 0.0, []
    for row, label, weight in zip(z.tolist(), y.tolist(), s.tolist(), strict=True):
        top, share = max(row), weight / s.sum()
        e = [np.exp(entry - top) for entry in row]
        loss += share * (top + np.log(sum(e)) - row[label])
        dz.append([share * (x / sum(e) - (j == label)) for j, x in enumerate(e)])
    return loss, dz


def two_layers_by_autodiff(X, y, W1, b1, W2, b2):
    W1, b1, W2, b2 = params = [Value(p) for p in (W1, b1, W2, b2)]
    Z2 = (1 / (1 + exp(-(X @ W1 + b1)))) @ W2 + b2
    mean(log(total(exp(Z2), axis=1)) - Z2[np.arange(len(y)), y]).backward()
    return dict(zip(["dW1", "db1", "dW2", "db2"], [p.grad for p in params], strict=True))


def two_layers_with_bplib(X, y, W1, b1, W2, b2):
    Z1 = layers.linear(X, W1, b1)
    A1 = activations.sigmoid(Z1)
    dZ2 = losses.softmax_cross_entropy_grad(layers.linear(A1, W2, b2), y)
    dA1, dW2, db2 = layers.linear_backward(dZ2, None, A1, W2, b2)
    dZ1 = activations.sigmoid_backward(dA1, A1, Z1)
    _, dW1, db1 = layers.linear_backward(dZ1, None, X, W1, b1)
    return {"db2": db2, "dW2": dW2, "db1": db1, "dW1": dW1}


def unbroadcast_in_a_loop(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            g = np.expand_dims(g.sum(axis), axis)
    return g


def unbroadcast_by_counting(g, shape):
    result = np.zeros(shape)
    places = np.broadcast_to(np.arange(result.size).reshape(shape), g.shape)
    flat = np.bincount(places.ravel(), weights=g.ravel(), minlength=result.size)
    return flat.reshape(shape)


RIGHT = {
    "linear-backward": [
        linear_by_loops,
        linear_by_outer_products,
        linear_by_einsum,
        linear_like_the_lesson,
    ],
    "tanh-backward": [tanh_from_the_input, tanh_in_factors],
    "softmax-ce-grad": [loss_by_log_probabilities, loss_by_rows],
    "two-layer-backward": [two_layers_by_autodiff, two_layers_with_bplib],
    "unbroadcast": [unbroadcast_in_a_loop, unbroadcast_by_counting],
}
