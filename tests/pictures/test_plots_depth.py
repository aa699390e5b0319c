"""A figure of distributions holds a histogram for each layer, on its side and in its place."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

LAYERS = [np.array([-1.0, -0.9, 0.9, 1.0]), np.array([0.1, 0.1, 0.1, -0.6])]


pytestmark = pytest.mark.usefixtures("lesson_style")


def test_each_layer_has_its_histogram_as_wide_as_its_fullest_bin():
    ax = plots.distributions(LAYERS, bins=4)
    first, second = (patch.get_data() for patch in ax.patches)
    np.testing.assert_allclose(first.edges, [-1, -0.5, 0, 0.5, 1])
    np.testing.assert_allclose(first.values - 1, 0.85 * np.array([1, 0, 0, 1]))
    np.testing.assert_allclose(second.values - 2, 0.85 * np.array([1, 0, 3, 0]) / 3)
    assert (first.baseline, second.baseline) == (1, 2)


def test_layers_are_named_and_share_their_axis():
    ax = plots.distributions(LAYERS, limits=(-2, 2), y_label="gradient")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2"]
    assert ax.get_ylim() == (-2, 2) and ax.get_ylabel() == "gradient"


def test_layers_of_zeros_and_a_given_ax_are_drawn_on():
    ax = plt.subplots()[1]
    assert plots.distributions([np.zeros(3)], ax=ax, limits=(-1, 1)) is ax
    assert ax.patches[0].get_data().values.max() == 1.85
