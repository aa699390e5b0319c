"""Promise: reading order is import order, heavy imports stay on the top floors, and files stay small and explained."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bplib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bplib"
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
each_file = pytest.mark.parametrize("path", FILES.values(), ids=FILES)

# The floors: what each module may import beside the standard library and the modules above it.
STDLIB, NUMPY = frozenset(), frozenset({"numpy"})
FLOORS = {
    "operations": STDLIB,
    "training": NUMPY | {"tqdm"},
    "worlds": NUMPY | {"gymnasium"},
    "symbolic": NUMPY | {"sympy", "mpmath"},  # mpmath is the arithmetic of sympy, and comes with it
    "verify": NUMPY | {"sympy"},
    "plots": NUMPY | {"sympy", "matplotlib"},
    "layout": STDLIB,
    "svg": STDLIB,
    "diagrams": STDLIB,
    "explorers": NUMPY | {"sympy", "matplotlib", "ipywidgets", "IPython"},
    "course": NUMPY
    | {
        "sympy",
        "matplotlib",
        "ipywidgets",
        "IPython",
        "nbformat",
        "nbclient",
        "nbconvert",
        "nbval",
        "packaging",
        "pytest",
        "jupyter_client",
        "ipykernel",
        "traitlets",
        "tqdm",
        "distributed",
        "math_core",
    },
}


def module_order():
    """The indented table in the docstring of bplib: one module a line, with what it is for."""
    return re.findall(r"^    ([a-z_]+) +\S", bplib.__doc__, flags=re.MULTILINE)


def course_order():
    """The modules of bplib.course, in the order in which its docstring names them after the first line."""
    source = (PACKAGE / "course" / "__init__.py").read_text(encoding="utf-8")
    _, _, prose = ast.get_docstring(ast.parse(source)).partition("\n")
    names = {path.stem for path in (PACKAGE / "course").iterdir() if path.suffix == ".py" or path.is_dir()}
    return [word for word in dict.fromkeys(re.findall(r"\w+", prose)) if word in names]


def imports(path):
    """The dotted name of everything a file imports, wherever the import stands."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def floor(path):
    """The name of the module in bplib that a file is, or is part of."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


# The order


def test_the_docstring_of_the_package_lists_every_module_once():
    listed = module_order()
    assert len(listed) == len(set(listed)) > 10
    there = {floor(path) for path in FILES.values()} - {"__init__"}
    assert there <= set(listed)


def test_every_module_that_is_listed_exists():
    there = {floor(path) for path in FILES.values()}
    assert set(module_order()) <= there


@each_file
def test_a_module_imports_only_modules_above_it(path):
    order = module_order()
    mine = floor(path)
    assert mine in ("__init__", *order), f"the docstring of bplib does not name {mine}"
    above = [] if mine == "__init__" else order[: order.index(mine)]
    for name in imports(path):
        if name.split(".")[0] == "bplib" and name.split(".")[1:2] != [mine]:
            assert name.split(".")[1:2] and name.split(".")[1] in above, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", [p for p in FILES.values() if floor(p) == "course"], ids=lambda p: p.name)
def test_a_module_of_the_course_imports_only_those_its_docstring_names_before(path):
    order = course_order()
    mine = path.relative_to(PACKAGE / "course").with_suffix("").parts[0]
    if mine not in ("__init__", "__main__"):
        assert mine in order, f"the docstring of bplib.course does not name {mine}"
        order = order[: order.index(mine)]
    above = [] if mine == "__init__" else order
    for name in imports(path):
        parts = name.split(".")
        if parts[:2] == ["bplib", "course"] and parts[2:3] != [mine]:
            assert parts[2:3] and parts[2] in above, f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "source, found",
    [
        ("import bplib.verify", "bplib.verify"),
        ("from bplib import verify", "bplib.verify"),
        ("from bplib.verify import witnesses", "bplib.verify.witnesses"),
        ("def f():\n    from bplib import verify", "bplib.verify"),
        ("from . import verify", "bplib.verify"),
        ("from .verify import witnesses", "bplib.verify.witnesses"),
    ],
    ids=["import", "from package", "from module", "lazy", "relative", "relative module"],
)
def test_an_import_is_seen_however_it_is_written(source, found, monkeypatch, tmp_path):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "bplib" / "operations.py"
    path.parent.mkdir()
    path.write_text(source)
    assert list(imports(path)) == [found]


# The floors


@each_file
def test_a_module_imports_only_the_packages_of_its_floor(path):
    allowed = STDLIB if floor(path) == "__init__" else FLOORS.get(floor(path), NUMPY)
    packages = {name.split(".")[0] for name in imports(path)} - {"bplib"} - sys.stdlib_module_names
    assert packages <= allowed


def modules_loaded_by(statement):
    code = f"{statement}\nimport sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.split()}


HEAVY = {"sympy", "matplotlib", "ipywidgets", "gymnasium", "IPython", "nbformat", "nbclient", "nbval", "pytest"}


def test_importing_bplib_loads_nothing_heavy():
    assert not HEAVY & modules_loaded_by("import bplib")


def test_the_numerical_core_loads_numpy_and_nothing_heavy():
    core = module_order()[: module_order().index("symbolic")]
    loaded = modules_loaded_by("".join(f"import bplib.{name}\n" for name in core))
    assert "numpy" in loaded
    assert not HEAVY & loaded


def test_the_witnesses_need_sympy_but_no_figures():
    loaded = modules_loaded_by("import bplib.verify")
    assert "sympy" in loaded
    assert not (HEAVY - {"sympy"}) & loaded


# The environment


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


# The files


# Problems are lists of wrong answers and sentences, which are looked up and not read through.
@pytest.mark.parametrize(
    "path", [path for path in FILES.values() if path.parent.name != "problems"], ids=lambda p: p.name
)
def test_a_file_is_short_enough_to_be_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def public_nodes(tree):
    """Every public function, class and method; not what is inside of a function."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_nodes(node)


@each_file
def test_every_public_name_has_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert [node.name for node in public_nodes(tree) if not ast.get_docstring(node)] == []


@each_file
def test_nothing_is_random_behind_the_back_of_the_caller(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("np.random."):
            assert ast.unparse(node) in ("np.random.default_rng", "np.random.Generator")


@each_file
def test_errors_are_raised_and_never_asserted(path):
    # pytest runs with assertions; a learner's python -O does not.
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
