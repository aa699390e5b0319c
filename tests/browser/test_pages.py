"""Promise: the book shows the course without a kernel: its explorers move, in both themes, on a phone and on paper.

It is opened as a file and from a server, loads nothing but what stands in its folder, and can be searched.
"""

import functools
import http.server
import json
import re
import threading
from pathlib import Path

import book_pages
import numpy as np
import pytest
from conftest import LESSONS, ROOT
from test_access import serious_in
from test_lessons import moves

from bplib.autodiff import Value
from bplib.course.notebooks import canonical, releases
from bplib.pictures import explorers
from bplib.pictures.explorers import stored

STEMS = [Path(lesson).stem for lesson in LESSONS]
PHONE = {"width": 412, "height": 915}
LAPTOP = {"width": 1366, "height": 768}
THEMES = {
    "light, as the system": ("light", "auto"),
    "dark, as the system": ("dark", "auto"),
    "light, as chosen": ("dark", "light"),
    "dark, as chosen": ("light", "dark"),
}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of the book of this course."""
    site = pytest.importorskip(
        "bplib.course.notebooks.site", reason="the extra `site` is not installed", exc_type=ImportError
    )
    out = tmp_path_factory.mktemp("book")
    assert site.build(ROOT, out) == 2 * len(STEMS) + 1  # and the page of practice
    return out


@pytest.fixture(scope="module")
def read(book):
    """What stands in its pages."""
    return book_pages.read(book)


class Reader:
    """A browser that shows a page of the book, and what went wrong there."""

    def __init__(self, browser, folder, viewport=LAPTOP, **options):
        """Open an empty page."""
        self.folder, self.wrong = folder, []
        self.page = browser.new_page(viewport=viewport, **options)
        self.page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        self.page.on("response", lambda response: response.status < 400 or self.wrong.append(response.url))
        self.page.on("request", self._asked)

    def _asked(self, request):
        if not request.url.startswith(("data:", "blob:", self.address)):
            self.wrong.append(f"asks for {request.url}")

    def open(self, name, address=None, theme="auto"):
        """Open a page, as a file or from a server, its explorers ready."""
        self.address = address or self.folder.as_uri()
        self.page.goto(f"{self.address}/{name}.html")
        self.page.evaluate("(theme) => { document.body.dataset.theme = theme }", theme)
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.bplib-stored')].every((it) => it.querySelector('.bplib-picture *'))"
        )
        return self.page


@pytest.fixture
def reader(browser, book, request):
    """See `Reader`; a test that is given a viewport opens it so."""
    reader = Reader(browser, book, getattr(request, "param", LAPTOP))
    yield reader
    reader.page.close()


def number_of_explorers(stem):
    cells = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    return sum("explorer(" in "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


each_lesson = pytest.mark.parametrize("stem", STEMS)
each_moving = pytest.mark.parametrize("stem", [stem for stem in STEMS if number_of_explorers(stem)])
on_a_phone = pytest.mark.parametrize("reader", [PHONE], indirect=True, ids=["phone"])


# What moves


KERNEL_MOVES = "With a kernel one can move these too"


@each_lesson
def test_every_control_of_a_lesson_moves_its_picture_by_mouse_and_keys(stem, reader, screenshots):
    page = reader.open(f"notebooks/{stem}")
    found = page.locator(".bplib-explorer")
    assert found.count() == number_of_explorers(stem)
    fixed = [it.get_attribute("aria-label") for it in found.locator("select:disabled, input:disabled").all()]
    assert fixed == re.findall(r"w\d\d", " ".join(page.get_by_text(KERNEL_MOVES).all_inner_texts()))
    for number in range(found.count()):
        explorer = found.nth(number)
        explorer.scroll_into_view_if_needed()
        still = moves(explorer)
        assert not still, f"{stem}, explorer {number + 1}: no new picture from {', '.join(still)}"
        explorer.screenshot(path=screenshots / f"page-{stem}-{number + 1}.png")
    assert not reader.wrong


def neuron():
    """A small graph, with its gradients."""
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-0.25, "b")
    out = w * x * w + b
    out.backward()
    return out


MADE = {
    "slider and menu": lambda: explorers.accumulation_explorer(neuron()),
    "buttons and a shorter slider": lambda: explorers.pooling_explorer(
        np.arange(16.0).reshape(4, 4), {2: np.ones((2, 2)), 1: np.full((3, 3), 2.0)}
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_a_page_shows_what_python_draws_as_other_controls_are_moved(name, browser, tmp_path):
    explorer, page_of = MADE[name](), MADE[name]()
    (tmp_path / "one.html").write_text(
        f"<!doctype html><meta charset='utf-8'>{stored.page(page_of)}{stored.script()}", encoding="utf-8"
    )
    reader = Reader(browser, tmp_path)
    page = reader.open("one")
    first = next(iter(explorer.controls.values()))
    for place in (1, 0, *range(len(first.options))):
        move(page, first, place)
        first.place = place
        for control in list(explorer.controls.values())[1:]:
            for k in (len(control.options) - 1, 0, len(control.options) // 2):
                move(page, control, k)
                control.place = k
                shown = page.locator(".bplib-picture").evaluate(
                    "(now, text) => [now.innerHTML, text]", explorer.picture
                )
                assert plain(shown[0]) == plain(as_html(page, shown[1])), (place, control.name, k)
    assert not reader.wrong
    page.close()


def move(page, control, place):
    """Move a control on a page to this place."""
    if control.kind in ("slider", "stepper"):
        handle = page.get_by_role("slider", name=control.name)
        handle.evaluate("(it, place) => { it.value = place; it.dispatchEvent(new Event('input')) }", place)
    elif control.kind == "menu":
        page.get_by_role("combobox", name=control.name).select_option(index=place)
    else:
        page.get_by_role("group", name=control.name).get_by_role("button").nth(place).click()


def as_html(page, text):
    """The text as a browser writes it again."""
    return page.evaluate(
        "(text) => { const it = document.createElement('div'); it.innerHTML = text; return it.innerHTML }", text
    )


def plain(html):
    """A picture without what the page says of its size."""
    return re.sub(r' style="min-width: [0-9.]+px;"', "", html)


# How it looks


@each_moving
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_explorers(stem, theme, browser, book, screenshots):
    system, chosen = THEMES[theme]
    reader = Reader(browser, book, {"width": 1366, "height": 1200}, color_scheme=system)
    page = reader.open(f"notebooks/{stem}", theme=chosen)
    dark = theme.startswith("dark")
    ink, paper = page.evaluate(
        """() => [[".bplib-explorer", "color"], ["body", "backgroundColor"]].map(([where, what]) => {
          const color = getComputedStyle(document.querySelector(where))[what].match(/[0-9.]+/g).slice(0, 3);
          return color.reduce((sum, part) => sum + Number(part), 0);
        })"""
    )
    assert (ink > paper) == dark
    for number, explorer in enumerate(page.locator(".bplib-explorer").all()):
        explorer.scroll_into_view_if_needed()
        explorer.screenshot(
            path=screenshots / f"page-{stem}-{number + 1}-{theme.replace(', ', '-').replace(' ', '-')}.png"
        )
    assert not reader.wrong  # before axe-core asks for the styles
    assert serious_in(page, ".bplib-explorer") == []
    page.close()


# Whatever reaches over the edge has to stand in something that scrolls.
OVER = """() => {
  const scrolls = (it) => it && (/auto|scroll/.test(getComputedStyle(it).overflowX) || scrolls(it.parentElement));
  const over = (it) => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest("[hidden]");
  return [...document.querySelectorAll("article *")]
    .filter((it) => over(it) && !scrolls(it.parentElement))
    .map((it) => it.outerHTML.slice(0, 200));
}"""


# What scrolls to the side would scroll up and down too, if anything in it were too high.
HIGH = """() => [...document.querySelectorAll("article *")]
  .filter((it) => /auto|scroll/.test(getComputedStyle(it).overflowY) && it.scrollHeight > it.clientHeight)
  .map((it) => it.outerHTML.slice(0, 200))"""


@each_lesson
def test_nothing_on_a_page_scrolls_up_and_down(stem, reader):
    assert reader.open(f"notebooks/{stem}").evaluate(HIGH) == []


@on_a_phone
def test_no_page_is_wider_than_a_phone(reader, read):
    for name in read:
        page = reader.open(name.removesuffix(".html"))
        assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"], name
        assert page.evaluate(OVER) == [], name
    assert not reader.wrong


@on_a_phone
@each_moving
def test_on_a_phone_controls_are_within_reach_and_pictures_can_be_read(stem, reader, screenshots):
    page = reader.open(f"notebooks/{stem}")
    for number, explorer in enumerate(page.locator(".bplib-explorer").all()):
        explorer.scroll_into_view_if_needed()
        for control in explorer.locator("input, button, select").all():
            box = control.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
        scale = "(all) => Math.min(...all.map((it) => it.getBoundingClientRect().width / it.getAttribute('width')))"
        assert explorer.locator(".bplib-picture > svg").evaluate_all(scale) > 0.74
        # Keys stop at a picture that they can scroll, and at no other.
        stop = explorer.locator(".bplib-picture").evaluate(
            "(it) => [it.tabIndex === 0, it.scrollWidth > it.clientWidth]"
        )
        assert stop[0] == stop[1]
        explorer.screenshot(path=screenshots / f"page-{stem}-{number + 1}-phone.png")
    assert serious_in(page, ".bplib-explorer") == []


def test_on_paper_a_page_is_dark_on_white_without_its_sidebar_and_no_line_is_cut(browser, book, screenshots):
    reader = Reader(browser, book, {"width": 794, "height": 1123}, color_scheme="dark")
    page = reader.open("notebooks/05_weight_updates", theme="dark")
    page.emulate_media(media="print", color_scheme="light")
    colors = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(explorer).color]"
    found = page.evaluate(colors.replace("explorer", "document.querySelector('.bplib-explorer')"))
    assert found == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    box = page.locator(".sidebar-drawer").bounding_box()
    assert box["x"] + box["width"] <= 0
    assert not page.locator(".skip-to-content").is_visible()
    cut = "(all) => all.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.innerText)"
    assert page.locator("pre").evaluate_all(cut) == []
    page.screenshot(path=screenshots / "page-print.png", full_page=True)
    page.close()


def test_without_scripts_a_page_shows_the_pictures_that_are_stored(browser, book):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((book / "notebooks" / "04_single_neuron.html").as_uri())
    assert page.locator(".bplib-stored svg").first.is_visible()
    assert page.locator(".bplib-controls").count() == 0
    context.close()


# The book


@pytest.fixture(scope="module")
def address(book):
    """Where a server of files shows the book."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=book))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_from_a_server_explorers_move_too(reader, address):
    page = reader.open("notebooks/04_single_neuron", address)
    assert moves(page.locator(".bplib-explorer").first) == []
    assert not reader.wrong


def test_a_search_finds_the_lesson_and_leads_to_it(reader, address):
    page = reader.open("index", address)
    page.get_by_role("search").get_by_placeholder("Search").fill("chain rule")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    assert any("03 · The chain rule" in words for words in found.all_inner_texts())
    page.wait_for_load_state("networkidle")  # it reads what it has found, for the words around
    found.filter(has_text="03 · The chain rule").first.click()
    page.wait_for_url(re.compile(r"/notebooks/03_chain_rule\.html"))
    assert not reader.wrong


def test_next_leads_through_all_lessons_and_exercises(reader):
    page = reader.open("index")
    lessons = [*STEMS, "practice", "symbols"]
    for name in [*(f"notebooks/{stem}" for stem in lessons), *(f"exercises/{stem}" for stem in STEMS)]:
        page.locator(".related-pages a.next-page").click()
        page.wait_for_url(re.compile(f"/{name}.html"))
    assert not reader.wrong


# What the whole book holds


def test_every_link_of_the_book_leads_somewhere_and_nothing_comes_from_another_host(book, read):
    assert book_pages.lost(book, read) == []
    assert book_pages.foreign(book, read) == []


def test_no_formula_of_the_course_is_left_as_tex_and_no_picture_is_without_words(read):
    assert book_pages.unread(read) == []
    assert all("math" in read[f"notebooks/{stem}.html"].tags for stem in STEMS[1:])
    assert [name for name, page in read.items() if page.unnamed] == []


@each_lesson
def test_a_page_shows_every_figure_of_its_lesson_and_every_answer_is_left_out(stem, read):
    lesson = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))
    outputs = [output.get("data", {}) for cell in lesson["cells"] for output in cell.get("outputs", [])]
    html = read[f"notebooks/{stem}.html"].html
    assert html.count('src="../_images/') == sum("image/png" in data for data in outputs)
    released = canonical.read(releases.RELEASED / f"{stem}.ipynb")
    code = [cell.source.strip() for cell in released.cells if cell.cell_type == "code"]
    assert [source.strip() for source in read[f"exercises/{stem}.html"].sources] == code


def test_an_explorer_adds_less_than_400_kilobytes_to_its_page(read):
    for stem in STEMS:
        sizes = [len(data) for data in re.findall('data-pictures="([^"]*)"', read[f"notebooks/{stem}.html"].html)]
        assert len(sizes) == number_of_explorers(stem)
        assert all(size < 400_000 for size in sizes)
