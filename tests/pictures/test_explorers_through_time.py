"""The explorer of gradients through time shows the states, and the slope of one state by every input before it."""

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib.gradcheck import complex_step
from bplib.pictures import explorers

SVG = "{http://www.w3.org/2000/svg}"
NOISE = np.random.default_rng(0).normal(size=12)
INPUTS = {"silence": np.zeros(12), "noise": NOISE}


def build(**more):
    return explorers.through_time_explorer(INPUTS, **more)


def said(explorer):
    """The two slopes of the caption: by the input of the chosen step, and by that of step 1."""
    caption = re.search("<p>(.*)</p>", explorer.picture).group(1).replace("−", "-")
    last, first = re.search(r"with the slope (\S+), and that of step 1 with (\S+)\.$", caption).groups()
    return float(last), float(first)


def states(x, w, step):
    h = 0.0
    for t in range(step):
        h = np.tanh(x[t] + w * h)
    return h


@pytest.mark.parametrize("w", [0.9, 1.2, -1.3, 0.0])
def test_in_silence_each_step_back_multiplies_by_the_weight(w):
    explorer = build()
    controls(explorer)["w"].value = w
    last, first = said(explorer)
    assert last == 1 and first == pytest.approx(w**11, rel=6e-3)


@pytest.mark.parametrize(("w", "step"), [(0.9, 12), (1.4, 7), (-0.6, 3), (0.5, 1)])
def test_the_slopes_are_those_of_the_states(w, step):
    explorer = build()
    controls(explorer)["inputs"].value = "noise"
    controls(explorer)["w"].value = w
    controls(explorer)["step"].value = step
    slopes = complex_step(lambda x: states(x, w, step), NOISE)
    assert said(explorer) == (pytest.approx(slopes[step - 1], rel=6e-3), pytest.approx(slopes[0], rel=6e-3))


def curve(explorer, name):
    """The heights of a curve in pixels, downward."""
    root = ET.fromstring(f"<div>{explorer.picture}</div>")
    (path,) = [p for p in root.iter(f"{SVG}path") if p.get("data-curve") == name]
    return np.array([pair.split()[1] for pair in re.split("[ML]", path.get("d"))[1:]], dtype=float)


def test_all_states_are_drawn_and_slopes_only_up_to_the_step():
    explorer = build(step=5)
    controls(explorer)["inputs"].value = "noise"
    heights = curve(explorer, "h")
    assert len(heights) == 13 and len(curve(explorer, "slope")) == 5
    h = np.array([states(NOISE, 0.9, t) for t in range(13)])
    np.testing.assert_allclose(np.diff(heights), -np.diff(h) * (250 - 58) / 2.1, atol=0.11)


def test_slopes_fall_along_a_line_in_silence_and_zero_lies_on_the_floor():
    explorer = build()
    controls(explorer)["w"].value = 0.5
    np.testing.assert_allclose(np.diff(curve(explorer, "slope")), math.log10(0.5) * (250 - 58) / 18, atol=0.11)
    controls(explorer)["w"].value = 0.0
    assert set(curve(explorer, "slope")[:-1]) == {192.0}
    assert not re.search(r"\b(nan|inf)\b", explorer.picture)


def test_the_static_picture_is_the_first_and_stays():
    first, second = build(), build()
    controls(second)["w"].value = -1.5
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]
    assert static[0]["text/plain"].startswith("Silence, w = 0.9: the state of step 12 feels the input of step 12")
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    explorer = explorers.through_time_explorer({"noise": np.random.default_rng(1).normal(size=30)})
    for value in np.linspace(-1.5, 1.5, 21):
        with stopwatch:
            controls(explorer)["w"].value = value
    assert stopwatch.milliseconds() < 10


@pytest.mark.parametrize(
    "wrong",
    [{}, {"a": np.zeros(3), "b": np.zeros(4)}, {"a": np.zeros((2, 2))}, {"a": np.zeros(1)}],
    ids=["none", "two lengths", "two axes", "one step"],
)
def test_inputs_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match="each needs one axis of equal length"):
        explorers.through_time_explorer(wrong)
