"""Gradient descent on a surface: what the learning rate does to the path and to the loss."""

from functools import cache
from math import log10

import numpy as np

from bplib.optimizers import SGD
from bplib.pictures import svg
from bplib.pictures.explorers.surfaces import contours, near, walk
from bplib.pictures.explorers.widget import Explorer, selection, slider, toggles

RATES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.12, 0.13, 0.14, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9, 0.98, 1.02)
_LOST = 1e6  # a loss that nobody needs to follow any further


def descent_explorer(surfaces, rates=RATES, *, rate=0.13, step=20, steps=60):
    """Gradient descent with a learning rate to choose, on one of several surfaces, step by step.

    surfaces is {name: (loss, gradient, start, limits)}: loss takes w and b and returns a number, gradient the same and
    returns two; start is (w, b) and limits are (w low, w high, b low, b high). Three charts: the path, the loss step by
    step, and the loss after so many steps for every rate. rate and step are where the sliders begin.
    """
    if rate not in rates:
        raise ValueError(f"the rate is {rate}; one of {', '.join(map(str, rates))} is needed")

    @cache
    def background(surface):
        loss, _, _, limits = surfaces[surface]
        return contours(lambda w: loss(*w), limits, np.linspace(0.04, 1.0, 10) ** 2)  # denser near the lowest

    @cache
    def descent(surface, rate):
        loss, gradient, start, _ = surfaces[surface]
        places, losses = walk(lambda w: loss(*w), lambda w: gradient(*w), start, SGD(rate), steps, _LOST)
        return places, [loss if loss < _LOST else _LOST for loss in losses]  # not a number is lost as well

    def caption(surface, rate, step):
        (w, b), loss = (series[step] for series in descent(surface, rate))
        if loss >= _LOST:
            return f"{surface}, η = {rate}, step {step} of {steps}: lost, the loss is above a million."
        where = f"w = {svg.number(w)}, b = {svg.number(b)}, L = {svg.number(loss)}"
        return f"{surface}, η = {rate}, step {step} of {steps}: {where}."

    def draw(surface, rate, step):
        said, limits = caption(surface, rate, step), surfaces[surface][3]
        places, losses = descent(surface, rate)
        xs, ys = near(places[: step + 1], limits)
        seen = {
            "marks": {"": (xs[-1], ys[-1], None)},
            "contours": background(surface),
            "points": (xs, ys),
            "width": 350,
        }
        path = svg.chart({"": (xs, ys)}, f"Lines of equal loss and the path. {said}", "w", "b", limits=limits, **seen)
        heights = [log10(loss) for loss in losses]
        area = {"limits": (0, steps, -1.2, 3.0), "width": 285}
        mark, label = {"": (step, heights[step], None)}, f"Logarithm of the loss against the step. {said}"
        fallen = {"": (range(step + 1), heights[: step + 1])}
        curve = svg.chart(fallen, label, "step", "log₁₀ of the loss", marks=mark, **area)
        ends = [log10(descent(surface, each)[1][step]) for each in rates]
        area["limits"] = (log10(rates[0]) - 0.1, log10(rates[-1]) + 0.1, -1.2, 3.0)
        mark, label = {"": (log10(rate), heights[step], None)}, f"Loss at this step for every learning rate. {said}"
        swept = {"": ([log10(each) for each in rates], ends)}
        sweep = svg.chart(swept, label, "log₁₀ of the learning rate", "log₁₀ of the loss", marks=mark, **area)
        return [path, curve, sweep], said

    names = list(surfaces)
    surface = toggles("surface", names, names[0])
    chosen = selection("η", rates, rate)
    at = slider("step", step, 0, steps, 1)
    start = names[0], rate, step
    return Explorer([surface, chosen, at], draw, draw(*start), caption(*start))
