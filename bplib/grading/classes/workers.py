"""Workers of this machine: processes that grade hand-ins one at a time, each with a launcher of its own.

Each has a pipe of its own and shares no lock with anybody. So one that ends, at whatever moment, costs nobody else
anything: what it had in hand is known, and is tried again when nobody else is at work. One that fails is replaced too,
with its launcher, which may be what has ended.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections import Counter
from multiprocessing import connection

from bplib.grading import grader
from bplib.grading.sandbox import launching, seccomp, sweeping
from bplib.grading.sandbox.launching import TRIES

_MEMORY = 4 << 30
"""The bytes that a worker may take beside what it has when it begins."""


def graded(work, tasks, jobs, limits):
    """Yield (slug, what grade_file gives for each file) for each task as it is done, by as many workers as jobs.

    work(task, launcher, limits) does it, in a worker. A task whose worker ends or fails is tried again alone, and after
    TRIES times it is not graded, and says so.
    """
    import bplib.symbolic  # noqa: F401  the judges need it sooner or later, and a worker that is forked has it then

    failed = Counter()
    with sweeping.swept(), contextlib.closing(launching.launcher()) as launcher:
        suspects = tasks
        while suspects:
            at_once, again = (jobs if not failed else 1), []
            for task, result, reason in _done(work, suspects, at_once, launcher, limits):
                if reason is None:
                    yield task.slug, result
                    continue
                failed[task.slug] += 1
                if failed[task.slug] < TRIES:
                    again.append(task)
                else:
                    yield task.slug, [grader.not_graded(path, reason) for path, _ in task.files]
            suspects = again


def _done(work, tasks, jobs, launcher, limits):
    """Yield (task, result, None), or (task, None, reason), for each task."""
    waiting, at_work = iter(tasks), {}
    try:
        for task in waiting:
            worker = _Worker(work, launcher, limits)
            at_work[worker.pipe] = worker
            worker.give(task)
            if len(at_work) == jobs:
                break
        while at_work:
            for pipe in connection.wait(list(at_work)):
                worker = at_work[pipe]
                task, (result, reason) = worker.task, worker.outcome()
                following = next(waiting, None)
                if reason or not worker.is_alive() or following is None:
                    worker.end()
                    del at_work[pipe]
                if following is not None:
                    if pipe not in at_work:
                        worker = _Worker(work, launcher, limits)
                        at_work[worker.pipe] = worker
                    worker.give(following)
                yield task, result, reason
    finally:
        for worker in at_work.values():
            worker.end()


class _Worker:
    """The near end of one worker."""

    def __init__(self, work, launcher, limits):
        """Start it: forked from here it need not import anything; where that is not possible it starts afresh."""
        own = _twin(launcher)
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.pipe, theirs = context.Pipe()
        self._launcher = own
        self._process = context.Process(target=_serve, args=(work, theirs, own, limits, os.getpid()), daemon=True)
        with _uninterrupted():
            self._process.start()
        theirs.close()
        self.task = None

    def give(self, task):
        """Give it a task; whether it lives shows in the outcome."""
        self.task = task
        with contextlib.suppress(OSError):
            self.pipe.send(task)

    def outcome(self):
        """(result, None) of its task, or (None, why there is none). It waits for nothing that has not begun to come."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            return None, f"its process ended with exit code {self._process.exitcode}"

    def is_alive(self):
        """Whether it can do more."""
        return self._process.is_alive()

    def end(self):
        """End it, and what it has started."""
        self.pipe.close()
        self._process.kill()
        self._process.join()
        self._launcher.close()


def _twin(launcher):
    """Another of the launcher, which is renewed if it has ended."""
    for _ in range(TRIES - 1):
        with contextlib.suppress(launching.Failed):
            return launcher.another()
        launcher.renew()
    return launcher.another()


@contextlib.contextmanager
def _uninterrupted():
    """Within, Ctrl-C waits, and whoever is started then never hears of it: whom it is meant for ends the workers."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work, pipe, launcher, limits, parent):
    """Work until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        seccomp.end_with(parent)
    with launching.limited_memory(_MEMORY), contextlib.suppress(EOFError, OSError):
        while True:
            task = pipe.recv()
            try:
                outcome = work(task, launcher, limits), None
            except Exception as error:  # the grader's own failure, of whatever kind
                first = error.__context__ or error  # as why its launcher should have been renewed
                outcome = None, grader.one_line(f"{type(first).__name__}: {first}")
            pipe.send(outcome)
