"""When the versions of a notebook were handed in, over the runs of a term.

Most LMSs say with a file when it came. Moodle's worksheet says of a person when they last changed what they handed in
(`handins.Notebook.changed`), so that is the time of the newest version, and says nothing of one before it. A version
keeps the time that it had when a run first saw it. One that no run has seen yet has none where the time of the sheet is
that of an older version already: the notebook is newer than the sheet.

The history of a learner is {fingerprint of a version: {lesson, seen, when}}; seen is the day of the first run that saw
it.
"""


def dated(versions, history, today):
    """(a dict of when, seen and is_newer for each version, the history with them).

    versions are pairs of what grading gave, a dict with content and lesson, and the `handins.Notebook`. is_newer says
    whether it is newer than the sheet.
    """
    latest = _latest(versions, history)
    found, after = [], dict(history)
    for graded, source in versions:
        content, lesson = graded.get("content"), graded.get("lesson", "")
        known = history.get(content, {})
        when, is_newer = source.when or known.get("when", ""), False
        if not when and source.changed and latest[lesson, source.changed] == content:
            is_newer = _is_another(content, lesson, source.changed, history)
            when = "" if is_newer else source.changed
        seen = known.get("seen", today)
        found.append({"when": when, "seen": seen, "is_newer": is_newer})
        if content:
            after[content] = {"lesson": lesson, "seen": seen, "when": when}
    return found, after


def _latest(versions, history):
    """The newest version of each lesson that one time of a sheet might be of: {(lesson, time): fingerprint}.

    What no run has seen is newer than what one has; else what was stored later, and of copies by a browser the last.
    """

    def order(version):
        graded, source = version
        return graded.get("content") not in history, source.stored, len(source.download), source.download

    ordered = sorted(versions, key=order)
    return {(graded.get("lesson", ""), source.changed): graded.get("content") for graded, source in ordered}


def _is_another(content, lesson, time, history):
    """Whether a time is that of another version of a lesson, in a run before."""
    return any(
        key != content and version["lesson"] == lesson and version["when"] == time for key, version in history.items()
    )
