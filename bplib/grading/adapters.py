"""What grading found, as other systems want it: Classroom 50's result.json and Gradescope's results.json.

A report is what `grader.grade` gives. ValueError for one in which grading itself has failed: neither has a place for
points that are not known, and 0 would be wrong.
"""

import datetime
import re

from bplib.course import syllabus
from bplib.course.judging.reading import NOT_ATTEMPTED, PASSED
from bplib.course.problems import LESSONS

_NEEDED = ("CLASSROOM", "ASSIGNMENT", "OWNER", "SUBMISSION_TAG", "COMMIT_URL")
_SECOND = "%Y-%m-%dT%H:%M:%SZ"


def of_lessons(report, names):
    """The report about those lessons alone, each known by its name or number: what is of another counts nothing.

    A lesson that was not handed in is there with its exercises, not attempted. ValueError for a name that is none.
    """
    modules = {lesson.LESSON: lesson for lesson in LESSONS}
    wanted = [syllabus.named(name) for name in names]
    kept = []
    for each in report["submissions"]:
        if "lesson" in each and each["lesson"] not in wanted:
            line = f"it is of {each['lesson']}, which was not asked for"
            each = {"path": each["path"], "points": 0, "max_points": 0, "exercises": [], "problems": [line]}
        kept.append(each)
    there = {each.get("lesson") for each in kept}
    return {"submissions": kept + [_absent(modules[name]) for name in dict.fromkeys(wanted) if name not in there]}


def _absent(lesson):
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
        "problems": ["it was not handed in"],
        "not_enforced": [],
    }


def classroom50(report, environment):
    """A result.json of the schema classroom50/result/v1, as a dict that JSON can hold.

    environment holds the variables that the runner of Classroom 50 gives an autograder. ValueError where it does not.

    The contract: schemas/result-v1.schema.json, the page Advanced-Autograding of the wiki, and validate_result in
    cli/gh-teacher/skeleton/dotgithub/scripts/runner.py, all of github.com/foundation50/classroom50. Points are
    integers; what a test says beyond the four fields is kept as it is. The runner writes owner, assignment_type,
    datetime and submitted_by once more, as it knows them.
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
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
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
    points, of = (sum(test[key] for test in tests) for key in ("score", "max_score"))
    return {
        "score": points,
        "output": "\n".join([f"{points} of {of} points", *problems]),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _tests(report):
    """(name, exercise, sentence) of each exercise; where a lesson is there twice, the one with more points counts."""
    failed = [each["path"] for each in report["submissions"] if each["points"] is None]
    if failed:
        raise ValueError(f"{failed[0]} was not graded, by a failure of the grader; try again")
    best = {}
    for submission in report["submissions"]:
        ids = tuple(exercise["id"] for exercise in submission["exercises"])
        if ids not in best or submission["points"] > best[ids]["points"]:
            best[ids] = submission
    for submission in best.values():
        for exercise in submission["exercises"]:
            said = "not attempted" if exercise["status"] == NOT_ATTEMPTED else exercise["message"]
            yield f"{exercise['id']}: {exercise['title']}", exercise, said
