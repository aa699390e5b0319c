"""Arrays and gradients on their way through a network, batch and all."""

import copy
from itertools import pairwise

import numpy as np

from bplib.operations import find
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, menu, slider

_CELL, _GAP, _TOP, _LARGEST = 17, 26, 42, 12
_ALL = "all"  # of the examples; None would be a choice of nothing, and shown as such


def backpropagation_explorer(network, loss, X, y):
    """One forward and one backward pass of a network, array by array, for the whole batch or one example of it.

    network is a `networks.Sequential` of linear layers and activations, loss a registered loss of its output. Cells are
    numbers, fuller where they are larger, with a minus where negative; below each array stands its gradient, once it is
    known. With one example chosen, its rows are shown, and what it alone gives to the gradients. No axis may be longer
    than 12, else ValueError. The network is left as it is.
    """
    film = _Film(copy.deepcopy(network), loss, np.asarray(X), np.asarray(y))
    last = len(film.steps) - 1
    who = menu("example", [(_ALL, _ALL), *((str(i + 1), i) for i in range(film.n))], _ALL)
    controls = [slider("step", 0, 0, last, 1), who]
    return Explorer(controls, film.draw, film.draw(last, _ALL), film.table())


class _Film:
    """All arrays of a pass, where they stand, and what is known at each step."""

    def __init__(self, network, loss, X, y):
        self.n, self.loss = len(X), find(loss)
        self.arrays, self.columns, self.parameters = {"X": X}, [["X"]], set()
        self.steps = [("The data and the parameters are known.", [])]
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
                self.steps.append((f"{out} = {word}({name}), entry by entry.", [out]))
                says = f"d{name} = d{out} times the slope of {word}, entry by entry: {x.shape}, as it came."
                backward.append((says, [f"d{name}"]))
            self.arrays[out] = x
            self.columns.append([out])
            name = out
        long = {key: a.shape for key, a in self.arrays.items() if max(a.shape) > _LARGEST}
        if long:
            raise ValueError(f"{', '.join(f'{key} is {s}' for key, s in long.items())}; up to {_LARGEST} can be read")
        self.value, dy = self.loss.loss_and_grad(x, y)
        self.steps.append((f"L = {svg.number(self.value)}, one number for the whole batch.", ["L"]))
        says = f"Backward starts at the loss: d{name} says how L changes with each entry of {name}, {x.shape}."
        self.steps += [(says, [f"d{name}"]), *reversed(backward)]
        self.shares = {_ALL: self._gradients(network, dy, name)}
        for i in range(self.n):
            self.shares[i] = self._gradients(network, np.where(np.arange(self.n)[:, None] == i, dy, 0.0), name)
        self._place()

    def _linear(self, layer, name, out, count, backward):
        W, b = f"W{count}", f"b{count}"
        self.arrays |= {W: layer.params["W"].copy(), b: layer.params["b"].copy()}
        self.parameters |= {W, b}
        self.columns.append([W, b])
        (d, k), n = layer.params["W"].shape, self.n
        self.steps.append((f"{out} = {name} {W} + {b}: ({n}, {d}) times ({d}, {k}) gives ({n}, {k}).", [out]))
        if name != "X":  # how the loss changes with the data is what training never asks
            says = f"d{name} = d{out} {W}ᵀ: ({n}, {k}) times ({k}, {d}) gives ({n}, {d}), the shape of {name}."
            backward.append((says, [f"d{name}"]))
        says = (
            f"d{W} = {name}ᵀ d{out}: ({d}, {n}) times ({n}, {k}) gives ({d}, {k}), the shape of {W};"
            f" d{b} adds up the rows of d{out}."
        )
        backward.append((says, [f"d{W}", f"d{b}"]))

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
            width = max(_CELL * max(self.arrays[key].shape[-1] for key in column), words)
            y = _TOP
            for key in column:
                rows, columns = np.atleast_2d(self.arrays[key]).shape
                self.places[key] = x + (width - _CELL * columns) / 2, y
                y += rows * _CELL + 28
            height, x = max(height, y), x + width + _GAP
        self.down, self.width = height, x + 34
        self.height = 2 * height - 2

    def _title(self, key):
        return f"d{key} {self.arrays[key].shape}"

    def draw(self, step, example):
        """The picture of one step, and its caption."""
        known = {name for _, names in self.steps[: step + 1] for name in names}
        known |= {"X", *self.parameters}
        says, new = self.steps[step]
        backward = any(name.startswith("d") for name in known)
        if example != _ALL:
            whose = "of the gradients we see what it alone gives" if backward else "its row is shown"
            says = f"{says} Example {example + 1} alone: {whose}."
        parts = []
        for key, array in self.arrays.items():
            if key in known:
                parts.append(self._field(key, array, array, 0, key in new, example))
            if f"d{key}" in known:
                whole, share = self.shares[_ALL][f"d{key}"], self.shares[example][f"d{key}"]
                parts.append(self._field(f"d{key}", share, whole, self.down - _TOP + 20, f"d{key}" in new, example))
        if "L" in known:
            color = svg.BLUE if "L" in new else svg.INK
            parts.append(svg.text(self.width - 32, _TOP + 40, f"L = {svg.number(self.value)}", color, size=12))
        legend = [("a number, fuller where larger", svg.BLUE), ("a gradient", svg.VERMILLION)]
        legend.append(("green frame: a parameter", svg.GREEN))
        spans = " · ".join(f'<tspan fill="{color}">{words}</tspan>' for words, color in legend)
        low = self.height + 16
        parts.append(f'<text x="12" y="{svg.px(low)}" fill="{svg.INK}" font-size="11">{spans}</text>')
        label = f"Arrays of a network, step {step} of {len(self.steps) - 1}: {says}"
        return [svg.document(self.width + 20, low + 12, label, parts)], says

    def _field(self, name, array, whole, down, new, example):
        """An array as cells; whole gives the scale, so that the share of an example can be compared with the sum."""
        key = name.removeprefix("d")
        x, y = self.places[key]
        y += down
        gradient = name != key
        color = svg.VERMILLION if gradient else svg.BLUE
        cells, top = np.atleast_2d(array), float(np.abs(whole).max()) or 1.0
        rows, columns = cells.shape
        parts, minus = [f'<g data-array="{name}">'], []
        for i, j in np.ndindex(cells.shape):
            share = min(abs(float(cells[i, j])) / top, 1.0)
            dim = 0.15 if example not in (_ALL, i) and key not in self.parameters else 1.0
            left, high = svg.px(x + j * _CELL), svg.px(y + i * _CELL)
            size = f'width="{_CELL}" height="{_CELL}" fill="{color}" fill-opacity="{dim * share * 0.9:.2f}"'
            parts.append(f'<rect x="{left}" y="{high}" {size} stroke="{svg.INK}" stroke-opacity="0.15"/>')
            if cells[i, j] < 0 and dim == 1.0:
                minus.append(f"M{svg.px(x + j * _CELL + 5)} {svg.px(y + (i + 0.5) * _CELL)}h{_CELL - 10}")
        parts.append(f'<path d="{"".join(minus) or "M0 0"}" stroke="{svg.INK}" stroke-width="1.2"/>')
        edge = svg.GREEN if key in self.parameters else color if new else svg.INK
        frame = f'fill="none" stroke="{edge}" stroke-width="{2.5 if new else 1.2}"'
        box = f'width="{columns * _CELL}" height="{rows * _CELL}"'
        parts.append(f'<rect x="{svg.px(x)}" y="{svg.px(y)}" {box} {frame}/>')
        weight = f'font-weight="{"bold" if new else "normal"}"'
        parts.append(svg.text(x + columns * _CELL / 2, y - 10, f"{name} {array.shape}", color, size=11, more=weight))
        return "".join([*parts, "</g>"])

    def table(self):
        """All arrays with their shapes and the largest gradient, where there is no HTML."""
        rows = [f"{'array':7}{'shape':9}largest gradient"]
        for key, array in self.arrays.items():
            gradient = self.shares[_ALL].get(f"d{key}")
            largest = "" if gradient is None else f"{float(np.abs(gradient).max()):.4f}"
            rows.append(f"{key:7}{array.shape!s:9}{largest}".rstrip())
        return "\n".join([*rows, "", f"L = {svg.number(self.value)}; {len(self.steps) - 1} steps."])
