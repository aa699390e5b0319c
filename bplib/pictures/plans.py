"""What builds on what: boxes in rows, with arrows from each to those that build on it."""

from bplib.pictures import svg

_BOX, _HIGH, _ACROSS, _DOWN = 186, 40, 24, 26  # a box, its height, and what lies between two


def plan(rows, arrows, label, dashed=()):
    """SVG of boxes in rows, each a list of (name, second line) or None for a gap, and arrows (from, to) between names.

    An arrow goes sideways within a row, and down between rows. Boxes whose names are in dashed have dashed outlines.
    KeyError if an arrow ends at no box.
    """
    at = {}
    for i, row in enumerate(rows):
        for j, box in enumerate(row):
            if box:
                at[box[0]] = 12 + j * (_BOX + _ACROSS), 12 + i * (_HIGH + _DOWN), i, j
    parts = [_arrow(at[start], at[end], f"{start} {end}") for start, end in arrows]
    for name, words in (box for row in rows for box in row if box):
        x, y, *_ = at[name]
        dash = ' stroke-dasharray="5 3"' if name in dashed else ""
        box = f'x="{x}" y="{y}" width="{_BOX}" height="{_HIGH}" rx="6"'
        parts.append(f'<rect data-box="{name}" {box} fill="{svg.PAPER}" stroke="{svg.INK}"{dash}/>')
        parts.append(svg.text(x + _BOX / 2, y + 13, name, more='font-weight="bold"'))
        parts.append(svg.text(x + _BOX / 2, y + 28, words, size=11))
    width, height = (max(place[k] for place in at.values()) for k in (0, 1))
    return svg.document(width + _BOX + 12, height + _HIGH + 12, label, parts)


def _arrow(start, end, name):
    (x, y, i, j), (u, v, k, n) = start, end
    if i == k:
        right = n > j
        a, b, mid = (x + _BOX, u, y + _HIGH / 2) if right else (x, u + _BOX, y + _HIGH / 2)
        line, tip = f"M{a} {svg.px(mid)}H{b}", f"M{b} {svg.px(mid)}l{-7 if right else 7} -3.5v7z"
    else:
        a, b, top = x + _BOX / 2, u + _BOX / 2, y + _HIGH
        bend = svg.px(v - _DOWN / 2)
        line = f"M{svg.px(a)} {top}V{svg.px(v - _DOWN)}C{svg.px(a)} {bend} {svg.px(b)} {bend} {svg.px(b)} {v}"
        tip = f"M{svg.px(b)} {v}l-3.5 -7h7z"
    look = f'fill="none" stroke="{svg.INK}" stroke-opacity="0.6"'
    return f'<path data-arrow="{name}" d="{line}" {look}/><path d="{tip}" fill="{svg.INK}"/>'
