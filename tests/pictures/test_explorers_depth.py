"""The explorer of deep networks shows the distributions of the layers that its buttons choose."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib.pictures import explorers, svg

LAYERS = 4


def build(layers=LAYERS, size=400):
    rng = np.random.default_rng(0)
    signals = {
        name: {
            network: (
                [scale**k * rng.uniform(-1, 1, size=size) for k in range(layers)],
                [1e-2 * scale**k * rng.normal(size=size) for k in range(layers)],
            )
            for network in ("plain", "normalized")
        }
        for name, scale in (("small", 0.1), ("large", 10.0))
    }
    signals["zeros"] = {network: ([np.zeros(size)] * layers, [np.zeros(size)] * layers) for network in signals["small"]}
    return explorers.depth_explorer(signals)


def strips(html):
    """For each picture the path of each layer's histogram, by layer."""
    pictures = list(ET.fromstring(f"<div>{html}</div>"))[:2]
    return [{int(p.get("data-layer")): p for p in picture.iter() if p.get("data-layer")} for picture in pictures]


def said(explorer):
    return re.search("<p>(.*)</p>", explorer.picture).group(1).replace("−", "-")


def test_the_bundle_holds_the_widget_and_a_static_picture_that_no_move_changes():
    first, second = build(), build()
    controls(second)["layer"].value = 3
    controls(second)["weights"].value = "zeros"
    bundles = [explorer._repr_mimebundle_() for explorer in (first, second)]
    assert all(set(bundle) == {WIDGET, "text/html", "text/plain"} for bundle in bundles)
    static = [{kind: value for kind, value in bundle.items() if kind != WIDGET} for bundle in bundles]
    assert static[0] == static[1]
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")
    assert "small, plain, layer 1 of 4" in static[0]["text/plain"]


def test_the_caption_says_the_standard_deviations_of_the_chosen_layer():
    explorer = build()
    controls(explorer)["weights"].value = "large"
    controls(explorer)["layer"].value = 3
    values, gradients = map(float, re.findall(r"standard deviation ([\d.e-]+\d)", said(explorer)))
    assert values == pytest.approx(100 / np.sqrt(3), rel=0.1) and gradients == pytest.approx(1.0, rel=0.1)


def test_there_is_a_histogram_for_each_layer_and_the_chosen_one_is_marked():
    explorer = build()
    activations, gradients = strips(explorer.picture)
    assert set(activations) == set(gradients) == set(range(1, LAYERS + 1))
    assert {p.get("fill") for p in activations.values()} == {svg.BLUE}
    assert {p.get("fill") for p in gradients.values()} == {svg.VERMILLION}
    # The first layer fills the axis; the third is a hundredth of it, one bar around 0.
    assert activations[1].get("d").count("M") == 31 and activations[3].get("d").count("M") == 1
    before = re.findall('data-role="chosen" d="([^"]+)"', explorer.picture)
    controls(explorer)["layer"].value = 2
    after = re.findall('data-role="chosen" d="([^"]+)"', explorer.picture)
    assert len(before) == len(after) == 2 and before != after


def test_gradients_that_are_zero_are_counted_and_not_drawn():
    explorer = build()
    controls(explorer)["weights"].value = "zeros"
    assert said(explorer).count("100% of them are 0") == 2
    assert all(p.get("d") == "M0 0" for p in strips(explorer.picture)[1].values())
    assert not re.search(r"\b(nan|inf)\b", explorer.picture)


def test_deviations_have_a_slider():
    one = [np.ones(3)]
    explorer = explorers.depth_explorer({sigma: {"plain": ([sigma * np.arange(3)], one)} for sigma in (0.1, 0.25)})
    assert "weights" not in controls(explorer) and controls(explorer)["deviation"].kind == "slider"
    assert said(explorer).startswith("deviation 0.1, plain, layer 1 of 1: activations have standard deviation 0.0816")
    controls(explorer)["deviation"].value = 0.25
    assert said(explorer).startswith("deviation 0.25, plain") and "deviation 0.2041" in said(explorer)


def test_rows_that_do_not_match_are_refused():
    one = [np.ones(3)]
    with pytest.raises(ValueError, match="every initialization needs the networks plain"):
        explorers.depth_explorer({"a": {"plain": (one, one)}, "b": {"other": (one, one)}})
    with pytest.raises(ValueError, match=r"there are \[1, 2\] layers"):
        explorers.depth_explorer({"a": {"plain": (one, one * 2)}})


def test_a_move_is_quick(stopwatch):
    explorer = build(10)
    layer = controls(explorer)["layer"]
    for k in range(2, 11):
        with stopwatch:
            layer.value = k
    assert stopwatch.milliseconds() < 10
