"""Promise: the course can be used by keys, by ear and without colors; axe-core finds nothing serious in its output."""

import json
import re

import pytest
from conftest import LESSONS, ROOT

EXERCISE = "exercises/01_loss_functions.ipynb"
each_lesson = pytest.mark.parametrize("opened", LESSONS, indirect=True)
OURS = ".jp-Notebook .jp-OutputArea"
# JupyterLab draws a figure as an image without a name, and has no way to give it one: a sentence stands under each.
FIGURES = ".jp-RenderedImage img"


@each_lesson
def test_every_control_of_an_explorer_has_its_label_as_its_name(opened):
    for explorer in opened.page.locator(".bplib-explorer").all():
        heard = explorer.aria_snapshot()
        assert not re.findall(r'- (?:button|combobox|group|slider|textbox)\b(?! ").*', heard)
        names = re.findall(r'- (?:combobox|group|slider) "(.*?)"', heard)
        assert names == explorer.locator("label, .bplib-name").all_inner_texts() != []


@each_lesson
def test_a_label_belongs_to_a_control_of_its_own_explorer(opened):
    ids = opened.page.locator(".bplib-explorer [id]").evaluate_all("(all) => all.map((one) => one.id)")
    assert len(ids) == len(set(ids))
    for explorer in opened.page.locator(".bplib-explorer").all():
        for label in explorer.locator("label").all():
            label.click()
            assert explorer.evaluate("(explorer) => explorer.contains(document.activeElement)")


@each_lesson
def test_one_hears_which_of_several_buttons_is_pressed(opened):
    for group in opened.page.locator(".bplib-explorer [role=group]").all():
        for button in group.get_by_role("button").all():
            button.click()
            group.get_by_role("button", pressed=True, name=button.inner_text(), exact=True).wait_for()
            assert group.get_by_role("button", pressed=True).count() == 1


@each_lesson
def test_keys_reach_every_control_of_an_explorer(opened):
    for explorer in opened.page.locator(".bplib-explorer").all():
        controls = "select, button, input"
        unreached = explorer.locator(controls).evaluate_all(
            "(controls) => controls.filter((control) => control.tabIndex < 0).map((control) => control.outerHTML)"
        )
        assert not unreached


@each_lesson
def test_every_diagram_speaks(opened):
    diagrams = opened.page.locator(f"{OURS} svg:not(svg svg, [data-icon])")
    mute = "(all) => all.filter((one) => one.getAttribute('role') !== 'img' || !one.getAttribute('aria-label')?.trim())"
    assert diagrams.evaluate_all(f"(all) => ({mute})(all).map((one) => one.outerHTML.slice(0, 200))") == []


@each_lesson
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious(opened, theme):
    assert serious(opened, theme) == []


@pytest.mark.parametrize("opened", [EXERCISE], indirect=True)
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious_in_exercises(opened, theme):
    assert serious(opened, theme) == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_beside_every_diagram_stands_its_text(lesson):
    for cell in json.loads((ROOT / lesson).read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "<svg" in "".join(output.get("data", {}).get("text/html", "")):
                text = "".join(output["data"].get("text/plain", ""))
                assert text and not text.startswith("<"), f"{cell['id']} has no text beside its picture"


def serious(lab, theme):
    """What axe-core finds in the outputs of a notebook, in this theme: what it is, and where."""
    lab.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    # axe-core judges the contrast only of what is on the screen, and takes a body without height for hidden.
    high = lab.page.locator(".jp-Notebook .jp-WindowedPanel-outer").evaluate("(notebook) => notebook.scrollHeight")
    lab.page.set_viewport_size({"width": 1366, "height": high + 200})
    lab.page.evaluate("() => { document.documentElement.style.height = document.body.style.height = '100vh' }")
    lab.page.wait_for_function(
        """(outputs) => {
          document.querySelector(".jp-Notebook .jp-WindowedPanel-outer").scrollTop = 0;
          return [...document.querySelectorAll(outputs)].at(-1).getBoundingClientRect().bottom < window.innerHeight;
        }""",
        arg=OURS,
    )
    found = serious_in(lab.page, OURS, FIGURES)
    lab.page.set_viewport_size({"width": 1366, "height": 768})
    return found


def serious_in(page, part, but=None):
    """What axe-core finds in a part of a page that is on the screen, but not in others: what it is, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is in the group `browser`")
    for _ in range(10):
        results = axe.Axe().run(page, {"include": [[part]]} | ({"exclude": [[but]]} if but else {})).response
        if "color-contrast" in [rule["id"] for rule in results["passes"]]:
            break
        page.wait_for_timeout(500)  # the page in its new size and theme has not been painted yet
    else:
        pytest.fail("axe-core has seen no text")
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary']}"
        for rule in results["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
