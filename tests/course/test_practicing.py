"""Promise: practice asks what is due, tells each answer, counts the first one, and needs no widget."""

import datetime
import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

import pytest

from bplib.course import practicing, progress
from bplib.course.checks import check, practice
from bplib.course.drills import kinds
from bplib.course.drills.drill import LEVELS
from bplib.course.drills.standing import Standing
from bplib.course.judging.reading import NOT_YET, PASSED

ROOT = Path(__file__).resolve().parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"
each_kind = pytest.mark.parametrize("kind", kinds.KINDS)
each_drill = pytest.mark.parametrize("kind, level", [(kind, level) for kind in kinds.KINDS for level in LEVELS])


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nobody has practiced yet, and nothing is kept."""
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    monkeypatch.setattr(progress, "_unkept", progress.Memory())
    monkeypatch.setattr(practicing, "_counted", set())


def right(drill):
    """What is to be typed into its fields."""
    return [str(drill.right[field.name]) for field in drill.fields]


def wrong(drill):
    """The same but for the last field."""
    field = drill.fields[-1]
    return [*right(drill)[:-1], next((each for each in field.options if each != drill.right[field.name]), "98.5")]


def answered(form, texts, press="Check"):
    """What a form says of these texts."""
    for field, text in zip(form.question.drill.fields, texts, strict=True):
        form.controls[field.label].value = text
    form.controls[press].value += 1
    return form.said


# What is said


@each_drill
def test_a_form_goes_from_a_wrong_answer_to_a_right_one_and_marks_the_fields(kind, level):
    form = practicing.Practice(kind, level, 5).form()
    drill = form.question.drill
    assert drill.id == f"{kind}-{level}-5" and drill.id in form.picture
    said = answered(form, wrong(drill))
    assert said["status"] == NOT_YET and len(said["words"]) > 15
    assert said["right"] == [True] * (len(drill.fields) - 1) + [False]
    said = answered(form, right(drill))
    assert said["status"] == PASSED and said["right"] == [True] * len(drill.fields)


@each_kind
def test_a_blank_field_is_named_and_counts_for_nothing(kind):
    form = practicing.Practice(kind, 1, 5).form()
    drill = form.question.drill
    said = answered(form, [*right(drill)[:-1], " " if not drill.fields[-1].options else ""])
    assert (said["words"], said["status"], said["right"]) == (f"{drill.fields[-1].label} is still empty.", "", [])
    assert progress.standings() == {}


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "__import__('os').getcwd()", "1e400", "nan", "½" * 999]
)
def test_what_cannot_be_read_is_one_sentence_and_no_markup(text):
    form = practicing.Practice("graphs", 1, 5).form()
    drill = form.question.drill
    said = answered(form, [text, *right(drill)[1:]])
    assert said["words"].startswith(f"{drill.fields[0].label}: ") and said["status"] == ""
    assert "\n" not in said["words"] and len(said["words"]) < 300
    assert "onerror" not in form.picture and "onerror" not in form._repr_mimebundle_()["text/html"]


# What counts


def test_the_first_answer_to_a_drill_counts_and_no_other():
    form = practicing.Practice("graphs", 1, 5).form()
    drill = form.question.drill
    answered(form, wrong(drill))
    assert progress.standings()["graphs"] == Standing(wrong=1)
    for texts in (wrong(drill), right(drill), right(drill)):
        answered(form, texts)
    check(drill.id, lambda: drill.right)
    practicing.Practice("graphs", 1, 5).form()
    answered(practicing.Practice("graphs", 1, 5).form(), right(drill))
    assert progress.standings()["graphs"] == Standing(wrong=1)


def test_three_right_ones_in_a_row_are_told_and_the_next_is_harder_and_two_wrong_ones_easier():
    form = practicing.Practice("formulas").form()
    said, levels = [], []
    for answer in (right, right, right, right, wrong, wrong):
        drill = form.question.drill
        levels.append(drill.level)
        said.append(answered(form, answer(drill))["words"])
        form.controls["Another"].value += 1
    assert levels == [1, 1, 1, 2, 2, 2] and form.question.drill.level == 1
    told = [bool(re.search("level", words)) for words in said]
    assert told == [False, False, True, False, False, True]
    assert said[2].endswith(" Three in a row: the next one is of level 2.")
    assert said[5].endswith(" The next one is of level 1.")


def test_a_check_of_a_drill_counts_as_the_form_does(capsys):
    for seed in range(3):
        drill = kinds.drill("shapes", 1, seed)
        check(drill.id, lambda drill=drill: drill.right)
    assert progress.standings()["shapes"].level == 2
    assert "Three in a row: the next one is of level 2." in " ".join(capsys.readouterr().out.split())


def test_a_function_that_is_not_completed_counts_for_nothing(capsys):
    check("graphs-1-7", lambda: ...)
    assert progress.standings() == {} and "not attempted" in capsys.readouterr().out


# What is asked


def test_without_a_kind_it_is_the_one_that_is_due_on_the_level_that_was_reached(monkeypatch):
    today = datetime.date.today()
    past, ahead = (str(today + datetime.timedelta(days=days)) for days in (-1, 3))
    known = {kind: Standing(stage=1, due=ahead) for kind in kinds.KINDS} | {"bugs": Standing(2, stage=1, due=past)}
    monkeypatch.setattr(progress, "_unkept", progress.Memory({}, known))
    drill = practicing.Practice().first.drill
    assert (drill.kind, drill.level) == ("bugs", 2)


def test_what_is_given_holds_for_the_first_drill_and_then_the_standing_of_the_learner():
    form = practicing.Practice("graphs", 3, 7).form()
    assert form.question.drill.id == "graphs-3-7"
    form.controls["Another"].value += 1
    assert form.question.drill.id.startswith("graphs-1-")
    form.controls["practice"].value = "bugs"
    assert form.question.drill.id.startswith("bugs-1-")
    assert {drill.level for drill in (practicing.Practice("graphs", 3).first.drill for _ in range(3))} == {3}


@each_kind
def test_no_two_of_ten_in_a_row_are_alike(kind):
    form = practicing.Practice(kind).form()
    alike = [form.question.drill.alike]
    for _ in range(15):
        form.controls["Another"].value += 1
        assert form.question.drill.alike not in alike[-10:]
        alike.append(form.question.drill.alike)


def test_seeds_that_give_what_was_just_asked_are_passed_over(monkeypatch):
    seeds = iter([7, 7, 7, 8])
    monkeypatch.setattr(kinds.secrets, "randbelow", lambda _: next(seeds))
    form = practicing.Practice("graphs", 1).form()
    form.controls["Another"].value += 1
    assert form.question.drill.id == "graphs-1-8"


@pytest.mark.parametrize(
    "given, needed",
    [
        (("graph",), "there is no practice of 'graph'; there is graphs, formulas, shapes, bugs, curves"),
        ((["graphs"],), r"there is no practice of \['graphs'\]"),
        (("graphs", 4), "the level is 4; needed is one of 1, 2, 3"),
        (("graphs", 0), "the level is 0; needed is one of 1, 2, 3"),
        (("graphs", 2.0), "the level is 2.0; needed is one of 1, 2, 3"),
        (("graphs", True), "the level is True; needed is one of 1, 2, 3"),
        (("graphs", "2"), "the level is '2'; needed is one of 1, 2, 3"),
        (("graphs", 2.5, 3), "the level is 2.5; needed is one of 1, 2, 3"),
        (("graphs", [1], 3), r"the level is \[1\]; needed is one of 1, 2, 3"),
        (("graphs", 1, -1), "the seed is -1; needed is a whole number, 0 or more"),
        (("graphs", 1, "417"), "the seed is '417'; needed is a whole number, 0 or more"),
        (("graphs", None, 1.0), "the seed is 1.0; needed is a whole number, 0 or more"),
    ],
)
def test_a_kind_a_level_or_a_seed_that_there_is_not_is_one_sentence(given, needed):
    with pytest.raises(ValueError, match=f"^{needed}") as raised:
        practice(*given)
    assert "\n" not in str(raised.value)


# Where nothing can be typed


@each_drill
def test_what_stands_without_a_widget_holds_all_of_the_question_and_no_script(kind, level):
    question = practicing.Practice(kind, level, 5).first
    drill, html = question.drill, question.html()
    whole = ET.fromstring(f"<div>{html}</div>")
    words = " ".join("".join(whole.itertext()).split())
    for said in (drill.asks, drill.id, *drill.code.splitlines(), *drill.stub.splitlines()):
        assert " ".join(said.split()) in words and said in question.text
    for field in drill.fields:
        for option in field.options:
            assert option in words and option in question.text, field.label
    drawn = [each.get("role") for each in whole.iter("{http://www.w3.org/2000/svg}svg")]
    assert drawn.count("img") == "".join(drill.pictures).count('role="img"')
    assert not re.search("<script|<input|<button| on[a-z]+=", unescape(html))
    assert form_is_static(drill)


def form_is_static(drill):
    """Whether the widget's own page without a kernel is that question."""
    bundle = practicing.Practice(drill.kind, drill.level, drill.seed).form()._repr_mimebundle_()
    question = practicing.Question(drill)
    return bundle["text/html"] == question.html() and bundle["text/plain"] == question.text and WIDGET in bundle


def test_the_stub_is_python_that_can_be_completed_and_checked(capsys):
    for kind in kinds.KINDS:
        drill = kinds.drill(kind, 1, 7)
        source = drill.stub.replace("...", "right")
        known = {"check": check, "right": next(iter(drill.right.values()))}
        if len(drill.fields) > 1:
            for field in drill.fields:
                source = source.replace(f'"{field.name}": right', f'"{field.name}": {drill.right[field.name]!r}')
        if drill.letters:
            source = source.replace("right", drill.right["slope"])
            known |= {"tanh": None}
            source = f"from sympy import *\n\n{source}"
        exec(source, known)
        assert f"{drill.id}: passed" in capsys.readouterr().out


def test_outside_of_a_notebook_the_question_is_printed(capsys):
    practice("graphs", 1, 7)
    printed = capsys.readouterr().out
    assert printed == practicing.Practice("graphs", 1, 7).first.text + "\n"
    assert 'check("graphs-1-7", answer)' in printed


@pytest.mark.parametrize("widget", [True, False])
def test_in_a_notebook_it_is_displayed_as_a_widget_or_without_one(widget, monkeypatch):
    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", lambda it, raw=False: shown.append((it, raw)))
    practice("graphs", 1, 7, widget=widget)
    [(it, raw)] = shown
    bundle = it if raw else it._repr_mimebundle_()
    question = practicing.Practice("graphs", 1, 7).first
    assert (WIDGET in bundle) == widget
    assert bundle["text/html"] == question.html() and bundle["text/plain"] == question.text


def test_questions_below_the_level_that_one_has_raise_it_no_further():
    for seed in range(3):
        check_right(f"graphs-1-{seed}")
    assert progress.standings()["graphs"].level == 2
    for seed in range(10, 13):
        check_right(f"graphs-1-{seed}")
    assert progress.standings()["graphs"].level == 2
    for seed in range(20, 23):
        check_right(f"graphs-2-{seed}")
    assert progress.standings()["graphs"].level == 3


def check_right(id):
    drill = kinds.named(id)
    check(id, lambda: drill.right)


def test_a_name_is_enough_to_ask_for_a_question(capsys):
    practice("graphs-1-7")
    assert "(graphs-1-7)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="its name is a kind, a level from 1 to 3 and a seed"):
        check("graphs-9-7", lambda: {})


def test_what_is_stored_in_the_notebook_is_what_practice_shows_today():
    cells = json.loads((ROOT / "notebooks" / "practice.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [each.get("data", {}) for cell in cells for each in cell.get("outputs", [])]
    stored = [{kind: "".join(text) for kind, text in data.items()} for data in outputs]
    asked = [(data, re.search("<small>(.*?)</small>", data.get("text/html", ""))) for data in stored]
    questions = [(data, practicing.Question(kinds.named(found[1]))) for data, found in asked if found]
    assert {question.drill.kind for _, question in questions} == set(kinds.KINDS)
    for data, question in questions:
        assert data["text/html"] == question.html() and data["text/plain"] == question.text
