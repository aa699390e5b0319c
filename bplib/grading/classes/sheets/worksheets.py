"""Sheets that an LMS has exported (see `exports`), filled in: grades are written, and all else stays byte for byte.

A column is a lesson's or that of the total if its heading says so (see `headings`), and any other is left as it is.
Moodle's one column is that of the assignment whose numbers stand in the sheet (see `placing`), or of the total where no
number is known.

A row is a learner's by what the LMS itself knows them by. For who did not come in from there it is so by what a roster
calls them, else by address of mail, else by full name, each only if nobody else has the same. A cell stays as it is
where there is no grade for it, and where somebody was excused (EX) or Canvas shows no grade (N/A). Decimals stand
behind a comma where those of the sheet do.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bplib.course.problems import LESSONS
from bplib.grading import listings
from bplib.grading.classes.cells import Sheet
from bplib.grading.classes.sheets import exports, headings, placing
from bplib.grading.classes.sheets.exports import MAIL, NUMBER
from bplib.grading.classes.sheets.placing import MOODLE, written

# What csv_data of canvas-lms, lib/gradebook_exporter.rb, writes where it writes no grade.
_LEFT_ALONE = {
    "EX": "with points, and left as they are",
    "N/A": "with points, and hidden there (N/A), so left as they are: export the sheet anew once its grades are posted,"
    " unless the assignment is not theirs",
}
_NOTHING_ASKED = "nothing is filled in: the lessons of this assignment are not in course.toml, or not asked for"
_WRITTEN, _SAME = "written", "same"
_MOST_NAMES = 20


@dataclass(frozen=True)
class _Points:
    """What a column is of: its name, what it is worth, and what a result has in it, None for nothing."""

    name: str
    most: float
    of: Callable


def filled(content, results):
    """(an exported sheet, bytes, with the grades of results; lines about it and about who is missing on either side).

    ValueError, with the columns, if it is no sheet that is known.
    """
    sheet = Sheet(content)
    export = exports.known(sheet)
    of = _of_assignment if export.lms == MOODLE else _of_lessons
    downloads, columns, left = of(sheet, export, results)
    if downloads == () and (here := _participants(results)):
        there = [int(export.key(sheet.rows[row][0])) for row in export.people]
        numbers = f"{min(there)} to {max(there)}" if there else "nobody"
        return content, [f"it fits none of the downloads, and is as it was: its participants are {numbers}; {here}"]
    if not columns:
        return content, left
    whose = _whose(sheet, export, results, downloads)
    comma = _has_commas(sheet, export)
    news, numbers, without = defaultdict(list), Counter(), []
    for row in export.people:
        result = whose.get(row)
        grades = {column: points.of(result) for column, points in columns.items()} if result else {}
        grades = {column: grade for column, grade in grades.items() if grade is not None}
        if not grades:
            without.append(_shown(sheet, export, row))
        for column, grade in grades.items():
            numbers[column, _enter(sheet, row, column, grade, comma, result["learner"], news)] += 1
    there = {result["slug"] for result in whose.values()}
    absent = [each for each in results if each["slug"] not in there]
    absent = [each["learner"] for each in absent if any(points.of(each) is not None for points in columns.values())]
    broken = [str(k + 1) for k, row in enumerate(sheet.rows) if len(row) != len(sheet.rows[0]) and row != [""]]
    lines = [_about(export, column, points, numbers) for column, points in columns.items()]
    lines += left
    lines += _told(
        [
            ("with points, and not in the sheet", absent),
            ("in the sheet, and without points", without),
            ("rows with more or fewer cells than the heading, left as they are", broken),
            *news.items(),
        ]
    )
    for column, points in columns.items():
        lines += _rescaled(export, column, points)
    return sheet.content(), lines


def _enter(sheet, row, column, grade, comma, learner, news):
    """Write a grade: _WRITTEN, or _SAME if it stands there already, or None if the cell says that there is none."""
    before = sheet.rows[row][column].strip()
    if before.upper() in _LEFT_ALONE:
        news[_LEFT_ALONE[before.upper()]].append(f"{learner} ({before})")
        return None
    if NUMBER.fullmatch(before) and _float(before) == grade:
        return _SAME
    if before not in ("", "-"):
        news["had another grade, which was replaced"].append(f"{learner} ({before}, now {written(grade, comma)})")
    sheet.write(row, column, written(grade, comma))
    return _WRITTEN


def _about(export, column, points, numbers):
    """A line about a column: what it is of, and how many grades were written there."""
    title, same = listings.clean(export.grades[column][0]), numbers[column, _SAME]
    more = f", and {same} that stood there already" if same else ""
    return f'"{title}" is {points.name}: {numbers[column, _WRITTEN]} grades{more}'


def _rescaled(export, column, points):
    """A line about a column in which the grades would mean something else, for whoever reads the last line alone."""
    title, worth = export.grades[column]
    if not NUMBER.fullmatch(worth) or _float(worth) == points.most:
        return []
    here, there = written(points.most), written(_float(worth))
    line = f'"{listings.clean(title)}" is worth {there} points there and {here} here, and no grade was rescaled: '
    lesson = next((each.LESSON for each in LESSONS if each.LESSON == points.name), "")
    plan = f"set points = {there} in [lessons.{lesson.partition('_')[0]}] of course.toml, or " if lesson else ""
    return [f"{line}{plan}set the maximum there to {here}"]


def _shown(sheet, export, row):
    name, keys = (" ".join(sheet.rows[row][k] for k in columns) for columns in (export.name, export.keys))
    return listings.clean(f"{name} ({keys})" if name.strip() else keys)


def _told(news):
    """Lines of pairs: what is said, and of whom or what; none about nobody."""
    return [f"{says}: {listings.some(names, _MOST_NAMES)}" for says, names in news if names]


def _has_commas(sheet, export):
    """Whether the decimals of the sheet stand behind a comma; beside a grade of Moodle's stands what it is worth."""
    columns = {near for column in export.grades for near in (column, column + 1)}
    cells = [row[column].strip() for row in sheet.rows[1:] for column in columns if column < len(row)]
    numbers = [cell for cell in cells if NUMBER.fullmatch(cell)]
    return any("," in number for number in numbers) and not any("." in number for number in numbers)


def _float(number):
    return float(number.replace(",", "."))


# Which column


def _total(results):
    most = max((result["max_points"] for result in results), default=0)
    return _Points(headings.TOTAL, most, lambda result: result["points"])


def _lesson(lesson, results):
    return _Points(lesson, _worth(lesson, results), lambda result: placing.points(result, [lesson], [lesson]))


def _worth(lesson, results):
    return next((each["lessons"][lesson]["max_points"] for each in results if lesson in each["lessons"]), 0)


def _of_lessons(_, export, results):
    """What `_of_assignment` gives, of a sheet for all lessons, with lines about columns that are left as they are."""
    titles = {lesson.LESSON: lesson.TITLE for lesson in LESSONS}
    titles |= {each["lesson"]: each["title"] for result in results for each in result["notebooks"] if each.get("title")}
    known = {lesson for result in results for lesson in result["lessons"]}
    named, left = headings.columns({column: title for column, (title, _) in export.grades.items()}, titles, known)
    columns = {
        column: _total(results) if name == headings.TOTAL else _lesson(name, results) for column, name in named.items()
    }
    return None, columns, _told(left.items()) if export.grades else ["it has no column of points, and is as it was"]


def _of_assignment(sheet, export, results):
    """(the downloads of an assignment, {column: `_Points`}, lines if nothing of the assignment counts)."""
    (column,) = export.grades
    numbers = {export.key(sheet.rows[row][0]) for row in export.people}
    known = placing.assignments(results)
    mine = {
        known[entry["download"]]
        for result in results
        for entry in placing.entries(result, MOODLE)
        if entry["identity"] in numbers
    }
    if not mine:
        return (), {column: _total(results)}, []
    downloads = {download for assignment in mine for download in assignment.downloads}
    lessons = sorted({lesson for assignment in mine for lesson in assignment.lessons})
    if not lessons:
        return downloads, {}, [_NOTHING_ASKED]

    def of(result):
        homes = placing.homes(result, known)
        return placing.points(result, [each for each in lessons if homes.get(each) in {*mine, None}], lessons)

    most = sum(_worth(each, results) for each in lessons)
    return downloads, {column: _Points(", ".join(lessons), most, of)}, []


def _participants(results):
    """Which participants of Moodle's are in the results, for people, "" if there are none."""
    numbers = defaultdict(list)
    for result in results:
        for entry in placing.entries(result, MOODLE):
            if placing.is_key(entry):
                numbers[entry["download"]].append(int(entry["identity"]))
    of = (f"{min(each)} to {max(each)}{f' in {download}' if download else ''}" for download, each in numbers.items())
    return f"here they are {', '.join(of)}" if numbers else ""


# Which row


def _whose(sheet, export, results, downloads):
    """The results of the rows: {row: result}, by the surest sign that is nobody else's; downloads are Moodle's."""
    rows = {row: _signs_of_row(sheet, export, row) for row in export.people}
    people = {k: _signs_of_result(result, export.lms, downloads) for k, result in enumerate(results)}
    whose, taken = {}, set()
    for kind in range(4):
        who = _holders(people, kind)
        for sign, places in _holders(rows, kind).items():
            holders = who.get(sign, ())
            if len(places) == len(holders) == 1 and places[0] not in whose and holders[0] not in taken:
                whose[places[0]] = results[holders[0]]
                taken.add(holders[0])
    return whose


def _holders(signs, kind):
    """Who has each sign of a kind: {sign: keys}."""
    holders = defaultdict(list)
    for key, kinds in signs.items():
        for sign in {*map(str.casefold, kinds[kind])} - {""}:
            holders[sign].append(key)
    return holders


def _signs_of_row(sheet, export, row):
    cells = sheet.rows[row]
    keys = [export.key(cells[k]) for k in export.keys]
    # A number that Moodle gave somebody for one assignment is none of a roster's.
    roster = [*([] if export.lms == MOODLE else keys), *(cells[k].strip() for k in export.other)]
    mails = [cell.strip() for cell in cells if MAIL.fullmatch(cell.strip())]
    return keys, roster, mails, [_words(" ".join(cells[k] for k in export.name))]


def _signs_of_result(result, lms, downloads):
    entries = result.get("entries", ())
    own = [entry for entry in placing.entries(result, lms) if downloads is None or entry["download"] in downloads]
    keys = [entry["identity"] for entry in own if placing.is_key(entry)]
    if keys:
        return keys, [], [], []  # whoever has the same name and another key is somebody else
    roster = placing.of_roster(result)
    names = [result["learner"], *(entry["name"] for entry in entries)]
    mails = [name for name in (roster, *(entry["email"] for entry in entries)) if MAIL.fullmatch(name)]
    account = roster or ("" if any(entry["identity"] for entry in entries) else result["learner"])
    return [], [account], mails, [*map(_words, names)]


def _words(name):
    """The words of a name in an order of their own, since Canvas writes "Lovelace, Ada"."""
    return " ".join(sorted(re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold())))
