"""Promise: what a sheet has once said is known in every later run, and every later run fills it in."""

import csv
import io

import pytest
from test_batch import LESSON, blank, full, linux
from test_layouts import zipped
from test_term import PLAN, ROSTER, SHEET, graded

from bplib.course import syllabus
from bplib.grading.classes.sheets import given
from bplib.grading.classes.term import Term, grade_class

pytestmark = linux

FRENCH = SHEET.replace("Monday, 5 October 2026, 9:00 PM", "lundi 5 octobre 2026, 21:00")
CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Loss functions (7)\r\nAda,12,,,A,\r\n"


@pytest.fixture
def moodle(tmp_path):
    """A download of Moodle's, and beside it plan, roster and sheet, of which one hand-in is in neither."""
    names = {"Ada Lovelace_11": full(), "Grace Hopper_12": full(), "Mallory_13": blank()}
    content = {f"{name}_assignsubmission_file_/{LESSON}": text for name, text in names.items()}
    (tmp_path / "week 1.zip").write_bytes(zipped(content))
    for name, text in (("roster.csv", ROSTER), ("grades.csv", SHEET), ("course.toml", PLAN)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def grades(folder, name="grades.csv"):
    text = (folder / "out" / "upload" / name).read_text(encoding="utf-8")
    return {row["Identifier"].split()[1]: row["Grade"] for row in csv.DictReader(io.StringIO(text))}


def without_fill(folder, **more):
    plan = syllabus.read(folder / "course.toml")
    results, lines = grade_class(
        folder / "week 1.zip", folder / "out", term=Term(plan, roster=folder / "roster.csv", **more)
    )
    return {each["learner"]: each["points"] for each in results}, lines


def test_a_run_without_the_sheet_knows_its_times_and_leaves_it_filled(moodle):
    results, first = graded(moodle)
    points = {name: each["points"] for name, each in results.items()}
    after, lines = without_fill(moodle, nameless=True)
    assert after == points and after["Grace Hopper"] == 6
    assert grades(moodle) == {"11": "12", "12": "6"}
    assert "filled in again, as they were given to a run before: grades.csv" in lines
    assert [line for line in lines if "no time" in line] == [line for line in first if "no time" in line]


def test_a_sheet_that_was_given_once_gets_what_a_person_decides_later(moodle):
    graded(moodle)
    (moodle / "out" / "overrides.csv").write_text("learner,exercise,points\n1,mse,0\n", encoding="utf-8")
    without_fill(moodle)
    assert grades(moodle) == {"11": "10", "12": "6"}


def test_the_sheet_of_the_next_week_under_the_same_name_takes_nothing_from_the_first(moodle):
    graded(moodle)
    later = SHEET.replace("Participant 1", "Participant 2").replace("October 2026, 9", "October 2026, 8")
    (moodle / "grades.csv").write_text(later, encoding="utf-8")
    _, lines = graded(moodle)
    assert grades(moodle) == {"21": "", "22": ""} and grades(moodle, "grades (2).csv") == {"11": "12", "12": "6"}
    assert any(line.startswith("grades.csv: it fits none of the downloads") for line in lines)
    (moodle / "grades.csv").write_text(SHEET, encoding="utf-8")
    graded(moodle)
    assert sorted(path.name for path in (moodle / "out" / "exported").iterdir()) == ["grades (2).csv", "grades.csv"]
    assert grades(moodle) == {"11": "12", "12": "6"} and grades(moodle, "grades (2).csv") == {"21": "", "22": ""}


def test_two_sheets_of_one_name_in_one_run_are_two(tmp_path):
    for folder, text in (("a", SHEET), ("b", CANVAS)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "grades.csv").write_text(text, encoding="utf-8")
    now, before, _ = given.read([tmp_path / "a" / "grades.csv", tmp_path / "b" / "grades.csv"], tmp_path / "none")
    assert list(now) == ["grades.csv", "grades (2).csv"] and before == {}


@pytest.mark.parametrize("text", [CANVAS, FRENCH], ids=["of another LMS", "in another language"])
def test_a_sheet_without_times_that_can_be_read_is_filled_all_the_same(moodle, text):
    (moodle / "grades.csv").write_text(text, encoding="utf-8")
    results, lines = graded(moodle)
    assert results["Ada Lovelace"]["points"] == 12
    assert any('1 times are not read: "lundi 5 octobre' in line for line in lines) == (text == FRENCH)


def test_what_is_no_sheet_stops_the_run_with_its_name(moodle):
    (moodle / "grades.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r'grades\.csv is not filled: this sheet has the columns "a", "b"; needed is'):
        graded(moodle)
    (moodle / "grades.csv").unlink()
    with pytest.raises(ValueError, match=r"grades\.csv cannot be read: No such file"):
        graded(moodle)


def test_a_sheet_among_the_hand_ins_is_named_and_not_believed(tmp_path):
    (tmp_path / "in").mkdir()
    content = {f"Ada Lovelace_11_assignsubmission_file_/{LESSON}": full()}
    (tmp_path / "in" / "week 1.zip").write_bytes(zipped(content))
    (tmp_path / "in" / "grades.csv").write_text(SHEET.replace("5 October", "9 October"), encoding="utf-8")
    (tmp_path / "in" / "notes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "course.toml").write_text(PLAN, encoding="utf-8")
    plan = Term(syllabus.read(tmp_path / "course.toml"))
    [result], lines = grade_class(tmp_path / "in", tmp_path / "out", term=plan)
    assert result["points"] == 12 and result["notebooks"][0]["when"] == ""
    [line] = [line for line in lines if "among the hand-ins" in line]
    assert line.startswith("grades.csv, which lies") and "--fill" in line


def test_an_extension_of_one_who_is_absent_is_named_while_hidden_names_are_there(tmp_path):
    content = {f"Participant_70300_assignsubmission_file/{LESSON}": full()}
    (tmp_path / "blind.zip").write_bytes(zipped(content))
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")

    def lines_for(learner):
        more = f'[[extensions]]\nlearner = "{learner}"\ndays = 3\n'
        (tmp_path / "course.toml").write_text(PLAN + more, encoding="utf-8")
        plan = Term(syllabus.read(tmp_path / "course.toml"), roster=tmp_path / "roster.csv")
        _, lines = grade_class(tmp_path / "blind.zip", tmp_path / "out", term=plan)
        return [line for line in lines if "extension" in line]

    [line] = lines_for("Ada Lovelace")
    assert "is of one who is absent, while 1 hand-ins are of nobody on the roster" in line
    assert 'learner = "70300"' in line
    assert lines_for("70300") == []
