"""Promise: the bars are the softmax of the logits over the temperature, and the text is the one of that temperature."""

import re

import numpy as np
import pytest

from bplib.pictures import explorers
from bplib.pictures.explorers import stored

LINE, LETTERS = "a b\n", "\n ab<"
LOGITS = np.log(np.array([[1, 1, 1, 1, 4], [1, 2, 1, 1, 3], [2, 2, 1, 1, 2], [4, 1, 1, 1, 1]]) / 8)
WRITTEN = {0.5: "a<b" * 40, 1.0: "b a\nb", 1.5: ""}


def built(**more):
    return explorers.temperature_explorer(LINE, LETTERS, LOGITS, WRITTEN, **more)


def test_the_bars_say_the_probabilities_at_the_temperature():
    shown = built(place=1, temperature=0.5)
    p = np.array([1, 1, 1, 1, 16]) / 20
    assert re.findall(r">(0\.\d\d)<", shown.picture)[:5] == [f"{each:.2f}" for each in sorted(p, reverse=True)]
    assert "After 1 letters" not in shown.picture and "After 1 letter, at temperature 0.5" in shown.picture
    shown.controls["temperature"].value = 1.0
    assert re.findall(r">(0\.\d\d)<", shown.picture)[0] == "0.50"
    shown.controls["letters read"].value = 4
    assert "the likeliest letter, ¶, gets 0.50" in shown.picture


def test_the_text_is_that_of_the_temperature_and_long_lines_are_cut():
    shown = built(temperature=0.5)
    assert "a&lt;b" in shown.picture
    assert max(len(words) for words in re.findall(r'preserve">([^<]*)</text>', shown.picture)) <= 62 * 4
    shown.controls["temperature"].value = 1.0
    assert ">b a</text>" in shown.picture


def test_the_page_without_a_kernel_holds_every_place_and_temperature():
    assert len(stored.page(built())) > 0


@pytest.mark.parametrize("wrong", [{0.5: "a"}, {0.5: "a", 1.0: "b", 3.0: "c"}, {0.0: "a", 1.0: "b"}])
def test_temperatures_that_no_slider_has_are_refused(wrong):
    with pytest.raises(ValueError, match="evenly spaced"):
        explorers.temperature_explorer(LINE, LETTERS, LOGITS, wrong)
    with pytest.raises(ValueError, match="logits is"):
        explorers.temperature_explorer(LINE, LETTERS, LOGITS[1:], WRITTEN)
