"""Promise: Ctrl-C says in one line what is kept, ends at once, and another run goes on with the rest."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from hostile_submissions import right
from test_neighbors import below, handed_in, is_alive, waiting

from bplib import cli
from bplib.grading import command, grader
from bplib.grading.classes import batch, workers
from bplib.grading.sandbox.processes import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is here looked at is Linux's")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A class that takes some seconds, in which some answers sleep."""
    slow = "import time\n\n\ndef mse(a, y):\n    time.sleep(0.1)\n    return 0.0"
    notebooks = {f"learner{number:02}": right(**{"mse": slow} if number % 3 else {}) for number in range(40)}
    return handed_in(tmp_path_factory.mktemp("many"), notebooks)


def interrupted(command, until, how, temporary):
    """What a command says, (exit code, error output, seconds from Ctrl-C to its end, all that it had started)."""
    run = subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs in the background ignores it
    )
    for _ in waiting(60):
        if until(run.pid):
            break
    started, began = below(run.pid), time.monotonic()
    for wait in {"in a terminal, twice": (0, 0.05), "in a terminal, again and again": [0, *[0.01] * 50]}.get(how, (0,)):
        time.sleep(wait)
        with contextlib.suppress(ProcessLookupError):  # it has ended by then
            os.kill(run.pid, signal.SIGINT) if how == "alone" else os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    return run.returncode, said, time.monotonic() - began, started


def codes(how):
    """130, or what a shell shows as 130 too: it may be hit once more while Python itself comes to its end."""
    return (130, -signal.SIGINT) if "," in how else (130,)


HOW = pytest.mark.parametrize(
    "how", ["alone", "in a terminal", "in a terminal, twice", "in a terminal, again and again"]
)


@HOW
def test_a_class_that_is_stopped_says_how_many_are_kept_and_goes_on_with_the_rest(many, tmp_path, how):
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    command = [sys.executable, "-m", "bplib", "grade", str(many), "--out", str(out), "--jobs", "2"]
    code, said, seconds, started = interrupted(
        command, lambda _: len(list(out.glob("learners/*.json"))) >= 5, how, temporary
    )
    kept = len(list(out.glob("learners/*.json")))
    assert 5 <= kept < 40
    # Before the line stands only the bar.
    assert said.rpartition("\r")[2].splitlines()[-1] == (
        f"bplib: stopped; {kept} of 40 learners are kept in {out}, and another run goes on with the rest"
    )
    assert said.count("\n") == 1 and "Traceback" not in said
    assert code in codes(how)
    assert seconds < 3
    for _ in waiting(3):
        if not any(map(is_alive, started)) and not list(temporary.iterdir()):
            break


@HOW
def test_files_that_are_stopped_say_so_in_one_line(many, tmp_path, how):
    command = [sys.executable, "-m", "bplib", "grade", str(many)]
    code, said, seconds, started = interrupted(command, lambda pid: len(below(pid)) >= 3, how, tmp_path)
    assert (code in codes(how), said) == (True, "bplib: stopped\n")
    assert seconds < 3
    for _ in waiting(3):
        if not any(map(is_alive, started)) and not list(tmp_path.iterdir()):
            break


@pytest.fixture
def interruptible():
    """Ctrl-C as Python begins with it, and afterward as it was."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("arguments", [[], ["--out", "out"]])
def test_it_stops_before_anything_is_graded_as_well(tmp_path, capsys, monkeypatch, interruptible, arguments):
    def stop(*_, **__):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

    handed_in(tmp_path / "in", {"ada": right()})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grader.handins, "gather", stop)
    assert cli.main(["grade", "in", *arguments]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "bplib: stopped"


def test_a_second_interrupt_disturbs_no_end_and_a_later_one_is_heard(interruptible):
    heard = []
    with contextlib.suppress(KeyboardInterrupt), command._interrupted_once():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            heard.append("the second is not heard")
            time.sleep(2.1)
            os.kill(os.getpid(), signal.SIGINT)
            heard.append("nor is the third")
    assert heard == ["the second is not heard"]


def test_who_was_told_not_to_hear_of_it_does_not(interruptible):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for what runs behind nohup or an ampersand
    with command._interrupted_once():
        os.kill(os.getpid(), signal.SIGINT)


def interrupting(task, launcher, limits):
    """Work whose worker is interrupted, and which tells whether it could have been from the first moment on."""
    os.kill(os.getpid(), signal.SIGINT)
    return [{"points": int(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))}]


def test_workers_do_not_hear_of_it():
    tasks = [batch.Task(slug, (), ()) for slug in ("a", "b", "c")]
    assert dict(workers.graded(interrupting, tasks, 2, Limits())) == {slug: [{"points": 1}] for slug in "abc"}
