"""The command `bplib`: grade and reset for learners and instructors, release and run for authors."""

import argparse
import contextlib
import json
import math
import os
import signal
import sys
import threading
import time
from pathlib import Path

from bplib.course import files, progress
from bplib.course.notebooks import canonical, handout, releases, updating
from bplib.grading import grader, reports
from bplib.grading.sandbox.processes import Limits


def main(arguments=None):
    """Run the command and return its exit code: 0 in order, 1 a problem, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="bplib", description="Exercises of the course: grades, fresh starts, progress."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("grade", help="grade notebooks, folders of them, or with --out a class")
    command.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    command.add_argument("--json", metavar="PATH", type=Path, help="write the report there too")
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
        "--seconds",
        metavar="S",
        help="the processor's time for a cell or a call, 60 without it; a notebook has five times that",
    )
    command.set_defaults(run=_grade)
    command = commands.add_parser("reset", help="give a fresh exercise, and keep the old one as a dated copy")
    command.add_argument("notebook", metavar="NOTEBOOK", help="such as exercises/01_loss_functions.ipynb, or 01")
    command.set_defaults(run=_reset)
    command = commands.add_parser("update", help="bring the exercises to this version of the course, with your answers")
    command.add_argument(
        "old",
        nargs="?",
        metavar="OLD_FOLDER",
        type=Path,
        help="the older copy of the course that holds your answers; without it, they are here, as after a git pull",
    )
    command.set_defaults(run=_update)
    command = commands.add_parser("progress", help="show what is passed")
    command.set_defaults(run=_progress)
    command = commands.add_parser("release", help="for authors: make exercises/ from solutions/")
    command.add_argument("--check", action="store_true", help="write nothing, say what differs")
    command.set_defaults(run=_release)
    command = commands.add_parser("run", help="for authors: run notebooks and store them in canonical form")
    command.add_argument(
        "--check", action="store_true", help="neither run nor write, say what is not stored in canonical form"
    )
    command.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", type=Path)
    command.set_defaults(run=_run)
    command = commands.add_parser("site", help="for authors: make pages of the course to read, without a kernel")
    command.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="write the pages there")
    command.set_defaults(run=_site)
    command = commands.add_parser(
        "handout", help="for instructors: make what learners get, without solutions and tests"
    )
    command.add_argument("out", metavar="OUT", type=Path, help="a new or an empty folder to make it in")
    command.add_argument(
        "--course",
        metavar="OWNER/NAME",
        default="",
        help="the repository on GitHub with whose course the learners' workflow grades (the one this is from)",
    )
    command.set_defaults(run=_handout)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a letter that a console lacks must not cost the table
    try:
        return options.run(options)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"bplib: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


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
    if options.jobs or options.dask:
        print("bplib: --jobs and --dask are for a class; --out says where its results go", file=sys.stderr)
        return 2
    if options.json and not options.json.absolute().parent.is_dir():
        print(f"bplib: there is no folder {options.json.parent} to write {options.json.name} to", file=sys.stderr)
        return 2
    if options.json and options.json.is_dir():
        print(f"bplib: {options.json} is a folder; --json takes the path of a file", file=sys.stderr)
        return 2
    report = grader.grade(options.paths, limits)
    if options.json:
        files.write(options.json, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(reports.table(report))
    return 1 if any(submission["problems"] for submission in report["submissions"]) else 0


def _grade_class(options, limits):
    if len(options.paths) > 1 or options.json:
        print("bplib: --out takes one folder or zip of hand-ins, and writes results.json itself", file=sys.stderr)
        return 2
    if options.jobs is not None and options.jobs < 1:
        print(f"bplib: --jobs is {options.jobs}; at least 1 is needed", file=sys.stderr)
        return 2
    from tqdm import tqdm

    from bplib.grading.classes import term

    with tqdm(unit="learner", leave=False) as bar:

        def progress(done, of):
            bar.total = of
            bar.update(done - bar.n)

        jobs = options.jobs or os.cpu_count() or 1
        results, lines = term.grade_class(options.paths[0], options.out, jobs, options.dask, limits, progress)
    print(reports.class_table(results))
    for line in lines:
        print(line)
    print(f"gradebook, feedback and statistics are in {options.out}")
    return 1 if any(result["points"] is None or result["problems"] for result in results) else 0


def _reset(options):
    path, kept = releases.reset(options.notebook)
    print(f"{path} is fresh{f'; what was there is in {kept.name}' if kept else ''}")
    return 0


def _update(options):
    folder = files.course_folder()
    if folder is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course; go to the one that is to be up to date")
    lines, problems = updating.update(folder, options.old)
    _say(lines, problems)
    if not lines and not problems:
        where = f"; {options.old} holds no answers that are not here" if options.old else ""
        print(f"exercises/ is up to date{where}")
    return 1 if problems else 0


def _progress(options):
    if files.course_folder() is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course, where progress is kept; go there")
    print(progress.progress_table())
    return 0


def _release(options):
    lines = releases.release_all(Path.cwd(), check=options.check)
    print("\n".join(lines) or "exercises/ is in order")
    return 1 if options.check and lines else 0


def _run(options):
    failed = 0
    for path in options.notebooks:
        try:
            nb = canonical.read(path)
            done = canonical.canonical(nb) if options.check else canonical.run(nb, path.resolve().parent)
            new = canonical.text(done)
            same = path.read_bytes() == new.encode("utf-8")
            if not same and not options.check:
                files.write(path, new)
            print(f"{path}: {'in order' if same else 'not canonical' if options.check else 'written'}")
            failed |= options.check and not same
        except (ValueError, RuntimeError, OSError) as error:
            print(f"bplib: {path}: {' '.join(str(error).split())}", file=sys.stderr)
            failed = 1
    return int(failed)


def _site(options):
    try:
        from bplib.course.notebooks import site
    except ImportError as error:
        start = "python -m uv run --extra site bplib site"
        raise RuntimeError(f"there is no package {error.name}, which pages are made with; try: {start}") from None
    folder = files.course_folder()
    if folder is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course, which pages are made from; go there")
    count = site.build(folder, options.out)
    print(f"{count} pages are in {options.out}; the first is {options.out / 'index.html'}")
    return 0


def _handout(options):
    folder = files.course_folder()
    if folder is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course, which is to be handed out; go there")
    lines, flaws = handout.make(folder, options.out, options.course)
    _say(lines, flaws)
    return 1 if flaws else 0


def _say(lines, problems):
    for line in lines:
        print(line)
    for problem in problems:
        print(f"bplib: {' '.join(problem.split())}", file=sys.stderr)
