"""Grades a class: many hand-ins at once, by any executor, into a folder where no result is lost.

What one learner handed in becomes one file of the folder, written as soon as it is there, whole or not at all. A run
that was killed goes on where it stopped: what is graded, and has not changed since, is not graded again.
"""

import base64
import concurrent.futures
import contextlib
import hashlib
import json
import secrets
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED
from dataclasses import asdict, dataclass
from pathlib import Path

from bplib.course import files
from bplib.course.notebooks import releases
from bplib.grading import grader
from bplib.grading.classes import feedback, gradebook, layouts, workers
from bplib.grading.sandbox import launching
from bplib.grading.sandbox.launching import TRIES
from bplib.grading.sandbox.processes import Limits

FAR_CHUNK = 50
"""How many hand-ins a worker on another machine is given at once: it imports everything for each chunk."""

_FOLDERS = "learners", "feedback"


@dataclass(frozen=True)
class Task:
    """A hand-in as it is sent to a worker: files as (path, content), and the seed of the judge for each."""

    slug: str
    files: tuple
    seeds: tuple


# The class


def grade_class(source, out, jobs=1, dask=None, limits=Limits(), progress=None):  # noqa: B008, it is frozen
    """Grade the hand-ins in a folder or zip (see `layouts`) into the folder out, and return the results.

    dask is the address of a scheduler whose workers do the work, which need bplib and nothing of this machine's files.
    progress(done, of) is called as results come. In out are then gradebook.csv, results.json, class.html, a page for
    each learner in feedback/, and for our own use learners/ and .seed, which makes a second run draw the same inputs.
    ValueError if there is nothing to grade.
    """
    handed = {each.slug: each for each in layouts.find(source)}
    out = Path(out)
    for name in _FOLDERS:
        (out / name).mkdir(parents=True, exist_ok=True)
    results = {}
    todo = {}
    salt = _salt(out / ".seed")
    for slug, hand_in in handed.items():
        task, problems = _task(hand_in, salt)
        digest = _digest(task, problems)
        known = _known(out / "learners" / f"{slug}.json")
        if known and known["digest"] == digest and known["points"] is not None:
            results[slug] = known
        else:
            todo[slug] = (task, problems, digest)

    def kept(where):
        return f"{len(results)} of {len(handed)} learners are kept {where}, and another run goes on with the rest"

    def keep(slug, graded):
        hand_in, (_, problems, digest) = handed[slug], todo[slug]
        result = _result(hand_in, graded, problems, digest)
        try:
            files.write(out / "feedback" / f"{slug}.html", feedback.feedback_page(result))
            # Last, since whoever is in learners/ is not looked at again.
            files.write(out / "learners" / f"{slug}.json", json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        except OSError as error:
            raise RuntimeError(f"{out} cannot be written to: {error.strerror}; {kept('there')}") from None
        results[slug] = result
        if progress:
            progress(len(results), len(handed))

    tasks = [task for task, _, _ in todo.values()]
    if tasks:
        work = _by_dask(tasks, dask, limits) if dask else workers.graded(grade_task, tasks, jobs, limits)
        try:
            with contextlib.closing(work):  # where a result cannot be kept, nobody else is graded for nothing
                for slug, graded in work:
                    keep(slug, graded)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(kept(f"in {out}")) from None
    ordered = [results[slug] for slug in handed]
    files.write(out / "gradebook.csv", feedback.gradebook_csv(ordered))
    files.write(out / "class.html", feedback.class_page(ordered))
    summary = {"learners": ordered, "statistics": feedback.statistics(ordered)}
    files.write(out / "results.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return ordered


def _task(hand_in, salt):
    """The files of a hand-in with their seeds, and lines about those that cannot be read any more."""
    contents, problems = [], list(hand_in.problems)
    for notebook in hand_in.notebooks:
        try:
            contents.append((notebook.path, notebook.read()))
        except ValueError as error:
            problems.append(f"{notebook.path}: {error}")
    seeds = [int.from_bytes(hashlib.sha256(salt + content).digest()[:8]) for _, content in contents]
    return Task(hand_in.slug, tuple(contents), tuple(seeds)), problems


def _digest(task, problems):
    """What a result depends on: the files, what was wrong with them, and the course that judges."""
    parts = [_course(), repr(problems).encode(), *(each for path, data in task.files for each in (path.encode(), data))]
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).hexdigest()


def _course():
    """A fingerprint of the exercises and of all that judges them."""
    package = releases.RELEASED.parent
    known = [*sorted(package.parent.rglob("*.py")), *sorted(releases.RELEASED.glob("*.ipynb"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in known)).digest()


def _salt(path):
    """What the seeds are made of: drawn once for each folder of results, so that no learner can know the inputs."""
    with contextlib.suppress(OSError, ValueError):
        return bytes.fromhex(path.read_text(encoding="utf-8"))
    salt = secrets.token_bytes(16)
    files.write(path, salt.hex())
    return salt


def _known(path):
    """The result that a run before has kept, or None."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return result if {"digest", "points", "notebooks"} <= result.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _result(hand_in, graded, problems, digest):
    """The result of a learner. Of several notebooks of one lesson the best counts, and a line says so."""
    best, lines = gradebook.counting({"notebooks": graded}), list(problems)
    for each in graded:
        if "lesson" not in each:
            lines += [f"{each['path']}: {problem}" for problem in each["problems"]]
        elif each is not best[each["lesson"]]:
            lines.append(f"{each['path']} is of the same lesson as {best[each['lesson']]['path']}, which counts")
    counted = [*best.values(), *(each for each in graded if each["points"] is None)]
    ungraded = any(each["points"] is None for each in counted)
    return {
        "learner": hand_in.learner,
        "identity": hand_in.identity,
        "slug": hand_in.slug,
        "late": hand_in.late,
        "points": None if ungraded else sum(each["points"] for each in counted),
        "max_points": sum(each["max_points"] for each in counted),
        "notebooks": counted,
        "problems": lines,
        "not_enforced": sorted({part for each in counted for part in each.get("not_enforced", ())}),
        "digest": digest,
    }


# The work, here and elsewhere


def grade_task(task, launcher, limits):
    """Grade a hand-in in this process: a list of what grade_file gives for each file."""
    return [
        grader.grade_file(path, launcher, limits, data=data, seed=seed)
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
