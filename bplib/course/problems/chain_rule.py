"""Lesson 03: derivatives of compositions, the numbers of a graph, a program to repair, and what both ways cost."""

import functools
import itertools

import numpy as np
from sympy import exp, log, tanh

from bplib.course.drills import graphs
from bplib.course.drills.owning import SOMEBODY, drill_of, judge_own
from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_formula, judge_numbers
from bplib.course.judging.turns import judge_value, turn

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
        "m-dropped",
        "Look at the second link: the derivative of (x - m)^2 is 2 (x - m). The m inside of the square stays.",
        (lambda x, m: -2 * x * _bump(x, m), lambda x, m: -2 * x * (x - m) * _bump(x, m)),
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
    (
        "links-added",
        "You added links of one chain. They are multiplied: sums are for several paths, and here there is one path,"
        " from w over w x and 1 + exp(w x) to L.",
        tuple(
            lambda x, w, together=together, last=last: together(1 / (1 + exp(w * x)), exp(w * x), (x, w)[last])
            for last in (0, 1)
            for together in (
                lambda outer, middle, inner: outer + middle + inner,
                lambda outer, middle, inner: outer * middle + inner,
                lambda outer, middle, inner: outer * (middle + inner),
                lambda outer, middle, inner: outer + middle * inner,
            )
        ),
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
        "tanh-at-x",
        "Look at where the slope of tanh is taken: it is at w x, which went into tanh, and not at x. So it is"
        " 1 - tanh(w x)^2.",
        (lambda x, w, v, y: 2 * (v * tanh(w * x) - y) * v * (1 - tanh(x) ** 2) * x,),
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
        "factor-at-sum",
        "Look at the step from u to e: in e = u - y a larger u makes e larger by just as much. So de/du is 1, and dL/du"
        " is dL/de.",
        tuple(
            lambda f=f: NUMBERS | {"dL_du": -4.0 * f, "dL_dx": -4.0 * f * W, "dL_dw": -4.0 * f * X + RATE * 2 * W}
            for f in (X, W * X, W, -1.0)
        ),
    ),
    (
        "not-yet-at-x",
        "dL/dx is not what arrives at u. From u to x there is another edge: multiply by its local derivative, w.",
        (lambda: NUMBERS | {"dL_dx": -4.0},),
    ),
    (
        "sign-at-x",
        "Look at the sign of dL/dx: dL/du is negative, and w is positive.",
        (lambda: NUMBERS | {"dL_dx": 6.0},),
    ),
    (
        "local-at-y",
        "This is the local derivative from y to e, or its size. Multiply it by what arrives at e.",
        (lambda: NUMBERS | {"dL_dy": -1.0}, lambda: NUMBERS | {"dL_dy": 1.0}),
    ),
    (
        "regularizer-of-w",
        "Look at the step from s to r: it multiplies lambda by s, the square of w.",
        tuple(lambda r=r: NUMBERS | {"r": r, "L": 4.0 + r} for r in (RATE * W, RATE)),
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


# own-graph: a graph whose numbers nobody else has

OWN_HINTS = drill_of(SOMEBODY, graphs.draw_for_one).hints


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
        "one-path-reported",
        "dw and dx are right, so what you passed on is the whole sum. As da you return the share of one path: return"
        " the same sum.",
        (_wrong(lambda b, c: b, passed_of=_summed_up), _wrong(lambda b, c: c, passed_of=_summed_up)),
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


# count-ways: a product of tables from the loss and from the inputs, for layers of any sizes


def _tables(sizes):
    """The shapes of the tables of local derivatives, (after, before), from the inputs on."""
    return [(after, before) for before, after in itertools.pairwise(sizes)]


def _count_ways(sizes):
    tables = _tables(sizes)
    carried = {"reverse": (sizes[-1], tables[:-1]), "forward": (sizes[0], tables[1:])}
    return {way: sum(k * after * before for after, before in rest) for way, (k, rest) in carried.items()}


def _networks(rng):
    """More inputs than outputs, fewer, and many layers; no two sizes of a network are equal."""
    sizes = [int(n) for n in rng.permutation(np.arange(2, 12))]
    few, many = sorted(sizes[:4]), sorted(sizes[4:7], reverse=True)
    return [(many,), (few,), (sizes[:6],), ([*sizes[6:9], 1],)]


def _shallow(rng):
    return [
        ("a single layer, where nothing is left to multiply", ([5, 3],)),
        ("layers of one value", ([1, 1, 1, 1],)),
        ("the network of the lesson", ([100, 100, 100, 100, 100, 1],)),
    ]


def _special(sizes, change):
    return {"sizes": change(list(sizes))}


WAYS_PROBES = tuple(
    Probe(says, lambda arguments, change=change: _special(arguments["sizes"], change))
    for says, change in (
        ("where there is one product alone", lambda sizes: sizes[:3]),
        ("where there is one output", lambda sizes: [*sizes[:-1], 1]),
        ("where there is one input", lambda sizes: [1, *sizes[1:]]),
        ("where all sizes are equal", lambda sizes: [3] * len(sizes)),
    )
)


def _counting(count):
    """A wrong count_ways from count(sizes) -> (reverse, forward)."""

    def count_ways(sizes):
        reverse, forward = count(list(sizes))
        return {"reverse": reverse, "forward": forward}

    return count_ways


def _carrying(reverse_by, forward_by, reverse_of=lambda tables: tables[:-1], forward_of=lambda tables: tables[1:]):
    """A wrong count in which each way carries something else, or meets other tables."""

    def count(sizes):
        tables = _tables(sizes)
        back = sum(reverse_by(sizes) * after * before for after, before in reverse_of(tables))
        ahead = sum(forward_by(sizes) * after * before for after, before in forward_of(tables))
        return back, ahead

    return _counting(count)


def _added_up(sizes):
    """Rows, columns and the length between added instead of multiplied."""
    reverse = sum(sizes[-1] + after + before for after, before in _tables(sizes)[:-1])
    return reverse, sum(sizes[0] + after + before for after, before in _tables(sizes)[1:])


def _entries_of_products(sizes):
    """As if each entry of a product took one multiplication."""
    return sum(sizes[-1] * before for _, before in _tables(sizes)[:-1]), sum(
        after * sizes[0] for after, _ in _tables(sizes)[1:]
    )


def _with_additions(sizes):
    tables = _tables(sizes)
    return (
        sum(sizes[-1] * before * (2 * after - 1) for after, before in tables[:-1]),
        sum(after * sizes[0] * (2 * before - 1) for after, before in tables[1:]),
    )


COUNT_MISTAKES = misconceptions(
    (
        "exchanged",
        "The two numbers have changed places. Reverse begins at the outputs and carries a row for each of them; forward"
        " begins at the inputs and carries a column for each.",
        (lambda sizes: dict(zip(("forward", "reverse"), _count_ways(sizes).values(), strict=True)),),
    ),
    (
        "one-loss",
        "Look at a network with several outputs. Reverse carries a row for each of them, and not a single one: multiply"
        " by sizes[-1].",
        (_carrying(lambda sizes: 1, lambda sizes: sizes[0]),),
    ),
    (
        "one-input",
        "Look at what forward carries. It is a column for each input, and not a single one: multiply by sizes[0].",
        (_carrying(lambda sizes: sizes[-1], lambda sizes: 1), _carrying(lambda sizes: 1, lambda sizes: 1)),
    ),
    (
        "one-table-too-many",
        "You count a product for each table. The table at which a way begins is taken as it is: m tables make m - 1"
        " products.",
        (
            _carrying(lambda sizes: sizes[-1], lambda sizes: sizes[0], lambda tables: tables, lambda tables: tables),
            _carrying(lambda sizes: sizes[-1], lambda sizes: sizes[0], lambda tables: tables),
            _carrying(lambda sizes: sizes[-1], lambda sizes: sizes[0], forward_of=lambda tables: tables),
        ),
    ),
    (
        "wrong-end",
        "Of the tables you left out the wrong one. Each way begins with the table at its own end, and multiplies by all"
        " the others: reverse begins with the last.",
        (
            _carrying(
                lambda sizes: sizes[-1], lambda sizes: sizes[0], lambda tables: tables[1:], lambda tables: tables[:-1]
            ),
        ),
    ),
    (
        "lengths-exchanged",
        "Your tables are the right ones, and what you multiply each by is not. Reverse carries a row for each output,"
        " sizes[-1] of them, and forward a column for each input, sizes[0].",
        (_carrying(lambda sizes: sizes[0], lambda sizes: sizes[-1]),),
    ),
    (
        "both-ends",
        "Of the tables you left out two. Each way begins with the table at its own end, and multiplies by all the"
        " others, the one at the far end too.",
        (
            _carrying(
                lambda sizes: sizes[-1],
                lambda sizes: sizes[0],
                lambda tables: tables[1:-1],
                lambda tables: tables[1:-1],
            ),
        ),
    ),
    (
        "carried-size",
        "What a way carries keeps one length to its end. Reverse has sizes[-1] rows throughout and forward sizes[0]"
        " columns, whatever the layers in between are.",
        (
            _counting(
                lambda sizes: (
                    sum(sizes[i + 2] * sizes[i + 1] * sizes[i] for i in range(len(sizes) - 2)),
                    sum(sizes[i + 2] * sizes[i + 1] * sizes[0] for i in range(len(sizes) - 2)),
                )
            ),
            _counting(
                lambda sizes: (
                    sum(sizes[i + 2] * sizes[i + 1] * sizes[i] for i in range(len(sizes) - 2)),
                    sum(sizes[i + 2] * sizes[i + 1] * sizes[i] for i in range(len(sizes) - 2)),
                )
            ),
        ),
    ),
    (
        "entries-only",
        "You count one multiplication for each entry of a product. An entry is a sum of products along the length"
        " between: (r, m) times (m, c) takes r m c of them.",
        (_counting(_entries_of_products),),
    ),
    (
        "with-additions",
        "You count additions too. Of an entry that sums m products, only the m multiplications are asked for.",
        (_counting(_with_additions),),
    ),
    (
        "all-and-one-loss",
        "Two things differ at once. A way begins with a table as it is, so m tables make m - 1 products; and reverse"
        " carries a row for each output, not a single one.",
        (
            _carrying(lambda sizes: 1, lambda sizes: sizes[0], lambda tables: tables, lambda tables: tables),
            _carrying(lambda sizes: 1, lambda sizes: 1, lambda tables: tables, lambda tables: tables),
            _carrying(lambda sizes: 1, lambda sizes: sizes[0], lambda tables: tables),
        ),
    ),
    (
        "all-sizes-multiplied",
        "You multiplied all sizes. One product has three lengths, and the products of a way are done one after the"
        " other, so their costs add up.",
        (_counting(lambda sizes: (int(np.prod(sizes)), int(np.prod(sizes)))),),
    ),
    (
        "products-counted",
        "You count products of tables. Each takes as many multiplications as its three lengths give: r m c.",
        (
            _counting(lambda sizes: (len(sizes) - 2, len(sizes) - 2)),
            _counting(lambda sizes: (sizes[-1] * (len(sizes) - 2), sizes[0] * (len(sizes) - 2))),
        ),
    ),
    (
        "one-width",
        "This is the formula of the lesson, for layers of one width. Here they differ: go from table to table.",
        tuple(
            _counting(lambda sizes, m=m: (m(sizes) * sizes[0] ** 2, (m(sizes) - 1) * sizes[0] ** 3 + sizes[0] ** 2))
            for m in (lambda sizes: 4, lambda sizes: len(sizes) - 2)
        ),
    ),
    ("added-up", "You added the three lengths of a product. (r, m) times (m, c) takes r m c.", (_counting(_added_up),)),
)


# The turns in the lesson


def _weight_slope(x, w):
    return x**2 * x


def _some_points(rng):
    return [(float(x), float(w)) for x, w in rng.uniform(1.1, 2.5, size=(4, 2))]


SLOPE_MISTAKES = misconceptions(
    (
        "wrt-x",
        "This is the slope for x. What stands beside w in v = w x?",
        (lambda x, w: 3 * w * x**2,),
    ),
    ("local-only", "This is the local derivative alone. Multiply it by what arrives at v.", (lambda x, w: x,)),
    ("upstream-only", "This is what arrives at v. One edge is left to go, from v to w.", (lambda x, w: x**2,)),
    ("wrong-upstream", "You took what arrives at u. In L = u v the upstream of v is u.", (lambda x, w: w * x * x,)),
    ("value", "This is L itself.", (lambda x, w: w * x**3,)),
)

TURNS = (
    turn(
        "turn-recall-logit",
        "The slope at a logit",
        judge_value(
            -0.8,
            "With softmax, too, the slope at a logit is prediction minus truth. For the true class the truth is 1.",
            {
                0.8: "The size is right. Would a larger logit of the true class make this loss larger?",
                0.2: "This is the prediction. From that of the true class the truth is taken away, and it is 1.",
                -0.2: "This is minus the prediction. What is the truth for the class that is right?",
                0.7: "This is the slope at the second logit, whose class is not the true one.",
                -0.3: "Was the second class the true one? It is the first.",
                -5.0: "This is the slope at p. At the logit, what softmax adds to the chain cancels the 1/p.",
                -0.128: "The slope p (1 - p) stands in it once too often: with the cross-entropy it cancels.",
                0.16: "This is p (1 - p), how fast the probability grows. The slope of the loss is simpler.",
                1.6094: "This is the loss itself, -log 0.2.",
            },
        ),
        "Prediction minus truth.",
    ),
    turn(
        "turn-recall-step",
        "A step ten times smaller",
        judge_value(
            100,
            "The error of a central difference goes with h squared, as long as rounding is not the larger error.",
            {
                10: "So it is with a forward difference. The central one is better: its error goes with h squared.",
                1: "It does change, until rounding takes over.",
                0.01: "The error is multiplied by that. How many times smaller has it become?",
                0.1: "Its error goes with h squared. And how many times smaller is it then, as a number above 1?",
                1000: "Its error goes with h squared, and not with h to the third.",
            },
        ),
        "By which power of h does its error go?",
    ),
    turn(
        "turn-two-paths",
        "How fast L grows with x",
        judge_value(
            36,
            "24 over u and 12 over v: along a path speeds multiply, and both paths happen at once.",
            {
                24: "This is the path over u. When x moves, v moves too.",
                12: "This is the path over v. When x moves, u moves too.",
                288: "You multiplied the two paths. Each adds its own change to L.",
                10: "You added the speeds at the end of the paths. Multiply along each path first.",
            },
        ),
        "Along u: 4 times 6. Along v: 3 times 4.",
        "Both changes happen when x moves, so they add up.",
    ),
    turn(
        "turn-weight-slope",
        "The slope for w",
        judge_function(_weight_slope, _some_points, SLOPE_MISTAKES),
        "What arrives at v, times the local derivative of v with respect to w.",
        "u times x, with u = x**2.",
    ),
    turn(
        "turn-gates",
        "Three gates",
        judge_value(
            (5, 5, -10, 15, 5, 0),
            "A sum copies the gradient, a product swaps the inputs, and a maximum sends all of it to the larger one.",
            {
                (5, 5, 15, -10, 5, 0): "At the product each input gets the other one as its factor.",
                (5, 5, -10, 15, 0, 5): "Which of the two decides the maximum, a = 3 or b = -2?",
                (5, 5, -10, 15, 5, 5): "If b moved a little, would the maximum notice?",
                (15, -10, -10, 15, 5, 0): "A sum grows as fast as either of its inputs: its local derivatives are 1.",
                (2.5, 2.5, -10, 15, 5, 0): "A sum does not share the gradient out. Each input gets all of it.",
                (5, 5, -10, 15, 3, 0): "A maximum passes on what arrives, and not its own value. How fast does it grow"
                " with a?",
                (5, 5, -10, 15, 15, 0): "At the maximum the local derivative toward a is 1, and not a itself.",
                (5, 5, -30, -30, 5, 0): "At the product you multiplied what arrives by its value, -6. Each input gets"
                " it times the other input.",
                (5, 5, -6, -6, 5, 0): "At the product stands its value. Each input gets what arrives times the other"
                " input.",
                (1, 1, -2, 3, 1, 0): "These are the local derivatives. Multiply each by the 5 that arrives.",
            },
        ),
        "The local derivatives of a + b are 1 and 1, those of a b are b and a.",
        "max(a, b) is a wherever a is larger: its local derivatives are 1 and 0.",
    ),
    turn(
        "turn-path-count",
        "Paths through ten diamonds",
        judge_value(
            1024,
            "Each diamond doubles the ways, and ten doublings make 2 to the 10th.",
            {
                20: "There are 20 middle boxes. A path chooses at each diamond anew, so the choices multiply.",
                40: "There are 40 edges. A path chooses at each diamond anew, so the choices multiply.",
                100: "10 squared is not 2 to the 10th: one choice of two, ten times.",
                512: "This is one doubling short.",
            },
        ),
        "Two ways through the first diamond, and after each of them two through the second.",
    ),
    turn(
        "turn-edges",
        "Multiplications of both ways",
        judge_value(
            (5, 10),
            "One on each edge: reverse passes the five edges once for both leaves, forward once for each leaf.",
            {
                (5, 6): "Forward from x meets w too, with a 0 there. A 0 is multiplied like any other number.",
                (5, 7): "Forward from x meets w too, with a 0 there. A 0 is multiplied like any other number.",
                (5, 9): "Forward passes all edges on each of its ways. A 0 is multiplied like any other number.",
                (5, 8): "Forward passes all edges on each of its ways. A 0 is multiplied like any other number.",
                (5, 5): "Forward from x knows nothing about w: it passes the edges again for the second leaf.",
                (
                    7,
                    6,
                ): "These are the steps of the slider. Count what is multiplied: one for each edge that is passed.",
                (10, 5): "It is the other way round: which of the two knows both leaves at its end?",
            },
        ),
        "How many edges does the graph have, and how often does each way pass them?",
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
        id="own-graph",
        title="A graph of your own",
        points=2,
        hints=OWN_HINTS,
        judge=judge_own(graphs.draw_for_one),
        minutes=10,
        difficulty=2,
        own=functools.partial(drill_of, draw=graphs.draw_for_one),
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
    Problem(
        id="count-ways",
        title="What both ways cost",
        points=2,
        hints=(
            "Write down the tables of sizes = [4, 3, 2]: from 4 values to 3 the table is (3, 4), from 3 to 2 it is"
            " (2, 3).",
            "Reverse begins with the last table, which has sizes[-1] rows, and multiplies by the one before it, and so"
            " on: all that it carries has sizes[-1] rows.",
            "A product of (r, m) and (m, c) takes r m c multiplications. So each table but the last costs reverse"
            " sizes[-1] times its entries, and each but the first costs forward sizes[0] times its entries.",
        ),
        judge=judge_function(_count_ways, _networks, COUNT_MISTAKES, probes=WAYS_PROBES, boundaries=_shallow),
        minutes=10,
        difficulty=2,
    ),
)
