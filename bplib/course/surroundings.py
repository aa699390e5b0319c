"""The surroundings of a kernel that runs for tests or authors: nothing of whoever runs it, and one thread.

A profile of IPython, a backend of Matplotlib, a `bplib` in PYTHONPATH or a home that cannot be written would change
what cells show. And kernels that each have as many threads as there are cores take ten times as long side by side.
"""

import atexit
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM")}
"""Read by NumPy's libraries when they are imported."""

_SETTINGS = ("MPLBACKEND", "MATPLOTLIBRC", "PYTHONSTARTUP")


def environment():
    """The variables of such a kernel, progress and progress bars off."""
    dropped = _SETTINGS if _finds_packages(os.environ.get("PYTHONPATH", "")) else (*_SETTINGS, "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **ONE_THREAD, **_folders(), "BPLIB_PROGRESS": "off", "TQDM_DISABLE": "1"}


def enter():
    """Give this process these variables, and with it all that it starts."""
    variables = environment()
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _finds_packages(path):
    """Whether packages come by this PYTHONPATH, as in some distributions."""
    found = importlib.util.find_spec("numpy").origin
    return any(entry and Path(found).is_relative_to(entry) for entry in path.split(os.pathsep))


@functools.cache
def _folders():
    """Where IPython, Matplotlib and Jupyter keep things: empty folders, but for Matplotlib's list of fonts.

    They are made once for each process and removed when it ends. To make the list may take long, and Matplotlib would
    say so in the output of a cell.
    """
    folder = tempfile.mkdtemp(prefix="bplib-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folders = {name: os.path.join(folder, name) for name in ("IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_RUNTIME_DIR")}
    list_fonts = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(list_fonts, env={**os.environ, **folders}, capture_output=True)
    return folders
