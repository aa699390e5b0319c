"""Promise: in Notebook 7 a lesson runs and its explorers move as well, and have the same names for who cannot see."""

import pytest
from conftest import Lab, serving
from test_lessons import moves


def test_a_lesson_runs_in_notebook_7_and_its_explorer_moves(course, browser, screenshots):
    pytest.importorskip("notebook", reason="Notebook 7 is in the group `notebook`")
    with serving(course, "notebook") as address:
        notebook = Lab(browser, address)
        notebook.open("notebooks/04_single_neuron.ipynb", under="notebooks")
        notebook.wrong.clear()  # Notebook 7.6 complains of a setting of its own that it does not find
        notebook.run_all()
        explorer = notebook.page.locator(".bplib-explorer").first
        explorer.scroll_into_view_if_needed()
        assert explorer.get_by_role("slider").first.get_attribute("aria-label") == "step"
        assert not moves(explorer)
        notebook.page.screenshot(path=screenshots / "notebook-7.png")
        assert notebook.page.title().startswith("04_single_neuron")
        assert not notebook.wrong
        notebook.page.close()
