"""Descents on one surface: the figures hold their paths and losses, and tell them apart without color."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

FIRST, SECOND = np.linspace(-2, 2, 41), np.linspace(-1, 1, 31)
SURFACE = FIRST[None] ** 2 + 4 * SECOND[:, None] ** 2
PATHS = {"plain": [(-2.0, 1.0), (-1.0, 0.5)], "momentum": np.array([(-2.0, 1.0), (0.5, 0.0), (0.1, 0.1)])}


pytestmark = pytest.mark.usefixtures("lesson_style")


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_each_descent_is_drawn_from_its_start_to_its_end_with_a_look_of_its_own():
    ax = plots.descents(FIRST, SECOND, SURFACE, PATHS)
    for name, path in PATHS.items():
        np.testing.assert_array_equal(lines(ax)[name].get_xydata(), path)
        np.testing.assert_array_equal(lines(ax)[f"_{name} end"].get_xydata(), path[-1:])
    looks = [(line.get_linestyle(), line.get_marker()) for name, line in lines(ax).items() if name in PATHS]
    assert len(set(looks)) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(PATHS)
    assert ax.get_xlim() == (-2, 2) and ax.get_ylim() == (-1, 1)


def test_falling_losses_begin_at_step_0_on_a_logarithmic_scale_in_the_looks_of_the_descents():
    ax = plots.falling({"plain": [8.0, 2.0], "momentum": [8.0, 0.25, 0.05]})
    np.testing.assert_array_equal(lines(ax)["momentum"].get_xydata(), [[0, 8.0], [1, 0.25], [2, 0.05]])
    assert ax.get_yscale() == "log"
    where = plots.descents(FIRST, SECOND, SURFACE, PATHS)
    for name in PATHS:
        for look in ("get_linestyle", "get_marker", "get_color"):
            assert getattr(lines(ax)[name], look)() == getattr(lines(where)[name], look)()


@pytest.mark.parametrize("draw", [lambda many: plots.descents(FIRST, SECOND, SURFACE, many), plots.falling])
def test_more_than_can_be_told_apart_are_refused(draw):
    with pytest.raises(ValueError, match="there are 5"):
        draw({str(k): [(0.0, 0.0)] for k in range(5)})


@pytest.mark.parametrize(
    "draw",
    [lambda ax: plots.descents(FIRST, SECOND, SURFACE, PATHS, ax=ax), lambda ax: plots.falling({"a": [1.0]}, ax=ax)],
)
def test_a_figure_is_drawn_on_the_given_ax(draw):
    ax = plt.figure().subplots()
    assert draw(ax) is ax


def test_on_a_contour_line_the_loss_is_its_level():
    found = plots.contour_lines(FIRST, SECOND, SURFACE, [0.5, 1.0])
    assert len(found) == 2
    for (xs, ys), level in zip(found, (0.5, 1.0), strict=True):
        np.testing.assert_allclose(np.square(xs) + 4 * np.square(ys), level, atol=0.01)
