"""Mistakes with policy gradients: lesson 15."""

import numpy as np
import sympy

from mistakes import Mistake


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# gaussian-score


def density_not_its_logarithm(a, m, s):
    width = sympy.exp(s)
    density = sympy.exp(-((a - m) ** 2) / 2 / width**2) / width / sympy.sqrt(2 * sympy.pi)
    return density * ((a - m) ** 2 / width**2 - 1)


def along_the_deviation(a, m, s):
    width = sympy.exp(s)
    return ((a - m) ** 2 - width**2) / width**3


# log-prob-backward


def slope_over_probability(dlogp, x, W, b, actions):
    p = softmax(x @ W + b)
    dz = np.zeros(p.shape)
    for row, action in enumerate(actions):
        slope = p[row, action] * (1 - p[row, action])
        dz[row, action] = dlogp[row] * slope / p[row, action]
    return x.T @ dz, dz.sum(axis=0)


def one_minus_p_for_all(dlogp, x, W, b, actions):
    dz = dlogp[:, None] * (1 - softmax(x @ W + b))
    return x.T @ dz, dz.sum(axis=0)


def returns_as_targets(dlogp, x, W, b, actions):
    targets = np.zeros((len(x), len(b)))
    targets[np.arange(len(x)), actions] = dlogp
    dz = targets - softmax(x @ W + b)
    return x.T @ dz, dz.sum(axis=0)


# returns-to-go


def looking_ahead(rewards, discount):
    """The right returns to go, as a list."""
    found, later = [], 0.0
    for reward in rewards[::-1]:
        later = reward + discount * later
        found.insert(0, later)
    return found


def whole_episode_at_each_step(rewards, discount):
    whole = looking_ahead(rewards, discount)[0]
    return np.array([whole] * len(rewards))


def standardized(rewards, discount):
    returns = np.array(looking_ahead(rewards, discount))
    return (returns - returns.mean()) / (returns.std() + 1e-9)


def left_turned_around(rewards, discount):
    return np.array(looking_ahead(rewards, discount)[::-1])


def looking_back(rewards, discount):
    found, total = [], 0.0
    for reward in rewards:
        total = reward + discount * total
        found.append(total)
    return np.array(found)


def discounted_from_the_start_too(rewards, discount):
    return np.array([discount**t * later for t, later in enumerate(looking_ahead(rewards, discount))])


def no_discount(rewards, discount):
    return np.flip(np.cumsum(np.flip(rewards)))


# policy-update


def to_go(rewards):
    return np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]


def scores(theta, states, actions):
    """For each step the gradient of its log-probability by the row of its state, (m, T, k)."""
    return np.eye(theta.shape[1])[actions] - softmax(theta)[states]


def ascended(theta, states, actions, advantages, lr):
    """The right step with these advantages."""
    gradient = np.zeros(theta.shape)
    np.add.at(gradient, states, advantages[:, :, None] * scores(theta, states, actions))
    return theta + lr * gradient / len(states)


def mean_over_all_steps(theta, states, actions, rewards, lr):
    returns = to_go(rewards)
    return ascended(theta, states, actions, returns - returns.mean(axis=0), lr / states.shape[1])


def return_of_the_whole_episode(theta, states, actions, rewards, lr):
    whole = rewards.sum(axis=1, keepdims=True)
    return ascended(theta, states, actions, np.ones(rewards.shape) * (whole - whole.mean()), lr)


def standardized_over_the_batch(theta, states, actions, rewards, lr):
    returns = to_go(rewards)
    return ascended(theta, states, actions, (returns - returns.mean()) / (returns.std() + 1e-8), lr)


def baseline_of_its_own_episode(theta, states, actions, rewards, lr):
    returns = to_go(rewards)
    return ascended(theta, states, actions, returns - returns.mean(axis=1, keepdims=True), lr)


def mean_reward_taken_away_first(theta, states, actions, rewards, lr):
    return ascended(theta, states, actions, to_go(rewards - rewards.mean()), lr)


def baseline_of_earlier_episodes(theta, states, actions, rewards, lr):
    returns = to_go(rewards)
    advantages = np.array([row - (returns[:e].mean(axis=0) if e else 0.0) for e, row in enumerate(returns)])
    return ascended(theta, states, actions, advantages, lr)


def mean_score_times_sum(theta, states, actions, rewards, lr):
    returns = to_go(rewards)
    totals = (returns - returns.mean(axis=0)).sum(axis=1, keepdims=True)
    return ascended(theta, states, actions, np.ones(rewards.shape) * totals / rewards.shape[1], lr)


def one_visit_of_each_state(theta, states, actions, rewards, lr):
    returns = to_go(rewards)
    gradient = np.zeros(theta.shape)
    gradient[states] += (returns - returns.mean(axis=0))[:, :, None] * scores(theta, states, actions)
    return theta + lr * gradient / len(states)


MISTAKES = [
    Mistake(
        "gaussian-score",
        "common",
        "of the density",
        density_not_its_logarithm,
        "This is the slope of the density itself",
    ),
    Mistake(
        "gaussian-score",
        "Sutton and Barto, exercise 13.4",
        "along the standard deviation",
        along_the_deviation,
        "This is the slope along the width itself",
    ),
    Mistake(
        "log-prob-backward",
        "SO 'Understanding gradient policy deriving'",
        "p (1 - p) / p, the action taken",
        slope_over_probability,
        None,
    ),
    Mistake(
        "log-prob-backward",
        "SO 'Understanding gradient policy deriving'",
        "1 - p for all",
        one_minus_p_for_all,
        None,
    ),
    Mistake(
        "log-prob-backward",
        "adventures-in-ml#29",
        "returns as targets",
        returns_as_targets,
        "right when dlogp is 1 everywhere",
    ),
    Mistake(
        "returns-to-go",
        "huggingface/deep-rl-class#70, udacity DRL#42",
        "whole episode",
        whole_episode_at_each_step,
        "Every step gets the return of the whole episode",
    ),
    # The division by the standard deviation goes without saying, since the sentence ends with the returns themselves.
    Mistake("returns-to-go", "hunkim#1", "standardized", standardized, "You took the mean out as well"),
    Mistake(
        "returns-to-go",
        "Gymnasium#1335",
        "turned around",
        left_turned_around,
        "The numbers are right and stand in the other order",
    ),
    Mistake("returns-to-go", "common", "forward", looking_back, "You add up what has come so far"),
    Mistake(
        "returns-to-go",
        "Sutton and Barto, errata",
        "gamma^t too",
        discounted_from_the_start_too,
        "Each reward is discounted from the start of the episode",
    ),
    Mistake("returns-to-go", "common", "no discount", no_discount, "right for discount = 1"),
    Mistake(
        "policy-update",
        "pytorch-vsumm-reinforce#48, recurrent-visual-attention#10",
        "mean over steps",
        mean_over_all_steps,
        "You divided by the number of all steps",
    ),
    Mistake(
        "policy-update",
        "huggingface/deep-rl-class#70",
        "whole return",
        return_of_the_whole_episode,
        "Every step is weighted by the return of its whole episode",
    ),
    # Only now and then every sign is right, which is said then.
    Mistake("policy-update", "Gymnasium", "standardized", standardized_over_the_batch, None),
    Mistake(
        "policy-update",
        "common",
        "own episode as baseline",
        baseline_of_its_own_episode,
        "Your baseline is a mean over the steps of each episode",
    ),
    Mistake(
        "policy-update",
        "common, from A2C",
        "mean reward taken away",
        mean_reward_taken_away_first,
        "right for episodes of one step",
    ),
    Mistake("policy-update", "common", "earlier episodes as baseline", baseline_of_earlier_episodes, None),
    Mistake(
        "policy-update",
        "Gymnasium#1336",
        "mean times sum",
        mean_score_times_sum,
        "the mean score of an episode times the sum of its advantages",
    ),
    Mistake(
        "policy-update",
        "common",
        "repeated index",
        one_visit_of_each_state,
        "A state that is visited more than once keeps only one of its visits",
    ),
]
