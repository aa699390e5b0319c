"""Gradient descent on a curve."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, VERMILLION


def walk_on_curve(w, losses, walk, heights, *, ax=None, x_label="w", y_label="L", title=""):
    """A loss over w, and the steps of a descent on it: places ``walk`` and the losses ``heights`` there.

    The walk begins at the square and ends at the star; what leaves the curve's range of w is cut off.
    """
    ax = ax or plt.subplots()[1]
    if np.shape(walk) != np.shape(heights):
        raise ValueError(f"walk is {np.shape(walk)} and heights is {np.shape(heights)}; the shapes must be equal")
    ax.plot(w, losses, "-", color=BLUE, linewidth=1.5, label="loss")
    ax.plot(walk, heights, "o--", color=VERMILLION, markersize=4, linewidth=1, label="walk")
    for place, marker, size, name in ((0, "s", 8, "start"), (-1, "*", 13, "end")):
        look = {"color": "white", "markeredgecolor": VERMILLION, "markersize": size, "zorder": 3}
        ax.plot(walk[place], heights[place], marker, label=name, **look)
    room = 0.05 * (np.max(losses) - np.min(losses))
    ax.set(xlim=(np.min(w), np.max(w)), ylim=(np.min(losses) - room, np.max(losses) + room))
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    return ax
