"""Computational graphs, one step at a time."""

import ipywidgets as widgets

from bplib import diagrams
from bplib.explorers.widget import Explorer, slider


def graph_explorer(value):
    """The computational graph of value, one step forward or backward at a time; needs value.backward() before."""
    whole = diagrams.graph(value)
    last = diagrams.steps(value)
    step = slider(widgets.IntSlider, "step", 0, 0, last, 1)
    back, forward = (
        widgets.Button(description=words, layout=widgets.Layout(width="5em")) for words in ("Back", "Next")
    )

    def move(by):
        step.value += by  # the slider stops at its ends

    back.on_click(lambda button: move(-1))
    forward.on_click(lambda button: move(1))

    def draw(step):
        picture = whole.at(step)
        return [picture.svg()], picture.caption

    return Explorer([step], draw, ([whole.svg()], whole.caption), repr(whole), [back, forward])
