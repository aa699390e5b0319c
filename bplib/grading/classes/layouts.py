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
    all.zip                                                   the class: alone in the folder
    week 1.zip, week 2/                                       classes, where all is Moodle's or Canvas's

What a learner hands in may hold anything, names of others too, and stays that learner's: a class within the class is
looked for only where all is one, and never beside anybody's hand-in. Each hand-in is a row of the class, whatever it
holds.
"""

import itertools
import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from bplib.course import files
from bplib.course.notebooks import releases
from bplib.grading import handins, listings
from bplib.grading.archives import FOLDER, NOTEBOOK, OTHER, ZIP, Item, Refused

_MOODLE = re.compile(r"(?P<name>[^_]*)_(?P<id>[0-9]+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
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
        piles = _piles(_hand_ins(items), name, "", lessons)
    elif top.is_file():
        try:
            items, name = _opened(Item((name,), ZIP, (str(top),)), _without_copy(_stem(name)))
        except Refused as error:
            raise ValueError(f"{folder_or_zip} cannot be graded: {error}") from None
        piles = _piles(items, name, "", lessons)
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
        problems = list(handed.problems)
        if times[pile.identity] > 1:
            problem = f"{times[pile.identity]} hand-ins, of different names or in different places, have its identity"
            problems.append(f"{problem} {pile.identity}")
        named = {known["id"] for notebook in handed.notebooks for known in map(_known, notebook.item.parts) if known}
        if len(named) > 1:
            problems.append(f"it holds what Moodle or Canvas gives of {len(named)} people, and counts as that of one")
        found.append(replace(handed, problems=tuple(problems)))
    return sorted(found, key=lambda handed: (handed.learner.casefold(), handed.learner))


# Whose it is


def _piles(items, name, place, lessons):
    """The piles of the hand-ins in a folder or zip; name is its own."""
    if handins.is_clone(items):
        return [_Pile(name, "", place, items)]
    groups = defaultdict(list)
    for item in items:
        groups[item.parts[0]].append(item)
    places = {first: f"{place}/{first}".removeprefix("/") for first in groups}
    within = [
        pile
        for first, (inner, its_name) in _classes_in(groups).items()
        for pile in _piles(inner, its_name, places[first], lessons)
    ]
    if within:
        return within
    piles = {}
    for first, group in sorted(groups.items(), key=lambda each: _by_attachment(each[0])):
        known = _known(first)
        if not known:
            known = {"id": "", "name": (_learner(first, lessons) if _is_file(group) else first) or name}
            head = (first,) if _is_file(group) else ()
        else:
            # Of a flat file the rest of the name is the path in the hand-in.
            head = (known["file"] or known.get("text") or first,) if _is_file(group) else ()
        key = (known["id"], known["name"])
        pile = piles.setdefault(key, _Pile(known["name"] or f"learner {known['id']}", known["id"], place, []))
        pile.late |= known.get("late") is not None
        pile.from_canvas |= "attachment" in known
        pile.items += [replace(item, parts=head + item.parts[1:]) for item in group]
    return list(piles.values())


def _hand_ins(items):
    """Items without those beside the hand-ins of a class: clutter, a list of the class, a README."""
    return [item for item in items if len(item.parts) > 1 or item.kind != OTHER or _known(item.parts[0])]


def _within(items):
    """Items of one folder as they are seen from within."""
    return _hand_ins([replace(item, parts=item.parts[1:]) for item in items if len(item.parts) > 1])


def _is_file(group):
    return group[0].kind != FOLDER and all(len(item.parts) == 1 for item in group)


def _classes_in(groups):
    """What is in folders and zips that are classes themselves: the name of each to (items, name); {} if one is not.

    A class is where all is named by Moodle or Canvas, of two people at least unless it is alone, and a zip alone.
    """
    alone, classes = len(groups) == 1, {}
    for first, group in groups.items():
        is_file = _is_file(group)
        is_zip = [(item.kind, len(item.where)) for item in group] == [(ZIP, 1)]  # deeper ones are learners'
        if _known(first) or (is_file and not is_zip):
            return {}
        try:
            inner, name = _opened(group[0], _without_copy(_stem(first))) if is_file else (_within(group), first)
        except Refused:
            return {}
        if not inner or not (all(_known(item.parts[0]) for item in inner) or (is_file and alone)):
            return {}
        classes[first] = inner, name
    known = [_known(item.parts[0]) for inner, _ in classes.values() for item in inner]
    return classes if alone or len({each["id"] for each in known}) > 1 else {}


def _opened(item, name):
    """(items, name) of what is in a zip that is named so, without the one folder in which zips often hold all."""
    items = _hand_ins(listings.in_zip(item))
    tops = {item.parts[0] for item in items}
    if len(tops) == 1 and all(len(item.parts) > 1 for item in items):
        inner = _within(items)
        named = inner and all(_known(item.parts[0]) for item in inner)
        if tops == {name} or handins.is_clone(inner) or (named and not _known(*tops)):
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


def _latest(items, lessons):
    """The items without those that Canvas has again in a later version.

    part-1 and part-2 may be two files of a learner; but work and work-1 are Canvas's names of one file that was handed
    in twice, and so are any that end like this after the name of a lesson.
    """
    stems = {_stem("/".join(item.parts)).lower() for item in items}
    last = {}
    for item in items:
        stem = _stem("/".join(item.parts)).lower()
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
    stem = _without_copy(_stem(files.original(file) or file))
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
