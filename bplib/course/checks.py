"""What a learner calls in a notebook: check an answer, ask for a hint, see how far one has come."""

import difflib
import html
import os
import sys
import textwrap

from bplib.course import course_map, pages, progress
from bplib.course.judging.closing import closed
from bplib.course.judging.reading import PASSED
from bplib.course.problems import PROBLEMS, TURNS
from bplib.pictures import svg

_hints_given = {}
_last_mistake = {}


def check(id, answer):
    """Judge the answer to an exercise and show the verdict, as in check("mse", mse).

    The answer is the function itself. A wrong one is told in a sentence and raises nothing, so that a notebook that is
    not finished still runs to its end. Of a known mistake the first check says where to look, and the next one, where
    it is still there, what to write. An unknown id is a ValueError. nbgrader gives points to every cell that does not
    raise: while it executes a notebook, as its variable NBGRADER_EXECUTION tells, what is not passed is an
    AssertionError.
    """
    problem = _problem(id)
    with closed(problem.allowed):
        verdict = problem.judge(answer)
    points = problem.points if verdict.status == PASSED else 0
    won = f", {points} of {problem.points} point{'s' if points > 1 else ''}" if points else ""
    head = f"{id}: {verdict.status}"
    message = f"{_told(id, verdict)}{_remembered(id, verdict)}"
    text = f"{head}{won}. {message}"
    if "NBGRADER_EXECUTION" in os.environ and verdict.status != PASSED:
        raise AssertionError(text)
    plain = textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
    _show(plain, lambda: pages.render("course/verdict.html", head=head, won=won, verdict=verdict, message=message))


def _remembered(id, verdict):
    """Let a check count for what is remembered; what there is to say of that."""
    if id in PROBLEMS or id in TURNS:
        progress.record(id, verdict.status)
        return ""
    from bplib.course import practicing

    return practicing.counted(id, verdict.status)


def _told(id, verdict):
    """The nudge where a mistake is made for the first time, the whole sentence where it comes again.

    In practice, where nothing is at stake and the next question is another one, the whole sentence at once.
    """
    mistake = verdict.misconception or verdict.message  # the numbers of a message may be other ones each time
    again = _last_mistake.get(id) == mistake
    _last_mistake[id] = mistake
    if again or not verdict.nudge or (id not in PROBLEMS and id not in TURNS):
        return verdict.message
    return f"{verdict.nudge} If you are stuck, check again, and you are told more."


def hint(id):
    """Show the next hint for an exercise, as in hint("mse"). After the last one it starts again."""
    hints = _problem(id).hints
    given = _hints_given.get(id, 0)
    _hints_given[id] = given + 1
    again = "That was the last hint; from the start again.\n" if given and given % len(hints) == 0 else ""
    number = given % len(hints)
    text = f"hint {number + 1} of {len(hints)}: {hints[number]}"
    print(again + textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False))


def mine(id, me):
    """Show the numbers of an exercise that are made of who answers, as in mine("own-graph", "Ada Lovelace").

    me is a name, an address of mail or a number, as the list of the course has it. ValueError for an exercise that has
    the same numbers for everybody, and for what names nobody.
    """
    problem = _problem(id)
    if problem.own is None:
        raise ValueError(f"{id} has the same numbers for everybody")
    if me is Ellipsis:
        print("Write your name in the place of the three dots, in quotes, as the list of your course has it.")
        return
    drill = problem.own(me)
    blanks = ", ".join(f'"{field.name}": ...' for field in drill.fields)
    plain = f'{drill.asks}\n\n{drill.text}\n\n{{"me": {me!r}, {blanks}}}'
    words, pre = html.escape(drill.asks), html.escape(plain.rpartition("\n\n")[2])
    _show(plain, lambda: f"<p>{words}</p>{svg.figure(drill.pictures, '')}<pre>{pre}</pre>")


def practice(kind=None, level=None, seed=None, *, widget=True):
    """Ask a drill, drawn anew each time: practice(), practice("graphs"), practice("graphs", 2, 417).

    Without a kind it is the one that is due, of the level that the learner has reached. Its name stands in the corner;
    with it anybody gets the same drill. Where widgets do not work, or with widget=False, it is shown with a function to
    complete, for `check`. ValueError for a kind, a level or a seed that there is not.
    """
    from bplib.course import practicing  # here, since whoever checks an exercise need not wait for widgets

    asked = practicing.Practice(kind, level, seed)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(asked.first.text)
    else:
        from IPython.display import display

        if widget:
            display(asked.form())
        else:
            display({"text/plain": asked.first.text, "text/html": asked.first.html()}, raw=True)


def show_progress():
    """Show the map of the course, with what is passed, not yet, and not attempted, and the points."""
    table = course_map.progress_table()
    _show(str(table), table._repr_html_)


def _problem(id):
    if not isinstance(id, str):
        raise ValueError(f'the id of an exercise is text, as in check("mse", mse); given {type(id).__name__}')
    if id not in PROBLEMS and id not in TURNS:
        from bplib.course.drills import kinds  # here, since most checks are of exercises

        if drill := kinds.named(id):
            return drill.problem
        if id.partition("-")[0] in kinds.KINDS:
            raise ValueError(
                f"there is no question {id!r}; its name is a kind, a level from 1 to 3 and a seed: graphs-2-417"
            )
        close = difflib.get_close_matches(id, [*PROBLEMS, *TURNS], n=3)
        meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(f"there is no exercise {id!r}{meant}\nthe exercises are: {', '.join(PROBLEMS)}")
    return PROBLEMS.get(id) or TURNS[id]


def _show(plain, html):
    """Display where there is a notebook, as HTML too; print where there is none."""
    ipython = sys.modules.get("IPython")  # importing it would be the slowest part of a check outside of a notebook
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display({"text/plain": plain, "text/html": html()}, raw=True)
    else:
        print(plain)
