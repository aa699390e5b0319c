"""The sheets that were given for a class, in this run or in one before: each is kept with the results, as it was given.

So a time, who is who and the members of a group, once read, are known in every run, and every run fills all sheets in.
"""

from pathlib import Path

from bplib.grading import archives, listings
from bplib.grading.classes.cells import Sheet
from bplib.grading.classes.people import downloads, naming
from bplib.grading.classes.sheets import exports
from bplib.grading.classes.sheets.placing import MOODLE

FOLDER = "exported"
_LARGEST = 20_000_000


def read(paths, folder):
    """({name: content} of the sheets at these paths, the same of those that the folder keeps from runs before, lines).

    A sheet takes the place of one that was kept of the same people, whatever either is called: of Moodle's a number is
    in one assignment alone, and of others more than half of the people must be the same. A line says so where the names
    differ. Where somebody gives another one under a name that is taken, as of the next week, what was kept gets a
    number behind its name. ValueError, in one sentence, for what is no sheet.
    """
    given, before, lines = {}, {}, []
    for path in map(Path, paths):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror}") from None
        _require_a_sheet(path.name, content)
        given[_free(path.name, given)] = content
    newer = {name: _people(content) for name, content in given.items()}
    for path in sorted(folder.glob("[!.]*")):
        content = path.read_bytes()
        _require_a_sheet(f"{path}, from a run before,", content)
        older = _people(content)
        instead = [name for name, people in newer.items() if _are_same(*people, *older)]
        if not instead:
            before[_free(path.name, {**given, **before})] = content
        elif path.name not in instead:
            lines.append(f"{instead[0]} is newer than {path.name}, which a run before was given, and takes its place")
    return given, before, lines


def newest(given, sheets):
    """(given without the older of two sheets of one assignment of Moodle's, sheets without it, lines about it).

    sheets is what `participants` gives. The newer one knows of the later hand-in, and keeps the times of the older.
    """
    kept, known, lines = dict(given), dict(sheets), []
    for name in given:
        same = [other for other in kept if known.get(other, {}).keys() & known.get(name, {}).keys()]
        last = max(reversed(same), key=lambda other: max(each.when for each in known[other].values()), default=name)
        if last != name:
            lines.append(f"{last} is newer than {name}, and takes its place")
            older = known.pop(name)
            known[last] = {
                number: each.after(older[number].times if number in older else ())
                for number, each in known[last].items()
            }
            del kept[name]
    return kept, known, lines


def with_times(sheets, times):
    """(sheets of `newest` with the times that sheets of runs before have said, {number: [times]} of both)."""
    known = {
        name: {number: each.after(times.get(number, ())) for number, each in people.items()}
        for name, people in sheets.items()
    }
    return known, times | {number: [*each.times] for people in known.values() for number, each in people.items()}


def participants(sheets):
    """({name of a sheet: {number: Participant}} of those of Moodle's, lines about what is not read of them)."""
    found, lines = {}, []
    for name, content in sheets.items():
        found[name], said = exports.participants(content)
        lines += [f"{name}: {line}" for line in said]
    return {name: people for name, people in found.items() if people}, lines


def left_aside(source, sheets):
    """Lines about grading worksheets among the hand-ins, of which nothing is read: a learner may have made them."""
    source, lines = Path(source), []
    for path in sorted(source.glob("*.csv")) if source.is_dir() else ():
        try:
            content = archives.Item((path.name,), archives.OTHER, (str(path),)).read(_LARGEST)
            people, _ = exports.participants(content)
        except (ValueError, IndexError):  # it is somebody's, and whatever it is
            continue
        if people and content not in sheets.values() and not downloads.named(path.name):
            lines.append(
                f"{listings.clean(path.name)}, which lies among the hand-ins, was not read: if it is yours, give it"
                " with --fill, and its times, names and groups count"
            )
    return lines


def _require_a_sheet(name, content):
    try:
        exports.known(Sheet(content))
    except ValueError as error:
        raise ValueError(f"{name} is not filled: {error}") from None


def _people(content):
    """(whose sheet it is, what that LMS knows those by who are in it)."""
    sheet = Sheet(content)
    export = exports.known(sheet)
    return export.lms, {export.key(sheet.rows[row][k]) for row in export.people for k in export.keys} - {""}


def _are_same(lms, people, its_lms, its_people):
    """Whether two sheets are of one assignment of Moodle's, or of one class in another LMS."""
    same = len(people & its_people)
    return lms == its_lms and (same > 0 if lms == MOODLE else 2 * same > min(len(people), len(its_people)))


def _free(name, taken):
    path = Path(name)
    return next(each for stem in naming.numbered(path.stem) if (each := f"{stem}{path.suffix}") not in taken)
