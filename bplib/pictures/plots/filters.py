"""What a filter sees: images beside their feature maps, and small arrays with their numbers."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, VERMILLION, readable, shade


def feature_maps(maps, *, images=(), columns=4):
    """Arrays (h, w) side by side, {name: array}, in shades of gray: middle gray is 0, white positive, black negative.

    Those named in ``images`` run from black, 0, to white, 1. Makes a figure of its own and returns its axes as a list.
    """
    columns = min(columns, len(maps))
    rows = -(-len(maps) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(2.4 * columns, 2.6 * rows), squeeze=False)
    for ax in axes.flat[len(maps) :]:
        ax.set_axis_off()
    used = list(axes.flat[: len(maps)])
    for ax, (name, array) in zip(used, maps.items(), strict=True):
        array = np.asarray(array, dtype=float)
        if array.ndim != 2 or not array.size:
            raise ValueError(f"{name} is {array.shape}; an array of two axes is needed, and not an empty one")
        top = np.abs(array).max() or 1.0
        ax.imshow(array, cmap="gray", vmin=0 if name in images else -top, vmax=1 if name in images else top)
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        ax.set_title(name, fontsize=10)
    return used


def number_fields(named, *, gradients=(), framed=None, ax=None):
    """Arrays of one or two axes side by side, {name: array}, with their numbers; the fuller a cell, the larger it is.

    Names in ``gradients`` are vermillion, the others blue. framed is {name: list of (row, column, height, width)}, the
    parts of an array that get a frame. An array of one axis is a row.
    """
    ax = ax or plt.subplots()[1]
    at, tallest = 0.0, 1
    for name, array in named.items():
        cells = np.atleast_2d(np.asarray(array, dtype=float))
        if cells.ndim != 2 or not cells.size:
            raise ValueError(
                f"{name} is {np.shape(array)}; an array of one or two axes is needed, and not an empty one"
            )
        color = VERMILLION if name in gradients else BLUE
        rows, columns = cells.shape
        left = at + max(0.0, 0.5 * (0.24 * len(name) - columns))  # room for the name
        size, box = np.abs(cells), (left, left + columns, rows, 0)
        ax.imshow(size / (size.max() or 1.0), cmap=shade(color), vmin=0, vmax=5, extent=box, label=name)
        ax.hlines(range(rows + 1), left, left + columns, color="0.6", linewidth=0.6)
        ax.vlines(left + np.arange(columns + 1), 0, rows, color="0.6", linewidth=0.6)
        for i, j in np.ndindex(cells.shape):
            words = f"{cells[i, j]:.4g}".replace("-", "−")
            ax.text(left + j + 0.5, i + 0.5, words, ha="center", va="center", fontsize=9)
        for row, column, height, width in (framed or {}).get(name, ()):
            look = {"fill": False, "edgecolor": readable(color), "linewidth": 2.2}
            ax.add_patch(plt.Rectangle((left + column, row), width, height, **look))
        ax.text(left + columns / 2, -0.2, name, ha="center", va="bottom", fontsize=10, color=readable(color))
        at, tallest = 2 * left - at + columns + 0.9, max(tallest, rows)
    ax.set(xlim=(-0.2, at - 0.7), ylim=(tallest + 0.2, -0.9), aspect="equal")
    ax.axis("off")
    return ax
