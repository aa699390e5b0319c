"""What an answer gave beside what is needed: when two arrays agree, and the words for arguments, shapes and places."""

import inspect
import numbers
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.reading import Part, fresh, kind_of, read_parts, shown
from bplib.gradcheck import relative_error

TOLERANCE = 1e-6  # by gradcheck.relative_error, for each array
HUGE = 1e300  # nan_to_num puts the largest number there is in the place of an infinity
_SINGLE = 1e-4  # what is farther off is no rounding of float32
_ROUNDING = 1.2e-6  # ten roundings of float32
_MOST_ROWS, _MOST_COLUMNS = 12, 24  # of a picture that one takes in at a glance


@dataclass(frozen=True)
class Run:
    """One case: its arguments, what the reference returns, and the arrays of the answer and the reference by name.

    noise is the relative error to allow an answer that may have been computed in float32.
    """

    args: tuple
    needed: object
    got: dict
    want: dict
    noise: float = 0.0

    def right(self, name):
        """Whether the answer's array of this name is right."""
        return agree(self.got[name], self.want[name], self.noise)


def agree(got, want, noise=0.0):
    """Equal to the tolerance; NaN equals NaN here, so that a wrong answer that overflows can be recognized."""
    if got.shape != want.shape:
        return False
    finite = np.isfinite(want)
    return np.array_equal(got[~finite], want[~finite], equal_nan=True) and relative_error(
        got[finite].astype(float), want[finite]
    ) <= max(TOLERANCE, noise)


def noise(reference, args, needed, got, want):
    """The relative error to allow an answer that may have been computed in float32; 0 where there is no such doubt.

    It is twenty times the error that the reference has in float32, since another order of the same sums is another
    rounding; and none at all for an answer that is right in float64, or wrong by more than rounding could make it.
    """
    error = max((_error(got[name], want[name]) for name in want), default=0.0)
    if error <= TOLERANCE or error == np.inf:
        return 0.0
    if all(
        np.abs(got[name] - want[name]).max(initial=0.0) <= _ROUNDING * np.abs(want[name]).max(initial=0.0)
        for name in want
    ):
        return error  # beside the largest entry it is the rounding of one number, and only small entries show it
    if error >= _SINGLE:
        return 0.0
    single = tuple(x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in args)
    try:
        ours = read_parts(reference(*fresh(single)), needed)
    except Exception:  # a reference need not bear float32
        return 0.0
    return 20 * max(_error(one, other) for one, other in zip(ours.values(), want.values(), strict=True))


def _error(got, want):
    if got.shape != want.shape or not (np.isfinite(got).all() and np.isfinite(want).all()):
        return np.inf
    return relative_error(got.astype(float), want)


def off(run, name):
    """Where an array of the right shape is off: a mask of its entries."""
    got, want = run.got[name].astype(float), run.want[name]
    finite = np.isfinite(want)
    scale = np.abs(want[finite]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        return ~(np.abs(got - want) <= max(TOLERANCE, run.noise) * scale) & ~(~finite & np.isnan(got) & np.isnan(want))


def parts_of(run):
    """What was compared in one case, to be looked at: a tuple of `reading.Part`."""
    return tuple(_part(run, name) for name in run.want) if any(np.ndim(want) for want in run.want.values()) else ()


def _part(run, name):
    got, want = run.got[name], run.want[name]
    rows = None
    if got.shape == want.shape and want.size:
        right = np.atleast_2d(~off(run, name))
        right = right.all(axis=tuple(range(right.ndim - 2)))
        if right.shape[0] <= _MOST_ROWS and right.shape[1] <= _MOST_COLUMNS:
            rows = tuple(tuple(map(bool, row)) for row in right)
    return Part(name, got.shape, want.shape, rows)


def names_of(reference, args):
    """The names of the arguments, as the reference calls them."""
    try:
        names = list(inspect.signature(reference).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) >= len(args) else [f"argument {i + 1}" for i in range(len(args))]


def named(reference, args):
    """The arguments by name."""
    return dict(zip(names_of(reference, args), args, strict=False))


def batch_size(args):
    """The length of the first axis of the first array, None if there is no array."""
    return next((arg.shape[0] for arg in args if isinstance(arg, np.ndarray) and arg.ndim), None)


def place(index):
    """An index for a sentence."""
    return index[0] if len(index) == 1 else index


def shape_words(shape):
    """A shape for a sentence."""
    return f"an array of shape {shape}" if shape else "a single number"


def shapes(reference, args):
    """The arguments in few words: "y_pred of shape (5,), lr = 0.1"."""
    words = []
    for name, arg in named(reference, args).items():
        if isinstance(arg, np.ndarray):
            words.append(f"{name} of shape {arg.shape}" if arg.ndim else f"{name} = {shown(float(arg))}")
        elif isinstance(arg, numbers.Real):
            words.append(f"{name} = {shown(float(arg))}")
        else:
            words.append(f"{name}, {kind_of(arg)}")
    return ", ".join(words)


def inputs_at(reference, args, index, shape):
    """The inputs behind one entry of the result: the same entry or row where the shapes allow, else the range.

    The ranges of many arrays would say nothing: of more than three none is told.
    """
    words, ranges = {}, []
    for name, arg in named(reference, args).items():
        if not isinstance(arg, np.ndarray | numbers.Real | list):
            continue
        try:
            array = np.asarray(arg)
        except ValueError:  # a list of whatever, such as the steps of a graph
            continue
        if array.dtype.kind not in "biuf" or not array.size:
            continue
        whole = array.size
        if array.ndim >= len(index) > 0 and array.shape[: len(index)] == shape:
            array = array[index]
        if array.size == 1:
            where = "" if whole == 1 else f"[{', '.join(map(str, index))}]"
            words[name] = f"{name}{where} = {shown(float(array.item()))}"
        else:
            words[name] = f"{name} runs from {shown(float(array.min()))} to {shown(float(array.max()))}"
            ranges.append(name)
    told = [said for name, said in words.items() if len(ranges) <= 3 or name not in ranges]
    return "where " + ", ".join(told) if told else "for these inputs"
