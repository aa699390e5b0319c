"""One training step on the digits, over a grid of networks, mini-batches, types and updates."""

from functools import partial
from itertools import cycle, islice

import numpy as np

from . import steps
from .digits_data import LR, minibatches
from .harness import Case, Row


def one_step(maker, sizes, n, dtype, update):
    """What is timed: a step on the next mini-batch, which returns the loss before the update."""
    step, _, convert = maker(sizes, n, dtype, update, LR[update])
    batches = minibatches(n, dtype)
    if maker is not steps.scikit_learn:
        batches = cycle([(convert(x), convert(y)) for x, y in batches])
        return lambda: step(*next(batches))
    # 64 mini-batches at once: so scikit-learn checks its input once for all of them.
    X, y = (np.concatenate(arrays) for arrays in zip(*islice(cycle(batches), 64), strict=True))

    def epoch():
        return step(X, y)

    epoch.units = 64
    return epoch


def case(sizes, n, dtype, update):
    """One line: a network, a mini-batch size, a type and an update."""
    return Case(
        f"{'-'.join(map(str, sizes))}, {n}, {np.dtype(dtype).name}, {update}",
        {name: partial(one_step, maker, sizes, n, dtype, update) for name, maker in steps.CONTESTANTS.items()},
        rtol=1e-5 if dtype == np.float32 else 1e-9,
        # Its Adam adds eps to the uncorrected root, which shows in the sixth digit.
        loose={"scikit-learn": 1e-5} if update == "Adam" else {},
        calls=10,
    )


TABLES = [
    Row(
        "Training step on the digits",
        "Forward, value of the loss, backward and update; layer sizes, mini-batch, type, update.",
        [
            case(sizes, n, dtype, update)
            for sizes in ((64, 32, 10), (64, 128, 10), (64, 128, 64, 10))
            for n in (1, 32, 256)
            for dtype in (np.float64, np.float32)
            for update in ("SGD", "Adam")
        ],
        summary=True,
    )
]
