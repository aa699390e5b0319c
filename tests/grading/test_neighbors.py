"""Promise: whatever one learner hands in, everybody else gets the grade of their work, and nothing is left behind."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from hostile_submissions import ROOT, answered, right

from bplib.grading import grader, notebook
from bplib.grading.classes import batch, term, workers
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.processes import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is here looked at is Linux's")

LESSON = "01_loss_functions.ipynb"

# Each costs the machine something that the others need too.
BOMBS = {
    "threads": """
        import threading, time
        threading.stack_size(32768)
        while True:
            threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
    """,
    "disk": """
        for number in range(10**6):
            with open(f"{number}", "wb") as file:
                file.write(bytes(10 << 20))
    """,
    "files": """
        import os
        for number in range(10**7):
            os.close(os.open(f"{number}", os.O_CREAT | os.O_WRONLY))
    """,
    "memory": """
        held = []
        while True:
            held.append(bytearray(100 << 20))
    """,
}


def bomb(source):
    return right(mse="\n".join(line.removeprefix(" " * 8) for line in source.strip("\n").splitlines()))


def handed_in(folder, notebooks):
    """The folder, with what each learner handed in."""
    for learner, nb in notebooks.items():
        (folder / learner).mkdir(parents=True)
        (folder / learner / LESSON).write_text(json.dumps(nb), encoding="utf-8")
    return folder


def test_four_bombs_among_twenty_five_cost_nobody_else_a_point(tmp_path):
    honest = {f"learner{number:02}": right() for number in range(25)}
    source = handed_in(tmp_path / "in", honest | {name: bomb(code) for name, code in BOMBS.items()})
    results = {each["learner"]: each for each in term.grade_class(source, tmp_path / "out", jobs=2)[0]}
    assert {results[name]["points"] for name in honest} == {10}
    said = {name: results[name]["notebooks"][0]["exercises"][0]["message"] for name in BOMBS}
    assert said["threads"] == "It started more than 64 threads."
    assert said["disk"] == said["files"] == "It wrote more than 256 MB, or more than 10000 files."
    assert "MemoryError" in said["memory"]
    # A bomb costs the answer that it stands in, and no other of the same learner.
    assert {name: results[name]["points"] for name in BOMBS} == dict.fromkeys(BOMBS, 8)


def dying(task, launcher, limits):
    """Work in which the one named "bad" ends its worker."""
    if task.slug == "bad":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return [{"points": 1}]


def test_who_ends_a_worker_is_tried_alone_and_the_others_are_never_suspected():
    tasks = [batch.Task(slug, ((LESSON, b""),), (0,)) for slug in ("a", "b", "bad", "c", "d", "e", "f")]
    done = dict(workers.graded(dying, tasks, 3, Limits()))
    assert {slug: graded[0]["points"] for slug, graded in done.items()} == {
        slug: None if slug == "bad" else 1 for slug in ("a", "b", "bad", "c", "d", "e", "f")
    }
    assert done["bad"][0]["problems"] == ["not graded, by a failure of the grader: its process ended with exit code -9"]


# The end


def below(pid):
    """The processes that have been started by a process, all the way down."""
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def waiting(seconds):
    """True again and again for so many seconds, then a failed test."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield True
        time.sleep(0.02)
    pytest.fail(f"not within {seconds} s")


@pytest.fixture(scope="module")
def class_of_slow(tmp_path_factory):
    """A class whose answers sleep: at any moment some of its processes are at work."""
    slow = "import time\n\n\ndef mse(a, y):\n    time.sleep(0.2)\n    return 0.0"
    return handed_in(tmp_path_factory.mktemp("slow"), {f"learner{number}": right(mse=slow) for number in range(6)})


@pytest.mark.parametrize("mode", ["class", "files"])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("moment", [0.0, 1.0])
def test_a_command_that_is_ended_leaves_no_process_and_no_folder(class_of_slow, tmp_path, mode, sent, moment):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    out = ["--out", str(tmp_path / "out"), "--jobs", "2"] if mode == "class" else []
    command = [sys.executable, "-m", "bplib", "grade", str(class_of_slow), *out]
    run = subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in waiting(60):
        if len(below(run.pid)) >= 2:
            break
    time.sleep(moment)
    started = below(run.pid)
    run.send_signal(sent)
    run.wait(30)
    for _ in waiting(5):
        if not any(map(is_alive, started)) and not list(temporary.iterdir()):
            break


def test_a_worker_that_is_killed_at_once_does_not_hold_the_run(class_of_slow, tmp_path):
    command = [sys.executable, "-m", "bplib", "grade", str(class_of_slow), "--out", str(tmp_path), "--jobs", "2"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    killed = set()
    for _ in waiting(60):
        # Workers are forks of the command, so they have its command line.
        name = Path(f"/proc/{run.pid}/cmdline").read_bytes()
        for pid in below(run.pid):
            try:
                is_worker = Path(f"/proc/{pid}/cmdline").read_bytes() == name
            except OSError:
                continue
            if is_worker and pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        if len(killed) >= 2:
            break
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 0
    assert len(re.findall(r"^learner\d", said, re.MULTILINE)) == 6 and "?" not in said


# What one answer does to the next


def test_an_answer_that_keeps_the_judge_busy_costs_no_later_one(monkeypatch):
    monkeypatch.setattr(notebook, "JUDGE_SECONDS", 1)
    answers = {
        cell.id: cell.source
        for cell in nbformat.read(ROOT / "solutions" / "08_training_loop.ipynb", as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    answers["training-loop"] = (
        "def train(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):\n"
        "    start = 0\n"
        "    while start < len(X):\n"
        "        loss_and_gradient(w, X, y)\n"
    )
    with contextlib.closing(launching.launcher()) as launcher:
        data = json.dumps(answered(answers, "08")).encode()
        exercises = grader.grade_file("a.ipynb", launcher, data=data)["exercises"]
    lost = [(each["id"], each["message"]) for each in exercises if each["points"] != each["max_points"]]
    assert lost == [("training-loop", "It kept the judge computing for more than 1 s.")]
