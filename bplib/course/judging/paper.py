"""Judges what was worked out on paper: a formula, numbers, or a choice among a few values."""

import contextlib
import numbers

import numpy as np

from bplib.course.judging.diagnosis import RATIOS, recognized
from bplib.course.judging.judges import Misconception
from bplib.course.judging.raising import error_text
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    kind_of,
    listed,
    mistaken,
    read_named,
    settling,
    shown,
    two_numbers,
)

HAND_TOLERANCE = 5e-3  # of numbers from a pocket calculator: three significant digits


def judge_formula(reference, symbols, misconceptions, about=None):
    """A judge of formulas: the answer is called with SymPy symbols and returns an expression equal to the reference's.

    symbols names the arguments, as in "x y a"; n is a count, the others are real. Any form of the expression is right:
    both are evaluated at many points. SymPy does not differentiate by these symbols: that is what is asked for.
    about(given, needed, letters) says what is true of a wrong formula, in sentences by their kind; without it SymPy
    simplifies, which may take seconds.
    """

    def judge(answer, rng):
        import sympy

        from bplib.symbolic import Letter, equal

        letters = [Letter(s, **_kind_of_symbol(s)) for s in symbols.split()]
        given = _expression(call(answer, letters, f"the symbols {', '.join(map(str, letters))}"), letters)
        needed = sympy.sympify(reference(*letters))
        try:
            comparison = equal(given, needed)
        except Exception as error:
            raise Settled(f"Your formula could not be compared with ours: {error_text(error)}.") from None
        if comparison.equal:
            return Verdict(PASSED, "It equals ours.")

        def same(formula):
            try:
                return bool(equal(given, sympy.sympify(formula)))
            except ValueError:
                return False

        claimed = recognized(misconceptions, lambda mistake: same(call(mistake.answer, letters, "")))
        if claimed:
            return claimed
        ratios = [(id, says) for id, factor, says in RATIOS[:3] if same(sympy.Rational(factor(None)) * needed)]
        if ratios:
            return mistaken("Your formula is " + ratios[0][1], ratios[0][0])
        facts = (about or _about)(given, needed, letters)
        point = ", ".join(f"{name} = {shown(value)}" for name, value in comparison.point.items())
        ours, yours = two_numbers(comparison.b_value, comparison.a_value)
        numbers = f"{f'At {point} your' if point else 'Your'} formula gives {yours} where {ours} is needed."
        # A factor or a term is the remedy too, so the first time only its kind is told.
        kind = next((f"Your formula is off by a {kind}." for kind in ("factor", "term") if kind in facts), "")
        told = " ".join([*facts.values(), numbers])
        cause = f"seen: {', '.join(facts)}" if facts else None
        return Verdict(NOT_YET, told, cause, nudge=f"{kind} {numbers}" if kind else "")

    return settling(judge, misconceptions)


def _kind_of_symbol(name):
    """What SymPy is to assume of a symbol: n counts."""
    return {"integer": True, "positive": True} if name == "n" else {"real": True}


_LONGEST = 60
"""Operations in a formula up to which it is simplified; SymPy may never end with a longer one."""


def _about(given, needed, letters):
    """What is true of a wrong formula, in sentences by their kind: its factor, its rest, and where it becomes right."""
    import sympy

    from bplib.symbolic import equal

    # Plain symbols: simplifying may differentiate.
    plain = {s: sympy.Symbol(s.name, real=True) for s in [*letters, *given.free_symbols]}
    given, needed, letters = given.xreplace(plain), needed.xreplace(plain), [plain[s] for s in letters]
    facts = {}
    with contextlib.suppress(Exception):  # SymPy raises much, and nothing is lost without it
        unused = [s for s in letters if s in needed.free_symbols and s not in given.free_symbols]
        if unused:
            facts[f"no {unused[0]}"] = f"It does without {listed(unused)}, on which what is needed depends."
        if not facts and max(given.count_ops(), needed.count_ops()) <= _LONGEST:
            size = max(int(needed.count_ops()), 3)
            factor, rest = sympy.factor(sympy.simplify(given / needed)), sympy.factor(sympy.simplify(given - needed))
            above, below = sympy.fraction(factor)
            if factor.count_ops() <= size // 2:
                words = [f"the factor {above} too many"] if above != 1 else []
                words += [f"a division by {below} too many"] if below != 1 else []
                facts["factor"] = f"Your formula has {' and '.join(words)}."
            elif rest.count_ops() < size:
                sign, rest = ("too little", -rest) if rest.could_extract_minus_sign() else ("too much", rest)
                facts["term"] = f"Your formula is {rest} {sign}."
    for letter in letters if not facts else ():
        for value in (0, 1):
            with contextlib.suppress(Exception):
                ours = needed.subs(letter, value)
                if ours.free_symbols and equal(given.subs(letter, value), ours):
                    return facts | {f"{letter} = {value}": f"It is right for {letter} = {value}."}
    return facts


def judge_numbers(reference, misconceptions):
    """A judge of numbers worked out on paper: the answer returns a dict of them, right to three significant digits.

    reference is a dict of name to value; a misconception's answer returns a dict of the values that it spoils. What is
    needed is never told, since the numbers are the same for everybody.
    """

    def judge(answer, rng):
        given, missing = read_named(call(answer, (), ""), reference)
        given = {name: _one_number(name, value) for name, value in given.items()}
        wrong = [name for name in given if not by_hand(given[name], reference[name])]
        if wrong:

            def same(variant):
                spoiled = [name for name in given if name in variant and not by_hand(variant[name], reference[name])]
                return (
                    set(wrong) <= set(variant)
                    and spoiled[:1] == wrong[:1]
                    and all(by_hand(given[name], variant[name]) for name in wrong)
                )

            def spoils_these(variant):
                return [name for name in variant if not by_hand(variant[name], reference[name])] == wrong

            # Of two mistakes that agree in what is wrong, the one that spoils no more is meant.
            known = recognized(
                misconceptions, lambda mistake: same(mistake.answer()) and spoils_these(mistake.answer())
            ) or recognized(misconceptions, lambda mistake: same(mistake.answer()))
            if known:
                return known
            value, needed = given[wrong[0]], reference[wrong[0]]
            first = f"{wrong[0]} = {shown(value)}"
            if rounded_too_far(value, needed):
                says = f"{first} is rounded too far. Keep four digits or more on the way, and give at least three."
                return Verdict(NOT_YET, says, "seen: rounded")
            return Verdict(NOT_YET, f"{first} is not right yet; start there.{_fact_of_number(value, needed)}")
        if missing:
            return Verdict(NOT_YET, missing + (" What is there is right." if given else ""))
        return Verdict(PASSED, "Right to three digits." if len(reference) == 1 else "All are right to three digits.")

    return settling(judge, misconceptions)


def _fact_of_number(given, needed):
    """What is true of one wrong number, to be added to a sentence; nothing where nothing is."""
    facts = ((-1, "The size is right, and the sign is not."), (2, "It is twice what is needed."))
    facts += ((0.5, "It is half of what is needed."), (-2, "It has the wrong sign, and is twice as large."))
    return next((f" {said}" for factor, said in facts if needed and by_hand(given, factor * needed)), "")


def judge_choice(correct, why, wrong):
    """A judge of predictions: the answer returns one of a few values, each a text, a number or a tuple.

    why is what is said of the right one: a guess that was right has not been understood yet. wrong is a dict of each
    wrong value to the sentence that helps. Case, surrounding spaces and "-" against " " do not
    matter.
    """
    choices = sorted(map(repr, [correct, *wrong]))
    mistakes = [Misconception(f"chose {value}", lambda value=value: value, says) for value, says in wrong.items()]

    def judge(answer, rng):
        result = call(answer, (), "")
        chosen = plain_choice(result)
        if chosen == plain_choice(correct):
            return Verdict(PASSED, why)
        for mistake in mistakes:
            if chosen == plain_choice(mistake.answer()):
                return mistake.verdict
        if isinstance(result, str) and not isinstance(correct, str):
            return Verdict(NOT_YET, "It returns a string; return the value itself, without quotes.")
        shown = kind_of(result) if chosen is None else _as_written(result)
        # Words to choose from stand in the exercise too; a number to work out would be given away.
        choice = (
            f"which is none of the choices: {listed(choices)}"
            if isinstance(correct, str)
            else f"and that is not it{_count(result, correct)}"
        )
        return Verdict(NOT_YET, f"It returns {shown}, {choice}.")

    return settling(judge, mistakes)


def _count(result, correct):
    """What is to be said of a tuple of the wrong length, beside one that is right."""
    both = isinstance(result, tuple) and isinstance(correct, tuple)
    return (
        f": it has {len(result)} entries, and not as many as it should" if both and len(result) != len(correct) else ""
    )


def _expression(result, letters):
    """The result as a SymPy expression in the given symbols.

    Only expressions and numbers are let through: sympify runs the text it is given, even inside a tuple.
    """
    import sympy

    if isinstance(result, np.ndarray) and result.ndim == 0:
        result = result.item()
    if isinstance(result, numbers.Number) and not isinstance(result, bool):
        try:
            return sympy.sympify(result)
        except (ValueError, OverflowError):
            raise Settled("It returns NaN or infinity; one formula is needed.") from None
    if not isinstance(result, sympy.Expr) or result.is_Matrix:
        quotes = ", without quotes" if isinstance(result, str) else ""
        raise Settled(f"It returns {kind_of(result)}; one formula is needed{quotes}.")
    names = [str(letter) for letter in letters]
    unknown = sorted({str(symbol) for symbol in result.free_symbols} - set(names))
    if unknown:
        raise Settled(f"The formula holds {listed(unknown)}; only {listed(names)} can stand in it.")
    return result


def _one_number(name, value):
    if isinstance(value, str | bytes):
        raise Settled(f"{name} is a string; write the number without quotes.")
    try:
        # Through float, so that Fraction and SymPy's numbers count; an array only if it holds a single number.
        value = value.item() if isinstance(value, np.ndarray) else value
        return float(value) if not hasattr(value, "free_symbols") else _formula_number(value)
    except Exception:
        raise Settled(f"{name} is {kind_of(value)}; one real number is needed.") from None


def _formula_number(formula):
    from bplib.symbolic import number  # and not SymPy's own way, which may take forever

    return number(formula)


def by_hand(given, needed):
    """Whether a number is right to three significant digits."""
    return abs(given - needed) <= HAND_TOLERANCE * abs(needed)


def rounded_too_far(given, needed):
    """Whether a number is the needed one, rounded to two digits, where it has more than three; one digit is a guess."""
    long = float(f"{needed:.3g}") != float(f"{needed:.7g}")
    return long and not by_hand(given, needed) and given == float(f"{needed:.1e}") != float(f"{needed:.0e}")


def _as_written(value):
    try:
        return " ".join(repr(value).split())[:60]
    except (RecursionError, ValueError):  # Python writes no number of thousands of digits
        return kind_of(value)


def plain_choice(value):
    """A value in the form in which choices are compared; None if it can be no choice."""
    try:
        return _compared(value)
    except (OverflowError, RecursionError):  # an integer or a list without end
        return None


_LONGEST_CHOICE = 100


def _compared(value):
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.size <= _LONGEST_CHOICE else None
    if isinstance(value, str):
        return " ".join(str.casefold(value).replace("-", " ").split())
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Real):
        return float(f"{float(value):.7g}")  # a number in float32 is the one that was written
    if isinstance(value, tuple | list) and len(value) <= _LONGEST_CHOICE:
        parts = tuple(map(_compared, value))
        return None if None in parts else parts
    return None
