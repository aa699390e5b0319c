"""Where the heads of a transformer look: a row for each head, over the letters of a sentence."""

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, menu, selection

_CELL, _HIGH, _LEFT, _TOP, _GAP = 19, 24, 104, 18, 10


def heads_explorer(sentences, letter=None):
    """One letter at a time: how much each head of each layer looks at it and at those before it.

    sentences is a dict of texts of 2 to 40 letters, each with its weights (layers, heads, t, t), whose rows add up to 1
    and are 0 behind the diagonal. ``letter`` is the place that is shown first, the last if it is None.
    """
    weights = {text: np.asarray(a, dtype=float) for text, a in sentences.items()}
    for text, a in weights.items():
        if not 2 <= len(text) <= 40 or a.ndim != 4 or a.shape[2:] != (len(text), len(text)):
            raise ValueError(
                f"{text!r} has {len(text)} letters and weights {a.shape}; needed are 2 to 40 letters and (layers,"
                " heads, letters, letters)"
            )
    first, longest = next(iter(weights)), max(map(len, weights))

    def draw(text, place):
        return _draw(text, weights[text], min(place, len(text) - 1), longest)

    begin = len(first) - 1 if letter is None else letter
    controls = [
        menu("sentence", list(weights), first),
        selection("letter", [(str(i), i) for i in range(longest)], begin),
    ]
    return Explorer(controls, draw, draw(first, begin), _said(first, weights[first], begin))


def _said(text, a, place):
    """For the letter, which head looks at one place most, and where that is."""
    layer, head, at = np.unravel_index(np.argmax(a[:, :, place, : place + 1]), (*a.shape[:2], place + 1))
    back = place - at
    where = "itself" if back == 0 else f"{_name(text[at])}, {back} {'letter' if back == 1 else 'letters'} before it"
    share = svg.number(round(float(a[layer, head, place, at]), 2))
    return (
        f"Letter {place}, {_name(text[place])}, in {text!r}. The most decided is head {head} of layer {layer}: {share}"
        f" of its weight is on {where}."
    )


def _name(letter):
    return {" ": "the space", "\n": "the end of a line"}.get(letter, letter)


def _draw(text, a, place, longest):
    said = _said(text, a, place)
    layers, heads = a.shape[:2]
    parts = []
    for layer in range(layers):
        for head in range(heads):
            y = _TOP + (layer * heads + head) * _HIGH + layer * _GAP
            parts.append(svg.text(_LEFT - 10, y + _HIGH / 2 - 1, f"layer {layer}, head {head}", size=11, anchor="end"))
            for j, letter in enumerate(text):
                x, weight = _LEFT + j * _CELL, a[layer, head, place, j]
                box = f'x="{x}" y="{y}" width="{_CELL - 1}" height="{_HIGH - 3}"'
                if weight >= 0.005:
                    parts.append(f'<rect {box} fill="{svg.BLUE}" fill-opacity="{0.85 * weight:.2f}"/>')
                shown = {" ": "␣", "\n": "⏎"}.get(letter, letter)
                faint = ' opacity="0.35"' if j > place else ""
                parts.append(svg.text(x + (_CELL - 1) / 2, y + _HIGH / 2 - 1, shown, size=12, more=faint))
            frame = f'x="{_LEFT + place * _CELL}" y="{y}" width="{_CELL - 1}" height="{_HIGH - 3}"'
            parts.append(f'<rect {frame} fill="none" stroke="{svg.INK}" stroke-width="1.5"/>')
    width, height = _LEFT + longest * _CELL + 12, _TOP + layers * heads * _HIGH + (layers - 1) * _GAP + 8
    return [svg.document(width, height, f"Heads. {said}", parts)], said
