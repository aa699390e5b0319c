"""What grading found, as other systems want it: Classroom 50's result.json and Gradescope's results.json.

A report is what `forms.counted` leaves of what `grader.grade` gives. ValueError for one in which grading itself has
failed: neither has a place for points that are not known, and 0 would be wrong.
"""

import datetime
import math
import re

from bplib.course.judging.reading import NOT_ATTEMPTED, PASSED

_NEEDED = ("CLASSROOM", "ASSIGNMENT", "OWNER", "SUBMISSION_TAG", "COMMIT_URL")
_SECOND = "%Y-%m-%dT%H:%M:%SZ"


def classroom50(report, environment):
    """A result.json of the schema classroom50/result/v1, as a dict that JSON can hold.

    environment holds the variables that the runner of Classroom 50 gives an autograder. ValueError where it does not.

    The contract: schemas/result-v1.schema.json, the page Advanced-Autograding of the wiki, and validate_result in
    cli/gh-teacher/skeleton/dotgithub/scripts/runner.py, all of github.com/foundation50/classroom50. Points are
    integers, so where a lesson is weighed the whole is rounded, a half upward; what a test says beyond the four fields
    is kept as it is. The runner writes owner, assignment_type, datetime and submitted_by once more, as it knows them.
    """
    lacking = [name for name in _NEEDED if not environment.get(name)]
    if lacking:
        raise ValueError(f"a result.json for Classroom 50 needs {' and '.join(lacking)} in the environment")
    tests = [
        {
            "test-name": name,
            "passed": exercise["status"] == PASSED,
            "score": exercise["points"],
            "max-score": exercise["max_points"],
            "output": said,
        }
        for name, exercise, said in _tests(report)
    ]
    points, of = (math.floor(each + 0.5) for each in _whole(report))
    now = datetime.datetime.now(datetime.UTC).strftime(_SECOND)
    handed_in = re.match(r"submit/(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\dZ)", environment["SUBMISSION_TAG"])
    return {
        "schema": "classroom50/result/v1",
        "classroom": environment["CLASSROOM"],
        "assignment": environment["ASSIGNMENT"],
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
        "owner": environment["OWNER"],
        "submission": environment["SUBMISSION_TAG"],
        "commit": environment["COMMIT_URL"],
        "release": environment.get("RELEASE_URL") or environment["COMMIT_URL"],
        "review": environment.get("REVIEW_URL") or environment["COMMIT_URL"],
        "datetime": f"{handed_in[1]}{handed_in[2]}:{handed_in[3]}:{handed_in[4]}" if handed_in else now,
        "graded_at": now,
        "score": points,
        "max-score": of,
        "tests": tests,
    }


def gradescope(report):
    """A results.json of Gradescope's, as a dict that JSON can hold.

    An exercise is a test, which all can see at once, as in the notebook. The texts are plain, so nothing that a learner
    wrote is markup: that has to be said, since the text about the whole would be HTML. What is printed while it is made
    stays with the instructors, as it does unless asked for.

    The format: docs/specs.md of github.com/gradescope/autograder_samples, which is
    https://gradescope-autograders.readthedocs.io/en/latest/specs/.
    """
    tests = [
        {
            "name": name,
            "score": exercise["points"],
            "max_score": exercise["max_points"],
            "status": "passed" if exercise["status"] == PASSED else "failed",
            "output": said,
            "output_format": "text",
        }
        for name, exercise, said in _tests(report)
    ]
    problems = [f"{each['path']}: {problem}" for each in report["submissions"] for problem in each["problems"]]
    points, of = _whole(report)
    return {
        "score": points,
        "output": "\n".join([f"{points:.12g} of {of:.12g} points", *report.get("notes", ()), *problems]),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _whole(report):
    """(points, points to have) of all that counts: what a lesson is worth need not be the sum of its exercises."""
    return [round(sum(each[key] for each in _best(report)), 2) for key in ("points", "max_points")]


def _tests(report):
    """(name, exercise, sentence) of each exercise that counts."""
    for submission in _best(report):
        for exercise in submission["exercises"]:
            said = "not attempted" if exercise["status"] == NOT_ATTEMPTED else exercise["message"]
            yield f"{exercise['id']}: {exercise['title']}", exercise, said


def _best(report):
    """The submissions that count: where a lesson is there twice, the one with more points."""
    failed = [each["path"] for each in report["submissions"] if each["points"] is None]
    if failed:
        raise ValueError(f"{failed[0]} was not graded, by a failure of the grader; try again")
    best = {}
    for submission in report["submissions"]:
        ids = tuple(exercise["id"] for exercise in submission["exercises"])
        if ids not in best or submission["points"] > best[ids]["points"]:
            best[ids] = submission
    return list(best.values())
