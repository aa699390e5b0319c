"""Lesson 04: one sigmoid neuron, its nine numbers, its gradients and its update."""

from math import exp, log, log10, tanh

import numpy as np

from bplib.activations import sigmoid
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_formula, judge_numbers

LESSON = "04_single_neuron"
TITLE = "A single neuron"


# nine-numbers: x = (2, -1.5), w = (0.4, 0.2), b = 0.1, y = 1, cross-entropy

X1, X2, W1, W2, B = 2.0, -1.5, 0.4, 0.2, 0.1


def _nine(z=W1 * X1 + W2 * X2 + B, a=None, sign=1.0, slope=None, error=None):
    """The nine numbers; each argument is one thing that a learner may get wrong."""
    a = 1 / (1 + exp(-z)) if a is None else a
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


def _at_parameters(upstream):
    return {"dL_dw1": upstream * X1, "dL_dw2": upstream * X2, "dL_db": upstream}


def _from_z(dL_dz):
    return {"dL_dz": dL_dz} | _at_parameters(dL_dz)


def _squared_error_throughout():
    a, slope = NINE["a"], NINE["da_dz"]
    return NINE | {"L": (a - 1) ** 2, "dL_da": 2 * (a - 1)} | _from_z(2 * (a - 1) * slope)


def _truth_zero():
    a = NINE["a"]
    return NINE | {"L": -log(1 - a), "dL_da": 1 / (1 - a)} | _from_z(a)


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
        "squared-error",
        _squared_error_throughout,
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
    *misconceptions(
        (
            "no-inputs",
            "The inputs are missing from z: each weight is multiplied by its own input before the sum.",
            (lambda: _nine(z=W1 + W2 + B),),
        ),
        (
            "sigmoid-sign",
            "z is positive, so a must be above one half: the sigmoid has a minus in its exponent, 1 / (1 + exp(-z)).",
            (lambda: _nine(a=1 - NINE["a"]), lambda: NINE | {"a": 1 - NINE["a"]}),
        ),
        (
            "sigmoid-no-1",
            "A probability is never above 1. Below the line stands 1 + exp(-z); Python needs parentheses around it.",
            (
                lambda: _nine(a=exp(NINE["z"])) | {"L": -NINE["z"]},
                lambda: NINE | {"a": exp(NINE["z"])},
                lambda: NINE | {"a": 1 + exp(-NINE["z"])},
            ),
        ),
        (
            "tanh",
            "This a is tanh(z). The activation here is the sigmoid, 1 / (1 + exp(-z)).",
            (lambda: _nine(a=tanh(NINE["z"])), lambda: NINE | {"a": tanh(NINE["z"])}),
        ),
        (
            "loss-sign",
            "The logarithm of a probability is negative and the loss is not: it is minus the logarithm.",
            (lambda: NINE | {"L": log(NINE["a"])},),
        ),
        (
            "truth-zero",
            "This would be right for the truth 0. Here y = 1, and it is the other term of the loss that stays.",
            (_truth_zero, lambda: NINE | {"L": -log(1 - NINE["a"])}, lambda: _nine(error=lambda a: a)),
        ),
        (
            "error-for-slope",
            "a - y is the gradient at z, one link further. At a it is the derivative of -log(a).",
            (
                lambda: NINE | {"dL_da": NINE["a"] - 1},
                lambda: NINE | {"dL_da": NINE["a"] - 1} | _from_z((NINE["a"] - 1) * NINE["da_dz"]),
            ),
        ),
        (
            "slope-of-tanh",
            "1 - a^2 is the slope of tanh. That of the sigmoid is a (1 - a).",
            (lambda: _nine(slope=1 - NINE["a"] ** 2), lambda: NINE | {"da_dz": 1 - NINE["a"] ** 2}),
        ),
        (
            "links-added",
            "You added dL/da and da/dz. Along a path the local derivatives are multiplied.",
            (lambda: _nine(error=lambda a: -1 / a + a * (1 - a)),),
        ),
        (
            "error-sign",
            "The sign is lost on the way to z: dL/da is negative and da/dz is positive, so their product is negative.",
            (lambda: _nine(error=lambda a: 1 - a), lambda: NINE | {"dL_dz": 1 - NINE["a"]}),
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
            "The bias stands in z without a factor, so dz/db is 1: what arrives at z arrives at b.",
            (
                lambda: NINE | {"dL_db": 0.0},
                lambda: NINE | {"dL_db": NINE["dL_dz"] * B},
                lambda: NINE | {"dL_db": NINE["dL_dz"] * (X1 + X2)},
            ),
        ),
        (
            "rounded",
            "That is rounded too far. Keep four digits or more on the way, and give at least three.",
            (
                *(lambda k=k: {name: round(number, k) for name, number in NINE.items()} for k in (1, 2)),
                *(lambda k=k: _nine(a=round(NINE["a"], k)) for k in (1, 2)),
            ),
        ),
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
        "The sign is turned around: dL/da is 2 (a - y), and the slope of the sigmoid, a (1 - a), is positive.",
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
    *misconceptions(
        (
            "slope-half",
            "The slope of the sigmoid is a (1 - a); the factor a is missing.",
            (lambda x, y, a: 2 * (a - y) * (1 - a) * x,),
        ),
        (
            "slope-of-tanh",
            "1 - a^2 is the slope of tanh. That of the sigmoid is a (1 - a).",
            (lambda x, y, a: 2 * (a - y) * (1 - a**2) * x,),
        ),
        (
            "slope-of-truth",
            "You put the truth into the slope of the sigmoid. It is written with the output: a (1 - a).",
            (lambda x, y, a: 2 * (a - y) * y * (1 - y) * x,),
        ),
        (
            "slope-twice",
            "The slope a (1 - a) is there twice. It is one link, from a to z.",
            (lambda x, y, a: 2 * (a - y) * (a * (1 - a)) ** 2 * x,),
        ),
        (
            "slope-below",
            "The slope a (1 - a) stands below the line. The chain rule multiplies: it belongs above.",
            (lambda x, y, a: 2 * (a - y) * x / (a * (1 - a)),),
        ),
        (
            "brackets",
            "Parentheses are missing: Python multiplies before it subtracts, so a * 1 - a is 0, and 2 * a - y is no"
            " 2 * (a - y).",
            (
                lambda x, y, a: 2 * (a - y) * a * 1 - a * x,
                lambda x, y, a: 2 * a - y * a * (1 - a) * x,
                lambda x, y, a: (2 * a - y) * a * (1 - a) * x,
            ),
        ),
        (
            "square-kept",
            "The square is still there. The derivative of (a - y)^2 with respect to a is 2 (a - y), without it.",
            (
                lambda x, y, a: (a - y) ** 2 * a * (1 - a) * x,
                lambda x, y, a: 2 * (a - y) ** 2 * a * (1 - a) * x,
            ),
        ),
        (
            "no-error",
            "The first link is missing: dL/da, the derivative of the square.",
            (lambda x, y, a: a * (1 - a) * x, lambda x, y, a: 2 * a * (1 - a) * x),
        ),
        (
            "loss",
            "This is L itself. Now its derivative with respect to w.",
            (lambda x, y, a: (a - y) ** 2,),
        ),
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


def _with_dz(dz_of, dw_of=lambda X, dz: X.T @ dz, db_of=np.sum, db_from_dw=None, forward=lambda X, w, b: X @ w + b):
    """A wrong neuron_gradients, put together from what is wrong in it."""

    def gradients(X, y, w, b):
        z = forward(X, w, b)
        dz = dz_of(sigmoid(z), y, z)
        dw = dw_of(X, dz)
        return dw, db_from_dw(dw) if db_from_dw else db_of(dz)

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
        "bias-sum-shape",
        _with_dz(_mean_dz, db_of=lambda dz: dz * len(dz)),
        "db has one entry for each example. There is one bias, and every example pulls at it: sum over the batch.",
    ),
    Misconception(
        "bias-sum-shape",
        _with_dz(lambda a, y, z: a - y, db_of=lambda dz: dz),
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
    *misconceptions(
        (
            "no-bias",
            "The bias is missing from z: it is X @ w + b.",
            (_with_dz(lambda a, y, z: (a - y) / len(y), forward=lambda X, w, b: X @ w),),
        ),
        (
            "last-only",
            "Only the last example is left. In a loop over the batch dw = ... overwrites what the others have given;"
            " add with +=.",
            (
                lambda X, y, w, b: _neuron_gradients(X[-1:], y[-1:], w, b),
                lambda X, y, w, b: tuple(g / len(y) for g in _neuron_gradients(X[-1:], y[-1:], w, b)),
            ),
        ),
        (
            "over-d",
            "You divided by the number of inputs d. The mean is over the n examples.",
            (
                lambda X, y, w, b: tuple(g * len(y) / len(w) for g in _neuron_gradients(X, y, w, b)),
                _with_dz(_mean_dz, dw_of=lambda X, dz: X.T @ dz / X.shape[1]),
            ),
        ),
        (
            "updated",
            "These are new parameters. Return the gradients themselves; the update comes later.",
            (lambda X, y, w, b: (w - _neuron_gradients(X, y, w, b)[0], b - _neuron_gradients(X, y, w, b)[1]),),
        ),
        (
            "rounded",
            "You rounded the predictions to 0 and 1. The error is a - y with the probability itself, so that being"
            " nearly right counts.",
            (_with_dz(lambda a, y, z: (np.round(a) - y) / len(y)), _with_dz(lambda a, y, z: ((a > 0.5) - y) / len(y))),
        ),
        (
            "magnitude",
            "The signs are lost. An error below zero pulls the other way, so leave abs out.",
            (_with_dz(lambda a, y, z: np.abs(a - y) / len(y)),),
        ),
        (
            "bias-from-dw",
            "db does not come from dw, which has the inputs in it. Each example gives the bias its a - y alone.",
            (
                _with_dz(_mean_dz, db_of=None, db_from_dw=np.sum),
                _with_dz(_mean_dz, db_of=None, db_from_dw=np.mean),
            ),
        ),
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


def _with_step(dw_of=lambda x, w, dz: dz * x, db_of=lambda x, w, dz: dz, dz_of=lambda a, y, z: a - y, bias=True):
    """A wrong one_update, put together from what is wrong in it."""

    def update(x, y, w, b, lr):
        z = w @ x + b if bias else w @ x
        dz = dz_of(sigmoid(z), y, z)
        return w - lr * dw_of(x, w, dz), b - lr * db_of(x, w, dz)

    return update


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
    *misconceptions(
        (
            "steps-not-taken",
            "This is lr times the gradients, the way that is to be gone. Subtract it from the old w and b.",
            (lambda x, y, w, b, lr: tuple(lr * g for g in _gradients_only(x, y, w, b, lr)),),
        ),
        (
            "no-lr-once",
            "The learning rate is missing in one of the two updates. It is the same for weights and bias.",
            (
                lambda x, y, w, b, lr: (_one_update(x, y, w, b, lr)[0], _without_lr(x, y, w, b, lr)[1]),
                lambda x, y, w, b, lr: (_without_lr(x, y, w, b, lr)[0], _one_update(x, y, w, b, lr)[1]),
            ),
        ),
        (
            "over-lr",
            "You divided by the learning rate. A smaller rate must make a smaller step, so multiply.",
            (lambda x, y, w, b, lr: _one_update(x, y, w, b, 1 / lr),),
        ),
        (
            "forgot-x",
            "The inputs are missing from the step of the weights: dL/dw = (a - y) x, one number for each weight.",
            (_with_step(dw_of=lambda x, w, dz: dz), _with_step(dw_of=lambda x, w, dz: np.sum(dz * x))),
        ),
        (
            "w-for-x",
            "You multiplied by the weights. The derivative of w @ x with respect to w is the input x.",
            (_with_step(dw_of=lambda x, w, dz: dz * w),),
        ),
        (
            "bias-with-x",
            "The bias has no input: dL/db is a - y, and x does not come into it.",
            (_with_step(db_of=lambda x, w, dz: np.sum(dz * x)), _with_step(db_of=lambda x, w, dz: np.mean(dz * x))),
        ),
        (
            "factor",
            "The step is twice too long. A factor 2 belongs to the squared error; the cross-entropy has dL/dz = a - y.",
            (_with_step(dz_of=lambda a, y, z: 2 * (a - y)),),
        ),
        (
            "over-d",
            "You divided by the number of inputs. There is one example here, so no mean is taken.",
            (
                _with_step(dw_of=lambda x, w, dz: dz * x / len(x)),
                _with_step(dw_of=lambda x, w, dz: dz * x / len(x), db_of=lambda x, w, dz: dz / len(x)),
            ),
        ),
        ("no-bias", "The bias is missing from z: it is w @ x + b.", (_with_step(bias=False),)),
        (
            "z-for-a",
            "You subtracted y from z. The error is a - y, where a = sigmoid(z).",
            (_with_step(dz_of=lambda a, y, z: z - y),),
        ),
        (
            "no-truth",
            "The truth is missing: the error is a - y.",
            (_with_step(dz_of=lambda a, y, z: a),),
        ),
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
        judge=judge_function(_neuron_gradients, _batches, CE_MISTAKES, returns="dw db"),
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
        judge=judge_function(_one_update, _examples, UPDATE_MISTAKES, returns="w b"),
        withdrawn=("losses.binary_cross_entropy_with_logits_grad",),
        minutes=5,
        difficulty=1,
    ),
)
