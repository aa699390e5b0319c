"""The results of a class without its names: to show, to study, to compare one year with another.

What a learner is called is replaced wherever it stands: as a name, in code, in comments, in the names of files, and in
what was said of an answer. Two things no program can promise: that nobody is known by how they write, or by what they
tell of themselves in other words. Whoever publishes reads first.
"""

import builtins
import copy
import functools
import hashlib
import hmac
import itertools
import keyword
import re
import unicodedata
from collections import defaultdict

from bplib.course.notebooks import releases, submissions
from bplib.grading.classes.counting import names_of

_PART = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")  # ada_lovelace has two; an accent may be a letter of its own
_BARE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_IN_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}  # as where a keyboard lacks them
_MOST_SPELLINGS = 64
_MOST_LEFT, _MOST_PLACES = 20, 3  # words and places that are named as what is left
_FILE = re.compile(r"^.*\.\w{1,8}(?=: )|\S+\.(?:ipynb|zip|py|txt|html)\b")
_PASSED_OVER = re.compile(r"^.*( \([^()]*\)) is of the same lesson as .*?( \([^()]*\), which counts(?: as the last)?)$")
_NOT_ASKED = re.compile(r"^.*( is of .*, which was not asked for)$")
_NONE_ASKED = re.compile(r"^(\d+ notebooks are of lessons that were not asked for): .*$")
_DROPPED = {"identity": "", "entries": [], "digest": "", "content": "", "download": ""}
_DROPPED |= {"attachment": 0, "extensions": {}, "due": {}}
_KEPT = "lesson", "id", "title", "status", "misconception", "state", "seen", "untouched"  # what no learner wrote
_SHORTEST, _SHORTEST_NUMBER = (4, 2), (6, 4)  # letters of a name of one word, in what others wrote and in one's own
_GAP = 3  # letters between two words of one name


def without_names(results, salt):
    """The results of `counting.settled` with "learner 001" and so on for names; results stay as they are.

    salt is bytes that nobody else has. The numbers follow from it and from who is in the class, and their order says
    nothing. Gone are identities, entries of LMSs, fingerprints of files, paths and times of day. In what a learner
    wrote and in what was said of it, all names of the class are replaced, and of the learner's own every part; but no
    word that Python or the course needs.
    """
    order = sorted(results, key=lambda result: hmac.digest(salt, result["slug"].encode(), hashlib.sha256))
    digits = max(3, len(str(len(results))))
    numbers = {result["slug"]: f"{number:0{digits}}" for number, result in enumerate(order, 1)}
    everybody = _Names((name, numbers[result["slug"]]) for result in results for name in names_of(result))
    return [_nameless(result, numbers[result["slug"]], everybody) for result in order]


def _nameless(result, number, everybody):
    own = _Names(((each, number) for name in names_of(result) for each in (name, name.partition("@")[0])), parts=True)

    def plain(value, key=""):
        if isinstance(value, dict):
            return {key: _DROPPED[key] if key in _DROPPED else plain(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each, key) for each in value]
        if not isinstance(value, str) or key in _KEPT:
            return value
        if key in ("when", "handed_in"):
            return value[:10]
        if key == "notes":
            value = _NOT_ASKED.sub(r"a file\1", _PASSED_OVER.sub(r"a file\1 is of the same lesson as another\2", value))
            value = _NONE_ASKED.sub(r"\1", value)
        if key in ("problems", "notes"):
            value = _FILE.sub("a file", value)
        return _replaced(value, everybody, own)

    lessons, rest = result["lessons"], {key: each for key, each in result.items() if key != "lessons"}
    bare = {
        **plain(rest),
        "lessons": copy.deepcopy(lessons),
        "learner": f"learner {number}",
        "slug": f"learner-{number}",
    }
    for notebook in bare["notebooks"]:
        notebook["path"] = f"{notebook['lesson']}.ipynb" if notebook["path"] else ""
    return bare


class _Names:
    """Names to be looked for, each as a run of words in small letters, with whatever stands between the words.

    Accents may be there or not. Where two names are the same without them, each is found as it is written.
    """

    def __init__(self, names, parts=False):
        """Take (name, number of the learner); with parts also each word of a name."""
        self.numbers = {}  # of each run
        self.lengths = defaultdict(set)  # of the runs that begin with a word
        found = {}
        for name, number in names:
            words = tuple(_PART.findall(name))
            alone = [(word,) for word in (words if parts else words * (len(words) == 1))]
            runs = [words, words[::-1]] if len(words) > 1 else []
            for run in runs + alone:
                found.setdefault(tuple(_forms(word)[0] for word in run), (number, run in alone))
        spelled = [(run, number, is_alone) for run, (number, is_alone) in found.items()]
        for run, (number, is_alone) in found.items():
            others = itertools.product(*map(_spellings, run))
            spelled += [(other, number, is_alone) for other in itertools.islice(others, _MOST_SPELLINGS)]
        for run, number, is_alone in spelled:
            if not is_alone or self._is_a_name(*run, parts):
                self.numbers.setdefault(run, number)
                self.lengths[run[0]].add(len(run))

    @staticmethod
    def _is_a_name(word, own):
        """Whether a word alone names somebody, the learner whose code it stands in or another one."""
        least = _SHORTEST_NUMBER if word.isdecimal() else _SHORTEST
        return word not in _needed() and len(word) >= least[own]

    def number(self, words):
        """The number of the learner whom a run of words names, each in its `_forms`; None where it names nobody."""
        runs = zip(*words, strict=True)
        return next((self.numbers[run] for run in runs if run in self.numbers), None)


def _replaced(text, *tables):
    """The text with the numbers of learners for the longest names of the tables, those of the first ones preferred.

    In one pass, since the first name of one may begin the name of another.
    """
    pieces, kept, skip = [], 0, 0
    words = [(_forms(word.group()), *word.span()) for word in _PART.finditer(text)]
    for place, (forms, start, _) in enumerate(words):
        if place < skip:
            continue
        lengths = {length for names in tables for form in forms for length in names.lengths.get(form, ())}
        for length in sorted(lengths, reverse=True):
            there = words[place : place + length]
            found = (names.number([each[0] for each in there]) for names in tables)
            number = next(filter(None, found), None)
            if number and all(right[1] - left[2] <= _GAP for left, right in itertools.pairwise(there)):
                pieces += [text[kept:start], f"learner_{number}"]
                kept, skip = there[-1][2], place + length
                break
    return "".join([*pieces, text[kept:]])


@functools.lru_cache(100_000)
def _forms(word):
    """A word in small letters: as it is, without accents, and with two letters for one that has an accent."""
    if word.isascii():
        return (word.casefold(),) * 3
    word = unicodedata.normalize("NFC", word).casefold()
    return word, _bare(word), _bare("".join(_IN_TWO.get(letter, letter) for letter in word))


def _bare(word):
    return "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each)).translate(
        _BARE
    )


def _spellings(word):
    """All the ways in which a word may be written without accents, letter by letter."""
    ways = ({_bare(letter): None, _IN_TWO.get(letter, _bare(letter)): None} for letter in word)
    return ("".join(letters) for letters in itertools.islice(itertools.product(*ways), _MOST_SPELLINGS))


def left(nameless, results):
    """Lines about what `without_names` has left: where one part of a name stands alone, which may be any other word.

    What stands in few places comes first, since a word of the language stands in many.
    """
    parts = {
        form
        for result in results
        for name in names_of(result)
        for word in _PART.findall(name.partition("@")[0])
        if len(word) >= _SHORTEST[True] and not word.isdecimal()
        for form in {*_forms(word), *_spellings(_forms(word)[0])} - _needed()
    }
    places = defaultdict(dict)
    for result in nameless:
        for where, text in _texts(result):
            for word in _PART.findall(text):
                if not parts.isdisjoint(_forms(word)):
                    places[_forms(word)[0]][f"{result['learner']}, {where}"] = None
    words = sorted(places, key=lambda word: (len(places[word]), word))
    lines = []
    for word in words[:_MOST_LEFT]:
        there, more = [*places[word]][:_MOST_PLACES], len(places[word]) - _MOST_PLACES
        shown = "; ".join(there) + (f" and {more} more" if more > 0 else "")
        lines.append(f"without names there is still {word!r}, which is part of one: {shown}")
    if len(words) > _MOST_LEFT:
        lines.append(f"without names there are still {len(words) - _MOST_LEFT} other words that are part of one")
    return lines


def _texts(result):
    """What a learner or a person wrote, or what was said of it, each with where it stands."""
    yield from (("problems", line) for line in [*result["problems"], *result["notes"]])
    for notebook in result["notebooks"]:
        yield from ((notebook.get("title") or notebook["lesson"], line) for line in notebook["problems"])
        for exercise in notebook["exercises"]:
            for text in (exercise.get("code"), exercise.get("ungraded"), exercise["message"]):
                yield exercise.get("title") or exercise["id"], text or ""
            yield exercise.get("title") or exercise["id"], (exercise.get("override") or {}).get("comment") or ""


@functools.cache
def _needed():
    """The words that code needs, in small letters: those of Python and of the released notebooks."""
    words = {*keyword.kwlist, *dir(builtins)}
    for path in releases.RELEASED.glob("*.ipynb"):
        for cell in submissions.parse(path.read_bytes())[0].cells:
            words |= {*_PART.findall(cell.source)} if cell.cell_type == "code" else set()
    return frozenset(part.casefold() for word in words for part in _PART.findall(word))
