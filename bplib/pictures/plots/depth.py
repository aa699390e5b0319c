"""What goes through the layers of a deep network."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE


def distributions(layers, *, ax=None, limits=None, bins=41, color=BLUE, x_label="layer", y_label="activation"):
    """A histogram for each of a list of arrays, on its side, from left to right; all share the vertical axis.

    Each is as wide as its fullest bin. limits are (low, high) of the axis; without them, all values are in.
    """
    ax = ax or plt.subplots()[1]
    low, high = limits or (min(np.min(a) for a in layers), max(np.max(a) for a in layers))
    edges = np.linspace(low, high, bins + 1)
    for k, array in enumerate(layers, start=1):
        counts = np.histogram(array, edges)[0]
        shares = 0.85 * counts / max(counts.max(), 1)
        ax.stairs(k + shares, edges, orientation="horizontal", baseline=k, fill=True, color=color, label=f"_{k}")
        ax.axvline(k, color="0.6", linewidth=0.6)
    ticks = np.arange(1, len(layers) + 1)
    ax.set(xlabel=x_label, ylabel=y_label, xlim=(0.8, len(layers) + 1), ylim=(low, high))
    ax.set_xticks(ticks + 0.4, ticks.astype(str))
    ax.grid(False)
    return ax
