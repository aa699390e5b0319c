"""A convolution 3x3 and a max pooling 2x2, forward and backward, on mini-batches of 32 images."""

from functools import partial

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from .harness import Case, Row


def images(dtype, channels, side, filters):
    """x (32, channels, side, side), W (filters, channels, 3, 3), b (filters,) and an upstream for padding 1."""
    rng = np.random.default_rng(0)
    shapes = (32, channels, side, side), (filters, channels, 3, 3), (filters,), (32, filters, side, side)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def without_padding(image):
    """A view (n, channels, height * width) of images (n, channels, 1 + height + 1, width)."""
    n, c, height, width = image.shape
    return as_strided(image[:, :, 1:-1], (n, c, (height - 2) * width), (*image.strides[:2], image.itemsize))


def conv_tight(*sizes):
    """Columns of patches in kept buffers and one product for each image, where no sum runs along short rows.

    An image is padded with zeros above and below only. To shift it sideways its rows are taken for one long row that is
    shifted, and what has crossed the edge is cleared. Each column ends with a one, whose weight is the bias. On the way
    back each position of the kernel has a padded image of its own, and a product with ones adds them.
    """
    x, W, b, dy = images(*sizes)
    (n, c, side, _), k, area, wide, dtype = x.shape, len(W), x[0, 0].size, x.shape[2] + 2, x.dtype
    shifted = np.zeros((3, n, c, wide, side), dtype)  # by one to the right, by nothing, by one to the left
    right, middle, left = (without_padding(image) for image in shifted)
    flat_x, flat_W, flat_dy = x.reshape(n, c, area), W.reshape(k, c * 9), dy.reshape(n, k, area)
    columns, joined = np.ones((n, c * 9 + 1, area), dtype), np.empty((k, c * 9 + 1), dtype)
    patches = sliding_window_view(shifted, side, axis=3).transpose(1, 2, 3, 0, 5, 4)
    columns_by_position, columns_T, W_T = columns[:, :-1].reshape(patches.shape), columns.transpose(0, 2, 1), flat_W.T
    y, d_each, d_joined = np.empty(flat_dy.shape, dtype), np.empty((n, *joined.shape), dtype), np.empty_like(joined)
    d_columns, apart = np.empty((n, c * 9, area), dtype), np.zeros((n, c, 3, 3, wide, wide), dtype)
    d_columns_by_position, (*outer, row, column, down, across) = d_columns.reshape(patches.shape), apart.strides
    each_in_its_place = as_strided(apart, patches.shape, (*outer, row + down, column + across, down, across))
    flat_apart, ones, total = apart.reshape(n, c, 9, wide**2), np.ones(9, dtype), np.empty((n, c, wide**2), dtype)
    dx, d_padded = np.empty_like(x), total.reshape(n, c, wide, wide)[:, :, 1:-1, 1:-1]
    result = y.reshape(dy.shape), dx, d_joined[:, :-1].reshape(W.shape), d_joined[:, -1]

    def forward_and_backward():
        middle[...] = flat_x
        right[:, :, 1:] = flat_x[:, :, :-1]
        right[:, :, ::side] = 0
        left[:, :, :-1] = flat_x[:, :, 1:]
        left[:, :, side - 1 :: side] = 0
        columns_by_position[...] = patches
        joined[:, :-1] = flat_W
        joined[:, -1] = b
        np.matmul(joined, columns, out=y)

        np.matmul(flat_dy, columns_T, out=d_each)
        np.add.reduce(d_each, axis=0, out=d_joined)
        np.matmul(W_T, flat_dy, out=d_columns)
        each_in_its_place[...] = d_columns_by_position
        np.matmul(ones, flat_apart, out=total)
        dx[...] = d_padded
        return result

    return forward_and_backward


def conv_bplib(*sizes):
    """The layer of bplib."""
    from bplib.convolution import Conv2d

    x, W, b, dy = images(*sizes)
    layer = Conv2d(W.shape[1], len(W), 3, np.random.default_rng(0), padding=1)
    layer.params = {"W": W, "b": b}
    layer.grads = {"W": np.zeros_like(W), "b": np.zeros_like(b)}

    def forward_and_backward():
        y = layer.forward(x)
        dx = layer.backward(dy)
        return y, dx, layer.grads["W"], layer.grads["b"]

    return forward_and_backward


def conv_torch(*sizes):
    """PyTorch."""
    import torch

    torch.set_num_threads(1)
    x, W, b, dy = (torch.tensor(array, requires_grad=True) for array in images(*sizes))

    def forward_and_backward():
        y = torch.nn.functional.conv2d(x, W, b, padding=1)
        return y.detach(), *torch.autograd.grad(y, (x, W, b), dy)

    return forward_and_backward


def pool_tight(*sizes):
    """The larger of each two neighbors, then of each two rows, with the images as one long row, in kept buffers."""
    *_, x = images(*sizes)
    rows, half = x.size // x.shape[-1] // 2, x.shape[-1] // 2
    wide, dx = np.empty((rows, 2, half), x.dtype), np.empty_like(x)
    d_wide, y = np.empty_like(wide), np.empty((rows, half), x.dtype)
    upstream, above = np.full_like(y, 1 / 3), np.empty(y.shape, bool)
    first, flat_wide, d_flat_wide = np.empty(wide.size, bool), wide.reshape(-1), d_wide.reshape(-1)
    (left, right), (d_left, d_right) = ((a.reshape(-1)[::2], a.reshape(-1)[1::2]) for a in (x, dx))
    (upper, lower), (d_upper, d_lower) = ((a[:, 0], a[:, 1]) for a in (wide, d_wide))
    result = y.reshape(*x.shape[:2], -1, half), dx

    def forward_and_backward():
        np.maximum(left, right, out=flat_wide)
        np.maximum(upper, lower, out=y)
        np.greater_equal(upper, lower, above)
        np.multiply(upstream, above, d_upper)
        np.subtract(upstream, d_upper, d_lower)
        np.greater_equal(left, right, first)
        np.multiply(d_flat_wide, first, d_left)
        np.subtract(d_flat_wide, d_left, d_right)
        return result

    return forward_and_backward


def pool_bplib(*sizes):
    """The layer of bplib."""
    from bplib.pooling import MaxPool

    *_, x = images(*sizes)
    layer = MaxPool(2)
    upstream = np.ones_like(x[:, :, ::2, ::2]) / 3

    def forward_and_backward():
        return layer.forward(x), layer.backward(upstream)

    return forward_and_backward


def pool_torch(*sizes):
    """PyTorch."""
    import torch

    torch.set_num_threads(1)
    x = torch.tensor(images(*sizes)[-1], requires_grad=True)
    upstream = torch.ones_like(x[:, :, ::2, ::2]) / 3

    def forward_and_backward():
        y = torch.nn.functional.max_pool2d(x, 2)
        return y.detach(), *torch.autograd.grad(y, x, upstream)

    return forward_and_backward


def cases(name, makers, types=(np.float64, np.float32)):
    """A case for each size and type."""
    return [
        Case(
            f"{name.format(channels=channels, side=side, filters=filters)}, {np.dtype(dtype).name}",
            {contestant: partial(maker, dtype, channels, side, filters) for contestant, maker in makers.items()},
            rtol=1e-4 if dtype == np.float32 else 1e-9,
        )
        for channels, side, filters in ((16, 16, 32), (1, 8, 16))
        for dtype in types
    ]


TABLES = [
    Row(
        "Convolution 3x3",
        "Forward and backward, padding 1, 32 images.",
        cases(
            "{channels} x {side} x {side}, {filters} filters",
            {"tight NumPy": conv_tight, "bplib": conv_bplib, "PyTorch": conv_torch},
        ),
    ),
    Row(
        "Max pooling 2x2",
        "Forward and backward, 32 images.",
        cases("{filters} x {side} x {side}", {"tight NumPy": pool_tight, "bplib": pool_bplib, "PyTorch": pool_torch}),
    ),
]
