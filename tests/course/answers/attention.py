"""Right answers to the exercises of lesson 16, each written differently from the solution."""

import numpy as np

from bplib import activations


def sigmoid_rows_with_jacobians(da, z):
    """Each row times its Jacobian, and the slopes of the sigmoid."""
    dz = []
    for d, scores in zip(da.reshape(-1, z.shape[-1]), z.reshape(-1, z.shape[-1]), strict=True):
        s = 1 / (1 + np.exp(-scores))
        jacobian = (np.eye(len(s)) * s.sum() - s[:, None]) / s.sum() ** 2  # of a_m in s_j
        dz.append(d @ jacobian * s * (1 - s))
    return np.array(dz).reshape(z.shape)


def sigmoid_rows_by_einsum(da, z):
    s = activations.sigmoid(z)
    a = s / np.einsum("...k->...", s)[..., None]
    return a * (1 - s) * (da - np.einsum("...k,...k->...", da, a)[..., None])


def sigmoid_rows_entry_by_entry(da, z):
    s, dz = 0.5 + 0.5 * np.tanh(z / 2), np.zeros(z.shape)
    for row in np.ndindex(z.shape[:-1]):
        total = s[row].sum()
        for j in range(z.shape[-1]):
            for m in range(z.shape[-1]):
                slope = ((j == m) * total - s[(*row, m)]) / total**2
                dz[(*row, j)] += da[(*row, m)] * slope * s[(*row, j)] * (1 - s[(*row, j)])
    return dz


def attention_query_by_query(dy, q, k, v, mask):
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    root = q.shape[2] ** 0.5
    for n, i in np.ndindex(q.shape[:2]):
        seen = np.flatnonzero(mask[i])
        e = np.exp(k[n, seen] @ q[n, i] / root)
        a = e / e.sum()
        y = a @ v[n, seen]
        dz = a * ((v[n, seen] - y) @ dy[n, i])
        dq[n, i] = dz @ k[n, seen] / root
        for j, weight, slope in zip(seen, a, dz, strict=True):
            dk[n, j] += slope * q[n, i] / root
            dv[n, j] += weight * dy[n, i]
    return [dq, dk, dv]


def attention_by_einsum(dy, q, k, v, mask):
    z = np.einsum("ntd,nsd->nts", q, k) / np.sqrt(q.shape[-1])
    e = np.exp(np.where(mask, z, -1e9))
    a = e / e.sum(axis=-1, keepdims=True)
    da = np.einsum("nte,nse->nts", dy, v)
    dz = a * da - a * np.einsum("nts,nts->nt", a, da)[:, :, None]
    dz /= np.sqrt(q.shape[-1])
    return np.einsum("nts,nsd->ntd", dz, k), np.einsum("nts,ntd->nsd", dz, q), np.einsum("nts,nte->nse", a, dy)


def attention_with_an_added_mask(dy, q, k, v, mask):
    """Example by example, with 0 or -inf added to the logits; lists come back."""
    gradients = []
    for upstream, Q, K, V in zip(dy, q, k, v, strict=True):
        root = np.sqrt(K.shape[1])
        A = activations.softmax(Q @ K.T / root + np.where(mask, 0.0, -np.inf))
        dA = upstream @ V.T
        dZ = A * (dA - np.diag(dA @ A.T)[:, None]) / root
        gradients.append((dZ @ K, dZ.T @ Q, A.T @ upstream))
    return [list(parts) for parts in zip(*gradients, strict=True)]


def reader_in_two_functions(params, batch, update):
    """Everything once for all rows, and products of flat arrays."""
    for _ in range(2000):
        ids, targets = batch()
        params = update(params, reader_gradients(params, ids, targets))
    return params


def reader_gradients(params, ids, targets):
    n, t = ids.shape
    x = params["E"][ids] + params["P"][None]
    d = x.shape[2]
    q, k, v = x @ params["Wq"], x @ params["Wk"], x @ params["Wv"]
    mask = np.arange(t)[None, :] <= np.arange(t)[:, None]
    a = activations.softmax(np.where(mask, q @ k.swapaxes(1, 2) / np.float32(d**0.5), np.float32(-np.inf)))
    both = np.concatenate([x, a @ v], axis=2).reshape(n * t, 2 * d)
    hidden = np.maximum(both @ params["W1"] + params["b1"], 0)
    dz = activations.softmax(hidden @ params["W2"] + params["b2"])
    dz[np.arange(n * t), targets.ravel()] -= 1
    dz /= n * t
    dhidden = np.where(hidden > 0, dz @ params["W2"].T, 0)
    dboth = (dhidden @ params["W1"].T).reshape(n, t, 2 * d)
    dx, dy = dboth[..., :d], dboth[..., d:]
    da = dy @ v.swapaxes(1, 2)
    dscores = a * (da - np.einsum("nts,nts->nt", da, a)[..., None]) / np.float32(d**0.5)
    back = {"Wq": dscores @ k, "Wk": dscores.swapaxes(1, 2) @ q, "Wv": a.swapaxes(1, 2) @ dy}
    dx = dx + sum(each @ params[name].T for name, each in back.items())
    flat = x.reshape(n * t, d)
    one = np.zeros((n * t, len(params["E"])), dtype=dx.dtype)
    one[np.arange(n * t), ids.ravel()] = 1  # the table as a product, whose gradient is one too
    return {
        **{name: flat.T @ each.reshape(n * t, d) for name, each in back.items()},
        **{"W1": both.T @ dhidden, "b1": dhidden.sum(axis=0), "W2": hidden.T @ dz, "b2": dz.sum(axis=0)},
        **{"E": one.T @ dx.reshape(n * t, d), "P": dx.sum(axis=0)},
    }


def reader_that_stops_sooner(params, batch, update):
    for _ in range(1600):
        ids, targets = batch()
        found = reader_gradients(params, ids, targets)
        params = dict(update(params, {name: found[name].copy() for name in params}))
    return {name: np.array(p) for name, p in params.items()}


RIGHT = {
    "sigmoid-rows-backward": [
        sigmoid_rows_with_jacobians,
        sigmoid_rows_by_einsum,
        sigmoid_rows_entry_by_entry,
    ],
    "beat-pairs": [reader_in_two_functions, reader_that_stops_sooner],
    "attention-backward": [
        attention_query_by_query,
        attention_by_einsum,
        attention_with_an_added_mask,
    ],
    "causal-weights": [
        lambda: {"first": 0.25, "second": 0.75, "third": 0},
        lambda: {"first": np.float64(1) / 4, "second": 3 / 4, "third": np.exp(-np.inf)},
    ],
}
