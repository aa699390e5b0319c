"""What people get to read: a page for each learner, and for who teaches the class a page, a gradebook and numbers.

A page is one file that needs no network and no script, follows the theme of the reader, and can be printed. Whatever a
learner wrote is text in it, never markup. gradebook says what the numbers are; what it makes can be had from here too.
"""

import datetime
import re
from itertools import groupby

from bplib.course import pages
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.grading.classes import gradebook, untouched
from bplib.grading.classes.counting import EMPTY, FAILED
from bplib.grading.classes.gradebook import gradebook_csv, statistics
from bplib.grading.classes.people.downloads import is_nameless
from bplib.pictures import svg

__all__ = ["class_page", "feedback_page", "gradebook_csv", "statistics"]

_SIGNS = {PASSED: ("✓", "passed"), NOT_YET: ("◐", "not-yet"), NOT_ATTEMPTED: ("○", "not-attempted")}
_MOST_MISCONCEPTIONS = 5
_MOST_CODE = 10_000
_MOST_GROUPS, _MOST_LINKS, _MOST_SINGLE = 8, 12, 60  # of answers to one exercise that a teacher should read
_EXCERPT_LINES, _EXCERPT = 14, 700
_MOST_PAIRS = 50
_MOST_FIRST = 12  # exercises that are named at the top
_MOST_UNFOLDED = 40  # different answers to read; more of them are closed at first
_MOST_OPEN = 100  # learners; a longer table is closed at first

_TELLS = (
    (0.4, "whoever passes it does well elsewhere"),
    (0.2, "whoever passes it does somewhat better elsewhere"),
    (-0.2, "it says little about how well anybody does elsewhere"),
    (-1.0, "those who do well elsewhere pass it less often, so read it once more"),
)
"""What a discrimination says, from so much on; 0.4 and 0.2 are those of Ebel and Frisbie, Essentials of Educational
Measurement, 1991."""


def anchor(lesson, id):
    """Where an exercise stands on the page of each learner, feedback/SLUG.html#ANCHOR."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", f"{lesson}-{id}")


def feedback_page(result, asked=None):
    """The page of one learner, HTML: points, sentence and own code for each exercise, what a person said, what is late.

    What was answered comes first, and a notebook in which nothing is attempted is short. asked is what `counting.asked`
    gives; with it the page also names the lessons that were not handed in, or only as they were handed out. Of somebody
    whose name an LMS hides nobody knows what else they have handed in.
    """
    titles = gradebook.lessons([result], asked)
    entries = result["entries"]
    if entries and all(is_nameless(each["lms"], each["identity"], each["name"]) for each in entries):
        titles = {}
    without = [(lesson, title) for lesson, (title, _) in titles.items() if lesson not in result["lessons"]]
    # Of a file whose name says no lesson, or where grading has failed, it may be any that is lacking.
    anything = "" in result["unread"] or result["state"] == FAILED
    unread = [lesson for lesson, _ in without] if anything else result["unread"]
    return pages.render(
        "grading/classes/feedback.html",
        title=f"Feedback: {result['learner']}",
        result=result,
        notebooks=sorted(result["notebooks"], key=_is_short),
        is_short=_is_short,
        missing=[each for each in without if each[0] not in (*result["untouched"], *unread)],
        unread=[each for each in without if each[0] in unread],
        as_handed_out=[each for each in without if each[0] in result["untouched"]],
        late=gradebook.lateness(result),
        untouched=NOT_ATTEMPTED,
        most_code=_MOST_CODE,
        **_SHARED,
    )


def _is_short(notebook):
    """Whether there is nothing to tell of a notebook: nothing is attempted in it, and no person has spoken of it."""
    return not untouched.is_attempted(notebook) and not any(each.get("override") for each in notebook["exercises"])


def class_page(results, numbers=None):
    """The page of the class, HTML: its numbers, what to read, the commonest mistakes, the learners, what failed.

    It links each learner to feedback/<slug>.html. numbers are those of `statistics`, if they are there already.
    """
    numbers = numbers or statistics(results)
    by_lesson = groupby(numbers["exercises"], key=lambda row: (row["lesson"], row["lesson_title"]))
    return pages.render(
        "grading/classes/class.html",
        title="Results of the class",
        results=results,
        numbers=numbers,
        empty_and_absent=sum(result["state"] == EMPTY and bool(result["absent"]) for result in results),
        histogram=_histogram(numbers["histogram"]) if numbers["graded"] else None,
        weeks=_weeks(numbers["weeks"]),
        lessons=[(lesson, list(rows)) for lesson, rows in by_lesson],
        most_mistakes=_MOST_MISCONCEPTIONS,
        tells=lambda r: next(words for least, words in _TELLS if r >= least),
        to_read=_to_read(results, numbers["exercises"]),
        first=_first(results, numbers),
        most_links=_MOST_LINKS,
        alike=_alike(results, numbers),
        lateness=gradebook.lateness,
        most_open=_MOST_OPEN,
        **_SHARED,
    )


_SHARED = {"anchor": anchor, "signs": _SIGNS, "number": svg.number, "empty": EMPTY, "failed": FAILED}


# What a teacher should read


def _first(results, numbers):
    """What the page begins with, a dict; None where there is nothing to read.

    exercises  dicts lesson, id, title, count and most: how many unrecognized answers, and how many of them are one; the
               exercise with the most first
    more       a dict of count and exercises, of those that are not named any more
    open       whether the answers to read are unfolded
    ungraded   (result, lesson, exercise) of each answer that is not graded for where it stands
    """
    read = [
        {**row, "count": sum(map(len, row["unrecognized"])), "most": len(row["unrecognized"][0])}
        for row in numbers["exercises"]
        if row["unrecognized"]
    ]
    read.sort(key=lambda row: -row["count"])
    more = [row["count"] for row in read[_MOST_FIRST:]]
    found = {
        "exercises": read[:_MOST_FIRST],
        "more": {"count": sum(more), "exercises": len(more)} if more else None,
        "open": sum(len(row["unrecognized"]) for row in read) <= _MOST_UNFOLDED,
        "ungraded": [
            (result, notebook["lesson"], exercise)
            for result in results
            for notebook in result["notebooks"]
            for exercise in notebook["exercises"]
            if exercise.get("ungraded") and not exercise.get("override")
        ],
    }
    anything = read or found["ungraded"] or numbers["alike"] or numbers["not_graded"]
    return found if anything else None


def _to_read(results, exercises):
    """Of each exercise, by lesson and id, the unrecognized answers: count, groups with an excerpt, and the others."""
    of_slug = {result["slug"]: result for result in results}
    found = {}
    for row in exercises:
        groups = [[of_slug[slug] for slug in slugs] for slugs in row["unrecognized"]]
        if groups:
            others = [result for group in groups[_MOST_GROUPS:] for result in group]
            found[row["lesson"], row["id"]] = {
                "count": sum(map(len, groups)),
                "groups": [(group, *_excerpt(group[0], row["id"])) for group in groups[:_MOST_GROUPS]],
                "others": others[:_MOST_SINGLE],
                "left": len(others[_MOST_SINGLE:]),
            }
    return found


def _excerpt(result, id):
    """(the beginning of an answer, whether it goes on, what was said of it)."""
    answer = next(each for notebook in result["notebooks"] for each in notebook["exercises"] if each["id"] == id)
    code = (answer.get("code") or "").strip("\n")
    short = "\n".join(code.split("\n")[:_EXCERPT_LINES])[:_EXCERPT]
    return short, len(short) < len(code), answer["message"]


def _alike(results, numbers):
    """The pairs to be read side by side, with the results of the two and the titles of exercises; how many are left."""
    of_slug = {result["slug"]: result for result in results}
    titles = {(row["lesson"], row["id"]): row["title"] for row in numbers["exercises"]}
    shown = [
        {
            **pair,
            "two": [of_slug[slug] for slug in pair["slugs"]],
            "exercises": [
                {**each, "title": titles.get((each["lesson"], each["id"]), each["id"])} for each in pair["exercises"]
            ],
        }
        for pair in numbers["alike"][:_MOST_PAIRS]
    ]
    return {"pairs": shown, "left": len(numbers["alike"][_MOST_PAIRS:])}


# Pictures


def _histogram(bars):
    """How many learners have how many points, as the template draws it: lengths across in percent, others in pixels."""
    top, tall, points = 24, 150, bars[0]["high"] - bars[0]["low"] + 1
    step, most = 100 / len(bars), max(bar["learners"] for bar in bars)
    every = 2 if len(bars) * len(str(bars[-1]["low"])) > 36 else 1  # so that numbers do not touch on a phone
    drawn = []
    for k, bar in enumerate(bars):
        high = tall * bar["learners"] / most
        name = f"{bar['low']} to {bar['high']}" if bar["high"] > bar["low"] else str(bar["low"])
        drawn.append(
            {
                **_place(k, step),
                "says": f"{name} points: {bar['learners']}",
                "line": None,
                "top": svg.px(top + tall - high),
                "height": svg.px(high),
                "count": _label(top + tall - high - 11, bar["learners"]) if bar["learners"] else None,
                "low": _label(top + tall + 16, bar["low"]) if k % every == 0 else None,
            }
        )
    return {
        **_picture(top, tall, drawn),
        "label": f"Learners by points. {'; '.join(bar['says'] for bar in drawn if bar['count'])}",
        "more": "" if points == 1 else " or 1 more" if points == 2 else f" or up to {points - 1} more",
    }


def _weeks(weeks):
    """The points by the end of each week: a bar from the lower to the upper quartile, and a line at the median."""
    top, tall = 24, 150
    most = max((week["high"] for week in weeks), default=0)
    if not most:
        return None
    step, every = 100 / len(weeks), -(-len(weeks) // 7)  # a day needs a seventh of a phone
    drawn = []
    for k, week in enumerate(weeks):
        low, median, high = (tall * week[name] / most for name in ("low", "median", "high"))
        day = datetime.date.fromisoformat(week["ends"])
        drawn.append(
            {
                **_place(k, step),
                "says": f"by {day.day} {day:%B} {day.year} half of the learners had {svg.number(week['median'])} points"
                f" or more, a quarter {svg.number(week['high'])}, three quarters {svg.number(week['low'])}",
                "top": svg.px(top + tall - high),
                "height": svg.px(high - low),
                "line": svg.px(top + tall - median - 1),
                "count": _label(top + tall - high - 11, svg.number(week["median"])) if k % every == 0 else None,
                "low": _label(top + tall + 16, f"{day.day} {day:%b}") if k % every == 0 else None,
            }
        )
    label = f"Points over the weeks. {'; '.join(bar['says'] for bar in drawn)}"
    return {**_picture(top, tall, drawn), "label": label}


def _place(k, step):
    return {"left": (k + 0.1) * step, "middle": (k + 0.5) * step, "width": 0.8 * step}


def _picture(top, tall, bars):
    shared = {"fill": svg.BLUE, "ink": svg.INK, "font": svg.FONT}
    return {"bars": bars, "base": top + tall, "height": top + tall + 28, **shared}


def _label(y, words):
    return svg.text(0, y, str(words), size=13)
