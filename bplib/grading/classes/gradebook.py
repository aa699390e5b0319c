"""What a graded class comes to: the gradebook, and the numbers that say what to teach next.

results is a list of dicts, one for each learner:

    learner, identity, late, points (None: not graded), max_points
    problems       lines about the hand-in
    not_enforced   limits that this system could not enforce while the answers ran
    notebooks      a list of dicts: path, lesson, title, points, max_points, problems, and
        exercises      a list of dicts: id, title, points, max_points, status, message, code, and
            misconception  the id of the mistake that was recognized, or None

Where somebody handed in a lesson more than once, the notebook with the most points counts, the first of equal ones.
"""

import csv
import io
import math
import re
import statistics as numbers
from collections import Counter, defaultdict

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED

# In many countries cells end at semicolons, so a formula may begin behind one. The wide signs are Excel's in Japanese.
_FORMULA = re.compile(r"(^|;)(?= *[=+\-@\t\r\n＝＋－＠])")
_MOST_BARS = 20


def counting(result):
    """The notebooks of a learner that count: lesson to notebook, in the order of the course."""
    best = {}
    for notebook in result["notebooks"]:
        lesson = notebook.get("lesson")
        if lesson and (lesson not in best or _rank(notebook) > _rank(best[lesson])):
            best[lesson] = notebook
    return dict(sorted(best.items()))


def _rank(notebook):
    return -1 if notebook["points"] is None else notebook["points"]


def lessons(results):
    """What the class was asked: lesson to (title, {id of an exercise: title}), both in the order of the course."""
    asked = {}
    for result in results:
        for lesson, notebook in counting(result).items():
            _, exercises = asked.setdefault(lesson, (notebook.get("title") or lesson, {}))
            for exercise in notebook["exercises"]:
                exercises.setdefault(exercise["id"], exercise.get("title") or exercise["id"])
    return dict(sorted(asked.items()))


# The gradebook


def gradebook_csv(results):
    """The gradebook: CSV with a row for each learner, in the order that is given.

    Columns: learner, identity, late, then for each lesson its exercises as lesson/exercise and the sum as lesson, then
    total and max. What was not handed in or not graded is empty, which is not 0. What a spreadsheet would take for a
    formula gets an apostrophe in front.
    """
    asked = lessons(results)
    head = ["learner", "identity", "late"]
    for lesson, (_, exercises) in asked.items():
        head += [*(f"{lesson}/{id}" for id in exercises), lesson]
    rows = [[*head, "total", "max"]]
    for result in results:
        row = [result["learner"], result["identity"], "late" if result["late"] else ""]
        mine = counting(result)
        for lesson, (_, exercises) in asked.items():
            notebook = mine.get(lesson, {"points": None, "exercises": []})
            points = {exercise["id"]: exercise["points"] for exercise in notebook["exercises"]}
            row += [points.get(id) if notebook["points"] is not None else None for id in exercises]
            row.append(notebook["points"])
        rows.append([*row, result["points"], result["max_points"]])
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([[cell(value) for value in row] for row in rows])
    return file.getvalue()


def cell(value):
    """A value as a cell of a sheet: a number, or text that no spreadsheet takes for a formula."""
    if value is None or isinstance(value, int | float):
        return value
    value = str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return _FORMULA.sub(r"\1'", value)


# The numbers


def statistics(results):
    """The numbers of a class, as a dict that JSON can hold.

    learners, graded, late    how many
    mean, median, max_points  of the points of those who are graded; None where there are none
    histogram                 a list of dicts low, high, learners: how many have low to high points, both included
    exercises                 a list of dicts lesson, lesson_title, id, title, max_points, handed_in, passed, not_yet,
                              not_attempted, mean, misconceptions; the last a list of dicts id, count, message, the
                              commonest first
    not_graded                a list of dicts learner, path, problem: what could not be graded or read; path "" for all
    not_enforced              a list of dicts limit, learners
    """
    points = [result["points"] for result in results if result["points"] is not None]
    most = max((result["max_points"] for result in results), default=0)
    limits = Counter(limit for result in results for limit in dict.fromkeys(result.get("not_enforced", ())))
    return {
        "learners": len(results),
        "graded": len(points),
        "late": sum(bool(result["late"]) for result in results),
        "mean": round(numbers.fmean(points), 2) if points else None,
        "median": numbers.median(points) if points else None,
        "max_points": most,
        "histogram": _histogram(points, most),
        "exercises": _exercises(results),
        "not_graded": [line for result in results for line in _not_graded(result)],
        "not_enforced": [{"limit": limit, "learners": count} for limit, count in sorted(limits.items())],
    }


def _histogram(points, most):
    """As many bars as there are points to have, or at most 20 of equal width."""
    top = math.floor(max([most, *points], default=0))
    width = math.ceil((top + 1) / _MOST_BARS)
    count = Counter(max(0, math.floor(point)) // width for point in points)
    return [
        {"low": k * width, "high": min((k + 1) * width - 1, top), "learners": count[k]} for k in range(top // width + 1)
    ]


def _exercises(results):
    given = defaultdict(list)
    for result in results:
        for lesson, notebook in counting(result).items():
            if notebook["points"] is not None:
                for exercise in notebook["exercises"]:
                    given[lesson, exercise["id"]].append(exercise)
    rows = []
    for lesson, (lesson_title, exercises) in lessons(results).items():
        for id, title in exercises.items():
            answers = given[lesson, id]
            status = Counter(answer["status"] for answer in answers)
            rows.append(
                {
                    "lesson": lesson,
                    "lesson_title": lesson_title,
                    "id": id,
                    "title": title,
                    "max_points": max((answer["max_points"] for answer in answers), default=0),
                    "handed_in": len(answers),
                    "passed": status[PASSED],
                    "not_yet": status[NOT_YET],
                    "not_attempted": status[NOT_ATTEMPTED],
                    "mean": round(numbers.fmean(answer["points"] for answer in answers), 2) if answers else None,
                    "misconceptions": _misconceptions(answers),
                }
            )
    return rows


def _misconceptions(answers):
    messages = defaultdict(Counter)
    for answer in answers:
        if answer.get("misconception"):
            messages[answer["misconception"]][answer["message"]] += 1
    rows = [
        {"id": id, "count": said.total(), "message": min(said, key=lambda message: (-said[message], message))}
        for id, said in messages.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["id"]))


def _not_graded(result):
    rows = [{"learner": result["learner"], "path": "", "problem": problem} for problem in result["problems"]]
    for notebook in result["notebooks"]:
        rows += [
            {"learner": result["learner"], "path": notebook["path"], "problem": problem}
            for problem in notebook["problems"]
        ]
    if result["points"] is None and not rows:
        rows.append({"learner": result["learner"], "path": "", "problem": "not graded"})
    return rows
