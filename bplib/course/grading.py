"""Grades notebooks: the learner's answers, in a pristine notebook, before our checks.

Four steps, each a function: read a submission (only the source of its code cells counts), assemble it into the released
notebook, run that in a kernel, and read the verdicts that the checks left there. Silence is not a pass: an exercise is
passed only when its own check said so.

This is the first form. The checks run in the kernel of the learner's code, so it is fair to the honest and no wall
against the rest.
"""

import contextlib
import copy
import itertools
import json
import tempfile
import textwrap
from pathlib import Path

import nbformat

from bplib.course import notebooks
from bplib.course.judging import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.notebooks import CELL_SECONDS
from bplib.course.problems import PROBLEMS

TRIES = 3
"""How often the grader tries what is its own affair: about one start of a kernel in a thousand fails."""

ENDED = "ended its process"

_LONGEST_MESSAGE = 1000


class NotGraded(RuntimeError):  # noqa: N818, it is our failure and no error of the submission
    """The grader itself failed; it says nothing about the submission."""


# All of it


def grade(paths):
    """Grade notebooks, and folders of them: {"submissions": [what grade_file gives, ...]}.

    Folders are searched all the way down, .ipynb_checkpoints and the copies kept by reset passed over.
    """
    submissions = {}
    for path in map(Path, paths):
        if path.is_dir():
            found = find(path)
            if not found:
                submissions[path.resolve()] = _submission(path, problems=["there are no notebooks in this folder"])
        else:
            found = [path]
        for file in found:
            if file.resolve() not in submissions:
                submissions[file.resolve()] = grade_file(file)
    return {"submissions": list(submissions.values())}


def find(folder):
    """The notebooks below a folder that may be somebody's work, in order."""
    return [
        path
        for path in sorted(Path(folder).rglob("*.ipynb"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts and not notebooks.is_dated_copy(path)
    ]


def grade_file(path):
    """Grade one notebook: a dict of path, points, max_points, exercises and problems. It raises for no file.

    An exercise is a dict of id, points, max_points, status and message. Each problem is one line that says what is
    wrong with the file. points is None when the grader itself failed, which is never the same as 0.
    """
    try:
        learner, problems = read_submission(path)
        released = lesson_of(learner)
    except ValueError as error:
        return _submission(path, problems=[str(error)])
    try:
        exercises, more = grade_notebook(learner, released, run_in_kernel)
    except Exception as error:  # whatever it is, the other submissions are still graded
        reason = str(error) if isinstance(error, NotGraded) else f"{type(error).__name__}: {error}"
        total = sum(PROBLEMS[id].points for id in exercise_ids(released))
        failed = _submission(path, problems=[*problems, "not graded, by a failure of the grader: " + _one_line(reason)])
        return {**failed, "points": None, "max_points": total}
    return _submission(path, exercises, problems + more)


def grade_notebook(learner, released, run):
    """Grade a submission: (exercises, problems), the exercises in the order of the lesson.

    run(nb) runs the code cells of nb in order in a fresh kernel and fills their outputs; it returns None, or
    (index, reason) when the cell at index took too long or ended the process. Then the answer to which that cell
    belongs pays with its own points, and the rest is run again without it. NotGraded if our own cells fail so.
    """
    nb, problems = assemble(learner, released)
    untouched = _untouched(nb, released)
    stopped = {}  # id of an exercise to what it did
    failures = 0
    while True:
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        stop = run(nb)
        if stop is None:
            break
        index, reason = stop
        cell, id = _blamed(nb, index, stopped)
        if cell is None:
            failures += 1
            if failures == TRIES:
                raise NotGraded(f"our own cell {nb.cells[index].id!r} {reason}, tried {TRIES} times")
        elif id is None:
            problems.append(f"a cell of the learner's own, `{_first_line(cell)}`, {reason} and was left out")
            nb.cells.remove(cell)
        else:
            stopped[id] = f"It {reason}."
            _put_stub(nb, released, id)
    broken = [
        f"the cell {cell.id!r} raised {error}"
        for cell in nb.cells
        if not _exercise_of(cell) and not _is_own(cell) and (error := _error(cell))
    ]
    exercises = []
    for id in exercise_ids(released):
        if id in stopped:
            status, message = NOT_YET, stopped[id]
        elif id in untouched:
            status, message = NOT_ATTEMPTED, "Its cell is as it was given."
        else:
            status, message = _verdict(nb, id) or (NOT_YET, _silence(nb, id, broken))
        max_points = PROBLEMS[id].points
        points = max_points if status == PASSED else 0
        exercises.append({"id": id, "points": points, "max_points": max_points, "status": status, "message": message})
    return exercises, problems + broken


def _submission(path, exercises=(), problems=()):
    return {
        "path": Path(path).as_posix(),
        "points": sum(exercise["points"] for exercise in exercises),
        "max_points": sum(exercise["max_points"] for exercise in exercises),
        "exercises": list(exercises),
        "problems": list(problems),
    }


# Reading a submission


def read_submission(path):
    """What counts of a submission, and what is wrong with the file: (nb, problems).

    nb holds the cells with type, id, grade_id and source, and nothing else. The nbformat may be 2 to 4, or newer where
    it looks alike. ValueError, in one line, for a file that holds nothing to grade.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None
    content, problems = _decoded(data)
    if not content.strip():
        raise ValueError("the file is empty")
    try:
        stored = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply to be a notebook") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg}, in line {error.lineno}") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    version = stored.get("nbformat") if isinstance(stored, dict) else None
    if type(version) is not int:
        raise ValueError("it is JSON, but no notebook")
    if version < 2:
        raise ValueError(f"it is of nbformat {version}, which is too old to be read")
    cells = _stored_cells(stored, version)
    if not cells:
        raise ValueError("the notebook has no cells")
    minor = stored.get("nbformat_minor")
    minor = minor if type(minor) is int else 0
    if (version, minor) < (4, 5):
        problems.append(f"it is of the older nbformat {version}.{minor}, and was converted")
    elif version > 4:
        problems.append(f"it is of nbformat {version}, newer than we know, and was read as nbformat 4")
    read = [cell for cell in map(_stored_cell, cells) if cell]
    if len(read) < len(cells):
        problems.append(f"{len(cells) - len(read)} of its {len(cells)} cells could not be read")
    return nbformat.from_dict({"cells": read, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), problems


def _decoded(data):
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ["it is in UTF-16 where UTF-8 is needed"]
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1"), ["it is not in UTF-8, and was read as Latin-1"]
    if data.startswith(b"\xef\xbb\xbf"):
        return content, ["it begins with a byte order mark, which was left out"]
    return content, []


def _stored_cells(stored, version):
    if version >= 4:
        cells = stored.get("cells")
        return cells if isinstance(cells, list) else []
    sheets = stored.get("worksheets")
    sheets = [sheet for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
    return [cell for sheet in sheets if isinstance(sheet.get("cells"), list) for cell in sheet["cells"]]


def _stored_cell(cell):
    """Type, id, grade_id and source of a cell as it is stored, or None if it is damaged."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = cell.get("metadata")
    block = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = block.get("grade_id") if isinstance(block, dict) else None
    # Half a surrogate pair is legal in JSON and cannot be sent to a kernel.
    source = source.encode("utf-8", "replace").decode("utf-8")
    return {
        "cell_type": str(cell.get("cell_type")),
        "id": str(cell.get("id", "")),
        "metadata": {"nbgrader": {"grade_id": grade_id}} if isinstance(grade_id, str) else {},
        "source": source,
    }


# Assembling


def exercise_ids(released):
    """The ids of the exercises of a released notebook, in its order."""
    return list(_answers(released))


def lesson_of(learner):
    """The released notebook to which a submission belongs, found from the ids in it, whatever its name.

    ValueError if there is none: it is of another course.
    """
    keys = set()
    for cell in learner.cells:
        keys |= {_grade_id(cell), cell.get("id")}

    def matches(released):
        return sum((id in keys) + (f"{id}-check" in keys) for id in exercise_ids(released))

    best = max(notebooks.released_notebooks().values(), key=matches, default=None)
    if best is None or not matches(best):
        raise ValueError("it holds no exercise of this course; is it of another?")
    return best


def assemble(learner, released):
    """The learner's answers inside the released notebook: (nb, problems); both notebooks are left as they are.

    Answer cells are matched by grade_id, then by cell id; several for one exercise run in order; where there is none,
    or only an empty one, the released stub stays and a problem says so. The learner's own cells run after the cell that
    they followed; a given cell that the learner changed runs just before the given one, as a cell of their own.
    """
    place = {cell.id: index for index, cell in enumerate(released.cells)}  # a grade_id is the id of its cell
    # Where an editor has dropped all ids, a given cell is still known by what stands in it.
    given_as = {cell.source.strip(): index for index, cell in reversed(list(enumerate(released.cells)))}
    answers = _answers(released)
    before = {index: [] for index in range(len(released.cells))}
    after = {index: [] for index in range(-1, len(released.cells))}
    found, problems = set(), {}
    here = -1
    for cell in learner.cells:
        source = cell.source.strip()
        index = next((place[key] for key in (_grade_id(cell), cell.get("id")) if key in place), None)
        if index is not None:
            here = index
        elif source in given_as:
            index = given_as[source]
            here = max(here, index)
        given = released.cells[index] if index is not None else None
        id = _grade_id(given) if given is not None else None
        if id in answers:
            if cell.cell_type != "code":
                problems[id] = f"{id}: its cell is of the type {cell.cell_type}"
            elif not source:
                problems[id] = f"{id}: its cell is empty"
            else:
                found.add(id)
                after[index].append(_code(cell.source, copy.deepcopy(given.metadata)))
        elif cell.cell_type == "code" and source:
            if given is None:
                after[here].append(_code(cell.source))
            elif given.cell_type == "code" and id is None and source != given.source.strip():
                before[index].append(_code(cell.source))
    nb = copy.deepcopy(released)
    nb.cells = after[-1]
    for index, given in enumerate(released.cells):
        given = copy.deepcopy(given)
        if given.cell_type == "code":
            given.outputs, given.execution_count = [], None
        answered = _grade_id(given) in found
        nb.cells += before[index] + ([] if answered else [given]) + after[index]
    _name(nb)
    problems = {id: problems.get(id, f"{id}: its cell is missing") for id in answers if id not in found}
    return nb, list(problems.values())


def _code(source, metadata=None):
    return nbformat.from_dict(
        {
            "cell_type": "code",
            "id": "",
            "metadata": metadata if metadata is not None else {"bplib": "own"},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
    )


def _name(nb):
    """Give the learner's cells ids: the first answer that of its exercise, the rest what is free."""
    taken = {cell.id for cell in nb.cells}
    free = (f"own-{number}" for number in itertools.count(1))
    for cell in nb.cells:
        if not cell.id:
            id = _grade_id(cell)
            cell.id = id if id and id not in taken else next(id for id in free if id not in taken)
            taken.add(cell.id)


def _grade_id(cell):
    block = cell.get("metadata", {}).get("nbgrader")
    return block.get("grade_id") if block else None


def _answers(released):
    """The answer cells of a released notebook, id of the exercise to cell."""
    return {
        _grade_id(cell): cell
        for cell in released.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def _untouched(nb, released):
    """The exercises whose given cell is no stub, such as a mistake to repair, and was left as it is."""
    return {
        id
        for id, given in _answers(released).items()
        if "NotImplementedError" not in given.source
        and [cell.source.strip() for cell in nb.cells if _grade_id(cell) == id] == [given.source.strip()]
    }


def _put_stub(nb, released, id):
    stub = copy.deepcopy(_answers(released)[id])
    stub.outputs, stub.execution_count = [], None
    cells = [cell for cell in nb.cells if _grade_id(cell) == id]
    nb.cells[nb.cells.index(cells[0])] = stub
    nb.cells = [cell for cell in nb.cells if not any(cell is other for other in cells)]


# Running


@contextlib.contextmanager
def scratch_folder():
    """A folder to run a submission in, thrown away afterwards: an empty exercises/ with notebooks/ beside it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        (Path(folder) / "notebooks").mkdir()
        (Path(folder) / "exercises").mkdir()
        yield Path(folder) / "exercises"


def start(kernel):
    """What kernel() returns, tried again when it raises; NotGraded when it raised every time."""
    for _ in range(TRIES):
        try:
            return kernel()
        except Exception as error:
            reason = error
    raise NotGraded(f"the kernel did not start, tried {TRIES} times ({_one_line(reason)})")


def took_too_long():
    """What is said of a cell that ran out of time."""
    return f"took longer than {CELL_SECONDS} s"


def run_in_kernel(nb):
    """Run the code cells of nb in a fresh kernel; for what it returns see grade_notebook. An error stops nothing."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    with scratch_folder() as folder, contextlib.ExitStack() as stack:
        # The tag lets nbclient pass a cell over; no cell may be passed over here.
        options = {"allow_errors": True, "skip_cells_with_tag": ""}

        def kernel():
            client = notebooks.kernel(nb, CELL_SECONDS, **options)
            stack.enter_context(client.setup_kernel(**notebooks.kernel_options(folder)))
            return client

        client = start(kernel)
        for index, cell in enumerate(nb.cells):
            try:
                client.execute_cell(cell, index)
            except CellTimeoutError:
                return index, took_too_long()
            except DeadKernelError:
                return index, ENDED
    return None


def _is_own(cell):
    return cell.metadata.get("bplib") == "own"


def _exercise_of(cell):
    """The exercise to which a cell of the assembled notebook belongs, as its answer or its check; or None."""
    block = cell.metadata.get("nbgrader") if cell.cell_type == "code" else None
    if not block:
        return None
    return block.grade_id if block.solution else block.grade_id.removesuffix("-check")


def _blamed(nb, index, stopped):
    """Whose fault it is that the cell at index did not come back: (cell, id of its exercise or None).

    If that cell is ours and has no exercise, the last one of the learner's above it. (None, None) if there is none: then
    nothing but our own code has run.
    """
    for cell in reversed(nb.cells[: index + 1]):
        id = _exercise_of(cell)
        if _is_own(cell) or (id and id not in stopped):
            return cell, id
    return None, None


# Reading the verdicts


def _verdict(nb, id):
    """(status, message) as the check of the exercise gave it, the last if there are several; None if it gave none."""
    last = None
    for output in _check_cell(nb, id).outputs:
        said = output.get("metadata", {}).get("bplib")
        if isinstance(said, dict) and said.get("id") == id and said.get("status") in (PASSED, NOT_YET, NOT_ATTEMPTED):
            last = said["status"], str(said.get("message"))[:_LONGEST_MESSAGE]
    return last


def _silence(nb, id, broken):
    """Why the check of an exercise may have given no verdict: what went wrong first."""
    for cell in nb.cells:
        if _grade_id(cell) == id and _error(cell):
            return f"Its cell raised {_error(cell)}."
    if broken:
        return f"The check gave no verdict: {broken[0]}."
    error = _error(_check_cell(nb, id))
    return f"The check gave no verdict{f'; it raised {error}' if error else ''}."


def _check_cell(nb, id):
    return next(cell for cell in nb.cells if _grade_id(cell) == f"{id}-check")


def _error(cell):
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return _one_line(f"{errors[0].ename}: {errors[0].evalue}").rstrip(".: ") if errors else ""


def _one_line(value):
    return textwrap.shorten(str(value), 200, placeholder=" ...") or type(value).__name__


def _first_line(cell):
    return textwrap.shorten(cell.source.strip().splitlines()[0], 40, placeholder=" ...")


# Showing


def table(report, width=100):
    """The report as text: each exercise with its status, points and sentence, a sum for each file, and the total."""
    submissions = report["submissions"]
    exercises = [exercise for submission in submissions for exercise in submission["exercises"]]
    id_width = max((len(exercise["id"]) for exercise in exercises), default=0)
    lines = []
    for submission in submissions:
        lines += [submission["path"]]
        for problem in submission["problems"]:
            lines += textwrap.wrap(f"  ! {problem}", width, subsequent_indent="    ")
        for exercise in submission["exercises"]:
            start = f"  {exercise['id']:{id_width}}  {exercise['status']:13}  {_points(exercise):>7}  "
            message = _sentence(exercise) or " "
            lines += [
                line.rstrip()
                for line in textwrap.wrap(
                    message,
                    width,
                    initial_indent=start,
                    subsequent_indent=" " * len(start),
                    break_on_hyphens=False,
                )
                or [start]
            ]
        if submission["exercises"] or submission["points"] is None:
            lines += [f"  {'sum':{id_width}}  {'':13}  {_points(submission):>7}"]
        lines += [""]
    lines += [f"total: {_total(submissions)}"]
    return "\n".join(lines)


def markdown(report):
    """The same as a table in Markdown, for the summary of a job."""
    lines = ["| notebook | exercise | status | points | |", "| --- | --- | --- | ---: | --- |"]
    for submission in report["submissions"]:
        path = _cell(submission["path"])
        lines += [f"| {path} | | | | {_cell(problem)} |" for problem in submission["problems"]]
        lines += [
            f"| {path} | {exercise['id']} | {exercise['status']} | {_points(exercise)} | {_cell(_sentence(exercise))} |"
            for exercise in submission["exercises"]
        ]
    return "\n".join([*lines, "", f"**total: {_total(report['submissions'])}**", ""])


def _cell(content):
    return content.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _sentence(exercise):
    # What to do with a stub stands in the notebook; ten times below each other it would hide the other sentences.
    return "" if exercise["status"] == NOT_ATTEMPTED else exercise["message"]


def _points(of):
    if of["points"] is None:
        return f"?/{of['max_points']}"
    return f"{of['points']}/{of['max_points']}" if of["max_points"] else "-"


def _total(submissions):
    graded = [submission for submission in submissions if submission["points"] is not None]
    points = sum(submission["points"] for submission in graded)
    left_out = len(submissions) - len(graded)
    of = sum(submission["max_points"] for submission in graded)
    return f"{points} of {of} points" + (f", and {left_out} not graded" if left_out else "")
