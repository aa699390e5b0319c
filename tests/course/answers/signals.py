"""Right answers to the exercises of lesson 10, each written differently from the solution."""

import numpy as np


def standardize_column_by_column(X_train, X_test):
    train, test = np.empty(X_train.shape), np.empty(X_test.shape)
    for j, column in enumerate(X_train.T):
        mean = sum(column) / len(column)
        std = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5 or 1.0
        train[:, j], test[:, j] = (column - mean) / std, (X_test[:, j] - mean) / std
    return train, test


def standardize_with_moments(X_train, X_test):
    mean = X_train.mean(axis=0, keepdims=True)
    variance = np.mean((X_train - mean) ** 2, axis=0)
    variance[variance == 0] = 1
    return [(X - mean) / np.sqrt(variance) for X in (X_train, X_test)]


def first_deviation_by_sums(f, slope, z, n_in, n_out):
    values = np.array([f(each) for each in z])
    forward = (z @ z / (n_in * (values @ values))) ** 0.5
    slopes = slope(z)
    return forward, (len(z) / n_out / np.sum(slopes * slopes)) ** 0.5


def first_deviation_by_norms(f, slope, z, n_in, n_out):
    gain = np.linalg.norm(z) / np.linalg.norm(f(z))
    return [gain / np.sqrt(n_in), 1 / np.sqrt(n_out * np.average(np.square(slope(z))))]


def autopsy_by_hand():
    return {
        "loss_at_first": 2.303,
        "a_moved": 10,
        "b_W2_first": 320,
        "b_W1_first": 0,
        "b_columns": 1,
        "c_columns": 32,
    }


def autopsy_in_words_of_numpy():
    return {
        "loss_at_first": np.log(np.float32(10)),
        "a_moved": np.int64(10),
        "b_W2_first": 32 * 10,
        "b_W1_first": 0.0,
        "b_columns": np.array([1]),
        "c_columns": 32,
    }


def autopsy_by_training():
    """The three networks, trained: what the exercise claims is what happens."""
    from bplib import activations, data, layers, losses, networks, optimizers
    from bplib.initializers import xavier, zeros

    digits = data.digits()
    X, y = digits.X[:200] / 16, digits.y[:200]

    def trained(function, first, steps):
        rng = np.random.default_rng(0)
        hidden = layers.Linear(64, 32, rng, first), layers.Activation(function)
        net = networks.Sequential(*hidden, layers.Linear(32, 10, rng, zeros))
        begin = {name: array.copy() for name, array in net.params.items()}
        losses_met, sgd = [], optimizers.SGD(0.5)
        for _ in range(steps):
            z = net.forward(X)
            losses_met.append(losses.softmax_cross_entropy(z, y))
            net.backward(losses.softmax_cross_entropy_grad(z, y))
            sgd.step(net.params, net.grads)
        moved = {name: int(np.sum(array != begin[name])) for name, array in net.params.items()}
        return moved, losses_met, len(np.unique(net.params["0.W"].round(12), axis=1).T)

    a, met, _ = trained(activations.tanh, zeros, 100)
    b, _, _ = trained(activations.sigmoid, zeros, 1)
    return {
        "loss_at_first": met[0],
        "a_moved": sum(a.values()),
        "b_W2_first": b["2.W"],
        "b_W1_first": b["0.W"],
        "b_columns": trained(activations.sigmoid, zeros, 100)[2],
        "c_columns": trained(activations.tanh, xavier, 100)[2],
    }


def evaluation_by_weights(batches, gamma, beta, eps, x):
    """Each batch counts a tenth, times nine tenths for each batch behind it."""
    T, n, _ = batches.shape
    shares = 0.1 * 0.9 ** np.arange(T)[::-1]
    M = np.tensordot(shares, batches.mean(axis=1), 1)
    V = 0.9**T + np.tensordot(shares, batches.var(axis=1) * n / (n - 1), 1)
    return (x - M) * (gamma / np.sqrt(V + eps)) + beta


def evaluation_unit_by_unit(batches, gamma, beta, eps, x):
    y = np.zeros(x.shape)
    for j in range(x.shape[1]):
        mean, variance = 0.0, 1.0
        for column in batches[:, :, j]:
            mean += 0.1 * (column.mean() - mean)
            variance += 0.1 * (np.sum((column - column.mean()) ** 2) / (len(column) - 1) - variance)
        y[:, j] = beta[j] + gamma[j] * (x[:, j] - mean) / (variance + eps) ** 0.5
    return y


def layer_norm_backward_step_by_step(dy, x, gamma, eps):
    c = x.shape[1]
    deviation = x - x.mean(axis=1)[:, None]
    root = np.sqrt((deviation**2).mean(axis=1) + eps)[:, None]
    d_hat = dy * gamma
    d_v = np.sum(d_hat * deviation * -0.5 * root**-3, axis=1, keepdims=True)
    d_m = np.sum(-d_hat / root, axis=1, keepdims=True)
    dx = d_hat / root + d_v * 2 * deviation / c + d_m / c
    return dx, np.sum(dy * deviation / root, axis=0), np.sum(dy, axis=0)


def layer_norm_backward_by_jacobians(dy, x, gamma, eps):
    n, c = x.shape
    dx, dgamma = np.zeros((n, c)), np.zeros(c)
    for i in range(n):
        root = np.sqrt(x[i].var() + eps)
        x_hat = (x[i] - x[i].mean()) / root
        dx[i] = (np.eye(c) - 1 / c - np.outer(x_hat, x_hat) / c) / root @ (gamma * dy[i])
        dgamma += dy[i] * x_hat
    return [dx, dgamma, np.ones(n) @ dy]


def residual_stack_recursively(dy, x, weights, scale):
    if not len(weights):
        return dy, np.zeros(weights.shape)
    a = np.tanh(x @ weights[0])
    behind, rest = residual_stack_recursively(dy, x + scale * a, weights[1:], scale)
    dz = scale * (1 - a**2) * behind
    return behind + dz @ weights[0].T, np.concatenate([[x.T @ dz], rest])


def residual_stack_with_a_tape(dy, x, weights, scale):
    tape = []
    for W in weights:
        a = np.tanh(x @ W)
        tape.append((x, a, W))
        x = x + scale * a
    grads = []
    while tape:
        h, a, W = tape.pop()
        dz = dy * scale * (1 - a * a)
        grads.insert(0, h.T @ dz)
        dy = dy + np.einsum("ij,kj->ik", dz, W)
    return dy, np.array(grads)


RIGHT = {
    "standardize": [standardize_column_by_column, standardize_with_moments],
    "first-deviation": [first_deviation_by_sums, first_deviation_by_norms],
    "zero-autopsy": [autopsy_by_hand, autopsy_in_words_of_numpy],
    "batch-norm-evaluation": [evaluation_by_weights, evaluation_unit_by_unit],
    "layer-norm-backward": [layer_norm_backward_step_by_step, layer_norm_backward_by_jacobians],
    "residual-stack": [residual_stack_recursively, residual_stack_with_a_tape],
}

TURNED = {
    "turn-around": [lambda dy, f_backward: dy + f_backward(dy), lambda dy, f_backward: np.add(f_backward(dy), dy)],
}
