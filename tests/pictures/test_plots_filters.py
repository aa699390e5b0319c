"""Feature maps and fields of numbers show what they were given."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bplib.pictures import plots
from bplib.pictures.plots.style import readable

pytestmark = pytest.mark.usefixtures("lesson_style")
RNG = np.random.default_rng(0)


def test_an_image_runs_from_black_to_white_and_zero_is_the_middle_gray_of_a_map():
    image, signed = RNG.random(size=(4, 5)) / 2, RNG.normal(size=(3, 4))
    axes = plots.feature_maps({"photo": image, "edges": signed}, images=["photo"])
    assert [ax.get_title() for ax in axes] == ["photo", "edges"]
    for ax, array in zip(axes, (image, signed), strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), array)
    assert axes[0].images[0].get_clim() == (0, 1)
    top = np.abs(signed).max()
    assert axes[1].images[0].get_clim() == (-top, top)


def test_maps_stand_in_rows_and_what_is_left_of_the_last_row_is_empty():
    axes = plots.feature_maps({f"map {k}": RNG.normal(size=(3, 3)) for k in range(5)}, columns=3)
    assert len(axes) == 5 and len(axes[0].figure.axes) == 6 and not axes[0].figure.axes[5].axison


def test_a_map_of_zeros_is_drawn():
    (ax,) = plots.feature_maps({"nothing": np.zeros((2, 2))})
    assert ax.images[0].get_clim() == (-1, 1)


def test_every_number_of_a_field_is_written_once_in_its_cell():
    x, w = np.array([[1.0, -2.5, 3.0], [0.0, 4.0, 12.25]]), np.array([2.0, -1.0])
    ax = plots.number_fields({"x": x, "w": w})
    words = [t.get_text() for t in ax.texts]
    assert words == ["1", "−2.5", "3", "0", "4", "12.25", "x", "2", "−1", "w"]
    places = [t.get_position() for t in ax.texts]
    assert places[:3] == [(0.5, 0.5), (1.5, 0.5), (2.5, 0.5)] and places[3] == (0.5, 1.5)
    assert places[7][0] > 3.5  # beside x, with room between
    assert [image.get_label() for image in ax.images] == ["x", "w"]
    np.testing.assert_allclose(ax.images[0].get_array(), np.abs(x) / 12.25)


def test_gradients_are_vermillion_and_frames_stand_where_they_were_asked_for():
    ax = plots.number_fields(
        {"x": np.ones((3, 3)), "dx": np.ones((3, 3))}, gradients=["dx"], framed={"x": [(1, 0, 2, 2)]}
    )
    colors = {t.get_text(): to_hex(t.get_color()) for t in ax.texts if "x" in t.get_text()}
    assert colors == {"x": to_hex(readable(plots.BLUE)), "dx": to_hex(readable(plots.VERMILLION))}
    (frame,) = ax.patches
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((0, 1), 2, 2)


@pytest.mark.parametrize("wrong", [np.zeros((2, 2, 2)), np.zeros((0, 2))], ids=["three axes", "empty"])
def test_what_is_no_field_is_refused(wrong):
    with pytest.raises(ValueError, match="W is"):
        plots.number_fields({"W": wrong})
    with pytest.raises(ValueError, match="W is"):
        plots.feature_maps({"W": wrong})
