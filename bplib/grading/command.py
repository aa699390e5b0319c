"""The commands `bplib grade` and `bplib autograder`."""

import contextlib
import math
import os
import signal
import sys
import threading
import time
from pathlib import Path

from bplib.course import files
from bplib.grading import grader, reports
from bplib.grading.sandbox.processes import Limits

_OF_ONE = ("lesson", "json", "page", "gradescope", "classroom50")
_OF_A_CLASS = ("jobs", "dask", "roster", "layout", "fill", "anonymous")


def add_to(commands):
    """Add the two commands to those of the parser, each with what runs it."""
    command = commands.add_parser("grade", help="grade notebooks, folders of them, or with --out a class")
    command.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    command.add_argument(
        "--lesson",
        metavar="NAME",
        action="append",
        help="let only this lesson count, such as 01; it may be there again",
    )
    command.add_argument("--json", metavar="PATH", type=Path, help="write the report there too")
    command.add_argument("--page", metavar="PATH", type=Path, help="write it as a page to read, HTML, too")
    command.add_argument("--gradescope", metavar="PATH", type=Path, help="write a results.json for Gradescope too")
    command.add_argument("--classroom50", metavar="PATH", type=Path, help="write a result.json for Classroom 50 too")
    command.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        help="grade a class, given as one folder or zip of what its learners handed in, and write gradebook, feedback"
        " and statistics there; a run that was stopped goes on",
    )
    command.add_argument("--jobs", metavar="N", type=int, help="with --out: how many to grade at once (all processors)")
    command.add_argument("--dask", metavar="ADDRESS", help="with --out: let the workers of a Dask scheduler grade")
    command.add_argument(
        "--roster",
        metavar="FILE",
        type=Path,
        help="with --out: the list of the class, CSV with identity, name and email, or what an LMS exports",
    )
    command.add_argument(
        "--layout", metavar="WORDS", help="with --out: what folders are, as CLASS/LEARNER, where one is asked for it"
    )
    command.add_argument(
        "--fill",
        metavar="SHEET",
        type=Path,
        action="append",
        default=[],
        help="with --out: a sheet that an LMS has exported, to be written with the grades in it to upload/, now and in"
        " later runs; it may be there again",
    )
    command.add_argument("--anonymous", action="store_true", help="with --out: write all of it without names, too")
    command.add_argument(
        "--seconds",
        metavar="S",
        help="the processor's time for a cell or a call, 60 without it; a notebook has five times that",
    )
    command.set_defaults(run=_grade)
    command = commands.add_parser("autograder", help="make a zip that grades on Gradescope, or in Classroom 50")
    command.add_argument("out", metavar="OUT.zip", type=Path, help="write it there")
    command.add_argument(
        "--lesson", metavar="NAME", action="append", help="let only this lesson count; it may be there again"
    )
    command.set_defaults(run=_autograder)


def _grade(options):
    try:
        limits = _limits(options.seconds)
    except ValueError as error:
        print(f"bplib: {error}", file=sys.stderr)
        return 2
    try:
        with _interrupted_once():
            return _grade_class(options, limits) if options.out else _grade_files(options, limits)
    except KeyboardInterrupt as stopped:
        print(f"bplib: {'; '.join(['stopped', *map(str, stopped.args)])}", file=sys.stderr)
        return 130  # as a shell says of what Ctrl-C has ended


def _limits(seconds):
    """The limits with so many seconds, a text, for an answer. ValueError in one sentence for what is no such number."""
    if seconds is None:
        return Limits()
    with contextlib.suppress(ValueError):
        if 1 <= float(seconds) <= 3600:
            return Limits().within(float(seconds))
    raise ValueError(f"--seconds is {seconds}; a number from 1 to 3600 is needed")


@contextlib.contextmanager
def _interrupted_once():
    """Within, Ctrl-C raises KeyboardInterrupt, and for two seconds no more, so that nothing disturbs what ends us."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # as behind nohup
        yield
        return
    since = -math.inf

    def interrupt(*_):
        nonlocal since
        if time.monotonic() - since > 2:
            since = time.monotonic()
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if since == -math.inf:  # whoever was interrupted is about to end
            signal.signal(signal.SIGINT, before)


def _grade_files(options, limits):
    if given := [f"--{option}" for option in _OF_A_CLASS if getattr(options, option)]:
        print(f"bplib: {given[0]} is for a class; --out says where its results go", file=sys.stderr)
        return 2
    from bplib.grading import forms

    for option in forms.FORMS:
        path = getattr(options, option)
        if path and not path.absolute().parent.is_dir():
            print(f"bplib: there is no folder {path.parent} to write {path.name} to", file=sys.stderr)
            return 2
        if path and path.is_dir():
            print(f"bplib: {path} is a folder; --{option} takes the path of a file", file=sys.stderr)
            return 2
    term = forms.plan()
    graded = grader.grade(options.paths, limits)
    report = forms.counted(graded, term, options.lesson or ())
    report["notes"] += [] if options.lesson else forms.lacking(graded, options.paths, term)
    for option, form in forms.FORMS.items():
        if path := getattr(options, option):
            files.write(path, form(report))
    print(reports.table(report))
    return 1 if any(map(reports.has_problems, report["submissions"])) else 0


def _grade_class(options, limits):
    if reason := _refused(options):
        print(f"bplib: {reason}", file=sys.stderr)
        return 2
    if options.jobs is not None and options.jobs < 1:
        print(f"bplib: --jobs is {options.jobs}; at least 1 is needed", file=sys.stderr)
        return 2
    from tqdm import tqdm

    from bplib.grading import forms
    from bplib.grading.classes import gradebook, table
    from bplib.grading.classes.people.levels import Undecided
    from bplib.grading.classes.term import Term, grade_class

    term = Term(forms.plan(), options.layout, options.roster, tuple(options.fill), options.anonymous)
    jobs = options.jobs or os.cpu_count() or 1
    with tqdm(unit="learner", leave=False) as bar:

        def progress(done, of):
            bar.total = of
            bar.update(done - bar.n)

        try:
            results, lines = grade_class(options.paths[0], options.out, jobs, options.dask, limits, progress, term)
        except Undecided as question:
            bar.close()
            print(f"bplib: {question}", file=sys.stderr)  # in lines, which stay so
            return 1
    print("\n".join([table.class_table(results), *lines]))
    made = ["gradebook", "feedback", "statistics"]
    made += ["what an LMS takes"] if any((options.out / "upload").iterdir()) else []
    print(f"{', '.join(made[:-1])} and {made[-1]} are in {options.out}")
    return 1 if any(map(gradebook.problems, results)) else 0


def _refused(options):
    """What was given that is not for a class, and what does its work there; None if there is nothing."""
    if len(options.paths) > 1:
        given = f"--out takes one folder or zip of hand-ins, and {len(options.paths)} were given"
        return f"{given}; several downloads may stand side by side in one folder"
    if options.lesson:
        return (
            "--lesson is not for a class: of the lessons in course.toml those count that are due or that anybody has"
            " handed in, and without that file those that anybody has handed in"
        )
    given = [f"--{option}" for option in _OF_ONE if getattr(options, option)]
    if given:
        return f"{given[0]} is not for a class: --out writes the results of all, as pages and as results.json"
    return None


def _autograder(options):
    if options.out.exists():
        raise ValueError(f"{options.out} is there already; name a file that is not")
    from bplib.grading import autograder, forms

    files.write(options.out, autograder.make(options.lesson or (), forms.plan()))
    print(f"{options.out} is made: upload it to Gradescope, or unpack it in the repository of Classroom 50")
    return 0
