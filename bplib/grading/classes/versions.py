"""When the versions of a notebook were handed in, over the runs of a term.

Most LMSs say with a file when it came. Moodle's worksheet says of a person when they last changed what they handed in
(`handins.Notebook.changed`), so that is the time of what is in the newest download; an older sheet knows that of the
one before. A version keeps the time that it had when a run first saw it. One that no run has seen yet has none where
the time of the sheet is that of an older version already: the notebook is newer than the sheet.

The history of a learner is {fingerprint of a version: {lesson, seen, when}}; seen is the day of the first run that saw
it.
"""

import re
from collections import defaultdict


def dated(versions, history, today):
    """(a dict of when, seen, is_newer, is_unsure and is_replaced for each version, the history with them).

    versions are pairs of what grading gave, a dict with content and lesson, and the `handins.Notebook`. is_newer says
    whether it is newer than the sheet, is_unsure whether the time may be that of another version, since there are more
    than the sheets know times of, is_replaced whether it could not be read and a later one of that name was.
    """
    downloads = _downloads(versions, history)
    times = _times(versions, downloads)
    found, after = [], dict(history)
    for graded, source in versions:
        content, lesson = graded.get("content"), graded.get("lesson", "")
        known = history.get(content, {})
        when, is_newer, is_unsure = source.when or known.get("when", ""), False, False
        if not when and (time := times.get((lesson, content))):
            is_newer = _is_anothers(time, content, lesson, history)
            when = "" if is_newer else time
            is_unsure = bool(when) and _is_unsure(lesson, source.changed, versions, history)
        seen = known.get("seen", today)
        said = {"when": when, "seen": seen, "is_newer": is_newer, "is_unsure": is_unsure}
        found.append({**said, "is_replaced": not lesson and _is_replaced(source, versions, downloads)})
        if content:
            after[content] = {"lesson": lesson, "seen": seen, "when": "" if is_unsure else when}
    return found, after


def _downloads(versions, history):
    """The downloads, the newest last: {its name: its place}.

    One with what no run has seen is newer than one without; else the one that was stored later, and of copies by a
    browser the last.
    """
    keys = {}
    for graded, source in versions:
        key = graded.get("content") not in history, source.stored, len(source.download), source.download
        keys[source.download] = max(keys.get(source.download, key), key)
    return {name: place for place, name in enumerate(sorted(keys, key=keys.get))}


def _times(versions, downloads):
    """{(lesson, fingerprint): the time of the sheets}: the last time is that of the newest download, and so on back.

    A version that is in several of them came with the first.
    """
    there = defaultdict(set)
    for graded, source in versions:
        there[graded.get("lesson", ""), source.changed].add(source.download)
    found = {}
    for graded, source in versions:
        lesson, content = graded.get("lesson", ""), graded.get("content")
        newest = sorted(there[lesson, source.changed], key=downloads.get, reverse=True)
        time = dict(zip(newest, reversed(source.changed), strict=False)).get(source.download)
        if time:
            found[lesson, content] = min(time, found.get((lesson, content), time))
    return found


def _is_anothers(time, content, lesson, history):
    """Whether a time is that of another version of a lesson in a run before, which may not have been read."""
    others = (version for key, version in history.items() if key != content and version["lesson"] in ("", lesson))
    return any(version["when"] == time for version in others)


def _is_unsure(lesson, changed, versions, history):
    """Whether there are more versions of a lesson of which no run knows the time than there are times of sheets."""
    there = defaultdict(set)
    for graded, source in versions:
        if graded.get("lesson", "") == lesson and source.changed == changed:
            there[source.download].add(graded.get("content"))
    known = {key: version["when"] for key, version in history.items() if version["when"]}
    unknown = {frozenset(contents) for contents in there.values() if not contents <= known.keys()}
    return len(unknown) > len({*changed} - {*known.values()})


def _is_replaced(source, versions, downloads):
    """Whether a later download has a notebook of the same name that could be read."""
    return any(
        graded.get("lesson")
        and downloads[later.download] > downloads[source.download]
        and _name(later.path) == _name(source.path)
        for graded, later in versions
    )


def _name(path):
    """The name of a file, without the number by which an LMS or a browser tells it from another."""
    return re.sub(r"(-\d+|\s*\(\d+\))?\.ipynb$", "", path.rpartition("/")[2].lower())
