"""The explorer of the chain rule walks a graph both ways, and a graph knows both kinds of accumulation."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from test_explorers import WIDGET, controls

from bplib import autodiff
from bplib.autodiff import Value
from bplib.pictures import diagrams, explorers


def two_paths():
    """L = x^2 (w x) at x = 2, w = 3: 24, with dL/dx = 36 over two paths, and dL/dw = 8."""
    x, w = Value(2.0, "x"), Value(3.0, "w")
    u, v = x**2, w * x
    L = u * v
    u.name, v.name, L.name = "u", "v", "L"
    L.backward()
    return L


def said(explorer):
    return explorer.picture.split("<p>")[1].removesuffix("</p>")


def test_reverse_shows_the_steps_of_the_graph():
    explorer = explorers.accumulation_explorer(two_paths())
    for step, count in ((0, 0), (3, 0), (4, 0), (5, 2), (7, 5)):
        controls(explorer)["step"].value = step
        picture = diagrams.graph(two_paths(), step)
        assert (
            explorer.picture
            == f"{picture.svg()}<p>Step {step} of 7. {picture.caption} Multiplications so far: {count}.</p>"
        )


def test_forward_shows_the_steps_along_the_leaf_and_starts_at_the_first():
    explorer = explorers.accumulation_explorer(two_paths())
    controls(explorer)["step"].value = 7
    controls(explorer)["accumulate"].value = "x"
    assert controls(explorer)["step"].value == 0 and controls(explorer)["step"].max == 3
    start = "Forward accumulation starts at the leaves: dx/dx = 1, dw/dx = 0."
    assert said(explorer) == f"Step 0 of 3. {start} Multiplications so far: 0."
    for _ in range(5):
        controls(explorer)["step"].value += 1
    assert said(explorer) == (
        "Step 3 of 3. L = 4 × 6 = 24; dL/dx = ∂L/∂u × du/dx + ∂L/∂v × dv/dx = 6 × 4 + 4 × 3 = 36."
        " Multiplications so far: 5."
    )
    controls(explorer)["step"].value -= 1
    assert "dv/dx = ∂v/∂w × dw/dx + ∂v/∂x × dx/dx = 2 × 0 + 3 × 1 = 3." in said(explorer)
    controls(explorer)["accumulate"].value = "reverse"
    assert controls(explorer)["step"].max == 7 and said(explorer).startswith("Step 0 of 7. The leaves are known")


def test_both_ways_are_counted_alike_by_the_edges_that_they_pass():
    explorer = explorers.accumulation_explorer(two_paths())
    for way, last in (("reverse", 7), ("x", 3), ("w", 3)):
        controls(explorer)["accumulate"].value = way
        controls(explorer)["step"].value = last
        assert said(explorer).endswith("Multiplications so far: 5.")


def test_every_leaf_with_a_name_can_be_chosen_and_a_constant_cannot():
    x = Value(2.0, "x")
    L = 3.0 * x
    L.backward()
    options = controls(explorers.accumulation_explorer(L))["accumulate"].options
    assert options == [("reverse", "reverse"), ("forward from x", "x")]


def test_a_graph_without_named_leaves_is_refused():
    L = Value(2.0) * Value(3.0)
    L.backward()
    with pytest.raises(ValueError, match="no leaf of this graph has a name"):
        explorers.accumulation_explorer(L)


def test_the_static_picture_is_the_whole_graph_every_time_and_after_every_move():
    explorer = explorers.accumulation_explorer(two_paths())
    controls(explorer)["accumulate"].value = "w"
    bundle = {k: v for k, v in explorer._repr_mimebundle_().items() if k != WIDGET}
    whole = diagrams.graph(two_paths())
    assert bundle == {"text/html": whole._repr_html_(), "text/plain": repr(whole)}


# The graph itself


@pytest.mark.parametrize("leaf, slope", [("x", 36), ("w", 8)])
def test_forward_accumulation_finds_the_derivative_and_needs_no_backward(leaf, slope):
    x, w = Value(2.0, "x"), Value(3.0, "w")
    L = x**2 * (w * x)
    L.name = "L"
    assert diagrams.graph(L, along=leaf).caption == f"L = 24; dL/d{leaf} = {slope}."


def test_forward_accumulation_agrees_with_backward_on_every_leaf():
    rng = np.random.default_rng(0)
    leaves = [Value(float(rng.uniform(0.5, 2)), name) for name in "abc"]
    a, b, c = leaves
    t = autodiff.tanh(a * b) + c
    L = autodiff.exp(t) * t / (a - autodiff.log(c)) + a
    L.name = "L"
    L.backward()
    for leaf in leaves:
        found = diagrams.graph(L, along=leaf.name).caption.split(" = ")[-1].rstrip(".").replace("−", "-")
        assert float(found) == pytest.approx(leaf.grad, rel=1e-3)


def test_the_whole_graph_has_the_derivatives_above_its_boxes_and_says_along_which_leaf():
    graph = diagrams.graph(two_paths(), along="x")
    root = ET.fromstring(graph.svg())
    svg = "{http://www.w3.org/2000/svg}"
    boxes = {
        g.get("data-node"): [t.text for t in g.iter(f"{svg}text") if t.get("data-role") == "gradient"]
        for g in root.iter(f"{svg}g")
    }
    assert boxes == {"x": ["1"], "w": ["0"], "u": ["4"], "v": ["3"], "L": ["36"]}
    assert "above: its derivative, d(box)/dx" in graph.svg()
    assert "d(node)/dx" in repr(graph) and "gradient" not in repr(graph)


def test_a_step_forward_points_ahead_where_a_step_back_points_back():
    ahead, back = diagrams.graph(two_paths(), 1, along="x").svg(), diagrams.graph(two_paths(), 7).svg()
    assert "l9 -4.5v9z" in back and "l9 -4.5v9z" not in ahead


def test_a_leaf_that_is_not_there_is_refused():
    for name in ("u", "z"):
        with pytest.raises(ValueError, match=f"no leaf '{name}'; the leaves are x, w"):
            diagrams.graph(two_paths(), along=name)


def test_there_is_one_step_for_each_result():
    assert diagrams.steps(two_paths(), along="x") == 3
    with pytest.raises(ValueError, match="steps 0 to 3"):
        diagrams.graph(two_paths(), 4, along="x")
