"""`pytest --nbval exercises` grades the learner's answers, whatever is saved beside them.

nbval takes the outputs saved in a notebook for right, so it may not judge a learner's file. Notebooks with exercises of
the course, in a folder named exercises, are taken apart by `assembling` instead, run by nbval's classes, and reported
as one test for each exercise. All other notebooks are nbval's own business: it is only given surroundings that
are the same for everybody, and told at once of a kernel that has ended. Without --nbval nothing here does anything.
pytest imports this module in every run, so it imports next to nothing.
"""

import os
import sys
import time
from queue import Empty

import pytest

_KEY = "bplib"


def pytest_addoption(parser):
    """Options to have the report in a form that others read; see `forms`."""
    group = parser.getgroup("bplib", "bplib: points for exercises")
    group.addoption("--bplib-page", metavar="PATH", help="write the points as a page to read, HTML")
    group.addoption("--bplib-classroom50", metavar="PATH", help="write a result.json for Classroom 50")


def pytest_configure(config):
    """Keep the settings and the progress of whoever runs the tests out of the kernels, and give each one thread."""
    # A worker of xdist inherits what is set here. Exercises have surroundings of their own, and these take a second.
    if _nbval_is_on(config) and not hasattr(config, "workerinput") and not _is_of_exercises(config):
        _enter_surroundings()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Let exercises be graded by this process, where it is not said by how many: each worker takes seconds to start."""
    return 0 if _nbval_is_on(config) and _is_of_exercises(config) else None


def pytest_unconfigure():
    """End what kernels were forked from."""
    if "bplib.grading.kernels" in sys.modules:
        sys.modules["bplib.grading.kernels"].close()


def pytest_ignore_collect(collection_path, config):
    """Pass over the dated copies that reset has kept."""
    if _nbval_is_on(config) and _is_exercise(collection_path):
        from bplib.course.files import is_set_aside

        if is_set_aside(collection_path):
            return True
    return None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Collect exercises of the course in place of nbval, and what else lies in exercises/ of a copy of the course."""
    collected = yield
    if not _nbval_is_on(parent.config) or not _is_exercise(file_path):
        return collected
    from bplib.course.notebooks import submissions
    from bplib.grading import nbval_exercises

    root = parent.config.rootpath
    shown = _shown(file_path, root)
    try:
        learner, problems = submissions.parse(_content(file_path, root))
    except ValueError as error:
        return [nbval_exercises.Exercises.from_parent(parent, path=shown, unreadable=str(error))]
    try:
        lesson, released = submissions.lesson_of(learner)
    except ValueError as error:
        if (file_path.parents[1] / "bplib" / "course").is_dir():  # whoever made it, in our own exercises it is not run
            return [nbval_exercises.Exercises.from_parent(parent, path=shown, foreign=str(error))]
        _enter_surroundings()
        return collected
    submission = (learner, released, problems)
    return [nbval_exercises.Exercises.from_parent(parent, path=shown, submission=submission, lesson=lesson)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Let nbval notice that its kernel has ended, for which it would wait as long as a cell may take."""
    yield
    kernel = getattr(item.parent, "kernel", None)
    if kernel and not getattr(item, "is_exercise", False):
        _watch(kernel)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Let a skipped exercise be listed under its notebook, not under the line that skipped it, and tell of failures of
    the grader, which come before any exercise says anything.
    """
    report = yield
    if getattr(item, "is_exercise", False):
        if report.skipped:
            report.longrepr = (str(item.path), None, report.longrepr[2])
        if report.failed and report.when == "setup":
            report.user_properties.append((_KEY, item.parent.says(item.name)))
    return report


def pytest_terminal_summary(terminalreporter):
    """Print the points, and in GitHub Actions add them to the summary of the job."""
    if hasattr(terminalreporter.config, "workerinput"):
        return  # a worker of xdist has a summary too, which nobody sees; the controller has all reports
    submissions = {}
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _KEY and getattr(report, "when", None) in ("setup", "call"):
                    _add(submissions, value)
    if not submissions:
        return
    from bplib.course import files
    from bplib.course.problems import PROBLEMS
    from bplib.course.syllabus import Syllabus
    from bplib.grading import forms, reports

    for submission in submissions.values():  # pytest has sorted its reports by outcome
        submission["exercises"].sort(key=lambda exercise: list(PROBLEMS).index(exercise["id"]))
    report = {"submissions": [submissions[path] for path in sorted(submissions)]}
    terminalreporter.section("points")
    try:
        term = forms.plan()
    except (ValueError, OSError) as error:
        term = Syllabus()
        terminalreporter.write_line(f"points are counted without a plan: {error}")
    report = forms.counted(report, term)
    terminalreporter.write_line(reports.table(report))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(reports.markdown(report))
    for form in ("page", "classroom50"):
        if path := terminalreporter.config.getoption(f"bplib_{form}"):
            try:
                files.write(path, forms.FORMS[form](report))
            except (ValueError, OSError) as error:
                terminalreporter.write_line(f"--bplib-{form}: {error}")


def _nbval_is_on(config):
    return bool(config.getoption("nbval", False) or config.getoption("nbval_lax", False))


def _is_of_exercises(config):
    """Whether pytest was told to look at exercises and at nothing else."""
    paths = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    return bool(paths) and all(path.name == "exercises" or _is_exercise(path) for path in paths)


def _enter_surroundings():
    from bplib.course import surroundings

    surroundings.enter()


def _watch(kernel):
    await_reply = type(kernel).await_reply

    def watching(message, timeout):
        until = time.monotonic() + timeout
        while True:
            try:
                return await_reply(kernel, message, timeout=max(0, min(1, until - time.monotonic())))
            except Empty:
                if not kernel.is_alive():
                    raise RuntimeError("the kernel has ended in this cell") from None
                if time.monotonic() >= until:
                    raise

    kernel.await_reply = watching


def _is_exercise(path):
    return path.suffix == ".ipynb" and path.parent.name == "exercises"


def _content(path, root):
    """What a file holds, if no link below root leads to it: behind one may be anything, such as a solution."""
    from bplib.grading import archives

    if any(root in each.parents and each.is_symlink() for each in (path, *path.parents)):
        raise archives.Refused(archives.LINK)
    return archives.Item((), archives.NOTEBOOK, (str(path),)).read()


def _shown(path, root):
    """A path as people can read it: with a line break in it, pytest would print whatever line one likes."""
    from bplib.grading import listings

    top = root if root in path.parents else path.parent
    return top.joinpath(*map(listings.clean, path.relative_to(top).parts))


def _add(submissions, said):
    """Put what one test said into the report of its notebook."""
    path = said["path"]
    exercise, known = said["exercise"], {name: said[name] for name in said if name != "exercise"}
    submission = submissions.setdefault(path, {**known, "points": 0, "max_points": 0, "exercises": []})
    if exercise and exercise not in submission["exercises"]:
        submission["exercises"].append(exercise)
        submission["points"] += exercise["points"]
        submission["max_points"] += exercise["max_points"]
    elif "lesson" in said and not exercise:
        submission["points"] = None
