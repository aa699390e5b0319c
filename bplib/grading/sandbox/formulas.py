"""Formulas of SymPy as trees of plain data, of a few classes of symbols, numbers and functions and of nothing else.

A formula that comes in is built without evaluating it: what SymPy does on its own with powers of powers may never end.
"""

import functools

DEPTH, ITEMS = 60, 10_000
"""How deep a formula may be nested, and how many parts it may have."""

_DIGITS = 10_000
_ASSUMPTIONS = ("real", "positive", "negative", "nonnegative", "integer")
_FUNCTIONS = (
    "Add Mul Pow exp log sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh coth sech csch asinh acosh atanh"
    " Abs sign Max Min Heaviside erf floor ceiling re im conjugate Piecewise And Or Not Eq Ne Lt Le Gt Ge"
).split()
_AS_THEY_ARE = ("Piecewise", "ExprCondPair")  # their constructors work on what they are given


class Unreadable(ValueError):  # noqa: N818, it is said of what came in
    """A value or a message that is refused; its text is a sentence about it."""


def encoded(formula):
    """A tree for an expression of SymPy; None if it holds anything but the classes that are known.

    What is still to be worked out, such as a derivative or an integral, is worked out first.
    """
    tree = _encoded(formula, 0)
    return _encoded(formula.doit(), 0) if tree is None else tree


def _encoded(value, depth):
    import sympy

    from bplib.symbolic import Letter

    if depth > DEPTH:
        raise Unreadable("The formula is nested too deeply.")
    if isinstance(value, sympy.Symbol):
        known = value.assumptions0
        kind = "Letter" if isinstance(value, Letter) else "Symbol"
        return [kind, value.name, {name: known[name] for name in _ASSUMPTIONS if known.get(name) is not None}]
    if isinstance(value, sympy.Rational):
        return ["Rational", hex(value.p), hex(value.q)]
    if isinstance(value, sympy.Float):
        return ["Float", str(value), int(value._prec)]
    for name, constant in _constants().items():
        if value is constant:
            return [name]
    name = type(value).__name__
    if classes().get(name) is not type(value):
        return None
    parts = [_encoded(arg, depth + 1) for arg in value.args]
    return None if None in parts else [name, *parts]


class Builder:
    """Builds formulas from trees, of which all together may have so many parts."""

    def __init__(self):
        """Begin to count."""
        self.items = 0

    def built(self, tree, depth=0):
        """The formula of a tree. Unreadable for one that is too large; anything may be raised for what is none."""
        import sympy

        from bplib.symbolic import Letter

        self.items += 1
        if depth > DEPTH + 2 or self.items > ITEMS:
            raise Unreadable("The formula is too large to be compared.")
        name, *parts = tree
        if name in ("Symbol", "Letter"):
            known = {key: bool(value) for key, value in parts[1].items() if key in _ASSUMPTIONS}
            return (sympy.Symbol if name == "Symbol" else Letter)(str(parts[0])[:60], **known)
        if name == "Rational":
            return sympy.Rational(*map(whole, parts))
        if name == "Float":
            return sympy.Float(str(parts[0])[:400], precision=min(max(int(parts[1]), 2), 1000))
        if not parts and name in _constants():
            return _constants()[name]
        kind = classes()[name]
        args = [self.built(part, depth + 1) for part in parts]
        if name in ("And", "Or"):  # theirs compares what it is given, part by part
            made = sympy.Basic.__new__(kind, *args)
            made._argset = frozenset(args)
            return made
        return sympy.Basic.__new__(kind, *args) if name in _AS_THEY_ARE else kind(*args, evaluate=False)


@functools.cache
def classes():
    """The classes of SymPy that a formula may be made of, by the name of their type."""
    import sympy

    found = [getattr(sympy, name) for name in _FUNCTIONS]
    return {each.__name__: each for each in [*found, sympy.functions.elementary.piecewise.ExprCondPair]}


@functools.cache
def _constants():
    import sympy

    names = {"pi": sympy.pi, "E": sympy.E, "I": sympy.I, "oo": sympy.oo, "-oo": -sympy.oo, "zoo": sympy.zoo}
    return {**names, "nan": sympy.nan, "true": sympy.true, "false": sympy.false, "gamma": sympy.EulerGamma}


def whole(text):
    """The whole number that stands in hexadecimal digits."""
    if len(text) > _DIGITS:
        raise Unreadable("It holds a number that is too long.")
    return int(text, 16)
