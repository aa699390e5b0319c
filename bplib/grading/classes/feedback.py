"""What people get to read: a page for each learner, and for who teaches the class a page, a gradebook and numbers.

A page is one file that needs no network and no script, follows the theme of the reader, and can be printed. Whatever a
learner wrote is text in it, never markup. gradebook says what a result is; what it makes can be had from here too.
"""

from html import escape
from itertools import groupby
from pathlib import Path

from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.grading.classes import gradebook, handins
from bplib.grading.classes.gradebook import gradebook_csv, statistics
from bplib.pictures import svg

__all__ = ["class_page", "feedback_page", "gradebook_csv", "statistics"]

_SIGNS = {PASSED: ("✓", "passed"), NOT_YET: ("◐", "not-yet"), NOT_ATTEMPTED: ("○", "not-attempted")}
_MOST_MISCONCEPTIONS = 5

_STYLE = Path(__file__).with_name("feedback.css")


# One learner


def feedback_page(result):
    """The page of one learner, HTML: points, sentence and own code for each exercise, and what was wrong with files."""
    late = '<span class="tag">late</span>' if result["late"] else ""
    parts = [
        f'<header><p class="over">Feedback</p><h1>{_text(result["learner"])}</h1>',
        f'<p class="score">{_total(result)}{late}</p></header>',
        _problems(result["problems"]),
    ]
    counted = gradebook.counting(result).values()
    for number, notebook in enumerate(result["notebooks"], 1):
        again = notebook.get("lesson") and not any(notebook is each for each in counted)
        parts.append(_notebook(notebook, f"n{number}", again))
    if not result["notebooks"]:
        parts.append('<p class="message">There was no notebook to grade.</p>')
    return _page(f"Feedback for {result['learner']}", parts)


def _notebook(notebook, anchor, again):
    title = notebook.get("title") or notebook.get("lesson") or notebook["path"]
    aside = " · another of your notebooks of this lesson has more points, and counts" if again else ""
    ids = [f"{anchor}-{number}" for number in range(1, len(notebook["exercises"]) + 1)]
    parts = [
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{_text(title)}</h2>',
        f'<p class="soft"><code>{_text(notebook["path"])}</code>{aside}</p>',
        _problems(notebook["problems"]),
    ]
    if notebook["exercises"]:
        rows = "".join(
            f'<tr><th scope="row"><a href="#{id}">{_text(_title(exercise))}</a></th>'
            f'<td>{_status(exercise["status"])}</td><td class="number">{_points(exercise)}</td></tr>'
            for id, exercise in zip(ids, notebook["exercises"], strict=True)
        )
        parts.append(
            f"<table><caption>Exercises of this notebook: {_points(notebook)} points</caption><thead><tr>"
            '<th scope="col">Exercise</th><th scope="col">Status</th><th scope="col" class="number">Points</th>'
            f"</tr></thead><tbody>{rows}</tbody></table>"
        )
    for id, exercise in zip(ids, notebook["exercises"], strict=True):
        # What to do with a stub stands in the notebook, and the stub is not the learner's.
        attempted = exercise["status"] != NOT_ATTEMPTED
        message = f'<p class="message">{_text(exercise["message"])}</p>' if exercise["message"] and attempted else ""
        code = (exercise.get("code") or "").strip("\n") if attempted else ""
        label = f'tabindex="0" role="region" aria-label="Your code for {_text(_title(exercise))}"'
        parts.append(
            f'<article aria-labelledby="{id}"><div class="line"><h3 id="{id}">{_text(_title(exercise))}</h3>'
            f"<span>{_points(exercise)}</span></div><p>{_status(exercise['status'])}</p>{message}"
            + (f"<pre {label}><code>{_text(code)}</code></pre>" if code else "")
            + "</article>"
        )
    return "".join([*parts, "</section>"])


# The class


def class_page(results):
    """The page of the class, HTML: its numbers, the commonest mistakes, the learners, and what could not be graded.

    It links each learner to feedback/<slug>.html, with handins.slug.
    """
    numbers = statistics(results)
    return _page(
        "Results of the class",
        [
            '<header><p class="over">Overview</p><h1>Results of the class</h1></header>',
            _facts(numbers),
            _histogram(numbers) if numbers["graded"] else "",
            _exercises(numbers["exercises"]),
            _learners(results),
            _left_out(numbers),
        ],
    )


def _facts(numbers):
    of = f" <small>of {svg.number(numbers['max_points'])}</small>"
    facts = [("learners", str(numbers["learners"])), ("graded", str(numbers["graded"])), ("late", str(numbers["late"]))]
    if numbers["graded"]:
        facts += [(f"{name} points", svg.number(numbers[name]) + of) for name in ("mean", "median")]
    return f'<dl class="facts">{"".join(f"<div><dt>{name}</dt><dd>{x}</dd></div>" for name, x in facts)}</dl>'


def _histogram(numbers):
    bars = numbers["histogram"]
    top, tall, width = 24, 150, bars[0]["high"] - bars[0]["low"] + 1
    step, most = 100 / len(bars), max(bar["learners"] for bar in bars)
    every = 2 if len(bars) * len(str(bars[-1]["low"])) > 45 else 1  # so that numbers do not touch on a phone

    def text(k, y, words):
        # Lengths across are percentages and letters stay as they are, on a phone too; a nested svg carries them there.
        return f'<svg x="{(k + 0.5) * step:.2f}%" overflow="visible">{svg.text(0, y, words, size=13)}</svg>'

    parts, counts = [], []
    for k, bar in enumerate(bars):
        high = tall * bar["learners"] / most
        name = f"{bar['low']} to {bar['high']}" if bar["high"] > bar["low"] else str(bar["low"])
        if bar["learners"]:
            counts.append(f"{name} points: {bar['learners']}")
            box = f'x="{(k + 0.1) * step:.2f}%" y="{svg.px(top + tall - high)}" width="{0.8 * step:.2f}%"'
            title = f"<title>{counts[-1]}</title>"
            parts.append(f'<rect {box} height="{svg.px(high)}" rx="1.5" fill="{svg.BLUE}">{title}</rect>')
            parts.append(text(k, top + tall - high - 11, str(bar["learners"])))
        if k % every == 0:
            parts.append(text(k, top + tall + 16, str(bar["low"])))
    base = f'<rect y="{top + tall}" width="100%" height="1" fill="{svg.INK}" fill-opacity="0.4"/>'
    label = f"Learners by points. {'; '.join(counts)}"
    head = f'<svg role="img" aria-label="{label}" width="100%" height="{top + tall + 28}" font-family="{svg.FONT}">'
    more = "" if width == 1 else " or 1 more" if width == 2 else f" or up to {width - 1} more"
    caption = f"Above each bar, how many learners have the points that stand below it{more}."
    return (
        f'<section><h2>Points</h2><figure>{head}{"".join(parts)}{base}</svg><figcaption class="soft">{caption}'
        "</figcaption></figure></section>"
    )


def _exercises(exercises):
    if not exercises:
        return ""
    boxes = {status: _box(name, 0, 100) for status, (_, name) in _SIGNS.items()}
    legend = "".join(
        f'<span><svg class="bar" width="22" height="12" aria-hidden="true">{box}</svg>{status}</span>'
        for status, box in boxes.items()
    )
    parts = []
    for (lesson, title), rows in groupby(exercises, key=lambda row: (row["lesson"], row["lesson_title"])):
        parts.append(f'<section><h2>{_text(title)}</h2><p class="soft"><code>{_text(lesson)}</code></p>')
        parts += [f'<p class="legend soft">{legend}</p>', *map(_exercise, rows), "</section>"]
    return "".join(parts)


def _exercise(row):
    counts = [("passed", row["passed"]), ("not-yet", row["not_yet"]), ("not-attempted", row["not_attempted"])]
    said = " · ".join(f"{count} {name.replace('-', ' ')}" for name, count in counts)
    total = sum(count for _, count in counts)
    boxes, start = "", 0
    for name, count in counts:
        if count:
            boxes += _box(name, start, 100 * count / total)
            start += 100 * count / total
    label = f"{_text(row['title'])}: {said}"
    bar = (
        f'<svg class="bar" role="img" aria-label="{label}" width="100%" height="14"><title>{label}</title>{boxes}</svg>'
    )
    mean = f"mean {svg.number(row['mean'])} of {svg.number(row['max_points'])}" if total else ""
    shown = row["misconceptions"][:_MOST_MISCONCEPTIONS]
    mistakes = "".join(f"<li><b>{each['count']} ×</b><span>{_text(each['message'])}</span></li>" for each in shown)
    more = len(row["misconceptions"]) - len(shown)
    mistakes += f'<li><b></b><span class="soft">and {more} rarer ones</span></li>' if more else ""
    return (
        f'<article><div class="line"><h3>{_text(row["title"])}</h3><span class="soft">{mean}</span></div>'
        + (f'{bar}<p class="soft">{said}</p>' if total else '<p class="soft">not graded for anybody</p>')
        + (f'<ul class="mistakes" aria-label="Commonest mistakes">{mistakes}</ul>' if mistakes else "")
        + "</article>"
    )


def _box(name, start, share):
    # Filled, pale and hollow: the three differ without their colors. Percentages need no scaling, so edges stay sharp.
    return f'<rect class="{name}" x="{start:.2f}%" y="0.5" width="{share:.2f}%" height="11" rx="1"/>'


def _learners(results):
    rows = ""
    for result in results:
        problems = len(result["problems"]) + sum(len(notebook["problems"]) for notebook in result["notebooks"])
        notes = ['<span class="tag">late</span>'] if result["late"] else []
        notes += [f"{problems} problem{'s' if problems > 1 else ''}"] if problems else []
        link = f'<a href="feedback/{handins.slug(result["learner"])}.html">{_text(result["learner"])}</a>'
        points = "not graded" if result["points"] is None else _points(result)
        rows += f'<tr><th scope="row">{link}</th><td class="notes">{" ".join(notes)}</td>'
        rows += f'<td class="number">{points}</td></tr>'
    head = '<th scope="col">Learner</th><th scope="col">Notes</th><th scope="col" class="number">Points</th>'
    caption = "Each name leads to the feedback of that learner."
    return (
        f"<section><h2>Learners</h2><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _left_out(numbers):
    parts = []
    if numbers["not_graded"]:
        rows = "".join(
            f'<tr><th scope="row">{_text(row["learner"])}</th><td>'
            + (f"<code>{_text(row['path'])}</code><br>" if row["path"] else "")
            + f"{_text(row['problem'])}</td></tr>"
            for row in numbers["not_graded"]
        )
        head = '<th scope="col">Learner</th><th scope="col" class="wide">Problem</th>'
        parts.append(
            "<section><h2>Problems with files and grading</h2><table><caption>One line for each problem."
            f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
        )
    if numbers["not_enforced"]:
        items = "".join(
            f"<li>{_text(row['limit'])}, for {row['learners']} of {numbers['learners']} learners</li>"
            for row in numbers["not_enforced"]
        )
        parts.append(
            "<section><h2>What was not enforced</h2><p>This system does not offer these limits on what an answer may "
            f'do while it runs.</p><ul class="plain">{items}</ul></section>'
        )
    return "".join(parts)


# Pieces


def _text(words):
    """Text for HTML, between tags or in an attribute; what no page can hold, such as half a letter, is replaced."""
    words = str(words).encode("utf-8", "replace").decode("utf-8")
    return escape("".join(letter if letter >= " " or letter in "\n\t" else "\ufffd" for letter in words))


def _title(exercise):
    return exercise.get("title") or exercise["id"]


def _status(status):
    sign, name = _SIGNS.get(status, ("?", "not-attempted"))
    return f'<span class="status {name}"><span aria-hidden="true">{sign}</span> {_text(status)}</span>'


def _points(of):
    if of["points"] is None:
        return "not graded"
    return f"{svg.number(of['points'])} / {svg.number(of['max_points'])}"


def _total(result):
    if result["points"] is None:
        return "<b>Not graded</b>"
    return f"<b>{svg.number(result['points'])}</b> of {svg.number(result['max_points'])} points"


def _problems(problems):
    if not problems:
        return ""
    items = "".join(f"<li>{_text(problem)}</li>" for problem in problems)
    return f'<div class="problems" role="note" aria-label="Problems with the file"><ul>{items}</ul></div>'


def _page(title, parts):
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # Nothing may be loaded or run, even if something should slip through the escaping.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )
