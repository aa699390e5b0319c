"""Unrolled networks and forecasts show what they were given."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bplib.pictures import plots
from bplib.pictures.plots.style import readable

pytestmark = pytest.mark.usefixtures("lesson_style")
X, H = [0.5, -0.25], [0.4, 0.6, 0.80004]


def words(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def arrows(ax, color):
    """Where each arrow of the color begins and ends."""
    found = [note for note in ax.texts if getattr(note, "arrowprops", None)]
    return [(note.xyann, note.xy) for note in found if note.arrowprops["color"] == color]


def test_every_input_and_state_stands_in_its_box_with_its_number():
    ax = plots.unrolled(X, H)
    found = words(ax)
    for name, number in (("$h_{0}$", "0.4"), ("$h_{1}$", "0.6"), ("$h_{2}$", "0.8"), ("$x_{1}$", "0.5")):
        assert found[found.index(name) + 1] == number
    assert found[found.index("$x_{2}$") + 1] == "−0.25"
    assert found.count("$w_h$") == found.count("$w_x$") == 2
    assert len(ax.patches) == 5


def test_the_forward_runs_to_the_right_and_up_and_the_way_back_to_the_left():
    ax = plots.unrolled(X, H)
    assert len(arrows(ax, plots.BLUE)) == 4 and not arrows(ax, plots.VERMILLION)
    assert all(end[0] > start[0] or end[1] > start[1] for start, end in arrows(ax, plots.BLUE))
    ax = plots.unrolled(X, H, dh=[0.19, 0.5], dz=[0.1216, 0.18])
    assert len(arrows(ax, plots.VERMILLION)) == 2
    assert all(end[0] < start[0] for start, end in arrows(ax, plots.VERMILLION))


def test_gradients_are_vermillion_and_stand_at_their_step():
    ax = plots.unrolled(X, H, dh=[0.19, 0.5], dz=[0.1216, 0.18])
    found = {text.get_text(): text for text in ax.texts}
    places = {
        name: found[rf"$\mathrm{{d}}{name}$ = {number}"]
        for name, number in (("h_{1}", "0.19"), ("h_{2}", "0.5"), ("z_{1}", "0.1216"), ("z_{2}", "0.18"))
    }
    assert {to_hex(text.get_color()) for text in places.values()} == {to_hex(readable(plots.VERMILLION))}
    assert places["h_{1}"].get_position()[0] < places["h_{2}"].get_position()[0]
    assert places["z_{1}"].get_position()[0] < places["z_{2}"].get_position()[0]


@pytest.mark.parametrize("wrong", [{"h": H[:2]}, {"dh": [1.0]}, {"dz": H}], ids=["states", "dh", "dz"])
def test_lengths_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match="x has 2 numbers, h has"):
        plots.unrolled(**({"x": X, "h": H} | wrong))


def test_a_forecast_shows_the_truth_and_every_prediction_with_a_dash_of_its_own():
    year, number = np.arange(1700, 1705), np.array([0.1, 0.5, 0.9, 0.4, 0.2])
    predictions = {"naive": number - 0.1, "network": number + 0.1}
    ax = plots.forecast(year, number, predictions, y_label="spots")
    truth, *lines = ax.lines
    np.testing.assert_array_equal(truth.get_xydata(), np.stack([year, number], axis=1))
    for line, (name, predicted) in zip(lines, predictions.items(), strict=True):
        assert line.get_label() == name
        np.testing.assert_array_equal(line.get_ydata(), predicted)
    assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["truth", "naive", "network"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("year", "spots")


def test_a_series_alone_has_no_legend_and_a_prediction_of_another_length_is_refused():
    assert plots.forecast([1, 2], [3.0, 4.0]).get_legend() is None
    with pytest.raises(ValueError, match=r"naive has shape \(3,\)"):
        plots.forecast([1, 2], [3.0, 4.0], {"naive": np.zeros(3)})
