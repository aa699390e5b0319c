"""Promise: scores, returns and REINFORCE are what their formulas say, estimates are unbiased, CartPole is solved."""

from math import log

import numpy as np
import pytest

from bplib.activations import tanh
from bplib.gradcheck import central_difference, relative_error
from bplib.layers import Activation, Linear
from bplib.losses import softmax_cross_entropy, softmax_cross_entropy_grad
from bplib.networks import Sequential
from bplib.operations import OPERATIONS
from bplib.optimizers import SGD, Adam
from bplib.policy import (
    expected_reward,
    expected_reward_grad,
    log_prob,
    log_prob_backward,
    play,
    play_many,
    policy_loss,
    policy_loss_grad,
    reinforce,
    returns_to_go,
)
from bplib.verify import witnesses
from bplib.worlds import Bandit, CartPoles, GridWorld, cart_pole, sample

# e^z is 1, 2, 3 with sum 6, and 1, 1, 2 with sum 4: pi is 1/6, 1/3, 1/2, and 1/4, 1/4, 1/2.
Z = np.array([[0.0, log(2), log(3)], [0.0, 0.0, log(2)]])
ACTIONS = np.array([2, 0])


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", ["log_prob", "policy_loss", "expected_reward"])
@pytest.mark.parametrize("sizes", [{}, {"n": 7, "k": 2}, {"n": 3, "k": 3}], ids=["default", "n is 7", "square"])
def test_an_operation_agrees_with_all_of_its_witnesses(name, sizes):
    report = witnesses(OPERATIONS[name], seed=1, **sizes)
    assert report.passed, report


# The score


def test_the_log_probability_and_the_score_are_those_found_by_hand():
    logp = log_prob(Z, ACTIONS)
    np.testing.assert_allclose(logp, [log(1 / 2), log(1 / 4)], rtol=1e-14)
    dz = log_prob_backward(np.array([6.0, -4.0]), logp, Z, ACTIONS)
    np.testing.assert_allclose(dz, [[-1.0, -2.0, 3.0], [-3.0, 1.0, 2.0]], rtol=1e-14)


def test_the_score_has_mean_zero_under_its_own_policy():
    z = generator().normal(size=(1, 4))
    pi = np.exp([log_prob(z, np.array([a]))[0] for a in range(4)])
    scores = [log_prob_backward(np.ones(1), np.zeros(1), z, np.array([a]))[0] for a in range(4)]
    assert pi.sum() == pytest.approx(1.0, rel=1e-14)
    assert np.abs(pi @ scores).max() < 1e-15


def test_extreme_logits_give_finite_log_probabilities_and_scores():
    z, actions = np.array([[1000.0, -1000.0], [1000.0, -1000.0]]), np.array([0, 1])
    logp = log_prob(z, actions)
    assert logp.tolist() == [0.0, -2000.0]
    assert log_prob_backward(np.ones(2), logp, z, actions).tolist() == [[0.0, 0.0], [-1.0, 1.0]]


def test_an_empty_batch_has_no_log_probabilities_and_no_mean():
    z, actions, nothing = np.zeros((0, 3)), np.zeros(0, dtype=int), np.zeros(0)
    assert log_prob(z, actions).shape == (0,)
    assert log_prob_backward(nothing, nothing, z, actions).shape == (0, 3)
    for function in (policy_loss, policy_loss_grad):
        with pytest.raises(ValueError, match=f"^{function.__name__}: the batch is empty, and nothing has no mean$"):
            function(z, actions, nothing)
    for function in (expected_reward, expected_reward_grad):
        with pytest.raises(ValueError, match=f"^{function.__name__}: the batch is empty, and nothing has no mean$"):
            function(z, z)


# The loss of REINFORCE


def test_the_loss_and_its_gradient_are_those_found_by_hand():
    advantages = np.array([6.0, -4.0])
    loss = policy_loss(Z, ACTIONS, advantages)
    assert loss == pytest.approx(-(6 * log(1 / 2) - 4 * log(1 / 4)) / 2, rel=1e-14)
    dz = policy_loss_grad(Z, ACTIONS, advantages)
    np.testing.assert_allclose(dz, [[1 / 2, 1.0, -3 / 2], [3 / 2, -1 / 2, -1.0]], rtol=1e-14)


def test_with_all_advantages_1_the_loss_is_the_cross_entropy_of_the_actions():
    z, actions, ones = generator().normal(size=(5, 3)), generator(1).integers(3, size=5), np.ones(5)
    assert policy_loss(z, actions, ones) == pytest.approx(softmax_cross_entropy(z, actions), rel=1e-14)
    assert relative_error(policy_loss_grad(z, actions, ones), softmax_cross_entropy_grad(z, actions)) < 1e-14


def test_a_step_against_the_gradient_makes_good_actions_likelier_and_bad_ones_rarer():
    stepped = Z - 0.1 * policy_loss_grad(Z, ACTIONS, np.array([1.0, -1.0]))
    change = log_prob(stepped, ACTIONS) - log_prob(Z, ACTIONS)
    assert change[0] > 0 > change[1]


# The bandit: the exact gradient, and estimates of it


def test_the_expected_reward_and_its_gradient_are_those_found_by_hand():
    rewards = np.array([6.0, 0.0, 4.0])  # J = 1 + 0 + 2, r - J = 3, -3, 1
    assert expected_reward(Z[0], rewards) == pytest.approx(3.0, rel=1e-14)
    np.testing.assert_allclose(expected_reward_grad(Z[0], rewards), [1 / 2, -1.0, 1 / 2], rtol=1e-13)


def test_of_several_bandits_it_is_the_mean_over_them():
    z, rewards = generator().normal(size=(5, 3)), generator(1).normal(size=(5, 3))
    one_by_one = [expected_reward(*bandit) for bandit in zip(z, rewards, strict=True)]
    gradients = [expected_reward_grad(*bandit) for bandit in zip(z, rewards, strict=True)]
    assert expected_reward(z, rewards) == pytest.approx(np.mean(one_by_one), rel=1e-14)
    assert relative_error(expected_reward_grad(z, rewards), np.array(gradients) / 5) < 1e-14


def estimates_of_a_bandit(baseline):
    """The policy gradient from each of 20,000 pulls, and the exact one."""
    bandit, z, n, rng = Bandit([5.0, 6.0, 4.5], noise=0.5), np.array([0.3, -0.2, 0.4]), 20_000, generator(2)
    tiled = np.tile(z, (n, 1))
    arms = sample(tiled, rng)
    estimates = -n * policy_loss_grad(tiled, arms, bandit.pull(arms, rng) - baseline)
    return estimates, expected_reward_grad(z, bandit.means)


def in_standard_errors(estimates, exact):
    error = estimates.std(axis=0) / np.sqrt(len(estimates))
    return np.abs(estimates.mean(axis=0) - exact) / error


@pytest.mark.parametrize("baseline", [0.0, 5.0], ids=["no baseline", "baseline"])
def test_pulls_of_a_bandit_estimate_its_gradient_within_their_standard_error(baseline):
    assert in_standard_errors(*estimates_of_a_bandit(baseline)).max() < 3.5


def test_a_baseline_takes_most_of_the_noise_out_of_the_bandit():
    without, with_baseline = (estimates_of_a_bandit(b)[0].var(axis=0) for b in (0.0, 5.0))
    assert (with_baseline < 0.1 * without).all()


# Returns


def test_a_return_is_the_reward_and_the_discounted_return_of_the_next_step():
    # 4, 2 + 4 / 2, 8 + 4 / 2, 0 + 10 / 2: exact in binary
    np.testing.assert_array_equal(returns_to_go(np.array([0.0, 8.0, 2.0, 4.0]), 0.5), [5.0, 10.0, 4.0, 4.0])


def test_returns_equal_the_sum_of_discounted_rewards_for_one_episode_and_for_many():
    rewards, discount = generator().normal(size=(3, 7)), 0.9
    expected = np.array([[sum(discount**k * r for k, r in enumerate(row[t:])) for t in range(7)] for row in rewards])
    np.testing.assert_allclose(returns_to_go(rewards, discount), expected, rtol=1e-13)
    np.testing.assert_array_equal(returns_to_go(rewards, discount)[1], returns_to_go(rewards[1], discount))


def test_a_discount_of_0_sees_nothing_ahead_and_one_of_1_everything():
    rewards = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    np.testing.assert_array_equal(returns_to_go(rewards, 0), rewards)
    np.testing.assert_array_equal(returns_to_go(rewards, 1), [[7.0, 6.0, 4.0], [56.0, 48.0, 32.0]])


@pytest.mark.parametrize("shape", [(0,), (1,), (0, 3), (3, 0)])
def test_returns_of_nothing_and_of_a_single_step_have_the_shape_of_the_rewards(shape):
    np.testing.assert_array_equal(returns_to_go(np.ones(shape), 0.5), np.ones(shape))


def test_returns_are_an_array_of_their_own_in_the_precision_of_the_rewards():
    rewards = np.asfortranarray(generator().normal(size=(3, 7)).astype(np.float32))[:, ::2]
    rewards.setflags(write=False)
    G = returns_to_go(rewards, 0.9)
    assert G.dtype == np.float32
    assert not np.shares_memory(G, rewards)


# The grid: REINFORCE against the exact gradient

WORLD = GridWorld(["S..", ".#.", "..G"], 6)
THETA = generator(5).normal(size=(8, 4))


def estimate(episode, baseline):
    """The policy gradient from one episode, by backprop of the weighted cross-entropy through the table of logits."""
    states, actions, rewards = episode
    z = THETA[states]
    dtheta = np.zeros_like(THETA)
    np.add.at(dtheta, states, -len(z) * policy_loss_grad(z, actions, returns_to_go(rewards, 1.0) - baseline))
    return dtheta


@pytest.fixture(scope="module")
def episodes():
    rng = generator(11)
    return [WORLD.episode(THETA, rng) for _ in range(16_000)]


@pytest.mark.parametrize("baseline", [0.0, -0.4], ids=["no baseline", "baseline"])
def test_episodes_estimate_the_exact_gradient_within_their_standard_error(episodes, baseline):
    estimates = np.array([estimate(episode, baseline) for episode in episodes]).reshape(len(episodes), -1)
    exact = WORLD.exact_gradient(THETA).ravel()
    seen = estimates.any(axis=0)
    assert seen.reshape(8, 4)[: WORLD.goal].all() and not seen.reshape(8, 4)[WORLD.goal].any()
    assert in_standard_errors(estimates[:, seen], exact[seen]).max() < 4


def test_the_mean_of_episodes_would_not_pass_for_another_gradient(episodes):
    estimates = np.array([estimate(episode, 0.0) for episode in episodes]).reshape(len(episodes), -1)
    exact = WORLD.exact_gradient(THETA).ravel()
    seen = estimates.any(axis=0)
    assert in_standard_errors(estimates[:, seen], 1.2 * exact[seen]).max() > 4


def exact_variance(baseline):
    """The variance of (return - baseline) * score, summed over all entries, from all trajectories and no samples."""
    p, (_, returns), scores = WORLD.probabilities(THETA), WORLD.trajectories, WORLD.scores(THETA)
    squares = (scores**2).sum(axis=(1, 2)) * (returns - baseline) ** 2
    return p @ squares - (WORLD.exact_gradient(THETA) ** 2).sum()


def test_a_baseline_leaves_the_mean_as_it_is_and_reduces_the_variance():
    p, (_, returns), scores = WORLD.probabilities(THETA), WORLD.trajectories, WORLD.scores(THETA)
    J = WORLD.expected_return(THETA)
    with_baseline = np.tensordot(p * (returns - J), scores, axes=1)
    assert relative_error(with_baseline, WORLD.exact_gradient(THETA)) < 1e-11
    assert exact_variance(J) < 0.3 * exact_variance(0.0)


def test_rewards_to_go_have_less_variance_than_whole_returns(episodes):
    to_go = np.array([estimate(episode, 0.0) for episode in episodes])
    assert to_go.var(axis=0).sum() < 0.9 * exact_variance(0.0)


# Playing and training


class Corridor:
    """A world in the manner of gymnasium: three steps, and each earns 1 for action 1 and nothing for action 0."""

    def reset(self, seed):
        self.seed, self.t = seed, 0
        return np.array([1.0, 0.0]), {}

    def step(self, action):
        self.t += 1
        # It ends by its own rules for even seeds and by the limit of time for odd ones.
        over = self.t == 3
        ends = over and self.seed % 2 == 0, over and self.seed % 2 == 1
        return np.array([1.0, float(self.t)]), int(action), *ends, {}


def small_network(seed=0, n_in=2):
    rng = generator(seed)
    return Sequential(Linear(n_in, 8, rng), Activation(tanh), Linear(8, 2, rng))


@pytest.mark.parametrize("seed", range(4))
def test_an_episode_holds_the_state_before_each_action_and_the_reward_after_it(seed):
    states, actions, rewards = play(Corridor(), small_network(), generator(seed))
    assert states.tolist() == [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]
    assert rewards.tolist() == actions.tolist()
    assert rewards.dtype == np.float64


def test_each_episode_starts_from_a_seed_of_its_own_that_the_generator_gives():
    def seeds(rng):
        env = Corridor()
        return [play(env, small_network(), rng) and env.seed for _ in range(5)]

    assert len(set(seeds(generator(0)))) == 5
    assert seeds(generator(0)) == seeds(generator(0)) != seeds(generator(1))


def test_greedy_play_takes_the_most_probable_action_and_sampled_play_any():
    network = small_network()
    best = np.argmax(network.predict(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])), axis=1)
    for seed in range(10):
        np.testing.assert_array_equal(play(Corridor(), network, generator(seed), greedy=True)[1], best)
    assert len({tuple(play(Corridor(), network, generator(seed))[1]) for seed in range(20)}) > 1


def test_training_raises_the_returns_and_tells_each_of_them():
    network = small_network()
    network.params["2.b"][...] = [1.0, -1.0]  # begins with a liking for the wrong action
    history = reinforce(Corridor(), network, SGD(0.5), updates=60, episodes=5, discount=1.0, rng=generator(1))
    assert len(history) == 60 * 5
    assert set(history) <= {0.0, 1.0, 2.0, 3.0}
    assert np.mean(history[:25]) < 1.5
    assert np.mean(history[-50:]) > 2.8


def test_training_repeats_itself_with_the_same_seed():
    histories = [
        reinforce(Corridor(), small_network(), SGD(0.5), updates=4, episodes=5, discount=1.0, rng=generator(seed))
        for seed in (3, 3, 4)
    ]
    assert histories[0] == histories[1] != histories[2]


class Recorder:
    """An optimizer that learns nothing and keeps the gradients."""

    def __init__(self):
        self.kept = []

    def step(self, params, grads):
        self.kept.append({name: gradient.copy() for name, gradient in grads.items()})


class Uneven:
    """A world in which action 0 ends the episode and action 1 goes on, for at most four steps; each step earns 1."""

    def reset(self, seed):
        self.t = 0
        return np.array([1.0, 0.0]), {}

    def step(self, action):
        self.t += 1
        return np.array([1.0, float(self.t)]), 1.0, action == 0, self.t == 4, {}


def test_an_update_is_the_gradient_of_the_loss_with_the_mean_return_to_go_as_baseline():
    network, optimizer, n = small_network(), Recorder(), 6
    history = reinforce(Uneven(), network, optimizer, updates=1, episodes=n, discount=0.5, rng=generator(0))
    rng = generator(0)
    played = [play(Uneven(), network, rng) for _ in range(n)]
    assert [len(actions) for _, actions, _ in played] == history
    assert len(set(history)) > 2

    G = [returns_to_go(rewards, 0.5) for *_, rewards in played]
    baseline = [sum(g[t] for g in G if t < len(g)) / n for t in range(4)]
    advantages = np.array([x - baseline[t] for g in G for t, x in enumerate(g)])
    states, actions = (np.concatenate([episode[i] for episode in played]) for i in (0, 1))

    for name, parameter in network.params.items():
        kept = parameter.copy()

        def loss(values, parameter=parameter):
            parameter[...] = values
            return policy_loss(network.forward(states), actions, advantages)

        expected = central_difference(loss, kept)
        parameter[...] = kept
        assert relative_error(optimizer.kept[0][name], expected) < 1e-6


# What is refused


@pytest.mark.parametrize(
    "z, actions, says",
    [
        (np.zeros(3), np.array([0]), r"z is \(3,\) and actions is \(1,\); needed are \(n, k\) and \(n,\)"),
        (np.zeros((2, 3)), np.array([[0], [1]]), r"z is \(2, 3\) and actions is \(2, 1\)"),
        (np.zeros((2, 3)), np.array([0, 3]), "actions holds 3; z has 3 columns, so 0 to 2"),
        (np.zeros((2, 3)), np.array([-1, 1]), "actions holds -1; z has 3 columns, so 0 to 2"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), "actions holds float64; whole numbers are needed"),
        (np.zeros((2, 3), dtype=np.int64), np.array([0, 1]), "z holds int64; floats are needed"),
    ],
    ids=["one row", "column", "too large", "negative", "floats", "integer logits"],
)
def test_logits_and_actions_that_do_not_fit_are_refused_in_their_own_names(z, actions, says):
    ones = np.ones(2)
    with pytest.raises(ValueError, match=f"^log_prob: {says}"):
        log_prob(z, actions)
    with pytest.raises(ValueError, match=f"^log_prob_backward: {says}"):
        log_prob_backward(ones, ones, z, actions)
    with pytest.raises(ValueError, match=f"^policy_loss: {says}"):
        policy_loss(z, actions, ones)
    with pytest.raises(ValueError, match=f"^policy_loss_grad: {says}"):
        policy_loss_grad(z, actions, ones)


@pytest.mark.parametrize("function", [policy_loss, policy_loss_grad])
def test_advantages_are_not_broadcast(function):
    with pytest.raises(ValueError, match=r"actions is \(2,\) but advantages is \(2, 1\); their shapes must be equal$"):
        function(Z, ACTIONS, np.ones((2, 1)))


@pytest.mark.parametrize("function", [expected_reward, expected_reward_grad])
def test_logits_and_rewards_of_a_bandit_that_do_not_fit_are_refused(function):
    with pytest.raises(ValueError, match=r"z is \(2, 3\) but rewards is \(3,\); their shapes must be equal$"):
        function(Z, np.ones(3))
    with pytest.raises(ValueError, match=r"z is \(1, 2, 3\); needed is \(k,\), or \(n, k\) for n bandits$"):
        function(Z[None], Z[None])


@pytest.mark.parametrize(
    "rewards, discount, says",
    [
        (np.ones(3), 1.1, "discount is 1.1; a number between 0 and 1"),
        (np.ones(3), -0.1, "discount is -0.1"),
        (np.ones((2, 3, 4)), 0.9, r"rewards is \(2, 3, 4\); needed is \(T,\) or \(n, T\)"),
        (np.float64(3), 0.9, r"rewards is \(\)"),
        (np.ones(3, dtype=np.int64), 0.9, "rewards holds int64; floats are needed"),
    ],
    ids=["more than 1", "negative", "three axes", "number", "integers"],
)
def test_returns_refuse_rewards_and_discounts_that_make_no_sense(rewards, discount, says):
    with pytest.raises(ValueError, match=f"^returns_to_go: {says}"):
        returns_to_go(rewards, discount)


@pytest.mark.parametrize("updates, episodes", [(0, 5), (3, 1)])
def test_training_needs_an_update_and_two_episodes_for_a_baseline(updates, episodes):
    with pytest.raises(
        ValueError, match=f"^reinforce: updates is {updates} and episodes is {episodes}; at least 1 and 2"
    ):
        reinforce(
            Corridor(), small_network(), SGD(0.1), updates=updates, episodes=episodes, discount=1.0, rng=generator()
        )


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match=r"^play: rng is of type int"):
        play(Corridor(), small_network(), 0)


# CartPole


def test_reinforce_solves_cart_pole():
    pytest.importorskip("gymnasium")
    rng, env = generator(0), cart_pole()
    network = Sequential(Linear(4, 32, rng), Activation(tanh), Linear(32, 2, rng))
    reinforce(env, network, Adam(0.01), updates=60, discount=0.99, rng=rng)
    returns = [play(env, network, rng)[2].sum() for _ in range(100)]
    assert np.mean(returns) > 475  # of 500, the mark of gymnasium for solved


def test_episodes_side_by_side_end_each_at_its_own_time():
    rng, world = generator(3), CartPoles()
    network = Sequential(Linear(4, 32, rng), Activation(tanh), Linear(32, 2, rng))
    states, actions, alive = play_many(world, network, 6, rng)
    assert states.shape == (*alive.shape, 4) and actions.shape == alive.shape
    lengths = alive.sum(axis=1)
    np.testing.assert_array_equal(alive, np.arange(alive.shape[1]) < lengths[:, None])
    assert lengths.max() == alive.shape[1] and len(set(lengths)) > 1
    for i, n in enumerate(lengths):
        assert not world.over(states[i, :n]).any()
        assert world.over(world.step(states[i, n - 1 : n], actions[i, n - 1 : n]))[0]
        np.testing.assert_allclose(world.step(states[i, : n - 1], actions[i, : n - 1]), states[i, 1:n])


def test_side_by_side_the_most_probable_actions_stand_for_five_hundred_steps():
    upright = Linear(4, 2, generator(0))
    upright.params["W"][...] = np.outer([0.1, 0.3, 3.0, 1.0], [-1.0, 1.0])
    _, _, alive = play_many(CartPoles(), Sequential(upright), 5, generator(1), greedy=True)
    assert alive.all() and alive.shape == (5, 500)
