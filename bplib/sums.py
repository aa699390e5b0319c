"""A sum as a product with ones, which costs a quarter of a reduction."""

from functools import cache

import numpy as np


@cache
def ones(n, dtype):
    """A vector of n ones, to be read, as in ones(len(x), x.dtype).dot(x) for the sum of x over its first axis."""
    vector = np.ones(n, dtype)
    vector.setflags(write=False)
    return vector
