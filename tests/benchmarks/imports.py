"""What an import costs, in a fresh process."""

import re
import subprocess
import sys
import time
from functools import partial
from importlib.util import find_spec

import bplib

from .harness import Case, Row

MODULES = re.findall(r"^    ([a-z_]+)  +\S", bplib.__doc__, flags=re.MULTILINE)
CORE = ", ".join(MODULES[: MODULES.index("evaluation")])
STATEMENTS = {
    "numpy": "import numpy",
    "nothing": "pass",
    "core of bplib": f"from bplib import {CORE}",
    "bplib.verify": "import bplib.verify",
    "bplib.pictures.plots": "import bplib.pictures.plots",
    "bplib.pictures.explorers": "import bplib.pictures.explorers",
    "sympy": "import sympy",
    "matplotlib.pyplot": "import matplotlib.pyplot",
    "scikit-learn": "import sklearn.neural_network",
    "autograd": "import autograd",
    "JAX": "import jax",
    "PyTorch": "import torch",
}


def process(statement):
    """A function that runs one statement in a fresh process."""
    package = statement.replace("from", "import").split()[1].split(".")[0] if statement != "pass" else "sys"
    if not find_spec(package):
        raise ImportError(f"{package} is not installed")
    return lambda: subprocess.run([sys.executable, "-c", statement], check=True).returncode


TABLES = [
    Row(
        "Imports",
        "Whole processes, files cached. The core of bplib is what needs NumPy only.",
        [
            Case(
                "python -c",
                {name: partial(process, statement) for name, statement in STATEMENTS.items()},
                rtol=None,
                rounds=9,
                seconds=0.0,
                clock=time.perf_counter,
            )
        ],
    )
]
