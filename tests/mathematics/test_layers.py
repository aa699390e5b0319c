"""Promise: a layer does what its pure functions do, remembers what its backward needs, and refuses misuse in words."""

import copy
import pickle

import numpy as np
import pytest

from bplib import activations
from bplib.activations import elu, leaky_relu, relu, softmax, tanh
from bplib.gradcheck import central_difference, relative_error
from bplib.initializers import he, xavier, zeros
from bplib.layers import (
    Activation,
    Dropout,
    Embedding,
    Linear,
    dropout,
    dropout_backward,
    embedding,
    embedding_backward,
    l2,
    l2_grad,
    linear,
    linear_backward,
)
from bplib.losses import mse
from bplib.normalization import (
    EPSILON,
    BatchNorm,
    LayerNorm,
    batch_norm,
    batch_norm_backward,
    batch_norm_evaluation,
    layer_norm,
    layer_norm_backward,
)
from bplib.operations import find

pytestmark = pytest.mark.filterwarnings("error")


def generator(seed=0):
    return np.random.default_rng(seed)


def drawn(*shape, seed=7):
    return generator(seed).normal(size=shape)


# A way to make each layer, an input for it, and the gradients that its pure backward gives.
LAYERS = {
    "Linear": (lambda: Linear(3, 4, generator()), drawn(5, 3)),
    "Activation": (lambda: Activation(tanh), drawn(5, 3)),
    "Dropout": (lambda: Dropout(0.4, generator()), drawn(5, 3)),
    "Embedding": (lambda: Embedding(6, 4, generator()), generator(3).integers(6, size=(5, 3))),
    "BatchNorm": (lambda: BatchNorm(3), drawn(5, 3)),
    "BatchNorm of images": (lambda: BatchNorm(3), drawn(5, 3, 2, 4)),
    "LayerNorm": (lambda: LayerNorm(3), drawn(5, 3)),
    "LayerNorm of sequences": (lambda: LayerNorm(3), drawn(5, 7, 3)),
}
each_layer = pytest.mark.parametrize("make, x", LAYERS.values(), ids=LAYERS)


def filled(layer, seed=11):
    """The layer with all parameters drawn anew: a bias or a beta of zero, a gamma of one would hide mistakes."""
    rng = generator(seed)
    for p in layer.params.values():
        p[...] = rng.normal(size=p.shape)
    return layer


# All layers


@each_layer
def test_the_gradients_of_a_layer_agree_with_differences(make, x):
    layer = filled(make())
    y = layer.forward(x)
    upstream = drawn(*y.shape, seed=5)

    def scalar(x):
        if isinstance(layer, Dropout):
            layer.rng = generator()  # the mask of the first forward once more
        return np.sum(upstream * layer.forward(x))

    dx = layer.backward(upstream)
    grads = {name: g.copy() for name, g in layer.grads.items()}
    for name, p in layer.params.items():

        def moved(value, p=p):
            p[...] = value
            return scalar(x)

        kept = p.copy()
        assert relative_error(grads[name], central_difference(moved, kept)) < 1e-6
        p[...] = kept
    if x.dtype == float:
        assert relative_error(dx, central_difference(scalar, x)) < 1e-6
    else:
        assert dx is None  # row numbers are no quantities


@each_layer
def test_a_backward_writes_into_the_gradient_arrays_that_are_there(make, x):
    layer = make()
    before = dict(layer.grads)
    layer.backward(np.ones(layer.forward(x).shape))
    assert layer.grads.keys() == layer.params.keys()
    for name, g in layer.grads.items():
        assert g is before[name]
        assert g.shape == layer.params[name].shape


@each_layer
def test_a_second_backward_sets_the_gradients_and_does_not_add(make, x):
    layer = filled(make())
    upstream = drawn(*layer.forward(x).shape)
    layer.backward(upstream)
    once = {name: g.copy() for name, g in layer.grads.items()}
    layer.backward(upstream)
    for name, g in layer.grads.items():
        np.testing.assert_array_equal(g, once[name])


@each_layer
def test_a_predict_between_forward_and_backward_changes_nothing(make, x):
    layer, other = filled(make()), filled(make())
    upstream = drawn(*layer.forward(x).shape)
    other.forward(x)
    first, second = layer.predict(x[2:] * 2 % 5), layer.predict(x[2:] * 2 % 5)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(layer.backward(upstream), other.backward(upstream))
    for name, g in layer.grads.items():
        np.testing.assert_array_equal(g, other.grads[name])


@each_layer
def test_backward_before_forward_is_refused_by_name_also_after_a_predict(make, x):
    layer = make()
    layer.predict(x)
    with pytest.raises(ValueError, match=f"{type(layer).__name__}.backward needs a forward before it"):
        layer.backward(np.ones((5, 3)))


@each_layer
def test_a_layer_neither_writes_into_its_input_nor_into_the_upstream(make, x):
    layer, x = filled(make()), x.copy()
    x.setflags(write=False)
    upstream = drawn(*layer.forward(x).shape)
    upstream.setflags(write=False)
    layer.backward(upstream)


@each_layer
def test_a_layer_of_float32_stays_float32(make, x):
    layer = filled(make())
    wide = layer.forward(x)
    upstream = drawn(*wide.shape)
    wide_dx = layer.backward(upstream)
    narrow = filled(make())
    narrow.params = {name: p.astype(np.float32) for name, p in narrow.params.items()}
    narrow.grads = {name: g.astype(np.float32) for name, g in narrow.grads.items()}
    x32 = x.astype(np.float32) if x.dtype == float else x
    y, predicted = narrow.forward(x32), narrow.predict(x32)
    dx = narrow.backward(upstream.astype(np.float32))
    assert y.dtype == predicted.dtype == np.float32
    assert dx is None or dx.dtype == np.float32
    assert all(g.dtype == np.float32 for g in narrow.grads.values())
    np.testing.assert_allclose(y, wide, rtol=1e-4, atol=1e-5)
    if dx is not None:
        np.testing.assert_allclose(dx, wide_dx, rtol=1e-3, atol=1e-4)
    for name, g in narrow.grads.items():
        np.testing.assert_allclose(g, layer.grads[name], rtol=1e-3, atol=1e-4)


@each_layer
def test_a_copy_of_a_layer_has_its_own_arrays(make, x):
    layer = filled(make())
    other = copy.deepcopy(layer)
    np.testing.assert_array_equal(layer.predict(x), other.predict(x))
    for name in layer.params:
        other.params[name][...] = 0
        assert (layer.params[name] != 0).all()


# Linear


def test_a_linear_layer_starts_with_small_random_weights_and_no_bias():
    layer = Linear(400, 300, generator())
    assert layer.params["W"].shape == (400, 300)
    assert layer.params["W"].std() == pytest.approx(np.sqrt(2 / 700), rel=0.02)
    assert layer.params["W"].mean() == pytest.approx(0, abs=1e-3)
    np.testing.assert_array_equal(layer.params["b"], np.zeros(300))


def test_weights_come_from_the_generator_that_is_given():
    first, again, other = (Linear(2, 3, generator(seed)).params["W"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    rng = generator()
    assert (Linear(2, 3, rng).params["W"] != Linear(2, 3, rng).params["W"]).all()


def test_a_linear_layer_and_its_pure_pair_agree():
    layer, x, dy = filled(Linear(3, 4, generator())), drawn(5, 3), drawn(5, 4)
    y = layer.forward(x)
    np.testing.assert_allclose(y, linear(x, *layer.params.values()), rtol=1e-14)
    dx, dW, db = linear_backward(dy, y, x, *layer.params.values())
    np.testing.assert_allclose(layer.backward(dy), dx, rtol=1e-14)
    np.testing.assert_allclose(layer.grads["W"], dW, rtol=1e-13)
    np.testing.assert_allclose(layer.grads["b"], db, rtol=1e-13)


def test_the_bias_gradient_follows_a_batch_that_grows_and_shrinks():
    layer = Linear(2, 3, generator())
    for n in (5, 2, 7, 1, 0):
        layer.forward(np.ones((n, 2)))
        layer.backward(np.full((n, 3), 2.0))
        np.testing.assert_array_equal(layer.grads["b"], [2 * n] * 3)
        np.testing.assert_array_equal(layer.grads["W"], np.full((2, 3), 2 * n))


def test_set_grads_is_backward_without_the_gradient_of_the_input():
    layer, other, x, dy = Linear(3, 4, generator()), Linear(3, 4, generator()), drawn(5, 3), drawn(5, 4)
    layer.forward(x), other.forward(x)
    assert layer.set_grads(dy) is None
    other.backward(dy)
    for name in layer.grads:
        np.testing.assert_array_equal(layer.grads[name], other.grads[name])


def test_a_linear_layer_refuses_an_input_of_another_width_with_all_shapes():
    with pytest.raises(ValueError, match=r"x is \(5, 4\), W is \(2, 3\) and b is \(3,\)"):
        Linear(2, 3, generator()).forward(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"x is \(2,\), W is \(2, 3\)"):
        Linear(2, 3, generator()).forward(np.ones(2))


def test_a_linear_layer_refuses_lists_and_integers():
    with pytest.raises(ValueError, match="x is a list"):
        Linear(2, 3, generator()).forward([[1.0, 2.0]])
    with pytest.raises(ValueError, match="x holds int64"):
        Linear(2, 3, generator()).forward(np.ones((5, 2), dtype=np.int64))


@pytest.mark.parametrize("method", ["backward", "set_grads"])
def test_a_linear_layer_refuses_an_upstream_of_another_shape(method):
    layer = Linear(2, 3, generator())
    layer.forward(np.ones((5, 2)))
    for wrong in (*map(np.ones, ((3,), (5, 1), (1, 3), (5, 2), (4, 3))), [[1.0] * 3] * 5, None, 1.0):
        with pytest.raises(ValueError, match=r"needed is y's float64 \(5, 3\)"):
            getattr(layer, method)(wrong)


def test_layers_ask_for_a_generator_and_for_sizes_of_at_least_one():
    for make in (lambda rng: Linear(3, 1, rng), lambda rng: Dropout(0.5, rng), lambda rng: Embedding(3, 2, rng)):
        for wrong in (0, None, np.random.RandomState(0)):
            with pytest.raises(TypeError, match=f"rng is of type {type(wrong).__name__}; a generator is needed"):
                make(wrong)
    for make in (
        lambda: Linear(0, 1, generator()),
        lambda: Linear(1, 0, generator()),
        lambda: Embedding(0, 2, generator()),
        lambda: Embedding(2, 0, generator()),
        lambda: BatchNorm(0),
        lambda: LayerNorm(0),
    ):
        with pytest.raises(ValueError, match=r"is 0.*at least 1"):
            make()


# Initializers


@pytest.mark.parametrize("init, variance", [(xavier, 2 / 700), (he, 2 / 400)], ids=["xavier", "he"])
def test_an_initializer_has_its_variance_and_mean_zero(init, variance):
    W = init(generator(), (400, 300), 400, 300)
    assert W.shape == (400, 300)
    # 120,000 numbers: the standard error of the variance is sqrt(2/120000), 0.4 percent, of the mean 0.003 deviations
    assert W.var() == pytest.approx(variance, rel=0.016)
    assert abs(W.mean()) < 4 * np.sqrt(variance / W.size)
    z = np.sort(W.ravel()) / np.sqrt(variance)
    assert (np.abs(z) < 1.959964).mean() == pytest.approx(0.95, abs=0.003)  # normal, not uniform


@pytest.mark.parametrize("init", [zeros, xavier, he], ids=lambda f: f.__name__)
def test_the_shape_of_an_initializer_may_be_any(init):
    assert init(generator(), (4, 3, 2, 5), 30, 40).shape == (4, 3, 2, 5)


def test_zeros_are_zeros_and_a_layer_takes_another_initializer():
    assert not Linear(3, 4, generator(), zeros).params["W"].any()
    assert Linear(400, 300, generator(), he).params["W"].std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)


def test_xavier_keeps_the_scale_through_linear_maps_and_he_through_relus():
    for init, f, kept in ((xavier, lambda z: z, lambda x: x.var()), (he, relu, lambda x: (x * x).mean())):
        rng = generator(1)
        x = rng.normal(size=(200, 300))
        start = kept(x)
        for _ in range(5):
            x = f(linear(x, init(rng, (300, 300), 300, 300), np.zeros(300)))
        assert 0.7 < kept(x) / start < 1.4


# Activation


@pytest.mark.parametrize("f", [relu, softmax, tanh, elu, leaky_relu], ids=lambda f: f.__name__)
def test_an_activation_gives_what_its_function_gives(f):
    z = drawn(5, 3)
    np.testing.assert_array_equal(Activation(f).forward(z), f(z))
    np.testing.assert_array_equal(Activation(f).predict(z), f(z))


@pytest.mark.parametrize("function", [mse, linear, embedding, l2, batch_norm], ids=lambda f: f.__name__)
def test_what_is_no_function_of_one_array_is_refused_as_an_activation(function):
    with pytest.raises(ValueError, match=f"{function.__name__} is no function of one array"):
        Activation(function)


@pytest.mark.parametrize("function", [np.tanh, "tanh", None], ids=["numpy's", "name", "none"])
def test_an_activation_that_is_not_registered_is_refused_with_those_that_are(function):
    with pytest.raises(ValueError, match=r"known are .*relu.*sigmoid.*softmax.*tanh"):
        Activation(function)


# Dropout


def test_dropout_drops_about_p_and_scales_the_rest_up():
    y = Dropout(0.3, generator()).forward(np.ones((200, 300)))
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    assert (y == 0).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / y.size))
    assert y.mean() == pytest.approx(1.0, abs=4 * np.sqrt(0.3 / 0.7 / y.size))


def test_dropout_sends_the_gradient_only_through_what_was_kept():
    layer = Dropout(0.4, generator())
    kept = layer.forward(np.ones((50, 3))) != 0
    dx = layer.backward(np.full((50, 3), 3.0))
    np.testing.assert_allclose(dx, np.where(kept, 3 / 0.6, 0), rtol=1e-15)


def test_each_forward_draws_another_mask_and_a_seed_repeats_all_of_them():
    x, layer, again = np.ones((20, 10)), Dropout(0.5, generator()), Dropout(0.5, generator())
    first, second = layer.forward(x), layer.forward(x)
    assert (first != second).any()
    np.testing.assert_array_equal(again.forward(x), first)
    np.testing.assert_array_equal(again.forward(x), second)


def test_nothing_is_dropped_in_evaluation_or_with_probability_0():
    x = drawn(5, 3)
    np.testing.assert_array_equal(Dropout(0.9, generator()).predict(x), x)
    np.testing.assert_array_equal(Dropout(0.0, generator()).forward(x), x)


@pytest.mark.parametrize("p", [-0.1, 1.0, 1, 2.0, np.nan])
def test_a_probability_that_is_none_is_refused(p):
    with pytest.raises(ValueError, match=f"p is {p}; a probability from 0 to below 1"):
        Dropout(p, generator())
    with pytest.raises(ValueError, match=f"p is {p}; a probability from 0 to below 1"):
        dropout(np.ones(2), np.ones(2, bool), p)


def test_a_mask_of_another_shape_is_refused_and_never_broadcast():
    x = np.ones((5, 3))
    with pytest.raises(ValueError, match=r"x is \(5, 3\) but mask is \(3,\)"):
        dropout(x, np.ones(3, bool), 0.5)
    with pytest.raises(ValueError, match=r"mask is \(5, 1\)"):
        dropout_backward(x, x, x, np.ones((5, 1), bool), 0.5)


# Embedding


def test_an_embedding_is_a_table_of_standard_normal_numbers():
    E = Embedding(300, 200, generator()).params["E"]
    assert E.shape == (300, 200)
    assert E.std() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("shape", [(), (5,), (5, 3), (0,), (0, 3), (2, 3, 4)], ids=str)
def test_ids_may_have_any_shape(shape):
    E, ids = drawn(6, 4), generator().integers(6, size=shape)
    y = embedding(ids, E)
    assert y.shape == (*shape, 4)
    assert not np.shares_memory(y, E)
    for place in np.ndindex(shape):
        np.testing.assert_array_equal(y[place], E[np.asarray(ids)[place]])
    dE = embedding_backward(np.ones(y.shape), y, ids, E)
    np.testing.assert_array_equal(dE[:, 0], np.bincount(np.ravel(ids), minlength=6))


def test_a_row_that_is_not_read_keeps_the_gradient_zero_after_one_that_was():
    layer = Embedding(3, 2, generator())
    layer.forward(np.array([0, 0]))
    layer.backward(np.ones((2, 2)))
    np.testing.assert_array_equal(layer.grads["E"], [[2, 2], [0, 0], [0, 0]])
    layer.forward(np.array([2]))
    layer.backward(np.ones((1, 2)))
    np.testing.assert_array_equal(layer.grads["E"], [[0, 0], [0, 0], [1, 1]])


@pytest.mark.parametrize(
    "ids, words",
    [
        (np.array([0, 3]), "ids run from 0 to 3; E has the rows 0 to 2"),
        (np.array([-1, 2]), "ids run from -1 to 2; E has the rows 0 to 2"),  # NumPy would take the last row
        (np.array([0.0, 1.0]), "ids holds float64"),
        (np.array([True, False, True]), "ids holds bool"),  # NumPy would choose rows
    ],
    ids=["too large", "negative", "floats", "a mask"],
)
def test_ids_that_are_no_rows_are_refused(ids, words):
    with pytest.raises(ValueError, match=words):
        embedding(ids, np.ones((3, 2)))
    with pytest.raises(ValueError, match=words):
        Embedding(3, 2, generator()).forward(ids)


# Normalization


def test_a_batch_norm_starts_by_bringing_every_unit_to_mean_0_and_variance_1():
    x = 5 + 3 * drawn(200, 4)
    y = BatchNorm(4).forward(x)
    np.testing.assert_allclose(y.mean(axis=0), np.zeros(4), atol=1e-14)
    np.testing.assert_allclose(y.var(axis=0), x.var(axis=0) / (x.var(axis=0) + EPSILON), rtol=1e-12)


def test_a_layer_norm_brings_every_row_to_mean_0_and_variance_1_whatever_stands_in_the_others():
    x = 5 + 3 * drawn(20, 50)
    layer = LayerNorm(50)
    y = layer.forward(x)
    np.testing.assert_allclose(y.mean(axis=1), np.zeros(20), atol=1e-14)
    np.testing.assert_allclose(y.var(axis=1), x.var(axis=1) / (x.var(axis=1) + EPSILON), rtol=1e-12)
    np.testing.assert_allclose(layer.predict(x[:3]), y[:3], rtol=1e-13)


def test_the_layers_and_their_pure_pairs_agree():
    pairs = [(BatchNorm(3), batch_norm, batch_norm_backward), (LayerNorm(3), layer_norm, layer_norm_backward)]
    for layer, forward, backward in pairs:
        filled(layer)
        x, dy = drawn(5, 3), drawn(5, 3, seed=1)
        y = layer.forward(x)
        np.testing.assert_array_equal(y, forward(x, *layer.params.values()))
        dx, dgamma, dbeta = backward(dy, y, x, *layer.params.values())
        np.testing.assert_array_equal(layer.backward(dy), dx)
        np.testing.assert_array_equal(layer.grads["gamma"], dgamma)
        np.testing.assert_array_equal(layer.grads["beta"], dbeta)


def test_the_running_statistics_take_a_tenth_of_each_batch_the_variance_with_n_minus_1():
    layer = BatchNorm(1)
    layer.forward(np.array([[0.0], [0.0], [2.0], [6.0]]))  # mean 2, variance 24 / 3 = 8
    assert layer.statistics["mean"][0] == pytest.approx(0.1 * 2, rel=1e-14)
    assert layer.statistics["variance"][0] == pytest.approx(0.9 + 0.1 * 8, rel=1e-14)
    layer.forward(np.array([[1.0], [3.0]]))  # mean 2, variance 2 / 1
    assert layer.statistics["mean"][0] == pytest.approx(0.9 * 0.2 + 0.1 * 2, rel=1e-14)
    assert layer.statistics["variance"][0] == pytest.approx(0.9 * 1.7 + 0.1 * 2, rel=1e-14)


def test_the_running_statistics_of_images_are_those_of_each_channel():
    layer, x = BatchNorm(3), drawn(5, 3, 2, 4)
    layer.forward(x)
    rows = x.swapaxes(0, 1).reshape(3, -1)
    np.testing.assert_allclose(layer.statistics["mean"], 0.1 * rows.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(layer.statistics["variance"], 0.9 + 0.1 * rows.var(axis=1, ddof=1), rtol=1e-12)


def test_evaluation_takes_the_running_statistics_and_leaves_them_as_they_are():
    layer = filled(BatchNorm(3))
    for seed in range(5):
        layer.forward(2 + drawn(6, 3, seed=seed))
    mean, variance = layer.statistics["mean"].copy(), layer.statistics["variance"].copy()
    x = drawn(4, 3)
    expected = batch_norm_evaluation(x, *layer.params.values(), mean, variance)
    np.testing.assert_array_equal(layer.predict(x), expected)
    np.testing.assert_array_equal(layer.predict(x[:1]), expected[:1])  # a row does not see the others
    np.testing.assert_array_equal(layer.statistics["mean"], mean)
    np.testing.assert_array_equal(layer.statistics["variance"], variance)


def test_the_running_statistics_arrive_at_those_of_the_data():
    layer, rng = BatchNorm(2), generator()
    for _ in range(200):
        layer.forward(rng.normal(size=(500, 2)) * [2.0, 0.5] + [3.0, -1.0])
    np.testing.assert_allclose(layer.statistics["mean"], [3, -1], atol=0.1)
    np.testing.assert_allclose(layer.statistics["variance"], [4, 0.25], rtol=0.1)


def test_a_unit_that_is_constant_becomes_beta():
    y = batch_norm(np.full((5, 2), 3.0), np.array([2.0, 5.0]), np.array([0.5, -1.0]))
    np.testing.assert_array_equal(y, [[0.5, -1.0]] * 5)


@pytest.mark.parametrize(
    "shapes",
    [((5,), (5,), (5,)), ((5, 3), (5,), (5,)), ((5, 3), (3,), (1,)), ((5, 3), (1, 3), (1, 3)), ((5, 3), (), ())],
    ids=str,
)
def test_shapes_that_do_not_fit_are_refused_with_all_of_them(shapes):
    x, gamma, beta = map(np.ones, shapes)
    with pytest.raises(ValueError, match="batch_norm: x is ") as refusal:
        batch_norm(x, gamma, beta)
    assert all(str(shape) in str(refusal.value) for shape in shapes)
    with pytest.raises(ValueError, match="batch_norm_evaluation: x is "):
        batch_norm_evaluation(x, gamma, beta, gamma, beta)


def test_layer_norm_refuses_shapes_that_do_not_fit():
    for x, c in (((5, 3), 5), ((5, 3), 1), ((), 1)):
        with pytest.raises(ValueError, match="layer_norm: x is "):
            layer_norm(np.ones(x), np.ones(c), np.ones(c))


# L2


def test_l2_is_half_the_strength_times_the_sum_of_squares_for_any_shape():
    for shape in ((), (3,), (3, 4), (3, 4, 2)):
        W = drawn(*shape)
        assert l2(W, 0.3) == pytest.approx(0.15 * np.sum(W**2), rel=1e-14)
        assert relative_error(l2_grad(W, 0.3), central_difference(lambda W: l2(W, 0.3), W)) < 1e-6
    assert l2(W, 0.0) == 0


@pytest.mark.parametrize("make", [lambda: Linear(3, 4, generator()), lambda: LayerNorm(3)], ids=["Linear", "LayerNorm"])
def test_a_layer_can_be_pickled(make):
    layer = filled(make())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(layer)).predict(drawn(5, 3)), layer.predict(drawn(5, 3)))


def test_the_backwards_with_alpha_refuse_what_the_forwards_refuse():
    z = np.ones(2)
    for name, alpha in (("leaky_relu", 5.0), ("elu", -1.0)):
        with pytest.raises(ValueError, match=f"{name}_backward: alpha"):
            find(getattr(activations, name)).backward(z, z, z, alpha)


@pytest.mark.parametrize("f", [dropout], ids=["dropout"])
def test_an_activation_must_be_called_with_one_array(f):
    with pytest.raises(ValueError, match="no function of one array"):
        Activation(f)


def test_evaluation_of_an_empty_batch_is_empty_since_it_takes_no_mean():
    assert batch_norm_evaluation(np.ones((0, 2)), *[np.ones(2)] * 4).shape == (0, 2)


def test_batch_norm_predict_refuses_a_list_in_words():
    with pytest.raises(ValueError, match="x is a list"):
        BatchNorm(2).predict([[1.0, 2.0]])


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1, 1)])
def test_a_batch_norm_trained_on_one_example_is_refused_and_predicts_it_all_the_same(shape):
    layer, one = BatchNorm(3), np.ones(shape)
    with pytest.raises(ValueError, match=r"holds 1 value of each unit; a variance needs two.* as in predict"):
        layer.forward(one)
    assert layer.predict(one).shape == shape
    layer.forward(np.ones((1, 3, 2, 1)))  # an image by itself has as many values as it has pixels


def test_the_slope_of_relu_at_its_kink_is_zero_where_a_maximum_gives_half():
    from bplib import autodiff
    from bplib.activations import relu_backward

    assert relu_backward(np.ones(1), np.zeros(1), np.zeros(1)).tolist() == [0.0]
    z = autodiff.Value([0.0])
    autodiff.sum(autodiff.maximum(z, 0.0)).backward()
    assert z.grad.tolist() == [0.5]
