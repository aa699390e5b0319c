"""The walk on a curve is drawn where it was given."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

W = np.linspace(-2.0, 2.0, 9)


pytestmark = pytest.mark.usefixtures("lesson_style")


def test_the_walk_and_the_curve_hold_what_was_given_with_start_and_end():
    walk = np.array([1.0, -0.5, 0.25])
    ax = plots.walk_on_curve(W, W**2, walk, walk**2, title="overshoots")
    lines = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_array_equal(lines["loss"].get_xydata(), np.column_stack([W, W**2]))
    np.testing.assert_array_equal(lines["walk"].get_xydata(), np.column_stack([walk, walk**2]))
    np.testing.assert_array_equal(lines["start"].get_xydata(), [[1.0, 1.0]])
    np.testing.assert_array_equal(lines["end"].get_xydata(), [[0.25, 0.0625]])
    assert ax.get_title() == "overshoots"


def test_a_walk_that_leaves_is_cut_off_at_the_curve():
    walk = np.array([1.0, -30.0])
    ax = plots.walk_on_curve(W, W**2, walk, walk**2)
    assert ax.get_xlim() == (-2.0, 2.0) and ax.get_ylim()[1] < 5


def test_it_draws_on_the_ax_that_it_is_given():
    ax = plt.figure().subplots()
    assert plots.walk_on_curve(W, W**2, [1.0], [1.0], ax=ax) is ax


def test_heights_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"walk is \(2,\) and heights is \(1,\)"):
        plots.walk_on_curve(W, W**2, [1.0, 2.0], [1.0])
