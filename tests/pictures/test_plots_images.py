"""Images and confusion matrices show what they were given."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bplib.pictures import plots

IMAGES = np.arange(3 * 4 * 4).reshape(3, 4, 4) % 16


pytestmark = pytest.mark.usefixtures("lesson_style")


def test_each_image_stands_under_its_title_and_a_wrong_one_is_marked():
    axes = plots.image_row(IMAGES, ["3", "5, not 6", "1"], wrong=[False, True, False], columns=2)
    assert [ax.get_title() for ax in axes] == ["3", "5, not 6", "1"]
    for ax, image in zip(axes, IMAGES, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
    assert [to_hex(ax.title.get_color()) for ax in axes] == [plots.INK, plots.VERMILLION.lower(), plots.INK]
    assert len(axes[0].figure.axes) == 4 and not axes[0].figure.axes[3].axison


def test_titles_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"images is \(3, 4, 4\) with 2 titles"):
        plots.image_row(IMAGES, ["a", "b"])


def test_the_confusion_matrix_writes_every_count_and_shades_only_mistakes():
    counts = np.array([[7, 2], [0, 5]])
    ax = plots.confusion_matrix(counts, ["cat", "dog"])
    assert {t.get_position(): t.get_text() for t in ax.texts} == {(0, 0): "7", (1, 0): "2", (1, 1): "5"}
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0, 2], [0, 0]])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["cat", "dog"]


def test_counts_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"counts is \(2, 3\)"):
        plots.confusion_matrix(np.zeros((2, 3)), ["a", "b"])
