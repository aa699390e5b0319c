"""Which folders and zips are classes, with learners in them, and which are a learner's own work.

A class is where an LMS has named everything, and where MANY folders or files side by side are of one lesson: nobody
keeps so many versions. Two may be two versions, or two people, and then it is asked. Beside somebody's hand-in no
class is opened, since that is what a learner may have made to look like one.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from bplib.grading import handins
from bplib.grading.archives import FOLDER, NOTEBOOK, OTHER, ZIP, Refused
from bplib.grading.classes.people import downloads, naming

MANY = 3

_CROWD = 10  # what an LMS gives of so many, beside hand-ins of one, is no forgery by one of them but a class

_NBGRADER = {"source", "source_with_tests", "release", "submitted", "autograded", "feedback", "solution"}


class Undecided(ValueError):  # noqa: N818, it is a question
    """It cannot be told who is who: a question, and behind it a line for each answer."""


# What is in a folder


def hand_ins(items):
    """Items without those beside the hand-ins of a class: clutter, a list of the class, a README."""
    return [item for item in items if len(item.parts) > 1 or item.kind != OTHER or downloads.named(item.parts[0])]


def groups(items):
    """What stands in a folder: name to its items. Of a course of nbgrader it is submitted/ alone."""
    found = defaultdict(list)
    for item in hand_ins(items):
        found[item.parts[0]].append(item)
    # The folders of its steps are named in nbgrader/coursedir.py of jupyter/nbgrader.
    if "submitted" in found and found.keys() <= _NBGRADER:
        return {"submitted": found["submitted"]}
    return dict(found)


def is_file(group):
    """Whether a group is a notebook or a zip, and no folder."""
    return group[0].kind != FOLDER and all(len(item.parts) == 1 for item in group)


def can_be_opened(group):
    """Whether a group is a folder or a zip."""
    return not is_file(group) or [item.kind for item in group] == [ZIP]


def within(items):
    """Items of one folder as they are seen from within."""
    return [replace(item, parts=item.parts[1:]) for item in items if len(item.parts) > 1]


def opened(item, name):
    """(items, name) of what is in a zip that is named so, without the one folder in which zips often hold all."""
    items = naming.listed(item)
    tops = {each.parts[0] for each in hand_ins(items)}
    if len(tops) == 1 and all(len(each.parts) > 1 for each in hand_ins(items)):
        inner = within(items)
        if tops == {name} or handins.is_clone(hand_ins(inner)) or (_people(inner) and not downloads.named(*tops)):
            return inner, name
    return items, name


def inside(first, group):
    """(items, name) of what is in a folder or zip. Refused if the zip cannot be opened."""
    return opened(group[0], naming.without_copy(naming.stem(first))) if is_file(group) else (within(group), first)


def _people(items):
    """The people whom an LMS names in a folder, if it has named all that is in it; otherwise an empty set."""
    found = groups(items)
    try:
        submitted = downloads.gradescope(items)
    except ValueError:
        return set()
    if submitted.keys() & found.keys():
        return {(sent.identity, sent.name) for people in submitted.values() for sent in people}
    named = [downloads.named(first) for first in found]
    return {(sent.identity, sent.name) for sent in named} if all(named) else set()


def _people_within(items):
    """The people whom an LMS names in a folder, or in each of the zips that are all it holds, as of one week."""
    inner = [] if (people := _people(items)) else [_people_in(group) for group in groups(items).values()]
    return set().union(*inner) if inner and all(inner) else people


def _side_by_side(items, lessons):
    """(lesson, paths) of the most folders, or files with a name of their own, in one folder that are of one lesson.

    Where there are MANY of them, no more is looked for. A folder with exercises/ or our package in it is somebody's
    clone.
    """
    best = "", []
    lessons.begin()
    paths = ([part.lower() for part in item.parts[:-1]] for item in items)
    clones = {(*path[:place],) for path in paths if (place := handins.package(path)) is not None}
    waiting = [(handins.without_the_rest_of_clones(items), 0)]
    while waiting and len(best[1]) < MANY:
        here, depth = waiting.pop(0)
        found = defaultdict(list)
        for item in here:
            if item.kind in (NOTEBOOK, ZIP):
                found[item.parts[depth]].append(item)
        above = (*(part.lower() for part in here[0].parts[:depth]),) if here else ()
        if above in clones or any(first.lower() == handins.EXERCISES for first in found):
            continue
        folders = {first: group for first, group in found.items() if not _ends(group, depth)}
        alone = {first: group for first, group in found.items() if _ends(group, depth)}
        named = {first: group for first, group in alone.items() if naming.learner(first, lessons.names)}
        bare = lessons.held(group[0] for first, group in alone.items() if first not in named)
        for kind, theirs in ((folders, set()), (named, bare)):
            holders = defaultdict(list)
            for first, group in kind.items() if len(kind) > 1 else ():
                for lesson in lessons.held(group) - theirs:
                    holders[lesson].append("/".join((*group[0].parts[:depth], first)))
                if any(len(paths) >= MANY for paths in holders.values()):
                    break
            best = max([best, *holders.items()], key=lambda each: len(each[1]))
        waiting += [(group, depth + 1) for group in folders.values() if len(group) > 1]
    return best


def _ends(group, depth):
    return all(len(item.parts) == depth + 1 for item in group)


# Which of them are classes


@dataclass
class _Seen:
    """What is known of a folder or zip that might be a class."""

    items: list
    name: str
    is_zip: bool
    people: set
    lesson: str
    paths: list

    @property
    def many(self):
        return bool(self.people) or len(self.paths) >= MANY


def classes(found, lessons, place, above):
    """What of the groups in a folder are classes: name to (items, its name). Undecided where two answers are possible.

    place is the path of the folder, above the words of the layout that led there.
    """
    if all(map(downloads.named, found)):
        return {}
    seen, plain, empty = {}, set(), set()
    for first, group in sorted(found.items(), key=lambda each: is_file(each[1])):
        zipped = is_file(group)
        if downloads.named(first) or not can_be_opened(group) or (zipped and plain and not _people_in(group)):
            plain.add(first)  # beside somebody's hand-in a zip is one, so it need not be opened
            continue
        try:
            items, name = inside(first, group)
        except Refused:
            plain.add(first)
            continue
        if len(found) == 1 and (first == "submitted" or (zipped and len(group[0].where) == 1 and hand_ins(items))):
            return {first: (items, name)}
        people = _people_within(items)
        lesson, paths = ("", []) if people else _side_by_side(hand_ins(items), lessons)
        if people or len(paths) > 1:
            seen[first] = _Seen(items, name, zipped, people, lesson, paths)
        else:
            (plain if any(item.kind in (NOTEBOOK, ZIP) for item in items) else empty).add(first)
    if not seen:
        return {}
    many = {first: each for first, each in seen.items() if each.many}
    names = set().union(*(_learners(each.items, lessons) for each in many.values() if not each.people))
    fits = {first for first in plain if not is_file(found[first]) and _learners(within(found[first]), lessons) <= names}
    if len(fits) < len(seen):
        plain -= fits
    if many and not plain and (len(empty) < len(many) if names else not empty):
        if names or len(found) == 1 or len(set().union(*(each.people for each in many.values()))) > 1:
            chosen = {first: (each.items, each.name) for first, each in seen.items()}
            return chosen | {first: (within(found[first]), first) for first in fits - plain}
    asked = [
        first
        for first, each in seen.items()
        if (len(each.people) >= _CROWD if each.people else not (each.is_zip and plain))
        and (each.many or 2 * len(seen) >= len(found))
    ]
    if asked:
        raise Undecided(_question(asked[0], seen[asked[0]], len(asked) - 1, place, above))
    return {}


def _people_in(group):
    """The people whom an LMS names in a zip; nobody where it is in another one, which would be unpacked for it."""
    try:
        is_zip = [item.kind for item in group] == [ZIP] and is_file(group) and len(group[0].where) == 1
        return _people(opened(group[0], "")[0]) if is_zip else set()
    except Refused:
        return set()


def _question(first, seen, others, place, above):
    path, first = _short(f"{place}/{first}".removeprefix("/")), _short(first)
    if seen.people:
        one, other = [_short(name) for _, name in sorted(seen.people, key=lambda each: each[1])[:2]]
        what = f"{path} holds what an LMS gives of {len(seen.people)} people, and stands beside what is no download"
    else:
        one, other = [_short(path) for path in seen.paths[:2]]
        what = f"{path} holds {seen.lesson} in {one} and in {other}"
        what += f", and {len(seen.paths) - 2} more" if len(seen.paths) > 2 else ""
    what += f" ({others} more like this)" if others else ""
    words = "".join(f"{word}/" for word in above)
    answers = (
        (f"{words}LEARNER", f"{first} is one learner, with all that is in it"),
        (f"{words}CLASS/LEARNER", f"{one} and {other} are two learners, and a name elsewhere is somebody else"),
        (f"{words}LESSON/LEARNER", f"{one} and {other} are two learners, and {one} elsewhere is the same one"),
    )
    lines = [f"  --layout {layout}  if {meaning}" for layout, meaning in answers]
    return "\n".join([f"{what}: is {first} one learner, or are there more in it? Run it again with", *lines])


def _short(path):
    return path if len(path) <= 80 else f"... {path[-80:]}"


def _learners(items, lessons):
    """The names that learners would have in a folder."""
    return {naming.learner(first, lessons.names) if is_file(group) else first for first, group in groups(items).items()}


def are_lessons(chosen, lessons):
    """Whether classes are of different lessons each, with the same people: then a name is one person in all of them.

    chosen is what `classes` gives. Most of the names must be in more than one: of two groups both may have an Ada.
    """
    names = [_learners(items, lessons) for items, _ in chosen.values()]
    shared = [name for name, times in Counter(name for each in names for name in each).items() if times > 1]
    if len(chosen) < 2 or 2 * len(shared) < min(map(len, names)):
        return False
    if any(_people_within(items) for items, _ in chosen.values()):
        return False
    held = [lessons.held(items) for items, _ in chosen.values()]
    return sum(map(len, held)) == len(set().union(*held))
