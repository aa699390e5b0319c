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
_NOT_ASKED = re.compile(r"^.*( is of \S+, which was not asked for)$")
_DROPPED = {"identity": "", "entries": [], "digest": "", "content": "", "download": ""}
_SHORTEST = 4  # letters of a name of one word that is also looked for in what others wrote


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
    own = _Names(((name, number) for name in names_of(result)), parts=True)
    for name in names_of(result):
        own.add(name.partition("@")[0], number)

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
    """Names to be looked for, each as a run of words, in small letters; what is between the words does not matter."""

    def __init__(self, names, parts=False):
        """Take (name, number of the learner); with parts also each word of a name."""
        self.parts = parts
        self.runs = defaultdict(dict)  # by their first word: the whole run to the number
        for name, number in names:
            self.add(name, number)

    def add(self, name, number):
        """Look for this name too."""
        words = tuple(word.casefold() for word in _PART.findall(name))
        runs = [words, words[::-1]] + ([(word,) for word in words] if self.parts else [])
        for run in runs:
            least = 2 if self.parts else _SHORTEST
            if len(run) > 1 or (run and len(run[0]) >= least and not run[0].isdecimal()) or self._is_long(run):
                if len(run) > 1 or run[0] not in _needed():
                    self.runs[run[0]].setdefault(run, number)

    def _is_long(self, run):
        return len(run) == 1 and run[0].isdecimal() and len(run[0]) >= (_SHORTEST if self.parts else 6)

    def replaced(self, text):
        """The text with the number of the learner for each of the names."""
        pieces, kept, skip = [], 0, 0
        words = [(word.group().casefold(), *word.span()) for word in _PART.finditer(text)]
        for place, (word, start, _) in enumerate(words):
            if place < skip or word not in self.runs:
                continue
            for run, number in sorted(self.runs[word].items(), key=lambda each: -len(each[0])):
                there = words[place : place + len(run)]
                gaps = [text[one[2] : other[1]] for one, other in itertools.pairwise(there)]
                if tuple(each[0] for each in there) == run and all(len(gap) < 4 for gap in gaps):
                    pieces += [text[kept:start], f"learner_{number}"]
                    kept, skip = there[-1][2], place + len(run)
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
