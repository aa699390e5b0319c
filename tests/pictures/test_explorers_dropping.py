"""The explorer of dropout lets through what its mask keeps, scaled, in both directions."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib.pictures import explorers

RNG = np.random.default_rng(0)
X = RNG.integers(1, 17, size=(4, 5)).astype(float)
DY = RNG.normal(size=(4, 5))
UNIFORM = RNG.random((30, 4, 5))


def build():
    return explorers.dropout_explorer(X, DY, UNIFORM)


def said(explorer):
    return re.search("<p>(.*)</p>", explorer.picture).group(1)


def sums(explorer):
    return dict(re.findall(r"(mean of y|x|y) ([\d.]+\d)", said(explorer).split("entries: ")[1]))


def test_the_bundle_holds_the_widget_and_a_static_picture_that_no_move_changes():
    first, second = build(), build()
    controls(second)["p"].value = 0.9
    controls(second)["draw"].value = 30
    bundles = [explorer._repr_mimebundle_() for explorer in (first, second)]
    assert all(set(bundle) == {WIDGET, "text/html", "text/plain"} for bundle in bundles)
    static = [{kind: value for kind, value in bundle.items() if kind != WIDGET} for bundle in bundles]
    assert static[0] == static[1]
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_the_sums_are_those_of_the_kept_entries_times_their_scale():
    explorer = build()
    controls(explorer)["p"].value = 0.2
    controls(explorer)["draw"].value = 7
    y = X * (UNIFORM[:7] >= 0.2) / 0.8
    assert f"{int((UNIFORM[6] >= 0.2).sum())} of 20 entries are kept, each times 1.25" in said(explorer)
    needed = {"x": X.sum(), "y": y[6].sum(), "mean of y": y.mean(axis=0).sum()}
    assert sums(explorer) == {name: f"{value:.1f}" for name, value in needed.items()}


def test_without_dropout_all_goes_through_and_the_fields_are_equal():
    explorer = build()
    controls(explorer)["p"].value = 0.0
    forward = ET.fromstring(f"<div>{explorer.picture}</div>")[0]
    assert [r.get("data-field") for r in forward.iter() if r.get("data-field")] == ["x", "mask", "y", "mean of 1"]
    fields = {}
    for path in forward.iter("{http://www.w3.org/2000/svg}path"):
        fields.setdefault(path.get("transform"), []).append((path.get("d"), path.get("fill-opacity")))
    x, _, y, mean = fields.values()
    assert x == y == mean


def test_the_upstream_has_a_dash_for_each_negative_entry_and_what_was_dropped_has_none():
    explorer = build()
    kept = UNIFORM[0] >= 0.5
    dashes = re.findall('data-role="minus" d="([^"]+)"', explorer.picture)
    assert [path.count("M") for path in dashes] == [np.sum(DY < 0), np.sum((DY < 0) & kept)]


def test_fields_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="needed are"):
        explorers.dropout_explorer(X, DY.T, UNIFORM)


def test_a_move_is_quick(stopwatch):
    explorer = build()
    draw = controls(explorer)["draw"]
    for k in range(2, 12):
        with stopwatch:
            draw.value = k
    assert stopwatch.milliseconds() < 10
