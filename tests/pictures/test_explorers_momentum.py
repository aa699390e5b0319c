"""The momentum laboratory shows the path, the loss, the map and the roots of the pair that its controls say."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib.pictures import explorers
from bplib.pictures.explorers import stored
from bplib.pictures.explorers.momentum import CONDITIONS, MOMENTA, RATES

SVG = "{http://www.w3.org/2000/svg}"
START = (-4.0, 1.2)


def roots(rate, mu, c):
    middle = (1 + mu - rate * c) / 2
    apart = np.sqrt(middle**2 - mu + 0j)
    return middle + apart, middle - apart


def best(c1, c2):
    low, high = np.sqrt(c1), np.sqrt(c2)
    return (2 / (low + high)) ** 2, ((high - low) / (high + low)) ** 2


def build(**more):
    return explorers.momentum_explorer(roots, best, START, **more)


def at(rate, momentum, condition):
    explorer = build()
    for name, value in (("rate", rate), ("momentum", momentum), ("condition number", condition)):
        controls(explorer)[name].value = value
    return explorer.picture


def said(picture):
    return re.search("<p>(.*)</p>", picture).group(1).replace("−", "-")


def charts(picture):
    return list(ET.fromstring(f"<div>{picture}</div>"))[1:5]


def test_the_bundle_holds_the_widget_and_a_static_picture_that_stays():
    moved = build()
    controls(moved)["rate"].value = RATES[-1]
    bundles = [explorer._repr_mimebundle_() for explorer in (build(), moved)]
    assert set(bundles[0]) == {WIDGET, "text/html", "text/plain"}
    assert bundles[0]["text/html"] == bundles[1]["text/html"] and "momentum 0.0" in bundles[0]["text/plain"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_share_is_the_root_of_the_momentum_where_all_roots_are_on_the_circle(condition):
    momentum = 0.9
    for rate in (0.06, 0.095, 0.15):
        assert (1 - momentum**0.5) ** 2 < rate * 20 / condition  # both directions are on the circle
        assert said(at(rate, momentum, condition)).count("0.949") == 2


def test_without_momentum_it_is_plain_descent_and_beyond_the_limit_it_diverges():
    told = said(at(0.04, 0.0, 20))
    assert "0.960 along the ravine, 0.200 across it" in told
    w = np.array(START) * (1 - 0.04 * np.array([1.0, 20.0])) ** 60
    loss = float(re.search(r"after 60 steps ([\d.e-]+)\.$", told).group(1))
    assert loss == pytest.approx((w[0] ** 2 + 20 * w[1] ** 2) / 2, rel=1e-3)
    assert said(at(0.11, 0.0, 20)).endswith("it diverges.") and not said(at(0.11, 0.15, 20)).endswith("it diverges.")


def test_the_roots_and_the_present_pair_stand_where_they_are():
    _, _, field, circles = charts(at(0.06, 0.8, 20))
    found = [mark for mark in circles.iter() if mark.get("data-role") == "mark"]
    assert len(found) == 4 and len([mark for mark in found if mark.tag == f"{SVG}circle"]) == 2
    plot = next(part for part in field if part.tag == f"{SVG}svg")
    mark = next(mark for mark in field.iter() if mark.get("data-role") == "mark")
    width, height = float(plot.get("width")), float(plot.get("height"))
    assert float(mark.get("cx")) == pytest.approx(0.06 / (1.05 * RATES[-1]) * width, abs=0.1)
    assert float(mark.get("cy")) == pytest.approx(0.2 * height, abs=0.1)


def test_the_limit_is_a_straight_line_that_ends_at_the_top():
    field = charts(at(0.04, 0.0, 20))[2]
    line = next(path for path in field.iter() if path.get("data-curve") == "limit")
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", line.get("d")), dtype=float)
    plot = next(part for part in field if part.tag == f"{SVG}svg")
    rate = points[:, 0] / float(plot.get("width")) * 1.05 * RATES[-1]
    momentum = 1 - points[:, 1] / float(plot.get("height"))
    assert np.abs(rate - 2 * (1 + momentum) / 20).max() < 2e-3 and momentum.max() > 0.95


@pytest.mark.parametrize("momentum", (MOMENTA[0], MOMENTA[-1]))
@pytest.mark.parametrize("rate", (RATES[0], RATES[-1]))
@pytest.mark.parametrize("condition", CONDITIONS)
def test_extreme_positions_are_drawn(rate, momentum, condition):
    picture = at(rate, momentum, condition)
    assert not re.search(r"\b(nan|inf)\b|\d{7}", picture)
    assert len(charts(picture)) == 4


def test_a_page_holds_all_of_its_pictures():
    html = stored.page(build())
    assert "in larger steps" not in html and len(html) < stored.BYTES


def test_a_start_that_is_not_on_a_slider_is_refused():
    with pytest.raises(ValueError, match=r"the rate is 0\.05; one of"):
        build(rate=0.05)


def test_a_move_is_quick(stopwatch):
    explorer = build()
    for rate in RATES:
        with stopwatch:
            controls(explorer)["rate"].value = rate
    assert stopwatch.milliseconds() < 20
