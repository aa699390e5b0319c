"""Activation functions: what makes a network more than one linear map.

Each is a pair: ``f(z)`` and ``f_backward(da, a, z)``, which takes the upstream gradient da = dL/da, the saved output
and the saved input, and returns dz = dL/dz. ValueError for arrays of anything but floats, and where shapes differ.
Source: Goodfellow, Bengio, Courville, Deep Learning (2016), ch. 6.
"""

import numpy as np

from bplib.operations import register, require_floats, require_same_shape


def sigmoid(z):
    """Logistic sigmoid, a = 1 / (1 + exp(-z)), elementwise; a lies in [0, 1]. ValueError for integer arrays."""
    require_floats("sigmoid", z=z)
    e = np.exp(-np.abs(z))  # at most 1: never overflows
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_backward(da, a, z):
    """dz = da * a (1 - a)."""
    require_floats("sigmoid_backward", da=da)
    require_same_shape("sigmoid_backward", da=da, a=a, z=z)
    return da * a * (1.0 - a)


register(
    sigmoid,
    sigmoid_backward,
    definition=lambda xp, z: 1 / (1 + xp.exp(-z)),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)),),
)


def tanh(z):
    """Hyperbolic tangent, a = (exp(z) - exp(-z)) / (exp(z) + exp(-z)), elementwise; a lies in [-1, 1]."""
    require_floats("tanh", analytic=True, z=z)
    return np.tanh(z)


def tanh_backward(da, a, z):
    """dz = da * (1 - a^2)."""
    require_floats("tanh_backward", da=da)
    require_same_shape("tanh_backward", da=da, a=a, z=z)
    return da * (1.0 - a * a)


register(
    tanh,
    tanh_backward,
    definition=lambda xp, z: (xp.exp(z) - xp.exp(-z)) / (xp.exp(z) + xp.exp(-z)),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)),),
)


def relu(z):
    """Rectified linear unit, a = max(z, 0), elementwise."""
    require_floats("relu", z=z)
    return np.maximum(z, 0.0)


def relu_backward(da, a, z):
    """dz = da where z > 0, else 0; at the kink z = 0 the slope is taken as 0."""
    require_floats("relu_backward", da=da)
    require_same_shape("relu_backward", da=da, a=a, z=z)
    return da * (z > 0)


register(
    relu,
    relu_backward,
    definition=lambda xp, z: xp.maximum(z, 0),
    # Away from the kink, where differences and derivatives mean different things.
    example=lambda rng, n=5, d=3: (rng.choice([-1.0, 1.0], size=(n, d)) * rng.uniform(0.1, 2.0, size=(n, d)),),
)


def softmax(z):
    """Softmax of each row, a_ij = exp(z_ij) / sum_k exp(z_ik); z is (n, k) or a single row; rows of a add up to 1."""
    require_floats("softmax", z=z)
    if np.ndim(z) == 0:
        raise ValueError("softmax: z is a single number; an array of logits is needed")
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))  # the largest exponent is 0: never overflows
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_backward(da, a, z):
    """dz_i = a_i (da_i - sum_k da_k a_k) in each row: every output depends on every input."""
    require_floats("softmax_backward", da=da)
    require_same_shape("softmax_backward", da=da, a=a, z=z)
    return a * (da - np.sum(da * a, axis=-1, keepdims=True))


register(
    softmax,
    softmax_backward,
    definition=lambda xp, z: xp.exp(z) / xp.sum(xp.exp(z), axis=-1, keepdims=True),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)),),
)
