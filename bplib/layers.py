"""Layers: the linear map, dropout, embedding, and the objects that own weights.

The pure pair does the mathematics; a layer object remembers what its backward will need. ``forward`` is the pass of a
training, ``predict`` the same without remembering or dropping anything. ``params`` and ``grads`` are dicts with equal
keys; ``backward`` *sets* the gradients and returns that of the input, ``set_grads`` leaves the input out. Batch first;
other shapes are a ValueError. Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.5, where no other
is named.
"""

import inspect
from functools import partial

import numpy as np

from bplib.initializers import xavier
from bplib.operations import find, register, require_floats, require_generator, require_same_shape, require_upstream
from bplib.sums import ones


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


def dropout(x, mask, p):
    """Inverted dropout, y = x mask / (1 - p): the expected output is x, so nothing is left to do at evaluation.

    mask is a boolean array shaped like x, True with probability 1 - p where an entry is kept; p lies in [0, 1), else
    ValueError. The backward needs the same mask. Source: Srivastava et al., Dropout, JMLR 15 (2014).
    """
    require_floats("dropout", analytic=True, x=x)
    require_same_shape("dropout", x=x, mask=mask)
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p is {p}; a probability from 0 to below 1 is needed")
    return x * mask / (1.0 - p)


def dropout_backward(dy, y, x, mask, p):
    """dx = dy mask / (1 - p): what was dropped gets nothing."""
    require_upstream("dropout_backward", analytic=True, dy=dy, x=x, mask=mask)
    return dy * mask / (1.0 - p)


register(
    dropout,
    dropout_backward,
    definition=lambda xp, x, mask, p: x * (1 * mask) / (1 - p),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), rng.permuted(np.arange(n * d) % 2 > 0).reshape(n, d), 0.4),
)


def embedding(ids, E):
    """Rows of a table, y = E[ids]; ids are integers 0 to v - 1 of any shape, E is (v, d), y is ids.shape + (d,).

    ValueError for other ids. Source: Bengio et al., A neural probabilistic language model, JMLR 3 (2003).
    """
    require_floats("embedding", analytic=True, E=E)
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu" or np.ndim(E) != 2:
        raise ValueError(f"embedding: ids holds {ids.dtype} and E is {np.shape(E)}; needed are integers and (v, d)")
    if ids.size and not 0 <= ids.min() <= ids.max() < len(E):
        raise ValueError(f"embedding: ids run from {ids.min()} to {ids.max()}; E has the rows 0 to {len(E) - 1}")
    return E[ids]


def embedding_backward(dy, y, ids, E):
    """dE_r = sum of dy over the places where ids is r: a row that was read often gets all of its gradients."""
    require_upstream("embedding_backward", analytic=True, dy=dy, y=y)
    dE = np.zeros_like(E)
    np.add.at(dE, ids, dy)
    return dE


register(
    embedding,
    embedding_backward,
    definition=lambda xp, ids, E: E[ids],
    example=lambda rng, n=5, t=3, v=7, d=6: (rng.integers(v, size=(n, t)), rng.normal(size=(v, d))),
    wrt=(1,),
)


def l2(W, strength):
    """L2 penalty, strength/2 times the sum of W^2: large weights cost; biases are left out. W of any shape.

    Source: Hoerl, Kennard, Ridge regression, Technometrics 12 (1970).
    """
    require_floats("l2", analytic=True, W=W)
    return 0.5 * strength * np.sum(W * W)


def l2_grad(W, strength):
    """dL/dW = strength W: the weights decay."""
    require_floats("l2_grad", analytic=True, W=W)
    return strength * W


register(
    l2,
    l2_grad,
    definition=lambda xp, W, strength: strength / 2 * xp.sum(W**2),
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), 0.3),
    is_loss=True,
)


# The objects that own weights


class Linear:
    """A linear map with its own weights W, drawn by ``init``, and b, which starts at zero."""

    def __init__(self, n_in, n_out, rng, init=xavier):
        """Draw the weights from rng, a numpy.random.Generator; n_in and n_out are at least 1, else ValueError."""
        require_generator("Linear", rng)
        if n_in < 1 or n_out < 1:
            raise ValueError(f"Linear: n_in is {n_in} and n_out is {n_out}; both need to be at least 1")
        self.params = {"W": init(rng, (n_in, n_out), n_in, n_out), "b": np.zeros(n_out)}
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}
        self._saved = None

    def predict(self, x):
        """Return x W + b."""
        W, b = self.params["W"], self.params["b"]
        try:
            fits = x.ndim == 2 and x.shape[1] == len(W) and x.dtype == W.dtype
        except AttributeError:
            fits = False
        if not fits:
            return linear(x, W, b)  # which says what is wrong
        y = x.dot(W)  # for two matrices what @ is, with half of its overhead
        y += b
        return y

    def forward(self, x):
        """Return x W + b, and remember x for the backward."""
        y = self.predict(x)
        if y.dtype != self.params["W"].dtype:
            kinds = x.dtype, self.params["W"].dtype
            raise ValueError("Linear: x holds {} and W {}; both need to be of one type of floats".format(*kinds))
        self._saved = x
        return y

    def backward(self, dy):
        """Set the gradients of W and b, and return dx. ValueError before the first forward."""
        self.set_grads(dy)
        return dy.dot(self.params["W"].T)

    def set_grads(self, dy):
        """Set the gradients of W and b: those of `linear_backward`, written where they belong."""
        x, dW = require_forward(self), self.grads["W"]
        needed = len(x), dW.shape[1]
        if getattr(dy, "shape", None) != needed or dy.dtype != dW.dtype:
            dy = np.asarray(dy)
            raise ValueError(f"Linear.backward: dy is {dy.dtype} {dy.shape}; needed is y's {dW.dtype} {needed}")
        x.T.dot(dy, out=dW)
        ones(len(x), dW.dtype).dot(dy, out=self.grads["b"])


class Activation:
    """A registered function of one array as a layer without weights, as in Activation(tanh).

    Numbers that the function takes beside its array are given once, as in Activation(leaky_relu, alpha=0.2).
    """

    def __init__(self, function, **settings):
        """Take a forward function, of `bplib.activations` for example. ValueError for any other function."""
        self.operation, self.settings = find(function), settings
        names = inspect.signature(function).parameters
        needed = [name for name, p in names.items() if p.default is p.empty and name not in settings]
        fits = not self.operation.is_loss and self.operation.wrt == (0,) and len(needed) == 1
        if not fits or not settings.keys() <= set(names):
            given = f" with {settings}" if settings else ""
            raise ValueError(
                f"Activation: {self.operation.name}{given} is no function of one array, as an activation is"
            )
        self.predict = partial(function, **settings) if settings else function
        self.params, self.grads = {}, {}
        self._saved = None

    def forward(self, z):
        """Return a = function(z), and remember both for the backward."""
        a = self.predict(z)
        self._saved = a, z
        return a

    def backward(self, da):
        """Return dz. ValueError before the first forward."""
        return self.operation.backward(da, *require_forward(self), **self.settings)


class Dropout:
    """Drop each entry with probability p in training, by a mask that is drawn anew from rng; keep all in `predict`."""

    def __init__(self, p, rng):
        """The probability p lies in [0, 1), else ValueError."""
        require_generator("Dropout", rng)
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p is {p}; a probability from 0 to below 1 is needed")
        self.p, self.rng = p, rng
        self.params, self.grads = {}, {}
        self._saved = None

    def predict(self, x):
        """Return x itself: the training pass has scaled already."""
        return x

    def forward(self, x):
        """Return x with some entries dropped and the others scaled up, and remember which."""
        mask = self.rng.random(np.shape(x)) >= self.p
        y = dropout(x, mask, self.p)
        self._saved = y, x, mask, self.p
        return y

    def backward(self, dy):
        """Return dx. ValueError before the first forward."""
        return dropout_backward(dy, *require_forward(self))


class Embedding:
    """A table E of v rows with d entries, drawn from a standard normal distribution; its input holds row numbers."""

    def __init__(self, v, d, rng):
        """Draw the table from rng, a numpy.random.Generator; v and d are at least 1, else ValueError."""
        require_generator("Embedding", rng)
        if v < 1 or d < 1:
            raise ValueError(f"Embedding: v is {v} and d is {d}; both need to be at least 1")
        self.params = {"E": rng.normal(size=(v, d))}
        self.grads = {"E": np.zeros((v, d))}
        self._saved = None

    def predict(self, ids):
        """Return E[ids]."""
        return embedding(ids, self.params["E"])

    def forward(self, ids):
        """Return E[ids], and remember the ids for the backward."""
        y = self.predict(ids)
        self._saved = y, ids
        return y

    def backward(self, dy):
        """Set the gradient of E. There is none for ids, which are no quantities: None is returned."""
        self.grads["E"][...] = embedding_backward(dy, *require_forward(self), self.params["E"])


def require_forward(layer):
    """What the layer's forward has saved. ValueError before the first forward."""
    if layer._saved is None:
        raise ValueError(f"{type(layer).__name__}.backward needs a forward before it, which saves its input")
    return layer._saved
