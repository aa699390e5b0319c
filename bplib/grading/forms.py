"""What counts of a report of `grader.grade`, and the forms in which it can be had, by the options that ask for them."""

import os
from pathlib import Path

from bplib.course import files, syllabus
from bplib.course.judging.reading import NOT_ATTEMPTED
from bplib.course.problems import LESSONS
from bplib.course.syllabus import Asked, Syllabus
from bplib.grading import adapters, handins
from bplib.grading.classes import counting, feedback
from bplib.grading.classes.records import as_json

PACKAGE = Path(__file__).resolve().parents[1]
"""Where the zip of an autograder carries the plan: no learner can put one there."""


def plan():
    """The plan of the term in which we grade: that of a zip, or of the folder of the course that we are in, or none.

    ValueError for one that cannot be read, or of another version of the course.
    """
    folder = PACKAGE if (PACKAGE / syllabus.FILE_NAME).exists() else files.course_folder()
    term = syllabus.of(folder) if folder else Syllabus()
    syllabus.require_version(term)
    return term


def counted(report, term=Syllabus(), names=()):  # noqa: B008, it is frozen
    """The report with what counts in a term, before dates: `notes`, lines, and of the submissions those that count.

    The lessons that count are those of names, if there are any, or else those of the plan, or else all. One that names
    asks for and nobody handed in is there, not attempted. A submission has the points that its lesson is worth, and its
    exercises keep theirs. One line names what is of other lessons. ValueError for a name of no lesson.
    """
    named = dict.fromkeys(syllabus.named(name) for name in names)
    wanted = named or term.lessons
    kept, others = [], []
    for each in report["submissions"]:
        (kept if not wanted or each.get("lesson") in (None, *wanted) else others).append(each)
    there = {each.get("lesson") for each in kept}
    says = "nothing of it could be read" if None in there else "it was not handed in"
    kept += [_absent(lesson, says) for lesson in LESSONS if lesson.LESSON in named and lesson.LESSON not in there]
    why = "" if named else f", as {syllabus.FILE_NAME} says; `bplib grade --lesson` asks for others"
    notes = [f"{line}{why}" for line in counting.unasked(others)]
    return {"submissions": [_weighed(each, term) for each in kept], "notes": notes}


def _weighed(submission, term):
    """A submission with the points that it is worth in a term, where the plan weighs its lesson."""
    lesson = submission.get("lesson")
    exercises = {problem.id: problem.points for each in LESSONS if each.LESSON == lesson for problem in each.PROBLEMS}
    most, worth = sum(exercises.values()), counting.worth_of(lesson, exercises, term)
    if worth == most or not most or submission["points"] is None:
        return submission
    return {**submission, **{key: counting.plain(submission[key] * worth / most) for key in ("points", "max_points")}}


def _absent(lesson, says):
    exercises = [
        {"id": problem.id, "title": problem.title, "points": 0, "max_points": problem.points}
        | {"status": NOT_ATTEMPTED, "message": "", "misconception": None, "code": ""}
        for problem in lesson.PROBLEMS
    ]
    return {
        "path": lesson.LESSON,
        "lesson": lesson.LESSON,
        "title": lesson.TITLE,
        "points": 0,
        "max_points": sum(exercise["max_points"] for exercise in exercises),
        "exercises": exercises,
        "problems": [says],
        "not_enforced": [],
    }


def lacking(report, paths, term):
    """A line about lessons that count and of which nothing was read, where all exercises of a course were given."""
    there = {each.get("lesson") for each in report["submissions"]}
    lacks = [name for name in term.lessons or [lesson.LESSON for lesson in LESSONS] if name not in there]
    for path in paths if lacks else ():
        folder = files.course_folder(Path(path).absolute())
        if folder and Path(path).absolute() in (folder, folder / handins.EXERCISES):
            return [f"nothing of {', '.join(lacks)} is graded: {path} has no notebook of it that can be read"]
    return []


def page(report):
    """The feedback page, HTML, for who has graded notebooks of their own."""
    submissions = report["submissions"]
    unread = [each for each in submissions if "lesson" not in each]
    record = {
        "learner": "Your notebooks",
        "identity": "",
        "entries": [],
        "slug": "",
        "late": False,
        "absent": False,
        "stranger": False,
        "notebooks": [{**each, "when": "", "late": False, "download": "", "seen": ""} for each in submissions],
        "problems": [f"{each['path']}: {problem}" for each in unread for problem in each["problems"]],
        "not_enforced": sorted({part for each in submissions for part in each.get("not_enforced", ())}),
        "digest": "",
    }
    # All that is there is asked for, also what is as it was handed out: points are then those of the report.
    known = {each["lesson"]: each for each in submissions if "lesson" in each}
    there = {
        lesson: {exercise["id"]: exercise["max_points"] for exercise in each["exercises"]}
        for lesson, each in known.items()
    }
    worth = Syllabus({lesson: Asked(points=each["max_points"]) for lesson, each in known.items()})
    asked = counting.asked([record], worth, there)
    [result] = counting.settled([record], asked, worth)
    result["notes"] += report.get("notes", ())
    return feedback.feedback_page(result, asked)


FORMS = {
    "json": as_json,
    "page": page,
    "gradescope": lambda report: as_json(adapters.gradescope(report)),
    "classroom50": lambda report: as_json(adapters.classroom50(report, os.environ)),
}
