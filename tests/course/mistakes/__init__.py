"""Mistakes people have made in public, written anew as plain answers to exercises, and right answers in odd forms."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mistake:
    """A wrong answer to an exercise.

    source says where someone made the mistake, as "keras#1234" or "common", what says it in a few words. answer is
    what a learner would hand in. says is a piece of what the judge must say about it, None where the judge has only
    numbers to show.
    """

    id: str
    source: str
    what: str
    answer: Callable | dict[str, Any]
    says: str | None


def _collected():
    """The mistakes of all modules in this package, in the order of the names of the modules."""
    found = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        found += getattr(importlib.import_module(f"{__name__}.{module.name}"), "MISTAKES", [])
    return found


MISTAKES = _collected()  # last, for the modules take Mistake from here
