"""Judge the released solutions again and again: who is right must not lose a point by what a check happens to draw."""

import json
import os
import time
from collections import Counter
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

from bplib.course.judging.reading import PASSED
from bplib.course.problems import PROBLEMS

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


def main(seconds=30, *names):
    """Each exercise of these lessons, or of all, for so many seconds; 1 if one of them was once not passed."""
    wrong = 0
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        for id, answer in _answers(path):
            counted, messages, begin = Counter(), set(), time.perf_counter()
            while time.perf_counter() - begin < float(seconds) and counted.total() < 1000:
                verdict = PROBLEMS[id].judge(answer, seed=counted.total())
                counted[verdict.status] += 1
                messages |= {verdict.message} if verdict.status != PASSED else set()
            print(f"{path.stem} {id}: {dict(counted)}", *sorted(messages)[:3], sep="\n    ", flush=True)
            wrong += bool(messages)
    return wrong > 0


def _answers(path):
    """What the notebook hands to check, in pairs of an id and an answer."""
    found, shell = [], InteractiveShell.instance()
    shell.reset()
    os.chdir(path.parent)
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            with capture_output():
                shell.run_cell("".join(cell["source"]))
            shell.user_ns["check"] = lambda id, answer: found.append((id, answer))
    return [pair for pair in found if pair[0] in PROBLEMS]
