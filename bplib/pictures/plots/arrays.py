"""Arrays as fields of cells: their shapes at a glance, and where they are large."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, INK, VERMILLION, readable, shade

_DARK = 0.6  # of the fullest color, from which on a minus is white


def arrays(named, *, below=None, ax=None, color=BLUE, signs=True):
    """Arrays of one or two axes side by side, {name: array}; the fuller the color, the larger an entry among them all.

    One cell is one number, and all cells are equally large, so shapes can be compared; an array of one axis is a row.
    Name and shape stand above, and with signs a negative entry holds a minus. below holds gradients by the names of
    their variables: each stands under its own, in vermillion, on a scale of their own.
    """
    ax = ax or plt.subplots()[1]
    named, below = _tables(named), _tables(below or {})
    if unknown := below.keys() - named.keys():
        raise ValueError(f"below has {', '.join(sorted(unknown))}; needed are names of {', '.join(named)}")
    tallest = max(len(cells) for cells, _ in named.values())
    at, down = 0.0, tallest + 2.2
    for name, (cells, shape) in named.items():
        columns = cells.shape[1]
        title = f"d{name} {shape}" if name in below else f"{name} {shape}"
        left = at + max(0.0, 0.5 * (0.5 * len(title) - columns))  # room for the name
        _field(ax, name, cells, shape, (left, 0), color, _largest(named), signs)
        if name in below:
            _field(ax, f"d{name}", *below[name], (left, down), VERMILLION, _largest(below), signs)
        at = 2 * left - at + columns + 1.2
    low = down + max(len(cells) for cells, _ in below.values()) if below else tallest
    ax.set(xlim=(-0.3, at - 0.9), ylim=(low + 0.3, -1.3))
    ax.axis("off")
    return ax


def _tables(named):
    """Each array as rows, and its shape."""
    found = {}
    for name, array in named.items():
        array = np.asarray(array, dtype=float)
        if not 1 <= array.ndim <= 2 or not array.size:
            raise ValueError(f"{name} is {array.shape}; an array of one or two axes is needed, and not an empty one")
        found[name] = np.atleast_2d(array), array.shape
    return found


def _largest(named):
    return max(np.abs(cells).max() for cells, _ in named.values()) or 1.0


def _field(ax, name, cells, shape, corner, color, largest, signs):
    """One array at its upper left corner."""
    (rows, columns), (left, top) = cells.shape, corner
    box = (left, left + columns, top + rows, top)
    ax.imshow(np.abs(cells) / largest, cmap=shade(color), vmin=0, vmax=1, extent=box, aspect="equal", label=name)
    ax.add_patch(plt.Rectangle(corner, columns, rows, fill=False, edgecolor=INK, linewidth=0.8))
    if signs:
        dark = np.abs(cells) > _DARK * largest
        for there, ink in (((cells < 0) & ~dark, INK), ((cells < 0) & dark, "white")):
            i, j = np.nonzero(there)
            ax.hlines(top + i + 0.5, left + j + 0.3, left + j + 0.7, color=ink, linewidth=1)
    middle = left + columns / 2
    ax.text(middle, top - 0.35, f"{name} {shape}", ha="center", va="bottom", fontsize=9, color=readable(color))
