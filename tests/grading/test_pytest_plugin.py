"""Promise: pytest --nbval exercises grades a learner's own answers, and nbval judges everything else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import toy_course
import toy_problems
from nbformat.v4 import new_code_cell, new_notebook, new_output
from toy_course import answered
from toy_problems import RIGHT

# What a learner's clone has by itself: here the toys stand in for the exercises of the course.
CONFTEST = """
import sys
from pathlib import Path

sys.path.insert(0, {tests!r})
import toy_problems
from bplib.course.notebooks import releases
from bplib.grading import nbval_exercises
from bplib.grading.sandbox.processes import Limits

toy_problems.register()
releases.RELEASED = Path({released!r})
nbval_exercises.LIMITS = Limits(cell_seconds=5)
"""

# A process is dear, so several runs may share one. The end of a run is told by a line of its own.
RUNS = """
import json, sys, pytest

for arguments in json.loads(sys.argv[1]):
    print("\\nexit code", int(pytest.main(arguments)), flush=True)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    toy_problems.register()
    yield toy_course.make(tmp_path_factory.mktemp("course"))
    toy_problems.unregister()


@pytest.fixture(scope="module")
def clones(course, tmp_path_factory):
    """A function that makes a learner's clone, with an empty exercises/ and more lines in its conftest."""

    def make(more=""):
        clone = tmp_path_factory.mktemp("clone")
        tests, released = str(Path(toy_course.__file__).parent), str(course / "bplib" / "course" / "released")
        (clone / "conftest.py").write_text(CONFTEST.format(tests=tests, released=released) + more)
        (clone / "pytest.ini").write_text("[pytest]\n")
        for name in ("exercises", "notebooks"):
            (clone / name).mkdir()
        return clone

    return make


def save(path, nb):
    path.write_text(nb if isinstance(nb, str) else json.dumps(nb), encoding="utf-8")


def run(clone, *arguments, **environment):
    """Run pytest in the clone, in a process of its own; return the exit code and what it printed."""
    [done] = runs(clone, arguments, **environment)
    return done


def runs(clone, *each, **environment):
    """Run pytest with each of several lists of arguments, in one process; return what `run` does, for each."""
    usual = ["-p", "no:cacheprovider", "--color=no"]
    command = [sys.executable, "-c", RUNS, json.dumps([[*usual, *arguments] for arguments in each])]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "GITHUB_", "BPLIB_"))}
    done = subprocess.run(
        command,
        cwd=clone,
        env={**kept, "COLUMNS": "100", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    parts = re.split(r"\nexit code (\d+)\n", done.stdout)
    assert len(parts) == 2 * len(each) + 1, done.stdout
    return [(int(code), out) for out, code in zip(parts[::2], parts[1::2], strict=False)]


def of_a_learner():
    """One right, one wrong, one not attempted; run and saved, with outputs and tags that claim all is well."""
    return boasting(answered({"toy-double": "def double(x):\n    return x + 2", "toy-half": RIGHT["toy-half"]}))


def boasting(nb):
    for count, cell in enumerate(nb.cells):
        cell.metadata["tags"] = ["raises-exception", "nbval-skip"]
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.outputs = [new_output("stream", name="stdout", text="passed")]
    return nb


POINTS = """
exercises/mine.ipynb  3/6
  toy-double  not yet            0/2  This adds 2.
  toy-half    passed             3/3
  toy-parity  not attempted      0/1
"""


LIGHT = """
import os, subprocess, sys

def test_light():
    assert "BPLIB_PROGRESS" not in os.environ
    code = "import sys, bplib.grading.pytest_plugin; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    heavy = {"numpy", "nbformat", "nbval", "nbclient", "bplib.grading.grader", "bplib.course.notebooks.canonical"}
    assert "bplib.grading.pytest_plugin" in modules and not heavy & set(modules)
"""

# Once a kernel did not start, none is needed any more.
NO_KERNEL = """
import toy_course


def no(*args, **options):
    raise RuntimeError("no port")


def pytest_configure(config):
    if any("right" in argument for argument in config.args):
        nbval_exercises.Kernel = no
    if any("given" in argument for argument in config.args):
        nbval_exercises.KernelProcess = no
    if config.option.keyword or config.option.maxfail == 1:
        nbval_exercises.KernelProcess = lambda notebook, scratch, limits: toy_course.Here().start(scratch, limits)
"""


@pytest.fixture(scope="module")
def one_process(clones, tmp_path_factory):
    """What runs without workers say, by name, and what they all write into the summary of the job.

    Without nbval; two notebooks, one of them with an answer that loops for ever and one that ends its process; a kernel
    that does not start; one exercise chosen; until the first failure.
    """
    clone = clones(NO_KERNEL)
    folder = clone / "exercises"
    ends = "import os\n\n\ndef double(x):\n    os._exit(0)"
    loops = "while True:\n    pass"
    save(folder / "mine.ipynb", of_a_learner())
    save(folder / "lost.ipynb", answered({**RIGHT, "toy-double": ends, "toy-half": loops}))
    save(folder / "right.ipynb", answered(RIGHT))
    save(folder / "broken.ipynb", "{")
    save(folder / "given.ipynb", boasting(toy_course.released()))
    (clone / "test_light.py").write_text(LIGHT)
    summary = tmp_path_factory.mktemp("github") / "summary.md"
    each = {
        "light": ["-n0"],
        "two": ["--nbval", "-n0", "-v", "exercises/lost.ipynb", "exercises/mine.ipynb"],
        "no kernel": ["--nbval", "-n0", "exercises/right.ipynb"],
        "given": ["--nbval", "-nauto", "--bplib-page", "page.html", "exercises/given.ipynb"],
        "chosen": ["--nbval-lax", "-n0", "exercises/mine.ipynb", "-k", "toy-half"],
        "first": ["--nbval-lax", "-n0", "exercises/mine.ipynb", "-x"],
    }
    done = runs(clone, *each.values(), GITHUB_STEP_SUMMARY=str(summary))
    page = (clone / "page.html").read_text(encoding="utf-8")
    return {**dict(zip(each, done, strict=True)), "summary": summary.read_text(), "page": page}


def test_each_exercise_is_one_test_that_passes_fails_with_its_sentence_or_is_skipped(one_process):
    code, out = one_process["two"]
    assert code == 1
    assert "3 failed, 2 passed, 1 skipped" in out
    assert "exercises/mine.ipynb::toy-double FAILED" in out
    assert "exercises/mine.ipynb::toy-half PASSED" in out
    assert "exercises/mine.ipynb::toy-parity SKIPPED" in out
    assert "___ exercises/mine.ipynb: toy-double ___" in out
    assert "\ntoy-double: not yet. This adds 2.\n" in out
    assert "Traceback" not in out and "Cell execution" not in out
    assert POINTS in out
    assert "\ntotal: 4 of 12 points\n" in out
    assert "| exercises/mine.ipynb | toy-half | passed | 3/3 |" in one_process["summary"]
    totals = re.findall(r"total: (.*) points", one_process["summary"])
    assert totals == ["4 of 12", "0 of 0", "0 of 6", "3 of 3", "0 of 2"]


def test_an_answer_that_loops_for_ever_or_ends_its_process_costs_only_its_own(one_process):
    _, out = one_process["two"]
    assert "exercises/lost.ipynb::toy-double FAILED" in out
    assert "exercises/lost.ipynb::toy-half FAILED" in out
    assert "exercises/lost.ipynb::toy-parity PASSED" in out
    assert "toy-double: not yet. It ended its process." in out
    assert "toy-half: not yet. It took longer than 5 s." in out
    assert "\nexercises/lost.ipynb  1/6\n" in out


def test_a_notebook_as_it_was_given_is_green_and_needs_no_kernel_and_no_worker(one_process):
    code, out = one_process["given"]
    assert code == 0
    assert "3 skipped" in out and "workers" not in out
    assert "\ntotal: 0 of 6 points\n\nnot attempted, 6 points: given\n" in out
    assert "not attempted, 6 points: given\n" in one_process["summary"]
    assert "<b>0</b> of 6 points" in one_process["page"]


ANOTHER = """
c = get_config()
c.InteractiveShell.ast_node_interactivity = "all"
"""


@pytest.fixture
def of_somebody(tmp_path):
    """The variables of somebody who has other settings than anybody else."""
    profile, path = tmp_path / "ipython" / "profile_default", tmp_path / "path"
    profile.mkdir(parents=True)
    path.mkdir()
    (profile / "ipython_config.py").write_text(ANOTHER)
    (path / "sitecustomize.py").write_text("print('somebody')")
    return {
        "IPYTHONDIR": str(profile.parent),
        "PYTHONPATH": str(path),
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "64",
    }


SURROUNDED = {
    "import os\n\nos.environ['BPLIB_PROGRESS'], os.environ['OMP_NUM_THREADS']": "('off', '1')",
    "os.environ['MPLBACKEND']": "'module://matplotlib_inline.backend_inline'",
    "2\n3\n'PYTHONPATH' in os.environ": "False",
}


def test_two_workers_give_the_same_points_once_and_lessons_go_to_nbval_in_our_surroundings(
    clones, of_somebody, tmp_path
):
    clone = clones()
    save(clone / "exercises" / "mine.ipynb", of_a_learner())
    save(clone / "exercises" / "broken.ipynb", '{"cells": [')
    save(clone / "exercises" / "empty.ipynb", "")
    save(clone / "exercises" / "mine.2026-11-23T21-40-05.ipynb", "{")
    save(clone / "notebooks" / "lesson.ipynb", lesson(SURROUNDED))
    save(clone / "notebooks" / "ends.ipynb", lesson({"import os\n\nos._exit(1)": "0"}))
    save(clone / "exercises" / "of_another_course.ipynb", lesson({"1 + 1": "3"}))
    summary = tmp_path / "summary.md"
    arguments = ("--nbval", "--nbval-current-env", "-n2", "--dist", "loadfile", "-rsf")
    code, out = run(clone, *arguments, GITHUB_STEP_SUMMARY=str(summary), **of_somebody)
    assert code == 1
    # mine: 1 each; broken and empty: failed; by nbval the lesson passes thrice and those of others fail.
    assert "5 failed, 4 passed, 1 skipped" in out
    assert "the kernel has ended in this cell" in out
    assert POINTS in out
    assert "FAILED exercises/broken.ipynb::unreadable" in out
    assert "\nit is not JSON: Expecting value, in line 1\n" in out
    assert "\nthe file is empty\n" in out
    assert "exercises/of_another_course.ipynb::Cell 0" in out
    assert "2026-11-23" not in out
    assert out.count("total: 3 of 6 points") == 1
    assert "SKIPPED [1] exercises/mine.ipynb: toy-parity: not attempted\n" in out
    assert summary.read_text().count("total: 3 of 6 points") == 1


def lesson(results):
    """A lesson, run and saved: source to result."""
    cells = []
    for number, (source, result) in enumerate(results.items(), 1):
        output = new_output("execute_result", {"text/plain": result}, execution_count=number)
        cells.append(new_code_cell(source, id=f"cell-{number}", execution_count=number, outputs=[output]))
    return new_notebook(cells=cells)


def test_without_nbval_no_notebook_is_touched_and_next_to_nothing_is_imported(one_process):
    code, out = one_process["light"]
    assert code == 0, out
    assert "1 passed" in out and " points =" not in out


def test_one_exercise_can_be_chosen_and_the_first_failure_can_be_the_last(one_process):
    code, out = one_process["chosen"]
    assert code == 0
    assert "1 passed, 2 deselected" in out
    assert "total: 3 of 3 points" in out
    code, out = one_process["first"]
    assert code == 1
    assert "toy-double: not yet." in out and "toy-half" not in out


def test_a_kernel_that_does_not_start_is_an_error_of_the_grader_and_no_failure(one_process):
    code, out = one_process["no kernel"]
    assert code == 1
    assert "3 errors" in out and "failed," not in out
    assert "not graded, by a failure of the grader: the kernel did not start, tried 3 times (no port)" in out
    assert "\ntotal: 0 of 0 points, and 1 not graded\n" in out


@pytest.mark.skipif(sys.platform == "win32", reason="links and names are other things there")
def test_no_link_is_followed_to_an_exercise_and_no_name_forges_a_line(clones, tmp_path):
    clone, other = clones(), tmp_path / "exercises"
    other.mkdir()
    save(other / "right.ipynb", answered(RIGHT))
    (clone / "exercises" / "linked.ipynb").symlink_to(other / "right.ipynb")
    (clone / "mine").mkdir()
    (clone / "mine" / "exercises").symlink_to(other)
    (clone / "exercises" / "x\ntotal: 9 of 9 points\n.ipynb").touch()
    summary = tmp_path / "summary.md"
    code, out = run(clone, "--nbval", "-n0", "exercises", "mine", GITHUB_STEP_SUMMARY=str(summary))
    assert code == 1 and "3 failed" in out
    assert out.count("it is a link, and links are not followed") >= 2
    points = out[out.index(" points =") :]
    assert re.findall("^total.*", points + summary.read_text(), re.MULTILINE) == ["total: 0 of 0 points"]
    assert "\nexercises/x total: 9 of 9 points .ipynb\n" in points
    assert "| exercises/linked.ipynb | | | | it is a link, and links are not followed |" in summary.read_text()
