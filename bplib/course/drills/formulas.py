"""The derivative of a formula in one to three variables, typed: chains, products, quotients, losses and networks."""

from bplib.course.drills import expressions, grammar
from bplib.course.drills.drill import Drill, Field
from bplib.course.drills.expressions import (
    Call,
    Letter,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    letters_in,
    raised,
    times,
    written,
)
from bplib.course.drills.nearly import about, same, values_of
from bplib.course.drills.rules import slope
from bplib.course.drills.slips import inside_of, links, slips, word_for
from bplib.course.judging.judges import misconceptions
from bplib.course.judging.paper import judge_formula
from bplib.pictures import typeset

_LONGEST, _LONGEST_SLOPE, _LARGEST = 40, 72, 60


def draw(rng, level, seed):
    """A drill of this level."""
    letters, formula, letter, right = asked(rng, level)
    mistakes = [(id, says, (_function(tree, letters),)) for id, says, tree in wrong(formula, letters, letter, right)]
    others = [each for each in letters if each != letter]
    still = f" {' and '.join(others)} stand{'s' if len(others) == 1 else ''} still." if others else ""
    sigmoid = " σ is the sigmoid, σ(z) = 1/(1 + exp(-z))." if "sigmoid" in written(formula) else ""
    name = f"f({', '.join(letters)})"
    return Drill(
        kind="formulas",
        level=level,
        seed=seed,
        asks=f"Write the derivative of f with respect to {letter}, in any form.{still}{sigmoid}",
        pictures=(
            typeset.document(f"{name} = {written(formula)}", typeset.row(typeset.words(f"{name} = "), _boxes(formula))),
        ),
        text=f"{name} = {written(formula)}",
        fields=(Field("slope", f"∂f/∂{letter}" if others else f"df/d{letter}", "formula"),),
        right={"slope": written(right)},
        judge=judge_formula(
            _function(right, letters),
            " ".join(letters),
            misconceptions(*mistakes),
            about(formula, right, letters),
        ),
        hints=_hints(formula, letter),
        alike=(formula, letter),
        letters=" ".join(letters),
    )


def asked(rng, level):
    """The letters, a formula of them that is worth asking about, the letter to differentiate by, and the derivative."""
    while True:
        letters, formula, letter = grammar.formula(rng, level)
        right = slope(formula, letter)
        if _worth_asking(formula, right, letters):
            return letters, formula, letter, right


def _worth_asking(formula, right, letters):
    """Whether the slope is no plain number, and it and the formula can be written in a line and are real."""
    if not letters_in(right):
        return False
    if len(written(formula)) > _LONGEST or len(written(right)) > _LONGEST_SLOPE:
        return False
    numbers = [abs(node.value) for node in expressions.nodes(right) if isinstance(node, Number)]
    if max(numbers, default=0) > _LARGEST:
        return False
    return None not in (values_of(formula, letters), values_of(right, letters))


def _function(formula, letters):
    """The formula as a function of symbols of SymPy."""

    def function(*symbols):
        return expressions.evaluated(formula, dict(zip(letters, symbols, strict=True)), expressions.symbolic())

    return function


def wrong(formula, letters, letter, right):
    """The slips of a formula that come to something of their own, and never to what is right: (id, words, tree)."""
    found, known = [], [values_of(right, letters)]
    for id, says, tree in slips(formula, letters, letter):
        values = values_of(tree, letters)
        if values is not None and not any(same(values, each) for each in known):
            known.append(values)
            found.append((id, says, tree))
    return found


# Hints and picture


def _hints(formula, letter):
    """Which rule comes first, and its parts with their derivatives."""
    still = [part for part in formula.factors if letter not in letters_in(part)] if isinstance(formula, Product) else []
    kept = f" {_paper(times(*still))} does not move and stays in front." if still else ""
    core = times(*(part for part in formula.factors if part not in still)) if still else formula
    match core:
        case Product(factors=factors):
            many = len(factors)
            first = f"{letter} is in {many} factors. Each moves in turn, so the derivative has {many} terms."
            names = dict(zip("uvt", factors, strict=False))
            rule = "u' v + u v'" if many == 2 else "u' v t + u v' t + u v t'"
            last = f"{_named(names, letter)} The derivative is {rule}."
        case Quotient(above=above, below=below):
            both = letter in letters_in(above) and letter in letters_in(below)
            first = "A quotient u / v" + (", and both move." if both else f", and {letter} is in one of the two.")
            last = f"{_named({'u': above, 'v': below}, letter)} The derivative is (u' v - u v') / v^2."
        case Sum(terms=terms):
            moving = [_paper(term) for term in terms if letter in letters_in(term)]
            first = f"Term by term: {letter} is in {' and in '.join(moving)}."
            last = _chain(next(term for term in terms if letter in letters_in(term)), letter)
        case _:
            first = f"From the outside inward: {', then '.join(word_for(node) for node in links(core, letter))}."
            last = _chain(core, letter)
    return first + kept, last


def _chain(tree, letter):
    """The links of a chain, from the outside inward."""
    [outer, *_] = links(tree, letter) or [None]
    if outer is None:
        return f"The derivative of {_paper(tree)} is {_paper(slope(tree, letter))}."
    u = Letter("u")
    inside = inside_of(outer)
    around = Call(outer.name, u) if isinstance(outer, Call) else raised(u, outer.exponent)
    says = f"With u = {_paper(inside)}: {_paper(around)} has the derivative {_paper(slope(around, 'u'))}"
    return f"{says}, and u has {_paper(slope(inside, letter))}. Multiply the two, and write u out again."


def _named(names, letter):
    return " ".join(
        f"{name} = {_paper(part)} has the derivative {_paper(slope(part, letter))}." for name, part in names.items()
    )


def _paper(tree):
    return written(tree, paper=True)


def _boxes(tree, scale=1.0):
    """The formula as `typeset` draws it."""
    positive = expressions.minus(tree)
    if positive:
        return typeset.row(typeset.words("−", scale), _factor(positive, scale))
    match tree:
        case Number(value=value):
            return typeset.words(str(value), scale)
        case Letter(name=name):
            return typeset.words(name, scale, letter=True)
        case Sum(terms=(first, *rest)):
            boxes = [_boxes(first, scale)]
            for term in rest:
                sign = " − " if expressions.minus(term) else " + "
                boxes += [typeset.words(sign, scale), _factor(expressions.minus(term) or term, scale)]
            return typeset.row(*boxes)
        case Product(factors=factors):
            boxes = [box for factor in factors for box in (_factor(factor, scale), typeset.space())]
            return typeset.row(*boxes[:-1])
        case Quotient(above=above, below=below):
            return typeset.fraction(_boxes(above, scale), _boxes(below, scale))
        case Power(base=base, exponent=exponent):
            plain = isinstance(base, Letter | Call)
            under = _boxes(base, scale) if plain else typeset.parentheses(_boxes(base, scale), scale)
            return typeset.raised(under, typeset.words(str(exponent), typeset.smaller(scale)))
        case Call(name="sqrt", inside=inside):
            return typeset.root(_boxes(inside, scale))
        case Call(name=name, inside=inside):
            word = typeset.words("σ" if name == "sigmoid" else name, scale)
            return typeset.row(word, typeset.parentheses(_boxes(inside, scale), scale))
    raise TypeError(f"{tree!r} is no formula")


def _factor(tree, scale):
    """The boxes of what is a factor or has a sign in front of it: a sum needs parentheses there."""
    boxes = _boxes(tree, scale)
    alone = not isinstance(tree, Sum) and not expressions.minus(tree)
    return boxes if alone else typeset.parentheses(boxes, scale)
