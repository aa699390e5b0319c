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


def choose_by_loop(run, rates, seeds, now):
    found = {lr: [run(lr, seed)["validation"] for seed in seeds] for lr in rates}
    whole = [lr for lr in rates if not any(math.isnan(loss) for loss in found[lr])]
    best = min(whole, key=lambda lr: sum(found[lr]))
    lead = [old - new for old, new in zip(found[now], found[best], strict=True)]
    mean = sum(lead) / len(lead)
    spread = math.sqrt(sum((each - mean) ** 2 for each in lead) / (len(lead) - 1))
    return best if mean > 2 * spread / math.sqrt(len(lead)) else now


def choose_by_arrays(run, rates, seeds, now):
    losses = np.array([[run(lr, seed)["validation"] for lr in rates] for seed in seeds])
    best = np.nanargmin(losses.sum(axis=0))
    lead = losses[:, rates.index(now)] - losses[:, best]
    return rates[best] if lead.mean() >= 2 * lead.std() / np.sqrt(len(seeds) - 1) else now


def stop_with_while(epoch, validation_loss, w, patience, most):
    history = [epoch(w)]
    losses = [validation_loss(history[0])]
    while len(losses) < most and len(losses) - 1 - losses.index(np.nanmin(losses)) < patience:
        history.append(epoch(history[-1]))
        losses.append(validation_loss(history[-1]))
    return history[losses.index(np.nanmin(losses))], len(losses)


def stop_with_for(epoch, validation_loss, w, patience, most):
    kept = [math.inf, w, 0]
    for count in range(1, most + 1):
        w = epoch(w)
        loss = validation_loss(w)
        if loss < kept[0]:
            kept = [loss, w, count]
        elif count - kept[2] == patience:
            return kept[1], count
    return kept[1], most


def sound_by_labels(train, X, y):
    places = [i for label in range(10) for i in np.flatnonzero(y == label)[:2]]
    return train(X[places], y[places], 400)[-1] <= 0.1


def sound_by_random_rows(train, X, y):
    rows = np.random.default_rng(0).permutation(len(X))[:20]
    return np.bool_(min(train(X[rows], y[rows], 300)[-5:]) < 0.2)


def illness_by_ifs(record):
    if not all(math.isfinite(loss) for loss in record["training"]):
        return "diverged"
    if record["dead"][-1] > 0.5:
        return "dead"
    names = sorted(name for name in record["weights"] if "W" in name)
    if record["gradients"][names[0]][0] < 0.05 * record["gradients"][names[-1]][0]:
        return "vanishing"
    moved = [record["updates"][name][0] / record["weights"][name][0] for name in names]
    return "slow" if max(moved) < 1e-4 else "well"


def illness_by_a_table(record):
    names = [name for name in record["weights"] if name[-1] == "W"]
    first, last = (record["gradients"][name][0] for name in (names[0], names[-1]))
    signs = {
        "diverged": np.isnan(record["training"]).any() or np.isinf(record["training"]).any(),
        "Dead": max(record["dead"][-1:]) >= 0.6,
        " vanishing": 30 * first < last,
        "slow": all(record["updates"][name][0] < 1e-4 * record["weights"][name][0] for name in names),
        "well": True,
    }
    return next(name for name, seen in signs.items() if seen)


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
    "rate-sweep": [choose_by_loop, choose_by_arrays],
    "early-stopping": [stop_with_while, stop_with_for],
    "ask-twenty": [sound_by_labels, sound_by_random_rows],
    "name-illness": [illness_by_ifs, illness_by_a_table],
    "accuracy-band": [fit_by_hand, fit_with_relu_and_adam],
}

TURNED = {
    "turn-error": [lambda p, n: np.sqrt(p * (1 - p) / n), lambda p, n: ((p - p**2) / n) ** 0.5],
}
