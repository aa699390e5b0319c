"""What goes on along a sequence: the figures hold every curve at its step, and every unit over its letter."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

pytestmark = pytest.mark.usefixtures("lesson_style")

ROWS = [{"value": np.array([0.5, -1.0, 2.0])}, {"write": np.array([0.0, 1.0, 0.0]), "keep": np.array([1.0, 0.0, 1.0])}]


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_each_row_holds_its_curves_from_step_1_with_a_look_of_their_own():
    axes = plots.along_steps(ROWS)
    assert len(axes) == 2
    for ax, row in zip(axes, ROWS, strict=True):
        assert lines(ax).keys() == row.keys()
        assert [text.get_text() for text in ax.get_legend().get_texts()] == list(row)
        for name, curve in row.items():
            np.testing.assert_array_equal(lines(ax)[name].get_xydata(), np.column_stack([[1, 2, 3], curve]))
    looks = {(line.get_linestyle(), line.get_marker()) for line in axes[1].get_lines()}
    assert len(looks) == 2
    assert axes[-1].get_xlabel() == "step"


def test_more_curves_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="a row has 5 curves"):
        plots.along_steps([dict.fromkeys("abcde", np.zeros(3))])


def test_values_stand_over_their_letters_and_a_space_is_seen():
    values = np.array([[0.0, 0.5, 1.0], [0.25, 0.75, 0.1]])
    ax = plots.over_letters("a b", values)
    (image,) = ax.get_images()
    np.testing.assert_array_equal(image.get_array(), values)
    assert image.get_clim() == (0, 1)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "␣", "b"]


def test_a_text_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"values is \(2, 3\) and the text has 4 letters"):
        plots.over_letters("four", np.zeros((2, 3)))


def test_letters_are_drawn_on_the_given_ax():
    ax = plt.figure().subplots()
    assert plots.over_letters("ab", np.zeros((1, 2)), ax=ax) is ax
