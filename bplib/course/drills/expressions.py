"""Formulas as trees, written and evaluated.

A formula is made of the seven kinds below. `add`, `times`, `over` and `raised` build them and leave away what does
nothing, a 0 in a sum or a 1 in a product, and take numbers together; little more is simplified.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

FUNCTIONS = ("exp", "log", "sqrt", "tanh", "sigmoid")


@dataclass(frozen=True)
class Number:
    """A number that is known exactly."""

    value: Fraction


@dataclass(frozen=True)
class Letter:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Sum:
    """Two terms or more."""

    terms: tuple


@dataclass(frozen=True)
class Product:
    """Two factors or more; a number stands first."""

    factors: tuple


@dataclass(frozen=True)
class Quotient:
    """What stands above a line, and what below."""

    above: object
    below: object


@dataclass(frozen=True)
class Power:
    """A power whose exponent is a number, and no tree."""

    base: object
    exponent: Fraction


@dataclass(frozen=True)
class Call:
    """One of FUNCTIONS, and what stands inside."""

    name: str
    inside: object


# Building


def number(value):
    """The number as a tree."""
    return Number(Fraction(value))


ZERO, ONE = number(0), number(1)


def add(*terms):
    """The sum, without zeros; numbers are added up in the place of the first, and no minus leads if a term has none."""
    flat = [each for term in terms for each in (term.terms if isinstance(term, Sum) else (term,))]
    flat = _folded(flat, sum)
    flat = [each for each in flat if each != ZERO]
    if flat and minus(flat[0]):  # 4 - 2 z reads better than -2 z + 4
        first = next((k for k, each in enumerate(flat) if not minus(each)), 0)
        flat.insert(0, flat.pop(first))
    return Sum(tuple(flat)) if len(flat) > 1 else flat[0] if flat else ZERO


def times(*factors):
    """The product, without ones: a number first, then letters by the alphabet, then the rest.

    A quotient takes the others above.
    """
    if any(isinstance(factor, Quotient) for factor in factors):
        above = [factor.above if isinstance(factor, Quotient) else factor for factor in factors]
        return over(times(*above), times(*(factor.below for factor in factors if isinstance(factor, Quotient))))
    flat = [each for factor in factors for each in (factor.factors if isinstance(factor, Product) else (factor,))]
    flat = _folded(sorted(flat, key=_rank), math.prod)
    if ZERO in flat:
        return ZERO
    flat = _gathered([each for each in flat if each != ONE])
    return Product(tuple(flat)) if len(flat) > 1 else flat[0] if flat else ONE


def over(above, below):
    """The quotient, with whole numbers canceled; nothing stays a quotient by 1, or of 0."""
    (m, up), (n, down) = _apart(above), _apart(below)
    if m.denominator == n.denominator == 1 and m and math.gcd(int(m), int(n)) > 1:
        common = math.gcd(int(m), int(n))
        above, below = times(number(m / common), up), times(number(n / common), down)
    return above if below == ONE or above == ZERO else Quotient(above, below)


def raised(base, exponent):
    """The power; the exponents 0 and 1 are no powers."""
    return ONE if exponent == 0 else base if exponent == 1 else Power(base, Fraction(exponent))


def _rank(factor):
    """Where a factor stands in a product."""
    base = factor.base if isinstance(factor, Power) else factor
    if isinstance(factor, Number):
        return 0, ""
    return (1, base.name) if isinstance(base, Letter) else (2, "")


def _apart(tree):
    """The number in front of a product, and the rest of it."""
    match tree:
        case Number(value=value):
            return value, ONE
        case Product(factors=(Number(value=value), *rest)):
            return value, times(*rest)
    return Fraction(1), tree


def _gathered(flat):
    """The factors, with powers of one letter as one power in the place of the first."""
    powers = {}
    for factor in flat:
        base, exponent = (factor.base, factor.exponent) if isinstance(factor, Power) else (factor, Fraction(1))
        if isinstance(base, Letter):
            powers[base] = powers.get(base, 0) + exponent
            factor = base
        else:
            powers[factor] = None
    if len(powers) == len(flat):
        return flat
    return [base if exponent is None else raised(base, exponent) for base, exponent in powers.items()]


def _folded(flat, together):
    """The list with its numbers taken together in the place of the first of them."""
    numbers = [each.value for each in flat if isinstance(each, Number)]
    if len(numbers) < 2:
        return flat
    first = next(k for k, each in enumerate(flat) if isinstance(each, Number))
    rest = [each for each in flat[first:] if not isinstance(each, Number)]
    return [*flat[:first], number(together(numbers)), *rest]


def parts(tree):
    """The trees directly below."""
    match tree:
        case Sum(terms=below) | Product(factors=below):
            return below
        case Quotient(above=above, below=below):
            return above, below
        case Power(base=inside) | Call(inside=inside):
            return (inside,)
    return ()


def nodes(tree):
    """The tree and all that is in it, from the outside inward."""
    yield tree
    for part in parts(tree):
        yield from nodes(part)


def letters_in(tree):
    """The names of the letters in it, as a set."""
    return {node.name for node in nodes(tree) if isinstance(node, Letter)}


# Writing and evaluating


def written(tree, paper=False):
    """The formula as Python, 3*x**2*exp(x*y), or as on paper, 3 x^2 exp(x y)."""
    return _written(tree, *((" ", "^") if paper else ("*", "**")))[0]


def minus(tree):
    """The tree without its sign where it begins with a minus, else None."""
    match tree:
        case Number(value=value) if value < 0:
            return number(-value)
        case Product(factors=(Number(value=value), *rest)) if value < 0:
            return times(number(-value), *rest)
        case Quotient(above=above, below=below) if minus(above):
            return over(minus(above), below)
    return None


def _written(tree, dot, hat):
    """The text, and how strongly it holds together: 1 a sum, 2 a product, 3 a power, 4 what needs no parentheses."""

    def inside(part, needed):
        text, strength = _written(part, dot, hat)
        return text if strength >= needed else f"({text})"

    positive = minus(tree)
    if positive:
        return f"-{inside(positive, 2)}", 1
    match tree:
        case Number(value=value):
            return (str(value), 4 if value.denominator == 1 else 2)
        case Letter(name=name):
            return name, 4
        case Sum(terms=terms):
            text = inside(terms[0], 1)
            for term in terms[1:]:
                text += f" - {inside(minus(term), 2)}" if minus(term) else f" + {inside(term, 2)}"
            return text, 1
        case Product(factors=(first, *rest)):
            return dot.join([inside(first, 2), *(inside(factor, 3) for factor in rest)]), 2
        case Quotient(above=above, below=below):
            return f"{inside(above, 2)}/{inside(below, 3)}", 2
        case Power(base=base, exponent=exponent):
            plain = exponent.denominator == 1 and exponent > 0
            return f"{inside(base, 4)}{hat}{exponent if plain else f'({exponent})'}", 3
        case Call(name=name, inside=of):
            return f"{name}({_written(of, dot, hat)[0]})", 4
    raise TypeError(f"{tree!r} is no formula")


FLOATS = SimpleNamespace(
    number=float,
    exp=math.exp,
    log=math.log,
    sqrt=math.sqrt,
    tanh=math.tanh,
    sigmoid=lambda z: 1 / (1 + math.exp(-z)),
)
"""Numbers and functions for `evaluated`, of which each may raise ValueError, ZeroDivisionError or OverflowError."""


def evaluated(tree, letters, xp=FLOATS):
    """What a formula comes to, with {name: value} of its letters and the numbers and functions of xp."""
    match tree:
        case Number(value=value):
            return xp.number(value)
        case Letter(name=name):
            return letters[name]
        case Sum(terms=terms):
            return sum(evaluated(term, letters, xp) for term in terms)
        case Product(factors=factors):
            return math.prod(evaluated(factor, letters, xp) for factor in factors)
        case Quotient(above=above, below=below):
            return evaluated(above, letters, xp) / evaluated(below, letters, xp)
        case Power(base=base, exponent=exponent):
            whole = exponent.denominator == 1
            return evaluated(base, letters, xp) ** (int(exponent) if whole else xp.number(exponent))
        case Call(name=name, inside=inside):
            return getattr(xp, name)(evaluated(inside, letters, xp))
    raise TypeError(f"{tree!r} is no formula")


def symbolic():
    """Numbers and functions for `evaluated` that make expressions of SymPy from its symbols."""
    import sympy

    functions = {name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "tanh")}
    return SimpleNamespace(
        number=lambda value: sympy.Rational(value.numerator, value.denominator),
        sigmoid=lambda z: 1 / (1 + sympy.exp(-z)),
        **functions,
    )
