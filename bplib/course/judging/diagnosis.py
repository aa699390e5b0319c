"""Says what is wrong with an array: its shape, NaN, a known mistake, a constant factor, or where it is farthest off.

A diagnosis is claimed only when its wrong answer gives the learner's values in every case and no other diagnosis does;
a learner told the wrong thing is worse off than one told nothing.
"""

import itertools
from dataclasses import replace

import numpy as np

from bplib.course.judging import experiments, places, remainders
from bplib.course.judging.comparing import HUGE, agree, batch_size, inputs_at, parts_of, place, shape_words, shapes
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    listed,
    mistaken,
    read_parts,
    two_numbers,
)

RATIOS = (
    ("sign", lambda n: -1, "minus what is needed: only the sign is wrong."),
    ("times-2", lambda n: 2, "exactly 2 times what is needed: look for a factor 2 too many."),
    ("times-half", lambda n: 0.5, "exactly half of what is needed: look for a factor 2 that got lost."),
    ("times-n", lambda n: n, "n times what is needed, n being the batch size: a division by n is missing."),
    ("over-n", lambda n: 1 / n, "what is needed divided by n, the batch size: there is one division by n too many."),
)


def diagnose(reference, runs, misconceptions, answer=None, probes=(), complete=None):
    """The verdict on an answer, from its runs on all cases; with the answer itself also from experiments on it."""
    wrong = [name for name in runs[0].want if not all(run.right(name) for run in runs)]
    if not wrong:
        rounded = any(run.noise for run in runs)
        return Verdict(PASSED, f"It agrees with ours {'as closely as float32 allows' if rounded else 'to 1e-6'}.")
    verdict = _verdict(reference, runs, wrong, misconceptions, answer, probes, complete)
    return replace(verdict, parts=parts_of(next(run for run in runs if not all(map(run.right, wrong)))))


def _verdict(reference, runs, wrong, misconceptions, answer, probes, complete):
    """The verdict on a wrong answer: a known mistake, a wrong shape, a ratio, or what is seen of it."""
    known = (
        recognized(misconceptions, lambda mistake: _gives(mistake.answer, runs))
        or _other_order(runs)
        or _wrong_shape(reference, runs)
        or _constant_ratio(runs, wrong)
        or _rounded_down(runs, wrong)
    )
    if known:
        return known
    facts = _facts(reference, runs, wrong, misconceptions, answer, probes, complete)
    first = places.first_on_the_way_back(runs[0].want, wrong)
    # Where some cases go wrong in plain numbers, those say more than the NaN of an extreme one.
    ordinary = [run for run in runs if all(np.isfinite(run.got[name]).all() for name in wrong)]
    seen = ordinary if any(not run.right(name) for run in ordinary for name in first) else runs
    number = _not_finite(reference, seen, first) or _worst(reference, seen, first, short=bool(facts))
    if not facts:
        return Verdict(NOT_YET, number)
    return Verdict(NOT_YET, " ".join([*facts.values(), number]), f"seen: {', '.join(facts)}")


def _facts(reference, runs, wrong, misconceptions, answer, probes, complete):
    """What is true of a wrong answer, in sentences by kind: what of it is right, and on which inputs all of it."""
    facts = {}
    if values := places.which_values(runs, wrong):
        facts["values"] = values
    with np.errstate(all="ignore"):
        found = remainders.factor_or_term(reference, runs, wrong)
        if found:
            return {**facts, "factor": found}
        if answer is not None:
            asked = experiments.Asked(answer, reference, list(runs[0].want), wrong, complete)
            first = next(run for run in runs if not all(map(run.right, wrong)))
            if unseen := asked.unseen(first):
                return {
                    **facts,
                    f"no {unseen[0]}": f"It takes no notice of {listed(unseen)}: other numbers change nothing.",
                }
            probe = asked.fact(runs, [mistake.answer for mistake in misconceptions], probes)
            if probe:
                facts[probe.says] = f"{'It is' if len(runs[0].want) == 1 else 'All of it is'} right {probe.says}."
            elif growth := asked.growth(first):
                should, does = (f"{factor:g} times as large" if factor != 1 else "the same" for factor in growth)
                facts["growth"] = f"Where all numbers are twice as large it should be {should}, and it is {does}."
            elif bent := asked.not_linear(first):
                facts["not linear"] = f"Twice as much {bent[0]} should give twice the result, and here it does not."
        for kind, said in (
            ("entries", next(filter(None, (places.which_entries(reference, runs, name) for name in wrong)), "")),
            ("cases", places.which_cases(reference, runs, wrong)),
        ):
            if said:
                facts = {key: fact for key, fact in facts.items() if not said.startswith(fact[:-1])}  # not twice
                facts[kind] = said
        if not facts and (said := places.nearly(reference, runs, wrong)):
            facts["nearly"] = said
        if not facts and (said := places.which_signs(runs, wrong)):
            facts["signs"] = said
    return facts


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
    return mistaken(says, id)


def _gives(variant, runs):
    """Whether a known wrong answer gives the learner's values in every case."""
    for run in runs:
        parts = read_parts(call(variant, fresh(run.args), ""), run.needed, list(run.want))
        if not all(agree(run.got[name], parts[name]) for name in parts):
            return False
    return True


def _other_order(runs):
    """The verdict on right values that are returned in another order, or None."""
    names = list(runs[0].want)
    if not isinstance(runs[0].needed, tuple) or len(names) > 4:
        return None
    for order in itertools.permutations(names):
        if all(agree(run.got[place], run.want[name]) for run in runs for place, name in zip(names, order, strict=True)):
            says = f"All are right, and they come in another order: {listed(order)}. Return {listed(names)}."
            return mistaken(says, "another order")
    return None


def _wrong_shape(reference, runs):
    """The verdict on the first shape that is not the one needed, or None."""
    for run in runs:
        for name, want in run.want.items():
            got = run.got[name]
            if got.shape != want.shape:
                said = f"{name + ' is' if name else 'It returns'} {shape_words(got.shape)}"
                says = f"{said}; {shape_words(want.shape)} is needed (given {shapes(reference, run.args)})."
                kind, why = places.which_axes(got, want)
                return Verdict(NOT_YET, f"{says} {why}" if why else says, f"seen: {kind} axis" if why else None)
    return None


def _not_finite(reference, runs, wrong):
    """The sentence on the first NaN or infinity, with the input behind it, or None."""
    for run in runs:
        for name in wrong:
            want = run.want[name]
            bad = ~(np.abs(run.got[name]) < HUGE) & np.isfinite(want)
            if bad.any():
                index = tuple(map(int, np.argwhere(bad)[0]))
                value = run.got[name][index]
                what = "NaN" if np.isnan(value) else "infinity" if np.isinf(value) else "the largest number there is"
                at = f" at index {place(index)}" if index else ""
                there = inputs_at(reference, run.args, index, want.shape)
                return f"{name or 'It'} is {what}{at}, {there}."
    return None


def _constant_ratio(runs, wrong):
    """The verdict where all that is wrong is off by one factor of RATIOS, the same in every case, or None."""
    sizes = [batch_size(run.args) for run in runs]
    found = [
        (id, says)
        for id, factor, says in RATIOS
        if (None not in sizes or id not in ("times-n", "over-n"))
        and all(
            agree(run.got[name], factor(n) * run.want[name])
            for run, n in zip(runs, sizes, strict=True)
            for name in wrong
        )
    ]
    if len(found) != 1:
        return None
    [(id, says)] = found
    part = places.it_is("" if len(wrong) == len(runs[0].want) else listed(wrong), wrong)
    return mistaken(f"{part} {says}", id)


def _rounded_down(runs, wrong):
    """The verdict where all that is wrong is what is needed, rounded down to whole numbers, or None."""
    pairs = [(run.got[name], run.want[name]) for run in runs for name in wrong]
    if not all(np.isfinite(want).all() and np.array_equal(got, np.floor(want)) for got, want in pairs):
        return None
    if len({number for got, _ in pairs for number in np.ravel(got)[:100].tolist()}) < 2:
        return None  # a zero everywhere is more often no rounding
    return mistaken(
        "All numbers are whole here, rounded down, as // and int do it. A plain / keeps what is behind the point.", "//"
    )


def _worst(reference, runs, wrong, short):
    """The entry farthest off, beside the scale of its array, with or without the inputs behind it.

    Where step follows step it is that of the first wrong step: the last one is only the farthest off.
    """

    def distance(run, name):
        far = np.abs(run.got[name] - run.want[name])
        return far * places.up_to_the_first_wrong_step(run, name, axes[name])

    def badness(pair):
        run, name = pair
        return distance(run, name).max() / max(np.abs(run.want[name]).max(), np.finfo(float).tiny)

    # Every shape is right by now, and an empty array always agrees.
    pairs = [(run, name) for run in runs for name in wrong if not run.right(name)]
    axes = {name: places.step_axis(reference, runs, name) for name in wrong}
    run, name = max(pairs, key=badness)
    index = tuple(map(int, np.unravel_index(distance(run, name).argmax(), run.want[name].shape)))
    needed, given = two_numbers(float(run.want[name][index]), float(run.got[name][index]))
    at = f" at index {place(index)}" if index else ""
    there = "" if short else f", {inputs_at(reference, run.args, index, run.want[name].shape)}"
    return f"{name or 'It'} is {given}{at}, and {needed} is needed{there}."
