"""Promise: the course's figures are transparent, and their inks can be read on a white page and on a dark one."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba
from matplotlib_inline.backend_inline import _fetch_figure_metadata

from bplib.pictures import plots
from bplib.pictures.plots.style import LOOKS, TINTS, readable

pytestmark = pytest.mark.usefixtures("lesson_style")
WHITE, DARK = "#FFFFFF", "#111111"  # paper, and the background of JupyterLab's dark theme


def lightness(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return np.dot((0.2126, 0.7152, 0.0722), linear)


def contrast(one, other):
    low, high = sorted((lightness(one), lightness(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("paper", [WHITE, DARK])
def test_text_and_lines_stand_out_on_both_papers(paper):
    texts = [plt.rcParams[key] for key in ("text.color", "axes.labelcolor", "axes.titlecolor")]
    assert set(texts) == {plots.INK} and contrast(plots.INK, paper) > 4
    assert all(contrast(plt.rcParams[key], paper) > 3.9 for key in ("xtick.color", "ytick.color"))
    for color in (plots.BLUE, plots.VERMILLION, plots.GREEN, plots.PURPLE, plots.FILLS[1]):
        assert contrast(readable(color), paper) > 4
    assert all(contrast(color, paper) > 2.9 for color, _, _ in LOOKS)


def test_black_stands_on_tints():
    assert all(contrast("black", tint) > 10 for tint in TINTS)


def test_a_figure_has_no_panel_and_nobody_is_asked_for_one():
    fig, ax = plt.subplots()
    ax.plot([0, 1])
    assert to_rgba(fig.get_facecolor())[3] == to_rgba(ax.get_facecolor())[3] == 0
    assert not _fetch_figure_metadata(fig)  # IPython would ask JupyterLab for a white panel


def test_what_is_zero_in_a_field_is_the_page_itself():
    image = plots.arrays({"a": np.array([[0.0, 1.0]])}).images[0]
    assert image.to_rgba(image.get_array())[0, :, 3].tolist() == [0, 1]
