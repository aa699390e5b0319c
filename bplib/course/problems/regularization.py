"""Lesson 10: standardizing, the L2 penalty repaired, dropout both ways, an autopsy of zeros, batch norm backward."""

from itertools import combinations

import numpy as np

from bplib.course.judging.diagnosis import recognized
from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions
from bplib.course.judging.paper import judge_numbers
from bplib.course.judging.raising import IN_PLACE
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    kind_of,
    plain,
    settling,
    shown,
    unchanged,
)

LESSON = "10_regularization"
TITLE = "Regularization"


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


# l2-gradient: a broken penalty, to be repaired


def _networks(rng):
    cases = []
    for d, h, k, strength in ((3, 5, 2, 0.3), (4, 2, 3, 0.07)):
        shapes = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
        params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        grads = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        cases.append((params, grads, strength))
    return cases


def _penalized(decay=lambda p, strength: strength * p, who=lambda name: name.startswith("W"), keep=1.0):
    """A penalty in the gradients; each argument is one thing that a learner may get wrong."""

    def add_penalty(params, grads, strength):
        return {name: keep * grads[name] + (decay(p, strength) if who(name) else 0 * p) for name, p in params.items()}

    return add_penalty


_add_penalty = _penalized()


SIGN = "the sign. The penalty makes large weights cost, so its gradient is added"
FACTOR = "the factor. The derivative of strength/2 times W^2 is strength times W, since the 2 cancels"
BIASES = "the biases. Only weights are penalized, whose names begin with W"


def _still_broken():
    """Every way to have repaired some of it, with a sentence on the first of what is left."""
    for count in (3, 2, 1):
        for left in combinations((SIGN, FACTOR, BIASES), count):
            factor = (-1 if SIGN in left else 1) * (2 if FACTOR in left else 1)
            settings = {"decay": lambda p, strength, factor=factor: factor * strength * p}
            if BIASES in left:
                settings["who"] = lambda name: True
            counted = ("One mistake left,", "Two mistakes left, the first", "Three mistakes left, the first")
            yield Misconception(f"left-{count}", _penalized(**settings), f"{counted[count - 1]} about {left[0]}.")


L2_MISTAKES = (
    *_still_broken(),
    *misconceptions(
        (
            "half",
            "The penalty is half as strong as it should be: strength/2 times W^2 has the derivative strength times W.",
            (_penalized(lambda p, strength: strength / 2 * p),),
        ),
        (
            "nothing-added",
            "The gradients came back as they were: the penalty is not in them. Nothing but the gradient makes weights"
            " smaller.",
            (_penalized(lambda p, strength: 0 * p),),
        ),
        (
            "penalty-alone",
            "This is the gradient of the penalty alone. The gradient of the loss is added to it.",
            (_penalized(keep=0.0),),
        ),
        (
            "value",
            "You added the penalty itself where its gradient is needed: strength times W, entry by entry.",
            (
                _penalized(lambda p, strength: strength / 2 * np.sum(p**2)),
                _penalized(lambda p, strength: strength / 2 * p**2),
            ),
        ),
        (
            "absolute",
            "This is the gradient of an L1 penalty, which pulls at all weights alike. That of strength/2 times W^2 is"
            " in proportion to W.",
            (_penalized(lambda p, strength: strength * np.sign(p)),),
        ),
        (
            "gradient-for-weight",
            "You added strength times the gradient of the loss. The penalty is made of the weights, and so is its"
            " gradient: params[name].",
            (lambda params, grads, strength: _add_penalty(grads, grads, strength),),
        ),
        (
            "only-biases",
            "The condition is turned around: now the biases decay and the weights do not.",
            (_penalized(who=lambda name: name.startswith("b")),),
        ),
        (
            "over-size",
            "You divided by the number of weights. The penalty is a sum over all of them, not a mean.",
            (_penalized(lambda p, strength: strength * p / p.size),),
        ),
    ),
)


# dropout: a forward, and the backward that belongs to it


def _dropout(x, p, rng, training):
    mask = rng.random(x.shape) >= p if training else np.ones(x.shape, dtype=bool)
    scale = 1 / (1 - p) if training else 1.0

    def backward(dy):
        return dy * mask * scale

    return x * mask * scale, backward


def _dropping(
    scale=lambda p: 1 / (1 - p),
    draw=lambda rng, shape, p: rng.random(shape) >= p,
    back=lambda dy, mask, scale, redrawn, x: dy * mask * scale,
    rest=lambda x, p, rng: (x, lambda dy: dy),
):
    """A dropout; each argument is one thing that a learner may get wrong."""

    def dropout(x, p, rng, training):
        if not training:
            return rest(x, p, rng)
        mask = draw(rng, x.shape, p)

        def backward(dy):
            return back(dy, mask, scale(p), lambda: draw(rng, x.shape, p), x)

        return x * mask * scale(p), backward

    return dropout


def _one_mask_for_all(rng, shape, p):
    return np.broadcast_to(rng.random(shape[1:]) >= p, shape)


def _whole_examples(rng, shape, p):
    return np.broadcast_to(rng.random((shape[0], 1)) >= p, shape)


def _mask_from_the_output(x, p, rng, training):
    y, _ = _dropout(x, p, rng, training)
    return y, lambda dy: dy * (y != 0) / (1 - p) if training else dy


def _turned_around(x, p, rng, training):
    return _dropout(x, p, rng, not training)


def _scaled_at_rest(factor):
    return lambda x, p, rng: (x * factor(p), lambda dy: dy * factor(p))


DROPOUT_MISTAKES = misconceptions(
    (
        "not-scaled",
        "What is kept is as large as before, so that the next layer gets less in training than it will get afterward."
        " Scale it up by 1 / (1 - p), in both directions.",
        (_dropping(lambda p: 1.0),),
    ),
    (
        "scaled-later",
        "This is the older dropout, which scales down in evaluation. The inverted one scales up in training, by"
        " 1 / (1 - p), so that nothing is left to do later.",
        (_dropping(lambda p: 1.0, rest=_scaled_at_rest(lambda p: 1 - p)),),
    ),
    (
        "scaled-by-p",
        "You divided by p. What is kept with probability 1 - p is divided by 1 - p, so that its mean is what it was.",
        (_dropping(lambda p: 1 / p),),
    ),
    (
        "multiplied",
        "You multiplied by 1 - p in training, and what is kept became smaller still. Divide by it: then y has"
        " the mean x.",
        (_dropping(lambda p: 1 - p),),
    ),
    (
        "keeps-p",
        "The share p is kept and the rest dropped. p is the probability to be dropped: keep where the random number is"
        " at least p.",
        (
            _dropping(draw=lambda rng, shape, p: rng.random(shape) < p),
            _dropping(lambda p: 1 / p, draw=lambda rng, shape, p: rng.random(shape) < p),
        ),
    ),
    (
        "normal-numbers",
        "The share of dropped entries is not p. Are your random numbers spread evenly from 0 to 1? rng.random makes"
        " such, rng.normal does not.",
        (_dropping(draw=lambda rng, shape, p: rng.normal(size=shape) >= p),),
    ),
    (
        "new-mask",
        "The backward draws a mask of its own. A gradient goes back only where a value went forward: keep the mask.",
        (_dropping(back=lambda dy, mask, scale, redrawn, x: dy * redrawn() * scale),),
    ),
    (
        "no-mask-back",
        "The forward drops and the backward does not: what was dropped does not change the loss, so its gradient is 0.",
        (
            _dropping(back=lambda dy, mask, scale, redrawn, x: dy),
            _dropping(back=lambda dy, mask, scale, redrawn, x: dy * scale),
        ),
    ),
    (
        "no-scale-back",
        "The backward has the mask and not the scale: y = x mask / (1 - p), so its slope is mask / (1 - p).",
        (_dropping(back=lambda dy, mask, scale, redrawn, x: dy * mask),),
    ),
    (
        "scale-twice-back",
        "The backward has the scale twice. y = x mask / (1 - p) has the slope mask / (1 - p), once.",
        (_dropping(back=lambda dy, mask, scale, redrawn, x: dy * mask * scale**2),),
    ),
    (
        "back-of-a-product-with-x",
        "The backward multiplies by the output where the slope is meant. dy / dx is mask / (1 - p), without x.",
        (_dropping(back=lambda dy, mask, scale, redrawn, x: dy * x * mask * scale),),
    ),
    (
        "one-mask-for-all",
        "All examples lose the same units. Each entry of x has a chance of its own: draw with the shape of x.",
        (_dropping(draw=_one_mask_for_all),),
    ),
    (
        "whole-examples",
        "Whole examples are dropped. Each entry of x has a chance of its own: draw with the shape of x.",
        (_dropping(draw=_whole_examples),),
    ),
    (
        "mask-from-the-output",
        "The backward takes an output of 0 for dropped. Where x is 0 the output is 0 also if it was kept, and a relu"
        " makes many such: keep the mask itself.",
        (_mask_from_the_output,),
    ),
    (
        "turned-around",
        "It drops in evaluation and leaves the training alone: the condition is turned around.",
        (_turned_around,),
    ),
    (
        "drops-at-rest",
        "With training=False it still drops. In evaluation nothing is random: y is x.",
        (_dropping(rest=lambda x, p, rng: _dropout(x, p, rng, True)),),
    ),
    (
        "scaled-at-rest",
        "The training is right, and with training=False it scales once more. The scale of the training has seen to that"
        " already: y is x, and dx is dy.",
        (
            _dropping(rest=_scaled_at_rest(lambda p: 1 - p)),
            _dropping(rest=_scaled_at_rest(lambda p: 1 / (1 - p))),
        ),
    ),
    (
        "no-dropout",
        "Nothing is dropped in training.",
        (_dropping(lambda p: 1.0, draw=lambda rng, shape, p: np.ones(shape)),),
    ),
)

_ROWS, _COLUMNS = 60, 50


def _array(value, shape, name):
    try:
        array = plain(value, f"{name} is")
    except Settled:
        raise Settled(f"{name} is {kind_of(value)}; an array of shape {shape} is needed.") from None
    if array.shape != shape:
        raise Settled(f"{name} is an array of shape {array.shape}; {shape} is needed.")
    if not np.isfinite(array).all():
        raise Settled(f"{name} holds NaN or infinity.")
    return array


def _passes(answer, x, dy, p, training, seed):
    """y and dx of an answer, as arrays; Settled if they cannot be had."""
    args = (x, p, np.random.default_rng(seed), training)
    given = fresh(args[:2])
    result = call(answer, (*given, *args[2:]), f"x of shape {x.shape}, p = {shown(p)}, an rng, training = {training}")
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Settled(f"It returns {kind_of(result)}; needed are y and the function backward, `return y, backward`.")
    if not callable(result[1]):
        raise Settled(f"The second value is {kind_of(result[1])}; the function backward itself is needed.")
    y = _array(result[0], x.shape, "y")
    upstream = fresh(dy)
    dx = _array(call(result[1], (upstream,), f"dy of shape {dy.shape}"), x.shape, "What backward returns")
    if not unchanged(given, (x, p)) or not unchanged(upstream, dy):
        raise Settled(IN_PLACE)
    return y, dx


def _ratio(part, whole, p):
    """The constant ratio between two arrays in words that do not depend on p, or "other"."""
    known = {"1": 1.0, "1/(1-p)": 1 / (1 - p), "1/p": 1 / p, "1-p": 1 - p, "p": p, "1/(1-p)^2": 1 / (1 - p) ** 2}
    return next((name for name, value in known.items() if np.allclose(part, value * whole, rtol=1e-6, atol=0)), "other")


def _observed(answer, x, dy, seed):
    """What an answer does, as words: two answers with the same words behave alike, whatever they drew."""
    words = {}
    for p in (0.2, 0.35):
        y, dx = _passes(answer, x, dy, p, True, seed)
        same, _ = _passes(answer, x, dy, p, True, seed)
        again, _ = _passes(answer, x, dy, p, True, seed + 1)
        _, of_zeros = _passes(answer, 0 * x, dy, p, True, seed)
        kept, back = y != 0, dx != 0
        dropped = 1 - kept.mean()
        if kept.all() or not kept.any():
            share = "all or nothing"
        elif (kept == kept[0]).all():
            share = "columns"
        elif (kept == kept[:, :1]).all():
            share = "rows"
        else:
            share = "p" if abs(dropped - p) < 0.06 else "1-p" if abs(dropped - (1 - p)) < 0.06 else "other"
        masks = "same" if (kept == back).all() else "all" if back.all() else "other"
        both = kept & back
        words[f"training {p}"] = (
            share,
            _ratio(y[kept], x[kept], p),
            masks,
            _ratio(dx[both], dy[both], p),
            _ratio(dx[both], (dy * x)[both], p),
            share in ("p", "1-p", "other") and bool((kept == (again != 0)).all()),
            bool((kept == (same != 0)).all()),
            bool(of_zeros.any()),
        )
    y, dx = _passes(answer, x, dy, 0.35, False, seed)
    words["rest"] = (
        "dropped" if (y == 0).any() else _ratio(y, x, 0.35),
        "dropped" if (dx == 0).any() else _ratio(dx, dy, 0.35),
    )
    return words


def _first_wrong(words, right):
    """A sentence about the first thing in which an answer differs from ours."""
    ours = right["training 0.35"]
    for p in (0.2, 0.35):
        theirs = words[f"training {p}"]
        if theirs[0] != ours[0]:
            return f"With p = {p} about that share of the entries of y has to be 0, each by its own chance."
        if theirs[1] != ours[1]:
            return f"With p = {p} what is kept is not x / (1 - p)."
        if theirs[5]:
            return "Two different generators give the same mask: draw it from the rng that is given."
        if not theirs[6]:
            return "The same rng does not give the same mask twice: draw all random numbers from it, and no others."
        if theirs[2] != ours[2]:
            return "The gradient is 0 in other places than the output: the backward needs the mask of the forward."
        if theirs[3] != ours[3]:
            return f"With p = {p} the gradient is not dy / (1 - p) where the output was kept."
        if not theirs[7]:
            return "Where x is 0 no gradient comes back. Its slope is mask / (1 - p), as everywhere."
    return "With training=False the output is x, and the gradient is dy."


def _remembers(answer, x, dy, seed):
    """Whether a backward gives the same gradient twice, and after a forward with another mask."""
    args = fresh(x), 0.35
    y, backward = call(answer, (*args, np.random.default_rng(seed), True), "")
    call(answer, (*args, np.random.default_rng(seed + 1), True), "")
    try:
        again = [_array(call(backward, (fresh(dy),), ""), x.shape, "What backward returns") for _ in range(2)]
    except Settled:
        return False
    return all(((dx != 0) == (np.asarray(y) != 0)).all() for dx in again)


def _judge_dropout():
    def judge(answer, rng):
        x = rng.uniform(0.5, 2.0, size=(_ROWS, _COLUMNS)) * rng.choice([-1.0, 1.0], size=(_ROWS, _COLUMNS))
        dy = rng.uniform(0.5, 2.0, size=x.shape) * rng.choice([-1.0, 1.0], size=x.shape)
        seed = int(rng.integers(1 << 31))
        words, right = _observed(answer, x, dy, seed), _observed(_dropout, x, dy, seed)
        if words == right and not _remembers(answer, x, dy, seed):
            says = (
                "A backward is right only just after its forward. After another forward, or called again, it must"
                " still use the mask of its own: keep that in a variable of the function, and leave it as it is."
            )
            return Verdict(NOT_YET, says, "seen: one mask for all")
        if words == right:
            return Verdict(PASSED, "It drops the share p, scales what is kept, and sends gradients back the same way.")
        claimed = recognized(DROPOUT_MISTAKES, lambda mistake: _observed(mistake.answer, x, dy, seed) == words)
        return claimed or Verdict(NOT_YET, _first_wrong(words, right), "seen: first difference")

    return settling(judge, DROPOUT_MISTAKES)


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


# batch-norm-backward


def _batches(rng):
    cases = []
    for n, c, eps in ((6, 3, 0.1), (7, 4, 0.02), (9, 5, 0.5)):
        x = rng.normal(size=(n, c)) * rng.uniform(0.4, 2.0, size=c) + 1.5 * rng.normal(size=c)
        cases.append((rng.normal(size=(n, c)), x, rng.uniform(0.5, 2.0, size=c) * rng.choice([-1, 1], size=c), eps))
    return cases


def _normalizing(
    root=lambda v, eps: np.sqrt(v + eps),
    ddof=0,
    through_mean=1.0,
    through_variance=1.0,
    mean=np.mean,
    last=lambda x, x_hat: x_hat,
    outer=lambda gamma, s: gamma / s,
    of_gamma=lambda dy, x, x_hat: np.sum(dy * x_hat, axis=0),
    axis=0,
):
    """A backward of batch norm; each argument is one thing that a learner may get wrong."""

    def backward(dy, x, gamma, eps):
        v = np.var(x, axis=axis, keepdims=True, ddof=ddof)
        s = root(v, eps)
        x_hat = (x - np.mean(x, axis=axis, keepdims=True)) / s
        first = mean(dy, axis=axis, keepdims=True)
        second = last(x, x_hat) * mean(dy * x_hat, axis=axis, keepdims=True)
        dx = outer(gamma, s) * (dy - through_mean * first - through_variance * second)
        return dx, of_gamma(dy, x, x_hat), np.sum(dy, axis=0)

    return backward


_batch_norm_backward = _normalizing()


def _in_order(order):
    def backward(dy, x, gamma, eps):
        parts = _batch_norm_backward(dy, x, gamma, eps)
        return tuple(parts[i] for i in order)

    return backward


def _one_sum(which):
    """One of the two means is a sum."""

    def backward(dy, x, gamma, eps):
        return _normalizing(**{which: float(len(x))})(dy, x, gamma, eps)

    return backward


def _only_last_divided(dy, x, gamma, eps):
    """The parentheses around the three terms are missing."""
    s = np.sqrt(x.var(axis=0) + eps)
    x_hat, d = (x - x.mean(axis=0)) / s, dy * gamma
    dx = d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0) / s
    return dx, *_batch_norm_backward(dy, x, gamma, eps)[1:]


def _gamma_late(dy, x, gamma, eps):
    """dy is multiplied by gamma, and its two means are not."""
    s = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / s
    dx = (dy * gamma - dy.mean(axis=0) - x_hat * (dy * x_hat).mean(axis=0)) / s
    return dx, *_batch_norm_backward(dy, x, gamma, eps)[1:]


BATCH_NORM_MISTAKES = misconceptions(
    (
        "constants",
        "You took the mean and the variance for constants. Both are made of x: move one example and all rows of its"
        " column move. Two more terms, with mean(dy) and mean(dy x_hat).",
        (_normalizing(through_mean=0.0, through_variance=0.0),),
    ),
    (
        "no-variance-path",
        "The path through the variance is missing: subtract x_hat mean(dy x_hat) as well.",
        (_normalizing(through_variance=0.0),),
    ),
    (
        "no-mean-path",
        "The path through the mean is missing: subtract mean(dy) as well. Check: the column sums of dx must be 0.",
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
        "no-1/n",
        "In dx a 1/n is missing: m and v are means over the batch, so one example moves each of them by only 1/n. The"
        " two terms hold means, not sums.",
        (_normalizing(mean=np.sum), _one_sum("through_mean"), _one_sum("through_variance")),
    ),
    (
        "n-1",
        "You used n - 1 for the variance. In training the batch is normalized with n, as np.var does.",
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
        (
            _normalizing(root=lambda v, eps: v + eps),
            _normalizing(outer=lambda gamma, s: gamma / s**2),
        ),
    ),
    (
        "gamma-below",
        "dx is divided by gamma. y = gamma x_hat + beta, so it is multiplied by it.",
        (_normalizing(outer=lambda gamma, s: 1 / gamma / s),),
    ),
    (
        "gamma-twice",
        "gamma enters dx twice. Either put it in front, or multiply dy by it first, but not both.",
        (_normalizing(outer=lambda gamma, s: gamma**2 / s),),
    ),
    (
        "no-division",
        "A division is missing in dx: by sqrt(v + eps), as x - m is divided in x_hat.",
        (_normalizing(outer=lambda gamma, s: gamma),),
    ),
    (
        "no-parentheses",
        "Only the last term of dx is divided by sqrt(v + eps). Parentheses: all three terms are.",
        (_only_last_divided,),
    ),
    (
        "gamma-late",
        "In dx gamma multiplies dy and not the two means. Put it in front of all three terms, or into each of them.",
        (_gamma_late,),
    ),
    (
        "all-units",
        "The means in dx run over all units at once. Each unit has its own, over the batch: axis 0.",
        (_normalizing(mean=lambda each, axis, keepdims: np.mean(each)),),
    ),
    (
        "across-units",
        "The means in dx run along each example. Mean and variance belong to a unit, over the batch: axis 0.",
        (_normalizing(mean=lambda each, axis, keepdims: np.mean(each, axis=1, keepdims=True)),),
    ),
    (
        "no-x_hat-in-dx",
        "A factor is missing in the last term of dx: x_hat. The variance pulls at each example as far as it lies from"
        " the mean.",
        (_normalizing(last=lambda x, x_hat: 1.0),),
    ),
    (
        "x-for-x_hat-in-dx",
        "The last term of dx is made with x that is not normalized. It needs x_hat.",
        (
            _normalizing(last=lambda x, x_hat: x),
            _normalizing(last=lambda x, x_hat: x - x.mean(axis=0)),
        ),
    ),
    (
        "x-for-x_hat-in-dgamma",
        "dgamma is made with x that is not normalized. y = gamma x_hat + beta, so it needs x_hat.",
        (
            _normalizing(of_gamma=lambda dy, x, x_hat: np.sum(dy * x, axis=0)),
            _normalizing(of_gamma=lambda dy, x, x_hat: np.sum(dy * (x - x.mean(axis=0)), axis=0)),
        ),
    ),
    (
        "axis",
        "The mean and the variance run along each example, which is layer normalization. In batch norm each unit has"
        " its own, over the batch: axis 0.",
        (_normalizing(axis=1),),
    ),
    (
        "order",
        "The gradients are right, in another order. Return dx, dgamma, dbeta.",
        (_in_order((1, 2, 0)), _in_order((0, 2, 1))),
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
        id="l2-gradient",
        title="A broken penalty",
        points=2,
        hints=(
            "Differentiate strength/2 times w^2 with a pencil, with its sign and its factor.",
            "Which parameters does the penalty sum over? name.startswith('W') tells them.",
            "For a weight: grads[name] + strength * params[name]. For a bias: grads[name].",
        ),
        judge=judge_function(_add_penalty, _networks, L2_MISTAKES),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="dropout",
        title="Dropout both ways",
        points=4,
        hints=(
            "First the easy half: if not training, y is x, and backward returns the dy it is given.",
            "mask = rng.random(x.shape) >= p is True with probability 1 - p. What is kept is divided by 1 - p.",
            "A function that is defined inside another one sees its variables. So backward(dy) can use the very mask of"
            " the forward.",
            "y = x * mask / (1 - p), and backward returns dy * mask / (1 - p). At the end: return y, backward.",
        ),
        judge=_judge_dropout(),
        minutes=12,
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
        id="batch-norm-backward",
        title="Batch norm backward",
        points=5,
        hints=(
            "Redo the forward first: m, v, and x_hat = (x - m) / sqrt(v + eps), each unit by itself over axis 0.",
            "dbeta and dgamma are sums over the batch: of dy, and of dy * x_hat.",
            "At x_hat arrives dy * gamma. From there three paths lead to x: directly, through m, and through v.",
            "dx = gamma / sqrt(v + eps) * (dy - mean(dy) - x_hat * mean(dy * x_hat)), with means over axis 0.",
        ),
        judge=judge_function(_batch_norm_backward, _batches, BATCH_NORM_MISTAKES, returns="dx dgamma dbeta"),
        minutes=15,
        difficulty=3,
    ),
)
