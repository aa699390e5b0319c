"""Promise: of every backward with a bug, the line that is called wrong is the one that differences call so."""

import functools
from itertools import takewhile

import numpy as np
import pytest

from bplib.activations import sigmoid, softmax
from bplib.course.drills import backwards, bugs, kinds, typed
from bplib.course.drills.drill import LEVELS
from bplib.course.judging.reading import NOT_YET, PASSED

each_level = pytest.mark.parametrize("level", LEVELS)


@functools.cache
def drawn(level, seeds=range(1000)):
    return [kinds.drill("bugs", level, seed) for seed in seeds]


def networks():
    """Every network that may be drawn, once."""
    found = {}
    for seed in range(400):
        for build in (backwards.one_layer, backwards.two_layers, backwards.with_more):
            network = build(np.random.default_rng(seed))
            found.setdefault((network.forward, tuple(line.bugs for line in network.backward)), (network, seed))
    return [*found.values()]


def computed(forward, values):
    known = {"np": np, "sigmoid": sigmoid, "softmax": softmax, **values}
    exec("\n".join(forward), known)
    return known


def by_differences(network, values, name):
    """The gradient of the loss with respect to a parameter, or to what a line of the forward gives, by differences."""
    forward = network.forward
    known = computed(forward, values)
    after = [*takewhile(lambda line: not line.startswith(f"{name} ="), forward)]
    rest = forward[len(after) + 1 :] if len(after) < len(forward) else forward
    gradient = np.zeros_like(known[name])
    for index in np.ndindex(gradient.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = {**known, name: known[name].copy()}
            moved[name][index] += step
            exec("\n".join(rest), moved)
            ends.append(moved["L"])
        gradient[index] = (ends[0] - ends[1]) / 2e-6
    return gradient


def test_every_right_line_is_the_gradient_by_differences():
    for network, seed in networks():
        values = bugs._values(network, seed)
        known = bugs._run(bugs._program(network), values)
        for line in network.backward:
            expected = by_differences(network, values, line.name[1:])
            np.testing.assert_allclose(known[line.name], expected, rtol=1e-4, atol=1e-6, err_msg=line.name)


def test_every_bug_changes_its_own_gradient_and_none_above_it():
    for network, seed in networks():
        for place, line in enumerate(network.backward):
            for code, _ in line.bugs:
                tried = [bugs.verdicts(network, line.name, code, seed + k) for k in range(3)]  # relus may be off
                assert not all(seen[line.name] for seen in tried), (network.forward, line.name, code)
                assert all(seen[above.name] for seen in tried for above in network.backward[:place])


@each_level
def test_the_program_that_is_shown_has_one_wrong_line_and_the_table_is_that_of_differences(level):
    for drill in drawn(level, range(60)):
        forward, _, rest = drill.code.partition("\n\n")
        lines, _, table = rest.partition("\n\n")
        [planted] = drill.right.values()
        assert planted in [line.split(" = ")[0] for line in lines.splitlines()]
        said = dict(row.split() for row in table.splitlines()[1:])
        assert (level == 3) == (not said) and (level != 1 or said[planted] == "differs")
        assert all(line.startswith(("Z", "A", "P", "L")) for line in forward.splitlines())


@each_level
def test_the_right_line_passes_and_every_other_one_is_told_why_it_is_right(level):
    for drill in drawn(level, range(200)):
        [field] = drill.fields
        for name in field.options:
            verdict = drill.judge(typed.answer(drill, [name]))
            if name == drill.right["line"]:
                assert verdict.status == PASSED and "It should be" in verdict.message
            else:
                assert verdict.status == NOT_YET and verdict.message.startswith(f"{name} is right here")


@each_level
def test_a_thousand_are_of_many_sorts(level):
    assert len({drill.alike for drill in drawn(level)}) > 100
    assert len({drill.right["line"] for drill in drawn(level)}) >= (4 if level == 1 else 7)


def test_the_loss_with_the_right_backward_falls_or_stays(level=3):
    for drill in drawn(level, range(40)):
        assert drill.pictures and "with the right backward" in drill.pictures[0]
