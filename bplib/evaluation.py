"""The value of a formula at a point, to sixty digits, however the formula is built.

It neither evaluates the formula first nor computes with numbers that grow without end: a tower of powers is written in
a line, and no computer has the memory for its value.
"""

import math
import operator

import mpmath
import sympy
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom


def function(expression, names):
    """A formula as a function of numbers in the order of names; a float in it becomes the fraction one reads."""
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return lambda *point: mpmath.nan
    if _is_plain(expression):
        return lambda *point: _value(expression, dict(zip(names, point, strict=True)), {})
    plain = {s: sympy.Symbol(s.name) for s in expression.free_symbols}
    plain |= {f: sympy.Rational(str(f)) for f in expression.atoms(sympy.Float)}  # 0.1 is one tenth
    return sympy.lambdify([sympy.Symbol(n) for n in names], expression.xreplace(plain).doit(), "mpmath", cse=True)


_LARGEST = 1 << 14  # the power of two at which a number counts as infinite, and one below as zero


def _is_plain(expression):
    """Whether a formula is made of what `_value` knows."""
    seen, todo = set(), [expression]
    while todo:
        node = todo.pop()
        if node not in seen:
            if not (isinstance(node, _ATOMS) or node in _CONSTANTS or type(node) in COMPUTED):
                return False
            seen.add(node)
            todo += node.args
    return True


def _value(node, point, known):
    """The value of a formula at a point, a dict by name; known holds what was computed there. It may raise much."""
    if node not in known:
        value = _computed(node, point, known)
        if not isinstance(value, bool) and mpmath.isfinite(value):
            if mpmath.mag(value) > _LARGEST:
                raise OverflowError
            if mpmath.mag(value) < -_LARGEST:
                value = mpmath.mpf(0)
        known[node] = value
    return known[node]


def _computed(node, point, known):
    if isinstance(node, sympy.Symbol):
        return point[node.name]
    if isinstance(node, sympy.Rational):
        return mpmath.mpf(node.p) / node.q
    if isinstance(node, sympy.Float):
        return mpmath.mpf(str(node))  # 0.1 is one tenth
    if isinstance(node, BooleanAtom):
        return bool(node)
    if node in _CONSTANTS:
        return +_CONSTANTS[node]
    if isinstance(node, sympy.Piecewise):
        for part in node.args:
            if _value(part.cond, point, known):
                return _value(part.expr, point, known)
        return mpmath.nan
    return COMPUTED[type(node)](*(_value(arg, point, known) for arg in node.args))


def _step(x, middle):
    return mpmath.mpf(0) if x < 0 else mpmath.mpf(1) if x > 0 else middle


_ATOMS = (sympy.Symbol, sympy.Rational, sympy.Float, BooleanAtom)
_CONSTANTS = {sympy.pi: mpmath.pi, sympy.E: mpmath.e, sympy.EulerGamma: mpmath.euler, sympy.I: mpmath.mpc(0, 1)}
COMPUTED = {
    sympy.Add: lambda *terms: sum(terms),
    sympy.Mul: lambda *factors: math.prod(factors),
    sympy.Pow: operator.pow,
    sympy.Abs: abs,
    sympy.Max: max,
    sympy.Min: min,
    sympy.Heaviside: _step,
    sympy.ceiling: mpmath.ceil,
    sympy.conjugate: mpmath.conj,
    sympy.And: lambda *conditions: all(conditions),
    sympy.Or: lambda *conditions: any(conditions),
    sympy.Not: operator.not_,
    sympy.Piecewise: None,
    ExprCondPair: None,
}
COMPUTED |= {
    getattr(sympy, name): getattr(mpmath, name)
    for name in "exp log sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh coth sech csch asinh acosh atanh"
    " sign erf floor re im".split()
}
COMPUTED |= {getattr(sympy, name): getattr(operator, name.lower()) for name in "Eq Ne Lt Le Gt Ge".split()}
"""The classes of SymPy whose values are computed here, and how; the last two are known to `_computed`."""


def real(function, point):
    """The value of the function at a point, or None where it is no finite real number."""
    with mpmath.workdps(60):
        try:
            value = mpmath.mpmathify(function(*(mpmath.mpf(x.p) / x.q for x in point)))
        except (ArithmeticError, AttributeError, NameError, TypeError, ValueError):
            return None
        if abs(mpmath.im(value)) > 1e-40 * abs(value) or not mpmath.isfinite(value):
            return None
        return mpmath.re(value)
