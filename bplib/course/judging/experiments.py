"""Finds out where a wrong answer becomes right: it is called on special inputs, and what is seen there is said.

A probe is a phrase and a change of the arguments. Most come from the arguments themselves, from their names and kinds:
biases that are zero, a rate that is 1, one step, one example. A fact is worth telling if few other mistakes would
become right in the same place, and if what is needed there is more than zeros or an argument handed through.
"""

import contextlib
import numbers
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.comparing import HUGE, Run, agree, named
from bplib.course.judging.reading import Settled, call, fresh, read_parts

_MANY = 0.5
"""The share of known mistakes that are right under a probe from which on it says nothing."""
_BIAS = re.compile(r"b(\d|_?[a-z])?")
_RATE = ("lr", "h", "tolerance", "rate")
_COUNT = ("steps", "epochs", "T")
_GROWTHS = [2.0**power for power in range(-3, 5)]  # of what twice as large numbers may give
_PLAIN = 0.7  # of an array whose entries are all the same


@dataclass(frozen=True)
class Probe:
    """A special kind of input: says completes "it is right", change takes the arguments by name and gives new ones."""

    says: str
    change: Callable


def probes_of(arguments):
    """The probes that follow from the arguments of one case, by name; those nearest to a cause come first."""
    floats = {name: x for name, x in arguments.items() if _is_floats(x)}
    numbers_ = {
        name: x for name, x in arguments.items() if isinstance(x, numbers.Real) and not isinstance(x, bool | np.bool_)
    }
    probes = []
    for name, x in numbers_.items():
        if name in _COUNT and x > 1:
            probes.append(Probe(f"for {name} = 1", _set(name, 1)))
        elif name == "batch_size":
            probes.append(Probe("when all examples are one batch", _whole_batch))
        elif isinstance(x, numbers.Integral) and name == "stride":
            probes.append(Probe("when stride is size", lambda a: {**a, "stride": a["size"]}))
    sequences = [name for name, x in floats.items() if x.ndim == 3]
    lengths = {floats[name].shape[1] for name in sequences}
    if len(sequences) > 1 and len(lengths) == 1 and lengths != {1}:
        words = "for one step, T = 1" if "h0" in arguments else "where axis 1 has the length 1"
        probes.append(Probe(words, lambda a: {**a, **{name: a[name][:, :1] for name in sequences}}))
    for name, x in arguments.items():
        if isinstance(x, np.ndarray) and x.dtype.kind == "b":
            probes.append(Probe(f"when {name} is True everywhere", _map(name, np.ones_like)))
    biases = [name for name in floats if _BIAS.fullmatch(name)]
    single = [name for name in numbers_ if name == "b"]
    inside = {name: [key for key in x if _BIAS.fullmatch(str(key))] for name, x in arguments.items() if type(x) is dict}
    if biases or single or any(inside.values()):
        every = [*biases, *single, *(key for keys in inside.values() for key in keys)]
        words = "when all biases are zero" if len(every) > 1 else f"when {every[0]} is zero"
        probes.append(Probe(words, _without_biases([*biases, *single], inside)))
    for name, x in numbers_.items():
        if name in _RATE or name in _COUNT or isinstance(x, numbers.Integral):
            if name == "lr":
                probes.append(Probe("for lr = 1", _set(name, 1.0)))
            continue
        if name == "limit":
            probes.append(Probe("when the limit is out of reach", _set(name, 1e9)))
            continue
        probes += [Probe(f"for {name} = {value:g}", _set(name, value)) for value in (0.0, 1.0) if x != value]
    for name, x in floats.items():
        if name not in biases:
            probes.append(Probe(f"when {name} is zero", _map(name, np.zeros_like)))
        probes.append(Probe(f"as long as {name} stays between -1 and 1", _map(name, _clipped)))
        probes.append(Probe(f"when no entry of {name} is negative", _map(name, np.abs)))
        probes.append(Probe(f"when no entry of {name} is positive", _map(name, lambda x: -np.abs(x))))
        probes.append(Probe(f"when {name} is 1 everywhere", _map(name, np.ones_like)))
        if x.size > 1:
            probes.append(Probe(f"when all entries of {name} are equal", _map(name, lambda x: np.full_like(x, _PLAIN))))
        probes.append(Probe(f"when {name} is tiny", _map(name, lambda x: 1e-9 * x)))
    batch = _in_the_batch(arguments)
    if batch:
        probes.append(Probe("for one example alone", lambda a: {**a, **{name: a[name][:1] for name in batch}}))
    return probes


@dataclass(frozen=True)
class Asked:
    """A wrong answer beside the reference: the names of all values and of the wrong ones; and `complete`, or None."""

    answer: Callable
    reference: Callable
    names: list
    wrong: list
    complete: Callable | None = None

    def fact(self, runs, mistakes, more=()):
        """The most telling probe under which all that is wrong is right, or None.

        mistakes are known wrong answers, more the probes of the problem itself.
        """
        cases = [run for run in runs if not all(map(run.right, self.wrong))][:2]
        step = max(0.05, 2.5 / max(len(mistakes), 1))  # a later probe has to be clearly the more telling one
        best, least = None, _MANY + step
        for probe in [*more, *probes_of(named(self.reference, cases[0].args))]:
            changed = [args for args in (self._changed(probe.change, case) for case in cases) if args is not None]
            if len(changed) < len(cases) or not all(self._right(self.answer, args) for args in changed):
                continue
            if any(self._is_nothing(args) for args in changed):
                continue
            share = sum(all(self._right(each, args) for args in changed) for each in mistakes) / max(len(mistakes), 1)
            if share <= least - step:
                best, least = probe, share
        return best

    def unseen(self, run):
        """The arguments on which the needed values depend and the answer's do not, by name."""
        if not all((np.abs(run.got[name]) < HUGE).all() for name in self.wrong):
            return []
        return [
            name
            for name, other in self._others(run, lambda x: 1.25 * x[::-1] + 0.125)
            if all(
                agree(other.got[part], run.got[part]) and not agree(other.want[part], run.want[part])
                for part in self.wrong
            )
        ]

    def not_linear(self, run):
        """The arguments of which twice as much should give twice the result, and does not, by name."""
        return [
            name
            for name, other in self._others(run, lambda x: 2 * x)
            if all(
                agree(other.want[part], 2 * run.want[part]) and not agree(other.got[part], 2 * run.got[part])
                for part in self.wrong
            )
        ]

    def growth(self, run):
        """By what the needed values and the answer's grow where all arrays are twice as large, as two numbers, or None.

        A square that is missing, a root too many, a size that should not count: None where both grow alike, or where
        either does not grow by one factor.
        """
        arrays = [name for name, x in named(self.reference, run.args).items() if _is_floats(x)]
        args = self._changed(lambda arguments: {**arguments, **{name: 2 * arguments[name] for name in arrays}}, run)
        if args is None:
            return None
        try:
            other = self._run(self.answer, args)
        except Settled:
            return None
        if other is None:
            return None
        found = []
        for before, after in ((run.want, other.want), (run.got, other.got)):
            fits = [f for f in _GROWTHS if all(agree(after[part], f * before[part]) for part in self.wrong)]
            found.append(fits[0] if len(fits) == 1 else None)
        return None if None in found or found[0] == found[1] else tuple(found)

    def _others(self, run, change):
        """What a change of each array alone gives, by the name of the array."""
        for name, x in named(self.reference, run.args).items():
            args = self._changed(_map(name, change), run) if _is_floats(x) else None
            if args is not None:
                with contextlib.suppress(Settled):
                    other = self._run(self.answer, args)
                    if other is not None:
                        yield name, other

    def _changed(self, change, run):
        """The arguments of a case under a change; None if nothing is changed, or it cannot be."""
        arguments = named(self.reference, run.args)
        try:
            new = change(arguments)
            args = tuple(new[name] for name in arguments)
            args = self._completed(args) if self.complete else args
        except (LookupError, TypeError, ValueError):
            return None
        return None if all(map(_same, args, arguments.values())) else args

    def _completed(self, args):
        """The arguments with what was computed from others; LookupError where that undoes a change to one value."""
        completed = tuple(self.complete(*args))
        for before, after in zip(args, completed, strict=True):
            if _is_floats(before) and before.size > 1 and np.ptp(before) == 0 and not _same(before, after):
                raise LookupError("it is not what it was said to be any more")
        return completed

    def _run(self, answer, args):
        try:
            needed = self.reference(*fresh(args))
        except Exception:  # a reference need not bear every change
            return None
        want = read_parts(needed, needed, self.names)
        if not all(np.isfinite(part).all() for part in want.values()):
            return None
        return Run(args, needed, read_parts(call(answer, fresh(args), ""), needed, self.names), want)

    def _right(self, answer, args):
        try:
            run = self._run(answer, args)
        except Settled:
            return False
        return run is not None and all(map(run.right, self.wrong))

    def _is_nothing(self, args):
        """Whether what is needed is all zero, or an argument as it came in: many a wrong answer gives that."""
        needed = self.reference(*fresh(args))
        wanted = [part for name, part in read_parts(needed, needed, self.names).items() if name in self.wrong]
        return any(
            not part.any() or any(_is_floats(x) and x.shape == part.shape and agree(part, x) for x in args)
            for part in wanted
        )


def _same(one, other):
    if isinstance(one, np.ndarray):
        return one.shape == np.shape(other) and np.array_equal(one, other)
    if type(one) is dict:
        return all(_same(one[key], other[key]) for key in one)
    return one is other or (isinstance(one, numbers.Real) and one == other)


def _is_floats(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.ndim > 0 and x.size > 0


def _clipped(x):
    """The entries between -1 and 1. ValueError where none is strictly between, of which nothing could be said."""
    if (np.abs(x) >= 1).all():
        raise ValueError("no entry is small")
    return np.clip(x, -1, 1)


def _set(name, value):
    return lambda arguments: {**arguments, name: value}


def _map(name, change):
    return lambda arguments: {**arguments, name: change(arguments[name])}


def _without_biases(names, inside):
    def change(arguments):
        zero = {name: np.zeros_like(arguments[name]) if _is_floats(arguments[name]) else 0.0 for name in names}
        nested = {
            name: {key: np.zeros_like(x) if key in keys else x for key, x in arguments[name].items()}
            for name, keys in inside.items()
            if keys
        }
        return {**arguments, **zero, **nested}

    return change


def _whole_batch(arguments):
    rows = next(len(x) for x in arguments.values() if isinstance(x, np.ndarray) and x.ndim == 2)
    return {**arguments, "batch_size": rows}


def _in_the_batch(arguments):
    """The arrays whose first axis is that of the batch: at least two share it, or it is the only array of rows."""
    arrays = {name: x for name, x in arguments.items() if isinstance(x, np.ndarray) and x.ndim}
    first = [len(x) for x in arrays.values()]
    shared = [length for length in first if first.count(length) > 1 and length > 1]
    found = [name for name, x in arrays.items() if shared and len(x) == shared[0]]
    return [] if "w" in found else found  # the weights of a neuron are as many as the inputs of one example
