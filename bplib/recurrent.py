"""Recurrent networks: a state that goes from step to step, and backpropagation through time.

Batch first: x is (n, T, d), the state m wide. A layer reads whole sequences and returns the state of every step.
Sources: Elman, Finding structure in time, Cognitive Science 14 (1990); Werbos, Backpropagation through time: what it
does and how to do it, Proc. IEEE 78 (1990).
"""

from itertools import pairwise

import numpy as np

from bplib.initializers import xavier
from bplib.layers import require_forward
from bplib.operations import register, require_generator, require_upstream
from bplib.sequences import after, draw_example, each_step, require_shapes, steps_first, weight_gradients


def rnn_step(x, h, Wx, Wh, b):
    """One step of a recurrent network, h' = tanh(x Wx + h Wh + b): what it knew and what it sees, in one state.

    x (n, d), h and h' (n, m), Wx (d, m), Wh (m, m), b (m,), else ValueError.
    """
    require_shapes("rnn_step", "(n, d), (n, m), (d, m), (m, m), (m,)", x=x, h=h, Wx=Wx, Wh=Wh, b=b)
    return np.tanh(x @ Wx + h @ Wh + b)


def rnn_step_backward(dh_next, h_next, x, h, Wx, Wh, b):
    """With dz = dh' (1 - h'^2): dx = dz Wx^T, dh = dz Wh^T, dWx = x^T dz, dWh = h^T dz, db = sum of dz."""
    require_upstream("rnn_step_backward", dh_next=dh_next, h_next=h_next)
    dz = dh_next * (1.0 - h_next * h_next)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


register(
    rnn_step,
    rnn_step_backward,
    definition=lambda xp, x, h, Wx, Wh, b: xp.tanh(x @ Wx + h @ Wh + b),
    example=lambda rng, n=5, d=3, m=2: draw_example(rng, (n, d), n, m),
    wrt=(0, 1, 2, 3, 4),
)


def rnn(x, h0, Wx, Wh, b):
    """All hidden states of a recurrent network, h_t = tanh(x_t Wx + h_(t-1) Wh + b) for t = 1, ..., T.

    x (n, T, d), h0 (n, m), Wx (d, m), Wh (m, m), b (m,), else ValueError; h is (n, T, m). Every step has one set of
    weights.
    """
    _, h = _rnn_states(x, h0, Wx, Wh, b)
    return steps_first(h[1:])


def rnn_backward(dh, h, x, h0, Wx, Wh, b):
    """Backpropagation through time, from t = T back to 1: dz_t = (dh_t + dz_(t+1) Wh^T) (1 - h_t^2).

    dh_t arrives from outside and dz_(t+1) Wh^T from the step after. Then dx_t = dz_t Wx^T, dh0 = dz_1 Wh^T, and the
    weights collect over all steps: dWx = sum of x_t^T dz_t, dWh = sum of h_(t-1)^T dz_t, db = sum of dz_t.
    """
    require_upstream("rnn_backward", dh=dh, h=h)
    x, h = steps_first(x), after(h0, h)
    dz, dh0 = _rnn_through_time(steps_first(dh), h, Wh)
    return steps_first(each_step(dz, Wx.T)), dh0, *weight_gradients(dz, x, h)


def _rnn_states(x, h0, Wx, Wh, b):
    require_shapes("rnn", "(n, T, d), (n, m), (d, m), (m, m), (m,)", x=x, h0=h0, Wx=Wx, Wh=Wh, b=b)
    x = steps_first(x)
    h = np.empty((len(x) + 1, *h0.shape), np.result_type(x, h0, Wx, Wh, b))
    h[0] = h0
    np.add(each_step(x, Wx), b, out=h[1:])  # one product for all steps: only what h adds has to wait for its turn
    for before, now in pairwise(h):
        now += before.dot(Wh)
        np.tanh(now, out=now)
    return x, h


def _rnn_through_time(dh, h, Wh):
    dz = 1.0 - h[1:] * h[1:]
    later, Wh_T = np.zeros_like(h[0]), Wh.T.copy()  # a view of Wh would take longer in every product
    for t in reversed(range(len(dz))):
        dz[t] *= dh[t] + later
        later = dz[t].dot(Wh_T)
    return dz, later


def _rnn(xp, x, h0, Wx, Wh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = xp.tanh(x[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return xp.stack(states, axis=1)


register(
    rnn,
    rnn_backward,
    definition=_rnn,
    example=lambda rng, n=5, t=3, d=4, m=2: draw_example(rng, (n, t, d), n, m),
    wrt=(0, 1, 2, 3, 4),
)


# The objects that own weights


class Recurrent:
    """What RNN and LSTM have in common. Each adds how to run its states, and how to go back through them."""

    states, parts = 1, 1

    def __init__(self, n_in, n_hidden, rng):
        """Draw the weights from rng, a numpy.random.Generator; n_in and n_hidden are at least 1, else ValueError."""
        name, m = type(self).__name__, n_hidden
        require_generator(name, rng)
        if n_in < 1 or m < 1:
            raise ValueError(f"{name}: n_in is {n_in} and n_hidden is {m}; both need to be at least 1")
        # Wh multiplies the state at every step. An orthogonal matrix keeps its length, where one of Xavier's shrinks
        # most directions and stretches some, the more so the more steps: Saxe, McClelland, Ganguli, ICLR (2014).
        Wh = [np.linalg.qr(rng.normal(size=(m, m)))[0] * rng.choice([-1.0, 1.0], size=m) for _ in range(self.parts)]
        Wx = xavier(rng, (n_in, self.parts * m), n_in, m)
        self.params = {"Wx": Wx, "Wh": np.hstack(Wh), "b": np.zeros(self.parts * m)}
        self.grads = {name: np.zeros_like(p) for name, p in self.params.items()}
        self._saved = self._carried = None

    def predict(self, x):
        """Return the hidden states, (n, T, m)."""
        _, h, *_ = self._run(x)
        return steps_first(h[1:])

    def forward(self, x):
        """Return the hidden states, (n, T, m), and remember what the backward needs."""
        self._saved = self._run(x)
        _, h, *_ = self._saved
        return steps_first(h[1:])

    def backward(self, dh):
        """Set the gradients of Wx, Wh and b, and return dx. ValueError before the first forward."""
        return steps_first(each_step(self.set_grads(dh), self.params["Wx"].T))

    def set_grads(self, dh):
        """Set the gradients of Wx, Wh and b, and return dz, time first, from which dx is one product away."""
        x, h, *_ = require_forward(self)
        if np.shape(dh) != (shape := h[1:].swapaxes(0, 1).shape):
            raise ValueError(f"{type(self).__name__}.backward: dh is {np.shape(dh)}; needed is the shape of h, {shape}")
        dz = self._through_time(steps_first(dh))
        for name, gradient in zip(("Wx", "Wh", "b"), weight_gradients(dz, x, h), strict=True):
            self.grads[name][...] = gradient
        return dz

    def carry(self):
        """Let the next sequences start in the state in which those of the last forward have ended.

        The state goes on, its gradient does not: so a long sequence is learned in chunks, with backpropagation through
        time that is truncated where a chunk begins. Holds for `predict` too. ValueError before the first forward.
        """
        _, *states = require_forward(self)
        self._carried = [state[-1].copy() for state in states[: self.states]]

    def reset(self):
        """Let the next sequences start from zeros again."""
        self._carried = None

    def _start(self, x):
        n, m = np.shape(x)[:1], len(self.params["Wh"])
        if self._carried is None:
            return [np.zeros((*n, m), self.params["Wh"].dtype)] * self.states
        if n != (len(self._carried[0]),):
            raise ValueError(
                f"{type(self).__name__}: x is {np.shape(x)}, but the state that is carried belongs to "
                f"{len(self._carried[0])} sequences; needed are as many, or reset() first"
            )
        return self._carried


class RNN(Recurrent):
    """A recurrent network with its own weights: sequences (n, T, n_in) to hidden states (n, T, n_hidden).

    The state before the first step is zero, unless `carry` says otherwise.
    """

    def _run(self, x):
        return _rnn_states(x, *self._start(x), **self.params)

    def _through_time(self, dh):
        _, h = self._saved
        return _rnn_through_time(dh, h, self.params["Wh"])[0]
