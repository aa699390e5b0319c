"""What a loss asks of a prediction and a truth before it compares them.

A loss refuses to broadcast: (4, 1) beside (4,) would silently become (4, 4), and its mean another number.
"""

import numpy as np

from bplib.operations import require_floats, require_upstream


def require_pair(operation, *, analytic=False, **pair):
    """The truth in the type of the prediction, which comes first. ValueError unless both fit and hold something."""
    require_upstream(operation, analytic=analytic, **pair)
    prediction, truth = pair.values()
    if np.size(truth) == 0:
        raise ValueError(f"{operation}: the batch is empty, and nothing has no mean")
    return np.asarray(truth, dtype=prediction.dtype) if hasattr(prediction, "dtype") else truth


def require_unit(operation, **arrays):
    """ValueError unless all entries lie between 0 and 1."""
    for name, array in arrays.items():
        low, high = np.min(np.real(array)), np.max(np.real(array))
        if not (low >= 0 and high <= 1):  # also refuses NaN
            raise ValueError(f"{operation}: {name} runs from {low:g} to {high:g}; values between 0 and 1 are needed")


def require_labels(operation, z, y):
    """The labels as an array. ValueError unless z (n, k) holds floats, and y (n,) integers from 0 to k - 1."""
    require_floats(operation, z=z)
    y = np.asarray(y)
    if y.ndim != 1 or np.ndim(z) != 2 or len(y) != len(z):
        raise ValueError(f"{operation}: z is {np.shape(z)} and y is {y.shape}; needed are (n, k) and (n,)")
    if not len(y):
        raise ValueError(f"{operation}: the batch is empty, and nothing has no mean")
    if y.dtype.kind not in "iu":
        raise ValueError(f"{operation}: y holds {y.dtype}; integer labels are needed, as y.astype(int) gives")
    k = z.shape[1]
    if not 0 <= y.min() <= y.max() < k:
        worst = y.max() if y.max() >= k else y.min()
        raise ValueError(f"{operation}: y holds the label {worst}; z has {k} columns, so 0 to {k - 1}")
    return y
