"""Optimizers that race on one surface."""

from fractions import Fraction
from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from bplib import svg
from bplib.explorers.widget import Explorer, slider

FACTORS = ("1/8", "1/4", "1/2", "1", "2", "4", "8")
_LOST = 1e9  # a loss that nobody comes back from


def race_explorer(surfaces, racers, steps=60):
    """Up to four optimizers on the same surface, step by step, from the same start.

    surfaces is {name: (loss, gradient, start, limits)}: loss and gradient take an array w of shape (2,), limits are
    (w1 low, w1 high, w2 low, w2 high). racers is {name: (make, lr)}, and make(lr) gives a fresh optimizer. The second
    slider multiplies the learning rates of all.
    """
    if not 1 <= len(racers) <= len(svg.LOOKS):
        raise ValueError(f"there are {len(racers)} racers; 1 to {len(svg.LOOKS)} can be told apart")

    @lru_cache(maxsize=32)
    def contours(surface):
        return _contours(*surfaces[surface])

    @lru_cache(maxsize=32)
    def paths(surface, factor):
        times = float(Fraction(factor))
        loss, gradient, start, _ = surfaces[surface]
        return {name: _path(loss, gradient, start, make(times * lr), steps) for name, (make, lr) in racers.items()}

    def caption(surface, factor, step):
        losses = [f"{name} {_said(run[1][step])}" for name, run in paths(surface, factor).items()]
        return f"{surface}, learning rates × {factor}, step {step} of {steps}. Loss: {'; '.join(losses)}."

    def draw(surface, factor, step):
        said, limits = caption(surface, factor, step), surfaces[surface][3]
        runs = paths(surface, factor)
        # Far outside of the picture a path only has to stay outside.
        room = 10.0 * max(abs(limit) for limit in limits)
        walked = {name: np.clip(path[: step + 1], -room, room).T.tolist() for name, (path, _) in runs.items()}
        marks = {name: (xs[-1], ys[-1], None) for name, (xs, ys) in walked.items()}
        seen = {"marks": marks, "contours": contours(surface), "named": False}
        where = svg.chart(walked, f"Paths of the optimizers. {said}", "w1", "w2", limits=limits, **seen)
        heights = {name: np.log10(np.clip(losses, 1e-6, 1e6)).tolist() for name, (_, losses) in runs.items()}
        fallen = {name: (range(step + 1), ys[: step + 1]) for name, ys in heights.items()}
        low = min(min(ys) for ys in heights.values())
        high = min(max(max(ys) for ys in heights.values()), 3.0)
        area = {"limits": (0, steps, low - 0.2, max(high, low + 0.5) + 0.2), "named": False, "width": 330}
        marks = {name: (step, ys[step], None) for name, ys in heights.items()}
        label = f"Logarithm of the loss against the step. {said}"
        curve = svg.chart(fallen, label, "step", "log₁₀ of the loss", marks=marks, **area)
        return [_legend(racers, said), where, curve], said

    names = list(surfaces)
    surface = widgets.ToggleButtons(description="surface", options=names, value=names[0])
    surface.style.button_width = "7em"
    layout = widgets.Layout(width="26em", max_width="100%")
    factor = widgets.SelectionSlider(description="rates ×", options=FACTORS, value="1", layout=layout)
    start = names[0], "1", steps
    step = slider(widgets.IntSlider, "step", steps, 0, steps, 1)
    return Explorer([surface, factor, step], draw, draw(*start), caption(*start))


def _path(loss, gradient, start, optimizer, steps):
    """The places of a descent, (steps + 1, 2), and their losses. One that is lost stays where it got lost."""
    w = np.array(start, dtype=float)
    places, losses = [w.copy()], [float(loss(w))]
    for _ in range(steps):
        if losses[-1] < _LOST:
            optimizer.step({"w": w}, {"w": gradient(w)})
        places.append(w.copy())
        losses.append(float(loss(w)))
    return np.array(places), losses


def _contours(loss, gradient, start, limits):
    from bplib.plots import contour_lines

    first, second = np.linspace(*limits[:2], 61), np.linspace(*limits[2:], 61)
    losses = np.array([[loss(np.array([a, b])) for a in first] for b in second])
    low, high = losses.min(), losses.max()
    return contour_lines(first, second, losses, low + (high - low) * np.linspace(0.02, 1.0, 12) ** 2)


def _said(loss):
    return svg.number(loss) if loss < 1e6 else "lost"


def _legend(racers, said):
    parts, x = [], 8
    for k, ((color, dash), name) in enumerate(zip(svg.LOOKS, racers, strict=False)):
        parts.append(f'<path d="M{x} 12h34" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>')
        shape = (
            f'<rect x="{x + 12}" y="7" width="10" height="10"' if k % 2 else f'<circle cx="{x + 17}" cy="12" r="5.5"'
        )
        parts.append(f'{shape} fill="{color}"/>')
        parts.append(svg.text(x + 42, 12, name, color, 13, "start"))
        x += 70 + 8 * len(name)
    return svg.document(max(x, 760), 24, f"Legend. {said}", parts)
