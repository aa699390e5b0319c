"""Gradients as arrows, and the errors of differences."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import VERMILLION

_SMALLEST = 1e-17  # where an error of exactly zero is drawn, since a logarithmic axis has no zero


def gradient_arrows(points, gradients, *, ax=None, scale=1.0, label="gradient"):
    """Arrows from points (n, 2), each as long as its gradient, (n, 2), times scale, in the units of the axes."""
    ax = ax or plt.subplots()[1]
    points, gradients = np.asarray(points, dtype=float), np.asarray(gradients, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2 or gradients.shape != points.shape:
        raise ValueError(f"points is {points.shape} and gradients is {gradients.shape}; two equal (n, 2) are needed")
    units = {"angles": "xy", "scale_units": "xy", "scale": 1.0, "width": 0.007, "zorder": 3}
    ax.quiver(*points.T, *(scale * gradients).T, color=VERMILLION, label=label, **units)
    ax.plot(*points.T, "o", color=VERMILLION, markersize=4, zorder=3)
    return ax


def step_size_errors(steps, errors, *, ax=None, x_label="step h", y_label="relative error"):
    """Errors of differences over their steps, both logarithmic: errors is {name: array like steps}.

    Errors below 1e-17 are drawn there.
    """
    ax = ax or plt.subplots()[1]
    for marker, (name, curve) in zip("os^", errors.items(), strict=False):
        ax.loglog(steps, np.maximum(curve, _SMALLEST), marker=marker, markersize=3, linewidth=1.2, label=name)
    ax.legend(loc="upper center")
    ax.set(xlabel=x_label, ylabel=y_label)
    return ax
