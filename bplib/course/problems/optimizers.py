"""Lesson 09: momentum, a broken RMSprop, Adam step by step, and what decay becomes under Adam."""

from itertools import product

import numpy as np

from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_numbers

LESSON = "09_optimizers"
TITLE = "Optimizers"


def _bowl(rng, d):
    """The gradient of a bowl with axes in no special direction, and a start."""
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    H, center = axes * rng.uniform(0.5, 4.0, size=d) @ axes.T, rng.normal(size=d)
    return (lambda w: H @ (w - center)), center + 2.0 * rng.normal(size=d)


# momentum: v <- mu v + g, w <- w - lr v


def _momentum_cases(rng):
    return [
        (*_bowl(rng, d), lr, mu, steps) for d, lr, mu, steps in ((3, 0.1, 0.9, 4), (5, 0.07, 0.8, 7), (2, 0.2, 0.6, 5))
    ]


def _momentum_boundaries(rng):
    bowl = _bowl(rng, 3)
    return [
        ("no step at all", (*bowl, 0.1, 0.9, 0)),
        ("a single step", (*bowl, 0.1, 0.9, 1)),
        ("mu = 0", (*bowl, 0.1, 0.0, 4)),
    ]


def _descent(
    velocity,
    change=lambda v, v_old, g, lr, mu: -lr * v,
    place=lambda w, start, v, lr, mu: w,
    begin=0.0,
    more=0,
):
    """A descent with a velocity; each argument is one thing that a learner may get wrong."""

    def momentum(gradient, w, lr, mu, steps):
        start, v = w, begin * gradient(w)
        for _ in range(steps + more):
            g = gradient(place(w, start, v, lr, mu))
            v_old, v = v, velocity(v, g, lr, mu)
            w = w + change(v, v_old, g, lr, mu)
        return w

    return momentum


def _usual(v, g, lr, mu):
    return mu * v + g


_momentum = _descent(_usual)


def _last_velocity(gradient, w, lr, mu, steps):
    return (_momentum(gradient, w, lr, mu, steps - 1) - _momentum(gradient, w, lr, mu, steps)) / lr


def _path(gradient, w, lr, mu, steps):
    return np.array([_momentum(gradient, w, lr, mu, count) for count in range(steps + 1)])


MOMENTUM_MISTAKES = misconceptions(
    (
        "no-memory",
        "This is plain gradient descent: the velocity is forgotten at every step. Let it begin at zero before the loop,"
        " and keep mu times it inside.",
        (_descent(lambda v, g, lr, mu: g),),
    ),
    (
        "no-friction",
        "The velocity never fades: each step adds g to all of v. Keep only the share mu of the old velocity.",
        (_descent(lambda v, g, lr, mu: v + g),),
    ),
    (
        "average",
        "You averaged, with (1 - mu) g. That is a known convention too, but its steps are smaller by the factor 1 - mu;"
        " here v = mu v + g.",
        (_descent(lambda v, g, lr, mu: mu * v + (1 - mu) * g),),
    ),
    (
        "memory-exchanged",
        "The two shares are exchanged: mu belongs to the old velocity, not to the gradient.",
        (_descent(lambda v, g, lr, mu: (1 - mu) * v + mu * g),),
    ),
    (
        "adds-twice",
        "v += mu * v + g keeps all of the old velocity and a share of it besides. Write v = mu * v + g.",
        (_descent(lambda v, g, lr, mu: v + mu * v + g),),
    ),
    (
        "rates-exchanged",
        "lr and mu are exchanged: mu is the share of the velocity that stays, and lr the length of the step.",
        (_descent(lambda v, g, lr, mu: lr * v + g, lambda v, v_old, g, lr, mu: -mu * v),),
    ),
    (
        "sign",
        "It runs uphill. If v holds the gradients with a plus, subtract lr v; if you wrote v = mu v - lr g, add v.",
        (_descent(_usual, lambda v, v_old, g, lr, mu: lr * v),),
    ),
    (
        "sign-of-velocity",
        "Every step works against the one before. The old velocity is subtracted where it has to be kept:"
        " v = mu v + g.",
        (_descent(lambda v, g, lr, mu: g - mu * v),),
    ),
    (
        "nesterov",
        "This is Nesterov's momentum, which looks one velocity ahead. The plain one steps along v itself.",
        (
            _descent(_usual, lambda v, v_old, g, lr, mu: -lr * (g + mu * v)),
            _descent(_usual, place=lambda w, start, v, lr, mu: w - lr * mu * v),
        ),
    ),
    (
        "begins-with-gradient",
        "The velocity begins with a gradient, which then counts twice in the first step. It begins at zero.",
        (_descent(_usual, begin=1.0),),
    ),
    (
        "stale-velocity",
        "The weights move before the velocity has heard of the new gradient. First update v, then w.",
        (_descent(_usual, lambda v, v_old, g, lr, mu: -lr * v_old),),
    ),
    (
        "gradient-once",
        "The gradient was taken once, at the start. Ask for gradient(w) inside the loop, where w is now.",
        (_descent(_usual, place=lambda w, start, v, lr, mu: start),),
    ),
    ("step-too-many", "One step too many: the loop runs exactly steps times.", (_descent(_usual, more=1),)),
    (
        "step-too-few",
        "It ends one step short. Either the loop runs once too few, or w moves before v has heard of the new gradient,"
        " so that the first round does nothing.",
        (_descent(_usual, more=-1),),
    ),
    ("path", "This is the whole path. Return the weights at the end alone, its last row.", (_path,)),
    ("returns-velocity", "This is the velocity at the end. Return the weights.", (_last_velocity,)),
)


# rmsprop: a broken one, to be repaired


def _rms_cases(rng):
    return [
        (*_bowl(rng, d), lr, rho, eps, steps)
        for d, lr, rho, eps, steps in ((3, 0.1, 0.9, 1e-8, 4), (5, 0.05, 0.8, 0.1, 6), (2, 0.2, 0.7, 0.02, 5))
    ]


def _rms_boundaries(rng):
    bowl = _bowl(rng, 3)
    return [("no step at all", (*bowl, 0.1, 0.9, 0.1, 0)), ("a single step", (*bowl, 0.1, 0.9, 0.1, 1))]


def _scaled(
    memory=lambda v, g, rho: rho * v + (1 - rho) * g**2,
    scale=lambda v, eps: np.sqrt(v) + eps,
    forgets=False,
    late=False,
    sign=-1.0,
):
    """A descent that measures its steps; each argument is one thing that may be wrong."""

    def rmsprop(gradient, w, lr, rho, eps, steps):
        v = np.zeros_like(w)
        for _ in range(steps):
            g = gradient(w)
            before, v = v, memory(np.zeros_like(w) if forgets else v, g, rho)
            w = w + sign * lr * g / scale(before if late else v, eps)
        return w

    return rmsprop


_rmsprop = _scaled()


def _exchanged(v, g, rho):
    return (1 - rho) * v + rho * g**2


def _no_root(v, eps):
    return v + eps


def _eps_inside(v, eps):
    return np.sqrt(v + eps)


FORGETS = "where v begins: it starts at zero in every round of the loop, so nothing is remembered"
EXCHANGED = "in the two shares: they are exchanged, rho belongs to the old v, and 1 - rho to the new square"
NO_ROOT = "in what the step is divided by: v without its root makes it larger where the gradient is small"
INSIDE = "where eps stands: it is under the root, and here it is added to the root"


def _still_broken():
    """Every way to have repaired some of it, with a sentence on the first of what is left."""
    for forgets, exchanged, scale in product((True, False), (True, False), (_no_root, _eps_inside, None)):
        left = [FORGETS] * forgets + [EXCHANGED] * exchanged
        left += [NO_ROOT] * (scale is _no_root) + [INSIDE] * (scale is _eps_inside)
        if left:
            wrong = {"memory": _exchanged} if exchanged else {}
            wrong |= {"scale": scale} if scale else {}
            mistakes = ("One mistake is left", "Two mistakes are left", "Three mistakes are left")[len(left) - 1]
            says = f"{mistakes}, {'and it is' if len(left) == 1 else 'the first'} {left[0]}."
            yield f"left-{len(left)}", says, (_scaled(forgets=forgets, **wrong),)


RMS_MISTAKES = misconceptions(
    *_still_broken(),
    (
        "adds-up",
        "Here v adds up all squares and never forgets, so the steps shrink for good. That is AdaGrad; RMSprop keeps"
        " the share rho of the old v.",
        (_scaled(lambda v, g, rho: v + g**2),),
    ),
    (
        "no-share",
        "The new square enters v whole. It enters with the share 1 - rho, so that v is an average.",
        (_scaled(lambda v, g, rho: rho * v + g**2),),
    ),
    (
        "no-square",
        "v averages the sizes of the gradients. It is to average their squares, whose root is taken later.",
        (_scaled(lambda v, g, rho: rho * v + (1 - rho) * np.abs(g)),),
    ),
    (
        "root-of-negative",
        "It comes to NaN, since something under a root is negative. v averages the squares of the gradients, which are"
        " never negative, and the root is taken of v alone.",
        (_scaled(lambda v, g, rho: rho * v + (1 - rho) * g),),
    ),
    (
        "measured-late",
        "The weights move before v has heard of the new gradient, so the first step divides by eps alone. First"
        " update v, then w.",
        (_scaled(late=True),),
    ),
    (
        "stores-root",
        "The root is put back into v, and squares are added to it at the next step. Keep v as it is, and take the"
        " root where you divide.",
        (_scaled(lambda v, g, rho: np.sqrt(rho * v + (1 - rho) * g**2), lambda v, eps: v + eps),),
    ),
    (
        "one-scale",
        "All weights share one v. Each weight is measured by its own gradient, so take no mean over the entries.",
        (_scaled(lambda v, g, rho: rho * v + (1 - rho) * np.mean(g**2)),),
    ),
    ("sign", "It runs uphill: the step is subtracted.", (_scaled(sign=1.0),)),
    (
        "multiplies",
        "You multiplied by the root. Dividing by it is what makes large gradients take no larger steps.",
        (_scaled(scale=lambda v, eps: 1 / (np.sqrt(v) + eps)),),
    ),
)


# adam: the weights after each of a few steps with given gradients


def _adam_cases(rng):
    return [
        (rng.normal(size=d), rng.normal(size=(steps, d)) * rng.uniform(0.3, 3.0, size=d), lr, beta1, beta2, eps)
        for d, steps, lr, beta1, beta2, eps in (
            (4, 3, 0.1, 0.9, 0.999, 1e-8),
            (5, 3, 0.02, 0.8, 0.95, 0.1),
            (2, 6, 0.3, 0.6, 0.9, 0.02),
        )
    ]


def _moments(
    first=lambda m, g, b: b * m + (1 - b) * g,
    second=lambda v, g, b: b * v + (1 - b) * g**2,
    correct=lambda m, v, b1, b2, t: (m / (1 - b1**t), v / (1 - b2**t)),
    step=lambda m, v, lr, eps: lr * m / (np.sqrt(v) + eps),
    start=1,
    stores=False,
    exchange=False,
):
    """An Adam; each argument is one thing that a learner may get wrong."""

    def adam(w, gradients, lr, beta1, beta2, eps):
        b1, b2 = (beta2, beta1) if exchange else (beta1, beta2)
        m, v, path = np.zeros_like(w), np.zeros_like(w), []
        for t, g in enumerate(gradients, start):
            m, v = first(m, g, b1), second(v, g, b2)
            m_hat, v_hat = correct(m, v, b1, b2, t)
            if stores:
                m, v = m_hat, v_hat
            w = w - step(m_hat, v_hat, lr, eps)
            path.append(w)
        return np.array(path)

    return adam


_adam = _moments()


def _one_array(w, gradients, lr, beta1, beta2, eps):
    both, path = np.zeros_like(w), []
    for t, g in enumerate(gradients, start=1):
        both = beta2 * (beta1 * both + (1 - beta1) * g) + (1 - beta2) * g**2
        w = w - lr * both / (1 - beta1**t) / (np.sqrt(both / (1 - beta2**t)) + eps)
        path.append(w)
    return np.array(path)


ADAM_MISTAKES = misconceptions(
    (
        "no-correction",
        "The corrections for the start at zero are missing. Look at the first step: m is (1 - beta1) g, and m / (1 -"
        " beta1^t) with t = 1 has to be g itself.",
        (_moments(correct=lambda m, v, b1, b2, t: (m, v)),),
    ),
    (
        "correction-of-m-only",
        "m is corrected and v is not: divide v by 1 - beta2^t before you take its root.",
        (_moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1**t), v)),),
    ),
    (
        "correction-of-v-only",
        "v is corrected and m is not: divide m by 1 - beta1^t.",
        (_moments(correct=lambda m, v, b1, b2, t: (m, v / (1 - b2**t))),),
    ),
    (
        "t-from-0",
        "t begins at 0, where 1 - beta^0 is 0 and nothing can be divided by it. The first step is t = 1.",
        (_moments(start=0),),
    ),
    (
        "t-from-2",
        "t is one too large: at the first step it is 1. Print m / (1 - beta1^t) there; it has to be g.",
        (_moments(start=2),),
    ),
    (
        "t-stays",
        "t stays at 1, so the corrections never fade. It counts the steps: 1, 2, 3 and so on.",
        (_moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1), v / (1 - b2))),),
    ),
    (
        "correction-multiplies",
        "You multiplied by 1 - beta^t. m and v begin too small, so they are divided by it.",
        (_moments(correct=lambda m, v, b1, b2, t: (m * (1 - b1**t), v * (1 - b2**t))),),
    ),
    (
        "one-beta",
        "Both corrections use the same beta. m has beta1 and v has beta2.",
        (_moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1**t), v / (1 - b1**t))),),
    ),
    (
        "times-t",
        "In the corrections beta is multiplied by t. It is beta to the power of t: beta**t.",
        (_moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1 * t), v / (1 - b2 * t))),),
    ),
    (
        "stores-corrected",
        "The corrected m and v are put back into the memory and corrected again at the next step. Give them names of"
        " their own, such as m_hat and v_hat.",
        (_moments(stores=True),),
    ),
    (
        "epsilon-hat",
        "This is nearly it, in the form of Adam that puts the corrections into the learning rate. Its eps stands beside"
        " the root of v, and here it stands beside the root of v_hat, which is larger.",
        (_moments(correct=lambda m, v, b1, b2, t: (m * np.sqrt(1 - b2**t) / (1 - b1**t), v)),),
    ),
    (
        "adds-twice",
        "All of the old average is kept and a share of it besides, as m += beta1 * m does. Write m = beta1 * m + (1 -"
        " beta1) * g, and v alike.",
        (_moments(first=lambda m, g, b: m + b * m + (1 - b) * g, second=lambda v, g, b: v + b * v + (1 - b) * g**2),),
    ),
    (
        "one-array",
        "m and v are one array with two names, as after m = v = np.zeros_like(w): what is written into one is in the"
        " other too. Make two arrays.",
        (_one_array,),
    ),
    (
        "one-row",
        "All rows hold the weights at the end. w was changed in place, and the list holds the same array many times:"
        " write w = w - ..., or append a copy.",
        (lambda w, gradients, *rates: np.tile(_adam(w, gradients, *rates)[-1], (len(gradients), 1)),),
    ),
    (
        "still",
        "Every row begins at the first w: the weights never move on. Each step goes from where the one before has"
        " ended.",
        (lambda w, *rest: w + np.diff(_adam(w, *rest), axis=0, prepend=w[None]),),
    ),
    (
        "eps-inside",
        "This is nearly it, but for the place of eps, which is under the root. Adam adds it to the root: sqrt(v_hat) +"
        " eps.",
        (_moments(step=lambda m, v, lr, eps: lr * m / np.sqrt(v + eps)),),
    ),
    (
        "no-eps",
        "eps is lost: add it to the root of v_hat.",
        (_moments(step=lambda m, v, lr, eps: lr * m / np.sqrt(v)),),
    ),
    (
        "no-root",
        "The step is divided by v_hat, which has the unit of a squared gradient. Divide by its root, sqrt(v_hat) + eps,"
        " which has that of a gradient.",
        (_moments(step=lambda m, v, lr, eps: lr * m / (v + eps)),),
    ),
    (
        "multiplies",
        "You multiplied by the root. Adam divides by it.",
        (_moments(step=lambda m, v, lr, eps: lr * m * (np.sqrt(v) + eps)),),
    ),
    (
        "no-square",
        "v averages the gradients; it has to average their squares.",
        (_moments(second=lambda v, g, b: b * v + (1 - b) * g),),
    ),
    (
        "square-of-m",
        "m averages squares too. It averages the gradients themselves, with their signs.",
        (_moments(first=lambda m, g, b: b * m + (1 - b) * g**2),),
    ),
    (
        "betas-exchanged",
        "The two betas are exchanged: beta1 is the memory of m, beta2 that of v, in the averages and in the"
        " corrections.",
        (_moments(exchange=True),),
    ),
    (
        "shares-exchanged",
        "The shares are exchanged: beta belongs to the old average, and 1 - beta to what is new.",
        (_moments(first=lambda m, g, b: (1 - b) * m + b * g, second=lambda v, g, b: (1 - b) * v + b * g**2),),
    ),
    (
        "no-share",
        "What is new enters the averages whole. It enters with the share 1 - beta.",
        (_moments(first=lambda m, g, b: b * m + g, second=lambda v, g, b: b * v + g**2),),
    ),
    (
        "no-momentum",
        "This is RMSprop with a correction. The step uses g where Adam has m_hat.",
        (_moments(first=lambda m, g, b: g, correct=lambda m, v, b1, b2, t: (m, v / (1 - b2**t))),),
    ),
    (
        "sign",
        "It runs uphill: the step is subtracted.",
        (_moments(step=lambda m, v, lr, eps: -lr * m / (np.sqrt(v) + eps)),),
    ),
    (
        "with-start",
        "The start is among the rows. Return the weights after each step: as many rows as there are gradients.",
        (lambda w, *rest: np.vstack([w, _adam(w, *rest)]),),
    ),
)


# decay: one step of Adam with an L2 penalty, and of AdamW, by hand

RATE, DECAY, WEIGHT, GRADIENTS = 0.1, 0.2, 2.0, (0.8, -30.0, 0.0)


def _changes(l2, adamw):
    """The six numbers; l2(g) and adamw(g) are the changes of a weight with that gradient."""
    named = {f"l2_{name}": l2(g) for name, g in zip("abc", GRADIENTS, strict=True)}
    return named | {f"adamw_{name}": adamw(g) for name, g in zip("abc", GRADIENTS, strict=True)}


def _l2(g):
    return -RATE * float(np.sign(g + DECAY * WEIGHT))


def _adamw(g):
    return -RATE * float(np.sign(g)) - RATE * DECAY * WEIGHT


SIX = _changes(_l2, _adamw)

_NOT_CORRECTED = 0.1 / 0.001**0.5

DECAY_MISTAKES = misconceptions(
    (
        "sgd",
        "These are the steps of plain gradient descent. Adam divides by the root of v_hat, which is at first"
        " the size of the gradient itself.",
        (lambda: _changes(*(2 * [lambda g: -RATE * (g + DECAY * WEIGHT)])),),
    ),
    (
        "exchanged",
        "Where L2 was asked for you decayed apart from the gradient. With L2 the penalty is part of the gradient,"
        " g + lambda w, and is divided together with it.",
        (lambda: _changes(_adamw, _l2),),
    ),
    (
        "same-l2",
        "You put the decay into the gradient in both. AdamW takes lr lambda w away from the weight, and Adam's own step"
        " sees the gradient of the loss alone.",
        (lambda: _changes(_l2, _l2),),
    ),
    (
        "no-decay",
        "The decay of AdamW is missing: lr lambda w is subtracted as well.",
        (lambda: _changes(_l2, lambda g: -RATE * float(np.sign(g))),),
    ),
    (
        "decay-without-lr",
        "The decay of AdamW is too large. It is multiplied by the learning rate as well: lr lambda w.",
        (lambda: _changes(_l2, lambda g: -RATE * float(np.sign(g)) - DECAY * WEIGHT),),
    ),
    (
        "decay-afterward",
        "In AdamW you decayed the weight after Adam's step, and with it the step. It is the old weight that decays: lr"
        " lambda w, with w = 2.",
        (lambda: _changes(_l2, lambda g: (WEIGHT - RATE * float(np.sign(g))) * (1 - RATE * DECAY) - WEIGHT),),
    ),
    (
        "decay-added",
        "Where does the decay of AdamW pull a weight? Toward 0: yours has the wrong sign.",
        (lambda: _changes(_l2, lambda g: -RATE * float(np.sign(g)) + RATE * DECAY * WEIGHT),),
    ),
    (
        "penalty-subtracted",
        "Look at the gradient of the penalty, which decides for c. That of lambda/2 w^2 is + lambda w.",
        (lambda: _changes(lambda g: -RATE * float(np.sign(g - DECAY * WEIGHT)), _adamw),),
    ),
    (
        "sign",
        "In which direction does a step go? Against the gradient, and decay makes a positive weight smaller: all signs"
        " are turned around.",
        (lambda: {name: -value for name, value in SIX.items()},),
    ),
    (
        "not-corrected",
        "The corrections for the start at zero are missing: at t = 1 they make m_hat equal to g, and v_hat to g^2.",
        (
            lambda: _changes(
                lambda g: _NOT_CORRECTED * _l2(g),
                lambda g: _NOT_CORRECTED * (_adamw(g) + RATE * DECAY * WEIGHT) - RATE * DECAY * WEIGHT,
            ),
        ),
    ),
    (
        "c-decays-little",
        "l2_c is the step of plain gradient descent. For Adam the penalty is a gradient like any other, however small,"
        " and at the first step every gradient that is not 0 moves its weight by lr.",
        (lambda: SIX | {"l2_c": -RATE * DECAY * WEIGHT},),
    ),
    (
        "c-stays",
        "The gradient of the loss is 0 for c, but that of the penalty is not: g + lambda w = 0.4.",
        (lambda: SIX | {"l2_c": 0.0},),
    ),
    (
        "adamw-c-stays",
        "The gradient of the loss is 0 for c, and so is Adam's own step. But AdamW decays every weight: lr lambda w.",
        (lambda: SIX | {"adamw_c": 0.0},),
    ),
    (
        "adamw-c-steps",
        "For c the gradient of the loss is 0. Adam's own step is 0 there, and what is left is the decay alone.",
        (lambda: SIX | {"adamw_c": -RATE - RATE * DECAY * WEIGHT},),
    ),
    (
        "l2-b-down",
        "Look at the sign of the whole gradient of b. It is -30 + 0.4: the penalty is too small to turn it around, and"
        " the step goes against it.",
        (lambda: SIX | {"l2_b": -RATE},),
    ),
    (
        "new-weights",
        "These are the new weights. The changes are asked for: new minus old.",
        (lambda: {name: WEIGHT + value for name, value in SIX.items()},),
    ),
)


ADAM_PROBES = (
    Probe("for one gradient", lambda a: {**a, "gradients": a["gradients"][:1]}),
    Probe("for one gradient, with eps = 0", lambda a: {**a, "gradients": a["gradients"][:1], "eps": 0.0}),
    Probe("when all gradients are the same", lambda a: {**a, "gradients": a["gradients"][:1] + 0 * a["gradients"]}),
    Probe("when beta1 and beta2 are 0", lambda a: {**a, "beta1": 0.0, "beta2": 0.0}),
)

PROBLEMS = (
    Problem(
        id="momentum",
        title="Momentum",
        points=3,
        hints=(
            "Plain descent first: a loop of so many steps, in each of them g = gradient(w) and w = w - lr * g.",
            "Before the loop, v = np.zeros_like(w). Inside, v changes first, and then w moves along v instead of g.",
            "v = mu * v + g, then w = w - lr * v. Write w = w - ..., not w -= ..., or you change what you were given.",
        ),
        judge=judge_function(_momentum, _momentum_cases, MOMENTUM_MISTAKES, boundaries=_momentum_boundaries),
        minutes=8,
        difficulty=1,
    ),
    Problem(
        id="rmsprop",
        title="A broken RMSprop",
        points=3,
        hints=(
            "Read it line by line beside the definition of the lesson. There are three mistakes, one in each of three"
            " lines.",
            "What is v at the beginning of the second round of the loop? Which share of it should stay, if rho is 0.9?",
            "If a gradient is 100 times larger, the step should stay about as long. So by what is it divided?",
        ),
        judge=judge_function(_rmsprop, _rms_cases, RMS_MISTAKES, boundaries=_rms_boundaries),
        minutes=8,
        difficulty=2,
    ),
    Problem(
        id="adam",
        title="Adam over a few steps",
        points=5,
        hints=(
            "Two memories, m and v, both zero before the loop. The loop runs over the gradients and counts t from 1.",
            "for t, g in enumerate(gradients, start=1): then m = beta1 * m + (1 - beta1) * g, and v with g**2.",
            "m_hat = m / (1 - beta1**t) and v_hat = v / (1 - beta2**t) are new names: m and v stay as they are.",
            "The step is lr * m_hat / (np.sqrt(v_hat) + eps). Collect each w in a list; np.array makes rows of it.",
        ),
        judge=judge_function(_adam, _adam_cases, ADAM_MISTAKES, probes=ADAM_PROBES),
        minutes=12,
        difficulty=2,
    ),
    Problem(
        id="decay",
        title="AdamW against L2",
        points=2,
        hints=(
            "At the first step m_hat = g and v_hat = g^2, so Adam's step is lr times the sign of the gradient.",
            "With L2 that gradient is g + lambda w. What is its sign for each of the three weights?",
            "AdamW: the step for g alone, and then lr lambda w is subtracted as well. For c the first part is 0.",
        ),
        judge=judge_numbers(SIX, DECAY_MISTAKES),
        minutes=6,
        difficulty=2,
    ),
)
