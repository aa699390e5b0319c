"""Right answers to the exercises of lesson 14, each written differently from the solution."""

import math
from math import exp, log, sqrt

import numpy as np

from bplib import lstm


def step_one_example_at_a_time(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
    m = h.shape[1]
    dx, dh, dc, dp = (np.zeros(like.shape) for like in (x, h, c, p))
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(3 * m)
    for e in range(len(x)):
        dz = np.empty(3 * m)
        for k in range(m):
            i, g, o = gates[:, e, k]
            seen = math.tanh(c_next[e, k])
            dz[2 * m + k] = to_output = dh_next[e, k] * seen * (o - o**2)
            cell = dc_next[e, k] + dh_next[e, k] * o * (1 - seen**2) + p[k] * to_output
            dz[[k, m + k]] = cell * (g - c[e, k]) * (i - i**2), cell * i * (1 - g) * (1 + g)
            dc[e, k] = cell - cell * i
            dp[k] += to_output * c_next[e, k]
        dx[e], dh[e] = Wx @ dz, Wh @ dz
        dWx, dWh, db = dWx + np.outer(x[e], dz), dWh + np.outer(h[e], dz), db + dz
    return [dx, dh, dc, dWx, dWh, dp, db]


def step_in_one_array(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p):
    n, m = h.shape
    dz = np.empty((n, 3, m))
    dz[:, 2] = gates[2] * (1 - gates[2]) * np.tanh(c_next) * dh_next
    cell = dh_next * gates[2] / np.cosh(c_next) ** 2
    cell += dc_next
    cell += dz[:, 2] * p
    dz[:, 0] = (cell * gates[1] - cell * c) * gates[0] * (1 - gates[0])
    dz[:, 1] = cell * gates[0] * (1 - np.square(gates[1]))
    dp, flat = np.einsum("nm,nm->m", dz[:, 2], c_next), dz.reshape(n, -1)
    return flat @ Wx.T, flat @ Wh.T, cell * (1 - gates[0]), x.T @ flat, h.T @ flat, dp, np.ones(n) @ flat


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


def recall_with_time_constants(batch, update, rng):
    """Forget gates for times from 1 to 100 steps, as Tallec and Ollivier (2018) draw them, and an early end."""
    m = 10
    forget = np.log(rng.uniform(1, 99, size=m))
    params = {
        "Wx": rng.normal(size=(2, 4 * m)),
        "Wh": 0.05 * rng.normal(size=(m, 4 * m)),
        "b": np.concatenate([-forget, forget, np.zeros(2 * m)]),
        "w": rng.normal(size=m) / sqrt(m),
    }
    smooth = 1.0
    while smooth > 0.05:
        x, y = batch()
        zero = np.zeros((len(x), m))
        h, c = lstm.lstm(x, zero, zero, params["Wx"], params["Wh"], params["b"])
        z = h[:, -1] @ params["w"]
        smooth = 0.95 * smooth + 0.05 * np.mean(np.logaddexp(0, z) - y * z)
        dz = (0.5 + 0.5 * np.tanh(z / 2) - y) / len(y)
        dh = np.zeros(h.shape)
        dh[:, -1] = np.outer(dz, params["w"])
        found = sequence_without_steps_of_bplib(dh, h, c, x, zero, zero, params["Wx"], params["Wh"], params["b"])
        grads = dict(zip(("Wx", "Wh", "b"), found[3:], strict=True))
        params = update(params, grads | {"w": dz @ h[:, -1]})
    return params


def recall_in_few_units(batch, update, rng):
    m = 6
    b = np.repeat([-2.0, 5.0, 0.0, 0.0], m)
    Wx, Wh, w = rng.normal(size=(2, 4 * m)), np.zeros((m, 4 * m)), rng.normal(size=m)
    for _ in range(250):
        x, y = batch()
        start = np.zeros((len(y), m))
        states = lstm.lstm(x, start, start, Wx, Wh, b)
        dz = (1 / (1 + np.exp(-(states[0, :, -1] @ w))) - y) / len(y)
        dh = np.zeros_like(states[0])
        dh[:, -1] += dz[:, None] * w
        *_, dWx, dWh, db = sequence_step_by_step(dh, *states, x, start, start, Wx, Wh, b)
        new = update(
            {"Wx": Wx, "Wh": Wh, "b": b, "w": w}, {"Wx": dWx, "Wh": dWh, "b": db, "w": states[0, :, -1].T @ dz}
        )
        Wx, Wh, b, w = new["Wx"], new["Wh"], new["b"], new["w"]
    return {"Wx": Wx, "Wh": Wh, "b": b, "w": w}


RIGHT = {
    "coupled-step-backward": [step_one_example_at_a_time, step_in_one_array],
    "lstm-backward": [sequence_step_by_step, sequence_without_steps_of_bplib],
    "gradient-left": [left_by_formula, left_step_by_step],
    "recall-hundred": [recall_with_time_constants, recall_in_few_units],
}

TURNED = {
    "turn-cell": [
        lambda dh_next, dc_next, o, c_next: dc_next + dh_next * o * (1 - np.tanh(c_next) ** 2),
        lambda dh_next, dc_next, o, c_next: dh_next * o / np.cosh(c_next) ** 2 + dc_next,
    ]
}
