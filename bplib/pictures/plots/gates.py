"""What goes on along a sequence: curves in rows above each other, and a field of units over the letters of a text."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, LOOKS, shade


def along_steps(rows, *, x_label="step"):
    """Rows of curves along the same steps from 1 to T, [{name: (T,)}], up to four in a row.

    Makes a figure of its own and returns its axes as a list.
    """
    too_many = [len(row) for row in rows if len(row) > len(LOOKS)]
    if too_many:
        raise ValueError(f"a row has {too_many[0]} curves; up to {len(LOOKS)} can be told apart")
    _, axes = plt.subplots(len(rows), 1, sharex=True, squeeze=False, figsize=(7.5, 1.5 * len(rows) + 0.5))
    for ax, row in zip(axes[:, 0], rows, strict=True):
        for (name, curve), (color, dash, marker) in zip(row.items(), LOOKS, strict=False):
            look = {"color": color, "linestyle": dash, "marker": marker, "markersize": 3, "linewidth": 1.3}
            ax.plot(np.arange(1, len(curve) + 1), curve, **look, label=name)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes[-1, 0].set(xlabel=x_label)
    return list(axes[:, 0])


def over_letters(text, values, *, ax=None, y_label="unit"):
    """Values between 0 and 1 of units (units, T) over the T letters of a text, without color at 0 and blue at 1."""
    ax = ax or plt.subplots()[1]
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(text):
        raise ValueError(f"values is {values.shape} and the text has {len(text)} letters; needed is (units, letters)")
    drawn = ax.imshow(values, cmap=shade(BLUE), vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    ax.figure.colorbar(drawn, ax=ax, pad=0.02)
    ax.grid(False)
    ax.set(xticks=range(len(text)), xticklabels=["␣" if letter == " " else letter for letter in text], ylabel=y_label)
    ax.tick_params(axis="x", labelsize=9, length=0)
    return ax
