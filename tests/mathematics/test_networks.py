"""Promise: a network's gradients are right, and its layers, its dicts and its vectors are the same memory."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest

from bplib.activations import relu, sigmoid, softmax, tanh
from bplib.gradcheck import central_difference, relative_error
from bplib.layers import Activation, Dropout, Linear, l2
from bplib.losses import binary_cross_entropy_with_logits, mse, mse_grad, softmax_cross_entropy
from bplib.networks import Arrays, Sequential, add_l2
from bplib.normalization import BatchNorm, LayerNorm
from bplib.operations import find
from bplib.optimizers import Adam

XOR_X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def network(*sizes, activation=tanh, seed=0):
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [Linear(n_in, n_out, rng), Activation(activation)]
    return Sequential(*layers[:-1])


def precise_difference(f, x):
    """Central differences of two steps, combined so that their errors of order h^2 cancel.

    A slope of a deep network may be small beside its loss: then rounding asks for a large step.
    """
    return (4 * central_difference(f, x, h=5e-4) - central_difference(f, x, h=1e-3)) / 3


@pytest.mark.parametrize("activation", [tanh, sigmoid, relu, softmax], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "loss", [mse, binary_cross_entropy_with_logits, softmax_cross_entropy], ids=lambda f: f.__name__
)
def test_every_gradient_of_a_network_agrees_with_differences(activation, loss):
    rng = np.random.default_rng(1)
    net = network(3, 6, 5, 2, activation=activation)
    for name, parameter in net.params.items():
        if name.endswith("b"):
            parameter[...] = rng.normal(size=parameter.shape)
    x = rng.normal(size=(7, 3))
    truth = {mse: rng.normal(size=(7, 2)), softmax_cross_entropy: rng.integers(2, size=7)}.get(
        loss, rng.uniform(size=(7, 2))
    )
    difference = central_difference if activation is relu else precise_difference  # no large steps around kinks
    dx = net.input_gradient(find(loss).backward(net.forward(x), truth))

    for name, parameter in net.params.items():
        kept = parameter.copy()

        def loss_at(moved, parameter=parameter):
            parameter[...] = moved
            return loss(net.forward(x), truth)

        assert relative_error(net.grads[name], difference(loss_at, kept)) < 1e-6
        parameter[...] = kept
    assert relative_error(dx, difference(lambda x: loss(net.forward(x), truth), x)) < 1e-6


def test_params_and_grads_have_equal_names_and_shapes():
    net = network(2, 8, 1)
    assert list(net.params) == list(net.grads) == ["0.W", "0.b", "2.W", "2.b"]
    assert all(net.params[name].shape == net.grads[name].shape for name in net.params)


def test_the_arrays_of_a_network_are_those_of_its_layers():
    net = network(2, 8, 1)
    net.params["2.W"][0, 0] = 7.0
    net.layers[0].grads["b"][1] = 5.0
    assert net.layers[2].params["W"][0, 0] == 7.0
    assert net.grads["0.b"][1] == 5.0


def test_backward_sets_gradients_and_does_not_add_them_up():
    net, x = network(2, 8, 1), XOR_X
    dy = mse_grad(net.forward(x), XOR_Y)
    dx = net.input_gradient(dy)
    once = {name: g.copy() for name, g in net.grads.items()}
    np.testing.assert_array_equal(net.input_gradient(dy), dx)
    for name in once:
        np.testing.assert_array_equal(net.grads[name], once[name])


def test_backward_belongs_to_the_last_forward():
    net, rng = network(2, 8, 1), np.random.default_rng(0)
    dy = mse_grad(net.forward(XOR_X), XOR_Y)
    net.backward(dy)
    expected = net.grads["0.W"].copy()
    net.forward(rng.normal(size=(4, 2)))
    net.forward(XOR_X)
    net.backward(dy)
    np.testing.assert_array_equal(net.grads["0.W"], expected)


@pytest.mark.parametrize("kind", ["activation", "linear"])
def test_a_layer_that_stands_in_a_network_twice_is_refused(kind):
    rng = np.random.default_rng(0)
    twice = Activation(tanh) if kind == "activation" else Linear(3, 3, rng)
    with pytest.raises(ValueError, match="twice"):
        Sequential(twice, Linear(3, 3, rng), twice)


def test_layers_without_weights_make_a_network_too():
    net = Sequential(Activation(tanh), Activation(relu))
    np.testing.assert_array_equal(net.forward(np.array([[-1.0, 0.5]])), [[0, np.tanh(0.5)]])
    assert net.params == net.grads == {}
    assert net.params.flat.size == 0
    np.testing.assert_allclose(net.input_gradient(np.ones((1, 2))), [[0, 1 - np.tanh(0.5) ** 2]], rtol=1e-14)


def test_a_network_without_layers_is_refused():
    with pytest.raises(ValueError, match="there are no layers"):
        Sequential()


@pytest.mark.parametrize("stranger", [tanh, np.ones((2, 3)), None, Linear], ids=["function", "array", "none", "class"])
def test_what_is_no_layer_is_refused_with_what_it_lacks(stranger):
    with pytest.raises(TypeError, match=r"Sequential: .* has no .*params"):
        Sequential(Linear(2, 3, np.random.default_rng(0)), stranger)


def test_what_belongs_to_a_network_is_refused_by_another():
    rng = np.random.default_rng(0)
    inner = Sequential(Linear(2, 3, rng), Activation(tanh))
    with pytest.raises(ValueError, match="Linear belongs to a network already"):
        Sequential(inner.layers[0], Linear(3, 1, rng))
    with pytest.raises(ValueError, match="Sequential belongs to a network already"):
        Sequential(inner, Linear(3, 1, rng))
    first = inner.predict(XOR_X)
    Sequential(copy.deepcopy(inner.layers[0])).params.flat[...] = 7.0  # a copy is free
    np.testing.assert_array_equal(inner.predict(XOR_X), first)


def test_backward_is_input_gradient_without_the_gradient_of_the_input():
    net, other = network(2, 8, 1), network(2, 8, 1)
    dy = mse_grad(net.forward(XOR_X), XOR_Y)
    other.forward(XOR_X)
    assert net.backward(dy) is None
    assert other.input_gradient(dy).shape == XOR_X.shape
    np.testing.assert_array_equal(net.grads.flat, other.grads.flat)
    assert net.grads.flat.any()


def test_a_first_layer_that_only_knows_backward_is_asked_for_that():
    rng = np.random.default_rng(0)
    net = Sequential(LayerNorm(3), Linear(3, 2, rng))
    y = net.forward(rng.normal(size=(5, 3)))
    net.backward(np.ones(y.shape))
    assert net.grads["0.gamma"].any()


def test_predict_drops_nothing_takes_the_running_statistics_and_remembers_nothing():
    rng = np.random.default_rng(0)
    net = Sequential(Linear(3, 6, rng), BatchNorm(6), Activation(relu), Dropout(0.5, rng), Linear(6, 2, rng))
    x = rng.normal(size=(7, 3))
    first = net.predict(x)
    np.testing.assert_array_equal(net.predict(x), first)
    np.testing.assert_allclose(net.predict(x[:1]), first[:1], rtol=1e-13)  # each row by itself
    with pytest.raises(ValueError, match="needs a forward before it"):
        net.backward(np.ones((7, 2)))
    assert (net.forward(x) != first).any()
    assert (net.forward(x) != net.forward(x)).any()


# One memory


def moved_by_one(net):
    """What the network says after every parameter has been moved through its one vector."""
    net.params.flat += 1.0
    return net.predict(XOR_X)


def assert_one_memory(net):
    for kind in ("params", "grads"):
        arrays = getattr(net, kind)
        assert isinstance(arrays, Arrays)
        assert arrays.flat.size == sum(a.size for a in arrays.values())
        for name, array in arrays.items():
            layer, own = name.split(".")
            assert np.shares_memory(array, arrays.flat)
            assert np.shares_memory(array, getattr(net.layers[int(layer)], kind)[own])
            assert array.shape == getattr(net.layers[int(layer)], kind)[own].shape
        kept = arrays.flat.copy()
        arrays.flat[...] = np.arange(arrays.flat.size)
        np.testing.assert_array_equal(np.concatenate([a.ravel() for a in arrays.values()]), arrays.flat)
        arrays.flat[...] = kept


def test_dict_vector_and_layers_are_one_memory():
    assert_one_memory(network(2, 8, 3, 1))


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda net: net.astype(np.float32).astype(np.float64)],
    ids=["deepcopy", "astype and back"],
)
def test_a_copy_is_one_memory_again_and_shares_none_with_the_first(copied):
    net = network(2, 8, 1)
    vector = net.params.flat
    other = copied(net)
    assert_one_memory(other)
    np.testing.assert_allclose(other.params.flat, vector, rtol=1e-6)
    assert not np.shares_memory(other.params.flat, vector)
    before = vector.copy()
    moved_by_one(other)
    np.testing.assert_array_equal(vector, before)


def test_a_pickled_network_is_one_memory_again():
    rng = np.random.default_rng(0)
    net = Sequential(Linear(2, 8, rng), LayerNorm(8), Activation(tanh), Linear(8, 1, rng))
    other = pickle.loads(pickle.dumps(net))
    assert_one_memory(other)
    np.testing.assert_array_equal(moved_by_one(other), moved_by_one(net))


def test_a_copy_learns_by_itself():
    net = network(2, 8, 1)
    other = copy.deepcopy(net)
    before = net.predict(XOR_X)
    other.backward(mse_grad(other.forward(XOR_X), XOR_Y))
    Adam(0.1).step(other.params, other.grads)
    assert (other.predict(XOR_X) != before).all()
    np.testing.assert_array_equal(net.predict(XOR_X), before)


def test_an_array_may_be_updated_through_its_name():
    net = network(2, 8, 1)
    W, expected = net.params["0.W"], net.params["0.W"] - 0.5
    net.params["0.W"] -= 0.5
    net.params["2.b"] += 3.0
    net.params["2.b"] *= 2.0
    assert net.params["0.W"] is W
    np.testing.assert_array_equal(net.layers[0].params["W"], expected)
    np.testing.assert_array_equal(net.layers[2].params["b"], [6.0])
    assert_one_memory(net)


@pytest.mark.parametrize("kind", ["params", "grads"])
def test_another_array_in_the_place_of_one_is_refused(kind):
    net = network(2, 8, 1)
    for owner, name in ((net, "0.W"), (net.layers[0], "W")):
        arrays = getattr(owner, kind)
        with pytest.raises(TypeError, match="write into them"):
            arrays[name] = np.zeros((2, 8))
        with pytest.raises(TypeError, match="write into them"):
            arrays[name] = arrays[name] - 0.1
    with pytest.raises(TypeError, match="write into them"):
        getattr(net, kind)["no such name"] = np.ones(1)
    assert_one_memory(net)


def test_arrays_keep_names_shapes_and_values():
    given = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(7.0), "c": np.zeros((0, 4)), "d": np.arange(2.0)}
    arrays = Arrays(given)
    assert list(arrays) == list(given)
    for name in given:
        np.testing.assert_array_equal(arrays[name], given[name])
    assert arrays.flat.tolist() == [0, 1, 2, 3, 4, 5, 7, 0, 1]
    arrays.flat[6] = 8
    assert arrays["b"] == 8
    assert given["b"] == 7


# Types


def test_a_network_of_float32_stays_float32_through_training():
    rng = np.random.default_rng(0)
    net = Sequential(
        Linear(2, 6, rng), BatchNorm(6), Activation(tanh), LayerNorm(6), Dropout(0.2, rng), Linear(6, 1, rng)
    )
    assert net.astype(np.float32) is net
    X, y, optimizer = XOR_X.astype(np.float32), XOR_Y.astype(np.float32), Adam(0.01)
    for _ in range(3):
        out = net.forward(X)
        loss, dy = find(mse).loss_and_grad(out, y)
        net.backward(dy)
        optimizer.step(net.params, net.grads)
    assert out.dtype == dy.dtype == net.predict(X).dtype == net.input_gradient(dy).dtype == np.float32
    assert np.asarray(loss).dtype == np.float32
    for arrays in (net.params, net.grads):
        assert arrays.flat.dtype == np.float32
        assert all(a.dtype == np.float32 for a in arrays.values())
    assert_one_memory(net)


# L2


def test_l2_reaches_every_weight_and_no_bias():
    rng = np.random.default_rng(0)
    net = Sequential(Linear(2, 8, rng), LayerNorm(8), Linear(8, 1, rng))
    for p in net.params.values():
        p[...] = rng.normal(size=p.shape)
    net.backward(mse_grad(net.forward(XOR_X), XOR_Y))
    before = {name: g.copy() for name, g in net.grads.items()}
    penalty = add_l2(net, 0.3)
    weights = ("0.W", "2.W")
    assert penalty == pytest.approx(sum(l2(net.params[name], 0.3) for name in weights), rel=1e-14)
    for name, g in net.grads.items():
        added = 0.3 * net.params[name] if name in weights else 0.0
        np.testing.assert_allclose(g, before[name] + added, rtol=1e-14)
    assert_one_memory(net)


def test_the_gradient_with_l2_is_that_of_loss_plus_penalty():
    net = network(2, 5, 1, seed=3)
    net.backward(mse_grad(net.forward(XOR_X), XOR_Y))
    add_l2(net, 0.3)

    def total(flat):
        net.params.flat[...] = flat
        return mse(net.predict(XOR_X), XOR_Y) + 0.15 * sum(np.sum(p**2) for p in net.params.values() if p.ndim > 1)

    kept = net.params.flat.copy()
    assert relative_error(net.grads.flat, precise_difference(total, kept)) < 1e-6


def test_a_network_that_was_trained_goes_on_in_float32():
    net, x = Sequential(Linear(3, 2, np.random.default_rng(0))), np.random.default_rng(0).normal(size=(5, 3))
    net.forward(x)
    net.backward(np.ones((5, 2)))
    net.astype(np.float32).forward(x.astype(np.float32))
    net.backward(np.ones((5, 2), np.float32))  # Linear._ones is still float64


def test_update_and_its_kin_do_not_get_around_the_door_of_arrays():
    for put in (
        lambda params: params.update({"0.b": np.ones(2)}),
        lambda params: params.__ior__({"0.b": np.ones(2)}),
        lambda params: params.setdefault("0.c", np.ones(2)),
        lambda params: params.pop("0.b"),
        lambda params: params.__delitem__("0.b"),
        lambda params: params.clear(),
    ):
        net = Sequential(Linear(3, 2, np.random.default_rng(0)))
        with pytest.raises(TypeError):
            put(net.params)
