"""Promise: a form asks one question after the other, hears what is typed, in a hurry too, and says what comes of it."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from html import unescape

import pytest

from bplib.pictures import svg
from bplib.pictures.explorers import asking

WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURE = svg.document(20, 10, "two lines", [svg.text(10, 5, "x")])


@dataclass
class Question:
    """Twice a number, and its sign."""

    kind: str
    number: int
    pictures: tuple = (PICTURE,)
    text: str = "all of it"
    said: list = field(default_factory=list)

    def rows(self):
        lines = [asking.Field(f"twice {self.number}", 4), asking.Field("half", 4)]
        return [lines if self.kind == "two" else lines[:1], [asking.choice("sign", ("plus", "minus"))]]

    @property
    def words(self):
        return f'<p class="bplib-asks">{self.kind} {self.number}</p>'

    def html(self):
        return f"{self.words}{svg.figure(self.pictures, '')}<pre>def answer(): ...</pre>"


@pytest.fixture
def heard():
    """What the judge was given."""
    return []


@pytest.fixture
def form(heard):
    asked = []

    def ask(kind):
        asked.append(kind)
        return Question(kind, len(asked))

    def judged(question, texts):
        heard.append((question.number, texts))
        right = texts[0] == str(2 * question.number)
        return asking.Said("Twice." if right else "Not twice.", "passed" if right else "not yet", (right, True))

    return asking.Form(["one", "two"], "one", ask, judged)


def names(form):
    return [each["name"] for each in form.shown]


def page(form, typed=None, places=None, seen=None):
    """What a page sends in one message: what is typed by the name of a field, and places by that of a control."""
    told = dict(zip(names(form), form.typed, strict=True)) | (typed or {})
    moved = dict(zip(names(form), form.places, strict=True)) | (places or {})
    form.set_state(
        {"places": list(moved.values()), "typed": list(told.values()), "seen": form.asked if seen is None else seen}
    )


def test_what_the_page_is_told_are_fields_buttons_and_kinds_each_in_its_row(form):
    assert [(each["name"], each["kind"], each.get("row")) for each in form.shown] == [
        ("twice 1", "field", 0),
        ("sign", "menu", 1),
        ("Check", "action", 2),
        ("Another", "action", 2),
        ("practice", "buttons", None),
    ]
    assert form.shown[0]["width"] == 4 and form.shown[1]["labels"] == ["", "plus", "minus"]
    assert form.picture == f'<p class="bplib-asks">one 1</p>{PICTURE}'
    assert (form.said, form.asked, form.typed) == ({}, 0, [""] * 5)


def test_a_check_gives_what_is_typed_and_chosen_to_the_judge_and_says_what_comes_back(form, heard):
    page(form, {"twice 1": "3"})
    page(form, places={"sign": 2})
    page(form, places={"Check": 1})
    assert heard == [(1, ["3", "minus"])]
    assert form.said == {"words": "Not twice.", "status": "not yet", "right": [False, True], "times": 1}
    page(form, {"twice 1": "2"})
    assert form.said["words"] == "Not twice."  # it is read while one corrects
    page(form, places={"Check": 2})
    assert heard[1] == (1, ["2", "minus"]) and form.said["status"] == "passed"


def test_the_same_said_again_is_another_message(form):
    page(form, places={"Check": 1})
    before = form.said
    page(form, places={"Check": 2})
    assert form.said != before and form.said["words"] == before["words"]


def test_what_is_typed_and_pressed_in_one_message_is_judged_as_it_was_typed(form, heard):
    page(form, {"twice 1": "2"}, {"sign": 1, "Check": 1})
    assert heard == [(1, ["2", "plus"])]


def test_a_page_that_was_ahead_is_not_set_back(form):
    page(form, places={"practice": 1})
    sent = []
    form._send = lambda message, buffers=None: sent.append(message)
    page(form, {"twice 2": "4", "half": "1"}, {"sign": 1, "Check": 1})
    told = [message["state"] for message in sent if message["method"] == "update"]
    assert [list(state) for state in told] == [["said"]]
    assert form.typed == ["4", "1", "", "", "", ""] and form.places == [0, 0, 1, 1, 0, 1]


@pytest.mark.parametrize("press", [{"Another": 1}, {"practice": 1}], ids=["another", "a kind"])
def test_another_question_has_empty_fields_and_nothing_said(form, heard, press):
    page(form, {"twice 1": "3"}, {"sign": 2, "Check": 1})
    page(form, places=press)
    assert form.question.number == 2 and form.asked == 1
    assert form.question.kind == ("two" if "practice" in press else "one")
    assert names(form)[0] == "twice 2" and f"{form.question.kind} 2</p>" in form.picture
    assert set(form.typed) == {""} and form.places[names(form).index("sign")] == 0
    assert form.said == {}
    page(form, {"twice 2": "4"})
    page(form, places={"Check": 2})
    assert heard[-1][0] == 2 and heard[-1][1][0] == "4" and form.said["status"] == "passed"


def test_what_a_page_sends_while_it_shows_an_earlier_question_is_dropped(form, heard):
    page(form, places={"Another": 1})
    asked = form.asked
    before = (form.typed, form.places)
    page(form, {"twice 2": "3"}, {"Another": 2, "Check": 1}, seen=asked - 1)
    assert form.question.number == 2 and not heard
    assert (form.typed, form.places) == before
    page(form, places={"practice": 1})  # now there is one field more
    form.set_state({"typed": ["1"] * 5, "places": [0, 0, 1, 1, 1], "seen": asked})
    assert form.question.number == 3 and not heard and len(form.typed) == len(form.places) == len(form.shown) == 6
    assert set(form.typed) == {""}


def test_the_bundle_holds_all_of_the_first_question_where_nothing_can_be_typed(form):
    bundle = form._repr_mimebundle_()
    page(form, places={"Another": 1})
    assert set(bundle) == {WIDGET, "text/html", "text/plain"} and bundle["text/plain"] == "all of it"
    assert {**form._repr_mimebundle_(), WIDGET: None} == {**bundle, WIDGET: None}
    whole = ET.fromstring(f"<div>{bundle['text/html']}</div>")
    assert "one 1" in "".join(whole.itertext()) and "def answer" in "".join(whole.itertext())
    assert "<script" not in unescape(bundle["text/html"]) and "<input" not in bundle["text/html"]
