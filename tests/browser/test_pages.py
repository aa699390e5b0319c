"""Promise: the pages of `bplib site` load nothing but pictures beside them, follow the theme, and fit a telephone."""

import pytest
from conftest import ROOT

PAGES = ("index", "notebooks/01_loss_functions", "notebooks/06_backpropagation", "exercises/01_loss_functions")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pages = pytest.importorskip(
        "bplib.course.notebooks.site", reason="the extra `site` is not installed", exc_type=ImportError
    )
    out = tmp_path_factory.mktemp("site")
    pages.build(ROOT, out)
    return out


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_without_network_and_script_in_both_themes(page, site, browser, screenshots):
    papers = set()
    for theme in ("light", "dark"):
        context = browser.new_context(
            offline=True, java_script_enabled=False, color_scheme=theme, viewport={"width": 412, "height": 915}
        )
        tab = context.new_page()
        asked, said = [], []
        tab.on("request", lambda request, asked=asked: asked.append(request.url))
        tab.on("console", lambda message, said=said: said.append(message.text))
        tab.goto((site / f"{page}.html").as_uri())
        tab.screenshot(path=screenshots / f"page-{page.replace('/', '-')}-{theme}.png", full_page=True)
        assert all(url.startswith(("data:", site.as_uri())) for url in asked), asked
        assert not said
        assert tab.evaluate("[...document.images].every((image) => image.naturalWidth)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 412
        papers.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    assert len(papers) == 2
