"""Grades a class into a folder: what people read, and what the next run has to know.

In the folder are then gradebook.csv, class.html, a page for each learner in feedback/, what an LMS takes in upload/,
and results.json with all of it for programs. Its people may add overrides.csv. For our own use are learners/,
exported/, which keeps the sheets that were given (see `given`), asked.json, which keeps what is asked and for how many
points though the course may change, .layout and .roster, the last ones given, .times, which keeps what all of Moodle's
sheets have said, and .seed, which makes a second run draw the same inputs.
"""

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bplib.course import files
from bplib.course.notebooks import submissions
from bplib.course.syllabus import Syllabus, require_version
from bplib.grading.classes import anonymous, changes, counting, dates, feedback, overrides, owners
from bplib.grading.classes.people import layouts, participants, repositories, roster
from bplib.grading.classes.records import as_json, records, seed, stored
from bplib.grading.classes.sheets import given, placing, uploads, worksheets
from bplib.grading.sandbox.processes import Limits

_LAYOUT, _ROSTER, _TIMES = ".layout", ".roster", ".times"


@dataclass(frozen=True)
class Term:
    """What is known of a class beside its hand-ins.

    syllabus  what counts, until when
    layout    how folders are read, where that cannot be told (see `layouts.find`); None: as a run before was told
    roster    the path of the list of the class, or None
    exported  paths of sheets that an LMS has exported, to be filled in now and in every later run
    nameless  whether out/anonymous/ is to hold all of it without names
    """

    syllabus: Syllabus = field(default_factory=Syllabus)
    layout: str | None = None
    roster: Path | None = None
    exported: tuple[Path, ...] = ()
    nameless: bool = False


def grade_class(source, out, jobs=1, dask=None, limits=Limits(), progress=None, term=Term()):  # noqa: B008, they are frozen
    """Grade the hand-ins in a folder or zip (see `layouts`) into the folder out: (results of `counting`, lines).

    dask is the address of a scheduler whose workers do the work, which need bplib and nothing of this machine's files.
    progress(done, of) is called as records come. lines say what a person has to know, such as an override that fits
    nobody. ValueError, before anything is graded where that can be, if there is nothing to grade, if it cannot be told
    who is who, or if a roster, a sheet, an override or the course is not what is needed.
    """
    require_version(term.syllabus)
    out = Path(out)
    people, remembered = _roster(term.roster, out)
    now, before, replaced = given.read(term.exported, out / given.FOLDER)
    sheets, unread = given.participants({**before, **now})
    now, sheets, older = given.newest(now, sheets)
    sheets, times = given.with_times(sheets, stored(out / _TIMES))
    layout, told = _layout(term.layout, out)
    told += remembered
    found = layouts.find(source, layout)
    handed, unknown = participants.known(found, sheets, people, Path(source).name)
    if people:
        handed = roster.matched(repositories.known(handed, people), people)
    last = stored(out / "results.json")
    _require_all_weeks(handed, last, stored(out / "asked.json"), out)
    # Before anything is graded, so that a run that goes on after this one was stopped knows it.
    _fill(out / given.FOLDER, {**before, **now}.items())
    if times:
        files.write(out / _TIMES, as_json(times))
    if layout is not None:
        files.write(out / _LAYOUT, layout)
    if term.roster:
        files.write(out / _ROSTER, Path(term.roster).read_bytes())
    found = owners.compared(records(handed, out, jobs, dask, limits, progress))
    asked = counting.asked(found, term.syllabus, stored(out / "asked.json"))
    files.write(out / "asked.json", as_json(asked))
    by_hand, unfit = overrides.read(out / overrides.FILE_NAME, found, asked)
    results = counting.settled(found, asked, term.syllabus, by_hand)
    filled, said = _filled(now, before, results)
    lines = [*unfit, *counting.news(asked, term.syllabus), *dates.lines(results, term.syllabus)]
    lines += [*told, *replaced, *older, *unread, *unknown]
    lines += [*placing.without_a_sheet(results), *placing.nameless(results)]
    lines += given.left_aside(source, {**before, **now})
    lines += changes.lines(changes.between(last, {"learners": results}))
    lines += said
    _write(results, asked, out)
    _fill(out / "upload", {**uploads.files(results, asked, term.syllabus, people), **filled}.items())
    if term.nameless:
        nameless = anonymous.without_names(results, seed(out))
        _write(nameless, asked, out / "anonymous")
        lines += anonymous.left(nameless, results)
    return results, lines


def _layout(layout, out):
    """(the layout that is asked for, or else the one of a run before, lines about it)."""
    kept = out / _LAYOUT
    if layout is not None or not kept.is_file():
        return layout, []
    layout = kept.read_text(encoding="utf-8", errors="replace").strip()
    return layout, [f"folders are read as {layout}, which a run before was told; to be asked anew, delete {kept}"]


def _roster(path, out):
    """(the people of a roster that is given, or else of the one of a run before, lines about it)."""
    kept = out / _ROSTER
    if path or not kept.is_file():
        return (roster.read(path) if path else []), []
    return roster.read(kept), [f"the roster is that of a run before; to have none, delete {kept}"]


def _filled(now, before, results):
    """({name: content} of the sheets of this run and of those before, with grades in them, lines about them)."""
    filled = {name: worksheets.filled(content, results) for name, content in {**before, **now}.items()}
    again = [name for name, content in before.items() if filled[name][0] != content]
    lines = [f"filled in again, as they were given to a run before: {', '.join(again)}"] if again else []
    lines += [f"{name}: {line}" for name in now for line in filled[name][1]]
    return {name: content for name, (content, _) in filled.items()}, lines


def _require_all_weeks(handed, last, asked, out):
    """ValueError where a lesson is nobody's any more that somebody had handed in: a download of the term is missing."""
    before = (notebook for result in last.get("learners", ()) for notebook in result["notebooks"])
    had = Counter(notebook["lesson"] for notebook in before if notebook["path"])  # without one a person gave the points
    gone = [lesson for lesson in asked if had[lesson]]
    for notebook in (notebook for hand_in in handed for notebook in hand_in.notebooks):
        if not gone:
            return
        with contextlib.suppress(ValueError):
            lesson, _ = submissions.lesson_of(submissions.parse(notebook.read())[0])
            gone = [each for each in gone if each != lesson]
    if gone:
        raise ValueError(
            f"nobody has handed in {' and '.join(gone)}, which {max(map(had.get, gone))} had in the run before: put all"
            f" downloads of the term side by side in one folder, and give that. {out} is as it was; to have it without"
            f" that, delete {out / 'asked.json'}"
        )


def _write(results, asked, out):
    """Write what people read."""
    numbers = feedback.statistics(results, asked)
    pages = ((f"{result['slug']}.html", feedback.feedback_page(result, asked)) for result in results)
    _fill(out / "feedback", pages)
    _renew(out / "gradebook.csv", feedback.gradebook_csv(results, asked))
    _renew(out / "class.html", feedback.class_page(results, numbers))
    _renew(out / "results.json", as_json({"learners": results, "statistics": numbers}))


def _fill(folder, contents):
    """Let a folder of ours hold these files alone, pairs of name and content: pages of learners who are gone go."""
    folder.mkdir(parents=True, exist_ok=True)
    names = set()
    for name, content in contents:
        _renew(folder / name, content)
        names.add(name)
    for path in folder.iterdir():
        if path.name not in names and path.is_file():
            path.unlink()


def _renew(path, content):
    """Write a file if it is not so already."""
    content = content if isinstance(content, bytes) else content.encode("utf-8")
    if not path.exists() or path.read_bytes() != content:
        files.write(path, content)
