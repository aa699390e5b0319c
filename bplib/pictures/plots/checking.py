"""Which check catches which bug, as a table."""

import matplotlib.pyplot as plt

from bplib.pictures.plots.style import INK, TINTS, VERMILLION


def catches(errors, tolerance=1e-6, *, ax=None):
    """A table of bugs by checks: errors is {bug: {check: {gradient: relative error}}}, with the same checks for all.

    A cell says "caught" where an error is above the tolerance, else "escapes". The row of the bug "none", which is the
    right code, says "passes" or "false alarm". What a check should not do is framed.
    """
    ax = ax or plt.subplots()[1]
    checks = list(next(iter(errors.values())))
    for i, (bug, row) in enumerate(errors.items()):
        if list(row) != checks:
            raise ValueError(f"{bug} has the checks {', '.join(row)}; needed are {', '.join(checks)}")
        for j, found in enumerate(row.values()):
            alarm = max(found.values()) > tolerance
            right = alarm != (bug == "none")
            words = ("false alarm" if alarm else "passes") if bug == "none" else ("caught" if alarm else "escapes")
            look = {"facecolor": TINTS[0]} if right else {"fill": False, "edgecolor": VERMILLION, "linewidth": 2}
            ax.add_patch(plt.Rectangle((j + 0.04, i + 0.06), 0.92, 0.88, **look))
            color = "black" if right else INK
            ax.text(j + 0.5, i + 0.5, words, ha="center", va="center", fontsize=9, color=color)
    ax.set(xlim=(0, len(checks)), ylim=(len(errors), 0))
    ax.set_xticks([j + 0.5 for j in range(len(checks))], checks)
    ax.set_yticks([i + 0.5 for i in range(len(errors))], list(errors))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax
