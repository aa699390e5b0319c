"""Promise: the page of symbols opens from lesson 00 as a page to read, with its formulas, and not as source."""

import pytest


@pytest.mark.parametrize("opened", ["notebooks/00_start_here.ipynb"], indirect=True)
def test_the_link_to_the_symbols_opens_a_page_to_read(opened):
    page = opened.page
    page.locator(".jp-Notebook a", has_text="symbols").first.click()
    shown = page.locator(".jp-MarkdownViewer")
    shown.locator("h1", has_text="Symbols").wait_for()
    assert shown.locator("table").count() == 5
    shown.locator("mjx-container").first.wait_for()
