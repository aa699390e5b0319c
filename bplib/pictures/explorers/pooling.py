"""A gradient on its way back through pooling, window by window."""

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.cells import number_field
from bplib.pictures.explorers.widget import Explorer, stepper, toggles
from bplib.pooling import avg_pool, avg_pool_backward, max_pool, max_pool_backward

_KINDS = {"maximum": (max_pool, max_pool_backward), "mean": (avg_pool, avg_pool_backward)}
_LEFT, _TOP, _CELL, _GAP = 14, 34, 38, 34


def pooling_explorer(x, upstreams, size=2):
    """Where each entry of the upstream goes: forward windows, and dx as it grows, for the maximum and for the mean.

    x is (h, w), with up to 6 rows and columns. upstreams is {stride: dy}, each dy with one entry for each window of
    that stride. Step k shows what the first k windows have given to dx.
    """
    x = np.asarray(x, dtype=float)
    upstreams = {stride: np.asarray(dy, dtype=float) for stride, dy in upstreams.items()}
    if x.ndim != 2 or max(x.shape) > 6:
        raise ValueError(f"x is {x.shape}; (h, w) is needed, with up to 6 rows and columns")
    films = {(kind, s): _Film(x, dy, size, s, *_KINDS[kind]) for kind in _KINDS for s, dy in upstreams.items()}
    first = next(iter(upstreams))
    step = stepper(upstreams[first].size)
    kind = toggles("pooling", list(_KINDS), "maximum")
    stride = toggles("stride", list(upstreams), first)

    def draw(kind, stride, step):
        film = films[kind, stride]
        return film.draw(min(step, film.windows))

    explorer = Explorer([kind, stride, step], draw, draw("maximum", first, upstreams[first].size), "")
    explorer._static["text/plain"] = films["maximum", first].caption(upstreams[first].size)

    def fit(change):
        step.max = upstreams[stride.value].size

    stride.observe(fit, "value")
    return explorer


class _Film:
    """One kind of pooling with one stride, and what its windows give back."""

    def __init__(self, x, dy, size, stride, pool, backward):
        self.x, self.dy, self.size, self.stride, self.windows = x, dy, size, stride, dy.size
        images = x[None, None]
        y = pool(images, size, stride)
        if y.shape[2:] != dy.shape:
            raise ValueError(f"with stride {stride} there are {y.shape[2:]} windows, and dy is {dy.shape}")
        self.y, self.given, self.grown = y[0, 0], [np.zeros_like(x)], [np.zeros_like(x)]
        for k in range(dy.size):
            alone = np.where(np.arange(dy.size).reshape(dy.shape) == k, dy, 0.0)
            so_far = np.where(np.arange(dy.size).reshape(dy.shape) <= k, dy, 0.0)
            self.given.append(backward(alone[None, None], y, images, size, stride)[0, 0])
            self.grown.append(backward(so_far[None, None], y, images, size, stride)[0, 0])

    def place(self, step):
        """The row and the column, among the windows, of the one at this step."""
        return tuple(map(int, np.unravel_index(step - 1, self.dy.shape)))

    def caption(self, step):
        """What the step does, and both sums."""
        if step == 0:
            return "Before the first window dx is zero everywhere. Each step gives the gradient of one window back."
        i, j = self.place(step)
        to = np.argwhere(self.given[step])
        whom = f"row {to[0][0]}, column {to[0][1]}" if len(to) == 1 else f"{len(to)} entries, in equal parts"
        given = svg.number(float(self.dy[i, j]))
        sent = float(self.dy.ravel()[:step].sum())
        return (
            f"Window {step} of {self.windows}: its gradient {given} goes to {whom}. So far"
            f" dy adds up to {svg.number(sent)}, and dx to {svg.number(float(self.grown[step].sum()))}."
        )

    def draw(self, step):
        """The picture of one step, and its caption."""
        window, cells, to = [], [], []
        if step:
            i, j = self.place(step)
            window = [(i * self.stride, j * self.stride, self.size, self.size)]
            cells, to = [(i, j)], [tuple(place) for place in np.argwhere(self.given[step]).tolist()]
        across, down = self.x.shape[1] * _CELL + _GAP, self.x.shape[0] * _CELL + 44
        fields = (
            ("x", self.x, 0, 0, svg.BLUE, window, to),
            ("y", self.y, 1, 0, svg.BLUE, [], cells),
            ("dx", self.grown[step], 0, 1, svg.VERMILLION, window, to),
            ("dy", self.dy, 1, 1, svg.VERMILLION, [], cells),
        )
        parts = [
            number_field(name, a, _LEFT + right * across, _TOP + low * down, color, cell=_CELL, framed=f, chosen=c)
            for name, a, right, low, color, f, c in fields
        ]
        for low, words, ends in ((0, "forward", "M0 0h22m-6 -4l6 4l-6 4"), (1, "back", "M22 0h-22m6 -4l-6 4l6 4")):
            x, y = _LEFT + across - _GAP + 6, _TOP + low * down + 20
            arrow = f'fill="none" stroke="{svg.INK}" transform="translate({x} {y})"'
            parts.append(f'<path data-way="{words}" d="{ends}" {arrow}/>')
        said = self.caption(step)
        width = _LEFT + across + self.dy.shape[1] * _CELL + 14
        return [svg.document(width, _TOP + 2 * down - 24, f"A gradient through pooling. {said}", parts)], said
