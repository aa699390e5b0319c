"""Copies of the lessons and exercises that bring the course along: python .github/copies.py FOLDER [ADDRESS].

Each begins with a cell that installs the course where it is missing: without its dependencies, most of which are for
what a notebook alone does not do, JupyterLab itself, grading and tests. What notebooks need is named instead.

Without an address they are for JupyterLite, where a browser runs them: the course is the wheel beside it. With the
address of a repository on GitHub they are for Colab, which opens them from the branch `colab` there; from that branch
comes the course too. Their links lead to Colab, since a notebook in somebody's Drive has no neighbors.
"""

import posixpath
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import nbformat

from bplib.course.environment import PACKAGES

ROOT = Path(__file__).resolve().parents[1]
# Checks show what templates make and remember what is passed, and lesson 00 compares versions.
NEEDED = sorted([*PACKAGES, "filelock", "jinja2", "packaging"])
CELL = """# Where the course is missing, this installs it, which takes a minute.
try:
    import bplib.course
except ImportError:
    %pip install -q {packages}
    %pip install -q --no-deps {course}"""
_LINK = re.compile(r'(\]\(|href=\\")([\w./]+\.(?:ipynb|md))')


def copy(folder, address=None):
    """Write the notebooks to notebooks/ and exercises/ in a folder that has neither."""
    course = f"git+{address}@colab" if address else "bplib-course"
    cell = CELL.format(packages=" ".join(NEEDED), course=course)
    for name, source in {"notebooks": "notebooks", "exercises": "bplib/course/released"}.items():
        (folder / name).mkdir(parents=True)
        for path in sorted((ROOT / source).glob("*.ipynb")):
            nb = nbformat.read(path, as_version=4)
            nb.cells.insert(1, nbformat.v4.new_code_cell(cell, id="install"))
            if not address:
                nb.metadata.kernelspec = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
            text = nbformat.writes(nb)
            if address:
                text = _LINK.sub(lambda found, name=name: found[1] + _colab(address, name, found[2]), text)
            (folder / name / path.name).write_text(text, encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if address:
            text = _LINK.sub(lambda found: found[1] + _colab(address, "notebooks", found[2]), text)
        (folder / "notebooks" / path.name).write_text(text, encoding="utf-8")


def _colab(address, folder, link):
    """Where Colab opens the notebook to which a link in that folder leads, or GitHub a page, which Colab does not."""
    repository = urlsplit(address).path.strip("/")
    path = posixpath.normpath(posixpath.join(folder, link))
    host = "colab.research.google.com/github" if path.endswith(".ipynb") else "github.com"
    return f"https://{host}/{repository}/blob/colab/{path}"


if __name__ == "__main__":
    copy(Path(sys.argv[1]), *sys.argv[2:])
