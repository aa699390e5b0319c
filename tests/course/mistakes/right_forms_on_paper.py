"""Right answers to exercises with formulas, numbers and orders, in odd forms; as in right_forms."""

from decimal import Decimal

import numpy as np
import sympy

# Formulas


def bump_to_the_power_of_e(x, m):
    return 2 * (m - x) * sympy.E ** (-((x - m) ** 2))


def bump_as_text(x, m):
    return sympy.sympify("2*(m - x)*exp(-(x - m)**2)", locals={"x": x, "m": m})


def bump_as_text_with_names_of_its_own(x, m):
    return sympy.sympify("-2*(x - m)/exp((x - m)**2)")


def bump_in_symbols_of_its_own(x, m):
    x, m = sympy.symbols("x m")
    return -2 * (x - m) * sympy.exp(-((x - m) ** 2))


def bump_differentiated(x, m):
    return sympy.diff(sympy.exp(-((x - m) ** 2)), x)


def bump_left_to_differentiate(x, m):
    return sympy.Derivative(sympy.exp(-((x - m) ** 2)), x)


def bump_by_numpy(x, m):
    return -2 * (x - m) * np.exp(-((x - m) ** 2))


def softplus_as_a_quotient(x, w):
    return x / (sympy.exp(-x * w) + 1)


def softplus_by_tanh(x, w):
    half = sympy.Rational(1, 2)
    return x * (half + half * sympy.tanh(half * w * x))


def hidden_unit_by_sech(x, w, v, y):
    return 2 * v * x * (v * sympy.tanh(w * x) - y) * sympy.sech(w * x) ** 2


def hidden_unit_by_exponentials(x, w, v, y):
    e = sympy.exp(2 * w * x)
    h = (e - 1) / (e + 1)
    return (1 - h) * (1 + h) * x * v * 2 * (v * h - y)


def hidden_unit_with_floats(x, w, v, y):
    h = sympy.tanh(1.0 * w * x)
    return -2.0 * (y - v * h) * v * x * (1.0 - h**2.0)


def slope_in_pieces(p, y, n):
    slope = (p - y) / (p - p**2) / n
    return sympy.Piecewise((slope, p > 0), (slope, True))


# Numbers


def numbers_as_decimals():
    plain = {"u": "3", "e": "-2", "q": "4", "s": "2.25", "r": "0.225", "L": "4.225"}
    gradients = {"dL_de": "-4", "dL_du": "-4", "dL_ds": "0.1", "dL_dx": "-6", "dL_dy": "4", "dL_dw": "-7.7"}
    return {name: Decimal(text) for name, text in (plain | gradients).items()}


RIGHT = [
    ("chain-exp", "E**", bump_to_the_power_of_e),
    ("chain-exp", "text", bump_as_text),
    ("chain-exp", "text, own names", bump_as_text_with_names_of_its_own),
    ("chain-exp", "own symbols", bump_in_symbols_of_its_own),
    ("chain-log", "quotient", softplus_as_a_quotient),
    ("chain-log", "tanh of the half", softplus_by_tanh),
    ("chain-tanh", "sech", hidden_unit_by_sech),
    ("chain-tanh", "exponentials", hidden_unit_by_exponentials),
    ("chain-tanh", "floats", hidden_unit_with_floats),
    ("bce-slope", "pieces", slope_in_pieces),
    ("two-paths", "Decimal", numbers_as_decimals),
]

REFUSED = [
    # The derivative is asked for on paper.
    ("chain-exp", "diff", bump_differentiated, "It lets SymPy differentiate"),
    ("chain-exp", "Derivative", bump_left_to_differentiate, "It lets SymPy differentiate"),
    # The functions of a formula are SymPy's, as the text above the exercises says.
    ("chain-exp", "np.exp", bump_by_numpy, "np.exp does not work on symbols"),
]
