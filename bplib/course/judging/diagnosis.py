"""Says what is wrong with an array: its shape, NaN, a known mistake, a constant factor, or where it is farthest off.

A diagnosis is claimed only when its wrong answer gives the learner's values in every case and no other diagnosis does;
a learner told the wrong thing is worse off than one told nothing.
"""

import inspect
import numbers
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    kind_of,
    listed,
    read_parts,
    shown,
    two_numbers,
)
from bplib.gradcheck import relative_error

TOLERANCE = 1e-6  # by gradcheck.relative_error, for each array

RATIOS = (
    ("sign", lambda n: -1, "minus what is needed: only the sign is wrong."),
    ("times-2", lambda n: 2, "exactly 2 times what is needed: look for a factor 2 too many."),
    ("times-half", lambda n: 0.5, "exactly half of what is needed: look for a factor 2 that got lost."),
    ("times-n", lambda n: n, "n times what is needed, n being the batch size: a division by n is missing."),
    ("over-n", lambda n: 1 / n, "what is needed divided by n, the batch size: there is one division by n too many."),
)


@dataclass(frozen=True)
class Run:
    """One case: its arguments, what the reference returns, and the arrays of the answer and the reference by name."""

    args: tuple
    needed: object
    got: dict
    want: dict


def diagnose(reference, runs, misconceptions):
    """The verdict on an answer, from its runs on all cases."""
    wrong = [name for name in runs[0].want if not all(_agree(run.got[name], run.want[name]) for run in runs)]
    if not wrong:
        return Verdict(PASSED, "It agrees with ours to 1e-6.")
    return (
        recognized(misconceptions, lambda mistake: _gives(mistake.answer, runs))
        or _wrong_shape(reference, runs)
        or _not_finite(reference, runs)
        or _constant_ratio(runs, wrong)
        or _worst(reference, runs, wrong)
    )


def recognized(misconceptions, matches):
    """The verdict of the one sentence whose wrong answers match; None if there is none, or more than one."""
    found = {}
    for mistake in misconceptions:
        try:
            if matches(mistake):
                found.setdefault(mistake.says, mistake.id)
        except Settled:
            continue  # the wrong answer raises or returns something else here, which the learner's did not
    if len(found) != 1:
        return None
    [(says, id)] = found.items()
    return Verdict(NOT_YET, says, id)


def _agree(got, want):
    """Equal to the tolerance; NaN equals NaN here, so that a wrong answer that overflows can be recognized."""
    if got.shape != want.shape:
        return False
    finite = np.isfinite(want)
    return (
        np.array_equal(got[~finite], want[~finite], equal_nan=True)
        and relative_error(got[finite], want[finite]) <= TOLERANCE
    )


def _gives(variant, runs):
    """Whether a known wrong answer gives the learner's values in every case."""
    for run in runs:
        parts = read_parts(call(variant, fresh(run.args), ""), run.needed)
        if not all(_agree(run.got[name], parts[name]) for name in parts):
            return False
    return True


def _wrong_shape(reference, runs):
    """The verdict on the first shape that is not the one needed, or None."""
    for run in runs:
        for name, want in run.want.items():
            got = run.got[name]
            if got.shape != want.shape:
                says = f"{name + ' is' if name else 'It returns'} {_shape(got.shape)}; {_shape(want.shape)} is needed"
                return Verdict(NOT_YET, f"{says} (given {shapes(reference, run.args)}).")
    return None


def _not_finite(reference, runs):
    """The verdict on the first NaN or infinity, with the input behind it, or None."""
    for run in runs:
        for name, want in run.want.items():
            bad = ~np.isfinite(run.got[name]) & np.isfinite(want)
            if bad.any():
                index = tuple(map(int, np.argwhere(bad)[0]))
                what = "NaN" if np.isnan(run.got[name][index]) else "infinity"
                at = f" at index {_index(index)}" if index else ""
                there = _inputs_at(reference, run.args, index, want.shape)
                return Verdict(NOT_YET, f"{name or 'It'} is {what}{at}, {there}.")
    return None


def _constant_ratio(runs, wrong):
    """The verdict where all that is wrong is off by one factor of RATIOS, the same in every case, or None."""
    sizes = [_batch_size(run.args) for run in runs]
    found = [
        (id, says)
        for id, factor, says in RATIOS
        if (None not in sizes or id not in ("times-n", "over-n"))
        and all(
            _agree(run.got[name], factor(n) * run.want[name])
            for run, n in zip(runs, sizes, strict=True)
            for name in wrong
        )
    ]
    if len(found) != 1:
        return None
    [(id, says)] = found
    part = "It is" if len(wrong) == len(runs[0].want) else f"{listed(wrong)} {'is' if len(wrong) == 1 else 'are'}"
    return Verdict(NOT_YET, f"{part} {says}", id)


def _worst(reference, runs, wrong):
    """The entry farthest off, beside the scale of its array."""

    def distance(run, name):
        return np.abs(run.got[name] - run.want[name])

    def badness(pair):
        run, name = pair
        return distance(run, name).max() / max(np.abs(run.want[name]).max(), np.finfo(float).tiny)

    # Every shape is right by now, and an empty array always agrees.
    pairs = [(run, name) for run in runs for name in wrong if not _agree(run.got[name], run.want[name])]
    run, name = max(pairs, key=badness)
    index = tuple(map(int, np.unravel_index(distance(run, name).argmax(), run.want[name].shape)))
    needed, given = two_numbers(run.want[name][index], run.got[name][index])
    at = f" at index {_index(index)}" if index else ""
    there = _inputs_at(reference, run.args, index, run.want[name].shape)
    return Verdict(NOT_YET, f"{name or 'It'} is {given}{at}, and {needed} is needed, {there}.")


def _batch_size(args):
    return next((arg.shape[0] for arg in args if isinstance(arg, np.ndarray) and arg.ndim), None)


def _index(index):
    return index[0] if len(index) == 1 else index


def _shape(shape):
    return f"an array of shape {shape}" if shape else "a single number"


def _names(reference, args):
    try:
        names = list(inspect.signature(reference).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) >= len(args) else [f"argument {i + 1}" for i in range(len(args))]


def shapes(reference, args):
    """The arguments in few words: "y_pred of shape (5,), lr = 0.1"."""
    words = []
    for name, arg in zip(_names(reference, args), args, strict=False):
        if isinstance(arg, np.ndarray):
            words.append(f"{name} of shape {arg.shape}" if arg.ndim else f"{name} = {shown(float(arg))}")
        elif isinstance(arg, numbers.Real):
            words.append(f"{name} = {shown(float(arg))}")
        else:
            words.append(f"{name}, {kind_of(arg)}")
    return ", ".join(words)


def _inputs_at(reference, args, index, shape):
    """The inputs behind one entry of the result: the same entry or row where the shapes allow, else the range."""
    words = []
    for name, arg in zip(_names(reference, args), args, strict=False):
        array = np.asarray(arg)
        if array.dtype.kind not in "biuf" or not array.size:
            continue
        if array.ndim >= len(index) > 0 and array.shape[: len(index)] == shape:
            array = array[index]
        if array.size == 1:
            words.append(f"{name} = {shown(float(array.item()))}")
        else:
            words.append(f"{name} runs from {shown(float(array.min()))} to {shown(float(array.max()))}")
    return "where " + ", ".join(words) if words else "for these inputs"
