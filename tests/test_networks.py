"""Promise: a network's gradients are right, training learns with them, and a misuse is refused in words."""

from itertools import pairwise

import numpy as np
import pytest

from bplib.activations import relu, sigmoid, softmax, tanh
from bplib.gradcheck import central_difference, relative_error
from bplib.layers import Activation, Linear, linear
from bplib.losses import binary_cross_entropy_with_logits, mse, mse_grad, softmax_cross_entropy
from bplib.networks import Sequential
from bplib.operations import find
from bplib.optimizers import SGD
from bplib.training import minibatches, train

XOR_X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def network(*sizes, activation=tanh, seed=0):
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [Linear(n_in, n_out, rng), Activation(activation)]
    return Sequential(*layers[:-1])


class Recorder:
    """A network that predicts its one weight, and remembers the rows it was shown."""

    def __init__(self):
        self.params, self.grads = {"w": np.zeros(1)}, {"w": np.zeros(1)}
        self.shown = []

    def forward(self, x):
        self.shown.append(x[:, 0].tolist())
        return np.full((len(x), 1), self.params["w"][0])

    def backward(self, dy):
        self.grads["w"][...] = dy.sum()


# Layers


def test_a_linear_layer_starts_with_small_random_weights_and_no_bias():
    layer = Linear(400, 300, np.random.default_rng(0))
    assert layer.params["W"].shape == (400, 300)
    assert layer.params["W"].std() == pytest.approx(1 / np.sqrt(400), rel=0.02)
    assert layer.params["W"].mean() == pytest.approx(0, abs=1e-3)
    np.testing.assert_array_equal(layer.params["b"], np.zeros(300))


def test_weights_come_from_the_generator_that_is_given():
    first, again, other = (Linear(2, 3, np.random.default_rng(seed)).params["W"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    rng = np.random.default_rng(0)
    assert (Linear(2, 3, rng).params["W"] != Linear(2, 3, rng).params["W"]).all()


def test_a_layer_gives_what_its_pure_function_gives():
    rng = np.random.default_rng(0)
    layer, x = Linear(2, 3, rng), rng.normal(size=(5, 2))
    np.testing.assert_array_equal(layer.forward(x), x @ layer.params["W"] + layer.params["b"])
    np.testing.assert_array_equal(Activation(softmax).forward(x), softmax(x))


def test_a_linear_layer_refuses_an_input_of_another_width_with_all_shapes():
    with pytest.raises(ValueError, match=r"x is \(5, 4\), W is \(2, 3\) and b is \(3,\)"):
        Linear(2, 3, np.random.default_rng(0)).forward(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"x is \(2,\), W is \(2, 3\)"):
        Linear(2, 3, np.random.default_rng(0)).forward(np.ones(2))


def test_a_linear_layer_refuses_an_upstream_of_another_shape():
    layer = Linear(2, 3, np.random.default_rng(0))
    layer.forward(np.ones((5, 2)))
    for shape in ((3,), (5, 1), (1, 3), (5, 2), (4, 3)):
        with pytest.raises(ValueError, match=r"needed is the shape of y, \(5, 3\)"):
            layer.backward(np.ones(shape))


@pytest.mark.parametrize(
    "layer", [Linear(2, 3, np.random.default_rng(0)), Activation(tanh)], ids=["Linear", "Activation"]
)
def test_backward_before_forward_is_refused(layer):
    with pytest.raises(ValueError, match=f"{type(layer).__name__}.backward needs a forward before it"):
        layer.backward(np.ones((5, 3)))


@pytest.mark.parametrize("function", [mse, linear])
def test_what_is_no_function_of_one_array_is_refused_as_an_activation(function):
    with pytest.raises(ValueError, match=f"{function.__name__} is no function of one array"):
        Activation(function)


def test_train_refuses_what_is_no_loss():
    with pytest.raises(ValueError, match="tanh is no loss"):
        train(network(2, 1), tanh, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("function", [np.tanh, "tanh", None], ids=["numpy's", "name", "none"])
def test_an_activation_that_is_not_registered_is_refused_with_those_that_are(function):
    with pytest.raises(ValueError, match=r"known are .*relu.*sigmoid.*softmax.*tanh"):
        Activation(function)


# Networks


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
    dx = net.backward(find(loss).backward(net.forward(x), truth))

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
    assert net.params["2.W"] is net.layers[2].params["W"]
    assert net.grads["0.b"] is net.layers[0].grads["b"]


def test_backward_sets_gradients_and_does_not_add_them_up():
    net, x = network(2, 8, 1), XOR_X
    dy = mse_grad(net.forward(x), XOR_Y)
    dx = net.backward(dy)
    once = {name: g.copy() for name, g in net.grads.items()}
    np.testing.assert_array_equal(net.backward(dy), dx)
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


# Optimizers


def test_a_step_goes_against_the_gradient_in_place():
    w, b = np.array([1.0, 2.0]), np.array([[0.5]])
    params, grads = {"w": w, "b": b}, {"w": np.array([10.0, -20.0]), "b": np.array([[1.0]])}
    SGD(lr=0.1).step(params, grads)
    assert params["w"] is w
    np.testing.assert_allclose(w, [0.0, 4.0], atol=1e-15)  # 1 - 0.1 * 10, 2 + 0.1 * 20
    np.testing.assert_allclose(b, [[0.4]])
    np.testing.assert_array_equal(grads["w"], [10, -20])


@pytest.mark.parametrize("lr", [0, -0.1, float("nan"), -np.inf])
def test_a_learning_rate_that_is_not_positive_is_refused(lr):
    with pytest.raises(ValueError, match=f"lr is {lr}; a positive"):
        SGD(lr)


@pytest.mark.parametrize("grads", [{}, {"W": np.ones(2)}, {"w": np.ones(2), "b": np.ones(1)}], ids=str)
def test_gradients_of_other_names_are_refused_with_both(grads):
    params = {"w": np.ones(2)}
    with pytest.raises(ValueError) as refusal:
        SGD(0.1).step(params, grads)
    assert f"params has {['w']} but grads has {sorted(grads)}" in str(refusal.value)
    np.testing.assert_array_equal(params["w"], [1, 1])


def test_a_gradient_of_another_shape_is_refused_before_anything_moves():
    params = {"a": np.ones(2), "w": np.ones((2, 3))}
    with pytest.raises(ValueError, match=r"w is \(2, 3\) but its gradient is \(3,\)"):
        SGD(0.1).step(params, {"a": np.ones(2), "w": np.ones(3)})
    np.testing.assert_array_equal(params["a"], [1, 1])


def test_a_parameter_that_cannot_be_changed_in_place_is_refused():
    with pytest.raises((TypeError, ValueError)):
        SGD(0.1).step({"b": np.float64(0.5)}, {"b": np.float64(1.0)})


# Mini-batches


@pytest.mark.parametrize(
    "n, batch_size, lengths", [(10, 3, [3, 3, 3, 1]), (6, 2, [2, 2, 2]), (5, 5, [5]), (3, 1, [1] * 3)]
)
def test_minibatches_cover_every_row_once(n, batch_size, lengths):
    batches = list(minibatches(n, batch_size, np.random.default_rng(0)))
    assert [len(rows) for rows in batches] == lengths
    assert sorted(np.concatenate(batches)) == list(range(n))


def test_minibatches_are_shuffled_by_the_generator():
    first, again, other = (
        np.concatenate(list(minibatches(50, 7, np.random.default_rng(seed)))).tolist() for seed in (0, 0, 1)
    )
    assert first == again != other
    assert sorted(first) != first


@pytest.mark.parametrize("batch_size", [0, -1, 11, 2.0, 2.5, "2", None], ids=repr)
def test_a_batch_size_that_is_none_is_refused_with_the_range(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; a whole number from 1 to 10 is needed"):
        list(minibatches(10, batch_size, np.random.default_rng(0)))


# Training


def test_xor_is_learned():
    net = network(2, 8, 1)
    history = train(
        net, binary_cross_entropy_with_logits, XOR_X, XOR_Y, SGD(1.0), epochs=400, rng=np.random.default_rng(0)
    )
    assert history[0] > 0.5
    assert history[-1] < 0.02
    np.testing.assert_array_equal(net.forward(XOR_X) > 0, XOR_Y == 1)


def test_xor_is_not_learned_without_a_hidden_layer():
    net = network(2, 1)
    history = train(
        net, binary_cross_entropy_with_logits, XOR_X, XOR_Y, SGD(1.0), epochs=400, rng=np.random.default_rng(0)
    )
    assert history[-1] == pytest.approx(np.log(2), rel=1e-3)  # the best a line can do is to say one half


def test_each_epoch_shows_every_row_once():
    net, X = Recorder(), np.arange(10.0)[:, None]
    train(net, mse, X, X, SGD(0.1), epochs=3, rng=np.random.default_rng(0), batch_size=4)
    assert [len(rows) for rows in net.shown] == [4, 4, 2] * 3
    epochs = [[*first, *second, *third] for first, second, third in zip(*[iter(net.shown)] * 3, strict=True)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_each_row_keeps_its_truth_when_rows_are_shuffled():
    X = np.random.default_rng(0).normal(size=(20, 3))
    y = X @ np.array([[1.0], [-2.0], [0.5]]) + 3
    net = network(3, 1)
    history = train(net, mse, X, y, SGD(0.1), epochs=200, rng=np.random.default_rng(0), batch_size=6)
    assert history[-1] < 1e-10
    np.testing.assert_allclose(net.params["0.W"][:, 0], [1, -2, 0.5], atol=1e-4)
    np.testing.assert_allclose(net.params["0.b"], [3], atol=1e-4)


def test_history_is_the_mean_over_rows_and_a_short_last_batch_weighs_less():
    X = y = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    # so small a step that the weight stays 0: the loss of a batch is the mean of y^2
    history = train(Recorder(), mse, X, y, SGD(1e-300), epochs=2, rng=np.random.default_rng(0), batch_size=2)
    assert history == pytest.approx([(1 + 4 + 9 + 16 + 25) / 5] * 2, rel=1e-14)
    assert all(type(loss) is float for loss in history)


def test_a_training_step_is_the_five_steps_by_hand():
    # w = 0, y = 2 and 4: dL/dw = 2 * mean(w - y) = -6; w = 0.6; then loss (1.4^2 + 3.4^2) / 2 = 6.76
    net, y = Recorder(), np.array([[2.0], [4.0]])
    history = train(net, mse, y, y, SGD(0.1), epochs=2, rng=np.random.default_rng(0))
    assert history == pytest.approx([10, 6.76], rel=1e-14)
    assert net.params["w"][0] == pytest.approx(0.6 + 0.1 * 2 * (3 - 0.6))


def test_training_is_reproducible_by_its_generator():
    def run(seed):
        net = network(2, 8, 1)
        history = train(net, mse, XOR_X, XOR_Y, SGD(0.5), epochs=5, rng=np.random.default_rng(seed), batch_size=1)
        return history, net.params["0.W"].tolist()

    assert run(0) == run(0) != run(1)


def test_training_stops_when_the_loss_stands_still():
    net, y = Recorder(), np.array([[2.0], [4.0]])
    history = train(net, mse, y, y, SGD(0.1), epochs=1000, rng=np.random.default_rng(0), tolerance=1e-3)
    assert 2 < len(history) < 100
    steps = np.abs(np.diff(history))
    assert steps[-1] < 1e-3 <= steps[:-1].min()


def test_training_without_a_tolerance_runs_all_epochs():
    net, y = Recorder(), np.array([[2.0], [2.0]])
    assert len(train(net, mse, y, y, SGD(0.5), epochs=20, rng=np.random.default_rng(0))) == 20  # at once at the minimum


def test_no_batch_size_means_the_whole_set_at_once():
    net, X = Recorder(), np.arange(10.0)[:, None]
    train(net, mse, X, X, SGD(0.1), epochs=2, rng=np.random.default_rng(0))
    assert [len(rows) for rows in net.shown] == [10, 10]


@pytest.mark.parametrize(
    "batch_size",
    [
        0,
        -1,
        5,
        1.5,
    ],
)
def test_train_refuses_a_bad_batch_size(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; a whole number from 1 to 4"):
        train(network(2, 1), mse, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0), batch_size=batch_size)


def test_train_refuses_unequal_lengths_with_both():
    with pytest.raises(ValueError, match="X has 4 rows but y has 3"):
        train(network(2, 1), mse, XOR_X, XOR_Y[:3], SGD(0.1), epochs=1, rng=np.random.default_rng(0))


def test_train_refuses_a_loss_that_is_not_registered():
    with pytest.raises(ValueError, match=r"not a registered operation"):
        train(network(2, 1), lambda p, y: 0.0, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0))


def test_train_refuses_a_column_of_predictions_against_a_row_of_truths():
    with pytest.raises(ValueError, match=r"y_pred is \(4, 1\) but y_true is \(4,\)"):
        train(network(2, 1), mse, XOR_X, XOR_Y[:, 0], SGD(0.1), epochs=1, rng=np.random.default_rng(0))


# Doors


def test_layers_and_training_ask_for_a_generator():
    with pytest.raises(TypeError, match="Linear: rng is of type int"):
        Linear(3, 1, 0)
    with pytest.raises(TypeError, match="minibatches: rng is of type int"):
        minibatches(4, 2, 0)
    with pytest.raises(ValueError, match="n_in is 0"):
        Linear(0, 1, np.random.default_rng(0))


@pytest.mark.parametrize("rows, epochs", [(0, 1), (4, 0), (4, -1)])
def test_train_needs_rows_and_epochs(rows, epochs):
    with pytest.raises(ValueError, match=f"{rows} rows and {epochs} epochs"):
        train(network(2, 1), mse, XOR_X[:rows], XOR_Y[:rows], SGD(0.1), epochs=epochs, rng=np.random.default_rng(0))


def test_a_step_refuses_parameters_of_integers_and_takes_lists_as_gradients():
    with pytest.raises(TypeError, match="W is an array of int64"):
        SGD(0.1).step({"W": np.ones(2, dtype=np.int64)}, {"W": np.ones(2)})
    params = {"W": np.ones(2)}
    SGD(0.5).step(params, {"W": [1.0, 2.0]})
    np.testing.assert_array_equal(params["W"], [0.5, 0.0])
