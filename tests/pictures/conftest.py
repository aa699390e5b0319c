"""What the tests of several explorers need."""

from time import perf_counter

import pytest


class Stopwatch:
    """Times what stands in its with, in milliseconds of an idle machine: beside each time it times a known work.

    A machine that is slow, or busy with something else, is so for both.
    """

    def __init__(self):
        self.moves, self.works = [], []

    def __enter__(self):
        self.start = perf_counter()

    def __exit__(self, *_):
        moved = perf_counter()
        " ".join(f"{i / 7:.1f}" for i in range(5000))  # a millisecond of what explorers do: text made of numbers
        self.works.append(perf_counter() - moved)
        self.moves.append(moved - self.start)

    def milliseconds(self):
        """The shortest of the times: what else the machine did came on top of the others."""
        return min(self.moves) / min(self.works)


@pytest.fixture
def stopwatch():
    return Stopwatch()
