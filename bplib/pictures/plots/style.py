"""The colors and markers of the course. Color is never the only sign: lines have dashes and names, classes markers."""

from matplotlib.colors import to_rgb

# Okabe and Ito's, in the language of the course: forward values blue, gradients vermillion, parameters green.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
FILLS = ("#56B4E9", "#E69F00", "#F0E442")  # sky, orange and yellow: areas only, under dark text
MARKERS = "os^D"


def dark(color):
    """A little nearer to black, so that thin text in this color reads on white."""
    return tuple(0.8 * c for c in to_rgb(color))
