"""Mistakes that hide an overflow, with clips of any size, and a few of one neuron: lessons 01, 04 and 05."""

import numpy as np

from mistakes import Mistake

USUAL = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)
LARGE, TINY = (1e-3, 1e-4), (1e-20, 1e-100)
EPSILON = 2.2e-16  # of float64, as it is often written

HIDES = "hides the overflow and does not mend it"
HIDES_ZERO = "hides log(0) and does not mend it"
AS_LONG_AS = "right as long as z stays between"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def own_probabilities(z, y):
    """The probability of each true class."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True))[np.arange(len(y)), y]


# bce-logits and softmax-ce


def clipped(eps, says):
    def loss(z, y):
        p = np.clip(sigmoid(z), eps, 1 - eps)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return Mistake("bce-logits", "common", f"clipped at {eps:g}", loss, says)


def added(eps, says):
    def loss(z, y):
        p = sigmoid(z)
        return -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))

    return Mistake("bce-logits", "common", f"{eps:g} added", loss, says)


def added_to_a_softmax(eps, says):
    def loss(z, y):
        return -np.log(own_probabilities(z, y) + eps)

    return Mistake("softmax-ce", "common", f"{eps:g} added", loss, says)


def infinities_replaced(z, y):
    return np.nan_to_num(-np.log(own_probabilities(z, y)))


def softmax_clipped(z, y):
    p = np.maximum(own_probabilities(z, y), np.finfo(float).eps)
    return -np.log(p)


def logarithm_where_it_is_finite(z, y):
    p = own_probabilities(z, y)
    return -np.log(p, out=np.zeros(len(p)), where=p > 0)


# signed-labels, train and update-rule


def loss_in_place_of_the_slope(X, y, w, b):
    losses = np.log(1 + np.exp(-y * (X @ w + b)))
    return X.T @ losses / len(losses), losses.mean()


def sigmoid_of_the_inputs(X, y, w, b):
    slope = -y * sigmoid(-y * (sigmoid(X) @ w + b))
    return X.T @ slope / len(y), slope.mean()


def column_times_row(X, y, w, b):
    z = X @ w.reshape(-1, 1) + b
    slope = -y * sigmoid(-y * z)
    return np.sum(X.T @ slope, axis=1) / len(y), slope.sum() / len(y)


def random_weights(X, y, lr, tolerance, most):
    w, b, losses = np.random.default_rng(0).normal(size=X.shape[1]), 0.0, []
    for _ in range(most):
        a = sigmoid(X @ w + b)
        losses.append(-np.mean(y * np.log(a) + (1 - y) * np.log(1 - a)))
        w, b = w - lr * X.T @ (a - y) / len(y), b - lr * np.mean(a - y)
    return w, b, losses


def minus_and_equal_in_the_wrong_order(gradients, params, lr):
    params = dict(params)
    for name, gradient in gradients(params).items():
        params[name] =- lr * gradient  # fmt: skip
    return params


MISTAKES = [
    *(clipped(eps, AS_LONG_AS) for eps in (*LARGE, EPSILON)),
    *(clipped(eps, HIDES) for eps in USUAL),
    *(clipped(eps, "rounded to exactly 1, and log(1 - p) is minus infinity") for eps in TINY),
    *(added(eps, HIDES) for eps in (*LARGE, *USUAL)),
    *(added(eps, AS_LONG_AS) for eps in (EPSILON, *TINY)),
    *(added_to_a_softmax(eps, HIDES_ZERO) for eps in (*LARGE, *USUAL)),
    *(added_to_a_softmax(eps, AS_LONG_AS) for eps in (EPSILON, *TINY)),
    Mistake("softmax-ce", "common", "np.nan_to_num", infinities_replaced, "p is computed before its logarithm"),
    Mistake("softmax-ce", "common", "finfo.eps", softmax_clipped, HIDES_ZERO),
    Mistake(
        "softmax-ce",
        "SO, log(p, where=p > 0)",
        "log where p > 0",
        logarithm_where_it_is_finite,
        AS_LONG_AS,
    ),
    Mistake(
        "signed-labels", "SO 'Gradient descent in logistic regression'", "loss", loss_in_place_of_the_slope, "its slope"
    ),
    Mistake("signed-labels", "SO 'Gradient descent in logistic regression'", "sigmoid(X)", sigmoid_of_the_inputs, None),
    Mistake("signed-labels", "datascience.SE", "(n,) times (n, 1)", column_times_row, "right for one example alone"),
    Mistake("train", "common", "random weights to begin with", random_weights, "Your first loss is"),
    Mistake("update-rule", "common", "=- for -=", minus_and_equal_in_the_wrong_order, "These are the steps alone"),
]
