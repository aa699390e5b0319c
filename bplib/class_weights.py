"""Class weights: cross-entropies in which what is rare, or matters more, counts more.

With all weights 1 they are those of `losses`. Source: King, Zeng, Logistic regression in rare events data, Political
Analysis 9 (2001).
"""

import numpy as np

from bplib.activations import log_softmax, sigmoid, softmax, softplus
from bplib.loss_inputs import require_labels, require_pair, require_unit
from bplib.operations import register


def weighted_binary_cross_entropy(z, y, weight):
    """Binary cross-entropy of p = sigmoid(z), L = -mean(weight y log p + (1 - y) log(1 - p)).

    A weight above 1 makes a missed positive cost more, as one wants where positives are rare. z and y have equal
    shapes, y lies in [0, 1], and weight is a positive number, else ValueError.
    """
    y = _require_weight("weighted_binary_cross_entropy", z, y, weight)
    # -log p = log(1 + e^-z) and -log(1 - p) = log(1 + e^z)
    return np.mean(weight * y * softplus(-z) + (1.0 - y) * softplus(z))


def weighted_binary_cross_entropy_grad(z, y, weight):
    """dL/dz = ((1 - y) p - weight y (1 - p)) / N, where N counts all entries."""
    y = _require_weight("weighted_binary_cross_entropy_grad", z, y, weight)
    return ((1.0 - y) * sigmoid(z) - weight * y * sigmoid(-z)) / np.size(z)


def _of_sigmoid(xp, z, y, weight):
    p = 1 / (1 + xp.exp(-z))
    return -xp.mean(weight * y * xp.log(p) + (1 - y) * xp.log(1 - p))


register(
    weighted_binary_cross_entropy,
    weighted_binary_cross_entropy_grad,
    definition=_of_sigmoid,
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), rng.uniform(size=(n, d)), 3.0),
    is_loss=True,
)


def weighted_softmax_cross_entropy(z, y, weights):
    """Cross-entropy of p = softmax(z), the weighted mean L = sum of w_i (-log p_i,y_i) / sum of w_i, w_i = weights_y_i.

    z holds logits, shape (n, k), y the integer labels 0 to k - 1, shape (n,), and weights (k,) one for each class: not
    negative, and not all 0 for the labels there are. Else ValueError.
    """
    y, share = _shares("weighted_softmax_cross_entropy", z, y, weights)
    return np.sum(-log_softmax(z)[np.arange(len(y)), y] * share)


def weighted_softmax_cross_entropy_grad(z, y, weights):
    """dL/dz = w_i / sum of w (softmax(z) - onehot(y)); shape (n, k)."""
    y, share = _shares("weighted_softmax_cross_entropy_grad", z, y, weights)
    dz = softmax(z)
    dz[np.arange(len(y)), y] -= 1.0
    return dz * share[:, None]


def _of_softmax(xp, z, y, weights):
    losses = xp.log(xp.sum(xp.exp(z), axis=1)) - z[np.arange(len(y)), y]
    return xp.sum(weights[y] * losses) / xp.sum(weights[y])


register(
    weighted_softmax_cross_entropy,
    weighted_softmax_cross_entropy_grad,
    definition=_of_softmax,
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)), rng.integers(k, size=n), rng.uniform(0.5, 2.0, size=k)),
    is_loss=True,
)


def _require_weight(operation, z, y, weight):
    y = require_pair(operation, z=z, y=y)
    require_unit(operation, y=y)
    if not 0 < weight < np.inf:
        raise ValueError(f"{operation}: weight is {weight}; a positive number is needed")
    return y


def _shares(operation, z, y, weights):
    """The labels as an array, and the share of each row in the weighted mean."""
    y = require_labels(operation, z, y)
    w = np.asarray(weights, dtype=z.dtype)
    if w.shape != z.shape[1:] or not (0 <= w.min() <= w.max() < np.inf and w[y].sum() > 0):
        raise ValueError(f"{operation}: weights is {weights}; needed are {z.shape[1]}, none negative, some above 0")
    return y, w[y] / w[y].sum()
