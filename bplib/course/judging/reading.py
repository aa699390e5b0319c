"""Calls an answer and reads what comes back, trusting neither.

The answer is a learner's: it may raise, end the program, write into its input, or return anything at all. Here each of
these becomes a verdict with a sentence, or plain arrays of numbers.
"""

import copy
import itertools
import numbers
import re
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.closing import call_from_outside
from bplib.course.judging.raising import Elsewhere, Raised, told

PASSED = "passed"
NOT_YET = "not yet"
NOT_ATTEMPTED = "not attempted"

_LARGEST = 10**7  # entries along an axis
UNREADABLE = "What it does could not be compared with what is needed"
REPLACE = "Replace the line `raise NotImplementedError()` with your answer, run that cell, then this one."


@dataclass(frozen=True)
class Part:
    """One array of an answer: its name, its shape and the needed one, and which entries are right.

    right is rows of True and False over the last two axes, where an entry is right if it is right all along the other
    axes; None if the shape is wrong, or there is too much to be looked at.
    """

    name: str
    shape: tuple
    needed: tuple
    right: tuple | None


@dataclass(frozen=True)
class Verdict:
    """What a judge says: the status, the sentence for the learner, and the id of the misconception or None.

    An id that begins with "seen" stands for facts that were seen of an answer whose mistake is not among the known.
    parts is what was compared, in one case, where it was arrays: a tuple of `Part`. nudge is what is told first of a
    known mistake: where to look, and not yet what to write. whose is who the answer says it is of, where its numbers
    are made of that.
    """

    status: str
    message: str
    misconception: str | None = None
    parts: tuple = ()
    nudge: str = ""
    whose: str = ""

    @property
    def told_first(self):
        """What is said the first time: the nudge where there is one."""
        return self.nudge or self.message

    @property
    def recognized(self):
        """Whether the mistake is a known one."""
        return self.misconception is not None and not self.misconception.startswith("seen")


def mistaken(says, id):
    """The verdict on a known mistake. The first clause of its sentence is the nudge, the rest says what to write."""
    clause = re.split(r"(?<=[.;:?]) ", says, maxsplit=1)[0]
    return Verdict(NOT_YET, says, id, nudge=re.sub("[;:]$", ".", clause) if clause != says else "")


class Gone(BaseException):
    """The process that an answer runs in is gone or was stopped; its text says what it did, as in "took too long"."""


class Settled(Exception):  # noqa: N818, it is a verdict and no error
    """Raised where nothing is left to judge: the answer cannot be called, raised, or gave what cannot be compared."""

    def __init__(self, message, status=NOT_YET, misconception=None):
        """Settle on a message for the learner, and on what was recognized, if anything was."""
        super().__init__(message)
        self.verdict = Verdict(status, message, misconception)

    @classmethod
    def on(cls, verdict):
        """Settle on a verdict that is there already, with its nudge."""
        settled = cls(verdict.message)
        settled.verdict = verdict
        return settled


def settling(judge, misconceptions):
    """The judge as the world sees it: a fresh or seeded rng, a settled verdict returned, its misconceptions with it."""

    def judge_answer(answer, seed=None):
        if is_blank(answer):
            return Verdict(NOT_ATTEMPTED, REPLACE)
        if not callable(answer):
            return Verdict(NOT_YET, "Pass the function itself, its name without parentheses, not its result.")
        try:
            # Overflow is told as a sentence, where it happens; NumPy's warning would only stand above it.
            with np.errstate(all="ignore"):
                return judge(answer, np.random.default_rng(seed))
        except Settled as settled:
            return settled.verdict
        except Exception as error:  # what nobody foresaw is settled on this answer too, and ends nothing else
            return Verdict(NOT_YET, f"{UNREADABLE} ({type(error).__name__}).")

    judge_answer.misconceptions = tuple(misconceptions)
    return judge_answer


def call(answer, args, inputs):
    """The answer's result. Whatever it raises settles the verdict, except the learner's own interrupt."""
    try:
        result = call_from_outside(answer, args)
    except (KeyboardInterrupt, Gone, Settled):
        raise
    except BaseException as error:
        raised = error.raised if isinstance(error, Elsewhere) else Raised.of(error, answer)
        if "NotImplementedError" in raised.kinds:
            raise Settled(REPLACE, NOT_ATTEMPTED) from None
        message, cause = told(raised, inputs)
        raise Settled(message, misconception=cause) from None
    if result is None:
        raise Settled("It returns None; did you forget return?", misconception="no return")
    if result is Ellipsis:
        raise Settled(REPLACE, NOT_ATTEMPTED)
    return result


def is_blank(value):
    """Whether a value stands for an answer still to come."""
    return value is None or value is Ellipsis


def fresh(value):
    """A deep copy whose arrays refuse to be written into."""
    if isinstance(value, np.ndarray):
        value = value.copy()
        value.setflags(write=False)
        return value
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(fresh, value))
    return copy.deepcopy(value)


def unchanged(value, original):
    """Whether arguments still hold what they were copied from."""
    if type(value) is not type(original):
        return False  # an entry of a dict or a list that was exchanged
    if isinstance(original, np.ndarray):
        # By bytes, where NaN equals itself. The flag of a read-only array can be lifted, so looking is needed.
        return value.shape == original.shape and value.tobytes() == original.tobytes()
    if isinstance(original, dict):
        return value.keys() == original.keys() and all(unchanged(value[key], original[key]) for key in original)
    if type(original) in (tuple, list):
        return len(value) == len(original) and all(map(unchanged, value, original))
    return True


def read_parts(result, needed, names=()):
    """The arrays in a result by name, read like the needed one; a single array has the name "".

    names are those of the values of a tuple, which are otherwise counted.
    """
    if isinstance(needed, dict):
        if not isinstance(result, dict):
            raise Settled(f"It returns {kind_of(result)}; a dict is needed, with the names {listed(needed)}.")
        missing = [name for name in needed if name not in result]
        if missing:
            raise Settled(f"The dict it returns lacks {listed(missing)}.")
        return {name: plain(result[name], f"{name} is") for name in needed}
    if isinstance(needed, tuple):
        if isinstance(result, Generator):
            result = list(itertools.islice(result, len(needed) + 1))
        if isinstance(result, np.ndarray) and result.dtype == object and result.ndim == 1:
            result = list(result)
        if not isinstance(result, tuple | list) or len(result) != len(needed):
            count = f"{len(result)} values" if isinstance(result, tuple | list) else kind_of(result)
            as_in = ", ".join(names or ("first", "second"))
            raise Settled(f"It returns {count}; {len(needed)} values are needed, as in `return {as_in}`.")
        places = names or [f"Value {i + 1} of {len(needed)}" for i in range(len(needed))]
        return {place: plain(part, f"{place} is") for place, part in zip(places, result, strict=True)}
    array = plain(result, "It returns")
    # One number is one number, also in an array of its own.
    return {"": array.reshape(()) if array.size == 1 and np.ndim(needed) == 0 else array}


def read_named(result, names):
    """What a dict of answers holds for the names, without those left blank, and the sentence on what is missing, or "".

    An answer may be any value. A dict whose names are all there and all blank is not attempted.
    """
    if not isinstance(result, dict):
        raise Settled(f"It returns {kind_of(result)}; a dict is needed, with the names {listed(names)}.")
    given = {name: result[name] for name in names if not is_blank(result.get(name))}
    if not given and result.keys() >= set(names):
        raise Settled("Replace each None with your answer, run that cell, then this one.", NOT_ATTEMPTED)
    missing = [name for name in names if name not in given]
    if not missing:
        return given, ""
    extra = [repr(name) for name in result if isinstance(name, str) and name not in names]
    unknown = f" There is none named {listed(extra)}." if extra else ""
    return given, f"Still missing: {listed(missing)}.{unknown}"


def plain(value, verb):
    """A fresh float64 array: comparing plain arrays leaves an object with its own idea of equality no say.

    Settled for anything else; verb begins the sentence, as in "It returns".
    """
    if _has_nodes(value):
        what = f"{kind_of(value)} that holds Values" if isinstance(value, list | tuple) else "a Value"
        says = f"{verb} {what}; numbers are needed. The number in a Value is its data, as in loss.data."
        raise Settled(says, misconception="a Value for its number")
    try:
        if _is_large(value):
            raise OverflowError
        array = np.array(value)
        other = [item for item in array.flat if not isinstance(item, numbers.Real)] if array.dtype == object else []
        if array.dtype.kind in "biufO" and not other:
            return array.astype(np.float64)
    except OverflowError:  # of a number too, which no float holds
        raise Settled(f"{verb} {kind_of(value)} that is too large to be compared.") from None
    except Exception:
        raise Settled(f"{verb} {kind_of(value)} that is no array of numbers; are all its rows equally long?") from None
    if array.dtype.kind == "c":
        kind = "complex numbers" if array.ndim else "a complex number"
    elif array.ndim:
        kind = f"{kind_of(value)} that holds {kind_of(other[0]) if other else 'strings'}"
    else:
        kind = kind_of(value)
    raise Settled(f"{verb} {kind}; only real numbers can be compared.")


def _has_nodes(value, depth=2):
    """Whether it is a node of an engine, or a list that begins with some; another process sends the type's name."""
    if isinstance(value, list | tuple) and depth:
        return any(_has_nodes(each, depth - 1) for each in value[:10])
    return type(value).__name__ == "Value"


def _is_large(value, depth=3):
    """Whether a list, a range or one of those in it is longer than anybody needs: NumPy would fill the memory."""
    if not depth or not isinstance(value, list | tuple | range):
        return False
    return len(value) > _LARGEST or (len(value) <= 100 and any(_is_large(each, depth - 1) for each in value))


def kind_of(value):
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


def shown(value):
    """A number for a sentence; None where a formula has no real value."""
    return "no real number" if value is None else f"{value + 0.0:.6g}"  # a zero has no sign


def two_numbers(a, b):
    """Both with as many digits as it takes to tell them apart."""
    if None not in (a, b) and shown(a) == shown(b):
        return f"{a:.15g}", f"{b:.15g}"
    return shown(a), shown(b)


def listed(names):
    """Names for a sentence."""
    return ", ".join(map(str, names))
