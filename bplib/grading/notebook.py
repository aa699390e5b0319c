"""Grades one notebook: its cells run in a process of the learner's, and at each check its function is judged here.

Silence is not a pass: an exercise is passed only when the judge has seen it pass.
"""

import ast
import contextlib
import re
import signal
import textwrap
import threading

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED, Gone, Settled, Verdict
from bplib.course.notebooks import submissions
from bplib.course.problems import PROBLEMS
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.launching import TRIES, Failed
from bplib.grading.sandbox.processes import Missing

JUDGE_SECONDS = 20
"""How long the judge itself may compute over one answer."""
JUDGE_MEMORY = 1 << 30
"""The bytes that it may take for that, beside what it has."""

TRIAL = "trial"
"""The tag of a given cell that tries a learner's functions on real data: nothing of it counts, so it is not run."""

_LONGEST_MESSAGE = 1000
_GIVEN = "Its cell is as it was given."


def grade_notebook(learner, released, start, limits, seed=None):
    """Grade a submission: a `Grading`, whose exercises are in the order of the lesson.

    start(scratch, limits) starts a learner's process. Where one is gone in the middle of a cell or a call, the answer
    to which that belongs pays with its own points, and the rest is run again without it. Failed if it is gone while
    only cells of ours have run.
    """
    grading = Grading(learner, released, seed)
    failures = 0
    left = limits.notebook_seconds
    while True:
        with launching.scratch_folder() as scratch, contextlib.closing(start(scratch, limits)) as process:
            process.seconds_left = left
            grading.not_enforced = process.not_enforced
            stopped = grading.run(process)
            left -= process.meter.seconds()
        if stopped is None:
            return grading.finished()
        if process.is_orphan:
            raise Failed("what starts the processes of learners has ended")
        if left <= 0:  # to try the rest one by one would take as long again
            grading.give_up(stopped[1])
            return grading.finished()
        if not grading.blame(*stopped):
            failures += 1
            if failures == TRIES:
                raise Failed(f"our own cell {grading.nb.cells[stopped[0]].id!r} {stopped[1]}, tried {TRIES} times")


class Grading:
    """One submission on its way through the cells: the assembled notebook, and what is known of its exercises."""

    not_enforced = ()

    def __init__(self, learner, released, seed):
        """Assemble the notebook."""
        self.nb, self.problems = submissions.assemble(learner, released)
        self.released, self.seed = released, seed
        self.untouched = submissions.untouched(self.nb, released)
        self.codes = {
            id: "\n\n".join(cell.source for cell in self.nb.cells if submissions.grade_id(cell) == id)
            for id in submissions.exercise_ids(released)
        }
        self.verdicts = {}  # of the exercises that the judge has seen, by id
        self.stopped = set()  # those whose answer did not come back, and was taken out
        self.raised = {}  # what a cell raised, by its id
        self.exercises = []

    def run(self, process):
        """Run the cells in order and judge the exercises; None, or (index, reason) of the cell that did not come back.

        Verdicts that are there already stay: after a stop all cells run again, but nothing is judged twice.
        """
        self.raised = {}
        for index, cell in enumerate(self.nb.cells):
            if cell.cell_type != "code" or TRIAL in cell.metadata.get("tags", ()):
                continue
            try:
                id = checked_by(cell)
                if id is None:
                    self.raised[cell.id] = process.run(cell.source)
                elif id not in self.verdicts and id not in self.untouched:
                    verdict = self.judged(process, id, cell)
                    if verdict is not None:
                        self.verdicts[id] = verdict
            except Gone as gone:
                return index, str(gone)
        return None

    def judged(self, process, id, check):
        """The verdict on an answer; None where there is no function of the name that its check asks for."""
        problem = PROBLEMS[id]
        try:
            with process.answering() as answers, _judging_limits():
                return problem.judge(answers.answer(_name(check), problem.allowed), self.seed)
        except Missing:
            return None
        except Settled as settled:
            return settled.verdict

    def blame(self, index, reason):
        """Let the answer pay to which the cell at index belongs, and take it out; whether there is one.

        If that cell is ours and belongs to no exercise, it is the last one of the learner's above it.
        """
        for cell in reversed(self.nb.cells[: index + 1]):
            id = checked_by(cell) or submissions.grade_id(cell)
            if submissions.is_own(cell):
                self.problems.append(f"a cell of the learner's own, `{_first_line(cell)}`, {reason} and was left out")
                self.nb.cells.remove(cell)
                return True
            if id and id not in self.stopped:
                self.stopped.add(id)
                self.verdicts[id] = Verdict(NOT_YET, f"It {reason}.")
                submissions.put_stub(self.nb, self.released, id)
                return True
        return False

    def give_up(self, reason):
        """Say of every answer that was not judged why not."""
        stubs = {submissions.grade_id(cell): cell.source.strip() for cell in self.released.cells}
        for id, code in self.codes.items():
            given = code.strip() == stubs[id]
            verdict = Verdict(NOT_ATTEMPTED, _GIVEN) if given else Verdict(NOT_YET, f"It {reason}.")
            self.verdicts.setdefault(id, verdict)

    def finished(self):
        """Give every exercise what it has earned."""
        ours = [cell for cell in self.nb.cells if not submissions.grade_id(cell) and not submissions.is_own(cell)]
        broken = [f"the cell {cell.id!r} raised {self.raised[cell.id]}" for cell in ours if self.raised.get(cell.id)]
        for id in self.codes:
            if id in self.verdicts:
                verdict = self.verdicts[id]
            elif id in self.untouched:
                verdict = Verdict(NOT_ATTEMPTED, _GIVEN)
            else:
                verdict = Verdict(NOT_YET, self._silence(id, broken))
            points = PROBLEMS[id].points
            self.exercises.append(
                {
                    "id": id,
                    "title": PROBLEMS[id].title,
                    "points": points if verdict.status == PASSED else 0,
                    "max_points": points,
                    "status": verdict.status,
                    "message": _plainly(verdict.told_first[:_LONGEST_MESSAGE]),
                    "misconception": verdict.misconception,
                    "code": self.codes[id],
                }
            )
        self.problems = [_plainly(problem) for problem in self.problems + broken + self._misplaced()]
        return self

    def _silence(self, id, broken):
        """Why there is no function to judge: what went wrong first."""
        for cell in self.nb.cells:
            if submissions.grade_id(cell) == id and self.raised.get(cell.id):
                return f"Its cell raised {self.raised[cell.id]}."
        if broken:
            return f"There is nothing to judge: {broken[0]}."
        check = next(cell for cell in self.nb.cells if checked_by(cell) == id)
        return f"There is no function named {_name(check)} when the check runs; define it in the cell of the answer."

    def _misplaced(self):
        """Lines about exercises that are not attempted although a cell below their check defines their function."""
        lines = []
        for id in [exercise["id"] for exercise in self.exercises if exercise["status"] == NOT_ATTEMPTED]:
            stub = next(cell for cell in self.nb.cells if submissions.grade_id(cell) == id)
            asked = re.search(r"^def \w+\(", stub.source, re.MULTILINE)
            if asked and any(submissions.is_own(cell) and asked[0] in cell.source for cell in self.nb.cells):
                lines.append(f"{id}: an answer stands outside of its cell, below the check, where it is not graded")
        return lines


def checked_by(cell):
    """The exercise that a cell of an assembled notebook checks, or None."""
    block = cell.metadata.get("nbgrader") if cell.cell_type == "code" else None
    return block.grade_id.removesuffix("-check") if block and block.grade else None


def _name(check):
    """The name in check("mse", mse), which is the function to judge."""
    return ast.parse(check.source).body[-1].value.args[1].id


@contextlib.contextmanager
def _judging_limits():
    """Within, an answer that keeps the judge busy for too long is cut off, and one that fills its memory is an error.

    Gone, since the process may stand in the middle of a call, from which nothing brings it back. Only time that the
    judge computes counts, and not what it waits for.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_):
        raise Gone(f"kept the judge computing for more than {JUDGE_SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, JUDGE_SECONDS, 1)  # again and again, in case somebody swallows it
    try:
        with launching.limited_memory(JUDGE_MEMORY):
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _plainly(text):
    """Without the codes that move a terminal's cursor, or that hide what stands there."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _first_line(cell):
    return textwrap.shorten(cell.source.strip().splitlines()[0], 40, placeholder=" ...")
