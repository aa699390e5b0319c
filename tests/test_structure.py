"""Promise: reading order is import order, each room imports what it says, and files stay small and explained."""

import ast
import functools
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bplib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bplib"


def dotted(path):
    """The name by which a file is imported."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}
ROOMS = [name for name, path in FILES.items() if path.name == "__init__.py" and name != "bplib"]
each_file = pytest.mark.parametrize("name", FILES)


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def docstring(name):
    return ast.get_docstring(parsed(FILES[name]))


def table():
    """The indented lines in the docstring of bplib: the name of a module or room, and the packages behind its plus."""
    lines = re.findall(r"^    ([a-z_]+) +(\S.*)", bplib.__doc__, flags=re.MULTILINE)
    return [(name, {*words.partition(" + ")[2].split(", ")} - {""}) for name, words in lines]


def said(room, heading):
    """What stands behind a heading in the docstring of a room."""
    [words] = re.findall(rf"^{heading}: (.*?)\.$", docstring(room), flags=re.MULTILINE | re.DOTALL)
    return " ".join(words.split())


def reading_order(room):
    """The names in a room in the order in which it says to read them, in groups that do not import each other."""
    if room == "bplib":
        return [[name] for name, _ in table()]
    words = [word.removeprefix("then ") for word in said(room, "Reading order").split(", ")]
    inside = {name.rpartition(".")[2] for name in FILES if name.rpartition(".")[0] == room}
    return [sorted(inside - set(words)) if word == "any" else [word] for word in words]


def ranks(room="bplib", above=()):
    """Where everything stands in the order of the whole: name to a tuple, which is less for what is above."""
    placed = {room: (*above, math.inf)}  # a room's own file gathers what is in the room
    for place, names in enumerate(reading_order(room)):
        for name in (f"{room}.{name}" for name in names):
            placed |= ranks(name, (*above, place)) if name in ROOMS else {name: (*above, place)}
    return placed


RANKS = {**ranks(), "bplib": (), "bplib.__main__": (math.inf,)}


@functools.cache
def imports(path):
    """The dotted name of everything a file imports, wherever the import stands."""
    return list(_imports(path))


def _imports(path):
    package = ".".join(path.relative_to(PACKAGE.parent).parts[:-1])
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def ours(path):
    """The modules of ours that a file imports."""
    for name in imports(path):
        if name.split(".")[0] == "bplib":
            while name not in FILES:
                name = name.rpartition(".")[0]
            yield name


def packages(path):
    return {name.split(".")[0] for name in imports(path)} - {"bplib"} - sys.stdlib_module_names


def room_of(name):
    return name if name in ROOMS else name.rpartition(".")[0]


def may_import(room):
    """The places and the packages that the docstring of a room allows; `bplib` alone is the mathematics."""
    places, _, others = said(room, "May import").partition("; ")
    return set(places.split(", ")) - {"nothing of ours"}, set(others.split(", ")) - {"nothing else"}


# The order


@pytest.mark.parametrize("room", ["bplib", *ROOMS])
def test_a_room_says_once_where_each_of_its_files_stands(room):
    listed = [name for group in reading_order(room) for name in group]
    there = {name.rpartition(".")[2] for name in FILES if name.rpartition(".")[0] == room}
    assert len(listed) == len(set(listed)) and set(listed) == there - {"__main__"}


@each_file
def test_a_module_imports_only_modules_above_it(name):
    for other in ours(FILES[name]):
        assert RANKS[other] < RANKS[name], f"{name} imports {other}"


@pytest.mark.parametrize("name", [name for name in FILES if room_of(name) not in ("", "bplib")])
def test_a_module_in_a_room_imports_only_what_the_room_says(name):
    places, others = may_import(room_of(name))
    for other in ours(FILES[name]):
        mathematics = "bplib" in places and room_of(other) == "bplib"
        within = any(f"{other}.".startswith(f"{place}.") for place in {*places, room_of(name)} - {"bplib"})
        assert mathematics or within, f"{name} imports {other}"
    assert packages(FILES[name]) <= others


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_lists_no_package_that_it_does_without(room):
    used = set().union(*(packages(path) for name, path in FILES.items() if room_of(name) == room))
    assert used == may_import(room)[1]


@pytest.mark.parametrize("name, more", [(name, more) for name, more in table() if f"bplib.{name}" not in ROOMS])
def test_the_mathematics_imports_numpy_and_what_is_named_behind_a_plus(name, more):
    used = packages(FILES[f"bplib.{name}"])
    assert more <= used <= {"numpy"} | more


def test_an_operation_is_said_without_a_package():
    assert packages(FILES["bplib.operations"]) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_in_one_line(room):
    assert re.match(r"[A-Z][^:.]+[:.] ?\S*", docstring(room)) and "\n\nMay import: " in docstring(room)


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
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "bplib")
    path = tmp_path / "bplib" / "operations.py"
    path.parent.mkdir()
    path.write_text(source)
    assert list(imports(path)) == [found]


# The README


def readme_map():
    """The README's map of the package, from operations to cli."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^```\n(operations .*?^cli .*?\n)", text, flags=re.MULTILINE | re.DOTALL)
    return block


def test_the_readme_shows_the_mathematics_and_the_rooms_in_reading_order():
    names = {name.rpartition(".")[2] for name in FILES}
    shown = [word for word in re.findall(r"^ *(?:(?:[a-z_]+/?(?:  +|$))+)", readme_map(), flags=re.MULTILINE)]
    words = [word.rstrip("/") for line in shown for word in line.split()]
    expected = [name for name, _ in table()]
    for room, inside in (
        ("course", ("judging", "drills", "problems", "notebooks")),
        ("grading", ("sandbox", "classes")),
    ):
        at = expected.index(room) + 1
        expected[at:at] = inside
    assert [word for word in words if word in names] == expected


def test_the_readme_says_of_a_room_what_the_room_says_of_itself():
    for name, words in re.findall(r"^ *([a-z]+)/ +(.*)", readme_map(), flags=re.MULTILINE):
        [room] = [room for room in ROOMS if room.rpartition(".")[2] == name and room.count(".") < 3]
        first = re.match(r"[^:.]+", docstring(room))[0]
        assert words.partition(":")[0].strip() == first[0].lower() + first[1:], room


# What an import costs


def modules_loaded_by(statement):
    code = f"{statement}\nimport sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.split()}


HEAVY = {"sympy", "matplotlib", "ipywidgets", "gymnasium", "IPython", "nbformat", "nbclient", "nbval", "pytest"}


def test_importing_bplib_loads_nothing_heavy():
    assert not HEAVY & modules_loaded_by("import bplib")


def test_the_numerical_core_loads_numpy_and_nothing_heavy():
    core = [name for name, _ in table()]
    core = core[: core.index("evaluation")]
    loaded = modules_loaded_by("".join(f"import bplib.{name}\n" for name in core))
    assert "numpy" in loaded
    assert not HEAVY & loaded


def test_the_witnesses_need_sympy_but_no_figures():
    loaded = modules_loaded_by("import bplib.verify")
    assert "sympy" in loaded
    assert not (HEAVY - {"sympy"}) & loaded


# The files


# Problems are lists of wrong answers and sentences, which are looked up and not read through.
@pytest.mark.parametrize("name", [name for name in FILES if room_of(name) != "bplib.course.problems"])
def test_a_file_is_short_enough_to_be_read(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= 300


def public_nodes(tree):
    """Every public function, class and method; not what is inside of a function."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_nodes(node)


@each_file
def test_every_public_name_has_a_docstring(name):
    tree = parsed(FILES[name])
    assert ast.get_docstring(tree)
    assert [node.name for node in public_nodes(tree) if not ast.get_docstring(node)] == []


@each_file
def test_nothing_is_random_behind_the_back_of_the_caller(name):
    for node in ast.walk(parsed(FILES[name])):
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("np.random."):
            assert ast.unparse(node) in ("np.random.default_rng", "np.random.Generator")


@each_file
def test_errors_are_raised_and_never_asserted(name):
    # pytest runs with assertions; a learner's python -O does not.
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(parsed(FILES[name])))
