"""Activation functions: what makes a network more than one linear map.

Each is a pair: ``f(z)`` and ``f_backward(da, a, z)``, which takes the upstream gradient da = dL/da, the saved output
and the saved input, and returns dz = dL/dz. ValueError for arrays of anything but floats, and where shapes differ.
Source: Goodfellow, Bengio, Courville, Deep Learning (2016), ch. 6, where no other is named.
"""

import numpy as np

from bplib.operations import away_from_zero, register, require_floats, require_upstream


def sigmoid(z):
    """Logistic sigmoid, a = 1 / (1 + exp(-z)), elementwise; a lies in [0, 1]. ValueError for integer arrays."""
    require_floats("sigmoid", z=z)
    e = np.exp(-np.abs(z))  # at most 1: never overflows
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_backward(da, a, z):
    """dz = da * a (1 - a)."""
    require_upstream("sigmoid_backward", da=da, a=a, z=z)
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
    require_upstream("tanh_backward", da=da, a=a, z=z)
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
    z = np.asarray(z)
    # Against an array of zeros NumPy's maximum takes half of the time that it takes against a number.
    return np.maximum(z, np.zeros(z.shape, z.dtype))


def relu_backward(da, a, z):
    """dz = da where z > 0, else 0.

    At the kink z = 0 the slope is taken as 0: z decides what passes, and 0 does not. `autodiff.maximum` favors neither
    of two numbers, and gives half of the gradient to each.
    """
    require_upstream("relu_backward", da=da, a=a, z=z)
    return da * (z > 0)


register(
    relu,
    relu_backward,
    definition=lambda xp, z: xp.maximum(z, 0),
    example=lambda rng, n=5, d=3: (away_from_zero(rng, (n, d)),),
)


def leaky_relu(z, alpha=0.01):
    """Leaky ReLU, a = max(z, alpha z), elementwise; alpha in [0, 1), else ValueError.

    Source: Maas, Hannun, Ng, Rectifier nonlinearities improve neural network acoustic models, ICML (2013).
    """
    require_floats("leaky_relu", z=z)
    _require_slope("leaky_relu", alpha)
    return np.maximum(z, alpha * z)


def leaky_relu_backward(da, a, z, alpha=0.01):
    """dz = da where z > 0, else alpha da."""
    require_upstream("leaky_relu_backward", da=da, a=a, z=z)
    _require_slope("leaky_relu_backward", alpha)
    return np.where(z > 0, da, alpha * da)


register(
    leaky_relu,
    leaky_relu_backward,
    definition=lambda xp, z, alpha=0.01: xp.maximum(z, alpha * z),
    example=lambda rng, n=5, d=3: (away_from_zero(rng, (n, d)), 0.2),
)


def elu(z, alpha=1.0):
    """Exponential linear unit, a = z where z > 0, else alpha (exp(z) - 1), elementwise; alpha > 0, else ValueError.

    Source: Clevert, Unterthiner, Hochreiter, Fast and accurate deep network learning by ELUs, ICLR (2016).
    """
    require_floats("elu", z=z)
    _require_positive("elu", alpha)
    return np.maximum(z, 0.0) + alpha * np.expm1(np.minimum(z, 0.0))


def elu_backward(da, a, z, alpha=1.0):
    """dz = da where z > 0, else da (a + alpha), which is da alpha exp(z)."""
    require_upstream("elu_backward", da=da, a=a, z=z)
    _require_positive("elu_backward", alpha)
    return np.where(z > 0, da, da * (alpha * np.exp(np.minimum(z, 0.0))))


register(
    elu,
    elu_backward,
    definition=lambda xp, z, alpha=1.0: xp.maximum(z, 0) + alpha * (xp.exp(xp.minimum(z, 0)) - 1),
    example=lambda rng, n=5, d=3: (away_from_zero(rng, (n, d)), 0.7),
)

GELU_SCALE = float(np.sqrt(2.0 / np.pi))


def gelu(z):
    """Gaussian error linear unit, a = z/2 (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))), elementwise.

    This is the usual approximation of z times the normal distribution function, within 0.001 of it.
    Source: Hendrycks, Gimpel, Gaussian error linear units, arXiv:1606.08415 (2016).
    """
    require_floats("gelu", analytic=True, z=z)
    return 0.5 * z * (1.0 + np.tanh(GELU_SCALE * (z + 0.044715 * z * z * z)))


def gelu_backward(da, a, z):
    """dz = da ((1 + t)/2 + z/2 (1 - t^2) sqrt(2/pi) (1 + 0.134145 z^2)), where t is the tanh in `gelu`."""
    require_upstream("gelu_backward", da=da, a=a, z=z)
    t = np.tanh(GELU_SCALE * (z + 0.044715 * z * z * z))
    return da * (0.5 * (1.0 + t) + (0.5 * GELU_SCALE) * z * (1.0 - t * t) * (1.0 + 0.134145 * z * z))


register(
    gelu,
    gelu_backward,
    definition=lambda xp, z: z / 2 * (1 + xp.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3))),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)),),
)


def softplus(z):
    """Softplus, a = log(1 + exp(z)), elementwise: a relu without its kink."""
    require_floats("softplus", z=z)
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def softplus_backward(da, a, z):
    """dz = da sigmoid(z), which is da (1 - exp(-a))."""
    require_upstream("softplus_backward", da=da, a=a, z=z)
    return da * -np.expm1(-a)


register(
    softplus,
    softplus_backward,
    definition=lambda xp, z: xp.log(1 + xp.exp(z)),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)),),
)


def softmax(z):
    """Softmax of each row, a_ij = exp(z_ij) / sum_k exp(z_ik); z is (n, k) or a single row; rows of a add up to 1."""
    _require_logits("softmax", z)
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))  # the largest exponent is 0: never overflows
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_backward(da, a, z):
    """dz_i = a_i (da_i - sum_k da_k a_k) in each row: every output depends on every input."""
    require_upstream("softmax_backward", da=da, a=a, z=z)
    return a * (da - np.sum(da * a, axis=-1, keepdims=True))


register(
    softmax,
    softmax_backward,
    definition=lambda xp, z: xp.exp(z) / xp.sum(xp.exp(z), axis=-1, keepdims=True),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)),),
)


def log_softmax(z):
    """Logarithm of the softmax of each row, a_ij = z_ij - log(sum_k exp(z_ik)); z is (n, k) or a single row.

    Finite wherever z is, which the logarithm of `softmax` is not.
    """
    _require_logits("log_softmax", z)
    shifted = z - np.max(z, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def log_softmax_backward(da, a, z):
    """dz_i = da_i - exp(a_i) sum_k da_k in each row."""
    require_upstream("log_softmax_backward", da=da, a=a, z=z)
    return da - np.exp(a) * np.sum(da, axis=-1, keepdims=True)


register(
    log_softmax,
    log_softmax_backward,
    definition=lambda xp, z: z - xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True)),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)),),
)


def _require_slope(operation, alpha):
    if not 0 <= alpha < 1:
        raise ValueError(f"{operation}: alpha is {alpha}; a slope from 0 to below 1 is needed")


def _require_positive(operation, alpha):
    if not alpha > 0:
        raise ValueError(f"{operation}: alpha is {alpha}; a positive number is needed")


def _require_logits(operation, z):
    require_floats(operation, z=z)
    if np.ndim(z) == 0:
        raise ValueError(f"{operation}: z is a single number; an array of logits is needed")
