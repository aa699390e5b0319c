"""How alike answers are, beyond what their exercise forces: the same answer under other names, and pairs to read.

An answer is read as the nodes of its syntax tree, in which comments, layout, docstrings and annotations do not stand,
and what the answer names itself has no name. Of each run of _LENGTH nodes a hash is taken, and the least hash of each
_WINDOW neighboring ones is a fingerprint, so that equal runs of _LENGTH + _WINDOW - 1 nodes are always found:
Schleimer, Wilkerson and Aiken, Winnowing: local algorithms for document fingerprinting, SIGMOD 2003.

Nothing counts that stands in the released notebook, and nothing that more than a few of a class have: that much is
forced by the exercise, or its usual answer. What is left is rare. How much of it two learners share is measured against
the others of this very class: against how much each of them shares with whoever is nearest.
"""

import ast
import math
import re
import statistics
import warnings
import zlib
from collections import Counter, defaultdict
from functools import cache, lru_cache
from itertools import combinations

from bplib.course.judging.reading import NOT_ATTEMPTED
from bplib.course.notebooks import releases, submissions

FEWEST = 12
"""How many answers to an exercise there have to be, so that those of two can be called rare."""

_LENGTH, _WINDOW = 8, 4
_FEW, _SHARE_OF_FEW = 10, 0.1  # so many, or this share of the answers if it is less, may have what is still rare
_LEAST_SHARED, _SHARE = 6, 0.6  # of an exercise: fingerprints, and of those of the one who has fewer rare ones
_LEAST = 20  # of all exercises; about fifty equal nodes, which one line never has
_FAR = 6.0  # deviations above what is usual in the class
_LONGEST = 10_000  # letters of an answer that are read
_PRIME, _BASE = (1 << 61) - 1, 1_000_003
_TEXT = 100  # letters from which on what is written down is something to read
_WRITTEN = (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.unaryop, ast.expr_context)
_WRITTEN += (ast.Assign, ast.Return, ast.Pass)
_SILENT = {"annotation", "returns", "type_comment", "decorator_list", "ctx", "kind", "type_params", "type_ignores"}


# One answer


def normal(code):
    """A form of an answer that is the same under other names, comments and layout: a tuple.

    What cannot be parsed is equal to itself alone, up to comments and spaces.
    """
    return tuple(_nodes(code))


def is_written_down(code):
    """Whether an answer is one function that takes nothing and computes nothing, as a choice among a few words.

    Nothing in it can be read that its value does not say. Texts are something to read, from _TEXT letters on.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            statements = ast.parse(code[:_LONGEST]).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if len(statements) != 1:
        return False
    [answer] = statements
    if isinstance(answer, ast.Assign) and isinstance(answer.value, ast.Lambda):
        args, parts = answer.value.args, [answer.value.body]
    elif isinstance(answer, ast.FunctionDef):
        described = isinstance(answer.body[0], ast.Expr) and isinstance(answer.body[0].value, ast.Constant)
        args, parts = answer.args, answer.body[described:]
    else:
        return False
    nodes = [node for part in parts for node in ast.walk(part)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    takes = args.posonlyargs or args.args or args.kwonlyargs or args.vararg or args.kwarg
    return not takes and all(isinstance(node, _WRITTEN) for node in nodes) and max(map(len, texts), default=0) < _TEXT


def _nodes(code):
    """The nodes of the tree in the order of the text; a name that the answer binds is a number, in their order."""
    try:
        with warnings.catch_warnings(action="ignore"):  # what Python says of an answer is not for whoever grades
            tree = ast.parse(code[:_LONGEST])
        found, bound, waiting = [], set(), [tree]
        while waiting:  # with a list, since a tree can be deeper than Python's stack
            node = waiting.pop()
            kind = type(node)
            if kind is ast.Name:
                found.append((node.id,))
                if type(node.ctx) is not ast.Load:
                    bound.add(node.id)
            elif kind is ast.arg:
                found.append((node.arg,))
                bound.add(node.arg)
            elif kind is ast.Constant:
                found.append(repr(node.value))
            elif kind is not ast.Expr or type(node.value) is not ast.Constant:  # a docstring, or it goes nowhere
                found.append(kind.__name__)
                for field in _read(kind):
                    value = getattr(node, field, None)
                    if type(value) is list:
                        waiting += [each for each in reversed(value) if isinstance(each, ast.AST)]
                    elif isinstance(value, ast.AST):
                        waiting.append(value)
                    elif field == "name" and value and kind is not ast.alias:
                        found.append((value,))
                        bound.add(value)
                    elif isinstance(value, str):
                        found.append(value)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.findall(r"\w+|[^\w\s]", re.sub("#.*", "", code[:_LONGEST]))
    numbers = {}
    for place, each in enumerate(found):
        if type(each) is tuple:
            [name] = each
            found[place] = numbers.setdefault(name, len(numbers)) if name in bound else name
    return found


@cache
def _read(kind):
    """The fields of a kind of node that count, the last first."""
    return [field for field in reversed(kind._fields) if field not in _SILENT]


@lru_cache(maxsize=100_000)
def _number(node):
    return zlib.crc32(str(node).encode("utf-8", "replace"))


def fingerprints(code):
    """The fingerprints of an answer, a set of numbers; none of one that is too short for a run."""
    nodes = [1 if isinstance(node, int) else _number(node) for node in _nodes(code)]
    last = pow(_BASE, _LENGTH - 1, _PRIME)
    hashes, rolling = [], 0
    for k, node in enumerate(nodes):  # Karp and Rabin's hash, which forgets the node that leaves the run
        if k >= _LENGTH:
            rolling -= nodes[k - _LENGTH] * last
        rolling = (rolling * _BASE + node) % _PRIME
        if k >= _LENGTH - 1:
            hashes.append(rolling)
    return {min(hashes[k : k + _WINDOW]) for k in range(max(len(hashes) - _WINDOW + 1, bool(hashes)))}


# The class


def pairs(results):
    """The pairs of learners who share far more that is rare than others of this class do, the most alike first.

    A list of dicts
        slugs      of the two
        shared     how many rare fingerprints they share, in the exercises where it is far more than usual
        exercises  a list of dicts lesson, id, shared, and rare: how many the one has who has fewer
        as_alike   how many pairs of the class share as much, this one among them
        pairs      how many pairs there are of those whose answers were compared
    Rare is what at most a few of a class have. In an exercise it is far more than usual if it is _SHARE of what is rare
    in one of the two answers, and _FAR deviations above the median of what each learner shares with the nearest other;
    the deviation is 1.4826 times the median distance from that median, which copies among fewer than half of a class
    do not move. Exercises with fewer than FEWEST answers are not compared. The time grows as the class does.
    """
    answers = defaultdict(dict)
    for place, result in enumerate(results):
        for notebook in result["notebooks"]:
            for exercise in notebook["exercises"]:
                if exercise["status"] != NOT_ATTEMPTED and exercise.get("code"):
                    answers[notebook["lesson"], exercise["id"]][place] = exercise["code"]
    found, compared = defaultdict(list), set()
    for (lesson, id), codes in answers.items():
        if len(codes) >= FEWEST:
            compared |= codes.keys()
            for pair, shared, rare in _alike(codes, _given(lesson)):
                found[pair].append({"lesson": lesson, "id": id, "shared": shared, "rare": rare})
    totals = {pair: sum(each["shared"] for each in exercises) for pair, exercises in found.items()}
    ranked = sorted(totals, key=lambda pair: (-totals[pair], pair))
    count = Counter(totals.values())
    shown, above = [], 0
    for pair in ranked:
        if totals[pair] < _LEAST:
            break
        above = above if shown and shown[-1]["shared"] == totals[pair] else above + count[totals[pair]]
        shown.append(
            {
                "slugs": [results[place]["slug"] for place in pair],
                "shared": totals[pair],
                "exercises": found[pair],
                "as_alike": above,
                "pairs": math.comb(len(compared), 2),
            }
        )
    return shown


def _alike(codes, given):
    """(pair, shared, rare) for those who share far more than is usual in an exercise; codes are by place."""
    of_code = {code: fingerprints(code) - given for code in set(codes.values())}
    holders = defaultdict(list)
    for place, code in codes.items():
        for each in of_code[code]:
            holders[each].append(place)
    few = max(3, min(_FEW, math.floor(_SHARE_OF_FEW * len(codes))))
    rare, shared = Counter(), Counter()
    for who in holders.values():
        if len(who) <= few:
            rare.update(who)
            shared.update(combinations(who, 2))
    nearest = dict.fromkeys(codes, 0)
    for pair, count in shared.items():
        for place in pair:
            nearest[place] = max(nearest[place], count)
    usual = statistics.median(nearest.values())
    far = usual + _FAR * 1.4826 * statistics.median(abs(each - usual) for each in nearest.values())
    for pair, count in shared.items():
        least = min(rare[place] for place in pair)
        if count >= _LEAST_SHARED and count >= _SHARE * least and count > far:
            yield pair, count, least


@lru_cache(maxsize=100)
def _given(lesson):
    """The fingerprints of what the released notebook of a lesson holds."""
    path = releases.RELEASED / f"{lesson}.ipynb"
    if not path.is_file():
        return frozenset()
    cells = submissions.parse(path.read_bytes())[0].cells
    return frozenset(each for cell in cells if cell.cell_type == "code" for each in fingerprints(cell.source))
