"""Figures of the lessons, with no mathematics of their own: values come in, an ax goes out.

Every function draws on ``ax``, or on a new figure without one, and returns the ax. Notebooks choose the look once,
with ``plt.style.use("bplib.lesson")``. Color is never the only sign: lines have dashes and names, classes have markers.
"""

from bplib.plots.arrays import arrays
from bplib.plots.checking import catches
from bplib.plots.curves import functions, line_fit, loss_history
from bplib.plots.differences import gradient_arrows, step_size_errors
from bplib.plots.gates import along_steps, over_letters
from bplib.plots.images import confusion_matrix, image_row
from bplib.plots.racing import contour_lines, descents, falling
from bplib.plots.style import BLUE, FILLS, GREEN, MARKERS, PURPLE, VERMILLION
from bplib.plots.surfaces import decision_boundary, loss_surface
from bplib.plots.walking import walk_on_curve

__all__ = [
    "BLUE",
    "FILLS",
    "GREEN",
    "MARKERS",
    "PURPLE",
    "VERMILLION",
    "along_steps",
    "arrays",
    "catches",
    "confusion_matrix",
    "contour_lines",
    "decision_boundary",
    "descents",
    "falling",
    "functions",
    "gradient_arrows",
    "image_row",
    "line_fit",
    "loss_history",
    "loss_surface",
    "over_letters",
    "step_size_errors",
    "walk_on_curve",
]
