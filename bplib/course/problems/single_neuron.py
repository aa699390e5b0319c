"""Lesson 04: one sigmoid neuron, its nine numbers, its gradients and its update."""

from math import exp, log, log10

import numpy as np

from bplib.activations import sigmoid
from bplib.course.judging import (
    Misconception,
    Problem,
    judge_formula,
    judge_function,
    judge_numbers,
)

LESSON = "04_single_neuron"
TITLE = "A single neuron"


# nine-numbers: x = (2, -1.5), w = (0.4, 0.2), b = 0.1, y = 1, cross-entropy

X1, X2, W1, W2, B = 2.0, -1.5, 0.4, 0.2, 0.1


def _nine(z=W1 * X1 + W2 * X2 + B, sign=1.0, slope=None, error=None):
    """The nine numbers; each argument is one thing that a learner may get wrong."""
    a = 1 / (1 + exp(-z))
    da_dz = a * (1 - a) if slope is None else slope
    dL_da = sign * -1 / a
    dL_dz = dL_da * da_dz if error is None else error(a)
    return {
        "z": z,
        "a": a,
        "L": -log(a),
        "dL_da": dL_da,
        "da_dz": da_dz,
        "dL_dz": dL_dz,
        "dL_dw1": dL_dz * X1,
        "dL_dw2": dL_dz * X2,
        "dL_db": dL_dz,
    }


NINE = _nine()

NINE_MISTAKES = (
    Misconception(
        "no-bias",
        lambda: _nine(z=W1 * X1 + W2 * X2),
        "The bias is missing from z, and everything after it has changed: z = w1 x1 + w2 x2 + b.",
    ),
    Misconception(
        "sign-of-x2",
        lambda: _nine(z=W1 * X1 - W2 * X2 + B),
        "x2 is negative, so w2 x2 = 0.2 * (-1.5) lowers z.",
    ),
    Misconception(
        "sign",
        lambda: _nine(sign=-1.0),
        "The size is right and the sign is not, from dL/da on: the derivative of -log(a) is -1/a.",
    ),
    Misconception(
        "slope-at-the-input",
        lambda: _nine(slope=NINE["z"] * (1 - NINE["z"])),
        "You put z into a (1 - a). The slope of the sigmoid is written with its output a, not with its input z.",
    ),
    Misconception(
        "slope-is-a",
        lambda: _nine(slope=NINE["a"]),
        "da/dz is not a itself: the slope of the sigmoid is a (1 - a), which is never larger than 1/4.",
    ),
    Misconception(
        "slope-canceled",
        lambda: _nine(error=lambda a: (a - 1) * a * (1 - a)),
        "a - y is already the product of dL/da and da/dz, in which the slope has canceled; you multiplied by"
        " a (1 - a) once more.",
    ),
    Misconception(
        "log10",
        lambda: {"L": -log10(NINE["a"])},
        "L was computed with the logarithm to base 10; the loss has the natural one.",
    ),
    Misconception(
        "squared-error",
        lambda: {"L": (NINE["a"] - 1) ** 2},
        "This L is the squared error; this neuron has the cross-entropy, which for y = 1 is -log(a).",
    ),
    Misconception(
        "forgot-x",
        lambda: {"dL_dw1": NINE["dL_dz"], "dL_dw2": NINE["dL_dz"]},
        "The last factor is missing: dz/dw1 = x1 and dz/dw2 = x2, so multiply dL/dz by the input.",
    ),
    Misconception(
        "w-for-x",
        lambda: {"dL_dw1": NINE["dL_dz"] * W1, "dL_dw2": NINE["dL_dz"] * W2},
        "You multiplied by the weight. The derivative of w1 x1 with respect to w1 is x1, the input.",
    ),
)


# neuron-mse: a formula for dL/dw of L = (a - y)^2


def _mse_slope(x, y, a):
    return 2 * (a - y) * a * (1 - a) * x


MSE_MISTAKES = (
    Misconception(
        "slope-canceled",
        lambda x, y, a: 2 * (a - y) * x,
        "The slope of the sigmoid is missing. It cancels with the cross-entropy, but the squared error leaves it in.",
    ),
    Misconception(
        "slope-canceled-and-2",
        lambda x, y, a: (a - y) * x,
        "This is the gradient of the cross-entropy. With the squared error nothing cancels: multiply dL/da = 2 (a - y),"
        " da/dz and dz/dw.",
    ),
    Misconception(
        "factor",
        lambda x, y, a: (a - y) * a * (1 - a) * x,
        "The exponent is missing as a factor: this loss is (a - y)^2 without a half in front, so dL/da = 2 (a - y).",
    ),
    Misconception(
        "sign",
        lambda x, y, a: 2 * (y - a) * a * (1 - a) * x,
        "The sign is turned around. The derivative of (a - y)^2 with respect to a is 2 (a - y), not 2 (y - a).",
    ),
    Misconception(
        "slope-at-the-input",
        lambda x, y, a: 2 * (a - y) * x * (1 - x) * x,
        "You put x into the slope of the sigmoid. It is written with its output: a (1 - a).",
    ),
    Misconception(
        "slope-is-a",
        lambda x, y, a: 2 * (a - y) * a * x,
        "The slope of the sigmoid is a (1 - a); the factor (1 - a) is missing.",
    ),
    Misconception(
        "forgot-x",
        lambda x, y, a: 2 * (a - y) * a * (1 - a),
        "This is dL/dz, one step too early: z = w x + b, so dz/dw = x is still missing.",
    ),
    Misconception(
        "slope-of-loss-only",
        lambda x, y, a: 2 * (a - y),
        "This is dL/da, where the chain begins. Two links are missing: da/dz and dz/dw.",
    ),
)


# neuron-ce: the gradients of the mean cross-entropy over a batch


def _neuron_gradients(X, y, w, b):
    dz = (sigmoid(X @ w + b) - y) / len(y)
    return X.T @ dz, dz.sum()


def _batches(rng):
    return [
        (rng.normal(size=(n, d)), rng.integers(2, size=n).astype(float), rng.normal(size=d), float(rng.normal()))
        for n, d in ((5, 3), (7, 2), (5, 5))
    ]


def _with_dz(dz_of, dw_of=lambda X, dz: X.T @ dz, db_of=np.sum):
    """A wrong neuron_gradients, put together from what is wrong in it."""

    def gradients(X, y, w, b):
        dz = dz_of(sigmoid(X @ w + b), y, X @ w + b)
        return dw_of(X, dz), db_of(dz)

    return gradients


def _mean_dz(a, y, z):
    return (a - y) / len(y)


CE_MISTAKES = (
    Misconception(
        "factor-sum",
        _with_dz(lambda a, y, z: a - y),
        "Both gradients are n times too large: the loss is the mean over the batch, so its gradient has a factor 1/n.",
    ),
    Misconception(
        "factor-dw",
        _with_dz(lambda a, y, z: a - y, db_of=np.mean),
        "db is right and dw is n times too large: the 1/n of the mean belongs to both.",
    ),
    Misconception(
        "factor-db",
        _with_dz(lambda a, y, z: (a - y) / len(y), db_of=lambda dz: dz.sum() * len(dz)),
        "dw is right and db is n times too large: the 1/n of the mean belongs to both.",
    ),
    Misconception(
        "bias-sum-mean",
        _with_dz(_mean_dz, db_of=np.mean),
        "dw is right and db is n times too small: dz already holds the 1/n, so db is its sum and not its mean.",
    ),
    Misconception(
        "slope-canceled",
        _with_dz(lambda a, y, z: (a - y) * a * (1 - a) / len(y)),
        "There is one slope a (1 - a) too many: with the cross-entropy it has canceled, and dL/dz is a - y.",
    ),
    Misconception(
        "mse",
        _with_dz(lambda a, y, z: 2 * (a - y) * a * (1 - a) / len(y)),
        "This is the gradient of the squared error; the cross-entropy has dL/dz = a - y for each example.",
    ),
    Misconception(
        "sign",
        _with_dz(lambda a, y, z: (y - a) / len(y)),
        "The sign is turned around: dL/dz is a - y. With y - a, subtracting the gradient would raise the loss.",
    ),
    Misconception(
        "z-for-a",
        _with_dz(lambda a, y, z: (z - y) / len(y)),
        "You subtracted y from z. The error is a - y, where a = sigmoid(z).",
    ),
    Misconception(
        "bias-sum-shape",
        _with_dz(_mean_dz, db_of=lambda dz: dz),
        "db has one entry for each example. There is one bias, and every example pulls at it: sum over the batch.",
    ),
    Misconception(
        "forgot-X",
        _with_dz(_mean_dz, dw_of=lambda X, dz: np.full(X.shape[1], dz.sum())),
        "dw has forgotten the inputs: each example contributes its error times its x, summed as X.T @ dz.",
    ),
    Misconception(
        "mean-of-X",
        _with_dz(_mean_dz, dw_of=lambda X, dz: X.mean(axis=0) * dz.sum()),
        "You averaged the inputs and the errors separately. Each error belongs to its own x: multiply first, then add"
        " over the batch.",
    ),
)


# one-update: one step of gradient descent on one example


def _one_update(x, y, w, b, lr):
    dz = sigmoid(w @ x + b) - y
    return w - lr * dz * x, b - lr * dz


def _examples(rng):
    return [
        (rng.normal(size=d), float(y), rng.normal(size=d), float(rng.normal()), lr)
        for d, y, lr in ((3, 1, 0.1), (5, 0, 0.7), (4, 1, 0.3))
    ]


def _ascent(x, y, w, b, lr):
    dz = sigmoid(w @ x + b) - y
    return w + lr * dz * x, b + lr * dz


def _without_lr(x, y, w, b, lr):
    return _one_update(x, y, w, b, 1.0)


def _bias_left(x, y, w, b, lr):
    return _one_update(x, y, w, b, lr)[0], b


def _weights_left(x, y, w, b, lr):
    return w, _one_update(x, y, w, b, lr)[1]


def _one_after_the_other(x, y, w, b, lr):
    w_new = _one_update(x, y, w, b, lr)[0]
    return w_new, b - lr * (sigmoid(w_new @ x + b) - y)


def _bias_first(x, y, w, b, lr):
    b_new = _one_update(x, y, w, b, lr)[1]
    return w - lr * (sigmoid(w @ x + b_new) - y) * x, b_new


def _steps_only(x, y, w, b, lr):
    dz = sigmoid(w @ x + b) - y
    return -lr * dz * x, -lr * dz


def _gradients_only(x, y, w, b, lr):
    dz = sigmoid(w @ x + b) - y
    return dz * x, dz


def _squared_error(x, y, w, b, lr):
    a = sigmoid(w @ x + b)
    dz = 2 * (a - y) * a * (1 - a)
    return w - lr * dz * x, b - lr * dz


def _slope_kept(x, y, w, b, lr):
    a = sigmoid(w @ x + b)
    dz = (a - y) * a * (1 - a)
    return w - lr * dz * x, b - lr * dz


_ORDER = (
    "You updated one parameter and then used its new value for the gradient of the other. Compute all gradients at the"
    " old values first, then update."
)

UPDATE_MISTAKES = (
    Misconception(
        "sign",
        _ascent,
        "This walks uphill: the loss has grown. The gradient points to where L grows, so subtract it.",
    ),
    Misconception("no-lr", _without_lr, "The learning rate is missing: the step is lr times the gradient."),
    Misconception("bias-left", _bias_left, "The bias has not moved. It is a parameter like any other: b - lr * dL/db."),
    Misconception("weights-left", _weights_left, "The weights have not moved: w - lr * dL/dw, with dL/dw = (a - y) x."),
    Misconception("update-order", _one_after_the_other, _ORDER),
    Misconception("update-order", _bias_first, _ORDER),
    Misconception(
        "steps", _steps_only, "These are the steps alone; the new parameters are the old ones plus the step."
    ),
    Misconception(
        "gradients", _gradients_only, "These are the gradients. The update subtracts lr times them from w and b."
    ),
    Misconception(
        "mse",
        _squared_error,
        "This is a step on the squared error. For the cross-entropy, dL/dz is simply a - y.",
    ),
    Misconception(
        "slope-canceled",
        _slope_kept,
        "There is one slope a (1 - a) too many: with the cross-entropy it has canceled, and dL/dz is a - y.",
    ),
)


PROBLEMS = (
    Problem(
        id="nine-numbers",
        title="Nine numbers on the graph",
        points=4,
        hints=(
            "Go through the graph in order. Forward: z, then a from z, then L from a.",
            "Backward: dL_da = -1/a because y = 1, and da_dz = a (1 - a). Their product is dL_dz.",
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
        id="neuron-ce",
        title="The gradients with the cross-entropy",
        points=3,
        hints=(
            "First the forward pass for all examples at once: a = sigmoid(X @ w + b), of shape (n,).",
            "The gradient at z, for the mean loss, is dz = (a - y) / n. What shape does it have?",
            "dw must have the shape of w, (d,). X.T has shape (d, n), and dz has shape (n,).",
            "db is one number: every example has pulled at the same bias, so add dz up.",
        ),
        judge=judge_function(_neuron_gradients, _batches, CE_MISTAKES),
        withdrawn=("losses.binary_cross_entropy_with_logits_grad",),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="one-update",
        title="One update lowers the loss",
        points=2,
        hints=(
            "Forward, then the error a - y, then the two gradients, then the two updates.",
            "dL/dw = (a - y) x and dL/db = a - y. Which way is downhill?",
            "new w = w - lr * dL/dw, as a new array: the given w must stay as it is.",
        ),
        judge=judge_function(_one_update, _examples, UPDATE_MISTAKES),
        withdrawn=("losses.binary_cross_entropy_with_logits_grad",),
        minutes=5,
        difficulty=1,
    ),
)
