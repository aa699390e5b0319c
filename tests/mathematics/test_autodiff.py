"""Promise: a Value gives the gradient that differences give, through any graph, and refuses what it cannot do."""

import numpy as np
import pytest

from bplib import autodiff, layers, losses  # noqa: F401  importing them fills OPERATIONS
from bplib.autodiff import Value, topological_order
from bplib.gradcheck import central_difference, relative_error
from bplib.operations import OPERATIONS

RNG = np.random.default_rng(0)
# All entries are positive and no two are equal: every rule is smooth here.
INPUTS = {
    "number": 1.7,
    "(3,)": RNG.uniform(0.3, 2.0, size=3),
    "(5,1)": RNG.uniform(0.3, 2.0, size=(5, 1)),
    "(5,3)": RNG.uniform(0.3, 2.0, size=(5, 3)),
}
UNARY = {
    "neg": lambda x: -x,
    "x^2": lambda x: x**2,
    "x^3": lambda x: x**3,
    "x^-1": lambda x: x**-1,
    "x^0.5": lambda x: x**0.5,
    "x^1": lambda x: x**1,
    "x^0": lambda x: x**0 + 0 * x,
    "exp": autodiff.exp,
    "log": autodiff.log,
    "sqrt": autodiff.sqrt,
    "tanh": autodiff.tanh,
    "abs": autodiff.abs,
    "abs of the negative": lambda x: autodiff.abs(-x),
    "sum": autodiff.sum,
    "mean": autodiff.mean,
    "twice": lambda x: x + x,
    "with itself": lambda x: x * autodiff.exp(x) / (1 + x),
}
WEIGHTS = np.random.default_rng(2).normal(size=(2, 4, 3, 5))
BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "maximum": autodiff.maximum,
    "minimum": autodiff.minimum,
}
OF_MATRICES = {
    "sum of rows": lambda m: autodiff.sum(m, axis=1),
    "sum of columns": lambda m: autodiff.sum(m, axis=0),
    "sum, last axis": lambda m: autodiff.sum(m, axis=-1),
    "sum, both axes": lambda m: autodiff.sum(m, axis=(0, 1)),
    "sum, kept": lambda m: autodiff.sum(m, axis=1, keepdims=True),
    "sum, all kept": lambda m: autodiff.sum(m, keepdims=True),
    "mean of rows": lambda m: autodiff.mean(m, axis=1),
    "mean, kept": lambda m: autodiff.mean(m, axis=0, keepdims=True),
    "softmax": lambda m: autodiff.exp(m) / autodiff.sum(autodiff.exp(m), axis=1, keepdims=True),
    "matrix times constant": lambda m: m @ np.arange(6.0).reshape(3, 2),
    "constant times matrix": lambda m: np.arange(10.0).reshape(2, 5) @ m,
    "row": lambda m: m[2],
    "column": lambda m: m[:, 1],
    "block": lambda m: m[1:4, ::2],
    "one entry": lambda m: m[4, 2],
    "mask": lambda m: m[INPUTS["(5,3)"] > 1],
    "labels": lambda m: m[np.arange(5), [0, 2, 2, 1, 0]],
    "repeated rows": lambda m: m[[0, 0, 3, 0]],
    "repeated entries": lambda m: m[[1, 1, 1], [2, 2, 0]],
    "mean, both axes": lambda m: autodiff.mean(m, axis=(0, 1)),
    "mean, both kept": lambda m: autodiff.mean(m, axis=(1, 0), keepdims=True),
    "backwards": lambda m: m[::-1, ::2],
    "from the end": lambda m: m[-2:0:-2],
    "new axis": lambda m: m[:, None, 1:] * m[None, :, :-1],
    "the last, dots": lambda m: m[..., -1],
    "a NumPy integer": lambda m: m[np.int64(3)],
    "repeated, with a slice": lambda m: m[[2, 2, 4], 1:],
    "repeated, with a new axis": lambda m: m[np.array([[0, 0], [4, 0]]), None],
    "an empty part": lambda m: autodiff.sum(m[3:3]) + m[0],
    "reshape": lambda m: autodiff.reshape(m, (3, 5)) * WEIGHTS[0, 0],
    "reshape, as a method": lambda m: m.reshape(5, -1, 1) * WEIGHTS[0, 0, :, :, None].T.reshape(5, 3, 1),
    "reshape, flat": lambda m: m.reshape(-1)[4:9],
    "reshape to a number": lambda m: m[1:2, 1].reshape(()) * m,
    "transpose": lambda m: m.T * WEIGHTS[0, 0],
    "transpose of a stack": lambda m: m.reshape(5, 3, 1).T * m.T,
    "swapaxes": lambda m: autodiff.swapaxes(m, 0, 1) * WEIGHTS[1, 2],
    "swapaxes, as a method": lambda m: m.reshape(1, 5, 3).swapaxes(-1, 0) * m.T[:, :, None],
    "stack": lambda m: autodiff.stack([m, m * m, m]),
    "stack, last axis": lambda m: autodiff.stack([m, 2 * m, INPUTS["(5,3)"]], axis=-1) * m[:, :, None],
    "stack of numbers": lambda m: autodiff.stack([m[0, 0], m[1, 1] * m[0, 0], 3.0]),
    "concatenate": lambda m: autodiff.concatenate([m, m[:2] * m[1:3], m]),
    "concatenate, other axis": lambda m: autodiff.concatenate([m, np.ones((5, 2)), m * m, m[:, :1]], axis=-1),
    "pad": lambda m: autodiff.pad(m, 2) * 3,
    "pad, a pair": lambda m: autodiff.pad(m, (1, 2)) + 1,
    "pad, a pair each": lambda m: autodiff.pad(m, ((0, 2), (3, 1))),
    "pad, one axis": lambda m: autodiff.pad(m, ((0, 0), (1, 0))) * autodiff.pad(m, ((0, 0), (0, 1))),
    "windows": lambda m: autodiff.stack([m[i : i + 3] for i in range(3)]) @ m.T,
    "product with itself": lambda m: m @ m.T,
}
each_input = pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS)


def check(f, *inputs, tolerance=1e-8):
    """Compare the gradients of sum(upstream * f(inputs)), for a random upstream, with differences."""
    values = [Value(x) for x in inputs]
    out = f(*values)
    upstream = np.random.default_rng(1).normal(size=out.shape)
    autodiff.sum(upstream * out).backward()
    for i, (value, x) in enumerate(zip(values, inputs, strict=True)):

        def scalar(moved, i=i):
            return np.sum(upstream * f(*(Value(moved if k == i else x) for k, x in enumerate(inputs))).data)

        assert np.shape(value.grad) == np.shape(x)
        assert relative_error(value.grad, central_difference(scalar, x)) < tolerance


# Every rule against differences


@pytest.mark.parametrize("f", UNARY.values(), ids=UNARY)
@each_input
def test_a_rule_of_one_argument_agrees_with_differences(f, x):
    check(f, x)


@pytest.mark.parametrize("f", BINARY.values(), ids=BINARY)
@pytest.mark.parametrize("y", INPUTS.values(), ids=INPUTS)
@each_input
def test_a_rule_of_two_arguments_agrees_with_differences_in_both_however_they_are_broadcast(f, x, y):
    check(f, x, y * 1.01)


@pytest.mark.parametrize("f", OF_MATRICES.values(), ids=OF_MATRICES)
def test_a_rule_of_a_matrix_agrees_with_differences(f):
    check(f, INPUTS["(5,3)"])


STACKS = [((5, 3), (3, 2)), ((4, 5, 3), (4, 3, 2)), ((4, 5, 3), (3, 2)), ((5, 3), (4, 3, 2)), ((2, 1, 5, 3), (4, 3, 2))]


@pytest.mark.parametrize("shapes", STACKS, ids=str)
def test_the_product_of_matrices_and_of_stacks_agrees_with_differences_in_both(shapes):
    rng = np.random.default_rng(3)
    a, b = (rng.uniform(0.3, 2.0, size=shape) for shape in shapes)
    np.testing.assert_array_equal((Value(a) @ Value(b)).data, a @ b)
    # Entries nearly cancel where so many are added, which costs the differences a digit.
    check(lambda a, b: a @ b, a, b, tolerance=1e-7)
    check(lambda a: a @ b, a, tolerance=1e-7)
    check(lambda b: a @ b, b, tolerance=1e-7)


def test_the_gradients_of_a_product_of_matrices_are_products():
    # da = g b^T and db = a^T g, by hand
    a, b = Value([[1.0, 2.0]]), Value([[3.0], [4.0]])
    (a @ b)[0, 0].backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([[3.0, 4.0]], [[1.0], [2.0]])


def test_broadcasting_over_two_new_axes_agrees_with_differences():
    check(lambda a, b: a * b, RNG.normal(size=(2, 1, 3)), RNG.normal(size=(4, 1)))


def test_a_tie_of_maximum_gives_half_to_each():
    x, y = Value([1.0, 2.0]), Value([1.0, 5.0])
    autodiff.sum(autodiff.maximum(x, y)).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([0.5, 0.0], [0.5, 1.0])


def test_a_tie_of_minimum_gives_half_to_each():
    x, y = Value([1.0, 2.0]), Value([1.0, 5.0])
    autodiff.sum(autodiff.minimum(x, y)).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([0.5, 1.0], [0.5, 0.0])


@pytest.mark.parametrize("f", [autodiff.maximum, autodiff.minimum], ids=["maximum", "minimum"])
@pytest.mark.parametrize("pair", [(1.0, 2.0), (2.0, 1.0), (3.0, 3.0), (np.inf, np.inf), (-np.inf, -np.inf)], ids=str)
def test_two_numbers_are_compared_as_two_arrays_are(f, pair):
    numbers, arrays = [Value(v) for v in pair], [Value([v]) for v in pair]
    out = f(*numbers)
    out.backward()
    in_array = f(*arrays)
    in_array[0].backward()
    assert out.data == in_array.data[0]
    assert [v.grad for v in numbers] == [v.grad[0] for v in arrays]


@pytest.mark.parametrize("pair", [(np.nan, 1.0), (1.0, np.nan)], ids=str)
def test_the_maximum_with_a_hole_is_a_hole(pair):
    assert np.isnan(autodiff.maximum(*pair).data)
    assert np.isnan(autodiff.minimum(*pair).data)


def test_repeated_indices_add_up():
    x = Value([1.0, 2.0, 4.0])
    autodiff.sum(x[[0, 2, 2, 2]] * np.array([1.0, 10.0, 100.0, 1000.0])).backward()
    assert x.grad.tolist() == [1.0, 0.0, 1110.0]


def test_a_part_that_is_used_twice_in_a_stack_or_a_row_gets_both_gradients():
    for join in (autodiff.stack, autodiff.concatenate):
        x, y = Value([1.0, 2.0]), Value([5.0, 6.0])
        joined = join([x, y, x])
        weights = np.array([1.0, 2.0, 3.0, 4.0, 10.0, 20.0]).reshape(joined.shape)
        autodiff.sum(joined * weights).backward()
        assert (x.grad.tolist(), y.grad.tolist()) == ([11.0, 22.0], [3.0, 4.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: autodiff.reshape(x, (3, 0)),
        lambda x: x.reshape(0, 1),
        lambda x: autodiff.swapaxes(x, 0, 1),
        lambda x: x.T @ x,
        lambda x: autodiff.stack([x, x]),
        lambda x: autodiff.concatenate([x, x], axis=1),
        lambda x: autodiff.pad(x, 1),
        lambda x: autodiff.sum(x, axis=0),
        lambda x: autodiff.mean(x, axis=1),
        lambda x: x[:, 1:] + x[:, :1],
        lambda x: x[[], 1],
        lambda x: x + 1 - x * x / 2,
    ],
)
def test_an_empty_array_gets_an_empty_gradient(f):
    x = Value(np.ones((0, 3)))
    autodiff.sum(f(x)).backward()
    assert x.grad.shape == (0, 3)


def test_what_was_broadcast_to_an_empty_array_gets_zeros():
    b = Value([1.0, 2.0])
    autodiff.sum(np.ones((0, 2)) + b).backward()
    assert b.grad.tolist() == [0, 0]


def test_known_slopes():
    # d(x^2 y)/dx = 2 x y = 12, d/dy = x^2 = 4
    x, y = Value(2.0), Value(3.0)
    (x * x * y).backward()
    assert (x.grad, y.grad) == (12, 4)


def test_local_derivatives_are_one_for_each_parent():
    x, y = Value(2.0), Value(4.0)
    assert x.local_derivatives() == ()
    assert (np.ones(2) * Value(np.ones(2))).parents[0].local_derivatives() == ()
    assert (x * y).local_derivatives() == (4, 2)
    assert (x / y).local_derivatives() == (0.25, -0.125)
    assert (x - y).local_derivatives() == (1, -1)
    assert (x**3).local_derivatives() == (12,)
    assert (x * x).local_derivatives() == (2, 2)


# Graphs


def test_paths_add_up_when_a_value_is_used_again():
    x = Value(3.0)
    (x * x + x).backward()
    assert x.grad == 7  # 2 x + 1


def test_a_diamond_adds_up():
    check(lambda x: (lambda a: a * autodiff.exp(a) + autodiff.tanh(a) / a)(x * x), INPUTS["(5,3)"])


def test_a_diamond_of_diamonds_is_walked_once():
    x = Value(1.0)
    node = x
    for _ in range(60):
        node = node + node  # 2^60 paths
    node.backward()
    assert x.grad == 2.0**60


def test_a_result_that_is_used_late_and_early_waits_for_all_its_gradients():
    x = Value(2.0)
    a = x * 3
    b = a * a
    (b * a + a).backward()  # a^3 + a: (3 a^2 + 1) * 3
    assert x.grad == (3 * 36 + 1) * 3


def test_backward_twice_is_harmless():
    x = Value(INPUTS["(3,)"])
    out = autodiff.sum(x * x)
    out.backward()
    once = x.grad.copy()
    out.backward()
    np.testing.assert_array_equal(x.grad, once)


def test_a_second_graph_over_the_same_leaf_starts_anew():
    x = Value(3.0)
    (x * 5).backward()
    (x * 7).backward()
    assert x.grad == 7


def test_backward_sets_the_gradient_of_every_node_on_the_way():
    x = Value(2.0)
    a = x * 3
    b = a * a
    assert (x.grad, a.grad, b.grad) == (None, None, None)
    b.backward()
    assert (x.grad, a.grad, b.grad) == (36, 12, 1)


def test_a_value_apart_from_the_result_gets_no_gradient():
    x, other = Value(2.0), Value(3.0)
    (x * 2).backward()
    assert other.grad is None


def test_the_gradient_of_a_leaf_with_itself_is_one():
    x = Value(2.0)
    x.backward()
    assert x.grad == 1


def test_a_chain_of_200_000_is_built_walked_and_deleted_without_recursion():
    x = Value(1.0)
    node = x
    for _ in range(200_000):
        node = node + x
    node.backward()
    assert x.grad == 200_001
    del node  # Python frees what is nested 200 000 deep


def test_a_long_chain_of_functions_of_arrays_is_deleted_without_recursion():
    x = Value(np.ones((1, 1)))
    node = x
    for _ in range(20_000):
        node = (node.T @ x).reshape(1, 1)[:]
    autodiff.sum(node).backward()
    assert x.grad.tolist() == [[20_001.0]]
    del node


def test_the_topological_order_has_every_node_once_and_parents_first():
    x, y = Value(1.0), Value(2.0)
    a = x * y
    b = autodiff.exp(a) + a
    c = b * x + b
    order = topological_order(c)
    assert order[-1] is c
    place = {id(node): i for i, node in enumerate(order)}
    assert len(place) == len(order) == 7
    assert all(place[id(parent)] < place[id(node)] for node in order for parent in node.parents)


def test_nodes_tell_how_they_were_made():
    x, y = Value(2.0, name="x"), Value([3.0])
    made = {
        "+": x + y, "-": x - y, "*": x * y, "/": x / y, "^2": x**2, "neg": -x, "[]": y[0],
        "exp": autodiff.exp(x), "max": autodiff.maximum(x, y), "sum": autodiff.sum(y),
    }  # fmt: skip
    assert {op: node.op for op, node in made.items()} == {op: op for op in made}
    assert made["+"].parents == (x, y)
    assert (x.op, x.parents, x.name) == ("", (), "x")
    assert repr(x) == "Value(2.0, name='x')"


@pytest.mark.parametrize("shape", [(1,), (3,), (1, 1), (0,)], ids=str)
def test_backward_starts_at_a_single_number_only(shape):
    with pytest.raises(ValueError) as refusal:
        (Value(np.ones(shape)) * 2).backward()
    assert f"has shape {shape}" in str(refusal.value)


# Numbers and arrays around a Value


@pytest.mark.parametrize("constant", [2, 2.5, np.float64(2.5), np.array([1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]], ids=repr)
@pytest.mark.parametrize("f", [*"+-*/"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_constant_may_stand_on_either_side(constant, f, side):
    x = np.array([0.5, 1.5, 4.0])
    apply = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}[f]
    value = Value(x)
    out = apply(constant, value) if side == "left" else apply(value, constant)
    assert type(out) is Value
    np.testing.assert_array_equal(
        out.data, apply(np.asarray(constant), x) if side == "left" else apply(x, np.asarray(constant))
    )
    check(lambda v: apply(constant, v) if side == "left" else apply(v, constant), x)


def test_an_array_on_the_left_of_a_matrix_product_makes_one_node():
    left, right = RNG.normal(size=(2, 5)), Value(INPUTS["(5,3)"])
    out = left @ right
    assert type(out) is Value
    assert out.op == "@"
    np.testing.assert_array_equal(out.data, left @ right.data)


def test_integers_become_floats():
    assert type(Value(3).data) is float
    assert Value(np.array([1, 2])).data.dtype == np.float64
    assert Value([True, False]).data.tolist() == [1.0, 0.0]


def test_a_number_stays_a_plain_float_through_every_operation():
    x, y = Value(2.0), Value([1.0, 2.0])
    for node in (x + 1, 1 - x, x * x, x / 3, -x, x**2, autodiff.exp(x), autodiff.maximum(x, 0), autodiff.sum(y), y[0]):
        assert type(node.data) is float
    autodiff.exp(x * x).backward()
    assert type(x.grad) is float


def test_a_constant_array_stays_in_the_graph_and_gets_no_gradient():
    data, weights = np.ones((5, 3)), Value(np.ones((3, 2)))
    node = data @ weights
    autodiff.sum(node).backward()
    np.testing.assert_array_equal(node.parents[0].data, data)
    assert node.parents[0].grad is None
    assert weights.grad.tolist() == [[5.0, 5.0]] * 3


def test_a_constant_among_numbers_gets_a_gradient_which_graphs_show():
    node = Value(2.0) * 3.0
    node.backward()
    assert node.parents[1].grad == 2.0


def test_an_array_that_is_a_value_gets_its_gradient_beside_a_number_and_the_number_too():
    x, c = Value([1.0, 2.0]), Value(3.0)
    autodiff.sum(x / c).backward()
    np.testing.assert_allclose(x.grad, [1 / 3, 1 / 3], rtol=1e-15)
    np.testing.assert_allclose(c.grad, -3 / 9, rtol=1e-15)


SINGLE = {
    "arithmetic": lambda m: (2.0 * m - 1) / (m + 3) - m**2 / np.float64(2),
    "functions": lambda m: autodiff.exp(-m) + autodiff.log(m) * autodiff.sqrt(m) - autodiff.tanh(m),
    "kinks": lambda m: autodiff.maximum(m, 1) + autodiff.minimum(m, 0.5) + autodiff.abs(m),
    "sums": lambda m: autodiff.sum(m, axis=0) * autodiff.mean(m, axis=1, keepdims=True) + autodiff.mean(m),
    "moves": lambda m: autodiff.pad(m.T.reshape(5, 3), 1)[1:-1, [1, 1, 2]],
    "joins": lambda m: autodiff.stack([m, m]) @ autodiff.concatenate([m, m], axis=1).swapaxes(0, 1)[:3],
    "double beside": lambda m: np.ones((5, 3)) * m,
}


@pytest.mark.parametrize("f", SINGLE.values(), ids=SINGLE)
def test_a_float32_value_has_a_float32_gradient(f):
    x = Value(INPUTS["(5,3)"].astype(np.float32))
    out = f(x)
    autodiff.sum(out * out).backward()
    assert x.grad.dtype == np.float32
    double = Value(x.data.astype(float))
    out = f(double)
    autodiff.sum(out * out).backward()
    assert relative_error(x.grad.astype(float), double.grad) < 1e-4


def test_float32_stays_float32_through_every_operation():
    x = Value(INPUTS["(5,3)"].astype(np.float32))
    for name, f in SINGLE.items():
        if name not in ("arithmetic", "double beside"):  # where NumPy itself turns to float64
            assert f(x).data.dtype == np.float32, name


def test_no_rule_writes_into_what_it_was_given():
    m = INPUTS["(5,3)"].copy()
    m.setflags(write=False)
    for f in OF_MATRICES.values():
        check(f, m)


def test_an_array_in_another_order_of_memory_is_the_same():
    m = INPUTS["(5,3)"]
    for given in (np.asfortranarray(m), np.repeat(m, 2, axis=0)[::2]):
        for f in OF_MATRICES.values():
            check(f, given)


def test_a_gradient_has_the_shape_of_a_leaf_that_was_broadcast():
    b, m = Value([1.0, 2.0, 3.0]), Value(np.ones((5, 3)))
    autodiff.sum(m + b).backward()
    assert b.grad.tolist() == [5, 5, 5]
    assert m.grad.shape == (5, 3)


def test_a_value_has_a_shape_a_length_and_can_be_unpacked():
    number, matrix = Value(1.0), Value(np.ones((2, 3)))
    assert (number.shape, number.ndim, number.size) == ((), 0, 1)
    assert (matrix.shape, matrix.ndim, matrix.size, len(matrix)) == ((2, 3), 2, 6, 2)
    first, second = Value([4.0, 5.0])
    (first * second).backward()
    assert (first.grad, second.grad) == (5, 4)


# The namespace on plain arrays

NAMESPACE = {
    "exp": lambda xp, m: xp.exp(m),
    "log": lambda xp, m: xp.log(m),
    "sqrt": lambda xp, m: xp.sqrt(m),
    "tanh": lambda xp, m: xp.tanh(m),
    "abs": lambda xp, m: xp.abs(-m),
    "maximum": lambda xp, m: xp.maximum(m, 1.0),
    "minimum": lambda xp, m: xp.minimum(m, 1.0),
    "sum": lambda xp, m: xp.sum(m),
    "sum of rows": lambda xp, m: xp.sum(m, axis=1),
    "sum, kept": lambda xp, m: xp.sum(m, axis=0, keepdims=True),
    "mean": lambda xp, m: xp.mean(m),
    "mean of columns": lambda xp, m: xp.mean(m, axis=0),
    "mean, two axes": lambda xp, m: xp.mean(m, axis=(0, 1)),
    "maximum, constant first": lambda xp, m: xp.maximum(1.0, m),
    "maximum of two": lambda xp, m: xp.maximum(m, m[::-1]),
    "reshape": lambda xp, m: xp.reshape(m, (3, 5)),
    "reshape, one open": lambda xp, m: xp.reshape(m, (-1, 3, 1)),
    "reshape, flat": lambda xp, m: xp.reshape(m, -1),
    "swapaxes": lambda xp, m: xp.swapaxes(m, 0, -1),
    "stack": lambda xp, m: xp.stack([m, m], axis=1),
    "stack of rows": lambda xp, m: xp.stack([row for row in m], axis=-1),
    "concatenate": lambda xp, m: xp.concatenate([m, m], axis=1),
    "concatenate, mixed": lambda xp, m: xp.concatenate([m, np.zeros((1, 3))]),
    "pad": lambda xp, m: xp.pad(m, 1),
    "pad, a pair each": lambda xp, m: xp.pad(m, ((2, 0), (0, 1))),
}


@pytest.mark.parametrize("f", NAMESPACE.values(), ids=NAMESPACE)
def test_the_namespace_takes_plain_arrays_and_gives_what_numpy_gives(f):
    m = INPUTS["(5,3)"]
    for given in (m, Value(m)):
        out = f(autodiff, given)
        assert type(out) is Value
        np.testing.assert_allclose(out.data, f(np, m), rtol=1e-15, strict=True)


# A whole operation as one node


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_apply_makes_one_node_with_the_gradients_of_the_operation(operation):
    inputs = operation.example(np.random.default_rng(0))
    values = [Value(inputs[i]) for i in operation.wrt]
    given = dict(zip(operation.wrt, values, strict=True))
    node = autodiff.apply(operation, *(given.get(i, x) for i, x in enumerate(inputs)))
    assert node.op == operation.name
    assert node.parents == tuple(values)
    np.testing.assert_array_equal(node.data, operation.forward(*inputs))
    upstream = np.random.default_rng(1).normal(size=node.shape)
    autodiff.sum(upstream * node).backward()
    for value, gradient in zip(values, operation.gradients(upstream, node.data, *inputs), strict=True):
        np.testing.assert_allclose(value.grad, gradient, rtol=1e-14)


def test_apply_is_a_node_among_others():
    sigmoid, mse = OPERATIONS["sigmoid"], OPERATIONS["mse"]
    truth = INPUTS["(5,3)"] / 2

    def network(x):
        return autodiff.apply(mse, autodiff.apply(sigmoid, x * x) * x, truth)

    check(network, INPUTS["(5,3)"])


def test_apply_of_numbers_has_local_derivatives():
    # (2 - 1/2)^2, slope 2 (2 - 1/2)
    assert autodiff.apply(OPERATIONS["mse"], Value(2.0), 0.5).local_derivatives() == (3.0,)


# What is refused


@pytest.mark.parametrize("data", ["1", None, 1j, np.array([1j]), np.array(["a"]), {}, Value(1.0)], ids=repr)
def test_a_value_of_anything_but_real_numbers_is_refused(data):
    with pytest.raises(TypeError, match="a Value holds real numbers, not"):
        Value(data)


@pytest.mark.parametrize("exponent", ["2", None, 1j], ids=["text", "none", "complex"])
def test_an_exponent_that_is_no_real_number_is_refused(exponent):
    with pytest.raises(TypeError, match=f"a Value holds real numbers, not {type(exponent).__name__}"):
        Value(2.0) ** exponent


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((), (2, 2)), ((2,), (2, 2, 2))], ids=str)
def test_a_product_of_anything_but_matrices_and_stacks_is_refused_with_both_shapes(shapes):
    with pytest.raises(ValueError) as refusal:
        Value(np.ones(shapes[0])) @ Value(np.ones(shapes[1]))
    assert str(refusal.value).endswith(f"not shapes {shapes[0]} and {shapes[1]}")


@pytest.mark.parametrize("shape, axis", [((0, 3), None), ((0, 3), 0), ((0,), 0), ((2, 0), 1)], ids=str)
def test_the_mean_of_nothing_is_refused(shape, axis):
    with pytest.raises(ValueError) as refusal:
        autodiff.mean(Value(np.ones(shape)), axis=axis)
    assert str(refusal.value) == f"mean: x has shape {shape}; nothing has no mean"
