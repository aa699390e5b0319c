"""Promise: without a kernel a page has the very pictures that Python draws, and says where it has fewer."""

import base64
import json
import random
import re
import zlib
from itertools import product

import numpy as np
import pytest
from test_diagrams import neuron

from bplib.autodiff import topological_order
from bplib.pictures import explorers
from bplib.pictures.explorers import stored
from bplib.pictures.explorers.widget import Explorer, menu, selection, slider, stepper, toggles

SIZES = {2: np.ones((2, 2)), 1: np.full((3, 3), 2.0)}


def ordering():
    value = neuron()
    order = topological_order(value)
    leaves_first = sorted(order, key=lambda node: bool(node.parents))
    return explorers.order_explorer(value, {"topological": order, "leaves first": leaves_first})


SMALL = {
    "buttons and a slider": explorers.loss_explorer,
    "a stepper": lambda: explorers.graph_explorer(neuron()),
    "a menu that begins the steps anew": lambda: explorers.accumulation_explorer(neuron()),
    "buttons that begin the steps anew": ordering,
    "buttons that shorten the steps": lambda: explorers.pooling_explorer(np.arange(16.0).reshape(4, 4), SIZES),
}
each_small = pytest.mark.parametrize("build", SMALL.values(), ids=SMALL)


class Stored:
    """What is in the page of an explorer."""

    def __init__(self, html):
        [packed] = re.findall('data-pictures="([^"]*)"', html)
        everything = json.loads(zlib.decompress(base64.b64decode(packed)))
        self.pieces, self.variants, self.pictures = (everything[name] for name in ("pieces", "shown", "pictures"))
        self.places, self.resets = everything["places"], everything["resets"]

    def at(self, places):
        """The picture for places, and what the page shows of the controls then."""
        found = self.pictures
        for place in places:
            found = found[place]
        variant, *cut = found
        return "<".join(self.pieces[k] for k in cut), self.variants[variant]


def reached(explorer, places=()):
    """Move the controls of an explorer one after the other to all of their places, and yield these."""
    if len(places) == len(explorer.controls):
        yield places
        return
    control = list(explorer.controls.values())[len(places)]
    for place in range(len(control.options)):
        control.place = place
        yield from reached(explorer, (*places, place))


def count(pictures, depth):
    return len(pictures) if depth == 1 else sum(count(each, depth - 1) for each in pictures)


# Every picture


@each_small
def test_every_place_of_every_control_has_the_picture_that_python_draws(build):
    page, explorer = Stored(stored.page(build())), build()
    number = 0
    for places in reached(explorer):
        assert list(places) == explorer.places
        assert page.at(places) == (explorer.picture, explorer.shown)
        number += 1
    assert number == count(page.pictures, len(explorer.controls)) > 10


def test_steps_that_depend_on_another_control_are_as_many_as_it_has():
    explorer = explorers.accumulation_explorer(neuron())
    lengths = [len(steps) for steps in Stored(stored.page(explorer)).pictures]
    forward = len(explorer.controls["step"].options)
    leaves = len(explorer.controls["accumulate"].options) - 1
    assert len(lengths) == 1 + leaves
    assert lengths[0] == forward and len(set(lengths)) > 1


@each_small
def test_an_explorer_begins_on_the_page_as_in_the_lesson_and_is_left_as_it_was(build):
    explorer, untouched = build(), build()
    page = Stored(stored.page(explorer))
    assert page.places == untouched.places
    assert page.at(page.places) == (untouched.picture, untouched.shown)
    for name, control in explorer.controls.items():
        assert (control.value, control.options) == (untouched.controls[name].value, untouched.controls[name].options)
    assert (explorer.picture, explorer.places, explorer.shown) == (
        untouched.picture,
        untouched.places,
        untouched.shown,
    )
    last = explorer.controls["step"] if "step" in explorer.controls else explorer.controls["logit z"]
    last.place = 2
    assert explorer.picture != untouched.picture  # it still follows


def test_an_explorer_that_was_moved_begins_there():
    explorer = explorers.accumulation_explorer(neuron())
    way, step = explorer.controls.values()
    way.place, step.place = 2, 3
    assert Stored(stored.page(explorer)).places == [2, 3]
    assert (way.place, step.place) == (2, 3)


def test_the_page_knows_which_controls_begin_anew_when_another_is_moved():
    known = {name: Stored(stored.page(build())).resets for name, build in SMALL.items()}
    assert known == {
        "buttons and a slider": [[], []],
        "a stepper": [[]],
        "a menu that begins the steps anew": [[1], []],
        "buttons that begin the steps anew": [[1], []],
        "buttons that shorten the steps": [[], [], []],
    }


def test_the_picture_of_the_notebook_stays_for_who_runs_no_scripts():
    explorer = explorers.graph_explorer(neuron())
    assert explorer._repr_mimebundle_()["text/html"] in stored.page(explorer)


# Fewer pictures


def numbered(*controls, draw=lambda *values: ([str(values)], "")):
    return Explorer(list(controls), draw, ([], ""), "")


def words(page, number):
    return page.at(page.places)[1][number]["labels"]


def test_a_slider_with_too_many_places_keeps_its_ends_its_beginning_and_every_so_many_th(monkeypatch):
    monkeypatch.setattr(stored, "PICTURES", 30)
    html = stored.page(numbered(slider("rate", 37, 0, 100, 1)))
    page = Stored(html)
    assert words(page, 0) == sorted({*map(str, range(0, 101, 4)), "37"}, key=int)  # 26 + 1; by 3 they were 34 + 1
    assert words(page, 0)[page.places[0]] == "37"
    assert html.endswith("<p>On this page: rate in larger steps than with a kernel.</p>")
    assert [page.at([k])[0] for k in range(27)] == [f"({word},)<p></p>" for word in words(page, 0)]


def test_the_longest_slider_is_thinned_first_and_buttons_and_lists_never(monkeypatch):
    monkeypatch.setattr(stored, "PICTURES", 100)
    options = [f"option {k}" for k in range(7)]
    html = stored.page(numbered(menu("kind", options, "option 0"), slider("long", 0, 0, 60, 1), stepper(2)))
    page = Stored(html)
    # 7 × 3 leaves room for four places, and of the steps that keep 0 and 60, twenty is the first with as few.
    assert (len(words(page, 0)), words(page, 1), len(words(page, 2))) == (7, ["0", "20", "40", "60"], 3)
    assert "On this page: long in" in html


def test_an_explorer_with_few_pictures_says_nothing_of_steps():
    assert "On this page" not in stored.page(numbered(slider("rate", 3, 0, 9, 1), toggles("way", ["a", "b"], "a")))


def noise(size):
    """A drawing of so many characters that none of its pictures can be compressed to much less than half."""
    return lambda *values: (["".join(random.Random(repr(values)).choices("0123456789abcdef", k=size))], "")


@pytest.mark.parametrize("limit", [50_000, 300_000])
def test_pictures_that_are_too_long_are_fewer_until_the_page_is_short_enough(limit, monkeypatch):
    monkeypatch.setattr(stored, "BYTES", limit)
    explorer = numbered(slider("a", 0, 0, 40, 1), slider("b", 5, 0, 30, 1), draw=noise(500))
    html = stored.page(explorer)
    assert limit / 5 < len(html.encode()) <= limit
    assert " in larger steps" in html
    page = Stored(html)
    for number, (first, begin, last) in enumerate([("0", "0", "40"), ("0", "5", "30")]):
        assert {words(page, number)[0], words(page, number)[-1]} == {first, last}
        assert words(page, number)[page.places[number]] == begin
    places = product(*(range(len(words(page, number))) for number in range(2)))
    for a, b in places:
        explorer.controls["a"].value, explorer.controls["b"].value = int(words(page, 0)[a]), int(words(page, 1)[b])
        assert page.at([a, b])[0] == explorer.picture


def test_pictures_that_no_thinning_makes_short_enough_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(stored, "BYTES", 50_000)
    explorer = numbered(toggles("way", list("abcd"), "a"), selection("place", range(5), 2), draw=noise(40_000))
    with pytest.raises(ValueError, match="an explorer with way, place are too large for a page"):
        stored.page(explorer)
    assert explorer.follows and explorer.places == [0, 2]
