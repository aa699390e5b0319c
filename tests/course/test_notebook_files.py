"""Promise: notebooks have one form, exercises follow from solutions, and a fresh start loses nobody's work."""

import copy
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import toy_course
import toy_problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bplib import cli
from bplib.course import files
from bplib.course.notebooks import canonical, releases
from bplib.course.problems import PROBLEMS

PNG = "iVBORw0KGgo=\n"


@pytest.fixture(autouse=True)
def toys():
    toy_problems.register()
    yield
    toy_problems.unregister()


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = toy_course.make(tmp_path)
    monkeypatch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
    monkeypatch.chdir(folder)
    return folder


def code(source="x = 1", id="a-cell", **more):
    return new_code_cell(source, id=id, **more)


def stored(outputs, **more):
    """The outputs of a cell after the canonical form."""
    nb = new_notebook(cells=[code(outputs=outputs, **more)])
    return canonical.canonical(nb).cells[0].outputs


def messy():
    """A notebook as JupyterLab may leave it."""
    view = "application/vnd.jupyter.widget-view+json"
    nb = new_notebook(
        metadata={
            "kernelspec": {"name": "my-env", "display_name": "Mine", "language": "python"},
            "language_info": {"name": "python", "version": "3.99"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
            "toc": 3,
        },
        cells=[
            new_markdown_cell("# Größe  \nof ∂L/∂w \n\n", id="top", metadata={"slideshow": 1, "tags": []}),
            code(
                "slider  \n\n",
                "slider",
                execution_count=17,
                metadata={"tags": ["b", "a"], "execution": {"iopub.execute_input": "2026-01-01"}, "collapsed": True},
                outputs=[
                    new_output("display_data", {view: {"model_id": "f00"}}),
                    new_output("display_data", {view: {"model_id": "f00"}, "text/html": "<p>x</p>", "image/png": PNG}),
                ],
            ),
            code("", "nothing"),
            code(
                "1 + 1",
                "sum",
                execution_count=3,
                outputs=[
                    new_output(
                        "execute_result", {"text/plain": "2"}, execution_count=3, metadata={"bplib": {"id": "x"}}
                    )
                ],
            ),
        ],
    )
    nb.nbformat_minor = 5
    return nb


# The canonical form


def test_the_canonical_form_keeps_what_a_reader_sees_and_drops_the_rest():
    nb = canonical.canonical(messy())
    assert nb.metadata == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert (nb.nbformat, nb.nbformat_minor) == (4, 5)
    title, slider, nothing, total = nb.cells
    assert title == {"cell_type": "markdown", "id": "top", "metadata": {}, "source": "# Größe\nof ∂L/∂w"}
    assert slider.metadata == {"tags": ["a", "b"]}
    assert slider.source == "slider"
    assert [output.data for output in slider.outputs] == [{"text/html": "<p>x</p>", "image/png": PNG}]
    assert (slider.execution_count, nothing.execution_count, total.execution_count) == (1, None, 2)
    assert total.outputs[0].execution_count == 2
    assert total.outputs[0].metadata == {}


def test_the_canonical_form_of_the_canonical_form_is_itself_also_through_a_file(tmp_path):
    once = canonical.text(canonical.canonical(messy()))
    files.write(tmp_path / "a.ipynb", once)
    assert canonical.text(canonical.canonical(canonical.read(tmp_path / "a.ipynb"))) == once


def test_making_the_canonical_form_leaves_the_notebook_as_it_is():
    nb = messy()
    before = copy.deepcopy(nb)
    canonical.canonical(nb)
    assert nb == before


def test_the_stored_text_is_readable_and_ends_in_one_newline():
    content = canonical.text(canonical.canonical(messy()))
    assert "Größe" in content and "∂L/∂w" in content
    assert content.endswith("}\n") and not content.endswith("\n\n")
    assert '\n "cells"' in content


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")
def test_ruff_format_changes_no_byte_of_the_canonical_form_but_the_code(tmp_path):
    path = tmp_path / "a.ipynb"
    formatted = canonical.canonical(messy())
    formatted.cells += canonical.canonical(toy_course.solution()).cells
    formatted.cells[1].source = "x = 1"
    ugly = copy.deepcopy(formatted)
    ugly.cells[1].source = "x=1"  # so that ruff writes the file
    files.write(path, canonical.text(ugly))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--isolated", path], check=True, capture_output=True)
    assert path.read_text(encoding="utf-8") == canonical.text(formatted)


def test_adjacent_streams_of_one_name_are_one():
    streams = [new_output("stream", name=name, text=text) for name, text in (("stdout", "a\n"), ("stdout", "b\n"))]
    other = new_output("stream", name="stderr", text="c\n")
    assert [(o.name, o.text) for o in stored([*streams, other])] == [("stdout", "a\nb\n"), ("stderr", "c\n")]


def test_a_traceback_keeps_the_frames_of_cells_and_no_path_of_a_machine():
    parts = [
        "-----",
        "\x1b[32mCell In[3], line 1\x1b[0m\n----> 1 f()",
        "\x1b[36mFile \x1b[39m~/x/losses.py:3\n",
        "ValueError: no",
    ]
    output = new_output("error", ename="ValueError", evalue="no", traceback=parts)
    assert stored([output])[0].traceback == [parts[0], parts[1], parts[3]]


def test_a_cell_with_outputs_counts_as_run():
    assert stored([new_output("stream", name="stdout", text="a")])
    nb = canonical.canonical(new_notebook(cells=[code(outputs=[new_output("stream", name="stdout", text="a")])]))
    assert nb.cells[0].execution_count == 1


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (["1a2b3c4d"], "random id '1a2b3c4d'"),
        (["0c5b0f0e-6a66-4b53-9bb2-0b5a4b1b8a51"], "random id"),
        (["Plot"], "only a-z, 0-9 and -"),
        (["same", "same"], "of a cell above it"),
        ([""], "has no id"),
    ],
)
def test_a_cell_without_a_good_name_is_refused_with_the_way_to_mend_it(ids, says):
    nb = new_notebook(cells=[code("import numpy as np", f"cell-{number}") for number in range(len(ids))])
    for cell, id in zip(nb.cells, ids, strict=True):
        cell.id = id
    with pytest.raises(ValueError, match=re.escape(says)) as error:
        canonical.canonical(nb)
    assert f"cell {len(ids)} (code: import numpy as np)" in str(error.value)
    assert '"id": "plot-the-loss"' in str(error.value)


def test_all_cells_without_a_good_name_are_refused_at_once_and_before_anything_runs(tmp_path):
    nb = new_notebook(cells=[code("1 / 0", "1a2b3c4d"), code("y = 2", "fine"), new_markdown_cell("Why", id="5e6f7a8b")])
    with pytest.raises(ValueError) as error:
        canonical.run(nb, tmp_path)
    assert str(error.value) == (
        "cell 1 (code: 1 / 0) has the random id '1a2b3c4d'; cell 3 (markdown: Why) has the random id '5e6f7a8b'; "
        'name each in the file, as in "id": "plot-the-loss"'
    )


# The marks of exercises


def test_answers_and_checks_get_the_nbgrader_block_and_nothing_else_does():
    nb = canonical.canonical(toy_course.solution())
    blocks = {cell.id: cell.metadata.nbgrader for cell in nb.cells if "nbgrader" in cell.metadata}
    assert set(blocks) == {id + end for id in toy_problems.TOYS for end in ("", "-check")}
    same = {"schema_version": 3}
    assert blocks["toy-half"] == {"grade": False, "solution": True, "locked": False, "grade_id": "toy-half", **same}
    assert blocks["toy-half-check"] == {
        "grade": True,
        "solution": False,
        "locked": True,
        "grade_id": "toy-half-check",
        "points": 3,
        **same,
    }


def test_a_block_typed_by_hand_is_written_anew():
    nb = toy_course.solution()
    toy_course.cell(nb, "setup").metadata["nbgrader"] = {"grade_id": "setup"}
    toy_course.cell(nb, "toy-half-check").metadata["nbgrader"] = {"points": 99}
    assert canonical.canonical(nb) == canonical.canonical(toy_course.solution())


def test_a_check_of_an_unknown_exercise_is_refused():
    with pytest.raises(ValueError, match="'toy-duoble', which is no exercise"):
        canonical.canonical(new_notebook(cells=[code('check("toy-duoble", f)')]))


def test_a_check_is_alone_in_its_cell():
    with pytest.raises(ValueError, match="belongs in the cell 'toy-half-check'"):
        canonical.canonical(new_notebook(cells=[code('half = 1\ncheck("toy-half", half)', "toy-half")]))


def test_a_lesson_may_show_a_check_without_being_an_exercise():
    nb = canonical.canonical(new_notebook(cells=[code('check("toy-half", lambda x: x)', "wrong-on-purpose")]))
    assert nb.cells[0].metadata == {}


# Exercises from solutions


def test_the_exercise_is_the_solution_with_stubs_and_without_outputs():
    nb = canonical.canonical(toy_course.solution())
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.outputs = [new_output("stream", name="stdout", text="a")]
    exercise = releases.release(nb)
    stub = 'def half(x):\n    """Answer."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    assert toy_course.cell(exercise, "toy-half").source == stub
    assert [cell.id for cell in exercise.cells] == [cell.id for cell in nb.cells if cell.id != "why"]
    assert all(cell.execution_count is None and not cell.outputs for cell in exercise.cells if "outputs" in cell)
    untouched = [cell.id for cell in exercise.cells if cell.id not in toy_problems.TOYS]
    for id in untouched:
        assert toy_course.cell(exercise, id).source == toy_course.cell(nb, id).source
        assert toy_course.cell(exercise, id).metadata == toy_course.cell(nb, id).metadata


def test_hidden_tests_are_removed_and_each_solution_becomes_a_stub_at_its_indent():
    source = (
        "a = 1\n### BEGIN SOLUTION\na = 2\n### END SOLUTION\nif a:\n        # BEGIN SOLUTION\n        b\n\n"
        "        # END SOLUTION\n### BEGIN HIDDEN TESTS\nassert a\n### END HIDDEN TESTS\nc = 3"
    )
    nb = releases.release(new_notebook(cells=[code(source)]))
    stub = "# YOUR CODE HERE\nraise NotImplementedError()"
    indented = "        # YOUR CODE HERE\n        raise NotImplementedError()"
    assert nb.cells[0].source == f"a = 1\n{stub}\nif a:\n{indented}\nc = 3"


@pytest.mark.parametrize(
    "lines",
    [
        ["### BEGIN SOLUTION", "x"],
        ["x", "### END SOLUTION"],
        ["### BEGIN SOLUTION", "### BEGIN SOLUTION", "### END SOLUTION", "### END SOLUTION"],
        ["### BEGIN SOLUTION", "### END HIDDEN TESTS"],
        ["### BEGIN HIDDEN TESTS", "### BEGIN SOLUTION", "### END SOLUTION", "### END HIDDEN TESTS"],
    ],
)
def test_a_region_that_is_nested_or_not_closed_is_refused_by_the_name_of_its_cell(lines):
    with pytest.raises(ValueError, match="cell 'the-cell'"):
        releases.release(new_notebook(cells=[code("\n".join(lines), "the-cell")]))


def test_an_exercise_without_a_cell_for_its_answer_is_refused():
    nb = toy_course.solution()
    nb.cells = [cell for cell in nb.cells if cell.id != "toy-half"]
    with pytest.raises(ValueError, match="checks 'toy-half', but no cell"):
        releases.release(nb)


def test_one_command_makes_the_exercises_and_then_all_is_in_order(course, capsys):
    exercise = course / "exercises" / toy_course.NAME
    released = releases.RELEASED / toy_course.NAME
    assert exercise.read_bytes() == released.read_bytes()
    assert "NotImplementedError" in exercise.read_text() and "x / 2" not in exercise.read_text()
    assert cli.main(["release", "--check"]) == 0
    assert cli.main(["release"]) == 0
    assert capsys.readouterr().out == "exercises/ is in order\n" * 2


def test_a_changed_solution_reaches_an_untouched_exercise(course, capsys):
    path = course / "solutions" / toy_course.NAME
    path.write_text(path.read_text().replace("# Toys", "# Toys and games"))
    assert cli.main(["release", "--check"]) == 1
    names = [f"exercises/{toy_course.NAME}", f"bplib/course/released/{toy_course.NAME}"]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == names
    assert "games" not in (course / names[0]).read_text()
    assert cli.main(["release"]) == 0
    assert all("games" in (course / name).read_text() for name in names)


def test_an_exercise_with_answers_is_kept_when_the_solution_changes(course, capsys):
    exercise = course / "exercises" / toy_course.NAME
    exercise.write_text(exercise.read_text().replace("raise NotImplementedError()", "return 7"))
    answers = exercise.read_bytes()
    path = course / "solutions" / toy_course.NAME
    path.write_text(path.read_text().replace("# Toys", "# Toys and games"))
    assert cli.main(["release"]) == 0
    assert exercise.read_bytes() == answers
    assert "games" in (releases.RELEASED / toy_course.NAME).read_text()
    assert f"exercises/{toy_course.NAME} holds answers and was kept" in capsys.readouterr().out
    assert cli.main(["release", "--check"]) == 1


def test_an_exercise_whose_solution_is_gone_goes_with_it(course):
    (course / "solutions" / toy_course.NAME).rename(course / "solutions" / "78_new.ipynb")
    assert cli.main(["release"]) == 0
    for folder in (course / "exercises", releases.RELEASED):
        assert [path.name for path in folder.iterdir()] == ["78_new.ipynb"]


def test_release_outside_of_the_course_is_an_error_of_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["release"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "run this in the folder of the course" in error


def test_a_file_that_is_no_notebook_is_named(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    for content in ("", "not json", "[]", "{}"):
        path.write_text(content)
        assert cli.main(["run", "--check", str(path)]) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "a.ipynb holds no notebook" in error


# Running


def test_running_stores_the_canonical_form_and_running_again_changes_no_byte(course, monkeypatch, capsys):
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    path = course / "solutions" / "78_run.ipynb"
    show = "import os\nfrom pathlib import Path\n\nprint(Path.cwd().name, os.environ['BPLIB_PROGRESS'])"
    widget = "import ipywidgets\nfrom IPython.display import display\n\ndisplay(ipywidgets.IntSlider())\n1 / 0"
    nb = toy_course.solution()
    nb.cells += [code(show, "show"), code(widget, "widget", metadata={"tags": ["raises-exception"]})]
    path.write_text(canonical.text(nb))
    assert cli.main(["run", str(path)]) == 0
    nb = canonical.read(path)
    assert [cell.execution_count for cell in nb.cells if cell.cell_type == "code"] == list(range(1, 10))
    assert toy_course.cell(nb, "show").outputs[0].text == "solutions off\n"
    assert "passed, 3 of 3 points" in toy_course.cell(nb, "toy-half-check").outputs[0].data["text/plain"]
    slider, error = toy_course.cell(nb, "widget").outputs
    assert list(slider.data) == ["text/plain"]
    assert error.ename == "ZeroDivisionError"
    assert "widgets" not in nb.metadata
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert cli.main(["run", "--check", str(path)]) == 0
    assert cli.main(["run", str(path)]) == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert capsys.readouterr().out.splitlines() == [f"{path}: written"] + [f"{path}: in order"] * 2
    assert not (course / ".progress.json").exists()


def test_running_stops_at_an_error_and_names_the_cell_and_stores_nothing(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    nb = new_notebook(cells=[code("x = 1", "fine"), code("undefined_name", "bad"), code("x", "later")])
    path.write_text(canonical.text(nb))
    before = path.read_bytes()
    assert cli.main(["run", str(path)]) == 1
    assert (
        capsys.readouterr().err == f"bplib: {path}: cell 'bad' raised NameError: name 'undefined_name' is not defined\n"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "says"), [("while True: pass", "took longer than 1 s"), ("import os; os._exit(0)", "ended the kernel")]
)
def test_a_cell_that_does_not_come_back_is_named(source, says, tmp_path, monkeypatch):
    monkeypatch.setattr(canonical, "CELL_SECONDS", 1)
    with pytest.raises(RuntimeError, match=f"cell 'bad' {says}"):
        canonical.run(new_notebook(cells=[code(source, "bad")]), tmp_path)


def test_the_check_of_the_form_says_what_is_not_canonical_and_writes_nothing(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(messy()))
    before = path.read_bytes()
    assert cli.main(["run", "--check", str(path)]) == 1
    assert capsys.readouterr().out == f"{path}: not canonical\n"
    assert path.read_bytes() == before


# A fresh start


@pytest.mark.parametrize("given", [f"exercises/{toy_course.NAME}", toy_course.NAME, "77_toy", "77"])
def test_reset_gives_a_fresh_exercise_and_keeps_the_old_one_beside_it(given, course):
    exercise = course / "exercises" / toy_course.NAME
    fresh = exercise.read_bytes()
    exercise.write_text("my work")
    assert cli.main(["reset", given]) == 0
    assert exercise.read_bytes() == fresh
    [kept] = set(exercise.parent.iterdir()) - {exercise}
    assert re.fullmatch(r"77_toy\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.ipynb", kept.name)
    assert kept.read_text() == "my work"
    assert files.is_set_aside(kept) and not files.is_set_aside(exercise)


def test_reset_overwrites_no_copy_even_within_one_second(course):
    exercise = course / "exercises" / toy_course.NAME
    works = [f"work {number}" for number in range(4)]
    for work in works:
        exercise.write_text(work)
        _, kept = releases.reset("77")
        assert files.is_set_aside(kept)
    kept = sorted(path.read_text() for path in exercise.parent.iterdir() if files.is_set_aside(path))
    assert kept == works


def test_reset_of_an_untouched_or_a_missing_exercise_leaves_no_copy(course):
    exercise = course / "exercises" / toy_course.NAME
    assert releases.reset("77")[1] is None
    exercise.unlink()
    assert releases.reset("77")[1] is None
    assert [path.name for path in exercise.parent.iterdir()] == [toy_course.NAME]


def test_reset_finds_the_exercises_from_a_folder_below_the_course(course, monkeypatch):
    monkeypatch.chdir(course / "notebooks")
    assert releases.reset("77")[0].resolve() == (course / "exercises" / toy_course.NAME).resolve()


def test_reset_touches_no_lesson_and_no_solution(course, monkeypatch, capsys):
    solution = course / "solutions" / toy_course.NAME
    before = solution.read_bytes()
    assert cli.main(["reset", f"solutions/{toy_course.NAME}"]) == 1
    assert (
        capsys.readouterr().err
        == f"bplib: {Path('solutions') / toy_course.NAME} is no exercise; those are in exercises/\n"
    )
    monkeypatch.chdir(course / "solutions")
    assert cli.main(["reset", toy_course.NAME]) == 0
    assert solution.read_bytes() == before
    assert [path.name for path in solution.parent.iterdir()] == [toy_course.NAME]


def test_reset_of_an_unknown_exercise_lists_the_known_ones(course, capsys):
    assert cli.main(["reset", "99"]) == 1
    assert capsys.readouterr().err == "bplib: there is no exercise '99'; there are: 77_toy\n"


def test_reset_outside_of_the_course_says_where_to_go(course, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(ValueError, match="not in a folder of the course"):
        releases.reset("77")


def test_writing_leaves_the_old_file_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        files.write(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and path.read_text() == "old"


def test_the_toys_are_not_exercises_of_the_course():
    toy_problems.unregister()
    assert not set(toy_problems.TOYS) & set(PROBLEMS)


def test_nbformat_is_content_with_what_we_write():
    nbformat.validate(json.loads(canonical.text(canonical.canonical(toy_course.solution()))))
