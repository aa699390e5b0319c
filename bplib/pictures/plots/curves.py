"""Lines, functions and histories."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, INK, PURPLE, readable


def line_fit(x, y, slope, intercept, *, ax=None, x_label="x", y_label="y"):
    """Points x, y of shape (n,), the line slope * x + intercept, and the residuals between them."""
    ax = ax or plt.subplots()[1]
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    ends = np.array([x.min(), x.max()])
    ax.vlines(x, y, slope * x + intercept, color=PURPLE, linewidth=0.8, alpha=0.6, label="errors")
    ax.plot(x, y, "o", color=INK, markersize=3.5, alpha=0.7, label="data")
    ax.plot(ends, slope * ends + intercept, "-", color=BLUE, label="line")
    ax.set(xlabel=x_label, ylabel=y_label)
    ax.legend(loc="best")
    return ax


def functions(z, values, *, ax=None, x_label="z", y_label=""):
    """Curves over z: values is {name: array like z}; each name stands at the end of its curve."""
    ax = ax or plt.subplots()[1]
    ends = []
    for name, curve in values.items():
        (line,) = ax.plot(z, curve, label=name)
        ends.append((float(np.asarray(curve)[-1]), name, line.get_color()))
    low, high = ax.get_ylim()
    at = -np.inf
    for y, name, color in sorted(ends):  # upward, each at least one line of text above the one before
        at = max(y, at + 0.075 * (high - low))
        place = {"textcoords": ("axes fraction", "data"), "color": readable(color), "va": "center"}
        ax.annotate(name, (z[-1], y), (1.01, at), **place)
    ax.set(xlabel=x_label, ylabel=y_label)
    return ax


def loss_history(history, *, ax=None, x_label="epoch", y_label="loss"):
    """The losses of a training: a list, or {name: list} for several; the last value stands at each curve's end.

    The norms that `training.train` may put beside them, {name: {parameter: list}}, are left out.
    """
    ax = ax or plt.subplots()[1]
    curves = history if isinstance(history, dict) else {"": history}
    for name, losses in ((name, curve) for name, curve in curves.items() if not isinstance(curve, dict)):
        (line,) = ax.plot(np.arange(1, len(losses) + 1), losses, label=name or "_")
        words = f"{name} {losses[-1]:.4f}".strip()
        place = {"textcoords": "offset points", "ha": "right", "color": readable(line.get_color())}
        ax.annotate(words, (len(losses), losses[-1]), (0, 6), **place)
    ax.set(xlabel=x_label, ylabel=y_label)
    return ax
