"""When the versions of a notebook were handed in, over the runs of a term.

Most LMSs say with a file when it came. Moodle's worksheet says of a person when they last changed what they handed in
(`handins.Notebook.changed`), so that is the time of the newest version; an older sheet knows that of the one before.
A version keeps the time that it had when a run first saw it. One that no run has seen yet has none where the time of
the sheet is that of an older version already: the notebook is newer than the sheet.

The history of a learner is {fingerprint of a version: {lesson, seen, when}}; seen is the day of the first run that saw
it.
"""

from collections import defaultdict


def dated(versions, history, today):
    """(a dict of when, seen and is_newer for each version, the history with them).

    versions are pairs of what grading gave, a dict with content and lesson, and the `handins.Notebook`. is_newer says
    whether it is newer than the sheet.
    """
    times = _times(versions, history)
    found, after = [], dict(history)
    for graded, source in versions:
        content, lesson = graded.get("content"), graded.get("lesson", "")
        known = history.get(content, {})
        when, is_newer = source.when or known.get("when", ""), False
        if not when and (time := times[lesson, source.changed].get(content)):
            is_newer = _is_anothers(time, content, lesson, history)
            when = "" if is_newer else time
        seen = known.get("seen", today)
        found.append({"when": when, "seen": seen, "is_newer": is_newer})
        if content:
            after[content] = {"lesson": lesson, "seen": seen, "when": when}
    return found, after


def _times(versions, history):
    """{(lesson, times of the sheets): {fingerprint: time}}: the last time is that of the newest version, and so on.

    What no run has seen is newer than what one has; else what was stored later, and of copies by a browser the last.
    """

    def order(version):
        graded, source = version
        return graded.get("content") not in history, source.stored, len(source.download), source.download

    newest = defaultdict(list)
    for graded, source in sorted(versions, key=order, reverse=True):
        newest[graded.get("lesson", ""), source.changed].append(graded.get("content"))
    return {
        (lesson, changed): dict(zip(dict.fromkeys(contents), reversed(changed), strict=False))
        for (lesson, changed), contents in newest.items()
    }


def _is_anothers(time, content, lesson, history):
    """Whether a time is that of another version of a lesson, in a run before."""
    return any(
        key != content and version["lesson"] == lesson and version["when"] == time for key, version in history.items()
    )
