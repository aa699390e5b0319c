"""Grades one notebook: its cells run in a process of the learner's, and at each check its function is judged here.

Silence is not a pass: an exercise is passed only when the judge has seen it pass.
"""

import contextlib
import signal
import textwrap
import threading

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED, Gone, Settled, Verdict
from bplib.course.notebooks.answers import answer_cells
from bplib.course.notebooks.assembling import BELOW, Check, Code, assemble, named, ungraded
from bplib.course.problems import PROBLEMS
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.launching import TRIES, Failed
from bplib.grading.sandbox.processes import Missing

JUDGE_SECONDS = 20
"""How long the judge itself may compute over one answer."""
JUDGE_MEMORY = 1 << 30
"""The bytes that it may take for that, beside what it has."""

_LONGEST_MESSAGE = 1000
_LONGEST_UNGRADED = 20_000  # letters of what a person may read and nothing runs; pages show fewer
_GIVEN = Verdict(NOT_ATTEMPTED, "Its cell is as it was given.")


def grade_notebook(learner, released, start, limits, seed=None):
    """Grade a submission: a `Grading`, whose exercises are in the order of the lesson.

    start(scratch, limits) starts a learner's process. Where one is gone in the middle of a cell or a call, the answer
    to which that belongs pays with its own points, and the rest is run again without it. Failed if it is gone while
    what was given runs, with nothing of the learner's above it.
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
                raise Failed(f"our own cell {grading.steps[stopped[0]].given!r} {stopped[1]}, tried {TRIES} times")


class Grading:
    """One submission on its way through the steps of `assemble`, and what is known of its exercises."""

    not_enforced = ()
    is_cut_off = False
    """Whether something did not come back, as what takes longer than it may."""

    def __init__(self, learner, released, seed):
        """Assemble what is to be done."""
        self.steps, self.problems = assemble(learner, released)
        self.released, self.seed = released, seed
        self.names = {step.id: step.name for step in self.steps if isinstance(step, Check)}
        self.answers = {id: [step for step in self._codes() if id in step.answers] for id in answer_cells(released)}
        self.ungraded = ungraded(learner, released, self.steps)
        self.verdicts = {}  # of the exercises that the judge has seen, by id
        self.stopped = set()  # those whose answer did not come back, and was taken out
        self.raised = {}  # what code raised
        self.exercises = []

    def _codes(self):
        return [step for step in self.steps if isinstance(step, Code)]

    def run(self, process):
        """Take the steps in order; None, or (index, reason) of the one that did not come back.

        Verdicts that are there already stay: after a stop all code runs again, but nothing is judged twice.
        """
        self.raised = {}
        for index, step in enumerate(self.steps):
            try:
                if isinstance(step, Code):
                    self.raised[step] = process.run(step.source)
                elif step.id not in self.verdicts and (verdict := self.judged(process, step)) is not None:
                    self.verdicts[step.id] = verdict
            except Gone as gone:
                return index, str(gone)
        return None

    def judged(self, process, check):
        """The verdict on an answer; None where nothing has the name that its check asks for."""
        problem = PROBLEMS[check.id]
        try:
            with process.answering() as answers, _judging_limits():
                return problem.judge(answers.answer(check.name, problem.allowed), self.seed)
        except Missing:
            return None
        except Settled as settled:
            return settled.verdict

    def blame(self, index, reason):
        """Let the exercises pay to which the step at index belongs, and put stubs in the place of their answers.

        Code that answers none is left out. Where what was given does not come back, it is the learner's last code above
        that is to blame. False if there is none.
        """
        self.is_cut_off = True
        step = self.steps[index]
        if isinstance(step, Code) and step.given:
            above = [each for each in self.steps[:index] if isinstance(each, Code) and not each.given]
            if not above:
                return False
            step = above[-1]
        ids = [step.id] if isinstance(step, Check) else step.answers
        if not ids:
            self.problems.append(f"a cell of the learner's own, `{_first_line(step)}`, {reason} and was left out")
        for id in ids:
            self.verdicts.setdefault(id, Verdict(NOT_YET, f"It {reason}."))
        self.stopped.update(ids)
        spent = [code for code in self._codes() if code.answers and self.stopped.issuperset(code.answers)]
        place = min(self.steps.index(each) for each in [step, *spent])
        self.steps[place:place] = [Code(answer_cells(self.released)[id].source, given=id) for id in ids]
        self.steps = [each for each in self.steps if each not in spent and (ids or each is not step)]
        return True

    def give_up(self, reason):
        """Say of every answer that was not judged why not."""
        self.is_cut_off = True
        for id, codes in self.answers.items():
            self.verdicts.setdefault(id, Verdict(NOT_YET, f"It {reason}.") if codes else _GIVEN)

    def finished(self):
        """Give every exercise what it has earned."""
        given = [step for step in self._codes() if step.given and self.raised.get(step)]
        broken = [f"the cell {code.given!r} raised {self.raised[code]}" for code in given]
        misplaced = []
        for id, cell in answer_cells(self.released).items():
            verdict = self.verdicts.get(id) or self._silence(id, broken)
            elsewhere = self._elsewhere(id, verdict)
            if elsewhere:
                misplaced.append(f"{named(id)}: an answer stands {elsewhere[0][0]}, where it is not graded")
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
                    "whose": verdict.whose,
                    "code": "\n\n".join(code.source for code in self.answers[id]) or cell.source,
                    "ungraded": "\n\n".join(source for _, source in elsewhere)[:_LONGEST_UNGRADED],
                }
            )
        self.problems = [_plainly(problem) for problem in self.problems + broken + misplaced]
        return self

    def _silence(self, id, broken):
        """The verdict where there is nothing to judge: what went wrong first, if anything was answered."""
        if not self.answers[id]:
            return _GIVEN
        for code in self.answers[id]:
            if self.raised.get(code):
                return Verdict(NOT_YET, f"Its cell raised {self.raised[code]}.")
        if broken:
            return Verdict(NOT_YET, f"There is nothing to judge: {broken[0]}.")
        lacks = f"There is no function named {self.names[id]} when the check runs"
        return Verdict(NOT_YET, f"{lacks}; define it in the cell of the answer.")

    def _elsewhere(self, id, verdict):
        """What might have earned the points that are missing, if it stood elsewhere: [(where, source), ...].

        Where there is an answer, what stands in no code is a note.
        """
        places = self.ungraded.get(id, ()) if verdict.status != PASSED else ()
        return [each for each in places if verdict.status == NOT_ATTEMPTED or each[0] == BELOW]


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


def _first_line(code):
    return textwrap.shorten(code.source.strip().splitlines()[0], 40, placeholder=" ...")
