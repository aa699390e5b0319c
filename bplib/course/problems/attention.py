"""Lesson 16: the backward of a softmax over rows, of masked attention, and what a mask does to the weights."""

import numpy as np

from bplib.activations import softmax
from bplib.course.judging.judges import Problem, judge_square_first, misconceptions
from bplib.course.judging.paper import judge_numbers

LESSON = "16_attention"
TITLE = "Attention"


# softmax-rows-backward


def _softmax_rows_backward(da, a):
    return a * (da - np.sum(da * a, axis=-1, keepdims=True))


def _rows(*shapes):
    def cases(rng):
        return [(rng.normal(size=shape), softmax(rng.normal(size=shape))) for shape in shapes]

    return cases


def _over(axis):
    """The sum that is taken off, along another axis."""
    return lambda da, a: a * (da - np.sum(da * a, axis=axis, keepdims=True))


SOFTMAX_MISTAKES = misconceptions(
    (
        "diagonal",
        "This treats the softmax as if each weight depended on its own logit alone, with the slope a (1 - a). All"
        " weights of a row share their sum: raise one logit and the others fall, by -a_i a_j. Every da of the row"
        " counts in every dz.",
        (lambda da, a: da * a * (1 - a),),
    ),
    (
        "unweighted-sum",
        "What is taken off is the plain sum of da. It is the sum of da times a: each upstream counts as much as its"
        " weight.",
        (lambda da, a: a * (da - da.sum(axis=-1, keepdims=True)),),
    ),
    (
        "unweighted-mean",
        "What is taken off is the plain mean of da. It is the mean under the weights, the sum of da times a: they add"
        " up to 1 already.",
        (lambda da, a: a * (da - da.mean(axis=-1, keepdims=True)),),
    ),
    (
        "mean",
        "You took the mean of da times a over the row. The weights add up to 1 already, so the sum is a mean as it"
        " stands: take the sum.",
        (lambda da, a: a * (da - np.mean(da * a, axis=-1, keepdims=True)),),
    ),
    (
        "wrong-axis",
        "The sum of da times a runs along the wrong axis. A softmax is taken along the last axis, row by row, and rows"
        " know nothing of each other: sum along axis -1.",
        (_over(0),),
    ),
    (
        "fixed-axis",
        "With two axes this is right, and with three, axis 1 is no longer the last one. Say axis=-1, which is the last"
        " whatever there is before it.",
        (_over(1),),
    ),
    (
        "factor-on-one-part",
        "One of the two parts goes without the factor a. It belongs to both: dz_j = a_j (da_j - sum of da times a).",
        (
            lambda da, a: da - a * np.sum(da * a, axis=-1, keepdims=True),
            lambda da, a: a * da - np.sum(da * a, axis=-1, keepdims=True),
        ),
    ),
    (
        "own-weight-twice",
        "What a weight takes from itself counts twice: it is in a (1 - a), and in the sum over the whole row again. Use"
        " da a in place of da a (1 - a), or leave the weight itself out of the sum.",
        (lambda da, a: a * (1 - a) * da - a * np.sum(da * a, axis=-1, keepdims=True),),
    ),
    (
        "over-all",
        "The sum of da times a runs over the whole array. Each row has its own sum: along axis -1, with keepdims.",
        (lambda da, a: a * (da - np.sum(da * a)),),
    ),
    (
        "no-keepdims",
        "The sums are right, and they are taken off the wrong entries. Without keepdims the sums of the rows lie down"
        " and become one row, which is taken off along the columns: NumPy does so without a word where the axes are"
        " equally long.",
        (lambda da, a: a * (da - np.sum(da * a, axis=-1)),),
    ),
    (
        "plus",
        "The sum is added here. When a logit grows, the other weights of its row fall: take the sum off.",
        (lambda da, a: a * (da + np.sum(da * a, axis=-1, keepdims=True)),),
    ),
    (
        "own-part-only",
        "This is only what a logit does to the part of its own weight that is above the line: da a. The sum"
        " below the line grows with every logit as well, and takes off a_j times the sum of da times a.",
        (lambda da, a: da * a,),
    ),
    (
        "shared-part-only",
        "This is only what comes through the sum below the line. The logit stands above the line of its own weight too,"
        " which gives da a: dz_j = a_j (da_j - sum of da times a).",
        (lambda da, a: -a * np.sum(da * a, axis=-1, keepdims=True),),
    ),
    (
        "exchanged",
        "da and a have changed places: dz_j is a_j times how much better da_j is than the mean of da under the"
        " weights.",
        (lambda da, a: da * (a - np.sum(da * a, axis=-1, keepdims=True)),),
    ),
    (
        "log-softmax",
        "This is the backward of the logarithm of the softmax. Here the output is the softmax itself.",
        (lambda da, a: da - a * da.sum(axis=-1, keepdims=True),),
    ),
    (
        "softmax-twice",
        "The softmax was taken twice: a is the softmax already, and its slopes are written with a as it stands.",
        (lambda da, a: _softmax_rows_backward(da, softmax(a)),),
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


PROBLEMS = (
    Problem(
        id="softmax-rows-backward",
        title="The backward of a softmax over rows",
        points=3,
        hints=(
            "One row first. A logit z_j touches every weight of its row: its own with the slope a_j (1 - a_j), another"
            " one, a_m, with -a_m a_j.",
            "Sum the upstream times the slope over all weights of the row: dz_j = da_j a_j - a_j (sum over m of da_m"
            " a_m).",
            "All rows at once: a sum along the last axis, which keepdims=True leaves standing as a column.",
            "It is the line for dz in attend_backward of the lesson, before the scale, with axis=-1 for axis=1.",
        ),
        judge=judge_square_first(
            _softmax_rows_backward,
            _rows((5, 3), (7, 4, 6)),
            _rows((5, 5), (4, 4, 4)),
            SOFTMAX_MISTAKES,
            ("no-keepdims",),
        ),
        minutes=10,
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
)
