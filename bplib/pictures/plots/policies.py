"""What a policy does: the probabilities of its actions, as bars and as arrows in a grid."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, INK, PURPLE, TINTS

_BARS = ((BLUE, ""), (PURPLE, "//"), (INK, ".."))
_ARROW = 0.44  # the length of an action that is certain; a cell has side 1
_HEAD = {"headwidth": 3.6, "headlength": 3.6, "headaxislength": 3.6, "minshaft": 2.2}
_STEPS = np.array([(0, -1), (1, 0), (0, 1), (-1, 0)])  # x and y of up, right, down, left; y grows downward


def action_bars(policies, *, ax=None, x_label="action", y_label="probability"):
    """Probabilities side by side for each action, {name: pi (k,)}, up to three policies; actions count from 0."""
    ax = ax or plt.subplots()[1]
    if len(policies) > len(_BARS):
        raise ValueError(f"there are {len(policies)} policies; up to {len(_BARS)} can be told apart")
    wide = 0.8 / len(policies)
    for j, ((name, pi), (color, hatch)) in enumerate(zip(policies.items(), _BARS, strict=False)):
        places = np.arange(len(pi)) + (j - 0.5 * (len(policies) - 1)) * wide
        ax.bar(places, pi, wide, color=color, hatch=hatch, edgecolor="white", label=name)
    ax.set_xticks(range(len(pi)))
    ax.grid(axis="x", visible=False)
    ax.set(xlabel=x_label, ylabel=y_label)
    ax.legend(loc="best")
    return ax


def grid_policy(world, pi, *, ax=None, title=""):
    """A `GridWorld` and its policy pi (n_states, 4): an arrow for each action, the longer the more probable.

    Walls are gray, S is the start, and G, with a fill, the goal, where nothing is done.
    """
    ax = ax or plt.subplots(figsize=(3.2, 3.2))[1]
    pi = np.asarray(pi, dtype=float)
    if pi.shape != (world.n_states, 4):
        raise ValueError(f"pi is {pi.shape}; needed is {(world.n_states, 4)}, four probabilities for each state")
    rows, columns = map(int, np.max(world.cells, axis=0) + 1)
    free = [tuple(map(int, cell)) for cell in world.cells]
    for i, j in [*(cell for cell in np.ndindex(rows, columns) if cell not in free), *free]:
        fill = INK if (i, j) not in free else TINTS[0] if (i, j) == free[world.goal] else "none"
        ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=fill, edgecolor="0.6", linewidth=0.8))
    for letter, state in (("S", world.start), ("G", world.goal)):
        i, j = world.cells[state]
        color = "black" if state == world.goal else INK
        ax.text(j - 0.4, i - 0.38, letter, va="center", ha="center", fontsize=10, color=color)
    acting = [state for state in range(world.n_states) if state != world.goal]
    y, x = np.repeat([world.cells[state] for state in acting], 4, axis=0).T
    u, v = (_ARROW * pi[acting, :, None] * _STEPS).reshape(-1, 2).T
    ax.quiver(x, y, u, v, color=BLUE, angles="xy", scale_units="xy", scale=1, width=0.011, minlength=0, **_HEAD)
    ax.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.45, -0.55), aspect="equal", title=title)
    ax.axis("off")
    return ax
