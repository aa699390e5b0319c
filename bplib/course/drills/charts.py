"""The pictures of a training, and the table that says the same.

What draws a record gives its pictures, SVG, and {name of a column: values}.
"""

import numpy as np

from bplib.course.drills.signs import shown
from bplib.pictures import svg

_LARGE, _SMALL = {"width": 430, "height": 270}, {"width": 320, "height": 210}
_LEAST, _MOST = -12, 6  # the powers of ten that a picture reaches at most; what is not 0 leaves it there
_ROWS, _KEY = 13, 22
_LOSS, _HELD_OUT, _GUESS = (svg.INK, "none"), (svg.PURPLE, "7 4"), (svg.INK, "2 4")
_LAYERS = dict(zip(("first layer", "last layer"), svg.LOOKS, strict=False))


def of_losses(record):
    """Training loss and validation loss in one chart."""
    epochs, both = _two_losses(record)
    return (_losses(epochs, both, "epoch", "loss", record.guess, size=_LARGE),), {"epoch": epochs, **both}


def of_norms(record):
    """The loss, the updates beside the weights, the gradients, and, where there are relus, the dead ones."""
    pictures, columns = of_stuck(record)
    if not len(record.dead):
        return pictures, columns
    epochs, dead = columns["epoch"], 100 * record.dead
    said = f"dead relus in the worst layer, in percent: from {shown(dead[0])} to {shown(dead[-1])}."
    limits = (1, epochs[-1], -4, 104)
    share = _panel({"": (epochs, dead.tolist())}, {"": _LOSS}, said, "epoch", "dead relus, %", limits)
    return (*pictures, share), columns | {"dead relus, %": dead}


def of_stuck(record):
    """The loss, the updates beside the weights, and the gradients."""
    epochs, loss = _counted(record.training), {"loss": record.training}
    chart = _losses(epochs, loss, "epoch", "loss", record.guess)
    updates, of_updates = _norms(epochs, "epoch", "update", "update / weights", record.updates)
    gradients, of_gradients = _norms(epochs, "epoch", "gradient", "gradient", record.gradients)
    return (chart, updates, gradients), {"epoch": epochs, **loss, **of_updates, **of_gradients}


def of_a_gap(record):
    """Both losses, the distance between them, and the updates beside the weights."""
    epochs, both = _two_losses(record)
    loss = _losses(epochs, both, "epoch", "loss", record.guess)
    gap = record.validation - record.training
    said = f"validation loss minus training loss: from {shown(gap[0])} to {shown(gap[-1])}."
    limits = (1, epochs[-1], 1.1 * min(gap.min(), 0), 1.1 * max(gap.max(), 0.5 * record.guess))
    apart = _panel({"": (epochs, gap.tolist())}, {"": _LOSS}, said, "epoch", "validation − training", limits)
    updates, columns = _norms(epochs, "epoch", "update", "update / weights", record.updates)
    return (loss, apart, updates), {"epoch": epochs, **both, **columns}


def of_steps(record):
    """The loss of each batch, the loss of all examples from time to time, and the updates beside the weights."""
    steps, batches, of_all = _counted(record.batches), record.batches, record.training
    looks = (np.arange(len(of_all)) + 1) * (len(steps) // len(of_all))
    top = _top(np.concatenate([of_all, batches]), record.guess)
    charts = [
        _losses(xs, {name: losses}, "step", name, record.guess, top)
        for xs, name, losses in ((steps, "loss of the batch", batches), (looks, "loss of all examples", of_all))
    ]
    updates, columns = _norms(looks, "step", "update", "update / weights", record.updates)
    table = {"step": looks, "batch": batches[looks - 1], "all examples": of_all, **columns}
    return (*charts, updates), table


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


def _losses(xs, losses, x_label, y_label, guess, top=None, size=_SMALL):
    """A chart of losses from 0 on, with a dotted line at the loss of guessing."""
    top = top or _top(np.concatenate([*losses.values()]), guess)
    inside = {name: np.nan_to_num(values, nan=np.inf).clip(None, 2 * top) for name, values in losses.items()}
    said = ", ".join(f"{name} from {shown(values[0])} to {shown(values[-1])}" for name, values in losses.items())
    looks = dict(zip(inside, (_LOSS, _HELD_OUT), strict=False))
    curves = {"guessing": ((xs[0], xs[-1]), (guess, guess))}
    curves |= {name: (xs, values.tolist()) for name, values in inside.items()}
    return _panel(
        curves, {"guessing": _GUESS} | looks, f"{said}; guessing has {shown(guess)}.", x_label, y_label,
        (xs[0], xs[-1], 0, top), size, [_beside_the_line(xs, [*inside.values()], guess, top)],
        [arrow for name, values in inside.items() for arrow in _exits(xs, values, 0, top, looks[name])],
    )  # fmt: skip


def _beside_the_line(xs, curves, guess, top):
    """The name of the line of guessing, at the end and on the side where the losses are farther away, as a label."""
    share = len(xs) // 3 + 1
    places = []
    for x, anchor, part in ((xs[0], "start", slice(0, share)), (xs[-1], "end", slice(-share, None))):
        for way in (1, -1):
            y = guess + way * top / 16
            room = min(float(np.abs(values[part] - y).min()) for values in curves)
            places.append(
                (min(room, top / 8), way, x + 0.01 * (xs[-1] - xs[0]) * (1 if anchor == "start" else -1), y, anchor)
            )
    _, _, x, y, anchor = max(places, key=lambda place: place[:2])
    return x, y, "guessing", svg.INK, 11, anchor


def _norms(xs, x_label, word, y_label, found):
    """A chart of lengths on a logarithmic scale, of the first layer and the last, and their columns.

    A length of 0, which has no logarithm, is drawn on a line of its own below the others.
    """
    with np.errstate(divide="ignore"):
        heights = np.log10(np.nan_to_num(found, nan=np.inf))
    there = heights[np.isfinite(heights)]
    low = max(min(-5, np.floor(there.min(initial=0))), _LEAST)
    high = min(max(0, np.ceil(there.max(initial=0))), _MOST)
    zero, labels = low - 0.8, []
    if np.any(found == 0):
        labels.append((xs[-1] - 0.01 * (xs[-1] - xs[0]), zero + 0.1 * (high - low), "exactly 0", svg.INK, 11, "end"))
    bottom, top = (zero - 0.3 if labels else low - 0.3), high + 0.3
    ys = np.where(found == 0, zero, heights.clip(bottom - 1, top + 1))
    layers = dict(list(_LAYERS.items())[: len(found)])
    curves = {name: (xs, values.tolist()) for name, values in zip(layers, ys, strict=True)}
    ends = zip(layers, found, strict=True)
    said = ", ".join(f"{name} from {shown(values[0])} to {shown(values[-1])}" for name, values in ends)
    arrows = [
        each for values, look in zip(ys, layers.values(), strict=True) for each in _exits(xs, values, bottom, top, look)
    ]
    chart = _panel(
        curves, layers, f"{y_label}: {said}.", x_label, f"log₁₀ of {y_label}",
        (xs[0], xs[-1], bottom, top), labels=labels, arrows=arrows,
    )  # fmt: skip
    names = [f"{word}, first", f"{word}, last"] if len(found) > 1 else [word]
    return chart, dict(zip(names, found, strict=True))


def _exits(xs, values, bottom, top, look):
    """An arrow where a curve leaves its picture and does not come back, as a chart takes it; none where it stays."""
    outside = (values > top) | (values < bottom)
    if not outside[-1]:
        return []
    last = len(values) - 1 - int(np.argmin(outside[::-1]))  # the last value inside
    if outside.all():
        return []
    edge = top if values[last + 1] > top else bottom
    share = (edge - values[last]) / (values[last + 1] - values[last])
    x = xs[last] + share * (xs[last + 1] - xs[last])
    long = 0.16 * (top - bottom) * (1 if edge == top else -1)
    return [(x, edge - long, 0, 0.97 * long, look[0], "none")]


def _panel(curves, looks, said, x_label, y_label, limits, size=_SMALL, labels=(), arrows=()):
    """A chart, and below it what its curves are, where there is more than one to be told apart."""
    chart = svg.chart(
        curves, said, x_label, y_label, limits=limits, named=False, labels=labels, arrows=arrows,
        looks=[looks[name] for name in curves], **size,
    )  # fmt: skip
    told = [name for name in curves if name and name != "guessing"]
    told = told if len(told) > 1 else []
    parts, x = [chart.replace(' role="img"', ' role="presentation"', 1)], 50.0  # the whole says it once
    for name in told:
        color, dash = looks[name]
        line = f'<path d="M{svg.px(x)} {size["height"] + 8}h28" stroke="{color}" stroke-width="2"'
        parts.append(f'{line} stroke-dasharray="{dash}"/>')
        parts.append(svg.text(x + 34, size["height"] + 8, name, color, anchor="start"))
        x += 112
    return svg.document(size["width"], size["height"] + _KEY, said, parts)
