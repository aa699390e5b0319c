"""Promise: losses and activations are right at the extremes, and say what is wrong with what they are given."""

import numpy as np
import pytest

from bplib import activations, losses
from bplib.gradcheck import complex_step
from bplib.operations import OPERATIONS

BINARY = [losses.mse, losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits]
BINARY_GRADS = [losses.mse_grad, losses.binary_cross_entropy_grad, losses.binary_cross_entropy_with_logits_grad]
CROSS_ENTROPY = [losses.softmax_cross_entropy, losses.softmax_cross_entropy_grad]

binary = pytest.mark.parametrize("f", BINARY + BINARY_GRADS, ids=lambda f: f.__name__)
cross_entropy = pytest.mark.parametrize("f", CROSS_ENTROPY, ids=lambda f: f.__name__)
activation = pytest.mark.parametrize(
    "f", [activations.sigmoid, activations.tanh, activations.relu, activations.softmax], ids=lambda f: f.__name__
)
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


@binary
def test_an_empty_batch_is_refused(f):
    assert "the batch is empty" in refusal(f, np.ones((0, 3)), np.ones((0, 3)))


@cross_entropy
def test_a_batch_without_rows_is_refused(f):
    assert "the batch is empty" in refusal(f, np.ones((0, 3)), np.array([], dtype=int))


@binary
@pytest.mark.parametrize(
    "shapes", [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,)), ((2, 3), (3, 2)), ((3,), ())], ids=str
)
def test_unequal_shapes_are_refused_with_both(f, shapes):
    message = refusal(f, np.full(shapes[0], 0.5), np.full(shapes[1], 0.5))
    assert f"is {shapes[0]} but" in message
    assert message.endswith(f"is {shapes[1]}; their shapes must be equal")


@binary
def test_a_list_is_refused_on_either_side(f):
    assert "is a list; a NumPy array or a number is needed" in refusal(f, [0.5, 0.5], np.ones(2))
    assert "is a list; a NumPy array or a number is needed" in refusal(f, np.ones(2), [0.5, 0.5])


@binary
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


@pytest.mark.parametrize("f", BINARY[1:] + BINARY_GRADS[1:], ids=lambda f: f.__name__)
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


@pytest.mark.parametrize(
    "backward",
    [activations.sigmoid_backward, activations.tanh_backward, activations.relu_backward, activations.softmax_backward],
    ids=lambda f: f.__name__,
)
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


@pytest.mark.parametrize("f", [activations.sigmoid, activations.tanh, activations.relu], ids=lambda f: f.__name__)
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


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softmax"])
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
    with pytest.raises(ValueError, match="a single number"):
        activations.softmax(1.0)
