"""Arrays as fields of cells: their shapes at a glance, and where they are large."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from bplib.pictures.plots.style import BLUE, dark


def arrays(named, *, ax=None, color=BLUE, signs=True):
    """Arrays of one or two axes side by side, {name: array}; the fuller the color, the larger an entry in its array.

    One cell is one number, and all cells are equally large, so shapes can be compared; an array of one axis is a row.
    With signs, a negative entry holds a minus. Name and shape stand above.
    """
    ax = ax or plt.subplots()[1]
    shade = LinearSegmentedColormap.from_list("shade", ["white", color])
    at, tallest = 0.0, 1
    for name, array in named.items():
        array = np.asarray(array, dtype=float)
        if not 1 <= array.ndim <= 2 or not array.size:
            raise ValueError(f"{name} is {array.shape}; an array of one or two axes is needed, and not an empty one")
        cells = np.atleast_2d(array)
        rows, columns = cells.shape
        left = at + max(0.0, 0.5 * (0.5 * len(f"{name} {array.shape}") - columns))  # room for the name
        size = np.abs(cells)
        box = (left, left + columns, rows, 0)
        ax.imshow(size / (size.max() or 1.0), cmap=shade, vmin=0, vmax=1, extent=box, aspect="equal", label=name)
        frame = {"fill": False, "edgecolor": "0.3", "linewidth": 0.8}
        ax.add_patch(plt.Rectangle((left, 0), columns, rows, **frame))
        if signs:
            i, j = np.nonzero(cells < 0)
            ax.hlines(i + 0.5, left + j + 0.3, left + j + 0.7, color="0.2", linewidth=1)
        words = f"{name} {array.shape}"
        ax.text(left + columns / 2, -0.35, words, ha="center", va="bottom", fontsize=9, color=dark(color))
        at, tallest = 2 * left - at + columns + 1.2, max(tallest, rows)
    ax.set(xlim=(-0.3, at - 0.9), ylim=(tallest + 0.3, -1.3))
    ax.axis("off")
    return ax
