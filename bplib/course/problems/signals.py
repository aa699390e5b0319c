"""Lesson 10: standardizing, first deviations, zeros, batch norm at rest, layer norm and residual stacks backward."""

from itertools import combinations

import numpy as np

from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_numbers
from bplib.course.judging.turns import judge_value, turn

LESSON = "10_signals"
TITLE = "Signals"


# standardize: the statistics of the training part, for both parts


def _tables(rng):
    cases = []
    for n, m, d in ((9, 5, 3), (7, 4, 5), (6, 8, 4)):
        X_train = rng.normal(size=(n, d)) * rng.uniform(0.5, 20, size=d) + rng.normal(size=d) * 5
        X_test = rng.normal(size=(m, d)) * rng.uniform(0.5, 20, size=d) + rng.normal(size=d) * 5
        X_train[:, 1] = 3.0  # whole, so that its standard deviation is 0 to the last digit
        X_test[:, 1] = rng.choice([3.0, 4.0, 6.0], size=m)
        X_test[0, 1] = 4.0
        cases.append((X_train, X_test))
    return cases


def _safe(std):
    return np.where(std == 0, 1.0, std)


def _as_it_is(std):
    return std


def _scaling(center=lambda X: X.mean(axis=0), scale=lambda X: X.std(axis=0), fit=lambda train, test: train, safe=_safe):
    """A standardization; each argument is one thing that a learner may get wrong."""

    def standardize(X_train, X_test):
        seen = fit(X_train, X_test)
        mean, std = center(seen), safe(scale(seen))
        return (X_train - mean) / std, (X_test - mean) / std

    return standardize


_standardize = _scaling()


def _each_by_itself(safe):
    return lambda *parts: tuple((X - X.mean(axis=0)) / safe(X.std(axis=0)) for X in parts)


def _mean_of_its_own(X_train, X_test):
    std = _safe(X_train.std(axis=0))
    return (X_train - X_train.mean(axis=0)) / std, (X_test - X_test.mean(axis=0)) / std


def _no_brackets(X_train, X_test):
    mean, std = X_train.mean(axis=0), _safe(X_train.std(axis=0))
    return X_train - mean / std, X_test - mean / std


def _left_out(X_train, X_test):
    std = X_train.std(axis=0)
    return tuple(np.where(std == 0, 0.0, X) for X in _standardize(X_train, X_test))


def _by_rows(X_train, X_test):
    """Each example with a mean and a standard deviation of its own."""
    return tuple((X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True) for X in (X_train, X_test))


STANDARDIZE_MISTAKES = misconceptions(
    (
        "own-statistics",
        "The test part was brought to mean 0 by its own mean and standard deviation. Whatever arrives later has to be"
        " treated as the network was trained: take both numbers from the training part, for both.",
        (_each_by_itself(_safe), _each_by_itself(_as_it_is)),
    ),
    (
        "own-mean",
        "The test part has its own mean subtracted. Only its scale is that of the training part; take the mean from"
        " there too.",
        (_mean_of_its_own,),
    ),
    (
        "before-the-split",
        "The statistics are those of both parts together, so the training has looked at the test. Use X_train alone.",
        (_scaling(fit=lambda train, test: np.vstack([train, test])),),
    ),
    (
        "from-the-test",
        "The statistics are those of the test part. The training part gives them, for both.",
        (_scaling(fit=lambda train, test: test),),
    ),
    (
        "n-1",
        "You divided by n - 1 in the variance. Here it is the plain mean of the squares, with n, as np.std has it.",
        (_scaling(scale=lambda X: X.std(axis=0, ddof=1)),),
    ),
    (
        "variance",
        "You divided by the variance. Its root, the standard deviation, has the unit of the column.",
        (_scaling(scale=lambda X: X.var(axis=0)),),
    ),
    (
        "all-columns",
        "All columns share one mean and one standard deviation. Each has its own unit and so its own statistics:"
        " axis=0.",
        (_scaling(center=np.mean, scale=np.std),),
    ),
    (
        "by-rows",
        "Each example was standardized by itself, with axis=1. A column holds one measure of all examples, and its"
        " statistics run over them: axis=0.",
        (_by_rows,),
    ),
    (
        "not-centered",
        "The mean is still there: subtract it before you divide.",
        (_scaling(center=lambda X: 0.0),),
    ),
    (
        "not-scaled",
        "The columns are centered and not yet scaled: divide by the standard deviation.",
        (_scaling(scale=lambda X: np.ones(X.shape[1])),),
    ),
    (
        "min-max",
        "This brings each column to the interval from 0 to 1. That is done too, but here the mean becomes 0 and the"
        " standard deviation 1.",
        tuple(_scaling(lambda X: X.min(axis=0), lambda X: np.ptp(X, axis=0), safe=safe) for safe in (_safe, _as_it_is)),
    ),
    (
        "constant-column",
        "One column of the training part is constant, and its standard deviation is 0: you divided by it. Divide by 1"
        " there.",
        (_scaling(safe=_as_it_is),),
    ),
    (
        "small-number",
        "A tiny number added to the standard deviation makes a constant column huge in the test part, where it may"
        " differ. Divide by 1 in such a column.",
        tuple(_scaling(safe=lambda std, k=k: std + 10.0**-k) for k in (7, 8, 9, 10, 12)),
    ),
    (
        "nan-to-num",
        "You divided by 0 in a constant column and let nan_to_num clear up. It makes 0 of 0/0 and the largest number"
        " there is of 1/0, where the test part differs: divide by 1 there.",
        (lambda *parts: tuple(np.nan_to_num(X) for X in _scaling(safe=_as_it_is)(*parts)),),
    ),
    (
        "constant-left-out",
        "In a column that is constant in the training part the test part became 0 whatever it holds. Subtract the mean"
        " there and divide by 1.",
        (_left_out,),
    ),
    (
        "no-brackets",
        "Only the mean was divided. Parentheses: (X - mean) / std.",
        (_no_brackets,),
    ),
    (
        "order",
        "The two parts are right, in the wrong order: first the training part.",
        (lambda X_train, X_test: _standardize(X_train, X_test)[::-1],),
    ),
)


# first-deviation: how large the first weights of any activation should be


def _leaky(z):
    return np.where(z > 0, z, 0.2 * z)


def _leaky_slope(z):
    return np.where(z > 0, 1.0, 0.2)


def _cube(z):
    return z - 0.1 * z**3


def _cube_slope(z):
    return 1 - 0.3 * z**2


def _squash(z):
    return 1 / (1 + np.exp(-z))


def _squash_slope(z):
    return _squash(z) * (1 - _squash(z))


BENDS = ((_squash, _squash_slope), (_leaky, _leaky_slope), (_cube, _cube_slope))


def _samples(rng):
    cases = []
    for (f, slope), (n, n_in, n_out) in zip(BENDS, ((40, 30, 20), (60, 17, 80), (50, 64, 9)), strict=True):
        cases.append((f, slope, rng.uniform(0.7, 1.4) * rng.normal(size=n) + 0.1, n_in, n_out))
    return cases


def _mean_square(x):
    return np.mean(x**2)


def _deviations(
    of_z=_mean_square,
    of_f=_mean_square,
    of_slope=_mean_square,
    forward=lambda n_in, n_out: n_in,
    backward=lambda n_in, n_out: n_out,
    root=np.sqrt,
):
    """The two deviations; each argument is one thing that a learner may get wrong."""

    def first_deviations(f, slope, z, n_in, n_out):
        return (
            root(of_z(z) / (forward(n_in, n_out) * of_f(f(z)))),
            root(1 / (backward(n_in, n_out) * of_slope(slope(z)))),
        )

    return first_deviations


_first_deviations = _deviations()


def _without_the_bend(f, slope, z, n_in, n_out):
    return 1 / np.sqrt(n_in), 1 / np.sqrt(n_out)


def _slope_for_both(f, slope, z, n_in, n_out):
    return _first_deviations(lambda z: slope(z), slope, z, n_in, n_out)


def _upside_down(f, slope, z, n_in, n_out):
    return tuple(1 / value for value in _first_deviations(f, slope, z, n_in, n_out))


FIRST_MISTAKES = misconceptions(
    (
        "no-bend",
        "Neither deviation takes notice of the activation. The next layer gets f(z) and not z, and the gradient is"
        " multiplied by the slope: the mean squares of both belong below the root.",
        (_without_the_bend,),
    ),
    (
        "recipe",
        "This is the recipe for one bend, or for none, whatever f is. Yours is to be made from the mean squares of f(z)"
        " and of the slope.",
        (
            lambda f, slope, z, n_in, n_out: (np.sqrt(2 / n_in), np.sqrt(2 / n_out)),
            lambda f, slope, z, n_in, n_out: (np.sqrt(2 / n_in), np.sqrt(2 / n_in)),
            lambda f, slope, z, n_in, n_out: (np.sqrt(2 / (n_in + n_out)), np.sqrt(2 / (n_in + n_out))),
        ),
    ),
    (
        "no-slope",
        "The second one takes no notice of the slope. A gradient going back is multiplied by it, so the mean of its"
        " square belongs below the root.",
        (
            _deviations(of_slope=lambda x: 1.0),
            _deviations(of_z=lambda z: 1.0, of_slope=lambda x: 1.0),
        ),
    ),
    (
        "f-for-slope",
        "The second one is made with f(z). A gradient going back is multiplied by the slope.",
        (
            lambda f, slope, z, n_in, n_out: _first_deviations(f, f, z, n_in, n_out),
            lambda f, slope, z, n_in, n_out: _deviations(of_z=lambda z: 1.0)(f, f, z, n_in, n_out),
        ),
    ),
    (
        "absolute",
        "The mean of the sizes is not that of the squares. Square first, then take the mean.",
        (
            _deviations(of_slope=lambda x: np.mean(np.abs(x))),
            _deviations(of_slope=lambda x: np.mean(np.abs(x)) ** 2),
            _deviations(of_f=lambda x: np.mean(np.abs(x)) ** 2, of_slope=lambda x: np.mean(np.abs(x)) ** 2),
        ),
    ),
    (
        "variance-of-f",
        "You took the variance of f(z). What counts is the mean of its square, which is larger where f(z) has a mean of"
        " its own, as that of a sigmoid: the weights multiply the whole value.",
        (
            _deviations(of_f=np.var),
            _deviations(of_z=np.var, of_f=np.var),
            _deviations(of_f=np.var, of_slope=np.var),
            _deviations(np.var, np.var, np.var),
        ),
    ),
    (
        "variance-of-z",
        "You took the variance of z. Its size here is the mean of its square, and its mean is not 0.",
        (_deviations(of_z=np.var),),
    ),
    (
        "variance-of-the-slope",
        "You took the variance of the slope. A constant slope has the variance 0 and lets everything through: the mean"
        " of its square is needed.",
        (_deviations(of_slope=np.var),),
    ),
    (
        "size-of-z",
        "The first one takes z to have the mean square 1. It has one of its own, and the next layer is to have the"
        " same: mean(z^2) stands above.",
        (_deviations(of_z=lambda z: 1.0),),
    ),
    (
        "no-root",
        "These are variances. The deviation is their root.",
        (_deviations(root=lambda x: x),),
    ),
    (
        "exchanged",
        "n_in and n_out are exchanged. A value going forward is a sum over the inputs of a neuron, and a gradient going"
        " back one over its outputs.",
        (_deviations(forward=lambda n_in, n_out: n_out, backward=lambda n_in, n_out: n_in),),
    ),
    (
        "n_in-for-both",
        "The second one is made with n_in. A gradient going back to one activation is a sum over the n_out neurons that"
        " listen to it.",
        (_deviations(backward=lambda n_in, n_out: n_in),),
    ),
    (
        "middle",
        "This is Xavier's middle of both directions. Here each direction has a deviation of its own.",
        (_deviations(forward=lambda n_in, n_out: (n_in + n_out) / 2, backward=lambda n_in, n_out: (n_in + n_out) / 2),),
    ),
    (
        "sums",
        "Somewhere a sum stands for a mean. How large the sample z is must not matter: np.mean of the squares.",
        (
            _deviations(of_f=lambda x: np.sum(x**2), of_slope=lambda x: np.sum(x**2)),
            _deviations(lambda x: np.sum(x**2), lambda x: np.sum(x**2), lambda x: np.sum(x**2)),
        ),
    ),
    (
        "square-of-the-mean",
        "You squared the mean where the mean of the squares is needed. Values of both signs cancel in the first and"
        " not in the second.",
        (
            _deviations(of_f=lambda x: np.mean(x) ** 2, of_slope=lambda x: np.mean(x) ** 2),
            _deviations(lambda x: np.mean(x) ** 2, lambda x: np.mean(x) ** 2, lambda x: np.mean(x) ** 2),
        ),
    ),
    (
        "slope-forward",
        "The first one is made with the slope. A value going forward passes through f itself.",
        (_slope_for_both,),
    ),
    (
        "upside-down",
        "Both are upside down. The more products are added, and the more of them f lets through, the smaller the"
        " weights have to be.",
        (_upside_down,),
    ),
    (
        "order",
        "Both are right, in the other order: first the one for signals.",
        (lambda *args: _first_deviations(*args)[::-1],),
    ),
)


# zero-autopsy: three networks that began with zeros, and what became of them

HIDDEN, CLASSES, PIXELS = 32, 10, 64
AUTOPSY = {
    "loss_at_first": float(np.log(CLASSES)),
    "a_moved": float(CLASSES),
    "b_W2_first": float(HIDDEN * CLASSES),
    "b_W1_first": 0.0,
    "b_columns": 1.0,
    "c_columns": float(HIDDEN),
}


def _but(**values):
    return (lambda: AUTOPSY | values,)


_ONE_MISTAKE = misconceptions(
    (
        "no-loss",
        "Zeros are no loss of 0. All logits are equal, so each digit gets the probability 1/10, and the loss is minus"
        " the logarithm of that.",
        _but(loss_at_first=0.0),
    ),
    (
        "sign-of-the-loss",
        "log(1/10) is negative, as is the logarithm of every probability below 1. The loss is minus that.",
        _but(loss_at_first=-float(np.log(CLASSES))),
    ),
    (
        "other-logarithm",
        "This is the logarithm of ten to another base. The loss is made with the natural one, np.log.",
        (lambda: AUTOPSY | {"loss_at_first": 1.0}, lambda: AUTOPSY | {"loss_at_first": float(np.log2(CLASSES))}),
    ),
    (
        "loss-of-two",
        "log 2 is the loss of knowing nothing about two classes. There are ten digits.",
        _but(loss_at_first=float(np.log(2))),
    ),
    (
        "probability-for-loss",
        "1/10 is the probability of each digit. The loss is minus its logarithm.",
        _but(loss_at_first=0.1),
    ),
    (
        "nothing-moves",
        "Something of A does move: the gradient of b2 is the mean of p - y, which needs no activation and no weight.",
        _but(a_moved=0.0),
    ),
    (
        "one-entry",
        "You counted an array where its entries are asked for. b2 has ten, and each of them moves.",
        _but(a_moved=1.0),
    ),
    (
        "everything-moves",
        "Not everything of A moves. The gradient of W2 is A1 transposed times dZ2, and tanh(0) is 0. Go on from there:"
        " what does W2 = 0 do to dZ1?",
        _but(a_moved=float(PIXELS * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES)),
    ),
    (
        "W2-moves",
        "You let W2 of A move. Its gradient is A1 transposed times dZ2, and A1 = tanh(0) = 0, now and forever.",
        _but(a_moved=float(HIDDEN * CLASSES + CLASSES)),
    ),
    (
        "both-biases-move",
        "You let b1 of A move. Its gradient is the sum of dZ1, which is dZ2 times W2 transposed, and W2 is 0.",
        _but(a_moved=float(HIDDEN + CLASSES)),
    ),
    (
        "sigmoid-of-zero",
        "What is sigmoid(0)? It is 1/2, so all hidden units of B say 1/2, and the gradient of W2 is not 0.",
        _but(b_W2_first=0.0),
    ),
    (
        "through-zero",
        "To reach W1 the gradient passes through W2. That is 0 at the first step, and dZ1 is dZ2 times W2 transposed.",
        _but(b_W1_first=float(PIXELS * HIDDEN)),
    ),
    (
        "training-breaks-symmetry",
        "B's hidden units all began equal. So they have equal gradients and make equal steps, and that never ends:"
        " training alone does not make them different.",
        _but(b_columns=float(HIDDEN)),
    ),
    (
        "no-column",
        "Columns that are equal are not none. B's are all equal: one column, 32 times.",
        _but(b_columns=0.0),
    ),
    (
        "rows",
        "64 is the number of pixels, the rows of W1. Each column is one hidden unit.",
        _but(b_columns=float(PIXELS)),
    ),
    (
        "zeros-anywhere",
        "Look at what C's hidden units say at the first step. They say different things, so the rows of W2 get"
        " different gradients, and W1 follows: zeros in one layer do no harm as long as another makes the units"
        " different.",
        _but(c_columns=1.0),
    ),
    (
        "c-rows",
        "64 is the number of rows of C's W1. The columns are asked for, one for each hidden unit.",
        _but(c_columns=float(PIXELS)),
    ),
)


def _two_mistakes(mistakes):
    """Every pair of mistakes about different numbers: what helps is said about the first."""
    for first, second in combinations(mistakes, 2):
        a, b = ({name: value for name, value in m.answer().items() if value != AUTOPSY[name]} for m in (first, second))
        if a.keys() != b.keys():
            yield Misconception(first.id, lambda values=a | b: AUTOPSY | values, first.says)


AUTOPSY_MISTAKES = (*_ONE_MISTAKE, *_two_mistakes(_ONE_MISTAKE))


# batch-norm-evaluation: what a layer remembers, and what it does with it


def _met(rng):
    cases = []
    for T, n, c, m, eps in ((12, 5, 3, 4, 0.1), (7, 6, 4, 3, 0.02), (20, 3, 2, 5, 0.5)):
        batches = rng.uniform(0.5, 3.0, size=c) * rng.normal(size=(T, n, c)) + 2 * rng.normal(size=c)
        x = 2 * rng.normal(size=(m, c)) + 1
        cases.append((batches, rng.uniform(0.5, 2.0, size=c), rng.normal(size=c), eps, x))
    return cases


def _alone(rng):
    batches, gamma, beta, eps, x = _met(rng)[0]
    return [
        ("a single example", (batches, gamma, beta, eps, x[:1])),
        ("a single batch", (batches[:1], gamma, beta, eps, x)),
    ]


def _at_rest(
    keep=0.9,
    first=(0.0, 1.0),
    seen=lambda batch: (batch.mean(axis=0), batch.var(axis=0, ddof=1)),
    root=lambda V, eps: np.sqrt(V + eps),
):
    """An evaluation of batch norm; each argument is one thing that a learner may get wrong."""

    def evaluate(batches, gamma, beta, eps, x):
        M, V = (value + 0 * gamma for value in first)
        for batch in batches:
            m, v = seen(batch)
            M, V = keep * M + (1 - keep) * m, keep * V + (1 - keep) * v
        return gamma * (x - M) / root(V, eps) + beta

    return evaluate


_evaluate = _at_rest()


def _own_statistics(ddof):
    return lambda batches, gamma, beta, eps, x: (
        gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=ddof) + eps) + beta
    )


def _of_all_batches(batches, gamma, beta, eps, x):
    together = batches.reshape(-1, batches.shape[2])
    return gamma * (x - together.mean(axis=0)) / np.sqrt(together.var(axis=0, ddof=1) + eps) + beta


def _of_all_with_n(batches, gamma, beta, eps, x):
    return gamma * (x - batches.mean(axis=(0, 1))) / np.sqrt(batches.var(axis=(0, 1)) + eps) + beta


def _plain_means(batches, gamma, beta, eps, x):
    M, V = batches.mean(axis=(0, 1)), batches.var(axis=1, ddof=1).mean(axis=0)
    return gamma * (x - M) / np.sqrt(V + eps) + beta


def _begins_with_the_first(batches, gamma, beta, eps, x):
    M, V = batches[0].mean(axis=0), batches[0].var(axis=0, ddof=1)
    for batch in batches[1:]:
        M, V = 0.9 * M + 0.1 * batch.mean(axis=0), 0.9 * V + 0.1 * batch.var(axis=0, ddof=1)
    return gamma * (x - M) / np.sqrt(V + eps) + beta


def _deviations_kept(batches, gamma, beta, eps, x):
    M, S = 0 * gamma, 1 + 0 * gamma
    for batch in batches:
        M, S = 0.9 * M + 0.1 * batch.mean(axis=0), 0.9 * S + 0.1 * batch.std(axis=0, ddof=1)
    return gamma * (x - M) / np.sqrt(S**2 + eps) + beta


EVALUATION_MISTAKES = misconceptions(
    (
        "own-statistics",
        "x was normalized by its own mean and variance. So an answer would depend on who else is asked about: take the"
        " two that were remembered from the batches.",
        (_own_statistics(0), _own_statistics(1)),
    ),
    (
        "last-batch",
        "Only the last batch is remembered. The averages run: a tenth is new each time and nine tenths stay.",
        (_at_rest(keep=0.0), _at_rest(keep=0.0, seen=lambda batch: (batch.mean(axis=0), batch.var(axis=0)))),
    ),
    (
        "of-all",
        "This is a plain mean over all that the layer has met. A running average forgets: nine tenths of the old one"
        " and a tenth of the new, batch by batch.",
        (_of_all_batches, _of_all_with_n, _plain_means),
    ),
    (
        "n",
        "The remembered variance is that of a batch, with n. As an estimate for all data its squares are divided by"
        " n - 1: ddof=1.",
        (_at_rest(seen=lambda batch: (batch.mean(axis=0), batch.var(axis=0))),),
    ),
    (
        "exchanged",
        "0.9 and 0.1 are exchanged: most of the old average stays.",
        (_at_rest(keep=0.1),),
    ),
    (
        "begins-at-zero",
        "The running variance begins at 0. It begins at 1, and what it began with is still in it after a few batches.",
        (_at_rest(first=(0.0, 0.0)),),
    ),
    (
        "begins-with-the-first",
        "The averages begin with the first batch. They begin at 0 and 1, and the first batch counts a tenth, as the"
        " others do.",
        (_begins_with_the_first,),
    ),
    (
        "deviations",
        "You averaged standard deviations. The variance is what runs, and the root comes at the end.",
        (_deviations_kept,),
    ),
    (
        "all-columns",
        "All columns share one mean and one variance. Each unit has its own, over the batch: axis=0.",
        (_at_rest(seen=lambda batch: (batch.mean(), batch.var(ddof=1))),),
    ),
    (
        "eps-outside",
        "eps is outside the root. It belongs to the variance: sqrt(V + eps).",
        (_at_rest(root=lambda V, eps: np.sqrt(V) + eps),),
    ),
    (
        "no-eps",
        "eps is not there. It is added to the variance, below the root.",
        (_at_rest(root=lambda V, eps: np.sqrt(V)),),
    ),
    (
        "no-root",
        "x - M was divided by the variance. Its root is needed.",
        (_at_rest(root=lambda V, eps: V + eps),),
    ),
)


# layer-norm-backward


def _examples(rng):
    cases = []
    for n, c, eps in ((5, 3, 0.1), (4, 6, 0.02), (9, 5, 0.5)):
        x = rng.normal(size=(n, c)) * rng.uniform(0.4, 2.0, size=(n, 1)) + 1.5 * rng.normal(size=(n, 1))
        cases.append((rng.normal(size=(n, c)), x, rng.uniform(0.5, 2.0, size=c) * rng.choice([-1, 1], size=c), eps))
    return cases


def _row_mean(each):
    return np.mean(each, axis=1, keepdims=True)


def _normalizing(
    root=lambda v, eps: np.sqrt(v + eps),
    ddof=0,
    through_mean=1.0,
    through_variance=1.0,
    mean=_row_mean,
    last=lambda x, x_hat: x_hat,
    into=lambda dy, gamma: dy * gamma,
    outer=lambda gamma, s: 1 / s,
    of_gamma=lambda dy, x, x_hat: np.sum(dy * x_hat, axis=0),
    axis=1,
):
    """A backward of layer norm; each argument is one thing that a learner may get wrong."""

    def backward(dy, x, gamma, eps):
        s = root(np.var(x, axis=axis, keepdims=True, ddof=ddof), eps)
        x_hat = (x - np.mean(x, axis=axis, keepdims=True)) / s
        d = into(dy, gamma)
        dx = outer(gamma, s) * (d - through_mean * mean(d) - through_variance * last(x, x_hat) * mean(d * x_hat))
        return dx, of_gamma(dy, x, x_hat), np.sum(dy, axis=0)

    return backward


_layer_norm_backward = _normalizing()


def _in_order(order):
    def backward(dy, x, gamma, eps):
        parts = _layer_norm_backward(dy, x, gamma, eps)
        return tuple(parts[i] for i in order)

    return backward


def _scaled_paths(dy, x, gamma, eps, mean, variance):
    n, c = x.shape
    return _normalizing(through_mean=mean(n, c), through_variance=variance(n, c))(dy, x, gamma, eps)


def _paths(mean=lambda n, c: 1.0, variance=lambda n, c: 1.0):
    return lambda dy, x, gamma, eps: _scaled_paths(dy, x, gamma, eps, mean, variance)


def _only_last_divided(dy, x, gamma, eps):
    """The parentheses around the three terms are missing."""
    s = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    x_hat, d = (x - _row_mean(x)) / s, dy * gamma
    return d - _row_mean(d) - x_hat * _row_mean(d * x_hat) / s, *_layer_norm_backward(dy, x, gamma, eps)[1:]


def _gamma_late(dy, x, gamma, eps):
    """dy is multiplied by gamma, and its two means are not."""
    s = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    x_hat = (x - _row_mean(x)) / s
    dx = (dy * gamma - _row_mean(dy) - x_hat * _row_mean(dy * x_hat)) / s
    return dx, *_layer_norm_backward(dy, x, gamma, eps)[1:]


LAYER_NORM_MISTAKES = misconceptions(
    (
        "batch-norm",
        "The mean and the variance run down the batch, as in the lesson. In layer norm each example has its own, along"
        " axis 1.",
        (
            _normalizing(axis=0, mean=lambda each: np.mean(each, axis=0)),
            _normalizing(axis=0, mean=lambda each: np.mean(each, axis=0), into=lambda dy, gamma: dy),
        ),
    ),
    (
        "gamma-in-front",
        "gamma stands in front of dx, outside of its means. In batch norm it may, where all that is averaged has one"
        " gamma. Along an example each entry has its own: multiply dy by it first.",
        (_normalizing(into=lambda dy, gamma: dy, outer=lambda gamma, s: gamma / s),),
    ),
    (
        "gamma-late",
        "In dx gamma multiplies dy and not what is averaged. Both means are made of dy gamma.",
        (_gamma_late,),
    ),
    (
        "gamma-twice",
        "gamma enters dx twice. Multiply dy by it first, and never again.",
        (_normalizing(outer=lambda gamma, s: gamma / s),),
    ),
    (
        "means-down",
        "x_hat is right, and the two means in dx run down the batch. They undo what the forward did: along each example"
        " too, axis 1.",
        (_normalizing(mean=lambda each: np.mean(each, axis=0)),),
    ),
    (
        "all-at-once",
        "The means in dx run over all entries at once. Each example has its own: axis 1, and keepdims.",
        (_normalizing(mean=np.mean),),
    ),
    (
        "constants",
        "You took the mean and the variance for constants. Both are made of x: move one entry and all of its example"
        " move. Two more terms, with the means of d and of d x_hat.",
        (_normalizing(through_mean=0.0, through_variance=0.0),),
    ),
    (
        "no-variance-path",
        "The path through the variance is missing: subtract x_hat times the mean of d x_hat as well.",
        (_normalizing(through_variance=0.0),),
    ),
    (
        "no-mean-path",
        "The path through the mean is missing. Check: each row of dx must add up to 0.",
        (_normalizing(through_mean=0.0),),
    ),
    (
        "sign-of-variance-path",
        "The path through the variance has the wrong sign: a larger x makes the variance larger and x_hat smaller.",
        (_normalizing(through_variance=-1.0),),
    ),
    (
        "sign-of-mean-path",
        "The path through the mean has the wrong sign: a larger mean makes every x_hat smaller.",
        (_normalizing(through_mean=-1.0),),
    ),
    (
        "factor-2",
        "A 2 or a 1/2 got lost on the path through the variance. The square there has the derivative 2 (x - m), and the"
        " root brings a 1/2: they cancel.",
        (_normalizing(through_variance=0.5), _normalizing(through_variance=2.0)),
    ),
    (
        "no-1/c",
        "In dx a 1/c is missing: m and v are means along the example, so one entry moves each of them by only 1/c. The"
        " two terms hold means, not sums.",
        (
            _normalizing(mean=lambda each: np.sum(each, axis=1, keepdims=True)),
            _paths(mean=lambda n, c: c),
            _paths(variance=lambda n, c: c),
        ),
    ),
    (
        "1/n",
        "The sums in dx were divided by the number of examples. They run along one example, over its c entries.",
        (_paths(lambda n, c: c / n, lambda n, c: c / n),),
    ),
    (
        "n-1",
        "You divided by c - 1 in the variance. Here it is the plain mean of the squares, as np.var has it.",
        (_normalizing(ddof=1),),
    ),
    (
        "eps-outside",
        "eps is outside the root. It belongs to the variance: sqrt(v + eps).",
        (_normalizing(root=lambda v, eps: np.sqrt(v) + eps),),
    ),
    (
        "no-root",
        "The root is missing: x - m is divided by the standard deviation, sqrt(v + eps).",
        (_normalizing(root=lambda v, eps: v + eps), _normalizing(outer=lambda gamma, s: 1 / s**2)),
    ),
    (
        "no-division",
        "A division is missing in dx: by sqrt(v + eps), as x - m is divided in x_hat.",
        (_normalizing(outer=lambda gamma, s: 1.0),),
    ),
    (
        "no-parentheses",
        "Only the last term of dx is divided by sqrt(v + eps). Parentheses: all three terms are.",
        (_only_last_divided,),
    ),
    (
        "no-x_hat-in-dx",
        "A factor is missing in the last term of dx: x_hat. The variance pulls at each entry as far as it lies from"
        " the mean.",
        (_normalizing(last=lambda x, x_hat: 1.0),),
    ),
    (
        "x-for-x_hat-in-dx",
        "The last term of dx is made with x that is not normalized. It needs x_hat.",
        (_normalizing(last=lambda x, x_hat: x), _normalizing(last=lambda x, x_hat: x - _row_mean(x))),
    ),
    (
        "x-for-x_hat-in-dgamma",
        "dgamma is made with x that is not normalized. y = gamma x_hat + beta, so it needs x_hat.",
        (
            _normalizing(of_gamma=lambda dy, x, x_hat: np.sum(dy * x, axis=0)),
            _normalizing(of_gamma=lambda dy, x, x_hat: np.sum(dy * (x - _row_mean(x)), axis=0)),
        ),
    ),
    (
        "order",
        "The gradients are right, in another order. Return dx, dgamma, dbeta.",
        (_in_order((1, 2, 0)), _in_order((0, 2, 1))),
    ),
)


# residual-stack: paths that add up, block after block


def _stacks(rng):
    cases = []
    for n, d, blocks, scale in ((5, 3, 4, 0.5), (7, 4, 3, 0.3), (3, 2, 6, 0.7)):
        weights = 0.6 * rng.normal(size=(blocks, d, d))
        cases.append((rng.normal(size=(n, d)), rng.normal(size=(n, d)), weights, scale))
    return cases


def _one_block(rng):
    dy, x, weights, scale = _stacks(rng)[0]
    return [("a single block", (dy, x, weights[:1], scale))]


def _going_back(
    around=1.0,
    through=lambda dz, W: dz @ W.T,
    slope=lambda a, scale: 1 - a**2,
    factor=lambda scale: scale,
    seen=lambda before, after, x: before,
):
    """A backward of residual blocks; each argument is one thing that a learner may get wrong."""

    def stack_backward(dy, x, weights, scale):
        inputs = [x]
        for W in weights:
            inputs.append(inputs[-1] + scale * np.tanh(inputs[-1] @ W))
        d_weights = np.zeros(weights.shape)
        for k in reversed(range(len(weights))):
            a = np.tanh(inputs[k] @ weights[k])
            dz = factor(scale) * dy * slope(a, scale)
            d_weights[k] = seen(inputs[k], inputs[k + 1], x).T @ dz
            dy = around * dy + through(dz, weights[k])
        return dy, d_weights

    return stack_backward


_stack_backward = _going_back()


def _from_the_first(dy, x, weights, scale):
    dx, d_weights = _stack_backward(dy, x, weights[::-1], scale)
    return dx, d_weights[::-1]


def _plain_inputs(dy, x, weights, scale):
    """The inputs of the blocks as if there were no way around."""
    inputs = [x]
    for W in weights:
        inputs.append(scale * np.tanh(inputs[-1] @ W))
    d_weights = np.zeros(weights.shape)
    for k in reversed(range(len(weights))):
        dz = scale * dy * (1 - np.tanh(inputs[k] @ weights[k]) ** 2)
        d_weights[k] = inputs[k].T @ dz
        dy = dy + dz @ weights[k].T
    return dy, d_weights


def _listed_from_the_last(dy, x, weights, scale):
    dx, d_weights = _stack_backward(dy, x, weights, scale)
    return dx, d_weights[::-1]


def _across(dy, x, weights, scale):
    dx, d_weights = _stack_backward(dy, x, weights, scale)
    return dx, np.swapaxes(d_weights, 1, 2)


STACK_MISTAKES = misconceptions(
    (
        "no-way-around",
        "The way around is missing. h reaches the output on two paths, through the block and past it, and paths add up:"
        " to what comes through the block add dy itself.",
        (_going_back(around=0.0),),
    ),
    (
        "only-around",
        "Nothing comes back through the blocks. h reaches the output on two paths, and the one through tanh has a"
        " gradient too.",
        (_going_back(through=lambda dz, W: 0.0),),
    ),
    (
        "no-scale",
        "The scale is not in the gradients. The block adds scale times tanh, so all that comes back through it is"
        " multiplied by scale.",
        (_going_back(factor=lambda scale: 1.0),),
    ),
    (
        "scale-twice",
        "The scale is there twice. It multiplies what comes back through a block once.",
        (_going_back(factor=lambda scale: scale**2),),
    ),
    (
        "scaled-around",
        "The way around is scaled. Past the block h goes as it is, so dy comes back as it is.",
        (lambda dy, x, weights, scale: _going_back(around=scale)(dy, x, weights, scale),),
    ),
    (
        "slope-of-the-scaled",
        "The slope of tanh was made of what is scaled already. It is 1 - a^2 with a = tanh(h W), and the scale comes"
        " after it.",
        (_going_back(slope=lambda a, scale: 1 - (scale * a) ** 2),),
    ),
    (
        "slope-of-another",
        "This is not the slope of tanh. With a = tanh(h W) it is 1 - a^2; that of a sigmoid is a (1 - a).",
        (_going_back(slope=lambda a, scale: a * (1 - a)), _going_back(slope=lambda a, scale: 1 - a)),
    ),
    (
        "W-left-out",
        "dz came back as it is. On its way through the block it passes W: dz @ W.T.",
        (_going_back(through=lambda dz, W: dz),),
    ),
    (
        "weights-across",
        "The weights' gradients are turned: h W has the gradient h.T @ dz. Square matrices do not complain.",
        (_across,),
    ),
    (
        "no-slope-of-tanh",
        "The slope of tanh is missing: 1 - a^2, where a = tanh(h W).",
        (_going_back(slope=lambda a, scale: 1.0),),
    ),
    (
        "W-not-turned",
        "W is not turned on the way back. The forward is h W, so the backward is dz W.T; square matrices do not"
        " complain.",
        (_going_back(through=lambda dz, W: dz @ W),),
    ),
    (
        "output-for-input",
        "A weight's gradient is made with the output of its block. W multiplied the input of the block.",
        (_going_back(seen=lambda before, after, x: after),),
    ),
    (
        "first-input",
        "All weights' gradients are made with x. W of block k multiplied what came into block k.",
        (_going_back(seen=lambda before, after, x: x),),
    ),
    (
        "plain-inputs",
        "The backward has the way around and the forward has not. What comes into a block is what came into the one"
        " before plus what that one added.",
        (_plain_inputs,),
    ),
    (
        "from-the-first",
        "The blocks were gone through in the wrong direction. Forward from the first to the last, backward from the"
        " last to the first.",
        (_from_the_first,),
    ),
    (
        "listed-from-the-last",
        "dweights is listed from the last block to the first. Its entry k belongs to weights[k].",
        (_listed_from_the_last,),
    ),
)


TABLE_PROBES = (
    Probe("when both parts are the same", lambda a: {**a, "X_test": a["X_train"]}),
    Probe("for one column, when both parts are the same", lambda a: dict.fromkeys(a, a["X_train"][:, :1])),
    Probe("for one column", lambda a: {name: x[:, :1] for name, x in a.items()}),
    Probe("when all columns are the same", lambda a: {name: x[:, :1] + 0 * x for name, x in a.items()}),
)

PROBLEMS = (
    Problem(
        id="standardize",
        title="Standardize",
        points=3,
        hints=(
            "Two numbers for each column: its mean and its standard deviation. Which of the two parts may you look at?",
            "mean = X_train.mean(axis=0) and std = X_train.std(axis=0), and then the same (X - mean) / std for both.",
            "For a constant column: std = np.where(std == 0, 1.0, std) before you divide.",
        ),
        judge=judge_function(
            _standardize, _tables, STANDARDIZE_MISTAKES, returns="X_train X_test", probes=TABLE_PROBES
        ),
        minutes=6,
        difficulty=1,
    ),
    Problem(
        id="first-deviation",
        title="First weights for any bend",
        points=3,
        hints=(
            "Mean of the next layer's z squared: n_in times sigma squared times the mean of what, squared? Not of z: of"
            " what the next layer is given.",
            "Backward each gradient is a sum of n_out products with weights, times a slope. For it to keep its size,"
            " n_out times sigma squared times the mean of the squared slope is 1.",
            "The first is the root of mean(z^2) / (n_in mean(f(z)^2)); the second has 1 above.",
        ),
        judge=judge_function(_first_deviations, _samples, FIRST_MISTAKES, returns="forward backward"),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="zero-autopsy",
        title="An autopsy of zeros",
        points=2,
        hints=(
            "Write down the forward pass with zeros: what are A1 and Z2? What is tanh(0), and what is sigmoid(0)?",
            "Then the gradients: dW2 = A1^T dZ2, db2 = the sum of dZ2, dZ1 = dZ2 W2^T times a slope. Which are 0?",
            "Two units with equal weights in and out have equal gradients. Can they ever become different? And if their"
            " weights in are different from the start?",
        ),
        judge=judge_numbers(AUTOPSY, AUTOPSY_MISTAKES),
        minutes=8,
        difficulty=2,
    ),
    Problem(
        id="batch-norm-evaluation",
        title="Batch norm in evaluation",
        points=3,
        hints=(
            "Two averages run through the batches: M begins at 0 and V at 1, one of each for every unit.",
            "With each batch M = 0.9 M + 0.1 m, and the same for V with the variance of the batch, ddof=1.",
            "At the end x is treated as a batch was, with M and V in the places of m and v.",
        ),
        judge=judge_function(_evaluate, _met, EVALUATION_MISTAKES, boundaries=_alone),
        minutes=8,
        difficulty=2,
    ),
    Problem(
        id="layer-norm-backward",
        title="Layer norm backward",
        points=4,
        hints=(
            "Which outputs does one x reach? All those of its own example. So all sums of the lesson run along axis 1,"
            " with keepdims=True.",
            "At x_hat arrives d = dy * gamma. Along an example gamma is another in each place, so it stays inside of"
            " both means.",
            "dgamma and dbeta serve all examples, as in the lesson: they are summed over axis 0.",
            "dx = (d - mean(d) - x_hat * mean(d * x_hat)) / sqrt(v + eps), with means over axis 1.",
        ),
        judge=judge_function(_layer_norm_backward, _examples, LAYER_NORM_MISTAKES, returns="dx dgamma dbeta"),
        minutes=12,
        difficulty=3,
    ),
    Problem(
        id="residual-stack",
        title="A stack with ways around",
        points=4,
        hints=(
            "First forward: keep what goes into each block, for its backward needs it.",
            "One block: h goes to the output past the block and through it. With a = tanh(h W), what goes through comes"
            " back as dz = scale * dy * (1 - a^2).",
            "From dz: the gradient of W is h.T @ dz, and what comes back to h is dy + dz @ W.T.",
            "Go through the blocks from the last to the first, and let dy be what came back from the one before.",
        ),
        judge=judge_function(_stack_backward, _stacks, STACK_MISTAKES, returns="dx dweights", boundaries=_one_block),
        minutes=15,
        difficulty=3,
    ),
)


# The turns within the lesson


def _around(rng):
    cases = []
    for n, d in ((5, 3), (7, 4)):
        W = rng.normal(size=(d, d))
        cases.append((rng.normal(size=(n, d)), lambda dy, W=W: dy @ W))
    return cases


AROUND_MISTAKES = misconceptions(
    (
        "through-alone",
        "This is what comes back through f. The other path goes around it: what comes back on that one?",
        (lambda dy, f_backward: f_backward(dy),),
    ),
    (
        "around-alone",
        "This is what comes back around f. x goes through f as well.",
        (lambda dy, f_backward: dy,),
    ),
    (
        "multiplied",
        "The two were multiplied, as along one path. These are two paths, and paths add up.",
        (lambda dy, f_backward: dy * f_backward(dy),),
    ),
    (
        "twice-through",
        "dy went around and then through f as well. Each path by itself: dy comes back around, f_backward(dy) through.",
        (lambda dy, f_backward: f_backward(dy + f_backward(dy)), lambda dy, f_backward: dy + 2 * f_backward(dy)),
    ),
)

TURNS = (
    turn(
        "turn-recall-ravine",
        "Lesson 05: a rate for a ravine",
        judge_value(
            0.02,
            "The steepest direction sets the limit, 2/100, and the flat one then has to live with it.",
            {
                2.0: "This is the limit for the flat direction. At such a rate the steep one flies apart.",
                0.01: "At 1/100 the steep direction is at the bottom in one step. It still converges at up to twice"
                " that.",
                0.2: "The limit is 2 over the curvature itself, not over its root.",
                50.0: "This is upside down: the limit is 2 over the curvature.",
            },
        ),
        "Gradient descent on a bowl of curvature c converges at rates below 2/c. Which of the two directions decides?",
    ),
    turn(
        "turn-recall-shared",
        "Lesson 06: one number for a whole batch",
        judge_value(
            0,
            "What was copied to all n rows forward is summed over them backward: axis 0.",
            {
                1: "A sum over axis 1 leaves one number for each example. gamma has one for each unit: along which axis"
                " was it copied?",
                -1: "For NumPy -1 is the last axis, here axis 1. A sum over it leaves one number for each example.",
            },
            also=(-2,),
        ),
        "NumPy copies gamma, shape (c,), to all rows of (n, c). What was copied forward is summed backward.",
    ),
    turn(
        "turn-halves",
        "Ten times a half",
        judge_value(
            2.0**-10,
            "It is 1/1024: what stands in front of the first layer hears about a thousandth of what the loss says.",
            {
                0.5: "This is one layer. Each of the ten halves what the one behind it has left.",
                5.0: "Ten halves were added. Along a path slopes are multiplied.",
                0.05: "Ten layers do not share one half; each of them halves anew.",
                2.0
                ** -9: "These are nine halves: so much arrives behind the first layer. In front of it one more has halved.",
            },
        ),
        "One layer leaves a half, two leave a quarter.",
    ),
    turn(
        "turn-relu",
        "A deviation for relu",
        judge_value(
            0.2,
            "Half of the mean square gets through a relu, so the variance doubles: 2/50 = 0.04, whose root is 0.2.",
            {
                0.04: "This is the variance, 2/50. The deviation is its root.",
                0.02: "This is 1/50, the variance that would do without a bend. relu lets half of the mean square"
                " through, and the deviation is a root.",
                0.1414: "This is the root of 1/50. Of z^2 a relu lets half through, on average: what has to make up for"
                " it?",
                0.1: "The variance was halved where it has to be doubled: relu takes half away.",
            },
        ),
        "n_in sigma^2 times the mean square of what comes in has to be the mean square of z. Behind a relu the mean"
        " square of what comes in is half of that of z.",
    ),
    turn(
        "turn-shift",
        "Seven more",
        judge_value(
            0,
            "The mean takes the 7 away again. Keep this in mind: it tests every backward of a normalization.",
            {
                7: "This is what was added. How much of it is left once the mean has been taken away?",
                1: "It would be 1 for a value that goes through as it is. Here the mean grows by 7 as well.",
            },
        ),
        "What happens to the mean of the column, and then to each value minus the mean?",
    ),
    turn(
        "turn-around",
        "The way around",
        judge_function(lambda dy, f_backward: dy + f_backward(dy), _around, AROUND_MISTAKES),
        "x reaches y on two paths. What comes back on the one that goes around f, and what on the one through it?",
    ),
    turn(
        "turn-paths",
        "How many paths",
        judge_value(
            8,
            "At each block a path goes through or around: 2 times 2 times 2. One of the eight goes around all three.",
            {
                3: "There are three blocks. At each of them a path has two choices.",
                6: "The choices were added. Each choice at one block goes with each at the next: they multiply.",
                4: "Paths may go through any number of blocks, and through any of them: two choices at each.",
                9: "At each block there are two choices, three times over: 2 to the power 3, not 3 to the power 2.",
            },
        ),
        "At each block a path goes through it or around it.",
    ),
)
