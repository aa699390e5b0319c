"""Promise: what crosses between two processes arrives as it was or is refused by name, and nothing else can happen."""

import json
import math
import random
import socket
import struct
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import sympy

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bplib import evaluation
from bplib.grading.sandbox import formulas
from bplib.grading.sandbox.values import Reader, Stranger, Writer
from bplib.grading.sandbox.wire import LARGEST, Channel, Unreadable

x, y = sympy.symbols("x y", real=True)


def crossed(value, functions=None, back=None):
    """A value after it was written and read."""
    writer = Writer(functions)
    tree = json.loads(json.dumps(writer.value(value)))
    return Reader(b"".join(writer.blobs), back).value(tree)


def same(one, other):
    """Equal to the bit and to the type, arrays to their flags."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype == object:
            return one.shape == other.shape and all(map(same, one.flat, other.flat))
        alike = (one.shape, one.dtype, one.flags.writeable) == (other.shape, other.dtype, other.flags.writeable)
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, np.generic):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", other) or (math.isnan(one) and math.isnan(other))
    return one == other


# What arrives


plain = st.one_of(
    st.none(),
    st.booleans(),
    st.just(...),
    st.integers(),
    st.floats(),
    st.text(),
    st.complex_numbers(allow_nan=False),
    st.fractions(),
)
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5) | st.integers() | st.booleans(), inner, max_size=4),
    ),
    max_leaves=20,
)
dtypes = st.one_of(
    st.sampled_from(["?", ">i2", "<u8", "<f2", "<f4", "<f8", ">f8", "<c8", "<c16", "i1", "u1"]).map(np.dtype),
)


@given(values)
@settings(max_examples=200, deadline=None)
def test_plain_values_arrive_as_they_were(value):
    assert same(crossed(value), value)


@given(arrays.arrays(dtypes, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)))
@settings(max_examples=200, deadline=None)
def test_arrays_arrive_to_the_bit_in_every_shape_and_order_of_bytes(array):
    assert same(crossed(array), array)
    assert same(crossed(np.array(array, order="F")), array)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1 << 53, -(1 << 200), 10**2000])
def test_odd_numbers_arrive(number):
    assert same(crossed(number), number)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.complex64, np.bool_, np.int8])
def test_a_number_of_numpys_keeps_its_type(kind):
    assert same(crossed(kind(1)), kind(1))


def test_an_array_that_is_read_only_stays_so_and_one_that_is_not_has_memory_of_its_own():
    array = np.arange(6.0).reshape(2, 3)
    array.setflags(write=False)
    assert same(crossed(array), array)
    assert not crossed(array).flags.writeable
    mine = crossed(np.arange(3.0))
    mine[0] = 7
    assert same(crossed([mine, mine.T]), [mine, mine])


def test_a_view_arrives_as_what_it_shows():
    array = np.arange(24.0).reshape(4, 6)
    assert np.array_equal(crossed(array[::-2, ::3]), array[::-2, ::3])


def test_subclasses_arrive_as_what_they_hold():
    class Odd(np.ndarray):
        def __array_finalize__(self, other):
            self.odd = True

    class Real(float):
        __eq__ = lambda self, other: True  # noqa: E731

    assert same(crossed(np.zeros(2).view(Odd)), np.zeros(2))
    assert same(crossed(Real(2)), 2.0)
    assert same(crossed(np.str_("even")), "even")


def test_an_array_of_objects_arrives_with_its_shape():
    array = np.empty((2, 2), object)
    array[0, 0], array[0, 1], array[1, 0], array[1, 1] = [1, 2], [3, 4], Fraction(1, 3), None
    assert same(crossed(array), array)
    assert same(crossed(np.array([["a", "b"]])), np.array([["a", "b"]], object))


def test_what_numpy_makes_an_array_of_is_one():
    assert same(crossed(range(3)), np.arange(3))
    assert same(crossed(memoryview(b"ab")), np.array([97, 98], np.uint8))


def test_a_generator_goes_on_where_it_was():
    rng = np.random.default_rng(3)
    rng.integers(9, size=3, dtype=np.int32)  # leaves half a word behind
    assert np.array_equal(crossed(rng).random(5), rng.random(5))


@pytest.mark.parametrize("length", [1000, 1001, 100_000])
def test_a_long_text_arrives(length):
    assert same(crossed("σ" * length), "σ" * length)


def test_functions_go_by_number_and_without_numbers_by_their_type():
    assert crossed([len], lambda f: 5, lambda number, name: (number, name)) == [(5, "len")]
    assert isinstance(crossed(len), Stranger)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({1, 2}, "set"),
        (object(), "object"),
        (b"12", "bytes"),
        ((n for n in ()), "generator"),
        (np.zeros(2, [("a", float)]), "ndarray of "),
        (np.zeros(2, "M8[s]"), "ndarray of datetime64s"),
        (np.random.Generator(np.random.MT19937(0)), "Generator"),
        (sympy.Matrix([[x]]), "MutableDenseMatrix"),
        (sympy.gamma(x), "gamma"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_of_anything_else_goes_the_name_of_its_type(value, name):
    stranger = crossed(value)
    assert isinstance(stranger, Stranger)
    assert type(stranger).__name__.startswith(name)
    with pytest.raises(TypeError):
        float(stranger)


def test_a_stranger_that_is_a_number_says_which():
    from decimal import Decimal

    assert float(crossed(Decimal("0.5"))) == 0.5


def _endless():
    value = []
    value.append(value)
    return value


def _nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [_endless(), _nested(100), [0] * 200_000, dict.fromkeys(range(2000))],
    ids=["itself", "deep", "long", "dict"],
)
def test_what_is_too_large_is_refused_before_it_goes(value):
    with pytest.raises(Unreadable, match="too large"):
        crossed(value)


# Formulas


def _formulas():
    """A formula of every class that may cross, and then some."""
    two = {"atan2", "Max", "Min", "Add", "Mul", "Pow", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or"}
    for name, kind in formulas.classes().items():
        if name in ("And", "Or"):
            yield kind(x < y, y < 1)
        elif name == "Not":
            yield kind(sympy.Or(x < y, y < 1), evaluate=False)
        elif name == "Piecewise":
            yield sympy.Piecewise((x, sympy.And(x < y, y > 0)), (y, True))
        elif name != "ExprCondPair":
            name_of = {"Equality": "Eq", "Unequality": "Ne"}.get(name, name)
            pair = name_of in two or issubclass(kind, sympy.core.relational.Relational)
            yield kind(*(x, y)[: 1 + pair], evaluate=False)
    yield from (sympy.pi, sympy.E, sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan, sympy.EulerGamma, sympy.true)
    yield from (sympy.Integer(0), sympy.Rational(-7, 3), sympy.Float("0.1"), sympy.Float("0.1", 40), sympy.S.Half)
    yield from (sympy.Symbol("a"), sympy.Symbol("p", positive=True), sympy.Symbol("n", integer=True))
    yield sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    yield sympy.log(1 + sympy.exp(-x)) * y - sympy.Max(x, 0, y) ** sympy.Rational(1, 3)
    yield sympy.Add(sympy.Integer(1), sympy.Integer(1), evaluate=False)


@pytest.mark.parametrize("formula", list(_formulas()), ids=sympy.srepr)
def test_a_formula_arrives_with_its_structure(formula):
    arrived = crossed(formula)
    # A symbol arrives with what is known of it, said or implied.
    assert arrived == formula and (formula.is_Symbol or sympy.srepr(arrived) == sympy.srepr(formula))
    assert arrived.free_symbols == formula.free_symbols


def test_every_class_that_may_cross_is_computed_without_running_code_that_sympy_writes():
    assert set(formulas.classes().values()) <= set(evaluation.COMPUTED)


def test_a_derivative_is_worked_out_before_it_goes():
    assert crossed(sympy.Derivative(x**2 * y, x) + 1) == 2 * x * y + 1


@pytest.mark.parametrize("formula", [sympy.Add(*sympy.symbols("a:20000")), None], ids=["wide", "deep"])
def test_a_formula_that_is_too_large_is_refused(formula):
    if formula is None:
        formula = x
        for _ in range(100):
            formula = sympy.sin(formula)
    with pytest.raises(Unreadable):
        crossed(formula)


# Channels, and what is no message


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield Channel(ours), Channel(theirs)
    ours.close()
    theirs.close()


def test_a_message_comes_whole_and_the_end_is_told(pair):
    ours, theirs = pair
    ours.send({"a": np.arange(3), "b": "text"})
    ours.send({"c": 1})
    first, second = theirs.receive(5), theirs.receive(5)
    assert np.array_equal(first["a"], np.arange(3)) and first["b"] == "text" and second == {"c": 1}
    with pytest.raises(TimeoutError):
        theirs.receive(0.01)
    ours.close()
    with pytest.raises(EOFError):
        theirs.receive(5)


def test_nobody_waits_for_ever_for_one_who_does_not_listen(pair):
    with pytest.raises(TimeoutError):
        pair[0].send({"a": np.zeros(1 << 20)}, seconds=0.05)
    with pytest.raises(TimeoutError):
        pair[1].send({}, seconds=0)


def test_a_message_that_is_too_large_is_not_sent(pair):
    for value in (np.zeros(LARGEST // 8), ["x" * 900] * 5000):
        with pytest.raises(Unreadable):
            pair[0].send({"a": value})


def frame(text, blob=b"", lengths=None):
    text = text if isinstance(text, bytes) else json.dumps(text).encode()
    return struct.pack(">II", *(lengths or (len(text), len(blob)))) + text + blob


def outcome(data):
    """What comes of bytes: the names of what was read, or the exception. Anything but the three is raised."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        sent = theirs.send(data)
        theirs.close()
        assert sent == len(data) or sent > 50_000
        channel = Channel(ours)
        try:
            while True:
                channel.receive(0.5, lambda number, name: (number, name))
        except (EOFError, TimeoutError, Unreadable) as error:
            return type(error)


VALID = [
    {"value": np.arange(6.0).reshape(2, 3), "to": "0123456789abcdef"},
    {"value": {"dw": np.zeros(3, np.float32), "db": 0.5}, "args": (1, [2.0, 1j], Fraction(1, 3), ...)},
    {"value": sympy.Piecewise((x**2, x < y), (sympy.exp(-y), True)), "raised": ["E", "text", "line"]},
    {"value": np.random.default_rng(0), "f": len, "s": {1}, "o": np.array([1, None]), "t": "σ" * 2000},
]


def bytes_of(message):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Channel(ours).send(message, lambda f: 3)
        return theirs.recv(1 << 16)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_random_bytes_raise_only_what_is_said(data):
    outcome(data)
    outcome(frame(data))


@pytest.mark.parametrize("message", VALID, ids=["array", "dict", "formula", "others"])
def test_a_message_with_a_few_bytes_changed_raises_only_what_is_said(message):
    data, rng = bytes_of(message), random.Random(0)
    assert outcome(data) is EOFError
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 2, 8))):
            changed[rng.randrange(8, len(data))] = rng.choice((rng.randrange(256), *b'0123456789[]",-'))
        outcome(bytes(changed))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["0x1", "<f8"]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=8,
    ),
    st.sampled_from(
        "ellipsis text int complex list tuple dict fraction generator function stranger array scalar objects formula"
        " nosuch _items __class__".split()
    ),
)
@settings(max_examples=400, deadline=None)
def test_any_json_behind_any_tag_raises_only_what_is_said(tree, tag):
    parts = tree if isinstance(tree, list) else [tree]
    outcome(frame([["value", [tag, *parts]]], b"\1" * 64))


HUGE = {
    "lengths": frame(b"", lengths=(0xFFFFFFFF, 0xFFFFFFFF)),
    "text": frame(b"", lengths=(60 << 20, 0)),
    "shape": frame([["value", ["array", "<f8", [1 << 39, 1 << 39], True]]]),
    "empty shape": frame([["value", ["array", "<f8", [0, 1 << 40], True]]]),
    "negative": frame([["value", ["array", "<f8", [-1], True]]], bytes(80)),
    "subarray": frame([["value", ["array", "(9999,9999)f8", [1], True]]]),
    "objects": frame([["value", ["objects", [1 << 39], None]]]),
    "text in the bytes": frame([["value", ["text", -5]]], bytes(8)),
    "digits": frame([["value", ["int", "0x" + "f" * 30_000]]]),
    "decimal digits": frame(b'[["value", ' + b"9" * 30_000 + b"]]"),
    "power": frame([["value", ["formula", ["Pow", ["Rational", "0xa", "0x1"], ["Rational", "0x" + "f" * 99, "0x1"]]]]]),
    "float": frame([["value", ["formula", ["Float", "1e999999999", 53]]]]),
    "zero": frame([["value", ["fraction", "0x1", "0x0"]]]),
    "condition": frame([["value", ["formula", ["Piecewise", ["Rational", "0x1", "0x1"]]]]]),
    "deep": frame(b"[" * 40_000),
    "types": frame([["value", ["list", *[["stranger", "a", 1]] * 2000]]]),
    "keys": frame([["value", ["dict", *[1] * 3000]]]),
}


@pytest.mark.parametrize("data", HUGE.values(), ids=HUGE)
def test_nothing_large_is_built_of_little(data):
    tracemalloc.start()
    try:
        outcome(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30 * len(data) + (2 << 20)


def test_a_message_of_nothing_but_lists_is_read_in_bounds():
    with pytest.raises(Unreadable):
        Reader(b"").value(json.loads("[" + '["list"],' * 200_000 + "0]"))
