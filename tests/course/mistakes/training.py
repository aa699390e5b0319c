"""Mistakes in the training loop and in the optimizers: lessons 08 and 09."""

import numpy as np

from mistakes import Mistake

# training-loop


def one_order_for_all_epochs(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    order, history = rng.permutation(len(X)), []
    X, y = X[order], y[order]
    for _ in range(epochs):
        total = 0
        for start in range(0, len(X), batch_size):
            xs, ys = X[start : start + batch_size], y[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, xs, ys)
            w = w - lr * gradient
            total += loss * len(xs)
        history.append(total / len(X))
    return w, history


def shuffled_apart(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        X_now, y_now, total = rng.permutation(X), rng.permutation(y), 0
        for start in range(0, len(X), batch_size):
            xs, ys = X_now[start : start + batch_size], y_now[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, xs, ys)
            w = w - lr * gradient
            total += loss * len(xs)
        history.append(total / len(X))
    return w, history


def as_many_batches_as_are_full(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0
        for batch in range(len(X) // batch_size):
            rows = order[batch * batch_size : (batch + 1) * batch_size]
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            w = w - lr * gradient
            total += loss * len(rows)
        history.append(total / len(X))
    return w, history


def batches_of_equal_size(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history, count = [], max(1, len(X) // batch_size)
    for _ in range(epochs):
        total = 0
        for rows in np.array_split(rng.permutation(len(X)), count):
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            w = w - lr * gradient
            total += loss * len(rows)
        history.append(total / len(X))
    return w, history


def mean_of_the_batches(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, losses = rng.permutation(len(X)), []
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            w = w - lr * gradient
            losses.append(loss)
        history.append(sum(losses) / len(losses))
    return w, history


def steps_into_the_given_weights(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            w -= lr * gradient
            total += loss * len(rows)
        history.append(total / len(X))
    return w, history


def gradients_never_cleared(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total, gradients = rng.permutation(len(X)), 0, np.zeros_like(w)
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            gradients += gradient
            w = w - lr * gradients
            total += loss * len(rows)
        history.append(total / len(X))
    return w, history


def rate_halved_by_the_epoch(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            w = w - lr * gradient
            total += loss * len(rows)
        history.append(total / len(X))
        lr = lr / 2
    return w, history


def one_step_for_all_batches(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total, gradients = rng.permutation(len(X)), 0, []
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X[rows], y[rows])
            gradients.append(gradient)
            total += loss * len(rows)
        w = w - lr * sum(gradients)
        history.append(total / len(X))
    return w, history


def measured_after_its_update(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        order, total = rng.permutation(len(X)), 0
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            w = w - lr * loss_and_gradient(w, X[rows], y[rows])[1]
            total += loss_and_gradient(w, X[rows], y[rows])[0] * len(rows)
        history.append(total / len(X))
    return w, history


# rate-sweep


def the_boldest(run, rates, seeds, now):
    return max(rates)


def argmin_of_nan(run, rates, seeds, now):
    losses = np.array([[run(lr, seed)["validation"] for seed in seeds] for lr in rates])
    best = np.argmin(losses.mean(axis=1))
    lead = losses[rates.index(now)] - losses[best]
    return rates[best] if lead.mean() >= 2 * lead.std(ddof=1) / np.sqrt(len(seeds)) else now


def deviation_as_numpy_has_it(run, rates, seeds, now):
    losses = np.array([[run(lr, seed)["validation"] for seed in seeds] for lr in rates])
    best = np.nanargmin(losses.mean(axis=1))
    lead = losses[rates.index(now)] - losses[best]
    return rates[best] if lead.mean() >= 2 * lead.std() / np.sqrt(len(seeds)) else now


# early-stopping


def waits_by_the_epoch_before(epoch, validation_loss, w, patience, most):
    best, lowest, before, waited, count = w, np.inf, np.inf, 0, 0
    while count < most and waited < patience:
        w, count = epoch(w), count + 1
        loss = validation_loss(w)
        if loss < lowest:
            best, lowest = w, loss
        waited = 0 if loss < before else waited + 1
        before = loss
    return best, count


# ask-twenty


def two_images(train, X, y):
    return bool(train(X[[0, -1]], y[[0, -1]], 300)[-1] < 0.1)


def three_hundred_images(train, X, y):
    return bool(train(X, y, 1500)[-1] < 0.1)


# name-illness


def dead_before_diverged(record):
    names = [name for name in record["weights"] if name.endswith("W")]
    gradients = [record["gradients"][name][0] for name in names]
    if record["dead"][-1] > 0.5:
        return "dead"
    if not np.isfinite(record["training"]).all():
        return "diverged"
    if gradients[0] < gradients[-1] / 20:
        return "vanishing"
    moved = max(record["updates"][name][0] / record["weights"][name][0] for name in names)
    return "slow" if moved < 1e-4 else "well"


# nesterov


def weights_before_velocity(gradient, w, rates, mu):
    v = np.zeros(w.shape)
    for lr in rates:
        g = gradient(w - lr * mu * v)
        w = w - lr * v
        v = mu * v + g
    return w


def averaged_and_scaled_again(gradient, w, rates, mu):
    v = 0
    for lr in rates:
        v = mu * v + (1 - mu) * gradient(w - lr * mu * v)
        w = w - lr * (1 - mu) * v
    return w


def gradient_from_here(gradient, w, rates, mu):
    v = 0
    for lr in rates:
        v = mu * v + gradient(w)
        w = w - lr * v
    return w


def ahead_of_itself(gradient, w, rates, mu):
    v = 0
    for lr in rates:
        g = gradient(w)
        v = mu * v + g
        w = w - lr * (g + mu * v)
    return w


def rate_in_the_velocity(gradient, w, rates, mu):
    v = 0
    for lr in rates:
        v = mu * v - lr * gradient(w + mu * v)
        w = w + v
    return w


def minus_and_minus(gradient, w, rates, mu):
    v = 0
    for lr in rates:
        v = mu * v - gradient(w - lr * mu * v)
        w = w - lr * v
    return w


# rmsprop


def eps_below_the_root(gradient, w, lr, rho, eps, steps):
    v = 0
    for _ in range(steps):
        g = gradient(w)
        v = rho * v + (1 - rho) * g * g
        w = w - lr * g * (v + eps) ** -0.5
    return w


def root_of_an_average(gradient, w, lr, rho, eps, steps):
    v = 0
    for _ in range(steps):
        g = gradient(w)
        v = rho * v + (1 - rho) * g
        w = w - lr * g / (np.sqrt(np.abs(v)) + eps)
    return w


def scaled_by_what_was(gradient, w, lr, rho, eps, steps):
    v = np.zeros(w.shape)
    for _ in range(steps):
        g = gradient(w)
        w = w - lr * g / (np.sqrt(v) + eps)
        v = rho * v + (1 - rho) * g**2
    return w


def corrected_as_in_adam(gradient, w, lr, rho, eps, steps):
    v = 0
    for step in range(steps):
        g = gradient(w)
        v = rho * v + (1 - rho) * g**2
        w = w - lr * g / (np.sqrt(v / (1 - rho ** (step + 1))) + eps)
    return w


def nearest_of_divided(X, y, rng):
    known = X / 16
    return lambda X: y[[np.argmin(np.sum((known - x) ** 2, axis=1)) for x in X]]


MISTAKES = [
    Mistake(
        "training-loop",
        "prob_mbrl#9",
        "one order for all epochs",
        one_order_for_all_epochs,
        "Every epoch goes through the same order.",
    ),
    Mistake(
        "training-loop",
        "GaNDLF#870",
        "inputs and truths shuffled apart",
        shuffled_apart,
        "The inputs are shuffled and the truths are not, or not alike",
    ),
    Mistake(
        "training-loop",
        "Udacity deep-learning, get_batches",
        "only full batches",
        as_many_batches_as_are_full,
        "The last batch is left out where it is shorter",
    ),
    Mistake(
        "training-loop",
        "spyx#23",
        "batches of equal size",
        batches_of_equal_size,
        "All of it is right when all examples are one batch.",
    ),
    Mistake(
        "training-loop",
        "d2l, Animator",
        "mean of the batches",
        mean_of_the_batches,
        "w is right, and in the history a short last batch counts as much as a full one.",
    ),
    Mistake("training-loop", "common", "in place", steps_into_the_given_weights, "changes its input in place"),
    Mistake(
        "training-loop",
        "common, no zero_grad",
        "gradients never cleared",
        gradients_never_cleared,
        "All of it is right when all examples are one batch.",
    ),
    Mistake(
        "training-loop",
        "common, gradient accumulation",
        "one step for all batches",
        one_step_for_all_batches,
        "There is one update in each epoch, with the gradients of its batches added up.",
    ),
    Mistake(
        "training-loop",
        "a stranger",
        "measured after its update",
        measured_after_its_update,
        "were measured when w had been updated already",
    ),
    Mistake("rate-sweep", "common", "the largest rate", the_boldest, "This is the largest rate, and it diverges."),
    Mistake("rate-sweep", "a stranger", "argmin of NaN", argmin_of_nan, "It is right where no run has diverged"),
    Mistake("rate-sweep", "a stranger", "ddof=0", deviation_as_numpy_has_it, "ahead by a little less than two"),
    Mistake(
        "early-stopping",
        "a stranger",
        "waits by the epoch before",
        waits_by_the_epoch_before,
        "Each loss is compared with the one before it",
    ),
    Mistake("ask-twenty", "a stranger", "two images", two_images, "learns from its first ten images only passes"),
    Mistake("ask-twenty", "a stranger", "all images", three_hundred_images, "trains on 300 images at once"),
    Mistake(
        "accuracy-band",
        "a stranger",
        "divided in training only",
        nearest_of_divided,
        "do not divide alike: ",
    ),
    Mistake("name-illness", "a stranger", "dead first", dead_before_diverged, "the first in the list that fits"),
    Mistake(
        "training-loop",
        "common",
        "a rate that falls",
        rate_halved_by_the_epoch,
        "All of it is right for epochs = 1.",
    ),
    Mistake(
        "nesterov",
        "mdenil/dropout#4",
        "weights before velocity",
        weights_before_velocity,
        "The weights move before the velocity has heard of the new gradient.",
    ),
    Mistake("nesterov", "mdenil/dropout#4", "1 - mu twice", averaged_and_scaled_again, "It is right for mu = 0."),
    Mistake("nesterov", "common", "gradient from here", gradient_from_here, "This is plain momentum"),
    Mistake("nesterov", "CS231n, keras nesterov=True", "ahead of itself", ahead_of_itself, "w itself stands ahead"),
    Mistake("nesterov", "CS231n", "the rate in the velocity", rate_in_the_velocity, "Your rate is inside v"),
    Mistake("nesterov", "common", "two minus signs", minus_and_minus, "It runs uphill."),
    Mistake(
        "rmsprop",
        "keras#4356, LlionJ/blog#1",
        "eps under the root",
        eps_below_the_root,
        "it is where eps stands: it is under the root",
    ),
    # For gradients that keep their sign the judge takes it for an average of sizes.
    Mistake("rmsprop", "Devinterview#1", "average of the gradients", root_of_an_average, None),
    Mistake(
        "rmsprop",
        "common",
        "weights before v",
        scaled_by_what_was,
        "The weights move before v has heard of the new gradient",
    ),
    Mistake("rmsprop", "common", "corrected as in Adam", corrected_as_in_adam, "It is right for rho = 0."),
]
