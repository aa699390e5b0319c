"""The contestants of a training step: forward, the value of the loss, backward and update.

Each takes (sizes, n, dtype, update, lr) and returns three things: step(x, y), which returns the loss before the update;
params(), the list of W (n_in, n_out) and b (n_out,) in turn; and what converts x and y to its kind of array.
"""

from functools import partial
from itertools import pairwise

import numpy as np

from . import tight
from .digits_data import BETA1, BETA2, EPS, weights


def tight_numpy(sizes, n, dtype, update, lr):
    """Hand-written NumPy, see `tight`."""
    step, params = tight.training_step(weights(sizes, dtype), n, update, lr)
    return step, lambda: params, np.asarray


def with_bplib(sizes, n, dtype, update, lr):
    """Layers, a loss and an optimizer of bplib."""
    from bplib import losses, optimizers
    from bplib.activations import relu
    from bplib.layers import Activation, Linear
    from bplib.networks import Sequential
    from bplib.operations import find

    rng = np.random.default_rng(0)
    layers = [Linear(sizes[0], sizes[1], rng)]
    for n_in, n_out in pairwise(sizes[1:]):
        layers += Activation(relu), Linear(n_in, n_out, rng)
    net = Sequential(*layers).astype(dtype)
    for parameter, start in zip(net.params.values(), weights(sizes, dtype), strict=True):
        parameter[...] = start
    optimizer = getattr(optimizers, update)(lr)
    cross_entropy = find(losses.softmax_cross_entropy)

    def step(x, y):
        z = net.forward(x)
        loss, dz = cross_entropy.loss_and_grad(z, y)
        net.backward(dz)
        optimizer.step(net.params, net.grads)
        return loss

    return step, lambda: list(net.params.values()), np.asarray


def plain_numpy(sizes, n, dtype, update, lr):
    """NumPy as one writes it: an expression for each formula, a dict of parameters, one-hot targets."""
    depth = len(sizes) - 1
    start = weights(sizes, dtype)
    params = {f"{name}{i}": start[2 * i + j] for i in range(depth) for j, name in enumerate("Wb")}
    m = {name: np.zeros_like(p) for name, p in params.items()}
    v = {name: np.zeros_like(p) for name, p in params.items()}
    steps = 0

    def step(x, y):
        nonlocal steps
        a, z = [x], []
        for i in range(depth):
            z.append(a[-1] @ params[f"W{i}"] + params[f"b{i}"])
            a.append(np.maximum(z[-1], 0) if i < depth - 1 else z[-1])
        e = np.exp(z[-1] - np.max(z[-1], axis=1, keepdims=True))
        p = e / np.sum(e, axis=1, keepdims=True)
        onehot = np.eye(sizes[-1], dtype=dtype)[y]
        loss = -np.mean(np.sum(onehot * np.log(p), axis=1))
        grads = {}
        dz = (p - onehot) / len(x)
        for i in reversed(range(depth)):
            grads[f"W{i}"] = a[i].T @ dz
            grads[f"b{i}"] = np.sum(dz, axis=0)
            if i > 0:
                dz = np.where(z[i - 1] > 0, dz @ params[f"W{i}"].T, 0)
        steps += 1
        for name, g in grads.items():
            if update == "SGD":
                params[name] = params[name] - lr * g
            else:
                m[name] = BETA1 * m[name] + (1 - BETA1) * g
                v[name] = BETA2 * v[name] + (1 - BETA2) * g**2
                m_hat, v_hat = m[name] / (1 - BETA1**steps), v[name] / (1 - BETA2**steps)
                params[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + EPS)
        return loss

    return step, lambda: [params[f"{name}{i}"] for i in range(depth) for name in "Wb"], np.asarray


def torch_eager(sizes, n, dtype, update, lr):
    """torch.nn.Sequential, cross_entropy and torch.optim, as in its tutorials."""
    import torch

    torch.set_num_threads(1)
    layers = [torch.nn.Linear(sizes[0], sizes[1])]
    for n_in, n_out in pairwise(sizes[1:]):
        layers += torch.nn.ReLU(), torch.nn.Linear(n_in, n_out)
    net = torch.nn.Sequential(*layers).to(getattr(torch, np.dtype(dtype).name))
    with torch.no_grad():
        for parameter, start in zip(net.parameters(), weights(sizes, dtype), strict=True):
            parameter.copy_(torch.tensor(start.T))
    optimizer = getattr(torch.optim, update)(net.parameters(), lr=lr)

    def step(x, y):
        loss = torch.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, lambda: [p.detach().numpy().T for p in net.parameters()], torch.tensor


def loss_in(xp, params, x, y):
    """The loss as JAX and autograd differentiate it; xp is their NumPy."""
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        x = xp.maximum(x @ W + b, 0)
    z = x @ params[-2] + params[-1]
    top = xp.max(z, axis=1, keepdims=True)
    log_p = z - top - xp.log(xp.sum(xp.exp(z - top), axis=1, keepdims=True))
    return -xp.mean(log_p[xp.arange(len(y)), y])


def jax_jit(sizes, n, dtype, update, lr):
    """The whole step compiled by JAX, with donated buffers."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)  # twice as fast on networks as small as these
    xp, tree = jax.numpy, jax.tree.map
    f = partial(loss_in, xp)

    def sgd(params, state, x, y):
        loss, grads = jax.value_and_grad(f)(params, x, y)
        return tree(lambda p, g: p - lr * g, params, grads), state, loss

    def adam(params, state, x, y):
        loss, grads = jax.value_and_grad(f)(params, x, y)
        m, v, t = state
        m = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, grads)
        v = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, grads)
        t = t + 1
        c1, c2 = (1 - BETA1**t).astype(dtype), (1 - BETA2**t).astype(dtype)
        new = tree(lambda p, m, v: p - lr * (m / c1) / (xp.sqrt(v / c2) + EPS), params, m, v)
        return new, (m, v, t), loss

    compiled = jax.jit(sgd if update == "SGD" else adam, donate_argnums=(0, 1))
    params = [xp.array(start) for start in weights(sizes, dtype)]
    state = () if update == "SGD" else (tree(xp.zeros_like, params), tree(xp.zeros_like, params), xp.zeros(()))

    def step(x, y):
        nonlocal params, state
        params, state, loss = compiled(params, state, x, y)
        return loss.block_until_ready()

    return step, lambda: [np.asarray(p) for p in params], xp.array


def scikit_learn(sizes, n, dtype, update, lr):
    """MLPClassifier.partial_fit, which cuts x and y into mini-batches itself: a step is an epoch."""
    from sklearn.neural_network import MLPClassifier

    net = MLPClassifier(
        sizes[1:-1],
        solver=update.lower(),
        alpha=0.0,
        batch_size=n,
        learning_rate_init=lr,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
        epsilon=EPS,
    )
    net.partial_fit(np.zeros((n, sizes[0]), dtype), np.zeros(n, int), classes=np.arange(sizes[-1]))
    start = weights(sizes, dtype)
    for i in range(len(sizes) - 1):
        net.coefs_[i][...], net.intercepts_[i][...] = start[2 * i], start[2 * i + 1]
    del net._optimizer  # and with it what this first step has left in its moments

    def epoch(x, y):
        return net.partial_fit(x, y).loss_

    return (
        epoch,
        lambda: [array for pair in zip(net.coefs_, net.intercepts_, strict=True) for array in pair],
        np.asarray,
    )


def hips_autograd(sizes, n, dtype, update, lr):
    """HIPS autograd for the gradients, plain NumPy for the update."""
    import autograd
    import autograd.numpy as xp

    value_and_grad = autograd.value_and_grad(partial(loss_in, xp))
    params = weights(sizes, dtype)
    m, v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    steps = 0

    def step(x, y):
        nonlocal steps
        loss, grads = value_and_grad(params, x, y)
        steps += 1
        for i, g in enumerate(grads):
            if update == "SGD":
                params[i] = params[i] - lr * g
            else:
                m[i] = BETA1 * m[i] + (1 - BETA1) * g
                v[i] = BETA2 * v[i] + (1 - BETA2) * g**2
                m_hat, v_hat = m[i] / (1 - BETA1**steps), v[i] / (1 - BETA2**steps)
                params[i] = params[i] - lr * m_hat / (np.sqrt(v_hat) + EPS)
        return loss

    return step, lambda: params, np.asarray


CONTESTANTS = {
    "tight NumPy": tight_numpy,
    "bplib": with_bplib,
    "plain NumPy": plain_numpy,
    "JAX jit": jax_jit,
    "PyTorch": torch_eager,
    "scikit-learn": scikit_learn,
    "autograd": hips_autograd,
}
