"""Mistakes with the LSTM: lesson 14."""

import numpy as np

from bplib import lstm
from mistakes import Mistake

# coupled-step-backward


def output_part(dh_next, c_next, gates):
    return dh_next * np.tanh(c_next) * gates[2] * (1 - gates[2])


def into_the_cell(dh_next, dc_next, c_next, gates, p):
    """What arrives at the new cell, over the new state, over the output gate and from the step after."""
    through = dh_next * gates[2] * (1 - np.tanh(c_next) ** 2)
    return dc_next + through + output_part(dh_next, c_next, gates) * p


def three_parts(into, dh_next, c_next, gates, c):
    """The parts of dz for i, g and o, from what arrives at the new cell."""
    i, g, _ = gates
    return [into * (g - c) * i * (1 - i), into * i * (1 - g**2), output_part(dh_next, c_next, gates)]


def seven_from(parts, dc, dp, x, h, Wx, Wh):
    dz = np.hstack(parts)
    return dz @ Wx.T, dz @ Wh.T, dc, x.T @ dz, h.T @ dz, dp, dz.sum(axis=0)


def for_looking(dh_next, c_next, gates):
    return (output_part(dh_next, c_next, gates) * c_next).sum(axis=0)


def spoiled_step(into=into_the_cell, parts=lambda parts, into, gates, c: parts, back=None, result=lambda *g: g):
    def backward(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
        arrived = into(dh_next, dc_next, c_next, gates, p)
        found = parts(three_parts(arrived, dh_next, c_next, gates, c), arrived, gates, c)
        before = arrived * (1 - gates[0]) if back is None else back(arrived, gates)
        return result(*seven_from(found, before, for_looking(dh_next, c_next, gates), x, h, Wx, Wh))

    return backward


cell_of_the_next_step_lost = spoiled_step(into=lambda dh, dc, *rest: into_the_cell(dh, 0.0, *rest))
cell_added_to_itself = spoiled_step(into=lambda *args: 2 * into_the_cell(*args))
candidate_as_a_sigmoid = spoiled_step(
    parts=lambda p, into, G, c: [p[0], into * G[0] * G[1] * (1 - G[1]), p[2]],
)
cell_not_forgotten = spoiled_step(back=lambda into, gates: into)
gates_in_another_order = spoiled_step(parts=lambda p, into, G, c: [p[0], p[2], p[1]])
square_around_too_much = spoiled_step(
    into=lambda dh, dc, cn, G, p: dc + dh * G[2] * (1 - np.tanh(cn)) ** 2 + output_part(dh, cn, G) * p,
)
tanh_of_a_tanh = spoiled_step(
    into=lambda dh, dc, cn, G, p: dc + dh * G[2] * (1 - np.tanh(np.tanh(cn)) ** 2) + output_part(dh, cn, G) * p,
)
bias_averaged = spoiled_step(result=lambda dx, *rest: (dx, *rest[:-1], rest[-1] / len(dx)))
input_gate_by_itself = spoiled_step(parts=lambda p, into, G, c: [into * G[0] * G[0] * (1 - G[0]), *p[1:]])


def biases_copied_from_the_input_gate(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
    found = three_parts(into_the_cell(dh_next, dc_next, c_next, gates, p), dh_next, c_next, gates, c)
    *six, _ = spoiled_step()(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p)
    return *six, np.concatenate([found[0], found[1], found[0]], axis=1).sum(axis=0)


def input_gate_without_the_next_cell(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
    into = into_the_cell(dh_next, dc_next, c_next, gates, p)
    found = three_parts(into, dh_next, c_next, gates, c)
    found[0] = three_parts(into - dc_next, dh_next, c_next, gates, c)[0]
    return seven_from(found, into * (1 - gates[0]), for_looking(dh_next, c_next, gates), x, h, Wx, Wh)


def kept_by_the_new_cell(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
    into = into_the_cell(dh_next, dc_next, c_next, gates, p)
    parts, dp = three_parts(into, dh_next, c_next, gates, c_next), for_looking(dh_next, c_next, gates)
    return seven_from(parts, into * (1 - gates[0]), dp, x, h, Wx, Wh)


# lstm-backward


def step_back(t, dstate, h, c, x, h0, c0, *parameters):
    """The six gradients of step t."""
    before = (h[:, t - 1], c[:, t - 1]) if t > 0 else (h0, c0)
    state = np.stack([h[:, t], c[:, t]])
    return lstm.lstm_step_backward(np.stack(dstate), state, x[:, t], *before, *parameters)


def each_step_the_last(dh, h, c, x, h0, c0, Wx, Wh, b):
    dx, sums = np.zeros(x.shape), 0.0
    for t in range(x.shape[1] - 1, -1, -1):
        dstate = dh[:, t], np.zeros(c0.shape)
        dx[:, t], dh0, dc0, *found = step_back(t, dstate, h, c, x, h0, c0, Wx, Wh, b)
        sums = found if t == x.shape[1] - 1 else [a + d for a, d in zip(sums, found, strict=True)]
    return dx, dh0, dc0, *sums


def cell_doubled_on_the_way(dh, h, c, x, h0, c0, Wx, Wh, b):
    dx, sums = np.zeros(x.shape), [np.zeros(p.shape) for p in (Wx, Wh, b)]
    carried_h, carried_c = np.zeros(h0.shape), np.zeros(c0.shape)
    for t in range(x.shape[1] - 1, -1, -1):
        dstate = dh[:, t] + carried_h, carried_c + carried_c
        dx[:, t], carried_h, carried_c, *found = step_back(t, dstate, h, c, x, h0, c0, Wx, Wh, b)
        sums = [a + d for a, d in zip(sums, found, strict=True)]
    return dx, carried_h, carried_c, *sums


def state_from_outside_alone(dh, h, c, x, h0, c0, Wx, Wh, b):
    dx, sums = np.zeros(x.shape), [np.zeros(p.shape) for p in (Wx, Wh, b)]
    carried_c = np.zeros(c0.shape)
    for t in range(x.shape[1] - 1, -1, -1):
        carried_h = dh[:, t]
        dstate = carried_h, carried_c
        dx[:, t], carried_h, carried_c, *found = step_back(t, dstate, h, c, x, h0, c0, Wx, Wh, b)
        sums = [a + d for a, d in zip(sums, found, strict=True)]
    return dx, carried_h, carried_c, *sums


MISTAKES = [
    Mistake(
        "coupled-step-backward",
        "cthorey/CS231#1",
        "dc_next dropped",
        cell_of_the_next_step_lost,
        "What arrives at the cell from the step after, dc_next, is lost",
    ),
    Mistake(
        "coupled-step-backward",
        "hanbt/learn_dl#53",
        "biases of one gate",
        biases_copied_from_the_input_gate,
        "In db, of the gates i, g, o, o is wrong and the others right",
    ),
    Mistake(
        "coupled-step-backward",
        "nicklashansen/rnn_lstm_from_scratch#1",
        "one gate without dc_next",
        input_gate_without_the_next_cell,
        "right when dc_next is zero. In dWx, of the gates i, g, o, i is wrong",
    ),
    Mistake(
        "coupled-step-backward",
        "javaidnabi31/RNN-from-scratch#2",
        "dc += dc",
        cell_added_to_itself,
        "of the gates i, g, o, i, g are wrong",
    ),
    Mistake(
        "coupled-step-backward",
        "common",
        "slope of g as a sigmoid",
        candidate_as_a_sigmoid,
        "It is a tanh and no sigmoid",
    ),
    Mistake(
        "coupled-step-backward",
        "common",
        "c_next for c",
        kept_by_the_new_cell,
        "It takes no notice of c",
    ),
    Mistake(
        "coupled-step-backward",
        "common",
        "dc without f",
        cell_not_forgotten,
        "is the gradient of c' unchanged",
    ),
    Mistake(
        "coupled-step-backward",
        "CS231n, order of its gates",
        "i, f, o, g",
        gates_in_another_order,
        "The three parts of dz stand in another order than those of z",
    ),
    Mistake(
        "coupled-step-backward",
        "CS231n, brackets",
        "(1 - tanh)^2",
        square_around_too_much,
        "right when dh_next is zero",
    ),
    Mistake(
        "coupled-step-backward",
        "deeplearning.ai, formulas of the LSTM",
        "tanh of tanh",
        tanh_of_a_tanh,
        "right when dh_next is zero",
    ),
    Mistake(
        "coupled-step-backward",
        "deeplearning.ai, LSTM",
        "mean for the bias",
        bias_averaged,
        "db is what is needed divided by n, the batch size",
    ),
    Mistake(
        "coupled-step-backward",
        "common",
        "i for g",
        input_gate_by_itself,
        "It takes no notice of c",
    ),
    Mistake(
        "lstm-backward",
        "CaptainE#1, d2l-en#2616",
        "nothing carried",
        each_step_the_last,
        "Nothing goes from a step to the step before",
    ),
    Mistake(
        "lstm-backward",
        "javaidnabi31/RNN-from-scratch#2",
        "cell doubled",
        cell_doubled_on_the_way,
        "right for one step, T = 1",
    ),
    Mistake(
        "lstm-backward",
        "deeplearning.ai, LSTM",
        "dh overwritten",
        state_from_outside_alone,
        "The gradient of the hidden state is not carried from step to step",
    ),
]
