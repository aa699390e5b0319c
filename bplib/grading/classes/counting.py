"""What counts of what was graded: one notebook for each lesson that was asked for, its date, and a person's own word.

A record is what grading found for one learner, and depends on nothing but what was handed in and the course. A result
is what it comes to in this term. So a date, a weight or an override changes results, and nothing is graded again.

    record   learner, identity, entries (dicts of `handins.Entry`), slug, late, absent, stranger, problems,
             not_enforced, digest, and notebooks: all that were handed in, what `grader.grade_file` gives, with
             when, late, download, attachment, seen (the day on which a run saw it first), is_newer, is_unsure and
             is_replaced (see `versions`)
    result   the record, and
             state        GRADED, EMPTY (nothing that can be graded was handed in) or FAILED (grading itself has failed)
             points       of the lessons that were asked for; None where the state is another
             max_points   of all lessons that were asked for, whether handed in or not
             lessons      lesson to a dict: points, max_points, days_late (None: unknown), share (what lateness leaves)
             term         what the plan says: due (lesson to its date for everybody, in clocks' time of the term),
                          timezone ("" where the plan names none), days (the last on which anything counts, or None)
             extensions   lesson to until when it may be handed in, in clocks' time of the term, where that is the
                          learner's own
             notebooks    those that count, one of each lesson; of an exercise that somebody has overridden the dict has
                          override: a dict of points (what the grader gave) and comment; what is only information about
                          a file stands in its notes and not in its problems; handed_in is when, in clocks' time of the
                          term to the minute, or with its own zone where the plan names none
             untouched    the lessons that were asked for of which there is only a notebook as it was handed out
             unread       of what was handed in and could not be read, the lessons that the names of the files say, ""
                          for a name that says none, or where there are files and no notebook among them
             notes        lines that are information, as which of several notebooks counts; nothing is wrong there

Of several notebooks of a lesson that one counts which comes to most, late ones with what lateness leaves of them. Where
the last counts, it is the last in time, and only where none was, the last that came late. A notebook in which
nothing is attempted displaces none in which something is, and one that came along is no hand-in (see `untouched`).
"""

import copy
import datetime
import math

from bplib.course.notebooks import submissions
from bplib.course.problems import LESSONS, PROBLEMS
from bplib.course.syllabus import LAST
from bplib.grading import listings
from bplib.grading.classes.people import naming
from bplib.grading.classes.untouched import came_along, is_attempted
from bplib.grading.grader import title_of

GRADED, EMPTY, FAILED = "graded", "nothing to grade", "not graded"
_MOST_NAMED = 3


def asked(records, syllabus, before=None, now=None):
    """The exercises of the term: lesson to {id: points}, in the order of the course.

    The lessons are those of the syllabus that are due by now, a moment, or that anybody handed in; without a syllabus
    all that anybody handed in. before is what was asked when these results were made the last time: that stays asked,
    with the exercises and points that it had, whatever the course has now.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    handed_in = {
        each["lesson"]
        for record in records
        for each in record["notebooks"]
        if "lesson" in each and not came_along(each, record["notebooks"])
    }
    lessons = handed_in | set(before or ())
    if syllabus.lessons:
        dates = {lesson: syllabus.due(lesson) for lesson in syllabus.lessons}
        lessons = {each for each, due in dates.items() if each in lessons or (due and syllabus.moment(due) < now)}
    course = {lesson.LESSON: {problem.id: problem.points for problem in lesson.PROBLEMS} for lesson in LESSONS}
    for record in records:  # a lesson that the course lists nowhere is known by what was graded
        for each in record["notebooks"]:
            if each.get("lesson") in lessons:
                course.setdefault(each["lesson"], {one["id"]: one["max_points"] for one in each["exercises"]})
    return {lesson: (before or {}).get(lesson) or course[lesson] for lesson in sorted(lessons)}


def news(asked, syllabus):
    """Lines about what the term or the course has now and these results do not ask for, or the other way around."""
    lines = []
    for lesson, plan in syllabus.lessons.items():
        if lesson not in asked:
            due = f"it is due {syllabus.local(plan.due):%Y-%m-%d %H:%M}" if plan.due else "it has no date"
            lines.append(f"{named(lesson)} is not asked for yet: nobody has handed it in, and {due}")
    for lesson, exercises in asked.items():
        now = next(({p.id: p.points for p in each.PROBLEMS} for each in LESSONS if each.LESSON == lesson), exercises)
        if now != exercises:
            differs = sorted(id for id in now.keys() | exercises.keys() if now.get(id) != exercises.get(id))
            changed = f"{named(lesson)}: the course has changed {', '.join(differs)}"
            lines.append(f"{changed}; these results ask as they did")
    return lines


def settled(records, asked, syllabus, overrides=None):
    """The results of a class, in the order of the records.

    overrides is {(slug, id of an exercise): (points, comment)}.
    """
    return [_settled(record, asked, syllabus, overrides or {}) for record in records]


def _settled(record, asked, syllabus, overrides):
    names = names_of(record)
    result = copy.deepcopy(record)
    notebooks, lines = result["notebooks"], []
    theirs = [each for each in notebooks if "lesson" in each and not came_along(each, notebooks)]
    chosen, lessons, untouched = {}, {}, []
    for lesson, exercises in asked.items():
        mine = [each for each in theirs if each["lesson"] == lesson]
        for notebook in mine:
            _ask(notebook, exercises)
        by_hand = {id: overrides[record["slug"], id] for id in exercises if (record["slug"], id) in overrides}
        if not mine and by_hand:
            mine = [_by_hand(lesson, exercises, by_hand)]
        if not mine:
            untouched += [lesson] if any(each.get("lesson") == lesson for each in notebooks) else []
            continue
        most = sum(exercises.values())
        scale = worth_of(lesson, exercises, syllabus) / most if most else 1
        rated = [_rated(each, lesson, syllabus, names, scale) for each in mine]
        counts = max(range(len(mine)), key=lambda k: _rank(mine[k], rated[k], k, syllabus))
        # A person's word is about what counts, and does not choose it.
        for exercise in mine[counts]["exercises"]:
            _override(exercise, overrides.get((record["slug"], exercise["id"])))
        rated[counts] = _rated(mine[counts], lesson, syllabus, names, scale)
        chosen[lesson] = mine[counts]
        lessons[lesson] = {**rated[counts], "max_points": plain(most * scale)}
        lines += _passed_over(list(zip(mine, rated, strict=True)), counts, syllabus)
    lines += unasked([each for each in theirs if each["lesson"] not in asked])
    failed = any(each["points"] is None and (each in [*chosen.values()] or "lesson" not in each) for each in notebooks)
    result["notebooks"] = [_told(each, syllabus) for each in chosen.values()]
    if any(each.get("late") for each in notebooks):  # one that does not count makes nobody late
        result["late"] = any(each.get("late") for each in chosen.values())
    unread = [each for each in notebooks if "lesson" not in each and each["points"] is not None]
    replaced = [each for each in unread if each.get("is_replaced")]
    lines += [f"{each['path']}: {line}; a later one was read" for each in replaced for line in each["problems"]]
    result["unread"] = sorted({naming.lesson(each["path"]) for each in unread if each not in replaced})
    result["unread"] += [""] if record["problems"] and not notebooks else []
    result["notes"], result["untouched"] = lines, untouched
    result["state"] = FAILED if failed else GRADED if chosen else EMPTY
    result["lessons"] = lessons
    result["extensions"] = _extensions(asked, syllabus, names)
    due = {lesson: _minute(until, syllabus) for lesson in asked if (until := syllabus.due(lesson))}
    days = syllabus.days if syllabus.days < math.inf else None
    result["term"] = {"due": due, "timezone": str(syllabus.timezone or ""), "days": days}
    result["points"] = plain(sum(each["points"] for each in lessons.values())) if result["state"] == GRADED else None
    result["max_points"] = plain(sum(worth_of(lesson, exercises, syllabus) for lesson, exercises in asked.items()))
    return result


def _told(notebook, syllabus):
    """A notebook whose problems are apart from what is only information, with the clocks' time of its hand-in."""
    notes = [line for line in notebook["problems"] if submissions.is_information(line)]
    problems = [line for line in notebook["problems"] if line not in notes]
    handed_in = "" if notebook.get("is_unsure") else _clock(notebook.get("when", ""), syllabus)
    return {**notebook, "problems": problems, "notes": notes, "handed_in": handed_in}


def unasked(notebooks):
    """At most one line about notebooks, those of lessons which were not asked for."""
    if len(notebooks) < 2:
        return [f"{each['path']} is of {named(each['lesson'])}, which was not asked for" for each in notebooks]
    some = listings.some([f"{each['path']} ({title_of(each['lesson'])})" for each in notebooks], _MOST_NAMED)
    return [f"{len(notebooks)} notebooks are of lessons that were not asked for: {some}"]


def _extensions(asked, syllabus, names):
    """The lessons for which a learner has a date of their own, each with it."""
    if not syllabus.extensions:
        return {}
    mine = {lesson: syllabus.due(lesson, names) for lesson in asked}
    return {lesson: _minute(due, syllabus) for lesson, due in mine.items() if due != syllabus.due(lesson)}


def _minute(time, syllabus):
    return syllabus.local(time).isoformat(timespec="minutes")


def _clock(when, syllabus):
    """A time that is text, as the clocks of the term show it; with its own zone where the term has none."""
    if syllabus.instant(when) == -math.inf:
        return when
    time = datetime.datetime.fromisoformat(when)
    return _minute(time, syllabus) if syllabus.timezone else time.isoformat(timespec="minutes")


def worth_of(lesson, exercises, syllabus):
    """What a lesson is worth in this term."""
    worth = syllabus.lessons[lesson].points if lesson in syllabus.lessons else None
    return sum(exercises.values()) if worth is None else worth


def names_of(record):
    """All by which a learner is known: name, identity, and what every LMS says."""
    names = [record["learner"], record["identity"]]
    for entry in record.get("entries", ()):
        names += [entry["identity"], entry["name"], entry["email"]]
    return [name for name in dict.fromkeys(names) if name]


def named(lesson):
    """What people read for a lesson: its title, with the name of its notebook."""
    title = title_of(lesson)
    return title if title == lesson else f"{title} ({lesson})"


def _ask(notebook, exercises):
    """Let a notebook have those exercises that were asked for, with the points that they were worth."""
    there = {exercise["id"]: exercise for exercise in notebook["exercises"]}
    for id, exercise in there.items():
        if id in exercises and exercise["max_points"] != exercises[id]:
            share = exercise["points"] / exercise["max_points"] if exercise["max_points"] else 0
            exercise["points"], exercise["max_points"] = plain(share * exercises[id]), exercises[id]
    if notebook["points"] is not None:
        notebook["exercises"] = [there[id] for id in exercises if id in there]
    notebook["max_points"] = sum(exercises.values())


def _override(exercise, override):
    if override:
        points, comment = override
        exercise["override"] = {"points": exercise["points"], "comment": comment}
        exercise["points"] = points


def _by_hand(lesson, exercises, overrides):
    """A notebook that nobody handed in, of points that a person gave."""
    titles = {id: PROBLEMS[id].title if id in PROBLEMS else id for id in exercises}
    notebook = {"path": "", "lesson": lesson, "title": title_of(lesson), "problems": [], "when": "", "late": False}
    notebook["exercises"] = []
    for id, most in exercises.items():
        exercise = {"id": id, "title": titles[id], "points": 0, "max_points": most, "status": "not attempted"}
        exercise |= {"message": "", "misconception": None, "code": "", "ungraded": ""}
        _override(exercise, overrides.get(id))
        notebook["exercises"].append(exercise)
    return notebook | {"points": 0, "max_points": sum(exercises.values())}


def _rated(notebook, lesson, syllabus, names, scale):
    """What a notebook comes to: points, days_late, share; and it holds the sum of its exercises then."""
    by_hand = not notebook["path"]
    days = 0 if by_hand else syllabus.days_late(lesson, notebook.get("when", ""), names)
    if days is None and notebook.get("late") and syllabus.due(lesson, names) == syllabus.due(lesson):
        days = 1  # the LMS says that it was late, and not how much; of our extensions it knows nothing
    share = syllabus.share(days)
    if notebook["points"] is None:
        return {"points": None, "days_late": days, "share": share}
    notebook["points"] = plain(sum(each["points"] for each in notebook["exercises"]))
    return {"points": plain(notebook["points"] * scale * share), "days_late": days, "share": share}


def _rank(notebook, rated, place, syllabus):
    """By what one of several notebooks of a lesson is preferred."""
    points = -1 if rated["points"] is None else rated["points"]
    attempted, in_time = is_attempted(notebook), not rated["days_late"]
    if syllabus.counts == LAST:
        # Late ones displace none that was in time, as where nbgrader collects before the date. Where no time is known,
        # the order of the files says nothing, so the best; but Canvas numbers them as they come.
        order = syllabus.instant(notebook.get("when", "")), notebook.get("attachment", 0)
        return attempted, in_time, rated["share"] > 0, *order, points, -place
    return attempted, points, in_time, -place


def _passed_over(pairs, counts, syllabus):
    """A line about each version of a lesson that does not count, however many copies there are of it."""
    counted, rated = pairs[counts]
    is_last = syllabus.counts == LAST and (counted.get("when") or counted.get("attachment"))
    why = "counts as the last" if is_last else "counts"
    others = {each.get("content") or each["path"]: (each, its) for each, its in reversed(pairs) if each is not counted}
    others.pop(counted.get("content"), None)
    return [
        f"{_comes_to(each, its)} is of the same lesson as {_comes_to(counted, rated)}, which {why}"
        for each, its in reversed(others.values())
    ]


def _comes_to(notebook, rated):
    """A notebook, with what its lesson comes to by it."""
    days = f", {rated['days_late']} day{'s' if rated['days_late'] > 1 else ''} late" if rated["days_late"] else ""
    points = "not graded" if rated["points"] is None else f"{rated['points']:g} points"
    return f"{notebook['path']} ({points}{days})"


def plain(number):
    """A number with two decimals at most, whole where it is whole."""
    number = round(number, 2)
    return int(number) if number == int(number) else number
