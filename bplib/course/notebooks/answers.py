"""Which exercise a cell is about: its mark and its id say so, the name that it defines, and its check("mse", mse).

Whatever an editor drops on the way, the last two stay, since they are the learner's code.
"""

import ast
import contextlib
import re
import symtable
import warnings

from bplib.course.notebooks import canonical

MOST_CODE = 100_000
"""Letters of a cell that is looked into: parsed, code is a hundred times as large as it is in the file."""

_ASKED = re.compile(r"""check\(\s*["']([^"']*)["'],\s*(\w+)\s*\)""")
_LOOKS_DEFINED = re.compile(r"^[ \t]*(?:async +)?(?:def|class) +(\w+)|^(\w+) *=(?!=)", re.MULTILINE)
_MAGIC = re.compile(  # %matplotlib inline, !ls, files = !ls, mse?, and %%time above a cell, but no %%writefile
    r"^([ \t]*)(?=\S)(?:([\w, ]+=) *[%!].*|(?:%%(?:time|capture)\b|%(?!%)|[!?]).*|[\w.]+\?+)$", re.MULTILINE
)


def grade_id(cell):
    """The id that nbgrader's block of a cell gives it, or None."""
    block = cell.get("metadata", {}).get("nbgrader")
    return block.get("grade_id") if block else None


def keys(cell):
    """The ids of a cell: first that of its mark, then its own."""
    return [key for key in (grade_id(cell), cell.get("id")) if key]


def answer_cells(released):
    """The answer cells of a released notebook, id of the exercise to cell, in its order."""
    return {
        grade_id(cell): cell
        for cell in released.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def exercise_ids(released):
    """The ids of the exercises of a released notebook, in its order."""
    return list(answer_cells(released))


def asked(released):
    """What the checks of a released notebook ask for: {"mse": "mse", "bce-logits": "bce_with_logits"}."""
    named = dict(found for cell in released.cells if canonical.checked(cell) for found in _ASKED.findall(cell.source))
    return {id: named[id] for id in exercise_ids(released) if id in named}


def defined(source):
    """The names that code gives a value at its top level: by def, class, import or =, in an if or a for as well.

    Of code that is no Python, those that it seems to.
    """
    table = _read(lambda code: symtable.symtable(code, "cell", "exec"), source)
    if table is None:
        return {name for found in _LOOKS_DEFINED.findall(source) for name in found if name}
    return {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}


def checks(source):
    """The calls of check in code, outside of functions: {id: (last line of its statement, what is checked)}.

    Of several for one exercise the last, since that is what the learner reads. Lines are counted from 1, and code may
    be cut below the last one.
    """
    if "check" not in source or (tree := _read(ast.parse, source)) is None:
        return {}
    found, following = {}, None
    for statement in reversed(tree.body):
        if following is None or following[0] > statement.end_lineno:
            end = statement.end_lineno
        following = statement.lineno, end  # a line may hold several statements
        for call in _calls(statement):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            name = getattr(call.func, "id", getattr(call.func, "attr", None))
            if name == "check" and len(given) == 2 and isinstance(id := getattr(given[0], "value", None), str):
                found.setdefault(id, (end, given[1]))
    return {id: (line, _unparsed(answer)) for id, (line, answer) in found.items()}


def _calls(statement):
    """The calls in a statement, but for those in a function, which nobody knows when to expect."""
    parts = [statement]
    while parts:
        part = parts.pop()
        if isinstance(part, ast.Call):
            yield part
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            parts += ast.iter_child_nodes(part)


def _unparsed(tree):
    try:
        return ast.unparse(tree)
    except RecursionError:
        return ""


def _read(parse, source):
    """What parse makes of code, if need be without what only IPython understands; None if it is no Python."""
    if len(source) > MOST_CODE:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the learner's own business
        for code in (source, _MAGIC.sub(_plain, source)):
            with contextlib.suppress(Exception):  # besides SyntaxError: too deep, too long a number, a null byte
                return parse(code)
    return None


def _plain(magic):
    return magic[1] + (f"{magic[2]} None" if magic[2] else "pass")
