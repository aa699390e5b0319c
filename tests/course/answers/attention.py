"""Right answers to the exercises of lesson 16, each written differently from the solution."""

import numpy as np

from bplib import activations


def softmax_rows_with_jacobians(da, a):
    """Each row times its Jacobian, diag(a) - a a^T."""
    rows = zip(da.reshape(-1, a.shape[-1]), a.reshape(-1, a.shape[-1]), strict=True)
    dz = [d @ (np.diag(p) - np.outer(p, p)) for d, p in rows]
    return np.array(dz).reshape(a.shape)


def softmax_rows_by_einsum(da, a):
    return a * da - a * np.einsum("...k,...k->...", da, a)[..., None]


def softmax_rows_entry_by_entry(da, a):
    dz = np.zeros(a.shape)
    for row in np.ndindex(a.shape[:-1]):
        for j in range(a.shape[-1]):
            for m in range(a.shape[-1]):
                dz[(*row, j)] += da[(*row, m)] * a[(*row, m)] * ((j == m) - a[(*row, j)])
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


RIGHT = {
    "softmax-rows-backward": [
        softmax_rows_with_jacobians,
        softmax_rows_by_einsum,
        softmax_rows_entry_by_entry,
    ],
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
