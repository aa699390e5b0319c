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
from bplib.pictures.explorers import stored

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


def cells(explorer, name):
    (found,) = re.findall(rf'data-array="{name}">(.*?)</g>', explorer.picture)
    return found


def opacities(explorer, name):
    return [float(o) for o in re.findall(r'<rect [^>]*fill-opacity="([\d.]+)" stroke=', cells(explorer, name))]


def numbers(explorer, name):
    """What stands in the cells; the last text is the name of the array."""
    return re.findall(r"<text [^>]*>([^<]*)</text>", cells(explorer, name))[:-1]


def framed(explorer, role):
    return re.findall(rf'data-role="{role}" data-of="(\w+)"', explorer.picture)


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
    film = explorer._draw.__self__
    largest = max(np.abs(g).max() for key, g in film.shares["all"].items() if key != "dX")  # one scale for gradients
    np.testing.assert_allclose(opacities(explorer, "dW1"), 0.5 * np.abs(net.grads["0.W"]).ravel() / largest, atol=0.006)
    for name, key in {"0.W": "dW1", "0.b": "db1", "2.W": "dW2", "2.b": "db2"}.items():
        np.testing.assert_allclose(film.shares["all"][key], net.grads[name])
        np.testing.assert_allclose(sum(film.shares[i][key] for i in range(5)), net.grads[name])
    who.value = 2
    assert "Example 2 alone" in explorer.picture
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
        control.value = control.max
    assert first._static == second._static
    assert "db1" in first._static["text/html"] and "<script" not in first._static["text/html"]
    ET.fromstring(f"<div>{first._static['text/html']}</div>")
    assert "W1     (3, 4)" in first._static["text/plain"]


def test_every_control_has_a_description():
    assert list(controls(build())) == ["step", "example", "entry of dW1"]


def test_a_cell_holds_its_number_to_two_decimals():
    explorer = build()
    assert numbers(explorer, "X") == [f"{x:.2f}".replace("-", "−") for x in X.ravel()]
    assert "−0.00" not in explorer.picture


def test_a_step_frames_what_it_is_computed_from():
    explorer = build()
    operands = []
    for controls(explorer)["step"].value in range(10):
        operands.append(set(framed(explorer, "operand")))
    forward = [set(), {"X", "W1", "b1"}, {"Z1"}, {"A1", "W2", "b2"}, {"Z2"}, {"Z2"}]
    assert operands == [*forward, {"A1", "dZ2"}, {"dZ2", "W2"}, {"dA1", "A1"}, {"X", "dZ1"}]


def test_an_entry_of_dW1_frames_two_columns_and_shows_the_products_and_their_sum():
    explorer = build()
    step, who, entry = controls(explorer).values()
    entry.value = (1, 2)
    assert framed(explorer, "column") == ["X"] and "which is not there yet" in explorer.picture
    step.value = step.max
    assert framed(explorer, "column") == ["X", "dZ1"] and framed(explorer, "entry") == ["dW1"]
    film = explorer._draw.__self__
    products = [f"{x * dz:.3f}" for x, dz in zip(X[:, 1], film.shares["all"]["dZ1"][:, 2], strict=True)]
    shown_ = re.findall(r'data-role="product" >[^=]*= ([^<]*)<', explorer.picture)
    assert [float(text.replace("−", "-")) for text in shown_] == [float(p) for p in products]
    total = film.shares["all"]["dW1"][1, 2]
    assert f"sum {total:.3f}".replace("-", "−") in explorer.picture
    who.value = 0
    assert explorer.picture.count('fill-opacity="0.35"') == 4  # the products of the others


def test_one_example_alone_is_no_choice():
    net = network()
    explorer = explorers.backpropagation_explorer(net, losses.softmax_cross_entropy, X[:1], Y[:1])
    assert [*controls(explorer)] == ["step", "entry of dW1"]


def test_on_a_page_all_of_it_is_there():
    page = stored.page(build())
    assert len(page) < stored.BYTES and "in larger steps" not in page


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="Dropout"):
        build(Sequential(Linear(3, 4, RNG), Activation(tanh), Dropout(0.5, RNG)))
    with pytest.raises(ValueError, match=r"W1 is \(3, 40\)"):
        build(Sequential(Linear(3, 40, RNG), Activation(tanh), Linear(40, 2, RNG)))
