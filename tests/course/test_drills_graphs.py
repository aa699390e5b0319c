"""Promise: every graph that is drawn has one right answer, in small whole numbers, which differences confirm."""

import functools

import numpy as np
import pytest

from bplib.course.drills import kinds, typed
from bplib.course.drills.drill import LEVELS
from bplib.course.judging.reading import NOT_YET, PASSED

each_level = pytest.mark.parametrize("level", LEVELS)


@functools.cache
def drawn(level, seeds=range(1000)):
    return [kinds.drill("graphs", level, seed) for seed in seeds]


def read(text):
    """The leaves and the steps of a graph as its table says them."""
    lines = dict(line.split(" = ") for line in text.splitlines())
    leaves = {name: int(words) for name, words in lines.items() if words.lstrip("-").isdigit()}
    return leaves, {name: words.replace("^", "**") for name, words in lines.items() if name not in leaves}


def run(leaves, steps, bump=None, by=0.0):
    """The graph computed from its table, with something added to one of the names."""
    known = dict(leaves)
    if bump in known:
        known[bump] += by
    for name, formula in steps.items():
        known[name] = eval(formula, {"max": max}, known) + (by if name == bump else 0)
    return known


@each_level
def test_values_and_gradients_are_those_of_the_table_by_differences(level):
    for drill in drawn(level):
        leaves, steps = read(drill.text)
        values, last = run(leaves, steps), [*steps][-1]
        for field in drill.fields:
            if field.name.startswith("d"):
                up, down = (run(leaves, steps, field.name[1:], by)[last] for by in (1e-4, -1e-4))
                assert (up - down) / 2e-4 == pytest.approx(drill.right[field.name], abs=1e-5), drill.id
            else:
                assert values[field.name] == drill.right[field.name], drill.id


@each_level
def test_every_number_is_whole_and_small_and_every_answer_is_asked_for_once(level):
    for drill in drawn(level):
        assert [field.name for field in drill.fields] == [*drill.right]
        assert all(type(number) is int and abs(number) <= 99 for number in drill.right.values()), drill.id


@each_level
def test_the_right_answer_passes_and_every_known_mistake_is_refused(level):
    told = set()
    for drill in drawn(level, range(150)):
        texts = [str(drill.right[field.name]) for field in drill.fields]
        assert drill.judge(typed.answer(drill, texts)).status == PASSED
        for mistake in drill.judge.misconceptions:
            given = drill.right | mistake.answer()
            assert given != drill.right
            verdict = drill.judge(lambda given=given: given)
            assert verdict.status == NOT_YET
            told.add(verdict.misconception)
    assert {"local-only", "own-factor", "no-two"} <= {each.partition(" at ")[0] for each in told}
    assert level == 1 or any(each.startswith("lost path") for each in told)


@each_level
def test_among_a_thousand_hardly_two_are_alike(level):
    assert len({drill.alike for drill in drawn(level)}) > 700


def test_levels_ask_for_more():
    fields = [np.mean([len(drill.fields) for drill in drawn(level, range(100))]) for level in LEVELS]
    assert fields[0] < fields[2] and fields[1] < fields[2]
    assert all("max(" in drill.text for drill in drawn(3, range(100)))
    assert all(drill.text.count("x") > 2 for drill in drawn(2, range(100)))


def test_of_graphs_with_a_max_either_input_is_the_larger_in_many():
    larger = [drill.right["m"] == drill.right["u"] for drill in drawn(3, range(200))]
    assert 50 < sum(larger) < 150


@each_level
def test_every_lost_path_of_the_first_wrong_gradient_is_recognized(level):
    for drill in drawn(level, range(60)):
        mistakes = [each for each in drill.judge.misconceptions if each.id.startswith("lost path")]
        answers = [drill.right | each.answer() for each in mistakes]
        told = [drill.judge(lambda given=given: given).misconception for given in answers]
        assert told == [each.id for each in mistakes], drill.id


@each_level
def test_what_is_subtracted_from_what_stands_in_words_beside_the_picture(level):
    for drill in drawn(level, range(60)):
        assert drill.code == drill.text and all(f"{field.name} = " in drill.code for field in drill.fields[:3])
