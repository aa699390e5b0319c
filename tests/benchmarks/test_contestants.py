"""Promise: the contestants of a benchmark compute the same, so no benchmark compares different things."""

from importlib import import_module

import numpy as np
import pytest

from benchmarks import harness, report, scalar_autodiff

CASES = {
    f"{row.title}: {case.name}": case
    for name in report.ROWS
    for row in import_module(f"benchmarks.{name}").TABLES
    for case in row.cases
    if case.rtol is not None
}
PAIRS = {f"{label}: {name}": (case, name) for label, case in CASES.items() for name in list(case.makers)[1:]}


def copied(result):
    """A result as a tuple of arrays that the next call does not write into."""
    return tuple(np.asarray(part).copy() for part in (result if isinstance(result, tuple) else (result,)))


def results(function, calls, units=1):
    """What the first calls return, as a list of tuples of arrays; for units above 1, the mean of so many calls."""
    returned = [copied(function()) for _ in range(calls * units)]
    chunks = [returned[i : i + units] for i in range(0, len(returned), units)]
    return [tuple(np.mean(parts, axis=0) for parts in zip(*chunk, strict=True)) for chunk in chunks]


@pytest.fixture
def short_chain(monkeypatch):
    """What half a million steps take is for the benchmark; the same is computed in a thousand."""
    monkeypatch.setattr(scalar_autodiff, "CHAIN", 1000)


@pytest.mark.usefixtures("short_chain")
@pytest.mark.parametrize("case, name", PAIRS.values(), ids=PAIRS)
def test_a_contestant_computes_what_the_floor_computes(case, name):
    try:
        contestant = case.makers[name]()
        floor = next(iter(case.makers.values()))()
    except ImportError as error:
        if name.startswith("bplib"):
            raise
        pytest.skip(f"{name}: {error}")
    calls, units = (1, contestant.units) if hasattr(contestant, "units") else (case.calls, 1)
    rtol = case.loose.get(name, case.rtol)
    for ours, theirs in zip(results(floor, calls, units), results(contestant, calls), strict=True):
        assert [part.shape for part in ours] == [part.shape for part in theirs]
        for a, b in zip(ours, theirs, strict=True):
            assert np.max(np.abs(a - b)) <= rtol * np.max(np.abs(a))


# The harness, by a clock that only moves when someone works


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def worker(self, seconds, units=1):
        def work():
            self.now += seconds * units

        work.units = units
        return work


def test_who_takes_twice_as_long_has_the_ratio_two():
    clock = Clock()
    times = harness.race({"a": clock.worker(0.5), "b": clock.worker(1.0)}, rounds=3, seconds=8.0, clock=clock)
    assert times == {"a": [0.5] * 3, "b": [1.0] * 3}
    assert harness.ratios(times, "a") == {"a": 1.0, "b": 2.0}


def test_who_does_many_units_in_a_call_is_judged_by_one():
    clock = Clock()
    times = harness.race({"a": clock.worker(0.5), "b": clock.worker(0.5, units=64)}, 3, 8.0, clock)
    assert harness.ratios(times, "a") == {"a": 1.0, "b": 1.0}


def test_a_round_that_is_slow_for_all_changes_no_ratio():
    assert harness.ratios({"a": [1.0, 1.0, 10.0], "b": [2.0, 2.0, 20.0]}, "a")["b"] == 2.0


def test_a_peer_that_is_not_installed_is_left_out_and_bplib_never():
    def missing():
        raise ImportError("no such package")

    case = harness.Case("case", {"floor": lambda: lambda: 0.0, "peer": missing})
    assert list(harness.make(case)) == ["floor"]
    with pytest.raises(ImportError):
        harness.make(harness.Case("case", {"floor": lambda: lambda: 0.0, "bplib": missing}))


# The report


def test_a_row_that_runs_again_replaces_its_own_table_and_keeps_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "RESULTS.md")
    for title, text in [("A", "first"), ("B", "second"), ("A", "third")]:
        report._keep(title, f"## {title}\n\n{text}\n")
    assert report.RESULTS.read_text() == f"{report.HEAD}\n## A\n\nthird\n\n## B\n\nsecond\n"


def test_a_row_that_does_not_exist_is_named_and_nothing_runs(capsys):
    assert report.main(["digits", "digitz"]) == 2
    assert "unknown: digitz; the rows are training_step" in capsys.readouterr().out
