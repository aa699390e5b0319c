"""Training: the five steps, over mini-batches and epochs."""

import numpy as np

from bplib.operations import find, require_generator


def minibatches(n, batch_size, rng):
    """Iterate over index arrays that cover 0 to n - 1 once, shuffled by rng; the last may be shorter.

    ValueError unless batch_size is a whole number from 1 to n.
    """
    require_generator("minibatches", rng)
    if not (isinstance(batch_size, int | np.integer) and 1 <= batch_size <= n):
        raise ValueError(f"minibatches: batch_size is {batch_size}; a whole number from 1 to {n} is needed")
    order = rng.permutation(n)
    return (order[start : start + batch_size] for start in range(0, n, batch_size))


def train(network, loss, X, y, optimizer, *, epochs, rng, batch_size=None, tolerance=0.0):
    """Train a network in place, and return the mean loss of each epoch as a list.

    loss is a registered loss such as `losses.mse`; its gradient is found with it. X and y have equal lengths, else
    ValueError; batch_size None means the whole set at once. Stops after ``epochs`` epochs, or as soon as the loss of an
    epoch differs from the one before by less than ``tolerance``: it has converged.
    """
    X, y = np.asarray(X), np.asarray(y)
    if not len(X) or epochs < 1:
        raise ValueError(f"train: there are {len(X)} rows and {epochs} epochs; at least one of each is needed")
    if len(X) != len(y):
        raise ValueError(f"train: X has {len(X)} rows but y has {len(y)}; each row needs its truth")
    loss_and_gradient = find(loss)
    if not loss_and_gradient.is_loss:
        raise ValueError(f"train: {loss_and_gradient.name} is no loss; a function of bplib.losses is needed")
    history = []
    for _ in range(epochs):  # 5. repeat until it converges
        total = 0.0
        for rows in minibatches(len(X), len(X) if batch_size is None else batch_size, rng):
            y_pred = network.forward(X[rows])  # 1. forward
            total += len(rows) * loss(y_pred, y[rows])  # 2. loss
            network.backward(loss_and_gradient.backward(y_pred, y[rows]))  # 3. gradients
            optimizer.step(network.params, network.grads)  # 4. update
        history.append(float(total / len(X)))
        if len(history) > 1 and abs(history[-2] - history[-1]) < tolerance:
            break
    return history
