"""One thread of BLAS for each of pytest's workers, which share the cores already; and what several tests begin with."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported

import pytest


@pytest.fixture
def lesson_style():
    """Figures in the style of the lessons, closed afterward."""
    import matplotlib.pyplot as plt

    with plt.style.context("bplib.lesson"):
        yield
    plt.close("all")
