"""The explorer of a network that reads shows its probabilities, the truth, and the signs of the gradient."""

import re

import numpy as np
import pytest

from bplib.pictures import explorers
from bplib.pictures.explorers import stored

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.random(size=(5, 8, 8)), np.array([2, 0, 1, 2, 1])
P = RNG.dirichlet(np.ones(3), size=5)
GRADIENTS = RNG.normal(size=(5, 3, 8, 8))


def build():
    return explorers.reading_explorer(IMAGES, LABELS, P, GRADIENTS)


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("answer", range(3))
def test_bars_are_the_probabilities_and_a_minus_stands_on_negative_slopes(n, answer):
    explorer = build()
    explorer.controls["digit"].value, explorer.controls["gradient for"].value = n, answer
    bars = re.findall(r'data-bar="(\d)" [^>]*width="(\d+)"', explorer.picture)
    np.testing.assert_allclose([int(width) for _, width in bars], 180 * P[n], atol=0.51)
    [minus] = re.findall(r'data-role="minus" d="([^"]*)"', explorer.picture)
    gradient = GRADIENTS[n, answer]
    large = np.ceil(np.round(np.abs(gradient) / np.abs(gradient).max() * 6, 6)) > 1
    assert minus.count("M") == np.sum(large & (gradient < 0))
    said = P[n].argmax()
    assert (
        f"A {LABELS[n]}, and the network {'reads it so' if said == LABELS[n] else f'says {said}'}" in explorer.picture
    )
    assert explorer.picture.count("← the truth") == 1 and f"surer of {answer}" in explorer.picture


def test_it_begins_with_the_answer_that_the_network_gives():
    assert build().controls["gradient for"].value == P[0].argmax()


def test_a_gradient_of_zeros_is_drawn_empty():
    explorer = explorers.reading_explorer(IMAGES, LABELS, P, 0 * GRADIENTS)
    assert 'data-role="minus" d=""' in explorer.picture and ">nan" not in explorer.picture


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="needed are"):
        explorers.reading_explorer(IMAGES, LABELS, P, GRADIENTS[:, :2])


def test_all_pictures_fit_into_a_page_with_every_place():
    page = stored.page(build())
    assert len(page) < 400_000 and "larger steps" not in page
