"""Figures of the lessons, with no mathematics of their own: values come in, an ax goes out.

Every function draws on ``ax``, or on a new figure without one, and returns the ax. Notebooks choose the look once,
with ``plt.style.use("bplib.lesson")``. Color is never the only sign: lines have dashes and names, classes have markers.
"""

from bplib.plots.arrays import arrays
from bplib.plots.attending import attention_weights, value_line
from bplib.plots.checking import catches
from bplib.plots.curves import functions, line_fit, loss_history
from bplib.plots.depth import distributions
from bplib.plots.differences import gradient_arrows, step_size_errors
from bplib.plots.filters import feature_maps, number_fields
from bplib.plots.gates import along_steps, over_letters
from bplib.plots.images import confusion_matrix, image_row
from bplib.plots.policies import action_bars, grid_policy
from bplib.plots.racing import contour_lines, descents, falling
from bplib.plots.sequences import forecast, unrolled
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
    "action_bars",
    "along_steps",
    "arrays",
    "attention_weights",
    "catches",
    "confusion_matrix",
    "contour_lines",
    "decision_boundary",
    "descents",
    "distributions",
    "falling",
    "feature_maps",
    "forecast",
    "functions",
    "gradient_arrows",
    "grid_policy",
    "image_row",
    "line_fit",
    "loss_history",
    "loss_surface",
    "number_fields",
    "over_letters",
    "step_size_errors",
    "unrolled",
    "value_line",
    "walk_on_curve",
]
