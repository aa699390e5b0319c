"""Lesson 05: the update of weights and biases, what the learning rate does, and when to stop."""

import numpy as np

from bplib.course.judging.judges import Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.reading import (
    NOT_ATTEMPTED,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    kind_of,
    listed,
    mistaken,
    settling,
)
from bplib.course.judging.turns import judge_value, turn

LESSON = "05_weight_updates"
TITLE = "Weight updates"


# update-rule: one step for parameters in a dict, whose gradients come from a function


def _update(gradients, params, lr):
    grads = gradients(params)
    return {name: value - lr * grads[name] for name, value in params.items()}


def _fitting(X, Y, weights, biases):
    """The gradients of the mean squared error of X @ weights + biases, as a function of a dict of both."""

    def gradients(params):
        error = 2 * (X @ np.asarray(params[weights]) + np.asarray(params[biases]) - Y) / Y.size
        return {weights: X.T @ error, biases: error.sum(axis=0)}

    return gradients


def _fit(rng, n, d, k, lr, names):
    gradients = _fitting(rng.normal(size=(n, d)) + 1.0, rng.normal(size=(n, k)), *names)
    return gradients, dict(zip(names, (rng.normal(size=(d, k)), rng.normal(size=k)), strict=True)), lr


def _fits(rng):
    sizes = ((7, 3, 2, 0.1), (9, 5, 3, 0.4), (11, 2, 4, 0.03))
    return [_fit(rng, *each, ("W", "b")) for each in sizes]


def _other_names(rng):
    center = rng.normal(size=3)
    bowl = {"w": center + 1.0}
    return [
        ("parameters of other names", _fit(rng, 7, 4, 2, 0.1, ("0.W", "0.b"))),
        ("a single parameter", (lambda params: {"w": 2 * (np.asarray(params["w"]) - center)}, bowl, 0.1)),
    ]


def _in_turn(order):
    """A wrong update that moves one parameter after the other, and asks for the gradients anew each time."""

    def update(gradients, params, lr):
        params = dict(params)
        for name in order(params):
            params[name] = params[name] - lr * np.asarray(gradients(params)[name])
        return params

    return update


def _with(rule, of=None):
    """A wrong update: each parameter follows rule(parameter, gradient, lr); of(params) names those that move."""

    def update(gradients, params, lr):
        grads, moving = gradients(params), of(params) if of else list(params)
        return {name: rule(p, grads[name], lr) if name in moving else p for name, p in params.items()}

    return update


def _down(p, g, lr):
    return p - lr * g


def _into_the_old_arrays(gradients, params, lr):
    new, grads = dict(params), gradients(params)
    for name in new:
        new[name] -= lr * grads[name]
    return new


def _into_the_old_dict(gradients, params, lr):
    grads = gradients(params)
    for name in params:
        params[name] = params[name] - lr * grads[name]
    return params


UPDATE_MISTAKES = misconceptions(
    (
        "update-order",
        "You asked for the second gradient after the first parameter had moved. All gradients belong to the same place:"
        " call gradients once, with the old params, and then update.",
        (_in_turn(list), _in_turn(reversed)),
    ),
    (
        "old-arrays",
        "The given arrays have changed. -= writes into the array that is there, also in a copy of the dict, which holds"
        " the same arrays: params[name] - lr * grads[name] makes a new one.",
        (_into_the_old_arrays,),
    ),
    (
        "old-dict",
        "The given dict has changed. params[name] = ... puts a new array into it: collect the new ones in a dict of"
        " your own, which begins as {}.",
        (_into_the_old_dict,),
    ),
    (
        "sign",
        "This walks uphill. The gradient points to where the loss grows, so it is subtracted.",
        (_with(lambda p, g, lr: p + lr * g),),
    ),
    (
        "first-only",
        "One of the parameters has not moved. Each follows the same rule, whatever its name is: go through all of"
        " them.",
        (_with(_down, of=lambda params: list(params)[:1]), _with(_down, of=lambda params: list(params)[1:])),
    ),
    (
        "nothing-moved",
        "These are the old parameters. After the step is computed it must be subtracted, and the result returned.",
        (_with(lambda p, g, lr: p),),
    ),
    (
        "steps",
        "These are the steps alone, and not where they lead. Subtract lr times the gradients from the old parameters.",
        (_with(lambda p, g, lr: -lr * g), _with(lambda p, g, lr: lr * g)),
    ),
    (
        "gradients",
        "These are the gradients. The update subtracts lr times them from the parameters of the same names.",
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
        "mean-gradient",
        "All entries of a parameter have moved by the same step. Each has its own gradient: subtract the arrays entry"
        " by entry.",
        (_with(lambda p, g, lr: p - lr * np.mean(g)),),
    ),
    (
        "over-size",
        "You divided by the number of entries. The step is lr times the gradient as it is.",
        (_with(lambda p, g, lr: p - lr * g / np.size(g)), _with(lambda p, g, lr: p - lr * g / len(g))),
    ),
    (
        "squared-gradient",
        "You squared the gradient. Then its sign is lost: the step is lr times the gradient as it is.",
        (_with(lambda p, g, lr: p - lr * g**2),),
    ),
    (
        "factor",
        "The step is twice too long. A factor 2, where a loss has one, is in its gradient already.",
        (_with(lambda p, g, lr: p - 2 * lr * g),),
    ),
    (
        "two-steps",
        "These are two steps. Return what one leads to.",
        (lambda gradients, params, lr: _update(gradients, _update(gradients, params, lr), lr),),
    ),
)


def _judge_update():
    """As `judge_function`; of an answer that writes into its input it finds out how."""
    inner = judge_function(_update, _fits, UPDATE_MISTAKES, boundaries=_other_names)

    def judge(answer, rng):
        seed = int(rng.integers(1 << 31))
        verdict = inner(answer, seed=seed)
        if verdict.misconception != "in place":
            return verdict
        try:
            call(answer, fresh(_fits(np.random.default_rng(seed))[0]), "")
        except Settled:  # the arrays refuse it, and a dict takes whatever is put into it
            return verdict_of(UPDATE_MISTAKES, "old-arrays")
        return verdict_of(UPDATE_MISTAKES, "old-dict")

    return settling(judge, inner.misconceptions)


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


# four-plots: what is wrong with a training, read off its losses

PLOTS = ("A", "B", "C", "D")
DIAGNOSES = ("too small", "right", "bounces", "diverges")
RIGHT_PLOTS = ("bounces", "too small", "diverges", "right")
PLOTS_WHY = (
    "A jumps and never settles, B falls in a straight line and its axis says by how little, C falls at first and then"
    " grows from step to step, D is down after a few steps and stays."
)


def _plots(*words):
    return lambda: dict(zip(PLOTS, words, strict=True))


PLOT_MISTAKES = misconceptions(
    (
        "axis-of-b",
        "B and D both fall. Read the numbers beside the axes: by how much has B fallen in the end, and is its curve"
        " flat there?",
        (_plots("bounces", "right", "diverges", "too small"),),
    ),
    (
        "c-falls-first",
        "A and C are exchanged. Which of the two has losses that grow without an end, and which returns again and again"
        " to the same heights?",
        (_plots("diverges", "too small", "bounces", "right"),),
    ),
    (
        "all-that-rises",
        "You say of two plots that they diverge. To diverge is to grow and grow: a loss that comes down again after"
        " each jump does not.",
        (_plots("diverges", "too small", "diverges", "right"),),
    ),
    (
        "all-that-bounces",
        "You say of two plots that they bounce. Look at the right end of C: does the loss ever come down again?",
        (_plots("bounces", "too small", "bounces", "right"),),
    ),
    (
        "both-right",
        "You say of two plots that they are right. A curve that still falls at its end, and has hardly fallen, is not"
        " done: look at the axis of B.",
        (_plots("bounces", "right", "diverges", "right"),),
    ),
    (
        "both-small",
        "You say of two plots that the rate is too small. A curve that is flat has arrived; one that still falls has"
        " not: look at the right end of D.",
        (_plots("bounces", "too small", "diverges", "too small"),),
    ),
)


def _judge_words(keys, choices, right, why, mistakes, says, what):
    """A judge of a dict with a word for each key; says is told of what nobody foresaw, what names the keys."""

    def judge(answer, rng):
        result = call(answer, (), "")
        if not isinstance(result, dict):
            raise Settled(f"It returns {kind_of(result)}; a dict is needed, with a word for each of {listed(keys)}.")
        if set(result) != set(keys):
            raise Settled(f"The keys of the dict must be the {what}.")
        words = [" ".join(result[key].split()).lower() if isinstance(result[key], str) else None for key in keys]
        if all(result[key] is None for key in keys):
            raise Settled("Replace each None with one of the four words.", NOT_ATTEMPTED)
        for key, word in zip(keys, words, strict=True):
            if word not in choices:
                raise Settled(f"The word for {key} is none of the four: {listed(map(repr, choices))}.")
        if words == list(right):
            return Verdict(PASSED, why)
        for mistake in mistakes:
            if words == list(mistake.answer().values()):
                return mistake.verdict
        wrong = next(key for key, word, needed in zip(keys, words, right, strict=True) if word != needed)
        return mistaken(f"Not with {wrong}. {says}", None)

    return settling(judge, mistakes)


def _judge_walks():
    says = "A step multiplies w by 1 - 6 lr: work that number out, then look at its sign and size."
    what = f"three rates {listed(RATES)}, as numbers"
    return _judge_words(RATES, WALKS, RIGHT_WALKS, WALKS_WHY, WALK_MISTAKES, says, what)


def _judge_plots():
    says = "Ask of it: does it grow without an end, does it jump to and fro, is it flat at its end, or still falling?"
    return _judge_words(
        PLOTS, DIAGNOSES, RIGHT_PLOTS, PLOTS_WHY, PLOT_MISTAKES, says, f"four letters {listed(PLOTS)}, as text"
    )


# largest-rate: the largest stable rate of a quadratic with a matrix of second derivatives


def _largest_rate(H):
    return 2 / np.linalg.eigvalsh(H)[-1]


def _positive(H):
    """The same, where it is a bowl; no other shape of the loss is asked about."""
    if np.linalg.eigvalsh(H)[0] <= 0:
        raise ValueError("H is not positive definite")
    return (H,)


# The steepest direction last, and first: NumPy's eig gives eigenvalues in no order that one may count on. They stand
# nearly along the axes, where it gives them as it meets them.
_STEEP_LAST = np.array([[0.5, 0.1], [0.1, 4.0]])
_STEEP_FIRST = np.array([[3.0, 0.1, 0.0], [0.1, 0.8, 0.05], [0.0, 0.05, 0.3]])


def _bowls(rng):
    """Matrices of second derivatives, at two sizes at least, whose largest entry is not on the longest axis."""
    cases = [(_STEEP_LAST,), (_STEEP_FIRST,)]
    for d in (2, 3, 5):
        X = rng.normal(size=(3 * d, d)) * rng.uniform(0.5, 3.0, size=d) + rng.uniform(1.0, 2.0, size=d)
        cases.append((2 * X.T @ X / len(X),))
    return cases


def _other_bowls(rng):
    """The steepest direction last and first, along the axes themselves, and one direction alone."""
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
        "quarter",
        "This is a quarter of the limit. The 2 stands above the line and c below it: 2/c, and not 1/(2c).",
        (lambda H: 1 / (2 * np.linalg.eigvalsh(H)[-1]),),
    ),
    (
        "unsorted",
        "You took the eigenvalue at one end of a list that is in no order: np.linalg.eig does not sort. Take the"
        " largest, with max, or let np.linalg.eigvalsh give them sorted.",
        (lambda H: 2 / np.linalg.eig(H)[0][0], lambda H: 2 / np.linalg.eig(H)[0][-1]),
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
        "all-entries",
        "You added up all entries of H. The sum is no curvature: take the largest eigenvalue.",
        (lambda H: 2 / np.sum(H), lambda H: 2 / np.abs(H).sum()),
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


def _one_round_more(gradient, w, lr, tolerance, most):
    place, steps = _descend(gradient, w, lr, tolerance, most + 1)
    return place, min(steps, most)


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
        "You add the gradients up, or average them, and positive and negative ones cancel. Each of them must be"
        " small: take the absolute values first, then the largest.",
        (
            _descending(lambda g, step, w, tolerance: abs(np.sum(g)) < tolerance),
            _descending(lambda g, step, w, tolerance: abs(np.mean(g)) < tolerance),
        ),
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
            lambda gradient, w, lr, tolerance, most: (_descend(gradient, w, lr, tolerance, most + 1)[0], most),
            _one_round_more,
        ),
    ),
    (
        "count-at-the-limit",
        "w is right, and so are the steps but where the limit ends the loop. There `most` of them have been taken:"
        " range(most) counts from 0, so its last number is one less.",
        (_stopping_short,),
    ),
)


# The turns in the lesson


def _new_place(w, slope, lr):
    return w - lr * slope


def _places(rng):
    return [
        tuple(map(float, rng.uniform(0.2, 2.0, size=3) * rng.choice([-1.0, 1.0], size=3) ** (1, 1, 0))) for _ in "abcd"
    ]


PLACE_MISTAKES = misconceptions(
    ("uphill", "This walks uphill. The slope points to where the loss grows.", (lambda w, slope, lr: w + lr * slope,)),
    (
        "step",
        "This is the step alone. Where does it lead from w?",
        (lambda w, slope, lr: -lr * slope, lambda w, slope, lr: lr * slope),
    ),
    (
        "slope-of-one-loss",
        "2 w is the slope of one loss, of w^2. Here the slope is given, as the argument of that name.",
        (lambda w, slope, lr: w - lr * 2 * w,),
    ),
    ("no-rate", "The learning rate is missing. The step is lr times the slope.", (lambda w, slope, lr: w - slope,)),
    ("decay", "The step is lr times the slope. w itself is no part of it.", (lambda w, slope, lr: w - lr * slope * w,)),
)

TURNS = (
    turn(
        "turn-recall-bias",
        "The gradient of a bias",
        judge_value(
            0.8,
            "a - y, 0.8 - 0: the bias has no input to be multiplied by, and the slope of the sigmoid has canceled.",
            {
                -0.8: "The error is prediction minus truth.",
                0.16: "This is the slope of the sigmoid. With the cross-entropy it cancels.",
                0.128: "The slope of the sigmoid stands in it once too often: with the cross-entropy it cancels.",
                0.2: "This is 1 - a, as for a truth of 1. Here y is 0: what is a - y?",
                -0.2: "This is a - 1, as for a truth of 1. Here y is 0: what is a - y?",
                5: "This is dL/da, one link too early: multiply it by the slope of the sigmoid.",
            },
        ),
        "With the sigmoid and the cross-entropy, dL/dz is a - y. And dz/db?",
    ),
    turn(
        "turn-recall-ways",
        "How many ways back",
        judge_value(
            1,
            "One way back finds the gradients of all weights, since they share one loss.",
            {
                1_000_000: "So many ways forward it would take, one for each weight. And backward?",
                2: "The forward pass is not counted: how many ways back?",
                1000: "It does not depend on how many weights there are.",
            },
        ),
        "What does a single way back know at its end?",
    ),
    turn(
        "turn-overshoot",
        "One step with 0.9",
        judge_value(
            -0.8,
            "The slope at 1 is 2, and 1 - 0.9 times 2 lies on the other side.",
            {
                0.1: "The slope at w = 1 is 2 w, and not w.",
                0.8: "The size is right. On which side of 0 does it land?",
                -1.8: "This is the step alone. Where does it lead from 1?",
                2.8: "This walks uphill.",
            },
        ),
        "The slope of w^2 at 1 is 2.",
    ),
    turn(
        "turn-new-place",
        "One step in code",
        judge_function(_new_place, _places, PLACE_MISTAKES),
        "Against the slope, by lr times its size.",
    ),
    turn(
        "turn-factor",
        "The factor of a step",
        judge_value(
            -0.2,
            "1 - eta c, and 0.3 times 4 is 1.2: the walk changes sides and comes nearer.",
            {
                1.2: "This is eta c. What is left of the distance is 1 - eta c.",
                0.2: "The size is right. Does the walk change sides?",
                -1.4: "For L = c/2 (w - w*)^2 the slope is c times the distance, without a 2.",
            },
        ),
        "A step multiplies the distance by 1 - eta c.",
    ),
    turn(
        "turn-best-rate",
        "The best rate of a ravine",
        judge_value(
            (0.2, 0.8),
            "2/(1 + 9) is 0.2; with it the flat direction keeps 1 - 0.2 and the steep one 1 - 1.8 of its distance.",
            {
                (0.2, -0.8): "The size of the factor is asked for, and it is the same in both directions.",
                (0.2, 0.2): "1 - 0.2 times 1: what is left, and not what is gone.",
                (0.2, 9): "The rate is right. 9 is the condition number; the shrinking is 1 - 0.2 times 1.",
                (0.2, 8 / 9): "The rate is right. Put it, and not 1/9, into 1 - eta c for c = 1.",
                (2 / 9, 0.8): "2/9 is the limit of the steep direction. The best rate has both curvatures below the"
                " line, and the 0.8 belongs to it.",
                (2 / 9, 7 / 9): "This is the limit of the steep direction, where it does not shrink at all.",
                (1 / 9, 8 / 9): "With 1/c the steep direction is done in one step, and the flat one has to wait.",
                (0.1, 0.9): "The limit of each direction is 2/c: a 2 stands above the line.",
            },
        ),
        "The best rate is 2/(c_min + c_max).",
        "Put it into 1 - eta c for c = 1 and for c = 9.",
    ),
    turn(
        "turn-saddle",
        "What kind of place",
        judge_value(
            "saddle",
            "Uphill both ways along one direction, downhill both ways along the other.",
            {
                "minimum": "Along the second direction the curvature is negative: there the loss falls on both sides.",
                "maximum": "Along the first direction the curvature is positive: there the loss rises on both sides.",
                "slope": "The gradient is zero there, so it is no slope.",
            },
            also=("saddle point", "saddlepoint", "a saddle"),
        ),
        "One curvature is positive and one is negative.",
    ),
)


PROBLEMS = (
    Problem(
        id="update-rule",
        title="The update rule",
        points=2,
        hints=(
            "gradients(params) returns a dict with the same names. Take all of it before you change anything.",
            "Each parameter moves by minus lr times its own gradient, the one of the same name.",
            "grads = gradients(params), then a new dict: for each name, value of params.items() it holds"
            " value - lr * grads[name].",
        ),
        judge=_judge_update(),
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
        id="four-plots",
        title="Name four loss plots",
        points=2,
        hints=(
            "Read the axis of each plot first: two curves may look alike and fall by very different amounts.",
            "Growing without an end, jumping to and fro, flat at the end, still falling at the end: each is one of"
            " them.",
            "B falls by a few hundredths in fourteen steps; D is down after a few and stays there.",
        ),
        judge=_judge_plots(),
        minutes=5,
        difficulty=2,
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
