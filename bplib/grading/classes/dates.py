"""What a person has to know of the dates of a term: times that are not known, extensions of nobody."""

import math

from bplib.grading import listings
from bplib.grading.classes.counting import named, names_of

_MARK_LATE = {"canvas"}
"""The LMSs that mark in a download what came late: what they do not mark was in time by their date."""
_MOST_NAMED = 5

_UNKNOWN = "hand-ins that count as in time, since no time of theirs is known"
_NEWER = "hand-ins that are newer than Moodle's sheet and count as in time; export it again and give it with --fill"
_UNSURE = (
    "there are more versions than Moodle's sheets have times, so the last time may be another's; give the sheet of each"
    " download with --fill"
)
_LATE = "hand-ins that count as one day late, since only that they are late is known"
_SAYS = _UNKNOWN, _NEWER, _UNSURE, _LATE


def lines(results, syllabus):
    """Lines about the results of `counting`, for a terminal; none where all is known."""
    return [
        *(line for lesson in syllabus.lessons if syllabus.due(lesson) for line in _times(lesson, results, syllabus)),
        *(line for extension in syllabus.extensions for line in _extension(extension, results)),
    ]


def _times(lesson, results, syllabus):
    """Lines about the hand-ins of a lesson of which it is not known when they came, with some of the names."""
    whose = {says: [] for says in _SAYS}
    for result in results:
        for each in result["notebooks"]:
            if each["lesson"] == lesson and each["path"] and (says := _unknown(each, result, syllabus)):
                whose[says].append(result["learner"])
    return [
        f"{named(lesson)}: {says}: {len(names)} ({listings.some(names, _MOST_NAMED)})"
        for says, names in whose.items()
        if names
    ]


def _unknown(notebook, result, syllabus):
    """What of _SAYS is to be said of when a notebook came; None where nothing is."""
    if notebook.get("is_unsure"):
        return _UNSURE
    if syllabus.instant(notebook.get("when", "")) > -math.inf:
        return None
    if notebook.get("is_newer"):
        return _NEWER
    if notebook.get("late"):
        # Of what is called late and has an extension its page says so; nothing else is known, nor needed.
        return _LATE if result["lessons"][notebook["lesson"]]["days_late"] else None
    return None if _is_marked_when_late(notebook, result) else _UNKNOWN


def _is_marked_when_late(notebook, result):
    """Whether a notebook comes from an LMS that would say that it was late."""
    return any(
        entry["lms"] in _MARK_LATE and entry["download"] == notebook.get("download") for entry in result["entries"]
    )


def _extension(extension, results):
    """A line about an extension that is not one learner's, or of whom nothing is there while others are unknown."""
    whose = [result for result in results if extension.is_of(names_of(result))]
    unknown = [result for result in results if result.get("stranger") and result["identity"]]
    unknown = [each for each in unknown if not extension.lesson or extension.lesson in each["lessons"]]
    who = f"of whom there is nothing of {named(extension.lesson)}" if extension.lesson else "who is absent"
    found = []
    if len(whose) != 1:
        names = ", ".join(each["learner"] for each in whose)
        said = f"of {len(whose)} learners: {names}" if whose else "of nobody here"
        found.append(f"the extension for {extension.learner} is {said}")
    if whose and unknown and not any(_has(result, extension.lesson) for result in whose):
        found.append(
            f"the extension for {extension.learner} is of one {who}, while {len(unknown)} hand-ins are of"
            " nobody on the roster: if one of them is theirs, let the extension name it as the gradebook does, such"
            f' as learner = "{unknown[0]["identity"]}"'
        )
    return found


def _has(result, lesson):
    """Whether somebody has handed in a lesson, or where none is asked for any."""
    return lesson in result["lessons"] if lesson else not result.get("absent")
