"""Exercises as pytest collects them: nbval runs the learner's cells in its kernel, and the judge sits here.

Imported when the first exercise is met, since nbval takes its time to import.
"""

import contextlib
import json
import secrets
import socket
from collections import defaultdict
from queue import Empty

import pytest
from nbformat.v4 import new_code_cell
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from bplib.course.judging.reading import NOT_ATTEMPTED, PASSED, Gone
from bplib.course.notebooks import submissions
from bplib.grading import grader, kernels
from bplib.grading.notebook import Grading, grade_notebook
from bplib.grading.sandbox import launching, wire
from bplib.grading.sandbox.meters import Meter
from bplib.grading.sandbox.processes import ENDED, Limits, Process

LIMITS = Limits()
OUTPUT = 20 << 20
"""How many bytes one cell may show: pytest would hold them all. What it prints is thrown away and does not count."""
_GRACE = 2
"""Seconds after the end in which an interrupted kernel may still say so."""

_LOOK = 0.2  # seconds from one look at its meter to the next
_CONNECT = 10
"""Seconds in which a kernel must begin to serve the judge, and must end it."""

_SERVE = "__import__('bplib.grading.sandbox.host', fromlist=['host']).serve_from_kernel({}, {!r})"


class NotYet(Exception):  # noqa: N818
    """An exercise is not passed; the sentence says why."""


class Kernel(RunningKernel):
    """nbval's kernel, jailed, which also notices that its process is gone rather than wait for it."""

    def __init__(self, scratch, limits, port, startup_timeout):
        """Start it in exercises/ of the scratch folder, allowed to connect to the port."""
        self.km = kernels.start(scratch, limits, port)
        self.meter = Meter(self.km.provisioner.pid, scratch)
        self.kc = self.km.client()
        self.kc.start_channels()
        self.begin(startup_timeout)
        try:
            self.kc.wait_for_ready(timeout=startup_timeout)
            self._ensure_iopub_up()
        except Exception:
            self.stop()
            raise

    def begin(self, seconds):
        """Give the kernel so long for what comes next."""
        self.shown, self.until = 0, self.meter.seconds() + seconds

    def await_reply(self, msg_id, timeout=None):
        """The reply to a request, as nbval awaits it. Gone where the process has ended, or has too much."""
        while True:
            left = self.until - self.meter.seconds()
            try:
                return super().await_reply(msg_id, timeout=max(0.0, min(_LOOK, left)))
            except Empty:
                if excess := self.meter.excess():
                    raise Gone(excess) from None
                if not self.is_alive():
                    raise Gone(ENDED) from None
                if left <= 0:
                    raise

    def get_message(self, stream, timeout=None):
        """A message, as nbval gets it: in time, or Empty. Gone where a cell has shown too much."""
        if self.meter.seconds() > self.until + _GRACE:  # a kernel may send messages without end
            raise Empty
        message = super().get_message(stream, timeout)
        self.shown += len(str(message["content"]))
        if self.shown > OUTPUT:
            raise Gone(f"showed more than {OUTPUT >> 20} MB")
        return message


class KernelProcess(Process):
    """A learner's process that is a kernel: nbval runs the cells, and a cell of ours serves the judge."""

    def __init__(self, notebook, scratch, limits):
        """Start the kernel for a notebook."""
        super().__init__(None, limits)
        self.notebook = notebook
        self._server = socket.create_server(("127.0.0.1", 0))
        port, timeout = self._server.getsockname()[1], notebook.config.option.nbval_kernel_startup_timeout
        self.kernel = _started(lambda: Kernel(scratch, limits, port, timeout))
        self._forked = self.kernel.km.provisioner
        notebook.kernel, self.meter = self.kernel, self.kernel.meter
        self.not_enforced = tuple(json.loads((scratch / ".not_enforced").read_text(encoding="utf-8")))

    def run(self, source):
        """Run a cell by nbval; what it raised, or ""."""
        cell = new_code_cell(source)
        hidden = IPyNbCell.from_parent(
            self.notebook, name="cell", cell_num=0, cell=cell, options=defaultdict(bool, check_exception=True)
        )
        self.notebook.timed_out = False
        try:
            self._begin(self.limits.cell_seconds)
            hidden.runtest()
        except NbCellError:
            self.notebook.timed_out = True
        except Exception as error:  # messages are made in the learner's process too
            raise Gone(f"sent what cannot be read ({type(error).__name__})") from None
        if self.notebook.timed_out:
            raise Gone(self._too_long())
        errors = [output for output in hidden.test_outputs if output.output_type == "error"]
        return grader.one_line(f"{errors[0].ename}: {errors[0].evalue}").rstrip(".: ") if errors else ""

    @contextlib.contextmanager
    def answering(self):
        """Within, a cell of the kernel serves the judge."""
        self._begin(_CONNECT)
        token = secrets.token_hex(16)
        message = self.kernel.execute_cell_input(_SERVE.format(self._server.getsockname()[1], token), allow_stdin=False)
        try:
            self.channel = wire.Channel(launching.accepted(self._server, token, _CONNECT))
        except TimeoutError:
            raise Gone("does not let its functions be called") from None
        try:
            yield self
        finally:
            self.channel.close()
        self._begin(_CONNECT)
        with contextlib.suppress(Empty):
            self.kernel.await_reply(message)

    def _begin(self, seconds):
        """Begin something that may take so long, if the process lives and there is time left."""
        if not self.kernel.is_alive():
            raise Gone(ENDED)
        if self.is_out_of_time():
            raise Gone(self._too_long())
        self.kernel.begin(min(seconds, self.seconds_left - self.meter.seconds()))

    def close(self):
        """Stop the kernel."""
        self._server.close()
        if hasattr(self.kernel, "km"):  # nbval has stopped it itself when it did not answer
            self.kernel.stop()

    @property
    def is_orphan(self):
        """Whether, when it was closed, what had started it was gone."""
        return getattr(self._forked, "is_orphan", False)


class Exercises(IPyNbFile):
    """A notebook of the learner's: one test for each exercise, all graded when the first is set up."""

    def __init__(self, *, submission=None, lesson=None, unreadable=None, foreign=None, **options):
        """Take what was read of the file: a submission to a lesson, or why it is none, as one that cannot be read or as
        one that holds no exercise.
        """
        super().__init__(**options)
        self.submission = submission
        self.lesson = lesson
        self.unreadable, self.foreign = unreadable, foreign
        self.problems = [unreadable or foreign] if not submission else []
        self.not_enforced = ()
        self.exercises = {}

    def collect(self):
        """One test for each exercise, or one that says why there is none."""
        if not self.submission:
            yield Exercise.from_parent(self, name="unreadable" if self.unreadable else "foreign")
        else:
            for id in submissions.exercise_ids(self.submission[1]):
                yield Exercise.from_parent(self, name=id)

    def setup(self):
        """Grade them all."""
        if not self.submission:
            return
        learner, released, problems = self.submission
        graded = as_given(learner, released) or self._graded(learner, released)
        self.problems = problems + graded.problems
        self.not_enforced = graded.not_enforced
        self.exercises = {exercise["id"]: exercise for exercise in graded.exercises}

    def _graded(self, learner, released):
        for _ in range(launching.TRIES):
            try:
                return grade_notebook(
                    learner, released, lambda scratch, limits: KernelProcess(self, scratch, limits), LIMITS
                )
            except launching.Failed as error:
                reason = error
        line = f"not graded, by a failure of the grader: {reason}"
        self.problems = [line]
        # In pytest's words an error, where a wrong answer is a failure.
        pytest.fail(line, pytrace=False)

    def says(self, id):
        """What is told of the notebook and of one exercise, which is None where the file was not read or not graded."""
        return {
            "path": self.nodeid,
            "exercise": self.exercises.get(id),
            "problems": self.problems,
            "not_enforced": list(self.not_enforced),
            **({} if not self.submission else {"lesson": self.lesson, "title": grader.title_of(self.lesson)}),
        }

    def teardown(self):
        """Nothing is left to stop: each kernel is stopped by the process that it serves."""


class Exercise(pytest.Item):
    """One exercise: skipped, failed with its sentence, or passed."""

    is_exercise = True

    def runtest(self):
        """Say what was found."""
        notebook = self.parent
        said = notebook.says(self.name)
        exercise = said["exercise"]
        self.user_properties.append(("bplib", said))
        if notebook.unreadable:
            raise NotYet(notebook.unreadable)
        if notebook.foreign:
            pytest.skip(notebook.foreign)
        if exercise["status"] == NOT_ATTEMPTED:
            pytest.skip(f"{self.name}: not attempted")
        if exercise["status"] != PASSED:
            raise NotYet(f"{self.name}: {exercise['status']}. {exercise['message']}")

    def repr_failure(self, excinfo):
        """The sentence alone, for an answer that is not right yet."""
        if isinstance(excinfo.value, NotYet):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        """The notebook, and the exercise in it."""
        return self.path, None, f"{self.parent.nodeid}: {self.name}"


def as_given(learner, released):
    """The `notebook.Grading` of a submission in which all code is as it was given; None for any other.

    Nothing of the learner's would run there, so none of it is run.
    """
    if not _sources(learner) <= _sources(released):
        return None
    grading = Grading(learner, released, None)
    grading.give_up("was not run")
    grading.finished()
    return grading if all(each["status"] == NOT_ATTEMPTED for each in grading.exercises) else None


def _sources(nb):
    return {source for cell in nb.cells if cell.cell_type == "code" and (source := cell.source.strip())}


def _started(kernel):
    """What kernel() returns, tried again when it raises: about one start of a kernel in a thousand fails."""
    for _ in range(launching.TRIES):
        try:
            return kernel()
        except Exception as error:
            reason = error
    raise launching.Failed(f"the kernel did not start, tried {launching.TRIES} times ({grader.one_line(reason)})")
