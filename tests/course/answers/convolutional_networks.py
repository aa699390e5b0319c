"""Right answers to the exercises of lesson 12, each written differently from the solution."""

import numpy as np

from bplib import autodiff
from bplib.autodiff import Value
from bplib.operations import find


def by_autodiff(operation, dy, settings, *inputs):
    values = [Value(x) for x in inputs]
    y = find(operation).definition(autodiff, *values, *settings)
    autodiff.sum(dy * y).backward()
    return tuple(value.grad for value in values)


def conv1d_window_by_window(dy, x, W):
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    for e in range(len(x)):
        for f in range(len(W)):
            for o in range(dy.shape[2]):
                dW[f] += dy[e, f, o] * x[e, :, o : o + W.shape[2]]
                dx[e, :, o : o + W.shape[2]] += dy[e, f, o] * W[f]
    return dx, dW, np.array([dy[:, f].sum() for f in range(len(W))])


def conv1d_by_a_flipped_filter(dy, x, W):
    size = W.shape[2]
    padded = np.pad(dy, ((0, 0), (0, 0), (size - 1, size - 1)))
    windows = np.lib.stride_tricks.sliding_window_view
    dx = np.einsum("nfki,fci->nck", windows(padded, size, axis=2), W[:, :, ::-1])
    dW = np.einsum("ncio,nfo->fci", windows(x, dy.shape[2], axis=2), dy)
    return [dx, dW, np.einsum("nfo->f", dy)]


def conv1d_by_numpys_own(dy, x, W):
    dx = [[sum(np.convolve(d, w[c]) for d, w in zip(dys, W, strict=True)) for c in range(len(xs))]
          for dys, xs in zip(dy, x, strict=True)]  # fmt: skip
    dW = [[sum(np.correlate(xs[c], dys[f], "valid") for dys, xs in zip(dy, x, strict=True)) for c in range(x.shape[1])]
          for f in range(len(W))]  # fmt: skip
    return dx, dW, dy.sum(axis=2).sum(axis=0)


def conv2d_window_by_window(dy, x, W, stride):
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    rows, columns = W.shape[2:]
    for o in range(dy.shape[2]):
        for p in range(dy.shape[3]):
            place = np.s_[:, :, stride * o : stride * o + rows, stride * p : stride * p + columns]
            dW += np.tensordot(dy[:, :, o, p], x[place], axes=(0, 0))
            dx[place] += np.tensordot(dy[:, :, o, p], W, axes=(1, 0))
    return dx, dW, dy.sum((0, 2, 3))


def conv2d_by_a_flipped_filter(dy, x, W, stride):
    """The upstream with zeros between its entries, as if there were no stride, under the filter turned around."""
    rows, columns = W.shape[2:]
    spread = np.zeros((*dy.shape[:2], x.shape[2] - rows + 1, x.shape[3] - columns + 1))
    spread[:, :, ::stride, ::stride] = dy
    edge = (0, 0), (0, 0), (rows - 1, rows - 1), (columns - 1, columns - 1)
    windows = np.lib.stride_tricks.sliding_window_view
    seen = windows(np.pad(spread, edge), (rows, columns), axis=(2, 3))
    dx = np.einsum("nfhwij,fcij->nchw", seen, W[:, :, ::-1, ::-1])
    dW = np.einsum("ncijop,nfop->fcij", windows(x, spread.shape[2:], axis=(2, 3)), spread)
    return dx, dW, spread.sum(axis=(0, 2, 3))


def pool_entry_by_entry(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for e, c, o, p in np.ndindex(dy.shape):
        best = None
        for i in range(o * stride, o * stride + size):
            for j in range(p * stride, p * stride + size):
                if best is None or x[e, c, i, j] > x[e, c, best[0], best[1]]:
                    best = i, j
        dx[e, c, best[0], best[1]] += dy[e, c, o, p]
    return dx


def pool_by_places(dy, x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    first = windows.reshape(*dy.shape, size * size).argmax(axis=-1)
    e, c, o, p = np.indices(dy.shape)
    dx = np.zeros_like(x)
    np.add.at(dx, (e, c, o * stride + first // size, p * stride + first % size), dy)
    return dx


RIGHT = {
    "conv1d-backward": [
        conv1d_window_by_window,
        conv1d_by_a_flipped_filter,
        conv1d_by_numpys_own,
    ],
    "conv2d-backward": [conv2d_window_by_window, conv2d_by_a_flipped_filter],
    "max-pool-backward": [pool_entry_by_entry, pool_by_places],
    "dx-sums": [
        lambda: {"maximum": 10, "overlapping": 10, "mean": 10, "convolution": 20},
        lambda: {
            "maximum": 10.0,
            "overlapping": np.float64(10),
            "mean": 4 * (10 / 4),
            "convolution": 10 * np.sum([[1, 2], [0, -1]]),
        },
    ],
}
