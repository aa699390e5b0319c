"""Which lesson a notebook is of, and what its name says besides: whose it is; and how people's names are compared."""

import functools
import itertools
import re
import unicodedata

from bplib.course import files
from bplib.course.notebooks import releases, submissions
from bplib.grading import archives, listings
from bplib.grading.archives import NOTEBOOK, ZIP, Refused

_MOST_PROBED = 200_000_000  # bytes that are unpacked of one folder or zip to find out what it is
_COPY = re.compile(r"-[0-9]+$|\s*\([0-9]+\)$")  # 01_loss_functions-1 is Canvas's, 01_loss_functions (1) a browser's


def stem(name):
    """The name of a notebook or zip without its ending."""
    return re.sub(r"\.(ipynb(\.txt)?|zip)$", "", name, flags=re.IGNORECASE)


def without_copy(name):
    """A name without what Canvas or a browser adds to one that is there already."""
    return _COPY.sub("", name)


def numbered(name):
    """A name, and the same with a number behind it, without end."""
    return itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))


def letters(name):
    """The letters and digits of a name, without case: of "Ada Lovelace" what Canvas writes, "adalovelace"."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name).casefold())


def learner(file, lessons):
    """The learner that the name of a file leaves when that of a lesson is taken away; "" if nothing is left."""
    left = without_copy(stem(files.original(file) or file))
    for lesson in lessons:
        left = _lesson(lesson).sub(" ", left)
    return without_copy(left).strip(" _.-")


def lesson(file):
    """The lesson that the name of a file says, with its folders or without; "" if it says none."""
    said = stem(file.rpartition("/")[2])
    return next((name for name in map(stem, releases.released_notebooks()) if _lesson(name).search(said)), "")


@functools.cache
def _lesson(name):
    return re.compile(rf"(?:^|[\s_.-]+){re.escape(name)}(?=$|[\s_.-])", re.IGNORECASE)


class Lessons:
    """Which lesson a notebook is of: its name says it, or what is in it, which is read only when that is asked."""

    def __init__(self):
        """Know the lessons of the course, and of no notebook yet."""
        self.names = tuple(stem(lesson) for lesson in releases.released_notebooks())
        self._found, self._left = {}, _MOST_PROBED

    def begin(self):
        """Allow as much to be unpacked as for a folder or zip that nothing is known of."""
        self._left = _MOST_PROBED

    def held(self, items):
        """The lessons of the notebooks among items, and of those in zips among them: a set."""
        return set().union(*(self._of(item) for item in items if item.kind in (NOTEBOOK, ZIP)))

    def _of(self, item):
        if item.where not in self._found:
            name = stem(item.parts[-1])
            named = {lesson for lesson in self.names if _lesson(lesson).search(name)}
            self._found[item.where] = named or self._read(item)
        return self._found[item.where]

    def _read(self, item):
        zipped = len(item.where) > 1
        try:
            if item.kind == ZIP:
                return self.held(listed(item))
            content = self._unpacked(item) if zipped else item.read()
            return {submissions.lesson_of(submissions.parse(content)[0])[0]}
        except ValueError:
            return set()

    def _unpacked(self, item):
        try:
            content = item.read(min(archives.MAX_NOTEBOOK_BYTES, max(self._left, 0)))
        except Refused as error:
            self._left -= error.spent
            raise
        self._left -= len(content)
        return content


def listed(item):
    """What is in a zip, which may be in another one, as `listings.in_zip`. Refused where nobody would read it."""
    if len(item.where) > archives.MAX_NESTING:
        raise Refused("a zip in a zip in a zip is not opened")
    return listings.in_zip(item, item.read(_MOST_PROBED) if len(item.where) > 1 else None)
