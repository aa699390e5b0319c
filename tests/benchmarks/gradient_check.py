"""What it costs to check the 5,035 derivatives of a network, in units of one forward and backward pass."""

from functools import partial

import numpy as np

from bplib import gradcheck, losses
from bplib.activations import tanh
from bplib.layers import Activation, Linear
from bplib.networks import Sequential
from bplib.operations import find

from .digits_data import pixels_and_labels
from .harness import Case, Row

N = 32


def network():
    """A network 64-67-10 with tanh and squared error, which the complex step can follow, x and y."""
    rng = np.random.default_rng(0)
    net = Sequential(Linear(64, 67, rng), Activation(tanh), Linear(67, 10, rng))
    X, y = pixels_and_labels(float)
    return net, X[:N], np.eye(10)[y[:N]]


def backward_pass():
    """The unit: loss and gradient; returns no error."""
    net, x, y = network()
    loss_and_grad = find(losses.mse).loss_and_grad

    def run():
        _, dy = loss_and_grad(net.forward(x), y)
        net.backward(dy)
        return 0.0

    return run


def unpacked(theta):
    """W and b of both layers, of one vector or of a stack of vectors."""
    W1, b1, W2, b2 = np.split(theta, (64 * 67, 65 * 67, 75 * 67), axis=-1)
    stack = theta.shape[:-1]
    return W1.reshape(*stack, 64, 67), b1, W2.reshape(*stack, 67, 10), b2


def claimed():
    """The parameters as one vector, their gradient by the backward, and the loss as a function of such a vector."""
    net, x, y = network()
    net.backward(losses.mse_grad(net.forward(x), y))

    def loss(vector):
        net.params.flat[...] = vector
        return losses.mse(net.predict(x), y)

    return net.params.flat.copy(), net.grads.flat.copy(), loss


def any_loss(vector, x, y):
    """The same loss for stacks of vectors, and for complex ones."""
    W1, b1, W2, b2 = unpacked(vector)
    error = np.tanh(x @ W1 + b1[..., None, :]) @ W2 + b2[..., None, :] - y
    return (error * error).mean(axis=(-2, -1))


def one_by_one():
    """Central differences."""
    theta, gradient, loss = claimed()
    return lambda: gradcheck.relative_error(gradient, gradcheck.central_difference(loss, theta))


def stacked():
    """Central differences, 16 entries in one call."""
    theta, gradient, _ = claimed()
    _, x, y = network()
    found = partial(gradcheck.stacked_difference, lambda stack: any_loss(stack, x, y), theta, size=16)
    return lambda: gradcheck.relative_error(gradient, found())


def complex_steps():
    """The complex step."""
    theta, gradient, _ = claimed()
    _, x, y = network()
    found = partial(gradcheck.complex_step, lambda vector: any_loss(vector, x, y), theta)
    return lambda: gradcheck.relative_error(gradient, found())


def directional():
    """Ten random directions."""
    theta, gradient, loss = claimed()
    return lambda: gradcheck.directional_error(loss, theta, gradient, np.random.default_rng(1))


def torch_gradcheck(fast):
    """torch.autograd.gradcheck, which says yes or no: 0 for yes."""
    import torch

    torch.set_num_threads(1)
    net, x, y = network()
    x, y = torch.tensor(x), torch.tensor(y)
    params = [torch.tensor(np.array(p), requires_grad=True) for p in net.params.values()]

    def loss(W1, b1, W2, b2):
        return torch.mean((torch.tanh(torch.addmm(b1, x, W1)) @ W2 + b2 - y) ** 2)

    return lambda: float(not torch.autograd.gradcheck(loss, params, fast_mode=fast))


TABLES = [
    Row(
        "Gradient check",
        f"64-67-10, tanh, squared error, {N} rows: 5,035 derivatives. The unit is one forward and backward pass; in "
        "brackets the worst relative error (PyTorch only says that it is content).",
        [
            Case(
                "all derivatives",
                {
                    "a pass": backward_pass,
                    "bplib one by one": one_by_one,
                    "bplib in stacks of 16": stacked,
                    "bplib complex step": complex_steps,
                    "bplib 10 directions": directional,
                    "PyTorch gradcheck": lambda: torch_gradcheck(fast=False),
                    "PyTorch gradcheck, fast": lambda: torch_gradcheck(fast=True),
                },
                rtol=None,
                show=lambda error: f"{error:.0e}" if error else "",
                rounds=7,
            )
        ],
    )
]
