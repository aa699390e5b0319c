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

All of it may be left out, and whoever has no such file misses nothing.
"""

import datetime
import math
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from bplib.course.problems import LESSONS

FILE_NAME = "course.toml"
BEST, LAST = "best", "last"


@dataclass(frozen=True)
class Asked:
    """A lesson of the term: when it is due (None: never) and what it is worth (None: the points of its exercises)."""

    due: datetime.datetime | None = None
    points: float | None = None


@dataclass(frozen=True)
class Extension:
    """More time for a learner: in one lesson, or in all (""), so many days, or until a date."""

    learner: str
    lesson: str = ""
    days: float = 0
    due: datetime.datetime | None = None


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
        """When a lesson is due for a learner, who is known by these names; None where it never is."""
        due = self.lessons[lesson].due if lesson in self.lessons else None
        known = {name.casefold() for name in names}
        latest = [due] if due else []
        for extension in self.extensions:
            if extension.learner.casefold() in known and extension.lesson in ("", lesson):
                if extension.due:
                    latest.append(extension.due)
                elif due:
                    latest.append(due + datetime.timedelta(days=extension.days))
        return max(latest, default=None, key=self.moment)

    def days_late(self, lesson, when, names=()):
        """How many days have begun since a lesson was due, when it was handed in; 0 in time, None if that is unknown.

        when is a time as text, "2026-10-05T14:30:22", of the time zone of the term where it names none.
        """
        due = self.due(lesson, names)
        if due is None:
            return 0
        if not when:
            return None
        return max(0, math.ceil((self.instant(when) - self.moment(due).timestamp()) / 86400))

    def share(self, days_late):
        """The share of the points that is left after so many days: 1 - per_day * days, and 0 after the last one."""
        if not days_late:
            return 1.0
        return 0.0 if days_late > self.days else max(0.0, 1 - self.per_day * days_late)

    def instant(self, when):
        """The seconds at a time that is text, of the time zone of the term where it names none; "" is before all."""
        return self.moment(datetime.datetime.fromisoformat(when)).timestamp() if when else -math.inf

    def moment(self, time):
        """A time with its zone."""
        return time if time.tzinfo else time.replace(tzinfo=self.timezone) if self.timezone else time.astimezone()


def read(path):
    """The syllabus in a file. ValueError, in one sentence, for what it cannot mean."""
    path = Path(path)
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
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
    here = metadata.version("bplib-course")
    if syllabus.version and syllabus.version != here:
        raise ValueError(f"{FILE_NAME} asks for version {syllabus.version} of the course, and this is {here}")


def _syllabus(stored):
    _require_keys(stored, "the file", "version", "counts", "timezone", "late", "lessons", "extensions")
    late, lessons = _table(stored, "late"), _table(stored, "lessons")
    _require_keys(late, "[late]", "per_day", "days")
    counts = stored.get("counts", BEST)
    if counts not in (BEST, LAST):
        raise ValueError(f'counts is {counts!r}; needed is "{BEST}" or "{LAST}"')
    per_day = _number(late, "per_day", 0.0)
    if per_day > 1:
        raise ValueError(f"per_day is {per_day:g}; needed is a share, from 0 to 1")
    zone = stored.get("timezone")
    try:
        zone = zone and zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError):
        raise ValueError(f'timezone is {zone!r}; needed is one such as "Europe/Berlin"') from None
    extensions = stored.get("extensions", [])
    if not isinstance(extensions, list) or not all(isinstance(each, dict) for each in extensions):
        raise ValueError("extensions are needed as tables, each under [[extensions]]")
    return Syllabus(
        {_lesson(name): _asked(name, asked) for name, asked in sorted(lessons.items())},
        counts,
        per_day,
        _number(late, "days", math.inf),
        zone,
        str(stored.get("version", "")),
        tuple(map(_extension, extensions)),
    )


def _asked(name, asked):
    if not isinstance(asked, dict):
        raise ValueError(f"lesson {name} is {asked!r}; needed is a table, [lessons.{name}]")
    _require_keys(asked, f"[lessons.{name}]", "due", "points")
    points = _number(asked, "points", None)
    return Asked(_date(asked, f"[lessons.{name}]"), points)


def _extension(stored):
    _require_keys(stored, "an extension", "learner", "lesson", "days", "due")
    learner = str(stored.get("learner", "")).strip()
    if not learner:
        raise ValueError("an extension needs a learner")
    where = f"the extension of {learner}"
    if ("days" in stored) == ("due" in stored):
        raise ValueError(f"{where} needs either days or due")
    lesson = _lesson(stored["lesson"]) if "lesson" in stored else ""
    return Extension(learner, lesson, _number(stored, "days", 0), _date(stored, where))


def _lesson(name):
    """The name of the notebook that is meant by "01", or by the name itself."""
    for lesson in LESSONS:
        if name in (lesson.LESSON, lesson.LESSON.partition("_")[0]):
            return lesson.LESSON
    numbers = ", ".join(lesson.LESSON.partition("_")[0] for lesson in LESSONS)
    raise ValueError(f"there is no lesson {name!r}; there are {numbers}")


def _table(stored, name):
    table = stored.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{name} is {table!r}; needed is a table, [{name}]")
    return table


def _require_keys(table, where, *known):
    for key in table:
        if key not in known:
            raise ValueError(f"{where} has {key!r}; what may stand there is {', '.join(known)}")


def _number(table, key, default):
    value = table.get(key, default)
    if value is not default and (isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0):
        raise ValueError(f"{key} is {value!r}; needed is a number, 0 or more")
    return value


def _date(table, where):
    value = table.get("due")
    if isinstance(value, datetime.datetime) or value is None:
        return value
    if isinstance(value, datetime.date):  # the whole day
        return datetime.datetime.combine(value, datetime.time(23, 59, 59))
    raise ValueError(f"due of {where} is {value!r}; needed is a date, such as 2026-10-05 23:59:00")
