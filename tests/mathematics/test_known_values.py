"""Promise: every operation gives values computed by hand, so one mistake in both definition and forward is seen too.

The expected numbers stand as arithmetic with fractions and the logarithms and exponentials of `math`; inputs are chosen
so that a reader can redo it on paper. Nothing on the expected side comes from bplib.
"""

from fractions import Fraction
from math import e, erf, exp, log, pi, sqrt

import numpy as np
import pytest
import sympy

from bplib import activations, attention, blocks, class_weights, gru, layers, losses, normalization, positions
from bplib.operations import OPERATIONS

F = Fraction
L2, L3, L9 = log(2), log(3), log(9)
R, S = 1 / sqrt(6.00001), 1 / sqrt(2.00001)
C = sqrt(2 / pi)
S1, S2 = 1 / (1 + exp(-2 * 1.044715 * C)), 1 / (1 + exp(2 * 2.35772 * C))

# name: [(inputs, output, upstream, gradients)]
KNOWN = {
    "sigmoid": [
        # e^-z is 1, 1/3, 3: a = 1 / (1 + e^-z) is 1/2, 3/4, 1/4; a (1 - a) is 1/4, 3/16, 3/16
        ([[0.0, L3, -L3]], [F(1, 2), F(3, 4), F(1, 4)], [1.0, 2.0, -16.0], [[F(1, 4), F(3, 8), -3]]),
    ],
    "tanh": [
        # e^z is 1, 2, 1/3: (e^z - e^-z) / (e^z + e^-z) is 0, (2 - 1/2) / (2 + 1/2) = 3/5, (1/3 - 3) / (1/3 + 3) = -4/5
        # 1 - a^2 is 1, 16/25, 9/25
        ([[0.0, L2, -L3]], [0, F(3, 5), F(-4, 5)], [3.0, 25.0, -1.0], [[3, 16, F(-9, 25)]]),
    ],
    "relu": [
        # slope 0, 0 (at the kink), 1, 1
        ([[-2.0, 0.0, 1e-9, 3.0]], [0, 0, 1e-9, 3], [5.0, 7.0, -4.0, 0.5], [[0, 0, -4, F(1, 2)]]),
    ],
    "leaky_relu": [
        # alpha = 1/4: z where z > 0, else z / 4; slope 1/4, 1/4 (at the kink), 1
        ([[-2.0, 0.0, 3.0], 0.25], [F(-1, 2), 0, 3], [8.0, 4.0, -1.0], [[2, 1, -1]]),
        # alpha is 1/100 unless it is given
        ([[-2.0, 3.0]], [F(-1, 50), 3], [1.0, 1.0], [[F(1, 100), 1]]),
    ],
    "elu": [
        # alpha = 2, e^z = 1/2, 1, 1/3: 2 (1/2 - 1), 2 (1 - 1), 3, 2 (1/3 - 1); slope 2 e^z = 1, 2, and 1, and 2/3
        (
            [[-L2, 0.0, 3.0, -L3], 2.0],
            [-1, 0, 3, F(-4, 3)],
            [5.0, 0.5, -2.0, 3.0],
            [[5, 1, -2, 2]],
        ),
        # alpha is 1 unless it is given: 1/2 - 1 with slope 1/2
        ([[-L2]], [F(-1, 2)], [4.0], [[2]]),
    ],
    "gelu": [
        # (1 + tanh u) / 2 = 1 / (1 + e^-2u) = s, so a = z s and da/dz = s + z s (1 - s) 2 du/dz,
        # u = c (z + 0.044715 z^3), du/dz = c (1 + 0.134145 z^2), c = sqrt(2/pi). At z = 0: s = 1/2.
        # z = 1: u = 1.044715 c, du/dz = 1.134145 c; z = -2: u = -2.35772 c, du/dz = 1.53658 c
        (
            [[0.0, 1.0, -2.0]],
            [0, S1, -2 * S2],
            [4.0, 1.0, 1.0],
            [[2, S1 + S1 * (1 - S1) * 2.26829 * C, S2 - 4 * S2 * (1 - S2) * 1.53658 * C]],
        ),
    ],
    "softplus": [
        # 1 + e^z is 2, 4, 4/3; slope e^z / (1 + e^z) = 1/2, 3/4, 1/4
        ([[0.0, L3, -L3]], [L2, log(4), log(4 / 3)], [2.0, 4.0, -4.0], [[1, 3, -1]]),
    ],
    "softmax": [
        # row 1: e^z = 1, 2, 3, sum 6, a = 1/6, 1/3, 1/2; with da = 6, 0, -2: sum da a = 1 + 0 - 1 = 0, so dz = a da
        # row 2: e^z = 1, 1, 2, sum 4, a = 1/4, 1/4, 1/2; with da = 4, 8, 0: sum da a = 1 + 2 + 0 = 3,
        #        dz = 1/4 (4 - 3), 1/4 (8 - 3), 1/2 (0 - 3)
        (
            [[[0.0, L2, L3], [0.0, 0.0, L2]]],
            [[F(1, 6), F(1, 3), F(1, 2)], [F(1, 4), F(1, 4), F(1, 2)]],
            [[6.0, 0.0, -2.0], [4.0, 8.0, 0.0]],
            [[[1, 0, -1], [F(1, 4), F(5, 4), F(-3, 2)]]],
        ),
    ],
    "log_softmax": [
        # the logarithms of the softmax above; row 1 with da = 6, 0, -2 of sum 4: dz = da - 4 (1/6, 1/3, 1/2)
        # row 2 with da = 4, 8, 0 of sum 12: dz = da - 12 (1/4, 1/4, 1/2)
        (
            [[[0.0, L2, L3], [0.0, 0.0, L2]]],
            [[-log(6), -log(3), -log(2)], [-log(4), -log(4), -log(2)]],
            [[6.0, 0.0, -2.0], [4.0, 8.0, 0.0]],
            [[[F(16, 3), F(-4, 3), -4], [1, 5, -6]]],
        ),
    ],
    "linear": [
        # x W = [1*3 + 2*5, 1*4 + 2*6] = [13, 16]; + b = [13.5, 15]; second row [0 - 5, 0 - 6] + b = [-4.5, -7]
        # dy = [[1, 2], [3, -1]]: dx = dy W^T = [1*3 + 2*4, 1*5 + 2*6], [3*3 - 1*4, 3*5 - 1*6]
        # dW = x^T dy = [[1*1 + 0*3, 1*2 + 0*(-1)], [2*1 - 1*3, 2*2 - 1*(-1)]]; db = [1 + 3, 2 - 1]
        (
            [[[1.0, 2.0], [0.0, -1.0]], [[3.0, 4.0], [5.0, 6.0]], [0.5, -1.0]],
            [[F(27, 2), 15], [F(-9, 2), -7]],
            [[1.0, 2.0], [3.0, -1.0]],
            [[[11, 17], [5, 9]], [[1, 2], [-1, 5]], [4, 1]],
        ),
    ],
    "dropout": [
        # p = 1/5: what is kept is divided by 4/5
        ([[1.0, 2.0, -4.0], [True, False, True], 0.2], [F(5, 4), 0, -5], [4.0, 7.0, 8.0], [[5, 0, 10]]),
    ],
    "embedding": [
        # rows 2, 0, 2; row 2 was read twice and gets [1, 2] + [10, 20], row 1 never
        (
            [[2, 0, 2], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]],
            [[5, 6], [1, 2], [5, 6]],
            [[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]],
            [[[3, 4], [0, 0], [11, 22]]],
        ),
    ],
    "l2": [
        # 1/2 * 1/2 * (1 + 4 + 9 + 0) = 7/2; W / 2
        ([[[1.0, -2.0], [3.0, 0.0]], 0.5], F(7, 2), None, [[[F(1, 2), -1], [F(3, 2), 0]]]),
    ],
    "batch_norm": [
        # Unit 1 holds 0, 0, 2, 6: m = 2, d = x - m = -2, -2, 0, 4, v = 24/4 = 6, r = 1 / sqrt(6.00001), y = 2 d r + 10.
        # dy = 1, 0, 3, 0: mean 1, sum(dy d) = -2, so mean(dy x_hat) = -r/2, dx = 2 r (dy - 1 + d r^2 / 2)
        # Unit 2 holds 1, 3, -1, 1: m = 1, d = 0, 2, -2, 0, v = 8 / 4 = 2, s = 1 / sqrt(2.00001), y = 3 d s + 20.
        # dy = 0, 1, 0, 3: mean 1, sum(dy d) = 2, so mean(dy x_hat) = s/2, dx = 3 s (dy - 1 - d s^2 / 2)
        (
            [[[0.0, 1.0], [0.0, 3.0], [2.0, -1.0], [6.0, 1.0]], [2.0, 3.0], [10.0, 20.0]],
            [[10 - 4 * R, 20], [10 - 4 * R, 20 + 6 * S], [10, 20 - 6 * S], [10 + 8 * R, 20]],
            [[1.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, 3.0]],
            [
                [
                    [-2 * R**3, -3 * S],
                    [-2 * R * (1 + R**2), -3 * S**3],
                    [4 * R, 3 * S * (S**2 - 1)],
                    [2 * R * (2 * R**2 - 1), 6 * S],
                ],
                [-2 * R, 2 * S],
                [4, 4],
            ],
        ),
        # unit 1 once more, as two examples of two places: the moments are those of all four
        (
            [[[[0.0, 0.0]], [[2.0, 6.0]]], [2.0], [10.0]],
            [[[10 - 4 * R, 10 - 4 * R]], [[10, 10 + 8 * R]]],
            [[[1.0, 0.0]], [[3.0, 0.0]]],
            [[[[-2 * R**3, -2 * R * (1 + R**2)]], [[4 * R, 2 * R * (2 * R**2 - 1)]]], [-2 * R], [4]],
        ),
    ],
    "batch_norm_evaluation": [
        # variance + 0.00001 is 4 and 1/4: y = 2 (x - 0) / 2 + 10 and 3 (x - 1) / (1/2) + 20; x_hat = 1/2, 3/2 and 2, -6
        # dx = dy and 6 dy; dgamma = 1/2 + 3 * 3/2 and 2 * 2 + 1 * 6
        (
            [[[1.0, 2.0], [3.0, -2.0]], [2.0, 3.0], [10.0, 20.0], [0.0, 1.0], [3.99999, 0.24999]],
            [[11, 26], [13, 2]],
            [[1.0, 2.0], [3.0, -1.0]],
            [[[1, 12], [3, -6]], [5, 10], [4, 1]],
        ),
    ],
    "layer_norm": [
        # The two units of batch_norm as rows, with r and s as there. dy gamma = 1, 0, 3, 0 and 0, 1, 0, 3, so dx is as
        # there without the factors 2 and 3. dgamma adds up dy x_hat: 1 (-2 r), (1/2) 2 s, 0, 0
        (
            [[[0.0, 0.0, 2.0, 6.0], [1.0, 3.0, -1.0, 1.0]], [1.0, 2.0, 3.0, 1.0], [1.0, 2.0, 3.0, 4.0]],
            [[1 - 2 * R, 2 - 4 * R, 3, 4 + 4 * R], [1, 2 + 4 * S, 3 - 6 * S, 4]],
            [[1.0, 0.0, 1.0, 0.0], [0.0, 0.5, 0.0, 3.0]],
            [
                [[-(R**3), -R * (1 + R**2), 2 * R, R * (2 * R**2 - 1)], [-S, -(S**3), S * (S**2 - 1), 2 * S]],
                [-2 * R, S, 0, 0],
                [1, F(1, 2), 1, 3],
            ],
        ),
    ],
    "residual": [
        # the gradient goes both ways
        ([[1.0, -2.0], [0.5, 3.0]], [F(3, 2), 1], [4.0, -5.0], [[4, -5], [4, -5]]),
    ],
    "add_positions": [
        # two sequences of two steps; the third row of P is behind them. dP adds up over the sequences
        (
            [[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], [[0.5, 1.0], [10.0, 20.0], [100.0, 200.0]]],
            [[[F(3, 2), 3], [13, 24]], [[F(11, 2), 7], [17, 28]]],
            [[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0], [30.0, 40.0]]],
            [[[[1, 2], [3, 4]], [[10, 20], [30, 40]]], [[11, 22], [33, 44], [0, 0]]],
        ),
    ],
    "attention": [
        # Four columns, whose root is 2: logits 4 log(3) / 2 / 2 = log 3 and 0, weights 3/4 and 1/4,
        # y = 3/4 * 4 + 1/4 * 8 = 5, dz = a (v - y) = -3/4, 3/4; dq = dz k / 2, dk = dz q / 2, dv = a
        (
            [[[[1.0] * 4]], [[[L3 / 2] * 4, [0.0] * 4]], [[[4.0], [8.0]]]],
            [[[5]]],
            [[[1.0]]],
            [[[[-0.1875 * L3] * 4]], [[[F(-3, 8)] * 4, [F(3, 8)] * 4]], [[[F(3, 4)], [F(1, 4)]]]],
        ),
    ],
    "multi_head_attention": [
        # Two heads, each one column wide, so that the root is 1. Head 1: logits log 3 and 0, weights 3/4 and 1/4,
        # y = 3/4 * 4 + 1/4 * 8 = 5, dz = a (v - y) = -3/4, 3/4; dq = dz k, dk = dz q, dv = a.
        # Head 2: logits 35 and 35, weights 1/2, y = 2, dy = 2: dz = 1/2 (1 - 2) 2, 1/2 (3 - 2) 2 = -1, 1; dv = 2 a
        (
            [[[[1.0, 5.0]]], [[[L3, 7.0], [0.0, 7.0]]], [[[4.0, 1.0], [8.0, 3.0]]], 2],
            [[[5, 2]]],
            [[[1.0, 2.0]]],
            [[[[-0.75 * L3, 0]]], [[[F(-3, 4), -5], [F(3, 4), 5]]], [[[F(3, 4), 1], [F(1, 4), 1]]]],
        ),
        # Two columns for each of two heads, so that the root is that of 2, where one head of four would have 2. Values
        # have one column. Head 1: (1 + 1) log(3) / sqrt(2) / sqrt(2) = log 3 over 0 as before. Head 2 sees 0 and 0.
        # dq = dz k / sqrt(2), dk = dz q / sqrt(2), dz = -3/4, 3/4 and 1/2 (1 - 2), 1/2 (3 - 2)
        (
            [
                [[[1.0, 1.0, 0.0, 0.0]]],
                [[[L3 / 2**0.5, L3 / 2**0.5, 2.0, 4.0], [0.0, 0.0, 6.0, 4.0]]],
                [[[4.0, 1.0], [8.0, 3.0]]],
                2,
            ],
            [[[5, 2]]],
            [[[1.0, 1.0]]],
            [
                [[[-0.375 * L3, -0.375 * L3, 2**0.5, 0]]],
                [[[-0.75 / 2**0.5, -0.75 / 2**0.5, 0, 0], [0.75 / 2**0.5, 0.75 / 2**0.5, 0, 0]]],
                [[[F(3, 4), F(1, 2)], [F(1, 4), F(1, 2)]]],
            ],
        ),
        # A causal mask: the first of two steps takes its own value, the second that of head 1 above; q of the first
        # and what it might have seen get nothing.
        (
            [
                [[[9.0, 9.0], [1.0, 5.0]]],
                [[[L3, 7.0], [0.0, 7.0]]],
                [[[4.0, 1.0], [8.0, 3.0]]],
                2,
                [[True, False], [True, True]],
            ],
            [[[4, 1], [5, 2]]],
            [[[10.0, 10.0], [1.0, 2.0]]],
            [
                [[[0, 0], [-0.75 * L3, 0]]],
                [[[F(-3, 4), -5], [F(3, 4), 5]]],
                [[[F(43, 4), 11], [F(1, 4), 1]]],
            ],
        ),
    ],
    "gru_step": [
        # h = 2/5 gives u = h Wh + b = 1/5 - 1/5, 2/5 - 2/5, 2/5 + 2/5 = 0, 0, 4/5; x Wx = log 3, 0, log 2 - 3/5. So
        # r = 3/4, z = 1/2, g = tanh(log 2 - 3/5 + 3/4 * 4/5) = tanh(log 2) = 3/5, h' = 1/2 * 3/5 + 1/2 * 2/5 = 1/2
        # dz = (2/5 - 3/5) / 4, dg = 1/2 (1 - 9/25) = 8/25, dr = 8/25 * 4/5 * 3/16 = 6/125, and r dg = 6/25
        # dx = da Wx^T, dh = z + du Wh^T = 1/2 + 3/125 - 1/20 + 6/25; x = 2: dWx = 2 da, dWh = 2/5 du, db = du
        (
            [
                [[2.0]],
                [[0.4]],
                [[L3 / 2, 0.0, L2 / 2 - 0.3]],
                [[0.5, 1.0, 1.0]],
                [-0.2, -0.4, 0.4],
            ],
            [[F(1, 2)]],
            [[1.0]],
            [
                [[0.024 * L3 + 0.16 * L2 - 0.096]],
                [[F(357, 500)]],
                [[F(12, 125), F(-1, 10), F(16, 25)]],
                [[F(12, 625), F(-1, 50), F(12, 125)]],
                [F(6, 125), F(-1, 20), F(6, 25)],
            ],
        ),
    ],
    "gru": [
        # The step of gru_step, then one from h = 1/2, where u = 1/4 - 1/5, 1/2 - 2/5, 1/2 + 2/5 = 1/20, 1/10, 9/10. Wx
        # is the identity, so x is what it has to be for r = 1/2, z = 3/4 and g = 4/5: h' = 1/4 * 4/5 + 3/4 * 1/2.
        # There dz = (1/2 - 4/5) 3/16 = -9/160, dg = 1/4 * 9/25 = 9/100, dr = 9/100 * 9/10 * 1/4 = 81/4000, and r dg is
        # 9/200. Step 1 gets z + du Wh^T = 3/4 + 81/8000 - 9/160 + 9/200 = 5991/8000, and 2009/8000 from outside: 1.
        (
            [
                [[[L3, 0.0, L2 - 0.6], [-0.05, L3 - 0.1, L3 - 0.45]]],
                [[0.4]],
                [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                [[0.5, 1.0, 1.0]],
                [-0.2, -0.4, 0.4],
            ],
            [[[F(1, 2)], [F(23, 40)]]],
            [[[2009 / 8000], [1.0]]],
            [
                [[[F(6, 125), F(-1, 20), F(8, 25)], [F(81, 4000), F(-9, 160), F(9, 100)]]],
                [[F(357, 500)]],
                [
                    # x of step 1 times 6/125, -1/20, 8/25, and x of step 2 times 81/4000, -9/160, 9/100
                    [0.048 * L3 - 0.0010125, -0.05 * L3 + 0.0028125, 0.32 * L3 - 0.0045],
                    [0.02025 * (L3 - 0.1), -0.05625 * (L3 - 0.1), 0.09 * (L3 - 0.1)],
                    [
                        0.048 * (L2 - 0.6) + 0.02025 * (L3 - 0.45),
                        -0.05 * (L2 - 0.6) - 0.05625 * (L3 - 0.45),
                        0.32 * (L2 - 0.6) + 0.09 * (L3 - 0.45),
                    ],
                ],
                # 2/5 of du of step 1 and 1/2 of du of step 2, which are added up in db
                [[F(12, 625) + F(81, 8000), F(-1, 50) - F(9, 320), F(12, 125) + F(9, 400)]],
                [F(6, 125) + F(81, 4000), F(-1, 20) - F(9, 160), F(6, 25) + F(9, 200)],
            ],
        ),
    ],
    "mse": [
        # (1 + 4 + 0 + 9) / 4 = 7/2; 2 d / 4 = d / 2
        ([[1.0, 2.0, 3.0, 4.0], [0.0, 4.0, 3.0, 1.0]], F(7, 2), None, [[F(1, 2), -1, 0, F(3, 2)]]),
        # the mean is over all entries, six of them: (1 + 0 + 4 + 0 + 1 + 0) / 6 = 1; 2 d / 6 = d / 3
        (
            [[[1.0, 0.0], [2.0, 5.0], [-1.0, 1.0]], [[0.0, 0.0], [0.0, 5.0], [0.0, 1.0]]],
            1,
            None,
            [[[F(1, 3), 0], [F(2, 3), 0], [F(-1, 3), 0]]],
        ),
    ],
    "mae": [
        # d = 1, -2, 0, 3: (1 + 2 + 0 + 3) / 4; the signs of d over 4
        ([[1.0, 2.0, 3.0, 4.0], [0.0, 4.0, 3.0, 1.0]], F(3, 2), None, [[F(1, 4), F(-1, 4), 0, F(1, 4)]]),
    ],
    "huber": [
        # d = 1, -2, 0, 3 with delta = 2: (1/2 + 4/2 + 0 + 2 (3 - 1)) / 4 = 13/8; d cut to 2, over 4
        (
            [[1.0, 2.0, 3.0, 4.0], [0.0, 4.0, 3.0, 1.0], 2.0],
            F(13, 8),
            None,
            [[F(1, 4), F(-1, 2), 0, F(1, 2)]],
        ),
        # delta is 1 unless it is given: (1/2 + 3/2 + 0 + 5/2) / 4
        ([[1.0, 2.0, 3.0, 4.0], [0.0, 4.0, 3.0, 1.0]], F(9, 8), None, [[F(1, 4), F(-1, 4), 0, F(1, 4)]]),
    ],
    "hinge": [
        # y z = 2, 1/2, -1, -1, 1: (0 + 1/2 + 2 + 2 + 0) / 5; -y / 5 where y z < 1
        (
            [[2.0, 0.5, -1.0, 1.0, 1.0], [1.0, 1.0, 1.0, -1.0, 1.0]],
            F(9, 10),
            None,
            [[0, F(-1, 5), F(-1, 5), F(1, 5), 0]],
        ),
    ],
    "binary_cross_entropy": [
        # -(log 1/2 + log(1 - 1/4)) / 2 = (log 2 + log 4/3) / 2; dL/dp = -1/(1/2) / 2 = -1, 1/(3/4) / 2 = 2/3
        ([[0.5, 0.25], [1.0, 0.0]], (L2 + log(4 / 3)) / 2, None, [[-1, F(2, 3)]]),
        # a soft label, y = 1/4 at p = 1/2: -(1/4 log 1/2 + 3/4 log 1/2) = log 2; dL/dp = (3/4)/(1/2) - (1/4)/(1/2) = 1
        ([[0.5], [0.25]], L2, None, [[1]]),
    ],
    "binary_cross_entropy_with_logits": [
        # p = 1/2, 3/4, 1/4: -(log 1/2 + log(1 - 3/4) + log 1/4) / 3 = (log 2 + 2 log 4) / 3 = 5/3 log 2
        # (p - y) / 3 = (1/2 - 1) / 3, (3/4 - 0) / 3, (1/4 - 1) / 3
        ([[0.0, L3, -L3], [1.0, 0.0, 1.0]], 5 * L2 / 3, None, [[F(-1, 6), F(1, 4), F(-1, 4)]]),
        # a soft label, y = 1/2 at p = 9/10: -(log 9/10 + log 1/10) / 2; p - y = 2/5
        ([[L9], [0.5]], -(log(0.9) + log(0.1)) / 2, None, [[F(2, 5)]]),
    ],
    "softmax_cross_entropy": [
        # p = 1/6, 1/3, 1/2 with label 2, and 1/4, 1/4, 1/2 with label 0: (log 2 + log 4) / 2 = 3/2 log 2
        # (p - onehot) / 2
        (
            [[[0.0, L2, L3], [0.0, 0.0, L2]], [2, 0]],
            1.5 * L2,
            None,
            [[[F(1, 12), F(1, 6), F(-1, 4)], [F(-3, 8), F(1, 8), F(1, 4)]]],
        ),
        # all logits equal: log of the number of classes
        ([[[5.0] * 10], [3]], log(10), None, [[[F(1, 10)] * 3 + [F(-9, 10)] + [F(1, 10)] * 6]]),
    ],
    "weighted_binary_cross_entropy": [
        # positives count three times: p = 1/2, 3/4: (3 log 2 + log 4) / 2 = 5/2 log 2; 3 (1/2 - 1) / 2 and 3/4 / 2
        ([[0.0, L3], [1.0, 0.0], 3.0], 2.5 * L2, None, [[F(-3, 4), F(3, 8)]]),
        # so does the positive half of a soft label, p = 3/4: -(3/2 log 3/4 + 1/2 log 1/4) is at its least there
        ([[L3], [0.5], 3.0], 1.5 * log(4 / 3) + L2, None, [[0]]),
    ],
    "weighted_softmax_cross_entropy": [
        # softmax_cross_entropy with weights 2, 5, 6: the rows count 6 and 2 of 8, (6 log 2 + 2 log 4) / 8 = 5/4 log 2
        (
            [[[0.0, L2, L3], [0.0, 0.0, L2]], [2, 0], [2.0, 5.0, 6.0]],
            1.25 * L2,
            None,
            [[[F(1, 8), F(1, 4), F(-3, 8)], [F(-3, 16), F(1, 16), F(1, 8)]]],
        ),
    ],
}
CASES = [(name, *case) for name, cases in KNOWN.items() for case in cases]
each_case = pytest.mark.parametrize(
    "name, inputs, output, upstream, gradients", CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)]
)


def numbers(nested):
    return np.array(nested, dtype=object).astype(float)


def arrays(inputs):
    """Lists as arrays; a plain number is a rate or a strength, and stays one."""
    return [np.array(x) if isinstance(x, list) else x for x in inputs]


# Convolution, pooling, rnn and lstm, and policies have theirs in test files of their own.
@pytest.mark.parametrize(
    "module",
    [activations, losses, class_weights, layers, normalization, gru, attention, positions, blocks],
    ids=lambda m: m.__name__,
)
def test_every_operation_has_values_computed_by_hand(module):
    of_module = {name for name, operation in OPERATIONS.items() if operation.forward.__module__ == module.__name__}
    assert of_module
    assert of_module <= set(KNOWN)


def test_values_are_those_of_operations():
    assert set(KNOWN) <= set(OPERATIONS)


def test_every_gradient_of_an_operation_has_a_value_computed_by_hand():
    for name, _, _, _, gradients in CASES:
        assert len(gradients) == len(OPERATIONS[name].wrt)


@each_case
def test_the_forward_gives_the_value_computed_by_hand(name, inputs, output, upstream, gradients):
    np.testing.assert_allclose(OPERATIONS[name].forward(*arrays(inputs)), numbers(output), rtol=1e-14, atol=1e-16)


@each_case
def test_the_definition_gives_the_value_computed_by_hand(name, inputs, output, upstream, gradients):
    defined = OPERATIONS[name].definition(np, *arrays(inputs))
    # atol: the naive softmax loses what log(3) has lost
    np.testing.assert_allclose(np.squeeze(defined), np.squeeze(numbers(output)), rtol=1e-14, atol=1e-15)


@each_case
def test_the_backward_gives_the_gradients_computed_by_hand(name, inputs, output, upstream, gradients):
    operation = OPERATIONS[name]
    given = arrays(inputs)
    if operation.is_loss:
        results = operation.backward(*given)
    else:
        # The output that the backward is told is the one computed by hand, too.
        results = operation.backward(np.array(upstream), numbers(output), *given)
    results = results if isinstance(results, tuple) else (results,)
    for result, expected in zip(results, gradients, strict=True):
        assert result.shape == numbers(expected).shape
        np.testing.assert_allclose(result, numbers(expected), rtol=1e-13, atol=1e-15)


def test_numbers_of_the_sigmoid_as_any_table_prints_them():
    assert activations.sigmoid(1.0) == pytest.approx(e / (1 + e), rel=1e-15)
    assert activations.sigmoid(np.array([1.0, 2.0, -6.0])).round(4).tolist() == [0.7311, 0.8808, 0.0025]


def test_gelu_is_z_times_the_normal_distribution_function_to_a_thousandth():
    z = np.linspace(-6, 6, 1201)
    exact = np.array([x * (1 + erf(x / sqrt(2))) / 2 for x in z])
    assert 1e-4 < np.abs(activations.gelu(z) - exact).max() < 1e-3


# The neuron of lesson 04, against exact rationals

X = sympy.Matrix([sympy.Rational(1, 2), sympy.Rational(3, 10), sympy.Rational(1, 5)])
W = sympy.Matrix([sympy.Rational(2, 5), sympy.Rational(7, 10), sympy.Rational(1, 5)])
B, Y, LR = sympy.Rational(1, 10), sympy.Integer(1), sympy.Rational(1, 10)


def exact():
    """What follows from the symbols of the neuron: z, a, and for each loss its value, slopes and step."""
    w, b = sympy.Matrix(sympy.symbols("w1:4")), sympy.Symbol("b")
    at = {**dict(zip(w, W, strict=True)), b: B}
    z = (X.T * w)[0] + b
    a = 1 / (1 + sympy.exp(-z))
    results = {"z": z.subs(at), "a": a.subs(at)}
    for name, loss in {"cross-entropy": -sympy.log(a), "mse": (a - Y) ** 2}.items():
        slopes = [sympy.diff(loss, s).subs(at) for s in (*w, b)]
        moved = {s: value - LR * slope for (s, value), slope in zip(at.items(), slopes, strict=True)}
        results[name] = {
            "loss": loss.subs(at),
            "slopes": slopes,
            "moved": list(moved.values()),
            "after": loss.subs(moved),
        }
    return results


@pytest.fixture(scope="module")
def neuron():
    return exact()


def decimal(numbers):
    return np.array([float(sympy.N(number, 30)) for number in numbers])


def test_the_neuron_of_lesson_04_has_z_eleven_twentieths(neuron):
    # 1/2 * 2/5 + 3/10 * 7/10 + 1/5 * 1/5 + 1/10 = 20/100 + 21/100 + 4/100 + 10/100
    assert neuron["z"] == sympy.Rational(11, 20)
    z = layers.linear(np.array([[0.5, 0.3, 0.2]]), np.array([[0.4], [0.7], [0.2]]), np.array([0.1]))
    assert z[0, 0] == pytest.approx(0.55, rel=1e-15)
    assert activations.sigmoid(z)[0, 0] == pytest.approx(1 / (1 + exp(-0.55)), rel=1e-15)
    assert activations.sigmoid(z)[0, 0] == pytest.approx(decimal([neuron["a"]])[0], rel=1e-15)


def test_the_neuron_of_lesson_04_has_the_slope_a_minus_y_with_cross_entropy(neuron):
    a = neuron["a"]
    exactly = [(a - Y) * x for x in (*X, 1)]
    np.testing.assert_allclose(decimal(neuron["cross-entropy"]["slopes"]), decimal(exactly), rtol=1e-14)


@pytest.mark.parametrize("name", ["cross-entropy", "mse"])
def test_one_step_of_the_neuron_of_lesson_04_is_exact(neuron, name):
    loss = {"mse": losses.mse, "cross-entropy": losses.binary_cross_entropy}[name]
    gradient = {"mse": losses.mse_grad, "cross-entropy": losses.binary_cross_entropy_grad}[name]
    x, y = np.array([[0.5, 0.3, 0.2]]), np.array([[1.0]])
    w, b = np.array([[0.4], [0.7], [0.2]]), np.array([0.1])

    def predict():
        z = layers.linear(x, w, b)
        return activations.sigmoid(z), z

    a, z = predict()
    assert loss(a, y) == pytest.approx(decimal([neuron[name]["loss"]])[0], rel=1e-14)
    dz = activations.sigmoid_backward(gradient(a, y), a, z)
    _, dw, db = layers.linear_backward(dz, z, x, w, b)
    np.testing.assert_allclose([*dw[:, 0], *db], decimal(neuron[name]["slopes"]), rtol=1e-13)
    w, b = w - 0.1 * dw, b - 0.1 * db
    np.testing.assert_allclose([*w[:, 0], *b], decimal(neuron[name]["moved"]), rtol=1e-14)
    assert loss(predict()[0], y) == pytest.approx(decimal([neuron[name]["after"]])[0], rel=1e-13)
    assert neuron[name]["after"] < neuron[name]["loss"]


def test_the_neuron_of_lesson_04_as_it_is_printed(neuron):
    # -log(a) = log(1 + e^-0.55) and a - y = -1 / (1 + e^0.55)
    assert f"{decimal([neuron['a']])[0]:.4f}" == "0.6341"
    assert f"{log(1 + exp(-0.55)):.4f}" == f"{decimal([neuron['cross-entropy']['loss']])[0]:.4f}" == "0.4555"
    assert decimal(neuron["cross-entropy"]["slopes"]).round(4).tolist() == [-0.1829, -0.1098, -0.0732, -0.3659]
