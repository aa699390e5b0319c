"""A newer version of the course, with the learner's answers in its exercises.

Whatever is replaced is kept first as a dated copy beside it, and each file is written whole. So a run that was stopped
is ended by the next one, and a second run finds nothing left to do.
"""

import os
from dataclasses import replace
from pathlib import Path

from bplib.course import files, progress
from bplib.course.notebooks import canonical, releases
from bplib.course.notebooks.answers import exercise_ids, grade_id
from bplib.course.notebooks.conflicts import Sides, conflicts, merging, settle
from bplib.course.notebooks.grafting import answer, graft, moved


def update(folder, old=None):
    """Bring the exercises of a course folder to the released ones, the learner's answers in them: (lines, problems).

    The answers are those of an older copy of the course, from which nothing is taken away, or else those in the folder
    itself, whether or not git has left them in conflict. lines say what was done, problems what could not be.
    ValueError if the folder's bplib is not the one that runs, or old is no copy of the course.
    """
    folder = Path(folder)
    ours = folder / "bplib" / "course" / "released"
    if ours.is_dir() and not os.path.samefile(ours, releases.RELEASED):
        raise ValueError(
            f"bplib comes from {releases.RELEASED.parents[2]} and not from {folder}; run this in {folder} by"
            " `python -m uv run bplib update`, or first install it there by `pip install -e .`"
        )
    lines, problems = [], []
    if old is None:
        _in_place(folder, lines, problems)
    else:
        _from_older_copy(folder, Path(old), lines, problems)
    _from_other_notebooks(folder / "exercises", lines, problems)
    return lines, problems


def _in_place(folder, lines, problems):
    torn = conflicts(folder)
    for fresh in sorted(releases.RELEASED.glob("*.ipynb")):
        target = folder / "exercises" / fresh.name
        sides = torn.get(f"exercises/{fresh.name}", Sides(None, None, None))
        there = _stored(target)
        try:
            if there is not None and _readable(there) and not _same(there, sides.new):
                _renew(target, fresh, replace(sides, mine=there), lines)  # it may have been mended by hand
            elif sides.mine is not None or there is not None:
                _renew(target, fresh, replace(sides, mine=there) if sides.mine is None else sides, lines)
        except (ValueError, OSError) as error:
            problems.append(f"exercises/{fresh.name} was left as it is: {error}")
            torn.pop(f"exercises/{fresh.name}", None)
    for path, sides in torn.items():
        target = folder / path
        try:
            if target.suffix != ".ipynb":
                problems.append(f"{path} is in conflict, and is no notebook: git says how to end that")
                continue
            if not (target.parent.name == "exercises" and (releases.RELEASED / target.name).exists()):
                _take_new(target, path, sides, lines)
            settle(folder, path)
        except (OSError, RuntimeError) as error:
            problems.append(f"{path} is still in conflict: {error}")
    if torn and merging(folder):
        lines.append("`git commit` ends the merge")


def _take_new(target, path, sides, lines):
    """Put the newer version of a notebook that is no exercise in its place; the learner's is kept beside it."""
    if sides.new is None:
        return  # it is no more in the course, and git has left the learner's there
    kept = _keep(target, sides, sides.new)
    files.write(target, sides.new)
    lines.append(f"{path} is of this version{kept}")


def _from_older_copy(folder, old, lines, problems):
    if not (old / "exercises").is_dir():
        raise ValueError(f"{old} holds no exercises/; give the folder of the older copy of the course")
    if os.path.samefile(old, folder):
        raise ValueError(f"{old} is this very folder; give that of the older copy, or none")
    names = set()
    for fresh in sorted(releases.RELEASED.glob("*.ipynb")):
        names.add(fresh.name)
        target, mine = folder / "exercises" / fresh.name, _stored(old / "exercises" / fresh.name)
        base = _stored(old / "bplib" / "course" / "released" / fresh.name)
        if mine is None or _same(mine, base) or _same(mine, fresh.read_bytes()):
            continue
        try:
            there = _stored(target)
            if there is None or _same(there, fresh.read_bytes()):
                _renew(target, fresh, Sides(base, mine, None), lines)
            elif not _same(there, _updated(mine, fresh, base)):
                kept = files.keep_copy(target, mine)
                lines.append(f"exercises/{fresh.name} holds work already and was kept; the older is in {kept.name}")
        except ValueError as error:
            kept = files.keep_copy(target, mine)
            problems.append(f"exercises/{fresh.name} of the older copy was laid beside it as {kept.name}: {error}")
        except OSError as error:
            problems.append(f"exercises/{fresh.name}: {error}")
    for path in sorted((old / "exercises").rglob("*")):
        name = path.relative_to(old / "exercises")
        if name.as_posix() in names or {".ipynb_checkpoints", "__pycache__"} & set(name.parts) or not path.is_file():
            continue
        try:
            _copy(path, folder / "exercises" / name, _stored(old / "bplib" / "course" / "released" / name), lines)
        except OSError as error:
            problems.append(f"exercises/{name.as_posix()}: {error}")
    progress.take_over(old)


def _from_other_notebooks(exercises, lines, problems):
    """Answer what is not yet answered by what stands in a notebook where the exercise was in an older version.

    That notebook stays as it is. Dated copies are not searched, and neither is the exercise's own notebook of now.
    """
    here = {path.name: path for path in sorted(exercises.glob("*.ipynb")) if not files.is_set_aside(path)}
    read = {name: _parse(path.read_bytes()) for name, path in here.items() if _readable(path.read_bytes())}
    asked = {fresh.name: exercise_ids(canonical.read(fresh)) for fresh in sorted(releases.RELEASED.glob("*.ipynb"))}
    for name in sorted(asked.keys() & read.keys()):
        answers, sources = {}, {}
        for other, nb in read.items():
            for id in set(asked[name]) - set(asked.get(other, ())) - answers.keys():
                if (source := moved(nb, id)) is not None:
                    answers[id], sources[id] = source, other
        try:
            if taken := answer(read[name], answers):
                if not _same(_stored(here[name]), (releases.RELEASED / name).read_bytes()):
                    files.keep_copy(here[name], _stored(here[name]))
                files.write(here[name], canonical.text(read[name]))
                came = " and ".join(sorted({sources[id] for id in taken}))
                lines.append(f"exercises/{name} holds your answers to {', '.join(taken)} from {came}, which stays")
        except (ValueError, OSError) as error:
            problems.append(f"exercises/{name}: {error}")


def _copy(path, target, base, lines):
    """Copy a file of the learner's own; what has its name already stays."""
    data, there = path.read_bytes(), _stored(target)
    if _same(data, base) or data == there:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if there is None:
        files.write(target, data)
        lines.append(f"exercises/{target.name} was copied")
    else:
        lines.append(f"exercises/{target.name} was copied as {files.keep_copy(target, data).name}")


def _renew(target, fresh, sides, lines):
    """Write the updated notebook, after copies of whatever of the learner's it does not hold byte for byte."""
    new = _updated(sides.mine, fresh, sides.base)
    if not _same(_stored(target), new):
        kept = _keep(target, sides, new, fresh.read_bytes())
        files.write(target, new)
        lines.append(f"exercises/{target.name} is of this version and holds your answers{kept}")


def _keep(target, sides, *known):
    """Keep copies of what is in a file and of the learner's side of it, where that is nobody else's; say which."""
    known, kept = [sides.base, sides.new, *known], []
    for data in (sides.mine, _stored(target)):
        if data is not None and not any(_same(data, other) for other in known) and not _torn(data, known):
            kept.append(files.keep_copy(target, data).name)
            known.append(data)
    return f"; what was there is in {' and '.join(kept)}" if kept else ""


def _torn(data, sides):
    """Whether a file is what git writes in a conflict, lines of its sides between its marks, and nothing else."""
    lines = {line.rstrip() for side in sides if side is not None for line in side.splitlines()}
    marks = [line for line in data.splitlines() if line[:7] in (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")]
    return bool(marks) and all(line.rstrip() in lines or line in marks for line in data.splitlines())


def _updated(mine, fresh, base):
    """The bytes of the released exercise with the answers of mine, or mine itself where it needs nothing."""
    if mine is None or _same(mine, base):
        return fresh.read_bytes()
    learner = _parse(mine)
    nb = graft(learner, canonical.read(fresh), _parse(base) if base is not None and _readable(base) else None)
    return mine if _gist(nb) == _gist(learner) else canonical.text(nb).encode("utf-8")


def _gist(nb):
    return [(cell.cell_type, grade_id(cell), cell.source.strip()) for cell in nb.cells if cell.source.strip()]


def _parse(data):
    """The notebook in a learner's file, as it is there: nbformat.read would mend some ids by chance."""
    import nbformat

    try:
        nb = nbformat.reader.reads(data.decode("utf-8-sig"))
        if nb.nbformat != 4:
            nb = nbformat.convert(nb, 4)
            for cell in nb.cells:
                cell.pop("id", None)  # made up by chance
        sound = bool(nb.cells) and all(_is_sound(cell) for cell in nb.cells)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, nbformat.ValidationError):
        sound = False
    if not sound:
        raise ValueError("it holds no notebook, or a damaged one")
    return nb


def _is_sound(cell):
    texts = (cell.cell_type, cell.source, cell.get("id", ""))
    block = cell.metadata.get("nbgrader", {})
    return all(isinstance(text, str) for text in texts) and isinstance(block.get("grade_id", ""), str)


def _readable(data):
    try:
        _parse(data)
    except ValueError:
        return False
    return True


def _stored(path):
    return path.read_bytes() if path.is_file() else None


def _same(data, other):
    """Whether two files hold the same; a checkout on Windows may have written other line ends."""
    return None not in (data, other) and data.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")
