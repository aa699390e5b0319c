"""How an answer to one of the three projects of the last lesson is judged, on what it has not seen."""

from functools import cache

import numpy as np

from bplib.activations import relu
from bplib.counts import Counts
from bplib.course.judging.judges import misconceptions, verdict_of
from bplib.course.judging.predicting import NO_LABELS, judge_predict
from bplib.course.judging.reading import NOT_YET, PASSED, Settled, Verdict, call, kind_of, plain, settling
from bplib.course.projects import (
    ALONG_ONE,
    DIAGONAL,
    HASTY,
    SENSORS,
    TRAINED,
    WINDOW,
    SensorCarts,
    nearest,
    play_letters,
    shifted_copies,
    shifted_digits,
    shifted_parts,
)
from bplib.initializers import he
from bplib.layers import Activation, Dropout, Linear
from bplib.losses import softmax_cross_entropy_grad
from bplib.networks import Sequential, add_l2
from bplib.optimizers import Adam

# Digits under shift: images of 10 x 10, in the middle for the training, one pixel aside in the test; hasty labels

BAR = 0.92
BY_HEART, LOST = 0.8, 0.3  # shares of the given labels, and of the digits, that are right


def _neighborly(*shifts):
    def fit(X, y, rng):
        known = shifted_copies(X, y, ((0, 0), *shifts))
        return lambda images: nearest(*known, images)

    return fit


def _network(hidden, rng, p):
    drop = [Dropout(p, rng)] if p else []
    return Sequential(Linear(100, hidden, rng, he), Activation(relu), *drop, Linear(hidden, 10, rng))


def _careless(shift=False, l2=0.001, epochs=8, mix=False, p=0.0, forward=False, own=False, says=None):
    """A wrong answer to the digits: each argument is one thing that a learner may get wrong."""

    def fit(X, y, rng):
        net, adam, y = _network(64, rng, p), Adam(0.005), rng.permutation(y) if mix else y
        for _ in range(epochs):
            moved = np.roll(X, rng.integers(-1, 2, size=2), axis=(1, 2)) if shift else X
            for rows in np.array_split(rng.permutation(len(X)), 28):
                flat = moved[rows].reshape(len(rows), -1)
                net.backward(softmax_cross_entropy_grad(net.forward(flat), y[rows]))
                add_l2(net, l2)
                adam.step(net.params, net.grads)

        def predict(X):
            flat = X.reshape(len(X), -1)
            flat = flat - flat.mean(axis=0) + X[0, 5, 5] if own else flat
            Z = (net.forward if forward else net.predict)(flat)
            return says(Z) if says else Z.argmax(axis=1)

        return predict

    return fit


def _project(kind, fit):
    return lambda: (kind, fit)


def _of(kind, groups):
    return misconceptions(*((id, says, tuple(_project(kind, fit) for fit in fits)) for id, says, fits in groups))


DIGITS_MISTAKES = _of(
    "digits",
    (
        ("logits", NO_LABELS["logits"], (_careless(epochs=1, says=lambda Z: Z),)),
        (
            "labels-for-function",
            NO_LABELS["labels-for-function"],
            (lambda X, y, rng: _careless(epochs=1)(X, y, rng)(X),),
        ),
        ("one-number", NO_LABELS["one-number"], (_careless(epochs=1, says=np.argmax),)),
        ("one-class", NO_LABELS["one-class"], (lambda X, y, rng: lambda X: np.full(len(X), 3),)),
        (
            "not-shifted",
            "Digits in the middle are read well, and the same digits a pixel aside are not: it has never seen one"
            " there. Learn from shifted copies, np.roll along the last two axes, anew for each image.",
            (_neighborly(),),
        ),
        (
            "along-one-axis",
            "Digits that are shifted along one axis are read well, and those shifted along both axes at once are not:"
            " there are eight directions. Draw the two shifts of an image independently of each other.",
            (_neighborly(*ALONG_ONE[1:]),),
        ),
        (
            "along-both-axes",
            "Digits that are shifted along both axes at once are read well, and those shifted along one axis are not:"
            " there are eight directions. Let each of the two shifts be 0 as well.",
            (_neighborly(*DIAGONAL),),
        ),
        (
            "by-heart",
            "It agrees with most of the labels that it was given, although nearly a third of them are wrong: it has"
            " learned them by heart. Hold it back: shifted copies do so, and a penalty on the weights.",
            (_careless(l2=0.0, epochs=120),),
        ),
        (
            "lost",
            "It is wrong about most digits, also about those in the middle. Does each image meet its own label, and is"
            " the training long enough to lower its loss?",
            (_careless(mix=True),),
        ),
        (
            "random",
            "Asked twice about the same images, predict says different things. Dropout is for the training: use the"
            " network's predict, not its forward.",
            (_careless(p=0.5, shift=True, forward=True),),
        ),
        (
            "own-statistics",
            "What predict says about an image depends on which others are asked about with it. Whatever it takes off or"
            " divides by comes from the training part.",
            (_careless(own=True, shift=True),),
        ),
    ),
)


def _refused_digits(asked, said, parts):
    _, X_test, _, y_test = parts
    if np.sum(asked(X_test) != said) > 2:
        return verdict_of(DIGITS_MISTAKES, "random")
    alone = np.unique(y_test, return_index=True)[1]  # the first image of each class
    if sum(asked(X_test[i : i + 1])[0] != said[i] for i in alone) > 2:
        return verdict_of(DIGITS_MISTAKES, "own-statistics")
    return None


def _missed_digits(asked, said, parts):
    X, _, y, y_test = parts
    right, believed = float(np.mean(said == y_test)), float(np.mean(asked(X) == y))
    middle = float(np.mean(asked(shifted_parts()[4]) == y_test))
    if believed >= BY_HEART:
        return verdict_of(DIGITS_MISTAKES, "by-heart")
    if middle < LOST:
        return verdict_of(DIGITS_MISTAKES, "lost")
    both = shifted_parts()[5]
    diagonal, straight = (float(np.mean((said == y_test)[rows])) for rows in (both, ~both))
    for id, good, bad in (("along-one-axis", straight, diagonal), ("along-both-axes", diagonal, straight)):
        if good > bad + 0.1 and good > middle - 0.1:
            return verdict_of(DIGITS_MISTAKES, id)
    if middle > right + 0.15:
        return verdict_of(DIGITS_MISTAKES, "not-shifted")
    error, honest = np.sqrt(right * (1 - right) / len(y_test)), 1 - 0.9 * HASTY / TRAINED
    side = "."
    if believed > honest + 0.03:
        side = ": more than that, so it has begun to learn the wrong ones by heart. Hold it back."
    elif believed < honest - 0.03:
        side = ": less than that, so it has learned too little. Train it longer, or hold it back less."
    return Verdict(
        NOT_YET,
        f"{right:.1%} of the shifted digits are right, give or take {error:.1%}, and {BAR:.0%} are needed; in the"
        f" middle it would be {middle:.1%}. It agrees with {believed:.0%} of the labels it was given, of which about"
        f" {honest:.0%} are right{side}",
        "seen: too few digits",
    )


judge_digits = judge_predict(shifted_digits, BAR, DIGITS_MISTAKES, _missed_digits, _refused_digits)


# Text below the counts: 200,000 letters to learn from, and windows of those that follow

GAIN = 0.06  # nats that the best counts must be beaten by


@cache
def best_counts():
    """The lowest mean loss of counts with two to five letters before, on what play_letters holds out."""
    text, windows, y, kinds = play_letters()
    found = []
    for before in range(2, 6):
        counts = Counts(text, kinds, before)
        whole = np.column_stack([windows[:, WINDOW - before :], y])
        # One text of all windows: the letters of interest are those at the end of each piece.
        p = counts.probabilities(whole.ravel()).reshape(whole.shape)[:, -1]
        found.append(float(-np.log(p).mean()))
    return min(found)


def _counting(before=4, change=lambda p: p):
    def fit(text, kinds, rng):
        counts = Counts(text, kinds, before)

        def predict(windows):
            short = np.column_stack([windows[:, WINDOW - before :], windows[:, 0]])
            return change(counts.distributions(short.ravel()).reshape(*short.shape, kinds)[:, -1])

        return predict

    return fit


TEXT_MISTAKES = _of(
    "text",
    (
        (
            "counts-alone",
            "This is about what counting alone reaches, and nothing has been learned on top of it. Let a network say,"
            " after these letters, how far to trust each of several counts: train it on a part that was not counted.",
            (_counting(), _counting(3)),
        ),
        (
            "no-probabilities",
            "What predict returns is no probabilities: each row has to add up to 1, with no entry below 0. Are they"
            " logits, or logarithms?",
            (_counting(change=np.log),),
        ),
        (
            "one-letter",
            "predict returns one letter for each window. Its loss asks for the probability of every letter there is.",
            (_counting(change=lambda p: p.argmax(axis=1)),),
        ),
        (
            "never",
            "It says of a letter that came that it can never come, which costs infinitely much. Leave every letter a"
            " little.",
            (_counting(change=lambda p: np.eye(p.shape[1])[p.argmax(axis=1)]),),
        ),
    ),
)


def _judge_text():
    def judge(answer, rng):
        text, windows, y, kinds = play_letters()
        names = rng.permutation(kinds)
        draws = np.random.default_rng(int(rng.integers(1 << 31)))
        shapes = f"text of shape {text.shape}, kinds {kinds} and an rng"
        predict = call(answer, (names[text], kinds, draws), shapes)
        if not callable(predict):
            raise Settled(f"It returns {kind_of(predict)}; a function is needed, from windows to probabilities.")
        P = plain(call(predict, (names[windows],), f"windows of shape {windows.shape}"), "predict returns")
        if P.shape == (len(windows),):
            return verdict_of(TEXT_MISTAKES, "one-letter")
        if P.shape != (len(windows), kinds):
            raise Settled(f"predict returns an array of shape {P.shape}; {(len(windows), kinds)} is needed.")
        if not (np.all(P > -1e-9) and np.allclose(P.sum(axis=1), 1, atol=1e-4)):
            return verdict_of(TEXT_MISTAKES, "no-probabilities")
        of_truth = P[np.arange(len(y)), names[y]]
        if np.any(of_truth <= 0):
            return verdict_of(TEXT_MISTAKES, "never")
        loss, counted = float(-np.log(of_truth).mean()), best_counts()
        error = float(np.log(of_truth).std() / np.sqrt(len(y)))
        if loss <= counted - GAIN:
            return Verdict(
                PASSED, f"It is at least {GAIN} nats below the best counts on {len(y)} letters it had not seen."
            )
        if loss > counted - 0.005 and loss < counted + 0.2:
            return verdict_of(TEXT_MISTAKES, "counts-alone")
        told = f"{loss:.3f} nats for each letter, give or take {error:.3f}; the best counts have {counted:.3f}"
        return Verdict(NOT_YET, f"{told}, and {GAIN} less are needed.", "seen: too high a loss")

    return settling(judge, TEXT_MISTAKES)


judge_text = _judge_text()


# A policy: CartPole behind twelve sensors, six of which measure nothing

EPISODES, STEPS = 500, 400
SCALED = 150  # steps that a training reaches at most, about, with sensors as they come


def _linear(scale=0.0):
    return lambda play, rng: [(scale * rng.normal(size=(SENSORS, 2)), np.zeros(2))]


POLICY_MISTAKES = _of(
    "policy",
    (
        (
            "at-random",
            "It lasts about as long as pushes at random. Has it learned from the sensors on one scale, does an episode"
            " that lasts longer than the others raise its actions, and is what is returned the trained network?",
            (_linear(),),
        ),
        (
            "too-many-episodes",
            f"It has played more than {EPISODES} episodes, and that is all there are. Fewer updates, or fewer in each.",
            (lambda play, rng: [play(_linear()(play, rng), 100) for _ in range(6)],),
        ),
    ),
)


def _layers(found):
    """The layers of a policy as float arrays; Settled for anything else."""
    if not isinstance(found, tuple | list) or not found:
        raise Settled(f"The policy is {kind_of(found)}; a list of layers is needed, as in [(W1, b1), (W2, b2)].")
    layers, width = [], SENSORS
    for layer in found:
        if not isinstance(layer, tuple | list) or len(layer) != 2:
            raise Settled(f"A layer of the policy is {kind_of(layer)}; a pair (W, b) is needed.")
        W, b = plain(layer[0], "W is"), plain(layer[1], "b is")
        if W.ndim != 2 or W.shape[0] != width or b.shape != W.shape[1:]:
            raise Settled(
                f"A layer of the policy has W {W.shape} and b {b.shape}; {width} rows and a b to fit are needed."
            )
        layers.append((W, b))
        width = W.shape[1]
    if width != 2 or not all(np.isfinite(array).all() for layer in layers for array in layer):
        raise Settled("The last layer has to give two numbers, one for each push, and all weights have to be finite.")
    return layers


def _judge_policy():
    def judge(answer, rng):
        world = SensorCarts(23)

        def play(layers, n):
            if not isinstance(n, int | np.integer) or n < 1:
                raise Settled(
                    "play was asked for another number of episodes than it can play; a whole number from 1 is needed."
                )
            if world.played + n > EPISODES:
                raise Settled(POLICY_MISTAKES[1].says, misconception="too-many-episodes")
            return world.play(_layers(layers), int(n), rng)

        draws = np.random.default_rng(int(rng.integers(1 << 31)))
        try:
            layers = _layers(call(answer, (play, draws), "play, a function, and an rng"))
        except Settled as settled:
            if settled.verdict.message == POLICY_MISTAKES[1].says:
                return verdict_of(POLICY_MISTAKES, "too-many-episodes")
            raise
        steps = world.play(layers, 50, rng)[2].sum(axis=1)
        mean, error = steps.mean(), steps.std() / np.sqrt(len(steps))
        if mean >= STEPS:
            return Verdict(PASSED, f"Fifty new episodes last at least {STEPS} steps in the mean.")
        if mean < 50:
            return verdict_of(POLICY_MISTAKES, "at-random")
        told = (
            f"Fifty new episodes last {mean:.0f} steps in the mean, give or take {error:.0f}, and {STEPS} are needed."
        )
        if mean < SCALED:
            told += " So it ends where the sensors are not on one scale: take off the mean of each, and divide by its"
            told += " deviation, as the first episodes show them."
            return Verdict(NOT_YET, told, "seen: too few steps, perhaps by the scale")
        return Verdict(
            NOT_YET,
            f"{told} Is it still rising after {world.played - 50} episodes? Each check"
            " draws anew, so what passes with some draws only is not steady yet.",
            "seen: too few steps",
        )

    return settling(judge, POLICY_MISTAKES)


judge_policy = _judge_policy()
