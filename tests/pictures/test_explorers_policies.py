"""The explorer of a policy shows its arrows, its expected return and the variance of its gradient, all exact."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.activations import softmax
from bplib.pictures import explorers
from bplib.worlds import GridWorld

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}"
WORLD = GridWorld(["S..", ".#.", "..G"], 5)
RUNS = {
    name: np.random.default_rng(k).normal(size=(12, 8, 4)).cumsum(axis=0) for k, name in enumerate(("plain", "kind"))
}


def build(**more):
    return explorers.policy_explorer(**({"world": WORLD, "runs": RUNS, "episode": 3} | more))


def controls(explorer):
    return explorer.controls


def pictures(explorer):
    return ET.fromstring(f"<div>{explorer.picture}</div>").findall(f"{SVG}svg")


def arrows(explorer):
    """(x, y, end x, end y) of every arrow."""
    (path,) = [p for p in pictures(explorer)[0].iter(f"{SVG}path") if p.get("data-role") == "arrows"]
    return np.array([re.findall(r"[\d.]+", part) for part in path.get("d").split("M")[1:]], dtype=float)


def said(explorer):
    words = re.search(r"<p>(.*)</p>", explorer.picture).group(1).replace("−", "-")
    found = re.search(r"return (-?[\d.]+)\. .*variance (-?[\d.]+) without a baseline, (-?[\d.]+) with", words)
    return np.array(found.groups(), dtype=float)


@pytest.mark.parametrize("name, bonus", [("plain", 0.0), ("kind", 0.0), ("kind", 1.5)])
@pytest.mark.parametrize("episode", [0, 3, 11])
def test_the_caption_tells_the_exact_return_and_both_variances(name, bonus, episode):
    explorer = build(bonus=bonus)
    controls(explorer)["training"].value = name
    controls(explorer)["episode"].value = episode
    theta = RUNS[name][episode]
    J = WORLD.expected_return(theta)
    # A bonus moves the return, and J with it: only without a baseline does the gradient feel it.
    exact = [J + bonus, WORLD.gradient_variance(theta, -bonus), WORLD.gradient_variance(theta, J)]
    np.testing.assert_allclose(said(explorer), exact, atol=0.0051)
    assert f"{name.capitalize()}, after {episode} of 11 episodes" in explorer.picture


def test_arrows_are_as_long_as_actions_are_probable_and_there_is_none_in_the_goal():
    runs = {"same": np.tile(np.random.default_rng(3).normal(size=(8, 4)) * 0.5, (2, 1, 1))}
    drawn = arrows(build(runs=runs, episode=0))
    pi = softmax(runs["same"][0])[:7].ravel()
    assert len(drawn) == 28 and pi.min() > 0.01
    lengths = np.hypot(drawn[:, 2] - drawn[:, 0], drawn[:, 3] - drawn[:, 1])
    np.testing.assert_allclose(lengths, 33 * pi, atol=0.11)
    ways = np.sign(np.round((drawn[:4, 2:] - drawn[:4, :2]), 2))
    np.testing.assert_array_equal(ways, [(0, -1), (1, 0), (0, 1), (-1, 0)])


def test_cells_and_walls_are_those_of_the_plan():
    kinds = [r.get("data-role") for r in pictures(build())[0].iter(f"{SVG}rect")]
    assert kinds == ["cell"] * 4 + ["wall"] + ["cell"] * 4


def test_there_are_curves_of_both_runs_and_of_both_variances():
    curves = [[p.get("data-curve") for p in svg.iter(f"{SVG}path") if p.get("data-curve")] for svg in pictures(build())]
    assert [names for names in curves if names] == [["plain", "kind"], ["with baseline J", "without a baseline"]]


def test_the_static_picture_is_the_first_and_stays():
    first, second = build(), build()
    controls(second)["episode"].value = 7
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1] and static[0]["text/plain"].startswith("Plain, after 3 of 11 episodes")
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    long = {name: np.repeat(thetas, 20, axis=0) for name, thetas in RUNS.items()}
    explorer = build(runs=long)
    for value in range(10, 40):
        with stopwatch:
            controls(explorer)["episode"].value = value
    assert stopwatch.milliseconds() < 10


@pytest.mark.parametrize(
    "runs",
    [
        {},
        {"a": np.zeros((3, 8, 4)), "b": np.zeros((4, 8, 4))},
        {"a": np.zeros((8, 4))},
        {"a": np.zeros((3, 4, 8))},
        dict.fromkeys("abc", np.zeros((3, 8, 4))),
    ],
    ids=["none", "two lengths", "one table", "turned", "three"],
)
def test_runs_that_do_not_fit_are_refused(runs):
    with pytest.raises(ValueError, match="runs is"):
        build(runs=runs, episode=0)
