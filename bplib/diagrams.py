"""Computational graphs, and charts that must be quick, as inline SVG.

A diagram knows no mathematics: it reads nodes by their attributes (data, grad, parents, op, name and
local_derivatives()) and draws numbers. Colors come from the page, so a diagram follows the dark theme, and blue always
means a forward value, vermillion a gradient, green a parameter.
"""

import math
from html import escape
from typing import NamedTuple

INK = "var(--jp-ui-font-color1, currentColor)"
PAPER = "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))"
# Okabe and Ito's colors, moved toward the ink: darker on white paper, lighter on black, readable as small text on both.
BLUE, VERMILLION, GREEN, PURPLE = (
    f"color-mix(in srgb, {color} 75%, {INK})" for color in ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
)
SYMBOLS = {"-": "−", "*": "×", "/": "÷", "neg": "−", "sqrt": "√", "sum": "Σ", "sigmoid": "σ", "mse": "MSE"}
SYMBOLS |= {"binary_cross_entropy": "BCE", "binary_cross_entropy_with_logits": "BCE", "softmax_cross_entropy": "CE"}

CHARACTER = 7.0  # width of a digit at 12 px, in the fonts that pages use
BOX, ROW, LANE, WIDEST = 26, 66, 20, 900


def graph(value, step=None):
    """The computational graph of value: everything at once, or what is known at one step (see `steps`).

    A leaf whose name begins with w, W or b is drawn as a parameter; nodes without a name are called c1, c2, ...
    (constants) and v1, v2, ... (results). Gradients are there after value.backward(). ValueError if a node holds an
    array, if there is no such step, or if a step is asked for before backward().
    """
    return Graph(_Layout(value), step)


def steps(value):
    """The number of the last step: 0 shows the leaves, then one step per result forward, one for dL/dL, one back."""
    return 2 * sum(bool(node.parents) for node in _order(value)) + 1


class Graph:
    """The picture of a graph at one step: SVG for a notebook, a table for print()."""

    def __init__(self, layout, step=None):
        """Use `graph`."""
        self._layout, self.step = layout, step
        if step is None:
            self._frame = layout.everything()
        elif layout.grad is None:
            raise ValueError(f"the steps show gradients: call {layout.names[-1]}.backward() before asking for a step")
        elif not 0 <= step < len(layout.frames):
            raise ValueError(f"there is no step {step}; this graph has the steps 0 to {len(layout.frames) - 1}")
        else:
            self._frame = layout.frames[step]

    def at(self, step):
        """The same graph at another step; quick, since nothing is laid out again."""
        return Graph(self._layout, step)

    @property
    def caption(self):
        """What happens at this step, in numbers."""
        return self._frame.caption

    def __repr__(self):
        """One row per node: its name, operation, value, gradient, and the local derivatives known at this step."""
        layout, frame = self._layout, self._frame
        rows = [("node", "operation", "value", "gradient", "local derivatives")]
        for i, (name, node) in enumerate(zip(layout.names, layout.nodes, strict=True)):
            operation = _expression(node.op, [layout.names[p] for p in layout.parents[i]]) if node.parents else ""
            value = number(node.data) if i in frame.values else ""
            local = [
                f"d{name}/d{layout.names[p]} = {number(slope)}"
                for p, slope in zip(layout.parents[i], layout.local[i], strict=i in frame.passed)
                if i in frame.passed
            ]
            rows.append((name, operation, value, frame.gradients.get(i, ""), ", ".join(local)))
        widths = [max(len(row[k]) for row in rows) for k in range(5)]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, "", self.caption])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def _repr_html_(self):
        return f"{self.svg()}<p>{escape(self.caption)}</p>"

    def svg(self):
        """The picture alone."""
        layout, frame = self._layout, self._frame
        when = "" if self.step is None else f", step {self.step} of {len(layout.frames) - 1}"
        parts = [_open(layout.width, layout.height, f"Computational graph of {layout.names[-1]}{when}: {self.caption}")]
        active = VERMILLION if frame.passed or frame.gradients else BLUE
        for edge in layout.edges:
            parts.append(_edge(edge, edge.child == frame.active and active, backward=active == VERMILLION))
        for edge in layout.edges:  # after all the lines, so that no line crosses a number
            if edge.child in frame.passed:
                weight = "bold" if edge.child == frame.active else "normal"
                halo = f'stroke="{PAPER}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"'
                text = number(layout.local[edge.child][edge.slot])
                parts.append(_text(*edge.label, text, INK, 11, f'data-role="local" font-weight="{weight}" {halo}'))
        for i in range(len(layout.nodes)):
            parts.append(self._node(i, active if i == frame.active else None))
        legend = [("below a box: its value", BLUE)]
        if layout.grad is not None:
            legend.append((f"above: its gradient, d{layout.names[-1]}/d(box)", VERMILLION))
            legend.append(("on an edge: the local derivative", INK))
        if any(layout.is_parameter(i) for i in range(len(layout.nodes))):
            legend.append(("green outline: a parameter", GREEN))
        spans = " · ".join(f'<tspan fill="{color}">{text}</tspan>' for text, color in legend)
        parts.append(f'<text x="10" y="{layout.height - 8}" fill="{INK}" font-size="11">{spans}</text></svg>')
        return "".join(parts)

    def _node(self, i, active):
        layout, frame = self._layout, self._frame
        x, y, w = layout.x[i], layout.y[i], layout.widths[i]
        color = active or (GREEN if layout.is_parameter(i) else INK)
        width = 2.5 if active or layout.is_parameter(i) else 1
        parts = [
            f'<g data-node="{escape(layout.names[i])}"><rect x="{_px(x - w / 2)}" y="{_px(y - BOX / 2)}" '
            f'width="{_px(w)}" height="{BOX}" rx="6" fill="{color}" fill-opacity="{0.15 if active else 0.04}" '
            f'stroke="{color}" stroke-width="{width}"/>'
        ]
        name, symbol = layout.names[i], layout.symbols[i]
        if symbol:
            cut = x - w / 2 + CHARACTER * len(name) + 10
            parts.append(f'<path d="M{_px(cut)} {_px(y - 8)}v16" stroke="{INK}" stroke-opacity="0.3"/>')
            parts.append(_text((x - w / 2 + cut) / 2, y, name, INK, 12, 'font-style="italic"'))
            parts.append(_text((cut + x + w / 2) / 2, y, symbol, INK, 12))
        else:
            parts.append(_text(x, y, name, INK, 12, 'font-style="italic"'))
        if i in frame.gradients:
            parts.append(_text(x, y - BOX / 2 - 9, frame.gradients[i], VERMILLION, 12, 'data-role="gradient"'))
        if i in frame.values:
            value = number(layout.nodes[i].data)
            parts.append(_text(x, y + BOX / 2 + 10, value, BLUE, 12, 'data-role="value"'))
        return "".join([*parts, "</g>"])


class _Frame(NamedTuple):
    """What is known at one step: indices of nodes with a value, texts of gradients, nodes whose edges were passed."""

    caption: str
    values: set
    gradients: dict
    passed: set
    active: int | None


class _Edge(NamedTuple):
    """From a node to one of its parents: line runs from the parent to the child, label is the middle of its text."""

    parent: int
    child: int
    slot: int
    names: str
    line: str
    ends: tuple
    label: tuple


class _Layout:
    """Where everything of a graph stands, which no step changes, and the frames of all its steps."""

    def __init__(self, value):
        self.nodes = _order(value)
        index = {id(node): i for i, node in enumerate(self.nodes)}
        self.parents = [[index[id(p)] for p in node.parents] for node in self.nodes]
        self.names = _names(self.nodes)
        for name, node in zip(self.names, self.nodes, strict=True):
            if not isinstance(node.data, float):
                raise ValueError(f"a graph shows numbers, and {name} holds {type(node.data).__name__}: {node.data!r}")
        self.symbols = [SYMBOLS.get(node.op, node.op) for node in self.nodes]
        self.grad = value.grad
        self.local = [tuple(float(slope) for slope in node.local_derivatives()) for node in self.nodes]
        self.frames = self._steps()
        self._place()

    def is_parameter(self, i):
        return not self.parents[i] and self.names[i][0] in "wWb"

    def everything(self):
        """The frame of the whole graph, with the gradients that the nodes hold."""
        root, last = self.names[-1], len(self.nodes) - 1
        caption = f"{root} = {number(self.nodes[-1].data)}"
        if self.grad is None:
            return _Frame(f"{caption}.", set(range(last + 1)), {}, set(), None)
        gradients = {i: number(node.grad) for i, node in enumerate(self.nodes)}
        leaves = [f"d{root}/d{self.names[i]} = {text}" for i, text in gradients.items() if not self.parents[i]]
        return _Frame(f"{caption}; {', '.join(leaves)}.", set(gradients), gradients, set(gradients), None)

    def _steps(self):
        names, data, root = self.names, [number(node.data) for node in self.nodes], self.names[-1]
        results = [i for i, node in enumerate(self.nodes) if node.parents]
        values = {i for i, node in enumerate(self.nodes) if not node.parents}
        known = ", ".join(f"{names[i]} = {data[i]}" for i in sorted(values))
        frames = [_Frame(f"The leaves are known: {known}.", values, {}, set(), None)]
        for i in results:
            values = values | {i}
            formula, numbers = (
                _expression(self.nodes[i].op, [text[p] for p in self.parents[i]]) for text in (names, data)
            )
            frames.append(_Frame(f"{names[i]} = {formula} = {numbers} = {data[i]}.", values, {}, set(), i))
        waiting = [sum(row.count(i) for row in self.parents) for i in range(len(names))]
        total, passed, texts = {len(names) - 1: 1.0}, set(), {len(names) - 1: "1"}
        frames.append(_Frame(f"Backward starts at the end: d{root}/d{root} = 1.", values, texts, passed, len(names) - 1))
        for i in reversed(results):
            sentences, texts, passed = [], dict(texts), passed | {i}
            for p, slope in zip(self.parents[i], self.local[i], strict=True):
                share = total[i] * slope
                chain = f"d{root}/d{names[i]} × d{names[i]}/d{names[p]} = {number(total[i])} × {_bracket(slope)}"
                if p in total:
                    before = number(total[p])
                    chain = f"{before} + {chain} = {before} + {_bracket(share)}"
                waiting[p] -= 1
                total[p] = total.get(p, 0.0) + share
                texts[p] = number(total[p]) + (" + …" if waiting[p] else "")
                so_far = " so far" if waiting[p] else ""
                sentences.append(f"d{root}/d{names[p]} = {chain} = {number(total[p])}{so_far}")
            frames.append(_Frame("; ".join(sentences) + ".", values, texts, passed, i))
        return frames

    def _place(self):
        """Layers from left to right, each node just before its first use; a longer edge gets a lane in every layer."""
        depth = {len(self.nodes) - 1: 0}
        for i in range(len(self.nodes) - 1, -1, -1):
            for p in self.parents[i]:
                depth[p] = max(depth.get(p, 0), depth[i] + 1)
        last = max(depth.values())
        column = {i: last - d for i, d in depth.items()}
        chains = {}
        for i, parents in enumerate(self.parents):
            for slot, p in enumerate(parents):
                lanes = [(i, slot, c) for c in range(column[p] + 1, column[i])]
                chains[i, slot] = [p, *lanes, i]
                column.update((lane, lane[2]) for lane in lanes)
        left, right = ({item: [] for item in column} for _ in range(2))
        for chain in chains.values():
            for a, b in zip(chain, chain[1:], strict=False):
                left[b].append(a)
                right[a].append(b)
        layers = _arrange(column, left, right, last)
        y = _heights(layers, left, right)

        # A text may reach a little into the gaps, where the lines are still flat.
        texts = [max(len(number(v)) for v in (n.data, n.grad) if v is not None) * CHARACTER for n in self.nodes]
        boxes = [CHARACTER * (len(n) + len(s)) + (18 if s else 14) for n, s in zip(self.names, self.symbols, strict=True)]
        self.widths = [max(w, 30) for w in boxes]
        wide = [max([max(self.widths[i], texts[i] - 12) for i in layer if i in depth]) for layer in layers]
        gap = min(max((WIDEST - 24 - sum(wide)) / max(last, 1), 44), 72)
        start = [12 + sum(wide[:c]) + gap * c for c in range(last + 1)]
        span = {item: (start[c], start[c] + wide[c]) for item, c in column.items()}
        self.x = [sum(span[i]) / 2 for i in range(len(self.nodes))]
        self.width = max(round(start[-1] + wide[-1] + 12), 150 if self.grad is None else 430)
        top, bottom = min(y.values()) - 44, max(y.values()) + 64
        self.y = [y[i] - top for i in range(len(self.nodes))]
        self.height = bottom - top

        stations = {}
        for (i, slot), chain in chains.items():
            rank = sorted(range(len(self.parents[i])), key=lambda s, i=i: (y[chains[i, s][-2]], s)).index(slot)
            port = (rank - (len(self.parents[i]) - 1) / 2) * 8
            p = chain[0]
            points = [(self.x[p] + self.widths[p] / 2, span[p][1], self.y[p])]
            points += [(*span[lane], y[lane] - top) for lane in chain[1:-1]]
            points.append((span[i][0], self.x[i] - self.widths[i] / 2, self.y[i] + port))
            stations[i, slot] = points
        obstacles = [(x, self.y[i], max(self.widths[i], texts[i]), ROW - 8) for i, x in enumerate(self.x)]
        self.edges = []
        for (i, slot), points in stations.items():
            others = [q for key, s in stations.items() if key != (i, slot) for q in _samples(s)]
            text = CHARACTER * len(number(self.local[i][slot])) * 11 / 12
            label = _free_spot(points, text, obstacles, others)
            obstacles.append((*label, text, 14))
            p, ends = self.parents[i][slot], (points[0][0], points[0][2], points[-1][1], points[-1][2])
            self.edges.append(_Edge(p, i, slot, f"{self.names[p]} {self.names[i]}", _line(points), ends, label))


def _order(value):
    """All nodes that value depends on, parents first; a stack instead of recursion, so depth has no limit."""
    order, seen, stack = [], set(), [value]
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())
        elif id(node) not in seen:
            seen.add(id(node))
            stack += (node, None, *reversed(node.parents))
    return order


def _names(nodes):
    taken, names, count = {node.name for node in nodes}, [], {"c": 0, "v": 0}
    for node in nodes:
        name, letter = node.name, "v" if node.parents else "c"
        while not name:
            count[letter] += 1
            name = f"{letter}{count[letter]}" if f"{letter}{count[letter]}" not in taken else ""
        names.append(name)
    return names


def _arrange(column, left, right, last):
    """The items of each layer from top to bottom: as the formula reads, then by barycenters while crossings vanish."""
    layers, seen, stack = [[] for _ in range(last + 1)], set(), [item for item, c in column.items() if c == last]
    while stack:
        item = stack.pop()
        if item not in seen:
            seen.add(item)
            layers[column[item]].append(item)
            stack.extend(reversed(left[item]))

    def crossings(layers):
        place = {item: k for layer in layers for k, item in enumerate(layer)}
        ends = [[(place[a], place[b]) for a in layer for b in right[a]] for layer in layers]
        return sum((a - c) * (b - d) < 0 for pairs in ends for k, (a, b) in enumerate(pairs) for c, d in pairs[:k])

    best, least = layers, crossings(layers)
    for sweep in range(12):
        if not least:
            break
        layers, neighbors = [list(layer) for layer in layers], right if sweep % 2 else left
        for c in range(last - 1, -1, -1) if sweep % 2 else range(1, last + 1):
            place = {item: k for layer in layers for k, item in enumerate(layer)}
            layers[c].sort(key=lambda item, at=place, near=neighbors: _mean([at[n] for n in near[item]], at[item]))
        if crossings(layers) < least:
            best, least = layers, crossings(layers)
    return best


def _heights(layers, left, right):
    """The y of every item: near the mean of its neighbors, never closer than a row to the item above."""
    size = {item: ROW if isinstance(item, int) else LANE for layer in layers for item in layer}
    y = {item: 0.0 for item in size}
    for sweep in range(24):
        neighbors = (right, left)[sweep % 2]
        for layer in layers:
            offsets = [0.0]
            for a, b in zip(layer, layer[1:], strict=False):
                offsets.append(offsets[-1] + (size[a] + size[b]) / 2)
            blocks = []  # least squares under the distances: pool neighbors that are out of order
            for item, offset in zip(layer, offsets, strict=True):
                blocks.append([_mean([y[n] for n in neighbors[item]], y[item]) - offset, 1])
                while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
                    m, n = blocks.pop()
                    blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + m * n) / (blocks[-1][1] + n), blocks[-1][1] + n]
            wishes = [m for m, n in blocks for _ in range(n)]
            y.update((item, w + offset) for item, w, offset in zip(layer, wishes, offsets, strict=True))
    return {item: round(height) for item, height in y.items()}


def _mean(numbers, otherwise):
    return sum(numbers) / len(numbers) if numbers else otherwise


def _line(points):
    """A path through the stations (left, right, y): flat inside a layer, so it passes no box, and curved between."""
    line = f"M{_px(points[0][0])} {_px(points[0][2])}"
    for (_, a, y), (b, _, z) in zip(points, points[1:], strict=False):
        m = _px((a + b) / 2)
        line += f"H{_px(a)}C{m} {_px(y)} {m} {_px(z)} {_px(b)} {_px(z)}"
    return f"{line}H{_px(points[-1][1])}"


def _samples(points, ts=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)):
    """Points on the curved parts of a line, at the parameters ts."""
    pairs = list(zip(points, points[1:], strict=False))
    bend = [(t, 1.5 * t * (1 - t) + t**3, 3 * t * t - 2 * t**3) for t in ts]
    return [(a + (b - a) * u, y + (z - y) * v) for (_, a, y), (b, _, z) in pairs for _, u, v in bend]


def _free_spot(points, width, obstacles, others):
    """Where on its own line a label of this width meets the least of boxes, labels and other lines."""

    def meets(spot):
        x, y = spot
        rects = sum(2 * abs(x - a) < width + w and 2 * abs(y - b) < 14 + h for a, b, w, h in obstacles)
        return 10 * rects + sum(2 * abs(x - a) < width + 4 and abs(y - b) < 9 for a, b in others)

    return min(_samples(points, (0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72)), key=meets)


def _edge(edge, color, backward):
    """The line with its arrow: to the child, and to the parent where a gradient flows back."""
    x0, y0, x1, y1 = edge.ends
    arrow = f"M{_px(x0)} {_px(y0)}l8 -4v8z" if color and backward else f"M{_px(x1)} {_px(y1)}l-7 -3.5v7z"
    ink = f'stroke="{color}" stroke-width="2.5"' if color else f'stroke="{INK}" stroke-opacity="0.5"'
    fill = f'fill="{color}"' if color else f'fill="{INK}" fill-opacity="0.6"'
    return f'<path data-edge="{escape(edge.names)}" d="{edge.line}" fill="none" {ink}/><path d="{arrow}" {fill}/>'


def _expression(op, parts):
    """The operation written with the given names or numbers of its parents."""
    symbol = SYMBOLS.get(op, op)
    if op in ("+", "-", "*", "/"):
        return f"{parts[0]} {symbol} {_bracket(parts[1])}"
    if op.startswith("^"):
        return f"{_bracket(parts[0])}{op}"
    return f"−{_bracket(parts[0])}" if op == "neg" else f"{symbol}({', '.join(parts)})"


def _bracket(x):
    text = x if isinstance(x, str) else number(x)
    return f"({text})" if text.startswith("−") else text


def number(x):
    """Four significant digits, with a proper minus sign."""
    return "0" if x == 0 else f"{x:.4g}".replace("-", "−")


def _px(x):
    return f"{x:.1f}".removesuffix(".0")


def _text(x, y, text, color, size, more=""):
    where = f'x="{_px(x)}" y="{_px(y)}" text-anchor="middle" dominant-baseline="central"'
    return f'<text {where} font-size="{size}" fill="{color}" {more}>{escape(text)}</text>'


def _open(width, height, label):
    font = 'font-family="var(--jp-ui-font-family, sans-serif)"'
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" {size} {font}>'
