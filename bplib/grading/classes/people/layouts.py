"""Whose work is what: the hand-ins of a class, in any of the forms in which instructors get them.

In one folder, or in one zip, these may be mixed:

    alice/week 1/01_loss_functions.ipynb                      a folder for each learner, as deep as they like
    alice/exercises/01_loss_functions.ipynb                   among them clones of the course: only exercises/ counts
    alice.ipynb, alice_01_loss_functions.ipynb                notebooks side by side: what is left of the name without
    01_loss_functions_alice.ipynb, 01_loss_functions.ipynb    that of the lesson; if nothing, the name of the folder
    alice.zip                                                 a zip wherever a folder or a notebook may be
    Ada Lovelace_1234567_assignsubmission_file_/work.ipynb    what an LMS names: see `downloads`

These hold learners, one level deeper each, and as deep as they are (see `levels`):

    all.zip, all/, submitted/                                 the class: alone in the folder
    week 1.zip, assignment_9100_export/                       what an LMS gives, of all of which it has given the names
    group A/alice/, lesson 1/alice.ipynb                      folders in which many hold the same lesson

What a learner hands in may hold anything, names of others too, and stays that learner's. Nobody is merged by a guess:
a name is one person within one folder, an identity of an LMS in all that comes from it. Each hand-in is a row of the
class, whatever it holds. Where it cannot be told who is who it is asked, and a layout answers, words with a slash
between them for each level: CLASS/LEARNER for folders that hold learners, LESSON/LEARNER where moreover a name is the
same person in each of them, LEARNER where each hand-in is one.
"""

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

from bplib.grading import handins, listings
from bplib.grading.archives import ZIP, Item, Refused
from bplib.grading.classes.people import downloads, levels, naming

LEARNER, CLASS, LESSON = "LEARNER", "CLASS", "LESSON"

A_ROSTER_TELLS = "a roster can tell whether that is one person"

_LONGEST_NAME = 100


@dataclass
class _Pile:
    """What is gathered of one learner; place tells two of the same name apart."""

    name: str
    place: str
    sent: downloads.Sent
    places: dict = field(default_factory=dict)  # the items, by the download that they came in
    said: dict = field(default_factory=dict)
    emails: dict = field(default_factory=dict)

    @property
    def identity(self):
        return self.sent.identity


def find(folder_or_zip, layout=None):
    """The hand-ins in a folder or a zip: a list of `handins.Handed`, sorted by learner.

    Whatever is wrong with a hand-in is one of its problems. ValueError, in one sentence, if there is no such folder or
    zip, if it cannot be read, if there is nothing in it that somebody might have handed in, or if it cannot be told who
    is who: `levels.Undecided`, in which three lines more say which layout would mean what.
    """
    words = _words(layout)
    top = Path(os.path.abspath(folder_or_zip))
    name = listings.clean(top.name) or "class"
    if top.is_dir():
        items = listings.in_folder(top)
        if items and not items[0].parts:
            raise ValueError(f"{folder_or_zip} cannot be graded: {items[0].trouble}")
    elif top.is_file():
        try:
            item = Item((name,), ZIP, (str(top),))
            items, name = levels.opened(item, naming.without_copy(naming.stem(name)))
        except Refused as error:
            raise ValueError(f"{folder_or_zip} cannot be graded: {error}") from None
    else:
        raise ValueError(f"there is no folder or zip file {folder_or_zip}")
    gathering = _Gathering()
    try:
        gathering.level(items, name, "", "", words, ())
    except ValueError as error:
        kind = levels.Undecided if isinstance(error, levels.Undecided) else ValueError
        raise kind(f"{folder_or_zip} is not graded: {error}") from None
    if not gathering.piles:
        raise ValueError(f"nothing was handed in in {folder_or_zip}: it holds no notebooks, zip files or folders")
    found = _handed(list(gathering.piles.values()))
    return sorted(found, key=lambda handed: handins.alphabetical(handed.learner))


def _words(layout):
    words = None if layout is None else tuple(layout.upper().strip("/").split("/"))
    if words and not ({*words[:-1]} <= {CLASS, LESSON} and words[-1] == LEARNER):
        raise ValueError(
            f"the layout is {layout!r}; needed is {LEARNER}, {CLASS}/{LEARNER} or {LESSON}/{LEARNER}, with a word"
            " more for each level of folders more"
        )
    return words


# Whose it is


class _Gathering:
    """The piles that are made, and the lessons that are known by now."""

    def __init__(self):
        self.piles, self.lessons = {}, naming.Lessons()

    def level(self, items, name, place, scope, words, above):
        """Add what is in a folder or zip. In one scope a name without an identity is one person.

        words are what is left of the layout, None if there is none, and above are those that led here.
        """
        if handins.is_clone(levels.hand_ins(items)):
            self.add(downloads.Sent("", "", name), levels.hand_ins(items), place, scope)
            return
        found, classes, lesson_by_lesson = levels.groups(items), {}, False
        submitted = downloads.gradescope(items) if words in (None, (LEARNER,)) else {}
        if submitted.keys() & found.keys():
            for first in submitted.keys() - found.keys():
                found[first] = []  # somebody who has handed in nothing that was kept
        elif words is None:
            classes = levels.classes(found, self.lessons, place, above)
            lesson_by_lesson = bool(classes) and levels.are_lessons(classes, self.lessons)
        elif words[0] != LEARNER:
            classes, lesson_by_lesson = _all_opened(found), words[0] == LESSON
        for first, (inner, its_name) in classes.items():
            there = f"{place}/{first}".removeprefix("/")
            deeper = (*above, LESSON if lesson_by_lesson else CLASS)
            self.level(inner, its_name, there, scope if lesson_by_lesson else there, words and words[1:], deeper)
        learners = {first: group for first, group in found.items() if first not in classes}
        names = downloads.blackboard_names(item for group in learners.values() for item in group)
        for first, group in sorted(learners.items(), key=_by_attachment):
            for sent in submitted.get(first) or [downloads.named(first) or self._unnamed(first, group, name)]:
                head = (sent.file or first,) if group and levels.is_file(group) else ()
                head = (sent.when, *head) if sent.when and sent.lms != "gradescope" else head
                mine = [replace(item, parts=head + item.parts[1:]) for item in group]
                self.add(downloads.with_name(sent, names), mine, place, scope)

    def _unnamed(self, first, group, name):
        own = naming.learner(first, self.lessons.names) if group and levels.is_file(group) else first
        return downloads.Sent("", "", own or name)

    def add(self, sent, items, place, scope):
        name = "" if sent.lms == "blackboard" else sent.name  # it is not in each of its files
        key = (sent.lms, sent.identity, name, "" if sent.is_one_person else scope)
        pile = self.piles.setdefault(key, _Pile(sent.name, place, sent))
        pile.name = pile.name if sent.name == sent.identity else sent.name
        pile.places.setdefault(place, []).extend(items)
        pile.emails[place] = sent.email
        said = {"when": sent.when, "late": sent.late, "attachment": sent.attachment}
        said["download"] = place if sent.lms else ""
        pile.said.update({item.where: said for item in items if item.where})


def _all_opened(found):
    classes = {}
    for first, group in found.items():
        if levels.can_be_opened(group):
            try:
                classes[first] = levels.inside(first, group)
            except Refused:
                continue  # it is a row that says so
    return classes


def _by_attachment(named_group):
    """Canvas counts attachments upward, so the last one was handed in last."""
    sent = downloads.named(named_group[0])
    return sent.attachment if sent else 0, named_group[0]


def _handed(piles):
    times = Counter(_same_identity(pile) for pile in piles)
    places = defaultdict(set)
    for pile in piles:
        places[_same_name(pile)].add(pile.place)
    for pile, learner in zip(piles, _distinct(piles), strict=True):
        parts = []
        for place, items in pile.places.items():
            head = (place,) if len(pile.places) > 1 and place else ()
            parts += [replace(item, parts=head + item.parts) for item in items]
        late = any(said["late"] for said in pile.said.values())
        handed = handins.gather(learner, pile.identity, parts, late, pile.said)
        problems = list(handed.problems)
        if pile.identity and times[_same_identity(pile)] > 1:
            problems.append(
                f"{times[_same_identity(pile)]} hand-ins, of different names, have its identity {pile.identity}"
            )
        if not pile.sent.in_all_downloads and len(there := places[_same_name(pile)]) > 1:
            where = ", ".join(sorted(there - {""})[:3])
            problems.append(f"its name is in {len(there)} places, {where}; {A_ROSTER_TELLS}")
        others = (downloads.named(part) for notebook in handed.notebooks for part in notebook.item.parts)
        named = {(sent.lms, sent.identity) for sent in others if sent}
        if len(named) > 1:
            problems.append(f"it holds what Moodle or Canvas gives of {len(named)} people, and counts as that of one")
        entries = tuple(
            handins.Entry(pile.sent.lms, place, pile.identity, pile.name, pile.emails[place]) for place in pile.places
        )
        yield replace(handed, problems=tuple(problems), entries=entries)


def _same_identity(pile):
    return pile.sent.lms, pile.identity, "" if pile.sent.in_all_downloads else pile.place


def _same_name(pile):
    return pile.sent.lms, pile.name.casefold()


# Names


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
        distinct.append(next(each for each in naming.numbered(name) if each not in taken))
        taken.add(distinct[-1])
    return distinct
