"""Values as plain data, for two processes that do not trust each other: trees of JSON, with bytes behind them.

Numbers, text, arrays, formulas of SymPy, functions by number, and lists, tuples and dicts of these can be written; of
anything else goes the name of its type. What is read is checked before it is built: nothing is evaluated, and nothing
becomes much larger than what came.
"""

import sys
from fractions import Fraction

import numpy as np

from bplib.grading.sandbox.formulas import Builder, Unreadable, encoded, whole

TOO_LARGE = "It is too large to be read, or nested too deeply."

_ITEMS, _DEPTH, _PAIRS = 100_000, 60, 1_000
_DEAR = 100  # items that a value counts for which has a type or a state of its own
_SHORT = 1000  # letters of a text that stands in the JSON
_DTYPES = frozenset("biufc")


def fingerprint(value):
    """What would be sent of a value: equal as long as nobody has written into it; None for what cannot be sent."""
    writer = Writer(str)
    try:
        return writer.value(value), writer.blobs
    except Exception:
        return None


class Stranger:
    """What stands for a value of a kind that is not sent: it has the name of its type, and its float if it has one."""

    def __new__(cls, kind, number=None):
        """An object whose type has the given name."""
        kind = "".join(letter for letter in str(kind)[:60] if letter.isalnum() or letter in "_ ") or "object"
        own = {} if number is None else {"__float__": lambda self: number}
        return object.__new__(type(kind, (cls,), own))


class Writer:
    """Makes trees for JSON of the values of one message. A tag stands first in a list; the rest stands for itself."""

    def __init__(self, functions=None):
        """functions(f) numbers a function among them; without, functions go by their type only."""
        self.functions, self.blobs, self.items = functions, [], 0

    def value(self, value, depth=0):
        """The tree of a value, whose bytes join `blobs`. Unreadable for what would be refused."""
        self.items += 1
        if depth > _DEPTH or self.items > _ITEMS:
            raise Unreadable(TOO_LARGE)
        if value is None or isinstance(value, bool):
            return value
        if value is Ellipsis:
            return ["ellipsis"]
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, depth)
        if isinstance(value, int):
            value = int(value)
            return value if abs(value) < 1 << 53 else ["int", hex(value)]
        if isinstance(value, float):
            return float(value)
        if isinstance(value, complex):
            value = complex(value)
            return ["complex", value.real, value.imag]
        if isinstance(value, list | tuple):
            tag = "list" if isinstance(value, list) else "tuple"
            return [tag, *(self.value(item, depth + 1) for item in value)]
        if isinstance(value, dict):
            if len(value) > _PAIRS:
                raise Unreadable(TOO_LARGE)
            return ["dict", *(self.value(item, depth + 1) for pair in value.items() for item in pair)]
        if isinstance(value, Fraction):
            return ["fraction", hex(value.numerator), hex(value.denominator)]
        if isinstance(value, np.random.Generator) and type(value.bit_generator).__name__ == "PCG64":
            state = value.bit_generator.state
            words = (*state["state"].values(), state["has_uint32"], state["uinteger"])
            return ["generator", *map(hex, words)]
        return self._other(value, depth)

    def _text(self, text):
        if len(text) <= _SHORT:
            return text
        self.blobs.append(text.encode("utf-8", "replace"))
        return ["text", len(self.blobs[-1])]

    def _other(self, value, depth):
        sympy = sys.modules.get("sympy")
        if sympy and isinstance(value, sympy.Basic) and (tree := encoded(value)) is not None:
            return ["formula", tree]
        if self.functions and callable(value):
            return ["function", self.functions(value), str(getattr(value, "__name__", ""))[:60]]
        number = None
        if not isinstance(value, bytes | bytearray):  # of which NumPy and float would make numbers
            array = _as_array(value)
            if array is not None:
                return self._array(array, depth)
            number = _as_float(value)
        return ["stranger", type(value).__name__, number]

    def _array(self, value, depth):
        array = np.array(value, order="C", subok=False)
        if array.dtype.kind == "U":
            if not array.ndim:
                return self._text(str(array))
            array = array.astype(object)
        if array.dtype == object:
            return ["objects", list(array.shape), *(self.value(item, depth + 1) for item in array.flat)]
        if array.dtype.kind not in _DTYPES:
            return ["stranger", f"{type(value).__name__} of {array.dtype}"[:60], None]
        self.blobs.append(array.tobytes())
        writable = bool(isinstance(value, np.ndarray) and value.flags.writeable)
        return ["array" if isinstance(value, np.ndarray) else "scalar", array.dtype.str, list(array.shape), writable]


def _as_array(value):
    """The array of numbers that NumPy makes of a range, a tensor or the like; None where it makes none."""
    try:
        array = np.array(value)
    except Exception:
        return None
    return array if array.dtype.kind in _DTYPES else None


def _as_float(value):
    try:
        return float(value)
    except Exception:
        return None


class Reader:
    """Builds the values of one message, whose arrays lie in its bytes one after the other."""

    def __init__(self, blob, functions=None):
        """functions(number, name) makes something callable of a function that is in it."""
        self.blob, self.functions = blob, functions
        self.start, self.items, self.builder = 0, 0, Builder()

    def value(self, tree, depth=0):
        """The value of a tree. Unreadable for one that is refused; anything may be raised for what is none."""
        self._count(1)
        if depth > _DEPTH + 2:
            raise Unreadable(TOO_LARGE)
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        build = getattr(self, f"_{tree[0]}") if tree[0] in _TAGS else None
        if build is None:
            raise Unreadable("What came back cannot be read.")
        return build(tree[1:], depth + 1)

    def _count(self, items):
        self.items += items
        if self.items > _ITEMS:
            raise Unreadable(TOO_LARGE)

    def _bytes(self, length):
        if type(length) is not int or not 0 <= length <= len(self.blob) - self.start:
            raise Unreadable("What came back is no array: its bytes are missing.")
        self.start += length
        return memoryview(self.blob)[self.start - length : self.start]

    def _ellipsis(self, parts, depth):
        return Ellipsis

    def _text(self, parts, depth):
        return str(self._bytes(*parts), "utf-8", "replace")

    def _int(self, parts, depth):
        return whole(*parts)

    def _complex(self, parts, depth):
        return complex(*map(float, parts))

    def _list(self, parts, depth):
        return [self.value(part, depth) for part in parts]

    def _tuple(self, parts, depth):
        return tuple(self.value(part, depth) for part in parts)

    def _dict(self, parts, depth):
        if len(parts) > 2 * _PAIRS:  # keys can be made to collide, and then the time grows with the square
            raise Unreadable(TOO_LARGE)
        values = [self.value(part, depth) for part in parts]
        return dict(zip(values[::2], values[1::2], strict=True))

    def _fraction(self, parts, depth):
        return Fraction(*map(whole, parts))

    def _generator(self, parts, depth):
        self._count(_DEAR)
        state, inc, has_uint32, uinteger = map(whole, parts)
        rng = np.random.default_rng(0)
        words = {"state": state, "inc": inc}
        known = {"state": words, "has_uint32": has_uint32, "uinteger": uinteger}
        rng.bit_generator.state = {**rng.bit_generator.state, **known}
        return rng

    def _function(self, parts, depth):
        number, name = parts
        if self.functions is None:
            return self._stranger(["function", None], depth)
        return self.functions(int(number), str(name)[:60])

    def _stranger(self, parts, depth):
        self._count(_DEAR)
        kind, number = parts
        return Stranger(kind, None if number is None else float(number))

    def _array(self, parts, depth):
        array, writable = self._numbers(*parts), parts[2]
        array.setflags(write=bool(writable))
        return array

    def _scalar(self, parts, depth):
        return self._numbers(*parts).reshape(())[()]

    def _numbers(self, dtype, shape, _):
        dtype, shape = np.dtype(str(dtype)[:8]), _shape(shape)
        if dtype.kind not in _DTYPES:
            raise Unreadable("What came back is no array of numbers.")
        length = dtype.itemsize
        for axis in shape:
            length *= axis
        # Copied, so that it has memory of its own, which can be written into.
        return np.frombuffer(self._bytes(length), dtype).reshape(shape).copy()

    def _objects(self, parts, depth):
        array = np.empty(len(parts) - 1, dtype=object)
        for index, part in enumerate(parts[1:]):
            array[index] = self.value(part, depth)
        return array.reshape(_shape(parts[0]))

    def _formula(self, parts, depth):
        return self.builder.built(*parts)


def _shape(axes):
    if len(axes) > 32 or not all(type(axis) is int and 0 <= axis < 1 << 40 for axis in axes):
        raise Unreadable("What came back has no shape.")
    return tuple(axes)


_TAGS = (
    *("ellipsis", "text", "int", "complex", "list", "tuple", "dict", "fraction", "generator", "function", "stranger"),
    *("array", "scalar", "objects", "formula"),
)
