"""Promise: solutions/ are source notebooks of nbgrader too: its exercises are ours, and its grades are ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from bplib.course.notebooks import releases
from bplib.course.problems import PROBLEMS

pytest.importorskip("nbgrader")
ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.name for path in (ROOT / "solutions").glob("*.ipynb"))

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "bplib"
c.CourseDirectory.root = {root!r}
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader with all lessons as one assignment: blank handed in the exercises, full the solutions."""
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_text(CONFIG.format(root=str(root)))
    source = root / "source" / "all"
    source.mkdir(parents=True)
    for name in LESSONS:
        shutil.copy(ROOT / "solutions" / name, source)
    nbgrader(root, "generate_assignment", "all", "--create")
    for learner, folder in (("blank", root / "release" / "all"), ("full", source)):
        shutil.copytree(folder, root / "submitted" / learner / "all")
    nbgrader(root, "autograde", "all", "--create")
    return root


def nbgrader(root, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    # It looks for a program of its own, alembic, on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", LESSONS)
def test_its_exercise_is_ours_cell_for_cell(course, name):
    theirs = nbformat.read(course / "release" / "all" / name, 4)
    ours = nbformat.read(releases.RELEASED / name, 4)
    # It knows no prose that is for the solution alone.
    told = [cell for cell in theirs.cells if "solution" not in cell.metadata.get("tags", [])]
    assert [(cell.cell_type, cell.id, cell.source) for cell in told] == [
        (cell.cell_type, cell.id, cell.source) for cell in ours.cells
    ]


def test_the_exercises_get_no_points_and_the_solutions_all(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        blank, full = (gradebook.find_submission("all", learner) for learner in ("blank", "full"))
        total = sum(problem.points for problem in PROBLEMS.values())
        assert (blank.score, full.score, full.max_score) == (0, total, total)
        assert {grade.auto_score for notebook in blank.notebooks for grade in notebook.grades} == {0}
