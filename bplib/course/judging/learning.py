"""Judges a training in a learner's own code: batches and updates are ours, the gradients are the learner's.

An answer is given `batch`, for fresh data, and `update`, which looks at the gradients before it makes a step with them.
So a wrong gradient ends the training where it is wrong, and what is returned has been trained by right ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.judges import misconceptions as grouped
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    kind_of,
    listed,
    mistaken,
    plain,
    settling,
)
from bplib.optimizers import clip_norm

_LOOKED_AT = frozenset({0, 1, 2, 5, 10, 20, 50, 100, 200, 400, 800, 1600})  # updates whose gradients are checked
_CLOSE = 1e-3  # of the norm of a gradient: enough for float32, and far below any mistake
_FLIPPED = 0.05  # so far off it may be by a rounding that flips a relu: one more batch decides

COMMON = {
    "update-ignored": (
        "It gives update the same parameters as before. update changes nothing in place: it returns the parameters"
        " after the step, so write params = update(params, grads)."
    ),
    "one-batch": (
        "It has asked for one batch only, and learns that one by heart. Call batch() anew before each update."
    ),
    "never-updated": "It never calls update: it is update that makes the steps.",
    "start-returned": ("It returns the parameters of the start. Return those that the last update has given back."),
    "zero-start": (
        "All gradients are 0, and they are right: weights at zero give zero gradients, and no step leads away from"
        " there. Begin with small random numbers."
    ),
    "gradients-returned": "It returns the gradients of the last batch. Return the parameters.",
    "not-the-last": (
        "What it returns is not what the last update has given back. Write params = update(params, grads), and return"
        " params as they are."
    ),
    "few-updates": "It makes very few updates, and has hardly begun to learn. Go on for some hundreds of them.",
}


class Stopped(Exception):  # noqa: N818, it is the end of a training and no error of the learner's
    """The training is over before its end: the verdict is known."""


@dataclass
class Training:
    """What has happened in a training: how many batches and updates, the parameters of the start and of now.

    What comes first is as in `judge_training`, with draw() and an optimizer made for it.
    """

    draw: Callable
    shapes: Callable
    gradients: Callable
    optimizer: object
    missed: Callable
    blame: Callable
    suspects: tuple
    most: int
    limit: float
    batches: int = 0
    updates: int = 0
    last: tuple | None = None
    start: dict | None = None
    own: dict | None = None
    grads: dict | None = None
    verdict: Verdict | None = None
    suspected: bool = False

    def batch(self):
        """A fresh batch, as the learner gets it."""
        self.batches += 1
        self.last = self.draw()
        return fresh(self.last)

    def settle(self, verdict):
        """End it with a verdict."""
        self.verdict = self.verdict or verdict
        raise Stopped(self.verdict.message)


def judge_training(draw, shapes, gradients, optimizer, held_out, passed, missed, blame, *, most, few=10, limit=1.0,
                   start=None, suspects=(), misconceptions=()):  # fmt: skip
    """A judge of trainings: the answer takes batch, update and an rng, or what start(rng) gives, batch and update.

    draw(rng) makes a batch; shapes(params) is a dict of the shapes that parameters of these names need, or a sentence
    on what is wrong with them; gradients(params, *batch) are the right ones. update clips the norm at limit and steps
    with optimizer(). held_out(params, rng) is a number for data that the answer never sees: passed(number) gives the
    sentence for one that is good enough, or "". blame(wrong names, factor) gives the id, or None, and the sentence of
    a wrong gradient, with the one factor by which all are off, or None. Before it is asked, the gradients are compared
    with those of suspects, triples of an id, a sentence and a function like gradients with a mistake in it.
    missed(training, params, number) gives the verdict on all else, also where most updates are over: then params and
    number are None. A training of at most half of these updates that ends and is not good enough is made once more,
    with other draws, and passes if that one does.
    """

    def judge(answer, rng, second=False):
        data_rng, test_rng, own = (np.random.default_rng(int(rng.integers(1 << 31))) for _ in range(3))
        training = Training(
            lambda: draw(data_rng), shapes, gradients, optimizer(), missed, blame, suspects, most, limit
        )

        def update(params, grads):
            """The parameters after a step."""
            return _stepped(training, params, grads)

        given, args = "batch, update and an rng", (training.batch, update, own)
        if start:
            given, args = "the parameters, batch and update", (fresh(start(own)), training.batch, update)
        try:
            result = call(answer, args, given)
        except Settled:
            if training.verdict:
                return training.verdict
            raise
        if training.verdict:
            return training.verdict
        if not isinstance(result, dict):
            raise Settled(f"It returns {kind_of(result)}; a dict is needed, the parameters by name.")
        if not training.updates:
            return _common("never-updated")
        params = _read(result, shapes, "It returns")
        if training.updates < few:
            return _common("few-updates")
        if _same(params, training.start):
            return _common("start-returned")
        number = held_out(params, test_rng)
        says = passed(number)
        if says:
            return Verdict(PASSED, says)
        if not _same(params, training.own):
            return _common("gradients-returned" if _same(params, training.grads) else "not-the-last")
        if not second and 2 * training.updates <= most:  # its draws alone may have been bad
            try:
                again = judge(answer, rng, second=True)
            except Settled as settled:
                again = settled.verdict
            if again.status == PASSED:
                return again
        return missed(training, params, number)

    return settling(judge, misconceptions)


def common(answers):
    """Misconceptions of the kinds in `COMMON`, from a dict of their ids to answers that make them."""
    return grouped(*((id, COMMON[id], (answer,)) for id, answer in answers.items()))


def _common(id):
    return mistaken(COMMON[id], id)


def _stepped(training, params, grads):
    if training.verdict:
        raise Stopped(training.verdict.message)
    try:
        if training.last is None:
            raise Settled("It calls update before it has asked for a batch.")
        params = _read(params, training.shapes, "The parameters that update is given are")
        needed = {name: p.shape for name, p in params.items()}
        grads = _read(grads, lambda _: needed, "The gradients that update is given are")
        if wrong := _wrong(training, params, grads):
            training.settle(wrong)
    except Settled as settled:
        training.settle(settled.verdict)
    if not any(g.any() for g in grads.values()):
        training.settle(_common("zero-start"))
    if training.updates and _same(params, training.start):
        training.settle(_common("update-ignored"))
    if training.updates == 20 and training.batches == 1:
        training.settle(_common("one-batch"))
    if training.updates >= training.most:
        training.settle(training.missed(training, None, None))
    if training.start is None:
        training.start = params
    training.updates += 1
    if training.own is None:  # an optimizer wants the same arrays each time
        training.own = {name: p.copy() for name, p in params.items()}
    for name, p in params.items():
        training.own[name][...] = p
    training.grads = {name: g.copy() for name, g in grads.items()}
    clip_norm(grads, training.limit)
    training.optimizer.step(training.own, grads)
    return {name: p.copy() for name, p in training.own.items()}


def _read(values, shapes, what):
    """A dict of finite arrays of floats with the names and shapes that are needed; Settled if it is none."""
    if not isinstance(values, dict):
        raise Settled(f"{what} {kind_of(values)}; a dict of arrays is needed.")
    arrays = {str(name): plain(value, f"{name} is") for name, value in values.items()}
    needed = shapes(arrays)
    if isinstance(needed, str):
        raise Settled(needed)
    if set(needed) != set(arrays):
        raise Settled(f"{what} a dict with the names {listed(list(arrays))}; needed are {listed(list(needed))}.")
    for name, shape in needed.items():
        if arrays[name].shape != tuple(shape):
            raise Settled(
                f"{what} a dict in which {name} has the shape {arrays[name].shape}; needed is {tuple(shape)}."
            )
        if not np.isfinite(arrays[name]).all():
            raise Settled(f"{what} a dict in which {name} has entries that are not finite.")
    single = all(getattr(values[name], "dtype", None) == np.float32 for name in needed)
    return {name: arrays[name].astype(np.float32 if single else np.float64) for name in needed}


def _wrong(training, params, grads):
    """The verdict on gradients that are not those of the batch before, or None."""
    if training.updates not in _LOOKED_AT and not training.suspected:
        return None
    needed = training.gradients(params, *training.last)
    off = {name: _distance(grads[name], needed[name]) for name in needed}
    wrong = [name for name, distance in off.items() if distance > _CLOSE]
    again, training.suspected = training.suspected, False
    if not wrong:
        return None
    if not again and max(off.values()) < _FLIPPED:
        training.suspected = True  # a relu within rounding of 0 does this to a right one, and seldom twice
        return None
    for id, says, mistaken_gradients in training.suspects:
        known = mistaken_gradients(params, *training.last)
        if all(_distance(grads[name], known[name]) < _CLOSE for name in known):
            return mistaken(says, id)
    id, says = training.blame(wrong, _factor(grads, needed))
    if id:
        return mistaken(says, id)
    right = [name for name in needed if name not in wrong]
    also = f", and of {listed(right)} it is right" if right else ""
    says = f"At update {training.updates + 1} the gradient of {listed(wrong)} is wrong{also}. {says}"
    return Verdict(NOT_YET, says, f"seen: {', '.join(wrong)}")


def _distance(got, needed):
    return np.linalg.norm(got - needed) / max(np.linalg.norm(needed), 1e-12)


def _factor(grads, needed):
    """The one factor by which all gradients differ from those needed; None if there is none."""
    factors = [np.sum(grads[name] * needed[name]) / max(np.sum(needed[name] ** 2), 1e-300) for name in needed]
    same = all(_distance(grads[name], factors[0] * needed[name]) < _CLOSE for name in needed)
    return float(factors[0]) if same and abs(factors[0]) > 1e-9 else None


def _same(params, others):
    return all(np.array_equal(params[name], others[name]) for name in others if name in params)
