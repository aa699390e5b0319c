"""Computational graphs, one step at a time."""

from bplib.pictures import diagrams
from bplib.pictures.explorers.widget import Explorer, stepper


def graph_explorer(value):
    """The computational graph of value, one step forward or backward at a time; needs value.backward() before."""
    whole = diagrams.graph(value)
    step = stepper(diagrams.steps(value))

    def draw(step):
        picture = whole.at(step)
        return [picture.svg()], picture.caption

    return Explorer([step], draw, ([whole.svg()], whole.caption), repr(whole))
