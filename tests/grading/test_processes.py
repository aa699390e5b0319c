"""Promise: an answer in another process is called as if it were here, and whatever it does, its judge says the same."""

import contextlib
import time

import numpy as np
import pytest

from bplib.course.judging import judges
from bplib.course.judging.judges import Problem, judge_function
from bplib.course.judging.raising import Elsewhere
from bplib.course.judging.reading import Gone
from bplib.grading.sandbox import launching, values
from bplib.grading.sandbox.processes import Limits, Missing

LIMITS = Limits(cell_seconds=2)

CELL = """
import numpy as np

kept = []


def half(x):
    return x / 2


def apply(f, *args):
    return f(*args)


def powers(n):
    return [lambda x, k=k: x**k for k in range(n)]


def keep(f):
    kept.append(f)
    return len(kept)


def use(x):
    return kept[-1](x)


def write(arrays, names, items):
    arrays[0][...] += 1
    arrays[1][:, 0] = 7
    names["a"][...] = 5
    names["new"] = np.ones(2)
    del names["old"]
    items.append(3)
    items[0] = "first"


def draw(rng):
    return rng.normal(size=3)


def both(f, x):
    return f(lambda y: 3 * y, x)


number = 0.5
"""


@pytest.fixture(scope="module", params=["fork", "plain"])
def launcher(request):
    if request.param == "fork" and launching.sys.platform != "linux":
        pytest.skip("only Linux forks a process for each submission")
    with contextlib.closing(launching.Zygote() if request.param == "fork" else launching.Plain()) as launcher:
        yield launcher


@contextlib.contextmanager
def started(launcher, limits=LIMITS):
    with launching.scratch_folder() as scratch, contextlib.closing(launcher.start(scratch, limits)) as process:
        yield process


@pytest.fixture(scope="module")
def process(launcher):
    with started(launcher, Limits(cell_seconds=20)) as process:
        assert process.run(CELL) == ""
        yield process


# Calls


def test_a_name_stands_for_a_function_a_value_or_nothing(process):
    assert process.answer("half")(3.0) == 1.5
    assert process.answer("half").__name__ == "half"
    assert process.answer("number") == 0.5
    with pytest.raises(Missing):
        process.answer("nosuch")


def test_a_function_of_ours_is_called_here(process):
    seen = []

    def square(x):
        seen.append(x)
        return x * x

    assert np.array_equal(process.answer("apply")(square, np.arange(3.0)), [0, 1, 4])
    assert len(seen) == 1


def test_an_error_of_a_function_of_ours_is_raised_where_it_was_called(process):
    with pytest.raises(Elsewhere) as raised:
        process.answer("apply")(lambda x: 1 / x, 0)
    assert raised.value.raised.text == "ZeroDivisionError: division by zero"


def test_a_function_of_ours_may_call_one_of_theirs(process):
    assert process.answer("both")(lambda f, x: f(x) + 1, 2.0) == 7.0


def test_functions_that_are_returned_are_called_later_and_functions_that_are_kept_stay(process):
    powers = process.answer("powers")(4)
    assert [power(3) for power in powers] == [1, 3, 9, 27]
    assert process.answer("keep")(lambda x: x + 1) >= 1
    assert process.answer("use")(41) == 42


def test_what_is_written_into_arguments_is_written_into_ours(process):
    first, second, named = np.zeros(3), np.zeros((2, 2)), np.zeros(())
    names, items = {"a": named, "old": 1}, [1, 2]
    assert process.answer("write")((first, second), names, items) is None
    assert np.array_equal(first, [1, 1, 1]) and np.array_equal(second, [[7, 0], [7, 0]]) and named == 5
    assert names["a"] is named and set(names) == {"a", "new"} and np.array_equal(names["new"], [1, 1])
    assert items == ["first", 2, 3]


def test_a_generator_that_was_used_there_goes_on_here(process):
    rng, alike = np.random.default_rng(1), np.random.default_rng(1)
    assert np.array_equal(process.answer("draw")(rng), alike.normal(size=3))
    assert np.array_equal(rng.normal(size=3), alike.normal(size=3))


# The same sentence, here and there


def _cases(rng):
    return [(rng.normal(size=n), 2.0) for n in (5, 7)]


PROBLEM = Problem("p", "p", 1, ("a", "b"), judge_function(lambda x, k: k * x, _cases, ()), minutes=1, difficulty=1)

ANSWERS = {
    "right": "return k * x",
    "wrong": "return k + x",
    "stub": "raise NotImplementedError()",
    "undefined": "return undefined * x",
    "value error": "raise ValueError('no  such\\n value')",
    "no text": "raise ValueError",
    "two lines": "y = x\n    return y[100]",
    "truth": "return x if x > 0 else k",
    "read-only": "x *= k\n    return x",
    "star": "return k (x)",
    "math": "import math\n    return math.exp(x)",
    "exit": "raise SystemExit(3)",
    "recursion": "return f(x, k)",
    "shapes": "return x @ np.ones((9, 2))",
    "own error": "class Odd(KeyError):\n        pass\n    raise Odd('a')",
    "long text": "raise ValueError('y' * 1000)",
    "key": "return {}['x']",
    "assertion": "assert x.ndim == 2, 'not a matrix'",
    "deeper": "return (lambda y: y.nosuch)(x)",
    "None": "x * k",
    "text": "return 'x'",
    "complex": "return 1j * x",
    "ragged": "return [[1.0], [1.0, 2.0]]",
    "dict": "return {'x': x}",
    "NaN": "return x * np.nan",
    "infinite": "return x / 0.0",
}


def test_an_answer_is_told_the_same_as_in_the_process_of_its_judge(launcher, tmp_path):
    with started(launcher) as process, np.errstate(all="ignore"):
        different = []
        for number, (name, body) in enumerate(ANSWERS.items()):
            source = f"import numpy as np\n\n\ndef f(x, k):\n    {body}\n"
            path = tmp_path / f"answer_{number}.py"
            path.write_text(source)  # where a line of it is looked for
            here = {}
            exec(compile(source, str(path), "exec"), here)
            assert process.run(source) == ""
            said = [PROBLEM.judge(f, seed=1) for f in (here["f"], process.answer("f"))]
            if said[0] != said[1]:
                different.append((name, *said))
        assert not different


# What does not come back


@pytest.mark.parametrize("name", ["loops", "ends"])
def test_an_answer_that_does_not_come_back_is_gone_and_it_is_said_why(launcher, name):
    body, says = {
        "loops": ("while True: pass", "took longer than 0.6 s"),
        "ends": ("os._exit(3)", "ended its process"),
    }[name]
    with started(launcher, Limits(cell_seconds=0.6)) as process:
        process.limits = Limits(cell_seconds=10)
        process.run(f"import os\n\n\ndef f():\n    {body}")
        answer = process.answer("f")
        process.limits = Limits(cell_seconds=0.6)
        began = time.monotonic()
        with pytest.raises(Gone, match=says):
            answer()
        assert time.monotonic() - began < 3
        with pytest.raises(Gone):
            process.run("1")


def test_the_time_of_the_notebook_is_over_whatever_is_left_for_a_cell(launcher):
    with started(launcher, Limits(cell_seconds=30)) as process:
        process.run("import time")
        process.seconds_left = process.meter.seconds() + 0.1
        process.limits = Limits(cell_seconds=30, notebook_seconds=5)
        with pytest.raises(Gone, match="was not done when the 5 s for the whole notebook were over"):
            process.run("time.sleep(20)")


def test_what_cannot_be_sent_costs_an_answer_and_not_its_process(launcher):
    with started(launcher) as process:
        process.run("def f():\n    x = []\n    x.append(x)\n    return x\n\n\ndef g():\n    return 1")
        verdict = PROBLEM.judge(lambda *_: process.answer("f")())
        assert (verdict.status, verdict.message) == (judges.NOT_YET, values.TOO_LARGE)
        assert process.answer("g")() == 1


def test_a_process_that_is_closed_is_gone(launcher):
    with started(launcher) as process:
        process.close()
        with pytest.raises(Gone):
            process.run("1")
