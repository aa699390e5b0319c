"""Promise: every training that is shown has one illness, which whoever reads its table as lesson 08 does finds, too."""

import functools
import re

import numpy as np
import pytest

from bplib.course.drills import kinds, signs, typed
from bplib.course.drills.drill import LEVELS
from bplib.course.judging.reading import NOT_YET, PASSED

each_level = pytest.mark.parametrize("level", LEVELS)


SEEDS = range(200)
"""Each drill is a real training, and a thousand of each level take a minute: they were read once, and agreed."""


@functools.cache
def drawn(level):
    return [kinds.drill("curves", level, seed) for seed in SEEDS]


def read(text):
    """The columns of the table in a drill's text, and the loss of guessing."""
    *_, table, guess = text.split("\n\n")
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
    loss, dead = columns["loss"], columns.get("dead relus, %", np.zeros(1))
    if not loss[-1] < 1000 * guess:
        return "diverged"
    if dead[-1] > 50:
        return "dead relus"
    return named_by_layers(columns) or named_by_step(columns) or "well"


def named_by_layers(columns):
    first, last = columns["gradient, first"][0], columns["gradient, last"][0]
    return "vanishing gradient" if first < last / 20 else "exploding gradient" if last < first / 20 else None


def named_by_step(columns):
    return "rate too small" if max(columns["update, first"][0], columns["update, last"][0]) < 1e-4 else None


def named_stuck(columns, guess):
    if max(columns["gradient, first"][-1], columns["gradient, last"][-1]) < 1e-6:
        return "dead relus"
    if named_by_layers(columns):
        return named_by_layers(columns)
    steps = np.maximum(columns["update, first"], columns["update, last"])
    if np.median(steps[6:]) > 0.09:
        return "rate too large"
    return named_by_step(columns) or "labels mixed up"


def named_apart(columns, guess):
    training, validation = columns["training"], columns["validation"]
    if validation[-1] > 1.17 * validation.min():
        return "overfitting"
    if validation[-1] - training[-1] > training[0] / 5:
        return "harder validation set"
    return "rate too small" if training[8] - training[-1] > training[0] / 30 else "well"


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


@each_level
def test_the_right_word_passes_and_every_other_one_is_told_what_speaks_against_it(level):
    for drill in drawn(level):
        [field] = drill.fields
        for word in field.options:
            verdict = drill.judge(typed.answer(drill, [f" {word.upper()} "]))
            if word == drill.right["illness"]:
                assert verdict.status == PASSED and re.search(r"[0-9]", verdict.message)
            else:
                assert verdict.status == NOT_YET and re.search(
                    r" Here .*([0-9]|never|every epoch|no relu)", verdict.message
                )


@each_level
def test_every_illness_is_drawn_and_ten_in_a_row_are_not_alike(level):
    asked = {(drill.asks, drill.right["illness"]) for drill in drawn(level)}
    every = {(drill.asks, word) for drill in drawn(level) for word in drill.fields[0].options}
    assert asked == every
    alike = [drill.alike for drill in drawn(level)]
    assert len(set(alike)) > 0.95 * len(alike)
    assert np.mean([drill.alike in alike[max(k - 9, 0) : k] for k, drill in enumerate(drawn(level))]) < 0.01


@each_level
def test_what_is_asked_does_not_depend_on_how_a_training_ends(level, monkeypatch):
    first = [(drill.asks, drill.right) for drill in drawn(level)[:12]]
    refused = iter([True, True, False] * 12)
    monkeypatch.setattr(signs, "is_clear", lambda *_: not next(refused))
    monkeypatch.setattr(signs.Reading, "objection", "It is not. Here are 0.")
    again = [kinds.drill("curves", level, seed) for seed in range(12)]
    assert [(drill.asks, drill.right) for drill in again] == first


def test_a_name_is_always_the_same_drill():
    for level in LEVELS:
        again = kinds.named(f"curves-{level}-7")
        assert (again.text, again.pictures) == (drawn(level)[7].text, drawn(level)[7].pictures)


# The pictures, read by the numbers at their axes


def axis(picture, anchor, place):
    """The line from pixels to what stands at the ticks."""
    ticks = re.findall(
        rf'<text x="([^"]+)" y="([^"]+)" text-anchor="{anchor}"[^>]*font-size="11"[^>]*>(−?[0-9][^<]*)<', picture
    )
    pixels, numbers = zip(*((float(tick[place]), float(tick[2].replace("−", "-"))) for tick in ticks), strict=True)
    return np.polyfit(pixels, numbers, 1)


def curves_of(picture):
    """The curves of a chart as {name: (xs, ys)}, in the numbers of its axes, and the largest that it shows."""
    across, up = axis(picture, "middle", 0), axis(picture, "end", 1)
    [(left, top, height)] = re.findall(r'<svg x="([^"]+)" y="([^"]+)" width="[^"]+" height="([^"]+)">', picture)
    found = {}
    for name, path in re.findall(r'data-curve="([^"]*)" d="M([^"]+)"', picture):
        points = np.array([point.split() for point in path.split("L")], dtype=float) + np.array(
            [left, top], dtype=float
        )
        found[name] = np.polyval(across, points[:, 0]), np.polyval(up, points[:, 1])
    return found, np.polyval(up, [float(top), float(top) + float(height)])


WHERE = {
    "log₁₀ of update / weights": {"first layer": "update, first", "last layer": "update, last"},
    "log₁₀ of gradient": {"first layer": "gradient, first", "last layer": "gradient, last"},
    "dead relus, %": {"": "dead relus, %"},
    "loss of the batch": {"loss of the batch": "batch"},
    "loss of all examples": {"loss of all examples": "all examples"},
}
"""The column in which a curve stands: {what the chart says at its side: {curve: column}}."""


@each_level
def test_the_table_says_what_the_pictures_show(level):
    for drill in drawn(level)[:80]:
        columns, guess = read(drill.text)
        at = columns.get("epoch", columns.get("step"))
        for picture in drill.pictures:
            [beside] = re.findall(r"rotate\([^>]*>([^<]+)<", picture)
            curves, (most, least) = curves_of(picture)
            for name, (xs, ys) in curves.items():
                if name == "guessing":
                    assert np.allclose(ys, guess, atol=0.02 * most), drill.id
                    continue
                column = WHERE.get(beside, {}).get(name, name)
                if beside == "validation − training":
                    told = columns["validation"] - columns["training"]
                else:
                    told = columns.get(column, columns.get("update"))
                if beside.startswith("log"):
                    nothing = told == 0
                    assert (">exactly 0<" in picture) or not nothing.any(), drill.id
                    assert (np.interp(at, xs, ys)[nothing] < -5.5).all(), (drill.id, beside)
                    told = np.log10(np.where(nothing, np.nan, told))
                inside = (told < most) & (told > least)
                close = np.abs(np.interp(at, xs, ys) - told) < 0.02 * (most - least)
                assert close[inside].all(), (drill.id, beside, name)


def test_a_curve_that_leaves_its_picture_for_good_has_an_arrow_there_and_the_record_stops_soon():
    diverged = [drill for drill in drawn(2) if drill.right["illness"] == "diverged"]
    for drill in diverged:
        columns, guess = read(drill.text)
        assert 'data-role="arrow"' in drill.pictures[0], drill.id
        outside = ~(columns["loss"] < 1e4 * guess)
        outside = outside if columns["epoch"][-1] == len(outside) else outside[-1:]  # rows for some epochs only
        assert outside[-3:].all() and not any(outside[k : k + 3].all() for k in range(len(outside) - 3)), drill.id
    others = [drill for drill in drawn(2) if drill.right["illness"] not in ("diverged", "exploding gradient")]
    assert not any('data-role="arrow"' in drill.pictures[0] for drill in others)


def test_one_illness_has_one_name_on_every_level():
    names = {word for level in LEVELS for drill in drawn(level) for word in drill.fields[0].options}
    assert not names & {"slow", "dead", "vanishing", "exploding", "stopped too early"}
    assert {"rate too small", "dead relus", "vanishing gradient"} <= set.intersection(
        *({word for drill in drawn(level) for word in drill.fields[0].options} for level in (2, 3))
    )


def test_the_activation_is_named_and_dead_relus_are_counted_where_there_are_relus():
    told = {}
    for drill in drawn(2):
        [bend] = re.findall(r"the activation is (\w+)", drill.text)
        assert f"the activation is {bend}" in drill.code and ("dead relus, %" in drill.text) == (bend == "relu")
        told.setdefault(bend, set()).add(drill.right["illness"])
    assert all(len(told[bend]) > 2 for bend in ("tanh", "relu", "sigmoid"))  # no activation names an illness


def test_a_loss_that_came_back_is_told_to_have_come_back():
    came_back = 0
    for drill in drawn(2):
        columns, guess = read(drill.text)
        if columns["loss"].max() > 50 * guess and columns["loss"][-1] < 50 * guess:
            came_back += 1
            assert "it came back from" in drill.judge(lambda: "diverged").message, drill.id
    assert came_back


def test_nothing_is_said_of_a_gradient_that_vanishes_where_a_loss_has_diverged_but_that_it_left_all_bounds():
    drill = next(drill for drill in drawn(2) if drill.right["illness"] == "diverged")
    vanishing, exploding = (
        drill.judge(lambda word=word: f"{word} gradient").message for word in ("vanishing", "exploding")
    )
    assert "would stay near guessing. Here it has left all bounds" in vanishing
    assert "from the beginning" in exploding


def test_a_rate_that_is_too_small_has_short_steps_and_half_of_guessing_tells_it_from_what_is_well():
    for level in LEVELS:
        for drill in drawn(level):
            columns, guess = read(drill.text)
            name = drill.right["illness"]
            if level == 1 and name in ("well", "rate too small"):
                assert (columns["training"][-1] < guess / 2) == (name == "well"), drill.id
            if level > 1 and name == "rate too small":
                assert all(columns[column][0] <= 1e-3 for column in columns if "update" in column), drill.id


@each_level
def test_only_what_has_layers_has_their_legend(level):
    for drill in drawn(level)[:60]:
        for picture in drill.pictures:
            legend = ">first layer</text>" in picture
            assert legend == ('data-curve="last layer"' in picture), drill.id


def test_levels_show_more_and_ask_for_more():
    pictures = [{len(drill.pictures) for drill in drawn(level)} for level in LEVELS]
    assert pictures == [{1}, {3, 4}, {3}]
    assert len({drill.asks for drill in drawn(3)}) == 3


def test_a_number_between_two_bars_speaks_neither_for_nor_against():
    up, down = (signs.Sign(2.5, *bars, "It would", "it does not") for bars in ((2, 3), (3, 2)))
    assert (up.speaks, down.speaks) == (0, 0)
    assert [signs.Sign(value, 2, 3).speaks for value in (2, 3)] == [-1, 1]
    assert [signs.Sign(value, 3, 2).speaks for value in (2, 3)] == [1, -1]
    assert signs.Sign(np.nan, 2, 3).speaks == 0
    clear, dim = signs.Reading("", (signs.Sign(3, 2, 3),)), signs.Reading("", (up,))
    assert signs.is_clear({"a": clear}, "a") and not signs.is_clear({"a": clear, "b": dim}, "a")
    assert not signs.is_clear({"a": dim}, "a")
