"""Promise: in every layout that an instructor was seen with, nobody is merged and nobody is missing."""

import json

import pytest
from test_batch import blank, full, linux, points
from test_layouts import LOSS, NEURON, contents, shown, tree, zipped

from bplib.course.notebooks import releases
from bplib.grading import handins
from bplib.grading.classes import term
from bplib.grading.classes.people import layouts, levels, naming

THREE = ("alice", "bob", "cy")


def of_lesson(lesson=LOSS):
    """The bytes of a notebook of a lesson, whatever its file is called."""
    return json.dumps(releases.released_notebooks()[lesson]).encode()


def found(folder, files, layout=None):
    return layouts.find(tree(folder, files), layout)


# One level deeper, at any depth


LAYOUTS = {
    "above clones": {f"clones/{each}/exercises/{LOSS}": each for each in THREE},
    "far above clones": {f"term/week 1/clones/{each}/bplib/exercises/{LOSS}": each for each in THREE},
    "above submitted": {f"submitted/{each}/ps1/{LOSS}": each for each in THREE},
    "a course of nbgrader": {
        **{f"submitted/{each}/ps1/{LOSS}": each for each in THREE},
        **{f"autograded/{each}/ps1/{LOSS}": "ours" for each in THREE},
        f"source/ps1/{LOSS}": "ours",
        f"release/ps1/{LOSS}": "ours",
        "gradebook.db": "",
    },
    "two have done other lessons": {f"submitted/alice/ps1/{LOSS}": "alice", f"submitted/bob/ps2/{NEURON}": "bob"}
    | {f"submitted/cy/ps2/{NEURON}": "cy"},
    "Drive": {f"drive-download-20261005/Lesson 1/{each}/{LOSS}": each for each in THREE},
    "zips in a folder": {f"all/{each}.zip": zipped({f"x/{LOSS}": each}) for each in THREE},
    "groups": {
        **{f"group A/{each}/{LOSS}": each for each in THREE[:2]},
        f"group A/di/{LOSS}": "di",
        **{f"group B/{each}/{LOSS}": each for each in ("eli", "fay")},
        f"group B/cy/{LOSS}": "cy",
    },
    "zips of groups": {
        "a.zip": zipped({f"{each}/{LOSS}": each for each in (*THREE[:2], "di")}),
        "b.zip": zipped({f"{each}/{LOSS}": each for each in ("cy", "eli", "fay")}),
    },
}


@pytest.mark.parametrize("where", ["folder", "zip"])
@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
def test_folders_that_hold_one_lesson_side_by_side_are_people_at_any_depth(tmp_path, files, where):
    learners = {*THREE, *(("di", "eli", "fay") if any("group" in path or path == "a.zip" for path in files) else ())}
    if where == "zip":
        files = {"term.zip": zipped(files)}
    handed = found(tmp_path, files)
    assert contents(handed) == {each: [each] for each in learners}
    assert not any(each.problems for each in handed)


def test_in_lesson_folders_the_files_are_the_learners_and_each_is_one_over_all_lessons(tmp_path):
    files = {f"lesson1/{each}.ipynb": of_lesson() for each in THREE}
    files |= {f"lesson2/{each}.ipynb": of_lesson(NEURON) for each in THREE[:2]}
    handed = found(tmp_path, {**files, "lesson3/cy.ipynb": of_lesson("02_gradients.ipynb")})
    assert shown(handed) == {
        "alice": ["lesson1/alice.ipynb", "lesson2/alice.ipynb"],
        "bob": ["lesson1/bob.ipynb", "lesson2/bob.ipynb"],
        "cy": ["lesson1/cy.ipynb", "lesson3/cy.ipynb"],
    }


def test_a_lesson_folder_alone_is_a_class_of_its_files(tmp_path):
    assert set(shown(found(tmp_path, {f"lesson1/{each}.ipynb": of_lesson() for each in THREE}))) == {*THREE}


def test_a_name_in_two_groups_of_one_lesson_is_two_people_and_a_line_says_what_tells(tmp_path):
    groups = {"A": ("ada", "bo", "cy"), "B": ("ada", "di", "eli")}
    handed = found(tmp_path, {f"{group}/{each}/{LOSS}": "" for group, names in groups.items() for each in names})
    assert set(shown(handed)) == {"ada (A)", "ada (B)", "bo", "cy", "di", "eli"}
    assert handed[0].problems == ("its name is in 2 places, A, B; a roster can tell whether that is one person",)


def test_of_two_lesson_folders_with_other_people_no_two_are_merged_by_a_guess(tmp_path):
    files = {f"A/{each}.ipynb": of_lesson() for each in ("ada", "bo", "cy")}
    files |= {f"B/{each}.ipynb": of_lesson(NEURON) for each in ("ada", "di", "eli")}
    assert {"ada (A)", "ada (B)"} <= set(shown(found(tmp_path, files)))


# Where it is asked


UNDECIDED = {
    "versions or people": {f"ada/week 1/{LOSS}": "1", f"ada/week 1 again/{LOSS}": "2"},
    "two in each folder": {f"{a}/{b}/{LOSS}": "" for a in ("A", "B") for b in ("x", "y")},
    "a group beside a learner": {f"A/{each}/{LOSS}": "" for each in THREE} | {f"di/{LOSS}": ""},
    "a group beside many learners": {f"A/{each}/{LOSS}": "" for each in THREE}
    | {f"learner {number}/{LOSS}": "" for number in range(9)},
    "a pair beside one": {f"A/alice/{LOSS}": "", f"A/bob/{LOSS}": "", f"B/cy/{LOSS}": ""},
    "drafts or people": {f"x/{each}.ipynb": of_lesson() for each in ("first", "second")},
    "a term beside a hand-in": {f"di/{LOSS}": ""}
    | {f"week 1/Ada {each}_{each}_assignsubmission_file_/{LOSS}": "" for each in range(12)},
}


@pytest.mark.parametrize("files", UNDECIDED.values(), ids=UNDECIDED)
def test_what_cannot_be_told_is_asked_before_anything_is_graded_and_an_option_answers(tmp_path, files):
    with pytest.raises(ValueError, match="one learner, or are there more in it") as error:
        found(tmp_path, files)
    _, *answers = str(error.value).split("\n")
    assert [line.split()[1] for line in answers] == ["LEARNER", "CLASS/LEARNER", "LESSON/LEARNER"]
    assert len(str(error.value)) < 600
    assert set(shown(layouts.find(tmp_path, "LEARNER"))) == {path.split("/")[0] for path in files}
    layouts.find(tmp_path, "CLASS/LEARNER")


def test_the_question_names_what_it_saw_and_the_layout_for_that_depth(tmp_path):
    files = {f"term/{each}/{LOSS}": "" for each in THREE} | {f"term/A/{each}/{LOSS}": "" for each in THREE}
    with pytest.raises(ValueError) as error:
        found(tmp_path, files)
    assert f"term/A holds {LOSS[:-6]} in alice and in bob, and 1 more: is A one learner" in str(error.value)
    assert str(error.value).split("\n")[1:] == [
        "  --layout CLASS/LEARNER  if A is one learner, with all that is in it",
        "  --layout CLASS/CLASS/LEARNER  if alice and bob are two learners, and a name elsewhere is somebody else",
        "  --layout CLASS/LESSON/LEARNER  if alice and bob are two learners, and alice elsewhere is the same one",
    ]
    assert set(shown(layouts.find(tmp_path, "CLASS/LEARNER"))) == {*THREE, "A"}


def test_a_layout_says_at_which_level_learners_are_and_where_a_name_is_one_person(tmp_path):
    files = {f"{a}/{b}/{LOSS}": f"{a}{b}" for a in ("A", "B") for b in ("x", "y")}
    assert set(shown(found(tmp_path, files, "CLASS/LEARNER"))) == {"x (A)", "x (B)", "y (A)", "y (B)"}
    assert contents(layouts.find(tmp_path, "lesson/learner")) == {"x": ["Ax", "Bx"], "y": ["Ay", "By"]}
    assert contents(layouts.find(tmp_path, "LEARNER")) == {"A": ["Ax", "Ay"], "B": ["Bx", "By"]}


@pytest.mark.parametrize("layout", ["", "learners", "LEARNER/CLASS", "CLASS", "*/LEARNER"])
def test_a_layout_that_means_nothing_is_refused_with_those_that_do(tmp_path, layout):
    with pytest.raises(ValueError, match="needed is LEARNER, CLASS/LEARNER or LESSON/LEARNER"):
        found(tmp_path, {f"a/{LOSS}": ""}, layout)


def test_a_hand_in_where_the_layout_has_folders_is_lost_no_more_than_one_in_a_folder(tmp_path):
    handed = found(tmp_path, {f"A/alice/{LOSS}": "", "bob.ipynb": "", "cy.zip": b"no zip"}, "CLASS/LEARNER")
    assert set(shown(handed)) == {"alice", "bob", "cy"}


# Where it is not asked


def test_two_versions_of_few_among_many_are_theirs(tmp_path):
    files = {f"learner {number}/{LOSS}": "" for number in range(5)}
    handed = found(tmp_path, files | {f"ada/old/{LOSS}": "", f"ada/new/{LOSS}": ""})
    assert len(handed) == 6 and shown(handed)["ada"] == [f"new/{LOSS}", f"old/{LOSS}"]


def test_a_clone_with_copies_of_its_exercises_beside_them_is_one_learners(tmp_path):
    copies = {f"alice/{copy}/{LOSS}": "" for copy in ("exercises", "old", "older", "oldest", "solutions")}
    assert set(shown(found(tmp_path, {**copies, f"bob/exercises/{LOSS}": ""}))) == {"alice", "bob"}


def test_several_lessons_in_folders_of_their_own_are_one_learners(tmp_path):
    assert set(shown(found(tmp_path, {f"ada/week 1/{LOSS}": "", f"ada/week 2/{NEURON}": ""}))) == {"ada"}


def test_who_has_handed_in_nothing_beside_groups_has_a_row(tmp_path):
    files = {f"{group}/{each}{group}/{LOSS}": "" for group in "AB" for each in THREE}
    handed = {each.learner: each.problems for each in found(tmp_path, {**files, "zed/report.pdf": ""})}
    assert len(handed) == 7 and handed["zed"] == ("there is no notebook in it, only report.pdf",)


# LMSs


METADATA = """---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0071'
    :email: ada@example.edu
  :created_at: 2026-10-05 14:30:22.123456000 Z
  :score: 3.0
  :results: !ruby/object:Whatever
    tests: []
submission_12:
  :submitters:
  - :name: Bo
    :sid: '72'
    :email: bo@example.edu
  - :name: Cy
    :sid:
    :email: cy@example.edu
  :created_at: 2026-10-06 10:00:00.000000000 +02:00
submission_13:
  :submitters:
  - :name: Nobody Yet
    :sid: '74'
    :email: nobody@example.edu
"""
EXPORT = {
    "submission_metadata.yml": METADATA,
    f"submission_11/{LOSS}": "ada",
    f"submission_12/x/{LOSS}": "bo and cy",
    f"submission_99/{LOSS}": "unknown",
}


@pytest.mark.parametrize("top", ["", "assignment_9100_export/"])
@pytest.mark.parametrize("where", ["folder", "zip"])
def test_gradescopes_export_names_each_of_those_who_handed_in_together(tmp_path, where, top):
    files = {top + path: content for path, content in EXPORT.items()}
    handed = found(tmp_path, {"assignment_9100_export.zip": zipped(files)} if where == "zip" else files)
    assert contents(handed) == {
        "Ada Lovelace": ["ada"],
        "Bo": ["bo and cy"],
        "Cy": ["bo and cy"],
        "Nobody Yet": [],
        "submission_99": ["unknown"],
    }
    assert [each.identity for each in handed] == ["0071", "72", "cy@example.edu", "74", ""]
    assert handed[0].notebooks[0].when == "2026-10-05T14:30:22+00:00"
    assert handed[1].notebooks[0].when == "2026-10-06T10:00:00+02:00"
    place = "assignment_9100_export" + (".zip" if where == "zip" else "") if top or where == "zip" else ""
    assert handed[0].entries == (handins.Entry("gradescope", place, "0071", "Ada Lovelace", "ada@example.edu"),)
    assert handed[0].notebooks[0].download == place


def test_two_exports_of_gradescope_are_one_term_and_without_metadata_a_folder_each(tmp_path):
    again = {**EXPORT, f"submission_11/{NEURON}": "more"}
    tree(tmp_path, {f"1/{path}": content for path, content in EXPORT.items()})
    handed = found(tmp_path, {f"2/{path}": content for path, content in again.items()})
    assert shown(handed)["Ada Lovelace"] == [f"1/{LOSS}", f"2/{LOSS}", f"2/{NEURON}"]
    bare = {f"export/submission_{number}/{LOSS}": "" for number in range(3)}
    assert set(shown(found(tmp_path / "bare", bare))) == {f"submission_{number}" for number in range(3)}


BROKEN = {
    "no YAML": "a: [",
    "a list": "- a",
    "a number for people": "submission_1: {':submitters': 3}",
    "deep": "a: " + "[" * 100_000,
    "nothing": "",
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_metadata_that_cannot_be_read_stop_the_run_with_one_sentence(tmp_path, content):
    files = {f"submission_{number}/{LOSS}": "" for number in range(3)}
    with pytest.raises(ValueError, match=r"submission_metadata\.yml, which says whose") as error:
        found(tmp_path, {**files, "submission_metadata.yml": content})
    assert "\n" not in str(error.value)


BLACKBOARD = {
    "gradebook_CS1_Lesson 1_s12_attempt_2026-10-05-14-30-22.txt": "Name: Ada Lovelace (s12)\nAssignment: Lesson 1\n",
    f"gradebook_CS1_Lesson 1_s12_attempt_2026-10-05-14-30-22_{LOSS}": "first",
    "gradebook_CS1_Lesson 1_s12_attempt_2026-10-06-09-00-00.txt": "Name: Ada Lovelace (s12)\n",
    f"gradebook_CS1_Lesson 1_s12_attempt_2026-10-06-09-00-00_{LOSS}": "second",
    f"gradebook_CS1_Lesson 1_s13_attempt_2026-13-45-99-00-00_x_attempt_2026-10-06-09-00-00_{LOSS}": "third",
    "gradebook_CS1_Lesson 1_s14_attempt_2026-10-06-09-00-00.txt": "Name: Cy (s14)\n",
}


@pytest.mark.parametrize("where", ["folder", "zip"])
def test_attempts_in_blackboard_are_one_learners_with_their_times(tmp_path, where):
    handed = found(tmp_path, {"gradebook.zip": zipped(BLACKBOARD)} if where == "zip" else BLACKBOARD)
    assert contents(handed) == {"Ada Lovelace": ["first", "second"], "Cy": [], "s13": ["third"]}
    assert [each.when for each in handed[0].notebooks] == ["2026-10-05T14:30:22", "2026-10-06T09:00:00"]
    assert [each.identity for each in handed] == ["s12", "s14", "s13"]
    assert handed[2].notebooks[0].when == ""  # no such day ever was


BRIGHTSPACE = {
    f"57006-96739 - Ada Lovelace - Oct 5, 2026 1130 PM/{LOSS}": "first",
    f"57006-96739 - Ada Lovelace - October 6, 2026 1205 AM/{LOSS}": "second",
    f"58278-96739 - Wes-ley Ng- 7 October 2026 9:15 AM - {LOSS}": "flat",
    "58279-96739 - Jan - van - Oct 7, 2026 915 AM - a - b.ipynb": "hyphens",
    "index.html": "",
}


@pytest.mark.parametrize("where", ["folder", "zip"])
def test_submissions_to_brightspace_are_one_learners_with_their_times(tmp_path, where):
    handed = found(tmp_path, {"Download.zip": zipped(BRIGHTSPACE)} if where == "zip" else BRIGHTSPACE)
    assert contents(handed) == {"Ada Lovelace": ["first", "second"], "Jan - van": ["hyphens"], "Wes-ley Ng": ["flat"]}
    times = [notebook.when for each in handed for notebook in each.notebooks]
    assert times[:2] == ["2026-10-05T23:30:00", "2026-10-06T00:05:00"] and times[2:] == [
        "2026-10-07T09:15:00",
        "2026-10-07T09:15:00",
    ]
    assert [each.identity for each in handed] == ["57006", "58279", "58278"]


def test_moodles_groups_and_hidden_names_are_whom_moodle_says(tmp_path):
    files = {
        f"Group A_77_assignsubmission_file_/{LOSS}": "a",
        f"Default group_assignsubmission_file_/{LOSS}": "b",
        f"Participant_1234_assignsubmission_file_/{LOSS}": "c",
        f"Default group_assignsubmission_file_{NEURON}": "d",
    }
    handed = found(tmp_path, files)
    assert contents(handed) == {"Default group": ["b", "d"], "Group A": ["a"], "Participant 1234": ["c"]}
    assert [each.identity for each in handed] == ["", "77", "1234"]


def test_canvas_says_of_each_notebook_whether_it_was_late(tmp_path):
    handed = found(tmp_path, {f"ada_LATE_1_100_{LOSS}": "", f"ada_1_101_{NEURON}": ""})
    assert {notebook.path: notebook.late for notebook in handed[0].notebooks} == {LOSS: True, NEURON: False}
    assert handed[0].late


# A term


def test_a_term_of_canvas_adds_up_and_one_of_moodle_says_that_a_roster_is_needed(tmp_path):
    for week, number in ((1, 1001), (2, 5033)):
        name = LOSS if week == 1 else NEURON
        canvas = {f"lovelaceada_12_{number}_{name}": "", f"bo_13_{number + 1}_{name}": ""}
        moodle = {
            f"Cy_{number}_assignsubmission_file_/{name}": "",
            f"Di_{number + 1}_assignsubmission_file_/{name}": "",
        }
        tree(tmp_path, {f"canvas {week}.zip": zipped(canvas), f"moodle {week}.zip": zipped(moodle)})
    handed = {each.learner: each for each in layouts.find(tmp_path)}
    assert set(handed) == {"lovelaceada", "bo", "Cy (1001)", "Cy (5033)", "Di (1002)", "Di (5034)"}
    assert shown([handed["bo"]]) == {"bo": [f"canvas 1.zip/{LOSS}", f"canvas 2.zip/{NEURON}"]}
    assert [each.download for each in handed["bo"].entries] == ["canvas 1.zip", "canvas 2.zip"]
    line = "its name is in 2 places, moodle 1.zip, moodle 2.zip; a roster can tell whether that is one person"
    assert handed["Cy (1001)"].problems == (line,) and handed["bo"].problems == ()


def test_in_one_download_two_of_one_name_stay_two_and_so_do_numbers_that_hide_names(tmp_path):
    week = {f"anon_Gq3xT_100_{LOSS}": "", f"anon_Zq3xT_200_{LOSS}": ""}
    files = {"1.zip": zipped(week), "2.zip": zipped(week), f"3/Li_1_assignsubmission_file_/{LOSS}": ""}
    handed = found(tmp_path, {**files, f"3/Li_2_assignsubmission_file_/{LOSS}": ""})
    assert len(handed) == 6


def test_a_user_of_blackboard_is_one_person_though_one_download_leaves_out_the_name(tmp_path):
    start = "Lesson 1_s12_attempt_2026-10-05-14-30-22"
    week = {f"{start}_{LOSS}": "", f"Lesson 1_s13_attempt_2026-10-05-14-30-22_{LOSS}": ""}
    files = {"1.zip": zipped(week), "2.zip": zipped({**week, f"{start}.txt": "Name: Ada (s12)\n"})}
    assert {name: len(paths) for name, paths in shown(found(tmp_path, files)).items()} == {"Ada": 2, "s13": 2}


def test_a_folder_of_gradescopes_with_versions_in_it_is_no_class(tmp_path):
    versions = {f"submission_{number}/{each}/{LOSS}": "" for number in (11, 12) for each in THREE}
    handed = found(tmp_path, {**versions, "submission_metadata.yml": METADATA})
    assert {name: len(paths) for name, paths in shown(handed).items()} == {
        "Ada Lovelace": 3,
        "Bo": 3,
        "Cy": 3,
        "Nobody Yet": 0,
    }


# Hostile


def test_metadata_in_a_hand_in_rename_nobody(tmp_path):
    forged = {"submission_metadata.yml": METADATA, f"submission_11/{LOSS}": "mine", f"submission_12/{LOSS}": "mine"}
    files = {f"alice/{LOSS}": "", f"bob/{LOSS}": "", f"cy/{LOSS}": "", "eve.zip": zipped(forged)}
    assert set(shown(found(tmp_path / "zip", files))) == {"alice", "bob", "cy", "eve"}
    files = {f"submission_11/{path}": content for path, content in forged.items()} | {f"submission_12/{LOSS}": ""}
    handed = found(tmp_path / "export", {**files, "submission_metadata.yml": METADATA})
    assert set(shown(handed)) == {"Ada Lovelace", "Bo", "Cy", "Nobody Yet"}
    assert len(shown(handed)["Ada Lovelace"]) == 2


def test_names_in_metadata_are_only_text(tmp_path):
    names = ["<script>alert(1)</script>", "=HYPERLINK(1)", "../../etc/passwd", "a\u202eb", "x" * 5000]
    metadata = "".join(
        f"submission_{k}:\n  :submitters:\n  - :name: {json.dumps(name)}\n" for k, name in enumerate(names)
    )
    files = {f"submission_{number}/{LOSS}": "" for number in range(len(names))}
    handed = found(tmp_path, {**files, "submission_metadata.yml": metadata})
    assert len(handed) == len({each.slug for each in handed}) == len(names)
    assert all(len(each.learner) <= 100 and "\u202e" not in each.learner for each in handed)
    assert all(set(each.slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for each in handed)


@pytest.mark.parametrize("pack", [True, False])
def test_a_hand_in_that_looks_like_a_class_is_no_class_beside_one_that_does_not(tmp_path, pack):
    forged = {f"{each}/{LOSS}": "mine" for each in ("ada", "bo")}
    plain = {f"learner {number}/{LOSS}": "" for number in range(4)}
    eve = {"eve.zip": zipped(forged)} if pack else {f"eve/{path}": content for path, content in forged.items()}
    assert set(shown(found(tmp_path, {**plain, **eve}))) == {*(path.split("/")[0] for path in plain), "eve"}


def test_a_file_that_was_uploaded_under_anothers_name_stays_with_who_uploaded_it(tmp_path):
    uploads = {
        "eve_1_100_Lab_ada_attempt_2026-10-05-14-30-22_x.ipynb": "",
        "Lab_bo_attempt_2026-10-05-14-30-22_ada_attempt_2026-10-05-14-30-22_x.ipynb": "",
        "12-34 - Cy - Oct 5, 2026 1130 PM - 56-34 - Ada - Oct 5, 2026 1130 PM - x.ipynb": "",
    }
    assert [each.identity for each in found(tmp_path, uploads)] == ["bo", "12", "1"]


# Points


@linux
@pytest.mark.parametrize("layout", ["clones", "gradescope", "nbgrader", "blackboard", "lessons"])
def test_each_gets_the_points_of_their_own_notebook(tmp_path, layout):
    name = {
        "clones": "clones/{}/exercises/" + LOSS,
        "gradescope": "export/submission_{}/" + LOSS,
        "nbgrader": "submitted/{}/ps1/" + LOSS,
        "blackboard": "Lesson 1_{}_attempt_2026-10-05-14-30-22_" + LOSS,
        "lessons": "lesson1/{}.ipynb",
    }[layout]
    people = {"alice": full(), "bob": blank(), "cy": full()}
    files = {name.format(each): content for each, content in people.items()}
    if layout == "gradescope":
        each = "submission_{0}:\n  :submitters:\n  - :name: {0}\n"
        files["export/submission_metadata.yml"] = "".join(each.format(learner) for learner in people)
    results = term.grade_class(tree(tmp_path / "in", files), tmp_path / "out")[0]
    assert points(results) == {"alice": 12, "bob": 0, "cy": 12}


# What it costs


def test_no_notebook_is_read_where_names_say_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(naming.Lessons, "_read", lambda *_: pytest.fail("it was read"))
    files = {f"class/{each}/work/{LOSS}": "" for each in THREE}
    assert set(shown(found(tmp_path / "names", files))) == {*THREE}
    assert set(shown(found(tmp_path / "single", {f"{each}/work.ipynb": "" for each in THREE}))) == {*THREE}


def test_where_names_say_nothing_no_more_is_read_than_what_decides(tmp_path, monkeypatch):
    read, times = naming.Lessons._read, []
    monkeypatch.setattr(naming.Lessons, "_read", lambda self, item: times.append(item) or read(self, item))
    handed = found(tmp_path, {f"class/learner {number}/work.ipynb": of_lesson() for number in range(40)})
    assert len(handed) == 40 and len(times) == levels.MANY
