"""Says where an answer is off: in which values, axes, cases, steps or entries.

Every sentence is a fact that was seen in all cases at once. Those that hold by chance are kept out: a pattern must be
there in each case, and be neither everywhere nor nowhere.
"""

import numbers
import re

import numpy as np

from bplib.course.judging.comparing import agree, named, off
from bplib.course.judging.reading import listed, shown

_CONDITIONS = {"negative": lambda x: x < 0, "positive": lambda x: x > 0, "zero": lambda x: x == 0}


def which_values(runs, wrong):
    """Which of several values are right, as a sentence; "" if none is, or there is one alone."""
    if _layers(runs[0].want):
        return _on_the_way_back(runs[0].want, wrong)
    right = [name for name in runs[0].want if name not in wrong]
    if not right:
        return ""
    return f"{_together(right)} {are(right)} right; {_lower(_together(wrong))} {are(wrong)} not."


def first_on_the_way_back(names, wrong):
    """Of what is wrong that of the last layer, which a backward pass comes to first; all of it where none is named."""
    layers = _layers(names)
    return [name for name in wrong if layers[name] == max(layers[each] for each in wrong)] if layers else wrong


def _layers(names):
    """The number of the layer in each name, where all are gradients of at least two layers, as dW1 and db2; or {}."""
    found = {name: re.fullmatch(r"d[A-Za-z]+(\d+)", name) for name in names}
    layers = {name: int(match[1]) for name, match in found.items() if match}
    return layers if len(layers) == len(found) and len(set(layers.values())) > 1 else {}


def _on_the_way_back(names, wrong):
    """Which gradients are right, the last layer first, and where on the way the mistake must be."""
    layers = _layers(names)
    order = sorted(names, key=lambda name: -layers[name])
    right, bad = [name for name in order if name not in wrong], [name for name in order if name in wrong]
    k = layers[bad[0]]
    if not right:
        first = [name for name in bad if layers[name] == k]
        return (
            f"In backward order {listed(first)} {'come' if len(first) > 1 else 'comes'} first, and {are(first)} wrong"
            " already: begin at the loss, and with the forward pass that it is given."
        )
    beside = any(layers[name] <= k for name in right)
    own = "themselves" if len(bad) > 1 else "itself"
    place = f"in {listed(bad)} {own}" if beside else f"on the way from layer {k + 1} to layer {k}"
    return f"In backward order: {listed(right)} {are(right)} right; {listed(bad)} {are(bad)} not. Look {place}."


def which_axes(got, want):
    """What happened to the axes of an array of the wrong shape: a kind and a sentence, or two empty texts."""
    if got.ndim > 1 and got.shape == want.shape[::-1]:
        return "turned", "It lies on its side" + (": turned, it is right." if agree(got.T, want) else ".")
    if tuple(n for n in got.shape if n != 1) == want.shape:
        return "kept", "An axis of length 1 was kept, as keepdims does; it is not needed."
    for axis in range(got.ndim if got.size else 0):
        if got.shape[:axis] + got.shape[axis + 1 :] == want.shape:
            for way, value in (("Summed", got.sum(axis)), ("Averaged", got.mean(axis))):
                if agree(np.asarray(value), want):
                    return "unsummed", f"{way} over its axis {axis} it is right."
    if not want.shape and agree(np.asarray(got.sum()), want):
        return "unsummed", "Summed over all entries it is right."
    if not want.shape and got.size and agree(np.asarray(got.mean()), want):
        return "unsummed", "Averaged over all entries it is right."
    for axis in range(want.ndim):
        if want.shape[:axis] + want.shape[axis + 1 :] == got.shape:
            return "summed", f"Axis {axis} is gone; what is needed has an entry for each place along it."
    if got.ndim > want.ndim:
        return "too many", "It has an axis too many: something is still to be summed, or multiplied with @."
    if got.ndim == want.ndim and got.ndim == 1:
        return (
            "another axis",
            "It has an entry for each place of another axis: one of the sums goes along the wrong one.",
        )
    return "", ""


def which_cases(reference, runs, wrong):
    """What the cases that go wrong have and those that go right have not: large numbers, or another plain number."""
    good = [named(reference, run.args) for run in runs if all(map(run.right, wrong))]
    bad = [named(reference, run.args) for run in runs if not all(map(run.right, wrong))]
    if not good:
        return ""
    for name, x in bad[0].items():
        if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size:
            small = max(_size(case[name]) for case in good)
            if all(_size(case[name]) > 5 * small for case in bad):
                return (
                    f"It is right as long as {name} stays between {shown(-small)} and {shown(small)}; here it goes to"
                    f" {shown(_size(x))}."
                )
        elif isinstance(x, numbers.Real):
            values, others = {case[name] for case in bad}, {case[name] for case in good}
            if len(values) == 1 and not values & others:
                return (
                    f"It is right for {name} = {listed(map(shown, sorted(others)))}, and wrong for {name} = {shown(x)}."
                )
    return ""


def nearly(reference, runs, wrong):
    """Where it is only a little off and where far, for an answer that nothing makes quite right."""
    errors = [max(_relative(run, name) for name in wrong) for run in runs]
    close = [error for error in errors if 0 < error < 0.05]
    if not close or len(close) == len(errors):
        return f"It is off by {shown(100 * max(close))} % at most, so something small is in the way." if close else ""
    far = named(reference, runs[int(np.argmax(errors))].args)
    near = named(reference, runs[errors.index(max(close))].args)
    for name, x in far.items():
        if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size and _size(x) > 5 * _size(near[name]) > 0:
            return (
                f"It is nearly right, off by {shown(100 * max(close))} %, where {name} goes to"
                f" {shown(_size(near[name]))}, and far off where it goes to {shown(_size(x))}."
            )
    return ""


def which_signs(runs, wrong):
    """That every entry has the right sign, where that says something, and how many times what is needed they are."""
    got = np.concatenate([run.got[name].astype(float).ravel() for run in runs for name in wrong])
    want = np.concatenate([run.want[name].ravel() for run in runs for name in wrong])
    told = len(want) >= 8 and (want > 0).any() and (want < 0).any() and want.all()
    if not told or not np.isfinite(got).all() or not np.array_equal(np.sign(got), np.sign(want)):
        return ""
    share = got / want
    if np.ptp(share) < 1e-6 * np.abs(share).max():
        return f"Every entry is {shown(share.mean())} times what is needed."
    return (
        f"Every entry has the right sign; in size they are between {shown(share.min())} and {shown(share.max())} times"
        " what is needed."
    )


def which_entries(reference, runs, name):
    """Which entries of one value are off, as a sentence: where an input has a sign, from a row on, on the diagonal."""
    bad = [(run, off(run, name)) for run in runs if not run.right(name)]
    if not bad or not bad[0][1].ndim or any(mask.all() or not mask.any() for _, mask in bad):
        return ""
    return (
        _by_sign(reference, bad, name)
        or _by_label(reference, bad, name)
        or _by_diagonal(bad, name)
        or _by_step(reference, bad, name)
        or _by_gate(reference, bad, name)
    )


def _by_sign(reference, bad, name):
    for key in named(reference, bad[0][0].args):
        for word, condition in _CONDITIONS.items():
            masks = []
            for run, mask in bad:
                x = named(reference, run.args)[key]
                if not (isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.shape == mask.shape):
                    break
                masks.append((mask, condition(x)))
            if len(masks) == len(bad) and all(there.any() and not there.all() for _, there in masks):
                if all(np.array_equal(mask, there) for mask, there in masks):
                    return f"{it_is(name)} wrong where {key} is {word}, and right everywhere else."
                # One entry alone is there by chance.
                if all(mask.sum() > 1 and (mask <= there).all() for mask, there in masks):
                    return f"{it_is(name)} wrong only where {key} is {word}."
    return ""


def _by_label(reference, bad, name):
    for key in named(reference, bad[0][0].args):
        hits = []
        for run, mask in bad:
            y = named(reference, run.args)[key]
            whole = isinstance(y, np.ndarray) and y.dtype.kind in "iu" and y.ndim == mask.ndim - 1
            if not whole or y.shape != mask.shape[:-1] or not (0 <= y.min() <= y.max() < mask.shape[-1]):
                break
            hits.append((mask, y[..., None] == np.arange(mask.shape[-1])))
        if len(hits) == len(bad):
            if all((mask <= there).all() for mask, there in hits):
                return f"{it_is(name)} wrong only in the column that {key} names, and right in the others."
            if all((mask <= ~there).all() for mask, there in hits):
                return f"{it_is(name)} right in the column that {key} names, and wrong in others."
    return ""


def _by_diagonal(bad, name):
    if any(mask.ndim < 2 or mask.shape[-1] != mask.shape[-2] for _, mask in bad):
        return ""
    if all((mask <= np.eye(mask.shape[-1], dtype=bool)).all() for _, mask in bad):
        return f"{it_is(name)} wrong on the diagonal only."
    if all((mask <= ~np.eye(mask.shape[-1], dtype=bool)).all() for _, mask in bad):
        return f"{it_is(name)} right on the diagonal, and wrong beside it."
    return ""


def _by_step(reference, bad, name):
    """For values with an axis of steps: from which step on they are wrong, on the way there or back."""
    axis = step_axis(reference, [run for run, _ in bad], name)
    if axis is None:
        return ""
    along = [mask.any(axis=tuple(k for k in range(mask.ndim) if k != axis)) for _, mask in bad]
    along = [row for row in along if len(row) > 2]
    if not along or any(row.all() for row in along):
        return ""
    first, last = [int(np.argmax(row)) for row in along], [len(row) - 1 - int(np.argmax(row[::-1])) for row in along]
    if all(row[k:].all() and 0 < k < len(row) for row, k in zip(along, first, strict=True)):
        if all(k == len(row) - 1 for row, k in zip(along, first, strict=True)):
            return f"{it_is(name)} wrong in the last step only."
        return (
            f"{it_is(name)} right up to step {first[0] - 1}, and step {first[0]} is the first wrong one: look at what"
            " is carried on."
        )
    if all(row[: k + 1].all() for row, k in zip(along, last, strict=True)):
        if not any(last):
            return f"{it_is(name)} wrong in the first step only."
        return f"{it_is(name)} right from step {last[0] + 1} on, and wrong before: look at what is carried back."
    right = {tuple(np.flatnonzero(~row)) for row in along}
    steps = set.intersection(*map(set, right))
    return f"{it_is(name)} right in step {min(steps)} and wrong around it." if steps else ""


def step_axis(reference, runs, name):
    """The axis of a value along which step follows step, as time in a sequence or epochs in a history; or None."""
    axes = {_step_axis(named(reference, run.args), run.want[name].shape) for run in runs}
    return axes.pop() if len(axes) == 1 else None


def _step_axis(arguments, shape):
    if "h0" in arguments:  # what is no sequence is an array of weights; sequences are the arrays of three axes
        sequences = [x for x in arguments.values() if isinstance(x, np.ndarray) and x.ndim == 3]
        return 1 if len(shape) > 2 and sequences and shape[1] == sequences[0].shape[1] else None
    if {"gradients", "rewards"} & set(arguments):
        return 0 if len(shape) > ("gradients" in arguments) else None
    counts = [x for x in map(arguments.get, ("steps", "epochs")) if isinstance(x, int) and x > 1]
    return 0 if shape and any(shape[0] in (count, count + 1) for count in counts) else None


def up_to_the_first_wrong_step(run, name, axis):
    """A mask of the entries that are not behind the first step that is off; all of them where there are no steps."""
    mask = off(run, name)
    if axis is None or not mask.any():
        return np.ones(mask.shape, dtype=bool)
    along = mask.any(axis=tuple(k for k in range(mask.ndim) if k != axis))
    first = np.arange(len(along)) <= np.argmax(along)
    return np.broadcast_to(first.reshape([-1 if k == axis else 1 for k in range(mask.ndim)]), mask.shape)


def _by_gate(reference, bad, name):
    """The gates of a cell, which stand beside each other in the last axis: three of them where two are coupled."""
    given = named(reference, bad[0][0].args)
    letters = {3: "igo", 4: "ifgo"}.get(len(given.get("gates", ())))
    if letters is None or bad[0][1].shape[-1] % len(letters):
        return ""
    wrong = [mask.reshape(-1, len(letters), mask.shape[-1] // len(letters)).any(axis=(0, 2)) for _, mask in bad]
    if any(row.all() or not np.array_equal(row, wrong[0]) for row in wrong):
        return ""
    gates = [gate for gate, off_there in zip(letters, wrong[0], strict=True) if off_there]
    return f"In {name}, of the gates {listed(letters)}, {_together(gates)} {are(gates)} wrong and the others right."


def _relative(run, name):
    got, want = run.got[name].astype(float), run.want[name]
    if got.shape != want.shape or not np.isfinite(got).all() or not np.isfinite(want).all() or not want.size:
        return np.inf
    return float(np.abs(got - want).max() / max(np.abs(want).max(), np.finfo(float).tiny))


def _size(x):
    return float(np.abs(x).max(initial=0.0))


def it_is(name, several=()):
    """The beginning of a sentence about a value, or about several."""
    return f"{name} {are(several or [name])}" if name else "It is"


def are(names):
    """Is or are."""
    return "is" if len(names) == 1 else "are"


def _lower(words):
    return words[0].lower() + words[1:] if words.startswith("Value") else words


def _together(names):
    """Names for a sentence; "Value 2 of 6, Value 3 of 6" is said shorter."""
    found = [re.fullmatch(r"Value (\d+) of \d+", name) for name in names]
    if all(found):
        return f"value{'s' if len(found) > 1 else ''} {listed(each[1] for each in found)}".capitalize()
    return listed(names)
