"""Promise: what is typed is read as on paper, is never run, and cannot keep a computer busy."""

import math
import random
import subprocess
import sys
import time
from fractions import Fraction

import pytest

from bplib.course.drills import expressions, kinds, notation, typed
from bplib.course.drills.drill import Drill, Field

X, Y = 0.7, 0.3


def formula(letters="x y"):
    """A drill that asks for a formula."""
    field = Field("slope", "df/dx", "formula")
    return Drill("formulas", 1, 0, "", (), "", (field,), {}, None, (), (), letters)


def value(words, letters="x y"):
    """What a typed formula comes to at X and Y."""
    names = letters.split()
    return expressions.evaluated(notation.read(words, names), dict(zip(names, (X, Y), strict=False)))


def refusal(words, letters="x y"):
    with pytest.raises(ValueError) as raised:
        typed.answer(formula(letters), [words])
    return str(raised.value)


READ = {
    "2x": 2 * X,
    "2(x+1)": 2 * (X + 1),
    "(x+1)(x-1)": X * X - 1,
    "x y": X * Y,
    "xy": X * Y,
    "2xy": 2 * X * Y,
    "x(x+1)": X * (X + 1),
    "X*Y": X * Y,
    "3 x exp(x^2)": 3 * X * math.exp(X * X),
    "xexp(y)": X * math.exp(Y),
    "exp(x)exp(y)": math.exp(X + Y),
    "e^x": math.exp(X),
    "e**x": math.exp(X),
    "e^(2x)": math.exp(2 * X),
    "e^-x": math.exp(-X),
    "2e^x": 2 * math.exp(X),
    "e^x^2": math.exp(X * X),
    "e^x(1-x)": math.exp(X) * (1 - X),
    "e^x tanh(y)": math.exp(X) * math.tanh(Y),
    "e^x/y": math.exp(X) / Y,
    "e": math.e,
    "e x": math.e * X,
    "ln(x)": math.log(X),
    "log(x)": math.log(X),
    "Exp(x)": math.exp(X),
    "np.exp(x)": math.exp(X),
    "math.sqrt(x)": math.sqrt(X),
    "σ(x)": 1 / (1 + math.exp(-X)),
    "sigma(x)": 1 / (1 + math.exp(-X)),
    "sigmoid(x y)": 1 / (1 + math.exp(-X * Y)),
    "√(x)": math.sqrt(X),
    "x²": X * X,
    "x²y": X * X * Y,
    "(x+1)³": (X + 1) ** 3,
    "x⁻¹": 1 / X,
    "x^-1": 1 / X,
    "x^(1/2)": math.sqrt(X),
    "x^0.5": math.sqrt(X),
    "x^(-3/2)": X**-1.5,
    "tanh^2(x)": math.tanh(X) ** 2,
    "tanh²(x)": math.tanh(X) ** 2,
    "tanh(x)^2": math.tanh(X) ** 2,
    "1-tanh**2(x)": 1 - math.tanh(X) ** 2,
    "0,5x": 0.5 * X,
    ".5*x": 0.5 * X,
    "−x": -X,
    "–x – y": -X - Y,
    "-x^2": -X * X,
    "(-x)^2": X * X,
    "2*-x": -2 * X,
    "+x": X,
    "3·x×y": 3 * X * Y,
    "x÷y": X / Y,
    "x/y/2": X / Y / 2,
    "1/2*x": 0.5 * X,
    "(1/2)x": 0.5 * X,
    "1/(2x)": 1 / (2 * X),
    "x^2 y": X * X * Y,
    "x^2(x+1)": X * X * (X + 1),
    "[x+1]{x-1}": X * X - 1,
    "  x \t": X,
    "x\u00a0y": X * Y,
}


@pytest.mark.parametrize("words", READ)
def test_a_formula_is_read_as_on_paper(words):
    assert value(words) == pytest.approx(READ[words], rel=1e-12)


def test_what_is_written_by_us_is_read_as_what_it_is():
    for level in (1, 2, 3):
        for seed in range(40):
            drill = kinds.drill("formulas", level, seed)
            names, words = drill.letters.split(), drill.right["slope"]
            place = dict(zip(names, (0.31, 0.62, 0.83), strict=False))
            functions = vars(expressions.FLOATS)
            assert expressions.evaluated(notation.read(words, names), place) == pytest.approx(
                eval(words, {**functions, **place}), rel=1e-9
            )


REFUSED = {
    "": "df/dx is still empty.",
    "1/2x": "1/2x can be read in two ways",
    "1/x y": "can be read in two ways",
    "x/y(x+1)": "can be read in two ways",
    "e^2x": "e^2x can be read in two ways",
    "e^2(x+1)": "can be read in two ways",
    "x^2y": "x^2y can be read in two ways",
    "x2": "write x^2 or 2*x",
    "2e-3x": "2e-3 can be read in two ways",
    "2 3": "can be read in two ways",
    "1,5,2": "can be read in two ways",
    "tanh x": "in parentheses, as in tanh(x)",
    "exp": "in parentheses, as in exp(x)",
    "tanh^-1(x)": "is not clear",
    "z": "z is neither a letter of this formula (x, y) nor a known function",
    "sin(x)": "sin is neither a letter",
    "max(x, y)": "max is neither a letter",
    "df/dx = x": "neither a letter",
    "x = 3": "to the right of the =",
    "x'": "work out what has a prime",
    "2x+": "missing at the end, after 2x+",
    "*x": "missing in front of *x",
    "x//y": "missing in front of /y",
    "()": "missing in front of )",
    "(x": "never closed",
    "x)": "never opened",
    "x^x": "Only e is raised to something with a letter",
    "2^x": "Only e is raised to something with a letter",
    "x^99": "more than this formula needs",
    "x^sqrt(2)": "more than this formula needs",
    "x²^3": "a power of a power",
    "1/0": "1/0 divides by 0",
    "x/(1-1)": "divides by 0",
    "log(0)": "is no number",
    "sqrt(-2)": "is no number",
    "x!": "! cannot stand in a formula here",
    "x_1": "_ cannot stand",
    "\\frac{x}{y}": "cannot stand",
    "x;y": "cannot stand",
    "x" * 301: "longer than 300",
    "(" * 40 + "x" + ")" * 40: "too many to read",
    "12345678901234567890x": "more digits than are needed",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_read_is_told_in_a_sentence(words):
    said = refusal(words)
    assert REFUSED[words] in said and said.startswith("df/dx") and said.endswith((".", "*x.")) and "\n" not in said


TOWERS = (
    "9**9**9",
    "9**9**9**9**9",
    "99999999999**99999999",
    "exp(exp(exp(99)))",
    "exp(exp(exp(exp(x))))",
    "e^e^e^e^e^x",
    "exp(99999*x*99999*x*99999)",
    "((((x^20)^20)^20)^20)^20",
    "((((9x)^20)^20)^20)^20",
    "(x+y+1)^20*(x-y+2)^20*(x+2y)^20",
    "exp(99999999*log(x+8))",
    "sigmoid(99999999*log(x+8))",
    "exp(999*999*999*999*x*log(9))",
    "1/exp(-exp(exp(999x)))",
    "tanh(exp(exp(exp(99))))",
    "x^(9**9**9)",
    "x^(1/9**9**9)",
    "0.000000000001^20",
    "sqrt(" * 24 + "x" + ")" * 24,
    "1" + "+1" * 140,
    "x" + "*x" * 140,
    "1/(1+" * 20 + "x" + ")" * 20,
    "-" * 299 + "x",
    "exp(" * 30,
)


@pytest.mark.parametrize("words", TOWERS)
def test_a_tower_is_refused_or_judged_at_once(words):
    drill = kinds.drill("formulas", 2, 5)
    words = words.replace("x", drill.letters.split()[0]).replace("y", drill.letters.split()[1])
    words = words.replace(f"e{drill.letters.split()[0]}p", "exp")
    begun = time.perf_counter()
    try:
        answer = typed.answer(drill, [words])
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        drill.judge(answer, seed=0)
    assert time.perf_counter() - begun < 2


def test_random_letters_give_a_formula_or_a_sentence_and_nothing_else():
    rng = random.Random(0)
    pieces = [
        *"xy0123459.,+-*/^()()  e",
        "**",
        "exp(",
        "log(",
        "sqrt(",
        "tanh(",
        "sigmoid(",
        "²",
        "⁻¹",
        "√",
        "σ(",
        "ln(",
    ]
    pieces += ["'", '"', "[", "]", "{", "_", "=", "lambda ", "import ", "__", ":", "\\", "\n", "é", "𝑥", "٣", "½", "∞"]
    read = 0
    for _ in range(8000):
        words = "".join(rng.choices(pieces[: rng.choice([28, len(pieces)])], k=rng.randrange(1, 14)))
        try:
            tree = notation.read(words, ("x", "y"))
        except ValueError as error:
            assert str(error).endswith(".") and len(str(error)) < 200, words
        else:
            read += 1
            again = notation.read(expressions.written(tree), ("x", "y"))
            for place in ({"x": 0.4, "y": 0.8}, {"x": 1.7, "y": 0.2}):
                try:
                    expected = expressions.evaluated(tree, place)
                except (ValueError, ArithmeticError):
                    continue
                assert expressions.evaluated(again, place) == pytest.approx(expected, rel=1e-9), words
    assert read > 300


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("3", 3),
        (" -2.5 ", -2.5),
        ("−2,5", -2.5),
        ("1/3", 1 / 3),
        ("- 4", -4),
        ("2*0.5", 1),
        ("3·(-2)", -6),
        ("2^5", 32),
        ("1e-3", 0.001),
        ("2.5E2", 250),
        ("sqrt(2)", math.sqrt(2)),
        ("e^-1", math.exp(-1)),
        ("0.1234567890123456", 0.1234567890123456),
    ],
)
def test_a_number_may_be_worked_out_where_it_is_typed(words, number):
    drill = kinds.drill("graphs", 1, 0)
    texts = [words, *["1"] * (len(drill.fields) - 1)]
    assert typed.answer(drill, texts)()[drill.fields[0].name] == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    "words",
    ["", "x", "nan", "inf", "1/0", "9**9**9", "1e999999999", "1e99", "5%", "3 4", "three", "True", "1_000", "()", "٣"],
)
def test_what_is_no_number_is_told_with_the_name_of_its_field(words):
    drill = kinds.drill("graphs", 1, 0)
    with pytest.raises(ValueError, match=f"^{drill.fields[0].label}.*[.]$"):
        typed.answer(drill, [words, *["1"] * (len(drill.fields) - 1)])


def test_an_exponent_is_exact():
    assert notation.read("x^0.25", ("x",)).exponent == Fraction(1, 4)
    with pytest.raises(ValueError, match="more than this formula needs"):
        notation.read("x^0.49", ("x",))


def test_reading_needs_no_sympy():
    code = (
        "import sys; from bplib.course.drills import notation; notation.read('2x', 'x'); print('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
