"""Whom Moodle's downloads mean, where its grading worksheets, or the groups on a roster, say more than a folder's name.

The number in a name is that of a participant, one person in one assignment; no other on the same site has it. Where
groups hand in together it is another one, or none:

    Group 1_31_assignsubmission_file/                   since 4.1 a group, with its number; the default one has none
    Group 1-Ada Lovelace_1001_assignsubmission_file_/   before, each member, with what the group has handed in

Then what a group has handed in is that of each member, and numbers of groups are those of nobody. In another
assignment a person has another number, and the sheets of both know them by one ID number.

Sources in moodle/moodle: get_uniqueid_for_user_static in mod/assign/locallib.php; get_student_prefix in
mod/assign/classes/downloader.php, and download_submissions in the locallib.php of versions before; col_team in
mod/assign/gradingtable.php; clean_filename in lib/moodlelib.php.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from bplib.grading import handins
from bplib.grading.classes.people import downloads, naming

_MOODLE = "moodle"
_GROUP = re.compile(r"(?:group|gruppe|team)\s[^-]*", re.IGNORECASE)  # as Moodle proposes, and most call them


@dataclass(frozen=True)
class Participant:
    """Somebody in a grading worksheet: number, full name, other identities, address, and when they changed what they
    have handed in: the last time, and before as older sheets have said.

    cells is all that stands about them before the grade, a column each: one of them is that of the group.
    """

    number: str
    name: str
    identities: tuple[str, ...] = ()
    email: str = ""
    cells: tuple[str, ...] = ()
    when: str = ""
    before: tuple[str, ...] = ()

    @property
    def times(self):
        """All known times of changes, in their order."""
        return tuple(sorted({*self.before, self.when} - {""}))

    def after(self, times):
        """The same, with the times that older sheets have said."""
        return replace(self, before=(*self.before, *times))


def known(handed, sheets, people=(), top=""):
    """(hand-ins, `handins.Handed`, as those know them who are in the sheets; lines about groups that nobody knows).

    sheets is {name of a file: {number: Participant}}, people a roster, and top what the class was given as. A hand-in
    of a group is one of each of its members. Of a person in a sheet the entries say address and other identities, too,
    and when the person has changed what is there; over several assignments they are one.
    """
    everybody = {}
    for number, each in (pair for sheet in sheets.values() for pair in sheet.items()):
        if number not in everybody or each.when >= everybody[number].when:
            everybody[number] = each
    names = defaultdict(set)
    for entry in (entry for each in handed for entry in each.entries if entry.lms == _MOODLE):
        names[entry.download].add(entry)
    chosen, results = _sheets_of(names, sheets, top), []
    of_roster = {download: _on_roster(names[download], people) for download in names.keys() - chosen.keys()}
    groups = {
        download: chosen.get(download) or of_roster[download]
        for download, entries in names.items()
        if download in chosen or of_roster[download] or _are_groups(entries, everybody)
    }
    behind = {download: _behind_groups(entries, people) for download, entries in names.items()}
    for each in handed:
        if any(entry.download in groups for entry in each.entries if entry.lms == _MOODLE):
            for entry in each.entries:
                results += _members(_part(each, entry), entry, groups.get(entry.download, {}))
        elif any(entry.lms == _MOODLE for entry in each.entries):
            results.append(_individual(each, everybody, behind))
        else:
            results.append(each)
    return _distinct(_joined(results)), [
        f"{download or top}: groups have handed in together, so the numbers in it are of groups and of no participant;"
        " give Moodle's grading worksheet with --fill, under the name that Moodle gave it, and each member gets grade"
        " and page"
        for download in sorted(groups.keys() - chosen.keys())
    ]


def _individual(handed, everybody, behind):
    """A hand-in of one person, who has more names by the sheets, and another one where a group's was before it."""
    entries, learner = [], handed.learner
    for entry in handed.entries:
        person, name, more = everybody.get(entry.identity), entry.name, ()
        if person and _agrees(person, entry):
            if "-" in name and person.name and _as_file(name) != _as_file(person.name):
                name = person.name
            more = _identities(entry.download, person.name or name, person.identities, person.email)
            entry = replace(entry, email=entry.email or person.email, changed=person.times)
        else:
            name = behind[entry.download].get(name, name)
        learner = learner if name == entry.name else name
        entries += [replace(entry, name=name), *more]
    return replace(handed, learner=learner, entries=tuple(entries))


def _identities(download, name, identities, email):
    """What else is known of somebody; of the same download, since it stands for nobody beside them in it."""
    return tuple(handins.Entry("", download, identity, name, email) for identity in identities)


def _agrees(person, entry):
    """Whether a number in a name may be that of a participant, and is not that of a group."""
    if not person.name or downloads.is_hidden(entry.name, entry.identity):
        return True
    name = _as_file(person.name)
    return _as_file(entry.name) == name or _as_file(entry.name).endswith(f"-{name}")


# Groups


def _part(handed, entry):
    """What of a hand-in came in the download of one of its entries."""
    if len(handed.entries) == 1:
        return handed
    return replace(handed, notebooks=tuple(one for one in handed.notebooks if one.download == entry.download))


def _members(part, entry, groups):
    """What a group has handed in, once for each of its members; nobody's where they are not known."""
    members = groups.get(_as_file(entry.name), ())
    if members:
        return [_member(part, entry, person) for person in members]
    line = "it is a group's, and nothing says who is in it"
    return [replace(part, identity="", entries=(replace(entry, identity=""),), problems=(*part.problems, line))]


def _member(part, entry, person):
    """What a group has handed in, as that of one of its members, a `Participant` or one of a roster."""
    number, times = getattr(person, "number", ""), getattr(person, "times", ())
    own = handins.Entry(_MOODLE, entry.download, number, person.name or entry.name, person.email, times)
    more = _identities(entry.download, own.name, person.identities, person.email)
    name = own.name or (f"Participant {number}" if number else entry.name)
    return replace(part, learner=name, identity=number, entries=(own, *more))


def _are_groups(entries, everybody):
    """Whether what is in a download is of groups, though nothing says which."""
    if any(entry.identity in everybody and _agrees(everybody[entry.identity], entry) for entry in entries):
        return False
    return any(not entry.identity or _GROUP.fullmatch(entry.name) for entry in entries)


def _sheets_of(names, sheets, top):
    """The members of the groups in each download that has a sheet: {download: {group as a file's name: members}}."""
    fitting = {}
    for download, entries in names.items():
        groups = {_as_file(entry.name) for entry in entries}
        members = {name: _by_group(groups, list(sheet.values())) for name, sheet in sheets.items()}
        members = {name: found for name, found in members.items() if found}
        number = _module(download or top)
        same = {name: found for name, found in members.items() if number and _module(name) == number}
        open_ones = {name: found for name, found in members.items() if not number or not _module(name)}
        fitting[download] = same or open_ones
    claimed = Counter(name for found in fitting.values() for name in found)
    chosen = {}
    for download, found in fitting.items():
        if len(found) == 1 and claimed[next(iter(found))] == 1:
            chosen[download] = next(iter(found.values()))
    return chosen


def _module(name):
    """The number that Moodle puts behind the names of both, zip and sheet, of one assignment; "" if it is not there."""
    match = re.search(r"-([0-9]+)(?: ?\([0-9]+\))?(?:\.[a-z]+)?$", name, re.IGNORECASE)
    return match[1] if match else ""


def _by_group(groups, sheet):
    """{group: participants}, by the column that holds more than half of the groups; {} if none does."""
    best = {}
    for column in range(max((len(each.cells) for each in sheet), default=0)):
        held = defaultdict(list)
        for each in sheet:
            held[_as_file(each.cells[column])].append(each)
        if 2 * len(groups & held.keys()) > max(len(groups), 2 * len(groups & best.keys())):
            best = held
    return best


def _on_roster(entries, people):
    """{group: people} by a roster, if it knows more than half of the groups in a download."""
    held = defaultdict(list)
    for person in people:
        for group in person.groups:
            held[_as_file(group)].append(person)
    groups = {_as_file(entry.name) for entry in entries}
    return held if 2 * len(groups & held.keys()) > len(groups) else {}


def _behind_groups(entries, people):
    """{name: what stands behind that of a group}, where most of a download are on the roster by that alone."""
    there = {_as_file(person.name) for person in people if person.name}
    found = {entry.name: _behind_group(entry.name, there) for entry in entries if "-" in entry.name}
    found = {name: behind for name, behind in found.items() if behind}
    is_so = len(entries) > 1 and 2 * len(found) > len(entries) and all("-" in entry.name for entry in entries)
    return found if is_so else {}


def _behind_group(name, there):
    """What is behind the first hyphen of a name behind which somebody's name stands; "" if that is nowhere so."""
    if _as_file(name) in there:
        return ""
    places = (match.end() for match in re.finditer("-", name))
    return next((name[place:] for place in places if _as_file(name[place:]) in there), "")


def _as_file(name):
    """A name as Moodle writes it into one of a file, and without case."""
    name = re.sub(r"[\x00-\x1f&<>\"`|':\\/]", "", unicodedata.normalize("NFC", name)).replace("_", " ")
    return " ".join(name.casefold().split())


def _joined(handed):
    """Hand-ins, of which those are one that the sheets of several assignments know by one identity and one name."""
    of_person, results = defaultdict(list), []
    for each in handed:
        # What a sheet says of somebody stands in an entry of no LMS, beside that of Moodle.
        known = [entry for entry in each.entries if not entry.lms] if len(each.entries) > 1 else []
        of_person[(known[0].identity, _as_file(known[0].name)) if known else object()].append((each, known))
    for found in of_person.values():
        parts = [each for each, _ in found]
        downloads_of = [{entry.download for entry in part.entries} for part in parts]
        if len(parts) == 1 or len(set().union(*downloads_of)) < sum(map(len, downloads_of)):
            results += parts  # who is in one download twice is two people
        else:
            results.append(handins.merged(found[0][1][0].name, found[0][1][0].identity, parts))
    return results


def _distinct(handed):
    """Hand-ins with a name each that no other has: with the number where they would be the same."""
    times, taken, results = Counter(each.learner for each in handed), set(), []
    for each in handed:
        name = each.learner
        if times[name] > 1:
            numbered = naming.numbered(f"{name} ({each.identity})" if each.identity else name)
            name = next(one for one in numbered if one not in taken and (one == each.learner or one not in times))
        taken.add(name)
        results.append(replace(each, learner=name))
    return results
