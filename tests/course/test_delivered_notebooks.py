"""The notebooks as they are delivered: one set of names, canonical, linked, and no answer in an exercise."""

import itertools
import re
from pathlib import Path

import nbformat
import pytest
import sympy
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import bplib
from bplib.course import course_map
from bplib.course.notebooks import canonical, releases, submissions
from bplib.course.problems import LESSONS

ROOT = Path(__file__).resolve().parents[2]
LESSON_FILES = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
PRACTICE = ROOT / "notebooks" / "practice.ipynb"
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize(
    "path", [*LESSON_FILES, PRACTICE, *SOLUTIONS], ids=lambda p: f"{p.parent.name}/{p.stem}"
)


def stored(path):
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


def holds_answers(mine, released):
    """Whether an exercise differs from the released one as a learner's work does: in answers, outputs, own cells."""

    def given(nb):
        return {cell.id: cell.source for cell in nb.cells if not cell.metadata.get("nbgrader", {}).get("solution")}

    return given(released).items() <= given(mine).items()


def test_every_lesson_has_a_notebook_a_solution_an_exercise_and_problems():
    names = [path.stem for path in LESSON_FILES]
    assert names == [path.stem for path in SOLUTIONS]
    assert names == [Path(name).stem for name in releases.released_notebooks()]
    assert names == [lesson.LESSON for lesson in LESSONS]
    assert {f"{name}.ipynb" for name in names} <= {path.name for path in (ROOT / "exercises").glob("*.ipynb")}
    assert all(f"(notebooks/{name}.ipynb)" in README for name in names)


@each_notebook
def test_a_notebook_is_stored_in_canonical_form(path):
    assert stored(path) == canonical.text(canonical.canonical(canonical.read(path)))


@each_notebook
def test_every_code_cell_has_run_and_none_has_failed_or_warned(path):
    for cell in canonical.read(path).cells:
        if cell.cell_type == "code":
            assert cell.execution_count is not None, cell.id
            assert not [output for output in cell.outputs if output.output_type == "error"], cell.id
            assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.id


# Whoever runs a notebook, and wherever: a folder of a person, or the one of this copy of the course.
PATH = re.compile(rf"/home/\w|/Users/\w|/root/|[A-Za-z]:[\\/]+Users\b|{re.escape(str(ROOT))}")


def texts(cell):
    """What of a cell is text, (name, text): no pictures, for base64 may spell anything, and no web addresses."""
    parts = [("source", cell.source)]
    for output in cell.get("outputs", []):
        parts.append((output.output_type, output.get("text", "")))
        parts.append((output.output_type, "\n".join([output.get("evalue", ""), *output.get("traceback", [])])))
        kinds = [kind for kind in output.get("data", {}) if kind.startswith("text/") or kind == "image/svg+xml"]
        parts += [(kind, output.data[kind]) for kind in kinds]
    return [(name, re.sub(r"data:[\w/+;=-]+,[\w/+=%]+|https?://\S+", "", text)) for name, text in parts]


def paths_of_a_machine(nb):
    return [(cell.id, name) for cell in nb.cells for name, text in texts(cell) if PATH.search(text)]


@each_notebook
def test_no_notebook_holds_a_path_of_the_machine_it_ran_on(path):
    assert paths_of_a_machine(canonical.read(path)) == []


@pytest.mark.parametrize("path", ["/home/ada/x", "/Users/ada", "/root/x", r"C:\Users\ada", "C:/Users/ada", str(ROOT)])
def test_a_path_of_a_machine_is_found_in_every_part_of_a_notebook_that_is_text(path):
    said = f"File '{path}', line 1"
    for name, cell in {
        "source": new_markdown_cell(said),
        "stream": new_code_cell(outputs=[new_output("stream", text=said)]),
        "error": new_code_cell(outputs=[new_output("error", ename="E", evalue="", traceback=["", said])]),
        "text/plain": new_code_cell(outputs=[new_output("execute_result", {"text/plain": said})]),
        "text/html": new_code_cell(outputs=[new_output("display_data", {"text/html": f"<p>{said}</p>"})]),
    }.items():
        assert paths_of_a_machine(new_notebook(cells=[cell])) == [(cell.id, name)]


def test_what_only_looks_like_a_path_of_a_machine_is_none():
    picture = {"image/png": "iVBOR/home/ada", "text/html": '<img src="data:image/png;base64,iVBOR/home/ada=">'}
    cells = [
        new_code_cell(outputs=[new_output("display_data", picture)]),
        new_markdown_cell("[the page](https://example.org/home/ada), home/ada and the Users of it"),
    ]
    assert paths_of_a_machine(new_notebook(cells=cells)) == []


@each_solution
def test_the_released_copy_is_the_solution_without_its_answers_byte_for_byte(path):
    made = canonical.text(releases.release(canonical.canonical(canonical.read(path))))
    assert stored(releases.RELEASED / path.name) == made


@each_solution
def test_the_exercise_is_the_released_copy_byte_for_byte_unless_a_learner_has_worked_in_it(path):
    mine = ROOT / "exercises" / path.name
    if stored(mine) == stored(releases.RELEASED / path.name):
        return
    assert holds_answers(canonical.read(mine), canonical.read(releases.RELEASED / path.name))
    pytest.skip(f"exercises/{path.name} holds a learner's answers")


def test_an_exercise_that_an_author_has_edited_is_not_taken_for_a_learners():
    released = releases.released_notebooks()[SOLUTIONS[-1].name]
    edited = nbformat.from_dict(released)
    edited.cells[0].source += " edited"
    assert not holds_answers(edited, released)
    answered = releases.released_notebooks()[SOLUTIONS[-1].name]
    next(cell for cell in answered.cells if cell.metadata.get("nbgrader", {}).get("solution")).source += "\n# mine"
    assert holds_answers(answered, released)


@each_solution
def test_no_line_of_a_solution_leaks_into_the_code_of_its_exercise(path):
    regions = []
    for cell in canonical.read(path).cells:
        regions += re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", cell.source, re.DOTALL)
    lines = {line.strip() for region in regions for line in region.splitlines()} - {""}
    assert lines
    code = [cell.source for cell in releases.released_notebooks()[path.name].cells if cell.cell_type == "code"]
    given = {line.strip() for source in code for line in source.splitlines()}
    assert not lines & given
    assert "SOLUTION" not in stored(releases.RELEASED / path.name)


COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@pytest.mark.parametrize("path", SOLUTIONS[1:], ids=lambda path: path.stem)  # those of lesson 00 have no points
def test_the_first_cell_of_an_exercise_counts_its_exercises_and_points(path):
    (lesson,) = [lesson for lesson in LESSONS if path.stem == lesson.LESSON]
    count, points = len(lesson.PROBLEMS), sum(problem.points for problem in lesson.PROBLEMS)
    said = f"{COUNTS[count]} {'exercise' if count == 1 else 'exercises'} on [the lesson](../notebooks/{path.name}), "
    assert said + counted(points, "point") in canonical.read(path).cells[0].source


def counted(number, name):
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


@each_solution
def test_every_exercise_of_a_lesson_stands_in_its_notebook_in_order_with_its_points(path):
    (lesson,) = [lesson for lesson in LESSONS if path.stem == lesson.LESSON]
    released = releases.released_notebooks()[path.name]
    assert submissions.exercise_ids(released) == [problem.id for problem in lesson.PROBLEMS]
    checks = [cell for cell in released.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [check.metadata.nbgrader.points for check in checks] == [problem.points for problem in lesson.PROBLEMS]
    before = {answer.id: task for task, answer in itertools.pairwise(released.cells)}
    for problem in lesson.PROBLEMS:
        task = before[problem.id]
        assert task.cell_type == "markdown", problem.id
        stars = "★" * problem.difficulty + "☆" * (3 - problem.difficulty)
        said = f"{stars} · {counted(problem.minutes, 'minute')} · {counted(problem.points, 'point')}"
        if problem.allowed:
            whole = "bplib" in problem.allowed
            said += " · open: " + ("all of `bplib`" if whole else ", ".join(f"`{name}`" for name in problem.allowed))
        assert [line for line in task.source.splitlines() if line.startswith(("★", "☆"))] == [said]


@each_notebook
def test_the_links_of_a_notebook_lead_somewhere(path):
    for cell in canonical.read(path).cells:
        if cell.cell_type == "markdown":
            for link in re.findall(r"\]\(([^)#]+)", cell.source):
                assert link.startswith("https://") or (path.parent / link).exists(), (cell.id, link)


@pytest.mark.parametrize("path", LESSON_FILES, ids=lambda path: path.stem)
def test_in_a_lesson_words_stand_before_every_cell_of_code(path):
    cells = canonical.read(path).cells
    bare = [b.id for a, b in itertools.pairwise(cells) if a.cell_type == b.cell_type == "code"]
    assert bare == []


@pytest.mark.parametrize("path", LESSON_FILES, ids=lambda path: path.stem)
def test_a_cell_of_a_lesson_is_at_most_sixteen_lines(path):
    cells = canonical.read(path).cells
    ideas = [cell for cell in cells if cell.cell_type == "code" and cell.id != "setup"]  # a list of imports is none
    long = [cell.id for cell in ideas if cell.source.count("\n") > 15]
    assert long == []


def test_the_map_of_lesson_00_is_the_map_of_the_course():
    cells = canonical.read(ROOT / "notebooks" / "00_start_here.ipynb").cells
    (shown,) = [cell for cell in cells if cell.id == "map-show"]
    assert "".join(shown.outputs[0].data["text/plain"]) == str(course_map.progress_table())


def test_the_neuron_of_lesson_04_prints_what_exact_arithmetic_says():
    z = sum(sympy.Rational(*pair) for pair in ((2, 10), (21, 100), (4, 100), (1, 10)))
    a = 1 / (1 + sympy.exp(-z))
    slopes = [(a - 1) * sympy.Rational(x, 10) for x in (5, 3, 2, 10)]
    new = [sympy.Rational(start, 10) - slope / 10 for start, slope in zip((4, 7, 2, 1), slopes, strict=True)]
    new_z = sum(w * sympy.Rational(x, 10) for w, x in zip(new, (5, 3, 2, 10), strict=True))
    cells = {cell.id: cell for cell in canonical.read(ROOT / "notebooks" / "04_single_neuron.ipynb").cells}

    def printed(id):
        return [float(x) for x in re.findall(r"-?\d+\.\d*(?!\w)", cells[id].outputs[0].text)]

    def rounded(values):
        return [round(float(value), 4) for value in values]

    assert printed("by-hand-forward") == rounded([z, a, -sympy.log(a)])
    assert printed("by-hand-backward") == rounded([-1 / a, a * (1 - a), a - 1, a - 1, *slopes])
    table = rounded(slope for slope in slopes for _ in range(4))
    assert printed("witnesses-table") == table
    assert printed("update-run") == rounded([0.4, 0.7, 0.2, *new[:3], 0.1, new[3]]) + rounded(
        [-sympy.log(a), sympy.log(1 + sympy.exp(-new_z))]
    )


def test_the_readme_is_short_and_its_map_names_every_module_and_both_commands():
    # Without the lines of the lessons, so that a further lesson costs no other line, and without what nobody reads.
    read = [line for line in README.splitlines() if "](notebooks/" not in line and not line.startswith("<!--")]
    assert len(read) < 140
    for module in re.findall(r"^    (\w+) ", bplib.__doc__, re.MULTILINE):
        assert re.search(rf"\b{module}\b", README), module
    assert "python -m pip install uv && python -m uv run jupyter lab notebooks/00_start_here.ipynb" in README
    assert "python -m pip install uv && python -m uv run pytest\n" in README
