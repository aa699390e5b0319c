"""The sheets that an LMS exports, known by their headings: which columns are people, which are points.

Canvas        its gradebook: Student, ID, ..., Section, then columns such as "Loss functions (123)"
Moodle        the grading worksheet of an assignment: Identifier, Full name, ..., Grade, ..., Last modified (grade)
Blackboard    its grade center: Last Name, First Name, Username, ..., "Loss functions [Total Pts: 10 Score] |123"
Brightspace   its grades: OrgDefinedId, Username, ..., "Loss functions Points Grade <Numeric MaxPoints:10>", ...,
              End-of-Line Indicator
"""

import datetime
import re
from dataclasses import dataclass

from bplib.grading import listings
from bplib.grading.classes.cells import Sheet
from bplib.grading.classes.people.participants import Participant
from bplib.grading.classes.people.roster import STUDENT_VIEW
from bplib.grading.classes.sheets.placing import BLACKBOARD, BRIGHTSPACE, CANVAS, MOODLE

NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
MAIL = re.compile(r"[^\s@]+@[^\s@]+")

_CANVAS_COLUMN = re.compile(r"(.*)\s\([0-9]+\)", re.DOTALL)  # title_and_id of canvas-lms, app/models/assignment.rb
_BLACKBOARD_COLUMN = re.compile(r"(.*?) ?\[Total Pts: ([0-9.,]+)[^\]]*\](?: ?\|[0-9]+)?", re.DOTALL)
_BRIGHTSPACE_COLUMN = re.compile(r"(.*) Points Grade(?: <.*?MaxPoints:([0-9.,]+).*>)?", re.DOTALL)
_MOODLE_TIME = re.compile(r"(?P<what>.*\S) ?\((?P<of>[^()]+)\)", re.DOTALL)
_IDENTITIES = {"id number", "username", "id-nummer", "anmeldename"}
_STATUS = {"status", "statut", "estado", "stato"}  # what stands there in blind marking, instead of the name
_ENGLISH = "january february march april may june july august september october november december".split()
_GERMAN = "januar februar märz april mai juni juli august september oktober november dezember".split()
_MONTHS = {name: k + 1 for names in (_ENGLISH, _GERMAN) for k, name in enumerate(names)}


@dataclass(frozen=True)
class Export:
    """What stands where in a sheet; columns and rows are numbers.

    lms     as in `handins.Entry`
    keys    the columns by which the LMS knows people
    other   those of other numbers and names of account
    name    those of the name
    grades  the columns of points: {column: (title, what it is worth there, as it is written)}
    people  the rows of people, whole ones
    """

    lms: str
    keys: list[int]
    other: list[int]
    name: list[int]
    grades: dict[int, tuple[str, str]]
    people: list[int]

    def key(self, cell):
        """What a cell of one of the keys says: without "Participant " in Moodle and without "#" in Brightspace."""
        return _digits(cell) if self.lms == MOODLE else cell.strip().removeprefix("#")


def known(sheet):
    """The `Export` that a sheet is. ValueError, with its columns, if it is none."""
    head = [heading.strip() for heading in sheet.rows[0]]
    for reading in (_canvas, _brightspace, _blackboard, _moodle):
        export = reading(sheet.rows, head)
        if export:
            return export
    needed = "Canvas's gradebook, Moodle's grading worksheet, Blackboard's grade center or Brightspace's grades"
    raise ValueError(f"this sheet has the columns {listed(head)}; needed is an export of {needed}")


def listed(headings):
    """Headings, for people."""
    return ", ".join(f'"{listings.clean(heading)}"' for heading in headings)


def participants(content):
    """(who is who in Moodle's grading worksheet, {"1001": `Participant`}, lines); ({}, []) for a sheet of another LMS.

    The times are those of whoever exported it, "" where none is there, or is read: that is so in English and German, as
    is which columns hold identities.
    """
    sheet = Sheet(content)
    export = known(sheet)
    if export.lms != MOODLE:
        return {}, []
    head = [heading.strip() for heading in sheet.rows[0]]
    grade, time = _moodle_columns(head)
    found, unread = {}, []
    for cells in (sheet.rows[row] for row in export.people):
        when = ""
        if time is not None and cells[time].strip() not in ("", "-"):
            try:
                when = _time(cells[time].strip())
            except ValueError as error:
                unread.append(str(error))
        others = [listings.clean(cells[k]) for k in range(1, grade) if k not in export.name]
        found[export.key(cells[0])] = Participant(
            export.key(cells[0]),
            listings.clean(" ".join(cells[k] for k in export.name)),
            tuple(text for k in export.other if (text := listings.clean(cells[k]))),
            next((text for text in others if MAIL.fullmatch(text)), ""),
            tuple(others),
            when,
        )
    return found, [f"{len(unread)} times are not read: {unread[0]}"] if unread else []


def _time(text):
    """A time as Moodle's userdate writes it, "Monday, 5 October 2026, 2:30 PM", in the form of ISO 8601."""
    months = [_MONTHS[word] for word in re.findall(r"[^\W\d_]+", text.casefold()) if word in _MONTHS]
    clock = re.search(r"(\d{1,2}):(\d{2})\s*([ap]m)?", text, re.IGNORECASE)
    try:
        (month,), (day, year) = months, sorted(map(int, re.findall(r"\d+", text[: clock.start()])))
        hour, minute = int(clock[1]), int(clock[2])
        if clock[3]:
            hour = hour % 12 + 12 * (clock[3].lower() == "pm")
        return datetime.datetime(year, month, day, hour, minute).isoformat()
    except (ValueError, AttributeError):
        raise ValueError(f'"{listings.clean(text)}" is no time that Moodle writes in English or German') from None


def _canvas(rows, head):
    """As row_has_student_headers? of lib/gradebook_importer.rb knows it; read only is what its export calls so."""
    names = 2 if head[:2] == ["LastName", "FirstName"] else 1
    students = names == 2 or "Student" in head[0]
    if not (students and len(head) > names + 2 and "ID" in head[names] and "Section" in head):
        return None
    section = head.index("Section")
    worth = next((row for row in rows[1:] if "Points Possible" in row[0]), [])
    worth = [cell.strip() for cell in worth] + [""] * len(head)
    grades = {
        k: (match[1], worth[k])
        for k, heading in enumerate(head)
        if k > section and (match := _CANVAS_COLUMN.fullmatch(heading)) and "read only" not in worth[k]
    }
    people = [k for k in _people(rows, [names]) if re.fullmatch(r"[0-9]+", rows[k][names].strip())]
    people = [k for k in people if rows[k][0].strip() not in STUDENT_VIEW]
    return Export(CANVAS, [names], list(range(names + 1, section)), list(range(names)), grades, people)


def _brightspace(rows, head):
    keys = [k for k, heading in enumerate(head) if heading.casefold() in ("orgdefinedid", "username")]
    if not keys or "End-of-Line Indicator" not in head:
        return None
    name = [k for k, heading in enumerate(head) if heading in ("Last Name", "First Name")]
    return Export(BRIGHTSPACE, keys, [], name, _graded(head, _BRIGHTSPACE_COLUMN), _people(rows, keys))


def _blackboard(rows, head):
    grades = _graded(head, _BLACKBOARD_COLUMN)
    if "Username" not in head or not grades:
        return None
    keys = [head.index("Username")]
    other = [k for k, heading in enumerate(head) if heading == "Student ID"]
    name = [k for k, heading in enumerate(head) if heading in ("Last Name", "First Name")]
    return Export(BLACKBOARD, keys, other, name, grades, _people(rows, keys))


def _graded(head, pattern):
    matches = {k: pattern.fullmatch(heading) for k, heading in enumerate(head)}
    return {k: (match[1], match[2] or "") for k, match in matches.items() if match}


def _moodle(rows, head):
    """In any language of Moodle's: "Last modified (grade)" has in brackets what the column of grades is called.

    The columns are those of assign_grading_table in mod/assign/gradingtable.php: behind the grade stands what it is
    worth, or the words of a scale; the second one is the name, or in blind marking the status.
    """
    grade, _ = _moodle_columns(head)
    people = _people(rows, [0])
    if grade is None or not all(_digits(rows[row][0]) for row in people):
        return None
    worth = {rows[row][grade + 1].strip() for row in people}
    worth = worth.pop() if len(worth) == 1 else ""
    if "," in worth and not NUMBER.fullmatch(worth):
        raise ValueError(f"this assignment is graded by a scale, {listings.clean(worth)}; needed are points")
    other = [k for k in range(2, grade) if head[k].casefold() in _IDENTITIES]
    hidden = grade == 2 or head[1].casefold() in _STATUS
    return Export(MOODLE, [0], other, [] if hidden else [1], {grade: (head[grade], worth)}, people)


def _moodle_columns(head):
    """The columns of the grade and of the time of the hand-in; None for what is not there."""
    times = {k: match for k, heading in enumerate(head) if (match := _MOODLE_TIME.fullmatch(heading))}
    for last, match in times.items():
        for grade, heading in enumerate(head[:-1]):
            if grade and heading.casefold() == match["of"].casefold():
                others = [k for k, other in times.items() if k != last and other["what"] == match["what"]]
                return grade, next(iter(others), None)
    return None, None


def _people(rows, keys):
    """The rows of people: as long as the heading, with something in one of the keys."""
    whole = [k for k, row in enumerate(rows) if k and len(row) == len(rows[0])]
    return [k for k in whole if any(rows[k][key].strip() for key in keys)]


def _digits(cell):
    match = re.fullmatch(r"\D*([0-9]+)", cell.strip())
    return match[1] if match else ""
