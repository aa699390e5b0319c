"""Right answers to the exercises of lesson 06, each written differently from the solution."""

import numpy as np

from bplib import activations


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


def relu_by_choice(dA, Z):
    return np.where(Z > 0, dA, 0.0)


def relu_in_a_copy(dA, Z):
    dZ = np.array(dA)
    dZ[Z <= 0] = 0
    return dZ


def relu_from_its_output(dA, Z):
    A = np.maximum(0, Z)
    return dA * np.sign(A)


def softmax_vjp_by_matrices(dP, P, temperature):
    rows = []
    for dp, p in zip(dP, P, strict=True):
        rows.append(dp @ (np.diag(p) - np.outer(p, p)) / temperature)
    return np.array(rows)


def softmax_vjp_in_two_parts(dP, P, temperature):
    products = dP * P / temperature
    return products - (products.sum(axis=1) * P.T).T


def softmax_vjp_by_einsum(dP, P, temperature):
    mean = np.einsum("nk,nk->n", dP, P)
    return P * (dP - mean[:, None]) / temperature


def loss_by_log_probabilities(z, y, s):
    log_p = z - np.logaddexp.reduce(z, axis=1)[:, None]
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


def two_layers_with_open_functions(X, y, W1, b1, W2, b2):
    A1 = activations.sigmoid(X @ W1 + b1)
    dZ2 = activations.softmax(A1 @ W2 + b2)
    dZ2[range(len(y)), y] -= 1
    dZ2 /= len(y)
    dZ1 = (dZ2 @ W2.T) * A1 - (dZ2 @ W2.T) * A1**2
    return {"db2": sum(dZ2), "dW2": A1.T @ dZ2, "db1": sum(dZ1), "dW1": X.T @ dZ1}


def two_layers_by_example(X, y, W1, b1, W2, b2):
    grads = {"dW1": np.zeros_like(W1), "db1": np.zeros_like(b1), "dW2": np.zeros_like(W2), "db2": np.zeros_like(b2)}
    for x, label in zip(X, y, strict=True):
        a = 1 / (1 + np.exp(-(x @ W1 + b1)))
        e = np.exp(a @ W2 + b2)
        dz2 = (e / e.sum() - (np.arange(len(e)) == label)) / len(X)
        dz1 = W2 @ dz2 * a * (1 - a)
        for name, g in {"dW1": np.outer(x, dz1), "db1": dz1, "dW2": np.outer(a, dz2), "db2": dz2}.items():
            grads[name] += g
    return grads


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
    "relu-backward": [relu_by_choice, relu_in_a_copy, relu_from_its_output],
    "softmax-vjp": [softmax_vjp_by_matrices, softmax_vjp_in_two_parts, softmax_vjp_by_einsum],
    "softmax-ce-grad": [loss_by_log_probabilities, loss_by_rows],
    "two-layer-backward": [two_layers_with_open_functions, two_layers_by_example],
    "unbroadcast": [unbroadcast_in_a_loop, unbroadcast_by_counting],
}


TURNED = {
    "turn-product": [lambda X, dZ: X.T @ dZ, lambda X, dZ: np.einsum("nd,nk->dk", X, dZ), lambda X, dZ: (dZ.T @ X).T],
}
