"""Promise: each limit on a submission holds in the real grader, and without it the same attempt would succeed."""

import contextlib
import json
import socket
import sys
import time
from types import SimpleNamespace

import pytest
from hostile_submissions import RIGHT, ROOT, answered, right

from bplib import cli
from bplib.course.judging.reading import Gone
from bplib.grading import grader, nbval_exercises
from bplib.grading.nbval_exercises import Kernel, RunningKernel
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.jail import PARTS
from bplib.grading.sandbox.meters import Meter
from bplib.grading.sandbox.processes import Limits

LIMITS = Limits(cell_seconds=20, memory=256 << 20)

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these limits")

# Each attempt sets done; the answer to mse is right only if it could.
ATTEMPTS = {
    "memory": "done = len(np.empty(1 << 29, np.uint8)) > 0",
    "file size": "with open('large', 'wb') as file:\n    done = file.write(bytes(25 << 20)) and not file.flush()",
    "processes": "import os\npid = os.fork()\nif not pid:\n    os._exit(0)\ndone = os.waitpid(pid, 0)[0] == pid",
    "programs": "import subprocess, sys\ndone = not subprocess.run([sys.executable, '-c', '']).returncode",
    "signals": "import os\nos.kill(os.getppid(), 0)\ndone = True",
    "writing": "open({outside!r}, 'w').close()\ndone = True",
    "attributes": "import os\nos.utime({file!r}, (1, 1))\ndone = True",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 2).close()\ndone = True",
    "solutions": "done = open({solution!r}).read(1) != ''",
    "problems": "done = open({problems!r}).read(1) != ''",
    "others": "done = open({file!r}).read() != ''",
}


def attempting(source):
    return right(mse=f"done = False\ntry:\n    {source.replace(chr(10), chr(10) + '    ')}\nexcept BaseException:\n"
                 "    pass\n\n\ndef mse(a, y):\n    return np.nanmean((a - y) ** 2) if done else 0.0")  # fmt: skip


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A function that grades all attempts by a launcher: name to the points for mse."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "other.ipynb").write_text("of somebody else")

    def grade(launcher):
        done = {}
        with contextlib.closing(launcher), socket.create_server(("127.0.0.1", 0)) as server:
            known = {
                "outside": str(folder / "written"),
                "file": str(folder / "other.ipynb"),
                "port": server.getsockname()[1],
                "solution": str(ROOT / "README.md"),
                "problems": str(ROOT / "bplib" / "course" / "problems" / "loss_functions.py"),
            }
            for name, source in ATTEMPTS.items():
                data = json.dumps(attempting(source.format(**known))).encode()
                result = grader.grade_file(f"{name}.ipynb", launcher, LIMITS, data=data)
                assert sum(each["points"] for each in result["exercises"][1:]) == 8, (name, result)
                done[name] = result["exercises"][0]["points"]
        return done, result["not_enforced"]

    return grade


@linux
def test_every_attempt_fails_in_a_jail(points):
    launcher = launching.Zygote()
    done, not_enforced = points(launcher)
    if not_enforced:
        pytest.skip(f"this kernel does not enforce {', '.join(not_enforced)}")
    assert done == dict.fromkeys(ATTEMPTS, 0)


@linux
def test_every_attempt_succeeds_without_one_and_the_report_says_that_nothing_was_enforced(points):
    done, not_enforced = points(launching.Plain())
    assert done == dict.fromkeys(ATTEMPTS, 2)
    assert not_enforced == list(PARTS)


@pytest.fixture(scope="module", params=["fork", "plain"])
def graded(request):
    """A function that grades a notebook: its exercises, and the seconds it took. `usual` are those of a right one."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("only Linux forks a process for each submission")
    with contextlib.closing(launching.Zygote() if request.param == "fork" else launching.Plain()) as launcher:

        def grade(nb, limits):
            began = time.monotonic()
            result = grader.grade_file("a.ipynb", launcher, limits, data=json.dumps(nb).encode())
            return {each["id"]: each for each in result["exercises"]}, time.monotonic() - began

        grade(right(), Limits())  # the first one waits for the launcher
        grade.usual = grade(right(), Limits())[1]
        yield grade


LOOP = "while True:\n    pass"


def test_a_cell_and_a_call_have_their_time_and_cost_only_their_own_answer(graded):
    lost = {"mse": LOOP, "faster-loss": "def faster_loss():\n    while True:\n        pass"}
    given = round(0.5 + 2 * graded.usual, 1)
    exercises, seconds = graded(answered({**RIGHT, **lost}), Limits(cell_seconds=given))
    assert [each["points"] for each in exercises.values()] == [0, 0, 3, 3, 0, 1]
    assert {exercises[id]["message"] for id in lost} == {f"It took longer than {given:g} s."}
    assert seconds < 30


def test_a_notebook_has_its_time_and_what_was_judged_by_then_counts(graded):
    lost = {"softmax-ce": LOOP, "faster-loss": LOOP}
    nb = answered({**RIGHT, **lost})
    nb.cells += [nb.cells[-1] | {"id": f"own-{number}", "source": LOOP, "metadata": {}} for number in range(50)]
    given = round(1 + 3 * graded.usual, 1)
    exercises, seconds = graded(nb, Limits(cell_seconds=60, notebook_seconds=given))
    assert [each["points"] for each in exercises.values()] == [2, 0, 3, 0, 0, 0]
    for id in ("softmax-ce", "faster-loss", "broadcast"):
        assert exercises[id]["message"] == f"It was not done when the {given:g} s for the whole notebook were over."
    assert seconds < 30


def test_the_time_of_a_notebook_begins_when_its_process_is_there():
    launcher = launching.launcher()
    start = launcher.start
    launcher.start = lambda scratch, limits: time.sleep(limits.notebook_seconds) or start(scratch, limits)
    with contextlib.closing(launcher):
        result = grader.grade_file("a.ipynb", launcher, Limits(notebook_seconds=4), data=json.dumps(right()).encode())
    assert result["points"] == 10


def test_what_was_not_attempted_stays_so_when_the_time_is_over(graded):
    exercises, _ = graded(answered({"mse": LOOP}), Limits(cell_seconds=60, notebook_seconds=2))
    assert [each["status"] for each in exercises.values()] == ["not yet", *["not attempted"] * 5]


# The option


def test_of_the_time_for_an_answer_that_for_all_of_it_is_five_times_as_much():
    assert Limits().within(2.5) == Limits(cell_seconds=2.5, notebook_seconds=12.5)


@pytest.mark.parametrize("mode", ["files", "class"])
def test_an_answer_that_loops_costs_the_seconds_that_the_command_is_given(tmp_path, capsys, mode):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    path = tmp_path / "in" / "ada" / "01_loss_functions.ipynb"
    path.write_text(json.dumps(right(faster_loss="def faster_loss():\n    while True:\n        pass")))
    began = time.monotonic()
    if mode == "files":
        assert cli.main(["grade", str(path), "--seconds", "2", "--json", str(tmp_path / "report.json")]) == 0
        [graded] = json.loads((tmp_path / "report.json").read_text())["submissions"]
    else:
        assert cli.main(["grade", str(tmp_path / "in"), "--seconds", "2", "--out", str(tmp_path / "out")]) == 0
        graded = json.loads((tmp_path / "out" / "results.json").read_text())["learners"][0]["notebooks"][0]
    lost = {each["id"]: each["message"] for each in graded["exercises"] if each["status"] != "passed"}
    assert lost.pop("faster-loss") == "It took longer than 2 s."
    assert set(lost) <= {"mse-grad"}  # which no one here has attempted
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("mode", [[], ["--out", "results"]])
@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "1e9", "0.5", "soon", "", "60s", "3601"])
def test_seconds_that_are_none_are_wrong_usage_in_one_sentence(tmp_path, capsys, monkeypatch, given, mode):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["grade", "nowhere.ipynb", f"--seconds={given}", *mode]) == 2
    assert capsys.readouterr().err == f"bplib: --seconds is {given}; a number from 1 to 3600 is needed\n"
    assert not list(tmp_path.iterdir())


# A kernel that nbval runs


@pytest.fixture
def kernel(monkeypatch):
    """A kernel whose every message shows a megabyte, as if it had been started."""
    message = {"msg_type": "display_data", "content": {"data": "x" * (1 << 20)}}
    monkeypatch.setattr(RunningKernel, "get_message", lambda *_: message)
    kernel = Kernel.__new__(Kernel)
    kernel.km, kernel.meter = SimpleNamespace(is_alive=lambda: True), Meter()
    return kernel


def test_what_a_cell_shows_is_limited_however_often_it_says_that_it_begins(kernel):
    kernel.begin(60)
    with pytest.raises(Gone, match="showed more than 20 MB"):
        for _ in range(30):
            kernel.get_message("iopub", 1)


def test_messages_without_end_do_not_hold_the_judge(kernel, monkeypatch):
    monkeypatch.setattr(nbval_exercises, "_GRACE", 0)
    kernel.begin(0)
    with pytest.raises(nbval_exercises.Empty):
        kernel.get_message("iopub", 1)


def test_one_who_connects_without_the_token_again_and_again_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        others = [socket.create_connection(server.getsockname()) for _ in range(10)]
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            launching.accepted(server, "0" * 32, 0.5)
        assert time.monotonic() - began < 2
        for other in others:
            other.close()


def test_a_folder_of_any_depth_is_thrown_away(tmp_path):
    with launching.scratch_folder() as scratch:
        handle = launching.os.open(scratch, launching.os.O_RDONLY)
        for number in range(1200):
            launching.os.mkdir("d", dir_fd=handle)
            deeper = launching.os.open("d", launching.os.O_RDONLY, dir_fd=handle)
            launching.os.close(handle)
            handle = deeper
            if number % 100 == 0:
                launching.os.symlink(tmp_path, "link", dir_fd=handle)
        launching.os.close(handle)
    assert not scratch.exists() and tmp_path.exists()
