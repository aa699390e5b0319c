"""The widget around every picture that moves, and its sliders."""

import math
from html import escape

import ipywidgets as widgets

from bplib import svg

# JupyterLab listens to keys even while a slider has the focus (x cuts the cell), and the handles have no name for a
# screen reader (ipywidgets issue 3912). The views of the widgets appear one by one, hence the waiting.
_ACCESSIBLE = """
const mend = (tries) => {
  const root = element.closest(".bplib-explorer");
  const controls = root ? root.querySelectorAll(".noUi-handle, button, input, select, .widget-readout") : [];
  for (const control of controls) {
    control.setAttribute("data-lm-suppress-shortcuts", "true");
    const label = control.closest(".jupyter-widgets")?.querySelector(".widget-label");
    if (label?.textContent && control.tagName !== "BUTTON") control.setAttribute("aria-label", label.textContent);
  }
  if (tries > 0) setTimeout(mend, 200, tries - 1);
};
mend(15);
"""


class Explorer(widgets.VBox):
    """Controls above a picture.

    draw(*values of the controls) returns SVG pictures and a caption; still is such a pair to store in a notebook, and
    text what is printed where there is no HTML. extra widgets, such as buttons, stand beside the controls.
    """

    def __init__(self, controls, draw, still, text, extra=()):
        """Show the picture for the values that the controls have now."""
        self._static = {"text/html": svg.figure(*still), "text/plain": text}
        self._controls, self._draw = controls, draw
        self.picture = widgets.HTML()
        script = {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": _ACCESSIBLE}}
        wrap = widgets.Layout(flex_flow="row wrap", align_items="center")
        row = widgets.HBox([*controls, *extra], layout=wrap)
        super().__init__([row, self.picture, widgets.Output(outputs=(script,))])
        self.add_class("bplib-explorer")
        for control in controls:
            control.observe(self._update, "value")
        self._update()

    def _update(self, change=None):
        pictures, caption = self._draw(*(control.value for control in self._controls))
        self.picture.value = f"{''.join(pictures)}<p>{escape(caption)}</p>"

    def _repr_mimebundle_(self, **kwargs):
        return super()._repr_mimebundle_(**kwargs) | self._static


def slider(kind, name, value, low, high, step):
    """A slider, wide enough to be moved exactly, that shows as many digits as its step has."""
    wide = widgets.Layout(width="26em", max_width="100%")
    form = "d" if kind is widgets.IntSlider else f".{max(0, -math.floor(math.log10(step)))}f"
    return kind(value=value, min=low, max=high, step=step, description=name, layout=wide, readout_format=form)


def rounded(x, steps=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)):
    """x rounded to one of the steps times a power of ten: the ends of a slider, and its step."""
    power = 10.0 ** math.floor(math.log10(abs(x) or 1.0))
    nearest = min(steps, key=lambda step: abs(step * power - abs(x)))
    return math.copysign(float(f"{nearest * power:.1g}"), x)
