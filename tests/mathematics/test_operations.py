"""Promise: no operation escapes its witnesses by not being registered, and what holds for one holds for all.

That each agrees with its witnesses is in test_verify.
"""

import inspect
from importlib import import_module

import numpy as np
import pytest
from test_structure import FILES, room_of

from bplib import attention, layers, lstm, policy, positions, verify
from bplib.operations import OPERATIONS, find, register, require_floats, require_same_shape

# The modules of the mathematics that register something.
MODULES = [
    import_module(name)
    for name, path in FILES.items()
    if room_of(name) == "bplib" and "\nregister(" in path.read_text(encoding="utf-8")
]
# What is no operation: it has no gradient, or is made of operations that have one.
NO_OPERATION = {
    layers: {"require_forward"},
    lstm: {"lstm_gates"},
    attention: {"causal_mask"},
    positions: {"sinusoidal_positions"},
    policy: {"returns_to_go", "reinforce", "play", "play_many"},
}

each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def draw(operation, seed=0, **sizes):
    return operation.example(np.random.default_rng(seed), **sizes)


def arrays(inputs):
    """The inputs that are arrays; others are a stride, a rate, or nothing."""
    return [x for x in inputs if isinstance(x, np.ndarray)]


def of_arrays(change, inputs):
    return [change(x) if isinstance(x, np.ndarray) else x for x in inputs]


def run(operation, inputs, dtype=float):
    """Output and gradients of an operation, for a random upstream."""
    out = operation.forward(*inputs)
    upstream = np.random.default_rng(99).normal(size=np.shape(out)).astype(dtype)
    return out, operation.gradients(1.0 if operation.is_loss else upstream, out, *inputs)


# The registry


def public_functions(module):
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_every_public_function_has_its_witnesses_and_every_forward_its_backward(module):
    functions = public_functions(module)
    without = set(functions)
    for operation in OPERATIONS.values():
        if functions.get(operation.name) is operation.forward:
            assert functions[operation.backward.__name__] is operation.backward
            without -= {operation.name, operation.backward.__name__}
    assert without == NO_OPERATION.get(module, set())


def test_the_witnesses_import_every_module_that_registers_operations():
    assert len(MODULES) > 10
    assert all(vars(verify).get(module.__name__.rpartition(".")[2]) is module for module in MODULES)


def test_the_registry_holds_nothing_but_the_functions_of_these_modules():
    functions = {name: function for module in MODULES for name, function in public_functions(module).items()}
    assert all(functions[name] is operation.forward for name, operation in OPERATIONS.items())


@each_operation
def test_a_gradient_of_a_loss_is_named_grad_and_any_other_backward(operation):
    assert operation.backward.__name__ == operation.name + ("_grad" if operation.is_loss else "_backward")


@each_operation
def test_a_backward_takes_upstream_output_and_inputs_and_a_loss_only_inputs(operation):
    inputs = list(inspect.signature(operation.forward).parameters)
    parameters = list(inspect.signature(operation.backward).parameters)
    if operation.is_loss:
        assert parameters == inputs
    else:
        assert parameters[0].startswith("d")
        assert parameters[1:] == [parameters[0].removeprefix("d"), *inputs]


def test_a_name_is_registered_only_once():
    before = dict(OPERATIONS)

    def sigmoid(z):
        return z

    with pytest.raises(ValueError, match="'sigmoid' is registered already"):
        register(sigmoid, sigmoid, definition=sigmoid, example=sigmoid)
    assert before == OPERATIONS


@pytest.mark.parametrize("stranger", [np.tanh, "tanh", None, lambda z: z], ids=["numpy's", "name", "none", "lambda"])
def test_find_refuses_what_is_not_registered_and_lists_what_is(stranger):
    with pytest.raises(ValueError, match=r"not a registered operation; known are .*sigmoid.*tanh"):
        find(stranger)


def test_find_is_not_fooled_by_a_function_of_the_same_name():
    def tanh(z):
        return z

    with pytest.raises(ValueError, match=r"not a registered operation"):
        find(tanh)


def test_wrt_names_are_those_of_the_forward_that_have_a_gradient():
    assert OPERATIONS["linear"].wrt_names == ("x", "W", "b")
    assert OPERATIONS["mse"].wrt_names == ("y_pred",)


# The examples


@each_operation
def test_an_example_differs_from_seed_to_seed(operation):
    examples = [draw(operation, seed)[operation.wrt[0]] for seed in range(5)]
    for i, first in enumerate(examples):
        assert all((first != second).all() for second in examples[:i])


@each_operation
def test_an_example_differs_between_two_draws(operation):
    rng = np.random.default_rng(0)
    for first, second in zip(arrays(operation.example(rng)), arrays(operation.example(rng)), strict=True):
        assert (first != second).any()


@each_operation
def test_the_entries_of_an_example_differ(operation):
    inputs = draw(operation)
    for i in operation.wrt:
        assert np.unique(inputs[i]).size == inputs[i].size
    assert all(np.unique(x).size > 1 for x in arrays(inputs))


SQUARE = {("rnn_step", "Wh"), ("rnn", "Wh")}  # from state to state


@each_operation
def test_no_two_axes_of_an_example_are_equally_long_and_none_has_length_1(operation):
    lengths = list(operation.sizes.values())
    assert len(set(lengths)) == len(lengths)
    assert not {1, 2, 4} & {operation.sizes["n"]}  # 1/n, 2/n and n/2 are told apart
    for name, x in zip(inspect.signature(operation.forward).parameters, draw(operation), strict=False):
        if isinstance(x, np.ndarray):
            assert len(set(x.shape)) == x.ndim or (operation.name, name) in SQUARE
            assert min(x.shape) > 1


@each_operation
def test_an_example_has_the_sizes_it_is_asked_for(operation):
    lengths = {name: 11 + i for i, name in enumerate(operation.sizes)}
    used = {length for x in arrays(draw(operation, **lengths)) for length in x.shape}
    gates = {"lstm": 4, "gru": 3}.get(operation.name.removesuffix("_step"), 1)  # maps of m entries, side by side
    heads = 2 if operation.name == "multi_head_attention" else 1  # the d, and the e, columns of each
    many = {"m": {1, gates}, "d": {heads}, "e": {heads}}
    assert used == {k * length for name, length in lengths.items() for k in many.get(name, {1})}


@each_operation
def test_an_example_holds_float64_where_there_is_a_gradient(operation):
    inputs = draw(operation)
    assert all(inputs[i].dtype == np.float64 for i in operation.wrt)


@pytest.mark.parametrize("seed", range(20))
def test_the_example_of_relu_keeps_away_from_the_kink_on_both_sides(seed):
    (z,) = draw(OPERATIONS["relu"], seed)
    assert np.abs(z).min() >= 0.1 > 1000 * 1e-5  # far beyond the step of the differences
    assert (z > 0).any()
    assert (z < 0).any()


@pytest.mark.parametrize("seed", range(20))
def test_the_example_of_binary_cross_entropy_keeps_away_from_certainty(seed):
    p, y = draw(OPERATIONS["binary_cross_entropy"], seed)
    assert 0.05 < p.min() < p.max() < 0.95
    assert set(np.unique(y)) <= {0.0, 1.0}


def test_the_example_of_a_bias_is_not_zero():
    assert (draw(OPERATIONS["linear"])[2] != 0).all()


# How a forward and a backward treat their arguments


@each_operation
def test_neither_forward_nor_backward_writes_into_its_arguments(operation):
    inputs = draw(operation)
    expected_out, expected = run(operation, inputs)
    for x in arrays(inputs):
        x.setflags(write=False)
    frozen = np.array(expected_out)
    frozen.setflags(write=False)
    upstream = np.random.default_rng(99).normal(size=frozen.shape)
    upstream.setflags(write=False)
    np.testing.assert_array_equal(operation.forward(*inputs), frozen)
    for mine, theirs in zip(
        operation.gradients(1.0 if operation.is_loss else upstream, frozen, *inputs), expected, strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


@each_operation
def test_a_gradient_is_an_array_of_its_own(operation):
    inputs = draw(operation)
    out = operation.forward(*inputs)
    upstream = np.ones(np.shape(out))
    given = [*arrays(inputs), upstream, np.asarray(out)]
    for gradient in operation.gradients(1.0 if operation.is_loss else upstream, out, *inputs):
        assert not any(np.shares_memory(gradient, array) for array in given)


@each_operation
def test_every_gradient_is_shaped_like_its_variable(operation):
    inputs = draw(operation)
    _, gradients = run(operation, inputs)
    assert [g.shape for g in gradients] == [inputs[i].shape for i in operation.wrt]


@pytest.mark.parametrize(
    "layout",
    [np.asfortranarray, lambda x: np.repeat(x, 2, axis=0)[::2], lambda x: x[::-1].copy()[::-1]],
    ids=["fortran order", "every second row", "negative strides"],
)
@each_operation
def test_the_layout_in_memory_makes_no_difference(operation, layout):
    inputs = draw(operation)
    laid_out = of_arrays(layout, inputs)
    assert any(not x.flags.c_contiguous for x in arrays(laid_out))
    for mine, theirs in zip(run(operation, laid_out)[1], run(operation, inputs)[1], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(operation.forward(*laid_out), operation.forward(*inputs), rtol=1e-14)


@each_operation
def test_float32_stays_float32_and_agrees_with_float64(operation):
    inputs = draw(operation)
    narrow = of_arrays(lambda x: x.astype(np.float32) if x.dtype.kind == "f" else x, inputs)
    out, gradients = run(operation, narrow, np.float32)
    assert out.dtype == np.float32
    for mine, theirs in zip(gradients, run(operation, inputs)[1], strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


# Inputs that are usual for none and happen to all

# What has to stay as the example draws it, where everything else becomes as large as 1000.
KEPT = {
    ("binary_cross_entropy", "p"): "a probability",
    ("binary_cross_entropy", "y"): "a probability",
    ("binary_cross_entropy_with_logits", "y"): "a probability",
    ("hinge", "y"): "1 or -1",
    ("weighted_binary_cross_entropy", "y"): "a probability",
    ("weighted_softmax_cross_entropy", "weights"): "not negative",
    ("batch_norm_evaluation", "variance"): "not negative",
}
# A mean over the batch is taken, or was: a batch of none has no mean. All other operations have nothing to do.
MEANS = {"batch_norm"} | {name for name, operation in OPERATIONS.items() if operation.is_loss and name != "l2"}


def enlarged(operation, spread):
    """The example with its arrays of floats stretched to +-1000, and the names of those that are not."""
    kept = set()
    inputs = []
    for name, x in zip(inspect.signature(operation.forward).parameters, draw(operation), strict=False):
        if (operation.name, name) in KEPT:
            kept.add((operation.name, name))
        elif isinstance(x, np.ndarray) and x.dtype.kind == "f":
            x = 1000 * np.sign(x) if spread == "all at +-1000" else x * (1000 / np.abs(x).max())
        inputs.append(x)
    return inputs, kept


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("spread", ["up to +-1000", "all at +-1000"])
@each_operation
def test_inputs_of_a_thousand_give_finite_outputs_and_gradients_without_a_warning(operation, spread, dtype):
    inputs, _ = enlarged(operation, spread)
    inputs = of_arrays(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x, inputs)
    out, gradients = run(operation, inputs, dtype)
    for array in (out, *gradients):
        assert np.isfinite(array).all()


def test_every_input_that_is_not_enlarged_is_one_of_an_operation():
    assert set().union(*(enlarged(operation, "up to +-1000")[1] for operation in OPERATIONS.values())) == set(KEPT)


@pytest.mark.filterwarnings("error")
@each_operation
def test_an_empty_batch_gives_empty_outputs_and_gradients_of_zero_or_is_refused_where_a_mean_is_taken(operation):
    inputs = draw(operation, n=0)
    assert any(x.size == 0 for x in arrays(inputs))
    if operation.name in MEANS:
        for f in (operation.forward, operation.backward) if operation.is_loss else (operation.forward,):
            with pytest.raises(ValueError, match=f"^{f.__name__}: the batch is empty, and nothing has no mean$"):
                f(*inputs)
        return
    out, gradients = run(operation, inputs)
    assert np.size(out) == 0 or operation.name == "l2"
    for i, gradient in zip(operation.wrt, gradients, strict=True):
        assert gradient.shape == inputs[i].shape
        assert not gradient.any()


# The doors


def test_unequal_shapes_are_refused_with_every_name_and_shape():
    with pytest.raises(ValueError, match=r"^f: a is \(4, 1\) but b is \(4,\); their shapes must be equal$"):
        require_same_shape("f", a=np.ones((4, 1)), b=np.ones(4))
    require_same_shape("f", a=np.ones(4), b=np.ones(4))


def test_integers_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"^f: z holds int64; floats are needed, as z.astype\(float\) gives$"):
        require_floats("f", x=np.ones(2), z=np.ones(2, dtype=np.int64))
    require_floats("f", x=np.ones(2), number=3, narrow=np.float32(1))


@pytest.mark.parametrize("wrong", [[1.0], "1", None, (1.0,)], ids=["list", "string", "none", "tuple"])
def test_what_is_neither_array_nor_number_is_refused_by_its_type(wrong):
    with pytest.raises(ValueError, match=f"^f: z is a {type(wrong).__name__}; a NumPy array or a number is needed$"):
        require_floats("f", z=wrong)
