"""A figure of arrays has a cell for each number, in their places, and says the shapes."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

NAMED = {"X": np.arange(-3.0, 3.0).reshape(3, 2), "b": np.array([0.0, -4.0, 2.0, 1.0])}


pytestmark = pytest.mark.usefixtures("lesson_style")


def test_each_array_is_a_picture_of_its_sizes_on_the_given_ax():
    ax = plt.subplots()[1]
    assert plots.arrays(NAMED, ax=ax) is ax
    pictures = {image.get_label(): image for image in ax.images}
    np.testing.assert_allclose(pictures["X"].get_array(), np.abs(NAMED["X"]) / 4)  # one scale for all
    np.testing.assert_allclose(pictures["b"].get_array(), [[0, 1, 0.5, 0.25]])


def test_a_gradient_stands_below_its_variable_in_cells_as_large_on_a_scale_of_its_own():
    below = {"X": np.full((3, 2), 0.5), "b": np.array([0.1, 0.2, 0.3, -0.4])}
    ax = plots.arrays(NAMED, below=below)
    pictures = {image.get_label(): image for image in ax.images}
    np.testing.assert_allclose(pictures["db"].get_array(), [[0.2, 0.4, 0.6, 0.8]])
    for name in NAMED:
        left, right, bottom, top = pictures[name].get_extent()
        assert pictures[f"d{name}"].get_extent()[:2] == [left, right]
        low, high = pictures[f"d{name}"].get_extent()[2:]
        np.testing.assert_allclose(low - high, bottom - top)
        assert high > 3
    assert ax.get_ylim()[0] > 3 + 2 + 3
    with pytest.raises(ValueError, match="below has W; needed are names of X, b"):
        plots.arrays(NAMED, below={"W": np.ones(2)})


def test_cells_are_equally_large_and_arrays_do_not_overlap():
    ax = plots.arrays(NAMED)
    (left, right, bottom, top), (b_left, b_right, b_bottom, b_top) = (image.get_extent() for image in ax.images)
    sizes = [right - left, bottom - top, b_right - b_left, b_bottom - b_top]
    np.testing.assert_allclose(sizes, [2, 3, 4, 1])
    assert b_left > right


def test_negative_entries_hold_a_minus_and_names_say_the_shape():
    ax = plots.arrays(NAMED)
    middles = [np.mean(segment, axis=0) for lines in ax.collections for segment in lines.get_segments()]
    left = ax.images[0].get_extent()[0]
    negative = [(left + 0.5, 0.5), (left + 1.5, 0.5), (left + 0.5, 1.5)]
    found = sorted(map(tuple, middles), key=lambda place: (place[0] > left + 2, round(place[1], 6), place[0]))
    np.testing.assert_allclose(found[:3], negative)
    assert len(found) == 4
    assert [t.get_text() for t in ax.texts] == ["X (3, 2)", "b (4,)"]
    assert not plots.arrays(NAMED, signs=False).collections


def test_a_minus_is_white_where_the_color_is_full():
    ax = plots.arrays({"A": np.array([[-1.0, -0.1, 0.5]])})
    colors = {tuple(lines.get_color()[0][:3]): len(lines.get_segments()) for lines in ax.collections}
    assert colors.pop((1.0, 1.0, 1.0)) == 1 and list(colors.values()) == [1]


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2)), np.zeros(()), np.zeros((0, 3))])
def test_what_is_no_table_is_refused(array):
    with pytest.raises(ValueError, match="one or two axes"):
        plots.arrays({"A": array})
