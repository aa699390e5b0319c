"""A transformer that has read the plays for a while: its network, its parameters, and how they were made.

The parameters stand in writer.npz, as half floats: 323 kB. `python -m bplib.course.writer` makes them anew, which takes
some ten minutes of a processor. On another one the last bits differ, and so, a little, does all that comes of them.
"""

from importlib.resources import files
from pathlib import Path

import numpy as np

from bplib import data
from bplib.activations import relu, softmax
from bplib.attention import MultiHeadAttention, attention, causal_mask
from bplib.blocks import PositionWise, Residual
from bplib.layers import Activation, Embedding, Linear
from bplib.losses import softmax_cross_entropy, softmax_cross_entropy_grad
from bplib.networks import Sequential
from bplib.normalization import LayerNorm
from bplib.operations import require_generator
from bplib.optimizers import Adam, cosine
from bplib.positions import Positions
from bplib.sequences import EachStep

T = 64
"""How many letters it sees at once."""


def texts():
    """The plays as numbers, all but the last tenth and the last tenth, and the letters that the numbers stand for."""
    letters, ids = data.numbered(data.plays())
    return *np.split(ids, [int(0.9 * len(ids))]), letters


def network(rng, kinds=63, d=64, heads=4, layers=3, length=T):
    """A fresh transformer in float32: letters (n, t) to the logits of the next ones, (n t, kinds)."""
    parts = [Embedding(kinds, d, rng), Positions(length, d, rng)]
    for part in parts:
        for array in part.params.values():
            array *= 0.2
    for _ in range(layers):
        looks = MultiHeadAttention(d, heads, rng, causal=True)
        thinks = PositionWise(Linear(d, 4 * d, rng), Activation(relu), Linear(4 * d, d, rng))
        parts += [Residual(LayerNorm(d), looks), Residual(LayerNorm(d), thinks)]
    return Sequential(*parts, LayerNorm(d), EachStep(), Linear(d, kinds, rng)).astype(np.float32)


def train(net, text, steps, rng, rate=0.003, batch=16, length=T):
    """Train on pieces of a text that are drawn anew at each step; yields the loss on each."""
    adam = Adam(cosine(rate, steps, min(200, steps // 10)), beta2=0.99)
    for _ in range(steps):
        X = rng.integers(len(text) - length - 1, size=batch)[:, None] + np.arange(length)
        z, y = net.forward(text[X]), text[X + 1].ravel()
        net.backward(softmax_cross_entropy_grad(z, y))
        adam.step(net.params, net.grads)
        yield float(softmax_cross_entropy(z, y))


def nats(net, text, length=T, n=None):
    """-log P of each letter in the second halves of pieces, (pieces, length / 2): half a piece stands before it.

    All pieces, each half a piece after the one before, so that all letters but the first are there once; or about n of
    them, at equal distances.
    """
    half = length // 2
    starts = np.arange(0, len(text) - length, half)
    starts = starts if n is None else starts[:: max(1, len(starts) // n)]
    found = []
    for some in np.array_split(starts, len(starts) // 64 + 1):
        X = some[:, None] + np.arange(length)
        z = net.predict(text[X]).reshape(*X.shape, -1)[:, half:]
        p = np.take_along_axis(softmax(z.astype(np.float64)), text[X + 1][:, half:, None], axis=2)
        found.append(-np.log(p[..., 0]))
    return np.concatenate(found)


def loss(net, text, length=T, n=None):
    """The mean of `nats`."""
    return float(nats(net, text, length, n).mean())


def write(net, start, n, rng, temperature=1.0, length=T):
    """n letters more, as numbers, each drawn from the softmax of the logits over the temperature."""
    require_generator("write", rng)
    ids = [int(i) for i in start]
    for _ in range(n):
        z = net.predict(np.array([ids[-length:]]))[-1]
        ids.append(int(rng.choice(len(z), p=softmax(z.astype(np.float64) / temperature))))
    return np.array(ids)


def trained():
    """The network that is shipped."""
    net = network(np.random.default_rng(0))
    with files("bplib.course").joinpath("writer.npz").open("rb") as file, np.load(file) as arrays:
        net.params.flat[:] = arrays["parameters"]
    return net


def weights(net, ids):
    """How much each step looks at each other one, with every head of every layer, (layers, heads, t, t)."""
    x, found = np.asarray(ids)[None], []
    for layer in net.layers[:-2]:
        if isinstance(layer, Residual) and isinstance(layer.inside.layers[1], MultiHeadAttention):
            look = layer.inside.layers[1]
            found.append(_looks(layer.inside.layers[0].predict(x), look))
        x = layer.predict(x)
    return np.array(found)


def _looks(u, look):
    t = u.shape[1]
    q, k = ((u @ look.params[name]).reshape(t, look.heads, -1).swapaxes(0, 1) for name in ("Wq", "Wk"))
    each = np.broadcast_to(np.eye(t, dtype=u.dtype), (look.heads, t, t))  # the mean of these values is the weights
    return attention(q, k, each, causal_mask(t))


if __name__ == "__main__":
    text, held_out, _ = texts()
    rng = np.random.default_rng(0)
    net = network(rng)
    for step, found in enumerate(train(net, text, 16_000, rng), start=1):
        if step % 1000 == 0:
            print(step, f"{found:.2f}, held out {loss(net, held_out):.3f}", flush=True)
    np.savez(Path(__file__).with_name("writer.npz"), parameters=net.params.flat.astype(np.float16))
