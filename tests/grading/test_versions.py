"""Promise: what is handed in again, or in another week, takes nothing away: each version has a time of its own."""

import json
import os
import shutil
import zipfile

import pytest
from test_batch import LESSON, full, linux
from test_layouts import tree, zipped
from test_term import PLAN, ROSTER, SHEET, text

from bplib.course import syllabus
from bplib.grading.classes import workers
from bplib.grading.classes.people import layouts
from bplib.grading.classes.term import Term, grade_class

pytestmark = linux

WORSE = full().replace("return np.mean(errors**2)", "return 0.123 * np.mean(errors**2)")
LATER = SHEET.replace("Monday, 5 October", "Tuesday, 6 October")
FIRST, SECOND = "BP-4711.zip", "BP-4711 (1).zip"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    (tmp_path / "course.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def grade(folder, downloads, sheets=(), roster="roster.csv"):
    """Grade {name of a zip: {who: text}} side by side, with {name: text} of sheets: (results by name, lines)."""
    there = folder / "in"
    for path in there.glob("*") if there.exists() else ():
        path.unlink()
    for age, (name, people) in enumerate(downloads.items()):
        content = {f"{who}_assignsubmission_file_/{LESSON}": answer for who, answer in people.items()}
        tree(there, {name: zipped(content)})
        os.utime(there / name, (age, age))
    for name, content in dict(sheets).items():
        (folder / name).write_text(content, encoding="utf-8")
    plan = syllabus.read(folder / "course.toml")
    term = Term(plan, roster=roster and folder / roster, exported=[folder / name for name in sheets])
    results, lines = grade_class(there, folder / "out", term=term)
    return {each["learner"]: each for each in results}, lines


def points(graded):
    return graded[0]["Ada Lovelace"]["points"]


OLD = {FIRST: {"Ada Lovelace_11": WORSE, "Grace Hopper_12": full()}}
NEW = {SECOND: {"Ada Lovelace_11": full(), "Grace Hopper_12": full()}}


def test_the_newest_sheet_of_an_assignment_decides_in_every_run_whatever_a_browser_has_called_it(folder):
    assert points(grade(folder, OLD, {"Grades-BP-4711.csv": SHEET})) == 10
    late = grade(folder, NEW, {"Grades-BP-4711 (1).csv": LATER})
    assert points(late) == 6
    line = "Grades-BP-4711 (1).csv is newer than Grades-BP-4711.csv, which a run before was given, and takes its place"
    assert line in late[1]
    again = grade(folder, NEW)
    assert points(again) == 6 and not any("others than before" in line for line in again[1])
    assert [path.name for path in (folder / "out" / "exported").iterdir()] == ["Grades-BP-4711 (1).csv"]


def test_beside_a_late_version_the_one_in_time_keeps_the_time_that_it_was_seen_with(folder):
    grade(folder, OLD, {"g.csv": SHEET})
    assert points(grade(folder, {**OLD, **NEW}, {"g.csv": LATER})) == 10
    assert points(grade(folder, {**OLD, **NEW})) == 10


def test_of_two_downloads_that_no_run_has_seen_the_time_is_that_of_the_one_stored_last(folder):
    results, lines = grade(folder, {**OLD, **NEW}, {"g.csv": LATER})
    assert (results["Ada Lovelace"]["points"], results["Ada Lovelace"]["notebooks"][0]["when"]) == (10, "")
    assert any(line.endswith("no time of theirs is known: 1 (Ada Lovelace)") for line in lines)
    shutil.rmtree(folder / "out")
    result = grade(folder, {**NEW, **OLD}, {"g.csv": LATER})[0]["Ada Lovelace"]
    assert (result["points"], result["notebooks"][0]["when"]) == (12, "")


def test_a_time_that_may_be_another_versions_is_not_kept_and_a_line_names_whose_it_is(folder):
    both = {**OLD, **NEW}
    results, lines = grade(folder, both, {"g.csv": SHEET})
    assert results["Ada Lovelace"]["points"] == 12
    assert any("more versions than Moodle's sheets have times" in line and "Ada Lovelace)" in line for line in lines)
    results, lines = grade(folder, both, {"g.csv": LATER})
    assert results["Ada Lovelace"]["points"] == 10
    results, lines = grade(folder, NEW, {"g.csv": LATER})
    assert results["Ada Lovelace"]["points"] == 6 and not any("more versions" in line for line in lines)


def test_the_time_of_a_damaged_file_is_not_that_of_the_one_that_repairs_it(folder):
    other = {"Grace Hopper_12": full()}
    bad, good = ({name: {"Ada Lovelace_11": text, **other}} for name, text in ((FIRST, "{"), (SECOND, full())))
    grade(folder, bad, {"g.csv": SHEET})
    results, lines = grade(folder, {**bad, **good})
    assert results["Ada Lovelace"]["notebooks"][0]["when"] == ""
    assert any("newer than Moodle's sheet" in line and "(Ada Lovelace)" in line for line in lines)
    assert any("Ada Lovelace: - -> 12, handed in anew" in line for line in lines)
    assert points(grade(folder, {**bad, **good}, {"g.csv": LATER})) == 6


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("first", ["01_loss_functions.ipynb", "answers.pdf"])
def test_what_replaces_no_readable_notebook_gets_the_time_of_the_newer_sheet_in_the_end(folder, first, fresh):
    def download(name, file, text):
        ada, grace = (f"{who}_assignsubmission_file_/" for who in ("Ada Lovelace_11", "Grace Hopper_12"))
        return {name: zipped({f"{ada}{file}": text, f"{grace}{LESSON}": full()})}

    def run(zips, *sheets):
        tree(folder / "in", zips)
        for age, name in enumerate((FIRST, SECOND)):
            if (folder / "in" / name).exists():
                os.utime(folder / "in" / name, (age, age))
        plan = syllabus.read(folder / "course.toml")
        term = Term(plan, roster=folder / "roster.csv", exported=[folder / name for name in sheets])
        results, lines = grade_class(folder / "in", folder / "out", term=term)
        return next(each for each in results if each["learner"] == "Ada Lovelace"), lines

    for name, content in (("g.csv", SHEET), ("h.csv", LATER)):
        (folder / name).write_text(content, encoding="utf-8")
    old, new = download(FIRST, first, "{"), download(SECOND, LESSON, full())
    if not fresh:
        run(old, "g.csv")
    ada, lines = run({**old, **new}, *(["g.csv"] if fresh else []))
    assert ada["points"] == 12 and ada["notebooks"][0]["handed_in"] == ""
    assert any("(Ada Lovelace)" in line and "with --fill" in line for line in lines)
    ada, lines = run({}, "h.csv")
    assert ada["points"] == 6 and not any("with --fill" in line for line in lines)


def test_sheets_that_are_given_one_after_the_other_say_what_they_say_together(folder):
    both = {**OLD, **NEW}
    grade(folder, both, {"g.csv": SHEET})
    results, lines = grade(folder, both, {"h.csv": LATER})
    assert results["Ada Lovelace"]["notebooks"][0]["when"] == "2026-10-05T21:00:00"
    assert not any("no time" in line or "with --fill" in line for line in lines)


def test_a_run_that_was_stopped_has_kept_what_it_was_given(folder, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(workers, "graded", stop)
        with pytest.raises(KeyboardInterrupt):
            grade(folder, OLD, {"g.csv": SHEET})
    results, _ = grade(folder, OLD, roster=None)
    assert results["Alan Turing"]["absent"] and results["Grace Hopper"]["points"] == 6


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_sheets_of_one_assignment_each_has_the_time_of_its_version_and_the_newer_is_filled(folder, order):
    late = LATER.replace("Tuesday, 6 October", "Wednesday, 7 October")
    sheets = dict([("first.csv", LATER), ("second.csv", late)][::order])
    results, lines = grade(folder, {**OLD, **NEW}, sheets)
    assert results["Ada Lovelace"]["lessons"]["01_loss_functions"]["days_late"] == 1
    assert results["Ada Lovelace"]["notebooks"][0]["when"] == "2026-10-06T21:00:00"
    assert "second.csv is newer than first.csv, and takes its place" in lines
    assert [path.name for path in (folder / "out" / "exported").iterdir()] == ["second.csv"]


def test_who_saved_the_same_once_more_handed_it_in_when_it_came_first(folder):
    both = {name: {"Ada Lovelace_11": full(), "Grace Hopper_12": full()} for name in (FIRST, SECOND)}
    results, _ = grade(folder, both, {"g.csv": SHEET, "h.csv": LATER})
    assert (results["Ada Lovelace"]["points"], results["Grace Hopper"]["points"]) == (12, 6)


def test_two_notebooks_of_one_download_have_its_time(folder):
    copy = "Ada Lovelace_11_assignsubmission_file_/copy.ipynb"
    files = {f"Ada Lovelace_11_assignsubmission_file_/{LESSON}": WORSE, copy: full()}
    files[f"Grace Hopper_12_assignsubmission_file_/{LESSON}"] = full()
    tree(folder / "in", {FIRST: zipped(files)})
    (folder / "g.csv").write_text(LATER, encoding="utf-8")
    term = Term(syllabus.read(folder / "course.toml"), roster=folder / "roster.csv", exported=[folder / "g.csv"])
    results, _ = grade_class(folder / "in", folder / "out", term=term)
    assert [each["points"] for each in results if each["learner"] == "Ada Lovelace"] == [6]


@pytest.mark.parametrize("fresh", [True, False])
def test_a_damaged_file_that_was_replaced_is_no_problem_and_one_that_replaces_is(folder, fresh):
    good, bad = ({name: {"Ada Lovelace_11": text} for name in (FIRST, SECOND)} for text in (full(), "{"))
    other = {"Grace Hopper_12": full()}
    for old, new, problems in ((bad, good, 0), (good, bad, 1)):
        if not fresh:
            grade(folder, {FIRST: {**old[FIRST], **other}})
        results, _ = grade(folder, {FIRST: {**old[FIRST], **other}, SECOND: {**new[SECOND], **other}})
        ada = results["Ada Lovelace"]
        assert (len(ada["problems"]), ada["unread"], ada["points"]) == (problems, [LESSON[:-6]] * problems, 12)
        assert any("a later one was read" in line for line in ada["notes"]) == (not problems)
        shutil.rmtree(folder / "out")


def test_a_persons_word_is_about_the_version_that_counts_and_does_not_choose_it(folder):
    grade(folder, OLD, {"g.csv": SHEET})
    both = {**OLD, **NEW}
    before = points(grade(folder, both, {"g.csv": LATER}))
    rows = "".join(f"1,{id},{most},\n" for id, most in (("mse", 2), ("mse-grad", 2), ("bce-logits", 3)))
    (folder / "out" / "overrides.csv").write_text(f"learner,exercise,points,comment\n{rows}", encoding="utf-8")
    results, _ = grade(folder, both)
    assert (before, points((results, []))) == (10, 12)
    assert results["Ada Lovelace"]["notebooks"][0]["path"] == f"{FIRST}/{LESSON}"


def test_of_an_equal_copy_in_another_download_nothing_is_said_and_a_persons_word_changes_it_once(folder):
    both = {FIRST: OLD[FIRST], SECOND: {**OLD[FIRST], "Alan Turing_14": full()}}
    grade(folder, both)
    (folder / "out" / "overrides.csv").write_text("learner,exercise,points\n1,mse,1\n", encoding="utf-8")
    for changed in (["Ada Lovelace: 10 -> 11, an override"], []):
        results, lines = grade(folder, both)
        [ada] = [each for each in results.values() if each["learner"] == "Ada Lovelace"]
        [mse] = [each for each in ada["notebooks"][0]["exercises"] if each["id"] == "mse"]
        assert (mse["points"], mse["override"]["points"], ada["notes"]) == (1, 0, [])
        assert [line.strip() for line in lines if "Ada Lovelace:" in line] == changed
    assert ada["notebooks"][0]["path"] in (f"{FIRST}/{LESSON}", f"{SECOND}/{LESSON}")


def test_a_path_names_the_download_that_holds_the_file_and_a_sheet_the_name_that_the_lms_gave(folder):
    grade(folder, {**OLD, **NEW, "BP-4720.zip": {"Ada Lovelace_31": WORSE, "Grace Hopper_32": full()}})
    [record] = [path for path in (folder / "out" / "learners").iterdir() if path.name.startswith("ada")]
    paths = {each["path"] for each in json.loads(record.read_text(encoding="utf-8"))["notebooks"]}
    assert paths == {f"{name}/{LESSON}" for name in (FIRST, SECOND, "BP-4720.zip")}
    assert (folder / "out" / "upload" / "moodle_bp-4711.csv").exists()


def test_a_roster_that_was_given_once_holds_in_later_runs_until_it_is_deleted(folder):
    first, _ = grade(folder, OLD)
    later, lines = grade(folder, OLD, roster=None)
    assert later.keys() == first.keys() and "Alan Turing" in later
    kept = folder / "out" / ".roster"
    assert f"the roster is that of a run before; to have none, delete {kept}" in lines
    kept.unlink()
    assert "Alan Turing" not in grade(folder, OLD, roster=None)[0]


def test_a_notebook_that_is_newer_than_the_sheet_has_no_time_and_a_line_asks_for_a_newer_sheet(folder):
    grade(folder, OLD, {"g.csv": SHEET})
    results, lines = grade(folder, NEW)
    assert results["Ada Lovelace"]["notebooks"][0]["when"] == ""
    [line] = [line for line in lines if "newer than Moodle's sheet" in line]
    assert "Loss functions" in line and line.endswith("export it again and give it with --fill: 1 (Ada Lovelace)")
    results, lines = grade(folder, NEW, {"g.csv": LATER})
    assert results["Ada Lovelace"]["points"] == 6 and not any("newer than Moodle's" in line for line in lines)


def test_a_time_that_came_with_a_later_run_is_kept_though_nothing_was_graded_then(folder):
    grade(folder, OLD)
    grade(folder, OLD, {"g.csv": SHEET})
    assert points(grade(folder, {**OLD, **NEW}, {"g.csv": LATER})) == 10


def test_who_has_one_number_in_two_downloads_is_one_on_the_roster_or_not(folder):
    both = {name: {"Ada Lovelace_11": full(), "Max Fremd_12": full()} for name in (FIRST, SECOND)}
    results, _ = grade(folder, both, {"g.csv": SHEET.replace("Grace Hopper", "Max Fremd")})
    assert [name for name in results if name.startswith("Max")] == ["Max Fremd"]
    [pages] = (folder / "out" / "upload").glob("feedback_moodle*.zip")
    names = zipfile.ZipFile(pages).namelist()
    assert len(names) == len(set(names)) == 2


def test_who_is_on_no_roster_is_one_over_two_assignments_whose_sheets_say_the_same_id_number(folder):
    weeks = {"a.zip": {"Max Fremd_12": full()}, "b.zip": {"Max Fremd_22": full(), "Max Fremd_23": full()}}
    head, _, row = SHEET.replace("Email address", "ID number").split("\r\n")[:3]
    rows = [row.replace("Grace Hopper", "Max Fremd").replace("grace@x.org", "1099")] * 2
    rows[1] = rows[1].replace("Participant 12", "Participant 22")
    sheets = {f"{k}.csv": f"{head}\r\n{row}\r\n" for k, row in enumerate(rows)}
    results, _ = grade(folder, weeks, sheets, roster=None)
    assert {name: (each["identity"], len(each["entries"])) for name, each in results.items()} == {
        "Max Fremd": ("1099", 4),
        "Max Fremd (23)": ("23", 1),
    }


def test_a_week_alone_does_not_take_away_the_weeks_before_it_and_beside_them_it_alone_is_graded(folder, monkeypatch):
    grade(folder, OLD)
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    (folder / "in" / FIRST).rename(folder / "kept.zip")
    next_week = {"Ada Lovelace_31_assignsubmission_file_/02_gradients.ipynb": text("02_gradients.ipynb")}
    tree(folder / "in", {"BP-4720.zip": zipped(next_week)})
    term = Term(roster=folder / "roster.csv")
    with pytest.raises(ValueError, match="nobody has handed in 01_loss_functions, which 2 had in the run before"):
        grade_class(folder / "in", folder / "out", term=term)
    assert before == {path: path.read_bytes() for path in files}
    (folder / "kept.zip").rename(folder / "in" / FIRST)
    sent, real = [], workers.graded

    def watched(work, tasks, *more):
        tasks = list(tasks)
        sent.extend(path for task in tasks for path, _ in task.files)
        return real(work, tasks, *more)

    monkeypatch.setattr(workers, "graded", watched)
    results, _ = grade_class(folder / "in", folder / "out", term=term)
    [ada] = [each for each in results if each["learner"] == "Ada Lovelace"]
    assert set(ada["lessons"]) == {"01_loss_functions", "02_gradients"}
    assert ada["lessons"]["01_loss_functions"]["points"] == 10 and sent == ["BP-4720.zip/02_gradients.ipynb"]


def test_a_folder_for_each_week_with_what_moodle_gives_in_it_is_the_class(tmp_path):
    def week(number):
        names = {f"{who}_{number}{k}" for k, who in enumerate(("Ada", "Grace", "Alan"))}
        return zipped({f"{name}_assignsubmission_file_/{LESSON}": name for name in names})

    zips = {f"week {k}/BP-471{k}.zip": week(k) for k in (1, 2)}
    first = dict([*zips.items()][:1])
    for name, files in {"two": zips, "one": first, "two in one": {**zips, "week 2/b.zip": week(3)}}.items():
        found = layouts.find(tree(tmp_path / name, files))
        assert {entry.name for each in found for entry in each.entries} == {"Ada", "Grace", "Alan"}, name
        assert len(found) == 3 * len(files)
