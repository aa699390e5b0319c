"""SVG that follows the theme of the page, and a line chart that is drawn in less than a millisecond.

Presentation attributes only: no style element and no ids, so nothing clashes when a page holds many pictures. Colors
are the course's: blue a forward value, vermillion a gradient or slope, green a parameter.
"""

import math
from html import escape
from itertools import pairwise
from urllib.parse import quote

INK = "var(--jp-ui-font-color1, currentColor)"
FONT = "var(--jp-ui-font-family, sans-serif)"
PAPER = "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))"
# Okabe and Ito's colors, moved toward the ink: darker on white paper, lighter on black, readable as small text on both.
BLUE, VERMILLION, GREEN, PURPLE = (
    f"color-mix(in srgb, {color}, {INK})" for color in ("#0072B2 85%", "#D55E00 85%", "#009E73 75%", "#CC79A7 75%")
)
HALO = f'stroke="{PAPER}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"'

_PLAIN = " /:;=,()+*'−×÷·√Σσ"  # stands in a data address as it is


def number(x):
    """Four significant digits, or all digits before the point if they are up to seven; with a proper minus sign."""
    text = f"{x:.0f}" if 1e4 <= abs(x) < 1e7 else f"{x:.4g}"
    return "0" if x == 0 else text.replace("-", "−")


def px(x):
    """A length in pixels with at most one decimal, the same on every machine, where 187.15 may have other last bits."""
    return f"{round(round(x, 6), 1) + 0.0:.1f}".removesuffix(".0")  # adding 0.0 turns -0.0 into 0.0


def text(x, y, words, color=INK, size=12, anchor="middle", more=""):
    """A text whose middle, start or end is at x, and whose middle is at y."""
    where = f'x="{px(x)}" y="{px(y)}" text-anchor="{anchor}" dominant-baseline="central"'
    return f'<text {where} font-size="{size}" fill="{color}" {more}>{escape(words)}</text>'


def document(width, height, label, parts):
    """A whole SVG; the label is what a screen reader says."""
    size = f'width="{px(width)}" height="{px(height)}" viewBox="0 0 {px(width)} {px(height)}"'
    font = f'font-family="{FONT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" {size} {font}>'
    return "".join([head, *parts, "</svg>"])


def figure(pictures, caption):
    """HTML for the output of a cell: pictures and a caption, seen with and without trust.

    JupyterLab removes inline SVG from a notebook it does not trust, such as a fresh clone, and also the attribute
    hidden. So images on white paper, hidden at first, take the place of the pictures there, and font-size 0 makes the
    letters invisible that are left of the removed ones.
    """
    images = ""
    for picture in pictures:
        label = picture.split('aria-label="', 1)[1].split('"', 1)[0]
        head, rest = picture.replace(INK, "black").replace(PAPER, "white").replace(FONT, "sans-serif").split(">", 1)
        paper = '<rect width="100%" height="100%" fill="white"/>'
        images += f'<img alt="{label}" src="data:image/svg+xml,{quote(f"{head}>{paper}{rest}", safe=_PLAIN)}"/>'
    shown, instead = f'<div style="font-size:0">{"".join(pictures)}</div>', f'<div hidden="">{images}</div>'
    return f"{shown}{instead}<p>{escape(caption)}</p>"


LOOKS = tuple(zip((BLUE, PURPLE, GREEN, INK), ("none", "7 4", "2 3", "9 3 2 3"), strict=True))
"""The color and the dashes of the first curve of a chart, the second, and so on."""


def chart(
    curves,
    label,
    x_label,
    y_label,
    *,
    limits=None,
    points=None,
    drops=(),
    marks=None,
    contours=(),
    arrows=(),
    labels=(),
    named=True,
    places=None,
    looks=LOOKS,
    width=430,
    height=300,
):
    """A line chart with axes.

    curves    {name: (xs, ys)}, up to four; the name stands at the curve, in its color, "" for none
    limits    (x low, x high, y low, y high); what lies outside is cut off. Without it: all of curves and points
    points    (xs, ys) of a scatter
    drops     vertical lines (x, y, other y): residuals
    marks     {name: (x, y, slope)}, or a list of these: points on a curve, with the tangent unless slope is None
    contours  thin lines in the background, each (xs, ys)
    arrows    (x, y, dx, dy, color, dash): from a place, so far to the right and up
    labels    (x, y, words, color): the middle of a text
    named     False leaves the names away, where a legend has them
    places    {name: (x, y)}: where the middle of a name stands instead
    looks     the color and the dashes of each curve
    """
    x_low, x_high, y_low, y_high = limits or _limits([*curves.values(), *([points] if points else [])])
    x_ticks, y_ticks = _ticks(x_low, x_high), _ticks(y_low, y_high)
    left = 34 + 6.5 * max(len(number(tick)) for tick in y_ticks)
    top, w, h = 12, width - left - 14, height - 58
    sx, sy = w / (x_high - x_low), h / (y_high - y_low)

    def at(x, y):
        # As in px, in less time: a chart has a thousand points.
        return f"{round((x - x_low) * sx, 6) + 0.0:.1f} {round((y_high - y) * sy, 6) + 0.0:.1f}"

    axes = [f'<path d="M{px(left)} {top}v{px(h)}h{px(w)}" fill="none" stroke="{INK}"/>']
    for tick in x_ticks:
        x = left + (tick - x_low) * sx
        axes.append(f'<path d="M{px(x)} {top}v{px(h + 4)}" stroke="{INK}" stroke-opacity="0.15"/>')
        axes.append(text(x, top + h + 14, number(tick), size=11))
    for tick in y_ticks:
        y = top + (y_high - tick) * sy
        axes.append(f'<path d="M{px(left - 4)} {px(y)}h{px(w + 4)}" stroke="{INK}" stroke-opacity="0.15"/>')
        axes.append(text(left - 8, y, number(tick), size=11, anchor="end"))
    axes.append(text(left + w / 2, height - 12, x_label))
    axes.append(text(13, top + h / 2, y_label, more=f'transform="rotate(-90 13 {px(top + h / 2)})"'))

    inside, names = [], []
    if contours:
        lines = "".join("M" + "L".join(at(x, y) for x, y in zip(*line, strict=True)) for line in contours)
        inside.append(f'<path data-role="contours" d="{lines}" fill="none" stroke="{INK}" stroke-opacity="0.3"/>')
    if drops:
        lines = "".join(f"M{at(x, a)}L{at(x, b)}" for x, a, b in drops)
        inside.append(f'<path data-role="drops" d="{lines}" stroke="{PURPLE}" stroke-opacity="0.5"/>')
    if points:
        dots = "".join(f"M{at(x, y)}h0" for x, y in zip(*points, strict=True))
        round_dots = f'stroke="{INK}" stroke-width="4" stroke-linecap="round" stroke-opacity="0.5"'
        inside.append(f'<path data-role="points" d="{dots}" {round_dots}/>')
    ends = [_apart([ys[end] for _, ys in curves.values()]) for end in (0, -1)]
    end = 0 if ends[0] > ends[1] else -1  # names stand where the curves are farthest apart
    for k, ((color, dash), (name, (xs, ys))) in enumerate(zip(looks, curves.items(), strict=False)):
        line = "L".join(at(x, y) for x, y in zip(xs, ys, strict=True))
        inside.append(
            f'<path data-curve="{escape(name)}" d="M{line}" fill="none" stroke="{color}" stroke-width="2" '
            f'stroke-dasharray="{dash}"/>'
        )
        if name in (places or {}):
            x, y = places[name]
            names.append(text(left + (x - x_low) * sx, top + (y_high - y) * sy, name, color, more=HALO))
        elif name and named:
            y = top + min(max((y_high - ys[end]) * sy - 11, 2), h - 10)
            names.append(text(left + (w - 4 if end else 8), y, name, color, 12, "end" if end else "start", HALO))
        found = (marks or {}).get(name, ())
        for x, y, slope in found if isinstance(found, list) else [found] if found else []:
            inside.append(_mark((x - x_low) * sx, (y_high - y) * sy, slope and -slope * sy / sx, color, square=k % 2))
    inside += [
        _arrow((x - x_low) * sx, (y_high - y) * sy, dx * sx, -dy * sy, color, dash)
        for x, y, dx, dy, color, dash in arrows
    ]
    names += [text(left + (x - x_low) * sx, top + (y_high - y) * sy, *said, more=HALO) for x, y, *said in labels]
    # A nested svg cuts off what leaves it, without the id that a clip path would need.
    plot = [f'<svg x="{px(left)}" y="{top}" width="{px(w)}" height="{px(h)}">', *inside, "</svg>"]
    return document(width, height, label, [*axes, *plot, *names])


def key(k, name, x, y):
    """An entry of a legend for curve number k of a chart: its line, its mark and its name, to the right of (x, y)."""
    color, dash = LOOKS[k]
    line = f'<path d="M{x} {y}h34" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"/>'
    square, circle = f'<rect x="{x + 12}" y="{y - 5}" width="10" height="10"', f'<circle cx="{x + 17}" cy="{y}" r="5.5"'
    return f'{line}{square if k % 2 else circle} fill="{color}"/>{text(x + 42, y, name, color, 13, "start")}'


def _mark(x, y, slope, color, square):
    shape = f'<rect x="{px(x - 5)}" y="{px(y - 5)}" width="10" height="10"' if square else ""
    shape = shape or f'<circle cx="{px(x)}" cy="{px(y)}" r="5.5"'
    tangent = ""
    if slope is not None:
        dx = 48 / math.hypot(1, slope)
        line = f"M{px(x - dx)} {px(y - dx * slope)}L{px(x + dx)} {px(y + dx * slope)}"
        tangent = f'<path data-role="tangent" d="{line}" stroke="{VERMILLION}" stroke-width="2.5"/>'
    return f'{tangent}{shape} data-role="mark" fill="{color}" stroke="{PAPER}" stroke-width="1.5"/>'


def _arrow(x, y, dx, dy, color, dash):
    """An arrow from (x, y) by (dx, dy), in pixels; one of no length is left away."""
    length = math.hypot(dx, dy)
    if length < 1:
        return ""
    head = min(9, length / 2)
    along, across = (dx / length * head, dy / length * head), (-dy / length * head / 2, dx / length * head / 2)
    end = x + dx, y + dy
    sides = [(end[0] - along[0] + s * across[0], end[1] - along[1] + s * across[1]) for s in (1, -1)]
    line = f"M{px(x)} {px(y)}L{px(end[0] - along[0])} {px(end[1] - along[1])}"
    tip = "L".join(f"{px(a)} {px(b)}" for a, b in [end, *sides])
    stroke = f'stroke="{color}" stroke-width="2.5" stroke-dasharray="{dash}"'
    return f'<path data-role="arrow" d="{line}" {stroke}/><path d="M{tip}Z" fill="{color}"/>'


def _apart(values):
    """The smallest distance between two of the values."""
    values = sorted(values)
    return min((b - a for a, b in pairwise(values)), default=0)


def _limits(series):
    limits = []
    for values in zip(*series, strict=True):
        low, high = min(min(v) for v in values), max(max(v) for v in values)
        room = 0.04 * (high - low) or 1.0
        limits += [low - room, high + room]
    return limits


def _ticks(low, high):
    """Round numbers between low and high, four to eight of them."""
    power = 10 ** math.floor(math.log10((high - low) / 4))
    step = max(s * power for s in (1, 2, 5) if s * power <= (high - low) / 4)
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
