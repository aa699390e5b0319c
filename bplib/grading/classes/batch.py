"""Grades many hand-ins at once: by workers of this machine, by those of Dask, or by any executor."""

import base64
import concurrent.futures
import contextlib
import hashlib
import json
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED
from dataclasses import asdict, dataclass

from bplib.grading import grader
from bplib.grading.classes import workers
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.launching import TRIES
from bplib.grading.sandbox.processes import Limits

FAR_CHUNK = 50
"""How many hand-ins a worker on another machine is given at once: it imports everything for each chunk."""


@dataclass(frozen=True)
class Task:
    """A hand-in as it is sent to a worker: files as (path, content), and the seed of the judge for each."""

    slug: str
    files: tuple
    seeds: tuple


def graded(tasks, jobs, dask, limits):
    """Yield (slug, what grade_task gives) for each of the tasks, an iterable, by workers here, or by a scheduler's."""
    return _by_dask(list(tasks), dask, limits) if dask else workers.graded(grade_task, tasks, jobs, limits)


def grade_task(task, launcher, limits):
    """Grade a hand-in in this process: a list of what grade_file gives for each file."""
    return [
        {**grader.grade_file(path, launcher, limits, data=data, seed=seed), "content": hashlib.sha256(data).hexdigest()}
        for (path, data), seed in zip(task.files, task.seeds, strict=True)
    ]


def grade_chunk_apart(tasks, limits):
    """Grade hand-ins in a process of its own, a list of (slug, what grade_task gives).

    Where threads run us, as those of Dask do, nothing here may be forked.
    """
    order = {
        "limits": asdict(limits),
        "tasks": [
            [task.slug, [[path, base64.b64encode(data).decode()] for path, data in task.files], task.seeds]
            for task in tasks
        ],
    }
    done = subprocess.run(
        [sys.executable, "-m", "bplib.grading.classes.batch"],
        input=json.dumps(order).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return [(slug, graded) for slug, graded in json.loads(done.stdout)]


def main():
    """Grade the chunk that stands in stdin, and print the results."""
    order = json.load(sys.stdin)
    tasks = [
        Task(slug, tuple((path, base64.b64decode(data)) for path, data in contents), tuple(seeds))
        for slug, contents, seeds in order["tasks"]
    ]
    limits = Limits(**order["limits"])
    with contextlib.closing(launching.launcher()) as launcher:
        print(json.dumps([(task.slug, grade_task(task, launcher, limits)) for task in tasks]))


def run(executor_of, work, tasks, size, limits):
    """Yield the results of tasks as they come, (slug, graded). executor_of() makes a `concurrent.futures.Executor`.

    Where an executor breaks, as when a worker is gone for good, another is made for what is still open. A chunk that
    has failed is tried again in pieces of one; a hand-in that fails TRIES times is not graded, and says so.
    """
    chunks = [tasks[start : start + size] for start in range(0, len(tasks), size)]
    failed = dict.fromkeys((task.slug for task in tasks), 0)
    while chunks:
        again = []
        with executor_of() as executor, contextlib.ExitStack() as left:
            open_chunks = {executor.submit(work, chunk, limits): chunk for chunk in chunks}
            for future in open_chunks:
                left.callback(future.cancel)  # what waits when nobody takes results any more
            while open_chunks:
                done, _ = concurrent.futures.wait(open_chunks, return_when=FIRST_COMPLETED)
                for future in done:
                    chunk = open_chunks.pop(future)
                    try:
                        yield from future.result()
                        continue
                    except Exception as error:  # the grader's own failure, of whatever kind
                        reason = grader.one_line(f"{type(error).__name__}: {error}")
                    for task in chunk:
                        failed[task.slug] += 1
                        if failed[task.slug] < TRIES:
                            again.append([task])
                        else:
                            yield task.slug, [grader.not_graded(path, reason) for path, _ in task.files]
        chunks = again


def _by_dask(tasks, address, limits):
    try:
        from distributed import Client
    except ImportError:
        raise ValueError('--dask needs Dask: python -m uv pip install "distributed"') from None
    with Client(address) as client:
        yield from run(
            lambda: client.get_executor(retries=TRIES, pure=False), grade_chunk_apart, tasks, FAR_CHUNK, limits
        )


if __name__ == "__main__":
    main()
