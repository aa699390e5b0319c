"""Whether a notebook runs where the course can: the right Python, its packages, a folder that can be written.

It needs the standard library alone, of Python 3.8, so that it still speaks where the course cannot run.
"""

import importlib.metadata
import os
import sys
import tempfile
import textwrap
from pathlib import Path

from bplib.course import files

PYTHON = (3, 11)
"""The oldest Python that will do: requires-python in pyproject.toml."""

PACKAGES = ("anywidget", "gymnasium", "matplotlib", "numpy", "sympy", "tqdm")
"""What lessons and exercises import; pyproject.toml says of which versions."""

_COURSE = "bplib-course"  # the name under which it is installed; bplib was it once, and on PyPI is another project

WELL = "All is well: this Python has what the course needs, and your answers can be saved."

ALONE = (
    "All is well: this Python has what the course needs. Your answers are in this notebook and nowhere else, so keep a"
    " copy of it; what you have passed is not remembered, since there is no folder of the course here."
)


def check_environment():
    """Say that all is well, or what is not and what to do. Where all is well it says the same on every machine.

    A notebook may stand alone, as in Colab, where the course was installed from its address and has no folder.
    """
    folder = files.course_folder()
    alone = folder is None and files.course_folder(Path(__file__).parent) is None
    parts = [*_python(folder), *([] if alone else _folder(folder))]
    for part in parts or [ALONE if alone else WELL]:
        print(textwrap.fill(part, 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))


def _python(folder):
    """What is wrong with the Python that runs us, and at the end what to do."""
    wrong = []
    if sys.version_info < PYTHON:
        found, needed = (".".join(map(str, version)) for version in (sys.version_info[:3], PYTHON))
        wrong.append(f"Python is {found}; {needed} or newer is needed.")
    wrong += _packages()
    here = Path(__file__).parents[1]
    if folder and (folder / "bplib").is_dir() and not os.path.samefile(folder / "bplib", here):
        wrong.append(f"bplib comes from {here} and not from {folder}, the folder of this notebook.")
    if not wrong:
        return []
    place = folder or "the folder of the course"
    return [
        *wrong,
        f"What to do: this notebook runs on {sys.executable}. Stop Jupyter and start it in {place} by `python -m uv run"
        " jupyter lab`, which installs what is missing; without uv, by `pip install -e .` and `jupyter lab`. In an"
        f" editor, choose the Python in {Path(place) / '.venv'} as the kernel.",
    ]


def _packages():
    """Which packages are missing or of a version that will not do."""
    try:
        from packaging.requirements import Requirement

        requirements = [Requirement(line) for line in importlib.metadata.requires(_COURSE) or []]
    except ModuleNotFoundError as error:  # PackageNotFoundError is one
        return [f"{error.name} is not installed."]
    wrong = []
    if _installed("bplib"):
        wrong.append(
            "A package named bplib is installed beside the course: `python -m uv sync --reinstall-package bplib-course`"
            " removes it; without uv, `pip uninstall bplib` and `pip install -e .`."
        )
    for requirement in requirements:
        if requirement.name not in PACKAGES:
            continue
        version = _installed(requirement.name)
        if version is None:
            wrong.append(f"{requirement.name} is not installed.")
        elif not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}; {requirement.specifier} is needed.")
    return wrong


def _installed(name):
    """The version of a package, None if it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _folder(folder):
    """What is wrong with the place where answers and progress are kept, and what to do."""
    if folder is None:
        return [
            f"There is no exercises/ beside notebooks/ at or above {Path.cwd()}. What to do: open this notebook in the"
            " folder of the course, all of it as it was unpacked, so that your progress is kept."
        ]
    for place in (folder, folder / "exercises"):
        try:
            tempfile.TemporaryFile(dir=place).close()
        except OSError as error:
            return [
                f"Nothing can be written to {place}: {error.strerror}. What to do: make room there, or copy the"
                " folder of the course to a place of your own, and open it there."
            ]
    return []
