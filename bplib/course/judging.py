"""Judges an answer: passed, not yet and why, or not attempted.

An answer is always a function. A judge calls it, compares what comes back with a reference, and when they differ looks
for the mistake behind it among the known ones. It knows inputs, references and mistakes, and nothing of notebooks.

A diagnosis is claimed only when its wrong answer gives the learner's values in every case and no other diagnosis does;
a learner told the wrong thing is worse off than one told nothing.
"""

import copy
import inspect
import numbers
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib.gradcheck import relative_error

PASSED = "passed"
NOT_YET = "not yet"
NOT_ATTEMPTED = "not attempted"

TOLERANCE = 1e-6  # of arrays, by gradcheck.relative_error
HAND_TOLERANCE = 5e-3  # of numbers from a pocket calculator: three significant digits


@dataclass(frozen=True)
class Verdict:
    """What a judge says: the status, the sentence for the learner, and the id of the misconception or None."""

    status: str
    message: str
    misconception: str | None = None


@dataclass(frozen=True)
class Misconception:
    """A mistake people really make: the wrong answer as a learner would write it, and the sentence that helps.

    One object is both the diagnosis and the wrong answer that the tests plant. Two may share a sentence, where one
    mistake has several forms.
    """

    id: str
    answer: Callable
    says: str


@dataclass(frozen=True)
class Problem:
    """One exercise: what is asked, how it is judged, and what helps on the way.

    judge(answer, seed=None) gives a Verdict; inputs are drawn afresh each time unless a seed is given. hints go from a
    nudge to nearly the answer; minutes is the time to allow, difficulty goes from 1 to 5.
    """

    id: str
    title: str
    points: int
    hints: tuple[str, ...]
    judge: Callable
    misconceptions: tuple[Misconception, ...]
    minutes: int
    difficulty: int


def judge_function(reference, cases, misconceptions):
    """A judge of functions of numbers and arrays.

    cases(rng) is a list of tuples of arguments, at least two, with different batch sizes. The reference gives what is
    needed: a number, an array, or a tuple or dict of them, compared array by array at a relative error of 1e-6. The
    arguments are fresh read-only copies.
    """

    def judge(answer, rng):
        runs = []
        for args in cases(rng):
            given = _fresh(args)
            result = _call(answer, given, _shapes(reference, args))
            if not _unchanged(given, args):
                raise _Settled(_IN_PLACE)
            needed = reference(*_fresh(args))
            runs.append(_Run(args, result, _parts(result, needed), needed, _parts(needed, needed)))
        wrong = [name for name in runs[0].want if not all(_agree(r.got[name], r.want[name]) for r in runs)]
        if not wrong:
            return Verdict(PASSED, "It agrees with ours to 1e-6.")
        return (
            _recognized(misconceptions, lambda m: _gives(m.answer, runs))
            or _wrong_shape(reference, runs)
            or _not_finite(reference, runs)
            or _constant_ratio(runs, wrong)
            or _worst(reference, runs, wrong)
        )

    return _settling(judge)


def judge_formula(reference, symbols, misconceptions):
    """A judge of formulas: the answer is called with SymPy symbols and returns an expression equal to the reference's.

    symbols names the arguments, as in "x y a". Any form of the expression is right: both are evaluated at many points.
    """

    def judge(answer, rng):
        import sympy

        from bplib.symbolic import equal

        letters = sympy.symbols(symbols, real=True, seq=True)
        given = _expression(_call(answer, letters, f"the symbols {', '.join(map(str, letters))}"), letters)
        needed = sympy.sympify(reference(*letters))
        try:
            comparison = equal(given, needed)
        except Exception as error:
            raise _Settled(f"Your formula could not be compared with ours: {_words(error)}.") from None
        if comparison.equal:
            return Verdict(PASSED, "It equals ours.")

        def same(formula):
            try:
                return bool(equal(given, sympy.sympify(formula)))
            except ValueError:
                return False

        claimed = _recognized(misconceptions, lambda m: same(m.answer(*letters)))
        if claimed:
            return claimed
        ratios = [(id, says) for id, factor, says in _RATIOS[:3] if same(sympy.Rational(factor(None)) * needed)]
        if ratios:
            return Verdict(NOT_YET, "Your formula is " + ratios[0][1], ratios[0][0])
        point = ", ".join(f"{name} = {_number(value)}" for name, value in comparison.point.items())
        ours, yours = _two_numbers(comparison.b_value, comparison.a_value)
        return Verdict(
            NOT_YET, f"{f'At {point} your' if point else 'Your'} formula gives {yours} where {ours} is needed."
        )

    return _settling(judge)


def judge_numbers(reference, misconceptions):
    """A judge of numbers worked out on paper: the answer returns a dict of them, right to three significant digits.

    reference is a dict of name to value; a misconception's answer returns a dict of the values that it spoils. What is
    needed is never told, since the numbers are the same for everybody.
    """

    def judge(answer, rng):
        result = _call(answer, (), "")
        if not isinstance(result, dict):
            raise _Settled(f"It returns {_kind(result)}; a dict is needed, with the names {_listed(reference)}.")
        given = {name: result[name] for name in reference if not _is_blank(result.get(name))}
        if not given and all(_is_blank(result.get(name)) for name in reference) and result.keys() >= reference.keys():
            raise _Settled(_REPLACE, NOT_ATTEMPTED)
        given = {name: _one_number(name, value) for name, value in given.items()}
        wrong = [name for name in given if not _by_hand(given[name], reference[name])]
        if wrong:

            def same(variant):
                return all(name in variant and _by_hand(given[name], variant[name]) for name in wrong)

            return _recognized(misconceptions, lambda m: same(m.answer())) or Verdict(
                NOT_YET, f"{wrong[0]} = {_number(given[wrong[0]])} is not right yet; start there."
            )
        missing = [name for name in reference if name not in given]
        if missing:
            extra = [repr(name) for name in result if name not in reference]
            unknown = f" There is no number named {_listed(extra)}." if extra else ""
            right = " What is there is right." if given else ""
            return Verdict(NOT_YET, f"Still missing: {_listed(missing)}.{right}{unknown}")
        return Verdict(PASSED, "Right to three digits." if len(reference) == 1 else "All are right to three digits.")

    return _settling(judge)


def judge_choice(correct, wrong):
    """A judge of predictions: the answer returns one of a few values, each a text, a number or a tuple.

    wrong is a dict of each wrong value to the sentence that helps. Case, surrounding spaces and "-" against " " do not
    matter.
    """
    choices = sorted(map(repr, [correct, *wrong]))

    def judge(answer, rng):
        result = _call(answer, (), "")
        chosen = _plain_choice(result)
        if chosen == _plain_choice(correct):
            return Verdict(PASSED, "That is right.")
        for mistake in wrong_choices(wrong):
            if chosen == _plain_choice(mistake.answer()):
                return Verdict(NOT_YET, mistake.says, mistake.id)
        shown = _kind(result) if chosen is None else " ".join(repr(result).split())[:60]
        return Verdict(NOT_YET, f"It returns {shown}, which is none of the choices: {_listed(choices)}.")

    return _settling(judge)


def wrong_choices(wrong):
    """The misconceptions of a prediction, from the dict of wrong value to sentence given to judge_choice."""
    return tuple(Misconception(f"chose {value}", lambda value=value: value, says) for value, says in wrong.items())


# Calling the answer


class _Settled(Exception):  # noqa: N818, it is a verdict and no error
    """Raised where nothing is left to judge: the answer cannot be called, raised, or gave what cannot be compared."""

    def __init__(self, message, status=NOT_YET):
        self.verdict = Verdict(status, message)


@dataclass(frozen=True)
class _Run:
    """One case: the arguments, the answer's result and the reference's, and both as dicts of name to array."""

    args: tuple
    result: object
    got: dict
    needed: object
    want: dict


_REPLACE = "Replace the line `raise NotImplementedError()` with your answer, run that cell, then this one."
_IN_PLACE = "Your function changes its input in place; work on a copy, or build a new array."


def _settling(judge):
    """The judge as the world sees it: a fresh or seeded rng, and a settled verdict returned."""

    def judge_answer(answer, seed=None):
        if _is_blank(answer):
            return Verdict(NOT_ATTEMPTED, _REPLACE)
        if not callable(answer):
            return Verdict(NOT_YET, "Pass the function itself, its name without parentheses, not its result.")
        try:
            # Overflow is told as a sentence, where it happens; NumPy's warning would only stand above it.
            with np.errstate(all="ignore"):
                return judge(answer, np.random.default_rng(seed))
        except _Settled as settled:
            return settled.verdict

    return judge_answer


def _call(answer, args, inputs):
    """The answer's result. Whatever it raises settles the verdict, except the learner's own interrupt."""
    try:
        result = answer(*args)
    except KeyboardInterrupt:
        raise
    except NotImplementedError:
        raise _Settled(_REPLACE, NOT_ATTEMPTED) from None
    except BaseException as error:
        raise _Settled(_raised(error, answer, inputs)) from None
    if result is None:
        raise _Settled("It returns None; did you forget return?")
    if result is Ellipsis:
        raise _Settled(_REPLACE, NOT_ATTEMPTED)
    return result


def _raised(error, answer, inputs):
    if isinstance(error, SystemExit):
        return "Your function ends the program (exit, quit or SystemExit); return a value instead."
    if isinstance(error, RecursionError):
        return "Your function calls itself without end (RecursionError)."
    text = _words(error)
    if isinstance(error, ValueError) and "read-only" in text:
        return _IN_PLACE
    if isinstance(error, TypeError) and "ufunc" in text and "no callable" in text:
        name = re.search(r"no callable (\w+)", text)[1]
        return f"np.{name} does not work on symbols; in a formula, write sympy.{name}."
    if isinstance(error, TypeError) and "Cannot convert expression to float" in text:
        return "The math module and float() do not work on symbols; in a formula, use SymPy's functions, as sympy.exp."
    code = getattr(answer, "__code__", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if code and f.filename == code.co_filename]
    line = f" in the line `{frames[-1].line.strip()}`" if frames and frames[-1].line else ""
    given = f"; given {inputs}" if inputs else ""
    return f"It raised {type(error).__name__}{line}{f': {text}' if text else ''}{given}."


def _words(error):
    try:
        words = " ".join(str(error).split()).rstrip(".")
    except Exception:
        return ""
    return words if len(words) <= 200 else words[:200] + " ..."


def _is_blank(value):
    return value is None or value is Ellipsis


def _fresh(value):
    """A deep copy whose arrays refuse to be written into."""
    if isinstance(value, np.ndarray):
        value = value.copy()
        value.setflags(write=False)
        return value
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(_fresh, value))
    return copy.deepcopy(value)


def _unchanged(value, original):
    if isinstance(original, np.ndarray):
        # By bytes, where NaN equals itself. The flag of a read-only array can be lifted, so looking is needed.
        return value.shape == original.shape and value.tobytes() == original.tobytes()
    if isinstance(original, dict):
        return value.keys() == original.keys() and all(_unchanged(value[key], original[key]) for key in original)
    if type(original) in (tuple, list):
        return len(value) == len(original) and all(map(_unchanged, value, original))
    return True


# Reading what came back


def _parts(result, needed):
    """The arrays in a result by name, read like the needed one; a single array has the name ""."""
    if isinstance(needed, dict):
        if not isinstance(result, dict):
            raise _Settled(f"It returns {_kind(result)}; a dict is needed, with the names {_listed(needed)}.")
        missing = [name for name in needed if name not in result]
        if missing:
            raise _Settled(f"The dict it returns lacks {_listed(missing)}.")
        return {name: _plain(result[name], f"{name} is") for name in needed}
    if isinstance(needed, tuple):
        if not isinstance(result, tuple | list) or len(result) != len(needed):
            count = f"{len(result)} values" if isinstance(result, tuple | list) else _kind(result)
            raise _Settled(f"It returns {count}; {len(needed)} are needed, separated by commas.")
        places = [f"Value {i + 1} of {len(needed)}" for i in range(len(needed))]
        return {place: _plain(part, f"{place} is") for place, part in zip(places, result, strict=True)}
    return {"": _plain(result, "It returns")}


def _plain(value, verb):
    """A fresh float64 array: comparing plain arrays leaves an object with its own idea of equality no say."""
    try:
        array = np.array(value)
        other = [item for item in array.flat if not isinstance(item, numbers.Real)] if array.dtype == object else []
        if array.dtype.kind in "biufO" and not other:
            return array.astype(np.float64)
    except Exception:
        raise _Settled(f"{verb} {_kind(value)} that is no array of numbers; are all its rows equally long?") from None
    if array.dtype.kind == "c":
        kind = "complex numbers" if array.ndim else "a complex number"
    elif array.ndim:
        kind = f"{_kind(value)} that holds {_kind(other[0]) if other else 'strings'}"
    else:
        kind = _kind(value)
    raise _Settled(f"{verb} {kind}; only real numbers can be compared.")


def _kind(value):
    """What a value is, for a sentence."""
    if value is None or isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, str):
        return "a string"
    if isinstance(value, np.ndarray):
        return "an array"
    if isinstance(value, complex | np.complexfloating):
        return "a complex number"
    if isinstance(value, numbers.Number):
        return "one number"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def _expression(result, letters):
    """The result as a SymPy expression in the given symbols; text is not read as mathematics."""
    import sympy

    if isinstance(result, str):
        raise _Settled("It returns a string; return the formula itself, without quotes.")
    try:
        expression = sympy.sympify(result.item() if isinstance(result, np.ndarray) else result, strict=True)
    except Exception:
        expression = None
    if not isinstance(expression, sympy.Expr) or expression.is_Matrix:
        raise _Settled(f"It returns {_kind(result)}; one formula is needed.")
    names = [str(letter) for letter in letters]
    unknown = sorted({str(symbol) for symbol in expression.free_symbols} - set(names))
    if unknown:
        raise _Settled(f"The formula holds {_listed(unknown)}; only {_listed(names)} can stand in it.")
    return expression


def _one_number(name, value):
    if isinstance(value, str | bytes):
        raise _Settled(f"{name} is a string; write the number without quotes.")
    try:
        # Through float, so that Fraction and SymPy's numbers count; an array only if it holds a single number.
        return float(value.item() if isinstance(value, np.ndarray) else value)
    except Exception:
        raise _Settled(f"{name} is {_kind(value)}; one real number is needed.") from None


def _by_hand(given, needed):
    return abs(given - needed) <= HAND_TOLERANCE * abs(needed)


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
        return float(value)
    if isinstance(value, tuple | list):
        parts = tuple(map(_compared, value))
        return None if None in parts else parts
    return None


# Naming what is wrong


_RATIOS = (
    ("sign", lambda n: -1, "minus what is needed: only the sign is wrong."),
    ("times-2", lambda n: 2, "exactly 2 times what is needed: look for a factor 2 too many."),
    ("times-half", lambda n: 0.5, "exactly half of what is needed: look for a factor 2 that got lost."),
    ("times-n", lambda n: n, "n times what is needed, n being the batch size: a division by n is missing."),
    ("over-n", lambda n: 1 / n, "what is needed divided by n, the batch size: there is one division by n too many."),
)


def _agree(got, want):
    """Equal to the tolerance; NaN equals NaN here, so that a wrong answer that overflows can be recognized."""
    if got.shape != want.shape:
        return False
    finite = np.isfinite(want)
    return (
        np.array_equal(finite, np.isfinite(got))
        and np.array_equal(got[~finite], want[~finite], equal_nan=True)
        and relative_error(got[finite], want[finite]) <= TOLERANCE
    )


def _gives(variant, runs):
    """Whether a known wrong answer gives the learner's values in every case."""
    for run in runs:
        parts = _parts(_call(variant, _fresh(run.args), ""), run.needed)
        if not all(_agree(run.got[name], parts[name]) for name in parts):
            return False
    return True


def _recognized(misconceptions, matches):
    """The verdict of the one sentence whose wrong answers match; None if there is none, or more than one."""
    found = {}
    for mistake in misconceptions:
        try:
            if matches(mistake):
                found.setdefault(mistake.says, mistake.id)
        except _Settled:
            continue  # the wrong answer raises or returns something else here, which the learner's did not
    if len(found) != 1:
        return None
    [(says, id)] = found.items()
    return Verdict(NOT_YET, says, id)


def _wrong_shape(reference, runs):
    for run in runs:
        for name, want in run.want.items():
            got = run.got[name]
            if got.shape != want.shape:
                says = f"{name + ' is' if name else 'It returns'} {_shape(got.shape)}; {_shape(want.shape)} is needed"
                return Verdict(NOT_YET, f"{says} (given {_shapes(reference, run.args)}).")
    return None


def _not_finite(reference, runs):
    for run in runs:
        for name, want in run.want.items():
            bad = ~np.isfinite(run.got[name]) & np.isfinite(want)
            if bad.any():
                index = tuple(map(int, np.argwhere(bad)[0]))
                what = "NaN" if np.isnan(run.got[name][index]) else "infinity"
                at = f" at index {_index(index)}" if index else ""
                there = _inputs_at(reference, run.args, index, want.shape)
                return Verdict(NOT_YET, f"{name or 'It'} is {what}{at}, {there}.")
    return None


def _constant_ratio(runs, wrong):
    sizes = [_batch_size(run.args) for run in runs]
    found = [
        (id, says)
        for id, factor, says in _RATIOS
        if (None not in sizes or id not in ("times-n", "over-n"))
        and all(
            _agree(run.got[name], factor(n) * run.want[name])
            for run, n in zip(runs, sizes, strict=True)
            for name in wrong
        )
    ]
    if len(found) != 1:
        return None
    [(id, says)] = found
    part = "It is" if len(wrong) == len(runs[0].want) else f"{_listed(wrong)} {'is' if len(wrong) == 1 else 'are'}"
    return Verdict(NOT_YET, f"{part} {says}", id)


def _worst(reference, runs, wrong):
    """The entry farthest off, beside the scale of its array."""

    def distance(run, name):
        return np.abs(run.got[name] - run.want[name])

    def badness(pair):
        run, name = pair
        return distance(run, name).max() / max(np.abs(run.want[name]).max(), np.finfo(float).tiny)

    # Every shape is right by now, and an empty array always agrees.
    pairs = [(run, name) for run in runs for name in wrong if not _agree(run.got[name], run.want[name])]
    run, name = max(pairs, key=badness)
    index = tuple(map(int, np.unravel_index(distance(run, name).argmax(), run.want[name].shape)))
    needed, given = _two_numbers(run.want[name][index], run.got[name][index])
    where = f", farthest off at index {_index(index)}" if index else ""
    says = f"{name or 'It'} is not right yet{where}: {given} where {needed} is needed"
    return Verdict(NOT_YET, f"{says} (given {_shapes(reference, run.args)}).")


def _batch_size(args):
    return next((arg.shape[0] for arg in args if isinstance(arg, np.ndarray) and arg.ndim), None)


# Wording


def _number(value):
    return "no real number" if value is None else f"{value:.6g}"


def _two_numbers(a, b):
    """Both with as many digits as it takes to tell them apart."""
    if None not in (a, b) and _number(a) == _number(b):
        return f"{a:.15g}", f"{b:.15g}"
    return _number(a), _number(b)


def _index(index):
    return index[0] if len(index) == 1 else index


def _shape(shape):
    return f"an array of shape {shape}" if shape else "a single number"


def _listed(names):
    return ", ".join(map(str, names))


def _names(reference, args):
    try:
        names = list(inspect.signature(reference).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) >= len(args) else [f"argument {i + 1}" for i in range(len(args))]


def _shapes(reference, args):
    """The arguments in few words: "y_pred of shape (5,), lr = 0.1"."""
    words = []
    for name, arg in zip(_names(reference, args), args, strict=False):
        if isinstance(arg, np.ndarray):
            words.append(f"{name} of shape {arg.shape}" if arg.ndim else f"{name} = {_number(float(arg))}")
        elif isinstance(arg, numbers.Real):
            words.append(f"{name} = {_number(float(arg))}")
        else:
            words.append(f"{name}, {_kind(arg)}")
    return ", ".join(words)


def _inputs_at(reference, args, index, shape):
    """The inputs behind one entry of the result: the same entry or row where the shapes allow, else the range."""
    words = []
    for name, arg in zip(_names(reference, args), args, strict=False):
        array = np.asarray(arg)
        if array.dtype.kind not in "biuf" or not array.size:
            continue
        if array.ndim >= len(index) > 0 and array.shape[: len(index)] == shape:
            array = array[index]
        if array.size == 1:
            words.append(f"{name} = {_number(float(array.item()))}")
        else:
            words.append(f"{name} from {_number(float(array.min()))} to {_number(float(array.max()))}")
    return "where " + ", ".join(words) if words else "for these inputs"
