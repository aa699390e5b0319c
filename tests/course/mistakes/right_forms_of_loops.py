"""Right answers to exercises with loops: differences, training, optimizers, returns, dropout; as in right_forms."""

import functools
from collections import deque

import numpy as np

# central-difference and grad-check


def by_nditer_on_a_copy(f, x, h):
    x = x.astype(float)
    gradient = np.zeros_like(x)
    entries = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    for entry in entries:
        kept = float(entry)
        entry[...] = kept + h
        above = f(x)
        entry[...] = kept - h
        gradient[entries.multi_index] = (above - f(x)) / (2 * h)
        entry[...] = kept
    return gradient


def by_rows_of_the_identity(f, x, h):
    steps = (h * np.identity(x.size)).reshape(x.size, *x.shape)
    return np.reshape([f(x + step) - f(x - step) for step in steps], x.shape) / (2 * h)


def by_an_imaginary_step(f, x, h):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved = x + 0j
        moved[i] += 1j * h
        gradient[i] = np.imag(f(moved)) / h
    return gradient


def by_five_points(f, x, h):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        near, far = f(x + step) - f(x - step), f(x + 2 * step) - f(x - 2 * step)
        gradient[i] = (8 * near - far) / (12 * h)
    return gradient


def by_nditer_on_whole_numbers_too(f, x, h):
    x = x.copy()
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        gradient[i] = (above - f(x)) / (2 * h)
        x[i] = kept
    return gradient


def differences(f, x):
    steps = (1e-5 * np.eye(x.size)).reshape(x.size, *x.shape)
    return np.reshape([(f(x + step) - f(x - step)) / 2e-5 for step in steps], x.shape)


def answer_of_numpy(f, x, gradient):
    ours = differences(f, x)
    sizes = np.maximum(np.abs(ours), np.abs(gradient))
    return np.all(np.abs(ours - gradient) <= 1e-6 * np.maximum(sizes, sizes.max() / 1000))


def answer_of_numpy_without_the_floor(f, x, gradient):
    ours = differences(f, x)
    return np.all(np.abs(ours - gradient) <= 1e-6 * np.maximum(np.abs(ours), np.abs(gradient)))


# training-loop


def list_of_weights_and_array_of_losses(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    w, history = np.array(w), np.zeros(epochs)
    for epoch in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X[batch], y[batch])
            w = w - lr * gradient
            history[epoch] += loss * len(batch) / len(X)
    return list(w), history


def batches_by_split(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history = []
    for _ in range(epochs):
        total = 0.0
        for batch in np.split(rng.permutation(len(X)), np.arange(batch_size, len(X), batch_size)):
            loss, gradient = loss_and_gradient(w, X[batch], y[batch])
            w, total = w - lr * gradient, total + len(batch) * loss
        history.append(total / len(X))
    return w, history


def shuffled_copies(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    history, starts = [], range(0, len(X), batch_size)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        X_shuffled, y_shuffled = X[order], y[order]
        losses, sizes = [], []
        for start in starts:
            X_batch, y_batch = X_shuffled[start : start + batch_size], y_shuffled[start : start + batch_size]
            loss, gradient = loss_and_gradient(w, X_batch, y_batch)
            w = w - lr * gradient
            losses.append(loss)
            sizes.append(len(X_batch))
        history.append(np.average(losses, weights=sizes))
    return w, history


# nesterov and adamw


class Nesterov:
    def __init__(self, mu):
        self.mu, self.velocity = mu, 0.0

    def step(self, w, gradient, lr):
        self.velocity = self.mu * self.velocity + gradient(w - lr * self.mu * self.velocity)
        return w - lr * self.velocity


def nesterov_by_an_object(gradient, w, rates, mu):
    optimizer = Nesterov(mu)
    for lr in rates.tolist():
        w = optimizer.step(w, gradient, lr)
    return w


def adamw_in_float32(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    lr, weight_decay, beta1, beta2, eps = (np.float32(number) for number in (lr, weight_decay, beta1, beta2, eps))
    w, gradients = w.astype(np.float32), gradients.astype(np.float32)
    m = v = np.zeros_like(w)
    rows, T = [], len(gradients)
    for t, g in enumerate(gradients, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        part = t / warmup if t <= warmup else (1 + np.cos(np.pi * (t - 1 - warmup) / (T - warmup))) / 2
        step = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        w = w - np.float32(lr * part) * (step + weight_decay * w)
        rows.append(w)
    return rows


# returns-to-go


def returns_in_float32(rewards, discount):
    found = np.zeros(len(rewards), dtype=np.float32)
    for t in reversed(range(len(rewards))):
        found[t] = rewards[t] + (discount * found[t + 1] if t + 1 < len(rewards) else 0)
    return found


def returns_as_a_reversed_view(rewards, discount):
    found = []
    for reward in reversed(rewards):
        found.append(reward + discount * found[-1] if found else float(reward))
    return np.array(found)[::-1]


def returns_in_a_deque(rewards, discount):
    found = deque()
    for reward in reversed(rewards):
        found.appendleft(reward + discount * (found[0] if found else 0.0))
    return found


def returns_by_a_matrix(rewards, discount):
    steps = np.arange(len(rewards))
    ahead = steps - steps[:, None]
    return np.where(ahead < 0, 0.0, float(discount) ** np.maximum(ahead, 0)) @ rewards


# dropout


class Backward:
    def __init__(self, mask):
        self.mask = mask

    def __call__(self, dy):
        return self.mask * dy


def backward_as_an_object(x, p, rng, training):
    mask = (rng.random(x.shape) >= p) / (1 - p) if training else np.ones(x.shape)
    return x * mask, Backward(mask)


def drawn_by_binomial(x, p, rng, training):
    keep = 1 - p
    mask = rng.binomial(1, keep, size=x.shape) / keep if training else np.ones_like(x)
    return mask * x, lambda dy: dy * mask


def drawn_by_choice(x, p, rng, training):
    if not training:
        return x, lambda dy: dy
    mask = rng.choice([0.0, 1 / (1 - p)], x.shape, p=[p, 1 - p])
    return x * mask, lambda dy: dy * mask


def drawn_by_uniform(x, p, rng, training):
    if not training:
        return x.copy(), np.copy
    kept = rng.uniform(0, 1, x.shape) > p
    return np.where(kept, x / (1 - p), 0), lambda dy: np.where(kept, dy / (1 - p), 0)


def backward_as_a_partial(x, p, rng, training):
    mask = (rng.random(x.shape) < 1 - p) / (1 - p) if training else 1.0
    return x * mask, functools.partial(np.multiply, mask)


RIGHT = [
    ("central-difference", "np.nditer", by_nditer_on_a_copy),
    ("central-difference", "rows of the identity", by_rows_of_the_identity),
    ("grad-check", "np.bool", answer_of_numpy),
    ("training-loop", "a list for w, an array for the losses", list_of_weights_and_array_of_losses),
    ("training-loop", "np.split", batches_by_split),
    ("training-loop", "shuffled copies", shuffled_copies),
    ("nesterov", "class of an optimizer", nesterov_by_an_object),
    ("adamw", "float32", adamw_in_float32),
    ("returns-to-go", "float32", returns_in_float32),
    ("returns-to-go", "reversed view", returns_as_a_reversed_view),
    ("returns-to-go", "deque", returns_in_a_deque),
    ("returns-to-go", "matrix of powers", returns_by_a_matrix),
    ("dropout", "object that can be called", backward_as_an_object),
    ("dropout", "binomial", drawn_by_binomial),
    ("dropout", "choice", drawn_by_choice),
    ("dropout", "uniform", drawn_by_uniform),
    ("dropout", "partial", backward_as_a_partial),
]

REFUSED = [
    # The text says that x may hold whole numbers, of which no step of 0.1 can be taken.
    ("central-difference", "a copy of whole numbers", by_nditer_on_whole_numbers_too, "an x of whole numbers"),
    # The text gives the formula of the central difference. Of these two only so much of what is said is true.
    ("central-difference", "complex step", by_an_imaginary_step, ""),
    ("central-difference", "five points", by_five_points, "This is a good gradient"),
    # The text asks for a floor: no entry is divided by less than a thousandth of the largest.
    ("grad-check", "no floor", answer_of_numpy_without_the_floor, "Divide no entry by less than a thousandth"),
]
