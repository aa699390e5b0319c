"""Right answers to exercises with arrays, in forms that are odd and right all the same.

RIGHT is rows of (exercise, form, answer). REFUSED is rows of (exercise, form, answer, a piece of the sentence): what
the text of the exercise does not allow, though the numbers may be right.
"""

from collections import OrderedDict, namedtuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Gradients = namedtuple("Gradients", "dX dW db")


def single(*arrays):
    return [a.astype(np.float32) if a.dtype.kind == "f" else a for a in arrays]


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# linear-backward, mse and tanh-backward


def linear_in_float32(dY, X, W):
    dY, X, W = single(dY, X, W)
    return dY @ W, dY.T @ X, dY.sum(axis=0)


def linear_all_in_matrices(dY, X, W):
    upstream = np.matrix(dY)
    return upstream * np.matrix(W), upstream.T * np.matrix(X), upstream.sum(axis=0)


def linear_by_matrices(dY, X, W):
    dX, dW, db = linear_all_in_matrices(dY, X, W)
    return dX, dW, db.A1


def linear_as_nested_lists(dY, X, W):
    return [gradient.tolist() for gradient in (np.dot(dY, W), np.dot(dY.T, X), np.sum(dY, axis=0))]


def linear_in_columns(dY, X, W):
    dZ, A = dY.T, X.T
    dA, db = np.dot(W.T, dZ), np.sum(dZ, axis=1, keepdims=True)
    return dA.T, np.dot(dZ, A.T), np.squeeze(db, axis=1)


def linear_by_outer_products(dY, X, W):
    rows = list(zip(dY, X, strict=True))
    return np.stack([d @ W for d in dY]), np.sum([np.outer(d, x) for d, x in rows], axis=0), sum(dY)


def linear_as_a_namedtuple(dY, X, W):
    return Gradients(dX=dY @ W, dW=dY.T @ X, db=dY.sum(axis=0))


def linear_as_an_array_of_objects(dY, X, W):
    three = np.empty(3, dtype=object)
    for k, gradient in enumerate((dY @ W, dY.T @ X, dY.sum(axis=0))):
        three[k] = gradient
    return three


def linear_as_a_generator(dY, X, W):
    yield from (dY @ W, dY.T @ X, np.add.reduce(dY))


def error_in_float32(y_pred, y_true):
    y_pred, y_true = single(y_pred, y_true)
    return np.nanmean((y_pred - y_true) ** 2)


def error_as_an_array_without_axes(y_pred, y_true):
    return np.asarray(np.nanmean(np.square(y_pred - y_true)))


def error_with_axes_kept(y_pred, y_true):
    return np.nanmean((y_true - y_pred) ** 2, keepdims=True)


def error_in_a_list(y_pred, y_true):
    return [np.nanmean((y_pred - y_true) ** 2)]


def tanh_in_float32(da, a, z):
    da, a = single(da, a)
    return da - da * a * a


def tanh_into_a_new_array(da, a, z):
    dz = np.empty(a.shape)
    np.square(a, out=dz)
    np.subtract(1.0, dz, out=dz)
    return np.multiply(dz, da, out=dz)


# two-layer-backward


def two_layers(X, y, W1, b1, W2, b2):
    A1 = 1 / (1 + np.exp(-X @ W1 - b1))
    dZ2 = (softmax(A1 @ W2 + b2) - np.eye(len(b2))[y]) / len(y)
    dZ1 = dZ2 @ W2.T * A1 * (1 - A1)
    return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0)}


def network_in_an_ordered_dict(X, y, W1, b1, W2, b2):
    return OrderedDict(reversed(two_layers(X, y, W1, b1, W2, b2).items()))


def network_with_more_than_asked(X, y, W1, b1, W2, b2):
    return {**two_layers(X, y, W1, b1, W2, b2), "loss": 0.0, "cache": None}


# sigmoid-rows-backward and layer-norm-backward


def rows(da, z):
    s = 1 / (1 + np.exp(-z))
    a = s / s.sum(axis=-1, keepdims=True)
    return a * (1 - s) * (da - (da * a).sum(axis=-1, keepdims=True))


def rows_in_float32(da, z):
    return rows(*single(da, z))


def rows_in_fortran_order(da, z):
    return np.asfortranarray(rows(da, z))


def rows_as_a_masked_array(da, z):
    return np.ma.array(rows(da, z))


def layer_norm_in_float32(dy, x, gamma, eps):
    dy, x, gamma = single(dy, x, gamma)
    deviation = np.sqrt(x.var(axis=1, keepdims=True) + np.float32(eps))
    x_hat = (x - x.mean(axis=1, keepdims=True)) / deviation
    d = dy * gamma
    inner = d - d.mean(axis=1, keepdims=True) - x_hat * (d * x_hat).mean(axis=1, keepdims=True)
    return inner / deviation, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


# conv1d-backward, conv2d-backward and max-pool-backward


def signals_by_windows(dy, x, W):
    size = W.shape[2]
    dW = np.einsum("nfo,ncok->fck", dy, sliding_window_view(x, size, axis=2))
    padded = np.pad(dy, [(0, 0), (0, 0), (size - 1, size - 1)])
    dx = np.einsum("nflk,fck->ncl", sliding_window_view(padded, size, axis=2), np.flip(W, axis=2))
    return dx, dW, np.einsum("nfo->f", dy)


def images_in_float32(dy, x, W, stride):
    dy, x, W = single(dy, x, W)
    rows, columns = W.shape[2:]
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for o, p in np.ndindex(dy.shape[2:]):
        window = np.s_[:, :, o * stride : o * stride + rows, p * stride : p * stride + columns]
        dx[window] += np.tensordot(dy[:, :, o, p], W, axes=1)
        dW += np.tensordot(dy[:, :, o, p], x[window], axes=(0, 0))
    return dx, dW, dy.sum(axis=(0, 2, 3))


def pooling_without_a_loop(dy, x, size, stride):
    n, c, o, p = np.indices(dy.shape)
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[n, c, o * stride, p * stride]
    row, column = np.divmod(windows.reshape(*dy.shape, size * size).argmax(axis=-1), size)
    dx = np.zeros(x.shape)
    np.add.at(dx, (n, c, o * stride + row, p * stride + column), dy)
    return dx


# rnn-backward


def sequence_in_float32(dy, h, x, h0, Wx, Wh, Wy):
    dy, h, x, h0, Wx, Wh, Wy = single(dy, h, x, h0, Wx, Wh, Wy)
    dz, back = np.zeros_like(h), np.zeros_like(h0)
    for t in reversed(range(h.shape[1])):
        dz[:, t] = (dy[:, t] @ Wy.T + back) * (1 - h[:, t] ** 2)
        back = dz[:, t] @ Wh.T
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    dWx, dWh, dWy = (np.einsum("nta,ntb->ab", *pair) for pair in ((x, dz), (before, dz), (h, dy)))
    return dWx, dWh, dz.sum(axis=(0, 1)), dWy, dy.sum(axis=(0, 1))


# policy-update


def table_without_a_loop(theta, states, actions, rewards, lr):
    returns = np.flip(np.flip(rewards, axis=1).cumsum(axis=1), axis=1)
    advantages = (returns - returns.mean(axis=0)).astype(theta.dtype)
    gradient = np.zeros_like(theta)
    np.add.at(gradient, (states, actions), advantages)
    np.subtract.at(gradient, states, advantages[..., None] * softmax(theta)[states])
    return theta + lr * gradient / len(rewards)


def table_in_float32(theta, states, actions, rewards, lr):
    theta, rewards = single(theta, rewards)
    return table_without_a_loop(theta, states, actions, rewards, np.float32(lr))


# attention-backward


def attended(z, dy, q, k, v, hidden=None):
    """The right gradients from the masked scores z; hidden is what dz is multiplied by, if anything."""
    root, a = np.sqrt(q.shape[2]), softmax(z)
    da = np.einsum("nte,nse->nts", dy, v)
    dz = a * (da - (da * a).sum(axis=2, keepdims=True)) / root * (1 if hidden is None else hidden)
    return np.einsum("nts,nsd->ntd", dz, k), np.einsum("nts,ntd->nsd", dz, q), np.einsum("nts,nte->nse", a, dy)


def filled_with(number):
    def backward(dy, q, k, v, mask):
        return attended(np.where(mask, q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2]), number), dy, q, k, v)

    return backward


def masked_once_more_on_the_way_back(dy, q, k, v, mask):
    z = np.where(mask, q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2]), -1e9)
    return attended(z, dy, q, k, v, hidden=mask)


def scores_as_a_masked_array(dy, q, k, v, mask):
    z = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2])
    z = np.ma.array(z, mask=np.broadcast_to(~mask, z.shape))
    log_a = z - z.max(axis=2, keepdims=True)
    log_a = log_a - np.log(np.exp(log_a).sum(axis=2, keepdims=True))
    return attended(log_a.filled(-np.inf), dy, q, k, v)


RIGHT = [
    ("linear-backward", "float32", linear_in_float32),
    ("linear-backward", "np.matrix inside", linear_by_matrices),
    ("linear-backward", "nested lists", linear_as_nested_lists),
    ("linear-backward", "columns inside", linear_in_columns),
    ("linear-backward", "outer products", linear_by_outer_products),
    ("linear-backward", "namedtuple", linear_as_a_namedtuple),
    ("linear-backward", "array of objects", linear_as_an_array_of_objects),
    ("linear-backward", "generator", linear_as_a_generator),
    ("mse", "float32", error_in_float32),
    ("mse", "array without axes", error_as_an_array_without_axes),
    ("mse", "keepdims", error_with_axes_kept),
    ("mse", "list of one number", error_in_a_list),
    ("tanh-backward", "float32", tanh_in_float32),
    ("tanh-backward", "out=", tanh_into_a_new_array),
    ("two-layer-backward", "OrderedDict, another order", network_in_an_ordered_dict),
    ("two-layer-backward", "more names", network_with_more_than_asked),
    ("sigmoid-rows-backward", "float32", rows_in_float32),
    ("sigmoid-rows-backward", "Fortran order", rows_in_fortran_order),
    ("sigmoid-rows-backward", "masked array", rows_as_a_masked_array),
    ("layer-norm-backward", "float32", layer_norm_in_float32),
    ("conv1d-backward", "sliding windows", signals_by_windows),
    ("conv2d-backward", "float32", images_in_float32),
    ("max-pool-backward", "np.add.at", pooling_without_a_loop),
    ("rnn-backward", "float32", sequence_in_float32),
    ("policy-update", "np.add.at", table_without_a_loop),
    ("policy-update", "float32", table_in_float32),
    ("attention-backward", "-1e9", filled_with(-1e9)),
    ("attention-backward", "-1e4", filled_with(-1e4)),
    ("attention-backward", "finfo.min", filled_with(np.finfo(float).min)),
    ("attention-backward", "dz masked too", masked_once_more_on_the_way_back),
    ("attention-backward", "masked array", scores_as_a_masked_array),
]

REFUSED = [
    # db is to have the shape (n_out,), and a matrix always has two axes.
    ("linear-backward", "np.matrix for db", linear_all_in_matrices, "An axis of length 1 was kept"),
]
