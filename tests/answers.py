"""Right answers to every exercise, at least two written differently for each: all of them must pass."""

import answers_loss_functions
import answers_single_neuron
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
    **answers_loss_functions.RIGHT,
    **answers_single_neuron.RIGHT,
}
