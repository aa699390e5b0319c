"""Small trainings to be looked at, real ones: on a few digits, or on numbers that depend on others in a straight line.

Each is drawn so that most come out as is asked for; whether one did, `signs` says.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from bplib import data
from bplib.activations import relu, sigmoid, tanh
from bplib.initializers import he, xavier
from bplib.layers import Activation, Linear
from bplib.losses import mse, softmax_cross_entropy
from bplib.networks import Sequential
from bplib.optimizers import SGD, Adam
from bplib.training import train

_KINDS = ("gradients", "updates", "weights")
_LEFT, _AFTER = 1e4, 3  # beyond so many times guessing for so many epochs, a loss has left for good


@dataclass(frozen=True)
class Record:
    """What a training has written down, in arrays; what is not asked for is empty.

    training, validation  the losses of each epoch
    guess                 the loss of guessing: of equal probabilities, or of the mean of all
    updates, gradients    of the first and the last matrix, (2, epochs): the update beside the weights, and the length
    dead                  the share of dead relus in the worst layer, after each epoch; empty without relus
    bend                  the name of the activation
    batches               the loss of the batch of each step
    drawn                 whole numbers by which two trainings differ
    """

    training: np.ndarray
    guess: float
    validation: np.ndarray = ()
    updates: np.ndarray = ()
    gradients: np.ndarray = ()
    dead: np.ndarray = ()
    batches: np.ndarray = ()
    bend: str = ""
    drawn: tuple = ()


# Two curves on digits


def with_losses(rng, illness):
    """A training of some epochs, full batches, and its two losses."""
    classes, width, epochs = (int(rng.integers(*ends)) for ends in ((3, 11), (12, 33), (30, 51)))
    bend, loss, optimizer, n, wrong, gain = (tanh, relu)[rng.integers(2)], softmax_cross_entropy, SGD, 120, 0.0, 1.0
    match illness:
        case "well":
            rate = _rate(rng, 0.4, 0.7)
        case "rate too large":
            bend, loss = tanh, (softmax_cross_entropy, mse)[rng.integers(2)]
            rate = _rate(rng, 0.9, 1.6) if loss is mse else _rate(rng, 2.5, 8)
        case "rate too small":
            rate = _rate(rng, 0.018, 0.045)
        case "overfitting":
            n, wrong, optimizer, rate = int(rng.integers(22, 36)), 0.35, Adam, _rate(rng, 0.02, 0.05)
        case "learns nothing":
            rate, gain = _rate(rng, 0.2, 0.6), float(rng.uniform(1, 1.6))
    examples, held_out = _digits(rng, classes, n, 120, wrong)
    if loss is mse:
        examples, held_out = _one_hot(examples, classes), _one_hot(held_out, classes)
    network, steps = _network(rng, (64, width, classes), bend, gain), optimizer(rate)
    found = {"training": [], "validation": []}
    mixed = illness == "learns nothing"
    with np.errstate(all="ignore"):  # a loss may leave all bounds
        for _ in range(epochs if mixed else 1):
            X, y = examples
            history = train(
                network, loss, X, rng.permutation(y) if mixed else y, steps,
                epochs=1 if mixed else epochs, rng=rng, validation=held_out,
            )  # fmt: skip
            for name, values in found.items():
                values += history[name]
    losses = {name: np.array(values) for name, values in found.items()}
    return Record(**losses, guess=_guess(loss, classes), drawn=(classes, width, epochs, bend.__name__))


# What lesson 08 calls vital signs


def with_norms(rng, illness, stuck=False):
    """A training of some epochs, full batches, with its updates, its gradients and its dead relus.

    stuck says that its loss shall not come down, whatever it has.
    """
    classes, width, epochs = (int(rng.integers(*ends)) for ends in ((3, 11), (12, 33), (20, 36)))
    depth, loss, gain, bias = int(rng.integers(1, 4)), softmax_cross_entropy, 1, 0
    bend = (tanh, relu, sigmoid)[rng.integers(3)]  # so that an activation is no sign of an illness
    depth = 1 if bend is sigmoid else depth
    match illness:
        case "well":
            rate, depth, epochs = _rate(rng, 0.2, 0.45), min(depth, 2), int(rng.integers(26, 36))
            rate *= 4 if bend is sigmoid else 1  # whose slope is a quarter at most
        case "rate too small":
            rate = _rate(rng, 1e-6, 2e-5)
        case "diverged":
            bend, loss, rate = (tanh, relu)[rng.integers(2)], mse, _rate(rng, 1.2, 3)
            depth = int(rng.integers(1, 4))
        case "rate too large":
            bend, depth = (tanh, sigmoid)[rng.integers(2)], 1
            rate = _rate(rng, 1.5, 2.5) if bend is tanh else _rate(rng, 4, 8)
        case "dead relus":
            bend, depth, rate, bias = relu, int(rng.integers(1, 4)), _rate(rng, 0.1, 0.5), -9
            if not stuck and rng.random() < 0.7:
                rate, bias = _rate(rng, 2, 6), 0
        case "vanishing gradient":
            bend, depth, rate = sigmoid, int(rng.integers(4, 6)), _rate(rng, 0.02, 0.1)
        case "exploding gradient":
            bend, depth, rate, gain = tanh, int(rng.integers(6, 8)), _rate(rng, 0.002, 0.02), 8
        case "labels mixed up":
            rate = _rate(rng, 0.1, 0.4)
    (X, y), _ = _digits(rng, classes, 100)
    if loss is mse:
        X, y = _one_hot((X, y), classes)
    network, steps = _network(rng, (64, *[width] * depth, classes), bend, gain), SGD(rate)
    network.params["0.b"][...] = bias
    matrices = [name for name in network.params if name.endswith("W")]
    losses, norms, dead = [], [], []
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            truth = rng.permutation(y) if illness == "labels mixed up" else y
            history = train(network, loss, X, truth, steps, epochs=1, rng=rng, norms=True)
            losses += history["training"]
            norms.append([[history[kind][name][0] for name in (matrices[0], matrices[-1])] for kind in _KINDS])
            if bend is relu:
                dead.append(_dead(network, X))
            if not np.any(np.nan_to_num(losses, nan=np.inf)[-_AFTER:] < _LEFT * _guess(loss, classes)):
                break
        gradients, moved, weights = np.transpose(norms, (1, 2, 0))
        updates = moved / weights
    return Record(
        np.array(losses), _guess(loss, classes), updates=updates, gradients=gradients, dead=np.array(dead),
        bend=bend.__name__, drawn=(classes, width, epochs, depth, bend.__name__),
    )  # fmt: skip


def with_a_loss_that_stays(rng, illness):
    """A training as `with_norms` makes it, whose loss does not come down."""
    return with_norms(rng, illness, stuck=True)


# Two curves that part


def with_a_gap(rng, illness):
    """The training of a line in some features, by the squared error, and its two losses."""
    features, epochs = (int(rng.integers(*ends)) for ends in ((8, 21), (180, 241)))
    n, noise, rate = int(rng.integers(150, 251)), float(rng.uniform(0.2, 0.4)), _rate(rng, 0.015, 0.03)
    noise_held_out = noise
    match illness:
        case "overfitting":
            n, noise = features + int(rng.integers(2, 6)), float(rng.uniform(0.7, 1.1))
            noise_held_out, rate = noise, _rate(rng, 0.04, 0.09)
        case "harder validation set":
            noise_held_out = float(rng.uniform(1.1, 1.6))
        case "rate too small":
            rate = _rate(rng, 0.0003, 0.00036)
    slopes = rng.normal(size=features)
    slopes /= np.linalg.norm(slopes)

    def drawn(n, noise):
        X = rng.normal(size=(n, features))
        return X, (X @ slopes + noise * rng.normal(size=n))[:, None]

    network = _network(rng, (features, 1), tanh)
    history = train(
        network, mse, *drawn(n, noise), SGD(rate),
        epochs=epochs, rng=rng, validation=drawn(300, noise_held_out), norms=True,
    )  # fmt: skip
    updates = np.divide(history["updates"]["0.W"], history["weights"]["0.W"])
    losses = {name: np.array(history[name]) for name in ("training", "validation")}
    return Record(**losses, guess=1 + noise**2, updates=np.array([updates]), drawn=(features, epochs, n))


# Losses that jump


_BETWEEN = 5
"""Steps from one look at all examples to the next."""


def with_steps(rng, illness):
    """A training in small batches: the loss of each, and from time to time that of all examples."""
    classes, width, looks = (int(rng.integers(*ends)) for ends in ((3, 11), (12, 33), (16, 25)))
    size, bend, n = int(rng.integers(2, 5)), (tanh, relu)[rng.integers(2)], 120
    match illness:
        case "small batches":
            rate = _rate(rng, 0.06, 0.12)
        case "rate too large":
            bend, rate = tanh, _rate(rng, 1.5, 3)
        case "rate too small":
            rate = _rate(rng, 1e-6, 1e-5)
        case "labels mixed up":
            rate = _rate(rng, 0.04, 0.08)
    (X, y), _ = _digits(rng, classes, n)
    network, steps = _network(rng, (64, width, classes), bend), SGD(rate)
    batches, norms, of_all = [], [], []
    for _ in range(looks * _BETWEEN):
        rows = rng.permutation(n)[:size]
        truth = y[rng.permutation(n)[:size]] if illness == "labels mixed up" else y[rows]
        history = train(network, softmax_cross_entropy, X[rows], truth, steps, epochs=1, rng=rng, norms=True)
        batches += history["training"]
        norms.append([history["updates"][name][0] / history["weights"][name][0] for name in ("0.W", "2.W")])
        if len(batches) % _BETWEEN == 0:
            of_all.append(softmax_cross_entropy(network.predict(X), y))
    updates = np.transpose(norms).reshape(2, looks, _BETWEEN).mean(axis=2)
    return Record(
        np.array(of_all), _guess(softmax_cross_entropy, classes), updates=updates, batches=np.array(batches),
        drawn=(classes, width, looks, size, bend.__name__),
    )  # fmt: skip


# What they are made of


@cache
def _all_digits():
    digits = data.digits()
    return digits.X / 16, digits.y


def _digits(rng, classes, n, held_out=0, wrong=0.0):
    """Digits of so many classes, drawn, as (X, y) to learn from and (X, y) held out; a share of labels is random."""
    X, y = _all_digits()
    chosen = rng.permutation(10)[:classes]
    rows = rng.permutation(np.flatnonzero(np.isin(y, chosen)))[: n + held_out]
    names = np.zeros(10, dtype=int)
    names[chosen] = np.arange(classes)
    X, y = X[rows], names[y[rows]]
    y[: round(wrong * n)] = rng.integers(classes, size=round(wrong * n))
    return (X[:n], y[:n]), (X[n:], y[n:])


def _one_hot(examples, classes):
    X, y = examples
    return X, np.eye(classes)[y]


def _guess(loss, classes):
    """The loss of giving each class the same probability."""
    return (1 - 1 / classes) / classes if loss is mse else float(np.log(classes))


def _network(rng, widths, bend, gain=1.0):
    stack = []
    for n_in, n_out in pairwise(widths):
        stack += [Linear(n_in, n_out, rng, init=he if bend is relu else xavier), Activation(bend)]
    for linear in stack[::2]:
        linear.params["W"] *= gain
    return Sequential(*stack[:-1])


def _rate(rng, low, high):
    """A learning rate, its logarithm drawn evenly."""
    return float(low * (high / low) ** rng.random())


def _dead(network, X):
    """The share of units that give 0 for every example, in the layer where it is largest."""
    shares = []
    for layer in network.layers[:-1]:
        X = layer.predict(X)
        if isinstance(layer, Activation):
            shares.append(float(np.mean((X <= 0).all(axis=0))))
    return max(shares)
