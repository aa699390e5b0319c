"""Promise: what the project depends on is what it imports, and every way to install it installs the same."""

import re
import sys
import tomllib

from test_structure import FILES, ROOT, imports


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def conda_environment(text):
    """The dependencies of an environment.yml and of its pip section; it is so plain that no YAML library is needed."""
    (_, listed) = re.split(
        r"^dependencies:\s*$", re.sub(r"[ \t]+#.*$|^#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE
    )
    conda, pip, pip_indent = [], [], None
    for line in listed.splitlines():
        if not line.strip():
            continue
        if not line.lstrip().startswith("- "):
            break  # the next key
        indent, entry = len(line) - len(line.lstrip()), line.lstrip()[2:].strip().strip("\"'")
        if entry == "pip:":
            pip_indent = indent
        elif pip_indent is not None and indent > pip_indent:
            pip.append(entry)
        else:
            pip_indent = None
            conda.append(entry)
    return conda, pip


def name_of(requirement):
    """The name of a package as PyPI spells it: IPython is ipython, and jupyter_client is jupyter-client."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9_.-]+", requirement).group()).lower()


def bounds(requirements):
    """The name of each package with the versions that will do."""
    return {name_of(entry): re.sub(r"^[A-Za-z0-9_.-]+|\s", "", entry) for entry in requirements}


def test_the_conda_environment_has_the_packages_of_the_project_and_installs_it():
    conda, pip = conda_environment((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert len(conda) == len(set(conda))
    needed = bounds(pyproject()["project"]["dependencies"])
    assert bounds(conda) == {**needed, "python": "=3.12", "pip": ""}
    assert pip == ["-e ."]


def test_the_environment_is_read_as_it_is_written():
    text = """name: x
channels:
  - conda-forge
dependencies:  # all of them
  - python=3.12
  # - not-this
  - numpy>=1.26
  - pip
  - pip:
      - -e .
variables:
  A: b
"""
    assert conda_environment(text) == (["python=3.12", "numpy>=1.26", "pip"], ["-e ."])


# What a learner starts, and what pytest loads by name.
NOT_IMPORTED = {"jupyterlab", "pytest-xdist"}


def test_the_project_depends_on_the_packages_that_its_files_import_and_on_no_others():
    imported = {name.split(".")[0] for path in FILES.values() for name in imports(path)}
    needed = {name_of(package) for package in imported - {"bplib"} - sys.stdlib_module_names}
    project = pyproject()["project"]
    optional = [package for extra in project["optional-dependencies"].values() for package in extra]
    assert needed | NOT_IMPORTED == set(bounds([*project["dependencies"], *optional]))


def test_a_requirement_is_split_into_name_and_bounds_however_it_is_spelled():
    assert bounds(["Jupyter_Client >= 8.6", "numpy>=1.26,<3", "pip"]) == {
        "jupyter-client": ">=8.6",
        "numpy": ">=1.26,<3",
        "pip": "",
    }
