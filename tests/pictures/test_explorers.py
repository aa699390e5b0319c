"""Explorers show the picture that belongs to their controls, and leave a static one in the notebook."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_diagrams import neuron

from bplib import losses
from bplib.pictures import diagrams, explorers
from bplib.pictures.explorers.widget import slider

WIDGET = "application/vnd.jupyter.widget-view+json"
X = np.linspace(170.0, 230.0, 30)
Y = 50.0 * X - 5800.0 + 300.0 * np.sin(X)
EVERY_EXPLORER = pytest.mark.parametrize(
    "build",
    [lambda: explorers.graph_explorer(neuron()), explorers.loss_explorer, lambda: explorers.line_explorer(X, Y)],
    ids=["graph", "loss", "line"],
)


def controls(explorer):
    return explorer.controls


@EVERY_EXPLORER
def test_the_bundle_holds_the_widget_and_a_static_picture_without_ids(build):
    explorer = build()
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    model = bundle[WIDGET]["model_id"]
    assert model not in bundle["text/html"] and model not in bundle["text/plain"]
    assert "<script" not in bundle["text/html"]
    ET.fromstring(f"<div>{bundle['text/html']}</div>")


@EVERY_EXPLORER
def test_the_static_picture_is_the_same_every_time_and_after_every_move(build):
    first, second = build(), build()
    for control in controls(second).values():
        if hasattr(control, "max"):
            control.value = control.max
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]


@EVERY_EXPLORER
def test_what_the_page_is_told_are_the_controls_their_words_and_where_they_stand(build):
    explorer = build()
    assert [each["name"] for each in explorer.shown] == list(explorer.controls)
    for control, each, place in zip(explorer.controls.values(), explorer.shown, explorer.places, strict=True):
        assert each["kind"] in ("slider", "stepper", "buttons", "menu")
        assert len(each["labels"]) == len(control.options) == len(set(each["labels"]))
        assert control.options[place][1] == control.value


@EVERY_EXPLORER
def test_places_that_come_from_the_page_move_the_picture(build):
    explorer, other = build(), build()
    for i, control in enumerate(other.controls.values()):
        place = len(control.options) - 1
        control.place = place
        explorer.places = [place if k == i else old for k, old in enumerate(explorer.places)]
        assert explorer.picture == other.picture
        assert explorer.places == other.places


def test_a_slider_shows_as_many_digits_as_its_step_has_and_stops_at_its_ends():
    slope = explorers.line_explorer(X, Y).controls["slope w"]
    assert {len(words.partition(".")[2]) for words, _ in slope.options} == {0}
    slope.value = 1e9
    assert slope.value == slope.max == slope.options[-1][1]
    weight = slider("w", 0.5, -1.5, 1.5, 0.05)
    assert [words for words, _ in weight.options[:3]] == ["-1.50", "-1.45", "-1.40"]
    assert [value for _, value in weight.options[:3]] == [-1.5, -1.45, -1.4]
    assert weight.place == 40


def test_a_value_between_two_places_is_shown_at_the_nearest():
    weight = slider("w", 0.0, -1.0, 1.0, 0.1)
    weight.value = 0.27
    assert (weight.value, weight.place) == (0.27, 13)


def test_what_is_not_among_the_options_is_refused_by_name():
    with pytest.raises(ValueError, match=r"truth y is 3; one of 0, 1 is needed"):
        explorers.loss_explorer().controls["truth y"].value = 3


def test_the_slider_of_the_graph_shows_its_step():
    value = neuron()
    explorer = explorers.graph_explorer(value)
    slider = controls(explorer)["step"]
    assert (slider.min, slider.max) == (0, diagrams.steps(value))
    for step in (0, 11, 17, 3):
        slider.value = step
        picture = diagrams.graph(value, step)
        assert explorer.picture == f"{picture.svg()}<p>{picture.caption}</p>"


def test_the_static_graph_is_the_whole_graph():
    value = neuron()
    bundle = explorers.graph_explorer(value)._repr_mimebundle_()
    whole = diagrams.graph(value)
    assert bundle["text/html"] == whole._repr_html_() and bundle["text/plain"] == repr(whole)


def test_the_graph_explorer_needs_backward_first():
    with pytest.raises(ValueError, match=r"backward\(\)"):
        explorers.graph_explorer(neuron().parents[0] * 2.0)


def test_the_losses_of_a_wrong_prediction_are_flat_and_steep():
    explorer = explorers.loss_explorer()
    controls(explorer)["logit z"].value = -6.0
    p = 1 / (1 + np.exp(6.0))  # by hand: d(p - 1)^2/dz = 2 (p - 1) p (1 - p), and d(-log p)/dz = p - 1
    said = re.search("<p>(.*)</p>", explorer.picture).group(1).replace("−", "-")
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-\d+)?(?=[,;.]? |\.$|[,;])", said)]
    expected = [1, -6, p, (p - 1) ** 2, 2 * (p - 1) * p * (1 - p), -np.log(p), p - 1]
    assert numbers == pytest.approx(expected, rel=1e-3)
    assert abs(numbers[4]) < 0.01 and abs(numbers[6]) > 0.99


def test_the_truth_turns_the_losses_around():
    explorer = explorers.loss_explorer()
    before = explorer.picture
    controls(explorer)["truth y"].value = 0
    assert explorer.picture != before and "y = 0, z = −4, p = sigmoid(z) = 0.01799" in explorer.picture
    assert "cross-entropy: 0.01815" in explorer.picture


def test_the_line_has_the_error_of_its_sliders_and_marks_it_on_the_second_chart():
    explorer = explorers.line_explorer(X, Y, x_label="flipper (mm)", y_label="mass (g)", origin=200.0)
    controls(explorer)["slope w"].value = 40.0
    controls(explorer)["intercept b"].value = 4100.0
    error = losses.mse(40.0 * (X - 200.0) + 4100.0, Y)
    line = f"mass (g) = 40 × (flipper (mm) − 200) + 4100; mean squared error: {error:.0f}."
    html = explorer.picture
    assert f"<p>{line}</p>" in html
    charts = list(ET.fromstring(f"<div>{html}</div>"))
    assert len(charts) == 3  # two pictures and the sentence
    plot = charts[1].find("{*}svg")
    mark = plot.find("{*}circle")
    low, high = controls(explorer)["slope w"].min, controls(explorer)["slope w"].max
    assert float(mark.get("cx")) == pytest.approx((40 - low) / (high - low) * float(plot.get("width")), abs=0.1)


def test_every_residual_ends_at_its_point_and_at_the_line():
    explorer = explorers.line_explorer([0.0, 1.0, 2.0], [1.0, 4.0, 3.0])
    controls(explorer)["slope w"].value = 1.0
    controls(explorer)["intercept b"].value = 2.0
    plot = next(iter(ET.fromstring(f"<div>{explorer.picture}</div>"))).find("{*}svg")
    parts = {p.get("data-role"): p.get("d") for p in plot.iter("{http://www.w3.org/2000/svg}path")}
    dots = re.findall(r"M(\S+) (\S+)h0", parts["points"])
    drops = re.findall(r"M(\S+) (\S+)L(\S+) ([^M]+)", parts["drops"])
    assert [drop[:2] for drop in drops] == dots
    height = float(plot.get("height"))
    per_unit = height / (3.0 * 1.08)
    lengths = [(float(a) - float(b)) / per_unit for _, a, _, b in drops]
    assert lengths == pytest.approx([1.0, -1.0, 1.0], abs=0.01)  # line minus point: 2 - 1, 3 - 4, 4 - 3


@pytest.mark.parametrize(
    ("intercept", "ends"), [(4.0, (1.0, 4.0)), (2.0, (1.0, 3.0)), (0.0, (3.0, 0.0))], ids=["above", "between", "below"]
)
def test_one_line_is_all_residuals_of_points_above_each_other(intercept, ends):
    explorer = explorers.line_explorer(
        [0.0, 0.0, 0.0, 1.0], [1.0, 3.0, 2.0, 5.0], slopes=(-1.0, 1.0), intercepts=(0.0, 5.0)
    )
    controls(explorer)["slope w"].value = 0.0
    controls(explorer)["intercept b"].value = intercept
    plot = next(iter(ET.fromstring(f"<div>{explorer.picture}</div>"))).find("{*}svg")
    parts = {p.get("data-role"): p.get("d") for p in plot.iter("{http://www.w3.org/2000/svg}path")}
    drops = re.findall(r"M(\S+) (\S+)L(\S+) ([^M]+)", parts["drops"])
    assert len(drops) == 2
    low, high = 1.0 - 0.04 * 4.0, 5.0 + 0.04 * 4.0  # the heights of 1 to 5, and some room
    per_unit = float(plot.get("height")) / (high - low)
    assert [high - float(y) / per_unit for y in (drops[0][1], drops[0][3])] == pytest.approx(ends, abs=0.01)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0, 2.0], [1.0], r"\(2,\) and y is \(1,\)"),
        ([1.0, np.nan], [1.0, 2.0], "finite"),
        ([1.0, 1.0], [1.0, 2.0], "constant"),
        ([], [], "empty"),
    ],
)
def test_points_that_cannot_be_drawn_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        explorers.line_explorer(x, y)
