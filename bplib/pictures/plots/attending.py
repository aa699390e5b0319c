"""Who looks at whom, and a mean of values with what pulls at its weights."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, INK, VERMILLION, readable, shade


def attention_weights(a, queries, keys, *, ax=None):
    """Weights (t, s) as a field: a row for each query, a column for each key; full blue is 1, no color is 0.

    queries and keys are the texts that stand beside the rows and above the columns; a space is written as a low line.
    """
    a = np.asarray(a, dtype=float)
    if a.shape != (len(queries), len(keys)):
        raise ValueError(f"a is {a.shape}; with {len(queries)} queries and {len(keys)} keys it needs a cell for each")
    ax = ax or plt.subplots(figsize=(0.4 + 0.32 * len(keys), 0.4 + 0.32 * len(queries)))[1]
    ax.imshow(a, cmap=shade(BLUE), vmin=0, vmax=1)
    names = [["␣" if name == " " else name for name in side] for side in (keys, queries)]
    ax.set_xticks(range(len(keys)), names[0])
    ax.set_yticks(range(len(queries)), names[1])
    ax.set_xticks(np.arange(len(keys) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(queries) + 1) - 0.5, minor=True)
    ax.grid(False)
    ax.grid(True, which="minor", color=INK, alpha=0.25, linewidth=0.6)
    ax.tick_params(which="both", length=0, top=False, labeltop=True, labelbottom=False)
    ax.xaxis.set_label_position("top")
    ax.set(xlabel="looks at", ylabel="query")
    return ax


def value_line(v, a, dz, *, ax=None):
    """Values v (s,) on a line with their mean under the weights a (s,): the area of a dot is its weight.

    An arrow on each shows minus dz (s,), the way in which a step of gradient descent moves its logit.
    """
    ax = ax or plt.subplots(figsize=(6.4, 2.2))[1]
    v, a, dz = (np.asarray(array, dtype=float) for array in (v, a, dz))
    if not v.shape == a.shape == dz.shape or v.ndim != 1:
        raise ValueError(f"v is {v.shape}, a is {a.shape} and dz is {dz.shape}; all need to be (s,)")
    room = 0.08 * np.ptp(v)
    ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    ax.scatter(v, np.zeros_like(v), s=1800 * a, color=BLUE, alpha=0.45, edgecolor=BLUE, label="weights")
    ax.quiver(
        v,
        np.zeros_like(v),
        np.zeros_like(v),
        -dz,
        color=VERMILLION,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.006,
    )
    mean = float(a @ v)
    ax.axvline(mean, color=BLUE, linewidth=2, label="mean")
    tall = 1.35 * np.abs(dz).max() or 1.0
    ax.annotate(f"y = {mean:.4g}", (mean, 0.86 * tall), (5, 0), textcoords="offset points", color=readable(BLUE))
    for j, value in enumerate(v):
        ax.annotate(f"key {j}", (value, -1.25 * tall), ha="center", fontsize=9)
    ax.set(xlim=(v.min() - room, v.max() + room), ylim=(-1.4 * tall, tall), xlabel="value", ylabel="moves its logit")
    ax.grid(False)
    return ax
