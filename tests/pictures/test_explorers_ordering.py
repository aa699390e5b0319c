"""The explorer of orders writes a list and reads it from its end, and says what a wrong order loses."""

import re
import xml.etree.ElementTree as ET

import pytest
from test_explorers import WIDGET, controls

from bplib import autodiff
from bplib.autodiff import Value, topological_order
from bplib.pictures import explorers


def diamond():
    """L = t s with s = u + t, t = tanh(u), u = w x: t and u are used twice."""
    w, x = Value(2.0, "w"), Value(0.5, "x")
    u = w * x
    t = autodiff.tanh(u)
    s = u + t
    L = t * s
    u.name, t.name, s.name, L.name = "u", "t", "s", "L"
    L.backward()
    return L


def nearest_first(value):
    """t before s, although s has still something to say about t."""
    order = [value]
    for node in order:
        order += [parent for parent in node.parents if parent not in order]
    return order[::-1]


def build():
    L = diamond()
    return explorers.order_explorer(L, {"inputs first": topological_order(L), "nearest first": nearest_first(L)})


def said(explorer):
    return explorer.picture.split("<p>")[1].removesuffix("</p>")


def at(explorer, step):
    controls(explorer)["step"].value = step
    return said(explorer)


def listed(explorer):
    """The names in the list, in their places."""
    boxes = re.findall(r'data-place="\d+".*?</g>', explorer.picture)
    return "".join((re.findall(r">(\w+)</text>", box) or [" "])[0] for box in boxes)


def test_the_list_is_written_name_by_name_and_stays():
    explorer = build()
    for step, names in enumerate(["      ", "w     ", "wx    ", "wxu   ", "wxut  ", "wxuts ", "wxutsL", "wxutsL"]):
        at(explorer, step)
        assert listed(explorer) == names
    assert "the list after step 3: w, x, u" in (at(explorer, 3), explorer.picture)[1]


def test_the_captions_say_what_is_written_and_what_is_handed_on():
    explorer = build()
    assert at(explorer, 0) == "Order inputs first, step 0 of 11. All values are known. Now the list is written."
    assert at(explorer, 1) == "Order inputs first, step 1 of 11. w is written: it has no inputs."
    assert at(explorer, 4) == "Order inputs first, step 4 of 11. t is written: u, its input, stands there already."
    assert (
        at(explorer, 5) == "Order inputs first, step 5 of 11. s is written: u and t, its inputs, stand there already."
    )
    assert at(explorer, 7) == "Order inputs first, step 7 of 11. The list is read from its end, where dL/dL = 1."
    assert at(explorer, 10) == "Order inputs first, step 10 of 11. t hands 2.523 × 0.42 = 1.06 to u."
    assert at(explorer, 11).endswith("At the end dL/dw = 0.9106, which is right; dL/dx = 3.643, which is right.")


def test_a_gradient_to_which_a_share_is_still_to_come_says_so():
    explorer = build()
    at(explorer, 8)
    assert "1.762 + …" in explorer.picture
    at(explorer, 9)
    assert "2.523<" in explorer.picture


def test_a_wrong_order_is_told_where_it_goes_wrong_and_what_it_costs():
    explorer = build()
    at(explorer, 6)
    assert 'data-role="late"' not in explorer.picture
    controls(explorer)["order"].value = "nearest first"
    assert controls(explorer)["step"].value == 0
    assert at(explorer, 4).endswith("s is written, but its input t is not in the list yet.")
    assert at(explorer, 9).startswith(
        "Order nearest first, step 9 of 11. t is read too early: a share of its gradient is still to come; t"
    )
    assert "s hands 0.7616 × 1 = 0.7616 to t, too late, for it has handed on already." in at(explorer, 10)
    assert explorer.picture.count('data-role="late"') == 1
    assert "dL/dw = 0.7507, where 0.9106 is right" in at(explorer, 11)


def test_the_same_input_twice_brings_two_shares():
    a = Value(3.0, "a")
    L = a + a
    L.name = "L"
    L.backward()
    explorer = explorers.order_explorer(L, {"only": topological_order(L)})
    last = at(explorer, controls(explorer)["step"].max)
    assert "L hands 1 × 1 = 1 to a; L hands 1 × 1 = 1 to a." in last
    assert last.endswith("dL/da = 2, which is right.")


def test_nodes_of_another_engine_can_be_drawn():
    class Node:
        def __init__(self, data, name, parents=(), op="", slopes=()):
            self.data, self.name, self.parents, self.op, self.slopes = data, name, parents, op, slopes
            self.grad = 1.0

        def local_derivatives(self):
            return self.slopes

    x = Node(2.0, "x")
    y = Node(7.0, "y", (x,), "times seven halves", (3.5,))
    explorer = explorers.order_explorer(y, {"only": [x, y]})
    assert "dy/dx = 3.5, where 1 is right" in at(explorer, 4)


def test_the_static_picture_is_the_last_step_of_the_first_order_and_stays():
    first, second = build(), build()
    controls(second)["order"].value = "nearest first"
    at(second, 5)
    bundles = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert bundles[0] == bundles[1]
    assert bundles[0]["text/plain"].startswith("w\nx\nu     w × x\nt     tanh(u)\n")
    ET.fromstring(f"<div>{bundles[0]['text/html']}</div>")
    assert list(controls(first)) == ["order", "step"]


def test_what_is_no_order_of_the_graph_is_refused():
    L = diamond()
    order = topological_order(L)
    for wrong in (order[1:], order[::-1], [*order, L], [Value(1.0), *order[1:]]):
        with pytest.raises(ValueError, match="mine: a list of all 6 nodes of the graph is needed, the result last"):
            explorers.order_explorer(L, {"mine": wrong})
    with pytest.raises(ValueError, match=r"call value.backward\(\) before"):
        explorers.order_explorer(Value(1.0) + Value(2.0), {})
