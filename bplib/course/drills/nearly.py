"""What is true of a wrong derivative: a factor or a term by which it is off, and where it is right, found by numbers.

SymPy would find more, by simplifying, and now and then take minutes: a drill has to answer at once.
"""

from fractions import Fraction

from bplib.course.drills import expressions
from bplib.course.drills.expressions import ONE, Number, nodes, number, times, written
from bplib.course.judging.reading import listed

POINTS = ((0.21, 0.83, 0.47), (0.64, 0.35, 0.92), (0.88, 0.12, 0.29), (0.07, 0.57, 0.71), (0.43, 0.95, 0.06))
"""Where formulas are looked at: values of up to three letters, between 0 and 1 as where the judge compares."""


def values_of(tree, letters):
    """The values of a tree at POINTS, or None where it is not real at one of them."""
    try:
        return [expressions.evaluated(tree, dict(zip(letters, point, strict=False))) for point in POINTS]
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def same(a, b):
    """Whether two lists of values are equal but for rounding."""
    return all(abs(x - y) <= 1e-9 * max(abs(x), abs(y)) for x, y in zip(a, b, strict=True))


def about(formula, right, letters):
    """A function of what was given, of what is needed and of the symbols: the sentences on it by their kind.

    The factors and terms that it knows are the parts of the formula and of its derivative, times a plain number.
    """

    def facts(given, needed, symbols):
        unused = [s for s in symbols if s in needed.free_symbols and s not in given.free_symbols]
        if unused:
            return {f"no {unused[0]}": f"It does without {listed(unused)}, on which what is needed depends."}
        theirs, ours = (_symbolic_values(each, letters) for each in (given, needed))
        if None not in (*theirs, *ours) and all(ours):
            known = _known(formula, right, letters)
            if said := _factor(theirs, ours, known):
                return {"factor": said}
            if said := _term(theirs, ours, known):
                return {"term": said}
        return _places(given, needed, letters)

    return facts


def _known(formula, right, letters):
    """The parts of the formula and of its derivative with their values, the shortest first, and each value once."""
    found = []
    trees = {tree for tree in (*nodes(formula), *nodes(right)) if not isinstance(tree, Number)} - {right}
    for tree in sorted(trees, key=lambda tree: (len(written(tree)), written(tree))):
        values = values_of(tree, letters)
        if values and all(values) and not any(same(values, each) for _, each in found):
            found.append((tree, values))
    return found


def _symbolic_values(formula, letters, letter=None, value=None):
    """The values of an expression of SymPy at POINTS, None where one is not real, with a letter held at a value."""
    import sympy

    from bplib import evaluation

    function, found = evaluation.function(formula, letters), []
    for point in POINTS:
        held = (value if name == letter else str(each) for name, each in zip(letters, point, strict=False))
        result = evaluation.real(function, [sympy.Rational(each) for each in held])
        found.append(None if result is None else float(result))
    return found


def _constant(values):
    """The simple fraction that all the values are, or None."""
    simple = Fraction(values[0]).limit_denominator(12)
    close = simple and same(values, [float(simple)] * len(values))
    return simple if close and abs(simple) < 100 else None


def _factor(theirs, ours, known):
    """The sentence on a factor too many, or on one that is missing."""
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    if not all(ratios):
        return ""
    for tree, values in [(ONE, [1.0] * len(ratios)), *known]:
        if factor := _constant([r / v for r, v in zip(ratios, values, strict=True)]):
            if abs(factor.numerator) == 1 != factor.denominator and tree == ONE:
                return f"Your formula lacks the factor {1 / factor}."
            return f"Your formula has the factor {_times(factor, tree)} too many."
        if factor := _constant([1 / (r * v) for r, v in zip(ratios, values, strict=True)]):
            return f"Your formula lacks the factor {_times(factor, tree)}."
    return ""


def _term(theirs, ours, known):
    """The sentence on a term too many, or on one that is missing."""
    rests = [a - b for a, b in zip(theirs, ours, strict=True)]
    for tree, values in [(ONE, [1.0] * len(rests)), *known]:
        if factor := _constant([r / v for r, v in zip(rests, values, strict=True)]):
            return f"Your formula is {_times(abs(factor), tree)} too {'much' if factor > 0 else 'little'}."
    return ""


def _times(factor, tree):
    return written(times(number(factor), tree), paper=True)


def _places(given, needed, letters):
    """The sentence on a letter at whose 0 or 1 the formula is right."""
    for letter in letters if len(letters) > 1 else ():
        for value in (0, 1):
            theirs, ours = (_symbolic_values(each, letters, letter, value) for each in (given, needed))
            if None not in (*theirs, *ours) and same(theirs, ours) and not same(ours, ours[::-1]):
                return {f"{letter} = {value}": f"It is right for {letter} = {value}."}
    return {}
