"""Promise: differences give known derivatives, and two gradients that differ are told apart."""

import numpy as np
import pytest

from bplib.gradcheck import central_difference, complex_step, relative_error
from bplib.verify import TOLERANCE

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
