"""What speaks for an illness of a training and what against it, in numbers of its record, as lesson 08 reads them.

A sign has two bars and a gap between them: a training whose numbers lie in a gap is too close to call and is not shown.
"""

from dataclasses import dataclass

import numpy as np

_NONE = 1e-12  # stands beside a length that may be 0, where lengths are divided


@dataclass(frozen=True)
class Sign:
    """A number of a record; at one bar and beyond it speaks against an illness, at the other and beyond for it.

    The bar for it may be the larger one or the smaller one. would is what one would see with this illness, and here
    what one sees instead, where the number speaks against; both "" where that would not convince.
    """

    value: float
    against_at: float
    for_at: float
    would: str = ""
    here: str = ""

    @property
    def speaks(self):
        """1 for the illness, -1 against it, 0 between the bars."""
        way = 1 if self.for_at > self.against_at else -1
        return 1 if way * (self.value - self.for_at) >= 0 else -1 if way * (self.value - self.against_at) <= 0 else 0


@dataclass(frozen=True)
class Reading:
    """An illness as a record shows it, or does not: the sentence if it is this one, and the signs of it."""

    why: str
    signs: tuple[Sign, ...]

    @property
    def fits(self):
        """Whether every sign speaks for it."""
        return all(sign.speaks > 0 for sign in self.signs)

    @property
    def objection(self):
        """What the first sign says that speaks against it; None where there is none."""
        said = (f"{sign.would}. Here {sign.here}." for sign in self.signs if sign.would and sign.speaks < 0)
        return next(said, None)


def is_clear(readings, illness):
    """Whether everything speaks for this illness, and something against each other one; {illness: reading}."""
    return readings[illness].fits and all(readings[other].objection for other in readings if other != illness)


def shown(x):
    """A number of a record as it is told, three digits of it."""
    return f"{x:.3g}"


def of_losses(record):
    """The readings of two losses, {illness: reading}."""
    losses, guess, guessing = record.training, record.guess, shown(record.guess)
    turned, turn = _turn(record)
    start, end = shown(losses[0]), shown(losses[-1])
    steps, share = np.diff(losses), losses[-1] / guess
    rises, rise = int(np.sum(steps > 0.1 * guess)), shown(steps.max())
    jump = f"the loss rises from one epoch to the next {rises} times, once by {rise}"
    step = f"the largest rise from one epoch to the next is {rise}" if steps.max() > 0 else "it falls in every epoch"
    late = losses[len(losses) // 3 :]
    slope = -np.polyfit(np.linspace(0, 1, len(late)), np.minimum(late, 1e6 * guess), 1)[0]
    falls = f"the training loss falls by {shown(max(slope, 0))} in the later two thirds of the epochs"
    ends = f"the training loss ends at {end}, where guessing has {guessing}"
    well = (
        Sign(rises, 3, 0, "Where all is well the loss does not jump", jump),
        Sign(share, 0.55, 0.35, "Where all is well the training loss ends below half of guessing", ends),
        Sign(turned, 1.25, 1.1, "Where all is well the validation loss stays down", f"it turns: {turn}"),
        Sign((record.validation[-1] - losses[-1]) / guess, 0.4, 0.2),
    )
    large = (
        Sign(rises, 0, 4, "A rate that is too large makes the training loss jump or grow", step),
        Sign(late.min() / guess, 0.6, 0.9, "A rate that is too large keeps the loss up", ends),
    )
    small = (
        Sign(rises, 3, 0, "With a rate that is too small each step goes down a little", jump),
        Sign(share, 0.45, 0.6, "With a rate that is too small the training loss ends above half of guessing", ends),
        Sign(slope / guess, 0.03, 0.06, "With a rate that is too small it would still be falling", falls),
        Sign(1 - share, 0.06, 0.12),
    )
    by_heart = (
        Sign(share, 0.5, 0.25, "Who overfits knows the examples by heart", ends),
        Sign(turned, 1.1, 1.35, "Where a network overfits the validation loss turns and rises", turn),
        Sign(record.validation.min() / guess, 1, 0.85),
    )
    reach = f"between {shown(late.min())} and {shown(late.max())}, and guessing has {guessing}"
    band = f"in the later two thirds of the epochs the training loss lies {reach}"
    off = np.abs(late - guess).max()
    nothing = (
        Sign(1 - share, 0.12, 0.06, "Where nothing is learned the loss stays at that of guessing", band),
        Sign(off / guess, 0.4, 0.2, "Where nothing is learned the loss stays at that of guessing", band),
        Sign(slope / guess, 0.06, 0.03, "Where nothing is learned the loss does not fall, not even slowly", falls),
    )
    return {
        "well": Reading(f"From {start} {ends}, and the validation loss goes along: {turn}.", well),
        "rate too large": Reading(f"Each step leads too far: {jump}, and {ends}.", large),
        "rate too small": Reading(f"It falls, and slowly: from {start} {ends}, and it is still falling.", small),
        "overfitting": Reading(f"It knows the examples by heart: {ends}. The validation loss turns: {turn}.", by_heart),
        "learns nothing": Reading(f"The loss stays at that of guessing: {band}.", nothing),
    }


def _turn(record):
    """How many times the lowest validation loss the last one is, and both as they are told."""
    low, last = record.validation.min(), record.validation[-1]
    return last / low, f"its lowest is {shown(low)}, and it ends at {shown(last)}"


def of_norms(record):
    """The readings of a loss, updates, gradients and dead relus."""
    losses, norms = record.training, _Norms(record)
    grown = np.nan_to_num(losses[-1] / record.guess, nan=np.inf)
    ends = f"the loss ends at {shown(losses[-1])}, where guessing has {shown(record.guess)}"
    dead = f"the activation is {record.bend}, and there is no relu"
    share = 0.0
    if len(record.dead):
        share = record.dead[-1]
        dead = f"{share:.0%} of the relus of the worst layer give 0 for every image at the end"

    def bounded(would):
        return Sign(grown, 1e4, 50, would, f"it has left all bounds: {ends}")

    well = (
        bounded("Where all is well the loss falls"),
        Sign(share, 0.6, 0.35, "A few dead relus are in most trainings", dead),
        Sign(max(norms.fades, 1 / norms.fades), 25, 7, "Where all is well gradients are of one size", norms.begins),
        norms.evenly,
        Sign(norms.moves, 3e-5, 5e-4, "A healthy update is a hundredth to a thousandth of the weights", norms.beside),
        Sign(losses[-1] / record.guess, 0.7, 0.5, "Where all is well the loss falls", ends),
        Sign(int(np.sum(np.diff(losses) > 0.03 * record.guess)), 1, 0),
    )
    would, here = "Where a training has diverged the loss leaves all bounds", ends
    if losses.max() > 50 * record.guess:
        would, here = "A training that has diverged does not come back", f"it came back from {shown(losses.max())}: "
        here += f"{ends}, for {dead}" if share > 0.5 else ends
    diverged = (Sign(grown, 50, 1e4, would, here),)
    died = (
        Sign(share, 0.35, 0.7, "Where relus are the illness most of a layer are dead", dead),
        bounded("Through dead relus nothing comes, and the loss stays where it is"),
    )
    larger = "A gradient that explodes is far larger in the first layer than in the last, from the beginning"
    exploding = (
        Sign(1 / norms.fades, 7, 25, larger, norms.begins),
        bounded("A gradient that explodes is there before the loss has moved"),
    )
    return {
        "well": Reading(f"No sign is out of the ordinary: {ends}; {norms.beside}; {norms.begins}; {dead}.", well),
        "rate too small": norms.slow(bounded("With a rate that is too small the loss would hardly move")),
        "diverged": Reading(f"The loss has left all bounds: {ends}.", diverged),
        "dead relus": Reading(f"No gradient comes through them: {dead}.", died),
        "vanishing gradient": norms.vanishing(bounded("If the gradient vanished, the loss would stay near guessing")),
        "exploding gradient": Reading(f"The gradient grows on its way back: {norms.begins}.", exploding),
    }


def of_stuck(record):
    """The readings of a loss that does not fall, with updates and gradients."""
    losses, norms = record.training, _Norms(record)
    rises = int(np.sum(np.diff(losses) > 0.1 * record.guess))
    typical = np.median(record.updates[:, len(losses) // 2 :].max(axis=0))
    step = f"a typical update in the second half of the epochs is {shown(typical)} of its weights"
    left = record.gradients[:, -1].max()
    comes = f"the gradients of first and last layer end at {' and '.join(map(shown, record.gradients[:, -1]))}"
    finite = Sign(int(np.sum(~np.isfinite(losses))), 1, 0)
    large = (
        finite,
        norms.evenly,
        Sign(typical, 0.05, 0.15, "A rate that is too large changes a good part of the weights in each step", step),
        Sign(rises, 0, 4, "A rate that is too large makes the loss jump", "it never does"),
    )
    died = (finite, Sign(left, 1e-4, 1e-9, "Through relus that are all dead no gradient comes", comes))
    mixed = (
        finite,
        norms.evenly,
        Sign(norms.moves, 3e-5, 5e-4, "Wrong labels teach as much as right ones, and weights move", norms.beside),
        Sign(typical, 0.15, 0.05, "Wrong labels make no steps longer", step),
        Sign(max(norms.fades, 1 / norms.fades), 25, 7, "Wrong labels hold no gradient back", norms.begins),
        Sign(abs(losses[-1] - record.guess) / record.guess, 1, 0.25),
    )
    ends = f"the loss ends at {shown(losses[-1])}, and guessing has {shown(record.guess)}"
    return {
        "rate too small": norms.slow(finite),
        "rate too large": Reading(f"The loss jumps up {rises} times, and {step}; a hundredth is healthy.", large),
        "dead relus": Reading(f"No gradient comes through, and no weight moves: {comes}.", died),
        "vanishing gradient": norms.vanishing(finite),
        "labels mixed up": Reading(f"The network is well: {norms.beside}; {norms.begins}. And yet {ends}.", mixed),
    }


class _Norms:
    """What updates and gradients say, and the two readings that need nothing else."""

    def __init__(self, record):
        first, last = record.gradients + _NONE
        self.fades = last[0] / first[0]
        self.moves = record.updates[:, 0].max()
        self.largest = record.gradients[:, 0].max()
        self.evenly = Sign(np.nanmedian((last / first)[len(first) // 2 :]), 25, 7)
        of_first, of_last = map(shown, record.gradients[:, 0])
        self.begins = f"the gradient of the first layer begins with {of_first}, that of the last with {of_last}"
        of_first, of_last = map(shown, record.updates[:, 0])
        self.beside = (
            f"in the first epoch updates are {of_first} of the weights in the first layer, {of_last} in the last"
        )

    def slow(self, within):
        moves = "With a rate that is far too small no update reaches a ten-thousandth of its weights"
        itself = "A rate that is too small makes short steps out of gradients that are well"
        signs = (
            within,
            Sign(self.moves, 5e-4, 3e-5, moves, self.beside),
            Sign(self.largest, 1e-6, 1e-3, itself, f"{self.begins}: no rate would move anything"),
        )
        return Reading(f"Gradients are there, and no weight moves: {self.beside}; {self.begins}.", signs)

    def vanishing(self, within):
        smaller = "A gradient that vanishes is far smaller in the first layer than in the last, from the beginning"
        signs = (within, Sign(self.fades, 7, 25, smaller, self.begins))
        return Reading(f"The gradient fades on its way back: {self.begins}.", signs)


def of_a_gap(record):
    """The readings of a validation loss that lies above the training loss, or does not."""
    losses, gap = record.training, record.validation - record.training
    turned, turn = _turn(record)
    third, start, end = 2 * len(losses) // 3, shown(losses[0]), shown(losses[-1])
    fall = (losses[third] - losses[-1]) / losses[0]
    late = f"the training loss is {shown(losses[third])} after two thirds of the epochs and {end} in the end"
    apart = f"validation minus training is {shown(gap[0])} in the first epoch and {shown(gap[-1])} in the last"
    far, from_start = gap[-1] / losses[0], gap[0] / abs(gap[-1])
    well = (
        Sign(far, 0.25, 0.12, "Where all is well the two losses stay together", apart),
        Sign(fall, 0.04, 0.015, "Where all is well the loss is level in the end", late),
    )
    by_heart = (
        Sign(turned, 1.1, 1.25, "Where a network overfits the validation loss turns and rises", turn),
        Sign(from_start, 0.7, 0.4),
    )
    harder = (
        Sign(turned, 1.25, 1.1, "The loss of a harder set falls as the other does, and stays", f"it turns: {turn}"),
        Sign(far, 0.12, 0.25, "The loss of a harder set lies above the other", apart),
        Sign(from_start, 0.4, 0.7, "A harder set is harder from the start", apart),
    )
    step = f"in the first epoch the update is {shown(record.updates[0, 0])} of the weights"
    small = (
        Sign(fall, 0.015, 0.04, "With a rate that is too small the training loss is still falling", late),
        Sign(turned, 1.25, 1.05, "With a rate that is too small both losses are falling", turn),
        Sign(record.updates[0, 0], 3e-3, 1e-3, "With a rate that is too small each step is short", step),
    )
    return {
        "well": Reading(f"Both have come down and stay together: {apart}.", well),
        "overfitting": Reading(f"The validation loss turns: {turn}. The training loss goes on to {end}.", by_heart),
        "harder validation set": Reading(f"The distance is there from the start, and stays: {apart}.", harder),
        "rate too small": Reading(
            f"Both still fall, in short steps: {step}, and {late}; it began with {start}.", small
        ),
    }


def of_steps(record):
    """The readings of the losses of batches, which jump, and of the loss of all examples."""
    of_all, guess = record.training, record.guess
    rise, typical = np.diff(of_all).max(), np.median(record.updates.max(axis=0))
    fall = f"the loss of all examples goes from {shown(of_all[0])} to {shown(of_all[-1])}"
    jump = f"from one look to the next the loss of all examples rises by {shown(max(rise, 0))} at most"
    beside = f"a typical update is {shown(typical)} of its weights"
    high = f"the loss of all examples gets to {shown(of_all.max())}, and guessing has {shown(guess)}"
    noise = (
        Sign(of_all[-1] / guess, 0.8, 0.55, "Behind the noise of small batches the loss falls", fall),
        Sign(rise / guess, 0.25, 0.1, "The noise of small batches is not in the loss of all examples", jump),
    )
    large = (
        Sign(rise / guess, 0.1, 0.3, "With a rate that is too large the loss of all examples jumps, too", jump),
        Sign(typical, 0.05, 0.1),
    )
    tiny = "With a rate that is far too small no update reaches a ten-thousandth of its weights"
    small = (Sign(typical, 5e-4, 3e-5, tiny, beside),)
    mixed = (
        Sign(typical, 3e-5, 5e-4, "Wrong labels teach as much as right ones, and weights move", beside),
        Sign(of_all[-1] / guess, 0.6, 0.85, "From labels that are mixed up nothing can be learned", fall),
        Sign(of_all.max() / guess, 2, 1.4, "Wrong labels make no steps longer", high),
    )
    return {
        "small batches": Reading(f"It is only the noise of a few examples: {fall}, and {jump}.", noise),
        "rate too large": Reading(f"Steps lead too far: {jump}, and {beside}; a hundredth is healthy.", large),
        "rate too small": Reading(f"No weight moves: {beside}, and {fall}.", small),
        "labels mixed up": Reading(f"Weights move, and nothing is learned: {beside}, and {fall}.", mixed),
    }
