"""Mistakes with the LSTM: lesson 14."""

import numpy as np

from bplib import lstm
from mistakes import Mistake

# lstm-step-backward


def into_the_cell(dh_next, dc_next, c_next, gates):
    """What arrives at the new cell, over the new state and from the step after."""
    return dc_next + dh_next * gates[3] * (1 - np.tanh(c_next) ** 2)


def four_parts(into, dh_next, c_next, gates, c):
    """The parts of dz for i, f, g and o, from what arrives at the new cell."""
    i, f, g, o = gates
    return [
        into * g * i * (1 - i),
        into * c * f * (1 - f),
        into * i * (1 - g**2),
        dh_next * np.tanh(c_next) * o * (1 - o),
    ]


def six_from(parts, dc, x, h, Wx, Wh):
    dz = np.hstack(parts)
    return dz @ Wx.T, dz @ Wh.T, dc, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def cell_of_the_next_step_lost(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = dh_next * gates[3] * (1 - np.tanh(c_next) ** 2)
    return six_from(four_parts(into, dh_next, c_next, gates, c), into * gates[1], x, h, Wx, Wh)


def biases_copied_from_the_forget_gate(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    parts = four_parts(into, dh_next, c_next, gates, c)
    dbi = dbf = dbo = parts[1].sum(axis=0)
    dbg = parts[2].sum(axis=0)
    return *six_from(parts, into * gates[1], x, h, Wx, Wh)[:5], np.concatenate([dbi, dbf, dbg, dbo])


def forget_gate_without_the_next_cell(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    parts = four_parts(into, dh_next, c_next, gates, c)
    parts[1] = (into - dc_next) * c * gates[1] * (1 - gates[1])
    return six_from(parts, into * gates[1], x, h, Wx, Wh)


def cell_added_to_itself(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    into += into
    return six_from(four_parts(into, dh_next, c_next, gates, c), into * gates[1], x, h, Wx, Wh)


def candidate_as_a_sigmoid(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    i, f, g, _ = gates
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    parts = four_parts(into, dh_next, c_next, gates, c)
    parts[2] = into * i * g * (1 - g)
    return six_from(parts, into * f, x, h, Wx, Wh)


def forget_gate_by_the_new_cell(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    return six_from(four_parts(into, dh_next, c_next, gates, c_next), into * gates[1], x, h, Wx, Wh)


def cell_not_forgotten(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    return six_from(four_parts(into, dh_next, c_next, gates, c), into, x, h, Wx, Wh)


def gates_in_another_order(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    di, df, dg, do = four_parts(into, dh_next, c_next, gates, c)
    return six_from([di, df, do, dg], into * gates[1], x, h, Wx, Wh)


def square_around_too_much(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = dc_next + dh_next * gates[3] * (1 - np.tanh(c_next)) ** 2
    return six_from(four_parts(into, dh_next, c_next, gates, c), into * gates[1], x, h, Wx, Wh)


def tanh_of_a_tanh(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    seen = np.tanh(c_next)
    into = dc_next + dh_next * gates[3] * (1 - np.tanh(seen) ** 2)
    return six_from(four_parts(into, dh_next, c_next, gates, c), into * gates[1], x, h, Wx, Wh)


def bias_averaged(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    parts = four_parts(into, dh_next, c_next, gates, c)
    return *six_from(parts, into * gates[1], x, h, Wx, Wh)[:5], np.hstack(parts).mean(axis=0)


def input_gate_by_itself(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    i, f, _, _ = gates
    into = into_the_cell(dh_next, dc_next, c_next, gates)
    parts = four_parts(into, dh_next, c_next, gates, c)
    parts[0] = into * i * i * (1 - i)
    return six_from(parts, into * f, x, h, Wx, Wh)


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
        "lstm-step-backward",
        "cthorey/CS231#1",
        "dc_next dropped",
        cell_of_the_next_step_lost,
        "What arrives at the cell from the step after, dc_next, is lost",
    ),
    Mistake(
        "lstm-step-backward",
        "hanbt/learn_dl#53",
        "biases of the forget gate",
        biases_copied_from_the_forget_gate,
        "In db, of the gates i, f, g and o, i, o are wrong and the others right",
    ),
    Mistake(
        "lstm-step-backward",
        "nicklashansen/rnn_lstm_from_scratch#1",
        "forget gate without dc_next",
        forget_gate_without_the_next_cell,
        "right when dc_next is zero. In dWx, of the gates i, f, g and o, f is wrong",
    ),
    Mistake(
        "lstm-step-backward",
        "javaidnabi31/RNN-from-scratch#2",
        "dc += dc",
        cell_added_to_itself,
        "of the gates i, f, g and o, i, f, g are wrong",
    ),
    Mistake(
        "lstm-step-backward",
        "common",
        "slope of g as a sigmoid",
        candidate_as_a_sigmoid,
        "It is a tanh and no sigmoid",
    ),
    Mistake(
        "lstm-step-backward",
        "common",
        "c_next for c",
        forget_gate_by_the_new_cell,
        "It takes no notice of c",
    ),
    Mistake(
        "lstm-step-backward",
        "common",
        "dc without f",
        cell_not_forgotten,
        "is the gradient of c' unchanged",
    ),
    Mistake(
        "lstm-step-backward",
        "CS231n, order of its gates",
        "i, f, o, g",
        gates_in_another_order,
        "The four parts of dz stand in another order than those of z",
    ),
    Mistake(
        "lstm-step-backward",
        "CS231n, brackets",
        "(1 - tanh)^2",
        square_around_too_much,
        "right when c_next is zero",
    ),
    Mistake(
        "lstm-step-backward",
        "deeplearning.ai, formulas of the LSTM",
        "tanh of tanh",
        tanh_of_a_tanh,
        "right when c_next is zero",
    ),
    Mistake(
        "lstm-step-backward",
        "deeplearning.ai, LSTM",
        "mean for the bias",
        bias_averaged,
        "db is what is needed divided by n, the batch size",
    ),
    Mistake(
        "lstm-step-backward",
        "common",
        "i for g",
        input_gate_by_itself,
        "of the gates i, f, g and o, i is wrong",
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
