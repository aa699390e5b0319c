"""The gates of one cell, opening and closing along a sequence, and how far its gradient comes back."""

from functools import lru_cache

import numpy as np

from bplib import lstm
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, slider

_ROWS = (("i", "f", "o"), ("c", "h"), ("dc",))
_NAMES = {
    "i": "input gate i, it writes",
    "f": "forget gate f, it keeps",
    "o": "output gate o, it shows",
    "c": "cell c",
    "h": "state h, what is seen of it",
    "dc": "∂c at the end / ∂c here",
}
_WIDTH, _HEIGHT, _LEGEND = 470, 160, 250  # three charts and the caption fit in a window of a laptop


def gate_explorer(x, Wx, Wh, b, start=None):
    """One cell of long short-term memory along a sequence, step by step, with a slider for the bias of its forget gate.

    x is (T, d), Wx (d, 4), Wh (1, 4) and b (4,), the parts in the order i, f, g, o; state and cell begin at zero. start
    is the step that is shown first, from 1 to T, the last one without it. The lowest curve says how much the last cell
    would change if the cell of a step were changed a little.
    """
    x, Wx, Wh, b = (np.asarray(array, dtype=float) for array in (x, Wx, Wh, b))
    if x.ndim != 2 or not len(x) or Wx.shape != (x.shape[1], 4) or Wh.shape != (1, 4) or b.shape != (4,):
        raise ValueError(
            f"x is {x.shape}, Wx is {Wx.shape}, Wh is {Wh.shape} and b is {b.shape};"
            " needed are (T, d), (d, 4), (1, 4) and (4,), with a single cell"
        )
    T = len(x)
    start = T if start is None else start

    @lru_cache(maxsize=64)
    def run(bias):
        return _run(x, Wx, Wh, np.array([b[0], bias, b[2], b[3]]))

    def caption(bias, step):
        now, k = run(bias), step - 1
        i, f, g, o, c, h, dc = (svg.number(round(now[name][k], 3)) for name in ("i", "f", "g", "o", "c", "h", "dc"))
        before = svg.number(round(now["c"][k - 1], 3)) if k else "0"
        return (
            f"Step {step} of {T}: i = {i}, f = {f}, o = {o}. The cell keeps f × {_signed(before)} of what it held and"
            f" adds i × {_signed(g)}: c = {c}. What is seen of it is h = o × tanh(c) = {h}. A small change of this cell"
            f" changes the last one by {dc} of it."
        )

    def draw(bias, step):
        said, now, pictures = caption(bias, step), run(bias), []
        for names in _ROWS:
            values = [now[name] for name in names]
            low, high = min(map(min, values)), max(map(max, values))
            low, high = (min(low, 0.0), max(high, 1.0)) if names != ("c", "h") else (min(low, -1.0), max(high, 1.0))
            room = 0.06 * (high - low)
            curves = {name: (range(1, T + 1), now[name]) for name in names}
            marks = {name: (step, now[name][step - 1], None) for name in names}
            label = f"{', '.join(_NAMES[name] for name in names)}, against the step. {said}"
            limits = 0.5, T + 0.5, low - room, high + room
            look = {"limits": limits, "marks": marks, "named": False, "width": _WIDTH, "height": _HEIGHT}
            pair = [svg.chart(curves, label, "step", ", ".join(names), **look), _legend(names)]
            # The color of the first curve says that it is a value; a gradient has its own.
            pictures += [picture.replace(svg.BLUE, svg.VERMILLION) if names == ("dc",) else picture for picture in pair]
        return pictures, said

    controls = [
        slider("step", start, 1, T, 1),
        slider("forget bias", float(b[1]), -5.0, 5.0, 0.5),
    ]
    first = float(b[1]), start
    return Explorer(controls[::-1], draw, draw(*first), caption(*first))


def _run(x, Wx, Wh, b):
    """Gates, states and the gradient of the last cell, each a list of T numbers."""
    zero = np.zeros((1, 1))
    gates = lstm.lstm_gates(x[None], zero, zero, Wx, Wh, b)
    state = lstm.lstm(x[None], zero, zero, Wx, Wh, b)
    values = dict(zip("ifgohc", [*gates[:, 0, :, 0], *state[:, 0, :, 0]], strict=True))
    back = [1.0]
    for t in range(len(x) - 1, 0, -1):  # the steps after t, begun in the state that t has left
        after = state[:, :, t:]
        upstream = np.zeros_like(after)
        upstream[1, :, -1] = 1.0
        begin = state[0, :, t - 1], state[1, :, t - 1]
        back.append(float(lstm.lstm_backward(upstream, after, x[None, t:], *begin, Wx, Wh, b)[2][0, 0]))
    return {name: curve.tolist() for name, curve in values.items()} | {"dc": back[::-1]}


def _signed(words):
    return f"({words})" if words.startswith("−") else words


def _legend(names):
    parts = [svg.key(k, _NAMES[name], 8, 24 + 26 * k) for k, name in enumerate(names)]
    return svg.document(_LEGEND, _HEIGHT, f"Legend: {', '.join(_NAMES[name] for name in names)}", parts)
