"""The planted bugs stand where the exercise says, and nowhere else."""

import pytest

from bplib.course import planted
from bplib.course.problems.gradient_checking import BUGS
from bplib.gradcheck import central_difference, relative_error

BACKWARDS = dict(zip("ABCD", (getattr(planted, f"backward_{letter}") for letter in "abcd"), strict=True))


def wrong(gradients):
    """The names whose gradients differences do not confirm, in the order of the backward."""
    values, found = planted.values(), []
    for name in planted.ORDER:
        numeric = central_difference(lambda array, name=name: planted.loss_from(name, array), values[name])
        if relative_error(gradients[name], numeric) > 1e-6:
            found.append(name)
    return found


def test_the_right_backward_is_confirmed():
    assert wrong(planted.backward_right()) == []


@pytest.mark.parametrize("box", BACKWARDS)
def test_each_bug_is_first_seen_where_the_exercise_says(box):
    assert wrong(BACKWARDS[box]())[0] == BUGS[box]


def test_a_name_or_a_shape_that_does_not_fit_is_refused():
    values = planted.values()
    with pytest.raises(ValueError, match="needed is one of Z2"):
        planted.loss_from("X", values["X"])
    with pytest.raises(ValueError, match=r"shape \(5, 4\)"):
        planted.loss_from("Z2", values["Z1"])
