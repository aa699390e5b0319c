"""Mistakes with convolutions, pooling and recurrent networks: lessons 12 and 13."""

import numpy as np

from bplib.course.problems import convolutional_networks, recurrent_networks
from mistakes import Mistake

# conv1d-backward and conv2d-backward


def bias_over_filters_too(dy, x, W):
    size, dx, dW = W.shape[2], np.zeros(x.shape), np.zeros(W.shape)
    for o in range(dy.shape[2]):
        seen = slice(o, o + size)
        dx[:, :, seen] += np.tensordot(dy[:, :, o], W, axes=1)
        dW += np.tensordot(dy[:, :, o], x[:, :, seen], axes=(0, 0))
    return dx, dW, dy.sum(axis=(0, 1))


def windows_without_the_stride(dy, x, W, stride):
    rows, columns = W.shape[2:]
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    for o, p in np.ndindex(dy.shape[2:]):
        dx[:, :, o : o + rows, p : p + columns] += np.tensordot(dy[:, :, o, p], W, axes=1)
        dW += np.tensordot(dy[:, :, o, p], x[:, :, o : o + rows, p : p + columns], axes=(0, 0))
    return dx, dW, dy.sum(axis=(0, 2, 3))


# max-pool-backward


def each_window(dy, size, stride):
    """The index of each entry of dy, and that of its window."""
    for at in np.ndindex(dy.shape):
        top, left = at[2] * stride, at[3] * stride
        yield at, (at[0], at[1], slice(top, top + size), slice(left, left + size))


def first_largest(window):
    return np.unravel_index(np.argmax(window), window.shape)


def by_unravel_index_and_equals(dy, x, size, stride):
    dx = np.zeros_like(x)
    for (n, c, o, p), _ in each_window(dy, size, stride):
        window = x[n, c, o * stride : o * stride + size, p * stride : p * stride + size]
        i, j = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, o * stride + i, p * stride + j] = dy[n, c, o, p]
    return dx


def all_that_is_nearly_largest(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for at, place in each_window(dy, size, stride):
        dx[place] += dy[at] * (np.abs(x[place] - x[place].max()) < 0.01)
    return dx


def first_largest_written_over(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for at, place in each_window(dy, size, stride):
        only = np.zeros((size, size))
        only[first_largest(x[place])] = dy[at]
        dx[place] = only
    return dx


def first_window_only(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for at, place in each_window(dy, size, stride):
        there = first_largest(x[place])
        if dx[place][there] == 0:
            dx[place][there] = dy[at]
    return dx


def largest_without_its_sign(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for at, place in each_window(dy, size, stride):
        dx[place][first_largest(np.abs(x[place]))] += dy[at]
    return dx


def first_column_by_column(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for at, place in each_window(dy, size, stride):
        dx[place].T[first_largest(x[place].T)] += dy[at]
    return dx


def maximum_that_begins_at_zero(dy, x, size, stride):
    dx = np.zeros(x.shape)
    for at, place in each_window(dy, size, stride):
        largest, there = 0.0, None
        for index, entry in np.ndenumerate(x[place]):
            if entry > largest:
                largest, there = entry, index
        if there is not None:
            dx[place][there] += dy[at]
    return dx


# leaky-step-backward


def leaky_from(dz, dh_next, x, h, Wx, Wh, b, a):
    da = (dh_next * (np.tanh(x @ Wx + h @ Wh + b) - h)).sum(axis=0)
    return dz @ Wx.T, dz @ Wh.T + (1 - a) * dh_next, x.T @ dz, h.T @ dz, dz.sum(axis=0), da


def one_over_the_slope(dh_next, x, h, Wx, Wh, b, a):
    dz = 1 / (1 - np.tanh(x @ Wx + h @ Wh + b) ** 2)
    return leaky_from(dz, dh_next, x, h, Wx, Wh, b, a)


def slope_of_what_came_out(dh_next, x, h, Wx, Wh, b, a):
    after = (1 - a) * h + a * np.tanh(x @ Wx + h @ Wh + b)
    return leaky_from(a * dh_next * (1 - after**2), dh_next, x, h, Wx, Wh, b, a)


def nothing_goes_past(dh_next, x, h, Wx, Wh, b, a):
    dz = a * dh_next * (1 - np.tanh(x @ Wx + h @ Wh + b) ** 2)
    dx, _, *others = leaky_from(dz, dh_next, x, h, Wx, Wh, b, a)
    return dx, dz @ Wh.T, *others


def bias_as_a_row(dh_next, x, h, Wx, Wh, b, a):
    dz = a * dh_next * (1 - np.tanh(x @ Wx + h @ Wh + b) ** 2)
    dx, dh, dWx, dWh, _, da = leaky_from(dz, dh_next, x, h, Wx, Wh, b, a)
    return dx, dh, dWx, dWh, dz.sum(axis=0, keepdims=True), da


# rnn-backward


def sums_over_all_steps(dz, dy, h, x, h0):
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    pairs = (x, dz), (before, dz), (h, dy)
    dWx, dWh, dWy = (np.einsum("nta,ntb->ab", left, right) for left, right in pairs)
    return dWx, dWh, dz.sum(axis=(0, 1)), dWy, dy.sum(axis=(0, 1))


def clipped_on_the_way(dy, h, x, h0, Wx, Wh, Wy):
    dz, back = np.zeros(h.shape), 0.0
    for t in reversed(range(h.shape[1])):
        dz[:, t] = (dy[:, t] @ Wy.T + back) * (1 - h[:, t] ** 2)
        back = np.clip(dz[:, t] @ Wh.T, -1, 1)
    return sums_over_all_steps(dz, dy, h, x, h0)


def clipped_at_the_end(dy, h, x, h0, Wx, Wh, Wy):
    dz, back = np.zeros(h.shape), 0.0
    for t in reversed(range(h.shape[1])):
        dz[:, t] = (dy[:, t] @ Wy.T + back) * (1 - h[:, t] ** 2)
        back = dz[:, t] @ Wh.T
    return [np.clip(d, -5, 5) for d in sums_over_all_steps(dz, dy, h, x, h0)]


def no_more_than_four_steps(dy, h, x, h0, Wx, Wh, Wy):
    T = h.shape[1]
    dz, back = np.zeros(h.shape), 0.0
    for t in reversed(range(T)):
        if t == T - 5:
            back = 0.0
        dz[:, t] = (dy[:, t] @ Wy.T + back) * (1 - h[:, t] ** 2)
        back = dz[:, t] @ Wh.T
    return sums_over_all_steps(dz, dy, h, x, h0)


def last_output_alone(dy, h, x, h0, Wx, Wh, Wy):
    dz, arrives = np.zeros(h.shape), dy[:, -1] @ Wy.T
    for t in reversed(range(h.shape[1])):
        dz[:, t] = arrives * (1 - h[:, t] ** 2)
        arrives = dz[:, t] @ Wh.T
    return sums_over_all_steps(dz, dy, h, x, h0)


def carried_and_kept(dy, h, x, h0, Wx, Wh, Wy):
    dz, back = np.zeros(h.shape), 0.0
    for t in reversed(range(h.shape[1])):
        dz[:, t] = (dy[:, t] @ Wy.T + back) * (1 - h[:, t] ** 2)
        back = back + dz[:, t] @ Wh.T
    return sums_over_all_steps(dz, dy, h, x, h0)


# clip


def each_entry_clipped(dWx, dWh, db, limit):
    return [np.minimum(np.maximum(d, -limit), limit) for d in (dWx, dWh, db)]


def norms_added(dWx, dWh, db, limit):
    norm = np.linalg.norm(dWx) + np.linalg.norm(dWh) + np.linalg.norm(db)
    factor = min(1.0, limit / norm)
    return dWx * factor, dWh * factor, db * factor


def root_of_the_mean_square(dWx, dWh, db, limit):
    squares = np.concatenate([dWx.ravel(), dWh.ravel(), db.ravel()]) ** 2
    factor = min(1.0, limit / np.sqrt(squares.mean()))
    return dWx * factor, dWh * factor, db * factor


# free-run and moved-digits: the functions of a right answer, spoiled


def a_year_of(spoiled):
    """The answer of the problem module after one epoch, with a run that spoiled(run) has made."""

    def forecaster(series, rng):
        params, loss_and_gradients, run = recurrent_networks._forecaster(epochs=1)(series, rng)
        return params, loss_and_gradients, spoiled(run)

    return forecaster


def starts_a_year_early(run):
    return lambda params, past, years: np.delete(run(params, past, 1 + years), 0, axis=1)


def feeds_the_past_again(run):
    return lambda params, past, years: run(params, np.column_stack([past, past[:, -1]]), years)


def divides_by_zero(run):
    return lambda params, past, years: np.full((len(past), years), np.nan)


def learns_nothing(series, rng):
    return recurrent_networks._forecaster(epochs=0)(series, rng)


def clips_inside(series, rng):
    params, loss_and_gradients, run = recurrent_networks._forecaster(epochs=1)(series, rng)

    def clipped(params, x, y):
        loss, grads = loss_and_gradients(params, x, y)
        norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
        return loss, {name: 0.01 * g / norm for name, g in grads.items()}

    return params, clipped, run


def too_fast(X, y, rng):
    params, *functions = convolutional_networks._reader(epochs=1)(X, y, rng)
    return {name: p - 50.0 * (p.ndim == 1) for name, p in params.items()}, *functions


MISTAKES = [
    Mistake("free-run", "a stranger", "a year early", a_year_of(starts_a_year_early), "It runs a year early"),
    Mistake("free-run", "a stranger", "past fed again", a_year_of(feeds_the_past_again), "goes in twice"),
    Mistake("free-run", "a stranger", "NaN", a_year_of(divides_by_zero), None),
    Mistake("free-run", "a stranger", "untrained", learns_nothing, "It has not learned. One year ahead"),
    Mistake("free-run", "a stranger", "clipped inside", clips_inside, "Do you clip in loss_and_gradients"),
    Mistake("moved-digits", "a stranger", "relus shut", too_fast, "no gradient reaches their filters"),
    Mistake(
        "conv1d-backward",
        "numpy-ml style",
        "bias over axes 0 and 1",
        bias_over_filters_too,
        "It has an entry for each place of another axis",
    ),
    Mistake(
        "conv2d-backward",
        "enggen#7, Kulbear#34",
        "no stride",
        windows_without_the_stride,
        "It is right for stride = 1, and wrong for stride = 2",
    ),
    Mistake(
        "max-pool-backward",
        "mni-ml/framework#22",
        "close to the largest",
        all_that_is_nearly_largest,
        "Every largest entry still gets the whole gradient",
    ),
    Mistake(
        "max-pool-backward",
        "0809zheng/CS231n-assignment2019#19",
        "= where windows overlap",
        first_largest_written_over,
        "One still overwrites what another has given",
    ),
    Mistake(
        "max-pool-backward", "common", "first gradient kept", first_window_only, "right when windows do not overlap"
    ),
    Mistake(
        "max-pool-backward",
        "common",
        "largest of |x|",
        largest_without_its_sign,
        "It is right when no entry of x is negative",
    ),
    Mistake(
        "max-pool-backward",
        "common",
        "first tie by columns",
        first_column_by_column,
        "right when no two entries of x are equal",
    ),
    Mistake("max-pool-backward", "common", "maximum from 0", maximum_that_begins_at_zero, "It is right when"),
    Mistake(
        "max-pool-backward",
        "review of lessons 12 to 17",
        "unravel_index, then =",
        by_unravel_index_and_equals,
        "One still overwrites what another has given",
    ),
    Mistake(
        "leaky-step-backward",
        "oreilly-japan/dlfs-2#26",
        "upstream lost",
        one_over_the_slope,
        None,
    ),
    Mistake(
        "leaky-step-backward",
        "the lesson's own line",
        "slope of the new state",
        slope_of_what_came_out,
        "The slope of tanh is taken at h'",
    ),
    Mistake("leaky-step-backward", "common", "no way around", nothing_goes_past, "In dh a path is missing"),
    Mistake(
        "leaky-step-backward",
        "deeplearning.ai, RNN",
        "bias with keepdims",
        bias_as_a_row,
        "An axis of length 1 was kept",
    ),
    Mistake("rnn-backward", "min-char-rnn", "clipped in the loop", clipped_on_the_way, "right when dy is tiny"),
    Mistake("rnn-backward", "min-char-rnn", "clipped at the end", clipped_at_the_end, "right when dy is tiny"),
    Mistake(
        "rnn-backward",
        "WildML, bptt_truncate",
        "four steps back",
        no_more_than_four_steps,
        "With T = 1 and T = 2 it is right, and with T = 5 it is not",
    ),
    Mistake(
        "rnn-backward",
        "a tutorial of RNNs",
        "last output",
        last_output_alone,
        "only the dy of the last step has an effect",
    ),
    Mistake("rnn-backward", "common", "carried twice", carried_and_kept, "what is carried piles up"),
    Mistake("clip", "deeplearning.ai, RNN", "each entry", each_entry_clipped, "This cuts every entry by itself"),
    Mistake("clip", "common", "norms added", norms_added, "The norms of the three arrays are added"),
    Mistake("clip", "common", "mean of squares", root_of_the_mean_square, "This takes the root of the mean"),
]
