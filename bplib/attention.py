"""Attention: each query looks at all keys at once, and takes the values where they match; in one head or in several.

Batch first: queries (n, t, d), keys (n, s, d), values (n, s, e), one of each for every step of a sequence.
Source: Vaswani et al., Attention is all you need, NeurIPS (2017), section 3.2.
"""

import numpy as np

from bplib.activations import softmax_backward
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


def multi_head_attention(q, k, v, heads, mask=None):
    """Attention of several heads: `attention` of each part of the columns by itself, and the means side by side.

    q (n, t, d), k (n, s, d), v (n, s, e), y (n, t, e); the first head has the first d/heads columns of q and k and the
    first e/heads of v, and so on, so that a step can look at one thing with one head and at another with the next. The
    mask is that of `attention`, the same for all heads. ValueError as there, and unless heads divides d and e.
    """
    mask = _require_heads("multi_head_attention", q, k, v, heads, mask)
    q, k, v = _split(heads, q, k, v)
    return _merge(_match(q, k, mask) @ v)


def multi_head_attention_backward(dy, y, q, k, v, heads, mask=None):
    """dq, dk, dv: each head gets its columns of dy and goes back by itself, as in `attention_backward`."""
    require_upstream("multi_head_attention_backward", dy=dy, y=y)
    mask = _require_heads("multi_head_attention_backward", q, k, v, heads, mask)
    dy, y, q, k, v = _split(heads, dy, y, q, k, v)
    return tuple(map(_merge, _through(dy, y, _match(q, k, mask), q, k, v)))


def _multi_head_attention(xp, q, k, v, heads, mask=None):
    def columns(x, head):
        width = x.shape[2] // heads
        return x[:, :, head * width : (head + 1) * width]

    means = [_attention(xp, *(columns(x, head) for x in (q, k, v)), mask) for head in range(heads)]
    return xp.stack(means, axis=2).reshape(q.shape[0], q.shape[1], v.shape[2])


register(
    multi_head_attention,
    multi_head_attention_backward,
    definition=_multi_head_attention,
    example=lambda rng, n=5, t=2, s=3, d=4, e=6: (
        *(rng.normal(size=shape) for shape in ((n, t, 2 * d), (n, s, 2 * d), (n, s, 2 * e))),
        2,
    ),
    wrt=(0, 1, 2),
)


def causal_mask(t):
    """The mask of a sequence in which each step looks at itself and at what came before it: (t, t), boolean."""
    return np.tri(t, dtype=bool)


def _weights(operation, q, k, v, mask):
    """The attention weights a, (n, t, s)."""
    return _match(q, k, _require_fitting(operation, q, k, v, mask))


def _require_fitting(operation, q, k, v, mask):
    """The mask, or None, if all shapes fit."""
    require_floats(operation, q=q, k=k, v=v)
    shapes = np.shape(q), np.shape(k), np.shape(v)
    if list(map(len, shapes)) != [3, 3, 3] or k.shape != (len(q), v.shape[1], q.shape[2]) or len(v) != len(q):
        raise ValueError(
            "{}: q is {}, k is {} and v is {}; needed are (n, t, d), (n, s, d) and (n, s, e)".format(operation, *shapes)
        )
    z_shape = (*q.shape[:2], k.shape[1])
    if mask is not None and (np.asarray(mask).dtype != bool or np.shape(mask) not in (z_shape, z_shape[1:])):
        kind = f"{np.asarray(mask).dtype} {np.shape(mask)}"
        raise ValueError(f"{operation}: mask is {kind}; needed is bool {z_shape[1:]} or {z_shape}")
    if not np.all(np.any(np.ones(z_shape[1:], bool) if mask is None else mask, axis=-1)):
        raise ValueError(f"{operation}: a query has nothing to look at; each needs a key, True in its row of the mask")
    return mask


def _require_heads(operation, q, k, v, heads, mask):
    """The mask, or None, with an axis for the heads, if all shapes fit."""
    mask = _require_fitting(operation, q, k, v, mask)
    d, e = q.shape[2], v.shape[2]
    if not isinstance(heads, int | np.integer) or heads < 1 or d % heads or e % heads:
        raise ValueError(f"{operation}: heads is {heads}; needed is a whole number that divides d, {d}, and e, {e}")
    return None if mask is None else np.asarray(mask)[..., None, :, :]


# One head, or a stack of them: all axes but the last two are a batch.


def _split(heads, *arrays):
    """Each (n, t, d) as (n, heads, t, d/heads): a view, no entry moves."""
    return [x.reshape(*x.shape[:2], heads, x.shape[2] // heads).swapaxes(1, 2) for x in arrays]


def _merge(x):
    """What `_split` has split, (n, t, d) again."""
    return x.swapaxes(1, 2).reshape(len(x), x.shape[2], x.shape[1] * x.shape[3])


def _match(q, k, mask):
    """The weights a = softmax(q k^T / sqrt(d)), which at this size are best computed in one array, in place."""
    a = q * q.shape[-1] ** -0.5 @ k.swapaxes(-1, -2)
    if mask is not None:
        a += np.where(mask, 0.0, -np.inf).astype(a.dtype)  # whose exponential is exactly 0
    a -= np.max(a, axis=-1, keepdims=True)
    np.exp(a, out=a)
    a /= np.einsum("...s->...", a)[..., None]  # where np.sum takes four times as long for short rows
    return a


def _through(dy, y, a, q, k, v):
    """dq, dk, dv from the weights. The sum of da a over the keys is that of dy y over the columns, which are fewer."""
    scale = q.shape[-1] ** -0.5
    dz = dy @ v.swapaxes(-1, -2)
    dz -= np.einsum("...e,...e->...", dy, y)[..., None]
    dz *= a
    return dz @ k * scale, dz.swapaxes(-1, -2) @ (q * scale), a.swapaxes(-1, -2) @ dy


# The objects that own weights


class Attention:
    """Self-attention, one head: sequences (n, t, n_in) to (n, t, n_out), each step a mean over what all steps hold.

    q = x Wq, k = x Wk and v = x Wv. With causal=True a step looks only at itself and at those before it, as one that
    is to predict the next has to. Steps are a set to it: their order, where it matters, must stand in x.
    """

    heads = 1

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
        dq, dk, dv = self._projection_gradients(dy)
        return dq @ self.params["Wq"].T + dk @ self.params["Wk"].T + dv @ self.params["Wv"].T

    def set_grads(self, dy):
        """Set the gradients of the three W. ValueError before the first forward."""
        self._projection_gradients(dy)

    def _run(self, x):
        name = type(self).__name__
        require_floats(name, x=x)
        if np.ndim(x) != 3 or np.shape(x)[2] != len(self.params["Wq"]):
            raise ValueError(f"{name}: x is {np.shape(x)}; needed is (n, t, {len(self.params['Wq'])})")
        q, k, v = _split(self.heads, *(x @ self.params[W] for W in ("Wq", "Wk", "Wv")))
        a = _match(q, k, causal_mask(x.shape[1]) if self.causal else None)
        return _merge(a @ v), x, a, q, k, v

    def _projection_gradients(self, dy):
        y, x, a, *projections = require_forward(self)
        require_upstream(f"{type(self).__name__}.backward", dy=dy, y=y)
        through = [_merge(d) for d in _through(*_split(self.heads, dy, y), a, *projections)]
        for name, d in zip(("Wq", "Wk", "Wv"), through, strict=True):
            self.grads[name][...] = _sum_of_products(x, d)
        return through


class MultiHeadAttention(Attention):
    """Self-attention of several heads: sequences (n, t, d) to (n, t, d), y = multi_head_attention(q, k, v, heads) Wo.

    q, k and v are those of `Attention`, d wide. Each head has its own columns of Wq, Wk and Wv, so all of them take one
    product each; Wo mixes what the heads have found.
    """

    def __init__(self, d, heads, rng, causal=False):
        """Draw the weights from rng, a numpy.random.Generator; heads is at least 1 and divides d, else ValueError."""
        require_generator("MultiHeadAttention", rng)
        if d < 1 or heads < 1 or d % heads:
            raise ValueError(f"MultiHeadAttention: d is {d} and heads is {heads}; heads needs to divide d")
        super().__init__(d, d, rng, causal)
        self.heads = heads
        self.params["Wo"] = xavier(rng, (d, d), d, d)
        self.grads["Wo"] = np.zeros((d, d))

    def predict(self, x):
        """Return what each step has found, (n, t, d)."""
        return super().predict(x) @ self.params["Wo"]

    def forward(self, x):
        """Return what each step has found, (n, t, d), and remember what the backward needs."""
        return super().forward(x) @ self.params["Wo"]

    def _projection_gradients(self, dy):
        found, *_ = require_forward(self)
        require_upstream("MultiHeadAttention.backward", dy=dy, y=found)
        self.grads["Wo"][...] = _sum_of_products(found, dy)
        return super()._projection_gradients(dy @ self.params["Wo"].T)


def _sum_of_products(x, dy):
    """The gradient of W in y = x W, (n, t, d) and (n, t, e) to (d, e): x_t^T dy_t, added up over batch and steps."""
    return np.tensordot(x, dy, axes=((0, 1), (0, 1)))
