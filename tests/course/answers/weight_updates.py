"""Right answers to the exercises of lesson 05, each written differently from the solution."""

import math

import numpy as np


def update_name_by_name(gradients, params, lr):
    grads, new = gradients(params), {}
    for name in reversed(params):
        new[name] = (np.array(params[name]) - lr * np.array(grads[name])).tolist()
    return new


def update_on_copies(gradients, params, lr):
    grads = gradients({name: value.copy() for name, value in params.items()})
    params = {name: value.copy() for name, value in params.items()}
    for name in params:
        params[name] += -lr * np.asarray(grads[name])
    return params


def walks_by_trying():
    words = {}
    for lr in (0.1, 0.25, 0.4):
        w = 1.0
        w -= lr * 6 * w
        if abs(w) > 1:
            words[lr] = "diverges"
        else:
            words[lr] = "slides" if w > 0 else "zigzags"
    return words


def rate_by_power_iteration(H):
    v = np.ones(len(H))
    for _ in range(2000):
        v = H @ v
        v /= np.linalg.norm(v)
    return 2.0 / (v @ H @ v)


def rate_by_the_spectral_norm(H):
    return 2 / np.linalg.norm(H, 2)


def stop_in_a_while_loop(gradient, w, lr, tolerance, most):
    w, steps = np.array(w), 0
    while steps < most and not all(abs(slope) < tolerance for slope in gradient(w)):
        w -= lr * gradient(w)
        steps += 1
    return w, steps


def stop_with_break(gradient, w, lr, tolerance, most):
    count = 0
    g = gradient(w)
    for _ in range(most):
        if max(map(math.fabs, g)) < tolerance:
            break
        w = [entry - lr * slope for entry, slope in zip(w, g, strict=True)]
        g = gradient(np.array(w))
        count += 1
    return np.array(w), count


RIGHT = {
    "update-rule": [update_name_by_name, update_on_copies],
    "three-walks": [walks_by_trying, lambda: {0.4: "Diverges", 0.25: " zigzags", 0.1: "slides"}],
    "four-plots": [
        lambda: {"A": "bounces", "B": "too small", "C": "diverges", "D": "right"},
        lambda: {"D": " Right", "C": "DIVERGES", "B": "too  small", "A": "bounces"},
    ],
    "largest-rate": [rate_by_power_iteration, rate_by_the_spectral_norm],
    "stop-when-converged": [stop_in_a_while_loop, stop_with_break],
}

TURNED = {"turn-new-place": [lambda w, slope, lr: w - lr * slope, lambda w, slope, lr: -slope * lr + w]}
