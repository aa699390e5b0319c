"""A course of one small lesson with three exercises, for the tests of everything that handles notebooks."""

import contextlib
import copy
import json
import sys
from pathlib import Path
from unittest import mock

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bplib.course import checks, files
from bplib.course.notebooks import canonical, releases
from bplib.grading.sandbox.meters import Meter
from bplib.grading.sandbox.processes import Missing

NAME = "77_toy.ipynb"


def solution():
    """The solution of the lesson, not run yet."""
    here = str(Path(__file__).parent)
    # A learner's process can import no problems and read no tests, and needs neither. A path may be of any length.
    setup = (
        f"import contextlib\nimport sys\n\nsys.path.insert(0, {json.dumps(here)})  # fmt: skip\n"
        "with contextlib.suppress(ImportError, OSError):\n    import toy_problems\n\n    toy_problems.register()\n"
    )
    return new_notebook(
        cells=[
            new_markdown_cell("# Toys", id="title"),
            new_code_cell(setup + "from bplib.course.checks import check", id="setup"),
            new_code_cell(_answer("double(x)", "return 2 * x"), id="toy-double"),
            new_code_cell('check("toy-double", double)', id="toy-double-check"),
            new_code_cell(_answer("half(x)", "return x / 2"), id="toy-half"),
            new_code_cell('check("toy-half", half)', id="toy-half-check"),
            new_markdown_cell("Why it is even.", id="why", metadata={"tags": ["solution"]}),
            new_code_cell(_answer("parity()", 'return "even"'), id="toy-parity"),
            new_code_cell('check("toy-parity", parity)', id="toy-parity-check"),
        ]
    )


def _answer(signature, line):
    return f'def {signature}:\n    """Answer."""\n    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION'


def make(folder):
    """Write the course into a folder: solutions/, the released copy and exercises/."""
    for name in ("notebooks", "solutions", "exercises"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    files.write(folder / "solutions" / NAME, canonical.text(canonical.canonical(solution())))
    releases.release_all(folder)
    return folder


def released():
    """The released exercise."""
    return releases.release(canonical.canonical(solution()))


def cell(nb, id):
    """The cell with an id."""
    return next(cell for cell in nb.cells if cell.id == id)


def answered(answers, nb=None):
    """A learner's copy of the exercise with these answers in it, id to source."""
    nb = copy.deepcopy(nb or released())
    for id, source in answers.items():
        cell(nb, id).source = source
    return nb


class Here:
    """Starts processes that are this one: for tests of what is said of a submission that runs to its end."""

    not_enforced = ()
    is_orphan = False

    def start(self, scratch, limits):
        self.names, self.meter = {"__name__": "__main__"}, Meter()
        return self

    def run(self, source):
        with mock.patch.object(sys, "path", [*sys.path]), mock.patch.object(checks, "check", lambda *_: None):
            try:
                exec(compile(source, "cell", "exec"), self.names)
            except (Exception, SystemExit) as error:
                return f"{type(error).__name__}: {error}".rstrip(": ")
        return ""

    @contextlib.contextmanager
    def answering(self):
        yield self

    def answer(self, name, allowed=()):
        if name not in self.names:
            raise Missing(name)
        return self.names[name]

    def renew(self):
        pass

    def close(self):
        pass
