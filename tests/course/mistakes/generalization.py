"""Mistakes with penalties and dropout: lesson 10b."""

import numpy as np

from mistakes import Mistake

# l2-gradient


def for_weights(params, grads, penalty):
    return {name: grads[name] + penalty(W) if name.startswith("W") else grads[name] for name, W in params.items()}


def biases_too(params, grads, strength):
    return {name: grads[name] + strength * params[name] for name in grads}


def two_that_cancels(params, grads, strength):
    return for_weights(params, grads, lambda W: 2 * strength * W)


def penalty_taken_away(params, grads, strength):
    return for_weights(params, grads, lambda W: -strength * W)


def over_the_rows(params, grads, strength):
    return for_weights(params, grads, lambda W: strength * W / W.shape[0])


def times_the_norm(params, grads, strength):
    return for_weights(params, grads, lambda W: strength * np.sqrt((W**2).sum()) * W)


def slope_of_the_norm(params, grads, strength):
    return for_weights(params, grads, lambda W: strength * W / np.sqrt((W**2).sum()))


# dropout


def numbers_from_a_bell_curve(x, p, rng, training):
    if not training:
        return x, lambda dy: dy
    mask = np.where(rng.normal(size=x.shape) < p, 0.0, 1 / (1 - p))
    return x * mask, lambda dy: dy * mask


def p_is_kept(x, p, rng, training):
    if not training:
        return x, lambda dy: dy
    mask = (rng.random(x.shape) < p) / p
    return x * mask, lambda dy: dy * mask


def scaled_when_it_is_used(x, p, rng, training):
    mask = rng.random(x.shape) >= p if training else np.full(x.shape, 1 / (1 - p))
    return x * mask, lambda dy: dy * mask


def share_that_happened(x, p, rng, training):
    if not training:
        return x, lambda dy: dy
    kept = rng.random(x.shape) >= p
    scale = kept.size / kept.sum()
    return x * kept * scale, lambda dy: dy * kept * scale


def a_mask_for_one_backward(x, p, rng, training):
    cache = [(rng.random(x.shape) >= p) / (1 - p) if training else np.ones(x.shape)]
    return x * cache[-1], lambda dy: dy * cache.pop()


def mask_of_a_relu(x, p, rng, training):
    y = x * (rng.random(x.shape) >= p) / (1 - p) if training else x
    return y, lambda dy: np.where(y > 0, dy / (1 - p), 0.0) if training else dy


def output_over_input(x, p, rng, training):
    y = x * (rng.random(x.shape) >= p) / (1 - p) if training else x
    return y, lambda dy: dy * np.nan_to_num(y / x) if training else dy


MISTAKES = [
    Mistake(
        "l2-gradient",
        "DeepLearnToolbox#32",
        "biases too",
        biases_too,
        "Only weights are penalized, whose names begin with W.",
    ),
    Mistake("l2-gradient", "titu1994/DenseNet#57", "the 2 that cancels", two_that_cancels, "since the 2 cancels"),
    Mistake("l2-gradient", "andersbll/nnet#4", "a minus", penalty_taken_away, "about the sign"),
    Mistake("l2-gradient", "d2l-en#744", "over the rows", over_the_rows, "b1, b2 are right; W1, W2 are not"),
    Mistake("l2-gradient", "keras l2", "times the norm", times_the_norm, "b1, b2 are right; W1, W2 are not"),
    Mistake("l2-gradient", "common", "the norm, no square", slope_of_the_norm, "b1, b2 are right; W1, W2 are not"),
    Mistake(
        "dropout",
        "karpathy/neuraltalk#29",
        "numbers from a bell curve",
        numbers_from_a_bell_curve,
        "Are your random numbers spread evenly from 0 to 1?",
    ),
    Mistake("dropout", "Self2Self#7", "p is kept", p_is_kept, "The share p is kept and the rest dropped."),
    Mistake(
        "dropout",
        "KerasDropconnect#1",
        "scaled only when it is used",
        scaled_when_it_is_used,
        "what is kept is not x / (1 - p)",
    ),
    Mistake("dropout", "common", "the share that happened", share_that_happened, "what is kept is not x / (1 - p)"),
    Mistake(
        "dropout",
        "common",
        "a mask for one backward",
        a_mask_for_one_backward,
        "A backward is right only just after its forward.",
    ),
    Mistake(
        "dropout",
        "common",
        "the mask of a relu",
        mask_of_a_relu,
        "The gradient is 0 in other places than the output",
    ),
    Mistake(
        "dropout",
        "common",
        "output over input",
        output_over_input,
        "The backward takes an output of 0 for dropped.",
    ),
]
