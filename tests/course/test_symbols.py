"""Promise: whatever symbol stands in a formula of a lesson stands on the page of symbols, with its meaning there."""

import re
from pathlib import Path

import pytest

from bplib.course.notebooks import canonical
from bplib.course.problems import LESSONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "notebooks" / "symbols.md").read_text(encoding="utf-8")
# What TeX needs to write a formula, and the functions and relations that have their names from school.
PLAIN = set(
    r"""\frac \tfrac \cdot \cdots \dots \times \pm \sum \sqrt \lim \to \infty \in \le \ge \neq \approx \mid \lvert
    \rvert \exp \max \min \sin \cos \tanh \arg \left \right \bigl \bigr \Bigl \Bigr \rVert \rfloor \prime \underbrace
    \log \ldots \quad \qquad \, \; \: \! \ \\ \{ \}""".split()
) | {"\\ "}
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\begin\{align\*?\}(.+?)\\end\{align\*?\}", re.DOTALL)
_WORDS = re.compile(r"\\(?:text|textbf|operatorname|begin|end|tag)\{[^}]*\}")
_SYMBOL = re.compile(r"\\mathrm\{[^}]*\}|\\[A-Za-z]+|\\.|[A-Za-z]", re.DOTALL)


def symbols(text):
    """The symbols in the formulas of a Markdown text: letters and commands, without words and plain TeX."""
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    formulas = (next(filter(None, found)) for found in _FORMULA.findall(text))
    found = {symbol for formula in formulas for symbol in _SYMBOL.findall(_WORDS.sub(" ", formula))}
    return found - PLAIN


def rows():
    """The rows of the tables on the page, (cells, heads)."""
    heads = None
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else None
        if cells is None:
            heads = None
        elif heads is None:
            heads = cells
        elif not set(line) <= set("|- "):
            yield [cell.strip(" |") for cell in cells], heads


def everywhere():
    """The symbols that mean the same in all lessons, in a list."""
    return [symbol for cells, heads in rows() if heads[0].strip(" |") == "symbol" for symbol in symbols(cells[0])]


def meanings():
    """What has another meaning in one lesson: (lesson, symbol), in a list."""
    return [(cells[0], symbol) for cells, heads in rows() if "lesson" in heads[0] for symbol in symbols(cells[1])]


def used_in(lesson):
    """The symbols in the formulas of a lesson."""
    cells = canonical.read(ROOT / "notebooks" / f"{lesson.LESSON}.ipynb").cells
    return set().union(*(symbols(cell.source) for cell in cells if cell.cell_type == "markdown"))


def number(lesson):
    return lesson.LESSON.partition("_")[0]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.LESSON)
def test_every_symbol_of_a_lesson_stands_on_the_page(lesson):
    here = {symbol for at, symbol in meanings() if at == number(lesson)}
    missing = used_in(lesson) - set(everywhere()) - here
    assert missing == set(), f"notebooks/symbols.md lacks {', '.join(sorted(missing))}"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.LESSON)
def test_a_meaning_that_the_page_gives_to_a_lesson_is_used_there(lesson):
    here = {symbol for at, symbol in meanings() if at == number(lesson)}
    assert here - used_in(lesson) == set()


def test_a_symbol_has_one_meaning_everywhere_and_lessons_with_others_exist():
    assert len(everywhere()) == len(set(everywhere())) > 30
    assert {lesson for lesson, _ in meanings()} <= set(map(number, LESSONS))


def test_the_page_is_linked_from_the_start_and_from_the_readme():
    start = canonical.read(ROOT / "notebooks" / "00_start_here.ipynb")
    assert any("](symbols.md)" in cell.source for cell in start.cells)
    assert "](notebooks/symbols.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"$\frac{\partial L}{\partial w_i}$", {r"\partial", "L", "w", "i"}),
        (r"$y_\text{pred}$ and `$q$`", {"y"}),
        ("$$\n\\mathrm{d}z = 2\\,z\n$$", {r"\mathrm{d}", "z"}),
        (r"$\operatorname{softmax}(z)$ costs 5", {"z"}),
        (r"\begin{align} a &= b \\ c &= d \end{align}", {"a", "b", "c", "d"}),
    ],
)
def test_symbols_are_letters_and_commands_and_no_words(text, found):
    assert symbols(text) == found
