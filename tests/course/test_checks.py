"""check and hint speak to a learner, in a notebook and outside, and stop nothing."""

import re

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from bplib.course import checks
from bplib.course.checks import check, hint, show_progress
from bplib.course.judging.judges import Problem
from bplib.course.judging.reading import NOT_YET, Part, Verdict
from bplib.course.problems import PROBLEMS
from bplib.optimizers import SGD


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS", "off")
    monkeypatch.setattr(checks, "_hints_given", {})


@pytest.fixture
def shell():
    """IPython as in a notebook, for one test."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def planted(monkeypatch, **fields):
    """An exercise "planted" with the given fields, among the others."""
    usual = dict(id="planted", title="", points=2, hints=("a", "b"), judge=None, minutes=1, difficulty=1)
    monkeypatch.setitem(PROBLEMS, "planted", Problem(**{**usual, **fields}))


def stub(x):
    raise NotImplementedError()


def test_a_right_answer_says_passed_and_the_points(monkeypatch, capsys):
    planted(monkeypatch, judge=lambda answer: Verdict("passed", "Good."))
    assert check("planted", len) is None
    assert capsys.readouterr().out == "planted: passed, 2 of 2 points. Good.\n"


def test_an_exercise_worth_nothing_does_not_speak_of_points(capsys):
    check("first-check", lambda x: x * x)
    assert capsys.readouterr().out == "first-check: passed. It agrees with ours to 1e-6.\n"


def test_a_known_mistake_is_nudged_first_and_told_whole_when_it_comes_again(capsys):
    def said(answer):
        check("first-check", answer)
        return capsys.readouterr().out.replace("\n", " ").strip().removeprefix("first-check: ")

    nudge = "not yet. This is 2 times x. If you are stuck, check again, and you are told more."
    whole = "not yet. This is 2 times x. The square of x is x times x."
    assert [said(lambda x: 2 * x), said(lambda x: 2 * x), said(lambda x: 2 * x)] == [nudge, whole, whole]
    said(lambda x: x * x)
    assert said(lambda x: 2 * x) == nudge


def test_a_stub_says_not_attempted_and_what_to_do(capsys):
    check("first-check", stub)
    assert capsys.readouterr().out.replace("\n", " ").rstrip() == (
        "first-check: not attempted. Replace the line `raise NotImplementedError()` with your answer, "
        "run that cell, then this one."
    )


def test_a_long_message_is_wrapped(monkeypatch, capsys):
    planted(monkeypatch, judge=lambda answer: Verdict(NOT_YET, "word " * 100))
    check("planted", len)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 4 and max(map(len, lines)) <= 100


def test_in_a_notebook_the_verdict_is_an_output_of_plain_text_and_html(monkeypatch, shell):
    planted(monkeypatch, judge=lambda answer: Verdict(NOT_YET, "Half.", "times-half"))
    with capture_output() as captured:
        assert check("planted", len) is None
    [output] = captured.outputs
    assert captured.stdout == ""
    assert (output.data["text/plain"], output.metadata) == ("planted: not yet. Half.", {})
    html = output.data["text/html"]
    assert "◐" in html and "<b>planted: not yet</b>. Half." in html


def test_a_verdict_shows_which_entries_are_right_and_says_how_many(monkeypatch, shell):
    parts = (Part("dW", (2, 3), (2, 3), ((True, True, False), (True, False, False))), Part("db", (3,), (2,), None))
    planted(monkeypatch, judge=lambda answer: Verdict(NOT_YET, "See <b>.", "x", parts))
    with capture_output() as captured:
        check("planted", len)
    html = captured.outputs[0].data["text/html"]
    assert (html.count("<rect"), html.count("<path")) == (3, 3)
    assert "3 of 6 right" in html and "(3,), needed is (2,)" in html and "See &lt;b&gt;." in html


def test_what_is_compared_is_looked_at_in_the_case_that_is_wrong():
    verdict = PROBLEMS["linear-backward"].judge(lambda dY, X, W: (dY @ W, dY.T @ X, 2 * dY.sum(axis=0)), seed=0)
    assert [part.name for part in verdict.parts] == ["dX", "dW", "db"]
    assert [all(map(all, part.right)) for part in verdict.parts] == [True, True, False]
    assert not any(map(any, verdict.parts[2].right))


def test_an_unknown_id_lists_the_close_and_the_known_ones():
    for call in (lambda: check("first-chek", len), lambda: hint("first-chek")):
        with pytest.raises(ValueError) as error:
            call()
        assert "did you mean 'first-check'" in str(error.value)
        assert all(id in str(error.value) for id in PROBLEMS)


def test_arguments_in_the_wrong_order_are_told():
    with pytest.raises(ValueError, match=re.escape('check("mse", mse); given function')):
        check(stub, "first-check")


def test_hints_come_one_after_the_other_and_start_again(monkeypatch, capsys):
    planted(monkeypatch, hints=("Look.", "Look closer."))
    said = []
    for _ in range(5):
        assert hint("planted") is None
        said.append(capsys.readouterr().out)
    again = "That was the last hint; from the start again.\n"
    first, second = "hint 1 of 2: Look.\n", "hint 2 of 2: Look closer.\n"
    assert said == [first, second, again + first, second, again + first]


def test_each_exercise_has_its_own_hints_to_go_through(monkeypatch, capsys):
    planted(monkeypatch)
    hint("first-check")
    hint("planted")
    assert capsys.readouterr().out.count("hint 1 of 2") == 2


def test_progress_is_printed_outside_and_a_table_in_a_notebook(capsys, shell):
    with capture_output() as captured:
        show_progress()
    data = captured.outputs[0].data
    assert "<table" in data["text/html"] and "Start here" in data["text/plain"]
    InteractiveShell.clear_instance()
    show_progress()
    assert capsys.readouterr().out == data["text/plain"] + "\n"


def test_a_method_of_the_course_is_closed_as_a_function_is_and_open_again_afterward(capsys):
    def nesterov(gradient, w, rates, mu):
        w, optimizer = w.copy(), SGD(rates[0], momentum=mu, nesterov=True)
        for _ in rates:
            optimizer.step({"w": w}, {"w": gradient(w)})
        return w

    check("nesterov", nesterov)
    assert "It calls optimizers.SGD.__init__, but this exercise opens nothing of the course" in unfolded(capsys)
    w = np.ones(2)
    SGD(0.5).step({"w": w}, {"w": np.ones(2)})
    assert w.tolist() == [0.5, 0.5]


def unfolded(capsys):
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "line",
    [
        "from bplib import diagrams, explorers, plots",
        "from bplib.course import planted",
        "from bplib.course.checks import check, hint, show_progress",
        "from bplib.course.environment import check_environment",
    ],
)
def test_what_notebooks_of_learners_have_imported_is_there_as_long_as_they_are(line):
    exec(line, {})


def test_a_name_that_never_was_in_bplib_is_an_error_as_ever():
    with pytest.raises(ImportError, match="nosuch"):
        exec("from bplib import nosuch", {})
