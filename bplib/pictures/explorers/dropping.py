"""Dropout on one image: its masks, what they let through, and the mean of many draws."""

import numpy as np

from bplib.layers import dropout, dropout_backward
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, slider

_CELL = 14  # pixels for each entry
_LEVELS = 5  # shades of a color
_TOP = 2.0  # the fullest color, in units of the largest entry: a kept entry is scaled up


def dropout_explorer(x, dy, uniform):
    """An image x of shape (h, w) and its upstream dy through dropout, both ways, with one mask after the other.

    uniform, shape (draws, h, w), holds random numbers from 0 to 1: in draw k the entries are kept where uniform[k - 1]
    is at least p. The fullest color stands for twice the largest entry of x, or of dy, or for more.
    """
    x, dy, uniform = np.asarray(x, dtype=float), np.asarray(dy, dtype=float), np.asarray(uniform)
    if x.ndim != 2 or dy.shape != x.shape or uniform.ndim != 3 or uniform.shape[1:] != x.shape:
        raise ValueError(
            f"x is {x.shape}, dy is {dy.shape} and uniform is {uniform.shape}; needed are (h, w), (h, w) and"
            " (draws, h, w)"
        )
    draws = len(uniform)

    def passed(p, draw):
        """The mask, the output, the mean output of all draws so far, and the gradient."""
        masks = uniform[:draw] >= p
        y = dropout(np.broadcast_to(x, masks.shape), masks, p)
        return masks[-1], y[-1], y.mean(axis=0), dropout_backward(dy, y[-1], x, masks[-1], p)

    def caption(p, draw):
        mask, y, mean, _ = passed(p, draw)
        sums = ", ".join(f"{name} {np.sum(array):.1f}" for name, array in (("x", x), ("y", y), ("mean of y", mean)))
        return (
            f"p = {p:.1f}, draw {draw} of {draws}: {int(mask.sum())} of {mask.size} entries are kept, each times"
            f" {svg.number(1 / (1 - p))}. Sum of all entries: {sums}."
        )

    def draw_pictures(p, draw):
        said = caption(p, draw)
        mask, y, mean, dx = passed(p, draw)
        ink, slope = _TOP * np.abs(x).max() or 1.0, _TOP * np.abs(dy).max() or 1.0
        forward = {"x": x / ink, "mask": mask / 2, "y": y / ink, f"mean of {draw}": mean / ink}
        backward = {"upstream dy": dy / slope, "the same mask": mask / 2, "dx": dx / slope}
        return [
            _row(forward, svg.BLUE, f"Forward: x, mask, y and the mean of y. {said}"),
            _row(backward, svg.VERMILLION, f"Backward: dy, the same mask and dx. {said}"),
        ], said

    controls = [
        slider("p", 0.5, 0.0, 0.9, 0.1),
        slider("draw", 1, 1, draws, 1),
    ]
    return Explorer(controls, draw_pictures, draw_pictures(0.5, 1), caption(0.5, 1))


def _row(named, color, label):
    """Fields of cells side by side, {name: array}: the fuller the color the larger an entry; a dash is a minus.

    A mask is drawn in the color of the text.
    """
    parts, x = [], 8
    for name, array in named.items():
        rows, columns = array.shape
        paint = svg.INK if "mask" in name else color
        shades = np.ceil(np.minimum(np.abs(array), 1) * _LEVELS).astype(int)
        parts.append(svg.text(x + columns * _CELL / 2, 10, name))
        for level in range(1, _LEVELS + 1):
            cells = "".join(f"M{j} {i}h1v1h-1z" for i, j in np.argwhere(shades == level).tolist())
            if cells:
                place = f'transform="translate({x} 22) scale({_CELL})"'
                parts.append(f'<path {place} d="{cells}" fill="{paint}" fill-opacity="{level / _LEVELS:.1f}"/>')
        dashes = "".join(
            f"M{x + j * _CELL + 4} {22 + i * _CELL + _CELL // 2}h{_CELL - 8}"
            for i, j in np.argwhere(array < 0).tolist()
        )
        if dashes:
            parts.append(f'<path data-role="minus" d="{dashes}" stroke="{svg.INK}"/>')
        size = f'width="{columns * _CELL}" height="{rows * _CELL}"'
        frame = f'fill="none" stroke="{svg.INK}" stroke-opacity="0.4"'
        parts.append(f'<rect data-field="{name}" x="{x}" y="22" {size} {frame}/>')
        x += columns * _CELL + 24
    return svg.document(x, 30 + rows * _CELL, label, parts)
