"""A network that predicts letters: what it expects at each place of a line, and what it writes, by temperature."""

from html import escape

import numpy as np

from bplib.activations import softmax
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, slider

_LEFT, _TOP, _ROW, _BARS, _MOST, _WIDE = 20, 30, 20, 260, 8, 62


def temperature_explorer(line, letters, logits, written, *, place=1, temperature=1.0):
    """The likeliest letters after each place of a line, as bars, and a text: p = softmax(logits / temperature).

    logits is (len(line), len(letters)), what a network says after each letter of the line. written is a text for each
    temperature that there is a slider for, evenly spaced. place, how many letters are read, and temperature are where
    the sliders begin.
    """
    logits, taus = np.asarray(logits, dtype=float), sorted(written)
    steps = np.diff(taus)
    if logits.shape != (len(line), len(letters)) or len(taus) < 2 or not np.allclose(steps, steps[0]) or taus[0] <= 0:
        raise ValueError(
            f"logits is {logits.shape}, the temperatures are {taus}; needed are {(len(line), len(letters))}, and at"
            " least two temperatures above 0, evenly spaced"
        )
    rows = {tau: _lines(text) for tau, text in written.items()}
    field_top = _TOP + 34 + _MOST * _ROW + 40
    height = field_top + 16 * max(map(len, rows.values())) + 12
    width = max(_LEFT * 2 + 8 * _WIDE, _LEFT * 2 + 9 * len(line))

    def draw(place, temperature):
        tau = min(taus, key=lambda each: abs(each - temperature))
        p = softmax(logits[place - 1] / tau)
        likeliest = np.argsort(-logits[place - 1], kind="stable")[:_MOST]
        read, rest = (escape(_shown(part)) for part in (line[:place], line[place:]))
        parts = [_mono(_LEFT, _TOP, f'<tspan font-weight="bold" text-decoration="underline">{read}</tspan>{rest}')]
        for row, k in enumerate(likeliest):
            y = _TOP + 34 + row * _ROW
            parts.append(svg.text(_LEFT + 40, y, _named(letters[k]), anchor="end"))
            wide = max(round(float(p[k]) * _BARS), 1)
            parts.append(f'<rect x="{_LEFT + 50}" y="{y - 7}" width="{wide}" height="13" fill="{svg.BLUE}"/>')
            parts.append(svg.text(_LEFT + 56 + wide, y, f"{p[k]:.2f}", size=11, anchor="start"))
        says = f"written at temperature {svg.number(tau)}"
        parts.append(svg.text(_LEFT, field_top - 18, says, svg.BLUE, anchor="start"))
        parts += [_mono(_LEFT, field_top + 16 * k, escape(words)) for k, words in enumerate(rows[tau])]
        first = _named(letters[likeliest[0]])
        caption = (
            f"After {place} letter{'s' * (place > 1)}, at temperature {svg.number(tau)}: the likeliest letter, {first},"
            f" gets {p[likeliest[0]]:.2f}, and the {_MOST} likeliest get {p[likeliest].sum():.2f} together."
        )
        return [svg.document(width, height, f"A network expects letters. {caption}", parts)], caption

    controls = [
        slider("letters read", place, 1, len(line), 1),
        slider("temperature", temperature, taus[0], taus[-1], round(float(steps[0]), 6)),
    ]
    still = draw(place, temperature)
    return Explorer(controls, draw, still, still[1])


def _mono(x, y, inner):
    look = f'font-family="monospace" font-size="13" fill="{svg.INK}" xml:space="preserve"'
    return f'<text x="{x}" y="{svg.px(y)}" {look}>{inner}</text>'


def _lines(text):
    """The lines of a text, each cut where it is too long."""
    return [line[k : k + _WIDE] for line in text.split("\n") for k in range(0, max(len(line), 1), _WIDE)]


def _shown(text):
    return text.replace("\n", "¶")


def _named(letter):
    return {" ": "␣", "\n": "¶"}.get(letter, letter)
