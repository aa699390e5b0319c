"""The pictures of the README, made anew in .github/pictures by

python -m uv run --group browser pytest -n0 tests/browser/pictures.py

The name keeps this file out of the tests.
"""

import functools
import io
import json
import types

import pytest
from conftest import ROOT, Lab
from PIL import Image

FOLDER = ROOT / ".github" / "pictures"
WRONG = "def mse(y_pred, y_true):\n    return np.sum((y_pred - y_true) ** 2)"
PASSED = ("slope", "nudge", "mse", "bce-logits", "mse-grad", "softmax-ce-grad")


@pytest.fixture
def sharp(server, browser):
    """JupyterLab as `lab` has it, with two pixels for one, and without the bars around the notebook."""
    twice = types.SimpleNamespace(new_page=functools.partial(browser.new_page, device_scale_factor=2))
    lab = Lab(twice, server)
    yield lab
    lab.close()


def alone(lab, width, height):
    """Give the page to the notebook, in a window of this size."""
    lab.page.set_viewport_size({"width": width, "height": height})
    lab.command("application:toggle-left-area")
    lab.command("application:toggle-mode")
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
    sharp.open("notebooks/05_weight_updates.ipynb")
    alone(sharp, 1080, 760)
    sharp.run_all()
    explorer = sharp.page.locator(".bplib-explorer").first
    explorer.scroll_into_view_if_needed()
    handle = explorer.locator("[role=slider]").first
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    scroll_to(sharp, explorer, 200)
    save("lesson", sharp.page.screenshot())


def test_a_wrong_answer(sharp):
    sharp.open("exercises/01_loss_functions.ipynb")
    alone(sharp, 1080, 560)
    sharp.run("setup")
    sharp.write("mse", WRONG)
    sharp.run("mse", "mse-check")
    sharp.cell("mse-task").scroll_into_view_if_needed()
    scroll_to(sharp, sharp.cell("mse-task"), 0)
    save("wrong_answer", sharp.page.screenshot())


def test_the_map(sharp, course):
    statuses = dict.fromkeys(PASSED, "passed") | {"hinge-grad": "not yet"}
    (course / ".progress.json").write_text(json.dumps({"exercises": statuses}))
    sharp.open("notebooks/00_start_here.ipynb")
    alone(sharp, 1080, 760)
    sharp.run("setup", "map-show")
    scroll_to(sharp, sharp.cell("map"), 0)
    save("map", sharp.page.screenshot())
