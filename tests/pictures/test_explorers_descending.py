"""The explorer of the learning rate walks as gradient descent does, and shows where it is."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.pictures import explorers

WIDGET = "application/vnd.jupyter.widget-view+json"


def build(**more):
    """A round bowl with curvature 2 in all directions, and a ravine with 16 and 1; both are lowest at (1, 2)."""
    bowl = (lambda w, b: (w - 1) ** 2 + (b - 2) ** 2 + 0.2, lambda w, b: (2 * (w - 1), 2 * (b - 2)))
    ravine = (
        lambda w, b: 8 * (w - 1) ** 2 + 0.5 * (b - 2) ** 2 + 0.2,
        lambda w, b: (16 * (w - 1), b - 2),
    )
    limits = (-1.0, 3.0, -0.5, 4.0)
    return explorers.descent_explorer(
        {"bowl": (*bowl, (0.0, 0.0), limits), "ravine": (*ravine, (0.0, 0.0), limits)}, **more
    )


def controls(explorer):
    return explorer.controls


def said(explorer):
    return re.search("<p>(.*)</p>", explorer.picture).group(1).replace("−", "-")


def places(explorer):
    chart = next(iter(ET.fromstring(f"<div>{explorer.picture}</div>"))).find("{*}svg")
    path = next(p for p in chart.iter("{http://www.w3.org/2000/svg}path") if p.get("data-curve") is not None)
    size = float(chart.get("width")), float(chart.get("height"))
    pixels = np.array([[float(n) for n in pair.split()] for pair in path.get("d")[1:].split("L")])
    return np.column_stack([-1 + 4 * pixels[:, 0] / size[0], 4 - 4.5 * pixels[:, 1] / size[1]])


def test_the_path_is_that_of_gradient_descent():
    explorer = build()
    controls(explorer)["surface"].value = "ravine"
    controls(explorer)["η"].value = 0.1
    controls(explorer)["step"].value = 12
    k = np.arange(13)  # by hand: each distance shrinks by the factor 1 - rate * curvature
    expected = np.column_stack([1 - (1 - 1.6) ** k, 2 - 2 * (1 - 0.1) ** k])
    np.testing.assert_allclose(places(explorer), expected, atol=0.02)
    numbers = [float(n) for n in re.findall(r"= (-?\d+\.?\d*)", said(explorer))]
    loss = 8 * (1 - expected[-1, 0]) ** 2 + 0.5 * (2 - expected[-1, 1]) ** 2 + 0.2
    assert numbers == pytest.approx([0.1, *expected[-1], loss], rel=1e-3)


def test_at_half_of_the_limit_a_round_bowl_takes_one_step():
    explorer = build()
    controls(explorer)["η"].value = 0.5
    controls(explorer)["step"].value = 1
    assert said(explorer) == "bowl, η = 0.5, step 1 of 60: w = 1, b = 2, L = 0.2."


def test_above_the_limit_it_is_lost_and_still_drawn():
    explorer = build()
    controls(explorer)["surface"].value = "ravine"
    controls(explorer)["η"].value = 1.02
    controls(explorer)["step"].value = 60
    assert said(explorer).endswith("lost, the loss is above a million.")
    assert not re.search(r"\b(nan|inf)\b", explorer.picture)


def test_three_charts_and_a_sentence_and_a_static_picture_that_stays():
    first, second = build(), build()
    assert len(list(ET.fromstring(f"<div>{first.picture}</div>"))) == 4
    controls(second)["step"].value = 60
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1] and set(static[0]) == {"text/html", "text/plain"}
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    explorer = build()
    step = controls(explorer)["step"]
    step.value = 59
    for value in range(40, 59):
        with stopwatch:
            step.value = value
    assert stopwatch.milliseconds() < 10


def test_a_rate_that_is_not_on_the_slider_is_refused():
    with pytest.raises(ValueError, match=r"the rate is 0\.4; one of 0\.01, "):
        build(rate=0.4)
