"""A learner's own progress: a small file in the course folder, and the map of the course that it fills.

The file is .progress.json beside notebooks/ and exercises/. It holds the best status of each exercise, and it is
never in the way: where it cannot be read or written, a check goes on without it. Several notebooks may record at once;
the empty file .progress.json.lock lets one after the other do it. With the environment variable BPLIB_PROGRESS set to
"off" nothing is read or written, so what graders and tests see depends on nobody's progress.
"""

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from bplib.course import files, pages
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.problems import LESSONS

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
    and turns how many of the turns in the lesson are done, and how many there are.
    """

    rows: tuple

    def __str__(self):
        """The table as text: how many exercises are passed, not yet and not attempted, and the points."""
        width = max(len(_label(row)) for row in self.rows)
        heads = f"{PASSED:>6}  {NOT_YET:>7}  {NOT_ATTEMPTED:>13}  {'points':>10}  {'your turns':>10}"
        lines = [f"{'lesson':{width}}  {heads}"]
        for label, points, max_points, ids, turns in [*((_label(row), *row[2:]) for row in self.rows), self._total()]:
            counts = f"{len(ids[PASSED]):>6}  {len(ids[NOT_YET]):>7}  {len(ids[NOT_ATTEMPTED]):>13}"
            lines.append(f"{label:{width}}  {counts}  {_share(points, max_points):>10}  {_share(*turns):>10}")
        return "\n".join([*lines, self._next()])

    __repr__ = __str__

    def _repr_html_(self):
        """The table as HTML: the exercises by name, each lesson a link where there is a folder of the course."""
        linked = files.course_folder() is not None
        rows = [
            {
                "lesson": row[0] if linked else "",
                "label": _label(row),
                "cells": [", ".join(row[4][status]) for status in _BEST_FIRST],
                "shares": [_share(row[2], row[3]), _share(*row[5])],
            }
            for row in self.rows
        ]
        label, points, max_points, ids, turns = self._total()
        counts = [len(ids[status]) for status in _BEST_FIRST]
        shares = [_share(points, max_points), _share(*turns)]
        rows.append({"lesson": "", "label": label, "cells": counts, "shares": shares})
        return pages.render("course/progress.html", rows=rows, next=self._next())

    def _total(self):
        ids = {status: [id for row in self.rows for id in row[4][status]] for status in STATUSES}
        points, max_points = (sum(row[k] for row in self.rows) for k in (2, 3))
        return "all", points, max_points, ids, [sum(row[5][k] for row in self.rows) for k in (0, 1)]

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
    """The map of the course with what the learner has passed, as a ProgressTable; nothing has when progress is off."""
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
    return ProgressTable(tuple(rows))


def _label(row):
    return f"{row[0].partition('_')[0]} {row[1]}"


def _share(part, whole):
    return f"{part} of {whole}" if whole else "-"


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
