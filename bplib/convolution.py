"""Convolution: one small set of weights for every place of a sequence or an image.

Arrays are (n, channels, length) or (n, channels, height, width). As in every framework the kernel is not flipped, which
makes it a cross-correlation. What each window sees becomes a column, so that one product of matrices does the rest.
Sources: LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998);
for the product of matrices, Chellapilla, Puri, Simard, High performance convolutional neural networks for document
processing, IWFHR (2006).
"""

from math import prod

import numpy as np

from bplib.initializers import he
from bplib.layers import require_forward
from bplib.operations import register, require_floats, require_generator, require_same_shape, require_upstream
from bplib.windows import require_room, require_whole, slices


def conv1d(x, W, b, stride=1, padding=0):
    """Convolution along a sequence, y_fo = b_f + sum over c and i of W_fci x_c,(o stride + i), for each example.

    x (n, channels, length), W (filters, channels, size), b (filters,), y (n, filters, windows), where windows is
    (length + 2 padding - size) // stride + 1: ``padding`` zeros are put at both ends of x first. ValueError for other
    shapes, where the kernel has no room, and for a stride or a padding that is no whole number.
    """
    return _convolve("conv1d", x, W, b, stride, padding)[0]


def conv1d_backward(dy, y, x, W, b, stride=1, padding=0):
    """dW_fci = sum of dy_fo x_c,(o stride + i) over the batch and o, db_f = sum of dy_fo.

    dx_c,(o stride + i) is the sum of W_fci dy_fo over f and over the windows o in which that entry of x stands.
    """
    return _convolve_backward("conv1d_backward", dy, y, x, W, stride, padding)


def _conv1d(xp, x, W, b, stride=1, padding=0):
    x = xp.pad(x, [(0, 0), (0, 0), (padding, padding)])
    size = W.shape[2]
    end = x.shape[2] - size + 1  # where no window starts any more
    return b[:, None] + sum(
        xp.sum(x[:, None, :, i : end + i : stride] * W[None, :, :, i, None], axis=2) for i in range(size)
    )


def _sequences(rng, n=5, filters=4, c=3, size=2, length=7):
    return rng.normal(size=(n, c, length)), rng.normal(size=(filters, c, size)), rng.normal(size=filters), 2, 1


register(conv1d, conv1d_backward, definition=_conv1d, example=_sequences, wrt=(0, 1, 2))


def conv2d(x, W, b, stride=1, padding=0):
    """Convolution over an image, y_fop = b_f + sum of W_fcij x_c,(o stride + i),(p stride + j) over c, i and j.

    x (n, channels, height, width), W (filters, channels, rows, columns), b (filters,); all else is as in `conv1d`.
    """
    return _convolve("conv2d", x, W, b, stride, padding)[0]


def conv2d_backward(dy, y, x, W, b, stride=1, padding=0):
    """dW_fcij = sum of dy_fop x_c,(o stride + i),(p stride + j); db and dx are as in `conv1d_backward`."""
    return _convolve_backward("conv2d_backward", dy, y, x, W, stride, padding)


def _conv2d(xp, x, W, b, stride=1, padding=0):
    x = xp.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    rows, columns = W.shape[2:]
    end, right = x.shape[2] - rows + 1, x.shape[3] - columns + 1
    return b[:, None, None] + sum(
        xp.sum(x[:, None, :, i : end + i : stride, j : right + j : stride] * W[None, :, :, i, j, None, None], axis=2)
        for i in range(rows)
        for j in range(columns)
    )


def _images(rng, n=5, filters=8, c=2, rows=3, columns=4, h=6, w=7):
    return rng.normal(size=(n, c, h, w)), rng.normal(size=(filters, c, rows, columns)), rng.normal(size=filters), 3, 1


register(conv2d, conv2d_backward, definition=_conv2d, example=_images, wrt=(0, 1, 2))


# Along any number of axes, as one product of matrices


def _columns(x, W, stride, padding):
    """What each window sees, (n, channels * size of the kernel, number of windows), and how many stand on each axis."""
    padded, kernel = x, W.shape[2:]
    if padding:
        padded, middle = _bordered(x, padding, x.dtype)
        middle[...] = x
    there_in_all = slices(padded.shape[2:], kernel, stride)
    windows = padded[there_in_all[0][1]].shape[2:]
    columns = np.empty((*x.shape[:2], *kernel, *windows), x.dtype)
    for at, there in there_in_all:
        columns[at] = padded[there]
    return columns.reshape(len(x), prod(W.shape[1:]), prod(windows)), windows


def _convolve(operation, x, W, b, stride, padding):
    _require_fit(operation, x, W, b, stride, padding)
    columns, windows = _columns(x, W, stride, padding)
    y = np.matmul(W.reshape(len(W), -1), columns, dtype=np.result_type(x, W, b))
    y += b[:, None]
    return y.reshape(len(x), len(W), *windows), x, columns


def _weight_gradients(dy, columns, W):
    dy = dy.reshape(len(dy), len(W), columns.shape[2])
    dW = np.add.reduce(dy @ columns.swapaxes(1, 2), axis=0)
    return dW.reshape(W.shape), np.add.reduce(np.add.reduce(dy, axis=0), axis=1)


def _input_gradient(dy, x, W, stride, padding):
    dcolumns = W.reshape(len(W), -1).T @ dy.reshape(*dy.shape[:2], prod(dy.shape[2:]))
    dcolumns = dcolumns.reshape(len(dy), *W.shape[1:], *dy.shape[2:])
    dpadded, dx = _bordered(x, padding, dcolumns.dtype)
    for at, there in slices(dpadded.shape[2:], W.shape[2:], stride):
        dpadded[there] += dcolumns[at]  # windows overlap, and their gradients add up
    return dx


def _convolve_backward(operation, dy, y, x, W, stride, padding):
    require_upstream(operation, analytic=True, dy=dy, y=y)
    return _input_gradient(dy, x, W, stride, padding), *_weight_gradients(dy, _columns(x, W, stride, padding)[0], W)


def _bordered(x, padding, dtype):  # zeros, and the view of their middle, which is shaped like x
    whole = np.zeros((*x.shape[:2], *(length + 2 * padding for length in x.shape[2:])), dtype)
    return whole, whole[(..., *(slice(padding, padding + length) for length in x.shape[2:]))]


class Conv1d:
    """A convolution along a sequence with its own kernels W, which suit a relu, and b, which starts at zero."""

    axes, convolve = 1, staticmethod(conv1d)

    def __init__(self, channels, filters, size, rng, stride=1, padding=0):
        """Draw W by `initializers.he` from the generator rng; all else are whole numbers, else ValueError."""
        require_generator(type(self).__name__, rng)
        require_whole(
            type(self).__name__, channels=channels, filters=filters, size=size, stride=stride, padding=padding
        )
        shape, area = (filters, channels, *[size] * self.axes), size**self.axes
        self.params = {"W": he(rng, shape, channels * area, filters * area), "b": np.zeros(filters)}
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}
        self.stride, self.padding, self._saved = stride, padding, None

    def predict(self, x):
        """Return the convolution of x with W, plus b."""
        return self.convolve(x, self.params["W"], self.params["b"], self.stride, self.padding)

    def forward(self, x):
        """Return the convolution, and remember its columns, so that the backward needs not collect them again."""
        self._saved = None  # the old columns are large, and give their memory to the new ones
        self._saved = _convolve(self.convolve.__name__, x, *self.params.values(), self.stride, self.padding)
        return self._saved[0]

    def backward(self, dy):
        """Set the gradients of W and b, and return dx. ValueError before the first forward."""
        self.set_grads(dy)
        return _input_gradient(dy, self._saved[1], self.params["W"], self.stride, self.padding)

    def set_grads(self, dy):
        """Set the gradients of W and b: those of the pure backward."""
        y, _, columns = require_forward(self)
        require_same_shape(f"{type(self).__name__}.backward", dy=dy, y=y)
        self.grads["W"][...], self.grads["b"][...] = _weight_gradients(dy, columns, self.params["W"])


class Conv2d(Conv1d):
    """A convolution over an image, with square kernels; otherwise as `Conv1d`."""

    axes, convolve = 2, staticmethod(conv2d)


def _require_fit(operation, x, W, b, stride, padding):
    require_floats(operation, analytic=True, x=x, W=W, b=b)
    axes = ("length", "size") if operation == "conv1d" else ("height, width", "rows, columns")
    x, W, b = np.shape(x), np.shape(W), np.shape(b)
    if not len(x) == len(W) == (3 if operation == "conv1d" else 4) or x[1] != W[1] or b != W[:1]:
        needed = "(n, channels, {}), (filters, channels, {}) and (filters,)".format(*axes)
        raise ValueError(f"{operation}: x is {x}, W is {W} and b is {b}; needed are {needed}")
    require_whole(operation, stride=stride, padding=padding)
    require_room(operation, x, W[2:], padding)
