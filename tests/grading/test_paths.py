"""Promise: what is given by its path is read with the care that a class is: no link, pipe, size or name does harm."""

import json
import os
import sys
import tracemalloc
import zipfile

import pytest
import toy_course
import toy_problems
from toy_course import answered, cell
from toy_problems import RIGHT

from bplib import cli
from bplib.course.notebooks import releases, submissions
from bplib.course.notebooks.assembling import assemble, ungraded
from bplib.grading import grader
from bplib.grading.sandbox import launching

linux = pytest.mark.skipif(sys.platform != "linux", reason="links, pipes and names are other things there")
LINK = "it is a link, and links are not followed"


@pytest.fixture(scope="module", autouse=True)
def course(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        toy_problems.register()
        folder = toy_course.make(tmp_path_factory.mktemp("course"))
        patch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
        patch.setattr(launching, "launcher", toy_course.Here)
        yield folder
        toy_problems.unregister()


@pytest.fixture
def right(tmp_path, monkeypatch):
    """A folder, in the working one, with a notebook in which all is right."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ipynb").write_text(json.dumps(answered(RIGHT)), encoding="utf-8")
    return tmp_path / "in"


def found(*paths):
    """Path, as it is shown, to (points, problems)."""
    return {each["path"]: (each["points"], each["problems"]) for each in grader.grade(paths)["submissions"]}


@linux
def test_no_link_is_followed_wherever_it_is(right, tmp_path):
    (tmp_path / "file.ipynb").symlink_to(right / "a.ipynb")
    (tmp_path / "folder").symlink_to(right)
    (tmp_path / "loop.ipynb").symlink_to("loop.ipynb")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "b.ipynb").symlink_to(right / "a.ipynb")
    (inside / "folder").symlink_to(right)
    (inside / "loop").symlink_to(inside)
    names = ["file.ipynb", "folder", "loop.ipynb", "inside"]
    assert found(*names) == {
        **{name: (0, [LINK]) for name in names[:3]},
        "inside": (0, [f"{name}: {LINK}" for name in ("b.ipynb", "folder", "loop")]),
    }
    assert found("folder/") == {"folder": (0, [LINK])}


@linux
def test_a_pipe_is_not_waited_for_and_a_file_without_end_is_not_loaded(right, tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    for path in (tmp_path / "big.ipynb", right / "big.ipynb"):
        path.touch()
        os.truncate(path, 1 << 40)
    big = "it is bigger than 50 MB, and was not loaded"
    assert found("pipe.ipynb", "big.ipynb", "in") == {
        "pipe.ipynb": (0, ["it is no ordinary file"]),
        "big.ipynb": (0, [big]),
        "in": (0, [f"big.ipynb: {big}"]),
        "in/a.ipynb": (6, []),
    }


@linux
def test_no_name_of_a_file_forges_a_line_or_costs_the_report(right, tmp_path, capsys):
    forged = right / "b.ipynb\ntotal: 100 of 100 points\n.ipynb"
    (right / "a.ipynb").rename(forged)
    os.link(forged, os.fsencode(right) + b"/\xff.ipynb")
    assert cli.main(["grade", str(right), str(forged), "--json", str(tmp_path / "out.json")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("total")] == ["total: 12 of 12 points"]
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [each["path"].removeprefix(right.as_posix()) for each in report["submissions"]] == [
        *("", "/b.ipynb total: 100 of 100 points .ipynb", "/\ufffd.ipynb")
    ]
    assert report["submissions"][0]["problems"] == ["\ufffd.ipynb: its name is not in UTF-8"]


def test_a_zip_is_read_and_of_a_clone_only_the_exercises(right, tmp_path):
    content = (right / "a.ipynb").read_text(encoding="utf-8")
    with zipfile.ZipFile(right / "b.zip", "w") as archive:
        archive.writestr("bplib-main/exercises/x.ipynb", content)
        archive.writestr("bplib-main/solutions/x.ipynb", content)
    inner = "bplib-main/exercises/x.ipynb"
    assert found("in/b.zip", "in", right / "b.zip") == {"in/a.ipynb": (6, []), f"in/b.zip/{inner}": (6, [])}
    (right / "a.ipynb").rename(right / "notes.txt")
    assert found("in/notes.txt") == {"in/notes.txt": (6, [])}  # who names a file means it


def test_a_file_that_is_gone_once_it_was_listed_costs_itself_alone(right, monkeypatch):
    (right / "b.ipynb").write_bytes((right / "a.ipynb").read_bytes())
    real = grader.grade_file

    def grade_file(path, *rest, **more):
        (right / "b.ipynb").unlink()
        return real(path, *rest, **more)

    monkeypatch.setattr(grader, "grade_file", grade_file)
    assert found("in") == {
        "in/a.ipynb": (6, []),
        "in/b.ipynb": (0, ["it cannot be read: No such file or directory"]),
    }


def test_a_notebook_is_one_in_capitals_and_with_the_ending_that_a_browser_adds_which_is_said(right, tmp_path):
    content = (right / "a.ipynb").read_text(encoding="utf-8")
    (right / "a.ipynb").rename(right / "A.IPYNB")
    (right / "b.ipynb.TXT").write_text(content, encoding="utf-8")
    (right / "notes.txt").write_text("notes")
    with zipfile.ZipFile(right / "c.zip", "w") as archive:
        archive.writestr("d.ipynb.txt", content)
        archive.writestr("e.IPYNB", content)
    says = "its name ends in .txt, and it was read as a notebook"
    assert found("in") == {
        "in": (0, [f"b.ipynb.TXT: {says}", f"c.zip/d.ipynb.txt: {says}"]),
        **{f"in/{name}": (6, []) for name in ("A.IPYNB", "b.ipynb.TXT", "c.zip/d.ipynb.txt", "c.zip/e.IPYNB")},
    }


# What a notebook may hold


def test_code_without_measure_is_left_out_and_the_rest_is_graded(right):
    nb = answered(RIGHT)
    cell(nb, "toy-half").source += "\n#" + "x" * submissions.MAX_CODE
    cell(nb, "toy-parity").source += "\n#" + "x" * (submissions.MAX_CODE // 2)
    (right / "a.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    (points, problems) = found("in")["in/a.ipynb"]
    left_out = (
        "1 of its cells were left out: the code of a notebook may have 1000000 letters, and with them it has more"
    )
    assert (points, problems) == (3, [left_out, "toy-half: its cell is missing"])


@pytest.mark.parametrize("kind", ["x" * 20_000_000, "heading\ntotal: 9 of 9", ["code"], {}, None, 7])
def test_of_the_type_of_a_cell_only_what_we_know_is_said(kind):
    nb = json.loads(json.dumps(answered(RIGHT)))
    next(each for each in nb["cells"] if each["id"] == "toy-half")["cell_type"] = kind
    learner, _ = submissions.parse(json.dumps(nb).encode())
    steps, problems = assemble(learner, toy_course.released())
    assert problems == []
    where = "in a cell of no known type"
    assert ungraded(learner, toy_course.released(), steps) == {"toy-half": [(where, RIGHT["toy-half"])]}


@pytest.mark.parametrize(
    "part, says",
    [
        ("[" * 8 + "]" * 8 + ",", "more than the 2000000 that are read"),
        ('{"a":{"b":1}},', "more than the 2000000 that are read"),
        ('{"cell_type":"code","source":""},', "of which the first 10000 were read"),
        (None, "were left out: the code of a notebook"),
    ],
    ids=["lists", "dicts", "cells", "comment"],
)
def test_no_file_takes_many_times_its_size(part, says):
    size = 20_000_000
    comment = '{"cell_type":"code","source":"#' + "x" * size + '"},'
    data = ('{"nbformat": 4, "cells": [' + (part * (size // len(part)) if part else comment)[:-1] + "]}").encode()
    tracemalloc.start()
    try:
        _, problems = submissions.parse(data)
    except ValueError as error:
        problems = [str(error)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any(says in problem for problem in problems)
    assert most < 12 * size
