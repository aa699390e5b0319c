"""Mistakes with heads, norms and blocks: lesson 16b."""

import numpy as np

from bplib.attention import causal_mask, multi_head_attention, multi_head_attention_backward
from bplib.normalization import layer_norm, layer_norm_backward
from mistakes import Mistake

# shared-heads-backward


def averaged(d_each, g):
    per = d_each.shape[1] // g
    groups = [d_each[:, i * per : (i + 1) * per].mean(1) for i in range(g)]
    return np.concatenate(groups, axis=-1)


def every_gth(d_each, g):
    return np.concatenate([d_each[:, i::g].sum(1) for i in range(g)], axis=-1)


def viewed(d_each, g):
    n, t = len(d_each), d_each.shape[2]
    return np.stack([part.sum(1) for part in np.split(d_each, g, axis=1)], 1).reshape(n, t, -1)


# rms-norm-backward


def as_layer_norm(dy, x, gamma, eps):
    xh = x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    g = dy * gamma
    dx = g - g.mean(-1, keepdims=True) - xh * (g * xh).mean(-1, keepdims=True)
    dx /= np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return dx, np.einsum("rc,rc->c", dy.reshape(-1, len(gamma)), xh.reshape(-1, len(gamma)))


def root_taken_for_a_number(dy, x, gamma, eps):
    scale = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return dy * gamma * scale, (dy * x * scale).reshape(-1, len(gamma)).sum(0)


def summed_over_the_batch_alone(dy, x, gamma, eps):
    scale = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    g = dy * gamma
    dx = scale * g - x * scale**3 * (g * x).mean(-1, keepdims=True)
    return dx, np.add.reduce(dy * x * scale, axis=0)


# parallel-block-backward


def backward_of_a_block(around=1.0, into_queries=1.0, mask=True):
    def backward(dy, x, p, heads):
        def weight(a, b):
            return np.einsum("ntd,nte->de", a, b)

        u = layer_norm(x, p["gamma"], p["beta"])
        seen = causal_mask(x.shape[1]) if mask else None
        q, k, v, z = (u @ p[name] for name in ("Wq", "Wk", "Wv", "W1"))
        found = multi_head_attention(q, k, v, heads, seen)
        dq, dk, dv = multi_head_attention_backward(dy @ p["Wo"].T, found, q, k, v, heads, seen)
        dz = np.where(z > 0, dy @ p["W2"].T, 0)
        du = into_queries * dq @ p["Wq"].T + dk @ p["Wk"].T + dv @ p["Wv"].T + dz @ p["W1"].T
        dx, dgamma, dbeta = layer_norm_backward(du, u, x, p["gamma"], p["beta"])
        grads = {"Wq": weight(u, dq), "Wk": weight(u, dk), "Wv": weight(u, dv), "W1": weight(u, dz)}
        grads |= {"Wo": weight(found, dy), "W2": weight(np.maximum(z, 0), dy), "gamma": dgamma, "beta": dbeta}
        return grads | {"x": dx + around * dy}

    return backward


# train-below


def trained_by(rate=0.02, dz_of=lambda P, one, n: (P - one) / n, ahead=False, dP_of=lambda dx: dx.sum(0)):
    def gradients(ids, y, p, heads):
        t, one = ids.shape[1], np.eye(len(p["E"]), dtype=p["E"].dtype)
        x = p["E"][ids] + p["P"][:t]
        u = layer_norm(x, p["gamma"], p["beta"])
        looks = multi_head_attention(u @ p["Wq"], u @ p["Wk"], u @ p["Wv"], heads, None if ahead else causal_mask(t))
        h = x + looks @ p["Wo"] + np.maximum(u @ p["W1"], 0) @ p["W2"]
        e = np.exp(h @ p["W"] + p["b"])
        dz = dz_of(e / e.sum(-1, keepdims=True), one[y], y.size)
        grads = backward_of_a_block()(dz @ p["W"].T, x, p, heads)
        dx, dP = grads.pop("x"), np.zeros(p["P"].shape)
        dP[:t] = dP_of(dx)
        dE = np.einsum("ntk,ntd->kd", one[ids], dx)
        return grads | {"E": dE, "P": dP, "W": np.einsum("ntd,ntk->dk", h, dz), "b": dz.sum((0, 1))}

    return lambda: {"gradients": gradients, "rate": rate}


MISTAKES = [
    Mistake("shared-heads-backward", "common", "the mean over a group", averaged, "add"),
    Mistake("shared-heads-backward", "common", "repeat taken for tile", every_gth, "neighbors share"),
    Mistake("shared-heads-backward", "common", "no exchange before the reshape", viewed, "order of memory"),
    Mistake("rms-norm-backward", "common", "the mean of layer norm", as_layer_norm, "mean too many"),
    Mistake("rms-norm-backward", "common", "no way through the root", root_taken_for_a_number, "does not change"),
    Mistake("rms-norm-backward", "common", "dgamma per step", summed_over_the_batch_alone, "all axes but the"),
    Mistake("parallel-block-backward", "common", "no residual", backward_of_a_block(around=0.0), "way around"),
    Mistake("parallel-block-backward", "common", "queries forgotten", backward_of_a_block(into_queries=0.0), "missing"),
    Mistake("parallel-block-backward", "common", "no mask", backward_of_a_block(mask=False), "without its mask"),
    Mistake("train-below", "common", "a rate too small", trained_by(rate=0.0001), "too small for so few steps"),
    Mistake("train-below", "common", "a rate too large", trained_by(rate=0.5), "too large: the steps jump"),
    Mistake("train-below", "common", "truth minus P", trained_by(dz_of=lambda P, one, n: (one - P) / n), "wrong sign"),
    Mistake("train-below", "common", "no truth", trained_by(dz_of=lambda P, one, n: P / n), "which letter came"),
    Mistake("train-below", "common", "no mask forward", trained_by(ahead=True), "looks ahead"),
    Mistake("train-below", "common", "P from one example", trained_by(dP_of=lambda dx: dx[0]), "one example only"),
    Mistake("train-below", "common", "P as a mean", trained_by(dP_of=lambda dx: dx.mean(0)), "P gets a mean"),
]
