"""A network that reads digits: what it says of one that is chosen, and how each pixel speaks for an answer."""

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.cells import frame, gray_field
from bplib.pictures.explorers.widget import Explorer, slider, toggles

_LEFT, _SMALL, _CELL, _LEVELS = 14, 4, 20, 6
_ROW, _BARS = 18, 180  # the height of a bar, and the length of a probability of 1


def reading_explorer(images, labels, probabilities, gradients):
    """What a network says of an image, and the gradient of log p of each answer with respect to the image.

    images is (m, h, w) of ink, from 0 to 1, labels (m,), probabilities (m, k), and gradients (m, k, h, w): how much
    more ink in a pixel would raise log p of an answer. The fuller a pixel of the gradient, the larger it is among those
    of its picture; where it is negative, a minus stands, and where it is small, nothing.
    """
    images, probabilities, gradients = (np.asarray(a, dtype=float) for a in (images, probabilities, gradients))
    labels = np.asarray(labels)
    m, h, w = images.shape if images.ndim == 3 else (0, 0, 0)
    k = probabilities.shape[-1]
    if probabilities.shape != (m, k) or gradients.shape != (m, k, h, w) or labels.shape != (m,) or not m:
        raise ValueError(
            f"images is {images.shape}, labels {labels.shape}, probabilities {probabilities.shape} and gradients"
            f" {gradients.shape}; needed are (m, h, w), (m,), (m, k) and (m, k, h, w)"
        )
    said = probabilities.argmax(axis=1)
    step, top = w * _SMALL + 8, 24
    field_top = top + h * _SMALL + 42
    bars_left = _LEFT + w * _CELL + 60
    map_left = bars_left + _BARS + 108
    places = [(_LEFT + n * step, top) for n in range(m)]
    small = "".join(gray_field(-image, *at, _SMALL, -1, 0) for image, at in zip(images, places, strict=True))
    large = [gray_field(-image, _LEFT, field_top, _CELL, -1, 0) for image in images]

    def caption(n, answer):
        right = "and the network reads it so" if said[n] == labels[n] else f"and the network says {said[n]}"
        return (
            f"A {labels[n]}, {right}. On the right: where a pixel is filled, more ink would make it surer of {answer},"
            " and where a minus stands, less."
        )

    def bars(n):
        parts = []
        for j, p in enumerate(probabilities[n]):
            y = field_top + (j + 0.5) * _ROW
            weight = 'font-weight="bold"' if j == said[n] else ""
            width = max(round(float(p) * _BARS), 1)
            bar = f'x="{bars_left}" y="{svg.px(y - 6)}" width="{width}" height="12"'
            parts.append(svg.text(bars_left - 12, y, str(j), more=weight))
            parts.append(f'<rect data-bar="{j}" {bar} fill="{svg.BLUE}"/>')
            words = f"{100 * p:.0f} %" + (" ← the truth" if j == labels[n] else "")
            parts.append(svg.text(bars_left + width + 6, y, words, size=11, anchor="start"))
        return "".join(parts)

    def draw(n, answer):
        parts = [small, frame(places[n][0], top, w * _SMALL, (0, 0, 1, 1), svg.BLUE), large[n], bars(n)]
        parts.append(_signed_field(gradients[n, answer], map_left, field_top))
        parts += [
            svg.text(_LEFT, 12, "held-out digits: the network has learned from others", anchor="start"),
            svg.text(_LEFT, field_top - 14, "the image", svg.BLUE, anchor="start"),
            svg.text(bars_left, field_top - 14, "how probable it finds each answer", svg.BLUE, anchor="start"),
            svg.text(map_left, field_top - 14, f"gradient of log p({answer})", svg.VERMILLION, anchor="start"),
        ]
        width = max(map_left + w * _CELL + 30, _LEFT + m * step)
        height = field_top + max(h * _CELL, k * _ROW) + 14
        words = caption(n, answer)
        return [svg.document(width, height, f"A network reads digits. {words}", parts)], words

    start = 0, int(said[0])
    controls = [slider("digit", 0, 0, m - 1, 1), toggles("gradient for", list(range(k)), start[1])]
    return Explorer(controls, draw, draw(*start), caption(*start))


def _signed_field(array, left, top):
    """A field of squares, the fuller the larger, with a minus on those that are negative."""
    largest = float(np.abs(array).max()) or 1.0
    # Rounded first, so that an edge between two shades is the same on every machine.
    levels = np.ceil(np.round(np.abs(array) / largest * _LEVELS, 6)).astype(int)
    parts = []
    for level in range(2, _LEVELS + 1):
        for sign, color in ((1, svg.VERMILLION), (-1, svg.PURPLE)):
            at = np.argwhere((levels == level) & (np.sign(array) == sign)).tolist()
            if at:
                squares = "".join(f"M{column} {row}h1v1h-1z" for row, column in at)
                parts.append(f'<path d="{squares}" fill="{color}" fill-opacity="{level / _LEVELS:.2f}"/>')
    minus = "".join(
        f"M{column + 0.3:.1f} {row + 0.5:.1f}h.4" for row, column in np.argwhere((levels > 1) & (array < 0))
    )
    lines = f'<path data-role="minus" d="{minus}" stroke="{svg.INK}" stroke-width="0.1"/>'
    border = f'<path d="M0 0h{array.shape[1]}v{array.shape[0]}h-{array.shape[1]}z" fill="none" stroke="{svg.INK}"'
    border += ' stroke-width="0.05"/>'
    move = f'transform="translate({svg.px(left)} {svg.px(top)}) scale({_CELL})"'
    return f"<g {move}>{''.join(parts)}{lines}{border}</g>"
