"""Lesson 05: the update of weights and biases, what the learning rate does, and when to stop."""

import numpy as np

from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.reading import (
    NOT_ATTEMPTED,
    PASSED,
    Settled,
    Verdict,
    call,
    kind_of,
    listed,
    mistaken,
    settling,
)

LESSON = "05_weight_updates"
TITLE = "Weight updates"


# update-rule: one step for the weights and the bias, whose gradients come from a function


def _update(gradients, w, b, lr):
    dw, db = gradients(w, b)
    return w - lr * dw, b - lr * db


def _fitting(X, y):
    """The gradients of the mean squared error of X @ w + b, as a function of w and b."""

    def gradients(w, b):
        error = 2 * (np.asarray(X) @ np.asarray(w) + b - y) / len(y)
        return X.T @ error, float(error.sum())

    return gradients


def _fits(rng):
    cases = []
    for n, d, lr in ((7, 3, 0.1), (9, 5, 0.4), (11, 4, 0.03)):
        X = rng.normal(size=(n, d)) + 1.0
        cases.append((_fitting(X, rng.normal(size=n)), rng.normal(size=d), float(rng.normal()), lr))
    return cases


def _weights_first(gradients, w, b, lr):
    w = w - lr * gradients(w, b)[0]
    return w, b - lr * gradients(w, b)[1]


def _bias_first(gradients, w, b, lr):
    b = b - lr * gradients(w, b)[1]
    return w - lr * gradients(w, b)[0], b


def _with(rule, bias_rule=None):
    """A wrong update in which each parameter follows rule(parameter, gradient, lr)."""

    def update(gradients, w, b, lr):
        dw, db = gradients(w, b)
        return rule(w, dw, lr), (bias_rule or rule)(b, db, lr)

    return update


UPDATE_MISTAKES = misconceptions(
    (
        "update-order",
        "You asked for the second gradient after the first parameter had moved. Both belong to the same place: call"
        " gradients once, at the old w and b, and then update.",
        (_weights_first, _bias_first),
    ),
    (
        "sign",
        "This walks uphill. The gradient points to where the loss grows, so it is subtracted.",
        (_with(lambda p, g, lr: p + lr * g),),
    ),
    (
        "bias-left",
        "The bias has not moved. It follows the same rule as the weights.",
        (_with(lambda p, g, lr: p - lr * g, lambda p, g, lr: p),),
    ),
    (
        "nothing-moved",
        "These are the old w and b. After the step is computed it must be subtracted, and the result returned.",
        (_with(lambda p, g, lr: p),),
    ),
    (
        "steps",
        "These are the steps alone, and not where they lead. Subtract lr times the gradients from the old w and b.",
        (_with(lambda p, g, lr: -lr * g), _with(lambda p, g, lr: lr * g)),
    ),
    (
        "gradients",
        "These are the gradients. The update subtracts lr times them from w and b.",
        (_with(lambda p, g, lr: g),),
    ),
    (
        "decay",
        "You multiplied the gradient by the parameter too. The step is lr times the gradient, and nothing else.",
        (_with(lambda p, g, lr: p * (1 - lr * g)),),
    ),
    (
        "own-value",
        "You subtracted lr times the parameter itself. The step is lr times its gradient.",
        (_with(lambda p, g, lr: p - lr * p),),
    ),
    (
        "direction-only",
        "You used only the sign of the gradient. Its size counts as well: on a steeper slope the step is longer.",
        (_with(lambda p, g, lr: p - lr * np.sign(g)),),
    ),
    (
        "unit-length",
        "You divided the gradient by its length. Where the slope is steep the step is long, and that is meant so.",
        (_with(lambda p, g, lr: p - lr * g / np.linalg.norm(g)),),
    ),
    (
        "over-d",
        "You divided by the number of weights. The step is lr times the gradient as it is.",
        (lambda gradients, w, b, lr: _update(gradients, w, b, lr / len(w)),),
    ),
    (
        "mean-gradient",
        "All weights have moved by the same step. Each has its own gradient, its entry of dw.",
        (_with(lambda p, g, lr: p - lr * np.mean(g)),),
    ),
    (
        "factor",
        "The step is twice too long. A factor 2, where a loss has one, is in its gradient already.",
        (_with(lambda p, g, lr: p - 2 * lr * g),),
    ),
    (
        "two-steps",
        "These are two steps. Return what one leads to.",
        (lambda gradients, w, b, lr: _update(gradients, *_update(gradients, w, b, lr), lr),),
    ),
)


# three-walks: what each of three rates does on L = 3 w^2

WALKS = ("slides", "zigzags", "circles", "diverges")
RATES = (0.1, 0.25, 0.4)
RIGHT_WALKS = ("slides", "zigzags", "diverges")
WALKS_WHY = (
    "A step multiplies w by 1 - 6 lr: by 0.4, which keeps the side, by -0.5, which changes it and comes nearer, and by"
    " -1.4, which changes it and goes farther away."
)


def _walks(*words):
    return lambda: dict(zip(RATES, words, strict=True))


WALK_MISTAKES = misconceptions(
    (
        "curvature-half",
        "It looks as if you took 3 w for the slope. The derivative of 3 w^2 is 6 w, so a step multiplies w by"
        " 1 - 6 lr.",
        (_walks("slides", "slides", "zigzags"),),
    ),
    (
        "never-diverges",
        "Subtracting a gradient does not always lower the loss: when the step is longer than the way to the minimum, it"
        " goes past it. Multiply w by 1 - 6 lr for each rate and look at the sign.",
        (_walks("slides", "slides", "slides"),),
    ),
    (
        "overshoot-is-fatal",
        "To overshoot is not yet to diverge. With 0.25 a step multiplies w by -0.5: it lands on the other side, but"
        " nearer.",
        (_walks("slides", "diverges", "diverges"),),
    ),
    (
        "overshoot-is-harmless",
        "With 0.4 each step does land on the other side. Is it nearer there, or farther away? Compare the size of"
        " 1 - 6 lr with 1.",
        (_walks("slides", "zigzags", "zigzags"),),
    ),
    (
        "edge",
        "To circle, a step must multiply w by exactly -1. With 0.4 the factor is 1 - 6 * 0.4.",
        (_walks("slides", "zigzags", "circles"),),
    ),
    (
        "edge-early",
        "To circle, a step must multiply w by exactly -1. With 0.25 the factor is 1 - 6 * 0.25.",
        (_walks("slides", "circles", "diverges"),),
    ),
    (
        "reversed",
        "Your smallest rate makes the longest steps. It is the other way around: a step is lr times the slope.",
        (_walks("diverges", "zigzags", "slides"),),
    ),
)


def _judge_walks():
    def judge(answer, rng):
        result = call(answer, (), "")
        if not isinstance(result, dict):
            raise Settled(f"It returns {kind_of(result)}; a dict is needed, with a word for each of {listed(RATES)}.")
        if set(result) != set(RATES):
            raise Settled(f"The keys of the dict must be the three rates {listed(RATES)}, as numbers.")
        words = [" ".join(result[rate].split()).lower() if isinstance(result[rate], str) else None for rate in RATES]
        if all(result[rate] is None for rate in RATES):
            raise Settled("Replace each None with one of the four words.", NOT_ATTEMPTED)
        for rate, word in zip(RATES, words, strict=True):
            if word not in WALKS:
                raise Settled(f"The word for {rate} is none of the four: {listed(map(repr, WALKS))}.")
        if words == list(RIGHT_WALKS):
            return Verdict(PASSED, WALKS_WHY)
        for mistake in WALK_MISTAKES:
            if words == list(mistake.answer().values()):
                return mistake.verdict
        wrong = next(rate for rate, word, right in zip(RATES, words, RIGHT_WALKS, strict=True) if word != right)
        says = "A step multiplies w by 1 - 6 lr: work that number out, then look at its sign and size."
        return mistaken(f"Not with {wrong}. {says}", None)

    return settling(judge, WALK_MISTAKES)


# largest-rate: the largest stable rate of a quadratic with a matrix of second derivatives


def _largest_rate(H):
    return 2 / np.linalg.eigvalsh(H)[-1]


def _positive(H):
    """The same, where it is a bowl; no other shape of the loss is asked about."""
    if np.linalg.eigvalsh(H)[0] <= 0:
        raise ValueError("H is not positive definite")
    return (H,)


def _bowls(rng):
    """Matrices of second derivatives, at two sizes at least, whose largest entry is not on the longest axis."""
    cases = []
    for d in (2, 3, 5):
        X = rng.normal(size=(3 * d, d)) * rng.uniform(0.5, 3.0, size=d) + rng.uniform(1.0, 2.0, size=d)
        cases.append((2 * X.T @ X / len(X),))
    return cases


def _other_bowls(rng):
    """The steepest direction last and first: NumPy's eig gives eigenvalues in no order that one may count on."""
    gentle, steep = rng.uniform(0.2, 0.6), rng.uniform(2.0, 5.0)
    return [
        ("a steepest direction that comes last", (np.diag([gentle, steep]),)),
        ("a steepest direction that comes first", (np.diag([steep, gentle]),)),
        ("a single weight", (np.array([[steep]]),)),
    ]


RATE_MISTAKES = misconceptions(
    (
        "half",
        "This is half of the limit. At 1/c the steepest direction is done in one step; beyond it the walk overshoots"
        " and still arrives, up to 2/c.",
        (lambda H: 1 / np.linalg.eigvalsh(H)[-1],),
    ),
    (
        "flattest",
        "You took the smallest curvature, that of the flattest direction. The others diverge long before: the steepest"
        " one sets the limit, 2/c.",
        (lambda H: 2 / np.linalg.eigvalsh(H)[0], lambda H: 1 / np.linalg.eigvalsh(H)[0]),
    ),
    (
        "diagonal",
        "You looked along the axes only. The steepest direction of a ravine may lie between them: take the largest"
        " eigenvalue, not the largest entry on the diagonal.",
        (lambda H: 2 / np.diag(H).max(), lambda H: 1 / np.diag(H).max()),
    ),
    (
        "trace",
        "The trace adds the curvatures of all directions, so this rate is safe but smaller than it need be. Only the"
        " steepest direction counts.",
        (lambda H: 2 / np.trace(H),),
    ),
    (
        "mean-curvature",
        "This is the limit of the mean curvature. In the steepest direction the walk diverges already.",
        (lambda H: 2 / np.linalg.eigvalsh(H).mean(),),
    ),
    (
        "frobenius",
        "np.linalg.norm adds up the squares of all entries. The largest eigenvalue is smaller than that.",
        (lambda H: 2 / np.linalg.norm(H),),
    ),
    (
        "row-sum",
        "The largest sum over a row is never below the largest eigenvalue, so this rate is safe. The limit itself"
        " needs the eigenvalue.",
        (lambda H: 2 / np.abs(H).sum(axis=0).max(),),
    ),
    (
        "upside-down",
        "This rate grows where the surface gets steeper. It must be smaller there: c stands below the line, in 2/c.",
        (lambda H: np.linalg.eigvalsh(H)[-1], lambda H: np.linalg.eigvalsh(H)[-1] / 2),
    ),
    (
        "every-direction",
        "This is the limit of each direction. The walk goes in all of them at once, so one limit binds: which?",
        (lambda H: 2 / np.linalg.eigvalsh(H),),
    ),
    (
        "both-ends",
        "With this rate the steepest and the flattest direction shrink alike, and it is a good one to walk with."
        " The limit is larger: it depends on the steepest direction alone.",
        (lambda H: 2 / (np.linalg.eigvalsh(H)[0] + np.linalg.eigvalsh(H)[-1]),),
    ),
    (
        "root",
        "You took the root of the curvature. The eigenvalues of H are the curvatures themselves.",
        (lambda H: 2 / np.sqrt(np.linalg.eigvalsh(H)[-1]),),
    ),
    (
        "ratio",
        "np.linalg.cond compares the steepest curvature with the flattest. The limit needs the steepest alone.",
        (lambda H: 2 / np.linalg.cond(H),),
    ),
)


# stop-when-converged: descend until no gradient is larger than the tolerance


def _descend(gradient, w, lr, tolerance, most):
    for steps in range(most):
        g = gradient(w)
        if np.max(np.abs(g)) < tolerance:
            return w, steps
        w = w - lr * g
    return w, most


def _quadratic(center, curvatures):
    def gradient(w):
        return curvatures * (np.asarray(w) - center)

    return gradient


def _descents(rng):
    """Three descents, of which the second takes too long; one whose slopes cancel; one that begins at the minimum."""
    cases = []
    for d, lr, tolerance, most, start in ((3, 0.3, 1e-3, 500, 3.0), (5, 0.02, 1e-4, 12, 2.0), (2, 0.6, 1e-2, 300, 4.0)):
        center, curvatures = rng.normal(size=d), rng.uniform(0.9, 1.5, size=d)
        curvatures[:2] = 0.7, 0.5  # the last slope to become small is a negative one, and before it a positive one
        away = start * rng.uniform(0.5, 1.0, size=d) * np.where((np.arange(d) % 2) | (d == 5), -1.0, 1.0)
        cases.append((_quadratic(center, curvatures), center + away, lr, tolerance, most))
    center, away = rng.normal(size=4), rng.uniform(1.0, 2.0) * np.array([1.0, -1.0, -1.0, 1.0])
    cases.append((_quadratic(center, np.ones(4)), center + away, 0.4, 1e-3, 50))
    cases.append((_quadratic(center, np.ones(4)), center.copy(), 0.1, 1e-3, 50))
    return cases


def _at_the_tolerance(rng):
    bowl = _quadratic(np.zeros(2), np.ones(2))
    return [
        ("a gradient that is exactly as large as the tolerance", (bowl, np.array([0.5, -0.25]), 0.5, 0.5, 20)),
        ("no step at all", (bowl, rng.normal(size=2) + 3.0, 0.5, 1e-3, 0)),
    ]


def _descending(stop, after=False, unlimited=False):
    """A wrong descent with its own test stop(g, step, w, tolerance); the test may come after the step."""

    def descend(gradient, w, lr, tolerance, most):
        for steps in range(10_000 if unlimited else most):
            g = gradient(w)
            step = lr * g
            if not after and stop(g, step, w, tolerance):
                return w, steps
            w = w - step
            if after and stop(g, step, w, tolerance):
                return w, steps + 1
        return w, most

    return descend


def _largest(g):
    return np.max(np.abs(g))


def _stopping_short(gradient, w, lr, tolerance, most):
    w, steps = _descend(gradient, w, lr, tolerance, most)
    return w, min(steps, most - 1)


def _asks_after_the_step(gradient, w, lr, tolerance, most):
    place, steps = _descend(gradient, w - lr * gradient(w), lr, tolerance, most - 1)
    return place, steps + 1


STOP_MISTAKES = misconceptions(
    (
        "step-small",
        "You stop when the step is small. With a small learning rate every step is small, anywhere on the slope: ask"
        " the gradient.",
        (_descending(lambda g, step, w, tolerance: _largest(step) < tolerance),),
    ),
    (
        "step-small-after",
        "You compare the new w with the old one. With a small learning rate they are close anywhere on the slope: ask"
        " the gradient, and before the step.",
        (_descending(lambda g, step, w, tolerance: _largest(step) < tolerance, after=True),),
    ),
    (
        "no-abs",
        "It stops on a steep slope downward. That is a large negative number, and smaller than any tolerance: take the"
        " absolute value.",
        (_descending(lambda g, step, w, tolerance: np.max(g) < tolerance),),
    ),
    (
        "abs-too-late",
        "You took the largest entry first and its absolute value then. A steep negative slope is not the largest"
        " entry: np.abs comes first.",
        (_descending(lambda g, step, w, tolerance: abs(np.max(g)) < tolerance),),
    ),
    (
        "sum",
        "You add the gradients up, where positive and negative ones cancel. Each of them must be small: take the"
        " absolute values first, then the largest.",
        (_descending(lambda g, step, w, tolerance: abs(np.sum(g)) < tolerance),),
    ),
    (
        "any",
        "You stop as soon as one of the gradients is small. All of them must be: look at the largest.",
        (_descending(lambda g, step, w, tolerance: np.min(np.abs(g)) < tolerance),),
    ),
    (
        "whole-gradient",
        "You compare one number for the whole gradient, its length or a sum. Here each entry is compared with the"
        " tolerance: look at the largest.",
        (
            _descending(lambda g, step, w, tolerance: np.linalg.norm(g) < tolerance),
            _descending(lambda g, step, w, tolerance: np.sum(np.abs(g)) < tolerance),
            _descending(lambda g, step, w, tolerance: np.sum(g**2) < tolerance),
        ),
    ),
    (
        "mean-slope",
        "You take the mean of the slopes, in which a steep one can hide among flat ones. Look at the largest.",
        (_descending(lambda g, step, w, tolerance: np.mean(np.abs(g)) < tolerance),),
    ),
    (
        "turned-around",
        "It stops where a slope is large. The comparison is turned around: stop when all are smaller than the"
        " tolerance.",
        (_descending(lambda g, step, w, tolerance: _largest(g) > tolerance),),
    ),
    (
        "one-step-too-many",
        "You take one more step after the gradient was found to be small. Ask first, then step: a walk that begins at"
        " the minimum takes no step at all.",
        (_descending(lambda g, step, w, tolerance: _largest(g) < tolerance, after=True),),
    ),
    (
        "asks-too-late",
        "You ask only after a step. A start that is good enough needs none: ask before each step.",
        (_asks_after_the_step,),
    ),
    (
        "never-stops",
        "It always takes as many steps as it may. Stop as soon as no gradient is as large as the tolerance.",
        (_descending(lambda *_: False),),
    ),
    (
        "at-once",
        "It never takes a step. If the start and the present w are one array, they are always equal: w = w - lr * g"
        " makes a new array, w -= lr * g does not.",
        (lambda gradient, w, lr, tolerance, most: (w, 0),),
    ),
    (
        "one-and-stop",
        "It stops after one step. If the old w and the new one are the same array, their difference is zero from the"
        " first step on; ask the gradient instead.",
        (lambda gradient, w, lr, tolerance, most: (w - lr * gradient(w), 1),),
    ),
    (
        "sign",
        "This walks uphill: subtract lr times the gradient.",
        (lambda gradient, *rest: _descend(lambda w: -gradient(w), *rest),),
    ),
    (
        "gradient-once",
        "The gradient was taken once, at the start. It changes from place to place: call gradient(w) in the loop.",
        (lambda gradient, w, *rest: _descend(lambda _: gradient(w), w, *rest),),
    ),
    (
        "no-limit",
        "The limit on the number of steps is not kept: after `most` steps return what you have.",
        (_descending(lambda g, step, w, tolerance: _largest(g) < tolerance, unlimited=True),),
    ),
    (
        "limit",
        "The limit is missed by one: at most `most` steps are allowed, and all of them if they are needed.",
        (
            lambda gradient, w, lr, tolerance, most: _descend(gradient, w, lr, tolerance, most + 1),
            lambda gradient, w, lr, tolerance, most: _descend(gradient, w, lr, tolerance, most - 1),
        ),
    ),
    (
        "count-at-the-limit",
        "w is right, and so are the steps but where the limit ends the loop. There `most` of them have been taken:"
        " range(most) counts from 0, so its last number is one less.",
        (_stopping_short,),
    ),
)


PROBLEMS = (
    Problem(
        id="update-rule",
        title="The update rule",
        points=2,
        hints=(
            "gradients(w, b) returns two things, dw and db. Take both before you change anything.",
            "Each parameter moves by minus lr times its own gradient.",
            "dw, db = gradients(w, b), and then return w - lr * dw and the same for b.",
        ),
        judge=judge_function(_update, _fits, UPDATE_MISTAKES, returns="w b"),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="three-walks",
        title="Predict three walks",
        points=2,
        hints=(
            "The slope of 3 w^2 is 6 w. What does one step make of w?",
            "The new w is w - lr * 6 w = (1 - 6 lr) w: every step multiplies w by the same number.",
            "A number between 0 and 1 keeps the side and comes closer; between -1 and 0 it changes sides and comes"
            " closer; below -1 it moves away.",
        ),
        judge=_judge_walks(),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="largest-rate",
        title="The largest stable rate",
        points=3,
        hints=(
            "In one dimension the limit is 2/c, where c is the second derivative. Which direction reaches its limit"
            " first?",
            "The curvatures of a surface in its own directions are the eigenvalues of H.",
            "np.linalg.eigvalsh(H) gives them, for a symmetric matrix, from the smallest to the largest.",
        ),
        judge=judge_function(_largest_rate, _bowls, RATE_MISTAKES, complete=_positive, boundaries=_other_bowls),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="stop-when-converged",
        title="Stop when converged",
        points=2,
        hints=(
            "Two things are wrong in the code: what it compares, and that the old w and the new w are the same array.",
            "Test the gradient before the step: the largest of np.abs(g) against the tolerance.",
            "In a loop over range(most): compute g; if its largest size is below the tolerance, return w and the number"
            " of steps so far; else w = w - lr * g. After the loop return w and most.",
        ),
        judge=judge_function(_descend, _descents, STOP_MISTAKES, returns="w steps", boundaries=_at_the_tolerance),
        minutes=10,
        difficulty=2,
    ),
)
