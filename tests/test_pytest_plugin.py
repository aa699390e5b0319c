"""Promise: pytest --nbval exercises grades a learner's own answers, and nbval judges everything else."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import toy_course
from nbformat.v4 import new_code_cell, new_notebook, new_output
from toy_course import RIGHT, answered

from bplib.course import releases

# What a learner's clone has by itself: here the toys stand in for the exercises of the course.
CONFTEST = """
import sys
from pathlib import Path

sys.path.insert(0, {tests!r})
import toy_course
from bplib.course import grading, releases

toy_course.register()
releases.RELEASED = Path({released!r})
grading.CELL_SECONDS = 8
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    toy_course.register()
    yield toy_course.make(tmp_path_factory.mktemp("course"))
    toy_course.unregister()


@pytest.fixture
def clone(course, tmp_path):
    """A learner's clone, with an empty exercises/."""
    tests, released = str(Path(__file__).parent), str(course / "bplib" / "course" / "released")
    (tmp_path / "conftest.py").write_text(CONFTEST.format(tests=tests, released=released))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in ("exercises", "notebooks"):
        (tmp_path / name).mkdir()
    return tmp_path


def save(path, nb):
    path.write_text(nb if isinstance(nb, str) else json.dumps(nb), encoding="utf-8")


def run(clone, *arguments, **environment):
    """Run pytest in the clone, in a process of its own; return the exit code and what it printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *arguments]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "GITHUB_", "BPLIB_"))}
    done = subprocess.run(
        command, cwd=clone, env={**kept, "COLUMNS": "100", **environment}, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def of_a_learner():
    """One right, one wrong, one not attempted; run and saved, with outputs and tags that claim all is well."""
    nb = answered({"toy-double": "def double(x):\n    return x + 2", "toy-half": RIGHT["toy-half"]})
    for count, cell in enumerate(nb.cells):
        cell.metadata["tags"] = ["raises-exception", "nbval-skip"]
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.outputs = [new_output("stream", name="stdout", text="passed")]
    return nb


POINTS = """
exercises/mine.ipynb
  toy-double  not yet            0/2  This adds 2; to double is to multiply by 2.
  toy-half    passed             3/3  It agrees with ours to 1e-6.
  toy-parity  not attempted      0/1
  sum                            3/6

total: 3 of 6 points
"""


def test_each_exercise_is_one_test_that_passes_fails_with_its_sentence_or_is_skipped(clone, tmp_path):
    save(clone / "exercises" / "mine.ipynb", of_a_learner())
    summary = tmp_path / "summary.md"
    code, out = run(clone, "--nbval", "-n0", "-v", "exercises", GITHUB_STEP_SUMMARY=str(summary))
    assert code == 1
    assert "1 failed, 1 passed, 1 skipped" in out
    assert "exercises/mine.ipynb::toy-double FAILED" in out
    assert "exercises/mine.ipynb::toy-half PASSED" in out
    assert "exercises/mine.ipynb::toy-parity SKIPPED" in out
    assert "___ exercises/mine.ipynb: toy-double ___" in out
    assert "\ntoy-double: not yet. This adds 2; to double is to multiply by 2.\n" in out
    assert "Traceback" not in out and "Cell execution" not in out
    assert POINTS in out
    assert "| exercises/mine.ipynb | toy-half | passed | 3/3 |" in summary.read_text()
    assert summary.read_text().count("total") == 1


def test_two_workers_give_the_same_points_once_and_lessons_go_to_nbval(clone, tmp_path):
    save(clone / "exercises" / "mine.ipynb", of_a_learner())
    save(clone / "exercises" / "broken.ipynb", '{"cells": [')
    save(clone / "exercises" / "empty.ipynb", "")
    save(clone / "exercises" / "mine.2026-11-23T21-40-05.ipynb", "{")
    right = [new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
    lesson = new_notebook(cells=[new_code_cell("1 + 1", id="sum", execution_count=1, outputs=right)])
    save(clone / "notebooks" / "lesson.ipynb", lesson)
    lesson.cells[0].outputs[0].data["text/plain"] = "3"
    save(clone / "exercises" / "of_another_course.ipynb", lesson)
    summary = tmp_path / "summary.md"
    arguments = ("--nbval", "--nbval-current-env", "-n2", "--dist", "loadfile", "-rsf")
    code, out = run(clone, *arguments, GITHUB_STEP_SUMMARY=str(summary))
    assert code == 1
    # mine: 1 each; broken and empty: failed; the lesson passes and the one of another course fails, by nbval.
    assert "4 failed, 2 passed, 1 skipped" in out
    assert POINTS in out
    assert "FAILED exercises/broken.ipynb::unreadable" in out
    assert "\nit is not JSON: Expecting value, in line 1\n" in out
    assert "\nthe file is empty\n" in out
    assert "exercises/of_another_course.ipynb::Cell 0" in out
    assert "2026-11-23" not in out
    assert out.count("total: 3 of 6 points") == 1
    assert "SKIPPED [1] exercises/mine.ipynb: toy-parity: not attempted\n" in out
    assert summary.read_text().count("total: 3 of 6 points") == 1


def test_one_exercise_can_be_chosen_and_the_first_failure_can_be_the_last(clone):
    save(clone / "exercises" / "mine.ipynb", of_a_learner())
    code, out = run(clone, "--nbval-lax", "-n0", "exercises", "-k", "toy-half")
    assert code == 0
    assert "1 passed, 2 deselected" in out
    assert "total: 3 of 3 points" in out
    code, out = run(clone, "--nbval-lax", "-n0", "exercises", "-x")
    assert code == 1
    assert "toy-double: not yet." in out and "toy-half" not in out


def test_an_answer_that_loops_for_ever_or_ends_its_process_costs_only_its_own(clone):
    ends = "import os\n\n\ndef double(x):\n    os._exit(0)"
    loops = "while True:\n    pass"
    save(clone / "exercises" / "mine.ipynb", answered({**RIGHT, "toy-double": ends, "toy-half": loops}))
    code, out = run(clone, "--nbval", "-n0", "exercises")
    assert code == 1
    assert "toy-double: not yet. It ended its process." in out
    assert "toy-half: not yet. It took longer than 8 s." in out
    assert "2 failed, 1 passed" in out
    assert "total: 1 of 6 points" in out


def test_a_kernel_that_does_not_start_is_an_error_of_the_grader_and_no_failure(clone):
    save(clone / "exercises" / "mine.ipynb", answered(RIGHT))
    with open(clone / "conftest.py", "a") as file:
        file.write("import nbval.kernel\n\n\ndef no(*args, **options):\n    raise RuntimeError('no port')\n\n\n")
        file.write("nbval.kernel.start_new_kernel = no\n")
    code, out = run(clone, "--nbval", "-n0", "exercises")
    assert code == 1
    assert "3 errors" in out and "failed," not in out
    assert "not graded, by a failure of the grader: the kernel did not start, tried 3 times (no port)" in out


def test_without_nbval_no_notebook_is_touched_and_next_to_nothing_is_imported(clone):
    save(clone / "exercises" / "mine.ipynb", "{")
    save(
        clone / "test_light.py",
        textwrap.dedent("""
        import os, subprocess, sys

        def test_light():
            assert "BPLIB_PROGRESS" not in os.environ
            code = "import sys, bplib.course.pytest_plugin; print(*sys.modules)"
            modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
            heavy = {"numpy", "nbformat", "nbval", "nbclient", "bplib.course.grading", "bplib.course.notebooks"}
            assert "bplib.course.pytest_plugin" in modules and not heavy & set(modules)
        """),
    )
    (clone / "conftest.py").unlink()
    code, out = run(clone, "-n0")
    assert code == 0, out
    assert "1 passed" in out and "points" not in out


def test_progress_is_off_in_the_kernels_of_lessons(clone):
    off = [new_output("execute_result", {"text/plain": "'off'"}, execution_count=1)]
    source = "import os\n\nos.environ['BPLIB_PROGRESS']"
    lesson = new_notebook(cells=[new_code_cell(source, id="a", execution_count=1, outputs=off)])
    save(clone / "notebooks" / "lesson.ipynb", lesson)
    code, out = run(clone, "--nbval", "--nbval-current-env", "-n0")
    assert code == 0, out
    assert "1 passed" in out


def test_the_released_copies_are_where_the_plugin_looks_for_them():
    assert Path(releases.__file__).parent / "released" == releases.RELEASED
