"""What a learner hands in: read whatever it is, and know which lesson it is of.

Only the source of code cells counts. Outputs, tags, metadata and the kernel that a file names are dropped.
"""

import json
from pathlib import Path

from bplib.course.notebooks import canonical, releases
from bplib.course.notebooks.answers import asked, defined, exercise_ids, grade_id

_TYPES = ["code", "markdown", "raw"]

MAX_CODE = 1_000_000
"""Letters of code in one notebook: each is sent, parsed, stored and shown, at up to fifty bytes."""

MAX_CELLS = 10_000

MAX_LISTS = 2_000_000
"""Brackets and braces in a file: in memory a list is fifty times as large as in the file."""

_OLDER, _MARKED = "it is of the older nbformat ", "it begins with a byte order mark"


def parse(data):
    """What counts of the bytes of a submission, and what is wrong with them: (nb, problems).

    nb holds the cells with type, id, grade_id and source, and nothing else. The nbformat may be 2 to 4, or newer where
    it looks alike. ValueError, in one line, for a file that holds nothing to grade.
    """
    content, problems = _decoded(data)
    if not content.strip():
        raise ValueError("the file is empty")
    if not content.lstrip().startswith(("{", "[")):
        raise ValueError("it is no notebook: a file .ipynb is needed, which is JSON and begins with {")
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
        problems.append(f"{_OLDER}{version}.{minor}, and was converted")
    elif version > 4:
        problems.append(f"it is of nbformat {version}, newer than we know, and was read as nbformat 4")
    kept = [cell for cell in map(_stored_cell, cells) if cell]
    if len(kept) < len(cells):
        problems.append(f"{len(cells) - len(kept)} of its {len(cells)} cells could not be read")
    short = _within_limit(kept)
    if len(short) < len(kept):
        left_out = f"{len(kept) - len(short)} of its cells were left out"
        problems.append(f"{left_out}: the code of a notebook may have {MAX_CODE} letters, and with them it has more")
    return canonical.node({"cells": short, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), problems


def is_information(problem):
    """Whether what `parse` says is wrong with a file costs nothing: all of it was read, and as it was meant."""
    return problem.startswith((_OLDER, _MARKED))


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
        return content, [f"{_MARKED}, which was left out"]
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


# Which lesson it is


def lesson_of(learner):
    """The lesson to which a submission belongs, whatever its name: (name, released notebook).

    Enough is a mark of one of its exercises, or one check("mse", mse), or two cells with its ids, or all the functions
    that it asks for: one id, or some of the names, may stand in anybody's notebook. ValueError if there is too little.
    """
    code = [cell for cell in learner.cells if cell.cell_type == "code"]
    marked = {grade_id(cell) for cell in learner.cells}
    named = {cell.get("id") for cell in learner.cells if cell.cell_type != "markdown"}
    checked = {id for cell in code for id in canonical.checked(cell)}
    held = set().union(*(defined(cell.source) for cell in code))

    def evidence(released):
        ids = exercise_ids(released)
        told = sum(2 * (key in marked) + (key in named) for id in ids for key in (id, f"{id}-check"))
        told += 2 * len(checked.intersection(ids))
        functions = len(held.intersection(asked(released).values()))
        return told >= 2 or functions == len(ids), told + functions

    known = {name: evidence(released) for name, released in releases.released_notebooks().items()}
    name = max(known, key=known.get, default=None)
    if name is None or not known[name][0]:
        raise ValueError(
            "it holds no exercise of this course: it is of another, or a lesson, or has lost its ids and its checks"
        )
    return Path(name).stem, releases.released_notebooks()[name]
