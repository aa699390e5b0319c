"""A learner's turn within a lesson: a number, a word, a shape, some names or one line of code, judged at once.

A turn is a problem of 0 points that stands in the lesson itself. It asks for a value more often than for a function, so
here a value is judged as it is.
"""

from dataclasses import replace

from bplib.course.judging.judges import Misconception, Problem
from bplib.course.judging.paper import by_hand, plain_choice, rounded_too_far
from bplib.course.judging.reading import (
    NOT_ATTEMPTED,
    NOT_YET,
    PASSED,
    Verdict,
    is_blank,
    kind_of,
    listed,
    shown,
)

DOTS = "Put your answer in the place of the three dots, and run the cell again."
_FACTORS = {2: "twice", 0.5: "half of", 10: "ten times", 0.1: "a tenth of"}


def turn(id, title, judge, *hints):
    """A problem of 0 points in a lesson; judge is `judge_value`, or a judge of functions for one line of code."""

    def judge_turn(answer, seed=None):
        verdict = Verdict(NOT_ATTEMPTED, DOTS) if is_blank(answer) else judge(answer, seed=seed)
        return replace(verdict, message=DOTS) if verdict.status == NOT_ATTEMPTED else verdict

    judge_turn.misconceptions = judge.misconceptions
    judge_turn.right = getattr(judge, "right", None)
    return Problem(id, title, 0, hints, judge_turn, minutes=1, difficulty=1)


def judge_value(right, why, wrong=None, also=(), names=()):
    """A judge of one value: a number to three digits, a word, a tuple in its order, or a set of words in any order.

    why is what is told of the right one. wrong is a dict of wrong values to the sentences that help. What is in
    neither gets a fact: the other sign, a factor, too few digits, the wrong length, the wrong order, a name too many.
    Of a set, a single word in wrong is told wherever it does not belong. also are other ways to say the right one;
    names are those of the values of a tuple, by which the first wrong one is called.
    """
    mistakes = tuple(
        Misconception(f"said {value}", lambda value=value: value, says) for value, says in (wrong or {}).items()
    )

    def judge(answer, seed=None):
        if callable(answer):
            return Verdict(NOT_YET, "This is a function; the value itself is asked for.")
        known = next((mistake for mistake in mistakes if _same(answer, mistake.answer())), None)
        near = any(_same(answer, each) for each in (right, *also))
        if near and not (known and _nearer(answer, known.answer(), right)):
            return Verdict(PASSED, why)
        known = known and known.verdict
        return known or _one_too_many(answer, right, mistakes) or _fact(answer, right, [right, *(wrong or {})], names)

    judge.misconceptions, judge.right = mistakes, right
    return judge


def telling(judge, why):
    """The judge of functions with a sentence of its own for the right answer, as judge_value has one."""

    def judge_telling(answer, seed=None):
        verdict = judge(answer, seed=seed)
        return replace(verdict, message=why) if verdict.status == PASSED else verdict

    judge_telling.__dict__.update(vars(judge))
    return judge_telling


def _same(given, needed):
    if isinstance(needed, frozenset | set):
        return _words(given) == _words(needed)
    given, needed = plain_choice(given), plain_choice(needed)
    if isinstance(needed, float) and isinstance(given, float):
        return by_hand(given, needed)
    if isinstance(needed, tuple) and isinstance(given, tuple) and _depth(needed) == 1:
        given = _flat(given)  # pairs in parentheses of their own are the same numbers
    if isinstance(needed, tuple) and isinstance(given, tuple) and len(given) == len(needed):
        return all(map(_same, given, needed))
    return given is not None and given == needed and type(given) is type(needed)


def _nearer(given, wrong, right):
    """Whether a number, rounded as it is, lies nearer to a wrong one than to the right one."""
    given, wrong, right = map(plain_choice, (given, wrong, right))
    if not all(isinstance(each, float) for each in (given, wrong, right)):
        return False
    return abs(given - wrong) < abs(given - right)


def _depth(value):
    return 1 + max(map(_depth, value), default=0) if isinstance(value, tuple) else 0


def _flat(value):
    """A tuple without the tuples in it, all values in their order."""
    return tuple(each for part in value for each in (_flat(part) if isinstance(part, tuple) else (part,)))


def _words(names):
    """A set of words as they are compared; None for anything else. One word may stand alone."""
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, set | frozenset | tuple | list) or not all(isinstance(each, str) for each in names):
        return None
    return frozenset(map(plain_choice, names))


def _one_too_many(answer, right, mistakes):
    """The verdict on a set in which stands a word that does not belong there and has a sentence of its own, or None."""
    if not isinstance(right, frozenset | set):
        return None
    extra = (_words(answer) or frozenset()) - _words(right)
    known = (mistake for mistake in mistakes if isinstance(mistake.answer(), str))
    return next((mistake.verdict for mistake in known if _words(mistake.answer()) <= extra), None)


def _fact(answer, right, choices, names):
    """The verdict on a wrong value that nobody foresaw, with what can be said of it."""
    if isinstance(right, frozenset | set):
        given, needed = _words(answer), _words(right)
        if given is None:
            return _seen(f"This is {kind_of(answer)}; names are needed, as in {{'this', 'that'}}.", "kind")
        if isinstance(answer, str) and any(word in answer for word in ",{}"):
            return _seen("This is one text; each name needs quotes of its own, as in {'this', 'that'}.", "one text")
        missing, extra = len(needed - given), len(given - needed)
        parts = [f"{missing} of them {'is' if missing == 1 else 'are'} missing"] if missing else []
        parts += [f"{extra} of yours {'does' if extra == 1 else 'do'} not belong there"] if extra else []
        return _seen(" and ".join(parts).capitalize() + ".", "names")
    given, needed = plain_choice(answer), plain_choice(right)
    if isinstance(right, str):
        words = sorted(map(repr, choices))
        return _seen(f"{_shown(answer)} is none of the choices: {listed(words)}.", "none of the choices")
    if isinstance(answer, str):
        return _seen("This is text; write the value itself, without quotes.", "text")
    if isinstance(needed, tuple):
        if not isinstance(given, tuple):
            return _seen(f"This is {kind_of(answer)}; {len(needed)} values in parentheses are needed.", "kind")
        given = _flat(given) if _depth(needed) == 1 else given
        if len(given) != len(needed):
            count = "This is 1 value" if len(given) == 1 else f"These are {len(given)} values"
            return _seen(f"{count}; {len(needed)} are needed.", "count")
        first = next(k for k, pair in enumerate(zip(given, needed, strict=True)) if not _same(*pair))
        if sorted(map(str, given)) == sorted(map(str, needed)):
            where = f": {names[first]} is the first that is wrong" if names else ""
            return _seen(f"The values are right, and their order is not{where}.", "order")
        if said := _one_factor(given, needed):
            return _seen(said, "factor")
        if names:
            return _seen(f"{names[first]} is the first that is wrong.", "place")
        wrong = [k + 1 for k, pair in enumerate(zip(given, needed, strict=True)) if not _same(*pair)]
        return _seen(_places(wrong, len(needed)), "place")
    if not isinstance(given, float) or not isinstance(needed, float):
        needed_kind = "True or False" if isinstance(needed, bool) else "one number"
        return _seen(f"This is {kind_of(answer)}; {needed_kind} is needed.", "kind")
    if rounded_too_far(given, needed):
        return _seen(f"{shown(given)} is right, and rounded too far: give four digits.", "rounded")
    if by_hand(-given, needed):
        return _seen("The size is right, and the sign is not.", "sign")
    for factor, words in _FACTORS.items():
        if by_hand(given, factor * needed):
            return _seen(f"{shown(given)} is {words} what is needed.", "factor")
    if given * needed < 0:
        return _seen(f"{shown(given)} has the wrong sign, and another size.", "sign")
    far = abs(given) > abs(needed)
    size = ("large" if far else "small") if needed > 0 else ("far from 0" if far else "near to 0")
    return _seen(f"{shown(given)} is too {size}.", "size")


def _places(wrong, count):
    """The sentence on which of several values are right and which are not."""
    if len(wrong) == count:
        return "Neither of the two values is right yet." if count == 2 else f"None of the {count} values is right yet."
    right = [k for k in range(1, count + 1) if k not in wrong]
    where = f"Value {wrong[0]}" if len(wrong) == 1 else f"Values {_and(wrong)}"
    rest = f"value {right[0]} is" if len(right) == 1 else f"values {_and(right)} are"
    return f"{where} of {count} {'is' if len(wrong) == 1 else 'are'} not right yet; {rest}."


def _and(places):
    return f"{listed(places[:-1])} and {places[-1]}"


def _one_factor(given, needed):
    """The sentence on several numbers that are all off by one factor, or None."""
    if not all(isinstance(each, float) for each in (*given, *needed)):
        return None
    if sum(each != 0 for each in needed) < 2:
        return None  # a single number that is not 0 has any ratio at all
    factor = next(g / n for g, n in zip(given, needed, strict=True) if n)
    if not factor or not all(by_hand(g, factor * n) for g, n in zip(given, needed, strict=True)):
        return None
    if by_hand(factor, -1):
        return "The sizes are right, and all signs are turned around."
    words = next((words for each, words in _FACTORS.items() if by_hand(factor, each)), None)
    if words:
        return f"All values are {words} what is needed."
    if len(set(needed)) == 1 or not all(needed):
        return None  # equal values have the same ratio whatever they are, and so has 0
    return f"The values are {'' if factor > 0 else 'minus '}the right ones but for one factor: their ratios are right."


def _shown(value):
    """A value for the beginning of a sentence."""
    return repr(value) if isinstance(value, str) and len(value) < 40 else kind_of(value).capitalize()


def _seen(message, what):
    return Verdict(NOT_YET, message, f"seen: {what}")
