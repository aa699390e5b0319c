"""The explorer of pooling gives each gradient back once, and shows dx as it grows."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.pictures import explorers
from bplib.pooling import avg_pool_backward, max_pool, max_pool_backward

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}"
X = np.array([[1.0, 3, 2, 0], [4, 4, 1, 5], [0, 2, 6, 1], [2, 1, 0, 3]])
UPSTREAMS = {2: np.array([[1.0, 2], [3, 4]]), 1: np.array([[1.0, 2, 1], [3, 4, 2], [2, 1, 5]])}


def build():
    return explorers.pooling_explorer(X, UPSTREAMS)


def controls(explorer):
    return explorer.controls


def field(explorer, name):
    picture, _ = ET.fromstring(f"<div>{explorer.picture}</div>")
    (group,) = [g for g in picture.iter(f"{SVG}g") if g.get("data-field") == name]
    return np.array([float(t.text.replace("−", "-")) for t in list(group.iter(f"{SVG}text"))[1:]])


def chosen(explorer, name):
    """The filled cells of a field."""
    part = explorer.picture.split(f'data-field="{name}"')[1].split("</g>")[0]
    return [tuple(map(int, place.split())) for place in re.findall(r'data-chosen="(\d+ \d+)"', part)]


@pytest.mark.parametrize("stride", [2, 1])
def test_after_the_last_step_dx_is_the_backward_of_the_package(stride):
    explorer, dy = build(), UPSTREAMS[stride]
    controls(explorer)["stride"].value = stride
    step = controls(explorer)["step"]
    assert step.max == dy.size
    step.value = dy.size
    image, up = X[None, None], dy[None, None]
    y = max_pool(image, 2, stride)
    np.testing.assert_array_equal(field(explorer, "y"), y.ravel())
    np.testing.assert_array_equal(field(explorer, "dy"), dy.ravel())
    np.testing.assert_array_equal(field(explorer, "dx"), max_pool_backward(up, y, image, 2, stride).ravel())
    controls(explorer)["pooling"].value = "mean"
    means = avg_pool_backward(up, y, image, 2, stride).ravel()
    np.testing.assert_allclose(field(explorer, "dx"), means, atol=0.0051)


def test_each_step_adds_the_gradient_of_one_window_and_both_sums_are_told():
    explorer = build()
    step, sent = controls(explorer)["step"], 0.0
    step.value = 0
    assert not field(explorer, "dx").any() and "zero everywhere" in explorer.picture
    for k, given in enumerate(UPSTREAMS[2].ravel(), start=1):
        step.value, sent = k, sent + given
        assert field(explorer, "dx").sum() == sent
        assert f"dy adds up to {sent:g}, and dx to {sent:g}" in explorer.picture


def test_in_a_tie_the_first_gets_it_and_the_mean_goes_to_all():
    explorer = build()
    controls(explorer)["step"].value = 1
    assert chosen(explorer, "x") == chosen(explorer, "dx") == [(1, 0)]
    assert chosen(explorer, "y") == chosen(explorer, "dy") == [(0, 0)]
    controls(explorer)["pooling"].value = "mean"
    assert chosen(explorer, "dx") == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_a_shorter_film_ends_at_its_last_step():
    explorer = build()
    controls(explorer)["stride"].value = 1
    controls(explorer)["step"].value = 9
    controls(explorer)["stride"].value = 2
    assert controls(explorer)["step"].value == 4
    assert "Window 4 of 4" in explorer.picture


def test_the_static_picture_is_the_last_step_of_the_first_stride_and_stays():
    first, second = build(), build()
    controls(second)["stride"].value = 1
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1] and static[0]["text/plain"].startswith("Window 4 of 4")
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_every_control_has_a_description():
    assert list(controls(build())) == ["pooling", "stride", "step"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"there are \(2, 2\) windows, and dy is \(3, 3\)"):
        explorers.pooling_explorer(X, {2: UPSTREAMS[1]})
    with pytest.raises(ValueError, match=r"x is \(8, 8\)"):
        explorers.pooling_explorer(np.zeros((8, 8)), {2: np.zeros((4, 4))})
