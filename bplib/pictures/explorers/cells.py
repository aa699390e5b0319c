"""Small arrays in the pictures of explorers: as cells with their numbers, and as images in shades of gray."""

import numpy as np

from bplib.pictures import svg

_SHADES = 24


def number_field(name, array, left, top, color, *, cell=36, framed=(), chosen=(), digits=2):
    """An array (rows, columns) with its numbers, below its name: SVG text.

    framed is a list of (row, column, height, width), parts that get a frame; chosen a list of (row, column), cells that
    are filled. Numbers are rounded to ``digits`` digits after the point.
    """
    array = np.asarray(array, dtype=float)
    rows, columns = array.shape
    width, height = columns * cell, rows * cell
    parts = [f'<g data-field="{name}">', svg.text(left + width / 2, top - 11, name, color, 12)]
    for i, j in chosen:
        place = f'x="{svg.px(left + j * cell)}" y="{svg.px(top + i * cell)}" width="{cell}" height="{cell}"'
        parts.append(f'<rect data-chosen="{i} {j}" {place} fill="{color}" fill-opacity="0.25"/>')
    lines = "".join(f"M{svg.px(left)} {svg.px(top + i * cell)}h{width}" for i in range(rows + 1))
    lines += "".join(f"M{svg.px(left + j * cell)} {svg.px(top)}v{height}" for j in range(columns + 1))
    parts.append(f'<path d="{lines}" stroke="{svg.INK}" stroke-opacity="0.4"/>')
    for i, j in np.ndindex(array.shape):
        words = svg.number(round(float(array[i, j]), digits))
        parts.append(svg.text(left + (j + 0.5) * cell, top + (i + 0.5) * cell, words, size=12))
    parts += [frame(left, top, cell, part, color) for part in framed]
    return "".join([*parts, "</g>"])


def gray_field(array, left, top, cell, low, high):
    """An array (rows, columns) as an image, black at ``low`` and white at ``high``: SVG text."""
    array = np.asarray(array, dtype=float)
    # Rounded first, so that a zero that is one in theory only has the same shade on every machine.
    shades = np.floor(np.round((array - low) / (high - low) * _SHADES, 6)).clip(0, _SHADES - 1).astype(int)
    parts = []
    for shade in range(_SHADES):
        squares = "".join(f"M{column} {row}h1v1h-1z" for row, column in np.argwhere(shades == shade).tolist())
        if squares:
            gray = round(255 * shade / (_SHADES - 1))
            parts.append(f'<path d="{squares}" fill="rgb({gray},{gray},{gray})"/>')
    move = f'transform="translate({svg.px(left)} {svg.px(top)}) scale({cell})"'
    return f'<g {move} shape-rendering="crispEdges">{"".join(parts)}</g>'


def frame(left, top, cell, part, color):
    """A frame around a part (row, column, height, width) of cells, with a border of paper so that it shows on gray."""
    row, column, height, width = part
    place = f'x="{svg.px(left + column * cell)}" y="{svg.px(top + row * cell)}"'
    box = f'{place} width="{width * cell}" height="{height * cell}" fill="none"'
    under = f'<rect {box} stroke="{svg.PAPER}" stroke-width="5"/>'
    return f'{under}<rect data-frame="{row} {column}" {box} stroke="{color}" stroke-width="2.5"/>'
