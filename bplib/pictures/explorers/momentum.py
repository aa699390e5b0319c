"""Descent with momentum in a ravine: its path, its loss, its roots, and a map of what is left after each step."""

from functools import cache

import numpy as np

from bplib.optimizers import SGD
from bplib.pictures import svg
from bplib.pictures.explorers.surfaces import contours, near, walk
from bplib.pictures.explorers.widget import Explorer, selection

RATES = (0.01, 0.02, 0.04, 0.06, 0.08, 0.095, 0.11, 0.13, 0.15, 0.165, 0.18, 0.2)
MOMENTA = (0.0, 0.15, 0.3, 0.41, 0.55, 0.67, 0.8, 0.9, 0.95)
CONDITIONS = (5, 20, 100)
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_LOST = 1e9  # a loss that nobody comes back from
_WHERE = (-5.0, 2.0, -1.6, 1.6)
_TURN = np.linspace(0, 2 * np.pi, 61)


def momentum_explorer(
    roots, best, start, *, steep=20.0, rate=0.04, momentum=0.0, condition=20, steps=60, rates=RATES, momenta=MOMENTA
):
    """Momentum on L = (c1 w1^2 + steep w2^2)/2, for a rate, a momentum and a condition number steep/c1 to choose.

    roots(rate, momentum, c) gives the two r, complex, of w_t = r^t along a direction of curvature c, for arrays too;
    best(c1, c2) the best pair of rate and momentum. start is (w1, w2). Four charts: the path; the loss, beside the
    line on which each step leaves the same share; the map of that share over rate and momentum, with the present and
    the best pair; and the roots of both directions, in a circle of radius 1 and on one of radius sqrt(momentum).
    """
    for name, value, options in (
        ("rate", rate, rates),
        ("momentum", momentum, momenta),
        ("condition", condition, CONDITIONS),
    ):
        if value not in options:
            raise ValueError(f"the {name} is {value}; one of {', '.join(map(str, options))} is needed")

    def share(rate, momentum, condition):
        """The larger |r| of both directions: which share of the distance is left after a step."""
        both = [np.abs(roots(rate, momentum, c)) for c in (steep / condition, steep)]
        return np.max(both, axis=(0, 1))

    @cache
    def background(condition):
        return contours(loss_of(condition), _WHERE, np.linspace(0.08, 1.0, 9) ** 2)

    def loss_of(condition):
        return lambda w: (steep / condition * w[0] ** 2 + steep * w[1] ** 2) / 2

    @cache
    def descent(rate, momentum, condition):
        slopes = np.array([steep / condition, steep])
        optimizer = SGD(rate, momentum=momentum)
        return walk(loss_of(condition), lambda w: slopes * w, start, optimizer, steps, _LOST)

    @cache
    def levels(condition):
        """The lines of the map, the numbers that stand on them, and the line on which nothing is lost."""
        from bplib.pictures.plots import contour_lines  # with it comes Matplotlib, which not every explorer needs

        across, up = np.linspace(0.0005, 1.05 * rates[-1], 150), np.linspace(0.0, 0.995, 120)
        left = share(across, up[:, None], condition)
        lines, labels = [], []
        for level in LEVELS:
            found = contour_lines(across, up, left, [level])
            lines += [_thin(line) for line in found]
            for xs, ys in sorted(found, key=lambda line: -len(line[0]))[:1]:
                end = int(np.argmax(xs))  # beside the limit, where no pair that arrives can be covered
                labels.append((xs[end] + 0.009, ys[end], f"{level:g}", svg.INK, 10))
        limit = max(contour_lines(across, up, left, [1.0]), key=lambda line: len(line[0]))
        return lines, labels, _thin(limit)

    def caption(rate, momentum, condition):
        flat, all_ = (float(np.max(np.abs(roots(rate, momentum, c)))) for c in (steep / condition, steep))
        loss = descent(rate, momentum, condition)[1][-1]
        end = f"loss after {steps} steps {svg.number(loss)}" if loss < 1e6 else "it diverges"
        left = f"left per step: {flat:.3f} along the ravine, {all_:.3f} across it"
        return f"rate {rate}, momentum {momentum}, condition number {condition}. Share {left}; {end}."

    def draw(rate, momentum, condition):
        said = caption(rate, momentum, condition)
        path, losses = descent(rate, momentum, condition)
        lines, labels, limit = levels(condition)
        xs, ys = near(path, _WHERE)
        seen = {"marks": {"": (xs[-1], ys[-1], None)}, "contours": background(condition), "points": (xs, ys)}
        where = svg.chart({"": (xs, ys)}, f"The path. {said}", "w1", "w2", limits=_WHERE, height=260, **seen)

        heights = np.log10(np.clip(losses, 1e-30, 1e9)).tolist()
        line = heights[0] + 2 * np.log10(float(share(rate, momentum, condition))) * np.array([0, steps])
        fallen = {"loss": (range(steps + 1), heights), "the share alone": ([0, steps], line.tolist())}
        seen = {"limits": (0, steps, -12.5, 4.5), "width": 330, "height": 260, "named": False}
        label = f"Logarithm of the loss against the step, and of its share. {said}"
        curve = svg.chart(fallen, label, "step", "log₁₀ of the loss", **seen)

        at = best(steep / condition, steep)
        words = [*labels, (float(at[0]) + 0.03, float(at[1]), "best", svg.GREEN, 12)]
        seen = {"contours": lines, "points": ([float(at[0])], [float(at[1])]), "labels": words, "named": False}
        seen |= {"limits": (0, 1.05 * rates[-1], 0, 1), "marks": {"now": (rate, momentum, None)}, "height": 300}
        label = f"What is left after a step, for every rate and momentum. {said}"
        field = svg.chart({"now": ([rate], [momentum]), "limit": limit}, label, "rate", "momentum", **seen)
        return [_legend(said), where, curve, field, _circles(rate, momentum, condition, said)], said

    def _circles(rate, momentum, condition, said):
        pairs = {"along": roots(rate, momentum, steep / condition), "across": roots(rate, momentum, steep)}
        reach = 1.6
        curves = {name: ([0.0], [0.0]) for name in pairs}
        marks = {
            name: [(*(float(np.clip(x, -reach, reach)) for x in (r.real, r.imag)), None) for r in pair]
            for name, pair in pairs.items()
        }
        round_ = [(np.cos(_TURN), np.sin(_TURN)), (momentum**0.5 * np.cos(_TURN), momentum**0.5 * np.sin(_TURN))]
        seen = {"marks": marks, "contours": round_, "limits": (-reach, reach, -reach, reach), "named": False}
        label = f"The roots of both directions, a circle of radius 1 and one of the root of the momentum. {said}"
        return svg.chart(curves, label, "real part of r", "imaginary part", **seen, width=315, height=300)

    start_at = rate, momentum, condition
    controls = [
        selection("rate", rates, rate),
        selection("momentum", momenta, momentum),
        selection("condition number", CONDITIONS, condition),
    ]
    return Explorer(controls, draw, draw(*start_at), caption(*start_at))


def _thin(line, most=40):
    """A line of fewer points, which looks the same."""
    step = max(1, len(line[0]) // most)
    return tuple([*each[::step], each[-1]] for each in line)


def _legend(said):
    parts = [svg.key(0, "the loss; the present pair; the roots along the ravine", 8, 12)]
    parts.append(svg.key(1, "the share alone; the limit; the roots across", 400, 12))
    return svg.document(940, 24, f"Legend. {said}", parts)
