"""Promise: the workflow in a learner's repository grades with a fresh copy of the course, whatever else lies there."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from hostile_submissions import ROOT, released, right
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("git"), reason="the workflow runs on Ubuntu, and needs git"
)
WORKFLOW = ROOT / ".github" / "workflows" / "grade.yml"
LESSONS = ["01_loss_functions", "02_gradients"]

# What a learner may push beside notebooks, each enough to have all points where it is run.
ALL_POINTS = """
import dataclasses

from bplib.course.judging.reading import PASSED, Verdict
from bplib.course.problems import PROBLEMS

for id, problem in list(PROBLEMS.items()):
    PROBLEMS[id] = dataclasses.replace(problem, judge=lambda *_: Verdict(PASSED, "forged"))
"""
WRITES = """
import pathlib

for folder in pathlib.Path.cwd().parents:
    (folder / "forged").touch()
    for name in ("result.json", "feedback.html"):
        (folder / name).write_text("forged")
"""


def steps():
    [job] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    return job["steps"]


def commit(folder):
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--message", "all"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def program(path, text):
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """The repositories on a GitHub of our own: teacher/course, and learner/course that is made to have all points."""
    there = tmp_path_factory.mktemp("github")
    course, mine = there / "teacher" / "course", there / "learner" / "course"
    for folder in (course / "exercises", course / "notebooks"):
        folder.mkdir(parents=True)
    shutil.copytree(ROOT / "bplib", course / "bplib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", course)
    for name in LESSONS:
        (course / "exercises" / f"{name}.ipynb").write_text(json.dumps(released(name[:2])))
    shutil.copytree(course, mine)
    commit(course)
    exercises = mine / "exercises"
    nb = right(mse="def mse(y_pred, y_true):\n    return 0.0")
    nb.cells.insert(0, new_code_cell(WRITES))
    (exercises / "01_loss_functions.ipynb").write_text(json.dumps(nb))
    (exercises / "scratch.ipynb").write_text(json.dumps(new_notebook(cells=[new_code_cell(WRITES)])))
    (exercises / "02_gradients.ipynb").unlink()
    (exercises / "02_gradients.ipynb").symlink_to(ROOT / "solutions" / "02_gradients.ipynb")
    for folder in (mine, exercises):
        (folder / "conftest.py").write_text(ALL_POINTS)
    (exercises / "pytest.ini").write_text("[pytest]\naddopts = -p conftest\n")
    reading = mine / "bplib" / "course" / "judging" / "reading.py"
    reading.write_text(reading.read_text() + '\nNOT_YET = NOT_ATTEMPTED = PASSED = "passed"\n')
    settings = (mine / "pyproject.toml").read_text()
    (mine / "pyproject.toml").write_text(settings.replace('addopts = "', 'addopts = "-p forging '))
    (mine / "forging.py").write_text(ALL_POINTS)
    commit(mine)
    return there


@pytest.fixture(scope="module")
def graded(repositories, tmp_path_factory):
    """The folder of a run, its exit code, and what the shell of each step was told and has said."""
    work, tools = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("tools")
    program(tools / "gh", f'echo "$@" >> {tools / "asked"}; echo teacher/course')
    # What uv would install is what is installed here.
    runs = f'[ "$1 $2 $3 $4" = "-m uv run --no-dev" ] || exit 3\nexec {sys.executable} -m "${{@:5}}"'
    program(tools / "python", f'[ "$3" = install ] && exit\n{runs}')
    known = {
        "github.token": "secret",
        "github.repository_owner": "learner",
        "github.event.repository.name": "course",
        "github.actor": "ada",
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "GITHUB_", "BPLIB_"))}
    variables = {
        **kept,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(work / "course"),
        "COURSE": "",
        "REF": "",
        "GITHUB_OUTPUT": str(tools / "output"),
        "GITHUB_STEP_SUMMARY": str(tools / "summary.md"),
        "GITHUB_REPOSITORY": "learner/course",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": "0" * 40,
    }
    said, code = "", 0
    for step in steps():
        known["env.REF"] = ""
        if (tools / "output").exists():
            known["steps.course.outputs.name"] = (tools / "output").read_text().strip().partition("name=")[2]

        def filled(text):
            return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], text)

        uses, options = step.get("uses", ""), step.get("with", {})
        if uses.startswith("actions/checkout@"):
            source = repositories / filled(options.get("repository", "learner/course"))
            subprocess.run(["git", "clone", "-q", str(source), str(work / options["path"])], check=True)
        elif "run" in step:
            extra = {name: filled(value) for name, value in step.get("env", {}).items()}
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=work / step.get("working-directory", "."),
                env={**variables, **extra},
                capture_output=True,
                text=True,
                timeout=120,
            )
            said, code = said + done.stdout + done.stderr, code or done.returncode
    return work, code, said, (tools / "summary.md").read_text(), (tools / "asked").read_text()


def test_a_forged_repository_gets_its_true_points(graded):
    work, code, said, summary, _ = graded
    assert code == 1, said  # something attempted is wrong
    assert "total: 8 of 25 points" in said and "forged" not in said
    assert summary.startswith("**total: 8 of 25 points**")
    assert "not attempted, 13 points: 02\\_gradients" in summary
    assert re.search(r"mse +not yet +0/2", said)
    assert "scratch.ipynb\n  ! it holds no exercise of this course" in said
    assert not list(work.rglob("forged"))


def test_the_same_repository_would_give_itself_all_points(repositories, tmp_path):
    mine = repositories / "learner" / "course"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval",
            "-n0",
            "-p",
            "no:cacheprovider",
            "exercises/01_loss_functions.ipynb",
        ],
        cwd=mine,
        env={**os.environ, "PYTHONPATH": str(mine)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "total: 12 of 12 points" in done.stdout, done.stdout + done.stderr


def test_the_course_is_what_the_repository_was_made_from(graded):
    *_, asked = graded
    expression = ".template_repository.full_name // .parent.full_name // .full_name"
    assert asked == f"api repos/learner/course --jq {expression}\n"


def test_a_run_leaves_the_page_and_a_result_json_to_be_uploaded(graded):
    work, *_ = graded
    [upload] = [step for step in steps() if step.get("uses", "").startswith("actions/upload-artifact@")]
    for name in upload["with"]["path"].split():
        assert (work / name).is_file()
    result = json.loads((work / "result.json").read_text())
    assert (result["owner"], result["score"], result["max-score"]) == ("ada", 8, 25)
    assert re.fullmatch(r"submit/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]+", result["submission"])
    assert result["commit"] == f"https://github.com/learner/course/commit/{'0' * 40}"
    page = (work / "feedback.html").read_text()
    assert "<b>8</b>" in page and "return 0.0" in page


def test_a_repository_without_exercises_is_told_so_in_words(tmp_path):
    [step] = [step["run"] for step in steps() if "mine/exercises ]" in step.get("run", "")]
    (tmp_path / "mine").mkdir()
    done = subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.startswith("::error::This repository has no folder exercises/ any more")
    (tmp_path / "mine" / "exercises").mkdir()
    assert subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path).returncode == 0


def test_notebooks_that_the_course_has_and_exercises_lacks_are_named_in_a_warning(tmp_path):
    [step] = [step["run"] for step in steps() if "::warning::" in step.get("run", "")]
    course, mine = (tmp_path / name / "exercises" for name in ("course", "mine"))
    for folder in (course, mine):
        folder.mkdir(parents=True)
        for name in ("01_a.ipynb", "02_b.ipynb", "03 c.ipynb"):
            (folder / name).touch()

    def said():
        done = subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert said() == ""
    (mine / "01_a.ipynb").rename(tmp_path / "mine" / "01_a.ipynb")
    (mine / "03 c.ipynb").unlink()
    (mine / "03 c.ipynb").symlink_to(course / "03 c.ipynb")  # a link is not graded either
    assert said().startswith("::warning::exercises/ lacks 01_a.ipynb, 03 c.ipynb. Only notebooks in it are graded")


def test_the_workflow_can_be_told_another_course_and_commit():
    settings = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["env"]
    assert settings == {"COURSE": "", "REF": ""}
    [fresh] = [step["with"] for step in steps() if step.get("with", {}).get("path") == "course"]
    assert fresh["ref"] == "${{ env.REF }}"
    assert "${COURSE:-" in next(step["run"] for step in steps() if step.get("id") == "course")
