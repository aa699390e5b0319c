"""Lesson 03: three derivatives of compositions, the numbers of a graph with two paths, and a program to repair."""

import numpy as np
from sympy import exp, log, tanh

from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_formula, judge_numbers

LESSON = "03_chain_rule"
TITLE = "The chain rule"


# chain-exp: d/dx exp(-(x - m)^2)


def _bump(x, m):
    return exp(-((x - m) ** 2))


EXP_MISTAKES = misconceptions(
    (
        "no-inner",
        "exp is its own derivative, and that is the first link. The second is missing: multiply by the derivative of"
        " what stands in the exponent.",
        (_bump,),
    ),
    (
        "inner-only",
        "This is the derivative of the exponent alone. The first link is missing: the derivative of exp, which is exp"
        " of the same exponent.",
        (lambda x, m: -2 * (x - m),),
    ),
    (
        "moved-inside",
        "You put the derivative of the exponent into exp. It is a factor beside it: exp keeps the exponent it has.",
        (lambda x, m: exp(-2 * (x - m)),),
    ),
    (
        "both-moved",
        "The factor is right, but the exponent has changed. The derivative of exp(u) is exp(u), at the same u.",
        (
            lambda x, m: -2 * (x - m) * exp(-2 * (x - m)),
            lambda x, m: -2 * (x - m) * exp(-((x - m) ** 2) - 1),
        ),
    ),
    (
        "power-rule",
        "exp is no power of x, so its exponent is not counted down: the derivative of exp(u) is exp(u).",
        (
            lambda x, m: -((x - m) ** 2) * exp(-((x - m) ** 2) - 1),
            lambda x, m: 2 * (x - m) ** 3 * exp(-((x - m) ** 2) - 1),
        ),
    ),
    (
        "brackets",
        "Parentheses are missing: the factor is -2 times all of x - m.",
        (
            lambda x, m: -2 * x - m * _bump(x, m),
            lambda x, m: (-2 * x - m) * _bump(x, m),
        ),
    ),
    (
        "exponent-minus",
        "The minus in the exponent is gone. exp keeps the exponent that it has, -(x - m)^2, and in Python (-(x - m))**2"
        " is something else than -(x - m)**2.",
        (lambda x, m: -2 * (x - m) * exp((x - m) ** 2), lambda x, m: 2 * (x - m) * exp((x - m) ** 2)),
    ),
    (
        "times-exponent",
        "You multiplied by the exponent itself. The second link is the derivative of the exponent.",
        (lambda x, m: -((x - m) ** 2) * _bump(x, m),),
    ),
)


# chain-log: d/dw log(1 + exp(w x))

LOG_MISTAKES = misconceptions(
    (
        "outer-only",
        "This is the derivative of the logarithm, the first of three links. Multiply by the derivative of"
        " 1 + exp(w x), which has a link of its own inside.",
        (lambda x, w: 1 / (1 + exp(w * x)),),
    ),
    (
        "no-x",
        "The last link is missing: inside exp stands w x, and its derivative with respect to w is x.",
        (lambda x, w: exp(w * x) / (1 + exp(w * x)),),
    ),
    (
        "wrt-x",
        "This is the derivative with respect to x. The weight w is what moves here, so the last link is x.",
        (lambda x, w: w * exp(w * x) / (1 + exp(w * x)),),
    ),
    (
        "no-exp",
        "The middle link is missing: the derivative of 1 + exp(u) is exp(u), which belongs above the line.",
        (lambda x, w: x / (1 + exp(w * x)),),
    ),
    (
        "log-split",
        "log(1 + exp(z)) is not log 1 + log exp(z). The derivative of log(u) is 1/u, with all of u = 1 + exp(w x) below"
        " the line.",
        (lambda x, w: x,),
    ),
    (
        "no-outer",
        "The first link is missing: the derivative of log(u) is 1/u, with u = 1 + exp(w x).",
        (lambda x, w: x * exp(w * x),),
    ),
    (
        "log-kept",
        "The logarithm is still there. Its derivative is 1/u, and no log is left.",
        (
            lambda x, w: log(x * exp(w * x)),
            lambda x, w: x * exp(w * x) * log(1 + exp(w * x)),
        ),
    ),
    (
        "brackets",
        "Parentheses are missing: all of 1 + exp(w x) stands below the line.",
        (lambda x, w: x * exp(w * x) / 1 + exp(w * x),),
    ),
    (
        "inner-below",
        "You put the derivative of the inside below the line. log(u) has the derivative 1/u times that of u: u itself"
        " stands below, and its derivative above.",
        (lambda x, w: 1 / (x * exp(w * x)),),
    ),
    (
        "squared-below",
        "The square below the line belongs to the derivative of 1/u. Here we start from log(u), and its derivative is"
        " 1/u.",
        (lambda x, w: x * exp(w * x) / (1 + exp(w * x)) ** 2,),
    ),
    (
        "loss",
        "This is L itself. Now its derivative with respect to w.",
        (lambda x, w: log(1 + exp(w * x)),),
    ),
)


# chain-tanh: d/dw (v tanh(w x) - y)^2


def _tanh_slope(slope, rest=lambda v, x: v * x):
    """A formula for dL/dw, put together from its links."""

    def formula(x, w, v, y):
        t = tanh(w * x)
        return 2 * (v * t - y) * slope(t, w * x, v) * rest(v, x)

    return formula


def _right_slope(t, z, v):
    return 1 - t**2


TANH_MISTAKES = misconceptions(
    (
        "tanh-kept",
        "tanh is not its own derivative. At 0 its value is 0 and its slope is 1: the slope is 1 - tanh^2.",
        (_tanh_slope(lambda t, z, v: t),),
    ),
    (
        "tanh-slope",
        "Look at the slope of tanh again: the curve is steepest at 0 and flat on both sides. It is 1 - tanh(w x)^2.",
        (_tanh_slope(lambda t, z, v: 1 - t), _tanh_slope(lambda t, z, v: 1 + t**2)),
    ),
    (
        "tanh-like-sigmoid",
        "t (1 - t) is the slope of the sigmoid. That of tanh is 1 - t^2.",
        (_tanh_slope(lambda t, z, v: t * (1 - t)),),
    ),
    (
        "tanh-at-input",
        "In the slope of tanh you squared something else than its output. It is 1 - tanh(w x)^2.",
        (
            _tanh_slope(lambda t, z, v: 1 - z**2),
            _tanh_slope(lambda t, z, v: 1 - (v * t) ** 2),
            _tanh_slope(lambda t, z, v: 1 - tanh(z**2)),
        ),
    ),
    (
        "no-slope",
        "The link over tanh is missing: between v and x stands its slope, 1 - tanh(w x)^2.",
        (_tanh_slope(lambda t, z, v: 1),),
    ),
    (
        "no-x",
        "The last link is missing: the derivative of w x with respect to w is x.",
        (_tanh_slope(_right_slope, rest=lambda v, x: v),),
    ),
    (
        "no-v",
        "The link between the square and tanh is missing: tanh(w x) reaches the loss multiplied by v.",
        (_tanh_slope(_right_slope, rest=lambda v, x: x),),
    ),
    (
        "wrt-x",
        "This is the derivative with respect to x: the last link is w there, and x for w.",
        (lambda x, w, v, y: 2 * (v * tanh(w * x) - y) * v * (1 - tanh(w * x) ** 2) * w,),
    ),
    (
        "wrt-v",
        "This is the derivative with respect to v. From there the chain goes on: through tanh to w x, and to w.",
        (lambda x, w, v, y: 2 * (v * tanh(w * x) - y) * tanh(w * x),),
    ),
    (
        "outer-only",
        "This is the first link alone. Multiply by the derivative of what is squared, which has three links of its own:"
        " v, the slope of tanh, and x.",
        (lambda x, w, v, y: 2 * (v * tanh(w * x) - y),),
    ),
    (
        "moved-inside",
        "You put the derivative inside the square. The first link keeps what is squared as it is, v tanh(w x) - y, and"
        " its derivative is a factor beside it.",
        (
            lambda x, w, v, y: 2 * (v * (1 - tanh(w * x) ** 2) * x - y),
            lambda x, w, v, y: 2 * v * (1 - tanh(w * x) ** 2) * x * (v * (1 - tanh(w * x) ** 2) * x - y),
        ),
    ),
    (
        "loss",
        "This is L itself. Now its derivative with respect to w.",
        (lambda x, w, v, y: (v * tanh(w * x) - y) ** 2,),
    ),
)


# two-paths: L = (w x - y)^2 + lambda w^2 at x = 2, w = 1.5, y = 5, lambda = 0.1

X, W, Y, RATE = 2.0, 1.5, 5.0, 0.1


def _two_paths(e=W * X - Y, dL_de=None, dL_ds=RATE, de_dy=-1.0, du_dx=W, du_dw=X, ds_dw=2 * W, add=None):
    """The numbers of the graph; each argument is one thing that a learner may get wrong."""
    u, s = W * X, W**2
    dL_de = 2 * e if dL_de is None else dL_de
    paths = dL_de * du_dw, dL_ds * ds_dw
    return {
        "u": u,
        "e": e,
        "q": e**2,
        "s": s,
        "r": RATE * s,
        "L": e**2 + RATE * s,
        "dL_de": dL_de,
        "dL_du": dL_de,
        "dL_ds": dL_ds,
        "dL_dx": dL_de * du_dx,
        "dL_dy": dL_de * de_dy,
        "dL_dw": add(*paths) if add else sum(paths),
    }


def _from_u(u):
    """The numbers that follow from a wrong u."""
    e = u - Y
    return _two_paths(e=e) | {"u": u}


NUMBERS = _two_paths()

NUMBER_MISTAKES = misconceptions(
    (
        "overwritten",
        "w reaches L on two ways, over u and over s, and you kept only one of them. Both changes happen when w moves,"
        " so the two products add up.",
        (
            lambda: _two_paths(add=lambda over_u, over_s: over_u),
            lambda: _two_paths(add=lambda over_u, over_s: over_s),
        ),
    ),
    (
        "multiplied",
        "You multiplied the two paths of w. Derivatives are multiplied along a path, and paths are added.",
        (lambda: _two_paths(add=lambda over_u, over_s: over_u * over_s),),
    ),
    (
        "subtracted",
        "You subtracted one path from the other. Paths are added, each with the sign that it has.",
        (lambda: _two_paths(add=lambda over_u, over_s: over_u - over_s),),
    ),
    (
        "sign-of-e",
        "e is a difference, so the order counts. It is u - y, and u is smaller than y.",
        (lambda: _two_paths(e=2.0),),
    ),
    (
        "square",
        "Look at the derivative of the square. q is e^2, so dq/de is 2 e: the factor 2 is missing in dL/de and in all"
        " that comes after it.",
        (lambda: _two_paths(dL_de=-2.0),),
    ),
    (
        "value-for-slope",
        "dL/de is not the value of q: the derivative of e^2 is 2 e, with the sign of e.",
        (lambda: _two_paths(dL_de=4.0),),
    ),
    (
        "sign-of-y",
        "In e = u - y a larger y makes e smaller. So de/dy is -1, and dL/dy is minus dL/de.",
        (lambda: _two_paths(de_dy=1.0),),
    ),
    (
        "swapped",
        "Look at u = w x again, and at what stands beside w and beside x. The derivative with respect to x is w, and"
        " the one with respect to w is x.",
        (
            lambda: _two_paths(du_dx=X, du_dw=W),
            lambda: NUMBERS | {"dL_dw": -4.0 * W + RATE * 2 * W},
        ),
    ),
    (
        "power",
        "Look at the path over s, at its step from s to w. s is w^2, so ds/dw is 2 w; you have w.",
        (lambda: _two_paths(ds_dw=W),),
    ),
    (
        "no-rate",
        "s does not stand in L itself. It reaches L only through r = lambda s, and there it is multiplied by lambda.",
        (lambda: _two_paths(dL_ds=1.0),),
    ),
    (
        "slope-with-w",
        "dL/ds asks what happens when s moves: r = lambda s is a straight line in s, and its slope holds neither w nor"
        " s.",
        tuple(
            lambda slope=slope: _two_paths(dL_ds=slope) for slope in (RATE * W, RATE * 2 * W, RATE * W**2, W**2, 2 * W)
        ),
    ),
    (
        "no-rate-on-path",
        "Of the path over s you have the last factor alone, ds/dw. The first is the number that you found for dL/ds.",
        (lambda: NUMBERS | {"dL_dw": -4.0 * X + 2 * W},),
    ),
    (
        "path-ends-early",
        "The path over s has another step, from s to w: multiply dL/ds by ds/dw, which is 2 w since s is w^2.",
        (lambda: NUMBERS | {"dL_dw": -4.0 * X + RATE},),
    ),
    ("rate-left-out", "This r is s itself. It is lambda times s.", (lambda: NUMBERS | {"r": W**2, "L": 4.0 + W**2},)),
    (
        "loss-incomplete",
        "Look at the last step of the table. L is the sum of q and r.",
        tuple(lambda L=L: NUMBERS | {"L": L} for L in (4.0, RATE * W**2, 4.0 - RATE * W**2)),
    ),
    (
        "negative-square",
        "A square is never negative. Python reads -2**2 as -(2**2): write (-2)**2.",
        (lambda: NUMBERS | {"q": -4.0, "L": RATE * W**2 - 4.0},),
    ),
    (
        "rounded",
        "That is rounded too far: three digits are needed.",
        (
            *(lambda r=r: NUMBERS | {"r": r, "L": 4.2} for r in (0.2, 0.22, 0.23)),
            *(lambda s=s: NUMBERS | {"s": s, "r": 0.23, "L": 4.2} for s in (2.2, 2.3)),
            lambda: NUMBERS | {"L": 4.2},
        ),
    ),
    ("sum-for-product", "You added w and x. u is their product.", (lambda: _from_u(W + X),)),
    (
        "truth-moves-too",
        "y is given, but L depends on it all the same: if y moved, so would e. Ask the graph.",
        (lambda: _two_paths(de_dy=0.0),),
    ),
    (
        "local-only",
        "These are local derivatives. Each must be multiplied by the upstream, the gradient of the box it leads to:"
        " dL/du = dL/de times de/du.",
        tuple(
            lambda over_s=over_s: NUMBERS | {"dL_du": 1.0, "dL_dx": W, "dL_dy": -1.0, "dL_dw": X + over_s}
            for over_s in (2 * W, RATE * 2 * W)
        ),
    ),
    (
        "doubled-w",
        "s is not twice w. It is w squared.",
        (lambda: NUMBERS | {"s": 3.0, "r": 0.3, "L": 4.3, "dL_dw": -4.0 * X + 2 * RATE},),
    ),
)


# diamond: a = w x, b = a^2, c = tanh(a), L = b c


def _paths(w, x):
    """a, and what arrives at it over b and over c."""
    a = w * x
    b, c = a**2, np.tanh(a)
    return a, c * 2 * a, b * (1 - c**2)


def _diamond(w, x):
    _, over_b, over_c = _paths(w, x)
    da = over_b + over_c
    return {"da": da, "dw": da * x, "dx": da * w}


def _points(rng):
    return [(rng.uniform(0.5, 1.5, size=n) * rng.choice([-1.0, 1.0], size=n), rng.normal(size=n)) for n in (5, 7)]


def _wrong(da_of, passed_of=None, swapped=False):
    """A wrong answer: da_of and passed_of, what is said at a and what is passed on, take both paths."""

    def backward(w, x):
        _, over_b, over_c = _paths(w, x)
        passed = (passed_of or da_of)(over_b, over_c)
        w, x = (x, w) if swapped else (w, x)
        return {"da": da_of(over_b, over_c), "dw": passed * x, "dx": passed * w}

    return backward


def _with_slopes(b_slope, c_slope):
    def backward(w, x):
        a = w * x
        b, c = a**2, np.tanh(a)
        da = c * b_slope(a, b) + b * c_slope(a, c)
        return {"da": da, "dw": da * x, "dx": da * w}

    return backward


def _upstreams_swapped(w, x):
    a = w * x
    b, c = a**2, np.tanh(a)
    da = b * 2 * a + c * (1 - c**2)
    return {"da": da, "dw": da * x, "dx": da * w}


def _summed_up(b, c):
    return b + c


DIAMOND_MISTAKES = misconceptions(
    (
        "as-it-was",
        "This still gives what the broken program gave. It has two mistakes: look at what the second assignment to da"
        " does to the first, and at when dw and dx are computed.",
        (_wrong(lambda b, c: c, passed_of=lambda b, c: b),),
    ),
    (
        "overwritten",
        "Only the path over c is left: the second assignment to da overwrites the first. What arrives over several"
        " paths adds up: da = ... and then da = da + ....",
        (_wrong(lambda b, c: c),),
    ),
    (
        "first-path",
        "Only the path over b is left. c depends on a as well, so add dc * (1 - c**2) to da.",
        (_wrong(lambda b, c: b),),
    ),
    (
        "too-early",
        "da is right, but something else than that has been passed on to dw and dx. Compute them once, at the end, when"
        " both paths have arrived at a.",
        (
            _wrong(_summed_up, passed_of=lambda b, c: b),
            _wrong(_summed_up, passed_of=lambda b, c: c),
            _wrong(_summed_up, passed_of=lambda b, c: 2 * b + c),
        ),
    ),
    (
        "multiplied",
        "You multiplied the two paths. Derivatives are multiplied along a path, and paths are added.",
        (_wrong(lambda b, c: b * c),),
    ),
    (
        "subtracted",
        "You subtracted one path from the other. Paths are added, each with the sign that it has.",
        (_wrong(lambda b, c: b - c), _wrong(lambda b, c: c - b)),
    ),
    (
        "upstreams-swapped",
        "db and dc have changed places. In L = b c the derivative with respect to b is c, as in the broken program.",
        (_upstreams_swapped,),
    ),
    (
        "swapped",
        "dw and dx are swapped: in a = w x the derivative with respect to w is x.",
        (_wrong(_summed_up, swapped=True),),
    ),
    (
        "slopes",
        "The local derivatives were right in the broken program. That of a**2 is 2 * a, and that of tanh is 1 - c**2.",
        (
            _with_slopes(lambda a, b: 2 * a, lambda a, c: 1 - a**2),
            _with_slopes(lambda a, b: a, lambda a, c: 1 - c**2),
        ),
    ),
)


PROBLEMS = (
    Problem(
        id="chain-exp",
        title="A bump",
        points=1,
        hints=(
            "Name what stands in the exponent: u = -(x - m)^2. Then f = exp(u).",
            "df/du = exp(u), and du/dx = -2 (x - m). Multiply them, and write u out again.",
        ),
        judge=judge_formula(lambda x, m: -2 * (x - m) * _bump(x, m), "x m", EXP_MISTAKES),
        minutes=3,
        difficulty=1,
    ),
    Problem(
        id="chain-log",
        title="Three links",
        points=1,
        hints=(
            "From the outside to the inside: a logarithm, 1 + exp, and a product. Each is a link.",
            "With z = w x and u = 1 + exp(z): dL/du = 1/u, du/dz = exp(z), dz/dw = x.",
        ),
        judge=judge_formula(lambda x, w: x * exp(w * x) / (1 + exp(w * x)), "x w", LOG_MISTAKES),
        minutes=5,
        difficulty=2,
    ),
    Problem(
        id="chain-tanh",
        title="A network of one hidden unit",
        points=1,
        hints=(
            "The links from the loss inward: the square, the product with v, tanh, the product with x.",
            "With z = w x and t = tanh(z): dL/dt = 2 (v t - y) v, dt/dz = 1 - t^2, dz/dw = x.",
        ),
        judge=judge_formula(_tanh_slope(_right_slope), "x w v y", TANH_MISTAKES),
        minutes=5,
        difficulty=2,
    ),
    Problem(
        id="two-paths",
        title="A weight on two paths",
        points=4,
        hints=(
            "Forward first, line by line of the table. Then draw the boxes, and on each arrow its local derivative.",
            "Backward starts with dL/dq = 1 and dL/dr = 1, since L = q + r. Then dL/de = 2 e, and dL/ds = lambda.",
            "w has two arrows that leave it, to u and to s: dL/dw = dL/du du/dw + dL/ds ds/dw.",
        ),
        judge=judge_numbers(NUMBERS, NUMBER_MISTAKES),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="diamond",
        title="Repair the diamond",
        points=2,
        hints=(
            "Draw the graph: w and x lead to a, a leads to b and to c, and both lead to L. How many arrows leave a?",
            "Two. So da is a sum of two products, and dw and dx can wait until both have arrived.",
            "First db = c and dc = b. Then da = db * 2 * a + dc * (1 - c**2), and only then dw and dx.",
        ),
        judge=judge_function(_diamond, _points, DIAMOND_MISTAKES),
        minutes=10,
        difficulty=2,
    ),
)
