"""`pytest --nbval exercises` grades the learner's answers, inside pristine notebooks.

nbval takes the outputs saved in a notebook for right, so it may not judge a learner's file. Notebooks with exercises of
the course, in a folder named exercises, are assembled into the released ones instead, run by nbval's classes, and
reported as one test for each exercise. All other notebooks are nbval's own business, and without --nbval nothing here
does anything. pytest imports this module in every run, so it imports next to nothing.
"""

import functools
import os
import time
from queue import Empty

import pytest

_KEY = "bplib"


def pytest_configure(config):
    """Keep the progress of whoever runs the tests out of the kernels."""
    if _nbval_is_on(config):
        os.environ["BPLIB_PROGRESS"] = "off"
        os.environ["TQDM_DISABLE"] = "1"


def pytest_ignore_collect(collection_path, config):
    """Pass over the dated copies that reset has kept."""
    if _nbval_is_on(config) and _is_exercise(collection_path):
        from bplib.course.files import is_set_aside

        if is_set_aside(collection_path):
            return True
    return None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Collect exercises of the course in place of nbval."""
    collected = yield
    if not _nbval_is_on(parent.config) or not _is_exercise(file_path):
        return collected
    from bplib.course import submissions

    try:
        learner, problems = submissions.read(file_path)
    except ValueError as error:
        return [_classes().Exercises.from_parent(parent, path=file_path, unreadable=str(error))]
    try:
        released = submissions.lesson_of(learner)
    except ValueError:
        return collected
    submission = (learner, released, problems)
    return [_classes().Exercises.from_parent(parent, path=file_path, submission=submission)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Let a skipped exercise be listed under its notebook, not under the line that skipped it."""
    report = yield
    if report.skipped and getattr(item, "is_exercise", False):
        report.longrepr = (str(item.path), None, report.longrepr[2])
    return report


def pytest_terminal_summary(terminalreporter):
    """Print the points, and in GitHub Actions add them to the summary of the job."""
    if hasattr(terminalreporter.config, "workerinput"):
        return  # a worker of xdist has a summary too, which nobody sees; the controller has all reports
    submissions = {}
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _KEY and getattr(report, "when", None) == "call":
                    _add(submissions, value)
    if not submissions:
        return
    from bplib.course import reports
    from bplib.course.problems import PROBLEMS

    for submission in submissions.values():  # pytest has sorted its reports by outcome
        submission["exercises"].sort(key=lambda exercise: list(PROBLEMS).index(exercise["id"]))
    report = {"submissions": [submissions[path] for path in sorted(submissions)]}
    terminalreporter.section("points")
    terminalreporter.write_line(reports.table(report))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(reports.markdown(report))


def _nbval_is_on(config):
    return bool(config.getoption("nbval", False) or config.getoption("nbval_lax", False))


def _is_exercise(path):
    return path.suffix == ".ipynb" and path.parent.name == "exercises"


def _add(submissions, said):
    """Put what one test said into the report of its notebook."""
    path = said["path"]
    submission = submissions.setdefault(
        path, {"path": path, "points": 0, "max_points": 0, "exercises": [], "problems": said["problems"]}
    )
    exercise = said["exercise"]
    if exercise and exercise not in submission["exercises"]:
        submission["exercises"].append(exercise)
        submission["points"] += exercise["points"]
        submission["max_points"] += exercise["max_points"]


@functools.cache
def _classes():
    """The collectors, made when the first exercise is met, so that nbval is imported only then."""
    from collections import defaultdict
    from types import SimpleNamespace

    from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel
    from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

    from bplib.course import grading, submissions

    class Died(Exception):  # noqa: N818
        """The process of the kernel is gone."""

    class NotYet(Exception):  # noqa: N818
        """An exercise is not passed; the sentence says why."""

    class Kernel(RunningKernel):
        """nbval's kernel, which also notices that its process is gone rather than wait for it."""

        def await_reply(self, msg_id, timeout=None):
            seconds = grading.CELL_SECONDS if timeout is None else min(timeout, grading.CELL_SECONDS)
            deadline = time.monotonic() + seconds
            while True:
                left = deadline - time.monotonic()
                try:
                    return super().await_reply(msg_id, timeout=max(0.0, min(1.0, left)))
                except Empty:
                    if not self.is_alive():
                        raise Died from None
                    if left <= 0:
                        raise

    class Exercises(IPyNbFile):
        """A notebook of the learner's: one test for each exercise, all graded when the first is set up."""

        def __init__(self, *, submission=None, unreadable=None, **options):
            super().__init__(**options)
            self.submission = submission
            self.unreadable = unreadable
            self.problems = []
            self.exercises = {}

        def collect(self):
            if self.unreadable:
                yield Exercise.from_parent(self, name="unreadable")
            else:
                for id in submissions.exercise_ids(self.submission[1]):
                    yield Exercise.from_parent(self, name=id)

        def setup(self):
            if self.unreadable:
                self.problems = [self.unreadable]
                return
            learner, released, problems = self.submission
            try:
                exercises, more = grading.grade_notebook(learner, released, self.run)
            except grading.NotGraded as error:  # in pytest's words an error, where a wrong answer is a failure
                pytest.fail(f"not graded, by a failure of the grader: {error}", pytrace=False)
            self.problems = problems + more
            self.exercises = {exercise["id"]: exercise for exercise in exercises}

        def run(self, nb):
            """Run the assembled notebook by nbval, as grading.grade_notebook needs it."""
            option = self.config.option
            with grading.scratch_folder() as folder:
                self.timed_out = False
                self.kernel = grading.start(
                    lambda: Kernel(
                        option.nbval_kernel_name or CURRENT_ENV_KERNEL_NAME,
                        cwd=str(folder),
                        startup_timeout=option.nbval_kernel_startup_timeout,
                    )
                )
                try:
                    for index, cell in enumerate(nb.cells):
                        reason = self.run_cell(index, cell) if cell.cell_type == "code" else None
                        if reason:
                            return index, reason
                finally:
                    if hasattr(self.kernel, "km"):  # nbval has stopped the kernel itself when it did not answer
                        self.kernel.stop()
            return None

        def run_cell(self, index, cell):
            """Run one cell and keep its outputs; what stopped it, or None."""
            options = defaultdict(bool, check_exception=True)
            hidden = IPyNbCell.from_parent(self, name=cell.id, cell_num=index, cell=cell, options=options)
            try:
                if not self.kernel.is_alive():
                    return grading.ENDED
                hidden.runtest()
            except Died:
                return grading.ENDED
            except NbCellError:
                return grading.took_too_long()
            if self.timed_out:
                return grading.took_too_long()
            cell.outputs = hidden.test_outputs
            return None

        def teardown(self):
            """Nothing is left to stop: each run stops its own kernel."""

    class Exercise(pytest.Item):
        """One exercise: skipped, failed with its sentence, or passed."""

        is_exercise = True

        def runtest(self):
            notebook = self.parent
            exercise = notebook.exercises.get(self.name)
            said = {"path": notebook.nodeid, "exercise": exercise, "problems": notebook.problems}
            self.user_properties.append((_KEY, said))
            if notebook.unreadable:
                raise NotYet(notebook.unreadable)
            if exercise["status"] == grading.NOT_ATTEMPTED:
                pytest.skip(f"{self.name}: not attempted")
            if exercise["status"] != grading.PASSED:
                raise NotYet(f"{self.name}: {exercise['status']}. {exercise['message']}")

        def repr_failure(self, excinfo):
            if isinstance(excinfo.value, NotYet):
                return str(excinfo.value)
            return super().repr_failure(excinfo)

        def reportinfo(self):
            return self.path, None, f"{self.parent.nodeid}: {self.name}"

    return SimpleNamespace(Exercises=Exercises, Exercise=Exercise)
