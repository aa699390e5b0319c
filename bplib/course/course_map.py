"""The map of the course: what is passed of each lesson, what is due, and what comes next."""

import datetime
import textwrap
from dataclasses import dataclass, field

from bplib.course import files, pages, progress, syllabus
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.problems import LESSONS
from bplib.course.progress import STATUSES
from bplib.course.syllabus import Asked, Syllabus

_BEST_FIRST = STATUSES[::-1]


@dataclass(frozen=True)
class ProgressTable:
    """The map of the course: one row for each lesson, as text for print and as HTML for a notebook.

    A row is (lesson, title, points, max_points, ids, turns), where ids is a dict of status to the ids of its exercises,
    and turns how many of the turns in the lesson are done, and how many there are. Where a term is planned the rows are
    its lessons, with their dates and what they count; others are the numbers of the rest, and trouble says what is
    wrong with the plan. practice says how the learner stands in what they practice.
    """

    rows: tuple
    term: Syllabus = field(default_factory=Syllabus)
    others: tuple = ()
    trouble: str = ""
    practice: str = ""

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
        practice = f"practice that never runs out: practice.ipynb{self.practice}"
        return "\n".join([*lines, self._next(), practice, *notes])

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
        return pages.render(
            "course/progress.html",
            heads=heads,
            rows=rows,
            next=self._next(),
            practice=self.practice,
            notes=self._notes(),
            linked=linked,
        )

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
    known = progress.statuses()
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
    return ProgressTable(tuple(asked), term, tuple(others), trouble, _practice())


def _practice():
    """How the learner stands in what they practice, and what is due again."""
    today, standings = datetime.date.today(), progress.standings()
    levels = ", ".join(f"{kind} on level {standing.level}" for kind, standing in standings.items())
    due = [kind for kind, standing in standings.items() if standing.is_due(today)]
    again = f"; due again: {', '.join(due)}" if due else ""
    return f"{f', {levels}' if levels else ''}{again}"


def _term():
    """The plan of the term, and what is wrong with it in one line."""
    path = progress.path()
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
