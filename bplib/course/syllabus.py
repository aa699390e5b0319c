"""The plan of a term, course.toml: which lessons count, for how much, until when, and for whom longer.

    version = "0.1.0"            # of the course that this term is held with; another one is not graded with
    counts = "best"              # or "last": of several notebooks of one lesson
    timezone = "Europe/Berlin"   # of the dates here, and of times of hand-ins that name none

    [late]
    per_day = 0.1                # the share of the points that each day begun costs; without it, lateness is only shown
    days = 7                     # after so many days begun nothing counts

    [lessons.01]                 # the lessons of the term; all others stay, and count nothing
    due = 2026-10-05 23:59:00
    points = 10                  # what the lesson is worth; without it, the points of its exercises

    [[extensions]]
    learner = "1001"             # a name, an identity or an address of mail, as in the roster
    lesson = "01"                # without it, every lesson
    days = 3                     # or a due date of their own

All of it may be left out, and whoever has no such file misses nothing. A date without a time is the end of that day.

Days are those of a calendar, so in the night when clocks change a day has 23 or 25 hours. A hand-in whose time nobody
knows counts as in time.
"""

import datetime
import functools
import json
import math
import tomllib
import unicodedata
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from bplib.course.problems import LESSONS

FILE_NAME = "course.toml"
BEST, LAST = "best", "last"
_MOST = 1_000_000
_LONGEST = 3650
_YEARS = range(1971, 3000)  # what every system can compute with, zones included


@dataclass(frozen=True)
class Asked:
    """A lesson of the term: when it is due (None: never) and what it is worth (None: the points of its exercises)."""

    due: datetime.datetime | None = None
    points: float | None = None


@dataclass(frozen=True)
class Extension:
    """More time for a learner: in one lesson, or in all that are due (""), so many days, or until a date."""

    learner: str
    lesson: str = ""
    days: float = 0
    due: datetime.datetime | None = None

    def is_of(self, names):
        """Whether the learner is one that is known by these names, however their letters are cased and composed."""
        return _folded(self.learner) in map(_folded, names)


@dataclass(frozen=True)
class Syllabus:
    """What stands in course.toml; lessons are known by the names of their notebooks, as "01_loss_functions"."""

    lessons: Mapping[str, Asked] = field(default_factory=dict)
    counts: str = BEST
    per_day: float = 0.0
    days: float = math.inf
    timezone: zoneinfo.ZoneInfo | None = None
    version: str = ""
    extensions: tuple[Extension, ...] = ()

    def due(self, lesson, names=()):
        """When a lesson is due for a learner, who is known by these names; None where it never is.

        Of several extensions the longest counts, and none makes the time shorter.
        """
        due = self.lessons[lesson].due if lesson in self.lessons else None
        if due is None:
            return None
        mine = [each for each in self.extensions if each.lesson in ("", lesson) and each.is_of(names)]
        longer = [each.due or due + datetime.timedelta(days=each.days) for each in mine]
        return max([due, *longer], key=self.moment)

    def days_late(self, lesson, when, names=()):
        """How many days have begun since a lesson was due, when it was handed in; 0 in time, None if that is unknown.

        when is a time as text, "2026-10-05T14:30:22", of the time zone of the term where it names none.
        """
        due = self.due(lesson, names)
        if due is None:
            return 0
        instant = self.instant(when)
        if instant == -math.inf:
            return None
        if instant <= self.moment(due).timestamp():
            return 0
        handed_in = datetime.datetime.fromtimestamp(instant, self.timezone)
        return max(1, math.ceil((self.local(handed_in) - self.local(due)) / datetime.timedelta(days=1)))

    def share(self, days_late):
        """The share of the points that is left after so many days: 1 - per_day * days, and 0 after the last one."""
        if not days_late:
            return 1.0
        return 0.0 if days_late > self.days else max(0.0, 1 - self.per_day * days_late)

    def instant(self, when):
        """The seconds at a time that is text, of the time zone of the term where it names none.

        What is no time, as "", is before all. An hour that comes twice, when clocks go back, is the first of the two.
        """
        try:
            time = datetime.datetime.fromisoformat(when)
        except ValueError:
            return -math.inf
        return self.moment(time).timestamp() if time.year in _YEARS else -math.inf

    def moment(self, time):
        """A time with its zone: the one of the term, or else of this machine, where it has none itself."""
        return time if time.tzinfo else time.replace(tzinfo=self.timezone) if self.timezone else time.astimezone()

    def local(self, time):
        """A time as clocks show it in the zone of the term, or else of this machine."""
        return self.moment(time).astimezone(self.timezone).replace(tzinfo=None)


def read(path):
    """The syllabus in a file. ValueError, in one sentence, for what it cannot mean."""
    path = Path(path)
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from None
    try:
        return _syllabus(stored)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def of(folder):
    """The syllabus of a folder of the course; an empty one where there is no course.toml."""
    path = Path(folder) / FILE_NAME
    return read(path) if path.exists() else Syllabus()


def require_version(syllabus):
    """ValueError if the term is held with another version of the course than this one."""
    if not syllabus.version:
        return
    try:
        here = metadata.version("bplib-course")
    except metadata.PackageNotFoundError:
        here = "of no known version"
    if syllabus.version != here:
        raise ValueError(f"{FILE_NAME} asks for version {syllabus.version} of the course, and this is {here}")


def text(syllabus):
    """A syllabus as a file, for everybody to read: all of it but the extensions, which name people."""
    lines = [f"version = {json.dumps(syllabus.version)}"] if syllabus.version else []
    lines.append(f'counts = "{syllabus.counts}"')
    lines += [f'timezone = "{syllabus.timezone.key}"'] if syllabus.timezone else []
    late = [f"per_day = {syllabus.per_day}"] if syllabus.per_day else []
    late += [f"days = {syllabus.days}"] if syllabus.days < math.inf else []
    lines += ["", "[late]", *late] if late else []
    for lesson, asked in syllabus.lessons.items():
        lines += ["", f"[lessons.{_number_of(lesson)}]"]
        lines += [f"due = {asked.due.isoformat(' ')}"] if asked.due else []
        lines += [f"points = {asked.points}"] if asked.points is not None else []
    return "\n".join([*lines, ""])


@functools.lru_cache(10_000)  # each name of a class is compared with each extension
def _folded(name):
    return unicodedata.normalize("NFC", name).casefold().strip()


def _syllabus(stored):
    _require_keys(stored, "the file", "version", "counts", "timezone", "late", "lessons", "extensions")
    late, lessons = _table(stored, "late"), _table(stored, "lessons")
    _require_keys(late, "[late]", "per_day", "days")
    counts = stored.get("counts", BEST)
    if counts not in (BEST, LAST):
        raise ValueError(f'counts is {counts!r}; needed is "{BEST}" or "{LAST}"')
    zone = stored.get("timezone")
    try:
        zone = None if zone is None else zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError(f'timezone is {zone!r}; needed is one such as "Europe/Berlin"') from None
    extensions = stored.get("extensions", [])
    if not isinstance(extensions, list) or not all(isinstance(each, dict) for each in extensions):
        raise ValueError("extensions are needed as tables, each under [[extensions]]")
    asked = {}
    for name, table in lessons.items():
        lesson = named(name)
        if lesson in asked:
            raise ValueError(f"lesson {name} is there twice")
        asked[lesson] = _asked(name, lesson, table)
    return Syllabus(
        dict(sorted(asked.items())),
        counts,
        _number(late, "per_day", 0.0, 1),
        _number(late, "days", math.inf, math.inf),
        zone,
        _words(stored, "version"),
        tuple(_extension(each, asked) for each in extensions),
    )


def _asked(name, lesson, table):
    where = f"[lessons.{name}]"
    if not isinstance(table, dict):
        raise ValueError(f"lesson {name} is {table!r}; needed is a table, {where}")
    _require_keys(table, where, "due", "points")
    points = _number(table, "points", None)
    if points and not any(problem.points for each in LESSONS if each.LESSON == lesson for problem in each.PROBLEMS):
        raise ValueError(f"{where} has points, and its exercises have none that could earn them")
    return Asked(_date(table, where), points)


def _extension(stored, asked):
    _require_keys(stored, "an extension", "learner", "lesson", "days", "due")
    learner = str(stored["learner"]) if type(stored.get("learner")) is int else _words(stored, "learner")
    if not learner:
        raise ValueError("an extension needs a learner")
    where = f"the extension of {learner}"
    if ("days" in stored) == ("due" in stored):
        raise ValueError(f"{where} needs either days or due")
    lesson = named(stored["lesson"]) if "lesson" in stored else ""
    if not any(asked[each].due for each in asked if lesson in ("", each)):
        due = f"{lesson} has no date" if lesson else "no lesson has a date"
        raise ValueError(f"{where} changes nothing, since {due} in this file")
    return Extension(learner, lesson, _number(stored, "days", 0, _LONGEST), _date(stored, where))


def named(name):
    """The name of the notebook that is meant by "01", or by the name itself. ValueError where there is none."""
    for lesson in LESSONS:
        if name in (lesson.LESSON, _number_of(lesson.LESSON)):
            return lesson.LESSON
    numbers = ", ".join(_number_of(lesson.LESSON) for lesson in LESSONS)
    raise ValueError(f"there is no lesson {name!r}; there are {numbers}")


def _number_of(lesson):
    return lesson.partition("_")[0]


def _table(stored, name):
    table = stored.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{name} is {table!r}; needed is a table, [{name}]")
    return table


def _words(table, key):
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is {value!r}; needed is text in quotes")
    return value.strip()


def _require_keys(table, where, *known):
    for key in table:
        if key not in known:
            raise ValueError(f"{where} has {key!r}; what may stand there is {', '.join(known)}")


def _number(table, key, default, most=_MOST):
    """A number of a table, from 0 to `most`; the default where there is none."""
    if key not in table:
        return default
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        limit = f"from 0 to {most}" if most < math.inf else "0 or more"
        raise ValueError(f"{key} is {value!r}; needed is a number, {limit}")
    return value


def _date(table, where):
    value = table.get("due")
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):  # the whole day
        value = datetime.datetime.combine(value, datetime.time(23, 59, 59))
    if value is None or (isinstance(value, datetime.datetime) and value.year in _YEARS):
        return value
    given = repr(value) if isinstance(value, str) else value
    raise ValueError(f"due of {where} is {given}; needed is a date such as 2026-10-05 23:59:00, or no due for never")
