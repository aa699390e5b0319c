"""Figures of the lessons: values come in, an ax goes out.

Every function draws on ``ax``, or on a new figure without one, and returns the ax. Notebooks choose the look once,
with ``plt.style.use("bplib.lesson")``. Color is never the only sign: lines have dashes and names, classes have markers.

May import: nothing of ours; numpy, matplotlib.
Reading order: style, then any.
"""

from bplib.pictures.plots.arrays import arrays
from bplib.pictures.plots.attending import attention_weights, value_line
from bplib.pictures.plots.checking import catches
from bplib.pictures.plots.curves import functions, line_fit, loss_history
from bplib.pictures.plots.depth import distributions
from bplib.pictures.plots.differences import gradient_arrows, step_size_errors
from bplib.pictures.plots.filters import feature_maps, number_fields
from bplib.pictures.plots.gates import along_steps, over_letters
from bplib.pictures.plots.images import confusion_matrix, image_row
from bplib.pictures.plots.policies import action_bars, grid_policy
from bplib.pictures.plots.racing import contour_lines, descents, falling
from bplib.pictures.plots.sequences import forecast, unrolled
from bplib.pictures.plots.style import BLUE, FILLS, GREEN, INK, MARKERS, PURPLE, VERMILLION
from bplib.pictures.plots.surfaces import decision_boundary, loss_surface
from bplib.pictures.plots.vitals import vital_signs
from bplib.pictures.plots.walking import walk_on_curve

__all__ = [
    "BLUE",
    "FILLS",
    "GREEN",
    "INK",
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
    "vital_signs",
    "walk_on_curve",
]
