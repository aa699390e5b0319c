"""What grading finds for each learner, kept as it comes: a record (see `counting`), a file among the results.

A file is written as soon as its record is there, whole or not at all. A run that was killed goes on where it stopped:
a notebook that is graded, by the course as it is, is not graded again, whatever has come beside it.
"""

import contextlib
import copy
import datetime
import functools
import hashlib
import json
import secrets
from dataclasses import asdict, replace

from bplib.course import files
from bplib.course.notebooks import releases
from bplib.grading import grader
from bplib.grading.classes import batch, versions

FOLDER, SEED = "learners", ".seed"


def records(handed, out, jobs, dask, limits, progress=None):
    """The records of a class, a list of `handins.Handed`, in its order: those that out keeps, and those made now.

    progress(done, of) is called as they come. RuntimeError where out cannot be written to, and KeyboardInterrupt, say
    how many are kept.
    """
    handed = {each.slug: each for each in handed}
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    known, todo = {}, {}
    salt, course = seed(out), _fingerprint(releases.RELEASED)

    def kept(where):
        return f"{len(known)} of {len(handed)} learners are kept {where}, and another run goes on with the rest"

    def keep(slug, graded, problems, digest, before):
        record = _record(handed[slug], graded, problems, digest, before)
        try:
            if record != before:
                files.write(out / FOLDER / f"{slug}.json", as_json(record))
        except OSError as error:
            raise RuntimeError(f"{out} cannot be written to: {error.strerror}; {kept('there')}") from None
        known[slug] = record

    for slug, hand_in in handed.items():
        task, problems = _task(hand_in, salt)
        before = stored(out / FOLDER / f"{slug}.json")
        done = {each["content"]: each for each in before.get("notebooks", ()) if _is_done(each, course, limits)}
        names = [(path, hashlib.sha256(content).hexdigest()) for path, content in task.files]
        digest = _digest(course, task, problems)
        # Of two equal notebooks each has exercises of its own, since a person may change them.
        done = {path: {**copy.deepcopy(done[content]), "path": path} for path, content in names if content in done}
        if len(done) == len(names):
            keep(slug, list(done.values()), problems, digest, before)
        else:
            todo[slug] = [path for path, _ in names], done, (problems, digest, before)

    def new(slug):
        """What of a hand-in is to be graded."""
        task, _ = _task(handed[slug], salt)
        chosen = [k for k, (path, _) in enumerate(task.files) if path not in todo[slug][1]]
        return replace(task, files=tuple(task.files[k] for k in chosen), seeds=tuple(task.seeds[k] for k in chosen))

    def graded(slug, found):
        paths, done, more = todo[slug]
        done |= {each["path"]: {**each, "seconds": limits.cell_seconds, "course": course} for each in found}
        gone = "its file cannot be read any more"
        keep(slug, [done.get(path) or grader.not_graded(path, gone) for path in paths], *more)
        if progress:
            progress(len(known), len(handed))

    # Read once more when it is their turn: all files of a class at once would not fit into memory.
    tasks = map(new, todo)
    try:
        if todo:
            # Where a record cannot be kept, nobody else is graded for nothing.
            with contextlib.closing(batch.graded(tasks, jobs, dask, limits)) as work:
                for slug, found in work:
                    graded(slug, found)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(kept(f"in {out}")) from None
    return [{key: each for key, each in known[slug].items() if key != "history"} for slug in handed]


def _task(hand_in, salt):
    """The files of a hand-in with their seeds, and lines about those that cannot be read any more."""
    contents, problems = [], list(hand_in.problems)
    for notebook in hand_in.notebooks:
        try:
            contents.append((notebook.path, notebook.read()))
        except ValueError as error:
            problems.append(f"{notebook.path}: {error}")
    seeds = [int.from_bytes(hashlib.sha256(salt + content).digest()[:8]) for _, content in contents]
    return batch.Task(hand_in.slug, tuple(contents), tuple(seeds)), problems


def _is_done(notebook, course, limits):
    """Whether there is nothing to be done again: grading did not fail, nothing was cut off that has more time now."""
    is_cut_off = notebook.get("is_cut_off") and notebook["seconds"] < limits.cell_seconds
    return notebook.get("course") == course and notebook["points"] is not None and not is_cut_off


def _digest(course, task, problems):
    """What a record depends on: the files, what was wrong with them, and the course that judges."""
    parts = [course.encode(), repr(problems).encode()]
    parts += [each for path, data in task.files for each in (path.encode(), data)]
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).hexdigest()


@functools.cache
def _fingerprint(released):
    """A fingerprint of the exercises and of all that judges them."""
    known = [*sorted(released.parents[1].rglob("*.py")), *sorted(released.glob("*.ipynb"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in known)).hexdigest()


def seed(out):
    """What the seeds are made of: drawn once for each folder of results, so that no learner can know the inputs."""
    with contextlib.suppress(OSError, ValueError):
        return bytes.fromhex((out / SEED).read_text(encoding="utf-8"))
    salt = secrets.token_bytes(16)
    files.write(out / SEED, salt.hex())
    return salt


def stored(path):
    """What a run before has kept in a file of JSON; {} where there is nothing that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {}
    except (OSError, ValueError):
        return {}


def as_json(content):
    """What is kept, as the text of a file."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _record(hand_in, graded, problems, digest, before):
    """The record of a learner (see `counting`); before is the one of an earlier run, which has the history."""
    sources = {notebook.path: notebook for notebook in hand_in.notebooks}
    pairs = [(each, sources[each["path"]]) for each in graded]
    today = datetime.date.today().isoformat()
    dates, history = versions.dated(pairs, hand_in.entries, before.get("history", {}), today)
    notebooks = [
        {**each, **said, "late": source.late, "download": source.download, "attachment": source.attachment}
        for (each, source), said in zip(pairs, dates, strict=True)
    ]
    unread = [each for each in notebooks if "lesson" not in each and not each["is_replaced"]]
    unread = {each.get("content", each["path"]): each for each in reversed(unread)}
    lines = [f"{each['path']}: {problem}" for each in [*unread.values()][::-1] for problem in each["problems"]]
    return {
        "learner": hand_in.learner,
        "identity": hand_in.identity,
        "entries": [{**asdict(entry), "changed": list(entry.changed)} for entry in hand_in.entries],
        "slug": hand_in.slug,
        "late": hand_in.late,
        "absent": hand_in.absent,
        "stranger": hand_in.stranger,
        "notebooks": notebooks,
        "history": history,
        "problems": [*problems, *lines],
        "not_enforced": sorted({part for each in graded for part in each.get("not_enforced", ())}),
        "digest": digest,
    }
