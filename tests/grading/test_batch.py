"""Promise: a class is graded whole, by whatever executor, and no result is lost or counted twice."""

import csv
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from bplib import cli
from bplib.course import files
from bplib.course.notebooks import releases
from bplib.grading import grader
from bplib.grading.classes import batch, term, workers
from bplib.grading.sandbox.processes import Limits

ROOT = Path(__file__).resolve().parents[2]
LESSON = "01_loss_functions.ipynb"
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each hand-in costs seconds")


@pytest.fixture
def class_of(tmp_path):
    """A function that makes hand-ins: learner to the text of a notebook."""

    def make(hand_ins):
        folder = tmp_path / "submissions"
        for learner, content in hand_ins.items():
            (folder / learner).mkdir(parents=True)
            (folder / learner / LESSON).write_text(content, encoding="utf-8")
        return folder

    return make


def full():
    return (ROOT / "solutions" / LESSON).read_text(encoding="utf-8")


def blank():
    return (releases.RELEASED / LESSON).read_text(encoding="utf-8")


def points(results):
    return {result["learner"]: result["points"] for result in results}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A small class by the command: (its folder, that of the results, exit code)."""
    folder = tmp_path_factory.mktemp("class")
    for learner, content in {"ada": full(), "bob": blank(), "cy": "{"}.items():
        (folder / "in" / learner).mkdir(parents=True)
        (folder / "in" / learner / LESSON).write_text(content, encoding="utf-8")
    shutil.copy(ROOT / "exercises" / LESSON, folder / "in" / "ada" / "older.ipynb")
    code = cli.main(["grade", str(folder / "in"), "--out", str(folder / "out"), "--jobs", "2"])
    return folder / "in", folder / "out", code


@linux
def test_a_class_becomes_a_gradebook_results_a_page_for_each_learner_and_one_for_the_class(graded):
    _, out, code = graded
    assert code == 1  # a file is damaged
    assert sorted(path.name for path in out.iterdir()) == [
        *(
            ".seed",
            "asked.json",
            "class.html",
            "exported",
            "feedback",
            "gradebook.csv",
            "learners",
            "results.json",
            "upload",
        )
    ]
    rows = list(csv.DictReader(io.StringIO((out / "gradebook.csv").read_text(encoding="utf-8"))))
    assert [(row["learner"], row["total"]) for row in rows][:2] == [("ada", "12"), ("bob", "0")]
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert points(results["learners"]) == {"ada": 12, "bob": 0, "cy": None}
    assert sorted(path.name for path in (out / "feedback").iterdir()) == ["ada.html", "bob.html", "cy.html"]
    [problem] = results["learners"][2]["problems"]
    assert "it is not JSON" in problem


@linux
def test_of_two_notebooks_of_one_lesson_the_better_counts_and_a_line_says_so(graded):
    ada, *_ = json.loads((graded[1] / "results.json").read_text(encoding="utf-8"))["learners"]
    assert (ada["points"], ada["max_points"]) == (12, 12)
    assert ada["notes"] == [f"older.ipynb (0 points) is of the same lesson as {LESSON} (12 points), which counts"]


@linux
def test_a_class_without_problems_is_exit_code_0_though_a_line_informs_and_no_lms_is_named_where_there_is_none(
    class_of, tmp_path, capsys
):
    source = class_of({"ada": full(), "bob": full()})
    worse = full().replace("return np.mean(errors**2)", "return 0")
    (source / "ada" / "old.ipynb").write_text(worse, encoding="utf-8")
    assert cli.main(["grade", str(source), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert f"  - old.ipynb (10 points) is of the same lesson as {LESSON} (12 points), which counts" in said
    assert said[-1] == f"gradebook, feedback and statistics are in {tmp_path / 'out'}"


@linux
def test_a_second_run_grades_nothing_again_and_only_what_has_changed(graded, monkeypatch):
    source, out, _ = graded
    before = (out / "results.json").read_bytes()
    monkeypatch.setattr(workers, "graded", lambda *_: pytest.fail("it has graded again"))
    term.grade_class(source, out)[0]
    assert (out / "results.json").read_bytes() == before
    sent = []
    monkeypatch.setattr(workers, "graded", lambda work, tasks, *_: (each for each in sent.extend(tasks) or ()))
    (source / "bob" / LESSON).write_text(full(), encoding="utf-8")
    with pytest.raises(KeyError):  # nothing came back for bob
        term.grade_class(source, out)[0]
    assert [task.slug for task in sent] == ["bob"]


@linux
def test_the_same_hand_in_gets_the_same_sentences(class_of, tmp_path):
    wrong = json.loads(blank())
    for cell in wrong["cells"]:
        if cell["id"] == "mse":
            cell["source"] = "def mse(y_pred, y_true):\n    return np.sum(np.abs(y_pred - y_true)) * 0.77"
    folder = class_of({"a": json.dumps(wrong), "b": json.dumps(wrong)})
    one, two = term.grade_class(folder, tmp_path / "out")[0]
    shutil.rmtree(tmp_path / "out" / "learners")
    again, _ = term.grade_class(folder, tmp_path / "out")[0]
    sentence = one["notebooks"][0]["exercises"][0]["message"]
    assert "is needed" in sentence
    for other in (two, again):
        assert other["notebooks"][0]["exercises"][0]["message"] == sentence


@linux
def test_a_run_that_is_killed_goes_on_where_it_stopped(class_of, tmp_path):
    folder = class_of({f"learner{i}": full() for i in range(24)})
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bplib", "grade", str(folder), "--out", str(out), "--jobs", "1"]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(out.glob("learners/*.json"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    kept = {path.name: path.read_bytes() for path in out.glob("learners/*.json")}
    assert 4 <= len(kept) < 24
    seen = []
    results = term.grade_class(folder, out, progress=lambda done, of: seen.append(done))[0]
    assert set(points(results).values()) == {12} and len(results) == 24
    assert len(seen) == 24 - len(kept)
    for name, content in kept.items():
        assert (out / "learners" / name).read_bytes() == content


def test_where_a_result_cannot_be_kept_nobody_else_is_graded_and_it_says_what_is_kept(class_of, tmp_path, monkeypatch):
    folder, done, room = class_of({f"learner{i}": blank() for i in range(9)}), [], [True] * 2

    def graded(work, tasks, jobs, limits):
        try:
            for task in tasks:
                yield task.slug, [grader.not_graded(LESSON, "")]
        finally:
            done.append(task.slug)

    def write(path, content, real=files.write):
        if path.parent.name == "learners" and not (room and room.pop()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, content)

    monkeypatch.setattr(workers, "graded", graded)
    monkeypatch.setattr(files, "write", write)
    out = tmp_path / "out"
    with pytest.raises(RuntimeError) as stop:
        term.grade_class(folder, out)[0]
    assert done == ["learner2"]
    assert str(stop.value) == (
        f"{out} cannot be written to: No space left on device; 2 of 9 learners are kept there, and another run goes on"
        " with the rest"
    )
    assert sorted(path.stem for path in (out / "learners").iterdir()) == ["learner0", "learner1"]


# Executors that fail


def test_what_waits_is_not_begun_when_nobody_takes_results_any_more():
    begun = []

    def work(chunk, limits):
        begun.append(chunk)
        time.sleep(0.05)
        return [(task.slug, ["graded"]) for task in chunk]

    results = batch.run(lambda: ThreadPoolExecutor(1), work, tasks(40), 1, Limits())
    next(results)
    results.close()
    assert len(begun) < 5


def tasks(count):
    return [batch.Task(f"t{i}", (("a.ipynb", b""),), (0,)) for i in range(count)]


def test_what_a_broken_executor_held_is_given_to_the_next_and_nothing_is_counted_twice():
    broken = []

    def work(chunk, limits):
        if any(task.slug == "t3" for task in chunk) and not broken:
            broken.append(chunk)
            raise BrokenProcessPool("a worker is gone")
        return [(task.slug, ["graded"]) for task in chunk]

    done = list(batch.run(lambda: ThreadPoolExecutor(2), work, tasks(8), 3, Limits()))
    assert sorted(slug for slug, _ in done) == [f"t{i}" for i in range(8)]
    assert all(graded == ["graded"] for _, graded in done)


def test_a_hand_in_that_breaks_every_worker_is_not_graded_and_the_others_are():
    def work(chunk, limits):
        if any(task.slug == "t3" for task in chunk):
            raise BrokenProcessPool("a worker is gone")
        return [(task.slug, [{"points": 1}]) for task in chunk]

    done = dict(batch.run(lambda: ThreadPoolExecutor(2), work, tasks(8), 3, Limits()))
    assert {slug for slug, [graded] in done.items() if graded["points"] is None} == {"t3"}
    assert done["t3"][0]["problems"] == ["not graded, by a failure of the grader: BrokenProcessPool: a worker is gone"]


@linux
def test_two_workers_of_dask_one_of_which_is_killed_lose_nothing(class_of, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(batch, "FAR_CHUNK", 2)
    folder = class_of({f"learner{i}": full() for i in range(8)})
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
    ) as cluster:
        victim = next(iter(cluster.workers.values()))
        seen = []

        def progress(done, of):
            if not seen:
                os.kill(victim.pid, signal.SIGKILL)
            seen.append(done)

        results = term.grade_class(folder, tmp_path / "out", dask=cluster.scheduler_address, progress=progress)[0]
    assert points(results) == {f"learner{i}": 12 for i in range(8)}
    assert seen == list(range(1, 9))


# The command


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a", "b", "--out", "out"], "one folder or zip of hand-ins, and 2 were given"),
        (["a", "--jobs", "2"], "--out"),
        (["a", "--out", "out", "--jobs", "0"], "at least 1"),
        (["a", "--out", "out", "--json", "x"], "--json is not for a class"),
        (["a", "--out", "out", "--classroom50", "x"], "--classroom50 is not for a class"),
        (["a", "--out", "out", "--lesson", "01"], "--lesson is not for a class: of the lessons in course.toml"),
        (["a", "--roster", "x"], "--out"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_line(arguments, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["grade", *arguments]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_folder_without_hand_ins_is_exit_code_1_and_one_line(capsys, tmp_path):
    (tmp_path / "in").mkdir()
    assert cli.main(["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("bplib: ")
    assert os.listdir(tmp_path) == ["in"]
