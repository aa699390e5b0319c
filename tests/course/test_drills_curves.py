"""Promise: every training that is shown has one illness, which whoever reads its table as lesson 08 does finds, too."""

import functools
import re

import numpy as np
import pytest

from bplib.course.drills import kinds
from bplib.course.drills.drill import LEVELS

each_level = pytest.mark.parametrize("level", LEVELS)


@functools.cache
def drawn(level, seeds=range(1000)):
    return [kinds.drill("curves", level, seed) for seed in seeds]


def read(text):
    """The columns of the table in a drill's text, and the loss of guessing."""
    _, table, guess = text.split("\n\n")
    names, *rows = [re.split(r" {2,}", line.strip()) for line in table.splitlines()]
    columns = dict(zip(names, np.array(rows, dtype=float).T, strict=True))
    return columns, float(guess.split()[-1])


# A second reader, who has the table alone and asks the questions of lesson 08 in turn


def named_by_losses(columns, guess):
    training, validation = columns["training"], columns["validation"]
    if np.sum(np.diff(training) > guess / 4) > 1 or training[-1] > 2 * guess:
        return "rate too large"
    if training[-1] < guess / 2:
        return "overfitting" if validation[-1] > 1.17 * validation.min() else "well"
    return "rate too small" if training[-1] < 0.91 * guess else "learns nothing"


def named_by_norms(columns, guess):
    loss, dead = columns["loss"], columns["dead relus, %"]
    if not loss[-1] < 1000 * guess:
        return "diverged"
    if dead[-1] > 50:
        return "dead"
    return named_by_layers(columns) or named_by_step(columns, "slow") or "well"


def named_by_layers(columns):
    first, last = columns["gradient, first"][0], columns["gradient, last"][0]
    return "vanishing" if first < last / 20 else "exploding" if last < first / 20 else None


def named_by_step(columns, word):
    return word if max(columns["update, first"][0], columns["update, last"][0]) < 1e-4 else None


def named_stuck(columns, guess):
    if max(columns["gradient, first"][-1], columns["gradient, last"][-1]) < 1e-6:
        return "dead relus"
    if named_by_layers(columns):
        return f"{named_by_layers(columns)} gradient"
    steps = np.maximum(columns["update, first"], columns["update, last"])
    if np.median(steps[6:]) > 0.04:
        return "rate too large"
    return named_by_step(columns, "rate too small") or "labels mixed up"


def named_apart(columns, guess):
    training, validation = columns["training"], columns["validation"]
    if validation[-1] > 1.17 * validation.min():
        return "overfitting"
    if validation[-1] - training[-1] > training[0] / 5:
        return "harder validation set"
    return "rate too small" if training[8] - training[-1] > training[0] / 20 else "well"


def named_jumping(columns, guess):
    of_all = columns["all examples"]
    if max(np.median(columns["update, first"]), np.median(columns["update, last"])) < 1e-4:
        return "rate too small"
    if np.diff(of_all).max() > guess / 5:
        return "rate too large"
    return "small batches" if of_all[-1] < 0.7 * guess else "labels mixed up"


def second_reader(drill):
    columns, guess = read(drill.text)
    if drill.level < 3:
        return (named_by_losses, named_by_norms)[drill.level - 1](columns, guess)
    by_columns = {"all examples": named_jumping, "validation": named_apart, "gradient, first": named_stuck}
    return next(name for column, name in by_columns.items() if column in columns)(columns, guess)


@each_level
def test_the_illness_is_the_one_that_a_second_reader_finds_in_the_table(level):
    for drill in drawn(level):
        assert second_reader(drill) == drill.right["illness"], drill.id
