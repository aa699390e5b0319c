"""The command `bplib`: grade and reset for learners and instructors, release and run for authors."""

import argparse
import sys
from pathlib import Path

from bplib.course import course_map, files
from bplib.course.notebooks import canonical, handout, releases, updating
from bplib.grading import command as grading


def main(arguments=None):
    """Run the command and return its exit code: 0 in order, 1 a problem, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="bplib", description="Exercises of the course: grades, fresh starts, progress."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    grading.add_to(commands)
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
    print(course_map.progress_table())
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
