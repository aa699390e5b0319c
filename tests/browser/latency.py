"""How long a picture takes to follow a slider, and a check of practice, as a table: `python -m tests.browser.latency`.

From the press of an arrow key to the new picture in the page, both seen by the page itself; 30 moves of the first
slider of each explorer, after one that does not count. From the press of Check to the sentence, as many questions of
each kind, after one that does not count. All in JupyterLab. A benchmark and no test: it says what is above its bar, and
fails nobody. Arguments are pytest's: `-k 09` measures lesson 09 only. Nothing else should run meanwhile.
"""

import statistics
import sys
from pathlib import Path

import pytest

from bplib.course.drills import kinds
from tests.browser.conftest import LESSONS

MOVES = 30
BAR, CHECK_BAR = 60, 100
"""Milliseconds that 95 of 100 moves may take, and checks."""
MOVE = """([picture, handle]) => new Promise((resolve) => {
  const observer = new MutationObserver(() => end(performance.now() - window.bplibPressed));
  const limit = setTimeout(() => end(null), 10000);
  const end = (time) => { clearTimeout(limit); observer.disconnect(); resolve(time) };
  handle.addEventListener("keydown", () => {
    window.bplibPressed = performance.now();
    observer.observe(picture, { childList: true, subtree: true });
  }, { capture: true, once: true });
})"""


@pytest.fixture(scope="session")
def show():
    """Print a row of the table; above the first stands the head."""
    print(f"{'lesson':30}{'cell':24}{'slider':22}{'p50':>5}{'p95':>6}  ms", flush=True)

    def show(lesson, cell, slider, times, bar=BAR):
        middle, high = statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]
        over = f"  above {bar}" if high > bar else ""
        print(f"{lesson:30}{cell:24}{slider:22}{middle:5.0f}{high:6.0f}{over}", flush=True)

    return show


@pytest.mark.parametrize("opened", LESSONS, indirect=True)
def test_latency(opened, show):
    explorers = opened.page.locator(".bplib-explorer")
    for number in range(explorers.count()):
        explorer = explorers.nth(number)
        explorer.scroll_into_view_if_needed()
        handle = explorer.get_by_role("slider").first
        times = [move(explorer, handle, key) for key in keys(handle)]
        show(Path(opened.path).stem, cell_of(explorer), handle.get_attribute("aria-label"), times[1:])


CHECKED = """(shown) => new Promise((resolve) => {
  const [check] = shown.querySelectorAll(".bplib-row:last-child button");
  const pressed = performance.now();
  const observer = new MutationObserver(() => { observer.disconnect(); resolve(performance.now() - pressed) });
  observer.observe(shown.querySelector("[role=status]"), { childList: true });
  check.click();
})"""


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("opened", ["notebooks/practice.ipynb"], indirect=True)
def test_check(opened, kind, show):
    shown, times = opened.page.locator(".bplib-explorer").first, []
    for number in range(1 + MOVES):
        before = drill = named(shown)
        shown.get_by_role("button", name="Another" if drill.kind == kind else kind, exact=True).click()
        while drill.id == before.id:
            opened.page.wait_for_timeout(20)
            drill = named(shown)
        for field in drill.fields:
            blank = shown.get_by_label(field.label, exact=True)
            if field.options:
                blank.select_option(index=1)
            else:
                blank.fill(str(drill.right[field.name]) if number % 2 else "7")
        opened.page.wait_for_timeout(200)
        times.append(shown.evaluate(CHECKED))
    show(Path(opened.path).stem, kind, "Check", times[1:], CHECK_BAR)


def named(shown):
    """The drill that a form asks."""
    return kinds.named(shown.locator(".bplib-asks small").inner_text())


def cell_of(explorer):
    """The id of the cell that shows an explorer."""
    return explorer.evaluate("""(explorer) => {
      const notebook = window.jupyterapp.shell.currentWidget.content;
      return notebook.widgets.find((cell) => cell.node.contains(explorer)).model.id;
    }""")


def keys(handle):
    """The keys of all moves: to the end of the slider, from there to its other end, and so on."""
    back = False
    for _ in range(1 + MOVES):
        now, last = int(handle.input_value()), int(handle.get_attribute("max"))
        back = now > 0 if back else now >= last
        yield "ArrowLeft" if back else "ArrowRight"


def move(explorer, handle, key):
    """The milliseconds from the press of a key to the new picture."""
    picture = explorer.locator(".bplib-picture").element_handle()
    timing = explorer.page.evaluate_handle(
        f"(given) => ({{ time: ({MOVE})(given) }})", [picture, handle.element_handle()]
    )
    handle.press(key)
    time = timing.evaluate("(timing) => timing.time")
    assert time is not None, f"no new picture from {handle.get_attribute('aria-label')}"
    return time


class NoDots:
    """Keeps pytest from writing a dot for each lesson into the table."""

    @staticmethod
    def pytest_report_teststatus(report):
        return ("", "", "") if report.passed else None


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-n0", "-q", "-s", "--no-header", *sys.argv[1:]], plugins=[NoDots()]))
