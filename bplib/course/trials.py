"""What a trial is: a learner's own functions on real data, beside ours. It is no exercise, and nothing of it counts."""

import os
from types import SimpleNamespace

import numpy as np

from bplib.course.judging.closing import closed
from bplib.course.judging.reading import NOT_ATTEMPTED, is_blank
from bplib.course.problems import PROBLEMS


class Trial(SimpleNamespace):
    """What came of it, by name, to be drawn; said, a list of sentences, is what printing shows."""

    def __str__(self):
        return "\n".join(self.said)


def status(id, answer):
    """What the check of an exercise would say of the answer: while nbgrader executes, that it is not attempted."""
    if "NBGRADER_EXECUTION" in os.environ:
        return NOT_ATTEMPTED
    with closed(PROBLEMS[id].allowed):
        return PROBLEMS[id].judge(answer).status


def no_number(predicted):
    """What is to be said of a predicted first loss that is no number; None if it is one."""
    if isinstance(predicted, str):
        return "Your prediction is text: write the number without quotes."
    if is_blank(predicted) or not isinstance(predicted, int | float | np.number):
        return "You have predicted no first loss yet: put a number in the place of the three dots."
    return None
