"""A course of one small lesson with three exercises, for the tests of everything that handles notebooks."""

import copy
import json
import os
import sys
from pathlib import Path
from unittest import mock

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bplib.course import checks, files, notebooks, releases

NAME = "77_toy.ipynb"


def solution():
    """The solution of the lesson, not run yet."""
    here = str(Path(__file__).parent)
    setup = f"import sys\n\nsys.path.insert(0, {json.dumps(here)})\nimport toy_problems\n\ntoy_problems.register()\n"
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
    files.write(folder / "solutions" / NAME, notebooks.text(notebooks.canonical(solution())))
    releases.release_all(folder)
    return folder


def released():
    """The released exercise."""
    return releases.release(notebooks.canonical(solution()))


def cell(nb, id):
    """The cell with an id."""
    return next(cell for cell in nb.cells if cell.id == id)


def answered(answers, nb=None):
    """A learner's copy of the exercise with these answers in it, id to source."""
    nb = copy.deepcopy(nb or released())
    for id, source in answers.items():
        cell(nb, id).source = source
    return nb


def run_here(nb):
    """Run the code cells of nb in this process: the runner of a grader that needs what a cell does, and no kernel.

    What the checks show and what a cell raises become outputs, as in a kernel. It does not come back from a cell that
    hangs.
    """

    def show(data, metadata):
        running.outputs.append(new_output("display_data", data, metadata=metadata))

    names = {"__name__": "__main__"}
    off = mock.patch.dict(os.environ, BPLIB_PROGRESS="off")
    with off, mock.patch.object(sys, "path", [*sys.path]), mock.patch.object(checks, "_show", show):
        for running in nb.cells:
            if running.cell_type == "code":
                try:
                    exec(compile(running.source, running.id, "exec"), names)
                except (Exception, SystemExit) as error:
                    raised = new_output("error", ename=type(error).__name__, evalue=str(error), traceback=[])
                    running.outputs.append(raised)
