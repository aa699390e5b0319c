"""Lesson 06: the backward of a linear layer, of an activation, of softmax with its loss, and of two layers together."""

import numpy as np

from bplib.activations import sigmoid, softmax
from bplib.course.judging import Problem, judge_function, misconceptions
from bplib.course.reading import settling

LESSON = "06_backpropagation"
TITLE = "Backpropagation"


# linear-backward


def _linear_backward(dY, X, W):
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)


def _layer(rng, n, n_in, n_out):
    return rng.normal(size=(n, n_out)), rng.normal(size=(n, n_in)), rng.normal(size=(n_in, n_out))


def _layers(rng):
    return [_layer(rng, *sizes) for sizes in ((5, 3, 4), (7, 2, 3), (6, 5, 2))]


def _square_layers(rng):
    return [_layer(rng, n, n, n) for n in (5, 6)]


LINEAR_MISTAKES = misconceptions(
    (
        "bias-mean",
        "db is n times too small: all examples pull at one bias, and their pulls add up. A 1/n, if the loss has one, is"
        " in dY already.",
        (lambda dY, X, W: (dY @ W.T, X.T @ dY, dY.mean(axis=0)),),
    ),
    (
        "bias-sum-shape",
        "db has a row for each example. There is one bias for the whole batch, of shape (n_out,): sum over axis 0.",
        (lambda dY, X, W: (dY @ W.T, X.T @ dY, dY),),
    ),
    (
        "bias-sum-all",
        "db was summed over the neurons too. Each neuron has a bias of its own: sum over axis 0 alone, the batch.",
        (
            lambda dY, X, W: (dY @ W.T, X.T @ dY, dY.sum()),
            lambda dY, X, W: (dY @ W.T, X.T @ dY, np.full(W.shape[1], dY.sum())),
        ),
    ),
    (
        "bias-sum-axis",
        "db was summed over axis 1, the neurons. What all examples share is summed over the batch, axis 0.",
        (lambda dY, X, W: (dY @ W.T, X.T @ dY, dY.sum(axis=1)),),
    ),
    (
        "bias-keeps-axis",
        "db has kept the axis of the batch: its shape is (1, n_out), and that of the bias is (n_out,). Sum without"
        " keepdims.",
        (lambda dY, X, W: (dY @ W.T, X.T @ dY, dY.sum(axis=0, keepdims=True)),),
    ),
    (
        "bias-ones",
        "db does not look at dY. The slope of the output with respect to its bias is 1, and that is still to be"
        " multiplied by the upstream and summed over the batch.",
        (
            lambda dY, X, W: (dY @ W.T, X.T @ dY, np.ones(W.shape[1])),
            lambda dY, X, W: (dY @ W.T, X.T @ dY, np.full(W.shape[1], float(len(dY)))),
        ),
    ),
    (
        "factor-all",
        "dW and db are divided by n once too often: a mean, if the loss is one, is in dY already.",
        (lambda dY, X, W: (dY @ W.T, X.T @ dY / len(X), dY.mean(axis=0)),),
    ),
    (
        "factor-dw",
        "dW is n times too small: the examples add up, and a mean, if the loss is one, is in dY already.",
        (lambda dY, X, W: (dY @ W.T, X.T @ dY / len(X), dY.sum(axis=0)),),
    ),
    (
        "transpose-w",
        "dX is made with W where it needs W turned: dY W^T. Where W is square both fit; else NumPy refuses, and the"
        " shapes tell: (n, n_out) times (n_out, n_in).",
        (lambda dY, X, W: (dY @ W, X.T @ dY, dY.sum(axis=0)),),
    ),
    (
        "transpose-x",
        "dW is made with X where it needs X turned: X^T dY. Where the batch is as long as the features both fit; else"
        " NumPy refuses, and the shapes tell: (n_in, n) times (n, n_out).",
        (lambda dY, X, W: (dY @ W.T, X @ dY, dY.sum(axis=0)),),
    ),
    (
        "transpose-both",
        "Neither X nor W is turned. Each gradient has the shape of its variable: dX = dY W^T and dW = X^T dY.",
        (lambda dY, X, W: (dY @ W, X @ dY, dY.sum(axis=0)),),
    ),
    (
        "transposed-dw",
        "dW lies on its side: it needs the shape of W, (n_in, n_out), and so X^T dY in place of dY^T X.",
        (lambda dY, X, W: (dY @ W.T, dY.T @ X, dY.sum(axis=0)),),
    ),
    (
        "transposed-dx",
        "dX lies on its side: it needs the shape of X, (n, n_in), and so dY W^T in place of W dY^T.",
        (lambda dY, X, W: (W @ dY.T, X.T @ dY, dY.sum(axis=0)),),
    ),
    (
        "slope-only",
        "dX is W for every example, and has forgotten the upstream: multiply by dY, as dY W^T.",
        (lambda dY, X, W: (np.tile(W.sum(axis=1), (len(X), 1)), X.T @ dY, dY.sum(axis=0)),),
    ),
    (
        "order",
        "The three gradients are right, but in another order. Return dX, dW, db.",
        (
            lambda dY, X, W: (X.T @ dY, dY.sum(axis=0), dY @ W.T),
            lambda dY, X, W: (X.T @ dY, dY @ W.T, dY.sum(axis=0)),
            lambda dY, X, W: (dY @ W.T, dY.sum(axis=0), X.T @ dY),
        ),
    ),
    (
        "sign",
        "All three have the wrong sign. A gradient points to where the loss grows; the minus belongs to the update.",
        (lambda dY, X, W: (-dY @ W.T, -X.T @ dY, -dY.sum(axis=0)),),
    ),
)


def judge_layer(reference, cases, square_cases, misconceptions):
    """A judge of functions of matrices that first looks at square ones, where a forgotten transpose fits.

    There it is recognized; with other shapes NumPy raises, and a learner would hear of shapes only.
    """
    anywhere = judge_function(reference, cases, misconceptions)
    square = judge_function(reference, square_cases, misconceptions)

    def judge(answer, rng):
        seed = int(rng.integers(2**32))
        verdict = square(answer, seed=seed)
        turned = verdict.misconception in ("transpose-w", "transpose-x", "transpose-both")
        return verdict if turned else anywhere(answer, seed=seed)

    return settling(judge, misconceptions)


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
        "You put z into 1 - a^2. The slope of tanh is written with its output a.",
        (lambda da, a, z: da * (1 - z**2),),
    ),
    (
        "sigmoid",
        "a (1 - a) is the slope of the sigmoid. At z = 0, where a = 0, the slope of tanh is 1: it is 1 - a^2.",
        (lambda da, a, z: da * a * (1 - a), lambda da, a, z: da * z * (1 - z)),
    ),
    (
        "own-derivative",
        "tanh is not its own derivative, as exp is. At z = 0 it is 0, and its slope there is 1: 1 - a^2.",
        (lambda da, a, z: da * a,),
    ),
    (
        "no-square",
        "The square is missing: the slope is 1 - a^2, which is the same for a and for -a.",
        (lambda da, a, z: da * (1 - a), lambda da, a, z: da * (1 - np.abs(a))),
    ),
    (
        "no-upstream",
        "This is the slope alone. The chain rule multiplies it by the upstream da.",
        (lambda da, a, z: 1 - a * a, lambda da, a, z: 1 - np.tanh(a) ** 2),
    ),
    (
        "no-slope",
        "The upstream comes out as it went in. Each entry is to be multiplied by the slope of tanh there, 1 - a^2.",
        (lambda da, a, z: da.copy(),),
    ),
    (
        "square-of-all",
        "You squared the product: the upstream counts once, and only a is squared.",
        (lambda da, a, z: da - (da * a) ** 2, lambda da, a, z: da**2 * (1 - a * a)),
    ),
    (
        "sign",
        "The sign is turned around: tanh grows everywhere, so its slope 1 - a^2 is never negative.",
        (lambda da, a, z: da * (a * a - 1),),
    ),
)


# softmax-ce-grad


def _loss_and_grad(z, y):
    z = z - z.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])
    return loss, (softmax(z) - _onehot(z, y)) / len(y)


def _onehot(z, y):
    return np.eye(z.shape[1])[y]


def _logits(rng):
    cases = [(rng.normal(size=(n, k)), rng.permutation(np.arange(n) % k)) for n, k in ((5, 3), (7, 4), (5, 5))]
    large = rng.normal(size=(6, 3))
    large[0] += 1000.0
    large[1] -= 1000.0
    return [*cases, (large, rng.permutation(np.arange(6) % 3))]


def _with_grad(grad):
    """A wrong answer whose loss is right; grad(p, onehot, z) is its gradient."""
    return lambda z, y: (_loss_and_grad(z, y)[0], grad(softmax(z), _onehot(z, y), z))


def _with_loss(loss):
    """A wrong answer whose gradient is right; loss(right loss, z, y) is its loss."""
    return lambda z, y: (loss(_loss_and_grad(z, y)[0], z, y), _loss_and_grad(z, y)[1])


def _naive(z, y):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y])), (p - _onehot(z, y)) / len(y)


def _naive_loss_alone(z, y):
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]), _loss_and_grad(z, y)[1]


def _naive_grad_alone(z, y):
    return _loss_and_grad(z, y)[0], _naive(z, y)[1]


def _one_maximum(z, y):
    return _naive(z - z.max(), y)


def _columns(z, y):
    dz = softmax(z)
    dz[:, y] -= 1
    return _loss_and_grad(z, y)[0], dz / len(y)


CE_MISTAKES = misconceptions(
    (
        "factor-both",
        "Both are sums over the batch. The loss is the mean of the examples, and so its gradient has the factor 1/n.",
        (lambda z, y: tuple(len(y) * part for part in _loss_and_grad(z, y)),),
    ),
    (
        "factor-grad",
        "The loss is right and dz is n times too large: the mean divides by n, and its gradient does too.",
        (_with_grad(lambda p, t, z: p - t),),
    ),
    (
        "factor-loss",
        "dz is right and the loss is n times too large: take the mean of the examples, as the gradient does.",
        (_with_loss(lambda loss, z, y: loss * len(y)),),
    ),
    (
        "factor-n-k",
        "You divided by n times k. The mean is over the n examples; each has one loss, however many classes.",
        (
            _with_grad(lambda p, t, z: (p - t) / z.size),
            lambda z, y: tuple(part / z.shape[1] for part in _loss_and_grad(z, y)),
            _with_loss(lambda loss, z, y: loss / z.shape[1]),
        ),
    ),
    (
        "no-onehot",
        "dz holds the probabilities alone. At the true class of each example, 1 is still to be subtracted.",
        (_with_grad(lambda p, t, z: p / len(z)), _with_grad(lambda p, t, z: p)),
    ),
    (
        "true-class-only",
        "Only the true class has a gradient here, as if softmax worked entry by entry. The other logits are in the sum"
        " of the exponentials too: their gradient is their probability, over n.",
        (_with_grad(lambda p, t, z: (p - 1) * t / len(z)), _with_grad(lambda p, t, z: -t / len(z))),
    ),
    (
        "sign",
        "The sign of dz is turned around. Raising the logit of the truth lowers the loss, so its gradient is negative:"
        " p - 1.",
        (_with_grad(lambda p, t, z: (t - p) / len(z)),),
    ),
    (
        "z-for-p",
        "You subtracted from the logits. The gradient is made of the probabilities, softmax(z).",
        (_with_grad(lambda p, t, z: (z - t) / len(z)),),
    ),
    (
        "softmax-backward-again",
        "The backward of softmax is applied twice: (p - onehot) / n is the gradient at the logits already.",
        (_with_grad(lambda p, t, z: p * ((p - t) - np.sum((p - t) * p, axis=1, keepdims=True)) / len(z)),),
    ),
    (
        "elementwise",
        "Softmax was taken for an activation that works entry by entry, with the slope p (1 - p). Every logit touches"
        " every probability of its row: the whole comes to p - onehot.",
        (_with_grad(lambda p, t, z: (p - t) * p * (1 - p) / len(z)), _with_grad(lambda p, t, z: (p - t) * p / len(z))),
    ),
    (
        "columns",
        "dz[:, y] takes the columns y of every row. Pair row i with its label: dz[np.arange(n), y] -= 1.",
        (_columns,),
    ),
    (
        "overflow",
        "Right for moderate logits. But exp(1000) is too large for a float, and exp(-1000) is 0. Subtract the largest"
        " logit of each row before anything else: neither loss nor gradient changes.",
        (_naive, _naive_loss_alone, _naive_grad_alone),
    ),
    (
        "one-maximum",
        "Nearly: the largest logit of the whole batch is subtracted. A row far below it loses all its exponentials, so"
        " each row needs its own: z.max(axis=1, keepdims=True).",
        (_one_maximum,),
    ),
    (
        "axis",
        "Softmax ran down the columns. Each row of z is one example, and its k probabilities add up to 1: use axis 1.",
        (_with_grad(lambda p, t, z: (softmax(z.T).T - t) / len(z)),),
    ),
    (
        "order",
        "Loss and gradient are right, but in the other order: return loss, dz.",
        (lambda z, y: _loss_and_grad(z, y)[::-1],),
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
    n=len,
    delta=lambda p, t: p - t,
    back=lambda dZ2, W2: dZ2 @ W2.T,
    slope=lambda a, z: a * (1 - a),
    first=lambda dZ1, dA1: dZ1,
    first_bias=None,
    hidden=lambda a, z: a,
    bias=lambda dZ: dZ.sum(axis=0),
    function=sigmoid,
):
    """A two-layer backward; each argument is one thing that a learner may get wrong."""

    def backward(X, y, W1, b1, W2, b2):
        Z1 = X @ W1 + b1
        A1 = function(Z1)
        p = softmax(A1 @ W2 + b2)
        dZ2 = delta(p, _onehot(p, y)) / n(y)
        dA1 = back(dZ2, W2)
        dZ1 = dA1 * slope(A1, Z1)
        db1 = first_bias(dA1) if first_bias else bias(dZ1)
        return {"dW1": X.T @ first(dZ1, dA1), "db1": db1, "dW2": hidden(A1, Z1).T @ dZ2, "db2": bias(dZ2)}

    return backward


_two_layer_backward = _two_layers()


def _updated_too_early(lr):
    """The weights of the second layer are updated before the error is passed back through them."""

    def backward(X, y, W1, b1, W2, b2):
        grads = _two_layer_backward(X, y, W1, b1, W2, b2)
        A1 = sigmoid(X @ W1 + b1)
        p = softmax(A1 @ W2 + b2)
        dZ1 = (p - _onehot(p, y)) / len(y) @ (W2 - lr * grads["dW2"]).T * A1 * (1 - A1)
        return grads | {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0)}

    return backward


TWO_LAYER_MISTAKES = misconceptions(
    (
        "factor-sum",
        "All four are n times too large: the loss is the mean over the batch, so dZ2 = (P - Y) / n.",
        (_two_layers(n=lambda y: 1),),
    ),
    (
        "factor-biases",
        "The weights are right and both biases are n times too small: the 1/n is in dZ2 already, so sum its rows.",
        (_two_layers(bias=lambda dZ: dZ.mean(axis=0)),),
    ),
    (
        "factor-weights",
        "The biases are right and both weights are n times too small: the 1/n is in dZ2 already.",
        (
            lambda *args: {
                name: g / len(args[1]) if name in ("dW1", "dW2") else g
                for name, g in _two_layer_backward(*args).items()
            },
        ),
    ),
    (
        "bias-sum-shape",
        "The biases have a row for each example. One bias serves the whole batch: sum over axis 0.",
        (_two_layers(bias=lambda dZ: dZ),),
    ),
    (
        "bias-sum-all",
        "The gradient of a bias was summed over the neurons too; each neuron has a bias of its own. Sum over axis 0"
        " alone.",
        (_two_layers(bias=lambda dZ: dZ.sum()), _two_layers(bias=lambda dZ: np.full(dZ.shape[1], dZ.sum()))),
    ),
    (
        "sign",
        "All signs are turned around: dZ2 is probabilities minus truth. The minus of a descent belongs to the update.",
        (_two_layers(delta=lambda p, t: t - p),),
    ),
    (
        "no-slope",
        "The second layer is right. On the way to the first the slope of the sigmoid is missing: the error dA1 was"
        " passed on in place of the delta dZ1 = dA1 A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: 1.0),),
    ),
    (
        "no-slope-dw1",
        "Only dW1 is wrong: it is made from dA1. What stands behind XW1 + b1 is Z1, so it takes dZ1.",
        (_two_layers(first=lambda dZ1, dA1: dA1),),
    ),
    (
        "no-slope-db1",
        "Only db1 is wrong: it sums dA1. The bias is added before the sigmoid, so it takes dZ1.",
        (_two_layers(first_bias=lambda dA1: dA1.sum(axis=0)),),
    ),
    (
        "slope-twice",
        "The sigmoid was taken twice in its slope: A1 is sigmoid(Z1) already, so the slope is A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: sigmoid(a) * (1 - sigmoid(a))),),
    ),
    (
        "slope-at-the-input",
        "You put Z1 into the slope of the sigmoid, which is written with its output: A1 (1 - A1).",
        (_two_layers(slope=lambda a, z: z * (1 - z)),),
    ),
    (
        "slope-is-a",
        "The slope of the sigmoid is A1 (1 - A1); one of its two factors is missing.",
        (_two_layers(slope=lambda a, z: a), _two_layers(slope=lambda a, z: 1 - a)),
    ),
    (
        "tanh",
        "1 - A1^2 is the slope of tanh. This network has a sigmoid, with the slope A1 (1 - A1).",
        (
            _two_layers(slope=lambda a, z: 1 - a * a),
            _two_layers(function=np.tanh, slope=lambda a, z: 1 - a * a),
        ),
    ),
    (
        "z-for-a",
        "dW2 is made from Z1. The input of the second layer is what came out of the sigmoid, A1.",
        (_two_layers(hidden=lambda a, z: z),),
    ),
    (
        "softmax-backward-again",
        "The backward of softmax is in P - Y already; you went through it once more.",
        (_two_layers(delta=lambda p, t: p * ((p - t) - np.sum((p - t) * p, axis=1, keepdims=True))),),
    ),
    (
        "elementwise",
        "There is a slope p (1 - p) too many at the output. With softmax and cross-entropy it has canceled: P - Y is"
        " all.",
        (_two_layers(delta=lambda p, t: (p - t) * p * (1 - p)),),
    ),
    (
        "squared-error",
        "This is the factor 2 of the squared error. The cross-entropy has the delta (P - Y) / n.",
        (_two_layers(delta=lambda p, t: 2 * (p - t)),),
    ),
    (
        "no-onehot",
        "The truth is missing: dZ2 is the probabilities with 1 subtracted at the true class of each example.",
        (_two_layers(delta=lambda p, t: p),),
    ),
    (
        "update-order",
        "The second layer was updated before the error went back through it. Compute all gradients with the weights of"
        " the forward pass.",
        (_updated_too_early(0.1), _updated_too_early(1.0), _updated_too_early(0.01), _updated_too_early(0.5)),
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


def _leading_only(g, shape):
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


def _stretched_only(g, shape):
    axes = [i for i, length in enumerate(shape) if length == 1]
    return g.sum(axis=tuple(i + g.ndim - len(shape) for i in axes), keepdims=True)


def _axes_lost(g, shape):
    return np.squeeze(_unbroadcast(g, shape))


def _as_mean(g, shape):
    return _unbroadcast(g, shape) * (np.prod(shape) / g.size)


def _first_copy(g, shape):
    g = g[(0,) * (g.ndim - len(shape))]
    return g[tuple(slice(0, 1) if length == 1 else slice(None) for length in shape)]


def _everything(g, shape):
    return np.full(shape, g.sum())


def _reshaped(g, shape):
    return np.resize(g, shape)


def _batch_only(g, shape):
    return g.sum(axis=0)


def _from_the_left(g, shape):
    """Shapes aligned from the left: the axes that are too many are taken from the end."""
    g = g.sum(axis=tuple(range(len(shape), g.ndim)))
    axes = tuple(i for i, length in enumerate(shape) if length == 1)
    return g.sum(axis=axes, keepdims=True)


UNBROADCAST_MISTAKES = misconceptions(
    (
        "leading-only",
        "The axes that were put in front are summed, those of length 1 that were stretched are not: sum over them too,"
        " with keepdims=True.",
        (_leading_only,),
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
        (_axes_lost,),
    ),
    ("mean", "This is the mean of the copies. Each copy pulls at the same number, and pulls add up.", (_as_mean,)),
    (
        "first-copy",
        "Only the first copy was taken. All copies are the same number, so all their gradients count.",
        (_first_copy, _reshaped),
    ),
    (
        "sum-of-all",
        "Everything was summed. Only the axes along which NumPy copied are summed; along the others each entry keeps"
        " its own gradient.",
        (_everything,),
    ),
    (
        "batch-only",
        "Axis 0 is summed whatever the shape. Compare the two shapes from the right: only axes that are missing or have"
        " length 1 in shape are summed.",
        (_batch_only,),
    ),
    (
        "from-the-left",
        "The shapes were aligned from the left. NumPy aligns them from the right, so new axes stand in front.",
        (_from_the_left,),
    ),
)


PROBLEMS = (
    Problem(
        id="linear-backward",
        title="The backward of a linear layer",
        points=5,
        hints=(
            "Shapes first. Each gradient has the shape of its variable: what must be multiplied by what?",
            "For one weight: each example says its input times its upstream, and all examples add up. Which axis is"
            " that?",
            "dW is a product of X.T, (n_in, n), and dY, (n, n_out). dX is a product of dY and W, one of them turned.",
            "The bias was copied into every row, so its gradient sums the rows of dY: dY.sum(axis=0).",
        ),
        judge=judge_layer(_linear_backward, _layers, _square_layers, LINEAR_MISTAKES),
        withdrawn=("layers.linear_backward",),
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
        judge=judge_function(_tanh_backward, _activations, TANH_MISTAKES),
        withdrawn=("activations.tanh_backward",),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="softmax-ce-grad",
        title="Softmax and cross-entropy in one",
        points=4,
        hints=(
            "Lesson 01 has both: the loss by log-sum-exp, and probabilities minus truth for the gradient.",
            "Begin with z = z - z.max(axis=1, keepdims=True), a new array. Then no exponential is larger than 1.",
            "With total, the sum of np.exp(z) in each row, the loss is the mean of np.log(total) - z[np.arange(n), y].",
            "The probabilities are np.exp(z) / total. Subtract 1 at [np.arange(n), y], and divide all of it by n.",
        ),
        judge=judge_function(_loss_and_grad, _logits, CE_MISTAKES),
        withdrawn=("losses.softmax_cross_entropy_grad", "losses._softmax_cross_entropy_and_grad"),
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
        judge=judge_function(_two_layer_backward, _network, TWO_LAYER_MISTAKES),
        withdrawn=("networks.Sequential.backward",),
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
        withdrawn=("autodiff._unbroadcast",),
        minutes=10,
        difficulty=2,
    ),
)
