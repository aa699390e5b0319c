"""Promise: the course becomes a book whose links all lead somewhere, and which needs no kernel and no other host.

The book here is of two small lessons; what only the whole can show is in tests/browser/test_pages.py.
"""

import base64
import re
import sys
from pathlib import Path

import book_pages
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bplib import cli
from bplib.course.notebooks import canonical, releases
from bplib.pictures import explorers

ROOT = Path(__file__).resolve().parents[2]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
README = """# A course

| lesson | |
| --- | --- |
| [Words](notebooks/00_words.ipynb) | all of it |

## Open the course

Start with [the definition](notebooks/00_words.ipynb#the-definition).

## Later

Not on the first page.
"""
EXPLORER = "from bplib.pictures import explorers\n\nside = 2\nexplorers.loss_explorer()"


def notebook(cells):
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def words():
    """A lesson without an explorer: formulas of every kind, links, what cells print, a figure and a result of SymPy."""
    shown = [
        new_output("stream", name="stdout", text="printed\n"),
        new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"}),
        new_output("display_data", {"text/html": '<a href="../notebooks/01_moves.ipynb">map</a>', "text/plain": "map"}),
        new_output("execute_result", {"text/latex": r"$\displaystyle \frac{1}{3}$", "text/plain": "1/3"}),
    ]
    cells = [
        new_markdown_cell("# 00 · Words\n\nThe slope $f'(x)$ of $x^2$, as [lesson 01](01_moves.ipynb#watch-it) shows."),
        new_markdown_cell("## The definition\n\n$$\n\\frac{dL}{dx} = 2x\n$$"),
        new_markdown_cell(r"\begin{align} a &= b \\ c &= d \end{align}"),
        new_markdown_cell("Then the [exercises](../exercises/77_toy.ipynb)."),
        new_code_cell("print('printed')", outputs=shown, execution_count=1),
    ]
    return notebook(cells)


def moves(source=EXPLORER):
    """A lesson with an explorer, as it is stored: with a picture that stands still, and without a widget."""
    still = explorers.loss_explorer()._repr_mimebundle_()
    output = new_output("execute_result", {name: still[name] for name in ("text/html", "text/plain")})
    cells = [
        new_markdown_cell("# 01 · Moves\n\nAfter [lesson 00](00_words.ipynb)."),
        new_markdown_cell("## Watch it"),
        new_code_cell(source, id="explore", outputs=[output], execution_count=1),
        new_code_cell("raise ValueError('a cell behind the last explorer is not run')", id="behind"),
    ]
    return notebook(cells)


def exercise(answer="raise NotImplementedError  # YOUR CODE HERE"):
    """An exercise of one function, with this in it."""
    cells = [
        new_markdown_cell("# Toys\n\nHalf of $x$."),
        new_code_cell(f'def half(x):\n    """Half of x."""\n    {answer}', id="half"),
        new_code_cell('check("half", half)', id="half-check"),
    ]
    return notebook(cells)


def write(folder, notebooks):
    folder.mkdir(parents=True, exist_ok=True)
    for name, notebook in notebooks.items():
        (folder / f"{name}.ipynb").write_text(canonical.text(notebook), encoding="utf-8")


def released(folder):
    write(folder, {"77_toy": exercise()})
    return folder


@pytest.fixture(scope="module")
def site():
    """The module that makes the book; without its packages there is nothing to test."""
    return pytest.importorskip(
        "bplib.course.notebooks.site", reason="the extra `site` is not installed", exc_type=ImportError
    )


@pytest.fixture(scope="module")
def made(site, tmp_path_factory):
    """A course of two lessons and an exercise, and its book with JupyterLite in it, built over an older book."""
    folder = tmp_path_factory.mktemp("course")
    write(folder / "notebooks", {"00_words": words(), "01_moves": moves()})
    (folder / "notebooks" / "letters.md").write_text(
        "# Letters\n\n$x$, as in [words](00_words.ipynb).\n\n| a |\n| --- |\n| $y$ |\n"
    )
    write(folder / "exercises", {"77_toy": exercise("return 'written by a learner'")})
    write(folder / "solutions", {"77_toy": exercise("return x / 2")})
    (folder / "README.md").write_text(README)
    out = tmp_path_factory.mktemp("site") / "new"
    lite = out / "lite" / "lab" / "index.html"
    lite.parent.mkdir(parents=True)
    lite.write_text("ours")
    (out / ".buildinfo").write_text("an older book")
    (out / "notebooks").mkdir()
    (out / "notebooks" / "00_of_old.html").write_text("a lesson that is no more")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(releases, "RELEASED", released(tmp_path_factory.mktemp("released")))
        count = site.build(folder, out)
    assert lite.read_text() == "ours"
    return {"count": count, "folder": out, "pages": book_pages.read(out)}


@pytest.fixture
def small(site, tmp_path, monkeypatch):
    """A course without lessons, whose folder is the working one; it can be changed before it is built."""
    course = tmp_path / "course"
    for name in ("notebooks", "exercises"):
        (course / name).mkdir(parents=True)
    (course / "README.md").write_text("# A course\n\n[Toys](exercises/77_toy.ipynb)\n")
    monkeypatch.chdir(course)
    monkeypatch.setattr(releases, "RELEASED", released(tmp_path / "released"))
    return course


# The pages


def test_there_is_a_page_for_each_notebook_and_none_of_an_older_book(made):
    assert made["count"] == 3
    expected = [
        "exercises/77_toy",
        "index",
        "lite/lab/index",
        "notebooks/00_words",
        "notebooks/01_moves",
        "notebooks/letters",
        "search",
    ]
    assert sorted(made["pages"]) == [f"{name}.html" for name in expected]


def test_the_first_page_is_the_readme_up_to_its_second_section(made):
    page = made["pages"]["index.html"]
    assert "Open the course" in page.words and "Not on the first page" not in page.words
    assert {"notebooks/00_words.html", "notebooks/00_words.html#the-definition"} <= set(page.links)


def test_every_page_lists_all_others_and_leads_to_its_neighbors(made):
    for name in ("notebooks/00_words.html", "notebooks/01_moves.html", "exercises/77_toy.html"):
        linked = {link.rpartition("/")[2] for link in made["pages"][name].links}
        assert {"index.html", "00_words.html", "01_moves.html", "letters.html", "77_toy.html"} - {
            name.partition("/")[2]
        } <= linked
    relations = re.findall(r'<link rel="(next|prev)"[^>]*href="([^"]*)"', made["pages"]["notebooks/01_moves.html"].html)
    assert relations == [("next", "letters.html"), ("prev", "00_words.html")]


def test_every_link_leads_somewhere_and_nothing_comes_from_another_host(made):
    assert book_pages.lost(made["folder"], made["pages"]) == []
    assert book_pages.foreign(made["folder"], made["pages"]) == []


def test_links_that_lead_nowhere_and_files_of_other_hosts_would_be_seen(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"></p><a href="#here"></a><a href="#there"></a><a href="b.html"></a><img src="c.png" alt="a c">'
        '<img src="//far.org/d.png" alt=""><style>p { background: url(https://far.org/e.png) }</style>'
    )
    (tmp_path / "style.css").write_text('@import "https://far.org/f.css"; p { mask: url("data:image/svg+xml,") }')
    pages = book_pages.read(tmp_path)
    assert book_pages.lost(tmp_path, pages) == [
        f"a.html: {link}" for link in ("#there", "b.html", "c.png", "//far.org/d.png")
    ]
    assert [found.rpartition("/")[2] for found in book_pages.foreign(tmp_path, pages)] == ["d.png", "f.css", "e.png"]
    assert pages["a.html"].unnamed == 1


def test_formulas_in_words_and_in_results_are_mathml(made):
    page = made["pages"]["notebooks/00_words.html"]
    assert page.tags.count("math") == 5
    assert page.html.count('display="block"') == 3
    assert book_pages.unread(made["pages"]) == []
    assert book_pages.unread({"left": book_pages.Page(r"<p>the slope \(x\)</p>")}) == ["left"]


def test_what_cells_have_printed_and_drawn_is_shown_with_words_for_who_does_not_see_it(made):
    page = made["pages"]["notebooks/00_words.html"]
    assert "printed" in re.sub("<[^>]*>", "", page.html)
    [path] = re.findall(r'<img alt="A figure\. The text below it says what it shows\." src="([^"]*)"', page.html)
    assert (made["folder"] / "notebooks" / path).resolve().read_bytes() == base64.b64decode(PIXEL)
    assert [name for name, page in made["pages"].items() if page.unnamed] == []


def test_an_exercise_shows_what_is_released_whatever_a_learner_has_written_and_no_solution(made):
    page = made["pages"]["exercises/77_toy.html"]
    code = [cell.source for cell in exercise().cells if cell.cell_type == "code"]
    assert [source.strip() for source in page.sources] == code
    for name, page in made["pages"].items():
        assert not re.search("x / 2|written by a learner", re.sub("<[^>]*>", "", page.html)), name


def test_an_explorer_brings_its_pictures_and_what_moves_them_once(made):
    page = made["pages"]["notebooks/01_moves.html"]
    assert page.html.count('data-pictures="') == 1
    assert page.html.count("const widget =") == page.html.count("class Stored") == 1
    assert "data-pictures" not in made["pages"]["notebooks/00_words.html"].html


def test_every_page_leads_to_its_notebook_in_a_jupyterlite_beside_it(made):
    for folder, stem in (("notebooks", "00_words"), ("notebooks", "01_moves"), ("exercises", "77_toy")):
        page = made["pages"][f"{folder}/{stem}.html"]
        assert f"../lite/lab/index.html?path={folder}/{stem}.ipynb" in page.links
    assert "lite/lab/index.html" in made["pages"]["index.html"].links


# The command


def test_pages_are_renewed_and_the_same_course_gives_the_same_pages(small, tmp_path, capsys):
    def build():
        assert cli.main(["site", "--out", str(tmp_path / "out")]) == 0
        assert f"1 pages are in {tmp_path / 'out'}; the first is" in capsys.readouterr().out
        return {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}

    first = build()
    assert not any("lite" in link for link in book_pages.read(tmp_path / "out")["index.html"].links)
    (small / "README.md").write_text("# Another\n")
    second = build()
    (small / "README.md").write_text("# A course\n\n[Toys](exercises/77_toy.ipynb)\n")
    assert build() == first != second


def test_a_folder_with_something_else_in_it_is_left_alone(small, tmp_path, capsys):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    assert cli.main(["site", "--out", str(tmp_path / "notes")]) == 1
    assert "holds mine.txt, which is no part of a book; name a new or an empty folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["mine.txt"]
    assert cli.main(["site", "--out", str(tmp_path / "notes" / "mine.txt")]) == 1
    assert "is a file; --out takes a folder" in capsys.readouterr().err


def test_a_formula_that_nobody_can_read_and_a_link_that_leads_nowhere_are_named_with_their_place(
    small, tmp_path, capsys
):
    flawed = exercise()
    flawed.cells[0].source = "# Toys\n\nThe half, $\\frac{1$, of it."
    flawed.cells.insert(1, new_markdown_cell("As [told](../notebooks/03_nowhere.ipynb)."))
    write(tmp_path / "released", {"77_toy": flawed})
    (small / "README.md").write_text("# A course\n\n[Toys](exercises/77_toy.ipynb#no-such-place)\n")
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("bplib: the book has flaws: ")
    assert re.search(r"exercises/77_toy\.ipynb, cell 1, line 3: .*no MathML for \\frac\{1: ", error)
    assert re.search(r"exercises/77_toy\.ipynb, cell 2, line 1: .*03_nowhere\.ipynb", error)
    assert re.search(r"index\.md:3: .*no-such-place", error)
    assert not (tmp_path / "out").exists()


def test_a_lesson_that_stops_is_named_with_its_cell_and_the_book_before_it_stays(small, tmp_path, capsys):
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 0
    before = book_pages.read(tmp_path / "out")["index.html"].html
    write(small / "notebooks", {"01_moves": moves("1 / 0\n" + EXPLORER)})
    capsys.readouterr()
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 1
    assert "notebooks/01_moves.ipynb, cell explore: ZeroDivisionError: division by zero" in capsys.readouterr().err
    assert book_pages.read(tmp_path / "out")["index.html"].html == before


def test_without_its_packages_the_command_says_how_to_start_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "sphinx.cmd.build", None)
    monkeypatch.delitem(sys.modules, "bplib.course.notebooks.site", raising=False)
    import bplib.course.notebooks

    monkeypatch.delattr(bplib.course.notebooks, "site", raising=False)
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 1
    assert "there is no package sphinx" in (error := capsys.readouterr().err)
    assert "python -m uv run --extra site bplib site" in error


def test_the_pictures_of_the_readme_are_there_with_words_and_under_500_kilobytes():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"!\[([^\]]*)\]\((\.github/pictures/[^)]*)\)", readme))
    assert {ROOT / path for path in shown.values()} == set((ROOT / ".github" / "pictures").iterdir())
    assert all(len(words.split()) > 5 for words in shown)
    assert sum((ROOT / path).stat().st_size for path in shown.values()) < 500_000
