"""Right answers to the exercises of lesson 08, each written differently from the solution."""

import math

import numpy as np

from bplib import layers, losses, optimizers, training
from bplib.activations import relu
from bplib.initializers import he
from bplib.networks import Sequential


def loop_with_while(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    while len(history) < epochs:
        left, seen = list(rng.permutation(len(X))), []
        while left:
            rows, left = left[:batch_size], left[batch_size:]
            loss, g = loss_and_gradient(w, X[rows], y[rows])
            w = [entry - lr * slope for entry, slope in zip(w, g, strict=True)]
            seen += [loss] * len(rows)
        history.append(sum(seen) / len(seen))
    return w, history


def loop_with_array_split(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    w, history = w.copy(), np.zeros(epochs)
    for epoch in range(epochs):
        for rows in np.split(rng.permutation(len(X)), range(batch_size, len(X), batch_size)):
            loss, g = loss_and_gradient(w, X[rows], y[rows])
            w -= lr * np.asarray(g)
            history[epoch] += loss * len(rows) / len(X)
    return w, history


def sweep_by_loop(run, rates):
    best, lowest = None, math.inf
    for lr in rates:
        loss = run(lr)["validation"]
        if loss < lowest:  # never true of NaN
            best, lowest = lr, loss
    return best


def sweep_by_sorting(run, rates):
    runs = [(run(lr)["validation"], lr) for lr in rates]
    return sorted(pair for pair in runs if not math.isnan(pair[0]))[0][1]


def fit_by_hand(X, y, rng):
    W1, b1 = rng.normal(size=(64, 48)) / 8, np.zeros(48)
    W2, b2 = rng.normal(size=(48, 10)) / 7, np.zeros(10)
    X = X / 16
    for _ in range(40):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 32):
            rows = order[start : start + 32]
            A1 = np.tanh(X[rows] @ W1 + b1)
            P = np.exp(A1 @ W2 + b2)
            P /= P.sum(axis=1, keepdims=True)
            P[np.arange(len(rows)), y[rows]] -= 1
            dZ2 = P / len(rows)
            dZ1 = dZ2 @ W2.T * (1 - A1**2)
            for p, g in ((W1, X[rows].T @ dZ1), (b1, dZ1.sum(axis=0)), (W2, A1.T @ dZ2), (b2, dZ2.sum(axis=0))):
                p -= 0.1 * g

    def predict(X):
        return [int(np.argmax(row)) for row in np.tanh(X / 16 @ W1 + b1) @ W2 + b2]

    return predict


def fit_with_relu_and_adam(X, y, rng):
    scale = X.max()
    net = Sequential(layers.Linear(64, 64, rng, init=he), layers.Activation(relu), layers.Linear(64, 10, rng))
    optimizer = optimizers.Adam(0.003)
    training.train(net, losses.softmax_cross_entropy, X / scale, y, optimizer, epochs=30, rng=rng, batch_size=32)
    return lambda X: np.argmax(net.predict(X / scale), axis=1)


RIGHT = {
    "training-loop": [loop_with_while, loop_with_array_split],
    "rate-sweep": [sweep_by_loop, sweep_by_sorting],
    "overfit-twenty": [
        lambda: {"hidden": 64, "lr": 0.5, "epochs": 900},
        lambda: {"epochs": 600, "hidden": 100, "lr": 1, "note": "by trying"},
    ],
    "accuracy-band": [fit_by_hand, fit_with_relu_and_adam],
}
