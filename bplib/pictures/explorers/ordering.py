"""The order in which an engine goes through its graph: a list, written from the inputs on and read from its end."""

import numpy as np

from bplib.pictures import svg
from bplib.pictures.diagrams import Graph
from bplib.pictures.explorers.widget import Explorer, stepper, toggles
from bplib.pictures.frames import Film, Frame

_HIGH, _ARCS, _SPACE = 26, 74, 20


def order_explorer(value, orders):
    """The list of nodes that a backward pass reads from its end, written and read one step at a time.

    orders is {name: list of all nodes of the graph of value, value last}. First the list is written, from left to
    right; then it is read from right to left, and each node hands its gradient to its inputs, whether it is complete
    or not. What comes out is compared with the gradients that the nodes hold: needs value.backward() before. A node
    has op, name, data, grad, parents and local_derivatives(). ValueError for an order that is none of this graph.
    """
    if value.grad is None:
        raise ValueError("the gradients are compared with those of the nodes: call value.backward() before")
    films = {name: _Order(value, order, name) for name, order in orders.items()}
    first = next(iter(films))
    which = toggles("order", list(films), first)
    step = stepper(len(films[first].frames) - 1)

    def begin(change):
        step.value, step.max = 0, len(films[which.value].frames) - 1

    which.observe(begin, "value")

    def draw(which, step):
        pictures, caption = films[which].at(step)
        return pictures, f"Order {which}, step {step} of {len(films[which].frames) - 1}. {caption}"

    return Explorer([which, step], draw, films[first].at(-1), films[first].table())


class _Order:
    """The frames of one order: those of the graph, and beside each what stands in the list and where it is read."""

    def __init__(self, value, order, name):
        self.film = film = Film(value)
        index = {id(node): i for i, node in enumerate(film.nodes)}
        places = [index.get(id(node)) for node in order]
        if None in places or sorted(places) != list(range(len(film.nodes))) or places[-1] != len(film.nodes) - 1:
            raise ValueError(f"{name}: a list of all {len(film.nodes)} nodes of the graph is needed, the result last")
        self.order, self.root = places, f"d{film.root}"
        self.lists = []  # for each frame: how many are written, and which place is read
        self.frames = film.frames = []
        self._write()
        self._read()

    def _add(self, caption, gradients, passed, active, written, read=None):
        self.frames.append(Frame(caption, set(range(len(self.order))), gradients, passed, active))
        self.lists.append((written, read))

    def _write(self):
        names, parents = self.film.names, self.film.parents
        self._add("All values are known. Now the list is written.", {}, set(), None, 0)
        for k, i in enumerate(self.order):
            late = [names[p] for p in dict.fromkeys(parents[i]) if p not in self.order[:k]]
            if not parents[i]:
                says = "is written: it has no inputs"
            elif late:
                says = f"is written, but its input {' and '.join(late)} is not in the list yet"
            else:
                inputs = [names[p] for p in dict.fromkeys(parents[i])]
                stand = "its inputs, stand" if inputs[1:] else "its input, stands"
                says = f"is written: {' and '.join(inputs)}, {stand} there already"
            self._add(f"{names[i]} {says}.", {}, set(), i, k + 1)

    def _read(self):
        film, names, root = self.film, self.film.names, self.root
        to_come = [sum(row.count(i) for row in film.parents) for i in range(len(names))]
        gradient, passed, last = {self.order[-1]: 1.0}, set(), len(self.order) - 1
        start = f"The list is read from its end, where {root}/{root} = 1."
        self._add(start, self._texts(gradient, to_come), set(passed), self.order[-1], last + 1, last)
        for k in reversed(range(last + 1)):
            i = self.order[k]
            if not film.parents[i]:
                continue
            own, words = gradient.get(i, 0.0), []
            if to_come[i]:
                words.append(f"{names[i]} is read too early: a share of its gradient is still to come")
            passed = passed | {i}
            for p, slope in zip(film.parents[i], film.slopes[i], strict=True):
                share = own * slope
                gradient[p] = gradient.get(p, 0.0) + share
                to_come[p] -= 1
                late = ", too late, for it has handed on already" if p in passed else ""
                product = f"{svg.number(own)} × {_bracket(slope)} = {svg.number(share)}"
                words.append(f"{names[i]} hands {product} to {names[p]}{late}")
            self._add("; ".join(words) + ".", self._texts(gradient, to_come), passed, i, last + 1, k)
        frame = self.frames[-1]
        self.frames[-1] = frame._replace(caption=f"{frame.caption} {self._compared(gradient)}")
        self.gradient = gradient

    def _texts(self, gradient, to_come):
        return {i: svg.number(g) + (" + …" if to_come[i] else "") for i, g in gradient.items()}

    def _compared(self, gradient):
        """What came out at the leaves, beside the gradients that the nodes hold."""
        words = []
        for i, node in enumerate(self.film.nodes):
            if not self.film.parents[i]:
                says = f"{self.root}/d{self.film.names[i]} = {svg.number(gradient[i])}"
                wrong = not np.isclose(gradient[i], node.grad, rtol=1e-9, atol=0.0)
                words.append(f"{says}, where {svg.number(node.grad)} is right" if wrong else f"{says}, which is right")
        return f"At the end {'; '.join(words)}."

    def at(self, step):
        """The pictures of one step, and its caption."""
        step = range(len(self.frames))[step]
        graph = Graph(self.film, step)
        return [graph.svg(), self._list(step)], graph.caption

    def table(self):
        """The list, each node with its inputs, and what came out."""
        names = [self.film.names[i] for i in self.order]
        rows = [f"{names[k]:4}  {self.film.formulas[i]}".rstrip() for k, i in enumerate(self.order)]
        return "\n".join([*rows, "", self.frames[-1].caption])

    def _list(self, step):
        """The list with an arc from each node to its inputs; an arc that points to the right is out of order."""
        film, (written, read) = self.film, self.lists[step]
        wide = max(44, *(7 * len(name) + 20 for name in film.names))
        x = [_SPACE + k * (wide + _SPACE) + wide / 2 for k in range(len(self.order))]
        place = {i: k for k, i in enumerate(self.order)}
        parts, wrong = [], False
        for k, i in enumerate(self.order[:written]):
            for p in dict.fromkeys(film.parents[i]):
                if place[p] < written:
                    late = place[p] > k
                    wrong |= late
                    parts.append(_arc(x[k], x[place[p]], late))
        for k, i in enumerate(self.order):
            parts.append(self._box(x[k], wide, i, k, k < written, k == read, read is not None and k > read))
        width, low = max(x[-1] + wide / 2 + _SPACE, 470), _ARCS + _HIGH + 30
        words = "the list: each arc leads from a node to an input of it, and should point to the left"
        parts.append(svg.text(12, low, words, size=11, anchor="start"))
        if wrong:
            parts.append(svg.text(12, low + 16, "dashed: an arc to the right", svg.PURPLE, 11, "start"))
        state = f"the list after step {step}: {', '.join(film.names[i] for i in self.order[:written]) or 'empty'}"
        return svg.document(width, low + 28, state, parts)

    def _box(self, x, wide, i, k, written, reading, done):
        color = svg.VERMILLION if reading else svg.INK
        left, dash = svg.px(x - wide / 2), "" if written else 'stroke-dasharray="3 3" stroke-opacity="0.4"'
        size = f'width="{wide}" height="{_HIGH}" rx="4" fill="{color}" fill-opacity="{0.15 if reading else 0.03}"'
        outline = f'stroke="{color}" stroke-width="{2.5 if reading else 1}" {dash}'
        name = svg.text(x, _ARCS + _HIGH / 2, self.film.names[i], more='font-style="italic"') if written else ""
        return (
            f'<g data-place="{k}" opacity="{0.5 if done else 1}">'
            f'<rect x="{left}" y="{_ARCS}" {size} {outline}/>{name}</g>'
        )


def _arc(start, end, late):
    color, dash = (svg.PURPLE, 'stroke-dasharray="6 3" stroke-width="2"') if late else (svg.INK, 'stroke-opacity="0.6"')
    start, end = (start + 5, end - 5) if late else (start - 5, end + 5)
    top = _ARCS - min(16 + 0.2 * abs(end - start), _ARCS - 6) * 4 / 3  # a curve reaches three quarters of its handles
    path = f"M{svg.px(start)} {_ARCS - 2}C{svg.px(start)} {svg.px(top)} {svg.px(end)} {svg.px(top)}"
    tip = f"M{svg.px(end)} {_ARCS - 1}l-3.5 -7h7z"
    role = 'data-role="late"' if late else 'data-role="arc"'
    return (
        f'<path {role} d="{path} {svg.px(end)} {_ARCS - 6}" fill="none" stroke="{color}" {dash}/>'
        f'<path d="{tip}" fill="{color}"/>'
    )


def _bracket(x):
    text = svg.number(x)
    return f"({text})" if text.startswith("−") else text
