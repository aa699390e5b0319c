"""What is known of an exception that an answer raised, here or in another process, and the sentence that helps."""

import ast
import inspect
import re
import traceback
from dataclasses import dataclass

import numpy as np

IN_PLACE = (
    "Your function changes its input in place. Work on a copy, or build a new array, also if you put the numbers back."
)


@dataclass(frozen=True)
class Raised:
    """What is known of an exception: the names of its type and of the types above it, its text and its line."""

    kinds: tuple[str, ...]
    text: str
    line: str

    @classmethod
    def of(cls, error, answer):
        """What an answer raised, here, and the last of the answer's own lines on the way there."""
        code = getattr(inspect.unwrap(answer), "__code__", None)
        frames = [f for f in traceback.extract_tb(error.__traceback__) if code and f.filename == code.co_filename]
        kinds = tuple(kind.__name__ for kind in type(error).__mro__)
        line = frames[-1].line or "" if frames else ""
        return cls(kinds, _with_shapes(error_text(error), line, error, code), line)


class Elsewhere(Exception):  # noqa: N818
    """An answer raised something in another process."""

    def __init__(self, raised):
        """Carry what is known of it."""
        self.raised = raised


class Closed(Exception):  # noqa: N818
    """An answer called a function of the course that is closed while it is judged."""


def told(raised, inputs):
    """The sentence on an exception, and the cause that was recognized in it, or None."""

    def is_a(kind):
        return kind in raised.kinds

    text = raised.text
    if is_a("Closed"):
        return text + ".", "calls ours"
    if is_a("SystemExit"):
        return "Your function ends the program (exit, quit or SystemExit); return a value instead.", "exit"
    if is_a("RecursionError"):
        return "Your function calls itself without end (RecursionError).", "recursion"
    if is_a("ValueError") and "truth value of an array" in text:
        return (
            "It asks `if`, `and`, `max` or `min` about a whole array at once; np.where, np.maximum and np.minimum"
            " decide entry by entry.",
            "truth value",
        )
    if is_a("ValueError") and "read-only" in text:
        return IN_PLACE, "in place"
    if is_a("TypeError") and "ufunc" in text and (found := re.search(r"no callable (\w+)", text)):
        name = found[1]
        return (
            f"np.{name} does not work on symbols. A formula is written with + - * / ** and the names that it is given;"
            f" where it does need a function, with sympy.{name}.",
            "numpy on symbols",
        )
    if is_a("TypeError") and "Cannot convert expression to float" in text:
        return (
            "The math module and float() do not work on symbols; in a formula, use SymPy's functions, as sympy.exp.",
            "math on symbols",
        )
    if is_a("ValueError") and "Can't calculate derivative wrt" in text:
        return "It lets SymPy differentiate. Do it on paper, and return the formula that you have found.", "sympy.diff"
    if is_a("MemoryError") or (is_a("ImportError") and "failed to map segment" in text):
        return (
            f"It needs more memory than an answer may have here ({raised.kinds[0]}). NumPy is enough; a large library"
            " such as PyTorch does not fit.",
            "memory",
        )
    if is_a("TypeError") and "bitwise_xor" in text:
        return "It uses ^, which is no power in Python: x squared is x**2.", "caret"
    if is_a("TypeError") and re.search("only (0-dimensional|length-1) arrays can be converted", text):
        return "A function of math, such as math.exp, takes one number; NumPy's, such as np.exp, take arrays.", "math"
    if is_a("TypeError") and "object is not callable" in text:
        return "It calls something that is no function: in Python a product needs its star, as in 2 * (a - y).", "star"
    text = _in_words(text)
    line = f" in the line `{raised.line.strip()}`" if raised.line else ""
    given = f"; given {inputs}" if inputs else ""
    says = f"It raised {raised.kinds[0]}{line}{f': {text}' if text else ''}{given}."
    shapes = re.findall(r"\(\d[\d, ]*\)", text) if is_a("ValueError") else []
    if len(shapes) > 1 or " @ " in text:
        says += " The shapes that met there do not fit: write each array's shape beside that line."
        return says, "shapes that met"
    if is_a("AxisError"):
        return f"{says} After a sum without keepdims the axes behind it have moved up by one.", "axes moved"
    return says, None


_INNER = re.compile(r"matmul: .*mismatch in its core dimension.*\(size (\d+) is different from (\d+)\)")


def _in_words(text):
    """What NumPy says of a product @ in terms of its gufuncs, said again with what stands on its two sides."""
    if found := _INNER.search(text):
        return f"in left @ right the inner lengths {found[2]} and {found[1]} differ"
    if "matmul: " in text and "does not have enough dimensions" in text:
        return "one side of @ is a single number; @ takes arrays, and * takes numbers"
    return text


def _with_shapes(text, line, error, code):
    """The same with the shapes of both sides, where the line has one product @, of two names."""
    found = _INNER.search(text)
    trace = error.__traceback__
    while found and trace is not None and trace.tb_frame.f_code is not code:
        trace = trace.tb_next
    if not found or trace is None:
        return text
    shapes = [_shapes_of(node, trace.tb_frame.f_locals) for node in _products(line.strip())]
    fits = {pair for pair in shapes if pair and (pair[0][-1], pair[1][-2:][0]) == (int(found[2]), int(found[1]))}
    if len(fits) != 1:
        return text
    [(left, right)] = fits
    return f"{left} @ {right}: the inner lengths {found[2]} and {found[1]} differ"


def _products(line):
    """The products @ in a line of Python; none where the line is not all of its statement."""
    try:
        tree = ast.parse(f"def f():\n {line}")
    except SyntaxError:
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)]


def _shapes_of(product, names):
    """The shapes of both sides of a product, where each is a name of an array, or that with .T; else None."""
    shapes = []
    for side in (product.left, product.right):
        turned = isinstance(side, ast.Attribute) and side.attr == "T"
        side = side.value if turned else side
        array = names.get(side.id) if isinstance(side, ast.Name) else None
        if type(array) is not np.ndarray or not array.ndim:
            return None
        shapes.append(array.shape[::-1] if turned else array.shape)
    return tuple(shapes)


def error_text(error):
    """What an exception says, on one line and not too long; nothing if it cannot even say that."""
    try:
        words = " ".join(str(error).split()).rstrip(".")
    except Exception:
        return ""
    return words if len(words) <= 200 else words[:200] + " ..."
