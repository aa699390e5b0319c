"""A released exercise with a learner's answers in it."""

import copy
import re

from bplib.course.notebooks import canonical
from bplib.course.notebooks.answers import defined, exercise_ids, keys

_STUB = re.compile(r"# YOUR CODE HERE\s+raise NotImplementedError\(\)")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def graft(learner, released, base=None):
    """The released exercise with a learner's answers and own cells in it; all three notebooks are left as they are.

    base is the released notebook from which the learner started, if it is known: what they left as it was there is none
    of theirs. Without it a given text that differs from the released one counts as an older one, and given code that
    differs as theirs. An answer is known by the id of its exercise; by the name that it defines where its exercise is
    called otherwise now. Own cells, further cells for one answer, given cells that the learner changed and answers to
    exercises that are no more stay where they stood, as cells of the learner's. Outputs are cleared.
    """
    place = {cell.id: index for index, cell in enumerate(released.cells)}
    given_as = {cell.source.strip(): index for index, cell in reversed(list(enumerate(released.cells)))}
    before = {cell.id: cell.source.strip() for cell in base.cells} if base else {}
    answers = {place[id] for id in exercise_ids(released)}
    found = {key for cell in learner.cells for key in keys(cell)}
    nameless = {source for id, source in before.items() if id not in found}  # an editor has dropped their ids
    lost = {index for index, cell in enumerate(released.cells) if cell.id not in found}
    renamed = {name: index for index in answers & lost for name in defined(released.cells[index].source)}
    answered, own, here = {}, {index: [] for index in range(-1, len(released.cells))}, -1
    for cell in learner.cells:
        source = cell.source.strip()
        index = next((place[key] for key in keys(cell) if key in place), None)
        if index is not None:
            here = index
        elif given_as.get(source) in lost:
            index = given_as[source]
            here = max(here, index)
        given = index is not None and source == released.cells[index].source.strip()
        untouched = source in nameless or source in (before.get(key) for key in keys(cell))
        if not source or given or untouched:
            continue
        if index is None and _is_code(cell):
            index = next((renamed[name] for name in sorted(defined(cell.source) & renamed.keys())), None)
        if index in answers and index not in answered and _is_code(cell):
            answered[index] = cell.source
        elif index is None or index in answers:
            if not (index is None and (_is_check(cell) or _is_stub(cell))):  # of an exercise that is no more
                own[here].append(cell)
        elif base or (_is_code(cell) and not _is_check(cell)):
            own[index - 1].append(cell)  # before the given one, which has the last word
    nb = copy.deepcopy(released)
    taken = set(place)
    cells = [_own(cell, taken) for cell in own[-1]]
    for index, cell in enumerate(nb.cells):
        if _is_code(cell):
            cell.outputs, cell.execution_count = [], None
        cell.source = answered.get(index, cell.source)
        cells += [cell, *(_own(mine, taken) for mine in own[index])]
    nb.cells = cells
    return nb


def moved(nb, id):
    """The source of the learner's answer to an exercise that is no more in this notebook; None if there is none."""
    for cell in nb.cells:
        if _is_code(cell) and id in keys(cell) and defined(cell.source) and not _STUB.search(cell.source):
            return cell.source
    return None


def answer(nb, answers):
    """Write answers, {id: source}, into those exercises of a notebook that are still stubs; return their ids."""
    taken = []
    for cell in nb.cells:
        id = next((key for key in keys(cell) if key in answers), None)
        if id and _is_stub(cell):
            cell.source, cell.outputs, cell.execution_count = answers[id], [], None
            taken.append(id)
    return taken


def _is_check(cell):
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _is_stub(cell):
    return bool(cell.metadata.get("nbgrader", {}).get("solution")) and bool(_STUB.search(cell.source))


def _own(cell, taken):
    """A cell as one of the learner's own: of no exercise, without outputs, its id like no other."""
    id, count = cell.get("id", ""), 0
    while not _ID.fullmatch(id) or id in taken:
        count += 1
        id = f"own-{count}"
    taken.add(id)
    new = {key: copy.deepcopy(cell[key]) for key in ("cell_type", "source", "metadata", "attachments") if key in cell}
    new["metadata"].pop("nbgrader", None)
    return canonical.node(new | {"id": id} | ({"outputs": [], "execution_count": None} if _is_code(cell) else {}))


def _is_code(cell):
    return cell.cell_type == "code"
