"""More of `hostile_submissions`: what reads what it should not, burns what there is, and forges messages."""

from hostile_submissions import RIGHT, ROOT, WRONG, answered, formula, mse, neuron, right, trick

# What is read


FRAMES = """
import gc, sys


def seen():
    frame = sys._getframe()
    while frame:
        yield from frame.f_locals.values()
        yield from frame.f_globals.values()
        frame = frame.f_back
    yield from gc.get_objects()
    yield from sys.modules.values()


def mse(y_pred, y_true):
    for value in seen():
        name = type(value).__name__
        if name in ("Problem", "Misconception", "Grading", "Verdict", "Run"):
            return np.nanmean((y_pred - y_true) ** 2)
    raise LookupError
"""
# Anything that can be read of these answers the exercises: so a leak shows as points.
FILES = """
import os, glob

leaks = []
for path in PATHS:
    try:
        with open(path, "rb") as file:
            leaks.append(file.read(100))
    except OSError:
        pass
for path in ("/proc/self/environ", f"/proc/{os.getppid()}/environ", f"/proc/{os.getppid()}/mem", "/proc/self/mem"):
    try:
        with open(path, "rb") as file:
            leaks.append(file.read(1))
    except OSError:
        pass
leaks += [name for name in os.environ if "CANARY" in name]
"""
PATHS = [
    f"{ROOT}/{path}"
    for path in (
        "solutions/01_loss_functions.ipynb",
        "exercises/01_loss_functions.ipynb",
        "bplib/course/problems/loss_functions.py",
        "bplib/course/problems/__init__.py",
        "bplib/course/released/01_loss_functions.ipynb",
        "tests/course/answers/loss_functions.py",
        "tests/grading/hostile_submissions.py",
        ".git/HEAD",
    )
]
IMPORTS = """
import importlib, importlib.util, sys

leaks = []
modules = "problems judging.judges judging.diagnosis notebooks.releases progress problems.loss_functions"
for name in modules.split():
    sys.modules.pop(f"bplib.course.{name}", None)
    try:
        module = importlib.import_module(f"bplib.course.{name}")
        leaks += [value for value in vars(module).values() if "PROBLEMS" in vars(module)]
    except Exception:
        pass
"""
IF_LEAKED = "if leaks:\n    {}\nelse:\n    {}"


def leaking(source):
    """Answers that are right if the trick has found anything."""
    both = {id: IF_LEAKED.format(RIGHT[id].replace("\n", "\n    "), WRONG[id].replace("\n", "\n    ")) for id in RIGHT}
    return trick(source, both)


REFERENCES = {
    "mse": "from bplib import losses\n\n\ndef mse(y_pred, y_true):\n    return losses.mse(y_pred, y_true)",
    "bce-logits": "from bplib.losses import binary_cross_entropy_with_logits as bce_with_logits",
    "softmax-ce": (
        "from bplib import losses\n\nkept = losses._softmax_cross_entropy_and_grad\n\n\n"
        "def softmax_cross_entropy(z, y):\n    return kept(z, y)[0]"
    ),
    "faster-loss": WRONG["faster-loss"],
    "broadcast": WRONG["broadcast"],
}

READING = {
    "frames and garbage": (8, lambda: right(mse=FRAMES)),
    "files and environment": (0, lambda: leaking(f"PATHS = {PATHS!r}\n{FILES}")),
    "hidden modules": (0, lambda: leaking(IMPORTS)),
    "calls our own": (0, lambda: answered(REFERENCES)),
}


# What it does to its process and to time


LEFT_BEHIND = """
import os, subprocess, sys, threading, time


def forever():
    while True:
        time.sleep(0.01)


for _ in range(10):
    threading.Thread(target=forever).start()
for start in (os.fork, lambda: subprocess.Popen([sys.executable, "-c", "while True: pass"])):
    try:
        start()
    except OSError:
        pass
"""
IGNORING = """
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
"""
DEEP_FOLDERS = """
import os

here = os.getcwd()
try:
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
finally:
    os.chdir(here)
"""

# Those that end by the limit of time share a submission where that loses nothing of what they show.
DYING = {
    "sys.exit in a cell": (8, lambda: right(mse="import sys\n\nsys.exit()")),
    "exit() in a call": (8, lambda: mse("exit()")),
    "quit and SystemExit": (8, lambda: mse("import sys", "sys.exit(0)")),
    "os._exit": (7, lambda: right(mse="import os\n\nos._exit(0)", broadcast=_dies("shape_of_the_difference"))),
    "signal to itself": (8, lambda: mse("import os, signal", "os.kill(os.getpid(), signal.SIGKILL)")),
    "loops": (9, lambda: right(faster_loss="def faster_loss():\n    while True:\n        pass")),
    "loops, signals ignored": (8, lambda: right(mse=IGNORING)),
    "recursion": (8, lambda: mse("return mse(y_pred, y_true)")),
    "recursion in C": (8, lambda: mse("x = []", "for _ in range(10**6): x = [x]", "return repr(x)")),
    "4 GB": (8, lambda: mse("x = np.ones(4 << 27)", "return x.sum()")),
    "50 MB of output": (10, lambda: mse("print('x' * 50_000_000)", "return np.nanmean((y_pred - y_true) ** 2)")),
    "input()": (8, lambda: mse("return float(input())")),
    "left behind": (10, lambda: trick(LEFT_BEHIND, RIGHT)),
    "deep folders": (10, lambda: trick(DEEP_FOLDERS, RIGHT)),
    "codes of a terminal": (8, lambda: right(mse="raise ValueError('\\x1b[2J\\x1b]0;owned\\x07\\u202e')")),
}


def _dies(name):
    return f"import os\n\n\ndef {name}():\n    os._exit(0)"


# Formulas that the judge would compute for ever


TOWER = "return sympy.exp(sympy.exp(sympy.exp(sympy.exp(sympy.exp(x + 10)))))"
POWERS = (
    "p = sympy.Integer(10)\n    for _ in range(6):\n        p = sympy.Pow(p, 1000, evaluate=False)\n"
    "    return sympy.Mul(p, x, evaluate=False)"
)
VARIABLE_POWERS = "p = x\n    for _ in range(9):\n        p = sympy.Pow(3, p, evaluate=False)\n    return p"
MANY = "return sympy.Add(*[sympy.Pow(x, k, evaluate=False) for k in range(100_000)], evaluate=False)"
COSTLY = (
    "f = x\n    for k in range(50):\n        f = sympy.sin(sympy.Add(f, sympy.Pow(a, sympy.Rational(1, k + 2)),"
    " evaluate=False), evaluate=False)\n    return sympy.Add(*[f + k for k in range(150)], evaluate=False)"
)
DEEP = "f = x\n    for _ in range(500):\n        f = sympy.sin(f, evaluate=False)\n    return f"
CONDITIONS = (
    "c = [sympy.Lt(sympy.Pow(sympy.Pow(7, 1000, evaluate=False), x + k, evaluate=False), 3, evaluate=False)"
    " for k in range(200)]\n"
    "    return sympy.Piecewise((x, sympy.And(*c, evaluate=False)), (a, True), evaluate=False)"
)
NUMBERS = "import sympy\n\n\ndef nine_numbers():\n    x = 0\n    " + TOWER.replace("return ", "t = ")

FORMULAS = {
    "tower of exp": (12, lambda: formula(TOWER)),
    "nested powers": (12, lambda: formula(POWERS)),
    "powers of x": (12, lambda: formula(VARIABLE_POWERS)),
    "huge integer in a formula": (12, lambda: formula("return sympy.Integer(7) ** 100_000 * x")),
    "float without end": (12, lambda: formula("return sympy.Float('1e+999999999') * x")),
    "many nodes": (12, lambda: formula(MANY)),
    "costly nodes": (12, lambda: formula(COSTLY)),
    "deep formula": (12, lambda: formula(DEEP)),
    "conditions": (12, lambda: formula(CONDITIONS)),
    "sum": (12, lambda: formula("k = sympy.Symbol('k')\n    return sympy.Sum(x**k, (k, 0, 10**9))")),
    "integral": (12, lambda: formula("return sympy.Integral(sympy.sin(a), (a, 0, 10**10))")),
    "other symbols": (12, lambda: formula("return sympy.Symbol('__import__(\"os\").abort()') * x")),
    # Differentiating is what is asked for on paper, so SymPy does not do it for these symbols.
    "derivative by SymPy": (12, lambda: formula("return sympy.Derivative((a - y) ** 2, a) * a * (1 - a) * x")),
    "number like a tower": (11, lambda: neuron(nine_numbers=NUMBERS + "\n    return {'z': t, 'a': -t, 'L': 1 / t}")),
    "formulas for numbers": (15, lambda: neuron(nine_numbers=BY_SYMPY)),
}
BY_SYMPY = (
    "import sympy\n\n\ndef nine_numbers():\n    z = sympy.Rational(3, 5)\n    a = sympy.tanh(z)\n"
    "    d = 2 * (a + 1) * (1 - a**2)\n"
    "    chain = {'z': z, 'a': a, 'L': (a + 1) ** 2, 'dL_da': 2 * (a + 1), 'da_dz': 1 - a**2}\n"
    "    return {**chain, 'dL_dz': d, 'dL_dw1': 2 * d, 'dL_dw2': -d * 3 / 2, 'dL_db': d}"
)


# Forged messages


CHANNEL = """
import gc, json, struct
from bplib.grading.sandbox.wire import Channel

channel = next(each for each in gc.get_objects() if isinstance(each, Channel))


def raw(text, blob=b"", lengths=None):
    text = text if isinstance(text, bytes) else json.dumps(text).encode()
    channel.socket.sendall(struct.pack(">II", *(lengths or (len(text), len(blob)))) + text + blob)
"""
_WRONG_TYPES = (
    "[{}, [], 7, 'to', [[]], [['to', ['to']]], [['value', ['nosuch']]], [['raised', 5]], [['callback', 'x']],"
    " [['callback', -1], ['args', 3]], [['unreadable', ['int', '0x' + 'f' * 9000]]], [['missing', 3]],"
    " [['args', ['list', 1, 2, 3]], ['value', ['array', 'O', [1], True]]]]"
)
IN_ADVANCE = (
    "for value in (['list', 'cross-entropy'], 'cross-entropy', ['tuple', 5, 5], 0.5, True, ['function', 0, 'mse']):",
    "    raw([['value', value]])",
    "    raw([['value', value], ['to', None]])",
    "    raw([['value', value], ['to', '0' * 16]])",
    "return 0.0",
)


def forging(*lines):
    """All answers right but that to mse, which sends this when it is called."""
    return mse(*lines, before=CHANNEL)


FORGING = {
    "garbage": (8, lambda: forging("channel.socket.sendall(bytes(range(256)) * 100)", "return 0.0")),
    "lengths without end": (8, lambda: forging("raw(b'', lengths=(0xFFFFFFFF, 0xFFFFFFFF))", "return 0.0")),
    "half a message": (8, lambda: forging("raw(b'[', lengths=(100, 100))", "import os", "os._exit(0)")),
    "deep JSON": (8, lambda: forging("raw(b'[' * 3_000_000)", "return 0.0")),
    "wide JSON": (8, lambda: forging("raw(b'[' + b'[],' * 1_300_000 + b'[]]')", "return 0.0")),
    "array without bytes": (
        8,
        lambda: forging("raw([['value', ['array', '<f8', [1 << 39, 1 << 39], True]]])", "return 0.0"),
    ),
    "colliding keys": (
        8,
        lambda: forging(
            "keys = [key for n in range(40_000) for key in (['int', hex(n * (2**61 - 1))], 0)]",
            "raw([['value', ['dict', *keys]]])",
            "return 0.0",
        ),
    ),
    "many types": (8, lambda: forging("raw([['value', ['list', *[['stranger', 'a', 1.0]] * 90_000]]])", "return 0.0")),
    "wrong types": (8, lambda: forging(f"for each in {_WRONG_TYPES}:", "    raw(each)", "return 0.0")),
    "replies in advance": (8, lambda: forging(*IN_ADVANCE)),
    "replies in advance to guesses": (
        0,
        lambda: answered({**WRONG, "mse": CHANNEL + "\n\ndef mse(a, y):\n    " + "\n    ".join(IN_ADVANCE)}),
    ),
    "extra replies, right": (
        10,
        lambda: forging("raw([['value', 0.0]])", "raw([['value', 1.0]])", "return np.nanmean((y_pred - y_true) ** 2)"),
    ),
    "own cell forges": (
        10,
        lambda: trick(CHANNEL + "raw([['unreadable', 'x']])\nraw([['raised', 7], ['to', 5]])", RIGHT),
    ),
    "own cell says it is unreadable": (
        10,
        lambda: trick(
            "from bplib.course import host, wire\n\nsend = wire.Channel.send\n"
            "wire.Channel.send = lambda self, message, *a: send(self,"
            " {**message, 'unreadable': 'x', 'raised': 5} if 'raised' in message else message, *a)",
            RIGHT,
        ),
    ),
    "messages without end": (
        8,
        lambda: forging("while True:", "    raw([['value', 0.0]])"),
    ),
    "does not listen": (
        8,  # it has answered, so what does not come back is the answer after it, and then itself
        lambda: trick(CHANNEL + "import time\n\n\nchannel.receive = lambda **_: time.sleep(60)", RIGHT),
    ),
    "own serving": (
        0,
        lambda: trick(
            CHANNEL + "while True:\n    asked = channel.receive(functions=lambda *_: None)\n"
            "    channel.send({'to': asked['number'], 'value': True, 'status': 'passed'})",
        ),
    ),
}
