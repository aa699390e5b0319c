"""Figures of attention show the weights, the mean and the arrows that they were given."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest

from bplib.pictures import plots

pytestmark = pytest.mark.usefixtures("lesson_style")


def test_a_field_of_weights_has_a_row_for_each_query_and_runs_from_zero_to_one():
    a = np.array([[1.0, 0, 0], [0.25, 0.75, 0]])
    ax = plots.attention_weights(a, "b ", "abc")
    np.testing.assert_array_equal(ax.images[0].get_array(), a)
    assert ax.images[0].get_clim() == (0, 1)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "␣"]


def test_names_that_do_not_fit_the_weights_are_refused():
    with pytest.raises(ValueError, match="3 queries and 2 keys"):
        plots.attention_weights(np.ones((2, 3)), "abc", "ab")


def test_values_stand_on_a_line_with_their_mean_and_arrows_against_the_gradient():
    v, a, dz = np.array([8.0, 4.0, 0.0]), np.array([0.5, 0.25, 0.25]), np.array([1.5, -0.25, -1.25])
    ax = plots.value_line(v, a, dz)
    dots, arrows = ax.collections
    np.testing.assert_array_equal(dots.get_offsets()[:, 0], v)
    np.testing.assert_allclose(dots.get_sizes() / dots.get_sizes().sum(), a)
    np.testing.assert_array_equal(arrows.V, -dz)
    np.testing.assert_array_equal(arrows.X, v)
    (mean,) = [line for line in ax.lines if line.get_label() == "mean"]
    assert mean.get_xdata()[0] == 5
    assert [t.get_text() for t in ax.texts] == ["y = 5", "key 0", "key 1", "key 2"]
    low, high = ax.get_ylim()
    assert low < -1.5 and high > 1.25


def test_a_line_of_values_that_do_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"\(s,\)"):
        plots.value_line(np.ones(3), np.ones(2), np.ones(3))
