"""Derivatives by differences, and a number that says how far two gradients disagree.

A gradient derived by hand is believed when differences of the forward function say the same. The formulas are in
any text on numerical analysis; for the complex step see Squire and Trapp, SIAM Review 40 (1998), 110-112.
"""

import numpy as np


def central_difference(f, x, h=1e-5):
    """Gradient of a scalar function by central differences, (f(x + h e_i) - f(x - h e_i)) / 2h.

    f takes an array shaped like x and returns a number; x is a float64 array of any shape, and is not changed. The
    error is about h^2 f'''/6 from the formula and eps |f| / h from rounding; h = 1e-5 is near the best of both for
    values around 1. Costs two calls of f for each entry of x. Returns an array shaped like x.
    """
    x = _float64("central_difference", x).copy()
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = _number("central_difference", f(x))
        x[i] = kept - h
        below = _number("central_difference", f(x))
        x[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def complex_step(f, x, h=1e-30):
    """Gradient of a scalar function by the complex step, Im f(x + i h e_i) / h.

    Nothing is subtracted, so nothing cancels: the result is exact to rounding, for any small h. f must be analytic
    and take complex arrays: abs, maximum and comparisons are not. Costs one call of f for each entry of x.
    """
    x = _float64("complex_step", x).astype(complex)
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + 1j * h
        value = f(x)
        if not np.iscomplexobj(value):
            raise ValueError("complex_step: f returned a real number for complex input, so it is not analytic")
        x[i] = kept
        gradient[i] = _number("complex_step", value).imag / h
    return gradient


def relative_error(a, b):
    """The largest entry of |a - b| / max(|a|, |b|, 0.001 s), where s is the largest magnitude in a and b.

    The floor keeps entries that are tiny beside the rest of their array from being judged by rounding noise, and no
    entry is ever judged by an absolute tolerance. 0 for equal arrays; infinity where a NaN stands in either, or an
    infinity that is not in both. ValueError if the shapes differ.
    """
    return float(np.max(relative_errors(a, b), initial=0.0))


def relative_errors(a, b):
    """The relative error of every entry, as `relative_error` defines it; an array shaped like a and b."""
    a, b = np.asarray(a) + 0.0, np.asarray(b) + 0.0  # unsigned integers would wrap around below zero
    if a.shape != b.shape:
        raise ValueError(f"relative_error: the shapes {a.shape} and {b.shape} differ")
    magnitude = np.maximum(np.abs(a), np.abs(b))
    finite = np.isfinite(magnitude)
    # A subnormal scale would make the quotient meaningless; such numbers are zeros with rounding on them.
    floor = max(1e-3 * np.max(magnitude, where=finite, initial=0.0), np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        errors = np.where(finite, np.abs(a - b) / np.maximum(magnitude, floor), np.inf)
    return np.where(a == b, 0.0, errors)


def _float64(caller, x):
    x = np.asarray(x)
    if x.dtype != np.float64:
        raise ValueError(f"{caller}: x holds {x.dtype}; differences need float64, as x.astype(float) gives")
    return x


def _number(caller, value):
    if np.asarray(value).dtype.kind not in "fciub":
        raise ValueError(f"{caller}: f returned {type(value).__name__}; a number is needed")
    if np.ndim(value) != 0:
        raise ValueError(f"{caller}: f returned an array of shape {np.shape(value)}; a single number is needed")
    return value if isinstance(value, complex) else np.asarray(value)[()]
