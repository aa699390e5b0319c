"""Whose numbers an answer is about, where an exercise gives everybody their own: nobody's answer fits another.

The answer says who it is of, and the judge has drawn that person's numbers. Here it is compared with who handed it in:
what is of somebody else in the class earns nothing. What is of nobody in the class stays, since people write their
names in more ways than a list has, and a line says so where a list or an LMS knows the names, or two have the same.
"""

import copy
from collections import defaultdict

from bplib.course.judging.reading import NOT_YET, PASSED
from bplib.grading.classes.counting import names_of
from bplib.grading.classes.people import naming

BORROWED = "borrowed"


def compared(records):
    """The records of a class, in which an answer with somebody else's numbers earns nothing; they stay as they are."""
    called, used = defaultdict(set), defaultdict(set)
    for record in records:
        for name in names_of(record):
            called[_letters(name)].add(record["slug"])
        for _, exercise in _owned(record):
            used[_letters(exercise["whose"])].add(record["slug"])
    return [_compared(record, called, used) if any(_owned(record)) else record for record in records]


def _compared(record, called, used):
    record = copy.deepcopy(record)
    for notebook, exercise in _owned(record):
        who = called[_letters(exercise["whose"])]
        if record["slug"] in who:
            continue
        if who:
            exercise |= {"points": 0, "status": NOT_YET, "misconception": BORROWED}
            exercise["message"] = f"Its numbers are those of {exercise['whose']}. Ask for yours, with your own name."
            continue
        known = any(entry["lms"] for entry in record["entries"]) or not (record["stranger"] or record["identity"] == "")
        shared = len(used[_letters(exercise["whose"])]) > 1
        if known or shared:
            also = ", and another learner has the same" if shared else ""
            line = f"{exercise['id']} has the numbers of {exercise['whose']!r}, whom nobody here is called{also}"
            record["problems"].append(f"{notebook['path']}: {line}")
    return record


def _owned(record):
    """The exercises of a record that passed with numbers of somebody: pairs of notebook and exercise."""
    for notebook in record["notebooks"]:
        for exercise in notebook["exercises"]:
            if exercise.get("whose") and exercise["status"] == PASSED:
                yield notebook, exercise


def _letters(name):
    """The letters of a name in the order of the alphabet: Canvas's "lovelaceada" is Ada Lovelace."""
    return "".join(sorted(naming.letters(name)))
