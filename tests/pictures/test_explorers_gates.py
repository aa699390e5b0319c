"""The explorer of gates shows what the package computes for a step, and how far the gradient of the cell comes back."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib import lstm
from bplib.pictures import explorers, svg

T = 9
X = np.zeros((T, 2))
X[:, 0] = np.linspace(-1.0, 1.0, T)
X[[1, 5], 1] = 1.0
WX = np.array([[0.0, 0.0, 1.0, 0.5], [8.0, -8.0, 0.0, 0.0]])
WH = np.array([[0.3, -0.2, 0.1, 0.4]])
B = np.array([-4.0, 3.0, 0.0, 1.0])


def build(**settings):
    return explorers.gate_explorer(X, WX, WH, B, **settings)


def caption(explorer):
    return re.search("<p>(.*)</p>", explorer.picture).group(1).replace("−", "-")


def numbers(explorer):
    found = re.findall(r"\b([ifoc]) = (-?[\d.]+?)(?=[,.] |$)", caption(explorer))
    found += re.findall(r"(h) = o × tanh\(c\) = (-?[\d.]+?)(?=\. )", caption(explorer))
    return {name: float(value) for name, value in found}


def states(x, h, c, bias):
    return lstm.lstm(x[None], np.array([[h]]), np.array([[c]]), WX, WH, np.array([B[0], bias, B[2], B[3]]))[:, 0, :, 0]


def test_the_bundle_holds_the_widget_and_a_static_picture_of_the_step_to_start_with():
    bundle = build(start=6)._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    ET.fromstring(f"<div>{bundle['text/html']}</div>")
    assert bundle["text/plain"].startswith("Step 6 of 9") and "<script" not in bundle["text/html"]


def test_the_static_picture_is_the_same_every_time_and_after_every_move():
    first, second = build(), build()
    controls(second)["step"].value = 3
    controls(second)["forget bias"].value = 0.0
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]


@pytest.mark.parametrize("bias", [3.0, -2.0])
def test_every_step_says_the_gates_and_states_of_the_package(bias):
    explorer, zero = build(), np.zeros((1, 1))
    controls(explorer)["forget bias"].value = bias
    i, f, _, o = lstm.lstm_gates(X[None], zero, zero, WX, WH, np.array([B[0], bias, B[2], B[3]]))[:, 0, :, 0]
    h, c = states(X, 0.0, 0.0, bias)
    for step in range(1, T + 1):
        controls(explorer)["step"].value = step
        k = step - 1
        needed = {"i": i[k], "f": f[k], "o": o[k], "c": c[k], "h": h[k]}
        assert numbers(explorer) == pytest.approx(needed, abs=6e-4)


def test_the_gradient_of_the_last_cell_is_the_slope_that_differences_find():
    explorer, eps = build(), 1e-6
    h, c = states(X, 0.0, 0.0, 3.0)
    for step in (1, 4, 6, 8):
        above, below = (states(X[step:], h[step - 1], c[step - 1] + way * eps, 3.0)[1, -1] for way in (1, -1))
        controls(explorer)["step"].value = step
        said = float(re.search(r"changes the last one by (-?[\d.e-]+) of it\.$", caption(explorer)).group(1))
        assert said == pytest.approx((above - below) / (2 * eps), abs=6e-4)
    controls(explorer)["step"].value = T
    assert caption(explorer).endswith("changes the last one by 1 of it.")


def test_the_gradient_has_the_color_of_gradients_and_each_curve_its_legend():
    pictures = list(ET.fromstring(f"<div>{build().picture}</div>"))[:-1]
    assert len(pictures) == 6
    drawn = [[p for p in picture.iter() if p.get("data-curve")] for picture in pictures[::2]]
    assert [[p.get("data-curve") for p in row] for row in drawn] == [["i", "f", "o"], ["c", "h"], ["dc"]]
    assert drawn[2][0].get("stroke") == svg.VERMILLION and drawn[1][0].get("stroke") == svg.BLUE
    words = [[text.text for text in legend.iter("{http://www.w3.org/2000/svg}text")] for legend in pictures[1::2]]
    assert [len(row) for row in words] == [3, 2, 1]


def test_a_move_is_quick(stopwatch):
    explorer = build()
    for step in range(1, T + 1):
        with stopwatch:
            controls(explorer)["step"].value = step
    assert stopwatch.milliseconds() < 10
