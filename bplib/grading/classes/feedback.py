"""What people get to read: a page for each learner, and for who teaches the class a page, a gradebook and numbers.

A page is one file that needs no network and no script, follows the theme of the reader, and can be printed. Whatever a
learner wrote is text in it, never markup. gradebook says what a result is; what it makes can be had from here too.
"""

from itertools import groupby

from bplib.course import pages
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.grading import handins
from bplib.grading.classes import gradebook
from bplib.grading.classes.gradebook import gradebook_csv, statistics
from bplib.pictures import svg

__all__ = ["class_page", "feedback_page", "gradebook_csv", "statistics"]

_SIGNS = {PASSED: ("✓", "passed"), NOT_YET: ("◐", "not-yet"), NOT_ATTEMPTED: ("○", "not-attempted")}
_MOST_MISCONCEPTIONS = 5
_MOST_CODE = 10_000


def feedback_page(result):
    """The page of one learner, HTML: points, sentence and own code for each exercise, and what was wrong with files."""
    counted = gradebook.counting(result).values()
    return pages.render(
        "grading/classes/feedback.html",
        title=f"Feedback for {result['learner']}",
        result=result,
        counts=[not each.get("lesson") or any(each is one for one in counted) for each in result["notebooks"]],
        untouched=NOT_ATTEMPTED,
        most_code=_MOST_CODE,
        signs=_SIGNS,
        number=svg.number,
    )


def class_page(results):
    """The page of the class, HTML: its numbers, the commonest mistakes, the learners, and what could not be graded.

    It links each learner to feedback/<slug>.html, with handins.slug.
    """
    numbers = statistics(results)
    by_lesson = groupby(numbers["exercises"], key=lambda row: (row["lesson"], row["lesson_title"]))
    return pages.render(
        "grading/classes/class.html",
        title="Results of the class",
        results=results,
        numbers=numbers,
        histogram=_histogram(numbers["histogram"]) if numbers["graded"] else None,
        lessons=[(lesson, list(rows)) for lesson, rows in by_lesson],
        most_mistakes=_MOST_MISCONCEPTIONS,
        slug=handins.slug,
        signs=_SIGNS,
        number=svg.number,
    )


def _histogram(bars):
    """How many learners have how many points, as the template draws it: lengths across in percent, others in pixels."""
    top, tall, points = 24, 150, bars[0]["high"] - bars[0]["low"] + 1
    step, most = 100 / len(bars), max(bar["learners"] for bar in bars)
    every = 2 if len(bars) * len(str(bars[-1]["low"])) > 45 else 1  # so that numbers do not touch on a phone
    drawn = []
    for k, bar in enumerate(bars):
        high = tall * bar["learners"] / most
        name = f"{bar['low']} to {bar['high']}" if bar["high"] > bar["low"] else str(bar["low"])
        drawn.append(
            {
                "says": f"{name} points: {bar['learners']}",
                "left": (k + 0.1) * step,
                "middle": (k + 0.5) * step,
                "width": 0.8 * step,
                "top": svg.px(top + tall - high),
                "height": svg.px(high),
                "count": _label(top + tall - high - 11, bar["learners"]) if bar["learners"] else None,
                "low": _label(top + tall + 16, bar["low"]) if k % every == 0 else None,
            }
        )
    return {
        "bars": drawn,
        "label": f"Learners by points. {'; '.join(bar['says'] for bar in drawn if bar['count'])}",
        "more": "" if points == 1 else " or 1 more" if points == 2 else f" or up to {points - 1} more",
        "base": top + tall,
        "height": top + tall + 28,
        "fill": svg.BLUE,
        "ink": svg.INK,
        "font": svg.FONT,
    }


def _label(y, number):
    return svg.text(0, y, str(number), size=13)
