"""Promise: in whatever form a class hands in, every notebook reaches the right name, and no file can do harm."""

import io
import os
import pickle
import random
import stat
import struct
import sys
import zipfile

import pytest

from bplib.grading import archives, handins
from bplib.grading.classes.people import layouts

LOSS, NEURON = "01_loss_functions.ipynb", "04_single_neuron.ipynb"


def tree(folder, files):
    """Write files, path to content, below a folder and return it."""
    folder.mkdir(exist_ok=True)
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = files[name]
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(files, method=zipfile.ZIP_DEFLATED):
    """The bytes of a zip with these files, name to content; a name that ends with a slash is a folder."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def shown(handed):
    """What was found, in short: learner to the paths of the notebooks."""
    return {each.learner: [notebook.path for notebook in each.notebooks] for each in handed}


def contents(handed):
    """Learner to what is in the notebooks."""
    return {each.learner: [notebook.read().decode() for notebook in each.notebooks] for each in handed}


def only(handed):
    (each,) = handed
    return each


# Folders


def test_each_folder_is_a_learner_however_deep_the_notebooks_are(tmp_path):
    tree(tmp_path, {f"alice/{LOSS}": "a", f"Bob B./week 1/mine/{NEURON}": "b", "README.md": "the class"})
    handed = layouts.find(tmp_path)
    assert shown(handed) == {"alice": [LOSS], "Bob B.": [f"week 1/mine/{NEURON}"]}
    assert contents(handed) == {"alice": ["a"], "Bob B.": ["b"]}
    assert [(each.identity, each.problems, each.late) for each in handed] == [("", (), False)] * 2


def test_of_a_clone_only_its_exercises_count(tmp_path):
    clone = {
        f"exercises/{LOSS}": "mine",
        f"exercises/mine/{NEURON}": "mine",
        f"exercises/.ipynb_checkpoints/{LOSS}": "old",
        f"notebooks/{LOSS}": "lesson",
        f"solutions/{LOSS}": "solution",
        f"bplib/course/released/{LOSS}": "released",
        f".git/{LOSS}": "git",
        f".venv/{LOSS}": "venv",
    }
    tree(
        tmp_path, {f"{where}{path}": content for where in ("alice/", "bob/x/bplib/") for path, content in clone.items()}
    )
    assert contents(layouts.find(tmp_path)) == {"alice": ["mine", "mine"], "bob": ["mine", "mine"]}
    assert shown(layouts.find(tmp_path / "alice")) == {"alice": [f"exercises/{LOSS}", f"exercises/mine/{NEURON}"]}


def test_a_notebook_beside_a_clone_is_not_lost(tmp_path):
    tree(tmp_path, {f"alice/bplib/exercises/{LOSS}": "", f"alice/bplib/solutions/{LOSS}": "", f"alice/{NEURON}": ""})
    assert shown(layouts.find(tmp_path)) == {"alice": [NEURON, f"bplib/exercises/{LOSS}"]}


def test_copies_checkpoints_hidden_files_and_installed_packages_are_passed_over(tmp_path):
    passed_over = [
        "01_loss_functions.2026-11-23T21-40-05.ipynb",
        ".ipynb_checkpoints/a.ipynb",
        "._a.ipynb",
        "__MACOSX/a.ipynb",
        ".hidden/a.ipynb",
        "env/lib/python3.13/site-packages/a.ipynb",
    ]
    files = {LOSS: "", **dict.fromkeys(passed_over, "")}
    tree(tmp_path, {**{f"alice/{path}": "" for path in files}, "bob.zip": zipped(files), "__MACOSX/x/a.ipynb": ""})
    assert shown(layouts.find(tmp_path)) == {"alice": [LOSS], "bob": [f"bob.zip/{LOSS}"]}


# Moodle and Canvas


@pytest.mark.parametrize("end", ["_assignsubmission_file_/", "_assignsubmission_file/", "_assignsubmission_file_"])
def test_moodle_names_a_person_with_folders_and_without(tmp_path, end):
    files = {f"Ada Lovelace_1234567{end}{LOSS}": "a", f"Ada Lovelace_1234567{end}{NEURON}": "b"}
    tree(tmp_path, {**files, f"Zoë O'Neil-Ng_7{end}work.zip": zipped({f"x/{LOSS}": "c"})})
    handed = layouts.find(tmp_path)
    assert shown(handed) == {"Ada Lovelace": [LOSS, NEURON], "Zoë O'Neil-Ng": [f"work.zip/x/{LOSS}"]}
    assert [each.identity for each in handed] == ["1234567", "7"]


def test_moodle_may_have_two_people_of_one_name_and_text_instead_of_a_file(tmp_path):
    tree(
        tmp_path,
        {
            f"Li Wei_11_assignsubmission_file_/{LOSS}": "",
            f"Li Wei_12_assignsubmission_file_/{LOSS}": "",
            f"Ada_13_assignsubmission_file_/{LOSS}": "",
            "Ada_13_assignsubmission_onlinetext_/onlinetext.html": "",
            "Eve_14_assignsubmission_onlinetext_/onlinetext.html": "",
        },
    )
    handed = layouts.find(tmp_path)
    assert shown(handed) == {"Ada": [LOSS], "Eve": [], "Li Wei (11)": [LOSS], "Li Wei (12)": [LOSS]}
    assert handed[1].problems == ("there is no notebook in it, only onlinetext.html",)


def test_a_file_named_like_moodles_does_not_change_whose_it_is(tmp_path):
    tree(tmp_path, {"Mallory_1_assignsubmission_file_Ada_2_assignsubmission_file_x.ipynb": ""})
    assert shown(layouts.find(tmp_path)) == {"Mallory": ["Ada_2_assignsubmission_file_x.ipynb"]}


def test_an_upload_to_canvas_that_is_named_like_moodles_is_of_who_uploaded_it_and_warns_nobody(tmp_path):
    uploads = ["evee_1_100_Ada_2_assignsubmission_file_x.ipynb", f"adal_2_200_{LOSS}"]
    handed = layouts.find(tree(tmp_path, dict.fromkeys(uploads, "")))
    assert [(each.learner, each.identity, each.problems) for each in handed] == [("adal", "2", ()), ("evee", "1", ())]


def test_canvas_names_a_person_and_says_who_was_late(tmp_path):
    files = [
        f"lovelaceada_12345_678901_{LOSS}",
        f"lovelaceada_12345_678902_{NEURON}",
        f"hopper_grace_LATE_12346_678903_{LOSS}",
        f"anon_Gq3xT_678904_{LOSS}",
        f"LATE_anon_b7Yz2_678906_{LOSS}",
        "LATE_anon_k7Yz2_text.html",
        f"group1_12347_678905_{LOSS}",
        "knuthdon_12348_text.html",
    ]
    handed = layouts.find(tree(tmp_path, dict.fromkeys(files, "")))
    assert [(each.learner, each.identity, each.late, len(each.notebooks)) for each in handed] == [
        ("anon b7Yz2", "b7Yz2", True, 1),
        ("anon Gq3xT", "Gq3xT", False, 1),
        ("anon k7Yz2", "k7Yz2", True, 0),
        ("group1", "12347", False, 1),
        ("hopper_grace", "12346", True, 1),
        ("knuthdon", "12348", False, 0),
        ("lovelaceada", "12345", False, 2),
    ]
    assert handed[5].problems == ("there is no notebook in it, only text.html",)


def test_what_was_handed_in_again_to_canvas_is_found_with_the_number_that_says_what_came_last(tmp_path):
    sent = {
        "1_900_01_loss_functions-2.ipynb": "second",
        "1_901_01_loss_functions-10.ipynb": "tenth",
        "1_902_01_loss_functions.ipynb": "first",
        "1_905_work.ipynb": "old",
        "1_906_work-1.ipynb": "new",
        "1_907_part-1.ipynb": "one part",
        "1_908_part-2.ipynb": "another part",
        "1_99999_same.ipynb": "before",
        "1_100000_same.ipynb": "after",
    }
    tree(tmp_path, {f"ada_{name}": content for name, content in sent.items()})
    ada = only(layouts.find(tmp_path))
    found = {notebook.read().decode(): notebook.attachment for notebook in ada.notebooks}
    assert found == {content: int(name.split("_")[1]) for name, content in sent.items()} and ada.problems == ()


def test_a_number_at_the_end_of_a_name_is_canvass_only_in_what_canvas_gives(tmp_path):
    tree(tmp_path, {"alice/work.ipynb": "", "alice/work-1.ipynb": ""})
    assert shown(layouts.find(tmp_path)) == {"alice": ["work-1.ipynb", "work.ipynb"]}


# Notebooks side by side


@pytest.mark.parametrize(
    "name, learner",
    [
        ("alice.ipynb", "alice"),
        ("alice_01_loss_functions.ipynb", "alice"),
        ("01_loss_functions_alice.ipynb", "alice"),
        ("01_loss_functions - Alice Liddell.ipynb", "Alice Liddell"),
        ("ALICE_01_Loss_Functions (1).IPYNB", "ALICE"),
        ("alice_2026_10_05.ipynb", "alice_2026_10_05"),
        ("alice_01_loss_functionsx.ipynb", "alice_01_loss_functionsx"),
        ("alice_04_single_neuron.zip", "alice"),
    ],
)
def test_what_the_lesson_leaves_of_a_file_name_is_the_learner(tmp_path, name, learner):
    content = zipped({"a.ipynb": ""}) if name.endswith("zip") else ""
    assert learner in shown(layouts.find(tree(tmp_path, {name: content, "bob.ipynb": ""})))


def test_files_of_one_name_are_one_hand_in_and_a_bare_lesson_is_that_of_the_folder(tmp_path):
    names = ["alice_01_loss_functions.ipynb", "04_single_neuron_alice.ipynb", LOSS, NEURON]
    handed = layouts.find(tree(tmp_path / "me", dict.fromkeys(names, "")))
    assert shown(handed) == {"alice": [names[1], names[0]], "me": [LOSS, NEURON]}


# Zip files


CLASSES = {
    "folders": ({f"alice/{LOSS}": "a", f"bob/x/{LOSS}": "b"}, {"alice", "bob"}),
    "moodle": (
        {f"Ada L_1_assignsubmission_file_/{LOSS}": "a", f"Bo_2_assignsubmission_file_{LOSS}": ""},
        {"Ada L", "Bo"},
    ),
    "canvas": ({f"adal_1_100_{LOSS}": "a", f"bo_LATE_2_200_{LOSS}": "b"}, {"adal", "bo"}),
    "notebooks": ({"alice.ipynb": "a", f"bob_{LOSS}": "b"}, {"alice", "bob"}),
    "zips": ({"alice.zip": zipped({LOSS: "a"}), "bob.zip": zipped({f"exercises/{LOSS}": "b"})}, {"alice", "bob"}),
    "moodle's zips": ({"Ada L_1_assignsubmission_file_a.zip": zipped({LOSS: "a"})}, {"Ada L"}),
}


@pytest.mark.parametrize("wrapped", ["", "all/"])
@pytest.mark.parametrize("files, learners", CLASSES.values(), ids=CLASSES)
def test_a_zip_of_the_class_is_the_class_given_itself_or_alone_in_a_folder(tmp_path, files, learners, wrapped):
    tree(tmp_path, {"all.zip": zipped({wrapped + name: content for name, content in files.items()})})
    handed = layouts.find(tmp_path)
    assert set(shown(handed)) == learners
    assert all(len(each.notebooks) == 1 and not each.problems for each in handed)
    assert contents(layouts.find(tmp_path / "all.zip")) == contents(handed)


def test_classes_by_moodle_or_canvas_may_stand_side_by_side_in_zips_and_folders(tmp_path):
    week_1 = {f"Ada_1_assignsubmission_file_{LOSS}": "", f"Bo_2_assignsubmission_file_{LOSS}": ""}
    week_2 = {f"all/adal_1_100_{NEURON}": "", "__MACOSX/x": ""}
    tree(tmp_path, {"week 1.zip": zipped(week_1), "week 2.zip": zipped(week_2), f"week 3/cy_3_300_{LOSS}": ""})
    assert shown(layouts.find(tmp_path)) == {"Ada": [LOSS], "Bo": [LOSS], "adal": [NEURON], "cy": [LOSS]}


def test_beside_somebodys_hand_in_no_zip_or_folder_is_a_class_and_one_that_looks_like_it_is_told(tmp_path):
    forged = {f"Ada_1_assignsubmission_file_{LOSS}": "", f"x/Bo_2_assignsubmission_file_{LOSS}": ""}
    for source in (
        {f"alice/{LOSS}": "", "eve.zip": zipped(forged)},
        {f"alice/{LOSS}": "", **{f"eve/{path}": "" for path in forged}},
    ):
        tree(tmp_path / str(len(source)), source)
        tree(tmp_path, {"all.zip": zipped(source)})
        for top in (tmp_path / str(len(source)), tmp_path / "all.zip"):
            alice, eve = layouts.find(top)
            assert (alice.learner, alice.problems, eve.learner, eve.identity, len(eve.notebooks)) == (
                "alice",
                (),
                "eve",
                "",
                2,
            )
            assert eve.problems == ("it holds what Moodle or Canvas gives of 2 people, and counts as that of one",)


def test_the_zip_of_a_clone_is_its_owners(tmp_path):
    clone = zipped({f"bplib-main/exercises/{LOSS}": "mine", f"bplib-main/solutions/{LOSS}": "ours"})
    tree(tmp_path, {"alice.zip": clone})
    assert contents(layouts.find(tmp_path)) == contents(layouts.find(tmp_path / "alice.zip")) == {"alice": ["mine"]}


def test_zips_are_read_two_deep_and_no_deeper(tmp_path):
    inner = zipped({LOSS: "inner", "deeper.zip": zipped({NEURON: "deeper"})})
    tree(tmp_path, {"alice.zip": zipped({"x/inner.zip": inner}), "bob.ipynb": ""})
    alice = layouts.find(tmp_path)[0]
    assert shown([alice]) == {"alice": [f"alice.zip/x/inner.zip/{LOSS}"]}
    assert alice.notebooks[0].read() == b"inner"
    assert alice.problems == ("alice.zip/x/inner.zip/deeper.zip: a zip in a zip in a zip is not opened",)


def test_names_with_dots_or_absolute_are_only_names(tmp_path):
    files = {"../../x.ipynb": "a", "/etc/y.ipynb": "b", "C:\\temp\\z.ipynb": "c", "./.././w.ipynb": "d"}
    tree(tmp_path / "class", {"alice.zip": zipped(files), "bob.ipynb": ""})
    paths = shown(layouts.find(tmp_path / "class"))["alice"]
    assert paths == ["alice.zip/C:/temp/z.ipynb", "alice.zip/etc/y.ipynb", "alice.zip/w.ipynb", "alice.zip/x.ipynb"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["alice.zip", "bob.ipynb", "class"]


def test_a_name_in_utf8_that_the_zip_does_not_mark_as_such_is_read_all_the_same(tmp_path):
    content = zipped({"Zo\u00eb.ipynb": ""})
    unmarked = content.replace(b"\x00\x08", b"\x00\x00")
    assert unmarked != content
    assert set(shown(layouts.find(tree(tmp_path, {"all.zip": unmarked})))) == {"Zoë"}


# What is refused


def damaged():
    content = zipped({LOSS: "x" * 1000}, zipfile.ZIP_STORED)
    return content.replace(b"xxx", b"yyy", 1)


def encrypted():
    content = bytearray(zipped({LOSS: "secret"}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def a_link():
    info = zipfile.ZipInfo(LOSS)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped({info: "/etc/passwd"})


def lying():
    """A zip whose header says that 5 MB are 10 bytes."""
    content = bytearray(zipped({LOSS: "x" * 5_000_000}))
    for place in (content.index(b"PK\x03\x04") + 22, content.rindex(b"PK\x01\x02") + 24):
        content[place : place + 4] = struct.pack("<L", 10)
    return bytes(content)


REFUSED = {
    "no zip": (b"hello", "a.zip: it is damaged, or no zip file"),
    "empty file": (b"", "a.zip: it is damaged, or no zip file"),
    "cut off": (zipped({LOSS: "x" * 1000})[:-30], "a.zip: it is damaged, or no zip file"),
    "damaged": (damaged(), f"a.zip/{LOSS}: it is damaged, or no zip file"),
    "encrypted": (encrypted(), f"a.zip/{LOSS}: it is encrypted in the zip"),
    "a link": (a_link(), f"a.zip/{LOSS}: it is a link, and links are not followed"),
    "lying": (lying(), f"a.zip/{LOSS}: it is damaged, or no zip file"),
    "method": (
        zipped({LOSS: "x"}, zipfile.ZIP_BZIP2),
        f"a.zip/{LOSS}: it is packed by a method other than that of ordinary zip files",
    ),
    "nothing": (zipped({}), "there is no notebook in it"),
    "no notebook": (
        zipped({"report.pdf": "", "b.py": ""}),
        "there is no notebook in it, only a.zip/b.py, a.zip/report.pdf",
    ),
}


@pytest.mark.parametrize("content, problem", REFUSED.values(), ids=REFUSED)
def test_a_zip_that_cannot_be_read_is_a_problem_of_its_learner_and_of_no_other(tmp_path, content, problem):
    tree(tmp_path, {"a.zip": content, "bob.ipynb": "b"})
    alice, bob = layouts.find(tmp_path)
    assert (alice.learner, alice.notebooks, alice.problems) == ("a", (), (problem,))
    assert (bob.problems, bob.notebooks[0].read()) == ((), b"b")


def test_a_zip_with_far_too_long_a_table_of_contents_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 1000)
    tree(tmp_path, {"a.zip": zipped({f"{k}.txt": "" for k in range(100)}), "bob.ipynb": ""})
    assert layouts.find(tmp_path)[0].problems == ("a.zip: the zip lists far too many files, and was refused",)


def test_a_zip_bomb_is_refused_after_what_is_allowed_was_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 3_000_000)
    bomb = zipped({f"{k:02}.ipynb": bytes(1_000_000) for k in range(50)})
    assert len(bomb) < 100_000
    tree(tmp_path, {"all.zip": zipped({"a/a.zip": bomb, f"b/{LOSS}": "b"}), "x/c.ipynb": "", "y/bomb.zip": bomb})
    tree(tmp_path, {"x2.zip": zipped({"in.zip": zipped({"a.ipynb": bytes(4_000_000)}, zipfile.ZIP_STORED)})})
    handed = {each.learner: each for each in layouts.find(tmp_path)}
    assert [notebook.path for notebook in handed["y"].notebooks] == [f"bomb.zip/{k:02}.ipynb" for k in range(3)]
    line = "what is zipped unpacks to more than 3 MB; no more of it was read"
    assert handed["y"].problems == (f"bomb.zip/03.ipynb: {line}",)
    assert handed["x"].problems == ()
    assert handed["x2"].problems[0].startswith("x2.zip/in.zip: ")
    assert handed["x2"].notebooks == ()


def test_a_bomb_in_the_zip_of_the_class_costs_its_own_learner_only(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 3_000_000)
    files = {f"eve/{k}.ipynb": bytes(1_000_000) for k in range(9)}
    tree(tmp_path, {"all.zip": zipped({**files, f"alice/{LOSS}": "a", f"zoe/{LOSS}": "z"})})
    alice, eve, zoe = layouts.find(tmp_path)
    assert (len(eve.notebooks), len(eve.problems)) == (3, 1)
    assert contents([alice, zoe]) == {"alice": ["a"], "zoe": ["z"]}


def test_no_damage_to_a_zip_is_an_exception_or_costs_another_learner(tmp_path):
    whole = zipped({f"a/exercises/{LOSS}": "abc" * 50, "b.ipynb": "q", "x.zip": zipped({LOSS: "z" * 99})})
    rng = random.Random(1)
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        handed = layouts.find(tree(tmp_path, {"a.zip": bytes(content), "bob.ipynb": ""}))
        assert "bob" in shown(handed)
        assert not any("\n" in problem for each in handed for problem in each.problems)
        assert all(isinstance(notebook.read(), bytes) for each in handed for notebook in each.notebooks)


def test_too_many_files_and_too_big_a_notebook_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILES", 5)
    monkeypatch.setattr(archives, "MAX_NOTEBOOK_BYTES", 1000)
    many = {f"{k}.ipynb": "" for k in range(6)}
    files = {f"many/{name}": "" for name in many} | {"z.zip": zipped(many), "big/a.ipynb": bytes(1001)}
    tree(tmp_path, {**files, "fits/a.ipynb": bytes(1000), "bigzip.zip": zipped({"a.ipynb": bytes(1001)})})
    assert {each.learner: each.problems for each in layouts.find(tmp_path)} == {
        "big": ("a.ipynb: it is bigger than 0.001 MB, and was not loaded",),
        "bigzip": ("bigzip.zip/a.ipynb: it is bigger than 0.001 MB, and was not loaded",),
        "fits": (),
        "many": ("it holds 6 notebooks, more than the 5 that are read",),
        "z": ("z.zip: it holds more than 5 notebooks and zip files, and was refused",),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are other things there")
def test_links_are_not_followed_and_pipes_not_waited_for(tmp_path):
    secret = tree(tmp_path / "secret", {"a.ipynb": "secret"})
    folder = tree(tmp_path / "class", {f"alice/{LOSS}": "a", "bob/data.csv": ""})
    (folder / "alice" / "x.ipynb").symlink_to(secret / "a.ipynb")
    (folder / "alice" / "folder").symlink_to(secret)
    (folder / "alice" / "loop").symlink_to(folder / "alice")
    (folder / "eve").symlink_to(secret)
    (folder / "gone.ipynb").symlink_to(tmp_path / "gone")
    os.mkfifo(folder / "bob" / "pipe.ipynb")
    assert {each.learner: (len(each.notebooks), each.problems) for each in layouts.find(folder)} == {
        "alice": (1, tuple(f"{x}: it is a link, and links are not followed" for x in ("folder", "loop", "x.ipynb"))),
        "bob": (0, ("pipe.ipynb: it is no ordinary file",)),
        "eve": (0, ("eve: it is a link, and links are not followed",)),
        "gone": (0, ("gone.ipynb: it is a link, and links are not followed",)),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="rights are other things there")
def test_what_the_system_does_not_let_us_read_is_a_problem(tmp_path, monkeypatch):
    tree(tmp_path, {"alice/a.ipynb": "", f"bob/{LOSS}": "", "carol.ipynb": ""})
    # Root may read everything, so the system is played.
    scan, opened = os.scandir, os.open

    def denied(real, bad):
        def call(path, *rest, **more):
            if os.fspath(path).endswith(bad):
                raise PermissionError(13, "Permission denied")
            return real(path, *rest, **more)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied(scan, "alice"))
        patch.setattr(os, "open", denied(opened, LOSS))
        handed = layouts.find(tmp_path)
    assert [each.problems for each in handed] == [
        ("alice: the folder cannot be read: Permission denied",),
        (f"{LOSS}: it cannot be read: Permission denied",),
        (),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not have such names")
def test_names_that_are_not_utf8_are_shown_as_well_as_they_can_be(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/Andr\xe9")
    (tmp_path / os.fsdecode(b"Andr\xe9") / LOSS).write_bytes(b"a")
    handed = only(layouts.find(tmp_path))
    assert (handed.learner, handed.problems) == ("Andr\ufffd", ("its name is not in UTF-8",))
    assert handed.notebooks[0].read() == b"a"


def test_an_empty_folder_is_a_learner_with_a_problem(tmp_path):
    (tmp_path / "alice").mkdir()
    tree(tmp_path, {"bob/.git/x": "", "carol/report.pdf": "", "Ada_1_assignsubmission_file_/.keep": ""})
    tree(tmp_path, {"dora_2_200_report.pdf": ""})
    nothing = "there is no notebook in it"
    assert {each.learner: each.problems for each in layouts.find(tmp_path)} == {
        "Ada": (f"{nothing}, only .keep",),
        "alice": (nothing,),
        "bob": (f"{nothing}, only .git",),
        "carol": (f"{nothing}, only report.pdf",),
        "dora": (f"{nothing}, only report.pdf",),
    }


def test_where_nothing_was_handed_in_one_sentence_says_so(tmp_path):
    tree(tmp_path / "empty", {"notes.txt": "", ".git/a.ipynb": ""})
    tree(tmp_path, {"bad.zip": b"PK", "none.zip": zipped({})})
    for name, sentence in {
        "empty": "nothing was handed in in",
        "none.zip": "nothing was handed in in",
        "bad.zip": "cannot be graded: it is damaged, or no zip file",
        "gone": "there is no folder or zip file",
    }.items():
        with pytest.raises(ValueError, match=sentence):
            layouts.find(tmp_path / name)


# Names


def test_in_several_downloads_an_identity_with_its_name_is_one_person_and_with_two_names_is_told(tmp_path):
    week = {f"ada_1_100_{LOSS}": "", f"bo_2_200_{LOSS}": ""}
    week_3 = {f"bo_3_300_{LOSS}": "", f"cy_1_400_{LOSS}": ""}
    tree(tmp_path, {"week 1.zip": zipped(week), "week 2.zip": zipped(week), "week 3.zip": zipped(week_3)})
    handed = layouts.find(tmp_path)
    assert shown(handed) == {
        "ada": [f"week 1.zip/{LOSS}", f"week 2.zip/{LOSS}"],
        "bo (2)": [f"week 1.zip/{LOSS}", f"week 2.zip/{LOSS}"],
        "bo (3)": [LOSS],
        "cy": [LOSS],
    }
    assert [each.problems for each in handed] == [
        ("2 hand-ins, of different names, have its identity 1",),
        (),
        (),
        ("2 hand-ins, of different names, have its identity 1",),
    ]


HOSTILE = [
    "=HYPERLINK(1)",
    "<script>alert(1)<",
    "🦊 fox",
    "CON",
    "nul",
    "com1",
    "a b",
    "a-b",
    "A B",
    "a_b",
    "x" * 200,
    "x" * 201,
    "Ada\u202egpj",
    "Ada",
    "李 伟",
    "-",
    "...",
]


def test_hostile_names_are_shown_and_give_slugs_that_are_safe_and_distinct(tmp_path):
    names = [name for name in HOSTILE if not name.startswith(".")]
    handed = layouts.find(tree(tmp_path, {"all.zip": zipped({f"{name}/{LOSS}": "" for name in names})}))
    assert len(handed) == len(names)
    learners, slugs = [each.learner for each in handed], [each.slug for each in handed]
    assert len(set(learners)) == len(set(slugs)) == len(names)
    assert all(len(learner) <= 105 and "\u202e" not in learner for learner in learners)
    assert {"=HYPERLINK(1)", "<script>alert(1)<", "🦊 fox", "李 伟"} <= set(learners)


def test_a_slug_depends_on_the_name_alone_and_is_safe_on_every_system():
    slugs = [handins.slug(name) for name in [*HOSTILE, "", "\ud800", "../../x", "x" * 300]]
    assert len(set(slugs)) == len(slugs)
    for slug in slugs:
        assert 0 < len(slug) <= 72
        assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert slug not in ("con", "nul", "com1")
    assert handins.slug("a-b") == "a-b"
    assert handins.slug("alice") == "alice"
    assert handins.slug("Ada Lovelace").startswith("ada-lovelace-")
    assert handins.slug(handins.slug("Ada Lovelace")) != handins.slug("Ada Lovelace")


# Reading


def test_what_was_found_can_be_sent_to_another_process_and_read_there_again_and_again(tmp_path):
    inner = zipped({LOSS: "inner"})
    tree(tmp_path, {f"a/{LOSS}": "disk", "b.zip": zipped({LOSS: "zip"}), "c.zip": zipped({"x.zip": inner})})
    handed = layouts.find(tmp_path)
    assert pickle.loads(pickle.dumps(handed)) == handed
    for _ in range(2):
        assert contents(pickle.loads(pickle.dumps(handed))) == {"a": ["disk"], "b": ["zip"], "c": ["inner"]}


def test_a_file_that_is_gone_when_it_is_read_is_said_in_one_line(tmp_path):
    tree(tmp_path, {f"a/{LOSS}": "", "b.zip": zipped({LOSS: ""})})
    handed = layouts.find(tmp_path)
    (tmp_path / "a" / LOSS).unlink()
    (tmp_path / "b.zip").unlink()
    for each in handed:
        with pytest.raises(ValueError, match="it cannot be read: No such file"):
            each.notebooks[0].read()


def test_letters_with_accents_and_strokes_stand_with_their_letters():
    names = ["Albrecht", "Álvarez", "Łukasiewicz", "Lund", "ÖZ", "Özil", "ozzy", "Zhāng", "Zhang Wei", "Żak"]
    assert sorted(names[::-1], key=handins.alphabetical) == [
        *("Albrecht", "Álvarez", "Łukasiewicz", "Lund", "ÖZ", "Özil", "ozzy", "Żak", "Zhāng", "Zhang Wei")
    ]
    # Two that differ by an accent, or by a capital, have one order all the same.
    for one, other in (("Ada", "Adá"), ("ada", "Ada"), ("Łu", "Lu")):
        assert handins.alphabetical(one) != handins.alphabetical(other)


def test_the_order_is_by_learner_and_the_same_each_time(tmp_path):
    tree(tmp_path, {f"{name}/{LOSS}": "" for name in ("bob", "Alice", "carol", "alice", "Ärmel")})
    handed = layouts.find(tmp_path)
    assert [each.learner for each in handed] == ["Alice", "alice", "Ärmel", "bob", "carol"]
    assert layouts.find(tmp_path) == handed
