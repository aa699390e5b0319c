"""Gated recurrent unit: a state that is its own memory; one gate keeps a part of it and renews the rest.

Batch first: x is (n, T, d), the state m wide. Source: Cho et al., Learning phrase representations using RNN
encoder-decoder for statistical machine translation, EMNLP (2014). There the reset gate stands before the product,
tanh(x Wx + (r h) Wh). Here it stands behind it, tanh(x Wx + r (h Wh + b)), as in PyTorch: then one product of h serves
all three parts. PyTorch has a second b beside x Wx, which is zero here.
"""

import numpy as np

from bplib.layers import require_forward
from bplib.operations import register, require_upstream
from bplib.recurrent import Recurrent
from bplib.sequences import after, draw_example, each_step, require_shapes, steps_first


def gru_step(x, h, Wx, Wh, b):
    """One step of a gated recurrent unit, h' = (1 - z) g + z h: z says what is kept, g is offered in place of the rest.

    r, z = sigmoid of their parts of x Wx + u, and g = tanh(x Wx + r u) of its part, where u = h Wh + b; the parts stand
    side by side in the order r, z, g, as in PyTorch. r is what of the state the offer may see. x (n, d), h and h'
    (n, m), Wx (d, 3m), Wh (m, 3m), b (3m,), else ValueError.
    """
    require_shapes("gru_step", "(n, d), (n, m), (d, 3m), (m, 3m), (3m,)", x=x, h=h, Wx=Wx, Wh=Wh, b=b)
    return gru(x[:, None], h, Wx, Wh, b)[:, 0]  # a sequence of one step


def gru_step_backward(dh_next, h_next, x, h, Wx, Wh, b):
    """dx, dh, dWx, dWh, db: `gru_backward` of one step."""
    require_upstream("gru_step_backward", dh_next=dh_next, h_next=h_next)
    dx, *others = _gru_backward(dh_next[:, None], h_next[:, None], x[:, None], h, Wx, Wh, b)
    return dx[:, 0], *others


def _gru_step(xp, x, h, Wx, Wh, b):
    a, u, m = x @ Wx, h @ Wh + b, h.shape[1]
    r, z = (1 / (1 + xp.exp(-(a + u)[:, k * m : (k + 1) * m])) for k in (0, 1))
    g = xp.tanh(a[:, 2 * m :] + r * u[:, 2 * m :])
    return (1 - z) * g + z * h


register(
    gru_step,
    gru_step_backward,
    definition=_gru_step,
    example=lambda rng, n=5, d=3, m=2: draw_example(rng, (n, d), n, m, parts=3),
    wrt=(0, 1, 2, 3, 4),
)


def gru(x, h0, Wx, Wh, b):
    """All states of a gated recurrent unit: `gru_step` for each of the T steps, with one set of weights.

    x (n, T, d), h0 (n, m), Wx (d, 3m), Wh (m, 3m), b (3m,), else ValueError; h is (n, T, m).
    """
    _, h, *_ = _gru_states(x, h0, Wx, Wh, b)
    return steps_first(h[1:])


def gru_backward(dh, h, x, h0, Wx, Wh, b):
    """Backpropagation through time: dx, dh0, dWx, dWh, db.

    With dh_t what arrives from outside and from step t + 1, dz = dh_t (h_(t-1) - g), dg = dh_t (1 - z) and, behind the
    tanh, dr = dg u, each times the slope of its sigmoid or tanh. What goes back through x Wx is da_t = dr, dz, dg, and
    through h Wh + b it is du_t = dr, dz, r dg: the reset gate lets less of the offer through. Step t - 1 gets
    dh_t z + du_t Wh^T. Because z stands alone in dh_t z, a state can keep its gradient for long.
    """
    require_upstream("gru_backward", dh=dh, h=h)
    return _gru_backward(dh, h, x, h0, Wx, Wh, b)


def _gru_backward(dh, h, x, h0, Wx, Wh, b):
    x, h = steps_first(x), after(h0, h)
    # The gates are not among the outputs; with every h known, one product brings them all back.
    a, u = each_step(x, Wx), each_step(h[:-1], Wh) + b
    gates = _gates(a, u)
    da, du, dh0 = _gru_through_time(steps_first(dh), h, gates, _offer(u), Wh)
    return steps_first(each_step(da, Wx.T)), dh0, *_weight_gradients(da, du, x, h)


def _gru_states(x, h0, Wx, Wh, b):
    require_shapes("gru", "(n, T, d), (n, m), (d, 3m), (m, 3m), (3m,)", x=x, h0=h0, Wx=Wx, Wh=Wh, b=b)
    x, m = steps_first(x), len(Wh)
    gates = each_step(x, Wx).astype(np.result_type(x, h0, Wx, Wh, b), copy=False)
    offers = np.empty((len(x), *h0.shape), gates.dtype)
    h = np.empty((len(x) + 1, *h0.shape), gates.dtype)
    h[0] = h0
    for t in range(len(x)):
        u = h[t] @ Wh + b
        offers[t] = u[:, 2 * m :]
        _, z, g = _parts(_gates(gates[t], u))
        np.add(g, z * (h[t] - g), out=h[t + 1])
    return x, h, gates, offers


def _gru_through_time(dh, h, gates, offers, Wh):
    da = np.empty_like(gates)
    du = np.empty_like(gates)
    later, Wh_T = np.zeros_like(h[0]), Wh.T.copy()  # a view of Wh would take longer in every product
    for t in reversed(range(len(gates))):
        r, z, g = _parts(gates[t])
        dr, dz, dg = _parts(da[t])
        dh_t = dh[t] + later
        np.multiply(dh_t * (h[t] - g), z * (1.0 - z), out=dz)
        np.multiply(dh_t * (1.0 - z), 1.0 - g * g, out=dg)
        np.multiply(dg * offers[t], r * (1.0 - r), out=dr)
        du[t] = da[t]
        _offer(du[t])[...] *= r
        later = dh_t * z + du[t].dot(Wh_T)
    return da, du, later


def _gates(a, u):
    """Turn a = x Wx (..., 3m), in place, into r, z and g, with u = h Wh + b."""
    m = a.shape[-1] // 3
    both, offer = a[..., : 2 * m], a[..., 2 * m :]
    # sigmoid(z) = (1 + tanh(z/2)) / 2: it never overflows.
    both += u[..., : 2 * m]
    both *= 0.5
    np.tanh(both, out=both)
    both *= 0.5
    both += 0.5
    offer += a[..., :m] * u[..., 2 * m :]
    np.tanh(offer, out=offer)
    return a


def _parts(gates):
    """r, z and g, or what belongs to them, as views."""
    m = gates.shape[-1] // 3
    return gates[..., :m], gates[..., m : 2 * m], gates[..., 2 * m :]


def _offer(u):
    return u[..., 2 * (u.shape[-1] // 3) :]


def _weight_gradients(da, du, x, h):
    da, du, x, before = (array.reshape(-1, array.shape[-1]) for array in (da, du, x, h[:-1]))
    return x.T @ da, before.T @ du, du.sum(axis=0)


def _gru(xp, x, h0, Wx, Wh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = _gru_step(xp, x[:, t], h, Wx, Wh, b)
        states.append(h)
    return xp.stack(states, axis=1)


register(
    gru,
    gru_backward,
    definition=_gru,
    example=lambda rng, n=5, t=3, d=4, m=2: draw_example(rng, (n, t, d), n, m, parts=3),
    wrt=(0, 1, 2, 3, 4),
)


class GRU(Recurrent):
    """A gated recurrent unit with its own weights: sequences (n, T, n_in) to hidden states (n, T, n_hidden).

    The state before the first step is zero, unless `carry` says otherwise. It has three quarters of the weights of an
    `lstm.LSTM` as wide, and no cell beside the state.
    """

    parts = 3

    def set_grads(self, dh):
        """Set the gradients of Wx, Wh and b, and return da, time first, from which dx is one product away."""
        x, h, gates, offers = require_forward(self)
        if np.shape(dh) != (shape := h[1:].swapaxes(0, 1).shape):
            raise ValueError(f"GRU.backward: dh is {np.shape(dh)}; needed is the shape of h, {shape}")
        da, du, _ = _gru_through_time(steps_first(dh), h, gates, offers, self.params["Wh"])
        for name, gradient in zip(("Wx", "Wh", "b"), _weight_gradients(da, du, x, h), strict=True):
            self.grads[name][...] = gradient
        return da

    def _run(self, x):
        return _gru_states(x, *self._start(x), **self.params)
