"""What stands around a recurrent network: sequences by step, sums over steps, and the layers before a Linear.

Batch first: x is (n, T, d). Inside of a recurrent network time comes first, so that a step is one block of memory, and
the states are (T + 1, n, m): h[0] is the start, and step t leads from h[t] to h[t + 1].
"""

import re
from functools import cache

import numpy as np

from bplib.layers import require_forward
from bplib.operations import require_floats
from bplib.sums import ones


def steps_first(x):
    """The array with its first two axes exchanged, as one block of memory; a second time brings it back."""
    return np.swapaxes(x, 0, 1).copy()


def each_step(x, W):
    """x_t W for all steps in one product; x (T, n, d) and W (d, k) give (T, n, k)."""
    return (x.reshape(-1, x.shape[-1]) @ W).reshape(*x.shape[:-1], W.shape[1])


def after(start, states):
    """The start (n, m) and the states that follow it, (n, T, m), time first: (T + 1, n, m)."""
    return np.concatenate([start[None], np.swapaxes(states, 0, 1)])


def weight_gradients(dz, x, h):
    """Sums over batch and steps of x_t^T dz_t, h_t^T dz_t and dz_t: the gradients of Wx, Wh and b. All time first."""
    dz, x, before = (a.reshape(-1, a.shape[-1]) for a in (dz, x, h[:-1]))
    return x.T @ dz, before.T @ dz, ones(len(dz), dz.dtype).dot(dz)


def draw_example(rng, shape, n, m, states=1, parts=1):
    """Inputs of a recurrent operation: x of the given shape, the start of each state, Wx, Wh and b."""
    start = [rng.normal(size=(n, m)) for _ in range(states)]
    Wx, Wh = rng.normal(size=(shape[-1], parts * m)), rng.normal(size=(m, parts * m))
    return (rng.normal(size=shape), *start, Wx, Wh, rng.normal(size=parts * m))


def require_shapes(operation, needed, **arrays):
    """ValueError unless the arrays hold floats, and their shapes are those needed, as "(n, T, d), (n, m), (4m,)".

    A letter stands for the same length wherever it occurs, 4m for four times m and 3m for three, and T is at least 1.
    """
    require_floats(operation, analytic=True, **arrays)
    shapes = [np.shape(array) for array in arrays.values()]
    axes = _axes(needed)
    fit = list(map(len, shapes)) == list(map(len, axes))
    length = {axis: n for names, shape in zip(axes, shapes, strict=True) for axis, n in zip(names, shape, strict=False)}
    length |= {f"{parts}m": parts * length.get("m", 0) for parts in (3, 4)}
    if not fit or shapes != [tuple(length[axis] for axis in names) for names in axes] or length.get("T") == 0:
        given = ", ".join(f"{name} is {shape}" for name, shape in zip(arrays, shapes, strict=True))
        raise ValueError(f"{operation}: {given}; needed are {needed}" + ", T at least 1" * ("T" in length))


@cache
def _axes(needed):
    return [re.findall(r"\w+", shape) for shape in re.findall(r"\(.*?\)", needed)]


class LastStep:
    """Keep the last step of each sequence, (n, T, m) to (n, m): what follows predicts once the whole has been read."""

    def __init__(self):
        """There is nothing to choose."""
        self.params, self.grads = {}, {}
        self._saved = None

    def predict(self, h):
        """Return the last step, an array of its own."""
        _require_sequences("LastStep", h)
        return h[:, -1].copy()

    def forward(self, h):
        """Return the last step, and remember how many there were."""
        y = self.predict(h)
        self._saved = np.shape(h)
        return y

    def backward(self, dy):
        """Return dh: zero but in the last step. ValueError before the first forward."""
        n, T, m = require_forward(self)
        _require_dy("LastStep", dy, (n, m))
        dh = np.zeros((n, T, m), dy.dtype)
        dh[:, -1] = dy
        return dh


class EachStep:
    """Make each step a row, (n, T, m) to (n T, m): what follows predicts at every step, as from a batch of n T.

    The steps of a sequence stay together, so the truth y, (n, T, k), becomes y.reshape(-1, k), and labels y.ravel().
    """

    def __init__(self):
        """There is nothing to choose."""
        self.params, self.grads = {}, {}
        self._saved = None

    def predict(self, h):
        """Return the rows."""
        _require_sequences("EachStep", h)
        return h.reshape(-1, h.shape[2])

    def forward(self, h):
        """Return the rows, and remember how they stood."""
        y = self.predict(h)
        self._saved = np.shape(h)
        return y

    def backward(self, dy):
        """Return dh, shaped like h. ValueError before the first forward."""
        n, T, m = require_forward(self)
        _require_dy("EachStep", dy, (n * T, m))
        return dy.reshape(n, T, m)


def _require_sequences(layer, h):
    if np.ndim(h) != 3 or np.shape(h)[1] == 0:
        raise ValueError(f"{layer}: h is {np.shape(h)}; needed is (n, T, m), T at least 1")


def _require_dy(layer, dy, needed):
    if np.shape(dy) != needed:
        raise ValueError(f"{layer}.backward: dy is {np.shape(dy)}; needed is the shape of y, {needed}")
