"""Promise: of every backward with a bug, the line that is called wrong is the one that differences call so."""

import functools
from itertools import takewhile

import numpy as np
import pytest

from bplib.activations import sigmoid, softmax
from bplib.course.drills import backwards, bugs, kinds, typed
from bplib.course.drills.drill import LEVELS
from bplib.course.judging.reading import NOT_YET, PASSED

SOME = range(300)
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
        forward, lines, table, choices = drill.text.split("\n\n")
        planted = drill.right["line"]
        assert planted in [line.split(" = ")[0] for line in lines.splitlines()]
        assert all(line.startswith(("Z", "A", "P", "L")) for line in forward.splitlines())
        assert all(option in choices for field in drill.fields for option in field.options)
        if level < 3:
            said = dict(row.split() for row in table.splitlines()[1:])
            assert level == 2 or (said[planted] == "differs" and [*said] == [*drill.fields[0].options])
            assert not drill.pictures
        else:
            assert table.startswith("The loss of two trainings") and len(drill.pictures) == 1


@each_level
def test_the_right_choices_pass_and_every_other_one_is_told_why_it_is_wrong(level):
    for drill in drawn(level, range(200)):
        right = [drill.right[field.name] for field in drill.fields]
        verdict = drill.judge(typed.answer(drill, right))
        assert verdict.status == PASSED and "It should be" in verdict.message
        for place, field in enumerate(drill.fields):
            for option in set(field.options) - {right[place]}:
                verdict = drill.judge(typed.answer(drill, [*right[:place], option, *right[place + 1 :]]))
                assert verdict.status == NOT_YET
                assert field.name != "line" or verdict.message.startswith(f"The line of {option} is right: ")


def test_the_repair_is_the_right_line_and_no_option_but_it_is_right():
    for drill in drawn(1, range(200)):
        program = drill.code.split("\n\n")
        [wrong] = [line for line in program[1].splitlines() if line.startswith(f"{drill.right['line']} = ")]
        assert drill.right["repair"] in drill.fields[1].options and len(set(drill.fields[1].options)) >= 2
        assert wrong != f"{drill.right['line']} = {drill.right['repair']}"


@each_level
def test_a_thousand_are_of_many_sorts(level):
    assert len({drill.alike for drill in drawn(level, SOME)}) > (60 if level == 1 else 100)
    assert len({drill.right["line"] for drill in drawn(level, SOME)}) >= (4 if level == 1 else 7)


@each_level
def test_of_a_thousand_the_repaired_backward_is_right_along_a_direction_and_the_shown_one_is_not(level):
    rng = np.random.default_rng(level)
    for drill in drawn(level):
        forward, lines = drill.code.split("\n\n")[:2]
        repaired = drill.judge(typed.answer(drill, [drill.right[field.name] for field in drill.fields])).message
        name, repair = repaired.partition("It should be ")[2].split(" = ")
        mended = [f"{name} = {repair}" if line.startswith(f"{name} = ") else line for line in lines.splitlines()]
        assert name == drill.right["line"] and mended != lines.splitlines()
        assert slope_error(forward, "\n".join(mended), rng) < 1e-4, drill.id
        assert max(slope_error(forward, lines, rng) for _ in range(3)) > 1e-3, drill.id  # relus may be off


def slope_error(forward, backward, rng, n=3):
    """How far a backward is from the slope of the loss along a random direction; all lengths are equal here."""
    names = ["W", "b"] if "W + b" in forward else ["W1", "b1", "W2", "b2"]
    values = {name: rng.normal(size=(n, n) if name[0] == "W" else n) for name in names}
    labels = np.eye(n) if "softmax" in forward else rng.integers(0, 2, (n, n)) * 1.0
    values |= {"X": rng.normal(size=(n, n)), "Y": labels if "log" in forward else rng.normal(size=(n, n))}
    known = computed([*forward.splitlines(), *backward.splitlines()], values)
    away = {name: rng.normal(size=values[name].shape) for name in names}
    ends = [
        computed(forward.splitlines(), values | {name: values[name] + step * away[name] for name in names})["L"]
        for step in (1e-6, -1e-6)
    ]
    slope, said = (ends[0] - ends[1]) / 2e-6, sum(np.sum(known[f"d{name}"] * away[name]) for name in names)
    return abs(slope - said) / max(abs(slope), abs(said), 1e-3)
