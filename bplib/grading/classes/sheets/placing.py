"""Which points belong into which sheet of an LMS.

Canvas, Blackboard and Brightspace have one sheet for all, with a column for each lesson. Moodle has one for each
assignment, and its participants have numbers of their own in each. What it gives for download is one assignment, or
several times the same one, if somebody has the same number in them. The sheet of an assignment holds what those lessons
come to that were handed in there:

- So that one who hands in a lesson at the wrong place changes nobody else's sheet, a lesson is none of an assignment's
  if the share of its people who handed it in there is less than a quarter of that share elsewhere.
- A lesson of a learner counts in one sheet: that of the assignment in which the notebook came that counts, if that asks
  for the lesson, else that of the first assignment that is the learner's and does. So points that somebody gave by hand
  have a sheet, too.

The points are those of `counting`, after dates and overrides; None is what was not handed in or not graded.
"""

import re
from collections import Counter
from dataclasses import dataclass

from bplib.grading.classes.people import downloads

MOODLE, CANVAS, BLACKBOARD, BRIGHTSPACE = "moodle", "canvas", "blackboard", "brightspace"

_MISPLACED = 1 / 4


@dataclass(frozen=True)
class Assignment:
    """An assignment of Moodle's: what was downloaded of it, names in order, and the lessons that it asks for."""

    downloads: tuple[str, ...]
    lessons: tuple[str, ...]


def entries(result, lms):
    """Who a learner is in an LMS: the entries with an identity, each identity once."""
    mine = [entry for entry in result.get("entries", ()) if entry["lms"] == lms and entry["identity"]]
    return list({entry["identity"]: entry for entry in reversed(mine)}.values())[::-1]


def is_key(entry):
    """Whether the identity of an entry is one that the import of its LMS knows.

    Brightspace's downloads say numbers that its sheets do not have; and a number of Canvas's behind "anon" stands for
    one hand-in, where its import wants a user's.
    """
    if entry["lms"] == BRIGHTSPACE:
        return re.search(r"[^\W\d]", entry["identity"]) is not None
    if entry["lms"] == CANVAS:
        return entry["identity"].isdecimal() and not downloads.is_nameless(CANVAS, entry["identity"], entry["name"])
    return entry["identity"].isdecimal() or entry["lms"] != MOODLE


def of_roster(result):
    """What a roster calls a learner; "" where there is none, and the identity is only what an LMS says."""
    said = {entry["identity"] for entry in result.get("entries", ()) if entry["lms"]}
    return "" if result["identity"] in said else result["identity"]


def assignments(results):
    """The assignments of Moodle's that results came from: {download: `Assignment`}, in the order of the downloads."""
    groups = _groups(results)
    people, came = Counter(), Counter()
    for result in results:
        people.update({groups[download] for download in _downloads(result)})
        came.update((groups[into], lesson) for lesson, into in _came_in(result).items() if into in _downloads(result))
    share = {key: number / people[key[0]] for key, number in came.items()}
    best = {}
    for (_, lesson), part in share.items():
        best[lesson] = max(part, best.get(lesson, 0))
    asked = {group: [] for group in people}
    for (group, lesson), part in sorted(share.items()):
        if part >= _MISPLACED * best[lesson]:
            asked[group].append(lesson)
    return {download: Assignment(group, tuple(asked[group])) for download, group in sorted(groups.items())}


def homes(result, assignments):
    """The assignments in whose sheets the points of a learner stand: {lesson: `Assignment` or None}."""
    mine = [assignments[download] for download in _downloads(result)]
    came = _came_in(result)
    found = {}
    for lesson in result["lessons"]:
        fitting = [assignment for assignment in mine if lesson in assignment.lessons]
        into = assignments.get(came.get(lesson))
        found[lesson] = into if into in fitting else fitting[0] if fitting else None
    return found


def people(results, assignments):
    """Who stands in the sheet of each assignment: {`Assignment`: [(result, entry, the lessons that count there)]}."""
    there = {assignment: [] for assignment in assignments.values()}
    for result in results:
        found = homes(result, assignments)
        for entry in entries(result, MOODLE):
            if is_key(entry):
                assignment = assignments[entry["download"]]
                lessons = [lesson for lesson in found if found[lesson] == assignment]
                there[assignment].append((result, entry, lessons))
    return there


def points(result, lessons, asked):
    """What some lessons of a learner come to, of those asked in a sheet.

    Where several are asked it is a sum, and None if grading has failed for any notebook, whichever lesson that is of.
    """
    mine = [result["lessons"][lesson]["points"] for lesson in lessons if lesson in result["lessons"]]
    if not mine or None in mine or (len(asked) > 1 and result["points"] is None):
        return None
    return round(sum(mine), 2)


def without_a_sheet(results):
    """Lines about points that came in from Moodle and stand in none of its sheets."""
    known = assignments(results)
    return [
        f"{result['learner']}: the points of {lesson} stand in no sheet, since they came in {into or 'a download'}, "
        f"which is of {', '.join(known[into].lessons) or 'no lesson'}"
        for result in results
        for lesson, into in _came_in(result).items()
        if into in _downloads(result)
        and points(result, [lesson], [lesson]) is not None
        and homes(result, known)[lesson] is None
    ]


def nameless(results):
    """Lines about hand-ins to Canvas that are in no sheet, since Canvas has hidden whose they are."""
    hidden = [each for result in results for each in entries(result, CANVAS) if not is_key(each)]
    told = "hand-ins from Canvas are anonymous, so that they stand in no sheet; their points are in the gradebook"
    return [f"{told}: {len(hidden)}"] if hidden else []


def written(number, comma=False):
    """A number as it stands in a sheet: two decimals at most, and behind a comma where that is asked."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text


def _downloads(result):
    mine = [entry for entry in result.get("entries", ()) if entry["lms"] == MOODLE and entry["identity"]]
    return list(dict.fromkeys(entry["download"] for entry in mine))


def _came_in(result):
    """The downloads that the notebooks which count came in: {lesson: download}."""
    return {
        notebook["lesson"]: notebook["download"]
        for notebook in result["notebooks"]
        if "download" in notebook and notebook.get("lesson") in result["lessons"]
    }


def _groups(results):
    """The downloads of the same assignment: {download: all of them, sorted}."""
    same = {}
    of_number = {}
    for result in results:
        for entry in result.get("entries", ()):
            if entry["lms"] == MOODLE and entry["identity"]:
                download = entry["download"]
                mine = same.setdefault(download, {download})
                other = same[of_number.setdefault(entry["identity"], download)]
                if other is not mine:
                    mine |= other
                    same.update(dict.fromkeys(other, mine))
    return {download: tuple(sorted(group)) for download, group in same.items()}
