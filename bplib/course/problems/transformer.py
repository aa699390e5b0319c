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


HEADS_MISTAKES = misconceptions(
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
        " neighbors share, so the axis of h heads becomes (g, h // g), and the second of the two is summed.",
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
        "dx treats the root as a number that does not change. x is in it as well: what comes back through it is"
        " x_hat * mean(d * x_hat), to be taken off d.",
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
        "sum-for-mean",
        "What is taken off is too large: it is the mean of d * x_hat along the last axis, and not the sum.",
        (_rms(mean=lambda x: x.sum(axis=-1, keepdims=True)),),
    ),
    (
        "no-root",
        "The last division is missing. x_hat is x over the root, and so is what comes back: divide by it.",
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


def _block(x, p, heads):
    """y = x + attention(u) + mlp(u) with u = layer_norm(x)."""
    u = layer_norm(x, p["gamma"], p["beta"])
    mask = causal_mask(x.shape[1])
    found = multi_head_attention(u @ p["Wq"], u @ p["Wk"], u @ p["Wv"], heads, mask)
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
):
    """The backward of `_block`; each argument after heads is one thing that a learner may get wrong."""
    u = layer_norm(x, p["gamma"], p["beta"])
    q, k, v = u @ p["Wq"], u @ p["Wk"], u @ p["Wv"]
    mask = mask(x.shape[1])
    found, a = multi_head_attention(q, k, v, heads, mask), np.maximum(u @ p["W1"], 0)
    grads = {"Wo": product(found, dy), "W2": product(a, dy)}
    dfound = to_attention(dy, p)
    dq, dk, dv = multi_head_attention_backward(dfound, found, q, k, v, heads, mask)
    dz = bend(to_mlp(dy, p), a)
    grads |= {"Wq": product(u, dq), "Wk": product(u, dk), "Wv": product(u, dv), "W1": product(u, dz)}
    back = {"q": dq @ p["Wq"].T, "k": dk @ p["Wk"].T, "v": dv @ p["Wv"].T, "mlp": dz @ p["W1"].T}
    du = sum(back[name] for name in parts)
    dx, grads["gamma"], grads["beta"] = layer_norm_backward(du, u, x, p["gamma"], p["beta"])
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
        (_wrong_block(product=lambda x, dy: _product(x, dy) / len(x)),),
    ),
)


# train-below: the learner's backward, trained on the plays

BAR, STEPS, SECONDS = 2.4, 600, 50
"""The loss to get below, the steps of the training, and how many seconds they may take."""
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


def _model_gradients(ids, y, p, heads, divide=True, block=_block_backward, positions=True, table=np.add.at):
    x = p["E"][ids] + p["P"][: ids.shape[1]]
    h = _block(x, p, heads)
    dz = softmax(h @ p["W"] + p["b"])
    dz[(*np.indices(y.shape), y)] -= 1
    dz = dz / y.size if divide else dz
    grads = block(dz @ p["W"].T, x, p, heads)
    dx = grads.pop("x")
    grads |= {"W": _product(h, dz), "b": dz.sum(axis=(0, 1)), "E": np.zeros_like(p["E"]), "P": np.zeros_like(p["P"])}
    table(grads["E"], ids, dx)
    if positions:
        grads["P"][: ids.shape[1]] = dx.sum(axis=0)
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
        (_answering(divide=False),),
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
        (_answering(positions=False),),
    ),
    (
        "too-slow",
        "The gradients are right, and the rate is too small for so few steps: the loss is still falling when they are"
        " over. Try ten times as much.",
        (_answering(rate=0.0005),),
    ),
    (
        "too-fast",
        "The gradients are right, and the rate is too large: the steps jump about and the loss stays up. Try a tenth of"
        " it.",
        (_answering(rate=0.5),),
    ),
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
        raise Settled('"rate" is no number above 0: put one in place of the three dots.')
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
    for mistake in TRAIN_MISTAKES[:4]:
        theirs = mistake.answer()["gradients"](*case)
        if not _wrong_ones(found, theirs):
            return mistake.verdict
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
    adam, losses, until = Adam(cosine(rate, STEPS, 20), beta2=0.99), [], time.monotonic() + SECONDS
    for step in range(STEPS):
        rows = rng.integers(len(train) - LENGTH, size=BATCH)[:, None] + np.arange(LENGTH)
        found = gradients(train[rows], train[rows + 1], fresh(p), HEADS)
        adam.step(p, {name: np.asarray(found[name], dtype=np.float32) for name in p})
        if time.monotonic() > until:
            raise Settled(
                f"The gradients are right, and {SECONDS} seconds were over after {step} of {STEPS} steps. Whole arrays"
                " are faster than loops over examples or steps."
            )
        if step % 50 == 49:
            losses.append(float(_loss(train[rows], train[rows + 1], p, HEADS)))
            if not losses[-1] < (3.0 if step > 200 else np.inf):  # NaN is not below anything
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
        return verdict_of(TRAIN_MISTAKES, "too-fast" if rate > 0.05 else "too-slow")

    return settling(judge, TRAIN_MISTAKES)


PROBLEMS = (
    Problem(
        id="shared-heads-backward",
        title="Heads that share their keys",
        points=3,
        hints=(
            "Two things happened forward: a reshape with an exchange of axes, and a copy. Go back through the copy"
            " first. What is the backward of a copy?",
            "Heads of one group are neighbors: d_each.reshape(n, g, h // g, t, w) has an axis for the groups and one"
            " for the heads of a group. Sum over the second.",
            "What is left is (n, g, t, w). Bring the steps before the groups, then let the last two axes become one.",
        ),
        judge=judge_function(_shared_heads_backward, _heads, HEADS_MISTAKES, boundaries=_one_each),
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
            "For the rate try a few, from 0.001 on, each three times the one before.",
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
            "On the way around dy arrives as it is, and through zeros nothing comes back. A fresh deep network with"
            " such branches is as easy to train as a shallow one.",
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
                (5, 6): "This is what head 0 gets in step 1. A head has its own columns, and all steps.",
                (1, 2): "This is what head 0 gets in step 0. Head 1 has the columns after it.",
                (7, 8): "These are the columns of head 1, in step 1.",
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
            "y stays the same, so three times as much x has to move three times as far: the gradient is a third.",
            {
                3: "The other way around. y does not change, so how much does a larger x have to move to change y?",
                1: "y stays the same, and its slope does not: x is divided by a deviation three times as large.",
                float(1 / 9): "This would be two divisions. One deviation divides, and it is three times as large.",
                0: "Nothing changes in y when *all* of x is scaled. The gradient says what one entry does.",
            },
        ),
        "dx is something divided by the standard deviation of x, and that something depends on x_hat alone.",
    ),
    turn(
        "turn-most",
        "Which step of the ladder is the highest?",
        judge_value(
            "heads",
            "Four narrow heads beat one wide head by more than any other part adds, at the same number of parameters.",
            {
                "residual": "It is what makes many layers possible. Here there is one, and little to get lost.",
                "MLP": "It has two thirds of the parameters, and in so short a training it gives less.",
                "layer norm": "Look at its line again: does it lower the loss at all, at this rate?",
                "one head": "It hardly beats the pairs, with every letter before it at hand.",
            },
        ),
        "Which line differs most from the one above it?",
    ),
)
