"""The course as a book: pages with a sidebar, search, and explorers that move, which need no kernel and no other host.

Sphinx and MyST-NB make the pages, in the theme Furo. What is ours: formulas become MathML, and an explorer brings the
pictures that its controls can reach. The packages for it are those of the extra `site`.
"""

import contextlib
import functools
import io
import multiprocessing
import os
import re
import shutil
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from sphinx.cmd.build import build_main
from traitlets.config import Config

from bplib.course.notebooks import canonical, releases
from bplib.pictures.explorers import Explorer, stored

_CONF = Path(__file__).with_name("site_conf.py")
_PICTURES = ".github/pictures"
_LITE = "lite/lab/index.html"
_MADE = ".buildinfo"
_NOTEBOOK = re.compile(r'(<a href="[^":]*)\.ipynb\b')
# No window, no bars, and one thread for each lesson: beside each other they have all processors busy already.
_THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM")}
_ENVIRONMENT = {"MPLBACKEND": "agg", "TQDM_DISABLE": "1", **_THREADS}


def build(course, out):
    """Write the pages of a course folder to the folder `out`, and return how many notebooks they show.

    Lessons come from notebooks/, as stored, and are run once for their explorers; so do pages in Markdown. Exercises
    are the released ones, whatever a learner has written. The first page is what the README says up to its second
    section. A folder `lite` in `out` with JupyterLite in it is linked from every page. ValueError if `out` holds
    anything that is not such a book, if a lesson stops, or if Sphinx has something to say, as of a link that leads
    nowhere; nothing is written then.
    """
    course, out = Path(course), Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    strange = [path.name for path in out.iterdir() if path.name != "lite"] if out.is_dir() else []
    if strange and _MADE not in strange:
        raise ValueError(f"{out} holds {min(strange)}, which is no part of a book; name a new or an empty folder")
    lite = (out / _LITE).is_file()
    lessons, exercises = sorted((course / "notebooks").glob("*.ipynb")), sorted(releases.RELEASED.glob("*.ipynb"))
    pages = sorted((course / "notebooks").glob("*.md"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        for name, notebooks in {"notebooks": _moving(lessons), "exercises": map(canonical.read, exercises)}.items():
            (source / name).mkdir(parents=True)
            for path, notebook in zip(lessons if name == "notebooks" else exercises, notebooks, strict=True):
                _link(notebook, f"{name}/{path.name}", lite)
                (source / name / path.name).write_text(canonical.text(notebook), encoding="utf-8")
        for page in pages:
            shutil.copy(page, source / "notebooks" / page.name)
        if (course / _PICTURES).is_dir():
            shutil.copytree(course / _PICTURES, source / _PICTURES)
        (source / "index.md").write_text(_index(course, [*lessons, *pages], exercises, lite), encoding="utf-8")
        shutil.copy(_CONF, source / "conf.py")
        _sphinx(source, made)
        for path in (out / name for name in strange):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(made, out, dirs_exist_ok=True)
    return len(lessons) + len(exercises)


def _sphinx(source, made):
    """Let Sphinx make pages; what it warns of is an error, with the cell of a notebook in the place of its line."""
    said = io.StringIO()
    command = ["-b", "html", "-q", "-j", "auto", "-d", str(made.with_name("doctrees")), str(source), str(made)]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python, about the packages
        failed = build_main(command)
    words = re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue()).strip()
    if failed or words:
        words = words.replace(f"{source}{os.sep}", "") or f"Sphinx ends with {failed}"
        # To MyST-NB the first line of the first cell is 10002, and that of the second 20002.
        words = re.sub(r"\.ipynb:(\d+)(\d{4})\b", lambda at: f".ipynb, cell {at[1]}, line {int(at[2]) - 1}", words)
        raise ValueError(f"the book has flaws: {words}")


def _index(course, lessons, exercises, lite):
    """The README up to its second section, a notice, and what the sidebar lists."""
    head, *sections = re.split(r"^(?=## )", (course / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    notice = (
        "In these pages the pictures move, but nothing can be written or checked. For that, open the course as below"
    )
    notice += f', or <a href="{_LITE}">run it in the browser</a> with nothing to install.' if lite else "."
    contents = {"Lessons": ("notebooks", lessons), "Exercises": ("exercises", exercises)}
    trees = [
        "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", *(f"{folder}/{p.stem}" for p in paths), "```"])
        for caption, (folder, paths) in contents.items()
    ]
    return "\n\n".join([head, notice, *sections[:1], *trees])


def _moving(lessons):
    """The lessons as stored, but with explorers that move; several are made at once."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:  # processes of their own, since NumPy reads how many threads it may have when it is loaded
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            return list(pool.map(_lesson, lessons))
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _lesson(path):
    """A lesson as stored, but its explorers move: it is run, as far as the last of them, for what they are made of."""
    notebook, moving = canonical.read(path), False
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = max((k for k, cell in enumerate(code) if "explorer(" in cell.source), default=-1)
    if last < 0:
        return notebook
    shell = _shell()
    shell.reset()
    os.chdir(path.parent)
    for cell in code[: last + 1]:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            done = shell.run_cell(cell.source, store_history=False)
        if not done.success:
            error = done.error_before_exec or done.error_in_exec
            raise ValueError(f"notebooks/{path.name}, cell {cell.id}: {type(error).__name__}: {error}")
        if isinstance(done.result, Explorer):
            [output] = [each for each in cell.outputs if "text/html" in each.get("data", {})]
            output.data["text/html"] = stored.page(done.result) + ("" if moving else stored.script())
            moving = True
    return notebook


@functools.cache
def _shell():
    from IPython.core.interactiveshell import InteractiveShell

    return InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))


def _link(notebook, path, lite):
    """Let links in results lead to pages, as MyST-NB does with those in texts; and one to where a browser runs it."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if "text/html" in data:
            data["text/html"] = _NOTEBOOK.sub(r"\1.html", data["text/html"])
    if lite:
        link = f'<a class="run" href="../{_LITE}?path={path}">Run this in the browser</a>'
        cell = {"cell_type": "markdown", "id": "lite", "metadata": {}, "source": link}
        notebook.cells.insert(1, canonical.node(cell))
