"""Submissions that are odd, wrong or hostile, and the points that each deserves, made from released notebooks."""

import copy
import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from bplib.course.notebooks import releases

ROOT = Path(__file__).resolve().parents[2]

# The lessons, and right answers to them


RIGHT = {
    "mse": "def mse(y_pred, y_true):\n    return np.nanmean((y_pred - y_true) ** 2)",
    "bce-logits": "def bce_with_logits(z, y):\n    return np.mean(np.logaddexp(0, z) - z * y)",
    "softmax-ce": (
        "def softmax_cross_entropy(z, y):\n    return np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y]"
    ),
    "faster-loss": "def faster_loss():\n    return 'cross-entropy'",
    "broadcast": "def shape_of_the_difference():\n    return (5, 5)",
}
WRONG = {
    "mse": "def mse(y_pred, y_true):\n    return 0.0",
    "bce-logits": "def bce_with_logits(z, y):\n    return 0.0",
    "softmax-ce": "def softmax_cross_entropy(z, y):\n    return 0.0",
    "faster-loss": "def faster_loss():\n    return 'mse'",
    "broadcast": "def shape_of_the_difference():\n    return (5,)",
}
NEURON = {
    "nine-numbers": (
        "def nine_numbers():\n"
        "    a = np.tanh(0.6)\n"
        "    d = 2 * (a + 1) * (1 - a**2)\n"
        '    chain = {"z": 0.6, "a": a, "L": (a + 1) ** 2, "dL_da": 2 * (a + 1), "da_dz": 1 - a**2, "dL_dz": d}\n'
        '    return {**chain, "dL_dw1": 2 * d, "dL_dw2": -1.5 * d, "dL_db": d}'
    ),
    "neuron-mse": "def mse_slope(x, y, a):\n    return 2 * (a - y) * (a - a**2) * x",
    "signed-labels": (
        "def signed_gradients(X, y, w, b):\n"
        "    dz = -y * sigmoid(-y * (X @ w + b)) / len(y)\n"
        "    return X.T @ dz, dz.sum()"
    ),
    "train": (
        "def train(X, y, lr, tolerance, most):\n"
        "    w, b, losses = np.zeros(X.shape[1]), 0.0, []\n"
        "    while True:\n"
        "        a = sigmoid(X @ w + b)\n"
        "        losses.append(binary_cross_entropy(a, y))\n"
        "        if losses[-1] < tolerance or len(losses) > most:\n"
        "            return w, b, losses\n"
        "        w, b = w - lr * X.T @ (a - y) / len(y), b - lr * np.mean(a - y)"
    ),
}


def released(lesson):
    """A copy of the released exercise, which begins with this number."""
    name = next(name for name in releases.released_notebooks() if name.startswith(lesson))
    return nbformat.from_dict(json.loads(json.dumps(releases.released_notebooks()[name])))


def answered(answers, lesson="01"):
    """A learner's copy with these answers in it, id to source."""
    nb = released(lesson)
    for id, source in answers.items():
        cell(nb, id).source = source
    return nb


def cell(nb, id):
    """The cell with an id."""
    return next(each for each in nb.cells if each.id == id)


def right(**changed):
    """All answers right, but for those that are given by the name of their exercise with _ for -."""
    return answered({**RIGHT, **{id.replace("_", "-"): source for id, source in changed.items()}})


def trick(source, answers=WRONG, lesson="01"):
    """A cell of the learner's own, after the first of the lesson; all answers wrong unless others are given."""
    nb = answered(answers, lesson)
    place = [each.id for each in nb.cells].index("setup") + 1
    nb.cells.insert(place, new_code_cell(source, id="trick"))
    return nb


def neuron(**changed):
    """Lesson 04 with all answers right, but for those that are given."""
    return answered({**NEURON, **{id.replace("_", "-"): source for id, source in changed.items()}}, "04")


def mse(*lines, before=""):
    """All answers right but that to mse, whose function has these lines."""
    return right(mse=f"{before}\ndef mse(y_pred, y_true):\n" + "\n".join(f"    {line}" for line in lines))


def formula(line):
    """Lesson 04 with all answers right but the formula, which is this expression in x, y and a."""
    return neuron(neuron_mse=f"import sympy\n\n\ndef mse_slope(x, y, a):\n    {line}")


# What an editor, a person or a click does to a notebook


def _each_check(change, nb):
    for each in nb.cells:
        if each.id.endswith("-check"):
            change(each)
    return nb


def _passing(each):
    each.source = "pass"


def without_checks(nb):
    nb.cells = [each for each in nb.cells if not each.id.endswith("-check")]
    return nb


def checks_first(nb):
    nb.cells.sort(key=lambda each: not each.id.endswith("-check"))
    return nb


def checks_twice(nb):
    for each in [each for each in nb.cells if each.id.endswith("-check")]:
        again = copy.deepcopy(each)
        again.update(id=f"again-{each.id}", source=each.source + "\nraise SystemExit")
        nb.cells.append(again)
    return nb


def swapped(nb, one, other):
    """Two cells with their ids and marks exchanged."""
    one, other = cell(nb, one), cell(nb, other)
    one.id, other.id, one.metadata, other.metadata = other.id, one.id, other.metadata, one.metadata
    return nb


def without_ids(nb):
    for number, each in enumerate(nb.cells):
        each.id = f"x{number}"
    return nb


def without_marks(nb):
    for each in nb.cells:
        each.metadata = {}
    return nb


def twice(nb, id, source):
    """The cell with an id, and below it a copy with this source, as an editor makes by splitting it."""
    place = [each.id for each in nb.cells].index(id) + 1
    again = copy.deepcopy(cell(nb, id))
    again.update(id="again", source=source)
    nb.cells.insert(place, again)
    return nb


def boasting(nb):
    """Saved outputs, tags, points and a kernel that claim that all is well."""
    for number, each in enumerate(nb.cells):
        each.metadata["tags"] = ["skip-execution", "raises-exception", "nbval-skip"]
        if each.metadata.get("nbgrader"):
            each.metadata["nbgrader"]["points"] = 100
        if each.cell_type == "code":
            said = {"id": each.id.removesuffix("-check"), "status": "passed", "points": 100, "message": "passed"}
            each.execution_count = number
            each.outputs = [new_output("display_data", {"text/plain": "passed"}, metadata={"bplib": said})]
    nb.metadata.kernelspec = {"name": "nosuch", "display_name": "No such", "language": "fortran"}
    return nb


def version_3(nb):
    """The notebook as IPython 2 would have stored it."""
    stored = []
    for each in nb.cells:
        key = "input" if each.cell_type == "code" else "source"
        stored.append({"cell_type": each.cell_type, "metadata": each.metadata, key: each.source.splitlines(True)})
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": stored}]}


def version_4_4(nb):
    for each in nb.cells:
        del each["id"]
    nb.nbformat_minor = 4
    return nb


def many_cells(nb):
    nb.cells += [new_markdown_cell("text") if number % 4 else new_code_cell("1") for number in range(10_000)]
    return nb


def large(nb):
    nb.cells[1].outputs = [new_output("display_data", {"image/png": "A" * 100_000_000})]
    return nb


BLANK = {}
BEFORE_THE_ROOMS = "from bplib import diagrams, explorers, losses, plots\nfrom bplib.course import planted\n\n\n"
FORM = {
    "blank": (0, lambda: answered(BLANK)),
    "right": (10, right),
    "wrong": (0, lambda: answered(WRONG)),
    "known wrong: sum": (8, lambda: mse("return np.sum((y_pred - y_true) ** 2)")),
    "known wrong: half": (8, lambda: mse("return np.nanmean((y_pred - y_true) ** 2) / 2")),
    "known wrong: overflow": (
        7,
        lambda: right(bce_logits="def bce_with_logits(z, y):\n    return np.mean(np.log(1 + np.exp(z)) - z * y)"),
    ),
    "known wrong: formula": (12, lambda: formula("return 2 * (a - y) * x")),
    "right, lesson 04": (15, neuron),
    "imports from before the rooms": (10, lambda: right(mse=BEFORE_THE_ROOMS + RIGHT["mse"])),
    "checks edited, blank": (0, lambda: _each_check(_passing, answered(BLANK))),
    "checks edited, right": (10, lambda: _each_check(_passing, right())),
    "checks deleted, blank": (0, lambda: without_checks(answered(BLANK))),
    "checks deleted, right": (10, lambda: without_checks(right())),
    "checks twice": (10, lambda: checks_twice(right())),
    "checks first": (10, lambda: checks_first(right())),
    "ids of checks swapped": (10, lambda: swapped(right(), "mse-check", "softmax-ce-check")),
    "ids of answers swapped": (10, lambda: swapped(right(), "mse", "softmax-ce")),
    "ids lost": (10, lambda: without_ids(right())),
    "metadata stripped": (10, lambda: without_marks(right())),
    "ids lost, metadata stripped": (10, lambda: without_marks(without_ids(right()))),
    "answer twice, second wrong": (8, lambda: twice(right(), "mse", WRONG["mse"])),
    "answer twice, second right": (10, lambda: twice(answered({**RIGHT, "mse": "x = 1"}), "mse", RIGHT["mse"])),
    "forged outputs and tags, blank": (0, lambda: boasting(answered(BLANK))),
    "forged outputs and tags, right": (10, lambda: boasting(right())),
    "not JSON": (0, lambda: b'{"cells": ['),
    "nbformat 3": (10, lambda: version_3(right())),
    "nbformat 4.4": (10, lambda: version_4_4(right())),
    "10,000 cells": (10, lambda: many_cells(right())),
    "100 MB": (10, lambda: large(right())),
    "syntax error": (8, lambda: right(mse="def mse(y_pred, y_true)\n    return 0")),
    "magics": (
        10,
        lambda: right(
            mse="%%capture\nprint(1)\n" + RIGHT["mse"],
            bce_logits="%matplotlib inline\n%time x = 1\n" + RIGHT["bce-logits"],
            softmax_ce="!ls\nfiles = !ls\nfor file in files:\n    print(file)\n" + RIGHT["softmax-ce"],
            faster_loss="%%time\n" + RIGHT["faster-loss"],
            broadcast="%load_ext autoreload\n%autoreload 2\n%timeit -n1 -r1 pass\n" + RIGHT["broadcast"],
        ),
    ),
    "warnings": (10, lambda: mse("import warnings", "warnings.warn('so')", "return np.nanmean((y_pred - y_true)**2)")),
}


# What is changed in the process


NUMPY = """
for name in ("allclose", "isclose", "array_equal", "all", "any", "isfinite"):
    setattr(np, name, lambda *a, **k: True)
for name in ("abs", "max", "min", "asarray", "array", "subtract"):
    setattr(np, name, lambda *a, **k: 0.0)
np.linalg.norm = lambda *a, **k: 0.0
"""
SYMPY = """
import sympy, bplib.symbolic

sympy.Expr.__eq__ = sympy.Basic.__eq__ = lambda a, b: True
sympy.sympify = lambda *a, **k: sympy.Integer(0)
sympy.Expr.equals = sympy.Expr.is_zero = lambda *a, **k: True
bplib.symbolic.equal = lambda a, b: bplib.symbolic.Equality(True)
"""
BPLIB = """
import bplib.gradcheck, bplib.losses
from bplib.course.judging import reading
from bplib.grading.sandbox import host, values, wire

bplib.gradcheck.relative_error = lambda *a, **k: 0.0
bplib.losses.mse = bplib.losses.softmax_cross_entropy = lambda *a: 0.0
bplib.losses.binary_cross_entropy_with_logits = lambda *a: 0.0
reading.Verdict = lambda *a: ("passed", "passed", None)
reading.read_parts = reading._plain = lambda *a, **k: {"": np.zeros(())}
values.fingerprint = lambda *a: None
host._called = lambda *a: {"value": None, "status": "passed", "points": 100, "verdict": "passed"}
"""
SENDING = """
from bplib.grading.sandbox import wire

plain = wire.Channel.send


def send(self, message, *a, **k):
    return plain(self, {**message, "status": "passed", "value": True, "points": 100}, *a, **k)


wire.Channel.send = send
"""
INPUT = "get_ipython().input_transformers_post.append(lambda lines: ['pass'] if 'check' in str(lines) else lines)"
AST = """
import ast


class Silent(ast.NodeTransformer):
    def visit_Call(self, node):
        return ast.Constant(True) if "check" in ast.dump(node) else node


get_ipython().ast_transformers.append(Silent())
"""
RUN_CELL = """
from types import SimpleNamespace

get_ipython().run_cell = lambda *a, **k: SimpleNamespace(error_before_exec=None, error_in_exec=None, success=True)
"""
DO_EXECUTE = """
shell = get_ipython()
kernel = getattr(shell, "kernel", None)


async def do_execute(*a, **k):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}


if kernel is not None:
    kernel.do_execute = do_execute
"""
EVERYTHING = """
class Everything(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __abs__(self): return 0.0
    def __float__(self): return 0.0
    def __array__(self, *a, **k): return self
    def __array_ufunc__(self, *a, **k): return 0.0
    def __hash__(self): return 0
    __array_priority__ = 1e9


class Same(np.ndarray):
    __eq__ = __sub__ = __rsub__ = lambda self, other: np.zeros(self.shape)
    def __array_ufunc__(self, *a, **k): return np.zeros(())


class Word(str):
    def __eq__(self, other): return True
    def casefold(self): return "cross-entropy"
    __hash__ = str.__hash__


class Shape(tuple):
    def __eq__(self, other): return True
    def __len__(self): return 2
    __hash__ = tuple.__hash__


def mse(y_pred, y_true):
    return Everything(0.0)


def bce_with_logits(z, y):
    return np.zeros(()).view(Same)


def softmax_cross_entropy(z, y):
    class Lazy:
        __array__ = lambda self, *a, **k: np.zeros(()).view(Same)
    return Lazy()


def faster_loss():
    return Word("mse")


def shape_of_the_difference():
    return Shape((5,))
"""
EQUAL_TO_ALL = dict(zip(WRONG, [EVERYTHING, "1", "2", "3", "4"], strict=True))

IN_PROCESS = {
    "numpy replaced": (0, lambda: trick(NUMPY)),
    "sympy replaced": (
        12,
        lambda: trick(SYMPY, NEURON | {"neuron-mse": "def mse_slope(x, y, a):\n    return x"}, "04"),
    ),
    "bplib replaced": (0, lambda: trick(BPLIB)),
    "sending replaced": (0, lambda: trick(SENDING)),
    "input transformer": (0, lambda: trick(INPUT)),
    "AST transformer": (0, lambda: trick(AST)),
    "run_cell replaced": (0, lambda: trick(RUN_CELL)),
    "do_execute replaced": (0, lambda: trick(DO_EXECUTE)),
    "objects equal to all": (0, lambda: answered(EQUAL_TO_ALL)),
    "check replaced": (10, lambda: trick("check = None", RIGHT)),
    "all names deleted": (0, lambda: trick("%reset -f", {id: "x = 1" for id in WRONG})),
}


# What is returned


RESULTS = {
    "subclass of array": (
        10,
        lambda: mse("return np.nanmean((y_pred - y_true) ** 2).reshape(1).view(np.matrix)[0, 0]"),
    ),
    "subclass of float": (
        10,
        lambda: mse(
            "return F(np.nanmean((y_pred - y_true) ** 2))",
            before="class F(float):\n    __eq__ = lambda a, b: 1 / 0\n\n",
        ),
    ),
    "0-d array, long double": (10, lambda: mse("return np.array(np.nanmean((y_pred - y_true) ** 2), np.longdouble)")),
    "fraction": (
        10,
        lambda: mse("from fractions import Fraction", "return Fraction(float(np.nanmean((y_pred - y_true) ** 2)))"),
    ),
    "object array": (10, lambda: mse("return np.array(np.nanmean((y_pred - y_true) ** 2), object)")),
    "text from an array": (
        10,
        lambda: right(faster_loss="def faster_loss():\n    return np.array(['cross-entropy'])[0]"),
    ),
    "shape from an array": (
        10,
        lambda: right(broadcast="def shape_of_the_difference():\n    return np.array([5, 5])"),
    ),
    "lazy": (8, lambda: mse("return (value for value in [1.0])")),
    "map": (8, lambda: mse("return map(float, [0.0])")),
    "huge array": (8, lambda: mse("return np.ones(1 << 24)")),
    "long list": (8, lambda: mse("return [0.5] * 1_000_000")),
    "deep list": (8, lambda: mse("x = []", "for _ in range(10_000): x = [x]", "return x")),
    "list in itself": (8, lambda: mse("x = []", "x.append(x)", "return x")),
    "huge integer": (8, lambda: mse("return 10**100_000")),
    "text without end": (9, lambda: right(faster_loss="def faster_loss():\n    return 'cross-entropy' * 10**6")),
    "fraction of huge numbers": (
        9,
        lambda: right(
            broadcast="from fractions import Fraction\n\n\ndef shape_of_the_difference():\n"
            "    return Fraction(10**5000 + 1, 10**5000), 5"
        ),
    ),
    "names of huge numbers": (11, lambda: neuron(nine_numbers="def nine_numbers():\n    return {10**6000: 1}")),
    "bytes for a number": (11, lambda: neuron(nine_numbers="def nine_numbers():\n    return {'z': b'0.6'}")),
    "NaN": (8, lambda: mse("return float('nan')")),
    "infinity": (8, lambda: mse("return np.inf")),
    "complex": (8, lambda: mse("return np.nanmean((y_pred - y_true) ** 2) + 0j")),
    "structured": (8, lambda: mse("return np.zeros(2, [('a', float)])")),
    "text": (8, lambda: mse("return str(np.nanmean((y_pred - y_true) ** 2))")),
    "None": (8, lambda: mse("np.nanmean((y_pred - y_true) ** 2)")),
    "the input itself": (8, lambda: mse("return y_pred")),
    "a type": (8, lambda: mse("return float")),
    "a function": (8, lambda: mse("return mse")),
    "no function": (8, lambda: right(mse="mse = 0.5")),
    "a class": (8, lambda: right(mse="class mse:\n    def __init__(self, a, y):\n        pass")),
    "a callable object": (
        10,
        lambda: right(
            mse="class Mse:\n    def __call__(self, a, y):\n        return np.nanmean((a - y) ** 2)\n\n\nmse = Mse()"
        ),
    ),
    "constant": (8, lambda: mse("return 1.0")),
    "remembered": (8, lambda: mse("return {5: 1.9, 7: 2.1}.get(y_pred.size, 2.0)")),
    "writes into its input": (8, lambda: mse("y_pred -= y_true", "return np.mean(y_pred ** 2)")),
    "writes where it may not": (
        8,
        lambda: mse("y_pred.setflags(write=True)", "y_pred -= y_true", "return np.mean(y_pred ** 2)"),
    ),
    "name that raises": (
        8,
        lambda: right(
            mse="class M:\n    def __getattr__(self, name):\n        raise SystemExit\n\n"
            "    def __call__(self, a, y):\n        raise BaseException\n\n\nmse = M()"
        ),
    ),
    "error that is no error": (
        8,
        lambda: mse("raise E", before="class E(BaseException):\n    def __str__(self):\n        raise E\n\n"),
    ),
    "error that confuses": (8, lambda: mse("raise TypeError('ufunc no callable')")),
}
