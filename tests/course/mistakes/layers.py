"""Mistakes on the way back through layers: linear, tanh, softmax, two layers, and sums over copies."""

import numpy as np

from bplib.activations import sigmoid, softmax
from mistakes import Mistake

# linear-backward and tanh-backward


def bias_of_each_example(dY, X, W):
    return dY @ W, dY.T @ X, dY.copy()


def bias_averaged(dY, X, W):
    return dY @ W, dY.T @ X, dY.mean(axis=0)


def over_the_examples(dY, X, W):
    m = len(X)
    return dY @ W, dY.T @ X / m, dY.sum(axis=0) / m


def over_the_features(dY, X, W):
    m = X.shape[1]
    return dY @ W, dY.T @ X / m, dY.sum(axis=0) / m


def tanh_of_the_output(da, a, z):
    t = np.tanh(a)
    return da - da * t * t


def slope_of_the_inverse(da, a, z):
    return 1 / ((1 - a) * (1 + a))


def sech_not_squared(da, a, z):
    return 2 * da / np.cosh(z)


# softmax-ce-grad


def probabilities(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def weighted_loss(z, y, s):
    top = z.max(axis=1)
    losses = top + np.log(np.exp(z - top[:, None]).sum(axis=1)) - z[np.arange(len(y)), y]
    return np.average(losses, weights=s)


def one_hot(z, y):
    return np.where(np.arange(z.shape[1]) == y[:, None], 1.0, 0.0)


def minus_the_labels(z, y):
    return probabilities(z) - one_hot(z, y)


def through_the_diagonal(z, y, s):
    p = probabilities(z)
    dp = -one_hot(z, y) / p
    return weighted_loss(z, y, s), dp * p * (1 - p) * (s / s.sum())[:, None]


def over_one_less(z, y, s):
    return weighted_loss(z, y, s), minus_the_labels(z, y) * s[:, None] / (len(s) - 1)


def weights_of_the_classes(z, y, s):
    s = s[np.minimum(y, len(s) - 1)]
    return weighted_loss(z, y, s), minus_the_labels(z, y) * s[:, None] / s.sum()


# sigmoid-rows-backward: the mistakes with the softmax, where s = sigmoid(z) is divided by its sum


def shares_of(z):
    s = sigmoid(z)
    return s, s / s.sum(axis=-1, keepdims=True)


def slope_of_a_sigmoid(da, z):
    _, a = shares_of(z)
    return da * (a - a * a)


def derivative_in_two_cases(da, z):
    s, a = shares_of(z)
    dz = np.zeros(a.shape)
    for row in np.ndindex(a.shape[:-1]):
        for i in range(a.shape[-1]):
            for j in range(a.shape[-1]):
                if i == j:
                    dz[(*row, i)] = a[row][i] * (1 - da[row][j])
                else:
                    dz[(*row, i)] = -a[row][i] * da[row][j]
    return dz * (1 - s)


def jacobian(z):
    s, a = shares_of(z)
    return (a[..., None] * np.eye(a.shape[-1]) - a[..., None] * a[..., None, :]) * (1 - s)[..., None, :]


def jacobian_alone(da, z):
    return jacobian(z)


def jacobian_summed(da, z):
    return jacobian(z).sum(axis=-1)


# two-layer-backward


def forward(X, y, W1, b1, W2, b2):
    A1 = sigmoid(X @ W1 + b1)
    dZ2 = softmax(A1 @ W2 + b2)
    dZ2[np.arange(len(y)), y] -= 1
    return A1, dZ2 / len(y)


def gradients(X, A1, dZ1, dZ2):
    return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0)}


def second_weights_doubled(X, y, W1, b1, W2, b2):
    A1, dZ2 = forward(X, y, W1, b1, W2, b2)
    found = gradients(X, A1, dZ2 @ W2.T * A1 * (1 - A1), dZ2)
    return {**found, "dW2": 2 * found["dW2"]}


def slope_of_a_relu(X, y, W1, b1, W2, b2):
    A1, dZ2 = forward(X, y, W1, b1, W2, b2)
    dZ1 = dZ2 @ W2.T
    dZ1[A1 <= 0] = 0
    return gradients(X, A1, dZ1, dZ2)


def second_layer_sees_z(X, y, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = sigmoid(Z1)
    dZ2 = (softmax(Z1 @ W2 + b2) - np.eye(len(b2))[y]) / len(y)
    return gradients(X, A1, dZ2 @ W2.T * A1 * (1 - A1), dZ2)


def forward_without_biases(X, y, W1, b1, W2, b2):
    A1, dZ2 = forward(X, y, W1, 0 * b1, W2, 0 * b2)
    return gradients(X, A1, dZ2 @ W2.T * A1 * (1 - A1), dZ2)


def batch_counted_in_each_layer(X, y, W1, b1, W2, b2):
    A1, dZ2 = forward(X, y, W1, b1, W2, b2)
    return gradients(X, A1, dZ2 @ W2.T * A1 * (1 - A1) / len(X), dZ2)


# relu-backward and softmax-vjp


def zeros_into_the_upstream(dA, Z):
    dZ = dA
    dZ[Z <= 0] = 0
    return dZ


def only_what_is_positive(dA, Z):
    return np.maximum(dA, 0)


def through_the_values(dA, Z):
    return np.multiply(dA, Z.clip(min=0))


def open_at_the_kink(dA, Z):
    dZ = dA.copy()
    dZ[Z < 0] = 0
    return dZ


def zeros_and_ones(dA, Z):
    return (Z > 0).astype(float)


def leaky_by_habit(dA, Z):
    return np.where(Z > 0, dA, 0.01 * dA)


def diagonal_of_the_matrix(dP, P, temperature):
    return dP * (P - P**2) / temperature


def temperature_forgotten(dP, P, temperature):
    return P * dP - P * (P * dP).sum(axis=1)[:, None]


def temperature_squared(dP, P, temperature):
    return P * (dP - (P * dP).sum(axis=1)[:, None]) / temperature**2


# unbroadcast


def never_to_one_number(g, shape):
    if not shape:
        return g
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def as_many_as_fit(g, shape):
    return g.flatten()[: np.prod(shape, dtype=int)].reshape(shape)


def sum_for_every_entry(g, shape):
    return np.full(shape, np.sum(g))


MISTAKES = [
    Mistake(
        "linear-backward",
        "jimfleming/differentiation#1",
        "a bias for each example",
        bias_of_each_example,
        "Summed over its axis 0 it is right.",
    ),
    Mistake("linear-backward", "andersbll/nnet", "mean in db", bias_averaged, "db is what is needed divided by n"),
    Mistake(
        "linear-backward",
        "deeplearning.ai, linear_backward",
        "over m once more",
        over_the_examples,
        "dW, db are what is needed divided by n",
    ),
    Mistake(
        "linear-backward",
        "deeplearning.ai, linear_backward",
        "over the features",
        over_the_features,
        "dW, db are what is needed divided by the length of the last axis of X",
    ),
    Mistake("tanh-backward", "SO, 1 - tanh(a)^2", "tanh twice", tanh_of_the_output, "The tanh was taken twice"),
    Mistake(
        "tanh-backward",
        "deep-learning-from-scratch-2#26",
        "slope of the inverse, no upstream",
        slope_of_the_inverse,
        "It takes no notice of da",
    ),
    Mistake("tanh-backward", "common", "sech not squared", sech_not_squared, "Every entry has the right sign"),
    Mistake("softmax-ce-grad", "AI SE 35741", "the diagonal alone", through_the_diagonal, "loss is right; dz is not"),
    Mistake("softmax-ce-grad", "common", "over n - 1", over_one_less, "loss is right; dz is not"),
    Mistake(
        "softmax-ce-grad",
        "common",
        "weights looked up by class",
        weights_of_the_classes,
        "right when all entries of s are equal",
    ),
    Mistake(
        "sigmoid-rows-backward",
        "ML-From-Scratch#71",
        "slope of a sigmoid",
        slope_of_a_sigmoid,
        "as if it depended on its own score alone",
    ),
    Mistake(
        "sigmoid-rows-backward",
        "SO, derivative of softmax",
        "two cases, the last one stays",
        derivative_in_two_cases,
        "Twice as much da should give twice the result",
    ),
    Mistake(
        "sigmoid-rows-backward",
        "common",
        "the Jacobian itself",
        jacobian_alone,
        "It has an axis too many: something is still to be summed, or multiplied with @.",
    ),
    Mistake("sigmoid-rows-backward", "common", "the Jacobian summed", jacobian_summed, "It takes no notice of da"),
    Mistake(
        "two-layer-backward",
        "Andrew Ng's course, notes#10",
        "dW2 doubled",
        second_weights_doubled,
        "dW2 is exactly 2 times what is needed",
    ),
    Mistake(
        "two-layer-backward",
        "iamtrask/Grokking-Deep-Learning#9",
        "slope of a relu",
        slope_of_a_relu,
        "The slope of the sigmoid is missing",
    ),
    Mistake(
        "two-layer-backward",
        "common",
        "the second layer sees Z1",
        second_layer_sees_z,
        "All of it is right when W2 is tiny.",
    ),
    Mistake(
        "two-layer-backward",
        "common",
        "a forward pass without biases",
        forward_without_biases,
        "Other biases would change nothing",
    ),
    Mistake(
        "two-layer-backward",
        "common",
        "over n in each layer",
        batch_counted_in_each_layer,
        "dW1, db1 are what is needed divided by n",
    ),
    Mistake("relu-backward", "common", "in place", zeros_into_the_upstream, "changes its input"),
    Mistake(
        "relu-backward",
        "deeplearningbook-chinese#127",
        "the sign of the upstream",
        only_what_is_positive,
        "The mask is made of the upstream",
    ),
    Mistake("relu-backward", "haifengl/smile#528", "no upstream", zeros_and_ones, "the slopes alone"),
    Mistake(
        "relu-backward",
        "iamtrask/Grokking-Deep-Learning#13",
        "open at 0",
        open_at_the_kink,
        "except where Z is exactly 0",
    ),
    Mistake("relu-backward", "common", "times the output", through_the_values, "not by its slope"),
    Mistake("relu-backward", "common", "leaky", leaky_by_habit, "a little of the upstream"),
    Mistake("softmax-vjp", "SO, derivative of softmax", "the diagonal", diagonal_of_the_matrix, "own probability only"),
    Mistake("softmax-vjp", "common", "no temperature", temperature_forgotten, "right for a temperature of 1"),
    Mistake("softmax-vjp", "common", "squared", temperature_squared, "divided by temperature"),
    Mistake(
        "unbroadcast",
        "rust-autograd#38",
        "never to one number",
        never_to_one_number,
        "Summed over all entries it is right.",
    ),
    Mistake("unbroadcast", "common", "as many entries as fit", as_many_as_fit, "Only the first copy was taken"),
    Mistake("unbroadcast", "HIPS/autograd#376", "the sum of all", sum_for_every_entry, "Everything was summed"),
]
