"""The forms in which a report of `grader.grade` can be had, by the names of the options that ask for them."""

import os

from bplib.course.syllabus import Syllabus
from bplib.grading import adapters
from bplib.grading.classes import counting, feedback
from bplib.grading.classes.records import as_json


def page(report):
    """The feedback page, HTML, for who has graded notebooks of their own."""
    submissions = report["submissions"]
    unread = [each for each in submissions if "lesson" not in each]
    record = {
        "learner": "your notebooks",
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
    there = {
        each["lesson"]: {exercise["id"]: exercise["max_points"] for exercise in each["exercises"]}
        for each in submissions
        if "lesson" in each
    }
    asked = counting.asked([record], Syllabus(), there)
    [result] = counting.settled([record], asked, Syllabus())
    return feedback.feedback_page(result, asked)


FORMS = {
    "json": as_json,
    "page": page,
    "gradescope": lambda report: as_json(adapters.gradescope(report)),
    "classroom50": lambda report: as_json(adapters.classroom50(report, os.environ)),
}
