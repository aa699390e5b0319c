"""Long short-term memory: a recurrent network whose cells can hold a value, and its gradient, over many steps.

Batch first: x is (n, T, d), the state m wide. Sources: Hochreiter, Schmidhuber, Long short-term memory, Neural
Computation 9 (1997); Gers, Schmidhuber, Cummins, Learning to forget, Neural Computation 12 (2000), for the forget gate.
"""

import numpy as np

from bplib.operations import register, require_upstream
from bplib.recurrent import Recurrent
from bplib.sequences import after, draw_example, each_step, require_shapes, steps_first, weight_gradients


def lstm_step(x, h, c, Wx, Wh, b):
    """One step of long short-term memory, c' = f c + i g and h' = o tanh(c'): a cell that gates write, keep and read.

    i, f, o = sigmoid and g = tanh of the parts of x Wx + h Wh + b, which stand side by side in the order i, f, g, o,
    as in PyTorch. x (n, d), h and c (n, m), Wx (d, 4m), Wh (m, 4m), b (4m,), else ValueError. Returns the state, h'
    above c', as one array (2, n, m): h, c = lstm_step(...).
    """
    require_shapes("lstm_step", "(n, d), (n, m), (n, m), (d, 4m), (m, 4m), (4m,)", x=x, h=h, c=c, Wx=Wx, Wh=Wh, b=b)
    return lstm(x[:, None], h, c, Wx, Wh, b)[:, :, 0]  # a sequence of one step


def lstm_step_backward(dstate, state, x, h, c, Wx, Wh, b):
    """dx, dh, dc, dWx, dWh, db: `lstm_backward` of one step; dstate is dh' above dc', (2, n, m)."""
    require_upstream("lstm_step_backward", dstate=dstate, state=state)
    dx, *others = _lstm_backward(dstate[:, :, None], state[:, :, None], x[:, None], h, c, Wx, Wh, b)
    return dx[:, 0], *others


def _lstm_step(xp, x, h, c, Wx, Wh, b):
    z = x @ Wx + h @ Wh + b
    m = h.shape[1]
    i, f, o = (1 / (1 + xp.exp(-z[:, k * m : (k + 1) * m])) for k in (0, 1, 3))
    g = xp.tanh(z[:, 2 * m : 3 * m])
    c = f * c + i * g
    return xp.stack([o * xp.tanh(c), c], axis=0)


register(
    lstm_step,
    lstm_step_backward,
    definition=_lstm_step,
    example=lambda rng, n=5, d=3, m=2: draw_example(rng, (n, d), n, m, states=2, parts=4),
    wrt=(0, 1, 2, 3, 4, 5),
)


def lstm(x, h0, c0, Wx, Wh, b):
    """All states of long short-term memory: `lstm_step` for each of the T steps, with one set of weights.

    x (n, T, d), h0 and c0 (n, m), Wx (d, 4m), Wh (m, 4m), b (4m,), else ValueError. Returns all hidden above all cell
    states as one array (2, n, T, m): h, c = lstm(...).
    """
    _, h, c, _ = _lstm_states(x, h0, c0, Wx, Wh, b)
    return np.stack([h[1:].swapaxes(0, 1), c[1:].swapaxes(0, 1)])


def lstm_backward(dstate, state, x, h0, c0, Wx, Wh, b):
    """Backpropagation through time: dx, dh0, dc0, dWx, dWh, db; dstate is dh above dc, both (n, T, m), from outside.

    With dh_t and dc_t what arrives from outside and from step t + 1, dc_t += dh_t o (1 - tanh(c_t)^2), and then
    di = dc_t g, df = dc_t c_(t-1), dg = dc_t i, do = dh_t tanh(c_t), each times the slope of its sigmoid or tanh, are
    dz_t; step t - 1 gets dc_t f and dz_t Wh^T. Because f stands alone in dc_t f, a cell can keep its gradient for long.
    """
    require_upstream("lstm_backward", dstate=dstate, state=state)
    return _lstm_backward(dstate, state, x, h0, c0, Wx, Wh, b)


def lstm_gates(x, h0, c0, Wx, Wh, b):
    """The gates i, f, o and what is offered to the cell, g, of all steps: i, f, g, o = lstm_gates(...), each (n, T, m).

    They are what `lstm` with the same arguments computes on its way, to be looked at; ValueError as there.
    """
    *_, gates = _lstm_states(x, h0, c0, Wx, Wh, b)
    return gates.transpose(1, 2, 0, 3).copy()


def _lstm_backward(dstate, state, x, h0, c0, Wx, Wh, b):
    x, h, c, (dh, dc) = steps_first(x), after(h0, state[0]), after(c0, state[1]), map(steps_first, dstate)
    # The gates are not among the outputs; with every h known, one product brings them all back.
    z = each_step(x, Wx) + each_step(h[:-1], Wh) + b
    half = _HALF.astype(z.dtype)
    gates = _gates(z * np.repeat(half, len(Wh)), half)
    dz, dh0, dc0 = _lstm_through_time(dh, dc, c, gates, Wh)
    return steps_first(each_step(dz, Wx.T)), dh0, dc0, *weight_gradients(dz, x, h)


def _lstm_states(x, h0, c0, Wx, Wh, b):
    shapes = "(n, T, d), (n, m), (n, m), (d, 4m), (m, 4m), (4m,)"
    require_shapes("lstm", shapes, x=x, h0=h0, c0=c0, Wx=Wx, Wh=Wh, b=b)
    x, half = steps_first(x), _HALF.astype(np.result_type(x, h0, c0, Wx, Wh, b))
    Wx, Wh, b = (weights * np.repeat(half, len(Wh)) for weights in (Wx, Wh, b))
    z = each_step(x, Wx)  # one product for all steps: only what h adds has to wait for its turn
    z += b
    gates = z.reshape(len(x), 4, *h0.shape)  # those of a step take the place of its z
    h, c = np.empty((2, len(x) + 1, *h0.shape), z.dtype)
    h[0], c[0] = h0, c0
    for t in range(len(x)):
        i, f, g, o = _gates(z[t] + h[t].dot(Wh), half, out=gates[t])
        np.add(f * c[t], i * g, out=c[t + 1])
        np.multiply(o, np.tanh(c[t + 1]), out=h[t + 1])
    return x, h, c, gates


def _lstm_through_time(dh, dc, c, gates, Wh):
    dz = np.empty((*dh.shape[:2], len(Wh.T)), gates.dtype)
    dgates, Wh_T = _by_gate(dz), Wh.T.copy()
    dh_later = dc_later = np.zeros_like(c[0])
    for t in reversed(range(len(gates))):
        i, f, g, o = gates[t]
        tanh_c = np.tanh(c[t + 1])
        dh_t = dh[t] + dh_later
        dc_t = dc[t] + dc_later + dh_t * o * (1.0 - tanh_c * tanh_c)
        slope = gates[t] * (1.0 - gates[t])
        slope[2] = 1.0 - g * g
        np.multiply(slope, (dc_t * g, dc_t * c[t], dc_t * i, dh_t * tanh_c), out=dgates[t])
        dh_later, dc_later = dz[t].dot(Wh_T), dc_t * f
    return dz, dh_later, dc_later


# sigmoid(z) = (1 + tanh(z/2)) / 2: it never overflows, and one tanh serves all four gates. Products need the gates side
# by side, (n, 4m), and everything else is faster with each in one block of memory, (4, n, m).
_HALF = np.array([0.5, 0.5, 1.0, 0.5]).reshape(4, 1, 1)


def _gates(z, half, out=None):
    """The gates (..., 4, n, m) of z (..., n, 4m), of which the sigmoids have z/2."""
    gates = np.tanh(_by_gate(z), out=out)
    gates *= half
    gates += 1.0 - half
    return gates


def _by_gate(z):
    """A view (..., 4, n, m) of z (..., n, 4m)."""
    return z.reshape(*z.shape[:-1], 4, z.shape[-1] // 4).swapaxes(-3, -2)


def _lstm(xp, x, h0, c0, Wx, Wh, b):
    state, states = (h0, c0), []
    for t in range(x.shape[1]):
        state = _lstm_step(xp, x[:, t], state[0], state[1], Wx, Wh, b)
        states.append(state)
    return xp.stack(states, axis=2)


register(
    lstm,
    lstm_backward,
    definition=_lstm,
    example=lambda rng, n=5, t=3, d=4, m=2: draw_example(rng, (n, t, d), n, m, states=2, parts=4),
    wrt=(0, 1, 2, 3, 4, 5),
)


class LSTM(Recurrent):
    """Long short-term memory with its own weights: sequences (n, T, n_in) to hidden states (n, T, n_hidden).

    The state before the first step is zero, unless `carry` says otherwise. The bias of the forget gate starts at 1, so
    that a cell keeps most of what it holds until it has learned what to forget; at 0 it would lose half at every step,
    and half of the gradient on the way back. Source: Jozefowicz, Zaremba, Sutskever, ICML (2015).
    """

    states, parts = 2, 4

    def __init__(self, n_in, n_hidden, rng):
        """Draw the weights from rng, a numpy.random.Generator; n_in and n_hidden are at least 1, else ValueError."""
        super().__init__(n_in, n_hidden, rng)
        self.params["b"][n_hidden : 2 * n_hidden] = 1.0

    def _run(self, x):
        return _lstm_states(x, *self._start(x), **self.params)

    def _through_time(self, dh):
        # The gates that the forward has saved spare the product that `lstm_backward` spends on them.
        _, _, c, gates = self._saved
        dc = np.zeros((len(dh), 1, 1), dh.dtype)  # nobody but the network itself looks at its cells
        return _lstm_through_time(dh, dc, c, gates, self.params["Wh"])[0]
