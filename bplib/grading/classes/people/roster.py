"""Who should be there: the list of a class, and which hand-in is whose of them.

The list is CSV, with commas, semicolons or tabs, and a first line that names its columns; what it has more is ignored:

    identity,name,email
    1001|alove,Ada Lovelace,ada@example.edu

Of these three any will do. An identity is whatever an LMS, a repository or a file calls the person; several stand with
a | between them, in columns of their own, or in rows of their own, which are one person's if they share an identity or
an address. The lists that LMSs export are read as they are: first and last names in two columns, Canvas's "Lovelace,
Ada" and its SIS columns, Brightspace's # before a number, Blackboard's UTF-16, Moodle's participants with their groups
and its grading worksheet, in English or German, and Gradescope's roster. Whoever has, in a column Role, only roles of
staff is passed over; with another one, with one that is not known here or with none somebody is a learner.

A hand-in is somebody's if its identity or address is theirs, or else its name. What fits two is nobody's, and says so.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from bplib.grading import handins, listings
from bplib.grading.classes.cells import Sheet
from bplib.grading.classes.people import downloads, layouts, naming

# Letters that are none of a to z are left out: Vollständiger Name.
_NAME = {"name", "fullname", "student", "studentname", "learner", "vollstndigername"}
_FIRST, _LAST = {"firstname", "givenname", "vorname"}, {"lastname", "surname", "familyname", "nachname"}
_EMAIL = {"email", "emailaddress", "mail", "emailadresse"}
_GROUPS = {"group", "groups", "gruppe", "gruppen"}
_IDENTITY = {
    *(
        "identity",
        "id",
        "identifier",
        "idnumber",
        "sid",
        "sisid",
        "sisuserid",
        "sisloginid",
        "login",
        "loginid",
        "user",
    ),
    *("username", "userid", "studentid", "studentnumber", "orgdefinedid", "github", "githubusername", "githubid"),
    *("idnummer", "anmeldename"),
}
_ROLE = {"role", "roles", "rolle", "rollen"}
# The roles of Gradescope, Canvas, Blackboard, Brightspace and Moodle beside that of a learner.
_STAFF = {
    *("instructor", "teacher", "noneditingteacher", "teachingassistant", "ta", "grader", "reader", "tutor", "lecturer"),
    *("observer", "designer", "coursebuilder", "coursecreator", "manager", "administrator", "admin", "owner", "staff"),
    *("trainer", "dozent", "lehrer", "betreuer", "kursersteller", "kursverwalter", "beobachter"),
}
_ENDING = re.compile("(in)?((mit|ohne)bearbeitungsrecht)?$")  # Trainer/in ohne Bearbeitungsrecht
_CANVAS = "sisuserid", "sisloginid", "section"
STUDENT_VIEW = "Student, Test", "Test Student"  # StudentViewEnrollment in canvas-lms, lib/gradebook_exporter.rb
_PARTICIPANT = re.compile(r"(?:participant|teilnehmer/?in)\s*([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """Somebody on the roster: an identity, a name and an address, "" where there is none, more identities, groups.

    canvas is what Canvas's gradebook has as SIS User ID, SIS Login ID and Section, () where the roster has none of it.
    """

    identity: str
    name: str
    email: str
    more: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    canvas: tuple[str, ...] = ()

    @property
    def identities(self):
        """All identities, the first one first."""
        return tuple(each for each in (self.identity, *self.more) if each)

    def __str__(self):
        known = " ".join(each for each in (self.identity, self.email) if each)
        return f"{self.name} ({known})" if self.name and known else self.name or known


# Reading


def read(path):
    """The people on a roster, in its order. ValueError, in one sentence, for what it cannot mean."""
    try:
        content = Path(path).read_bytes()
        sheet = Sheet(content).rows if content.strip() else []
    except FileNotFoundError:
        raise ValueError(f"there is no roster {path}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"the roster {path} cannot be read: {why}") from None
    rows = [row for row in sheet if any(map(str.strip, row))]
    columns = [re.sub(r"[^a-z]", "", column.lower()) for column in rows[0]] if rows else []
    if not {*columns} & (_NAME | _LAST | _EMAIL | _IDENTITY):
        has = ", ".join(listings.clean(column) for column in rows[0][:5]) if rows else "nothing"
        raise ValueError(f"the roster {path} begins with {has}; needed are the columns identity, name and email")
    people, numbers = [], {}
    rows = [list(zip(columns, map(listings.clean, row), strict=False)) for row in rows[1:]]
    for cells in rows:
        person = None if _is_staff(cells) else _person(cells)
        if person:
            _add(person, people, numbers, path)
    if not people:
        raise ValueError(f"the roster {path} names nobody{' but staff' if any(map(_is_staff, rows)) else ''}")
    return people


def _is_staff(cells):
    """Whether all roles in a row of (column, cell) are known as those of staff, and it has one."""
    roles = [role for column, cell in cells if column in _ROLE for role in re.split("[,;|]", cell) if role.strip()]
    roles = [re.sub("[^a-z]", "", role.lower()) for role in roles]
    return bool(roles) and all({role, _ENDING.sub("", role, count=1)} & _STAFF for role in roles)


def _person(cells):
    """The person in a row of (column, cell), None if it names nobody."""
    said = dict(cells)
    name = next((cell for column, cell in cells if column in _NAME and cell), "")
    parts = [cell for kind in (_FIRST, _LAST) for column, cell in cells if column in kind and cell]
    email = next((cell for column, cell in cells if column in _EMAIL and cell), "")
    each = [part.strip().removeprefix("#") for column, cell in cells if column in _IDENTITY for part in cell.split("|")]
    each = [_PARTICIPANT.sub(r"Participant \1", part) for part in each if part]
    each.sort(key=_is_participant)  # of one assignment, so that any other says more
    identity, *more = dict.fromkeys(each) or [""]
    cells = [cell for column, cell in cells if column in _GROUPS and cell]
    groups = tuple(dict.fromkeys(part.strip() for cell in cells for part in (cell, *cell.split(","))))
    name, canvas = name or " ".join(parts), tuple(said.get(column, "") for column in _CANVAS)
    if name == "Points Possible" or (_CANVAS[-1] in said and name in STUDENT_VIEW):
        return None
    person = Person(identity, name, email, tuple(more), groups, canvas if any(canvas) else ())
    return person if person.name or _keys(person) else None


def _is_participant(identity):
    return _PARTICIPANT.fullmatch(identity) is not None


def _add(person, people, numbers, path):
    """Add somebody to the people, or to whom of them has an identity or address of theirs; numbers says who has it."""
    same = {numbers[key] for key in _keys(person) if key in numbers}
    names = {_plain(each.name) for each in (*(people[number] for number in same), person) if each.name}
    if len(same) > 1 or len(names) > 1:
        raise ValueError(f"the roster {path} gives {person} what is also of {people[min(same)]}")
    number = same.pop() if same else len(people)
    if number < len(people):
        old = people[number]
        identity, *more = dict.fromkeys((*old.identities, *person.identities)) or [""]
        groups = tuple(dict.fromkeys((*old.groups, *person.groups)))
        name, email = old.name or person.name, old.email or person.email
        person = people[number] = Person(identity, name, email, tuple(more), groups, old.canvas or person.canvas)
    else:
        people.append(person)
    numbers.update(dict.fromkeys(_keys(person), number))


def _keys(person):
    return {each.casefold() for each in (*person.identities, person.email) if each}


# Matching


def matched(handed, people):
    """The hand-ins of a class, `handins.Handed`, by the people of its roster, who are named as there.

    All of one person's are one. Who has handed in nothing is absent, and who is not on the roster a stranger.
    """
    index, mine, strangers = Index(people), defaultdict(list), []
    for each in handed:
        fits = [index.people(entry) for entry in each.entries]
        by_name = not any(sure for _, sure in fits)
        found = set().union(*(numbers for numbers, sure in fits if sure or by_name))
        if len(found) == 1:
            mine[found.pop()].append((each, by_name))
        else:
            strangers.append(_stranger(each, [people[number] for number in sorted(found)]))
    names = _distinct([person.name or str(person) for person in people], people)
    results = []
    for number, person in enumerate(people):
        kept = [each for each, by_name in mine[number] if not by_name or not _twice(each, mine[number])]
        left = [each for each, _ in mine[number] if not any(each is one for one in kept)]
        strangers += [_stranger(each, [person], twice=True) for each in left]
        kept = [replace(each, problems=tuple(_told(each))) for each in kept]
        known = [handins.Entry("", "", each, person.name, person.email) for each in person.identities or ("",)]
        results.append(handins.merged(names[number], person.identity, kept, known))
    taken = set(names)
    for each in strangers:
        name = next(name for name in naming.numbered(each.learner) if name not in taken)
        taken.add(name)
        results.append(replace(each, learner=name))
    return sorted(results, key=lambda each: handins.alphabetical(each.learner))


class Index:
    """Who on the roster is called how."""

    def __init__(self, people):
        """Know these people, `Person`."""
        self.by_key, self.by_name, self.by_letters = defaultdict(set), defaultdict(set), defaultdict(set)
        for number, person in enumerate(people):
            for key in _keys(person):
                self.by_key[key].add(number)
            for form in _forms(person.name):
                self.by_name[_plain(form)].add(number)
                self.by_letters[naming.letters(form)].add(number)

    def people(self, entry):
        """(the numbers of the people whom an entry fits, whether by more than the name)."""
        names = self.by_name.get(_plain(entry.name)) or self.by_letters.get(naming.letters(entry.name)) or set()
        keys = [entry.identity, entry.email, *([] if entry.lms else [entry.name])]
        if entry.lms == "moodle":
            # Its numbers are of one assignment, or of a group, so that they say something about people of that name
            # only; where it hides names, its own sheet has "Participant 1001".
            chosen = names & self.by_key.get(entry.identity.casefold(), set())
            mine = self.by_key.get(f"participant {entry.identity}", set())
            chosen |= mine if downloads.is_hidden(entry.name, entry.identity) else names & mine
            return chosen or names, bool(chosen)
        known = set().union(*(self.by_key.get(key.casefold(), set()) for key in keys if key))
        if known and names:
            return known & names or known | names, True
        return known or names, bool(known)


def _plain(name):
    """A name without case, and with one space where others write several, a point, a hyphen or a line."""
    return " ".join(re.sub(r"[\s_.\-]+", " ", unicodedata.normalize("NFC", name).casefold()).split())


def _forms(name):
    """A name, and what it is with the last names first: of "Ada King Lovelace" they may be two or one."""
    if not name:
        return []
    last, comma, first = name.partition(",")
    if comma:
        return [name, f"{first} {last}"]
    words = name.split()
    return [" ".join(words[place:] + words[:place]) for place in range(len(words))]


def _twice(handed, mine):
    """Whether something else of what has a name stands in the same download: then they are two people."""
    there = {(entry.lms, entry.download) for entry in handed.entries}
    return any(
        (entry.lms, entry.download) in there for other, _ in mine if other is not handed for entry in other.entries
    )


def _stranger(handed, candidates, twice=False):
    if all(downloads.is_nameless(entry.lms, entry.identity, entry.name) for entry in handed.entries):
        return replace(handed, stranger=True)  # nobody can say whose it is, and nothing is wrong with it
    if twice:
        line = f"there is more than one in its download who might be {candidates[0]} of the roster"
    elif candidates:
        line = f"it might be {' or '.join(map(str, candidates[:3]))} of the roster, and counts as nobody's"
    else:
        line = "it is nobody's on the roster"
    return replace(handed, stranger=True, problems=(*_told(handed), line))


def _told(handed):
    """The problems of a hand-in without those that a roster is the answer to."""
    return [line for line in handed.problems if not line.endswith(layouts.A_ROSTER_TELLS)]


def _distinct(names, people):
    """The names, with the identity or address where two are the same, and a number where that is not enough."""
    times = Counter(names)
    full = [str(person) if times[name] > 1 else name for name, person in zip(names, people, strict=True)]
    taken, distinct = set(), []
    for name in full:
        distinct.append(next(each for each in naming.numbered(name) if each not in taken))
        taken.add(distinct[-1])
    return distinct
