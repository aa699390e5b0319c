"""When the versions of a notebook were handed in, over the runs of a term.

Most LMSs say with a file when it came. Moodle's worksheet says of a person when they last changed what they handed in
(`handins.Entry.changed`), so that is the time of what is in the newest download; an older sheet knows that of the one
before. A version keeps the time that it had when a run first saw it. One that no run has seen yet has none where the
time of the sheet is that of an older version already: the notebook is newer than the sheet. A file that cannot be read,
and a hand-in without a notebook, are versions of every lesson here.

The history of a learner is {fingerprint of a version: {lesson, seen, when}}; seen is the day of the first run that saw
it. Of a hand-in without a notebook the fingerprint is a word of ours, and of what cannot be read the lesson is "".
"""

from collections import defaultdict

from bplib.grading.classes.people import naming


def dated(versions, entries, history, today):
    """(a dict of when, seen, is_newer, is_unsure and is_replaced for each version, the history with them).

    versions are pairs of what grading gave, a dict with content and lesson, and the `handins.Notebook`; entries are
    those of the learner. is_newer says whether it is newer than the sheet, is_unsure whether the time may be that of
    another version, since there are more than the sheets know times of, is_replaced whether it could not be read and a
    later one of that name was.
    """
    there = _there(versions, entries)
    changed = {entry.download: entry.changed for entry in entries if entry.changed}
    order = _order(versions, there, history)
    found, after = [], dict(history)
    for graded, source in versions:
        content, lesson = graded.get("content"), graded.get("lesson", "")
        known = history.get(content, {})
        when, is_newer, is_unsure = source.when or known.get("when", ""), False, False
        times = changed.get(source.download, ())
        mine = [name for name in order if changed.get(name) == times and there[name] & {"", lesson} and times]
        if not when and (time := _time(content, lesson, mine, times, versions)):
            is_newer = _is_anothers(time, content, lesson, history)
            is_unsure = not is_newer and _is_unsure(lesson, mine, times, versions, history)
            when = "" if is_newer else time
        seen = known.get("seen", today)
        said = {"when": when, "seen": seen, "is_newer": is_newer, "is_unsure": is_unsure}
        found.append({**said, "is_replaced": not lesson and _is_replaced(source, versions, order)})
        if content:
            after[content] = {"lesson": lesson, "seen": seen, "when": "" if is_unsure else when}
    for times in changed.values():
        if not any(changed.get(source.download) == times for _, source in versions):
            after.setdefault(f"nothing at {times[-1]}", {"lesson": "", "seen": today, "when": times[-1]})
    return found, after


def _there(versions, entries):
    """The lessons in each download, "" for what is one of any: {download: set}."""
    there = defaultdict(set)
    for graded, source in versions:
        there[source.download].add(graded.get("lesson", ""))
    for entry in entries:
        if entry.changed and entry.download not in there:
            there[entry.download] = {""}
    return there


def _order(versions, there, history):
    """The downloads, the newest last.

    One with what no run has seen is newer than one without; else the one that was stored later, and of copies by a
    browser the last. One without a notebook is older than all.
    """
    keys = dict.fromkeys(there, (False, 0, 0, ""))
    for graded, source in versions:
        key = graded.get("content") not in history, source.stored, len(source.download), source.download
        keys[source.download] = max(keys[source.download], key)
    return sorted(keys, key=keys.get)


def _time(content, lesson, downloads, times, versions):
    """The time of a version, "" if there is none: the last is that of the newest download, and so on back.

    A version that is in several of them came with the first.
    """
    of = dict(zip(reversed(downloads), reversed(times), strict=False))
    mine = [source.download for graded, source in versions if graded.get("content") == content]
    return min((of[download] for download in mine if download in of), default="")


def _is_anothers(time, content, lesson, history):
    """Whether a time is that of another version of a lesson in a run before, which may not have been read."""
    others = (version for key, version in history.items() if key != content and version["lesson"] in ("", lesson))
    return any(version["when"] == time for version in others)


def _is_unsure(lesson, downloads, times, versions, history):
    """Whether there are more versions of a lesson of which no run knows the time than there are times of sheets."""
    contents = {name: set() for name in downloads}
    for graded, source in versions:
        if source.download in contents and graded.get("lesson", "") in ("", lesson):
            contents[source.download].add(graded.get("content"))
    known = {key: version["when"] for key, version in history.items() if version["when"]}
    unknown = {frozenset(each) for each in contents.values() if not each or not each <= known.keys()}
    return len(unknown) > len({*times} - {known[key] for each in contents.values() for key in each & known.keys()})


def _is_replaced(source, versions, order):
    """Whether a later download has a notebook of the same name that could be read."""
    return any(
        graded.get("lesson")
        and order.index(later.download) > order.index(source.download)
        and _name(later) == _name(source)
        for graded, later in versions
    )


def _name(notebook):
    """The name of its file, without the number by which an LMS or a browser tells it from another."""
    return naming.without_copy(naming.stem(notebook.path.rpartition("/")[2])).lower()
