"""Promise: what the mathematics says of any input holds for whatever shapes and values hypothesis draws."""

import inspect
import itertools

import numpy as np
import pytest
import sympy

pytest.importorskip("hypothesis")
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bplib import activations, class_weights, convolution, layers, losses, normalization, recurrent, verify  # noqa: F401  verify imports all operations
from bplib.data import split, standardize
from bplib.gradcheck import central_difference, relative_error, relative_errors, stacked_difference
from bplib.operations import OPERATIONS
from bplib.optimizers import clip_norm, clip_value
from bplib.policy import returns_to_go
from bplib.symbolic import equal

settings.register_profile("course", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("course")
few = settings(max_examples=6)  # for tests of every operation

LOSSES = [name for name, operation in OPERATIONS.items() if operation.is_loss]
MEANS = [name for name in LOSSES if name not in ("l2", "weighted_softmax_cross_entropy")]  # a sum, a weighted mean
MAPS = [name for name in OPERATIONS if name not in LOSSES]
BY_ROWS = [name for name in MAPS if name != "batch_norm"]  # there each row moves all others
NOT_NEGATIVE = [name for name in MEANS if inspect.getmodule(OPERATIONS[name].forward) is losses]

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(11, 19)  # of a batch; no other axis of an example is that long


def numbers(bound):
    return st.floats(-bound, bound)


def tables(bound=50.0, **shape):
    """Arrays of one to three axes."""
    shape = {"min_dims": 1, "max_dims": 3, "max_side": 5, **shape}
    return arrays(float, array_shapes(**shape), elements=numbers(bound))


def same_shape(count, bound=50.0):
    """So many arrays of one shape."""
    of_shape = lambda shape: st.tuples(*[arrays(float, shape, elements=numbers(bound))] * count)  # noqa: E731
    return array_shapes(min_dims=1, max_dims=3, max_side=5).flatmap(of_shape)


def close(a, b, tolerance=1e-9):
    return relative_error(a, b) <= tolerance


# Activations


@given(tables())
def test_the_rows_of_a_softmax_are_probabilities(z):
    a = activations.softmax(z)
    assert (a >= 0).all()
    np.testing.assert_allclose(a.sum(axis=-1), np.ones(z.shape[:-1]), rtol=1e-14)


@given(tables(), numbers(1000.0))
def test_softmax_does_not_see_a_shift_and_log_softmax_neither(z, shift):
    np.testing.assert_allclose(activations.softmax(z + shift), activations.softmax(z), rtol=1e-9)
    np.testing.assert_allclose(activations.log_softmax(z + shift), activations.log_softmax(z), rtol=1e-9, atol=1e-9)


@given(tables())
def test_log_softmax_is_the_logarithm_of_softmax(z):
    np.testing.assert_allclose(np.exp(activations.log_softmax(z)), activations.softmax(z), rtol=1e-12)


@given(same_shape(2))
def test_the_gradients_of_a_softmax_add_up_to_zero_in_each_row(arrays):
    z, da = arrays
    for name in ("softmax", "log_softmax"):
        operation = OPERATIONS[name]
        dz = operation.backward(da, operation.forward(z), z)
        np.testing.assert_allclose(dz.sum(axis=-1), np.zeros(z.shape[:-1]), atol=1e-11)


@given(tables(700.0))
def test_identities_of_the_activations(z):
    f = activations
    np.testing.assert_allclose(f.sigmoid(z) + f.sigmoid(-z), np.ones(z.shape), rtol=1e-14)
    np.testing.assert_allclose(f.tanh(z), 2 * f.sigmoid(2 * z) - 1, atol=1e-14)
    for kinked in (f.relu, f.softplus, f.gelu):
        np.testing.assert_allclose(kinked(z) - kinked(-z), z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(f.leaky_relu(z), f.relu(z) - 0.01 * f.relu(-z), rtol=1e-14)
    np.testing.assert_array_equal(f.elu(z) > 0, z > 0)


@given(tables(30.0), st.sampled_from(["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"]))
def test_these_activations_never_fall(z, name):
    z = np.sort(z, axis=None)
    assert (np.diff(OPERATIONS[name].forward(z)) >= -1e-15).all()


# Every operation


def drawn(name, seed, **sizes):
    operation = OPERATIONS[name]
    return operation, operation.example(np.random.default_rng(seed), **sizes)


def another(seed):
    """Another generator: with that of the example an upstream would be the input itself."""
    return np.random.default_rng([seed, 1])


def batched(operation):
    """The positions of the inputs that have a batch axis: those whose first axis grows with n."""
    rng = np.random.default_rng(0)
    one, other = (operation.example(rng, n=n) for n in (5, 6))
    return [i for i, (x, y) in enumerate(zip(one, other, strict=True)) if np.shape(x) != np.shape(y)]


def rows_of(operation, inputs, rows):
    at = batched(operation)
    return [x[rows] if i in at else x for i, x in enumerate(inputs)]


@pytest.mark.parametrize("name", MAPS)
@few
@given(seeds, st.integers(2, 9), numbers(100.0), numbers(100.0))
def test_a_backward_is_linear_in_the_upstream(name, seed, n, a, b):
    operation, inputs = drawn(name, seed, n=n)
    out = operation.forward(*inputs)
    u, v = another(seed).normal(size=(2, *out.shape))
    of_sum = operation.gradients(a * u + b * v, out, *inputs)
    of_u, of_v = operation.gradients(u, out, *inputs), operation.gradients(v, out, *inputs)
    for mine, first, second in zip(of_sum, of_u, of_v, strict=True):
        scale = np.abs(a * first).max() + np.abs(b * second).max()
        np.testing.assert_allclose(mine, a * first + b * second, rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize("name", BY_ROWS)
@few
@given(seeds, lengths, st.data())
def test_halves_of_a_batch_give_halves_of_the_output_and_parameters_collect_from_both(name, seed, n, data):
    operation, inputs = drawn(name, seed, n=n)
    at = data.draw(st.integers(1, n - 1))
    out = operation.forward(*inputs)
    upstream = another(seed).normal(size=out.shape)
    axis = out.shape.index(n)  # the second of an lstm, whose first is that of its two states
    parts = []
    for rows in (slice(None, at), slice(at, None)):
        half = rows_of(operation, inputs, rows)
        there = (slice(None),) * axis + (rows,)
        assert close(operation.forward(*half), out[there])
        parts.append(operation.gradients(upstream[there], out[there], *half))
    for i, whole, first, second in zip(operation.wrt, operation.gradients(upstream, out, *inputs), *parts, strict=True):
        joined = np.concatenate([first, second]) if i in batched(operation) else first + second
        assert close(whole, joined, 1e-8)


@pytest.mark.parametrize("name", MEANS)
@few
@given(seeds, lengths, st.data())
def test_the_loss_of_two_batches_together_is_their_weighted_mean_and_so_is_its_gradient(name, seed, n, data):
    operation, inputs = drawn(name, seed, n=n)
    at = data.draw(st.integers(1, n - 1))
    shares = at / n, (n - at) / n
    halves = [rows_of(operation, inputs, rows) for rows in (slice(None, at), slice(at, None))]
    mean = sum(share * operation.forward(*half) for share, half in zip(shares, halves, strict=True))
    assert operation.forward(*inputs) == pytest.approx(mean, rel=1e-12)
    gradients = [share * operation.backward(*half) for share, half in zip(shares, halves, strict=True)]
    assert close(operation.backward(*inputs), np.concatenate(gradients), 1e-12)


@pytest.mark.parametrize("name", MEANS)
@few
@given(seeds, lengths)
def test_a_loss_does_not_see_the_order_of_the_batch(name, seed, n):
    operation, inputs = drawn(name, seed, n=n)
    order = another(seed).permutation(n)
    mixed = rows_of(operation, inputs, order)
    assert operation.forward(*mixed) == pytest.approx(operation.forward(*inputs), rel=1e-12)
    assert close(operation.backward(*mixed), operation.backward(*inputs)[order], 1e-12)


@pytest.mark.parametrize("name", NOT_NEGATIVE)
@given(seeds, st.integers(1, 9), st.floats(0.0, 1000.0))
def test_a_loss_is_not_negative_however_large_the_scores(name, seed, n, scale):
    operation, (prediction, *truth) = drawn(name, seed, n=n)
    prediction = prediction if name == "binary_cross_entropy" else prediction * scale
    loss, gradient = operation.loss_and_grad(prediction, *truth)
    assert loss >= 0
    assert np.isfinite(gradient).all()


@given(same_shape(1))
def test_a_distance_to_the_truth_itself_is_nothing(arrays):
    (y,) = arrays
    for name in ("mse", "mae", "huber"):
        loss, gradient = OPERATIONS[name].loss_and_grad(y, y)
        assert loss == 0
        assert not gradient.any()


@given(same_shape(2), numbers(50.0))
def test_distances_do_not_see_a_shift_of_both_or_which_is_which(arrays, shift):
    a, b = arrays
    for name in ("mse", "mae", "huber"):
        operation = OPERATIONS[name]
        assert operation.forward(a, b) == operation.forward(b, a)
        assert operation.forward(a + shift, b + shift) == pytest.approx(operation.forward(a, b), rel=1e-6, abs=1e-9)
    assert losses.huber(a, b) <= min(losses.mae(a, b), losses.mse(a, b) / 2) * (1 + 1e-12) + 1e-300


@given(same_shape(1), seeds, st.floats(0.1, 10.0))
def test_binary_cross_entropies_of_a_class_and_of_its_opposite_agree(arrays, seed, weight):
    (z,) = arrays
    y = another(seed).integers(2, size=z.shape)
    f, weighted = losses.binary_cross_entropy_with_logits, class_weights.weighted_binary_cross_entropy
    assert f(z, y) == pytest.approx(f(-z, 1 - y), rel=1e-12, abs=1e-300)
    positives, negatives = (np.where(y == label, np.logaddexp(0, (1 - 2 * label) * z), 0).mean() for label in (1, 0))
    assert weighted(z, y, weight) == pytest.approx(weight * positives + negatives, rel=1e-9, abs=1e-300)


@few
@given(seeds, lengths, st.data())
def test_with_class_weights_two_batches_together_count_by_the_weights_of_their_rows(seed, n, data):
    operation, (z, y, weights) = drawn("weighted_softmax_cross_entropy", seed, n=n)
    at = data.draw(st.integers(1, n - 1))
    first, second = (operation.forward(z[rows], y[rows], weights) for rows in (slice(at), slice(at, None)))
    mean = np.average([first, second], weights=[weights[y[:at]].sum(), weights[y[at:]].sum()])
    assert operation.forward(z, y, weights) == pytest.approx(mean, rel=1e-12)


# Layers


@given(arrays(float, st.integers(1, 4), elements=numbers(10.0)), st.floats(0.0, 0.9))
def test_dropout_keeps_the_expectation(x, p):
    masks = [np.array(mask) for mask in itertools.product([True, False], repeat=len(x))]
    chance = [np.prod(np.where(mask, 1 - p, p)) for mask in masks]
    mean = sum(c * layers.dropout(x, mask, p) for c, mask in zip(chance, masks, strict=True))
    np.testing.assert_allclose(mean, x, rtol=1e-12, atol=1e-300)


@given(seeds, st.integers(2, 9), st.floats(0.1, 100.0), numbers(100.0))
def test_normalization_undoes_scale_and_shift(seed, n, scale, shift):
    x = np.random.default_rng(seed).normal(size=(n, 4)) * 100
    one, zero = np.ones(4), np.zeros(4)
    # What EPSILON adds to a variance of about 10,000 is nothing here.
    for f in (normalization.batch_norm, normalization.layer_norm):
        plain = f(x, one, zero)
        assume(np.var(x, axis=0).min() > 100 and np.var(x, axis=1).min() > 100)
        np.testing.assert_allclose(f(scale * x + shift, one, zero), plain, atol=2e-5 / min(scale, 1) ** 2)
        np.testing.assert_allclose(f(x, scale * one, shift * one), scale * plain + shift, rtol=1e-9, atol=1e-9)


@given(seeds, st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_a_linear_map_is_linear(seed, n, d, k):
    rng = np.random.default_rng(seed)
    x, y, W, b = rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.normal(size=(d, k)), np.zeros(k)
    f = layers.linear
    np.testing.assert_allclose(f(2 * x - y, W, b), 2 * f(x, W, b) - f(y, W, b), rtol=1e-9, atol=1e-12)


@given(seeds, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_a_convolution_with_a_kernel_of_one_is_a_linear_map_of_the_channels(seed, n, channels, filters, stride):
    rng = np.random.default_rng(seed)
    x, W, b = rng.normal(size=(n, channels, 6)), rng.normal(size=(filters, channels, 1)), rng.normal(size=filters)
    y = convolution.conv1d(x, W, b, stride)
    for o in range(y.shape[2]):
        np.testing.assert_allclose(
            y[:, :, o], layers.linear(x[:, :, o * stride], W[:, :, 0].T, b), rtol=1e-9, atol=1e-12
        )


@given(seeds, st.integers(1, 4), st.integers(1, 5))
def test_an_rnn_is_its_step_again_and_again(seed, n, steps):
    rng = np.random.default_rng(seed)
    x, h = rng.normal(size=(n, steps, 3)), rng.normal(size=(n, 2))
    weights = rng.normal(size=(3, 2)), rng.normal(size=(2, 2)), rng.normal(size=2)
    states = recurrent.rnn(x, h, *weights)
    for t in range(steps):
        h = recurrent.rnn_step(x[:, t], h, *weights)
        np.testing.assert_allclose(states[:, t], h, rtol=1e-12)


# Clipping


gradients = st.dictionaries(st.sampled_from("abc"), tables(1e6), min_size=1)


@given(gradients, st.floats(1e-3, 1e3))
def test_clipping_never_exceeds_its_limit_and_by_norm_keeps_the_direction(grads, limit):
    before = np.concatenate([g.ravel() for g in grads.values()])
    by_value = {name: g.copy() for name, g in grads.items()}
    norm = clip_norm(grads, limit)
    after = np.concatenate([g.ravel() for g in grads.values()])
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-12, abs=1e-300)
    assert np.linalg.norm(after) <= min(limit, norm) * (1 + 1e-12)
    np.testing.assert_allclose(after * max(norm, limit), before * limit, rtol=1e-9, atol=1e-300)
    clip_value(by_value, limit)
    np.testing.assert_array_equal(
        np.concatenate([g.ravel() for g in by_value.values()]), np.clip(before, -limit, limit)
    )


# Gradient check


@given(tables(2.0), st.integers(1, 20))
def test_stacked_differences_are_central_differences_for_any_shape_and_size(x, size):
    def f(x):
        return np.sum(np.sin(x) * np.cumsum(x, axis=-1))

    def stacked(stack):
        return np.array([f(x) for x in stack])

    np.testing.assert_allclose(stacked_difference(stacked, x, size=size), central_difference(f, x), rtol=1e-12)


@given(same_shape(2, 1e6), st.integers(-300, 300))
def test_relative_error_is_symmetric_and_does_not_see_a_scale_that_is_a_power_of_two(arrays, power):
    a, b = arrays
    assume(max(np.abs(a).max(), np.abs(b).max()) > 1e-100)
    a, b = (np.where(np.abs(x) < 1e-100, 0, x) for x in (a, b))
    error = relative_error(a, b)
    assert error == relative_error(b, a)
    assert error == relative_error(-a, -b)
    assert error == relative_error(2.0**power * a, 2.0**power * b)
    assert 0 <= error <= 2
    assert error == relative_errors(a, b).max()


@given(same_shape(2, 1e6))
def test_relative_error_is_zero_for_equal_arrays_and_for_no_others(arrays):
    a, b = arrays
    assert relative_error(a, a.copy()) == 0
    assert (relative_error(a, b) == 0) == bool((a == b).all())


# Data and policy


@given(st.integers(2, 60), st.floats(0.05, 0.95), seeds)
def test_split_keeps_every_row_once_and_rows_together(n, test, seed):
    assume(0 < round(test * n) < n)
    X, y = np.arange(3 * n).reshape(n, 3), np.arange(n)
    X_train, X_test, y_train, y_test = split(np.random.default_rng(seed), X, y, test=test)
    assert len(X_test) == len(y_test) == round(test * n)
    assert sorted([*y_train, *y_test]) == list(range(n))
    np.testing.assert_array_equal(X_train[:, 0], 3 * y_train)
    np.testing.assert_array_equal(X_test[:, 0], 3 * y_test)


@given(seeds, st.integers(2, 20), st.floats(1e-3, 1e3), numbers(1e3))
def test_standardize_brings_train_to_mean_0_and_deviation_1_and_does_not_see_units(seed, n, scale, shift):
    train, other = (np.random.default_rng(seed + i).normal(size=(n, 3)) for i in (0, 1))
    first, second = standardize(train, other)
    np.testing.assert_allclose(first.mean(axis=0), np.zeros(3), atol=1e-12)
    np.testing.assert_allclose(first.std(axis=0), np.ones(3), rtol=1e-12)
    in_other_units = standardize(scale * train + shift, scale * other + shift)
    np.testing.assert_allclose(in_other_units[0], first, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(in_other_units[1], second, rtol=1e-6, atol=1e-6)


@given(tables(10.0, max_dims=2), st.floats(0.0, 1.0))
def test_a_return_is_the_discounted_sum_of_what_is_still_to_come(rewards, discount):
    G = returns_to_go(rewards, discount)
    steps = rewards.shape[-1]
    for t in range(steps):
        factors = discount ** np.arange(steps - t)
        np.testing.assert_allclose(G[..., t], (rewards[..., t:] * factors).sum(axis=-1), rtol=1e-9, atol=1e-12)


# Formulas

x, y = sympy.symbols("x y")
leaves = st.sampled_from([x, y, sympy.Integer(2), sympy.Rational(1, 3), sympy.Integer(-1)])
formulas = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(lambda a, b: a + b, parts, parts),
        st.builds(lambda a, b: a * b, parts, parts),
        st.builds(sympy.exp, st.sampled_from([x, y, x * y, -x])),
        st.builds(sympy.tanh, parts),
    ),
    max_leaves=5,
)
formulas_settings = settings(max_examples=15)


@formulas_settings
@given(formulas, formulas)
def test_equality_of_formulas_is_reflexive_and_symmetric_and_agrees_with_their_difference(a, b):
    assert equal(a, a)
    assert bool(equal(a, b)) == bool(equal(b, a)) == bool(equal(a - b, 0) if a != b else True)
    assert equal(a + b, b + a)
    assert equal(sympy.expand((a + b) ** 2), a**2 + 2 * a * b + b**2)


@formulas_settings
@given(formulas, st.sampled_from([sympy.Rational(1001, 1000), sympy.Integer(2), sympy.Integer(-1), sympy.Integer(0)]))
def test_a_changed_coefficient_is_seen_and_the_point_shows_it(a, factor):
    assume(a != 0)
    result = equal(a, factor * a)
    if equal(a, 0):
        assert result
    else:
        assert not result
        at = {sympy.Symbol(name): value for name, value in result.point.items()}
        assert float(a.subs(at)) == pytest.approx(result.a_value, rel=1e-9)
        assert float((factor * a).subs(at)) == pytest.approx(result.b_value, rel=1e-9, abs=1e-300)


def test_the_operations_that_are_walked_here_are_all_there_are():
    assert {*LOSSES, *MAPS} == set(OPERATIONS)
    assert len(NOT_NEGATIVE) == 7
