"""Run rows of the benchmark, all or those named, print their tables and renew them in RESULTS.md."""

import os

# One thread for everybody, before anything that reads these is imported.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import sys  # noqa: E402

from .report import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
