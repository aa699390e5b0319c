"""The rules of school for derivatives, of which any one may be broken to see what comes out."""

from bplib.course.drills.expressions import (
    ONE,
    ZERO,
    Call,
    Letter,
    Power,
    Product,
    Quotient,
    Sum,
    add,
    letters_in,
    number,
    over,
    parts,
    raised,
    times,
)


def _product_rule(factors, slopes):
    return add(*(times(slope, *factors[:k], *factors[k + 1 :]) for k, slope in enumerate(slopes)))


def _quotient_rule(above, below, d_above, d_below):
    if d_below == ZERO:
        return over(d_above, below)
    return over(add(times(d_above, below), times(number(-1), above, d_below)), raised(below, 2))


RULES = {
    "sum": lambda terms, slopes: add(*slopes),
    "product": _product_rule,
    "quotient": _quotient_rule,
    "chain": lambda node, outer, inner: times(inner, outer),
    "power": lambda u, n: times(number(n), raised(u, n - 1)),
    "exp": lambda u: Call("exp", u),
    "log": lambda u: over(ONE, u),
    "sqrt": lambda u: over(ONE, times(number(2), Call("sqrt", u))),
    "tanh": lambda u: add(ONE, times(number(-1), raised(Call("tanh", u), 2))),
    "sigmoid": lambda u: times(Call("sigmoid", u), add(ONE, times(number(-1), Call("sigmoid", u)))),
}
"""The rules by name: of parts and their slopes, of a node with its outer and inner link, and the outer links alone."""


def slope(tree, letter, broken=None):
    """The derivative by a letter, as a tree; broken is a dict of rules that take the place of those in RULES."""
    return _slope(tree, letter, RULES | (broken or {}))


def _slope(tree, letter, rules):
    if letter not in letters_in(tree):
        return ZERO
    slopes = [_slope(part, letter, rules) for part in parts(tree)]
    match tree:
        case Letter():
            return ONE
        case Sum(terms=terms):
            return rules["sum"](terms, slopes)
        case Product(factors=factors):
            return rules["product"](factors, slopes)
        case Quotient(above=above, below=below):
            return rules["quotient"](above, below, *slopes)
        case Power(base=base, exponent=exponent):
            return rules["chain"](tree, rules["power"](base, exponent), slopes[0])
        case Call(name=name, inside=inside):
            return rules["chain"](tree, rules[name](inside), slopes[0])
    raise TypeError(f"{tree!r} is no formula")
