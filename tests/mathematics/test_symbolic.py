"""Promise: formulas that are equal are called equal however they are written, and others differ at the point named."""

import inspect
import re
import time

import numpy as np
import pytest
import sympy

from bplib import symbolic, verify  # noqa: F401  importing verify fills OPERATIONS
from bplib.operations import OPERATIONS
from bplib.symbolic import SYMPY, equal, symbols

x, y, a, w, b = sympy.symbols("x y a w b")
half = sympy.Rational(1, 2)
sigmoid = 1 / (1 + sympy.exp(-x))
# The same formula of ten probabilities, in two ways of writing.
many = [sympy.Symbol(f"p_{i}") for i in range(10)]

EQUAL = {
    "a number": (1, 1),
    "one tenth": (0.1, sympy.Rational(1, 10)),
    "three tenths from floats": (0.1 + 0.2, sympy.Rational(3, 10)),
    "floats in a formula": (0.1 * x + 0.3 * y, (x + 3 * y) / 10),
    "a NumPy number": (np.float64(2.0) * x, x + x),
    "pi": (sympy.pi, 3.141592653589793),
    "expanded": ((x + y) ** 2, x**2 + 2 * x * y + y**2),
    "canceled": ((x**2 - 1) / (x - 1), x + 1),
    "order": (2 * (a - y) * x, x * 2 * a - 2 * x * y),
    "sine and cosine": (sympy.sin(x) ** 2 + sympy.cos(x) ** 2, 1),
    "sigmoid with e^x": (sigmoid, sympy.exp(x) / (1 + sympy.exp(x))),
    "sigmoid with tanh": (sigmoid, half + sympy.tanh(x / 2) / 2),
    "slope of the sigmoid": (sympy.diff(sigmoid, x), sigmoid * (1 - sigmoid)),
    "tanh with e^x": (sympy.tanh(x), (sympy.exp(2 * x) - 1) / (sympy.exp(2 * x) + 1)),
    "sum of logarithms": (sympy.log(x) + sympy.log(y), sympy.log(x * y)),
    "logarithm of the odds": (sympy.log(x) - sympy.log(1 - x), sympy.log(x / (1 - x))),
    "softplus": (sympy.log(1 + sympy.exp(x)), x + sympy.log(1 + sympy.exp(-x))),
    "half the logarithm of a square": (sympy.log(x**2) / 2, sympy.log(sympy.Abs(x))),
    # Where both are real they agree; that one lives on in the negative is what "equal" forgives.
    "half the logarithm of a square, and a logarithm": (sympy.log(x**2) / 2, sympy.log(x)),
    "root of a square": (sympy.sqrt(x**2), sympy.Abs(x)),
    "relu in pieces": (sympy.Max(x, 0), sympy.Piecewise((x, x > 0), (0, True))),
    "symbols with different assumptions": (x * y, sympy.Symbol("x", positive=True) * sympy.Symbol("y", real=True)),
    "a dummy symbol": (sympy.Dummy("x") ** 2, x**2),
    "cross-entropy": (-y * sympy.log(a) - (1 - y) * sympy.log(1 - a), sympy.log(1 / (a**y * (1 - a) ** (1 - y)))),
    "a vanishing factor": (1e-20 * x, x / 10**20),
    "a symbol that drops out": (x + y - y, x),
    "an unused symbol": (x * y / y, x),
    "many symbols": (sum(many) ** 2, sympy.expand(sum(many) ** 2)),
}
DIFFERENT = {
    "numbers": (1, 2),
    "nearly one tenth": (0.1 + 1e-10, sympy.Rational(1, 10)),
    "absolute value": (sympy.Abs(x), x),
    "root of a square": (sympy.sqrt(x**2), x),
    "relu": (sympy.Max(x, 0), x),
    "sign": (y - a, a - y),
    "factor two": ((a - y) * x, 2 * (a - y) * x),
    "forgotten slope": ((a - y) * x, (a - y) * a * (1 - a) * x),
    "swapped symbols": (x - 2 * y, y - 2 * x),
    "other symbols": (1 / x, 1 / y),
    "other case": (sympy.Symbol("X"), x),
    "sigmoid of -x": (sigmoid, 1 / (1 + sympy.exp(x))),
    "natural and decimal logarithm": (sympy.log(x), sympy.log(x, 10)),
    "logarithm of a sum": (sympy.log(x + y), sympy.log(x) + sympy.log(y)),
    "logarithm mirrored": (sympy.log(-x), sympy.log(x)),
    "a tiny relative error": (x, x * (1 + 1e-11)),
    "a factor between tiny numbers": (1e-20 * x, 2e-20 * x),
    "something tiny and nothing": (sympy.Float("1e-20") * x, 0),
    "one of ten symbols": (sum(many), sum(many[:-1]) + 1.001 * many[-1]),
    "not a number": (sympy.zoo, 1),
    "imaginary": (sympy.I * x, x),
}
ZERO = {
    "relu": (sympy.Max(x, 0), (x + sympy.Abs(x)) / 2),
    "sine and cosine": (sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1, 0),
    "expanded": ((x + 1) ** 2 - x**2 - 2 * x - 1, 0),
    "two zeros": (sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1, sympy.cosh(x) ** 2 - sympy.sinh(x) ** 2 - 1),
}


@pytest.mark.parametrize("one, other", EQUAL.values(), ids=EQUAL)
def test_equal_formulas_are_equal_both_ways_round(one, other):
    for verdict in (equal(one, other), equal(other, one)):
        assert verdict
        assert (verdict.equal, verdict.point, verdict.a_value, verdict.b_value) == (True, None, None, None)


@pytest.mark.parametrize("one, other", ZERO.values(), ids=ZERO)
def test_a_formula_that_cancels_to_zero_at_a_point_equals_zero(one, other):
    assert equal(one, other)
    assert equal(other, one)


@pytest.mark.parametrize("one, other", DIFFERENT.values(), ids=DIFFERENT)
def test_different_formulas_differ_at_the_point_that_is_named(one, other):
    verdict = equal(one, other)
    assert not verdict
    assert not equal(other, one)
    for formula, value in ((one, verdict.a_value), (other, verdict.b_value)):
        formula = sympy.sympify(formula)
        assert {s.name for s in formula.free_symbols} <= set(verdict.point)
        there = complex(formula.subs({s: sympy.Rational(str(verdict.point[s.name])) for s in formula.free_symbols}))
        if value is None:  # not a finite real number there
            assert not (there.imag == 0 and np.isfinite(there.real))
        else:
            assert value == pytest.approx(there.real, rel=1e-13)
    if None not in (verdict.a_value, verdict.b_value):
        assert verdict.a_value != verdict.b_value


def test_a_point_has_two_decimals_and_can_be_typed_again():
    point = equal(x * y, x + y).point
    assert set(point) == {"x", "y"}
    assert all(value == round(value, 2) for value in point.values())


def test_the_verdict_is_the_same_each_time():
    assert equal(x * y, x + y) == equal(x * y, x + y)


@pytest.mark.parametrize(
    "one, other",
    [(sympy.log(x - 5), sympy.log(x - 6)), (sympy.I, 2 * sympy.I), (sympy.oo, sympy.oo), (sympy.nan, sympy.nan)],
    ids=["out of reach", "imaginary", "infinity", "nan"],
)
def test_formulas_that_are_real_at_no_common_point_are_not_judged(one, other):
    with pytest.raises(ValueError, match="no common point"):
        equal(one, other)


@pytest.mark.parametrize("nonsense", ["x", None, [x], np.array([x, y])], ids=["text", "none", "list", "array"])
def test_what_is_not_a_formula_is_refused(nonsense):
    with pytest.raises(ValueError):
        equal(nonsense, x)


def network_formula(inner):
    """L = (W2 tanh(W1 x + b1) + b2 - y)^2 of a 2-8-1 network, 36 symbols, with tanh written by ``inner``."""
    X, W1, b1 = symbols("x", (1, 2)), symbols("W1", (2, 8)), symbols("b1", (8,))
    W2, b2 = symbols("W2", (8, 1)), symbols("b2", (1,))
    return ((inner(X @ W1 + b1) @ W2 + b2)[0, 0] - y) ** 2


def test_a_small_network_is_judged_in_two_seconds():
    one = network_formula(SYMPY.tanh)
    other = network_formula(lambda z: 1 - 2 / (SYMPY.exp(2 * z) + 1))
    start = time.process_time()
    assert equal(one, other)
    assert not equal(one, other + sympy.Float("1e-9") * one)
    assert time.process_time() - start < 2


def test_the_slope_of_a_small_network_is_judged_in_two_seconds():
    one = network_formula(SYMPY.tanh)
    X, W1, b1, W2 = symbols("x", (1, 2)), symbols("W1", (2, 8)), symbols("b1", (8,)), symbols("W2", (8, 1))
    weight = W1[1, 3]
    h = sympy.tanh(X[0, 0] * W1[0, 3] + X[0, 1] * W1[1, 3] + b1[3])
    miss, _ = one.as_base_exp()  # one is (y_pred - y)^2
    by_hand = 2 * miss * W2[3, 0] * (1 - h**2) * X[0, 1]
    start = time.process_time()
    assert equal(sympy.diff(one, weight), by_hand)
    assert not equal(sympy.diff(one, weight), by_hand / (1 - h**2))
    assert time.process_time() - start < 2


# Symbols, formulas and gradients


def test_symbols_are_named_by_their_index():
    array = symbols("w", (2, 3))
    assert array.shape == (2, 3)
    assert [s.name for s in array.ravel()] == ["w_0_0", "w_0_1", "w_0_2", "w_1_0", "w_1_1", "w_1_2"]
    assert [s.name for s in symbols("b", (2,))] == ["b_0", "b_1"]
    assert all(s.is_real for s in array.ravel())


def test_the_shape_of_nothing_gives_one_symbol():
    assert symbols("z", ()) == sympy.Symbol("z", real=True)


def test_a_definition_becomes_a_formula():
    z = symbols("z", ())
    assert symbolic.formula(OPERATIONS["sigmoid"], z) == 1 / (1 + sympy.exp(-z))
    y_pred, y_true = symbols("p", (3,)), symbols("t", (3,))
    mse = sum((p - t) ** 2 for p, t in zip(y_pred, y_true, strict=True)) / 3
    assert sympy.expand(symbolic.formula(OPERATIONS["mse"], y_pred, y_true) - mse) == 0
    assert symbolic.formula(OPERATIONS["relu"], symbols("z", (2, 3))).shape == (2, 3)


NAMESPACE_CALLS = {
    "exp": lambda xp, m: xp.exp(m),
    "log": lambda xp, m: xp.log(m * m),
    "sqrt": lambda xp, m: xp.sqrt(m * m + 1),
    "tanh": lambda xp, m: xp.tanh(m),
    "abs": lambda xp, m: xp.abs(m),
    "maximum": lambda xp, m: xp.maximum(m, 0),
    "minimum": lambda xp, m: xp.minimum(m, 0),
    "sum": lambda xp, m: xp.sum(m),
    "sum of rows": lambda xp, m: xp.sum(m, axis=1),
    "sum of columns, kept": lambda xp, m: xp.sum(m, axis=0, keepdims=True),
    "mean": lambda xp, m: xp.mean(m),
    "mean of rows": lambda xp, m: xp.mean(m, axis=1),
    "mean of columns, kept": lambda xp, m: xp.mean(m, axis=0, keepdims=True),
}


@pytest.mark.parametrize("call", NAMESPACE_CALLS.values(), ids=NAMESPACE_CALLS)
def test_the_namespace_means_what_numpy_means(call):
    numbers = np.array([[0.5, -1.25, 2.0], [-0.75, 0.25, 1.5]])
    unknown = symbols("m", numbers.shape)
    at = dict(zip(unknown.ravel(), map(sympy.Rational, numbers.ravel()), strict=True))
    formulas = np.asarray(call(SYMPY, unknown), dtype=object)
    values = np.array([float(f.subs(at)) for f in formulas.ravel()]).reshape(formulas.shape)
    np.testing.assert_allclose(values, call(np, numbers), rtol=1e-14)


def test_gradients_are_those_one_knows():
    z = np.array([[0.5, -1.0, 2.0]])
    upstream = np.array([[1.0, 2.0, -3.0]])
    (dz,) = symbolic.gradients(OPERATIONS["tanh"], (z,), upstream)
    np.testing.assert_allclose(dz, upstream / np.cosh(z) ** 2, rtol=1e-14)


def test_gradients_of_a_linear_map_come_for_each_input_in_its_shape():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
    dy = rng.normal(size=(2, 4))
    dx, dW, db = symbolic.gradients(OPERATIONS["linear"], inputs, dy)
    np.testing.assert_allclose(dx, dy @ inputs[1].T, rtol=1e-12)
    np.testing.assert_allclose(dW, inputs[0].T @ dy, rtol=1e-12)
    np.testing.assert_allclose(db, dy.sum(axis=0), rtol=1e-12)


def test_gradients_leave_the_truth_alone():
    y_pred, y_true = np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 1.0])
    gradients = symbolic.gradients(OPERATIONS["mse"], (y_pred, y_true), 1.0)
    assert len(gradients) == 1
    np.testing.assert_allclose(gradients[0], [2 / 3, 0, 2], atol=1e-14)  # 2 (y_pred - y_true) / 3


# Derivatives to be read


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_the_derivatives_that_are_printed_are_those_of_the_backward(operation):
    rng = np.random.default_rng(0)
    inputs = operation.example(rng, **dict.fromkeys(operation.sizes, 2))
    out = np.asarray(operation.forward(*inputs))
    upstream = np.zeros(out.size)
    upstream[0] = 1.0
    gradients = operation.gradients(1.0 if operation.is_loss else upstream.reshape(out.shape), out, *inputs)

    at = {}
    names = list(inspect.signature(operation.forward).parameters)
    for name, x in zip(names, inputs, strict=False):
        entries = np.ravel(symbols(name, np.shape(x))) if isinstance(x, np.ndarray) else []
        at |= {s: sympy.Float(float(value)) for s, value in zip(entries, np.ravel(x), strict=False)}
        if isinstance(x, float):
            at[sympy.Symbol(name, positive=True)] = sympy.Float(x)
    for i, (s, slope) in zip(operation.wrt, symbolic.derivatives(operation).items(), strict=True):
        entries = [str(entry) for entry in np.ravel(symbols(names[i], inputs[i].shape))]
        expected = np.ravel(gradients[operation.wrt.index(i)])[entries.index(str(s))]
        assert symbolic.number(slope.xreplace(at)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_latex_is_an_equation_for_each_input_with_a_gradient(operation):
    lines = symbolic.latex(operation).split(r" \\" + "\n")
    assert len(lines) == len(operation.wrt)
    for line in lines:
        assert re.match(r"\\frac\{\\partial \S+( \d+)*\}*\{\\partial .+\} = .", line), line
        assert "Derivative" not in line and "Subs" not in line
        assert line.count("{") == line.count("}")


def test_latex_reads_as_it_does_on_paper():
    assert symbolic.latex(OPERATIONS["linear"]).split(r" \\" + "\n") == [
        r"\frac{\partial y_{0}}{\partial x_{0 0}} = W_{0 0}",
        r"\frac{\partial y_{0}}{\partial W_{0 0}} = x_{0 0}",
        r"\frac{\partial y_{0}}{\partial b_{0}} = 1",
    ]
    assert symbolic.latex(OPERATIONS["l2"]) == r"\frac{\partial L}{\partial W_{0 0}} = W_{0 0} strength"
