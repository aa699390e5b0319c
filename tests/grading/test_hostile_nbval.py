"""Promise: pytest --nbval in a learner's clone gives hostile notebooks the same points as bplib grade, one by one."""

import json
import os
import subprocess
import sys

import pytest
from hostile_processes import DEEP_FOLDERS, FRAMES, IMPORTS, IN_ADVANCE, LEFT_BEHIND, NUMBERS, POWERS, forging, leaking
from hostile_submissions import (
    AST,
    BPLIB,
    DO_EXECUTE,
    FORM,
    INPUT,
    NEURON,
    NUMPY,
    RIGHT,
    RUN_CELL,
    SENDING,
    WRONG,
    answered,
    boasting,
    cell,
    checks_first,
    released,
    trick,
    without_marks,
)

from bplib.grading import grader, notebook
from bplib.grading.sandbox.processes import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no jail")
LIMITS = Limits(cell_seconds=1.5)
JUDGE_SECONDS = 2

CONFTEST = f"""
import json
from pathlib import Path

from bplib.grading import nbval_exercises, notebook
from bplib.grading.sandbox.processes import Limits

nbval_exercises.LIMITS = Limits(cell_seconds={LIMITS.cell_seconds})
nbval_exercises._CONNECT = 1
notebook.JUDGE_SECONDS = {JUDGE_SECONDS}
points = {{}}


def pytest_runtest_logreport(report):
    for name, said in report.user_properties if report.when == "call" else ():
        exercise = said["exercise"]
        points.setdefault(Path(said["path"]).stem, {{}})[exercise["id"]] = exercise["points"], exercise["message"]


def pytest_sessionfinish():
    Path("points.json").write_text(json.dumps(points))
"""


def _honest():
    """What honest notebooks hold: magics, a lot of output, marks lost, checks moved, saved outputs and tags."""
    nb = boasting(checks_first(without_marks(FORM["magics"][1]())))
    cell(nb, "mse").source += "\n\nprint('x' * 50_000_000)\ninput()"
    return nb


def _inside():
    """Everything replaced that can be, for answers that are wrong."""
    nb = trick("\n".join([NUMPY, BPLIB, SENDING]))
    cell(nb, "mse").source += "\n\n" + INPUT
    cell(nb, "bce-logits").source += "\n" + AST
    return nb


def _execute():
    """The kernel's own methods replaced, in the last answer: what they hide costs a new kernel each time."""
    return answered({**WRONG, "mse": RIGHT["mse"], "broadcast": WRONG["broadcast"] + "\n" + DO_EXECUTE + RUN_CELL})


def _dying():
    """Each answer but the last dies in a way of its own."""
    lost = {
        "mse": "import sys\n\nsys.exit()",
        "bce-logits": "import os\n\n\ndef bce_with_logits(z, y):\n    os._exit(0)",
        "softmax-ce": "while True:\n    pass",
        "faster-loss": "def faster_loss():\n    return faster_loss()",
    }
    return answered({**RIGHT, **lost})


def _forging():
    nb = forging(*IN_ADVANCE)
    cell(nb, "softmax-ce").source = "import warnings\n\nwarnings.warn('careful')\n" + RIGHT["softmax-ce"]
    cell(nb, "bce-logits").source = FRAMES.replace("def mse(y_pred, y_true)", "def bce_with_logits(y_pred, y_true)")
    return nb


def _burning():
    lost = {
        "neuron-mse": "import sympy\n\n\ndef mse_slope(x, y, a):\n    " + POWERS,
        "nine-numbers": NUMBERS + "\n    return {'z': t}",
    }
    return trick(LEFT_BEHIND + DEEP_FOLDERS, {**NEURON, **lost}, "04")


# The points that they deserve, in the order of the lesson; None is what was not attempted.
NOTEBOOKS = {
    "honest": (_honest, [2, 0, 3, 3, 1, 1]),
    "inside": (_inside, [0, 0, 0, 0, 0, 0]),
    "execute": (_execute, [2, 0, 0, 0, 0, 0]),
    "dying": (_dying, [0, 0, 0, 0, 0, 1]),
    "forging": (_forging, [0, 0, 0, 3, 1, 1]),
    "burning": (_burning, [0, 0, 3, 5]),
    "leaking": (lambda: leaking(IMPORTS), [0, 0, 0, 0, 0, 0]),
    "blank": (lambda: boasting(released("01")), [0, 0, 0, 0, 0, 0]),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What nbval and what bplib grade say: name to {id: (points, message)}, twice; and how pytest ended."""
    clone = tmp_path_factory.mktemp("clone")
    folder = clone / "exercises"
    folder.mkdir()
    (clone / "conftest.py").write_text(CONFTEST)
    (clone / "pytest.ini").write_text("[pytest]\n")
    for name, (make, _) in NOTEBOOKS.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(make()))
    command = [sys.executable, "-m", "pytest", "--nbval", "-n0", "-q", "-p", "no:cacheprovider", "exercises"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "GITHUB_", "BPLIB_"))}
    running = subprocess.Popen(command, cwd=clone, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebook, "JUDGE_SECONDS", JUDGE_SECONDS)
        report = grader.grade([folder], LIMITS)
    graded = {
        os.path.basename(each["path"]).removesuffix(".ipynb"): {
            exercise["id"]: (exercise["points"], exercise["message"]) for exercise in each["exercises"]
        }
        for each in report["submissions"]
    }
    out, _ = running.communicate(timeout=120)
    said = json.loads((clone / "points.json").read_text())
    return {name: {id: tuple(each) for id, each in said[name].items()} for name in said}, graded, out.decode()


def test_both_give_each_exercise_the_points_it_deserves(both):
    by_nbval, by_grade, out = both
    wrong = []
    for name, (_, deserved) in NOTEBOOKS.items():
        for place, id in enumerate(by_grade[name]):
            one, other = by_nbval.get(name, {}).get(id, (None, "")), by_grade[name][id]
            if not one[0] == other[0] == deserved[place]:
                wrong.append(f"{name:10} {id:14} {deserved[place]} {one[0]} {other[0]}  {one[1]} | {other[1]}")
    assert not wrong, "\n".join(["", "notebook   exercise  deserved nbval grade", *wrong, out[-2000:]])
    assert " error" not in out.splitlines()[-1]


@pytest.mark.parametrize("id", ["mse", "bce-logits", "softmax-ce", "faster-loss"])
def test_both_say_the_same_of_answers_that_die(id, both):
    by_nbval, by_grade, _ = both
    assert by_nbval["dying"][id][1] == by_grade["dying"][id][1]
