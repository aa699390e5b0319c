"""The explorer of a filter shows a window, its products and their sum, which is the entry of the map."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.convolution import conv2d
from bplib.pictures import explorers
from bplib.pictures.explorers import stored

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}"
IMAGE = np.random.default_rng(0).random(size=(12, 14))
FILTERS = {"edges": np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]), "spots": np.full((3, 3), 0.5)}


def build(**more):
    return explorers.filter_explorer(**({"image": IMAGE, "filters": FILTERS, "at": (2, 3)} | more))


def controls(explorer):
    return explorer.controls


def field(explorer, name):
    """The numbers in a field of the picture, in rows of three."""
    picture, _ = ET.fromstring(f"<div>{explorer.picture}</div>")
    (group,) = [g for g in picture.iter(f"{SVG}g") if g.get("data-field") == name]
    words = [t.text.replace("−", "-") for t in group.iter(f"{SVG}text")]
    assert words[0] == name
    return np.array(words[1:], dtype=float).reshape(3, 3)


def frames(explorer):
    return [tuple(map(int, found.split())) for found in re.findall(r'data-frame="(\d+ \d+)"', explorer.picture)]


@pytest.mark.parametrize("place", [(2, 3), (0, 0), (9, 11), (5, 7)])
@pytest.mark.parametrize("name", FILTERS)
def test_the_products_are_window_times_filter_and_their_sum_is_the_entry_of_the_map(name, place):
    explorer = build()
    controls(explorer)["filter"].value = name
    controls(explorer)["row"].value, controls(explorer)["column"].value = place
    window, W = IMAGE[place[0] : place[0] + 3, place[1] : place[1] + 3], FILTERS[name]
    np.testing.assert_allclose(field(explorer, "window"), window, atol=0.0051)
    np.testing.assert_allclose(field(explorer, "filter"), W)
    np.testing.assert_allclose(field(explorer, "products"), window * W, atol=0.0051)
    entry = conv2d(IMAGE[None, None], W[None, None], np.zeros(1))[0, 0][place]
    said = float(re.search(r"add up to ([−\d.]+)\.</p>", explorer.picture).group(1).replace("−", "-"))
    assert said == pytest.approx(entry, abs=6e-4)
    assert frames(explorer) == [place, place]


def test_every_pixel_and_every_entry_of_the_map_is_drawn_once():
    picture, _ = ET.fromstring(f"<div>{build().picture}</div>")
    squares = sum(p.get("d").count("h1v1h-1z") for p in picture.iter(f"{SVG}path"))
    assert squares == 12 * 14 + 10 * 12


def test_a_shade_does_not_hang_on_the_last_digit():
    image = np.full((6, 6), 0.5)
    almost = build(image=image * (1 + 1e-15), at=(0, 0))
    assert build(image=image, at=(0, 0)).picture == almost.picture


def test_the_sliders_reach_every_window_and_no_further():
    assert (controls(build())["row"].max, controls(build())["column"].max) == (9, 11)


def test_the_static_picture_is_the_first_and_stays():
    first, second = build(), build()
    controls(second)["row"].value = 7
    static = [{k: v for k, v in e._repr_mimebundle_().items() if k != WIDGET} for e in (first, second)]
    assert static[0] == static[1] and static[0]["text/plain"].startswith("Edges, window at row 2, column 3")
    ET.fromstring(f"<div>{static[0]['text/html']}</div>")


def test_a_move_takes_a_few_milliseconds(stopwatch):
    explorer = build(image=np.random.default_rng(1).random(size=(28, 28)))
    for value in range(3, 24):
        with stopwatch:
            controls(explorer)["row"].value = value
    assert stopwatch.milliseconds() < 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": np.zeros((3, 8, 8))},
        {"filters": {"a": np.zeros((3, 3)), "b": np.zeros((2, 2))}},
        {"filters": {"a": np.zeros((5, 5))}},
    ],
    ids=["three axes", "two sizes", "too large"],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError, match="image is"):
        build(**wrong)


OWN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


def test_each_of_the_nine_weights_of_ones_own_filter_can_be_set_and_the_map_follows():
    explorer = build(own=OWN)
    for index in np.ndindex(3, 3):
        controls(explorer)["w{}{}".format(*index)].value = 3
        assert controls(explorer)["filter"].value == "your own"
    np.testing.assert_allclose(field(explorer, "filter"), np.full((3, 3), 3.0))
    entry = conv2d(IMAGE[None, None], np.full((1, 1, 3, 3), 3.0), np.zeros(1))[0, 0][2, 3]
    said = float(re.search(r"add up to ([−\d.]+)\.</p>", explorer.picture).group(1).replace("−", "-"))
    assert said == pytest.approx(entry, rel=1e-3)
    controls(explorer)["filter"].value = "edges"
    np.testing.assert_allclose(field(explorer, "filter"), FILTERS["edges"])


def test_on_a_page_without_a_kernel_ones_own_filter_stays_as_it_begins_and_the_page_says_so():
    page = stored.page(build(own=OWN))
    assert "With a kernel one can move these too: w00, w01" in page
    assert len(page.encode()) <= stored.BYTES


def test_a_weight_that_cannot_be_chosen_is_refused():
    with pytest.raises(ValueError, match="whole numbers from -4 to 4"):
        build(own=OWN + 0.5)
