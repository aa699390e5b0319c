"""Promise: a sheet that an LMS has exported gets the right grades in the right cells, and keeps every other byte."""

import csv
import io

import pytest
from lms_imports import GERMAN, blackboard_import, brightspace_import, canvas_import, moodle_import
from lms_records import ASKED, GRADIENTS, LOSS, entry, merged, moodle_class, notebook, record, settled

from bplib.course.problems import LESSONS
from bplib.course.syllabus import Asked, Syllabus
from bplib.grading.classes import counting
from bplib.grading.classes.sheets import exports, headings, uploads
from bplib.grading.listings import clean

# As gradebook_exporter.rb writes it: a row of what is posted by hand, what can be had, totals that are read only.
CANVAS = '''Student,ID,SIS User ID,SIS Login ID,Section,01 notes (5),\
HW 01 (77),Essay: wörter (78),Gradients (79),Final Score
,,,,,,Manual Posting,,,
    Points Possible,,,,,(read only),10.00,20.00,5.00,(read only)
"Lovelace, Ada",12,u12,ada@uni.edu,"A, B","says ""hi""",,18.00,4.00,80.0
"Lovelace, Ada",13,u13,ada2@uni.edu,A,,3.00,EX,,70.0
"=""=cmd""",14,u14,bo@uni.edu,A,,N/A,,EX,
"Student, Test",99,,,A,,,,,
'''

# As gradingtable.php writes it, with an online text of two lines.
MOODLE = '''\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Online text","Last modified (grade)","Feedback comments"
"Participant 1001",Ada,ada@uni.edu,"Submitted for grading",,10.00,Yes,"Monday, 5 October 2026, 2:30 PM","one,
""two""",-,
"Participant 1002","Bo, Jr.",bo@uni.edu,"Submitted for grading - 1 day late",3.00,10.00,Yes,\
"Tuesday, 6 October 2026, 12:05 AM",,"Wednesday, 7 October 2026, 9:00 AM",fine
"Participant 1009",Cy,cy@uni.edu,"No submission",,10.00,Yes,-,,-,
'''.replace("\n", "\r\n")

# Teilnehmer/in has no blank behind it in the language pack, and decimals stand behind a comma.
GERMAN_SHEET = """ID;Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;"Bewertung kann geändert werden";\
"Zuletzt geändert (Abgabe)";"Zuletzt geändert (Bewertung)"
Teilnehmer/in1001;Ada;ada@uni.edu;"Zur Bewertung abgegeben";;10,00;Ja;"Montag, 5. Oktober 2026, 14:30";-
Teilnehmer/in1003;"Zoë Ä.";cy@uni.edu;"Zur Bewertung abgegeben";;10,00;Ja;"Sonntag, 1. März 2026, 09:05";-
"""

# Grade center: text in UTF-16 with tabs, all in quotes.
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"'
    '\t"Weighted Total [Total Pts: up to 100 Percentage] |1"\t"01 [Total Pts: 10 Score] |123"'
    '\n"Lovelace"\t"Ada"\t"ada"\t"u12"\t"2026-10-05"\t"Yes"\t"80"\t""'
    '\n"Öz"\t"Bo"\t"bo"\t"u13"\t""\t"Yes"\t""\t"2"\n'
)

BRIGHTSPACE = """OrgDefinedId,Username,Last Name,First Name,\
Loss functions Points Grade <Numeric MaxPoints:10 Weight:5>,Essay Points Grade <Numeric MaxPoints:20>,\
Calculated Final Grade Numerator,End-of-Line Indicator
#20067930,#ada,Lovelace,Ada,,17,,#
#20067931,#bo,Öz,Bo,,,,#
"""

NEITHER = (
    'columns that name neither a lesson, as "Loss functions", "01" and "Homework 1" do, nor the total, as "Total" and'
    ' "Exercises" do, left as they are'
)
HIDDEN = (
    "with points, and hidden there (N/A), so left as they are: export the sheet anew once its grades are posted, unless"
    " the assignment is not theirs"
)


def canvas_results():
    return settled(
        record("lovelaceada", [entry("canvas", "12", "lovelaceada")], notebook(LOSS, 7.5), notebook(GRADIENTS, 4)),
        record("lovelaceada (13)", [entry("canvas", "13", "lovelaceada")], notebook(LOSS, 9)),
        record("bo", [entry("canvas", "14", "bo")], notebook(LOSS, 5), notebook(GRADIENTS, 2)),
        record("gone", [entry("canvas", "15", "gone")], notebook(LOSS, 1)),
    )


def by_name(*people):
    """Results of learners who came in from nowhere: name to points of the first lesson."""
    return settled(*(record(name, [], notebook(LOSS, points), identity=account) for name, account, points in people))


def cells(text, separator=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


# What is filled in


def test_canvas_gets_each_lesson_into_the_column_that_names_it():
    content, lines = uploads.filled(CANVAS.encode(), canvas_results())
    before, _ = canvas_import(CANVAS.encode(), {"12": "", "13": "", "14": "", "99": ""})
    after, _ = canvas_import(content, {"12": "", "13": "", "14": "", "99": ""})
    new = {("12", "HW 01"): "7.5", ("13", "HW 01"): "9"}
    assert after == before | new
    assert lines == [
        '"HW 01" is 01_loss_functions: 2 grades',
        '"Gradients" is 02_gradients: 0 grades, and 1 that stood there already',
        f'{NEITHER}: "Essay: wörter"',
        "with points, and not in the sheet: gone",
        "had another grade, which was replaced: lovelaceada (13) (3.00, now 9)",
        f"{HIDDEN}: bo (N/A)",
        "with points, and left as they are: bo (EX)",
    ]


def test_moodle_gets_the_assignment_whose_numbers_are_in_the_sheet():
    one, two = moodle_class("1.zip"), moodle_class("2.zip", GRADIENTS, first=5001, points=(1, 2, 3))
    content, lines = uploads.filled(MOODLE.encode(), settled(*map(merged, one, two)))
    numbers = {"1001", "1002", "1009"}
    now = {"1001": (None, 0), "1002": (3.0, 0)}
    assert moodle_import(content, numbers, 10, now=now) == {"1001": 7.5, "1002": 0}
    assert lines == [
        '"Grade" is 01_loss_functions: 2 grades',
        "with points, and not in the sheet: Cy",
        "in the sheet, and without points: Cy (Participant 1009)",
        "had another grade, which was replaced: Bo (3.00, now 0)",
    ]


def test_a_german_moodle_reads_its_decimals():
    results = settled(*moodle_class(points=(7.5, 0, 9.25)))
    content, _ = uploads.filled(GERMAN_SHEET.encode(), results)
    read = moodle_import(content, {"1001", "1003"}, 10, GERMAN, ";", ",")
    assert read == {"1001": 7.5, "1003": 9.25}
    assert [row[4] for row in cells(content.decode(), ";")[1:]] == ["7,5", "9,25"]


def test_blackboard_keeps_its_encoding_and_the_number_of_its_column():
    results = settled(record("Ada", [entry("blackboard", "ada", "Ada")], notebook(LOSS, 7.5)))
    raw = b"\xff\xfe" + BLACKBOARD.encode("utf-16-le")
    content, lines = uploads.filled(raw, results)
    assert blackboard_import(content) == ({("ada", "01"): "7.5", ("bo", "01"): "2"}, {"01": "123"})
    assert content == b"\xff\xfe" + BLACKBOARD.replace('"80"\t""', '"80"\t"7.5"').encode("utf-16-le")
    assert lines[1:] == ["in the sheet, and without points: Öz Bo (bo)"]


def test_brightspace_is_matched_by_roster_or_by_name():
    bright = entry("brightspace", "153-1", "Bo Öz")
    results = settled(
        record("Ada", [entry("brightspace", "153-2", "?")], notebook(LOSS, 7), identity="20067930"),
        record("Bo Öz", [bright], notebook(LOSS, 6)),
    )
    grades = brightspace_import(uploads.filled(BRIGHTSPACE.encode(), results)[0])
    assert grades["20067930", "Loss functions"] == "7" and grades["20067931", "Loss functions"] == "6"
    assert grades["20067930", "Essay"] == "17"


# What stays


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_but_the_grades_stays_byte_for_byte(encoding, end):
    text = CANVAS.replace("\n", end)
    expected = text.replace('"says ""hi""",,', '"says ""hi""",7.5,').replace(",3.00,EX", ",9,EX")
    assert uploads.filled(text.encode(encoding), canvas_results())[0] == expected.encode(encoding)


def test_a_sheet_without_a_last_end_of_line_gets_none():
    content, _ = uploads.filled(CANVAS.strip("\n").encode(), canvas_results())
    assert content.endswith(b'"Student, Test",99,,,A,,,,,') and content.count(b"\n") == CANVAS.count("\n") - 1


def test_filled_in_again_nothing_changes():
    once, _ = uploads.filled(CANVAS.encode(), canvas_results())
    again, lines = uploads.filled(once, canvas_results())
    assert again == once and not any("replaced" in line for line in lines)
    assert lines[0] == '"HW 01" is 01_loss_functions: 0 grades, and 2 that stood there already'


def test_a_grade_that_was_not_written_is_not_counted():
    text = CANVAS.replace(",18.00,4.00", ",18.00,N/A").replace(",EX,\n", ",n/a,\n")
    _, lines = uploads.filled(text.encode(), canvas_results())
    assert '"Gradients" is 02_gradients: 0 grades' in lines
    assert f"{HIDDEN}: lovelaceada (N/A), bo (N/A), bo (n/a)" in lines


def test_whatever_stood_where_a_grade_is_written_is_said():
    text = CANVAS.replace(",N/A,", ",B+,").replace(",18.00,4.00", ",18.00,-")
    _, lines = uploads.filled(text.encode(), canvas_results())
    assert "had another grade, which was replaced: lovelaceada (13) (3.00, now 9), bo (B+, now 5)" in lines


def test_a_grade_that_nobody_has_here_stays():
    content, _ = uploads.filled(MOODLE.encode(), settled(*moodle_class(names=["Ada"], points=[8])))
    assert content == MOODLE.replace('grading",,', 'grading",8,', 1).encode()


def test_a_number_with_a_comma_is_in_quotes_where_cells_end_at_commas():
    text = MOODLE.replace("10.00", '"10,00"').replace("3.00", '"3,00"')
    content, _ = uploads.filled(text.encode(), settled(*moodle_class()))
    assert [row[4] for row in cells(content.decode())[1:3]] == ["7,5", "0"]
    assert moodle_import(content, {"1001"}, 10, point=",") == {"1001": 7.5}


def test_a_row_that_is_not_whole_stays_and_is_named():
    text = CANVAS.replace('"=""=cmd""",14,u14,bo@uni.edu,A,,N/A,,EX,', "x,14,too,short") + "\n"
    content, lines = uploads.filled(text.encode(), canvas_results())
    assert b"\nx,14,too,short\n" in content and content.endswith(b"\n\n")
    assert "rows with more or fewer cells than the heading, left as they are: 6" in lines


def test_a_name_with_a_backslash_moves_no_grade():
    name = 'Bo \\", Jr'  # fputcsv with its escape does not double this quote
    text = MOODLE.replace('"Bo, Jr."', f'"{name}"')
    content, _ = uploads.filled(text.encode(), settled(*moodle_class()))
    assert moodle_import(content, {"1001", "1002", "1009"}, 10) == {"1001": 7.5, "1002": 0}
    assert content == text.replace(",,10.00", ",7.5,10.00", 1).replace("3.00", "0").encode()


# Which row


def test_namesakes_are_told_apart_by_mail_and_never_by_name():
    people = '"Bo, Al",1,al@x.y,A,\n"Bo, Al",2,bo@x.y,A,\n"Li, Di",3,d,A,\n'
    sheet = f"Student,ID,SIS Login ID,Section,HW 01 (7)\n{people}"
    mail = record("Al Bo", [entry("gradescope", "5", "Al Bo", email="BO@x.y")], notebook(LOSS, 3))
    other = record("Al Bo (2)", [entry("", "", "Al Bo")], notebook(LOSS, 4))
    single = record("Di Li", [], notebook(LOSS, 5))
    content, lines = uploads.filled(sheet.encode(), settled(other, mail, single))
    assert [row[4] for row in cells(content.decode())[1:]] == ["", "3", "5"]
    assert "with points, and not in the sheet: Al Bo (2)" in lines


def test_a_namesake_with_another_number_is_somebody_else():
    content, lines = uploads.filled(MOODLE.encode(), settled(*moodle_class()))
    assert moodle_import(content, {"1009"}, 10) == {}
    assert lines[1:3] == [
        "with points, and not in the sheet: Cy",
        "in the sheet, and without points: Cy (Participant 1009)",
    ]
    other = settled(record("Bo", [entry("canvas", "15", "Student Test")], notebook(LOSS, 3)))
    assert uploads.filled(CANVAS.encode(), other)[0] == CANVAS.encode()


def test_a_number_of_another_lms_is_nobodys_here():
    results = settled(record("Eve", [entry("moodle", "12", "Eve", "w.zip")], notebook(LOSS, 10, "w.zip")))
    content, lines = uploads.filled(CANVAS.replace("u13", "12").encode(), results)
    assert content == CANVAS.replace("u13", "12").encode()
    assert "with points, and not in the sheet: Eve" in lines


def test_a_rosters_number_is_no_participant_of_moodles():
    content, _ = uploads.filled(MOODLE.encode(), by_name(("Eve", "1001", 10)))
    assert content == MOODLE.encode()


def test_what_came_in_elsewhere_is_matched_by_what_the_roster_says():
    results = by_name(("x", "u12", 1), ("y", "ada2@uni.edu", 2), ("z", "bo@uni.edu", 3))
    content, _ = uploads.filled(CANVAS.replace("N/A", "").encode(), results)
    grades, _ = canvas_import(content, {"12": "", "13": "", "14": "", "99": ""})
    assert [grades[number, "HW 01"] for number in ("12", "13", "14")] == ["1", "2", "3"]


def test_who_hands_in_elsewhere_gets_the_assignment_of_the_sheet_and_not_the_term():
    git = record("Cy", [], notebook(LOSS, 6), notebook(GRADIENTS, 5))
    results = settled(*moodle_class(names=["Ada", "Bo"], points=[1, 2]), git)
    assert moodle_import(uploads.filled(MOODLE.encode(), results)[0], {"1009"}, 10) == {"1009": 6}


# Which column


def headed(*titles):
    columns = ",".join(f'"{title} ({k})"' for k, title in enumerate(titles, 70))
    return f"Student,ID,SIS Login ID,Section,{columns}\nAda,12,ada,A{',' * len(titles)}\n".encode()


@pytest.mark.parametrize(
    ("titles", "filled"),
    [
        (["Homework"], ["11.5"]),
        (["Homework 1", "Total"], ["7.5", "11.5"]),
        (["2026-02-01 quiz", "LOSS FUNCTIONS"], ["", "7.5"]),
        (["HW02", "week 01: all of it", "03"], ["4", "7.5", ""]),
        (["Policy gradients", "Gradient checking", "Gradients"], ["", "", "4"]),
        (["00b", "Loss functions"], ["", "7.5"]),
        (["Homework 2: Loss functions", "Week 10", "Exercise sheet 2"], ["7.5", "", "4"]),
    ],
)
def test_a_column_is_found_by_title_number_or_what_it_says_of_the_total(titles, filled):
    content, _ = uploads.filled(headed(*titles), canvas_results())
    assert cells(content.decode())[1][4:] == filled


ONE = "Homework 1", "HW 1", "HW1", "HW_1", "Lab1", "Week 1", "Assignment 1: Losses", "Problem set #1", "Homework No. 1"
ONE_IN_GERMAN = "Übung 1", "Übungsblatt 1", "Aufgabe 1", "Hausaufgabe Nr. 1", "Woche 1 (Abgabe 5.10.)", "U\u0308bung 01"
AS_THE_COURSE_COUNTS = "01", "[01]", "01 Losses", "HW01 Losses", "Programming Assignment 01"
TOTALS = (
    "Total",
    "Course total",
    "exercises",
    "Exercises (sum)",
    "Overall",
    "Points",
    "Notebooks",
    "Total of all notebooks",
)
TOTALS_IN_GERMAN = "Summe", "Gesamt", "Gesamtpunkte", "Summe der Übungen", "Punkte"


@pytest.mark.parametrize("title", [*ONE, *ONE_IN_GERMAN, *AS_THE_COURSE_COUNTS])
def test_a_number_behind_a_word_for_what_is_handed_in_is_a_lessons(title):
    content, lines = uploads.filled(headed(title), canvas_results())
    assert cells(content.decode())[1][4:] == ["7.5"] and lines[0] == f'"{clean(title)}" is 01_loss_functions: 1 grades'


@pytest.mark.parametrize("title", [*TOTALS, *TOTALS_IN_GERMAN])
def test_the_total_goes_where_every_word_says_so(title):
    content, _ = uploads.filled(headed(title), canvas_results())
    assert cells(content.decode())[1][4:] == ["11.5"]


OTHERS = (
    *(
        "Essay",
        "Essay 1",
        "Midterm exam",
        "Midterm 1",
        "Exam 1",
        "Exam 01",
        "Quiz 1",
        "Quiz 01",
        "Klausur 1",
        "Project 1",
    ),
    *("Week 1 quiz", "Week 1: Quiz", "Lab 1 attendance", "Week 1 lecture", "Pre-lab 1", "HW01: peer review", "1"),
    *("Exercise sheet 2 of 3", "Übungsblatt 1 von 3", "Labs 1-2", "Homework 1 and 2", "Weeks 1, 2", "HW 1/2", "HW 1.2"),
    *("Homework 1b", "Homework 1 part 2", "Homework 2026", "Homework 100", "Homework 1 October", "Homework 1 point"),
    *("Exam: Loss functions", "Quiz on gradients", "01 points", "1 talk", "Group 01"),
    *("Course evaluation", "Bonus points", "Exam points", "Midterm total", "Total 2026", "Exercise"),
)


@pytest.mark.parametrize("title", OTHERS)
def test_a_column_that_is_something_else_keeps_its_grades_even_as_the_only_one(title):
    graded = headed(title).replace(b",A,\n", b",A,17\n")
    content, lines = uploads.filled(graded, canvas_results())
    assert b",A,17\n" in content and content == graded
    assert lines == [f'{NEITHER}: "{title}"']


def test_what_numbers_name_is_a_lesson_of_the_course():
    titles = {lesson.LESSON: lesson.TITLE for lesson in LESSONS}
    for title, lesson in (
        *(("Week 10", "10_signals"), ("10b", "10b_generalization"), ("Homework 10 b", "10b_generalization")),
        *(("00", "00_start_here"), ("HW0", "00_start_here"), ("hw 00B", "00b_arrays"), ("(16b)", "16b_transformer")),
        *(("Homework 10: Losses", "10_signals"), ("Assignment 1 (10 points)", "01_loss_functions")),
    ):
        assert headings.columns({4: title}, titles, titles) == ({4: lesson}, {}), title


UNDECIDED = {
    ("01", "Loss functions"): "several columns that may be 01_loss_functions",
    ("Homework 1", "Week 1"): "several columns that may be 01_loss_functions",
    ("Total", "Exercises"): "several columns that may be the total",
    ("01 Gradients",): "columns that may be 01_loss_functions or 02_gradients",
    ("Week 2, homework 1",): "columns that may be 01_loss_functions or 02_gradients",
    ("Loss functions and gradients",): "columns that may be 01_loss_functions or 02_gradients",
    ("03", "HW3"): "several columns that may be 03_chain_rule",
    ("HW3",): "columns that are 03_chain_rule, of which nothing counts here",
}


@pytest.mark.parametrize("titles", UNDECIDED)
def test_columns_of_which_it_cannot_be_decided_whose_they_are_are_left_and_named(titles):
    names = ", ".join(f'"{title}"' for title in titles)
    content, lines = uploads.filled(headed(*titles), canvas_results())
    assert content == headed(*titles) and lines == [f"{UNDECIDED[titles]}, left as they are: {names}"]
    content, lines = uploads.filled(headed(*titles, "Lab 02"), canvas_results())
    assert cells(content.decode())[1][4:] == [*("" for _ in titles), "4"]
    assert lines[:2] == [
        '"Lab 02" is 02_gradients: 1 grades',
        f"{UNDECIDED[titles]}, left as they are: {names}",
    ]


def test_a_sheet_without_a_column_of_points_says_so():
    assert uploads.filled(headed(), canvas_results()) == (headed(), ["it has no column of points, and is as it was"])


def test_another_maximum_is_said_and_nothing_is_rescaled():
    text = MOODLE.replace("10.00", "100.00")
    content, lines = uploads.filled(text.encode(), settled(*moodle_class()))
    assert lines[-1] == (
        '"Grade" is worth 100 points there and 10 here, and no grade was rescaled: set points = 100 in [lessons.01] of'
        " course.toml, or set the maximum there to 10"
    )
    assert moodle_import(content, {"1001"}, 100) == {"1001": 7.5}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the sheet is empty"),
        (b"\n \n", "the sheet is empty"),
        (b"name,points\nAda,3\n", '"name", "points"; needed is an export of Canvas'),
        (b"\xff\xfea", "is not"),
        (MOODLE.replace("10.00", '"Poor, Good"').encode(), "graded by a scale, Poor, Good"),
    ],
)
def test_what_is_no_such_sheet_is_refused_in_a_sentence(content, says):
    with pytest.raises(ValueError, match=says) as error:
        uploads.filled(content, canvas_results())
    assert "\n" not in str(error.value)


# Who and when


def times_of(text):
    people, lines = exports.participants(text.encode())
    assert not lines
    return {number: person.when for number, person in people.items() if person.when}


def test_moodles_sheet_says_when_things_were_handed_in():
    assert times_of(MOODLE) == {"1001": "2026-10-05T14:30:00", "1002": "2026-10-06T00:05:00"}
    assert times_of(GERMAN_SHEET) == {"1001": "2026-10-05T14:30:00", "1003": "2026-03-01T09:05:00"}
    american = MOODLE.replace("Monday, 5 October 2026, 2:30 PM", "Monday, October 5, 2026, 2:30 PM")
    assert times_of(american)["1001"] == "2026-10-05T14:30:00"


UNREADABLE = ["mardi 7 avril 2026, 14:30", "5 October", "Monday, 45 October 2026, 2:30 PM"]


@pytest.mark.parametrize("time", UNREADABLE)
def test_a_time_that_cannot_be_read_is_shown_and_keeps_nothing_from_being_filled(time):
    text = MOODLE.replace("Monday, 5 October 2026, 2:30 PM", time)
    people, [line] = exports.participants(text.encode())
    assert f'1 times are not read: "{time}" is no time' in line
    assert (people["1001"].when, people["1002"].when) == ("", "2026-10-06T00:05:00")
    assert uploads.filled(text.encode(), settled(*moodle_class()))[0] != text.encode()


def test_only_moodles_sheet_says_who_a_participant_is():
    assert exports.participants(CANVAS.encode()) == ({}, [])
    assert exports.participants(BRIGHTSPACE.encode()) == ({}, [])


def test_the_other_names_of_a_participant_are_read_in_english_and_german():
    english = MOODLE.replace('"Full name",', '"Full name","ID number",').replace(",ada@uni.edu", ",0077,ada@uni.edu")
    english = english.replace(",bo@uni.edu", ",,bo@uni.edu").replace(",cy@uni.edu", ",,cy@uni.edu")
    german = GERMAN_SHEET.replace("ID;Name;", "ID;Name;ID-Nummer;").replace(";Ada;", ";Ada;0077;")
    german = german.replace('"Zoë Ä.";', '"Zoë Ä.";;')
    for text in (english, german):
        people, _ = exports.participants(text.encode())
        ada, other = people["1001"], people["1003" if "1003" in people else "1002"]
        assert (ada.name, ada.identities, ada.email) == ("Ada", ("0077",), "ada@uni.edu")
        assert other.identities == ()


BLIND = """Identifier,Status,Grade,"Maximum Grade","Grade can be changed","Last modified (submission)",\
"Last modified (grade)"
"Participant 1001","Submitted for grading",,10.00,Yes,"Monday, 5 October 2026, 2:30 PM",-
"Participant 1007","Submitted for grading",,10.00,Yes,"Monday, 5 October 2026, 2:31 PM",-
"""


def test_where_names_are_hidden_the_status_is_no_name():
    _, lines = uploads.filled(BLIND.encode(), settled(*moodle_class()))
    assert "in the sheet, and without points: Participant 1007" in lines
    assert exports.participants(BLIND.encode())[0]["1001"].name == ""


def test_a_sheet_of_another_assignment_is_left_as_it_is_and_says_which_numbers_are_where():
    text = MOODLE.replace("Participant 1", "Participant 7")
    content, lines = uploads.filled(text.encode(), settled(*moodle_class()))
    assert content == text.encode()
    assert lines == [
        "it fits none of the downloads, and is as it was: its participants are 7001 to 7009; here they are 1001 to 1003"
        " in week 1.zip"
    ]


def test_the_sheet_of_a_lesson_outside_of_the_plan_is_left_as_it_is_and_says_so_alone():
    records = [*map(merged, moodle_class("1.zip"), moodle_class("2.zip", GRADIENTS, first=5001, points=(1, 2, 3)))]
    results = counting.settled(records, {LOSS: ASKED[LOSS]}, Syllabus({LOSS: Asked()}))
    other = MOODLE.replace("Participant 100", "Participant 500").encode()
    assert uploads.filled(other, results) == (
        other,
        ["nothing is filled in: the lessons of this assignment are not in course.toml, or not asked for"],
    )
    assert uploads.filled(MOODLE.encode(), results)[1][0] == '"Grade" is 01_loss_functions: 2 grades'


def test_the_one_column_of_moodles_is_its_assignments_whatever_it_is_called():
    text = MOODLE.replace("Grade,", "Midterm 1,").replace("(grade)", "(midterm 1)")
    content, lines = uploads.filled(text.encode(), settled(*moodle_class()))
    assert lines[0] == '"Midterm 1" is 01_loss_functions: 2 grades'
    assert content == text.replace('grading",,', 'grading",7.5,', 1).replace(",3.00,", ",0,").encode()
