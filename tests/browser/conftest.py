"""JupyterLab as the README opens it, on a copy of the course, in the system's Chromium.

The screenshots go to the folder that the variable BPLIB_SCREENSHOTS names, or to pytest's own.
"""

import contextlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Of the flags, all but the last are for a machine without a screen, a sandbox or a network.
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --force-device-scale-factor=1""".split()
SECONDS = 300  # the longest lesson computes for 80 seconds where nothing else does
"""How long to wait for a notebook, in a page."""
_CELLS = "[...window.jupyterapp.shell.currentWidget.content.model.cells]"


@pytest.fixture(scope="session")
def course():
    """A learner's copy of the course: lessons and exercises."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in ("notebooks", "exercises"):
            shutil.copytree(ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        yield Path(folder)


@pytest.fixture(scope="session")
def server(course):
    """The address of JupyterLab, opened as in the README but for a browser; it stops with the tests."""
    with serving(course, "jupyterlab") as address:
        yield address


@contextlib.contextmanager
def serving(course, module):
    """The address of JupyterLab or Notebook, whichever module it is, in a course; it is without settings of its own."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        command = [sys.executable, "-m", module, "notebooks/00_start_here.ipynb", "--no-browser", "--port=0"]
        command += ["--expose-app-in-browser", "--IdentityProvider.token=learner"]
        if hasattr(os, "getuid") and os.getuid() == 0:
            command.append("--allow-root")
        # Settings of whoever runs the tests must not decide; the news would need a network.
        own = {f"{name}_DIR": home for name in ("JUPYTER_CONFIG", "JUPYTER_RUNTIME", "JUPYTERLAB_WORKSPACES")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BPLIB_"))}
        settings = Path(home) / "settings" / "@jupyterlab"
        for extension, chosen in {
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
            "notebook-extension/tracker": {"windowingMode": "none"},
        }.items():
            path = settings / f"{extension}.jupyterlab-settings"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(chosen))
        process = subprocess.Popen(
            command,
            cwd=course,
            env={**kept, **own, "JUPYTERLAB_SETTINGS_DIR": str(settings.parent)},
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        lines = queue.Queue()

        def read():  # to the end: a full pipe would stop the server
            for line in process.stderr:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        try:
            said = []
            while not (found := re.search(r"(http://localhost:\d+)/(lab|tree)", said[-1] if said else "")):
                said.append(lines.get(timeout=SECONDS))
                assert said[-1], "".join(said)
            yield found[1]
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is in the group `browser`")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """The folder for pictures."""
    folder = os.environ.get("BPLIB_SCREENSHOTS")
    if not folder:
        return tmp_path_factory.mktemp("screenshots")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)


class Lab:
    """One page with JupyterLab in it, 1366 pixels wide as on a laptop, and what went wrong there."""

    def __init__(self, browser, address):
        """Open an empty page."""
        self.address = address
        self.page = browser.new_page(viewport={"width": 1366, "height": 768})
        self.page.set_default_timeout(1000 * SECONDS)
        self.wrong = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("response", self._answered)

    def _heard(self, message):
        if message.type == "error" and "Failed to load resource" not in message.text:  # that is in _answered
            self.wrong.append(f"console: {message.text}")

    def _answered(self, response):
        # JupyterLab asks for a workspace that nobody has saved yet.
        if response.status >= 400 and "/api/workspaces" not in response.url:
            self.wrong.append(f"{response.status}: {response.url}")

    def open(self, path, theme="Light", under="lab/tree"):
        """Open a notebook of the course, its kernel ready."""
        self.path = path
        self.page.goto(f"{self.address}/{under}/{path}?token=learner&reset")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady")
        self.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        self.wait_until("kernel?.status === 'idle'")

    def command(self, name, **arguments):
        """Let JupyterLab execute a command, and wait until it has."""
        return self.page.evaluate(
            "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => null)", [name, arguments]
        )

    def wait_until(self, condition):
        """Wait until a condition on `kernel`, `cells` (of code) and `notebook` holds."""
        self.page.wait_for_function(
            f"""() => {{
              const widget = window.jupyterapp.shell.currentWidget, notebook = widget?.content;
              const kernel = widget?.context?.sessionContext?.session?.kernel;
              const cells = [...(notebook?.model?.cells ?? [])].filter((cell) => cell.type === "code");
              return {condition};
            }}"""
        )

    def run_all(self):
        """Run all cells, from nothing."""
        self.command("notebook:clear-all-cell-outputs")
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        self.wait_until("cells.every((cell) => cell.executionCount) && kernel?.status === 'idle'")
        self.page.wait_for_timeout(1000)  # for the views of the widgets, and for their names

    def cell(self, id):
        """The cell of this id."""
        number = self.page.evaluate(f"(id) => {_CELLS}.findIndex((cell) => cell.id === id)", id)
        assert number >= 0, f"there is no cell {id}"
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def write(self, id, source):
        """Write into the cell of this id as a person would, in place of what is there."""
        self.cell(id).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def run(self, *ids):
        """Run the cells of these ids, one after the other, by Shift+Enter."""
        for id in ids:
            self.cell(id).locator(".cm-content").click()
            cell = f"{_CELLS}.find((cell) => cell.id === {json.dumps(id)})"
            self.page.evaluate(f"() => {{ {cell}.executionCount = null }}")
            self.page.keyboard.press("Shift+Enter")
            self.page.wait_for_function(f"() => {cell}.executionCount")
            self.wait_until("kernel?.status === 'idle'")

    def source(self, id):
        """What stands in the cell of this id."""
        return self.cell(id).locator(".cm-content").inner_text()

    def output(self, id):
        """What the cell of this id shows, in one line."""
        return " ".join(self.cell(id).locator(".jp-OutputArea").inner_text().split())

    def close(self):
        """Close the page, and end its kernel."""
        self.command("kernelmenu:shutdown")
        self.page.close()


@pytest.fixture
def lab(browser, server):
    """A page with JupyterLab; see `Lab`. Without a browser no server is started."""
    lab = Lab(browser, server)
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def opened(request, browser, server):
    """A page in which all cells of a notebook were run, once for all tests that are about it."""
    lab = Lab(browser, server)
    lab.open(request.param)
    lab.run_all()
    yield lab
    lab.close()
