"""What a regrade changes: whose points are others than before, and why."""

import math
from collections import Counter
from dataclasses import dataclass

from bplib.grading.classes.counting import EMPTY, FAILED

ANEW, JUDGED, OVERRIDE = "handed in anew", "the course judges anew", "an override"
WITHDRAWN = "an override that is withdrawn"
MORE = "one more lesson was handed in"
WEIGHT, SHARE = "another weight", "lateness costs another share"
OTHER, ASKED = "another of their notebooks counts", "other lessons are asked for"
FAILURE = "grading had failed, or has"
NEW, GONE = "new in the class", "gone from the class"

_MOST = 20


@dataclass(frozen=True)
class Change:
    """A learner whose points have changed: what stood in the gradebook before, what stands there now, and why.

    before and now are points as `points_of` shows them; None where the learner was, or is, not in the class.
    """

    learner: str
    before: str | None
    now: str | None
    why: tuple[str, ...]


def between(before, now):
    """The changes between two contents of results.json, in the order of the class: a list of `Change`.

    A reason is known by what it leaves behind: a notebook that was handed in anew has another content, a course that
    judges anew gives other points for the same one, an override is written beside the grader's points, and the term's
    dates, shares, weights and lessons stand in the result. before may be empty, as in the first run, from which nothing
    has changed.
    """
    old = {result["slug"]: result for result in before.get("learners", ()) if "slug" in result}
    if not old:
        return []
    changes, here = [], set()
    for result in now["learners"]:
        here.add(result["slug"])
        was = old.get(result["slug"])
        if was is None:
            changes.append(Change(result["learner"], None, points_of(result), (NEW,)))
        elif not _same(was, result):
            changes.append(Change(result["learner"], points_of(was), points_of(result), _why(was, result)))
    gone = [result for slug, result in old.items() if slug not in here]
    return changes + [Change(result["learner"], points_of(result), None, (GONE,)) for result in gone]


def points_of(result):
    """What the gradebook says of a learner: the points, "?" where grading has failed, "-" where there was nothing."""
    if result["points"] is None:
        return "-" if result.get("state") == EMPTY else "?"
    return f"{result['points']:g}"


def lines(changes, most=_MOST):
    """The changes for a terminal: one line for each of the first, and how many there are for each reason."""
    if not changes:
        return []
    count = Counter(why for change in changes for why in change.why)
    reasons = ", ".join(f"{why}: {number}" for why, number in count.most_common())
    people = f"{len(changes)} learner{'s' * (len(changes) != 1)}"
    said = [f"the points of {people} are others than before ({reasons})"]
    told = [change for change in changes if change.why != (MORE,)]  # that is the term going on
    for change in told[:most]:
        said.append(
            f"  {change.learner}: {change.before or 'none'} -> {change.now or 'none'}, {' and '.join(change.why)}"
        )
    return said + ([f"  and {len(told) - most} more"] if len(told) > most else [])


def _same(was, result):
    if None in (was["points"], result["points"]):
        return points_of(was) == points_of(result)
    return math.isclose(was["points"], result["points"], abs_tol=1e-9)


def _why(was, result):
    if FAILED in (was.get("state"), result["state"]):
        return (FAILURE,)
    found = {}
    old, new = _by_lesson(was), _by_lesson(result)
    for lesson in old.keys() | new.keys():
        before, now = old.get(lesson), new.get(lesson)
        if before is None or now is None:
            why = MORE if before is None and not was.get("unread") else ANEW
            found |= dict.fromkeys([_came_or_went(now or before, was, result, why, now is None)])
        elif _counted(was, lesson, before) != _counted(result, lesson, now):
            found |= dict.fromkeys(_of_lesson(before, now, was, result) or [ASKED])
    return tuple(sorted(found, key=_order)) or (ASKED,)


def _order(reason):
    known = MORE, ANEW, JUDGED, OVERRIDE, WITHDRAWN, OTHER, ASKED, WEIGHT, SHARE
    return known.index(reason) if reason in known else len(known), reason


def _of_lesson(before, now, was, result):
    """Why a lesson that counted before and counts now has other points."""
    reasons = []
    if before.get("content") != now.get("content"):
        # Another one of the same files counts where the rules of the term are others.
        reasons.append(ANEW if was.get("digest") != result.get("digest") else OTHER)
    elif _earned(before) != _earned(now):
        reasons.append(JUDGED)
    if (one := _overridden(before)) != (two := _overridden(now)):
        reasons.append(OVERRIDE if any(one.get(id) != points for id, points in two.items()) else WITHDRAWN)
    return reasons + ([] if before.get("content") != now.get("content") else _of_term(before, now, was, result))


def _of_term(before, now, was, result):
    """What is otherwise in the term for one notebook: how late it came, what that costs, what its lesson is worth."""
    one, two = (each.get("lessons", {}).get(here["lesson"], {}) for each, here in ((was, before), (result, now)))
    reasons = []
    if (one.get("days_late") or 0) != (days := two.get("days_late") or 0):
        reasons.append(f"now {days} day{'s' if days != 1 else ''} late" if days else "no longer late")
    elif one.get("share", 1) != two.get("share", 1):
        reasons.append(SHARE)
    if one.get("max_points") != two.get("max_points"):
        reasons.append(WEIGHT)
    return reasons


def _came_or_went(notebook, was, result, why, is_gone):
    """Why a lesson counts that did not, or if it is gone the other way around; why says it where files are others."""
    if not notebook.get("content"):
        return WITHDRAWN if is_gone else OVERRIDE  # nobody handed it in: a person gave its points
    return why if was.get("digest") != result.get("digest") else ASKED


def _by_lesson(result):
    return {notebook["lesson"]: notebook for notebook in result["notebooks"] if notebook.get("lesson")}


def _counted(result, lesson, notebook):
    return result.get("lessons", {}).get(lesson, notebook)["points"]


def _earned(notebook):
    """What the grader gave, as shares, since the term may say how much an exercise is worth."""
    return {
        each["id"]: (each["override"] if each.get("override") else each)["points"] / (each["max_points"] or 1)
        for each in notebook["exercises"]
    }


def _overridden(notebook):
    return {each["id"]: each["points"] for each in notebook["exercises"] if each.get("override")}
