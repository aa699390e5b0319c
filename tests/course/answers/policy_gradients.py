"""Right answers to the exercises of lesson 15, each written differently from the solution."""

import numpy as np
import sympy

from bplib import activations


def bandit_by_pairs(z1, z2, z3, r1, r2, r3):
    """Arm 1 against each of the others: p1 p2 (r1 - r2) + p1 p3 (r1 - r3)."""
    below = sympy.exp(z1) + sympy.exp(z2) + sympy.exp(z3)
    return (sympy.exp(z1 + z2) * (r1 - r2) + sympy.exp(z1 + z3) * (r1 - r3)) / below**2


def bandit_with_logits_from_z1(z1, z2, z3, r1, r2, r3):
    p1 = 1 / (1 + sympy.exp(z2 - z1) + sympy.exp(z3 - z1))
    p2, p3 = p1 * sympy.exp(z2 - z1), p1 * sympy.exp(z3 - z1)
    return p1 * (1 - p1) * r1 - p1 * p2 * r2 - p1 * p3 * r3


def bandit_by_the_score(z1, z2, z3, r1, r2, r3):
    """The mean of reward times score over the three arms."""
    logits, rewards = (z1, z2, z3), (r1, r2, r3)
    p = [sympy.exp(z - sympy.log(sum(map(sympy.exp, logits)))) for z in logits]
    return sum(p[a] * rewards[a] * (int(a == 0) - p[0]) for a in range(3))


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


RIGHT = {
    "bandit-gradient": [bandit_by_pairs, bandit_with_logits_from_z1, bandit_by_the_score],
    "log-prob-backward": [score_by_one_hot, score_example_by_example],
    "returns-to-go": [returns_by_sums, returns_by_a_matrix, returns_from_a_list],
    "policy-update": [update_in_loops, update_by_visits],
}
