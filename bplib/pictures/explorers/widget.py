"""The widget around every picture that moves, and its sliders."""

import math
from html import escape

import ipywidgets as widgets

from bplib.pictures import svg

# JupyterLab listens to keys even while a slider has the focus (x cuts the cell), and a screen reader hears neither the
# names of handles (ipywidgets issue 3912) nor which of several buttons is pressed. The views of the widgets appear one
# by one, hence the waiting.
_ACCESSIBLE = """
const mend = (root) => {
  for (const control of root.querySelectorAll(".noUi-handle, button, input, select, [contenteditable]")) {
    control.setAttribute("data-lm-suppress-shortcuts", "true");
    let label, around = control;  // the nearest label is the control's own
    while (!label && around !== root) label = (around = around.parentElement).querySelector(".widget-label");
    if (label?.textContent && control.tagName !== "BUTTON") control.setAttribute("aria-label", label.textContent);
    if (control.isContentEditable) control.setAttribute("role", "textbox");
  }
  for (const group of root.querySelectorAll(".widget-toggle-buttons > div:not([role])")) {
    const press = () => {
      for (const button of group.children) button.setAttribute("aria-pressed", button.classList.contains("mod-active"));
    };
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", group.parentElement.querySelector(".widget-label").textContent);
    new MutationObserver(press).observe(group, { subtree: true, attributes: true, attributeFilter: ["class"] });
    press();
  }
};
const wait = (tries) => {
  const root = element.closest(".bplib-explorer");
  if (root) mend(root);
  if (tries > 0) setTimeout(wait, 200, tries - 1);
};
wait(15);
"""


class Explorer(widgets.VBox):
    """Controls above a picture.

    draw(*values of the controls) returns SVG pictures and a caption; still is such a pair to store in a notebook, and
    text what is printed where there is no HTML. extra widgets, such as buttons, stand beside the last of the controls.
    The attribute controls holds all of these by their names.
    """

    def __init__(self, controls, draw, still, text, extra=()):
        """Show the picture for the values that the controls have now."""
        self.controls = {control.description: control for control in (*controls, *extra)}
        self._static = {"text/html": svg.figure(*still), "text/plain": text}
        self._controls, self._draw = controls, draw
        self.picture = widgets.HTML()
        script = {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": _ACCESSIBLE}}
        wrap = widgets.Layout(flex_flow="row wrap", align_items="center")
        last = [widgets.HBox([controls[-1], *extra], layout=wrap)] if extra else controls[-1:]
        row = widgets.HBox([*controls[:-1], *last], layout=wrap)
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


def stepper(last):
    """A slider from step 0 to the last, and the buttons that move it by one; it stops at its ends."""
    step = slider(widgets.IntSlider, "step", 0, 0, last, 1)
    buttons = [widgets.Button(description=words, layout=widgets.Layout(width="5em")) for words in ("Back", "Next")]

    def move(by):
        step.value += by

    for by, button in zip((-1, 1), buttons, strict=True):
        button.on_click(lambda _, by=by: move(by))
    return step, buttons


def selection(name, options, value):
    """A slider over options, as wide as the others."""
    wide = widgets.Layout(width="26em", max_width="100%")
    return widgets.SelectionSlider(description=name, options=options, value=value, layout=wide)


def toggles(name, options, value):
    """Buttons of which one is pressed, each as wide as its words."""
    buttons = widgets.ToggleButtons(description=name, options=options, value=value)
    buttons.add_class("widget-inline-hbox")  # the name beside the buttons, as beside a slider
    buttons.style.button_width = "max-content"
    return buttons


def rounded(x, steps=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)):
    """x rounded to one of the steps times a power of ten: the ends of a slider, and its step."""
    power = 10.0 ** math.floor(math.log10(abs(x) or 1.0))
    nearest = min(steps, key=lambda step: abs(step * power - abs(x)))
    return math.copysign(float(f"{nearest * power:.1g}"), x)
