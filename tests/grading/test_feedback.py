"""Promise: gradebook and pages say what the grading found, number for number, and nothing in them can run or load."""

import csv
import datetime
import io
import itertools
import json
import re
import zoneinfo
from html.parser import HTMLParser

import pytest

from bplib.course.syllabus import Asked, Extension, Syllabus
from bplib.grading import forms, handins
from bplib.grading.classes import counting, feedback, gradebook, table

HALF, SUM = "This is half of it.", "Take the mean."


def exercise(id, points, most, status, message="", misconception=None, code="x = 1"):
    return {
        "id": id,
        "title": f"The {id}",
        "points": points,
        "max_points": most,
        "status": status,
        "message": message,
        "misconception": misconception,
        "code": code,
    }


def notebook(lesson, *exercises, problems=(), path=None, when=""):
    return {
        "path": path or f"{lesson}.ipynb",
        "lesson": lesson,
        "title": f"Title of {lesson}",
        "points": sum(each["points"] for each in exercises),
        "max_points": sum(each["max_points"] for each in exercises),
        "exercises": list(exercises),
        "problems": list(problems),
        "when": when,
        "seen": "2026-10-05",
        "late": False,
        "content": "",
    }


NOT_GRADED = "not graded, by a failure of the grader"


def failed(path):
    return {"path": path, "points": None, "max_points": 5, "exercises": [], "problems": [NOT_GRADED], "when": ""}


def learner(name, *notebooks, identity="", late=False, problems=(), not_enforced=(), absent=False, stranger=False):
    """A record, as grading leaves it."""
    return {
        "learner": name,
        "identity": identity,
        "entries": [],
        "slug": handins.slug(name),
        "late": late,
        "absent": absent,
        "stranger": stranger,
        "notebooks": list(notebooks),
        "problems": list(problems),
        "not_enforced": list(not_enforced),
        "digest": "",
    }


ASKED = {"01": {"mse": 2, "ce": 3}, "04": {"step": 1}}


def settled(*records, syllabus=None, overrides=None, asked=ASKED):
    return counting.settled(records, asked, syllabus or Syllabus(), overrides)


@pytest.fixture
def records():
    """Five learners: two lessons, 01 with mse (2 points) and ce (3 points), 04 with step (1 point)."""
    step = notebook("04", exercise("step", 1, 1, "passed"))
    one = notebook("01", exercise("mse", 2, 2, "passed"), exercise("ce", 3, 3, "passed"))
    two = notebook("01", exercise("mse", 0, 2, "not yet", HALF, "half"), exercise("ce", 3, 3, "passed"))
    three = notebook("01", exercise("mse", 0, 2, "not yet", HALF, "half"), exercise("ce", 0, 3, "not attempted"))
    four = notebook("01", exercise("mse", 0, 2, "not yet", SUM, "sum"), exercise("ce", 0, 3, "not yet", "No."))
    return [
        learner("Ada Lovelace", step, one, identity="0012", not_enforced=["network", "memory"]),
        learner("Bo", two, late=True, not_enforced=["network"]),
        learner("Cy", three, problems=["a.zip: it is damaged, or no zip file"]),
        learner("Di", failed("01.ipynb"), problems=[f"01.ipynb: {NOT_GRADED}"]),
        learner("Ed", four),
    ]


@pytest.fixture
def results(records):
    """What they come to."""
    return settled(*records)


# The gradebook


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_the_gradebook_has_a_row_for_each_learner_and_the_columns_of_the_course_in_its_order(results):
    assert rows(feedback.gradebook_csv(results)) == [
        ["learner", "identity", "late", "roster", "01/mse", "01/ce", "01", "04/step", "04", "total", "max"],
        ["Ada Lovelace", "0012", "", "", "2", "3", "5", "1", "1", "6", "6"],
        ["Bo", "", "late", "", "0", "3", "3", "", "", "3", "6"],
        ["Cy", "", "", "", "0", "0", "0", "", "", "0", "6"],
        ["Di", "", "", "", "", "", "", "", "", "?", "6"],
        ["Ed", "", "", "", "0", "0", "0", "", "", "0", "6"],
    ]
    assert "\r" not in feedback.gradebook_csv(results)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝"])
def test_no_cell_of_the_gradebook_is_a_formula(start):
    name = f'{start}HYPERLINK("x")'
    (_, row) = rows(feedback.gradebook_csv(settled(learner(name, identity=name))))
    assert row[:2] == [f"'{name}"] * 2


def test_no_cell_is_a_formula_where_cells_end_at_semicolons():
    (_, row) = rows(feedback.gradebook_csv(settled(learner("a;=1+1; -b;c"))))
    assert row[0] == "a;'=1+1;' -b;c"


def test_the_gradebook_can_be_written_whatever_the_names_are(results):
    results[0]["learner"] = 'a,"b"\nc\0\ud800'
    text = feedback.gradebook_csv(results)
    text.encode("utf-8")
    assert rows(text)[1][0] == 'a,"b"\nc?'


def test_what_could_not_be_read_is_empty_and_who_is_absent_or_unknown_is_said():
    results = settled(
        learner("Al", notebook("01", exercise("mse", 2, 2, "passed"), exercise("ce", 0, 3, "not yet"))),
        learner("Be", problems=["a.ipynb: it is not JSON"]),
        learner("Ce", absent=True),
        learner("De", notebook("01", exercise("mse", 0, 2, "not yet")), stranger=True),
    )
    head, *rest = rows(feedback.gradebook_csv(results, ASKED))
    assert [(row[0], row[3], row[head.index("01")], row[-2]) for row in rest] == [
        ("Al", "", "2", "2"),
        ("Be", "", "", ""),
        ("Ce", "absent", "", ""),
        ("De", "not on it", "0", "0"),
    ]
    numbers = feedback.statistics(results, ASKED)
    assert [numbers[name] for name in ("learners", "graded", "empty", "absent", "strangers", "mean")] == [
        4,
        2,
        2,
        1,
        1,
        1,
    ]
    page = Page(feedback.class_page(results, numbers)).text
    assert "Be nothing to grade · 1 problem" in page and "Ce absent" in page and "De not on the roster 0 / 6" in page
    assert "Nothing to grade" in feedback.feedback_page(results[1])


def test_a_lesson_that_was_asked_for_has_its_columns_though_nobody_handed_it_in(results):
    asked = {**ASKED, "02_gradients": {"slope": 4}}
    [head, row, *_] = rows(feedback.gradebook_csv(settled(learner("Al"), asked=asked), asked))
    assert head[4:] == ["01/mse", "01/ce", "01", "02_gradients/slope", "02_gradients", "04/step", "04", "total", "max"]
    assert row[-2:] == ["", "10"]
    page = Page(feedback.feedback_page(results[1], ASKED)).text
    assert re.search(r"Not handed in 04 $", page) and "Not handed in" not in feedback.feedback_page(results[0], ASKED)


LATE = Syllabus({"01": Asked(datetime.datetime(2026, 10, 5, tzinfo=datetime.UTC), 10.0)}, per_day=0.25)


def test_the_column_of_a_lesson_is_what_lateness_and_weight_leave_and_those_of_exercises_are_what_was_earned():
    both = [exercise("mse", 2, 2, "passed"), exercise("ce", 3, 3, "passed")]
    asked = {"01": {"mse": 2, "ce": 3}}
    late = learner("Al", notebook("01", *both, when="2026-10-06T14:00:00+00:00"))
    soon = learner("Be", notebook("01", *both, when="2026-10-04T14:00:00+00:00"))
    results = settled(late, soon, syllabus=LATE, asked=asked)
    assert rows(feedback.gradebook_csv(results, asked)) == [
        ["learner", "identity", "late", "roster", "01/mse", "01/ce", "01 days late", "01", "total", "max"],
        ["Al", "", "late", "", "2", "3", "2", "5", "5", "10"],
        ["Be", "", "", "", "2", "3", "0", "10", "10", "10"],
    ]
    page = Page(feedback.feedback_page(results[0])).text
    assert "5 of 10 points late" in page and "2 days late" in page
    assert "Of this lesson 5 of 10 points count in this term: being late costs 50 %." in page
    assert "Of this lesson 10 of 10 points count in this term." in feedback.feedback_page(results[1])


def test_points_that_a_person_gave_are_everywhere_with_the_comment_and_what_the_grader_gave(records):
    overrides = {(records[1]["slug"], "mse"): (1.5, "A loop <is> fine."), (records[2]["slug"], "step"): (1, "")}
    results = settled(*records, overrides=overrides)
    assert rows(feedback.gradebook_csv(results))[2] == ["Bo", "", "late", "", "1.5", "3", "4.5", "", "", "4.5", "6"]
    assert rows(feedback.gradebook_csv(results))[3][-4:] == ["1", "1", "1", "6"]
    page = Page(feedback.feedback_page(results[1])).text
    said = "The mse mse 1.5 / 2 ✎ decided by a person These points were given by a person; the grader gave 0 (not yet)."
    assert f"{said} A loop <is> fine." in page and "◐" not in page
    assert "nothing was handed in" in feedback.feedback_page(results[2])
    assert "1 passed · 3 not yet · 0 not attempted · 1 of them decided by a person" in feedback.class_page(results)


def test_code_that_is_not_graded_stands_on_the_page_as_that_and_the_page_of_the_class_leads_there(records):
    for place, status in ((0, "not attempted"), (1, "not yet")):
        answer = exercise("mse", 0, 2, status, "No.", None, "stub") | {"ungraded": "def mse(a, y):\n    return a < y"}
        records[place] = learner(records[place]["learner"], notebook("01", answer))
    results = settled(*records)
    page, other = (feedback.feedback_page(result) for result in results[:2])
    block = "def mse(a, y):\n    return a &lt; y</code></pre>"
    assert "Not graded, because of where it stands in the notebook:" in page and block in page
    assert "What is not graded of The mse" in Page(page).labels
    assert "stub" not in page and page.index("Not graded, because") < page.index(block)
    assert other.index("stub") < other.index("Not graded, because") < other.index(block)
    assert "Not graded, because" not in feedback.feedback_page(results[4])
    says = "2 answers that stand where nothing is graded: Ada Lovelace (The mse), Bo (The mse)"
    text = re.sub(r" (?=[,)])|(?<=\() ", "", Page(feedback.class_page(results)).text)
    assert says in text
    decided = settled(*records, overrides={(results[0]["slug"], "mse"): (2, "")})
    assert "1 answer that stands where nothing is graded" in feedback.class_page(decided)


def test_an_extension_stands_on_the_page_of_its_learner_handed_in_or_not():
    due = datetime.datetime(2026, 10, 5, 12, tzinfo=datetime.UTC)
    plan = Syllabus({"01": Asked(due), "04": Asked(due)}, timezone=datetime.UTC, extensions=(Extension("Al", "", 3),))
    one = notebook("01", exercise("mse", 2, 2, "passed"), when="2026-10-08T11:00:00")
    al, bo = settled(learner("Al", one), learner("Bo", one), syllabus=plan)
    page = Page(feedback.feedback_page(al, ASKED)).text
    assert "handed in 2026-10-08 11:00 · extension until 2026-10-08 12:00" in page and "late" not in page
    assert "Not handed in 04 · extension until 2026-10-08 12:00" in page
    page = Page(feedback.feedback_page(bo, ASKED)).text
    assert "handed in 2026-10-08 11:00 · due 2026-10-05 12:00 · 3 days late" in page and "extension" not in page
    assert "Not handed in 04 · due 2026-10-05 12:00" in page


def test_times_on_a_page_are_those_of_the_plans_zone_to_the_minute_and_the_zone_is_named_once():
    plan = Syllabus({"01": Asked(datetime.datetime(2026, 10, 5, 23, 59))}, timezone=zoneinfo.ZoneInfo("Europe/Berlin"))
    one = notebook("01", exercise("mse", 2, 2, "passed"), when="2026-10-05 22:30:00+00:00")
    [result] = settled(learner("Al", one), syllabus=plan, asked={"01": {"mse": 2}})
    page = Page(feedback.feedback_page(result)).text
    assert "handed in 2026-10-06 00:30 · due 2026-10-05 23:59 · 1 day late" in page
    assert page.count("Times are those of Europe/Berlin.") == page.count("Berlin") == 1
    [result] = settled(learner("Al", one), asked={"01": {"mse": 2}})
    page = Page(feedback.feedback_page(result)).text
    assert "handed in 2026-10-05 22:30+00:00" in page and "Times are" not in page
    [result] = settled(learner("Al"), asked={"01": {"mse": 2}}, syllabus=Syllabus(timezone=plan.timezone))
    assert "Times are" not in feedback.feedback_page(result)


def test_after_the_last_day_the_page_says_that_nothing_counts_and_not_what_a_day_costs():
    def said(days, per_day=0.25):
        due = datetime.datetime(2026, 10, 5, 12, tzinfo=datetime.UTC)
        plan = Syllabus({"01": Asked(due)}, per_day=per_day, days=days)
        one = notebook("01", exercise("mse", 2, 2, "passed"), when="2026-10-08T11:00:00+00:00")
        [result] = settled(learner("Al", one), syllabus=plan, asked={"01": {"mse": 2}})
        return Page(feedback.feedback_page(result)).text

    assert "0 of 2 points count in this term: more than 2 days late, so nothing counts." in said(2)
    assert "more than 1 day late, so nothing counts." in said(1) and "being late costs" not in said(1)
    assert "being late costs 75 %" in said(3) and "being late costs 100 %" in said(3, 0.5)


def test_whoever_handed_in_what_cannot_be_read_is_told_so_and_not_that_nothing_came():
    unread = {"path": "01.ipynb", "points": 0, "max_points": 0, "exercises": [], "problems": ["it is not JSON"]}
    torn = learner("Al", unread, problems=["01.ipynb: it is not JSON"])
    a_pdf = learner("Bo", problems=["there is no notebook in it, only 01.pdf"])
    page = Page(feedback.feedback_page(settled(torn)[0], ASKED)).text
    assert (
        "Nothing that was handed in could be graded, for the reasons above. Hand in again what could not be read."
        in page
    )
    assert "Nothing that could be graded 01 04" in page
    assert "There was no notebook" not in page and "Not handed in" not in page
    assert "Hand in again what could not be read" in feedback.feedback_page(settled(a_pdf)[0], ASKED)
    beside = learner("Ce", notebook("04", exercise("step", 1, 1, "passed")), unread, problems=torn["problems"])
    page = Page(feedback.feedback_page(settled(beside)[0], ASKED)).text
    assert "01.ipynb: it is not JSON" in page and "Nothing that could be graded 01" in page
    page = Page(feedback.feedback_page(settled(learner("Di", failed("01.ipynb"), problems=["x"]))[0], ASKED)).text
    assert "Grading itself has failed" in page and "no notebook to grade" not in page and "Not handed in" not in page
    page = Page(feedback.feedback_page(settled(learner("Ed"))[0], ASKED)).text
    assert "There was no notebook to grade." in page and "Not handed in 01 04" in page


@pytest.mark.parametrize("extended, words", [("Al", "late, within the extension"), ("Bo", "late")])
def test_late_for_the_lms_and_within_an_extension_is_called_that_everywhere(extended, words):
    due = datetime.datetime(2026, 10, 5, 12, tzinfo=datetime.UTC)
    plan = Syllabus({"01": Asked(due)}, timezone=datetime.UTC, extensions=(Extension(extended, "", 3),))
    one = {**notebook("01", exercise("mse", 2, 2, "passed")), "late": True}
    results = settled(learner("Al", one, late=True), syllabus=plan, asked={"01": {"mse": 2}})
    assert rows(feedback.gradebook_csv(results))[1][2] == words
    assert feedback.statistics(results)["late"] == (words == "late")
    for page in (feedback.feedback_page(results[0]), feedback.class_page(results)):
        assert f'<span class="tag">{words}</span>' in page


def untouched(lesson, *ids):
    return notebook(lesson, *(exercise(id, 0, 1, "not attempted", code="pass") for id in ids))


def test_a_page_begins_with_what_was_answered_and_what_was_not_attempted_is_short():
    alone = {**untouched("01", "mse", "ce"), "path": "alone/01.ipynb"}
    [result] = settled(learner("Al", alone, notebook("04", exercise("step", 1, 1, "passed"))))
    page = Page(feedback.feedback_page(result, ASKED)).text
    assert (
        page.index("Title of 04") < page.index("Title of 01") < page.index("Nothing is attempted in it: 0 / 5 points.")
    )
    assert "The step" in page and "The mse" not in page
    by_hand = settled(learner("Al", alone), overrides={(result["slug"], "mse"): (2, "by mail")})
    assert "by mail" in feedback.feedback_page(by_hand[0], ASKED)


def test_what_is_as_it_was_handed_out_is_named_on_the_page_and_not_as_missing():
    [one, none] = settled(
        learner("Al", notebook("04", exercise("step", 1, 1, "passed")), untouched("01", "mse", "ce")),
        learner("Bo", untouched("04", "step"), untouched("01", "mse", "ce")),
    )
    page = Page(feedback.feedback_page(one, ASKED)).text
    assert "Not attempted These notebooks are as they were handed out, so they are not taken for handed in." in page
    assert "Not handed in" not in page
    page = Page(feedback.feedback_page(none, ASKED)).text
    assert "Nothing to grade" in page and "Every notebook that was to be graded is as it was handed out." in page
    assert rows(feedback.gradebook_csv([one, none], ASKED))[2][-2:] == ["", "6"]


def test_what_is_only_information_is_told_apart_from_what_is_a_problem():
    older = "it is of the older nbformat 4.2, and was converted"
    one = notebook("01", exercise("mse", 2, 2, "passed"), problems=[older, "a cell of it could not be read"])
    results = settled(learner("Al", one, {**one, "path": "second.ipynb"}))
    second = "second.ipynb (2 points) is of the same lesson as 01.ipynb (2 points), which counts"
    assert [each["problem"] for each in gradebook.problems(results[0])] == ["a cell of it could not be read"]
    assert [line.strip() for line in table.class_table(results).splitlines()[1:4]] == [
        "! a cell of it could not be read",
        f"- {second}",
        f"- {older}",
    ]
    page = Page(feedback.feedback_page(results[0])).text
    assert older in page and second in page
    assert ">1 problem<" in feedback.class_page(results)


def test_the_page_of_ones_own_folder_has_the_points_of_the_table_and_what_was_answered_first():
    submissions = [untouched("01", "mse", "ce"), notebook("04", exercise("step", 1, 1, "passed"))]
    page = Page(
        forms.page({"submissions": [{**each, "path": f"exercises/{each['path']}"} for each in submissions]})
    ).text
    assert "1 of 3 points" in page
    assert page.index("The step") < page.index("Not attempted")
    assert "Feedback Your notebooks" in page


# The numbers


def test_the_numbers_are_those_counted_by_hand(results):
    numbers = feedback.statistics(results)
    assert json.loads(json.dumps(numbers)) == numbers
    mse, ce, step = numbers.pop("exercises")
    assert numbers == {
        "learners": 5,
        "graded": 4,
        "empty": 0,
        "failed": 1,
        "absent": 0,
        "strangers": 0,
        "weeks": [],
        "alike": [],
        "late": 1,
        "mean": 2.25,
        "median": 1.5,
        "max_points": 6,
        "histogram": [{"low": k, "high": k, "learners": count} for k, count in enumerate([2, 0, 0, 1, 0, 0, 1])],
        "not_graded": [
            {"learner": "Cy", "path": "", "problem": "a.zip: it is damaged, or no zip file"},
            {"learner": "Di", "path": "", "problem": "01.ipynb: not graded, by a failure of the grader"},
        ],
        "not_enforced": [{"limit": "memory", "learners": 1}, {"limit": "network", "learners": 2}],
    }
    assert mse == {
        "lesson": "01",
        "lesson_title": "Title of 01",
        "id": "mse",
        "title": "The mse",
        "max_points": 2,
        "handed_in": 4,
        "passed": 1,
        "not_yet": 3,
        "not_attempted": 0,
        "by_hand": 0,
        "mean": 0.5,
        "discrimination": None,
        "unrecognized": [],
        "misconceptions": [{"id": "half", "count": 2, "message": HALF}, {"id": "sum", "count": 1, "message": SUM}],
    }
    assert (ce["passed"], ce["not_yet"], ce["not_attempted"], ce["mean"], ce["misconceptions"]) == (2, 1, 1, 1.5, [])
    assert ce["unrecognized"] == [[handins.slug("Ed")]]
    assert (step["passed"], step["handed_in"], step["mean"]) == (1, 1, 1)


def test_many_points_are_put_into_at_most_twenty_bars_and_nobody_is_left_out():
    asked = {"01": {"mse": 137}}
    many = settled(
        *(learner(str(k), notebook("01", exercise("mse", k % 138, 137, "not yet"))) for k in range(500)), asked=asked
    )
    bars = feedback.statistics(many)["histogram"]
    assert len(bars) <= 20
    assert sum(bar["learners"] for bar in bars) == 500
    assert [bar["low"] for bar in bars[1:]] == [bar["high"] + 1 for bar in bars[:-1]]
    assert (bars[0]["low"], bars[-1]["high"]) == (0, 137)


def test_a_class_of_nobody_or_of_nobody_graded_has_numbers_and_pages_too():
    for results in ([], settled(learner("Di", failed("x")))):
        numbers = feedback.statistics(results)
        assert (numbers["mean"], numbers["median"], numbers["exercises"]) == (None, None, [])
        Page(feedback.class_page(results))
    assert feedback.statistics(settled(learner("Di", failed("x"))))["not_graded"][0]["problem"] == "not graded"


# The pages


class Page(HTMLParser):
    """A page, parsed; it fails where tags do not close."""

    VOID = ("meta", "br")

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.links, self.ids, self.words, self.labels = [], [], [], [], [], []
        self.feed(source)
        self.close()
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href", "action")]
        self.ids += [value for name, value in attrs if name == "id"]
        self.labels += [value for name, value in attrs if name == "aria-label"]
        if tag not in self.VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(f"{word} " for word in self.words))


def each_page(results):
    return [feedback.class_page(results), *map(feedback.feedback_page, results)]


HOSTILE = '"\'><script src="https://evil.example/x.js">alert(1)</script><img src=x onerror=alert(1)>&amp;\x00\x1b\ud800'


KEPT = ("status", "state", "lesson", "slug")


def made_hostile(value):
    """The same results, with hostile text in the place of every text that a learner can write."""
    if isinstance(value, dict):
        return {key: each if key in KEPT else made_hostile(each) for key, each in value.items()}
    if isinstance(value, list):
        return [made_hostile(each) for each in value]
    return f"{HOSTILE}{value}" if value and isinstance(value, str) else value


def test_a_page_loads_nothing_and_runs_nothing(results):
    for source in each_page(results):
        assert "http://" not in source and "https://" not in source and "url(" not in source and "@import" not in source
        page = Page(source)
        assert "script" not in [tag for tag, _ in page.tags]
        assert all(link.startswith(("#", "feedback/")) for link in page.links)
        policy = [attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
        assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_whatever_stands_in_the_results_is_text_and_never_markup(results):
    for honest, source in zip(each_page(results), each_page(made_hostile(results)), strict=True):
        page, expected = Page(source), Page(honest)
        assert [tag for tag, _ in page.tags] == [tag for tag, _ in expected.tags]
        assert [sorted(attrs) for _, attrs in page.tags] == [sorted(attrs) for _, attrs in expected.tags]
        assert "<script>" not in source and "<img" not in source
        assert all(re.fullmatch(r"(feedback/[a-z0-9-]+\.html)?(#[A-Za-z0-9_-]+)?", link) for link in page.links)
        assert "alert(1)" in page.text
        source.encode("utf-8")
        assert "\x00" not in source and "\x1b" not in source


def test_every_page_has_a_language_a_title_one_main_heading_and_tables_with_captions_and_scopes(results):
    for source in each_page(results):
        page = Page(source)
        tags = [tag for tag, _ in page.tags]
        assert source.startswith("<!DOCTYPE html>")
        assert dict(page.tags)["html"] == {"lang": "en"}
        assert (tags.count("h1"), tags.count("title") > 0, tags.count("main")) == (1, True, 1)
        assert tags.count("caption") == tags.count("table")
        assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
        levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
        assert all(below - above <= 1 for above, below in itertools.pairwise(levels))
        assert "prefers-color-scheme: dark" in source and "color-scheme: light dark" in source
        assert "@media print" in source and 'name="viewport"' in source


def test_the_page_of_a_learner_says_points_status_sentence_and_code_of_each_exercise(results):
    results[1]["notebooks"][0]["exercises"][0]["code"] = "def mse(a, y):\n    return a < y"
    results[1]["notebooks"][0]["problems"] = ["it is in UTF-16 where UTF-8 is needed"]
    source = feedback.feedback_page(results[1])
    text = Page(source).text
    assert "def mse(a, y):\n    return a &lt; y</code></pre>" in source
    for words in (
        "Bo",
        "3 of 6 points",
        "late",
        "Title of 01",
        "01.ipynb",
        "it is in UTF-16",
        "The mse",
        "0 / 2",
        HALF,
    ):
        assert words in text
    assert re.search(r"The mse mse 0 / 2 ◐ not yet This is half of it\.", text)
    assert re.search(r"The ce ce 3 / 3 ✓ passed", text)


def test_a_page_shows_the_beginning_of_very_long_code_and_says_that_it_is_one(results):
    exercise = results[0]["notebooks"][0]["exercises"][0]
    exercise["code"] = "<" * 1_000_000
    page = feedback.feedback_page(results[0])
    assert (len(page) < 100_000, page.count("&lt;" * 10_000)) == (True, 1)
    assert page.count("Cut here") == 1
    assert "Cut here: these are the first 10000 of its 1000000 letters." in page


def test_the_links_on_a_page_lead_somewhere(results):
    page = Page(feedback.feedback_page(results[0]))
    assert page.links and {link.removeprefix("#") for link in page.links} <= set(page.ids)
    ids = {f"feedback/{each['slug']}.html": Page(feedback.feedback_page(each)).ids for each in results}
    page = Page(feedback.class_page(results))
    links = [link for link in page.links if not link.startswith("#")]
    assert (
        {link.removeprefix("#") for link in page.links if link not in links} == {"01-ce", "problems"} <= set(page.ids)
    )
    assert {link.partition("#")[0] for link in links} == set(ids)
    assert all(link.partition("#")[2] in ids[link.partition("#")[0]] for link in links if "#" in link)
    assert f"feedback/{results[4]['slug']}.html#01-ce" in links


def test_not_graded_is_never_shown_as_zero(results):
    text = Page(feedback.feedback_page(results[3])).text
    assert "Not graded" in text and "0 of" not in text and "None" not in text
    assert "Di grading has failed · 1 problem ? / 6" in Page(feedback.class_page(results)).text
    assert "There was no notebook to grade." in feedback.feedback_page(*settled(learner("Nobody")))


def test_the_page_of_the_class_shows_the_numbers_to_eyes_and_ears(results):
    page = Page(feedback.class_page(results))
    for words in ("learners 5", "graded 4", "late 1", "mean of 6 points 2.25", "median of 6 points 1.5"):
        assert words in page.text
    assert "1 passed · 3 not yet · 0 not attempted" in page.text
    assert "2 × This is half of it. 1 × Take the mean." in page.text
    assert "mean 0.5 of 2" in page.text
    assert "network, for 2 of 5 learners" in page.text
    assert "The mse: 1 passed · 3 not yet · 0 not attempted" in page.labels
    assert "Learners by points. 0 points: 2; 3 points: 1; 6 points: 1" in page.labels


def test_the_bars_of_an_exercise_have_the_lengths_of_the_shares(results):
    page = Page(feedback.class_page(results))
    bars = {}
    for tag, attrs in page.tags:
        if tag == "svg" and attrs.get("class") == "bar":
            label = attrs.get("aria-label", "legend")
        elif tag == "rect" and "class" in attrs:
            bars.setdefault(label, []).append((attrs["class"], attrs["x"], attrs["width"]))
    assert bars["The mse: 1 passed · 3 not yet · 0 not attempted"] == [
        ("passed", "0.00%", "25.00%"),
        ("not-yet", "25.00%", "75.00%"),
    ]


def test_only_the_commonest_misconceptions_are_shown_and_the_rest_is_counted():
    class_ = settled(
        *(
            learner(f"{k} {n}", notebook("01", exercise("mse", 0, 2, "not yet", f"Mistake {k}.", f"m{k}")))
            for k in range(7)
            for n in range(8 - k)
        )
    )
    text = Page(feedback.class_page(class_)).text
    assert "8 × Mistake 0." in text and "4 × Mistake 4." in text and "Mistake 5." not in text
    assert "and 2 rarer ones" in text


# What a teacher should read, and what a term shows


def answered(name, code, message="No.", misconception=None, status="not yet"):
    points = 2 if status == "passed" else 0
    return learner(name, notebook("01", exercise("mse", points, 2, status, message, misconception, code)))


def test_the_same_wrong_answer_under_other_names_is_read_once_and_the_commonest_first():
    loop = "def mse(a, y):\n    total = 0\n    for x in a:\n        total += x\n    return total"
    renamed = "def mse(p, q):\n    # mine\n    s = 0\n    for v in p: s += v\n    return s"
    results = settled(
        answered("Al", "def mse(a, y):\n    return a"),
        answered("Be", loop),
        answered("Ce", renamed),
        answered("De", loop, HALF, "half"),
        answered("Ed", loop, status="passed"),
    )
    [row] = feedback.statistics(results)["exercises"]
    assert row["unrecognized"] == [[results[1]["slug"], results[2]["slug"]], [results[0]["slug"]]]
    page = Page(feedback.class_page(results))
    assert re.search(r"3 wrong answers that no cause was found for 2 × Be , Ce No\. def mse.* 1 × Al No\.", page.text)


SAID = "It returns 'squared error', which is none of the choices."


def test_what_is_only_written_down_is_counted_and_is_nothing_to_read():
    choice = 'def faster():\n    """Which."""\n    return "squared error"'
    results = settled(
        *(answered(str(k), choice, SAID) for k in range(8)),
        answered("Al", "def faster():\n    return 'mse'", HALF, "mse"),
        answered("Be", "def faster():\n    words = {'a': 'b', 'c': -1}\n    return words", "No b."),
        answered("Ce", "def faster():\n    return 2 / 8"),
        answered("De", "def faster(a):\n    return 1"),
    )
    [row] = feedback.statistics(results)["exercises"]
    assert row["misconceptions"] == [
        {"id": "", "count": 8, "message": SAID},
        {"id": "", "count": 1, "message": "No b."},
        {"id": "mse", "count": 1, "message": HALF},
    ]
    assert row["unrecognized"] == [[results[10]["slug"]], [results[11]["slug"]]]
    assert f"8 × {SAID}" in Page(feedback.class_page(results)).text


def test_a_damaged_file_is_of_the_lesson_that_its_name_says_and_the_others_are_not_handed_in():
    def damaged(path):
        given = {**notebook("01"), "path": path, "problems": ["it is not JSON"]}
        del given["lesson"]
        return given

    asked = {"01_loss_functions": {"mse": 2}, "04_single_neuron": {"step": 1}}
    records = [learner("Al", damaged("all.zip/01_Loss_functions-1.ipynb")), learner("Be", damaged("final.ipynb"))]
    overrides = {(records[0]["slug"], "mse"): (2, "by hand")}
    al, be = (Page(feedback.feedback_page(each, asked)).text for each in settled(*records, asked=asked))
    assert re.search(r"Not handed in A single neuron Nothing that could be graded Loss functions\s*$", al)
    assert "Not handed in" not in be and "Nothing that could be graded Loss functions A single neuron" in be
    al, _ = settled(*records, asked=asked, overrides=overrides)
    page = Page(feedback.feedback_page(al, asked)).text
    assert "what was handed in could not be read" in page and "nothing was handed in" not in page


def test_beside_what_is_graded_the_page_asks_for_what_could_not_be_read():
    damaged = {**notebook("01"), "path": "01.ipynb", "problems": ["it is not JSON"]}
    del damaged["lesson"]
    good = notebook("04", exercise("step", 1, 1, "passed"))
    [both, alone] = settled(learner("Al", good, damaged), learner("Be", good))
    asks = "Hand in again what could not be read."
    assert [asks in Page(feedback.feedback_page(each, ASKED)).text for each in (both, alone)] == [True, False]


def test_the_page_of_one_whose_name_is_hidden_names_nothing_that_is_missing():
    entry = {"lms": "moodle", "download": "", "identity": "70300", "name": "Participant 70300", "email": ""}
    one = notebook("01", exercise("mse", 2, 2, "passed"))
    hidden, known = settled({**learner("Participant 70300", one), "entries": [entry]}, learner("Al", one))
    assert ["Not handed in" in feedback.feedback_page(each, ASKED) for each in (hidden, known)] == [False, True]


def test_whom_a_person_lets_pass_has_passed_in_the_numbers_and_made_no_mistake():
    wrong = exercise("mse", 0, 2, "not yet", misconception="half")
    records = [learner(name, notebook("01", dict(wrong))) for name in ("Al", "Be", "Ce")]
    overrides = {(records[0]["slug"], "mse"): (2, ""), (records[1]["slug"], "mse"): (1, "")}
    [row] = feedback.statistics(settled(*records, overrides=overrides, asked={"01": {"mse": 2}}))["exercises"]
    assert (row["passed"], row["not_yet"], row["by_hand"]) == (1, 2, 2)
    assert [each["count"] for each in row["misconceptions"]] == [2]


def test_what_a_person_has_decided_is_not_to_be_read_again():
    records = [answered("Al", "def mse(a, y):\n    return a"), answered("Be", "def mse(a, y):\n    return y")]
    results = settled(*records, overrides={(records[0]["slug"], "mse"): (1, "half of it")})
    [row] = feedback.statistics(results)["exercises"]
    assert (row["unrecognized"], row["by_hand"]) == ([[records[1]["slug"]]], 1)


def test_the_page_of_the_class_begins_with_what_to_read_the_most_first():
    def one(name, lesson, id, code, title="The exercise"):
        return learner(name, notebook(lesson, {**exercise(id, 0, 2, "not yet", "No.", None, code), "title": title}))

    results = settled(
        one("Al", "01", "mse", "def mse(a, y):\n    return a", "First"),
        *(one(f"B{k}", "04", "step", "def step(a):\n    return a + 0.5", "Second") for k in range(3)),
        one("C", "04", "step", "def step(a):\n    return a * 7", "Second"),
        *(one(f"D{k}", "05", f"e{k}", "def f(a):\n    return a", f"E{k}") for k in range(12)),
        learner("Fe", problems=["x.zip: it is damaged"]),
        asked={"01": {"mse": 2}, "04": {"step": 1}, "05": {f"e{k}": 2 for k in range(12)}},
    )
    numbers = feedback.statistics(results)
    numbers["alike"] = [{"slugs": [results[0]["slug"], results[1]["slug"]], "shared": 24, "as_alike": 1, "pairs": 780}]
    numbers["alike"][0]["exercises"] = [{"lesson": "01", "id": "mse", "shared": 24, "rare": 26}]
    page = Page(feedback.class_page(results, numbers))
    begin = page.text.partition(" Points ")[0]
    assert re.search(
        r"To read Second : 4 wrong answers that no cause was found for, 3 of them alike First : 1 wrong answer that no "
        r"cause was found for E0 : 1 .* and 2 more in 2 exercises, each below Answers that are alike : 1 pair "
        r"Problems with files and grading : 1$",
        begin,
    )
    assert [link for link in page.links if link.startswith("#")][:2] == ["#04-step", "#01-mse"]
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert ("details", {"open": None}) in page.tags and ("details", {}) not in page.tags
    fine = settled(learner("Al", notebook("01", exercise("mse", 2, 2, "passed"))))
    assert "To read" not in feedback.class_page(fine)


def test_a_class_of_ten_thousand_has_a_page_that_a_browser_opens():
    [one] = settled(answered("Al", ""))
    results = []
    for k in range(10_000):
        code = f"def mse(a, y):\n    return a * {k % 3000}"
        mine = notebook("01", exercise("mse", 0, 2, "not yet", "No.", None, code))
        results.append({**one, "learner": f"learner {k}", "slug": f"learner-{k}", "notebooks": [mine]})
    source = feedback.class_page(results)
    assert len(source) < 3_000_000
    page = Page(source)
    assert ("details", {}) in page.tags and ("details", {"open": None}) not in page.tags
    assert "and 9908 more, in results.json" in page.text and "10000 learners" in page.text


def test_an_exercise_tells_apart_as_counted_by_hand():
    # Twice x = 0 0 0 0 0 1 1 1 1 1, rest = 0 0 0 0 1 0 1 1 1 1: four fields of a table, phi = (8 * 8 - 2 * 2) / 100.
    points, rest = [0] * 10 + [1] * 10, [0] * 8 + [1] * 2 + [0] * 2 + [1] * 8
    totals = [a + b for a, b in zip(points, rest, strict=True)]
    assert gradebook.discrimination(points, totals) == 0.6
    assert gradebook.discrimination(points, points) is None  # nothing else was asked
    assert gradebook.discrimination([1] * 20, totals) is None


def test_nothing_is_said_of_what_an_exercise_tells_apart_where_chance_may_be_all_of_it():
    def told(passed, failed):
        points = [0] * failed + [2] * passed
        return gradebook.discrimination(points, [3 * point for point in points])

    assert told(5, 5) == 1 and told(4, 30) is told(30, 4) is None
    # r = 0.6 of ten learners: artanh 0.6 = 0.69, and 1.96 / sqrt(7) = 0.74.
    points, rest = [0] * 5 + [1] * 5, [0] * 4 + [1, 0] + [1] * 4
    totals = [a + b for a, b in zip(points, rest, strict=True)]
    assert gradebook.discrimination(points, totals) is None
    # As in a class of twelve, of whom one strong learner fails.
    assert gradebook.discrimination([2] * 11 + [0], [7] * 10 + [4, 10]) is None


def test_the_page_says_in_words_what_an_exercise_tells_apart():
    right, wrong = exercise("mse", 2, 2, "passed"), exercise("mse", 0, 2, "not yet", HALF, "half")
    good, bad = exercise("ce", 3, 3, "passed"), exercise("ce", 0, 3, "not yet", HALF, "half")
    same = [learner(f"a{k}", notebook("01", *((right, good) if k % 2 else (wrong, bad)))) for k in range(12)]
    odd = [learner(f"b{k}", notebook("01", *((right, bad) if k % 2 else (wrong, good)))) for k in range(12)]
    assert "discrimination 1: whoever passes it does well elsewhere" in feedback.class_page(settled(*same))
    assert "discrimination −1: those who do well elsewhere pass it less often" in feedback.class_page(settled(*odd))


def test_points_over_the_weeks_are_those_that_were_there_by_the_end_of_each():
    def ten(name, first, second):
        one = notebook("01", exercise("mse", 2, 2, "passed"), when=first)
        return learner(name, one, notebook("04", exercise("step", 1, 1, "passed"), when=second))

    results = settled(
        ten("Al", "2026-10-05T09:00:00", "2026-10-19"),
        ten("Be", "2026-10-11T23:59:59", "2026-10-19"),
        ten("Ce", "2026-10-12", "2026-10-20"),
        ten("De", "", "2026-10-25"),
    )
    results[3]["notebooks"][0]["seen"] = "2026-10-21"
    assert feedback.statistics(results)["weeks"] == [
        {"ends": "2026-10-11", "low": 0, "median": 1, "high": 2},
        {"ends": "2026-10-18", "low": 1.5, "median": 2, "high": 2},
        {"ends": "2026-10-25", "low": 3, "median": 3, "high": 3},
    ]
    page = Page(feedback.class_page(results))
    assert "a time that is not known counts from the day on which it was first graded here" in page.text
    assert any("by 11 October 2026 half of the learners had 1 points or more" in label for label in page.labels)
    assert feedback.statistics(results[:1])["weeks"] == []
    assert "Points over the weeks" not in feedback.class_page(settled(answered("Al", ""), answered("Be", "")))


def test_a_time_that_is_none_and_one_of_long_ago_do_no_harm():
    when = ["0001-01-01", "9999-12-31T00:00:00", "2026-10-05T09:00:00"]
    results = settled(*(learner(each, notebook("01", exercise("mse", 2, 2, "passed"), when=each)) for each in when))
    weeks = feedback.statistics(results)["weeks"]
    assert (len(weeks), weeks[-1]["low"]) == (60, 2)
    Page(feedback.class_page(results))


def test_pairs_that_are_alike_are_shown_with_what_that_means_and_how_rare_it_is():
    results = settled(answered("Al", "x"), answered("Be", "y"))
    alike = [{"slugs": [each["slug"] for each in results], "shared": 24, "as_alike": 1, "pairs": 780}]
    alike[0]["exercises"] = [{"lesson": "01", "id": "mse", "shared": 24, "rare": 26}]
    page = Page(feedback.class_page(results, {**feedback.statistics(results), "alike": alike}))
    assert "24 rare pieces in common; as much is shared by 1 of the 780 pairs of this class" in page.text
    assert "The mse, 24 of 26: Al , Be" in page.text and "chance can do it too" in page.text
    assert page.links.count(f"feedback/{results[0]['slug']}.html#01-mse") == 2


def test_the_table_of_the_class_in_a_terminal_counts_only_what_is_graded(records):
    results = settled(*records, learner("Fe", absent=True), learner("Gi", stranger=True))
    lines = table.class_table(results).splitlines()
    assert "Di            ?/6" in lines and "Fe              -  absent" in lines
    assert "Gi              -  not on the roster" in lines
    assert lines[-2] == "4 graded, 2.2 points on average, 2 with nothing to grade, 1 not graded"


def test_the_table_of_the_class_says_how_late_somebody_was():
    due = datetime.datetime(2026, 10, 5, 12, tzinfo=datetime.UTC)
    plan = Syllabus({"01": Asked(due), "04": Asked(due)}, per_day=0.5, extensions=(Extension("Ed", "", 3),))

    def one(name, lesson="01", day=14, **more):
        return learner(name, notebook(lesson, exercise("mse", 2, 2, "passed"), when=f"2026-10-{day:02}T12:00Z"), **more)

    both = one("Ce")
    both["notebooks"] += one("", "04", 6)["notebooks"]
    marked = one("De", late=True), one("Ed", late=True)
    for each in marked:
        each["notebooks"][0] |= {"when": "", "late": True}
    results = settled(one("Al"), one("Bo", day=5), both, *marked, one("Fe", stranger=True), syllabus=plan)
    assert [line.split("  ")[-1] for line in table.class_table(results).splitlines()[:6]] == [
        "9 days late",
        "2/6",
        "2 lessons late, up to 9 days",
        "1 day late",
        "late, within the extension",
        "9 days late, not on the roster",
    ]


def test_a_line_of_the_table_of_the_class_is_shown_to_its_end():
    first, second = (f"{'a very long name of a zip ' * 6}{end}/01.ipynb" for end in ("one", "two"))
    both = [notebook("01", exercise("mse", 2, 2, "passed"), path=path) for path in (first, second)]
    lines = table.class_table(settled(learner("Al", *both))).splitlines()
    assert "two/01.ipynb (2 points) is of the same lesson as" in " ".join(map(str.strip, lines))
    assert f"{' '.join(first.split())} (2 points), which counts" in " ".join(map(str.strip, lines))
    assert max(map(len, lines)) <= 100


def test_the_tiles_of_a_class_say_who_is_counted_in_them_and_points_are_rounded_down():
    half = notebook("01", exercise("mse", 1, 2, "not yet"))
    records = [learner("Al", half), learner("Be", half, stranger=True), learner("Ce", absent=True), learner("De")]
    page = Page(feedback.class_page(settled(*records))).text
    assert "learners, 1 not on the roster 4 graded 2 nothing to grade, 1 absent 2" in page
    given = settled(*records, overrides={(records[2]["slug"], "mse"): (2, "")})
    assert "graded 3 nothing to grade 1 mean" in Page(feedback.class_page(given)).text
    many = settled(*records, asked={"01": {"mse": 2, "ce": 60}})
    assert "the points that stand below it or up to 3 more; points are rounded down." in feedback.class_page(many)
