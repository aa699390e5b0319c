"""Promise: what a learner's own notebook passes, run from top to bottom, grading passes, and it passes nothing more.

Editors, browsers and people deform notebooks; each way that was met is a function here, alone and composed with others.
"""

import ast
import contextlib
import copy
import json
import random
import re
import textwrap
from pathlib import Path

import pytest
import toy_course
import toy_problems

from bplib.course import checks
from bplib.course.judging.reading import PASSED
from bplib.course.notebooks import answers, releases, submissions
from bplib.course.notebooks.assembling import Check, assemble
from bplib.grading.notebook import grade_notebook
from bplib.grading.sandbox.processes import Limits

LESSONS = ["77", "01", "03", "04", "06", "16b"]
SLOW = {"train-below"}  # its judge trains for 20 s; it is left as it was given
WRONG = "def {}(*_):\n    return 0.5"


@pytest.fixture(scope="module", autouse=True)
def course(tmp_path_factory):
    """The released course and the toy one, side by side."""
    with pytest.MonkeyPatch.context() as patch:
        toy_problems.register()
        folder = toy_course.make(tmp_path_factory.mktemp("course")) / "bplib" / "course" / "released"
        for path in releases.RELEASED.glob("*.ipynb"):
            (folder / path.name).write_bytes(path.read_bytes())
        patch.setattr(releases, "RELEASED", folder)
        patch.setenv("BPLIB_PROGRESS", "off")
        yield
        toy_problems.unregister()


# A learner's notebook


def released(lesson):
    return next(nb for name, nb in releases.released_notebooks().items() if name.startswith(f"{lesson}_"))


def solutions(lesson):
    """The right answers, id to source."""
    if lesson == "77":
        return dict(toy_problems.RIGHT)
    [path] = (Path(__file__).parents[2] / "solutions").glob(f"{lesson}_*.ipynb")
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    return {id: cells[id] for id in answers.exercise_ids(released(lesson))}


class Work:
    """A notebook that is being deformed: its cells, as they are stored, and what is known of its exercises."""

    def __init__(self, lesson, seed, all_right=False):
        self.random, self.lesson = random.Random(f"{lesson} {seed}"), lesson
        self.names = answers.asked(released(lesson))
        self.cells = [dict(copy.deepcopy(cell)) for cell in released(lesson).cells if "trial" not in str(cell.metadata)]
        self.stubs = {cell["id"]: cell["source"] for cell in self.cells if cell["id"] in self.names}
        for id, source in solutions(lesson).items():
            how = "right" if all_right else self.random.choices(["right", "wrong", "stub"], [7, 2, 1])[0]
            if id not in SLOW and how != "stub":
                self.answer(id)["source"] = source if how == "right" else WRONG.format(self.names[id])

    def codes(self):
        return [cell for cell in self.cells if cell["cell_type"] == "code"]

    def own(self, source, like=None):
        """A cell of the learner's own, or one that an editor has made from another, with its mark."""
        metadata = copy.deepcopy(like["metadata"]) if like else {}
        return {"cell_type": "code", "id": f"{self.random.getrandbits(32):08x}", "metadata": metadata, "source": source}

    def place(self, cell):
        return next(place for place, each in enumerate(self.cells) if each is cell)

    def put(self, place, *cells):
        self.cells[place:place] = cells

    def answer(self, id):
        """The cell of an answer that is still there as such, or None."""
        return next((cell for cell in self.codes() if cell["id"] == id), None)

    def check(self, id):
        return next((cell for cell in self.codes() if cell["source"] == f'check("{id}", {self.names[id]})'), None)

    def put_check(self, id, source):
        """Write all checks of an exercise otherwise."""
        while check := self.check(id):
            check["source"] = source

    def answered(self):
        """(id, name, cell of the answer, cell of the check) of what was answered and is where it was given."""
        for id, name in self.names.items():
            cell, check = self.answer(id), self.check(id)
            if cell and check and cell["source"] != self.stubs[id] and self.place(cell) < self.place(check):
                yield id, name, cell, check

    def below_setup(self):
        return 1 + next((place for place, cell in enumerate(self.cells) if cell["id"] == "setup"), -1)

    def some(self):
        """About half of those, and one at least where there is one."""
        there = list(self.answered())
        kept = [each for each in there if self.random.random() < 0.6]
        return kept or there[:1]


# What a person does


PEOPLE, EDITORS = [], []


def person(way):
    PEOPLE.append(way)
    return way


def editor(way):
    EDITORS.append(way)
    return way


def rename(cell, name):
    cell["source"] = re.sub(rf"\bdef {name}\(", f"def my_{name}(", cell["source"])


@person
def answers_retyped_in_new_cells(work):
    for _, _, cell, check in work.some():
        retyped = work.own(cell["source"])
        cell["source"] = work.stubs[cell["id"]]
        if work.random.random() < 0.7:
            work.cells.remove(cell)
        work.put(work.place(check), retyped)


@person
def answers_in_their_checks(work):
    for _, _, cell, check in work.some():
        check["source"] = cell["source"] + "\n\n" + check["source"]
        work.cells.remove(cell)


@person
def stubs_copied_below(work):
    for id, _, cell, _ in work.some():
        work.put(work.place(cell) + 1, work.own(work.stubs[id], work.random.choice([cell, None])))


@person
def stubs_copied_to_the_end(work):
    work.cells += [work.own(stub) for stub in work.stubs.values()]


@person
def answers_above_everything(work):
    for _, _, cell, _ in work.some():
        work.cells.remove(cell)
        work.put(work.below_setup(), cell)


@person
def checks_at_the_end(work):
    found = [check for _, _, _, check in work.answered()]
    work.cells = [cell for cell in work.cells if not any(cell is check for check in found)] + found


@person
def checks_doubled(work):
    for _, _, _, check in work.some():
        work.cells.append({**copy.deepcopy(check), "id": f"{work.random.getrandbits(32):08x}"})


@person
def checks_first_and_last(work):
    """Who checks before answering has seen that it is not attempted, and checks again."""
    for _, _, cell, check in work.some():
        work.put(work.place(cell), work.own(check["source"]))


@person
def exercises_in_another_order(work):
    """Each with all that stands above it and below the one before."""
    blocks, start = [], work.below_setup()
    for _, _, _, check in work.answered():
        end = work.place(check) + 1
        blocks.append(work.cells[start:end])
        start = end
    head, tail = work.cells[: work.below_setup()], work.cells[start:]
    if work.lesson != "16b":  # where a given function stands above the exercise that needs it
        work.random.shuffle(blocks)
    work.cells = head + [cell for block in blocks for cell in block] + tail


@person
def helpers_in_own_cells(work):
    """Each exercise has another helper of the same name, in a cell of its own, above the answer or below it."""
    for number, (_, name, cell, check) in enumerate(work.some()):
        helper = work.own(f"def helped(value):\n    return value if {number} == number else None")
        rename(cell, name)
        cell["source"] += f"\n\n\nnumber = {number}\n\n\ndef {name}(*a):\n    return helped(my_{name}(*a))"
        work.put(work.place(work.random.choice([cell, check])), helper)


@person
def scratch_below_the_check(work):
    for _, name, cell, check in work.some():
        like = work.random.choice([cell, None])
        work.put(work.place(check) + 1, work.own(WRONG.format(name), like))


@person
def answers_below_their_checks(work):
    for _, _, cell, check in work.some():
        work.cells.remove(cell)
        work.put(work.place(check) + 1, work.own(cell["source"]))


@person
def defined_twice(work):
    for _, name, cell, _ in work.some():
        twice = [WRONG.format(name), cell["source"]]
        work.random.shuffle(twice)
        cell["source"] = twice[0]
        work.put(work.place(cell) + 1, work.own(twice[1], work.random.choice([cell, None])))


@person
def assigned(work):
    for _, name, cell, _ in work.some():
        rename(cell, name)
        cell["source"] += f"\n\n\n{name} = " + work.random.choice([f"my_{name}", f"lambda *a: my_{name}(*a)"])


@person
def decorated(work):
    work.put(work.below_setup(), work.own("def same(function):\n    return function"))
    for _, name, cell, _ in work.some():
        cell["source"] = re.sub(rf"^def {name}\(", f"@same\ndef {name}(", cell["source"], flags=re.MULTILINE)


@person
def nested(work):
    for _, _, cell, _ in work.some():
        cell["source"] = "if True:\n" + textwrap.indent(cell["source"], "    ")


@person
def imported(work):
    """From a module that the learner has written beside the notebook; here it comes from the cell above."""
    for _, name, cell, _ in work.some():
        module = (
            f"import sys, types\n\nimport numpy as np\n\nmine = sys.modules['mine_{name}'] = types.ModuleType('mine')"
        )
        given = "mine.__dict__.update(globals())\n"
        work.put(work.place(cell), work.own(f"{module}\n{given}exec({cell['source']!r}, mine.__dict__)"))
        cell["source"] = f"from mine_{name} import {name}"


@person
def defined_out_of_sight(work):
    for _, _, cell, check in work.some():
        work.cells.remove(cell)
        work.put(work.place(check), work.own(f"exec({cell['source']!r})"))


@person
def checked_by_other_names(work):
    for id, name, cell, _ in work.some():
        rename(cell, name)
        given = work.random.choice([f"my_{name}", f"lambda *a: my_{name}(*a)"])
        work.put_check(id, work.random.choice([f"check('{id}', {given})", f"check(id='{id}', answer={given})"]))


@person
def checks_written_otherwise(work):
    forms = [
        "check('{}', {})",
        'check(\n    "{}",\n    {},\n)',
        "if True:\n    check('{}', {})",
        "check('{}', {});  # so",
    ]
    for id, name, *_ in work.some():
        work.put_check(id, work.random.choice(forms).format(id, name))


@person
def checks_in_a_text(work):
    for id, name, cell, _ in work.some():
        cell["source"] = f'NOTE = """\ncheck("{id}", {name})\n"""\n' + cell["source"]


@person
def setup_in_the_cell_below(work):
    setup, below, *_ = work.codes()
    work.cells.remove(setup)
    below["source"] = setup["source"] + "\n\n\n" + below["source"]


@person
def setup_edited(work):
    work.codes()[0]["source"] += "\nimport math\n\nx = 1"


@person
def magics(work):
    for cell in work.codes():
        if work.random.random() < 0.5:
            cell["source"] = work.random.choice(["%matplotlib inline\n", "!ls\n", "%%time\n"]) + cell["source"]


# What an editor does to all cells


@editor
def ids_rewritten(work):
    for cell in work.cells:
        cell["id"] = f"{work.random.getrandbits(32):08x}"


@editor
def ids_dropped(work):
    for cell in work.cells:
        cell.pop("id")


@editor
def metadata_dropped(work):
    for cell in work.cells:
        cell["metadata"] = {}


@editor
def pasted_into_a_new_notebook(work):
    work.cells = [work.own(cell["source"]) for cell in work.codes()]


@editor
def markdown_dropped(work):
    work.cells = work.codes()


@editor
def through_marimo(work):
    """Ids are made up, metadata is marimo's, and text has become a call."""
    work.cells = [
        work.own(cell["source"] if cell["cell_type"] == "code" else f'mo.md(r"""\n{cell["source"]}\n""")')
        for cell in work.cells
    ]
    for cell in work.cells:
        cell.update(id=f"{work.random.getrandbits(16):04x}", metadata={"marimo": {"config": {"hide_code": True}}})


@editor
def through_percent_script(work):
    """A script has cells, in which text is a comment, and nothing else."""
    parts = []
    for cell in work.cells:
        text = cell["source"] if cell["cell_type"] == "code" else textwrap.indent(cell["source"], "# ", lambda _: True)
        parts.append("# %%" + ("" if cell["cell_type"] == "code" else " [markdown]") + "\n" + text)
    script = "\n\n".join(parts)
    cells = [part.partition("\n") for part in re.split(r"^# %%", script, flags=re.MULTILINE)[1:]]
    work.cells = [work.own(source.strip()) for head, _, source in cells if not head.strip()]


@editor
def through_a_script_whose_text_stays(work):
    """As nbconvert and Spyder have it: what was text is a comment above the code."""
    through_percent_script(work)
    for number, cell in enumerate(work.cells):
        cell["source"] = f"# Exercise {number}\n#\n# In[{number}]:\n\n\n{cell['source']}\n"


@editor
def other_ends_of_lines(work):
    for cell in work.cells:
        cell["source"] = cell["source"].replace("\n", "\r\n")


@editor
def everything_in_one_cell(work):
    work.cells = [work.own("\n\n\n".join(cell["source"] for cell in work.codes()))]


@editor
def cells_merged(work):
    merged = []
    for cell in work.codes():
        if merged and work.random.random() < 0.5:
            merged[-1]["source"] += "\n\n" + cell["source"]
        else:
            merged.append(cell)
    work.cells = merged


@editor
def cells_split(work):
    for cell in work.codes():
        if re.search("^[%!]", cell["source"], re.MULTILINE):
            continue
        tree = ast.parse(cell["source"]).body
        if len(tree) > 1:
            line = work.random.choice(tree[1:])
            line = min([line.lineno, *(each.lineno for each in getattr(line, "decorator_list", []))]) - 1
            lines = cell["source"].replace("\r\n", "\n").split("\n")
            cell["source"] = "\n".join(lines[:line])
            rest = work.own("\n".join(lines[line:]), work.random.choice([cell, None]))
            work.put(work.place(cell) + 1, rest)


@editor
def cells_doubled(work):
    for cell in work.codes():
        if work.random.random() < 0.3:
            work.put(work.place(cell) + 1, {**copy.deepcopy(cell), "id": f"{work.random.getrandbits(32):08x}"})


@editor
def own_cells_between(work):
    for place in range(len(work.cells), 0, -1):
        if work.random.random() < 0.3:
            work.put(place, work.own(work.random.choice(["x = 3", "print('so far')", "import math", "", "# a note"])))


# Both ways


def plain(source):
    """Code as IPython would read it."""
    return re.sub(r"^( *)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


class Here(toy_course.Here):
    """A process that is this one, and that knows magics."""

    def run(self, source):
        return super().run(plain(source))


def passed_in_grading(data):
    """(the ids that grading passes, the lesson it takes the notebook for)."""
    learner, _ = submissions.parse(data)
    name, nb = submissions.lesson_of(learner)
    done = grade_notebook(learner, nb, Here().start, Limits())
    return {exercise["id"] for exercise in done.exercises if exercise["status"] == PASSED}, name


def passed_in_the_notebook(data, monkeypatch, without=None):
    """The ids whose last check says that they are passed, when all cells run from top to bottom.

    Or, with sources of cells that are left out, what passes at most: a line that raises costs no more than itself.
    """
    stored, said = json.loads(data), {}
    cells = stored["cells"] if "cells" in stored else stored["worksheets"][0]["cells"]
    names = {"__name__": "__main__"}
    monkeypatch.setattr(checks.progress, "record", said.__setitem__)
    for cell in cells:
        source = "".join(cell.get("source", cell.get("input", ""))).replace("\r\n", "\n")
        if cell["cell_type"] == "code" and source.strip() not in (without or ()):
            body = ast.parse(plain(source)).body
            for part in [body] if without is None else [[statement] for statement in body]:
                try:
                    exec(compile(ast.Module(part, []), "cell", "exec"), names)
                except Exception as error:
                    print(f"{type(error).__name__}: {error}")
    return {id for id, status in said.items() if status == PASSED}


def stored(work):
    """The bytes of the notebook, in one of the forms of the format."""
    nb = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": work.cells}
    if work.random.random() < 0.2:
        cells = [{**cell, "input": cell["source"].splitlines(True)} for cell in work.cells]
        for cell in cells:
            cell.pop("source" if cell["cell_type"] == "code" else "input")
        nb = {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    return json.dumps(nb).encode()


def compare(work, monkeypatch):
    """What the own notebook passes grading passes, and no more than that passes with the setup on top and no stubs."""
    data = stored(work)
    graded, lesson = passed_in_grading(data)
    own = passed_in_the_notebook(data, monkeypatch)
    work.cells[:0] = [work.own(cell.source) for cell in released(work.lesson).cells if cell.id in ("setup", "block")]
    at_most = own | passed_in_the_notebook(stored(work), monkeypatch, {stub.strip() for stub in work.stubs.values()})
    assert lesson.startswith(f"{work.lesson}_")
    assert own - graded == graded - at_most == set()
    return graded


@pytest.mark.parametrize("way", PEOPLE + EDITORS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("lesson", ["77", "04"])
def test_what_the_own_notebook_passes_grading_passes(way, lesson, monkeypatch):
    work = Work(lesson, way.__name__, all_right=True)
    way(work)
    assert compare(work, monkeypatch) or way is answers_below_their_checks


@pytest.mark.parametrize("seed", range(100))
def test_so_it_is_when_a_notebook_was_deformed_several_times(seed, monkeypatch):
    work = Work(LESSONS[seed % len(LESSONS)], seed)
    people = work.random.sample(PEOPLE, work.random.randint(0, 2))
    ways = people + work.random.sample(EDITORS, work.random.randint(1, 3))
    print([way.__name__ for way in ways])
    for way in ways:
        way(work)
    compare(work, monkeypatch)


# How the lesson is known


REST = "if 1:\n    bce_with_logits = softmax_cross_entropy = len\nfrom math import sin as shape_of_the_difference"


def lesson_of(*sources):
    nb = {"nbformat": 4, "cells": [{"cell_type": "code", "source": source} for source in sources]}
    return submissions.lesson_of(submissions.parse(json.dumps(nb).encode())[0])[0]


@pytest.mark.parametrize(
    "sources",
    [
        ["import numpy as np", 'check("mse", mse)'],
        ["def mse(): 1\ndef mse_grad(): 1\ndef faster_loss(): 1", REST],
        ["def mse(a, y):\n    return ((a - y) ** 2).mean()\n\n\ncheck('mse', mse)", "def train(): pass"],
    ],
    ids=["a check", "all functions", "a check in a cell"],
)
def test_a_lesson_is_known_by_one_of_its_checks_or_by_all_of_its_functions(sources):
    assert lesson_of(*sources) == "01_loss_functions"


@pytest.mark.parametrize(
    "sources",
    [
        ["def mse(a, y):\n    return 0"],
        ["def mse(): pass", "def mse_grad(): pass", REST],
        ["# check('mse', mse)", "check('mse-2', mse)", "nothing"],
        ["def dropout(): pass", "def report(): pass"],
    ],
)
def test_a_few_names_that_may_stand_in_anybodys_notebook_make_it_none_of_ours(sources):
    with pytest.raises(ValueError, match="no exercise of this course"):
        lesson_of(*sources)


def test_a_lesson_that_was_handed_in_for_an_exercise_is_none_but_for_the_one_that_shows_a_check():
    taken = []
    for path in sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb")):
        with contextlib.suppress(ValueError):
            taken.append(submissions.lesson_of(submissions.parse(path.read_bytes())[0])[0])
    assert taken == ["00_start_here"]


def test_functions_alone_are_answers():
    cells = [{"cell_type": "code", "source": source} for source in solutions("01").values()]
    assert len(passed_in_grading(json.dumps({"nbformat": 4, "cells": cells}).encode())[0]) == 6


def test_of_the_checks_in_a_cell_the_last_counts_magics_or_not_and_none_in_a_function_or_a_text():
    source = """%matplotlib inline
check("a", f)
files = !ls
if files:
    checks.check(id="b",
                 answer=lambda x: x); check("a", g)
def later():
    check("c", h)
TEXT = \"\"\"
check("d", f)
\"\"\"
check("e", f); x = [
]"""
    assert answers.checks(source) == {"a": (6, "g"), "b": (6, "lambda x: x"), "e": (13, "f")}
    assert answers.defined(source) == {"files", "later", "TEXT", "x"}
    assert answers.checks("%%writefile a.py\ncheck('a', f)") == answers.checks("check('a', f)\n(") == {}


def test_of_code_that_is_no_python_the_names_are_known_all_the_same():
    assert answers.defined("def mse(a, y)\n    b = 1\nother = mse") == {"mse", "other"}


def test_each_function_is_asked_for_once_in_a_lesson_and_given_by_no_cell():
    for nb in releases.released_notebooks().values():
        names = list(answers.asked(nb).values())
        given = [cell.source for cell in nb.cells if cell.cell_type == "code" and not answers.grade_id(cell)]
        assert len(set(names)) == len(names) == len(answers.exercise_ids(nb))
        assert not set(names) & set().union(*map(answers.defined, given))


HEAVY = ["(", "-", "a.", "[0]", "a;", "not ", "check('mse', a)\n", "def mse(): pass\n", "\0", " \t"]


@pytest.mark.parametrize("part", HEAVY)
def test_code_that_is_too_much_for_a_parser_stops_nobody(part):
    heavy = "check\n" + part * (90_000 // len(part))
    cells = [{"cell_type": "code", "source": source} for source in (heavy, "check('mse', mse)")]
    learner, _ = submissions.parse(json.dumps({"nbformat": 4, "cells": cells}).encode())
    done, _ = assemble(learner, submissions.lesson_of(learner)[1])
    assert {step.id for step in done if isinstance(step, Check)} == set(answers.exercise_ids(released("01")))
