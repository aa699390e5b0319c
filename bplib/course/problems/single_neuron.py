"""Lesson 04: one sigmoid neuron, its nine numbers, its gradients and its update."""

from math import exp, log, log10, tanh

import numpy as np
import sympy

from bplib.activations import sigmoid
from bplib.course.judging.judges import Problem, judge_function, misconceptions
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


NINE_MISTAKES = misconceptions(
    (
        "no-bias",
        "Something is missing from z, and everything after it has changed. It is the bias: z = w1 x1 + w2 x2 + b.",
        (lambda: _nine(z=W1 * X1 + W2 * X2),),
    ),
    (
        "sign-of-x2",
        "Look at the sign of x2 in z. It is negative, so w2 x2 = 0.2 * (-1.5) lowers z.",
        (lambda: _nine(z=W1 * X1 - W2 * X2 + B),),
    ),
    (
        "no-inputs",
        "The inputs are missing from z: each weight is multiplied by its own input before the sum.",
        (lambda: _nine(z=W1 + W2 + B),),
    ),
    (
        "sigmoid-sign",
        "z is positive, so a must be above one half: the sigmoid has a minus in its exponent, 1 / (1 + exp(-z)).",
        (lambda: _nine(a=1 - NINE["a"]),),
    ),
    (
        "sigmoid-no-1",
        "A probability is never above 1. Below the line stands 1 + exp(-z); Python needs parentheses around it.",
        (lambda: _nine(a=exp(NINE["z"])) | {"L": -NINE["z"]}, lambda: NINE | {"a": 1 + exp(-NINE["z"])}),
    ),
    (
        "tanh",
        "This a is tanh(z). The activation here is the sigmoid, 1 / (1 + exp(-z)).",
        (lambda: _nine(a=tanh(NINE["z"])),),
    ),
    (
        "loss-sign",
        "The logarithm of a probability is negative and the loss is not: it is minus the logarithm.",
        (lambda: NINE | {"L": log(NINE["a"])},),
    ),
    (
        "log10",
        "L was computed with the logarithm to base 10; the loss has the natural one.",
        (lambda: {"L": -log10(NINE["a"])},),
    ),
    (
        "squared-error",
        "This L is the squared error; this neuron has the cross-entropy, which for y = 1 is -log(a).",
        (_squared_error_throughout,),
    ),
    (
        "truth-zero",
        "This would be right for the truth 0. Here y = 1, and it is the other term of the loss that stays.",
        (_truth_zero, lambda: _nine(error=lambda a: a)),
    ),
    (
        "sign",
        "Look at the minus in the loss again. The derivative of -log(a) is -1/a: the size is right and the sign is not,"
        " from dL/da on.",
        (lambda: _nine(sign=-1.0),),
    ),
    (
        "error-for-slope",
        "a - y is the gradient at z, one link further. At a it is the derivative of -log(a).",
        (lambda: NINE | {"dL_da": NINE["a"] - 1} | _from_z((NINE["a"] - 1) * NINE["da_dz"]),),
    ),
    (
        "slope-at-the-input",
        "You put z into a (1 - a). The slope of the sigmoid is written with its output a, not with its input z.",
        (lambda: _nine(slope=NINE["z"] * (1 - NINE["z"])),),
    ),
    (
        "slope-is-a",
        "da/dz is not a itself: the slope of the sigmoid is a (1 - a), which is never larger than 1/4.",
        (lambda: _nine(slope=NINE["a"]),),
    ),
    (
        "slope-of-tanh",
        "1 - a^2 is the slope of tanh. That of the sigmoid is a (1 - a).",
        (lambda: _nine(slope=1 - NINE["a"] ** 2),),
    ),
    (
        "slope-canceled",
        "You multiplied by a (1 - a) once too often. a - y is already the product of dL/da and da/dz, in which the"
        " slope has canceled.",
        (lambda: _nine(error=lambda a: (a - 1) * a * (1 - a)),),
    ),
    (
        "links-added",
        "You added dL/da and da/dz. Along a path the local derivatives are multiplied.",
        (lambda: _nine(error=lambda a: -1 / a + a * (1 - a)),),
    ),
    (
        "error-sign",
        "The sign is lost on the way to z: dL/da is negative and da/dz is positive, so their product is negative.",
        (lambda: _nine(error=lambda a: 1 - a),),
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
    (
        "rounded",
        "That is rounded too far. Keep four digits or more on the way, and give at least three.",
        (
            *(lambda k=k: {name: round(number, k) for name, number in NINE.items()} for k in (1, 2)),
            *(lambda k=k: _nine(a=round(NINE["a"], k)) for k in (1, 2)),
        ),
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


# neuron-ce: the gradients of the mean cross-entropy over a batch


def _neuron_gradients(X, y, w, b):
    dz = (sigmoid(X @ w + b) - y) / len(y)
    return X.T @ dz, dz.sum()


def _batches(rng):
    return [
        (rng.normal(size=(n, d)), rng.integers(2, size=n).astype(float), rng.normal(size=d), float(rng.normal()))
        for n, d in ((5, 3), (7, 2), (5, 5))
    ]


def _with_dz(dz_of, dw_of=lambda X, dz: X.T @ dz / len(X)):
    """A wrong neuron_gradients, put together from what is wrong in it."""

    def gradients(X, y, w, b):
        z = X @ w + b
        dz = dz_of(sigmoid(z), y, z)
        return dw_of(X, dz), dz.mean()

    return gradients


CE_MISTAKES = misconceptions(
    (
        "slope-canceled",
        "There is one slope a (1 - a) too many: with the cross-entropy it has canceled, and dL/dz is a - y.",
        (_with_dz(lambda a, y, z: (a - y) * a * (1 - a)),),
    ),
    (
        "mse",
        "This is the gradient of the squared error; the cross-entropy has dL/dz = a - y for each example.",
        (_with_dz(lambda a, y, z: 2 * (a - y) * a * (1 - a)),),
    ),
    (
        "z-for-a",
        "You subtracted y from z. The error is a - y, where a = sigmoid(z).",
        (_with_dz(lambda a, y, z: z - y),),
    ),
    (
        "rounded",
        "You rounded the predictions to 0 and 1. The error is a - y with the probability itself, so that being nearly"
        " right counts.",
        (_with_dz(lambda a, y, z: np.round(a) - y),),
    ),
    (
        "mean-of-X",
        "You averaged the inputs and the errors separately. Each error belongs to its own x: multiply first, then add"
        " over the batch.",
        (_with_dz(lambda a, y, z: a - y, dw_of=lambda X, dz: X.mean(axis=0) * dz.mean()),),
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
        (lambda X, y, w, b: tuple(g * len(y) / len(w) for g in _neuron_gradients(X, y, w, b)),),
    ),
    (
        "updated",
        "These are new parameters. Return the gradients themselves; the update comes later.",
        (lambda X, y, w, b: (w - _neuron_gradients(X, y, w, b)[0], b - _neuron_gradients(X, y, w, b)[1]),),
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


def _one_after_the_other(x, y, w, b, lr):
    w_new = _one_update(x, y, w, b, lr)[0]
    return w_new, b - lr * (sigmoid(w_new @ x + b) - y)


def _bias_first(x, y, w, b, lr):
    b_new = _one_update(x, y, w, b, lr)[1]
    return w - lr * (sigmoid(w @ x + b_new) - y) * x, b_new


def _gradients_only(x, y, w, b, lr):
    dz = sigmoid(w @ x + b) - y
    return dz * x, dz


def _with_step(dz_of=lambda a, y, z: a - y, dw_of=lambda x, w, dz: dz * x):
    """A wrong one_update, put together from what is wrong in it."""

    def update(x, y, w, b, lr):
        z = w @ x + b
        dz = dz_of(sigmoid(z), y, z)
        return w - lr * dw_of(x, w, dz), b - lr * dz

    return update


UPDATE_MISTAKES = misconceptions(
    (
        "sign",
        "This walks uphill: the loss has grown. The gradient points to where L grows, so subtract it.",
        (_with_step(lambda a, y, z: y - a),),
    ),
    (
        "bias-left",
        "The bias has not moved. It is a parameter like any other: b - lr * dL/db.",
        (lambda x, y, w, b, lr: (_one_update(x, y, w, b, lr)[0], b),),
    ),
    (
        "update-order",
        "You updated one parameter and then used its new value for the gradient of the other. Compute all gradients at"
        " the old values first, then update.",
        (_one_after_the_other, _bias_first),
    ),
    (
        "steps",
        "These are the steps alone, without the place they start from. Subtract lr times the gradients from the old w"
        " and b.",
        tuple(
            lambda x, y, w, b, lr, sign=sign: tuple(sign * lr * g for g in _gradients_only(x, y, w, b, lr))
            for sign in (-1, 1)
        ),
    ),
    (
        "gradients",
        "These are the gradients. The update subtracts lr times them from w and b.",
        (_gradients_only,),
    ),
    (
        "mse",
        "This is a step on the squared error. For the cross-entropy, dL/dz is simply a - y.",
        (_with_step(lambda a, y, z: 2 * (a - y) * a * (1 - a)),),
    ),
    (
        "slope-canceled",
        "There is one slope a (1 - a) too many: with the cross-entropy it has canceled, and dL/dz is a - y.",
        (_with_step(lambda a, y, z: (a - y) * a * (1 - a)),),
    ),
    (
        "factor",
        "The step is twice too long. A factor 2 belongs to the squared error; the cross-entropy has dL/dz = a - y.",
        (_with_step(lambda a, y, z: 2 * (a - y)),),
    ),
    (
        "z-for-a",
        "You subtracted y from z. The error is a - y, where a = sigmoid(z).",
        (_with_step(lambda a, y, z: z - y),),
    ),
    (
        "w-for-x",
        "You multiplied by the weights. The derivative of w @ x with respect to w is the input x.",
        (_with_step(dw_of=lambda x, w, dz: dz * w),),
    ),
    (
        "over-d",
        "You divided by the number of inputs. There is one example here, so no mean is taken.",
        (
            _with_step(dw_of=lambda x, w, dz: dz * x / len(x)),
            lambda x, y, w, b, lr: _one_update(x, y, w, b, lr / len(x)),
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
        allowed=("activations.sigmoid",),
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
        allowed=("activations.sigmoid",),
        minutes=5,
        difficulty=1,
    ),
)
