"""Promise: every notebook gets the points its answers deserve, and none is lost for its form."""

import ast
import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import toy_course
import toy_problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from toy_course import answered, cell
from toy_problems import RIGHT

from bplib import cli
from bplib.course.judging.reading import Gone
from bplib.course.notebooks import releases, submissions
from bplib.course.notebooks.assembling import Check, assemble, named, ungraded
from bplib.grading import grader, reports
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.processes import Limits

WRONG = {"toy-double": "def double(x):\n    return x + 2"}


@pytest.fixture(scope="module", autouse=True)
def course(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        toy_problems.register()
        folder = toy_course.make(tmp_path_factory.mktemp("course"))
        patch.setattr(releases, "RELEASED", folder / "bplib" / "course" / "released")
        yield folder
        toy_problems.unregister()


@pytest.fixture
def submit(tmp_path):
    """A function that writes a submission to a file and returns its path."""

    def write(nb, name="a.ipynb"):
        path = tmp_path / name
        path.write_bytes(nb if isinstance(nb, bytes) else json.dumps(nb, ensure_ascii=False).encode("utf-8"))
        return path

    return write


def statuses(submission):
    return {exercise["id"]: exercise["status"] for exercise in submission["exercises"]}


def message(submission, id):
    return next(exercise["message"] for exercise in submission["exercises"] if exercise["id"] == id)


def graded_file(path):
    [submission] = grader.grade([path])["submissions"]
    return submission


def after(nb, id, *cells):
    """Put cells after the one with an id."""
    place = [cell.id for cell in nb.cells].index(id) + 1
    nb.cells[place:place] = cells
    return nb


def without_marks(nb):
    for each in nb.cells:
        each.metadata.pop("nbgrader", None)
    return nb


# Assembling


SETUP = releases.release(toy_course.solution()).cells[1].source


def steps(learner, released=None):
    """What is done with a submission: the code that is run, and the ids of what is judged after a '='."""
    done, _ = assemble(learner, released or toy_course.released())
    return [f"={step.id}" if isinstance(step, Check) else step.source for step in done]


def in_order(*ids):
    """What is done with these answers, all of them right."""
    return [part for id in ids for part in (RIGHT[id], f"={id}")]


ALL = [SETUP, SETUP, *in_order(*RIGHT)]


def test_what_was_given_is_run_and_then_the_learners_notebook_of_which_only_code_counts():
    learner = answered(RIGHT)
    learner.metadata.kernelspec.name = "nosuch"
    for each in learner.cells:
        each.metadata["tags"] = ["raises-exception", "skip-execution"]
        if each.cell_type == "code":
            each.execution_count = 9
            each.outputs = [
                new_output("display_data", {"text/plain": "passed"}, metadata={"bplib": {"id": "toy-half"}})
            ]
    assert steps(learner) == ALL
    assert assemble(learner, toy_course.released())[1] == []


def test_assembling_leaves_both_notebooks_as_they_are():
    learner, released = answered(RIGHT), toy_course.released()
    assemble(learner, released)
    assert (learner, released) == (answered(RIGHT), toy_course.released())


def test_a_split_answer_runs_in_order_with_what_stands_between():
    learner = answered({**RIGHT, "toy-half": "a = 1"})
    second = copy.deepcopy(cell(learner, "toy-half"))
    second.update(id="f00", source="b = 2")
    after(learner, "toy-half", new_code_cell("between = 3"), second)
    at = steps(learner).index("a = 1")
    assert steps(learner)[at : at + 4] == ["a = 1", "between = 3", "b = 2", "=toy-half"]
    assert assemble(learner, toy_course.released())[1] == []


def test_answers_are_known_by_their_marks_by_their_ids_and_without_both_by_what_they_are():
    renamed = answered(RIGHT)
    for number, each in enumerate(renamed.cells):
        each.id = f"x{number}"
    bare = without_marks(copy.deepcopy(renamed))
    for learner in (renamed, without_marks(answered(RIGHT)), bare):
        assert steps(learner) == ALL
        done, problems = assemble(learner, toy_course.released())
        assert [step.answers for step in done if not isinstance(step, Check)][2:] == [[id] for id in RIGHT]
        assert problems == []


def test_an_answer_with_its_id_that_was_moved_below_its_check_is_judged_where_it_stands():
    learner = answered(RIGHT)
    learner.cells.reverse()
    found = [step for step in steps(learner) if step not in {f"={id}" for id in RIGHT}]
    assert found == [SETUP, *map(RIGHT.get, reversed(RIGHT)), SETUP]
    assert {exercise["status"] for exercise in graded_by(toy_course.Here(), learner)[0].values()} == {"passed"}


def test_cells_of_the_learners_own_keep_their_places_and_a_changed_given_cell_is_one():
    learner = after(answered({**RIGHT, "setup": "import math"}), "toy-double-check", new_code_cell("mine = 1"))
    after(learner, "toy-double-check", new_markdown_cell("a note"))
    learner.cells.insert(0, new_code_cell("first = 1"))
    expected = [SETUP, "first = 1", "import math", *in_order(*RIGHT)]
    expected.insert(expected.index("=toy-double") + 1, "mine = 1")
    assert steps(learner) == expected


def test_a_check_is_known_by_its_line_and_an_edited_one_by_its_id():
    learner = answered(RIGHT)
    cell(learner, "toy-half-check").source = "pass"
    double = copy.deepcopy(cell(learner, "toy-double-check"))
    double.update(id="f00", source="raise SystemExit")
    learner.cells.append(double)
    expected = [*ALL, "raise SystemExit"]
    expected.insert(expected.index("=toy-half"), "pass")
    assert steps(learner) == expected


def test_without_a_check_an_exercise_is_judged_before_the_next_one_begins():
    learner = after(answered(RIGHT), "toy-double", new_code_cell("helper = 1"))
    learner.cells = [each for each in learner.cells if not each.id.endswith("-check")]
    expected = list(ALL)
    expected.insert(expected.index("=toy-double"), "helper = 1")
    assert steps(learner) == expected


def test_an_answer_in_the_cell_of_its_check_is_above_it_and_what_is_left_of_the_cell_below():
    learner = answered({"toy-half": "", "toy-half-check": RIGHT["toy-half"] + "\ncheck('toy-half', half)\nhalf = None"})
    at = steps(learner).index("=toy-half")
    assert steps(learner)[at - 1 : at + 2] == [
        RIGHT["toy-half"] + "\ncheck('toy-half', half)",
        "=toy-half",
        "half = None",
    ]


def test_a_stub_is_no_answer_wherever_it_stands():
    learner = answered(RIGHT)
    stub = toy_course.released()
    after(learner, "toy-half", new_code_cell(cell(stub, "toy-half").source), cell(stub, "toy-half"))
    assert steps(learner) == ALL


def test_an_answer_that_a_check_is_given_by_another_name_or_by_none_is_judged():
    learner = answered(RIGHT)
    cell(learner, "toy-half").source = "def mine(x):\n    return x / 2"
    cell(learner, "toy-half-check").source = 'check("toy-half", mine)'
    cell(learner, "toy-double-check").source = "check('toy-double', answer=lambda x: x + x)"
    exercises, problems = graded_by(toy_course.Here(), learner)
    assert {exercise["status"] for exercise in exercises.values()} == {"passed"}
    assert exercises["toy-half"]["code"].startswith("def mine") and problems == []


def test_a_missing_or_empty_answer_is_named_and_what_was_given_is_not_judged():
    learner = answered({**RIGHT, "toy-half": "  \n"})
    learner.cells = [each for each in learner.cells if each.id != "toy-double"]
    cell(learner, "toy-parity").cell_type = "raw"
    cell(learner, "toy-parity").source = cell(toy_course.released(), "toy-parity").source
    assert steps(learner) == [SETUP, SETUP, *(f"={id}" for id in RIGHT)]
    assert assemble(learner, toy_course.released())[1] == [
        "toy-double: its cell is missing",
        "toy-half: its cell is empty",
        "toy-parity: its cell is of the type raw",
    ]


def test_the_lesson_is_found_from_the_ids_and_not_from_the_name(submit):
    learner, _ = submissions.parse(submit(answered(RIGHT), "homework (3).ipynb").read_bytes())
    assert submissions.lesson_of(learner) == ("77_toy", toy_course.released())


def test_an_answer_below_its_check_is_not_graded_but_not_passed_over_in_silence(submit):
    nb = toy_course.released()
    nb.cells.append(new_code_cell(RIGHT["toy-double"], id="mine"))
    learner, _ = submissions.parse(submit(nb).read_bytes())
    exercises, problems = graded_by(toy_course.Here(), learner)
    assert {exercise["status"] for exercise in exercises.values()} == {"not attempted"}
    assert problems == ["toy-double: an answer stands below its check, where it is not graded"]
    assert exercises["toy-double"]["ungraded"] == RIGHT["toy-double"]
    assert [exercises[id]["ungraded"] for id in ("toy-half", "toy-parity")] == ["", ""]


def test_code_below_the_check_of_a_wrong_answer_is_shown_and_below_that_of_a_right_one_it_is_not():
    for above, shown in ((WRONG["toy-double"], True), (RIGHT["toy-double"], False)):
        learner = answered({"toy-double": above})
        learner.cells += [
            new_code_cell(source, id=f"mine-{k}") for k, source in enumerate((RIGHT["toy-double"], "x = 1"))
        ]
        exercises, problems = graded_by(toy_course.Here(), learner)
        assert exercises["toy-double"]["ungraded"] == RIGHT["toy-double"] * shown
        assert problems == ["toy-double: an answer stands below its check, where it is not graded"] * shown


@pytest.mark.parametrize("kind", ["Markdown", "raw"])
@pytest.mark.parametrize("keeps_the_stub", [True, False])
def test_an_answer_in_no_code_is_not_graded_but_named_and_shown(kind, keeps_the_stub):
    learner = answered({"toy-half": RIGHT["toy-half"]})
    text = f"```python\n{RIGHT['toy-half']}\n```"
    half = cell(learner, "toy-half")
    if keeps_the_stub:
        learner.cells.append(new_markdown_cell(text, id="mine"))
        learner.cells[-1].cell_type, half.source = kind.lower(), cell(toy_course.released(), "toy-half").source
    else:
        half.cell_type, half.source = kind.lower(), text
    exercises, problems = graded_by(toy_course.Here(), learner)
    assert problems == [f"toy-half: an answer stands in a {kind} cell, where it is not graded"]
    assert (exercises["toy-half"]["status"], exercises["toy-half"]["ungraded"]) == ("not attempted", text)


def test_of_text_without_end_no_more_is_kept_than_a_person_reads():
    learner = toy_course.released()
    long = "def half(x):\n    return x / 2  # " + "long " * 100_000
    learner.cells += [new_markdown_cell(f"{k}\n{long}", id=f"m{k}") for k in range(10)]
    assert len(ungraded(learner, toy_course.released(), [])["toy-half"]) == 1
    exercises, problems = graded_by(toy_course.Here(), learner)
    assert len(exercises["toy-half"]["ungraded"]) == 20_000 and len(problems) == 1


def test_text_of_the_lesson_and_a_note_beside_an_answer_are_no_answers():
    learner = answered(WRONG)
    learner.cells.append(new_markdown_cell(RIGHT["toy-double"], id="note"))
    nb = toy_course.released()
    nb.cells.append(new_markdown_cell("def half(x):\n    return ...", id="task"))
    learner.cells.append(nb.cells[-1])
    assert set(ungraded(learner, nb, assemble(learner, nb)[0])) == {"toy-double"}
    exercises, problems = graded_by(toy_course.Here(), answered({}, nb), nb)
    assert problems == [] and not any(each["ungraded"] for each in exercises.values())
    learner.cells.pop()
    exercises, problems = graded_by(toy_course.Here(), learner)
    assert problems == [] and exercises["toy-double"]["ungraded"] == ""


def test_code_below_a_check_is_kept_to_be_read_though_it_did_not_come_back():
    learner = toy_course.released()
    learner.cells.append(new_code_cell("while True: pass\n" + RIGHT["toy-double"], id="mine"))
    exercises, problems = graded_by(Scripted({"while True": Gone("took too long")}), learner)
    assert exercises["toy-double"]["ungraded"].endswith(RIGHT["toy-double"])
    assert problems[-1] == "toy-double: an answer stands below its check, where it is not graded"


def test_people_read_the_title_of_an_exercise_with_its_id():
    assert named("softmax-ce") == "Softmax cross-entropy, example by example (softmax-ce)"
    assert named("toy-half") == "toy-half" and named("gone") == "gone"


def test_a_single_answer_with_its_mark_is_enough_to_know_the_lesson():
    released = next(iter(releases.released_notebooks().values()))
    (first, *_) = [cell for cell in released.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    alone = nbformat.v4.new_notebook(cells=[first])
    assert submissions.exercise_ids(submissions.lesson_of(alone)[1]) == submissions.exercise_ids(released)


@pytest.mark.parametrize("others", [0, 6], ids=["alone", "among others"])
@pytest.mark.parametrize("id", ["toy-half", "toy-half-check", "setup"])
def test_a_notebook_that_shares_a_single_id_with_a_lesson_is_of_another_course(id, others, submit):
    mine = [new_code_cell(f"x = {number}", id=f"mine-{number}") for number in range(others)]
    submission = graded_file(submit(new_notebook(cells=[new_code_cell("half = 1 / 2", id=id), *mine])))
    [problem] = submission["problems"]
    assert "no exercise of this course" in problem
    assert (submission["max_points"], submission["exercises"]) == (0, [])


# Bad input, without a kernel


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"import marimo\n", "it is no notebook: a file .ipynb is needed, which is JSON and begins with {"),
        (b'{"cells": not json', "it is not JSON: Expecting value, in line 1"),
        (b'{"cells": [', "it is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "it is JSON, but no notebook"),
        (b'{"a": 1}', "it is JSON, but no notebook"),
        (b'{"nbformat": "4"}', "it is JSON, but no notebook"),
        (b'{"nbformat": 1, "cells": []}', "too old"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": []}', "has no cells"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": null}', "has no cells"),
        (b'{"nbformat": 3, "worksheets": 7}', "has no cells"),
        (
            b'{"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": "code", "source": "1"}]}',
            "no exercise of this",
        ),
    ],
)
def test_a_file_that_holds_nothing_to_grade_is_named_with_the_reason(content, says, submit):
    submission = graded_file(submit(content))
    [problem] = submission["problems"]
    assert says in problem and "\n" not in problem
    assert (submission["points"], submission["max_points"], submission["exercises"]) == (0, 0, [])


def test_a_path_that_leads_nowhere_and_a_folder_without_notebooks_are_named(tmp_path):
    report = grader.grade([tmp_path / "none.ipynb", tmp_path])
    assert [submission["problems"] for submission in report["submissions"]] == [
        ["there is no such file or folder"],
        ["there is no notebook in it"],
    ]


def older(minor):
    nb = answered(RIGHT)
    nb.nbformat_minor = minor
    for each in nb.cells:
        del each["id"]
    return nb


def test_what_can_be_read_of_an_odd_file_is_read_and_what_is_odd_is_said(submit):
    odd = answered(RIGHT)
    utf8 = json.dumps(odd, ensure_ascii=False).encode("utf-8")
    accents = utf8.replace(b"Toys", "Jouets préférés".encode("latin-1"))
    version3 = nbformat.from_dict({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]})
    for each in older(4).cells:
        key = "input" if each.cell_type == "code" else "source"
        stored = {"cell_type": each.cell_type, "metadata": each.metadata, key: each.source.splitlines(True)}
        version3.worksheets[0].cells.append(stored)
    damaged = copy.deepcopy(odd)
    damaged.cells += [7, {"cell_type": "code", "source": 3}]
    for content, says in [
        (utf8, None),
        (b"\xef\xbb\xbf" + utf8, "byte order mark"),
        (accents, "not in UTF-8"),
        (json.dumps(odd).encode("utf-16"), "UTF-16"),
        (older(4), "older nbformat 4.4"),
        (older(0), "older nbformat 4.0"),
        (version3, "older nbformat 3.0"),
        ({**odd, "nbformat": 5}, "newer than we know"),
        ({**odd, "nbformat_minor": 99}, None),
        (damaged, "2 of its 10 cells could not be read"),
    ]:
        learner, problems = submissions.parse(submit(content).read_bytes())
        assert [says in problem for problem in problems] == ([True] if says else []), says
        released = submissions.lesson_of(learner)[1]
        assert (steps(learner, released), assemble(learner, released)[1]) == (ALL, []), says


def test_half_a_surrogate_pair_does_not_reach_the_kernel(submit):
    path = submit(json.dumps(answered({"toy-half": "x = '\ud800'"})).encode())
    learner, _ = submissions.parse(path.read_bytes())
    assert cell(learner, "toy-half").source == "x = '?'"


# In this process: what is said of a submission that runs to its end


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(launching, "launcher", toy_course.Here)


def boasting(nb):
    """The notebook, with saved outputs that say all is passed."""
    for each in nb.cells:
        if each.cell_type == "code":
            said = {"id": each.id.removesuffix("-check"), "status": "passed", "points": 99, "message": "passed"}
            each.outputs = [new_output("display_data", {"text/plain": "passed"}, metadata={"bplib": said})]
    return nb


def test_a_wrong_answer_gets_its_sentence_and_costs_only_itself_whatever_its_saved_outputs_say(submit, in_process):
    wrong = graded_file(submit(boasting(answered({**RIGHT, **WRONG}))))
    assert wrong["points"] == 4
    assert statuses(wrong)["toy-double"] == "not yet"
    assert message(wrong, "toy-double") == toy_problems.ADDED[0].verdict.nudge


def test_an_answer_in_a_cell_of_its_own_below_the_stub_counts(submit, in_process):
    elsewhere = after(answered({}), "toy-half", new_code_cell(RIGHT["toy-half"]))
    assert statuses(graded_file(submit(elsewhere))) == {
        "toy-double": "not attempted",
        "toy-half": "passed",
        "toy-parity": "not attempted",
    }


def test_an_answer_cell_that_raises_is_not_yet_and_says_what_it_raised(submit, in_process):
    raising = {
        "toy-double": "double = undefined",
        "toy-half": "def half(x)\n    return",
        "toy-parity": "raise SystemExit",
    }
    submission = graded_file(submit(answered(raising)))
    assert submission["points"] == 0
    assert message(submission, "toy-double") == "Its cell raised NameError: name 'undefined' is not defined."
    assert message(submission, "toy-half").startswith("Its cell raised SyntaxError")
    assert message(submission, "toy-parity").startswith("Its cell raised SystemExit")


def test_the_solution_gets_full_points_and_the_untouched_exercise_none(course, in_process):
    report = grader.grade([course / "solutions", course / "exercises"])
    full, none = report["submissions"]
    assert [(e["id"], e["points"], e["max_points"], e["status"]) for e in full["exercises"]] == [
        ("toy-double", 2, 2, "passed"),
        ("toy-half", 3, 3, "passed"),
        ("toy-parity", 1, 1, "passed"),
    ]
    assert (full["points"], full["max_points"], none["points"], none["max_points"]) == (6, 6, 0, 6)
    assert set(statuses(none).values()) == {"not attempted"}
    assert full["problems"] == none["problems"] == []


# In processes of their own: what only those can show


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    """One report over many submissions, by name; the process that is forked for each takes a second to start."""
    folder = tmp_path_factory.mktemp("submissions")
    # A helper in a cell of its own; a split answer that warns on stderr; one that prints a lot and asks for input.
    odd = answered({**RIGHT, "toy-half": "import warnings", "toy-double": "double = helper"})
    second = copy.deepcopy(cell(odd, "toy-half"))
    second.update(id="f00", source="def half(x):\n    warnings.warn('careful')\n    return x / 2")
    after(odd, "toy-half", second)
    after(odd, "setup", new_code_cell("def helper(x):\n    return x + x"))
    cell(odd, "toy-parity").source += "\n\n\nprint('x' * 10_000_000)\ninput()"
    where = "import os\n\nraise LookupError((os.listdir(), os.getcwd(), os.environ['BPLIB_PROGRESS']))"
    lost = {
        "toy-double": "def double(x):\n    while True:\n        pass",
        "toy-half": "import os\n\n\ndef half(x):\n    os._exit(0)",
    }
    submissions = {
        "lost": answered({**RIGHT, **lost}),
        "odd": odd,
        "wrong": boasting(answered({**WRONG, "toy-half": where, "toy-parity": "raise SystemExit"})),
    }
    for name, nb in submissions.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(nb))
    (folder / "broken.ipynb").write_text("{")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "odd-checkpoint.ipynb").write_text("{")
    (folder / "odd.2026-11-23T21-40-05.ipynb").write_text("{")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BPLIB_PROGRESS", "on")
        report = grader.grade([folder, folder / "odd.ipynb"], Limits(cell_seconds=3))
    return {Path(submission["path"]).stem: submission for submission in report["submissions"]}


def test_every_notebook_of_a_folder_is_graded_once_and_copies_are_not(graded):
    assert list(graded) == ["broken", "lost", "odd", "wrong"]
    assert graded["broken"]["problems"]


def test_honest_oddities_keep_all_their_points(graded):
    assert (graded["odd"]["points"], graded["odd"]["problems"]) == (6, [])


def test_an_answer_that_hangs_or_dies_costs_its_own_points_and_no_others(graded):
    lost = graded["lost"]
    assert statuses(lost) == {"toy-double": "not yet", "toy-half": "not yet", "toy-parity": "passed"}
    assert message(lost, "toy-double") == "It took longer than 3 s."
    assert message(lost, "toy-half") == "It ended its process."
    assert (lost["points"], lost["problems"]) == (1, [])


def test_it_is_told_what_is_wrong_and_what_was_raised_whatever_is_saved(graded):
    wrong = graded["wrong"]
    assert (wrong["points"], wrong["problems"]) == (0, [])
    assert message(wrong, "toy-double") == toy_problems.ADDED[0].verdict.nudge
    assert message(wrong, "toy-parity").startswith("Its cell raised SystemExit")


def test_the_answers_do_not_run_beside_the_learners_files_or_in_their_progress(graded):
    said = message(graded["wrong"], "toy-half").removeprefix("Its cell raised LookupError: ").removesuffix(".")
    files, folder, progress = ast.literal_eval(said)
    assert (files, Path(folder).name, progress) == ([], "exercises", "off")
    assert not Path(folder).exists()


class Failing(toy_course.Here):
    """Starts a process only when asked for the third time."""

    asked = 0

    def start(self, scratch, limits):
        Failing.asked += 1
        if Failing.asked < 3:
            raise launching.Failed("no process")
        return super().start(scratch, limits)


def test_a_process_that_fails_to_start_is_tried_again_and_one_that_never_starts_is_not_graded_and_not_0(
    submit, monkeypatch
):
    monkeypatch.setattr(launching, "launcher", Failing)
    assert grader.grade([submit(answered(RIGHT))])["submissions"][0]["points"] == 6
    monkeypatch.setattr(Failing, "asked", -10)
    report = grader.grade([submit(answered(RIGHT))])
    [submission] = report["submissions"]
    assert (submission["points"], submission["max_points"], submission["exercises"]) == (None, 6, [])
    assert submission["problems"] == ["not graded, by a failure of the grader: no process"]
    assert reports.table(report).startswith("total: 0 of 0 points, and 1 not graded\n")


# Processes that answer, or do not, as a test wants it


class Scripted(toy_course.Here):
    """A process where the named sources do not come back, but for the reason given."""

    def __init__(self, stops=()):
        self.stops, self.ran = dict(stops), []

    def run(self, source):
        self.ran.append(source)
        for part, reason in self.stops.items():
            if part in source:
                raise Gone(reason)
        return super().run(source)


def graded_by(process, learner, released=None):
    """(exercises, problems) of a submission whose process is the given one, however often it is started."""
    done = grader.grade_notebook(learner, released or toy_course.released(), process.start, Limits())
    return {exercise["id"]: exercise for exercise in done.exercises}, done.problems


def test_silence_is_not_a_pass():
    nameless = Scripted()
    nameless.run = lambda source: ""
    exercises, problems = graded_by(nameless, answered(RIGHT))
    assert {exercise["points"] for exercise in exercises.values()} == {0}
    assert exercises["toy-half"]["message"] == (
        "There is no function named half when the check runs; define it in the cell of the answer."
    )
    assert problems == []


def test_a_message_without_end_is_cut():
    raising = "def half(x):\n    raise ValueError('y' * 1_000_000)"
    exercises, _ = graded_by(Scripted(), answered({"toy-half": raising}))
    assert "yyy" in exercises["toy-half"]["message"]
    assert len(exercises["toy-half"]["message"]) <= 1000


def test_a_setup_cell_of_ours_that_raises_is_named_and_explains_the_silence():
    process = Scripted()
    process.run = lambda source: "ImportError: no numpy" if "import sys" in source else ""
    exercises, problems = graded_by(process, answered(RIGHT))
    assert problems == ["the cell 'setup' raised ImportError: no numpy"]
    assert exercises["toy-half"]["message"] == f"There is nothing to judge: {problems[0]}."


def test_a_given_answer_that_was_left_as_it_is_is_not_attempted():
    released = toy_course.released()
    cell(released, "toy-half").source = RIGHT["toy-half"]
    for source, status in [(RIGHT["toy-half"], "not attempted"), ("def half(x):\n    return x / 2", "passed")]:
        exercises, _ = graded_by(Scripted(), answered({"toy-half": source}, released), released)
        assert exercises["toy-half"]["status"] == status


def test_a_cell_of_the_learners_own_that_hangs_is_left_out_and_named():
    learner = after(answered(RIGHT), "toy-double-check", new_code_cell("while True:\n    pass"))
    exercises, problems = graded_by(Scripted({"while True": "took longer than 60 s"}), learner)
    assert exercises["toy-half"]["status"] == "passed"
    assert problems == ["a cell of the learner's own, `while True:`, took longer than 60 s and was left out"]


def test_what_was_judged_before_a_stop_is_not_judged_again():
    judged = []
    process = Scripted({"return 'even'": "ended its process"})
    process.answer = lambda name, allowed: judged.append(name) or toy_course.Here.answer(process, name)
    exercises, _ = graded_by(process, answered(RIGHT))
    assert [exercise["points"] for exercise in exercises.values()] == [2, 3, 0]
    assert judged == ["double", "half"]
    assert sum("def double" in source for source in process.ran) == 2


def test_when_a_given_cell_does_not_come_back_no_learner_pays():
    process = Scripted({"import sys": "ended its process"})
    learner = answered(RIGHT)
    learner.cells.insert(0, new_code_cell("mine = 1"))
    with pytest.raises(launching.Failed, match="our own cell 'setup' ended its process, tried 3 times"):
        graded_by(process, learner)
    assert process.ran.count("mine = 1") == 0


# The command and its table


REPORT = {
    "submissions": [
        {
            "path": "exercises/01_loss_functions.ipynb",
            "points": 2,
            "max_points": 6,
            "exercises": [
                {"id": "mse", "points": 2, "max_points": 2, "status": "passed", "message": "It agrees."},
                {"id": "bce-logits", "points": 0, "max_points": 3, "status": "not yet", "message": "So | wrong " * 20},
                {"id": "sign", "points": 0, "max_points": 1, "status": "not attempted", "message": "Replace the line"},
            ],
            "problems": ["sign: its cell is missing"],
        },
        {"path": "b.ipynb", "points": 0, "max_points": 0, "exercises": [], "problems": ["the file is empty"]},
        *(
            {
                "path": f"exercises/{name}.ipynb",
                "points": 0,
                "max_points": 5,
                "exercises": [{"id": name, "points": 0, "max_points": 5, "status": "not attempted", "message": "..."}],
                "problems": [],
            }
            for name in ("02_gradients", "03_*chain*")
        ),
    ]
}


def test_the_table_begins_with_the_total_and_the_sums_and_names_what_was_not_attempted_in_one_line():
    lines = reports.table(REPORT).splitlines()
    assert lines[:5] == [
        "total: 2 of 16 points",
        "",
        "exercises/01_loss_functions.ipynb  2/6",
        "  ! sign: its cell is missing",
        "  mse         passed             2/2",
    ]
    assert lines[5].startswith("  bce-logits  not yet            0/3  So | wrong So")
    assert "  sign        not attempted      0/1" in lines
    assert lines[-5:] == [
        "",
        "b.ipynb",
        "  ! the file is empty",
        "",
        "not attempted, 10 points: 02_gradients, 03_*chain*",
    ]
    assert max(map(len, lines)) <= 100
    assert not any(line != line.rstrip() for line in lines)


def test_what_was_not_enforced_is_said_once_and_nothing_where_all_was():
    submissions = [{**each, "not_enforced": ["files", "network"]} for each in REPORT["submissions"]]
    line = "not enforced on this system: files, network"
    for report in (reports.table, reports.markdown):
        assert report({"submissions": submissions}).splitlines().count(line) == 1
        assert "not enforced" not in report(REPORT)


def test_the_markdown_table_has_as_many_cells_in_every_row_between_the_total_and_what_was_not_attempted():
    text = reports.markdown(REPORT)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 5 + 1
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    assert rows[2] == r"| exercises/01\_loss\_functions.ipynb | | | **2/6** | |"
    assert text.startswith("**total: 2 of 16 points**\n\n|")
    assert text.endswith("\n\nnot attempted, 10 points: 02\\_gradients, 03\\_\\*chain\\*\n")


def test_nothing_that_a_learner_wrote_is_markdown():
    raised = "Its cell raised E: ![x](https://e.org/x.png) <img src=x> `a` **b** _c_ ~~d~~ &lt; \\| | [e](f)\n# g"
    exercise = {"id": "mse", "points": 0, "max_points": 2, "status": "not yet", "message": raised}
    one = {"path": "a.ipynb", "points": 0, "max_points": 2, "exercises": [exercise], "problems": []}
    row = reports.markdown({"submissions": [one]}).splitlines()[-1]
    assert row.count("\n") == 0 and "# g |" in row and "://" not in row.replace("\\://", "")
    assert not re.search(r"(?<!\\)(\\\\)*[`*_~\[\]<>&]", row)


def test_grade_prints_the_table_writes_the_json_and_exits_0_whatever_the_points(submit, tmp_path, in_process, capsys):
    path = submit(answered(WRONG))
    assert cli.main(["grade", str(path), "--json", str(tmp_path / "out.json")]) == 0
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert capsys.readouterr().out == reports.table(report) + "\n"
    [submission] = report["submissions"]
    assert set(submission) == {
        *("path", "lesson", "title", "points", "max_points", "exercises", "problems", "not_enforced", "is_cut_off")
    }
    assert set(submission["exercises"][0]) == {
        *("id", "title", "points", "max_points", "status", "message", "misconception", "whose", "code", "ungraded")
    }
    assert submission["path"] == path.as_posix()
    assert sorted(os.listdir(tmp_path)) == ["a.ipynb", "out.json"]


def test_a_problem_with_a_file_is_exit_code_1_and_wrong_usage_2(submit, tmp_path, capsys):
    assert cli.main(["grade", str(submit(b"{"))]) == 1
    assert cli.main(["grade", str(tmp_path / "a.ipynb"), "--json", str(tmp_path / "no" / "out.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    for arguments in ([], ["grade"], ["nonsense"]):
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        assert stop.value.code == 2


def without(nb, id):
    nb.cells = [each for each in nb.cells if each.id != id]
    return nb


@pytest.mark.parametrize(
    ("nb", "says", "points"),
    [
        (lambda: older(4), "  - it is of the older nbformat 4.4, and was converted", 6),
        (lambda: without(answered(RIGHT), "toy-double"), "  ! toy-double: its cell is missing", 4),
    ],
    ids=["older nbformat", "missing cell"],
)
def test_of_a_file_that_was_graded_a_problem_is_exit_code_1_and_information_0(
    nb, says, points, submit, in_process, capsys
):
    assert cli.main(["grade", str(submit(nb()))]) == (1 if "!" in says else 0)
    lines = capsys.readouterr().out.splitlines()
    assert says in lines
    assert lines[0] == f"total: {points} of 6 points"


def test_json_to_a_folder_is_wrong_usage_and_said_before_anything_is_graded(submit, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(grader, "grade", lambda paths: pytest.fail("it has graded"))
    path = submit(answered(RIGHT))
    assert cli.main(["grade", str(path), "--json", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert tmp_path.name in err
    assert os.listdir(tmp_path) == ["a.ipynb"]


# The command as a process of its own, of the toy course and without a kernel.
COMMAND = """
import sys
from pathlib import Path

tests, released, *arguments = sys.argv[1:]
sys.path.insert(0, tests)
import toy_course, toy_problems
from bplib import cli
from bplib.course.notebooks import releases
from bplib.grading.sandbox import launching

toy_problems.register()
releases.RELEASED = Path(released)
launching.launcher = toy_course.Here
sys.exit(cli.main(arguments))
"""


def test_on_a_console_that_cannot_print_a_letter_the_table_is_printed_without_it(submit, tmp_path):
    path = submit(answered({**RIGHT, "toy-half": "raise ValueError('the σ of it')"}))
    arguments = [
        str(Path(toy_course.__file__).parent),
        str(releases.RELEASED),
        "grade",
        str(path),
        "--json",
        "out.json",
    ]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode("cp1252")
    assert re.search(r"ValueError: the (\?|\\u03c3) of it\.", printed)
    assert printed.splitlines()[0] == "total: 3 of 6 points"
    [submission] = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["submissions"]
    assert message(submission, "toy-half") == "Its cell raised ValueError: the σ of it."


def test_progress_outside_of_a_course_is_refused(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["progress"]) == 1
    assert "not in a folder of the course" in capsys.readouterr().err


def test_progress_is_shown_by_the_command(capsys, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    assert cli.main(["progress"]) == 0
    assert "not attempted" in capsys.readouterr().out
