"""Right answers to the exercises of lesson 16b, each written differently from the solution."""

import numpy as np

from bplib.attention import causal_mask, multi_head_attention, multi_head_attention_backward
from bplib.normalization import layer_norm, layer_norm_backward


def shared_heads_in_loops(d_each, g):
    n, h, t, w = d_each.shape
    dx = np.zeros((n, t, g * w))
    for head in range(h):
        group = head // (h // g)
        dx[:, :, group * w : (group + 1) * w] += d_each[:, head]
    return dx


def shared_heads_by_einsum(d_each, g):
    n, h, t, w = d_each.shape
    return np.einsum("ngstw->ntgw", d_each.reshape(n, g, h // g, t, w)).reshape(n, t, g * w)


def rms_norm_row_by_row(dy, x, gamma, eps):
    """With the Jacobian of each row."""
    c, dx, dgamma = x.shape[-1], np.zeros(x.shape), np.zeros(gamma.shape)
    for row in np.ndindex(x.shape[:-1]):
        root = np.sqrt((x[row] @ x[row]) / c + eps)
        jacobian = np.eye(c) / root - np.outer(x[row], x[row]) / (c * root**3)
        dx[row] = jacobian @ (dy[row] * gamma)
        dgamma += dy[row] * x[row] / root
    return dx, dgamma


def rms_norm_by_einsum(dy, x, gamma, eps):
    s = (np.einsum("...c,...c->...", x, x)[..., None] / x.shape[-1] + eps) ** -0.5
    d = dy * gamma
    dx = s * d - s**3 * x * np.einsum("...c,...c->...", d, x)[..., None] / x.shape[-1]
    return [dx, np.einsum("rc,rc->c", dy.reshape(-1, x.shape[-1]), (s * x).reshape(-1, x.shape[-1]))]


def block_by_einsum(dy, x, p, heads):
    u = layer_norm(x, p["gamma"], p["beta"])
    q, k, v = (u @ p[name] for name in ("Wq", "Wk", "Wv"))
    found = multi_head_attention(q, k, v, heads, causal_mask(x.shape[1]))
    a = np.where(u @ p["W1"] > 0, u @ p["W1"], 0.0)
    da, dfound = dy @ p["W2"].T, dy @ p["Wo"].T
    dz = np.where(a > 0, da, 0.0)
    back = multi_head_attention_backward(dfound, found, q, k, v, heads, causal_mask(x.shape[1]))
    du, grads = dz @ p["W1"].T, {}
    for name, each in zip(("Wq", "Wk", "Wv"), back, strict=True):
        du = du + each @ p[name].T
        grads[name] = np.einsum("ntd,nte->de", u, each)
    dx, dgamma, dbeta = layer_norm_backward(du, u, x, p["gamma"], p["beta"])
    grads |= {"Wo": np.einsum("ntd,nte->de", found, dy), "W1": np.einsum("ntd,nte->de", u, dz)}
    return grads | {"W2": np.einsum("ntd,nte->de", a, dy), "gamma": dgamma, "beta": dbeta, "x": dx + dy}


def block_with_tensordot(dy, x, p, heads):
    """In another order, the norm by hand."""
    mean, deviation = x.mean(axis=2, keepdims=True), np.sqrt(x.var(axis=2, keepdims=True) + 1e-5)
    hat = (x - mean) / deviation
    u = hat * p["gamma"] + p["beta"]
    q, k, v, z = u @ p["Wq"], u @ p["Wk"], u @ p["Wv"], u @ p["W1"]
    mask = np.tri(x.shape[1], dtype=bool)
    found = multi_head_attention(q, k, v, heads, mask)
    dz = (dy @ p["W2"].T) * (z > 0)
    dq, dk, dv = multi_head_attention_backward(dy @ p["Wo"].T, found, q, k, v, heads, mask)
    du = dz @ p["W1"].T + dq @ p["Wq"].T + dk @ p["Wk"].T + dv @ p["Wv"].T
    d = du * p["gamma"]
    dx = dy + (d - d.mean(axis=2, keepdims=True) - hat * (d * hat).mean(axis=2, keepdims=True)) / deviation
    grads = {"x": dx, "gamma": (du * hat).sum(axis=(0, 1)), "beta": du.sum(axis=(0, 1))}
    pairs = {"Wq": (u, dq), "Wk": (u, dk), "Wv": (u, dv), "W1": (u, dz), "Wo": (found, dy), "W2": (z * (z > 0), dy)}
    return grads | {name: np.tensordot(a, b, axes=((0, 1), (0, 1))) for name, (a, b) in pairs.items()}


def with_rows(block):
    """The gradients of the whole model by one-hot rows instead of np.add.at."""

    def gradients(ids, y, p, heads):
        t, one = ids.shape[1], np.eye(len(p["E"]), dtype=p["E"].dtype)
        x = p["E"][ids] + p["P"][:t]
        u = layer_norm(x, p["gamma"], p["beta"])
        found = multi_head_attention(u @ p["Wq"], u @ p["Wk"], u @ p["Wv"], heads, causal_mask(t))
        h = x + found @ p["Wo"] + np.maximum(u @ p["W1"], 0) @ p["W2"]
        z = h @ p["W"] + p["b"]
        e = np.exp(z - z.max(axis=2, keepdims=True))
        dz = (e / e.sum(axis=2, keepdims=True) - one[y]) / y.size
        grads = block(dz @ p["W"].T, x, p, heads)
        dx, dP = grads.pop("x"), np.zeros_like(p["P"])
        dP[:t] = dx.sum(axis=0)
        dE = one[ids.ravel()].T @ dx.reshape(-1, dx.shape[2])
        dW = h.reshape(-1, h.shape[2]).T @ dz.reshape(-1, dz.shape[2])
        return grads | {"E": dE, "P": dP, "W": dW, "b": dz.sum(axis=(0, 1))}

    return gradients


RIGHT = {
    "shared-heads-backward": [shared_heads_in_loops, shared_heads_by_einsum],
    "rms-norm-backward": [rms_norm_row_by_row, rms_norm_by_einsum],
    "parallel-block-backward": [block_by_einsum, block_with_tensordot],
    "train-below": [
        lambda: {"gradients": with_rows(block_by_einsum), "rate": 0.02},
        lambda: {"gradients": with_rows(block_with_tensordot), "rate": np.float64(0.03)},
    ],
}
