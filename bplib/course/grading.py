"""Grades notebooks: the learner's answers, in a pristine notebook, before our checks.

Four steps: read a submission, assemble it into the released notebook (both in submissions), run that in a kernel, and
read the verdicts that the checks left there. Silence is not a pass: an exercise is passed only when its own check said
so.

This is the first form. The checks run in the kernel of the learner's code, so it is fair to the honest and no wall
against the rest.
"""

import contextlib
import re
import tempfile
import textwrap
from pathlib import Path

from bplib.course import notebooks, submissions
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
    graded = {}
    for path in map(Path, paths):
        if path.is_dir():
            found = submissions.find(path)
            if not found:
                graded[path.resolve()] = _submission(path, problems=["there are no notebooks in this folder"])
        else:
            found = [path]
        for file in found:
            if file.resolve() not in graded:
                graded[file.resolve()] = grade_file(file)
    return {"submissions": list(graded.values())}


def grade_file(path):
    """Grade one notebook: a dict of path, points, max_points, exercises and problems. It raises for no file.

    An exercise is a dict of id, points, max_points, status and message. Each problem is one line that says what is
    wrong with the file. points is None when the grader itself failed, which is never the same as 0.
    """
    try:
        learner, problems = submissions.read(path)
        released = submissions.lesson_of(learner)
    except ValueError as error:
        return _submission(path, problems=[str(error)])
    try:
        exercises, more = grade_notebook(learner, released, run_in_kernel)
    except Exception as error:  # whatever it is, the other submissions are still graded
        reason = str(error) if isinstance(error, NotGraded) else f"{type(error).__name__}: {error}"
        total = sum(PROBLEMS[id].points for id in submissions.exercise_ids(released))
        failed = _submission(path, problems=[*problems, "not graded, by a failure of the grader: " + _one_line(reason)])
        return {**failed, "points": None, "max_points": total}
    return _submission(path, exercises, problems + more)


def grade_notebook(learner, released, run):
    """Grade a submission: (exercises, problems), the exercises in the order of the lesson.

    run(nb) runs the code cells of nb in order in a fresh kernel and fills their outputs; it returns None, or
    (index, reason) when the cell at index took too long or ended the process. Then the answer to which that cell
    belongs pays with its own points, and the rest is run again without it. NotGraded if our own cells fail so.
    """
    nb, problems = submissions.assemble(learner, released)
    untouched = submissions.untouched(nb, released)
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
            submissions.put_stub(nb, released, id)
    broken = [
        f"the cell {cell.id!r} raised {error}"
        for cell in nb.cells
        if not _exercise_of(cell) and not submissions.is_own(cell) and (error := _error(cell))
    ]
    exercises = []
    for id in submissions.exercise_ids(released):
        if id in stopped:
            status, message = NOT_YET, stopped[id]
        elif id in untouched:
            status, message = NOT_ATTEMPTED, "Its cell is as it was given."
        else:
            status, message = _verdict(nb, id) or (NOT_YET, _silence(nb, id, broken))
        max_points = PROBLEMS[id].points
        points = max_points if status == PASSED else 0
        exercises.append({"id": id, "points": points, "max_points": max_points, "status": status, "message": message})
    return exercises, problems + broken + _misplaced(nb, exercises)


def _misplaced(nb, exercises):
    """Lines about exercises that are not attempted although a cell below their check defines their function."""
    lines = []
    for id in [exercise["id"] for exercise in exercises if exercise["status"] == NOT_ATTEMPTED]:
        stub = next(cell for cell in nb.cells if submissions.grade_id(cell) == id)
        asked = re.search(r"^def \w+\(", stub.source, re.MULTILINE)
        if asked and any(submissions.is_own(cell) and asked[0] in cell.source for cell in nb.cells):
            lines.append(f"{id}: an answer stands outside of its cell, below the check, where it is not graded")
    return lines


def _submission(path, exercises=(), problems=()):
    return {
        "path": Path(path).as_posix(),
        "points": sum(exercise["points"] for exercise in exercises),
        "max_points": sum(exercise["max_points"] for exercise in exercises),
        "exercises": list(exercises),
        "problems": list(problems),
    }


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

        def kernel():
            client = notebooks.kernel(nb, CELL_SECONDS, allow_errors=True)
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


def _exercise_of(cell):
    """The exercise to which a cell of the assembled notebook belongs, as its answer or its check; or None."""
    block = cell.metadata.get("nbgrader") if cell.cell_type == "code" else None
    if not block:
        return None
    return block.grade_id if block.solution else block.grade_id.removesuffix("-check")


def _blamed(nb, index, stopped):
    """Whose fault it is that the cell at index did not come back: (cell, id of its exercise or None).

    If that cell is ours and has no exercise, the last one of the learner's above it. (None, None) if there is none:
    then nothing but our own code has run.
    """
    for cell in reversed(nb.cells[: index + 1]):
        id = _exercise_of(cell)
        if submissions.is_own(cell) or (id and id not in stopped):
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
        if submissions.grade_id(cell) == id and _error(cell):
            return f"Its cell raised {_error(cell)}."
    if broken:
        return f"The check gave no verdict: {broken[0]}."
    error = _error(_check_cell(nb, id))
    missing = re.fullmatch(r"NameError: name '(\w+)' is not defined", error)
    if missing:
        return f"There is no function named {missing[1]} when the check runs; define it in the cell of the answer."
    return f"The check gave no verdict{f'; it raised {error}' if error else ''}."


def _check_cell(nb, id):
    return next(cell for cell in nb.cells if submissions.grade_id(cell) == f"{id}-check")


def _error(cell):
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return _one_line(f"{errors[0].ename}: {errors[0].evalue}").rstrip(".: ") if errors else ""


def _one_line(value):
    return textwrap.shorten(str(value), 200, placeholder=" ...") or type(value).__name__


def _first_line(cell):
    return textwrap.shorten(cell.source.strip().splitlines()[0], 40, placeholder=" ...")
