"""Grades a class: many hand-ins at once, by any executor, into a folder where no result is lost.

What one learner handed in becomes one file of the folder, written as soon as it is there, whole or not at all. A run
that was killed goes on where it stopped: what is graded, and has not changed since, is not graded again.
"""

import base64
import concurrent.futures
import contextlib
import datetime
import functools
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
from bplib.course.syllabus import Syllabus
from bplib.grading import grader
from bplib.grading.classes import counting, feedback, layouts, workers
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


def grade_class(source, out, jobs=1, dask=None, limits=Limits(), progress=None, syllabus=Syllabus()):  # noqa: B008
    """Grade the hand-ins in a folder or zip (see `layouts`) into the folder out, and return the results (`counting`).

    dask is the address of a scheduler whose workers do the work, which need bplib and nothing of this machine's files.
    progress(done, of) is called as records come. In out are then gradebook.csv, results.json, class.html, a page for
    each learner in feedback/, and for our own use learners/, the records, asked.json, which keeps what is asked and for
    how many points though the course may change, and .seed, which makes a second run draw the same inputs.
    ValueError if there is nothing to grade.
    """
    handed = {each.slug: each for each in layouts.find(source)}
    out = Path(out)
    for name in _FOLDERS:
        (out / name).mkdir(parents=True, exist_ok=True)
    records = _records(handed, out, jobs, dask, limits, progress)
    asked = counting.asked(records, syllabus, _known(out / "asked.json", {}))
    files.write(out / "asked.json", _json(asked))
    results = counting.settled(records, asked, syllabus)
    _write(results, out)
    return results


def _records(handed, out, jobs, dask, limits, progress):
    """The records of a class, {slug: Handed}, in its order: those that are kept in out, and those that are made now."""
    records, todo = {}, {}
    salt = _salt(out / ".seed")
    for slug, hand_in in handed.items():
        task, problems = _task(hand_in, salt)
        digest = _digest(task, problems, limits)
        kept = _known(out / "learners" / f"{slug}.json", {})
        whole = kept.get("digest") == digest and all(each["points"] is not None for each in kept["notebooks"])
        if whole:
            records[slug] = _record(hand_in, kept["notebooks"], problems, digest, kept)
        else:
            todo[slug] = (task, problems, digest, kept)

    def keep(slug, graded):
        hand_in, (_, problems, digest, kept) = handed[slug], todo[slug]
        record = _record(hand_in, graded, problems, digest, kept)
        try:
            # Last, since whoever is in learners/ is not looked at again.
            files.write(out / "learners" / f"{slug}.json", _json(record))
        except OSError as error:
            there = f"{len(records)} of {len(handed)} learners are kept there, and another run goes on with the rest"
            raise RuntimeError(f"{out} cannot be written to: {error.strerror}; {there}") from None
        records[slug] = record
        if progress:
            progress(len(records), len(handed))

    tasks = [task for task, *_ in todo.values()]
    if tasks:
        work = _by_dask(tasks, dask, limits) if dask else workers.graded(grade_task, tasks, jobs, limits)
        with contextlib.closing(work):  # where a record cannot be kept, nobody else is graded for nothing
            for slug, graded in work:
                keep(slug, graded)
    return [records[slug] for slug in handed]


def _write(results, out):
    """Write what people read; pages of learners who are gone go, and what is as it was is not written again."""
    for result in results:
        _renew(out / "feedback" / f"{result['slug']}.html", feedback.feedback_page(result))
    for stale in {*(out / "feedback").glob("*.html")} - {out / "feedback" / f"{each['slug']}.html" for each in results}:
        stale.unlink()
    _renew(out / "gradebook.csv", feedback.gradebook_csv(results))
    _renew(out / "class.html", feedback.class_page(results))
    _renew(out / "results.json", _json({"learners": results, "statistics": feedback.statistics(results)}))


def _renew(path, content):
    with contextlib.suppress(OSError):
        if path.read_bytes() == content.encode():
            return
    files.write(path, content)


def _json(content):
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


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


def _digest(task, problems, limits):
    """What a record depends on: the files, what was wrong with them, the limits, and the course that judges."""
    parts = [_fingerprint(releases.RELEASED), repr((problems, limits)).encode()]
    parts += [each for path, data in task.files for each in (path.encode(), data)]
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).hexdigest()


@functools.cache
def _fingerprint(released):
    """A fingerprint of the exercises and of all that judges them."""
    known = [*sorted(released.parents[1].rglob("*.py")), *sorted(released.glob("*.ipynb"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in known)).digest()


def _salt(path):
    """What the seeds are made of: drawn once for each folder of results, so that no learner can know the inputs."""
    with contextlib.suppress(OSError, ValueError):
        return bytes.fromhex(path.read_text(encoding="utf-8"))
    salt = secrets.token_bytes(16)
    files.write(path, salt.hex())
    return salt


def _known(path, default):
    """What a run before has kept in a file, or the default."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return known if isinstance(known, dict) else default
    except (OSError, ValueError):
        return default


def _record(hand_in, graded, problems, digest, kept):
    """The record of a learner (see `counting`); kept is the one before, which knows what was seen when."""
    seen = {each.get("content"): each["seen"] for each in kept.get("notebooks", ()) if "seen" in each}
    today = datetime.date.today().isoformat()
    sources = {notebook.path: notebook for notebook in hand_in.notebooks}
    notebooks = []
    for each in graded:
        source = sources[each["path"]]
        said = {"when": source.when, "late": source.late, "download": source.download}
        notebooks.append({**each, **said, "seen": seen.get(each.get("content"), today)})
    lines = [f"{each['path']}: {problem}" for each in graded if "lesson" not in each for problem in each["problems"]]
    return {
        "learner": hand_in.learner,
        "identity": hand_in.identity,
        "entries": [asdict(entry) for entry in hand_in.entries],
        "slug": hand_in.slug,
        "late": hand_in.late,
        "absent": hand_in.absent,
        "stranger": hand_in.stranger,
        "notebooks": notebooks,
        "problems": [*problems, *lines],
        "not_enforced": sorted({part for each in graded for part in each.get("not_enforced", ())}),
        "digest": digest,
    }


# The work, here and elsewhere


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
