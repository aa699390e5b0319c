"""Initializers: the weights a layer starts with, drawn so that neither values nor gradients fade or explode.

Each is a function (rng, shape, n_in, n_out): n_in values enter each sum, and each value enters n_out sums.
"""

import numpy as np


def zeros(rng, shape, n_in, n_out):
    """All weights 0: units that start equal stay equal, so only biases may start here."""
    return np.zeros(shape)


def xavier(rng, shape, n_in, n_out):
    """Normal with variance 2 / (n_in + n_out), which keeps the scale through tanh and sigmoid, forward and backward.

    Source: Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS (2010).
    """
    return rng.normal(size=shape) * np.sqrt(2.0 / (n_in + n_out))


def he(rng, shape, n_in, n_out):
    """Normal with variance 2 / n_in, which makes up for the half that a relu cuts off.

    Source: He, Zhang, Ren, Sun, Delving deep into rectifiers, ICCV (2015).
    """
    return rng.normal(size=shape) * np.sqrt(2.0 / n_in)
