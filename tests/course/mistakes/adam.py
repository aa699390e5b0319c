"""Mistakes with the two moments of Adam, their corrections, and eps."""

import numpy as np

from mistakes import Mistake


def moments(gradients, beta1, beta2):
    """Both moments as they are meant, with the count of the gradients so far."""
    m = v = 0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        yield t, m, v


def root_of_one_minus_the_correction(w, gradients, lr, beta1, beta2, eps):
    path = []
    for t, m, v in moments(gradients, beta1, beta2):
        correction1, correction2 = 1 - beta1**t, 1 - beta2**t
        rate = lr * np.sqrt(1 - correction2) / correction1
        w = w - rate * m / (np.sqrt(v) + eps)
        path.append(w)
    return path


def rate_corrected_again_and_again(w, gradients, lr, beta1, beta2, eps):
    path = []
    for t, m, v in moments(gradients, beta1, beta2):
        lr *= np.sqrt(1 - beta2**t) / (1 - beta1**t)
        w = w - lr * m / (np.sqrt(v) + eps)
        path.append(w)
    return path


def gradients_in_both(w, gradients, lr, beta1, beta2, eps):
    m, v, path = 0, 0, []
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
        path.append(w)
    return path


def corrected_in_the_memory(w, gradients, lr, beta1, beta2, eps):
    m, v, path = 0, 0, []
    for t, g in enumerate(gradients, start=1):
        m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
        v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
        w = w - lr * m / (np.sqrt(v) + eps)
        path.append(w)
    return path


def eps_beside_the_root_of_v(w, gradients, lr, beta1, beta2, eps):
    path = []
    for t, m, v in moments(gradients, beta1, beta2):
        rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        w = w - rate * m / (np.sqrt(v) + eps)
        path.append(w)
    return path


def squared_for_to_the_t(w, gradients, lr, beta1, beta2, eps):
    path = []
    for _, m, v in moments(gradients, beta1, beta2):
        w = w - lr * m / (1 - beta1**2) / (np.sqrt(v / (1 - beta2**2)) + eps)
        path.append(w)
    return path


def one_correction_of_v_for_all_steps(w, gradients, lr, beta1, beta2, eps):
    path = []
    for t, m, v in moments(gradients, beta1, beta2):
        w = w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2)) + eps)
        path.append(w)
    return path


def correction_of_m_alone(w, gradients, lr, beta1, beta2, eps):
    path = []
    for t, m, v in moments(gradients, beta1, beta2):
        w = w - lr / (1 - beta1**t) * m / (np.sqrt(v) + eps)
        path.append(w)
    return path


MISTAKES = [
    Mistake("adam", "AdaBound-tensorflow#3", "root of 1 - (1 - beta2^t)", root_of_one_minus_the_correction, None),
    Mistake(
        "adam",
        "PennyLane#1929",
        "a rate corrected again and again",
        rate_corrected_again_and_again,
        "It is right for one gradient, with eps = 0.",
    ),
    Mistake(
        "adam", "enochkan/building-from-scratch", "no square in v", gradients_in_both, "it has to average their squares"
    ),
    Mistake(
        "adam",
        "holocron#1, SO 'Understand Adam optimizer intuitively'",
        "corrected moments remembered",
        corrected_in_the_memory,
        "The corrected m and v are put back into the memory",
    ),
    Mistake(
        "adam",
        "tensorflow#35102",
        "eps beside the root of v",
        eps_beside_the_root_of_v,
        "Its eps stands beside the root of v, and here it stands beside the root of v_hat",
    ),
    Mistake(
        "adam",
        "ML-From-Scratch#35",
        "beta squared",
        squared_for_to_the_t,
        "It is right when beta1 and beta2 are 0.",
    ),
    Mistake(
        "adam",
        "npfl114#79",
        "1 - beta2 without t",
        one_correction_of_v_for_all_steps,
        "It is right up to step 0, and step 1 is the first wrong one",
    ),
    Mistake("adam", "common", "m corrected alone", correction_of_m_alone, "m is corrected and v is not"),
]
