"""Right answers to the exercises of lesson 13, each written differently from the solution."""

import numpy as np


def leaky_as_one_layer(dh_next, x, h, Wx, Wh, b, a):
    both, W = np.hstack([x, h, np.ones((len(x), 1))]), np.vstack([Wx, Wh, b])
    c, d = np.tanh(both @ W), x.shape[1]
    dz = (1 - c) * (1 + c) * dh_next * a
    dboth, dW = dz @ W.T, both.T @ dz
    return [dboth[:, :d], dboth[:, d:-1] + dh_next - a * dh_next, dW[:d], dW[d:-1], dW[-1],
            np.einsum("nm,nm->m", dh_next, c) - np.einsum("nm,nm->m", dh_next, h)]  # fmt: skip


def leaky_example_by_example(dh_next, x, h, Wx, Wh, b, a):
    dx, dh, dWx, dWh, db, da = (np.zeros(s) for s in (x.shape, h.shape, Wx.shape, Wh.shape, b.shape, a.shape))
    for e in range(len(x)):
        c = np.tanh(x[e] @ Wx + h[e] @ Wh + b)
        after = (1 - a) * h[e] + a * c
        dz = a * dh_next[e] / np.cosh(np.arctanh((after - (1 - a) * h[e]) / a)) ** 2
        dx[e], dh[e] = Wx @ dz, Wh @ dz + (1 - a) * dh_next[e]
        dWx, dWh, db = dWx + np.outer(x[e], dz), dWh + np.outer(h[e], dz), db + dz
        da = da + dh_next[e] * (c - h[e])
    return dx, dh, dWx, dWh, db, da


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


def forecaster_of(units, T, every, epochs, rate, leak=1.0, dtype=float):
    """A recurrent network, all its weights in one matrix, whose units keep a share 1 - leak of their state."""

    def states(params, x):
        """What goes into each step, with a 1 for the bias, what comes out of tanh, and the states after."""
        W, h = params["W"].astype(dtype), np.zeros((len(x), units), dtype=dtype)
        found = []
        for t in range(x.shape[1]):
            into = np.hstack([x[:, t, None], h, np.ones((len(x), 1))]).astype(dtype)
            c = np.tanh(into @ W)
            h = (1 - leak) * h + leak * c
            found.append((into, c, h))
        return found

    def loss_and_gradients(params, x, y):
        found, v = states(params, x), params["v"].astype(dtype)
        W, dW, dv, after, loss = params["W"].astype(dtype), 0.0, 0.0, 0.0, 0.0
        for t in reversed(range(len(found))):
            into, c, h = found[t]
            error = h @ v[:-1] + v[-1] - y[:, t].astype(dtype)
            loss += np.sum(error**2) / y.size
            d = 2 * error / y.size
            dv = dv + np.append(d @ h, d.sum())
            dh = np.outer(d, v[:-1]) + after
            dz = leak * dh * (1 - c * c)
            dW = dW + into.T @ dz
            after = (1 - leak) * dh + (dz @ W.T)[:, 1:-1]
        return loss, {"W": dW, "v": dv}

    def run(params, past, years):
        known = np.array(past)
        h, W, v = np.zeros((len(known), units)), params["W"], params["v"]
        said = []
        for t in range(known.shape[1] + years - 1):
            x = known[:, t] if t < known.shape[1] else said[-1]
            h = (1 - leak) * h + leak * np.tanh(np.column_stack([x, h, np.ones(len(h))]) @ W)
            said.append(h @ v[:-1] + v[-1])
        return np.array(said[-years:]).T

    def forecaster(series, rng):
        turn = np.linalg.qr(rng.normal(size=(units, units)))[0]
        params = {"W": np.vstack([rng.normal(size=(1, units)) / 2, 0.9 * turn, np.zeros(units)]),
                  "v": np.append(rng.normal(size=units) / 10, 0.0)}  # fmt: skip
        x = np.array([series[i : i + T] for i in range(0, len(series) - T, every)])
        y = np.array([series[i + 1 : i + T + 1] for i in range(0, len(series) - T, every)])
        m, v, step, last = dict.fromkeys(params, 0.0), dict.fromkeys(params, 0.0), 0, epochs * -(-len(x) // 32)
        for _ in range(epochs):
            order = rng.permutation(len(x))
            for start in range(0, len(x), 32):
                rows = order[start : start + 32]
                grads = loss_and_gradients(params, x[rows], y[rows])[1]
                lr, step = rate * (1 - step / last), step + 1
                for name, g in grads.items():
                    g = g / max(1.0, np.linalg.norm(g))
                    m[name], v[name] = 0.9 * m[name] + 0.1 * g, 0.999 * v[name] + 0.001 * g * g
                    mean, size = m[name] / (1 - 0.9**step), np.sqrt(v[name] / (1 - 0.999**step))
                    params[name] = params[name] - lr * mean / (size + 1e-8)
        return params, loss_and_gradients, run

    return forecaster


RIGHT = {
    "leaky-step-backward": [leaky_as_one_layer, leaky_example_by_example],
    "rnn-backward": [sequence_step_by_step, sequence_first_all_dz_and_then_the_sums, sequence_by_recursion],
    "clip": [clip_in_one_vector, clip_by_the_larger],
    "free-run": [
        forecaster_of(units=24, T=40, every=1, epochs=80, rate=0.01, leak=0.7),
        forecaster_of(units=16, T=30, every=1, epochs=150, rate=0.01),
    ],
}

TURNED = {
    "turn-handed": [
        lambda dz, Wh: np.einsum("nj,ij->ni", dz, Wh),
        lambda dz, Wh: np.array([Wh @ row for row in dz]),
    ],
}
