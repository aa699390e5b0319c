"""Lesson 08: the loop, the choice of a rate by evidence, stopping in time, sound and ill trainings, and a goal."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from bplib import data
from bplib.activations import relu, sigmoid, softmax, softmax_backward, tanh
from bplib.course.judging.diagnosis import recognized
from bplib.course.judging.judges import Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.predicting import NO_LABELS, judge_predict
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
    settling,
)
from bplib.course.judging.turns import judge_value, turn
from bplib.initializers import he, xavier
from bplib.layers import Activation, Linear
from bplib.losses import softmax_cross_entropy
from bplib.networks import Sequential
from bplib.operations import find
from bplib.optimizers import SGD
from bplib.training import minibatches, train

LESSON = "08_training_loop"
TITLE = "The training loop"


# training-loop: epochs, shuffled mini-batches, updates, and a history


def _loop(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, g = loss_and_gradient(w, X[rows], y[rows])
            w = w - lr * g
            total += len(rows) * loss
        history.append(total / len(X))
    return w, np.array(history)


def _squares(w, X, y):
    """The mean squared error of X @ w, and its gradient."""
    X, error = np.asarray(X), np.asarray(X) @ np.asarray(w) - np.asarray(y)
    return float(np.mean(error**2)), 2 * X.T @ error / len(error)


def _trainings(rng):
    """The last batch is short in two of three; the rows are sorted by their truth, so that not to shuffle shows."""
    cases = []
    for n, d, lr, batch_size, epochs in ((11, 6, 0.05, 4, 3), (14, 5, 0.02, 5, 4), (12, 2, 0.04, 3, 2)):
        X = rng.normal(size=(n, d)) + 0.5
        y = np.sort(X @ rng.normal(size=d) + rng.normal(size=n))
        shuffling = np.random.default_rng(int(rng.integers(1 << 31)))
        cases.append((_squares, rng.normal(size=d), X, y, lr, batch_size, epochs, shuffling))
    return cases


def _looping(
    order=lambda rng, n, epoch, before: rng.permutation(n),
    starts=lambda n, size: range(0, n, size),
    step=lambda w, g, lr, rows: w - lr * g,
    record=lambda losses, sizes, n, after: np.dot(losses, sizes) / n,
    restart=False,
    late=False,
    again=False,
):
    """A wrong training loop, put together from what is wrong in it; again, if a batch is measured after its update."""

    def loop(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
        history, before, first = [], None, w
        for epoch in range(epochs):
            w = first if restart else w
            before = order(rng, len(X), epoch, before)
            losses, sizes = [], []
            for start in starts(len(X), batch_size):
                rows = before[start : start + batch_size]
                loss, g = loss_and_gradient(w, X[rows], y[rows])
                moved = step(w, g, lr, rows)
                w = w if late else moved
                losses.append(loss_and_gradient(w, X[rows], y[rows])[0] if again else loss)
                sizes.append(len(rows))
            w = moved
            history.append(record(losses, sizes, len(X), lambda w=w: loss_and_gradient(w, X, y)[0]))
        return w, np.hstack(history)

    return loop


def _summed(weigh):
    """A loop with one update in each epoch, from the gradients of all its batches; weigh(rows, n, batches)."""

    def loop(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
        history = []
        for _ in range(epochs):
            order, total, summed = rng.permutation(len(X)), 0.0, 0.0
            starts = range(0, len(X), batch_size)
            for start in starts:
                rows = order[start : start + batch_size]
                loss, g = loss_and_gradient(w, X[rows], y[rows])
                summed = summed + weigh(len(rows), len(X), len(starts)) * g
                total += len(rows) * loss
            w = w - lr * summed
            history.append(total / len(X))
        return w, np.array(history)

    return loop


def _shuffling(shuffle, again=False):
    """A loop that shuffles the arrays themselves; again, if it shuffles what the epoch before has shuffled."""

    def loop(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
        history, inputs, truths = [], X, y
        for _ in range(epochs):
            inputs, truths = shuffle(*((inputs, truths) if again else (X, y)), rng)
            total = 0.0
            for start in range(0, len(X), batch_size):
                rows = slice(start, start + batch_size)
                loss, g = loss_and_gradient(w, inputs[rows], truths[rows])
                w = w - lr * g
                total += len(truths[rows]) * loss
            history.append(total / len(X))
        return w, np.array(history)

    return loop


def _together(X, y, rng):
    order = rng.permutation(len(X))
    return X[order], y[order]


def _inputs_alone(X, y, rng):
    return X[rng.permutation(len(X))], y


def _apart(X, y, rng):
    return X[rng.permutation(len(X))], y[rng.permutation(len(y))]


_ELSEWHERE = np.random.default_rng(0)  # what an answer uses that draws from numbers of its own; it never starts again

LOOP_MISTAKES = misconceptions(
    (
        "no-shuffle",
        "Nothing is shuffled. Draw a new order at the beginning of every epoch: order = rng.permutation(len(X)).",
        (_looping(order=lambda rng, n, epoch, before: np.arange(n)),),
    ),
    (
        "shuffled-once",
        "Every epoch goes through the same order. Draw a new one inside the loop over epochs.",
        (_looping(order=lambda rng, n, epoch, before: rng.permutation(n) if epoch == 0 else before),),
    ),
    (
        "with-replacement",
        "You draw rows with replacement, so an epoch meets some examples twice and others never. A permutation meets"
        " each one once.",
        (_looping(order=lambda rng, n, epoch, before: rng.integers(n, size=n)),),
    ),
    (
        "labels-apart",
        "The inputs are shuffled and the truths are not, or not alike, so each example is taught another one's answer."
        " Take the same rows of both: X[rows] and y[rows].",
        (_shuffling(_inputs_alone), _shuffling(_inputs_alone, again=True), _shuffling(_apart)),
    ),
    (
        "shuffled-again",
        "You shuffle what the epoch before has shuffled. It is no mistake, but the order asked for is that of the given"
        " X and y: leave them as they are, and take the rows X[order[...]] and y[order[...]].",
        (_shuffling(_together, again=True),),
    ),
    (
        "last-batch-dropped",
        "The last batch is left out where it is shorter than the others. Every example counts in every epoch; a slice"
        " beyond the end is simply shorter.",
        (_looping(starts=lambda n, size: range(0, n - size + 1, size)),),
    ),
    (
        "overlapping",
        "The batches overlap: there is one for every example. Their starts are batch_size apart, range(0, len(X),"
        " batch_size).",
        (_looping(starts=lambda n, size: range(n)),),
    ),
    (
        "other-random-numbers",
        "Two runs with the same rng end in different places, so the order comes from elsewhere. Draw it from the rng"
        " that is given: then a training can be repeated.",
        (_looping(order=lambda rng, n, epoch, before: _ELSEWHERE.permutation(n)),),
    ),
    (
        "sign",
        "This walks uphill: subtract lr times the gradient.",
        (_looping(step=lambda w, g, lr, rows: w + lr * g),),
    ),
    (
        "divided-again",
        "You divided the gradient by the size of the batch. The loss is a mean, so its gradient is divided already.",
        (_looping(step=lambda w, g, lr, rows: w - lr * g / len(rows)),),
    ),
    (
        "times-batch",
        "You multiplied the gradient by the size of the batch. The gradient of the mean loss is taken as it is.",
        (_looping(step=lambda w, g, lr, rows: w - lr * g * len(rows)),),
    ),
    (
        "whole-set",
        "There is one update in each epoch, from all examples at once. Go through the order in pieces of batch_size,"
        " with an update after each.",
        (lambda f, w, X, y, lr, batch_size, *rest: _loop(f, w, X, y, lr, len(X), *rest),),
    ),
    (
        "update-after-epoch",
        "There is one update in each epoch, from its last batch. The update belongs inside the loop over batches.",
        (_looping(late=True),),
    ),
    (
        "summed",
        "There is one update in each epoch, with the gradients of its batches added up. The update belongs inside the"
        " loop over batches: each one is computed at the w that the batch before has left.",
        (
            _summed(lambda size, n, batches: 1),
            _summed(lambda size, n, batches: 1 / batches),
            _summed(lambda size, n, batches: size),
        ),
    ),
    (
        "restart",
        "Every epoch begins at the first w again. Go on from the w where the epoch before has ended.",
        (_looping(restart=True),),
    ),
    (
        "exchanged",
        "Loss and gradient are exchanged: loss_and_gradient returns the loss first and then the gradient.",
        (lambda loss_and_gradient, *rest: _loop(lambda *args: loss_and_gradient(*args)[::-1], *rest),),
    ),
    (
        "order",
        "Both are right, but in the other order: return w, history.",
        (lambda *args: _loop(*args)[::-1],),
    ),
    (
        "unweighted-mean",
        "w is right, and in the history a short last batch counts as much as a full one. Weigh each loss with the"
        " number of its examples, and divide by len(X).",
        (_looping(record=lambda losses, sizes, n, after: np.mean(losses)),),
    ),
    (
        "every-loss",
        "w is right, and the history holds the loss of every batch. One number for each epoch is needed: the mean over"
        " its examples.",
        (_looping(record=lambda losses, sizes, n, after: losses),),
    ),
    (
        "last-loss",
        "w is right, and the history holds the loss of the last batch of each epoch. The mean over all examples of the"
        " epoch is needed.",
        (_looping(record=lambda losses, sizes, n, after: losses[-1]),),
    ),
    (
        "measured-after",
        "w is right, and the losses in the history were measured when w had been updated already. It should hold those"
        " met on the way, each measured before its update.",
        (
            _looping(record=lambda losses, sizes, n, after: after()),
            _looping(again=True),
            _looping(again=True, record=lambda losses, sizes, n, after: np.mean(losses)),
        ),
    ),
)


def _judge_loop():
    compared = judge_function(_loop, _trainings, LOOP_MISTAKES, returns="w losses")

    def judge(answer, rng):
        seed = int(rng.integers(2**32))
        verdict = compared(answer, seed=seed)
        if verdict.status == NOT_YET and not verdict.recognized and _differs(answer, seed):
            return verdict_of(LOOP_MISTAKES, "other-random-numbers")
        return verdict

    return settling(judge, LOOP_MISTAKES)


def _differs(answer, seed):
    """Whether two runs with the same arguments give different results."""
    [args, *_] = _trainings(np.random.default_rng(seed))
    needed = _loop(*fresh(args))
    try:
        one, other = (read_parts(call(answer, fresh(args), ""), needed) for _ in range(2))
    except Settled:
        return False
    return any(not np.array_equal(one[name], other[name], equal_nan=True) for name in one)


# rate-sweep: choose a learning rate by its validation losses over several seeds, paired with the rate in use


def _standard_error(differences):
    return np.std(differences, ddof=1) / np.sqrt(len(differences))


def _sure(in_use, other):
    """Whether the other is better by two standard errors of the difference, seed by seed."""
    differences = in_use - other
    return np.mean(differences) >= 2 * _standard_error(differences)


def _sweeping(
    measure=lambda found: found["validation"],
    over=lambda losses: np.mean(losses, axis=1),
    pick=np.nanargmin,
    sure=_sure,
    give=lambda rates, place, losses: rates[place],
):
    """A choice of a rate, right or wrong by what is put into it."""

    def choose(run, rates, seeds, now):
        losses = np.array([[measure(run(lr, seed)) for seed in seeds] for lr in rates])
        best = int(pick(over(losses)))
        change = sure(losses[list(rates).index(now)], losses[best])
        return give(rates, best if change else list(rates).index(now), losses)

    return choose


_choose_rate = _sweeping()


def _spread(rng, count, mean, error, leaning=0):
    """Numbers with this mean, whose mean has this standard error.

    leaning is by how many such errors their median is above the mean: 1, -1, or 0 for whatever comes.
    """
    z = leaning * np.append(np.ones(count - 1), 1.0 - count) if leaning else rng.normal(size=count)
    z = (z - z.mean()) / z.std(ddof=1)
    return mean + error * np.sqrt(count) * z


def _runs(rng):
    """Tables of losses in which each wrong way to choose finds another rate.

    The seeds mostly differ by more than the rates do, which only pairs take out. The best rate is ahead by two standard
    errors and more, or by less; where it is ahead by 1.4, the median of its lead is one of 2.4. A rate that is lower
    still has diverged for one seed, but for the case in which none has; and in one case a rate has the lowest median by
    far, and a seed with a high loss.
    """
    cases = []
    for count, ahead, apart, turned, whole in (
        (10, 2.5, 0.15, False, False),
        (11, 0.6, 0.15, True, False),
        (12, 5.0, 0.02, True, False),
        (10, 12.0, 0.15, False, False),
        (11, 1.93, 0.15, False, False),
        (10, 1.4, 0.15, True, False),
        (11, 4.0, 0.15, False, True),
    ):
        rates = [float(f"{0.001 * 2.0**k:.2g}") for k in range(count)]
        n = 8
        now, best, once, first, by_training, by_test, by_both = rng.permutation(np.arange(1, count - 1))[:7]
        of_seeds = _spread(rng, n, 0.0, apart)
        losses = {
            name: rng.uniform(0.9, 1.2, size=(count, 1)) + of_seeds + 0.01 * rng.normal(size=(count, n))
            for name in ("training", "validation", "test")
        }
        validation = losses["validation"]
        validation[now] = 0.8 + of_seeds
        validation[best] = validation[now] - _spread(rng, n, 0.1, 0.1 / ahead, leaning={1.4: 1, 1.93: -1}.get(ahead, 0))
        validation[once] = validation[now] + (0.1 if whole else -0.3)
        validation[first, 0] = validation[[now, best], 0].min() - 0.3  # the best one, for the first seed
        losses["training"][by_training] -= 0.5
        losses["test"][[by_test, by_both]] -= 0.6
        losses["test"][by_test] -= 0.1
        validation[by_both] = validation[now] - 0.02 + 0.01 * rng.normal(size=n)
        if ahead == 5:
            validation[0] = validation[now] - 0.2
            validation[0, 3] += 2.0
        for values in losses.values():
            if not whole:
                values[count - 1] = np.nan
                values[once, 0] = np.nan
        if turned:
            rates, losses = rates[::-1], {name: values[::-1] for name, values in losses.items()}
            now = count - 1 - now
        cases.append((_table(rates, losses), rates, list(range(n)), rates[now]))
    return cases


def _table(rates, losses):
    def run(lr, seed):
        if lr not in rates:
            raise ValueError(f"there is no run with the rate {lr}")
        return {name: float(values[rates.index(lr), seed]) for name, values in losses.items()}

    return run


def _sure_by(errors, ddof, middle=np.mean):
    """Whether the other is better by so many standard errors, which are made with this ddof."""
    return lambda in_use, other: (
        middle(in_use - other) >= errors * np.std(in_use - other, ddof=ddof) / np.sqrt(len(other))
    )


def _sure_without_pairs(in_use, other):
    apart = np.hypot(_standard_error(in_use), _standard_error(other))
    return np.mean(in_use) - np.mean(other) >= 2 * apart


def _mean_of_those_that_run(losses):
    return [np.mean(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in losses]


def _or_infinity(x):
    return x if np.isfinite(x) else np.inf


SWEEP_MISTAKES = misconceptions(
    (
        "by-training",
        "You chose by the training loss, which rewards learning by heart. Choose by the validation loss.",
        (_sweeping(lambda found: found["training"]),),
    ),
    (
        "by-test",
        "You chose by the test loss. Then nothing is left to tell honestly how good the result is: the test set is"
        " looked at once, after every choice has been made. Choose by the validation loss.",
        (_sweeping(lambda found: found["test"]),),
    ),
    (
        "with-test",
        "The test loss has a say in your choice. Then nothing is left to tell honestly how good the result is: choose"
        " by the validation loss alone.",
        (_sweeping(lambda found: found["validation"] + found["test"]),),
    ),
    (
        "less-evidence",
        "You leave the rate in use in a case where its rival is ahead by a little less than two standard errors. Are"
        " there two of them, and have they ddof=1, the differences being few?",
        (_sweeping(sure=_sure_by(1, 1)), _sweeping(sure=_sure_by(2, 0))),
    ),
    (
        "more-evidence",
        "You stay with the rate in use where its rival is ahead by two and a half standard errors. Two are enough.",
        (_sweeping(sure=_sure_by(3, 1)),),
    ),
    (
        "median",
        "A median does not mind a single high loss, and the mean does. Both here are means: that of the losses of a"
        " rate, and that of the differences.",
        (
            _sweeping(over=lambda losses: np.median(losses, axis=1)),
            _sweeping(sure=_sure_by(2, 1, np.median)),
            _sweeping(over=lambda losses: np.median(losses, axis=1), sure=_sure_by(2, 1, np.median)),
        ),
    ),
    (
        "no-evidence",
        "You leave the rate in use for one that may be ahead by luck. Take the differences seed by seed, and change"
        " where their mean is at least two of its standard errors.",
        (_sweeping(sure=lambda in_use, other: True),),
    ),
    (
        "not-paired",
        "You stay with the rate in use although the other is better for nearly every seed: its lead drowns in what the"
        " seeds differ by. Subtract seed by seed first, and take the standard error of these differences.",
        (_sweeping(sure=_sure_without_pairs),),
    ),
    (
        "spread-for-error",
        "You stay with the rate in use although the evidence is good: the spread of the differences is taken where"
        " the standard error of their mean belongs. Divide by the root of how many there are.",
        (_sweeping(sure=lambda in_use, other: np.mean(in_use - other) >= 2 * np.std(in_use - other, ddof=1)),),
    ),
    (
        "stays",
        "It is the rate in use in every case. Is the other one ever ahead by two standard errors? Look at the sign of"
        " your differences, too.",
        (lambda run, rates, seeds, now: now,),
    ),
    (
        "one-seed-diverged",
        "A rate that diverged for one of the seeds has won by the others. It may diverge for you, too: let a mean that"
        " holds NaN stay NaN, as np.mean does, and pass over it, as np.nanargmin does.",
        (
            _sweeping(over=_mean_of_those_that_run, sure=lambda in_use, other: True),
            _sweeping(over=_mean_of_those_that_run, sure=lambda a, b: _sure(a[np.isfinite(b)], b[np.isfinite(b)])),
        ),
    ),
    (
        "nan-wins",
        "A run that diverged has won. np.argmin, if you used it, takes NaN for the smallest number; np.nanargmin passes"
        " over it.",
        (_sweeping(pick=np.argmin, sure=lambda *_: True),),
    ),
    (
        "nan-compared",
        "It is right where no run has diverged, and stays with the rate in use where one has: the candidate is a rate"
        " that diverged, and NaN is ahead of nothing. np.argmin takes NaN for the smallest number, and np.nanmean hides"
        " it: take np.mean and np.nanargmin.",
        (_sweeping(pick=np.argmin), _sweeping(over=lambda losses: np.array(_mean_of_those_that_run(losses)))),
    ),
    (
        "largest",
        "This is the largest rate, and it diverges. Compare the mean validation losses of the rates.",
        (lambda run, rates, seeds, now: max(rates),),
    ),
    (
        "largest-that-runs",
        "This is the largest rate that does not diverge. It is rarely the best one: compare the validation losses.",
        (
            lambda run, rates, seeds, now: max(
                lr for lr in rates if all(np.isfinite(run(lr, seed)["validation"]) for seed in seeds)
            ),
        ),
    ),
    (
        "smallest",
        "This is the smallest rate, the slowest of all. Compare the validation losses.",
        (lambda run, rates, seeds, now: min(rates),),
    ),
    (
        "highest",
        "This rate has the highest validation loss. A loss is the better, the lower it is.",
        (_sweeping(pick=np.nanargmax, sure=lambda *_: True),),
    ),
    (
        "one-seed",
        "You looked at one seed, and another one would have chosen another rate. Take the mean over all of them.",
        (lambda run, rates, seeds, now: min(rates, key=lambda lr: _or_infinity(run(lr, seeds[0])["validation"])),),
    ),
    (
        "index",
        "This is the place of a rate in the list. Return the rate itself, rates[place].",
        (_sweeping(give=lambda rates, place, losses: place),),
    ),
    (
        "loss-for-rate",
        "This is a validation loss. Return the learning rate that has reached it.",
        (_sweeping(give=lambda rates, place, losses: np.mean(losses[place])),),
    ),
)


# early-stopping: stop when the validation loss has not fallen below its lowest for a while, and keep the best


def _stopping(
    better=lambda loss, lowest, before: loss < lowest,
    enough=lambda waited, patience: waited >= patience,
    keep=lambda best, last: best,
    tell=lambda epochs, best: epochs,
    restart=True,
    bound=True,
    given=False,
    lowest_kept=False,
):
    """Training until patience is at its end, right or wrong by what is put into it.

    lowest_kept, if the lowest is what is kept, whatever is taken for better in the waiting.
    """

    def train(epoch, validation_loss, w, patience, most):
        best, lowest, before, waited, best_at, count = w, np.inf, np.inf, 0, 0, 0
        lowest = validation_loss(w) if given else lowest
        while count < (most if bound else 60):
            w, count = epoch(w), count + 1
            loss = validation_loss(w)
            if better(loss, lowest, before):
                if loss < lowest or not lowest_kept:
                    best, best_at = w, count
                lowest, waited = min(loss, lowest), 0 if restart else waited
            else:
                waited += 1
            before = loss
            if enough(waited, patience):
                break
        return keep(best, w), tell(count, best_at)

    return train


_until_it_turns = _stopping()


def _valleys(rng):
    """Validation losses by epoch, in which each wrong way to stop ends elsewhere: false turns, ties, no turn at all."""
    shapes = (
        ([9, 7, 6, 8, 7.5, 5, 5.5, 5, 6, 7, 6.5, 8, 9], 3, 40),
        ([9, 8, 8.5, 7, 7.5, 6, 6.5, 5, 5.5, 6, 7, 5.8, 6, 4, 3, 5, 6, 7, 8], 4, 45),
        ([9, 8, 7, 6, 5, 6, 4, 3, 5, 6], 4, 6),
        ([9, 6, 7, 8, 7, 9, 8, 9], 2, 30),
    )
    return [_descending(rng, losses, patience, most) for losses, patience, most in shapes]


def _descending(rng, losses, patience, most):
    start, step = rng.normal(size=3), rng.uniform(0.5, 1.5)
    scale, shift = rng.uniform(0.5, 2.0), rng.uniform(0.1, 0.2)

    def epoch(w):
        return w + step

    def validation_loss(w):
        count = round((float(w[0]) - float(start[0])) / step)
        known = [1.0, *losses]  # the w that is given has the lowest loss of all
        return scale * (known[count] if 0 <= count < len(known) else 10.0 + 0.01 * count) + shift

    return epoch, validation_loss, start, patience, most


def _patience_boundaries(rng):
    return [
        ("a patience of 1", _descending(rng, [5, 4, 6, 3, 2], 1, 9)),
        ("a single epoch", _descending(rng, [5, 4, 6], 3, 1)),
        ("a loss that becomes NaN", _descending(rng, [5, 4, *[float("nan")] * 9], 3, 9)),
    ]


STOP_MISTAKES = misconceptions(
    (
        "last-for-best",
        "The epochs are right, and w is the last one, which has waited in vain. Keep the w with the lowest validation"
        " loss beside it, and return that.",
        (_stopping(keep=lambda best, last: last),),
    ),
    (
        "best-epoch",
        "w is right, and the number is that of the best epoch. Return how many epochs were run.",
        (_stopping(tell=lambda epochs, best: best),),
    ),
    (
        "before-for-lowest",
        "Each loss is compared with the one before it, so every small dip starts the waiting anew. Compare with the"
        " lowest so far.",
        (
            _stopping(better=lambda loss, lowest, before: loss < before),
            _stopping(better=lambda loss, lowest, before: loss < before, lowest_kept=True),
        ),
    ),
    (
        "first-rise",
        "It stops at the first epoch that is no better. Validation losses wobble: wait for as many epochs as patience"
        " says.",
        (_stopping(enough=lambda waited, patience: waited >= 1),),
    ),
    (
        "one-too-many",
        "It waits for one epoch too many. When patience epochs have passed without a new lowest loss, that is the end:"
        " >= and not >.",
        (_stopping(enough=lambda waited, patience: waited > patience),),
    ),
    (
        "one-too-few",
        "It stops one epoch early. patience epochs without a new lowest loss are to be waited for.",
        (_stopping(enough=lambda waited, patience: waited >= max(patience - 1, 1)),),
    ),
    (
        "never-anew",
        "It counts all epochs that were no better, and not those in a row. A new lowest loss sets the count to 0.",
        (_stopping(restart=False),),
    ),
    (
        "ties",
        "An epoch that only equals the lowest loss counts as a new one. It has not fallen below: < and not <=.",
        (_stopping(better=lambda loss, lowest, before: loss <= lowest),),
    ),
    (
        "highest",
        "It keeps the w with the highest validation loss. A loss is the better, the lower it is.",
        (_stopping(better=lambda loss, lowest, before: not np.isfinite(before) or loss > before),),
    ),
    (
        "given-counts",
        "It returns the w that it was given, since its loss is the lowest: that loss does not count. Begin with"
        " infinity as the lowest loss, so that the first epoch is always better.",
        (_stopping(given=True),),
    ),
    (
        "no-most",
        "Where the loss goes on falling, most is the end all the same. Stop after that many epochs.",
        (_stopping(bound=False),),
    ),
    (
        "never-stops",
        "All epochs are run, as many as most allows. Leave the loop when patience is at its end.",
        (_stopping(enough=lambda waited, patience: False),),
    ),
    (
        "order",
        "Both are right, but in the other order: return w, epochs.",
        (lambda *args: _until_it_turns(*args)[::-1],),
    ),
)


# A network of two layers that trains, without the bar of progress of training.train


def _trained(X, y, rng, hidden, lr, epochs, batch_size):
    """The network, and the losses of its epochs."""
    net = Sequential(Linear(64, hidden, rng), Activation(tanh), Linear(hidden, 10, rng))
    optimizer, loss_and_grad, losses = SGD(lr), find(softmax_cross_entropy).loss_and_grad, []
    for _ in range(epochs):
        total = 0.0
        for rows in minibatches(len(X), batch_size, rng):
            loss, dz = loss_and_grad(net.forward(X[rows]), y[rows])
            net.backward(dz)
            optimizer.step(net.params, net.grads)
            total += len(rows) * loss
        losses.append(float(total / len(X)))
    return net, losses


# ask-twenty: a test of trainings, which knows a sound one from a broken one by twenty digits


@dataclass(frozen=True)
class Training:
    """A training as it is given to the answer, whether it is sound, and what it does, for a sentence."""

    train: object
    sound: bool
    what: str


TWENTY, _MOST_EPOCHS = 20, 2000


def _training_of(
    seed,
    hidden=32,
    lr=0.3,
    spoil=lambda X, y, rng: (X, y),
    again=False,
    twice=False,
    breaks=False,
    few=None,
    fades=False,
):
    """train(X, y, epochs), which trains a new network on all rows at once and returns its losses.

    spoil changes what an epoch is given; again begins with new weights in each epoch; twice feeds probabilities to a
    loss that takes logits; breaks lets the loss become NaN on the way; few is of how many rows it
    learns; fades lets the weights decay in the last fifth of the epochs.
    """
    known = {}

    def train(X, y, epochs):
        X, y = np.asarray(X, dtype=float), np.asarray(y)
        if X.ndim != 2 or len(X) != len(y) or not len(X):
            raise ValueError(f"train: X is {X.shape} and y is {y.shape}; needed are rows and as many labels")
        if not 1 <= epochs <= _MOST_EPOCHS:
            raise ValueError(f"train: epochs is {epochs}; at most {_MOST_EPOCHS} are allowed")
        key = (X.tobytes(), y.tobytes(), int(epochs))
        if key not in known:
            known[key] = _losses(X, y, int(epochs))
        return list(known[key])

    def _losses(X, y, epochs):
        rng = np.random.default_rng(seed)
        optimizer, losses = SGD(lr), []
        for epoch in range(epochs):
            if epoch == 0 or again:
                net = Sequential(Linear(X.shape[1], hidden, rng), Activation(tanh), Linear(hidden, 10, rng))
            X_now, y_now = spoil(X, y, rng)
            z = net.forward(X_now)
            given = softmax(z) if twice else z
            loss, dz = find(softmax_cross_entropy).loss_and_grad(given, y_now)
            if few is not None and few < len(dz):
                dz = dz * (np.arange(len(dz)) < few)[:, None]
            net.backward(softmax_backward(dz, given, z) if twice else dz)
            optimizer.step(net.params, net.grads)
            for parameter in net.params.values() if fades and epoch >= 0.8 * epochs else ():
                parameter *= 0.7
            losses.append(float(loss) if not breaks or epoch < 5 else float("nan"))
        return losses

    return train


def _trainings_to_test(rng):
    seeds = iter(rng.integers(1 << 31, size=9).tolist())
    return [
        Training(_training_of(next(seeds)), True, "that is sound"),
        Training(_training_of(next(seeds), hidden=24, lr=0.2), True, "that is sound, and takes its time"),
        Training(
            _training_of(next(seeds), spoil=lambda X, y, rng: (X[rng.permutation(len(X))], y)),
            False,
            "that shuffles the images and not their labels",
        ),
        Training(_training_of(next(seeds), twice=True), False, "that gives probabilities to a loss that takes logits"),
        Training(_training_of(next(seeds), again=True), False, "that begins with new weights in each epoch"),
        Training(
            _training_of(next(seeds), spoil=lambda X, y, rng: (0 * X, y)), False, "that never looks at its images"
        ),
        Training(_training_of(next(seeds), breaks=True), False, "whose loss becomes NaN"),
        Training(_training_of(next(seeds), few=10), False, "that learns from the first ten of its images only"),
        Training(
            _training_of(next(seeds), fades=True),
            False,
            "whose weights decay in the end, so that it loses what it has learned",
        ),
    ]


def _sorted_digits(rng):
    """Three hundred digits, in the order of their labels."""
    digits = data.digits()
    rows = rng.permutation(len(digits.y))[:300]
    rows = rows[np.argsort(digits.y[rows], kind="stable")]
    return digits.X[rows] / 16, digits.y[rows]


def _asking(rows=lambda y: slice(None, None, len(y) // 20), epochs=300, sound=lambda losses: losses[-1] < 0.1):
    """A test of trainings, right or wrong by what is put into it."""
    return lambda train, X, y: bool(sound(np.array(train(X[rows(y)], y[rows(y)], epochs))))


TWENTY_MISTAKES = misconceptions(
    (
        "one-class",
        "The first twenty rows all show the same digit, since the rows are sorted: what never looks at its images"
        " learns them too. Take twenty from all over, as with X[:: len(X) // 20].",
        (_asking(rows=lambda y: slice(20)),),
    ),
    (
        "it-falls",
        "A loss that falls is not enough: it also falls where no more is learned than how often each label occurs. Ask"
        " whether it comes near zero.",
        (
            _asking(sound=lambda losses: losses[-1] < losses[0]),
            _asking(sound=lambda losses: losses[-1] < np.log(10)),
        ),
    ),
    (
        "half-way",
        "A training that gives probabilities to a loss of logits passes: it gets down to about 1.5 and no further."
        " Twenty images known by heart have a loss near zero, such as 0.1.",
        (_asking(sound=lambda losses: losses[-1] < 1.8),),
    ),
    (
        "never-enough",
        "It refuses sound trainings: twenty images are known by heart after some hundreds of epochs, and then the loss"
        " is near zero and not zero. Allow 300 epochs, and ask for less than 0.1.",
        (_asking(epochs=20), _asking(epochs=50), _asking(sound=lambda losses: losses[-1] == 0)),
    ),
    (
        "nan-passes",
        "A loss that is NaN passes, since NaN > 0.1 is False. Ask whether the last loss is small, and not whether it is"
        " large.",
        (_asking(sound=lambda losses: not losses[-1] > 0.1),),
    ),
    (
        "lowest",
        "A training passes that has lost again what it had learned: the lowest loss is no promise. Look at the last"
        " one.",
        (_asking(sound=lambda losses: np.nanmin(losses) < 0.1), _asking(sound=lambda losses: min(losses) < 0.1)),
    ),
    (
        "too-few",
        "A training that learns from its first ten images only passes: with so few there is nothing that it leaves out."
        " Take twenty.",
        (_asking(rows=lambda y: [0, -1]), _asking(rows=lambda y: slice(None, None, len(y) // 10))),
    ),
    (
        "always",
        "It says True of every training. Train on twenty digits, and look at where the loss ends.",
        (lambda train, X, y: True,),
    ),
)


def _told_of(answer, args, what):
    """What an answer says: True or False."""
    result = call(answer, fresh(args), what)
    if isinstance(result, np.ndarray) and result.size == 1:
        result = result.item()
    if not isinstance(result, bool | np.bool_):
        raise Settled(f"It returns {kind_of(result)}; True or False is needed.")
    return bool(result)


def _judge_twenty():
    def judge(answer, rng):
        trainings, (X, y) = _trainings_to_test(rng), _sorted_digits(rng)

        def said(answer):
            what = f"a training, X of shape {X.shape} and y of shape {y.shape}"
            return [_told_of(answer, (watched(each.train), X, y), what) for each in trainings]

        def watched(train):
            def train_watched(X, y, epochs):
                sizes.append(len(X))
                return train(X, y, epochs)

            return train_watched

        sizes = []
        found, most = said(answer), max(sizes, default=0)
        wrong = [each for each, verdict in zip(trainings, found, strict=True) if verdict != each.sound]
        if not wrong and most > 3 * TWENTY:
            return Verdict(
                NOT_YET,
                f"It is right about them all, and trains on {most} images at once, for which it needs many epochs. The"
                f" test is quick with {TWENTY} of them.",
                "seen: too many",
            )
        if not wrong:
            return Verdict(PASSED, f"It is right about {len(trainings)} trainings, sound ones and broken ones.")
        known = recognized(TWENTY_MISTAKES, lambda mistake: said(mistake.answer) == found)
        if known:
            return known
        if wrong[0].sound and most > 3 * TWENTY:
            return Verdict(
                NOT_YET,
                f"It trains on {most} images, and so many are not known by heart so soon. Take {TWENTY} of them.",
                "seen: too many",
            )
        verb = "refuses" if wrong[0].sound else "takes for sound"
        return Verdict(NOT_YET, f"It {verb} a training {wrong[0].what}.", f"seen: {verb}")

    return settling(judge, TWENTY_MISTAKES)


# name-illness: what is wrong with a training, from what it has recorded

ILLNESSES = ("well", "diverged", "dead", "vanishing", "slow")


class _OneMoves:
    """A step of gradient descent for the parameter of one name; all others stay where they are."""

    def __init__(self, name, lr):
        self.name, self.lr = name, lr

    def step(self, params, grads):
        params[self.name] -= self.lr * grads[self.name]


def _recorded(rng, activation, hidden, lr, epochs=5, n=320, batch_size=32, late=None, only=None, asleep=False):
    """The record of a training on digits: losses, norms, and the share of dead relus in the worst layer.

    late is another rate, from the third epoch on; only names a parameter that is trained alone; asleep begins with a
    first layer whose units give nothing, and a second whose units give about 1.
    """
    digits = data.digits()
    rows, widths, stack = rng.permutation(len(digits.y))[:n], (64, *hidden, 10), []
    for n_in, n_out in pairwise(widths):
        stack += [Linear(n_in, n_out, rng, init=he if activation is relu else xavier), Activation(activation)]
    net, X = Sequential(*stack[:-1]), digits.X[rows] / 16
    if asleep:
        net.params["0.b"] -= 50
        net.params["2.b"] += 1
    record = {"training": [], "gradients": {}, "updates": {}, "weights": {}, "dead": []}
    at_once = 1 if activation is relu else epochs
    for epoch in range(0, epochs, at_once):
        optimizer = SGD(lr if late is None or epoch < 2 else late) if only is None else _OneMoves(only, lr)
        history = train(
            net, softmax_cross_entropy, X, digits.y[rows], optimizer,
            epochs=at_once, batch_size=batch_size, rng=rng, norms=True,
        )  # fmt: skip
        record["training"] += history["training"]
        for kind in ("gradients", "updates", "weights"):
            for name, norms in history[kind].items():
                record[kind].setdefault(name, []).extend(norms)
        record["dead"] += [_dead(net, X) if activation is relu else 0.0] * at_once
    return record


def _dead(net, X):
    shares = [0.0]
    for layer in net.layers[:-1]:
        X = layer.forward(X)
        if isinstance(layer, Activation):
            shares.append(float(np.mean((X <= 0).all(axis=0))))
    return max(shares)


def _broken_from(record, epoch, value):
    """The same record, in which the numbers from an epoch on are NaN, or the loss infinite."""
    kinds = {
        kind: {name: [*norms[:epoch], *[np.nan] * (len(norms) - epoch)] for name, norms in record[kind].items()}
        for kind in ("gradients", "updates", "weights")
    }
    losses = [*record["training"][:epoch], *[value] * (len(record["training"]) - epoch)]
    return {**record, **kinds, "training": losses}


def _records(rng):
    """Records by what is said of them, and the illness of each: (words, illness, record)."""
    well, asleep = _recorded(rng, relu, (32, 32), 0.1), _recorded(rng, relu, (32, 32), 1e-5, asleep=True)
    return [
        ("that is well", "well", well),
        ("whose relus were dead for a while", "well", {**well, "dead": [0.9, 0.9, 0.9, 0.2, 0.1]}),
        ("of which the last matrix alone moves", "well", _recorded(rng, tanh, (32, 32), 0.0014, only="4.W")),
        ("of which the first matrix alone moves", "well", _recorded(rng, tanh, (32, 32), 0.0014, only="0.W")),
        ("with tanh that is well", "well", _recorded(rng, tanh, (32,), 0.3)),
        (
            "that is well and has arrived, so that it hardly moves any more",
            "well",
            _recorded(rng, tanh, (48,), 0.5, epochs=1200, n=20, batch_size=20),
        ),
        ("with a rate of 0.0001", "slow", _recorded(rng, relu, (32, 32), 0.0001)),
        ("with tanh and a rate of 0.00005", "slow", _recorded(rng, tanh, (32,), 0.00005)),
        ("with a rate of 5, whose relus have died", "dead", _recorded(rng, relu, (32, 32), 5.0)),
        ("whose relus have died on the way", "dead", _recorded(rng, relu, (32, 32), 0.1, late=8.0)),
        ("whose relus are dead from the start, with a rate of 0.00001", "dead", asleep),
        ("of five layers of sigmoids", "vanishing", _recorded(rng, sigmoid, (32, 32, 32, 32), 0.1)),
        (
            "of five layers of sigmoids, with a rate of 0.00001",
            "vanishing",
            _recorded(rng, sigmoid, (32, 32, 32, 32), 1e-5),
        ),
        (
            "whose loss is NaN from the third epoch on",
            "diverged",
            _broken_from(_recorded(rng, tanh, (32,), 0.3), 2, np.nan),
        ),
        ("whose loss is infinite in the end", "diverged", _broken_from(_recorded(rng, relu, (32,), 0.1), 4, np.inf)),
        (
            "whose loss was infinite for one epoch",
            "diverged",
            {**well, "training": [*well["training"][:2], np.inf, *well["training"][3:]]},
        ),
        ("whose relus are dead, and whose loss is NaN in the end", "diverged", _broken_from(asleep, 4, np.nan)),
    ]


def _signs(
    record,
    broken=lambda losses: not np.all(np.isfinite(losses)),
    dead=lambda shares: shares[-1] > 0.5,
    fades=lambda first, last: first[0] < last[0] / 20,
    slow=lambda ratios: all(ratio[0] < 1e-4 for ratio in ratios),
    numerator="updates",
):
    """Which illnesses a record has the signs of, right or wrong by what is put into it."""
    names = [each for each in record["weights"] if each.endswith("W")]
    norms = [record["gradients"][each] for each in names]
    with np.errstate(all="ignore"):
        ratios = [np.divide(record[numerator][each], record["weights"][each]) for each in names]
        return {
            "diverged": broken(record["training"]),
            "dead": dead(record["dead"]),
            "vanishing": fades(norms[0], norms[-1]),
            "slow": slow(ratios),
        }


def _named_by(order=ILLNESSES[1:], **changed):
    """The name of an illness, the first in this order of which a record has the signs."""

    def name(record):
        signs = _signs(record, **changed)
        return next((illness for illness in order if signs[illness]), "well")

    return name


ILLNESS_MISTAKES = misconceptions(
    (
        "breaks-later",
        "A training whose loss becomes NaN or infinite on the way is not told from the others: look at all losses. NaN"
        " compares with nothing, not even with itself, so ask np.isfinite.",
        (
            _named_by(broken=lambda losses: any(loss == np.nan for loss in losses)),
            _named_by(broken=lambda losses: not np.isfinite(losses[0])),
        ),
    ),
    (
        "last-loss",
        "A training whose loss was infinite for one epoch passes for another: a loss in the middle is a loss, too. Ask"
        " it of all of them, with np.all(np.isfinite(losses)).",
        (_named_by(broken=lambda losses: not np.isfinite(losses[-1])),),
    ),
    (
        "nan-unseen",
        "A loss that is infinite is seen, and NaN is not: NaN > anything is False. np.isfinite is False for both.",
        (_named_by(broken=lambda losses: losses[-1] > 1e6),),
    ),
    (
        "infinity-unseen",
        "NaN is seen, and a loss that is infinite is not: np.isfinite is False for both.",
        (_named_by(broken=lambda losses: np.any(np.isnan(losses))),),
    ),
    (
        "slow-unseen",
        "A rate that is far too small is not noticed: look at the updates of the matrices beside their weights, with a"
        " bar of 1e-4. The gradient knows nothing of the rate, and a bias begins at zero, beside which any update is"
        " large.",
        (_named_by(numerator="gradients"), _named_by(slow=lambda ratios: False)),
    ),
    (
        "at-the-end",
        "A training that has arrived is called slow. It hardly moves because there is nothing left to gain: look at the"
        " updates of the first epoch.",
        (
            _named_by(slow=lambda ratios: all(ratio[-1] < 1e-4 for ratio in ratios)),
            _named_by(slow=lambda ratios: min(min(ratio) for ratio in ratios) < 1e-4),
        ),
    ),
    (
        "one-layer-slow",
        "A training of which one matrix moves is called slow, because others do not, or because of their mean. Slow is"
        " when none of them moves: ask it of the largest ratio.",
        (
            _named_by(slow=lambda ratios: any(ratio[0] < 1e-4 for ratio in ratios)),
            _named_by(slow=lambda ratios: np.mean([ratio[0] for ratio in ratios]) < 1e-4),
            _named_by(slow=lambda ratios: ratios[0][0] < 1e-4),
            _named_by(slow=lambda ratios: ratios[-1][0] < 1e-4),
        ),
    ),
    (
        "fading-unseen",
        "A gradient that fades on the way back is not noticed: it is large in the last layer and small in the first."
        " Which of the two do you divide by twenty?",
        (_named_by(fades=lambda first, last: last[0] < first[0] / 20), _named_by(fades=lambda first, last: False)),
    ),
    (
        "dead-at-first",
        "Relus that died on the way are not noticed: look at the last epoch, record['dead'][-1].",
        (_named_by(dead=lambda shares: shares[0] > 0.5),),
    ),
    (
        "any-dead",
        "A few dead relus are no illness: most trainings have some. More than half of a layer is one.",
        (_named_by(dead=lambda shares: shares[-1] > 0),),
    ),
    (
        "always-well",
        "It calls every training well. Each illness has its sign: the loss, the dead relus, the gradients from layer to"
        " layer, the updates beside the weights.",
        (lambda record: "well",),
    ),
)


def _judge_illness():
    def judge(answer, rng):
        records = _records(rng)

        def said(answer):
            found = []
            for _, _, record in records:
                word = call(answer, fresh((record,)), "a record, a dict")
                if not isinstance(word, str):
                    raise Settled(f"It returns {kind_of(word)}; one of the names {listed(ILLNESSES)} is needed.")
                found.append(word.strip().lower())
            return found

        found = said(answer)
        for word in found:
            if word not in ILLNESSES:
                raise Settled(f"It returns {word!r:.40}, which is none of {listed(ILLNESSES)}.")
        wrong = [(each, word) for each, word in zip(records, found, strict=True) if each[1] != word]
        if not wrong:
            return Verdict(PASSED, f"It is right about {len(records)} trainings, well ones and ill ones.")
        known = recognized(ILLNESS_MISTAKES, lambda mistake: said(mistake.answer) == found)
        if known:
            return known
        [((words, illness, record), word), *_] = wrong
        says = f"It calls a training {words}, {word}."
        if word != "well" and _signs(record)[word]:
            says += f" It is that, too, and the first in the list that fits is asked for: {illness}."
        return Verdict(NOT_YET, says, f"seen: {illness} called {word}")

    return settling(judge, ILLNESS_MISTAKES)


# accuracy-band: a function that trains a network, judged on digits it has not seen

BAND = 0.93


def _digits():
    """Training and held-out parts, always the same: which digits are held out should not decide about an answer."""
    digits = data.digits()
    return data.split(np.random.default_rng(8), digits.X, digits.y)


def _fitting(*, shift=0, epochs=10, mix=False, logits=False):
    """A wrong answer: a network that is trained, or asked, in a wrong way."""

    def fit(X, y, rng):
        net, _ = _trained(X / 16, rng.permutation(y) if mix else y, rng, 32, 0.1, epochs, 32)
        if logits:
            return lambda X: net.predict(X / 16)
        return lambda X: net.predict(X / 16).argmax(axis=1) + shift

    return fit


BAND_MISTAKES = misconceptions(
    ("logits", NO_LABELS["logits"], (_fitting(logits=True),)),
    ("labels-for-function", NO_LABELS["labels-for-function"], (lambda X, y, rng: _fitting()(X, y, rng)(X),)),
    ("one-class", NO_LABELS["one-class"], (lambda *_: lambda X: np.full(len(X), 3),)),
    ("one-number", NO_LABELS["one-number"], (lambda *_: lambda X: 3,)),
    (
        "chance",
        "It is right about one time in ten, which is what guessing gives. Either nothing was learned, or each image was"
        " taught another one's label.",
        (_fitting(mix=True),),
    ),
    (
        "off-by-one",
        "Nearly every answer is one too large: the labels run from 0 to 9, as the columns of the network's output do.",
        (_fitting(shift=1, epochs=20),),
    ),
)


def _divided_once(asked, said, parts):
    """The verdict on predict if it takes other pixels than the network was trained on; None if it seems not to.

    A network that was trained on pixels from 0 to 1 often bears those from 0 to 16, and one learns no less from it.
    So who reaches the band passes all the same, and is told.
    """
    y_test, right = parts[3], said == parts[3]
    for factor, words in ((1 / 16, "divided by 16"), (16, "multiplied by 16")):
        told = asked(factor * parts[1])
        there = told == y_test
        as_right = there.mean() >= right.mean() - 0.005 and np.sum(told != said) >= 3
        if right.mean() >= BAND and as_right and factor < 1:
            return Verdict(
                PASSED,
                f"It is right on at least {BAND:.0%} of {len(y_test)} digits that it had never seen. It is as right"
                f" about their pixels {words}, though: do the training and predict divide alike?",
            )
        if right.mean() < BAND <= there.mean():
            return Verdict(
                NOT_YET,
                f"The training and predict do not divide alike: {right.mean():.1%} of the digits that it had not seen"
                f" are right, and {there.mean():.1%} with their pixels {words}. predict is given pixels from 0 to 16.",
                f"seen: {words}",
            )
    return None


def _missed_band(asked, said, parts):
    y_test, settled = parts[3], partial(verdict_of, BAND_MISTAKES)
    if np.mean(said - 1 == y_test) > 0.5:
        return settled("off-by-one")
    right = float(np.mean(said == y_test))
    error = np.sqrt(right * (1 - right) / len(y_test))
    if right < 0.25:
        return settled("chance")
    return Verdict(
        NOT_YET,
        f"{right:.1%} of the digits that it had not seen are right, give or take {error:.1%}, and {BAND:.0%} are"
        " needed. Watch both losses"
        " while it trains: are they still falling?",
    )


PROBLEMS = (
    Problem(
        id="training-loop",
        title="The loop",
        points=4,
        hints=(
            "Two loops: the outer one over epochs, the inner one over the starts of the batches,"
            " range(0, len(X), batch_size).",
            "At the beginning of each epoch: order = rng.permutation(len(X)). A batch is order[start : start +"
            " batch_size], and X and y are both indexed with it.",
            "loss, g = loss_and_gradient(w, X[rows], y[rows]), and then w = w - lr * g, as a new array.",
            "For the history add up len(rows) * loss over the epoch, and divide by len(X).",
        ),
        judge=_judge_loop(),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="rate-sweep",
        title="A rate, by evidence",
        points=3,
        hints=(
            "Make an array of validation losses with a row for each rate and a column for each seed.",
            "np.mean of a row that holds NaN is NaN, and np.nanargmin passes over it: so a rate that diverges for one"
            " seed is no candidate.",
            "The differences seed by seed are losses[of now] - losses[best]; the standard error of their mean is"
            " np.std(differences, ddof=1) / np.sqrt(len(seeds)).",
        ),
        judge=judge_function(_choose_rate, _runs, SWEEP_MISTAKES),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="early-stopping",
        title="Stop in time",
        points=3,
        hints=(
            "Keep four things: the lowest loss so far, the w that had it, how many epochs have passed since, and how"
            " many in all.",
            "After each epoch: if the loss is below the lowest, remember both and set the waiting to 0; else count it.",
            "Leave the loop when the waiting has reached patience, and return the w that you kept, not the last one.",
        ),
        judge=judge_function(
            _until_it_turns, _valleys, STOP_MISTAKES, returns="w epochs", boundaries=_patience_boundaries
        ),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="ask-twenty",
        title="Ask for twenty",
        points=3,
        hints=(
            "Choose twenty rows, train on them for some hundreds of epochs, and look at the last loss.",
            "Which digits are the first twenty rows, if the rows are sorted by their labels?",
            "X[:: len(X) // 20] takes rows from all over. Known by heart means a loss near zero: below 0.1, say. A NaN"
            " is below nothing.",
        ),
        judge=_judge_twenty(),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="name-illness",
        title="Name the illness",
        points=3,
        hints=(
            "Four questions, one for each illness, and well where the answer is no to all. Which sign is left when two"
            " illnesses look alike?",
            "weights = [name for name in record['weights'] if name.endswith('W')] are the matrices, the first layer"
            " first.",
            "In the first epoch: record['updates'][name][0] / record['weights'][name][0], and"
            " record['gradients'][weights[0]][0] beside that of weights[-1]. In the last: record['dead'][-1].",
        ),
        judge=_judge_illness(),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="accuracy-band",
        title="Reach the band",
        points=4,
        hints=(
            "Begin with the network of the lesson: 64 inputs, a hidden layer, 10 outputs, mini-batches of 32.",
            "The pixels run from 0 to 16. Divide by 16, in the training and in predict alike.",
            "Split X and y once more and print the validation accuracy while you try. Once you are content, train on"
            " all of them.",
            "predict takes images and returns labels: net.predict(X / 16).argmax(axis=1). Return the function itself.",
        ),
        judge=judge_predict(_digits, BAND, BAND_MISTAKES, _missed_band, _divided_once),
        allowed=("bplib",),
        minutes=15,
        difficulty=2,
    ),
)


# Turns in the lesson


def _shares(rng):
    return [(float(rng.uniform(0.6, 0.99)), int(n)) for n in rng.integers(50, 2000, size=4)]


ERROR_MISTAKES = misconceptions(
    (
        "no-root",
        "This is the square of it: the variance of the share. Take the root of it all.",
        (lambda p, n: p * (1 - p) / n,),
    ),
    (
        "n-outside",
        "The root goes over n too: four times as many images halve the error.",
        (lambda p, n: np.sqrt(p * (1 - p)) / n,),
    ),
    (
        "count",
        "This is the error of how many are right. Divided by n it is that of the share.",
        (lambda p, n: np.sqrt(n * p * (1 - p)),),
    ),
    (
        "no-wrong-ones",
        "The share of the wrong ones is missing below the root: where all are right there is nothing to chance.",
        (lambda p, n: np.sqrt(p / n), lambda p, n: np.sqrt(1 / n), lambda p, n: np.sqrt((1 - p) / n)),
    ),
)


TURNS = (
    turn(
        "turn-recall-chance",
        "Lesson 01: the loss of knowing nothing",
        judge_value(
            float(np.log(10)),
            "It is -log(1/10) = log 10. A loss that stays there means that nothing is learned.",
            {
                0.1: "This is the probability. The loss is minus its logarithm.",
                1.0: "This is the logarithm with base 10. Ours has base e, as np.log.",
                -float(np.log(10)): "This is the logarithm of 1/10. The loss is minus that.",
                0.9: "This is what is missing to 1. The loss is minus the logarithm of the probability of the truth.",
            },
        ),
        "The cross-entropy is minus the logarithm of the probability that the true class is given.",
    ),
    turn(
        "turn-recall-limit",
        "Lesson 05: the largest rate",
        judge_value(
            0.5,
            "The limit is 2/c, here 2/4: above it each step ends higher on the other side.",
            {
                0.25: "At 1/c a step lands in the minimum. The limit is twice as far.",
                2.0: "The limit falls as the curvature grows: 2/c.",
                8.0: "The limit falls as the curvature grows: 2/c.",
                4.0: "This is the curvature itself.",
            },
        ),
        "A step multiplies the distance from the minimum by 1 - lr c. When is that below -1?",
    ),
    turn(
        "turn-updates",
        "Updates in an epoch",
        judge_value(
            34,
            "33 full batches are 1056 images, and the 22 that are left make a shorter one.",
            {
                33: "33 batches are 1056 images. What about the 22 that are left?",
                1: "So it is with all images at once. Here each mini-batch makes an update of its own.",
                1078: "So it would be with batches of a single image.",
                33.6875: "Round it up: the last batch is shorter, and makes a whole update.",
                32: "This is the size of a batch. How many of them does it take?",
            },
        ),
        "1078 / 32 is 33 and a rest. Is the rest thrown away?",
    ),
    turn(
        "turn-batch",
        "The gradient of a batch",
        judge_value(
            -11,
            "The mean of 5 and 6 is 5.5, and 2 (0 - 5.5) = -11. With the other two the mean is the true -7.",
            {
                11: "The size is right, and the sign is not: w = 0 lies below 5.5, so w has to grow.",
                -5.5: "The factor 2 of the square is missing.",
                -22: "This is the sum over the two. The loss is their mean.",
                -7: "This is the gradient of all six.",
            },
        ),
        "2 (w - the mean of the batch), at w = 0.",
    ),
    turn(
        "turn-weighed",
        "The mean of an epoch",
        judge_value(
            5 / 3,
            "(32 * 2 + 16 * 1)/48: each batch counts as its examples do.",
            {
                1.5: "The short batch counts as much as the full one here. Weigh each loss with the number of its"
                " examples.",
                80.0: "This is the sum over all 48 examples. Their mean is asked for.",
                4 / 3: "The weights are exchanged: 32 examples had the loss 2.",
            },
        ),
        "How many examples had the loss 2, and how many the loss 1?",
    ),
    turn(
        "turn-error",
        "How sure is an accuracy",
        judge_function(lambda p, n: np.sqrt(p * (1 - p) / n), _shares, ERROR_MISTAKES),
        "The variance of one image, right or wrong, is p(1 - p). That of a mean of n is n times smaller. And the root.",
    ),
    turn(
        "turn-heart",
        "Twenty images for a long time",
        judge_value(
            "falls, then rises",
            "At first it learns what digits look like, and then it becomes ever surer, also where it is wrong.",
            {
                "falls": "The training loss does. What happens to the loss of a wrong answer that is given ever more"
                " surely?",
                "rises": "At first even twenty images teach something about the others.",
                "stays": "At first even twenty images teach something about the others.",
            },
        ),
        "Think of two phases: learning what a digit is, and learning twenty images by heart.",
    ),
    turn(
        "turn-ratio",
        "An update beside its weights",
        judge_value(
            0.005,
            "0.1 * 0.4 / 8: a step changes the weights by half a percent, as in a training that is well.",
            {
                0.05: "This is the gradient beside the weights. The update is lr times the gradient.",
                0.04: "This is the length of the update. Beside the weights it is divided by 8.",
                200.0: "It is the update divided by the weights, and not the other way round.",
            },
        ),
        "The update is lr times the gradient. How long is it, and what share of 8 is that?",
    ),
    turn(
        "turn-illnesses",
        "Four patients",
        judge_value(
            ("vanishing", "well", "dead", "slow"),
            "In A the last layer is told a hundred times as much as the first, in C no weight moves any more, and D"
            " moves by a hundred-thousandth a step.",
            {
                ("dead", "well", "vanishing", "slow"): "A and C are exchanged. In one of them the gradients end at"
                " nothing; in the other the first layer has little from the beginning, and the last has much.",
                ("vanishing", "well", "slow", "dead"): "C and D are exchanged. In D the gradients are as large as in B;"
                " what is small there is the step.",
                ("slow", "well", "dead", "vanishing"): "A and D are exchanged. Compare the first layer with the last in"
                " the bottom row.",
            },
            names=tuple("ABCD"),
        ),
        "Look at the middle row first: where is no weight moving from the start, and where does it stop? Then compare"
        " first and last layer in the bottom row.",
    ),
    turn(
        "turn-first-nan",
        "The first that is not finite",
        judge_value(
            "exp(Z2)",
            "exp overflows beyond 709, and infinity divided by infinity is NaN. Lesson 01 subtracts the largest logit.",
            {
                "Z2": "Large, but finite: a thousand is a number like any other.",
                "P": "It is NaN, and what it was made from is infinite already.",
                "loss": "It was made from P. Go back to what came before.",
            },
        ),
        "A float ends near 1e308. Of which x is exp(x) as large as that?",
    ),
)
