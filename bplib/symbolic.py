"""Derivatives on paper: the definitions of the course, run by SymPy.

`SYMPY` is an array namespace for arrays of symbols, so a definition written for NumPy becomes a formula.
"""

import inspect
from collections import defaultdict
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import sympy

from bplib import evaluation

SYMPY = SimpleNamespace(
    exp=np.frompyfunc(sympy.exp, 1, 1),
    log=np.frompyfunc(sympy.log, 1, 1),
    sqrt=np.frompyfunc(sympy.sqrt, 1, 1),
    tanh=np.frompyfunc(sympy.tanh, 1, 1),
    abs=np.frompyfunc(sympy.Abs, 1, 1),
    maximum=np.frompyfunc(sympy.Max, 2, 1),
    minimum=np.frompyfunc(sympy.Min, 2, 1),
    pad=np.pad,
    stack=np.stack,
    swapaxes=np.swapaxes,
    sum=np.sum,
    mean=lambda x, axis=None, keepdims=False: (
        np.sum(x, axis=axis, keepdims=keepdims) / sympy.Integer(np.size(x) // np.size(np.sum(x, axis=axis)))
    ),
)
"""The functions of the definitions, elementwise on arrays of SymPy expressions."""


def symbols(name, shape):
    """An array of real symbols, name_0_0, name_0_1, ...; shape () gives one symbol."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(array.shape):
        array[index] = sympy.Symbol("_".join([name, *map(str, index)]), real=True)
    return array if array.shape else array[()]


def formula(operation, *inputs):
    """The definition of an operation as a SymPy expression, or an array of them, of the given symbols."""
    return operation.definition(SYMPY, *inputs)


def gradients(operation, inputs, upstream):
    """The gradient of sum(upstream * out) for each input in operation.wrt, derived by SymPy, at the given numbers."""
    return derivation(operation, inputs)(inputs, upstream)


def derivation(operation, inputs):
    """The gradients as a function of (inputs, upstream): derived once, it serves all numbers in arrays of these shapes.

    Inputs that are not in operation.wrt, such as labels, stay as they are here. The others become symbols and the
    definition a formula. What goes into a function or a sum and what comes out of it gets a name of its own, SymPy
    differentiates each of these short formulas, and the chain rule joins their slopes: written out, the formula of a
    recurrent network would never end.
    """
    names = dict(zip(operation.wrt, operation.wrt_names, strict=True))
    unknown = {i: symbols(name, np.shape(inputs[i])) for i, name in names.items()}
    steps = []

    def name(formula):
        if not getattr(formula, "free_symbols", None) or formula.is_Symbol:
            return formula  # a number, or a name already
        steps.append((sympy.Dummy(real=True), formula))
        return steps[-1][0]

    out = operation.definition(_naming(name), *(unknown.get(i, x) for i, x in enumerate(inputs)))
    ends = [(sympy.Dummy(), sympy.sympify(entry)) for entry in np.ravel(out)]
    edges = [(name, s, slope) for name, step in (*steps, *ends) for s, slope in _slopes(step).items()]
    known = [s for array in unknown.values() for s in np.ravel(array)]
    slopes = sympy.lambdify(known, [slope for *_, slope in edges], "numpy", cse=lambda formulas: (steps, formulas))

    def at(inputs, upstream):
        numbers = [number for i in unknown for number in np.ravel(inputs[i])]
        total = dict.fromkeys(known, 0.0) | {name: 0.0 for name, _ in steps}
        total |= {name: float(u) for (name, _), u in zip(ends, np.ravel(upstream), strict=True)}
        for (name, s, _), slope in reversed(list(zip(edges, slopes(*numbers), strict=True))):
            total[s] += total[name] * slope
        collect = np.frompyfunc(total.__getitem__, 1, 1)
        return tuple(np.asarray(collect(array), dtype=float) for array in unknown.values())

    return at


def _slopes(formula):
    """How a formula changes with each of its symbols. Of a sum only the terms that hold the symbol are looked at."""
    terms = defaultdict(list)
    for term in sympy.Add.make_args(formula):
        for s in term.free_symbols:
            terms[s].append(sympy.diff(term, s))
    return {s: sympy.Add(*of_terms) for s, of_terms in terms.items()}


def _naming(name):
    """`SYMPY`, with a name for every entry that goes into one of its functions or sums, and for what comes out."""
    each = np.frompyfunc(name, 1, 1)

    def naming(function):
        return lambda *arrays, **axes: each(function(*map(each, arrays), **axes))

    functions = ("exp", "log", "sqrt", "tanh", "abs", "maximum", "minimum", "sum", "mean")
    return SimpleNamespace(**vars(SYMPY) | {f: naming(getattr(SYMPY, f)) for f in functions})


def derivatives(operation):
    """How the first entry of an operation's output changes with one entry of each input in wrt: {symbol: slope}.

    It is the first entry on which the output depends. All axes of the operation's example have length 2; short slopes
    are simplified. Where a slope jumps, theta is the step from 0 to 1.
    """
    unknown, first = _first_entry(operation)
    slopes = {}
    for i in operation.wrt:
        entries = np.ravel(unknown[i])
        s = next((s for s in entries if s in first.free_symbols), entries[0])
        slope = sympy.diff(first, s)
        # To simplify a formula of many symbols may take forever, and it would be no shorter.
        slopes[s] = sympy.simplify(slope) if len(slope.free_symbols) <= 3 else slope
    return slopes


def latex(operation):
    """The `derivatives` of an operation as LaTeX, an equation for each, separated by line breaks."""
    name = "L" if operation.is_loss else f"{list(inspect.signature(operation.backward).parameters)[1]}_0"
    return " \\\\\n".join(
        rf"\frac{{\partial {sympy.latex(sympy.Symbol(name))}}}{{\partial {sympy.latex(s)}}} = {sympy.latex(slope)}"
        for s, slope in derivatives(operation).items()
    )


def _first_entry(operation):
    """Symbols for the inputs of an operation's smallest example, and the formula of the first entry of its output."""
    inputs = operation.example(np.random.default_rng(0), **dict.fromkeys(operation.sizes, 2))
    names = inspect.signature(operation.forward).parameters
    unknown = [_unknown(name, x) for name, x in zip(names, inputs, strict=False)]
    return unknown, sympy.sympify(np.ravel(formula(operation, *unknown))[0])


def _unknown(name, x):
    if isinstance(x, float):
        return sympy.Symbol(name, positive=True)
    return symbols(name, x.shape) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


@dataclass(frozen=True)
class Equality:
    """Whether two formulas are equal; if not, a point where they differ and their values there."""

    equal: bool
    point: dict | None = None
    a_value: float | None = None
    b_value: float | None = None

    def __bool__(self):
        """True if the formulas are equal."""
        return self.equal


class Letter(sympy.Symbol):
    """A symbol for work on paper: SymPy refuses to differentiate by it, with a ValueError."""

    __slots__ = ()
    _diff_wrt = False


def equal(a, b):
    """Decide whether two formulas are equal, by evaluating both at random points: simplifying may never end.

    Symbols are matched by name; one that is an integer in either formula gets whole numbers from 2 to 9. Values are
    computed to sixty digits, so that cancellation hides nothing, and compared to twelve. Points where neither formula
    is a finite real number say nothing. ValueError if a and b are real at no common point, or if one of them is no
    formula.
    """
    a, b = sympy.sympify(a, strict=True), sympy.sympify(b, strict=True)
    for f in (a, b):
        if not isinstance(f, sympy.Expr):
            raise ValueError(f"equal: {f} is not a formula but a {type(f).__name__}")
    symbols = a.free_symbols | b.free_symbols
    names, counts = sorted({s.name for s in symbols}), sorted({s.name for s in symbols if s.is_integer})
    a, b = (evaluation.function(f, names) for f in (a, b))
    rng = np.random.default_rng(0)
    compared = 0
    for k in range(40):
        # Half of the points look like probabilities, where logarithms live, and half like anything.
        low, high = (0.05, 0.95) if k % 2 == 0 else (-3.0, 3.0)
        # Two decimals, so that the point can be shown to a person exactly as it was used.
        point = {name: sympy.Rational(int(100 * rng.uniform(low, high)), 100) for name in names}
        point |= {name: sympy.Integer(int(rng.integers(2, 10))) for name in counts}
        values = [evaluation.real(f, point.values()) for f in (a, b)]
        if values[0] is None and values[1] is None:
            continue
        if None not in values:
            compared += 1
            size = max(map(abs, values))
            # Below 1e-25, at points like these, stands what cancellation has left of zero.
            if size < 1e-25 or abs(values[0] - values[1]) <= 1e-12 * size:
                continue
        elif k % 2 == 1:
            continue  # outside of the unit interval a formula may stop being real where an equal one does not
        return Equality(False, {name: float(v) for name, v in point.items()}, *(_float(v) for v in values))
    if not compared:
        raise ValueError("equal: the two formulas are real numbers at no common point, so they cannot be compared")
    return Equality(True)


def number(formula):
    """The value of a formula without symbols, as a float. ValueError where it is no finite real number."""
    value = evaluation.real(evaluation.function(sympy.sympify(formula, strict=True), ()), ())
    if value is None:
        raise ValueError("number: the formula is no finite real number")
    return float(value)


def _float(value):
    return None if value is None else float(value)
