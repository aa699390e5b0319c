"""Promise: a newer version of the course keeps what a learner has written, however it arrives, and loses nothing."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import toy_course
import toy_problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from bplib import cli
from bplib.course import files, progress
from bplib.course.notebooks import canonical, releases, updating
from bplib.course.notebooks.grafting import graft

NAME = toy_course.NAME
SECOND, THIRD = "78_more.ipynb", "78b_rest.ipynb"
MINE = {"toy-double": "def double(x):\n    return x + x", "toy-half": "def half(x):\n    return 0.5 * x"}


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    toy_problems.register()
    yield
    toy_problems.unregister()


def solution(*ids, title="# Toys"):
    """The solution of a version of the course that has these exercises."""
    nb = toy_course.solution()
    left_out = {"toy-double", "toy-half", "toy-parity"} - set(ids)
    nb.cells = [cell for cell in nb.cells if cell.id.removesuffix("-check") not in left_out]
    nb.cells[0].source = title
    return nb


def old_solution():
    return solution("toy-double", "toy-half")


def new_solution():
    """In the new version a task reads differently, one exercise is new and one is gone."""
    return solution("toy-double", "toy-parity", title="# Toys, told anew")


def released(nb):
    return releases.release(canonical.canonical(nb))


def make(folder, nb):
    """A course folder with this one lesson."""
    for name in ("notebooks", "solutions", "exercises"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    files.write(folder / "solutions" / NAME, canonical.text(canonical.canonical(nb)))
    files.write(folder / "notebooks" / NAME, canonical.text(canonical.canonical(nb)))
    releases.release_all(folder)
    return folder


def work(folder, answers=MINE, note="my note"):
    """Answer as a person does in JupyterLab: answers, outputs, a note and a cell of one's own."""
    path = folder / "exercises" / NAME
    nb = canonical.read(path)
    ids = {cell.id for cell in nb.cells}
    nb = toy_course.answered({id: answers[id] for id in answers.keys() & ids}, nb)
    for count, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            cell.execution_count = count + 1
            cell.outputs = [new_output("stream", text="an output\n")]
    at = [cell.id for cell in nb.cells].index("toy-double") + 1
    nb.cells[at:at] = [new_markdown_cell(note), new_code_cell("double(4)", id="3f9a0c1d")]
    nb.metadata["kernelspec"]["name"] = "my-env"
    path.write_text(canonical.text(nb), encoding="utf-8")
    return path.read_bytes()


def sources(nb):
    return [cell.source for cell in nb.cells]


def copies(folder):
    """The bytes of the dated copies in the exercises."""
    return [path.read_bytes() for path in sorted((folder / "exercises").iterdir()) if files.is_set_aside(path)]


def holds_my_work(folder):
    nb = canonical.read(folder / "exercises" / NAME)
    text = sources(nb)
    assert text[0] == "# Toys, told anew"
    assert toy_course.cell(nb, "toy-double").source == MINE["toy-double"]
    assert "NotImplementedError" in toy_course.cell(nb, "toy-parity").source
    assert text.index("my note") == text.index(MINE["toy-double"]) + 1
    assert "double(4)" in text
    assert MINE["toy-half"] in text, "the answer to an exercise that is gone"
    assert 'check("toy-half", half)' not in text
    return True


# One notebook


def test_the_answers_stand_in_the_new_release_with_the_learners_own_cells_where_they_stood():
    learner = toy_course.answered(MINE, released(old_solution()))
    at = [cell.id for cell in learner.cells].index("toy-half-check") + 1
    picture = {"a.png": {"image/png": "iVBORw0KGgo="}}
    learner.cells[at:at] = [new_markdown_cell("a thought", attachments=picture), new_code_cell("half(3)", id="own")]
    learner.cells.insert(0, new_markdown_cell("by me"))
    new = released(solution("toy-double", "toy-half", "toy-parity", title="# Toys, told anew"))
    nb = graft(learner, new, released(old_solution()))
    ids = [cell.id for cell in new.cells]
    at = ids.index("toy-half-check") + 1
    expected = [toy_course.cell(learner, id).source if id in MINE else toy_course.cell(new, id).source for id in ids]
    assert sources(nb) == ["by me", *expected[:at], "a thought", "half(3)", *expected[at:]]
    assert next(cell for cell in nb.cells if cell.source == "a thought").attachments == picture
    assert toy_course.cell(nb, "own").source == "half(3)"


def test_what_the_learner_has_not_touched_is_that_of_the_new_release():
    old, new = released(old_solution()), released(old_solution())
    toy_course.cell(new, "toy-half").source = "def half(x):\n    raise NotImplementedError()"
    toy_course.cell(new, "setup").source += "\nimport math"
    nb = graft(toy_course.answered({"toy-double": "def double(x):\n    return 2 * x"}, old), new, old)
    assert toy_course.cell(nb, "toy-double").source.endswith("return 2 * x")
    assert [cell.id for cell in nb.cells] == [cell.id for cell in new.cells]
    for id in ("toy-half", "setup", "title"):
        assert toy_course.cell(nb, id).source == toy_course.cell(new, id).source


def test_a_given_cell_that_the_learner_has_changed_is_kept_before_the_given_one():
    old, new = released(old_solution()), released(new_solution())
    learner = toy_course.answered({"setup": "import math", "title": "# Mine", "toy-double-check": "print(double)"}, old)
    text = sources(graft(learner, new, old))
    assert text[:2] == ["# Mine", "# Toys, told anew"]
    assert text.index("import math") == text.index(toy_course.cell(new, "setup").source) - 1
    assert text.index("print(double)") == text.index('check("toy-double", double)') - 1


def test_without_the_old_release_an_older_task_goes_and_changed_code_stays():
    learner = toy_course.answered({"setup": "import math"}, released(old_solution()))
    text = sources(graft(learner, released(new_solution())))
    assert text[:2] == ["# Toys, told anew", "import math"]
    assert "# Toys" not in text and not any("def half" in source for source in text)


def test_an_exercise_that_is_called_otherwise_now_is_found_by_what_it_defines():
    old, new = released(old_solution()), released(solution("toy-double"))
    cell = toy_course.cell(new, "toy-double")
    cell.id = cell.metadata.nbgrader.grade_id = "twice"
    nb = graft(toy_course.answered(MINE, old), new, old)
    assert toy_course.cell(nb, "twice").source == MINE["toy-double"]
    assert sources(nb).count(MINE["toy-double"]) == 1


def test_a_cell_whose_id_an_editor_has_changed_or_dropped_is_known_all_the_same():
    old, new = released(old_solution()), released(new_solution())
    learner = toy_course.answered(MINE, old)
    for number, cell in enumerate(learner.cells):
        cell.id = f"0000000{number}"
    assert toy_course.cell(graft(learner, new, old), "toy-double").source == MINE["toy-double"]
    for cell in learner.cells:
        del cell["id"]
        cell.metadata.clear()
    nb = graft(learner, new, old)
    assert toy_course.cell(nb, "toy-double").source == MINE["toy-double"]
    assert sources(nb).count(toy_course.cell(new, "setup").source) == 1


def test_two_cells_for_one_answer_and_a_copy_of_a_given_cell_are_all_kept_in_order():
    old = released(old_solution())
    learner = toy_course.answered({"toy-double": "def helper(x):\n    return x"}, old)
    second = toy_course.cell(toy_course.answered(MINE, old), "toy-double")
    second.id = "11111111"
    at = [cell.id for cell in learner.cells].index("toy-double") + 1
    setup = toy_course.cell(old, "setup").source
    learner.cells[at:at] = [second, new_code_cell(setup, id="22222222"), new_code_cell("last", id="33333333")]
    text = sources(graft(learner, released(new_solution()), old))
    at = text.index("def helper(x):\n    return x")
    assert text[at : at + 4] == ["def helper(x):\n    return x", MINE["toy-double"], setup, "last"]


def test_an_answer_cell_that_was_turned_into_text_is_kept():
    old = released(old_solution())
    learner = toy_course.answered(MINE, old)
    toy_course.cell(learner, "toy-double").cell_type = "markdown"
    text = sources(graft(learner, released(new_solution()), old))
    assert MINE["toy-double"] in text


def test_a_grafted_notebook_is_valid_and_grafting_it_again_changes_nothing():
    old, new = released(old_solution()), released(new_solution())
    learner = toy_course.answered({**MINE, "setup": "import math"}, old)
    learner.cells += [new_code_cell("1", id="setup"), new_code_cell("2", id="own-1"), new_code_cell("3", id="own-1")]
    nb = graft(learner, new, old)
    nbformat.validate(nb)
    assert len({cell.id for cell in nb.cells}) == len(nb.cells)
    for base in (None, new):
        assert graft(nb, new, base) == nb


# A copy beside the old one, as from a ZIP


@pytest.fixture
def old(tmp_path):
    return make(tmp_path / "old", old_solution())


@pytest.fixture
def new(tmp_path, monkeypatch):
    folder = make(tmp_path / "new", new_solution())
    monkeypatch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
    monkeypatch.chdir(folder)
    return folder


def everything(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_answers_of_an_older_copy_come_into_the_new_one_with_a_dated_copy_and_progress(old, new, capsys):
    mine = work(old)
    (old / ".progress.json").write_text(json.dumps({"exercises": {"toy-double": "passed", "toy-half": "not yet"}}))
    before = everything(old)
    assert cli.main(["update", str(old)]) == 0
    assert holds_my_work(new)
    assert copies(new) == [mine]
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"exercises/{NAME} is of this version and holds your answers; what was there is in 77_toy.2")
    assert progress.statuses() == {"toy-double": "passed", "toy-half": "not yet"}
    assert everything(old) == before


def test_a_second_run_finds_nothing_to_do(old, new, capsys):
    work(old)
    cli.main(["update", str(old)])
    before = everything(new)
    capsys.readouterr()
    for arguments in (["update", str(old)], ["update"]):
        assert cli.main(arguments) == 0
        assert capsys.readouterr().out.startswith("exercises/ is up to date")
    assert everything(new) == before


def test_work_that_was_done_in_the_new_copy_meanwhile_is_never_replaced(old, new, capsys):
    mine = work(old)
    work(new, {"toy-double": "def double(x):\n    return 3 * x"}, "newer")
    newer = everything(new)
    assert cli.main(["update", str(old)]) == 0
    assert newer.items() <= everything(new).items()
    assert copies(new) == [mine]
    assert "holds work already and was kept; the older is in" in capsys.readouterr().out
    cli.main(["update", str(old)])
    assert copies(new) == [mine]


def test_where_the_exercise_has_not_changed_the_learners_file_comes_as_it_is(tmp_path, new):
    same = make(tmp_path / "same", new_solution())
    mine = work(same)
    assert cli.main(["update", str(same)]) == 0
    assert (new / "exercises" / NAME).read_bytes() == mine and copies(new) == []


def test_an_exercise_nobody_has_touched_is_the_new_one(old, new, capsys):
    before = everything(new)
    assert cli.main(["update", str(old)]) == 0
    assert everything(new) == before
    assert capsys.readouterr().out == f"exercises/ is up to date; {old} holds no answers that are not here\n"


def test_own_files_and_answers_to_a_lesson_that_is_gone_come_along(old, new):
    (old / "exercises" / "deep").mkdir()
    (old / "exercises" / "deep" / "notes.txt").write_text("deep")
    (old / "exercises" / "77_toy.2026-01-01T10-00-00.ipynb").write_text("an older copy")
    (old / "exercises" / ".ipynb_checkpoints").mkdir()
    (old / "exercises" / ".ipynb_checkpoints" / NAME).write_text("{}")
    for name in ("70_gone.ipynb", "71_untouched.ipynb"):
        for folder in (old / "exercises", old / "bplib" / "course" / "released"):
            (folder / name).write_text("released")
    (old / "exercises" / "70_gone.ipynb").write_text("answers")
    before = set(everything(new))
    for _ in range(2):
        assert cli.main(["update", str(old)]) == 0
    came = {path.as_posix() for path in set(everything(new)) - before}
    assert came == {
        "exercises/deep/notes.txt",
        "exercises/77_toy.2026-01-01T10-00-00.ipynb",
        "exercises/70_gone.ipynb",
    }


def split(folder):
    """A version in which the lesson has become two, each with one of its exercises."""
    for name in ("notebooks", "solutions", "exercises"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "solutions" / NAME).unlink(missing_ok=True)
    for name, id in ((SECOND, "toy-double"), (THIRD, "toy-half")):
        nb = solution(id, title="# Half of it")
        files.write(folder / "solutions" / name, canonical.text(canonical.canonical(nb)))
    releases.release_all(folder)
    return folder


def holds_split_answers(folder):
    for name, id in ((SECOND, "toy-double"), (THIRD, "toy-half")):
        nb = canonical.read(folder / "exercises" / name)
        assert sources(nb)[0] == "# Half of it" and toy_course.cell(nb, id).source == MINE[id]
    return True


def test_answers_to_a_lesson_that_has_become_two_are_in_both_and_the_old_file_stays(old, tmp_path, monkeypatch, capsys):
    mine, folder = work(old), split(tmp_path / "split")
    monkeypatch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
    monkeypatch.chdir(folder)
    assert cli.main(["update", str(old)]) == 0
    assert holds_split_answers(folder) and (folder / "exercises" / NAME).read_bytes() == mine
    assert f"exercises/{THIRD} holds your answers to toy-half from {NAME}, which stays" in capsys.readouterr().out
    before = everything(folder)
    assert cli.main(["update"]) == 0
    assert capsys.readouterr().out == "exercises/ is up to date\n" and everything(folder) == before


def test_what_was_answered_anew_in_one_of_the_two_is_not_replaced_and_a_stub_is_no_answer(
    old, tmp_path, monkeypatch, capsys
):
    work(old, {"toy-double": MINE["toy-double"]})
    folder = split(tmp_path / "split")
    monkeypatch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
    monkeypatch.chdir(folder)
    path = folder / "exercises" / SECOND
    newer = toy_course.answered({"toy-double": "def double(x):\n    return 3 * x"}, canonical.read(path))
    path.write_text(canonical.text(newer), encoding="utf-8")
    before = everything(folder)
    assert cli.main(["update", str(old)]) == 0
    assert before.items() <= everything(folder).items()


def test_an_own_file_that_is_another_in_the_new_copy_is_laid_beside_it(old, new):
    (old / "exercises" / "notes.txt").write_text("old")
    (new / "exercises" / "notes.txt").write_text("new")
    for _ in range(2):
        assert cli.main(["update", str(old)]) == 0
    assert (new / "exercises" / "notes.txt").read_text() == "new"
    assert copies(new) == [b"old"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "half a note",
        "[]",
        '{"nbformat": 4, "cells": null, "metadata": {}}',
        '{"nbformat": 4, "cells": ["x", 3], "metadata": {}}',
        '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x", "metadata": null}], "metadata": {}}',
        '{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1, "metadata": {}}], "metadata": {}}',
        '{"nbformat": 99, "cells": []}',
    ],
)
def test_a_file_that_is_no_notebook_is_laid_beside_the_new_one_and_the_others_come(content, old, new, capsys):
    (old / "exercises" / NAME).write_text(content)
    (old / "exercises" / "notes.txt").write_text("mine")
    assert cli.main(["update", str(old)]) == 1
    assert copies(new) == [content.encode()]
    assert (new / "exercises" / "notes.txt").exists()
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"exercises/{NAME} of the older copy was laid beside it as" in error


@pytest.mark.parametrize("stop", range(1, 4))
def test_a_run_that_was_stopped_loses_nothing_and_the_next_one_ends_it(old, new, monkeypatch, stop):
    mine = work(old)
    (old / ".progress.json").write_text(json.dumps({"exercises": {"toy-double": "passed"}}))
    pristine = (new / "exercises" / NAME).read_bytes()
    real, calls = os.replace, []

    def replace(*arguments):
        calls.append(arguments)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        cli.main(["update", str(old)])
    assert (old / "exercises" / NAME).read_bytes() == mine
    assert (new / "exercises" / NAME).read_bytes() == pristine or holds_my_work(new)
    monkeypatch.setattr(os, "replace", real)
    assert cli.main(["update", str(old)]) == 0
    assert holds_my_work(new) and copies(new) == [mine] and progress.statuses() == {"toy-double": "passed"}
    assert not list(new.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nowhere", "nowhere holds no exercises/; give the folder of the older copy of the course"),
        ("../old/exercises", "holds no exercises/"),
        (".", ". is this very folder; give that of the older copy, or none"),
    ],
)
def test_a_wrong_folder_is_an_error_of_one_line(given, says, old, new, capsys):
    before = everything(new)
    assert cli.main(["update", given]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and says in error
    assert everything(new) == before


def test_outside_of_the_course_it_says_where_to_go(old, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["update", str(old)]) == 1
    assert "is not in a folder of the course; go to the one that is to be up to date" in capsys.readouterr().err


def test_the_bplib_of_the_old_copy_does_not_update_the_new_one(old, new, monkeypatch, capsys):
    work(old)
    before = everything(new)
    monkeypatch.setattr(releases, "RELEASED", old / "bplib" / "course" / "released")
    assert cli.main(["update", str(old)]) == 1
    assert f"bplib comes from {old} and not from {new}" in capsys.readouterr().err
    assert everything(new) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("how", ["ids twice", "no ids", "keys of another editor", "nbformat 3", "a byte order mark"])
def test_a_notebook_that_another_editor_has_written_comes_too_and_a_second_run_does_nothing(how, old, new, capsys):
    work(old)
    path = old / "exercises" / NAME
    nb = json.loads(path.read_text(encoding="utf-8"))
    if how == "ids twice":
        nb["cells"] += [{**cell, "source": "again"} for cell in nb["cells"] if "double(4)" in cell["source"]] * 2
    elif how == "no ids":
        nb["nbformat_minor"] = 4
        nb["cells"] = [{key: value for key, value in cell.items() if key != "id"} for cell in nb["cells"]]
    elif how == "keys of another editor":
        nb["cells"] = [{**cell, "editor": {"color": 3}} for cell in nb["cells"]]
    elif how == "nbformat 3":
        nb = json.loads(nbformat.v3.writes_json(nbformat.convert(canonical.read(path), 3)))
    path.write_text(json.dumps(nb), encoding="utf-8-sig" if how == "a byte order mark" else "utf-8")
    assert cli.main(["update", str(old)]) == 0
    assert holds_my_work(new)
    nbformat.validate(nbformat.read(new / "exercises" / NAME, 4))
    capsys.readouterr()
    before = everything(new)
    assert cli.main(["update", str(old)]) == 0
    assert cli.main(["update"]) == 0
    assert everything(new) == before and capsys.readouterr().out.count("is up to date") == 2


# In place


def test_old_exercises_that_were_copied_over_the_new_ones_are_brought_up_to_date(old, new):
    mine = work(old)
    shutil.copy(old / "exercises" / NAME, new / "exercises" / NAME)
    assert cli.main(["update"]) == 0
    assert holds_my_work(new) and copies(new) == [mine]


def test_an_exercise_of_this_version_is_left_as_it_is_with_its_outputs(new, capsys):
    work(new)
    nb = canonical.read(new / "exercises" / NAME)
    nb.cells.append(new_code_cell("", id="44444444"))  # as Shift+Enter leaves it
    (new / "exercises" / NAME).write_text(canonical.text(nb), encoding="utf-8")
    mine = (new / "exercises" / NAME).read_bytes()
    assert cli.main(["update"]) == 0
    assert (new / "exercises" / NAME).read_bytes() == mine
    assert capsys.readouterr().out == "exercises/ is up to date\n"


def test_a_file_in_place_that_is_no_notebook_is_named_and_left(new, capsys):
    (new / "exercises" / NAME).write_text("half a note")
    assert cli.main(["update"]) == 1
    assert (new / "exercises" / NAME).read_text() == "half a note"
    assert f"exercises/{NAME} was left as it is: it holds no notebook" in capsys.readouterr().err


# By git

with_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on this machine")
AUTHOR = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]


def git(folder, *arguments, fails=False):
    # The settings of whoever runs the tests must not decide, and a learner may have set none.
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8")
    assert fails is None or (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def commit(folder, message):
    git(folder, "add", "--all")
    git(folder, *AUTHOR, "commit", "--quiet", "-m", message)


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A learner's clone of the old version; the new one is published already."""
    upstream = make(tmp_path / "upstream", old_solution())
    shutil.copy(Path(__file__).resolve().parents[2] / ".gitignore", upstream)
    git(upstream, "init", "--quiet")
    commit(upstream, "the old version")
    git(tmp_path, "clone", "--quiet", str(upstream), "clone")
    make(upstream, new_solution())
    commit(upstream, "the new version")
    folder = tmp_path / "clone"
    monkeypatch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
    monkeypatch.chdir(folder)
    return folder


def test_the_readme_says_the_commands_that_are_tested_here():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert "`git pull --no-rebase --autostash`, `python -m uv sync`, `python -m uv run bplib update`" in readme
    assert "`python -m uv run bplib update OLD_FOLDER`" in readme


@with_git
def test_after_a_pull_as_the_readme_says_it_the_answers_stand_in_the_new_version(clone, capsys):
    mine = work(clone)
    git(clone, "pull", "--no-rebase", "--autostash")
    assert "<<<<<<<" in (clone / "exercises" / NAME).read_text(encoding="utf-8")
    assert cli.main(["update"]) == 0
    assert holds_my_work(clone) and copies(clone) == [mine]
    assert git(clone, "ls-files", "--unmerged") == ""
    assert [line.split()[-1] for line in git(clone, "status", "--short").splitlines()] == [f"exercises/{NAME}"]
    capsys.readouterr()
    before = everything(clone / "exercises")
    assert cli.main(["update"]) == 0
    assert capsys.readouterr().out == "exercises/ is up to date\n" and everything(clone / "exercises") == before
    git(clone, "pull", "--no-rebase", "--autostash")


@with_git
@pytest.mark.parametrize("how", ["--no-rebase", "--rebase"])
def test_answers_that_were_committed_come_through_a_merge_and_a_rebase(clone, how, capsys):
    mine = work(clone)
    commit(clone, "my answers")
    git(clone, *AUTHOR, "pull", how, fails=True)
    assert cli.main(["update"]) == 0
    assert holds_my_work(clone) and copies(clone) == [mine]
    merging = how == "--no-rebase"
    assert ("`git commit` ends the merge" in capsys.readouterr().out) == merging
    git(clone, *AUTHOR, *(["commit", "--no-edit"] if merging else ["rebase", "--continue"]))
    assert holds_my_work(clone) and git(clone, "status", "--short") == ""


@with_git
def test_a_pull_without_conflict_leaves_nothing_to_do(clone, capsys):
    git(clone, "pull", "--no-rebase", "--autostash")
    assert cli.main(["update"]) == 0
    assert capsys.readouterr().out == "exercises/ is up to date\n"


@with_git
def test_a_lesson_that_was_run_is_the_new_one_and_the_learners_is_kept_beside_it(clone, capsys):
    path = clone / "notebooks" / NAME
    nb = canonical.read(path)
    nb.cells[0].source = "# Toys, with my remarks"
    path.write_text(canonical.text(nb), encoding="utf-8")
    mine = path.read_bytes()
    git(clone, "pull", "--no-rebase", "--autostash")
    assert cli.main(["update"]) == 0
    assert path.read_bytes() == (clone.parent / "upstream" / "notebooks" / NAME).read_bytes()
    kept = [other.read_bytes() for other in path.parent.iterdir() if files.is_set_aside(other)]
    assert kept == [mine]
    assert git(clone, "status", "--short") == ""


@with_git
def test_a_conflict_that_was_mended_by_hand_is_taken_as_it_was_mended(clone):
    work(clone)
    git(clone, "pull", "--no-rebase", "--autostash")
    shutil.copy(releases.RELEASED / NAME, clone / "exercises" / NAME)
    by_hand = work(clone, {"toy-double": "def double(x):\n    return 4 * x"}, "by hand")
    assert cli.main(["update"]) == 0
    assert (clone / "exercises" / NAME).read_bytes() == by_hand
    assert git(clone, "ls-files", "--unmerged") == ""


@with_git
def test_marks_of_a_conflict_between_which_somebody_has_written_are_kept_too(clone):
    mine = work(clone)
    git(clone, "pull", "--no-rebase", "--autostash")
    path = clone / "exercises" / NAME
    path.write_text(path.read_text(encoding="utf-8") + "something else\n", encoding="utf-8")
    half = path.read_bytes()
    assert cli.main(["update"]) == 0
    assert holds_my_work(clone) and sorted(copies(clone)) == sorted([mine, half])


@with_git
def test_answers_to_a_lesson_that_is_gone_stay(clone):
    mine = work(clone)
    upstream = clone.parent / "upstream"
    (upstream / "solutions" / NAME).rename(upstream / "solutions" / SECOND)
    releases.release_all(upstream)
    commit(upstream, "another lesson")
    git(clone, "-c", "merge.renames=false", "pull", "--no-rebase", "--autostash")
    assert cli.main(["update"]) == 0
    assert mine in [path.read_bytes() for path in (clone / "exercises").iterdir()]
    assert git(clone, "ls-files", "--unmerged") == ""


@with_git
@pytest.mark.parametrize("renames", ["true", "false"])
def test_after_a_pull_a_lesson_that_has_become_two_has_the_answers_in_both(clone, renames):
    work(clone)
    upstream = split(clone.parent / "upstream")
    commit(upstream, "two lessons")
    git(clone, "-c", f"merge.renames={renames}", "pull", "--no-rebase", "--autostash", fails=None)
    assert cli.main(["update"]) == 0
    assert holds_split_answers(clone)
    assert git(clone, "ls-files", "--unmerged") == ""
    texts = [path.read_text(encoding="utf-8") for path in (clone / "exercises").iterdir()]
    assert any("my note" in text for text in texts)
    before = everything(clone / "exercises")
    assert cli.main(["update"]) == 0 and everything(clone / "exercises") == before


@with_git
def test_a_conflict_in_another_file_is_left_to_the_learner(clone, capsys):
    upstream = clone.parent / "upstream"
    (upstream / "bplib" / "a.py").write_text("a = 1\n")
    commit(upstream, "a module")
    (clone / "bplib" / "a.py").write_text("a = 2\n")
    commit(clone, "mine")
    git(clone, *AUTHOR, "pull", "--no-rebase", fails=True)
    torn = (clone / "bplib" / "a.py").read_bytes()
    assert cli.main(["update"]) == 1
    assert "bplib/a.py is in conflict, and is no notebook" in capsys.readouterr().err
    assert (clone / "bplib" / "a.py").read_bytes() == torn


@with_git
def test_a_pull_that_was_stopped_between_the_file_and_git_is_ended_by_the_next_run(clone, monkeypatch):
    mine = work(clone)
    git(clone, "pull", "--no-rebase", "--autostash")

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(updating, "settle", stop)
        with pytest.raises(KeyboardInterrupt):
            cli.main(["update"])
    assert holds_my_work(clone)
    assert cli.main(["update"]) == 0
    assert holds_my_work(clone) and copies(clone) == [mine] and git(clone, "ls-files", "--unmerged") == ""
