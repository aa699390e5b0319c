"""How large a formula is, before SymPy sees it: a tower of powers is soon typed, and no computer holds its value."""

from types import SimpleNamespace

from bplib.course.drills import expressions
from bplib.course.drills.expressions import Call, Letter, Number, Power, Product, Quotient, Sum

_LARGEST, _DEGREE, _BITS = 10**6, 40, 64


def measured(tree):
    """The value of a tree without letters, its degree, the bits of its numbers, and how deep exp stands in exp.

    ValueError where one is too large. The bits and the degree are those it would have if it were multiplied out, since
    SymPy may do that.
    """
    below = [measured(part) for part in expressions.parts(tree)]
    size = SimpleNamespace(
        value=None,
        degree=max((part.degree for part in below), default=0),
        bits=sum(part.bits for part in below),
        exps=max((part.exps for part in below), default=0),
        log=any(part.log for part in below),
    )
    match tree:
        case Letter():
            size.degree = 1
        case Number(value=value):
            size.bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        case Sum(terms=terms):
            size.bits = max(part.bits for part in below) + len(terms).bit_length()
        case Product() | Quotient():
            if isinstance(tree, Quotient) and below[1].value == 0:
                raise ValueError(f"{expressions.written(tree)[:40]} divides by 0.")
            size.degree = sum(part.degree for part in below)
        case Power(exponent=exponent):
            many = max(1, abs(exponent.numerator))
            size.degree, size.bits = size.degree * many, size.bits * many
        case Call(name=name):
            if name in ("exp", "sigmoid") and size.log:
                raise ValueError("An exp of a logarithm is a power: write it as one.")
            size.log = size.log or name == "log"
            size.exps += name in ("exp", "sigmoid")
    if not expressions.letters_in(tree):
        size.value = _value(tree)
    if size.degree > _DEGREE or size.bits > _BITS:
        raise ValueError("Its numbers or its powers are larger than this formula needs.")
    if size.exps > 2:
        raise ValueError("An exp in the exp of an exp is more than this formula needs.")
    return size


def _value(tree):
    try:
        value = expressions.evaluated(tree, {})
    except ZeroDivisionError:
        raise ValueError(f"{expressions.written(tree)[:40]} divides by 0.") from None
    except (ValueError, OverflowError):
        value = None
    if not isinstance(value, float | int) or not abs(value) <= _LARGEST:
        raise ValueError(f"{expressions.written(tree)[:40]} is no number that this formula needs.")
    return value
