"""Lesson 04: the nine numbers of a neuron, its gradients for another loss and other labels, and its training."""

from math import exp, log, tan, tanh

import numpy as np
import sympy

from bplib import data
from bplib.activations import sigmoid
from bplib.course.judging.judges import Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.paper import judge_formula, judge_numbers
from bplib.course.judging.reading import NOT_YET, Settled, call, fresh, mistaken, plain, settling, shown
from bplib.course.judging.turns import judge_value, turn

LESSON = "04_single_neuron"
TITLE = "A single neuron"


# nine-numbers: x = (2, -1.5), w = (0.4, 0.2), b = 0.1, y = -1, tanh and the squared error

X1, X2, W1, W2, B, Y = 2.0, -1.5, 0.4, 0.2, 0.1, -1.0


def _nine(z=W1 * X1 + W2 * X2 + B, a=None, slope=None, dL_da=None, error=None, y=Y):
    """The nine numbers; each argument is one thing that a learner may get wrong."""
    a = tanh(z) if a is None else a
    da_dz = 1 - a**2 if slope is None else slope
    dL_da = 2 * (a - y) if dL_da is None else dL_da
    dL_dz = dL_da * da_dz if error is None else error(a)
    return {
        "z": z,
        "a": a,
        "L": (a - y) ** 2,
        "dL_da": dL_da,
        "da_dz": da_dz,
        "dL_dz": dL_dz,
        "dL_dw1": dL_dz * X1,
        "dL_dw2": dL_dz * X2,
        "dL_db": dL_dz,
    }


NINE = _nine()
A = NINE["a"]


def _at_parameters(upstream):
    return {"dL_dw1": upstream * X1, "dL_dw2": upstream * X2, "dL_db": upstream}


def _half():
    return _nine(dL_da=A - Y) | {"L": (A - Y) ** 2 / 2}


def _with_a_positive_x2():
    nine = _nine(z=W1 * X1 - W2 * X2 + B)
    return nine | {"dL_dw2": -nine["dL_dw2"]}


NINE_MISTAKES = misconceptions(
    (
        "no-bias",
        "Something is missing from z, and everything after it has changed. It is the bias: z = w1 x1 + w2 x2 + b.",
        (lambda: _nine(z=W1 * X1 + W2 * X2),),
    ),
    (
        "sign-of-x2",
        "Look at the sign of x2 in z. It is negative, so w2 x2 = 0.2 * (-1.5) lowers z.",
        (lambda: _nine(z=W1 * X1 - W2 * X2 + B), _with_a_positive_x2),
    ),
    (
        "no-inputs",
        "The inputs are missing from z: each weight is multiplied by its own input before the sum.",
        (lambda: _nine(z=W1 + W2 + B),),
    ),
    (
        "sigmoid",
        "This a is the sigmoid of z, as in the lesson. The activation here is tanh, np.tanh(z).",
        (lambda: _nine(a=1 / (1 + exp(-NINE["z"]))),),
    ),
    (
        "tan",
        "This a is the tangent of z, an angle. tanh is the hyperbolic tangent: np.tanh, or the key tanh of a"
        " calculator.",
        (lambda: _nine(a=tan(NINE["z"])),),
    ),
    (
        "truth-one",
        "Look at y again. It is -1 here, and a - y is a + 1.",
        (lambda: _nine(y=1.0), lambda: NINE | {"L": (A - 1) ** 2}),
    ),
    (
        "truth-zero",
        "Look at y again. It is -1 here, not 0: a - y is a + 1.",
        (lambda: _nine(y=0.0),),
    ),
    (
        "not-squared",
        "This L is the error a - y, not yet squared.",
        (lambda: NINE | {"L": A - Y},),
    ),
    (
        "half",
        "This is half of the loss. L = (a - y)^2 has no factor 1/2 in front, so dL/da keeps its 2.",
        (_half,),
    ),
    (
        "cross-entropy",
        "This L is the cross-entropy of a probability. The loss here is the squared error, (a - y)^2.",
        (lambda: NINE | {"L": -log(1 - A)}, lambda: NINE | {"L": -log(A)}, lambda: NINE | {"L": -log((1 - A) / 2)}),
    ),
    (
        "no-two",
        "The derivative of a square is twice what is squared: in dL/da a factor 2 is missing, and in all that comes"
        " after it.",
        (lambda: _nine(dL_da=A - Y),),
    ),
    (
        "two-lost",
        "dL/da is right, and on the way to z its factor 2 got lost: multiply it as it is by da/dz.",
        (lambda: _nine(error=lambda a: (a - Y) * (1 - a**2)),),
    ),
    (
        "value-for-slope",
        "dL/da is not the loss itself: the derivative of (a - y)^2 is 2 (a - y).",
        (lambda: _nine(dL_da=(A - Y) ** 2), lambda: _nine(dL_da=2 * (A - Y) ** 2)),
    ),
    (
        "sign",
        "Look at the order in a - y. With y - a the size is right and the sign is not, from dL/da on.",
        (lambda: _nine(dL_da=2 * (Y - A)),),
    ),
    (
        "slope-of-sigmoid",
        "a (1 - a) is the slope of the sigmoid. That of tanh is 1 - a^2.",
        (lambda: _nine(slope=A * (1 - A)),),
    ),
    (
        "slope-at-the-input",
        "You put z into the slope. That of tanh is written with its output a, not with its input: 1 - a^2.",
        (lambda: _nine(slope=1 - NINE["z"] ** 2),),
    ),
    (
        "slope-without-square",
        "The slope of tanh is the same for a and for -a. The square is missing: 1 - a^2.",
        (lambda: _nine(slope=1 - A),),
    ),
    (
        "slope-plus",
        "tanh is never steeper than 1. There is a minus in its slope: 1 - a^2.",
        (lambda: _nine(slope=1 + A**2),),
    ),
    (
        "slope-is-a",
        "tanh is not its own derivative. Its slope is 1 - a^2.",
        (lambda: _nine(slope=A),),
    ),
    (
        "slope-twice",
        "The tanh was taken twice: a is tanh(z) already, and the slope is 1 - a^2.",
        (lambda: _nine(slope=1 - tanh(A) ** 2),),
    ),
    (
        "canceled",
        "Here nothing cancels. a - y stands at z for the sigmoid with the cross-entropy; this is another pair, so"
        " multiply dL/da by da/dz.",
        (lambda: _nine(error=lambda a: a - Y), lambda: _nine(error=lambda a: 2 * (a - Y))),
    ),
    (
        "links-added",
        "You added dL/da and da/dz. Along a path the local derivatives are multiplied.",
        (lambda: _nine(error=lambda a: 2 * (a - Y) + 1 - a**2),),
    ),
    (
        "error-sign",
        "The sign is lost on the way to z: dL/da and da/dz are both positive, and so is their product.",
        (lambda: _nine(error=lambda a: -2 * (a - Y) * (1 - a**2)),),
    ),
    (
        "forgot-x",
        "The last factor is missing: dz/dw1 = x1 and dz/dw2 = x2, so multiply dL/dz by the input.",
        (lambda: {"dL_dw1": NINE["dL_dz"], "dL_dw2": NINE["dL_dz"]},),
    ),
    (
        "w-for-x",
        "You multiplied by the weight. The derivative of w1 x1 with respect to w1 is x1, the input.",
        (lambda: {"dL_dw1": NINE["dL_dz"] * W1, "dL_dw2": NINE["dL_dz"] * W2},),
    ),
    (
        "sign-of-dw2",
        "x2 is negative, and it takes its sign along: look at dL/dw2 again.",
        (lambda: NINE | {"dL_dw2": -NINE["dL_dw2"]},),
    ),
    (
        "inputs-swapped",
        "Each weight has got the input of the other: w1 stands beside x1, and w2 beside x2.",
        (lambda: NINE | {"dL_dw1": NINE["dL_dz"] * X2, "dL_dw2": NINE["dL_dz"] * X1},),
    ),
    (
        "local-only",
        "This is the last link alone, the derivative of z. Multiply it by what arrives at z, dL/dz.",
        (lambda: NINE | {"dL_dw1": X1, "dL_dw2": X2, "dL_db": 1.0}, lambda: NINE | {"dL_db": 1.0}),
    ),
    (
        "link-left-out",
        "The way from L to a weight has three links, and you left one out: dL/dz is the product of the first two,"
        " and the third is the input.",
        (lambda: NINE | _at_parameters(NINE["dL_da"]), lambda: NINE | _at_parameters(NINE["da_dz"])),
    ),
    (
        "bias-has-no-input",
        "Look at what the bias is multiplied by in z. It stands there without a factor, so dz/db is 1, and what arrives"
        " at z arrives at b.",
        (lambda: NINE | {"dL_db": 0.0}, lambda: NINE | {"dL_db": NINE["dL_dz"] * B}),
    ),
)


# neuron-mse: a formula for dL/dw of L = (a - y)^2


def _mse_slope(x, y, a):
    return 2 * (a - y) * a * (1 - a) * x


def _mse_with(slope):
    """The formula with something else in place of the slope of the sigmoid."""
    return lambda x, y, a: 2 * (a - y) * slope(x, y, a) * x


def _sigmoid_again(x, y, a):
    return 1 / (1 + sympy.exp(-a))


MSE_MISTAKES = misconceptions(
    (
        "slope-canceled",
        "The slope of the sigmoid is missing. It cancels with the cross-entropy, but the squared error leaves it in.",
        (_mse_with(lambda x, y, a: 1),),
    ),
    (
        "slope-canceled-and-2",
        "This is the gradient of the cross-entropy. With the squared error nothing cancels: multiply dL/da = 2 (a - y),"
        " da/dz and dz/dw.",
        (lambda x, y, a: (a - y) * x,),
    ),
    (
        "slope-of-something-else",
        "You put something else than its output into the slope of the sigmoid. It is a (1 - a), and a is the output"
        " already.",
        tuple(
            _mse_with(lambda x, y, a, of=of: of(x, y, a) * (1 - of(x, y, a)))
            for of in (lambda x, y, a: x, lambda x, y, a: y, _sigmoid_again)
        ),
    ),
    (
        "slope-half",
        "Of the slope of the sigmoid one factor is missing. It is a (1 - a).",
        (_mse_with(lambda x, y, a: a), _mse_with(lambda x, y, a: 1 - a)),
    ),
    (
        "slope-of-tanh",
        "1 - a^2 is the slope of tanh. That of the sigmoid is a (1 - a).",
        (_mse_with(lambda x, y, a: 1 - a**2),),
    ),
    (
        "slope-below",
        "The slope a (1 - a) stands below the line. The chain rule multiplies: it belongs above.",
        (_mse_with(lambda x, y, a: 1 / (a * (1 - a))),),
    ),
    (
        "forgot-x",
        "This is dL/dz, one step too early: z = w x + b, so dz/dw = x is still missing.",
        (lambda x, y, a: 2 * (a - y) * a * (1 - a),),
    ),
    (
        "slope-of-loss-only",
        "This is dL/da, where the chain begins. Two links are missing: da/dz and dz/dw.",
        (lambda x, y, a: 2 * (a - y),),
    ),
    (
        "brackets",
        "Parentheses are missing: Python multiplies before it subtracts, so a * 1 - a is 0, and 2 * a - y is no"
        " 2 * (a - y).",
        (lambda x, y, a: 2 * (a - y) * a * 1 - a * x, lambda x, y, a: 2 * a - y * a * (1 - a) * x),
    ),
    ("loss", "This is L itself. Now its derivative with respect to w.", (lambda x, y, a: (a - y) ** 2,)),
)


# signed-labels: the gradients of the mean of log(1 + exp(-y z)), whose truths are -1 and 1


def _signed_gradients(X, y, w, b):
    dz = -y * sigmoid(-y * (X @ w + b)) / len(y)
    return X.T @ dz, dz.sum()


def _signed(rng):
    cases = []
    for n, d in ((5, 3), (7, 2), (5, 5)):
        y = rng.choice([-1.0, 1.0], size=n)
        y[:2] = 1.0, -1.0
        cases.append((rng.normal(size=(n, d)), y, rng.normal(size=d), float(rng.normal())))
    return cases


def _one_label(rng):
    X = rng.normal(size=(6, 3))
    return [("truths that are all -1", (X, np.full(6, -1.0), rng.normal(size=3), 0.3))]


def _with_dz(dz_of, dw_of=lambda X, dz: X.T @ dz / len(X)):
    """A wrong signed_gradients, put together from what is wrong in it."""

    def gradients(X, y, w, b):
        dz = dz_of(X @ w + b, y)
        return dw_of(X, dz), dz.mean()

    return gradients


def _signed_dz(z, y):
    return -y * sigmoid(-y * z)


SIGNED_MISTAKES = misconceptions(
    (
        "zero-one",
        "Look at what y is here, -1 or 1. a - y is the slope for truths of 0 and 1; differentiate log(1 + exp(-y z))"
        " anew.",
        (_with_dz(lambda z, y: sigmoid(z) - y),),
    ),
    (
        "no-y",
        "The last link is missing. Inside of the exponential stands -y z, and its derivative with respect to z is -y.",
        (_with_dz(lambda z, y: sigmoid(-y * z)), _with_dz(lambda z, y: -sigmoid(-y * z))),
    ),
    (
        "z-for-y",
        "Look at the last link. The derivative of -y z with respect to z is -y, and you have -z.",
        (_with_dz(lambda z, y: -z * sigmoid(-y * z)),),
    ),
    (
        "inside",
        "Look at what a bird does that is right by far, with a large y z. It should hardly pull at all, and in yours it"
        " pulls hardest: the sigmoid that is left has -y z inside.",
        (_with_dz(lambda z, y: -y * sigmoid(y * z)), _with_dz(lambda z, y: y * sigmoid(y * z))),
    ),
    (
        "no-y-inside",
        "The y inside of the sigmoid is missing. It decides whether z is on the right side: what is left is"
        " sigmoid(-y z).",
        (_with_dz(lambda z, y: -y * sigmoid(z)), _with_dz(lambda z, y: -y * sigmoid(-z))),
    ),
    (
        "links-swapped",
        "The fraction is turned around. The derivative of log(1 + exp(t)) is exp(t)/(1 + exp(t)): what is inside of the"
        " logarithm stands below.",
        (_with_dz(lambda z, y: -y * (1 + np.exp(-y * z)) / np.exp(-y * z)),),
    ),
    (
        "no-outer",
        "The derivative of the logarithm is missing. It is one over what stands inside, 1 + exp(-y z).",
        (_with_dz(lambda z, y: -y * np.exp(-y * z)),),
    ),
    (
        "no-exp",
        "A link is missing above the line. The derivative of 1 + exp(t) is exp(t), and it stays.",
        (_with_dz(lambda z, y: 1 / (1 + np.exp(-y * z))),),
    ),
    (
        "slope-of-sigmoid",
        "There is one slope of the sigmoid too many. The derivative of the logarithm has already become a sigmoid.",
        (_with_dz(lambda z, y: -y * sigmoid(-y * z) * sigmoid(y * z)),),
    ),
    (
        "wrong-only",
        "You let only the birds pull that are on the wrong side. All do, each by sigmoid(-y z).",
        (_with_dz(lambda z, y: -y * (y * z < 0)), _with_dz(lambda z, y: -y * (y * z < 1))),
    ),
    (
        "loss",
        "You carried the loss back in the place of its slope. Differentiate log(1 + exp(-y z)) with respect to z"
        " first.",
        (_with_dz(lambda z, y: np.log1p(np.exp(-y * z))),),
    ),
    (
        "mean-of-X",
        "You averaged the inputs and the slopes separately. Each slope belongs to its own x: multiply first, then add"
        " over the batch.",
        (_with_dz(_signed_dz, dw_of=lambda X, dz: X.mean(axis=0) * dz.mean()),),
    ),
    (
        "last-only",
        "Only the last example is left. In a loop over the batch dw = ... overwrites what the others have given;"
        " add with +=.",
        (
            lambda X, y, w, b: _signed_gradients(X[-1:], y[-1:], w, b),
            lambda X, y, w, b: tuple(g / len(y) for g in _signed_gradients(X[-1:], y[-1:], w, b)),
        ),
    ),
    (
        "over-d",
        "You divided by the number of inputs d. The mean is over the n examples.",
        (lambda X, y, w, b: tuple(g * len(y) / len(w) for g in _signed_gradients(X, y, w, b)),),
    ),
    (
        "updated",
        "These are new parameters. Return the gradients themselves; the update comes later.",
        (lambda X, y, w, b: (w - _signed_gradients(X, y, w, b)[0], b - _signed_gradients(X, y, w, b)[1]),),
    ),
)


# train: from zero weights until the loss is below a tolerance


def _loss(z, y):
    return float(np.mean(np.logaddexp(0.0, z) - y * z))


def _train(X, y, lr, tolerance, most):
    return _training()(X, y, lr, tolerance, most)


def _birds():
    """Four measurements of Adelies and Chinstraps, standardized, and whether each is a Chinstrap."""
    penguins = data.penguins()
    names = ("bill_length_mm", "body_mass_g", "flipper_length_mm", "bill_depth_mm")
    X = np.stack([penguins[name] for name in names], axis=1)
    keep = np.isin(penguins["species"], ["Adelie", "Chinstrap"]) & ~np.isnan(X).any(axis=1)
    return data.standardize(X[keep]), (penguins["species"][keep] == "Chinstrap").astype(float)


def _flocks(rng):
    """A few birds each: one training that reaches its tolerance, one that is ended by the limit, one of four inputs."""
    X, y = _birds()
    cases = []
    for adelies, chinstraps, d, lr, tolerance, most in (
        (7, 5, 2, 1.0, 0.3, 300),
        (4, 3, 3, 0.5, 1e-3, 9),
        (6, 5, 4, 0.15, 0.25, 400),
    ):
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(y == k), size, False) for k, size in ((0, adelies), (1, chinstraps))]
        )
        rows = rng.permutation(rows)
        cases.append((X[rows, :d], y[rows], lr, tolerance, most))
    return cases


def _at_once(rng):
    X, y, lr, tolerance, most = _flocks(rng)[0]
    return [
        ("no update at all", (X, y, lr, tolerance, 0)),
        ("a start that is good enough", (X, y, lr, 0.7, most)),
        ("a single update", (X, y, lr, tolerance, 1)),
    ]


def _training(
    dz=lambda a, y: (a - y) / len(y),
    stop=lambda loss, dw, db, lr, tolerance: loss < tolerance,
    loss=_loss,
    start=0.0,
    move=lambda w, b, dw, db, lr: (w - lr * dw, b - lr * db),
    more=0,
    ask_late=False,
):
    """A training with one thing that may be wrong: each argument is a line of it."""

    def train(X, y, lr, tolerance, most):
        w, b, losses = np.full(X.shape[1], start), start, []
        for left in range(most + more, -1, -1):
            z = X @ w + b
            losses.append(loss(z, y))
            slope = dz(sigmoid(z), y)
            dw, db = X.T @ slope, slope.sum()
            if left == 0 or (not ask_late and stop(losses[-1], dw, db, lr, tolerance)):
                break
            late = ask_late and stop(losses[-1], dw, db, lr, tolerance)
            w, b = move(w, b, dw, db, lr)
            if late:
                losses.append(loss(X @ w + b, y))
                break
        return w, b, losses

    return train


def _stop_never(*_):
    return False


def _one_after_the_other(bias_first):
    def train(X, y, lr, tolerance, most):
        w, b, losses = np.zeros(X.shape[1]), 0.0, []
        for left in range(most, -1, -1):
            losses.append(_loss(X @ w + b, y))
            if left == 0 or losses[-1] < tolerance:
                break
            for bias in (bias_first, not bias_first):
                slope = (sigmoid(X @ w + b) - y) / len(y)
                if bias:
                    b = b - lr * slope.sum()
                else:
                    w = w - lr * X.T @ slope
        return w, b, losses

    return train


def _uphill_with_logarithms(*args):
    """Uphill, with a loss that becomes infinite where the neuron is sure and wrong."""

    def loss(z, y):
        a = 1 / (1 + np.exp(-z))
        return -np.mean(np.where(y > 0, np.log(a), np.log(1 - a)))

    return _training(dz=lambda a, y: (y - a) / len(y), loss=loss)(*args)


def _bird_by_bird(X, y, lr, tolerance, most):
    w, b, losses = np.zeros(X.shape[1]), 0.0, []
    for left in range(most, -1, -1):
        losses.append(_loss(X @ w + b, y))
        if left == 0 or losses[-1] < tolerance:
            break
        for x, truth in zip(X, y, strict=True):
            slope = sigmoid(w @ x + b) - truth
            w, b = w - lr * slope * x, b - lr * slope
    return w, b, losses


def _stops_on_the_change(X, y, lr, tolerance, most):
    _, _, losses = _training(stop=_stop_never)(X, y, lr, tolerance, most)
    last = next((k for k in range(1, len(losses)) if abs(losses[k] - losses[k - 1]) < tolerance), len(losses) - 1)
    return _training(stop=_stop_never)(X, y, lr, tolerance, last)


def _no_last_at_the_limit(X, y, lr, tolerance, most):
    w, b, losses = _train(X, y, lr, tolerance, most)
    return w, b, losses[:-1] if len(losses) > most else losses


def _always_updates(rounds, ask_first):
    """A for loop that updates in each of its rounds, and asks whether to stop before that or after it."""

    def train(X, y, lr, tolerance, most):
        w, b, losses = np.zeros(X.shape[1]), 0.0, []
        for _ in range(rounds(most)):
            losses.append(_loss(X @ w + b, y))
            if ask_first and losses[-1] < tolerance:
                break
            slope = (sigmoid(X @ w + b) - y) / len(y)
            w, b = w - lr * X.T @ slope, b - lr * slope.sum()
            if losses[-1] < tolerance:
                break
        return w, b, losses

    return train


def _gradients_once(X, y, lr, tolerance, most):
    slope = (0.5 - y) / len(y)
    w, b, losses = np.zeros(X.shape[1]), 0.0, []
    for left in range(most, -1, -1):
        losses.append(_loss(X @ w + b, y))
        if left == 0 or losses[-1] < tolerance:
            break
        w, b = w - lr * X.T @ slope, b - lr * slope.sum()
    return w, b, losses


def _with_losses(change):
    def train(*args):
        w, b, losses = _train(*args)
        return w, b, change(losses)

    return train


def _one_update(X, y, lr, tolerance, most):
    return _train(X, y, lr, tolerance, min(most, 1))


TRAIN_MISTAKES = misconceptions(
    (
        "summed",
        "Compare your steps with those of the mean. The loss is the mean over the birds, and you add their gradients"
        " up: divide by n.",
        (_training(dz=lambda a, y: a - y),),
    ),
    (
        "one-after-the-other",
        "You changed one parameter and then used its new value for the gradient of the other. Compute both gradients at"
        " the old place, and then update both.",
        (_one_after_the_other(False), _one_after_the_other(True)),
    ),
    (
        "stops-on-the-step",
        "Look at when it stops. You stop when the step is small, and with a small lr every step is: stop when the loss"
        " is below the tolerance.",
        (
            _training(stop=lambda loss, dw, db, lr, tolerance: max(np.abs(lr * dw).max(), abs(lr * db)) < tolerance),
            _training(stop=lambda loss, dw, db, lr, tolerance: np.abs(lr * dw).max() < tolerance),
        ),
    ),
    (
        "stops-on-the-gradient",
        "Look at when it stops. You stop when the gradients are small, as the lesson does; here it is when the loss is"
        " below the tolerance.",
        (
            _training(stop=lambda loss, dw, db, lr, tolerance: max(np.abs(dw).max(), abs(db)) < tolerance),
            _training(stop=lambda loss, dw, db, lr, tolerance: np.abs(dw).max() < tolerance),
        ),
    ),
    (
        "stops-on-the-change",
        "Look at when it stops. You stop when the loss hardly changes, and with a small lr it never changes much: stop"
        " when the loss itself is below the tolerance.",
        (_stops_on_the_change,),
    ),
    (
        "last-at-the-limit",
        "Look at a training that is ended by `most`. Its last update has changed the weights, and the loss at the place"
        " it led to is not noted: after the loop, note it too.",
        (_no_last_at_the_limit,),
    ),
    (
        "start",
        "Look at your first loss. All weights and the bias begin at zero, so each a is one half and the first loss is"
        " log 2.",
        (_training(start=1.0), _training(start=0.1), _training(start=0.01), _training(start=0.5)),
    ),
    (
        "first-not-counted",
        "Look at your first loss. It is the one after the first update, and the one before any training is missing:"
        " note the loss before you change the weights.",
        (_with_losses(lambda losses: losses[1:]),),
    ),
    (
        "last-not-counted",
        "The loss of the place where you stop is missing: after k updates there are k + 1 losses.",
        (_with_losses(lambda losses: losses[:-1]),),
    ),
    (
        "ends-only",
        "You noted the first loss and the last. One for each place on the way is needed: note it within the loop.",
        (_with_losses(lambda losses: [losses[0], losses[-1]]),),
    ),
    (
        "one-loss",
        "You return one loss. A list is needed, with the loss before each update and at the end.",
        (_with_losses(lambda losses: losses[-1]), _with_losses(lambda losses: [losses[-1]])),
    ),
    (
        "update-before-the-test",
        "Your w and b are one update ahead of your last loss. You update before you ask whether to stop: note the loss,"
        " ask, and only then update.",
        (_always_updates(lambda most: most + 1, False), _always_updates(lambda most: most, False)),
    ),
    (
        "one-update-more-at-the-limit",
        "Look at a training that is ended by `most`. The last loss is noted, and then there is one more update: after"
        " `most` updates return before the next one.",
        (_always_updates(lambda most: most + 1, True),),
    ),
    (
        "one-update-too-many",
        "You take one more update after the loss was found to be below the tolerance. Ask first, then update.",
        (_training(ask_late=True),),
    ),
    (
        "never-stops",
        "It always takes as many updates as it may. Stop as soon as the loss is below the tolerance.",
        (_training(stop=_stop_never),),
    ),
    (
        "limit",
        "The limit is missed by one: `most` is the number of updates that may be taken.",
        (_training(more=1), _training(more=-1)),
    ),
    (
        "one-update",
        "It stops after a single update. Is a return within the loop, or the loop left at once?",
        (_one_update,),
    ),
    (
        "summed-loss",
        "Look at your first loss. It grows with the number of birds: the loss is the mean over them, not the sum.",
        (_training(loss=lambda z, y: len(y) * _loss(z, y)),),
    ),
    (
        "squared-error",
        "Look at your first loss. You note the squared error; here it is the mean cross-entropy.",
        (_training(loss=lambda z, y: np.mean((sigmoid(z) - y) ** 2)),),
    ),
    (
        "half-of-the-loss",
        "Look at your first loss. You note one of the two terms of the cross-entropy; a bird with y = 0 needs the"
        " other: -(1 - y) log(1 - a).",
        (_training(loss=lambda z, y: np.mean(-y * np.log(sigmoid(z)))),),
    ),
    (
        "slope-canceled",
        "There is one slope a (1 - a) too many: with the cross-entropy it has canceled, and dL/dz is a - y.",
        (_training(dz=lambda a, y: (a - y) * a * (1 - a) / len(y)),),
    ),
    (
        "mse",
        "You walk down the squared error. For the cross-entropy dL/dz is a - y for each bird, divided by n.",
        (_training(dz=lambda a, y: 2 * (a - y) * a * (1 - a) / len(y)),),
    ),
    (
        "uphill",
        "Your losses grow. The gradient points to where the loss grows, so subtract it.",
        (_training(dz=lambda a, y: (y - a) / len(y)), _uphill_with_logarithms),
    ),
    (
        "bias-left",
        "The bias has not moved. It is a parameter like the weights, with the gradient dz.sum().",
        (_training(move=lambda w, b, dw, db, lr: (w - lr * dw, b)),),
    ),
    (
        "bias-only",
        "The weights have not moved. They follow the same rule as the bias, with the gradient X.T @ dz.",
        (_training(move=lambda w, b, dw, db, lr: (w, b - lr * db)),),
    ),
    (
        "bias-mean-twice",
        "Look at the gradient of the bias. You divided it by n twice: dz holds the 1/n already, so add it up.",
        (
            lambda X, y, *rest: _training(
                move=lambda w, b, dw, db, lr: (w - lr * dw, b - lr * db / len(y)),
            )(X, y, *rest),
        ),
    ),
    (
        "no-rate",
        "The learning rate is missing: each parameter moves by lr times its gradient.",
        (_training(move=lambda w, b, dw, db, lr: (w - dw, b - db)),),
    ),
    (
        "gradients-once",
        "The gradients were taken once, at the start. They change from place to place: compute them within the loop.",
        (_gradients_once,),
    ),
    (
        "bird-by-bird",
        "You update after each bird. Here all birds are asked at the same place, and one update follows from the mean"
        " of their gradients.",
        (_bird_by_bird,),
    ),
    (
        "rounded",
        "You rounded the predictions to 0 and 1. The error is a - y with the probability itself.",
        (_training(dz=lambda a, y: (np.round(a) - y) / len(y)),),
    ),
)


def _judge_train():
    """As `judge_function`; where it has no cause to tell, it looks at the losses, of which more is known."""
    inner = judge_function(_train, _flocks, TRAIN_MISTAKES, returns="w b losses", boundaries=_at_once)

    def judge(answer, rng):
        seed = int(rng.integers(1 << 31))
        verdict = inner(answer, seed=seed)
        if verdict.status != NOT_YET or verdict.recognized:
            return verdict
        for case in _flocks(np.random.default_rng(seed)):
            if (trained := _trained(answer, case)) is None:
                return verdict
            seen = _first_loss(trained[2]) or _first_update(answer, case) or _number_of_losses(trained[2], case)
            if seen:
                return seen
        return verdict

    return settling(judge, inner.misconceptions)


def _trained(answer, case):
    """The w, b and losses that an answer gives for a case; None where they cannot be read so."""
    try:
        w, b, losses = call(answer, fresh(case), "")
        w, b, losses = (plain(part, "It returns") for part in (w, b, losses))
    except (Settled, TypeError, ValueError):
        return None
    readable = w.shape == case[0].shape[1:] and b.size == 1 and losses.ndim == 1 and len(losses)
    return (w, float(b.reshape(())), losses) if readable else None


def _first_loss(losses):
    """The verdict on a training that does not begin at zero."""
    if abs(losses[0] - log(2)) < 1e-6:
        return None
    return mistaken(
        f"Your first loss is {shown(float(losses[0]))}, so look at where you begin. With all weights and the bias at"
        " zero each a is one half, and the first loss is log 2 = 0.6931, whatever the birds are: begin at zero, and"
        " note the loss before the first update.",
        "seen: first loss",
    )


def _first_update(answer, case):
    """The verdict on a training whose w or b is wrong after a single update, or None."""
    once = (*case[:3], 0.0, 1)
    trained = _trained(answer, once)
    if trained is None:
        return None
    (w, b, _), (right_w, right_b, _) = trained, _train(*once)
    w_right, b_right = np.allclose(w, right_w, rtol=1e-6, atol=1e-9), abs(b - right_b) < 1e-6 * abs(right_b) + 1e-9
    if (w_right and b_right) or not np.isfinite([*w, b]).all():
        return None
    if np.allclose([*-w, -b], [*right_w, right_b], rtol=1e-6, atol=1e-9):
        return verdict_of(TRAIN_MISTAKES, "uphill")
    wrong = "w and b are" if not (w_right or b_right) else "b is" if w_right else "w is"
    right = " and b is right" if b_right else " and w is right" if w_right else ""
    return mistaken(
        f"After the first update {wrong} wrong{right}. On {len(case[1])} birds, with most = 1, your w is"
        f" {np.array2string(w, precision=4)} and your b {shown(b)}; w = {np.array2string(right_w, precision=4)} and"
        f" b = {shown(right_b)} are needed.",
        "seen: first update",
    )


def _number_of_losses(losses, case):
    """The verdict on a training that notes too many losses or too few, or None."""
    _, _, _, tolerance, most = case
    needed = len(_train(*case)[2])
    if len(losses) == needed:
        return None
    noted = f"{len(losses)} loss{'es' if len(losses) > 1 else ''}"
    if most + 1 == needed:
        return mistaken(
            f"A training that is ended by most = {most} notes {noted}, and {needed} are needed. There is one for each"
            " place on the way, the first and the last among them.",
            "seen: losses at the limit",
        )
    return mistaken(
        f"A training with tolerance = {tolerance:g} and most = {most} notes {noted}, and {needed} are needed. Your last"
        f" loss is {shown(float(losses[-1]))}: stop at the first place whose loss is below {tolerance:g}.",
        "seen: number of losses",
    )


# The turns in the lesson


def _slope_at_z(a, y):
    return a - y


def _outputs(rng):
    return [(float(a), float(y)) for a, y in zip(rng.uniform(0.05, 0.95, 4), (0, 1, 1, 0), strict=True)]


def _size_of_the_error(a, y):
    return abs(a - y)


SLOPE_MISTAKES = misconceptions(
    ("turned-around", "The size is right. Prediction minus truth, and not the other way.", (lambda a, y: y - a,)),
    (
        "once-too-often",
        "The slope a (1 - a) has canceled already, against what stood below the line in dL/da.",
        (lambda a, y: (a - y) * a * (1 - a),),
    ),
    ("at-a", "This is dL/da, before the sigmoid. Its slope multiplies it.", (lambda a, y: (a - y) / (a * (1 - a)),)),
    ("slope-only", "This is the slope of the sigmoid alone. Multiply it by dL/da.", (lambda a, y: a * (1 - a),)),
    ("squared", "This is the squared error itself.", (lambda a, y: (a - y) ** 2,)),
    ("with-two", "The 2 belongs to the squared error. The cross-entropy has none.", (lambda a, y: 2 * (a - y),)),
    (
        "truth-of-the-bird",
        "You put in y = 1, as it is for our bird. y is an argument of the function: prediction minus truth.",
        (lambda a, y: a - 1,),
    ),
    ("size-only", "The size is right, and the sign is lost. It tells too much from too little.", (_size_of_the_error,)),
    ("output", "Where is the truth? The slope must vanish for a = y.", (lambda a, y: a,)),
)

TURNS = (
    turn(
        "turn-recall-paths",
        "A value that is used twice",
        judge_value(
            -3,
            "What arrives over several paths adds up, each share with its own sign.",
            {
                -10: "You multiplied the two. Along a path derivatives multiply, and paths add.",
                2: "This is one of the two paths. The other one has not been heard.",
                -5: "This is one of the two paths. The other one has not been heard.",
                7: "You took the sizes. Each share keeps its sign.",
            },
        ),
        "Two paths arrive: multiply, add, or take the last?",
    ),
    turn(
        "turn-recall-downhill",
        "The steepest way down",
        judge_value(
            (-3, 4),
            "Straight against the gradient. How far is another question, that of lesson 05.",
            {
                (3, -4): "There it rises fastest. And down?",
                (4, 3): "Along this way the loss stays the same: it is at a right angle to the gradient.",
                (-4, -3): "Along this way the loss stays the same: it is at a right angle to the gradient.",
                (3, 4): "Turn all of the gradient around, each entry.",
                (-3, -4): "Turn all of the gradient around, each entry.",
                (-4, 3): "The two entries are exchanged. Each keeps its place, and changes its sign.",
                (-0.6, 0.8): "The direction is right, and its length is 1. Give the one as long as the gradient.",
            },
        ),
        "The gradient points to where the loss grows fastest.",
    ),
    turn(
        "turn-sign",
        "The sign of a slope",
        judge_value(
            "negative",
            "A larger w1 makes z and a larger, and a comes nearer to 1: the loss falls, so its slope is negative.",
            {
                "positive": "Then a larger w1 would make the loss larger. But z grows, and a comes nearer to the"
                " truth.",
                "zero": "z does move with w1, by x1 = 0.5 times as much.",
            },
        ),
        "Make w1 a little larger. What do z, a and L do?",
    ),
    turn(
        "turn-slope-at-z",
        "The gradient at z",
        judge_function(_slope_at_z, _outputs, SLOPE_MISTAKES),
        "What is left when a (1 - a) has canceled?",
        "Prediction minus truth.",
    ),
    turn(
        "turn-other-truth",
        "If the truth were 0",
        judge_value(
            0.6341,
            "a - y with y = 0: the error is larger than before, and it has the other sign.",
            {
                -0.6341: "The size is right. With y = 0 a larger z is worse.",
                -0.3659: "So it is for y = 1. What is a - y now?",
                0.3659: "This is 1 - a. What is a - y for y = 0?",
                0.1471: "The slope of the sigmoid has canceled.",
            },
        ),
        "The gradient at z is a - y, and a is still 0.6341.",
    ),
    turn(
        "turn-fall",
        "How far the loss will fall",
        judge_value(
            0.018476,
            "The rate times the squared length of the gradient.",
            {
                0.18476: "This is the squared length of the gradient. The step is only 0.1 of it.",
                0.04298: "This is the length, not squared: the gradient is met twice, in the slope and in the step.",
                0.0018476: "The learning rate counts once. It is in the step, and the slope knows nothing of it.",
                0.005087: "The bias moves as well: its gradient belongs to the four.",
                0.018222: "This is the true fall. Asked for is what the slopes promise, a little more.",
                -0.018476: "The size is right. A fall is asked for, so count it positive.",
                0.07318: "You added up the gradients. It is their squares that add up.",
            },
        ),
        "Slope times step, for each of the four, and add.",
        "0.1 times the sum of the four squares.",
    ),
    turn(
        "turn-first-loss",
        "The loss before any training",
        judge_value(
            0.6931,
            "Each a is one half, whatever the bird is, and the loss of a half is log 2.",
            {
                0.5: "This is a itself. The loss is minus its logarithm.",
                0: "A neuron that knows nothing has a loss: it says one half to each bird.",
                1: "sigmoid(0) is one half. What is its cross-entropy?",
                -0.6931: "The logarithm of a half is negative, and the loss is minus that.",
                0.25: "This is the squared error of a half.",
                0.301: "This is the logarithm to base 10. Take the natural one, log in Python.",
                0.611: "So much it costs to say 0.3 for each bird, their true share. At zero weights a is one half.",
                0.357: "This is the loss of an Adelie to whom the neuron says 0.3. At zero weights a is one half.",
            },
        ),
        "With zero weights z is 0 for each bird. What is a?",
    ),
)


PROBLEMS = (
    Problem(
        id="nine-numbers",
        title="Nine numbers on the graph",
        points=4,
        hints=(
            "Go through the graph in order. Forward: z, then a = tanh(z), then L from a and y.",
            "Backward: dL_da = 2 (a - y), and y = -1. The slope of tanh is da_dz = 1 - a^2. Their product is dL_dz.",
            "At the end multiply dL_dz by what stood beside each parameter in z: x1, x2, and 1 for the bias.",
        ),
        judge=judge_numbers(NINE, NINE_MISTAKES),
        minutes=10,
        difficulty=1,
    ),
    Problem(
        id="neuron-mse",
        title="The gradient with the squared error",
        points=3,
        hints=(
            "Three links: from L to a, from a to z, from z to w. Write each derivative down before you multiply.",
            "dL/da = 2 (a - y), and the slope of the sigmoid is a (1 - a).",
            "The last link is dz/dw = x. Now multiply the three.",
        ),
        judge=judge_formula(_mse_slope, "x y a", MSE_MISTAKES),
        minutes=5,
        difficulty=2,
    ),
    Problem(
        id="signed-labels",
        title="The same neuron, with truths of -1 and 1",
        points=3,
        hints=(
            "First z for all examples at once, of shape (n,). Then the slope of one example's loss at its z: three"
            " links.",
            "log(1 + u) has the derivative 1/(1 + u), u = exp(t) has exp(t), and t = -y z has -y.",
            "exp(t)/(1 + exp(t)) is sigmoid(t). So dz = -y sigmoid(-y z) / n, of shape (n,).",
            "dw must have the shape of w, (d,): each example's slope times its own x, added up. db adds the slopes.",
        ),
        judge=judge_function(_signed_gradients, _signed, SIGNED_MISTAKES, returns="dw db", boundaries=_one_label),
        allowed=("activations.sigmoid",),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="train",
        title="Train a neuron",
        points=5,
        hints=(
            "Begin with w = np.zeros(d), b = 0.0 and an empty list. What belongs into each round of the loop, in which"
            " order?",
            "a, then the loss, which goes into the list; then ask whether to stop; then both gradients; then both"
            " updates.",
            "The gradients of the mean cross-entropy: dz = (a - y) / n, X.T @ dz for w, and the sum of dz for b.",
            "There is one loss more than there are updates. One way: for k in range(most + 1), and stop as well when k"
            " is most.",
        ),
        judge=_judge_train(),
        allowed=("activations.sigmoid", "losses.binary_cross_entropy"),
        minutes=20,
        difficulty=3,
    ),
)
