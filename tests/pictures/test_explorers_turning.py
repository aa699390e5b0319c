"""The arrow that turns on the map shows the slope along it, and that downhill need not lead to the bottom."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from test_explorers import WIDGET, controls

from bplib.pictures import explorers, svg
from bplib.pictures.explorers import stored

SURFACES = {
    "round bowl": (lambda w, b: w**2 + b**2, lambda w, b: (2 * w, 2 * b)),
    "ravine": (lambda w, b: w**2 + 9 * b**2, lambda w, b: (2 * w, 18 * b)),
}
PLACES = {"(3, 1)": (3, 1), "(-3, 0.5)": (-3, 0.5), "the bottom": (0, 0)}
PATH = "{http://www.w3.org/2000/svg}path"


def build(**more):
    return explorers.turning_explorer(SURFACES, PLACES, reach=5, **more)


def shown(explorer, surface, place, angle):
    """The map, the curve and the sentence for these values of the controls."""
    for name, value in (("surface", surface), ("place", place), ("direction", angle)):
        controls(explorer)[name].value = value
    area, curve, said = ET.fromstring(f"<div>{explorer.picture}</div>")
    return area.find("{*}svg"), curve.find("{*}svg"), said.text


def arrows(plot):
    """Each arrow as its color, its dashes and its end less its beginning, up counted as positive."""
    found = []
    for line, tip in pairwise(plot.iter(PATH)):
        if line.get("data-role") == "arrow":
            x0, y0, *_ = map(float, re.findall(r"-?[\d.]+", line.get("d")))
            x1, y1, *_ = map(float, re.findall(r"-?[\d.]+", tip.get("d")))
            found.append((line.get("stroke"), line.get("stroke-dasharray"), (x1 - x0, y0 - y1)))
    return found


def test_the_static_picture_is_the_same_every_time_and_after_every_move():
    first, second = build(), build()
    shown(second, "ravine", "the bottom", 90)
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_it_says_the_slope_along_the_arrow_and_where_downhill_and_the_bottom_are():
    explorer = build()
    assert "slope 6; gradient (6, 2)" in shown(explorer, "round bowl", "(3, 1)", 0)[2]
    said = shown(explorer, "ravine", "(3, 1)", 90)[2]  # along b alone
    assert "slope 18; gradient (6, 18), uphill 72°, steepest descent 252°, bottom 198°." in said
    assert "slope −6;" in shown(explorer, "ravine", "(3, 1)", 180)[2]


@pytest.mark.parametrize("place", ["(3, 1)", "(-3, 0.5)"])
def test_against_the_gradient_leads_to_the_bottom_of_the_bowl_and_not_to_that_of_the_ravine(place):
    for surface, straight in (("round bowl", True), ("ravine", False)):
        said = shown(build(), surface, place, 0)[2]
        descent, bottom = (int(said.split(words)[1].split("°")[0]) for words in ("descent ", "bottom "))
        assert (abs(descent - bottom) < 1) == straight


def test_the_arrows_of_the_map_point_where_they_should_and_none_leaves_it():
    explorer = build()
    for surface in SURFACES:
        for place in PLACES:
            for angle in (0, 90, 225, 360):
                area = shown(explorer, surface, place, angle)[0]
                wide, high = float(area.get("width")), float(area.get("height"))
                assert wide == pytest.approx(high, abs=0.2)  # a right angle looks like one
                for path in area.iter(PATH):
                    if path.get("data-role") == "arrow":
                        assert all(0 <= float(n) <= wide for n in re.findall(r"-?[\d.]+", path.get("d")))
    (up, against, turned) = arrows(shown(explorer, "ravine", "(3, 1)", 90)[0])
    assert up[0] == against[0] == svg.VERMILLION and turned[0] == svg.INK
    assert up[1] == "none" and against[1] != "none"
    assert up[2][1] / up[2][0] == pytest.approx(3, rel=0.05)
    assert against[2] == pytest.approx((-up[2][0], -up[2][1]), abs=0.3)
    assert turned[2][0] == pytest.approx(0, abs=0.1) and turned[2][1] > 0


def test_the_mark_stands_on_the_curve_at_the_direction_and_its_slope():
    plot = shown(build(), "ravine", "(3, 1)", 90)[1]
    (mark,) = [shape for shape in plot if shape.get("data-role") == "mark"]
    x = float(mark.get("cx")) / float(plot.get("width")) * 376 - 8
    top = 1.3 * (6**2 + 18**2) ** 0.5
    y = top - float(mark.get("cy")) / float(plot.get("height")) * 2 * top
    assert (x, y) == pytest.approx((90, 18), abs=0.2)


def test_at_the_bottom_every_slope_is_zero_and_there_is_no_arrow_but_the_own():
    area, _, said = shown(build(), "ravine", "the bottom", 45)
    assert "slope 0. The gradient is zero: this place is flat." in said
    assert len(arrows(area)) == 1


def test_a_page_without_a_kernel_holds_all_of_it():
    page = stored.page(build())
    assert "larger steps" not in page and len(page) < 150_000


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match="direction is 7"):
        build(direction=7)
    with pytest.raises(ValueError, match="outside of the map"):
        explorers.turning_explorer(SURFACES, {"far": (5, 0)}, reach=5)
