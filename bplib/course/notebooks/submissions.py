"""What a learner hands in: read whatever it is, and assemble it into the released notebook.

Only the source of code cells counts. Outputs, tags, metadata and the kernel that a file names are dropped.
"""

import copy
import itertools
import json
from pathlib import Path

from bplib.course.notebooks import releases
from bplib.course.notebooks.canonical import node

_TYPES = ["code", "markdown", "raw"]

MAX_CODE = 1_000_000
"""Letters of code in one notebook: each is sent, parsed, stored and shown, at up to fifty bytes."""

MAX_CELLS = 10_000

MAX_LISTS = 2_000_000
"""Brackets and braces in a file: in memory a list is fifty times as large as in the file."""


def parse(data):
    """What counts of the bytes of a submission, and what is wrong with them: (nb, problems).

    nb holds the cells with type, id, grade_id and source, and nothing else. The nbformat may be 2 to 4, or newer where
    it looks alike. ValueError, in one line, for a file that holds nothing to grade.
    """
    content, problems = _decoded(data)
    if not content.strip():
        raise ValueError("the file is empty")
    lists = content.count("[") + content.count("{")
    if lists > MAX_LISTS:
        raise ValueError(f"it has {lists} brackets and braces, more than the {MAX_LISTS} that are read")
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
    if len(cells) > MAX_CELLS:
        problems.append(f"it has {len(cells)} cells, of which the first {MAX_CELLS} were read")
        cells = cells[:MAX_CELLS]
    minor = stored.get("nbformat_minor")
    minor = minor if type(minor) is int else 0
    if (version, minor) < (4, 5):
        problems.append(f"it is of the older nbformat {version}.{minor}, and was converted")
    elif version > 4:
        problems.append(f"it is of nbformat {version}, newer than we know, and was read as nbformat 4")
    kept = [cell for cell in map(_stored_cell, cells) if cell]
    if len(kept) < len(cells):
        problems.append(f"{len(cells) - len(kept)} of its {len(cells)} cells could not be read")
    short = _within_limit(kept)
    if len(short) < len(kept):
        left_out = f"{len(kept) - len(short)} of its cells were left out"
        problems.append(f"{left_out}: the code of a notebook may have {MAX_CODE} letters, and with them it has more")
    return node({"cells": short, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), problems


def _within_limit(cells):
    """The cells without those that do not fit into what a notebook may hold beside what was before them."""
    kept, room = [], MAX_CODE
    for cell in cells:
        length = len(cell["source"]) if cell["cell_type"] == "code" else 0
        if length <= room:
            kept.append(cell)
            room -= length
    return kept


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
    mark = block.get("grade_id") if isinstance(block, dict) else None
    # Half a surrogate pair is legal in JSON and cannot be sent to a kernel.
    source = source.encode("utf-8", "replace").decode("utf-8")
    kind = cell.get("cell_type")
    return {
        "cell_type": kind if kind in _TYPES else "unknown",
        "id": id if isinstance(id := cell.get("id"), str) else "",
        "metadata": {"nbgrader": {"grade_id": mark}} if isinstance(mark, str) else {},
        "source": source,
    }


# Assembling


def exercise_ids(released):
    """The ids of the exercises of a released notebook, in its order."""
    return list(_answers(released))


def lesson_of(learner):
    """The lesson to which a submission belongs, found from the ids in it, whatever its name: (name, released notebook).

    ValueError if there is none: it is of another course.
    """
    marked = {grade_id(cell) for cell in learner.cells}
    named = {cell.get("id") for cell in learner.cells}

    def matches(released):
        keys = [key for id in exercise_ids(released) for key in (id, f"{id}-check")]
        return sum(2 * (key in marked) + (key in named) for key in keys)

    name, best = max(releases.released_notebooks().items(), key=lambda item: matches(item[1]), default=(None, None))
    if best is None or matches(best) < 2:  # one cell named "mse" may stand in anybody's notebook
        raise ValueError(
            "it holds no exercise of this course: it is of another, or a lesson, or its cells have lost their ids"
        )
    return Path(name).stem, best


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
        index = next((place[key] for key in (grade_id(cell), cell.get("id")) if key in place), None)
        if index is not None:
            here = index
        elif source in given_as:
            index = given_as[source]
            here = max(here, index)
        given = released.cells[index] if index is not None else None
        id = grade_id(given) if given is not None else None
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
        answered = grade_id(given) in found
        nb.cells += before[index] + ([] if answered else [given]) + after[index]
    _name(nb)
    problems = {id: problems.get(id, f"{id}: its cell is missing") for id in answers if id not in found}
    return nb, list(problems.values())


def _code(source, metadata=None):
    return node(
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
            id = grade_id(cell)
            cell.id = id if id and id not in taken else next(id for id in free if id not in taken)
            taken.add(cell.id)


def grade_id(cell):
    """The id that nbgrader's block of a cell gives it, or None."""
    block = cell.get("metadata", {}).get("nbgrader")
    return block.get("grade_id") if block else None


def _answers(released):
    """The answer cells of a released notebook, id of the exercise to cell."""
    return {
        grade_id(cell): cell
        for cell in released.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def untouched(nb, released):
    """The exercises whose given cell is no stub, such as a mistake to repair, and was left as it is."""
    return {
        id
        for id, given in _answers(released).items()
        if "NotImplementedError" not in given.source
        and [cell.source.strip() for cell in nb.cells if grade_id(cell) == id] == [given.source.strip()]
    }


def put_stub(nb, released, id):
    """Put the released cell in the place of all that answers an exercise in an assembled notebook."""
    stub = copy.deepcopy(_answers(released)[id])
    stub.outputs, stub.execution_count = [], None
    cells = [cell for cell in nb.cells if grade_id(cell) == id]
    nb.cells[nb.cells.index(cells[0])] = stub
    nb.cells = [cell for cell in nb.cells if not any(cell is other for other in cells)]


def is_own(cell):
    """Whether a cell of an assembled notebook is one that the learner added."""
    return cell.metadata.get("bplib") == "own"
