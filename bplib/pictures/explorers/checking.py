"""Which check catches which bug, and by which gradient."""

from html import escape
from math import log10

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, menu, slider

_LOW, _HIGH = -8, 1  # powers of ten: what is below is rounding, which differs from machine to machine
_ROW, _COLUMN, _NAMES, _TOP = 26, 94, 130, 34


def checks_explorer(errors, bug, check, tolerance=-6):
    """A table of bugs by checks at a tolerance of 10 to the given power, and the gradients behind one of its cells.

    errors is {bug: {check: {gradient: relative error}}}, with the same checks for every bug; "none" is the right code.
    bug and check are what is shown first. ValueError for names that are not there.
    """
    checks = list(next(iter(errors.values())))
    if bug not in errors or check not in checks or any(list(row) != checks for row in errors.values()):
        raise ValueError(f"{bug!r} and {check!r} were asked for; there are {', '.join(errors)}; {', '.join(checks)}")

    def word(bug, check, power):
        alarm = _alarm(errors[bug][check], power)
        return ("false alarm" if alarm else "passes") if bug == "none" else ("caught" if alarm else "escapes")

    def caption(bug, check, power):
        found = errors[bug][check]
        worst = max(found, key=found.get)
        large = _shown(found[worst])
        subject = "The right code" if bug == "none" else f'The bug "{bug}"'
        verb = {"caught": "is caught", "escapes": "escapes", "passes": "passes", "false alarm": "raises a false alarm"}
        says = f'{subject} {verb[word(bug, check, power)]} under the check "{check}" at a tolerance of 1e{power}'
        return f"{says}: the largest relative error is {large}" + (f", at {worst}." if large[0] != "b" else ".")

    def draw(bug, check, power):
        says = caption(bug, check, power)
        parts = [_table(errors, checks, bug, check, power, word)]
        down = _TOP + _ROW * len(errors) + 30
        parts.append(_bars(errors[bug][check], power, down))
        height = down + 20 * len(errors[bug][check]) + 44
        width = _NAMES + _COLUMN * len(checks) + 12
        return [svg.document(width, height, f"Bugs and checks. {says}", parts)], says

    def table():
        wide = max(map(len, errors)) + 2
        lines = [" " * wide + "".join(f"{name:16}" for name in checks).rstrip()]
        for name in errors:
            lines.append(f"{name:{wide}}" + "".join(f"{word(name, c, tolerance):16}" for c in checks).rstrip())
        return "\n".join(lines)

    controls = [
        menu("bug", list(errors), bug),
        menu("check", checks, check),
        slider("tolerance, 10 to the", tolerance, _LOW + 1, 0, 1),
    ]
    return Explorer(controls, draw, draw(bug, check, tolerance), table())


def _alarm(found, power):
    return max(found.values()) > 10.0**power


def _shown(error):
    if error < 10.0**_LOW:
        return f"below 1e{_LOW}"
    return f"{error:.1e}" if error < 0.001 else f"{error:.2g}"


def _table(errors, checks, bug, check, power, word):
    parts = []
    for j, name in enumerate(checks):
        parts.append(svg.text(_NAMES + (j + 0.5) * _COLUMN, _TOP - 14, name, size=11))
    for i, row in enumerate(errors):
        y = _TOP + i * _ROW
        parts.append(svg.text(_NAMES - 10, y + _ROW / 2, row, size=12, anchor="end"))
        for j, name in enumerate(checks):
            says = word(row, name, power)
            right = says in ("caught", "passes")
            x, chosen = _NAMES + j * _COLUMN, (row, name) == (bug, check)
            color = svg.BLUE if right else svg.VERMILLION
            edge = f'stroke="{svg.INK if chosen else color}" stroke-width="{2.5 if chosen else 0.8}"'
            dash = "" if right or chosen else ' stroke-dasharray="4 3"'
            parts.append(
                f'<rect data-cell="{escape(row)} | {escape(name)}" x="{x + 2}" y="{y + 2}" width="{_COLUMN - 4}"'
                f' height="{_ROW - 4}" rx="4" fill="{color}" fill-opacity="{0.28 if right else 0}" {edge}{dash}/>'
            )
            weight = f'font-weight="{"bold" if chosen else "normal"}"'
            parts.append(svg.text(x + _COLUMN / 2, y + _ROW / 2, says, size=11, more=weight))
    return "".join(parts)


def _bars(found, power, down):
    """The relative error of each gradient as a bar on a logarithmic scale, and the tolerance as a line."""
    wide, parts = 440, []
    unit = wide / (_HIGH - _LOW)
    height = 20 * len(found)
    for k in range(_LOW, _HIGH + 1, 1):
        x = _NAMES + (k - _LOW) * unit
        parts.append(f'<path d="M{svg.px(x)} {down}v{height}" stroke="{svg.INK}" stroke-opacity="0.15"/>')
        parts.append(svg.text(x, down + height + 12, f"1e{k}" if k else "1", size=10))
    for i, (name, error) in enumerate(found.items()):
        y = down + 20 * i
        power_of = min(max(log10(error), _LOW), _HIGH) if error > 0 else _LOW
        long = (power_of - _LOW) * unit
        parts.append(svg.text(_NAMES - 10, y + 10, name, size=12, anchor="end"))
        parts.append(
            f'<rect data-bar="{escape(name)}" x="{_NAMES}" y="{y + 4}" width="{svg.px(long)}" height="12"'
            f' fill="{svg.VERMILLION}" fill-opacity="0.8"/>'
        )
    x = _NAMES + (power - _LOW) * unit
    parts.append(
        f'<path d="M{svg.px(x)} {down - 6}v{height + 6}" stroke="{svg.INK}" stroke-width="2" stroke-dasharray="6 3"/>'
    )
    parts.append(svg.text(x, down - 12, "tolerance", size=11))
    parts.append(svg.text(_NAMES + wide / 2, down + height + 30, "relative error of each gradient", size=11))
    return "".join(parts)
