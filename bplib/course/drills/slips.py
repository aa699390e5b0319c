"""Derivatives as they come out where a rule is broken: the mistakes of a formula, computed from the formula itself."""

from bplib.course.drills.expressions import (
    ONE,
    ZERO,
    Call,
    Power,
    Product,
    Quotient,
    Sum,
    add,
    letters_in,
    nodes,
    number,
    over,
    raised,
    times,
    written,
)
from bplib.course.drills.rules import RULES, slope


def slips(formula, letters, letter):
    """Triples of an id, a sentence and a formula; of two that come to the same, the first is the more likely one."""
    yield from _missing_links(formula, letter)
    yield from _other_letters(formula, letters, letter)
    yield "itself", "This is f itself. How fast does it grow with " + letter + "?", formula
    yield from _products_and_sums(formula, letter)
    yield from _quotients(formula, letter)
    yield from _outer_links(formula, letter)
    yield from _moved_inside(formula, letter)


def links(formula, letter):
    """The functions and powers in it with the letter inside of them, from the outside inward."""
    return [node for node in nodes(formula) if isinstance(node, Call | Power) and letter in letters_in(node)]


def inside_of(node):
    """What stands inside of a function or a power."""
    return node.inside if isinstance(node, Call) else node.base


def word_for(node):
    """What a function or a power is called in a sentence."""
    if isinstance(node, Call):
        return "the root" if node.name == "sqrt" else node.name
    return {2: "the square", 3: "the cube"}.get(node.exponent, "the power")


def _paper(tree):
    return written(tree, paper=True)


def _at(node, otherwise):
    """The chain rule, with another one at one node: otherwise(outer, inner)."""

    def chain(each, outer, inner):
        return otherwise(outer, inner) if each is node else times(outer, inner)

    return {"chain": chain}


def _missing_links(formula, letter):
    nested = [node for node in links(formula, letter) if slope(inside_of(node), letter) != ONE]
    for node in nested:
        says = f"{_paper(inside_of(node))} stands inside of {word_for(node)}, and its derivative is missing"
        wrong = slope(formula, letter, _at(node, lambda outer, inner: outer))
        yield "no-inner", f"A link is missing. {says}: multiply by it.", wrong
    if len(nested) > 1:
        says = "The links inside are missing. What stands inside of something has a derivative too: multiply by each."
        yield "no-inner", says, slope(formula, letter, {"chain": lambda node, outer, inner: outer})
    for node in nested:
        says = f"The link of {word_for(node)} is missing. The derivative of {word_for(node)} stands there too, with"
        wrong = slope(formula, letter, _at(node, lambda outer, inner: inner))
        yield "inner-only", f"{says} {_paper(inside_of(node))} left inside.", wrong


def _other_letters(formula, letters, letter):
    for other in letters:
        if other != letter:
            says = f"This is the derivative with respect to {other}. Here {letter} moves, and {other} stands still."
            yield "other-letter", says, slope(formula, other)
    if len(letters) > 1:
        says = f"You let every letter move, and added it all up. Here {letter} moves alone, and the others stand still."
        yield "every-letter", says, add(*(slope(formula, each) for each in letters))


def _products_and_sums(formula, letter):
    def moving(factors, slopes):
        return [k for k, each in enumerate(slopes) if each != ZERO]

    def of_slopes(factors, slopes):
        moved = moving(factors, slopes)
        return times(*(slopes[k] if k in moved else factor for k, factor in enumerate(factors)))

    def one_term(which):
        def rule(factors, slopes):
            moved = moving(factors, slopes)
            k = moved[which if len(moved) > 1 else 0]
            return times(slopes[k], *factors[:k], *factors[k + 1 :])

        return rule

    products = [node for node in nodes(formula) if isinstance(node, Product) and letter in letters_in(node)]
    if any(sum(letter in letters_in(factor) for factor in node.factors) > 1 for node in products):
        says = (
            "The derivative of a product is no product of derivatives. Let one factor move at a time: u' v + u v', with"
            " the other one as it is."
        )
        yield "product-of-slopes", says, slope(formula, letter, {"product": of_slopes})
        says = f"One term is missing. {letter} is in more than one factor, and each of them moves: u' v + u v'."
        yield "one-term", says, slope(formula, letter, {"product": one_term(0)})
        yield "one-term", says, slope(formula, letter, {"product": one_term(-1)})
    for node in products:
        still = [factor for factor in node.factors if letter not in letters_in(factor)]
        if still:
            wrong = slope(formula, letter, {"product": _without_the_still(node)})
            says = f"A factor got lost. {_paper(times(*still))} does not move with {letter}, and so it stays a factor."
            yield "factor-lost", says, wrong
    if any(isinstance(node, Sum) and letter in letters_in(node) for node in nodes(formula)):
        says = f"A term is too many. What has no {letter} in it does not move: its derivative is 0."
        yield "still-kept", says, slope(formula, letter, {"sum": _still_kept})


def _without_the_still(node):
    def rule(factors, slopes):
        if factors is node.factors:
            moved = [k for k, each in enumerate(slopes) if each != ZERO]
            factors, slopes = [factors[k] for k in moved], [slopes[k] for k in moved]
        return RULES["product"](tuple(factors), slopes)

    return rule


def _still_kept(terms, slopes):
    return add(*(term if each == ZERO else each for term, each in zip(terms, slopes, strict=True)))


def _quotients(formula, letter):
    quotients = [node for node in nodes(formula) if isinstance(node, Quotient) and letter in letters_in(node.below)]
    if not quotients:
        return
    above = any(letter in letters_in(node.above) for node in quotients)
    rule = "(u' v - u v') / v^2" if above else "-u v' / v^2, with u above and v below the line"
    rules = {
        "unsquared": (
            f"Look below the line. There stands the square of what was there: {rule}.",
            lambda u, v, du, dv: over(add(times(du, v), times(number(-1), u, dv)), v),
        ),
        "turned": (
            f"Look at the signs. What moves below the line counts with a minus: {rule}.",
            lambda u, v, du, dv: over(add(times(u, dv), times(number(-1), du, v)), raised(v, 2)),
        ),
        "plus": (
            f"Look at the sign between the two terms. It is a minus: {rule}.",
            lambda u, v, du, dv: over(add(times(du, v), times(u, dv)), raised(v, 2)),
        ),
        "quotient-of-slopes": (
            f"The derivative of a quotient is no quotient of derivatives. It is {rule}.",
            lambda u, v, du, dv: over(u if du == ZERO else du, dv),
        ),
        "above-only": (
            f"What stands below the line moves too. With both it is {rule}.",
            lambda u, v, du, dv: over(du, v),
        ),
        "below-only": (
            f"What stands above the line moves too. With both it is {rule}.",
            lambda u, v, du, dv: over(times(number(-1), u, dv), raised(v, 2)),
        ),
    }
    for id, (says, broken) in rules.items():

        def only_below(u, v, du, dv, broken=broken):
            return RULES["quotient"](u, v, du, dv) if dv == ZERO else broken(u, v, du, dv)

        yield id, says, slope(formula, letter, {"quotient": only_below})


_OUTER = {
    "power": (
        (
            "power-kept",
            "The exponent is not lowered. The derivative of u^n is n u^(n-1), times that of u.",
            lambda u, n: times(number(n), raised(u, n)),
        ),
        (
            "exponent-lost",
            "The exponent is lowered, and does not stand in front. The derivative of u^n is n u^(n-1), times that of"
            " u.",
            lambda u, n: raised(u, n - 1),
        ),
    ),
    "exp": (
        (
            "exp-as-power",
            "exp is no power of its inside. Its exponent is not counted down: the derivative of exp(u) is exp(u), times"
            " that of u.",
            lambda u: times(u, Call("exp", add(u, number(-1)))),
        ),
    ),
    "log": (
        ("log-kept", "log is still there. Its derivative is 1/u, and no log is left.", lambda u: Call("log", u)),
        (
            "log-squared",
            "Look below the line. The derivative of log(u) is 1/u, without a square.",
            lambda u: over(ONE, raised(u, 2)),
        ),
    ),
    "sqrt": (
        (
            "no-two",
            "A 2 is missing below the line. sqrt(u) is u^(1/2), and its derivative is 1/(2 sqrt(u)), times that of u.",
            lambda u: over(ONE, Call("sqrt", u)),
        ),
        (
            "root-above",
            "The root is on the wrong side of the line. The derivative of sqrt(u) is 1/(2 sqrt(u)), times that of u.",
            lambda u: over(Call("sqrt", u), number(2)),
        ),
        (
            "root-gone",
            "The root is gone. The derivative of sqrt(u) is 1/(2 sqrt(u)), times that of u.",
            lambda u: over(ONE, times(number(2), u)),
        ),
    ),
    "tanh": (
        (
            "unsquared-tanh",
            "A square is missing. The derivative of tanh(u) is 1 - tanh(u)^2, times that of u.",
            lambda u: add(ONE, times(number(-1), Call("tanh", u))),
        ),
        (
            "tanh-gone",
            "What is squared is tanh(u), and not u. The derivative of tanh(u) is 1 - tanh(u)^2, times that of u.",
            lambda u: add(ONE, times(number(-1), raised(u, 2))),
        ),
        (
            "tanh-sign",
            "Look at the sign in front of the square. The derivative of tanh(u) is 1 - tanh(u)^2, times that of u.",
            lambda u: add(ONE, raised(Call("tanh", u), 2)),
        ),
    ),
    "sigmoid": (
        (
            "half-a-slope",
            "A factor of the sigmoid's slope is missing. With s = sigmoid(u) it is s (1 - s), times the derivative of"
            " u.",
            lambda u: add(ONE, times(number(-1), Call("sigmoid", u))),
        ),
        (
            "half-a-slope",
            "A factor of the sigmoid's slope is missing. With s = sigmoid(u) it is s (1 - s), times the derivative of"
            " u.",
            lambda u: Call("sigmoid", u),
        ),
        (
            "as-tanh",
            "This is the slope of tanh. With s = sigmoid(u) it is s (1 - s), times the derivative of u.",
            lambda u: add(ONE, times(number(-1), raised(Call("sigmoid", u), 2))),
        ),
        (
            "sigmoid-gone",
            "What stands in the slope is the sigmoid, and not its inside. With s = sigmoid(u) it is s (1 - s), times"
            " the derivative of u.",
            lambda u: times(u, add(ONE, times(number(-1), u))),
        ),
    ),
}
"""Mistakes in the derivative of one function or of a power, by the name of the rule that they break."""


def _outer_links(formula, letter):
    names = {node.name if isinstance(node, Call) else "power" for node in links(formula, letter)}
    for name in sorted(names):
        for id, says, broken in _OUTER[name]:
            yield id, says, slope(formula, letter, {name: broken})
            if len(links(formula, letter)) > 1 or slope(inside_of(links(formula, letter)[0]), letter) != ONE:
                both = {name: broken, "chain": lambda node, outer, inner: outer}
                says = "Two things are missing. Look at the outer link first, and then multiply by the inner one."
                yield "two-slips", says, slope(formula, letter, both)


def _moved_inside(formula, letter):
    for node in links(formula, letter):
        inner = slope(inside_of(node), letter)
        if inner == ONE:
            continue
        says = (
            f"The derivative of {_paper(inside_of(node))} went into {word_for(node)}. It is a factor beside it, and"
            f" {_paper(inside_of(node))} stays inside."
        )
        if isinstance(node, Call):
            again, outer = Call(node.name, inner), RULES[node.name](inner)
        else:
            again, outer = raised(inner, node.exponent), RULES["power"](inner, node.exponent)
        for wrong in (again, outer, times(outer, inner)):
            yield "moved-inside", says, slope(formula, letter, _at(node, lambda *_, wrong=wrong: wrong))
