"""The explorer of symptoms shows the curves of the chosen cause, and what each check says about it."""

import re
import xml.etree.ElementTree as ET

import pytest

from bplib.pictures import explorers

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}"
FINE = {"training": [2.0, 1.0, 0.5, 0.25], "validation": [2.1, 1.2, 0.8, 0.7]}
BAD = {"training": [2.3, 2.3, 2.2, 2.4], "validation": [2.4, 2.3, 2.5, 4.0]}
RUNS = {
    "none": (FINE, {"start": (False, "2.30"), "gradients": (False, "all agree")}),
    "slope": (BAD, {"start": (False, "2.30"), "gradients": (True, "first wrong: Z1")}),
    "softmax": (BAD, {"start": (True, "3.47"), "gradients": (True, "first wrong: Z2")}),
}


def build():
    return explorers.symptoms_explorer(RUNS, "slope")


def controls(explorer):
    return explorer.controls


def pictures(explorer):
    *found, said = ET.fromstring(f"<div>{explorer.picture}</div>")
    return found, said.text


def test_the_sentence_names_the_losses_of_the_epoch_and_the_first_check_that_sees_the_cause():
    explorer = build()
    assert pictures(explorer)[1] == (
        'Slope, epoch 4 of 4: training loss 2.40, validation loss 4.00; the first question to see it is "gradients".'
    )
    controls(explorer)["cause"].value, controls(explorer)["epoch"].value = "softmax", 2
    assert "Softmax, epoch 2 of 4: training loss 2.30, validation loss 2.30" in pictures(explorer)[1]
    assert 'to see it is "start"' in pictures(explorer)[1]
    controls(explorer)["cause"].value = "none"
    assert "no question sees anything" in pictures(explorer)[1]


def test_each_check_has_its_row_with_its_sentence():
    (*_, table), _ = pictures(build())
    assert [t.text for t in table.iter(f"{SVG}text")] == [
        *("start", "fine", "2.30"),
        *("gradients", "caught", "first wrong: Z1"),
    ]
    widths = {r.get("data-check"): float(r.get("stroke-width")) for r in table.iter(f"{SVG}rect")}
    assert widths == {"start": 1, "gradients": 2.5}


def test_the_curves_are_those_of_the_cause_before_the_healthy_ones():
    (chart, *_), _ = pictures(build())
    plot = chart.find(f"{SVG}svg")
    height = float(plot.get("height"))
    for name, losses in BAD.items():
        (line,) = [p for p in plot.iter(f"{SVG}path") if p.get("data-curve") == name]
        drawn = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", line.get("d"))]
        assert drawn == pytest.approx([height * (1 - loss / (1.05 * 4.0)) for loss in losses], abs=0.06)
    (behind,) = [p for p in plot.iter(f"{SVG}path") if p.get("data-role") == "contours"]
    drawn = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", behind.get("d"))]
    healthy = [*FINE["training"], *FINE["validation"]]
    assert drawn == pytest.approx([height * (1 - loss / (1.05 * 4.0)) for loss in healthy], abs=0.06)


def test_the_static_picture_stays_and_its_text_is_the_table_of_causes():
    first, second = build(), build()
    controls(second)["cause"].value = "none"
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1]
    lines = static[0]["text/plain"].splitlines()
    assert [line.split() for line in lines[1:]] == [["none", "-"], ["slope", "gradients"], ["softmax", "start"]]
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    long = {name: 10 * losses for name, losses in BAD.items()}
    explorer = explorers.symptoms_explorer({name: (long, checks) for name, (_, checks) in RUNS.items()}, "slope")
    for value in range(1, 40):
        with stopwatch:
            controls(explorer)["epoch"].value = value
    assert stopwatch.milliseconds() < 10


@pytest.mark.parametrize(
    ("runs", "cause", "message"),
    [
        (RUNS, "seed", "'seed' and 'none'"),
        (RUNS | {"slope": (BAD, {"start": (True, "")})}, "slope", "every cause needs the checks start, gradients"),
        (RUNS | {"slope": ({"training": [1.0]}, RUNS["slope"][1])}, "slope", r"\[1, 4\] losses"),
    ],
)
def test_what_does_not_fit_together_is_refused(runs, cause, message):
    with pytest.raises(ValueError, match=message):
        explorers.symptoms_explorer(runs, cause)
