"""A learner's own progress: a small file in the course folder, and the map of the course that it fills.

The file is .progress.json beside notebooks/ and exercises/. It holds the best status of each exercise, and it is
never in the way: where it cannot be read or written, a check goes on without it. Several notebooks may record at once;
the empty file .progress.json.lock lets one after the other do it. With the environment variable BPLIB_PROGRESS set to
"off" nothing is read or written, so what graders and tests see depends on nobody's progress.
"""

import contextlib
import json
import os
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

from bplib.course import files, pages, syllabus
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.problems import LESSONS
from bplib.course.syllabus import Asked, Syllabus

FILE_NAME = ".progress.json"
STATUSES = (NOT_ATTEMPTED, NOT_YET, PASSED)  # from least to best
_BEST_FIRST = STATUSES[::-1]
_PATIENCE = 1
"""The seconds that a check waits for others who record; after that it goes on as if they were not there."""


def record(id, status):
    """Remember the status of an exercise, if it is better than what is remembered.

    A file that is not ours, or cannot be read, is renamed to a dated copy and a fresh one begun.
    """
    _remember({id: status})


def statuses():
    """The best status of each exercise that is remembered: id to "passed" or "not yet"."""
    path = _path()
    return (_read(path) or {}) if path else {}


def take_over(folder):
    """Remember also what is remembered in another folder of the course."""
    _remember(_read(Path(folder) / FILE_NAME) or {})


@dataclass(frozen=True)
class ProgressTable:
    """The map of the course: one row for each lesson, as text for print and as HTML for a notebook.

    A row is (lesson, title, points, max_points, ids, turns), where ids is a dict of status to the ids of its exercises,
    and turns how many of the turns in the lesson are done, and how many there are. Where a term is planned the rows are
    its lessons, with their dates and what they count; others are the numbers of the rest, and trouble says what is
    wrong with the plan.
    """

    rows: tuple
    term: Syllabus = field(default_factory=Syllabus)
    others: tuple = ()
    trouble: str = ""

    def __str__(self):
        """The table as text: how many exercises are passed, not yet and not attempted, and the points."""
        width = max(len(_label(row)) for row in self.rows)
        columns = self._columns()
        heads = [f"{PASSED:>6}", f"{NOT_YET:>7}", f"{NOT_ATTEMPTED:>13}", *(f"{head:>{n}}" for head, n, _ in columns)]
        lines = [f"{'lesson':{width}}  {'  '.join(heads)}"]
        for k, (label, ids) in enumerate([*((_label(row), row[4]) for row in self.rows), ("all", self._all_ids())]):
            cells = [len(ids[status]) for status in _BEST_FIRST] + [column[k] for _, _, column in columns]
            padded = [f"{cell:>{len(head)}}" for cell, head in zip(cells, heads, strict=True)]
            lines.append(f"{label:{width}}  {'  '.join(padded)}".rstrip())
        notes = [textwrap.fill(note, 100, break_long_words=False, break_on_hyphens=False) for note in self._notes()]
        return "\n".join([*lines, self._next(), *notes])

    __repr__ = __str__

    def _repr_html_(self):
        """The table as HTML: the exercises by name, each lesson a link where there is a folder of the course."""
        linked = files.course_folder() is not None
        columns = self._columns()
        rows = [
            {
                "lesson": row[0] if linked else "",
                "label": _label(row),
                "cells": [", ".join(row[4][status]) for status in _BEST_FIRST],
            }
            for row in self.rows
        ]
        ids = self._all_ids()
        rows.append({"lesson": "", "label": "all", "cells": [len(ids[status]) for status in _BEST_FIRST]})
        for k, row in enumerate(rows):
            row["shares"] = [column[k] for _, _, column in columns]
        heads = [head.capitalize() for head in ("lesson", *_BEST_FIRST, *(head for head, _, _ in columns))]
        return pages.render("course/progress.html", heads=heads, rows=rows, notes=[self._next(), *self._notes()])

    def _columns(self):
        """What stands behind the exercises: head, width in text, and a cell for each row and for all of them.

        Dates, and what the lessons count where it is not their points, are there if the term has any.
        """
        columns = [
            ("points", 10, _shares([row[2:4] for row in self.rows])),
            ("your turns", 10, _shares([row[5] for row in self.rows])),
        ]
        asked = [self.term.lessons.get(row[0], Asked()) for row in self.rows]
        if any(each.due for each in asked):
            dates = [f"{self.term.local(each.due):%Y-%m-%d %H:%M}" if each.due else "-" for each in asked]
            columns.append(("due", 16, [*dates, ""]))
        if any(each.points is not None for each in asked):
            worths = [
                row[3] if each.points is None else each.points for row, each in zip(self.rows, asked, strict=True)
            ]
            counted = [worth * row[2] / row[3] if row[3] else 0 for row, worth in zip(self.rows, worths, strict=True)]
            columns.append(("counts", 10, _shares([*zip(counted, worths, strict=True)])))
        return columns

    def _all_ids(self):
        return {status: [id for row in self.rows for id in row[4][status]] for status in STATUSES}

    def _notes(self):
        """What has to be said of the term, below the table."""
        zone = self.term.timezone
        dated = any(asked.due for asked in self.term.lessons.values())
        return [
            *([f"due by the clocks of {zone}"] if zone and dated else []),
            *([f"also here, not part of this term: {', '.join(self.others)}"] if self.others else []),
            *([self.trouble] if self.trouble else []),
        ]

    def _next(self):
        begun = [k for k, row in enumerate(self.rows) if row[4][PASSED]]
        for k, (lesson, _, max_points, _, ids, _) in enumerate(self.rows):
            if not max_points and begun and k < begun[-1]:
                continue  # practice may be skipped, and whoever has gone past it is not sent back
            # In the order of the lesson: what is begun and what is not are both still to do.
            todo = [id for id in ids["in order"] if id not in ids[PASSED]]
            if todo:
                return f"next: {todo[0]}, in {lesson}"
        return "everything is passed"


def progress_table():
    """The map of the course with what the learner has passed, as a ProgressTable; nothing has when progress is off.

    Where the folder of the course has a plan of the term, the map is of that; it is the whole course when progress is
    off, so that what lesson 00 stores is the same everywhere.
    """
    known = statuses()
    rows = []
    for lesson in LESSONS:
        status_of = {problem.id: known.get(problem.id, NOT_ATTEMPTED) for problem in lesson.PROBLEMS}
        ids = {status: [id for id in status_of if status_of[id] == status] for status in STATUSES}
        points = sum(problem.points for problem in lesson.PROBLEMS if status_of[problem.id] == PASSED)
        max_points = sum(problem.points for problem in lesson.PROBLEMS)
        turns = [known.get(turn.id) == PASSED for turn in getattr(lesson, "TURNS", ())]
        skip = getattr(lesson, "SKIP", ())  # turns that say one knows it already
        ids["in order"] = [] if skip and all(known.get(id) == PASSED for id in skip) else list(status_of)
        rows.append((lesson.LESSON, lesson.TITLE, points, max_points, ids, (sum(turns), len(turns))))
    term, trouble = _term()
    asked = [row for row in rows if row[0] in term.lessons] or rows
    others = [row[0].partition("_")[0] for row in rows if row not in asked]
    return ProgressTable(tuple(asked), term, tuple(others), trouble)


def _term():
    """The plan of the term, and what is wrong with it in one line."""
    path = _path()
    try:
        term = syllabus.of(path.parent) if path else Syllabus()
    except (ValueError, OSError) as error:
        return Syllabus(), f"all lessons are shown, since the plan of the term cannot be read: {error}"
    try:
        syllabus.require_version(term)
    except ValueError as error:
        return term, str(error)
    return term, ""


def _label(row):
    return f"{row[0].partition('_')[0]} {row[1]}"


def _shares(pairs):
    """So much of so much, for each pair and for all."""
    return [_share(*pair) for pair in [*pairs, [sum(each) for each in zip(*pairs, strict=True)]]]


def _share(part, whole):
    return f"{round(part, 2):.12g} of {round(whole, 2):.12g}" if whole else "-"


def _path():
    """Where the progress is kept: None outside of a course folder, or when progress is off."""
    folder = None if os.environ.get("BPLIB_PROGRESS") == "off" else files.course_folder()
    return folder and folder / FILE_NAME


def _remember(new):
    """Remember each status, by id, that is better than what is remembered."""
    path, new = _path(), {id: status for id, status in new.items() if status != NOT_ATTEMPTED}
    if path is None or not new:
        return
    try:
        with _alone(path):
            known = _read(path)
            if known is None:
                files.set_aside(path)
                known = {}
            rank = STATUSES.index
            better = {id: new[id] for id in new if rank(new[id]) > rank(known.get(id, NOT_ATTEMPTED))}
            if better:
                _write(path, {**known, **better})
    except OSError:
        return  # a folder that cannot be written costs the learner the memory of a check, not the check


def _write(path, exercises):
    for wait in (0.01, 0.02, 0.04, None):
        try:
            return files.write(path, json.dumps({"exercises": dict(sorted(exercises.items()))}, indent=1) + "\n")
        except PermissionError:  # on Windows also while somebody reads it
            if wait is None:
                raise
            time.sleep(wait)


@contextlib.contextmanager
def _alone(path):
    """Within, nobody else records; where a file system or folder allows no lock, or not in time, others may."""
    from filelock import FileLock  # here, since whoever only looks has no need of it

    with contextlib.ExitStack() as held:
        lock = FileLock(f"{path}.lock", timeout=_PATIENCE, poll_interval=0.01, fallback_to_soft=False)
        with contextlib.suppress(OSError, RuntimeError):
            held.enter_context(lock)
        yield


def _read(path):
    """What the file holds, id to status; {} if there is none, None if it is not ours or cannot be read."""
    try:
        exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        ours = all(status in STATUSES for status in exercises.values())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return exercises if ours else None
