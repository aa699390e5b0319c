"""Whose work is what: the hand-ins of a class, in any of the forms in which instructors get them.

In one folder, or in one zip, these may be mixed:

    alice/week 1/01_loss_functions.ipynb                      a folder for each learner, as deep as they like
    alice/exercises/01_loss_functions.ipynb                   among them clones of the course: only exercises/ counts
    Ada Lovelace_1234567_assignsubmission_file_/work.ipynb    Moodle, "download submissions in folders"
    Ada Lovelace_1234567_assignsubmission_file_work.ipynb     Moodle, without folders
    lovelaceada_LATE_12345_678901_work-1.ipynb                Canvas; of a file handed in again the last one counts
    anon_Gq3xT_678901_work.ipynb                              Canvas, anonymous
    alice.ipynb, alice_01_loss_functions.ipynb                notebooks side by side: what is left of the name without
    01_loss_functions_alice.ipynb, 01_loss_functions.ipynb    that of the lesson; if nothing, the name of the folder
    alice.zip, lovelaceada_12345_678901_work.zip              a zip wherever a folder or a notebook may be
    all.zip                                                   the class: alone in the folder, or all of it Moodle's

What a learner hands in may hold anything, names of others too. It stays that learner's unless all of it looks like what
Moodle or Canvas gives for several people; an identity that occurs twice is therefore a problem of both.
"""

import itertools
import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from bplib.course.notebooks import releases
from bplib.grading.classes import archives, handins, listings
from bplib.grading.classes.archives import FOLDER, NOTEBOOK, OTHER, ZIP, Item, Refused

_MOODLE = re.compile(r"(?P<name>.*?)_(?P<id>[0-9]+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
_ATTACHMENT = r"(?P<attachment>[1-9][0-9]{2,17})_(?P<file>.+)"  # its number is long: alice_2026_10_05.ipynb is a date
_CANVAS = (
    re.compile(rf"(?P<name>anon)(?:_(?P<late>LATE))?_(?P<id>[A-Za-z0-9]{{5}})_{_ATTACHMENT}"),
    re.compile(rf"(?P<name>.+?)(?:_(?P<late>LATE))?_(?P<id>[1-9][0-9]*)_(?:{_ATTACHMENT}|(?P<text>(text|link)\.html))"),
)
_COPY = re.compile(r"-[0-9]+$|\s*\([0-9]+\)$")  # 01_loss_functions-1 is Canvas's, 01_loss_functions (1) a browser's
_LONGEST_NAME = 100


@dataclass
class _Pile:
    """What is gathered of one learner; place tells two of the same name apart."""

    name: str
    identity: str
    place: str
    items: list
    late: bool = False
    from_canvas: bool = False


def find(folder_or_zip):
    """The hand-ins in a folder or a zip: a list of `handins.Handed`, sorted by learner.

    Whatever is wrong with a hand-in is one of its problems. ValueError, in one sentence, if there is no such folder or
    zip, if it cannot be read, or if there is nothing in it that somebody might have handed in.
    """
    top = Path(os.path.abspath(folder_or_zip))
    name = listings.clean(top.name) or "class"
    lessons = tuple(_stem(lesson) for lesson in releases.released_notebooks())
    if top.is_dir():
        items = listings.in_folder(top)
        if items and not items[0].parts:
            raise ValueError(f"{folder_or_zip} cannot be graded: {items[0].trouble}")
        piles = _piles(items, name, "", lessons)
    elif top.is_file():
        try:
            items = listings.in_zip(Item((name,), ZIP, (str(top),)))
        except Refused as error:
            raise ValueError(f"{folder_or_zip} cannot be graded: {error}") from None
        piles = _piles(*_unwrapped(items, _without_copy(_stem(name))), "", lessons)
    else:
        raise ValueError(f"there is no folder or zip file {folder_or_zip}")
    if not piles:
        raise ValueError(f"nothing was handed in in {folder_or_zip}: it holds no notebooks, zip files or folders")
    times = Counter(pile.identity for pile in piles if pile.identity)
    found = []
    for pile, learner in zip(piles, _distinct(piles), strict=True):
        handed = handins.gather(
            learner, pile.identity, _latest(pile.items, lessons) if pile.from_canvas else pile.items, pile.late
        )
        if times[pile.identity] > 1:
            problem = f"{times[pile.identity]} hand-ins, of different names or in different places, have its identity"
            handed = replace(handed, problems=(*handed.problems, f"{problem} {pile.identity}"))
        found.append(handed)
    return sorted(found, key=lambda handed: (handed.learner.casefold(), handed.learner))


# Whose it is


def _piles(items, name, place, lessons):
    """The piles in a folder or zip that holds those of a class; name is its own."""
    if _is_clone(items):
        return [_Pile(name, "", place, items)]
    groups = defaultdict(list)
    for item in items:
        groups[item.parts[0]].append(item)
    groups = {
        first: group
        for first, group in groups.items()
        if _known(first) or group[0].kind != OTHER or len(group[0].parts) > 1  # a list of the class, a README
    }
    piles = {}
    for first, group in sorted(groups.items(), key=lambda each: _by_attachment(each[0])):
        is_file = group[0].kind != FOLDER and all(len(item.parts) == 1 for item in group)
        known = _known(first)
        if not known:
            there = f"{place}/{first}".removeprefix("/")
            below = _class_in(first, group, is_file, there, lessons, alone=len(groups) == 1)
            if below:
                piles.update({(there, number): pile for number, pile in enumerate(below)})
                continue
            known = {"id": "", "name": (_learner(first, lessons) if is_file else first) or name}
            head = (first,) if is_file else ()
        else:
            # Of a flat file the rest of the name is the path in the hand-in.
            head = (known["file"] or known.get("text") or first,) if is_file else ()
        key = (known["id"], known["name"])
        pile = piles.setdefault(key, _Pile(known["name"] or f"learner {known['id']}", known["id"], place, []))
        pile.late |= known.get("late") is not None
        pile.from_canvas |= "attachment" in known
        pile.items += [replace(item, parts=head + item.parts[1:]) for item in group]
    return list(piles.values())


def _class_in(first, group, is_file, place, lessons, alone):
    """The piles in a folder or zip that holds a class of its own; none if it is one learner's.

    A class is where all is named by Moodle or Canvas, of two people at least unless it is alone, and a zip alone.
    """
    if not is_file:
        name, inner = first, [replace(item, parts=item.parts[1:]) for item in group if len(item.parts) > 1]
    elif [item.kind for item in group] == [ZIP] and len(group[0].where) < archives.MAX_NESTING:
        try:
            content = group[0].read(archives.MAX_UNPACKED_BYTES) if len(group[0].where) > 1 else None
            inner, name = _unwrapped(listings.in_zip(group[0], content), _without_copy(_stem(first)))
        except Refused:
            return []
    else:
        return []
    people = {known and known["id"] for known in (_known(item.parts[0]) for item in inner)}
    if (None not in people and len(people) > (not alone)) or (is_file and alone):
        return _piles(inner, name, place, lessons)
    return []


def _unwrapped(items, name):
    """(items, name) without the one folder in which zips often hold all: submissions/, or that of a clone."""
    tops = {item.parts[0] for item in items}
    if len(tops) == 1 and all(len(item.parts) > 1 for item in items):
        inner = [replace(item, parts=item.parts[1:]) for item in items]
        if tops == {name} or _is_clone(inner) or (not _known(*tops) and all(_known(item.parts[0]) for item in inner)):
            return inner, name
    return items, name


def _known(name):
    """id, name, file and, of Canvas, late and attachment, of a name that Moodle or Canvas gave; None for any other."""
    for pattern in (_MOODLE, *_CANVAS):
        match = pattern.fullmatch(name)
        if match:
            parts = match.groupdict()
            name = f"anon {parts['id']}" if parts["name"] == "anon" else parts["name"].strip(" _")
            return {**parts, "name": name}
    return None


def _by_attachment(name):
    """Canvas counts attachments upward, so the last one was handed in last."""
    return int((_known(name) or {}).get("attachment") or 0), name


def _is_clone(items):
    return any(item.kind == NOTEBOOK and item.parts[0].lower() == "exercises" for item in items if item.parts[1:])


def _latest(items, lessons):
    """The items without those that Canvas has again in a later version.

    part-1 and part-2 may be two files of a learner; but work and work-1 are Canvas's names of one file that was handed
    in twice, and so are any that end like this after the name of a lesson.
    """
    stems = {_stem(item.path).lower() for item in items}
    last = {}
    for item in items:
        stem = _stem(item.path).lower()
        base = re.sub(r"-[0-9]{1,9}$", "", stem)
        again = base != stem and (base in stems or base in map(str.lower, lessons))
        number = int(stem[len(base) + 1 :]) if again else 0
        key = (base if again else stem, item.kind) if len(item.parts) == 1 and item.kind in (NOTEBOOK, ZIP) else item
        if key not in last or number >= last[key][0]:
            last[key] = (number, item)
    return [item for _, item in last.values()]


# Names


def _learner(file, lessons):
    """The learner that the name of a file leaves when that of a lesson is taken away; "" if nothing is left."""
    stem = _without_copy(_stem(file))
    for lesson in lessons:
        stem = re.sub(rf"(?:^|[\s_.-]+){re.escape(lesson)}(?=$|[\s_.-])", " ", stem, flags=re.IGNORECASE)
    return _without_copy(stem).strip(" _.-")


def _stem(name):
    return re.sub(r"\.(ipynb|zip)$", "", name, flags=re.IGNORECASE)


def _without_copy(stem):
    return _COPY.sub("", stem)


def _distinct(piles):
    """A name for each pile, no two the same: with the identity, the place or a number where they would be."""
    names = [pile.name[:_LONGEST_NAME].strip() or "unnamed" for pile in piles]
    for more in ("identity", "place"):
        notes = defaultdict(set)
        for name, pile in zip(names, piles, strict=True):
            notes[name].add(getattr(pile, more))
        names = [
            f"{name} ({note[-_LONGEST_NAME:]})" if len(notes[name]) > 1 and (note := getattr(pile, more)) else name
            for name, pile in zip(names, piles, strict=True)
        ]
    taken, distinct = set(), []
    for name in names:
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        distinct.append(name if name not in taken else next(each for each in numbered if each not in taken))
        taken.add(distinct[-1])
    return distinct
