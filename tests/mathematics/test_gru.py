"""Promise: the gradients of a gated recurrent unit come back through time right, by steps, in layers and in chunks.

Values computed by hand stand in test_known_values.
"""

import math

import numpy as np
import pytest

from bplib.gradcheck import complex_step, first_wrong_gradient, relative_error
from bplib.gru import GRU, gru, gru_backward, gru_step, gru_step_backward
from bplib.layers import Embedding, Linear
from bplib.losses import mse, softmax_cross_entropy
from bplib.networks import Sequential
from bplib.operations import OPERATIONS
from bplib.optimizers import Adam
from bplib.sequences import EachStep, LastStep
from bplib.training import train
from bplib.verify import witnesses

OPERATION = OPERATIONS["gru"]
both = pytest.mark.parametrize("operation", [OPERATIONS["gru_step"], OPERATION], ids=["gru_step", "gru"])


def draw(operation=OPERATION, seed=0, **sizes):
    """Inputs, output and a random upstream."""
    rng = np.random.default_rng(seed)
    inputs = operation.example(rng, **sizes)
    out = operation.forward(*inputs)
    return inputs, out, rng.normal(size=out.shape)


def assert_close(mine, theirs, tolerance=1e-12):
    for a, b in zip(mine, theirs, strict=True):
        assert relative_error(a, b) < tolerance


# Witnesses


@pytest.mark.parametrize("t", [1, 2])
def test_a_sequence_agrees_with_all_witnesses(t):
    report = witnesses(OPERATION, n=3, t=t, d=3, m=2)
    assert report.passed, report


@pytest.mark.parametrize("t", [1, 2, 5, 20])
def test_a_sequence_of_any_length_agrees_with_the_complex_step(t):
    inputs, out, upstream = draw(n=3, t=t, d=3, m=2)
    np.testing.assert_allclose(out, OPERATION.definition(np, *inputs), rtol=1e-12)
    for i, gradient in enumerate(gru_backward(upstream, out, *inputs)):

        def scalar(x, i=i):
            return np.sum(upstream * gru(*inputs[:i], x, *inputs[i + 1 :]))

        assert relative_error(gradient, complex_step(scalar, inputs[i])) < 1e-10


def reset_on_both_sides(dh_next, h_next, x, h, Wx, Wh, b):
    """The mistake of one who lets the reset gate dampen x Wx as well."""
    dx, dh, dWx, dWh, db = gru_step_backward(dh_next, h_next, x, h, Wx, Wh, b)
    m = h.shape[1]
    r = 1 / (1 + np.exp(-(x @ Wx + h @ Wh + b)[:, :m]))
    a, u = x @ Wx, h @ Wh + b
    z = 1 / (1 + np.exp(-(a + u)[:, m : 2 * m]))
    dg = dh_next * (1 - z) * (1 - np.tanh(a[:, 2 * m :] + r * u[:, 2 * m :]) ** 2)
    dWx = np.concatenate([dWx[:, : 2 * m], x.T @ (r * dg)], axis=1)
    return dx, dh, dWx, dWh, db


def reset_before_the_product(dh_next, h_next, x, h, Wx, Wh, b):
    """The gradients of the variant of Cho et al. (2014), by the complex step."""
    m = h.shape[1]

    def step(x, h, Wx, Wh, b):
        a, u = x @ Wx, h @ Wh + b
        r, z = (1 / (1 + np.exp(-(a + u)[:, k * m : (k + 1) * m])) for k in (0, 1))
        g = np.tanh(a[:, 2 * m :] + (r * h) @ Wh[:, 2 * m :] + b[2 * m :])
        return np.sum(dh_next * ((1 - z) * g + z * h))

    inputs = [x, h, Wx, Wh, b]
    return tuple(
        complex_step(lambda value, i=i: step(*inputs[:i], value, *inputs[i + 1 :]), inputs[i]) for i in range(5)
    )


def what_is_kept_and_what_is_offered_exchanged(dh_next, h_next, x, h, Wx, Wh, b):
    """The gradients where z is the share of what is offered, as in Chung et al. (2014): z changes places with 1 - z."""
    m = h.shape[1]
    turned = [np.concatenate([W[..., :m], -W[..., m : 2 * m], W[..., 2 * m :]], axis=-1) for W in (Wx, Wh, b)]
    dx, dh, *gradients = gru_step_backward(dh_next, h_next, x, h, *turned)
    back = [np.concatenate([W[..., :m], -W[..., m : 2 * m], W[..., 2 * m :]], axis=-1) for W in gradients]
    return dx, dh, *back


@pytest.mark.parametrize(
    "mistake", [reset_on_both_sides, reset_before_the_product, what_is_kept_and_what_is_offered_exchanged]
)
def test_the_usual_mistakes_and_the_other_variants_are_told_apart(mistake):
    report = witnesses(OPERATIONS["gru_step"], mistake)
    assert report["forward = definition"]
    assert not any(report[witness] for witness in ("symbolic", "numeric", "automatic"))


# Steps and sequences


def test_a_sequence_is_its_steps_and_its_backward_theirs_from_last_to_first():
    (x, h0, *weights), out, dh = draw()
    states = [h0]
    for t in range(x.shape[1]):
        states.append(gru_step(x[:, t], states[-1], *weights))
        np.testing.assert_allclose(out[:, t], states[-1], rtol=1e-13)
    later, total = 0.0, [0.0, 0.0, 0.0]
    for t in reversed(range(x.shape[1])):
        _, later, *gradients = gru_step_backward(dh[:, t] + later, states[t + 1], x[:, t], states[t], *weights)
        total = [a + b for a, b in zip(total, gradients, strict=True)]
    assert_close(gru_backward(dh, out, x, h0, *weights)[1:], [later, *total])


def test_a_later_input_changes_no_earlier_state():
    (x, *others), out, _ = draw()
    x = x.copy()
    x[:, -1] += 1.0
    changed = gru(x, *others)
    np.testing.assert_array_equal(changed[:, :-1], out[:, :-1])
    assert (changed[:, -1] != out[:, -1]).all()


def test_a_state_that_is_kept_keeps_its_gradient_over_a_hundred_steps():
    # z = sigmoid(20), so a state and its gradient lose a part of about e^-20 at each step.
    x, h0, b = np.zeros((1, 100, 1)), np.array([[0.7]]), np.array([0.0, 20.0, 0.0])
    inputs = x, h0, np.zeros((1, 3)), np.zeros((1, 3)), b
    h = gru(*inputs)
    dh = np.zeros_like(h)
    dh[0, -1] = 1.0
    share = (1 / (1 + math.exp(-20))) ** 100
    np.testing.assert_allclose(h[0, -1], [0.7 * share], rtol=1e-12)
    np.testing.assert_allclose(gru_backward(dh, h, *inputs)[1], [[share]], rtol=1e-12)


def test_saturated_gates_keep_renew_and_reset_exactly():
    x, h, Wh = np.array([[1.0]]), np.array([[0.7]]), np.array([[0.0, 0.0, 1000.0]])
    for Wx, expected in (
        ([1000.0, 1000.0, 3.0], 0.7),  # kept, whatever is offered
        ([1000.0, -1000.0, 0.0], 1.0),  # renewed, from a state that is seen
        ([-1000.0, -1000.0, 0.5], math.tanh(0.5)),  # renewed, from a state that is not
    ):
        np.testing.assert_array_equal(gru_step(x, h, np.array([Wx]), Wh, np.zeros(3)), [[expected]])


# How they treat their arguments


@both
def test_read_only_arguments_of_any_layout_give_the_same(operation):
    inputs, out, upstream = draw(operation)
    expected = operation.gradients(upstream, out, *inputs)
    laid_out = [np.asfortranarray(a) for a in (upstream, out, *inputs)]
    for a in laid_out:
        a.setflags(write=False)
    assert_close(operation.gradients(*laid_out), expected)


@both
@pytest.mark.parametrize("sizes", [{"n": 1}, {"m": 1}, {"n": 1, "t": 1, "m": 1}], ids=str)
def test_a_gradient_shares_no_memory_where_axes_are_of_length_one(operation, sizes):
    sizes = {name: length for name, length in sizes.items() if name in operation.sizes}
    inputs, out, upstream = draw(operation, **sizes)
    for gradient in operation.gradients(upstream, out, *inputs):
        assert not any(np.shares_memory(gradient, a) for a in (upstream, out, *inputs))


@both
def test_huge_inputs_saturate_without_a_warning(operation):
    (x, *others), _, upstream = draw(operation)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        out = operation.forward(np.where(x > 0, 1000.0, -1000.0), *others)
        gradients = operation.gradients(upstream, out, x, *others)
    assert np.isfinite(out).all()
    assert all(np.isfinite(g).all() for g in gradients)


def test_other_shapes_are_refused_with_all_of_them():
    (x, h0, Wx, Wh, b), h, dh = draw()
    with pytest.raises(ValueError, match=r"^gru: .*Wx is \(4, 2\).* needed are .*\(d, 3m\), \(m, 3m\), \(3m,\)"):
        gru(x, h0, Wx[:, :2], Wh, b)
    with pytest.raises(ValueError, match=r"^gru: .*T at least 1$"):
        gru(x[:, :0], h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^gru_step: x is \(5, 3, 4\)"):
        gru_step(x, h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^gru_backward: dh is \(5, 1, 2\) but h is \(5, 3, 2\)"):
        gru_backward(dh[:, :1], h, x, h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^gru_step_backward: dh_next is \(5, 1\) but h_next is \(5, 2\)"):
        gru_step_backward(dh[:, 0, :1], h[:, 0], x[:, 0], h0, Wx, Wh, b)


# The layer


def built(n_in=4, n_hidden=3):
    rng = np.random.default_rng(0)
    layer = GRU(n_in, n_hidden, rng)
    layer.params["b"][...] = rng.normal(size=3 * n_hidden)
    return layer


def test_a_layer_is_its_pure_pair():
    layer, rng = built(), np.random.default_rng(1)
    x, dh, h0 = rng.normal(size=(5, 7, 4)), rng.normal(size=(5, 7, 3)), np.zeros((5, 3))
    weights, own = layer.params.values(), dict(layer.grads)
    h = layer.forward(x)
    np.testing.assert_allclose(h, gru(x, h0, *weights), rtol=1e-13)
    np.testing.assert_array_equal(layer.predict(x), h)
    dx, _, *expected = gru_backward(dh, h, x, h0, *weights)
    assert_close([layer.backward(dh), *layer.grads.values()], [dx, *expected])
    assert all(layer.grads[name] is g for name, g in own.items())
    for g in own.values():
        g[...] = np.nan
    layer.set_grads(dh)
    assert_close(layer.grads.values(), expected)


def test_a_layer_remembers_on_its_own_whatever_becomes_of_its_input_and_output():
    layer = built()
    x = np.random.default_rng(1).normal(size=(1, 7, 4))
    h = layer.forward(x)
    expected = layer.backward(np.ones_like(h)), *(g.copy() for g in layer.grads.values())
    h[...], x[...] = 7.0, 7.0
    assert_close([layer.backward(np.ones_like(h)), *layer.grads.values()], expected)


def test_a_layer_refuses_what_does_not_fit_and_keeps_float32():
    layer = built()
    with pytest.raises(ValueError, match=r"^GRU.backward needs a forward before it"):
        layer.backward(np.ones((5, 7, 3)))
    with pytest.raises(ValueError, match=r"^gru: x is \(5, 4\)"):
        layer.forward(np.ones((5, 4)))
    layer.forward(np.ones((5, 7, 4)))
    with pytest.raises(ValueError, match=r"^GRU.backward: dh is \(5, 3\); needed is the shape of h, \(5, 7, 3\)$"):
        layer.backward(np.ones((5, 3)))
    with pytest.raises(ValueError, match=r"^GRU: n_in is 0 and n_hidden is 3"):
        GRU(0, 3, np.random.default_rng(0))
    layer.params = {name: p.astype(np.float32) for name, p in layer.params.items()}
    h = layer.forward(np.ones((5, 7, 4), np.float32))
    assert h.dtype == layer.backward(h).dtype == np.float32


def test_each_block_of_the_recurrent_weights_starts_orthogonal():
    for block in np.split(GRU(4, 6, np.random.default_rng(0)).params["Wh"], 3, axis=1):
        np.testing.assert_allclose(block.T @ block, np.eye(6), rtol=0, atol=1e-14)


def test_chunks_with_carry_give_the_states_of_the_whole_sequence():
    layer = built()
    x = np.random.default_rng(1).normal(size=(5, 9, 4))
    whole, chunks = layer.forward(x), []
    for chunk in np.split(x, [4, 6], axis=1):
        chunks.append(layer.forward(chunk))
        layer.carry()
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), whole, rtol=1e-12)
    layer.reset()
    np.testing.assert_array_equal(layer.forward(x), whole)


def test_a_network_with_a_gated_unit_has_the_gradients_of_differences():
    rng = np.random.default_rng(0)
    net = Sequential(Embedding(5, 2, rng), GRU(2, 3, rng), EachStep(), Linear(3, 5, rng))
    ids, labels = rng.integers(5, size=(3, 4)), rng.integers(5, size=12)
    assert first_wrong_gradient(net, softmax_cross_entropy, ids, labels) == ""


def test_a_network_predicts_the_next_of_a_sum_from_all_that_came_before():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 6, 1))
    net = Sequential(GRU(1, 8, rng), LastStep(), Linear(8, 1, rng))
    history = train(net, mse, x, np.tanh(x.sum(axis=1)), Adam(0.02), epochs=150, rng=rng)["training"]
    assert history[-1] < 0.05 * history[0]
