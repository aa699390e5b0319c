"""Shows what grading found: as text for a terminal, as Markdown for the summary of a job."""

import re
import textwrap
from pathlib import PurePath

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET
from bplib.course.notebooks.submissions import is_information


def table(report, width=100):
    """The report as text: the total, then each notebook with its sum and its exercises, with what is wrong in words.

    In the end are the names of notebooks in which nothing was attempted and nothing is wrong, and the report's notes.
    """
    shown, untouched = _parted(report)
    exercises = [exercise for submission in shown for exercise in submission["exercises"]]
    id_width = max((len(exercise["id"]) for exercise in exercises), default=0)
    lines = [_total(report["submissions"]), ""]
    for submission in shown:
        lines += [f"{submission['path']}{_sum(submission)}"]
        for problem in submission["problems"]:
            sign = "-" if is_information(problem) else "!"
            lines += textwrap.wrap(f"  {sign} {problem}", width, subsequent_indent="    ")
        for exercise in submission["exercises"]:
            start = f"  {exercise['id']:{id_width}}  {exercise['status']:13}  {_points(exercise):>7}  "
            lines += [
                line.rstrip()
                for line in textwrap.wrap(
                    _sentence(exercise) or " ",
                    width,
                    initial_indent=start,
                    subsequent_indent=" " * len(start),
                    break_on_hyphens=False,
                )
                or [start]
            ]
        lines += [""]
    for line in filter(None, [untouched, *report.get("notes", ())]):
        lines += textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join([*lines, *not_enforced(report["submissions"])]).rstrip()


def _parted(report):
    """The submissions of which there is something to tell, and a sentence about the others, which may be empty."""
    shown, untouched = [], []
    for submission in report["submissions"]:
        answers = submission["exercises"]
        told = has_problems(submission) or not answers or any(each["status"] != NOT_ATTEMPTED for each in answers)
        (shown if told else untouched).append(submission)
    names = ", ".join(PurePath(submission["path"]).name.removesuffix(".ipynb") for submission in untouched)
    points = sum(submission["max_points"] for submission in untouched)
    return shown, f"not attempted, {_number(points)} points: {names}" if untouched else ""


def has_problems(submission):
    """Whether anything is wrong with a submission, beyond what is only information."""
    return not all(map(is_information, submission["problems"]))


def not_enforced(graded):
    """A line about what this system could not keep the learner's code from, if there is anything."""
    parts = dict.fromkeys(part for each in graded for part in each.get("not_enforced", ()))
    return [f"not enforced on this system: {', '.join(parts)}"] if parts else []


def markdown(report):
    """The same in Markdown, for the summary of a job: a table between the total and what was not attempted."""
    shown, untouched = _parted(report)
    lines = [f"**{_total(report['submissions'])}**", ""]
    if shown:
        lines += ["| notebook | exercise | status | points | |", "| --- | --- | --- | ---: | --- |"]
    for submission in shown:
        path = _cell(submission["path"])
        if _sum(submission):
            row = [f"| {path} | | | **{_points(submission)}** |", _earned(submission), "|"]
            lines.append(" ".join(filter(None, row)))
        lines += [f"| {path} | | | | {_cell(problem)} |" for problem in submission["problems"]]
        lines += [
            f"| {path} | {exercise['id']} | {exercise['status']} | {_points(exercise)} | {_cell(_sentence(exercise))} |"
            for exercise in submission["exercises"]
        ]
    parts = ["\n".join(lines).rstrip(), _cell(untouched), *map(_cell, report.get("notes", ()))]
    parts += not_enforced(report["submissions"])
    return "\n\n".join(filter(None, parts)) + "\n"


def _cell(content):
    """A text as Markdown that shows it: what a learner wrote is no heading, no picture and no link."""
    return re.sub(r"[\\`*_~\[\]<>&|]|:(?=//)", r"\\\g<0>", content.replace("\n", " "))


def _sentence(exercise):
    # What there is to say of others stands in the notebook; ten times below each other it would hide these sentences.
    return exercise["message"] if exercise["status"] == NOT_YET else ""


def _sum(submission):
    if not submission["exercises"] and submission["points"] is not None:
        return ""
    earned = _earned(submission)
    return f"  {_points(submission)}{f', {earned}' if earned else ''}"


def _earned(submission):
    """What the exercises of a submission come to, where the plan weighs its lesson."""
    points, of = (sum(exercise[key] for exercise in submission["exercises"]) for key in ("points", "max_points"))
    if submission["points"] is None or of == submission["max_points"]:
        return ""
    return f"for {points}/{of} in its exercises"


def _points(of):
    if of["points"] is None:
        return f"?/{_number(of['max_points'])}"
    return f"{_number(of['points'])}/{_number(of['max_points'])}" if of["max_points"] else "-"


def _number(points):
    return f"{round(points, 2):.12g}"


def _total(submissions):
    graded = [submission for submission in submissions if submission["points"] is not None]
    points = sum(submission["points"] for submission in graded)
    left_out = len(submissions) - len(graded)
    of = sum(submission["max_points"] for submission in graded)
    return f"total: {_number(points)} of {_number(of)} points" + (f", and {left_out} not graded" if left_out else "")
