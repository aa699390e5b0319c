"""Right answers to the exercises of lesson 09, each written differently from the solution."""

import math

import numpy as np


def momentum_with_the_rate_inside(gradient, w, lr, mu, steps):
    velocity = 0 * w
    while steps:
        velocity = mu * velocity - lr * gradient(w)
        w = w + velocity
        steps -= 1
    return w


def momentum_from_all_gradients(gradient, w, lr, mu, steps):
    w, seen = w.copy(), []
    for t in range(steps):
        seen.append(np.asarray(gradient(w)))
        w -= lr * sum(mu ** (t - k) * g for k, g in enumerate(seen))
    return w.tolist()


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


def adam_with_weighted_sums(w, gradients, lr, beta1, beta2, eps):
    rows = []
    for t in range(1, len(gradients) + 1):
        old = np.arange(t)[::-1, None]
        m_hat = np.sum(beta1**old * gradients[:t], axis=0) / np.sum(beta1**old)
        v_hat = np.sum(beta2**old * gradients[:t] ** 2, axis=0) / np.sum(beta2**old)
        w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
        rows.append(w)
    return rows


def adam_with_one_rate(w, gradients, lr, beta1, beta2, eps):
    m = v = np.zeros(len(w))
    path = np.zeros(gradients.shape)
    for i, g in enumerate(gradients):
        m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
        root = math.sqrt(1 - beta2 ** (i + 1))
        w = w - lr * root / (1 - beta1 ** (i + 1)) * m / (np.sqrt(v) + eps * root)
        path[i] = w
    return path


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


def momentum_by_differences(gradient, w, lr, mu, steps):
    before = w
    for _ in range(steps):
        w, before = w + mu * (w - before) - lr * gradient(w), w
    return w


RIGHT = {
    "momentum": [momentum_with_the_rate_inside, momentum_from_all_gradients, momentum_by_differences],
    "rmsprop": [rmsprop_in_place_on_a_copy, rmsprop_one_weight_after_the_other],
    "adam": [adam_with_weighted_sums, adam_with_one_rate],
    "decay": [decay_by_hand, decay_by_one_step_of_adam],
}
