"""Promise: a legend says its place, if only "best": where Matplotlib finds that by itself and slowly, it warns."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    [*ROOT.glob("bplib/pictures/plots/*.py"), *ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_legend_says_its_place(path):
    said = re.findall(r"\.legend\(.*", path.read_text(encoding="utf-8"))
    assert [each for each in said if "loc=" not in each] == []
