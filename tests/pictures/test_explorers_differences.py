"""The explorer of the step shows the secant of its step, and walks along the curve of errors."""

import re
import xml.etree.ElementTree as ET
from math import log10

import pytest
from test_explorers import WIDGET, controls

from bplib.pictures import explorers


def square(x):
    return x * x


def forward(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def cube(x):
    return x * x * x


def build(f=cube, slope=lambda x: 3 * x * x, x=1.0):
    return explorers.step_size_explorer(f, slope, x, {"forward": forward, "central": central})


def parts(explorer):
    """The two pictures and the sentence."""
    first, second, said = ET.fromstring(f"<div>{explorer.picture}</div>")
    return first, second, said.text


def choose(explorer, difference, h):
    controls(explorer)["difference"].value = difference
    controls(explorer)["step h"].value = h


def test_the_static_picture_is_the_same_every_time_and_after_every_move():
    first, second = build(), build()
    choose(second, "forward", 1e-8)
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")
    assert "central difference, h = 5.6e-01" in static[0]["text/plain"]


def test_it_says_the_estimate_the_truth_and_the_error():
    explorer = build()
    choose(explorer, "forward", 0.1)  # (1.331 - 1) / 0.1 = 3.31
    assert parts(explorer)[2] == ("forward difference, h = 1.0e-01: 3.31; true slope: 3; relative error: 1.0e-01.")
    choose(explorer, "central", 0.1)  # (1.331 - 0.729) / 0.2 = 3.01
    assert "3.01; true slope: 3; relative error: 3.3e-03" in parts(explorer)[2]


def test_the_mark_stands_on_the_curve_of_its_difference_at_the_step():
    explorer = build()
    for name, h, error in (("forward", 0.1, 0.31 / 3), ("central", 0.1, 0.01 / 3)):
        choose(explorer, name, h)
        plot = parts(explorer)[1].find("{*}svg")
        (mark,) = [shape for shape in plot if shape.get("data-role") == "mark"]
        wide, high = float(plot.get("width")), float(plot.get("height"))
        middle = (
            [float(mark.get(c)) for c in ("cx", "cy")]
            if name == "forward"
            else [float(mark.get(c)) + 5 for c in ("x", "y")]
        )
        assert middle == pytest.approx([(log10(h) + 15.5) / 16 * wide, (1 - log10(error)) / 18 * high], abs=0.2)


def test_the_secant_runs_through_the_point_ahead_with_the_slope_that_was_found():
    explorer = build(square, lambda x: 2 * x, x=1.0)
    choose(explorer, "forward", 1.0)  # from (1, 1) to (2, 4): y = 4 + 3 (x - 2)
    plot = parts(explorer)[0].find("{*}svg")
    curves = {path.get("data-curve"): path.get("d") for path in plot.iter("{http://www.w3.org/2000/svg}path")}
    x0, y0, x1, y1 = map(float, re.findall(r"[-.\d]+", curves["secant"]))
    wide, high = float(plot.get("width")), float(plot.get("height"))
    low, top = 0.0 - 0.15 * 6.25, 6.25 + 0.15 * 6.25  # x from -0.5 to 2.5
    per_unit = high / (top - low)
    assert (x0, x1) == pytest.approx((0, wide), abs=0.1)
    assert [top - y0 / per_unit, top - y1 / per_unit] == pytest.approx([-3.5, 5.5], abs=0.05)


def test_a_square_stands_at_each_place_but_x_where_the_difference_asks():
    explorer = build(square, lambda x: 2 * x, x=1.0)
    for name, places in (("forward", [1.5]), ("central", [0.5, 1.5])):
        choose(explorer, name, 0.56)
        plot = parts(explorer)[0].find("{*}svg")
        low, wide = -0.5, float(plot.get("width"))
        squares = [float(each.get("x")) + 5 for each in plot.iter("{http://www.w3.org/2000/svg}rect")]
        found = sorted(low + x / wide * 3 for x in squares)
        assert found == pytest.approx([1 + (place - 1) * 1.12 for place in places], abs=0.01)


def test_the_names_stand_between_the_arms_above_and_below_their_curves():
    plot = parts(build())[1]
    names = {t.text: t for t in plot.iter("{http://www.w3.org/2000/svg}text")}
    assert float(names["forward"].get("y")) < float(names["central"].get("y")) - 40
    assert float(names["forward"].get("x")) < float(names["central"].get("x"))


def test_an_error_of_zero_is_drawn_at_the_bottom():
    explorer = build(square, lambda x: 2 * x, x=1.0)
    choose(explorer, "central", 1.0)  # exact for a parabola
    assert "relative error: 1.0e-17" in parts(explorer)[2]


@pytest.mark.parametrize("count", [0, 3])
def test_one_or_two_differences_are_shown(count):
    with pytest.raises(ValueError, match=f"{count} differences"):
        explorers.step_size_explorer(cube, cube, 1.0, {str(k): forward for k in range(count)})


def test_a_slope_of_zero_has_no_relative_error():
    with pytest.raises(ValueError, match="slope at x = 0"):
        build(x=0.0)
