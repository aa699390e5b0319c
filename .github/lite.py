"""Copies of the lessons and exercises for JupyterLite, where a browser runs them: python .github/lite.py FOLDER.

Each begins with a cell that installs the course in the browser: without its dependencies, most of which are for what a
browser does not do, JupyterLab itself, grading and tests. What lessons need is named instead.
"""

import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gymnasium", "ipywidgets", "matplotlib", "numpy", "sympy", "tqdm")
CELL = f"""# In the browser only: this installs the course, which takes a minute the first time.
%pip install -q {" ".join(PACKAGES)}
%pip install -q --no-deps bplib-course"""


def copy(folder):
    """Write the notebooks to notebooks/ and exercises/ in a new folder."""
    for name, source in {"notebooks": "notebooks", "exercises": "bplib/course/released"}.items():
        (folder / name).mkdir(parents=True)
        for path in sorted((ROOT / source).glob("*.ipynb")):
            nb = nbformat.read(path, as_version=4)
            nb.cells.insert(1, nbformat.v4.new_code_cell(CELL, id="in-the-browser"))
            nb.metadata.kernelspec = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
            nbformat.write(nb, folder / name / path.name)


if __name__ == "__main__":
    copy(Path(sys.argv[1]))
