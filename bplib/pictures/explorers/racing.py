"""Optimizers that race on one surface."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.surfaces import contours, near, walk
from bplib.pictures.explorers.widget import Explorer, selection, slider, toggles

FACTORS = ("1/8", "1/4", "1/2", "1", "2", "4", "8")
_LOST = 1e9  # a loss that nobody comes back from
_FOUND = 1e-16  # and one from which down the curve lies flat; RMSprop may jump up again from anywhere above


def race_explorer(surfaces, racers, steps=60):
    """Up to four optimizers on the same surface, step by step, from the same start.

    surfaces is {name: (loss, gradient, start, limits)}: loss and gradient take an array w of shape (2,), limits are
    (w1 low, w1 high, w2 low, w2 high). racers is {name: (make, lr)}, and make(lr) gives a fresh optimizer. The second
    slider multiplies the learning rates of all.
    """
    if not 1 <= len(racers) <= len(svg.LOOKS):
        raise ValueError(f"there are {len(racers)} racers; 1 to {len(svg.LOOKS)} can be told apart")

    @lru_cache(maxsize=32)
    def background(surface):
        loss, _, _, limits = surfaces[surface]
        return contours(loss, limits, np.linspace(0.02, 1.0, 12) ** 2)

    @lru_cache(maxsize=32)
    def paths(surface, factor):
        times = float(Fraction(factor))
        loss, gradient, start, _ = surfaces[surface]
        return {
            name: walk(loss, gradient, start, make(times * lr), steps, _LOST) for name, (make, lr) in racers.items()
        }

    def caption(surface, factor, step):
        losses = [f"{name} {_said(run[1][step])}" for name, run in paths(surface, factor).items()]
        return f"{surface}, learning rates × {factor}, step {step} of {steps}. Loss: {'; '.join(losses)}."

    def draw(surface, factor, step):
        said, limits = caption(surface, factor, step), surfaces[surface][3]
        runs = paths(surface, factor)
        walked = {name: near(path[: step + 1], limits) for name, (path, _) in runs.items()}
        marks = {name: (xs[-1], ys[-1], None) for name, (xs, ys) in walked.items()}
        seen = {"marks": marks, "contours": background(surface), "named": False}
        where = svg.chart(walked, f"Paths of the optimizers. {said}", "w1", "w2", limits=limits, **seen)
        heights = {name: np.log10(np.clip(losses, _FOUND, 1e6)).tolist() for name, (_, losses) in runs.items()}
        fallen = {name: (range(step + 1), ys[: step + 1]) for name, ys in heights.items()}
        low = min(min(ys) for ys in heights.values())
        high = min(max(max(ys) for ys in heights.values()), 3.0)
        area = {"limits": (0, steps, low - 0.2, max(high, low + 0.5) + 0.2), "named": False, "width": 330}
        marks = {name: (step, ys[step], None) for name, ys in heights.items()}
        label = f"Logarithm of the loss against the step. {said}"
        curve = svg.chart(fallen, label, "step", "log₁₀ of the loss", marks=marks, **area)
        return [_legend(racers, said), where, curve], said

    names = list(surfaces)
    surface = toggles("surface", names, names[0])
    factor = selection("rates ×", FACTORS, "1")
    start = names[0], "1", steps
    step = slider("step", steps, 0, steps, 1)
    return Explorer([surface, factor, step], draw, draw(*start), caption(*start))


def _said(loss):
    return svg.number(loss) if loss < 1e6 else "lost"


def _legend(racers, said):
    parts, x = [], 8
    for k, name in enumerate(racers):
        parts.append(svg.key(k, name, x, 12))
        x += 70 + 8 * len(name)
    return svg.document(max(x, 760), 24, f"Legend. {said}", parts)
