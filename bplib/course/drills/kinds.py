"""The kinds of drills there are, and any drill by its name."""

import hashlib
import re
import secrets

import numpy as np

from bplib.course.drills import bugs, curves, formulas, graphs, shapes
from bplib.course.drills.drill import LEVELS

KINDS = {
    "graphs": graphs.draw,
    "formulas": formulas.draw,
    "shapes": shapes.draw,
    "bugs": bugs.draw,
    "curves": curves.draw,
}
"""What draws a drill of each kind, in the order of the course: draw(rng, level, seed)."""

SEEDS = 10_000
"""Seeds go from 0 up to here, so that a name is short enough to be told."""

_ID = re.compile(r"([a-z]+)-([0-9]+)-([0-9]{1,20})")


def drill(kind, level, seed):
    """The drill of a kind, a level and a seed, always the same. ValueError, in a sentence, where there is none."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"there is no practice of {kind!r}; there is {', '.join(KINDS)}")
    if isinstance(level, bool) or not isinstance(level, int) or level not in LEVELS:
        raise ValueError(f"the level is {level!r}; needed is one of {', '.join(map(str, LEVELS))}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise ValueError(f"the seed is {seed!r}; needed is a whole number, 0 or more")
    return KINDS[kind](np.random.default_rng([_number(kind), level, seed]), level, seed)


def named(id):
    """The drill of a name, as "graphs-2-417"; None where the text is no name of a drill."""
    found = _ID.fullmatch(id)
    if not found or found[1] not in KINDS or int(found[2]) not in LEVELS or int(found[3]) >= 2**64:
        return None
    return drill(found[1], int(found[2]), int(found[3]))


def another(kind, level, before=()):
    """A drill that is not like any of those before."""
    while True:
        drawn = drill(kind, level, secrets.randbelow(SEEDS))
        if all(drawn.alike != each.alike for each in before):
            return drawn


def seed_of(identity):
    """The seed that belongs to somebody, whoever writes it in what letters: of a name, an address of mail, a number."""
    plain = " ".join(str(identity).casefold().split())
    return _number(plain)


def _number(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
