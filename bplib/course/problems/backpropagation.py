"""Lesson 06: the backward of a linear layer, of activations, of softmax with its loss, and of two layers together."""

from dataclasses import replace

import numpy as np

from bplib.activations import sigmoid, softmax
from bplib.course.judging.judges import Problem, judge_function, judge_square_first, misconceptions
from bplib.course.judging.reading import NOT_YET, call, fresh, plain, settling
from bplib.course.judging.turns import judge_value, turn

LESSON = "06_backpropagation"
TITLE = "Backpropagation"


# linear-backward: Y = X W^T + b, where W has a row for each output


def _linear_backward(dY, X, W):
    return dY @ W, dY.T @ X, dY.sum(axis=0)


def _layer(rng, n, n_in, n_out):
    return rng.normal(size=(n, n_out)), rng.normal(size=(n, n_in)), rng.normal(size=(n_out, n_in))


def _layers(rng):
    return [_layer(rng, *sizes) for sizes in ((5, 3, 4), (7, 2, 3), (6, 5, 2))]


def _square_layers(rng):
    return [_layer(rng, n, n, n) for n in (5, 6)]


def _with_products(products):
    """A wrong answer whose db is right; products(dY, X, W) are its dX and dW."""
    return lambda dY, X, W: (*products(dY, X, W), dY.sum(axis=0))


LINEAR_MISTAKES = misconceptions(
    (
        "lesson",
        "These are the products of the lesson, where Y = XW + b. Here the layer uses W turned, so both are to be"
        " derived anew: begin with y_ij = the sum of x_ic w_jc over c, and proofread by the shapes.",
        (_with_products(lambda dY, X, W: (dY @ W.T, X.T @ dY)),),
    ),
    (
        "transpose-w",
        "dX is made with W turned, as in the lesson. Here W has its outputs in front already, and NumPy accepts it"
        " turned only where it is square: (n, n_out) times (n_out, n_in).",
        (_with_products(lambda dY, X, W: (dY @ W.T, dY.T @ X)),),
    ),
    (
        "transpose-dy",
        "dX and db are right, and NumPy accepts the product for dW only where the batch is as long as the outputs. The"
        " batch is to stand in the middle and disappear: (n_out, n) times (n, n_in), so dY has to be turned.",
        (_with_products(lambda dY, X, W: (dY @ W, dY @ X)),),
    ),
    (
        "transpose-both",
        "Neither product is right yet. Write the shapes below them: dX is made of (n, n_out) and (n_out, n_in), dW of"
        " (n_out, n) and (n, n_in).",
        (_with_products(lambda dY, X, W: (dY @ W.T, dY @ X)),),
    ),
)


# tanh-backward


def _tanh_backward(da, a, z):
    return da * (1 - a * a)


def _activations(rng):
    cases = []
    for shape in ((5, 3), (7, 4), (6,)):
        z = 1.5 * rng.normal(size=shape)
        cases.append((rng.normal(size=shape), np.tanh(z), z))
    return cases


TANH_MISTAKES = misconceptions(
    (
        "slope-twice",
        "The tanh was taken twice: a is tanh(z) already, so the slope is 1 - a^2. Is your argument z or a?",
        (lambda da, a, z: da * (1 - np.tanh(a) ** 2),),
    ),
    (
        "slope-at-the-input",
        "You wrote the slope of tanh with its input z. It is written with the output: 1 - a^2.",
        (lambda da, a, z: da * (1 - z**2),),
    ),
    (
        "no-slope",
        "The upstream is multiplied by the input, and not by a slope. At z = 0 the slope of tanh is 1: it is 1 - a^2.",
        (lambda da, a, z: da * z,),
    ),
    (
        "sigmoid",
        "a (1 - a) is the slope of the sigmoid. At z = 0, where a = 0, the slope of tanh is 1: it is 1 - a^2.",
        (lambda da, a, z: da * a * (1 - a),),
    ),
    (
        "own-derivative",
        "tanh is not its own derivative, as exp is. At z = 0 it is 0, and its slope there is 1: 1 - a^2.",
        (lambda da, a, z: da * a,),
    ),
    (
        "no-square",
        "The slope of tanh is the same for a and for -a, and yours is not. The square is missing: 1 - a^2.",
        (lambda da, a, z: da * (1 - a),),
    ),
    (
        "plus",
        "Look at where tanh is flat. For a near 1 or -1 its slope is near 0, and yours is near 2: it is 1 - a^2, with a"
        " minus.",
        (lambda da, a, z: da * (1 + a**2),),
    ),
)


# relu-backward


def _relu_backward(dA, Z):
    return np.where(Z > 0, dA, 0.0)


def _kinked(rng):
    """Inputs of which some are exactly zero, with upstreams of both signs there and elsewhere."""
    cases = []
    for shape in ((5, 3), (7, 4)):
        dA, Z = rng.normal(size=shape), rng.normal(size=shape)
        Z[:3, 0], Z[:3, 1] = 0.0, (0.7, -0.7, 1.1)
        dA[:3, 0], dA[:3, 1] = (1.3, -0.8, 0.6), (-1.2, -0.9, 0.4)
        cases.append((dA, Z))
    return cases


RELU_MISTAKES = misconceptions(
    (
        "mask-of-the-upstream",
        "The mask is made of the upstream, so every negative dA is lost. Whether a gradient passes depends on what went"
        " forward: the mask is Z > 0, and behind it dA may have either sign.",
        (lambda dA, Z: dA * (dA > 0), lambda dA, Z: np.where(dA > 0, dA, dA * 0.0)),
    ),
    (
        "both-masks",
        "It is right where dA is positive, and negative gradients are lost. The forward pass alone decides what passes:"
        " the mask is Z > 0, and dA > 0 has no place in it.",
        (lambda dA, Z: dA * (dA > 0) * (Z > 0),),
    ),
    (
        "value-for-slope",
        "The upstream is multiplied by the output of the relu, not by its slope. Where Z is positive the slope is 1,"
        " whatever Z is: a mask of zeros and ones.",
        (lambda dA, Z: dA * np.maximum(Z, 0),),
    ),
    (
        "mask-alone",
        "These are the slopes alone, and the upstream is not in them. A backward multiplies what comes from behind by"
        " its slope: dA times the mask.",
        (lambda dA, Z: (Z > 0) + 0.0,),
    ),
    (
        "at-zero",
        "It is right except where Z is exactly 0. There the slope is to be 0: use Z > 0, and not Z >= 0.",
        (lambda dA, Z: dA * (Z >= 0),),
    ),
    (
        "half-at-zero",
        "It is right except where Z is exactly 0. There yours has the slope one half, between the two sides, and it is"
        " to be 0: the mask is Z > 0.",
        (lambda dA, Z: dA * np.heaviside(Z, 0.5), lambda dA, Z: dA * (np.sign(Z) + 1) / 2),
    ),
    (
        "picked-out",
        "Your dZ has lost its shape. dA[Z > 0] picks the entries out, into one long array; a product with the mask"
        " leaves each in its place: dA * (Z > 0).",
        (lambda dA, Z: dA[Z > 0],),
    ),
    (
        "upside-down",
        "The gradient passes where the relu was closed, and stops where it was open. It was open where Z > 0.",
        (lambda dA, Z: dA * (Z < 0), lambda dA, Z: dA * (Z <= 0)),
    ),
    (
        "sign",
        "Where Z is negative the upstream comes back with its sign changed. The relu is flat there, so nothing comes"
        " back: the slope is 0, and not -1.",
        (lambda dA, Z: dA * np.sign(Z), lambda dA, Z: np.where(Z > 0, dA, -dA)),
    ),
    (
        "smooth",
        "The slope changes gradually with Z, as that of a smooth function does. The relu has two straight pieces and a"
        " kink: its slope is 0 or 1, and nothing between.",
        (
            lambda dA, Z: dA * sigmoid(Z),
            lambda dA, Z: dA * (1 - np.tanh(Z) ** 2),
            lambda dA, Z: dA * sigmoid(Z) * (1 - sigmoid(Z)),
        ),
    ),
    (
        "leaky",
        "Where Z is negative a little of the upstream comes through, as from a leaky relu. This one is flat there, so"
        " its slope is 0.",
        tuple(lambda dA, Z, leak=leak: np.where(Z > 0, dA, leak * dA) for leak in (0.01, 0.1, 0.2)),
    ),
    (
        "no-mask",
        "The upstream comes back as it is, everywhere. Where Z is negative the relu is flat: there it is 0.",
        (lambda dA, Z: dA + 0.0,),
    ),
    (
        "forward",
        "This is the relu itself, the way forward. Asked for is dZ: the upstream dA, where Z > 0.",
        (lambda dA, Z: np.maximum(Z, 0),),
    ),
)


# softmax-vjp: P = softmax(Z / temperature), row by row


def _softmax_vjp(dP, P, temperature):
    return P * (dP - np.sum(dP * P, axis=1, keepdims=True)) / temperature


def _shares(*shapes):
    def cases(rng):
        found = []
        for k, shape in enumerate(shapes):
            found.append((rng.normal(size=shape), softmax(1.5 * rng.normal(size=shape)), (2.0, 0.5, 3.0)[k]))
        return found

    return cases


def _taken_off(mean):
    """A wrong answer that takes off something else than the mean under the probabilities, mean(dP, P)."""
    return lambda dP, P, temperature: P * (dP - mean(dP, P)) / temperature


VJP_MISTAKES = misconceptions(
    (
        "diagonal",
        "Each logit was given its own probability only, as if the matrix had nothing beside its diagonal P (1 - P). But"
        " raise one logit, and the other probabilities of the row fall: beside the diagonal stands -p_i p_j.",
        (lambda dP, P, temperature: dP * P * (1 - P) / temperature, lambda dP, P, temperature: dP * P * (1 - P)),
    ),
    (
        "no-temperature",
        "It would be right for a temperature of 1. The softmax saw Z divided by the temperature, and the chain rule has"
        " that factor too: divide by it.",
        (lambda dP, P, temperature: _softmax_vjp(dP, P, 1.0),),
    ),
    (
        "times-temperature",
        "The temperature is on the wrong side of the line. The softmax saw Z / temperature, whose slope is 1 over the"
        " temperature.",
        (lambda dP, P, temperature: _softmax_vjp(dP, P, 1 / temperature),),
    ),
    (
        "temperature-on-one-part",
        "The temperature divides one of the two parts only. It belongs to the row of upstreams times the whole matrix:"
        " P (dP - the sum of dP P), all of it over the temperature.",
        (
            lambda dP, P, temperature: P * (dP / temperature - np.sum(dP * P, axis=1, keepdims=True)),
            lambda dP, P, temperature: P * (dP - np.sum(dP * P, axis=1, keepdims=True) / temperature),
        ),
    ),
    (
        "plain-sum",
        "What you take off is the sum of the upstreams as they are. In it each counts by its probability: the sum of dP"
        " times P.",
        (_taken_off(lambda dP, P: dP.sum(axis=1, keepdims=True)),),
    ),
    (
        "plain-mean",
        "What you take off is a mean in which all classes count alike. They count by their probability, so it is the"
        " sum of dP times P.",
        (_taken_off(lambda dP, P: dP.mean(axis=1, keepdims=True)),),
    ),
    (
        "mean-of-products",
        "The products dP times P were averaged over the row. Probabilities add up to 1, so their plain sum is a mean"
        " already: take the sum.",
        (_taken_off(lambda dP, P: (dP * P).mean(axis=1, keepdims=True)),),
    ),
    (
        "columns",
        "The sum of dP times P runs down the columns. Each row is one example with its own softmax: sum over axis 1.",
        (_taken_off(lambda dP, P: (dP * P).sum(axis=0)),),
    ),
    (
        "whole-batch",
        "One sum of dP times P is taken over the whole batch. No example looks at another: each row has a sum of its"
        " own, over axis 1 with keepdims=True.",
        (_taken_off(lambda dP, P: (dP * P).sum()),),
    ),
    (
        "lies-down",
        "The sums are right, and they are taken off across the rows. A sum over axis 1 gives an array of shape (n,),"
        " which NumPy lays along the columns: keepdims=True keeps it upright.",
        (_taken_off(lambda dP, P: (dP * P).sum(axis=1)),),
    ),
    (
        "plus",
        "The sum is added where it is to be taken off. When a logit grows the rest of its row shrinks, and that comes"
        " with a minus: P (dP - the sum).",
        (_taken_off(lambda dP, P: -(dP * P).sum(axis=1, keepdims=True)),),
    ),
    (
        "first-part-only",
        "Only what a logit does to its own exponential is here. It also enlarges the sum of the row, by which all are"
        " divided: that takes off P times the sum of dP P.",
        (lambda dP, P, temperature: dP * P / temperature,),
    ),
    (
        "one-matrix",
        "The first row is right, and the others were given its matrix. Each row has probabilities of its own, and so a"
        " matrix of its own.",
        (lambda dP, P, temperature: _softmax_vjp(dP, P[:1], temperature),),
    ),
    (
        "second-part-only",
        "Only what a logit does to the sum of its row is here. It also enlarges its own exponential, which gives dP P:"
        " together P (dP - the sum of dP P).",
        (lambda dP, P, temperature: -P * np.sum(dP * P, axis=1, keepdims=True) / temperature,),
    ),
    (
        "factor-on-one-part",
        "The factor P stands before one of the two parts only. It belongs to both: P (dP - the sum of dP P).",
        (
            lambda dP, P, temperature: (dP - P * np.sum(dP * P, axis=1, keepdims=True)) / temperature,
            lambda dP, P, temperature: (dP * P - np.sum(dP * P, axis=1, keepdims=True)) / temperature,
        ),
    ),
    (
        "log-softmax",
        "This goes back through the logarithm of the softmax. There is no logarithm here: P (dP - the sum of dP P).",
        (lambda dP, P, temperature: (dP - P * dP.sum(axis=1, keepdims=True)) / temperature,),
    ),
    (
        "with-the-loss",
        "The upstream was taken for the truth, as in probabilities minus truth. That is softmax and cross-entropy"
        " together; here dP comes from a loss that is not known, and only the softmax is to be gone through.",
        (lambda dP, P, temperature: (P - dP) / temperature, lambda dP, P, temperature: P - dP),
    ),
    (
        "softmax-twice",
        "The softmax was taken of P once more. P is what the softmax gave, and its slopes are written with P itself.",
        (lambda dP, P, temperature: _softmax_vjp(dP, softmax(P), temperature),),
    ),
    (
        "exchanged",
        "dP and P have changed places. In front stands P, and what is taken off in the brackets is taken off dP.",
        (lambda dP, P, temperature: dP * (P - np.sum(dP * P, axis=1, keepdims=True)) / temperature,),
    ),
)


def _with_row_sums(judge):
    """The judge, which tells of a wrong answer that nothing else is known of whether its rows add up to zero."""

    def judge_rows(answer, rng):
        seed = int(rng.integers(2**32))
        verdict = judge(answer, seed=seed)
        if verdict.status != NOT_YET or verdict.misconception is not None:
            return verdict
        args = _shares((5, 3))(np.random.default_rng(seed))[0]
        dZ = plain(call(answer, fresh(args), ""), "It returns")
        if dZ.shape != args[0].shape or not np.abs(dZ.sum(axis=1)).max() > 1e-6 * np.abs(dZ).max():
            return verdict
        says = (
            "Raise all logits of a row alike, and its probabilities stay: each row of dZ adds up to zero. Yours do not."
        )
        return replace(verdict, message=f"{says} {verdict.message}", misconception="seen: row sums")

    return settling(judge_rows, judge.misconceptions)


# softmax-ce-grad: the weighted mean of the examples' losses, each with its weight in s


def _loss_and_grad(z, y, s):
    z = z - z.max(axis=1, keepdims=True)
    each = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]
    return np.sum(s * each) / s.sum(), s[:, None] * (softmax(z) - _onehot(z, y)) / s.sum() + 0.0  # no minus zero


def _onehot(z, y):
    return np.eye(z.shape[1])[y]


def _weights(rng, n):
    """Weights between 1/2 and 2, one of them zero: an example that does not count."""
    s = rng.uniform(0.5, 2.0, size=n)
    s[0] = 0.0
    return s


def _logits(rng):
    cases = [
        (rng.normal(size=(n, k)), rng.permutation(np.arange(n) % k), _weights(rng, n)) for n, k in ((5, 3), (7, 4))
    ]
    large, y = rng.normal(size=(6, 3)), rng.permutation(np.arange(6) % 3)
    large[1] += 1000.0
    large[2] -= 1000.0
    large[3, y[3]] -= 1000.0  # the truth itself has the probability zero, to a float
    return [*cases, (large, y, _weights(rng, 6))]


def _square_logits(rng):
    return [(rng.normal(size=(n, n)), rng.permutation(n), _weights(rng, n)) for n in (5, 6)]


def _with_grad(grad):
    """A wrong answer whose loss is right; grad(p, onehot, s, z) is its gradient, with s a column."""
    return lambda z, y, s: (_loss_and_grad(z, y, s)[0], grad(softmax(z), _onehot(z, y), s[:, None], z))


def _scaled(factor):
    """Both times a number, factor(z, s)."""
    return lambda z, y, s: tuple(factor(z, s) * part for part in _loss_and_grad(z, y, s))


def _naive(z, y, s):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    each = -np.log(p[np.arange(len(y)), y])
    return np.sum(s * each) / s.sum(), s[:, None] * (p - _onehot(z, y)) / s.sum()


def _log_with(small):
    """A wrong answer that keeps the logarithm finite by adding a small number to the probability."""

    def loss_and_grad(z, y, s):
        each = -np.log(softmax(z)[np.arange(len(y)), y] + small)
        return np.sum(s * each) / s.sum(), _loss_and_grad(z, y, s)[1]

    return loss_and_grad


def _with_maximum(z, y, s, times):
    """The loss, of whose rows the largest logit is taken off so often once too often."""
    return _loss_and_grad(z, y, s)[0] - times * np.sum(s * z.max(axis=1)) / s.sum()


def _whole_rows(z, y, s):
    dz = softmax(z)
    dz[y] -= 1
    return _loss_and_grad(z, y, s)[0], s[:, None] * dz / s.sum()


def _columns(z, y, s):
    dz = softmax(z)
    dz[:, y] -= 1
    return _loss_and_grad(z, y, s)[0], s[:, None] * dz / s.sum()


CE_MISTAKES = misconceptions(
    (
        "weighted-truth",
        "In dz the weight is on the truth alone. It belongs to the whole row, to the probabilities as well.",
        (_with_grad(lambda p, t, s, z: (p - s * t) / s.sum()),),
    ),
    (
        "weights-across",
        "In dz the weights lie across: s * (p - onehot) gives one to each class. Each row needs its own, so make a"
        " column of them: s[:, None].",
        (_with_grad(lambda p, t, s, z: s.T * (p - t) / s.sum()),),
    ),
    (
        "over-n",
        "You divided by n. A weighted mean is divided by the sum of the weights; else doubling all of them would double"
        " the loss.",
        (_scaled(lambda z, s: s.sum() / len(z)), _with_grad(lambda p, t, s, z: s * (p - t) / len(z))),
    ),
    (
        "factor-both",
        "Both are sums over the batch. A mean divides them: by n if all examples count the same, here by the sum of the"
        " weights.",
        (_scaled(lambda z, s: s.sum()),),
    ),
    (
        "factor-grad",
        "The loss is right, and dz is the gradient of a sum and not yet of a mean. The loss is divided by the sum of"
        " the weights, and so is its gradient.",
        (_with_grad(lambda p, t, s, z: s * (p - t)),),
    ),
    (
        "true-class-only",
        "Only the true class has a gradient here, as if softmax worked entry by entry. The other logits are in the sum"
        " of the exponentials too: their gradient is their probability, weighed as the row is.",
        (_with_grad(lambda p, t, s, z: s * (p - 1) * t / s.sum()),),
    ),
    (
        "z-for-p",
        "You subtracted from the logits. The gradient is made of the probabilities, softmax(z).",
        (_with_grad(lambda p, t, s, z: s * (z - t) / s.sum()),),
    ),
    (
        "softmax-backward-again",
        "The backward of softmax is applied once more. It is in the formula already: p - onehot is the gradient at the"
        " logits.",
        (_with_grad(lambda p, t, s, z: s * p * ((p - t) - np.sum((p - t) * p, axis=1, keepdims=True)) / s.sum()),),
    ),
    (
        "elementwise",
        "Softmax was taken for an activation that works entry by entry, with the slope p (1 - p). Every logit touches"
        " every probability of its row: the whole comes to p - onehot.",
        (_with_grad(lambda p, t, s, z: s * (p - t) * p * (1 - p) / s.sum()),),
    ),
    (
        "columns",
        "dz[:, y] takes the columns y of every row. Pair row i with its label: dz[np.arange(n), y] -= 1.",
        (_columns,),
    ),
    (
        "whole-rows",
        "Look at where the 1 is subtracted. dz[y] takes whole rows, those whose numbers stand in y. Pair row i with its"
        " label: dz[np.arange(n), y] -= 1.",
        (_whole_rows,),
    ),
    (
        "axis",
        "Softmax ran down the columns. Each row of z is one example, and its k probabilities add up to 1: use axis 1.",
        (_with_grad(lambda p, t, s, z: s * (softmax(z.T).T - t) / s.sum()),),
    ),
    (
        "overflow",
        "It is right for moderate logits, but exp(1000) is too large for a float, and exp(-1000) is 0. Subtract the"
        " largest logit of each row before anything else: neither loss nor gradient changes.",
        (_naive,),
    ),
    (
        "one-maximum",
        "The largest logit of the whole batch is subtracted, and a row far below it loses all its exponentials. Each"
        " row needs its own: z.max(axis=1, keepdims=True).",
        (lambda z, y, s: _naive(z - z.max(), y, s),),
    ),
    (
        "maximum-lost",
        "dz is right, and in the loss the largest logit was taken off in one of the two places. It leaves both, the"
        " sum and the true logit, or it is added again: log(sum of exp(z - m)) + m - z_true.",
        (
            lambda z, y, s: (_with_maximum(z, y, s, 1.0), _loss_and_grad(z, y, s)[1]),
            lambda z, y, s: (_with_maximum(z, y, s, -1.0), _loss_and_grad(z, y, s)[1]),
        ),
    ),
    (
        "log-of-zero",
        "Where the truth lies 1000 below the largest logit its probability is 0 as a float, and the logarithm of that"
        " is infinite. The loss there is about 1000: it is the logarithm of the sum, minus the true logit.",
        (lambda z, y, s: _naive(z - z.max(axis=1, keepdims=True), y, s),),
    ),
    (
        "log-of-nearly-zero",
        "A small number inside the logarithm makes the loss finite and wrong: where the truth lies 1000 below the"
        " largest logit the loss is about 1000. It is the logarithm of the sum, minus the true logit.",
        tuple(_log_with(small) for small in (1e-8, 1e-12, 1e-15)),
    ),
)


# two-layer-backward


def _network(rng):
    cases = []
    for n, d, h, k in ((5, 3, 4, 2), (7, 4, 5, 3), (6, 3, 3, 3)):
        shapes = (d, h), (h,), (h, k), (k,)
        y = rng.permutation(np.arange(n) % k)
        cases.append((rng.normal(size=(n, d)), y, *(rng.normal(size=shape) for shape in shapes)))
    return cases


def _two_layers(
    delta=lambda p, t: p - t,
    slope=lambda a, z: a * (1 - a),
    function=sigmoid,
    output=softmax,
    biases=(1, 1),
    over=len,
    onehot=_onehot,
):
    """A two-layer backward; each argument is one thing that a learner may get wrong."""

    def backward(X, y, W1, b1, W2, b2):
        Z1 = X @ W1 + biases[0] * b1
        A1 = function(Z1)
        p = output(A1 @ W2 + biases[1] * b2)
        dZ2 = delta(p, onehot(p, y)) / over(p)
        dZ1 = dZ2 @ W2.T * slope(A1, Z1)
        return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0)}

    return backward


def _all_columns(p, y):
    """What dZ2[:, y] -= 1 takes off: once for each class that is named, from every row."""
    return np.broadcast_to(np.isin(np.arange(p.shape[1]), y) + 0.0, p.shape)


def _with_the_error(name):
    """A backward that makes one gradient of the first layer of dA1, and the other of dZ1."""

    def backward(*args):
        return _two_layers()(*args) | {name: _two_layers(slope=lambda a, z: 1.0)(*args)[name]}

    return backward


TWO_LAYER_MISTAKES = misconceptions(
    (
        "columns",
        "All four are wrong, and one example alone would be right, so look at where the truth is taken off. dZ2[:, y]"
        " takes the columns y of every row. Pair row i with its label: dZ2[np.arange(n), y] -= 1.",
        (_two_layers(onehot=_all_columns),),
    ),
    (
        "no-biases",
        "Other biases would change nothing in any of the four, so compare your forward pass with the formulas. Z1 = X"
        " W1 + b1, and Z2 = A1 W2 + b2.",
        (_two_layers(biases=(0, 0)),),
    ),
    (
        "no-b1",
        "Another b1 would change nothing in any of the four, so compare your forward pass with the formulas. Z1 = X W1"
        " + b1.",
        (_two_layers(biases=(0, 1)),),
    ),
    (
        "no-b2",
        "Another b2 would change nothing in any of the four, so compare your forward pass with the formulas. Z2 = A1"
        " W2 + b2.",
        (_two_layers(biases=(1, 0)),),
    ),
    (
        "over-all-entries",
        "All four are too small by one factor, the number of classes, so look at what the loss is a mean over. It has"
        " one term for each example, so dZ2 is divided by n and not by n times k.",
        (_two_layers(over=np.size),),
    ),
    (
        "over-classes",
        "The division at the loss is by the number of classes, so look at what the loss is a mean over. It has one term"
        " for each example, so dZ2 is divided by n.",
        (_two_layers(over=lambda p: p.shape[1]),),
    ),
    (
        "sigmoid-at-the-output",
        "All four are wrong, from the output on, so look at what makes probabilities of the logits Z2. The sigmoid is"
        " the one between the layers; at the output it is softmax, row by row.",
        (_two_layers(output=sigmoid),),
    ),
    (
        "no-softmax",
        "The truth was taken off the logits themselves, so something is missing between Z2 and dZ2. P is softmax(Z2),"
        " and dZ2 is made of P.",
        (_two_layers(output=lambda z: z),),
    ),
    (
        "no-slope",
        "The second layer is right, and on the way to the first the error dA1 was passed on as it is. The slope of the"
        " sigmoid is missing: the delta is dZ1 = dA1 A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: 1.0),),
    ),
    (
        "slope-twice",
        "The sigmoid was taken twice in its slope: A1 is sigmoid(Z1) already, so the slope is A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: sigmoid(a) * (1 - sigmoid(a))),),
    ),
    (
        "slope-at-the-input",
        "You put Z1 into the slope of the sigmoid. It is written with the output: A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: z * (1 - z)),),
    ),
    (
        "slope-is-a",
        "One of the two factors of the slope of the sigmoid is missing: it is A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: a),),
    ),
    (
        "tanh",
        "1 - A1^2 is the slope of tanh. This network has a sigmoid, with the slope A1 (1 - A1).",
        (
            _two_layers(slope=lambda a, z: 1 - a * a),
            _two_layers(slope=lambda a, z: 1 - a * a, function=np.tanh),
        ),
    ),
    (
        "tanh-forward",
        "All four are wrong, so look at the way forward, at the bend between the layers. You took tanh, as in the"
        " lesson; here it is the sigmoid.",
        (_two_layers(function=np.tanh),),
    ),
    (
        "error-for-delta",
        "The second layer is right, and of the first one of the two is. What stands behind both is dZ1, behind the"
        " bend: dA1 still lacks the slope A1 (1 - A1).",
        (_with_the_error("dW1"), _with_the_error("db1")),
    ),
    (
        "softmax-backward-again",
        "You went through the softmax once more. Its backward is in P - Y already.",
        (_two_layers(delta=lambda p, t: p * ((p - t) - np.sum((p - t) * p, axis=1, keepdims=True))),),
    ),
    (
        "elementwise",
        "There is a slope p (1 - p) too many at the output. With softmax and cross-entropy it has canceled: P - Y is"
        " all.",
        (_two_layers(delta=lambda p, t: (p - t) * p * (1 - p)),),
    ),
    (
        "no-onehot",
        "In dZ2 the truth is missing. It is the probabilities, with 1 subtracted at the true class of each example,"
        " divided by n.",
        (_two_layers(delta=lambda p, t: p),),
    ),
)


# unbroadcast


def _unbroadcast(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, length in enumerate(shape) if length == 1), keepdims=True)


BROADCASTS = (
    ((5, 3), (3,)),
    ((5, 3), (5, 1)),
    ((7, 4), (1, 4)),
    ((5, 3, 4), (3, 1)),
    ((5, 3), ()),
    ((5, 3), (5, 3)),
    ((5, 3, 4), (5, 1, 1)),
    ((6, 4), (1, 1)),
)


def _gradients(rng):
    return [(rng.normal(size=full), shape) for full, shape in BROADCASTS]


def _stretched_only(g, shape):
    axes = [i for i, length in enumerate(shape) if length == 1]
    return g.sum(axis=tuple(i + g.ndim - len(shape) for i in axes), keepdims=True)


def _first_copy(g, shape):
    g = g[(0,) * (g.ndim - len(shape))]
    return g[tuple(slice(0, 1) if length == 1 else slice(None) for length in shape)]


UNBROADCAST_MISTAKES = misconceptions(
    (
        "leading-only",
        "The axes that were put in front are summed, those of length 1 that were stretched are not: sum over them too,"
        " with keepdims=True.",
        (lambda g, shape: g.sum(axis=tuple(range(g.ndim - len(shape)))),),
    ),
    (
        "stretched-only",
        "The stretched axes are summed, those that were put in front are not: g may have more axes than shape, and the"
        " first ones have to go.",
        (_stretched_only,),
    ),
    (
        "keepdims",
        "The axes of length 1 are lost. The gradient has the shape that was asked for: sum with keepdims=True over what"
        " was stretched.",
        (lambda g, shape: np.squeeze(_unbroadcast(g, shape)),),
    ),
    (
        "mean",
        "This is the mean of the copies. Each copy pulls at the same number, and pulls add up.",
        (lambda g, shape: _unbroadcast(g, shape) * np.prod(shape) / g.size,),
    ),
    (
        "first-copy",
        "Only the first copy was taken. All copies are the same number, so all their gradients count.",
        (_first_copy, np.resize),
    ),
    (
        "sum-of-all",
        "Everything was summed. Only the axes along which NumPy copied are summed; along the others each entry keeps"
        " its own gradient.",
        (lambda g, shape: np.full(shape, g.sum()),),
    ),
    (
        "batch-only",
        "Axis 0 is summed whatever the shape. Compare the two shapes from the right: only axes that are missing or have"
        " length 1 in shape are summed.",
        (lambda g, shape: g.sum(axis=0),),
    ),
)


PROBLEMS = (
    Problem(
        id="linear-backward",
        title="The backward of a linear layer",
        points=5,
        hints=(
            "Shapes first. Each gradient has the shape of its variable: what must be multiplied by what?",
            "On paper y_ij = the sum of x_ic w_jc over c, plus b_j. Which outputs does w_jc touch, and with which"
            " slope?",
            "dW needs the shape (n_out, n_in), and the batch must disappear. dX needs the shape (n, n_in), and the"
            " outputs must disappear; W has them in front already.",
            "The bias was copied into every row, so its gradient sums the rows of dY: dY.sum(axis=0).",
        ),
        judge=judge_square_first(
            _linear_backward,
            _layers,
            _square_layers,
            LINEAR_MISTAKES,
            ("lesson", "transpose-w", "transpose-dy", "transpose-both"),
            returns="dX dW db",
        ),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="tanh-backward",
        title="Repair the backward of an activation",
        points=3,
        hints=(
            "The numbers: which of the arguments is tanh(z)? And what does np.tanh of it give?",
            "The array: `da *= slope` writes into the array that the caller has passed in.",
            "The slope of tanh is 1 - tanh(z)^2, and tanh(z) is a. Return a new array.",
        ),
        judge=judge_function(
            _tanh_backward, _activations, TANH_MISTAKES, complete=lambda da, a, z: (da, np.tanh(z), z)
        ),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="relu-backward",
        title="The backward of a relu",
        points=2,
        hints=(
            "Draw max(0, z). Which slope does it have to the left of 0, and which to the right?",
            "The chain rule: the upstream times the slope, entry by entry. The slope depends on Z alone, and never on"
            " the sign of the upstream.",
            "Z > 0 is an array of True and False, and NumPy multiplies with it as with 1 and 0. `dA[Z <= 0] = 0` writes"
            " into an array of somebody else; dA * (Z > 0) makes a new one.",
        ),
        judge=judge_function(_relu_backward, _kinked, RELU_MISTAKES),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="softmax-vjp",
        title="A softmax, without its matrix",
        points=3,
        hints=(
            "One row first. The matrix of slopes of p_i by z_j, at a temperature of 1, has p_i (1 - p_i) on the"
            " diagonal and -p_i p_j beside it. Write dz_j as a sum over i.",
            "dz_j = dp_j p_j - p_j times the sum of dp_i p_i over all i. The sum is the same for every j of a row.",
            "So it is P times (dP - s), where s holds the sum of dP * P of each row: over axis 1 with keepdims=True.",
            "The softmax saw Z / temperature, so everything is divided by the temperature once more.",
        ),
        judge=_with_row_sums(
            judge_square_first(
                _softmax_vjp,
                _shares((5, 3), (7, 4), (6, 2)),
                _shares((5, 5), (4, 4)),
                VJP_MISTAKES,
                ("lies-down",),
                complete=lambda dP, P, temperature: (dP, P / P.sum(axis=1, keepdims=True), temperature),
            )
        ),
        minutes=15,
        difficulty=3,
    ),
    Problem(
        id="softmax-ce-grad",
        title="Softmax and cross-entropy in one",
        points=4,
        hints=(
            "For one example, loss and gradient are those of lesson 01, log-sum-exp and probabilities minus truth. Both"
            " are then weighed with s_i, and divided by the sum of all s.",
            "Begin with z = z - z.max(axis=1, keepdims=True), a new array. Then no exponential is larger than 1.",
            "With total, the sum of np.exp(z) in each row, the losses of the examples are np.log(total) -"
            " z[np.arange(n), y]: no logarithm of a probability is taken.",
            "The probabilities are np.exp(z) / total. Subtract 1 at [np.arange(n), y], and multiply row i by s_i over"
            " the sum of s: a column of weights, with [:, None].",
        ),
        judge=judge_square_first(
            _loss_and_grad, _logits, _square_logits, CE_MISTAKES, ("weights-across",), returns="loss dz"
        ),
        minutes=15,
        difficulty=3,
    ),
    Problem(
        id="two-layer-backward",
        title="A whole network, backward",
        points=5,
        hints=(
            "First the forward pass, line by line; you will need A1 and the probabilities again.",
            "Start at the loss: dZ2 is the probabilities, with 1 subtracted at the true classes, divided by n.",
            "The second layer has the input A1: dW2 = A1.T @ dZ2, db2 sums the rows of dZ2, dA1 = dZ2 @ W2.T.",
            "Through the sigmoid: dZ1 = dA1 * A1 * (1 - A1). Then the first layer, like the second, with the input X.",
        ),
        judge=judge_function(_two_layers(), _network, TWO_LAYER_MISTAKES),
        allowed=("activations.sigmoid", "activations.softmax"),
        minutes=20,
        difficulty=3,
    ),
    Problem(
        id="unbroadcast",
        title="What was copied is summed",
        points=2,
        hints=(
            "Compare the shapes from the right. Along which axes is g longer than the array was?",
            "First the axes in front: g has g.ndim - len(shape) of them too many. Sum over those.",
            "Then the axes where shape has a 1: sum over them with keepdims=True, so that the 1 stays.",
        ),
        judge=judge_function(_unbroadcast, _gradients, UNBROADCAST_MISTAKES),
        minutes=10,
        difficulty=2,
    ),
)


# The turns within the lesson


def _upstreams(rng):
    return [(rng.normal(size=(n, d)), rng.normal(size=(n, k))) for n, d, k in ((5, 3, 4), (7, 4, 2))]


PRODUCT_MISTAKES = misconceptions(
    (
        "turned",
        "Its shape is that of W turned: (n_out, n_in). The features of X have to come first.",
        (lambda X, dZ: dZ.T @ X,),
    ),
    (
        "averaged",
        "The shape is right, and it is divided by the number of examples once too often. dZ knows of the mean already.",
        (lambda X, dZ: X.T @ dZ / len(X),),
    ),
)

TURNS = (
    turn(
        "turn-recall-logits",
        "Lesson 01: the gradient at the logits",
        judge_value(
            (0.2, -0.5, 0.3),
            "Probabilities minus truth: the true logit is to rise, at the cost of the others, and the three add up to"
            " zero.",
            {
                (0.0, -2.0, 0.0): "This is the gradient at the probabilities, where only the true one counts. At the"
                " logits softmax has been gone through as well, and the two make probabilities minus truth.",
                (0.0, -0.5, 0.0): "Only the true class is there. The other logits are in the sum below the line of"
                " softmax too, and each has its own probability as gradient.",
                (-0.2, 0.5, -0.3): "All three signs are turned. A larger true logit makes the loss smaller, so its"
                " gradient is negative.",
                (0.2, 0.5, 0.3): "These are the probabilities. The truth, one at the true class, is still to be taken"
                " off.",
            },
        ),
        "Lesson 01 ended in three words: probabilities minus truth. The truth is 1 at one class and 0 at the others.",
    ),
    turn(
        "turn-recall-two-paths",
        "Lesson 03: two paths",
        judge_value(
            -7,
            "Along each path slopes are multiplied, 3 times -4 and 5 times 1, and the two paths add up.",
            {
                -60: "All four were multiplied, as along one path. These are two paths.",
                17: "A sign was lost. One of the two paths makes the loss smaller.",
                7: "The size is right. One path brings 3 times -4, the other 5 times 1.",
                -3.5: "This is their mean. Both paths count in full.",
                -12: "This is the first of the two paths. Both count.",
                5: "This is the second of the two paths. Both count.",
                1: "This is what arrives, added up. Each is first multiplied by the slope of its place, 3 or 1.",
                4: "These are the slopes of the two places. Each is multiplied by what comes back to it.",
                -2: "The slope of a place that adds 2 is 1: multiply by it, and add no 2.",
            },
        ),
        "Along a path slopes are multiplied. What happens where two paths meet?",
    ),
    turn(
        "turn-product",
        "Made from X and dZ",
        judge_function(lambda X, dZ: X.T @ dZ, _upstreams, PRODUCT_MISTAKES),
        "W has the shape (n_in, n_out). Which of the two has n_in, which has n_out, and what must be in the middle?",
    ),
    turn(
        "turn-blame",
        "The blame of a hidden neuron",
        judge_value(
            -1.4,
            "Neuron 1 feeds the logits through -1 and 0.75, so its blame is 0.8 times -1 plus -0.8 times 0.75.",
            {
                -0.2: "This is a column of W2 where a row is needed. Which two weights lead out of neuron 1? They stand"
                " in row 1 of W2.",
                -0.64: "This is the gradient of a weight, an output times an upstream. The blame goes through the"
                " weights: 0.8 and -0.8, times row 1 of W2.",
                -0.48: "This is the gradient of a weight, an output times an upstream. The blame goes through the"
                " weights: 0.8 and -0.8, times row 1 of W2.",
                0.2: "A sign was lost on the way. The two terms are 0.8 times -1 and -0.8 times 0.75.",
                0.4: "This is the blame of neuron 0, whose weights stand in row 0 of W2. We count from 0.",
                1.4: "The size is right, and the sign is not. The two terms are 0.8 times -1 and -0.8 times 0.75.",
                -0.5: "You are one step ahead: this is dZ1, with the slope in it. Asked for is dA1.",
                -0.504: "You are one step ahead: this is dZ1, with the slope in it. Asked for is dA1.",
            },
        ),
        "Two arrows lead out of neuron 1, with the weights of row 1 of W2. Along each comes an upstream, times its"
        " weight.",
    ),
    turn(
        "turn-direction",
        "Up or down",
        judge_value(
            "up",
            "Its gradient is 2 times -0.504, about -1: a larger weight would make the loss smaller, so it goes up.",
            {
                "down": "A step goes against the gradient. Which sign has 2 times -0.504?",
                "not at all": "A weight stays where its gradient is 0. Its gradient is x_1 times dz_1: 2 times -0.504.",
            },
            also=("increases", "upward", "goes up", "it goes up"),
        ),
        "Its gradient is its feature times the upstream at its neuron. Then remember which way a step goes.",
    ),
    turn(
        "turn-pull",
        "One weight by hand",
        judge_value(
            1,
            "Feature 1 is 0, 1, 1, 2 and the upstream of neuron 1 is 0, 2, 1, -1: the products 0, 2, 1 and -2 add up to"
            " 1.",
            {
                5: "A sign was lost: in the last example feature 1 is 2 and the upstream is -1.",
                0.25: "This is their mean. The four are added; if the loss is a mean, dZ knows it already.",
                -2: "This is that of w_00, from above. For w_11 take the middle column of X and the last of dZ.",
                -1: "This belongs to feature 1 and neuron 0. Take column 1 of dZ, where we count from 0.",
                2: "This belongs to another weight. We count from 0, so it is the middle column of X and the last of"
                " dZ.",
            },
        ),
        "Write column 1 of X beside column 1 of dZ, both counted from 0. Multiply row by row, and add.",
    ),
    turn(
        "turn-copied",
        "The axis of a sum",
        judge_value(
            1,
            "Each of the five numbers was copied along its row, so the row is summed, and the axis stays, with length"
            " 1.",
            {
                0: "A sum over axis 0 leaves one number for each neuron. There is one for each example: along which"
                " axis was it copied?",
                2: "(5, 4) has two axes, and their numbers are 0 and 1.",
                4: "This is the length of an axis. Which number has that axis, 0 or 1?",
                5: "This is the length of an axis. Which number has that axis, 0 or 1?",
            },
            also=(-1,),
        ),
        "Along which axis of (5, 4) did NumPy repeat the numbers of (5, 1)?",
    ),
    turn(
        "turn-where",
        "Where the mistake must be",
        judge_value(
            frozenset({"dA1", "dZ1"}),
            "dZ2 is right, for dW2 and db2 are made of it. dW1 and db1 are both made of dZ1, and dZ1 of dA1.",
            {
                frozenset({"dZ2"}): "dW2 and db2 are made of dZ2, and they are right. What comes after it, on the way"
                " back?",
                frozenset(
                    {"dZ1"}
                ): "dZ1 is one of two. A mistake before it, on the way from dZ2, would show in the same way.",
                frozenset(
                    {"dA1"}
                ): "dA1 is one of two. A mistake after it, and before dW1, would show in the same way.",
                frozenset({"dW1", "db1"}): "These are wrong, and they are two products made of one array. That both of"
                " them went wrong by themselves would be a coincidence.",
            },
        ),
        "The backward makes dZ2, dA1 and dZ1, in this order. Which of them are made before dW2, and which after?",
    ),
)
