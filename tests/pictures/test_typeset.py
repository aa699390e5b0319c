"""Promise: a formula is set as on paper: nothing overlaps, exponents stand above, and fractions have a line."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from bplib.pictures import typeset

x, two = typeset.words("x", letter=True), typeset.words("2", typeset.smaller(1.0))


def drawn(box):
    """The texts of a formula by their words: (x, y, size); and its paths."""
    tree = ElementTree.fromstring(typeset.document("a formula", box))
    texts = {}
    for node in tree:
        if node.tag.endswith("text"):
            texts.setdefault(node.text, (float(node.get("x")), float(node.get("y")), float(node.get("font-size"))))
    return tree, texts, [node.get("d") for node in tree if node.tag.endswith("path")]


def test_an_exponent_is_smaller_and_stands_above_to_the_right():
    _, texts, _ = drawn(typeset.raised(x, two))
    assert texts["2"][0] > texts["x"][0] and texts["2"][1] < texts["x"][1] and texts["2"][2] < texts["x"][2]


def test_a_fraction_has_one_part_above_a_line_and_one_below():
    _, texts, [line] = drawn(typeset.fraction(x, typeset.words("3")))
    height = float(re.match(r"M\S+ (\S+?)h", line)[1])
    assert texts["x"][1] < height < texts["3"][1]
    assert texts["x"][0] == pytest.approx(texts["3"][0], abs=1)


def test_parts_of_a_row_follow_each_other():
    _, texts, _ = drawn(typeset.row(typeset.words("7"), typeset.space(), x, typeset.words(" + "), typeset.words("exp")))
    places = [texts[words][0] for words in ("7", "x", " + ", "exp")]
    assert places == sorted(places) and len(set(places)) == 4


def test_parentheses_and_roots_are_as_high_as_what_they_hold():
    tall = typeset.fraction(x, two)
    assert typeset.parentheses(tall).above >= tall.above and typeset.parentheses(tall).width > tall.width
    assert typeset.root(tall).above > tall.above
    _, texts, paths = drawn(typeset.parentheses(x))
    assert {"(", ")"} <= set(texts) and not paths
    assert len(drawn(typeset.parentheses(tall))[2]) == 3


def test_the_whole_is_inside_of_its_picture_and_says_what_it_is():
    box = typeset.raised(typeset.parentheses(typeset.fraction(typeset.root(x), two)), two)
    tree, texts, _ = drawn(box)
    width, height = float(tree.get("width")), float(tree.get("height"))
    assert all(0 < at_x < width and 5 < at_y < height - 5 for at_x, at_y, _ in texts.values())
    assert tree.get("aria-label") == "a formula" and tree.get("role") == "img"
