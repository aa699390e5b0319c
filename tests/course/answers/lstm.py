"""Right answers to the exercises of lesson 14, each written differently from the solution."""

import math
from math import exp, log, sqrt

import numpy as np

from bplib import lstm


def step_one_example_at_a_time(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    m = h.shape[1]
    dx, dh, dc = np.zeros(x.shape), np.zeros(h.shape), np.zeros(c.shape)
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(4 * m)
    for e in range(len(x)):
        dz = np.empty(4 * m)
        for k in range(m):
            i, f, g, o = gates[:, e, k]
            seen = math.tanh(c_next[e, k])
            cell = dc_next[e, k] + dh_next[e, k] * o * (1 - seen**2)
            dz[[k, m + k, 2 * m + k, 3 * m + k]] = (
                cell * g * (i - i**2),
                cell * c[e, k] * (f - f**2),
                cell * i * (1 - g) * (1 + g),
                dh_next[e, k] * seen * (o - o**2),
            )
            dc[e, k] = cell * f
        dx[e], dh[e] = Wx @ dz, Wh @ dz
        dWx, dWh, db = dWx + np.outer(x[e], dz), dWh + np.outer(h[e], dz), db + dz
    return [dx, dh, dc, dWx, dWh, db]


def step_in_one_array(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh):
    slopes = gates * (1 - gates)
    slopes[2] = 1 - np.square(gates[2])
    cell = dh_next * gates[3] / np.cosh(c_next) ** 2
    cell += dc_next
    dgates = np.stack([cell * gates[2], cell * c, cell * gates[0], dh_next * np.tanh(c_next)]) * slopes
    dz = np.concatenate(list(dgates), axis=1)
    return dz @ Wx.T, dz @ Wh.T, gates[1] * cell, x.T @ dz, h.T @ dz, np.ones(len(dz)) @ dz


def sequence_step_by_step(dh, h, c, x, h0, c0, Wx, Wh, b):
    states = np.concatenate([np.stack([h0, c0])[:, :, None], np.stack([h, c])], axis=2)
    dx, total, later = np.zeros_like(x), [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)], 0.0
    for t in range(x.shape[1], 0, -1):
        dstate = np.stack([dh[:, t - 1], np.zeros_like(c0)]) + later
        inputs = x[:, t - 1], *states[:, :, t - 1], Wx, Wh, b
        dx[:, t - 1], dh_before, dc_before, *weights = lstm.lstm_step_backward(dstate, states[:, :, t], *inputs)
        for part, new in zip(total, weights, strict=True):
            part += new
        later = np.stack([dh_before, dc_before])
    return dx, *later, *total


def sequence_without_steps_of_bplib(dh, h, c, x, h0, c0, Wx, Wh, b):
    before = [np.concatenate([first[:, None], rest[:, :-1]], axis=1) for first, rest in ((h0, h), (c0, c))]
    i, f, g, o = np.split(x @ Wx + before[0] @ Wh + b, 4, axis=2)
    i, f, g, o = 1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), np.tanh(g), 1 / (1 + np.exp(-o))
    dz, dh_next, dc_next = np.empty((*h.shape[:2], 4 * h.shape[2])), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        dh_t, seen = dh[:, t] + dh_next, np.tanh(c[:, t])
        dc_t = dc_next + dh_t * o[:, t] * (1 - seen**2)
        parts = dc_t * g[:, t], dc_t * before[1][:, t], dc_t * i[:, t], dh_t * seen
        slopes = i[:, t] * (1 - i[:, t]), f[:, t] * (1 - f[:, t]), 1 - g[:, t] ** 2, o[:, t] * (1 - o[:, t])
        dz[:, t] = np.hstack([part * slope for part, slope in zip(parts, slopes, strict=True)])
        dh_next, dc_next = dz[:, t] @ Wh.T, dc_t * f[:, t]
    sums = np.einsum("ntd,ntk->dk", x, dz), np.einsum("ntm,ntk->mk", before[0], dz), dz.sum(axis=(0, 1))
    return dz @ Wx.T, dh_next, dc_next, *sums


def left_by_formula():
    half = 0.5 ** (1 / 100)
    return {
        "rnn": 0.675**20,
        "cell": exp(20 * log(0.95)),
        "bias_one": (1 / (1 + exp(-1))) ** 20,
        "norm": sqrt((3 * 0.95**20) ** 2 + (4 * 0.9**20) ** 2),
        "bias_half": log(half) - log(1 - half),
    }


def left_step_by_step():
    left = dict.fromkeys(("rnn", "cell", "bias_one"), 1.0)
    dc = np.array([3.0, 4.0])
    for _ in range(20):
        left["rnn"] *= 0.9 * (1 - 0.5**2)
        left["cell"] *= 0.95
        left["bias_one"] *= 0.7310586
        dc = dc * np.array([0.95, 0.9])
    return left | {"norm": np.linalg.norm(dc), "bias_half": 4.968}


RIGHT = {
    "lstm-step-backward": [step_one_example_at_a_time, step_in_one_array],
    "lstm-backward": [sequence_step_by_step, sequence_without_steps_of_bplib],
    "gradient-left": [left_by_formula, left_step_by_step],
}
