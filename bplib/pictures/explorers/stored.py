"""An explorer on a page without a kernel: every picture that its controls can reach, computed beforehand.

Neighbors differ in little, so the pictures are cut at their tags, each piece is kept once, and a picture is a list of
pieces; what comes of it is compressed. `stored.js` puts them together again.
"""

import base64
import json
import zlib
from math import prod
from pathlib import Path

_HERE = Path(__file__).parent
BYTES, PICTURES = 400_000, 2_500
"""What one explorer may add to a page, and how many pictures are drawn for it."""


def page(explorer):
    """HTML in which the explorer moves by itself, once per page followed by `script`. Its sliders may be coarser.

    Where all pictures were too many, or too long, sliders keep every second place, or every third, and so on, with
    their ends and where they begin; the longest slider is thinned first. ValueError where that does not help.
    """
    controls, most = explorer.controls, PICTURES
    thinned, sliders = dict.fromkeys(controls, 1), [name for name in controls if controls[name].kind in _SLIDERS]
    while True:
        while prod((long := _lengths(controls, thinned)).values()) > most:
            longest = max(sliders, key=long.get, default=None)
            if longest is None or long[longest] <= 3:
                raise ValueError(f"the pictures of an explorer with {', '.join(controls)} are too large for a page")
            thinned[longest] += 1
        html = _page(explorer, thinned)
        if (size := len(html.encode())) <= BYTES:
            return html
        most = min(prod(long.values()) * BYTES // size, prod(long.values()) - 1)  # if all are as long


def script():
    """What every page with explorers needs once: how they look, and what moves them."""
    css, render, stored = (_HERE.joinpath(name).read_text(encoding="utf-8") for name in _FILES)
    code = render.replace("export default", "const widget =") + stored
    return f'<style>{css}</style><script type="module">{code}</script>'


_SLIDERS = ("slider", "stepper")
_FILES = ("widget.css", "widget.js", "stored.js")


def _lengths(controls, thinned):
    return {name: len(_kept(control, thinned[name])) for name, control in controls.items()}


def _page(explorer, thinned):
    coarser = [name for name, by in thinned.items() if by > 1]
    said = f"<p>On this page: {' and '.join(coarser)} in larger steps than with a kernel.</p>" if coarser else ""
    stay = [name for name, control in explorer.controls.items() if control.stays]
    said += f"<p>With a kernel one can move these too: {', '.join(stay)}.</p>" if stay else ""
    still = explorer._repr_mimebundle_()["text/html"]
    return f'<div class="bplib-stored" data-pictures="{_packed(explorer, thinned)}">{still}</div>{said}'


def _packed(explorer, thinned):
    """The pieces, the pictures and the words of the controls, as text for an attribute."""
    controls, pieces, shown = list(explorer.controls.values()), {}, {}
    start = [control.value for control in controls]
    places = [_nearest(_kept(control, thinned[control.name]), control.place) for control in controls]

    def record():
        labels = json.dumps([_shown(control, thinned[control.name]) for control in controls])
        cut = (pieces.setdefault(piece, len(pieces)) for piece in explorer.drawn().split("<"))
        return [shown.setdefault(labels, len(shown)), *cut]

    explorer.follows = False  # every picture is asked for, and drawn, once
    try:
        pictures, resets = _reached(controls, thinned, record), _resets(controls)
        for control, value in zip(controls, start, strict=True):
            control.value = value
    finally:
        explorer.follows = True
    everything = {"pieces": list(pieces), "shown": list(map(json.loads, shown)), "pictures": pictures}
    text = json.dumps(everything | {"places": places, "resets": resets}, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _reached(controls, thinned, record):
    """What is recorded at all combinations of places: a list for the first control, of lists for the second, and so on.

    A control may set those behind it, and change how many places they have.
    """
    if not controls:
        return record()
    control, *others = controls
    reached = []
    for place in _kept(control, thinned[control.name]):
        control.place = place
        reached.append(_reached(others, thinned, record))
    return reached


def _resets(controls):
    """For each control those behind it, by number, that begin anew when it is moved."""
    resets = [[] for _ in controls]
    for i, control in enumerate(controls):
        for k in range(i + 1, len(controls)):
            control.place = 0
            if min(len(control.options), len(controls[k].options)) > 1:
                controls[k].place = 1
                control.place = 1
                if controls[k].place == 0:
                    resets[i].append(k)
    return resets


def _kept(control, by):
    """The places that stay of a slider of which every so many-th is kept: with it both ends, and where it begins."""
    last = len(control.options) - 1
    if control.stays:
        return [control.begin]
    return sorted({*range(0, last, by), last, *([control.begin] if control.begin <= last else [])})


def _nearest(places, place):
    return min(range(len(places)), key=lambda k: abs(places[k] - place))


def _shown(control, by):
    everything = control.shown()
    return everything | {"labels": [everything["labels"][place] for place in _kept(control, by)]}
