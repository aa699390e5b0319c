"""Attention weights, and what gradient descent on queries and keys makes of them."""

import math

import numpy as np

from bplib.activations import softmax_backward
from bplib.attention import attention, attention_backward, causal_mask
from bplib.losses import mse, mse_grad
from bplib.pictures import svg
from bplib.pictures.explorers.cells import number_field
from bplib.pictures.explorers.widget import Explorer, selection, stepper, toggles

_CELL, _TOP, _LEFT, _LINE, _ROOM = 44, 58, 64, 470, 46  # _ROOM: the height of the longest arrow


def attention_explorer(q, k, v, target, *, rate, steps=8, query=0):
    """One query at a time: whom it looks at, what it takes from there, and which way the gradient moves its weights.

    q is (t, d), k (s, d), v (s,) and target (t,), with t and s at most 6; the loss is the mean squared error. Each step
    moves q and k, and not v, against their gradients times the rate. Where t is s there is a causal mask to choose too.
    ``query`` is the one that is shown first.
    """
    q, k, v, target = (np.asarray(array, dtype=float) for array in (q, k, v, target))
    if q.ndim != 2 or k.ndim != 2 or q.shape[1] != k.shape[1] or v.shape != k.shape[:1] or target.shape != q.shape[:1]:
        shapes = q.shape, k.shape, v.shape, target.shape
        raise ValueError(
            "q is {}, k is {}, v is {} and target is {}; needed are (t, d), (s, d), (s,) and (t,)".format(*shapes)
        )
    if max(len(q), len(k)) > 6:
        raise ValueError(f"there are {len(q)} queries and {len(k)} keys; the picture has room for 6 of each")
    masks = {"none": None} | ({"causal": causal_mask(len(q))} if len(q) == len(k) else {})
    films = {name: _Film(q, k, v, target, mask, rate, steps) for name, mask in masks.items()}

    def draw(mask, i, step):
        return films[mask].draw(i, step)

    step = stepper(steps)
    controls = [
        toggles("mask", list(masks), "none"),
        selection("query", [(str(i), i) for i in range(len(q))], query),
        step,
    ]
    return Explorer(controls, draw, films["none"].draw(query, 0), films["none"].caption(query, 0))


class _Film:
    """Every step of one descent: the weights, the means, the gradients of the logits, and the loss."""

    def __init__(self, q, k, v, target, mask, rate, steps):
        self.v, self.target, self.frames = v, target, []
        self.seen = np.ones((len(q), len(k)), bool) if mask is None else mask
        values, wanted, mask = v[None, :, None], target[None, :, None], None if mask is None else mask[None]
        for _ in range(steps + 1):
            a = attention(q[None], k[None], np.eye(len(k))[None], mask)
            y = attention(q[None], k[None], values, mask)
            dy = mse_grad(y, wanted)
            dz = softmax_backward(dy @ values.swapaxes(1, 2), a, a)
            self.frames.append((a[0], y[0, :, 0], dz[0], float(mse(y, wanted))))
            dq, dk, _ = attention_backward(dy, y, q[None], k[None], values, mask)
            q, k = q - rate * dq[0], k - rate * dk[0]
        self.longest = max(float(np.abs(dz).max()) for _, _, dz, _ in self.frames) or 1.0

    def caption(self, i, step):
        """What the query takes, what is wanted, and which key gains and which loses."""
        _, y, dz, loss = self.frames[step]
        where = f"Query {i}, step {step}: y = {_short(y[i])}, wanted is {_short(self.target[i])}, loss {_short(loss)}."
        if np.abs(dz[i]).max() < 0.005:
            alone = self.seen[i].sum() == 1
            return f"{where} " + (
                "There is a single key to look at: nothing to choose." if alone else "Its weights hardly move."
            )
        up, down = int(dz[i].argmin()), int(dz[i].argmax())
        return f"{where} The step raises the logit of key {up} most, and lowers that of key {down} most."

    def draw(self, i, step):
        """The picture of one query at one step, and its caption."""
        a, _, dz, _ = self.frames[step]
        rows, columns = a.shape
        right = _LEFT + columns * _CELL + 46
        parts = []
        for name, array, left, color in (("a", a, _LEFT, svg.BLUE), ("dz", dz, right, svg.VERMILLION)):
            parts.append(number_field(name, array, left, _TOP, color, cell=_CELL, framed=[(i, 0, 1, columns)]))
            parts += [svg.text(left + (j + 0.5) * _CELL, _TOP - 29, f"key {j}", size=10) for j in range(columns)]
        parts += [
            svg.text(_LEFT - 8, _TOP + (r + 0.5) * _CELL, f"query {r}", size=11, anchor="end") for r in range(rows)
        ]
        parts += self._line(i, step, _TOP + rows * _CELL + 34 + _ROOM)
        said = self.caption(i, step)
        width = max(right + columns * _CELL + 14, _LINE + 2 * 24)
        height = _TOP + rows * _CELL + 34 + 2 * _ROOM + 30
        return [svg.document(width, height, f"Attention. {said}", parts)], said

    def _line(self, i, step, height):
        """The values on a line: the area of a dot is its weight, and its arrow says where the step moves its logit."""
        a, y, dz, _ = self.frames[step]
        low, high = min(self.v.min(), self.target.min()), max(self.v.max(), self.target.max())

        def at(value):
            return 36 + (value - low) / ((high - low) or 1.0) * (_LINE - 36)

        parts = [f'<path d="M24 {height}h{_LINE}" stroke="{svg.INK}" stroke-opacity="0.4"/>']
        for j in np.flatnonzero(self.seen[i]).tolist():
            x = at(self.v[j])
            radius = f'r="{svg.px(15 * math.sqrt(a[i, j]))}" fill="{svg.BLUE}" fill-opacity="0.45" stroke="{svg.BLUE}"'
            parts.append(f'<circle data-key="{j}" cx="{svg.px(x)}" cy="{height}" {radius}/>')
            parts.append(svg.text(x, height + _ROOM + 12, f"key {j}: {_short(self.v[j])}", size=10))
            length = -dz[i, j] / self.longest * _ROOM
            if abs(length) >= 2:
                tip = math.copysign(5, length)
                arrow = f"M{svg.px(x)} {height}v{svg.px(-length)}m-4 {svg.px(tip)}l4 {svg.px(-tip)}l4 {svg.px(tip)}"
                look = f'fill="none" stroke="{svg.VERMILLION}" stroke-width="2.5"'
                parts.append(f'<path data-arrow="{j}" d="{arrow}" {look}/>')
        for name, value, color, top in (("y", y[i], svg.BLUE, -1), ("wanted", self.target[i], svg.INK, 1)):
            x = svg.px(at(value))
            look = f'stroke="{color}" stroke-width="3" stroke-dasharray="{"none" if top < 0 else "4 3"}"'
            parts.append(f'<path data-mark="{name}" d="M{x} {height - 18}v36" {look}/>')
            parts.append(svg.text(at(value), height - 28 if top < 0 else height + 28, name, color, more=svg.HALO))
        return parts


def _short(x):
    return svg.number(round(float(x), 2))
