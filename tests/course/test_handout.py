"""Promise: learners get the course and nothing of its instructors, every link in it leads somewhere, and all works."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import toy_course
import toy_problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bplib import cli
from bplib.course import syllabus
from bplib.course.notebooks import handout, releases

ROOT = Path(__file__).resolve().parents[2]
with_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on this machine")

README = """# A course

See the [lesson](notebooks/00_words.ipynb#why).
<!-- not in the handout -->
For authors: [how](CONTRIBUTING.md).
<!-- /not in the handout -->
A learner reads on.<!-- not in the handout --> An author reads [more](solutions/README.md).<!-- /not in the handout -->
"""
PROJECT = '[tool.pytest.ini_options]\ntestpaths = ["tests", "notebooks",\n  "solutions"]\naddopts = "-q"\n'
GRADE = 'name: grade\nenv:\n  COURSE: ""\n  REF: ""\njobs: {}\n'
PLAN = """
version = "{version}"
[lessons.01]
due = 2026-10-05 23:59:00
points = 10
[[extensions]]  # for Ada, who is ill
learner = "Ada Lovelace"
days = 3
"""


def git(folder, *arguments):
    said = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *said, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def toys():
    toy_problems.register()
    yield
    toy_problems.unregister()


@pytest.fixture
def course(tmp_path, toys):
    """A course of one lesson, in no repository."""
    course = toy_course.make(tmp_path / "course")
    lesson = new_notebook(cells=[new_markdown_cell("## Why\n\nSee the [exercise](../exercises/77_toy.ipynb).")])
    texts = {
        "README.md": README,
        "CONTRIBUTING.md": "How.",
        "LICENSE": "Free.",
        "pyproject.toml": PROJECT,
        ".gitignore": "__pycache__/\n.progress.json\n.venv/\n*.20??-??-??T*.ipynb\n",
        ".github/workflows/grade.yml": GRADE,
        ".github/workflows/tests.yml": "name: tests\n",
        "notebooks/00_words.ipynb": json.dumps(lesson),
        "solutions/README.md": "For instructors.",
        "tests/test_it.py": "",
        "bplib/module.py": "",
        "exam/questions.md": "Secret.",
    }
    for name, text in texts.items():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_bytes(text.encode())
    return course


@pytest.fixture
def kept(course):
    """The same course, which git keeps."""
    git(course, "init")
    git(course, "add", ".")
    git(course, "commit", "--message", "Course")
    return course


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


HANDED_OUT = [
    ".github/workflows/grade.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "bplib/course/released/77_toy.ipynb",
    "bplib/module.py",
    "exercises/77_toy.ipynb",
    "notebooks/00_words.ipynb",
    "pyproject.toml",
]


# What this course hands out


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The handout of this course: its folder, and what was said of it."""
    folder = tmp_path_factory.mktemp("handed") / "out"
    return folder, *handout.make(ROOT, folder)


def test_every_link_in_what_we_hand_out_leads_somewhere(ours):
    folder, _, flaws = ours
    assert flaws == [] == handout.dead_links(folder)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert len(links) > 30 and [link for link in links if not (folder / link).exists()] == []


def test_nothing_is_handed_out_that_is_not_a_learners(ours):
    folder, *_ = ours
    places = {path.name for path in folder.iterdir()} - {"course.toml"}
    assert places == {place.partition("/")[0] for place in handout.THEIRS} | {"exercises"}
    workflows = sorted(path.name for path in (folder / ".github" / "workflows").iterdir())
    assert workflows == ["grade.yml", "site.yml"]
    assert re.search(
        r"^on:\n  workflow_dispatch:\npermissions", (folder / ".github/workflows/site.yml").read_text(), re.M
    )
    solved = [path for path in folder.rglob("*.ipynb") if "BEGIN SOLUTION" in path.read_text(encoding="utf-8")]
    assert solved == []


def test_the_readme_of_learners_says_nothing_of_what_they_have_not(ours):
    readme = (ours[0] / "README.md").read_text(encoding="utf-8")
    words = [
        word for word in ("solutions/", "tests/", "CONTRIBUTING", "--out results", "handout", "<!--") if word in readme
    ]
    assert words == []
    assert "\n\n\n" not in readme and re.search(r"[^\n]\n## ", readme) is None


def test_the_exercises_are_the_released_ones_whatever_lies_in_the_course(ours):
    folder, *_ = ours
    assert [*map(Path.name.fget, sorted((folder / "exercises").iterdir()))] == sorted(releases.released_notebooks())
    for path in (folder / "exercises").iterdir():
        assert path.read_bytes() == (folder / "bplib" / "course" / "released" / path.name).read_bytes()


def run(folder, *command):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )


def test_in_the_handout_a_learner_is_graded_sees_the_map_and_is_up_to_date(ours):
    folder, *_ = ours
    where = subprocess.run(
        [sys.executable, "-c", "import bplib; print(bplib.__file__)"], cwd=folder, capture_output=True, text=True
    )
    assert Path(where.stdout.strip()).samefile(folder / "bplib" / "__init__.py")  # the handout's own package works
    graded = run(folder, "bplib", "grade", "exercises/01_loss_functions.ipynb")
    assert (graded.returncode, graded.stdout.splitlines()[0]) == (0, "total: 0 of 12 points")
    assert run(folder, "bplib", "progress").stdout.splitlines()[-2].startswith("next: first-check")
    assert run(folder, "bplib", "update").stdout == "exercises/ is up to date\n"


def test_in_the_handout_pytest_and_ruff_find_their_settings(ours):
    folder, *_ = ours
    done = run(folder, "pytest", "--nbval", "exercises/00_start_here.ipynb", "-n0", "-p", "no:cacheprovider")
    assert done.returncode == 0 and "3 skipped" in done.stdout
    assert 'testpaths = ["notebooks"]\n' in (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert run(folder, "ruff", "check", "--no-cache").returncode == 0


def test_what_makes_copies_for_colab_works_on_the_handout(ours, tmp_path):
    done = subprocess.run([sys.executable, ".github/copies.py", str(tmp_path)], cwd=ours[0])
    assert done.returncode == 0 and len(listing(tmp_path / "exercises")) == len(releases.released_notebooks())


# Which files


def test_only_named_places_are_handed_out(course, tmp_path):
    lines, flaws = handout.make(course, tmp_path / "out")
    assert listing(tmp_path / "out") == HANDED_OUT and flaws == []
    assert lines[0] == f"9 files are in {tmp_path / 'out'}; left out: CONTRIBUTING.md, exam, solutions, tests"
    assert lines[-1].startswith(f"to make it a repository: cd {tmp_path / 'out'}, git init")


def stray(course):
    """What lies about in the folder of an instructor."""
    for name in (
        *("exercises/.progress.json", ".progress.json", "exercises/mine.ipynb", "exercises/answers.py"),
        *("bplib/__pycache__/module.pyc", ".venv/notebooks/x.py", "notebooks/00_words.2026-11-23T21-40-05.ipynb"),
    ):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text("{}")
    (course / "exercises" / "77_toy.ipynb").write_text("an answer of somebody's")


def test_answers_and_progress_of_the_instructor_stay_at_home(course, tmp_path):
    stray(course)
    handout.make(course, tmp_path / "out")
    assert listing(tmp_path / "out") == HANDED_OUT
    released = (course / "bplib" / "course" / "released" / "77_toy.ipynb").read_bytes()
    assert (tmp_path / "out" / "exercises" / "77_toy.ipynb").read_bytes() == released


@with_git
def test_in_a_repository_only_what_git_keeps_is_handed_out_and_the_rest_is_named(kept, tmp_path):
    stray(kept)
    (kept / "notebooks" / "draft ä.ipynb").write_text("{}")
    (kept / "LICENSE").unlink()
    lines, _ = handout.make(kept, tmp_path / "out")
    assert listing(tmp_path / "out") == [name for name in HANDED_OUT if name != "LICENSE"]
    assert "notebooks/draft ä.ipynb is left out, since git does not keep it" in lines


@with_git
def test_what_is_changed_and_not_committed_is_handed_out(kept, tmp_path):
    (kept / "LICENSE").write_text("Changed.")
    handout.make(kept, tmp_path / "out")
    assert (tmp_path / "out" / "LICENSE").read_text() == "Changed."


@with_git
def test_a_course_that_was_unpacked_into_another_repository_is_handed_out_as_it_is(course, tmp_path):
    git(tmp_path, "init")
    git(tmp_path, "remote", "add", "origin", "https://github.com/else/where")
    stray(course)
    lines, _ = handout.make(course, tmp_path / "out")
    assert listing(tmp_path / "out") == HANDED_OUT
    assert not any("else/where" in line for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
@pytest.mark.parametrize("name", ["course", pytest.param("kept", marks=with_git)])
def test_a_link_out_of_the_course_is_never_followed(name, tmp_path, request):
    course = request.getfixturevalue(name)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key.md").write_text("secret")
    (course / "notebooks" / "key.md").symlink_to(tmp_path / "private" / "key.md")
    (course / "bplib" / "private").symlink_to(tmp_path / "private")
    if (course / ".git").exists():
        git(course, "add", ".")
    handout.make(course, tmp_path / "out")
    assert listing(tmp_path / "out") == HANDED_OUT


# Where to


@pytest.mark.parametrize(
    "place, message",
    [
        ("file", "file is a file; a new or an empty folder is needed"),
        ("full", "full holds mine.txt; a new or an empty folder is needed, since nothing is overwritten"),
        ("course/out", "lies in the course that is to be handed out; name a folder outside of it"),
        ("course", "lies in the course that is to be handed out"),
    ],
)
def test_nothing_is_written_where_anything_is(course, tmp_path, place, message):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(ValueError, match=re.escape(message)):
        handout.make(course, tmp_path / place)
    assert listing(tmp_path) == before


@with_git
def test_a_repository_that_holds_nothing_else_is_filled_for_the_next_commit(course, tmp_path):
    (tmp_path / "out").mkdir()
    git(tmp_path / "out", "init")
    lines, _ = handout.make(course, tmp_path / "out")
    assert not any("git init" in line for line in lines)
    assert "?? README.md" in git(tmp_path / "out", "status", "--porcelain")


@pytest.mark.skipif(sys.platform == "win32", reason="has other permissions")
def test_others_may_read_the_folder(course, tmp_path):
    (tmp_path / "plain").mkdir()
    handout.make(course, tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


# What it says


def test_regions_for_instructors_and_authors_are_cut_and_the_rest_is_as_it_was(course, tmp_path):
    handout.make(course, tmp_path / "out")
    shown = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert shown == "# A course\n\nSee the [lesson](notebooks/00_words.ipynb#why).\nA learner reads on.\n"


@pytest.mark.parametrize(
    "text, left",
    [
        ("a\n\nOPEN\nb\nCLOSE\n\nc\n", "a\n\nc\n"),
        ("a\r\n\r\nOPEN\r\nb\r\nCLOSE\r\n\r\nc\r\n", "a\n\nc\n"),
        ("a\nOPEN\nb\nCLOSE\n\nc\n", "a\n\nc\n"),
        ("OPEN\nb\nCLOSE\n\nc\n", "c\n"),
        ("aOPEN\nb\nCLOSE\nc\n", "a\nc\n"),
        ("a OPENb CLOSEc OPENd CLOSEe\n", "a c e\n"),
        ("OPEN\nb\nCLOSE\n\nc\n\nOPEN\nd\nCLOSE\n", "c\n\n"),
    ],
)
def test_a_cut_leaves_no_gap_and_joins_nothing(course, tmp_path, text, left):
    marked = text.replace("OPEN", "<!-- not in the handout -->").replace("CLOSE", "<!-- /not in the handout -->")
    (course / "README.md").write_bytes(marked.encode())
    handout.make(course, tmp_path / "out")
    assert (tmp_path / "out" / "README.md").read_bytes() == left.encode()


@pytest.mark.parametrize("marks", [["/", ""], ["", "", "/"], [""]])
def test_marks_that_are_not_in_order_are_told_and_nothing_is_written(course, tmp_path, marks):
    (course / "README.md").write_text("\n".join(f"<!-- {mark}not in the handout -->" for mark in marks))
    with pytest.raises(ValueError, match=r"^README\.md: each <!-- not in the handout --> needs its "):
        handout.make(course, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_plan_goes_along_and_names_nobody(course, tmp_path, monkeypatch):
    version = "0.1.0"
    monkeypatch.setattr(syllabus.metadata, "version", lambda name: version)
    (course / "course.toml").write_text(PLAN.format(version=version))
    handout.make(course, tmp_path / "out")
    given = tmp_path / "out" / "course.toml"
    assert syllabus.read(given) == replace(syllabus.of(course), extensions=())
    assert "Ada" not in given.read_text() and "ill" not in given.read_text()


@pytest.mark.parametrize("text, message", [("counts = 1", "counts is 1"), ('version = "9.0"', "version 9.0 of the")])
def test_a_plan_that_is_broken_or_of_another_version_is_not_handed_out(course, tmp_path, text, message):
    (course / "course.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        handout.make(course, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_exercises_that_are_older_than_their_solutions_are_not_handed_out(course, tmp_path):
    path = course / "solutions" / toy_course.NAME
    path.write_text(path.read_text(encoding="utf-8").replace("# Toys", "# More toys"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"released/77_toy\.ipynb differs from what solutions/ gives; `bplib release`"):
        handout.make(course, tmp_path / "out")
    shutil.rmtree(course / "solutions")  # where there are none, the released ones are what there is
    handout.make(course, tmp_path / "out")


def test_the_settings_of_the_project_name_only_folders_that_are_there(course, tmp_path):
    handout.make(course, tmp_path / "out")
    settings = (tmp_path / "out" / "pyproject.toml").read_text()
    assert settings == '[tool.pytest.ini_options]\ntestpaths = ["notebooks"]\naddopts = "-q"\n'


# With whose course learners' workflows grade


def workflow(out):
    return re.findall(r'(\w+): "(.*)"', (out / ".github" / "workflows" / "grade.yml").read_text())


def test_the_workflow_names_the_course_that_is_said(course, tmp_path):
    lines, _ = handout.make(course, tmp_path / "out", "OWNER/NAME")
    assert workflow(tmp_path / "out") == [("COURSE", "OWNER/NAME"), ("REF", "")]
    assert any(".github/workflows/grade.yml grades with the course of OWNER/NAME, " in line for line in lines)


def test_where_nothing_is_known_of_it_the_workflow_stays_as_it_is_and_a_line_says_so(course, tmp_path):
    lines, _ = handout.make(course, tmp_path / "out")
    assert (tmp_path / "out" / ".github" / "workflows" / "grade.yml").read_text() == GRADE
    assert ".github/workflows/grade.yml names no course to grade with; --course OWNER/NAME does" in lines


def test_a_workflow_that_names_no_course_or_has_one_already_is_left_alone(course, tmp_path):
    for k, text in enumerate(("name: grade\n", GRADE.replace('""', '"SOME/ONE"'))):
        (course / ".github" / "workflows" / "grade.yml").write_text(text)
        handout.make(course, tmp_path / f"out{k}", "OWNER/NAME")
        assert (tmp_path / f"out{k}" / ".github" / "workflows" / "grade.yml").read_text() == text


@pytest.mark.parametrize("name", ["OWNER", "OWNER/NAME/x", 'O"/NAME', "O/N\nx", "https://github.com/O/N", "-/", "/N"])
def test_what_is_no_name_of_a_repository_is_refused(course, tmp_path, name):
    with pytest.raises(ValueError, match=r"^--course is .*; needed is a repository on GitHub, as OWNER/NAME$"):
        handout.make(course, tmp_path / "out", name)


@with_git
@pytest.mark.parametrize(
    "address, name",
    [
        ("https://github.com/OWNER/NAME.git", "OWNER/NAME"),
        ("https://github.com/OWNER/na.me/", "OWNER/na.me"),
        ("https://user:secret@github.com/OWNER/NAME", "OWNER/NAME"),
        ("git@github.com:OWNER/NAME.git", "OWNER/NAME"),
        ("ssh://git@github.com:22/OWNER/NAME.git", "OWNER/NAME"),
        ("https://gitlab.com/OWNER/NAME.git", ""),
        ("https://example.org/github.com/OWNER/NAME", ""),
        ("../elsewhere", ""),
    ],
)
def test_the_workflow_names_where_git_has_the_course_from_and_the_commit(kept, tmp_path, address, name):
    git(kept, "remote", "add", "origin", address)
    commit = git(kept, "rev-parse", "HEAD").strip()
    lines, _ = handout.make(kept, tmp_path / "out")
    assert workflow(tmp_path / "out") == [("COURSE", name), ("REF", commit if name else "")]
    assert (f"{commit} is not pushed to {name} yet" in lines) == bool(name)
    assert not any("secret" in line for line in lines)


@with_git
def test_a_commit_is_named_only_where_the_named_course_has_it(kept, tmp_path):
    git(kept, "remote", "add", "origin", "https://github.com/OWNER/NAME")
    commit = git(kept, "rev-parse", "HEAD").strip()
    git(kept, "update-ref", "refs/remotes/origin/main", commit)
    handout.make(kept, tmp_path / "other", "OTHER/NAME")
    assert workflow(tmp_path / "other") == [("COURSE", "OTHER/NAME"), ("REF", "")]
    (kept / "LICENSE").write_text("Changed.")
    lines, _ = handout.make(kept, tmp_path / "same", "OWNER/NAME")
    assert workflow(tmp_path / "same") == [("COURSE", "OWNER/NAME"), ("REF", commit)]
    assert f"what is not committed is handed out too, and is not in {commit}" in lines
    assert not any("not pushed" in line for line in lines)


# Links that lead nowhere


@pytest.mark.parametrize(
    "text, dead",
    [
        ("[x](gone.md)", ["gone.md"]),
        ("![x](gone.png)", ["gone.png"]),
        ("[x]: gone.md\n", ["gone.md"]),
        ('<a href="gone.md">x</a> <img src="gone.png">', ["gone.md", "gone.png"]),
        ("[x](#none)", ["#none"]),
        ("[x](other.md#none)", ["other.md#none"]),
        ("[x](../outside.md)", ["../outside.md"]),
        ("[x](other.md#a-head-with-code) [y](#here) [z](other.md#A-head,-with-code)", []),
        ('[x](other.md#by-id) [y](my%20page.md) [z](other.md "title") [w](/other.md) [v](<my%20page.md>)', []),
        ("[x](https://example.org/gone.md) [y](mailto:a@example.org) [z](//example.org)", []),
        ("`[x](gone.md)`\n\n```\n[x](gone.md)\n```\n\n$f[x](y)$", []),
    ],
)
def test_a_dead_link_is_found_and_a_live_one_is_not(tmp_path, text, dead):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside.md").write_text("")
    (folder / "page.md").write_text(f"# Here\n\n{text}\n", encoding="utf-8")
    (folder / "other.md").write_text('## A head, with `code`\n\n<a id="by-id"></a>\n', encoding="utf-8")
    (folder / "my page.md").write_text("")
    assert handout.dead_links(folder) == [f"page.md links to {link}, which is not there" for link in dead]


def test_a_dead_link_is_found_in_a_notebooks_text_and_in_what_it_shows(tmp_path):
    shown = new_output("display_data", {"text/html": '<a href="gone.ipynb">x</a>', "text/plain": "x"})
    cells = [new_markdown_cell("[x](gone.md)"), new_code_cell("a[0](b)", outputs=[shown], execution_count=1)]
    (tmp_path / "lesson.ipynb").write_text(json.dumps(new_notebook(cells=cells)))
    assert [line.split()[3] for line in handout.dead_links(tmp_path)] == ["gone.md,", "gone.ipynb,"]


# The command


def test_the_command_says_what_it_did_and_fails_where_a_link_is_dead(course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(course / "exercises")
    assert cli.main(["handout", str(tmp_path / "out")]) == 0
    assert "9 files are in " in capsys.readouterr().out
    (course / "README.md").write_text("[x](exam/questions.md)")
    assert cli.main(["handout", str(tmp_path / "again"), "--course", "OWNER/NAME"]) == 1
    assert capsys.readouterr().err == "bplib: README.md links to exam/questions.md, which is not there\n"
    assert (tmp_path / "again" / "README.md").exists()
    assert cli.main(["handout", str(tmp_path / "again")]) == 1
    assert "holds .github; a new or an empty folder is needed" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert cli.main(["handout", str(tmp_path / "third")]) == 1
    assert "is not in a folder of the course, which is to be handed out; go there" in capsys.readouterr().err
