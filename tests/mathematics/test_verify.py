"""Promise: every operation agrees with all of its witnesses, and the pattern of disagreement names the culprit.

All but the first test plant one bug and expect one row of the table in `bplib.verify`.
"""

from dataclasses import replace
from functools import wraps

import numpy as np
import pytest

from bplib import autodiff, symbolic, values
from bplib.autodiff import Value
from bplib.operations import OPERATIONS, find
from bplib.verify import Report, witnesses

WITNESSES = ("forward = definition", "symbolic", "numeric", "automatic")
NOTHING = (True, True, True, True)
BACKWARD = (True, False, False, False)
FORWARD = (False, True, False, True)
DEFINITION = (False, False, True, False)
ENGINE = (True, True, True, False)

each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
WITH_UPSTREAM = {name: operation for name, operation in OPERATIONS.items() if not operation.is_loss}

derived = {}
derive = symbolic.derivation


@pytest.fixture(autouse=True)
def each_formula_is_derived_once(monkeypatch):
    """Keep what SymPy derived: planted bugs and other numbers do not change it, and deriving is slow."""

    def derivation(operation, inputs):
        fixed = (np.shape(x) if i in operation.wrt else np.asarray(x).tobytes() for i, x in enumerate(inputs))
        key = (operation.definition, *fixed)
        if key not in derived:
            derived[key] = derive(operation, inputs)
        return derived[key]

    monkeypatch.setattr(symbolic, "derivation", derivation)


def pattern(report):
    return tuple(report[witness] for witness in WITNESSES)


def altered(operation, change):
    """The backward of an operation with its last gradient changed, which for the others may be seen less easily."""

    def backward(*args):
        gradients = operation.backward(*args)
        if isinstance(gradients, tuple):
            return (*gradients[:-1], change(gradients[-1]))
        return change(gradients)

    return backward


def nudged(gradient):
    gradient = gradient.copy()
    # The smallest entry that is not zero is the hardest to see.
    entry = np.unravel_index(np.argmin(np.where(gradient == 0, np.inf, np.abs(gradient))), gradient.shape)
    gradient[entry] *= 1 + 1e-4
    return gradient


# A wrong backward

CHANGES = {
    "sign": np.negative,
    "doubled": lambda g: 2 * g,
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "sum where mean": lambda g: g * g.shape[0],
    "shifted by its mean": lambda g: g + np.abs(g).mean() / 1000,
    "reversed": lambda g: g[::-1],
    "one row repeated": lambda g: np.broadcast_to(g[:1], g.shape),
    "one entry nudged": nudged,
    "one NaN": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, np.nan, g),
    "one infinity": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, np.inf, g),
}


# The lengths of the axes, and the seed.
CASES = {
    "the example": (lambda sizes: {}, 0),
    "another seed": (lambda sizes: {}, 1),
    "n is 7": (lambda sizes: {"n": 7}, 2),
    "square": (lambda sizes: dict.fromkeys(sizes, 3), 3),
}


@each_operation
@pytest.mark.parametrize(("sizes", "seed"), CASES.values(), ids=CASES)
def test_nothing_wrong_is_called_nothing_wrong(operation, sizes, seed):
    report = witnesses(operation, seed=seed, **sizes(operation.sizes))
    assert pattern(report) == NOTHING, report
    assert report.passed


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@each_operation
def test_a_wrong_backward_is_refused_by_all_three_witnesses(operation, change):
    report = witnesses(operation, altered(operation, change))
    assert pattern(report) == BACKWARD
    assert not report.passed


@pytest.mark.parametrize("position", [0, 1, 2], ids=["x", "W", "b"])
@pytest.mark.parametrize("change", [np.negative, nudged], ids=["sign", "one entry nudged"])
def test_each_gradient_of_an_operation_is_judged_and_named(position, change):
    linear = OPERATIONS["linear"]

    def backward(*args):
        return tuple(change(g) if i == position else g for i, g in enumerate(linear.backward(*args)))

    report = witnesses(linear, backward)
    assert pattern(report) == BACKWARD
    assert f"FAIL: worst at {'xWb'[position]}[" in report.complaints["numeric"]


@pytest.mark.parametrize("operation", WITH_UPSTREAM.values(), ids=WITH_UPSTREAM)
def test_a_backward_that_ignores_the_upstream_is_refused(operation):
    def backward(upstream, *args):
        return operation.backward(np.ones_like(upstream), *args)

    assert pattern(witnesses(operation, backward)) == BACKWARD


@each_operation
def test_a_transposed_gradient_is_refused_where_its_shape_does_not_give_it_away(operation):
    def backward(*args):
        gradients = operation.backward(*args)
        several = gradients if isinstance(gradients, tuple) else (gradients,)
        # The first, which is a table for every operation; a vector would be its own transpose.
        return (np.transpose(several[0]), *several[1:])

    # With the second seed: with the first the signs in the gradient of mae happen to be symmetric.
    report = witnesses(operation, backward, seed=1, **dict.fromkeys(operation.sizes, 3))
    assert pattern(report) == BACKWARD


@pytest.mark.parametrize("which", [0, 1], ids=["dx", "dW"])
def test_a_transposed_gradient_of_a_square_linear_map_is_refused(which):
    linear = OPERATIONS["linear"]

    def backward(*args):
        return tuple(g.T if i == which else g for i, g in enumerate(linear.backward(*args)))

    assert pattern(witnesses(linear, backward, n=3, d=3, k=3)) == BACKWARD


MISTAKES = {
    "sigmoid, slope of the slope": ("sigmoid", lambda da, a, z: da * a * (1 - a) ** 2),
    "sigmoid, z for a": ("sigmoid", lambda da, a, z: da * z * (1 - z)),
    "tanh, slope of the sigmoid": ("tanh", lambda da, a, z: da * a * (1 - a)),
    "tanh, not squared": ("tanh", lambda da, a, z: da * (1 - a)),
    "relu, other side": ("relu", lambda da, a, z: da * (z < 0)),
    "relu, the value": ("relu", lambda da, a, z: da * a),
    "softmax, diagonal only": ("softmax", lambda da, a, z: da * a * (1 - a)),
    "softmax, other axis": ("softmax", lambda da, a, z: a * (da - np.sum(da * a, axis=0))),
    "softmax, sum over all": ("softmax", lambda da, a, z: a * (da - np.sum(da * a))),
    "mse, no factor 2": ("mse", lambda p, y: (p - y) / p.size),
    "mse, mean over rows only": ("mse", lambda p, y: 2 * (p - y) / len(p)),
    "cross-entropy, a - y": ("binary_cross_entropy", lambda p, y: (p - y) / p.size),
    "cross-entropy, half forgotten": ("binary_cross_entropy", lambda p, y: -(y / p) / p.size),
    "logits, slope not canceled": (
        "binary_cross_entropy_with_logits",
        lambda z, y: (1 / (1 + np.exp(-z)) - y) * (1 / (1 + np.exp(-z))) * (1 / (1 + np.exp(z))) / z.size,
    ),
    "labels, not a mean": (
        "softmax_cross_entropy",
        lambda z, y: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - np.eye(3)[y],
    ),
    "linear, bias averaged": ("linear", lambda dy, y, x, W, b: (dy @ W.T, x.T @ dy, dy.mean(axis=0))),
    "linear, weights averaged": ("linear", lambda dy, y, x, W, b: (dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0))),
}


@pytest.mark.parametrize("name, backward", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_that_people_make_is_refused(name, backward):
    assert pattern(witnesses(OPERATIONS[name], backward)) == BACKWARD


def test_a_backward_that_writes_into_its_arguments_raises():
    def backward(da, a, z):
        da *= a * (1 - a)
        return da

    with pytest.raises(ValueError, match="read-only"):
        witnesses(OPERATIONS["sigmoid"], backward)


# A wrong forward


def planted(operation, **parts):
    """An operation with one part replaced, which keeps the name and the arguments of the right one."""
    if "forward" in parts:
        parts["forward"] = wraps(operation.forward)(parts["forward"])
    return replace(operation, **parts)


@pytest.mark.parametrize("factor", [1.1, -1.0, 1.001], ids=["a tenth more", "sign", "a thousandth more"])
@each_operation
def test_a_wrong_forward_is_told_from_a_wrong_backward(operation, factor):
    report = witnesses(planted(operation, forward=lambda *inputs: factor * operation.forward(*inputs)))
    assert pattern(report) == FORWARD
    assert "FAIL: worst at output" in report.complaints["forward = definition"]


@pytest.mark.parametrize(
    "name, forward",
    [
        ("sigmoid", lambda z: 1 / (1 + np.exp(z))),
        ("tanh", lambda z: np.tanh(z / 2)),
        ("relu", lambda z: np.abs(z)),
        ("softmax", lambda z: np.exp(z) / np.exp(z).sum(axis=0)),
        ("linear", lambda x, W, b: x @ W - b),
        ("mse", lambda p, y: np.sum((p - y) ** 2)),
        ("mse", lambda p, y: (p - y) ** 2),
        ("binary_cross_entropy", lambda p, y: -np.mean(y * np.log(p))),
        ("softmax_cross_entropy", lambda z, y: np.sum(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])),
    ],
    ids=[
        "sigmoid of -z",
        "tanh of z/2",
        "abs",
        "other axis",
        "-b",
        "sum",
        "no mean",
        "half forgotten",
        "no mean of rows",
    ],
)
def test_a_forward_that_people_get_wrong_is_named(name, forward):
    assert pattern(witnesses(planted(OPERATIONS[name], forward=forward))) == FORWARD


def test_a_forward_that_is_off_by_a_constant_is_seen_by_the_definition_alone():
    # Its slope is right, so no gradient can tell.
    linear = OPERATIONS["linear"]
    report = witnesses(planted(linear, forward=lambda x, W, b: x @ W + b + 1))
    assert pattern(report) == (False, True, True, True)


@pytest.mark.parametrize("wrong", [np.transpose, np.sum, np.ravel], ids=["transposed", "summed", "flat"])
def test_a_forward_of_another_shape_is_told_from_a_wrong_backward(wrong):
    sigmoid = OPERATIONS["sigmoid"]
    report = witnesses(planted(sigmoid, forward=lambda z: wrong(sigmoid.forward(z))))
    assert not report["forward = definition"]
    assert report["symbolic"] and report["automatic"]


# A wrong definition


@pytest.mark.parametrize("factor", [1.1, -1.0], ids=["a tenth more", "sign"])
@each_operation
def test_a_wrong_definition_is_told_from_a_wrong_forward(operation, factor):
    wrong = planted(operation, definition=lambda xp, *inputs: factor * operation.definition(xp, *inputs))
    assert pattern(witnesses(wrong, **dict.fromkeys(operation.sizes, 2))) == DEFINITION


@pytest.mark.parametrize(
    "name, definition",
    [
        ("sigmoid", lambda xp, z: 1 / (1 + xp.exp(z))),
        ("relu", lambda xp, z: xp.abs(z)),
        ("softmax", lambda xp, z: xp.exp(z) / xp.sum(xp.exp(z), axis=0, keepdims=True)),
        ("mse", lambda xp, p, y: xp.sum((p - y) ** 2)),
        ("linear", lambda xp, x, W, b: x @ W + 2 * b),
    ],
    ids=["sigmoid of -z", "abs", "other axis", "sum", "2 b"],
)
def test_a_definition_that_people_get_wrong_is_named(name, definition):
    assert pattern(witnesses(planted(OPERATIONS[name], definition=definition))) == DEFINITION


def test_the_same_mistake_in_definition_and_forward_is_seen_by_a_backward_that_is_right():
    # The table says that one mistake escapes: then the backward must be wrong in the same way.
    tanh = OPERATIONS["tanh"]
    wrong = planted(tanh, definition=lambda xp, z: xp.tanh(2 * z), forward=lambda z: np.tanh(2 * z))
    assert pattern(witnesses(wrong)) == BACKWARD
    assert witnesses(wrong, lambda da, a, z: 2 * da * (1 - a * a)).passed


# A broken engine


def arriving(rule, gradient):
    """What a rule of the engine sends to each parent: gradient times slope, or what the function gives."""
    return rule(gradient) if callable(rule) else tuple(gradient * slope for slope in rule)


def in_the_engine(owner, name, vjp):
    """A function of the engine whose nodes have another rule: vjp(right, g, *data), given the right gradients.

    Returns what is broken, as arguments of setattr, and which edges of a graph it changes.
    """
    function = getattr(owner, name)

    @wraps(function)
    def broken(*args, **kwargs):
        node = function(*args, **kwargs)
        right, data = node._rule, [parent.data for parent in node.parents]
        node._rule = lambda g: vjp(arriving(right, g), g, *data)
        return node

    def changed(operation):
        made = []

        @wraps(function)
        def recording(*args, **kwargs):
            made.append(function(*args, **kwargs))
            return made[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, recording)
            arrivals = edges(operation)
        ours = {id(node) for node in made}
        for node, place, right in arrivals:
            if id(node) in ours:
                data = [parent.data for parent in node.parents]
                wrong = vjp(arriving(node._rule, node.grad), node.grad, *data)[place]
                if not np.allclose(wrong, right):
                    return True
        return False

    return (owner, name, broken), changed


def edges(operation):
    """The edges of the graph that the automatic witness runs on: (node, place of the parent, its gradient).

    Those to a constant are left out: a wrong gradient of the 1 in 1 / (1 + exp(-z)) reaches no input.
    """
    rng = np.random.default_rng(0)
    inputs = [Value(x) if i in operation.wrt else x for i, x in enumerate(operation.example(rng))]
    out = operation.definition(autodiff, *inputs)
    loss = autodiff.sum((1.0 if operation.is_loss else rng.normal(size=out.shape)) * out)
    loss.backward()
    order = autodiff.topological_order(loss)
    varying = {id(inputs[i]) for i in operation.wrt}
    for node in order:
        if any(id(parent) in varying for parent in node.parents):
            varying.add(id(node))
    return [
        (node, place, gradient)
        for node in order
        if node.parents
        for place, gradient in enumerate(arriving(node._rule, node.grad))
        if id(node.parents[place]) in varying
    ]


def overwriting_backward(self):
    order = autodiff.topological_order(self)
    self.grad = 1.0
    for node in reversed(order):
        for parent, gradient in zip(node.parents, arriving(node._rule or (), node.grad), strict=True):
            parent.grad = values._unbroadcast(gradient, parent.data) if parent._rule is not None else None


def one_of_the_copies(gradient, data):
    """The gradient of the first copy that NumPy had made of the data, where the sum over all is needed."""
    shape = np.shape(data)
    first = np.asarray(gradient)[(0,) * (np.ndim(gradient) - len(shape))][tuple(slice(n) for n in shape)]
    return first if shape else float(first)


def paths_meet(operation):
    ends = [id(node.parents[place]) for node, place, _ in edges(operation)]
    return len(set(ends)) < len(ends)


def something_is_broadcast(operation):
    return any(np.shape(gradient) != node.parents[place].shape for node, place, gradient in edges(operation))


# What is broken, and whether that changes any gradient on its way to an input: found out and not listed, so that a new
# operation needs no entry here.
BROKEN = {
    "the slope of exp is 1": in_the_engine(autodiff, "exp", lambda right, g, x: (g,)),
    "the slope of log is forgotten": in_the_engine(autodiff, "log", lambda right, g, x: (g,)),
    "maximum gives to both": in_the_engine(autodiff, "maximum", lambda right, g, x, y: (g, g)),
    "the factors of a product are not swapped": in_the_engine(Value, "__mul__", lambda right, g, a, b: (g * a, g * b)),
    "a product forgets its second factor": in_the_engine(
        Value, "__mul__", lambda right, g, a, b: (right[0], 0 * right[1])
    ),
    "a quotient forgets its denominator": in_the_engine(
        Value, "__truediv__", lambda right, g, a, b: (right[0], 0 * right[1])
    ),
    "a quotient forgets its minus": in_the_engine(Value, "__truediv__", lambda right, g, a, b: (right[0], -right[1])),
    "a difference is a sum": in_the_engine(Value, "__sub__", lambda right, g, a, b: (g, g)),
    "a power keeps its exponent": in_the_engine(Value, "__pow__", lambda right, g, a: (right[0] * a,)),
    "a minus counts twice": in_the_engine(Value, "__neg__", lambda right, g, a: (2 * right[0],)),
    "a product of matrices forgets a factor": in_the_engine(
        Value, "__matmul__", lambda right, g, a, b: (right[0], 2 * right[1])
    ),
    "an entry taken out gets nothing": in_the_engine(Value, "__getitem__", lambda right, g, a: (0 * a,)),
    "a sum counts twice": in_the_engine(autodiff, "sum", lambda right, g, x: (2 * right[0],)),
    "paths overwrite each other": ((Value, "backward", overwriting_backward), paths_meet),
    "what was broadcast is not summed": (
        (values, "_unbroadcast", one_of_the_copies),
        something_is_broadcast,
    ),
}


@pytest.mark.parametrize("rule, changes", BROKEN.values(), ids=BROKEN)
def test_a_broken_engine_is_named_by_every_operation_that_uses_the_rule_and_by_no_other(rule, changes, monkeypatch):
    expected = {name: ENGINE if changes(operation) else NOTHING for name, operation in OPERATIONS.items()}
    assert ENGINE in expected.values()
    monkeypatch.setattr(*rule)
    assert {name: pattern(witnesses(operation)) for name, operation in OPERATIONS.items()} == expected


@pytest.mark.parametrize(
    "what, affected",
    [
        ("the slope of exp is 1", {"sigmoid", "tanh", "softmax"}),
        ("maximum gives to both", {"relu"}),
        # A mean divides by a constant, to which no gradient need be right.
        ("a quotient forgets its denominator", {"sigmoid", "tanh", "softmax"}),
        ("a sum counts twice", {"sigmoid", "tanh", "softmax", "relu", "linear", "mse"}),  # the witness itself sums
        ("paths overwrite each other", {"tanh", "softmax"}),
        ("what was broadcast is not summed", {"linear", "softmax"}),
    ],
)
def test_which_operations_use_a_rule_is_found_out(what, affected):
    _, changes = BROKEN[what]
    some = ("sigmoid", "tanh", "softmax", "relu", "linear", "mse")
    assert {name for name in some if changes(OPERATIONS[name])} == affected


# What is said


def test_a_report_is_printed_the_same_each_time():
    operation = OPERATIONS["softmax"]
    for backward in (None, altered(operation, np.negative)):
        assert repr(witnesses(operation, backward)) == repr(witnesses(operation, backward))


def test_a_report_is_a_table_of_four_rows():
    assert repr(witnesses(OPERATIONS["relu"])).splitlines() == [
        "relu, agreement to 1e-06:",
        "  forward = definition  ok",
        "  symbolic              ok",
        "  numeric               ok",
        "  automatic             ok",
    ]


def test_another_seed_gives_other_data():
    operation = OPERATIONS["mse"]
    wrong = altered(operation, np.negative)
    assert witnesses(operation, wrong, seed=0) != witnesses(operation, wrong, seed=1)


def test_the_worst_entry_is_named_with_both_values():
    def backward(y_pred, y_true):
        gradient = OPERATIONS["mse"].backward(y_pred, y_true)
        gradient[3, 1] = 7.0
        return gradient

    for complaint in list(witnesses(OPERATIONS["mse"], backward).complaints.values())[1:]:
        assert complaint.startswith("FAIL: worst at y_pred[3, 1], 7.0000 where it should be ")


def test_the_two_values_of_a_complaint_can_be_told_apart():
    operation = OPERATIONS["sigmoid"]
    report = witnesses(operation, altered(operation, lambda g: g * (1 + 1e-5)))
    given, needed = report.complaints["numeric"].split(", ")[-1].split(" where it should be ")
    assert given != needed


def test_the_entry_that_is_named_is_one_that_disagrees():
    mse = OPERATIONS["mse"]

    def backward(y_pred, y_true):
        gradient = mse.backward(y_pred, y_true)
        large, small = (pick(np.abs(gradient)) for pick in (np.argmax, np.argmin))
        gradient.flat[large] *= 1 + 5e-7  # agrees to 1e-6
        gradient.flat[small] *= 1 + 5e-6  # does not
        return gradient

    rng = np.random.default_rng(0)
    exact = mse.backward(*mse.example(rng))
    small = np.unravel_index(np.argmin(np.abs(exact)), exact.shape)
    report = witnesses(mse, backward)
    assert pattern(report) == BACKWARD
    assert f"y_pred[{small[0]}, {small[1]}]" in report.complaints["symbolic"]


def test_a_wrong_shape_is_said_with_both_shapes():
    report = witnesses(OPERATIONS["sigmoid"], lambda da, a, z: np.sum(da * a * (1 - a), axis=0))
    assert pattern(report) == BACKWARD
    assert set(report.complaints.values()) == {"", "FAIL: z has shape (3,) where (5, 3) is needed"}


def test_a_wrong_number_of_gradients_is_said_with_the_names():
    linear = OPERATIONS["linear"]
    report = witnesses(linear, lambda *args: linear.backward(*args)[:2])
    assert pattern(report) == BACKWARD
    assert report.complaints["numeric"] == "FAIL: 2 gradients where 3 are needed, for x, W, b"


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_a_hole_is_said_where_it_is(hole):
    def backward(da, a, z):
        gradient = OPERATIONS["tanh"].backward(da, a, z)
        gradient[4, 2] = hole
        return gradient

    for complaint in list(witnesses(OPERATIONS["tanh"], backward).complaints.values())[1:]:
        assert complaint.startswith(f"FAIL: worst at z[4, 2], {hole} where it should be ")


def test_a_function_is_refused_with_the_way_to_its_operation():
    with pytest.raises(TypeError, match=r"is a function; an Operation is needed, as operations.find\(sigmoid\) gives$"):
        witnesses(OPERATIONS["tanh"].forward)
    assert witnesses(find(OPERATIONS["tanh"].forward)).passed


def test_a_report_passes_only_if_every_witness_agrees():
    silent = dict.fromkeys(WITNESSES, "")
    assert Report("f", silent).passed
    for witness in WITNESSES:
        report = Report("f", {**silent, witness: "FAIL: worst"})
        assert not report.passed
        assert not report[witness]
