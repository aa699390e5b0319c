"""Contestants take turns, round by round, and what counts is the ratio to the floor within a round.

On a machine that does other work too, absolute times drift by tens of percent. Two contestants of one round meet the
same drift, so the median of their ratio over all rounds is steady. What is timed is the processor, which does not run
while another program has it; whole processes are timed by the clock on the wall.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Case:
    """One line of a table: contestants that do the same work.

    ``makers`` are functions by the name of their contestant; a maker prepares everything and returns the function that
    is timed, ``maker()()``. What that returns at each of its first ``calls`` must be the same for all of them, to
    ``rtol``; None where they answer different questions. ``show`` writes a result into the table.
    A function that does the work many times in a call says so in its attribute ``units``, and returns the mean.
    """

    name: str
    makers: dict[str, Callable]
    rtol: float | None = 1e-9
    loose: dict[str, float] = field(default_factory=dict)
    calls: int = 3
    show: Callable | None = None
    rounds: int = 15
    seconds: float = 0.02
    clock: Callable = time.process_time


@dataclass(frozen=True)
class Row:
    """One table: a title, what a reader has to know, and its cases. The first contestant is the unit."""

    title: str
    note: str
    cases: list[Case]
    summary: bool = False

    @property
    def names(self):
        """The names of all contestants, in the order in which they first appear."""
        return list(dict.fromkeys(name for case in self.cases for name in case.makers))


def make(case):
    """The functions to be timed by name, without those whose package is not installed."""
    functions = {}
    for name, maker in case.makers.items():
        try:
            functions[name] = maker()
        except ImportError as error:
            if name.startswith("bplib"):
                raise
            print(f"  {name} is left out: {error}")
    return functions


def race(functions, rounds, seconds, clock=time.process_time):
    """The time of one call by name, as a list over the rounds: everyone runs in every round, for about ``seconds``."""
    gc.collect()
    gc.freeze()  # else each collection would walk through all that the packages of all contestants have loaded
    repeats = {name: _repeats(function, seconds, clock) for name, function in functions.items()}
    units = {name: getattr(function, "units", 1) for name, function in functions.items()}
    times = {name: [] for name in functions}
    order = list(functions)
    for _ in range(rounds):
        for name in order:
            gc.collect()  # nobody clears away what the one before has left
            times[name].append(_elapsed(functions[name], repeats[name], clock) / repeats[name] / units[name])
        order.append(order.pop(0))  # nobody always runs after the same neighbor
    return times


def ratios(times, unit):
    """The median over the rounds of (time / time of the unit), by name."""
    return {name: median(a / b for a, b in zip(taken, times[unit], strict=True)) for name, taken in times.items()}


def run(case):
    """Race the contestants of a case. Returns their ratios and the last result of each, both by name."""
    functions = make(case)
    times = race(functions, case.rounds, case.seconds, case.clock)
    results = {name: function() for name, function in functions.items()} if case.show else {}
    return ratios(times, next(iter(case.makers))), results


def _elapsed(function, repeats, clock):
    start = clock()
    for _ in range(repeats):
        function()
    return clock() - start


def _repeats(function, seconds, clock):
    """How often a function has to run to fill the time; the first call, which may compile, does not count."""
    function()
    if not seconds:
        return 1
    repeats = 1
    while (taken := _elapsed(function, repeats, clock)) < seconds / 4:
        repeats *= 2
    return max(1, round(repeats * seconds / taken))
