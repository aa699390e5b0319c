"""Attention: each query looks at all keys at once, and takes the values where they match.

Batch first: queries (n, t, d), keys (n, s, d), values (n, s, e), one of each for every step of a sequence.
Source: Vaswani et al., Attention is all you need, NeurIPS (2017), section 3.2.
"""

import numpy as np

from bplib.activations import softmax, softmax_backward
from bplib.initializers import xavier
from bplib.layers import require_forward
from bplib.operations import register, require_floats, require_generator, require_upstream


def attention(q, k, v, mask=None):
    """Scaled dot-product attention, y = a v with a = softmax(q k^T / sqrt(d)): means of the values, weighted by match.

    q (n, t, d), k (n, s, d), v (n, s, e), y (n, t, e); the root keeps the scale of the logits, sums of d products.
    The boolean mask, (t, s) or (n, t, s), is True where a query may look. ValueError for other shapes, another kind of
    mask, and a query that has nothing to look at.
    """
    return _weights("attention", q, k, v, mask) @ v


def attention_backward(dy, y, q, k, v, mask=None):
    """dv = a^T dy, and with dz the gradient of the logits: dq = dz k / sqrt(d), dk = dz^T q / sqrt(d).

    da = dy v^T goes through the softmax, dz = a (da - sum of da a over the keys). Where the mask forbids to look, a is
    0, and so is dz.
    """
    require_upstream("attention_backward", dy=dy, y=y)
    a = _weights("attention_backward", q, k, v, mask)
    dz = softmax_backward(dy @ v.swapaxes(1, 2), a, a) / q.shape[2] ** 0.5
    return dz @ k, dz.swapaxes(1, 2) @ q, a.swapaxes(1, 2) @ dy


def _attention(xp, q, k, v, mask=None):
    e = xp.exp(q @ xp.swapaxes(k, 1, 2) / q.shape[2] ** 0.5)
    if mask is not None:
        e = e * (1 * mask)
    return (e / xp.sum(e, axis=2, keepdims=True)) @ v


register(
    attention,
    attention_backward,
    definition=_attention,
    example=lambda rng, n=5, t=2, s=3, d=4, e=6: tuple(
        rng.normal(size=shape) for shape in ((n, t, d), (n, s, d), (n, s, e))
    ),
    wrt=(0, 1, 2),
)


def causal_mask(t):
    """The mask of a sequence in which each step looks at itself and at what came before it: (t, t), boolean."""
    return np.tri(t, dtype=bool)


def _weights(operation, q, k, v, mask):
    """The attention weights a, (n, t, s)."""
    require_floats(operation, q=q, k=k, v=v)
    shapes = np.shape(q), np.shape(k), np.shape(v)
    if list(map(len, shapes)) != [3, 3, 3] or k.shape != (len(q), v.shape[1], q.shape[2]) or len(v) != len(q):
        raise ValueError(
            "{}: q is {}, k is {} and v is {}; needed are (n, t, d), (n, s, d) and (n, s, e)".format(operation, *shapes)
        )
    z = q @ k.swapaxes(1, 2) / q.shape[2] ** 0.5
    if mask is None:
        mask = np.ones(z.shape[1:], bool)
    elif np.asarray(mask).dtype != bool or np.shape(mask) not in (z.shape, z.shape[1:]):
        kind = f"{np.asarray(mask).dtype} {np.shape(mask)}"
        raise ValueError(f"{operation}: mask is {kind}; needed is bool {z.shape[1:]} or {z.shape}")
    if not np.all(np.any(mask, axis=-1)):
        raise ValueError(f"{operation}: a query has nothing to look at; each needs a key, True in its row of the mask")
    return softmax(np.where(mask, z, -np.inf))  # whose exponential is exactly 0


class Attention:
    """Self-attention, one head: sequences (n, t, n_in) to (n, t, n_out), each step a mean over what all steps hold.

    q = x Wq, k = x Wk and v = x Wv. With causal=True a step looks only at itself and at those before it, as one that
    is to predict the next has to. Steps are a set to it: their order, where it matters, must stand in x.
    """

    def __init__(self, n_in, n_out, rng, causal=False):
        """Draw the weights from rng, a numpy.random.Generator; n_in and n_out are at least 1, else ValueError."""
        require_generator("Attention", rng)
        if n_in < 1 or n_out < 1:
            raise ValueError(f"Attention: n_in is {n_in} and n_out is {n_out}; both need to be at least 1")
        self.params = {name: xavier(rng, (n_in, n_out), n_in, n_out) for name in ("Wq", "Wk", "Wv")}
        self.grads = {name: np.zeros_like(W) for name, W in self.params.items()}
        self.causal = causal
        self._saved = None

    def predict(self, x):
        """Return the mean that each step has taken, (n, t, n_out)."""
        return self._run(x)[0]

    def forward(self, x):
        """Return the mean that each step has taken, (n, t, n_out), and remember what the backward needs."""
        self._saved = self._run(x)
        return self._saved[0]

    def backward(self, dy):
        """Set the gradients of the three W, and return dx: x is query, key and value, and so gets three gradients."""
        return sum(d @ self.params[name].T for name, d in self._projection_gradients(dy).items())

    def set_grads(self, dy):
        """Set the gradients of the three W. ValueError before the first forward."""
        self._projection_gradients(dy)

    def _run(self, x):
        require_floats("Attention", x=x)
        if np.ndim(x) != 3 or np.shape(x)[2] != len(self.params["Wq"]):
            raise ValueError(f"Attention: x is {np.shape(x)}; needed is (n, t, {len(self.params['Wq'])})")
        q, k, v = (x @ W for W in self.params.values())
        mask = causal_mask(np.shape(x)[1]) if self.causal else None
        return attention(q, k, v, mask), x, q, k, v, mask

    def _projection_gradients(self, dy):
        y, x, *saved = require_forward(self)
        gradients = dict(zip(self.params, attention_backward(dy, y, *saved), strict=True))
        for name, d in gradients.items():
            self.grads[name][...] = np.tensordot(x, d, axes=((0, 1), (0, 1)))
        return gradients
