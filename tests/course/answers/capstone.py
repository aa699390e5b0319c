"""Right answers to the exercises of lesson 17, each written differently from the solution."""

import numpy as np

from bplib import activations, data, layers, losses, optimizers, training
from bplib.networks import Sequential


def step_by_example(params, X, y, lr):
    """One example after the other, with the means at the end."""
    total = {name: np.zeros_like(p) for name, p in params.items()}
    for x, label in zip(X, y, strict=True):
        a = np.tanh(x @ params["W1"] + params["b1"])
        e = np.exp(a @ params["W2"] + params["b2"])
        dz2 = e / e.sum() - np.eye(len(e))[label]
        dz1 = params["W2"] @ dz2 * (1 - a**2)
        for name, g in {"W1": np.outer(x, dz1), "b1": dz1, "W2": np.outer(a, dz2), "b2": dz2}.items():
            total[name] += g
    return {name: p - lr * total[name] / len(y) for name, p in params.items()}


def step_with_the_mean_in_each_update(params, X, y, lr):
    """The 1/n is in the four updates and not in dZ2."""
    A1 = np.tanh(X @ params["W1"] + params["b1"])
    dZ2 = activations.softmax(A1 @ params["W2"] + params["b2"]) - np.eye(len(params["b2"]))[y]
    dZ1 = dZ2 @ params["W2"].T * (1 - A1**2)
    grads = {"W1": X.T @ dZ1 / len(y), "b1": dZ1.mean(axis=0), "W2": A1.T @ dZ2 / len(y), "b2": dZ2.mean(axis=0)}
    return {name: (p - lr * grads[name]).tolist() for name, p in params.items()}


def trainer_with_open_softmax(X_train, y_train, X_test, W, lr, batch_size, epochs, rng):
    center, spread = np.mean(X_train, axis=0), np.std(X_train, axis=0)
    X, Y = (X_train - center) / spread, np.eye(W.shape[1])[y_train]
    m, v, count = np.zeros_like(W), np.zeros_like(W), 0
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for rows in (order[i : i + batch_size] for i in range(0, len(X), batch_size)):
            g = X[rows].T @ (activations.softmax(X[rows] @ W) - Y[rows]) / len(rows)
            count += 1
            m, v = m + 0.1 * (g - m), v + 0.001 * (g**2 - v)
            W = W - lr * (m / (1 - 0.9**count)) / (np.sqrt(v / (1 - 0.999**count)) + 1e-8)
    return activations.softmax((X_test - center) / spread @ W)


def trainer_with_lists(X_train, y_train, X_test, W, lr, batch_size, epochs, rng):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    m = v = step = 0
    for _ in range(epochs):
        left = list(rng.permutation(len(X_train)))
        while left:
            rows, left = left[:batch_size], left[batch_size:]
            X = (X_train[rows] - mean) / std
            P = np.exp(X @ W)
            P /= P.sum(axis=1, keepdims=True)
            g = X.T @ (P - np.eye(W.shape[1])[y_train[rows]]) / len(rows)
            step += 1
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            W = W - lr * m / (1 - 0.9**step) / ((v / (1 - 0.999**step)) ** 0.5 + 1e-8)
    return activations.softmax((X_test - mean) / std @ W).tolist()


def project_with_dropout_and_decay(X, y, rng):
    mean, std = X.mean(axis=0), X.std(axis=0)
    std[std == 0] = 1
    hidden = layers.Linear(64, 48, rng), layers.Activation(activations.tanh), layers.Dropout(0.3, rng)
    net = Sequential(*hidden, layers.Linear(48, 10, rng))
    adam = optimizers.Adam(0.005)
    inputs = (X - mean) / std
    training.train(net, losses.softmax_cross_entropy, inputs, y, adam, epochs=50, batch_size=64, rng=rng, l2=0.03)
    return lambda X: [int(row.argmax()) for row in net.predict((X - mean) / std)]


def project_with_momentum(X, y, rng):
    mean, std = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-3)
    net = Sequential(layers.Linear(64, 96, rng), layers.Activation(activations.tanh), layers.Linear(96, 10, rng))
    sgd = optimizers.SGD(optimizers.cosine(0.1, 200), momentum=0.9)
    training.train(net, losses.softmax_cross_entropy, (X - mean) / std, y, sgd, epochs=200, rng=rng, l2=0.04)
    return lambda X: net.predict((X - mean) / std).argmax(axis=1)


class Trained:
    """A predict that is an object, with the ruler of the course in it, and with a penalty and dropout together."""

    def __init__(self, X, y, rng):
        self.X = X
        drop = layers.Dropout(0.5, rng)
        relu = layers.Activation(activations.relu)
        self.net = Sequential(layers.Linear(64, 64, rng), relu, drop, layers.Linear(64, 10, rng))
        inputs, loss, adam = data.standardize(X), losses.softmax_cross_entropy, optimizers.Adam(0.01)
        training.train(self.net, loss, inputs, y, adam, epochs=150, rng=rng, l2=0.03)

    def __call__(self, X):
        return np.argmax(self.net.predict(data.standardize(self.X, X)[1]), axis=1).astype(float)


RIGHT = {
    "bug-hunt-step": [step_by_example, step_with_the_mean_in_each_update],
    "bug-hunt-trainer": [trainer_with_open_softmax, trainer_with_lists],
    "project": [project_with_dropout_and_decay, project_with_momentum, Trained],
}
