"""Promise: what two public engines ask of themselves holds of a Value too, in cases of our own.

Ideas come from their tests, cases and code do not.

- micrograd, test/test_engine.py at c911406 (2020): a program of numbers that binds its names again and again, forward
  and backward.
- HIPS autograd, tests/ at bff107b (2026). test_graphs: gradients that sums share, and a derivative inside a function;
  test_jacobian: rows of a Jacobian; test_dict, test_list, test_tuple: containers; test_binary_ops: every pair of
  shapes, and comparisons; test_systematic: every axis of everything; test_numpy: kinds of index, ties, numbers around
  arrays; test_wrappers: types; test_tests: the test of the test.

Random graphs, which neither has, end the file.
"""

import itertools

import numpy as np
import pytest

from bplib import autodiff
from bplib.autodiff import Value
from bplib.gradcheck import central_difference, relative_error

CUBE = np.random.default_rng(2).uniform(0.4, 1.6, size=(2, 3, 4))
SHAPES = [(), (4,), (3, 4), (1, 4)]
PAIRS = list(itertools.product(SHAPES, SHAPES))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def pulled_back(f, *inputs):
    """A random upstream u, and the gradients of sum(u * f(inputs)) by the engine, 0 where it found no way."""
    values = [Value(x) for x in inputs]
    out = f(*values)
    u = np.random.default_rng(1).normal(size=out.shape)
    autodiff.sum(u * out).backward()
    return u, [np.zeros(value.shape) if value.grad is None else value.grad for value in values]


def check(f, *inputs, tolerance=1e-8):
    """Compare f(xp, *inputs) and its gradients with NumPy and its differences."""
    out = f(autodiff, *map(Value, inputs))
    np.testing.assert_allclose(out.data, f(np, *inputs), rtol=1e-13, atol=1e-13)
    u, gradients = pulled_back(lambda *values: f(autodiff, *values), *inputs)
    for i, (x, gradient) in enumerate(zip(inputs, gradients, strict=True)):

        def scalar(moved, i=i):
            return np.sum(u * f(np, *(moved if k == i else x for k, x in enumerate(inputs))))

        assert np.shape(gradient) == np.shape(x)
        assert relative_error(gradient, central_difference(scalar, x)) < tolerance


def test_the_comparison_of_this_file_notices_a_slope_that_is_wrong_by_a_thousandth():
    def double(xp, x, slope):
        return 2 * x if xp is np else Value(2 * x.data, "", (x,), "double", (slope,))

    x = np.array([0.5, 1.5])
    check(lambda xp, x: double(xp, x, 2.0), x)
    with pytest.raises(AssertionError):
        check(lambda xp, x: double(xp, x, 2.002), x)


# Programs of numbers


@pytest.mark.parametrize("start", [3.0, -2.5, 0.75])
def test_a_name_that_is_bound_again_leaves_the_older_nodes_in_the_graph(start):
    x = Value(start)
    a = x
    a += a * x  # x + x^2
    a /= 2
    a -= x  # (x^2 - x) / 2
    b = a**2
    b += 1.0 / b
    b *= 1 + autodiff.maximum(x, 0.0)
    b.backward()
    p, dp, r, dr = (start**2 - start) / 2, start - 0.5, 1 + max(start, 0.0), float(start > 0)
    np.testing.assert_allclose(b.data, (p**2 + p**-2) * r, rtol=1e-14)
    np.testing.assert_allclose(x.grad, (2 * p - 2 * p**-3) * dp * r + (p**2 + p**-2) * dr, rtol=1e-14)


def test_a_gradient_is_a_plain_number_and_so_a_constant_of_the_next_graph():
    # x * d(x y)/dy is x^2, but what backward has found is the number 3, and 3 x has slope 3
    x, y = Value(3.0), Value(2.0)
    (x * y).backward()
    outer = x * y.grad
    outer.backward()
    assert (type(y.grad), x.grad) == (float, 3.0)


def test_a_backward_inside_a_graph_that_is_being_built_disturbs_neither():
    x = Value(2.0)
    a = x * x
    (a * x).backward()
    assert x.grad == 12  # 3 x^2
    (a + x).backward()
    assert x.grad == 5  # 2 x + 1


# Graphs


def test_what_is_added_to_one_of_two_that_share_a_gradient_is_not_added_to_the_other():
    w, a = np.array([1.0, 10.0]), Value([5.0, 6.0])
    b = a + 1.0
    c = b - 2.0 + b
    d = a + b
    e = d + c  # hands one array to both, and d hands it on to a and b
    autodiff.sum(e * w + c[0]).backward()
    assert (e.grad.tolist(), d.grad.tolist()) == ([1, 10], [1, 10])
    assert (c.grad.tolist(), b.grad.tolist(), a.grad.tolist()) == ([3, 10], [7, 30], [8, 40])


def test_dead_ends_get_no_gradient_and_change_none():
    x = Value([1.0, 2.0])
    used = x * 3
    unused = autodiff.exp(used) + autodiff.log(x)
    autodiff.sum(used).backward()
    assert (unused.grad, x.grad.tolist()) == (None, [3, 3])


def test_a_result_that_does_not_depend_on_a_value_gives_it_nothing_and_times_zero_gives_zero():
    x = Value(4.0)
    (x * 0.0).backward()
    assert x.grad == 0.0
    fresh = Value(4.0)
    (Value(1.0) + int(fresh > 3)).backward()  # how a comparison ends is no Value
    assert fresh.grad is None


def test_the_rows_of_a_jacobian_come_from_one_graph_entry_by_entry(rng):
    A = rng.normal(size=(3, 4))
    x = Value(rng.normal(size=(4, 1)))
    y = A @ x
    for row, entry in zip(A, y.reshape(3), strict=True):
        entry.backward()
        np.testing.assert_array_equal(x.grad[:, 0], row)


def test_a_backward_from_a_weighted_sum_is_the_weights_times_the_jacobian():
    # of (x0 x1, x1^2, x0 + 3 x1), with the Jacobian by hand
    x, u = Value([2.0, 5.0]), np.array([1.0, -2.0, 0.5])
    y = autodiff.stack([x[0] * x[1], x[1] ** 2, x[0] + 3 * x[1]])
    autodiff.sum(u * y).backward()
    np.testing.assert_array_equal(x.grad, u @ [[5.0, 2.0], [0.0, 10.0], [1.0, 3.0]])


def test_parameters_may_stand_in_any_container_and_one_that_is_not_used_gets_none():
    layers = [{"W": Value(np.ones((2, 2))), "b": Value([1.0, 2.0])}, {"W": Value(np.ones((2, 2)))}]
    rates = (Value(0.5), Value(7.0))
    x = np.array([[1.0, 2.0]])
    for layer in layers:
        x = x @ layer["W"] + layer.get("b", 0.0)
    autodiff.sum(x * rates[0]).backward()
    # x W1 + b = (4, 5), and each entry of that goes twice, through W2, into the sum
    assert layers[0]["W"].grad.tolist() == [[1, 1], [2, 2]]
    assert layers[0]["b"].grad.tolist() == [1, 1]
    assert layers[1]["W"].grad.tolist() == [[2, 2], [2.5, 2.5]]
    assert (rates[0].grad, rates[1].grad) == (18, None)


# Two sides of an operation

ITSELF = {
    "+": (lambda xp, x: x + x, lambda x: 2 + 0 * x),
    "-": (lambda xp, x: x - x, lambda x: 0 * x),
    "*": (lambda xp, x: x * x, lambda x: 2 * x),
    "/": (lambda xp, x: x / x, lambda x: 0 * x),
    "**": (lambda xp, x: x**x, lambda x: x**x * (np.log(x) + 1)),
    "maximum": (lambda xp, x: xp.maximum(x, x), lambda x: 1 + 0 * x),
    "minimum": (lambda xp, x: xp.minimum(x, x), lambda x: 1 + 0 * x),
}


@pytest.mark.parametrize("f, slope", ITSELF.values(), ids=ITSELF)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_value_on_both_sides_gets_both_slopes(f, slope, shape, rng):
    x = rng.uniform(0.4, 1.6, size=shape)
    u, [gradient] = pulled_back(lambda x: f(autodiff, x), x)
    np.testing.assert_allclose(gradient, u * slope(x), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
def test_a_power_agrees_with_differences_in_base_and_exponent_for_every_pair_of_shapes(shapes, rng):
    base, exponent = rng.uniform(0.4, 1.6, size=shapes[0]), rng.normal(size=shapes[1])
    check(lambda xp, x, w: x**w, base, exponent)


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
def test_of_two_one_is_the_larger_and_one_the_smaller_in_a_tie_too(shapes, rng):
    # maximum(x, y) + minimum(x, y) is x + y: each gets the upstream, once for every entry it was spread over
    x, y = (rng.integers(0, 2, size=shape).astype(float) for shape in shapes)
    u, gradients = pulled_back(lambda x, y: autodiff.maximum(x, y) + autodiff.minimum(x, y), x, y)
    _, expected = pulled_back(lambda x, y: x + y, x, y)
    for found, each in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(found, each, rtol=1e-13, atol=1e-14)
    assert u.size == np.broadcast(x, y).size


def test_shares_in_a_tie_of_three_add_up_to_one():
    a, b, c = Value(2.0), Value(2.0), Value(2.0)
    for f in (autodiff.maximum, autodiff.minimum):
        f(f(a, b), c).backward()
        assert a.grad + b.grad + c.grad == 1.0
        assert min(a.grad, b.grad, c.grad) > 0.0


BESIDE = {"left": (lambda c, x: c * x, 7.0), "right": (lambda c, x: x * c, 7.0), "minus": (lambda c, x: c - x, -3.0)}


@pytest.mark.parametrize("f, slope", BESIDE.values(), ids=BESIDE)
def test_a_number_beside_an_array_gets_the_sum_of_its_slopes_as_a_number(f, slope):
    x = Value(2.0)
    autodiff.sum(f(np.array([1.0, -4.0, 10.0]), x)).backward()
    assert (type(x.grad), x.grad) == (float, slope)


def test_two_ends_share_the_slope_of_what_lies_between_them():
    t, left, right = np.linspace(0.0, 1.0, 5), Value(1.25), Value(3.5)
    between = left + (right - left) * t
    np.testing.assert_allclose(between.data, np.linspace(1.25, 3.5, 5), rtol=1e-15)
    autodiff.sum(between * t).backward()
    np.testing.assert_allclose([left.grad, right.grad], [np.sum((1 - t) * t), np.sum(t * t)], rtol=1e-15)


# Every axis

AXES = [None, 0, 1, -1, (), (1,), (0, 2), (-1, 0), (2, 0, 1)]


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("kept", [False, True])
def test_a_sum_and_a_mean_hand_their_gradient_to_every_entry_whatever_the_axes(name, axis, kept, rng):
    for shape in [(2, 3, 4), (1, 3, 1), (2, 1, 4)]:
        x = rng.normal(size=shape)
        out = getattr(np, name)(x, axis=axis, keepdims=True)
        u, [gradient] = pulled_back(lambda x: getattr(autodiff, name)(x, axis=axis, keepdims=kept), x)
        assert u.shape == (out.shape if kept else getattr(np, name)(x, axis=axis).shape)
        n = x.size / out.size if name == "mean" else 1
        np.testing.assert_allclose(gradient, np.broadcast_to(u.reshape(out.shape) / n, shape), rtol=1e-14)


@pytest.mark.parametrize("i, j", list(itertools.product([0, 1, 2, -1], repeat=2)))
def test_exchanged_axes_are_exchanged_back(i, j):
    u, [gradient] = pulled_back(lambda x: autodiff.swapaxes(x, i, j), CUBE)
    np.testing.assert_array_equal(gradient, np.swapaxes(u, i, j))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts_along_any_axis_get_what_lies_where_they_lay(axis, parts):
    u, gradients = pulled_back(lambda *xs: autodiff.concatenate(xs, axis), *[CUBE] * parts)
    for found, each in zip(gradients, np.array_split(u, parts, axis), strict=True):
        np.testing.assert_array_equal(found, each)
    for place in (axis, -axis - 1):
        u, gradients = pulled_back(lambda *xs, place=place: autodiff.stack(xs, place), *[CUBE] * parts)
        for k, found in enumerate(gradients):
            np.testing.assert_array_equal(found, np.take(u, k, place))


@pytest.mark.parametrize("widths", [0, 2, (1,), (2, 1), ((2, 1),), ((1, 0), (0, 2)), ((0, 0), (0, 0))], ids=str)
def test_padding_gives_back_what_lies_inside_whatever_the_form_of_the_widths(widths):
    check(lambda xp, x: xp.pad(x, widths), CUBE[0])


def test_a_table_of_numbers_and_constants_may_be_stacked_row_by_row():
    # d/dx of the entries x, x^2, 1, x/2, 5, 3 - x, each with a weight of its own
    x = Value(1.5)
    table = autodiff.stack([autodiff.stack([x, x * x, 1.0]), autodiff.stack([x / 2, 5.0, 3 - x])])
    assert table.shape == (2, 3)
    autodiff.sum(table * np.array([[1.0, 10.0, 100.0], [1000.0, 1e4, 1e5]])).backward()
    assert x.grad == 1 + 10 * 3 + 1000 / 2 - 1e5


# Kinds of index

INDICES = {
    "three numbers": (1, 0, -1),
    "backwards, and a part": (slice(None, None, -1), slice(1, 3)),
    "from the end, every other": (slice(None), slice(None, None, -2), slice(-1, 0, -2)),
    "beyond the end": (slice(1, 9), slice(-9, 2)),
    "nothing at all": (),
    "dots": (..., 1),
    "dots between": (0, ..., slice(None, 2)),
    "new axes": (None, 1, None, ..., None),
    "a list between parts": (slice(None), [2, 0, 2], slice(1, None)),
    "a list behind a number and a part": (1, slice(1, None), [1, 3]),
    "two lists around a part": ([1, 0, 1], slice(None), [3, 3, 3]),
    "a list behind dots": (..., [0, 0, -4]),
    "one entry by its two names": (slice(None), [1, -2]),
    "lists that are spread": (np.array([[0], [1]]), np.array([2, 2, 0])),
    "rows by columns": np.ix_([1, 0], [2, 2], [0, 3]),
    "small whole numbers": np.array([1, 1, 0], np.uint8),
    "a mask of everything": CUBE > 1,
    "a mask of the first axis": np.array([False, True]),
    "a mask of two axes": CUBE[..., 0] > 1,
    "a mask behind a part": (slice(None), np.array([True, False, True])),
    "a mask beside a number": (np.array([True, True]), 2),
    "a mask that takes nothing": np.zeros((2, 3, 4), bool),
    "no rows": (slice(2, 1),),
    "an empty list": [],
    "true": True,
    "false": False,
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_an_index_of_any_kind_takes_what_numpy_takes_and_adds_up_where_it_took(index):
    np.testing.assert_array_equal(Value(CUBE)[index].data, CUBE[index])
    u, [gradient] = pulled_back(lambda x: x[index], CUBE)
    expected = np.zeros_like(CUBE)
    np.add.at(expected, index, u)
    np.testing.assert_allclose(gradient, expected, rtol=1e-15)


def test_a_part_of_a_part_and_parts_that_overlap_add_up():
    x = Value(np.arange(7.0))
    inner = x[2:6][1:3]  # entries 3 and 4
    autodiff.sum(inner * np.array([1.0, 2.0]) + x[::-1][3:5]).backward()  # and 3 and 2
    assert x.grad.tolist() == [0, 0, 1, 2, 2, 0, 0]


def test_entries_that_serve_as_an_index_are_constants():
    table = np.array([[0.5, 1.5, 2.0], [2.5, 3.5, 0.0], [4.5, 5.5, 0.0]])
    W = Value(table)
    rows = W[:, :-1][W.data[:, -1].astype(int)]  # the last column says which row is taken
    autodiff.sum(rows).backward()
    assert W.grad.tolist() == [[2, 2, 0], [0, 0, 0], [1, 1, 0]]


def test_entries_cannot_be_assigned_neither_to_a_value_nor_from_one():
    x, plain = Value([1.0, 2.0]), np.zeros(2)
    with pytest.raises(TypeError, match="does not support item assignment"):
        x[0] = 3.0
    with pytest.raises(TypeError, match="forget the gradient"):
        plain[:] = x
    with pytest.raises((TypeError, ValueError)):
        plain[0] = x[0]
    assert (x.data.tolist(), plain.tolist()) == ([1.0, 2.0], [0.0, 0.0])


# Matrices

PRODUCTS = [
    ((1, 2, 2), (3, 2, 1)),  # both are spread
    ((3, 1), (1, 4)),
    ((1, 1), (1, 1)),
    ((2, 0), (0, 3)),
    ((0, 3), (3, 2)),
    ((0, 2, 3), (0, 3, 4)),
    ((0, 2, 3), (3, 1)),
    ((2, 3), (4, 0, 3, 2)),
]


@pytest.mark.parametrize("shapes", PRODUCTS, ids=str)
def test_a_product_of_thin_and_of_empty_matrices_agrees_with_differences(shapes, rng):
    a, b = (rng.normal(size=shape) for shape in shapes)
    check(lambda xp, a, b: a @ b, a, b, tolerance=1e-7)


def test_a_matrix_times_itself_gets_the_gradients_of_both_places(rng):
    m, u = rng.normal(size=(2, 3, 3))
    x = Value(m)
    autodiff.sum(u * (x @ x)).backward()
    np.testing.assert_allclose(x.grad, u @ m.T + m.T @ u, rtol=1e-13)


# Types and memory


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_each_type_of_float_has_gradients_of_its_own_type_beside_another(dtype):
    x, y = Value(np.array([0.5, 2.0], dtype)), Value([[1.0, 4.0], [2.0, 8.0]])
    product = x * y
    autodiff.sum(product * product).backward()  # 2 x y^2 summed over rows, and 2 x^2 y: exact in every type
    assert (x.grad.dtype, y.grad.dtype, product.grad.dtype) == (dtype, np.float64, product.data.dtype)
    assert x.grad.tolist() == [5, 320]
    assert y.grad.tolist() == [[0.5, 32], [1, 64]]


@pytest.mark.parametrize(
    "given",
    [
        np.broadcast_to(np.arange(4.0), (3, 4)),
        np.arange(12.0).reshape(4, 3)[::-1].T,
        np.arange(24.0)[::-2].reshape(3, 4),
    ],
    ids=["spread", "reversed and transposed", "every other, backwards"],
)
def test_a_leaf_made_from_a_view_is_what_one_made_from_a_copy_is(given):
    results = []
    for array in (given, np.array(given, order="C")):
        u, [gradient] = pulled_back(lambda x: x.T @ x[::-1] + x[0] * x.reshape(-1)[[1, 1, 7, 2]], array)
        results.append((u, gradient))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-14)


# Random graphs

ONES = np.ones((2, 3))
STEPS = [  # of two results and a number; every result goes with every other by broadcasting
    lambda xp, x, y, k: x + y,
    lambda xp, x, y, k: (k - x) * y,
    lambda xp, x, y, k: x / (2 + y),
    lambda xp, x, y, k: xp.exp(-x) - y,
    lambda xp, x, y, k: xp.sqrt(1 + x * x) - xp.log(2 + y),
    lambda xp, x, y, k: (1.5 + x) ** y,
    lambda xp, x, y, k: abs(x) ** 3 - y**k,
    lambda xp, x, y, k: xp.maximum(x, y) + xp.minimum(x, 0.1 * k),
    lambda xp, x, y, k: xp.mean(x) * y,
    lambda xp, x, y, k: xp.sum(x * y * ONES, axis=k % 2, keepdims=True),
    lambda xp, x, y, k: xp.mean(x * y * ONES, axis=0),
    lambda xp, x, y, k: (x - y * ONES)[:: 1 - 2 * (k % 2), ::-1],
    lambda xp, x, y, k: (x - y * ONES)[[k % 2, 0]][:, [1, k, 1]],
    lambda xp, x, y, k: xp.stack([x * ONES, y * ONES, x * y * ONES], axis=1)[:, k],
    lambda xp, x, y, k: xp.concatenate([x * ONES, y * ONES], axis=1)[:, k : k + 3],
    lambda xp, x, y, k: xp.pad(x - y * ONES, ((k, 0), (1, 1)))[:2, :3],
    lambda xp, x, y, k: xp.reshape(xp.swapaxes(x * ONES, 0, 1), (2, 3)) - y,
    lambda xp, x, y, k: (x + ONES) @ (y - ONES).T @ (x * y * ONES),
]


@pytest.mark.parametrize("seed", range(50))
def test_a_random_graph_agrees_with_numpy_and_with_differences(seed):
    rng = np.random.default_rng(seed)
    leaves = [rng.uniform(-1.0, 1.0, size=shape) for shape in ((), (3,), (2, 3), (2, 1))]
    program = [(STEPS[rng.integers(len(STEPS))], *rng.integers(4 + n, size=2), int(rng.integers(3))) for n in range(12)]

    def graph(xp, *leaves):
        nodes = list(leaves)
        for step, i, j, k in program:
            nodes.append(xp.tanh(step(xp, nodes[i], nodes[j], k)))
        # The leaves themselves keep a gradient near 1, which differences can find; what leads nowhere is a dead end.
        return nodes[-1] * ONES + nodes[-2] - 3 * nodes[-4] + sum(leaves)

    check(graph, *leaves, tolerance=1e-6)
