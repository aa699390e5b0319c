"""Promise: layers inside of a layer are part of the network around it, in gradients, memory and copies; and what they
make possible works: a transformer learns, and looks at nothing that is still to come.
"""

import copy
import pickle
import re

import numpy as np
import pytest

from bplib.activations import gelu, relu, tanh
from bplib.attention import MultiHeadAttention
from bplib.blocks import Container, PositionWise, Residual, residual
from bplib.gradcheck import first_wrong_gradient, relative_error
from bplib.layers import Activation, Dropout, Embedding, Linear
from bplib.losses import mse, mse_grad, softmax_cross_entropy, softmax_cross_entropy_grad
from bplib.networks import Arrays, Sequential, add_l2
from bplib.normalization import BatchNorm, LayerNorm
from bplib.optimizers import Adam
from bplib.positions import Positions
from bplib.sequences import EachStep
from bplib.training import train

D = 4


def block(rng, d=D, heads=2, activation=gelu, p=0.0):
    """A block of a transformer, the layer norms before what they serve."""
    steps = PositionWise(Linear(d, 4 * d, rng), Activation(activation), Linear(4 * d, d, rng))
    return [
        Residual(LayerNorm(d), MultiHeadAttention(d, heads, rng, causal=True), Dropout(p, rng)),
        Residual(LayerNorm(d), steps, Dropout(p, rng)),
    ]


def transformer(rng, v=5, length=6, d=D, blocks=1, **settings):
    """From ids (n, t) to a row of v logits for each step, (n t, v)."""
    parts = [part for _ in range(blocks) for part in block(rng, d, **settings)]
    return Sequential(
        Embedding(v, d, rng), Positions(length, d, rng), *parts, LayerNorm(d), EachStep(), Linear(d, v, rng)
    )


def nested(seed=0):
    """Containers in containers, with every kind of layer that keeps something."""
    rng = np.random.default_rng(seed)
    deep = Residual(Linear(2, 2, rng), Residual(Activation(tanh), Container(Linear(2, 2, rng), BatchNorm(2))))
    net = Sequential(Linear(2, 2, rng), deep, LayerNorm(2), Residual(Linear(2, 2, rng)), Linear(2, 1, rng))
    moved(net, rng)
    return net


def moved(net, rng):
    """Away from the start, where vectors are 0 or 1 and hide mistakes."""
    net.params.flat += 0.3 * rng.normal(size=net.params.flat.size)
    return net


X, Y = np.random.default_rng(5).normal(size=(7, 2)), np.random.default_rng(6).normal(size=(7, 1))


def inner_layers(layer, name=""):
    """Every layer that owns its arrays, with the beginning of their names in the network."""
    inside = getattr(getattr(layer, "inside", layer), "layers", None)
    if inside is None:
        yield name, layer
        return
    for i, other in enumerate(inside):
        yield from inner_layers(other, f"{name}{i}.")


def assert_one_memory(net):
    for kind in ("params", "grads"):
        arrays = getattr(net, kind)
        arrays.flat[...] = np.arange(arrays.flat.size)
        seen = {}
        for name, layer in inner_layers(net):
            for own, array in getattr(layer, kind).items():
                assert np.shares_memory(array, arrays.flat)
                np.testing.assert_array_equal(array, arrays[name + own])
                seen[name + own] = array
        assert list(seen) == list(arrays)
        for layer in net.layers:
            for container in containers(layer):
                assert list(getattr(container, kind)) == list(getattr(container.inside, kind))
                for array in getattr(container, kind).values():
                    assert np.shares_memory(array, arrays.flat)


def containers(layer):
    if isinstance(layer, Container):
        yield layer
        for other in layer.inside.layers:
            yield from containers(other)


# The residual connection


def test_a_residual_is_what_came_in_and_what_the_layers_add():
    rng = np.random.default_rng(0)
    layer, x, dy = Residual(Linear(3, 3, rng), Activation(tanh)), rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    inner = copy.deepcopy(layer.inside)
    y = layer.forward(x)
    np.testing.assert_array_equal(y, x + inner.forward(x))
    np.testing.assert_array_equal(layer.predict(x), y)
    np.testing.assert_array_equal(layer.backward(dy), dy + inner.input_gradient(dy))
    for name, g in inner.grads.items():
        np.testing.assert_array_equal(layer.grads[name], g)
        assert g.any()


def test_layers_that_add_nothing_leave_both_ways_as_they_are():
    layer, x = Residual(Linear(3, 3, np.random.default_rng(0))), np.random.default_rng(1).normal(size=(5, 3))
    for p in layer.params.values():
        p[...] = 0.0
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_a_residual_keeps_the_gradient_where_a_chain_of_layers_loses_it():
    # Each layer alone divides a gradient by 10; beside a way around, it adds a tenth to it.
    def chain(layer):
        return Sequential(*(layer() for _ in range(20)))

    def tenth():
        layer = Linear(1, 1, np.random.default_rng(0))
        layer.params["W"][...] = 0.1
        return layer

    x = dy = np.ones((1, 1))
    plain, around = chain(tenth), chain(lambda: Residual(tenth()))
    plain.forward(x), around.forward(x)
    np.testing.assert_allclose(plain.input_gradient(dy), [[1e-20]], rtol=1e-12)
    np.testing.assert_allclose(around.input_gradient(dy), [[1.1**20]], rtol=1e-12)


def test_layers_of_another_width_are_refused_and_so_is_what_is_no_layer():
    rng = np.random.default_rng(0)
    layer = Residual(Linear(3, 2, rng))
    with pytest.raises(ValueError, match=r"^residual: x is \(5, 3\) but f is \(5, 2\); their shapes must be equal$"):
        layer.forward(np.ones((5, 3)))
    with pytest.raises(ValueError, match=r"^residual: x holds int64"):
        residual(np.ones(3, int), np.ones(3))
    with pytest.raises(ValueError, match=r"there are no layers"):
        Residual()
    with pytest.raises(TypeError, match=r"function has no params"):
        Residual(tanh)
    with pytest.raises(ValueError, match=r"^Linear.backward needs a forward before it"):
        Residual(Linear(3, 3, rng)).backward(np.ones((5, 3)))


# The same at every step


def test_position_wise_layers_see_each_step_by_itself():
    rng = np.random.default_rng(0)
    layer = PositionWise(Linear(3, 8, rng), Activation(relu), Linear(8, 2, rng))
    x, dy = rng.normal(size=(5, 4, 3)), rng.normal(size=(5, 4, 2))
    inner, total = copy.deepcopy(layer.inside), 0.0
    y = layer.forward(x)
    np.testing.assert_array_equal(layer.predict(x), y)
    dx = layer.backward(dy)
    assert (y.shape, dx.shape) == (dy.shape, x.shape)
    for t in range(4):
        np.testing.assert_allclose(y[:, t], inner.forward(x[:, t]), rtol=1e-13)
        np.testing.assert_allclose(dx[:, t], inner.input_gradient(dy[:, t]), rtol=1e-13)
        total += inner.grads.flat
    np.testing.assert_allclose(np.concatenate([g.ravel() for g in layer.grads.values()]), total, rtol=1e-12)


def test_what_is_no_sequence_is_refused():
    layer = PositionWise(Linear(3, 2, np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"^PositionWise.backward needs a forward before it"):
        layer.backward(np.ones((5, 4, 2)))
    for shape in ((5, 3), (5, 0, 3)):
        with pytest.raises(ValueError, match=r"^PositionWise: x is \(5, .*\); needed is \(n, t, d\), t at least 1$"):
            layer.forward(np.ones(shape))
    layer.forward(np.ones((5, 4, 3)))
    with pytest.raises(
        ValueError, match=r"^PositionWise.backward: dy is \(20, 2\); needed is the shape of y, \(5, 4, 2\)$"
    ):
        layer.backward(np.ones((20, 2)))


# One memory


def test_the_arrays_of_layers_inside_are_named_by_their_way():
    assert [name for name in nested().params if name.startswith(("1.", "3."))] == [
        *("1.0.W", "1.0.b", "1.1.1.0.W", "1.1.1.0.b", "1.1.1.1.gamma", "1.1.1.1.beta"),
        *("3.0.W", "3.0.b"),
    ]


@pytest.mark.parametrize(
    "copied",
    [
        lambda net: net,
        copy.deepcopy,
        lambda net: pickle.loads(pickle.dumps(net)),
        lambda net: net.astype(np.float32).astype(np.float64),
        lambda net: Sequential(*map(copy.deepcopy, net.layers)),
    ],
    ids=["the network", "deepcopy", "pickle", "astype and back", "of copied layers"],
)
def test_a_network_with_containers_is_one_memory_and_says_the_same(copied):
    net = nested()
    net.forward(X)
    expected, vector = net.predict(X), net.params.flat.copy()
    other = copied(net)
    np.testing.assert_allclose(other.predict(X), expected, rtol=1e-5)
    for name, array in other.params.items():
        np.testing.assert_allclose(array, net.params[name], rtol=1e-6)
    assert_one_memory(other)
    if other is not net:
        np.testing.assert_allclose(net.params.flat, vector, rtol=1e-6)
        np.testing.assert_allclose(net.predict(X), expected, rtol=1e-5)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_a_copy_of_a_container_is_free_and_learns_by_itself(copied):
    net = nested()
    free = copied(net.layers[1])
    kept = net.params.flat.copy()
    other = Sequential(free)
    other.params.flat += 1.0
    assert_one_memory(other)
    np.testing.assert_array_equal(net.params.flat, kept)


def test_a_container_alone_has_the_arrays_of_its_layers_too():
    layer = Residual(Linear(2, 2, np.random.default_rng(0)))
    before = layer.predict(X)
    layer.params["0.W"][...] = 0.0
    np.testing.assert_array_equal(layer.predict(X), X)
    with pytest.raises(TypeError):
        layer.params["0.W"] = np.ones((2, 2))  # which its layer would not see
    layer.params = {name: np.zeros(p.shape, np.float32) for name, p in layer.params.items()}
    assert layer.inside.layers[0].params["W"].dtype == np.float32
    assert (before != X).any()


def test_a_container_that_stands_in_a_network_and_what_is_in_it_are_refused_by_another():
    net = nested()
    for taken, name in ((net.layers[1], "Residual"), (net.layers[1].inside.layers[0], "Linear")):
        for network in (Sequential, Residual):
            with pytest.raises(ValueError, match=f"{name} belongs to a network already"):
                network(taken)
    with pytest.raises(TypeError, match="write into them"):
        net.layers[1].params["0.W"] = np.ones((2, 2))
    with pytest.raises(TypeError, match="write into them"):
        net.layers[1].inside.layers[0].params["W"] = np.ones((2, 2))


def test_the_statistics_of_layers_inside_are_of_the_state():
    net = nested()
    net.forward(X)
    assert set(net.state) - set(net.params) == {"1.1.1.1.mean", "1.1.1.1.variance"}
    other = nested(seed=1)
    for name, array in net.state.items():
        other.state[name][...] = array
    np.testing.assert_array_equal(other.predict(X), net.predict(X))


def test_l2_reaches_the_weights_inside_and_an_optimizer_moves_them():
    net = nested()
    net.backward(mse_grad(net.forward(X), Y))
    before, gradients = net.params.flat.copy(), {name: g.copy() for name, g in net.grads.items()}
    add_l2(net, 0.5)
    np.testing.assert_allclose(net.grads["1.0.W"], gradients["1.0.W"] + 0.5 * net.params["1.0.W"], rtol=1e-14)
    Adam(0.01).step(net.params, net.grads)
    assert (net.params.flat != before).all()
    assert isinstance(net.layers[1].params, Arrays)


# Gradients


def test_every_gradient_in_nested_containers_agrees_with_differences():
    assert first_wrong_gradient(nested(), mse, X, Y) == ""


def test_backward_of_a_network_that_begins_with_a_container_is_input_gradient():
    rng = np.random.default_rng(0)
    net = Sequential(Residual(Linear(2, 2, rng)), Linear(2, 1, rng))
    dy = mse_grad(net.forward(X), Y)
    net.input_gradient(dy)
    expected = net.grads.flat.copy()
    net.grads.flat[...] = np.nan
    net.backward(dy)
    np.testing.assert_array_equal(net.grads.flat, expected)


@pytest.mark.parametrize("activation", [gelu, relu])
def test_every_gradient_of_a_transformer_agrees_with_differences(activation):
    rng = np.random.default_rng(3)
    net = moved(transformer(rng, blocks=2, activation=activation), rng)
    ids, labels = rng.integers(5, size=(3, 5)), rng.integers(5, size=15)
    assert first_wrong_gradient(net, softmax_cross_entropy, ids, labels) == ""


def test_dropouts_inside_of_containers_drop_the_same_while_gradients_are_checked():
    rng = np.random.default_rng(3)
    net = moved(transformer(rng, p=0.4), rng)
    ids, labels = rng.integers(5, size=(3, 5)), rng.integers(5, size=15)
    assert (net.forward(ids) != net.forward(ids)).any()
    assert first_wrong_gradient(net, softmax_cross_entropy, ids, labels) == ""
    np.testing.assert_array_equal(net.predict(ids), net.predict(ids))


def test_a_mistake_inside_of_a_container_is_named_by_its_way(monkeypatch):
    rng = np.random.default_rng(3)
    net = moved(transformer(rng), rng)
    ids, labels = rng.integers(5, size=(3, 5)), rng.integers(5, size=15)
    right = MultiHeadAttention.backward

    def wrong(layer, dy):
        dx = right(layer, dy)
        layer.grads["Wk"] *= 1.001
        return dx

    monkeypatch.setattr(MultiHeadAttention, "backward", wrong)
    assert re.match(r"worst at 2\.1\.Wk\[\d, \d\], ", first_wrong_gradient(net, softmax_cross_entropy, ids, labels))


def test_the_gradient_of_a_transformer_along_any_direction_is_that_of_its_loss():
    # Whole, where first_wrong_gradient looks at layer by layer.
    rng = np.random.default_rng(3)
    net = moved(transformer(rng, blocks=2), rng)
    ids, labels = rng.integers(5, size=(3, 5)), rng.integers(5, size=15)
    net.backward(softmax_cross_entropy_grad(net.forward(ids), labels))
    kept, gradient = net.params.flat.copy(), net.grads.flat.copy()
    for _ in range(5):
        direction, values = rng.normal(size=kept.size), []
        for h in (1e-5, -1e-5):
            net.params.flat[...] = kept + h * direction
            values.append(softmax_cross_entropy(net.predict(ids), labels))
        assert relative_error((values[0] - values[1]) / 2e-5, gradient @ direction) < 1e-6


# A transformer


def test_a_transformer_sees_nothing_that_is_still_to_come():
    rng = np.random.default_rng(3)
    net = moved(transformer(rng, blocks=2), rng)
    ids = rng.integers(5, size=(7, 6))
    z = net.predict(ids).reshape(7, 6, 5)
    for t in range(1, 6):
        other = ids.copy()
        other[:, t:] = (other[:, t:] + rng.integers(1, 5, size=(7, 6 - t))) % 5
        changed = net.predict(other).reshape(7, 6, 5)
        np.testing.assert_allclose(changed[:, :t], z[:, :t], rtol=1e-12)
        assert (changed[:, t:] != z[:, t:]).all()
    np.testing.assert_allclose(net.predict(ids[:, :3]).reshape(7, 3, 5), z[:, :3], rtol=1e-12)


def test_a_transformer_of_float32_stays_float32():
    rng = np.random.default_rng(3)
    net = transformer(rng, p=0.1).astype(np.float32)
    ids = rng.integers(5, size=(3, 6))
    z = net.forward(ids)
    net.backward(np.ones_like(z))
    Adam(0.01).step(net.params, net.grads)
    assert z.dtype == net.predict(ids).dtype == net.params.flat.dtype == net.grads.flat.dtype == np.float32
    dz = np.ones_like(z)
    for layer in reversed(net.layers[1:]):
        dz = layer.backward(dz)
        assert dz.dtype == np.float32


def repeated(rng, n):
    """Four letters of five and then the same four again: what comes next is known in the second half."""
    half = rng.integers(5, size=(n, 4))
    letters = np.hstack([half, half])
    return letters[:, :-1], letters[:, 1:]


def test_a_transformer_learns_to_copy():
    rng = np.random.default_rng(0)
    net = transformer(rng, length=7, d=16)
    x, y = repeated(rng, 512)
    train(net, softmax_cross_entropy, x, y, Adam(0.01), epochs=30, batch_size=64, rng=rng)
    x, y = repeated(rng, 256)
    said = net.predict(x).reshape(256, 7, 5).argmax(axis=2)
    assert (said[:, 3:] == y[:, 3:]).mean() > 0.99
    # No letter tells the next by itself, so one that copies has to look back.
    assert (said[:, :3] == y[:, :3]).mean() < 0.4
