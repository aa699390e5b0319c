"""Promise: whatever an answer returns, or writes into what it is given, is settled on it, and no judge raises."""

import decimal
import fractions
import itertools
import warnings

import numpy as np
import pytest
import sympy
from answers import RIGHT

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED, UNREADABLE
from bplib.course.problems import PROBLEMS


def nested(depth):
    value = 1.0
    for _ in range(depth):
        value = [value]
    return value


def around():
    value = []
    value.append(value)
    return value


class Odd:
    """An object with ideas of its own about everything."""

    def __len__(self):
        raise RuntimeError("no length")

    def __array__(self, *_, **__):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no equality")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("no text")


VALUES = {
    "a large whole number": 10**400,
    "a long double that is NaN": np.longdouble("nan"),
    "a complex number": 1j,
    "a decimal": decimal.Decimal("NaN"),
    "a fraction": fractions.Fraction(1, 3),
    "infinity": float("-inf"),
    "an empty array": np.zeros((0, 3)),
    "an array of no axes": np.array(2.0),
    "an array of many axes": np.ones((1,) * 30),
    "an array of objects": np.array([1, None, "a"], dtype=object),
    "an array of text": np.array(["a", "b"]),
    "an array of dates": np.array(["2026-01-01"], dtype="datetime64[D]"),
    "a structured array": np.zeros(3, dtype=[("a", float), ("b", int)]),
    "a masked array": np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "a matrix of NumPy": np.asmatrix([[1.0, 2.0]]),
    "bytes": b"\x00\xff",
    "text": "0" * 10_000,
    "half a surrogate": "\ud800",
    "a set": {1, 2},
    "a dict": {"dW1": 1.0, "W1": None, 3: {}},
    "a dict of lists": {name: [[1.0], [2.0, 3.0]] for name in ("dW1", "db1", "W1", "b1", "W", "b", "dx")},
    "a list of rows that differ": [[1.0], [1.0, 2.0]],
    "a list around itself": around(),
    "a deep list": nested(2_000),
    "a range": range(10**9),
    "a counter without end": itertools.count(),
    "a generator": (x for x in [1.0, 2.0]),
    "a function": len,
    "a class": Odd,
    "an object": Odd(),
    "a formula": sympy.Symbol("x") ** sympy.Symbol("zzz"),
    "no formula": sympy.zoo,
    "an equation": sympy.Eq(sympy.Symbol("x"), 1),
    "a matrix of SymPy": sympy.Matrix([[1, 2]]),
    "several things": (1.0, None, "a", [2.0]),
    "a pair": (np.ones(2), [1, 2]),
    "a list of arrays": [np.ones((2, 2)), np.ones(2), np.ones(3)],
    "many bytes": np.ones(300_000, dtype=np.int8),
    "a type that cannot be": NotImplemented,
}

# What an answer may put in the place of an entry of an argument that it can write into.
WRITTEN = {"a number": 0.0, "a list": [1.0], "None": None, "a larger array": np.ones((7, 7)), "text": "a"}


# A training takes its time, and what it gives is read by one judge, which the first test tries with every value.
TRAINS = (
    "accuracy-band",
    "moved-digits",
    "free-run",
    "recall-hundred",
    "balance",
    "beat-pairs",
    "train-below",
    "project",
)
QUICK = [id for id in PROBLEMS if id not in TRAINS]


def judged(id, answer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values make NumPy warn
        verdict = PROBLEMS[id].judge(answer, seed=0)
    assert verdict.status in (PASSED, NOT_YET, NOT_ATTEMPTED) and isinstance(verdict.message, str)
    assert UNREADABLE not in verdict.message, verdict.message
    return verdict


@pytest.mark.parametrize("id", PROBLEMS)
def test_any_value_that_comes_back_is_a_verdict(id):
    for value in VALUES.values():
        judged(id, lambda *_, value=value: value)
        judged(id, lambda *_, value=value: (value, value))
        judged(id, lambda *_, value=value: lambda *_: value)


@pytest.mark.parametrize("id", QUICK)
def test_any_value_in_one_place_of_a_right_answer_is_a_verdict(id):
    right = RIGHT[id][0]
    for value in VALUES.values():

        def answer(*args, value=value):
            result = right(*args)
            if isinstance(result, dict):
                return {**result, next(iter(result)): value}
            return (value, *result[1:]) if isinstance(result, tuple | list) and len(result) > 1 else value

        judged(id, answer)


@pytest.mark.parametrize("id", QUICK)
def test_whatever_is_written_into_an_argument_is_a_verdict(id):
    right = RIGHT[id][0]
    for value in WRITTEN.values():

        def answer(*args, value=value):
            result = right(*args)
            for arg in args:
                if isinstance(arg, dict) and arg:
                    arg[next(iter(arg))] = value
                    arg["new"] = value
                elif isinstance(arg, list) and arg:
                    arg[0] = value
                elif isinstance(arg, np.ndarray) and arg.size:
                    arg.setflags(write=True)
                    arg.shape = (arg.size, 1)
            return result

        judged(id, answer)
