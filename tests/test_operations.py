"""Promise: every operation agrees with all of its witnesses, and none escapes them by not being registered."""

import inspect

import numpy as np
import pytest

from bplib import activations, layers, losses
from bplib.operations import OPERATIONS, find, register, require_floats, require_same_shape
from bplib.verify import witnesses

SIZES = {"default": lambda sizes: {}, "n is 7": lambda sizes: {"n": 7}, "square": lambda sizes: dict.fromkeys(sizes, 3)}
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def draw(operation, seed=0, **sizes):
    return operation.example(np.random.default_rng(seed), **sizes)


def run(operation, inputs, dtype=float):
    """Output and gradients of an operation, for a random upstream."""
    out = operation.forward(*inputs)
    upstream = np.random.default_rng(99).normal(size=np.shape(out)).astype(dtype)
    return out, operation.gradients(1.0 if operation.is_loss else upstream, out, *inputs)


# The witnesses


@each_operation
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_an_operation_agrees_with_all_of_its_witnesses(operation, seed, sizes):
    report = witnesses(operation, seed=seed, **sizes(operation.sizes))
    assert report.passed, report


# The registry


def public_functions(module):
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize("module", [activations, losses, layers], ids=["activations", "losses", "layers"])
def test_every_forward_and_its_backward_are_registered_as_a_pair(module):
    functions = public_functions(module)
    backwards = {name for name in functions if name.endswith(("_backward", "_grad"))}
    for name in backwards:
        forward = functions[name.removesuffix("_backward").removesuffix("_grad")]
        assert find(forward).backward is functions[name]
    assert backwards == {find(functions[name]).backward.__name__ for name in functions.keys() - backwards}


def test_the_registry_holds_nothing_but_the_functions_of_the_three_modules():
    functions = public_functions(activations) | public_functions(losses) | public_functions(layers)
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
    examples = [draw(operation, seed)[0] for seed in range(5)]
    for i, first in enumerate(examples):
        assert all((first != second).all() for second in examples[:i])


@each_operation
def test_an_example_differs_between_two_draws(operation):
    rng = np.random.default_rng(0)
    for first, second in zip(operation.example(rng), operation.example(rng), strict=True):
        assert (first != second).any()


@each_operation
def test_the_entries_of_an_example_differ(operation):
    inputs = draw(operation)
    for i in operation.wrt:
        assert np.unique(inputs[i]).size == inputs[i].size
    assert all(np.unique(x).size > 1 for x in inputs)


@each_operation
def test_no_two_axes_of_an_example_are_equally_long_and_none_has_length_1(operation):
    lengths = list(operation.sizes.values())
    assert len(set(lengths)) == len(lengths)
    assert not {1, 2, 4} & {operation.sizes["n"]}  # 1/n, 2/n and n/2 are told apart
    for x in draw(operation):
        assert len(set(x.shape)) == x.ndim
        assert min(x.shape) > 1


@each_operation
def test_an_example_has_the_sizes_it_is_asked_for(operation):
    lengths = {name: 11 + i for i, name in enumerate(operation.sizes)}
    used = {length for x in draw(operation, **lengths) for length in x.shape}
    assert used == set(lengths.values())


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
    for x in inputs:
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
    given = [*inputs, upstream, np.asarray(out)]
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
    laid_out = [layout(x) for x in inputs]
    assert any(not x.flags.c_contiguous for x in laid_out)
    for mine, theirs in zip(run(operation, laid_out)[1], run(operation, inputs)[1], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(operation.forward(*laid_out), operation.forward(*inputs), rtol=1e-14)


@each_operation
def test_float32_stays_float32_and_agrees_with_float64(operation):
    inputs = draw(operation)
    narrow = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in inputs]
    out, gradients = run(operation, narrow, np.float32)
    assert out.dtype == np.float32
    for mine, theirs in zip(gradients, run(operation, inputs)[1], strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


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
