"""The explorer of heads shows the weights of every head for one letter, and names the most decided of them."""

import re

import numpy as np
import pytest

from bplib.activations import softmax
from bplib.pictures import explorers
from bplib.pictures.explorers import stored

RNG = np.random.default_rng(0)
SENTENCES = {"To be or": None, "Ay, sir": None}
for text in SENTENCES:
    z = RNG.normal(size=(2, 3, len(text), len(text))) * 2
    SENTENCES[text] = softmax(np.where(np.tri(len(text), dtype=bool), z, -np.inf))


def at(text, place):
    explorer = explorers.heads_explorer(SENTENCES)
    explorer.controls["sentence"].value = text
    explorer.controls["letter"].value = place
    return explorer.picture


@pytest.mark.parametrize(("text", "place"), [("To be or", 7), ("To be or", 3), ("Ay, sir", 0), ("Ay, sir", 6)])
def test_it_shows_the_weights_of_the_letter_with_every_head(text, place):
    shown = [float(x) for x in re.findall(r'fill-opacity="([\d.]+)"', at(text, place))]
    a = SENTENCES[text][:, :, place].ravel()
    np.testing.assert_allclose(shown, 0.85 * a[a >= 0.005], atol=0.006)


def test_the_caption_names_the_head_that_looks_at_one_place_most():
    a = SENTENCES["To be or"][:, :, 7]
    layer, head, place = np.unravel_index(a.argmax(), a.shape)
    assert f"head {head} of layer {layer}: {a.max():.2f}".rstrip("0") in at("To be or", 7)
    assert ("itself" if place == 7 else f"{7 - place} letter") in at("To be or", 7)


def test_the_first_letter_looks_at_itself_alone():
    assert "1 of its weight is on itself" in at("Ay, sir", 0)


def test_a_place_behind_a_shorter_sentence_is_its_last_letter():
    assert at("Ay, sir", 7) == at("Ay, sir", 6)


def test_a_page_without_a_kernel_holds_every_picture():
    assert len(stored.page(explorers.heads_explorer(SENTENCES))) < stored.BYTES


@pytest.mark.parametrize(
    "wrong", [{"a": np.ones((1, 1, 1, 1))}, {"two": np.ones((3, 3))}, {"x" * 41: np.ones((1, 1, 41, 41))}]
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError, match="letters"):
        explorers.heads_explorer(wrong)
