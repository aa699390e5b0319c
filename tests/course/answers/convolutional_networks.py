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


def reader_of(strides, filters, epochs, rate, dtype=float):
    """A network of two convolutions as products of matrices, its filters as rows; no pooling, so strides do that."""

    def columns(x, stride):
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))[:, :, ::stride, ::stride]
        return windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(x), *windows.shape[2:4], -1)

    def back(parts, shape, stride):
        dx, (n, rows, cols, _) = np.zeros(shape, dtype=parts.dtype), parts.shape
        parts = parts.reshape(n, rows, cols, shape[1], 3, 3).transpose(4, 5, 0, 3, 1, 2)
        for i, j in np.ndindex(3, 3):
            down, right = (slice(k, k + stride * (m - 1) + 1, stride) for k, m in ((i, rows), (j, cols)))
            dx[:, :, down, right] += parts[i, j]
        return dx

    def forward(params, X):
        x, kept = np.pad(np.reshape(X, (-1, 1, 8, 8)) / 16, [(0, 0), (0, 0), (1, 1), (1, 1)]).astype(dtype), []
        for k, stride in enumerate(strides):
            W = params[f"filters {k}"].astype(dtype)
            seen = columns(x, stride)
            y = np.maximum(seen @ W.reshape(len(W), -1).T + params[f"bias {k}"].astype(dtype), 0).transpose(0, 3, 1, 2)
            kept.append((x.shape, seen, y, W, stride))
            x = y
        return kept, x.reshape(len(x), -1) @ params["last"].astype(dtype) + params["last bias"].astype(dtype)

    def loss_and_gradients(params, X, y):
        kept, z = forward(params, X)
        z = z - z.max(axis=1, keepdims=True)
        logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        n, d = len(z), np.exp(logs)
        d[np.arange(n), y] -= 1
        d /= n
        grads = {"last": kept[-1][2].reshape(n, -1).T @ d, "last bias": d.sum(0)}
        d = (d @ params["last"].astype(dtype).T).reshape(kept[-1][2].shape)
        for k in (1, 0):
            shape, seen, y_k, W, stride = kept[k]
            d = (d * (y_k > 0)).transpose(0, 2, 3, 1)
            rows = d.reshape(-1, len(W))
            grads[f"filters {k}"] = (rows.T @ seen.reshape(len(rows), -1)).reshape(W.shape)
            grads[f"bias {k}"] = rows.sum(axis=0)
            if k:
                d = back(d @ W.reshape(len(W), -1), shape, stride)
        return -logs[np.arange(n), y].mean(), grads

    def reader(X, y, rng):
        a, b = filters
        left = 10
        for stride in strides:
            left = (left - 3) // stride + 1
        params = {
            "filters 0": rng.normal(size=(a, 1, 3, 3)) / 2, "bias 0": np.zeros(a),
            "filters 1": rng.normal(size=(b, a, 3, 3)) / np.sqrt(4.5 * a), "bias 1": np.zeros(b),
            "last": rng.normal(size=(b * left * left, 10)) / np.sqrt(b * left * left), "last bias": np.zeros(10),
        }  # fmt: skip
        m, v, step = ({name: np.zeros(p.shape) for name, p in params.items()} for _ in "mv"), None, 0
        m, v = m
        bordered = np.pad(X.reshape(-1, 8, 8), [(0, 0), (1, 1), (1, 1)])
        ways = np.stack([bordered[:, i : i + 8, j : j + 8] for i, j in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))])
        for epoch in range(epochs):
            images, order = ways[rng.integers(5, size=len(X)), np.arange(len(X))], rng.permutation(len(X))
            for start in range(0, len(X), 32):
                rows = order[start : start + 32]
                grads, step = loss_and_gradients(params, images[rows], y[rows])[1], step + 1
                for name, g in grads.items():
                    m[name], v[name] = 0.9 * m[name] + 0.1 * g, 0.999 * v[name] + 0.001 * g * g
                    mean, size = m[name] / (1 - 0.9**step), np.sqrt(v[name] / (1 - 0.999**step))
                    params[name] = params[name] - rate * (1 - epoch / epochs) * mean / (size + 1e-8)
        return params, loss_and_gradients, lambda params, X: [int(row.argmax()) for row in forward(params, X)[1]]

    return reader


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
    "moved-digits": [
        reader_of(strides=(1, 2), filters=(12, 24), epochs=15, rate=0.01),
        reader_of(strides=(1, 1), filters=(8, 12), epochs=10, rate=0.01, dtype=np.float32),
    ],
}

TURNED = {
    "turn-windows": [
        lambda m, k, padding, stride: len(range(0, m + 2 * padding - k + 1, stride)),
        lambda m, k, padding, stride: int((m + 2 * padding - k) / stride) + 1,
    ],
}
