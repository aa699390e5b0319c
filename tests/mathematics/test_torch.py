"""Promise: every operation, optimizer and network gives the numbers of PyTorch, in float64 to a relative 1e-10.

Runs where torch is installed, which the course does not ask for.
"""

import contextlib
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional

from bplib import (  # noqa: E402
    activations,
    attention,
    blocks,
    gru,
    initializers,
    layers,
    losses,
    lstm,
    normalization,
    optimizers,
    positions,
    recurrent,
    sequences,
    verify,  # noqa: F401  importing it fills OPERATIONS
)
from bplib.gradcheck import relative_error  # noqa: E402
from bplib.layers import Activation, Linear  # noqa: E402
from bplib.networks import Sequential  # noqa: E402
from bplib.operations import OPERATIONS  # noqa: E402


def tensor(x, wanted=False):
    """A tensor of its own for an array; whatever else is handed on."""
    if not isinstance(x, np.ndarray):
        return x
    return torch.tensor(x, requires_grad=wanted and x.dtype.kind == "f")


def array(t):
    return t.detach().numpy()


def assert_close(mine, theirs, tolerance=1e-10):
    assert np.shape(mine) == np.shape(theirs)
    assert relative_error(mine, theirs) <= tolerance


def torch_rnn(kind, x, states, Wx, Wh, b):
    """The outputs of torch.nn.RNN or torch.nn.LSTM, called with given weights, on sequences."""
    net = kind(x.shape[2], states[0].shape[1], batch_first=True, dtype=torch.float64)
    weights = {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    start = tuple(s[None] for s in states)
    return torch.func.functional_call(net, weights, (x, start if len(start) > 1 else start[0]))[0]


def torch_lstm(x, h, c, Wx, Wh, b):
    """All hidden above all cell states, step by step: torch.nn.LSTM gives the cells of the last step only."""
    hs, cs = [], []
    for t in range(x.shape[1]):
        h, c = torch_lstm_step(x[:, t], h, c, Wx, Wh, b)
        hs.append(h)
        cs.append(c)
    return torch.stack([torch.stack(hs, 1), torch.stack(cs, 1)])


def torch_lstm_step(x, h, c, Wx, Wh, b):
    return torch.stack(torch.lstm_cell(x, (h, c), Wx.T, Wh.T, b, torch.zeros_like(b)))


def torch_gru(x, h, Wx, Wh, b):
    net = torch.nn.GRU(x.shape[2], h.shape[1], batch_first=True, dtype=torch.float64)
    weights = {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": torch.zeros_like(b), "bias_hh_l0": b}
    return torch.func.functional_call(net, weights, (x, h[None]))[0]


def torch_heads(q, k, v, heads, mask=None):
    """scaled_dot_product_attention of (n, heads, t, d/heads)."""
    q, k, v = (x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    mask = mask if mask is None or mask.ndim == 2 else mask[:, None]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


THEIRS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z, alpha=0.01: F.leaky_relu(z, alpha),
    "elu": lambda z, alpha=1.0: F.elu(z, alpha),
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "softplus": F.softplus,
    "softmax": lambda z: F.softmax(z, dim=-1),
    "log_softmax": lambda z: F.log_softmax(z, dim=-1),
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": lambda y_pred, y_true, delta=1.0: F.huber_loss(y_pred, y_true, delta=delta),
    "hinge": lambda z, y: torch.clamp(1 - y * z, min=0).mean(),
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "softmax_cross_entropy": F.cross_entropy,
    "weighted_binary_cross_entropy": lambda z, y, weight: F.binary_cross_entropy_with_logits(
        z, y, pos_weight=torch.tensor(weight, dtype=torch.float64)
    ),
    "weighted_softmax_cross_entropy": lambda z, y, weights: F.cross_entropy(z, y, weight=weights),
    "linear": lambda x, W, b: F.linear(x, W.T, b),
    "dropout": lambda x, mask, p: x * mask / (1 - p),  # with torch's own masks below
    "embedding": F.embedding,
    "l2": lambda W, strength: strength / 2 * W.square().sum(),
    "batch_norm": lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5),
    "batch_norm_evaluation": lambda x, gamma, beta, mean, variance: F.batch_norm(
        x, mean, variance, gamma, beta, training=False, eps=1e-5
    ),
    "layer_norm": lambda x, gamma, beta: F.layer_norm(x, x.shape[-1:], gamma, beta, eps=1e-5),
    "conv1d": F.conv1d,
    "conv2d": F.conv2d,
    "max_pool": F.max_pool2d,
    "avg_pool": F.avg_pool2d,
    "flatten": lambda x: torch.flatten(x, 1),
    "rnn_step": lambda x, h, Wx, Wh, b: torch.rnn_tanh_cell(x, h, Wx.T, Wh.T, b, torch.zeros_like(b)),
    "rnn": lambda x, h, Wx, Wh, b: torch_rnn(torch.nn.RNN, x, [h], Wx, Wh, b),
    "lstm_step": torch_lstm_step,
    "lstm": torch_lstm,
    "gru_step": lambda x, h, Wx, Wh, b: torch.gru_cell(x, h, Wx.T, Wh.T, torch.zeros_like(b), b),
    "gru": torch_gru,
    "attention": lambda q, k, v, mask=None: F.scaled_dot_product_attention(q, k, v, attn_mask=mask),
    "multi_head_attention": torch_heads,
    "add_positions": lambda x, P: x + F.embedding(torch.arange(x.shape[1]), P),
    "residual": torch.add,
    "log_prob": lambda z, actions: torch.distributions.Categorical(logits=z).log_prob(actions),
    "policy_loss": lambda z, actions, advantages: (
        -(torch.distributions.Categorical(logits=z).log_prob(actions) * advantages).mean()
    ),
    "expected_reward": lambda z, rewards: (F.softmax(z, dim=-1) * rewards).sum(dim=-1).mean(),
}


def compare(name, inputs, seed=0):
    """Output and all gradients of one operation, for a random upstream."""
    operation = OPERATIONS[name]
    out = operation.forward(*inputs)
    upstream = np.asarray(np.random.default_rng(seed + 99).normal(size=np.shape(out)))
    tensors = [tensor(x, i in operation.wrt) for i, x in enumerate(inputs)]
    theirs = THEIRS[name](*tensors)
    assert_close(out, array(theirs))
    if operation.is_loss:
        upstream = np.ones(())
    theirs.backward(tensor(upstream))
    mine = operation.gradients(1.0 if operation.is_loss else upstream, out, *inputs)
    for i, gradient in zip(operation.wrt, mine, strict=True):
        assert_close(gradient, array(tensors[i].grad))


# Operations


def test_every_operation_has_its_counterpart():
    assert set(THEIRS) == set(OPERATIONS), "THEIRS above says what an operation is in torch"


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizes", [{}, {"n": 7}, {"n": 32}], ids=["example", "n is 7", "n is 32"])
def test_an_operation_and_its_gradients_are_those_of_torch(name, seed, sizes):
    compare(name, OPERATIONS[name].example(np.random.default_rng(seed), **sizes), seed)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "leaky_relu", "elu", "gelu", "softplus", "softmax", "log_softmax"])
def test_activations_agree_far_from_zero(name):
    # softplus: from 20 on torch hands z on, which is wrong by 2e-9
    z = np.linspace(-19, 19, 60).reshape(20, 3)
    compare(name, [z])


@pytest.mark.parametrize("weight", [0.3, 1.0, 8.0])
def test_binary_cross_entropy_with_a_weight_for_positives(weight):
    rng = np.random.default_rng(0)
    compare("weighted_binary_cross_entropy", [3 * rng.normal(size=(7, 3)), rng.uniform(size=(7, 3)), weight])


@pytest.mark.parametrize("weights", [[1.0, 2.0, 0.5], [0.0, 1.0, 3.0]], ids=str)
def test_softmax_cross_entropy_with_class_weights(weights):
    rng = np.random.default_rng(0)
    compare("weighted_softmax_cross_entropy", [3 * rng.normal(size=(7, 3)), rng.integers(3, size=7), np.array(weights)])


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8])
def test_dropout_with_the_masks_of_torch(p):
    x, dy = np.random.default_rng(0).normal(size=(2, 20, 30))
    torch.manual_seed(0)
    mask = array(F.dropout(torch.ones(20, 30), p)) != 0
    torch.manual_seed(0)
    theirs = tensor(x, True)
    out = F.dropout(theirs, p)
    out.backward(tensor(dy))
    y = layers.dropout(x, mask, p)
    assert_close(y, array(out))
    assert_close(layers.dropout_backward(dy, y, x, mask, p), array(theirs.grad))


@pytest.mark.parametrize("shape", [(7, 3), (7, 3, 5), (7, 3, 4, 5)], ids=str)
def test_batch_norm_in_training_its_running_statistics_and_its_evaluation(shape):
    rng = np.random.default_rng(0)
    mine = normalization.BatchNorm(3)
    theirs = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d}[len(shape)](3).double()
    for p in mine.params.values():
        p[...] = rng.uniform(0.5, 2.0, size=3)
    with torch.no_grad():
        theirs.weight.copy_(tensor(mine.params["gamma"]))
        theirs.bias.copy_(tensor(mine.params["beta"]))
    for _ in range(3):
        x, dy = 2 + 3 * rng.normal(size=shape), rng.normal(size=shape)
        their_x = tensor(x, True)
        out = theirs(their_x)
        theirs.zero_grad()
        out.backward(tensor(dy))
        assert_close(mine.forward(x), array(out))
        assert_close(mine.backward(dy), array(their_x.grad))
        assert_close(mine.grads["gamma"], array(theirs.weight.grad))
        assert_close(mine.grads["beta"], array(theirs.bias.grad))
        assert_close(mine.statistics["mean"], array(theirs.running_mean))
        assert_close(mine.statistics["variance"], array(theirs.running_var))
    theirs.eval()
    assert_close(mine.predict(x), array(theirs(tensor(x))))


@pytest.mark.parametrize("shape", [(7, 3), (7, 5, 3), (7, 2, 5, 3)], ids=str)
def test_layer_norm_of_any_number_of_axes(shape):
    rng = np.random.default_rng(0)
    compare("layer_norm", [rng.normal(size=shape), rng.uniform(0.5, 2.0, size=3), rng.normal(size=3)])


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_convolutions_of_any_stride_padding_and_size(stride, padding, size):
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(4, 3, size)), rng.normal(size=4)
    compare("conv1d", [rng.normal(size=(5, 3, 11)), W, b, stride, padding])
    W = rng.normal(size=(4, 3, size, max(1, size - 1)))
    compare("conv2d", [rng.normal(size=(5, 3, 7, 9)), W, b, stride, padding])


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("size, stride", [(2, None), (2, 1), (3, None), (3, 1), (3, 2), (2, 3)])
def test_pooling_of_any_size_and_stride(name, size, stride):
    compare(name, [np.random.default_rng(0).normal(size=(5, 3, 7, 9)), size, stride])


def test_max_pool_gives_the_gradient_of_a_tie_to_the_first_as_torch_does():
    x = np.random.default_rng(0).integers(3, size=(5, 3, 8, 8)).astype(float)
    compare("max_pool", [x, 3, 2])
    compare("max_pool", [x, 2])


@pytest.mark.parametrize("mask", ["causal", "random"])
def test_attention_with_a_mask(mask):
    rng = np.random.default_rng(0)
    t = 4
    looks = attention.causal_mask(t) if mask == "causal" else rng.random((5, t, t)) < 0.5
    looks = looks | np.eye(t, dtype=bool)
    compare("attention", [rng.normal(size=(5, t, 3)), rng.normal(size=(5, t, 3)), rng.normal(size=(5, t, 6)), looks])


@pytest.mark.parametrize("heads", [1, 2, 3, 6])
@pytest.mark.parametrize("mask", [None, "causal", "random"])
def test_attention_of_several_heads_with_and_without_a_mask(heads, mask):
    rng, t = np.random.default_rng(0), 4
    looks = {None: None, "causal": attention.causal_mask(t), "random": rng.random((5, t, t)) < 0.5}[mask]
    looks = None if looks is None else looks | np.eye(t, dtype=bool)
    q, k, v = (rng.normal(size=(5, t, width)) for width in (6, 6, 12))
    compare("multi_head_attention", [q, k, v, heads, looks])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_a_layer_of_several_heads_and_its_gradients(heads, causal):
    rng = np.random.default_rng(0)
    mine = attention.MultiHeadAttention(8, heads, rng, causal=causal)
    theirs = torch_multi_head(mine)
    x, dy = rng.normal(size=(5, 6, 8)), rng.normal(size=(5, 6, 8))
    their_x = tensor(x, True)
    out = called(theirs, their_x, causal)
    out.backward(tensor(dy))
    assert_close(mine.forward(x), array(out))
    assert_close(mine.predict(x), array(out))
    assert_close(mine.backward(dy), array(their_x.grad))
    W = np.hstack([mine.grads[name] for name in ("Wq", "Wk", "Wv")])
    assert_close(W, array(theirs.in_proj_weight.grad).T)
    assert_close(mine.grads["Wo"], array(theirs.out_proj.weight.grad).T)


def torch_multi_head(mine):
    """torch.nn.MultiheadAttention with the weights of ours."""
    d = len(mine.params["Wq"])
    theirs = torch.nn.MultiheadAttention(d, mine.heads, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(tensor(np.hstack([mine.params[name] for name in ("Wq", "Wk", "Wv")])).T)
        theirs.out_proj.weight.copy_(tensor(mine.params["Wo"]).T)
    return theirs


def called(theirs, x, causal):
    """Self-attention by torch, whose masks are True where a query may not look."""
    hidden = ~tensor(attention.causal_mask(x.shape[1])) if causal else None
    return theirs(x, x, x, attn_mask=hidden, need_weights=False)[0]


# Recurrent layers


def copied_weights(mine, theirs):
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(tensor(mine.params["Wx"]).T)
        theirs.weight_hh_l0.copy_(tensor(mine.params["Wh"]).T)
        # b of a GRU stands beside h Wh, inside of what the reset gate dampens; in the others it makes no difference.
        theirs.bias_ih_l0.zero_()
        theirs.bias_hh_l0.copy_(tensor(mine.params["b"]))
    return theirs


@pytest.mark.parametrize(
    "kind, theirs",
    [(recurrent.RNN, torch.nn.RNN), (lstm.LSTM, torch.nn.LSTM), (gru.GRU, torch.nn.GRU)],
    ids=["RNN", "LSTM", "GRU"],
)
def test_a_recurrent_layer_and_its_gradients_through_time(kind, theirs):
    rng = np.random.default_rng(0)
    mine = kind(3, 6, rng)
    mine.params["b"][...] = rng.normal(size=mine.params["b"].shape)
    theirs = copied_weights(mine, theirs(3, 6, batch_first=True, dtype=torch.float64))
    x, dh = rng.normal(size=(5, 20, 3)), rng.normal(size=(5, 20, 6))
    their_x = tensor(x, True)
    out = theirs(their_x)[0]
    out.backward(tensor(dh))
    assert_close(mine.forward(x), array(out))
    assert_close(mine.predict(x), array(out))
    assert_close(mine.backward(dh), array(their_x.grad))
    assert_close(mine.grads["Wx"], array(theirs.weight_ih_l0.grad).T)
    assert_close(mine.grads["Wh"], array(theirs.weight_hh_l0.grad).T)
    assert_close(mine.grads["b"], array(theirs.bias_hh_l0.grad))


# Optimizers

PAIRS = {
    "SGD": (lambda: optimizers.SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": (lambda: optimizers.SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "Nesterov": (
        lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "RMSProp": (
        lambda: optimizers.RMSProp(0.1, rho=0.9, eps=1e-4),
        lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, eps=1e-4),
    ),
    "Adam": (
        lambda: optimizers.Adam(0.1, beta1=0.8, beta2=0.95, eps=1e-4),
        lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-4),
    ),
    "AdamW": (
        lambda: optimizers.AdamW(0.1, beta1=0.8, beta2=0.95, eps=1e-4, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1),
    ),
    "Adam as it comes": (lambda: optimizers.Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    "AdamW as it comes": (lambda: optimizers.AdamW(0.01), lambda p: torch.optim.AdamW(p, lr=0.01)),
    "RMSProp as it comes": (lambda: optimizers.RMSProp(0.01), lambda p: torch.optim.RMSprop(p, lr=0.01)),
}
each_pair = pytest.mark.parametrize("make, theirs", PAIRS.values(), ids=PAIRS)


@each_pair
def test_ten_steps_of_an_optimizer_with_varying_gradients(make, theirs):
    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4)}
    tensors = {name: tensor(p, True) for name, p in params.items()}
    mine, other = make(), theirs(tensors.values())
    for step in range(10):
        grads = {name: rng.normal(size=p.shape) * 3.0 ** (step % 4 - 2) for name, p in params.items()}
        mine.step(params, grads)
        for name, t in tensors.items():
            t.grad = tensor(grads[name])
        other.step()
        for name in params:
            assert_close(params[name], array(tensors[name]))


@pytest.mark.parametrize("limit", [0.5, 3.0, 1000.0])
def test_clipping_by_norm_and_by_value(limit):
    rng = np.random.default_rng(0)
    grads = {"W": 3 * rng.normal(size=(3, 4)), "b": rng.normal(size=4)}
    for mine, theirs in (
        (optimizers.clip_norm, torch.nn.utils.clip_grad_norm_),
        (optimizers.clip_value, torch.nn.utils.clip_grad_value_),
    ):
        clipped = {name: g.copy() for name, g in grads.items()}
        tensors = [tensor(g, True) for g in grads.values()]
        for t in tensors:
            t.grad = t.detach().clone()
        norm, their_norm = mine(clipped, limit), theirs(tensors, limit)
        factor = 1.0
        if norm is not None:
            assert_close(norm, array(their_norm))
            factor = norm / (norm + 1e-6) if norm > limit else 1.0  # torch adds 0.000001 to the norm
        for g, t in zip(clipped.values(), tensors, strict=True):
            assert_close(g * factor, array(t.grad))


def test_the_cosine_schedule():
    rate = optimizers.cosine(0.3, 20)
    other = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(other, T_max=20)
    for step in range(20):
        assert rate(step) == pytest.approx(schedule.get_last_lr()[0], rel=1e-10)
        other.step()
        schedule.step()


# Whole networks


def test_the_initializers_have_the_deviations_of_torch():
    rng = np.random.default_rng(0)
    for mine, theirs in (
        (initializers.xavier, torch.nn.init.xavier_normal_),
        (initializers.he, torch.nn.init.kaiming_normal_),
    ):
        torch.manual_seed(0)
        other = theirs(torch.empty(300, 400, dtype=torch.float64))  # torch keeps W as (n_out, n_in)
        assert mine(rng, (400, 300), 400, 300).std() == pytest.approx(float(other.std()), rel=0.01)


@each_pair
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "mse"])
def test_a_network_trained_for_ten_steps(make, theirs, loss):
    rng = np.random.default_rng(0)
    mine = Sequential(
        Linear(6, 16, rng),
        Activation(activations.gelu),
        normalization.BatchNorm(16),
        Linear(16, 8, rng),
        normalization.LayerNorm(8),
        Activation(activations.tanh),
        Linear(8, 3, rng),
    )
    other = torch.nn.Sequential(
        torch.nn.Linear(6, 16),
        torch.nn.GELU(approximate="tanh"),
        torch.nn.BatchNorm1d(16),
        torch.nn.Linear(16, 8),
        torch.nn.LayerNorm(8),
        torch.nn.Tanh(),
        torch.nn.Linear(8, 3),
    ).double()
    with torch.no_grad():
        for layer, module in zip(mine.layers, other, strict=True):
            for p, t in zip(layer.params.values(), module.parameters(), strict=True):
                t.copy_(tensor(p.T if p.ndim == 2 else p))
    optimizer, their_optimizer = make(), theirs(other.parameters())
    for _ in range(10):
        x = rng.normal(size=(12, 6))
        y = rng.integers(3, size=12) if loss == "softmax_cross_entropy" else rng.normal(size=(12, 3))
        value, dy = OPERATIONS[loss].loss_and_grad(mine.forward(x), y)
        mine.backward(dy)
        optimizer.step(mine.params, mine.grads)
        their_optimizer.zero_grad()
        their_value = THEIRS[loss](other(tensor(x)), tensor(y))
        their_value.backward()
        their_optimizer.step()
        # Rounding grows from step to step: RMSProp and Adam divide by gradients that may be almost nothing.
        assert_close(value, array(their_value), 1e-7)
    for p, t in zip(mine.params.values(), other.parameters(), strict=True):
        assert_close(p, array(t).T, 1e-6)
    other.eval()
    assert_close(mine.predict(x), array(other(tensor(x))), 1e-6)


class TorchBlock(torch.nn.Module):
    """A block of a transformer, the layer norms before what they serve."""

    def __init__(self, looks, thinks):
        super().__init__()
        norms, self.looks = (
            [part.inside.layers[0] for part in (looks, thinks)],
            torch_multi_head(looks.inside.layers[1]),
        )
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(len(norm.params["gamma"])) for norm in norms)
        first, _, last = thinks.inside.layers[1].inside.layers
        self.first, self.last = (torch.nn.Linear(*layer.params["W"].shape) for layer in (first, last))
        copied({self.first: first, self.last: last} | dict(zip(self.norms, norms, strict=True)))

    def forward(self, x):
        x = x + called(self.looks, self.norms[0](x), causal=True)
        return x + self.last(F.gelu(self.first(self.norms[1](x)), approximate="tanh"))


def copied(pairs):
    with torch.no_grad():
        for module, layer in pairs.items():
            for t, p in zip(module.parameters(), layer.params.values(), strict=True):
                t.copy_(tensor(p.T if isinstance(module, torch.nn.Linear) and p.ndim == 2 else p))


def test_a_transformer_trained_for_ten_steps():
    rng, d, v, length = np.random.default_rng(0), 8, 7, 6
    thinks = [Linear(d, 4 * d, rng), Activation(activations.gelu), Linear(4 * d, d, rng)]
    mine = Sequential(
        layers.Embedding(v, d, rng),
        positions.Positions(length, d, rng),
        blocks.Residual(normalization.LayerNorm(d), attention.MultiHeadAttention(d, 2, rng, causal=True)),
        blocks.Residual(normalization.LayerNorm(d), blocks.PositionWise(*thinks)),
        normalization.LayerNorm(d),
        sequences.EachStep(),
        Linear(d, v, rng),
    )
    letters, places, block, norm, last = (
        torch.nn.Embedding(v, d),
        torch.nn.Embedding(length, d),
        TorchBlock(*mine.layers[2:4]),
        torch.nn.LayerNorm(d),
        torch.nn.Linear(d, v),
    )
    theirs = torch.nn.ModuleList([letters, places, block, norm, last]).double()
    copied({letters: mine.layers[0], places: mine.layers[1], norm: mine.layers[4], last: mine.layers[6]})
    copied({block.first: thinks[0], block.last: thinks[2]})
    assert sum(p.numel() for p in theirs.parameters()) == mine.params.flat.size
    adam, other = optimizers.Adam(0.01), torch.optim.Adam(theirs.parameters(), lr=0.01)
    for step in range(10):
        ids, y = rng.integers(v, size=(4, length)), rng.integers(v, size=4 * length)
        value, dy = OPERATIONS["softmax_cross_entropy"].loss_and_grad(mine.forward(ids), y)
        mine.backward(dy)
        their_value = F.cross_entropy(last(norm(block(letters(tensor(ids)) + places.weight))).flatten(0, 1), tensor(y))
        other.zero_grad()
        their_value.backward()
        # Rounding grows from step to step, as Adam divides by gradients that may be almost nothing.
        assert_close(value, array(their_value), 1e-10 if step == 0 else 1e-7)
        if step == 0:
            for (_, p), t in zip(mine.grads.items(), torch_order(theirs), strict=True):
                assert_close(p, t)
        adam.step(mine.params, mine.grads)
        other.step()


def torch_order(theirs):
    """The gradients of torch in the order, and of the shape, of ours."""
    letters, places, block, norm, last = theirs
    yield from (array(m.weight.grad) for m in (letters, places))
    yield from (array(t.grad) for t in block.norms[0].parameters())
    yield from np.split(array(block.looks.in_proj_weight.grad).T, 3, axis=1)
    yield array(block.looks.out_proj.weight.grad).T
    yield from (array(t.grad) for t in block.norms[1].parameters())
    for module in (block.first, block.last):
        yield from (array(module.weight.grad).T, array(module.bias.grad))
    yield from (array(t.grad) for t in norm.parameters())
    yield from (array(last.weight.grad).T, array(last.bias.grad))


def test_the_lines_for_torch_in_the_last_lesson_run_and_say_that_all_gradients_agree():
    path = Path(__file__).resolve().parents[2] / "notebooks" / "17_capstone.ipynb"
    cells = {cell.id: cell.source for cell in nbformat.read(path, 4).cells}
    (gradients,) = re.findall(r"```python\n(.*?)```", cells["torch-gradients"], re.DOTALL)
    (steps,) = re.findall(r"```python\n(.*?)```", cells["torch-steps"], re.DOTALL)
    names, said = {}, io.StringIO()
    for source in (cells["setup"], cells["idea-data"], cells["torch-ours"]):
        exec(source, names)
    with contextlib.redirect_stdout(said):
        exec(gradients, names)
    assert said.getvalue().split() == "loss True 0.W True 0.b True 2.W True 2.b True".split()
    exec(steps, names)
    exec(cells["torch-steps-ours"], names)
    with torch.no_grad():
        last = F.cross_entropy(names["twin"](tensor(names["X"])), tensor(names["y"]))
    assert_close(losses.softmax_cross_entropy(names["net"].predict(names["X"]), names["y"]), array(last), 1e-7)


def test_the_block_in_the_last_lesson_agrees_with_torch_in_its_output_and_every_gradient():
    path = Path(__file__).resolve().parents[2] / "notebooks" / "17_capstone.ipynb"
    cells = {cell.id: cell.source for cell in nbformat.read(path, 4).cells}
    (source,) = re.findall(r"```python\n(.*?)```", cells["torch-block"], re.DOTALL)
    names, said = {}, io.StringIO()
    for each in (cells["setup"], cells["torch-block-ours"]):
        exec(each, names)
    with contextlib.redirect_stdout(said):
        exec(source, names)
    assert said.getvalue().split() == ["y", "True", "dx", "True", *["True"] * 10]
