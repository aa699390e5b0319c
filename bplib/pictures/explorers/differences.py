"""The slope of a function by differences: the secant, and its error against the step."""

from functools import cache
from math import log10

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, selection, toggles

# Written out and read, not computed: a power may differ in its last digit between machines, and so would the rounding.
_STEPS = [float(f"{digits}e-{k}") for k in range(15, 0, -1) for digits in ("1", "1.8", "3.2", "5.6")] + [1.0]
_SMALLEST = 1e-17  # where an error of exactly zero is drawn


def step_size_explorer(f, slope, x, estimates):
    """The secant of f at the number x for a step h, and the errors of differences against h.

    f and slope take a number and return one; estimates is {name: difference}, one or two of them, each called as
    difference(f, x, h). The secant runs through x + h with the slope that the chosen difference found, and a square
    stands wherever else than at x that difference asks f.
    """
    if not 1 <= len(estimates) <= 2:
        raise ValueError(f"there are {len(estimates)} differences; one or two can be shown")
    true, names = float(slope(x)), list(estimates)
    if true == 0:
        raise ValueError(f"the slope at x = {x} is 0; a relative error needs another x")
    near = np.linspace(x - 1.5, x + 1.5, 91).tolist()
    values = [float(f(t)) for t in near]
    room = 0.15 * (max(values) - min(values))
    window = (near[0], near[-1], min(values) - room, max(values) + room)

    @cache
    def found(name, h):
        return float(estimates[name](f, x, h))

    @cache
    def asked(name, h):
        """The places but x at which the difference asks f."""
        places = []
        estimates[name](lambda t: places.append(float(t)) or f(t), x, h)
        return [place for place in dict.fromkeys(places) if place != x]

    def error(name, h):
        return max(abs(found(name, h) - true) / abs(true), _SMALLEST)

    logs = [log10(h) for h in _STEPS]
    curves = {name: (logs, [log10(error(name, h)) for h in _STEPS]) for name in names}

    places = {}  # the curves are farthest apart in the middle: the first is named above, the second below
    for name, side in zip(names, (1, -1), strict=False):
        places[name] = (-3.0 - 1.5 * side, log10(error(name, 1e-3)) + 1.2 * side)

    def caption(name, h):
        return (
            f"{name} difference, h = {h:.1e}: {svg.number(found(name, h))}; true slope: {svg.number(true)};"
            f" relative error: {error(name, h):.1e}."
        )

    def draw(name, h):
        said, right = caption(name, h), x + h
        line = [float(f(right)) + found(name, h) * (t - right) for t in (near[0], near[-1])]
        graph = {"f": (near, values), "secant": ((near[0], near[-1]), line)}
        at = {"f": (x, float(f(x)), true), "secant": [(t, float(f(t)), None) for t in asked(name, h)]}
        secant = svg.chart(graph, f"A function, its tangent and a secant. {said}", "x", "f", limits=window, marks=at)
        marks, label = {name: (log10(h), log10(error(name, h)), None)}, f"Relative error against the step. {said}"
        axes = {"x_label": "log₁₀ h", "y_label": "log₁₀ relative error", "limits": (-15.5, 0.5, -17, 1)}
        errors = svg.chart(curves, label, **axes, marks=marks, places=places)
        return [secant, errors], said

    choice = toggles("difference", names, names[-1])
    step = selection("step h", [(f"{h:.1e}", h) for h in _STEPS], 0.56)
    return Explorer([choice, step], draw, draw(names[-1], 0.56), caption(names[-1], 0.56))
