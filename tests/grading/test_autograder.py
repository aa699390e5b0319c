"""Promise: Gradescope and Classroom 50 get results as they read them, graded with the course that the zip carries."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from hostile_submissions import answered, right

from bplib import cli
from bplib.course.syllabus import Asked, Extension, Syllabus
from bplib.grading import adapters, autograder, forms, grader

linux = pytest.mark.skipif(sys.platform != "linux", reason="both run Ubuntu")

EXERCISES = [
    {"id": "a", "title": "A", "points": 2, "max_points": 2, "status": "passed", "message": "It agrees."},
    {"id": "b", "title": "B", "points": 0, "max_points": 3, "status": "not yet", "message": "So <b>wrong</b>."},
    {"id": "c", "title": "C", "points": 0, "max_points": 1, "status": "not attempted", "message": "Replace the line"},
]
SUBMISSION = {"path": "x.ipynb", "points": 2, "max_points": 6, "exercises": EXERCISES, "problems": ["it is odd"]}
REPORT = {"submissions": [SUBMISSION]}
BETTER = {**SUBMISSION, "path": "y.ipynb", "points": 3, "problems": []}
FAILED = {**SUBMISSION, "points": None, "exercises": []}

# What the runner of Classroom 50 gives an autograder.
RUNNER = {
    "CLASSROOM": "cs",
    "ASSIGNMENT": "losses",
    "OWNER": "ada",
    "USERNAME": "ada",
    "ASSIGNMENT_TYPE": "group",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/cs/cs-losses-ada/commit/a1b2c3d",
    "RELEASE_URL": "https://github.com/cs/cs-losses-ada/releases/tag/submit%2F1",
    "REVIEW_URL": "https://github.com/cs/cs-losses-ada/compare/0...1",
}
TEXTS = ("classroom", "assignment", "owner", "submission", "commit", "release", "review")
MOMENT = r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"


def require_classroom50(result):
    """What schemas/result-v1.schema.json of Classroom 50 asks, and of what it cannot say what validate_result does."""
    assert result["schema"] == "classroom50/result/v1"
    assert all(isinstance(result[name], str) and result[name] for name in TEXTS)
    assert result["assignment_type"] in ("individual", "group", "team")
    assert result["submission"].startswith("submit/")
    assert re.fullmatch(MOMENT, result["datetime"]) and re.fullmatch(MOMENT, result["graded_at"])
    assert set(result) == {
        "schema",
        *TEXTS,
        *("assignment_type", "datetime", "graded_at", "score", "max-score", "tests"),
    }
    for each in [result, *result["tests"]]:
        assert type(each["score"]) is type(each["max-score"]) is int and 0 <= each["score"] <= each["max-score"]
    for test in result["tests"]:
        assert isinstance(test["test-name"], str) and test["test-name"] and type(test["passed"]) is bool


def require_gradescope(results):
    """What docs/specs.md of Gradescope's autograder_samples says of results.json."""
    assert set(results) <= {"score", "output", "output_format", "visibility", "stdout_visibility", "tests"}
    assert results["visibility"] == "visible" and results["stdout_visibility"] == "hidden"
    for test in results["tests"]:
        assert set(test) <= {"name", "score", "max_score", "status", "output", "output_format"}
        assert test["status"] in ("passed", "failed")
        assert 0 <= test["score"] <= test["max_score"]
    # The text about the whole is HTML unless something else is said, and those of tests are text.
    assert {each["output_format"] for each in [results, *results["tests"]]} == {"text"}


def test_a_report_is_a_result_of_classroom_50():
    result = adapters.classroom50(REPORT, RUNNER)
    require_classroom50(result)
    assert (result["score"], result["max-score"], result["datetime"]) == (2, 6, "2026-06-01T14:32:05Z")
    assert (result["owner"], result["assignment_type"]) == ("ada", "group")
    assert [test["passed"] for test in result["tests"]] == [True, False, False]
    assert result["tests"][1] == {
        "test-name": "b: B",
        "passed": False,
        "score": 0,
        "max-score": 3,
        "output": "So <b>wrong</b>.",
    }


def test_without_the_runner_of_classroom_50_there_is_no_result_and_what_lacks_is_said():
    with pytest.raises(ValueError, match="needs ASSIGNMENT and OWNER in the environment"):
        adapters.classroom50(REPORT, {**RUNNER, "ASSIGNMENT": "", "OWNER": ""})


def test_a_report_is_a_result_of_gradescope():
    results = adapters.gradescope(REPORT)
    require_gradescope(results)
    assert (results["score"], results["output"]) == (2, "2 of 6 points\nx.ipynb: it is odd")
    assert [test["status"] for test in results["tests"]] == ["passed", "failed", "failed"]
    assert [test["output"] for test in results["tests"]] == ["It agrees.", "So <b>wrong</b>.", "not attempted"]


def test_of_two_notebooks_of_a_lesson_the_better_one_counts_and_no_exercise_twice():
    for order in ([SUBMISSION, BETTER], [BETTER, SUBMISSION]):
        assert len(adapters.gradescope({"submissions": order})["tests"]) == 3
    assert adapters.classroom50({"submissions": [SUBMISSION, BETTER]}, RUNNER)["max-score"] == 6


def test_a_failure_of_the_grader_is_no_result_and_so_never_0():
    for form in (adapters.gradescope, lambda report: adapters.classroom50(report, RUNNER)):
        with pytest.raises(ValueError, match=r"x.ipynb was not graded"):
            form({"submissions": [FAILED]})


def test_only_the_lessons_that_are_asked_for_count_and_those_not_handed_in_are_not_attempted():
    one = {**SUBMISSION, "lesson": "01_loss_functions", "title": "x"}
    report = forms.counted({"submissions": [one, SUBMISSION]}, names=["02", "04_single_neuron", "02"])
    assert report["notes"] == ["x.ipynb is of Loss functions (01_loss_functions), which was not asked for"]
    assert [each["problems"] for each in report["submissions"]] == [
        ["it is odd"],
        ["nothing of it could be read"],
        ["nothing of it could be read"],
    ]
    [alone] = forms.counted({"submissions": []}, names=["02"])["submissions"]
    assert alone["problems"] == ["it was not handed in"]
    assert [each["path"] for each in report["submissions"][1:]] == ["02_gradients", "04_single_neuron"]
    results = adapters.gradescope({"submissions": report["submissions"][1:]})
    assert results["score"] == 0 and sum(test["max_score"] for test in results["tests"]) == 28
    with pytest.raises(ValueError, match=r"there is no lesson '99'; there are .*01, 02"):
        forms.counted(REPORT, names=["99"])


# The zip


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("autograder")
    with zipfile.ZipFile(io.BytesIO(autograder.make(["01"]))) as archive:
        archive.extractall(folder / "source")
    return folder


@pytest.fixture
def handed_in():
    """A right notebook with one answer that is wrong, and one of a lesson that was not asked for."""
    return {
        "01_loss_functions.ipynb": right(faster_loss="def faster_loss():\n    return 'mse'"),
        "04_single_neuron.ipynb": answered({}, "04"),
    }


def save(folder, notebooks):
    folder.mkdir(parents=True)
    for name, nb in notebooks.items():
        (folder / name).write_text(json.dumps(nb))


def test_the_zip_holds_the_course_and_its_scripts_in_its_root_and_no_solution():
    with zipfile.ZipFile(io.BytesIO(autograder.make())) as archive:
        names = archive.namelist()
        modes = {name: archive.getinfo(name).external_attr >> 16 & 0o777 for name in ("setup.sh", "run_autograder")}
        needed = archive.read("requirements.txt").decode().splitlines()
    assert {"setup.sh", "run_autograder", "autograder.py", "bplib/__init__.py"} < set(names)
    assert "bplib/course/released/01_loss_functions.ipynb" in names
    assert not [name for name in names if "solutions" in name or "__pycache__" in name or name.startswith("tests")]
    assert set(modes.values()) == {0o755}
    assert any(line.startswith("numpy") for line in needed) and not [line for line in needed if "extra" in line]
    assert len(autograder.make()) < 10_000_000  # what the runner of Classroom 50 fetches at most


@linux
def test_gradescope_grades_with_the_course_of_the_zip_and_only_the_lesson_that_was_asked_for(unpacked, handed_in):
    save(unpacked / "submission", handed_in)
    (unpacked / "results").mkdir()
    for name in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", unpacked / "source" / name], check=True)
    script = (unpacked / "source" / "run_autograder").read_text()
    script = script.replace("/opt/bplib/bin/python", sys.executable).replace("/autograder", str(unpacked))
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    results = json.loads((unpacked / "results" / "results.json").read_text())
    require_gradescope(results)
    assert results["score"] == 9, done.stdout + done.stderr
    assert sum(test["max_score"] for test in results["tests"]) == 12
    said = "04_single_neuron.ipynb is of A single neuron (04_single_neuron), which was not asked for"
    assert said in results["output"]
    assert list((unpacked / "source" / "bplib").rglob("host.*.pyc"))  # it has run


@linux
def test_the_zip_carries_the_plan_without_its_extensions_and_a_lesson_is_worth_there_what_it_says(handed_in, tmp_path):
    plan = Syllabus({"01_loss_functions": Asked(None, 10)}, version="9", extensions=(Extension("Ada", "", 3),))
    with zipfile.ZipFile(io.BytesIO(autograder.make(term=plan))) as archive:
        archive.extractall(tmp_path)
    text = (tmp_path / "bplib" / "course.toml").read_text()
    assert "points = 10" in text and "Ada" not in text
    save(tmp_path / "submission", handed_in)
    command = [sys.executable, "-m", "bplib", "grade", "submission", "--gradescope", "g.json"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, timeout=120)
    assert done.returncode == 0
    results = json.loads((tmp_path / "g.json").read_text())
    require_gradescope(results)
    assert results["score"] == 7.5 and results["output"].startswith("7.5 of 10 points\n")


@linux
def test_classroom_50_grades_a_checkout_whatever_bplib_or_result_lies_in_it(unpacked, handed_in, tmp_path):
    checkout = tmp_path / "checkout"
    save(checkout / "exercises", handed_in)
    (checkout / "result.json").write_text("forged")
    for name in ("bplib", "pip"):  # as Python would find them where it is started with -m
        (checkout / name).mkdir()
        (checkout / name / "__main__.py").write_text("raise SystemExit('a program of the learner')")
        (checkout / name / "__init__.py").touch()
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").touch()  # nothing is fetched here
    command = [sys.executable, unpacked / "source" / "autograder.py"]
    environment = {**os.environ, **RUNNER, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((checkout / "result.json").read_text())
    require_classroom50(result)
    assert (result["score"], result["max-score"]) == (9, 12)
    assert "a program of the learner" not in done.stdout + done.stderr


def test_where_grading_fails_classroom_50_is_told_so_and_no_forged_result_is_left(unpacked, tmp_path):
    (tmp_path / "result.json").write_text("forged")
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").touch()
    kept = {name: value for name, value in os.environ.items() if name not in RUNNER}
    command = [sys.executable, unpacked / "source" / "autograder.py"]
    done = subprocess.run(command, cwd=tmp_path, env={**kept, "PYTHONPATH": str(tmp_path)}, capture_output=True)
    assert done.returncode == 1 and not (tmp_path / "result.json").exists()


def test_the_command_makes_the_zip_and_overwrites_nothing(tmp_path, capsys):
    path = tmp_path / "out.zip"
    assert cli.main(["autograder", str(path), "--lesson", "01"]) == 0
    with zipfile.ZipFile(path) as archive:
        assert b"--lesson 01 " in archive.read("run_autograder")
        assert archive.read("bplib/course.toml") == b'counts = "best"\n'  # of a course without a plan
    content = path.read_bytes()
    assert cli.main(["autograder", str(path)]) == 1 and path.read_bytes() == content
    assert cli.main(["autograder", str(tmp_path / "b.zip"), "--lesson", "$(x)"]) == 1
    assert not (tmp_path / "b.zip").exists()
    assert "there is no lesson '$(x)'" in capsys.readouterr().err


def test_grade_writes_the_page_and_the_results_that_are_asked_for(tmp_path, monkeypatch, capsys):
    one = {**SUBMISSION, "lesson": "99_other", "title": "Other"}
    one["exercises"] = [{**each, "misconception": None, "code": "def f(): <x>"} for each in EXERCISES]
    unread = {"path": "z.ipynb", "points": 0, "max_points": 0, "exercises": [], "problems": ["the file is empty"]}
    monkeypatch.setattr(grader, "grade", lambda *_: {"submissions": [one, unread]})
    for name, value in RUNNER.items():
        monkeypatch.setenv(name, value)
    wanted = {"--page": "p.html", "--gradescope": "g.json", "--classroom50": "c.json"}
    arguments = [word for option, name in wanted.items() for word in (option, str(tmp_path / name))]
    assert cli.main(["grade", "x.ipynb", *arguments]) == 1
    page = (tmp_path / "p.html").read_text()
    for text in ("So &lt;b&gt;wrong&lt;/b&gt;.", "def f(): &lt;x&gt;", "z.ipynb: the file is empty", "it is odd"):
        assert text in page
    require_gradescope(json.loads((tmp_path / "g.json").read_text()))
    require_classroom50(json.loads((tmp_path / "c.json").read_text()))
    for option in wanted:
        assert cli.main(["grade", "x.ipynb", option, str(tmp_path)]) == 2
        assert cli.main(["grade", "x.ipynb", option, str(tmp_path / "a"), "--out", str(tmp_path / "b")]) == 2
    assert capsys.readouterr().err.count("\n") == 6
