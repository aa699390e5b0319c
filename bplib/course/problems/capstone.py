"""Lesson 17: a broken trainer with six bugs, in two hunts, and a network of one's own, judged on held-out digits."""

from itertools import product

import numpy as np

from bplib import data
from bplib.activations import relu, softmax
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.predicting import NO_LABELS, judge_predict
from bplib.course.judging.reading import NOT_YET, Verdict
from bplib.initializers import he
from bplib.layers import Activation, Dropout, Linear
from bplib.losses import softmax_cross_entropy
from bplib.networks import Sequential, add_l2
from bplib.operations import find
from bplib.optimizers import Adam

LESSON = "17_capstone"
TITLE = "Capstone"

COUNTS = ("One bug left, in", "Two bugs left, the first in", "Three bugs left, the first in")


def _left(bugs):
    """The sentence about the bugs that are left, by the first of them in the order of the lines."""
    return f"{COUNTS[len(bugs) - 1]} {bugs[0]}."


# bug-hunt-step: forward, backward and update of one step


def _networks(rng):
    cases = []
    for n, d, h, k, lr in ((7, 3, 5, 4, 0.3), (5, 4, 2, 3, 0.2), (11, 2, 4, 5, 0.5)):
        shapes = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
        params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        cases.append((params, rng.normal(size=(n, d)), rng.integers(k, size=n), lr))
    return cases


def _stepping(
    share=lambda P: 1 / len(P),
    bias=lambda dZ: dZ.sum(axis=0),
    early=False,
    slope=lambda A1: 1 - A1**2,
    rate=lambda lr, n: lr,
    before=False,
):
    """A step of gradient descent; each argument is one thing that may be wrong."""

    def step(params, X, y, lr):
        W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
        A1, lr = np.tanh(X @ W1 + b1), rate(lr, len(y))
        dZ2 = softmax(A1 @ W2 + b2) / (len(y) if before else 1)
        dZ2[np.arange(len(y)), y] -= 1
        dZ2 = dZ2 * share(dZ2)
        new_W2 = W2 - lr * A1.T @ dZ2
        dZ1 = dZ2 @ (new_W2 if early else W2).T * slope(A1)
        return {"W1": W1 - lr * X.T @ dZ1, "b1": b1 - lr * bias(dZ1), "W2": new_W2, "b2": b2 - lr * dZ2.sum(axis=0)}

    return step


_step = _stepping()

SHARES = {
    "": lambda P: 1 / len(P),
    "dZ2: the loss is a mean over the batch, so its gradient is divided by the number of examples": lambda P: 1.0,
    "dZ2: it is divided by all of its entries, and the mean is over the examples alone": lambda P: 1 / P.size,
}
EARLY = (
    "the order of the lines: W2 has been updated already when the gradient goes back through it. First all gradients,"
    " then the updates"
)
BIASES = {
    "": lambda dZ: dZ.sum(axis=0),
    "b1: a plain sum() also adds up the hidden units, so all biases get the same number. Each has a gradient of its"
    " own, the sum over the batch": lambda dZ: dZ.sum(),
    "b1: its gradient is the sum over the batch. What is to be divided by n has been divided in dZ2": lambda dZ: (
        dZ.mean(axis=0)
    ),
}


def _steps_left():
    """Every way to have repaired some of the step, and some ways to have repaired it wrongly."""
    for (scale, share), early, (about, bias) in product(SHARES.items(), (False, True), BIASES.items()):
        bugs = [bug for bug in (scale, EARLY if early else "", about) if bug]
        if bugs:
            yield Misconception(f"left-{len(bugs)}", _stepping(share, bias, early), _left(bugs))


STEP_MISTAKES = (
    *_steps_left(),
    *misconceptions(
        (
            "divided-twice",
            "The division by n is there twice, in dZ2 and at the learning rate. Keep one of them.",
            (_stepping(rate=lambda lr, n: lr / n),),
        ),
        (
            "divided-before",
            "In dZ2 the probabilities are divided by n, and the 1 that is taken off is not. Divide the difference.",
            (_stepping(share=lambda P: 1.0, before=True),),
        ),
        (
            "uphill",
            "It walks uphill. The update was right as it stood: subtract lr times the gradient.",
            (_stepping(rate=lambda lr, n: -lr),),
        ),
        (
            "slope-changed",
            "The slope of tanh was right, and is not any more: 1 - A1**2 is written with the output A1.",
            (_stepping(slope=lambda A1: 1 - np.tanh(A1) ** 2),),
        ),
        (
            "nothing-moved",
            "The parameters came back as they were. Return the updated ones.",
            (lambda params, X, y, lr: dict(params),),
        ),
    ),
)


# bug-hunt-trainer: data, mini-batches and Adam around it


def _trainings(rng):
    cases, sizes = [], ((17, 6, 3, 4, 0.1, 5, 3), (14, 5, 4, 3, 0.05, 4, 2), (20, 7, 2, 5, 0.2, 6, 4))
    for n, m, d, k, lr, batch_size, epochs in sizes:
        units, zeros = rng.uniform(0.5, 20.0, size=d), rng.normal(size=d) * 5
        X_train = rng.normal(size=(n, d)) * units + zeros
        X_test = (rng.normal(size=(m, d)) * rng.uniform(0.5, 2.0, size=d) + rng.normal(size=d)) * units + zeros
        shuffling = np.random.default_rng(int(rng.integers(1 << 31)))
        y = rng.permutation(np.arange(n) % k)
        cases.append((X_train, y, X_test, rng.normal(size=(d, k)), lr, batch_size, epochs, shuffling))
    return cases


def _z(X, by):
    return (X - by.mean(axis=0)) / by.std(axis=0)


def _training(
    prepare=lambda A, B: (_z(A, A), _z(B, A)),
    pick=lambda rows, places: (rows, rows),
    clock=lambda t, epoch, batch: t,
    correct=True,
    last=lambda X, W: softmax(X @ W),
    again=False,
):
    """A training and what it says about the test part; each argument is one thing that may be wrong."""

    def fit_and_predict(X_train, y_train, X_test, W, lr, batch_size, epochs, rng):
        X_train, X_test = prepare(X_train, X_test)
        m, v, t = np.zeros_like(W), np.zeros_like(W), 0
        for epoch in range(epochs):
            order = rng.permutation(len(X_train))
            if again:
                X_train, y_train, order = X_train[order], y_train[order], np.arange(len(order))
            for batch, start in enumerate(range(0, len(order), batch_size)):
                places = slice(start, start + batch_size)
                x_rows, y_rows = pick(order[places], places)
                X, y = X_train[x_rows], y_train[y_rows]
                P = softmax(X @ W)
                P[np.arange(len(y)), y] -= 1
                g, t = X.T @ P / len(y), t + 1
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
                T = clock(t, epoch, batch) if correct else np.inf
                W = W - lr * (m / (1 - 0.9**T)) / (np.sqrt(v / (1 - 0.999**T)) + 1e-8)
        return last(X_test, W)

    return fit_and_predict


_fit_and_predict = _training()

SCALES = {
    "": lambda A, B: (_z(A, A), _z(B, A)),
    "the first lines: the test part is standardized with its own mean and standard deviation. What comes later is"
    " treated as the training part was, with the two numbers found there": lambda A, B: (_z(A, A), _z(B, B)),
    "the first lines: when the test part has its turn, X_train has been overwritten, and its mean is 0 and its standard"
    " deviation 1. Keep both numbers before": lambda A, B: (_z(A, A), B),
    "the first lines: the mean and the standard deviation are those of both parts together, so the training has looked"
    " at the test. Take them from the training part": lambda A, B: (_z(A, np.vstack([A, B])), _z(B, np.vstack([A, B]))),
}
CLOCKS = {
    "": lambda t, epoch, batch: t,
    "Adam: t counts the epochs. It counts the steps, so it goes up with every update": lambda t, epoch, batch: (
        epoch + 1
    ),
    "Adam: t begins anew in every epoch. It counts all steps since m and v were zero": lambda t, epoch, batch: (
        batch + 1
    ),
    "Adam: t goes up with every step, and once more with every epoch. It counts the steps alone": (
        lambda t, epoch, batch: t + epoch + 1
    ),
}
PICKS = {
    "": lambda rows, places: (rows, rows),
    "the mini-batch: the inputs are taken in the shuffled order and the labels are not, so each example learns another"
    " one's label. Index both with the same rows": lambda rows, places: (rows, places),
    "the mini-batch: inputs and labels belong together again, and nothing is shuffled any more. Index both with"
    " rows": lambda rows, places: (places, places),
}


def _trainers_left():
    """Every way to have repaired some of the trainer, and some ways to have repaired it wrongly."""
    for (scaling, prepare), (time, clock), (mixed, pick) in product(SCALES.items(), CLOCKS.items(), PICKS.items()):
        bugs = [bug for bug in (scaling, time, mixed) if bug]
        if bugs:
            yield Misconception(f"left-{len(bugs)}", _training(prepare, pick, clock), _left(bugs))


TRAINER_MISTAKES = (
    *_trainers_left(),
    *misconceptions(
        (
            "time-from-zero",
            "Everything has become NaN in the corrections of Adam: t is 0 at the first step, where 1 - 0.9**t is 0."
            " Count the step before you use t.",
            (_training(clock=lambda t, epoch, batch: t - 1),),
        ),
        (
            "time-ahead",
            "t runs one step ahead: it is 1 at the first update.",
            (_training(clock=lambda t, epoch, batch: t + 1),),
        ),
        (
            "no-correction",
            "The corrections of m and v are gone. They belong to Adam; only what t counts was wrong with them.",
            (_training(correct=False),),
        ),
        (
            "shuffled-again",
            "Each epoch shuffles what the one before has shuffled, so your batches are not ours. Leave X_train and"
            " y_train in their order, and take rows of them.",
            (_training(again=True),),
        ),
        (
            "logits",
            "It returns logits. The last line was right: probabilities are asked for.",
            (_training(last=lambda X, W: X @ W),),
        ),
    ),
)


# project: a network on digits from odd sensors with hasty labels, judged on digits that it has not seen

BAR = 0.89  # above the nearest mean image, below what a penalty near the best one reaches with any seed
TRAINED, HASTY = 900, 310  # digits to learn from, and how many of their labels are drawn at random
BY_HEART, LOST, TOO_LITTLE = 0.8, 0.4, 0.58  # shares of digits that are right


def hasty_digits():
    """Digits as 64 sensors gave them, each with its own unit and zero: X, X_test, y with hasty labels, y_test.

    They are always the same: which digits are held out should not decide about an answer.
    """
    digits, rng = data.digits(), np.random.default_rng(17)
    order = rng.permutation(len(digits.y))
    X = digits.X * 10 ** rng.uniform(-2.0, 0.5, size=64) + rng.integers(-40, 41, size=64)
    train, test = order[:TRAINED], order[TRAINED:]
    y = digits.y[train]
    hasty = rng.permutation(TRAINED)[:HASTY]
    y[hasty] = rng.integers(10, size=HASTY)
    return X[train], X[test], y, digits.y[test]


def _scales(X):
    """The mean and the standard deviation of each column, 1 where it is constant."""
    std = X.std(axis=0)
    return X.mean(axis=0), np.where(std == 0, 1.0, std)


def _trained(X, y, rng, *, l2, epochs, p=0.0, lr=0.01):
    drop = [Dropout(p, rng)] if p else []
    net = Sequential(Linear(64, 64, rng, he), Activation(relu), *drop, Linear(64, 10, rng))
    adam, loss_and_grad = Adam(lr), find(softmax_cross_entropy).loss_and_grad
    for _ in range(epochs):
        net.backward(loss_and_grad(net.forward(X), y)[1])
        add_l2(net, l2)
        adam.step(net.params, net.grads)
    return net


def _careless(*, l2=0.05, epochs=100, p=0.0, lr=0.01, mix=False, raw="", own=False, forward=False, says=None):
    """A wrong answer: each argument is one thing that a learner may get wrong."""

    def fit(X, y, rng):
        mean, std = (0.0, 1.0) if raw == "all" else _scales(X)
        y = rng.permutation(y) if mix else y
        net = _trained((X - mean) / std, y, rng, l2=l2, epochs=epochs, p=p, lr=lr)

        def predict(X):
            middle, width = (0.0, 1.0) if raw else _scales(X) if own else (mean, std)
            Z = (net.forward if forward else net.predict)((X - middle) / width)
            return says(Z) if says else Z.argmax(axis=1)

        return predict

    return fit


def _labels_of_training(X, y, rng):
    return _careless(epochs=3)(X, y, rng)(X)


def _divided_by_zero(X, y, rng):
    mean, std = X.mean(axis=0), X.std(axis=0)
    net = _trained((X - mean) / std, y, rng, l2=0.05, epochs=5)
    return lambda X: net.predict((X - mean) / std).argmax(axis=1)


PROJECT_MISTAKES = misconceptions(
    (
        "logits",
        NO_LABELS["logits"],
        (_careless(epochs=5, says=lambda Z: Z),),
    ),
    (
        "labels-for-function",
        NO_LABELS["labels-for-function"],
        (_labels_of_training,),
    ),
    (
        "one-number",
        NO_LABELS["one-number"],
        (_careless(epochs=5, says=np.argmax),),
    ),
    (
        "one-class",
        NO_LABELS["one-class"],
        (lambda X, y, rng: lambda X: np.full(len(X), 3), _divided_by_zero),
    ),
    (
        "by-heart",
        "It agrees with most of the labels that it was given, although nearly a third of them are wrong: it has learned"
        " them by heart. Hold it back: with a penalty on the weights before all, and dropout or an earlier end may help"
        " it.",
        (_careless(l2=0.0, epochs=150),),
    ),
    (
        "lost",
        "It is wrong about most digits, so look at its data before its training. Three causes are usual: sensors that"
        " are not on one scale, a predict that does not scale as the training did, and labels that belong to other"
        " images.",
        (_careless(mix=True), _careless(raw="predict")),
    ),
    (
        "too-little",
        "It has learned something and not enough, and it misses many of the digits that it was trained on, too. Are all"
        " 64 sensors on one scale? If they are, give it more steps, larger ones, or a weaker penalty.",
        (_careless(epochs=40, lr=0.001), _careless(raw="all")),
    ),
    (
        "own-statistics",
        "What predict says about an image depends on which others are asked about with it: asked about one alone, it"
        " says something else. Standardize with the mean and the standard deviation of the training part, kept from"
        " there.",
        (_careless(own=True),),
    ),
    (
        "random",
        "Asked twice about the same images, predict says different things. Dropout is for the training: use the"
        " network's predict, not its forward.",
        (_careless(p=0.5, l2=0.02, forward=True),),
    ),
)


def _refused_project(asked, said, parts):
    """The verdict on a predict that is right perhaps, but not about an image alone, or not twice."""
    _, X_test, _, y_test = parts
    if np.sum(asked(X_test) != said) > 2:
        return verdict_of(PROJECT_MISTAKES, "random")
    alone = np.unique(y_test, return_index=True)[1]  # the first image of each class
    if sum(asked(X_test[i : i + 1])[0] != said[i] for i in alone) > 2:
        return verdict_of(PROJECT_MISTAKES, "own-statistics")
    return None


def _missed_project(asked, said, parts):
    X, _, y, y_test = parts
    right, believed = float(np.mean(said == y_test)), float(np.mean(asked(X) == y))
    if believed >= BY_HEART:
        return verdict_of(PROJECT_MISTAKES, "by-heart")
    if right < LOST:
        return verdict_of(PROJECT_MISTAKES, "lost")
    if believed < TOO_LITTLE:
        return verdict_of(PROJECT_MISTAKES, "too-little")
    return Verdict(
        NOT_YET,
        f"{right:.1%} of the digits that it had not seen are right, and {BAR:.0%} are needed. It agrees with"
        f" {believed:.0%} of the labels it was given, of which about {1 - 0.9 * HASTY / TRAINED:.0%} are right:"
        " does it learn too much of them, or too little? Try the remedies of lesson 10b with other strengths and"
        " together, and let a validation part decide.",
    )


PROBLEMS = (
    Problem(
        id="bug-hunt-step",
        title="Bug hunt: the step",
        points=5,
        hints=(
            "Copy the lines into the cell and check: it counts the bugs that are left, and names the place of the"
            " first.",
            "The step must be that of the mean loss. Write the loss down with its 1/n, and look where the n is.",
            "Check every gradient by differences, in the order of the backward; or read each update and ask which W2,"
            " the old or the new, stands in the lines after it.",
            "All of dZ2, dZ1 and the four gradients are computed from the old parameters; db1 = dZ1.sum(axis=0).",
        ),
        judge=judge_function(_step, _networks, STEP_MISTAKES),
        allowed=("activations.softmax",),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="bug-hunt-trainer",
        title="Bug hunt: the trainer",
        points=5,
        hints=(
            "No gradient is wrong here, so a check of gradients says nothing. Go through what is around it: how the"
            " inputs are prepared, which rows meet which labels, and what each variable counts.",
            "Which numbers may the test part be standardized with? And what does X_train hold by then?",
            "An example and its label are a pair. Follow one pair from the shuffling to the gradient.",
            "In Adam t is the number of updates made, this one included. Where does it have to go up?",
        ),
        judge=judge_function(_fit_and_predict, _trainings, TRAINER_MISTAKES),
        allowed=("activations.softmax",),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="project",
        title="A network of your own",
        points=4,
        hints=(
            "Begin with the baseline: what does a small network reach on a validation part that you keep aside? Then"
            " change one thing at a time.",
            "The sensors have their own units and zeros. Standardize with the mean and the standard deviation of X, and"
            " keep both for predict. A column that is constant has the standard deviation 0.",
            "Nearly a third of the labels are wrong, and a network that is trained to the end learns those too. Lesson"
            " 10 has three remedies, and here dropout alone or an early end alone is not enough.",
            "training.train has l2=..., and l2=0.03 holds a network of 64 hidden units back. A function defined inside"
            " another one sees its variables, so predict can use the mean, the standard deviation and the network.",
        ),
        judge=judge_predict(hasty_digits, BAR, PROJECT_MISTAKES, _missed_project, _refused_project),
        allowed=("bplib",),
        minutes=30,
        difficulty=3,
    ),
)
