"""A learner's own progress: a small file in the course folder, which the map of the course and practice read.

The file is .progress.json beside notebooks/ and exercises/. It holds the best status of each exercise and how the
learner stands in each kind of practice, and it is never in the way: where it cannot be read or written, a check goes on
without it. Several notebooks may record at once; the empty file .progress.json.lock lets one after the other do it.
With the environment variable BPLIB_PROGRESS set to "off" nothing is read or written, so what graders and tests see
depends on nobody's progress.
"""

import contextlib
import datetime
import json
import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from bplib.course import files
from bplib.course.drills.standing import Standing
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED

FILE_NAME = ".progress.json"
STATUSES = (NOT_ATTEMPTED, NOT_YET, PASSED)  # from least to best
_PATIENCE = 1
"""The seconds that a check waits for others who record; after that it goes on as if they were not there."""


def record(id, status):
    """Remember the status of an exercise, if it is better than what is remembered.

    A file that is not ours, or cannot be read, is renamed to a dated copy and a fresh one begun.
    """
    _remember({id: status})


def statuses():
    """The best status of each exercise that is remembered: id to "passed" or "not yet"."""
    return dict(_known().exercises)


def record_drill(kind, passed, today=None):
    """Remember an answer to a drill of a kind: (the `Standing` before it, that after it).

    Where nothing can be remembered, it is for as long as Python runs.
    """
    today = today or datetime.date.today()
    changed = []

    def after(known):
        before = known.practice.get(kind, Standing())
        changed[:] = before, before.after(passed, today)
        return replace(known, practice={**known.practice, kind: changed[1]})

    _change(after)
    return tuple(changed)


def standings():
    """How the learner stands in each kind of practice that was begun: kind to `Standing`."""
    return dict(_known().practice)


def take_over(folder):
    """Remember also what is remembered in another folder of the course."""
    other = _read(Path(folder) / FILE_NAME) or Memory()
    _remember(other.exercises)
    if other.practice:
        _change(lambda known: replace(known, practice={**other.practice, **known.practice}))


@dataclass(frozen=True)
class Memory:
    """What the file holds: the status of each exercise by id, and the standing in each kind of practice."""

    exercises: dict = field(default_factory=dict)
    practice: dict = field(default_factory=dict)


_unkept = Memory()  # where there is no file


def path():
    """Where the progress is kept: None outside of a course folder, or when progress is off."""
    folder = None if os.environ.get("BPLIB_PROGRESS") == "off" else files.course_folder()
    return folder and folder / FILE_NAME


def _known():
    here = path()
    kept = (_read(here) or Memory()) if here else Memory()
    return Memory(kept.exercises, {**_unkept.practice, **kept.practice})


def _remember(new):
    """Remember each status, by id, that is better than what is remembered."""
    rank = STATUSES.index

    def better(known):
        found = {id: new[id] for id in new if rank(new[id]) > rank(known.exercises.get(id, NOT_ATTEMPTED))}
        return replace(known, exercises={**known.exercises, **found})

    if path() and any(status != NOT_ATTEMPTED for status in new.values()):
        _change(better)


def _change(change):
    """Let change(Memory) say what is remembered from now on, one notebook after the other."""
    global _unkept
    here = path()
    if here is None:
        _unkept = change(_unkept)
        return
    try:
        with _alone(here):
            known = _read(here)
            if known is None:
                files.set_aside(here)
                known = Memory()
            now = change(known)
            if now != known:
                _write(here, now)
    except OSError:  # a folder that cannot be written costs the learner the memory of a check, not the check
        _unkept = change(_unkept)


def _write(here, memory):
    exercises = dict(sorted(memory.exercises.items()))
    practice = {kind: standing.stored() for kind, standing in sorted(memory.practice.items())}
    content = {"exercises": exercises} | ({"practice": practice} if practice else {})
    for wait in (0.01, 0.02, 0.04, None):
        try:
            return files.write(here, json.dumps(content, indent=1) + "\n")
        except PermissionError:  # on Windows also while somebody reads it
            if wait is None:
                raise
            time.sleep(wait)


@contextlib.contextmanager
def _alone(path):
    """Within, nobody else records; where a file system or folder allows no lock, or not in time, others may."""
    from filelock import FileLock  # here, since whoever only looks has no need of it

    with contextlib.ExitStack() as held:
        lock = FileLock(f"{path}.lock", timeout=_PATIENCE, poll_interval=0.01, fallback_to_soft=False)
        with contextlib.suppress(OSError, RuntimeError):
            held.enter_context(lock)
        yield


def _read(here):
    """What the file holds, a `Memory`; an empty one if there is none, None if it is not ours or cannot be read."""
    try:
        stored = json.loads(here.read_text(encoding="utf-8"))
        exercises, practice = stored["exercises"], stored.get("practice", {})
        ours = all(status in STATUSES for status in exercises.values())
        practice = {kind: Standing.read(each) for kind, each in practice.items()}
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return Memory(exercises, practice) if ours else None
