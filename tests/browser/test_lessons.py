"""Promise: every lesson runs in JupyterLab, and each control of its explorers moves the picture, by mouse and keys."""

from pathlib import Path

import pytest
from conftest import LESSONS


@pytest.mark.parametrize("opened", LESSONS, indirect=True)
def test_a_lesson_runs_and_its_explorers_move(opened, screenshots):
    lesson, page = Path(opened.path).stem, opened.page
    opened.command("apputils:change-theme", theme="JupyterLab Light")
    page.wait_for_timeout(1000)  # JupyterLab stumbles where a second change of the theme overtakes the first
    stopped = page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']")
    assert stopped.count() == 0
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    explorers = page.locator(".bplib-explorer")
    for number in range(explorers.count()):
        explorer = explorers.nth(number)
        explorer.scroll_into_view_if_needed()
        assert explorer.locator(":disabled").count() == 0
        still = moves(explorer)
        assert not still, f"{lesson}, explorer {number + 1}: no new picture from {', '.join(still)}"
        explorer.screenshot(path=screenshots / f"{lesson}-{number + 1}-light.png")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells  # no key has cut one
    opened.command("apputils:change-theme", theme="JupyterLab Dark")
    page.wait_for_timeout(1000)
    for number in range(explorers.count()):
        explorers.nth(number).screenshot(path=screenshots / f"{lesson}-{number + 1}-dark.png")
    assert not opened.wrong


def moves(explorer):
    """Move every control of an explorer that can move; the names of those that did not change its picture."""
    still = []
    for handle in explorer.get_by_role("slider", disabled=False).all():
        name = handle.get_attribute("aria-label")
        last = int(handle.get_attribute("max"))
        key = "ArrowRight" if int(handle.input_value()) < last / 2 else "ArrowLeft"
        handle.focus()
        handle.press("x")
        if not changed(explorer, lambda handle=handle, key=key: handle.press(key)):
            still.append(f"{name} by keys")
        place = 0.8 if int(handle.input_value()) < last / 2 else 0.2  # a key may have reached the last of three
        if not changed(explorer, lambda handle=handle, place=place: click(handle, place)):
            still.append(f"{name} by mouse")
    for select in explorer.get_by_role("combobox", disabled=False).all():
        chosen = select.evaluate("(select) => select.selectedIndex")
        other = chosen + 1 if chosen + 1 < select.locator("option").count() else chosen - 1
        if not changed(explorer, lambda select=select, other=other: select.select_option(index=other)):
            still.append(f"{select.get_attribute('aria-label')}, a list")
    # From the middle of the sliders a button can go either way; near their ends two ways of doing it differ.
    return still + [name for name in pressed(explorer, 0.5) if name in pressed(explorer, 0.9)]


def pressed(explorer, share):
    """Press every button that is not pressed already, the sliders at this share; those that changed nothing."""
    for handle in explorer.get_by_role("slider", disabled=False).all():
        click(handle, share)
    explorer.page.wait_for_timeout(500)
    still = []
    for button in reversed(explorer.get_by_role("button").all()):  # Next before Back
        active = button.get_attribute("aria-pressed") == "true"
        if not active and not changed(explorer, lambda button=button: button.press("Enter")):
            still.append(f"the button {button.inner_text()}")
    return still


def click(handle, share):
    """Click on a slider, at this share of its length."""
    box = handle.bounding_box()
    handle.click(position={"x": share * box["width"], "y": box["height"] / 2})


def changed(explorer, move):
    """Whether the picture of an explorer is another one after a move, within ten seconds."""
    picture = explorer.locator(".bplib-picture")
    before = picture.inner_html()
    move()
    for _ in range(200):
        if picture.inner_html() != before:
            return True
        explorer.page.wait_for_timeout(50)
    return False
