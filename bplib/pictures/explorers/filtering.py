"""A filter that slides over an image, with the sum of products at every place."""

import numpy as np

from bplib.convolution import conv2d
from bplib.pictures import svg
from bplib.pictures.explorers.cells import frame, gray_field, number_field
from bplib.pictures.explorers.widget import Explorer, menu, slider, toggles

OWN = "your own"
_WEIGHTS = tuple(range(-4, 5))
_TOP, _SIDE, _CELL = 30, 252, 46  # where fields begin, the height of the images, and a cell that holds a number


def filter_explorer(image, filters, at=(0, 0), own=None):
    """A filter at one place of an image: what it sees, times its weights, and the sum in the feature map.

    image is (h, w), from 0, black, to 1, white; filters is {name: array}, all of one size, up to 4 x 4. Sliders move
    the window, which begins ``at`` a row and a column. In the map middle gray is 0, white positive, black negative.
    own is one more filter, of whole numbers from -4 to 4, each of which can be set; who sets one sees that filter.
    """
    image = np.asarray(image, dtype=float)
    filters = {name: np.asarray(W, dtype=float) for name, W in filters.items()}
    if own is not None:
        filters[OWN] = np.asarray(own, dtype=float)
        if not np.isin(filters[OWN], _WEIGHTS).all():
            raise ValueError(f"own is {own}; whole numbers from {_WEIGHTS[0]} to {_WEIGHTS[-1]} are needed")
    sizes = {W.shape for W in filters.values()}
    if image.ndim != 2 or len(sizes) != 1 or len(size := sizes.pop()) != 2 or max(size) > 4:
        shapes = {name: W.shape for name, W in filters.items()}
        raise ValueError(
            f"image is {image.shape} and the filters are {shapes}; needed are (h, w), and one size of at most (4, 4)"
        )

    def map_of(W):
        return conv2d(image[None, None], W[None, None], np.zeros(1))[0, 0]

    maps = {name: map_of(W) for name, W in filters.items()}
    rows, columns = next(iter(maps.values())).shape
    cell = max(_SIDE // max(image.shape), 2)
    fields_top, column = _TOP + cell * image.shape[0] + 40, 12
    map_left = column + cell * image.shape[1] + 40

    def map_field(y):
        top = float(np.abs(y).max()) or 1.0
        return gray_field(y, map_left, _TOP, cell, -top, top)

    # The images stay while the window moves, so they are drawn once.
    photo = gray_field(image, column, _TOP, cell, 0, 1)
    drawn = {name: map_field(y) for name, y in maps.items()}

    def caption(name, i, j):
        return (
            f"{name.capitalize()}, window at row {i}, column {j}:"
            f" the {size[0] * size[1]} products add up to {svg.number(round(float(maps[name][i, j]), 3))}."
        )

    def draw(name, i, j, *weights):
        if weights and weights != tuple(filters[OWN].ravel()):
            filters[OWN] = np.array(weights, dtype=float).reshape(size)
            maps[OWN] = map_of(filters[OWN])
            drawn[OWN] = map_field(maps[OWN])
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
    weights = []
    for (i, j), weight in np.ndenumerate(filters[OWN] if own is not None else np.zeros((0, 0))):
        weights.append(menu(f"w{i}{j}", [(svg.number(each), each) for each in _WEIGHTS], int(weight)))
        weights[-1].stays = True
    explorer = Explorer([*controls, *weights], draw, draw(*start), caption(*start))
    for weight in weights:
        weight.observe(lambda change: setattr(controls[0], "value", OWN), "value")
    return explorer
