"""Promise: what the package is made of learns real things: digits by rows and by images, and the sun's cycle.

CartPole stands in test_policy.py.
"""

import numpy as np
import pytest

from bplib import data
from bplib.activations import relu
from bplib.convolution import Conv2d
from bplib.initializers import he
from bplib.layers import Activation, Dropout, Linear
from bplib.losses import mse, softmax_cross_entropy
from bplib.lstm import LSTM
from bplib.networks import Sequential
from bplib.optimizers import Adam, cosine
from bplib.pooling import Flatten, MaxPool
from bplib.recurrent import RNN
from bplib.sequences import LastStep
from bplib.training import accuracy, train


def digits(rng):
    images, labels = data.digits()[:2]
    return data.split(rng, images / 16, labels)


def test_a_plain_network_of_two_layers_reads_97_of_100_digits():
    rng = np.random.default_rng(0)
    X, X_test, y, y_test = digits(rng)
    net = Sequential(Linear(64, 128, rng, he), Activation(relu), Linear(128, 10, rng))
    train(net, softmax_cross_entropy, X, y, Adam(3e-3), epochs=40, rng=rng, batch_size=32)
    assert accuracy(net.predict(X_test), y_test) >= 0.97


def test_a_small_convolutional_network_reads_98_and_a_half():
    rng = np.random.default_rng(0)
    X, X_test, y, y_test = digits(rng)
    X, X_test = X.reshape(-1, 1, 8, 8), X_test.reshape(-1, 1, 8, 8)
    net = Sequential(
        Conv2d(1, 16, 3, rng, padding=1),
        Activation(relu),
        Conv2d(16, 32, 3, rng, padding=1),
        Activation(relu),
        MaxPool(2),
        Flatten(),
        Dropout(0.3, rng),
        Linear(512, 10, rng),
    )
    steps = 15 * -(-len(X) // 32)
    train(net, softmax_cross_entropy, X, y, Adam(cosine(3e-3, steps)), epochs=15, rng=rng, batch_size=32)
    assert accuracy(net.predict(X_test), y_test) >= 0.985


@pytest.mark.parametrize("layer", [RNN, LSTM])
def test_a_recurrent_network_forecasts_sunspots_better_than_the_year_before(layer):
    rng = np.random.default_rng(0)
    number = data.sunspots()["number"]
    years = np.concatenate(data.standardize(number[:240], number[240:]))
    windows = np.lib.stride_tricks.sliding_window_view(years, 23)  # two cycles, and the year that follows
    X, y = windows[:, :-1, None], windows[:, -1:]
    known = 240 - 22  # windows whose last year is one of the first 240
    net = Sequential(layer(1, 16, rng), LastStep(), Linear(16, 1, rng))
    train(net, mse, X[:known], y[:known], Adam(0.01), epochs=60, rng=rng, batch_size=32)
    naive = mse(X[known:, -1].copy(), y[known:])
    assert mse(net.predict(X[known:]), y[known:]) < 0.7 * naive
