"""Habits that are right in most cases, or elsewhere, and a few that are right although they do not look it."""

import numpy as np

from bplib.activations import sigmoid, softmax
from mistakes import Mistake

# attention-backward: numbers that are low, and not low enough


def attention_filled_with(fill, dy, q, k, v, mask):
    root = np.sqrt(k.shape[-1])
    scores = q @ k.transpose(0, 2, 1) / root
    a = softmax(np.where(mask, scores, fill))
    da = dy @ v.transpose(0, 2, 1)
    d_scores = a * (da - (da * a).sum(axis=2, keepdims=True)) / root
    return d_scores @ k, d_scores.transpose(0, 2, 1) @ q, a.transpose(0, 2, 1) @ dy


# sigmoid-rows-backward: habits from the softmax


def logarithm_of_the_softmax(da, z):
    a = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return da - a * np.sum(da, axis=-1, keepdims=True)


def backward_of_the_softmax(da, z):
    a = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return a * da - a * np.sum(a * da, axis=-1, keepdims=True)


def jacobian_in_the_mean(da, z):
    s = sigmoid(z)
    a = s / s.sum(axis=-1, keepdims=True)
    return a * (1 - s) * (da - np.sum(a * da, axis=-1, keepdims=True)) / a.shape[-1]


def rows_of_the_first_axis(da, z):
    dz = np.empty_like(z)
    for k, (scores, upstream) in enumerate(zip(z, da, strict=True)):
        s = sigmoid(scores.ravel())
        jacobian = (np.eye(len(s)) - (s / s.sum())[None, :]) / s.sum()
        dz[k] = (jacobian @ upstream.ravel() * s * (1 - s)).reshape(scores.shape)
    return dz


# nesterov, clip, stop-when-converged, max-pool-backward


def first_step_before_the_loop(gradient, w, rates, mu):
    v = gradient(w)
    w = w - rates[0] * v
    for lr in rates[1:]:
        v = mu * v + gradient(w - lr * mu * v)
        w = w - lr * v
    return w


def norm_with_something_added(dWx, dWh, db, limit):
    norm = np.sqrt((dWx**2).sum() + (dWh**2).sum() + (db**2).sum())
    scale = min(limit / (norm + 1e-6), 1)
    return dWx * scale, dWh * scale, db * scale


def clipped_in_place(dWx, dWh, db, limit):
    norm = np.sqrt((dWx**2).sum() + (dWh**2).sum() + (db**2).sum())
    if norm > limit:
        for d in (dWx, dWh, db):
            d *= limit / norm
    return dWx, dWh, db


def tolerance_included(gradient, w, lr, tolerance, most):
    for step in range(most):
        g = gradient(w)
        if np.abs(g).max() <= tolerance:
            return w, step
        w = w - lr * g
    return w, most


def first_that_is_close(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for n, c, row, column in np.ndindex(dy.shape):
        top, left = row * stride, column * stride
        window = x[n, c, top : top + size, left : left + size]
        close = np.isclose(window, window.max(), atol=0.05)
        i, j = divmod(int(np.argmax(close)), size)
        dx[n, c, top + i, left + j] += dy[n, c, row, column]
    return dx


MISTAKES = [
    Mistake("attention-backward", "common", "-10", lambda *a: attention_filled_with(-10, *a), "when mask is True"),
    Mistake("attention-backward", "common", "-15", lambda *a: attention_filled_with(-15, *a), "when mask is True"),
    Mistake("attention-backward", "common", "-20", lambda *a: attention_filled_with(-20, *a), "scores of -600"),
    Mistake("attention-backward", "common", "-30", lambda *a: attention_filled_with(-30, *a), "scores of -600"),
    Mistake("attention-backward", "common", "-50", lambda *a: attention_filled_with(-50, *a), "scores of -600"),
    Mistake(
        "sigmoid-rows-backward",
        "common",
        "logarithm of the softmax",
        logarithm_of_the_softmax,
        "This is the backward of the logarithm of a softmax",
    ),
    Mistake(
        "sigmoid-rows-backward",
        "common",
        "backward of the softmax",
        backward_of_the_softmax,
        "This is the backward of a softmax.",
    ),
    Mistake(
        "sigmoid-rows-backward",
        "common",
        "the Jacobian in the mean",
        jacobian_in_the_mean,
        "what is needed divided by the length of the last axis of da",
    ),
    Mistake(
        "sigmoid-rows-backward",
        "common",
        "rows of the first axis alone",
        rows_of_the_first_axis,
        "It is right where axis 1 has the length 1.",
    ),
    Mistake("nesterov", "common", "first step before the loop", first_step_before_the_loop, "no step at all"),
    Mistake("clip", "torch, clip_grad_norm_", "1e-6 added", norm_with_something_added, "a norm that is hardly larger"),
    Mistake("clip", "common", "in place", clipped_in_place, "changes its input in place"),
    Mistake(
        "stop-when-converged",
        "common",
        "the tolerance included",
        tolerance_included,
        "a gradient that is exactly as large as the tolerance",
    ),
    Mistake("max-pool-backward", "common", "isclose", first_that_is_close, "entries that are nearly equal"),
]


# Right, although it looks as if it were not


def divided_by_a_norm_that_may_be_zero(dWx, dWh, db, limit):
    norm = np.sqrt((dWx**2).sum() + (dWh**2).sum() + (db**2).sum())
    scale = np.minimum(1, limit / norm)
    return dWx * scale, dWh * scale, db * scale


def asked_once_more_at_the_end(gradient, w, lr, tolerance, most):
    steps = 0
    while np.abs(gradient(w)).max() >= tolerance and steps < most:
        w, steps = w - lr * gradient(w), steps + 1
    return w, steps


def on_until_all_are_small(gradient, w, lr, tolerance, most):
    w, steps = w.copy(), 0
    while steps < most:
        g = gradient(w)
        if (np.abs(g) < tolerance).all():
            break
        w, steps = w - lr * g, steps + 1
    return w, steps


RIGHT_HABITS = [
    ("clip", divided_by_a_norm_that_may_be_zero),
    ("stop-when-converged", asked_once_more_at_the_end),
    ("stop-when-converged", on_until_all_are_small),
]
