"""What a training looks like when something is wrong with it: its two curves, and which checks see the cause."""

from html import escape

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, menu, slider

_ROW, _NAMES, _WIDTH = 30, 130, 640


def symptoms_explorer(runs, cause, healthy="none"):
    """Trainings with one cause of trouble each: the curves of the chosen one, and what every check says about it.

    runs is {cause: (history, checks)}. history is {"training": losses, "validation": losses}, equally many for all
    causes; checks is {check: (caught, says)}, True where the check sees the cause and a sentence, with the same checks
    for all, from the first to be made to the last. The curves of the ``healthy`` training lie thin behind the others.
    cause is what is shown first. ValueError for names that are not there, or lengths that differ.
    """
    if cause not in runs or healthy not in runs:
        raise ValueError(f"{cause!r} and {healthy!r} were asked for; there are {', '.join(runs)}")
    names = list(next(iter(runs.values()))[1])
    if any(list(checks) != names for _, checks in runs.values()):
        raise ValueError(f"every cause needs the checks {', '.join(names)}, in this order")
    lengths = {len(losses) for history, _ in runs.values() for losses in history.values()}
    if len(lengths) > 1:
        raise ValueError(f"the histories have {sorted(lengths)} losses; all need equally many")
    [epochs] = lengths
    behind = [(range(1, epochs + 1), losses) for losses in runs[healthy][0].values()]

    def first_check(cause):
        return next((name for name, (caught, _) in runs[cause][1].items() if caught), None)

    def caption(cause, epoch):
        losses = ", ".join(f"{name} loss {values[epoch - 1]:.2f}" for name, values in runs[cause][0].items())
        seen = first_check(cause)
        said = f'the first question to see it is "{seen}"' if seen else "no question sees anything"
        return f"{cause[0].upper()}{cause[1:]}, epoch {epoch} of {epochs}: {losses}; {said}."

    def draw(cause, epoch):
        history, checks = runs[cause]
        said = caption(cause, epoch)
        curves = {name: (range(1, epochs + 1), losses) for name, losses in history.items()}
        marks = {name: (epoch, losses[epoch - 1], None) for name, losses in history.items()}
        top = 1.05 * max(max(losses) for both in (history, runs[healthy][0]) for losses in both.values())
        chart = svg.chart(
            curves, f"Losses against the epoch. {said}", "epoch", "loss", limits=(0.5, epochs + 0.5, 0, top),
            marks=marks, contours=behind, named=False, width=430, height=250,
        )  # fmt: skip
        return [chart, _legend(history), _table(checks, first_check(cause), said)], said

    def table():
        wide = max(map(len, runs)) + 2
        rows = [f"{name:{wide}}{first_check(name) or '-'}" for name in runs]
        return "\n".join([f"{'cause':{wide}}first seen by", *rows])

    controls = [
        menu("cause", list(runs), cause),
        slider("epoch", epochs, 1, epochs, 1),
    ]
    return Explorer(controls, draw, draw(cause, epochs), table())


def _legend(history):
    parts = [svg.key(k, name, 40 + 150 * k, 14) for k, name in enumerate(history)]
    line = f'<path d="M{40 + 150 * len(history)} 14h34" stroke="{svg.INK}" stroke-opacity="0.5"/>'
    parts += [line, svg.text(82 + 150 * len(history), 14, "as they should be", size=13, anchor="start")]
    return svg.document(540, 28, "Legend", parts)


def _table(checks, first, said):
    """A row for each check: a filled box that says fine, or a framed one that says caught, and its sentence."""
    parts = []
    for i, (name, (caught, says)) in enumerate(checks.items()):
        y = 4 + i * _ROW
        color, dash = (svg.VERMILLION, ' stroke-dasharray="4 3"') if caught else (svg.BLUE, "")
        parts.append(svg.text(_NAMES - 10, y + _ROW / 2, name, size=12, anchor="end"))
        parts.append(
            f'<rect data-check="{escape(name)}" x="{_NAMES}" y="{y + 3}" width="64" height="{_ROW - 6}" rx="4"'
            f' fill="{color}" fill-opacity="{0 if caught else 0.28}" stroke="{color}"'
            f' stroke-width="{2.5 if name == first else 1}"{dash}/>'
        )
        weight = f'font-weight="{"bold" if name == first else "normal"}"'
        parts.append(svg.text(_NAMES + 32, y + _ROW / 2, "caught" if caught else "fine", size=11, more=weight))
        parts.append(svg.text(_NAMES + 76, y + _ROW / 2, says, size=12, anchor="start", more=weight))
    return svg.document(_WIDTH, _ROW * len(checks) + 8, f"What the checks say. {said}", parts)
