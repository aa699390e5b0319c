"""Promise: practice is answered in JupyterLab by keys and by mouse, from a wrong answer to a right one, in both themes.

Where there is no widget a function and its check do the same.
"""

import json

import pytest
from test_access import serious

from bplib.course.drills import kinds

NOTEBOOK = "notebooks/practice.ipynb"
each_kind = pytest.mark.parametrize("kind", kinds.KINDS)
practiced = pytest.mark.parametrize("opened", [NOTEBOOK], indirect=True)


class Asked:
    """The form of a cell, as somebody meets it who knows the answer."""

    def __init__(self, lab, shown):
        """Take the explorer of a form."""
        self.lab, self.shown = lab, shown
        shown.scroll_into_view_if_needed()

    @property
    def id(self):
        """The name in the corner."""
        return self.shown.locator(".bplib-asks small").inner_text()

    @property
    def drill(self):
        """What is asked."""
        return kinds.named(self.id)

    def blank(self, field):
        """Where the answer of a field goes."""
        return self.shown.get_by_label(field.label, exact=True)

    def fill(self, answers):
        """Type and choose, field by field."""
        for field in self.drill.fields:
            if field.options:
                self.blank(field).select_option(label=answers[field.name])
            else:
                self.blank(field).fill(str(answers[field.name]))

    def wrong(self):
        """An answer of which the last field is wrong."""
        field = self.drill.fields[-1]
        other = next((each for each in field.options if each != self.drill.right[field.name]), "98.5")
        return self.drill.right | {field.name: other}

    def check(self):
        """Press the button; what is said then."""
        return self.says(lambda: self.press("Check"))

    def says(self, act):
        """What is said after something was done."""
        said = self.shown.get_by_role("status")
        said.evaluate("(said) => said.replaceChildren()")
        act()
        said.filter(has_text=".").wait_for()
        return said.inner_text()

    def press(self, name):
        """Press a button."""
        self.shown.get_by_role("button", name=name, exact=True).click()

    def another(self, act):
        """The name of the next question, after something was done."""
        before = self.id
        act()
        self.lab.page.wait_for_function(
            "([shown, before]) => shown.querySelector('.bplib-asks small').textContent !== before",
            arg=[self.shown.element_handle(), before],
        )
        return self.id

    def enter(self):
        """Answer by keys: Enter in the first blank, or Tab from the last one to the button and Enter."""
        first, last = (self.blank(self.drill.fields[k]) for k in (0, -1))
        if self.drill.fields[0].options:
            last.press("Tab")
        else:
            first.focus()
        self.lab.page.keyboard.press("Enter")


@pytest.fixture(autouse=True)
def nothing_goes_wrong(request):
    """Nothing is lost on the way, and no key has cut a cell."""
    lab = request.getfixturevalue("opened" if "opened" in request.fixturenames else "lab")
    count = lab.page.locator(".jp-Notebook .jp-Cell").count()
    yield
    assert not lab.wrong
    if count:
        assert lab.page.locator(".jp-Notebook .jp-Cell").count() == count


def of(lab, kind):
    """The form of the cell practice("kind"), which asks that kind now."""
    place = 1 + list(kinds.KINDS).index(kind)
    asked = Asked(lab, lab.page.locator(".bplib-explorer").nth(place))
    if asked.drill.kind != kind:
        asked.another(lambda: asked.press(kind))
    return asked


# From a wrong answer to a right one


@practiced
@each_kind
def test_a_wrong_answer_is_told_and_the_right_one_passes(opened, kind):
    asked = of(opened, kind)
    wrong, last = asked.wrong(), asked.drill.fields[-1]
    asked.fill(wrong)
    by_button = asked.check()
    assert by_button.startswith("◐ Not yet. ") and len(by_button) > 30
    assert asked.says(asked.enter) == by_button
    for field in asked.drill.fields:
        invalid = asked.blank(field).get_attribute("aria-invalid")
        assert invalid == ("true" if field == last else None), field.label
    heard = asked.shown.aria_snapshot()
    assert heard.count('img "not right yet"') == 1
    assert heard.count('img "right"') == len(asked.drill.fields) - 1
    asked.fill(asked.drill.right)
    assert asked.says(asked.enter).startswith("✓ Passed. ")
    assert asked.check().startswith("✓ Passed. ")
    assert asked.shown.locator("[aria-invalid]").count() == 0
    assert asked.shown.aria_snapshot().count('img "right"') == len(asked.drill.fields)


@practiced
@each_kind
def test_another_one_has_empty_blanks_the_focus_in_the_first_and_nothing_said(opened, kind):
    asked = of(opened, kind)
    seen = {asked.id}
    for act in (lambda: asked.press("Another"), lambda: asked.press("Another")):
        asked.fill(asked.wrong())
        asked.check()
        seen.add(asked.another(act))
        assert asked.drill.kind == kind
        blanks = [asked.blank(field) for field in asked.drill.fields]
        assert [blank.input_value() for blank in blanks] == [""] * len(blanks)
        assert asked.shown.locator(".bplib-row :is(input, select)").count() == len(blanks)
        assert blanks[0].evaluate("(blank) => blank === document.activeElement")
        assert asked.shown.get_by_role("status").inner_text() == ""
        assert asked.shown.get_by_role("img", name="right").count() == 0
        assert asked.shown.locator("[aria-invalid]").count() == 0
    assert len(seen) == 3


@practiced
def test_a_blank_that_is_empty_or_not_to_be_read_is_named_and_nothing_is_marked(opened):
    asked = of(opened, "graphs")
    asked.another(lambda: asked.press("Another"))
    first, second = asked.drill.fields[:2]
    assert asked.check() == f"{first.label} is still empty."
    asked.blank(first).fill("__import__('os')")
    said = asked.says(lambda: asked.blank(first).press("Enter"))
    assert said.startswith(f"{first.label}: ") and "Not yet" not in said
    asked.blank(first).fill("<img src=x onerror=alert(1)>")
    asked.check()
    assert asked.shown.locator(".bplib-said img").count() == 0
    asked.blank(first).fill("1")
    assert asked.check() == f"{second.label} is still empty."
    assert asked.shown.locator("[aria-invalid]").count() == 0


@practiced
def test_a_mark_goes_where_something_else_is_typed_and_the_others_stay(opened):
    asked = of(opened, "graphs")
    wrong = {name: value + 50 for name, value in asked.drill.right.items()}
    asked.fill(wrong)
    asked.check()
    invalid = asked.shown.locator("[aria-invalid]")
    assert invalid.count() == len(wrong)
    asked.blank(asked.drill.fields[0]).press("1")
    assert invalid.count() == len(wrong) - 1
    assert asked.shown.get_by_role("img", name="not right yet").count() == len(wrong) - 1


@practiced
def test_what_is_typed_in_a_hurry_while_the_kernel_is_busy_is_not_lost(opened):
    asked = of(opened, "graphs")
    asked.another(lambda: asked.press("Another"))
    right = {field.label: str(asked.drill.right[field.name]) for field in asked.drill.fields}
    asked.shown.evaluate(
        """(shown, right) => {
          for (const label of shown.querySelectorAll(".bplib-row label")) {
            const blank = document.getElementById(label.htmlFor);
            blank.value = right[label.textContent];
            blank.dispatchEvent(new Event("input"));
          }
          shown.querySelector(".bplib-row:last-child button").click();
        }""",
        right,
    )
    asked.shown.get_by_role("status").filter(has_text="✓ Passed.").wait_for()
    assert [asked.blank(field).input_value() for field in asked.drill.fields] == list(right.values())


@practiced
def test_another_pressed_twice_at_once_asks_one_question_and_what_is_typed_next_counts(opened):
    for kind in ("shapes", "graphs"):
        asked = of(opened, kind)
        asked.another(
            lambda asked=asked: asked.shown.evaluate(
                "(shown) => [...shown.querySelectorAll('.bplib-row:last-child button')].at(-1).click()"
                " ?? [...shown.querySelectorAll('.bplib-row:last-child button')].at(-1).click()"
            )
        )
        opened.page.wait_for_timeout(500)
        asked.fill(asked.drill.right)
        assert asked.check().startswith("✓ Passed. ")
        asked.another(lambda asked=asked: asked.press("Another"))


# Keys, kinds and levels


@practiced
def test_a_button_of_a_kind_asks_that_kind(opened):
    asked = Asked(opened, opened.page.locator(".bplib-explorer").first)
    for kind in reversed(kinds.KINDS):
        if asked.drill.kind == kind:
            continue
        assert asked.another(lambda kind=kind: asked.press(kind)).startswith(f"{kind}-")
        assert asked.shown.get_by_role("button", pressed=True).all_inner_texts() == [kind]
        assert asked.blank(asked.drill.fields[0]).evaluate("(blank) => blank === document.activeElement")


@practiced
@each_kind
def test_no_key_reaches_the_commands_of_jupyterlab(opened, kind):
    asked = of(opened, kind)
    cells = opened.page.locator(".jp-Notebook .jp-Cell").count()
    for part in asked.shown.locator("input, select, button").all():
        part.focus()
        for key in ("x", "d", "d", "a", "b"):
            part.press(key)
    opened.page.wait_for_timeout(200)
    assert opened.page.locator(".jp-Notebook .jp-Cell").count() == cells


@practiced
def test_who_comes_to_the_blanks_hears_what_is_asked_and_each_has_its_label(opened):
    for kind in kinds.KINDS:
        asked = of(opened, kind)
        group = asked.shown.get_by_role("group", name=asked.drill.asks)
        names = [field.label for field in asked.drill.fields]
        assert group.locator("label").all_inner_texts() == names
        assert group.locator("input, select").count() == len(names)
        for name in names:
            group.get_by_label(name, exact=True).wait_for()


# How it looks


@practiced
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious_before_and_after_a_check(opened, theme, screenshots):
    for k, kind in enumerate(kinds.KINDS):
        asked = of(opened, kind)
        asked.fill(asked.drill.right if k % 2 else asked.wrong())
        asked.check()
    assert serious(opened, theme) == []
    for kind in kinds.KINDS:
        of(opened, kind).shown.screenshot(path=screenshots / f"practice-{kind}-{theme.lower()}.png")


@practiced
def test_on_a_phone_nothing_but_the_picture_is_wider_than_its_place(opened, screenshots):
    opened.page.set_viewport_size({"width": 412, "height": 915})
    opened.command("application:toggle-left-area")
    try:
        for kind in kinds.KINDS:
            wide = of(opened, kind).shown.evaluate(
                """(shown) => [...shown.querySelectorAll("*:not(.bplib-picture *)")]
                  .filter((part) => part.getBoundingClientRect().right > shown.getBoundingClientRect().right + 1)
                  .map((part) => part.outerHTML)"""
            )
            assert wide == [], kind
            of(opened, kind).shown.screenshot(path=screenshots / f"practice-{kind}-phone.png")
    finally:
        opened.command("application:toggle-left-area")
        opened.page.set_viewport_size({"width": 1366, "height": 768})


# How it goes on


def test_three_right_in_a_row_raise_the_level_and_it_is_kept_when_the_page_is_loaded_again(lab, course):
    lab.open(NOTEBOOK)
    lab.run_all()
    kept = course / ".progress.json"
    known = json.loads(kept.read_text()) if kept.exists() else {"exercises": {}}
    kept.write_text(json.dumps(known | {"practice": {}}))
    asked = of(lab, "graphs")
    asked.another(lambda: asked.press("Another"))
    for k in range(3):
        assert asked.id.startswith("graphs-1-")
        asked.fill(asked.drill.right)
        said = asked.check()
        assert ("level 2" in said) == (k == 2), said
        asked.another(lambda: asked.press("Another"))
    assert asked.id.startswith("graphs-2-")
    lab.open(NOTEBOOK)
    lab.run_all()
    assert of(lab, "graphs").id.startswith("graphs-2-")
    assert of(lab, "bugs").id.startswith("bugs-1-")
    for _ in range(2):
        asked = of(lab, "graphs")
        asked.fill(asked.wrong())
        said = asked.check()
        asked.another(lambda asked=asked: asked.press("Another"))
    assert "level 1" in said and asked.id.startswith("graphs-1-")


def test_without_a_widget_a_function_is_completed_and_checked(lab, course):
    cells = ["from bplib.course.checks import check, practice", 'practice("graphs", 1, 7, widget=False)', "", ""]
    written = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{k}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for k, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (course / "notebooks" / "plain.ipynb").write_text(json.dumps(written))
    lab.open("notebooks/plain.ipynb")
    lab.run("c0", "c1")
    drill = kinds.named("graphs-1-7")
    shown = lab.cell("c1").locator(".jp-OutputArea")
    assert drill.asks in shown.inner_text() and 'check("graphs-1-7", answer)' in shown.inner_text()
    assert shown.locator("svg[role=img]").count() == 1
    stub = drill.stub.partition("\n\n")[0]
    assert stub in shown.inner_text()
    wrong = drill.right | {drill.fields[0].name: 98}
    for answers, status in ((None, "not attempted"), (wrong, "not yet"), (drill.right, "passed")):
        lab.write("c2", stub if answers is None else f"def answer():\n    return {answers!r}")
        lab.write("c3", 'check("graphs-1-7", answer)')
        lab.run("c2", "c3")
        assert f"graphs-1-7: {status}" in lab.output("c3")
