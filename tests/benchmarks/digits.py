"""From the start of Python to 97 % test accuracy on the digits: whole processes, imports and reading the data included.

    python -m tests.benchmarks.digits "tight NumPy"

trains one contestant and prints its accuracy. All take the same steps from the same weights: 64-64-10, mini-batches of
32, Adam with a learning rate of 0.003, float64.
"""

import subprocess
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from .harness import Case, Row

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "tight NumPy": "numpy",
    "bplib": "bplib",
    "plain NumPy": "numpy",
    "scikit-learn": "sklearn",
    "autograd": "autograd",
    "JAX jit": "jax",
    "PyTorch": "torch",
}


def train(name):
    """The test accuracy after the first epoch that ends at 97 % or more."""
    import numpy as np

    from . import steps
    from .digits_data import pixels_and_labels

    maker = steps.CONTESTANTS[name]
    step, params, convert = maker((64, 64, 10), 32, np.float64, "Adam", 0.003)
    X, y = pixels_and_labels(np.float64)
    order = np.random.default_rng(1).permutation(len(y))
    train, test = order[:1344], order[1344:]  # 1344 = 42 * 32
    rng = np.random.default_rng(2)
    for _ in range(100):
        rows = rng.permutation(train)
        for batch in [rows] if maker is steps.scikit_learn else rows.reshape(-1, 32):
            step(convert(X[batch]), convert(y[batch]))
        W1, b1, W2, b2 = params()
        accuracy = np.mean(np.argmax(np.maximum(X[test] @ W1 + b1, 0) @ W2 + b2, axis=1) == y[test])
        if accuracy >= 0.97:
            return accuracy
    raise ValueError(f"{name} has not reached 97 % after 100 epochs: {accuracy:.3f}")


def process(name):
    """A function that trains in a fresh process and returns the accuracy."""
    if not find_spec(PACKAGES[name]):
        raise ImportError(f"{PACKAGES[name]} is not installed")
    command = [sys.executable, "-m", "tests.benchmarks.digits", name]

    def run():
        return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)

    return run


TABLES = [
    Row(
        "Digits to 97 % test accuracy",
        "Whole processes with their imports: 64-64-10, mini-batches of 32, Adam. In brackets the accuracy.",
        [
            Case(
                "whole process",
                {name: partial(process, name) for name in PACKAGES},
                rtol=0.005,
                calls=1,
                show="{:.1%}".format,
                rounds=7,
                seconds=0.0,
                clock=time.perf_counter,
            )
        ],
    )
]

if __name__ == "__main__":
    print(train(sys.argv[1]))
