"""Right answers to the exercises of lesson 15, each written differently from the solution."""

import numpy as np
import sympy

from bplib import activations


def gaussian_by_sympy(a, m, s):
    """SymPy differentiates by symbols of our own, which are then replaced."""
    x, middle, width = sympy.symbols("x middle width", real=True)
    log_pi = -((x - middle) ** 2) / (2 * sympy.exp(2 * width)) - width - sympy.log(2 * sympy.pi) / 2
    return sympy.diff(log_pi, width).subs({x: a, middle: m, width: s})


def gaussian_with_the_width_apart(a, m, s):
    width = sympy.exp(s)
    return ((a - m) / width + 1) * ((a - m) / width - 1)


def score_by_one_hot(dlogp, x, W, b, actions):
    z = x @ W + b
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dz = np.expand_dims(dlogp, 1) * (np.eye(len(b))[actions] - p)
    return x.T @ dz, dz.sum(axis=0)


def score_example_by_example(dlogp, x, W, b, actions):
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for i, a in enumerate(actions):
        dz = -dlogp[i] * activations.softmax(x[i] @ W + b)
        dz[a] += dlogp[i]
        dW += np.outer(x[i], dz)
        db += dz
    return [dW, db]


def returns_by_sums(rewards, discount):
    return [sum(discount**k * r for k, r in enumerate(rewards[t:])) for t in range(len(rewards))]


def returns_by_a_matrix(rewards, discount):
    t = np.arange(len(rewards))
    return np.triu(discount ** np.maximum(t - t[:, None], 0.0)) @ rewards


def returns_from_a_list(rewards, discount):
    G, found = 0.0, []
    for reward in reversed(list(rewards)):
        G = reward + discount * G
        found.append(G)
    return found[::-1]


def update_in_loops(theta, states, actions, rewards, lr):
    m, T = states.shape
    G = np.array([[rewards[i, t:].sum() for t in range(T)] for i in range(m)])
    new = theta.copy()
    for i in range(m):
        for t in range(T):
            s, a = states[i, t], actions[i, t]
            score = -activations.softmax(theta[s])
            score[a] += 1
            new[s] += lr / m * (G[i, t] - G[:, t].mean()) * score
    return new


def update_by_visits(theta, states, actions, rewards, lr):
    G = np.flip(np.cumsum(np.flip(rewards, axis=1), axis=1), axis=1)
    A = (G - np.mean(G, axis=0, keepdims=True)).ravel()[:, None]
    e = np.exp(theta - theta.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dz = A * (np.eye(theta.shape[1])[actions.ravel()] - p[states.ravel()])
    visits = np.eye(len(theta))[states.ravel()]
    return theta + lr * visits.T @ dz / len(states)


def balance_episode_by_episode(params, states, actions, alive):
    """One episode after the other, each only as far as it goes."""
    lengths = [int(n) for n in alive.sum(axis=1)]
    A = np.zeros(alive.shape)
    for row, n in zip(A, lengths, strict=True):
        row[:n] = (1 - 0.99 ** np.arange(n, 0, -1)) / (1 - 0.99)
    A = A - A.mean(axis=0)
    grads = {name: np.zeros_like(p) for name, p in params.items()}
    for i, n in enumerate(lengths):
        x = states[i, :n]
        h = np.tanh(x @ params["W1"] + params["b1"])
        dz = activations.softmax(h @ params["W2"] + params["b2"])
        dz[np.arange(n), actions[i, :n]] -= 1
        dz *= A[i, :n, None] / sum(lengths)
        dh = dz @ params["W2"].T * (1 - h**2)
        for name, g in {"W1": x.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}.items():
            grads[name] += g
    return A, grads


def balance_with_the_played_steps_alone(params, states, actions, alive):
    G = np.zeros(alive.shape)
    later = np.zeros(len(alive))
    for t in range(alive.shape[1] - 1, -1, -1):
        later = alive[:, t] * (1 + 0.99 * later)
        G[:, t] = later
    A = G - G.mean(axis=0, keepdims=True)
    A = A / A[alive].std()
    x, a, weight = states[alive], actions[alive], A[alive][:, None]
    h = np.tanh(x @ params["W1"] + params["b1"])
    dz = weight * (activations.softmax(h @ params["W2"] + params["b2"]) - np.eye(2)[a]) / len(x)
    dh = (1 - h * h) * (dz @ params["W2"].T)
    return [A.tolist(), {"b2": dz.sum(0), "W2": h.T @ dz, "b1": dh.sum(0), "W1": (x.T @ dh).tolist()}]


RIGHT = {
    "gaussian-score": [gaussian_by_sympy, gaussian_with_the_width_apart],
    "log-prob-backward": [score_by_one_hot, score_example_by_example],
    "returns-to-go": [returns_by_sums, returns_by_a_matrix, returns_from_a_list],
    "policy-update": [update_in_loops, update_by_visits],
    "balance": [balance_with_the_played_steps_alone, balance_episode_by_episode],
}
TURNED = {
    "turn-entropy": [lambda p: -np.sum(p * np.log(p)), lambda p: -(p @ np.log(p)), lambda p: np.log(1 / p) @ p],
}
