"""Lesson 16b: shared heads and a root-mean-square norm backward, a block of two branches at once, and its training."""

import time
from functools import partial

import numpy as np

from bplib import data
from bplib.activations import softmax
from bplib.attention import causal_mask, multi_head_attention, multi_head_attention_backward
from bplib.course.judging.judges import Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.reading import (
    NOT_ATTEMPTED,
    NOT_YET,
    PASSED,
    REPLACE,
    Settled,
    Verdict,
    call,
    fresh,
    is_blank,
    mistaken,
    settling,
)
from bplib.course.judging.turns import judge_value, turn
from bplib.losses import softmax_cross_entropy
from bplib.normalization import layer_norm, layer_norm_backward
from bplib.optimizers import Adam, cosine

LESSON = "16b_transformer"
TITLE = "A transformer of your own"


# shared-heads-backward: keys that several heads share


def _shared_heads_backward(d_each, g):
    n, h, t, w = d_each.shape
    return d_each.reshape(n, g, h // g, t, w).sum(axis=2).swapaxes(1, 2).reshape(n, t, g * w)


def _heads(rng):
    sizes = ((5, 6, 4, 3, 2), (3, 4, 5, 2, 2), (2, 6, 3, 4, 3), (4, 3, 2, 5, 1))
    return [(rng.normal(size=(n, h, t, w)), g) for n, h, t, w, g in sizes]


def _one_each(rng):
    return [("as many keys as heads, so that nothing is shared", (rng.normal(size=(3, 4, 5, 2)), 4))]


def _of_groups(d_each, g, collect):
    n, h, t, w = d_each.shape
    return collect(d_each.reshape(n, g, h // g, t, w)).swapaxes(1, 2).reshape(n, t, g * w)


def _dealt_in_turn(d_each, g):
    n, h, t, w = d_each.shape
    return d_each.reshape(n, h // g, g, t, w).sum(axis=1).swapaxes(1, 2).reshape(n, t, g * w)


def _not_swapped(d_each, g):
    n, h, t, w = d_each.shape
    return d_each.reshape(n, g, h // g, t, w).sum(axis=2).reshape(n, t, g * w)


def _columns_turned(d_each, g):
    n, h, t, w = d_each.shape
    return d_each.reshape(n, g, h // g, t, w).sum(axis=2).transpose(0, 2, 3, 1).reshape(n, t, g * w)


def _not_summed(d_each, g):
    n, h, t, w = d_each.shape
    return d_each.swapaxes(1, 2).reshape(n, t, h * w)


HEADS_MISTAKES = misconceptions(
    (
        "not-summed",
        "Each head has kept columns of its own. Heads of a group have read the same columns, so there are g * w of"
        " them: sum over the heads of a group.",
        (_not_summed,),
    ),
    (
        "mean",
        "The heads of a group were averaged. What was copied forward is added up backward: take the sum.",
        (lambda d, g: _of_groups(d, g, lambda x: x.mean(axis=2)),),
    ),
    (
        "one-of-them",
        "Only one head of each group is heard. All of them have read the same columns, and paths add up: sum over the"
        " heads of a group.",
        (lambda d, g: _of_groups(d, g, lambda x: x[:, :, 0]), lambda d, g: _of_groups(d, g, lambda x: x[:, :, -1])),
    ),
    (
        "dealt-in-turn",
        "Other heads were added up than those that share. Head 0 and the heads next to it read the first columns:"
        " neighbors share, so the axis of H heads becomes (g, H // g), and the second of the two is summed.",
        (_dealt_in_turn,),
    ),
    (
        "not-swapped",
        "The numbers are right and stand in wrong places. A reshape reads on in the order of memory, where all steps of"
        " one head come before the next head: bring the axis of the steps before that of the heads first, by"
        " swapaxes(1, 2).",
        (_not_swapped,),
    ),
    (
        "columns-turned",
        "The columns stand in another order than they came in. The w columns of one head lie side by side: the last two"
        " axes before the reshape are (g, w), and not (w, g).",
        (_columns_turned,),
    ),
    (
        "all-shared",
        "All heads were added up, as if all of them shared one. There are g groups, each with its own w columns.",
        (lambda d, g: np.tile(d.sum(axis=1), g),),
    ),
)


def _judge_heads():
    """As any function, but for the shape that tells of a sum that is missing."""
    anywhere = judge_function(_shared_heads_backward, _heads, HEADS_MISTAKES, boundaries=_one_each)

    def judge(answer, rng):
        d_each, g = _heads(rng)[0]
        found = call(answer, fresh((d_each, g)), f"d_each of shape {d_each.shape}, g = {g}")
        if isinstance(found, np.ndarray) and found.shape == _not_summed(d_each, g).shape:
            raise Settled.on(verdict_of(HEADS_MISTAKES, "not-summed"))
        return anywhere(answer, seed=int(rng.integers(2**32)))

    return settling(judge, HEADS_MISTAKES)


# rms-norm-backward: layer norm without a mean


def _rms_norm_backward(dy, x, gamma, eps):
    root = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + eps)
    x_hat, d = x / root, dy * gamma
    dx = (d - x_hat * np.mean(d * x_hat, axis=-1, keepdims=True)) / root
    return dx, _over_all_but_the_last(dy * x_hat)


def _over_all_but_the_last(x):
    return x.sum(axis=tuple(range(x.ndim - 1)))


def _normed(rng):
    shapes = ((5, 3), (7, 4, 6), (3, 5, 4))
    scales, eps = (1.0, 0.3, 3.0), (0.5, 0.1, 0.02)
    return [
        (rng.normal(size=s), scale * rng.normal(size=s) + 0.5 * scale, rng.uniform(0.5, 2, size=s[-1]), e)
        for s, scale, e in zip(shapes, scales, eps, strict=True)
    ]


def _mean_over_columns(x):
    return np.mean(x, axis=-1, keepdims=True)


def _rms(
    through=lambda d, x_hat, mean: x_hat * mean(d * x_hat),
    root=lambda x, eps: np.sqrt(_mean_over_columns(x**2) + eps),
    mean=_mean_over_columns,
    d=lambda dy, gamma: dy * gamma,
    back=lambda d, root: d / root,
    dgamma=lambda dy, x_hat, x: _over_all_but_the_last(dy * x_hat),
):
    """The backward; each argument is one thing that a learner may get wrong."""

    def backward(dy, x, gamma, eps):
        r = root(x, eps)
        x_hat, arrives = x / r, d(dy, gamma)
        return back(arrives - through(arrives, x_hat, mean), r), dgamma(dy, x_hat, x)

    return backward


def _of_x(outside, inside):
    """With x in place of x_hat, outside of the mean or inside of it: a power of the root is lost each time."""

    def backward(dy, x, gamma, eps):
        r = np.sqrt(_mean_over_columns(x**2) + eps)
        d, x_hat = dy * gamma, x / r
        first, second = (x if outside else x_hat), (x if inside else x_hat)
        return (d - first * _mean_over_columns(d * second)) / r, _over_all_but_the_last(dy * x_hat)

    return backward


def _gamma_at_the_end(dy, x, gamma, eps):
    dx, dgamma = _rms(d=lambda dy, gamma: dy)(dy, x, gamma, eps)
    return dx * gamma, dgamma


RMS_MISTAKES = misconceptions(
    (
        "layer-norm",
        "A mean too many is taken off: this is the backward of layer norm. Here no mean is subtracted forward, so there"
        " is no path through it: d - x_hat * mean(d * x_hat) is all.",
        (_rms(through=lambda d, x_hat, mean: mean(d) + x_hat * mean(d * x_hat)),),
    ),
    (
        "root-is-constant",
        "dx treats the root as a number that does not change. x is in it as well: dx is"
        " (d - x_hat * mean(d * x_hat)) / root, and not d / root alone.",
        (_rms(through=lambda d, x_hat, mean: 0.0),),
    ),
    (
        "no-gamma",
        "dx does not know gamma. At x_hat arrives d = dy * gamma: begin with this.",
        (_rms(d=lambda dy, gamma: dy),),
    ),
    (
        "gamma-outside",
        "gamma was multiplied at the end. It is another in each column, so it belongs inside of the mean too: begin"
        " with d = dy * gamma.",
        (_gamma_at_the_end,),
    ),
    (
        "other-axis",
        "The mean is taken along the steps or the examples. A row is normed by itself: axis=-1.",
        (
            _rms(mean=lambda x: np.mean(x, axis=1, keepdims=True)),
            _rms(mean=lambda x: np.mean(x, axis=0, keepdims=True)),
        ),
    ),
    (
        "plus",
        "What comes back through the root has the wrong sign. A larger root makes x_hat smaller: take"
        " x_hat * mean(d * x_hat) off d.",
        (_rms(through=lambda d, x_hat, mean: -x_hat * mean(d * x_hat)),),
    ),
    (
        "x-for-x-hat",
        "There is x where x_hat belongs. What is taken off d is x_hat * mean(d * x_hat), and x_hat is x over the"
        " root, both times.",
        (_of_x(1, 0), _of_x(0, 1), _of_x(1, 1)),
    ),
    (
        "sum-for-mean",
        "What is taken off is too large: it is the mean of d * x_hat along the last axis, and not the sum.",
        (_rms(mean=lambda x: x.sum(axis=-1, keepdims=True)),),
    ),
    (
        "no-root",
        "The last division is missing. x_hat is x over the root, and so is what comes back: divide all of"
        " d - x_hat * mean(d * x_hat) by it.",
        (_rms(back=lambda d, root: d),),
    ),
    (
        "root-multiplied",
        "The root multiplies what comes back. Forward it divides, and a factor goes back as it came: divide.",
        (_rms(back=lambda d, root: d * root),),
    ),
    (
        "eps-forgotten",
        "eps is missing below the root. The backward has to use the root of the forward, eps and all.",
        (_rms(root=lambda x, eps: np.sqrt(_mean_over_columns(x**2))),),
    ),
    (
        "eps-outside",
        "eps stands outside of the root. Forward it is inside: sqrt(mean(x^2) + eps).",
        (_rms(root=lambda x, eps: np.sqrt(_mean_over_columns(x**2)) + eps),),
    ),
    (
        "variance",
        "The root is that of the variance. Here no mean is subtracted: it is the mean of the squares of x itself.",
        (_rms(root=lambda x, eps: np.sqrt(x.var(axis=-1, keepdims=True) + eps)),),
    ),
    (
        "norm",
        "The root is that of the sum of the squares. It is the mean of the squares that is needed.",
        (_rms(root=lambda x, eps: np.sqrt((x**2).sum(axis=-1, keepdims=True) + eps)),),
    ),
    (
        "one-axis",
        "dgamma is summed over the first axis alone. gamma serves all examples and all steps: sum over all axes but the"
        " last.",
        (_rms(dgamma=lambda dy, x_hat, x: (dy * x_hat).sum(axis=0)),),
    ),
    (
        "dgamma-of-x",
        "dgamma is made with x. gamma multiplies x_hat, so its gradient is the sum of dy * x_hat.",
        (_rms(dgamma=lambda dy, x_hat, x: _over_all_but_the_last(dy * x)),),
    ),
    (
        "dgamma-mean",
        "dgamma is a mean. gamma was copied to all rows, and what was copied forward is summed backward.",
        (
            lambda dy, x, gamma, eps: (
                _rms()(dy, x, gamma, eps)[0],
                _rms()(dy, x, gamma, eps)[1] * gamma.size / x.size,
            ),
        ),
    ),
)


# parallel-block-backward: attention and MLP side by side

NAMES = ("gamma", "beta", "Wq", "Wk", "Wv", "Wo", "W1", "W2")


def _rows_of(x):
    return x.reshape(-1, x.shape[-1])


def _product(x, dy):
    """The gradient of W in x @ W, summed over examples and steps."""
    return _rows_of(x).T @ _rows_of(dy)


def _block(x, p, heads, mask=causal_mask):
    """y = x + attention(u) + mlp(u) with u = layer_norm(x)."""
    u = layer_norm(x, p["gamma"], p["beta"])
    found = multi_head_attention(u @ p["Wq"], u @ p["Wk"], u @ p["Wv"], heads, mask(x.shape[1]))
    return x + found @ p["Wo"] + np.maximum(u @ p["W1"], 0) @ p["W2"]


def _block_backward(
    dy,
    x,
    p,
    heads,
    around=True,
    parts=("q", "k", "v", "mlp"),
    bend=lambda da, a: da * (a > 0),
    mask=causal_mask,
    through_norm=True,
    to_attention=lambda dy, p: dy @ p["Wo"].T,
    to_mlp=lambda dy, p: dy @ p["W2"].T,
    product=_product,
    mask_back=None,
    reads=lambda u, x: u,
    swapped=lambda *d: d,
    split=lambda heads: heads,
    back_by=lambda W: W.T,
    names=("gamma", "beta"),
):
    """The backward of `_block`; each argument after heads is one thing that a learner may get wrong."""
    u = layer_norm(x, p["gamma"], p["beta"])
    q, k, v = u @ p["Wq"], u @ p["Wk"], u @ p["Wv"]
    there, mask = (mask_back or mask)(x.shape[1]), mask(x.shape[1])
    heads, read = split(heads), reads(u, x)
    found, a = multi_head_attention(q, k, v, heads, mask), np.maximum(u @ p["W1"], 0)
    grads = {"Wo": product(found, dy), "W2": product(a, dy)}
    dfound = to_attention(dy, p)
    dq, dk, dv = swapped(*multi_head_attention_backward(dfound, found, q, k, v, heads, there))
    dz = bend(to_mlp(dy, p), a)
    grads |= {name: product(read, each) for name, each in (("Wq", dq), ("Wk", dk), ("Wv", dv), ("W1", dz))}
    back = {"q": dq @ back_by(p["Wq"]), "k": dk @ back_by(p["Wk"]), "v": dv @ back_by(p["Wv"]), "mlp": dz @ p["W1"].T}
    du = sum(back[name] for name in parts)
    dx, grads[names[0]], grads[names[1]] = layer_norm_backward(du, u, x, p["gamma"], p["beta"])
    grads["x"] = (dx if through_norm else du) + (dy if around else 0)
    return {name: grads[name] for name in ("x", *NAMES)}


def _wrong_block(**parts):
    return lambda dy, x, p, heads: _block_backward(dy, x, p, heads, **parts)


def _parameters(rng, d, m):
    p = {"gamma": rng.uniform(0.5, 1.5, size=d), "beta": rng.normal(size=d)}
    p |= {name: rng.normal(size=(d, d)) / np.sqrt(d) for name in ("Wq", "Wk", "Wv", "Wo")}
    return p | {"W1": rng.normal(size=(d, m)) / np.sqrt(d), "W2": rng.normal(size=(m, d)) / np.sqrt(m)}


def _blocks(rng):
    cases = []
    for n, t, d, m, heads in ((5, 3, 4, 7, 2), (3, 5, 6, 8, 3), (2, 4, 6, 5, 2)):
        x = rng.normal(size=(n, t, d))
        cases.append((rng.normal(size=x.shape), x, _parameters(rng, d, m), heads))
    return cases


def _no_relu(da, a):
    return da


def _first_example(x, dy):
    return x[0].T @ dy[0]


def _without(name):
    rest = tuple(part for part in ("q", "k", "v", "mlp") if part != name)
    return _wrong_block(parts=rest)


BLOCK_MISTAKES = misconceptions(
    (
        "no-way-around",
        "dx lacks the way around: x goes to y by itself too, and dy comes back on it undiminished. Add dy to dx.",
        (_wrong_block(around=False),),
    ),
    (
        "attention-forgotten",
        "What comes back from the attention never reaches the norm. u is read by both branches, so du adds up what"
        " comes back from queries, keys, values and the MLP: four paths.",
        (_wrong_block(parts=("mlp",)),),
    ),
    (
        "mlp-forgotten",
        "What comes back from the MLP never reaches the norm. u is read by both branches: add dz @ W1.T to du.",
        (_without("mlp"),),
    ),
    (
        "one-of-three",
        "In du one of the three ways into the attention is missing. u makes queries, keys and values, and all three"
        " come back: dq @ Wq.T + dk @ Wk.T + dv @ Wv.T.",
        (
            _without("q"),
            _without("k"),
            _without("v"),
            _wrong_block(parts=("q", "mlp")),
            _wrong_block(parts=("v", "mlp")),
        ),
    ),
    (
        "no-relu",
        "The relu was forgotten on the way back: where it gave 0, nothing comes back. Multiply by (a > 0).",
        (_wrong_block(bend=_no_relu),),
    ),
    (
        "no-mask",
        "The attention was gone through without its mask. It is that of the forward: causal_mask(t).",
        (_wrong_block(mask=lambda t: None),),
    ),
    (
        "around-the-norm",
        "du was added to dy as it is. On the way to x it goes back through the layer norm first.",
        (_wrong_block(through_norm=False),),
    ),
    (
        "no-Wo",
        "dy was given to the attention's backward as it is. Between the two stands Wo: dy @ Wo.T arrives there.",
        (_wrong_block(to_attention=lambda dy, p: dy),),
    ),
    (
        "first-example",
        "The gradients of the matrices come from one example. All examples and steps share a matrix: sum over both, as"
        " in x.reshape(-1, d).T @ dy.reshape(-1, m).",
        (_wrong_block(product=_first_example),),
    ),
    (
        "mean",
        "The gradients of the matrices are means over the examples. What there is to divide by is in dy already: sum.",
        (
            _wrong_block(product=lambda x, dy: _product(x, dy) / len(x)),
            _wrong_block(product=lambda x, dy: _product(x, dy) / (x.shape[0] * x.shape[1])),
        ),
    ),
    (
        "mask-only-forward",
        "The mask is there on one of the two ways only. multi_head_attention and multi_head_attention_backward both"
        " need causal_mask(t), the same one.",
        (_wrong_block(mask_back=lambda t: None), _wrong_block(mask=lambda t: None, mask_back=causal_mask)),
    ),
    (
        "one-head",
        "All columns were one head. heads says how many there are: hand it on to multi_head_attention and to its"
        " backward.",
        (_wrong_block(split=lambda heads: 1),),
    ),
    (
        "dq-dk-exchanged",
        "Queries and keys are exchanged on the way back. multi_head_attention_backward returns dq, dk, dv in this"
        " order: dq goes to Wq, and dk to Wk.",
        (_wrong_block(swapped=lambda dq, dk, dv: (dk, dq, dv)),),
    ),
    (
        "x-for-u",
        "The matrices do not read x. They read u, what the norm has made of it: their gradients are made with u.",
        (_wrong_block(reads=lambda u, x: x),),
    ),
    (
        "not-turned",
        "A matrix was not turned around. Where u @ Wq goes forward, dq @ Wq.T comes back, and so for Wk, Wv and Wo.",
        (_wrong_block(back_by=lambda W: W), _wrong_block(to_attention=lambda dy, p: dy @ p["Wo"])),
    ),
    (
        "gamma-for-beta",
        "gamma and beta are exchanged. layer_norm_backward returns dx, dgamma and dbeta, in this order.",
        (_wrong_block(names=("beta", "gamma")),),
    ),
)


# train-below: the learner's backward, trained on the plays

BAR, STEPS, SECONDS = 2.4, 600, 50
"""The loss to get below, the steps of the training, and how many seconds of the processor they may take."""
LENGTH, WIDTH, HEADS, HIDDEN, BATCH = 32, 32, 4, 128, 16


def fresh_model(rng, k, d=WIDTH, m=HIDDEN, length=LENGTH, dtype=np.float64):
    """The parameters of the small transformer of the exercise, drawn anew."""
    p = {"E": 0.3 * rng.normal(size=(k, d)), "P": 0.3 * rng.normal(size=(length, d))}
    p |= _parameters(rng, d, m) | {"gamma": np.ones(d), "beta": np.zeros(d)}
    p |= {"W": rng.normal(size=(d, k)) / np.sqrt(d), "b": np.zeros(k)}
    return {name: array.astype(dtype) for name, array in p.items()}


def _logits(ids, p, heads):
    x = p["E"][ids] + p["P"][: ids.shape[1]]
    return _block(x, p, heads) @ p["W"] + p["b"]


def _loss(ids, y, p, heads):
    z = _logits(ids, p, heads)
    return softmax_cross_entropy(z.reshape(-1, z.shape[-1]), y.ravel())


def _model_gradients(
    ids,
    y,
    p,
    heads,
    divide=lambda y: y.size,
    truth=1,
    sign=1,
    forward=_block,
    block=_block_backward,
    reads=lambda h, x: h,
    to_E=lambda dx, dh: dx,
    to_P=lambda dx: dx.sum(axis=0),
    to_b=lambda dz: dz.sum(axis=(0, 1)),
    table=np.add.at,
):
    """The gradients of the loss; each argument after heads is one thing that a learner may get wrong."""
    x = p["E"][ids] + p["P"][: ids.shape[1]]
    h = forward(x, p, heads)
    dz = softmax(h @ p["W"] + p["b"])
    dz[(*np.indices(y.shape), y)] -= truth
    dz = sign * dz / divide(y)
    dh = dz @ p["W"].T
    grads = block(dh, x, p, heads)
    dx = grads.pop("x")
    grads |= {"W": _product(reads(h, x), dz), "b": to_b(dz), "E": np.zeros_like(p["E"]), "P": np.zeros_like(p["P"])}
    table(grads["E"], ids, to_E(dx, dh))
    grads["P"][: ids.shape[1]] = to_P(dx)
    return grads


def _last_one_wins(dE, ids, dx):
    dE[ids] = dx


def _counted_once(dE, ids, dx):
    dE[ids] += dx


def _answering(rate=0.02, **parts):
    return lambda: {"gradients": partial(_model_gradients, **parts), "rate": rate}


TRAIN_MISTAKES = misconceptions(
    (
        "not-divided",
        "Every gradient is too large, by the number of letters that are predicted. The loss is their mean: divide dz by"
        " y.size.",
        (_answering(divide=lambda y: 1),),
    ),
    (
        "divided-by-examples",
        "Every gradient is too large, by the number of letters in a piece or of pieces. The loss is the mean over all"
        " n * t letters: divide dz by y.size.",
        (_answering(divide=len), _answering(divide=lambda y: y.shape[1])),
    ),
    (
        "wrong-sign",
        "Every gradient has the wrong sign. dz is the softmax minus 1 at the truth, and not the other way around.",
        (_answering(sign=-1),),
    ),
    (
        "no-truth",
        "dz does not know which letter came. It is the softmax with 1 taken off at the truth: y has to occur in it.",
        (_answering(truth=0),),
    ),
    (
        "scores-without-mask",
        "Your scores are others than those of the model, and so is all that follows: the attention of your forward"
        " looks ahead. Take h from block(x, p, heads), mask and all.",
        (_answering(forward=partial(_block, mask=lambda t: None)),),
    ),
    (
        "scores-without-way-around",
        "Your scores are others than those of the model, and so is all that follows: in your forward the way around is"
        " missing. h is x plus what the two branches give.",
        (_answering(forward=lambda x, p, heads: _block(x, p, heads) - x),),
    ),
    (
        "b-mean",
        "b gets a mean. It was copied to all letters of all examples, and dz is divided already: sum dz over both.",
        (_answering(to_b=lambda dz: dz.mean(axis=(0, 1))),),
    ),
    (
        "W-of-x",
        "W is wrong: its gradient is made with what goes into the block. W reads h, what comes out of it.",
        (_answering(reads=lambda h, x: x),),
    ),
    (
        "E-of-dy",
        "E gets what arrives at the end of the block. It has to go through the block first: E and P get dx, which"
        ' your block_backward gives by the name "x".',
        (_answering(to_E=lambda dx, dh: dh),),
    ),
    (
        "counted-once",
        "E is wrong: a letter that occurs twice in the batch gets the gradient of one place only. dE[ids] += dx adds"
        " once to each row. np.add.at(dE, ids, dx) adds as often as it occurs.",
        (_answering(table=_counted_once), _answering(table=_last_one_wins)),
    ),
    (
        "positions-forgotten",
        "P gets nothing. Its rows were copied to all examples: sum dx over the batch, into the first t rows.",
        (_answering(to_P=lambda dx: 0.0),),
    ),
    (
        "positions-mean",
        "P gets a mean over the examples. Its rows were copied to all of them, and dz is divided already: sum dx over"
        " axis 0.",
        (_answering(to_P=lambda dx: dx.mean(axis=0)),),
    ),
    (
        "positions-of-one",
        "P hears one example only. Its rows were copied to all of them: sum dx over axis 0.",
        (_answering(to_P=lambda dx: dx[0]), _answering(to_P=lambda dx: dx[-1])),
    ),
)


def _too_slow(reached):
    """The verdict on right gradients with a rate from which the loss came down to so much only."""
    return mistaken(
        f"The gradients are right, and the rate is too small for so few steps: after it the loss is {reached:.1f}"
        " nats, and still falling. Try ten times as much.",
        "too-slow",
    )


def _too_fast(reached):
    """The verdict on right gradients with a rate that makes the steps jump."""
    where = f"at {reached:.1f} nats" if reached < 100 else "far up"
    return mistaken(
        f"The gradients are right, and the rate is too large: the steps jump about, and the loss stays {where}. Try a"
        " tenth of it.",
        "too-fast",
    )


_BACKWARD_ORDER = ("b", "W", "W2", "W1", "Wo", "Wv", "Wk", "Wq", "beta", "gamma", "P", "E")


def _handed(result):
    """The gradients and the rate that the answer hands over. Settled where these are none."""
    if not isinstance(result, dict) or set(result) != {"gradients", "rate"}:
        raise Settled('It has to return a dict with two keys, "gradients" and "rate".')
    gradients, rate = result["gradients"], result["rate"]
    if is_blank(gradients) and is_blank(rate):
        raise Settled(REPLACE, NOT_ATTEMPTED)
    if not callable(gradients):
        raise Settled('"gradients" is the function itself, its name without parentheses.')
    if isinstance(rate, np.ndarray) and rate.size == 1:
        rate = rate.item()
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 < rate < np.inf:
        raise Settled('"rate" is no number above 0: put one in place of None.')
    return gradients, float(rate)


def _asked(gradients, ids, y, p, heads):
    """What the learner's function gives, read and proofread: a dict of arrays."""
    found = call(gradients, fresh((ids, y, p, heads)), f"ids and y of shape {ids.shape}, a dict p, and heads")
    if not isinstance(found, dict):
        raise Settled("gradients has to return a dict, with a gradient for each name in p.")
    missing = [name for name in p if name not in found]
    if missing:
        raise Settled(f"gradients returns no {', '.join(missing)}: each name in p needs its gradient.")
    read = {}
    for name, array in p.items():
        read[name] = np.asarray(found[name])
        if read[name].dtype.kind not in "fiu" or read[name].shape != array.shape:
            raise Settled(
                f"The gradient of {name} is {read[name].shape}; needed is the shape of {name}, {array.shape}."
            )
    return read


def _small(rng):
    """A case in which letters and places occur more than once, and the last place of P never."""
    ids, y = rng.integers(5, size=(2, 4, 6))
    p = fresh_model(rng, 5, d=6, m=7, length=7)
    p |= {"gamma": rng.uniform(0.5, 1.5, size=6), "beta": 0.3 * rng.normal(size=6), "b": 0.3 * rng.normal(size=5)}
    return ids, y, p, 2


def _wrong_ones(found, needed):
    scale = {name: np.abs(array).max() for name, array in needed.items()}
    return [name for name in _BACKWARD_ORDER if not np.abs(found[name] - needed[name]).max() <= 1e-6 * scale[name]]


def _faulty(gradients, rng):
    """The verdict on gradients that are not those of the loss, None where they are right."""
    case = _small(rng)
    found, needed = _asked(gradients, *case), _model_gradients(*case)
    wrong = _wrong_ones(found, needed)
    if not wrong:
        return None
    for mistake in TRAIN_MISTAKES:
        theirs = mistake.answer()["gradients"](*case)
        if not _wrong_ones(found, theirs):
            return mistake.verdict
    if len(wrong) == len(_BACKWARD_ORDER):
        return Verdict(
            NOT_YET,
            "All gradients are wrong, so the scores are, or dz. Compare your scores with block(x, p, heads) @ W + b,"
            " and dz with the softmax minus 1 at the truth, over y.size. Nothing was trained.",
            "seen: all wrong",
        )
    fine = [name for name in _BACKWARD_ORDER if name not in wrong]
    said = f"Right on the way back from the loss: {', '.join(fine)}. " if fine else ""
    return Verdict(
        NOT_YET,
        f"The gradient check finds {wrong[0]} wrong first. {said}Wrong: {', '.join(wrong)}. Nothing was trained.",
        f"seen: wrong from {wrong[0]}",
    )


def _trained(gradients, rate, train, rng, k):
    """The parameters after training, which stops early where the loss stays up."""
    p = fresh_model(rng, k, dtype=np.float32)
    # The time of this thread: neither what else the machine does counts, nor other threads of a product.
    adam, until = Adam(cosine(rate, STEPS, 20), beta2=0.99), time.thread_time() + SECONDS
    for step in range(STEPS):
        rows = rng.integers(len(train) - LENGTH, size=BATCH)[:, None] + np.arange(LENGTH)
        found = gradients(train[rows], train[rows + 1], fresh(p), HEADS)
        adam.step(p, {name: np.asarray(found[name], dtype=np.float32) for name in p})
        if time.thread_time() > until:
            raise Settled(
                f"The gradients are right, and after {SECONDS} seconds of the processor it has come to step {step} of"
                f" {STEPS}, where whole arrays need some seconds for all. Where is a loop over examples or steps?"
            )
        if step % 50 == 49:
            reached = float(_loss(train[rows], train[rows + 1], p, HEADS))
            if not reached < (50.0 if step < 99 else 3.8 if step < 249 else 3.0):  # NaN is not below anything
                break
    return p


def _judge_training():
    def judge(answer, rng):
        gradients, rate = _handed(call(answer, (), "nothing"))
        faulty = _faulty(gradients, rng)
        if faulty:
            return faulty
        letters, ids = data.numbered(data.plays())
        train, held_out = np.split(ids, [int(0.9 * len(ids))])
        p = _trained(gradients, rate, train, np.random.default_rng(0), len(letters))
        rows = np.linspace(0, len(held_out) - LENGTH - 1, 400).astype(int)[:, None] + np.arange(LENGTH)
        reached = float(_loss(held_out[rows], held_out[rows + 1], p, HEADS))
        if reached < BAR:
            return Verdict(
                PASSED,
                f"Your gradients have trained a transformer to {reached:.1f} nats on text that it had not seen. Counts"
                " of one letter before have 2.5.",
            )
        return _too_fast(reached) if rate > 0.05 else _too_slow(reached)

    return settling(judge, TRAIN_MISTAKES)


PROBLEMS = (
    Problem(
        id="shared-heads-backward",
        title="Heads that share their keys",
        points=3,
        hints=(
            "Two things happened forward: a reshape with an exchange of axes, and a copy. Go back through the copy"
            " first. What is the backward of a copy?",
            "Heads of one group are neighbors: d_each.reshape(n, g, H // g, t, w) has an axis for the groups and one"
            " for the heads of a group. Sum over the second.",
            "What is left is (n, g, t, w). Bring the steps before the groups, then let the last two axes become one.",
        ),
        judge=_judge_heads(),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="rms-norm-backward",
        title="A norm without a mean",
        points=4,
        hints=(
            "Which of the paths of layer norm is missing here? Begin with d = dy * gamma, which is what arrives at"
            " x_hat.",
            "x reaches x_hat directly, with the slope 1 / root, and through the root, along with all other entries of"
            " its row.",
            "The slope of the root is x / (c root), with c entries in a row: so what comes back through it is x_hat"
            " times the mean of d * x_hat, over the root.",
            "dgamma is summed over all axes but the last, however many there are.",
        ),
        judge=judge_function(_rms_norm_backward, _normed, RMS_MISTAKES, returns="dx dgamma"),
        minutes=12,
        difficulty=3,
    ),
    Problem(
        id="parallel-block-backward",
        title="A block, backward",
        points=5,
        hints=(
            "First forward once more: u, then q, k and v, what the heads have found, and a = relu(u W1). Each of them"
            " is needed on the way back.",
            "dy arrives at three places: at x directly, at found @ Wo, and at a @ W2. For a product x @ W the rows are"
            " x.reshape(-1, d) and dy.reshape(-1, m).",
            "u is read four times: by Wq, Wk, Wv and W1. du adds up four terms.",
            "Last the norm: layer_norm_backward(du, u, x, gamma, beta) gives dx, dgamma and dbeta; to dx comes dy.",
        ),
        judge=judge_function(_block_backward, _blocks, BLOCK_MISTAKES),
        allowed=(
            "attention.causal_mask",
            "attention.multi_head_attention",
            "attention.multi_head_attention_backward",
            "normalization.layer_norm",
            "normalization.layer_norm_backward",
        ),
        minutes=30,
        difficulty=3,
    ),
    Problem(
        id="train-below",
        title="Trained by your own backward",
        points=4,
        hints=(
            "Forward: x = E[ids] + P[:t], h = block(x), z = h @ W + b. Backward: dz first, the softmax minus 1 at the"
            " truth, over y.size.",
            "h gets dz @ W.T, and your block_backward makes dx of it, and the gradients of everything in the block.",
            "P is read by all examples: sum dx over axis 0. A letter may occur often: np.add.at(dE, ids, dx).",
            "For the rate begin at 0.001, and go on by ten times or a tenth, as the check says.",
        ),
        judge=_judge_training(),
        allowed=(
            "activations.softmax",
            "attention.causal_mask",
            "attention.multi_head_attention",
            "attention.multi_head_attention_backward",
            "normalization.layer_norm",
            "normalization.layer_norm_backward",
        ),
        minutes=25,
        difficulty=3,
    ),
)


# Turns in the lesson


TURNS = (
    turn(
        "turn-recall-63",
        "Lesson 01: before anything is learned",
        judge_value(
            float(np.log(63)),
            "It is log 63. A fresh network of letters should begin near it, and we shall look whether ours does.",
            {
                float(np.log(62)): "This is log 62. How many letters are there to choose from?",
                1 / 63: "This is the probability of each. The loss is minus its logarithm.",
                -float(np.log(63)): "This is the logarithm of 1/63. The loss is minus that.",
                float(np.log2(63)): "This is in bits, the logarithm with base 2. Ours has base e, as np.log.",
            },
        ),
        "Each of 63 letters gets the probability 1/63. What is minus the logarithm of that?",
    ),
    turn(
        "turn-recall-silent",
        "Lesson 10: a silent branch",
        judge_value(
            1,
            "On the way around dy arrives as it is, and through zeros nothing comes back. A branch with nothing but"
            " zeros never wakes, though: to begin silent and to learn, only its last matrix may be zero.",
            {
                0: "Through the branch nothing comes back. There is another way.",
                2: "There are two ways, and one of them is silent.",
                0.5: "Nothing is shared out: what is copied forward is added up backward.",
            },
        ),
        "x reaches y around the branch and through it. What comes back on each?",
    ),
    turn(
        "turn-four-paths",
        "Four paths",
        judge_value(
            1.2,
            "1 + 0.5 - 0.2 - 0.1 = 1.2, and (1 + 0.5)(1 - 0.2) is the same: four paths, or two factors.",
            {
                1.3: "The path through both is missing. It goes through f and then through g: 0.5 times -0.2.",
                -0.1: "This is the path through both alone. There are three more.",
                0.3: "The way around is missing: it is a path with the slope 1.",
                1.5: "This is the first branch with its way around. After it comes the second.",
                0.8: "This is the second branch with its way around. Before it comes the first.",
                1.4: "The path through both has the wrong sign: 0.5 times -0.2 is -0.1.",
                1.8: "The second branch subtracts: its slope is -0.2, and 1 + 0.5 is multiplied by 1 - 0.2.",
                2.3: "These are two sums of two paths, 1.5 and 0.8, added up. One follows the other: they multiply.",
                1.1: "The path through both was taken off twice: 1 + 0.5 - 0.2 is 1.3, and it adds -0.1 once.",
            },
        ),
        "Around both, through f alone, through g alone, through both. Multiply along each path, and add up the four.",
    ),
    turn(
        "turn-head",
        "Which numbers does head 1 get?",
        judge_value(
            (3, 4),
            "Its columns are 2 and 3, in step 0 as in step 1: the others belong to head 0.",
            {
                (
                    5,
                    6,
                ): "This is what head 0 gets in step 1. Head 1 has the columns after it, and step 0 is the first row.",
                (1, 2): "This is what head 0 gets in step 0. Head 1 has the columns after it.",
                (7, 8): "These are the columns of head 1, in step 1.",
                (2, 3): "These are the numbers of the columns, counted from 0. What stands there, in step 0?",
                (
                    2,
                    4,
                ): "Columns of one head lie side by side: the first half of a row is head 0, the second is head 1.",
            },
        ),
        "A row of four columns is cut in two halves. The second half belongs to head 1.",
    ),
    turn(
        "turn-twelve",
        "Twelve squares",
        judge_value(
            12,
            "4 for the attention and 4 + 4 for the MLP. Two thirds of a block is its MLP, which is less talked about.",
            {
                8: "This is the MLP alone. The attention has four matrices of its own.",
                4: "This is the attention alone. The MLP has two matrices, each as large as four of those.",
                6: "There are six matrices, and two of them are four times as large.",
                9: "The MLP has 4 in W1 and 4 in W2, and the attention has four matrices of 1 each. Is one of them"
                " counted?",
                11: "Wo is missing: what the heads have found is mixed by a fourth matrix.",
            },
        ),
        "Wq, Wk, Wv and Wo are d by d. W1 is d by 4d, and W2 is 4d by d.",
    ),
    turn(
        "turn-three-times",
        "Three times as large",
        judge_value(
            float(1 / 3),
            "The result of the norm stays the same, so three times as much h has to move three times as far: the"
            " gradient is a third.",
            {
                3: "The other way around. The result does not change: how far does a larger h have to move for that?",
                1: "The result stays the same, and its slope does not: the deviation is three times as large.",
                float(1 / 9): "This would be two divisions. One deviation divides, and it is three times as large.",
                0: "Nothing changes in the result when *all* of h is scaled. The gradient says what one entry does.",
            },
        ),
        "dh is something divided by the standard deviation of h, and that something depends on h-hat alone.",
    ),
    turn(
        "turn-most",
        "Which step of the ladder is the highest?",
        judge_value(
            "heads",
            "Four narrow heads beat one wide head, at the same number of parameters, where nothing else is there"
            " yet. What a part is worth depends on what stands there already: the cell after the next text shows it.",
            {
                "residual": "It gains much, and it makes many layers possible. Another line differs more from that"
                " above.",
                "MLP": "It has two thirds of the parameters, and comes last but one: the heads and the way around are"
                " there already.",
                "layer norm": "Look at its line again: does it lower the loss at all, at this rate?",
                "one head": "It does not even beat the pairs, with every letter before it at hand. It has no line above"
                " it.",
            },
        ),
        "Which line differs most from the one above it?",
    ),
)
