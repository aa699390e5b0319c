"""Promise: what goes through time forward comes back through time right: in steps, sequences, layers and chunks."""

import math

import numpy as np
import pytest

from bplib.gradcheck import complex_step, relative_error
from bplib.layers import Embedding, Linear
from bplib.losses import mse, softmax_cross_entropy, softmax_cross_entropy_grad
from bplib.lstm import LSTM, lstm, lstm_backward, lstm_gates, lstm_step, lstm_step_backward
from bplib.networks import Sequential
from bplib.operations import OPERATIONS
from bplib.optimizers import Adam
from bplib.recurrent import RNN, rnn, rnn_backward, rnn_step, rnn_step_backward
from bplib.sequences import EachStep, LastStep
from bplib.training import train
from bplib.verify import witnesses

SEQUENCES = {"rnn": OPERATIONS["rnn"], "lstm": OPERATIONS["lstm"]}
each_sequence = pytest.mark.parametrize("operation", SEQUENCES.values(), ids=SEQUENCES)
each_layer = pytest.mark.parametrize("layer", [RNN, LSTM], ids=["RNN", "LSTM"])


def draw(operation, seed=0, **sizes):
    """Inputs, output and a random upstream."""
    rng = np.random.default_rng(seed)
    inputs = operation.example(rng, **sizes)
    out = operation.forward(*inputs)
    return inputs, out, rng.normal(size=out.shape)


def assert_close(mine, theirs, tolerance=1e-12):
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert relative_error(a, b) < tolerance


def column(*numbers):
    return np.array(numbers).reshape(-1, 1)


# Values computed by hand


def test_two_steps_of_a_recurrent_network_by_hand():
    # tanh(log 2) = 3/5 and tanh(log 3) = 4/5
    Wx, Wh, b, h0 = column(2.0), column(0.5), np.array([0.1]), column(0.4)
    x = column((math.log(2) - 0.1 - 0.2) / 2, (math.log(3) - 0.1 - 0.3) / 2)[None]
    h = rnn(x, h0, Wx, Wh, b)
    np.testing.assert_allclose(h, [[[0.6], [0.8]]], rtol=1e-14)
    # Only the last state is looked at: dz_2 = 1 - 0.64, and dz_1 = 0.36 * 0.5 * (1 - 0.36).
    dx, dh0, dWx, dWh, db = rnn_backward(np.array([[[0.0], [1.0]]]), h, x, h0, Wx, Wh, b)
    np.testing.assert_allclose(dx, [[[2 * 0.1152], [2 * 0.36]]], rtol=1e-14)
    np.testing.assert_allclose(dh0, [[0.5 * 0.1152]], rtol=1e-14)
    np.testing.assert_allclose(dWx, [[0.1152 * x[0, 0, 0] + 0.36 * x[0, 1, 0]]], rtol=1e-14)
    np.testing.assert_allclose(dWh, [[0.1152 * 0.4 + 0.36 * 0.6]], rtol=1e-14)
    np.testing.assert_allclose(db, [0.1152 + 0.36], rtol=1e-14)


def test_one_step_of_a_recurrent_network_by_hand():
    x, h, Wx, Wh, b = column(1.0), column(0.4), column(math.log(3) - 0.3), column(0.5), np.array([0.1])
    out = rnn_step(x, h, Wx, Wh, b)
    np.testing.assert_allclose(out, [[0.8]], rtol=1e-14)
    gradients = rnn_step_backward(column(2.0), out, x, h, Wx, Wh, b)
    expected = 0.72 * Wx, [[0.36]], [[0.72]], [[0.288]], [0.72]
    for mine, theirs in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-14)


# sigmoid(log 3) = 3/4, sigmoid(0) = 1/2, tanh(log 2) = 3/5, sigmoid(log 4) = 4/5: i, f, g and o for x = 1, h = 0
GATES = np.array([[math.log(3), 0.0, math.log(2), math.log(4)]])
CELL = 2 * (math.log(2) - 0.45)  # so that c' = f c + i g = log 2, and tanh(c') = 3/5


def test_one_step_of_long_short_term_memory_by_hand():
    inputs = column(1.0), column(0.0), column(CELL), GATES, np.ones((1, 4)), np.zeros(4)
    h, c = state = lstm_step(*inputs)
    np.testing.assert_allclose(h, [[0.48]], rtol=1e-14)
    np.testing.assert_allclose(c, [[math.log(2)]], rtol=1e-14)
    dx, dh, dc, dWx, dWh, db = lstm_step_backward(np.array([[[1.0]], [[0.0]]]), state, *inputs)
    # The cell gets 0.8 (1 - 0.36) = 0.512.
    dz = np.array([0.512 * 0.6 * 0.1875, 0.512 * CELL * 0.25, 0.512 * 0.75 * 0.64, 0.6 * 0.16])
    np.testing.assert_allclose(dc, [[0.256]], rtol=1e-14)
    np.testing.assert_allclose(db, dz, rtol=1e-14)
    np.testing.assert_allclose(dWx, [dz], rtol=1e-14)
    np.testing.assert_allclose(dx, [[dz @ GATES[0]]], rtol=1e-14)
    np.testing.assert_allclose(dh, [[dz.sum()]], rtol=1e-14)
    np.testing.assert_array_equal(dWh, np.zeros((1, 4)))  # h is 0


def test_two_steps_of_long_short_term_memory_by_hand_keep_the_share_of_the_forget_gate():
    inputs = np.ones((1, 2, 1)), column(0.0), column(CELL), GATES, np.zeros((1, 4)), np.zeros(4)
    h, c = state = lstm(*inputs)
    second = 0.5 * math.log(2) + 0.45
    np.testing.assert_allclose(c, [[[math.log(2)], [second]]], rtol=1e-14)
    np.testing.assert_allclose(h, [[[0.48], [0.8 * math.tanh(second)]]], rtol=1e-14)
    dstate = np.zeros_like(state)
    dstate[1, 0, 1] = 1.0  # the last cell alone
    _, _, dc0, *_, db = lstm_backward(dstate, state, *inputs)
    np.testing.assert_allclose(dc0, [[0.25]], rtol=1e-14)
    first = 0.5 * np.array([0.6 * 0.1875, CELL * 0.25, 0.75 * 0.64, 0.0])
    last = np.array([0.6 * 0.1875, math.log(2) * 0.25, 0.75 * 0.64, 0.0])
    np.testing.assert_allclose(db, first + last, rtol=1e-14)


# Witnesses


@each_sequence
@pytest.mark.parametrize("t", [1, 2])
def test_a_sequence_agrees_with_all_witnesses(operation, t):
    report = witnesses(operation, n=3, t=t, d=3, m=2)
    assert report.passed, report


@each_sequence
@pytest.mark.parametrize("t", [1, 2, 5, 20])
def test_a_sequence_of_any_length_agrees_with_the_complex_step(operation, t):
    inputs, out, upstream = draw(operation, n=3, t=t, d=3, m=2)
    np.testing.assert_allclose(out, operation.definition(np, *inputs), rtol=1e-12)
    gradients = operation.gradients(upstream, out, *inputs)
    for i, gradient in enumerate(gradients):

        def scalar(x, i=i):
            return np.sum(upstream * operation.forward(*inputs[:i], x, *inputs[i + 1 :]))

        assert relative_error(gradient, complex_step(scalar, inputs[i])) < 1e-10


def only_the_last_step(dh, h, *inputs):
    """The mistake of one who forgets that the weights have worked at every step."""
    x, h0, Wx, Wh, b = inputs
    before = rnn(x[:, :-1], h0, Wx, Wh, b)[:, -1]
    dx, dh0, *_ = rnn_backward(dh, h, *inputs)
    return dx, dh0, *rnn_step_backward(dh[:, -1], h[:, -1], x[:, -1], before, Wx, Wh, b)[2:]


def nothing_from_later(dh, h, x, h0, Wx, Wh, b):
    """The mistake of one who lets no gradient go from a step to the one before."""
    dz = dh * (1 - h * h)
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    dWx, dWh = (np.einsum("ntd,ntm->dm", a, dz) for a in (x, before))
    return dz @ Wx.T, dz[:, 0] @ Wh.T, dWx, dWh, dz.sum(axis=(0, 1))


@pytest.mark.parametrize("mistake", [only_the_last_step, nothing_from_later])
def test_the_usual_mistakes_are_caught(mistake):
    report = witnesses(OPERATIONS["rnn"], mistake, n=3, t=2, d=3, m=2)
    assert not any(report[witness] for witness in ("symbolic", "numeric", "automatic"))
    assert report["forward = definition"]


@pytest.mark.parametrize("name, operation", SEQUENCES.items())
def test_against_pytorch(name, operation):
    torch = pytest.importorskip("torch")
    (x, *starts, Wx, Wh, b), state, _ = draw(operation, n=5, t=7, d=3, m=4)
    net = getattr(torch.nn, name.upper())(3, 4, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for own, value in (("weight_ih_l0", Wx.T), ("weight_hh_l0", Wh.T), ("bias_ih_l0", b), ("bias_hh_l0", 0 * b)):
            getattr(net, own).copy_(torch.tensor(value))
    inputs = [torch.tensor(a, requires_grad=True) for a in (x, *(s[None] for s in starts))]
    h, last = net(inputs[0], inputs[1] if name == "rnn" else tuple(inputs[1:]))
    dh = np.random.default_rng(1).normal(size=h.shape)
    h.backward(torch.tensor(dh))
    if name == "lstm":
        assert relative_error(state[1][:, -1], last[1][0].detach().numpy()) < 1e-12
        h_ours, upstream = state[0], np.stack([dh, np.zeros_like(dh)])
    else:
        h_ours, upstream = state, dh
    assert relative_error(h_ours, h.detach().numpy()) < 1e-12
    theirs = [inputs[0].grad, *(s.grad[0] for s in inputs[1:])]
    theirs += [net.weight_ih_l0.grad.T, net.weight_hh_l0.grad.T, net.bias_ih_l0.grad]
    gradients = operation.gradients(upstream, state, x, *starts, Wx, Wh, b)
    assert_close(gradients, [g.numpy() for g in theirs], 1e-10)


# Sequences and steps


def test_a_recurrent_sequence_is_its_steps():
    (x, h, *weights), out, _ = draw(OPERATIONS["rnn"])
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, *weights)
        np.testing.assert_allclose(out[:, t], h, rtol=1e-13)


def test_a_long_short_term_sequence_is_its_steps():
    (x, h, c, *weights), out, _ = draw(OPERATIONS["lstm"])
    for t in range(x.shape[1]):
        h, c = state = lstm_step(x[:, t], h, c, *weights)
        np.testing.assert_allclose(out[:, :, t], state, rtol=1e-13)


def test_the_gates_make_every_state_from_the_one_before():
    inputs, (h, c), _ = draw(OPERATIONS["lstm"])
    i, f, g, o = lstm_gates(*inputs)
    before = np.concatenate([inputs[2][:, None], c[:, :-1]], axis=1)
    np.testing.assert_allclose(c, f * before + i * g, rtol=1e-13)
    np.testing.assert_allclose(h, o * np.tanh(c), rtol=1e-13)
    assert all(((gate > 0) & (gate < 1)).all() for gate in (i, f, o))


def test_backpropagation_through_time_is_the_backward_of_each_step_from_last_to_first():
    (x, h0, c0, *weights), state, dstate = draw(OPERATIONS["lstm"])
    later, total = np.zeros_like(dstate[:, :, 0]), [0.0, 0.0, 0.0]
    for t in reversed(range(x.shape[1])):
        before = state[:, :, t - 1] if t else (h0, c0)
        _, dh, dc, *gradients = lstm_step_backward(dstate[:, :, t] + later, state[:, :, t], x[:, t], *before, *weights)
        later = np.stack([dh, dc])
        total = [a + b for a, b in zip(total, gradients, strict=True)]
    assert_close(lstm_backward(dstate, state, x, h0, c0, *weights)[1:], [*later, *total])


@each_sequence
def test_a_later_input_changes_no_earlier_state(operation):
    inputs, out, _ = draw(operation)
    x = inputs[0].copy()
    x[:, -1] += 1.0
    changed = operation.forward(x, *inputs[1:])
    np.testing.assert_array_equal(changed[..., :-1, :], out[..., :-1, :])
    assert (changed[..., -1, :] != out[..., -1, :]).all()


# How they treat their arguments


@each_sequence
def test_read_only_arguments_of_any_layout_give_the_same(operation):
    inputs, out, upstream = draw(operation)
    expected = operation.gradients(upstream, out, *inputs)
    laid_out = [np.asfortranarray(a) for a in (upstream, out, *inputs)]
    for a in laid_out:
        a.setflags(write=False)
    assert_close(operation.gradients(*laid_out), expected)
    given = [*inputs, upstream, out]
    assert not any(np.shares_memory(gradient, a) for gradient in expected for a in given)


@each_sequence
@pytest.mark.parametrize("sizes", [{"n": 1}, {"t": 1}, {"n": 1, "t": 1, "m": 1}], ids=str)
def test_a_gradient_shares_no_memory_where_axes_are_of_length_one(operation, sizes):
    inputs, out, upstream = draw(operation, **sizes)
    kept = [a.copy() for a in (upstream, out, *inputs)]
    for gradient in operation.gradients(upstream, out, *inputs):
        assert not any(np.shares_memory(gradient, a) for a in (upstream, out, *inputs))
        gradient += 1.0
    for a, b in zip(kept, (upstream, out, *inputs), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["rnn_step", "rnn", "lstm_step", "lstm"])
def test_float32_stays_float32(name):
    operation = OPERATIONS[name]
    inputs, out, upstream = draw(operation)
    expected = operation.gradients(upstream, out, *inputs)
    narrow = [a.astype(np.float32) for a in (upstream, *inputs)]
    out32 = operation.forward(*narrow[1:])
    assert out32.dtype == np.float32
    for mine, theirs in zip(operation.gradients(narrow[0], out32, *narrow[1:]), expected, strict=True):
        assert mine.dtype == np.float32
        assert relative_error(mine, theirs) < 1e-3


@pytest.mark.parametrize("name", ["rnn_step", "rnn", "lstm_step", "lstm"])
def test_an_empty_batch_has_no_states_and_weights_without_gradient(name):
    operation = OPERATIONS[name]
    inputs, out, upstream = draw(operation, n=0)
    assert out.size == 0
    gradients = operation.gradients(upstream, out, *inputs)
    assert [g.shape for g in gradients] == [x.shape for x in inputs]
    assert all((g == 0).all() for g in gradients)


@pytest.mark.parametrize("name", ["rnn_step", "rnn", "lstm_step", "lstm"])
def test_huge_inputs_saturate_without_a_warning(name):
    operation = OPERATIONS[name]
    (x, *others), _, upstream = draw(operation)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        out = operation.forward(np.where(x > 0, 1000.0, -1000.0), *others)
        gradients = operation.gradients(upstream, out, x, *others)
    assert np.isfinite(out).all()
    assert all(np.isfinite(g).all() for g in gradients)


def test_saturated_gates_write_keep_and_read_exactly():
    x, h, c, Wh, b = column(1.0), column(0.0), column(0.7), np.zeros((1, 4)), np.zeros(4)
    kept, written = np.array([[-1000.0, 1000.0, 3.0, 1000.0]]), np.array([[1000.0, -1000.0, 1000.0, -1000.0]])
    np.testing.assert_array_equal(lstm_step(x, h, c, kept, Wh, b), [[np.tanh([0.7])], [[0.7]]])
    np.testing.assert_array_equal(lstm_step(x, h, c, written, Wh, b), [[[0.0]], [[1.0]]])


# The doors


def test_other_shapes_are_refused_with_all_of_them():
    (x, h0, Wx, Wh, b), h, dh = draw(OPERATIONS["rnn"])
    with pytest.raises(ValueError, match=r"^rnn: x is \(5, 4\), h0 is \(5, 2\), .* needed are \(n, T, d\), \(n, m\), "):
        rnn(x[:, 0], h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^rnn: .*Wh is \(2, 3\)"):
        rnn(x, h0, Wx, np.ones((2, 3)), b)
    with pytest.raises(ValueError, match=r"^rnn: .*h0 is \(1, 2\)"):
        rnn(x, h0[:1], Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^rnn: x is \(5, 0, 4\).*T at least 1$"):
        rnn(x[:, :0], h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^rnn_step: .*b is \(3,\); needed are \(n, d\)"):
        rnn_step(x[:, 0], h0, Wx, Wh, np.ones(3))
    with pytest.raises(ValueError, match=r"^rnn_backward: dh is \(5, 1, 2\) but h is \(5, 3, 2\)"):
        rnn_backward(dh[:, -1:], h, x, h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^lstm: .*Wx is \(4, 2\).*\(d, 4m\)"):
        lstm(x, h0, h0, Wx, Wh, b)
    with pytest.raises(ValueError, match=r"^lstm_step: x holds int64"):
        lstm_step(np.ones((5, 3), dtype=int), h0, h0, Wx, Wh, b)


# Layers


def built(layer, n_in=4, n_hidden=3, seed=0):
    rng = np.random.default_rng(seed)
    made = layer(n_in, n_hidden, rng)
    made.params["b"][...] += rng.normal(size=made.params["b"].shape)
    return made


def pure(layer):
    """The pure pair of a layer, from a start of zeros, where only hidden states get a gradient."""
    if isinstance(layer, RNN):
        return rnn, rnn_backward

    def forward(x, h0, *weights):
        return lstm(x, h0, np.zeros_like(h0), *weights)[0]

    def backward(dh, h, x, h0, *weights):
        inputs = x, h0, np.zeros_like(h0), *weights
        dx, dh0, _, *gradients = lstm_backward(np.stack([dh, np.zeros_like(dh)]), lstm(*inputs), *inputs)
        return dx, dh0, *gradients

    return forward, backward


@each_layer
def test_a_layer_is_its_pure_pair(layer):
    layer = built(layer)
    forward, backward = pure(layer)
    rng = np.random.default_rng(1)
    x, dh, h0 = rng.normal(size=(5, 7, 4)), rng.normal(size=(5, 7, 3)), np.zeros((5, 3))
    h = layer.forward(x)
    np.testing.assert_allclose(h, forward(x, h0, *layer.params.values()), rtol=1e-13)
    np.testing.assert_array_equal(h, layer.predict(x))
    kept = dict(layer.grads)
    dx, _, *expected = backward(dh, h, x, h0, *layer.params.values())
    assert_close([layer.backward(dh), *layer.grads.values()], [dx, *expected])
    assert all(layer.grads[name] is g for name, g in kept.items())
    for g in kept.values():
        g[...] = np.nan
    layer.set_grads(dh)
    assert_close(layer.grads.values(), expected)


@each_layer
@pytest.mark.parametrize("shape", [(1, 1, 4), (1, 7, 4), (5, 1, 4)], ids=str)
def test_a_layer_remembers_on_its_own_whatever_becomes_of_its_input_and_output(layer, shape):
    layer = built(layer)
    x = np.random.default_rng(1).normal(size=shape)
    h = layer.forward(x)
    dh = np.ones_like(h)
    expected = layer.backward(dh), *(g.copy() for g in layer.grads.values())
    h[...], x[...] = 7.0, 7.0
    assert_close([layer.backward(dh), *layer.grads.values()], expected)


@each_layer
def test_a_layer_of_float32_stays_float32(layer):
    layer = built(layer)
    layer.params = {name: p.astype(np.float32) for name, p in layer.params.items()}
    x = np.random.default_rng(0).normal(size=(5, 7, 4)).astype(np.float32)
    h = layer.forward(x)
    assert h.dtype == layer.backward(h).dtype == np.float32


@each_layer
def test_a_layer_refuses_what_does_not_fit(layer):
    name, layer = layer.__name__, built(layer)
    with pytest.raises(ValueError, match=f"^{name}.backward needs a forward before it"):
        layer.backward(np.ones((5, 7, 3)))
    with pytest.raises(ValueError, match=f"^{name}.backward needs a forward before it"):
        layer.carry()
    with pytest.raises(ValueError, match=f"^{name.lower()}: x is .5, 4."):
        layer.forward(np.ones((5, 4)))
    layer.forward(np.ones((5, 7, 4)))
    with pytest.raises(ValueError, match=rf"^{name}.backward: dh is \(5, 3\); needed is the shape of h, \(5, 7, 3\)$"):
        layer.backward(np.ones((5, 3)))
    with pytest.raises(ValueError, match=f"^{name}: n_in is 0 and n_hidden is 3"):
        type(layer)(0, 3, np.random.default_rng(0))
    with pytest.raises(TypeError, match=f"^{name}: rng is of type int"):
        type(layer)(2, 3, 0)


@each_layer
def test_each_block_of_the_recurrent_weights_starts_orthogonal(layer):
    Wh = layer(4, 6, np.random.default_rng(0)).params["Wh"]
    for block in np.split(Wh, Wh.shape[1] // 6, axis=1):
        np.testing.assert_allclose(block.T @ block, np.eye(6), rtol=0, atol=1e-14)


def test_the_forget_gate_starts_open():
    b = LSTM(4, 3, np.random.default_rng(0)).params["b"]
    np.testing.assert_array_equal(b, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(RNN(4, 3, np.random.default_rng(0)).params["b"], [0, 0, 0])


# Truncation


@each_layer
def test_chunks_with_carry_give_the_states_of_the_whole_sequence(layer):
    layer = built(layer)
    x = np.random.default_rng(1).normal(size=(5, 9, 4))
    whole = layer.forward(x)
    chunks = []
    for chunk in np.split(x, [4, 6], axis=1):
        chunks.append(layer.forward(chunk))
        layer.carry()
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), whole, rtol=1e-12)
    layer.reset()
    np.testing.assert_array_equal(layer.forward(x), whole)


@each_layer
def test_without_carry_each_forward_starts_from_zeros(layer):
    layer = built(layer)
    x = np.random.default_rng(1).normal(size=(5, 9, 4))
    first = layer.forward(x)
    np.testing.assert_array_equal(layer.forward(x), first)
    layer.carry()
    assert (layer.forward(x) != first).any()
    np.testing.assert_array_equal(layer.predict(x), layer.forward(x))


def test_the_gradient_of_a_chunk_ends_where_the_chunk_begins():
    layer = built(LSTM)
    rng = np.random.default_rng(1)
    x, dh, zero = rng.normal(size=(5, 9, 4)), rng.normal(size=(5, 9, 3)), np.zeros((5, 3))
    weights = layer.params.values()
    h, c = lstm(x, zero, zero, *weights)
    layer.forward(x[:, :4])
    layer.carry()
    layer.forward(x[:, 4:])
    dx = layer.backward(dh[:, 4:])

    # The same by hand: the long sequence, cut at the fourth step, whose state is taken as given.
    given = x[:, 4:], h[:, 3], c[:, 3], *weights
    upstream = np.stack([dh[:, 4:], np.zeros_like(dh[:, 4:])])
    cut = lstm_backward(upstream, np.stack([h, c])[:, :, 4:], *given)
    assert_close([dx, *layer.grads.values()], [cut[0], *cut[3:]])

    # Not cut, the first chunk has its share in the gradient too.
    upstream = np.concatenate([np.zeros((2, 5, 4, 3)), upstream], axis=2)
    whole = lstm_backward(upstream, np.stack([h, c]), x, zero, zero, *weights)
    assert_close([whole[0][:, 4:]], [dx])
    assert all(relative_error(a, b) > 0.01 for a, b in zip(whole[3:], layer.grads.values(), strict=True))


def test_what_is_carried_is_a_copy_that_later_forwards_do_not_change():
    layer = built(RNN)
    x = np.random.default_rng(1).normal(size=(5, 3, 4))
    layer.forward(x)[...] = 7.0
    layer.carry()
    first = layer.forward(x)
    layer.forward(2 * x)
    np.testing.assert_array_equal(layer.forward(x), first)


@each_layer
def test_another_number_of_sequences_than_was_carried_is_refused_with_the_way_out(layer):
    layer = built(layer)
    layer.forward(np.ones((5, 7, 4)))
    layer.carry()
    with pytest.raises(ValueError, match=r"x is \(3, 7, 4\), but the state that is carried belongs to 5.*reset\(\)"):
        layer.forward(np.ones((3, 7, 4)))


# What follows a recurrent layer


def test_the_last_step_is_kept_and_alone_gets_a_gradient():
    layer, h = LastStep(), np.arange(30.0).reshape(5, 3, 2)
    np.testing.assert_array_equal(layer.forward(h), h[:, 2])
    np.testing.assert_array_equal(layer.predict(h), h[:, 2])
    dh = layer.backward(np.ones((5, 2)))
    np.testing.assert_array_equal(dh[:, 2], np.ones((5, 2)))
    np.testing.assert_array_equal(dh[:, :2], np.zeros((5, 2, 2)))


def test_each_step_becomes_a_row_and_goes_back_to_its_place():
    layer, h = EachStep(), np.arange(30.0).reshape(5, 3, 2)
    rows = layer.forward(h)
    np.testing.assert_array_equal(rows[:4], [[0, 1], [2, 3], [4, 5], [6, 7]])
    np.testing.assert_array_equal(layer.backward(2 * rows), 2 * h)


@pytest.mark.parametrize("layer, shape", [(LastStep, (5, 2)), (EachStep, (15, 2))])
def test_what_is_no_sequence_is_refused(layer, shape):
    name, layer = layer.__name__, layer()
    with pytest.raises(ValueError, match=rf"^{name}: h is \(5, 2\); needed is \(n, T, m\)"):
        layer.forward(np.ones((5, 2)))
    with pytest.raises(ValueError, match=rf"^{name}: h is \(5, 0, 2\)"):
        layer.predict(np.ones((5, 0, 2)))
    with pytest.raises(ValueError, match=f"^{name}.backward needs a forward"):
        layer.backward(np.ones((5, 2)))
    layer.forward(np.ones((5, 3, 2)))
    with pytest.raises(
        ValueError, match=rf"^{name}.backward: dy is \(2,\); needed is the shape of y, \({shape[0]}, 2\)"
    ):
        layer.backward(np.ones(2))
    assert layer.backward(np.ones(shape, np.float32)).dtype == np.float32


@each_layer
def test_a_network_predicts_the_next_of_a_sum_from_all_that_came_before(layer):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 6, 1))
    y = np.tanh(x.sum(axis=1))
    net = Sequential(layer(1, 8, rng), LastStep(), Linear(8, 1, rng))
    history = train(net, mse, x, y, Adam(0.02), epochs=150, rng=rng)["training"]
    assert history[-1] < 0.05 * history[0]


@each_layer
def test_a_network_with_an_output_at_each_step_has_the_gradients_of_differences(layer):
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(5, size=(3, 4)), rng.integers(5, size=(3, 4)).ravel()
    net = Sequential(Embedding(5, 2, rng), layer(2, 3, rng), EachStep(), Linear(3, 5, rng))
    net.backward(softmax_cross_entropy_grad(net.forward(ids), labels))
    gradients = {name: g.copy() for name, g in net.grads.items()}
    direction = {name: rng.normal(size=p.shape) for name, p in net.params.items()}
    slope = sum(np.sum(gradients[name] * direction[name]) for name in gradients)
    kept = {name: p.copy() for name, p in net.params.items()}
    losses = []
    for h in (1e-5, -1e-5):
        for name, p in net.params.items():
            p[...] = kept[name] + h * direction[name]
        losses.append(softmax_cross_entropy(net.predict(ids), labels))
    assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(slope, rel=1e-7)
