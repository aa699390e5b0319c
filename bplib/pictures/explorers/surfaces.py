"""What explorers of descents share: the walk, its place in a picture, and the lines of equal loss around it."""

import numpy as np


def walk(loss, gradient, start, optimizer, steps, lost):
    """The places of a descent, (steps + 1, 2), and their losses; loss and gradient take an array w of shape (2,).

    One whose loss has reached ``lost`` stays where it got lost.
    """
    w = np.array(start, dtype=float)
    places, losses = [w.copy()], [float(loss(w))]
    for _ in range(steps):
        if losses[-1] < lost:
            optimizer.step({"w": w}, {"w": np.asarray(gradient(w), dtype=float)})
        places.append(w.copy())
        losses.append(float(loss(w)))
    return np.array(places), losses


def near(path, limits):
    """The coordinates of a path, two lists. Far outside of the limits a path only has to stay outside."""
    room = 10.0 * max(abs(limit) for limit in limits)
    return np.clip(path, -room, room).T.tolist()


def contours(loss, limits, heights):
    """Lines of equal loss at heights between 0, the lowest loss within the limits, and 1, the highest."""
    from bplib.pictures.plots import contour_lines  # with it comes Matplotlib, which not every explorer needs

    first, second = np.linspace(*limits[:2], 61), np.linspace(*limits[2:], 61)
    losses = np.array([[loss(np.array([a, b])) for a in first] for b in second])
    low, high = losses.min(), losses.max()
    return contour_lines(first, second, losses, low + (high - low) * heights)
