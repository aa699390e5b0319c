"""Promise: differences give known derivatives, and two gradients that differ are told apart."""

from dataclasses import replace

import numpy as np
import pytest

from bplib.activations import relu, softmax, tanh
from bplib.gradcheck import (
    central_difference,
    complex_step,
    directional_error,
    first_wrong_gradient,
    relative_error,
    stacked_difference,
)
from bplib.layers import Activation, Dropout, Embedding, Linear
from bplib.losses import binary_cross_entropy_with_logits, mse, softmax_cross_entropy
from bplib.networks import Sequential
from bplib.normalization import BatchNorm, LayerNorm
from bplib.operations import OPERATIONS
from bplib.verify import TOLERANCE, witnesses

X = np.array([[0.3, -1.2, 2.0], [-0.7, 0.9, 0.05]])
ANALYTIC = {
    "square": (lambda x: np.sum(x * x), lambda x: 2 * x),
    "cube": (lambda x: np.sum(x**3), lambda x: 3 * x**2),
    "exp": (lambda x: np.sum(np.exp(x)), np.exp),
    "sin": (lambda x: np.sum(np.sin(x)), np.cos),
    "tanh": (lambda x: np.sum(np.tanh(x)), lambda x: 1 / np.cosh(x) ** 2),
    "sigmoid": (lambda x: np.sum(1 / (1 + np.exp(-x))), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "product": (lambda x: np.prod(x), lambda x: np.prod(x) / x),
    "log of sum": (lambda x: np.log(np.sum(np.exp(x))), lambda x: np.exp(x) / np.sum(np.exp(x))),
}
each_function = pytest.mark.parametrize("f, slope", ANALYTIC.values(), ids=ANALYTIC)


def agree(mine, witness):
    return relative_error(mine, witness) <= TOLERANCE


# Differences


@each_function
def test_central_difference_gives_known_derivatives(f, slope):
    gradient = central_difference(f, X)
    assert gradient.dtype == np.float64
    assert relative_error(gradient, slope(X)) < 1e-8


@each_function
def test_complex_step_is_exact_to_rounding(f, slope):
    gradient = complex_step(f, X)
    assert gradient.dtype == np.float64
    assert relative_error(gradient, slope(X)) < 1e-14


def test_central_difference_is_exact_for_a_line_and_a_parabola():
    # ((3 + h)^2 - (3 - h)^2) / 2h = 12h / 2h = 6: the parabola's own error cancels
    assert central_difference(lambda x: x**2, 3.0) == pytest.approx(6.0, rel=1e-10)
    assert central_difference(lambda x: 7 * x - 5, 3.0) == pytest.approx(7.0, rel=1e-10)


def test_the_error_of_central_difference_falls_with_the_square_of_h():
    # exp at 0: (e^h - e^-h) / 2h = 1 + h^2/6 + ...
    errors = [float(central_difference(np.exp, 0.0, h)) - 1 for h in (1e-1, 1e-2)]
    assert errors == pytest.approx([1e-2 / 6, 1e-4 / 6], rel=1e-2)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2), (0, 3)], ids=str)
@pytest.mark.parametrize("method", [central_difference, complex_step], ids=lambda m: m.__name__)
def test_a_gradient_has_the_shape_of_x(method, shape):
    gradient = method(lambda x: np.sum(x * x), np.full(shape, 1.5))
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, np.full(shape, 3.0), rtol=1e-9)


@pytest.mark.parametrize("method", [central_difference, complex_step], ids=lambda m: m.__name__)
def test_x_is_not_changed(method):
    x = X.copy()
    x.setflags(write=False)
    method(lambda x: np.sum(np.exp(x)), x)
    np.testing.assert_array_equal(x, X)


def test_a_function_that_writes_into_its_argument_has_the_gradient_of_what_it_returns():
    def f(x):
        x *= 2.0
        x += 1.0
        return np.sum(x * x)

    x = np.array([0.5, -1.0, 2.0])
    expected = 4.0 * (2.0 * x + 1.0)  # of the sum of (2 x + 1)^2
    np.testing.assert_allclose(central_difference(f, x), expected, rtol=1e-9)
    np.testing.assert_allclose(complex_step(f, x), expected, rtol=1e-14)
    assert x.tolist() == [0.5, -1.0, 2.0]


@pytest.mark.parametrize("method", [central_difference, complex_step], ids=lambda m: m.__name__)
@pytest.mark.parametrize("dtype", [np.int64, np.float32, bool, complex], ids=lambda d: np.dtype(d).name)
def test_any_other_type_than_float64_is_refused_with_its_name_and_the_way_out(method, dtype):
    with pytest.raises(ValueError, match=rf"{method.__name__}: x holds {np.dtype(dtype).name}; .*astype\(float\)"):
        method(lambda x: np.sum(x), np.ones(3, dtype=dtype))


@pytest.mark.parametrize("method", [central_difference, complex_step], ids=lambda m: m.__name__)
def test_a_function_that_returns_an_array_is_refused_with_its_shape(method):
    with pytest.raises(ValueError, match=rf"{method.__name__}: f returned an array of shape \(2, 3\)"):
        method(lambda x: x * 2, X)


@pytest.mark.parametrize(
    "f",
    [lambda x: np.sum(np.abs(x)), lambda x: np.sum(x.real**2), lambda x: 3.0],
    ids=["abs", "real part", "constant number"],
)
def test_complex_step_refuses_a_function_that_returns_real_numbers(f):
    with pytest.raises(ValueError, match="returned a real number for complex input, so it is not analytic"):
        complex_step(f, X)


# Wrong gradients


@each_function
def test_a_factor_of_2001_for_2000_is_refused(f, slope):
    assert agree(slope(X), central_difference(f, X))
    assert not agree(slope(X) * (2.001 / 2), central_difference(f, X))


@each_function
@pytest.mark.parametrize(
    "wrong",
    [np.zeros_like, np.negative, lambda g: g / g.size, lambda g: g + 1e-3 * np.abs(g).max(), np.flip],
    ids=["zeros", "sign", "divided by the size", "shifted", "reversed"],
)
def test_a_wrong_gradient_is_refused(f, slope, wrong):
    assert not agree(wrong(slope(X)), central_difference(f, X))


def test_a_transposed_gradient_is_refused():
    A = np.arange(9.0).reshape(3, 3)
    witness = central_difference(lambda x: np.sum(A * x), A)
    assert agree(A, witness)
    assert not agree(A.T, witness)


@pytest.mark.parametrize("index", list(np.ndindex(X.shape)), ids=str)
@pytest.mark.parametrize("nudge", [1e-4, -1e-4, -1.0], ids=["up", "down", "to zero"])
def test_an_error_in_a_single_entry_is_refused(index, nudge):
    f, slope = ANALYTIC["exp"]
    gradient = slope(X)
    gradient[index] *= 1 + nudge
    assert not agree(gradient, central_difference(f, X))


@pytest.mark.parametrize("scale", [1e-7, 1e-20, 1e-100, 1e-250])
def test_tiny_true_gradients_are_not_answered_with_zero(scale):
    witness = central_difference(lambda x: scale * np.sum(x * x), X)
    assert agree(scale * 2 * X, witness)
    assert not agree(np.zeros_like(X), witness)


def test_an_entry_that_is_a_thousandth_of_its_array_is_still_judged():
    assert not agree([1.0, 0.0], [1.0, 1e-3])
    assert not agree([1.0, 1.001e-5], [1.0, 1e-5])


def test_rounding_noise_beside_large_entries_is_forgiven():
    assert agree([1.0, 0.0], [1.0, 1e-12])


# The number


def test_relative_error_of_numbers_one_can_check():
    # |1 - 2| / max(1, 2) = 1/2; |3 - 4| / 4 = 1/4; the larger counts
    assert relative_error(1.0, 2.0) == 0.5
    assert relative_error([3.0, 1.0], [4.0, 2.0]) == 0.5
    assert relative_error([1.0, 0.0], [1.0, 5e-4]) == 0.5  # the floor is 0.001: 0.0005 / 0.001
    assert relative_error(1.0, -1.0) == 2.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [1e-200, 1e-8, -1.0, 3.0, 1e200])
def test_relative_error_is_symmetric_and_does_not_depend_on_the_scale(seed, scale):
    a, b = np.random.default_rng(seed).normal(size=(2, 3, 4))
    assert relative_error(a, b) == relative_error(b, a) > 0
    assert relative_error(scale * a, scale * b) == pytest.approx(relative_error(a, b), rel=1e-12)


@pytest.mark.parametrize("array", [np.zeros((2, 3)), X, np.array([]), np.array(0.0), np.array([np.inf, 1.0])], ids=str)
def test_relative_error_of_equal_arrays_is_zero(array):
    assert relative_error(array, array.copy()) == 0


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_hole_in_either_array_is_an_infinite_error(hole):
    assert relative_error([1.0, hole], [1.0, 2.0]) == np.inf
    assert relative_error([1.0, 2.0], [1.0, hole]) == np.inf


@pytest.mark.parametrize("shapes", [((3,), (3, 1)), ((2, 3), (3, 2)), ((), (1,))], ids=str)
def test_unequal_shapes_are_refused_and_never_broadcast(shapes):
    with pytest.raises(ValueError) as refusal:
        relative_error(*map(np.ones, shapes))
    assert all(str(shape) in str(refusal.value) for shape in shapes)


def test_a_function_that_returns_no_number_is_refused():
    with pytest.raises(ValueError, match="f returned NoneType"):
        central_difference(lambda x: None, np.ones(2))


# Differences in stacks

STACKED = {
    "square": (lambda x: np.sum(x * x, axis=(-2, -1)), lambda x: 2 * x),
    "product": (lambda x: np.prod(x, axis=(-2, -1)), lambda x: np.prod(x) / x),
    "log of sum": (
        lambda x: np.log(np.sum(np.exp(x), axis=(-2, -1))),
        lambda x: np.exp(x) / np.sum(np.exp(x)),
    ),
}


@pytest.mark.parametrize("f, slope", STACKED.values(), ids=STACKED)
@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 100])
def test_stacked_differences_are_those_taken_one_by_one(f, slope, size):
    gradient = stacked_difference(f, X, size=size)
    np.testing.assert_allclose(gradient, central_difference(f, X), rtol=1e-8)
    assert relative_error(gradient, slope(X)) < 1e-8


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3), (2, 1, 2), (0, 3)], ids=str)
def test_stacked_differences_have_the_shape_of_x(shape):
    gradient = stacked_difference(lambda x: np.sum(x * x, axis=tuple(range(1, x.ndim))), np.full(shape, 1.5))
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, np.full(shape, 3.0), rtol=1e-9)


def test_a_stack_holds_two_arrays_for_each_entry_and_f_is_called_once_for_it():
    shapes = []

    def f(x):
        shapes.append(x.shape)
        return np.sum(x, axis=(1, 2))

    x = X.copy()
    x.setflags(write=False)
    stacked_difference(f, x, size=4)  # X has six entries
    assert shapes == [(8, 2, 3), (4, 2, 3)]


@pytest.mark.parametrize(
    "f, shape",
    [(np.sum, "()"), (lambda x: x, "(12, 2, 3)"), (lambda x: x[1:, 0, 0], "(11,)")],
    ids=["one", "all", "less"],
)
def test_a_function_that_gives_no_number_for_each_array_is_refused(f, shape):
    with pytest.raises(ValueError) as refusal:
        stacked_difference(f, X)
    assert f"stacked_difference: f returned the shape {shape} for 12 arrays; one number for each" in str(refusal.value)


def test_stacked_and_directional_need_float64_too():
    for dtype in (np.int64, np.float32):
        with pytest.raises(ValueError, match=rf"stacked_difference: x holds {np.dtype(dtype).name}"):
            stacked_difference(lambda x: x.sum(axis=1), np.ones(3, dtype))
        with pytest.raises(ValueError, match=rf"directional_error: x holds {np.dtype(dtype).name}"):
            directional_error(np.sum, np.ones(3, dtype), np.ones(3), np.random.default_rng(0))


# Along directions


def many(seed=0):
    """A function of 1000 numbers, a place, and the gradient there."""
    x = np.random.default_rng(seed).normal(size=(10, 100))
    return lambda x: np.sum(np.sin(x) + x * x / 2), x, np.cos(x) + x


@pytest.mark.parametrize("seed", range(5))
def test_a_right_gradient_is_right_along_every_direction(seed):
    f, x, gradient = many(seed)
    assert directional_error(f, x, gradient, np.random.default_rng(seed)) < TOLERANCE


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [0.0, -1.0, 1.01, 2.0])
def test_a_gradient_wrong_in_one_entry_of_a_thousand_is_seen(seed, factor):
    f, x, gradient = many(seed)
    gradient[7, 77] *= factor
    assert directional_error(f, x, gradient, np.random.default_rng(seed)) > 10 * TOLERANCE


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g: g * (2.001 / 2),
        np.zeros_like,
        np.negative,
        np.flip,
        lambda g: g.T.reshape(g.shape),
        lambda g: g / 1000,
    ],
    ids=["2.001 for 2", "zeros", "sign", "reversed", "transposed", "mean for sum"],
)
def test_a_gradient_wrong_everywhere_is_seen(wrong):
    f, x, gradient = many()
    assert directional_error(f, x, wrong(gradient), np.random.default_rng(0)) > 100 * TOLERANCE


def test_one_nan_in_the_gradient_is_an_infinite_error():
    f, x, gradient = many()
    gradient[0, 0] = np.nan
    assert directional_error(f, x, gradient, np.random.default_rng(0)) == np.inf


@pytest.mark.parametrize("directions", [1, 10])
def test_a_direction_costs_two_calls_however_long_x_is(directions):
    calls = []
    f, x, gradient = many()
    directional_error(lambda x: calls.append(1) or f(x), x, gradient, np.random.default_rng(0), directions=directions)
    assert len(calls) == 2 * directions


def test_directions_have_unit_length_and_come_from_the_generator():
    steps = []
    x = np.zeros(50)

    def f(y):
        steps.append(y.copy())
        return 0.0

    rng = np.random.default_rng(0)
    directional_error(f, x, x, rng, directions=3, h=1e-3)
    assert [np.linalg.norm(step) for step in steps] == pytest.approx([1e-3] * 6, rel=1e-12)
    np.testing.assert_allclose(steps[0], -steps[1])
    assert abs(steps[0] @ steps[2]) < 0.5e-6  # another direction
    first = steps[0]
    directional_error(f, x, x, np.random.default_rng(0), directions=1, h=1e-3)
    np.testing.assert_array_equal(steps[6], first)


def test_the_directional_check_refuses_another_shape_and_a_seed():
    with pytest.raises(ValueError, match=r"x is \(3,\) but the gradient is \(3, 1\)"):
        directional_error(np.sum, np.ones(3), np.ones((3, 1)), np.random.default_rng(0))
    with pytest.raises(TypeError, match="directional_error: rng is of type int"):
        directional_error(np.sum, np.ones(3), np.ones(3), 0)


def test_the_whole_gradient_of_a_network_is_checked_along_directions_of_its_vector():
    net, X, y = deep_network()
    net.backward(mse_of(net, X, y)[1])

    def loss(flat):
        net.params.flat[...] = flat
        return mse(net.predict(X), y)

    start, gradient = net.params.flat.copy(), net.grads.flat.copy()
    assert directional_error(loss, start, gradient, np.random.default_rng(0)) < TOLERANCE
    gradient[3] *= 1.1
    assert directional_error(loss, start, gradient, np.random.default_rng(0)) > TOLERANCE


def deep_network():
    rng = np.random.default_rng(0)
    net = Sequential(Linear(3, 5, rng), Activation(tanh), Linear(5, 4, rng), LayerNorm(4), Linear(4, 2, rng))
    return net, rng.normal(size=(7, 3)), rng.normal(size=(7, 2))


def mse_of(net, X, y):
    return OPERATIONS["mse"].loss_and_grad(net.forward(X), y)


# The first wrong gradient of a network


def changed(layer, change):
    """The layer, whose backward is followed by change(layer, dy, dx), which returns another dx or writes into grads."""
    right = type(layer)

    class Wrong(right):
        def backward(self, dy):
            return change(self, dy, right.backward(self, dy))

    layer.__class__ = Wrong
    return layer


def scaled(name, factor):
    """Another rule for one parameter: its gradient times a factor."""

    def change(layer, dy, dx):
        layer.grads[name] *= factor
        return dx

    return change


def transposed_weights(layer, dy, dx):
    layer.grads["W"][...] = layer.grads["W"].T.copy()
    return dx


def unbroadcast_bias(layer, dy, dx):
    layer.grads["b"][...] = dy[0]  # one row, where the sum over all is needed
    return dx


def square_network(wrong=None, at=None):
    """Six square layers of all kinds, one of them perhaps with a wrong rule, and what the checker needs beside it."""
    rng = np.random.default_rng(0)
    layers = [
        Linear(4, 4, rng),
        Activation(tanh),
        BatchNorm(4),
        Linear(4, 4, rng),
        Dropout(0.3, rng),
        LayerNorm(4),
        Linear(4, 4, rng),
    ]
    for layer in layers:
        for p in layer.params.values():
            p += 0.3 * rng.normal(size=p.shape)
    if wrong:
        changed(layers[at], wrong)
    return Sequential(*layers), mse, rng.normal(size=(7, 4)), rng.normal(size=(7, 4))


INPUT = {
    "2.001 for 2": lambda layer, dy, dx: dx * (2.001 / 2),
    "zero": lambda layer, dy, dx: 0 * dx,
    "sign": lambda layer, dy, dx: -dx,
    "dy handed on": lambda layer, dy, dx: dy,
    "reversed": lambda layer, dy, dx: dx[::-1],
    "mean for sum": lambda layer, dy, dx: dx / len(dx),
}


def test_a_network_of_all_kinds_of_layers_that_is_right_has_no_wrong_gradient():
    assert first_wrong_gradient(*square_network()) == ""


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 5, 6], ids=lambda i: type(square_network()[0].layers[i]).__name__)
@pytest.mark.parametrize("wrong", INPUT.values(), ids=INPUT)
def test_the_layer_with_a_wrong_rule_for_its_input_is_named_and_no_other(at, wrong):
    assert first_wrong_gradient(*square_network(wrong, at)).startswith(f"worst at input of layer {at}[")


@pytest.mark.parametrize("factor", [2.001 / 2, 0.0, -1.0, 1 / 7], ids=["2.001 for 2", "zero", "sign", "mean for sum"])
@pytest.mark.parametrize(
    "at, name",
    [(0, "W"), (0, "b"), (2, "gamma"), (2, "beta"), (3, "W"), (3, "b"), (5, "gamma"), (5, "beta"), (6, "W"), (6, "b")],
)
def test_the_parameter_with_a_wrong_rule_is_named_and_no_other(at, name, factor):
    assert first_wrong_gradient(*square_network(scaled(name, factor), at)).startswith(f"worst at {at}.{name}[")


@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize(
    "wrong, name", [(transposed_weights, "W"), (unbroadcast_bias, "b")], ids=["transposed", "unbroadcast"]
)
def test_a_transposed_or_unbroadcast_gradient_is_named_by_its_parameter(at, wrong, name):
    assert first_wrong_gradient(*square_network(wrong, at)).startswith(f"worst at {at}.{name}[")


@pytest.mark.parametrize("entry", [(0, 0), (2, 1), (3, 3)], ids=str)
def test_one_wrong_entry_is_named_with_both_values(entry):
    def change(layer, dy, dx):
        layer.grads["W"][entry] = 7.0
        return dx

    says = first_wrong_gradient(*square_network(change, 3))
    assert says.startswith(f"worst at 3.W[{entry[0]}, {entry[1]}], 7.0000 where it should be ")


def test_of_two_wrong_rules_the_later_layer_is_named_because_the_backward_meets_it_first():
    net, loss, X, y = square_network(INPUT["sign"], 1)
    changed(net.layers[5], scaled("gamma", -1.0))
    assert first_wrong_gradient(net, loss, X, y).startswith("worst at 5.gamma[")


def test_a_gradient_of_another_shape_is_named_with_both_shapes():
    net, loss, X, y = square_network(lambda layer, dy, dx: dx.sum(axis=0), 3)
    assert first_wrong_gradient(net, loss, X, y) == "input of layer 3 has shape (4,) where (7, 4) is needed"


def test_a_wrong_gradient_of_the_loss_is_named_before_all_layers(monkeypatch):
    half = replace(OPERATIONS["mse"], backward=lambda p, y: (p - y) / p.size)
    monkeypatch.setitem(OPERATIONS, "mse", half)
    assert first_wrong_gradient(*square_network(INPUT["sign"], 6)).startswith("worst at loss[")


@pytest.mark.parametrize(
    "loss, y",
    [
        (softmax_cross_entropy, np.array([0, 3, 1, 1, 2, 0, 3])),
        (binary_cross_entropy_with_logits, np.random.default_rng(5).uniform(size=(7, 4))),
    ],
    ids=["labels", "soft labels"],
)
def test_any_registered_loss_serves(loss, y):
    net, _, X, _ = square_network()
    assert first_wrong_gradient(net, loss, X, y) == ""
    net, _, X, _ = square_network(scaled("W", 1.001), 0)
    assert first_wrong_gradient(net, loss, X, y).startswith("worst at 0.W[")


def test_an_embedding_is_judged_by_its_table():
    def make():
        rng = np.random.default_rng(0)
        net = Sequential(Embedding(5, 3, rng), Linear(3, 2, rng), Activation(softmax))
        return net, mse, rng.integers(5, size=7), rng.normal(size=(7, 2))

    assert first_wrong_gradient(*make()) == ""
    net, *rest = make()

    def overwritten(layer, dy, dx):
        layer.grads["E"][...] = 0
        layer.grads["E"][layer._saved[1]] += dy  # NumPy writes a row that was read twice only once

    changed(net.layers[0], overwritten)
    assert first_wrong_gradient(net, *rest).startswith("worst at 0.E[")


def test_a_relu_is_judged_away_from_its_kink():
    rng = np.random.default_rng(0)
    net = Sequential(Linear(3, 5, rng), Activation(relu), Linear(5, 2, rng))
    X, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    assert first_wrong_gradient(net, mse, X, y) == ""
    changed(net.layers[1], lambda layer, dz, dx: dz)
    assert first_wrong_gradient(net, mse, X, y).startswith("worst at input of layer 1[")


def test_the_network_is_left_as_it_is():
    net, loss, X, y = square_network()
    out = net.forward(X)
    net.backward(np.ones_like(out))
    params, grads, running = net.params.flat.copy(), net.grads.flat.copy(), net.layers[2].statistics["mean"].copy()
    arrays, state = dict(net.params), net.layers[4].rng.bit_generator.state
    X.setflags(write=False)
    y.setflags(write=False)
    first_wrong_gradient(net, loss, X, y)
    np.testing.assert_array_equal(net.params.flat, params)
    np.testing.assert_array_equal(net.grads.flat, grads)
    np.testing.assert_array_equal(net.layers[2].statistics["mean"], running)
    assert net.layers[4].rng.bit_generator.state == state
    assert all(net.params[name] is array for name, array in arrays.items())
    net.grads.flat[...] = 0
    net.backward(np.ones_like(out))  # what the layers remembered is still that of the forward above
    np.testing.assert_array_equal(net.grads.flat, grads)


# The witnesses of an operation, with the same mistakes

BACKWARDS = {
    "2.001 for 2": ("mse", lambda y_pred, y_true: 2.001 * (y_pred - y_true) / y_pred.size),
    "zero": ("tanh", lambda da, a, z: 0 * z),
    "sign": ("tanh", lambda da, a, z: da * (a * a - 1)),
    "transposed": ("linear", lambda dy, y, x, W, b: (dy @ W.T, (x.T @ dy).T.copy(), dy.sum(axis=0))),
    "unbroadcast": ("linear", lambda dy, y, x, W, b: (dy @ W.T, x.T @ dy, dy)),
    "one row for the sum": ("linear", lambda dy, y, x, W, b: (dy @ W.T, x.T @ dy, dy[0])),
}


@pytest.mark.parametrize("square", [False, True], ids=["unequal lengths", "square"])
@pytest.mark.parametrize("name, backward", BACKWARDS.values(), ids=BACKWARDS)
def test_all_three_witnesses_refuse_what_is_slightly_wrong_zero_transposed_or_unbroadcast(name, backward, square):
    operation = OPERATIONS[name]
    report = witnesses(operation, backward, **(dict.fromkeys(operation.sizes, 3) if square else {}))
    assert report["forward = definition"]
    assert not any(report[witness] for witness in ("symbolic", "numeric", "automatic"))


def test_a_gradient_that_is_truly_zero_is_not_called_wrong():
    r = np.random.default_rng(0)  # batch_norm takes out the bias of a linear map before it: db is 0 but for rounding
    net = Sequential(Linear(3, 4, r), BatchNorm(4), Activation(tanh), Linear(4, 2, r))
    assert first_wrong_gradient(net, mse, r.normal(size=(7, 3)), r.normal(size=(7, 2))) == ""


def test_a_check_along_no_direction_is_refused():
    with pytest.raises(ValueError, match="directions"):
        directional_error(
            np.sum, np.ones(3), np.zeros(3), np.random.default_rng(0), directions=0
        )  # 0.0, as if all were right
