"""Lesson 09: Nesterov's look ahead, a broken RMSprop, AdamW from its recipe, the best pair, a limit, and decay."""

from itertools import product

import numpy as np

from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_formula, judge_numbers
from bplib.course.judging.turns import judge_value, turn

LESSON = "09_optimizers"
TITLE = "Optimizers"


def _bowl(rng, d):
    """The gradient of a bowl with axes in no special direction, and a start."""
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    H, center = axes * rng.uniform(0.5, 4.0, size=d) @ axes.T, rng.normal(size=d)
    return (lambda w: H @ (w - center)), center + 2.0 * rng.normal(size=d)


# nesterov: v <- mu v + gradient at w - lr mu v, w <- w - lr v, with a rate of its own for each step


def _nesterov_cases(rng):
    return [(*_bowl(rng, d), rng.uniform(0.03, 0.2, size=steps), mu) for d, mu, steps in ((3, 0.9, 4), (5, 0.8, 7))]


def _nesterov_boundaries(rng):
    bowl = _bowl(rng, 3)
    return [
        ("no rate, and so no step at all", (*bowl, np.empty(0), 0.9)),
        ("a single rate", (*bowl, np.array([0.1]), 0.9)),
        ("mu = 0", (*bowl, np.array([0.1, 0.05, 0.2]), 0.0)),
        ("a rate that stays the same", (*bowl, np.full(5, 0.1), 0.9)),
    ]


def _ahead(w, start, v, lr, mu):
    return w - lr * mu * v


def _usual(v, g, lr, mu):
    return mu * v + g


def _descent(
    velocity=_usual,
    change=lambda v, v_old, g, lr, mu: -lr * v,
    place=_ahead,
    begin=0.0,
    of=lambda rates: rates,
):
    """A descent that looks ahead; each argument is one thing that a learner may get wrong."""

    def nesterov(gradient, w, rates, mu):
        start, v = w, begin * gradient(w)
        for lr in of(rates):
            g = gradient(place(w, start, v, lr, mu))
            v_old, v = v, velocity(v, g, lr, mu)
            w = w + change(v, v_old, g, lr, mu)
        return w

    return nesterov


_nesterov = _descent()


def _here(w, start, v, lr, mu):
    return w


def _rate_inside(gradient, w, rates, mu):
    v = np.zeros_like(w)
    for lr in rates:
        v = mu * v - lr * gradient(w + mu * v)
        w = w + v
    return w


def _stays_ahead(gradient, w, rates, mu):
    v = np.zeros_like(w)
    for lr in rates:
        w = w - lr * mu * v
        v = mu * v + gradient(w)
        w = w - lr * v
    return w


def _last_velocity(gradient, w, rates, mu):
    return (_nesterov(gradient, w, rates[:-1], mu) - _nesterov(gradient, w, rates, mu)) / rates[-1]


def _path(gradient, w, rates, mu):
    return np.array([_nesterov(gradient, w, rates[:count], mu) for count in range(len(rates) + 1)])


NESTEROV_MISTAKES = misconceptions(
    (
        "plain-momentum",
        "Where is the gradient taken? This is plain momentum: Nesterov's is taken at w - lr mu v, where the old"
        " velocity alone would lead.",
        (_descent(place=_here),),
    ),
    (
        "no-memory",
        "This is plain gradient descent: the velocity is forgotten at every step. Let it begin at zero before the loop,"
        " and keep mu times it inside.",
        (_descent(lambda v, g, lr, mu: g, place=_here),),
    ),
    (
        "ahead-without-mu",
        "You look too far ahead. Only the share mu of the old velocity is still there in the next step: w - lr mu v.",
        (_descent(place=lambda w, start, v, lr, mu: w - lr * v),),
    ),
    (
        "ahead-without-rate",
        "The place where you take the gradient lies too far ahead. A velocity moves w by lr times itself: w - lr mu v.",
        (_descent(place=lambda w, start, v, lr, mu: w - mu * v),),
    ),
    (
        "looks-back",
        "You look back instead of ahead: w moves against v. The place ahead is w - lr mu v.",
        (_descent(place=lambda w, start, v, lr, mu: w + lr * mu * v),),
    ),
    (
        "new-velocity-ahead",
        "This is the form in which w itself stands ahead, w - lr (g + mu v), as in many libraries. Here w is where the"
        " steps have led, and only the gradient is taken ahead of it.",
        (_descent(change=lambda v, v_old, g, lr, mu: -lr * (g + mu * v), place=_here),),
    ),
    (
        "stays-ahead",
        "The old velocity moves w twice. Give the place ahead a name of its own, and let the step begin at w.",
        (_stays_ahead,),
    ),
    (
        "rate-inside",
        "Look at what a new rate does to the old velocity. Your rate is inside v, so that a new one reaches only new"
        " gradients: here v = mu v + g holds gradients, and lr stands in front of all of v.",
        (_rate_inside,),
    ),
    (
        "first-rate",
        "All of your steps have the first rate. Take them one after the other: for lr in rates.",
        (_descent(of=lambda rates: 0 * rates + rates[0]),),
    ),
    (
        "rate-left-out",
        "One step is missing: each of the rates makes one, the first and the last of them too.",
        (_descent(of=lambda rates: rates[1:]), _descent(of=lambda rates: rates[:-1])),
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
        "adds-twice",
        "v += mu * v + g keeps all of the old velocity and a share of it besides. Write v = mu * v + g.",
        (_descent(lambda v, g, lr, mu: v + mu * v + g),),
    ),
    (
        "sign",
        "It runs uphill. If v holds the gradients with a plus, subtract lr v.",
        (
            _descent(change=lambda v, v_old, g, lr, mu: lr * v),
            _descent(change=lambda v, v_old, g, lr, mu: lr * v, place=lambda w, s, v, lr, mu: w + lr * mu * v),
        ),
    ),
    (
        "sign-of-velocity",
        "Every step works against the one before. The old velocity is subtracted where it has to be kept:"
        " v = mu v + g.",
        (_descent(lambda v, g, lr, mu: g - mu * v), _descent(lambda v, g, lr, mu: g - mu * v, place=_here)),
    ),
    (
        "begins-with-gradient",
        "The velocity begins with a gradient, which then counts twice in the first step. It begins at zero.",
        (_descent(begin=1.0),),
    ),
    (
        "stale-velocity",
        "The weights move before the velocity has heard of the new gradient. First update v, then w.",
        (
            _descent(change=lambda v, v_old, g, lr, mu: -lr * v_old),
            _descent(change=lambda v, v_old, g, lr, mu: -lr * v_old, place=_here),
        ),
    ),
    (
        "gradient-once",
        "The gradient was taken once, at the start. Ask for it inside the loop, ahead of where w is now.",
        (_descent(place=lambda w, start, v, lr, mu: start),),
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


# adamw: its recipe with a warm-up and a cosine, the weights after each of a few steps with given gradients


def _adamw_cases(rng):
    return [
        (
            rng.uniform(2.0, 4.0, size=d) * rng.choice([-1.0, 1.0], size=d),
            rng.normal(size=(steps, d)) * rng.uniform(0.3, 3.0, size=d),
            *(lr, warmup, weight_decay, beta1, beta2, eps),
        )
        for d, steps, lr, warmup, weight_decay, beta1, beta2, eps in (
            (4, 7, 0.1, 3, 0.5, 0.9, 0.999, 1e-8),
            (5, 6, 0.05, 2, 0.8, 0.8, 0.95, 0.1),
            (2, 9, 0.3, 4, 0.2, 0.6, 0.9, 0.02),
        )
    ]


def _adamw_boundaries(rng):
    w, gradients = rng.normal(size=3) + 1.0, rng.normal(size=(5, 3))
    return [
        ("no warm-up, s = 0", (w, gradients, 0.1, 0, 0.5, 0.9, 0.999, 1e-8)),
        ("no decay", (w, gradients, 0.1, 2, 0.0, 0.9, 0.999, 1e-8)),
        ("a single gradient, and no warm-up", (w, gradients[:1], 0.1, 0, 0.5, 0.9, 0.999, 1e-8)),
    ]


def _falling(lr, t, s, T):
    return lr * (1 + np.cos(np.pi * (t - 1 - s) / (T - s))) / 2


def _rising_and_falling(lr, t, s, T):
    return lr * t / s if t <= s else _falling(lr, t, s, T)


def _moments(
    first=lambda m, g, b: b * m + (1 - b) * g,
    second=lambda v, g, b: b * v + (1 - b) * g**2,
    correct=lambda m, v, b1, b2, t: (m / (1 - b1**t), v / (1 - b2**t)),
    step=lambda m, v, eps: m / (np.sqrt(v) + eps),
    rate=_rising_and_falling,
    seen=lambda g, w, decay: g,
    shrunk=lambda w, rate, decay, lr: w - rate * decay * w,
    grown=lambda w, rate, decay: w,
    start=1,
    late=0,
    resets=False,
    stores=False,
    exchange=False,
    betas=None,
):
    """An AdamW; each argument is one thing that a learner may get wrong."""

    def adamw(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
        b1, b2 = betas or ((beta2, beta1) if exchange else (beta1, beta2))
        m, v, path = np.zeros_like(w), np.zeros_like(w), []
        for k, g in enumerate(gradients):
            t, old = k + start, (0 * m, 0 * v) if resets else (m, v)
            g = seen(g, w, weight_decay)
            m, v = first(old[0], g, b1), second(old[1], g, b2)
            m_hat, v_hat = correct(m, v, b1, b2, max(t - late, 1))
            if stores:
                m, v = m_hat, v_hat
            now = rate(lr, k + 1, warmup, len(gradients))
            w = grown(shrunk(w, now, weight_decay, lr) - now * step(m_hat, v_hat, eps), now, weight_decay)
            path.append(w)
        return np.array(path)

    return adamw


_adamw = _moments()


def _keep(w, rate, decay, lr):
    return w


def _shrink(w, rate, decay):
    return w - rate * decay * w


def _clock_after_warmup(w, gradients, lr, warmup, *rest):
    return _moments(late=warmup)(w, gradients, lr, warmup, *rest)


def _one_array(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    both, path = np.zeros_like(w), []
    for t, g in enumerate(gradients, start=1):
        both = beta2 * (beta1 * both + (1 - beta1) * g) + (1 - beta2) * g**2
        rate = _rising_and_falling(lr, t, warmup, len(gradients))
        step = both / (1 - beta1**t) / (np.sqrt(both / (1 - beta2**t)) + eps)
        w = w - rate * (step + weight_decay * w)
        path.append(w)
    return np.array(path)


def _still(w, *rest):
    """Every step from the first w; the decay, too, is that of the first."""
    rows = []
    for k in range(len(rest[0])):
        before = np.vstack([w, _adamw(w, *rest[:3], 0.0, *rest[4:])])
        rate = _rising_and_falling(rest[1], k + 1, rest[2], len(rest[0]))
        rows.append(w + before[k + 1] - before[k] - rate * rest[3] * w)
    return np.array(rows)


ADAMW_MISTAKES = misconceptions(
    (
        "no-correction",
        "The corrections for the start at zero are missing. Look at the first step: m is (1 - beta1) g, and m / (1 -"
        " beta1^t) with t = 1 has to be g itself.",
        (_moments(correct=lambda m, v, b1, b2, t: (m, v)),),
    ),
    (
        "first-correction-only",
        "m is corrected and v is not: the step is far too long at first. Divide v by 1 - beta2^t as well.",
        (_moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1**t), v)),),
    ),
    (
        "second-correction-only",
        "v is corrected and m is not. Divide m by 1 - beta1^t as well.",
        (_moments(correct=lambda m, v, b1, b2, t: (m, v / (1 - b2**t))),),
    ),
    (
        "parentheses",
        "In what order is m / 1 - beta1**t computed? The division comes first, and by 1 it changes nothing: write m /"
        " (1 - beta1**t), and v alike.",
        (
            _moments(correct=lambda m, v, b1, b2, t: (m / 1 - b1**t, v / 1 - b2**t)),
            _moments(correct=lambda m, v, b1, b2, t: (m / 1 - b1**t, v / (1 - b2**t))),
            _moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1**t), v / 1 - b2**t)),
        ),
    ),
    (
        "fixed-betas",
        "Other betas change nothing in your steps: 0.9 and 0.999 stand in the code as numbers. Use beta1 and beta2 as"
        " they are given, in the averages and in the corrections.",
        (_moments(betas=(0.9, 0.999)),),
    ),
    (
        "resets",
        "The first step is right and then the memory is gone: m and v begin at zero again in every round. Make them"
        " once, before the loop.",
        (_moments(resets=True),),
    ),
    (
        "resets-one-step",
        "Each step knows only its own gradient: m and v begin at zero in every round, and t stays at 1. Make them once,"
        " before the loop, and let t count.",
        (
            _moments(resets=True, correct=lambda m, v, b1, b2, t: (m / (1 - b1), v / (1 - b2))),
            _moments(first=lambda m, g, b: g, correct=lambda m, v, b1, b2, t: (m, v / (1 - b2**t)), resets=True),
        ),
    ),
    (
        "one-scale",
        "All weights share one v. Each entry is measured by its own gradients: g**2 is taken entry by entry, without"
        " a sum, a mean or a norm.",
        (
            _moments(second=lambda v, g, b: b * v + (1 - b) * np.mean(g**2)),
            _moments(second=lambda v, g, b: b * v + (1 - b) * np.sum(g**2)),
        ),
    ),
    (
        "t-from-0",
        "For Adam the first step is t = 1. Where t is 0, 1 - beta^t is 0 and the corrections divide by it:"
        " enumerate(gradients, start=1).",
        (_moments(start=0),),
    ),
    (
        "t-late",
        "t begins at 2. Count the first step as 1.",
        (_moments(start=2),),
    ),
    (
        "t-fixed",
        "t stays at 1: the later steps are corrected as if each were the first. Let t grow with the loop.",
        (_moments(correct=lambda m, v, b1, b2, t: (m / (1 - b1), v / (1 - b2))),),
    ),
    (
        "clock-after-warmup",
        "Two clocks have been mixed up: Adam's t counts all steps, those of the warm-up too.",
        (_clock_after_warmup,),
    ),
    (
        "times-t",
        "The corrections multiply beta by t. It is beta to the power of t: beta**t.",
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
        (lambda w, gradients, *rates: np.tile(_adamw(w, gradients, *rates)[-1], (len(gradients), 1)),),
    ),
    (
        "still",
        "Every row begins at the first w: the weights never move on. Each step goes from where the one before has"
        " ended.",
        (_still,),
    ),
    (
        "eps-inside",
        "This is nearly it, but for the place of eps, which is under the root. Adam adds it to the root: sqrt(v_hat) +"
        " eps.",
        (_moments(step=lambda m, v, eps: m / np.sqrt(v + eps)),),
    ),
    (
        "no-eps",
        "eps is lost: add it to the root of v_hat.",
        (_moments(step=lambda m, v, eps: m / np.sqrt(v)),),
    ),
    (
        "no-root",
        "The step is divided by v_hat, which has the unit of a squared gradient. Divide by its root, sqrt(v_hat) + eps,"
        " which has that of a gradient.",
        (_moments(step=lambda m, v, eps: m / (v + eps)),),
    ),
    (
        "multiplies",
        "You multiplied by the root. Adam divides by it.",
        (_moments(step=lambda m, v, eps: m * (np.sqrt(v) + eps)),),
    ),
    (
        "no-square",
        "v averages the gradients; it has to average their squares.",
        (_moments(second=lambda v, g, b: b * v + (1 - b) * g),),
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
        "sign",
        "It runs uphill: the step is subtracted.",
        (_moments(step=lambda m, v, eps: -m / (np.sqrt(v) + eps)),),
    ),
    (
        "with-start",
        "The start is among the rows. Return the weights after each step: as many rows as there are gradients.",
        (lambda w, *rest: np.vstack([w, _adamw(w, *rest)]),),
    ),
    (
        "decay-after",
        "Which w decays? You took it from the weights that Adam's step had moved already: in the recipe all w on the"
        " right are the old one.",
        (_moments(shrunk=_keep, grown=_shrink),),
    ),
    (
        "decay-in-gradient",
        "Your decay is divided by the root of v_hat, since it went into the gradient. That is Adam with L2: in AdamW m"
        " and v see g alone, and lambda w stands beside the fraction.",
        (_moments(shrunk=_keep, seen=lambda g, w, decay: g + decay * w),),
    ),
    (
        "no-decay",
        "The weights do not decay. Inside the parentheses of the recipe stands lambda w as well.",
        (_moments(shrunk=_keep),),
    ),
    (
        "decay-without-rate",
        "The decay is not multiplied by the rate of the step: it stands inside the parentheses.",
        (_moments(shrunk=lambda w, rate, decay, lr: w - decay * w),),
    ),
    (
        "decay-of-full-rate",
        "Your decay does not follow the schedule. It too is multiplied by the rate of the step, and not by lr.",
        (_moments(shrunk=lambda w, rate, decay, lr: w - lr * decay * w),),
    ),
    (
        "decay-added",
        "The decay pulls away from 0: look at its sign.",
        (_moments(shrunk=lambda w, rate, decay, lr: w + rate * decay * w),),
    ),
    (
        "no-schedule",
        "All of your steps have the same rate lr. The rate rises for s steps, and then falls along the cosine.",
        (_moments(rate=lambda lr, t, s, T: lr),),
    ),
    (
        "no-cosine",
        "The warm-up is right, and then the rate stays at lr. After step s it falls along the cosine.",
        (_moments(rate=lambda lr, t, s, T: lr * min(t / s, 1.0) if s else lr),),
    ),
    (
        "no-warmup",
        "Your rate falls from the first step on. For the first s steps it rises, lr t / s.",
        (
            _moments(rate=lambda lr, t, s, T: lr * (1 + np.cos(np.pi * (t - 1) / T)) / 2),
            _moments(rate=lambda lr, t, s, T: lr * (1 + np.cos(np.pi * (t - 1 - s) / (T - s))) / 2),
        ),
    ),
    (
        "cosine-over-all",
        "The cosine does not begin where the warm-up ends. It takes the T - s steps that are left: (t - 1 - s) / (T -"
        " s).",
        (
            _moments(rate=lambda lr, t, s, T: lr * (t / s if t <= s else (1 + np.cos(np.pi * (t - 1) / T)) / 2)),
            _moments(rate=lambda lr, t, s, T: lr * (t / s if t <= s else (1 + np.cos(np.pi * (t - 1 - s) / T)) / 2)),
            _moments(rate=lambda lr, t, s, T: lr * (t / s if t <= s else (1 + np.cos(np.pi * t / T)) / 2)),
        ),
    ),
    (
        "cosine-late",
        "Look at the first step after the warm-up: it still has the full rate lr, so that the last one has some left."
        " The cosine is that of pi (t - 1 - s) / (T - s).",
        (_moments(rate=lambda lr, t, s, T: lr * (t / s if t <= s else (1 + np.cos(np.pi * (t - s) / (T - s))) / 2)),),
    ),
    (
        "warmup-short",
        "Look at step s itself, the last of the warm-up, which has all of lr. Yours has gone over to the cosine there:"
        " it is t <= s and not t < s, with t counted from 1.",
        (_moments(rate=lambda lr, t, s, T: lr * t / s if t < s else _falling(lr, t, s, T)),),
    ),
    (
        "warmup-from-0",
        "Your warm-up begins with a rate of 0. At t = 1 it is lr / s, and at t = s all of lr.",
        (_moments(rate=lambda lr, t, s, T: lr * (t - 1) / s if t <= s else _rising_and_falling(lr, t, s, T)),),
    ),
    (
        "cosine-without-half",
        "After the warm-up your rate is twice as high as lr. 1 + cos goes from 2 down to 0: divide it by 2.",
        (_moments(rate=lambda lr, t, s, T: _rising_and_falling(lr, t, s, T) * (1 if t <= s else 2)),),
    ),
)


# best-pair: the rate and the momentum for a loss whose second derivatives are given


def _pair(of=lambda H: np.linalg.eigvalsh(H)[[0, -1]], give=lambda rate, mu, left, c1, c2: (rate, mu, left)):
    def best_pair(H):
        c1, c2 = of(H)
        slow, fast = np.sqrt(c1), np.sqrt(c2)
        left = (fast - slow) / (fast + slow)
        return give((2 / (slow + fast)) ** 2, left**2, left, c1, c2)

    return best_pair


_best_pair = _pair()


def _hessian(curvatures, rng):
    axes = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))[0]
    H = axes * np.asarray(curvatures) @ axes.T
    return (H + H.T) / 2


def _pair_cases(rng):
    askew = [(_hessian(np.exp(rng.uniform(-1.5, 2.5, size=d)), rng),) for d in (3, 5, 2)]
    # Here an eig that does not sort gives the steepest first.
    return [*askew, (np.diag([rng.uniform(6.0, 9.0), rng.uniform(3.0, 5.0), rng.uniform(1.0, 2.0)]),)]


def _pair_boundaries(rng):
    return [
        ("a single weight", (np.array([[2.5]]),)),
        ("curvatures on the diagonal, the steepest first", (np.diag([9.0, 4.0, 1.0]),)),
        ("curvatures far from 1", (1e4 * _hessian([1.0, 50.0], rng),)),
    ]


PAIR_MISTAKES = misconceptions(
    (
        "plain-best",
        "This is the best rate without momentum, from lesson 05. With momentum the roots of the curvatures decide:"
        " rate = (2 / (sqrt(c1) + sqrt(c2)))^2.",
        (
            _pair(give=lambda rate, mu, left, c1, c2: (2 / (c1 + c2), 0.0, (c2 - c1) / (c2 + c1))),
            _pair(give=lambda rate, mu, left, c1, c2: (2 / (c1 + c2), mu, left)),
        ),
    ),
    (
        "diagonal",
        "The entries on the diagonal are curvatures along the axes. A ravine may lie askew: its curvatures are the"
        " eigenvalues of H, as in lesson 05.",
        (_pair(lambda H: (np.diag(H).min(), np.diag(H).max())),),
    ),
    (
        "first-two",
        "Which two curvatures count? It is the smallest and the largest of them: eigvalsh sorts them, and they are its"
        " first and its last.",
        (_pair(lambda H: np.linalg.eigvalsh(H)[:2]), _pair(lambda H: np.linalg.eigvalsh(H)[-2:])),
    ),
    (
        "unsorted",
        "In which order do the curvatures come? eig and eigvals do not sort them, so their first and last are any two:"
        " take the smallest and the largest, or use eigvalsh, which sorts.",
        (
            _pair(lambda H: np.linalg.eigvals(H)[[0, -1]]),
            _pair(lambda H: np.linalg.eigvals(H)[[-1, 0]]),
            _pair(lambda H: np.linalg.eig(H)[0][[0, -1]]),
            _pair(lambda H: np.linalg.eig(H)[0][[-1, 0]]),
        ),
    ),
    (
        "mu-without-square",
        "Your momentum is the share that is left. The share is the root of the momentum, so mu is its square.",
        (_pair(give=lambda rate, mu, left, c1, c2: (rate, left, left)),),
    ),
    (
        "left-is-mu",
        "Look at the third value: the product of the two roots is mu, and each of them has the size sqrt(mu).",
        (_pair(give=lambda rate, mu, left, c1, c2: (rate, mu, mu)),),
    ),
    (
        "both-unsquared",
        "Momentum and share are exchanged: the share is the root of the momentum, and the larger of the two.",
        (_pair(give=lambda rate, mu, left, c1, c2: (rate, left, mu)),),
    ),
    (
        "rate-without-square",
        "Your rate is the root of the rate: two equations add up to sqrt(rate) (sqrt(c1) + sqrt(c2)) = 2. Square it.",
        (_pair(give=lambda rate, mu, left, c1, c2: (rate**0.5, mu, left)),),
    ),
    (
        "condition-without-root",
        "k stands in your momentum without its root. That is the share of plain descent: with momentum sqrt(k) takes"
        " the place of k.",
        (
            _pair(give=lambda rate, mu, left, c1, c2: (rate, ((c2 - c1) / (c2 + c1)) ** 2, (c2 - c1) / (c2 + c1))),
            _pair(give=lambda rate, mu, left, c1, c2: (rate, (c2 - c1) / (c2 + c1), ((c2 - c1) / (c2 + c1)) ** 0.5)),
        ),
    ),
    (
        "one-curvature",
        "Your rate looks at the steepest direction alone. The flattest one has to be served as well: both roots stand"
        " below the line.",
        (
            _pair(give=lambda rate, mu, left, c1, c2: (1 / c2, mu, left)),
            _pair(give=lambda rate, mu, left, c1, c2: (2 / c2, mu, left)),
            _pair(give=lambda rate, mu, left, c1, c2: (2 * (1 + mu) / c2, mu, left)),
        ),
    ),
    (
        "exchanged",
        "Rate and momentum are exchanged. The rate comes first, then the momentum, then the share.",
        (_pair(give=lambda rate, mu, left, c1, c2: (mu, rate, left)),),
    ),
)


# nesterov-limit: the largest rate of Nesterov's momentum on a parabola


def _nesterov_limit(c, mu):
    return 2 * (1 + mu) / (c * (1 + 2 * mu))


LIMIT_MISTAKES = misconceptions(
    (
        "plain-limit",
        "This is the limit without momentum. What becomes of r^2 - (1 + mu) a r + mu a at r = -1?",
        (lambda c, mu: 2 / c,),
    ),
    (
        "momentum-limit",
        "This is the limit of plain momentum, as in the lesson. Nesterov's equation has a factor a in its last term,"
        " too: put r = -1 into this one.",
        (lambda c, mu: 2 * (1 + mu) / c,),
    ),
    (
        "other-end",
        "You put r = 1. There the equation says a = 1, a rate of 0: the sides change, so r = -1.",
        (lambda c, mu: 0 * c,),
    ),
    (
        "a-itself",
        "This is a at the limit. The rate is asked for: a = 1 - eta c.",
        (lambda c, mu: -1 / (1 + 2 * mu),),
    ),
    (
        "eta-c",
        "This is eta c at the limit. Divide it by the curvature.",
        (lambda c, mu: 2 * (1 + mu) / (1 + 2 * mu),),
    ),
    (
        "sign-of-a",
        "Look at the sign of a. At r = -1 the equation is 1 + (1 + mu) a + mu a = 0, so a is negative.",
        (lambda c, mu: 2 * mu / (c * (1 + 2 * mu)),),
    ),
    (
        "sign-of-middle",
        "Look at the middle term at r = -1: minus times minus. It is 1 + (1 + mu) a + mu a = 0.",
        (lambda c, mu: 2 * (1 - mu) / c,),
    ),
)


# decay: one step of Adam with an L2 penalty, and of AdamW, by hand

RATE, DECAY, WEIGHT, GRADIENTS = 0.1, 0.2, 2.0, (0.8, -30.0, 0.0)


def _changes(l2, adamw):
    """The six numbers; l2(g) and adamw(g) are the changes of a weight with that gradient."""
    named = {f"l2_{name}": l2(g) for name, g in zip("abc", GRADIENTS, strict=True)}
    return named | {f"adamw_{name}": adamw(g) for name, g in zip("abc", GRADIENTS, strict=True)}


def _l2_change(g):
    return -RATE * float(np.sign(g + DECAY * WEIGHT))


def _adamw_change(g):
    return -RATE * float(np.sign(g)) - RATE * DECAY * WEIGHT


SIX = _changes(_l2_change, _adamw_change)

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
        (lambda: _changes(_adamw_change, _l2_change),),
    ),
    (
        "same-l2",
        "You put the decay into the gradient in both. AdamW takes lr lambda w away from the weight, and Adam's own step"
        " sees the gradient of the loss alone.",
        (lambda: _changes(_l2_change, _l2_change),),
    ),
    (
        "no-decay",
        "The decay of AdamW is missing: lr lambda w is subtracted as well.",
        (lambda: _changes(_l2_change, lambda g: -RATE * float(np.sign(g))),),
    ),
    (
        "decay-without-lr",
        "The decay of AdamW is too large. It is multiplied by the learning rate as well: lr lambda w.",
        (lambda: _changes(_l2_change, lambda g: -RATE * float(np.sign(g)) - DECAY * WEIGHT),),
    ),
    (
        "decay-afterward",
        "In AdamW you decayed the weight after Adam's step, and with it the step. It is the old weight that decays: lr"
        " lambda w, with w = 2.",
        (lambda: _changes(_l2_change, lambda g: (WEIGHT - RATE * float(np.sign(g))) * (1 - RATE * DECAY) - WEIGHT),),
    ),
    (
        "decay-added",
        "Where does the decay of AdamW pull a weight? Toward 0: yours has the wrong sign.",
        (lambda: _changes(_l2_change, lambda g: -RATE * float(np.sign(g)) + RATE * DECAY * WEIGHT),),
    ),
    (
        "penalty-subtracted",
        "Look at the gradient of the penalty, which decides for c. That of lambda/2 w^2 is + lambda w.",
        (lambda: _changes(lambda g: -RATE * float(np.sign(g - DECAY * WEIGHT)), _adamw_change),),
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
                lambda g: _NOT_CORRECTED * _l2_change(g),
                lambda g: _NOT_CORRECTED * (_adamw_change(g) + RATE * DECAY * WEIGHT) - RATE * DECAY * WEIGHT,
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


# The turns of the lesson


def _cases_of_limits(rng):
    return [(float(c), float(mu)) for c, mu in zip(rng.uniform(0.5, 30, 3), rng.uniform(0.1, 0.95, 3), strict=True)]


TURN_LIMIT_MISTAKES = misconceptions(
    (
        "without-mu",
        "This is the limit without momentum. With r = -1 the equation also has mu in it.",
        (lambda c, mu: 2 / c,),
    ),
    (
        "r-is-1",
        "With r = 1 the sum of the terms is eta c, which is 0 for a rate of 0 alone. Put r = -1.",
        (lambda c, mu: 0.0,),
    ),
    ("eta-c", "This is eta c. Divide it by c.", (lambda c, mu: 2 * (1 + mu),)),
    (
        "minus",
        "Look at the signs at r = -1: 1 + (1 + mu - eta c) + mu = 0.",
        (lambda c, mu: 2 * (1 - mu) / c, lambda c, mu: 2 / (c * (1 - mu)), lambda c, mu: 2 * mu / c),
    ),
    ("one-plus", "One of the two 1s is lost: 1 + (1 + mu - eta c) + mu = 0.", (lambda c, mu: (1 + 2 * mu) / c,)),
)


def _largest_rate(c, mu):
    return 2 * (1 + mu) / c


TURNS = (
    turn(
        "turn-recall-largest",
        "The largest rate of plain descent",
        judge_value(
            0.1,
            "A step multiplies the distance by 1 - 20 eta, whose size is below 1 as long as eta is below 2/20.",
            {
                0.05: "With 1/c a single step reaches the bottom. Twice as much is just too much.",
                10: "This is one over it: the steeper the loss, the smaller the rate.",
                40: "The steeper the loss, the smaller the rate: divide by the curvature.",
            },
        ),
        "1 - eta c has to stay above -1.",
    ),
    turn(
        "turn-recall-part",
        "Which part chooses",
        judge_value(
            "validation",
            "What a choice was made by is no longer unseen. The test part is opened once, after all choices.",
            {
                "training": "There the largest network and the longest training win, also by learning by heart.",
                "test": "Then nothing unseen is left to say how good the chosen network is.",
            },
        ),
        "Which part may be looked at many times, and is not trained on?",
    ),
    turn(
        "turn-velocity",
        "A velocity under the same gradient",
        judge_value(
            10,
            "When v no longer changes, v = 0.9 v + g, and so v = g / (1 - 0.9).",
            {
                0.9: "It keeps 0.9 of itself and gains g each time: where does v = 0.9 v + g hold?",
                1.9: "This is v after two steps. It goes on growing.",
                0.1: "This is one over it.",
                9: "Nine tenths of v are kept, and g is added: v = 0.9 v + g.",
            },
        ),
        "In the end v = 0.9 v + g.",
    ),
    turn(
        "turn-third-step",
        "The third step",
        judge_value(
            0.486,
            "g = 0.72, v = 0.9 times 1.8 + 0.72 = 2.34, and 0.72 - 0.234.",
            {
                2.34: "This is the new velocity. The step is 0.1 times it, from 0.72.",
                0.648: "This is a plain step, without the velocity.",
                0.54: "Your velocity is 1.8, that of the step before: first it gets its new gradient.",
                0.558: "The velocity has forgotten to gain g: 0.9 times 1.8 plus 0.72.",
                0.468: "This keeps all of the old velocity. Only 0.9 of it stays.",
                0.954: "It goes down: the step is subtracted.",
            },
        ),
        "g = 0.72 first, then v = 0.9 times 1.8 + 0.72.",
    ),
    turn(
        "turn-first-step",
        "The first step of RMSprop",
        judge_value(
            1.0,
            "v = 0.01 g^2, whose root is a tenth of g: the step is 0.1 / 0.1, ten times eta.",
            {
                0.1: "That would be Adam, whose v is corrected. Here v begins at zero: v = 0.01 g^2.",
                10: "This is how many eta it is. And eta is 0.1.",
                0.01: "v = 0.01 g^2 stands below the line, under a root.",
                0.1005: "In the first step v = 0.01 g^2: it is the share 1 - rho that counts.",
            },
        ),
        "v = (1 - rho) g^2 with rho = 0.99. What is its root?",
    ),
    turn(
        "turn-alternate",
        "What alternating gradients leave",
        judge_value(
            0.5263,
            "In the end the size of v satisfies v = g - 0.9 v, so v = g / 1.9: about half of g is left.",
            {
                0: "They would cancel if each were remembered whole. The newest one counts the most.",
                10: "That is where all gradients have the same sign.",
                0.1: "With g - 0.9 g the velocity before would have the size of g. It has the size of v itself.",
                1.9: "This is one over it.",
                1: "The velocity before is subtracted: v = g - 0.9 v.",
            },
        ),
        "The velocity before has the other sign: v = g - 0.9 v.",
    ),
    turn(
        "turn-share",
        "Two roots that are no real numbers",
        judge_value(
            0.9,
            "Both roots have the same size, and their product is 0.81.",
            {
                0.81: "This is the product of the two. Each of them has the same size.",
                0.405: "It is a product and not a sum: which number times itself is 0.81?",
            },
        ),
        "Two numbers of the same size have the product 0.81.",
    ),
    turn(
        "turn-limit",
        "The limit with momentum",
        judge_function(_largest_rate, _cases_of_limits, TURN_LIMIT_MISTAKES),
        "With r = -1 the equation reads 1 + (1 + mu - eta c) + mu = 0.",
    ),
    turn(
        "turn-best-pair",
        "The best pair of a ravine",
        judge_value(
            (0.25, 0.25),
            "sqrt(k) = 3: the rate is (2/4)^2, and the momentum ((3 - 1)/(3 + 1))^2. Half of the distance is left.",
            {
                (0.25, 0.5): "The rate is right. 1/2 is the share that is left, the root of the momentum.",
                (0.5, 0.25): "The momentum is right. 1/2 is the root of the rate.",
                (0.5, 0.5): "Both are the roots of what is asked for.",
                (0.2, 0.64): "These are 2/(c1 + c2) and k without its root: look for the roots of 1 and 9.",
                (
                    0.2,
                    0.25,
                ): "The momentum is right. The rate is that of plain descent, 2/(c1 + c2). With momentum roots add up.",
                (1 / 9, 0.25): "The momentum is right. The rate looks at the steepest direction alone: 1/c2.",
                (0.0625, 0.25): "The momentum is right, and the rate was squared twice: it is (2/4)^2.",
                (0.25, 0.64): "The rate is right. In the momentum k stands without its root: sqrt(k) is 3.",
                (0.25, 0.8): "The rate is right. The momentum is (k - 1)/(k + 1), the share of plain descent: take"
                " sqrt(k) for k, and square.",
                (0.25, 0.0625): "The rate is right, and the momentum was squared twice: it is (2/4)^2.",
            },
        ),
        "Here sqrt(c1) = 1 and sqrt(c2) = 3.",
    ),
)

ADAMW_PROBES = (
    Probe("for one gradient", lambda a: {**a, "gradients": a["gradients"][:1], "warmup": 0}),
    Probe("for one gradient, with eps = 0", lambda a: {**a, "gradients": a["gradients"][:1], "warmup": 0, "eps": 0.0}),
    Probe("during the warm-up", lambda a: {**a, "warmup": len(a["gradients"]) - 1, "gradients": a["gradients"][:-1]}),
    Probe("without a warm-up", lambda a: {**a, "warmup": 0}),
    Probe("when all gradients are the same", lambda a: {**a, "gradients": a["gradients"][:1] + 0 * a["gradients"]}),
    Probe("when beta1 and beta2 are 0", lambda a: {**a, "beta1": 0.0, "beta2": 0.0}),
)

PROBLEMS = (
    Problem(
        id="nesterov",
        title="Nesterov's look ahead",
        points=3,
        hints=(
            "Plain momentum first: v begins at zero, and for each lr in rates v changes, then w.",
            "Before v changes, find the place where lr times mu times the old v alone would carry w.",
            "ahead = w - lr * mu * v, then v = mu * v + gradient(ahead), and then w itself moves by lr times v.",
        ),
        judge=judge_function(_nesterov, _nesterov_cases, NESTEROV_MISTAKES, boundaries=_nesterov_boundaries),
        minutes=8,
        difficulty=2,
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
        id="adamw",
        title="AdamW from its recipe",
        points=5,
        hints=(
            "Two memories, m and v, both zero before the loop. The loop runs over the gradients and counts t from 1.",
            "A first version: Adam with the constant rate lr, and no decay. Then the rate of step t, then the decay.",
            "m_hat and v_hat are new names: m and v stay as they are. Mind the parentheses in m / (1 - beta1**t).",
            "The last line of the loop: w = w - rate * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * w).",
        ),
        judge=judge_function(_adamw, _adamw_cases, ADAMW_MISTAKES, probes=ADAMW_PROBES, boundaries=_adamw_boundaries),
        minutes=15,
        difficulty=3,
    ),
    Problem(
        id="best-pair",
        title="The best pair",
        points=3,
        hints=(
            "Lesson 05 found the curvatures of a ravine that lies askew: what does np.linalg.eigvalsh return?",
            "Only the flattest and the steepest direction count. Take the roots of their curvatures.",
            "The share that is left is (sqrt(c2) - sqrt(c1)) / (sqrt(c2) + sqrt(c1)). The momentum is its square.",
        ),
        judge=judge_function(
            _best_pair, _pair_cases, PAIR_MISTAKES, returns="rate mu left", boundaries=_pair_boundaries
        ),
        minutes=8,
        difficulty=2,
    ),
    Problem(
        id="nesterov-limit",
        title="Nesterov's limit",
        points=2,
        hints=(
            "In the lesson the limit was where r = -1 solves the equation. Put r = -1 into this one.",
            "1 + (1 + mu) a + mu a = 0: solve it for a.",
            "a = -1/(1 + 2 mu), and a = 1 - eta c. Solve for eta.",
        ),
        judge=judge_formula(_nesterov_limit, "c mu", LIMIT_MISTAKES),
        minutes=7,
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
