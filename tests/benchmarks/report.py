"""The tables: run, printed, and kept in RESULTS.md between one run and the next."""

import platform
import re
from importlib import import_module, metadata
from pathlib import Path
from statistics import median

from . import harness

ROWS = (
    "training_step",
    "digits",
    "scalar_autodiff",
    "array_autodiff",
    "convolution",
    "recurrent",
    "gradient_check",
    "imports",
)
RESULTS = Path(__file__).with_name("RESULTS.md")
PEERS = ("numpy", "torch", "jax", "scikit-learn", "autograd", "micrograd")
HEAD = """# bplib beside its peers

Every number is a ratio to the first column of its table, and small is fast. The contestants take turns, and what stands
here is the median over the rounds of the ratio within a round; of processor time, with one thread, but for whole
processes, which are timed by the clock. A dash: does not take part, or is not installed. "Tight" is hand-written NumPy
that makes no array twice, the floor that Python allows. CONTRIBUTING says how to renew these tables.
"""


def table(row):
    """The lines of a row's tables, in Markdown; prints them as they come."""
    lines = [f"## {row.title}", "", row.note, "", _line(["", *row.names]), _line(["---"] * (1 + len(row.names)))]
    print("\n".join(lines), flush=True)
    columns = {name: [] for name in row.names}
    for case in row.cases:
        ratios, results = harness.run(case)
        cells = []
        for name in row.names:
            if name in ratios:
                columns[name].append(ratios[name])
            shown = f" ({text})" if name in results and (text := case.show(results[name])) else ""
            cells.append(_number(ratios[name]) + shown if name in ratios else "–")
        lines.append(_line([case.name, *cells]))
        print(lines[-1], flush=True)
    if row.summary:
        for name, reduced in (("median", median), ("least", min), ("largest", max)):
            lines.append(_line([f"**{name}**", *(_number(reduced(c)) if c else "–" for c in columns.values())]))
            print(lines[-1], flush=True)
    return lines


def main(names):
    """Run the named rows, or all, and write them to RESULTS.md; rows that did not run stay as they are."""
    if unknown := set(names) - set(ROWS):
        print(f"unknown: {', '.join(sorted(unknown))}; the rows are {', '.join(ROWS)}")
        return 2
    for name in names or ROWS:
        for row in import_module(f"{__package__}.{name}").TABLES:
            _keep(row.title, "\n".join([*table(row), "", f"*{versions()}*", ""]))
    return 0


def versions():
    """Python and the packages that took part."""
    there = [f"Python {platform.python_version()}"]
    for name in PEERS:
        try:
            there.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            there.append(f"no {name}")
    return ", ".join(there)


def _keep(title, text):
    kept = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = {section.partition("\n")[0][3:]: section for section in re.split(r"^(?=## )", kept, flags=re.M)[1:]}
    sections[title] = text + "\n"
    RESULTS.write_text(HEAD + "\n" + "".join(sections.values()).rstrip() + "\n", encoding="utf-8")


def _line(cells):
    return f"| {' | '.join(cells)} |"


def _number(ratio):
    if ratio < 0.1:
        return f"{ratio:.1g}"
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"
