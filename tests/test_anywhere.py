"""Promise: the course opens where the README says, and a notebook that stands alone brings the course along."""

import json
import re
import runpy
import shlex
import sys
import tomllib
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from test_dependencies import bounds, conda_environment
from test_structure import FILES, packages, room_of

from bplib.course import course_map, environment
from bplib.course.notebooks import canonical

ROOT = Path(__file__).resolve().parents[1]
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
SOURCES = {"notebooks": "notebooks", "exercises": "bplib/course/released"}
ADDRESS = "https://github.com/OWNER/NAME"
COLAB = "https://colab.research.google.com/github/OWNER/NAME/blob/colab/"


def ways():
    """How to open the course, by where: the table of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [section] = re.findall(r"^## Open it anywhere\n(.*?)^## ", readme, flags=re.MULTILINE | re.DOTALL)
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {where: how for where, how, _ in rows[2:]}


def address(where):
    """The first address in a row of the table."""
    return re.search(r"`(https://[^`]+)`", ways()[where])[1]


def requires_python():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]


# The README


def test_the_readme_has_a_line_for_each_place():
    assert list(ways()) == [
        "Notebook 7",
        "VS Code, Codespaces",
        "Binder",
        "Colab",
        "JupyterLite",
        "JupyterHub with nbgitpuller",
    ]


@pytest.mark.parametrize("where", ["Binder", "Colab", "JupyterLite", "JupyterHub with nbgitpuller"])
def test_an_address_leads_to_a_notebook_that_is_there(where):
    link = unquote(unquote(address(where)))
    [path] = re.findall(r"notebooks/\w+\.ipynb", link)
    assert (ROOT / path).is_file()
    assert "OWNER" in link and "NAME" in link


def test_only_the_readme_says_addresses_of_the_repository_and_the_workflow_takes_its_own():
    texts = [ROOT / "CONTRIBUTING.md", ROOT / ".devcontainer" / "devcontainer.json", *(ROOT / ".github").rglob("*.yml")]
    assert [path for path in texts if re.search(r"github\.com/\w+/\w+", path.read_text(encoding="utf-8"))] == []
    site = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert "copies.py build/colab ${{ github.server_url }}/${{ github.repository }}\n" in site
    assert "git push --force origin HEAD:refs/heads/colab\n" in site


# A container, for VS Code and Codespaces


@pytest.fixture
def container():
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


def test_a_container_is_set_up_as_the_readme_says_before_the_editor_opens(container):
    first = "python -m pip install uv && python -m uv "
    assert container["updateContentCommand"] == first + "sync"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n{first}run jupyter lab notebooks/00_start_here.ipynb\n" in readme
    # An editor waits for this command and for none behind it, unless it is told to.
    assert "waitFor" not in container and "postCreateCommand" not in container


def test_in_a_container_the_python_of_the_course_is_the_one_to_choose(container):
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"] == "${containerWorkspaceFolder}/.venv/bin/python"
    assert not any(".venv" in path for path in settings["jupyter.kernels.excludePythonEnvironments"])
    name, _, version = container["image"].rpartition(":")
    assert name.endswith("/python") and f">={version}" >= requires_python()
    assert {"ms-python.python", "ms-toolsai.jupyter"} <= set(container["customizations"]["vscode"]["extensions"])


def test_codespaces_opens_files_that_are_there(container):
    assert all((ROOT / path).is_file() for path in container["customizations"]["codespaces"]["openFiles"])


# Binder


def test_binder_finds_the_conda_environment_and_nothing_that_it_takes_before():
    # In the order in which repo2docker looks; a folder of its own would hide what lies at the root.
    before = ["binder", ".binder", "Dockerfile", "Project.toml", "JuliaProject.toml", "REQUIRE", "default.nix"]
    before += ["runtime.txt", "install.R", "DESCRIPTION"]
    assert [name for name in before if (ROOT / name).exists()] == []
    conda, pip = conda_environment((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert pip == ["-e ."]  # so repo2docker copies the course before it installs
    assert f">{bounds(conda)['python']}" >= requires_python()


# JupyterHub


def test_the_link_for_a_hub_says_what_nbgitpuller_asks_for():
    link = urlsplit(address("JupyterHub with nbgitpuller"))
    asked = {name: value for name, [value] in parse_qs(link.query, strict_parsing=True).items()}
    assert link.path == "/hub/user-redirect/git-pull" and set(asked) == {"repo", "urlpath"}
    assert asked["repo"] == ADDRESS
    folder = asked["repo"].split("/")[-1]  # where nbgitpuller puts it
    path = PurePosixPath(asked["urlpath"])
    assert path.parts[:3] == ("lab", "tree", folder) and (ROOT / PurePosixPath(*path.parts[3:])).is_file()
    assert f"`pip install -e {folder}`" in ways()["JupyterHub with nbgitpuller"]


# Copies of the notebooks that bring the course along, for Colab and JupyterLite


@pytest.fixture(scope="module")
def tool():
    return runpy.run_path(str(ROOT / ".github" / "copies.py"))


@pytest.fixture(scope="module")
def copies(tool, tmp_path_factory):
    """The copies for each place: place to (folder, stem) to notebook."""
    made = {}
    for place, address in {"lite": (), "colab": (ADDRESS,)}.items():
        out = tmp_path_factory.mktemp(place)
        tool["copy"](out, *address)
        made[place] = {(path.parent.name, path.stem): canonical.read(path) for path in sorted(out.rglob("*.ipynb"))}
    return made


@pytest.mark.parametrize("place", ["lite", "colab"])
def test_there_is_a_copy_of_each_lesson_and_exercise_with_one_more_cell_under_its_title(copies, place):
    assert list(copies[place]) == [(folder, stem) for folder in ("exercises", "notebooks") for stem in STEMS]
    for (folder, stem), copied in copies[place].items():
        source = canonical.read(ROOT / SOURCES[folder] / f"{stem}.ipynb")
        title, first, *rest = copied.cells
        assert title.cell_type == "markdown" and "%pip install" in first.source
        assert [cell.id for cell in [title, *rest]] == [cell.id for cell in source.cells]
        code = [cell.source for cell in rest if cell.cell_type == "code"]
        assert code == [cell.source for cell in source.cells if cell.cell_type == "code"]


def test_the_copies_install_what_a_notebook_loads(tool):
    rooms = {"bplib", "bplib.course", "bplib.course.judging", "bplib.course.problems"}
    reached = [path for name, path in FILES.items() if room_of(name) in rooms or name.startswith("bplib.pictures")]
    imported = set().union(*map(packages, reached))
    # IPython runs the notebook, mpmath comes with sympy, and traitlets with anywidget.
    assert set(tool["NEEDED"]) == imported - {"IPython", "mpmath", "traitlets"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(tool["NEEDED"]) <= set(bounds(project["dependencies"]))


@pytest.fixture
def pip(monkeypatch):
    """IPython whose %pip installs nothing, and the list of what it was asked for."""
    asked, shell = [], InteractiveShell.instance()
    shell.register_magic_function(asked.append, magic_name="pip")
    yield asked
    InteractiveShell.clear_instance()


def run(source):
    """Run a cell in IPython; what it says, in one line."""
    with capture_output() as captured:
        InteractiveShell.instance().run_cell(source).raise_error()
    shown = [output.data["text/plain"] for output in captured.outputs]
    return " ".join(" ".join([captured.stdout, *shown]).split())


@pytest.mark.parametrize("place, course", [("lite", "bplib-course"), ("colab", f"git+{ADDRESS}@colab")])
def test_a_copy_installs_the_course_where_it_is_missing_and_only_there(copies, tool, pip, monkeypatch, place, course):
    for copied in copies[place].values():
        run(copied.cells[1].source)
    assert pip == []
    monkeypatch.setitem(sys.modules, "bplib.course", None)
    run(copied.cells[1].source)
    # Of the course alone: its other dependencies would replace what Colab's own Jupyter runs on.
    first, second = map(shlex.split, pip)
    assert first == ["install", "-q", *tool["NEEDED"]]
    assert second == ["install", "-q", "--no-deps", course]


def test_links_in_colab_lead_to_the_copies_there(copies):
    count = 0
    for copied in copies["colab"].values():
        for link in re.findall(r'(?:\]\(|href=\\")([^)"\\]+\.ipynb)', canonical.text(copied)):
            assert link.startswith(COLAB)
            path = PurePosixPath(link.removeprefix(COLAB))
            assert (str(path.parent), path.stem) in copies["colab"]
            count += 1
    assert count > 2 * len(STEMS)  # each lesson leads at least to its exercises, and they to it
    assert all("colab" not in canonical.text(copied) for copied in copies["lite"].values())


def test_pages_in_markdown_go_along_and_their_links_too(tool, tmp_path):
    for place, address in {"lite": (), "colab": (ADDRESS,)}.items():
        tool["copy"](tmp_path / place, *address)
        page = (tmp_path / place / "notebooks" / "symbols.md").read_text(encoding="utf-8")
        start = (tmp_path / place / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
        assert f"]({COLAB}notebooks/00_start_here.ipynb)" in page if address else "](00_start_here.ipynb)" in page
        assert f"]({ADDRESS}/blob/colab/notebooks/symbols.md)" in start if address else "](symbols.md)" in start


# Without the folder of the course


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An empty folder, and a course that was installed elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BPLIB_PROGRESS", raising=False)
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "packages" / "bplib" / "course" / "environment.py"))
    return tmp_path


def test_an_exercise_is_checked_in_an_empty_folder_and_leaves_nothing_there(copies, pip, nowhere):
    cells = copies["colab"]["exercises", "00_start_here"].cells
    sources = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
    sources["first-check"] = "def square(x):\n    return x * x"
    said = {id: run(source) for id, source in sources.items()}
    assert said["first-check-check"] == "first-check: passed. It agrees with ours to 1e-6."
    assert list(nowhere.iterdir()) == []


def test_a_notebook_that_stands_alone_is_told_so_and_not_sent_to_a_folder(nowhere, capsys):
    environment.check_environment()
    said = " ".join(capsys.readouterr().out.split())
    assert said == environment.ALONE and "What to do" not in said


def test_the_map_links_no_lessons_where_they_are_not(nowhere):
    alone = course_map.progress_table()._repr_html_()
    assert "<a " not in alone and "00 Start here" in alone
    for name in ("notebooks", "exercises"):
        (nowhere / name).mkdir()
    assert '<a href="../notebooks/00_start_here.ipynb">' in course_map.progress_table()._repr_html_()
