"""Optimizers: what to do with a gradient. Each has step(params, grads) and changes the parameters in place."""

import numpy as np


class SGD:
    """Gradient descent, theta <- theta - lr * dL/dtheta; stochastic when the gradient comes from a mini-batch.

    Source: Robbins and Monro, A stochastic approximation method, Ann. Math. Statist. 22 (1951).
    """

    def __init__(self, lr):
        """Learning rate lr > 0, else ValueError."""
        if not lr > 0:
            raise ValueError(f"SGD: lr is {lr}; a positive learning rate is needed")
        self.lr = lr

    def step(self, params, grads):
        """Update every array of params in place. ValueError unless params and grads have equal keys and shapes."""
        require_matching(params, grads)
        for name, parameter in params.items():
            parameter -= self.lr * np.asarray(grads[name])


def require_matching(params, grads):
    """ValueError unless both dicts have equal keys and each gradient the shape of its parameter, an array of floats."""
    if params.keys() != grads.keys():
        raise ValueError(f"params has {sorted(params)} but grads has {sorted(grads)}; the names must be equal")
    for name, parameter in params.items():
        if not isinstance(parameter, np.ndarray) or parameter.dtype.kind != "f":
            held = f"an array of {parameter.dtype}" if isinstance(parameter, np.ndarray) else type(parameter).__name__
            raise TypeError(f"{name} is {held}; only an array of floats can be updated in place")
        if parameter.shape != np.shape(grads[name]):
            raise ValueError(f"{name} is {parameter.shape} but its gradient is {np.shape(grads[name])}")
