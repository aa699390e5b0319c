"""Notebooks as files: one canonical form, exercises made from solutions, running, and a fresh start.

solutions/ is the source. From it come the released copies in bplib/course/released/, which are what graders trust, and
exercises/, which belongs to the learner from the first key press on.
"""

import copy
import datetime
import logging
import os
import re
import subprocess
from pathlib import Path

import nbformat

from bplib.course.problems import PROBLEMS

RELEASED = Path(__file__).parent / "released"
"""The pristine copies of the exercises."""

CELL_SECONDS = 60
"""How long one cell may run."""

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_SLUG = re.compile(r"[a-z0-9-]+")
_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?")
_CHECK = re.compile(r"""^\s*(?:\w+\.)*check\(\s*["']([^"']*)["']""", re.MULTILINE)
_MARKER = re.compile(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS)\b")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_DATE = re.compile(r"\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?")


# Reading and writing


def read(path):
    """The notebook in a file, as nbformat 4. ValueError, naming the file, if it holds none."""
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} holds no notebook: {reason[:100]}") from None


def text(nb):
    """The notebook as it is stored: JSON with sorted keys, indented by one space, and a final newline."""
    return nbformat.writes(nb, version=nbformat.NO_CONVERT) + "\n"


def write(path, content):
    """Write text to a file so that whoever reads sees the old file or the new one, never half of it."""
    path = Path(path)
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        half.write_bytes(content.encode("utf-8"))
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


# The canonical form


def canonical(nb):
    """The notebook in the one form in which we store it; nb is left as it is.

    Fixed metadata; sorted tags; the nbgrader block of answers and checks, written from the id in check("<id>", ...);
    execution counts 1 to n; no widget state, output metadata, time stamp, or frame of a file in a traceback. Cells
    have names for ids: a ValueError says which has not, and so does a check whose id is unknown.
    """
    cells = [_canonical_cell(cell) for cell in nb.cells]
    _refuse_ids(cells)
    _mark_exercises(cells)
    _number(cells)
    result = nbformat.v4.new_notebook(cells=cells, metadata=copy.deepcopy(_METADATA))
    result.nbformat_minor = 5
    try:
        nbformat.validate(result)
    except nbformat.ValidationError as error:
        raise ValueError(f"the notebook is not valid: {error.message}") from None
    return result


def _canonical_cell(cell):
    tags = sorted(set(cell.metadata.get("tags", [])))
    source = "\n".join(line.rstrip() for line in cell.source.split("\n")).rstrip("\n")
    new = {
        "cell_type": cell.cell_type,
        "id": cell.get("id", ""),
        "metadata": {"tags": tags} if tags else {},
        "source": source,
    }
    if "attachments" in cell:
        new["attachments"] = copy.deepcopy(cell.attachments)
    if cell.cell_type == "code":
        new["execution_count"] = cell.get("execution_count")
        new["outputs"] = _canonical_outputs(cell.get("outputs", []))
    return nbformat.from_dict(new)


def _canonical_outputs(outputs):
    kept = []
    for output in copy.deepcopy(outputs):
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
            elif output.text:
                kept.append(output)
        elif output.output_type == "error":
            # Frames in files say where the course is installed; those in cells are what a reader can look at.
            output.traceback = [part for part in output.traceback if not _ANSI.sub("", part).startswith("File ")]
            kept.append(output)
        else:
            output.data.pop(_WIDGET_VIEW, None)
            output.metadata = {}
            if output.data:
                kept.append(output)
    return kept


def _refuse_ids(cells):
    seen = set()
    for number, cell in enumerate(cells, 1):
        start = (cell.source.strip().splitlines() or ["empty"])[0][:40]
        where = f"cell {number} ({cell.cell_type}: {start})"
        mend = 'name it in the file, as in "id": "plot-the-loss"'
        if not cell.id:
            raise ValueError(f"{where} has no id; {mend}")
        if _RANDOM.fullmatch(cell.id):
            raise ValueError(f"{where} has the random id {cell.id!r}; {mend}")
        if not _SLUG.fullmatch(cell.id):
            raise ValueError(f"{where} has the id {cell.id!r}; only a-z, 0-9 and - are used; {mend}")
        if cell.id in seen:
            raise ValueError(f"{where} has the id {cell.id!r} of a cell above it; {mend}")
        seen.add(cell.id)


def _mark_exercises(cells):
    """Write the nbgrader blocks. A check whose answer is in no cell of its own is a demonstration and gets none."""
    by_id = {cell.id: cell for cell in cells if cell.cell_type == "code"}
    for cell in cells:
        for id in _checked(cell):
            if id not in PROBLEMS:
                raise ValueError(f"cell {cell.id!r} checks {id!r}, which is no exercise of the course")
            if id not in by_id:
                continue
            if cell.id != f"{id}-check":
                raise ValueError(f"cell {cell.id!r} checks {id!r}; that belongs in the cell '{id}-check', alone")
            block = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "grade_id": id}
            by_id[id].metadata.nbgrader = nbformat.from_dict(block)
            block = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "grade_id": cell.id}
            cell.metadata.nbgrader = nbformat.from_dict({**block, "points": PROBLEMS[id].points})


def _checked(cell):
    return _CHECK.findall(cell.source) if cell.cell_type == "code" else []


def _number(cells):
    count = 0
    for cell in cells:
        if cell.cell_type == "code" and (cell.execution_count is not None or cell.outputs):
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count


# Exercises from solutions


def release(solution):
    """The exercise made from a solution, which is left as it is.

    Cells tagged `solution` are left out; a region from ### BEGIN SOLUTION to ### END SOLUTION becomes the stub, at the
    indent of its marker; a region of ### BEGIN HIDDEN TESTS is removed; outputs and execution counts are cleared. All
    else stays. ValueError, naming the cell, for a region that is nested or not closed, and for a check without answer.
    """
    nb = copy.deepcopy(solution)
    nb.cells = [cell for cell in nb.cells if "solution" not in cell.metadata.get("tags", [])]
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.source = _without_regions(cell.source, cell.id)
            cell.outputs = []
            cell.execution_count = None
    ids = {cell.id for cell in nb.cells}
    for cell in nb.cells:
        for id in _checked(cell):
            if id not in ids:
                raise ValueError(f"cell {cell.id!r} checks {id!r}, but no cell of the exercise has the id {id!r}")
    return nb


def _without_regions(source, id):
    kept, inside = [], None
    for line in source.split("\n"):
        marker = _MARKER.search(line)
        if not marker:
            if not inside:
                kept.append(line)
            continue
        edge, region = marker.groups()
        if edge == "BEGIN" and inside:
            raise ValueError(f"cell {id!r}: a region BEGIN {region} inside a region {inside}")
        if edge == "END" and inside != region:
            raise ValueError(f"cell {id!r}: END {region} without its BEGIN")
        if edge == "BEGIN" and region == "SOLUTION":
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + "# YOUR CODE HERE", indent + "raise NotImplementedError()"]
        inside = region if edge == "BEGIN" else None
    if inside:
        raise ValueError(f"cell {id!r}: BEGIN {inside} without its END")
    return "\n".join(kept)


def release_all(folder, check=False):
    """Make bplib/course/released/ and exercises/ from solutions/, below the folder; return what happened, in lines.

    An exercise that differs from the copy released before holds somebody's answers: it is kept, and said so. With check
    nothing is written, and the lines name what differs; there are none when all is in order.
    """
    folder = Path(folder)
    solutions = {path.name: path for path in sorted((folder / "solutions").glob("*.ipynb"))}
    if not solutions:
        raise ValueError(f"there are no notebooks in {folder / 'solutions'}; run this in the folder of the course")
    exercises, released = folder / "exercises", folder / "bplib" / "course" / "released"
    lines = []

    def put(path, new):
        """Write, or remove where new is None."""
        if check:
            lines.append(f"{path.relative_to(folder).as_posix()} differs from what solutions/ gives")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if new is None:
            path.unlink()
        else:
            write(path, new)
        lines.append(f"{path.relative_to(folder).as_posix()} {'removed' if new is None else 'written'}")

    # The exercises' own folder is not searched for names: what a learner adds there is no business of ours.
    for name in sorted(solutions.keys() | {path.name for path in released.glob("*.ipynb")}):
        new = _released_text(solutions[name]) if name in solutions else None
        old, mine = _stored(released / name), _stored(exercises / name)
        if mine != new:
            if check or mine in (None, old):
                put(exercises / name, new)
            else:
                lines.append(f"exercises/{name} holds answers and was kept; `bplib reset {name}` gives a fresh one")
        if old != new:
            put(released / name, new)
    return lines


def _released_text(path):
    try:
        return text(release(canonical(read(path))))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _stored(path):
    """The text of a file, None if there is none. A checkout on Windows may have written other line ends."""
    try:
        return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except FileNotFoundError:
        return None


def released_notebooks():
    """The released exercises: name to notebook, in the order of the course."""
    return {path.name: read(path) for path in sorted(RELEASED.glob("*.ipynb"))}


# Running


def run(nb, folder):
    """Run the notebook in a fresh kernel, in the folder, and return it in canonical form; nb is left as it is.

    RuntimeError, naming the cell, if one raises that is not tagged raises-exception, takes longer than 60 s, or ends
    the kernel. Progress is off, so that what is stored does not depend on who ran it.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = kernel(nb, CELL_SECONDS)
    with client.setup_kernel(**kernel_options(folder)):
        for index, cell in enumerate(nb.cells):
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                reason = f"raised {error.ename}: {error.evalue}"
            except CellTimeoutError:
                reason = f"took longer than {CELL_SECONDS} s"
            except DeadKernelError:
                reason = "ended the kernel"
            else:
                continue
            raise RuntimeError(f"cell {cell.get('id', index)!r} {reason}")
    return canonical(nb)


def kernel(nb, seconds, **options):
    """An nbclient that runs nb cell by cell, `seconds` each at most, by the Python and packages that run us."""
    import ipykernel.kernelspec
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    class ThisPython(KernelSpecManager):
        # A notebook may name a kernel of another machine, and a home folder may hold a "python3" that is not ours.
        def get_kernel_spec(self, kernel_name):
            return self.kernel_spec_class(
                resource_dir=ipykernel.kernelspec.RESOURCES, **ipykernel.kernelspec.get_kernel_dict()
            )

    log = logging.getLogger("bplib.kernel")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # we say in our own words what went wrong
        log.propagate = False
    km = AsyncKernelManager(kernel_spec_manager=ThisPython(), log=log)
    return NotebookClient(nb, km=km, timeout=seconds, shutdown_kernel="immediate", log=log, **options)


def kernel_options(folder):
    """What setup_kernel of such a client is given: the folder to run in, progress off, and to clean up behind it."""
    # What code writes comes by messages; the process's own stderr holds only the kernel talking to itself.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return {"cwd": str(folder), "env": {**os.environ, "BPLIB_PROGRESS": "off"}, "cleanup_kc": True, **quiet}


# A fresh start


def reset(path):
    """Give a fresh exercise and keep the old one; return the path of the exercise and that of the copy, or None.

    path is exercises/01_loss_functions.ipynb, or 01_loss_functions, or 01; ValueError for any other, listing the names.
    The copy lies beside the exercise, where the learner looks for it, with the time in its name, as in
    01_loss_functions.2026-11-23T21-40-05.ipynb; graders and pytest pass such copies over. An exercise nobody has
    touched is not copied.
    """
    given = Path(path)
    fresh = _released_path(given)
    target = (given.parent if given.parent != Path() or given.exists() else _exercises_folder()) / fresh.name
    content = fresh.read_text(encoding="utf-8")
    kept = None
    if target.exists() and _stored(target) != content:
        kept = _free_name(target)
        target.rename(kept)
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, content)
    return target, kept


def is_dated_copy(path):
    """Whether a file is a copy that reset has kept."""
    return _DATE.fullmatch(Path(Path(path).stem).suffix) is not None


def course_folder():
    """The first folder at or above the working one that holds notebooks/ and exercises/; None if there is none."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "exercises").is_dir():
            return folder
    return None


def _released_path(given):
    known = sorted(RELEASED.glob("*.ipynb"))
    name = given.name.removesuffix(".ipynb")
    found = [path for path in known if path.stem == name or path.stem.partition("_")[0] == name]
    if not found:
        raise ValueError(f"there is no exercise {str(given)!r}; there are: {', '.join(path.stem for path in known)}")
    return found[0]


def _exercises_folder():
    folder = course_folder()
    if folder is None:
        raise ValueError(f"{Path.cwd()} is not in a folder of the course; go there, or give the path of the notebook")
    return folder / "exercises"


def _free_name(path):
    stamp = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    kept, count = path.with_name(f"{path.stem}.{stamp}{path.suffix}"), 1
    while kept.exists():
        count += 1
        kept = path.with_name(f"{path.stem}.{stamp}-{count}{path.suffix}")
    return kept
