"""Which notebooks are no hand-in: those that only lie beside one, as they were handed out.

Whoever hands in an untouched notebook alone has 0 points: to upload it was an act, the LMS shows it as handed in, and
0 is what its page says of every exercise. One that lies in the same folder of a hand-in as notebooks of other lessons
came along, as all the exercises do in a clone. It is no hand-in: the cell stays empty, as for those who have no clone,
its lesson is asked of nobody because of it, and no line is said of it.
"""

from pathlib import PurePosixPath

from bplib.course.judging.reading import NOT_ATTEMPTED
from bplib.course.notebooks import submissions


def is_attempted(notebook):
    """Whether anything is attempted in a notebook, or anything in it might be an answer; what failed may be one."""
    exercises = notebook["exercises"]
    return notebook["points"] is None or any(
        each["status"] != NOT_ATTEMPTED or each.get("ungraded") for each in exercises
    )


def came_along(notebook, notebooks):
    """Whether a notebook is whole and untouched and lies beside one of another lesson among those of a learner."""
    if is_attempted(notebook) or not all(map(submissions.is_information, notebook["problems"])):
        return False

    def place(each):
        return each.get("download"), PurePosixPath(each["path"]).parent

    others = (each for each in notebooks if each.get("lesson", notebook["lesson"]) != notebook["lesson"])
    return any(place(each) == place(notebook) for each in others)
