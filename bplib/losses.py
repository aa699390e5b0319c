"""Losses: one number that says how wrong the predictions are, and its gradient.

Each is a pair: ``loss(prediction, truth)`` and ``loss_grad(prediction, truth)``, the gradient with respect to the
prediction. All are means, over the batch and over any further axes, so they do not grow with the batch. A loss never
broadcasts. Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 5.5 and 6.2.
"""

import numpy as np

from bplib.activations import sigmoid, softmax
from bplib.operations import register, require_floats, require_same_shape


def mse(y_pred, y_true):
    """Mean squared error, L = mean((y_pred - y_true)^2) over all entries. Equal shapes, not empty, else ValueError."""
    _require_pair("mse", analytic=True, y_pred=y_pred, y_true=y_true)
    d = y_pred - y_true
    return np.mean(d * d)


def mse_grad(y_pred, y_true):
    """dL/dy_pred = 2 (y_pred - y_true) / N, where N counts all entries."""
    _require_pair("mse_grad", analytic=True, y_pred=y_pred, y_true=y_true)
    return (2.0 / np.size(y_pred)) * (y_pred - y_true)


register(
    mse,
    mse_grad,
    definition=lambda xp, y_pred, y_true: xp.mean((y_pred - y_true) ** 2),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), rng.normal(size=(n, d))),
    is_loss=True,
)


def binary_cross_entropy(p, y):
    """Binary cross-entropy from probabilities, L = -mean(y log p + (1 - y) log(1 - p)).

    p holds probabilities of class 1 and y the truth, both in [0, 1] and of one shape, else ValueError. A certain and
    wrong prediction (p = 0 where y = 1) costs infinity: that is what the formula says. Where p comes from a sigmoid,
    `binary_cross_entropy_with_logits` is exact and finite.
    """
    _require_pair("binary_cross_entropy", analytic=True, p=p, y=y)
    _require_unit("binary_cross_entropy", p=p, y=y)
    # 0 - x and not -x: a loss of nothing would print as -0.
    return np.mean(0.0 - (_times_log(y, p) + _times_log(1.0 - y, 1.0 - p)))


def binary_cross_entropy_grad(p, y):
    """dL/dp = ((1 - y) / (1 - p) - y / p) / N, where N counts all entries."""
    _require_pair("binary_cross_entropy_grad", analytic=True, p=p, y=y)
    _require_unit("binary_cross_entropy_grad", p=p, y=y)
    return (_over(1.0 - y, 1.0 - p) - _over(y, p)) / np.size(p)


register(
    binary_cross_entropy,
    binary_cross_entropy_grad,
    definition=lambda xp, p, y: -xp.mean(y * xp.log(p) + (1 - y) * xp.log(1 - p)),
    example=lambda rng, n=5, d=3: (
        rng.uniform(0.1, 0.9, size=(n, d)),
        rng.integers(2, size=(n, d)).astype(float),
    ),
    is_loss=True,
)


def binary_cross_entropy_with_logits(z, y):
    """Binary cross-entropy of p = sigmoid(z), L = mean(max(z, 0) - z y + log(1 + exp(-|z|))).

    Equal to `binary_cross_entropy(sigmoid(z), y)`, and finite and exact for every finite z. Equal shapes, y in [0, 1],
    else ValueError.
    """
    _require_pair("binary_cross_entropy_with_logits", z=z, y=y)
    _require_unit("binary_cross_entropy_with_logits", y=y)
    return np.mean(np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z))))


def binary_cross_entropy_with_logits_grad(z, y):
    """dL/dz = (sigmoid(z) - y) / N, where N counts all entries: the slope of the sigmoid has canceled."""
    _require_pair("binary_cross_entropy_with_logits_grad", z=z, y=y)
    _require_unit("binary_cross_entropy_with_logits_grad", y=y)
    return (sigmoid(z) - y) / np.size(z)


def _bce_of_sigmoid(xp, z, y):
    p = 1 / (1 + xp.exp(-z))
    return -xp.mean(y * xp.log(p) + (1 - y) * xp.log(1 - p))


register(
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_grad,
    definition=_bce_of_sigmoid,
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), rng.uniform(size=(n, d))),
    is_loss=True,
)


def softmax_cross_entropy(z, y):
    """Cross-entropy of p = softmax(z), L = mean over the batch of log(sum_k exp(z_ik)) - z_i,y_i.

    z holds logits, shape (n, k); y the integer labels 0 to k - 1, shape (n,), else ValueError.
    """
    _require_labels("softmax_cross_entropy", z, y)
    top = np.max(z, axis=1)  # log-sum-exp about the largest logit: never overflows
    log_sum = top + np.log(np.sum(np.exp(z - top[:, None]), axis=1))
    return np.mean(log_sum - z[np.arange(len(y)), y])


def softmax_cross_entropy_grad(z, y):
    """dL/dz = (softmax(z) - onehot(y)) / n; shape (n, k)."""
    _require_labels("softmax_cross_entropy_grad", z, y)
    dz = softmax(z)
    dz[np.arange(len(y)), y] -= 1.0
    return dz / len(y)


register(
    softmax_cross_entropy,
    softmax_cross_entropy_grad,
    definition=lambda xp, z, y: xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - z[np.arange(len(y)), y]),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)), rng.integers(k, size=n)),
    is_loss=True,
)


def _require_pair(operation, *, analytic=False, **pair):
    (name, prediction), (_, truth) = pair.items()
    require_floats(operation, analytic=analytic, **{name: prediction})
    require_same_shape(operation, **pair)
    if np.size(truth) == 0:
        raise ValueError(f"{operation}: the batch is empty, and nothing has no mean")


def _require_unit(operation, **arrays):
    for name, array in arrays.items():
        low, high = np.min(np.real(array)), np.max(np.real(array))
        if not (low >= 0 and high <= 1):  # also refuses NaN
            raise ValueError(f"{operation}: {name} runs from {low:g} to {high:g}; values between 0 and 1 are needed")


def _require_labels(operation, z, y):
    require_floats(operation, z=z)
    y = np.asarray(y)
    if np.ndim(z) != 2 or y.shape != z.shape[:1]:
        raise ValueError(f"{operation}: z is {np.shape(z)} and y is {y.shape}; needed are (n, k) and (n,)")
    if y.size == 0:
        raise ValueError(f"{operation}: the batch is empty, and nothing has no mean")
    if y.dtype.kind not in "iu":
        raise ValueError(f"{operation}: y holds {y.dtype}; integer labels are needed, as y.astype(int) gives")
    if y.min() < 0 or y.max() >= z.shape[1]:
        worst = y.max() if y.max() >= z.shape[1] else y.min()
        raise ValueError(
            f"{operation}: y holds the label {worst}; z has {z.shape[1]} columns, so 0 to {z.shape[1] - 1}"
        )


def _times_log(weight, p):
    """Weight * log(p), where weight 0 counts as 0 even at p = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight == 0, 0.0, weight * np.log(p))


def _over(weight, p):
    """Weight / p, where weight 0 counts as 0 even at p = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight == 0, 0.0, weight / np.asarray(p))
