"""Judges an answer: passed, not yet and why, or not attempted.

An answer is always a function. A judge calls it, compares what comes back with a reference, and when they differ looks
for the mistake behind it among the known ones. It knows inputs, references and mistakes, and nothing of notebooks.
"""

import numbers
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.diagnosis import RATIOS, Run, diagnose, recognized, shapes
from bplib.course.judging.reading import (
    IN_PLACE,
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    error_text,
    fresh,
    kind_of,
    listed,
    read_named,
    read_parts,
    settling,
    shown,
    two_numbers,
    unchanged,
)

HAND_TOLERANCE = 5e-3  # of numbers from a pocket calculator: three significant digits


@dataclass(frozen=True)
class Misconception:
    """A mistake people really make: the wrong answer as a learner would write it, and the sentence that helps.

    One object is both the diagnosis and the wrong answer that the tests plant. Two may share a sentence, where one
    mistake has several forms.
    """

    id: str
    answer: Callable
    says: str


def misconceptions(*groups):
    """The misconceptions of an exercise from (id, sentence, wrong answers): several answers may share a sentence."""
    return tuple(Misconception(id, answer, says) for id, says, answers in groups for answer in answers)


def verdict_of(mistakes, id):
    """The verdict of the mistake of this id, for a judge that knows it by something else than its answer's values."""
    return Verdict(NOT_YET, next(mistake.says for mistake in mistakes if mistake.id == id), id)


@dataclass(frozen=True)
class Problem:
    """One exercise: what is asked, how it is judged, and what helps on the way.

    judge(answer, seed=None) gives a Verdict; inputs are drawn afresh each time unless a seed is given. It also carries
    the misconceptions that it knows. hints go from a nudge to nearly the answer; minutes is the time to allow,
    difficulty goes from 1 to 3. withdrawn names functions of the course, as "losses.mse", that are the answer itself.
    """

    id: str
    title: str
    points: int
    hints: tuple[str, ...]
    judge: Callable
    minutes: int
    difficulty: int
    withdrawn: tuple[str, ...] = ()

    @property
    def misconceptions(self):
        """The mistakes that the judge recognizes, as a tuple of `Misconception`."""
        return self.judge.misconceptions


def judge_function(reference, cases, misconceptions):
    """A judge of functions of numbers and arrays.

    cases(rng) is a list of tuples of arguments, at least two, with different batch sizes. The reference gives what is
    needed: a number, an array, or a tuple or dict of them, compared array by array at a relative error of 1e-6. The
    arguments are fresh read-only copies.
    """

    def judge(answer, rng):
        return diagnose(reference, runs_of(answer, reference, cases(rng)), misconceptions)

    return settling(judge, misconceptions)


def runs_of(answer, reference, cases):
    """What an answer and the reference give for each case: a `Run` for each. Settled if it cannot be compared."""
    runs = []
    for args in cases:
        given = fresh(args)
        result = call(answer, given, shapes(reference, args))
        if not unchanged(given, args):
            raise Settled(IN_PLACE)
        needed = reference(*fresh(args))
        runs.append(Run(args, needed, read_parts(result, needed), read_parts(needed, needed)))
    return runs


def judge_square_first(reference, cases, square_cases, misconceptions, fits):
    """A judge of functions of arrays that first looks at square ones, where what is turned or laid across fits too.

    The misconceptions whose ids are in fits are recognized there; with other shapes NumPy raises, and a learner would
    hear of shapes only.
    """
    anywhere = judge_function(reference, cases, misconceptions)
    square = judge_function(reference, square_cases, misconceptions)

    def judge(answer, rng):
        seed = int(rng.integers(2**32))
        verdict = square(answer, seed=seed)
        return verdict if verdict.misconception in fits else anywhere(answer, seed=seed)

    return settling(judge, misconceptions)


def judge_formula(reference, symbols, misconceptions):
    """A judge of formulas: the answer is called with SymPy symbols and returns an expression equal to the reference's.

    symbols names the arguments, as in "x y a". Any form of the expression is right: both are evaluated at many points.
    """

    def judge(answer, rng):
        import sympy

        from bplib.symbolic import equal

        letters = sympy.symbols(symbols, real=True, seq=True)
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
            return Verdict(NOT_YET, "Your formula is " + ratios[0][1], ratios[0][0])
        point = ", ".join(f"{name} = {shown(value)}" for name, value in comparison.point.items())
        ours, yours = two_numbers(comparison.b_value, comparison.a_value)
        return Verdict(
            NOT_YET, f"{f'At {point} your' if point else 'Your'} formula gives {yours} where {ours} is needed."
        )

    return settling(judge, misconceptions)


def judge_numbers(reference, misconceptions):
    """A judge of numbers worked out on paper: the answer returns a dict of them, right to three significant digits.

    reference is a dict of name to value; a misconception's answer returns a dict of the values that it spoils. What is
    needed is never told, since the numbers are the same for everybody.
    """

    def judge(answer, rng):
        given, missing = read_named(call(answer, (), ""), reference)
        given = {name: _one_number(name, value) for name, value in given.items()}
        wrong = [name for name in given if not _by_hand(given[name], reference[name])]
        if wrong:

            def same(variant):
                spoiled = [name for name in given if name in variant and not _by_hand(variant[name], reference[name])]
                return (
                    set(wrong) <= set(variant)
                    and spoiled[:1] == wrong[:1]
                    and all(_by_hand(given[name], variant[name]) for name in wrong)
                )

            return recognized(misconceptions, lambda mistake: same(mistake.answer())) or Verdict(
                NOT_YET, f"{wrong[0]} = {shown(given[wrong[0]])} is not right yet; start there."
            )
        if missing:
            return Verdict(NOT_YET, missing + (" What is there is right." if given else ""))
        return Verdict(PASSED, "Right to three digits." if len(reference) == 1 else "All are right to three digits.")

    return settling(judge, misconceptions)


def judge_choice(correct, wrong):
    """A judge of predictions: the answer returns one of a few values, each a text, a number or a tuple.

    wrong is a dict of each wrong value to the sentence that helps. Case, surrounding spaces and "-" against " " do not
    matter.
    """
    choices = sorted(map(repr, [correct, *wrong]))
    mistakes = [Misconception(f"chose {value}", lambda value=value: value, says) for value, says in wrong.items()]

    def judge(answer, rng):
        result = call(answer, (), "")
        chosen = _plain_choice(result)
        if chosen == _plain_choice(correct):
            return Verdict(PASSED, "That is right.")
        for mistake in mistakes:
            if chosen == _plain_choice(mistake.answer()):
                return Verdict(NOT_YET, mistake.says, mistake.id)
        if isinstance(result, str) and not isinstance(correct, str):
            return Verdict(NOT_YET, "It returns a string; return the value itself, without quotes.")
        shown = kind_of(result) if chosen is None else _as_written(result)
        # Words to choose from stand in the exercise too; a number to work out would be given away.
        choice = (
            f"which is none of the choices: {listed(choices)}" if isinstance(correct, str) else "and that is not it"
        )
        return Verdict(NOT_YET, f"It returns {shown}, {choice}.")

    return settling(judge, mistakes)


def _expression(result, letters):
    """The result as a SymPy expression in the given symbols.

    Only expressions and numbers are let through: sympify runs the text it is given, even inside a tuple.
    """
    import sympy

    if isinstance(result, np.ndarray) and result.ndim == 0:
        result = result.item()
    if isinstance(result, numbers.Number) and not isinstance(result, bool):
        return sympy.sympify(result)
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


def _by_hand(given, needed):
    return abs(given - needed) <= HAND_TOLERANCE * abs(needed)


def _as_written(value):
    try:
        return " ".join(repr(value).split())[:60]
    except (RecursionError, ValueError):  # Python writes no number of thousands of digits
        return kind_of(value)


def _plain_choice(value):
    """A value in the form in which choices are compared; None if it can be no choice."""
    try:
        return _compared(value)
    except (OverflowError, RecursionError):  # an integer or a list without end
        return None


def _compared(value):
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, str):
        return " ".join(str.casefold(value).replace("-", " ").split())
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Real):
        return float(f"{float(value):.7g}")  # a number in float32 is the one that was written
    if isinstance(value, tuple | list):
        parts = tuple(map(_compared, value))
        return None if None in parts else parts
    return None
