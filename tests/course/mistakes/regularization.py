"""Mistakes with standardizing, penalties, dropout and batch normalization: lesson 10."""

import numpy as np

from mistakes import Mistake

# standardize


def all_columns_together(X_train, X_test):
    return (X_train - X_train.mean()) / X_train.std(), (X_test - X_test.mean()) / X_test.std()


def each_part_by_its_own(X_train, X_test):
    parts = []
    for X in (X_train, X_test):
        deviation = X.std(axis=0)
        deviation[deviation == 0] = 1
        parts.append((X - X.mean(axis=0)) / deviation)
    return parts


def deviation_of_a_sample(X_train, X_test):
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0, ddof=1)
    deviation[deviation == 0] = 1
    return (X_train - mean) / deviation, (X_test - mean) / deviation


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


# batch-norm-backward


def normalized(x, eps):
    root = np.sqrt(x.var(axis=0) + eps)
    return (x - x.mean(axis=0)) / root, root


def with_the_variance_path(d_var, dy, x, gamma, eps):
    """All three gradients in small steps, where d_var(root) is the slope of 1 / root with respect to the variance."""
    x_hat, root = normalized(x, eps)
    centered, d_x_hat = x - x.mean(axis=0), gamma * dy
    from_the_variance = (d_x_hat * centered).sum(axis=0) * d_var(root) * 2 * centered / len(x)
    dx = d_x_hat / root + from_the_variance - (d_x_hat / root).mean(axis=0)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def gamma_in_one_path(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    dx = (gamma * dy - dy.mean(axis=0) - x_hat * (dy * x_hat).mean(axis=0)) / root
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def mean_and_variance_as_constants(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    return gamma * dy / root / len(x), (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def gamma_left_out(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    dx = (dy - dy.mean(axis=0) - x_hat * np.mean(dy * x_hat, axis=0)) / root
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def variance_path_with_a_plus(dy, x, gamma, eps):
    return with_the_variance_path(lambda root: 0.5 / root**3, dy, x, gamma, eps)


def power_not_lowered(dy, x, gamma, eps):
    return with_the_variance_path(lambda root: -0.5 / root, dy, x, gamma, eps)


MISTAKES = [
    Mistake("standardize", "khuyentran1401#5", "all columns together, each part alone", all_columns_together, None),
    Mistake(
        "standardize",
        "deepchem#51",
        "each part by its own",
        each_part_by_its_own,
        "The test part was brought to mean 0 by its own mean and standard deviation.",
    ),
    Mistake("standardize", "d2l-en#1595", "ddof = 1", deviation_of_a_sample, "You divided by n - 1 in the variance."),
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
    Mistake(
        "batch-norm-backward",
        "Knet.jl#288",
        "gamma in one path",
        gamma_in_one_path,
        "gamma multiplies dy and not the two means",
    ),
    Mistake(
        "batch-norm-backward",
        "mlpack#1327",
        "mean and variance as constants",
        mean_and_variance_as_constants,
        "dgamma, dbeta are right; dx is not.",
    ),
    Mistake("batch-norm-backward", "caffe#6522", "no gamma", gamma_left_out, "It takes no notice of gamma"),
    Mistake(
        "batch-norm-backward",
        "common",
        "a plus in the variance",
        variance_path_with_a_plus,
        "The path through the variance has the wrong sign",
    ),
    Mistake(
        "batch-norm-backward",
        "common",
        "a power not lowered",
        power_not_lowered,
        "dgamma, dbeta are right; dx is not.",
    ),
]
