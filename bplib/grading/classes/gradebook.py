"""What a graded class comes to: the gradebook, and the numbers that say what to teach next.

results are those of `counting.settled`. asked is what `counting.asked` gives, lesson to {id of an exercise: points};
without it, it is what somebody handed in.
"""

import csv
import datetime
import io
import math
import re
import statistics as numbers
from collections import Counter, defaultdict

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.problems import LESSONS, PROBLEMS
from bplib.grading.classes import alike
from bplib.grading.classes.counting import EMPTY, FAILED, GRADED

LATE, WITHIN = "late", "late, within the extension"
FEWEST = 5
"""How many must have passed an exercise, and how many not, to say of it whom it tells apart."""
_SURE = 1.96  # standard errors: 95 % of a normal distribution

# In many countries cells end at semicolons, so a formula may begin behind one. The wide signs are Excel's in Japanese.
_FORMULA = re.compile(r"(^|;)(?= *[=+\-@\t\r\n＝＋－＠])")
_MOST_BARS = 20
_MOST_WEEKS = 60


def lessons(results, asked=None):
    """What the class was asked: lesson to (title, {id of an exercise: title}), both in the order of the course."""
    known = {lesson.LESSON: lesson.TITLE for lesson in LESSONS}
    found = {
        lesson: (known.get(lesson, lesson), {id: PROBLEMS[id].title if id in PROBLEMS else id for id in exercises})
        for lesson, exercises in (asked or {}).items()
    }
    for result in results:
        for notebook in result["notebooks"]:
            lesson = notebook["lesson"]
            if asked is not None and lesson not in asked:
                continue
            _, exercises = found.setdefault(lesson, (notebook.get("title") or lesson, {}))
            for exercise in notebook["exercises"]:
                exercises.setdefault(exercise["id"], exercise.get("title") or exercise["id"])
    return dict(sorted(found.items()))


# The gradebook


def gradebook_csv(results, asked=None):
    """The gradebook: CSV with a row for each learner, in the order that is given.

    Columns: learner, identity, late (see `lateness`), roster ("absent", or "not on it"), then for each lesson its
    exercises as lesson/exercise, as they were earned or overridden; where anybody was late, lesson days late; and as
    lesson what counts of it in this term. Last total and max. What was not handed in is empty, which is not 0; where
    grading itself has failed there is a ?. What a spreadsheet would take for a formula gets an apostrophe in front.
    """
    found = lessons(results, asked)
    belated = {lesson for result in results for lesson, mine in result["lessons"].items() if mine["days_late"]}
    head = ["learner", "identity", "late", "roster"]
    for lesson, (_, exercises) in found.items():
        head += [*(f"{lesson}/{id}" for id in exercises), *([f"{lesson} days late"] * (lesson in belated)), lesson]
    rows = [[*head, "total", "max"]]
    for result in results:
        row = [result["learner"], result["identity"], lateness(result)]
        row.append("absent" if result["absent"] else "not on it" if result["stranger"] else "")
        notebooks = {notebook["lesson"]: notebook for notebook in result["notebooks"]}
        for lesson, (_, exercises) in found.items():
            points = {each["id"]: each["points"] for each in notebooks.get(lesson, {"exercises": ()})["exercises"]}
            row += [points.get(id) for id in exercises]
            mine = result["lessons"].get(lesson, {"days_late": None, "points": None})
            row += [*([mine["days_late"]] * (lesson in belated)), mine["points"]]
        rows.append([*row, "?" if result["state"] == FAILED else result["points"], result["max_points"]])
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([[cell(value) for value in row] for row in rows])
    return file.getvalue()


def cell(value):
    """A value as a cell of a sheet: a number, or text that no spreadsheet takes for a formula."""
    if value is None or isinstance(value, int | float):
        return value
    value = str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return _FORMULA.sub(r"\1'", value)


def lateness(result):
    """LATE if anything of a learner came late, by the dates of the term or by what the LMS says; WITHIN if all that the
    LMS calls late counts and has an extension, of which the LMS knows nothing; else "".
    """
    if any(mine["days_late"] for mine in result["lessons"].values()):
        return LATE
    marked = [each["lesson"] for each in result["notebooks"] if each.get("late")]
    if marked and all(lesson in result["extensions"] for lesson in marked):
        return WITHIN
    return LATE if result["late"] else ""


# The numbers


def statistics(results, asked=None):
    """The numbers of a class, as a dict that JSON can hold.

    learners, graded, late    how many
    empty, failed             of how many nothing could be graded, and for how many grading itself has failed
    absent, strangers         how many handed in nothing, and how many are not on the roster
    mean, median, max_points  of the points of those who are graded; None where there are none
    histogram                 a list of dicts low, high, learners: how many have low to high points, both included
    weeks                     a list of dicts ends (a Sunday), low, median, high: the points that a quarter, a half
                              and three quarters of those who are graded have had at most by the end of each week, by
                              when what counts was handed in or first seen; empty if that is in one week
    exercises                 a list of dicts lesson, lesson_title, id, title, max_points, handed_in, passed, not_yet,
                              not_attempted, by_hand, mean, discrimination, misconceptions, unrecognized
        by_hand               of how many a person has decided the points; to give all of them is to let it pass
        discrimination        see `discrimination`
        misconceptions        a list of dicts id, count, message, the commonest first; of words and numbers that are
                              only written down and are no known mistake, the id is ""
        unrecognized          the answers to be read, which are wrong, compute something and have no known cause, and
                              of which no person has decided: a list of lists of slugs, those who have the same answer
                              (`alike.normal`) in one list, the longest first
    alike                     what `alike.pairs` gives
    not_graded                a list of dicts learner, path, problem: what could not be graded or read; path "" for all
    not_enforced              a list of dicts limit, learners
    """
    state = Counter(result["state"] for result in results)
    points = [result["points"] for result in results if result["points"] is not None]
    most = max((result["max_points"] for result in results), default=0)
    limits = Counter(limit for result in results for limit in dict.fromkeys(result.get("not_enforced", ())))
    return {
        "learners": len(results),
        "graded": state[GRADED],
        "empty": state[EMPTY],
        "failed": state[FAILED],
        "absent": sum(bool(result["absent"]) for result in results),
        "strangers": sum(bool(result["stranger"]) for result in results),
        "late": sum(lateness(result) == LATE for result in results),
        "mean": round(numbers.fmean(points), 2) if points else None,
        "median": round(numbers.median(points), 2) if points else None,
        "max_points": most,
        "histogram": _histogram(points, most),
        "weeks": _weeks(results),
        "exercises": _exercises(results, asked),
        "alike": alike.pairs(results),
        "not_graded": [line for result in results for line in problems(result)],
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


def _weeks(results):
    """The weeks up to that of the last hand-in; before the first of _MOST_WEEKS all is one."""
    earned = [
        [(_sunday(each), result["lessons"][each["lesson"]]["points"]) for each in result["notebooks"]]
        for result in results
        if result["state"] == GRADED
    ]
    sundays = {sunday for each in earned for sunday, _ in each if sunday}
    if len(sundays) < 2 or len(earned) < 2:
        return []
    last = max(sundays)
    rows = []
    for back in reversed(range(min((last - min(sundays)).days // 7 + 1, _MOST_WEEKS))):
        sunday = last - datetime.timedelta(weeks=back)
        # What was handed in on no day that is known was there from the beginning.
        so_far = [sum(points for when, points in each if not when or when <= sunday) for each in earned]
        low, median, high = (round(each, 2) for each in numbers.quantiles(so_far, n=4, method="inclusive"))
        rows.append({"ends": sunday.isoformat(), "low": low, "median": median, "high": high})
    return rows


def _sunday(notebook):
    """The end of the week in which a notebook was handed in, or else seen first; None if that is not known."""
    try:
        day = datetime.date.fromisoformat((notebook.get("when") or notebook.get("seen") or "")[:10])
        return day + datetime.timedelta(days=6 - day.weekday())
    except (ValueError, OverflowError):
        return None


def _exercises(results, asked):
    given = defaultdict(list)  # of each exercise: the slug, the answer, and the points for all exercises
    for result in results:
        total = sum(each["points"] for notebook in result["notebooks"] for each in notebook["exercises"])
        for notebook in result["notebooks"]:
            if notebook["points"] is not None:
                for exercise in notebook["exercises"]:
                    given[notebook["lesson"], exercise["id"]].append((result["slug"], exercise, total))
    rows = []
    for lesson, (lesson_title, exercises) in lessons(results, asked).items():
        for id, title in exercises.items():
            answers = [answer for _, answer, _ in given[lesson, id]]
            status = Counter(map(_status, answers))
            points = [answer["points"] for answer in answers]
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
                    "by_hand": sum(bool(answer.get("override")) for answer in answers),
                    "mean": round(numbers.fmean(points), 2) if answers else None,
                    "discrimination": discrimination(points, [total for *_, total in given[lesson, id]]),
                    "misconceptions": _misconceptions(answers),
                    "unrecognized": _unrecognized((slug, answer) for slug, answer, _ in given[lesson, id]),
                }
            )
    return rows


def discrimination(points, totals):
    """How well an exercise tells the stronger from the weaker: its corrected item-total correlation, or None.

    r = corr(x, t - x) over the learners who handed it in, x the points for this exercise and t those for all of them:
    without the correction an exercise would agree with itself. Henrysson, Correction of item-total correlations in item
    analysis, Psychometrika 28, 1963. None where chance may be all of it: where fewer than FEWEST passed it, which is to
    have the most points that anybody has, or fewer than FEWEST did not, and where the 95 % interval of r includes 0,
    which by Fisher's z is |artanh r| <= 1.96 / sqrt(n - 3).
    """
    rest = [total - mine for total, mine in zip(totals, points, strict=True)]
    passed = points.count(max(points, default=0))
    if min(passed, len(points) - passed) < FEWEST or len({*rest}) < 2:
        return None
    r = numbers.correlation(points, rest)
    is_sure = abs(r) >= 1 or abs(math.atanh(r)) > _SURE / math.sqrt(len(points) - 3)
    return round(r, 2) if is_sure else None


def _status(answer):
    """What an answer is, by the word of a person where there is one."""
    if not answer.get("override"):
        return answer["status"]
    return PASSED if answer["points"] >= answer["max_points"] else NOT_YET


def _misconceptions(answers):
    messages = defaultdict(Counter)
    for answer in answers:
        if _status(answer) == PASSED:
            continue
        if answer.get("misconception"):
            messages[answer["misconception"], ""][answer["message"]] += 1
        elif answer["status"] == NOT_YET and alike.is_written_down(answer.get("code") or ""):
            messages["", answer["message"]][answer["message"]] += 1
    rows = [
        {"id": id, "count": said.total(), "message": min(said, key=lambda message: (-said[message], message))}
        for (id, _), said in messages.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["id"], row["message"]))


def _unrecognized(answers):
    groups = defaultdict(list)
    for slug, answer in answers:
        code = answer.get("code") or ""
        known = answer.get("misconception") or answer.get("override") or alike.is_written_down(code)
        if answer["status"] == NOT_YET and not known:
            groups[alike.normal(code)].append(slug)
    return sorted(groups.values(), key=lambda slugs: (-len(slugs), slugs))


def problems(result):
    """What is wrong with what a learner handed in, as not_graded of `statistics`; empty where nothing is."""
    rows = [{"learner": result["learner"], "path": "", "problem": problem} for problem in result["problems"]]
    for notebook in result["notebooks"]:
        rows += [
            {"learner": result["learner"], "path": notebook["path"], "problem": problem}
            for problem in notebook["problems"]
        ]
    if result["state"] == FAILED and not rows:
        rows.append({"learner": result["learner"], "path": "", "problem": "not graded"})
    return rows
