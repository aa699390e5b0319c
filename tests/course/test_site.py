"""Promise: the course can be read as pages that need no script and no other host, and every link leads somewhere."""

import json
import re
import runpy
import shutil
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_structure import FILES, packages, room_of

from bplib import cli

ROOT = Path(__file__).resolve().parents[2]
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


class Page(HTMLParser):
    """What a page loads, where it leads, and its words outside of code."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.loaded, self.links, self.ids, self.words = [], [], [], set(), ""
        self.unnamed, self._code, self.scripted, self.labels = 0, 0, [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self._code += tag in ("pre", "code", "style", "math", "svg")
        if tag == "a":
            self.links.append(attributes["href"])
        elif "href" in attributes:
            self.loaded.append(attributes["href"])
        for name in ("src", "srcset", "data", "poster", "xlink:href", "background"):
            if name in attributes:
                self.loaded.append(attributes[name])
        self.ids.add(attributes.get("id"))
        self.unnamed += tag == "img" and not attributes.get("alt")
        self.labels.append(attributes.get("aria-label"))
        self.scripted += [name for name in attributes if name.startswith("on")]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        self._code -= tag in ("pre", "code", "style", "math", "svg")

    def handle_data(self, data):
        if not self._code:
            self.words += data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages of this course: path below the folder to the text and what was read in it."""
    module = pytest.importorskip(
        "bplib.course.notebooks.site", reason="the extra `site` is not installed", exc_type=ImportError
    )
    out = tmp_path_factory.mktemp("site") / "new"
    count = module.build(ROOT, out)
    pages = {path.relative_to(out).as_posix(): path.read_text(encoding="utf-8") for path in out.rglob("*.html")}
    assert len(pages) == count
    return {"folder": out, "html": pages, "read": {name: Page(html) for name, html in pages.items()}}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A course of one lesson, whose folder is the working one; what it is made of can be changed before it is built."""
    pytest.importorskip("bplib.course.notebooks.site", reason="the extra `site` is not installed", exc_type=ImportError)
    course = tmp_path / "course"
    for folder in ("notebooks", "exercises"):
        (course / folder).mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", course / "notebooks")
    shutil.copy(ROOT / "README.md", course)
    monkeypatch.chdir(course)
    return course


def test_there_is_a_page_for_each_lesson_and_exercise_and_a_first_one(site):
    lessons = [f"{folder}/{stem}.html" for folder in ("exercises", "notebooks") for stem in STEMS]
    assert sorted(site["html"]) == sorted(["index.html", *lessons])


def test_the_first_page_has_the_table_of_the_course(site):
    assert [link for link in site["read"]["index.html"].links if link.startswith("notebooks/")] == [
        f"notebooks/{stem}.html" for stem in STEMS
    ]


def test_no_page_loads_anything_from_another_host_or_runs_a_script(site):
    for name, page in site["read"].items():
        assert not {"script", "iframe", "object", "embed", "base"} & set(page.tags), name
        assert not page.scripted, name
        for source in page.loaded:
            assert source.startswith("data:") or not re.match(r"[a-z]+:|//", source), f"{name} loads {source[:80]}"
        assert not re.search(r"url\(|@import", re.search("<style>.*?</style>", site["html"][name], re.DOTALL)[0])


def test_every_link_and_picture_of_a_page_is_there(site):
    for name, page in site["read"].items():
        for link in [*page.links, *(source for source in page.loaded if not source.startswith("data:"))]:
            if re.match(r"https?:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (site["folder"] / name).parent / path if path else site["folder"] / name
            assert target.is_file(), f"{name} leads to {link}"
            inside = target.resolve().relative_to(site["folder"].resolve()).as_posix()
            assert not anchor or anchor in site["read"][inside].ids, f"{name} leads to {link}"


def test_every_formula_has_become_mathml(site):
    for name, page in site["read"].items():
        assert "$" not in page.words, name
        assert "\\" not in page.words, name
    assert all("math" in site["read"][f"notebooks/{stem}.html"].tags for stem in STEMS)


def test_every_explorer_and_figure_is_shown(site):
    for stem in STEMS:
        cells = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
        html = re.sub(r"\s", "", site["html"][f"notebooks/{stem}.html"])
        for data in (output.get("data", {}) for cell in cells for output in cell.get("outputs", [])):
            for label in re.findall('<svg[^>]*aria-label="([^"]*)"', "".join(data.get("text/html", ""))):
                assert unescape(label) in site["read"][f"notebooks/{stem}.html"].labels
            if "image/png" in data:
                assert "".join(data["image/png"].split()) in html


def test_every_picture_has_words_for_who_does_not_see_it(site):
    assert [name for name, page in site["read"].items() if page.unnamed] == []


def test_an_exercise_shows_the_stub_whatever_a_learner_has_written(small, tmp_path, capsys):
    (small / "exercises" / "00_start_here.ipynb").write_text("mine")
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 0
    assert "38 pages" not in capsys.readouterr().out
    page = (tmp_path / "out" / "exercises" / "00_start_here.html").read_text(encoding="utf-8")
    assert "YOUR CODE HERE" in page
    assert "mine" not in Page(page).words


def test_pages_are_renewed_and_the_same_course_gives_the_same_pages(small, tmp_path):
    def build():
        assert cli.main(["site", "--out", str(tmp_path / "out")]) == 0
        return {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.html")}

    assert build() == build()


def test_a_folder_with_something_else_in_it_is_left_alone(small, tmp_path, capsys):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    assert cli.main(["site", "--out", str(tmp_path / "notes")]) == 1
    assert "holds mine.txt, which is no part of a site; name a new or an empty folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["mine.txt"]
    assert cli.main(["site", "--out", str(tmp_path / "notes" / "mine.txt")]) == 1
    assert "is a file; --out takes a folder" in capsys.readouterr().err


def test_a_formula_that_nobody_can_read_is_named_with_its_notebook(small, tmp_path, capsys):
    path = small / "notebooks" / "00_start_here.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("$f(x) = x^2$", r"$\\frac{1$"), encoding="utf-8")
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith(r"bplib: notebooks/00_start_here.ipynb: no MathML for \frac{1")
    assert not (tmp_path / "out").exists()


def test_a_link_to_a_file_that_is_no_page_is_only_words(small, tmp_path):
    (small / "README.md").write_text(
        "# A course\n\n[lesson](notebooks/00_start_here.ipynb#run), [package](bplib/losses.py), [far](https://a.org)\n"
    )
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 0
    page = Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert page.links[1:] == ["notebooks/00_start_here.html#run", "https://a.org"]
    assert "package" in page.words


def test_a_jupyterlite_beside_the_pages_is_linked(small, tmp_path):
    lite = tmp_path / "out" / "lite" / "lab" / "index.html"
    lite.parent.mkdir(parents=True)
    lite.write_text("")
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 0
    page = Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert "lite/lab/index.html?path=notebooks/00_start_here.ipynb" in page.links
    assert lite.read_text() == ""


def test_without_its_packages_the_command_says_how_to_start_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "math_core", None)
    monkeypatch.delitem(sys.modules, "bplib.course.notebooks.site", raising=False)
    import bplib.course.notebooks

    monkeypatch.delattr(bplib.course.notebooks, "site", raising=False)
    assert cli.main(["site", "--out", str(tmp_path / "out")]) == 1
    assert "math_core" in (error := capsys.readouterr().err)
    assert "python -m uv run --extra site bplib site" in error


def test_the_pictures_of_the_readme_are_there_with_words_and_under_500_kilobytes():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"!\[([^\]]*)\]\((\.github/pictures/[^)]*)\)", readme))
    assert {ROOT / path for path in shown.values()} == set((ROOT / ".github" / "pictures").iterdir())
    assert all(len(words.split()) > 5 for words in shown)
    assert sum((ROOT / path).stat().st_size for path in shown.values()) < 500_000


# JupyterLite


def test_the_notebooks_for_the_browser_install_bplib_and_what_lessons_import(tmp_path):
    names = runpy.run_path(str(ROOT / ".github" / "lite.py"))
    names["copy"](tmp_path)
    written = sorted(tmp_path.rglob("*.ipynb"))
    expected = [(folder, stem) for folder in ("exercises", "notebooks") for stem in STEMS]
    assert [(path.parent.name, path.stem) for path in written] == expected
    for path in written:
        title, first, *_ = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert title["cell_type"] == "markdown"
        assert "--no-deps bplib-course" in "".join(first["source"])
    lessons = [path for name, path in FILES.items() if room_of(name) == "bplib" or name.startswith("bplib.pictures")]
    imported = set().union(*map(packages, lessons))
    # mpmath comes with sympy.
    assert set(names["PACKAGES"]) == imported - {"mpmath"}
