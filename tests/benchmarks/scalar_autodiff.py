"""Automatic differentiation, one number at a time: a small network, and a chain of a million operations."""

import numpy as np

from .digits_data import weights
from .harness import Case, Row

# Numbers: a network 2-16-16-1 with ReLU, one number at a time, on 100 points.


def points():
    """100 points in the square, their targets, and a list of (W, b) with W (n_in, n_out)."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(100, 2))
    start = weights((2, 16, 16, 1), float)
    return X, np.where(X[:, 0] * X[:, 1] > 0, 1.0, -1.0), start


def scalar_network(value, relu, backward):
    """Value and gradient of the mean squared error, by an engine with this kind of value, relu and backward."""
    X, y, start = points()
    rows, targets = X.tolist(), y.tolist()
    neurons = [
        [([value(w) for w in column], value(bias)) for column, bias in zip(W.T.tolist(), b.tolist(), strict=True)]
        for W, b in zip(start[::2], start[1::2], strict=True)
    ]
    params = [p for layer in neurons for column, bias in layer for p in (*column, bias)]

    def network(x):
        for layer in neurons:
            z = [sum((w * xi for w, xi in zip(column, x, strict=True)), bias) for column, bias in layer]
            x = z if layer is neurons[-1] else [relu(zi) for zi in z]
        return x[0]

    def value_and_gradient():
        loss = sum((network(x) - t) ** 2 for x, t in zip(rows, targets, strict=True)) * (1 / len(rows))
        backward(loss, params)
        return loss.data, np.array([p.grad for p in params])

    return value_and_gradient


def scalar_bplib():
    """bplib.autodiff, one Value for each number."""
    from bplib import autodiff

    return scalar_network(autodiff.Value, lambda z: autodiff.maximum(z, 0.0), lambda loss, params: loss.backward())


def scalar_micrograd():
    """micrograd's engine."""
    from micrograd.engine import Value

    def backward(loss, params):
        for p in params:
            p.grad = 0
        loss.backward()

    return scalar_network(Value, lambda z: z.relu(), backward)


def scalar_by_hand():
    """The same gradient by hand, with arrays: what the engines are judged by."""
    X, y, (W1, b1, W2, b2, W3, b3) = points()

    def value_and_gradient():
        a1 = np.maximum(X @ W1 + b1, 0)
        a2 = np.maximum(a1 @ W2 + b2, 0)
        error = (a2 @ W3 + b3)[:, 0] - y
        d3 = (2 / len(y)) * error[:, None]
        d2 = d3 @ W3.T * (a2 > 0)
        d1 = d2 @ W2.T * (a1 > 0)
        pairs = (X, d1), (a1, d2), (a2, d3)
        return np.mean(error**2), np.concatenate([np.vstack([x.T @ d, d.sum(0)]).T.ravel() for x, d in pairs])

    return value_and_gradient


# A chain: half a million times y <- y a + b, with derivatives that stay near 1.

CHAIN = 500_000


def chain(value, run_backward, data, a=1.0 - 1e-6, b=1e-6):
    """Value of the end of a chain of a million operations, and its derivative by the start."""

    def value_and_derivative():
        y = x = value(0.5)
        for _ in range(CHAIN):
            y = y * a + b
        run_backward(y)
        return data(y), data(x.grad)

    return value_and_derivative


def chain_bplib():
    """bplib.autodiff."""
    from bplib.autodiff import Value

    return chain(Value, Value.backward, lambda v: getattr(v, "data", v))


def chain_torch():
    """PyTorch."""
    import torch

    torch.set_num_threads(1)

    def leaf(number):
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    return chain(leaf, torch.Tensor.backward, lambda v: v.item())


def chain_by_hand(a=1.0 - 1e-6, b=1e-6):
    """The same in plain numbers."""

    def value_and_derivative():
        y, slope = 0.5, 1.0
        for _ in range(CHAIN):
            y = y * a + b
            slope = slope * a
        return y, slope

    return value_and_derivative


TABLES = [
    Row(
        "Scalar autodiff",
        "Value and gradient of a network 2-16-16-1 on 100 points, one number at a time; by hand is NumPy on arrays.",
        [
            Case(
                "2-16-16-1, 100 points",
                {"bplib": scalar_bplib, "micrograd": scalar_micrograd, "by hand": scalar_by_hand},
                rounds=7,
                seconds=0.0,
            )
        ],
    ),
    Row(
        "A deep chain",
        "Half a million times y a + b, then its derivative; by hand in plain numbers. micrograd recurses too deep.",
        [
            Case(
                "a million operations",
                {"by hand": chain_by_hand, "bplib": chain_bplib, "PyTorch": chain_torch},
                calls=1,
                rounds=3,
                seconds=0.0,
            )
        ],
    ),
]
