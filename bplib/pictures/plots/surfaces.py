"""Losses and decisions over a plane."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, FILLS, GREEN, INK, MARKERS, PURPLE, VERMILLION, shade


def loss_surface(first, second, losses, path=None, *, ax=None, x_label="w", y_label="b"):
    """Contours of losses, shape (len(second), len(first)), and the path (steps, 2) of a descent, if there is one."""
    ax = ax or plt.subplots()[1]
    losses = np.asarray(losses)
    if losses.shape != (len(second), len(first)):
        raise ValueError(f"losses is {losses.shape}; needed is (len(second), len(first)), {len(second), len(first)}")
    ax.contourf(first, second, losses, levels=14, cmap=shade(BLUE, most=0.25))
    lines = ax.contour(first, second, losses, levels=14, colors=INK, linewidths=0.6)
    ax.clabel(lines, lines.levels[1::3], fontsize=8)
    if path is not None:
        path = np.asarray(path)
        ax.plot(path[:, 0], path[:, 1], "o-", color=VERMILLION, markersize=3, linewidth=1.2, label="path")
        ax.plot(*path[0], "s", color="white", markeredgecolor=VERMILLION, markersize=8, label="start")
        ax.plot(*path[-1], "*", color="white", markeredgecolor=VERMILLION, markersize=13, label="end")
        _legend_above(ax)
    ax.grid(False)
    ax.set(xlabel=x_label, ylabel=y_label)
    return ax


def decision_boundary(predict, X, y, labels, *, ax=None, x_label="", y_label=""):
    """Points X (n, 2) of classes y (n,), integers from 0, over what predict((m, 2)) -> (m,) says everywhere.

    predict may return a probability of class 1, and the boundary is at 0.5, or the labels of classes. labels are the
    names of the classes.
    """
    ax = ax or plt.subplots()[1]
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or y.shape != X.shape[:1]:
        raise ValueError(f"X is {X.shape} and y is {y.shape}; needed are (n, 2) and (n,)")
    if not 2 <= len(labels) <= len(FILLS):
        raise ValueError(f"there are {len(labels)} labels; 2 to {len(FILLS)} can be told apart by color")
    room = 0.08 * np.ptp(X, axis=0)
    axes = [np.linspace(low, high, 400) for low, high in zip(X.min(axis=0) - room, X.max(axis=0) + room, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    said = np.asarray(predict(grid.reshape(-1, 2)), dtype=float).reshape(grid.shape[:2])
    borders = np.arange(-0.5, len(labels))
    ax.contourf(*axes, np.clip(said, 0, len(labels) - 1), levels=borders, colors=FILLS, alpha=0.35)
    # Each class has its own border: one line between labels 0 and 2 would draw that of 1 as well.
    for region in [said] if len(labels) == 2 else [said == k for k in range(len(labels))]:
        ax.contour(*axes, region, levels=[0.5], colors=INK, linewidths=1.5)
    for k, name in enumerate(labels):
        color = (BLUE, VERMILLION, GREEN, PURPLE)[k]
        style = {"markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.5}
        ax.plot(*X[y == k].T, MARKERS[k], color=color, label=name, **style)
    ax.grid(False)
    _legend_above(ax)
    ax.set(xlabel=x_label, ylabel=y_label)
    return ax


def _legend_above(ax):
    """On the page itself, where text reads better than on the fills."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2, columnspacing=1.2, handletextpad=0.4)
