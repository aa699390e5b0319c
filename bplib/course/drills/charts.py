"""The pictures of a training, and the table that says the same.

What draws a record gives its pictures, SVG, and {name of a column: values}.
"""

import numpy as np

from bplib.course.drills.signs import shown
from bplib.pictures import svg

_SMALL = {"width": 320, "height": 210}
_LEAST, _MOST = 1e-9, 1e6  # what is smaller or larger is drawn there
_ROWS = 13
_LAYERS = ("first layer", "last layer")


def of_losses(record):
    """Training loss and validation loss in one chart."""
    epochs, both = _two_losses(record)
    chart = _losses(epochs, both, "epoch", "loss", record.guess, width=430, height=270)
    return (chart, _legend(both)), {"epoch": epochs, **both}


def of_norms(record):
    """The loss, the updates beside the weights, the gradients, and the dead relus."""
    (loss, *norms, legend), columns = of_stuck(record)
    epochs, dead = columns["epoch"], 100 * record.dead
    said = f"dead relus in the worst layer, in percent: from {shown(dead[0])} to {shown(dead[-1])}."
    limits = (1, epochs[-1], -4, 104)
    share = svg.chart({"": (epochs, dead.tolist())}, said, "epoch", "dead relus, %", limits=limits, **_SMALL)
    return (loss, *norms, share, legend), columns | {"dead relus, %": dead}


def of_stuck(record):
    """The loss, the updates beside the weights, and the gradients."""
    epochs, loss = _counted(record.training), {"loss": record.training}
    chart = _losses(epochs, loss, "epoch", "loss", record.guess, **_SMALL)
    updates, of_updates = _norms(epochs, "epoch", "update", "update / weights", record.updates)
    gradients, of_gradients = _norms(epochs, "epoch", "gradient", "gradient", record.gradients)
    return (chart, updates, gradients, _legend(_LAYERS, "updates, gradients: ")), {
        "epoch": epochs,
        **loss,
        **of_updates,
        **of_gradients,
    }


def of_a_gap(record):
    """Both losses, the distance between them, and the updates beside the weights."""
    epochs, both = _two_losses(record)
    loss = _losses(epochs, both, "epoch", "loss", record.guess, **_SMALL)
    gap = record.validation - record.training
    said = f"validation loss minus training loss: from {shown(gap[0])} to {shown(gap[-1])}."
    limits = (1, epochs[-1], 1.1 * min(gap.min(), 0), 1.1 * max(gap.max(), 0.5 * record.guess))
    apart = svg.chart({"": (epochs, gap.tolist())}, said, "epoch", "validation − training", limits=limits, **_SMALL)
    updates, columns = _norms(epochs, "epoch", "update", "update / weights", record.updates)
    return (loss, apart, updates, _legend(both)), {"epoch": epochs, **both, **columns}


def of_steps(record):
    """The loss of each batch, the loss of all examples from time to time, and the updates beside the weights."""
    steps, batches, of_all = _counted(record.batches), record.batches, record.training
    looks = (np.arange(len(of_all)) + 1) * (len(steps) // len(of_all))
    top = _top(np.concatenate([of_all, batches]), record.guess)
    charts = [
        _losses(xs, {name: losses}, "step", name, record.guess, top, **_SMALL)
        for xs, name, losses in ((steps, "loss of the batch", batches), (looks, "loss of all examples", of_all))
    ]
    updates, columns = _norms(looks, "step", "update", "update / weights", record.updates)
    table = {"step": looks, "batch": batches[looks - 1], "all examples": of_all, **columns}
    return (*charts, updates, _legend(_LAYERS, "updates: ")), table


def table(columns):
    """Lines of text: a row for some of the epochs or steps, the first and the last among them."""
    n = len(next(iter(columns.values())))
    rows = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).round().astype(int))
    cells = [[name, *(shown(values[row]) for row in rows)] for name, values in columns.items()]
    wide = [max(map(len, column)) for column in cells]
    return "\n".join("  ".join(map(str.rjust, line, wide)) for line in zip(*cells, strict=True))


def _counted(values):
    return list(range(1, len(values) + 1))


def _two_losses(record):
    return _counted(record.training), {"training": record.training, "validation": record.validation}


def _top(losses, guess):
    """Where a picture of losses ends: at the largest, unless a peak or a loss without bounds would flatten the rest."""
    finite = losses[np.isfinite(losses)]
    start = max(losses[0], guess)
    if finite.max() > 1000 * start:
        return 20 * start
    return 1.05 * max(1.15 * guess, min(finite.max(), 4 * max(start, np.median(finite))))


def _losses(xs, losses, x_label, y_label, guess, top=None, **size):
    """A chart of losses from 0 on, with a thin line at the loss of guessing."""
    top = top or _top(np.concatenate([*losses.values()]), guess)
    inside = {
        name: (xs, np.nan_to_num(values, nan=np.inf).clip(None, 2 * top).tolist()) for name, values in losses.items()
    }
    said = ", ".join(f"{name} from {shown(values[0])} to {shown(values[-1])}" for name, values in losses.items())
    line = ((xs[0], xs[-1]), (guess, guess))
    return svg.chart(
        inside, f"{said}; guessing has {shown(guess)}.", x_label, y_label, limits=(xs[0], xs[-1], 0, top),
        contours=[line], named=False, **size,
    )  # fmt: skip


def _norms(xs, x_label, word, y_label, found):
    """A chart of lengths on a logarithmic scale, of the first layer and the last, and their columns."""
    heights = np.log10(np.nan_to_num(found, nan=np.inf).clip(_LEAST, _MOST))
    low, high = min(-5, np.floor(heights.min())), max(0, np.ceil(heights.max()))
    layers = _LAYERS[: len(found)]
    curves = dict(zip(layers, ((xs, ys) for ys in heights.tolist()), strict=True))
    ends = zip(layers, found, strict=True)
    said = ", ".join(f"{name} from {shown(values[0])} to {shown(values[-1])}" for name, values in ends)
    chart = svg.chart(
        curves, f"{y_label}: {said}.", x_label, f"log₁₀ of {y_label}",
        limits=(xs[0], xs[-1], low - 0.3, high + 0.3), named=False, **_SMALL,
    )  # fmt: skip
    names = [f"{word}, first", f"{word}, last"] if len(found) > 1 else [word]
    return chart, dict(zip(names, found, strict=True))


def _legend(names, of=""):
    """What the curves are, of the pictures that are said first, and the thin line."""
    lines = [
        (name, color, f'stroke-width="2" stroke-dasharray="{dash}"')
        for name, (color, dash) in zip(names, svg.LOOKS, strict=False)
    ]
    lines.append(("guessing", svg.INK, 'stroke-opacity="0.3"'))
    parts, x = [svg.text(10, 12, of, anchor="start")] if of else [], 10 + 6.4 * len(of)
    for name, color, look in lines:
        line = f'<path d="M{svg.px(x)} 12h28" stroke="{color}" {look}/>'
        parts.append(line + svg.text(x + 34, 12, name, color, anchor="start"))
        x += 106
    return svg.document(x, 24, f"Legend: {of} {', '.join(name for name, *_ in lines)}", parts)
