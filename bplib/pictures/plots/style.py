"""The colors and markers of the course. Color is never the only sign: lines have dashes and names, classes markers.

Figures are transparent, so each color has to read on white paper and on black.
"""

from matplotlib.colors import LinearSegmentedColormap, to_rgb

# Okabe and Ito's, in the language of the course: forward values blue, gradients vermillion, parameters green.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
FILLS = ("#56B4E9", "#E69F00", "#F0E442")  # sky, orange and yellow: areas only
MARKERS = "os^D"
INK = "#757575"  # text and thin lines, as in lesson.mplstyle; on a tint text is black
TINTS = ("#A8D9F4", "#F6DFAE")  # sky and orange on white, where text stands on an area
_LIGHTNESS = 0.18  # as a share of white's: the contrast is 4.6 on white, and 4.1 on JupyterLab's black


def readable(color):
    """The color at the lightness of the ink, so that thin text in it reads on white and on black."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    scale = _LIGHTNESS / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    scaled = [min(scale * c, 1.0) for c in linear]
    return tuple(12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in scaled)


LOOKS = ((BLUE, "-", "o"), (PURPLE, "--", "s"), (INK, ":", "^"), (readable(FILLS[1]), "-.", "D"))
"""Color, dash and marker of the first of several curves, the second, and so on."""


def shade(color, most=1.0):
    """A colormap from nothing, where the page shines through, to the color; most is 1 where that is full."""
    return LinearSegmentedColormap.from_list("shade", [(*to_rgb(color), 0.0), (*to_rgb(color), most)])
