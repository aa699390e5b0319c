"""Says by what an answer is off: a factor or a term that lies about among the inputs.

A length, a plain number, one minus it or a norm that everything wrong is multiplied or divided by; an input added or
taken away once too often; a slope that is there twice, or not at all.
"""

import numbers

import numpy as np

from bplib.course.judging.comparing import agree, named
from bplib.course.judging.places import it_is
from bplib.course.judging.reading import listed


def factor_or_term(reference, runs, wrong):
    """What all that is wrong is multiplied by, or what has been added, if it lies about among the inputs; or ""."""
    bad = [run for run in runs if not all(map(run.right, wrong))]
    if len(bad) < min(len(runs), 2):
        return ""
    for words, value in _candidates(named(reference, bad[0].args)):
        factors = [_at(value, reference, run) for run in bad]
        if None in factors or all(abs(f - 1) < 1e-9 for f in factors):
            continue
        if words.startswith("the ") and (len(set(factors)) == 1 or len(bad) < 2):
            continue  # the same number in every case may be anything
        for factor, says in ((1, "what is needed times {}"), (-1, "what is needed divided by {}")):
            if all(
                agree(run.got[n].astype(float), f**factor * run.want[n])
                for run, f in zip(bad, factors, strict=True)
                for n in wrong
            ):
                return f"{it_is(listed(wrong), wrong)} {says.format(words)}."
    [name, *others] = wrong
    if others:
        return ""
    for key, x in named(reference, bad[0].args).items():
        if not (isinstance(x, np.ndarray) and x.dtype.kind == "f"):
            continue
        for sign, says in ((1, "added"), (-1, "taken away")):
            if all(_differs_by(run, name, sign, named(reference, run.args)[key]) for run in bad):
                return f"What is off is {key} itself: it has been {says} once too often."
        if all(_is(run, name, named(reference, run.args)[key]) for run in bad):
            return f"{it_is(name)} {key}, as it came in."
        for words, change in _SLOPES:
            for power, says in ((1, "the factor {} is there once too often"), (-1, "the factor {} is missing")):
                if all(_slope_off(run, name, change(named(reference, run.args)[key]), power) for run in bad):
                    return f"Entry by entry it is what is needed but for one factor: {says.format(words.format(key))}."
    return ""


_SLOPES = (
    ("{0}", lambda x: x),
    ("1 - {0}", lambda x: 1 - x),
    ("1 - {0}^2", lambda x: 1 - x * x),
    ("{0} (1 - {0})", lambda x: x * (1 - x)),
    ("{0}^2", lambda x: x * x),
)


def _slope_off(run, name, factor, power):
    want = run.want[name]
    if factor.shape != want.shape or not np.all(factor):
        return False
    with np.errstate(all="ignore"):
        return agree(run.got[name].astype(float), want * factor**power)


def _differs_by(run, name, sign, x):
    return (
        x.shape == run.want[name].shape
        and run.got[name].shape == x.shape
        and agree(run.got[name].astype(float) - run.want[name], sign * x)
    )


def _is(run, name, x):
    return x.shape == run.want[name].shape and agree(run.got[name].astype(float), x)


def _candidates(arguments):
    """Numbers that lie about: lengths, plain numbers, 1 minus them, norms; in words, and as functions of arguments."""
    for name, x in arguments.items():
        if isinstance(x, np.ndarray) and x.ndim:
            if x.ndim > 1:
                yield f"the length of the last axis of {name}", lambda a, name=name: a[name].shape[-1]
            for axis in range(x.ndim):
                words = f"the length of {name}" if x.ndim == 1 else f"the length of axis {axis} of {name}"
                yield words, lambda a, name=name, axis=axis: a[name].shape[axis]
            if x.ndim > 1:
                yield f"the number of all entries of {name}", lambda a, name=name: a[name].size
            if x.dtype.kind == "f":
                yield f"the norm of {name}", lambda a, name=name: np.linalg.norm(a[name])
        elif isinstance(x, numbers.Real) and not isinstance(x, bool):
            yield name, lambda a, name=name: a[name]
            yield f"1 - {name}", lambda a, name=name: 1 - a[name]
            yield f"{name}^2", lambda a, name=name: a[name] ** 2
            yield f"the square root of {name}", lambda a, name=name: abs(a[name]) ** 0.5


def _at(value, reference, run):
    try:
        number = float(value(named(reference, run.args)))
    except (LookupError, TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number else None
