"""Right answers to the exercises of lesson 13, each written differently from the solution."""

import numpy as np


def step_as_one_layer(dh_next, h_next, x, h, Wx, Wh):
    both, W = np.hstack([x, h, np.ones((len(x), 1))]), np.vstack([Wx, Wh])
    dz = (1 - h_next) * (1 + h_next) * dh_next
    dboth, dW = dz @ W.T, both.T @ dz
    d = x.shape[1]
    return [dboth[:, :d], dboth[:, d:], dW[:d], dW[d:-1], dW[-1]]


def step_example_by_example(dh_next, h_next, x, h, Wx, Wh):
    dx, dh, dWx, dWh, db = (np.zeros(s) for s in (x.shape, h.shape, Wx.shape, Wh.shape, Wh.shape[:1]))
    for e in range(len(x)):
        dz = dh_next[e] / np.cosh(np.arctanh(h_next[e])) ** 2
        dx[e], dh[e] = Wx @ dz, Wh @ dz
        dWx, dWh, db = dWx + np.outer(x[e], dz), dWh + np.outer(h[e], dz), db + dz
    return dx, dh, dWx, dWh, db


def sequence_step_by_step(dy, h, x, h0, Wx, Wh, Wy):
    grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh)), np.zeros_like(Wy), np.zeros(Wy.shape[1])]
    dh_next = np.zeros_like(h0)
    for t in range(x.shape[1])[::-1]:
        before = h[:, t - 1] if t else h0
        dz = (dh_next + np.einsum("nk,mk->nm", dy[:, t], Wy)) * (1 - h[:, t] ** 2)
        dh_next = np.einsum("nj,ij->ni", dz, Wh)
        found = x[:, t].T @ dz, before.T @ dz, dz.sum(0), h[:, t].T @ dy[:, t], dy[:, t].sum(0)
        grads = [g + d for g, d in zip(grads, found, strict=True)]
    return grads


def sequence_first_all_dz_and_then_the_sums(dy, h, x, h0, Wx, Wh, Wy):
    n, T, m = h.shape
    dz = np.zeros((n, T + 1, m))
    for t in range(T - 1, -1, -1):
        dz[:, t] = (dy[:, t] @ Wy.T + dz[:, t + 1] @ Wh.T) * (1 - h[:, t] ** 2)
    dz = dz[:, :T]
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    dWx, dWh = (np.tensordot(a, dz, axes=((0, 1), (0, 1))) for a in (x, before))
    return dWx, dWh, dz.sum(axis=(0, 1)), np.tensordot(h, dy, axes=((0, 1), (0, 1))), dy.sum(axis=(0, 1))


def sequence_by_recursion(dy, h, x, h0, Wx, Wh, Wy):
    def back(t):
        """What the step t and those after it give: the five sums, and the gradient of the state before."""
        if t == x.shape[1]:
            return (0.0, 0.0, 0.0, 0.0, 0.0), np.zeros_like(h0)
        sums, later = back(t + 1)
        dz = (dy[:, t] @ Wy.T + later) * (1 - h[:, t] * h[:, t])
        before = h[:, t - 1] if t > 0 else h0
        found = x[:, t].T @ dz, before.T @ dz, dz.sum(axis=0), h[:, t].T @ dy[:, t], dy[:, t].sum(axis=0)
        return tuple(map(np.add, sums, found)), dz @ Wh.T

    return back(0)[0]


def clip_in_one_vector(dWx, dWh, db, limit):
    norm = np.linalg.norm(np.concatenate([dWx.ravel(), dWh.ravel(), db]))
    if norm <= limit:
        return dWx, dWh, db
    return dWx * (limit / norm), dWh * (limit / norm), db * (limit / norm)


def clip_by_the_larger(dWx, dWh, db, limit):
    squares = sum((d * d).sum() for d in (dWx, dWh, db))
    return [limit * d / max(limit, squares**0.5) for d in (dWx, dWh, db)]


RIGHT = {
    "rnn-step-backward": [step_as_one_layer, step_example_by_example],
    "rnn-backward": [sequence_step_by_step, sequence_first_all_dz_and_then_the_sums, sequence_by_recursion],
    "clip": [clip_in_one_vector, clip_by_the_larger],
}
