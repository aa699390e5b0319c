"""Lesson 10b: the L2 penalty repaired, dropout both ways, and an honest report over seeds."""

from itertools import combinations

import numpy as np

from bplib.course.judging.diagnosis import recognized
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions
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
from bplib.course.judging.turns import judge_value, turn

LESSON = "10b_generalization"
TITLE = "Generalization"


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


def _counted(rng, shape, p):
    """Exactly the share p of all entries is dropped."""
    mask = np.arange(np.prod(shape)) >= int(p * np.prod(shape))
    return rng.permutation(mask).reshape(shape)


def _counted_in_rows(rng, shape, p):
    mask = np.broadcast_to(np.arange(shape[1]) >= int(p * shape[1]), shape)
    return rng.permuted(mask, axis=1)


def _counted_in_columns(rng, shape, p):
    mask = np.broadcast_to((np.arange(shape[0]) >= int(p * shape[0]))[:, None], shape)
    return rng.permuted(mask, axis=0)


def _drawing_alone(seed):
    """Masks from a generator that is made at each call, with a seed or without."""

    def draw(rng, shape, p):
        own = np.random.default_rng(seed)
        return own.random(shape) >= p

    return draw


COUNTED = (
    "The number of dropped entries is the same each time. Each entry has a chance of its own, whatever becomes of the"
    " others: compare one random number for each with p."
)

DROPOUT_MISTAKES = misconceptions(
    (
        "counted",
        COUNTED,
        tuple(_dropping(draw=draw) for draw in (_counted, _counted_in_rows, _counted_in_columns)),
    ),
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
        "own-generator",
        "Where do your random numbers come from? The same rng has to give the same mask, and another rng another one:"
        " draw all of them from the rng that is given, and make no generator of your own.",
        (
            _dropping(draw=_drawing_alone(0)),
            _dropping(draw=_drawing_alone(None)),
        ),
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


def _spread(masks, p):
    """Whether the number of dropped entries is left to chance, as the word "chance", or is the same each time."""
    counts = [int(mask.sum()) for mask in masks]
    by_row, by_column = masks[0].sum(axis=1), masks[0].sum(axis=0)
    expected = [p * (1 - p) * len(masks[0].T), p * (1 - p) * len(masks[0])]
    even = [np.var(each) < 0.3 * needed for each, needed in zip((by_row, by_column), expected, strict=True)]
    return "counted" if len(set(counts)) == 1 or any(even) else "chance"


def _observed(answer, x, dy, seed):
    """What an answer does, as words: two answers with the same words behave alike, whatever they drew."""
    words = {}
    for p in (0.2, 0.35):
        y, dx = _passes(answer, x, dy, p, True, seed)
        same, _ = _passes(answer, x, dy, p, True, seed)
        again, _ = _passes(answer, x, dy, p, True, seed + 1)
        masks_met = [
            kept_of == 0 for kept_of in (y, again, *(_passes(answer, x, dy, p, True, seed + k)[0] for k in (2, 3)))
        ]
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
            share in ("p", "1-p", "other") and _spread(masks_met, p) == "counted",
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
        if theirs[8]:
            return COUNTED
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


# honest-report: chosen on validation data, told of test data, paired by seed


def _tables_of_shares(rng):
    cases = []
    for seeds, k in ((6, 7), (8, 6), (7, 8)):
        strengths = np.sort(rng.uniform(0.001, 1.0, size=k)).round(3)
        level = 0.02 * rng.normal(size=(seeds, 1))  # what a seed does to all trainings alike
        best, steady, best_on_test, lucky, first, worst = rng.permutation(k)[:6]
        validation = 0.75 + level + 0.004 * rng.normal(size=(seeds, k))
        test = 0.78 + level + 0.02 * rng.normal(size=(seeds, k))
        # The best mean comes from few seeds: another has the best median, the best worst seed, and wins most of them.
        validation[1 + rng.permutation(seeds - 1)[: (seeds - 1) // 2], best] += 0.16
        validation[:, steady] += 0.03
        validation[:, worst] -= 0.08
        test[:, best_on_test] += 0.18
        test[:, best] += 0.03
        validation[0, first], validation[1, lucky] = 0.98, 0.99
        plain = 0.75 + level[:, 0] + 0.02 * rng.normal(size=seeds)
        cases.append((strengths, validation, test, plain))
    return cases


def _reporting(
    chosen=lambda validation, test: np.argmax(validation.mean(axis=0)),
    gain=lambda validation, test, plain, j: test[:, j] - plain,
    error=lambda d: np.std(d, ddof=1) / np.sqrt(len(d)),
):
    """A report; each argument is one thing that a learner may get wrong."""

    def report(strengths, validation, test, plain):
        j = chosen(validation, test)
        d = gain(validation, test, plain, j)
        return strengths[j], d.mean(), error(d)

    return report


_report = _reporting()


def _unpaired(strengths, validation, test, plain):
    j = np.argmax(validation.mean(axis=0))
    variances = [np.var(x, ddof=1) / len(x) for x in (test[:, j], plain)]
    return strengths[j], np.mean(test[:, j]) - np.mean(plain), np.sqrt(sum(variances))


def _best_of_each_seed(strengths, validation, test, plain):
    rows = np.arange(len(test))
    d = test[rows, validation.argmax(axis=1)] - plain
    return strengths[np.argmax(validation.mean(axis=0))], d.mean(), np.std(d, ddof=1) / np.sqrt(len(d))


def _place(strengths, validation, test, plain):
    return _reporting()(np.arange(len(strengths)), validation, test, plain)


def _spread_of_accuracies(strengths, validation, test, plain):
    strength, gain, _ = _report(strengths, validation, test, plain)
    shares = test[:, np.argmax(validation.mean(axis=0))]
    return strength, gain, np.std(shares, ddof=1) / np.sqrt(len(shares))


def _median(strengths, validation, test, plain):
    strength, _, error = _report(strengths, validation, test, plain)
    return strength, np.median(test[:, np.argmax(validation.mean(axis=0))] - plain), error


REPORT_MISTAKES = misconceptions(
    (
        "chosen-on-the-test",
        "The test part had a say in the choice of the strength. Then its accuracy there is a little too good, since"
        " whoever won was also lucky: choose by the mean of validation.",
        (
            _reporting(chosen=lambda validation, test: np.argmax(test.mean(axis=0))),
            _reporting(chosen=lambda validation, test: np.argmax((validation + test).mean(axis=0))),
        ),
    ),
    (
        "steadiest",
        "This is the strength with the best median, or the best worst seed, or the most seeds that it wins. All of them"
        " count alike: choose by the mean.",
        (
            _reporting(chosen=lambda validation, test: np.argmax(np.median(validation, axis=0))),
            _reporting(chosen=lambda validation, test: np.argmax(validation.min(axis=0))),
            _reporting(chosen=lambda validation, test: np.bincount(validation.argmax(axis=1)).argmax()),
        ),
    ),
    (
        "luckiest",
        "The strength is the one with the largest single accuracy, of one seed. Choose by the mean over the seeds.",
        (_reporting(chosen=lambda validation, test: np.argmax(validation.max(axis=0))),),
    ),
    (
        "one-seed",
        "The strength was chosen by the first seed alone. Choose by the mean over all of them.",
        (_reporting(chosen=lambda validation, test: np.argmax(validation[0])),),
    ),
    (
        "weakest",
        "This is the strength that does worst on the validation part. These are accuracies: the largest is the best.",
        (_reporting(chosen=lambda validation, test: np.argmin(validation.mean(axis=0))),),
    ),
    (
        "gain-on-validation",
        "The gain is that on the validation part, which has been used to choose. Tell that of the test part.",
        (_reporting(gain=lambda validation, test, plain, j: validation[:, j] - plain),),
    ),
    (
        "each-its-own",
        "Each seed got its own best strength. One strength is chosen, by the mean over the seeds, and used for all.",
        (_best_of_each_seed,),
    ),
    (
        "not-compared",
        "This is the accuracy itself. How much it is above plain, seed by seed, is asked for.",
        (_reporting(gain=lambda validation, test, plain, j: test[:, j]),),
    ),
    (
        "sign",
        "The sign of the gain is turned: what the penalty has, minus what plain has.",
        (_reporting(gain=lambda validation, test, plain, j: plain - test[:, j]),),
    ),
    (
        "not-paired",
        "Gain and strength are right, and the error is that of two unrelated sets of seeds. The same seed draws both"
        " trainings: take the difference seed by seed first, then its standard deviation.",
        (_unpaired,),
    ),
    (
        "error-of-one",
        "The error is that of a single seed. The mean of n differences is surer by the root of n.",
        (
            _reporting(error=lambda d: np.std(d, ddof=1)),
            _reporting(error=np.std),
        ),
    ),
    (
        "spread-of-accuracies",
        "Strength and gain are right, and the error is that of the accuracies themselves. What a seed does to both"
        " trainings cancels in the differences: take their spread.",
        (_spread_of_accuracies,),
    ),
    (
        "n-1-twice",
        "n - 1 is there twice. It belongs into the spread, ddof=1; below the root stands how many seeds there are.",
        (_reporting(error=lambda d: np.std(d, ddof=1) / np.sqrt(len(d) - 1)),),
    ),
    (
        "median",
        "This is the median of the differences. Their mean is asked for.",
        (_median,),
    ),
    (
        "n",
        "The squares were divided by n. These few seeds stand for all, so n - 1, ddof=1.",
        (_reporting(error=lambda d: np.std(d) / np.sqrt(len(d))),),
    ),
    (
        "over-n",
        "You divided by n and not by its root.",
        (_reporting(error=lambda d: np.std(d, ddof=1) / len(d)),),
    ),
    (
        "variance",
        "The root is missing: the standard deviation, not the variance, over the root of n.",
        (
            _reporting(error=lambda d: np.var(d, ddof=1) / len(d)),
            _reporting(error=lambda d: np.var(d, ddof=1) / np.sqrt(len(d))),
        ),
    ),
    (
        "place",
        "This is the place of the strength in the list. The strength that stands there is asked for.",
        (_place,),
    ),
)


PROBLEMS = (
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
        id="honest-report",
        title="An honest report",
        points=3,
        hints=(
            "Three steps: choose, subtract, and say how sure it is. Which of the arrays may the first step look at?",
            "j = np.argmax(validation.mean(axis=0)), and then one difference for each seed: test[:, j] - plain.",
            "The standard error of a mean is np.std(..., ddof=1) over the root of how many there are.",
        ),
        judge=judge_function(_report, _tables_of_shares, REPORT_MISTAKES, returns="strength gain error"),
        minutes=8,
        difficulty=2,
    ),
)


# The turns within the lesson

TURNS = (
    turn(
        "turn-recall-validation",
        "Lesson 08: which part decides",
        judge_value(
            "validation",
            "Whatever is chosen is chosen on validation data. The test part is looked at once, when all is decided.",
            {
                "training": "On the training part the network that learns by heart wins. Which part has it not seen,"
                " and is there for decisions?",
                "test": "Whoever chooses on the test part has nothing left that is unseen. Which part is there for"
                " decisions?",
            },
        ),
        "Lesson 08 had three parts: one to learn from, one to decide with, and one to be looked at once.",
    ),
    turn(
        "turn-recall-decay",
        "Lesson 09: a step of AdamW without a gradient",
        judge_value(
            1.9,
            "Only the decay is left: 2 - 0.1 times 0.5 times 2. Whatever Adam has seen of gradients does not come in.",
            {
                2: "Without a gradient Adam does not move. The decay of AdamW stands outside of it, and pulls all the"
                " same.",
                1.0: "The decay is multiplied by the rate as well: 0.1 times 0.5 times 2.",
                0.1: "This is by how much it shrinks. What is left of 2?",
                1.95: "You took away the rate times the decay, whatever the weight is. A decay is a share of it: times"
                " w, which is 2.",
                1.5: "You took the decay itself away. It is multiplied by the rate, and by the weight.",
                1.8: "Twice too much is gone. Is a step of Adam in it, or the rate without the decay? Without a"
                " gradient Adam's step is 0.",
                2.1: "It was pulled away from zero. A decay makes weights smaller.",
            },
        ),
        "AdamW takes the rate times the decay times w away from w, before Adam's own step.",
    ),
    turn(
        "turn-test-error",
        "Plus or minus",
        judge_value(
            0.01,
            "The root of 0.9 times 0.1 over 900 is 0.3 over 30: one point. Two networks that were each measured on 900"
            " images of their own, and are less than that apart, have shown no difference. On the same images a"
            " difference is surer, since an image that is hard for one is often hard for the other.",
            {
                0.09: "This is p (1 - p). Divide it by n, and take the root.",
                0.003: "p (1 - p) stands above without its root, and n below with it. One root is taken of all of"
                " p (1 - p)/n.",
                0.03: "With p (1 - p) = 0.09 the root above is 0.3. And the root of 900?",
                0.000333: "Above stands a root, and below n itself. The root is taken of n as well.",
                0.1: "This is the share of images that it gets wrong. How far may that be off by chance?",
                1: "Is this in percent? A number between 0 and 1 is asked for.",
                0.0001: "The root is missing: p (1 - p)/n is a variance.",
                0.3: "This is the deviation for a single example. n stands below the root as well.",
                0.0316: "p (1 - p) stands above, not p alone: with p = 1 there would be no doubt.",
                0.0105: "This is the root of (1 - p)/n: the factor p is missing. Below the root stands 0.9 times 0.1,"
                " over 900.",
            },
        ),
        "The root of p (1 - p)/n, with p = 0.9 and n = 900.",
    ),
    turn(
        "turn-paired-error",
        "Paired or not",
        judge_value(
            "seed by seed",
            "Each difference is near 0.1, whatever the seed does to both: their spread is small, and that of the"
            " accuracies is not what matters.",
            {
                "mean by mean": "The accuracies go up and down together with the seed, by more than they differ. If one"
                " mean is compared with the other, that stays in the error: where does it cancel?",
                "no difference": "Write the four differences down. Is one of them near 0?",
            },
        ),
        "Write down the four differences, and look at how much they spread.",
    ),
    turn(
        "turn-kept",
        "What is kept grows",
        judge_value(
            1.25,
            "Four fifths are kept, so what is kept is divided by 0.8: on average the sum stays what it was.",
            {
                0.8: "This is the share that is kept. It has to make up for the rest: multiply by what?",
                5.0: "This is one over the share that is dropped. What is kept has the share 0.8.",
                0.2: "This is the share that is dropped. What is kept has to make up for it.",
                2.0: "This would be right if half were dropped.",
                1.2: "A fifth more is not enough: a fifth of 0.8 is 0.16, and 0.2 are missing.",
            },
        ),
        "The share 0.8 is kept. Times which factor does 0.8 become 1 again?",
    ),
    turn(
        "turn-claims",
        "What the table allows",
        judge_value(
            frozenset({"A", "C"}),
            "Two standard errors are the usual bar: A and C are past it, 8 and 2.5 errors from 0, and B is not even one"
            " error away.",
            {
                frozenset({"A", "B", "C"}): "How many of its standard errors is the difference of B away from 0?",
                frozenset({"A"}): "C is small, and its error is smaller still: how many errors is it away from 0?",
                frozenset({"C"}): "A is the largest of all, and 8 errors away from 0.",
                frozenset({"A", "B"}): "It is not the size that counts but the size over its error.",
            },
        ),
        "Divide each difference by its standard error.",
    ),
)
