"""Promise: the film of a cart shows what its states say, without a script, in both themes, and stands if asked to."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.pictures.carts import CartFilm
from bplib.worlds import CartPoles

STATES = np.array([[0.0, 0, 0.1, 0], [0.5, 0, 0, 0], [1.0, 0, -0.1, 0], [1.0, 0, 0, 0], [2.0, 0, 0.2, 0]])


def values(picture, kind):
    (found,) = re.findall(rf'type="{kind}" values="([^"]*)"', picture)
    return [float(value) for value in found.split(";")]


def test_it_moves_from_the_first_state_to_the_last_and_rests_there():
    picture = CartFilm({"one": STATES}).svg("one")
    assert values(picture, "translate") == [150, 254, 254]
    assert values(picture, "rotate") == [5.7, 11.5, 11.5]
    times = [list(map(float, times.split(";"))) for times in re.findall(r'keyTimes="([^"]*)"', picture)]
    assert {(first[0], first[-1]) for first in times[:2]} == {(0, 1)}


def test_it_is_shown_three_times_and_then_stands_still():
    picture = CartFilm({"one": STATES}).svg("one")
    assert set(re.findall(r'repeatCount="([^"]*)"', picture)) == {"3"}
    assert picture.count('fill="freeze"') == picture.count("repeatCount")


def test_an_episode_that_ends_early_is_crossed_out_when_it_ends_and_one_that_lasts_is_not():
    film = CartFilm({"short": STATES, "long": np.zeros((CartPoles.horizon, 4))})
    (shown,) = re.findall(
        r'attributeName="opacity" values="0;1" calcMode="discrete" keyTimes="0;([^"]*)"', film.svg("short")
    )
    assert float(shown) == pytest.approx(4 * CartPoles.seconds / 11.5, abs=1e-3)
    assert "opacity" not in film.svg("long").replace("stroke-opacity", "")


def test_all_films_take_the_same_time_which_is_that_of_the_longest():
    film = CartFilm({"short": STATES, "long": np.zeros((500, 4))})
    lasts = {tuple(re.findall(r'dur="([^"]*)"', film.svg(title))) for title in film.episodes}
    assert {each for lengths in lasts for each in lengths} == {"11.5s"}
    assert len(values(film.svg("long"), "rotate")) < 150


def test_it_is_a_picture_without_script_or_id_that_follows_the_theme():
    html = CartFilm({"a <b>": STATES})._repr_html_()
    picture = CartFilm({"a <b>": STATES}).svg("a <b>")
    ET.fromstring(picture)
    assert "<script" not in html and " id=" not in picture and "var(--jp-ui-font-color1" in picture
    assert not re.findall(r'(?:fill|stroke)="#', picture)


def test_whoever_asks_for_less_motion_sees_some_moments_and_nothing_that_moves():
    picture = CartFilm({"one": STATES}).svg("one")
    assert "@media (prefers-reduced-motion: reduce) {.bplib-moves {display: none}}" in picture
    still = picture[picture.index('<g class="bplib-still"') :]
    assert "animate" not in still and still.count("<rect") == 4
    assert re.findall(r">(step \d+)<", still) == ["step 1", "step 2", "step 3", "step 5"]


def test_what_is_printed_is_the_same_on_every_machine_and_the_caption_counts():
    film = CartFilm({"after update 1": STATES})
    assert str(film) == "a film of carts: after update 1" and film.caption == "after update 1: 5 steps."


def test_the_track_is_as_long_as_the_cart_may_go():
    left, length = re.search(r'd="M([\d.]+) \d+h([\d.]+)', CartFilm({"one": STATES}).svg("one")).groups()
    assert float(length) == pytest.approx(2 * 52 * CartPoles.edge, abs=0.1) and float(left) > 22  # half a cart


@pytest.mark.parametrize("episodes", [{}, {"one": np.zeros((0, 4))}, {"one": np.zeros((3, 2))}])
def test_what_is_no_episode_is_refused(episodes):
    with pytest.raises(ValueError, match=r"^CartFilm: the episodes are"):
        CartFilm(episodes)
