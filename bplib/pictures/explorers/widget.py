"""The widget around every picture that moves, and its controls.

One widget for JupyterLab, Notebook, VS Code, Colab and pages without a kernel: the controls are the browser's own, made
by `widget.js`; the picture is SVG that Python draws. Between them go the places of the controls, and a picture.
"""

import math
from html import escape
from pathlib import Path

import anywidget
import traitlets

from bplib.pictures import svg


class Control(traitlets.HasTraits):
    """A name, the values to choose from, each with the words for it, and the one that is chosen.

    kind is what it looks like: a "slider", "buttons" of which one is pressed, a "menu", or a "stepper", a slider that
    begins at 0 and has a button for each direction.
    """

    value = traitlets.Any()
    options = traitlets.List()

    stays = False
    """Whether it stays where it begins on a page without a kernel, because there are too many pictures to store."""

    row = None
    """The row below the picture in which it stands; None above the picture."""

    def __init__(self, name, kind, options, value):
        """options are pairs of words and a value, or values that are words themselves."""
        self.name, self.kind = name, kind
        super().__init__(options=[each if isinstance(each, tuple) else (str(each), each) for each in options])
        self.value = value
        self.begin = self.place

    @traitlets.validate("value")
    def _among_the_options(self, proposal):
        if not self.options:
            return proposal.value
        values = [value for _, value in self.options]
        if self.kind in ("slider", "stepper") and all(isinstance(each, int | float) for each in values):
            return min(max(proposal.value, values[0]), values[-1])  # between two places of a slider is no harm
        if proposal.value not in values:
            raise ValueError(f"{self.name} is {proposal.value!r}; one of {', '.join(map(str, values))} is needed")
        return proposal.value

    @property
    def place(self):
        """The place of the value among the options, or of the nearest."""
        values = [value for _, value in self.options]
        if self.value in values:
            return values.index(self.value)
        return min(range(len(values)), key=lambda i: abs(values[i] - self.value))

    @place.setter
    def place(self, i):
        """Choose the value at this place."""
        self.value = self.options[i][1]

    @property
    def min(self):
        """The value of the first place."""
        return self.options[0][1]

    @property
    def max(self):
        """The value of the last place."""
        return self.options[-1][1]

    @max.setter
    def max(self, last):
        """For whole numbers: let there be so many places that this is the last, and no value beyond."""
        self.options = [(str(i), i) for i in range(self.min, last + 1)]
        self.value = min(self.value, last)

    def shown(self):
        """What `widget.js` has to know of it."""
        below = {} if self.row is None else {"row": self.row}
        return {"name": self.name, "kind": self.kind, "labels": [words for words, _ in self.options]} | below


class Explorer(anywidget.AnyWidget):
    """Controls above a picture.

    draw(*values of the controls) returns SVG pictures and a caption; still is such a pair to store in a notebook, and
    text what is printed where there is no HTML. The attribute controls holds the controls by their names, and picture
    what is shown; where follows is False, moves of the controls leave it as it is.
    """

    _esm = Path(__file__).with_name("widget.js")
    _css = Path(__file__).with_name("widget.css")
    shown = traitlets.List().tag(sync=True)
    places = traitlets.List(traitlets.Int()).tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)

    def __init__(self, controls, draw, still, text):
        """Show the picture for the values that the controls have now."""
        self.controls = {control.name: control for control in controls}
        self._static = {"text/html": svg.figure(*still), "text/plain": text}
        self._draw, self.follows = draw, True
        super().__init__()
        for control in controls:
            control.observe(self._update, ["value", "options"])
        self._update()

    def _update(self, change=None):
        if not self.follows:
            return
        with self.hold_sync():
            self.shown = [control.shown() for control in self.controls.values()]
            self.places = [control.place for control in self.controls.values()]
            self.picture = self.drawn()

    def drawn(self):
        """The picture for the values that the controls have now."""
        pictures, caption = self._draw(*(control.value for control in self.controls.values()))
        return f"{''.join(pictures)}<p>{escape(caption)}</p>"

    @traitlets.observe("places")
    def _moved(self, change):
        for control, place in zip(self.controls.values(), change.new, strict=True):
            if control.place != place:
                control.place = place

    def _repr_mimebundle_(self, **kwargs):
        widget, _ = super()._repr_mimebundle_(**kwargs)
        return widget | self._static


def slider(name, value, low, high, step):
    """A slider from low to high that shows as many digits as its step has; whole numbers where all four are."""
    if all(isinstance(each, int) for each in (value, low, high, step)):
        return Control(name, "slider", range(low, high + 1, step), value)
    digits = len(f"{step:.12f}".rstrip("0").partition(".")[2])
    places = [round(low + k * step, 12) + 0.0 for k in range(round((high - low) / step) + 1)]  # no 4e-16 for 0, no −0
    return Control(name, "slider", [(f"{x:.{digits}f}", float(f"{x:.12g}")) for x in places], value)


def stepper(last):
    """A slider from step 0 to the last, with buttons that move it by one; it stops at its ends."""
    return Control("step", "stepper", range(last + 1), 0)


def selection(name, options, value):
    """A slider over options."""
    return Control(name, "slider", options, value)


def toggles(name, options, value):
    """Buttons of which one is pressed."""
    return Control(name, "buttons", options, value)


def menu(name, options, value):
    """A list to choose from."""
    return Control(name, "menu", options, value)


def rounded(x, steps=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)):
    """x rounded to one of the steps times a power of ten: the ends of a slider, and its step."""
    power = 10.0 ** math.floor(math.log10(abs(x) or 1.0))
    nearest = min(steps, key=lambda step: abs(step * power - abs(x)))
    return math.copysign(float(f"{nearest * power:.1g}"), x)
