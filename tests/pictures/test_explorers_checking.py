"""The explorer of checks shows the cell that is chosen, at the tolerance that is chosen."""

import re
import xml.etree.ElementTree as ET

import pytest

from bplib.pictures import explorers

ERRORS = {
    "none": {"good": {"dW": 3e-10, "db": 0.0}, "float32": {"dW": 0.3, "db": 1e-9}},
    "early": {"good": {"dW": 0.01, "db": 0.0001}, "float32": {"dW": 0.02, "db": 0.0}},
}


def build():
    return explorers.checks_explorer(ERRORS, "early", "good")


def controls(explorer):
    return explorer.controls


def bars(explorer):
    return {name: float(w) for name, w in re.findall(r'data-bar="(\w+)"[^>]* width="([\d.]+)"', explorer.picture)}


def test_the_sentence_is_that_of_the_chosen_cell():
    explorer = build()
    assert "is caught under the check" in explorer.picture
    assert "the largest relative error is 0.01, at dW." in explorer.picture
    controls(explorer)["tolerance, 10 to the"].value = -1
    assert "escapes under the check" in explorer.picture
    controls(explorer)["bug"].value, controls(explorer)["check"].value = "none", "float32"
    assert "The right code raises a false alarm" in explorer.picture
    controls(explorer)["check"].value = "good"
    assert "The right code passes" in explorer.picture
    assert "the largest relative error is below 1e-8." in explorer.picture  # rounding is no number to print


def test_the_bars_are_the_logarithms_of_the_errors():
    found = bars(build())
    assert found["dW"] / found["db"] == pytest.approx(6 / 4, abs=0.01)  # 1e-2 and 1e-4, from 1e-8 on
    explorer = build()
    controls(explorer)["bug"].value = "none"
    assert set(bars(explorer).values()) == {0}


def test_the_static_picture_is_well_formed_and_stays():
    first, second = build(), build()
    controls(second)["bug"].value = "none"
    assert first._static == second._static
    ET.fromstring(f"<div>{first._static['text/html']}</div>")
    assert re.search(r"early\s+caught\s+caught", first._static["text/plain"])
    assert re.search(r"none\s+passes\s+false alarm", first._static["text/plain"])


def test_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="'late'"):
        explorers.checks_explorer(ERRORS, "late", "good")
    with pytest.raises(ValueError, match="'float16'"):
        explorers.checks_explorer(ERRORS, "early", "float16")
