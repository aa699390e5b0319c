"""Sequences: a network that is unrolled along time, and a series beside its forecasts."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, GREEN, INK, VERMILLION, readable

_STEP = 2.4  # from a state to the next


def unrolled(x, h, *, dh=None, dz=None, ax=None):
    """A recurrent network of one unit, unrolled: inputs x_1 to x_T below, states h_0 to h_T above, with their numbers.

    With dh, the gradients of the T states, and dz, those before tanh, the way back is drawn too, in vermillion.
    ValueError unless h has one number more than x, and dh and dz as many as x.
    """
    T = len(x)
    if len(h) != T + 1 or any(d is not None and len(d) != T for d in (dh, dz)):
        lengths = ", ".join(f"{name} has {len(d)}" for name, d in (("h", h), ("dh", dh), ("dz", dz)) if d is not None)
        raise ValueError(f"x has {T} numbers, {lengths}; needed are {T} and, for h, {T + 1}")
    ax = ax or plt.subplots(figsize=(2 + 1.6 * T, 2.8))[1]
    for t, value in enumerate(h):
        _box(ax, t * _STEP, 1.5, f"$h_{{{t}}}$", value)
        if t:
            _box(ax, t * _STEP, 0, f"$x_{{{t}}}$", x[t - 1])
            _arrow(ax, ((t - 1) * _STEP + 0.5, 1.5), (t * _STEP - 0.5, 1.5), BLUE)
            _arrow(ax, (t * _STEP, 0.42), (t * _STEP, 1.08), BLUE)
            for place, words in (((t - 0.5) * _STEP, 1.32), "$w_h$"), ((t * _STEP + 0.08, 0.75), "$w_x$"):
                where = {"ha": "left" if words == "$w_x$" else "center", "va": "center" if words == "$w_x$" else "top"}
                ax.text(*place, words, color=readable(GREEN), fontsize=11, **where)
            for d, name, y, side in ((dh, "h", 2.12, 0), (dz, "z", 0.75, -0.1)):
                if d is not None:
                    words = rf"$\mathrm{{d}}{name}_{{{t}}}$ = {_number(d[t - 1])}"
                    look = {"color": readable(VERMILLION), "ha": "right" if side else "center", "va": "center"}
                    ax.text(t * _STEP + side, y, words, fontsize=9.5, **look)
            if dh is not None:
                _arrow(ax, (t * _STEP - 0.5, 1.68), ((t - 1) * _STEP + 0.5, 1.68), VERMILLION)
    ax.set(xlim=(-0.8, T * _STEP + 0.8), ylim=(-0.55, 2.35), aspect="equal")
    ax.axis("off")
    return ax


def forecast(year, number, predictions=None, *, ax=None, y_label="sunspots"):
    """A series over the years, as points on a gray line, and predictions of it, {name: array}, up to three."""
    ax = ax or plt.subplots(figsize=(9, 3.2))[1]
    ax.plot(year, number, "o-", color="0.6", markerfacecolor=INK, markersize=3, linewidth=1, label="truth")
    for name, predicted in (predictions or {}).items():
        if np.shape(predicted) != np.shape(year):
            raise ValueError(f"{name} has shape {np.shape(predicted)}; needed is that of year, {np.shape(year)}")
        ax.plot(year, predicted, linewidth=1.5, label=name)
    if predictions:
        ax.legend(loc="best", ncols=4)
    ax.set(xlabel="year", ylabel=y_label)
    return ax


def _box(ax, x, y, name, value):
    box = {"boxstyle": "round,pad=0.12", "facecolor": "none", "edgecolor": INK}
    ax.add_patch(plt.matplotlib.patches.FancyBboxPatch((x - 0.36, y - 0.27), 0.72, 0.54, **box))
    ax.text(x, y + 0.15, name, ha="center", va="center", fontsize=10)
    ax.text(x, y - 0.17, _number(value), ha="center", va="center", fontsize=9.5, color=readable(BLUE))


def _arrow(ax, start, end, color):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": color, "linewidth": 1.6})


def _number(value):
    return f"{round(float(value), 4) + 0.0:g}".replace("-", "−")
