"""Computational graphs as inline SVG: values below the boxes, gradients above, local derivatives on the edges.

A diagram finds nothing out: it reads nodes by their attributes (data, grad, parents, op, name and local_derivatives())
and draws their numbers, all at once, or step by step as a backward pass would meet them.
"""

from html import escape
from itertools import pairwise

from bplib.autodiff import topological_order
from bplib.pictures.frames import Film, length
from bplib.pictures.layout import BOX
from bplib.pictures.svg import BLUE, GREEN, HALO, INK, VERMILLION, document, figure, number, px, text


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

    @property
    def multiplications(self):
        """How many edges have been passed so far: each takes one multiplication, upstream times local derivative."""
        return sum(len(self._film.parents[i]) for i in self._frame.passed)

    def __repr__(self):
        film, frame = self._film, self._frame
        derivative = f"d(node)/d{film.along}" if film.along else "gradient"
        rows = [("node", "operation", "value", derivative, "local derivatives")]
        for i, name in enumerate(film.names):
            slopes = zip(film.parents[i], film.slopes[i], strict=True) if i in frame.passed else ()
            local = ", ".join(f"∂{name}/∂{film.names[p]} = {number(slope)}" for p, slope in slopes)
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
            legend.append(("on an edge: the local derivative ∂", INK))
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
        left, cut = x - w / 2, x - w / 2 + length(name) + 9
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


def _path(stations):
    """A line through stations (left, right, y): flat inside a layer, so it passes no box, and curved between layers."""
    path = f"M{px(stations[0][0])} {px(stations[0][2])}"
    for (_, a, y), (b, _, z) in pairwise(stations):
        path += f"H{px(a)}C{px((a + b) / 2)} {px(y)} {px((a + b) / 2)} {px(z)} {px(b)} {px(z)}"
    return f"{path}H{px(stations[-1][1])}"
