"""Training: the five steps, over mini-batches and epochs."""

import os

import numpy as np

from bplib.networks import add_l2
from bplib.operations import find, require_generator

_NORMS = "gradients", "updates", "weights"


def minibatches(n, batch_size, rng):
    """Iterate over index arrays that cover 0 to n - 1 once, shuffled by rng; the last may be shorter.

    ValueError unless batch_size is a whole number from 1 to n.
    """
    require_generator("minibatches", rng)
    if not (isinstance(batch_size, int | np.integer) and 1 <= batch_size <= n):
        raise ValueError(f"minibatches: batch_size is {batch_size}; a whole number from 1 to {n} is needed")
    order = rng.permutation(n)
    return (order[start : start + batch_size] for start in range(0, n, batch_size))


def accuracy(z, y):
    """The share of rows of z, shape (n, k), whose largest entry stands at the label y, shape (n,); else ValueError.

    A row that holds NaN has no largest entry, and is wrong.
    """
    if np.ndim(z) != 2 or np.shape(y) != np.shape(z)[:1]:
        raise ValueError(f"accuracy: z is {np.shape(z)} and y is {np.shape(y)}; needed are (n, k) and (n,)")
    if not len(z):
        raise ValueError("accuracy: the batch is empty, and nothing has no mean")
    return float(np.mean((np.argmax(z, axis=1) == y) & ~np.isnan(z).any(axis=1)))


def train(
    network,
    loss,
    X,
    y,
    optimizer,
    *,
    epochs,
    rng,
    batch_size=None,
    tolerance=0.0,
    l2=0.0,
    validation=None,
    patience=None,
    norms=False,
):
    """Train a network in place, and return its history, {"training": [loss of epoch 1, loss of epoch 2, ...]}.

    loss is a registered loss such as `losses.mse`; its gradient is found with it. X and y have equal lengths, else
    ValueError; where the network makes each step a row (`sequences.EachStep`), so it is done with y, (n, T, ...).
    batch_size None means the whole set at once. ``l2`` is the strength of a penalty on the weights, which the history
    leaves out. With validation=(X, y) the history also holds "validation": the loss there after each epoch. With
    norms=True it holds "gradients", "updates" and "weights": {name of a parameter: [its norm in epoch 1, ...]}, the
    Euclidean norms of its gradient, of its change in a step and of itself, each a mean over the steps of the epoch.

    Stops after ``epochs`` epochs; or as soon as the loss of an epoch differs from the one before by less than
    ``tolerance``: it has converged; or, told a ``patience``, when the validation loss has not fallen below its lowest
    for that many epochs. With a patience the network ends with the parameters that were best there. What takes longer
    than a second shows a progress bar.
    """
    from tqdm.auto import tqdm  # takes as long to import as NumPy

    X, y = _rows("train", X, y)
    for name, number, kind, least in (
        ("epochs", epochs, int | np.integer, 1),
        ("patience", 1 if patience is None else patience, int | np.integer, 1),
        ("tolerance", tolerance, int | float, 0),
        ("l2", l2, int | float, 0),
    ):
        if not isinstance(number, kind) or not number >= least:
            whole = "" if least == 0 else "whole "
            raise ValueError(f"train: {name} is {number}; a {whole}number of at least {least} is needed")
    if patience is not None and validation is None:
        raise ValueError("train: patience waits for the validation loss; validation=(X, y) is needed too")
    loss_and_gradient = find(loss)
    if not loss_and_gradient.is_loss:
        raise ValueError(f"train: {loss_and_gradient.name} is no loss; a function of bplib.losses is needed")
    history = {"training": []}
    if norms:
        history |= {kind: {name: [] for name in network.params} for kind in _NORMS}
    if validation is not None:
        history["validation"], validation = [], _rows("validation", *validation)
    lowest, best_epoch, best = np.inf, -1, {}
    quiet = bool(os.environ.get("TQDM_DISABLE"))  # in a notebook tqdm does not look there by itself
    bar = tqdm(total=epochs, unit="epoch", leave=False, delay=1, disable=quiet)
    for epoch in range(epochs):  # 5. repeat until it converges
        total, sizes = 0.0, []
        for rows in minibatches(len(X), len(X) if batch_size is None else batch_size, rng):
            y_pred = network.forward(X[rows])  # 1. forward
            value, dy = loss_and_gradient.loss_and_grad(y_pred, _by_rows(y[rows], y_pred))  # 2. loss
            network.backward(dy)  # 3. gradients
            if l2:
                add_l2(network, l2)
            weights = {name: array.copy() for name, array in network.params.items()} if norms else {}
            optimizer.step(network.params, network.grads)  # 4. update
            sizes += [
                [np.linalg.norm(array) for array in (network.grads[name], network.params[name] - old, old)]
                for name, old in weights.items()
            ]
            total += len(rows) * value
        bar.update()
        losses = history["training"]
        losses.append(float(total / len(X)))
        if norms:
            means = np.mean(np.reshape(sizes, (-1, len(network.params), len(_NORMS))), axis=0)
            for name, of_parameter in zip(network.params, means.tolist(), strict=True):
                for kind, mean in zip(_NORMS, of_parameter, strict=True):
                    history[kind][name].append(mean)
        if validation is not None:
            y_pred = network.predict(validation[0])
            history["validation"].append(float(loss(y_pred, _by_rows(validation[1], y_pred))))
        if patience is not None:
            if history["validation"][-1] < lowest:
                lowest, best_epoch = history["validation"][-1], epoch
                best = {name: array.copy() for name, array in _state(network).items()}
            elif epoch - best_epoch >= patience:
                break
        if len(losses) > 1 and abs(losses[-2] - losses[-1]) < tolerance:
            break
    bar.total = None  # else a notebook takes a bar that ends early for one that has failed, and keeps it
    bar.close()
    for name, array in best.items():
        _state(network)[name][...] = array
    return history


def _state(network):
    return getattr(network, "state", network.params)


def _rows(caller, X, y):
    X, y = np.asarray(X), np.asarray(y)
    if not len(X) or len(X) != len(y):
        raise ValueError(
            f"{caller}: X has {len(X)} rows but y has {len(y)}; each row needs its truth, and there must be one"
        )
    return X, y


def _by_rows(y, y_pred):
    """The truth with a row for each row of the prediction, which may be a step of a sequence."""
    if y.ndim > 1 and len(y_pred) == len(y) * y.shape[1] != len(y):
        return y.reshape(len(y_pred), *y.shape[2:])
    return y
