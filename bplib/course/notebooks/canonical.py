"""Notebooks as files: reading and writing, the one form in which they are stored, and running them."""

import copy
import logging
import re
import subprocess

from bplib.course import surroundings
from bplib.course.problems import PROBLEMS, TURNS

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
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


# Reading and writing


def read(path):
    """The notebook in a file, as nbformat 4. ValueError, naming the file, if it holds none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} holds no notebook: {reason[:100]}") from None


class Node(dict):
    """An object of JSON whose entries are attributes too, as nbformat's are, which takes seconds to import."""

    def __getattr__(self, name):
        """The entry of that name. AttributeError if there is none."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    __setattr__ = dict.__setitem__


def node(value):
    """JSON with `Node` in the place of every dict."""
    if isinstance(value, dict):
        return Node((key, node(item)) for key, item in value.items())
    return list(map(node, value)) if isinstance(value, list) else value


def text(nb):
    """The notebook as it is stored: JSON with sorted keys, indented by one space, and a final newline."""
    import nbformat

    return nbformat.writes(nb, version=nbformat.NO_CONVERT) + "\n"


# The canonical form


def canonical(nb):
    """The notebook in the one form in which we store it; nb is left as it is.

    Fixed metadata; sorted tags; the nbgrader block of answers and checks, written from the id in check("<id>", ...);
    execution counts 1 to n; no widget state, output metadata, time stamp, or frame of a file in a traceback. Cells
    have names for ids: a ValueError says which have not, and so does a check whose id is unknown.
    """
    import nbformat

    cells = [_canonical_cell(cell) for cell in nb.cells]
    _refuse_ids(cells)
    _mark_exercises(cells)
    _number(cells)
    result = nbformat.v4.new_notebook(cells=nbformat.from_dict(cells), metadata=copy.deepcopy(_METADATA))
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
    return node(new)


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
    seen, wrong = set(), []
    for number, cell in enumerate(cells, 1):
        start = (cell.source.strip().splitlines() or ["empty"])[0][:40]
        where = f"cell {number} ({cell.cell_type}: {start})"
        if not cell.id:
            wrong.append(f"{where} has no id")
        elif _RANDOM.fullmatch(cell.id):
            wrong.append(f"{where} has the random id {cell.id!r}")
        elif not _SLUG.fullmatch(cell.id):
            wrong.append(f"{where} has the id {cell.id!r}, where only a-z, 0-9 and - are used")
        elif cell.id in seen:
            wrong.append(f"{where} has the id {cell.id!r} of a cell above it")
        seen.add(cell.id)
    if wrong:
        it = "it" if len(wrong) == 1 else "each"
        raise ValueError(f'{"; ".join(wrong)}; name {it} in the file, as in "id": "plot-the-loss"')


def _mark_exercises(cells):
    """Write the nbgrader blocks. A check whose answer is in no cell of its own is a demonstration and gets none."""
    by_id = {cell.id: cell for cell in cells if cell.cell_type == "code"}
    for cell in cells:
        for id in checked(cell):
            if id in TURNS:
                continue  # it stands in a lesson, is worth nothing, and no grader looks for it
            if id not in PROBLEMS:
                raise ValueError(f"cell {cell.id!r} checks {id!r}, which is no exercise of the course")
            if id not in by_id:
                continue
            if cell.id != f"{id}-check":
                raise ValueError(f"cell {cell.id!r} checks {id!r}; that belongs in the cell '{id}-check', alone")
            block = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "grade_id": id}
            by_id[id].metadata.nbgrader = node(block)
            block = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "grade_id": cell.id}
            cell.metadata.nbgrader = node({**block, "points": PROBLEMS[id].points})


def checked(cell):
    """The ids that a cell gives to check()."""
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


# Running


def run(nb, folder):
    """Run the notebook in a fresh kernel, in the folder, and return it in canonical form; nb is left as it is.

    ValueError, before anything runs, where `canonical` refuses the notebook. RuntimeError, naming the cell, if one
    raises that is not tagged raises-exception, takes longer than 60 s, or ends the kernel. Progress is off, so that
    what is stored does not depend on who ran it.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    canonical(nb)
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
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient

    km = kernel_manager(get_kernel_dict()["argv"], AsyncKernelManager)
    return NotebookClient(nb, km=km, timeout=seconds, shutdown_kernel="immediate", log=km.log, **options)


def kernel_manager(command, kind=None):
    """A manager of the kernel that a command starts, "{connection_file}" in it. It says nothing on its own."""
    from jupyter_client import KernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class ThisKernel(KernelSpecManager):
        # A notebook may name a kernel of another machine, and a home folder may hold a "python3" that is not ours.
        def get_kernel_spec(self, kernel_name):
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    log = logging.getLogger("bplib.kernel")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # we say in our own words what went wrong
        log.propagate = False
    return (kind or KernelManager)(kernel_spec_manager=ThisKernel(), log=log)


def kernel_options(folder):
    """What setup_kernel of such a client is given: the folder to run in, its surroundings, to clean up behind it."""
    # What code writes comes by messages; the process's own stderr holds only the kernel talking to itself.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return {
        "cwd": str(folder),
        "env": surroundings.environment(),
        "cleanup_kc": True,
        **quiet,
    }
