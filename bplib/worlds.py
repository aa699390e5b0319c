"""Worlds: where a policy acts. A bandit without states, a grid that is small enough to know all about, and CartPole.

CartPole is there twice: gymnasium's, and one whose many carts move at once, which is fifty times as fast.

A policy here is softmax(z), a probability for each action, and `sample` draws from it. An episode is told as states,
actions and rewards, one of each for every step. Source: Sutton and Barto, Reinforcement Learning (2018), ch. 2 and 3.
"""

from functools import cached_property

import numpy as np

from bplib.activations import log_softmax, softmax
from bplib.operations import require_floats, require_generator


def sample(z, rng):
    """Draw an action from each softmax(z); logits z (k,) or (n, k), actions a whole number or (n,).

    By the Gumbel trick: the index of the largest z + g, where g is standard Gumbel noise, has the distribution
    softmax(z). Source: Maddison, Tarlow and Minka, A* sampling, NeurIPS (2014).
    """
    require_floats("sample", z=z)
    require_generator("sample", rng)
    return np.argmax(z + rng.gumbel(size=np.shape(z)), axis=-1)


class Bandit:
    """Arms with mean rewards and normal noise: a world of one step. Source: Sutton and Barto (2018), section 2.1."""

    def __init__(self, means, noise=1.0):
        """``means`` (k,) holds the mean reward of each arm, ``noise`` >= 0 is the standard deviation of all of them."""
        self.means = np.array(means, dtype=float)
        if self.means.ndim != 1 or self.means.size == 0:
            raise ValueError(f"Bandit: means is {self.means.shape}; needed is (k,), one number for each arm")
        if not noise >= 0:
            raise ValueError(f"Bandit: noise is {noise}; a standard deviation of at least 0 is needed")
        self.noise = noise

    def pull(self, arm, rng):
        """The reward of an arm, or of each arm in an integer array. ValueError unless arms are from 0 to k - 1."""
        require_generator("Bandit.pull", rng)
        arms, k = np.asarray(arm), len(self.means)
        if arms.dtype.kind not in "iu" or np.any(arms < 0) or np.any(arms >= k):
            raise ValueError(f"Bandit.pull: arm is {arm}; whole numbers from 0 to {k - 1} are needed")
        return rng.normal(self.means[arms], self.noise)


class GridWorld:
    """A walk from S to G past the walls #, in as few of ``horizon`` steps as possible.

    Its states are the free cells, numbered row by row, and its actions 0 to 3 go up, right, down and left; a move into
    a wall or over the edge stays in place. Every step costs ``step_cost``, reaching the goal earns 1 and ends the
    episode, and so does the last step of the horizon. The return is the sum of the rewards, not discounted.

    cells   the (row, column) of each state
    moves   (n_states, 4), the state that each action leads to
    start, goal, n_states, n_actions, horizon, step_cost

    The policy is a table: theta (n_states, n_actions) holds the logits of each state.
    """

    n_actions = 4

    def __init__(self, plan, horizon, step_cost=0.1):
        """``plan`` lists the rows, as in ["S..", ".#.", "..G"]: one S, one G, free cells "." and walls "#"."""
        text = "".join(plan)
        if (
            len({len(row) for row in plan}) != 1
            or text.count("S") != 1
            or text.count("G") != 1
            or set(text) - set("SG.#")
        ):
            raise ValueError(
                f"GridWorld: plan is {plan}; rows of equal length with one S, one G, '.' and '#' are needed"
            )
        if horizon < 1:
            raise ValueError(f"GridWorld: horizon is {horizon}; at least one step is needed")
        self.cells = [(i, j) for i, row in enumerate(plan) for j, mark in enumerate(row) if mark != "#"]
        self.n_states = len(self.cells)
        number = {cell: state for state, cell in enumerate(self.cells)}
        steps = (-1, 0), (0, 1), (1, 0), (0, -1)
        self.moves = np.array([[number.get((i + di, j + dj), s) for di, dj in steps] for (i, j), s in number.items()])
        self.start, self.goal = (number[divmod(text.index(mark), len(plan[0]))] for mark in "SG")
        self.horizon, self.step_cost = horizon, step_cost

    @cached_property
    def trajectories(self):
        """Every walk there is, as counts (N, n_states, n_actions) and returns (N,).

        ``counts`` says how often a walk takes each action in each state. That is all the policy needs to know of it:
        the log-probability is sum(counts * log pi), for any theta. There are up to 4^horizon walks, hence ValueError
        for a horizon beyond 8.
        """
        if self.horizon > 8:
            raise ValueError(
                f"GridWorld.trajectories: horizon is {self.horizon}, and 4^{self.horizon} walks are too many; at most 8"
            )
        counts, returns = np.zeros((1, self.n_states, self.n_actions)), np.zeros(1)
        states, ended = np.array([self.start]), []
        for t in range(1, self.horizon + 1):
            # Each walk that goes on becomes four, one for each action.
            actions = np.tile(np.arange(self.n_actions), len(states))
            counts, returns, states = (np.repeat(x, self.n_actions, axis=0) for x in (counts, returns, states))
            counts[np.arange(len(states)), states, actions] += 1
            states = self.moves[states, actions]
            returns += (states == self.goal) - self.step_cost
            over = (states == self.goal) | (t == self.horizon)
            ended.append((counts[over], returns[over]))
            counts, returns, states = counts[~over], returns[~over], states[~over]
        return tuple(np.concatenate(parts) for parts in zip(*ended, strict=True))

    def probabilities(self, theta):
        """The probability of each of the trajectories, (N,): the product of pi(a|s) over the steps."""
        self._require_table("probabilities", theta)
        counts, _ = self.trajectories
        return np.exp(np.tensordot(counts, log_softmax(theta), axes=2))

    def scores(self, theta):
        """The gradient of each log-probability, (N, n_states, n_actions): counts - visits * pi."""
        self._require_table("scores", theta)
        counts, _ = self.trajectories
        return counts - np.sum(counts, axis=2, keepdims=True) * softmax(theta)

    def expected_return(self, theta):
        """J = sum of probability * return over all trajectories."""
        return self.probabilities(theta) @ self.trajectories[1]

    def exact_gradient(self, theta):
        """dJ/dtheta = sum of probability * return * score over all trajectories: what REINFORCE estimates."""
        return np.tensordot(self.probabilities(theta) * self.trajectories[1], self.scores(theta), axes=1)

    def gradient_variance(self, theta, baseline=0.0):
        """How much (R - baseline) * score of one walk scatters around its mean, summed over all entries of theta.

        The mean is the exact gradient, whatever the baseline, a number; R is the return of the walk.
        """
        p, weights, scores = self.probabilities(theta), self.trajectories[1] - baseline, self.scores(theta)
        mean = np.tensordot(p * weights, scores, axes=1)
        return (p * weights**2) @ np.einsum("nsa,nsa->n", scores, scores) - np.sum(mean**2)

    def episode(self, theta, rng):
        """Walk once by the policy: states (T,), actions (T,), rewards (T,), with T at most the horizon."""
        self._require_table("episode", theta)
        states, actions, rewards = [], [], []
        state = self.start
        while state != self.goal and len(states) < self.horizon:
            action = sample(theta[state], rng)
            states.append(state)
            actions.append(action)
            state = self.moves[state, action]
            rewards.append((state == self.goal) - self.step_cost)
        return np.array(states), np.array(actions), np.array(rewards)

    def _require_table(self, method, theta):
        require_floats(f"GridWorld.{method}", theta=theta)
        if np.shape(theta) != (self.n_states, self.n_actions):
            needed = self.n_states, self.n_actions
            raise ValueError(
                f"GridWorld.{method}: theta is {np.shape(theta)}; needed is {needed}, logits for each state"
            )


def cart_pole():
    """Make gymnasium's CartPole-v1: balance a pole on a cart; a reward of 1 for each of at most 500 steps.

    A state holds the cart's position and velocity and the pole's angle and angular velocity; action 0 pushes to the
    left, 1 to the right. ImportError where gymnasium is not installed. Source: Barto, Sutton and Anderson, Neuronlike
    adaptive elements that can solve difficult learning control problems, IEEE Trans. SMC 13 (1983).
    """
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError(
            "cart_pole: gymnasium is not installed; CartPole needs it, as `python -m pip install gymnasium` gets it"
        ) from error
    return gymnasium.make("CartPole-v1")


class CartPoles:
    """Many carts with a pole at once, by the formulas of gymnasium's CartPole-v1 and in its units, without gymnasium.

    States (n, 4) hold position, velocity, angle and angular velocity; action 0 pushes to the left, 1 to the right. An
    episode has at most ``horizon`` steps. Source: Barto, Sutton and Anderson, IEEE Trans. SMC 13 (1983).
    """

    horizon = 500
    gravity, cart, pole, half, force, seconds = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
    edge, lean = 2.4, np.radians(12)

    def start(self, n, rng):
        """The states of n carts, nearly at rest and nearly upright."""
        require_generator("CartPoles.start", rng)
        return rng.uniform(-0.05, 0.05, size=(n, 4))

    def step(self, states, actions):
        """The states after a fiftieth of a second, (n, 4). ValueError unless there is one action, 0 or 1, for each."""
        require_floats("CartPoles.step", states=states)
        actions = np.asarray(actions)
        if np.ndim(states) != 2 or np.shape(states)[1] != 4 or actions.shape != np.shape(states)[:1]:
            given = f"states is {np.shape(states)} and actions is {actions.shape}"
            raise ValueError(f"CartPoles.step: {given}; needed are (n, 4) and (n,)")
        if not np.isin(actions, (0, 1)).all():
            raise ValueError("CartPoles.step: an action is neither 0 nor 1")
        _, v, angle, turning = states.T
        sine, cosine, mass = np.sin(angle), np.cos(angle), self.cart + self.pole
        pull = (self.force * (2 * actions - 1) + self.pole * self.half * turning**2 * sine) / mass
        faster = self.gravity * sine - cosine * pull
        faster = faster / (self.half * (4 / 3 - self.pole * cosine**2 / mass))
        pushed = pull - self.pole * self.half * faster * cosine / mass
        return states + self.seconds * np.stack([v, pushed, turning, faster], axis=1)

    def over(self, states):
        """Whether each cart has left the track, or its pole leans too far: booleans (n,)."""
        return (np.abs(states[:, 0]) > self.edge) | (np.abs(states[:, 2]) > self.lean)
