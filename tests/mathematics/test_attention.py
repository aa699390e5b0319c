"""Promise: attention is a mean of the values where a query may look, with one head or several, and its gradients are
right, masked or not.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from bplib.attention import (
    Attention,
    MultiHeadAttention,
    attention,
    attention_backward,
    causal_mask,
    multi_head_attention,
    multi_head_attention_backward,
)
from bplib.gradcheck import relative_error
from bplib.operations import OPERATIONS
from bplib.verify import witnesses

OPERATION = OPERATIONS["attention"]


def draw(seed=0, **sizes):
    rng = np.random.default_rng(seed)
    q, k, v = OPERATION.example(rng, **sizes)
    return q, k, v, rng.normal(size=(*q.shape[:2], v.shape[2]))


def mask_for(rng, n, t, s):
    """A random mask, different for each of the batch, in which every query sees something and something is hidden."""
    mask = rng.random((n, t, s)) < 0.5
    mask[:, :, 0] |= ~mask.any(axis=2)
    return mask


# Values computed by hand


def test_a_query_between_two_keys_by_hand():
    # Logits log 3 and 0: weights 3/4 and 1/4.
    q, k, v = np.full((1, 1, 4), 1.0), np.zeros((1, 2, 4)), np.array([[[4.0], [8.0]]])
    k[0, 0] = math.log(3) / 2  # 4 log(3) / 2, over the root of 4
    y = attention(q, k, v)
    np.testing.assert_allclose(y, [[[5.0]]], rtol=1e-14)
    dq, dk, dv = attention_backward(np.ones((1, 1, 1)), y, q, k, v)
    np.testing.assert_allclose(dv, [[[0.75], [0.25]]], rtol=1e-14)
    # dz = a (v - y) = (-3/4, 3/4), and half of it goes to each factor of a product
    np.testing.assert_allclose(dk, [[[-0.375] * 4, [0.375] * 4]], rtol=1e-14)
    np.testing.assert_allclose(dq, np.full((1, 1, 4), -0.375 * math.log(3) / 2), rtol=1e-14)


def test_a_hidden_key_counts_for_nothing():
    q, k, v, dy = draw()
    mask = np.array([[True, True, False], [True, False, False]])
    y = attention(q, k, v, mask)
    np.testing.assert_allclose(y[:, :1], attention(q[:, :1], k[:, :2], v[:, :2]), rtol=1e-14)
    np.testing.assert_array_equal(y[:, 1], v[:, 0])  # with one key to see, its value is the mean
    _, dk, dv = attention_backward(dy, y, q, k, v, mask)
    assert (dk[:, 2] == 0).all()
    assert (dv[:, 2] == 0).all()


def test_equal_keys_give_the_mean_of_the_values():
    q, k, v, _ = draw()
    y = attention(q, np.repeat(k[:, :1], 3, axis=1), v)
    np.testing.assert_allclose(y, np.repeat(v.mean(axis=1, keepdims=True), 2, axis=1), rtol=1e-13)


def test_a_causal_mask_lets_each_step_look_back_and_at_itself():
    np.testing.assert_array_equal(causal_mask(3), [[True, False, False], [True, True, False], [True, True, True]])
    assert causal_mask(3).dtype == bool


# Witnesses


def with_mask(shared):
    def example(rng, n=5, t=2, s=3, d=4, e=2):
        mask = mask_for(rng, n, t, s)
        return *OPERATION.example(rng, n=n, t=t, s=s, d=d, e=e), mask[0] if shared else mask

    return example


@pytest.mark.parametrize("shared", [True, False], ids=["one mask", "a mask each"])
@pytest.mark.parametrize("seed", [0, 1])
def test_masked_attention_agrees_with_all_witnesses(shared, seed):
    report = witnesses(replace(OPERATION, example=with_mask(shared)), seed=seed, n=3)
    assert report.passed, report


def test_the_usual_mistakes_are_caught():
    def unscaled(dy, y, q, k, v):
        dq, dk, dv = attention_backward(dy, y, q, k, v)
        return dq * q.shape[2] ** 0.5, dk, dv

    def values_in_another_order(dy, y, q, k, v):
        dq, dk, dv = attention_backward(dy, y, q, k, v)
        return dq, dk, dv[:, ::-1]

    for mistake in (unscaled, values_in_another_order):
        report = witnesses(OPERATION, mistake, n=3)
        assert not any(report[witness] for witness in ("symbolic", "numeric", "automatic"))


@pytest.mark.parametrize("masked", [False, True])
def test_against_pytorch(masked):
    torch = pytest.importorskip("torch")
    q, k, v, dy = draw()
    mask = mask_for(np.random.default_rng(0), 5, 2, 3) if masked else None
    theirs = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    out = torch.nn.functional.scaled_dot_product_attention(*theirs, attn_mask=torch.tensor(mask) if masked else None)
    out.backward(torch.tensor(dy))
    y = attention(q, k, v, mask)
    assert relative_error(y, out.detach().numpy()) < 1e-12
    for mine, other in zip(attention_backward(dy, y, q, k, v, mask), theirs, strict=True):
        assert relative_error(mine, other.grad.numpy()) < 1e-10


# Extremes


def test_huge_logits_choose_one_key_without_a_warning():
    q, k, v, dy = draw()
    mask = causal_mask(3)[1:]
    with np.errstate(all="raise", under="ignore"):
        for sign in (1000.0, -1000.0):
            y = attention(sign * q, 1000.0 * k, v, mask)
            gradients = attention_backward(dy, y, sign * q, 1000.0 * k, v, mask)
            assert np.isfinite(y).all()
            assert all(np.isfinite(g).all() for g in gradients)
            best = np.argmax(np.where(mask, sign * q @ k.swapaxes(1, 2), -np.inf), axis=2)
            np.testing.assert_array_equal(y, np.take_along_axis(v, best[..., None], axis=1))


@pytest.mark.parametrize("masked", [False, True])
def test_float32_stays_float32(masked):
    q, k, v, dy = (a.astype(np.float32) for a in draw())
    mask = causal_mask(3)[1:] if masked else None
    y = attention(q, k, v, mask)
    assert y.dtype == np.float32
    assert all(g.dtype == np.float32 for g in attention_backward(dy, y, q, k, v, mask))


def test_an_empty_batch_and_a_sequence_without_queries_stay_empty():
    for sizes in ({"n": 0}, {"t": 0}):
        q, k, v, dy = draw(**sizes)
        y = attention(q, k, v)
        assert y.shape == dy.shape
        gradients = attention_backward(dy, y, q, k, v)
        assert [g.shape for g in gradients] == [q.shape, k.shape, v.shape]
        assert all((g == 0).all() for g in gradients)


def test_read_only_arguments_of_any_layout_give_the_same():
    q, k, v, dy = draw()
    y = attention(q, k, v)
    laid_out = [np.asfortranarray(a) for a in (dy, y, q, k, v)]
    for a in laid_out:
        a.setflags(write=False)
    for mine, theirs in zip(attention_backward(*laid_out), attention_backward(dy, y, q, k, v), strict=True):
        assert relative_error(mine, theirs) < 1e-12


# The doors


def test_other_shapes_are_refused_with_all_of_them():
    q, k, v, dy = draw()
    needed = r"needed are \(n, t, d\), \(n, s, d\) and \(n, s, e\)$"
    for wrong in ((q[0], k, v), (q, k[:, :2], v), (q, k[..., :2], v), (q[:1], k, v), (q, k[:1], v[:1]), (q, k, v[:1])):
        with pytest.raises(ValueError, match=r"^attention: q is .*, k is .* and v is .*; " + needed):
            attention(*wrong)
    with pytest.raises(ValueError, match=r"^attention_backward: dy is \(5, 1, 6\) but y is \(5, 2, 6\)"):
        attention_backward(dy[:, :1], dy, q, k, v)
    with pytest.raises(ValueError, match=r"^attention: k holds int64"):
        attention(q, k.astype(int), v)


def test_a_mask_of_another_kind_or_shape_is_refused():
    q, k, v, _ = draw()
    for wrong in (np.ones((2, 3)), np.ones((3, 2), bool), np.ones((1, 2, 3), bool), np.ones(3, bool), True):
        with pytest.raises(ValueError, match=r"^attention: mask is .*; needed is bool \(2, 3\) or \(5, 2, 3\)$"):
            attention(q, k, v, wrong)


def test_a_query_with_nothing_to_look_at_is_refused():
    q, k, v, _ = draw()
    with pytest.raises(ValueError, match=r"^attention: a query has nothing to look at"):
        attention(q, k, v, np.array([[True, True, True], [False, False, False]]))
    with pytest.raises(ValueError, match=r"^attention: a query has nothing to look at"):
        attention(q, k[:, :0], v[:, :0])


# Several heads

HEADS = OPERATIONS["multi_head_attention"]


def draw_heads(seed=0, heads=2, masked=None):
    """Inputs of several heads, in which the widths are 2 heads and 3 heads, and a random upstream."""
    rng = np.random.default_rng(seed)
    n, t, s = 5, 4, 3
    q, k, v = (rng.normal(size=shape) for shape in ((n, t, 2 * heads), (n, s, 2 * heads), (n, s, 3 * heads)))
    mask = {None: None, "one mask": mask_for(rng, n, t, s)[0], "a mask each": mask_for(rng, n, t, s)}[masked]
    return (q, k, v, heads, mask), rng.normal(size=(n, t, 3 * heads))


each_mask = pytest.mark.parametrize("masked", [None, "one mask", "a mask each"])


@each_mask
@pytest.mark.parametrize("heads", [1, 2, 3, 4])
def test_each_head_is_attention_of_its_columns_and_goes_back_by_itself(heads, masked):
    (q, k, v, heads, mask), dy = draw_heads(heads=heads, masked=masked)
    y = multi_head_attention(q, k, v, heads, mask)
    gradients = multi_head_attention_backward(dy, y, q, k, v, heads, mask)
    for head in range(heads):
        looks, takes = slice(2 * head, 2 * head + 2), slice(3 * head, 3 * head + 3)
        alone = q[..., looks], k[..., looks], v[..., takes]
        found = attention(*alone, mask)
        np.testing.assert_allclose(y[..., takes], found, rtol=1e-12)
        theirs = attention_backward(dy[..., takes], found, *alone, mask)
        for mine, other, columns in zip(gradients, theirs, (looks, looks, takes), strict=True):
            assert relative_error(mine[..., columns], other) < 1e-11


@pytest.mark.parametrize("shared", [True, False], ids=["one mask", "a mask each"])
def test_masked_attention_of_several_heads_agrees_with_all_witnesses(shared):
    def example(rng, n=5, t=2, s=3, d=2, e=3):
        mask = mask_for(rng, n, t, s)
        return *HEADS.example(rng, n=n, t=t, s=s, d=d, e=e), mask[0] if shared else mask

    report = witnesses(replace(HEADS, example=example), n=3)
    assert report.passed, report


def test_the_usual_mistakes_with_heads_are_caught():
    def with_the_root_of_the_whole_width(dy, y, q, k, v, heads):
        q, k = (x / heads**0.25 for x in (q, k))
        dq, dk, dv = multi_head_attention_backward(dy, multi_head_attention(q, k, v, heads), q, k, v, heads)
        return dq / heads**0.25, dk / heads**0.25, dv

    def columns_dealt_out_like_cards(dy, y, q, k, v, heads):
        """A reshape to (d/heads, heads) where (heads, d/heads) is needed."""

        def dealt(x, heads):
            return x.reshape(*x.shape[:2], -1, heads).swapaxes(2, 3).reshape(x.shape)

        q, k, v, dy = (dealt(x, heads) for x in (q, k, v, dy))
        gradients = multi_head_attention_backward(dy, multi_head_attention(q, k, v, heads), q, k, v, heads)
        return tuple(dealt(g, g.shape[2] // heads) for g in gradients)

    for mistake in (with_the_root_of_the_whole_width, columns_dealt_out_like_cards):
        report = witnesses(HEADS, mistake, n=3)
        assert not any(report[witness] for witness in ("symbolic", "numeric", "automatic"))


@each_mask
def test_read_only_arguments_of_any_layout_give_the_same_with_several_heads(masked):
    (q, k, v, heads, mask), dy = draw_heads(masked=masked)
    y = multi_head_attention(q, k, v, heads, mask)
    laid_out = [np.asfortranarray(a) for a in (dy, y, q, k, v)]
    for a in laid_out:
        a.setflags(write=False)
    expected = multi_head_attention_backward(dy, y, q, k, v, heads, mask)
    for mine, theirs in zip(multi_head_attention_backward(*laid_out, heads, mask), expected, strict=True):
        assert relative_error(mine, theirs) < 1e-12


def test_an_empty_batch_and_no_queries_stay_empty_with_several_heads():
    (q, k, v, heads, _), dy = draw_heads()
    for batch, queries in ((0, 4), (5, 0)):
        inputs = q[:batch, :queries], k[:batch], v[:batch]
        y = multi_head_attention(*inputs, heads)
        assert y.shape == (batch, queries, 6)
        gradients = multi_head_attention_backward(dy[:batch, :queries], y, *inputs, heads)
        assert [g.shape for g in gradients] == [x.shape for x in inputs]
        assert not any(g.any() for g in gradients)


def test_what_does_not_fit_several_heads_is_refused():
    (q, k, v, _, _), dy = draw_heads()
    for wrong in (0, 3, -2, 2.0, None):
        with pytest.raises(
            ValueError,
            match=rf"^multi_head_attention: heads is {wrong}; needed is a whole number that divides d, 4, and e, 6$",
        ):
            multi_head_attention(q, k, v, wrong)
    with pytest.raises(
        ValueError, match=r"^multi_head_attention: q is \(4, 4\).*; needed are \(n, t, d\), \(n, s, d\)"
    ):
        multi_head_attention(q[0], k, v, 2)
    with pytest.raises(ValueError, match=r"^multi_head_attention: mask is .*; needed is bool \(4, 3\) or \(5, 4, 3\)$"):
        multi_head_attention(q, k, v, 2, np.ones((5, 2, 4, 3), bool))
    with pytest.raises(ValueError, match=r"^multi_head_attention: a query has nothing to look at"):
        multi_head_attention(q, k, v, 2, np.zeros((4, 3), bool))
    with pytest.raises(ValueError, match=r"^multi_head_attention_backward: dy is \(5, 4, 5\) but y is \(5, 4, 6\)"):
        multi_head_attention_backward(dy[..., :5], dy, q, k, v, 2)


# The layers


def by_definition(layer, x, mask):
    """The layer's output by the textbook formula."""
    W = layer.params
    q, k, v = (x @ W[name] for name in ("Wq", "Wk", "Wv"))
    if isinstance(layer, MultiHeadAttention):
        return HEADS.definition(np, q, k, v, layer.heads, mask) @ W["Wo"]
    return OPERATION.definition(np, q, k, v, mask)


LAYERS = {
    "one head": lambda rng, causal=False: (Attention(4, 3, rng, causal=causal), 3),
    "two heads": lambda rng, causal=False: (MultiHeadAttention(4, 2, rng, causal=causal), 4),
    "four heads": lambda rng, causal=False: (MultiHeadAttention(4, 4, rng, causal=causal), 4),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


@each_layer
@pytest.mark.parametrize("causal", [False, True])
def test_the_layer_agrees_with_the_definition_and_with_differences(causal, make):
    rng = np.random.default_rng(0)
    layer, width = make(rng, causal)
    x, dy = rng.normal(size=(5, 6, 4)), rng.normal(size=(5, 6, width))
    mask = causal_mask(6) if causal else None
    y = layer.forward(x)
    np.testing.assert_allclose(y, by_definition(layer, x, mask), rtol=1e-12)
    np.testing.assert_array_equal(layer.predict(x), y)
    own = dict(layer.grads)
    gradients = {"x": layer.backward(dy), **layer.grads}
    assert all(layer.grads[name] is g for name, g in own.items())
    for name, array in {"x": x, **layer.params}.items():
        direction, kept, values = rng.normal(size=array.shape), array.copy(), []
        for h in (1e-5, -1e-5):
            array[...] = kept + h * direction
            values.append(np.sum(dy * layer.predict(x)))
        array[...] = kept
        slope = np.sum(gradients[name] * direction)
        assert (values[0] - values[1]) / 2e-5 == pytest.approx(slope, rel=1e-7)


@each_layer
def test_set_grads_is_backward_without_the_input(make):
    rng = np.random.default_rng(0)
    layer, width = make(rng)
    x, dy = rng.normal(size=(5, 6, 4)), rng.normal(size=(5, 6, width))
    layer.forward(x)
    layer.backward(dy)
    expected = {name: g.copy() for name, g in layer.grads.items()}
    for g in layer.grads.values():
        g[...] = np.nan
    layer.set_grads(dy)
    for name, g in expected.items():
        np.testing.assert_array_equal(layer.grads[name], g)


@each_layer
def test_a_causal_layer_does_not_see_the_future_and_another_does(make):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 6, 4))
    changed = x.copy()
    changed[:, 4:] += 1.0
    (causal, _), (free, _) = make(rng, causal=True), make(rng)
    np.testing.assert_allclose(causal.predict(changed)[:, :4], causal.predict(x)[:, :4], rtol=1e-14)
    assert (free.predict(changed)[:, :4] != free.predict(x)[:, :4]).all()


@each_layer
def test_no_gradient_comes_from_the_future(make):
    rng = np.random.default_rng(0)
    layer, width = make(rng, causal=True)
    layer.forward(rng.normal(size=(5, 6, 4)))
    dy = np.zeros((5, 6, width))
    dy[:, 2] = 1.0  # only the third step is looked at
    dx = layer.backward(dy)
    assert (dx[:, 3:] == 0).all()
    assert (dx[:, :3] != 0).all()


@each_layer
def test_the_order_of_steps_is_nothing_to_a_layer_without_a_mask(make):
    rng = np.random.default_rng(0)
    (layer, _), x = make(rng), rng.normal(size=(5, 6, 4))
    np.testing.assert_allclose(layer.predict(x[:, ::-1])[:, ::-1], layer.predict(x), rtol=1e-12)


def test_the_layer_refuses_what_does_not_fit_and_keeps_float32():
    layer = Attention(4, 3, np.random.default_rng(0), causal=True)
    with pytest.raises(ValueError, match=r"^Attention.backward needs a forward before it"):
        layer.backward(np.ones((5, 6, 3)))
    with pytest.raises(ValueError, match=r"^Attention: x is \(5, 4\); needed is \(n, t, 4\)$"):
        layer.forward(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"^Attention: x holds int64"):
        layer.forward(np.ones((5, 6, 4), dtype=int))
    with pytest.raises(ValueError, match=r"^Attention: n_in is 4 and n_out is 0"):
        Attention(4, 0, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"^Attention: rng is of type int"):
        Attention(4, 3, 0)
    layer.params = {name: W.astype(np.float32) for name, W in layer.params.items()}
    x = np.random.default_rng(0).normal(size=(5, 6, 4)).astype(np.float32)
    y = layer.forward(x)
    assert y.dtype == layer.backward(y).dtype == np.float32


def test_a_layer_of_several_heads_refuses_what_does_not_fit_and_keeps_float32():
    layer = MultiHeadAttention(4, 2, np.random.default_rng(0), causal=True)
    with pytest.raises(ValueError, match=r"^MultiHeadAttention.backward needs a forward before it"):
        layer.backward(np.ones((5, 6, 4)))
    with pytest.raises(ValueError, match=r"^MultiHeadAttention: x is \(5, 6, 3\); needed is \(n, t, 4\)$"):
        layer.forward(np.ones((5, 6, 3)))
    layer.forward(np.ones((5, 6, 4)))
    with pytest.raises(ValueError, match=r"^MultiHeadAttention.backward: dy is \(5, 4\) but y is \(5, 6, 4\)"):
        layer.backward(np.ones((5, 4)))
    for d, heads in ((4, 3), (4, 0), (0, 1)):
        with pytest.raises(ValueError, match=rf"^MultiHeadAttention: d is {d} and heads is {heads}; "):
            MultiHeadAttention(d, heads, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"^MultiHeadAttention: rng is of type int"):
        MultiHeadAttention(4, 2, 0)
    layer.params = {name: W.astype(np.float32) for name, W in layer.params.items()}
    x = np.random.default_rng(0).normal(size=(5, 6, 4)).astype(np.float32)
    y = layer.forward(x)
    assert y.dtype == layer.backward(y).dtype == np.float32
