"""A network that reads plays, letter by letter: an LSTM of 128 units, trained for about a minute by this very file.

`python -m bplib.course.reader` trains it anew and writes `reader.npz` beside it, in half precision; `trained` reads
that file. On another machine the last bits of a training differ, and so do the numbers: the file is what lessons use.
"""

from importlib import resources
from pathlib import Path

import numpy as np

from bplib import data, layers, losses, lstm, optimizers
from bplib.networks import Sequential
from bplib.sequences import EachStep

FILE = "reader.npz"
WIDTH, UNITS, UPDATES, PIECES, STEPS, RATE = 32, 128, 3000, 32, 50, 0.01


def built(rng, kind=lstm.LSTM, units=UNITS):
    """The network, with fresh weights in single precision: letters to logits, a row for each letter that is read."""
    parts = layers.Embedding(63, WIDTH, rng), kind(WIDTH, units, rng), EachStep(), layers.Linear(units, 63, rng)
    return Sequential(*parts).astype(np.float32)


def train(net, ids, updates, rng, optimizer, watch=lambda update: None):
    """Train on random pieces of ids; watch is told how many updates have been made, before each of them."""
    for update in range(updates):
        watch(update)
        pieces = ids[rng.integers(len(ids) - STEPS, size=PIECES)[:, None] + np.arange(STEPS + 1)]
        logits = net.forward(pieces[:, :-1])
        net.backward(losses.softmax_cross_entropy_grad(logits, pieces[:, 1:].ravel()))
        optimizers.clip_norm(net.grads, 1.0)
        optimizer.step(net.params, net.grads)
    return net


def trained():
    """The network as it stands in the file."""
    net = built(np.random.default_rng(0))
    with resources.files("bplib.course").joinpath(FILE).open("rb") as file, np.load(file) as kept:
        net.params.flat[:] = kept["params"]
    return net


def write(path):
    """Train on the first nine tenths of the plays, and keep the parameters in half precision."""
    rng = np.random.default_rng(0)
    _, ids = data.numbered(data.plays())
    net = built(rng)
    train(net, ids[: int(0.9 * len(ids))], UPDATES, rng, optimizers.Adam(optimizers.cosine(RATE, UPDATES)))
    np.savez_compressed(path, params=net.params.flat.astype(np.float16))


if __name__ == "__main__":
    write(Path(__file__).with_name(FILE))
