"""Automatic differentiation of arrays: a small network, and one large expression with broadcasting."""

from functools import partial

import numpy as np

from . import steps, tight
from .digits_data import minibatches, weights
from .harness import Case, Row

# Arrays: value and gradient of a network 64-32-10 on a mini-batch of 32.

SIZES, N = (64, 32, 10), 32


def array_by_hand():
    """The forward and the backward of `tight`."""
    x, y = minibatches(N, float)[0]
    start = weights(SIZES, float)
    _, g, _, loss_and_gradients = tight.backpropagation(start, N)
    grads = tight.views(g, [p.shape for p in start])
    return lambda: (loss_and_gradients(x, y), *grads)


def array_bplib(whole):
    """bplib.autodiff: a node for each step of a formula, or (whole) one for each operation of bplib."""
    from bplib import activations, autodiff, layers, losses
    from bplib.operations import find

    x, y = minibatches(N, float)[0]
    params = [autodiff.Value(p) for p in weights(SIZES, float)]
    linear, relu = find(layers.linear), find(activations.relu)
    cross_entropy = find(losses.softmax_cross_entropy)
    apply = autodiff.apply

    def value_and_gradient():
        W1, b1, W2, b2 = params
        if whole:
            a = apply(relu, apply(linear, x, W1, b1))
            loss = apply(cross_entropy, apply(linear, a, W2, b2), y)
        else:
            a = autodiff.maximum(x @ W1 + b1, 0.0)
            loss = cross_entropy.definition(autodiff, a @ W2 + b2, y)
        loss.backward()
        return loss.data, *(p.grad for p in params)

    return value_and_gradient


def array_torch():
    """PyTorch."""
    import torch

    torch.set_num_threads(1)
    x, y = map(torch.tensor, minibatches(N, float)[0])
    params = [torch.tensor(p, requires_grad=True) for p in weights(SIZES, float)]
    functional = torch.nn.functional

    def value_and_gradient():
        W1, b1, W2, b2 = params
        loss = functional.cross_entropy(torch.addmm(b2, torch.relu(torch.addmm(b1, x, W1)), W2), y)
        grads = torch.autograd.grad(loss, params)
        return loss.item(), *grads

    return value_and_gradient


def array_autograd():
    """HIPS autograd."""
    import autograd
    import autograd.numpy as xp

    x, y = minibatches(N, float)[0]
    params = weights(SIZES, float)
    value_and_grad = autograd.value_and_grad(partial(steps.loss_in, xp))

    def value_and_gradient():
        loss, grads = value_and_grad(params, x, y)
        return loss, *grads

    return value_and_gradient


def array_jax():
    """JAX, compiled."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    xp = jax.numpy
    x, y = map(xp.array, minibatches(N, float)[0])
    params = [xp.array(p) for p in weights(SIZES, float)]

    @jax.jit
    def value_and_grad(params, x, y):
        loss, grads = jax.value_and_grad(partial(steps.loss_in, xp))(params, x, y)
        return loss, *grads

    return lambda: jax.block_until_ready(value_and_grad(params, x, y))


# One large expression with broadcasting: L = mean(exp(-(M r - c)^2) M).


def broadcast_inputs():
    """M (1000, 200), r (200,) and c (1000, 1)."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((1000, 200), (200,), (1000, 1))]


def broadcast_loss(xp, M, r, c):
    """The expression, in any array namespace."""
    return xp.mean(xp.exp(-((M * r - c) ** 2)) * M)


def broadcast_by_hand():
    """Value and gradients in kept buffers."""
    M, r, c = broadcast_inputs()
    u, e, du, dM = (np.empty_like(M) for _ in range(4))

    def value_and_gradient():
        np.multiply(M, r, out=u)
        np.subtract(u, c, out=u)
        np.multiply(u, u, out=e)
        np.negative(e, out=e)
        np.exp(e, out=e)
        np.multiply(e, M, out=du)
        loss = np.add.reduce(du, axis=None) / M.size
        np.multiply(du, u, out=du)
        np.multiply(du, -2 / M.size, out=du)
        np.multiply(e, 1 / M.size, out=dM)
        np.multiply(du, r, out=u)
        np.add(dM, u, out=dM)
        np.multiply(du, M, out=u)
        return loss, dM, np.add.reduce(u, axis=0), -np.add.reduce(du, axis=1, keepdims=True)

    return value_and_gradient


def broadcast_bplib():
    """bplib.autodiff."""
    from bplib import autodiff

    values = [autodiff.Value(a) for a in broadcast_inputs()]

    def value_and_gradient():
        loss = broadcast_loss(autodiff, *values)
        loss.backward()
        return loss.data, *(v.grad for v in values)

    return value_and_gradient


def broadcast_torch():
    """PyTorch."""
    import torch

    torch.set_num_threads(1)
    tensors = [torch.tensor(a, requires_grad=True) for a in broadcast_inputs()]

    def value_and_gradient():
        loss = broadcast_loss(torch, *tensors)
        return loss.item(), *torch.autograd.grad(loss, tensors)

    return value_and_gradient


def broadcast_autograd():
    """HIPS autograd."""
    import autograd
    import autograd.numpy as xp

    inputs = broadcast_inputs()
    value_and_grad = autograd.value_and_grad(lambda inputs: broadcast_loss(xp, *inputs))

    def value_and_gradient():
        loss, grads = value_and_grad(inputs)
        return loss, *grads

    return value_and_gradient


TABLES = [
    Row(
        "Array autodiff",
        "Value and gradient of a network 64-32-10 on a mini-batch of 32; by hand is tight NumPy.",
        [
            Case(
                "64-32-10, 32",
                {
                    "by hand": array_by_hand,
                    "bplib": partial(array_bplib, whole=False),
                    "bplib, whole operations": partial(array_bplib, whole=True),
                    "PyTorch": array_torch,
                    "autograd": array_autograd,
                    "JAX jit": array_jax,
                },
            )
        ],
    ),
    Row(
        "A large expression with broadcasting",
        "Value and gradient of mean(exp(-(M r - c)^2) M) with M (1000, 200), r (200,), c (1000, 1).",
        [
            Case(
                "200,000 entries",
                {
                    "by hand": broadcast_by_hand,
                    "bplib": broadcast_bplib,
                    "PyTorch": broadcast_torch,
                    "autograd": broadcast_autograd,
                },
            )
        ],
    ),
]
