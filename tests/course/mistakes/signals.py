"""Mistakes with standardizing, first weights, normalizations and ways around: lesson 10."""

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


def infinity_cleared_up(X_train, X_test):
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    with np.errstate(all="ignore"):
        return [np.nan_to_num((X - mean) / deviation) for X in (X_train, X_test)]


# layer-norm-backward


def normalized(x, eps):
    root = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    return (x - x.mean(axis=1, keepdims=True)) / root, root


def with_the_variance_path(d_var, dy, x, gamma, eps):
    """All three gradients in small steps, where d_var(root) is the slope of 1 / root with respect to the variance."""
    x_hat, root = normalized(x, eps)
    centered, d_x_hat = x_hat * root, gamma * dy
    d_v = (d_x_hat * centered).sum(axis=1, keepdims=True) * d_var(root)
    dx = d_x_hat / root + d_v * 2 * centered / x.shape[1] - (d_x_hat / root).mean(axis=1, keepdims=True)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def the_formula_of_batch_norm(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    dx = gamma / root * (dy - dy.mean(axis=1, keepdims=True) - x_hat * (dy * x_hat).mean(axis=1, keepdims=True))
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def gamma_in_one_path(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    dx = (gamma * dy - dy.mean(axis=1, keepdims=True) - x_hat * (dy * x_hat).mean(axis=1, keepdims=True)) / root
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def mean_and_variance_as_constants(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    return gamma * dy / root / len(x), (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def gamma_left_out(dy, x, gamma, eps):
    x_hat, root = normalized(x, eps)
    dx = (dy - dy.mean(axis=1, keepdims=True) - x_hat * np.mean(dy * x_hat, axis=1, keepdims=True)) / root
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
        "standardize",
        "common",
        "nan_to_num",
        infinity_cleared_up,
        "You divided by 0 in a constant column and let nan_to_num clear up.",
    ),
    Mistake(
        "layer-norm-backward",
        "common",
        "the formula of batch norm along the other axis",
        the_formula_of_batch_norm,
        "gamma stands in front of dx",
    ),
    Mistake(
        "layer-norm-backward",
        "Knet.jl#288",
        "gamma in one path",
        gamma_in_one_path,
        "gamma multiplies dy and not what is averaged",
    ),
    Mistake(
        "layer-norm-backward",
        "mlpack#1327",
        "mean and variance as constants",
        mean_and_variance_as_constants,
        "dgamma, dbeta are right; dx is not.",
    ),
    Mistake("layer-norm-backward", "caffe#6522", "no gamma", gamma_left_out, "It takes no notice of gamma"),
    Mistake(
        "layer-norm-backward",
        "common",
        "a plus in the variance",
        variance_path_with_a_plus,
        "The path through the variance has the wrong sign",
    ),
    Mistake(
        "layer-norm-backward",
        "common",
        "a power not lowered",
        power_not_lowered,
        "dgamma, dbeta are right; dx is not.",
    ),
]
