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
from bplib.sums import ones
from bplib.windows import require_room, require_whole, through_windows


def conv1d(x, W, b, stride=1, padding=0):
    """Convolution along a sequence, y_fo = b_f + sum over c and i of W_fci x_c,(o stride + i), for each example.

    x (n, channels, length), W (filters, channels, size), b (filters,), y (n, filters, windows), where windows is
    (length + 2 padding - size) // stride + 1: ``padding`` zeros are put at both ends of x first. ValueError for other
    shapes, where the kernel has no room, and for a stride or a padding that is no whole number.
    """
    return _forward("conv1d", x, W, b, stride, padding)


def conv1d_backward(dy, y, x, W, b, stride=1, padding=0):
    """dW_fci = sum of dy_fo x_c,(o stride + i) over the batch and o, db_f = sum of dy_fo.

    dx_c,(o stride + i) is the sum of W_fci dy_fo over f and over the windows o in which that entry of x stands.
    """
    return _backward("conv1d_backward", dy, y, x, W, stride, padding)


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
    return _forward("conv2d", x, W, b, stride, padding)


def conv2d_backward(dy, y, x, W, b, stride=1, padding=0):
    """dW_fcij = sum of dy_fop x_c,(o stride + i),(p stride + j); db and dx are as in `conv1d_backward`."""
    return _backward("conv2d_backward", dy, y, x, W, stride, padding)


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


class _Windows:
    """What is made once for every x of one shape and type. Nobody outside holds the arrays in which it computes."""

    def __init__(self, shape, dtype, kernel, stride, padding):
        self.made_of = shape, dtype, kernel, stride, padding
        self.padded = *shape[:2], *(length + 2 * padding for length in shape[2:])
        self.middle = ..., *(slice(padding, padding + length) for length in shape[2:])

    def __reduce__(self):
        return type(self), self.made_of  # a copy makes arrays of its own, and views of these


class _Unfold(_Windows):
    """What each window sees, as a column that ends with a one: (n, channels * size of the kernel + 1, windows)."""

    def __init__(self, shape, dtype, kernel, stride, padding):
        super().__init__(shape, dtype, kernel, stride, padding)
        self.image = np.zeros(self.padded, dtype)
        self.seen = through_windows(self.image[:, :, *[None] * len(kernel)], kernel, stride)
        self.counts = self.seen.shape[2 + len(kernel) :]
        self.columns = np.ones((shape[0], shape[1] * prod(kernel) + 1, prod(self.counts)), dtype)

    def __call__(self, x):
        self.image[self.middle] = x
        self.columns[:, :-1].reshape(self.seen.shape)[...] = self.seen
        return self.columns


class _Fold(_Windows):
    """Where the gradients of columns come together: an image for each position in a window, zero where none is.

    They are put there in one pass over the memory, and added up in another. With a single image each position would
    need a pass of its own, along rows that are short.
    """

    def __init__(self, shape, dtype, kernel, stride, padding):
        super().__init__(shape, dtype, kernel, stride, padding)
        images = np.zeros((*shape[:2], *kernel, *self.padded[2:]), dtype)
        self.seen = through_windows(images, kernel, stride)
        self.images = images.reshape(*shape[:2], prod(kernel), prod(self.padded[2:]))
        self.ones = ones(prod(kernel), images.dtype)


def _convolve(x, W, b, unfold):
    joined = np.concatenate([W.reshape(len(W), -1), b[:, None]], axis=1)  # b is the weight of the ones
    columns = unfold(x)
    return (joined @ columns).reshape(len(x), len(W), *unfold.counts), columns


def _weight_gradients(dy, columns, W):
    dy = dy.reshape(len(dy), len(W), columns.shape[2])
    joined = np.add.reduce(dy @ columns.swapaxes(1, 2), axis=0)
    return joined[:, :-1].reshape(W.shape), joined[:, -1]


def _input_gradient(dy, W, fold):
    dcolumns = W.reshape(len(W), -1).T @ dy.reshape(len(dy), len(W), prod(dy.shape[2:]))
    fold.seen[...] = dcolumns.reshape(fold.seen.shape)  # each goes back to where it was seen
    dpadded = fold.ones @ fold.images  # windows overlap, and their gradients add up
    return dpadded.reshape(fold.padded)[fold.middle]


def _forward(operation, x, W, b, stride, padding):
    _require_fit(operation, x, W, b, stride, padding)
    return _convolve(x, W, b, _Unfold(x.shape, x.dtype, W.shape[2:], stride, padding))[0]


def _backward(operation, dy, y, x, W, stride, padding):
    require_upstream(operation, analytic=True, dy=dy, y=y)
    windows = W.shape[2:], stride, padding
    dW, db = _weight_gradients(dy, _Unfold(x.shape, x.dtype, *windows)(x), W)
    return _input_gradient(dy, W, _Fold(x.shape, np.result_type(dy, W), *windows)), dW, db


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
        self._fit = self._unfold = self._fold = None

    def predict(self, x):
        """Return the convolution of x with W, plus b."""
        return self.convolve(x, self.params["W"], self.params["b"], self.stride, self.padding)

    def forward(self, x):
        """Return the convolution, and remember its columns, so that the backward needs not collect them again."""
        self._saved, W, b = None, self.params["W"], self.params["b"]
        fit = _layout(x, W, b), self.stride, self.padding
        if fit != self._fit:  # what has passed the door once need not stop there at every step of a training
            _require_fit(self.convolve.__name__, x, W, b, self.stride, self.padding)
            self._unfold = _Unfold(x.shape, x.dtype, W.shape[2:], self.stride, self.padding)
            self._fit, self._fold = fit, None
        self._saved = _convolve(x, W, b, self._unfold)
        return self._saved[0]

    def backward(self, dy):
        """Set the gradients of W and b, and return dx. ValueError before the first forward."""
        self.set_grads(dy)
        W, (shape, _, *windows) = self.params["W"], self._unfold.made_of
        if self._fold is None or self._fold.images.dtype != np.result_type(dy, W):
            self._fold = _Fold(shape, np.result_type(dy, W), *windows)
        return _input_gradient(dy, W, self._fold)

    def set_grads(self, dy):
        """Set the gradients of W and b: those of the pure backward."""
        y, columns = require_forward(self)
        require_same_shape(f"{type(self).__name__}.backward", dy=dy, y=y)
        self.grads["W"][...], self.grads["b"][...] = _weight_gradients(dy, columns, self.params["W"])


class Conv2d(Conv1d):
    """A convolution over an image, with square kernels; otherwise as `Conv1d`."""

    axes, convolve = 2, staticmethod(conv2d)


def _layout(*arrays):
    return [isinstance(array, np.ndarray) and (array.shape, array.dtype) for array in arrays]


def _require_fit(operation, x, W, b, stride, padding):
    require_floats(operation, analytic=True, x=x, W=W, b=b)
    axes = ("length", "size") if operation == "conv1d" else ("height, width", "rows, columns")
    x, W, b = np.shape(x), np.shape(W), np.shape(b)
    if not len(x) == len(W) == (3 if operation == "conv1d" else 4) or x[1] != W[1] or b != W[:1]:
        needed = "(n, channels, {}), (filters, channels, {}) and (filters,)".format(*axes)
        raise ValueError(f"{operation}: x is {x}, W is {W} and b is {b}; needed are {needed}")
    require_whole(operation, stride=stride, padding=padding)
    require_room(operation, x, W[2:], padding)
