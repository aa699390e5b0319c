"""Pooling: one number for each window of an image, its maximum or its mean; and images as rows.

Arrays are (n, channels, height, width). Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 9.3.
"""

from functools import reduce
from math import prod

import numpy as np

from bplib.layers import Activation
from bplib.operations import register, require_floats, require_upstream
from bplib.windows import require_room, require_whole, slices


def max_pool(x, size, stride=None):
    """Maximum of each window, y_cop = max over i and j below size of x_c,(o stride + i),(p stride + j).

    x is (n, channels, height, width); stride None means size. ValueError for other shapes and no room for a window.
    """
    require_floats("max_pool", x=x)
    return reduce(np.maximum, _parts("max_pool", x, size, stride))


def max_pool_backward(dy, y, x, size, stride=None):
    """Each dy goes to the first maximum of its window, row by row, in a tie too; where windows overlap, dx adds up."""
    require_upstream("max_pool_backward", dy=dy, y=y)
    dx, to_give, overlap = np.zeros_like(x), np.ones(y.shape, bool), (stride or size) < size
    for part, dpart in zip(*(_parts("max_pool_backward", array, size, stride) for array in (x, dx)), strict=True):
        first = part == y
        first &= to_give
        given = np.multiply(dy, first, out=None if overlap else dpart)
        if overlap:
            dpart += given
        to_give ^= first
    return dx


def avg_pool(x, size, stride=None):
    """Mean of each window; x, size, stride and the errors are those of `max_pool`."""
    require_floats("avg_pool", analytic=True, x=x)
    return reduce(np.add, _parts("avg_pool", x, size, stride)) * (1.0 / size**2)


def avg_pool_backward(dy, y, x, size, stride=None):
    """Each entry of a window gets dy / size^2; where windows overlap, dx adds up."""
    require_upstream("avg_pool_backward", analytic=True, dy=dy, y=y)
    dx, share = np.zeros_like(x), dy * (1.0 / size**2)
    for dpart in _parts("avg_pool_backward", dx, size, stride):
        dpart += share
    return dx


def _apart(rng, n=5, c=2, h=3, w=4):
    return 0.003 * (rng.permutation(n * c * h * w) + rng.random()).reshape(n, c, h, w), 2, 1  # windows overlap


def _windows(x, size, stride=None):
    """The definition of a window: for each of its positions, what all windows have there."""
    stride = stride or size
    end, right = x.shape[2] - size + 1, x.shape[3] - size + 1
    return [x[:, :, i : end + i : stride, j : right + j : stride] for i in range(size) for j in range(size)]


register(
    max_pool,
    max_pool_backward,
    definition=lambda xp, x, size, stride=None: reduce(xp.maximum, _windows(x, size, stride)),
    example=_apart,
)
register(
    avg_pool,
    avg_pool_backward,
    definition=lambda xp, x, size, stride=None: sum(_windows(x, size, stride)) / size**2,
    example=_apart,
)


def _parts(operation, x, size, stride=None):
    """For each position in a window, row by row, what all windows have there: views of x."""
    stride = size if stride is None else stride
    if len(getattr(x, "shape", ())) != 4:
        raise ValueError(f"{operation}: x is {np.shape(x)}; (n, channels, height, width) is needed")
    require_whole(operation, size=size, stride=stride)
    require_room(operation, x.shape, (size, size))
    return [x[there] for there in slices(x.shape[2:], (size, size), stride)]


def flatten(x):
    """Each example as a row, from (n, ...) to (n, product), in row-major order."""
    require_floats("flatten", analytic=True, x=x)
    return np.array(x).reshape(len(x), prod(x.shape[1:]))


def flatten_backward(dy, y, x):
    """dx = dy in the shape of x: every entry has only changed its place."""
    require_upstream("flatten_backward", analytic=True, dy=dy, y=y)
    return np.array(dy).reshape(x.shape)


def _rows(xp, x):
    return x.reshape(x.shape[0], prod(x.shape[1:]))


register(flatten, flatten_backward, definition=_rows, example=lambda rng, n=5, c=2, t=3: (rng.normal(size=(n, c, t)),))


class MaxPool(Activation):
    """The maximum of each square window, as a layer without weights."""

    pool = staticmethod(max_pool)

    def __init__(self, size, stride=None):
        """Take the size and the stride of `max_pool`, whole numbers from 1 on, else ValueError."""
        super().__init__(self.pool, size=size, stride=size if stride is None else stride)
        require_whole(type(self).__name__, **self.settings)


class AvgPool(MaxPool):
    """The mean of each square window; otherwise as `MaxPool`."""

    pool = staticmethod(avg_pool)


class Flatten(Activation):
    """Each example as a row, as a layer without weights."""

    def __init__(self):
        """Nothing to choose."""
        super().__init__(flatten)
