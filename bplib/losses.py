"""Losses: one number that says how wrong the predictions are, and its gradient.

Each is a pair: ``loss(prediction, truth)`` and ``loss_grad(prediction, truth)``, the gradient with respect to the
prediction. All are means, over the batch and over any further axes, so they do not grow with the batch; the sum, which
some texts take, is N times the mean. A loss never broadcasts.
Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 5.5 and 6.2, where no other is named.
"""

import numpy as np

from bplib.activations import sigmoid, softmax
from bplib.loss_inputs import require_labels, require_pair, require_unit
from bplib.operations import away_from_zero, register
from bplib.sums import ones


def mse(y_pred, y_true):
    """Mean squared error, L = mean((y_pred - y_true)^2) over all entries. Equal shapes, not empty, else ValueError."""
    y_true = require_pair("mse", analytic=True, y_pred=y_pred, y_true=y_true)
    d = y_pred - y_true
    return np.mean(d * d)


def mse_grad(y_pred, y_true):
    """dL/dy_pred = 2 (y_pred - y_true) / N, where N counts all entries."""
    y_true = require_pair("mse_grad", analytic=True, y_pred=y_pred, y_true=y_true)
    return (2.0 / np.size(y_pred)) * (y_pred - y_true)


register(
    mse,
    mse_grad,
    definition=lambda xp, y_pred, y_true: xp.mean((y_pred - y_true) ** 2),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), rng.normal(size=(n, d))),
    is_loss=True,
)


def mae(y_pred, y_true):
    """Mean absolute error, L = mean(|y_pred - y_true|) over all entries. Equal shapes, not empty, else ValueError."""
    y_true = require_pair("mae", y_pred=y_pred, y_true=y_true)
    return np.mean(np.abs(y_pred - y_true))


def mae_grad(y_pred, y_true):
    """dL/dy_pred = sign(y_pred - y_true) / N, where N counts all entries; 0 at the kink, where they are equal."""
    y_true = require_pair("mae_grad", y_pred=y_pred, y_true=y_true)
    return np.sign(y_pred - y_true) / np.size(y_pred)


register(
    mae,
    mae_grad,
    definition=lambda xp, y_pred, y_true: xp.mean(xp.abs(y_pred - y_true)),
    example=lambda rng, n=5, d=3: _apart(rng, (n, d)),
    is_loss=True,
)


def huber(y_pred, y_true, delta=1.0):
    """Huber loss, the mean of d^2/2 where |d| <= delta, else delta (|d| - delta/2), with d = y_pred - y_true.

    Absolute far from the truth, so that outliers pull with a bounded force. Equal shapes, not empty, delta > 0, else
    ValueError. Source: Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964).
    """
    y_true = require_pair("huber", y_pred=y_pred, y_true=y_true)
    _require_positive("huber", delta)
    far = np.abs(y_pred - y_true)
    near = np.minimum(far, delta)
    return np.mean(near * (far - 0.5 * near))


def huber_grad(y_pred, y_true, delta=1.0):
    """dL/dy_pred = d / N, cut to at most delta / N in size, where N counts all entries."""
    y_true = require_pair("huber_grad", y_pred=y_pred, y_true=y_true)
    _require_positive("huber_grad", delta)
    return np.clip(y_pred - y_true, -delta, delta) / np.size(y_pred)


def _huber(xp, y_pred, y_true, delta=1.0):
    d = xp.abs(y_pred - y_true)
    quadratic = xp.minimum(d, delta)
    return xp.mean(quadratic**2 / 2 + delta * (d - quadratic))


register(
    huber,
    huber_grad,
    definition=_huber,
    example=lambda rng, n=5, d=3: (*_apart(rng, (n, d)), 0.95),  # differences lie on both sides of delta
    is_loss=True,
)


def hinge(z, y):
    """Hinge loss of scores z, L = mean(max(0, 1 - y z)), with y = 1 for one class and -1 for the other.

    Equal shapes, not empty, y of 1 and -1 only, else ValueError.
    Source: Cortes, Vapnik, Support-vector networks, Machine Learning 20 (1995).
    """
    y = require_pair("hinge", z=z, y=y)
    _require_signs("hinge", y)
    return np.mean(np.maximum(1.0 - y * z, 0.0))


def hinge_grad(z, y):
    """dL/dz = -y / N where y z < 1, else 0; N counts all entries."""
    y = require_pair("hinge_grad", z=z, y=y)
    _require_signs("hinge_grad", y)
    return -y * (y * z < 1) / np.size(z)


register(
    hinge,
    hinge_grad,
    definition=lambda xp, z, y: xp.mean(xp.maximum(0, 1 - y * z)),
    example=lambda rng, n=5, d=3: _apart(rng, (n, d)),
    is_loss=True,
)


def binary_cross_entropy(p, y):
    """Binary cross-entropy from probabilities, L = -mean(y log p + (1 - y) log(1 - p)).

    p holds probabilities of class 1 and y the truth, both in [0, 1] and of one shape, else ValueError. A certain and
    wrong prediction (p = 0 where y = 1) costs infinity: that is what the formula says. Where p comes from a sigmoid,
    `binary_cross_entropy_with_logits` is exact and finite.
    """
    y = require_pair("binary_cross_entropy", analytic=True, p=p, y=y)
    require_unit("binary_cross_entropy", p=p, y=y)
    # 0 - x and not -x: a loss of nothing would print as -0.
    return np.mean(0.0 - (_times_log(y, p) + _times_log(1.0 - y, 1.0 - p)))


def binary_cross_entropy_grad(p, y):
    """dL/dp = ((1 - y) / (1 - p) - y / p) / N, where N counts all entries."""
    y = require_pair("binary_cross_entropy_grad", analytic=True, p=p, y=y)
    require_unit("binary_cross_entropy_grad", p=p, y=y)
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
    y = require_pair("binary_cross_entropy_with_logits", z=z, y=y)
    require_unit("binary_cross_entropy_with_logits", y=y)
    return np.mean(np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z))))


def binary_cross_entropy_with_logits_grad(z, y):
    """dL/dz = (sigmoid(z) - y) / N, where N counts all entries: the slope of the sigmoid has canceled."""
    y = require_pair("binary_cross_entropy_with_logits_grad", z=z, y=y)
    require_unit("binary_cross_entropy_with_logits_grad", y=y)
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
    y = require_labels("softmax_cross_entropy", z, y)
    top = np.max(z, axis=1)  # log-sum-exp about the largest logit: never overflows
    log_sum = top + np.log(np.sum(np.exp(z - top[:, None]), axis=1))
    return np.mean(log_sum - z[np.arange(len(y)), y])


def softmax_cross_entropy_grad(z, y):
    """dL/dz = (softmax(z) - onehot(y)) / n; shape (n, k)."""
    y = require_labels("softmax_cross_entropy_grad", z, y)
    dz = softmax(z)
    dz[np.arange(len(y)), y] -= 1.0
    return dz / len(y)


def _softmax_cross_entropy_and_grad(z, y):
    y = np.asarray(y)
    try:  # the place of each label in the flat array: that there is one, is all that has to be checked
        at = np.ravel_multi_index((y, np.arange(len(z))), z.T.shape)
        fits = y.shape == z.shape[:1] != (0,) and y.dtype.kind in "iu" and z.dtype.kind == "f"
    except (AttributeError, TypeError, ValueError):
        fits = False
    if not fits:  # the door says why
        at = np.ravel_multi_index(
            (require_labels("softmax_cross_entropy", z, y).astype(int), np.arange(len(z))), z.T.shape
        )
    # The two share their exponentials. Classes go along the first axis: NumPy is several times faster at adding up long
    # rows than at adding up many short ones, and fastest as a product with ones.
    k, n = z.T.shape
    z = z.T.copy()
    flat, share = z.reshape(-1), 1.0 / n
    z -= np.maximum.reduce(z, axis=0)
    of_label = flat[at]
    e = np.exp(z, out=z)
    total = ones(k, e.dtype).dot(e)
    loss = ones(n, e.dtype).dot(np.log(total) - of_label) * share
    e *= share / total
    flat[at] -= share
    return loss, e.T


register(
    softmax_cross_entropy,
    softmax_cross_entropy_grad,
    definition=lambda xp, z, y: xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - z[np.arange(len(y)), y]),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)), rng.integers(k, size=n)),
    is_loss=True,
    fused=_softmax_cross_entropy_and_grad,
)


# The doors of two losses, and what several need


def _require_positive(operation, delta):
    if not delta > 0:
        raise ValueError(f"{operation}: delta is {delta}; a positive number is needed")


def _require_signs(operation, y):
    if not np.all((np.asarray(y) == 1) | (np.asarray(y) == -1)):
        raise ValueError(f"{operation}: y holds {np.unique(y)[:5]}; 1 and -1 are needed, as in 2 * y - 1")


def _times_log(weight, p):
    """Weight * log(p), where weight 0 counts as 0 even at p = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight == 0, 0.0, weight * np.log(p))


def _over(weight, p):
    """Weight / p, where weight 0 counts as 0 even at p = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight == 0, 0.0, weight / np.asarray(p))


def _apart(rng, shape):
    """Predictions and truths that differ, where the kinks of |d| and of max(0, 1 - y z) keep away."""
    y = rng.choice([-1.0, 1.0], size=shape)
    return y + away_from_zero(rng, shape), y
