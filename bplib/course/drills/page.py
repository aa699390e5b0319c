"""A network as a page to be proofread: each line of the forward with its shape, beside it the lines that undo it."""

import math
from itertools import accumulate

from bplib.pictures import svg

_SIZE, _CHARACTER, _LINE, _UNIT, _BLANK = 13, 7.9, 23, 2.5, 130
_CODE = 'font-family="var(--jp-code-font-family, monospace)"'


class Page:
    """The page of a network, with one shape and some lines of the backward left blank.

    Forward is read down and backward up, so that each line stands beside what it undoes. Beside a shape stands a
    rectangle of its proportions.
    """

    def __init__(self, network, shapes, name, blanks):
        """Take the shapes by name, the name whose shape is blank, and the names of the blank gradients."""
        self.network, self.shapes, self.name, self.blanks = network, shapes, name, blanks

    def shape(self, name):
        """The shape of an array in words, "?" where it is asked for."""
        return "?" if name == self.name else shape_words(self.shapes.get(name, ()))

    def text(self, fields):
        """The whole page as text, and the options of the blanks."""
        given = ", ".join(f"{name} {self.shape(name)}" for name in self.network.given)
        code = [f"{step.name} = {step.code}" for step in self.network.steps]
        wide = max(map(len, code)) + 3
        forward = [
            line.ljust(wide) + self.shape(step.name) for line, step in zip(code, self.network.steps, strict=True)
        ]
        backward = [f"{line.name} = {self.right_side(line)}" for line in self.network.lines]
        options = [f"{field.label}: {'  or  '.join(field.options)}" for field in fields]
        return "\n".join([given, "", *forward, "", *backward, "", *options])

    def right_side(self, line):
        """The right side of a line of the backward, "?" where it is asked for."""
        return "?" if line.name in self.blanks else line.code

    def svg(self):
        """The page as a picture."""
        steps = self.network.steps
        wide = _CHARACTER * max(len(f"{step.name} = {step.code}") for step in steps)
        at_shape = 16 + wide + 16
        at_back = at_shape + _CHARACTER * max(len(self.shape(step.name)) for step in steps) + 52
        lines = [line for step in steps for line in step.back]
        longest = max(self.width(line) for line in lines)
        width = at_back + longest + 16
        parts, y = self.given(width)
        parts += [
            svg.text(16, y + 10, "forward, read down ↓", svg.BLUE, 12, "start"),
            svg.text(at_back, y + 10, "backward, read up ↑", svg.VERMILLION, 12, "start"),
        ]
        y += 24
        for step in steps:
            high = max(30, _LINE * len(step.back) + 8)
            parts.append(f'<path d="M12 {svg.px(y)}H{svg.px(width - 8)}" stroke="{svg.INK}" stroke-opacity="0.15"/>')
            parts.append(_code(16, y + high / 2, f"{step.name} = {step.code}"))
            parts.append(self.shape_at(at_shape, y + high / 2, step.name))
            parts.append(self.box(at_shape + _CHARACTER * len(self.shape(step.name)) + 8, y + high / 2, step.name))
            for k, line in enumerate(step.back):
                parts.append(self.line(at_back, y + high / 2 + (k - (len(step.back) - 1) / 2) * _LINE, line))
            y += high
        return svg.document(width, y + 8, self.spoken(), parts)

    def spoken(self):
        """The page as one sentence, for a screen reader."""
        text = self.text(())
        return "A network, forward and backward. " + "; ".join(line for line in text.splitlines() if line)

    def given(self, width):
        """What is given, side by side, and how low it reaches."""
        parts, y = [], 20 - 28
        for row in _rows({name: self.takes(name) for name in self.network.given}, width - 16):
            x, y = 16, y + 28
            for name in row:
                words = _CHARACTER * len(name)
                color = svg.INK if name in ("X", "Y") else svg.GREEN
                parts.append(_code(x, y, name, color))
                parts.append(self.shape_at(x + words + 8, y, name))
                parts.append(self.box(x + words + 16 + _CHARACTER * len(self.shape(name)), y, name))
                x += self.takes(name)
        return parts, y + 22

    def takes(self, name):
        """How wide a name with its shape and its rectangle is, and what lies between it and the next."""
        words = _CHARACTER * (len(name) + len(self.shape(name)))
        return words + 16 + _UNIT * (self.shapes[name] or (0,))[-1] + 26

    def shape_at(self, x, y, name):
        """The shape of an array in words; what is asked for stands in a frame."""
        if name != self.name:
            return _code(x, y, self.shape(name), svg.BLUE)
        return _blank(x - 3, y, 26)

    def box(self, x, y, name):
        """A rectangle with the proportions of an array; two of them, one behind the other, for a stack."""
        shape = self.shapes.get(name, ())
        if name == self.name or not shape:
            return ""
        rows, columns = (1, *shape)[-2:] if len(shape) < 3 else shape[-2:]
        size = f'width="{svg.px(_UNIT * columns)}" height="{svg.px(_UNIT * rows)}"'
        parts = []
        for shift in (4, 0) if len(shape) > 2 else (0,):
            corner = f'x="{svg.px(x + shift)}" y="{svg.px(y - _UNIT * rows / 2 - shift / 2)}"'
            parts.append(f'<rect {corner} {size} fill="{svg.PAPER}"/>' if shift == 0 else "")
            parts.append(f'<rect {corner} {size} fill="{svg.BLUE}" fill-opacity="0.2" stroke="{svg.BLUE}"/>')
        return "".join(parts)

    def width(self, line):
        """How wide a line of the backward is."""
        start = _CHARACTER * len(f"{line.name} = ")
        return start + (_BLANK if line.name in self.blanks else _CHARACTER * len(line.code))

    def line(self, x, y, line):
        """A line of the backward."""
        if line.name not in self.blanks:
            return _code(x, y, f"{line.name} = {line.code}", svg.VERMILLION)
        start = f"{line.name} ="
        return _code(x, y, start, svg.VERMILLION) + _blank(x + _CHARACTER * (len(start) + 1), y, _BLANK)


def _rows(widths, most):
    """The names of {name: width} in rows, as few as fit, none much longer than another; in their order."""

    def filled(limit):
        rows, used = [], math.inf
        for name, width in widths.items():
            if used + width > limit:
                rows, used = [*rows, []], 0
            rows[-1].append(name)
            used += width
        return rows

    starts = list(accumulate(widths.values(), initial=0))
    limits = sorted({end - start for start in starts for end in starts if 0 < end - start <= most})
    fewest = filled(most)
    return next((rows for limit in limits if len(rows := filled(limit)) == len(fewest)), fewest)


def shape_words(shape):
    """A shape in words."""
    return str(tuple(int(length) for length in shape)) if len(shape) else "one number"


def _code(x, y, words, color=svg.INK):
    return svg.text(x, y, words, color, _SIZE, "start", _CODE)


def _blank(x, y, width):
    frame = f'stroke="{svg.VERMILLION}" stroke-width="1.5" stroke-dasharray="4 3"'
    box = f'<rect data-role="blank" x="{svg.px(x)}" y="{svg.px(y - 9)}" width="{svg.px(width)}" height="18" rx="4"'
    mark = svg.text(x + width / 2, y, "?", svg.VERMILLION, _SIZE)
    return f'{box} fill="{svg.VERMILLION}" fill-opacity="0.08" {frame}/>{mark}'
