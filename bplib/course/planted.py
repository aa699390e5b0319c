"""One small network, and four backwards of it with a bug in each, to be found from outside.

The network is the one of lesson 06 with a penalty on its weights: Z1 = X W1 + b1, A1 = tanh(Z1), Z2 = A1 W2 + b2, and
L = the softmax cross-entropy of Z2 + strength/2 times the sum of all squared weights. Reading the code below is one way
to find the bugs; a check of gradients finds them without.
"""

import numpy as np

from bplib.layers import l2, l2_grad
from bplib.losses import softmax_cross_entropy, softmax_cross_entropy_grad

ORDER = ("Z2", "W2", "b2", "A1", "Z1", "W1", "b1")
"""The arrays in the order in which a backward reaches them."""

STRENGTH = 0.1


def values():
    """The arrays of the forward pass by name: X, y, W1, b1, Z1, A1, W2, b2, Z2."""
    rng = np.random.default_rng(7)
    n, d, h, k = 5, 3, 4, 2
    known = {"X": rng.normal(size=(n, d)), "y": np.array([0, 1, 1, 0, 1])}
    known |= {"W1": rng.normal(size=(d, h)), "b1": rng.normal(size=h)}
    known |= {"W2": rng.normal(size=(h, k)), "b2": rng.normal(size=k)}
    return _forward(known)


def loss_from(name, array):
    """The loss when the array of this name is replaced by another, and everything behind it is computed anew.

    ValueError for a name that is not in `ORDER`, and for an array of another shape.
    """
    known = values()
    if name not in ORDER or np.shape(array) != known[name].shape:
        raise ValueError(f"loss_from: {name!r} of shape {np.shape(array)}; needed is one of {', '.join(ORDER)}")
    inputs = {key: known[key] for key in ("X", "y", "W1", "b1", "W2", "b2")}
    known = _forward(inputs | {name: np.asarray(array)})
    penalty = l2(known["W1"], STRENGTH) + l2(known["W2"], STRENGTH)
    return softmax_cross_entropy(known["Z2"], known["y"]) + penalty


def _forward(known):
    """Compute what is not known yet."""
    known = dict(known)
    known.setdefault("Z1", known["X"] @ known["W1"] + known["b1"])
    known.setdefault("A1", np.tanh(known["Z1"]))
    known.setdefault("Z2", known["A1"] @ known["W2"] + known["b2"])
    return known


def backward_a():
    """The gradients by the name of their array, as one author wrote it."""
    return _backward(first=lambda dZ2: dZ2 / dZ2.shape[1])


def backward_b():
    """The gradients by the name of their array, as a second one wrote it."""
    return _backward(slope=lambda A1: 1 - np.tanh(A1) ** 2)


def backward_c():
    """The gradients by the name of their array, as a third one wrote it."""
    return _backward(weights=lambda W2, dW2: W2 - 0.001 * dW2)


def backward_d():
    """The gradients by the name of their array, as a fourth one wrote it."""
    return _backward(decay=lambda W2: 2 * l2_grad(W2, STRENGTH))


def backward_right():
    """The gradients as they should be."""
    return _backward()


def _backward(
    first=lambda dZ2: dZ2,
    decay=lambda W2: l2_grad(W2, STRENGTH),
    weights=lambda W2, dW2: W2,
    slope=lambda A1: 1 - A1**2,
):
    known = values()
    dZ2 = first(softmax_cross_entropy_grad(known["Z2"], known["y"]))
    dW2, db2 = known["A1"].T @ dZ2 + decay(known["W2"]), dZ2.sum(axis=0)
    dA1 = dZ2 @ weights(known["W2"], dW2).T
    dZ1 = dA1 * slope(known["A1"])
    dW1, db1 = known["X"].T @ dZ1 + l2_grad(known["W1"], STRENGTH), dZ1.sum(axis=0)
    return {"Z2": dZ2, "W2": dW2, "b2": db2, "A1": dA1, "Z1": dZ1, "W1": dW1, "b1": db1}
