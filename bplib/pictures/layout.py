"""Where the boxes, lines and labels of a graph stand: layers from left to right.

Pure geometry in pixels: nodes are indices, parents before children, the last one is the result. Each node stands in
the layer just before its first use. A line that crosses layers gets a lane of its own in each, so no line meets a box.

Source: Sugiyama, Tagawa, Toda, Methods for visual understanding of hierarchical system structures (1981).
"""

from itertools import pairwise
from typing import NamedTuple

BOX, ROW, LANE = 26, 70, 24  # height of a box, of a box with its two texts, and of a line that passes between boxes
NARROW, WIDE = 44, 72  # the gap between two layers


class Edge(NamedTuple):
    """A line from a parent to a child: stations (left, right, y) joined by curves, and the middle of its label."""

    parent: int
    child: int
    slot: int
    stations: list
    label: tuple


class Layout(NamedTuple):
    """The middles x, y of all boxes, the edges, and the size of the whole."""

    x: list
    y: list
    edges: list
    width: float
    height: int


def place(parents, widths, texts, labels, widest):
    """Lay out a graph: parents[i] lists node i's parents, widths and texts are those of its box and of its numbers.

    labels[i][slot] is the width of the label on the line from parents[i][slot]. Gaps between layers shrink to keep the
    whole under the width widest, as long as the labels still fit.
    """
    column, chains = _columns(parents)
    left, right = ({item: [] for item in column} for _ in range(2))
    for chain in chains.values():
        for a, b in pairwise(chain):
            left[b].append(a)
            right[a].append(b)
    layers = _arrange(column, left, right)
    heights = _heights(layers, left, right)
    top = min(heights.values()) - ROW // 2
    height = {item: y - top for item, y in heights.items()}

    # A number may reach a little into the gaps, where the lines are still flat.
    wide = [max(max(widths[i], texts[i] - 14) for i in layer if isinstance(i, int)) for layer in layers]
    gap = min(max((widest - 24 - sum(wide)) / max(len(wide) - 1, 1), NARROW), WIDE)
    starts = [12 + sum(wide[:c]) + gap * c for c in range(len(wide))]
    ends = [start + w for start, w in zip(starts, wide, strict=True)]
    x = [(starts[column[i]] + ends[column[i]]) / 2 for i in range(len(parents))]
    y = [height[i] for i in range(len(parents))]

    stations = {}
    for (i, slot), chain in chains.items():
        p = chain[0]
        rank = sorted(range(len(parents[i])), key=lambda s, i=i: (height[chains[i, s][-2]], s)).index(slot)
        port = 10 * (rank - (len(parents[i]) - 1) / 2)
        leave = port if parents[i].count(p) > 1 else 0  # two lines between the same boxes run side by side
        line = [(x[p] + widths[p] / 2, ends[column[p]], y[p] + leave)]
        line += [(starts[column[lane]], ends[column[lane]], height[lane]) for lane in chain[1:-1]]
        stations[i, slot] = [*line, (starts[column[i]], x[i] - widths[i] / 2, y[i] + port)]

    taken = [(x[i], y[i], max(widths[i], texts[i]), ROW - 10) for i in range(len(parents))]
    edges = []
    for (i, slot), line in stations.items():
        others = [point for key, other in stations.items() if key != (i, slot) for point in _samples(other)]
        label = _free_spot(line, labels[i][slot], taken, others)
        taken.append((*label, labels[i][slot], 16))
        edges.append(Edge(parents[i][slot], i, slot, line, label))
    return Layout(x, y, edges, ends[-1] + 12, max(height.values()) + ROW // 2)


def _columns(parents):
    """The layer of every item, and the items on the way of every line; an item is a node or a lane (child, slot, c)."""
    depth = {len(parents) - 1: 0}
    for i in reversed(range(len(parents))):
        for p in parents[i]:
            depth[p] = max(depth.get(p, 0), depth[i] + 1)
    column, chains = {i: max(depth.values()) - d for i, d in depth.items()}, {}
    for i, row in enumerate(parents):
        for slot, p in enumerate(row):
            lanes = [(i, slot, c) for c in range(column[p] + 1, column[i])]
            chains[i, slot] = [p, *lanes, i]
            column.update((lane, lane[2]) for lane in lanes)
    return column, chains


def _arrange(column, left, right):
    """The items of each layer from top to bottom: as the formula reads, then by barycenters while crossings vanish."""
    last = max(column.values())
    layers, seen, stack = [[] for _ in range(last + 1)], set(), [i for i, c in column.items() if c == last]
    while stack:
        item = stack.pop()
        if item not in seen:
            seen.add(item)
            layers[column[item]].append(item)
            stack.extend(reversed(left[item]))
    best, least = layers, _crossings(layers, right)
    for sweep in range(12 if least else 0):
        layers, neighbors = [list(layer) for layer in layers], right if sweep % 2 else left
        for layer in reversed(layers) if sweep % 2 else layers:
            at = {item: k for each in layers for k, item in enumerate(each)}
            layer.sort(key=lambda item, at=at, near=neighbors: _mean([at[n] for n in near[item]], at[item]))
        if _crossings(layers, right) < least:
            best, least = layers, _crossings(layers, right)
    return best


def _crossings(layers, right):
    at = {item: k for layer in layers for k, item in enumerate(layer)}
    pairs = [[(at[a], at[b]) for a in layer for b in right[a]] for layer in layers]
    return sum((a - c) * (b - d) < 0 for layer in pairs for k, (a, b) in enumerate(layer) for c, d in layer[:k])


def _heights(layers, left, right):
    """The y of every item: near the mean of its neighbors, never too close to the item above."""
    size = {item: ROW if isinstance(item, int) else LANE for layer in layers for item in layer}
    y = {item: 0.0 for item in size}
    for sweep in range(24):
        neighbors = (right, left)[sweep % 2]
        for layer in layers:
            offset, blocks = 0.0, []
            for k, item in enumerate(layer):
                offset += (size[layer[k - 1]] + size[item]) / 2 if k else 0.0
                blocks.append([_mean([y[n] for n in neighbors[item]], y[item]) - offset, [(item, offset)]])
                # Least squares under the distances: wishes that are out of order are pooled to their mean.
                while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
                    (a, above), (b, below) = blocks[-2:]
                    mean = (a * len(above) + b * len(below)) / (len(above) + len(below))
                    blocks[-2:] = [[mean, above + below]]
            y.update((item, mean + offset) for mean, block in blocks for item, offset in block)
    return {item: round(height) for item, height in y.items()}


def _mean(numbers, otherwise):
    return sum(numbers) / len(numbers) if numbers else otherwise


def _samples(stations, ts=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)):
    """Points on the curves of a line, at the parameters ts of each Bezier curve."""
    pairs = list(pairwise(stations))
    bend = [(1.5 * t * (1 - t) + t**3, 3 * t * t - 2 * t**3) for t in ts]
    return [(a + (b - a) * u, y + (z - y) * v) for u, v in bend for (_, a, y), (b, _, z) in pairs]


def _free_spot(stations, width, taken, others):
    """Where on its own line a label of this width meets the least of boxes, labels and other lines."""

    def meets(spot):
        x, y = spot
        boxes = sum(2 * abs(x - a) < width + w and 2 * abs(y - b) < 14 + h for a, b, w, h in taken)
        return 10 * boxes + sum(2 * abs(x - a) < width + 4 and abs(y - b) < 9 for a, b in others)

    return min(_samples(stations, (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8)), key=meets)
