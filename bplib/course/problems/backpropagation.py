"""Lesson 06: the backward of a linear layer, of an activation, of softmax with its loss, and of two layers together."""

import numpy as np

from bplib.activations import sigmoid, softmax
from bplib.course.judging.judges import Problem, judge_function, judge_square_first, misconceptions

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
    (
        "order",
        "The three gradients are right, but in another order. Return dX, dW, db.",
        (
            lambda dY, X, W: (dY.T @ X, dY.sum(axis=0), dY @ W),
            lambda dY, X, W: (dY.T @ X, dY @ W, dY.sum(axis=0)),
        ),
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
    (
        "order",
        "Loss and gradient are right, but in the other order: return loss, dz.",
        (lambda z, y, s: _loss_and_grad(z, y, s)[::-1],),
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


def _two_layers(delta=lambda p, t: p - t, slope=lambda a, z: a * (1 - a), function=sigmoid):
    """A two-layer backward; each argument is one thing that a learner may get wrong."""

    def backward(X, y, W1, b1, W2, b2):
        Z1 = X @ W1 + b1
        A1 = function(Z1)
        p = softmax(A1 @ W2 + b2)
        dZ2 = delta(p, _onehot(p, y)) / len(y)
        dZ1 = dZ2 @ W2.T * slope(A1, Z1)
        return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0)}

    return backward


TWO_LAYER_MISTAKES = misconceptions(
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
