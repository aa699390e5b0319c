"""Layers: the linear map, and the objects that own weights.

The pure pair does the mathematics; a layer object remembers what its backward will need. Batch first: x (n, n_in),
W (n_in, n_out), b (n_out,), else ValueError. ``params`` and ``grads`` are dicts with equal keys, and backward *sets*
the gradients. Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.5.
"""

import numpy as np

from bplib.operations import find, register, require_floats, require_generator


def linear(x, W, b):
    """Linear (affine) map of each row, y = x W + b; x (n, n_in), W (n_in, n_out), b (n_out,), y (n, n_out)."""
    require_floats("linear", analytic=True, x=x, W=W, b=b)
    shapes = np.shape(x), np.shape(W), np.shape(b)
    if len(shapes[0]) != 2 or len(shapes[1]) != 2 or shapes[0][1] != shapes[1][0] or shapes[2] != shapes[1][1:]:
        raise ValueError(
            "linear: x is {}, W is {} and b is {}; needed are (n, n_in), (n_in, n_out) and (n_out,)".format(*shapes)
        )
    return x @ W + b


def linear_backward(dy, y, x, W, b):
    """dx = dy W^T, dW = x^T dy, db = sum of dy over the batch; each shaped like its variable."""
    require_floats("linear_backward", analytic=True, dy=dy)
    if np.shape(dy) != (len(x), W.shape[1]):
        raise ValueError(f"linear_backward: dy is {np.shape(dy)}; needed is the shape of y, {(len(x), W.shape[1])}")
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


register(
    linear,
    linear_backward,
    definition=lambda xp, x, W, b: x @ W + b,
    example=lambda rng, n=5, d=3, k=4: (rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=k)),
    wrt=(0, 1, 2),
)


class Linear:
    """A linear map with its own weights: W is normal with standard deviation 1 / sqrt(n_in), b is zero."""

    def __init__(self, n_in, n_out, rng):
        """Draw the weights from rng, a numpy.random.Generator; n_in and n_out are at least 1, else ValueError."""
        require_generator("Linear", rng)
        if n_in < 1 or n_out < 1:
            raise ValueError(f"Linear: n_in is {n_in} and n_out is {n_out}; both need to be at least 1")
        self.params = {"W": rng.normal(size=(n_in, n_out)) / np.sqrt(n_in), "b": np.zeros(n_out)}
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}
        self._saved = None

    def forward(self, x):
        """Return x W + b, and remember x for the backward."""
        y = linear(x, **self.params)
        self._saved = y, x
        return y

    def backward(self, dy):
        """Set the gradients of W and b, and return dx. ValueError before the first forward."""
        y, x = _require_forward(self)
        dx, dW, db = linear_backward(dy, y, x, **self.params)
        self.grads["W"][...] = dW
        self.grads["b"][...] = db
        return dx


class Activation:
    """A registered activation function as a layer without weights, as in Activation(tanh)."""

    def __init__(self, function):
        """Take a forward function of `bplib.activations`. ValueError for any other function."""
        self.operation = find(function)
        if self.operation.is_loss or self.operation.wrt != (0,):
            raise ValueError(f"Activation: {self.operation.name} is no function of one array, as an activation is")
        self.params, self.grads = {}, {}
        self._saved = None

    def forward(self, z):
        """Return a = function(z), and remember both for the backward."""
        a = self.operation.forward(z)
        self._saved = a, z
        return a

    def backward(self, da):
        """Return dz. ValueError before the first forward."""
        return self.operation.backward(da, *_require_forward(self))


def _require_forward(layer):
    if layer._saved is None:
        raise ValueError(f"{type(layer).__name__}.backward needs a forward before it, which saves its input")
    return layer._saved
