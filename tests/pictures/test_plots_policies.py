"""Bars and arrows of a policy show its probabilities."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from bplib.activations import softmax
from bplib.pictures import plots
from bplib.worlds import GridWorld

WORLD = GridWorld(["S..", ".#.", "..G"], 6)

pytestmark = pytest.mark.usefixtures("lesson_style")


def test_each_action_has_a_bar_for_each_policy_as_high_as_its_probability():
    policies = {"before": [0.5, 0.3, 0.2], "after": [0.1, 0.6, 0.3]}
    ax = plots.action_bars(policies)
    assert [container.get_label() for container in ax.containers] == ["before", "after"]
    for container, pi in zip(ax.containers, policies.values(), strict=True):
        assert [bar.get_height() for bar in container] == pi
        assert [round(bar.get_x() + bar.get_width() / 2) for bar in container] == [0, 1, 2]
    assert len({bar.get_x() for container in ax.containers for bar in container}) == 6
    assert {container[0].get_hatch() for container in ax.containers} == {"", "//"}


def test_more_policies_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="there are 4 policies"):
        plots.action_bars({str(k): [0.5, 0.5] for k in range(4)})


def test_an_arrow_points_where_its_action_goes_and_is_as_long_as_it_is_probable():
    pi = softmax(np.random.default_rng(0).normal(size=(8, 4)))
    ax = plots.grid_policy(WORLD, pi, title="now")
    (arrows,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    assert len(arrows.U) == 7 * 4  # none in the goal
    for state in range(7):
        i, j = WORLD.cells[state]
        for action, (di, dj) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)]):
            k = 4 * state + action
            assert (arrows.Y[k], arrows.X[k]) == (i, j)
            assert (arrows.V[k], arrows.U[k]) == pytest.approx(
                (0.44 * pi[state, action] * di, 0.44 * pi[state, action] * dj)
            )
    assert ax.get_title() == "now"
    assert {t.get_text() for t in ax.texts} == {"S", "G"}
    low, high = ax.get_ylim()
    assert low > high  # rows are counted downward


def test_every_free_cell_is_drawn_and_the_goal_has_a_fill():
    ax = plots.grid_policy(WORLD, np.full((8, 4), 0.25))
    wall, *cells = ax.patches
    assert (wall.get_y() + 0.5, wall.get_x() + 0.5) == (1, 1)
    assert [(c.get_y() + 0.5, c.get_x() + 0.5) for c in cells] == WORLD.cells
    assert len({c.get_facecolor() for c in cells[:-1]}) == 1 and cells[-1].get_facecolor() != cells[0].get_facecolor()


def test_a_policy_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"pi is \(4, 8\); needed is \(8, 4\)"):
        plots.grid_policy(WORLD, np.full((4, 8), 0.25))
