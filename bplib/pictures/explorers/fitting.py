"""What a loss measures: of one prediction, and of a line through points."""

from functools import cache

import numpy as np

from bplib import activations, losses
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, rounded, slider, toggles

_LOSSES = ("squared error (p − y)²", "cross-entropy")
_STEPS = (1, 2, 5, 10)


def loss_explorer():
    """Squared error and cross-entropy of one prediction p = sigmoid(z) as the logit z moves, and how steep both are."""
    zs = np.linspace(-6.0, 6.0, 121)
    curves = {
        y: {name: (zs, [both[name][0] for both in (_losses(z, y) for z in zs)]) for name in _LOSSES} for y in (0, 1)
    }

    def caption(y, z):
        both = "; ".join(
            f"{name}: {svg.number(loss)}, slope dL/dz {svg.number(slope)}"
            for name, (loss, slope) in _losses(z, y).items()
        )
        return f"y = {y}, z = {svg.number(z)}, p = sigmoid(z) = {svg.number(activations.sigmoid(z))}; {both}."

    def draw(y, z):
        said = caption(y, z)
        marks = {name: (z, *pair) for name, pair in _losses(z, y).items()}
        label = f"Squared error and cross-entropy against the logit. {said}"
        limits = (-6.0, 6.0, -0.3, 6.5)
        picture = svg.chart(curves[y], label, "logit z", "loss L", limits=limits, marks=marks, width=560, height=330)
        return [picture], said

    truth = toggles("truth y", [0, 1], 1)
    logit = slider("logit z", -4.0, -6.0, 6.0, 0.1)
    return Explorer([truth, logit], draw, draw(1, -4.0), caption(1, -4.0))


def _losses(z, y):
    """Both losses of the logit z and their slopes dL/dz."""
    y, p = float(y), activations.sigmoid(z)
    slope = activations.sigmoid_backward(losses.mse_grad(p, y), p, z)
    cross_entropy = losses.binary_cross_entropy_with_logits(z, y), losses.binary_cross_entropy_with_logits_grad(z, y)
    return dict(zip(_LOSSES, ((losses.mse(p, y), slope), cross_entropy), strict=True))


def line_explorer(x, y, *, x_label="x", y_label="y", origin=0.0, slopes=None, intercepts=None):
    """A line to fit by hand through points x, y of shape (n,): its residuals, and its mean squared error.

    The intercept is the height of the line at x = origin; with an origin among the data the line turns there, which
    makes fitting easy. slopes and intercepts are the (low, high) of the sliders; without them they follow from the
    spread of the data. The second chart shows the error of all slopes at the intercept of the moment.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 1 or x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError(f"x is {x.shape} and y is {y.shape}; needed are two equal shapes (n,), all numbers finite")
    if x.size == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise ValueError("x or y is empty or constant; a line needs points that differ")
    points, shifted = (x.tolist(), y.tolist()), x - origin
    steep = rounded(2 * np.ptp(y) / np.ptp(x))
    slopes = slopes or (-steep, steep)
    heights = [*(y.mean() - slope * shifted.mean() for slope in slopes), y.min(), y.max()]
    intercepts = intercepts or (rounded(min(heights)), rounded(max(heights)))
    room = 0.04 * np.ptp(x), 0.04 * np.ptp(y)
    limits = (x.min() - room[0], x.max() + room[0], y.min() - room[1], y.max() + room[1])
    tried = np.linspace(*slopes, 121).tolist()
    stacks = {}  # of points above each other one line shows all residuals, from the farthest to the fitted line
    for at, height in zip(*points, strict=True):
        low, high = stacks.get(at, (height, height))
        stacks[at] = min(low, height), max(high, height)
    highest = 4 * losses.mse(np.full(len(y), y.mean()), y)  # much more than any sensible line costs

    @cache  # moving the slope leaves this curve as it is
    def errors(intercept):
        return [losses.mse(slope * shifted + intercept, y) for slope in tried]

    def caption(slope, intercept):
        sign, run = "−" if intercept < 0 else "+", f"({x_label} − {svg.number(origin)})" if origin else x_label
        line = f"{y_label} = {svg.number(slope)} × {run} {sign} {svg.number(abs(intercept))}"
        return f"{line}; mean squared error: {svg.number(losses.mse(slope * shifted + intercept, y))}."

    def drop(at, low, high, end):
        return (at, high, end) if end < low else (at, low, max(high, end))

    def draw(slope, intercept):
        said, fitted = caption(slope, intercept), slope * shifted + intercept
        ends = limits[:2]
        line = {"": (ends, [slope * (end - origin) + intercept for end in ends])}
        drops = [drop(at, *stack, slope * (at - origin) + intercept) for at, stack in stacks.items()]
        label = f"Points and a line. {said}"
        scatter = svg.chart(line, label, x_label, y_label, limits=limits, points=points, drops=drops)
        label = f"Mean squared error against the slope. {said}"
        names = label, "slope w", "mean squared error"
        area, mark = (*slopes, 0.0, highest), {"": (slope, losses.mse(fitted, y), None)}
        bowl = svg.chart({"": (tried, errors(intercept))}, *names, limits=area, marks=mark, width=330)
        return [scatter, bowl], said

    start = (0.0, float(f"{y.mean():.3g}"))
    controls = [
        slider("slope w", start[0], *slopes, rounded((slopes[1] - slopes[0]) / 200, _STEPS)),
        slider(
            "intercept b",
            start[1],
            *intercepts,
            rounded((intercepts[1] - intercepts[0]) / 400, _STEPS),
        ),
    ]
    return Explorer(controls, draw, draw(*start), caption(*start))
