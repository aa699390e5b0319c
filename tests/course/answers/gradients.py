"""Right answers to the exercises of lesson 02, each written differently from the solution."""

import numpy as np


def difference_by_moving_and_putting_back(f, x, h):
    x = x.astype(float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        below = f(x)
        x[i] = kept
        gradient[i] = 0.5 * (above - below) / h
    return gradient


def difference_by_rows_of_the_identity(f, x, h):
    slopes = []
    for direction in np.eye(x.size):
        step = h * direction.reshape(x.shape)
        slopes.append((f(x + step) - f(x - step)) / (2 * h))
    return np.array(slopes).reshape(x.shape)


def bce_slope_as_two_fractions(p, y, n):
    return (-y / p + (1 - y) / (1 - p)) / n


def relative_error_in_a_loop(a, b):
    pairs = list(zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    s = max(max(abs(u), abs(v)) for u, v in pairs)
    return max((abs(u - v) / max(abs(u), abs(v), s / 1000) for u, v in pairs if u != v), default=0)


def relative_error_of_a_stack(a, b):
    both = np.abs(np.stack([a, b]))
    if not both.any():
        return 0.0
    return (np.abs(b - a) / np.clip(both.max(axis=0), both.max() / 1000, None)).max()


def bce_slope_as_one_fraction(p, y, n):
    return (y - p) / (n * p * (p - 1))


def slope_by_a_unit_direction(gradient, d):
    u = d / np.linalg.norm(d)
    return float(np.vdot(gradient, u))


def slope_by_a_loop(gradient, d):
    pairs = list(zip(gradient.ravel().tolist(), d.ravel().tolist(), strict=True))
    return sum(g * s for g, s in pairs) / sum(s * s for _, s in pairs) ** 0.5


def steepest_by_hand():
    return {"df_dw": 8, "df_db": -6, "steepest": 10, "u_w": 0.8, "u_b": -0.6, "along": 1.414}


def steepest_as_a_computer_would():
    w, b = -1, 3
    g = np.array([b**2 - 1, 2 * w * b])
    u = g / np.linalg.norm(g)
    numbers = [g[0], g[1], np.linalg.norm(g), u[0], u[1], g.sum() / 2**0.5]
    return dict(zip(["df_dw", "df_db", "steepest", "u_w", "u_b", "along"], numbers, strict=True))


TURNED = {
    "turn-backward": [lambda f, x, h: (f(x) - f(x - h)) / h, lambda f, x, h: (f(x - h) - f(x)) / -h],
}

RIGHT = {
    "slope-along": [slope_by_a_unit_direction, slope_by_a_loop],
    "steepest": [steepest_by_hand, steepest_as_a_computer_would],
    "central-difference": [difference_by_moving_and_putting_back, difference_by_rows_of_the_identity],
    "choose-h": [lambda: 0.01, lambda: np.float64(1e-2)],
    "bce-slope": [bce_slope_as_two_fractions, bce_slope_as_one_fraction],
    "relative-error": [relative_error_in_a_loop, relative_error_of_a_stack],
}
