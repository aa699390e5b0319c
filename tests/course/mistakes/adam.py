"""Mistakes with the two moments of Adam, their corrections, eps, and the decay of AdamW."""

import numpy as np

from mistakes import Mistake


def rates(lr, warmup, T):
    """The rate of each step, as it is meant."""
    for t in range(1, T + 1):
        yield lr * t / warmup if t <= warmup else lr * (1 + np.cos(np.pi * (t - 1 - warmup) / (T - warmup))) / 2


def moments(gradients, beta1, beta2):
    """Both moments as they are meant, with the count of the gradients so far."""
    m = v = 0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        yield t, m, v


def walked(w, steps, lr, warmup, weight_decay):
    """The weights after each of the steps, which are not multiplied by their rate yet."""
    path, steps = [], list(steps)
    for rate, step in zip(rates(lr, warmup, len(steps)), steps, strict=True):
        w = w - rate * (step + weight_decay * w)
        path.append(w)
    return path


def root_of_one_minus_the_correction(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps = []
    for t, m, v in moments(gradients, beta1, beta2):
        correction1, correction2 = 1 - beta1**t, 1 - beta2**t
        steps.append(np.sqrt(1 - correction2) / correction1 * m / (np.sqrt(v) + eps))
    return walked(w, steps, lr, warmup, weight_decay)


def rate_corrected_again_and_again(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps, factor = [], 1.0
    for t, m, v in moments(gradients, beta1, beta2):
        factor *= np.sqrt(1 - beta2**t) / (1 - beta1**t)
        steps.append(factor * m / (np.sqrt(v) + eps))
    return walked(w, steps, lr, warmup, weight_decay)


def gradients_in_both(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    m, v, steps = 0, 0, []
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        steps.append(m_hat / (np.sqrt(v_hat) + eps))
    return walked(w, steps, lr, warmup, weight_decay)


def corrected_in_the_memory(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    m, v, steps = 0, 0, []
    for t, g in enumerate(gradients, start=1):
        m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
        v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
        steps.append(m / (np.sqrt(v) + eps))
    return walked(w, steps, lr, warmup, weight_decay)


def eps_beside_the_root_of_v(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps = [
        np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps) for t, m, v in moments(gradients, beta1, beta2)
    ]
    return walked(w, steps, lr, warmup, weight_decay)


def squared_for_to_the_t(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps = [m / (1 - beta1**2) / (np.sqrt(v / (1 - beta2**2)) + eps) for _, m, v in moments(gradients, beta1, beta2)]
    return walked(w, steps, lr, warmup, weight_decay)


def one_correction_of_v_for_all_steps(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps = [m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2)) + eps) for t, m, v in moments(gradients, beta1, beta2)]
    return walked(w, steps, lr, warmup, weight_decay)


def correction_of_m_alone(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps = [m / (1 - beta1**t) / (np.sqrt(v) + eps) for t, m, v in moments(gradients, beta1, beta2)]
    return walked(w, steps, lr, warmup, weight_decay)


def right_steps(gradients, beta1, beta2, eps):
    for t, m, v in moments(gradients, beta1, beta2):
        yield m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)


def betas_as_numbers(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    return walked(w, right_steps(gradients, 0.9, 0.999, eps), lr, warmup, weight_decay)


def moments_made_in_the_loop(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps = []
    for t, g in enumerate(gradients, start=1):
        m, v = np.zeros_like(w), np.zeros_like(w)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        steps.append(m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps))
    return walked(w, steps, lr, warmup, weight_decay)


def without_parentheses(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    with np.errstate(invalid="ignore"):
        steps = [(m / 1 - beta1**t) / (np.sqrt(v / 1 - beta2**t) + eps) for t, m, v in moments(gradients, beta1, beta2)]
    return walked(w, steps, lr, warmup, weight_decay)


def one_v_for_all_entries(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    steps, v = [], 0.0
    for t, m, _ in moments(gradients, beta1, beta2):
        v = beta2 * v + (1 - beta2) * np.mean(gradients[t - 1] ** 2)
        steps.append(m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps))
    return walked(w, steps, lr, warmup, weight_decay)


def decay_after_the_step(w, gradients, lr, warmup, weight_decay, beta1, beta2, eps):
    path = []
    steps = right_steps(gradients, beta1, beta2, eps)
    for rate, step in zip(rates(lr, warmup, len(gradients)), steps, strict=True):
        w = w - rate * step
        w = w - rate * weight_decay * w
        path.append(w)
    return path


MISTAKES = [
    Mistake("adamw", "AdaBound-tensorflow#3", "root of 1 - (1 - beta2^t)", root_of_one_minus_the_correction, None),
    Mistake(
        "adamw",
        "PennyLane#1929",
        "a rate corrected again and again",
        rate_corrected_again_and_again,
        "It is right when beta1 and beta2 are 0.",
    ),
    Mistake(
        "adamw",
        "enochkan/building-from-scratch",
        "no square in v",
        gradients_in_both,
        "it has to average their squares",
    ),
    Mistake(
        "adamw",
        "holocron#1, SO 'Understand Adam optimizer intuitively'",
        "corrected moments remembered",
        corrected_in_the_memory,
        "The corrected m and v are put back into the memory",
    ),
    Mistake(
        "adamw",
        "tensorflow#35102",
        "eps beside the root of v",
        eps_beside_the_root_of_v,
        "Its eps stands beside the root of v, and here it stands beside the root of v_hat",
    ),
    Mistake(
        "adamw",
        "ML-From-Scratch#35",
        "beta squared",
        squared_for_to_the_t,
        "It is right when beta1 and beta2 are 0.",
    ),
    Mistake(
        "adamw",
        "npfl114#79",
        "1 - beta2 without t",
        one_correction_of_v_for_all_steps,
        "It is right up to step 0, and step 1 is the first wrong one",
    ),
    Mistake("adamw", "common", "m corrected alone", correction_of_m_alone, "m is corrected and v is not"),
    Mistake("adamw", "common", "0.9 and 0.999 in the code", betas_as_numbers, "Other betas change nothing"),
    Mistake("adamw", "common", "moments made in the loop", moments_made_in_the_loop, "then the memory is gone"),
    Mistake("adamw", "common", "m / 1 - beta1**t", without_parentheses, "In what order is m / 1 - beta1**t computed?"),
    Mistake("adamw", "common", "one v for all entries", one_v_for_all_entries, "All weights share one v."),
    Mistake("adamw", "common", "decay after the step", decay_after_the_step, "Which w decays?"),
]
