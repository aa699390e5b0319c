"""The explorer of backpropagation shows the arrays of a network in the order of its passes, and shares that add up."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib import losses
from bplib.activations import tanh
from bplib.layers import Activation, Dropout, Linear
from bplib.networks import Sequential
from bplib.pictures import explorers

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])


def network():
    rng = np.random.default_rng(1)
    return Sequential(Linear(3, 4, rng), Activation(tanh), Linear(4, 2, rng))


def build(net=None):
    return explorers.backpropagation_explorer(net or network(), losses.softmax_cross_entropy, X, Y)


def controls(explorer):
    return explorer.controls


def shown(explorer):
    """The names of the arrays in the picture."""
    return re.findall(r'data-array="(\w+)"', explorer.picture)


def opacities(explorer, name):
    (cells,) = re.findall(rf'data-array="{name}">(.*?)</g>', explorer.picture)
    return [float(o) for o in re.findall(r'fill-opacity="([\d.]+)"', cells)]


def test_arrays_come_forward_and_gradients_come_back():
    explorer = build()
    step = controls(explorer)["step"]
    known = {"X", "W1", "b1", "W2", "b2"}
    news = [set(), {"Z1"}, {"A1"}, {"Z2"}, set(), {"dZ2"}, {"dW2", "db2"}, {"dA1"}, {"dZ1"}, {"dW1", "db1"}]
    assert step.max == len(news) - 1
    for step.value, new in enumerate(news):
        known |= new
        assert set(shown(explorer)) == known
    assert "dW1 = Xᵀ dZ1: (3, 5) times (5, 4) gives (3, 4)" in explorer.picture


def test_a_gradient_is_the_networks_and_the_shares_of_the_examples_add_up_to_it():
    net = network()
    net.backward(losses.softmax_cross_entropy_grad(net.forward(X), Y))
    explorer = build()
    step, who = controls(explorer)["step"], controls(explorer)["example"]
    step.value = step.max
    whole = np.abs(net.grads["0.W"]) / np.abs(net.grads["0.W"]).max()
    np.testing.assert_allclose(opacities(explorer, "dW1")[:12], 0.9 * whole.ravel(), atol=0.006)
    film = explorer._draw.__self__
    for name, key in {"0.W": "dW1", "0.b": "db1", "2.W": "dW2", "2.b": "db2"}.items():
        np.testing.assert_allclose(film.shares["all"][key], net.grads[name])
        np.testing.assert_allclose(sum(film.shares[i][key] for i in range(5)), net.grads[name])
    who.value = 2
    assert "Example 3 alone" in explorer.picture
    assert not any(opacities(explorer, "dZ1")[:8])  # the rows of the first two examples


def test_the_network_is_left_as_it_is():
    net = network()
    before = {name: array.copy() for name, array in net.params.items()}
    build(net)
    assert all(np.array_equal(before[name], net.params[name]) for name in before)
    assert not any(g.any() for g in net.grads.values())


def test_the_static_picture_is_the_last_step_and_stays():
    first, second = build(), build()
    for control in controls(second).values():
        control.value = getattr(control, "max", 1)
    assert first._static == second._static
    assert "db1" in first._static["text/html"] and "<script" not in first._static["text/html"]
    ET.fromstring(f"<div>{first._static['text/html']}</div>")
    assert "W1     (3, 4)" in first._static["text/plain"]


def test_every_control_has_a_description():
    assert list(controls(build())) == ["step", "example"]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="Dropout"):
        build(Sequential(Linear(3, 4, RNG), Activation(tanh), Dropout(0.5, RNG)))
    with pytest.raises(ValueError, match=r"W1 is \(3, 40\)"):
        build(Sequential(Linear(3, 40, RNG), Activation(tanh), Linear(40, 2, RNG)))
