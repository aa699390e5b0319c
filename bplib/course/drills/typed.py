"""What was typed into the fields of a drill, as an answer that its judge can call. What is typed is never run."""

from bplib.course.drills import expressions, notation
from bplib.course.drills.drill import Drill


def answer(drill: Drill, texts):
    """The function that a drill's judge calls, from the texts in its fields. ValueError, in a sentence, for a blank.

    Numbers and formulas are written as on paper or as in Python, see `notation`; a number as 3, -2.5, 1/3 or 2*0.5.
    """
    if drill.letters:
        [field], [words] = drill.fields, texts
        return _formula(field, words, drill.letters.split())
    values = {field.name: _read(field, words) for field, words in zip(drill.fields, texts, strict=True)}
    return lambda: values if len(values) > 1 else next(iter(values.values()))


def _formula(field, words, names):
    """The function of letters that a formula is."""
    tree = _tree(field, words, names)
    return lambda *letters: expressions.evaluated(tree, dict(zip(names, letters, strict=True)), expressions.symbolic())


def _read(field, words):
    if field.kind != "choice":
        return float(expressions.evaluated(_tree(field, words), {}))
    if not words.strip():
        raise ValueError(f"{field.label} is still empty.")
    return words.strip()


def _tree(field, words, names=()):
    if not words.strip():
        raise ValueError(f"{field.label} is still empty.")
    try:
        return notation.read(words, names)
    except ValueError as error:
        raise ValueError(f"{field.label}: {error}") from None
