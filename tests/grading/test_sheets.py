"""Promise: every grade comes through the import of its LMS at the right person, and nothing else there changes."""

import csv
import datetime
import io
import random
import zipfile

import pytest
from lms_imports import blackboard_import, brightspace_import, canvas_import, moodle_feedback, moodle_import
from lms_records import ASKED, GRADIENTS, LOSS, TERM, entry, merged, moodle_class, notebook, record, settled

from bplib.course.syllabus import Asked, Syllabus
from bplib.grading.classes import counting
from bplib.grading.classes.people.roster import Person
from bplib.grading.classes.sheets import placing, uploads

STUDENTS = {"12": "Ada Lovelace", "13": "Ada Lovelace", "140": "Zoë"}


def files(results, syllabus=TERM):
    return uploads.files(results, ASKED, syllabus)


def canvas_class():
    """Three learners, two of whom have one name, and one who has handed in one lesson of two."""
    ada, other, zoe = entry("canvas", "12"), entry("canvas", "13"), entry("canvas", "140", "Zoë O'Brien; Ångström")
    return settled(
        record("Ada Lovelace (12)", [ada | {"name": "Ada Lovelace"}], notebook(LOSS, 7.5), notebook(GRADIENTS, 5)),
        record("Ada Lovelace (13)", [other | {"name": "Ada Lovelace"}], notebook(LOSS, 0), notebook(GRADIENTS, 2)),
        record("Zoë", [zoe], notebook(LOSS, 10)),
    )


# Canvas


def test_canvas_takes_every_grade_at_the_right_one_of_two_namesakes():
    grades, possible = canvas_import(files(canvas_class())["canvas.csv"], STUDENTS)
    assert grades == {
        ("12", "01 Loss functions"): "7.5",
        ("13", "01 Loss functions"): "0",
        ("140", "01 Loss functions"): "10",
        ("12", "02 Gradients"): "5",
        ("13", "02 Gradients"): "2",
        ("140", "02 Gradients"): None,
        ("12", "Total"): "12.5",
        ("13", "Total"): "2",
        ("140", "Total"): "10",
    }
    assert possible == {"01 Loss functions": "10", "02 Gradients": "5", "Total": "15"}


def test_of_one_lesson_canvas_gets_no_total():
    results = counting.settled([record("Ada", [entry("canvas", "12")], notebook(LOSS, 7))], {LOSS: ASKED[LOSS]}, TERM)
    content = uploads.files(results, {LOSS: ASKED[LOSS]}, TERM)["canvas.csv"]
    assert canvas_import(content, STUDENTS)[0] == {("12", "01 Loss functions"): "7"}


HOSTILE = ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "a;=1+1", "Points Possible", '"', 'a,\\"', "a\nb", "Muted", "x\\"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_no_formula_and_breaks_no_import(name):
    canvas, moodle = entry("canvas", "12", name), entry("moodle", "1001", name, "w.zip")
    board, bright = entry("blackboard", "ada", name), entry("brightspace", "ada", name)
    both = [notebook(LOSS, 3, "w.zip"), notebook(GRADIENTS, 4, "w.zip")]
    last = record(
        "Bo", [entry("canvas", "13", "Bo"), entry("moodle", "1002", "Bo", "w.zip")], notebook(LOSS, 2, "w.zip")
    )
    made = files(settled(record(name, [canvas, moodle, board, bright], *both), last))
    grades, possible = canvas_import(made["canvas.csv"], STUDENTS)
    assert (grades["12", "Total"], grades["13", "Total"], possible["Total"]) == ("7", "2", "15")
    assert moodle_import(made["moodle.csv"], {"1001", "1002"}, 15) == {"1001": 7, "1002": 2}
    assert blackboard_import(made["blackboard.csv"])[0]["ada", "Total"] == "7"
    assert brightspace_import(made["brightspace.csv"])["ada", "Total"] == "7"
    for file in ("canvas.csv", "moodle.csv", "blackboard.csv", "brightspace.csv"):
        for row in csv.reader(io.StringIO(made[file].decode())):
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) or ";=" in cell for cell in row)
    assert set(moodle_feedback(made["feedback_moodle.zip"], {"1001", "1002"})) == {"1001", "1002"}


def test_a_hand_in_without_a_name_is_in_no_sheet_of_canvas():
    anonymous = [entry("canvas", "12345", "anon 12345"), entry("canvas", "Gq3xT", "anon Gq3xT")]
    results = settled(*(record(each["name"], [each], notebook(LOSS, 5)) for each in anonymous))
    assert "canvas.csv" not in files(results)
    assert placing.nameless(results) == [
        "hand-ins from Canvas are anonymous, so that they stand in no sheet; their points are in the gradebook: 2"
    ]
    assert placing.nameless(canvas_class()) == []


def test_a_lesson_that_came_in_without_names_alone_has_no_column_and_no_part_in_a_total():
    ada = record("Ada", [entry("canvas", "12", "Ada")], notebook(LOSS, 7))
    hidden = record("anon Gq3xT", [entry("canvas", "Gq3xT", "anon Gq3xT")], notebook(GRADIENTS, 3))
    made = files(settled(ada, hidden))
    assert canvas_import(made["canvas.csv"], STUDENTS)[0] == {("12", "01 Loss functions"): "7"}


def test_a_lesson_that_nobody_handed_in_is_in_no_sheet():
    mine = [entry("canvas", "12", "Ada"), entry("blackboard", "ada", "Ada")]
    made = files(settled(record("Ada", mine, notebook(LOSS, 7))))
    assert canvas_import(made["canvas.csv"], STUDENTS)[0] == {("12", "01 Loss functions"): "7"}
    assert blackboard_import(made["blackboard.csv"])[0] == {("ada", "01 Loss functions"): "7"}


def test_canvas_gets_what_a_roster_of_canvass_says_of_a_person():
    people = [Person("12", "Lovelace, Ada", "", ("u12", "alove"), (), ("u12", "alove", "A 1"))]
    mine = [entry("canvas", "12", "lovelaceada"), entry("canvas", "13", "lovelaceada")]
    known, other = (record(f"Ada {each['identity']}", [each], notebook(LOSS, 7)) for each in mine)
    content = uploads.files(settled(known, other), ASKED, TERM, people)["canvas.csv"].decode()
    _, _, first, second = csv.reader(io.StringIO(content))
    assert first == ["Lovelace, Ada", "12", "u12", "alove", "A 1", "7"]
    assert second == ["lovelaceada", "13", "", "", "", "7"]


def test_who_is_not_in_an_lms_is_in_none_of_its_sheets():
    results = settled(*moodle_class(), record("Git", [], notebook(LOSS, 4)), record("Absent", [], identity="7"))
    made = files(results)
    assert set(made) == {"moodle.csv", "feedback_moodle.zip"}
    assert b"Git" not in made["moodle.csv"] and b"Absent" not in made["moodle.csv"]


def test_what_was_not_graded_is_empty():
    failed = record("Di", [entry("canvas", "12")], notebook(LOSS, 0, graded=False), notebook(GRADIENTS, 4))
    unread = record("Ed", [entry("canvas", "13")], {"path": "x", "points": None, "exercises": []})
    empty = record("Fay", [entry("canvas", "140")])
    grades, _ = canvas_import(files(settled(failed, unread, empty))["canvas.csv"], STUDENTS)
    assert {key: grade for key, grade in grades.items() if grade is not None} == {("12", "02 Gradients"): "4"}


# Moodle


def test_moodle_takes_every_grade_by_the_number_of_the_participant():
    content = files(settled(*moodle_class()))["moodle.csv"]
    assert moodle_import(content, {"1001", "1002", "1003"}, 10) == {"1001": 7.5, "1002": 0, "1003": 10}
    assert moodle_import(content, {"1001"}, 10, point=",") == {"1001": 7.5}


def test_in_blind_marking_the_number_is_enough():
    results = settled(*moodle_class(names=("Participant 1001", "Participant 1002"), points=(3, 4)))
    made = files(results)
    assert moodle_import(made["moodle.csv"], {"1001", "1002"}, 10) == {"1001": 3, "1002": 4}
    assert set(moodle_feedback(made["feedback_moodle.zip"], {"1001", "1002"})) == {"1001", "1002"}


def test_a_grade_that_moodle_has_stays_unless_one_asks_for_ours():
    content = files(settled(*moodle_class()))["moodle.csv"]
    has = {"1001": (9.0, 1_790_000_000)}
    assert "1001" not in moodle_import(content, {"1001"}, 10, now=has)
    assert moodle_import(content, {"1001"}, 10, now=has, force=True) == {"1001": 7.5}


def test_a_class_of_300_comes_through():
    draw = random.Random(0)
    points = [draw.randrange(0, 41) / 4 for _ in range(300)]
    names = [f"{draw.choice(['Ada', 'Zoë', '王', '=Bo', 'O’Neil'])} {draw.randrange(20)}" for _ in range(300)]
    numbers = [str(number) for number in draw.sample(range(1000, 9000), 300)]
    records = []
    for name, number, each in zip(names, numbers, points, strict=True):
        both = [entry("moodle", number, name, "w.zip"), entry("canvas", number, name)]
        records.append(record(f"{name} ({number})", both, notebook(LOSS, each, "w.zip")))
    made = files(settled(*records))
    expected = dict(zip(numbers, points, strict=True))
    assert moodle_import(made["moodle.csv"], set(numbers), 10) == expected
    grades, _ = canvas_import(made["canvas.csv"], dict.fromkeys(numbers, ""))
    assert {number: float(grades[number, "01 Loss functions"]) for number in numbers} == expected
    pages = moodle_feedback(made["feedback_moodle.zip"], set(numbers))
    assert {number: [*page] for number, page in pages.items()} == {number: ["feedback.html"] for number in numbers}


def test_each_assignment_has_a_sheet_of_its_own():
    one = moodle_class("CS Loss/1.zip")
    two = moodle_class("cs_loss 1", GRADIENTS, first=5001, points=(1, 2, 3))
    made = files(settled(*map(merged, one, two)))
    names = "moodle_cs-loss-1.csv", "moodle_cs-loss-1-2.csv"
    assert set(made) == {*names, *(f"feedback_{name[:-3]}zip" for name in names)}
    assert moodle_import(made[names[0]], {"1001", "1002", "1003"}, 10) == {"1001": 7.5, "1002": 0, "1003": 10}
    assert moodle_import(made[names[1]], {"5001", "5002", "5003"}, 5) == {"5001": 1, "5002": 2, "5003": 3}
    page = moodle_feedback(made["feedback_moodle_cs-loss-1-2.zip"], {"5001"})["5001"]["feedback.html"].decode()
    assert GRADIENTS in page and LOSS not in page and ">1</b> of 5 points" in page


def test_no_sheet_takes_the_name_of_another():
    downloads = ["A-2", "a", "a.zip", "a_2", "../a", "王", "漢"]
    records = [record for k, each in enumerate(downloads) for record in moodle_class(each, first=1000 * (k + 1))]
    made = files(settled(*records))
    assert len(made) == 2 * len(downloads) and not any("/" in name or ".." in name for name in made)


def test_a_lesson_at_the_wrong_place_changes_no_other_sheet():
    names = [f"L{k}" for k in range(9)]
    one = moodle_class("1.zip", names=names, points=[5] * 9)
    two = moodle_class("2.zip", GRADIENTS, first=5001, names=names, points=[2] * 9)
    one[0]["notebooks"] = []  # nothing at the right place, though it was opened there
    two[0]["notebooks"].append(notebook(LOSS, 9, "2.zip"))
    stray = moodle_class("2.zip", first=5010, names=["Only there"], points=[8])
    results = settled(*map(merged, one, two), *stray)
    made = files(results)
    numbers = {str(number) for number in range(1001, 1010)}, {str(number) for number in range(5001, 5011)}
    assert moodle_import(made["moodle_1.csv"], numbers[0], 10)["1001"] == 9
    assert moodle_import(made["moodle_2.csv"], numbers[1], 5) == dict.fromkeys(sorted(numbers[1])[:9], 2)
    (line,) = placing.without_a_sheet(results)
    why = "stand in no sheet, since they came in 2.zip, which is of 02_gradients"
    assert line == f"Only there: the points of 01_loss_functions {why}"


def test_one_assignment_that_was_downloaded_twice_has_one_sheet():
    first, again = moodle_class("monday.zip"), moodle_class("sunday.zip", points=(7.5, 4, 10))
    late = moodle_class("sunday.zip", first=1004, names=["Late"], points=[6])
    results = settled(*map(merged, first, again), *late)
    content = files(results)["moodle.csv"]
    expected = {"1001": 7.5, "1002": 4, "1003": 10, "1004": 6}
    assert moodle_import(content, set(expected), 10) == expected
    assert not placing.without_a_sheet(results)


def test_dates_weights_and_a_persons_word_stand_in_the_sheet():
    term = Syllabus({LOSS: Asked(datetime.datetime(2026, 10, 5), 100)}, per_day=0.5)
    late = moodle_class(points=(8, 8, 0))
    late[1]["notebooks"][0]["late"] = True
    late[2]["notebooks"] = []
    by_hand = {("Cy", "mse"): (3, "spoken"), ("Ada", "ce"): (6, "")}
    results = counting.settled(late, {LOSS: ASKED[LOSS]}, term, by_hand)
    content = uploads.files(results, {LOSS: ASKED[LOSS]}, term)["moodle.csv"]
    assert moodle_import(content, {"1001", "1002", "1003"}, 100) == {"1001": 100, "1002": 40, "1003": 30}


def test_a_sum_of_which_a_part_was_not_graded_is_empty():
    unknown = {"path": "x.ipynb", "points": None, "exercises": [], "download": "w.zip"}
    records = [*moodle_class("w.zip"), *moodle_class("w.zip", GRADIENTS, first=1004, points=(1, 2, 3))]
    for number, failed in (("1008", notebook(GRADIENTS, 0, "w.zip", graded=False)), ("1009", unknown)):
        who = [entry("moodle", number, number, "w.zip"), entry("canvas", number, number)]
        records.append(record(number, who, notebook(LOSS, 3, "w.zip"), failed))
    made = files(settled(*records))
    numbers = {"1001", "1004", "1008", "1009"}
    assert moodle_import(made["moodle.csv"], numbers, 15) == {"1001": 7.5, "1004": 1}
    assert moodle_feedback(made["feedback_moodle.zip"], numbers).keys() == {"1001", "1004"}
    grades, _ = canvas_import(made["canvas.csv"], dict.fromkeys(numbers, ""))
    assert grades["1009", "01 Loss functions"] == "3" and grades["1009", "Total"] is None


@pytest.mark.parametrize(
    "name", ["../../etc", "a_b_assignsubmission", ".hidden", "~", "Ångström 王", "a/b\\c", "_" * 300, "/"]
)
def test_feedback_finds_its_learner_and_leaves_its_folder_never(name):
    made = files(settled(*moodle_class(names=[name, "Bo"], points=[2, 3])))
    content = made["feedback_moodle.zip"]
    pages = moodle_feedback(content, {"1001", "1002"})
    assert pages.keys() == {"1001", "1002"} and all([*page] == ["feedback.html"] for page in pages.values())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for path in archive.namelist():
            folder, page = path.split("/")
            assert page == "feedback.html" and folder.strip(". ") == folder and len(folder) < 100


def test_the_same_results_make_the_same_files():
    made = files(settled(*moodle_class()))
    assert made == files(settled(*moodle_class()))
    with zipfile.ZipFile(io.BytesIO(made["feedback_moodle.zip"])) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# Blackboard and Brightspace


def test_blackboard_takes_every_grade_by_the_name_of_the_account():
    names = {"ada": "Ada King Lovelace", "bo": "Bo"}
    results = settled(
        *(
            record(name, [entry("blackboard", account, name)], notebook(LOSS, len(name)))
            for account, name in names.items()
        )
    )
    content = files(results)["blackboard.csv"]
    grades, _ = blackboard_import(content)
    assert grades["ada", "01 Loss functions"] == "10" and grades["bo", "01 Loss functions"] == "2"
    assert len(grades) == 2
    assert content.splitlines()[1].startswith(b"Lovelace,Ada King,ada,")


def test_brightspace_takes_every_grade_by_what_a_roster_says():
    bright = entry("brightspace", "153607-7893", "Ada")
    results = settled(
        record("Ada", [bright], notebook(LOSS, 7), identity="20067930"),
        record("Bo", [bright | {"identity": "2-3"}], notebook(LOSS, 5), identity="bo.b"),
        record("Cy", [bright | {"identity": "4-5"}], notebook(LOSS, 5)),
    )
    grades = brightspace_import(files(results)["brightspace.csv"])
    assert {person: grade for (person, title), grade in grades.items() if title == "01 Loss functions"} == {
        "20067930": "7",
        "bo.b": "5",
    }
