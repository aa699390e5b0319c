"""Promise: what people do with a Value first works, or says what to write; nothing makes a gradient wrong silently."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

from bplib import autodiff
from bplib.autodiff import Value
from bplib.gradcheck import central_difference, relative_error
from bplib.operations import Operation

quietly = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def slopes(f, *inputs):
    """The gradients of f, or of the sum of its entries, by the engine."""
    values = [Value(x) for x in inputs]
    autodiff.sum(f(*values)).backward()
    return [value.grad for value in values]


# What a graph remembers, nobody changes


def test_an_array_that_changes_after_the_forward_changes_no_gradient():
    x = np.ones(2)
    a = Value(x)
    y = autodiff.sum(a * a)
    x[:] = 5.0
    y.backward()
    assert a.grad.tolist() == [2.0, 2.0]
    assert a.data.tolist() == [1.0, 1.0]


def test_a_constant_that_changes_after_the_forward_changes_no_gradient():
    data, w = np.ones((3, 2)), Value(np.ones((2, 1)))
    y = autodiff.sum(data @ w) + autodiff.sum(data * w.T)
    data[:] = 7.0
    y.backward()
    assert w.grad.tolist() == [[6.0], [6.0]]


def test_labels_that_change_after_the_forward_change_no_gradient():
    labels, z = np.array([1, 1]), Value(np.zeros((2, 2)))
    y = autodiff.sum(z[np.arange(2), labels])
    labels[:] = 0
    y.backward()
    assert z.grad.tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_ids_that_change_after_the_forward_of_a_whole_operation_change_no_gradient():
    from bplib.layers import embedding
    from bplib.operations import find

    ids, E = np.array([2, 2]), Value(np.zeros((3, 1)))
    y = autodiff.sum(autodiff.apply(find(embedding), ids, E))
    ids[:] = 0
    y.backward()
    assert E.grad.tolist() == [[0.0], [0.0], [2.0]]


@pytest.mark.parametrize(
    "make",
    [
        lambda v: v,
        lambda v: v * v,
        lambda v: v.T,
        lambda v: v.reshape(-1),
        lambda v: v[1:],
        lambda v: autodiff.exp(v),
        lambda v: v @ v,
        lambda v: autodiff.sum(v, axis=0),
        lambda v: autodiff.stack([v, v]),
        lambda v: (2.0 * v).parents[1],
    ],
)
def test_the_data_of_a_value_can_only_be_read(make):
    node = make(Value(np.ones((2, 2))))
    with pytest.raises(ValueError, match="read-only"):
        node.data[0] = 3.0
    with pytest.raises(ValueError, match="read-only"):
        node.data -= 1.0


def test_an_array_that_was_given_can_still_be_written():
    x = np.ones(3)
    node = 2.0 * Value(x) + x
    autodiff.sum(node).backward()
    x[:] = 4.0
    assert x.tolist() == [4.0] * 3


def test_a_leaf_is_given_new_data_and_an_old_graph_keeps_the_old():
    w = Value([1.0, 2.0])
    y = autodiff.sum(w * w)
    step = np.array([0.5, 0.5])
    w.data = w.data - step
    step[:] = 9.0
    y.backward()
    assert w.grad.tolist() == [2.0, 4.0]
    assert w.data.tolist() == [0.5, 1.5]


def test_new_data_is_checked_and_copied_as_the_first_was():
    w, new = Value([1.0]), np.array([3, 4])
    w.data = new
    new[:] = 0
    assert (w.data.tolist(), w.data.dtype) == ([3.0, 4.0], np.float64)
    w.data = 7
    assert type(w.data) is float
    with pytest.raises(TypeError, match="a Value holds real numbers, not str"):
        w.data = "8"
    assert w.data == 7.0


# Gradients


def test_the_gradient_of_a_leaf_shares_its_memory_with_no_other():
    a, b = Value(np.ones((2, 2))), Value(np.ones((2, 2)))
    for y in (
        a + b,
        a.T + b.T,
        a.reshape(4) + b.reshape(4),
        autodiff.stack([a, b]),
        autodiff.concatenate([a, b]),
        a[:],
    ):
        c = y * 1.0
        autodiff.sum(c).backward()
        a.grad *= 10.0
        assert y.grad.max() == 1.0
        assert b.grad is None or (b.grad == 1.0).all()


def test_an_operation_that_gives_one_array_to_both_inputs_gives_two_leaves_their_own():
    def add_backward(d_out, out, x, y):
        d = d_out * 1.0
        return d, d

    operation = Operation(lambda x, y: x + y, add_backward, None, None, wrt=(0, 1))
    a, b = Value(np.ones(2)), Value(np.ones(2))
    autodiff.sum(autodiff.apply(operation, a, b)).backward()
    a.grad *= 10.0
    assert b.grad.tolist() == [1.0, 1.0]


def test_the_gradient_of_a_result_can_only_be_read_since_others_may_hold_it():
    a = Value(np.ones(2))
    y = a + 1.0
    autodiff.sum(y * y).backward()
    with pytest.raises(ValueError, match="read-only"):
        y.grad *= 2.0


def test_a_gradient_is_that_of_the_last_backward_that_reached_the_node():
    a, b = Value(2.0), Value(3.0)
    (a * b).backward()
    (a * 1.0).backward()
    assert (a.grad, b.grad) == (1.0, 2.0)  # the second does not depend on b, and leaves it what the first has found


# Numbers at the edge are what arrays of them are

EDGES = {
    "square root of 0, as a power": (lambda x: x**0.5, [0.0], 0.0, [math.inf]),
    "square root of 0": (autodiff.sqrt, [0.0], 0.0, [math.inf]),
    "power below 0 of 0": (lambda x: x**-1, [0.0], math.inf, [-math.inf]),
    "power 0 of 0": (lambda x: x**0, [0.0], 1.0, [0.0]),
    "power 1 of 0": (lambda x: x**1, [0.0], 0.0, [1.0]),
    "power of a negative number": (lambda x: x**0.5, [-1.0], math.nan, [math.nan]),
    "a square beyond all numbers": (lambda x: x**2, [1e200], math.inf, [2e200]),
    "one over 0": (lambda x: 1 / x, [0.0], math.inf, [-math.inf]),
    "0 over 0": (lambda x, y: x / y, [0.0, 0.0], math.nan, [math.inf, math.nan]),
    "logarithm of 0": (autodiff.log, [0.0], -math.inf, [math.inf]),
    "exponential beyond all numbers": (autodiff.exp, [1000.0], math.inf, [math.inf]),
    "0 to a Value": (lambda x, y: x**y, [0.0, 2.0], 0.0, [0.0, 0.0]),
    "0 to the 0": (lambda x, y: x**y, [0.0, 0.0], 1.0, [0.0, 0.0]),
    "length of zeros": (lambda x, y: autodiff.sqrt(x * x + y * y), [0.0, 0.0], 0.0, [math.nan, math.nan]),
    "absolute value of 0": (autodiff.abs, [0.0], 0.0, [0.0]),
}


@quietly
@pytest.mark.parametrize("f, inputs, result, expected", EDGES.values(), ids=EDGES)
def test_at_the_edge_a_number_is_what_an_array_of_it_is(f, inputs, result, expected):
    numbers = f(*map(Value, inputs))
    arrays = f(*(Value([x]) for x in inputs))
    assert type(numbers.data) is float
    np.testing.assert_equal([numbers.data, arrays.data[0]], [result, result])
    np.testing.assert_equal(slopes(f, *inputs), expected)
    np.testing.assert_equal([g[0] for g in slopes(f, *([x] for x in inputs))], expected)


def test_a_power_0_has_slope_0_at_0_among_other_powers_too():
    # 1 + x + x^2, slope 1 + 2 x
    assert slopes(lambda x: x ** np.arange(3.0), 0.0) == [1.0]


def test_a_number_can_be_transposed_and_padded_which_changes_nothing():
    assert slopes(lambda x: x.T * autodiff.pad(x, 1), 3.0) == [6.0]


@quietly
@pytest.mark.parametrize("shapes", [((2, 1), (1, 1)), ((1, 1), (1, 2)), ((1, 1), (1, 1))], ids=str)
def test_a_hole_times_zero_is_a_hole_in_a_product_of_matrices_too(shapes):
    for left, right in ((np.nan, 0.0), (0.0, np.inf)):
        a, b = Value(np.full(shapes[0], left)), Value(np.full(shapes[1], right))
        assert np.isnan((a @ b).data).all()
        autodiff.sum((a @ b) * 0.0).backward()
        assert np.isnan(b.grad if right == 0.0 else a.grad).all()


def test_a_place_that_changes_after_the_forward_changes_no_gradient():
    x, i = Value([1.0, 2.0, 3.0]), np.array(0)
    y = x[i]
    i += 2
    y.backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_what_numpy_warns_of_is_warned_of():
    for f in (lambda: Value(0.0) ** -1, lambda: 1 / Value(0.0), lambda: Value(1e200) ** 2):
        with pytest.warns(RuntimeWarning):
            f()


# First things that people type

POWERS = {
    "number to a Value": (lambda v: 2**v, [1.5]),
    "number to an array": (lambda v: 2.0**v, [[1.5, -0.5]]),
    "array to a Value": (lambda v: np.array([2.0, 3.0]) ** v, [1.5]),
    "Value to a Value": (lambda v, w: v**w, [1.7, 2.3]),
    "array Value to a Value": (lambda v, w: v**w, [[1.7, 0.4], 2.3]),
    "Value to an array": (lambda v: v ** np.array([0.0, 1.0, 2.5]), [1.7]),
    "broadcast": (lambda v, w: v**w, [[[1.7], [0.4]], [2.3, -1.0, 0.5]]),
    "float32": (lambda v: v ** np.float32(2), [1.7]),
    "an integer of NumPy": (lambda v: v ** np.int64(3), [[1.7, -2.0]]),
    "negative base": (lambda v: v**3.0, [-2.0]),
}


@pytest.mark.parametrize("f, inputs", POWERS.values(), ids=POWERS)
def test_every_power_agrees_with_numpy_and_with_differences(f, inputs):
    inputs = [np.asarray(x) for x in inputs]
    np.testing.assert_allclose(f(*map(Value, inputs)).data, f(*inputs), rtol=1e-15)
    for i, found in enumerate(slopes(f, *inputs)):

        def scalar(x, i=i):
            return np.sum(f(*(x if k == i else other for k, other in enumerate(inputs))))

        assert relative_error(found, central_difference(scalar, inputs[i])) < 1e-8


def test_a_float32_array_stays_float32_to_a_number_of_numpy():
    assert (Value(np.ones(2, np.float32)) ** np.float64(2)).data.dtype == np.float32


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("x, y", [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)])
def test_a_comparison_looks_at_the_numbers_from_either_side(compare, x, y):
    for left, right in ((Value(x), Value(y)), (Value(x), y), (x, Value(y)), (np.float64(x), Value(y))):
        assert bool(compare(left, right)) is compare(x, y)
    for left, right in ((Value([x]), y), (np.array([x]), Value(y)), (Value([x]), Value([y]))):
        assert compare(left, right).tolist() == [compare(x, y)]


def test_a_branch_may_depend_on_a_value_and_its_gradient_is_that_of_the_branch_taken():
    def leaky(v):
        return v if v > 0 else 0.1 * v

    assert slopes(leaky, 2.0) + slopes(leaky, -2.0) == [1.0, 0.1]


def test_a_mask_made_by_a_comparison_picks_entries():
    x = Value([1.0, -2.0, 3.0])
    autodiff.sum(x[x > 0]).backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]


def test_a_value_is_true_unless_it_is_zero_and_many_numbers_are_neither():
    assert Value(-0.5)
    assert not Value(0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Value([1.0, 2.0]))


def test_equal_asks_for_the_same_node_so_values_can_be_kept_in_sets():
    a, b = Value(1.0), Value(1.0)
    assert a == a
    assert a != b
    assert len({a, b, a}) == 2


def test_abs_is_the_function_of_the_engine():
    node = abs(Value([-2.0, 3.0]))
    assert (node.op, node.data.tolist(), slopes(abs, [-2.0, 3.0])[0].tolist()) == ("abs", [2.0, 3.0], [-1.0, 1.0])


def test_a_value_is_printed_with_as_many_digits_as_are_asked_for():
    assert f"{Value(2 / 3):.3f} {Value(2.0)} {Value(0.5, 'w')}" == "0.667 Value(2.0) Value(0.5, name='w')"


LOSING = {
    "np.exp": lambda v: np.exp(v),
    "np.log": lambda v: np.log(v),
    "np.abs": lambda v: np.abs(v),
    "np.maximum": lambda v: np.maximum(v, 0),
    "np.add": lambda v: np.add(1, v),
    "np.sum": lambda v: np.sum(v),
    "np.mean": lambda v: np.mean(v),
    "np.dot": lambda v: np.dot(v, v),
    "np.where": lambda v: np.where(True, v, 0),
    "np.stack": lambda v: np.stack([v, v]),
    "np.array": lambda v: np.array(v),
    "np.array of a list": lambda v: np.array([v, v]),
    "Value of a list": lambda v: Value([v, v]),
    "math.exp": lambda v: math.exp(v),
    "float": lambda v: float(v),
}


@pytest.mark.parametrize("f", LOSING.values(), ids=LOSING)
@pytest.mark.parametrize("x", [2.0, [2.0]], ids=["number", "array"])
def test_a_function_that_would_lose_the_gradient_refuses_a_value_and_points_to_ours(f, x):
    with pytest.raises(TypeError, match=r"forget the gradient: autodiff\.exp\(v\).* v\.data is what"):
        f(Value(x))


@pytest.mark.parametrize("f", [list, len, lambda v: v[0], lambda v: max(*v)])
def test_a_number_has_no_entries(f):
    with pytest.raises(TypeError, match="a single number, which has no length and no entries"):
        f(Value(1.0))


def test_an_array_is_a_list_of_its_entries_which_are_nodes():
    x = Value([1.0, 2.0, 3.0])
    entries = list(x)
    assert [type(each) for each in entries] == [Value] * 3
    (entries[2] * entries[0]).backward()
    assert x.grad.tolist() == [3.0, 0.0, 1.0]


def test_an_array_that_a_value_is_added_to_becomes_a_value():
    total, v = np.zeros(2), Value([1.0, 2.0])
    total += v
    autodiff.sum(total * total).backward()
    assert v.grad.tolist() == [2.0, 4.0]


# Copies


def long_chain():
    x = Value(1.0, "x")
    node = x
    for _ in range(20_000):
        node = node * 1.0
    return x, node


def test_a_deep_copy_of_a_deep_graph_is_a_graph_of_its_own():
    x, node = long_chain()
    copied_x, copied = copy.deepcopy([x, node])
    copied.backward()
    assert (copied_x.grad, copied_x.name, x.grad) == (1.0, "x", None)
    assert len(autodiff.topological_order(copied)) == len(autodiff.topological_order(node))


def test_a_deep_copy_keeps_data_gradients_and_who_is_whose_parent():
    x = Value([1.0, 2.0])
    y = autodiff.sum(x * x)
    y.backward()
    z = copy.deepcopy(y)
    [leaf] = [node for node in autodiff.topological_order(z) if not node.parents]
    assert leaf is not x
    assert (z.data, leaf.data.tolist(), leaf.grad.tolist()) == (5.0, [1.0, 2.0], [2.0, 4.0])
    leaf.grad *= 10
    assert x.grad.tolist() == [2.0, 4.0]


def test_a_leaf_can_be_pickled_and_a_result_says_why_it_cannot():
    leaf = pickle.loads(pickle.dumps({"w": Value([1.0, 2.0], "w")}))["w"]
    assert (leaf.data.tolist(), leaf.name, leaf.grad) == ([1.0, 2.0], "w", None)
    for node in (long_chain()[1], leaf * leaf):
        with pytest.raises(TypeError, match=r"v\.data, or a leaf, can"):
            pickle.dumps(node)
