"""Promise: lesson 00 says that all is well, in the same words everywhere, or what is not and what to do."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest

from bplib.course import environment
from bplib.course.environment import WELL, check_environment
from bplib.course.notebooks import canonical

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder of the course, where a lesson is open."""
    for name in ("notebooks", "exercises"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


@pytest.fixture
def said(capsys):
    """Check the environment, and return what it says in one line."""

    def check():
        check_environment()
        return " ".join(capsys.readouterr().out.split())

    return check


def test_where_all_is_well_it_says_so_and_lesson_00_has_stored_just_that(course, said):
    assert said() == WELL
    cells = canonical.read(ROOT / "notebooks" / "00_start_here.ipynb").cells
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert "check_environment()" in first.source and first.outputs[0].text == WELL + "\n"


def test_it_writes_nothing_that_stays(course, said):
    said()
    assert sorted(path.name for path in course.rglob("*")) == ["exercises", "notebooks"]


def test_a_package_that_is_missing_is_named_with_what_to_do(course, said, monkeypatch):
    real = importlib.metadata.version
    versions(monkeypatch, lambda name: None if name in ("sympy", "bplib") else real(name))
    assert said().startswith(
        f"sympy is not installed. What to do: this notebook runs on {sys.executable}. Stop Jupyter"
    )
    assert WELL not in said() and "python -m uv run jupyter lab" in said() and ".venv" in said()


def versions(monkeypatch, found):
    """Let packages have the versions that found gives for their names; there is none for None."""

    def version(name):
        if (number := found(name)) is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return number

    monkeypatch.setattr(importlib.metadata, "version", version)


def test_a_package_that_is_too_old_is_named_with_its_version_and_the_one_that_is_needed(course, said, monkeypatch):
    real = importlib.metadata.version
    versions(monkeypatch, lambda name: "1.26.4" if name == "numpy" else None if name == "bplib" else real(name))
    assert said().startswith("numpy is 1.26.4; >=2.0 is needed. What to do:")


def test_a_newer_package_than_any_of_today_will_do_and_one_before_its_release_too(course, said, monkeypatch):
    versions(monkeypatch, lambda name: None if name == "bplib" else "99.0rc1")
    assert said() == WELL


def test_each_of_several_things_is_named(course, said, monkeypatch):
    versions(monkeypatch, lambda name: None if name == "bplib" else "0.1")
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    text = said()
    assert text.startswith("Python is 3.10.4; 3.11 or newer is needed.")
    assert all(f"{name} is 0.1;" in text for name in environment.PACKAGES)
    assert text.count("What to do") == 1


def test_the_package_of_that_name_from_pypi_or_from_before_is_told_from_the_course(course, said, monkeypatch):
    real = importlib.metadata.version
    versions(monkeypatch, lambda name: "3.0" if name == "bplib" else real(name))
    assert said().startswith("A package named bplib is installed beside the course: `python -m uv sync ")


def test_a_course_that_is_not_installed_is_named(course, said, monkeypatch):
    def requires(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", requires)
    assert said().startswith("bplib-course is not installed. What to do:")


def test_a_bplib_of_another_copy_of_the_course_is_told_from_that_of_this_folder(course, said):
    (course / "bplib").mkdir()
    assert said().startswith(f"bplib comes from {ROOT / 'bplib'} and not from {course}, the folder of this notebook.")


def test_a_notebook_that_was_moved_out_of_the_course_is_told_where_it_belongs(course, said):
    (course / "exercises").rmdir()
    assert said().startswith(
        f"There is no exercises/ beside notebooks/ at or above {course / 'notebooks'}. What to do:"
    )


def test_a_folder_that_cannot_be_written_is_named(course, said, monkeypatch):
    real = tempfile.TemporaryFile

    def refuse(dir):
        if Path(dir).name == "exercises":
            raise PermissionError(13, "Permission denied")
        return real(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert said().startswith(f"Nothing can be written to {course / 'exercises'}: Permission denied. What to do:")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_folder_that_is_read_only_is_named(course, said):
    (course / "exercises").chmod(0o500)
    try:
        assert "Nothing can be written" in said()
    finally:
        (course / "exercises").chmod(0o700)


def test_the_python_it_asks_for_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={environment.PYTHON[0]}.{environment.PYTHON[1]}"


def test_the_packages_it_asks_for_are_those_that_lessons_import():
    below = [path for path in (ROOT / "bplib").glob("*.py")] + list((ROOT / "bplib" / "pictures").rglob("*.py"))
    sources = [path.read_text(encoding="utf-8") for path in below]
    for folder in ("notebooks", "exercises"):
        for path in (ROOT / folder).glob("*.ipynb"):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            sources += [source for source in code if not source.startswith("%")]
    names = set()
    for source in sources:
        names |= set(re.findall(r"^\s*(?:import|from) (\w+)", source, flags=re.MULTILINE))
    # IPython runs the notebook, mpmath comes with sympy, traitlets with anywidget; none can be missing alone. torch is
    # optional.
    others = {"bplib", "IPython", "mpmath", "torch", "traitlets"}
    real = names & {*importlib.metadata.packages_distributions(), *environment.PACKAGES}
    assert real - others - sys.stdlib_module_names == set(environment.PACKAGES)


def test_it_is_understood_by_a_python_that_is_too_old_for_the_course():
    for path in (ROOT / "bplib/__init__.py", ROOT / "bplib/course/__init__.py", Path(environment.__file__)):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    ast.parse((ROOT / "bplib/course/files.py").read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.skipif(shutil.which("python3.10") is None, reason="there is no Python 3.10 on this machine")
def test_an_older_python_hears_what_it_lacks(course):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom bplib.course.environment import *\ncheck_environment()"
    done = subprocess.run(["python3.10", "-c", code], capture_output=True, text=True)
    if "pyenv" in done.stderr:
        pytest.skip("Python 3.10 is not set up")
    assert done.stdout.startswith("Python is 3.10.")
