"""Lesson 16: the backward of other weights, of masked attention, what a mask does, and a reader of letters."""

from functools import lru_cache

import numpy as np

from bplib import attention, data
from bplib.activations import sigmoid, softmax
from bplib.counts import Counts
from bplib.course.judging import learning
from bplib.course.judging.judges import Problem, judge_square_first, misconceptions
from bplib.course.judging.paper import judge_numbers
from bplib.course.judging.reading import NOT_YET, Verdict
from bplib.course.judging.turns import judge_value, turn
from bplib.losses import softmax_cross_entropy, softmax_cross_entropy_grad
from bplib.optimizers import Adam, cosine

LESSON = "16_attention"
TITLE = "Attention"


# sigmoid-rows-backward: a = s / (sum of s), s = sigmoid(z)


def _weights_of(z, axis=-1):
    s = sigmoid(z)
    return s / s.sum(axis=axis, keepdims=True)


def _sigmoid_rows_backward(da, z):
    s, a = sigmoid(z), _weights_of(z)
    return (da - np.sum(da * a, axis=-1, keepdims=True)) * s * (1 - s) / s.sum(axis=-1, keepdims=True)


def _rows(*shapes):
    def cases(rng):
        return [(rng.normal(size=shape), 1.5 * rng.normal(size=shape)) for shape in shapes]

    return cases


def _rows_wrong(
    taken=lambda da, a, s: (da * a).sum(axis=-1, keepdims=True),
    slope=lambda s: s * (1 - s),
    below=lambda s: s.sum(axis=-1, keepdims=True),
    weights=_weights_of,
):
    """The backward; each argument is a part of it, to be spoiled."""

    def backward(da, z):
        s = sigmoid(z)
        return (da - taken(da, weights(z), s)) * slope(s) / below(s)

    return backward


ROWS_MISTAKES = misconceptions(
    (
        "own-only",
        "This treats each weight as if it depended on its own score alone. All weights of a row share the sum below the"
        " line: raise one score and the others fall. Take the sum of da times a off da, row by row.",
        (_rows_wrong(taken=lambda da, a, s: 0.0), lambda da, z: da * _weights_of(z) * (1 - _weights_of(z))),
    ),
    (
        "quotient-of-own",
        "The quotient rule is there for the weight itself, and the other weights of the row are missing: they fall when"
        " its score grows. Every da of the row counts in every dz.",
        (_rows_wrong(taken=lambda da, a, s: da * a),),
    ),
    (
        "softmax",
        "This is the backward of a softmax. There the slope of e^z is e^z itself, so that a is left over; the slope of"
        " a sigmoid is s (1 - s), so the factor is a (1 - s).",
        (
            _rows_wrong(slope=lambda s: s),
            lambda da, z: softmax(z) * (da - (da * softmax(z)).sum(axis=-1, keepdims=True)),
        ),
    ),
    (
        "no-quotient",
        "This is the backward of the sigmoid alone. The weights are sigmoids over the sum of their row, and that sum"
        " holds every score: go through the quotient first.",
        (_rows_wrong(taken=lambda da, a, s: 0.0, below=lambda s: 1.0),),
    ),
    (
        "no-slope",
        "This stops at s. From s to the score there is one more factor, the slope of the sigmoid, s (1 - s).",
        (_rows_wrong(slope=lambda s: 1.0),),
    ),
    (
        "down-the-columns",
        "The sums run down the columns, axis 0. The weights of a row share a sum along the last axis: axis=-1.",
        (
            _rows_wrong(taken=lambda da, a, s: (da * a).sum(axis=0, keepdims=True)),
            _rows_wrong(
                taken=lambda da, a, s: (da * a).sum(axis=0, keepdims=True),
                below=lambda s: s.sum(axis=0, keepdims=True),
                weights=lambda z: _weights_of(z, axis=0),
            ),
        ),
    ),
    (
        "log-softmax",
        "This is the backward of the logarithm of a softmax. Here sigmoids are divided by their sum: begin with the"
        " quotient rule, and let the slope of the sigmoid follow.",
        (lambda da, z: da - softmax(z) * da.sum(axis=-1, keepdims=True),),
    ),
    (
        "slope-of-weights",
        "The slope of the sigmoid was taken of the weights a. It is that of s, before anything was divided: s (1 - s).",
        (
            lambda da, z: (
                (da - (da * _weights_of(z)).sum(axis=-1, keepdims=True)) * _weights_of(z) * (1 - _weights_of(z))
            ),
        ),
    ),
    (
        "not-divided",
        "The sum below the line is missing in the slope: a = s / S, so a small change of s changes a by a 1/S of it."
        " Divide by the sum of s along the row.",
        (_rows_wrong(below=lambda s: 1.0),),
    ),
    (
        "divided-twice",
        "It divides by the square of the sum. In the quotient rule one S is left below: (da - sum of da a) / S.",
        (_rows_wrong(below=lambda s: s.sum(axis=-1, keepdims=True) ** 2),),
    ),
    (
        "scores-for-weights",
        "What is taken off is the sum of da times s. It is the sum of da times a, with weights that add up to 1.",
        (_rows_wrong(taken=lambda da, a, s: (da * s).sum(axis=-1, keepdims=True)),),
    ),
    (
        "unweighted",
        "What is taken off is not weighted. It is the sum of da times a: each upstream counts as much as its weight.",
        (
            _rows_wrong(taken=lambda da, a, s: da.sum(axis=-1, keepdims=True)),
            _rows_wrong(taken=lambda da, a, s: da.mean(axis=-1, keepdims=True)),
        ),
    ),
    (
        "mean",
        "You took the mean of da times a over the row. The weights add up to 1 already: take the sum.",
        (_rows_wrong(taken=lambda da, a, s: (da * a).mean(axis=-1, keepdims=True)),),
    ),
    (
        "plus",
        "The sum is added here. When a score grows, the other weights of its row fall: take the sum off.",
        (_rows_wrong(taken=lambda da, a, s: -(da * a).sum(axis=-1, keepdims=True)),),
    ),
    (
        "fixed-axis",
        "With two axes this is right, and with three, axis 1 is no longer the last one. Say axis=-1, which is the last"
        " whatever there is before it.",
        (
            _rows_wrong(
                taken=lambda da, a, s: (da * a).sum(axis=1, keepdims=True),
                below=lambda s: s.sum(axis=1, keepdims=True),
                weights=lambda z: _weights_of(z, axis=1),
            ),
            _rows_wrong(taken=lambda da, a, s: (da * a).sum(axis=1, keepdims=True)),
        ),
    ),
    (
        "over-all",
        "A sum runs over the whole array. Each row has its own: along axis -1, with keepdims.",
        (
            _rows_wrong(taken=lambda da, a, s: (da * a).sum()),
            _rows_wrong(taken=lambda da, a, s: (da * s).sum() / s.sum(), below=lambda s: s.sum()),
        ),
    ),
    (
        "no-keepdims",
        "The sums are right, and they are used for the wrong entries. Without keepdims the sums of the rows lie down"
        " and become one row: NumPy says nothing where the axes are equally long.",
        (
            _rows_wrong(taken=lambda da, a, s: (da * a).sum(axis=-1)),
            _rows_wrong(taken=lambda da, a, s: (da * a).sum(axis=-1), below=lambda s: s.sum(axis=-1)),
        ),
    ),
    (
        "sigmoid-of-sigmoid",
        "The sigmoid was taken twice: its slope is s (1 - s), with s as it came out.",
        (_rows_wrong(slope=lambda s: sigmoid(s) * (1 - sigmoid(s))),),
    ),
)


# attention-backward


def _masked_softmax(z, mask):
    return softmax(np.where(mask, z, -np.inf))


def _turn(x):
    return x.swapaxes(1, 2)


def _attention_backward(dy, q, k, v, mask):
    return _backward(dy, q, k, v, mask)


def _root(q, k, v):
    return np.sqrt(q.shape[2])


def _backward(
    dy,
    q,
    k,
    v,
    mask,
    weights=_masked_softmax,
    through=lambda da, a, mask: a * (da - (da * a).sum(axis=2, keepdims=True)),
    forward_scale=_root,
    scale=_root,
    to_a=lambda dy, v: dy @ _turn(v),
    to_q=lambda dz, q, k: dz @ k,
    to_k=lambda dz, q, k: _turn(dz) @ q,
    to_v=lambda a, dy, dz: _turn(a) @ dy,
):
    """The backward of masked attention; each argument after the mask is one thing that a learner may get wrong."""
    a = weights(q @ _turn(k) / forward_scale(q, k, v), mask)
    dz = through(to_a(dy, v), a, mask) / scale(q, k, v)
    return to_q(dz, q, k), to_k(dz, q, k), to_v(a, dy, dz)


def _wrong(**parts):
    return lambda dy, q, k, v, mask: _backward(dy, q, k, v, mask, **parts)


def _sequences(rng):
    return [_sequence(rng, *sizes) for sizes in ((5, 4, 3, 2, 6), (7, 3, 5, 6, 2), (3, 6, 4, 5, 3))]


def _square_sequences(rng):
    return [_sequence(rng, *sizes) for sizes in ((5, 5, 5, 5, 5), (3, 3, 3, 3, 3))]


def _sequence(rng, n, t, s, d, e):
    """With a mask in which every query sees a key and misses one, and every key is seen."""
    mask = rng.random((t, s)) < 0.5
    rows = np.arange(t)
    mask[rows, rows % s], mask[rows, (rows + 1) % s] = True, False
    mask[0, :], mask[0, 1] = True, False
    mask[1, 1] = True
    q, k, v = rng.normal(size=(n, t, d)), rng.normal(size=(n, s, d)), rng.normal(size=(n, s, e))
    return rng.normal(size=(n, t, e)), q, k, v, mask


def _far_scores(rng):
    """All scores far below zero, so that a key which is hidden by a number that is not low enough comes back."""
    dy, q, k, v, mask = _sequence(rng, 5, 4, 3, 2, 6)
    q, k = q.copy(), k.copy()
    q[..., 0], k[..., 0] = 25.0, -24.0 * np.sqrt(2.0)
    return [
        ("scores of -600", (dy, q, k, v, mask)),
        ("a mask that hides nothing", (dy, *_sequence(rng, 5, 4, 3, 2, 6)[1:4], mask | True)),
    ]


def _softmax_of(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _none(q, k, v):
    return 1.0


def _all_d(q, k, v):
    return q.shape[2]


def _root_of_queries(q, k, v):
    return np.sqrt(q.shape[1])


def _across_the_keys(da, a, mask):
    return a * (da - (da * a).sum(axis=1, keepdims=True))


def _all_axes_turned(dy, q, k, v, mask):
    root = _root(q, k, v)
    a = _masked_softmax(q @ k.T / root, mask)
    da = dy @ v.T
    dz = a * (da - (da * a).sum(axis=2, keepdims=True)) / root
    return dz @ k, dz.T @ q, a.T @ dy


def _over_queries(z, mask):
    return np.nan_to_num(_softmax_of(np.where(mask, z, -np.inf), axis=1))


ATTENTION_MISTAKES = misconceptions(
    (
        "diagonal",
        "dv is right, and dq and dk treat the softmax as if each weight depended on its own logit alone, with the slope"
        " a (1 - a). All weights of a query share their sum: dz = a (da - sum of da times a over the keys).",
        (_wrong(through=lambda da, a, mask: da * a * (1 - a)),),
    ),
    (
        "no-softmax",
        "dv is right, and on the way from da to dz the softmax was skipped. da is the gradient of the weights, and the"
        " logits need dz = a (da - sum of da times a over the keys).",
        (_wrong(through=lambda da, a, mask: da), _wrong(through=lambda da, a, mask: da * mask)),
    ),
    (
        "own-part-only",
        "dv is right, and on the way through the softmax only da times a was kept. The sum of da times a over the keys"
        " is to be taken off da first.",
        (_wrong(through=lambda da, a, mask: da * a),),
    ),
    (
        "softmax-axis",
        "dv is right, and on the way back through the softmax the sum of da times a runs over the queries. It has to"
        " run over the keys, axis 2: these are the weights that add up to 1.",
        (_wrong(through=_across_the_keys),),
    ),
    (
        "no-keepdims",
        "dv is right, and in dz the sums over the keys are taken off the wrong entries. Without keepdims=True the axis"
        " of the keys is gone, and where axes are equally long NumPy puts another one in its place without a word.",
        (_wrong(through=lambda da, a, mask: a * (da - (da * a).sum(axis=2))),),
    ),
    (
        "forward-axis",
        "The weights come from a softmax over the queries. Each query divides its attention among the keys: the rows"
        " add up to 1, so the softmax runs along the last axis.",
        (
            _wrong(weights=_over_queries, through=_across_the_keys),
            _wrong(weights=_over_queries),
        ),
    ),
    (
        "scale-backward",
        "dv is right, and dq and dk are too large by the root of d. The forward divides the products by it, and what"
        " multiplies forward multiplies backward: divide dz by the root of d as well.",
        (_wrong(scale=_none),),
    ),
    (
        "scale-turned",
        "dv is right, and the backward multiplies by the root of d, as if it had to undo the scale. A factor is its own"
        " slope: what was divided forward is divided backward.",
        (_wrong(scale=lambda q, k, v: 1 / _root(q, k, v)),),
    ),
    (
        "scale-twice",
        "dv is right, and dq and dk are too small by the root of d: the scale is in them twice. Each product goes"
        " through it once.",
        (_wrong(scale=_all_d),),
    ),
    (
        "scale-one",
        "The root of d is missing in one of dq and dk. Both come from the same dz: divide that by the"
        " root once, before you multiply.",
        (
            _wrong(to_q=lambda dz, q, k: dz @ k * _root(q, k, None)),
            _wrong(to_k=lambda dz, q, k: _turn(dz) @ q * _root(q, k, None)),
        ),
    ),
    (
        "no-scale",
        "All three are wrong, as they are when the forward does not divide the products by the root of d. The weights"
        " that you compute must be those of the forward.",
        (_wrong(forward_scale=_none, scale=_none), _wrong(forward_scale=_none)),
    ),
    (
        "scale-d",
        "The products are divided by d. Its root is needed: a sum of d random products is as large as the root of d.",
        (_wrong(forward_scale=_all_d, scale=_all_d),),
    ),
    (
        "scale-other-axis",
        "The scale is the root of another length. It is that of d, the number of entries of a query and of a key,"
        " q.shape[2]: so many products are added up in a logit.",
        tuple(
            _wrong(forward_scale=root, scale=root)
            for root in (_root_of_queries, lambda q, k, v: np.sqrt(v.shape[2]), lambda q, k, v: np.sqrt(len(q)))
        ),
    ),
    (
        "one-sequence",
        "Axis 1 and q.shape[1] are those of the lesson, where there was one sequence. Here the batch comes first, so"
        " the keys are axis 2 of the weights, and d is q.shape[2].",
        (
            _wrong(through=_across_the_keys, forward_scale=_root_of_queries, scale=_root_of_queries),
            _wrong(
                weights=_over_queries,
                through=_across_the_keys,
                forward_scale=_root_of_queries,
                scale=_root_of_queries,
            ),
        ),
    ),
    (
        "no-mask",
        "The weights are those without a mask, and keys that were hidden get a gradient. Put -inf in place of the"
        " logits where the mask is False, before the softmax.",
        (_wrong(weights=lambda z, mask: softmax(z)),),
    ),
    (
        "mask-zero",
        "Hidden logits became 0 before the softmax, and the exponential of 0 is 1: a hidden key still gets a share. Put"
        " -inf there, whose exponential is 0.",
        (_wrong(weights=lambda z, mask: softmax(z * mask)),),
    ),
    (
        "mask-added",
        "The mask was added to the logits, where True counts 1 and False 0: hidden keys lose a little and keep a share."
        " Put -inf in place of their logits.",
        (_wrong(weights=lambda z, mask: softmax(z + mask)),),
    ),
    (
        "mask-after",
        "Hidden weights became 0 after the softmax. Then those that are left do not add up to 1, and hidden keys still"
        " count in the sum below. Mask before the softmax, with -inf.",
        (_wrong(weights=lambda z, mask: softmax(z) * mask),),
    ),
    (
        "mask-inverted",
        "The mask is turned around: it is True where a query may look, and False where a key is hidden from it.",
        (lambda dy, q, k, v, mask: _backward(dy, q, k, v, ~mask),),
    ),
    (
        "mask-causal",
        "The weights are those of a causal mask. The mask is an argument: it says itself who may look where.",
        (lambda dy, q, k, v, mask: _backward(dy, q, k, v, np.tri(*mask.shape, dtype=bool)),),
    ),
    (
        "order",
        "The three gradients are right, but in another order. Return dq, dk, dv.",
        tuple(
            lambda *args, order=order: tuple(_backward(*args)[i] for i in order)
            for order in ((1, 0, 2), (2, 0, 1), (2, 1, 0))
        ),
    ),
    (
        "partners",
        "dq is made with q and dk with k. In the product of a query and a key the slope for one is the other: dq needs"
        " k, and dk needs q.",
        (_wrong(to_q=lambda dz, q, k: dz @ q, to_k=lambda dz, q, k: _turn(dz) @ k),),
    ),
    (
        "dk-not-turned",
        "dk is made with dz as it stands. A key collects from all queries, and these are the rows of dz: turn it,"
        " dz.swapaxes(1, 2) @ q.",
        (_wrong(to_k=lambda dz, q, k: dz @ q),),
    ),
    (
        "dq-turned",
        "dq is made with dz turned around. A query collects from all keys, and these are the columns of dz: dz @ k.",
        (_wrong(to_q=lambda dz, q, k: _turn(dz) @ k),),
    ),
    (
        "dv-not-turned",
        "dq and dk are right, and dv is made with the weights as they stand. A value collects from all queries that"
        " looked at it, and these are the rows of a: turn it, a.swapaxes(1, 2) @ dy.",
        (_wrong(to_v=lambda a, dy, dz: a @ dy),),
    ),
    (
        "all-axes-turned",
        "`.T` turns all three axes around, the batch too. Within each example the last two change places:"
        " x.swapaxes(1, 2).",
        (
            _all_axes_turned,
            _wrong(to_a=lambda dy, v: dy @ v.T, to_k=lambda dz, q, k: dz.T @ q, to_v=lambda a, dy, dz: a.T @ dy),
        ),
    ),
    (
        "nothing-turned",
        "Neither dk nor dv turns its weights around. Both collect from all queries, the rows of dz and of a.",
        (_wrong(to_k=lambda dz, q, k: dz @ q, to_v=lambda a, dy, dz: a @ dy),),
    ),
    (
        "v-not-turned",
        "dv is right, and da is made with v as it stands. da_ij is dy_i times v_j, entry by entry, so it is dy times v"
        " turned around.",
        (_wrong(to_a=lambda dy, v: dy @ v),),
    ),
    (
        "dv-from-logits",
        "dq and dk are right, and dv is made with the gradient of the logits. The slope of y_i in v_j is the weight"
        " a_ij itself: dv is a, turned around, times dy.",
        (_wrong(to_v=lambda a, dy, dz: _turn(dz) @ dy),),
    ),
)

ONLY_SQUARE = (
    "no-keepdims",
    "all-axes-turned",
    "partners",
    "dk-not-turned",
    "dq-turned",
    "dv-not-turned",
    "nothing-turned",
    "v-not-turned",
)


# causal-weights

EXPONENTIALS = np.array([2.0, 6.0, 8.0])


def _numbers(weights):
    """The weights by name. The hidden one comes first: whether it is 0 tells most of the mistakes apart."""
    first, second, third = map(float, weights)
    return {"third": third, "first": first, "second": second}


MASK_MISTAKES = misconceptions(
    (
        "no-mask",
        "These are the weights without a mask. The third letter comes after the second, and must not be seen.",
        (lambda: _numbers(EXPONENTIALS / 16),),
    ),
    (
        "mask-zero",
        "You put 0 in place of the hidden logit, and the exponential of 0 is 1: the letter still gets a share. With"
        " -inf it gets none.",
        (lambda: _numbers(np.array([2, 6, 1]) / 9),),
    ),
    (
        "mask-after",
        "The hidden weight is gone, but the other two still share what is left of the old sum. The mask comes before"
        " the softmax: weights add up to 1.",
        (lambda: _numbers(np.array([2, 6, 0]) / 16),),
    ),
    (
        "forward-looking",
        "This looks at what comes after. A causal mask hides that, and shows the letter itself and what came before.",
        (lambda: _numbers(np.array([0, 6, 8]) / 14), lambda: _numbers([0, 0, 1])),
    ),
    (
        "not-itself",
        "All of it goes to the first letter. That is the row of the first letter, or of one that may not look at"
        " itself; the second letter sees the first and itself.",
        (lambda: _numbers([1, 0, 0]),),
    ),
    (
        "itself-only",
        "All of it goes to the second letter. It may look at itself, and at the first letter too.",
        (lambda: _numbers([0, 1, 0]),),
    ),
    (
        "no-exponential",
        "The weights are the logits over their sum. A softmax takes the exponentials first: exp(log 2) is 2.",
        (lambda: _numbers(np.array([np.log(2), np.log(6), 0]) / np.log(12)),),
    ),
    (
        "logits",
        "These are logits, not weights: log 2 is what the first query and key give. A softmax makes weights of them,"
        " which add up to 1, and the mask comes before it.",
        (
            lambda: _numbers([np.log(2), np.log(6), 0]),
            lambda: _numbers([np.log(2), np.log(6), np.log(8)]),
        ),
    ),
    (
        "not-divided",
        "These are the exponentials. A softmax divides them by their sum, so that the weights add up to 1.",
        (lambda: _numbers([2, 6, 0]),),
    ),
    (
        "percent",
        "These are percent. Weights add up to 1.",
        (lambda: _numbers([25, 75, 0]),),
    ),
    (
        "exchanged",
        "The larger logit has the smaller weight here. The first and the second have changed places.",
        (lambda: _numbers([0.75, 0.25, 0]),),
    ),
    (
        "evenly",
        "You divided the attention evenly. It follows the logits: exp(log 2) is 2 and exp(log 6) is 6.",
        (lambda: _numbers([0.5, 0.5, 0]), lambda: _numbers(np.ones(3) / 3)),
    ),
)


# beat-pairs: a training on the plays with the learner's own gradients

PLACES, WIDTH, HIDDEN, PIECES, UPDATES = 32, 48, 192, 16, 2000
NAMES = ("E", "P", "Wq", "Wk", "Wv", "W1", "b1", "W2", "b2")
BEFORE = 2


@lru_cache(maxsize=1)
def _plays():
    """The plays as numbers: what is learned from, pieces that are held out, how many letters, and what counts lose."""
    letters, ids = data.numbered(data.plays())
    learn, rest = np.split(ids, [int(0.9 * len(ids))])
    pieces = rest[: len(rest) // (PLACES + 1) * (PLACES + 1)].reshape(-1, PLACES + 1)
    return learn, pieces, len(letters), Counts(learn, len(letters), BEFORE).loss(rest)


def _drawn(rng):
    learn, *_ = _plays()
    pieces = learn[rng.integers(len(learn) - PLACES, size=PIECES)[:, None] + np.arange(PLACES + 1)]
    return pieces[:, :-1], pieces[:, 1:]


def _reader_shapes(params):
    kinds, d = _plays()[2], WIDTH
    looking = dict.fromkeys(("Wq", "Wk", "Wv"), (d, d))
    output = {"W1": (2 * d, HIDDEN), "b1": (HIDDEN,), "W2": (HIDDEN, kinds), "b2": (kinds,)}
    return {"E": (kinds, d), "P": (PLACES, d), **looking, **output}


def _reader_start(rng):
    """Parameters in single precision, in which a training takes little more than half of the time."""
    sizes = {"E": 0.5, "P": 0.1, "W1": HIDDEN**-0.5, "W2": HIDDEN**-0.5, "b1": 0.0, "b2": 0.0}
    start = {name: sizes.get(name, WIDTH**-0.5) * rng.normal(size=s) for name, s in _reader_shapes({}).items()}
    return {name: p.astype(np.float32) for name, p in start.items()}


CAUSAL = attention.causal_mask(PLACES)
STRICT = np.tri(PLACES, k=-1, dtype=bool)
EVERYWHERE = np.ones_like(CAUSAL)


def _strict(q, k, v, first):
    """Means of what stands before a place; the first place has none, and looks everywhere, or gets zeros."""
    y = attention.attention(q, k, v, STRICT | (np.arange(PLACES) == 0)[:, None])
    y[:, 0] *= first
    return y


def _strict_backward(dy, q, k, v, first):
    dy = np.concatenate([dy[:, :1] * first, dy[:, 1:]], axis=1)
    return attention.attention_backward(dy, dy, q, k, v, STRICT | (np.arange(PLACES) == 0)[:, None])


def _read(params, ids, look=lambda *qkv: attention.attention(*qkv, CAUSAL), mean_first=False):
    """All that the forward makes: the rows, queries, keys, values, means, rows beside means, hidden units, logits."""
    x = params["E"][ids] + params["P"]
    q, k, v = (x @ params[name] for name in ("Wq", "Wk", "Wv"))
    y = look(q, k, v)
    beside = np.concatenate([y, x] if mean_first else [x, y], axis=2)
    hidden = np.maximum(beside @ params["W1"] + params["b1"], 0)
    return x, q, k, v, y, beside, hidden, hidden @ params["W2"] + params["b2"]


def _of_weights(x, dy):
    return np.tensordot(x, dy, axes=((0, 1), (0, 1)))


def _reader_gradients(
    params, ids, targets,
    backward=lambda dy, y, *qkv: attention.attention_backward(dy, y, *qkv, CAUSAL),
    paths=("Wq", "Wk", "Wv"), own=True, collect=np.add.at, places=lambda dx: dx.sum(axis=0), scale=1.0,
    **forward,
):  # fmt: skip
    """The gradients of the mean cross-entropy; what follows the targets is what may go wrong."""
    x, q, k, v, y, beside, hidden, z = _read(params, ids, **forward)
    dz = scale * softmax_cross_entropy_grad(z.reshape(-1, z.shape[2]), targets.ravel()).reshape(z.shape)
    grads = {"W2": _of_weights(hidden, dz), "b2": dz.sum(axis=(0, 1))}
    dhidden = dz @ params["W2"].T * (hidden > 0)
    grads |= {"W1": _of_weights(beside, dhidden), "b1": dhidden.sum(axis=(0, 1))}
    dx, dy = np.split(dhidden @ params["W1"].T, 2, axis=2)
    dx, dy = (dy, dx) if forward.get("mean_first") else (dx, dy)
    dx = dx if own else 0 * dx
    for name, d in zip(("Wq", "Wk", "Wv"), backward(dy, y, q, k, v), strict=True):
        grads[name] = _of_weights(x, d)
        dx = dx + d @ params[name].T * (name in paths)
    grads |= {"P": places(dx), "E": np.zeros_like(params["E"])}
    collect(grads["E"], ids, dx)
    return {name: grads[name] for name in NAMES}


def _reader_loss(params, rng):
    """The loss on a third of what is held out, every letter of it after those that stand before it in its piece."""
    pieces = _plays()[1][int(rng.integers(3)) :: 3]
    z = np.concatenate([_read(params, each[:, :-1])[-1] for each in np.array_split(pieces, 8)])
    return float(softmax_cross_entropy(z.reshape(-1, z.shape[2]).astype(float), pieces[:, 1:].ravel()))


def _trainer(gradients=_reader_gradients, updates=UPDATES, keep=True, anew=True, result=lambda *all: all[1]):
    """A training; each argument is what may go wrong with it."""

    def train(params, batch, update):
        begun, (ids, targets) = params, batch()
        for _ in range(updates):
            new = update(params, grads := gradients(params, ids, targets))
            params = new if keep else params
            ids, targets = batch() if anew else (ids, targets)
        return result(begun, params, grads) if updates else begun

    return train


def _gradients(**wrong):
    return lambda *args: _reader_gradients(*args, **wrong)


def _assigned(dE, ids, dx):
    dE[ids] = dx


def _added(dE, ids, dx):
    dE[ids] += dx


def _diagonal(dy, y, q, k, v):
    mask = attention.causal_mask(PLACES)
    a = _masked_softmax(q @ _turn(k) / np.float32(WIDTH**0.5), mask)
    dz = (dy @ _turn(v)) * a * (1 - a) / np.float32(WIDTH**0.5)
    return dz @ k, _turn(dz) @ q, _turn(a) @ dy


def _everywhere(q, k, v):
    return attention.attention(q, k, v, EVERYWHERE)


def _suspect(id, says, *variants):
    return [(id, says, _gradients(**wrong)) for wrong in variants]


SUSPECTS = (
    *_suspect(
        "mask-forgotten",
        "The forward looks at what comes after: its weights are those without a mask. Put -inf in place of the logits"
        " where np.tri(32, dtype=bool) is False, before the softmax.",
        {"look": _everywhere},
        {"look": _everywhere, "backward": lambda dy, y, *qkv: attention.attention_backward(dy, y, *qkv, EVERYWHERE)},
    ),
    *_suspect(
        "mask-strict",
        "The mask hides each place from itself. A place sees itself and what stands before it: np.tri(32, dtype=bool)"
        " is True on the diagonal too.",
        *(
            {"look": lambda *qkv, first=first: _strict(*qkv, first), "backward": backward}
            for first in (1, 0)
            for backward in (
                lambda dy, y, *qkv, first=first: _strict_backward(dy, *qkv, first),
                lambda dy, y, *qkv: attention.attention_backward(dy, y, *qkv, CAUSAL),
            )
        ),
    ),
    *_suspect(
        "mean-first",
        "The mean stands before x in the array that W1 multiplies. x comes first, beside it what attention gave, and"
        " the gradient is cut in two in the same order.",
        {"mean_first": True},
    ),
)

BLAMED = {
    "letters-and-places": (
        f"All gradients are too large, by one factor. The loss is the mean over all {PIECES} times {PLACES} letters:"
        " divide by their number, once."
    ),
    "sign": (
        "All gradients have the other sign. The gradient of the loss in the logits is the softmax, minus 1 at the"
        " truth."
    ),
    "rows-overwritten": (
        "Only the gradient of the table E is wrong. A letter that stands at several places gets the sum of what they"
        " send: dE[ids] += dx keeps one of them only, and np.add.at(dE, ids, dx) adds up all."
    ),
    "places": (
        "Only the gradient of the places P is wrong. All pieces share the row of a place: it is dx, added up over the"
        " batch."
    ),
    "paths-to-x": (
        "P and E are wrong, and all else is right. x is used four times, beside the mean and in queries, keys and"
        " values: what comes back on all four ways adds up."
    ),
    "queries-and-keys": (
        "Wq and Wk are wrong, and Wv is right. So it is what comes back through the weights, dq and dk: ask"
        " the check of your attention_backward."
    ),
    "attention": (
        "W1 is right, and Wq, Wk and Wv are not. So it is between them: the second half of the columns goes back"
        " through the mean, by your attention_backward, and dW is x^T d, added up over batch and places."
    ),
    "hidden": "W2 and b2 are right, and W1 or b1 is not. Where a hidden unit is 0 nothing passes, elsewhere all of it.",
}


def _blame_reader(wrong, factor):
    wrong, late = set(wrong), {"E", "P"}
    if factor is not None:
        id = "sign" if abs(factor + 1) < 0.01 else "letters-and-places" if factor > 1.5 else None
    elif wrong == {"E"}:
        id = "rows-overwritten"
    elif wrong == {"P"}:
        id = "places"
    elif wrong == late:
        id = "paths-to-x"
    elif wrong - late <= {"Wq", "Wk"}:
        id = "queries-and-keys"
    elif not wrong & {"W1", "b1", "W2", "b2"}:
        id = "attention"
    elif not wrong & {"W2", "b2"}:
        id = "hidden"
    else:
        id = None
    return id, BLAMED.get(id, "Begin at the loss, and with the forward that leads to it: W2 and b2 come first.")


def _passed_reader(loss):
    counts = _plays()[3]
    return f"On text that it has never seen it is below the {counts:.2f} nats of counts of two letters." * (
        loss < counts
    )


def _missed_reader(trained, params, loss):
    if loss is None:
        return Verdict(
            NOT_YET,
            f"{UPDATES} updates are over, and it asks for more; the rate is 0 by now. Return the parameters.",
            "seen: on",
        )
    return Verdict(
        NOT_YET,
        f"On text that it has never seen it loses {loss:.2f} nats a letter after {trained.updates} updates; counts of"
        f" two letters lose {_plays()[3]:.2f}. The rate falls to 0 over {UPDATES} updates: use them.",
        "seen: not below",
    )


BEAT_MISTAKES = (
    *learning.common(
        {
            "update-ignored": _trainer(keep=False),
            "one-batch": _trainer(anew=False),
            "never-updated": _trainer(updates=0),
            "start-returned": _trainer(updates=20, result=lambda begun, now, grads: begun),
            "gradients-returned": _trainer(updates=20, result=lambda begun, now, grads: grads),
            "not-the-last": _trainer(updates=20, result=lambda begun, now, grads: {n: 2 * p for n, p in now.items()}),
            "few-updates": _trainer(updates=5),
        }
    ),
    *misconceptions(
        *(
            (id, BLAMED[id], tuple(_trainer(_gradients(**wrong)) for wrong in answers))
            for id, answers in {
                "letters-and-places": ({"scale": np.float32(PLACES)}, {"scale": np.float32(PLACES * PIECES)}),
                "sign": ({"scale": np.float32(-1)},),
                "rows-overwritten": ({"collect": _assigned}, {"collect": _added}),
                "places": ({"places": lambda dx: dx.mean(axis=0)}, {"places": lambda dx: dx[-1]}),
                "paths-to-x": ({"own": False}, {"paths": ("Wv",)}, {"paths": ()}),
                "queries-and-keys": ({"backward": _diagonal},),
                "attention": (
                    {"backward": lambda dy, y, q, k, v: (0 * q, 0 * k, dy)},
                    {"backward": lambda dy, y, q, k, v: (0 * q, 0 * k, 0 * v)},
                ),
            }.items()
        ),
        *((id, says, (_trainer(gradients),)) for id, says, gradients in SUSPECTS),
    ),
)


PROBLEMS = (
    Problem(
        id="sigmoid-rows-backward",
        title="Weights from sigmoids",
        points=3,
        hints=(
            "One row first. The score z_j occurs in every weight of its row: above the line in its own, and in the sum"
            " S of all s below the line of all of them.",
            "Take s first. By the quotient rule the slope of a_j in s_j is (S - s_j) / S^2, and that of a_m is -s_m /"
            " S^2. Sum the upstream times the slope over all weights of the row.",
            "What comes out is ds_j = (da_j - sum of da_m a_m) / S. From s_j to z_j there is one more factor, the slope"
            " of the sigmoid.",
        ),
        judge=judge_square_first(
            _sigmoid_rows_backward,
            _rows((5, 3), (7, 4, 6)),
            _rows((5, 5), (4, 4, 4)),
            ROWS_MISTAKES,
            ("no-keepdims",),
        ),
        allowed=("activations.sigmoid",),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="attention-backward",
        title="The backward of masked attention",
        points=6,
        hints=(
            "Begin with the forward: logits, mask, softmax. np.where(mask, z, -np.inf) hides, and the backward needs"
            " the weights a.",
            "Go back line by line. y = a v is a product of matrices: da = dy v^T and dv = a^T dy, for each example.",
            "Through the softmax, row by row: dz = a (da - sum of da times a over the keys). Where the mask is False a"
            " is 0, and dz with it.",
            "The logits were q k^T over the root of d. With dz over the root of d: dq = dz k and dk = dz^T q."
            " Transposed, for each example, is swapaxes(1, 2).",
            "With root = np.sqrt(q.shape[2]), a = activations.softmax(np.where(mask, q @ k.swapaxes(1, 2) / root,"
            " -np.inf)). Then dz = a * (da - (da * a).sum(axis=2, keepdims=True)) / root.",
        ),
        judge=judge_square_first(
            _attention_backward,
            _sequences,
            _square_sequences,
            ATTENTION_MISTAKES,
            ONLY_SQUARE,
            returns="dq dk dv",
            boundaries=_far_scores,
        ),
        allowed=("activations.softmax",),
        minutes=25,
        difficulty=3,
    ),
    Problem(
        id="causal-weights",
        title="What a mask leaves",
        points=1,
        hints=(
            "Which of the three letters may the second one see?",
            "The logit of a hidden letter is -inf, and its exponential is 0. What are the exponentials of log 2 and log"
            " 6, and what do they add up to?",
        ),
        judge=judge_numbers(_numbers(np.array([2, 6, 0]) / 8), MASK_MISTAKES),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="beat-pairs",
        title="Below the counts of two letters",
        points=5,
        hints=(
            "Write one function for the forward and the gradients of a batch, and a loop around it: batch(), gradients,"
            f" params = update(params, grads), {UPDATES} times.",
            "Backward: dz is the softmax minus 1 at the truth, over all letters of the batch. Then W2 and b2, the relu,"
            " W1 and b1, and np.split(..., 2, axis=2) for what stands beside the mean and for the mean itself.",
            "dy goes through your attention_backward with the mask np.tri(32, dtype=bool). x is used in four places: dx"
            " = its own half + dq Wq^T + dk Wk^T + dv Wv^T.",
            "dW = np.tensordot(x, d, ((0, 1), (0, 1))) adds up over batch and places. dP = dx.sum(axis=0), and"
            " np.add.at(dE, ids, dx) for the table.",
        ),
        judge=learning.judge_training(
            _drawn,
            _reader_shapes,
            _reader_gradients,
            lambda: Adam(cosine(0.01, UPDATES)),
            _reader_loss,
            _passed_reader,
            _missed_reader,
            _blame_reader,
            most=UPDATES,
            start=_reader_start,
            suspects=SUSPECTS,
            misconceptions=BEAT_MISTAKES,
        ),
        allowed=("activations.softmax",),
        minutes=30,
        difficulty=3,
    ),
)


# Turns in the lesson

TURNS = (
    turn(
        "turn-recall-three",
        "Lesson 01: a softmax",
        judge_value(
            (0.5, 0.25, 0.25),
            "The exponentials are 2, 1 and 1, and their sum is 4.",
            {
                (2, 1, 1): "These are the exponentials. They are divided by their sum.",
                (1, 0, 0): "These are the logits over their sum. The exponential of 0 is 1.",
                (0.5, 0, 0): "The exponential of 0 is 1, not 0.",
            },
        ),
        "exp(log 2) is 2, and exp(0) is 1.",
    ),
    turn(
        "turn-recall-along",
        "Lesson 14: along the cell",
        judge_value(
            "forget gate",
            "c' = f c + i g, so the slope of c' with respect to c is f.",
            {
                "input gate": "It multiplies what is offered. Which one multiplies the cell of before?",
                "output gate": "It decides what is shown of the cell. Which one multiplies the cell of before?",
                "offer": "It is multiplied by the input gate. Which gate multiplies the cell of before?",
            },
            also=("forget", "f"),
        ),
        "c' = f c + i g: what stands beside c?",
    ),
    turn(
        "turn-add-up",
        "What the gradients of the logits add up to",
        judge_value(
            0.0,
            "The common factor cancels, so the weights and the loss stay: along this direction the slope is 0.",
            {
                1.0: "The weights add up to 1. If all logits move together the loss stays: what is its slope?",
            },
        ),
        "The slope along the direction in which all logits grow alike is the sum of their gradients.",
    ),
    turn(
        "turn-sure",
        "A weight near 1",
        judge_value(
            "small",
            "A small push changes hardly anything in such weights. We shall see what that means for training.",
            {"large": "Push one logit a little: how much do weights of 0.999 and 0.001 move?"},
        ),
        "A sigmoid near 1 has hardly any slope. How is it with a softmax?",
    ),
    turn(
        "turn-key",
        "The gradient of a key",
        judge_value(
            0.75,
            "dz_0 q / 2, with dz_0 = 1.5 and q = (1, 0, 1, 0).",
            {
                1.5: "The scale is missing: the product is divided by the root of 4.",
                0.375: "It is divided by d. The logits are divided by the root of d, 2.",
                3.0: "The scale divides backward as it does forward.",
                0.52: "This is made with the key itself. The slope of q k in k is q.",
                -0.125: "This is the one of key 1. Key 0 has dz_0 = 1.5.",
            },
        ),
        "z_0 is the product of q and k_0, over 2. What is its slope in the first entry of k_0?",
    ),
    turn(
        "turn-dk-shape",
        "Proofread by shapes",
        judge_value(
            (3, 4),
            "(3, 2) times (2, 4): shaped as K is, a row for each key.",
            {
                (4, 3): "This is turned: dZ^T is (3, 2), and Q is (2, 4).",
                (2, 4): "This is the shape of Q. dZ is (2, 3), and turned it is (3, 2).",
                (3, 5): "This is the shape of V. Q has d = 4 columns.",
            },
        ),
        "dZ has a row for each query and a column for each key. Q has a row for each query and d columns.",
    ),
    turn(
        "turn-table",
        "The gradient of a row of the table",
        judge_value(
            6.0,
            "1 + 5: the row was taken twice, and both send something back.",
            {
                5.0: "This is what the last one sent. dE[ids] += dx does just that: it keeps one of them.",
                1.0: "This is what the first one sent. The third letter is 2 as well.",
                3.0: "This came from letter 0. Or did you take the mean? Paths add up.",
                9.0: "Letter 0 in the middle has sent its 3 to its own row.",
            },
        ),
        "Which of the three places has taken row 2?",
    ),
    turn(
        "turn-leak",
        "Without a mask",
        judge_value(
            "lower",
            "It sees the answer, on held-out text as well, and a lower loss is all that it is after.",
            {"higher": "The network may look at the next letter. What will it do with that?"},
        ),
        "What stands one place further on?",
    ),
)
