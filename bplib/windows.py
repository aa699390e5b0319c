"""Windows: what a convolution and a pooling look through, ``stride`` apart, the first in the corner.

One idea does it all: what stands at one position of every window is a slice, with the stride as its step. `slices` are
these one by one, and `through_windows` has them all in one view. What is left over at the far end, and fills no window,
is not looked at.
"""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import as_strided


@lru_cache  # making the slices takes as long as a pass over a small image
def slices(lengths, kernel, stride):
    """For each position in a window, row by row, the index of what all windows have there.

    ``lengths`` and ``kernel`` are those along the axes that follow the first two.
    """
    ends = [length - size + 1 for length, size in zip(lengths, kernel, strict=True)]  # no window starts from here on
    return [(..., *(slice(i, end + i, stride) for i, end in zip(at, ends, strict=True))) for at in np.ndindex(*kernel)]


def through_windows(images, kernel, stride):
    """A view of all that windows see, (n, channels, *kernel, *windows).

    images is (n, channels, *kernel, *lengths), an image for each position in a window; ones in the place of the kernel,
    as None makes them, say that it is one image for all. At i, j, o, p of the view stands the entry of image i, j at
    o stride + i, p stride + j.
    """
    axes = len(kernel)
    lengths, to_image, along = images.shape[-axes:], images.strides[2:-axes], images.strides[-axes:]
    windows = [(length - size) // stride + 1 for length, size in zip(lengths, kernel, strict=True)]
    to_position = [a + b for a, b in zip(to_image, along, strict=True)]  # None has made a step of 0
    return as_strided(
        images,
        (*images.shape[:2], *kernel, *windows),
        (*images.strides[:2], *to_position, *(stride * step for step in along)),
    )


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
