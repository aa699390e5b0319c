"""Promise: the worlds behave as described, and the grid's exact gradient is the slope of its exact expected return."""

import sys
from itertools import product

import numpy as np
import pytest

from bplib.activations import softmax
from bplib.gradcheck import central_difference, relative_error
from bplib.worlds import Bandit, CartPoles, GridWorld, cart_pole, sample

PLAN = ["S..", ".#.", "..G"]
UP, RIGHT, DOWN, LEFT = range(4)


def generator(seed=0):
    return np.random.default_rng(seed)


def table(world, seed=0):
    return generator(seed).normal(size=(world.n_states, world.n_actions))


# Sampling


def test_actions_are_drawn_as_often_as_the_policy_says():
    z, n = np.array([0.0, 1.0, -1.0, 2.0]), 40_000
    pi = softmax(z)
    often = np.bincount(sample(np.tile(z, (n, 1)), generator()), minlength=4) / n
    assert np.all(np.abs(often - pi) < 4 * np.sqrt(pi * (1 - pi) / n))


def test_one_row_of_logits_gives_one_action_and_many_give_one_each():
    assert np.shape(sample(np.zeros(3), generator())) == ()
    assert sample(np.zeros((5, 3)), generator()).shape == (5,)
    assert sample(np.zeros((0, 3)), generator()).shape == (0,)


def test_each_row_is_drawn_by_its_own_logits_even_where_they_are_extreme():
    z = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0]])
    assert all(sample(z, generator(seed)).tolist() == [0, 1] for seed in range(50))


def test_sampling_needs_a_generator_and_floats():
    with pytest.raises(TypeError, match=r"^sample: rng is of type int"):
        sample(np.zeros(3), 0)
    with pytest.raises(ValueError, match=r"^sample: z holds int64"):
        sample(np.zeros(3, dtype=np.int64), generator())


# The bandit


def test_the_rewards_of_an_arm_have_its_mean_and_the_noise():
    bandit, n = Bandit([1.0, -2.0, 0.5], noise=0.3), 10_000
    for arm, mean in enumerate(bandit.means):
        rewards = bandit.pull(np.full(n, arm), generator(arm))
        assert abs(rewards.mean() - mean) < 4 * 0.3 / np.sqrt(n)
        assert abs(rewards.std() / 0.3 - 1) < 4 / np.sqrt(2 * n)


def test_without_noise_a_pull_gives_the_mean_of_the_arm():
    bandit = Bandit([1.0, -2.0, 0.5], noise=0.0)
    assert bandit.pull(1, generator()) == -2.0
    np.testing.assert_array_equal(bandit.pull(np.array([2, 0, 2]), generator()), [0.5, 1.0, 0.5])


@pytest.mark.parametrize("arm", [-1, 3, 1.0, np.array([0, 3])], ids=["negative", "too large", "float", "one of two"])
def test_an_arm_that_is_not_there_is_refused(arm):
    with pytest.raises(ValueError, match=r"^Bandit.pull: arm is .*; whole numbers from 0 to 2 are needed$"):
        Bandit([1.0, -2.0, 0.5]).pull(arm, generator())


@pytest.mark.parametrize(
    "means, noise, says",
    [([], 1.0, r"means is \(0,\)"), ([[1.0]], 1.0, r"means is \(1, 1\)"), ([1.0, 2.0], -1.0, "noise is -1.0")],
    ids=["no arm", "matrix", "negative noise"],
)
def test_a_bandit_without_arms_or_with_negative_noise_is_refused(means, noise, says):
    with pytest.raises(ValueError, match=f"^Bandit: {says}"):
        Bandit(means, noise)


# The grid: moves and walks


def test_moves_lead_to_the_neighbor_and_walls_and_edges_keep_a_walker_in_place():
    #  0 1 2
    #  3 # 4
    #  5 6 7
    world = GridWorld(PLAN, 5)
    assert (world.start, world.goal, world.n_states) == (0, 7, 8)
    assert world.cells == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)]
    assert world.moves[0].tolist() == [0, 1, 3, 0]
    assert world.moves[1].tolist() == [1, 2, 1, 0]
    assert world.moves[3].tolist() == [0, 3, 5, 3]
    assert world.moves[4].tolist() == [2, 4, 7, 4]
    assert world.moves[6].tolist() == [6, 7, 6, 5]


def test_every_move_is_undone_by_the_opposite_one_unless_it_stayed_in_place():
    world = GridWorld(["S.#.", "...#", "#..G"], 3)
    for state, action in product(range(world.n_states), range(4)):
        there = world.moves[state, action]
        assert there == state or world.moves[there, (action + 2) % 4] == state


def certain(world, way):
    """A policy that goes the given way: a dict from state to action."""
    theta = np.zeros((world.n_states, world.n_actions))
    for state, action in way.items():
        theta[state, action] = 1000.0
    return theta


def test_an_episode_tells_the_states_actions_and_rewards_of_a_walk_to_the_goal():
    world = GridWorld(PLAN, 8, step_cost=0.25)
    theta = certain(world, {0: RIGHT, 1: RIGHT, 2: DOWN, 4: DOWN})
    states, actions, rewards = world.episode(theta, generator())
    assert states.tolist() == [0, 1, 2, 4]
    assert actions.tolist() == [RIGHT, RIGHT, DOWN, DOWN]
    assert rewards.tolist() == [-0.25, -0.25, -0.25, 0.75]
    assert world.expected_return(theta) == 0.0


def test_the_horizon_ends_a_walk_that_does_not_reach_the_goal():
    world = GridWorld(PLAN, 3, step_cost=0.25)
    states, _, rewards = world.episode(certain(world, {0: UP}), generator())
    assert states.tolist() == [0, 0, 0]
    assert rewards.tolist() == [-0.25] * 3
    assert world.expected_return(certain(world, {0: UP})) == -0.75


def test_walks_of_a_policy_differ_with_the_generator_and_repeat_with_its_seed():
    world = GridWorld(PLAN, 8)
    walks = [world.episode(table(world), generator(seed))[1].tolist() for seed in (0, 1, 2, 0)]
    assert walks[0] == walks[3]
    assert len({tuple(walk) for walk in walks}) == 3


# The grid: every trajectory, the expected return and its gradient


def test_a_corridor_has_the_trajectories_and_the_gradient_that_one_finds_by_hand():
    # S and G side by side, two steps: right at once earns 1, any other move and then right 1 too, else nothing.
    world = GridWorld(["SG"], 2, step_cost=0.0)
    counts, returns = world.trajectories
    assert counts.shape == (1 + 3 * 4, 2, 4)
    assert sorted(returns) == [0.0] * 9 + [1.0] * 4
    # pi(right) = 1/2 and the others 1/6: J = 1 - (1 - p)^2 = 3/4, and dJ/dp = 2 (1 - p) = 1.
    theta = np.array([[0.0, np.log(3.0), 0.0, 0.0], [5.0, -2.0, 1.0, 3.0]])
    assert world.expected_return(theta) == pytest.approx(3 / 4, rel=1e-14)
    # dp/dtheta is p (1 - p) for right itself and -p / 6 for the others; nothing is ever done in the goal.
    expected = [[-1 / 12, 1 / 4, -1 / 12, -1 / 12], [0.0, 0.0, 0.0, 0.0]]
    np.testing.assert_allclose(world.exact_gradient(theta), expected, rtol=1e-13)


def value_by_dynamic_programming(plan, horizon, step_cost, theta):
    """V(t, s) = sum_a pi(a|s) (r + V(t + 1, s')), on the plan itself, from the last step to the first."""
    cells = [(i, j) for i, row in enumerate(plan) for j, mark in enumerate(row) if mark != "#"]
    pi = dict(zip(cells, softmax(theta), strict=True))
    value = dict.fromkeys(cells, 0.0)
    for _ in range(horizon):
        before = dict.fromkeys(cells, 0.0)
        for i, j in cells:
            if plan[i][j] == "G":
                continue
            for p, (di, dj) in zip(pi[i, j], [(-1, 0), (0, 1), (1, 0), (0, -1)], strict=True):
                there = (i + di, j + dj) if (i + di, j + dj) in value else (i, j)
                before[i, j] += p * ((plan[there[0]][there[1]] == "G") - step_cost + value[there])
        value = before
    return next(value[i, j] for i, j in cells if plan[i][j] == "S")


WORLDS = pytest.mark.parametrize(
    "plan, horizon, step_cost",
    [(PLAN, 6, 0.1), (["..S.", ".#..", "G..."], 5, 0.3), (["S.", "G#"], 1, 0.1), (["S#G"], 4, 0.2)],
    ids=["3 x 3", "3 x 4", "one step", "goal out of reach"],
)


@WORLDS
@pytest.mark.parametrize("seed", [0, 1])
def test_the_expected_return_is_the_value_that_dynamic_programming_finds(plan, horizon, step_cost, seed):
    world = GridWorld(plan, horizon, step_cost)
    theta = table(world, seed)
    value = value_by_dynamic_programming(plan, horizon, step_cost, theta)
    assert world.expected_return(theta) == pytest.approx(value, rel=1e-12)


@WORLDS
def test_the_exact_gradient_is_that_of_differences(plan, horizon, step_cost):
    world = GridWorld(plan, horizon, step_cost)
    theta = table(world)
    exact = world.exact_gradient(theta)
    if plan == ["S#G"]:  # every walk returns the same, so there is nothing to learn
        assert np.abs(exact).max() < 1e-14
        return
    by_value = central_difference(lambda t: value_by_dynamic_programming(plan, horizon, step_cost, t), theta)
    assert relative_error(exact, central_difference(world.expected_return, theta)) < 1e-6
    assert relative_error(exact, by_value) < 1e-6


@WORLDS
def test_probabilities_add_up_to_1_and_scores_to_0(plan, horizon, step_cost):
    world = GridWorld(plan, horizon, step_cost)
    p, scores = world.probabilities(table(world)), world.scores(table(world))
    assert p.min() > 0
    assert p.sum() == pytest.approx(1.0, rel=1e-12)
    assert np.abs(np.tensordot(p, scores, axes=1)).max() < 1e-13 * np.abs(scores).max()


def test_a_score_is_the_gradient_of_the_log_probability():
    world = GridWorld(PLAN, 3)
    theta = table(world)
    scores = world.scores(theta)
    for i in (0, 17, 40, len(scores) - 1):
        by_differences = central_difference(lambda t, i=i: np.log(world.probabilities(t)[i]), theta)
        assert relative_error(scores[i], by_differences) < 1e-7


@pytest.mark.parametrize("baseline", [0.0, -0.4, 2.0])
def test_the_variance_of_the_gradient_is_that_of_its_entries_added_up(baseline):
    world = GridWorld(PLAN, 4)
    theta = table(world)
    p, estimates = world.probabilities(theta), (world.trajectories[1] - baseline)[:, None, None] * world.scores(theta)
    entries = [np.cov(column, aweights=p, ddof=0) for column in estimates.reshape(len(p), -1).T]
    assert world.gradient_variance(theta, baseline) == pytest.approx(np.sum(entries), rel=1e-9)


def test_extreme_logits_leave_everything_finite():
    world = GridWorld(PLAN, 4)
    theta = 1000.0 * np.sign(table(world))
    assert np.isfinite(world.exact_gradient(theta)).all()
    assert np.isfinite(world.expected_return(theta))


def test_steps_along_the_exact_gradient_find_the_shortest_way():
    world = GridWorld(PLAN, 6)
    theta = np.zeros((8, 4))
    for _ in range(200):
        theta += 5.0 * world.exact_gradient(theta)
    assert 0.55 < world.expected_return(theta) < 0.6  # 1 - 4 steps of 0.1 is the best there is


# The grid: what is refused


@pytest.mark.parametrize(
    "plan",
    [[], ["S.", "G"], ["S.", ".."], ["..", "G."], ["SS", "G."], ["S.", "GG"], ["S?", "G."]],
    ids=["nothing", "ragged", "no goal", "no start", "two starts", "two goals", "strange mark"],
)
def test_a_plan_that_is_none_is_refused(plan):
    with pytest.raises(ValueError, match=r"^GridWorld: plan is \["):
        GridWorld(plan, 5)


def test_a_horizon_needs_a_step_and_enumeration_a_short_one():
    with pytest.raises(ValueError, match=r"^GridWorld: horizon is 0; at least one step is needed$"):
        GridWorld(PLAN, 0)
    world = GridWorld(PLAN, 9)
    assert len(world.episode(table(world), generator())[0]) <= 9
    with pytest.raises(ValueError, match=r"horizon is 9, and 4\^9 walks are too many; at most 8$"):
        world.exact_gradient(table(world))


@pytest.mark.parametrize(
    "method", ["probabilities", "scores", "expected_return", "exact_gradient", "gradient_variance", "episode"]
)
def test_a_table_of_the_wrong_shape_is_refused(method):
    arguments = [generator()] if method == "episode" else []
    with pytest.raises(ValueError, match=r"theta is \(4, 8\); needed is \(8, 4\), logits for each state$"):
        getattr(GridWorld(PLAN, 2), method)(np.zeros((4, 8)), *arguments)


# CartPole


def test_without_gymnasium_the_way_to_get_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ImportError, match=r"^cart_pole: gymnasium is not installed; .*pip install gymnasium"):
        cart_pole()


def test_cart_pole_is_the_one_of_500_steps():
    pytest.importorskip("gymnasium")
    env = cart_pole()
    assert env.spec.id == "CartPole-v1"
    assert env.spec.max_episode_steps == 500
    assert env.observation_space.shape == (4,)
    assert env.action_space.n == 2


# Many carts at once


def test_many_carts_move_as_gymnasiums():
    pytest.importorskip("gymnasium")
    env, world, rng = cart_pole(), CartPoles(), generator(4)
    for seed in range(5):
        state, over = env.reset(seed=seed)[0], False
        ours = env.unwrapped.state = np.array(env.unwrapped.state, dtype=float)
        while not over:
            assert not world.over(ours[None])[0]
            action = int(rng.integers(2))
            state, _, over, *_ = env.step(action)
            ours = world.step(ours[None], np.array([action]))[0]
            np.testing.assert_allclose(ours, state, rtol=1e-5, atol=1e-7)
        assert world.over(ours[None])[0]


def test_carts_begin_nearly_at_rest_and_do_not_know_of_each_other():
    world, rng = CartPoles(), generator(1)
    start = world.start(7, rng)
    assert start.shape == (7, 4) and np.abs(start).max() <= 0.05
    actions = rng.integers(2, size=7)
    together = world.step(start, actions)
    np.testing.assert_array_equal(together[3:4], world.step(start[3:4], actions[3:4]))


@pytest.mark.parametrize(
    ("states", "actions", "says"),
    [
        (np.zeros((2, 4)), np.zeros(3, dtype=int), r"states is \(2, 4\) and actions is \(3,\)"),
        (np.zeros((2, 3)), np.zeros(2, dtype=int), r"states is \(2, 3\)"),
        (np.zeros((2, 4)), np.array([0, 2]), "neither 0 nor 1"),
    ],
)
def test_what_no_cart_can_do_is_refused(states, actions, says):
    with pytest.raises(ValueError, match=says):
        CartPoles().step(states, actions)
