"""The pictures of the README, made anew in .github/pictures by

python -m uv run --extra site --group browser pytest -n0 tests/browser/pictures.py

The name keeps this file out of the tests.
"""

import functools
import io
import json
import types

import pytest
from conftest import ROOT, Lab
from PIL import Image

from bplib.course.notebooks import site
from bplib.course.problems import LESSONS

FOLDER = ROOT / ".github" / "pictures"
WRONG = "def mse(y_pred, y_true):\n    return np.sum((y_pred - y_true) ** 2)"


@pytest.fixture
def sharp(browser, server):
    """JupyterLab as `lab` has it, with two pixels for one, and without the bars around the notebook."""
    twice = types.SimpleNamespace(new_page=functools.partial(browser.new_page, device_scale_factor=2))
    lab = Lab(twice, server)
    yield lab
    lab.close()


def alone(lab, width, height):
    """Give the page to the notebook, in a window of this size, with the mouse out of the way."""
    lab.page.set_viewport_size({"width": width, "height": height})
    lab.command("application:toggle-left-area")
    lab.command("application:toggle-mode")
    for side in ("left", "right"):
        lab.command("application:toggle-side-tabbar", side=side)
    lab.command("statusbar:toggle")
    lab.page.mouse.move(width - 1, 1)
    lab.page.wait_for_timeout(500)


def save(name, png):
    """Store a picture with at most 128 colors: a third of the bytes, and no difference to the eye."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def scroll_to(lab, locator, above):
    """Scroll the notebook until the top of what is shown stands so many pixels below that of the notebook."""
    locator.evaluate(
        """(element, above) => {
          const scroller = element.closest(".jp-WindowedPanel-outer");
          const by = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top - above;
          scroller.scrollBy(0, by);
        }""",
        above,
    )
    lab.page.wait_for_timeout(500)


def test_a_lesson(sharp):
    sharp.open("notebooks/04_single_neuron.ipynb")
    alone(sharp, 1000, 740)
    sharp.run_all()
    explorer = sharp.page.locator(".bplib-explorer").first
    explorer.scroll_into_view_if_needed()
    handle = explorer.get_by_role("slider").first
    handle.focus()
    for _ in range(13):
        handle.press("ArrowRight")
    scroll_to(sharp, explorer, 190)
    save("lesson", sharp.page.screenshot())


def test_a_wrong_answer(sharp):
    sharp.open("exercises/01_loss_functions.ipynb")
    alone(sharp, 1000, 520)
    sharp.run("setup")
    sharp.write("mse", WRONG)
    sharp.run("mse", "mse-check")
    scroll_to(sharp, sharp.cell("mse-task"), 0)
    end = sharp.cell("mse-check").bounding_box()
    clip = {"x": 0, "y": 0, "width": 1000, "height": end["y"] + end["height"] + 6}
    save("wrong_answer", sharp.page.screenshot(clip=clip))


def test_the_map(sharp, course):
    *passed, begun = [problem.id for lesson in LESSONS[:7] for problem in lesson.PROBLEMS][:-1]
    exercises = {**dict.fromkeys(passed, "passed"), begun: "not yet"}
    (course / ".progress.json").write_text(json.dumps({"exercises": exercises}))
    sharp.open("notebooks/00_start_here.ipynb")
    alone(sharp, 1000, 600)
    sharp.run("setup", "map-show")
    sharp.page.mouse.move(999, 1)
    scroll_to(sharp, sharp.cell("map-show"), 0)
    save("map", sharp.page.screenshot())


def test_a_page_of_the_book(browser, tmp_path):
    site.build(ROOT, tmp_path / "book")
    page = browser.new_page(
        viewport={"width": 1366, "height": 700}, device_scale_factor=1.5, color_scheme="dark", offline=True
    )
    page.goto((tmp_path / "book" / "notebooks" / "05_weight_updates.html").as_uri())
    explorer = page.locator(".bplib-explorer").first
    handle = explorer.get_by_role("slider").first
    handle.press("ArrowLeft")
    explorer.evaluate("(it) => window.scrollBy(0, it.getBoundingClientRect().top - 190)")
    page.mouse.move(1365, 1)
    page.wait_for_timeout(500)
    save("page", page.screenshot())
    page.close()
