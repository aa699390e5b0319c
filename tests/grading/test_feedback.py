"""Promise: gradebook and pages say what the grading found, number for number, and nothing in them can run or load."""

import copy
import csv
import io
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from bplib.grading import handins
from bplib.grading.classes import feedback

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


def notebook(lesson, *exercises, problems=(), path=None, graded=True):
    return {
        "path": path or f"{lesson}.ipynb",
        "lesson": lesson,
        "title": f"Title of {lesson}",
        "points": sum(each["points"] for each in exercises) if graded else None,
        "max_points": sum(each["max_points"] for each in exercises),
        "exercises": list(exercises),
        "problems": list(problems),
    }


def learner(name, *notebooks, points=0, identity="", late=False, problems=(), not_enforced=()):
    return {
        "learner": name,
        "identity": identity,
        "late": late,
        "points": points,
        "max_points": 6,
        "notebooks": list(notebooks),
        "problems": list(problems),
        "not_enforced": list(not_enforced),
    }


@pytest.fixture
def results():
    """Five learners: two lessons, 01 with mse (2 points) and ce (3 points), 04 with step (1 point)."""
    step = notebook("04", exercise("step", 1, 1, "passed"))
    one = notebook("01", exercise("mse", 2, 2, "passed"), exercise("ce", 3, 3, "passed"))
    two = notebook("01", exercise("mse", 0, 2, "not yet", HALF, "half"), exercise("ce", 3, 3, "passed"))
    three = notebook("01", exercise("mse", 0, 2, "not yet", HALF, "half"), exercise("ce", 0, 3, "not attempted"))
    four = notebook("01", exercise("mse", 0, 2, "not yet", SUM, "sum"), exercise("ce", 0, 3, "not yet", "No."))
    return [
        learner("Ada Lovelace", step, one, points=6, identity="0012", not_enforced=["network", "memory"]),
        learner("Bo", two, points=3, late=True, not_enforced=["network"]),
        learner("Cy", three, points=0, problems=["a.zip: it is damaged, or no zip file"]),
        learner("Di", notebook("01", graded=False, problems=["not graded, by a failure of the grader"]), points=None),
        learner("Ed", four, points=0),
    ]


# The gradebook


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_the_gradebook_has_a_row_for_each_learner_and_the_columns_of_the_course_in_its_order(results):
    assert rows(feedback.gradebook_csv(results)) == [
        ["learner", "identity", "late", "01/mse", "01/ce", "01", "04/step", "04", "total", "max"],
        ["Ada Lovelace", "0012", "", "2", "3", "5", "1", "1", "6", "6"],
        ["Bo", "", "late", "0", "3", "3", "", "", "3", "6"],
        ["Cy", "", "", "0", "0", "0", "", "", "0", "6"],
        ["Di", "", "", "", "", "", "", "", "", "6"],
        ["Ed", "", "", "0", "0", "0", "", "", "0", "6"],
    ]
    assert "\r" not in feedback.gradebook_csv(results)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝"])
def test_no_cell_of_the_gradebook_is_a_formula(start):
    name = f'{start}HYPERLINK("x")'
    (_, row) = rows(feedback.gradebook_csv([learner(name, identity=name)]))
    assert row[:2] == [f"'{name}"] * 2


def test_no_cell_is_a_formula_where_cells_end_at_semicolons():
    (_, row) = rows(feedback.gradebook_csv([learner("a;=1+1; -b;c")]))
    assert row[0] == "a;'=1+1;' -b;c"


def test_the_gradebook_can_be_written_whatever_the_names_are(results):
    results[0]["learner"] = 'a,"b"\nc\0\ud800'
    text = feedback.gradebook_csv(results)
    text.encode("utf-8")
    assert rows(text)[1][0] == 'a,"b"\nc?'


def test_of_a_lesson_handed_in_twice_the_notebook_with_the_most_points_counts(results):
    worse = copy.deepcopy(results[4]["notebooks"][0])
    failed = notebook("01", graded=False)
    for more in ([worse, failed], [failed, worse]):
        twice = copy.deepcopy(results)
        twice[0]["notebooks"] = [more[0], *twice[0]["notebooks"], more[1]]
        assert feedback.gradebook_csv(twice) == feedback.gradebook_csv(results)
        assert feedback.statistics(twice)["exercises"] == feedback.statistics(results)["exercises"]


def test_a_file_that_belongs_to_no_lesson_has_no_column(results):
    other = {"path": "x.ipynb", "lesson": None, "title": None, "points": 0, "max_points": 0, "exercises": []}
    before = feedback.gradebook_csv(results)
    results[0]["notebooks"].append({**other, "problems": ["it is JSON, but no notebook"]})
    assert feedback.gradebook_csv(results) == before
    assert "it is JSON, but no notebook" in feedback.feedback_page(results[0])


# The numbers


def test_the_numbers_are_those_counted_by_hand(results):
    numbers = feedback.statistics(results)
    assert json.loads(json.dumps(numbers)) == numbers
    mse, ce, step = numbers.pop("exercises")
    assert numbers == {
        "learners": 5,
        "graded": 4,
        "late": 1,
        "mean": 2.25,
        "median": 1.5,
        "max_points": 6,
        "histogram": [{"low": k, "high": k, "learners": count} for k, count in enumerate([2, 0, 0, 1, 0, 0, 1])],
        "not_graded": [
            {"learner": "Cy", "path": "", "problem": "a.zip: it is damaged, or no zip file"},
            {"learner": "Di", "path": "01.ipynb", "problem": "not graded, by a failure of the grader"},
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
        "mean": 0.5,
        "misconceptions": [{"id": "half", "count": 2, "message": HALF}, {"id": "sum", "count": 1, "message": SUM}],
    }
    assert (ce["passed"], ce["not_yet"], ce["not_attempted"], ce["mean"], ce["misconceptions"]) == (2, 1, 1, 1.5, [])
    assert (step["passed"], step["handed_in"], step["mean"]) == (1, 1, 1)


def test_many_points_are_put_into_at_most_twenty_bars_and_nobody_is_left_out():
    many = [{**learner(str(k), points=k % 138), "max_points": 137} for k in range(500)]
    bars = feedback.statistics(many)["histogram"]
    assert len(bars) <= 20
    assert sum(bar["learners"] for bar in bars) == 500
    assert [bar["low"] for bar in bars[1:]] == [bar["high"] + 1 for bar in bars[:-1]]
    assert (bars[0]["low"], bars[-1]["high"]) == (0, 137)


def test_a_class_of_nobody_or_of_nobody_graded_has_numbers_and_pages_too():
    for results in ([], [learner("Di", points=None)]):
        numbers = feedback.statistics(results)
        assert (numbers["mean"], numbers["median"], numbers["exercises"]) == (None, None, [])
        Page(feedback.class_page(results))
    assert feedback.statistics([learner("Di", points=None)])["not_graded"][0]["problem"] == "not graded"


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


def made_hostile(value):
    """The same results, with hostile text in the place of every text but the status."""
    if isinstance(value, dict):
        return {key: each if key in ("status", "lesson") else made_hostile(each) for key, each in value.items()}
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
        assert all(re.fullmatch(r"#n\d+-\d+|feedback/[a-z0-9-]+\.html", link) for link in page.links)
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
    assert re.search(r"The mse 0 / 2 ◐ not yet This is half of it\.", text)
    assert re.search(r"The ce 3 / 3 ✓ passed", text)


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
    links = Page(feedback.class_page(results)).links
    assert links == [f"feedback/{handins.slug(result['learner'])}.html" for result in results]


def test_not_graded_is_never_shown_as_zero(results):
    text = Page(feedback.feedback_page(results[3])).text
    assert "Not graded" in text and "0 of" not in text and "None" not in text
    assert re.search(r"Di 1 problem not graded", Page(feedback.class_page(results)).text)
    assert "There was no notebook to grade." in feedback.feedback_page(learner("Nobody"))


def test_a_notebook_that_does_not_count_says_so(results):
    results[0]["notebooks"].append(copy.deepcopy(results[4]["notebooks"][0]))
    assert feedback.feedback_page(results[0]).count("another of your notebooks of this lesson has more points") == 1
    assert "another of your notebooks" not in feedback.feedback_page(results[1])


def test_the_page_of_the_class_shows_the_numbers_to_eyes_and_ears(results):
    page = Page(feedback.class_page(results))
    for words in ("learners 5", "graded 4", "late 1", "mean points 2.25 of 6", "median points 1.5 of 6"):
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
    class_ = [
        learner(f"{k} {n}", notebook("01", exercise("mse", 0, 2, "not yet", f"Mistake {k}.", f"m{k}")))
        for k in range(7)
        for n in range(8 - k)
    ]
    text = Page(feedback.class_page(class_)).text
    assert "8 × Mistake 0." in text and "4 × Mistake 4." in text and "Mistake 5." not in text
    assert "and 2 rarer ones" in text
