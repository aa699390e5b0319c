"""Windows: what a convolution and a pooling look through, ``stride`` apart, the first in the corner.

One idea does it all: what stands at one position of every window is a slice, with the stride as its step. What is left
over at the far end, and fills no window, is not looked at.
"""

from functools import lru_cache

import numpy as np


@lru_cache  # making the slices takes nearly as long as a small convolution
def slices(lengths, kernel, stride):
    """For each position in a window, row by row, its index in a kernel, and that of what all windows have there.

    ``lengths`` and ``kernel`` are those along the axes that follow the first two.
    """
    ends = [length - size + 1 for length, size in zip(lengths, kernel, strict=True)]  # no window starts from here on
    return [
        ((slice(None), slice(None), *at), (..., *(slice(i, end + i, stride) for i, end in zip(at, ends, strict=True))))
        for at in np.ndindex(*kernel)
    ]


def require_whole(operation, **numbers):
    """ValueError unless each is a whole number of at least 1, or of at least 0 if it is the padding."""
    for name, number in numbers.items():
        least = 0 if name == "padding" else 1
        if not isinstance(number, int | np.integer) or number < least:
            raise ValueError(f"{operation}: {name} is {number}; a whole number from {least} on is needed")


def require_room(operation, x, window, padding=0):
    """ValueError unless a window fits into an array of the shape x, between ``padding`` zeros on each side."""
    if not all(0 < size <= length + 2 * padding for size, length in zip(window, x[2:], strict=True)):
        raise ValueError(f"{operation}: a window of {window} has no room in x, which is {x} with padding {padding}")
