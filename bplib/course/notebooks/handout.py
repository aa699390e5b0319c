"""What learners get: the course without solutions, tests, and whatever else is not theirs, as a folder of its own.

Only files that are named here are handed out, and of them only those that git keeps, so that nothing of an instructor's
slips in: no note, no exam, no answer to an exercise, no name of a person. Regions of Markdown between the comments
`<!-- not in the handout -->` and `<!-- /not in the handout -->` are left out.
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from bplib.course import syllabus
from bplib.course.notebooks import canonical, releases

THEIRS = (
    ".devcontainer",
    ".gitattributes",
    ".github/copies.py",
    ".github/pictures",
    ".github/workflows/grade.yml",
    ".github/workflows/site.yml",  # it runs only when somebody asks for it
    ".gitignore",
    "LICENSE",
    "README.md",
    "bplib",
    "environment.yml",
    "notebooks",
    "pyproject.toml",
)
"""What is handed out, beside exercises/, which are made of the released copies, and the plan of the term."""

_RELEASED = "bplib/course/released"
_GRADE = ".github/workflows/grade.yml"
_OPEN, _CLOSE = "<!-- not in the handout -->", "<!-- /not in the handout -->"
_NAME = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+")
_ORIGIN = re.compile(rf"(?:git@github\.com:|\w+://(?:[^@/]*@)?github\.com(?::\d+)?/)({_NAME.pattern}?)(?:\.git)?/?")


def make(course, out, name=""):
    """Hand out the folder of a course to the folder `out`; return (lines that say what was done, lines about flaws).

    name is the repository on GitHub, OWNER/NAME, with whose course the workflow of the learners grades; without it, it
    is where git has this one from. `out` must not exist, or be empty but for .git, and nothing is written where there
    is a ValueError: for any other `out`, for exercises that are older than their solutions, and for a course.toml or
    marks in a text that are not in order.
    """
    course, out = Path(course), Path(out)
    if name and not _NAME.fullmatch(name):
        raise ValueError(f"--course is {name!r}; needed is a repository on GitHub, as OWNER/NAME")
    _require_free(course, out)
    _require_released(course)
    paths = _paths(course)
    theirs = [path for path in paths if _is_theirs(path)]
    content = {path: (course / path).read_bytes() for path in theirs}
    for path in [path for path in theirs if path.parent == PurePosixPath(_RELEASED) and path.suffix == ".ipynb"]:
        content[PurePosixPath("exercises", path.name)] = content[path]
    term = syllabus.of(course)
    syllabus.require_version(term)
    if (course / syllabus.FILE_NAME).exists():
        content[PurePosixPath(syllabus.FILE_NAME)] = syllabus.text(term).encode()
    name, ref, lines = _grading(course, name)
    for path, data in content.items():
        if path.suffix == ".md":
            content[path] = _without_regions(path, data.decode()).encode()
    _edit(content, _GRADE, lambda text: _named(text, name, ref))
    _edit(content, "pyproject.toml", lambda text: _tested(text, {path.parts[0] for path in content}))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = Path(folder, "handout")  # a folder for everybody to read, which a temporary one is not
        for path, data in content.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_bytes(data)
        flaws = dead_links(made)
        shutil.copytree(made, out, dirs_exist_ok=True)
    left = {path.parts[0] for path in paths} - {path.parts[0] for path in content}
    lines.insert(0, f"{len(content)} files are in {out}; left out: {', '.join(sorted(left)) or 'nothing'}")
    unknown = [path for path in _listed(course, "--others", "--exclude-standard") if _is_theirs(path)]
    lines += [f"{path} is left out, since git does not keep it" for path in unknown if path not in content]
    if not (out / ".git").exists():
        lines.append(f"to make it a repository: cd {out}, git init, git add ., git commit --message Course")
    return lines, flaws


def _require_free(course, out):
    if out.resolve().is_relative_to(course.resolve()):
        raise ValueError(f"{out} lies in the course that is to be handed out; name a folder outside of it")
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; a new or an empty folder is needed")
    strange = sorted(path.name for path in out.iterdir() if path.name != ".git") if out.exists() else []
    if strange:
        raise ValueError(f"{out} holds {strange[0]}; a new or an empty folder is needed, since nothing is overwritten")


def _require_released(course):
    """ValueError where exercises would be handed out that are no more what solutions/ gives."""
    if any((course / "solutions").glob("*.ipynb")):
        stale = [line for line in releases.release_all(course, check=True) if line.startswith(_RELEASED)]
        if stale:
            raise ValueError(f"{stale[0]}; `bplib release` makes the exercises anew")


# Which files


def _is_theirs(path):
    return any(path.is_relative_to(place) for place in THEIRS)


def _paths(course):
    """The files of the course: those that git keeps, or where there is no git, those that it would not ignore."""
    kept = _listed(course)
    if not kept:  # as a ZIP that was unpacked, maybe in a repository of something else
        kept = list(_not_ignored(course))
    return [
        path
        for path in kept
        if (course / path).is_file() and not any((course / each).is_symlink() for each in (path, *path.parents[:-1]))
    ]


def _listed(course, *more):
    """The paths that git lists; [] where there is no git."""
    if not any((folder / ".git").exists() for folder in (course.resolve(), *course.resolve().parents)):
        return []
    return [PurePosixPath(name) for name in _git(course, "ls-files", "-z", *more).split("\0") if name]


def _not_ignored(course):
    path = course / ".gitignore"
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else []
    ignored = [".git", *(line.rstrip("/") for line in lines)]

    def ours(names):
        return sorted(name for name in names if not any(fnmatch.fnmatch(name, each) for each in ignored))

    for folder, folders, names in os.walk(course):
        folders[:] = ours(folders)
        yield from (PurePosixPath(Path(folder, name).relative_to(course).as_posix()) for name in ours(names))


def _git(course, *arguments):
    """What git says of the course. RuntimeError if it cannot."""
    try:
        done = subprocess.run(["git", "-C", str(course), *arguments], capture_output=True)
    except OSError as error:
        raise RuntimeError(f"git, which knows what the course holds, cannot be run: {error.strerror}") from None
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]} fails in {course}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8", "surrogateescape")


# What they say


def _grading(course, name):
    """The repository and the commit with which learners' workflows grade, "" if not known, and lines about them."""
    try:
        found = _ORIGIN.fullmatch(_git(course, "remote", "get-url", "origin").strip())
        origin = found[1] if found else ""
        commit = _git(course, "rev-parse", "HEAD").strip()
        if _git(course, "rev-parse", "--show-prefix").strip():
            origin = ""  # the course is a folder in a repository of something else
    except RuntimeError:
        origin = commit = ""
    ref = commit if (name or origin) == origin else ""
    name = name or origin
    if not name:
        return "", "", [f"{_GRADE} names no course to grade with; --course OWNER/NAME does"]
    lines = [
        f"{_GRADE} grades with the course of {name}{f' at {ref}' if ref else ''}, which learners must be able to read"
    ]
    if ref and not _git(course, "branch", "--remotes", "--contains", ref).strip():
        lines.append(f"{ref} is not pushed to {name} yet")
    if ref and _git(course, "status", "--porcelain", "--untracked-files=no").strip():
        lines.append(f"what is not committed is handed out too, and is not in {ref}")
    return name, ref, lines


def _named(text, name, ref):
    """A workflow that grades with that course."""
    for key, value in {"COURSE": name, "REF": ref}.items():
        text = re.sub(rf'^(\s+{key}:) ""', lambda found, value=value: f'{found[1]} "{value}"', text, flags=re.MULTILINE)
    return text


def _tested(text, there):
    """The project's settings, with those folders to test that are there."""
    paths = tomllib.loads(text)["tool"]["pytest"]["ini_options"]["testpaths"]
    kept = json.dumps([path for path in paths if path in there])
    return re.sub(r"^testpaths = \[.*?\]", f"testpaths = {kept}", text, flags=re.MULTILINE | re.DOTALL)


def _edit(content, name, change):
    path = PurePosixPath(name)
    if path in content:
        content[path] = change(content[path].decode()).encode()


def _without_regions(path, text):
    """A text without what stands between the marks, and without the lines that nothing else is left of."""
    text = text.replace("\r\n", "\n")
    marks = re.findall(f"{_OPEN}|{_CLOSE}", text)
    if marks != [_OPEN, _CLOSE] * (len(marks) // 2):
        raise ValueError(f"{path}: each {_OPEN} needs its {_CLOSE} behind it, and none stands in another")
    lines = re.compile(rf"(\n\n|\A)?^{_OPEN}\n.*?{_CLOSE}\n(\n)?", re.MULTILINE | re.DOTALL)
    text = lines.sub(lambda found: found[2] or "" if found[1] is None else found[1], text)
    return re.sub(f"{_OPEN}.*?{_CLOSE}", "", text, flags=re.DOTALL)


# Links

_LINK = re.compile(r'\]\(<?([^)\s>]+)|\b(?:href|src)="([^"]+)"|^\[[^\]]+\]:\s+(\S+)', re.MULTILINE)
_FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2", re.MULTILINE | re.DOTALL)
_CODE = re.compile(rf"{_FENCED.pattern}|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$", _FENCED.flags)


def dead_links(folder):
    """Lines about links in Markdown and in notebooks that lead from within a folder to what is not in it.

    Those in released copies are looked at in exercises/, where they lead somewhere.
    """
    folder = folder.resolve()
    pages = [path for path in sorted(folder.rglob("*")) if path.suffix in (".md", ".ipynb")]
    texts = {path: _texts(path) for path in pages if not path.is_relative_to(folder / _RELEASED)}
    lines = []
    for path, (text, html) in texts.items():
        for link in dict.fromkeys(next(filter(None, found)) for found in _LINK.findall(_CODE.sub("", text) + html)):
            to = urlsplit(link)
            if to.scheme or to.netloc:
                continue
            place = folder / to.path[1:] if to.path.startswith("/") else path.parent / unquote(to.path)
            target = place.resolve() if to.path else path
            there = target.exists() and target.is_relative_to(folder)
            if not there or (to.fragment and target in texts and unquote(to.fragment) not in _anchors(*texts[target])):
                lines.append(f"{path.relative_to(folder).as_posix()} links to {link}, which is not there")
    return lines


def _texts(path):
    """The Markdown and the HTML that a file shows."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8"), ""
    cells = canonical.read(path).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return (
        "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown"),
        "\n".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs),
    )


def _anchors(text, html):
    """To what in a page links may lead: headings, as GitHub and as JupyterLab name them, and ids."""
    heads = re.findall(r"^#+ +(.*?) *$", _FENCED.sub("", text).replace("`", ""), flags=re.MULTILINE)
    named = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
    return named | {head.replace(" ", "-") for head in heads} | set(re.findall(r'\bid="([^"]+)"', text + html))
