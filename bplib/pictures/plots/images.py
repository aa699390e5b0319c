"""Images with what is said about them, and who is taken for whom."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from bplib.pictures.plots.style import FILLS, INK, TINTS, VERMILLION


def image_row(images, titles, *, wrong=None, columns=10):
    """Images (m, h, w) of ink with a title above each; those where ``wrong`` is true have a vermillion title and frame.

    Makes a figure of its own, with as many rows as it takes, and returns its axes as a flat list of m.
    """
    images = np.asarray(images)
    if images.ndim != 3 or len(images) != len(titles):
        raise ValueError(f"images is {images.shape} with {len(titles)} titles; (m, h, w) and m titles are needed")
    wrong = np.zeros(len(images), dtype=bool) if wrong is None else np.asarray(wrong)
    rows = -(-len(images) // columns)
    _, axes = plt.subplots(rows, columns, figsize=(0.95 * columns, 1.15 * rows), squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    used = list(axes.flat[: len(images)])
    for ax, image, title, bad in zip(used, images, titles, wrong, strict=True):
        ax.imshow(image, cmap="Greys", vmin=0, vmax=images.max())
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        ax.set_title(title, fontsize=9, color=VERMILLION if bad else INK)
        for spine in ax.spines.values():
            spine.set(visible=True, color=VERMILLION if bad else "0.7", linewidth=2 if bad else 0.8)
    return used


def confusion_matrix(counts, names, *, ax=None):
    """How often each class (row) was taken for each (column), counts (k, k); mistakes are shaded, zeros left empty."""
    ax = ax or plt.subplots(figsize=(5, 4.4))[1]
    counts = np.asarray(counts)
    if counts.shape != (len(names), len(names)):
        raise ValueError(f"counts is {counts.shape}; with {len(names)} names {(len(names), len(names))} is needed")
    mistakes = np.where(np.eye(len(names), dtype=bool), 0, counts)
    tint = LinearSegmentedColormap.from_list("tint", [TINTS[1], FILLS[1]])
    ax.imshow(np.ma.masked_equal(mistakes, 0), cmap=tint, vmin=0, vmax=max(mistakes.max(), 2))
    for row, column in np.argwhere(counts):
        look = {"color": INK} if row == column else {"color": "black", "weight": "bold"}
        ax.text(column, row, int(counts[row, column]), ha="center", va="center", fontsize=9, **look)
    ax.grid(False)
    ax.set(xlabel="the network says", ylabel="the truth")
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    return ax
