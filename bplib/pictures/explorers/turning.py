"""An arrow that turns on a map of a loss, and beside it the slope in every direction."""

from functools import cache
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.surfaces import contours
from bplib.pictures.explorers.widget import Explorer, selection, toggles

_STEP = 5  # degrees from one direction to the next
_LONG = 0.18  # the length of an arrow, as a share of the map


def turning_explorer(surfaces, places, *, reach, direction=0):
    """The slope of a loss along a direction that turns, at one of several places of one of several surfaces.

    surfaces is {name: (loss, gradient)}: loss takes w and b and returns a number, gradient the same and returns two;
    the bottom of each lies at (0, 0). places is {name: (w, b)}, and the map goes from -reach to reach both ways.
    Two charts: the map with the direction, the gradient and its opposite, each drawn equally long; and the slope along
    all directions, where the gradient, its opposite and the way to the bottom are marked by upright lines.
    """
    angles = list(range(0, 360 + _STEP, _STEP))
    if direction not in angles:
        raise ValueError(f"the direction is {direction}; a multiple of {_STEP} from 0 to 360 is needed")
    if not all(max(map(abs, place)) < reach for place in places.values()):
        raise ValueError(f"a place lies outside of the map, which goes from {-reach} to {reach}")

    @cache
    def background(surface):
        loss = surfaces[surface][0]
        return contours(lambda w: loss(*w), (-reach, reach, -reach, reach), np.linspace(0.08, 1.0, 9) ** 2)

    @cache
    def slopes(surface, place):
        """The gradient, and the slope along each of the directions."""
        w_slope, b_slope = (float(each) for each in surfaces[surface][1](*places[place]))
        along = [w_slope * cos(radians(angle)) + b_slope * sin(radians(angle)) for angle in angles]
        return (w_slope, b_slope), along

    steepest = max(hypot(*slopes(surface, place)[0]) for surface in surfaces for place in places)

    def caption(surface, place, angle):
        (w_slope, b_slope), along = slopes(surface, place)
        here = along[angles.index(angle)]
        said = f"{surface}, at {place}, direction {angle}°: slope {svg.number(round(here, 3) + 0.0)}"
        if hypot(w_slope, b_slope) == 0:
            return f"{said}. The gradient is zero: this place is flat."
        uphill = _turn(w_slope, b_slope)
        told = f"{said}; gradient ({svg.number(w_slope)}, {svg.number(b_slope)}), uphill {uphill:.0f}°,"
        to_bottom = _turn(*(-each for each in places[place]))
        return f"{told} steepest descent {(uphill + 180) % 360:.0f}°, bottom {to_bottom:.0f}°."

    def draw(surface, place, angle):
        said, (gradient, along), at = caption(surface, place, angle), slopes(surface, place), places[place]
        arrow, size = 2 * reach * _LONG, hypot(*gradient)
        turned = (arrow * cos(radians(angle)), arrow * sin(radians(angle)))
        arrows = [(*at, *turned, svg.INK, "none")]
        if size:
            up = tuple(arrow * each / size for each in gradient)
            arrows = [(*at, *up, svg.VERMILLION, "none"), (*at, *(-e for e in up), svg.VERMILLION, "4 3"), *arrows]
        seen = {"marks": {"": (*at, None)}, "contours": background(surface), "points": ([0.0], [0.0])}
        label, limits = f"Lines of equal loss and an arrow. {said}", (-reach, reach, -reach, reach)
        seen |= {"arrows": arrows, "limits": limits, "width": 323, "height": 320}
        area = svg.chart({"": ([at[0]], [at[1]])}, label, "w", "b", **seen)
        label, limits = f"The slope in every direction. {said}", (-8, 368, -1.3 * steepest, 1.3 * steepest)
        uphill, bottom = _turn(*gradient), _turn(-at[0], -at[1])
        arrows, labels, upright = [], [], []
        if size:
            for there, height, dash in ((uphill, size, "none"), ((uphill + 180) % 360, -size, "4 3")):
                arrows.append((there, 0, 0, height, svg.VERMILLION, dash))
            labels = [
                (uphill, size, "gradient", svg.VERMILLION),
                ((uphill + 180) % 360, -size, "against it", svg.VERMILLION),
            ]
        if any(at):
            upright = [([bottom, bottom], limits[2:])]
            labels.append((bottom, 1.2 * steepest, "to the bottom", svg.INK))
        seen = {"arrows": arrows, "labels": [_beside(*each, steepest) for each in labels], "contours": upright}
        seen |= {"marks": {"slope": (angle, along[angles.index(angle)], None)}, "named": False}
        lines = {"slope": (angles, along)}
        seen |= {"limits": limits, "width": 400, "height": 320}
        curve = svg.chart(lines, label, "direction (degrees)", "slope along it", **seen)
        return [area, curve], said

    start = next(iter(surfaces)), next(iter(places)), direction
    surface, place = toggles("surface", list(surfaces), start[0]), toggles("place", list(places), start[1])
    turn = selection("direction", [(f"{angle}°", angle) for angle in angles], direction)
    return Explorer([surface, place, turn], draw, draw(*start), caption(*start))


def _turn(right, up):
    """The direction of an arrow, in degrees from 0 to 360."""
    return degrees(atan2(up, right)) % 360


def _beside(angle, height, words, color, steepest):
    """Where a name stands: beyond the end of its arrow, and within the chart."""
    beyond = height + 0.1 * steepest * (1 if height > 0 else -1)
    return min(max(angle, 45), 315), beyond if abs(height) <= steepest else height, words, color
