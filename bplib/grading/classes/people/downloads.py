"""How an LMS names people and times in what it lets an instructor download: one table of names, and two files.

    Ada Lovelace_1234567_assignsubmission_file_/work.ipynb     Moodle, in folders; of a group its name and number
    Ada Lovelace_1234567_assignsubmission_file_work.ipynb      Moodle, flat; the default group has no number
    lovelaceada_LATE_12345_678901_work-1.ipynb                 Canvas
    LATE_anon_Gq3xT_678901_work.ipynb                          Canvas, anonymous: there is no name before LATE
    Lesson 1_ada_attempt_2026-10-05-14-30-22_work.ipynb        Blackboard, and beside it the same name with .txt
    12345-67890 - Ada Lovelace - Oct 5, 2026 230 PM/           Brightspace; flat, " - work.ipynb" follows
    submission_metadata.yml                                    Gradescope: who has handed in which of the folders

Sources: get_student_prefix in mod/assign/classes/downloader.php of moodle/moodle; lib/content_zipper.rb of
instructure/canvas-lms; the README of vangef/BBGradebookOrganiser, and psef/blackboard.py of CodeGra.de for the .txt;
for Brightspace, where the first number is the user's and the second the folder's, and for Gradescope scripts of many
instructors, since neither is documented.
"""

import datetime
import functools
import re
from dataclasses import dataclass, replace

import yaml

from bplib.grading import listings
from bplib.grading.archives import OTHER

_ATTACHMENT = r"(?P<attachment>[1-9][0-9]{2,17})_(?P<file>.+)"  # its number is long: alice_2026_10_05.ipynb is a date
_AMERICAN = r"(?P<month>[^\W\d_]+)\.? (?P<day>[0-9]{1,2}), (?P<year>[0-9]{4})"
_BRITISH = r"(?P<day>[0-9]{1,2}) (?P<month>[^\W\d_]+)\.? (?P<year>[0-9]{4})"
_CLOCK = r"(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2}) ?(?P<half>[AP]M)?"
_PATTERNS = [
    (lms, re.compile(pattern, re.DOTALL))
    for lms, pattern in (
        ("moodle", r"(?P<name>[^_]*)_(?P<id>[0-9]+)_assignsubmission_[a-z]+_?(?P<file>.*)"),
        ("moodle", r"(?P<name>[^_]+)_assignsubmission_[a-z]+_?(?P<file>.*)"),
        (
            "blackboard",  # an upload to Canvas may be called like this
            r"(?!.+?_[1-9][0-9]*_[1-9][0-9]{2,17}_.*_attempt_)(?:.+?_)?(?P<id>[^_]+)_attempt_"
            r"(?P<stamp>[0-9]{4}(?:-[0-9]{2}){5})(?:_(?P<file>.+)|(?P<text>\.txt))",
        ),
        ("brightspace", rf"(?P<id>[0-9]+)-[0-9]+ ?- (?P<name>.+?) ?- {_AMERICAN} {_CLOCK}(?: ?- (?P<file>.+))?"),
        ("brightspace", rf"(?P<id>[0-9]+)-[0-9]+ ?- (?P<name>.+?) ?- {_BRITISH} {_CLOCK}(?: ?- (?P<file>.+))?"),
        (
            "canvas",
            r"(?:(?P<late>LATE)_)?(?P<name>anon)_(?P<id>[A-Za-z0-9]{5})_"
            rf"(?:{_ATTACHMENT}|(?P<text>(text|link)\.html))",
        ),
        (
            "canvas",
            rf"(?P<name>.+?)(?:_(?P<late>LATE))?_(?P<id>[1-9][0-9]*)_(?:{_ATTACHMENT}|(?P<text>(text|link)\.html))",
        ),
    )
]
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_HIDDEN = "Participant", "Teilnehmerin"  # instead of a name, where Moodle hides it; of Teilnehmer/in no / is left

METADATA = "submission_metadata.yml"
_MOST_METADATA = 50_000_000
_MOST_TEXT = 1_000_000
_DEEPEST = 50


@dataclass(frozen=True)
class Sent:
    """What an LMS says of something that was handed in.

    lms, identity, name, email   as in `handins.Entry`
    file        the name that it had with the learner; "" where the LMS made a folder of it
    attachment, when, late       as in `handins.Notebook`
    """

    lms: str
    identity: str
    name: str
    email: str = ""
    file: str = ""
    attachment: int = 0
    when: str = ""
    late: bool = False

    @property
    def in_all_downloads(self):
        """Whether the identity means the same person in every download of the LMS; Moodle counts in each one anew."""
        return self.is_one_person and self.lms != "moodle"

    @property
    def is_one_person(self):
        """Whether nobody else has the identity; one of Moodle's is of one assignment, and nobody's in others."""
        return bool(self.lms and self.identity) and not (
            self.lms == "canvas" and _is_anonymous(self.identity, self.name)
        )


def named(name):
    """What a name of a folder or file says, a `Sent`; None if no LMS gave it."""
    for lms, pattern in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            said = match.groupdict()
            identity, person = said.get("id") or "", (said.get("name") or "").strip(" _")
            if person in ("anon", *_HIDDEN) and identity:
                person = f"{person} {identity}"
            return Sent(
                lms,
                identity,
                person or (identity if lms == "blackboard" else f"learner {identity}"),
                file=said.get("file") or said.get("text") or "",
                attachment=int(said.get("attachment") or 0),
                when=_when(said),
                late=said.get("late") is not None,
            )
    return None


def is_hidden(name, identity):
    """Whether a name is what Moodle writes instead of one."""
    return name in [f"{word} {identity}" for word in _HIDDEN]


def is_nameless(lms, identity, name):
    """Whether an LMS has hidden whose a hand-in is."""
    return _is_anonymous(identity, name) if lms == "canvas" else lms == "moodle" and is_hidden(name, identity)


def _is_anonymous(identity, name):
    return name == f"anon {identity}"  # then Canvas has another one for each hand-in


def _when(said):
    """The time in a name as text; "" if there is none, or one that never was."""
    try:
        if said.get("stamp"):
            return datetime.datetime(*map(int, said["stamp"].split("-"))).isoformat()
        if said.get("month"):
            month = _MONTHS.index(said["month"][:3].lower()) + 1
            hour = int(said["hour"])
            if said["half"]:
                hour = hour % 12 + 12 * (said["half"] == "PM")
            return datetime.datetime(int(said["year"]), month, int(said["day"]), hour, int(said["minute"])).isoformat()
    except ValueError:
        pass
    return ""


def blackboard_names(items):
    """User name to name, from the files beside those of Blackboard, of which the first line is "Name: Ada (ada)"."""
    names = {}
    for item in items:
        sent = named(item.parts[0])
        if sent and sent.lms == "blackboard" and sent.file == ".txt" and len(item.parts) == 1 and item.kind == OTHER:
            try:
                first = item.read(_MOST_TEXT).decode("utf-8-sig", "replace").split("\n", 1)[0]
            except ValueError:
                continue
            match = re.fullmatch(r"Name:\s*(.+?)\s*\(([^()]*)\)\s*", first)
            if match and match[2].casefold().endswith(sent.identity.casefold()):
                names[sent.identity] = listings.clean(match[1])
    return names


def gradescope(items):
    """Folder to the list of `Sent` of those who handed it in, from the metadata among items; {} if there are none.

    ValueError, in one sentence, if they cannot be read: then nothing says whose the folders are.
    """
    metadata = [item for item in items if item.parts == (METADATA,) and item.kind == OTHER]
    if not metadata:
        return {}
    try:
        return _submissions(metadata[0].read(_MOST_METADATA))
    except ValueError as error:
        why = error
    except (yaml.YAMLError, TypeError, AttributeError):
        why = "it is not what Gradescope writes"
    raise ValueError(f"{METADATA}, which says whose the folders beside it are, cannot be read: {why}")


@functools.lru_cache(maxsize=2)
def _submissions(content):
    # The base loader makes text of all scalars and knows no tags: it builds nothing, and 007 stays 007.
    loader, depth = getattr(yaml, "CBaseLoader", yaml.BaseLoader), 0
    for event in yaml.parse(content, loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:  # libyaml's composer calls itself, until the process dies
            raise ValueError(f"it has lists in lists, more than {_DEEPEST} deep")
    submissions = yaml.load(content, loader).items()
    return {listings.clean(folder): _submitters(said) for folder, said in submissions if ":submitters" in said}


def _submitters(submission):
    time = re.fullmatch(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9:]{8})(?:\.[0-9]+)?\s*(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?",
        submission.get(":created_at", "").strip(),
    )
    when = ""
    if time:
        zone = {"Z": "+00:00", "UTC": "+00:00", None: ""}.get(time[3], time[3])
        try:
            when = datetime.datetime.fromisoformat(f"{time[1]}T{time[2]}{zone}").isoformat()
        except ValueError:
            pass
    people = []
    for person in submission[":submitters"] or ():
        name, email, number = (listings.clean(person.get(key) or "") for key in (":name", ":email", ":sid"))
        people.append(Sent("gradescope", number or email, name or number or email or "unnamed", email, when=when))
    return people


def with_name(sent, names):
    """A `Sent` of Blackboard with the name that belongs to its user name, where it is known."""
    return replace(sent, name=names.get(sent.identity, sent.name)) if sent.lms == "blackboard" else sent
