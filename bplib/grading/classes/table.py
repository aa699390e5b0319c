"""A class as text for a terminal."""

import textwrap

from bplib.grading.classes import gradebook
from bplib.grading.classes.counting import EMPTY, FAILED
from bplib.grading.reports import not_enforced


def class_table(results, width=100):
    """The learners of a class with their points, one a line, and behind them who is late, absent or a stranger; behind
    ! what was wrong with what they handed in, and behind - what is only information.

    Where grading itself has failed there is a ? for the points, and where there was nothing to grade a hyphen.
    """
    longest, widest = (max(len(of(result)) for result in results) for of in (lambda each: each["learner"], _points))
    lines = []
    for result in results:
        tags = [words for words, key in (("absent", "absent"), ("not on the roster", "stranger")) if result[key]]
        said = ", ".join(filter(None, [_late(result), *tags]))
        lines.append(f"{result['learner']:{longest}}  {_points(result):>{widest}}  {said}".rstrip())
        problems = [*result["problems"], *(line for each in result["notebooks"] for line in each["problems"])]
        notes = [*result["notes"], *(line for each in result["notebooks"] for line in each["notes"])]
        for sign, line in [*(("!", problem) for problem in problems), *(("-", note) for note in notes)]:
            # All of it: which of two files counts may stand in its end.
            lines += textwrap.wrap(f"  {sign} {line}", width, subsequent_indent="    ", break_on_hyphens=False)
    graded = [result["points"] for result in results if result["points"] is not None]
    failed = sum(result["state"] == FAILED for result in results)
    nothing = len(results) - len(graded) - failed
    total = f"{len(graded)} graded" + (f", {sum(graded) / len(graded):.1f} points on average" if graded else "")
    total += f", {nothing} with nothing to grade" if nothing else ""
    total += f", {failed} not graded" if failed else ""
    return "\n".join([*lines, "", total, *not_enforced(results)])


def _points(result):
    if result["state"] == EMPTY:
        return "-"
    points = "?" if result["points"] is None else f"{result['points']:g}"
    return f"{points}/{result['max_points']:g}"


def _late(result):
    """How late a learner was, in days where they are known."""
    days = [mine["days_late"] for mine in result["lessons"].values() if mine["days_late"]]
    if not days:
        return gradebook.lateness(result)
    said = f"{max(days)} day{'s' if max(days) > 1 else ''}"
    return f"{said} late" if len(days) == 1 else f"{len(days)} lessons late, up to {said}"
