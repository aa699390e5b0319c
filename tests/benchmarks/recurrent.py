"""An LSTM and a plain recurrent network over sequences: forward, and backward through time."""

from functools import partial

import numpy as np

from .harness import Case, Row
from .tight_recurrent import lstm_tight, rnn_tight

N, T, D, M = 32, 50, 64, 64


def sequences(gates, dtype):
    """x (n, T, d), an upstream for every h_t, (n, T, m), Wx (d, gates m), Wh (m, gates m) and b."""
    rng = np.random.default_rng(0)
    shapes = (N, T, D), (N, T, M), (D, gates * M), (M, gates * M), (gates * M,)
    return [(rng.normal(size=shape) / (1 if len(shape) == 3 else 8)).astype(dtype) for shape in shapes]


def with_tight(gates, dtype):
    """Hand-written NumPy."""
    return (lstm_tight if gates == 4 else rnn_tight)(*sequences(gates, dtype))


def with_bplib(gates, dtype):
    """The layer of bplib."""
    from bplib.lstm import LSTM
    from bplib.recurrent import RNN

    x, dh, *weights = sequences(gates, dtype)
    layer = (LSTM if gates == 4 else RNN)(D, M, np.random.default_rng(0))
    layer.params = dict(zip(("Wx", "Wh", "b"), weights, strict=True))
    layer.grads = {name: np.zeros_like(p) for name, p in layer.params.items()}

    def forward_and_backward():
        h = layer.forward(x)
        return h, layer.backward(dh), *(layer.grads[name] for name in layer.params)

    return forward_and_backward


def with_torch(gates, dtype):
    """torch.nn.LSTM and torch.nn.RNN."""
    import torch

    torch.set_num_threads(1)
    x, dh, *weights = map(torch.tensor, sequences(gates, dtype))
    layer = (torch.nn.LSTM if gates == 4 else torch.nn.RNN)(D, M, batch_first=True).to(x.dtype)
    params = list(layer.parameters())
    with torch.no_grad():
        for p, weight in zip(
            params, (weights[0].T, weights[1].T, weights[2], torch.zeros_like(weights[2])), strict=True
        ):
            p.copy_(weight)
    x.requires_grad_()

    def forward_and_backward():
        h, _ = layer(x)
        dx, dWx, dWh, db, _ = torch.autograd.grad(h, (x, *params), dh)
        return h.detach(), dx, dWx.T, dWh.T, db

    return forward_and_backward


def step(xp, gates, state, x, Wx, Wh, b):
    """One step with any NumPy: the new state (h, c)."""
    h, c = state
    z = x @ Wx + h @ Wh + b
    if gates == 1:
        return xp.tanh(z), c
    i, f, g, o = (z[:, k * M : (k + 1) * M] for k in range(4))
    i, f, o = (0.5 * xp.tanh(0.5 * gate) + 0.5 for gate in (i, f, o))
    c = f * c + i * xp.tanh(g)
    return o * xp.tanh(c), c


def with_jax(gates, dtype):
    """JAX, compiled: lax.scan and its vector-Jacobian product."""
    import jax

    jax.config.update("jax_enable_x64", True)
    xp = jax.numpy
    x, dh, *weights = map(xp.array, sequences(gates, dtype))
    start = xp.zeros((N, M), dtype)

    def states(x, Wx, Wh, b):
        def body(state, x):
            state = step(xp, gates, state, x, Wx, Wh, b)
            return state, state[0]

        return xp.swapaxes(jax.lax.scan(body, (start, start), xp.swapaxes(x, 0, 1))[1], 0, 1)

    @jax.jit
    def forward_and_backward(dh, *inputs):
        h, backward = jax.vjp(states, *inputs)
        return h, *backward(dh)

    return lambda: jax.block_until_ready(forward_and_backward(dh, x, *weights))


def with_autograd(gates, dtype):
    """HIPS autograd: a loop, and its vector-Jacobian product."""
    import autograd
    import autograd.numpy as xp

    x, dh, *weights = sequences(gates, dtype)

    def states(inputs):
        x, *weights = inputs
        state, out = (np.zeros((N, M), dtype), np.zeros((N, M), dtype)), []
        for t in range(T):
            state = step(xp, gates, state, x[:, t], *weights)
            out.append(state[0])
        return xp.stack(out, axis=1)

    def forward_and_backward():
        backward, h = autograd.make_vjp(states)((x, *weights))
        return h, *backward(dh)

    return forward_and_backward


def row(title, gates):
    """The table of one kind of network."""
    makers = {
        "tight NumPy": with_tight,
        "bplib": with_bplib,
        "PyTorch": with_torch,
        "JAX jit": with_jax,
        "autograd": with_autograd,
    }
    return Row(
        title,
        f"Forward and backward through time: {N} sequences of {T} steps, {D} inputs, {M} hidden.",
        [
            Case(
                np.dtype(dtype).name,
                {name: partial(maker, gates, dtype) for name, maker in makers.items()},
                rtol=1e-9 if dtype == np.float64 else 1e-4,
            )
            for dtype in (np.float64, np.float32)
        ],
    )


TABLES = [row("LSTM", 4), row("Recurrent network", 1)]
