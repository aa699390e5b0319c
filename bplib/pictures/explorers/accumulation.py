"""The chain rule on a graph: from the result to the leaves, or from one leaf to the result."""

from bplib.autodiff import topological_order
from bplib.pictures import diagrams
from bplib.pictures.explorers.widget import Explorer, menu, stepper

REVERSE = "reverse"


def accumulation_explorer(value):
    """Reverse and forward accumulation on the graph of value, one step at a time; needs value.backward() before.

    Reverse gives the gradients of all leaves on one way back; forward is chosen for one of the named leaves, and finds
    the derivative with respect to it on one way there. Both are counted alike: a multiplication for each edge passed.
    """
    leaves = [node.name for node in topological_order(value) if not node.parents and node.name]
    if not leaves:
        raise ValueError("no leaf of this graph has a name; forward accumulation starts at one, as Value(2.0, 'x')")
    graphs = {REVERSE: diagrams.graph(value)} | {leaf: diagrams.graph(value, along=leaf) for leaf in leaves}
    last = {way: diagrams.steps(value, None if way == REVERSE else way) for way in graphs}

    options = [(REVERSE, REVERSE), *((f"forward from {leaf}", leaf) for leaf in leaves)]
    way = menu("accumulate", options, REVERSE)
    step = stepper(last[REVERSE])

    def begin(change):  # before the picture is drawn, since no other way has as many steps
        step.value, step.max = 0, last[way.value]

    way.observe(begin, "value")

    def draw(way, step):
        picture = graphs[way].at(step)
        count = f"Multiplications so far: {picture.multiplications}."
        return [picture.svg()], f"Step {step} of {last[way]}. {picture.caption} {count}"

    whole = graphs[REVERSE]
    return Explorer([way, step], draw, ([whole.svg()], whole.caption), repr(whole))
