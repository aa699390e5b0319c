"""Gradients are drawn as they are, and errors over their steps."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

POINTS = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, -1.0]])
GRADIENTS = np.array([[1.0, 0.0], [0.0, -2.0], [3.0, 4.0]])
STEPS = np.array([1e-1, 1e-3, 1e-5])


pytestmark = pytest.mark.usefixtures("lesson_style")


def test_every_arrow_starts_at_its_point_and_is_its_gradient_times_the_scale():
    ax = plots.gradient_arrows(POINTS, GRADIENTS, scale=0.5)
    (arrows,) = ax.collections
    np.testing.assert_array_equal(arrows.get_offsets(), POINTS)
    np.testing.assert_array_equal(np.stack([arrows.U, arrows.V], axis=1), 0.5 * GRADIENTS)
    assert (arrows.angles, arrows.scale_units, arrows.scale) == ("xy", "xy", 1.0)  # as long as the axes say
    np.testing.assert_array_equal(ax.get_lines()[0].get_xydata(), POINTS)


def test_arrows_that_do_not_fit_their_points_are_refused():
    with pytest.raises(ValueError, match=r"points is \(3, 2\) and gradients is \(2, 2\)"):
        plots.gradient_arrows(POINTS, GRADIENTS[:2])


def test_errors_stand_over_their_steps_on_logarithmic_axes_and_zero_at_the_bottom():
    ax = plots.step_size_errors(STEPS, {"forward": [0.1, 1e-3, 1e-5], "central": np.array([1e-2, 1e-6, 0.0])})
    lines = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_array_equal(lines["forward"].get_xydata(), np.column_stack([STEPS, [0.1, 1e-3, 1e-5]]))
    np.testing.assert_array_equal(lines["central"].get_ydata(), [1e-2, 1e-6, 1e-17])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert lines["forward"].get_marker() != lines["central"].get_marker()


def test_the_legend_names_the_differences():
    ax = plots.step_size_errors(STEPS, {"forward": [0.1, 1e-3, 1e-5], "central": [1e-2, 1e-6, 1e-10]})
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["forward", "central"]


@pytest.mark.parametrize("draw", [plots.gradient_arrows, plots.step_size_errors])
def test_a_figure_is_drawn_on_the_given_ax_or_on_a_new_one(draw):
    given = (POINTS, GRADIENTS) if draw is plots.gradient_arrows else (STEPS, {"forward": STEPS})
    ax = plt.figure().subplots()
    assert draw(*given, ax=ax) is ax
    assert draw(*given).figure is not ax.figure
