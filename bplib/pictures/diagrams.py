"""Computational graphs as inline SVG: values below the boxes, gradients above, local derivatives on the edges.

A diagram finds nothing out: it reads nodes by their attributes (data, grad, parents, op, name and local_derivatives())
and draws their numbers, all at once, or step by step as a backward pass would meet them.
"""

import re
from html import escape
from itertools import pairwise
from typing import NamedTuple

from bplib.autodiff import topological_order
from bplib.pictures.layout import BOX, place
from bplib.pictures.svg import BLUE, GREEN, HALO, INK, VERMILLION, document, figure, number, px, text

SYMBOLS = {"-": "−", "*": "×", "/": "÷", "neg": "−", "sqrt": "√", "sum": "Σ", "sigmoid": "σ", "mse": "MSE"}
SYMBOLS |= {"binary_cross_entropy": "BCE", "binary_cross_entropy_with_logits": "BCE", "softmax_cross_entropy": "CE"}

CHARACTER = 7.0  # width of a digit at 12 px, in the fonts that pages use
WIDEST, MOST = 900, 200


def graph(value, step=None, along=None):
    """The computational graph of value: everything at once, or what is known at one step (see `steps`).

    Above the boxes stand the gradients that a backward pass has found: dL/d(box). With the name of a leaf in ``along``
    it is forward accumulation instead, from the leaves to the result: d(box)/d(leaf), which needs no backward().

    A leaf named w, W or b, with or without a number, is drawn as a parameter; nodes without a name are called c1, c2,
    ... (constants) and v1, v2, ... (results). Gradients are there after value.backward(). ValueError if a node holds an
    array, if there are more than 200 nodes, if there is no such step or leaf, or if a step is asked for before
    backward().
    """
    return Graph(Film(value, along), step)


def steps(value, along=None):
    """The number of the last step: 0 shows the leaves, then one step per result forward, one for dL/dL, one back.

    Forward accumulation has no way back: one step per result.
    """
    results = sum(bool(node.parents) for node in topological_order(value))
    return results if along else 2 * results + 1


class Graph:
    """The picture of a graph at one step: SVG for a notebook, a table for print()."""

    def __init__(self, film, step=None):
        """Use `graph`."""
        self._film, self.step = film, step
        if step is None:
            self._frame = film.everything()
        elif not film.has_gradients:
            raise ValueError(f"the steps show gradients: call {film.root}.backward() before you ask for a step")
        elif not 0 <= step < len(film.frames):
            raise ValueError(f"there is no step {step}; this graph has the steps 0 to {len(film.frames) - 1}")
        else:
            self._frame = film.frames[step]

    def at(self, step):
        """The same graph at another step; quick, since nothing is laid out again."""
        return Graph(self._film, step)

    @property
    def caption(self):
        """What happens at this step, in numbers."""
        return self._frame.caption

    def __repr__(self):
        film, frame = self._film, self._frame
        derivative = f"d(node)/d{film.along}" if film.along else "gradient"
        rows = [("node", "operation", "value", derivative, "local derivatives")]
        for i, name in enumerate(film.names):
            slopes = zip(film.parents[i], film.slopes[i], strict=True) if i in frame.passed else ()
            local = ", ".join(f"d{name}/d{film.names[p]} = {number(slope)}" for p, slope in slopes)
            value = film.values[i] if i in frame.values else ""
            rows.append((name, film.formulas[i], value, frame.gradients.get(i, ""), local))
        widths = [max(len(row[k]) for row in rows) for k in range(5)]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, "", self.caption])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def _repr_html_(self):
        return figure([self.svg()], self.caption)

    def svg(self):
        """The picture alone, without the caption under it."""
        film, frame = self._film, self._frame
        when = "" if self.step is None else f", step {self.step} of {len(film.frames) - 1}"
        legend = [("below a box: its value", BLUE)]
        if film.has_gradients:
            above = f"derivative, d(box)/d{film.along}" if film.along else f"gradient, d{film.root}/d(box)"
            legend.append((f"above: its {above}", VERMILLION))
            legend.append(("on an edge: the local derivative", INK))
        if any(film.is_parameter(i) for i in range(len(film.nodes))):
            legend.append(("green outline: a parameter", GREEN))
        width = max(film.layout.width, 24 + 6.3 * sum(len(words) + 3 for words, _ in legend))
        height = film.layout.height + 30
        spans = " · ".join(f'<tspan fill="{color}">{words}</tspan>' for words, color in legend)
        color = VERMILLION if frame.gradients else BLUE
        parts = [self._line(edge, color if edge.child == frame.active else None) for edge in film.layout.edges]
        # After all the lines, so that no line crosses a number.
        parts += [self._local(edge) for edge in film.layout.edges if edge.child in frame.passed]
        parts += [self._node(i, color if i == frame.active else None) for i in range(len(film.nodes))]
        parts.append(f'<text x="12" y="{px(height - 8)}" fill="{INK}" font-size="11">{spans}</text>')
        return document(width, height, f"Computational graph of {film.root}{when}: {self.caption}", parts)

    def _line(self, edge, color):
        """The line with its arrow: to the child, or back to the parent where a gradient flows."""
        (x, _, y), (_, end, low) = edge.stations[0], edge.stations[-1]
        if color and edge.child not in self._frame.passed and self._frame.gradients:
            color = None  # the gradient of the result is known, and has not moved yet
        backward = color and self._frame.gradients and not self._film.along
        tip = f"M{px(x)} {px(y)}l9 -4.5v9z" if backward else f"M{px(end)} {px(low)}l-7 -3.5v7z"
        names = escape(f"{self._film.names[edge.parent]} {self._film.names[edge.child]}")
        stroke = f'stroke="{color or INK}" stroke-width="{2.5 if color else 1}" stroke-opacity="{1 if color else 0.5}"'
        return (
            f'<path data-edge="{names}" d="{_path(edge.stations)}" fill="none" {stroke}/>'
            f'<path d="{tip}" fill="{color or INK}" fill-opacity="{1 if color else 0.6}"/>'
        )

    def _local(self, edge):
        weight = "bold" if edge.child == self._frame.active else "normal"
        slope = number(self._film.slopes[edge.child][edge.slot])
        return text(*edge.label, slope, size=11, more=f'data-role="local" font-weight="{weight}" {HALO}')

    def _node(self, i, active):
        film, frame = self._film, self._frame
        x, y, w, name, symbol = film.layout.x[i], film.layout.y[i], film.widths[i], film.names[i], film.symbols[i]
        left, cut = x - w / 2, x - w / 2 + _long(name) + 9
        color = active or (GREEN if film.is_parameter(i) else INK)
        outline = f'stroke="{color}" stroke-width="{2.5 if active or film.is_parameter(i) else 1}"'
        parts = [
            f'<g data-node="{escape(name)}" opacity="{1 if i in frame.values else 0.6}">'
            f'<rect x="{px(left)}" y="{px(y - BOX / 2)}" width="{px(w)}" height="{BOX}" rx="6" '
            f'fill="{color}" fill-opacity="{0.15 if active else 0.04}" {outline}/>',
            text((left + cut) / 2 if symbol else x, y, name, more='font-style="italic"'),
        ]
        if symbol:
            parts.append(f'<path d="M{px(cut)} {px(y - 8)}v16" stroke="{INK}" stroke-opacity="0.3"/>')
            parts.append(text((cut + x + w / 2) / 2, y, symbol))
        if i in frame.gradients:
            parts.append(text(x, y - BOX / 2 - 9, frame.gradients[i], VERMILLION, more='data-role="gradient"'))
        if i in frame.values:
            parts.append(text(x, y + BOX / 2 + 10, film.values[i], BLUE, more='data-role="value"'))
        return "".join([*parts, "</g>"])


class Frame(NamedTuple):
    """What is known at one step: the nodes with a value, the texts of gradients, the nodes whose edges were passed."""

    caption: str
    values: set
    gradients: dict
    passed: set
    active: int | None


class Film:
    """All that the steps share: names, numbers and places of the nodes; and the frames of the steps."""

    def __init__(self, value, along=None):
        """Read and lay out the graph of value."""
        self.nodes, self.along = topological_order(value), along
        if len(self.nodes) > MOST:
            raise ValueError(f"a graph of {len(self.nodes)} nodes cannot be read; up to {MOST} are drawn")
        index = {id(node): i for i, node in enumerate(self.nodes)}
        self.parents = [[index[id(p)] for p in node.parents] for node in self.nodes]
        self.names = _names(self.nodes)
        for name, node in zip(self.names, self.nodes, strict=True):
            if not isinstance(node.data, float):
                raise ValueError(f"a graph shows single numbers, and {name} holds an array: {node.data!r}")
        self.root, self.has_gradients = self.names[-1], bool(along) or value.grad is not None
        self.values = [number(node.data) for node in self.nodes]
        self.symbols = [SYMBOLS.get(node.op, node.op) for node in self.nodes]
        self.slopes = [tuple(float(slope) for slope in node.local_derivatives()) for node in self.nodes]
        self.formulas = [self._formula(i, self.names) if node.parents else "" for i, node in enumerate(self.nodes)]
        self.frames = self._forward_frames() if along else self._frames()
        named = zip(self.names, self.symbols, strict=True)
        boxes = [max(30, _long(name) + _long(symbol) + (18 if symbol else 14)) for name, symbol in named]
        above = {i: number(node.grad or 0) for i, node in enumerate(self.nodes)}
        above = self.frames[-1].gradients if along else above
        texts = [max(_long(v), _long(above[i])) for i, v in enumerate(self.values)]
        labels = [[_long(number(slope)) * 11 / 12 for slope in row] for row in self.slopes]
        self.widths, self.layout = boxes, place(self.parents, boxes, texts, labels, WIDEST)

    def is_parameter(self, i):
        """Whether node i is a leaf named like a weight or a bias."""
        return not self.parents[i] and re.fullmatch(r"[wWb][_0-9]*", self.names[i]) is not None

    def _formula(self, i, words):
        """The operation of node i, written with the given words for its parents."""
        words, op = [words[p] for p in self.parents[i]], self.nodes[i].op
        if op in ("+", "-", "*", "/"):
            return f"{words[0]} {self.symbols[i]} {_bracket(words[1])}"
        if op.startswith("^"):
            return f"{_bracket(words[0])}{op}"
        return f"−{_bracket(words[0])}" if op == "neg" else f"{self.symbols[i]}({', '.join(words)})"

    def everything(self):
        """The frame of the whole graph, with the gradients that the nodes hold."""
        caption, values = f"{self.root} = {self.values[-1]}", set(range(len(self.nodes)))
        if not self.has_gradients:
            return Frame(f"{caption}.", values, {}, set(), None)
        if self.along:
            last = self.frames[-1]
            words = f"{caption}; d{self.root}/d{self.along} = {last.gradients[len(self.nodes) - 1]}."
            return last._replace(caption=words, active=None)
        gradients = {i: number(node.grad) for i, node in enumerate(self.nodes)}
        leaves = [f"d{self.root}/d{self.names[i]} = {text}" for i, text in gradients.items() if not self.parents[i]]
        return Frame(f"{caption}; {', '.join(leaves)}.", values, gradients, values, None)

    def _frames(self):
        """The frames of the steps; gradients are replayed here from the local derivatives."""
        names, root, last = self.names, f"d{self.root}", len(self.nodes) - 1
        results = [i for i in range(last + 1) if self.parents[i]]
        values = set(range(last + 1)) - set(results)
        known = ", ".join(f"{names[i]} = {self.values[i]}" for i in sorted(values))
        frames = [Frame(f"The leaves are known: {known}.", values, {}, set(), None)]
        for i in results:
            values = values | {i}
            caption = f"{names[i]} = {self.formulas[i]} = {self._formula(i, self.values)} = {self.values[i]}."
            frames.append(Frame(caption, values, {}, set(), i))

        to_come = [sum(row.count(i) for row in self.parents) for i in range(last + 1)]
        gradient, texts, passed = {last: 1.0}, {last: "1"}, set()
        frames.append(Frame(f"Backward starts at the end: {root}/{root} = 1.", values, texts, passed, last))
        for i in reversed(results):
            sentences, texts, passed = [], dict(texts), passed | {i}
            for p, slope in zip(self.parents[i], self.slopes[i], strict=True):
                share = gradient[i] * slope
                chain = f"{root}/d{names[i]} × d{names[i]}/d{names[p]} = "
                if p in gradient:  # another path arrived before: the two add up
                    so_far = number(gradient[p])
                    chain = f"{so_far} + {chain}{so_far} + {_bracket(gradient[i])} × {_bracket(slope)} = "
                    chain += f"{so_far} + {_bracket(share)}"
                else:
                    chain += f"{number(gradient[i])} × {_bracket(slope)}"
                to_come[p] -= 1
                gradient[p] = gradient.get(p, 0.0) + share
                texts[p] = number(gradient[p]) + (" + …" if to_come[p] else "")
                sentences.append(f"{root}/d{names[p]} = {chain} = {number(gradient[p])}" + " so far" * bool(to_come[p]))
            frames.append(Frame("; ".join(sentences) + ".", values, texts, passed, i))
        return frames

    def _forward_frames(self):
        """The frames of forward accumulation: each result gets its value and its derivative together."""
        names, d = self.names, f"d{self.along}"
        leaves = [i for i, row in enumerate(self.parents) if not row]
        if self.along not in [names[i] for i in leaves]:
            raise ValueError(f"there is no leaf {self.along!r}; the leaves are {', '.join(names[i] for i in leaves)}")
        slope = {i: float(names[i] == self.along) for i in leaves}
        known = ", ".join(f"d{names[i]}/{d} = {number(slope[i])}" for i in leaves)
        start = {i: number(s) for i, s in slope.items()}
        frames = [Frame(f"Forward accumulation starts at the leaves: {known}.", set(leaves), start, set(), None)]
        for i in range(len(names)):
            if i in slope:
                continue
            pairs = list(zip(self.parents[i], self.slopes[i], strict=True))
            slope[i] = sum(local * slope[p] for p, local in pairs)
            words = " + ".join(f"d{names[i]}/d{names[p]} × d{names[p]}/{d}" for p, _ in pairs)
            numbers = " + ".join(f"{_bracket(local)} × {_bracket(slope[p])}" for p, local in pairs)
            caption = f"{names[i]} = {self._formula(i, self.values)} = {self.values[i]}; "
            caption += f"d{names[i]}/{d} = {words} = {numbers} = {number(slope[i])}."
            done = frames[-1]
            above = {**done.gradients, i: number(slope[i])}
            frames.append(Frame(caption, done.values | {i}, above, done.passed | {i}, i))
        return frames


def _names(nodes):
    taken, names, count = {node.name for node in nodes}, [], {"c": 0, "v": 0}
    for node in nodes:
        name, letter = node.name, "v" if node.parents else "c"
        while not name:
            count[letter] += 1
            name = f"{letter}{count[letter]}" if f"{letter}{count[letter]}" not in taken else ""
        names.append(name)
    return names


def _bracket(x):
    text = x if isinstance(x, str) else number(x)
    return f"({text})" if text.startswith("−") else text


def _long(text):
    return sum(9 if c.isupper() else CHARACTER for c in text)


def _path(stations):
    """A line through stations (left, right, y): flat inside a layer, so it passes no box, and curved between layers."""
    path = f"M{px(stations[0][0])} {px(stations[0][2])}"
    for (_, a, y), (b, _, z) in pairwise(stations):
        path += f"H{px(a)}C{px((a + b) / 2)} {px(y)} {px((a + b) / 2)} {px(z)} {px(b)} {px(z)}"
    return f"{path}H{px(stations[-1][1])}"
