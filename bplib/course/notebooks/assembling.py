"""What is done with a submission, step by step: what was given is run, and then the learner's notebook, in its order.

Each exercise is judged where that notebook checks it last, so that what passes there passes here.
"""

from dataclasses import dataclass, field

from bplib.course.notebooks.answers import answer_cells, asked, checks, defined, grade_id, keys
from bplib.course.notebooks.submissions import MAX_CODE
from bplib.course.problems import PROBLEMS

TRIAL = "trial"
"""The tag of a given cell that tries a learner's functions on real data: nothing of it counts, so it is not run."""
BELOW = "below its check"
"""Where code stands that would answer an exercise, and is not graded."""
_OF_TYPE = {"markdown": "in a Markdown cell", "raw": "in a raw cell"}


@dataclass(eq=False)
class Code:
    """Code to be run, a cell or a part of one.

    source   the code
    given    the id of the given cell that it is; "" where it is the learner's
    key      the exercise whose id its cell carries, or None
    answers  the exercises that it answers
    late     those that it would answer if it stood above their check
    """

    source: str
    given: str = ""
    key: str | None = None
    answers: list = field(default_factory=list)
    late: list = field(default_factory=list)


@dataclass(eq=False)
class Check:
    """An exercise to be judged, by the name of the answer, if it has not been yet and something has that name."""

    id: str
    name: str


def assemble(learner, released):
    """What is done with a learner's notebook: ([`Code` or `Check`, ...], problems).

    The given code runs first. Below it comes the learner's in the learner's order, without what is as it was given, for
    a stub is no answer. Code answers the exercises whose functions it defines, or else the one whose id its cell has.
    An exercise is judged at its last check, below which a cell is cut; where there is no check of it, before the next
    exercise; and where nothing above its check answers it, but a cell with its id does below, also there.
    """
    names, stubs = asked(released), {cell.source.strip(): id for id, cell in answer_cells(released).items()}
    idle = {cell.source.strip() for cell in released.cells if grade_id(cell) or TRIAL in cell.metadata.get("tags", ())}
    given = [cell for cell in released.cells if cell.cell_type == "code" and cell.source.strip() not in idle]
    cells = [cell for cell in learner.cells if cell.cell_type == "code" and cell.source.strip()]
    steps = _in_order(cells, names, idle)
    of_name = {step.name: step.id for step in steps if isinstance(step, Check)} | {names[id]: id for id in names}
    for code in _codes(steps):
        of_names = sorted({of_name[name] for name in defined(code.source) & of_name.keys()})
        code.answers = of_names or [code.key] * (code.key is not None)
    for id in names:
        _place(steps, id, names[id])
    there = {_key(cell, names) for cell in cells} | {stubs.get(cell.source.strip()) for cell in cells}
    there.update(id for code in _codes(steps) for id in code.answers)
    there.update(ungraded(learner, released, steps))
    return [Code(cell.source, cell.id) for cell in given] + steps, _missing(learner, names, there)


def ungraded(learner, released, steps):
    """Answers that are not graded for where they stand, below their check or in no code: id to [(where, source), ...].

    steps are those of `assemble`. Text that the released notebook has is no answer, whatever it defines, and of all
    text no more is looked into than of code.
    """
    names, given, room = asked(released), {cell.source.strip() for cell in released.cells}, MAX_CODE
    found = {id: [(BELOW, code.source) for code in _codes(steps) if id in code.late] for id in names}
    for cell in learner.cells:
        if cell.cell_type == "code" or cell.source.strip() in given or len(cell.source) > room:
            continue
        room -= len(cell.source)
        held = defined(cell.source) if any(name in cell.source for name in names.values()) else ()
        for id in (id for id, name in names.items() if name in held):
            found[id].append((_OF_TYPE.get(cell.cell_type, "in a cell of no known type"), cell.source))
    return {id: places for id, places in found.items() if places}


def named(id):
    """What people read for an exercise: its title, with its id, by which a file of ours calls it."""
    title = PROBLEMS[id].title if id in PROBLEMS else id
    return title if title == id else f"{title} ({id})"


def _codes(steps):
    return [step for step in steps if isinstance(step, Code)]


def _key(cell, ids):
    """The exercise, or the check of one, whose id a cell carries, or None."""
    return next((key for key in keys(cell) if key.removesuffix("-check") in ids), None)


def _in_order(cells, names, idle):
    """The learner's code, each cell cut below the last checks, and these."""
    last = {}  # id of the exercise: the number of the cell, the line below which it is cut, what is checked
    for number, cell in enumerate(cells):
        key = _key(cell, names)
        if key and key not in names:  # a check that was edited is still known by the id of its cell
            last[key.removesuffix("-check")] = (number, None, names[key.removesuffix("-check")])
    found = [checks(cell.source) for cell in cells]
    last |= {id: (number, *check) for number, here in enumerate(found) for id, check in here.items() if id in names}
    steps = []
    for number, cell in enumerate(cells):
        key = _key(cell, names)
        key = key if key in names else None
        lines, start = cell.source.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 0
        here = [(line or len(lines), id, checked) for id, (place, line, checked) in last.items() if place == number]
        for end in sorted({line for line, *_ in here} | {len(lines)}):
            part = "\n".join(lines[start:end])
            if part.strip() and part.strip() not in idle:
                steps.append(Code(part, key=key))
            for _, id, checked in filter(lambda each: each[0] == end, here):
                name = checked
                if not checked.isidentifier():  # as in check("mse", lambda a, y: ...)
                    name = "checked_" + id.replace("-", "_")
                    steps.append(Code(f"{name} = {checked}"))
                steps.append(Check(id, name))
            start = end
    return steps


def _place(steps, id, name):
    """See to it that an exercise is judged where it is answered, and that no code below that counts as its answer."""
    place = next((place for place, step in enumerate(steps) if isinstance(step, Check) and step.id == id), None)
    answers = [place for place, step in enumerate(steps) if isinstance(step, Code) and id in step.answers]
    if place is None:
        place = answers[-1] + 1 if answers else len(steps)
        while place < len(steps) and isinstance(steps[place], Code) and not steps[place].answers:
            place += 1
        steps.insert(place, Check(id, name))
    elif not answers or answers[0] > place:
        keyed = [place for place in answers if steps[place].key == id]
        if keyed:
            place = keyed[-1] + 1
            steps.insert(place, Check(id, name))
    for code in _codes(steps[place:]):
        if id in code.answers:
            code.answers.remove(id)
            code.late.append(id)


def _missing(learner, names, there):
    """A line about each exercise that is not there, neither answered nor as it was given."""
    odd = {}
    for cell in learner.cells:
        if (key := _key(cell, names)) in names:
            odd[key] = "is empty" if cell.cell_type == "code" else f"is of the type {cell.cell_type}"
    return [f"{named(id)}: its cell {odd.get(id, 'is missing')}" for id in names if id not in there]
