"""Promise: losses and activations are right at the extremes, and say what is wrong with what they are given."""

import numpy as np
import pytest

from bplib import activations, losses
from bplib.class_weights import (
    weighted_binary_cross_entropy,
    weighted_binary_cross_entropy_grad,
    weighted_softmax_cross_entropy,
    weighted_softmax_cross_entropy_grad,
)
from bplib.gradcheck import central_difference, complex_step, relative_error
from bplib.operations import OPERATIONS

DISTANCES = [losses.mse, losses.mae, losses.huber]
DISTANCE_GRADS = [losses.mse_grad, losses.mae_grad, losses.huber_grad]
UNIT = [losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits]  # their truth lies in [0, 1]
UNIT_GRADS = [losses.binary_cross_entropy_grad, losses.binary_cross_entropy_with_logits_grad]
BINARY, BINARY_GRADS = DISTANCES + UNIT, DISTANCE_GRADS + UNIT_GRADS
HINGE = [losses.hinge, losses.hinge_grad]
CROSS_ENTROPY = [losses.softmax_cross_entropy, losses.softmax_cross_entropy_grad]

binary = pytest.mark.parametrize("f", BINARY + BINARY_GRADS, ids=lambda f: f.__name__)
pairs = pytest.mark.parametrize("f", BINARY + BINARY_GRADS + HINGE, ids=lambda f: f.__name__)
hinge = pytest.mark.parametrize("f", HINGE, ids=lambda f: f.__name__)
cross_entropy = pytest.mark.parametrize("f", CROSS_ENTROPY, ids=lambda f: f.__name__)
ACTIVATIONS = [name for name, operation in OPERATIONS.items() if operation.forward.__module__ == activations.__name__]
ELEMENTWISE = [name for name in ACTIVATIONS if name not in ("softmax", "log_softmax")]
activation = pytest.mark.parametrize("f", [OPERATIONS[name].forward for name in ACTIVATIONS], ids=ACTIVATIONS)
pytestmark = pytest.mark.filterwarnings("error")  # a warning of NumPy is a fault here


def refusal(f, *args):
    with pytest.raises(ValueError) as caught:
        f(*args)
    message = str(caught.value)
    assert message.startswith(f"{f.__name__}: ")
    return message


# Extremes


def test_sigmoid_is_exact_at_the_extremes():
    a = activations.sigmoid(np.array([-1000.0, -800.0, -40.0, 0.0, 40.0, 1000.0]))
    # for very negative z, 1 / (1 + e^-z) = e^z; for very positive 1
    np.testing.assert_allclose(a, [0, 0, np.exp(-40.0), 0.5, 1, 1], rtol=1e-15)


def test_tanh_and_relu_are_exact_at_the_extremes():
    z = np.array([-1000.0, 0.0, 1000.0])
    np.testing.assert_array_equal(activations.tanh(z), [-1, 0, 1])
    np.testing.assert_array_equal(activations.relu(z), [0, 0, 1000])


def test_softmax_is_exact_at_the_extremes():
    z = np.array([[1000.0, -1000.0, 0.0], [-1000.0, -1000.0, -1000.0], [1000.0, 1000.0, -1000.0]])
    np.testing.assert_allclose(activations.softmax(z), [[1, 0, 0], [1 / 3] * 3, [0.5, 0.5, 0]], rtol=1e-15)


@pytest.mark.parametrize("shift", [-1000.0, -1.0, 1000.0])
def test_softmax_and_its_loss_do_not_see_a_shift_of_a_row(shift):
    z = np.array([[0.5, -1.0, 2.0], [0.25, 0.0, -0.5]])
    np.testing.assert_allclose(activations.softmax(z + shift), activations.softmax(z), rtol=1e-12)
    y = [2, 0]
    assert losses.softmax_cross_entropy(z + shift, y) == pytest.approx(losses.softmax_cross_entropy(z, y), rel=1e-12)


@pytest.mark.parametrize(
    "z, y, loss, slope",
    [
        (1000.0, 1.0, 0.0, 0.0),
        (1000.0, 0.0, 1000.0, 1.0),  # log(1 + e^1000) = 1000
        (-1000.0, 1.0, 1000.0, -1.0),
        (-1000.0, 0.0, 0.0, 0.0),
        (1000.0, 0.5, 500.0, 0.5),  # 1000 - 1000 / 2
        (-40.0, 0.0, np.exp(-40.0), np.exp(-40.0)),  # log(1 + e^-40) is not 0
    ],
)
def test_cross_entropy_with_logits_is_exact_at_the_extremes(z, y, loss, slope):
    z, y = np.array([z]), np.array([y])
    assert losses.binary_cross_entropy_with_logits(z, y) == pytest.approx(loss, rel=1e-14, abs=0)
    np.testing.assert_allclose(losses.binary_cross_entropy_with_logits_grad(z, y), [slope], rtol=1e-14)


@pytest.mark.parametrize("label, loss", [(0, 0.0), (1, 2000.0), (2, 1000.0)])
def test_softmax_cross_entropy_is_exact_at_the_extremes(label, loss):
    z = np.array([[1000.0, -1000.0, 0.0]])  # log(e^1000 + e^-1000 + e^0) = 1000
    assert losses.softmax_cross_entropy(z, [label]) == loss
    np.testing.assert_array_equal(
        losses.softmax_cross_entropy_grad(z, [label]), [np.array([1, 0, 0]) - np.eye(3)[label]]
    )


def test_the_bent_relus_are_exact_at_the_extremes():
    z = np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    np.testing.assert_allclose(activations.leaky_relu(z), [-10, -0.4, 0, 40, 1000], rtol=1e-15)
    np.testing.assert_allclose(activations.elu(z, 2.0), [-2, 2 * np.expm1(-40.0), 0, 40, 1000], rtol=1e-15)
    # log(1 + e^z) is e^z far to the left and z far to the right
    np.testing.assert_allclose(activations.softplus(z), [0, np.exp(-40.0), np.log(2), 40, 1000], rtol=1e-15)
    np.testing.assert_allclose(activations.gelu(z), [0, 0, 0, 40, 1000], atol=1e-300)


def test_near_zero_nothing_cancels():
    # e^z - 1 is z + z^2/2 + z^3/6 + ...; computed as written it would keep only six digits of z = 1e-10
    z = np.array([-1e-10, -1e-5])
    np.testing.assert_allclose(activations.elu(z), z + z * z / 2 + z**3 / 6, rtol=1e-15)


def test_slopes_at_the_extremes():
    z = np.array([-1000.0, -40.0, 1000.0])
    slopes = {
        "sigmoid": [0, np.exp(-40.0), 0],
        "tanh": [0, 0, 0],
        "relu": [0, 0, 1],
        "leaky_relu": [0.01, 0.01, 1],
        "elu": [0, np.exp(-40.0), 1],
        "gelu": [0, 0, 1],
        "softplus": [0, np.exp(-40.0), 1],
    }
    for name, slope in slopes.items():
        operation = OPERATIONS[name]
        dz = operation.backward(np.ones(3), operation.forward(z), z)
        np.testing.assert_allclose(dz, slope, rtol=1e-14, atol=1e-300, err_msg=name)


@pytest.mark.parametrize("shift", [0.0, 500.0, -500.0])
def test_log_softmax_is_finite_where_the_logarithm_of_softmax_is_not(shift):
    a = activations.log_softmax(np.array([[1000.0, -1000.0, 0.0]]) + shift)
    np.testing.assert_allclose(a, [[0, -2000, -1000]], rtol=1e-15)
    da = np.array([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(activations.log_softmax_backward(da, a, a), [[1 - 7, 2, 4]], rtol=1e-15)


@pytest.mark.parametrize("alpha", [-0.1, 1.0, 1, 5, np.nan])
def test_a_leaky_relu_needs_a_slope_from_0_to_below_1(alpha):
    assert f"alpha is {alpha}; a slope from 0 to below 1" in refusal(activations.leaky_relu, np.ones(2), alpha)


@pytest.mark.parametrize("alpha", [0, -1.0, np.nan])
def test_an_elu_needs_a_positive_alpha(alpha):
    assert f"alpha is {alpha}; a positive number" in refusal(activations.elu, np.ones(2), alpha)


def test_mae_huber_and_hinge_are_exact_at_the_extremes():
    y_pred, y_true = np.array([1000.0, -1000.0, 0.0]), np.array([-1000.0, 1000.0, 0.0])
    assert losses.mae(y_pred, y_true) == pytest.approx(4000 / 3, rel=1e-15)
    np.testing.assert_array_equal(losses.mae_grad(y_pred, y_true), [1 / 3, -1 / 3, 0])
    assert losses.huber(y_pred, y_true) == pytest.approx(2 * 1999.5 / 3, rel=1e-15)
    np.testing.assert_array_equal(losses.huber_grad(y_pred, y_true), [1 / 3, -1 / 3, 0])
    z, y = np.array([1000.0, -1000.0, 1000.0]), np.array([1.0, 1.0, -1.0])
    assert losses.hinge(z, y) == pytest.approx(2 * 1001 / 3, rel=1e-15)
    np.testing.assert_array_equal(losses.hinge_grad(z, y), [0, -1 / 3, 1 / 3])


def test_huber_bends_at_delta_and_joins_there_without_a_jump():
    delta = 0.7
    for d, loss, slope in (
        (delta, delta**2 / 2, delta),
        (delta + 1e-9, delta**2 / 2 + 1e-9 * delta, delta),
        (-delta, delta**2 / 2, -delta),
        (0.1, 0.005, 0.1),
        (10.0, delta * (10 - delta / 2), delta),
    ):
        d, zero = np.array([d]), np.zeros(1)
        assert losses.huber(d, zero, delta) == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose(losses.huber_grad(d, zero, delta), [slope], rtol=1e-12)


def test_huber_is_half_of_mse_with_a_large_delta_and_delta_times_mae_with_a_small_one():
    y_pred, y_true = np.random.default_rng(0).normal(size=(2, 7, 3))
    assert losses.huber(y_pred, y_true, 1e6) == pytest.approx(losses.mse(y_pred, y_true) / 2, rel=1e-14)
    assert losses.huber(y_pred, y_true, 1e-12) == pytest.approx(1e-12 * losses.mae(y_pred, y_true), rel=1e-9)


@pytest.mark.parametrize("delta", [0, -1.0, np.nan])
def test_huber_needs_a_positive_delta(delta):
    assert f"delta is {delta}; a positive number" in refusal(losses.huber, np.ones(2), np.ones(2), delta)


@hinge
@pytest.mark.parametrize("y", [[1.0, 0.0], [1.0, 2.0], [0.5, -1.0], [np.nan, 1.0]], ids=str)
def test_hinge_refuses_labels_that_are_not_plus_or_minus_one_with_the_way_out(f, y):
    message = refusal(f, np.ones(2), np.array(y))
    assert message.startswith(f"{f.__name__}: y holds [")
    assert message.endswith("1 and -1 are needed, as in 2 * y - 1")


@hinge
def test_hinge_takes_integer_labels_and_plain_numbers(f):
    z, y = np.array([0.25, -0.75, 3.0]), np.array([1, -1, -1])
    np.testing.assert_array_equal(f(z, y), f(z, y.astype(float)))
    assert np.shape(f(0.25, -1)) == ()
    assert f(0.25, -1) == {losses.hinge: 1.25, losses.hinge_grad: 1.0}[f]


def test_mse_is_exact_at_the_extremes():
    assert losses.mse(np.array([1000.0, -1000.0]), np.array([-1000.0, 1000.0])) == 4e6


def test_the_two_binary_cross_entropies_agree():
    z, y = np.random.default_rng(0).normal(size=(2, 7, 3))
    y = 1 / (1 + np.exp(-y))  # soft labels
    of_p = losses.binary_cross_entropy(activations.sigmoid(z), y)
    assert losses.binary_cross_entropy_with_logits(z, y) == pytest.approx(of_p, rel=1e-13)


# Certainty


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_and_right_costs_nothing(p):
    p = np.array([p])
    loss = losses.binary_cross_entropy(p, p)
    assert loss == 0
    # dL/dp = (1 - y) / (1 - p) - y / p is 1 at p = y = 0 and -1 at p = y = 1
    np.testing.assert_array_equal(losses.binary_cross_entropy_grad(p, p), 1 - 2 * p)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_nothing_is_not_printed_with_a_minus(p):
    assert f"{losses.binary_cross_entropy(np.array([p]), np.array([p])):.2f}" == "0.00"


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_and_wrong_costs_infinity(p):
    p, y = np.array([p, 0.5]), np.array([1 - p, 1.0])
    assert losses.binary_cross_entropy(p, y) == np.inf
    gradient = losses.binary_cross_entropy_grad(p, y)
    assert gradient[0] == (-np.inf if y[0] == 1 else np.inf)
    assert gradient[1] == -1  # -1 / 0.5 / 2: its neighbor is not spoiled


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_where_the_truth_is_in_doubt_costs_infinity(p):
    assert losses.binary_cross_entropy(np.array([p]), np.array([0.5])) == np.inf


# What is refused


@pairs
def test_an_empty_batch_is_refused(f):
    assert "the batch is empty" in refusal(f, np.ones((0, 3)), np.ones((0, 3)))


@cross_entropy
def test_a_batch_without_rows_is_refused(f):
    assert "the batch is empty" in refusal(f, np.ones((0, 3)), np.array([], dtype=int))


@pairs
@pytest.mark.parametrize(
    "shapes", [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,)), ((2, 3), (3, 2)), ((3,), ())], ids=str
)
def test_unequal_shapes_are_refused_with_both(f, shapes):
    message = refusal(f, np.full(shapes[0], 0.5), np.full(shapes[1], 0.5))
    assert f"is {shapes[0]} but" in message
    assert message.endswith(f"is {shapes[1]}; their shapes must be equal")


@pairs
def test_a_list_is_refused_on_either_side(f):
    assert "is a list; a NumPy array or a number is needed" in refusal(f, [0.5, 0.5], np.ones(2))
    assert "is a list; a NumPy array or a number is needed" in refusal(f, np.ones(2), [0.5, 0.5])


@pairs
def test_an_integer_prediction_is_refused(f):
    assert "holds int64; floats are needed, as" in refusal(f, np.array([1, 0], dtype=np.int64), np.ones(2))


@binary
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool], ids=lambda d: np.dtype(d).name)
def test_an_integer_truth_is_as_good_as_a_float(f, dtype):
    prediction, truth = np.array([0.25, 0.75, 0.5]), np.array([1, 0, 1])
    np.testing.assert_array_equal(f(prediction, truth.astype(dtype)), f(prediction, truth.astype(float)))


@cross_entropy
@pytest.mark.parametrize("wrong", [-1, 3, 100])
def test_a_label_out_of_range_is_refused_with_the_range(f, wrong):
    assert refusal(f, np.ones((3, 3)), [0, wrong, 2]).endswith(f"the label {wrong}; z has 3 columns, so 0 to 2")


@cross_entropy
@pytest.mark.parametrize("y, dtype", [([0.0, 1.0], "float64"), ([True, False], "bool"), (["0", "1"], "<U1")], ids=str)
def test_labels_that_are_not_integers_are_refused(f, y, dtype):
    assert f"y holds {dtype}; integer labels are needed, as y.astype(int) gives" in refusal(f, np.ones((2, 3)), y)


@cross_entropy
@pytest.mark.parametrize(
    "z, y",
    [
        (np.ones((2, 3)), np.eye(3, dtype=int)[:2]),
        (np.ones((2, 3)), np.array([[0], [1]])),
        (np.ones((2, 3)), np.array([0, 1, 2])),
        (np.ones(3), np.array([1])),
        (np.ones((2, 3)), np.array(1)),
        (np.ones((2, 3, 4)), np.array([0, 1])),
    ],
    ids=["one-hot", "column", "a row too many", "one axis", "one label", "three axes"],
)
def test_labels_and_logits_of_wrong_shapes_are_refused_with_both(f, z, y):
    assert refusal(f, z, y).endswith(f"z is {z.shape} and y is {y.shape}; needed are (n, k) and (n,)")


@cross_entropy
def test_logits_that_are_a_list_or_integers_are_refused(f):
    assert "z is a list" in refusal(f, [[1.0, 2.0]], [0])
    assert "z holds int64" in refusal(f, np.array([[1, 2]], dtype=np.int64), [0])


@cross_entropy
def test_labels_may_be_a_list_or_small_integers(f):
    z = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])
    for y in ([2, 0], (2, 0), np.array([2, 0], dtype=np.uint8)):
        np.testing.assert_array_equal(f(z, y), f(z, np.array([2, 0])))


@pytest.mark.parametrize("f", [losses.binary_cross_entropy, losses.binary_cross_entropy_grad], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "wrong, given", [(-0.1, "-0.1 to 0.5"), (1.5, "0.5 to 1.5"), (np.nan, "nan"), (np.inf, "to inf")]
)
def test_a_probability_outside_of_0_to_1_is_refused_with_the_range(f, wrong, given):
    message = refusal(f, np.array([0.5, wrong]), np.array([1.0, 0.0]))
    assert message.startswith(f"{f.__name__}: p runs from ")
    assert given in message
    assert "between 0 and 1" in message


@pytest.mark.parametrize("f", UNIT + UNIT_GRADS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("wrong, given", [(-1.0, "-1 to 1"), (2.0, "1 to 2"), (np.nan, "nan")])
def test_a_truth_outside_of_0_to_1_is_refused_with_the_range(f, wrong, given):
    message = refusal(f, np.array([0.5, 0.5]), np.array([1.0, wrong]))
    assert message.startswith(f"{f.__name__}: y runs from ")
    assert given in message


@activation
@pytest.mark.parametrize(
    "z, given",
    [([1.0, 2.0], "list"), ("1", "str"), (None, "NoneType"), (np.array([[1, 2]], dtype=np.int64), "int64")],
    ids=["list", "string", "none", "integers"],
)
def test_an_activation_refuses_what_is_no_float(f, z, given):
    message = refusal(f, z)
    assert given in message
    assert "needed" in message


@pytest.mark.parametrize("backward", [OPERATIONS[name].backward for name in ACTIVATIONS], ids=ACTIVATIONS)
def test_an_upstream_of_another_shape_is_refused_and_never_broadcast(backward):
    z = np.full((4, 1), 0.5)
    message = refusal(backward, np.ones(4), z, z)
    assert "da is (4,) but" in message
    assert "is (4, 1); their shapes must be equal" in message


# Numbers


@pytest.mark.parametrize("loss, gradient", list(zip(BINARY, BINARY_GRADS, strict=True)), ids=lambda f: f.__name__)
@pytest.mark.parametrize("prediction, truth", [(0.25, 1.0), (0.25, 1), (0.75, 0), (np.float64(0.25), 0.5)], ids=str)
def test_python_numbers_are_batches_of_one(loss, gradient, prediction, truth):
    arrays = np.array([float(prediction)]), np.array([float(truth)])
    assert loss(prediction, truth) == loss(*arrays)
    assert np.shape(loss(prediction, truth)) == np.shape(gradient(prediction, truth)) == ()
    assert gradient(prediction, truth) == gradient(*arrays)[0]


@pytest.mark.parametrize("f", [OPERATIONS[name].forward for name in ELEMENTWISE], ids=ELEMENTWISE)
@pytest.mark.parametrize("z", [0.5, -2.0, 0, 3])
def test_an_activation_takes_a_python_number(f, z):
    assert np.shape(f(z)) == ()
    assert f(z) == f(np.array([float(z)]))[0]


@activation
def test_nan_comes_out_where_nan_went_in(f):
    a = f(np.array([[np.nan, 1.0], [0.5, 1.0]]))
    assert np.isnan(a[0, 0])
    assert np.isfinite(a[1]).all()


def test_a_loss_of_nan_is_nan_and_not_a_number_that_looks_fine():
    assert np.isnan(losses.mse(np.array([np.nan, 1.0]), np.ones(2)))
    assert np.isnan(losses.binary_cross_entropy_with_logits(np.array([np.nan, 1.0]), np.ones(2)))
    assert np.isnan(losses.softmax_cross_entropy(np.array([[np.nan, 1.0]]), [1]))


# Doors of the backwards, and complex numbers


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_backward_refuses_integers_and_unequal_shapes(name):
    backward = OPERATIONS[name].backward
    a = np.full((5, 3), 0.5)
    with pytest.raises(ValueError, match="da holds int64"):
        backward(np.ones((5, 3), dtype=np.int64), a, a)
    for da, out, z in ((a[0], a, a), (a, a[0], a), (a, a, a[0])):
        with pytest.raises(ValueError, match="their shapes must be equal"):
            backward(da, out, z)


def test_what_is_not_analytic_refuses_complex_numbers_instead_of_a_wrong_complex_step():
    z, y = np.array([0.3, -1.2, 0.8]), np.array([1.0, 0.0, 0.5])
    with pytest.raises(ValueError, match="not analytic"):
        complex_step(lambda z: losses.binary_cross_entropy_with_logits(z, y), z)
    with pytest.raises(ValueError, match="not analytic"):
        activations.sigmoid(1j)
    gradient = complex_step(lambda p: losses.mse(p, y), z)
    np.testing.assert_allclose(gradient, losses.mse_grad(z, y), rtol=1e-14)


def test_softmax_takes_one_row_but_no_single_number():
    np.testing.assert_allclose(activations.softmax(np.log([6.0, 3.0, 1.0])), [0.6, 0.3, 0.1], rtol=1e-14)
    np.testing.assert_allclose(activations.log_softmax(np.log([6.0, 3.0, 1.0])), np.log([0.6, 0.3, 0.1]), rtol=1e-14)
    for f in (activations.softmax, activations.log_softmax):
        with pytest.raises(ValueError, match=f"{f.__name__}: z is a single number"):
            f(1.0)


def test_softmax_takes_sequences_of_rows():
    z = np.random.default_rng(0).normal(size=(2, 5, 3))
    for f in (activations.softmax, activations.log_softmax):
        np.testing.assert_array_equal(f(z), [f(rows) for rows in z])


# Weights


@pytest.mark.parametrize("z, y", [(1000.0, 1.0), (1000.0, 0.0), (-1000.0, 1.0), (-1000.0, 0.0)])
def test_the_weight_multiplies_what_a_positive_costs_also_at_the_extremes(z, y):
    z, y = np.array([z]), np.array([y])
    weight = 3.0 if y[0] == 1 else 1.0
    f, gradient = losses.binary_cross_entropy_with_logits, losses.binary_cross_entropy_with_logits_grad
    assert weighted_binary_cross_entropy(z, y, 3.0) == weight * f(z, y)
    np.testing.assert_array_equal(weighted_binary_cross_entropy_grad(z, y, 3.0), weight * gradient(z, y))


@pytest.mark.parametrize(
    "f", [weighted_binary_cross_entropy, weighted_binary_cross_entropy_grad], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("wrong", [0, -1.0, np.nan, np.inf])
def test_a_weight_that_is_not_positive_is_refused(f, wrong):
    assert f"weight is {wrong}; a positive number" in refusal(f, np.zeros(2), np.ones(2), wrong)


Z = np.random.default_rng(3).normal(size=(6, 3))
Y = np.array([0, 2, 2, 1, 0, 2])
WEIGHTS = np.array([0.5, 3.0, 2.0])


def test_equal_class_weights_change_nothing():
    for weight in (1.0, 7.0):
        same = [weight] * 3
        assert weighted_softmax_cross_entropy(Z, Y, same) == pytest.approx(
            losses.softmax_cross_entropy(Z, Y), rel=1e-14
        )
        np.testing.assert_allclose(
            weighted_softmax_cross_entropy_grad(Z, Y, same), losses.softmax_cross_entropy_grad(Z, Y), rtol=1e-13
        )


def test_class_weights_make_a_weighted_mean_of_the_losses_of_single_rows():
    single = [losses.softmax_cross_entropy(Z[i : i + 1], Y[i : i + 1]) for i in range(6)]
    expected = np.average(single, weights=WEIGHTS[Y])
    assert weighted_softmax_cross_entropy(Z, Y, WEIGHTS) == pytest.approx(expected, rel=1e-14)
    # A row of weight 2 counts like two rows of weight 1.
    twice = np.repeat(np.arange(6), [1, 2, 2, 1, 1, 2])
    assert weighted_softmax_cross_entropy(Z, Y, [1.0, 1.0, 2.0]) == pytest.approx(
        losses.softmax_cross_entropy(Z[twice], Y[twice]), rel=1e-14
    )


@pytest.mark.parametrize("weights", [WEIGHTS, [0.0, 1.0, 2.0]], ids=["positive", "one is zero"])
def test_the_gradient_with_class_weights_agrees_with_differences(weights):
    numeric = central_difference(lambda z: weighted_softmax_cross_entropy(z, Y, weights), Z)
    gradient = weighted_softmax_cross_entropy_grad(Z, Y, weights)
    assert relative_error(gradient, numeric) < 1e-6
    for row, label in zip(gradient, Y, strict=True):
        assert row.any() == (weights[label] > 0)


@pytest.mark.parametrize(
    "f", [weighted_softmax_cross_entropy, weighted_softmax_cross_entropy_grad], ids=lambda f: f.__name__
)
@pytest.mark.parametrize(
    "weights",
    [[1.0, 1.0], [1.0] * 4, 1.0, [[1.0, 1.0, 1.0]], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [np.nan, 1.0, 1.0]],
    ids=["too few", "too many", "a number", "a row", "negative", "zeros", "nan"],
)
def test_class_weights_that_are_none_are_refused(f, weights):
    assert "needed are 3, none negative, some above 0" in refusal(f, Z, Y, weights)


def test_class_weights_keep_float32():
    z = Z.astype(np.float32)
    assert weighted_softmax_cross_entropy(z, Y, WEIGHTS).dtype == np.float32
    assert weighted_softmax_cross_entropy_grad(z, Y, WEIGHTS).dtype == np.float32


# The loss and its gradient in one go

fused = OPERATIONS["softmax_cross_entropy"].loss_and_grad
LOGITS = {
    "usual": Z,
    "one row": Z[:1],
    "one class": np.ones((6, 1)),
    "extreme": 1000 * np.sign(Z),
    "far from zero": Z + 1000,
    "fortran order": np.asfortranarray(Z),
    "every second row": np.repeat(Z, 2, axis=0)[::2],
}


@pytest.mark.parametrize("dtype, exact", [(np.float64, 1e-13), (np.float32, 1e-5)], ids=["float64", "float32"])
@pytest.mark.parametrize("z", LOGITS.values(), ids=LOGITS)
def test_the_fused_loss_and_gradient_are_those_of_the_pair(z, dtype, exact):
    z, y = z.astype(dtype), np.minimum(Y, z.shape[1] - 1)[: len(z)]
    z.setflags(write=False)
    loss, gradient = fused(z, y)
    assert loss.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(loss, losses.softmax_cross_entropy(z, y), rtol=exact, atol=1e-300)
    np.testing.assert_allclose(gradient, losses.softmax_cross_entropy_grad(z, y), rtol=exact, atol=exact / 100)
    assert not np.shares_memory(gradient, z)


def test_a_nan_spoils_the_fused_loss_and_its_own_row_alone_as_in_the_pair():
    z = Z.copy()
    z[2, 1] = np.nan
    loss, gradient = fused(z, Y)
    assert np.isnan(loss)
    np.testing.assert_allclose(gradient, losses.softmax_cross_entropy_grad(z, Y), rtol=1e-13)
    assert np.isnan(gradient).any(axis=1).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    "y", [Y.tolist(), tuple(Y), Y.astype(np.uint8), Y.astype(np.int32)], ids=lambda y: str(type(y))
)
def test_the_fused_function_takes_labels_as_the_pair_does(y):
    assert fused(Z, y)[0] == pytest.approx(losses.softmax_cross_entropy(Z, Y), rel=1e-14)


@pytest.mark.parametrize(
    "z, y",
    [
        (Z, [0, 1, 2, 3, 0, 0]),
        (Z, [0, 1, 2, -1, 0, 0]),
        (Z, np.array([0.0, 1, 2, 1, 0, 0])),
        (Z, np.array([True] * 6)),
        (Z, [0, 1, 2]),
        (Z, np.zeros((6, 1), int)),
        (Z, 0),
        (Z[0], [0, 1, 2]),
        (np.ones((2, 3, 4)), [0, 1]),
        (Z[:0], np.zeros(0, int)),
        (Z.astype(int), Y),
        (Z.tolist(), Y),
    ],
    ids=[
        "label too large",
        "negative label",
        "labels of floats",
        "labels of bools",
        "too few labels",
        "a column of labels",
        "one label",
        "one row of logits",
        "three axes",
        "empty",
        "integers",
        "list",
    ],
)
def test_the_fused_function_refuses_in_the_words_of_the_pair(z, y):
    with pytest.raises(ValueError) as caught:
        fused(z, y)
    assert str(caught.value) == refusal(losses.softmax_cross_entropy, z, y)


@pytest.mark.parametrize("name", [f.__name__ for f in BINARY] + ["hinge"])
def test_a_loss_without_a_fused_function_gives_its_pair(name):
    operation = OPERATIONS[name]
    inputs = operation.example(np.random.default_rng(0))
    loss, gradient = operation.loss_and_grad(*inputs)
    assert loss == operation.forward(*inputs)
    np.testing.assert_array_equal(gradient, operation.backward(*inputs))


@pytest.mark.parametrize(
    "name", ["mse", "mae", "huber", "hinge", "binary_cross_entropy", "binary_cross_entropy_with_logits"]
)
def test_a_loss_of_float32_predictions_and_integer_truths_stays_float32(name):
    loss, gradient = OPERATIONS[name].loss_and_grad(np.full(3, 0.25, np.float32), np.ones(3, int))
    assert loss.dtype == gradient.dtype == np.float32


@pytest.mark.parametrize("z, y", [(np.zeros((5, 3)), [1]), (np.zeros((1, 3)), [1, 1, 1, 0, 2])], ids=str)
def test_the_fused_loss_does_not_broadcast(z, y):
    with pytest.raises(ValueError, match=r"needed are \(n, k\) and \(n,\)"):
        OPERATIONS["softmax_cross_entropy"].loss_and_grad(z, np.array(y))


@pytest.mark.parametrize("dtype", [np.uint8, bool], ids=["uint8", "bool"])
def test_the_gradient_of_hinge_with_labels_of_an_unsigned_type(dtype):
    np.testing.assert_array_equal(losses.hinge_grad(np.zeros(2), np.ones(2, dtype)), [-0.5, -0.5])  # gives 127.5


def test_huber_grad_refuses_what_huber_refuses():
    with pytest.raises(ValueError, match="huber_grad: delta is -1"):
        losses.huber_grad(np.zeros(2), np.ones(2), -1.0)
