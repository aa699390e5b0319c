"""Figures of the lessons, with no mathematics of their own: values come in, an ax goes out.

Every function draws on ``ax``, or on a new figure without one, and returns the ax. Notebooks choose the look once,
with ``plt.style.use("bplib.lesson")``. Color is never the only sign: lines have dashes and names, classes have markers.
"""

from bplib.plots.curves import functions, line_fit, loss_history
from bplib.plots.style import BLUE, FILLS, GREEN, MARKERS, PURPLE, VERMILLION
from bplib.plots.surfaces import decision_boundary, loss_surface

__all__ = [
    "BLUE",
    "FILLS",
    "GREEN",
    "MARKERS",
    "PURPLE",
    "VERMILLION",
    "decision_boundary",
    "functions",
    "line_fit",
    "loss_history",
    "loss_surface",
]
