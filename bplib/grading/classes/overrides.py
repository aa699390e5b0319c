"""What a person decides instead of the grader: overrides.csv in the folder of the results, which every regrade reads.

    learner,exercise,points,comment
    Ada Lovelace,mse,2,"We said in class that a loop is fine."
    1001,01_loss_functions/bce,0.5,half of it

A learner is known by name, identity or address of mail; an exercise by its id, or as the gradebook heads its column.
The file may also come from a spreadsheet: with semicolons or tabs, a comma in numbers, and in Windows' letters.
"""

import math
from collections import defaultdict
from pathlib import Path

from bplib.course.problems import LESSONS
from bplib.grading import listings
from bplib.grading.classes.cells import Sheet
from bplib.grading.classes.counting import names_of

FILE_NAME = "overrides.csv"
COLUMNS = "learner", "exercise", "points", "comment"


def read(path, records, asked=None):
    """The overrides in a file: ({(slug, id of an exercise): (points, comment)}, lines about what is not applied).

    asked is what `counting.asked` gives; without it, what anybody handed in. Where two rows are about the same answer,
    the last one counts, and a line says so. No file is no overrides. ValueError, in one sentence, for a file that is no
    such table: to grade without it would take back what was decided.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        sheet = Sheet(content) if content.strip() else None
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{path} cannot be read: {why}") from None
    rows = _rows(path, sheet) if sheet else []
    known, most = _learners(records), _exercises(records, asked)
    found, lines, line_of = {}, [], {}
    for line, row in rows:
        try:
            slug, id = _learner(row, known), _exercise(row, most)
            points = _points(row, id, most[id][1])
        except ValueError as error:
            lines.append(f"{path.name}, line {line}: {error}; it is not applied")
            continue
        if (slug, id) in line_of:
            earlier = line_of[slug, id]
            lines.append(f"{path.name}, line {line}: {row['learner']} has {id} in line {earlier} too; this one counts")
        found[slug, id], line_of[slug, id] = (points, row["comment"]), line
    return found, lines


def _rows(path, sheet):
    """The rows that are not empty, as (number of the line, {column: what stands there})."""
    rows = [(line, [*map(str.strip, row)]) for line, row in zip(sheet.lines, sheet.rows, strict=True)]
    (_, head), *rows = ((line, row) for line, row in rows if any(row))
    columns = [*map(str.casefold, head)]
    if not {*COLUMNS[:3]} <= {*columns}:
        raise ValueError(f"{path} has the columns {', '.join(head)}; needed in its first line are {', '.join(COLUMNS)}")
    return [(line, {name: "" for name in COLUMNS} | dict(zip(columns, row, strict=False))) for line, row in rows]


def _learners(records):
    """Who is meant by a name: a list of dicts, the earlier ones first, of a name to the slugs of those who have it."""
    by_learner, by_name, by_letters = defaultdict(set), defaultdict(set), defaultdict(set)
    for record in records:
        by_learner[record["learner"]].add(record["slug"])
        for name in names_of(record):
            by_name[name].add(record["slug"])
            by_letters[_plainly(name)].add(record["slug"])
    return by_learner, by_name, by_letters


def _plainly(name):
    return listings.clean(name).casefold()


def _learner(row, known):
    name = row["learner"]
    if not name:
        raise ValueError("it names no learner")
    by_learner, by_name, by_letters = known
    name = name if _plainly(name) in by_letters else name.removeprefix("'")  # the gradebook's, before a formula
    slugs = by_learner.get(name) or by_name.get(name) or by_letters.get(_plainly(name), set())
    if len(slugs) != 1:
        raise ValueError(
            f"{row['learner']!r} is {'nobody' if not slugs else f'the name of {len(slugs)}'} in this class"
        )
    [slug] = slugs
    return slug


def _exercises(records, asked):
    """The exercises: id to (lesson, the most points)."""
    if asked is not None:
        return {id: (lesson, most) for lesson, exercises in asked.items() for id, most in exercises.items()}
    return {
        exercise["id"]: (notebook["lesson"], exercise["max_points"])
        for record in records
        for notebook in record["notebooks"]
        if "lesson" in notebook
        for exercise in notebook["exercises"]
    }


def _exercise(row, most):
    lesson, _, id = row["exercise"].rpartition("/")
    if id not in most:
        elsewhere = any(problem.id == id for each in LESSONS for problem in each.PROBLEMS)
        raise ValueError(f"{row['exercise']!r} is no exercise {'that was asked for' if elsewhere else 'of the course'}")
    there = most[id][0]
    if lesson not in ("", there, there.partition("_")[0]):
        raise ValueError(f"{id!r} is an exercise of {there}, not of {lesson!r}")
    return id


def _points(row, id, most):
    try:
        points = float(row["points"].replace(",", "."))
    except ValueError:
        points = math.nan
    if not math.isfinite(points):
        raise ValueError(f"points are {row['points']!r}; a number is needed")
    if not 0 <= points <= most:
        raise ValueError(f"points are {row['points']}; {id} gives 0 to {most:g}")
    return int(points) if points == int(points) else points
