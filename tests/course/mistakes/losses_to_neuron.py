"""Mistakes with losses, differences, formulas on paper and one neuron: lessons 01 to 04, and checking a gradient."""

import numpy as np
import sympy

from mistakes import Mistake

# Losses


def clipped_and_with_something_added(z, y):
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return np.mean(-y * np.log(p + 1e-7) - (1 - y) * np.log(1 - p + 1e-7))


def clipped_by_less_than_is_seen(z, y):
    p = 1 / (1 + np.exp(-z))
    p = np.clip(p, 1e-17, 1 - 1e-17)
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


def softmax_of_the_whole_batch(z, y):
    powers = np.exp(z - z.max())
    p = powers / np.sum(powers)
    return -np.log(p[np.arange(len(z)), y])


def maximum_without_its_axis(z, y):
    shifted = z - z.max(axis=1)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1)
    return -np.log(p[np.arange(len(z)), y])


def labels_from_one_on(z, y):
    log_p = z - z.max(axis=1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    return [-row[label - 1] for row, label in zip(log_p, y, strict=True)]


def squares_over_the_rows(y_pred, y_true):
    difference = y_pred - y_true
    return (difference * difference).sum() / len(difference)


def norm_over_the_entries(y_pred, y_true):
    return np.sqrt(((y_pred - y_true) ** 2).sum()) / y_true.size


# Differences, and checking by them


def whole_numbers_stay_whole(f, x, h):
    x = x.copy()
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        below = f(x)
        x[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def forward_difference(f, x, h):
    here, gradient = f(x), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.astype(float)
        moved[i] += h
        gradient[i] = (f(moved) - here) / h
    return gradient


def mean_of_the_differences(a, b):
    return np.abs(a - b).mean()


def by_differences(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def norms_of_whole_arrays(f, x, gradient):
    numeric = by_differences(f, x)
    difference = np.linalg.norm(numeric - gradient) / (np.linalg.norm(numeric) + np.linalg.norm(gradient))
    return bool(difference < 1e-6)


def ten_entries_at_random(f, x, gradient):
    rng = np.random.default_rng(0)
    numeric = by_differences(f, x)
    for _ in range(10):
        i = tuple(rng.integers(x.shape))
        one, other = numeric[i], gradient[i]
        if not abs(one - other) <= 1e-6 * max(abs(one), abs(other)) + 1e-10:
            return False
    return True


def allclose_as_it_comes(f, x, gradient):
    return np.allclose(by_differences(f, x), gradient)


# Formulas on paper


def exp_by_the_power_rule(x, m):
    u = -((x - m) ** 2)
    return u * sympy.exp(u - 1) * -2 * (x - m)


def tanh_for_its_slope(x, w, v, y):
    t = sympy.tanh(w * x)
    return 2 * (v * t - y) * v * t * x


def slope_of_the_next_layer(x, w, v, y):
    prediction = v * sympy.tanh(w * x)
    return 2 * (prediction - y) * v * (1 - sympy.tanh(prediction) ** 2) * x


def turned_around_and_without_the_two(x, y, a):
    return (y - a) * a * (1 - a) * x


def sigmoid_of_the_output(x, y, a):
    s = 1 / (1 + sympy.exp(-a))
    return 2 * (a - y) * s * (1 - s) * x


def two_twice(x, y, a):
    return 2 * 2 * (a - y) * a * (1 - a) * x


def one_example_alone(p, y, n):
    return (1 - y) / (1 - p) - y / p


def mean_taken_twice(p, y, n):
    return (p - y) / (n * p * (1 - p)) / n


def inside_of_the_second_logarithm(p, y, n):
    return -(y / p + (1 - y) / (1 - p)) / n


def bias_averaged_again(X, y, w, b):
    dz = -y / (1 + np.exp(y * (X @ w + b))) / len(y)
    return X.T @ dz, np.mean(dz)


def trained(X, y, lr, tolerance, most, rate=1.0, begin=0.0, below=1.0):
    w, b, noted = begin * np.cos(np.arange(X.shape[1])), 0.0, []
    for k in range(most + 1):
        a = 1 / (1 + np.exp(-(X @ w + b)))
        noted.append(-np.mean(np.where(y > 0, np.log(a), np.log(1 - a))))
        if noted[-1] < below * tolerance or k == most:
            break
        error = a - y
        w, b = w - lr * rate * X.T @ error / len(y), b - lr * rate * error.mean()
    return w, b, noted


def uphill(X, y, lr, tolerance, most):
    return trained(X, y, lr, tolerance, most, rate=-1.0)


def begun_elsewhere(X, y, lr, tolerance, most):
    return trained(X, y, lr, tolerance, most, begin=0.7)


def half_of_the_step(X, y, lr, tolerance, most):
    return trained(X, y, lr, tolerance, most, rate=0.4)


def half_of_the_tolerance(X, y, lr, tolerance, most):
    return trained(X, y, lr, tolerance, most, below=0.5)


def all_entries_at_once(f, x, gradient):
    slope = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
    return bool(np.all(np.abs(gradient - slope) <= 1e-6 * np.maximum(np.abs(gradient), abs(slope))))


MISTAKES = [
    Mistake("train", "stranger 3", "uphill, to an infinite loss", uphill, "Your losses grow."),
    Mistake("train", "stranger 3", "another start", begun_elsewhere, "begin at zero"),
    Mistake("train", "stranger 3", "a shorter step", half_of_the_step, "After the first update w and b are wrong."),
    Mistake("train", "stranger 3", "another tolerance", half_of_the_tolerance, "stop at the first place whose loss is"),
    # Judged while the course is closed, one seed is told of a function that the answer does not call.
    Mistake("bce-logits", "tensorflow#41595", "clipped and eps added", clipped_and_with_something_added, None),
    Mistake(
        "bce-logits",
        "keras#377",
        "an eps that 1 does not feel",
        clipped_by_less_than_is_seen,
        "for a large z your p is rounded to exactly 1, and log(1 - p) is minus infinity",
    ),
    Mistake(
        "softmax-ce",
        "apache/singa#540",
        "softmax of the whole batch",
        softmax_of_the_whole_batch,
        "The sum of the exponentials runs over the whole batch.",
    ),
    Mistake(
        "softmax-ce",
        "HandyRL#209, deep-learning-from-scratch#45",
        "no keepdims",
        maximum_without_its_axis,
        "could not be broadcast",
    ),
    Mistake(
        "softmax-ce", "DeepLearningZeroToAll#20", "labels 1 to k", labels_from_one_on, "The labels are shifted by one"
    ),
    Mistake(
        "mse", "common", "divided by len", squares_over_the_rows, "There are n times d entries, and you divided by n"
    ),
    Mistake("mse", "common", "root of the squares", norm_over_the_entries, "it should be 4 times as large"),
    Mistake(
        "central-difference",
        "deep-learning-from-scratch#51",
        "an array of whole numbers for the gradient",
        whole_numbers_stay_whole,
        "an x of whole numbers",
    ),
    Mistake("central-difference", "mxnet#3693", "one side", forward_difference, "a forward or a backward difference"),
    Mistake("relative-error", "common", "not relative", mean_of_the_differences, "it should be the same, and it is 2"),
    Mistake(
        "grad-check",
        "deeplearning.ai, gradient checking",
        "norms of whole arrays",
        norms_of_whole_arrays,
        "A tiny entry that is wrong by a factor of 2 passes: beside one size for the whole array",
    ),
    # A second half of that sentence takes it for a mean, which it is not.
    Mistake(
        "grad-check",
        "CS231n, grad_check_sparse",
        "ten entries",
        ten_entries_at_random,
        "One wrong entry among sixty passes",
    ),
    Mistake("grad-check", "common", "all entries at once", all_entries_at_once, "right where x holds a single number"),
    Mistake("grad-check", "common", "np.allclose", allclose_as_it_comes, "there is an absolute tolerance in it"),
    Mistake("chain-exp", "tt-metal#52144", "exp by the power rule", exp_by_the_power_rule, "exp is no power of x"),
    Mistake("chain-tanh", "andersbll/nnet#4", "tanh kept", tanh_for_its_slope, "tanh is not its own derivative"),
    Mistake("chain-tanh", "nn-from-scratch#3", "slope of the next layer", slope_of_the_next_layer, "right for w = 0"),
    Mistake(
        "neuron-mse",
        "teaching-monolith#1",
        "turned around, no 2",
        turned_around_and_without_the_two,
        "the factor -1 too many and a division by 2 too many",
    ),
    Mistake(
        "neuron-mse",
        "gophernet#6, iamtrask#12",
        "sigmoid of the output",
        sigmoid_of_the_output,
        "something else than its output into the slope of the sigmoid",
    ),
    Mistake("neuron-mse", "compboost#260", "two twice", two_twice, "exactly 2 times what is needed"),
    Mistake("bce-slope", "ML-From-Scratch, cross-entropy", "no mean", one_example_alone, "It does without n"),
    Mistake("bce-slope", "common", "n twice", mean_taken_twice, "a division by n too many"),
    Mistake(
        "bce-slope",
        "common",
        "inside of log(1 - p)",
        inside_of_the_second_logarithm,
        "the inside of log(1 - p) has the derivative -1",
    ),
    Mistake("signed-labels", "common", "n twice in db", bias_averaged_again, "db is what is needed divided by n"),
]
