"""A filter that slides over an image, with the sum of products at every place."""

import numpy as np

from bplib.convolution import conv2d
from bplib.pictures import svg
from bplib.pictures.explorers.cells import frame, gray_field, number_field
from bplib.pictures.explorers.widget import Explorer, slider, toggles

_TOP, _SIDE, _CELL = 30, 252, 46  # where fields begin, the height of the images, and a cell that holds a number


def filter_explorer(image, filters, at=(0, 0)):
    """A filter at one place of an image: what it sees, times its weights, and the sum in the feature map.

    image is (h, w), from 0, black, to 1, white; filters is {name: array}, all of one size, up to 4 x 4. Sliders move
    the window, which begins ``at`` a row and a column. In the map middle gray is 0, white positive, black negative.
    """
    image = np.asarray(image, dtype=float)
    filters = {name: np.asarray(W, dtype=float) for name, W in filters.items()}
    sizes = {W.shape for W in filters.values()}
    if image.ndim != 2 or len(sizes) != 1 or len(size := sizes.pop()) != 2 or max(size) > 4:
        shapes = {name: W.shape for name, W in filters.items()}
        raise ValueError(
            f"image is {image.shape} and the filters are {shapes}; needed are (h, w), and one size of at most (4, 4)"
        )
    zero = np.zeros(1)
    maps = {name: conv2d(image[None, None], W[None, None], zero)[0, 0] for name, W in filters.items()}
    rows, columns = next(iter(maps.values())).shape
    cell = max(_SIDE // max(image.shape), 2)
    fields_top, column = _TOP + cell * image.shape[0] + 40, 12
    map_left = column + cell * image.shape[1] + 40
    tops = {name: float(np.abs(y).max()) or 1.0 for name, y in maps.items()}
    # The images stay while the window moves, so they are drawn once.
    photo = gray_field(image, column, _TOP, cell, 0, 1)
    drawn = {name: gray_field(y, map_left, _TOP, cell, -tops[name], tops[name]) for name, y in maps.items()}

    def caption(name, i, j):
        return (
            f"{name.capitalize()}, window at row {i}, column {j}:"
            f" the {size[0] * size[1]} products add up to {svg.number(round(float(maps[name][i, j]), 3))}."
        )

    def draw(name, i, j):
        window, W = image[i : i + size[0], j : j + size[1]], filters[name]
        parts = [photo, frame(column, _TOP, cell, (i, j, *size), svg.BLUE)]
        parts += [drawn[name], frame(map_left, _TOP, cell, (i, j, 1, 1), svg.BLUE)]
        middle = column + cell * image.shape[1] / 2, map_left + cell * columns / 2
        parts += [svg.text(middle[0], _TOP - 12, "image"), svg.text(middle[1], _TOP - 12, "feature map")]
        step = size[1] * _CELL + 40
        fields = (("window", window, svg.BLUE), ("filter", W, svg.GREEN), ("products", window * W, svg.BLUE))
        for k, (title, array, color) in enumerate(fields):
            left = column + k * step
            parts.append(number_field(title, array, left, fields_top, color, cell=_CELL))
            sign = svg.number(round(float(maps[name][i, j]), 3))
            words, anchor = (("×", "middle"), ("=", "middle"), (f"sum: {sign}", "start"))[k]
            x = left + size[1] * _CELL + (20 if k < 2 else 14)
            parts.append(svg.text(x, fields_top + size[0] * _CELL / 2, words, size=15, anchor=anchor))
        said = caption(name, i, j)
        width = max(map_left + cell * columns, column + 3 * step + 80) + 12
        label = f"A filter over an image. {said}"
        return [svg.document(width, fields_top + size[0] * _CELL + 14, label, parts)], said

    start = next(iter(filters)), *at
    controls = [
        toggles("filter", list(filters), start[0]),
        slider("row", at[0], 0, rows - 1, 1),
        slider("column", at[1], 0, columns - 1, 1),
    ]
    return Explorer(controls, draw, draw(*start), caption(*start))
