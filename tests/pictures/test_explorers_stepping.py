"""The explorer of one neuron says what its slope promises of a step, and what the step does."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.pictures import explorers

WIDGET = "application/vnd.jupyter.widget-view+json"
X, W, B = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.7, 0.2]), 0.1


def build(**more):
    return explorers.neuron_explorer(**({"x": X, "w": W, "b": B} | more))


def moved(explorer, *values):
    for control, value in zip(explorer.controls.values(), values, strict=True):
        control.value = value
    return explorer.picture.split("<p>")[1].removesuffix("</p>").replace("−", "-")


def by_hand(y, w1, b, lr):
    """a, the loss, its slope at w1, the predicted change and the true one, from the formulas of the lesson."""
    w = np.array([w1, *W[1:]])

    def loss(w, b):
        a = 1 / (1 + np.exp(-(w @ X + b)))
        return a, -np.log(a if y else 1 - a)

    a, before = loss(w, b)
    dw, db = (a - y) * X, a - y
    return a, before, dw[0], -lr * (dw @ dw + db**2), loss(w - lr * dw, b - lr * db)[1] - before


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize(("w1", "b", "lr"), [(0.4, 0.1, 1.0), (-2.8, -1.4, 30.0), (2.8, 1.6, 0.1), (1.0, 0.6, 3.0)])
def test_it_says_the_numbers_of_the_lesson(y, w1, b, lr):
    said = moved(build(), y, w1, b, lr)
    found = [float(n) for n in re.findall(r"(?:a = |L = |dw1 = |L |change )(-?[\d.e-]+\d)", said)]
    assert found == pytest.approx(by_hand(y, w1, b, lr), rel=2e-3)


def test_at_the_penguin_of_the_lesson_a_small_step_does_nearly_what_is_predicted():
    assert moved(build(), 1, 0.4, 0.1, 0.1).endswith("predicted change of L -0.01847, true change -0.01818.")


def test_the_extreme_places_are_drawn_too():
    for y in (0, 1):
        for w1 in (-2.8, 2.8):
            for b in (-1.4, 1.6):
                explorer = build()
                moved(explorer, y, w1, b, 30.0)
                ET.fromstring(f"<div>{explorer.picture}</div>")
                assert not re.search(r"\b(nan|inf)\b", explorer.picture)


def test_two_charts_and_a_static_picture_that_stays():
    first, second = build(), build()
    assert [each.tag.rpartition("}")[2] for each in ET.fromstring(f"<div>{first.picture}</div>")] == ["svg", "svg", "p"]
    moved(second, 0, 2.0, 0.6, 3.0)
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1] and static[0]["text/plain"].startswith("y = 1, w1 = 0.4, b = 0.1: a = 0.6341")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    explorer = build()
    for value in np.arange(-2.8, 2.8, 0.2):
        with stopwatch:
            explorer.controls["w1"].value = float(f"{value:.1f}")
    assert stopwatch.milliseconds() < 10


def test_other_numbers_of_weights_than_inputs_are_refused():
    with pytest.raises(ValueError, match="two equal shapes"):
        build(w=np.zeros(2))
