"""Promise: whatever of the grader's own processes ends, everybody gets their points in the same run."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from hostile_submissions import right
from test_neighbors import below, handed_in, is_alive, waiting

from bplib.grading.classes import batch, term, workers
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.processes import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks a process for each submission")

ZYGOTE = b"bplib.grading.sandbox.zygote"


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def launchers():
    """The launchers of this process: those that it or a worker has started, and those that are forked from them."""
    started, forked = [], []
    for pid in below(os.getpid()):
        with contextlib.suppress(OSError):
            if ZYGOTE in Path(f"/proc/{pid}/cmdline").read_bytes():
                above = parent(pid)
                if above in started:
                    forked.append(pid)
                elif above not in forked:  # below those are learners
                    started.append(pid)
    return started, forked


@pytest.mark.parametrize(
    "killed", ["one of two", "all that are forked", "the first", "the first, and what replaces it"]
)
def test_a_launcher_that_is_killed_costs_nobody_a_point_and_one_is_started_for_all(tmp_path, killed):
    source = handed_in(tmp_path / "in", {f"learner{number:02}": right() for number in range(24)})
    seen, at = [], []

    def progress(done, _):
        started, forked = launchers()
        seen.append(len(started))
        if done == 5 or (done == 12 and "replaces" in killed):
            at.append(done)
            for pid in {"one of two": forked[:1], "all forked ones": forked}.get(killed, started):
                os.kill(pid, signal.SIGKILL)

    results = term.grade_class(source, tmp_path / "out", jobs=2, progress=progress)[0]
    assert {each["learner"]: each["points"] for each in results} == {f"learner{number:02}": 10 for number in range(24)}
    assert at and max(seen) == 1


def killing(task, launcher, limits):
    """Work during which the launcher ends, as often as the hand-in says."""
    left = Path(task.files[0][0])
    if times := int(left.read_text()):
        left.write_text(str(times - 1))
        with launching.scratch_folder() as scratch, contextlib.closing(launcher.start(scratch, limits)) as process:
            os.kill(parent(process.meter._pid), signal.SIGKILL)
        launcher.renew()
    return [{"points": 1}]


def test_one_whose_launcher_ends_again_and_again_is_not_graded_and_the_others_are(tmp_path):
    times = {"a": 0, "once": 1, "twice": 2, "always": 99, "b": 0, "c": 0}
    tasks = []
    for slug, count in times.items():
        (tmp_path / slug).write_text(str(count))
        tasks.append(batch.Task(slug, ((str(tmp_path / slug), b""),), (0,)))
    done = {slug: graded[0]["points"] for slug, graded in workers.graded(killing, tasks, 2, Limits())}
    assert done == dict.fromkeys(times, 1) | {"always": None}


def looping(task, launcher, limits):
    """Work that never ends."""
    with launching.scratch_folder() as scratch, contextlib.closing(launcher.start(scratch, limits)) as process:
        Path(task.slug).write_text(str(process.meter._pid))
        process.run("while True: pass")


def test_what_a_worker_has_started_ends_with_it_while_others_go_on(tmp_path):
    with contextlib.closing(launching.launcher()) as launcher:
        one, other = (workers._Worker(looping, launcher, Limits()) for _ in range(2))  # the other holds what one has
        learners = []
        for worker, path in ((one, tmp_path / "one"), (other, tmp_path / "other")):
            worker.give(batch.Task(str(path), (), ()))
            for _ in waiting(30):
                if path.exists() and path.read_text():
                    learners.append(int(path.read_text()))
                    break
        one.end()
        for _ in waiting(3):
            if not is_alive(learners[0]):
                break
        time.sleep(0.1)
        assert is_alive(learners[1])
        other.end()
