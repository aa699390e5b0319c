"""Normalization: units brought to mean 0 and variance 1, over the batch or within each example, then scaled anew.

gamma and beta, of shape (c,), give every unit back a scale and a mean, which the network learns. EPSILON keeps the
division finite where a unit is constant.
Sources: Ioffe, Szegedy, Batch normalization, ICML (2015); Ba, Kiros, Hinton, Layer normalization, arXiv:1607.06450.
"""

import numpy as np

from bplib.layers import require_forward
from bplib.operations import register, require_floats, require_upstream

EPSILON = 1e-5
MEMORY = 0.9
"""How much of the running statistics a batch leaves as it is."""


def batch_norm(x, gamma, beta):
    """Batch normalization in training, y = gamma (x - m) / sqrt(v + EPSILON) + beta.

    x is (n, c), or (n, c, ...) as images are. Each of the c units has its mean m and its variance v over all other
    axes, so the rows of a batch depend on each other. gamma and beta are (c,). ValueError for other shapes, and for a
    batch with less than two values of a unit: one is its own mean, and would always give beta. In evaluation:
    `batch_norm_evaluation`.
    """
    _require_units("batch_norm", x, gamma, beta)
    if x.size == 0:
        raise ValueError("batch_norm: the batch is empty, and nothing has no mean")
    values = x.size // x.shape[1]
    if values < 2:
        raise ValueError(
            f"batch_norm: x is {x.shape}, which holds {values} value of each unit; a variance needs two. One example by"
            " itself is for evaluation, as in predict"
        )
    return _normalized(x, *_moments(x)) * _per_unit(gamma, x) + _per_unit(beta, x)


def batch_norm_backward(dy, y, x, gamma, beta):
    """dx = gamma / sqrt(v + EPSILON) (dy - mean(dy) - x_hat mean(dy x_hat)), dgamma = sum(dy x_hat), dbeta = sum(dy).

    x_hat is the normalized x. The two means are what arrives through m and v: every row moves them.
    """
    require_upstream("batch_norm_backward", dy=dy, y=y, x=x)
    mean, variance = _moments(x)
    x_hat = _normalized(x, mean, variance)
    axes = _others(x)
    dbeta, dgamma = np.sum(dy, axis=axes), np.sum(dy * x_hat, axis=axes)
    rows = x.size // len(gamma)
    through_moments = (_per_unit(dbeta, x) + x_hat * _per_unit(dgamma, x)) / rows
    return _per_unit(gamma, x) / np.sqrt(variance + EPSILON) * (dy - through_moments), dgamma, dbeta


def _batch_norm(xp, x, gamma, beta):
    axes, shape = _others(x), _unit_shape(x)
    d = x - xp.mean(x, axis=axes, keepdims=True)
    variance = xp.mean(d**2, axis=axes, keepdims=True)
    return gamma.reshape(shape) * d / xp.sqrt(variance + EPSILON) + beta.reshape(shape)


def _example(rng, n=5, c=3, t=2):
    return rng.normal(size=(n, c, t)), rng.uniform(0.5, 2.0, size=c), rng.normal(size=c)


register(batch_norm, batch_norm_backward, definition=_batch_norm, example=_example, wrt=(0, 1, 2))


def batch_norm_evaluation(x, gamma, beta, mean, variance):
    """Batch normalization in evaluation: as `batch_norm`, with mean and variance, both (c,), from the training."""
    _require_units("batch_norm_evaluation", x, gamma, beta, mean, variance)
    return _normalized(x, _per_unit(mean, x), _per_unit(variance, x)) * _per_unit(gamma, x) + _per_unit(beta, x)


def batch_norm_evaluation_backward(dy, y, x, gamma, beta, mean, variance):
    """dx = dy gamma / sqrt(variance + EPSILON), dgamma = sum(dy x_hat), dbeta = sum(dy): rows are independent."""
    require_upstream("batch_norm_evaluation_backward", dy=dy, y=y, x=x)
    x_hat = _normalized(x, _per_unit(mean, x), _per_unit(variance, x))
    dx = dy * _per_unit(gamma / np.sqrt(variance + EPSILON), x)
    return dx, np.sum(dy * x_hat, axis=_others(x)), np.sum(dy, axis=_others(x))


def _batch_norm_evaluation(xp, x, gamma, beta, mean, variance):
    gamma, beta, mean, variance = (array.reshape(_unit_shape(x)) for array in (gamma, beta, mean, variance))
    return gamma * (x - mean) / (variance + EPSILON) ** 0.5 + beta


register(
    batch_norm_evaluation,
    batch_norm_evaluation_backward,
    definition=_batch_norm_evaluation,
    example=lambda rng, n=5, c=3, t=2: (*_example(rng, n, c, t), rng.normal(size=c), rng.uniform(0.5, 2.0, size=c)),
    wrt=(0, 1, 2),
)


def layer_norm(x, gamma, beta):
    """Layer normalization, as `batch_norm` with mean and variance over the last axis: each example by itself.

    x is (..., c), gamma and beta are (c,), else ValueError.
    """
    require_floats("layer_norm", x=x, gamma=gamma, beta=beta)
    if np.ndim(x) == 0 or not np.shape(gamma) == np.shape(beta) == np.shape(x)[-1:]:
        shapes = np.shape(x), np.shape(gamma), np.shape(beta)
        raise ValueError(
            "layer_norm: x is {}, gamma is {} and beta is {}; needed are (..., c), (c,), (c,)".format(*shapes)
        )
    return _normalized(x, x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)) * gamma + beta


def layer_norm_backward(dy, y, x, gamma, beta):
    """dx = (d - mean(d) - x_hat mean(d x_hat)) / sqrt(v + EPSILON), d = dy gamma; dgamma, dbeta as in batch_norm."""
    require_upstream("layer_norm_backward", dy=dy, y=y, x=x)
    variance = x.var(axis=-1, keepdims=True)
    x_hat = _normalized(x, x.mean(axis=-1, keepdims=True), variance)
    d = dy * gamma
    through_moments = d.mean(axis=-1, keepdims=True) + x_hat * (d * x_hat).mean(axis=-1, keepdims=True)
    rows = tuple(range(x.ndim - 1))
    return (d - through_moments) / np.sqrt(variance + EPSILON), np.sum(dy * x_hat, axis=rows), np.sum(dy, axis=rows)


def _layer_norm(xp, x, gamma, beta):
    d = x - xp.mean(x, axis=-1, keepdims=True)
    return gamma * d / xp.sqrt(xp.mean(d**2, axis=-1, keepdims=True) + EPSILON) + beta


register(
    layer_norm,
    layer_norm_backward,
    definition=_layer_norm,
    example=lambda rng, n=5, c=3: (rng.normal(size=(n, c)), rng.uniform(0.5, 2.0, size=c), rng.normal(size=c)),
    wrt=(0, 1, 2),
)


class BatchNorm:
    """Batch normalization of c units; `predict` uses the running mean and variance of the batches that forward saw."""

    def __init__(self, c):
        """Gamma starts at 1 and beta at 0; c is at least 1, else ValueError."""
        if c < 1:
            raise ValueError(f"BatchNorm: c is {c}; at least 1 is needed")
        self.params = {"gamma": np.ones(c), "beta": np.zeros(c)}
        self.grads = {"gamma": np.zeros(c), "beta": np.zeros(c)}
        self.statistics = {"mean": np.zeros(c), "variance": np.ones(c)}
        self._saved = None

    def predict(self, x):
        """Return x normalized by the running statistics, scaled and shifted."""
        require_floats("BatchNorm", x=x)
        statistics = (array.astype(x.dtype) for array in self.statistics.values())
        return batch_norm_evaluation(x, self.params["gamma"], self.params["beta"], *statistics)

    def forward(self, x):
        """Return x normalized over the batch, scaled and shifted, and let the running statistics follow.

        They take the variance with n - 1, the estimate for all data, where a batch is normalized with n; so a batch
        of one leaves them as they are.
        """
        y = batch_norm(x, self.params["gamma"], self.params["beta"])
        self._saved = y, x
        n = x.size // x.shape[1]
        mean, variance = _moments(x)
        for name, of_batch in (("mean", mean), ("variance", variance * (n / (n - 1)))):
            self.statistics[name] *= MEMORY
            self.statistics[name] += (1.0 - MEMORY) * np.ravel(of_batch)
        return y

    def backward(self, dy):
        """Set the gradients of gamma and beta, and return dx. ValueError before the first forward."""
        dx, self.grads["gamma"][...], self.grads["beta"][...] = batch_norm_backward(
            dy, *require_forward(self), self.params["gamma"], self.params["beta"]
        )
        return dx


class LayerNorm:
    """Layer normalization over a last axis of c entries."""

    def __init__(self, c):
        """Gamma starts at 1 and beta at 0; c is at least 1, else ValueError."""
        if c < 1:
            raise ValueError(f"LayerNorm: c is {c}; at least 1 is needed")
        self.params = {"gamma": np.ones(c), "beta": np.zeros(c)}
        self.grads = {"gamma": np.zeros(c), "beta": np.zeros(c)}
        self._saved = None

    def predict(self, x):
        """Return x normalized, scaled and shifted."""
        return layer_norm(x, self.params["gamma"], self.params["beta"])

    def forward(self, x):
        """Return x normalized, scaled and shifted, and remember it for the backward."""
        y = self.predict(x)
        self._saved = y, x
        return y

    def backward(self, dy):
        """Set the gradients of gamma and beta, and return dx. ValueError before the first forward."""
        dx, self.grads["gamma"][...], self.grads["beta"][...] = layer_norm_backward(
            dy, *require_forward(self), self.params["gamma"], self.params["beta"]
        )
        return dx


# One statistic for each unit, which stand along axis 1


def _others(x):
    return (0, *range(2, len(x.shape)))


def _unit_shape(x):
    return (1, -1, *(1,) * (len(x.shape) - 2))


def _per_unit(array, x):
    return array.reshape(_unit_shape(x))


def _moments(x):
    return x.mean(axis=_others(x), keepdims=True), x.var(axis=_others(x), keepdims=True)


def _normalized(x, mean, variance):
    return (x - mean) / np.sqrt(variance + EPSILON)


def _require_units(operation, x, *statistics):
    names = ("gamma", "beta", "mean", "variance")
    require_floats(operation, x=x, **dict(zip(names, statistics, strict=False)))
    shapes = [np.shape(x), *map(np.shape, statistics)]
    if len(shapes[0]) < 2 or set(shapes[1:]) != {shapes[0][1:2]}:
        given = ", ".join(f"{name} is {shape}" for name, shape in zip(("x", *names), shapes, strict=False))
        raise ValueError(f"{operation}: {given}; needed are (n, c, ...) and (c,)")
