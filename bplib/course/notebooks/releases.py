"""Exercises: made from solutions, and made fresh again.

solutions/ is the source. From it come the released copies in bplib/course/released/, which are what graders trust, and
exercises/, which belongs to the learner from the first key press on.
"""

import copy
import functools
import json
import re
from pathlib import Path

from bplib.course import files
from bplib.course.notebooks import canonical

RELEASED = Path(__file__).parents[1] / "released"
"""The pristine copies of the exercises."""

_MARKER = re.compile(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS)\b")


def release(solution):
    """The exercise made from a solution, which is left as it is.

    Cells tagged `solution` are left out; a region from ### BEGIN SOLUTION to ### END SOLUTION becomes the stub, at the
    indent of its marker; a region of ### BEGIN HIDDEN TESTS is removed; outputs and execution counts are cleared. All
    else stays. ValueError, naming the cell, for a region that is nested or not closed, and for a check without answer.
    """
    nb = copy.deepcopy(solution)
    nb.cells = [cell for cell in nb.cells if "solution" not in cell.metadata.get("tags", [])]
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.source = _without_regions(cell.source, cell.id)
            cell.outputs = []
            cell.execution_count = None
    ids = {cell.id for cell in nb.cells}
    for cell in nb.cells:
        for id in canonical.checked(cell):
            if id not in ids:
                raise ValueError(f"cell {cell.id!r} checks {id!r}, but no cell of the exercise has the id {id!r}")
    return nb


def _without_regions(source, id):
    kept, inside = [], None
    for line in source.split("\n"):
        marker = _MARKER.search(line)
        if not marker:
            if not inside:
                kept.append(line)
            continue
        edge, region = marker.groups()
        if edge == "BEGIN" and inside:
            raise ValueError(f"cell {id!r}: a region BEGIN {region} inside a region {inside}")
        if edge == "END" and inside != region:
            raise ValueError(f"cell {id!r}: END {region} without its BEGIN")
        if edge == "BEGIN" and region == "SOLUTION":
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + "# YOUR CODE HERE", indent + "raise NotImplementedError()"]
        inside = region if edge == "BEGIN" else None
    if inside:
        raise ValueError(f"cell {id!r}: BEGIN {inside} without its END")
    return "\n".join(kept)


def release_all(folder, check=False):
    """Make bplib/course/released/ and exercises/ from solutions/, below the folder; return what happened, in lines.

    An exercise that differs from the copy released before holds somebody's answers: it is kept, and said so. With check
    nothing is written, and the lines name what differs; there are none when all is in order.
    """
    folder = Path(folder)
    solutions = {path.name: path for path in sorted((folder / "solutions").glob("*.ipynb"))}
    if not solutions:
        raise ValueError(f"there are no notebooks in {folder / 'solutions'}; run this in the folder of the course")
    exercises, released = folder / "exercises", folder / "bplib" / "course" / "released"
    lines = []

    def put(path, new):
        """Write, or remove where new is None."""
        if check:
            lines.append(f"{path.relative_to(folder).as_posix()} differs from what solutions/ gives")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if new is None:
            path.unlink()
        else:
            files.write(path, new)
        lines.append(f"{path.relative_to(folder).as_posix()} {'removed' if new is None else 'written'}")

    # The exercises' own folder is not searched for names: what a learner adds there is no business of ours.
    for name in sorted(solutions.keys() | {path.name for path in released.glob("*.ipynb")}):
        new = _released_text(solutions[name]) if name in solutions else None
        old, mine = _stored(released / name), _stored(exercises / name)
        if mine != new:
            if check or mine in (None, old):
                put(exercises / name, new)
            else:
                lines.append(f"exercises/{name} holds answers and was kept; `bplib reset {name}` gives a fresh one")
        if old != new:
            put(released / name, new)
    return lines


def _released_text(path):
    try:
        return canonical.text(release(canonical.canonical(canonical.read(path))))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _stored(path):
    """The text of a file, None if there is none. A checkout on Windows may have written other line ends."""
    try:
        return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except FileNotFoundError:
        return None


def released_notebooks():
    """The released exercises: name to notebook, in the order of the course. They are read once, for all to share."""
    return _read_all(RELEASED)


@functools.cache
def _read_all(folder):
    released = {}
    for path in sorted(folder.glob("*.ipynb")):
        released[path.name] = canonical.node(json.loads(path.read_text(encoding="utf-8")))
        for cell in released[path.name].cells:
            cell.source = "".join(cell.source)  # stored line by line
    return released


# A fresh start


def reset(path):
    """Give a fresh exercise and keep the old one; return the path of the exercise and that of the copy, or None.

    path is exercises/01_loss_functions.ipynb, or 01_loss_functions, or 01; ValueError for any other, listing the names,
    and for a lesson or a solution.
    The copy lies beside the exercise, where the learner looks for it, with the time in its name, as in
    01_loss_functions.2026-11-23T21-40-05.ipynb; graders and pytest pass such copies over. An exercise nobody has
    touched is not copied.
    """
    given = Path(path)
    fresh = _released_path(given)
    folder = _exercises_folder() if given.parent == Path() else given.parent
    if folder.resolve().name in ("notebooks", "solutions", RELEASED.name):
        raise ValueError(f"{given} is no exercise; those are in exercises/")
    target = folder / fresh.name
    content = fresh.read_text(encoding="utf-8")
    kept = None
    if target.exists() and _stored(target) != content:
        kept = files.set_aside(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write(target, content)
    return target, kept


def _released_path(given):
    known = sorted(RELEASED.glob("*.ipynb"))
    name = given.name.removesuffix(".ipynb")
    found = [path for path in known if path.stem == name or path.stem.partition("_")[0] == name]
    if not found:
        raise ValueError(f"there is no exercise {str(given)!r}; there are: {', '.join(path.stem for path in known)}")
    return found[0]


def _exercises_folder():
    folder = files.course_folder()
    if folder is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course; go there, or give the path of the notebook")
    return folder / "exercises"
