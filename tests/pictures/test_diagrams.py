"""The picture of a graph holds the graph's numbers, says what each step does, and can be read."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path
from urllib.parse import unquote

import pytest

from bplib import autodiff
from bplib.autodiff import Value
from bplib.operations import OPERATIONS
from bplib.pictures import diagrams, svg

SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    import bplib.losses  # noqa: F401  registers the operations

    w1, w2, w3 = (Value(v, f"w{i}") for i, v in enumerate((0.4, 0.7, 0.2), 1))
    x1, x2, x3 = (Value(v, f"x{i}") for i, v in enumerate((0.5, 0.3, 0.2), 1))
    z = w1 * x1 + w2 * x2 + w3 * x3 + Value(0.1, "b")
    z.name = "z"
    a = autodiff.apply(OPERATIONS["sigmoid"], z)
    a.name = "a"
    return _finished(autodiff.apply(OPERATIONS["binary_cross_entropy"], a, 1.0), "L")


def diamond():
    x = Value(2.0, "x")
    a, b = x + 1, x * -0.5
    a.name, b.name = "a", "b"
    return _finished(a * b, "f")


def two_neurons():
    x, total = Value(1.5, "x"), Value(0.2, "b3")
    for i, w in enumerate((0.4, -0.7), 1):
        h = autodiff.tanh(Value(w, f"w{i}") * x + Value(0.1 * i, f"b{i}"))
        h.name = f"h{i}"
        total = total + Value(0.6 * i, f"w{i + 2}") * h
    return _finished((total - 1.0) ** 2, "L")


def skip():
    x = Value(1.5, "x")
    h = autodiff.exp(x * x)
    return _finished(autodiff.log(h * h + 1.0) / x - x, "f")


def _finished(result, name):
    result.name = name
    result.backward()
    return result


BUILDERS = [neuron, diamond, two_neurons, skip]
EVERY_GRAPH = pytest.mark.parametrize("build", BUILDERS)


def parsed(picture):
    return ET.fromstring(picture)


def texts(root, role):
    """{node name: text} for one role."""
    return {
        g.get("data-node"): t.text
        for g in root.iter(f"{SVG}g")
        for t in g.iter(f"{SVG}text")
        if t.get("data-role") == role
    }


def boxes(root):
    return {g.get("data-node"): rectangle(g.find(f"{SVG}rect")) for g in root.iter(f"{SVG}g")}


def rectangle(rect):
    x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def curve(path):
    """Points along a path of M, H and C commands."""
    points = []
    for command, body in re.findall(r"([MHC])([^MHC]*)", path.get("d")):
        v = [float(n) for n in body.split()]
        if command == "M":
            points.append((v[0], v[1]))
        elif command == "H":
            (x, y), steps = points[-1], 20
            points += [(x + (v[0] - x) * k / steps, y) for k in range(1, steps + 1)]
        else:
            p, control = points[-1], [(v[0], v[1]), (v[2], v[3]), (v[4], v[5])]
            for k in range(1, 41):
                t = k / 40
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                points.append(tuple(sum(w * q[i] for w, q in zip(weights, (p, *control), strict=True)) for i in (0, 1)))
    return points


def edges(root):
    return [(p.get("data-edge").split(), curve(p)) for p in root.iter(f"{SVG}path") if p.get("data-edge")]


@EVERY_GRAPH
def test_the_svg_is_well_formed_labeled_and_free_of_style_and_ids(build):
    picture = diagrams.graph(build())
    root = parsed(picture.svg())
    assert root.get("role") == "img" and picture.caption in root.get("aria-label")
    assert not list(root.iter(f"{SVG}style"))
    assert not [e for e in root.iter() if "id" in e.attrib or "style" in e.attrib or "class" in e.attrib]


@EVERY_GRAPH
def test_every_node_shows_its_value_and_its_gradient(build):
    value = build()
    root = parsed(diagrams.graph(value).svg())
    nodes = autodiff.topological_order(value)
    assert list(texts(root, "value").values()) == [svg.number(node.data) for node in nodes]
    assert list(texts(root, "gradient").values()) == [svg.number(node.grad) for node in nodes]


@EVERY_GRAPH
def test_the_last_step_has_the_gradients_that_the_engine_found(build):
    value = build()
    root = parsed(diagrams.graph(value, diagrams.steps(value)).svg())
    nodes = autodiff.topological_order(value)
    assert list(texts(root, "gradient").values()) == [svg.number(node.grad) for node in nodes]


@EVERY_GRAPH
def test_every_edge_shows_its_local_derivative(build):
    value = build()
    shown = [t.text for t in parsed(diagrams.graph(value).svg()).iter(f"{SVG}text") if t.get("data-role") == "local"]
    nodes = autodiff.topological_order(value)
    assert shown == [svg.number(slope) for node in nodes for slope in node.local_derivatives()]


@EVERY_GRAPH
def test_no_two_boxes_with_their_numbers_overlap(build):
    root = parsed(diagrams.graph(build()).svg())
    # 22 px above and below a box hold its two numbers.
    tall = [(x0, y0 - 20, x1, y1 + 20) for x0, y0, x1, y1 in boxes(root).values()]
    for a, b in combinations(tall, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@EVERY_GRAPH
def test_edges_run_from_box_to_box_and_through_none(build):
    root = parsed(diagrams.graph(build()).svg())
    where = boxes(root)
    for (parent, child), points in edges(root):
        (x0, y0), (x1, y1) = points[0], points[-1]
        assert x0 == pytest.approx(where[parent][2], abs=0.11) and where[parent][1] < y0 < where[parent][3]
        assert x1 == pytest.approx(where[child][0], abs=0.11) and where[child][1] < y1 < where[child][3]
        for left, top, right, bottom in where.values():
            assert not any(left + 0.2 < x < right - 0.2 and top < y < bottom for x, y in points)


@pytest.mark.parametrize("build", [neuron, diamond])
def test_lines_do_not_cross_where_they_need_not(build):
    for (_, one), (_, other) in combinations(edges(parsed(diagrams.graph(build()).svg())), 2):
        if one[0][0] < other[-1][0] and other[0][0] < one[-1][0]:  # side by side
            assert (one[0][1] - other[0][1]) * (one[-1][1] - other[-1][1]) >= 0


@EVERY_GRAPH
def test_labels_of_edges_do_not_cover_each_other_or_a_box(build):
    root = parsed(diagrams.graph(build()).svg())
    labels = [
        (float(t.get("x")), float(t.get("y")), 6.5 * len(t.text))
        for t in root.iter(f"{SVG}text")
        if t.get("data-role") == "local"
    ]
    for (x, y, w), (u, v, t) in combinations(labels, 2):
        assert 2 * abs(x - u) >= w + t or abs(y - v) >= 11
    for left, top, right, bottom in boxes(root).values():
        assert not any(left < x < right and top < y < bottom for x, y, _ in labels)


@pytest.mark.parametrize("build", [neuron, diamond, two_neurons])
def test_the_graphs_of_the_lessons_fit_a_cell(build):
    root = parsed(diagrams.graph(build()).svg())
    assert float(root.get("width")) <= 900
    for x0, y0, x1, y1 in boxes(root).values():
        assert 0 <= x0 < x1 <= float(root.get("width")) and 0 <= y0 < y1 <= float(root.get("height"))


def test_parameters_are_outlined_in_green_and_the_legend_says_so():
    root = parsed(diagrams.graph(neuron()).svg())
    green = {g.get("data-node") for g in root.iter(f"{SVG}g") if g.find(f"{SVG}rect").get("stroke") == svg.GREEN}
    assert green == {"w1", "w2", "w3", "b"}
    assert "green outline: a parameter" in "".join(root.itertext())


def test_the_table_has_a_complete_row_for_every_node():
    value = neuron()
    rows = repr(diagrams.graph(value)).splitlines()
    assert rows[0].split() == ["node", "operation", "value", "gradient", "local", "derivatives"]
    assert len(rows) == 1 + 15 + 2
    cells = [re.split(r" {2,}", row) for row in rows]
    assert cells[14] == ["a", "σ(z)", "0.6341", "−1.577", "∂a/∂z = 0.232"]
    assert cells[3] == ["v1", "w1 × x1", "0.2", "−0.3659", "∂v1/∂w1 = 0.5, ∂v1/∂x1 = 0.4"]
    assert cells[1] == ["w1", "0.4", "−0.1829"]


def test_the_steps_of_the_neuron_say_its_numbers():
    value = neuron()
    captions = [diagrams.graph(value, step).caption for step in range(diagrams.steps(value) + 1)]
    assert len(captions) == 18  # the leaves, 8 results forward, dL/dL, 8 results backward
    known = "The leaves are known: w1 = 0.4, x1 = 0.5, w2 = 0.7, x2 = 0.3, w3 = 0.2, x3 = 0.2, b = 0.1."
    assert captions[0] == known
    assert captions[1] == "v1 = w1 × x1 = 0.4 × 0.5 = 0.2."
    assert captions[6] == "z = v5 + b = 0.45 + 0.1 = 0.55."
    assert captions[7] == "a = σ(z) = σ(0.55) = 0.6341."
    assert captions[9] == "Backward starts at the end: dL/dL = 1."
    assert captions[11] == "dL/dz = dL/da × ∂a/∂z = −1.577 × 0.232 = −0.3659."
    assert captions[17].startswith("dL/dw1 = dL/dv1 × ∂v1/∂w1 = −0.3659 × 0.5 = −0.1829; dL/dx1 = ")


def test_each_step_forward_reveals_one_value_and_no_gradient():
    value = neuron()
    for step in range(9):
        root = parsed(diagrams.graph(value, step).svg())
        assert len(texts(root, "value")) == 7 + step
        assert texts(root, "gradient") == {}
        assert not [t for t in root.iter(f"{SVG}text") if t.get("data-role") == "local"]


def test_each_step_backward_reveals_the_gradients_of_one_node_s_parents():
    value = neuron()
    for step, known in ((9, {"L"}), (10, {"L", "a"}), (11, {"L", "a", "z"}), (12, {"L", "a", "z", "v5", "b"})):
        assert set(texts(parsed(diagrams.graph(value, step).svg()), "gradient")) == known


def test_paths_add_up_at_the_diamond_and_the_sentence_shows_the_sum():
    value = diamond()
    first, second = (diagrams.graph(value, step) for step in (6, 7))
    assert first.caption.startswith("df/dx = df/db × ∂b/∂x = 3 × (−0.5) = −1.5 so far; ")
    assert texts(parsed(first.svg()), "gradient")["x"] == "−1.5 + …"
    assert second.caption.startswith("df/dx = −1.5 + df/da × ∂a/∂x = −1.5 + (−1) × 1 = −1.5 + (−1) = −2.5; ")
    assert texts(parsed(second.svg()), "gradient")["x"] == "−2.5"


def test_a_value_used_twice_by_one_operation_gets_both_gradients():
    a = Value(3.0, "a")
    square = _finished(a * a, "f")
    assert diagrams.graph(square, 3).caption == (
        "df/da = df/df × ∂f/∂a = 1 × 3 = 3 so far; df/da = 3 + df/df × ∂f/∂a = 3 + 1 × 3 = 3 + 3 = 6."
    )
    lines = edges(parsed(diagrams.graph(square).svg()))
    assert len(lines) == 2 and lines[0][1][0] != lines[1][1][0]


def test_names_made_up_for_unnamed_nodes_avoid_the_names_in_use():
    v1 = Value(2.0, "v1")
    picture = repr(diagrams.graph(_finished(v1 * v1 * 3.0, "f")))
    assert "v2    v1 × v1" in picture and "c1" in picture


def test_names_are_escaped():
    value = _finished(Value(1.0, "<x&>") * Value(2.0, 'w"'), "f")
    root = parsed(diagrams.graph(value, 1).svg())
    assert list(texts(root, "value")) == ["<x&>", 'w"', "f"]
    assert "<x&>" not in diagrams.graph(value)._repr_html_()


def test_without_backward_there_are_values_and_no_gradients():
    root = parsed(diagrams.graph(Value(2.0, "x") * 3.0).svg())
    assert list(texts(root, "value").values()) == ["2", "3", "6"]
    assert texts(root, "gradient") == {} and "gradient" not in "".join(root.itertext())


def test_a_single_leaf_is_a_graph():
    value = _finished(Value(2.0), "L")
    assert diagrams.steps(value) == 1
    assert texts(parsed(diagrams.graph(value, 1).svg()), "gradient") == {"L": "1"}


def test_steps_need_backward_first():
    with pytest.raises(ValueError, match=r"call f\.backward\(\)"):
        product = Value(2.0, "x") * Value(3.0, "w")
        product.name = "f"
        diagrams.graph(product, 0)


@pytest.mark.parametrize("step", [-1, 18])
def test_a_step_that_does_not_exist_is_refused(step):
    with pytest.raises(ValueError, match=rf"no step {step}.* 0 to 17"):
        diagrams.graph(neuron(), step)


def test_arrays_are_refused_by_name():
    with pytest.raises(ValueError, match="W holds an array"):
        diagrams.graph(autodiff.sum(Value([1.0, 2.0], "W")))


def test_a_graph_too_large_to_read_is_refused():
    value = Value(1.0, "x")
    for _ in range(300):
        value = value * 1.1
    with pytest.raises(ValueError, match="601 nodes"):
        diagrams.graph(value)


def test_the_mimebundle_holds_picture_caption_and_table():
    picture = diagrams.graph(neuron())
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"} and bundle["text/plain"] == repr(picture)
    div, instead, caption = ET.fromstring(f"<html>{bundle['text/html']}</html>")
    assert picture.svg() in bundle["text/html"] and div.get("style") == "font-size:0"
    assert caption.text == picture.caption and picture.caption in instead[0].get("alt")


def test_an_image_stands_in_where_the_page_removes_svg_and_hidden():
    value = neuron()
    picture = diagrams.graph(value)
    instead = ET.fromstring(f"<html>{picture._repr_html_()}</html>")[1]
    assert "hidden" in instead.keys()
    kind, _, data = instead[0].get("src").partition(",")
    root = parsed(unquote(data))
    assert kind == "data:image/svg+xml" and "--jp-" not in data
    assert root[0].get("fill") == "white"
    assert texts(root, "gradient") == texts(parsed(picture.svg()), "gradient")


def test_another_process_with_another_hash_seed_draws_the_same_bytes():
    code = "import test_diagrams as t; from bplib.pictures.diagrams import graph; "
    code += "print([graph(b(), s)._repr_mimebundle_() for b in t.BUILDERS for s in (None, 3, 7)])"
    outputs = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            capture_output=True,
            check=True,
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1 and len(outputs.pop()) > 10_000


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-0.36588, "−0.3659"),
        (2.0, "2"),
        (154811.3, "154811"),
        (1.5e-5, "1.5e−05"),
        (1e9, "1e+09"),
    ],
)
def test_numbers_have_four_digits_and_a_minus_sign(x, expected):
    assert svg.number(x) == expected


NEAR = (-1e-12, 0.0, 1e-12)  # what other machines may have in the last bits


@pytest.mark.parametrize(("x", "expected"), [(187.15, "187.2"), (0.25, "0.2"), (300.0, "300"), (0.0, "0")])
def test_a_length_is_written_the_same_whatever_its_last_bits_are(x, expected):
    assert {svg.px(x + last) for last in NEAR} == {expected}


def test_a_chart_is_the_same_whatever_the_last_bits_of_its_points_are():
    def drawn(last):
        line = [k / 10 + last for k in range(90)]
        return svg.chart({"": (line, line)}, "", "x", "y", limits=(0, 9, 0, 9), width=149)  # 1.05 pixels from x to x

    assert drawn(NEAR[0]) == drawn(NEAR[1]) == drawn(NEAR[2])


def chart(**more):
    zs = [-2.0, 0.0, 2.0]
    curves = {"a < b": (zs, [4.0, 0.0, 4.0]), "line": (zs, [-2.0, 0.0, 2.0])}
    marks = {"a < b": (1.0, 1.0, 2.0), "line": (0.0, 0.0, None)}
    return parsed(svg.chart(curves, "two curves", "z", "L", limits=(-2, 2, -2, 4), marks=marks, **more))


def test_a_chart_is_labeled_and_has_neither_style_nor_ids():
    root = chart()
    assert root.get("aria-label") == "two curves" and root.get("role") == "img"
    assert not [e for e in root.iter() if e.tag == f"{SVG}style" or "id" in e.attrib or "style" in e.attrib]
    assert {"z", "L", "a < b", "line", "−2", "0", "2"} <= {t.text for t in root.iter(f"{SVG}text")}


def test_a_chart_places_curve_mark_and_tangent_by_the_axes():
    root = chart(width=476, height=358)
    plot = root.find(f"{SVG}svg")
    w, h = float(plot.get("width")), float(plot.get("height"))
    curves = {p.get("data-curve"): p for p in plot.iter(f"{SVG}path") if p.get("data-curve")}
    ends = [tuple(map(float, point.split())) for point in curves["line"].get("d")[1:].split("L")]
    assert ends[0] == pytest.approx((0, h), abs=0.1) and ends[-1] == pytest.approx((w, h / 3), abs=0.1)
    mark = plot.find(f"{SVG}circle")
    assert float(mark.get("cx")) == pytest.approx(0.75 * w, abs=0.1)
    assert float(mark.get("cy")) == pytest.approx(h / 2, abs=0.1)
    tangents = [p for p in plot.iter(f"{SVG}path") if p.get("data-role") == "tangent"]
    assert len(tangents) == 1  # the other mark has no slope
    (x0, y0), (x1, y1) = (tuple(map(float, point.split())) for point in tangents[0].get("d")[1:].split("L"))
    assert (y0 - y1) / (x1 - x0) == pytest.approx(2.0 * (h / 6) / (w / 4), rel=0.02)


def test_the_curves_of_a_chart_differ_by_more_than_color():
    dashes = [p.get("stroke-dasharray") for p in chart().iter(f"{SVG}path") if p.get("data-curve")]
    assert len(set(dashes)) == 2


def test_a_chart_without_limits_holds_all_its_points():
    root = parsed(svg.chart({"": ([0.0, 1.0], [5.0, 5.0])}, "flat", "x", "y", points=([0.5], [9.0])))
    plot = root.find(f"{SVG}svg")
    dot = next(p for p in plot.iter(f"{SVG}path") if p.get("data-role") == "points").get("d")
    x, y = map(float, dot[1:-2].split())
    assert 0 < x < float(plot.get("width")) and 0 < y < float(plot.get("height"))
