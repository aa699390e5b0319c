"""Promise: copies are seen under other names, and independent answers of one exercise never are."""

import ast
import importlib
import inspect
import json
import pkgutil
import random
import re
import sys
import textwrap
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

from bplib.course.notebooks import releases
from bplib.course.problems import LESSONS
from bplib.grading.classes import alike

LESSON_OF = {problem.id: lesson.LESSON for lesson in LESSONS for problem in lesson.PROBLEMS}


@cache
def pool():
    """Independent answers to each exercise, right and wrong, those that tests of the course judge."""
    with mock.patch.object(sys, "path", [*sys.path, str(Path(__file__).parents[1] / "course")]):
        modules = [
            importlib.import_module(f"{room}.{module.name}")
            for room in ("answers", "mistakes")
            for module in pkgutil.iter_modules(importlib.import_module(room).__path__)
        ]
    written = []
    for module in modules:
        right = getattr(module, "RIGHT", {})
        rows = right.items() if isinstance(right, dict) else [(id, [answer]) for id, _, answer in right]
        written += [(id, answer) for id, each in rows for answer in each]
        written += [(mistake.id, mistake.answer) for mistake in getattr(module, "MISTAKES", ())]
    found = defaultdict(dict)
    for id, answer in written:
        if inspect.isfunction(answer) and answer.__name__ != "<lambda>" and id in LESSON_OF:
            found[id][textwrap.dedent(inspect.getsource(answer))] = None
    return {id: list(codes) for id, codes in found.items()}


def learner(slug, codes, status="passed"):
    """A result of one who answers {id of an exercise: code}."""
    lessons = defaultdict(list)
    for id, code in codes.items():
        lessons[LESSON_OF.get(id, "none")].append({"id": id, "status": status, "code": code})
    return {"slug": slug, "notebooks": [{"lesson": lesson, "exercises": each} for lesson, each in lessons.items()]}


def independent():
    """A class in which no two have the same variant of any exercise: learner k has the k-th of each."""
    size = max(map(len, pool().values()))
    return [{id: codes[k] for id, codes in pool().items() if k < len(codes)} for k in range(size)]


def as_class(each):
    return [learner(f"s{k}", codes) for k, codes in enumerate(each)]


# One answer


@pytest.mark.parametrize(
    "code, is_one",
    [
        ("def f():\n    return 'squared error'", True),
        ('def f():\n    """Which."""\n    # mine\n    return (5, -1)', True),
        ("f = lambda: 'mse'", True),
        ("def f():\n    a = b = {'x': None}\n    return {**a, 'y': [1, True]}", True),
        ("def f(a):\n    return 1", False),
        ("def f(*, a=1):\n    return a", False),
        ("def f():\n    return 2 / 8", False),
        ("def f():\n    return max(1, 2)", False),
        ("def f():\n    if True:\n        return 1", False),
        (
            "def f():\n    return 'It is the report of a project, ' 'which somebody has to read, " + "x" * 60 + "'",
            False,
        ),
        ("x = 1", False),
        ("import math\ndef f():\n    return 1", False),
        ("def f(:", False),
        ("", False),
        ("def f():\n    return " + "(" * 5000, False),
        ("def f():\n    'only words'", True),
    ],
)
def test_an_answer_is_only_written_down_if_it_takes_nothing_and_computes_nothing(code, is_one):
    assert alike.is_written_down(code) == is_one


PLAIN = """
def mse(y_pred, y_true):
    total = 0
    for a, b in zip(y_pred, y_true):
        if not np.isnan(b):
            total += (a - b) ** 2
    return total / len(y_pred)
"""

DISGUISED = '''
def mse(p: np.ndarray, q) -> float:
    """My own mean squared error."""
    s = 0  # the sum
    for (u, v) in zip(p, q):

        if not np.isnan(v): s += (u - v)**2
    return s/len(p)
'''


def test_names_comments_layout_docstrings_and_annotations_make_no_other_answer():
    assert alike.normal(PLAIN) == alike.normal(DISGUISED)
    assert alike.fingerprints(PLAIN) == alike.fingerprints(DISGUISED) != set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.isnan", "np.isinf"),
        ("a - b", "b - a"),
        ("** 2", "** 3"),
        ("total += ", "total = "),
        ("zip(y_pred", "zip(y_true"),
    ],
)
def test_another_function_order_number_or_operator_makes_another(old, new):
    assert alike.normal(PLAIN) != alike.normal(PLAIN.replace(old, new))


@pytest.mark.parametrize(
    "code",
    ["", "def f(:", "-" * 50_000, "(" * 50_000, "a" + ".b" * 4_900, "\0", "x = '\ud800'", "0x" + "f" * 9_000, "'\\d'"],
    ids=range(9),
)
@pytest.mark.filterwarnings("error")
def test_whatever_stands_in_an_answer_is_read_without_harm(code):
    assert alike.normal(code) == alike.normal(code)
    assert len(alike.fingerprints(code)) < 50


# The class


def test_independent_answers_are_never_alike():
    assert len(pool()) > 80
    assert alike.pairs(as_class(independent())) == []


def renamed(code):
    names = sorted({*re.findall(r"\b([a-zA-Z_]\w*) = ", code)} | {*re.findall(r"for (\w+) in", code)})
    for k, name in enumerate(names):
        code = re.sub(rf"(?<![\w.]){name}\b(?!=)", f"v{k}", code)
    return code


def commented(code):
    return "# my own work\n" + "\n".join(f"{line}  # step" if line.endswith(")") else line for line in code.split("\n"))


def reordered(code):
    """The same with two statements exchanged that do not need each other, where there are such."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for k in range(len(body) - 1) if isinstance(body, list) else ():
            one, two = ({each.id for each in ast.walk(line) if isinstance(each, ast.Name)} for line in body[k : k + 2])
            if all(isinstance(line, ast.Assign) for line in body[k : k + 2]) and not one & two - {"np"}:
                body[k : k + 2] = body[k + 1], body[k]
                return ast.unparse(tree)
    return code


@pytest.mark.parametrize("disguise", [renamed, commented, reordered, lambda code: commented(reordered(renamed(code)))])
def test_a_copy_of_some_exercises_is_seen_under_its_disguise(disguise):
    class_ = independent()
    asked = sorted(id for id, codes in pool().items() if len(codes) >= alike.FEWEST)
    for id in asked:  # learner 5 has the longest answers, which are the least usual
        longest = pool()[id].index(max(pool()[id], key=len))
        class_[5][id], class_[longest][id] = class_[longest][id], class_[5][id]
    copied = asked[:4]
    class_[0] |= {id: disguise(class_[5][id]) for id in copied}
    assert any(class_[0][id] != class_[5][id] for id in copied)
    [pair] = alike.pairs(as_class(class_))
    assert sorted(pair["slugs"]) == ["s0", "s5"]
    assert (pair["as_alike"], pair["pairs"]) == (1, len(class_) * (len(class_) - 1) // 2)
    assert {each["id"] for each in pair["exercises"]} <= set(copied)
    assert all(each["shared"] <= each["rare"] for each in pair["exercises"])


def test_one_copy_among_hundreds_of_learners_is_seen_and_a_ring_of_four_is_six_pairs():
    class_ = many(300)
    long = max(pool()["softmax-ce"], key=len) + max(pool()["training-loop"], key=len)
    for k in (7, 140, 260, 299):
        class_[k] = {**class_[k], "softmax-ce": renamed(long)}
    pairs = alike.pairs(as_class(class_))
    assert {slug for pair in pairs for slug in pair["slugs"]} == {"s7", "s140", "s260", "s299"}
    assert [pair["as_alike"] for pair in pairs] == [6] * 6


def many(size):
    """A class that answers one exercise in a few ways, each with something of its own."""
    rng = random.Random(5)
    ways = [code.rstrip("\n") for code in pool()["softmax-ce"]]
    bodies = [rng.choice(ways) for _ in range(size)]
    return [{"softmax-ce": f"{code}\n\nx{k} = {rng.randrange(10**6)} * {k}"} for k, code in enumerate(bodies)]


def test_what_many_have_or_the_exercise_gives_is_nobodys():
    usual = "\n".join(pool()["linear-backward"][:2])
    assert alike.pairs(as_class([{"linear-backward": usual}] * 40)) == []
    stub = "\n".join(pool()["linear-backward"][2:4])
    two = as_class(
        [{"linear-backward": stub}] * 2 + [{"linear-backward": code} for code in pool()["linear-backward"][4:]]
    )
    assert len(alike.pairs(two)) == 1


def test_the_released_notebook_is_taken_away_from_every_answer():
    lesson = LESSON_OF["linear-backward"]
    cells = json.loads((releases.RELEASED / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]
    given = "".join(
        max((cell["source"] for cell in cells if cell["cell_type"] == "code"), key=lambda s: len("".join(s)))
    )
    class_ = [{"linear-backward": code} for code in pool()["linear-backward"]]
    for k in (0, 3):
        class_[k] = {"linear-backward": given}
    assert len(alike.fingerprints(given)) > 20
    assert alike.pairs(as_class(class_)) == []


def test_short_answers_are_never_alike_though_they_are_equal():
    line = "def mse(a, y):\n    return np.nanmean((a - y) ** 2) + np.exp(0 * a.sum()) - np.log(1 + 0 * y.max())"
    class_ = [{"mse": f"def mse(a, y):\n    return {k} * a"} for k in range(60)]
    class_[3] = class_[50] = {"mse": line}
    assert alike.pairs(as_class(class_)) == []


def test_a_small_class_says_nothing_of_anybody():
    long = max(pool()["linear-backward"], key=len)
    assert (
        alike.pairs(as_class([{"linear-backward": long}] * 2 + [{"linear-backward": "x"}] * (alike.FEWEST - 3))) == []
    )


def test_ten_thousand_learners_take_seconds():
    class_ = as_class(many(10_000))
    start = time.process_time()
    pairs = alike.pairs(class_)
    assert time.process_time() - start < 20
    assert pairs == []
