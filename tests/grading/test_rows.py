"""Promise: a hand-in always leads to a row, whatever is in it, and the row says what was passed over."""

import io
import itertools
import os
import sys
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib.grading import archives, listings
from bplib.grading.classes.people import layouts

LOSS = "01_loss_functions.ipynb"
PACKAGES = "lib/python3.13/site-packages"
ENVIRONMENT = ["pyvenv.cfg", "bin/activate", f"{PACKAGES}/pip/x.py", f"{PACKAGES}/a.ipynb"]
CLONE = ["README.md", "bplib/course/released/a.ipynb", "notebooks/a.ipynb", "solutions/a.ipynb", "exercises/a.ipynb"]

# What a learner may bring beside, or in the place of, a notebook.
BROUGHT = {
    "nothing": [],
    "an environment": ENVIRONMENT,
    "an environment inside": [f"env/{path}" for path in ENVIRONMENT],
    "exercises": ["exercises/a.ipynb"],
    "exercises in capitals": ["EXERCISES/a.ipynb", "Exercises/b.ipynb"],
    "a clone": CLONE,
    "a clone inside": [f"bplib-main/{path}" for path in CLONE],
    "what macOS leaves": ["__MACOSX/._a.ipynb", ".DS_Store"],
    "checkpoints": [".ipynb_checkpoints/a.ipynb"],
    "git": [".git/config"],
    "node": ["node_modules/x/index.js", "node_modules/x/a.zip"],
    "Moodle's": ["Ada L_7_assignsubmission_file_/a.ipynb", "Bo_8_assignsubmission_file_b.ipynb"],
    "Canvas's": ["adal_7_700_a.ipynb", "bo_LATE_8_800_b.ipynb", "anon_Gq3xT_900_c.ipynb"],
    "a zip": ["work.zip", "work/more.zip"],
    "a copy": ["01_loss_functions.2026-11-23T21-40-05.ipynb"],
    "other files": ["report.pdf", "x/data.csv"],
}
NAMES = (
    "alice/Alice/ALICE/Bob B./exercises/Exercises/env/lib/node_modules/pyvenv.cfg/week 1/submissions/work (1)/work (2)"
    "/Zo\u00eb/Zoe\u0308/a b/a  b/Ada/Ada\u202e/con/alice.d/Ada L_1_assignsubmission_file_/Bo_2_assignsubmission_file"
    "/cy_3_300_work/anon_Gq3xT_400_work"
).split("/")
hand_ins = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.lists(st.sampled_from(sorted(BROUGHT)), max_size=3), st.booleans()),
    min_size=2,
    max_size=6,
)


def zipped(files):
    """The bytes of a zip with these files, path to content, and of no folders by themselves."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


def written(folder, files):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def files_of(learner, brought, has_notebook):
    """What a learner hands in, path to content; each notebook says whose it is."""
    mine = learner.encode()
    paths = itertools.chain.from_iterable(BROUGHT[name] for name in brought)
    files = {path: zipped({"in.ipynb": mine, "x/y.txt": b""}) if path.endswith("zip") else mine for path in paths}
    return {**files, **({f"mine/{LOSS}": mine} if has_notebook else {})} or {"empty.txt": b""}


def class_of(hand_ins):
    # All of it Moodle's would be a class in each folder, so one holds something else.
    return {
        learner: files_of(learner, brought, has_notebook or number == 0)
        for number, (learner, (brought, has_notebook)) in enumerate(hand_ins.items())
    }


def check(handed, hand_ins):
    assert len(handed) == len({each.learner for each in handed}) == len({each.slug for each in handed}) == len(hand_ins)
    read = [{notebook.read().decode() for notebook in each.notebooks} for each in handed]
    assert all(len(names) <= 1 for names in read)  # nobody's row holds the work of another
    with_notebooks = {learner for learner, files in class_of(hand_ins).items() if any(map(counts, files))}
    assert sorted(name for names in read for name in names) == sorted(with_notebooks)
    assert all(each.notebooks or each.problems for each in handed)


def counts(path):
    passed_over = {"__MACOSX", ".ipynb_checkpoints", "site-packages"}
    return path.endswith((".ipynb", ".zip")) and not passed_over & set(path.split("/"))


@pytest.mark.skipif(sys.platform != "linux", reason="names that differ only by case are the same elsewhere")
@settings(deadline=None, derandomize=True, max_examples=150)
@given(hand_ins)
def test_as_many_learners_come_out_of_a_folder_as_went_in(hand_ins):
    with tempfile.TemporaryDirectory() as folder:
        for learner, files in class_of(hand_ins).items():
            written(Path(folder) / learner, files)
        check(layouts.find(folder), hand_ins)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(hand_ins, st.sampled_from(["", "class/"]), st.booleans())
def test_as_many_learners_come_out_of_a_zip_as_went_in(hand_ins, wrapped, with_clutter):
    files = {
        f"{wrapped}{learner}/{path}": data
        for learner, each in class_of(hand_ins).items()
        for path, data in each.items()
    }
    clutter = {"__MACOSX/._class": b"", f"{wrapped}.DS_Store": b"", "README.md": b""} if with_clutter else {}
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), {"class.zip": zipped({**files, **clutter})})
        for source in (folder, os.path.join(folder, "class.zip")):
            check(layouts.find(source), hand_ins)


def problems(handed):
    return {each.learner: each.problems for each in handed}


def both(tmp_path, files):
    """What is found of the same files in a folder and in a zip."""
    written(tmp_path / "class", files)
    written(tmp_path, {"class.zip": zipped(files)})
    return layouts.find(tmp_path / "class"), layouts.find(tmp_path / "class.zip")


def test_an_environment_costs_nobody_the_row_and_a_line_says_what_was_passed_over(tmp_path):
    files = [f"alice/{path}" for path in (*ENVIRONMENT, LOSS)] + [f"bob/{path}" for path in ENVIRONMENT]
    passed_over = f"{PACKAGES}: what is installed there was passed over"
    nothing = f"there is no notebook in it, only bin/activate, {PACKAGES}, pyvenv.cfg"
    for handed in both(tmp_path, dict.fromkeys(files, b"")):
        assert [len(each.notebooks) for each in handed] == [1, 0]
        assert problems(handed) == {"alice": (passed_over,), "bob": (passed_over, nothing)}


def test_who_hands_in_nothing_but_clutter_has_a_row_that_names_it(tmp_path):
    for handed in both(tmp_path, {"alice/.git/config": b"", "bob/x/__MACOSX/a.ipynb": b"", f"cy/{LOSS}": b""}):
        nothing = "there is no notebook in it, only"
        assert problems(handed) == {"alice": (f"{nothing} .git",), "bob": (f"{nothing} x/__MACOSX",), "cy": ()}


@pytest.mark.parametrize("name", ["exercises", "EXERCISES"])
def test_a_folder_exercises_beside_hand_ins_is_a_hand_in(tmp_path, name):
    files = {f"{learner}/{LOSS}": b"" for learner in ("alice", "bob", "cy", name)}
    for handed in both(tmp_path, files):
        assert sorted(each.learner for each in handed) == sorted(["alice", "bob", "cy", name])


def test_what_stands_beside_the_exercises_of_a_clone_counts_unless_it_is_ours(tmp_path):
    files = [f"alice/{path}" for path in (*CLONE, "mine/b.ipynb", "c.ipynb")] + ["bob/solutions/a.ipynb"]
    for handed in both(tmp_path, dict.fromkeys(files, b"")):
        alice, bob = ([notebook.path for notebook in each.notebooks] for each in handed)
        assert (alice, bob) == (["c.ipynb", "exercises/a.ipynb", "mine/b.ipynb"], ["solutions/a.ipynb"])


def test_a_clone_without_exercises_is_one_learner_of_whom_nothing_of_ours_counts(tmp_path):
    ours = {f"{where}/{LOSS}": b"" for where in ("bplib/course/released", "notebooks", "solutions")}
    carol = {**ours, f"my_work/week1/{LOSS}": b"", f"my_work/week2/{LOSS}": b"", f"again/{LOSS}": b""}
    for who, theirs in (("alice", {f"exercises/{LOSS}": b"", **ours}), ("carol", carol), ("dan", ours)):
        written(tmp_path / "in", {f"{who}/bplib-main/{path}": content for path, content in theirs.items()})
        written(tmp_path / "in", {f"{who} flat/{path}": content for path, content in theirs.items()})
    found = {each.learner: each for each in layouts.find(tmp_path / "in")}
    paths = {name: [notebook.path for notebook in each.notebooks] for name, each in found.items()}
    mine = [f"again/{LOSS}", f"my_work/week1/{LOSS}", f"my_work/week2/{LOSS}"]
    assert paths.pop("carol") == [f"bplib-main/{path}" for path in mine] and paths.pop("carol flat") == mine
    assert paths.pop("dan") == paths.pop("dan flat") == [] and set(paths) == {"alice", "alice flat"}
    assert found["dan"].problems == ("there is no notebook in it but those of the course",)


def test_a_folder_that_is_called_like_our_package_is_a_learners_own(tmp_path):
    written(tmp_path / "in", {f"alice/bplib/{LOSS}": b"", f"bob/notebooks/{LOSS}": b""})
    assert [len(each.notebooks) for each in layouts.find(tmp_path / "in")] == [1, 1]


def test_a_copy_by_reset_counts_where_the_notebook_itself_is_missing(tmp_path):
    copy = "01_loss_functions.2026-11-23T21-40-05.ipynb"
    files = {f"alice/{copy}": b"", f"alice/{LOSS}": b"", f"bob/{copy}": b"", "bob/04_single_neuron.ipynb": b""}
    for handed in both(tmp_path, {**files, f"cy_{copy}": b"", f"di_{copy}": b"", f"di_{LOSS}": b""}):
        found = {each.learner: [notebook.path for notebook in each.notebooks] for each in handed}
        assert found.pop("alice") == [LOSS] and found.pop("bob") == [copy, "04_single_neuron.ipynb"]
        assert found == {"cy": [f"cy_{copy}"], "di": [f"di_{LOSS}"]}


def test_a_name_of_a_file_in_a_zip_can_be_neither_long_nor_deep_enough_to_do_harm(tmp_path):
    deep, long = f"eve/{'a/' * 30_000}b.ipynb", f"eve/{'x' * 60_000}.ipynb"
    written(tmp_path, {"class.zip": zipped({f"alice/{LOSS}": b"", deep: b"", long: b""})})
    tracemalloc.start()
    alice, eve = layouts.find(tmp_path / "class.zip")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert (len(alice.notebooks), alice.problems, len(eve.notebooks)) == (1, (), 1)
    assert [problem.endswith("/a: what it holds lies deeper than 100 folders") for problem in eve.problems] == [True]
    assert len(eve.notebooks[0].path) < 310


def test_thousands_of_names_that_look_the_same_take_no_longer_than_others(tmp_path):
    marks = ("".join(each) for each in itertools.product("\u202a\u202b\u202d\u202e", repeat=7))
    written(tmp_path, {"class.zip": zipped({f"a{each}/{LOSS}": b"" for each in itertools.islice(marks, 12_000)})})
    begun = time.process_time()
    items = listings.in_zip(archives.Item((), archives.ZIP, (str(tmp_path / "class.zip"),)))
    assert time.process_time() - begun < 10
    assert len({item.parts for item in items}) == 12_000
