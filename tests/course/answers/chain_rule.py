"""Right answers to the exercises of lesson 03, each written differently from the solution."""

import itertools
from fractions import Fraction

import numpy as np
import sympy


def bump_in_links(x, m):
    u = -(x**2) + 2 * x * m - m**2
    return 2 * m * sympy.exp(u) - 2 * x * sympy.exp(u)


def log_as_a_sigmoid(x, w):
    return x / (1 + sympy.exp(-w * x))


def log_through_tanh(x, w):
    return x * (1 + sympy.tanh(w * x / 2)) / 2


def tanh_with_exponentials(x, w, v, y):
    t = (sympy.exp(2 * w * x) - 1) / (sympy.exp(2 * w * x) + 1)
    return -2 * (y - v * t) * v * x * (1 - t) * (1 + t)


def tanh_with_cosh(x, w, v, y):
    return 2 * v * x * (v * sympy.tanh(w * x) - y) / sympy.cosh(w * x) ** 2


def numbers_by_calculator():
    return {
        "u": 3,
        "e": -2,
        "q": 4,
        "s": 2.25,
        "r": 0.225,
        "L": 4.225,
        "dL_de": -4,
        "dL_du": -4,
        "dL_ds": 0.1,
        "dL_dx": -6,
        "dL_dy": 4,
        "dL_dw": -7.7,
    }


def numbers_by_fractions():
    x, w, y, rate = Fraction(2), Fraction(3, 2), Fraction(5), Fraction(1, 10)
    u, s = w * x, w * w
    e = u - y
    values = {"u": u, "e": e, "q": e**2, "s": s, "r": rate * s, "L": e**2 + rate * s}
    error = {"dL_de": 2 * e, "dL_du": 2 * e, "dL_dy": -2 * e, "dL_dx": 2 * e * w}
    return values | error | {"dL_ds": rate, "dL_dw": 2 * e * x + 2 * rate * w}


def diamond_by_adding(w, x):
    a = w * x
    b, c = a * a, np.tanh(a)
    da = np.zeros_like(a)
    da += c * 2 * a
    da += b / np.cosh(a) ** 2
    return {"dx": w * da, "dw": x * da, "da": da}


def diamond_on_paper(w, x):
    a = w * x
    slope = [float(2 * t * np.tanh(t) + t**2 * (1 - np.tanh(t) ** 2)) for t in a]
    return {"da": slope, "dw": [s * t for s, t in zip(slope, x, strict=True)], "dx": np.multiply(slope, w)}


def bump_as_one_fraction(x, m):
    return (m - x) * 2 / sympy.exp((x - m) ** 2)


RIGHT = {
    "chain-exp": [bump_in_links, bump_as_one_fraction],
    "chain-log": [log_as_a_sigmoid, log_through_tanh],
    "chain-tanh": [tanh_with_exponentials, tanh_with_cosh],
    "two-paths": [numbers_by_calculator, numbers_by_fractions],
    "diamond": [diamond_by_adding, diamond_on_paper],
}


def ways_by_shapes(sizes):
    layers = list(zip(sizes[1:], sizes[:-1], strict=True))
    counts = {}
    for way, order in (("reverse", layers[::-1]), ("forward", layers)):
        rows, columns = order[0]
        counts[way] = 0
        for after, before in order[1:]:
            counts[way] += after * before * (rows if way == "reverse" else columns)
    return counts


def ways_in_one_sum(sizes):
    edges = [a * b for a, b in itertools.pairwise(sizes)]
    return {"forward": sizes[0] * sum(edges[1:]), "reverse": np.int64(sizes[-1]) * sum(edges[:-1])}


RIGHT["count-ways"] = [ways_by_shapes, ways_in_one_sum]

TURNED = {"turn-weight-slope": [lambda x, w: x**3, lambda x, w: (x**2) * x]}


def graph_of_somebody():
    x, a, d = -4.0, -29.0, -36.0
    u = a * x
    s = 2 * u - d
    slope = s + 2 * u
    return {
        "me": " ada  LOVELACE",
        **{"u": u, "m": u, "v": u - d, "s": s, "L": s * u, "ds": u, "dm": u, "dv": u, "du": slope},
        **{"dx": a * slope, "da": x * slope, "dc": 0.0, "dd": -u},
    }


def graph_by_moving():
    """Each gradient as what happens to L when its number moves a little."""
    leaves = {"x": -4.0, "a": -29.0, "c": -9.0, "d": -36.0}

    def run(moved="", by=0.0):
        at = {name: value + by * (name == moved) for name, value in leaves.items()}
        at["u"] = at["x"] * at["a"] + by * (moved == "u")
        at["m"] = max(at["u"], at["c"]) + by * (moved == "m")
        at["v"] = at["u"] - at["d"] + by * (moved == "v")
        at["s"] = at["m"] + at["v"] + by * (moved == "s")
        return at | {"L": at["s"] * at["u"]}

    slopes = {f"d{name}": (run(name, 1e-3)["L"] - run(name, -1e-3)["L"]) / 2e-3 for name in [*"smvu", *leaves]}
    return {"me": "ADA LOVELACE", **{name: run()[name] for name in "umvsL"}, **slopes}


RIGHT["own-graph"] = [graph_of_somebody, graph_by_moving]
