"""Promise: a right answer passes in whatever form it comes, or is told what the text of the exercise does not allow."""

import pytest
from mistakes import right_forms, right_forms_of_loops, right_forms_on_paper

from bplib.course.judging.closing import closed
from bplib.course.judging.reading import NOT_YET, PASSED
from bplib.course.problems import PROBLEMS

pytestmark = pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")

MODULES = (right_forms, right_forms_of_loops, right_forms_on_paper)
RIGHT = [row for module in MODULES for row in module.RIGHT]
REFUSED = [row for module in MODULES for row in module.REFUSED]


def named(rows):
    return [f"{id}: {form}" for id, form, *_ in rows]


def verdict(id, answer, seed):
    with closed(PROBLEMS[id].allowed):
        return PROBLEMS[id].judge(answer, seed=seed)


@pytest.mark.parametrize(("id", "form", "answer"), RIGHT, ids=named(RIGHT))
def test_a_right_answer_passes_in_an_odd_form(id, form, answer):
    for seed in range(25):
        found = verdict(id, answer, seed)
        assert found.status == PASSED, (seed, found.message)


@pytest.mark.parametrize(("id", "form", "answer", "says"), REFUSED, ids=named(REFUSED))
def test_a_form_that_is_not_allowed_is_told_so(id, form, answer, says):
    for seed in range(3):
        found = verdict(id, answer, seed)
        assert found.status == NOT_YET and says in found.message, found.message
