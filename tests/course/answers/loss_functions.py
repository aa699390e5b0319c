"""Right answers to the exercises of lesson 01, each written differently from the solution."""

import math

import numpy as np


def mse_by_loop(y_pred, y_true):
    squares = [(float(a) - float(b)) ** 2 for a, b in zip(y_pred.flat, y_true.flat, strict=True)]
    return sum(squares) / len(squares)


def mse_by_dot(y_pred, y_true):
    d = np.ravel(y_true - y_pred)
    return d @ d / d.size


def mse_in_place_on_a_copy(y_pred, y_true):
    d = y_pred.copy()
    d -= y_true
    d *= d
    return np.array(d.mean())


def mse_expanded(y_pred, y_true):
    return np.mean(y_pred**2) - 2 * np.mean(y_pred * y_true) + np.mean(y_true**2)


class MeanSquare:
    """An object that can be called is as good as a function."""

    def __call__(self, y_pred, y_true):
        return np.square(np.subtract(y_pred.tolist(), y_true.tolist())).mean()


def bce_by_logaddexp(z, y):
    return np.mean(np.logaddexp(0, z) - z * y)


def bce_by_the_wrong_side(z, y):
    # How far z is on the wrong side, whatever the label: log(1 + exp(side)).
    side = np.where(y == 1, -z, z)
    return np.mean(np.maximum(side, 0) + np.log(1 + np.exp(-np.abs(side))))


def bce_by_loop(z, y):
    total = 0.0
    for logit, truth in zip(z.tolist(), y.tolist(), strict=True):
        side = -logit if truth else logit
        total += side + math.log1p(math.exp(-side)) if side > 0 else math.log1p(math.exp(side))
    return total / len(z)


def bce_by_class(z, y):
    ones, zeros = z[y == 1], z[y == 0]
    return (np.logaddexp(0, -ones).sum() + np.logaddexp(0, zeros).sum()) / z.size


def bce_by_two_logits(z, y):
    both = np.stack([np.zeros_like(z), z], axis=1)
    top = both.max(axis=1)
    log_sum = top + np.log(np.exp(both - top[:, None]).sum(axis=1))
    return (log_sum - z * y).mean()


def softmax_by_onehot(z, y):
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.sum(np.eye(z.shape[1])[y] * log_p) / len(z)


def softmax_by_loop(z, y):
    total = 0.0
    for row, label in zip(z.tolist(), y.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[label]
    return total / len(y)


def softmax_by_logaddexp(z, y):
    return (np.logaddexp.reduce(z, axis=1) - z[range(len(y)), y]).mean()


def softmax_about_the_truth(z, y):
    others = z - z[np.arange(len(y)), y][:, None]
    return np.mean(np.logaddexp.reduce(others, axis=-1))


RIGHT = {
    "mse": [mse_by_loop, mse_by_dot, mse_in_place_on_a_copy, mse_expanded, MeanSquare()],
    "bce-logits": [bce_by_logaddexp, bce_by_the_wrong_side, bce_by_loop, bce_by_class, bce_by_two_logits],
    "softmax-ce": [
        softmax_by_onehot,
        softmax_by_loop,
        softmax_by_logaddexp,
        softmax_about_the_truth,
    ],
    "faster-loss": [lambda: "cross-entropy", lambda: "Cross Entropy", lambda: " cross-entropy "],
    "broadcast": [lambda: (5, 5), lambda: [5, 5], lambda: (np.zeros((5, 1)) - np.zeros(5)).shape],
}
