"""Run notebooks as other machines would, and say which cells show something else than what is stored."""

import difflib
import os
import subprocess
import sys
from pathlib import Path

from nbformat.v4 import new_code_cell

from bplib.course.notebooks import canonical

ROOT = Path(__file__).resolve().parents[2]
PROCESSORS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
"""OpenBLAS's kernels, from one without AVX to one with AVX-512; if the processor lacks it, another is taken."""
VERSIONS = (("3.11", "numpy==2.0.*"), ("3.11", "numpy"), (">=3.13", "numpy"))
"""The oldest NumPy that pyproject.toml allows has no wheel for a newer Python; `numpy` alone is the newest there is."""
# The first cells of a notebook on such machines.
NOISE = (
    "import sys\nsys.path.insert(0, {!r})\nfrom tests.machines import noise\nnoise.begin({})\ndel sys.path[0], noise"
)
KERNEL = (
    "import os, sys\nassert 'numpy' not in sys.modules\n"
    "os.environ.update(OPENBLAS_CORETYPE='{}', OPENBLAS_NUM_THREADS='{}')"
)


def main(command, *names):
    """Run the notebooks of these names, or all lessons; the exit code is 1 if one of them showed something else.

    The command class takes a number and a seed instead, and luck seconds for an exercise and names of lessons.
    """
    if command in ("class", "luck"):
        from tests.machines import classes, luck

        return int({"class": classes, "luck": luck}[command].main(*names))
    names = names or sorted(map(str, ROOT.glob("notebooks/*.ipynb")))
    canonical.CELL_SECONDS = 600  # how fast a machine is, is another question
    return int({"here": here, "noise": noise, "kernels": kernels, "versions": versions}[command](names))


def here(names):
    """This machine as it is."""
    return any([differs(name, "here") for name in names])


def noise(names):
    """Ten machines that differ from this one in the last bits."""
    return any([differs(name, f"noise {seed}", NOISE.format(str(ROOT), seed)) for name in names for seed in range(10)])


def kernels(names):
    """Other processors, with one thread and with two."""
    machines = [(processor, threads) for processor in PROCESSORS for threads in (1, 2)]
    return any(
        [differs(name, f"{machine[0]}, threads: {machine[1]}", KERNEL.format(*machine))
         for machine in machines for name in names]
    )  # fmt: skip


def versions(names):
    """Other versions of Python and NumPy, in environments of their own."""
    failed = False
    for python, numpy in VERSIONS:
        print(f"Python {python} with {numpy}", flush=True)
        uv = [os.environ.get("UV", "uv"), "run", "--isolated", "--python", python, "--with", numpy]
        failed |= subprocess.run([*uv, "python", "-m", "tests.machines", "here", *names], cwd=ROOT).returncode != 0
    return failed


def differs(name, machine, first=""):
    """Whether the notebook, behind a first cell, shows something else than what is stored; and say what."""
    nb = canonical.read(name)
    stored = [shown(cell) for cell in nb.cells]
    free = [cell.id for cell in nb.cells if "nbval-ignore-output" in cell.metadata.get("tags", ())]
    nb.cells.insert(0, new_code_cell(first, id="machine"))
    try:
        run = canonical.run(nb, Path(name).resolve().parent).cells[1:]
    except RuntimeError as error:
        print(f"{machine}: {Path(name).name}: {error}", flush=True)
        return True
    changed = [(cell.id, *pair) for cell, *pair in zip(run, stored, map(shown, run), strict=True) if pair[0] != pair[1]]
    changed = [each for each in changed if each[0] not in free]
    print(f"{machine}: {Path(name).name}:", ", ".join(id for id, *_ in changed) or "the same", flush=True)
    for id, before, now in changed:
        for line in difflib.unified_diff(before, now, "stored", id, n=0, lineterm=""):
            print("   ", line[:200], flush=True)
    return bool(changed)


def shown(cell):
    """The lines that a cell shows, pictures made of dots left out: each version of Matplotlib draws its own."""
    parts = []
    for output in cell.get("outputs", ()):
        kinds = {kind: what for kind, what in output.get("data", {}).items() if kind != "image/png"}
        text = "\n".join(f"{kind}: {kinds[kind]}" for kind in sorted(kinds))
        parts.append(output.get("text") or output.get("evalue") or text)
    return "\n".join(parts).splitlines()


sys.exit(main(*sys.argv[1:]))
