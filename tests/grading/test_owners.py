"""Promise: where all have numbers of their own, a neighbor's answer earns nothing, and one's own always counts."""

import json

import pytest
from lms_records import entry
from test_batch import linux

from bplib.course.notebooks import releases
from bplib.course.problems import PROBLEMS
from bplib.grading.classes import owners
from bplib.grading.classes.term import grade_class

LESSON = "03_chain_rule.ipynb"


def record(slug, whose, entries=(), identity="", status="passed", stranger=False):
    exercise = {
        "id": "own-graph",
        "points": 2,
        "max_points": 2,
        "status": status,
        "whose": whose,
        "misconception": None,
    }
    notebook = {"path": "a.ipynb", "exercises": [{**exercise, "message": ""}]}
    told = {"learner": slug, "slug": slug, "identity": identity, "entries": list(entries), "stranger": stranger}
    return told | {"notebooks": [notebook], "problems": []}


def seen(*records):
    return [
        (each["notebooks"][0]["exercises"][0]["points"], len(each["problems"])) for each in owners.compared(records)
    ]


@pytest.mark.parametrize(
    "whose", ["Ada Lovelace", " ada  lovelace", "LOVELACE, Ada", "ada@x.org", "1001", "lovelaceada"]
)
def test_people_may_write_who_they_are_in_any_way_that_the_class_knows(whose):
    who = entry("canvas", "1001", "lovelaceada", email="ada@x.org")
    assert seen(record("Ada Lovelace", whose, [who])) == [(2, 0)]


def test_what_is_a_neighbors_earns_nothing_and_says_whose_it_is():
    ada, bob = record("Ada", "Ada"), record("Bob", "ada")
    assert seen(ada, bob) == [(2, 0), (0, 0)]
    _, compared = owners.compared([ada, bob])
    assert "Its numbers are those of ada" in compared["notebooks"][0]["exercises"][0]["message"]
    assert bob["notebooks"][0]["exercises"][0]["points"] == 2  # the record itself stays


def test_what_is_nobodys_stays_and_is_told_where_names_are_known_or_two_have_the_same():
    known = entry("moodle", "7", "Cy Young")
    assert seen(record("Cy Young", "Cyrus", [known])) == [(2, 1)]
    assert seen(record("a-repository", "Cyrus")) == [(2, 0)]
    assert seen(record("a-repository", "Cyrus"), record("another", "cyrus")) == [(2, 1), (2, 1)]


def test_what_is_not_passed_is_nobodys_business():
    assert seen(record("Ada", "Bob", status="not yet"), record("Bob", "Bob")) == [(2, 0), (2, 0)]


def test_nobodys_answer_fits_another():
    draw = PROBLEMS["own-graph"].own
    people = [f"learner{k}@example.edu" for k in range(200)]
    answers = [draw(me).right for me in people]
    for me, right in zip(people[:20], answers[:20], strict=True):
        passed = [k for k, other in enumerate(people) if {**right, "me": other} and answers[k] == right]
        assert [people[k] for k in passed] == [me]


@linux
def test_a_class_whose_numbers_are_drawn_again_by_the_grader(tmp_path):
    for learner, me in {"Ada Lovelace": "ada lovelace", "Bob": "Ada Lovelace", "Cy": "Cy"}.items():
        nb = json.loads((releases.RELEASED / LESSON).read_text(encoding="utf-8"))
        right = PROBLEMS["own-graph"].own(me).right
        for cell in nb["cells"]:
            if cell["id"] == "own-graph":
                cell["source"] = f"def own_graph():\n    return {right | {'me': me}!r}"
            if cell["id"] == "own-graph-mine":
                cell["source"] = f'mine("own-graph", {me!r})'
        (tmp_path / "in" / learner).mkdir(parents=True)
        (tmp_path / "in" / learner / LESSON).write_text(json.dumps(nb), encoding="utf-8")
    results, _ = grade_class(tmp_path / "in", tmp_path / "out")
    assert {each["learner"]: each["points"] for each in results} == {"Ada Lovelace": 2, "Bob": 0, "Cy": 2}
    assert not [problem for each in results for notebook in each["notebooks"] for problem in notebook["problems"]]
