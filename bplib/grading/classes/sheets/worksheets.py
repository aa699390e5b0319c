"""Sheets that an LMS has exported (see `exports`), filled in: grades are written, and all else stays byte for byte.

A column is a lesson's if its heading holds the title or the number of the lesson, as "Homework 2: Loss functions" and
"HW01" do; it is that of the total if it is called so, or if it is the only one and no lesson's. Moodle's one column is
that of the assignment whose numbers stand in the sheet (see `placing`), or of the total where no number is known.

A row is a learner's by what the LMS itself knows them by. For who did not come in from there it is so by what a roster
calls them, else by address of mail, else by full name, each only if nobody else has the same. A cell stays as it is
where there is no grade for it, and where somebody was excused (EX) or is not asked (N/A). Decimals stand behind a comma
where those of the sheet do.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bplib.course.problems import LESSONS
from bplib.grading import listings
from bplib.grading.classes.cells import Sheet
from bplib.grading.classes.sheets import exports, placing
from bplib.grading.classes.sheets.exports import MAIL, NUMBER
from bplib.grading.classes.sheets.placing import MOODLE, written

_TOTAL = "the total"
_TOTALS = "total", "sum", "course total"
_LEFT_ALONE = "EX", "N/A"
_MOST_NAMES = 20


@dataclass(frozen=True)
class _Points:
    """What a column is of: its name, what it is worth, and what a result has in it, None for nothing."""

    name: str
    most: float
    of: Callable


def filled(content, results):
    """(an exported sheet, bytes, with the grades of results; lines about it and about who is missing on either side).

    ValueError, with the columns, if it is no sheet that is known, or if it cannot be decided which column is whose.
    """
    sheet = Sheet(content)
    export = exports.known(sheet)
    if export.lms == MOODLE:
        downloads, columns = _of_assignment(sheet, export, results)
    else:
        downloads, columns = None, _of_lessons(export, results)
    if downloads == () and (here := _participants(results)):
        there = [int(export.key(sheet.rows[row][0])) for row in export.people]
        numbers = f"{min(there)} to {max(there)}" if there else "nobody"
        return content, [f"it fits none of the downloads, and is as it was: its participants are {numbers}; {here}"]
    whose = _whose(sheet, export, results, downloads)
    comma = _has_commas(sheet, export)
    news, numbers, without = defaultdict(list), dict.fromkeys(columns, 0), []
    for row in export.people:
        result = whose.get(row)
        grades = {column: points.of(result) for column, points in columns.items()} if result else {}
        grades = {column: grade for column, grade in grades.items() if grade is not None}
        if not grades:
            without.append(_shown(sheet, export, row))
        for column, grade in grades.items():
            numbers[column] += 1
            _enter(sheet, row, column, grade, comma, result["learner"], news)
    there = {result["slug"] for result in whose.values()}
    absent = [each for each in results if each["slug"] not in there]
    absent = [each["learner"] for each in absent if any(points.of(each) is not None for points in columns.values())]
    broken = [str(k + 1) for k, row in enumerate(sheet.rows) if len(row) != len(sheet.rows[0]) and row != [""]]
    lines = [_about(export, column, columns.get(column), numbers) for column in export.grades]
    for says, names in [
        ("with points, and not in the sheet", absent),
        ("in the sheet, and without points", without),
        ("rows with more or fewer cells than the heading, left as they are", broken),
        *news.items(),
    ]:
        lines += [f"{says}: {_some(names)}"] if names else []
    for column, points in columns.items():
        lines += _rescaled(export, column, points)
    return sheet.content(), lines


def _enter(sheet, row, column, grade, comma, learner, news):
    """Write a grade, unless it stands there already or the cell says that there is none."""
    before = sheet.rows[row][column].strip()
    if before.upper() in _LEFT_ALONE:
        news["with points, and left as they are"].append(f"{learner} ({before})")
        return
    if NUMBER.fullmatch(before) and _float(before) == grade:
        return
    if before not in ("", "-"):
        news["had another grade, which was replaced"].append(f"{learner} ({before}, now {written(grade, comma)})")
    sheet.write(row, column, written(grade, comma))


def _about(export, column, points, numbers):
    """A line about a column; points is None where it is none of the lessons of these results."""
    title = listings.clean(export.grades[column][0])
    if points is None:
        return f'"{title}" is none of the lessons of these results, and was left as it is'
    return f'"{title}" is {points.name}: {numbers[column]} grades'


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


def _some(names):
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


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
    return _Points(_TOTAL, most, lambda result: result["points"])


def _lesson(lesson, results):
    return _Points(lesson, _worth(lesson, results), lambda result: placing.points(result, [lesson], [lesson]))


def _worth(lesson, results):
    return next((each["lessons"][lesson]["max_points"] for each in results if lesson in each["lessons"]), 0)


def _of_lessons(export, results):
    """What each column is of: {column: `_Points`}, without those that are of no lesson of the results."""
    titles = {lesson.LESSON: lesson.TITLE for lesson in LESSONS}
    titles |= {each["lesson"]: each["title"] for result in results for each in result["notebooks"] if each.get("title")}
    there = "the columns of points are " + exports.listed(title for title, _ in export.grades.values())
    whose = {}
    for column, (title, _) in export.grades.items():
        names = _named(title, titles)
        if not names and (title.strip().casefold() in _TOTALS or len(export.grades) == 1):
            names = [_TOTAL]
        if len(names) > 1:
            raise ValueError(f'"{listings.clean(title)}" may be {" or ".join(names)}; {there}')
        for name in names:
            if name in whose.values():
                raise ValueError(f"several columns may be {name}; {there}")
            whose[column] = name
    if not whose:
        raise ValueError(f"no column names a lesson by its title or number; {there}")
    known = {lesson for result in results for lesson in result["lessons"]} | {_TOTAL}
    return {
        column: _total(results) if name == _TOTAL else _lesson(name, results)
        for column, name in whose.items()
        if name in known
    }


def _named(heading, titles):
    """The lessons that a heading names by title or number; of "Policy gradients" and "Gradients" only the longer."""
    heading = heading.casefold()
    titles = {lesson: title.casefold() for lesson, title in titles.items()}
    found = {title for title in titles.values() if re.search(rf"(?<!\w){re.escape(title)}(?!\w)", heading)}
    longest = {title for title in found if not any(title != other and title in other for other in found)}
    names = {lesson for lesson, title in titles.items() if title in longest}
    for lesson in titles:
        number = re.escape(lesson.partition("_")[0].casefold())
        if re.search(rf"(?<!\d)(?<!\d[-./:]){number}(?![a-z\d]|[-./:]\d)", heading):  # HW01 counts, 2026-10-01 does not
            names.add(lesson)
    return sorted(names)


def _of_assignment(sheet, export, results):
    """(the downloads of the assignment, what Moodle's column is of, as `_of_lessons` gives it)."""
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
        return (), {column: _total(results)}
    lessons = sorted({lesson for assignment in mine for lesson in assignment.lessons})

    def of(result):
        homes = placing.homes(result, known)
        return placing.points(result, [each for each in lessons if homes.get(each) in {*mine, None}], lessons)

    most = sum(_worth(each, results) for each in lessons)
    downloads = {download for assignment in mine for download in assignment.downloads}
    return downloads, {column: _Points(", ".join(lessons) or "nothing", most, of)}


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
