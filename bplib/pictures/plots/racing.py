"""Several descents on one surface."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from bplib.pictures.plots.style import INK, LOOKS


def descents(first, second, losses, paths, *, levels=12, ax=None, x_label="w1", y_label="w2"):
    """Lines of equal loss, shape (len(second), len(first)), and the paths on them, {name: (steps, 2)}, up to four.

    levels is their number, or the losses themselves. All paths begin at the square; each ends at a large marker.
    """
    ax = ax or plt.subplots()[1]
    if len(paths) > len(LOOKS):
        raise ValueError(f"there are {len(paths)} paths; up to {len(LOOKS)} can be told apart")
    ax.contour(first, second, losses, levels=levels, colors=INK, alpha=0.5, linewidths=0.8)
    for (name, path), (color, dash, marker) in zip(paths.items(), LOOKS, strict=False):
        path = np.asarray(path)
        ax.plot(*path.T, color=color, linestyle=dash, marker=marker, markersize=3, linewidth=1.3, label=name)
        ax.plot(*path[-1], marker, color=color, markersize=8, markeredgecolor="white", label=f"_{name} end")
        ax.plot(*path[0], "s", color="white", markeredgecolor=INK, markersize=8, zorder=3, label="_start")
    ax.grid(False)
    ax.legend(loc="best", frameon=True)
    ax.set(xlabel=x_label, ylabel=y_label, xlim=(first[0], first[-1]), ylim=(second[0], second[-1]))
    return ax


def falling(histories, *, ax=None, x_label="step", y_label="loss"):
    """The losses of descents from step 0 on, {name: (steps,)}, on a logarithmic scale, in the looks of `descents`."""
    ax = ax or plt.subplots()[1]
    if len(histories) > len(LOOKS):
        raise ValueError(f"there are {len(histories)} histories; up to {len(LOOKS)} can be told apart")
    for (name, losses), (color, dash, marker) in zip(histories.items(), LOOKS, strict=False):
        ax.plot(losses, color=color, linestyle=dash, marker=marker, markevery=5, markersize=4, label=name)
    ax.set(xlabel=x_label, ylabel=y_label, yscale="log")
    ax.legend(loc="best")
    return ax


def contour_lines(first, second, losses, levels):
    """The lines on which losses, shape (len(second), len(first)), have one of the levels: a list of (xs, ys)."""
    drawn = Figure().subplots().contour(first, second, losses, levels=levels)
    return [(line[:, 0].tolist(), line[:, 1].tolist()) for level in drawn.allsegs for line in level if len(line)]
