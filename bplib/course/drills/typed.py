"""Reads what was typed into the fields of a drill, as an answer that its judge can call. What is typed is never run."""

import ast
import operator
from fractions import Fraction

from bplib.course.drills.drill import Drill

_LONGEST = 300
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
FUNCTIONS = ("exp", "log", "sqrt", "tanh")
"""The functions that may stand in a formula; sigmoid may as well, and is 1 / (1 + exp(-z))."""


def answer(drill: Drill, texts):
    """The function that a drill's judge calls, from the texts in its fields. ValueError, in a sentence, for a blank.

    A number is written as 3, -2.5 or 1/3; a formula in Python, where ^ is a power too.
    """
    if drill.letters:
        [field], [words] = drill.fields, texts
        return _formula(field, words, drill.letters.split())
    values = {field.name: _read(field, words) for field, words in zip(drill.fields, texts, strict=True)}
    return lambda: values if len(values) > 1 else next(iter(values.values()))


def _read(field, words):
    words = _plain(field, words)
    if field.kind == "choice":
        return words
    try:
        return float(Fraction(words.replace(" ", "").replace(",", ".")))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(f"{field.label}: {words[:20]} is no number; write it as 3, -2.5 or 1/3.") from None


def _plain(field, words):
    words = words.strip().replace("−", "-").replace("·", "*").replace("^", "**")
    if not words:
        raise ValueError(f"{field.label} is still empty.")
    if len(words) > _LONGEST:
        raise ValueError(f"{field.label} is longer than {_LONGEST} letters.")
    return words


def _formula(field, words, names):
    """The function of letters that a formula is; it is tried with letters of its own, so that errors come at once."""
    import sympy

    try:
        tree = ast.parse(_plain(field, words), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"{field.label} cannot be read; write it as in Python, 2*x*exp(x**2).") from None
    _evaluated(tree, {name: sympy.Symbol(name, real=True) for name in names})
    return lambda *letters: _evaluated(tree, dict(zip(names, letters, strict=True)))


def _evaluated(tree, letters):
    """The formula of a tree of Python, of letters and a few functions and nothing else."""
    import sympy

    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return sympy.Rational(str(value))
        case ast.Name(id=name):
            if name not in letters:
                known = ", ".join(letters)
                raise ValueError(f"{name} is none of the letters of this formula: {known}.")
            return letters[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand, letters)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluated(operand, letters)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            a, b = _evaluated(left, letters), _evaluated(right, letters)
            if isinstance(op, ast.Pow) and b.is_number and abs(b) > 20:
                raise ValueError(f"The exponent {b} is too large for this drill.")
            return _OPERATIONS[type(op)](a, b)
        case ast.Call(func=ast.Name(id=name), args=[inside], keywords=[]) if name in (*FUNCTIONS, "sigmoid", "ln"):
            z = _evaluated(inside, letters)
            if name == "sigmoid":
                return 1 / (1 + sympy.exp(-z))
            return getattr(sympy, "log" if name == "ln" else name)(z)
    raise ValueError(
        f"`{ast.unparse(tree)[:40]}` cannot stand in a formula here; letters, numbers, + - * / ** and "
        f"{', '.join(FUNCTIONS)} and sigmoid can."
    )
