"""The cart with its pole as a film: an animated SVG without a script, and a still where nothing is to move.

It moves by SMIL, as browsers do without JavaScript, three times and then no more. Whoever asks their system for less
motion sees some moments of the film side by side; so does whoever sees it where nothing moves.
"""

import math

from bplib.pictures.svg import BLUE, GREEN, INK, VERMILLION, document, figure, px, text
from bplib.worlds import CartPoles

_WIDTH, _HEIGHT, _SCALE = 300, 150, 52  # pixels; _SCALE of them to a meter, so that the track fits, and half a cart
_GROUND, _POLE = 112, 62  # where the cart runs, and how long the pole is
_EVERY = 4  # of so many states one is kept: 12.5 pictures a second, and the browser draws what is in between
_REST = 1.5  # seconds that the last picture stands before the film begins again
_ROUNDS = 3  # what moves without end next to a text is in its way
_STILLS, _SMALL = 4, 0.5
_CALM = (
    "<style>@media (prefers-reduced-motion: reduce) {.bplib-moves {display: none}}"
    "@media not (prefers-reduced-motion: reduce) {.bplib-still {display: none}}</style>"
)


class CartFilm:
    """Episodes side by side, each a film that is shown three times: a picture in a notebook, and a line of text.

    ``episodes`` is {title: states}, the states (T, 4) of one cart with T at least 1, as `policy.play_many` gives them;
    else ValueError. All films begin together, and each stands still when its own episode is over: with a cross where
    the pole leans too far or the cart is off the track, and without one if it has lasted as long as it may.
    """

    def __init__(self, episodes):
        """Keep the episodes; nothing is drawn yet."""
        self.episodes = {title: [[float(x) for x in state] for state in states] for title, states in episodes.items()}
        sizes = {title: {len(state) for state in states} for title, states in self.episodes.items()}
        if not sizes or any(each != {4} for each in sizes.values()):
            raise ValueError(f"CartFilm: the episodes are {sizes}; needed is (T, 4) for each, T at least 1")

    @property
    def caption(self):
        """How long each of the episodes lasts."""
        return ", ".join(f"{title}: {len(states)} steps" for title, states in self.episodes.items()) + "."

    def __str__(self):
        """The titles; the lengths of episodes are another machine's other ones."""
        return "a film of carts: " + ", ".join(self.episodes)

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def _repr_html_(self):
        return figure([self.svg(title) for title in self.episodes], self.caption)

    def svg(self, title):
        """The film of one episode."""
        states = self.episodes[title]
        label = f"A cart with a pole, {title}: {len(states)} steps of a fiftieth of a second each."
        track = _SCALE * CartPoles.edge
        middle = _WIDTH / 2
        ends = "".join(f"M{px(middle + side * track)} {_GROUND + 4}v14" for side in (-1, 1))
        parts = [
            _CALM,
            f'<path class="bplib-moves" d="M{px(middle - track)} {_GROUND + 11}h{px(2 * track)}{ends}"'
            f' stroke="{INK}" fill="none"/>',
            text(middle, 14, title, size=13),
            text(middle, _HEIGHT - 10, f"{len(states)} steps", size=12),
            _moving(states, max(map(len, self.episodes.values()))),
            _still(states),
        ]
        return document(_WIDTH, _HEIGHT, label, parts)


def _moving(states, longest):
    """The cart and its pole, moved from state to state in real time."""
    kept = [*range(0, len(states) - 1, _EVERY), len(states) - 1]
    whole = longest * CartPoles.seconds + _REST
    times = [*(k * CartPoles.seconds / whole for k in kept), 1.0]
    at, lean = _places([states[k] for k in kept])
    timing = f'keyTimes="{";".join(f"{each:.4f}".rstrip("0").rstrip(".") for each in times)}"'
    timing += f' dur="{px(whole)}s" repeatCount="{_ROUNDS}" fill="freeze"'

    def move(kind, values):
        listed = ";".join(px(value) for value in [*values, values[-1]])
        return f'<animateTransform attributeName="transform" type="{kind}" values="{listed}" {timing}/>'

    pole = f'<g transform="rotate({px(lean[0])})">{_pole()}{move("rotate", lean)}</g>'
    lost = ""
    if len(states) < CartPoles.horizon:
        shown = f'keyTimes="0;{times[-2]:.4f}" {timing[timing.index("dur") :]}'
        hidden = f'<animate attributeName="opacity" values="0;1" calcMode="discrete" {shown}/>'
        lost = f"<g>{hidden}{_cross()}</g>"
    group = f'<g transform="translate({px(at[0])})">{move("translate", at)}{_cart()}{pole}{_axle()}{lost}</g>'
    return f'<g class="bplib-moves" transform="translate(0 {_GROUND})">{group}</g>'


def _still(states):
    """Some moments of the episode side by side, each on a small track of its own and with the number of its step."""
    kept = sorted({(len(states) - 1) * k // (_STILLS - 1) for k in range(_STILLS)})
    wide, parts = _WIDTH / _STILLS, []
    for k, (step, state) in enumerate(zip(kept, (states[step] for step in kept), strict=True)):
        middle, lean = (k + 0.5) * wide, math.degrees(state[2])
        half = wide / 2 - 14  # of the track, with room for half a cart
        at = middle + half * state[0] / CartPoles.edge
        cross = _cross() if step == len(states) - 1 and len(states) < CartPoles.horizon else ""
        inner = f'{_cart()}<g transform="rotate({px(lean)})">{_pole()}</g>{_axle()}{cross}'
        parts += [
            text(middle, -64, f"step {step + 1}", size=11),
            f'<path d="M{px(middle - half)} 6h{px(2 * half)}" stroke="{INK}"/>',
            f'<g transform="translate({px(at)}) scale({_SMALL})">{inner}</g>',
        ]
    return f'<g class="bplib-still" transform="translate(0 {_GROUND})">{"".join(parts)}</g>'


def _places(states):
    """Where the cart stands, in pixels, and how the pole leans, in degrees to the right."""
    return [_WIDTH / 2 + _SCALE * state[0] for state in states], [math.degrees(state[2]) for state in states]


def _cart():
    return f'<rect x="-22" y="-10" width="44" height="18" rx="3" fill="{BLUE}"/>'


def _pole():
    return f'<path d="M0 0V-{_POLE}" stroke="{GREEN}" stroke-width="6" stroke-linecap="round"/>'


def _cross():
    return f'<path d="M-26 -38L26 14M26 -38L-26 14" stroke="{VERMILLION}" stroke-width="4"/>'


def _axle():
    return f'<circle r="3" fill="{INK}"/>'
