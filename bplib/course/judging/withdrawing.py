"""Functions of the course that are themselves the answer to an exercise: withdrawn while an answer to it runs.

A method counts as a function too, as "optimizers.Adam.step".
"""

import contextlib
import functools
from importlib import import_module
from operator import attrgetter


@contextlib.contextmanager
def withdrawn(names):
    """Within, functions such as "losses.mse" raise `raising.Withdrawn`, however the caller has got hold of them.

    It is their code that is exchanged, since a function imported by its name is the same object. Nobody who wants to
    copy our code is kept from it: this is a reminder of what was asked for.
    """
    functions = [_function(name) for name in names]
    codes = [function.__code__ for function in functions]
    for name, function in zip(names, functions, strict=True):
        function.__code__ = _refusal(name)
    try:
        yield
    finally:
        for function, code in zip(functions, codes, strict=True):
            function.__code__ = code


def without(names, answer):
    """The answer, which finds the named functions withdrawn while it runs."""

    @functools.wraps(answer)
    def withdrawing(*args):
        with withdrawn(names):
            return answer(*args)

    return withdrawing


def _function(name):
    module, _, attribute = name.partition(".")
    return attrgetter(attribute)(import_module(f"bplib.{module}"))


@functools.cache
def _refusal(name):
    """Code that takes any arguments and raises."""
    says = f"It calls {name}, which is what you are asked to write here"
    lines = (
        "def refuse(*_, **__):",
        "    from bplib.course.judging.raising import Withdrawn",
        f"    raise Withdrawn({says!r})",
    )
    made = {}
    exec("\n".join(lines), made)
    return made["refuse"].__code__
