"""Promise: convolution and pooling are right at every stride, padding and overlap, and layers are the pure pairs."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from bplib.convolution import Conv1d, Conv2d, conv1d, conv1d_backward, conv2d, conv2d_backward
from bplib.operations import OPERATIONS
from bplib.pooling import (
    AvgPool,
    Flatten,
    MaxPool,
    avg_pool,
    avg_pool_backward,
    flatten,
    flatten_backward,
    max_pool,
    max_pool_backward,
)
from bplib.verify import witnesses


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def close(mine, theirs):
    np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def image(rows):
    """One example with one channel, of floats."""
    return np.array(rows, dtype=float)[None, None]


# By hand


def test_a_convolution_of_four_numbers_with_two_is_what_it_is_by_hand():
    x, W, b = np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[3.0, 5.0]]]), np.array([0.5])
    y = conv1d(x, W, b)
    assert y.tolist() == [[[13.5, 26.5, 52.5]]]  # 3 + 10, 6 + 20, 12 + 40
    dx, dW, db = conv1d_backward(np.array([[[1.0, 10.0, 100.0]]]), y, x, W, b)
    assert dx.tolist() == [[[3.0, 35.0, 350.0, 500.0]]]
    assert dW.tolist() == [[[421.0, 842.0]]]  # 1 + 20 + 400, 2 + 40 + 800
    assert db.tolist() == [111.0]


def test_channels_add_up_and_filters_stand_side_by_side():
    x = np.array([[[1.0, 2.0], [10.0, 20.0]]])
    W = np.array([[[1.0], [1.0]], [[2.0], [-1.0]]])
    assert conv1d(x, W, np.array([0.0, 100.0])).tolist() == [[[11.0, 22.0], [92.0, 84.0]]]


def test_an_image_with_stride_2_and_padding_1_is_what_it_is_by_hand():
    x, W, b = image([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), image([[1, 10], [100, 1000]]), np.array([0.0])
    y = conv2d(x, W, b, 2, 1)
    # The windows are [0 0; 0 1], [0 0; 2 3], [0 4; 0 7] and [5 6; 8 9].
    assert y.tolist() == [[[[1000.0, 3200.0], [7040.0, 9865.0]]]]
    dx, dW, db = conv2d_backward(image([[1, 2], [3, 4]]), y, x, W, b, 2, 1)
    assert dx.tolist() == image([[1000, 200, 2000], [30, 4, 40], [3000, 400, 4000]]).tolist()
    assert dW.tolist() == image([[20, 36], [36, 64]]).tolist()
    assert db.tolist() == [10.0]


def test_the_first_maximum_of_a_window_gets_everything_and_ties_get_nothing():
    x = image([[1, 3, 5, 5], [3, 3, 5, 5]])
    y = max_pool(x, 2)
    assert y.tolist() == [[[[3.0, 5.0]]]]
    assert max_pool_backward(image([[7, 9]]), y, x, 2).tolist() == image([[0, 7, 9, 0], [0, 0, 0, 0]]).tolist()


def test_an_entry_that_is_the_maximum_of_many_windows_gets_the_sum():
    x = image([[1, 2, 3], [4, 9, 5], [6, 7, 9]])
    y = max_pool(x, 2, 1)
    assert y.tolist() == image([[9, 9], [9, 9]]).tolist()
    dx = max_pool_backward(image([[1, 10], [100, 1000]]), y, x, 2, 1)
    assert dx.tolist() == image([[0, 0, 0], [0, 1111, 0], [0, 0, 0]]).tolist()


def test_a_mean_shares_its_gradient_and_overlaps_add_up():
    x = image([[1, 2, 3], [4, 5, 6]])
    y = avg_pool(x, 2, 1)
    assert y.tolist() == [[[[3.0, 4.0]]]]
    assert avg_pool_backward(image([[4, 40]]), y, x, 2, 1).tolist() == image([[1, 11, 10], [1, 11, 10]]).tolist()


@pytest.mark.parametrize("pool, backward", [(max_pool, max_pool_backward), (avg_pool, avg_pool_backward)])
def test_what_fills_no_window_is_not_looked_at_and_gets_no_gradient(pool, backward):
    x = normal(2, 3, 5, 7)
    spoiled = x.copy()
    spoiled[:, :, 4:] = spoiled[:, :, :, 6:] = 1000.0
    y = pool(x, 2)
    assert y.shape == (2, 3, 2, 3)
    np.testing.assert_array_equal(pool(spoiled, 2), y)
    dx = backward(normal(*y.shape), y, x, 2)
    assert not dx[:, :, 4:].any()
    assert not dx[:, :, :, 6:].any()
    assert dx[:, :, :4, :6].any()


def test_flatten_keeps_the_order_and_both_ways_give_arrays_of_their_own():
    x = np.arange(24.0).reshape(2, 3, 4)
    y = flatten(x)
    assert y.tolist() == [list(range(12)), list(range(12, 24))]
    dx = flatten_backward(y, y, x)
    np.testing.assert_array_equal(dx, x)
    assert not np.shares_memory(x, y)
    assert not np.shares_memory(dx, y)


# The witnesses, beyond the registered examples


def confirmed(name, *inputs):
    report = witnesses(replace(OPERATIONS[name], example=lambda rng: inputs))
    assert report.passed, report


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_convolution_along_a_sequence_has_its_witnesses(size, stride, padding):
    confirmed("conv1d", normal(2, 2, 5), normal(3, 2, size, seed=1), normal(3, seed=2), stride, padding)


@pytest.mark.parametrize("stride, padding", [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 0), (3, 2)])
@pytest.mark.parametrize("kernel", [(1, 2), (3, 2)], ids=str)
def test_a_convolution_over_an_image_has_its_witnesses(kernel, stride, padding):
    confirmed("conv2d", normal(2, 2, 3, 4), normal(2, 2, *kernel, seed=1), normal(2, seed=2), stride, padding)


def untied(*shape):
    return np.random.default_rng(0).permutation(np.arange(np.prod(shape)) / 10.0).reshape(shape)


@pytest.mark.parametrize("size, stride", [(1, 2), (2, None), (2, 1), (3, 2)])
def test_an_average_pool_has_its_witnesses(size, stride):
    confirmed("avg_pool", untied(2, 3, 4, 5), size, stride)


@pytest.mark.parametrize("size, stride", [(1, 2), (2, None), (2, 1), (2, 3)])
def test_a_maximum_pool_has_its_witnesses(size, stride):
    confirmed("max_pool", untied(2, 1, 3, 5), size, stride)


# What must hold between operations


def test_stride_1_is_the_convolution_of_mathematics_with_the_kernel_flipped():
    x, W = normal(9), normal(4, seed=1)
    zero = np.zeros(1)
    close(conv1d(x[None, None], W[None, None], zero)[0, 0], np.convolve(x, W[::-1], "valid"))
    close(conv1d(x[None, None], W[None, None], zero, 1, 3)[0, 0], np.convolve(x, W[::-1], "full"))


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_an_image_one_pixel_high_is_a_sequence(stride):
    x, W, b = normal(3, 2, 8), normal(4, 2, 3, seed=1), normal(4, seed=2)
    y, y2 = conv1d(x, W, b, stride), conv2d(x[:, :, None], W[:, :, None], b, stride)
    close(y2[:, :, 0], y)
    dy = normal(*y.shape, seed=3)
    dx, dW, db = conv1d_backward(dy, y, x, W, b, stride)
    dx2, dW2, db2 = conv2d_backward(dy[:, :, None], y2, x[:, :, None], W[:, :, None], b, stride)
    close(dx2[:, :, 0], dx)
    close(dW2[:, :, 0], dW)
    close(db2, db)


def test_a_kernel_of_one_pixel_that_holds_the_identity_returns_its_input():
    x = normal(3, 2, 4, 5)
    np.testing.assert_array_equal(conv2d(x, np.eye(2)[:, :, None, None], np.zeros(2)), x)


def test_a_kernel_as_large_as_the_image_is_a_linear_layer():
    x, W, b = normal(5, 2, 3, 4), normal(6, 2, 3, 4, seed=1), normal(6, seed=2)
    close(conv2d(x, W, b)[:, :, 0, 0], flatten(x) @ flatten(W).T + b)


@pytest.mark.parametrize("size, stride", [(2, None), (2, 1), (3, 2), (3, 1)])
def test_pooling_neither_loses_nor_doubles_gradient_even_where_everything_ties(size, stride):
    for x in (np.zeros((2, 3, 6, 7)), np.random.default_rng(0).integers(3, size=(2, 3, 6, 7)).astype(float)):
        for pool, backward in ((max_pool, max_pool_backward), (avg_pool, avg_pool_backward)):
            y = pool(x, size, stride)
            dy = normal(*y.shape, seed=1)
            close(backward(dy, y, x, size, stride).sum(), dy.sum())


@pytest.mark.parametrize(
    "operation, settings",
    [("conv1d", (2, 1)), ("conv2d", (1, 1)), ("max_pool", (2, None)), ("avg_pool", (2, 1)), ("flatten", ())],
)
def test_float32_stays_float32_and_an_empty_batch_stays_empty(operation, settings):
    operation = OPERATIONS[operation]
    inputs = [x for x in operation.example(np.random.default_rng(0)) if isinstance(x, np.ndarray)]
    narrow = [x.astype(np.float32) for x in inputs]
    y = operation.forward(*narrow, *settings)
    assert y.dtype == np.float32
    assert {g.dtype for g in operation.gradients(y, y, *narrow, *settings)} == {np.dtype(np.float32)}

    empty = [inputs[0][:0], *inputs[1:]]
    y = operation.forward(*empty, *settings)
    assert y.shape == (0, *operation.forward(*inputs, *settings).shape[1:])
    dx, *others = operation.gradients(y, y, *empty, *settings)
    assert dx.shape == empty[0].shape
    assert [g.shape for g in others] == [x.shape for x in inputs[1:]]
    assert not any(g.any() for g in others)


# The layers


def made(dtype=float):
    rng = np.random.default_rng(0)
    layers = [
        (Conv1d(2, 3, 3, rng, stride=2, padding=1), normal(5, 2, 7), conv1d_backward, (2, 1)),
        (Conv2d(2, 3, 2, rng, padding=1), normal(5, 2, 4, 6), conv2d_backward, (1, 1)),
        (MaxPool(2), normal(5, 2, 4, 7), max_pool_backward, (2,)),
        (AvgPool(3, 2), normal(5, 2, 5, 7), avg_pool_backward, (3, 2)),
        (Flatten(), normal(5, 2, 3), flatten_backward, ()),
    ]
    for layer, *_ in layers[:2]:
        layer.params["b"][...] = rng.normal(size=3)
    return layers


each_layer = pytest.mark.parametrize(
    "layer, x, backward, settings", made(), ids=["Conv1d", "Conv2d", "MaxPool", "AvgPool", "Flatten"]
)


@each_layer
def test_a_layer_is_its_pure_pair(layer, x, backward, settings):
    operation = OPERATIONS[backward.__name__.removesuffix("_backward")]
    inputs = (x, *layer.params.values(), *settings)
    y = layer.forward(x)
    np.testing.assert_array_equal(y, operation.forward(*inputs))
    np.testing.assert_array_equal(layer.predict(x), y)
    assert layer.grads.keys() == layer.params.keys()

    dy = normal(*y.shape, seed=1)
    owned = dict(layer.grads)
    dx = layer.backward(dy)
    expected = operation.gradients(dy, y, *inputs)
    for mine, theirs in zip((dx, *layer.grads.values()), expected, strict=True):
        close(mine, theirs)
    assert all(layer.grads[name] is array for name, array in owned.items())  # written into, not replaced
    np.testing.assert_array_equal(layer.backward(dy), dx)  # a second time is harmless


@each_layer
def test_a_layer_can_be_copied_and_predict_leaves_nothing_behind(layer, x, backward, settings):
    y = layer.forward(x)
    dy = normal(*y.shape, seed=1)
    dx = layer.backward(dy)
    layer.predict(x[:2] + 1.0)
    for same in (layer, copy.deepcopy(layer)):
        np.testing.assert_array_equal(same.backward(dy), dx)


@each_layer
def test_what_a_layer_has_returned_never_changes(layer, x, backward, settings):
    y = layer.forward(x)
    dx = layer.backward(normal(*y.shape, seed=1))
    kept = y.copy(), dx.copy()
    again = layer.forward(2.0 * x + 1.0)
    layer.backward(again)
    np.testing.assert_array_equal(y, kept[0])
    np.testing.assert_array_equal(dx, kept[1])


# What a convolution computes in is made once for x of a shape and a type

each_convolution = pytest.mark.parametrize("which", [0, 1], ids=["Conv1d", "Conv2d"])


def assert_pure(layer, x, backward, dtype=float):
    """A forward and a backward of the layer, with an upstream of that type, are the pure pair."""
    operation = OPERATIONS[backward.__name__.removesuffix("_backward")]
    inputs = (x, *layer.params.values(), layer.stride, layer.padding)
    y = layer.forward(x)
    np.testing.assert_array_equal(y, operation.forward(*inputs))
    dy = normal(*y.shape, seed=3).astype(dtype)
    dx, *gradients = operation.gradients(dy, y, *inputs)
    mine = layer.backward(dy)
    assert mine.dtype == dx.dtype
    np.testing.assert_array_equal(mine, dx)
    for array, expected in zip(layer.grads.values(), gradients, strict=True):
        np.testing.assert_array_equal(array, expected)


@each_convolution
def test_a_convolution_follows_x_from_one_shape_and_type_to_another(which):
    layer, x, backward, _ = made()[which]
    narrow, wide = x.astype(np.float32), np.concatenate([x, x + 1.0], axis=2)
    for given in (x, 2.0 * x, x[:2], x[:0], wide, narrow, np.asfortranarray(wide), x):
        assert_pure(layer, given, backward)
    layer.params = {name: p.astype(np.float32) for name, p in layer.params.items()}
    for dtype in (np.float32, np.float64, np.float32):
        assert_pure(layer, narrow, backward, dtype)
    layer.params = {name: p[:2].astype(float) for name, p in layer.params.items()}
    layer.grads = {name: g[:2] for name, g in layer.grads.items()}
    assert_pure(layer, x, backward)


@each_convolution
def test_a_convolution_follows_its_stride_and_padding(which):
    layer, x, backward, _ = made()[which]
    for stride, padding in ((1, 0), (2, 0), (2, 2), (1, 1)):
        layer.stride, layer.padding = stride, padding
        assert_pure(layer, x, backward)


@each_convolution
def test_what_fitted_once_is_no_pass_for_what_does_not(which):
    layer, x, backward, _ = made()[which]
    name = backward.__name__.removesuffix("_backward")
    W, b = layer.params.values()
    layer.forward(x)
    for given, message in ((x.astype(int), "x holds int64"), (x.tolist(), "x is a list"), (x[0], "x is .*needed are")):
        with pytest.raises(ValueError, match=f"^{name}: {message}"):
            layer.forward(given)
    for params in ({"W": W[:, :1], "b": b}, {"W": W, "b": b[:2]}):
        layer.params = params
        with pytest.raises(ValueError, match=f"^{name}: x is .*needed are"):
            layer.forward(x)
    layer.params, layer.padding = {"W": W, "b": b}, -1
    with pytest.raises(ValueError, match=f"^{name}: padding is -1"):
        layer.forward(x)
    with pytest.raises(ValueError, match=f"^{type(layer).__name__}.backward needs a forward before it"):
        layer.backward(normal(1, 1, 1))


@each_convolution
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))], ids=["deepcopy", "pickle"]
)
def test_a_copy_of_a_convolution_computes_in_arrays_of_its_own(which, copied):
    layer, x, backward, _ = made()[which]
    dy = normal(*layer.forward(x).shape, seed=1)
    dx = layer.backward(dy)
    twin = copied(layer)
    assert_pure(twin, x + 1.0, backward)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    layer.forward(2.0 * x)
    np.testing.assert_array_equal(copied(twin).backward(dy), twin.backward(dy))


@pytest.mark.parametrize("layer, x", [made()[i][:2] for i in (0, 1)], ids=["Conv1d", "Conv2d"])
def test_set_grads_sets_what_backward_sets(layer, x):
    dy = normal(*layer.forward(x).shape, seed=1)
    layer.backward(dy)
    expected = {name: g.copy() for name, g in layer.grads.items()}
    for g in layer.grads.values():
        g[...] = np.nan
    layer.set_grads(dy)
    for name, g in layer.grads.items():
        np.testing.assert_array_equal(g, expected[name])


def test_the_weights_of_a_convolution_suit_a_relu_and_its_biases_are_zero():
    layer = Conv2d(8, 64, 3, np.random.default_rng(0))
    assert layer.params["W"].shape == (64, 8, 3, 3)
    np.testing.assert_allclose(layer.params["W"].std(), np.sqrt(2 / (8 * 9)), rtol=0.05)
    assert not layer.params["b"].any()


@pytest.mark.parametrize("layer", [Conv1d(1, 1, 1, np.random.default_rng(0)), MaxPool(2), AvgPool(2), Flatten()])
def test_a_backward_before_any_forward_is_refused(layer):
    with pytest.raises(ValueError, match=f"^{type(layer).__name__}.backward needs a forward before it"):
        layer.backward(normal(1, 1, 1))


# The doors

X, K, B = normal(5, 2, 6, 7), normal(3, 2, 4, 3, seed=1), normal(3, seed=2)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: conv2d(X[0], K, B), r"^conv2d: x is \(2, 6, 7\), W is \(3, 2, 4, 3\) and b is \(3,\); needed are \(n"),
        (lambda: conv2d(X[:, :1], K, B), r"^conv2d: x is \(5, 1, 6, 7\), W is .* needed are \(n, channels, height"),
        (lambda: conv2d(X, K, B[:2]), r"^conv2d: .* b is \(2,\); needed are .* and \(filters,\)$"),
        (lambda: conv1d(X, K, B), r"^conv1d: .* needed are \(n, channels, length\), \(filters, channels, size\)"),
        (lambda: conv2d(X[:, :, :3], K, B), r"^conv2d: a window of \(4, 3\) has no room in x, which is \(5, 2, 3, 7\)"),
        (lambda: conv2d(X, K[:, :, :0], B), r"^conv2d: a window of \(0, 3\) has no room"),
        (lambda: conv2d(X, K, B, 0), r"^conv2d: stride is 0; a whole number from 1 on is needed$"),
        (lambda: conv2d(X, K, B, 1.0), r"^conv2d: stride is 1.0; a whole number"),
        (lambda: conv2d(X, K, B, [1, 1]), r"^conv2d: stride is \[1, 1\]; a whole number"),
        (lambda: conv2d(X, K, B, 1, -1), r"^conv2d: padding is -1; a whole number from 0 on is needed$"),
        (lambda: conv2d(X.astype(int), K, B), r"^conv2d: x holds int64; floats are needed"),
        (lambda: conv2d_backward(X, X[:1], X, K, B), r"^conv2d_backward: dy is \(5, 2, 6, 7\) but y is \(1, 2, 6, 7\)"),
        (lambda: max_pool(X[0], 2), r"^max_pool: x is \(2, 6, 7\); \(n, channels, height, width\) is needed$"),
        (lambda: max_pool(X, 7), r"^max_pool: a window of \(7, 7\) has no room in x, which is \(5, 2, 6, 7\)"),
        (lambda: max_pool(X, 0), r"^max_pool: size is 0; a whole number from 1 on"),
        (lambda: avg_pool(X, 2, 1.5), r"^avg_pool: stride is 1.5; a whole number from 1 on"),
        (lambda: avg_pool(X.astype(int), 2), r"^avg_pool: x holds int64"),
        (lambda: max_pool(X + 0j, 2), r"^max_pool: x holds complex numbers; it is not analytic"),
        (lambda: max_pool_backward(X, X[:1], X, 2), r"^max_pool_backward: dy is \(5, 2, 6, 7\) but y"),
        (lambda: flatten(X.astype(int)), r"^flatten: x holds int64"),
        (lambda: MaxPool(0), r"^MaxPool: size is 0"),
        (lambda: AvgPool(2, 0), r"^AvgPool: stride is 0"),
        (lambda: Conv1d(2, 0, 3, np.random.default_rng(0)), r"^Conv1d: filters is 0"),
        (lambda: Conv2d(2, 3, 3, np.random.default_rng(0), padding=0.5), r"^Conv2d: padding is 0.5"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_given_and_what_is_needed(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_seed_is_no_generator():
    with pytest.raises(TypeError, match=r"^Conv2d: rng is of type int; a generator is needed"):
        Conv2d(2, 3, 3, 0)


def test_a_gradient_of_the_wrong_shape_is_refused_by_the_layer():
    layer, x, *_ = made()[1]
    layer.forward(x)
    with pytest.raises(ValueError, match=r"^Conv2d.backward: dy is \(5, 3, 1, 1\) but y is \(5, 3, 5, 7\)"):
        layer.backward(np.ones((5, 3, 1, 1)))


def test_the_complex_step_passes_through_what_is_analytic():
    x, W, b = X.astype(complex), K.astype(complex), B.astype(complex)
    for inputs in ((x, K, B), (X, W, B), (X, K, b)):
        close(conv2d(*inputs).real, conv2d(X, K, B))
    close(avg_pool(x, 2).real, avg_pool(X, 2))
