"""A sheet of cells as an LMS or a spreadsheet writes it: cells are read, some are written, all other bytes stay.

Encoding, byte order mark, separator, quotes and ends of lines are those of the file. Moodle's PHP may write a quote
behind a backslash without doubling it (`fputcsv` with its escape); so that reading is tried too, where the plain one
leaves rows of unequal length.
"""

import codecs
import re
from itertools import accumulate

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_QUOTED = r'"(?:[^"]|"")*+"', r'"(?:[^"\\]|\\.|"")*+"'


class Sheet:
    """rows is a list of lists of text, the heading first; what `write` changes stands in `content` alone.

    lines has, for each row, the number of the line on which it begins.
    """

    def __init__(self, content):
        """Read a sheet, bytes. ValueError if there is nothing in it."""
        self._bom = next((bom for bom in _BOMS if content.startswith(bom)), b"")
        text, self._encoding = _decoded(
            content.removeprefix(self._bom), [_BOMS[self._bom]] if self._bom else ["utf-8", "cp1252", "latin-1"]
        )
        if not text.strip():
            raise ValueError("the sheet is empty")
        head = text.lstrip().splitlines()[0]
        self.separator = max(",;\t", key=lambda separator: len(_split(head, separator, _QUOTED[0])[0][0]))
        readings = [_split(text, self.separator, quoted) for quoted in _QUOTED]
        self._rows = min(readings, key=_unequal)
        self.rows = [[_value(raw) for raw in row] for row, _ in self._rows]
        ends = [sum(map(_ends, [*row, end])) for row, end in self._rows]
        self.lines = [1 + before for before in accumulate(ends, initial=0)][: len(self.rows)]

    def write(self, row, column, text):
        """Put text into a cell, in quotes where the cell had some or the text needs them."""
        cells, _ = self._rows[row]
        quoted = cells[column].startswith('"') or self.separator in text
        cells[column] = f'"{text}"' if quoted else text

    def content(self):
        """The sheet, bytes."""
        text = "".join(self.separator.join(row) + end for row, end in self._rows)
        return self._bom + text.encode(self._encoding)


def _decoded(content, encodings):
    """(text, encoding), of the first that fits."""
    for encoding in encodings:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise ValueError(f"the sheet says that it is in {encodings[0]}, and is not")


def _split(text, separator, quoted):
    """The rows of a text, each as (its cells as they are written, the end of its line)."""
    plain = rf"[^{separator}\r\n]*"
    cell = re.compile(rf"({quoted}{plain}|{plain})({separator}|\r\n|\r|\n|\Z)", re.DOTALL)
    rows, row, place = [], [], 0
    while place < len(text):
        match = cell.match(text, place)
        row.append(match[1])
        place = match.end()
        if match[2] != separator:
            rows.append((row, match[2]))
            row = []
    return [*rows, ([*row, ""], "")] if row else rows


def _ends(text):
    """How many lines end in a text."""
    return len(re.findall(r"\r\n|\r|\n", text))


def _unequal(rows):
    """How many rows that are not blank have another length than the first."""
    return sum(len(row) != len(rows[0][0]) for row, _ in rows if row != [""])


def _value(raw):
    quoted = re.fullmatch(r'"(.*)"', raw, re.DOTALL)
    return quoted[1].replace('""', '"') if quoted else raw
