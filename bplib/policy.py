"""Policies: learning from rewards, where nobody says what the right action would have been.

A policy gives the actions in a state the probabilities pi = softmax(z). The reward does not depend on z through any
formula that could be differentiated, but the probability of earning it does: the gradient of an expected reward is the
expectation of reward * d log pi(a)/dz, the *score*. So REINFORCE is backpropagation of a cross-entropy with the
actions taken as labels, each weighted by how much better than expected it went.

Sources: Williams, Simple statistical gradient-following algorithms for connectionist reinforcement learning, Machine
Learning 8 (1992); Sutton and Barto, Reinforcement Learning (2018), section 2.8 and ch. 13.
"""

import numpy as np

from bplib.activations import log_softmax, softmax
from bplib.operations import register, require_floats, require_generator, require_same_shape
from bplib.worlds import sample


def log_prob(z, actions):
    """log pi(a|s) of the actions taken, z_i,a_i - log(sum_k exp(z_ik)).

    z holds logits, shape (n, k); actions whole numbers 0 to k - 1, shape (n,), else ValueError; the output is (n,).
    """
    _require_actions("log_prob", z, actions)
    return log_softmax(z)[np.arange(len(z)), actions]


def log_prob_backward(dlogp, logp, z, actions):
    """dz = dlogp * (onehot(a) - softmax(z)), the score: up for the action taken, down for the others."""
    _require_actions("log_prob_backward", z, actions, dlogp=dlogp, logp=logp)
    score = -softmax(z)
    score[np.arange(len(z)), actions] += 1.0
    return dlogp[:, None] * score


def _log_pi(xp, z, actions):
    pi = xp.exp(z) / xp.sum(xp.exp(z), axis=1, keepdims=True)
    return xp.log(pi[np.arange(len(actions)), actions])


register(
    log_prob,
    log_prob_backward,
    definition=_log_pi,
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)), rng.integers(k, size=n)),
)


def policy_loss(z, actions, advantages):
    """REINFORCE as a weighted cross-entropy, L = -mean(A_i log pi(a_i|s_i)) over the batch.

    Logits z (n, k), the actions taken (n,), and advantages A (n,), how much better than expected each went: plain
    numbers, through which no gradient flows. With A = 1 it is `losses.softmax_cross_entropy`. Its value says nothing
    about progress, only its gradient means something. ValueError for other shapes and for an empty batch.
    """
    _require_actions("policy_loss", z, actions, mean=True, advantages=advantages)
    return np.mean(0.0 - advantages * log_prob(z, actions))  # 0 - x and not -x: nothing would print as -0


def policy_loss_grad(z, actions, advantages):
    """dL/dz = A_i (softmax(z_i) - onehot(a_i)) / n; shape (n, k)."""
    _require_actions("policy_loss_grad", z, actions, mean=True, advantages=advantages)
    dz = softmax(z)
    dz[np.arange(len(z)), actions] -= 1.0
    return (advantages / len(z))[:, None] * dz


register(
    policy_loss,
    policy_loss_grad,
    definition=lambda xp, z, actions, advantages: -xp.mean(advantages * _log_pi(xp, z, actions)),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)), rng.integers(k, size=n), rng.normal(size=n)),
    is_loss=True,
)


def expected_reward(z, rewards):
    """Expected reward of a bandit, J = sum_a pi_a r_a with pi = softmax(z) and the mean reward r_a of each arm.

    z and rewards are (k,), or (n, k) for n bandits, of whose J it is the mean; else ValueError. It is registered as a
    loss because it is one number; unlike a loss it is to be raised, so step along the gradient and not against it.
    """
    _require_bandits("expected_reward", z, rewards)
    return np.mean(np.sum(softmax(z) * rewards, axis=-1))


def expected_reward_grad(z, rewards):
    """dJ/dz_a = pi_a (r_a - J), for n bandits divided by n: up for the arms that are better than the policy is now."""
    _require_bandits("expected_reward_grad", z, rewards)
    pi = softmax(z)
    n = np.size(z) // np.shape(z)[-1]
    return pi * (rewards - np.sum(pi * rewards, axis=-1, keepdims=True)) / n


register(
    expected_reward,
    expected_reward_grad,
    definition=lambda xp, z, rewards: xp.mean(
        xp.sum(xp.exp(z) * rewards, axis=-1) / xp.sum(xp.exp(z), axis=-1),
    ),
    example=lambda rng, n=5, k=3: (rng.normal(size=(n, k)), rng.normal(size=(n, k))),
    is_loss=True,
)


def returns_to_go(rewards, discount):
    """What is still to come from each step on, G_t = r_t + discount * G_t+1; rewards and G are (T,) or (n, T).

    An action answers for what follows it and not for what was before. ValueError unless discount is in [0, 1].
    """
    require_floats("returns_to_go", rewards=rewards)
    if np.ndim(rewards) not in (1, 2):
        raise ValueError(f"returns_to_go: rewards is {np.shape(rewards)}; needed is (T,) or (n, T)")
    if not 0 <= discount <= 1:
        raise ValueError(f"returns_to_go: discount is {discount}; a number between 0 and 1 is needed")
    G = np.array(rewards)
    for t in range(G.shape[-1] - 2, -1, -1):
        G[..., t] += discount * G[..., t + 1]
    return G


def play(env, network, rng, greedy=False):
    """Play one episode: states (T, n_in), actions (T,), rewards (T,).

    ``env`` is an environment of gymnasium, whose start is drawn from rng; ``network`` maps states (n, n_in) to logits
    (n, k). Actions are sampled from the policy, or are its most probable ones if ``greedy``.
    """
    require_generator("play", rng)
    states, actions, rewards = [], [], []
    state, _ = env.reset(seed=int(rng.integers(2**31)))
    over = False
    while not over:
        z = network.predict(state[None])[0]
        action = np.argmax(z) if greedy else sample(z, rng)
        states.append(state)
        actions.append(action)
        state, reward, terminated, truncated, _ = env.step(action)
        rewards.append(float(reward))
        over = terminated or truncated
    return np.array(states), np.array(actions), np.array(rewards)


def play_many(world, network, n, rng, greedy=False):
    """Play n episodes at once: states (n, T, 4), actions (n, T), and alive (n, T), whether a step belongs to them.

    ``world`` is as `worlds.CartPoles`, where each step that is made earns 1, so alive holds the rewards too. T is the
    length of the longest; what stands behind the end of a shorter one counts for nothing.
    """
    require_generator("play_many", rng)
    now, alive, steps = world.start(n, rng), np.ones(n, dtype=bool), []
    while alive.any() and len(steps) < world.horizon:
        z = network.predict(now)
        actions = np.argmax(z, axis=1) if greedy else sample(z, rng)
        steps.append((now, actions, alive))
        now = np.where(alive[:, None], world.step(now, actions), now)
        alive = alive & ~world.over(now)
    return tuple(np.stack(parts, axis=1) for parts in zip(*steps, strict=True))


def reinforce(env, network, optimizer, *, updates, discount, rng, episodes=10):
    """Train a network in place by REINFORCE with a baseline; return the total reward of each episode as a list.

    Each update plays so many ``episodes`` and takes one step. The baseline of time t is the mean return to go at t over
    these episodes, where one that is over counts as 0: it takes out what they have in common, which is most of the
    noise. An episode is part of its own baseline, and that only shrinks the gradient, by the factor 1 - 1/episodes. So
    ValueError for less than two: a single one would learn nothing. As is usual, the factor discount^t that the theory
    of discounted returns puts before each score is left out, or late steps would hardly count.
    """
    if updates < 1 or episodes < 2:
        raise ValueError(f"reinforce: updates is {updates} and episodes is {episodes}; at least 1 and 2 are needed")
    history = []
    for _ in range(updates):
        played = [play(env, network, rng) for _ in range(episodes)]
        states, actions, earned = (np.concatenate(parts) for parts in zip(*played, strict=True))
        lengths = np.array([len(rewards) for _, _, rewards in played])
        alive = np.arange(lengths.max()) < lengths[:, None]
        rewards = np.zeros(alive.shape)
        rewards[alive] = earned

        G = returns_to_go(rewards, discount)
        advantages = (G - np.mean(G, axis=0))[alive]
        z = network.forward(states)
        network.backward(policy_loss_grad(z, actions, advantages.astype(z.dtype)))
        optimizer.step(network.params, network.grads)
        history += rewards.sum(axis=1).tolist()
    return history


def _require_actions(operation, z, actions, mean=False, **of_each_action):
    require_floats(operation, z=z, **of_each_action)
    actions = np.asarray(actions)
    if np.ndim(z) != 2 or actions.shape != z.shape[:1]:
        raise ValueError(f"{operation}: z is {np.shape(z)} and actions is {actions.shape}; needed are (n, k) and (n,)")
    require_same_shape(operation, actions=actions, **of_each_action)
    if mean and actions.size == 0:
        raise ValueError(f"{operation}: the batch is empty, and nothing has no mean")
    if actions.dtype.kind not in "iu":
        raise ValueError(f"{operation}: actions holds {actions.dtype}; whole numbers are needed")
    if actions.size and (actions.min() < 0 or actions.max() >= z.shape[1]):
        worst = actions.min() if actions.min() < 0 else actions.max()
        raise ValueError(f"{operation}: actions holds {worst}; z has {z.shape[1]} columns, so 0 to {z.shape[1] - 1}")


def _require_bandits(operation, z, rewards):
    require_floats(operation, z=z, rewards=rewards)
    require_same_shape(operation, z=z, rewards=rewards)
    if np.ndim(z) not in (1, 2):
        raise ValueError(f"{operation}: z is {np.shape(z)}; needed is (k,), or (n, k) for n bandits")
    if np.size(z) == 0:
        raise ValueError(f"{operation}: the batch is empty, and nothing has no mean")
