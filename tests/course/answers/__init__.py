"""Right answers to every exercise, at least two written differently for each: all of them must pass.

Those of a lesson are the RIGHT of its module here, which is found by itself. Lesson 00 has its own below.
"""

import importlib
import pkgutil

import numpy as np


def square_in_a_loop(x):
    return [entry * entry for entry in x.tolist()]


def square_in_place_on_a_copy(x):
    x = x.copy()
    x *= x
    return x


def slope_of_the_square_by_differences(x):
    return ((x + 0.5) ** 2 - (x - 0.5) ** 2) / 1.0


RIGHT = {
    "first-check": [lambda x: x**2, np.square, square_in_a_loop, square_in_place_on_a_copy],
    "square-slope": [
        lambda x: 2 * x,
        lambda x: x + x,
        lambda x: [2.0 * entry for entry in x],
        slope_of_the_square_by_differences,
    ],
    "slope-sign": [lambda: "negative", lambda: " Negative ", lambda: "NEGATIVE"],
}

TURNED = {}
"""Right answers to the turns within lessons that ask for code, in the TURNED of each module."""

for found in pkgutil.iter_modules(__path__):
    module = importlib.import_module(f"{__name__}.{found.name}")
    TURNED |= getattr(module, "TURNED", {})
    for id, answers in module.RIGHT.items():
        RIGHT[id] = [*RIGHT.get(id, []), *answers]
