"""Positions: what tells a step where it stands, which attention, to which steps are a set, could not know.

Batch first: x is (n, t, d). Source: Vaswani et al., Attention is all you need, NeurIPS (2017), section 3.5.
"""

import numpy as np

from bplib.layers import require_forward
from bplib.operations import register, require_floats, require_generator, require_upstream


def add_positions(x, P):
    """Each step with the row of its place, y_t = x_t + P_t; x (n, t, d), P (length, d) of at least t rows.

    ValueError for other shapes.
    """
    require_floats("add_positions", analytic=True, x=x, P=P)
    of_x, of_P = np.shape(x), np.shape(P)
    if len(of_x) != 3 or len(of_P) != 2 or of_x[2] != of_P[1] or of_x[1] > of_P[0]:
        raise ValueError(
            f"add_positions: x is {of_x} and P is {of_P}; needed are (n, t, d) and (length, d), length at least t"
        )
    return x + P[: x.shape[1]]


def add_positions_backward(dy, y, x, P):
    """dx = dy, dP_t = sum of dy_t over the batch; the rows of P behind the last step get nothing."""
    require_upstream("add_positions_backward", analytic=True, dy=dy, y=y, x=x)
    dP = np.zeros_like(P)
    dP[: x.shape[1]] = dy.sum(axis=0)
    return dy.copy(), dP


register(
    add_positions,
    add_positions_backward,
    definition=lambda xp, x, P: x + P[: x.shape[1]],
    example=lambda rng, n=5, t=2, length=4, d=3: (rng.normal(size=(n, t, d)), rng.normal(size=(length, d))),
    wrt=(0, 1),
)


def sinusoidal_positions(length, d):
    """A table P that nobody has to learn, (length, d): P_(t, 2i) = sin(t / 10000^(2i/d)), P_(t, 2i+1) = cos of it.

    Each pair of columns is a hand of a clock, the first the fastest; to go k steps on turns every hand by an angle
    that does not depend on t. Steps count from 0. ValueError unless d is even.
    """
    if length < 1 or d < 2 or d % 2:
        raise ValueError(
            f"sinusoidal_positions: length is {length} and d is {d}; needed are at least 1 and an even number"
        )
    angles = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, d)


class Positions:
    """A table P of `length` rows, learned, drawn from a standard normal distribution as that of `layers.Embedding`.

    For the table of `sinusoidal_positions` write it into params["P"].
    """

    def __init__(self, length, d, rng):
        """Draw the table from rng, a numpy.random.Generator; length and d are at least 1, else ValueError."""
        require_generator("Positions", rng)
        if length < 1 or d < 1:
            raise ValueError(f"Positions: length is {length} and d is {d}; both need to be at least 1")
        self.params = {"P": rng.normal(size=(length, d))}
        self.grads = {"P": np.zeros((length, d))}
        self._saved = None

    def predict(self, x):
        """Return each step with the row of its place."""
        return add_positions(x, self.params["P"])

    def forward(self, x):
        """Return each step with the row of its place, and remember how many steps there were."""
        y = self.predict(x)
        self._saved = y, x
        return y

    def backward(self, dy):
        """Set the gradient of P, and return dx. ValueError before the first forward."""
        dx, self.grads["P"][...] = add_positions_backward(dy, *require_forward(self), self.params["P"])
        return dx
