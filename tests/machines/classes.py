"""A class of thousands: varied hand-ins with known points, graded in one run that is killed twice and goes on."""

import contextlib
import hashlib
import inspect
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import nbformat

from bplib.course.notebooks import releases, submissions
from bplib.course.problems import PROBLEMS

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "grading"), str(ROOT / "tests" / "course")]

from mistakes import MISTAKES  # noqa: E402
from test_neighbors import BOMBS, below, is_alive  # noqa: E402

SECONDS = "3"
"""What an answer may take: the lessons below need less than one, and some answers loop."""
LESSONS = "01", "02", "03", "04", "05", "06", "07", "09", "10_", "11"
GENERIC = {
    "text": "def {}(*args):\n    return 'no'",
    "nothing": "def {}(*args):\n    pass",
    "raises": "def {}(*args):\n    raise ValueError('no such\\n<b>value</b>')",
    "misspelled": "def {}(*args:\n    return 0",
    "deletes": "import os\n\n\ndef {}(*args):\n    os._exit(0)",
    "deep": "def {0}(*args):\n    return {0}(*args)",
}
RARE = {
    "loops": "def {}(*args):\n    while True:\n        pass",
    "sleeps": "import time\n\n\ndef {}(*args):\n    time.sleep(100)",
    **{f"bomb of {name}": inspect.cleandoc(source) for name, source in BOMBS.items()},
}


def main(count=300, seed=None):
    """Make so many hand-ins, grade them, and print figures; 1 if something is lost, twice or not as deserved."""
    count, seed = int(count), random.randrange(10**6) if seed is None else int(seed)
    print(f"{count} hand-ins, seed {seed}", flush=True)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        source, out, temporary = (Path(folder) / name for name in ("in", "out", "tmp"))
        source.mkdir(), temporary.mkdir()
        deserved = dict(handed_in(source, number, rng) for number in range(count))
        runs, kept = [], {}
        wrong = []
        for share in (rng.uniform(0.1, 0.4), rng.uniform(0.5, 0.8), None):
            runs.append(Run(source, out, temporary))
            runs[-1].watch(None if share is None else share * count, rng.uniform(0, 0.3))
            now = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("learners/*.json")}
            wrong += [f"{name}: graded again after a run was killed" for name in kept if now.get(name) != kept[name]]
            kept = now
            runs[-1].print(len(kept))
        wrong += differences(deserved, json.loads((out / "results.json").read_text(encoding="utf-8"))["learners"])
        for path in ("results.json", "class.html", "gradebook.csv"):
            print(f"{path}: {(out / path).stat().st_size / 1e6:.1f} MB")
    total = sum(run.spent() for run in runs)
    print(f"all runs: {total:.0f} processor seconds, {total / count:.3f} a hand-in, {sum(r.wall for r in runs):.0f} s")
    print(*wrong[:50], f"{len(wrong)} are not as they should be", sep="\n")
    return len(wrong) > 0


# Hand-ins


def lessons():
    """Lesson to (released notebook, id to right answer, id to the name its check asks for, ids nobody else uses)."""
    found = {}
    for name, released in releases.released_notebooks().items():
        if not name.startswith(LESSONS):
            continue
        solved = nbformat.read(ROOT / "solutions" / name, as_version=4)
        cells = {submissions.grade_id(cell): cell.source for cell in solved.cells}
        ids = submissions.exercise_ids(released)
        asked = {id: re.search(r"check\(.*, (\w+)\)\s*$", cells[f"{id}-check"])[1] for id in ids}
        others = {id: " ".join(cells[other] for other in ids if other != id) for id in ids}
        given = " ".join(cell.source for cell in released.cells if not submissions.grade_id(cell))
        alone = [id for id in ids if not re.search(rf"\b{asked[id]}\b", others[id] + given)]
        found[name] = released, {id: cells[id] for id in ids}, asked, alone
    return found


KNOWN = lessons()


def mistake(id, asked, rng):
    """A wrong answer: one that people have made, where there is one that stands on its own, or any."""
    made = [each.answer for each in MISTAKES if each.id == id and stands_alone(each.answer)]
    if made and rng.random() < 0.7:
        answer = rng.choice(made)
        return f"import numpy as np\n\n\n{inspect.getsource(answer)}\n\n{asked} = {answer.__name__}"
    return rng.choice(list(GENERIC.values())).format(asked)


def stands_alone(answer):
    """Whether it is a function with a name that uses nothing of its module but NumPy."""
    if not inspect.isfunction(answer) or not answer.__name__.isidentifier() or answer.__closure__:
        return False
    return set(answer.__code__.co_names) & set(answer.__globals__) <= {"np"}


def notebook(name, rng):
    """A notebook of a lesson, and the points that each of its exercises deserves."""
    released, right, asked, alone = KNOWN[name]
    nb = nbformat.from_dict(json.loads(json.dumps(released)))
    kind = rng.choices(["right", "mixed", "untouched", "rare"], [30, 60, 8, 2])[0]
    answers = {} if kind == "untouched" else dict(right)
    spoiled = [id for id in alone if kind == "mixed" and rng.random() < 0.4]
    for id in spoiled:
        if rng.random() < 0.2:
            del answers[id]
        else:
            answers[id] = mistake(id, asked[id], rng)
    if kind == "rare" and alone:
        spoiled = [rng.choice(alone)]
        answers[spoiled[0]] = rng.choice(list(RARE.values())).replace("{}", asked[spoiled[0]])
    for cell in nb.cells:
        if submissions.grade_id(cell) in answers:
            cell.source = answers[submissions.grade_id(cell)]
    return nb, {id: PROBLEMS[id].points * (id in answers and id not in spoiled) for id in right}


def handed_in(source, number, rng):
    """Hand something in; who it is, and what each exercise deserves."""
    who = f"learner{number:05}"
    if rng.random() < 0.01:
        unreadable(source / who, rng)
        return who, {}
    chosen = rng.sample(sorted(KNOWN), rng.choice([1, 1, 1, 2]))
    made = {name: notebook(name, rng) for name in chosen}
    texts = {name: json.dumps(nb) for name, (nb, _) in made.items()}
    layout = rng.choice(["folder", "clone", "zip", "file", "Moodle", "Moodle, flat", "Canvas", "renamed"])
    if layout == "zip":
        with zipfile.ZipFile(source / f"{who}.zip", "w") as file:
            for name, text in texts.items():
                file.writestr(f"work/{name}", text)
    for name, text in texts.items() if layout != "zip" else ():
        path = {
            "folder": f"{who}/{name}",
            "clone": f"{who}/exercises/{name}",
            "file": f"{who}_{name}",
            "Moodle": f"{who}_{1000 + number}_assignsubmission_file_/{name}",
            "Moodle, flat": f"{who}_{1000 + number}_assignsubmission_file_{name}",
            "Canvas": f"{who}_{1000 + number}_{70_000 + 10 * number + chosen.index(name)}_{name}",
            "renamed": f"{who}/my work/{chosen.index(name)} final.ipynb",
        }[layout]
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text, encoding="utf-8")
    for name in ("bplib", "notebooks") if layout == "clone" else ():
        (source / who / name).mkdir()
        (source / who / name / "README.md").touch()
    return who, {id: points for _, deserved in made.values() for id, points in deserved.items()}


def unreadable(folder, rng):
    """What holds nothing that could be graded: damaged, empty, too large, of another course."""
    folder.mkdir()
    with open(folder / "01_loss_functions.ipynb", "wb") as file:
        kind = rng.randrange(5)
        if kind == 4:
            file.truncate(51 << 20)  # which takes no room on the disk
        else:
            other = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])).encode()
            file.write([b"", b"{", io.BytesIO(b"\xff\xfe{").read(), other][kind])


def differences(deserved, results):
    """Lines about learners who are missing, there twice, or have other points than they deserve."""
    found = Counter(name[0] for each in results for name in [re.findall(r"learner\d{5}", each["learner"])] if name)
    lines = [f"{who}: there {found[who]} times" for who in deserved if found[who] != 1]
    lines += [f"{each['learner']}: a stranger" for each in results if not re.search(r"learner\d{5}", each["learner"])]
    for each in results:
        who = re.findall(r"learner\d{5}", each["learner"])
        given = {done["id"]: done["points"] for nb in each["notebooks"] for done in nb["exercises"]}
        failed = [line for nb in each["notebooks"] for line in nb["problems"] if line.startswith("not graded, by a")]
        needed = deserved[who[0]] if who else {}
        # What was not touched may be no hand-in at all, where it came along with another lesson.
        lost = {id: (given.get(id), needed.get(id)) for id in given | needed if given.get(id, 0) != needed.get(id, 0)}
        if who and (failed or lost):
            lines.append(f"{each['learner']}: {failed or lost} {each['problems']}")
    return lines


# Runs


class Run:
    """One run of the command, watched from outside."""

    def __init__(self, source, out, temporary):
        """Start it."""
        self.began, self.out, self.temporary = time.monotonic(), out, temporary
        self.seconds, self.tree, self.main, self.first, self.last = {}, 0, 0, None, None
        command = ["-m", "bplib", "grade", str(source), "--out", str(out), "--seconds", SECONDS]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, most, wait):
        """Look until it ends, or kill it some time after so many are kept; then see whether anything is left."""
        before = looked = 0
        while self.process.poll() is None:
            started = below(self.process.pid)
            self._add_up(started, looked % 10 == 0)
            looked += 1
            kept = len(os.listdir(self.out / "learners")) if (self.out / "learners").is_dir() else 0
            if looked == 1:
                before = kept
            if kept != before:
                self.first, self.last = self.first or time.monotonic(), time.monotonic()
                before = kept
            if most is not None and kept >= most:
                time.sleep(wait)
                started = below(self.process.pid)
                self.process.kill()
                self.process.wait()
            time.sleep(0.1)
        self.wall = time.monotonic() - self.began
        until = time.monotonic() + 10
        while any(map(is_alive, started)) or list(self.temporary.iterdir()):
            if time.monotonic() > until:
                raise RuntimeError(f"{list(filter(is_alive, started))} and {list(self.temporary.iterdir())} are left")
            time.sleep(0.02)

    def _add_up(self, started, with_memory):
        """Note the seconds and the memory of the command and of what it has started, down to what starts learners.

        What learners have used is what those have of children that have ended. That of the command's own children is
        theirs already.
        """
        depth, memory = {self.process.pid: 0}, 0
        for pid in [self.process.pid, *started]:
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                depth.setdefault(pid, depth.get(int(fields[1]), 9) + 1)
                own, of_ended = (sum(map(int, fields[k : k + 2])) / os.sysconf("SC_CLK_TCK") for k in (11, 13))
                if depth[pid] < 3:
                    self.seconds[pid] = own + (of_ended if depth[pid] else 0)
                if with_memory:
                    memory += _kilobytes(pid, "smaps_rollup", "Pss")
                if not depth[pid]:
                    self.main = max(self.main, _kilobytes(pid, "status", "VmHWM"))
        self.tree = max(self.tree, memory)

    def spent(self):
        """The seconds of the processor, up to the last look."""
        return sum(self.seconds.values())

    def print(self, kept):
        """Print the figures."""
        end = f"exit code {self.process.returncode}" if self.process.returncode >= 0 else "killed"
        ends = [f"{there - self.began:.1f}" for there in (self.first, self.last) if there]
        print(
            f"{end}: {kept} kept; {self.wall:.1f} s, the first and the last at {' and '.join(ends)};"
            f" {self.spent():.1f} processor seconds; at most {self.main >> 10} MB, and {self.tree >> 10} MB with all",
            flush=True,
        )


def _kilobytes(pid, file, name):
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0  # what has ended has no memory
