"""The explorer of a training shows the answers and the losses of the chosen epoch."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.pictures import explorers

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}"
EPOCHS, M, K = 4, 12, 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(17, size=(M, 8, 8))
LABELS = RNG.integers(K, size=M)
P = RNG.dirichlet(np.ones(K), size=(EPOCHS + 1, M))
HISTORY = {"training": [1.2, 0.9, 0.5, 0.3, 0.2], "validation": [1.3, 1.0, 0.8, 0.7, 0.75]}


def build(**more):
    return explorers.epoch_explorer(
        **({"images": IMAGES, "labels": LABELS, "probabilities": P, "history": HISTORY} | more)
    )


def controls(explorer):
    return explorer.controls


def pictures(explorer):
    *found, said = ET.fromstring(f"<div>{explorer.picture}</div>")
    return found, said.text


def test_the_answers_under_the_images_are_those_of_the_epoch():
    explorer = build()
    for epoch in (0, 3, 4):
        controls(explorer)["epoch"].value = epoch
        (gallery, *_), said = pictures(explorer)
        answers = P[epoch].argmax(axis=1)
        words = [t.text for t in gallery.iter(f"{SVG}text")]
        pairs = zip(answers, LABELS, strict=True)
        assert words == [str(a) if a == t else f"{a}, not {t}" for a, t in pairs]
        assert f"{np.sum(answers == LABELS)} of these {M} are right" in said
        assert f"training loss {HISTORY['training'][epoch]:g}, validation loss {HISTORY['validation'][epoch]:g}" in said


def test_the_bars_are_the_probabilities_of_the_chosen_image():
    explorer = build()
    controls(explorer)["epoch"].value = 2
    controls(explorer)["image"].value = 7
    (*_, bars), said = pictures(explorer)
    heights = [float(r.get("height")) for r in bars.iter(f"{SVG}rect")]
    np.testing.assert_allclose(np.array(heights) / 160, P[2, 6], atol=1e-3)
    outlined = [r.get("data-class") for r in bars.iter(f"{SVG}rect") if r.get("stroke")]
    assert outlined == [str(LABELS[6])]
    share = float(re.search(r"truth (\d+\.\d)%", said).group(1))
    assert share == pytest.approx(100 * P[2, 6, LABELS[6]], abs=0.06)


def test_the_marks_on_the_curves_stand_at_the_epoch_and_the_legend_names_them():
    explorer = build()
    controls(explorer)["epoch"].value = 3
    (_, chart, legend, _), _ = pictures(explorer)
    plot = chart.find(f"{SVG}svg")
    circle = plot.find(f"{SVG}circle")
    assert float(circle.get("cx")) == pytest.approx(0.75 * float(plot.get("width")), abs=0.1)
    assert [t.text for t in legend.iter(f"{SVG}text")] == list(HISTORY)


def test_every_inked_pixel_is_drawn_once():
    (gallery, *_), _ = pictures(build())
    squares = sum(p.get("d").count("z") for p in gallery.iter(f"{SVG}path"))
    assert squares == np.count_nonzero(IMAGES)


def test_the_static_picture_stays_and_begins_after_the_first_epoch():
    first, second = build(), build()
    controls(second)["epoch"].value = 4
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1] and static[0]["text/plain"].startswith("Epoch 1 of 4")
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    images, labels, p = IMAGES[np.arange(20) % M], LABELS[np.arange(20) % M], P[:, np.arange(20) % M]
    explorer = build(images=images, labels=labels, probabilities=p)
    for value in range(2, 21):
        with stopwatch:
            controls(explorer)["image"].value = value
    assert stopwatch.milliseconds() < 10


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"labels": LABELS[:5]}, r"labels is \(5,\)"),
        ({"images": IMAGES.reshape(M, 64)}, r"images is \(12, 64\)"),
        ({"history": {"training": [1.0, 0.5]}}, r"'training': 2.*5 losses are needed"),
    ],
)
def test_what_does_not_fit_together_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        build(**wrong)
