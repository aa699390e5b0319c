"""Right answers to the exercises of lesson 10, each written differently from the solution."""

import numpy as np


def standardize_column_by_column(X_train, X_test):
    train, test = np.empty(X_train.shape), np.empty(X_test.shape)
    for j, column in enumerate(X_train.T):
        mean = sum(column) / len(column)
        std = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5 or 1.0
        train[:, j], test[:, j] = (column - mean) / std, (X_test[:, j] - mean) / std
    return train, test


def standardize_with_moments(X_train, X_test):
    mean = X_train.mean(axis=0, keepdims=True)
    variance = np.mean((X_train - mean) ** 2, axis=0)
    variance[variance == 0] = 1
    return [(X - mean) / np.sqrt(variance) for X in (X_train, X_test)]


def l2_on_matrices(params, grads, strength):
    total = dict(grads)
    for name, p in params.items():
        if p.ndim == 2:
            total[name] = total[name] + p * strength
    return total


def l2_named_by_hand(params, grads, strength):
    return {
        "b2": grads["b2"],
        "W2": strength * params["W2"] + grads["W2"],
        "W1": strength * params["W1"] + grads["W1"],
        "b1": grads["b1"],
    }


def dropout_by_binomial(x, p, rng, training):
    if not training:
        return x, lambda dy: dy
    factor = rng.binomial(1, 1 - p, size=x.shape) / (1 - p)
    return x * factor, lambda dy: factor * dy


def dropout_entry_by_entry(x, p, rng, training):
    keep = np.where(rng.uniform(size=x.shape) < p, 0.0, 1.0)
    if training:
        keep /= 1 - p
    else:
        keep = np.ones_like(x)

    def backward(dy):
        return [[k * d for k, d in zip(*rows, strict=True)] for rows in zip(keep, dy, strict=True)]

    return np.where(keep > 0, x * keep, 0.0), backward


class Factors:
    """A backward that is an object, and no function inside of another."""

    def __init__(self, factors):
        self.factors = factors

    def __call__(self, dy):
        return self.factors * dy


def dropout_with_an_object(x, p, rng, training):
    drawn = rng.choice([0, 1], size=x.shape, p=[p, 1 - p]) if training else np.full(x.shape, 1 - p)
    factors = Factors(drawn / (1 - p))
    return factors(x), factors


def autopsy_by_hand():
    return {
        "loss_at_first": 2.303,
        "a_moved": 10,
        "b_W2_first": 320,
        "b_W1_first": 0,
        "b_columns": 1,
        "c_columns": 32,
    }


def autopsy_in_words_of_numpy():
    return {
        "loss_at_first": np.log(np.float32(10)),
        "a_moved": np.int64(10),
        "b_W2_first": 32 * 10,
        "b_W1_first": 0.0,
        "b_columns": np.array([1]),
        "c_columns": 32,
    }


def autopsy_by_training():
    """The three networks, trained: what the exercise claims is what happens."""
    from bplib import activations, data, layers, losses, networks, optimizers
    from bplib.initializers import xavier, zeros

    digits = data.digits()
    X, y = digits.X[:200] / 16, digits.y[:200]

    def trained(function, first, steps):
        rng = np.random.default_rng(0)
        hidden = layers.Linear(64, 32, rng, first), layers.Activation(function)
        net = networks.Sequential(*hidden, layers.Linear(32, 10, rng, zeros))
        begin = {name: array.copy() for name, array in net.params.items()}
        losses_met, sgd = [], optimizers.SGD(0.5)
        for _ in range(steps):
            z = net.forward(X)
            losses_met.append(losses.softmax_cross_entropy(z, y))
            net.backward(losses.softmax_cross_entropy_grad(z, y))
            sgd.step(net.params, net.grads)
        moved = {name: int(np.sum(array != begin[name])) for name, array in net.params.items()}
        return moved, losses_met, len(np.unique(net.params["0.W"].round(12), axis=1).T)

    a, met, _ = trained(activations.tanh, zeros, 100)
    b, _, _ = trained(activations.sigmoid, zeros, 1)
    return {
        "loss_at_first": met[0],
        "a_moved": sum(a.values()),
        "b_W2_first": b["2.W"],
        "b_W1_first": b["0.W"],
        "b_columns": trained(activations.sigmoid, zeros, 100)[2],
        "c_columns": trained(activations.tanh, xavier, 100)[2],
    }


def batch_norm_backward_step_by_step(dy, x, gamma, eps):
    n = len(x)
    deviation = x - x.mean(axis=0)
    v = (deviation**2).mean(axis=0)
    root = np.sqrt(v + eps)
    d_hat = dy * gamma
    d_v = np.sum(d_hat * deviation * -0.5 * root**-3, axis=0)
    d_m = np.sum(-d_hat / root, axis=0) - d_v * 2 * deviation.mean(axis=0)
    dx = d_hat / root + d_v * 2 * deviation / n + d_m / n
    return dx, np.sum(dy * deviation / root, axis=0), np.sum(dy, axis=0)


def batch_norm_backward_by_jacobians(dy, x, gamma, eps):
    n, c = x.shape
    dx, dgamma = np.zeros((n, c)), np.zeros(c)
    for j in range(c):
        root = np.sqrt(x[:, j].var() + eps)
        x_hat = (x[:, j] - x[:, j].mean()) / root
        jacobian = (np.eye(n) - 1 / n - np.outer(x_hat, x_hat) / n) / root
        dx[:, j] = jacobian.T @ (gamma[j] * dy[:, j])
        dgamma[j] = x_hat @ dy[:, j]
    return [dx, dgamma, np.ones(n) @ dy]


RIGHT = {
    "standardize": [standardize_column_by_column, standardize_with_moments],
    "l2-gradient": [l2_on_matrices, l2_named_by_hand],
    "dropout": [dropout_by_binomial, dropout_entry_by_entry, dropout_with_an_object],
    "zero-autopsy": [autopsy_by_hand, autopsy_in_words_of_numpy],
    "batch-norm-backward": [batch_norm_backward_step_by_step, batch_norm_backward_by_jacobians],
}
