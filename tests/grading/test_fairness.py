"""Promise: points depend on the answer, and not on what a cell has set, on the machine, or on where Python lives."""

import contextlib
import json
import subprocess
import sys
import sysconfig
import venv

import numpy as np
import pytest
from hostile_submissions import RIGHT, ROOT, answered, right

from bplib.grading import grader
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.meters import PATIENCE, Meter
from bplib.grading.sandbox.processes import Limits

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is here looked at is Linux's")


def graded(nb, launcher=None, limits=Limits()):  # noqa: B008, it is frozen
    with contextlib.closing(launcher or launching.launcher()) as launcher:
        return grader.grade_file("a.ipynb", launcher, limits, data=json.dumps(nb).encode())


@pytest.mark.parametrize(
    "cell", ["np.seterr(all='raise')", "import warnings\nwarnings.simplefilter('error')", "np.set_printoptions(1)"]
)
def test_what_a_cell_sets_for_numpy_costs_no_points(cell):
    nb = right()
    nb.cells.insert(2, nb.cells[-2] | {"id": "own", "source": cell, "metadata": {}})
    assert graded(nb)["points"] == 10


@linux
def test_the_judge_gets_no_more_memory_than_it_is_given_and_has_it_back_afterward():
    with launching.limited_memory(200 << 20):
        np.ones(10 << 20, np.int8)
        with pytest.raises(MemoryError):
            np.ones(1 << 30, np.int8)
    assert len(np.ones(1 << 30, np.int8)) == 1 << 30


def test_an_answer_as_large_as_a_message_may_be_costs_itself_alone():
    large = "def shape_of_the_difference():\n    return np.ones(60_000_000, np.int8)"
    assert graded(answered({**RIGHT, "broadcast": large}))["points"] == 9


@linux
def test_a_launcher_that_has_died_is_renewed():
    launcher = launching.launcher()
    launcher._process.kill()
    launcher._process.wait()
    assert graded(right(), launcher)["points"] == 10


@linux
def test_time_is_that_of_the_processor_and_a_sleeper_comes_to_an_end():
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    idle = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        meters = Meter(busy.pid), Meter(idle.pid)
        with pytest.raises(subprocess.TimeoutExpired):
            busy.wait(1.5)
        spent = [meter.seconds() for meter in meters]
        assert 1.5 / PATIENCE <= spent[1] < 1.0 and spent[0] >= spent[1]
    finally:
        busy.kill(), idle.kill()
        busy.wait(), idle.wait()


@linux
def test_an_environment_at_the_root_of_the_clone_opens_no_solution(tmp_path):
    """Python's own files are then beside the solutions, in one folder."""
    clone = tmp_path / "clone"
    venv.create(clone, symlinks=True)
    (clone / "bplib").symlink_to(ROOT / "bplib")
    (clone / "solutions").mkdir()
    secret = clone / "solutions" / "secret.txt"
    secret.write_text("right")
    packages = next(clone.glob("lib/python*/site-packages"))
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{clone}\n")
    mse = (
        f"def mse(a, y):\n    assert open({str(clone / 'pyvenv.cfg')!r}).read()\n"
        f"    try:\n        open({str(secret)!r})\n    except PermissionError:\n        return np.nanmean((a - y) ** 2)"
    )
    (tmp_path / "a.ipynb").write_text(json.dumps(right(mse=mse)))
    done = subprocess.run(
        [
            clone / "bin" / "python",
            "-m",
            "bplib",
            "grade",
            "--json",
            str(tmp_path / "out.json"),
            str(tmp_path / "a.ipynb"),
        ],
        cwd=clone,
        capture_output=True,
        text=True,
    )
    [said] = json.loads((tmp_path / "out.json").read_text())["submissions"]
    assert said["points"] == 10, (done.stdout, done.stderr)
