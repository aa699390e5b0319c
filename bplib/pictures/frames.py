"""What is known of a computational graph at each step: the frames that a diagram draws, and where its boxes stand.

A film finds nothing out: it reads nodes by their attributes (data, grad, parents, op, name and local_derivatives()),
and replays from their local derivatives the order in which a backward pass would meet them. A local derivative, along
one edge, has the partial sign; what the whole graph says of a box has a d.
"""

import re
from typing import NamedTuple

from bplib.autodiff import topological_order
from bplib.pictures.layout import place
from bplib.pictures.svg import number

SYMBOLS = {"-": "−", "*": "×", "/": "÷", "neg": "−", "sqrt": "√", "sum": "Σ", "sigmoid": "σ", "mse": "MSE"}
SYMBOLS |= {"binary_cross_entropy": "BCE", "binary_cross_entropy_with_logits": "BCE", "softmax_cross_entropy": "CE"}

CHARACTER = 7.0  # width of a digit at 12 px, in the fonts that pages use
WIDEST, MOST = 900, 200


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
        boxes = [max(30, length(name) + length(symbol) + (18 if symbol else 14)) for name, symbol in named]
        above = {i: number(node.grad or 0) for i, node in enumerate(self.nodes)}
        above = self.frames[-1].gradients if along else above
        texts = [max(length(v), length(above[i])) for i, v in enumerate(self.values)]
        labels = [[length(number(slope)) * 11 / 12 for slope in row] for row in self.slopes]
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
                chain = f"{root}/d{names[i]} × ∂{names[i]}/∂{names[p]} = "
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
            words = " + ".join(f"∂{names[i]}/∂{names[p]} × d{names[p]}/{d}" for p, _ in pairs)
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


def length(text):
    """How wide a text is, in pixels."""
    return sum(9 if c.isupper() else CHARACTER for c in text)
