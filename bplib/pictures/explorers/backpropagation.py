"""Arrays and gradients on their way through a network, batch and all, with the numbers in them."""

import copy
from itertools import pairwise

import numpy as np

from bplib.operations import find
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, menu, slider

_WIDE, _HIGH, _GAP, _TOP, _LARGEST, _MOST_ENTRIES = 34, 20, 24, 42, 12, 24
_PRODUCTS = 136  # the width that a list of products takes
_ALL, _NONE = "all", "none"  # of the examples, of the entries; None would be a choice of nothing, and shown as such


def backpropagation_explorer(network, loss, X, y):
    """One forward and one backward pass of a network, array by array, for the whole batch or one example of it.

    network is a `networks.Sequential` of linear layers and activations, loss a registered loss of its output. Each cell
    is a number, to two decimals, and fuller where it is larger; below each array stands its gradient, once it is known.
    A step frames what it gives, and what it is computed from. With an entry of dW1 chosen, a column of X and one of dZ1
    are framed, and their products stand there with their sum. With one example chosen, its rows are shown, and what it
    alone gives to the gradients. No axis may be longer than 12, else ValueError. The network is left as it is.
    """
    film = _Film(copy.deepcopy(network), loss, np.asarray(X, dtype=float), np.asarray(y))
    last = len(film.steps) - 1
    cells = [*np.ndindex(film.arrays["W1"].shape)] if film.arrays["W1"].size <= _MOST_ENTRIES else []
    entries = [(f"[{c}, {j}]", (c, j)) for c, j in cells]
    step, entry = slider("step", 0, 0, last, 1), menu("entry of dW1", [(_NONE, _NONE), *entries], _NONE)
    still = film.draw(last, _ALL, _NONE), film.table()
    if film.n == 1:  # the batch is the example
        return Explorer([step, entry], lambda at, chosen: film.draw(at, _ALL, chosen), *still)
    example = menu("example", [(_ALL, _ALL), *((str(i), i) for i in range(film.n))], _ALL)
    return Explorer([step, example, entry], film.draw, *still)


class _Film:
    """All arrays of a pass, where they stand, and what is known at each step."""

    def __init__(self, network, loss, X, y):
        self.n, self.loss = len(X), find(loss)
        self.arrays, self.columns, self.parameters = {"X": X}, [["X"]], set()
        self.steps = [("The data and the parameters are known.", [], [])]
        backward, name, count, x = [], "X", 0, X
        for layer in network.layers:
            x = layer.forward(x)
            count += bool(layer.params)
            out = f"{'Z' if layer.params else 'A'}{count}"
            if out in self.arrays or not (layer.params.keys() == {"W", "b"} or not layer.params):
                kind = type(layer).__name__
                raise ValueError(f"after {name} stands {kind}; linear layers and activations in turn can be drawn")
            if layer.params:
                self._linear(layer, name, out, count, backward)
            else:
                word = layer.operation.name
                self.steps.append((f"{out} = {word}({name}), entry by entry.", [out], [name]))
                says = f"d{name} = d{out} times the slope of {word}, entry by entry: {x.shape}, as it came."
                backward.append((says, [f"d{name}"], [f"d{out}", out]))
            self.arrays[out] = x
            self.columns.append([out])
            name = out
        long = {key: a.shape for key, a in self.arrays.items() if max(a.shape) > _LARGEST}
        if long:
            raise ValueError(f"{', '.join(f'{key} is {s}' for key, s in long.items())}; up to {_LARGEST} can be read")
        self.value, dy = self.loss.loss_and_grad(x, y)
        self.steps.append((f"L = {svg.number(self.value)}, one number for the whole batch.", ["L"], [name]))
        says = f"Backward starts at the loss: d{name} says how L changes with each entry of {name}, {x.shape}."
        self.steps += [(says, [f"d{name}"], [name]), *reversed(backward)]
        self.shares = {_ALL: self._gradients(network, dy, name)}
        for i in range(self.n):
            self.shares[i] = self._gradients(network, np.where(np.arange(self.n)[:, None] == i, dy, 0.0), name)
        self.tops = [max(float(np.abs(a).max()) for a in of) or 1.0 for of in (self.arrays.values(), self._shown())]
        self._place()

    def _shown(self):
        """The gradients of the batch that are drawn, which share a scale."""
        return [g for key, g in self.shares[_ALL].items() if key != "dX"]

    def _linear(self, layer, name, out, count, backward):
        W, b = f"W{count}", f"b{count}"
        self.arrays |= {W: layer.params["W"].copy(), b: layer.params["b"].copy()}
        self.parameters |= {W, b}
        self.columns.append([W, b])
        (d, k), n = layer.params["W"].shape, self.n
        self.steps.append(
            (f"{out} = {name} {W} + {b}: ({n}, {d}) times ({d}, {k}) gives ({n}, {k}).", [out], [name, W, b])
        )
        if name != "X":  # how the loss changes with the data is what training never asks
            says = f"d{name} = d{out} {W}ᵀ: ({n}, {k}) times ({k}, {d}) gives ({n}, {d}), the shape of {name}."
            backward.append((says, [f"d{name}"], [f"d{out}", W]))
        says = (
            f"d{W} = {name}ᵀ d{out}: ({d}, {n}) times ({n}, {k}) gives ({d}, {k}), the shape of {W};"
            f" d{b} adds up the rows of d{out}."
        )
        backward.append((says, [f"d{W}", f"d{b}"], [name, f"d{out}"]))

    def _gradients(self, network, dy, name):
        """The gradients by name, of the network's own backward from dy."""
        found, names = {f"d{name}": dy}, [column[0] for column in self.columns if column[0] not in self.parameters]
        for layer, (before, out) in zip(reversed(network.layers), reversed([*pairwise(names)]), strict=True):
            dy = layer.backward(dy)
            if layer.params:
                found |= {f"d{key}{out[1:]}": g.copy() for key, g in layer.grads.items()}
            if before != "X":
                found[f"d{before}"] = dy
        return found

    def _place(self):
        """The left edge and the top of each array; gradients stand under the tallest column."""
        self.places, x = {}, 14.0
        height = 0
        for column in self.columns:
            words = max(len(self._title(key)) for key in column) * 6.4
            width = max(_WIDE * max(self.arrays[key].shape[-1] for key in column), words)
            width = max(width, _PRODUCTS) if column == ["X"] else width
            y = _TOP
            for key in column:
                rows, columns = np.atleast_2d(self.arrays[key]).shape
                self.places[key] = x + (width - _WIDE * columns) / 2, y
                y += rows * _HIGH + 30
            height, x = max(height, y), x + width + _GAP
        self.down, self.width = height, x + 40
        self.height = 2 * height - 2

    def _title(self, key):
        return f"d{key} {self.arrays[key].shape}"

    def draw(self, step, example, entry):
        """The picture of one step, and its caption."""
        known = {name for _, names, _ in self.steps[: step + 1] for name in names}
        known |= {"X", *self.parameters}
        says, new, operands = self.steps[step]
        backward = any(name.startswith("d") for name in known)
        if example != _ALL:
            whose = "of the gradients we see what it alone gives" if backward else "its row is shown"
            says = f"{says} Example {example} alone: {whose}."
        if entry != _NONE:
            says = f"{says} {self._followed(entry, known, example)}"
        parts = []
        for key, array in self.arrays.items():
            if key in known:
                parts.append(self._field(key, array, 0, key in new, example))
            if f"d{key}" in known:
                share = self.shares[example][f"d{key}"]
                parts.append(self._field(f"d{key}", share, self.down - _TOP + 20, f"d{key}" in new, example))
        parts += [self._outline(name, "operand", f'stroke="{svg.INK}" stroke-dasharray="5 3"') for name in operands]
        if entry != _NONE:
            parts += self._products(entry, known, example)
        if "L" in known:
            color = svg.BLUE if "L" in new else svg.INK
            parts.append(svg.text(self.width - 36, _TOP + 40, f"L = {svg.number(self.value)}", color, size=12))
        legend = [("values, fuller where larger", svg.BLUE), ("gradients, on a scale of their own", svg.VERMILLION)]
        legend += [("green frame: a parameter", svg.GREEN), ("dashes: what the step is computed from", svg.INK)]
        spans = " · ".join(f'<tspan fill="{color}">{words}</tspan>' for words, color in legend)
        low = self.height + 20
        parts.append(f'<text x="12" y="{svg.px(low)}" fill="{svg.INK}" font-size="11">{spans}</text>')
        label = f"Arrays of a network, step {step} of {len(self.steps) - 1}: {says}"
        return [svg.document(self.width + 20, low + 12, label, parts)], says

    def _followed(self, entry, known, example):
        """Of which numbers an entry of dW1 is made, as a sentence."""
        c, j = entry
        if "dZ1" not in known:
            return f"dW1[{c}, {j}] will be made of column {c} of X and of column {j} of dZ1, which is not there yet."
        total = float(self.shares[example]["dW1"][c, j])
        return f"dW1[{c}, {j}] is column {c} of X times column {j} of dZ1, summed over the examples: {_three(total)}."

    def _products(self, entry, known, example):
        """The frames around the two columns, and the products below X with their sum."""
        c, j = entry
        look = f'stroke="{svg.PURPLE}" stroke-width="3"'
        parts = [self._outline("X", "column", look, (0, c, self.n, 1))]
        if "dZ1" not in known:
            return parts
        parts.append(self._outline("dZ1", "column", look, (0, j, self.n, 1)))
        if "dW1" in known:
            parts.append(self._outline("dW1", "entry", look, (c, j, 1, 1)))
        x, y = 14, self.places["X"][1] + self.down - _TOP + 20
        dz = self.shares[example]["dZ1"][:, j]
        parts.append(svg.text(x, y - 12, f"dW1[{c}, {j}]", svg.PURPLE, size=11, anchor="start"))
        for i in range(self.n):
            words = f"{_two(self.arrays['X'][i, c])} × {_three(dz[i])} = {_three(self.arrays['X'][i, c] * dz[i])}"
            dim = "" if example in (_ALL, i) else 'fill-opacity="0.35"'
            right, middle = x + _PRODUCTS - 8, y + (i + 0.5) * _HIGH
            parts.append(svg.text(right, middle, words, size=11, anchor="end", more=f'data-role="product" {dim}'))
        low = y + self.n * _HIGH
        parts.append(f'<path d="M{svg.px(x + 60)} {svg.px(low)}h{_PRODUCTS - 68}" stroke="{svg.INK}"/>')
        total = f"sum {_three(self.shares[example]['dW1'][c, j])}"
        parts.append(svg.text(x + _PRODUCTS - 8, low + 11, total, size=11, anchor="end", more='font-weight="bold"'))
        return parts

    def _corner(self, name):
        x, y = self.places[name.removeprefix("d")]
        return x, y + (self.down - _TOP + 20) * name.startswith("d")

    def _outline(self, name, role, look, part=None):
        """A frame around an array, a little outside, or around a part of it: (row, column, rows, columns)."""
        x, y = self._corner(name)
        row, column, rows, columns = part or (0, 0, *np.atleast_2d(self.arrays[name.removeprefix("d")]).shape)
        out = 0 if part else 4
        place = f'x="{svg.px(x + column * _WIDE - out)}" y="{svg.px(y + row * _HIGH - out)}"'
        box = f'width="{svg.px(columns * _WIDE + 2 * out)}" height="{svg.px(rows * _HIGH + 2 * out)}"'
        width = "" if "stroke-width" in look else 'stroke-width="1.6"'
        return f'<rect data-role="{role}" data-of="{name}" {place} {box} fill="none" {look} {width}/>'

    def _field(self, name, array, down, new, example):
        """An array as cells with their numbers."""
        key = name.removeprefix("d")
        x, y = self.places[key]
        y += down
        gradient = name != key
        color = svg.VERMILLION if gradient else svg.BLUE
        cells, top = np.atleast_2d(array), self.tops[gradient]
        rows, columns = cells.shape
        parts = [f'<g data-array="{name}">']
        for i, j in np.ndindex(cells.shape):
            share = min(abs(float(cells[i, j])) / top, 1.0)
            dim = 0.25 if example not in (_ALL, i) and key not in self.parameters else 1.0
            left, high = svg.px(x + j * _WIDE), svg.px(y + i * _HIGH)
            size = f'width="{_WIDE}" height="{_HIGH}" fill="{color}" fill-opacity="{dim * share * 0.5:.2f}"'
            parts.append(f'<rect x="{left}" y="{high}" {size} stroke="{svg.INK}" stroke-opacity="0.15"/>')
            more = f'fill-opacity="{dim}"' if dim < 1 else ""
            middle = x + (j + 0.5) * _WIDE, y + (i + 0.5) * _HIGH
            parts.append(svg.text(*middle, _two(cells[i, j]), size=10.5, more=more))
        edge = svg.GREEN if key in self.parameters else color if new else svg.INK
        frame = f'fill="none" stroke="{edge}" stroke-width="{2.5 if new else 1.2}"'
        box = f'width="{columns * _WIDE}" height="{rows * _HIGH}"'
        parts.append(f'<rect x="{svg.px(x)}" y="{svg.px(y)}" {box} {frame}/>')
        weight = f'font-weight="{"bold" if new else "normal"}"'
        parts.append(svg.text(x + columns * _WIDE / 2, y - 12, f"{name} {array.shape}", color, size=11, more=weight))
        return "".join([*parts, "</g>"])

    def table(self):
        """All arrays with their shapes and the largest gradient, where there is no HTML."""
        rows = [f"{'array':7}{'shape':9}largest gradient"]
        for key, array in self.arrays.items():
            gradient = self.shares[_ALL].get(f"d{key}")
            largest = "" if gradient is None else f"{float(np.abs(gradient).max()):.4f}"
            rows.append(f"{key:7}{array.shape!s:9}{largest}".rstrip())
        return "\n".join([*rows, "", f"L = {svg.number(self.value)}; {len(self.steps) - 1} steps."])


def _two(x):
    return _decimals(x, 2)


def _three(x):
    return _decimals(x, 3)


def _decimals(x, digits):
    """A number with so many decimals and a proper minus sign, which a zero has not."""
    text = f"{float(x):.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")
