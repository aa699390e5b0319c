"""Judge the released solutions again and again: who is right must not lose a point by what a check happens to draw."""

import os
import time
from collections import Counter
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

from bplib.course.judging.reading import PASSED
from bplib.course.notebooks import canonical
from bplib.course.problems import LESSONS

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


def main(seconds=30, *names):
    """Each exercise of these lessons, or of all, for so many seconds; 1 if one of them was once not passed."""
    lessons, wrong = {lesson.LESSON: lesson for lesson in LESSONS}, 0
    for name in names or lessons:
        answers = _answers(SOLUTIONS / f"{name}.ipynb")
        for problem in lessons[name].PROBLEMS:
            counted, messages, begin = Counter(), set(), time.perf_counter()
            while time.perf_counter() - begin < float(seconds) and counted.total() < 1000:
                verdict = problem.judge(answers[problem.id], seed=counted.total())
                counted[verdict.status] += 1
                messages |= {verdict.message} if verdict.status != PASSED else set()
            print(f"{name} {problem.id}: {dict(counted)}", *sorted(messages)[:3], sep="\n    ", flush=True)
            wrong += bool(messages)
    return wrong > 0


def _answers(path):
    """What the notebook hands to check, by the id of the exercise."""
    found, shell = {}, InteractiveShell.instance()
    shell.reset()
    os.chdir(path.parent)
    for cell in canonical.read(path).cells:
        if cell.cell_type == "code":
            with capture_output():
                shell.run_cell(cell.source).raise_error()
            shell.user_ns["check"] = found.__setitem__  # it comes with the first cell
    return found
