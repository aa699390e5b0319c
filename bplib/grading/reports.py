"""Shows what grading found: as text for a terminal, as Markdown for the summary of a job."""

import textwrap

from bplib.course.judging.reading import NOT_ATTEMPTED


def table(report, width=100):
    """The report as text: each exercise with its status, points and sentence, a sum for each file, and the total."""
    submissions = report["submissions"]
    exercises = [exercise for submission in submissions for exercise in submission["exercises"]]
    id_width = max((len(exercise["id"]) for exercise in exercises), default=0)
    lines = []
    for submission in submissions:
        lines += [submission["path"]]
        for problem in submission["problems"]:
            lines += textwrap.wrap(f"  ! {problem}", width, subsequent_indent="    ")
        for exercise in submission["exercises"]:
            start = f"  {exercise['id']:{id_width}}  {exercise['status']:13}  {_points(exercise):>7}  "
            message = _sentence(exercise) or " "
            lines += [
                line.rstrip()
                for line in textwrap.wrap(
                    message,
                    width,
                    initial_indent=start,
                    subsequent_indent=" " * len(start),
                    break_on_hyphens=False,
                )
                or [start]
            ]
        if submission["exercises"] or submission["points"] is None:
            lines += [f"  {'sum':{id_width}}  {'':13}  {_points(submission):>7}"]
        lines += [""]
    lines += [f"total: {_total(submissions)}", *not_enforced(submissions)]
    return "\n".join(lines)


def not_enforced(graded):
    """A line about what this system could not keep the learner's code from, if there is anything."""
    parts = dict.fromkeys(part for each in graded for part in each.get("not_enforced", ()))
    return [f"not enforced on this system: {', '.join(parts)}"] if parts else []


def class_table(results):
    """The learners of a class with their points, one a line, and what was wrong with what they handed in.

    Where grading itself has failed there is a ? for the points, and where there was nothing to grade a hyphen.
    """
    width = max(len(result["learner"]) for result in results)
    lines = []
    for result in results:
        notes = [words for words, key in (("absent", "absent"), ("not on the roster", "stranger")) if result[key]]
        lines.append(f"{result['learner']:{width}}  {_in_class(result):>7}  {', '.join(notes)}".rstrip())
        problems = [*result["problems"], *(line for each in result["notebooks"] for line in each["problems"])]
        lines += [f"  ! {textwrap.shorten(problem, 150, placeholder=' ...')}" for problem in problems]
    graded = [result["points"] for result in results if result["points"] is not None]
    failed = sum(_has_failed(result) for result in results)
    nothing = len(results) - len(graded) - failed
    total = f"{len(graded)} graded" + (f", {sum(graded) / len(graded):.1f} points on average" if graded else "")
    total += f", {nothing} with nothing to grade" if nothing else ""
    total += f", {failed} not graded" if failed else ""
    return "\n".join([*lines, "", total, *not_enforced(results)])


def _has_failed(result):
    return result["state"] == "not graded"  # counting.FAILED; that room is read later


def _in_class(result):
    if result["points"] is None and not _has_failed(result):
        return "-"
    points = "?" if result["points"] is None else f"{result['points']:g}"
    return f"{points}/{result['max_points']:g}"


def markdown(report):
    """The same as a table in Markdown, for the summary of a job."""
    lines = ["| notebook | exercise | status | points | |", "| --- | --- | --- | ---: | --- |"]
    for submission in report["submissions"]:
        path = _cell(submission["path"])
        lines += [f"| {path} | | | | {_cell(problem)} |" for problem in submission["problems"]]
        lines += [
            f"| {path} | {exercise['id']} | {exercise['status']} | {_points(exercise)} | {_cell(_sentence(exercise))} |"
            for exercise in submission["exercises"]
        ]
    total = f"**total: {_total(report['submissions'])}**"
    return "\n".join([*lines, "", total, "", *not_enforced(report["submissions"])])


def _cell(content):
    return content.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _sentence(exercise):
    # What to do with a stub stands in the notebook; ten times below each other it would hide the other sentences.
    return "" if exercise["status"] == NOT_ATTEMPTED else exercise["message"]


def _points(of):
    if of["points"] is None:
        return f"?/{of['max_points']}"
    return f"{of['points']}/{of['max_points']}" if of["max_points"] else "-"


def _total(submissions):
    graded = [submission for submission in submissions if submission["points"] is not None]
    points = sum(submission["points"] for submission in graded)
    left_out = len(submissions) - len(graded)
    of = sum(submission["max_points"] for submission in graded)
    return f"{points} of {of} points" + (f", and {left_out} not graded" if left_out else "")
