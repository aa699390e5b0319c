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
from collections import defaultdict

from bplib.course.notebooks import releases, submissions
from bplib.grading.classes.counting import names_of

_PART = re.compile(r"[^\W_]+")  # ada_lovelace has two
_FILE = re.compile(r"^.*\.\w{1,8}(?=: )|\S+\.(?:ipynb|zip|py|txt|html)\b")
_PASSED_OVER = re.compile(r"^.* is of the same lesson as .*?(, which counts(?: as the last)?)$")
_NOT_ASKED = re.compile(r"^.*( is of .*, which was not asked for)$")
_DROPPED = {"identity": "", "entries": [], "digest": "", "content": "", "download": ""}
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
        if not isinstance(value, str) or key in ("lesson", "id", "title", "status", "misconception", "state", "seen"):
            return value
        if key == "when":
            return value[:10]
        if key == "problems":
            value = _FILE.sub(
                "a file",
                _NOT_ASKED.sub(r"a file\1", _PASSED_OVER.sub(r"a file is of the same lesson as another\1", value)),
            )
        return everybody.replaced(own.replaced(value))

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
    """Names to be looked for, each as a run of words in small letters, with whatever stands between the words."""

    def __init__(self, names, parts=False):
        """Take (name, number of the learner); with parts also each word of a name."""
        self.numbers = {}  # of each run
        self.lengths = defaultdict(set)  # of the runs that begin with a word
        for name, number in names:
            words = tuple(word.casefold() for word in _PART.findall(name))
            alone = [(word,) for word in (words if parts else words * (len(words) == 1))]
            runs = [words, words[::-1]] if len(words) > 1 else []
            for run in runs + [run for run in alone if self._is_a_name(*run, parts)]:
                self.numbers.setdefault(run, number)
                self.lengths[run[0]].add(len(run))

    @staticmethod
    def _is_a_name(word, own):
        """Whether a word alone names somebody, the learner whose code it stands in or another one."""
        least = _SHORTEST_NUMBER if word.isdecimal() else _SHORTEST
        return word not in _needed() and len(word) >= least[own]

    def replaced(self, text):
        """The text with the number of the learner for each of the names."""
        pieces, kept, skip = [], 0, 0
        words = [(word.group().casefold(), *word.span()) for word in _PART.finditer(text)]
        for place, (word, start, _) in enumerate(words):
            for length in sorted(self.lengths.get(word, ()), reverse=True) if place >= skip else ():
                there = words[place : place + length]
                number = self.numbers.get(tuple(each[0] for each in there))
                if number and all(right[1] - left[2] <= _GAP for left, right in itertools.pairwise(there)):
                    pieces += [text[kept:start], f"learner_{number}"]
                    kept, skip = there[-1][2], place + length
                    break
        return "".join([*pieces, text[kept:]])


@functools.cache
def _needed():
    """The words that code needs, in small letters: those of Python and of the released notebooks."""
    words = {*keyword.kwlist, *dir(builtins)}
    for path in releases.RELEASED.glob("*.ipynb"):
        for cell in submissions.parse(path.read_bytes())[0].cells:
            words |= {*_PART.findall(cell.source)} if cell.cell_type == "code" else set()
    return frozenset(part.casefold() for word in words for part in _PART.findall(word))
