"""Lesson 17: a broken trainer with six bugs, in two hunts, and a project: digits under shift, text, or a policy."""

import re
from itertools import product

import numpy as np

from bplib.activations import softmax
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.reading import PASSED, Settled, Verdict, call, kind_of, listed, read_named, settling
from bplib.course.judging.turns import judge_value, turn
from bplib.course.problems.projects import (
    DIGITS_MISTAKES,
    POLICY_MISTAKES,
    TEXT_MISTAKES,
    judge_digits,
    judge_policy,
    judge_text,
)

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
    "dZ2: it is divided by the number of classes, and the mean is over the examples": lambda P: 1 / P.shape[1],
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
    forgets=False,
    below=lambda v, share: np.sqrt(v / share) + 1e-8,
):
    """A training and what it says about the test part; each argument is one thing that may be wrong."""

    def fit_and_predict(X_train, y_train, X_test, W, lr, batch_size, epochs, rng):
        X_train, X_test = prepare(X_train, X_test)
        m, v, t = np.zeros_like(W), np.zeros_like(W), 0
        for epoch in range(epochs):
            order = rng.permutation(len(X_train))
            if forgets:
                m, v = np.zeros_like(W), np.zeros_like(W)
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
                W = W - lr * (m / (1 - 0.9**T)) / below(v, 1 - 0.999**T)
        return last(X_test, W)

    return fit_and_predict


_fit_and_predict = _training()

SCALES = {
    "": lambda A, B: (_z(A, A), _z(B, A)),
    "the first lines: the test part is standardized with its own mean and standard deviation. What comes later is"
    " treated as the training part was, with the two numbers found there": lambda A, B: (_z(A, A), _z(B, B)),
    "the first lines: when the test part has its turn, X_train has been overwritten, and its mean is 0 and its standard"
    " deviation 1. Keep both numbers before": lambda A, B: (_z(A, A), B),
    "the first lines: the test part has the mean of the training part, and a standard deviation of its own. Both"
    " numbers are those of the training part": lambda A, B: (_z(A, A), (B - A.mean(axis=0)) / B.std(axis=0)),
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
            "eps-below-the-root",
            "The small number of Adam has moved below the root: it is added after the root is taken, as it was.",
            (_training(below=lambda v, share: np.sqrt(v / share + 1e-8)),),
        ),
        (
            "moments-begin-anew",
            "Adam forgets between epochs: m and v begin anew in each of them. They are set to zero once, before the"
            " first epoch, and so is t.",
            (_training(forgets=True), _training(forgets=True, clock=lambda t, epoch, batch: batch + 1)),
        ),
        (
            "logits",
            "It returns logits. The last line was right: probabilities are asked for.",
            (_training(last=lambda X, W: X @ W),),
        ),
    ),
)


# project: one of three, judged by what it does on what it has not seen, and its report


PROJECT_MISTAKES = (*DIGITS_MISTAKES, *TEXT_MISTAKES, *POLICY_MISTAKES)
KINDS = {"digits": judge_digits, "text": judge_text, "policy": judge_policy}


def _judge_project():
    def judge(answer, rng):
        said = call(answer, (), "")
        if callable(said):
            raise Settled('It returns a function alone. Say first which project it is, as in `return "digits", fit`.')
        if not isinstance(said, tuple | list) or len(said) != 2:
            raise Settled(f'It returns {kind_of(said)}; two values are needed, as in `return "digits", fit`.')
        kind, fit = said
        if not isinstance(kind, str):
            raise Settled(f"The first value is {kind_of(kind)}; needed is one of {listed(map(repr, KINDS))}.")
        if kind not in KINDS:
            raise Settled(f"It names the project {kind!r:.40}; needed is one of {listed(map(repr, KINDS))}.")
        if not callable(fit):
            raise Settled(f"The second value is {kind_of(fit)}; the function itself is needed, without parentheses.")
        return KINDS[kind](fit, seed=int(rng.integers(1 << 31)))

    return settling(judge, PROJECT_MISTAKES)


# report: it is there, and names numbers; what it is worth is read by a person

PARTS = {"question": 8, "baseline": 8, "seeds": 5, "error": 5, "did not work": 8}
"""The parts of a report, and how many words each has at least."""
NUMBERED = {"baseline": 1, "seeds": 3, "error": 1}
"""How many numbers a part names at least."""


_RANGE = re.compile(r"(?<![\d.,])(\d{1,9})\s*(?:to|through|until|up to|-|–|\.\.+|…)\s*(\d{1,9})(?![\d]|[.,]\d)")
_NO_SEED = re.compile(
    # shares, also in a list; decimals; and counts: of 897, n = 897, 897 digits
    r"\d+(?:[.,]\d+)?(?:\s*(?:,|and|to|-|–)\s*\d+(?:[.,]\d+)?)*\s*(?:%|percent|per cent|points?\b)"
    r"|\d+[.]\d+|\b(?:of|n\s*=|±|\+-|\+/-)\s*\d+"
    r"|\d+\s*(?:digits|images|letters|windows|episodes|examples|updates|epochs|units)\b"
)


def _seeds(text):
    """How many seeds a text can mean: whole numbers, each of a range of them, and neither shares nor counts."""
    text = _NO_SEED.sub(" ", text.lower())
    ranges = [int(last) - int(first) + 1 for first, last in _RANGE.findall(text)]
    return sum(ranges) + len(re.findall(r"\d+", _RANGE.sub(" ", text)))


def _full_report(**changed):
    report = {
        "question": "Does a penalty on the weights help a network of 64 units with labels that are partly wrong?",
        "baseline": "Twenty-five nearest neighbors are right on 47 % of the validation part, the mean image on 40 %.",
        "seeds": "Seeds 0, 1, 2, 3 and 4, fixed before: 93.1, 92.8, 93.5, 93.0 and 92.6 % of 300 images.",
        "error": "The mean is 93.0 %, with a standard error of 1.5 points for 300 images.",
        "did not work": "Dropout of a half made it worse by two points, and more units changed nothing.",
    }
    return lambda: {name: text for name, text in (report | changed).items() if text is not None}


REPORT_MISTAKES = misconceptions(
    (
        "no-failure",
        "What did not work has no words yet. Whoever reports only what worked has tried nothing, or hides it: name one"
        " thing that you tried and threw away.",
        (_full_report(**{"did not work": "Everything worked."}),),
    ),
    (
        "one-seed",
        "The part about seeds names fewer than three of them; shares and counts are no seeds. A single seed is a story:"
        " say which ones you have run, and what each has given.",
        (
            _full_report(seeds="I have used the seed 0 for all of it."),
            _full_report(seeds="Only seed 2026, and it gave 94.4% of 897."),
        ),
    ),
    (
        "no-baseline",
        "The baseline has no number. What does somebody reach who does nearly nothing, on the same held-out data?",
        (_full_report(baseline="My network is much better than the nearest neighbors would ever be here."),),
    ),
    (
        "no-error",
        "The error has no number. For a share it is the root of p(1 - p)/n, for a mean the deviation over the root of"
        " n: say it, and n.",
        (_full_report(error="The result is quite certain, since the test part is large."),),
    ),
)
_SHORT = {"did not work": "no-failure"}
_UNCOUNTED = {"seeds": "one-seed", "baseline": "no-baseline", "error": "no-error"}


def _judge_report():
    def judge(answer, rng):
        said, missing = read_named(call(answer, (), ""), PARTS)
        if missing:
            raise Settled(missing)
        for name, words in PARTS.items():
            if not isinstance(said[name], str):
                raise Settled(f"The part {name!r} is {kind_of(said[name])}; text is needed, in quotes.")
            numbers = _seeds(said[name]) if name == "seeds" else len(re.findall(r"\d+(?:[.,]\d+)?", said[name]))
            if numbers < NUMBERED.get(name, 0):
                return verdict_of(REPORT_MISTAKES, _UNCOUNTED[name])
            if len(said[name].split()) < words:
                if name in _SHORT:
                    return verdict_of(REPORT_MISTAKES, _SHORT[name])
                raise Settled(
                    f"The part {name!r} has fewer than {words} words. Write it for somebody who was not there."
                )
        return Verdict(
            PASSED,
            "All five parts are there and name their numbers. More a machine cannot say: whether it is a good report"
            " says whoever reads it.",
        )

    return settling(judge, REPORT_MISTAKES)


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
        title="A project of your own",
        points=6,
        hints=(
            "Choose by what you would like to see. The digits are the shortest way, the policy is the most fun, the"
            " text has the strongest opponent. Begin with the baseline on a validation part of your own.",
            "Digits: the images will be shifted, and yours are not. Which images would you need to learn from? And the"
            " labels are partly wrong, so hold the network back. np.roll and add_l2 are all it takes, with 64 to 256"
            " units, 50 to 200 epochs and a strength between 0.0003 and 0.003.",
            "Text: counts are hard to beat and easy to join. Count in one part of the text, let a network learn on"
            " another one how far to trust each of the counts after these letters, and begin where they agree.",
            "Policy: standardize the sensors with what the first episodes show. Then it is lesson 15 with a network of"
            " two layers, ten episodes an update and some forty updates. Keep the layers that did best.",
        ),
        judge=_judge_project(),
        allowed=("bplib",),
        minutes=60,
        difficulty=3,
    ),
    Problem(
        id="report",
        title="The report",
        points=1,
        hints=(
            "A dict with five texts, by the names question, baseline, seeds, error and did not work.",
            "Write it as if to a colleague: what was asked, what nearly nothing reaches, what each seed has given, how"
            " sure that is, and what you threw away.",
        ),
        judge=_judge_report(),
        minutes=15,
        difficulty=1,
    ),
)


# Turns in the lesson

TURNS = (
    turn(
        "turn-recall-order",
        "Lesson 07: the order of the check",
        judge_value(
            "backward",
            "Each gradient is made from those above it. So the first that is wrong, on the way back, was made wrongly"
            " itself.",
            {"forward": "In the order of the forward the first wrong one may only have inherited its mistake."},
        ),
        "Which gradient is made first, that of the loss's own input or that of the first weights?",
    ),
    turn(
        "turn-recall-own-slope",
        "Lesson 06: the slope of tanh by its output",
        judge_value(
            0.64,
            "1 - 0.6 squared. The output is all that it takes, and no second tanh.",
            {
                0.24: "This is a (1 - a), the slope of a sigmoid. The unit is a tanh.",
                0.36: "This is a squared. What is missing to 1?",
                0.7116: "This is 1 - tanh(0.6)^2: a second tanh was put on top of the output.",
                0.4: "This is 1 - a. The slope is 1 - a^2.",
            },
        ),
        "1 - a^2.",
    ),
    turn(
        "turn-start",
        "What is taken for the number of classes",
        judge_value(
            32,
            "3.49 is near log 32, the size of the batch: the probabilities add up along the wrong axis.",
            {
                10: "Log 10 is 2.30, and that is where it should begin.",
                24: "Log 24 is 3.18. Is there a logarithm that is nearer to 3.49?",
                64: "Log 64 is 4.16. Is there a logarithm that is nearer to 3.49?",
            },
        ),
        "Which of the four logarithms is nearest to the loss at the start?",
    ),
    turn(
        "turn-place",
        "Between A1 and Z1",
        judge_value(
            "slope",
            "dZ1 is dA1 times the slope, and dA1 is right.",
            {
                "softmax": "The softmax stands above Z2, and the gradient of Z2 is right.",
                "update": "No update is made in a check of gradients.",
                "choose": "The check has data of its own; nobody chooses there.",
                "prepare": "The check has data of its own; nobody prepares there.",
            },
        ),
        "Look at the line of the backward that makes dZ1 from dA1.",
    ),
    turn(
        "turn-still",
        "Nothing moves",
        judge_value(
            "unchanged",
            "Whatever is added, be it small or wrong, moves the parameters. Here nobody touches them, as the next cell"
            " will show.",
            {
                "rate": "A rate that is too small moves the parameters a little, and two hundred times. Does nothing"
                " show then?",
                "gradient": "A gradient that is wrong, but not zero, moves the parameters somewhere. Here they stay.",
            },
        ),
        "Which of the three leaves all parameters where they were?",
    ),
    turn(
        "turn-scale",
        "White paper",
        judge_value(
            15.9375,
            "255/16 is 15.94: somebody thought of photographs.",
            {
                255: "This is what they were divided by. They should have been divided by something, too.",
                0.0627: "This is the factor from right to wrong. By which factor are they smaller?",
            },
            also=tuple(15 + k / 10 for k in range(21)),  # as one reads it off
        ),
        "Compare the largest pixels: 1.000 and 0.063. Or read the two preparations: 1/16 and 1/255.",
    ),
)
