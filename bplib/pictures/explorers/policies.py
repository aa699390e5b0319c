"""A policy in a grid while it learns, episode by episode, and how far the gradients of single episodes scatter."""

import numpy as np

from bplib.activations import softmax
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, slider, toggles

_TOP, _LEFT, _CELL, _ARROW = 30, 12, 84, 33
_WIDTH = 325  # of a chart, so that both stand beside the grid in JupyterLab on a laptop
_STEPS = ((0, -1), (1, 0), (0, 1), (-1, 0))  # x and y of up, right, down, left
_VARIANCES = ("with baseline J", "without a baseline")  # in the colors of the trainings, with a baseline first


def policy_explorer(world, runs, episode, bonus=0.0):
    """The policy of a `GridWorld` in the course of trainings: arrows, expected returns, and variances of the gradient.

    runs is {name: thetas}, one or two trainings, each (episodes + 1, n_states, 4) and beginning before the first
    episode; ``episode`` is the one to show first, of the first run, which is the one with a baseline if one has it. The
    variance is that of return * score of a single walk by the policy of that episode, exactly, without a baseline and
    with the expected return J as baseline. The bonus is added to the return of every walk.
    """
    runs = {name: np.asarray(thetas, dtype=float) for name, thetas in runs.items()}
    shapes = {name: thetas.shape for name, thetas in runs.items()}
    table = world.n_states, world.n_actions
    if (
        not 1 <= len(runs) <= 2
        or len(set(shapes.values())) != 1
        or len(next(iter(shapes.values()))) != 3
        or any(shape[1:] != table for shape in shapes.values())
    ):
        raise ValueError(f"runs is {shapes}; needed are one or two, all (episodes + 1, {table[0]}, {table[1]})")
    last = len(next(iter(runs.values()))) - 1
    some = sorted({*range(0, last, -(-last // 80) or 1), last})  # as many points as a curve of this size can show
    J = {name: [float(world.expected_return(theta)) + bonus for theta in thetas] for name, thetas in runs.items()}
    variances = {
        name: {
            _VARIANCES[0]: [float(world.gradient_variance(t, j - bonus)) for t, j in zip(thetas, J[name], strict=True)],
            _VARIANCES[1]: [float(world.gradient_variance(theta, -bonus)) for theta in thetas],
        }
        for name, thetas in runs.items()
    }
    low, high = min(map(min, J.values())), max(map(max, J.values()))
    room = 0.08 * (high - low) or 1.0
    top = 1.1 * max(max(values) for both in variances.values() for values in both.values())
    legend = _legend({"expected return of the training": runs, "variance of the one chosen": _VARIANCES})
    floor = _floor(world)

    def caption(name, episode):
        with_one, without = (svg.number(round(values[episode], 2)) for values in variances[name].values())
        return (
            f"{name.capitalize()}, after {episode} of {last} episodes: expected return"
            f" {svg.number(round(J[name][episode], 2))}. The gradient of one episode has the variance {without}"
            f" without a baseline, {with_one} with the expected return as baseline."
        )

    def draw(name, episode):
        said = caption(name, episode)
        picture = _picture(world, floor, softmax(runs[name][episode]), said)
        returns = svg.chart(
            {run: (some, [values[e] for e in some]) for run, values in J.items()},
            f"Expected return against the episode. {said}",
            "episode",
            "expected return J",
            limits=(0, max(last, 1), low - room, high + room),
            marks={name: (episode, J[name][episode], None)},
            named=False,
            width=_WIDTH,
            height=276,
        )
        scatter = svg.chart(
            {kind: (some, [values[e] for e in some]) for kind, values in variances[name].items()},
            f"Variance of the gradient against the episode. {said}",
            "episode",
            "variance of one episode",
            limits=(0, max(last, 1), 0, top),
            marks={kind: (episode, values[episode], None) for kind, values in variances[name].items()},
            named=False,
            width=_WIDTH,
            height=276,
        )
        return [picture, returns, scatter, legend], said

    first = next(iter(runs))
    controls = [
        toggles("training", list(runs), first),
        slider("episode", episode, 0, last, 1),
    ]
    return Explorer(controls, draw, draw(first, episode), caption(first, episode))


def _legend(columns):
    parts = []
    for column, (title, names) in enumerate(columns.items()):
        x = 290 + _WIDTH * column  # below the charts
        parts.append(svg.text(x, 14, title, anchor="start"))
        parts += [svg.key(k, name, x, 38 + 24 * k) for k, name in enumerate(names)]
    label = "; ".join(f"{title}: {', '.join(names)}" for title, names in columns.items())
    return svg.document(900, 80, f"Legend. {label}", parts)


def _corner(cell):
    return _LEFT + cell[1] * _CELL, _TOP + cell[0] * _CELL


def _floor(world):
    """The cells, the walls between them, S and G: what stays while the policy changes."""
    rows, columns = (int(n) + 1 for n in np.max(world.cells, axis=0))
    parts = []
    for cell in np.ndindex(rows, columns):
        x, y = _corner(cell)
        wall, goal = cell not in world.cells, cell == world.cells[world.goal]
        fill = f'fill="{svg.INK}" fill-opacity="0.6"' if wall else f'fill="{svg.BLUE}" fill-opacity="{0.2 * goal:.1f}"'
        size = f'width="{_CELL}" height="{_CELL}"'
        kind = "wall" if wall else "cell"
        parts.append(
            f'<rect data-role="{kind}" x="{x}" y="{y}" {size} {fill} stroke="{svg.INK}" stroke-opacity="0.4"/>'
        )
    for letter, state in (("S", world.start), ("G", world.goal)):
        x, y = _corner(world.cells[state])
        parts.append(svg.text(x + 10, y + 12, letter))
    return "".join(parts), _LEFT + columns * _CELL + 12, _TOP + rows * _CELL + 12


def _picture(world, floor, pi, said):
    drawn, width, height = floor
    lines, heads = [], []
    for state, cell in enumerate(world.cells):
        x, y = (corner + _CELL / 2 for corner in _corner(cell))
        for (dx, dy), p in zip(_STEPS, pi[state].tolist(), strict=True):
            if state != world.goal and p >= 0.01:  # nothing is done in the goal
                end_x, end_y = x + _ARROW * p * dx, y + _ARROW * p * dy
                size = 2 + 5 * p
                lines.append(f"M{svg.px(x)} {svg.px(y)}L{svg.px(end_x)} {svg.px(end_y)}")
                corners = (
                    (end_x + size * dx, end_y + size * dy),
                    (end_x - size * dy, end_y + size * dx),
                    (end_x + size * dy, end_y - size * dx),
                )
                heads.append("M" + "L".join(f"{svg.px(a)} {svg.px(b)}" for a, b in corners) + "z")
    arrows = (
        f'<path data-role="arrows" d="{"".join(lines)}" stroke="{svg.BLUE}" stroke-width="2.5"/>'
        f'<path d="{"".join(heads)}" fill="{svg.BLUE}"/>'
    )
    title = svg.text(width / 2, _TOP - 14, "policy: the longer, the more probable")
    return svg.document(
        width, height, f"A grid with the probabilities of moves as arrows. {said}", [drawn, arrows, title]
    )
