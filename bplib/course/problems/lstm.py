"""Lesson 14: backwards of long short-term memory, what is left of a gradient, and a memory trained with them."""

import math

import numpy as np

from bplib import lstm
from bplib.course.judging import learning
from bplib.course.judging.judges import Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_numbers
from bplib.course.judging.reading import NOT_YET, Verdict, mistaken
from bplib.course.judging.turns import judge_value, turn
from bplib.losses import binary_cross_entropy_with_logits_grad
from bplib.optimizers import Adam

LESSON = "14_lstm"
TITLE = "LSTM"


def _forward_again(dh, h, c, x, h0, c0, Wx, Wh, b):
    """The arguments of lstm-backward with the states that belong to them."""
    h, c = lstm.lstm(x, h0, c0, Wx, Wh, b)
    return dh[:, : x.shape[1]], h, c, x, h0, c0, Wx, Wh, b


# coupled-step-backward: f = 1 - i, and the output gate sees the new cell


def _coupled(x, h, c, Wx, Wh, p, b):
    """The gates (3, n, m) and c_next of a step."""
    i, g, o = np.split(x @ Wx + h @ Wh + b, 3, axis=1)
    i, g = _sigmoid(i), np.tanh(g)
    c_next = (1 - i) * c + i * g
    return np.stack([i, g, _sigmoid(o + p * c_next)]), c_next


def _step(rng, n, d, m):
    x, h, c = (rng.normal(size=shape) for shape in ((n, d), (n, m), (n, m)))
    Wx, Wh, p, b = (rng.normal(size=shape) for shape in ((d, 3 * m), (m, 3 * m), (m,), (3 * m,)))
    gates, c_next = _coupled(x, h, c, Wx, Wh, p, b)
    return rng.normal(size=(n, m)), rng.normal(size=(n, m)), c_next, gates, x, h, c, Wx, Wh, p


def _steps(rng):
    return [_step(rng, *sizes) for sizes in ((5, 3, 2), (7, 2, 4), (6, 5, 3))]


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


class _Saved:
    """What a step has kept from its forward, and its weights for looking at the cell."""

    def __init__(self, c_next, gates, x, h, c, p):
        """Take the gates apart."""
        self.c_next, self.x, self.h, self.c, self.p = c_next, x, h, c, p
        self.i, self.g, self.o = gates


def _to_output(dh, s):
    """The gradient of z_o."""
    return dh * np.tanh(s.c_next) * s.o * (1 - s.o)


def _cell(dh, dc, dzo, s):
    return dc + dh * s.o * (1 - np.tanh(s.c_next) ** 2) + dzo * s.p


def _as_it_is(dc, s):
    """The gradients of i and g."""
    return dc * (s.g - s.c), dc * s.i


def _slopes(s):
    return s.i * (1 - s.i), 1 - s.g**2


def _variant(
    read=lambda gates: gates,
    to_output=_to_output,
    cell=_cell,
    pulls=_as_it_is,
    slopes=_slopes,
    parts=lambda i, g, o: (i, g, o),
    back=lambda dc, s: dc * (1 - s.i),
    peephole=lambda dzo, s: (dzo * s.c_next).sum(axis=0),
    result=lambda *gradients: gradients,
):
    """The backward of a step; each argument is a line of it, to be spoiled."""

    def backward(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
        s = _Saved(c_next, read(gates), x, h, c, p)
        dzo = to_output(dh_next, s)
        dc = cell(dh_next, dc_next, dzo, s)
        di, dg = (d * slope for d, slope in zip(pulls(dc, s), slopes(s), strict=True))
        dz = np.hstack(parts(di, dg, dzo))
        return result(
            dz @ Wx.T, dz @ Wh.T, back(dc, s), x.T @ dz, h.T @ dz, peephole(dzo, s), dz.sum(axis=0)
        )  # fmt: skip

    return backward


_coupled_step_backward = _variant()


def _into_the_cell_before(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
    lost = _variant(cell=lambda dh, dc, dzo, s: _cell(dh, dc, 0.0, s))
    found = list(lost(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p))
    found[2] = found[2] + _to_output(dh_next, _Saved(c_next, gates, x, h, c, p)) * p
    return found


STEP_MISTAKES = misconceptions(
    (
        "dc-next-lost",
        "What arrives at the cell from the step after, dc_next, is lost. The cell c' has three ways to the loss: on to"
        " the next step, through the tanh of h', and through the output gate that looks at it. All three add up.",
        (_variant(cell=lambda dh, dc, dzo, s: _cell(dh, 0.0, dzo, s)),),
    ),
    (
        "cell-through-h-lost",
        "What comes to the cell through tanh(c') is lost. Add dh_next * o, times the slope of the tanh, to the other"
        " two, before you use the gradient of the cell.",
        (_variant(cell=lambda dh, dc, dzo, s: dc + dzo * s.p),),
    ),
    (
        "peephole-path-lost",
        "One of the three ways of the cell to the loss is missing: the output gate looks at c', so c' gets a gradient"
        " from it. It is the gradient of z_o times p, which therefore has to be made first.",
        (_variant(cell=lambda dh, dc, dzo, s: _cell(dh, dc, 0.0, s)),),
    ),
    (
        "peephole-without-slope",
        "On the way from the output gate to the cell the slope of the sigmoid is missing. p multiplies c' within z_o:"
        " what comes back through it is the gradient of z_o, with o (1 - o) in it, times p.",
        (_variant(cell=lambda dh, dc, dzo, s: _cell(dh, dc, dh * np.tanh(s.c_next), s)),),
    ),
    (
        "peephole-without-p",
        "On the way from the output gate to the cell the factor p is missing: z_o holds p c', so the slope is p.",
        (_variant(cell=lambda dh, dc, dzo, s: _cell(dh, dc, dzo / s.p, s)),),
    ),
    (
        "peephole-into-c",
        "The gradient that comes from the output gate goes to the cell before. The gate looks at the new cell, c', so"
        " add it to the gradient of c', from where i, g and c get their share of it.",
        (_into_the_cell_before,),
    ),
    (
        "dp-of-c-before",
        "dp is made with c, the cell before this step. The output gate looks at the new cell: multiply by c_next.",
        (_variant(peephole=lambda dzo, s: (dzo * s.c).sum(axis=0)),),
    ),
    (
        "dp-of-tanh",
        "dp is made with tanh(c'). The peephole looks at the cell itself: in z_o + p c' the slope for p is c_next.",
        (_variant(peephole=lambda dzo, s: (dzo * np.tanh(s.c_next)).sum(axis=0)),),
    ),
    (
        "tanh-of-cell-missed",
        "On the way from h' to the cell the tanh is missing: h' = o tanh(c'), so dh_next * o is still to be multiplied"
        " by the slope 1 - tanh(c_next)**2.",
        (_variant(cell=lambda dh, dc, dzo, s: dc + dh * s.o + dzo * s.p),),
    ),
    (
        "slope-of-cell-itself",
        "It takes 1 - c_next**2 for the slope of the tanh. The slope is 1 minus the square of what comes out of it,"
        " tanh(c_next); c_next is what went in.",
        (_variant(cell=lambda dh, dc, dzo, s: dc + dh * s.o * (1 - s.c_next**2) + dzo * s.p),),
    ),
    (
        "dc-next-bent",
        "dc_next goes through o and the tanh along with dh_next. It arrives at the cell itself, so it is added as it"
        " is: only dh_next comes by way of h'.",
        (_variant(cell=lambda dh, dc, dzo, s: (dc + dh) * s.o * (1 - np.tanh(s.c_next) ** 2) + dzo * s.p),),
    ),
    (
        "dh-added-to-dc",
        "dh_next is added to dc_next as it is. It belongs to h', and reaches the cell only through o and the tanh.",
        (_variant(cell=lambda dh, dc, dzo, s: dc + dh + dzo * s.p),),
    ),
    (
        "coupling-forgotten",
        "The gate i has two uses here, and one is missing. In c' = (1 - i) c + i g it also stands in 1 - i: the slope"
        " of c' with respect to i is g - c.",
        (_variant(pulls=lambda dc, s: (dc * s.g, dc * s.i)),),
    ),
    (
        "coupling-plus",
        "The part of di that comes through 1 - i has the wrong sign. When i grows, 1 - i shrinks: the slope is g - c.",
        (_variant(pulls=lambda dc, s: (dc * (s.g + s.c), dc * s.i)),),
    ),
    (
        "coupling-turned",
        "The sign of di is turned. When i grows, more of g is written and less of c is kept: the slope is g - c.",
        (_variant(pulls=lambda dc, s: (dc * (s.c - s.g), dc * s.i)),),
    ),
    (
        "slopes-forgotten",
        "The gates are functions of z, and their slopes are missing: multiply di by i (1 - i), and dg by 1 - g**2,"
        " before they become dz.",
        (_variant(slopes=lambda s: (1.0, 1.0)),),
    ),
    (
        "g-as-sigmoid",
        "g is treated like a gate. It is a tanh and no sigmoid: its slope is 1 - g**2.",
        (_variant(slopes=lambda s: (s.i * (1 - s.i), s.g * (1 - s.g))),),
    ),
    (
        "gates-as-tanh",
        "The slopes of the gates are those of a tanh. i and o are sigmoids: their slopes are i (1 - i) and o (1 - o).",
        (
            _variant(
                slopes=lambda s: (1 - s.i**2, 1 - s.g**2),
                to_output=lambda dh, s: dh * np.tanh(s.c_next) * (1 - s.o**2),
            ),
        ),
    ),
    (
        "forget-gate-lost",
        "dc, for the step before, is the gradient of c' unchanged. In c' = (1 - i) c + i g the cell before is"
        " multiplied by 1 - i, and so is its gradient.",
        (_variant(back=lambda dc, s: dc),),
    ),
    (
        "i-keeps",
        "dc, for the step before, is multiplied by i. What is kept of the cell is 1 - i of it.",
        (_variant(back=lambda dc, s: dc * s.i),),
    ),
    (
        "order-of-parts",
        "The three parts of dz stand in another order than those of z. From left to right they are i, g, o.",
        (
            _variant(parts=lambda i, g, o: (i, o, g)),
            _variant(parts=lambda i, g, o: (g, i, o)),
        ),
    ),
    (
        "order",
        "The seven gradients are right, but in another order. Return dx, dh, dc, dWx, dWh, dp, db.",
        (
            _variant(result=lambda dx, dh, dc, dWx, dWh, dp, db: (dx, dc, dh, dWx, dWh, dp, db)),
            _variant(result=lambda dx, dh, dc, dWx, dWh, dp, db: (dx, dh, dc, dWx, dWh, db, dp)),
        ),
    ),
)


# lstm-backward


def _sequence(rng, n, T, d, m):
    x, h0, c0 = (rng.normal(size=shape) for shape in ((n, T, d), (n, m), (n, m)))
    Wx, Wh, b = rng.normal(size=(d, 4 * m)), rng.normal(size=(m, 4 * m)), rng.normal(size=4 * m)
    h, c = lstm.lstm(x, h0, c0, Wx, Wh, b)
    return rng.normal(size=(n, T, m)), h, c, x, h0, c0, Wx, Wh, b


def _sequences(rng):
    return [_sequence(rng, *sizes) for sizes in ((5, 5, 3, 2), (3, 1, 2, 4), (7, 2, 5, 3))]


def _through_time(
    upstream=lambda outside, dh_later, dc_later: (outside + dh_later, dc_later),
    outside=lambda dh, t, T: dh[:, t],
    began=lambda h, c, h0, c0, t: (h[:, t - 1], c[:, t - 1]) if t else (h0, c0),
    ended=lambda h, c, began: (h, c),
    steps=lambda T: reversed(range(T)),
    later=lambda new, carried: new,
    add=lambda total, new: total + new,
    result=lambda *gradients: gradients,
):
    """The backward of a sequence; each argument is a line of it, to be spoiled."""

    def backward(dh, h, c, x, h0, c0, Wx, Wh, b):
        T, dx, sums = x.shape[1], np.zeros_like(x), [np.zeros_like(each) for each in (Wx, Wh, b)]
        carried = np.zeros((2, *h0.shape))
        for t in steps(T):
            dstate = np.stack(upstream(outside(dh, t, T), *carried))
            before = began(h, c, h0, c0, t)
            state = np.stack(ended(h[:, t], c[:, t], before))
            dx[:, t], *new, dWx, dWh, db = lstm.lstm_step_backward(dstate, state, x[:, t], *before, Wx, Wh, b)
            carried = later(np.stack(new), carried)
            sums = [add(total, each) for total, each in zip(sums, (dWx, dWh, db), strict=True)]
        return result(dx, *carried, *sums)

    return backward


_lstm_backward = _through_time()


def _adds_up_at_the_end(dh, h, c, x, h0, c0, Wx, Wh, b):
    """`later += ...`, and what has piled up is returned for the start, though each step is given its own share."""
    piled, begin = np.zeros((2, *h0.shape)), _lstm_backward(dh, h, c, x, h0, c0, Wx, Wh, b)
    for t in reversed(range(x.shape[1])):
        rest = [each[:, t:] for each in (dh, h, c, x)]
        before = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        piled += np.stack(_lstm_backward(*rest, *before, Wx, Wh, b)[1:3])
    return begin[0], *piled, *begin[3:]


SEQUENCE_MISTAKES = misconceptions(
    (
        "dc-not-carried",
        "The gradient of the cell is not carried from step to step. Besides dh, a step gives the step before it dc, its"
        " dc_next, and this is the highway. A sequence of one step cannot show it; one of two does.",
        (
            _through_time(upstream=lambda outside, dh_later, dc_later: (outside + dh_later, 0 * dc_later)),
            _through_time(later=lambda new, carried: np.stack([new[0], 0 * new[1]])),
        ),
    ),
    (
        "dh-not-carried",
        "The gradient of the hidden state is not carried from step to step. What a step gets is dh[:, t] from outside,"
        " plus the dh that the step after has sent back.",
        (_through_time(upstream=lambda outside, dh_later, dc_later: (outside, dc_later)),),
    ),
    (
        "nothing-carried",
        "Nothing goes from a step to the step before: each is treated as if it were the last. Carry dh and dc along,"
        " from the last step to the first.",
        (_through_time(upstream=lambda outside, dh_later, dc_later: (outside, 0 * dc_later)),),
    ),
    (
        "carried-exchanged",
        "dh and dc are exchanged on their way to the step before. The upstream of a step is dh above dc.",
        (_through_time(upstream=lambda outside, dh_later, dc_later: (outside + dc_later, dh_later)),),
    ),
    (
        "piles-up",
        "What is carried piles up from step to step. What a step sends back holds all that came from later steps"
        " already, so it replaces what was carried. A sequence of one step cannot show it.",
        (_through_time(later=lambda new, carried: new + carried),),
    ),
    (
        "upstream-exchanged",
        "In dstate the two gradients are exchanged. That of the state, dh[:, t] and what is carried, stands above that"
        " of the cell.",
        (_through_time(upstream=lambda outside, dh_later, dc_later: (dc_later, outside + dh_later)),),
    ),
    (
        "outside-on-cell",
        "dh[:, t] is added to the gradient of the cell. Nobody outside looks at the cells: what arrives at c_t is only"
        " what the step after has sent back, and its way through h_t is in the step already.",
        (
            _through_time(upstream=lambda outside, dh_later, dc_later: (outside + dh_later, outside + dc_later)),
            _through_time(upstream=lambda outside, dh_later, dc_later: (dh_later, outside + dc_later)),
        ),
    ),
    (
        "state-exchanged",
        "In state, h_t and c_t are exchanged: the new state stands above the new cell.",
        (_through_time(ended=lambda h, c, began: (c, h)),),
    ),
    (
        "state-before",
        "As state, the step is given the one in which it began. It wants the new one, h[:, t] above c[:, t].",
        (_through_time(ended=lambda h, c, began: began),),
    ),
    (
        "outside-last-only",
        "Only the last step gets its gradient from outside. Somebody looks at every h_t: add dh[:, t] at every step.",
        (_through_time(outside=lambda dh, t, T: dh[:, t] * (t == T - 1)),),
    ),
    (
        "weights-of-one-step",
        "The gradients of the weights come from one step only, each step overwriting the one before. All steps use the"
        " same weights, and all pull at them: add up, with += in place of =.",
        (_through_time(add=lambda total, new: new),),
    ),
    (
        "state-of-the-step",
        "Step t is given h_t and c_t as the state that it began in. It began in that of the step before, h[:, t - 1]"
        " and c[:, t - 1], and the first step in h0 and c0.",
        (
            _through_time(began=lambda h, c, h0, c0, t: (h[:, t], c[:, t])),
            _through_time(began=lambda h, c, h0, c0, t: (h[:, t - 1] if t else h0, c[:, t])),
        ),
    ),
    (
        "start-of-zeros",
        "The first step is given zeros for the state that it began in. It began in h0 and c0.",
        (_through_time(began=lambda h, c, h0, c0, t: (h[:, t - 1], c[:, t - 1]) if t else (np.zeros_like(h0),) * 2),),
    ),
    (
        "start-wraps-around",
        "At the first step, h[:, t - 1] is h[:, -1], the last state of all, and so it is with c. The first step began"
        " in h0 and c0.",
        (_through_time(began=lambda h, c, h0, c0, t: (h[:, t - 1], c[:, t - 1])),),
    ),
    (
        "forward-in-time",
        "The loop runs from the first step to the last. A gradient goes against the arrows: begin with the last step.",
        (_through_time(steps=range),),
    ),
    (
        "first-step-left-out",
        "The first step is left out. range(T - 1, 0, -1) ends at 1, before the 0 is reached; reversed(range(T)) does"
        " not.",
        (_through_time(steps=lambda T: range(T - 1, 0, -1)),),
    ),
    (
        "carried-for-both",
        "dh0 and dc0 hold more than the first step sends back. `later += ...` adds to what later steps have sent;"
        " what the first step sends back is all there is: write later = ..., or return its own dh and dc.",
        (_adds_up_at_the_end,),
    ),
    (
        "inputs-backward",
        "dx stands in the order in which the steps were visited, the last one first. Turn it around, or write into"
        " dx[:, t].",
        (_through_time(result=lambda dx, *others: (dx[:, ::-1], *others)),),
    ),
    (
        "order",
        "The six gradients are right, but in another order. Return dx, dh0, dc0, dWx, dWh, db.",
        (
            _through_time(result=lambda dx, dh, dc, dWx, dWh, db: (dx, dc, dh, dWx, dWh, db)),
            _through_time(result=lambda dx, dh, dc, dWx, dWh, db: (dx, dWx, dWh, db, dh, dc)),
        ),
    ),
)


# gradient-left

STEPS = 20
RNN_WEIGHT, RNN_STATE, FORGET, BIAS = 0.9, 0.5, 0.95, 1.0
UPSTREAM, FORGETS = (3.0, 4.0), (0.95, 0.9)
_ONE = float(_sigmoid(BIAS))

LEFT = {
    "rnn": (RNN_WEIGHT * (1 - RNN_STATE**2)) ** STEPS,
    "cell": FORGET**STEPS,
    "bias_one": _ONE**STEPS,
    "norm": math.hypot(*(u * f**STEPS for u, f in zip(UPSTREAM, FORGETS, strict=True))),
    "bias_half": math.log(0.5 ** (1 / 100) / (1 - 0.5 ** (1 / 100))),
}

_FACTORS = {"rnn": RNN_WEIGHT * (1 - RNN_STATE**2), "cell": FORGET, "bias_one": _ONE}


def _powers(wrong):
    """One mistake in the powers, made in all three of them, in the last two and in the last alone."""
    return tuple(lambda i=i: {name: wrong(_FACTORS[name]) for name in list(_FACTORS)[i:]} for i in range(3))


LEFT_MISTAKES = misconceptions(
    (
        "rounded-away",
        "It is rounded too far. Three significant digits are counted from the first one that is not 0: 0.0001234 is"
        " 0.000123, or 1.23e-4.",
        (
            *(lambda value=value: {"rnn": value} for value in (0.0, 0.0004, 0.00039)),
            *(lambda value=value: {"bias_one": value} for value in (0.0, 0.002)),
        ),
    ),
    (
        "rnn-without-slope",
        "The recurrent unit has a tanh at every step: the factor of a step is the weight times the slope 1 - h**2.",
        (lambda: {"rnn": RNN_WEIGHT**STEPS},),
    ),
    (
        "rnn-slope-alone",
        "You took the slope of the tanh alone. The gradient is also multiplied by the weight, at every step.",
        (lambda: {"rnn": (1 - RNN_STATE**2) ** STEPS},),
    ),
    (
        "rnn-slope-of-h",
        "Look at the slope of the tanh again, where h is what came out of the tanh. It is 1 - h**2 and nothing else.",
        (
            lambda: {"rnn": (RNN_WEIGHT * (1 - RNN_STATE)) ** STEPS},
            lambda: {"rnn": (RNN_WEIGHT * (1 - math.tanh(RNN_STATE) ** 2)) ** STEPS},
        ),
    ),
    (
        "added-not-multiplied",
        "Here the factors of the 20 steps are added. Along one path factors are multiplied: 20 equal ones are a power.",
        _powers(lambda factor: STEPS * factor),
    ),
    (
        "one-step",
        "That is the factor of a single step. Twenty steps back it has been applied twenty times.",
        _powers(lambda factor: factor),
    ),
    (
        "off-by-one",
        "Count the factors again: every step back has one, so 20 steps have 20.",
        _powers(lambda factor: factor ** (STEPS - 1)) + _powers(lambda factor: factor ** (STEPS + 1)),
    ),
    (
        "what-is-lost",
        "That is the part that is lost. What is left is the power itself.",
        (lambda: {"cell": 1 - FORGET**STEPS},),
    ),
    (
        "slope-of-the-gate",
        "The gate's slope f (1 - f) belongs to the way into the gate. Along the cell the gradient is multiplied by the"
        " gate itself.",
        (
            lambda: {"cell": (FORGET * (1 - FORGET)) ** STEPS},
            lambda: {"bias_one": (_ONE * (1 - _ONE)) ** STEPS},
        ),
    ),
    (
        "bias-as-gate",
        "The bias is no gate yet: f is its sigmoid. A gate lies between 0 and 1 and never quite reaches 1.",
        (lambda: {"bias_one": 1.0},),
    ),
    (
        "bias-left-out",
        "That is a gate of one half, which has the bias 0. With a bias of 1 the gate is sigmoid(1).",
        (lambda: {"bias_one": 0.5**STEPS},),
    ),
    (
        "bias-tanh",
        "This takes the forget gate for the tanh of its bias. It is a sigmoid.",
        (
            lambda: {"bias_one": math.tanh(BIAS) ** STEPS},
            lambda: {"bias_half": math.atanh(0.5 ** (1 / 100))},
        ),
    ),
    (
        "norm-times-mean",
        "Each cell has its own forget gate: shrink the two entries one by one, and take the norm of what is left.",
        (
            lambda: {"norm": 5.0 * (sum(FORGETS) / 2) ** STEPS},
            lambda: {"norm": 5.0 * FORGETS[0] ** STEPS},
        ),
    ),
    (
        "norm-of-sizes",
        "That is the sum of the two sizes that are left. The norm is the root of the sum of their squares, as in"
        " 5 = sqrt(3**2 + 4**2).",
        (lambda: {"norm": sum(u * f**STEPS for u, f in zip(UPSTREAM, FORGETS, strict=True))},),
    ),
    (
        "norm-one-step",
        "That is the norm after a single step. The gradient is multiplied by the gates twenty times.",
        (lambda: {"norm": math.hypot(*(u * f for u, f in zip(UPSTREAM, FORGETS, strict=True)))},),
    ),
    (
        "gate-for-bias",
        "That is the forget gate itself. Its bias is what the sigmoid makes it from: log(f / (1 - f)).",
        (lambda: {"bias_half": 0.5 ** (1 / 100)},),
    ),
    (
        "bias-negative",
        "The size is right, the sign is not: a negative bias closes the gate, and this one stands wide open. It is"
        " log(f / (1 - f)).",
        (lambda: {"bias_half": -LEFT["bias_half"]},),
    ),
    (
        "sigmoid-of-gate",
        "That is the sigmoid of the gate. The bias is on the other side: the sigmoid of the bias is the gate.",
        (lambda: {"bias_half": float(_sigmoid(0.5 ** (1 / 100)))},),
    ),
    (
        "half-after-twenty",
        "With this bias half is left after 20 steps already. Here it is 100 steps: f**100 = 1/2.",
        (lambda: {"bias_half": math.log(0.5 ** (1 / STEPS) / (1 - 0.5 ** (1 / STEPS)))},),
    ),
    (
        "losses-added",
        "This shares the loss out evenly, a half in 100 equal parts. But each step takes its share of what is left:"
        " f**100 = 1/2.",
        (lambda: {"bias_half": math.log(0.995 / 0.005)},),
    ),
    (
        "half-at-each-step",
        "With a bias of 0 the gate is one half, and half of the gradient is lost at every step. After 100 steps half of"
        " it should be left: f**100 = 1/2.",
        (lambda: {"bias_half": 0.0},),
    ),
)


# recall-hundred: a training with the learner's own gradients

LENGTH, BATCH, UNITS = 100, 16, 32
SHARE, ASKED, MOST = 0.9, 1000, 500


def _recalled(rng, n=BATCH):
    """Sequences whose first entry is a sign, with a mark beside it, then noise; y is whether the sign is plus."""
    x = np.zeros((n, LENGTH, 2))
    x[:, :, 0] = rng.normal(size=(n, LENGTH)) / 2
    y = rng.integers(2, size=n).astype(float)
    x[:, 0] = np.stack([2 * y - 1, np.ones(n)], axis=1)
    return x, y


def _recall_shapes(params):
    if "Wh" not in params or params["Wh"].ndim != 2:
        return "The parameters are a dict with the names Wx, Wh, b and w, where Wh has the shape (m, 4m)."
    m = len(params["Wh"])
    if not 1 <= m <= UNITS:
        return f"Wh has {m} rows, one for each unit; at most {UNITS} units are needed here."
    return {"Wx": (2, 4 * m), "Wh": (m, 4 * m), "b": (4 * m,), "w": (m,)}


def _recall_states(params, x):
    zero = np.zeros((len(x), len(params["Wh"])))
    return lstm.lstm(x, zero, zero, params["Wx"], params["Wh"], params["b"])


def _recall_gradients(params, x, y, backward=lstm.lstm_backward, upstream=None, along="w", shared=1):
    """The gradients of the mean binary cross-entropy of z = h_T w; what follows y is what may go wrong."""
    states, zero = _recall_states(params, x), np.zeros((len(x), len(params["Wh"])))
    last = states[0, :, -1]
    dz = (upstream or binary_cross_entropy_with_logits_grad)(last @ params["w"], y)
    dstate = np.zeros_like(states)
    dstate[0, :, -1] = dz[:, None] * (params["w"] if along else 1.0)
    *_, dWx, dWh, db = backward(dstate, states, x, zero, zero, params["Wx"], params["Wh"], params["b"])
    return {"Wx": dWx, "Wh": dWh, "b": db, "w": last.T @ dz / shared}


def _recall_share(params, rng):
    x, y = _recalled(rng, ASKED)
    return float(np.mean((_recall_states(params, x)[0, :, -1] @ params["w"] > 0) == (y > 0.5)))


def _recall_start(rng, forget=5.0, write=-2.0, m=8):
    b = np.zeros(4 * m)
    b[:m], b[m : 2 * m] = write, forget
    Wx, Wh, w = rng.normal(size=(2, 4 * m)), rng.normal(size=(m, 4 * m)) / m, rng.normal(size=m) / math.sqrt(m)
    return {"Wx": Wx, "Wh": Wh, "b": b, "w": w}


def _recaller(gradients=_recall_gradients, updates=250, keep=True, anew=True, result=lambda *all: all[1],
              begin=None, **start):  # fmt: skip
    """A training; each argument is what may go wrong with it."""

    def train(batch, update, rng):
        params = begun = begin(rng) if begin else _recall_start(rng, **start)
        x, y = batch()
        for _ in range(updates):
            new = update(params, grads := gradients(params, x, y))
            params = new if keep else params
            x, y = batch() if anew else (x, y)
        return result(begun, params, grads) if updates else begun

    return train


def _spoiled(spoil):
    return lambda params, x, y: spoil(_recall_gradients(params, x, y))


def _without_carrying(dstate, state, x, h0, c0, Wx, Wh, b):
    """Nothing goes from a step to the step before."""
    before = [
        np.concatenate([start[:, None], each[:, :-1]], axis=1) for start, each in ((h0, state[0]), (c0, state[1]))
    ]
    flat = [each.reshape(-1, each.shape[-1]) for each in (x, *before)]
    apart = [np.reshape(each, (2, -1, each.shape[-1])) for each in (dstate, state)]
    return lstm.lstm_step_backward(*apart, *flat, Wx, Wh, b)


_BLAMED = {
    "batch-not-divided": (
        f"All four gradients are {BATCH} times what is needed: the loss is the mean over the batch, so its gradient"
        " in z is (sigmoid(z) - y) over their number."
    ),
    "sign": (
        "All four gradients have the other sign: the gradient of the loss in z is sigmoid(z) - y, over the batch size."
    ),
    "through-time": (
        "The gradient of w is right, and what comes back through the LSTM to Wx, Wh and b is not. Give all states, and"
        " a gradient that is zero but for the last one, to your lstm_backward, and ask its own check."
    ),
}


def _sigmoids_error(z, y):
    p = _sigmoid(z)
    return 2 * (p - y) * p * (1 - p) / len(y)


def _recall_suspect(id, says, *variants):
    return [(id, says, lambda *args, wrong=wrong: _recall_gradients(*args, **wrong)) for wrong in variants]


SUSPECTS = (
    *_recall_suspect(
        "without-w",
        "The gradient of the last state is dz without its factor. In z = h_T w the slope for h_T is w: at the last step"
        " dh is the outer product of dz and w.",
        {"along": ""},
    ),
    *_recall_suspect(
        "sign-for-y",
        "It takes y for +1 and -1. y is 1 where the sign was plus, and 0 where it was minus, so dz is sigmoid(z) - y.",
        {"upstream": lambda z, y: (_sigmoid(z) - (2 * y - 1)) / len(y)},
    ),
    *_recall_suspect(
        "squared-error",
        "This is the gradient of a squared error. The loss is the binary cross-entropy, whose slope in z is"
        " sigmoid(z) - y, over the batch size.",
        {"upstream": lambda z, y: 2 * (z - y) / len(y)},
        {"upstream": lambda z, y: (z - y) / len(y)},
        {"upstream": _sigmoids_error},
        {"upstream": lambda z, y: _sigmoids_error(z, y) / 2},
    ),
    *_recall_suspect(
        "dw-a-mean",
        "The gradient of w is a mean over the batch, and dz is divided by the batch size already. Add up: h_T^T dz.",
        {"shared": BATCH},
    ),
)
CLOSED = (
    "Its forget gates do not stand open at the start. Of a gradient f^100 is left at the first step, so begin with a"
    " forget bias of about 5, b[m : 2 * m] = 5."
)


def _blame_recall(wrong, factor):
    id = {BATCH: "batch-not-divided", -1: "sign"}.get(round(factor or 0)) or (
        "through-time" if "w" not in wrong else ""
    )
    if id:
        return id, _BLAMED[id]
    return None, "Begin at the loss: z = h_T w, with h_T the last state, and dz = (sigmoid(z) - y) over the batch size."


def _passed_recall(share):
    return f"At least {SHARE:.0%} of {ASKED} new sequences are right, {LENGTH} steps after the sign." * (share >= SHARE)


def _missed_recall(training, params, share):
    m = len(training.start["Wh"])
    if _sigmoid(training.start["b"][m : 2 * m]).max() ** LENGTH < 0.02:
        return mistaken(CLOSED, "bias")
    if share is None:
        says = f"{MOST} updates are over, and it asks for more. With forget gates that start open, and input gates"
        return Verdict(NOT_YET, f"{says} that start nearly closed, about 150 are enough.", "seen: too many updates")
    error = math.sqrt(share * (1 - share) / ASKED)
    return Verdict(
        NOT_YET,
        f"{share:.1%} of {ASKED} new sequences are right, give or take {error:.1%}, and {SHARE:.0%} are needed, after"
        f" {training.updates} updates. Print the loss as it goes: it has to come down from 0.69 to below 0.1.",
        "seen: too few right",
    )


RECALL_MISTAKES = (
    *learning.common(
        {
            "update-ignored": _recaller(keep=False),
            "one-batch": _recaller(anew=False),
            "never-updated": _recaller(updates=0),
            "start-returned": _recaller(updates=30, result=lambda begun, now, grads: begun),
            "zero-start": _recaller(begin=lambda rng: {n: 0 * p for n, p in _recall_start(rng).items()}),
            "gradients-returned": _recaller(updates=30, result=lambda begun, now, grads: grads),
            "not-the-last": _recaller(updates=30, result=lambda begun, now, grads: {n: 0 * p for n, p in now.items()}),
            "few-updates": _recaller(updates=5),
        }
    ),
    *misconceptions(
        ("bias", CLOSED, (_recaller(forget=1.0, updates=50), _recaller(forget=0.0, write=0.0, updates=50))),
        (
            "batch-not-divided",
            _BLAMED["batch-not-divided"],
            (_recaller(_spoiled(lambda grads: {name: BATCH * g for name, g in grads.items()})),),
        ),
        ("sign", _BLAMED["sign"], (_recaller(_spoiled(lambda grads: {name: -g for name, g in grads.items()})),)),
        (
            "through-time",
            _BLAMED["through-time"],
            (_recaller(lambda *args: _recall_gradients(*args, backward=_without_carrying)),),
        ),
        *((id, says, (_recaller(gradients),)) for id, says, gradients in SUSPECTS),
    ),
)


PROBLEMS = (
    Problem(
        id="coupled-step-backward",
        title="A step with coupled gates",
        points=6,
        hints=(
            "Begin at h' = o tanh(c'). The gradient of z_o comes first: nothing of it has to wait for the cell.",
            "Count the ways from c' to the loss. One leads to the next step, one through the tanh of h', and one"
            " through the output gate, which looks at c'. Paths add up.",
            "In c' = (1 - i) c + i g the gate i stands twice: its gradient is that of the cell times g - c. The cell"
            " before gets 1 - i of it.",
            "With dzo = dh_next * tanh(c_next) * o * (1 - o), the cell has dc_next + dh_next * o * (1 -"
            " tanh(c_next)**2) + dzo * p. And dp is the sum of dzo * c_next over the batch.",
        ),
        judge=judge_function(_coupled_step_backward, _steps, STEP_MISTAKES, returns="dx dh dc dWx dWh dp db"),
        minutes=20,
        difficulty=3,
    ),
    Problem(
        id="lstm-backward",
        title="Backpropagation through time",
        points=4,
        hints=(
            "Go from the last step to the first with `for t in reversed(range(T))`. What does step t get from outside,"
            " and what from the step after it?",
            "The upstream of step t is np.stack([dh[:, t] + dh_later, dc_later]); both are zeros at the last step.",
            "Step t began in h[:, t - 1] and c[:, t - 1], and the first one in h0 and c0: h[:, -1] would be the last.",
            "dx[:, t] is what a step gives for its input; dWx, dWh and db are added up with +=; what the first step"
            " sends back is dh0 and dc0.",
        ),
        judge=judge_function(
            _lstm_backward, _sequences, SEQUENCE_MISTAKES, returns="dx dh0 dc0 dWx dWh db", complete=_forward_again
        ),
        allowed=("lstm.lstm_step_backward",),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="gradient-left",
        title="What is left of a gradient",
        points=2,
        hints=(
            "In the recurrent unit one step back multiplies by w (1 - h**2), and in the cell, whose gates stand still,"
            " by f.",
            "Twenty equal factors are a power. For the norm, shrink the two entries first: it is the root of the sum of"
            " their squares.",
            "f**100 = 1/2 gives f = 0.5 ** (1 / 100). And f = sigmoid(b) means b = log(f / (1 - f)).",
        ),
        judge=judge_numbers(LEFT, LEFT_MISTAKES),
        minutes=10,
        difficulty=1,
    ),
    Problem(
        id="recall-hundred",
        title="Remember for a hundred steps",
        points=5,
        hints=(
            "Four pieces: a start, the forward with lstm.lstm, the gradients, and a loop in which batch(), the"
            " gradients and params = update(params, grads) follow each other.",
            "Backward: dz = (sigmoid(z) - y) / len(y), then dw = h_T^T dz, and dh is zero but for the last step, where"
            " it is the outer product of dz and w. With that call your lstm_backward.",
            "The start decides. Which forget bias leaves half of a gradient after 100 steps? And 100 times a bit of"
            " noise is written into the cell, unless the input gate begins nearly closed, with a bias of -2, say.",
            "Wh small, as rng.normal(size=(m, 4 * m)) / m, eight units, and 250 updates are enough.",
        ),
        judge=learning.judge_training(
            _recalled,
            _recall_shapes,
            _recall_gradients,
            lambda: Adam(0.02),
            _recall_share,
            _passed_recall,
            _missed_recall,
            _blame_recall,
            most=MOST,
            suspects=SUSPECTS,
            misconceptions=RECALL_MISTAKES,
        ),
        allowed=("lstm.lstm", "lstm.lstm_step_backward", "activations.sigmoid"),
        minutes=25,
        difficulty=3,
    ),
)


# Turns in the lesson


def _arriving(rng):
    """What arrives, an output gate between 0 and 1, and the cell."""

    def drawn(shape):
        dh, dc, c = (rng.normal(size=shape) for _ in range(3))
        return dh, dc, rng.uniform(0.1, 0.9, size=shape), c

    return [drawn(shape) for shape in ((4, 3), (5, 2))]


def _all_of_the_cell(dh_next, dc_next, o, c_next):
    return dc_next + dh_next * o * (1 - np.tanh(c_next) ** 2)


CELL_MISTAKES = misconceptions(
    (
        "straight-lost",
        "What arrives straight from the step after is missing. The cell has two ways to the loss: add dc_next.",
        (lambda dh, dc, o, c: dh * o * (1 - np.tanh(c) ** 2),),
    ),
    (
        "through-h-lost",
        "What comes through h' is missing: dh_next times o times the slope of the tanh, added to dc_next.",
        (lambda dh, dc, o, c: dc + 0 * dh,),
    ),
    (
        "minus",
        "Paths add up: what comes through h' is added to what arrives straight, not taken off.",
        (lambda dh, dc, o, c: dc - dh * o * (1 - np.tanh(c) ** 2),),
    ),
    (
        "no-slope",
        "The slope of the tanh is missing on the way through h': it is 1 - tanh(c_next)**2.",
        (lambda dh, dc, o, c: dc + dh * o,),
    ),
    (
        "slope-of-cell",
        "The slope of a tanh is 1 minus the square of what came out, np.tanh(c_next)**2; c_next is what went in.",
        (lambda dh, dc, o, c: dc + dh * o * (1 - c**2),),
    ),
    (
        "both-bent",
        "dc_next arrives at the cell itself. Only dh_next goes through the gate and the tanh.",
        (lambda dh, dc, o, c: (dc + dh) * o * (1 - np.tanh(c) ** 2),),
    ),
    (
        "no-gate",
        "The output gate is missing on the way through h' = o tanh(c').",
        (lambda dh, dc, o, c: dc + dh * (1 - np.tanh(c) ** 2),),
    ),
)


TURNS = (
    turn(
        "turn-recall-one-back",
        "Lesson 13: one step back",
        judge_value(
            0.6,
            "It is w (1 - h'^2), 0.8 times 0.75: a weight and a slope at every step.",
            {
                0.8: "This is the weight. The gradient also goes through the tanh, whose slope is 1 - h'^2.",
                0.75: "This is the slope of the tanh. The gradient is multiplied by the weight, too.",
                0.4: "It takes 1 - h' for the slope. The slope of a tanh is 1 - h'^2.",
                1.0: "It takes 1 + h'^2 for the slope. It is 1 - h'^2.",
            },
        ),
        "The slope of the tanh, by what came out of it, times the weight.",
    ),
    turn(
        "turn-recall-weights-shape",
        "Lesson 06: the shape of a gradient",
        judge_value(
            (3, 8),
            "It is X^T dZ, shaped as W is, so that it can be taken off W.",
            {
                (8, 3): "This is the shape turned. Z = X W, so W is (3, 8), and so is its gradient.",
                (5, 8): "This is the shape of the upstream. The gradient of W has the shape of W.",
                (5, 3): "This is the shape of X. The gradient of W has the shape of W.",
            },
        ),
        "A gradient has the shape of what it belongs to. Which shape has W in Z = X W?",
    ),
    turn(
        "turn-ten-steps",
        "Ten steps at one half",
        judge_value(
            0.5**10,
            "About one part in a thousand: the gradient along the cell is multiplied by f at every step.",
            {
                0.05: "This is 0.5 over 10. The factors of ten steps are multiplied.",
                5.0: "The factors of ten steps are multiplied, not added.",
                0.25**10: "This takes f (1 - f), the slope of the gate. Along the cell the factor is f itself.",
                0.5: "This is what one step leaves.",
            },
            also=(0.001,),
        ),
        "c' = f c + i g: what is the slope of c' with respect to c? Ten of them, one after the other.",
    ),
    turn(
        "turn-four-times",
        "How many parameters",
        judge_value(
            48,
            "Four times 6 + 4 + 2: one set of weights for each gate, and one for what is offered.",
            {
                12: "So many has a plain recurrent network. There are three gates, and what is offered to the cell.",
                36: "Three gates make 36. What is offered, g, has weights of its own.",
                40: "The biases of four parts are 8: 4 (6 + 4 + 2).",
                24: "The three gates and the offer make four sets.",
            },
        ),
        "dm + m^2 + m for d = 3, m = 2, and how often?",
    ),
    turn(
        "turn-straight",
        "Straight along the cell",
        judge_value(
            0.25,
            "dc' is 0.5, since nothing comes through h', and c' = f c + ... sends f times that, 0.5 times 0.5.",
            {
                0.5: "This arrives at c'. To c it goes through the product f c, so it is multiplied by f.",
                1.0078: "So it would be at c' with dh' = 1. Here nothing comes through h'.",
                0.5039: "This is dc for dh' = 1. Here nothing comes through h'.",
                0.0: "A gradient arrives at c' straight from the step after: 0.5.",
            },
        ),
        "With dh' = 0 only the straight way is left. What is c multiplied by in c'?",
    ),
    turn(
        "turn-cell",
        "The gradient of the cell",
        judge_function(_all_of_the_cell, _arriving, CELL_MISTAKES),
        "Two ways lead from c' to the loss: straight on, and through h' = o tanh(c').",
    ),
    turn(
        "turn-loses",
        "Who loses most",
        judge_value(
            "bias 0",
            "A gate at one half loses half of it at every step. To be called an LSTM is no help.",
            {
                "RNN": "It keeps a tenth over ten steps. What does a half at every step leave?",
                "bias 1": "Its gates are at 0.73. One of the four keeps less at every step.",
                "bias 4": "Its gates are at 0.98: it keeps most.",
            },
        ),
        "Which factor does a gradient get at each step along the cell, for each of the biases?",
    ),
    turn(
        "turn-winner",
        "Counts or a network",
        judge_value(
            "counts",
            "The table below will answer your bet: who loses less after 1000 updates, and by how much.",
            also=("LSTM",),
        ),
        "The counts have every group of five letters of 800,000. What has the network, after 1000 batches?",
    ),
    turn(
        "turn-temperature",
        "A lower temperature",
        judge_value(
            0.64 / 0.68,
            "Logits divided by 1/2 are doubled, so probabilities are squared: 0.64 and 0.04, over their sum.",
            {
                0.64: "This is the square. The two squares do not add up to 1 yet.",
                0.8: "The temperature changes it: dividing by 1/2 doubles the logits.",
                2 / 3: "So it is at a temperature of 2, which takes the root. Below 1 the likely becomes likelier.",
                0.9: "The probabilities are squared, and divided by their sum.",
            },
        ),
        "Doubling a logit squares its exponential.",
    ),
)
