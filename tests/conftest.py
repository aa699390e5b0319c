"""One thread of BLAS for each of pytest's workers: they share the cores already. It is read when NumPy is imported."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
