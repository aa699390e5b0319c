"""Promise: what the project depends on is what it imports, and every way to install it installs the same."""

import re
import sys
import tomllib

import pytest
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


# What a learner starts, what pytest loads by name, what finds bplib where it is installed from its own folder, and what
# Sphinx loads by the names in site_conf.py. On ipywidgets stands anywidget: it is named since the course is told to be
# made of it.
CALLED = {"yaml": "pyyaml"}  # where what is imported has another name than what is installed
NOT_IMPORTED = {"jupyterlab", "pytest-xdist", "editables", "furo", "myst-nb", "ipywidgets"}


def test_the_project_depends_on_the_packages_that_its_files_import_and_on_no_others():
    imported = {name.split(".")[0] for path in FILES.values() for name in imports(path)}
    packages = {CALLED.get(package, package) for package in imported - {"bplib"} - sys.stdlib_module_names}
    needed = {name_of(package) for package in packages}
    project = pyproject()["project"]
    optional = [package for extra in project["optional-dependencies"].values() for package in extra]
    assert needed | NOT_IMPORTED == set(bounds([*project["dependencies"], *optional]))


def test_a_requirement_is_split_into_name_and_bounds_however_it_is_spelled():
    assert bounds(["Jupyter_Client >= 8.6", "numpy>=1.26,<3", "pip"]) == {
        "jupyter-client": ">=8.6",
        "numpy": ">=1.26,<3",
        "pip": "",
    }


# The name


def instructions():
    """What people are told: every line of text for them, by the file it stands in."""
    texts = [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), ROOT / "environment.yml", *ROOT.glob(".github/**/*.*")]
    sources = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb"), *ROOT.glob("bplib/**/*.py")]
    for path in [*texts, *sources]:
        if path.suffix in (".md", ".yml", ".py", ".ipynb"):
            for line in path.read_text(encoding="utf-8").splitlines():
                yield path.relative_to(ROOT).as_posix(), line


INSTALLS = re.compile(
    r"(?:pip3?|pipx|conda|mamba|uv tool) (?:install|download|run) [^|`;]*|uv add [^|`;]*|--with[ =][^|`;]*"
)


def names_another(line):
    """Whether a line installs a distribution named bplib, which on PyPI is another project."""
    commands = [found[0] for found in INSTALLS.finditer(line) if "uninstall" not in found[0]]
    return any(re.search(r"(?<![\w./-])bplib(?![\w./-])", command) for command in commands) or "bplib[" in line


def test_no_instruction_installs_the_other_project_of_that_name():
    assert pyproject()["project"]["name"] == "bplib-course"
    assert [(path, line) for path, line in instructions() if names_another(line)] == []


def test_an_instruction_that_could_mean_the_other_project_would_be_seen():
    for line in (
        'pip install "bplib[dask]"',
        "python -m uv pip install bplib",
        "uv run --with bplib x",
        "`pip install bplib`",
    ):
        assert names_another(line)
    for line in (
        "pip install -e .",
        "%pip install -q --no-deps bplib-course",
        "pip uninstall bplib",
        "uv run bplib grade",
    ):
        assert not names_another(line)


# The workflows


@pytest.mark.parametrize("name", ["browser", "peers", "grade"])
def test_a_workflow_waits_for_changes_of_files_that_are_there(name):
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    lists = [re.findall(r'"([^"]+)"', found) for found in re.findall(r"paths:((?:\n +- .*)+|.*)", text)]
    assert lists and all(one == lists[0] for one in lists)
    for pattern in lists[0]:
        assert any(path.is_file() for path in ROOT.glob(pattern + "/*" if pattern.endswith("**") else pattern)), pattern
