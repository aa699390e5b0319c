"""The race of optimizers shows where each of them is, on every surface and at every rate."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib import optimizers
from bplib.pictures import explorers, svg

SCALE = np.array([1.0, 4.0])
START = (-2.0, 1.0)


def bowl(w):
    return np.sum(SCALE * w**2) / 2


def build(steps=20):
    limits = (-3.0, 3.0, -2.0, 2.0)
    surfaces = {
        "bowl": (bowl, lambda w: SCALE * w, START, limits),
        "round": (lambda w: np.sum(w**2) / 2, lambda w: w, START, limits),
    }
    racers = {
        "plain": (lambda lr: optimizers.SGD(lr), 0.1),
        "momentum": (lambda lr: optimizers.SGD(lr, momentum=0.5), 0.1),
        "Adam": (lambda lr: optimizers.Adam(lr), 0.2),
    }
    return explorers.race_explorer(surfaces, racers, steps)


def losses(html):
    said = re.search("<p>(.*)</p>", html).group(1).replace("−", "-")
    return dict(re.findall(r"(plain|momentum|Adam) ([\d.e-]+|lost)(?=[;.])", said))


def test_the_bundle_holds_the_widget_and_a_static_picture_of_the_whole_race():
    bundle = build()._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    ET.fromstring(f"<div>{bundle['text/html']}</div>")
    assert "step 20 of 20" in bundle["text/plain"] and "<script" not in bundle["text/html"]


def test_the_static_picture_is_the_same_every_time_and_after_every_move():
    first, second = build(), build()
    controls(second)["step"].value = 3
    controls(second)["surface"].value = "round"
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]


def test_every_racer_begins_at_the_start_and_makes_its_own_steps():
    explorer = build()
    controls(explorer)["step"].value = 0
    assert set(losses(explorer.picture).values()) == {svg.number(bowl(np.array(START)))}
    controls(explorer)["step"].value = 2
    w = np.array(START) * (1 - 0.1 * SCALE) ** 2  # plain descent on a bowl: each step leaves 1 - lr h
    assert float(losses(explorer.picture)["plain"]) == pytest.approx(bowl(w), rel=1e-3)


def test_the_rates_are_multiplied_and_who_diverges_is_lost():
    explorer = build()
    controls(explorer)["step"].value = 1
    controls(explorer)["rates ×"].value = "1/2"
    half = np.array(START) * (1 - 0.05 * SCALE)
    assert float(losses(explorer.picture)["plain"]) == pytest.approx(bowl(half), rel=1e-3)
    controls(explorer)["rates ×"].value = "8"  # 0.8 times 4 is above 2
    controls(explorer)["step"].value = 20
    assert losses(explorer.picture)["plain"] == "lost"
    assert not re.search(r"\b(nan|inf)\b|\d{7}", explorer.picture)
    ET.fromstring(f"<div>{explorer.picture}</div>")


def test_each_path_has_a_dash_of_its_own_and_stands_in_the_legend():
    pictures = list(ET.fromstring(f"<div>{build().picture}</div>"))
    legend, where = pictures[0], pictures[1]
    names = [text.text for text in legend.iter("{http://www.w3.org/2000/svg}text")]
    paths = {p.get("data-curve"): p for p in where.iter("{http://www.w3.org/2000/svg}path") if p.get("data-curve")}
    assert names == list(paths) == ["plain", "momentum", "Adam"]
    assert len({p.get("stroke-dasharray") for p in paths.values()}) == 3
    assert len(re.findall("[ML]", paths["plain"].get("d"))) == 21
    assert [p for p in where.iter() if p.get("data-role") == "contours"]


def test_a_move_is_quick(stopwatch):
    explorer = build(60)
    step = controls(explorer)["step"]
    for k in range(10):
        with stopwatch:
            step.value = k
    assert stopwatch.milliseconds() < 10


def test_a_loss_far_below_a_millionth_is_drawn_as_low_as_it_is():
    explorer = build(60)
    heights = [label for label in re.findall(r">(−?\d+)</text>", explorer.picture) if label.startswith("−")]
    assert min(int(label.replace("−", "-")) for label in heights) < -6
