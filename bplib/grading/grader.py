"""Grades whatever is given by its path, and gives each notebook to a process of its own.

What is handed in is read by `handins`, as for a class; `submissions` says of which lesson it is, `assembling` what is
done with it, and `notebook` grades that.
"""

import contextlib
import textwrap
from pathlib import Path, PurePosixPath

from bplib.course.notebooks import submissions
from bplib.course.problems import LESSONS, PROBLEMS
from bplib.grading import handins, listings
from bplib.grading.notebook import grade_notebook
from bplib.grading.sandbox import launching, sweeping
from bplib.grading.sandbox.launching import TRIES, Failed
from bplib.grading.sandbox.processes import Limits


def grade(paths, limits=Limits()):  # noqa: B008, it is frozen
    """Grade notebooks, and folders and zips of them: {"submissions": [what grade_file gives, ...]}.

    What is at a path is read like what one learner hands in, and what is wrong there is a submission of its own.
    """
    submitted, seen = [], set()
    with sweeping.swept(), contextlib.closing(launching.launcher()) as launcher:
        for path in paths:
            shown = PurePosixPath(listings.clean(Path(path).as_posix()))
            handed = handins.gather(shown.name, "", listings.at(path), late=False)
            if handed.problems:
                submitted.append(_submission(shown, problems=handed.problems))
            for notebook in handed.notebooks:
                if notebook.item.where not in seen:
                    seen.add(notebook.item.where)
                    submitted.append(_graded(notebook, shown / notebook.path, launcher, limits))
    return {"submissions": submitted}


def _graded(notebook, path, launcher, limits):
    try:
        data = notebook.read()
    except ValueError as error:
        return _submission(path, problems=[str(error)])
    return grade_file(path, launcher, limits, data=data)


def grade_file(path, launcher, limits=Limits(), *, data, seed=None):  # noqa: B008
    """Grade what one notebook holds: a dict of path, points, max_points, exercises, problems and more. It raises
    nothing but what launcher.renew does.

    An exercise is a dict of id, title, points, max_points, status, message, misconception, code and ungraded: code that
    might have answered it if it stood elsewhere. Each problem is one line that says what is wrong with the file. points
    is None when the grader itself failed, which is never the same as 0.
    path is for people; with the same seed the judge draws the same inputs.
    """
    try:
        learner, problems = submissions.parse(data)
        name, released = submissions.lesson_of(learner)
    except ValueError as error:
        return _submission(path, problems=[str(error)])
    for tried in range(1, TRIES + 1):
        try:
            graded = grade_notebook(learner, released, launcher.start, limits, seed)
            break
        except Exception as error:  # whatever it is, the other submissions are still graded
            if isinstance(error, Failed) and tried < TRIES:
                launcher.renew()
                continue
            reason = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            total = sum(PROBLEMS[id].points for id in submissions.exercise_ids(released))
            return {**not_graded(path, reason, problems), "max_points": total}
    return {
        **_submission(path, graded.exercises, problems + graded.problems),
        "lesson": name,
        "title": title_of(name),
        "not_enforced": list(graded.not_enforced),
        "is_cut_off": graded.is_cut_off,
    }


def title_of(name):
    """The title of a lesson; its name where the course lists none of that name."""
    return next((lesson.TITLE for lesson in LESSONS if name == lesson.LESSON), name)


def not_graded(path, reason, problems=()):
    """What grade_file gives where the grader itself has failed."""
    line = "not graded, by a failure of the grader: " + one_line(reason)
    return {**_submission(path, problems=[*problems, line]), "points": None}


def _submission(path, exercises=(), problems=()):
    return {
        "path": str(path),
        "points": sum(exercise["points"] for exercise in exercises),
        "max_points": sum(exercise["max_points"] for exercise in exercises),
        "exercises": list(exercises),
        "problems": list(problems),
    }


def one_line(value):
    """A value as text of one line, not too long."""
    return textwrap.shorten(str(value), 200, placeholder=" ...") or type(value).__name__
