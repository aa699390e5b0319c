"""The command `bplib`: grade and reset for learners and instructors, release and run for authors."""

import argparse
import os
import sys
from pathlib import Path

from bplib.course import files, progress
from bplib.course.notebooks import canonical, releases, updating
from bplib.grading import adapters, autograder, grader, reports


def main(arguments=None):
    """Run the command and return its exit code: 0 in order, 1 a problem, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="bplib", description="Exercises of the course: grades, fresh starts, progress."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
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
    command.set_defaults(run=_grade)
    command = commands.add_parser("autograder", help="make a zip that grades on Gradescope, or in Classroom 50")
    command.add_argument("out", metavar="OUT.zip", type=Path, help="write it there")
    command.add_argument(
        "--lesson", metavar="NAME", action="append", help="let only this lesson count; it may be there again"
    )
    command.set_defaults(run=_autograder)
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
    if options.out:
        return _grade_class(options)
    if options.jobs or options.dask:
        print("bplib: --jobs and --dask are for a class; --out says where its results go", file=sys.stderr)
        return 2
    from bplib.grading.forms import FORMS

    for option in FORMS:
        path = getattr(options, option)
        if path and not path.absolute().parent.is_dir():
            print(f"bplib: there is no folder {path.parent} to write {path.name} to", file=sys.stderr)
            return 2
        if path and path.is_dir():
            print(f"bplib: {path} is a folder; --{option} takes the path of a file", file=sys.stderr)
            return 2
    report = grader.grade(options.paths)
    if options.lesson:
        report = adapters.of_lessons(report, options.lesson)
    for option, form in FORMS.items():
        if path := getattr(options, option):
            files.write(path, form(report))
    print(reports.table(report))
    return 1 if any(submission["problems"] for submission in report["submissions"]) else 0


def _grade_class(options):
    of_one = ("lesson", "json", "page", "gradescope", "classroom50")
    if len(options.paths) > 1 or any(getattr(options, option) for option in of_one):
        print("bplib: --out takes one folder or zip of hand-ins, and writes its own files", file=sys.stderr)
        return 2
    if options.jobs is not None and options.jobs < 1:
        print(f"bplib: --jobs is {options.jobs}; at least 1 is needed", file=sys.stderr)
        return 2
    from tqdm import tqdm

    from bplib.grading.classes import batch

    with tqdm(unit="learner", leave=False) as bar:

        def progress(done, of):
            bar.total, bar.n = of, done
            bar.refresh()

        jobs = options.jobs or os.cpu_count() or 1
        results = batch.grade_class(options.paths[0], options.out, jobs, options.dask, progress=progress)
    print(reports.class_table(results))
    print(f"gradebook, feedback and statistics are in {options.out}")
    return 1 if any(result["points"] is None or result["problems"] for result in results) else 0


def _autograder(options):
    if options.out.exists():
        raise ValueError(f"{options.out} is there already; name a file that is not")
    files.write(options.out, autograder.make(options.lesson or ()))
    print(f"{options.out} is made: upload it to Gradescope, or unpack it in the repository of Classroom 50")
    return 0


def _reset(options):
    path, kept = releases.reset(options.notebook)
    print(f"{path} is fresh{f'; what was there is in {kept.name}' if kept else ''}")
    return 0


def _update(options):
    folder = files.course_folder()
    if folder is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course; go to the one that is to be up to date")
    lines, problems = updating.update(folder, options.old)
    for line in lines:
        print(line)
    for problem in problems:
        print(f"bplib: {' '.join(problem.split())}", file=sys.stderr)
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
