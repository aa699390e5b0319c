"""What one learner handed in: which of the files count, and what is wrong with the rest."""

import hashlib
import itertools
import os
import re
import unicodedata
from dataclasses import dataclass, replace

from bplib.course import files
from bplib.grading import archives, listings
from bplib.grading.archives import NOTEBOOK, OTHER, TROUBLE, ZIP, Item, Refused, TooBig

_LONGEST_SLUG = 60
EXERCISES = "exercises"
_OURS = {"bplib", "notebooks", "solutions", "tests"}  # what else a clone of the course holds
_PACKAGE = ("bplib", "course")  # where a learner has moved exercises/ away, a clone is known by this


@dataclass(frozen=True)
class Notebook:
    """A notebook that was handed in, not loaded: a class of 10,000 does not fit into memory.

    path        the path inside of the hand-in, for people
    item        what it is read from; it can be sent to another process
    when        when it was handed in, in the time of whoever wrote it down, as "2026-10-05T14:30:22"; "" if not known
    late        whether the LMS says that it came late
    download    the zip or folder of the LMS that it came in, as in `Entry`
    attachment  Canvas's number of the file, which counts upward; 0 for others
    """

    path: str
    item: Item
    when: str = ""
    late: bool = False
    download: str = ""
    attachment: int = 0

    def read(self):
        """The content, bytes, the same each time. ValueError, in one line, if it cannot be read any more."""
        return self.item.read()

    @property
    def stored(self):
        """When the file was written on this disk that it is in, as a number that grows; 0 where that is not known."""
        try:
            return os.stat(self.item.where[0]).st_mtime
        except (OSError, IndexError):
            return 0


@dataclass(frozen=True)
class Entry:
    """A learner as one LMS names them, in one of its downloads.

    lms       "moodle", "canvas", "gradescope", "blackboard" or "brightspace"; "" where it is none
    download  the zip or folder that the LMS gave, for people; "" where that is all there is
    identity  the number or account there; "" if there is none
    name      as the LMS writes it
    email     "" if it is not known
    changed   when they changed what they handed in there, as sheets of Moodle's say: times, the last one last
    """

    lms: str
    download: str
    identity: str
    name: str
    email: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handed:
    """What one learner handed in.

    learner    a name that people can read, unique in the class
    identity   what a roster or an LMS calls the learner, to match a gradebook; "" if it is not known
    notebooks  a tuple of `Notebook`
    problems   a tuple of lines: what could not be read, and why
    late       whether the LMS says that it came late
    entries    a tuple of `Entry`: who it is, for each LMS and download that something came from
    absent     whether the learner is on the roster alone
    stranger   whether there is a roster, and the learner is not on it
    """

    learner: str
    identity: str
    notebooks: tuple[Notebook, ...]
    problems: tuple[str, ...]
    late: bool
    entries: tuple[Entry, ...] = ()
    absent: bool = False
    stranger: bool = False

    @property
    def slug(self):
        """The learner as a name of a file."""
        return slug(self.learner)


def slug(learner):
    """A name for files, of a-z, 0-9 and hyphens, made of a learner's name alone; other names give other slugs.

    What gets lost on the way is made up for by the start of a hash, so that Ada, ada and Äda stay three on any disk.
    """
    plain = "".join(map(_plain, unicodedata.normalize("NFKD", learner))).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_SLUG].strip("-")
    # A name that ends like a hash could be made to take another one's place; con and nul are devices to Windows.
    if plain and plain == learner and not re.search(r"-[0-9a-f]{10}$|^(con|prn|aux|nul|com\d|lpt\d)$", plain):
        return plain
    return f"{plain or 'learner'}-{hashlib.sha256(learner.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def merged(learner, identity, parts, entries=()):
    """One hand-in of several that are one person's, with these entries in front of theirs.

    Where there are several, a path begins with the download that it came in, and no two are the same.
    """
    notebooks, problems, taken = [], [], set()
    for part in parts:
        head = f"{part.entries[0].download or part.learner}/" if len(parts) > 1 else ""
        for notebook in part.notebooks:
            has_head = notebook.download and notebook.path.startswith(f"{notebook.download}/")
            path = _free(notebook.path if has_head else f"{head}{notebook.path}", taken)
            taken.add(path)
            notebooks.append(replace(notebook, path=path))
        problems += [f"{head.rstrip('/')}: {line}" if head else line for line in part.problems]
    return Handed(
        learner,
        identity,
        tuple(notebooks),
        tuple(problems),
        late=any(part.late for part in parts),
        entries=(*entries, *(entry for part in parts for entry in part.entries)),
        absent=not parts,
    )


def alphabetical(name):
    """A key by which names stand as in a list for people: letters with accents and strokes with their plain ones."""
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return "".join(map(_plain, letters)).casefold(), name.casefold(), name


def _plain(letter):
    """The letter that another is made of, which no normal form takes apart: L for Ł, which is an L with stroke."""
    found = re.fullmatch(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z]) WITH .*", unicodedata.name(letter, ""))
    return found[2] if found else letter


# Gathering


def gather(learner, identity, items, late, said=None):
    """What counts of the items of one learner: a `Handed`. It raises for nothing that is in them.

    Zip files are opened. Of a clone of the course, exercises/ counts, and not our own lessons, solutions and released
    copies; and of a notebook that was reset the fresh one, where there is one. said is {where of an item: dict of when,
    late, download and attachment}, which hold for what is in a zip too.
    """
    budget, said = _Budget(), said or {}
    expanded = [each for item in items for each in _expanded(item, budget)]
    items = without_the_rest_of_clones(expanded)
    problems = [_line(item, item.trouble) for item in items if item.trouble]
    candidates = sorted((item for item in items if item.kind == NOTEBOOK), key=lambda item: item.parts)
    if len(candidates) > archives.MAX_FILES:
        problems.append(f"it holds {len(candidates)} notebooks, more than the {archives.MAX_FILES} that are read")
        return Handed(learner, identity, (), tuple(problems), late)
    notebooks, paths = [], set()
    for item in _without_old_copies(candidates):
        try:
            if len(item.where) > 1:
                # Unpacked once already now, to count it and to learn whether it is whole.
                budget.read(item, archives.MAX_NOTEBOOK_BYTES)
            path = _free(item.path, paths)
            paths.add(path)
            outer = (item.where[:length] for length in range(len(item.where), 0, -1))
            notebooks.append(Notebook(path, item, **next((said[where] for where in outer if where in said), {})))
        except Refused as error:
            problems.append(_line(item, error))
            if budget.left <= 0:
                break
    if not candidates and not any(item.kind == TROUBLE for item in items):
        others = [item.path for item in items if item.kind == OTHER]
        ours = " but those of the course" if len(items) < len(expanded) else ""
        problems.append(f"there is no notebook in it{ours}" + (f", only {listings.some(others, 3)}" if others else ""))
    return Handed(learner, identity, tuple(notebooks), tuple(dict.fromkeys(problems)), late)


def _free(path, taken):
    numbered = (f"{path} ({number})" for number in itertools.count(2))
    return next(each for each in itertools.chain([path], numbered) if each not in taken)


def _line(item, trouble):
    return f"{item.path}: {trouble}" if item.parts else str(trouble)


def _without_old_copies(notebooks):
    there = {item.parts for item in notebooks}
    return [
        item for item in notebooks if not item.parts or (*item.parts[:-1], files.original(item.parts[-1])) not in there
    ]


class _Budget:
    """What the zip files of one learner may still unpack to."""

    def __init__(self):
        self.left = archives.MAX_UNPACKED_BYTES

    def read(self, item, limit):
        """The content of an item. Refused as by item.read, and when the budget is used up."""
        try:
            content = item.read(min(limit, max(self.left, 0)))
        except Refused as error:
            self.left -= error.spent
            if isinstance(error, TooBig) and self.left < limit:
                self.left = 0
                most = archives.MAX_UNPACKED_BYTES / 1e6
                raise Refused(f"what is zipped unpacks to more than {most:.4g} MB; no more of it was read") from None
            raise
        self.left -= len(content)
        return content


def _expanded(item, budget):
    """The item, or if it is a zip what is in it."""
    if item.kind != ZIP:
        return [item]
    depth = len(item.where)
    try:
        if depth > archives.MAX_NESTING:
            raise Refused("a zip in a zip in a zip is not opened")
        inner = listings.in_zip(item, budget.read(item, archives.MAX_UNPACKED_BYTES) if depth > 1 else None)
        if sum(each.kind in (NOTEBOOK, ZIP) for each in inner) > archives.MAX_FILES:
            raise Refused(f"it holds more than {archives.MAX_FILES} notebooks and zip files, and was refused")
    except Refused as error:
        return [replace(item, kind=TROUBLE, trouble=str(error))]
    inner = [replace(each, parts=item.parts + each.parts) for each in inner]
    return [deeper for each in inner for deeper in _expanded(each, budget)]


def without_the_rest_of_clones(items):
    """Items without what is ours in clones of the course: folders with notebooks in exercises/, or with our package."""
    roots = set()
    for item in items:
        below = [part.lower() for part in item.parts[:-1]]  # Windows may spell it in capitals
        if item.kind == NOTEBOOK and EXERCISES in below:
            roots.add(item.parts[: below.index(EXERCISES)])
        if (place := package(below)) is not None:
            roots.add(item.parts[:place])
    return [
        item
        for item in items
        if not any(part.lower() in _OURS and item.parts[:place] in roots for place, part in enumerate(item.parts))
    ]


def package(folders):
    """Where our package begins in a path of folders, in small letters; None if it is not there."""
    return next((k for k in range(len(folders) - 1) if (*folders[k : k + 2],) == _PACKAGE), None)


def is_clone(items):
    """Whether items are those of a clone of the course, and of nothing else: all its folders are ours."""
    folders = [folder.lower() for folder in {item.parts[0] for item in items}]
    return (
        folders.count(EXERCISES) == 1
        and {*folders} <= {EXERCISES, *_OURS}
        and any(item.kind == NOTEBOOK and item.parts[0].lower() == EXERCISES for item in items if item.parts[1:])
    )
