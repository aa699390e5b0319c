"""Promise: a sheet that an LMS has exported gets the right grades in the right cells, and keeps every other byte."""

import csv
import io

import pytest
from lms_imports import GERMAN, blackboard_import, brightspace_import, canvas_import, moodle_import
from lms_records import GRADIENTS, LOSS, entry, merged, moodle_class, notebook, record, settled

from bplib.grading.classes.sheets import exports, uploads

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
        '"HW 01" is 01_loss_functions: 3 grades',
        '"Essay: wörter" is none of the lessons of these results, and was left as it is',
        '"Gradients" is 02_gradients: 2 grades',
        "with points, and not in the sheet: gone",
        "in the sheet, and without points: Student, Test (99)",
        "had another grade, which was replaced: lovelaceada (13) (3.00, now 9)",
        "with points, and left as they are: bo (N/A), bo (EX)",
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
    columns = ",".join(f"{title} ({k})" for k, title in enumerate(titles, 70))
    return f"Student,ID,SIS Login ID,Section,{columns}\nAda,12,ada,A{',' * len(titles)}\n".encode()


@pytest.mark.parametrize(
    ("titles", "filled"),
    [
        (["Homework"], ["11.5"]),
        (["Homework 1", "Total"], ["", "11.5"]),
        (["2026-02-01 quiz", "LOSS FUNCTIONS"], ["", "7.5"]),
        (["HW02", "week 01: all of it", "03"], ["4", "7.5", ""]),
        (["Policy gradients", "Gradient checking", "Gradients"], ["", "", "4"]),
        (["00b", "Loss functions"], ["", "7.5"]),
    ],
)
def test_a_column_is_found_by_title_number_or_as_the_only_one(titles, filled):
    content, _ = uploads.filled(headed(*titles), canvas_results())
    assert cells(content.decode())[1][4:] == filled


@pytest.mark.parametrize(
    "titles",
    [["Homework 1", "Homework 2"], ["01", "Loss functions"], ["01 Gradients"], ["Loss functions and gradients"], []],
)
def test_where_it_cannot_be_decided_the_columns_are_shown(titles):
    with pytest.raises(ValueError, match="the columns of points are") as error:
        uploads.filled(headed(*titles), canvas_results())
    assert all(f'"{title}"' in str(error.value) for title in titles)


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
