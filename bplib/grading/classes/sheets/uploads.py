"""What goes back into an LMS: sheets that its import takes, and feedback files for Moodle.

    canvas.csv            a column for each lesson and, of several, one for the total; known by ID
    blackboard.csv        the same; known by Username
    brightspace.csv       the same; known by OrgDefinedId or Username, with the # in front that its export writes, too
    moodle.csv            the grade of one assignment; known by Identifier
    feedback_moodle.zip   pages for the learners of that assignment, in folders as Moodle names them

With several assignments of Moodle's each has its pair, named for its download: moodle_week-1.csv. `placing` says which
points stand in which sheet. Somebody stands in the sheets of an LMS if something of theirs came from there, and in
Brightspace's, whose downloads do not say what its import knows people by, if a roster does. What was not handed in or
not graded is empty; a lesson that nobody has handed in has no column, since an empty one may take grades away.

What the imports want was read in canvas-lms, lib/gradebook_importer.rb, and in moodle, mod/assign/feedback/offline
(importgradeslib.php, locallib.php) and mod/assign/feedback/file/importziplib.php; that of Blackboard and Brightspace in
their manuals. An empty cell takes away a grade that Canvas has, and Moodle passes it over. moodle.csv leaves "Last
modified (grade)" empty, so Moodle keeps the grades that it has unless one asks it not to. A sheet that the LMS itself
has exported knows more, and `filled` changes nothing in it but the grades.
"""

import csv
import io
import itertools
import re
import zipfile

from bplib.course.problems import LESSONS
from bplib.grading import listings
from bplib.grading.classes import counting, feedback, gradebook
from bplib.grading.classes.sheets import placing
from bplib.grading.classes.sheets.placing import BLACKBOARD, BRIGHTSPACE, CANVAS, written
from bplib.grading.classes.sheets.worksheets import filled

__all__ = ["files", "filled"]

_PAGE = "feedback.html"
_LONGEST = 60
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that the same pages make the same zip


def files(results, asked, syllabus, people=()):
    """What can be uploaded: {name of a file: bytes}. results and asked are of `counting`, people a roster."""
    worth = {lesson: counting.worth_of(lesson, exercises, syllabus) for lesson, exercises in asked.items()}
    there = {lesson for result in results for lesson in result["lessons"]}
    handed_in = {lesson: most for lesson, most in worth.items() if lesson in there}
    made = {
        "canvas.csv": _canvas(results, handed_in, people),
        "blackboard.csv": _blackboard(results, handed_in),
        "brightspace.csv": _brightspace(results, handed_in),
    }
    made = {name: content for name, content in made.items() if content}
    sheets = placing.people(results, placing.assignments(results))
    for (assignment, people), name in zip(sheets.items(), _names(sheets), strict=True):
        made[f"moodle{name}.csv"] = _moodle(people, assignment, worth)
        made[f"feedback_moodle{name}.zip"] = _pages(people, assignment, worth)
    return made


# One sheet for all lessons


def _columns(worth):
    """The columns of points: heading to (lessons, what they are worth)."""
    titles = {lesson.LESSON: lesson.TITLE for lesson in LESSONS}
    columns = {}
    for lesson, most in worth.items():
        number, _, name = lesson.partition("_")
        columns[f"{number} {titles.get(lesson, name.replace('_', ' '))}".strip()] = [lesson], most
    return columns | ({"Total": (list(worth), sum(worth.values()))} if len(worth) > 1 else {})


def _rows(results, lms, columns, person):
    """A row for each learner of an LMS: what person(result, entry) gives, and their points."""
    return [
        [*map(_text, who), *(_number(placing.points(result, lessons, lessons)) for lessons, _ in columns.values())]
        for result in results
        for entry in placing.entries(result, lms)
        if (who := person(result, entry))
    ]


def _canvas(results, worth, people):
    known = {identity: each for each in people for identity in each.identities}

    def person(result, entry):
        if not placing.is_key(entry):
            return None
        on_roster = None if result["stranger"] else known.get(result["identity"])
        name = (on_roster and listings.clean(on_roster.name)) or _name(result, entry)
        # A row that has these words in its first cell is taken for the points that can be had.
        name = re.sub("Points(?= Possible)", "points", name)
        return [name, entry["identity"], *((on_roster and on_roster.canvas) or ("", "", ""))]

    known_there = [each for each in results if any(map(placing.is_key, placing.entries(each, CANVAS)))]
    # A column of points that all came in without names would be empty, and take grades away.
    there = {lesson for result in known_there for lesson in result["lessons"]}
    columns = _columns({lesson: most for lesson, most in worth.items() if lesson in there})
    rows = _rows(results, CANVAS, columns, person)
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *columns]
    possible = ["    Points Possible", "", "", "", "", *(written(most) for _, most in columns.values())]
    return _csv([head, possible, *rows]) if rows else b""


def _blackboard(results, worth):
    def person(result, entry):
        first, _, last = _name(result, entry).rpartition(" ")
        return [last, first, entry["identity"]]

    columns = _columns(worth)
    rows = _rows(results, BLACKBOARD, columns, person)
    headings = [f"{heading} [Total Pts: {written(most)} Score]" for heading, (_, most) in columns.items()]
    return _csv([["Last Name", "First Name", "Username", *headings], *rows]) if rows else b""


def _brightspace(results, worth):
    def person(result, entry):
        identity = placing.of_roster(result) or (entry["identity"] if placing.is_key(entry) else "")
        key = f"#{identity}"
        return identity and ([key, ""] if identity.isdecimal() else ["", key])

    columns = _columns(worth)
    rows = [[*row, "#"] for row in _rows(results, BRIGHTSPACE, columns, person)]
    headings = [f"{heading} Points Grade" for heading in columns]
    return _csv([["OrgDefinedId", "Username", *headings, "End-of-Line Indicator"], *rows]) if rows else b""


# One sheet for each assignment


def _moodle(people, assignment, worth):
    most = written(sum(worth[lesson] for lesson in assignment.lessons))
    rows = [["Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)"]]
    for result, entry, lessons in people:
        who = [f"Participant {entry['identity']}", _name(result, entry), entry["email"]]
        rows.append([*map(_text, who), _number(placing.points(result, lessons, assignment.lessons)), most, ""])
    return _csv(rows)


def _pages(people, assignment, worth):
    """A zip with a page for each learner of an assignment, about what stands in its sheet."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for result, entry, lessons in people:
            if result["state"] == counting.FAILED:
                continue  # another run tries again
            points = placing.points(result, lessons, assignment.lessons)
            here = {
                **result,
                "state": counting.EMPTY if points is None else result["state"],
                "notebooks": [each for each in result["notebooks"] if each.get("lesson") in lessons],
                "points": points,
                "max_points": sum(worth[lesson] for lesson in assignment.lessons),
            }
            # Moodle cuts the name at its underscores, and what stands between the first two must be the number.
            name = re.sub(r"[^\w -]|_", "", _name(result, entry))[:_LONGEST].strip() or "Participant"
            path = zipfile.ZipInfo(f"{name}_{entry['identity']}_assignsubmission_file_/{_PAGE}", _LONG_AGO)
            path.external_attr = 0o644 << 16
            archive.writestr(path, feedback.feedback_page(here), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _names(sheets):
    """What the name of each assignment's files has behind it: nothing for one alone."""
    if len(sheets) == 1:
        return [""]
    names = []
    for assignment in sheets:
        # Of what a browser calls "week 1.zip" and "week 1 (1).zip" the name that the LMS gave.
        plain = re.sub(r"\.zip$", "", min(assignment.downloads, key=len).lower())
        plain = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "assignment"
        numbered = (f"_{plain}-{number}" for number in itertools.count(2))
        names.append(next(name for name in (f"_{plain}", *itertools.islice(numbered, len(names))) if name not in names))
    return names


# Cells


def _name(result, entry):
    return listings.clean(entry["name"] or result["learner"])


def _text(text):
    """Text from strangers as a cell. PHP's reader takes a quote behind a backslash for no quote, and goes on."""
    return gradebook.cell(listings.clean(text).replace("\\", "/"))


def _number(number):
    return "" if number is None else written(number)


def _csv(rows):
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()
