"""Lesson 08: the loop over epochs and mini-batches, the choice of a learning rate, and networks that reach a goal."""

import numbers
from functools import partial

import numpy as np

from bplib import data
from bplib.activations import tanh
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
    read_named,
    read_parts,
    settling,
    shown,
)
from bplib.layers import Activation, Linear
from bplib.losses import softmax_cross_entropy
from bplib.networks import Sequential
from bplib.operations import find
from bplib.optimizers import SGD
from bplib.training import minibatches

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
    for n, d, lr, batch_size, epochs in ((11, 3, 0.05, 4, 3), (14, 5, 0.02, 5, 4), (12, 2, 0.04, 3, 2)):
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
):
    """A wrong training loop, put together from what is wrong in it."""

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
                losses.append(loss)
                sizes.append(len(rows))
            w = moved
            history.append(record(losses, sizes, len(X), lambda w=w: loss_and_gradient(w, X, y)[0]))
        return w, np.hstack(history)

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
        "w is right, and the losses in the history were measured again after the epoch. It should hold those met on the"
        " way, each measured before its update.",
        (_looping(record=lambda losses, sizes, n, after: after()),),
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


# rate-sweep: choose a learning rate by its validation loss


def _sweep(run, rates):
    found = [run(lr)["validation"] for lr in rates]
    return rates[int(np.nanargmin(found))]


def _runs(rng):
    """Tables of losses in which each wrong way to choose finds another rate, and the largest rate diverges."""
    cases = []
    for count in (10, 11, 12):
        rates = [float(f"{0.001 * 2.0**k:.2g}") for k in range(count)]
        places = rng.permutation(np.arange(1, count - 2))[:7]
        best, by_training, by_test, with_training, with_test, highest, gap = places
        losses = {
            "training": rng.uniform(0.3, 0.4, size=count),
            "validation": rng.uniform(0.55, 0.9, size=count),
            "test": rng.uniform(0.55, 0.9, size=count),
        }
        losses["training"][[best, by_training, with_training, with_test, gap]] = 0.15, 0.02, 0.06, 0.18, 0.75
        losses["validation"][[best, with_training, with_test, highest, gap]] = 0.28, 0.33, 0.32, 2.1, 0.78
        losses["test"][[best, by_test, with_test]] = 0.30, 0.12, 0.20
        for values in losses.values():
            values[-1] = np.nan
        if count != 10:
            rates, losses = rates[::-1], {name: values[::-1] for name, values in losses.items()}
        cases.append((_table(rates, losses), rates))
    return cases


def _table(rates, losses):
    def run(lr):
        if lr not in rates:
            raise ValueError(f"there is no run with the rate {lr}")
        return {name: float(values[rates.index(lr)]) for name, values in losses.items()}

    return run


def _by(name, pick=np.nanargmin):
    return lambda run, rates: rates[int(pick([run(lr)[name] for lr in rates]))]


def _by_sum(*names):
    return lambda run, rates: rates[int(np.nanargmin([sum(run(lr)[name] for name in names) for lr in rates]))]


SWEEP_MISTAKES = misconceptions(
    (
        "by-training",
        "You chose by the training loss, which rewards learning by heart. Choose by the validation loss.",
        (_by("training"),),
    ),
    (
        "by-test",
        "You chose by the test loss. Then nothing is left to tell honestly how good the result is: the test set is"
        " looked at once, after every choice has been made. Choose by the validation loss.",
        (_by("test"),),
    ),
    (
        "with-test",
        "The test loss has a say in your choice. Then nothing is left to tell honestly how good the result is: choose"
        " by the validation loss alone.",
        (_by_sum("validation", "test"),),
    ),
    (
        "with-training",
        "The training loss has a say in your choice, and it rewards learning by heart. Choose by the validation loss"
        " alone.",
        (_by_sum("training", "validation"),),
    ),
    (
        "nan-wins",
        "The run that diverged has won. np.argmin, if you used it, takes NaN for the smallest number; np.nanargmin"
        " passes over it.",
        (_by("validation", np.argmin),),
    ),
    (
        "nan-stays",
        "A run that diverged has won where it came first: nothing is smaller than NaN, so min keeps it. Leave such runs"
        " out, as np.nanargmin does.",
        (lambda run, rates: min(rates, key=lambda lr: run(lr)["validation"]),),
    ),
    (
        "largest-that-runs",
        "This is the largest rate that does not diverge. It is rarely the best one: compare the validation losses.",
        (lambda run, rates: max(lr for lr in rates if np.isfinite(run(lr)["validation"])),),
    ),
    (
        "smallest",
        "This is the smallest rate, the slowest of all. Compare the validation losses.",
        (lambda run, rates: min(rates),),
    ),
    (
        "highest",
        "This rate has the highest validation loss. A loss is the better, the lower it is.",
        (_by("validation", np.nanargmax),),
    ),
    (
        "index",
        "This is the place of the best rate in the list. Return the rate itself, rates[place].",
        (lambda run, rates: int(np.nanargmin([run(lr)["validation"] for lr in rates])),),
    ),
    (
        "loss-for-rate",
        "This is the lowest validation loss. Return the learning rate that has reached it.",
        (lambda run, rates: np.nanmin([run(lr)["validation"] for lr in rates]),),
    ),
    (
        "gap",
        "You chose by the gap between validation and training. A network that has learned nothing has no gap: compare"
        " the validation losses themselves.",
        (lambda run, rates: min(rates, key=lambda lr: _or_infinity(run(lr)["validation"] - run(lr)["training"])),),
    ),
)


def _or_infinity(x):
    return x if np.isfinite(x) else np.inf


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


# overfit-twenty: settings with which a network learns twenty digits by heart

TWENTY, GOAL = 20, 0.01
MOST = {"hidden": 128, "epochs": 1000}


def _twenty(rng):
    digits = data.digits()
    rows = rng.permutation(len(digits.y))[:TWENTY]
    return digits.X[rows] / 16, digits.y[rows]


def _memorizing(settings, rng):
    """The losses of a network with these settings on twenty digits, all at once in each epoch."""
    X, y = _twenty(rng)
    return _trained(X, y, rng, settings["hidden"], settings["lr"], settings["epochs"], len(X))[1]


def _settings(hidden, lr, epochs):
    return lambda: {"hidden": hidden, "lr": lr, "epochs": epochs}


OVERFIT_MISTAKES = misconceptions(
    (
        "too-few-epochs",
        "The loss is still falling when the training ends. Give it more epochs, or a larger learning rate.",
        (_settings(32, 0.3, 20),),
    ),
    (
        "too-small-a-rate",
        "The loss falls so slowly that a thousand epochs are not enough. The learning rate is too small by far.",
        (_settings(64, 0.003, 1000),),
    ),
    (
        "zero-rate",
        "With a learning rate of 0 nothing is ever updated. It must be a positive number.",
        (_settings(32, 0.0, 100),),
    ),
    (
        "too-large-a-rate",
        "The loss jumps about instead of falling: the steps are longer than the valley is wide. Take a learning rate"
        " that is smaller by far.",
        (_settings(32, 100.0, 500),),
    ),
    (
        "one-neuron",
        "A single hidden neuron is one number for each image, and ten classes have to be told apart by it. Give the"
        " network more of them.",
        (_settings(1, 0.1, 1000),),
    ),
    (
        "too-much-to-hide",
        "At most 1000 epochs: twenty images should take no longer. If they do, look at the learning rate.",
        (_settings(64, 0.3, 100_000),),
    ),
)


def _told(value):
    """A number as it is, anything else by its kind."""
    plain = isinstance(value, float | np.floating) or (isinstance(value, int) and abs(value) < 1e300)
    return shown(float(value)) if plain and not isinstance(value, bool) else kind_of(value)


def _judge_overfit():
    settled = partial(verdict_of, OVERFIT_MISTAKES)

    def judge(answer, rng):
        settings, missing = read_named(call(answer, (), ""), ("hidden", "lr", "epochs"))
        if missing:
            return Verdict(NOT_YET, missing)
        for name in ("hidden", "epochs"):
            if isinstance(settings[name], float | np.floating) and float(settings[name]).is_integer():
                settings[name] = int(settings[name])  # 64.0 is 64
            if not isinstance(settings[name], int | np.integer) or isinstance(settings[name], bool):
                raise Settled(f"{name} is {_told(settings[name])}; a whole number is needed, as in 64.")
            if settings[name] < 1:
                raise Settled(f"{name} is below 1; at least 1 is needed.")
        lr = settings["lr"]
        if not isinstance(lr, numbers.Real) or isinstance(lr, bool) or not 0 <= lr < 1e300:
            raise Settled(f"lr is {_told(lr)}; a positive number is needed.")
        if float(lr) == 0:
            return settled("zero-rate")
        if settings["epochs"] > MOST["epochs"]:
            return settled("too-much-to-hide")
        if settings["hidden"] > MOST["hidden"]:
            raise Settled(f"At most {MOST['hidden']} hidden neurons: twenty images do not need more.")
        plain = {"hidden": int(settings["hidden"]), "lr": float(lr), "epochs": int(settings["epochs"])}
        losses = np.array(_memorizing(plain, rng))
        if losses[-1] <= GOAL:
            return Verdict(PASSED, f"All twenty are known by heart: the loss has fallen below {GOAL}.")
        if not np.isfinite(losses).all() or np.max(losses) > 2 * losses[0] + 1:
            return settled("too-large-a-rate")
        if plain["hidden"] == 1:
            return settled("one-neuron")
        if plain["lr"] < 0.02:
            return settled("too-small-a-rate")
        if plain["epochs"] < 200:
            return settled("too-few-epochs")
        return Verdict(
            NOT_YET,
            f"The loss ends at {losses[-1]:.3f}, and at most {GOAL} is needed. Change one number at a time,"
            " by a factor of 3, and see what it does.",
        )

    return settling(judge, OVERFIT_MISTAKES)


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


def _missed_band(asked, said, parts):
    y_test, settled = parts[3], partial(verdict_of, BAND_MISTAKES)
    if np.mean(said - 1 == y_test) > 0.5:
        return settled("off-by-one")
    right = float(np.mean(said == y_test))
    if right < 0.25:
        return settled("chance")
    return Verdict(
        NOT_YET,
        f"{right:.1%} of the digits that it had not seen are right, and {BAND:.0%} are needed. Watch both losses"
        " while it trains: are they still falling?",
    )


PROBLEMS = (
    Problem(
        id="training-loop",
        title="The loop",
        points=5,
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
        title="A learning-rate sweep",
        points=2,
        hints=(
            "Call run for every rate. Which of the three losses may you look at while you are still choosing?",
            "A run that diverged has the loss NaN, and NaN compares with nothing. np.nanargmin passes over it.",
            "rates[np.nanargmin([run(lr)['validation'] for lr in rates])]",
        ),
        judge=judge_function(_sweep, _runs, SWEEP_MISTAKES),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="overfit-twenty",
        title="Twenty digits by heart",
        points=2,
        hints=(
            "Try it in a cell of your own, as in the lesson, and look at the curve of the training loss.",
            "If the loss jumps, the rate is too large; if it creeps, too small. Change one thing at a time, by a factor"
            " of 3.",
            "There is no need to be careful about the number of neurons or epochs: learning by heart is the aim.",
        ),
        judge=_judge_overfit(),
        minutes=5,
        difficulty=1,
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
        judge=judge_predict(_digits, BAND, BAND_MISTAKES, _missed_band),
        allowed=("bplib",),
        minutes=15,
        difficulty=2,
    ),
)
