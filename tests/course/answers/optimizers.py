"""Right answers to the exercises of lesson 09, each written differently from the solution."""

import math

import numpy as np


def nesterov_with_a_step_ahead(gradient, w, rates, mu):
    velocity = 0 * w
    for k in range(len(rates)):
        ahead = w - rates[k] * mu * velocity
        g = gradient(ahead)
        velocity, w = mu * velocity + g, ahead - rates[k] * g
    return w


def nesterov_from_all_gradients(gradient, w, rates, mu):
    w, seen = w.copy(), []
    for lr in rates:
        old = sum((mu ** (len(seen) - k) * g for k, g in enumerate(seen)), np.zeros(len(w)))
        seen.append(np.asarray(gradient(w - lr * old)))
        w -= lr * (old + seen[-1])
    return w.tolist()


def nesterov_with_the_velocity_in_steps(gradient, w, rates, mu):
    step, before = np.zeros(w.shape), None
    for lr in rates:
        carried = mu * step if before is None else mu * step * (lr / before)
        step = carried - lr * gradient(w + carried)
        w, before = w + step, lr
    return w


def rmsprop_in_place_on_a_copy(gradient, w, lr, rho, eps, steps):
    w, v = np.array(w), 0.0
    for _ in range(steps):
        g = gradient(w)
        v = v + (1 - rho) * (np.square(g) - v)
        w -= lr * np.divide(g, v**0.5 + eps)
    return w


def rmsprop_one_weight_after_the_other(gradient, w, lr, rho, eps, steps):
    w, v = list(w), [0.0] * len(w)
    for _ in range(steps):
        g = gradient(np.array(w))
        for i in range(len(w)):
            v[i] = rho * v[i] + (1 - rho) * g[i] * g[i]
            w[i] -= lr * g[i] / (math.sqrt(v[i]) + eps)
    return w


def adamw_with_weighted_sums(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    rows, T = [], len(gradients)
    up = [lr * (k + 1) / warmup for k in range(warmup)]
    rates = [*up, *(lr / 2 * (1 + np.cos(np.pi * np.arange(T - warmup) / (T - warmup))))]
    for t in range(1, T + 1):
        old = np.arange(t)[::-1, None]
        m_hat = np.sum(beta1**old * gradients[:t], axis=0) / np.sum(beta1**old)
        v_hat = np.sum(beta2**old * gradients[:t] ** 2, axis=0) / np.sum(beta2**old)
        w = (1 - rates[t - 1] * weight_decay) * w - rates[t - 1] * m_hat / (np.sqrt(v_hat) + eps)
        rows.append(w)
    return rows


def adamw_with_one_rate(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    m = v = np.zeros(len(w))
    path = np.zeros(gradients.shape)
    for i, g in enumerate(gradients):
        m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
        root = math.sqrt(1 - beta2 ** (i + 1))
        done = (i - warmup) / (len(gradients) - warmup)
        rate = lr * (i + 1) / warmup if i < warmup else lr * math.cos(math.pi * done / 2) ** 2
        w = w - rate * weight_decay * w - rate * root / (1 - beta1 ** (i + 1)) * m / (np.sqrt(v) + eps * root)
        path[i] = w
    return path


def pair_by_the_condition_number(H):
    curvatures = np.linalg.eigvals(H).real
    c, k = curvatures.min(), np.linalg.cond(H)
    left = (math.sqrt(k) - 1) / (math.sqrt(k) + 1)
    return [(1 - left) ** 2 / c, left**2, left]


def pair_by_norms(H):
    steep, flat = np.linalg.norm(H, 2), 1 / np.linalg.norm(np.linalg.inv(H), 2)
    rate = 4 / (steep + flat + 2 * np.sqrt(steep * flat))
    left = 1 - np.sqrt(rate * flat)
    return rate, left**2, left


def decay_by_hand():
    return {
        "l2_a": -0.1,
        "l2_b": 0.1,
        "l2_c": -0.1,
        "adamw_a": -0.14,
        "adamw_b": 0.06,
        "adamw_c": -0.04,
    }


def decay_by_one_step_of_adam():
    w, g = np.full(3, 2.0), np.array([0.8, -30.0, 0.0])

    def step(g):
        return -0.1 * g / (np.sqrt(g**2) + 1e-8)

    values = [*step(g + 0.2 * w), *(step(g) - 0.1 * 0.2 * w)]
    return dict(zip(["l2_a", "l2_b", "l2_c", "adamw_a", "adamw_b", "adamw_c"], values, strict=True))


RIGHT = {
    "nesterov": [nesterov_with_a_step_ahead, nesterov_from_all_gradients, nesterov_with_the_velocity_in_steps],
    "rmsprop": [rmsprop_in_place_on_a_copy, rmsprop_one_weight_after_the_other],
    "adamw": [adamw_with_weighted_sums, adamw_with_one_rate],
    "best-pair": [pair_by_the_condition_number, pair_by_norms],
    "nesterov-limit": [
        lambda c, mu: (2 + 2 * mu) / (c + 2 * c * mu),
        lambda c, mu: (1 + 1 / (1 + 2 * mu)) / c,
    ],
    "decay": [decay_by_hand, decay_by_one_step_of_adam],
}

TURNED = {"turn-limit": [lambda c, mu: 2 * (1 + mu) / c, lambda c, mu: (2 + 2 * mu) / c]}
