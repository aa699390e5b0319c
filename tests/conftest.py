"""What holds for all processes of the tests, and what several tests begin with."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported: the workers share the cores already
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes start, and each would compile what it imports

import pytest


@pytest.fixture
def lesson_style():
    """Figures in the style of the lessons, closed afterward."""
    import matplotlib.pyplot as plt

    with plt.style.context("bplib.lesson"):
        yield
    plt.close("all")
