"""Formulas as SVG, set as on paper: fractions with a line, exponents above it, roots with their sign.

A formula is built of boxes, from the inside outward; each knows how wide it is and how far it reaches above and below
the axis, the height at which a minus and a fraction line stand.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bplib.pictures import svg

_SIZE, _SMALL, _SMALLEST = 19, 0.72, 11
_NARROW, _WIDE = "fijlrt()[]., '/", "mwMW+−=∂σ"


@dataclass(frozen=True)
class Box:
    """A part of a formula: width, reach above and below the axis, and draw(x, y), the SVG with its left end at (x, y).

    tall is whether parentheses around it have to be drawn, being higher than letters.
    """

    width: float
    above: float
    below: float
    draw: Callable
    tall: bool = False


def words(text, scale=1.0, letter=False):
    """A word, a number or signs; letter says that it is a variable, in italics."""
    size = max(_SIZE * scale, _SMALLEST)
    width = size * sum(0.3 if c in _NARROW else 0.86 if c in _WIDE else 0.57 for c in text)
    more = 'font-style="italic"' if letter else 'xml:space="preserve"'
    return Box(
        width, 0.55 * size, 0.55 * size, lambda x, y: svg.text(x + width / 2, y, text, size=svg.px(size), more=more)
    )


def row(*boxes):
    """Boxes side by side."""

    def draw(x, y):
        parts = []
        for box in boxes:
            parts.append(box.draw(x, y))
            x += box.width
        return "".join(parts)

    above, below = max(box.above for box in boxes), max(box.below for box in boxes)
    return Box(sum(box.width for box in boxes), above, below, draw, any(box.tall for box in boxes))


def space(share=0.2):
    """A gap, as between two factors."""
    return Box(_SIZE * share, 0, 0, lambda x, y: "")


def raised(base, exponent):
    """A power; build the exponent with a scale of `smaller`."""
    lift = base.above - 0.15 * _SIZE if base.tall else 0.42 * _SIZE

    def draw(x, y):
        return base.draw(x, y) + exponent.draw(x + base.width + 1, y - lift)

    return Box(base.width + exponent.width + 2, max(base.above, lift + exponent.above), base.below, draw, base.tall)


def smaller(scale):
    """The scale of an exponent of what has this scale."""
    return scale * _SMALL


def fraction(above, below):
    """One box above a line, and one below."""
    width = max(above.width, below.width) + 8

    def draw(x, y):
        line = f'<path d="M{svg.px(x + 2)} {svg.px(y)}h{svg.px(width - 4)}" stroke="{svg.INK}" stroke-width="1.2"/>'
        upper = above.draw(x + (width - above.width) / 2, y - above.below - 3)
        lower = below.draw(x + (width - below.width) / 2, y + below.above + 3)
        return upper + line + lower

    return Box(width, above.above + above.below + 3, below.above + below.below + 3, draw, tall=True)


def root(inside):
    """A square root."""
    width = inside.width + 16

    def draw(x, y):
        top, low = y - inside.above - 2, y + inside.below
        sign = f"M{svg.px(x + 1)} {svg.px(y + 2)}l3 -2L{svg.px(x + 8)} {svg.px(low)}L{svg.px(x + 13)} {svg.px(top)}"
        line = f'<path d="{sign}H{svg.px(x + width - 1)}" fill="none" stroke="{svg.INK}" stroke-width="1.2"/>'
        return line + inside.draw(x + 14, y)

    return Box(width, inside.above + 4, inside.below + 1, draw, inside.tall)


def parentheses(inside, scale=1.0):
    """Parentheses, as high as what is in them."""
    if not inside.tall:
        return row(words("(", scale), inside, words(")", scale))
    high, low, bend = inside.above, inside.below, 6

    def draw(x, y):
        sides = []
        for left, turn in ((x + bend + 1, -1), (x + inside.width + bend + 5, 1)):
            curve = (
                f"M{svg.px(left)} {svg.px(y - high)}q{turn * bend} {svg.px((high + low) / 2)} 0 {svg.px(high + low)}"
            )
            sides.append(f'<path d="{curve}" fill="none" stroke="{svg.INK}" stroke-width="1.2"/>')
        return "".join([*sides, inside.draw(x + bend + 3, y)])

    return Box(inside.width + 2 * bend + 6, high + 1, low + 1, draw, tall=True)


def document(label, box):
    """The whole SVG of a formula; the label is what a screen reader says."""
    width, height = box.width + 24, box.above + box.below + 20
    return svg.document(width, height, label, [box.draw(12, box.above + 10)])
