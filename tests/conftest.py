"""What holds for all processes of the tests, and what several tests begin with."""

import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported: the workers share the cores already
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes start, and each would compile what it imports

import pytest

import bplib


def pytest_configure():
    """Test no other bplib, such as one that comes by PYTHONPATH."""
    ours = Path(__file__).resolve().parents[1] / "bplib"
    if not ours.samefile(Path(bplib.__file__).parent):
        raise pytest.UsageError(f"bplib comes from {Path(bplib.__file__).parent} and not from {ours}")


@pytest.fixture
def lesson_style():
    """Figures in the style of the lessons, closed afterward."""
    import matplotlib.pyplot as plt

    with plt.style.context("bplib.lesson"):
        yield
    plt.close("all")
