"""Arrays as fields of numbers: a sum along an axis, two shapes that fit or do not, and an entry of a matrix product."""

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.cells import frame, number_field
from bplib.pictures.explorers.widget import Explorer, menu, slider, toggles

_LEFT, _TOP, _CELL, _GAP = 14, 32, 40, 46
_LARGEST = 6


def axis_explorer(X, name="X"):
    """A sum along an axis of X (rows, columns): which entries go into which, with keepdims and without.

    Without keepdims the result is drawn as a row, since one axis has no direction; with it, it lies as X does.
    """
    X = _field(name, X)
    axis, keep = toggles("axis", ["none", "0", "1"], "0"), toggles("keepdims", ["no", "yes"], "no")
    entry = slider("entry", 0, 0, X.shape[1] - 1, 1)

    def result(axis, keep):
        return X.sum(axis=None if axis == "none" else int(axis), keepdims=keep == "yes")

    def draw(axis, keep, entry):
        total = result(axis, keep)
        entry = min(entry, total.size - 1)
        places = [(i, j) for i, j in np.ndindex(X.shape) if axis == "none" or (j, i)[int(axis)] == entry]
        asked = [] if axis == "none" else [f"axis={axis}"]
        words = f"{name}.sum({', '.join([*asked, *(['keepdims=True'] if keep == 'yes' else [])])})"
        column = axis == "1" and keep == "yes"
        cells = total.reshape(-1, 1) if column else total.reshape(1, -1)
        numbers = " + ".join(svg.number(X[place]) for place in places)
        said = f"{words} has the shape {_words(total.shape)}. Entry {entry} is {numbers}"
        said += f" = {svg.number(total.ravel()[entry])}."
        x, y = (_LEFT + X.shape[1] * _CELL + 150, _TOP) if column else (_LEFT, _TOP + len(X) * _CELL + _GAP)
        chosen = [(entry, 0) if column else (0, entry)]
        parts = [
            number_field(f"{name} {_words(X.shape)}", X, _LEFT, _TOP, svg.BLUE, cell=_CELL, chosen=places),
            number_field("", cells, x, y, svg.BLUE, cell=_CELL, chosen=chosen),
            svg.text(x if not column else x - 48, y - 12, f"{words} {_words(total.shape)}", svg.BLUE, anchor="start"),
        ]
        width = _LEFT + X.shape[1] * _CELL + 300
        return [svg.document(width, _TOP + (len(X) + 1) * _CELL + _GAP + 10, said, parts)], said

    start = draw("0", "no", 0)
    explorer = Explorer([axis, keep, entry], draw, start, start[1])

    def fit(change):
        entry.max = result(axis.value, "no").size - 1

    axis.observe(fit, "value")
    return explorer


def broadcast_explorer(a_shape=(3, 1), b_shape=(4,)):
    """Two arrays of chosen shapes and their sum: what is there is filled, what NumPy repeats is not."""
    shapes = {_words(shape): shape for shape in ((3, 4), (1, 4), (3, 1), (4,), (3,), ())}

    def draw(a_words, b_words):
        a_shape, b_shape = shapes[a_words], shapes[b_words]
        a = 10.0 * (1 + np.arange(np.prod(a_shape, dtype=int)).reshape(a_shape))
        b = 1.0 + np.arange(np.prod(b_shape, dtype=int)).reshape(b_shape)
        try:
            both = np.atleast_2d(a + b)
        except ValueError:
            both, (ours, theirs) = None, _first_that_differs(a_shape, b_shape)
            said = f"{a_words} + {b_words} is an error: read from the right, {ours} meets {theirs}, and neither is 1."
        else:
            said = f"{a_words} + {b_words} gives {_words((a + b).shape)}."
            said += " Filled is what is there, the rest is repeated." if a_shape != b_shape else " Nothing is repeated."
        parts, x = [], _LEFT
        for name, array, words in (("a", a, a_words), ("b", b, b_words)):
            cells = np.atleast_2d(array)
            shown = cells if both is None else np.broadcast_to(cells, both.shape)
            there = list(np.ndindex(cells.shape))
            parts.append(number_field(f"{name} {words}", shown, x, _TOP, svg.BLUE, cell=_CELL, chosen=there))
            x += 4 * _CELL + _GAP
            middle = _TOP + 1.5 * _CELL
            parts.append(svg.text(x - _GAP / 2, middle, "+" if name == "a" else "=", size=15))
        if both is None:
            parts.append(svg.text(x + 4, _TOP + 1.5 * _CELL, "ValueError", svg.VERMILLION, 14, "start"))
        else:
            parts.append(number_field(f"a + b {_words((a + b).shape)}", both, x, _TOP, svg.BLUE, cell=_CELL))
        return [svg.document(x + 4 * _CELL + 14, _TOP + 3 * _CELL + 12, said, parts)], said

    start = _words(a_shape), _words(b_shape)
    controls = [menu("shape of a", list(shapes), start[0]), menu("shape of b", list(shapes), start[1])]
    return Explorer(controls, draw, draw(*start), draw(*start)[1])


def index_explorer(z, y, name="z"):
    """What z[rows, y] takes from z (rows, columns), and what z[:, y] takes; each entry of y can be chosen."""
    z = _field(name, z)
    y = [int(column) for column in y]
    if len(y) != len(z) or not all(0 <= column < z.shape[1] for column in y):
        raise ValueError(f"y is {y}; {len(z)} columns of {name} are needed, from 0 to {z.shape[1] - 1}")
    rows, ways = np.arange(len(z)), [f"{name}[rows, y]", f"{name}[:, y]"]

    def draw(way, *y):
        pairs = way == ways[0]
        taken = z[rows, list(y)] if pairs else z[:, list(y)]
        places = list(zip(rows.tolist(), y, strict=True)) if pairs else [(i, j) for i in rows.tolist() for j in y]
        said = f"With y = {_words(y)}, {way} has the shape {_words(taken.shape)}: "
        where = ", ".join(f"({i}, {j})" for i, j in places)
        said += f"the entries at {where}." if pairs else "from every row the columns in y, in their order."
        x = _LEFT + z.shape[1] * _CELL + 110
        parts = [
            number_field(f"{name} {_words(z.shape)}", z, _LEFT, _TOP, svg.BLUE, cell=_CELL, chosen=sorted({*places})),
            number_field(f"{way} {_words(taken.shape)}", np.atleast_2d(taken), x, _TOP, svg.BLUE, cell=_CELL),
            svg.text(x - 62, _TOP + 0.5 * _CELL, "→", size=15),
        ]
        width = x + max(len(z), 4) * _CELL + 14
        return [svg.document(width, _TOP + len(z) * _CELL + 12, said, parts)], said

    controls = [toggles("index", ways, ways[0])]
    controls += [menu(f"y[{i}]", list(range(z.shape[1])), j) for i, j in enumerate(y)]
    return Explorer(controls, draw, draw(ways[0], *y), draw(ways[0], *y)[1])


def product_explorer(A, B, names=("A", "B")):
    """One entry of the matrix product A @ B: its row of A, its column of B, the products and their sum.

    An array whose name begins with d, a gradient, is drawn in the color of gradients.
    """
    A, B = (_field(name, array) for name, array in zip(names, (A, B), strict=True))
    if A.shape[1] != len(B):
        raise ValueError(f"{names[0]} is {A.shape} and {names[1]} is {B.shape}; the inner lengths must be equal")
    C, colors = A @ B, [svg.VERMILLION if name.startswith("d") else svg.BLUE for name in names]

    def draw(i, j):
        products = " + ".join(f"{svg.number(p)} × {svg.number(q)}" for p, q in zip(A[i], B[:, j], strict=True))
        said = f"Row {i} of {names[0]} meets column {j} of {names[1]}: {products} = {svg.number(C[i, j])}."
        # B stands above the product and A to its left, so row and column point to their entry.
        x, y = _LEFT + A.shape[1] * _CELL + _GAP, _TOP + len(B) * _CELL + _GAP
        parts = [
            number_field(f"{names[0]} {_words(A.shape)}", A, _LEFT, y, colors[0], cell=_CELL),
            number_field(f"{names[1]} {_words(B.shape)}", B, x, _TOP, colors[1], cell=_CELL),
            number_field(f"{names[0]} @ {names[1]} {_words(C.shape)}", C, x, y, colors[1], cell=_CELL, chosen=[(i, j)]),
            frame(_LEFT, y, _CELL, (i, 0, 1, A.shape[1]), colors[0]),
            frame(x, _TOP, _CELL, (0, j, len(B), 1), colors[1]),
        ]
        width = x + max(B.shape[1] * _CELL, 120) + 50
        return [svg.document(width, y + len(A) * _CELL + 14, said, parts)], said

    controls = [toggles("row", list(range(len(A))), 0), toggles("column", list(range(B.shape[1])), 0)]
    return Explorer(controls, draw, draw(0, 0), draw(0, 0)[1])


def _field(name, array):
    array = np.asarray(array, dtype=float)
    if array.ndim != 2 or not 1 <= min(array.shape) <= max(array.shape) <= _LARGEST:
        raise ValueError(f"{name} is {array.shape}; (rows, columns) is needed, up to ({_LARGEST}, {_LARGEST})")
    return array


def _words(shape):
    """A shape as Python writes it."""
    return str(tuple(map(int, shape)))


def _first_that_differs(a_shape, b_shape):
    """The first two lengths, from the right, of which neither is 1 and which are not equal."""
    pairs = zip(reversed(a_shape), reversed(b_shape), strict=False)
    return next((m, n) for m, n in pairs if m != n and 1 not in (m, n))
