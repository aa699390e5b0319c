"""Promise: what a person decides counts, fits exactly who is meant, and nothing of it is lost without a line."""

import pytest

from bplib.grading import handins
from bplib.grading.classes import overrides

ASKED = {"01_loss_functions": {"mse": 2, "bce": 3}, "04_single_neuron": {"step": 1}}


def record(name, identity="", entries=()):
    known = [{"lms": "moodle", "download": "", "identity": i, "name": n, "email": e} for i, n, e in entries]
    return {"learner": name, "identity": identity, "entries": known, "slug": handins.slug(name), "notebooks": []}


CLASS = [
    record("Ada Lovelace", "1001", [("1001", "Ada Lovelace", "ada@uni.example"), ("lovelaceada", "lovelaceada", "")]),
    record("ada lovelace", "1002"),
    record("Bo Äng", "1003", [("77", "Bo", "bo@uni.example")]),
    record("=cmd", "1004"),
    record("Bo", "1005"),
]
ADA, SMALL, ANG, CMD, BO = (each["slug"] for each in CLASS)


@pytest.fixture
def read(tmp_path):
    def read(content, encoding="utf-8"):
        path = tmp_path / overrides.FILE_NAME
        path.write_bytes(content.encode(encoding))
        return overrides.read(path, CLASS, ASKED)

    return read


def test_a_learner_is_known_by_name_identity_or_address_and_an_exercise_by_its_column(read):
    found, lines = read(
        "learner,exercise,points,comment\n"
        'Ada Lovelace,mse,2,"Fine, as said."\n'
        "1002,01_loss_functions/mse,1.5,\n"
        "BO@uni.example,01/bce,0,\n"
        "lovelaceada,step,1,late mail\n"
        "'=cmd,step,0.5\n"
        "Bo,step,1,\n"
    )
    assert lines == []
    assert found == {
        (ADA, "mse"): (2, "Fine, as said."),
        (SMALL, "mse"): (1.5, ""),
        (ANG, "bce"): (0, ""),
        (ADA, "step"): (1, "late mail"),
        (CMD, "step"): (0.5, ""),
        (BO, "step"): (1, ""),
    }


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Zoe,mse,1,", "'Zoe' is nobody in this class"),
        ("ADA LOVELACE,mse,1,", "'ADA LOVELACE' is the name of 2 in this class"),
        (",mse,1,", "it names no learner"),
        ("1001,mso,1,", "'mso' is no exercise of the course"),
        ("1001,mse-grad,1,", "'mse-grad' is no exercise that was asked for"),
        ("1001,04/mse,1,", "'mse' is an exercise of 01_loss_functions, not of '04'"),
        ("1001,mse,20,", "points are 20; mse gives 0 to 2"),
        ("1001,mse,-1,", "points are -1; mse gives 0 to 2"),
        ("1001,mse,two,", "points are 'two'; a number is needed"),
        ("1001,mse,nan,", "points are 'nan'; a number is needed"),
        ("1001,mse,,", "points are ''; a number is needed"),
    ],
)
def test_a_row_that_fits_nothing_is_told_with_its_line_and_the_others_count(read, row, says):
    found, lines = read(f'learner,exercise,points,comment\n1003,mse,1,"two\nlines"\n{row}\n1003,bce,2,\n')
    assert found == {(ANG, "mse"): (1, "two\nlines"), (ANG, "bce"): (2, "")}
    assert lines == [f"overrides.csv, line 4: {says}; it is not applied"]


def test_of_two_rows_about_one_answer_the_last_counts_and_is_told(read):
    found, lines = read("learner,exercise,points,comment\n1001,mse,1,a\n\nAda Lovelace,mse,2,b\n")
    assert found == {(ADA, "mse"): (2, "b")}
    assert lines == ["overrides.csv, line 4: Ada Lovelace has mse in line 2 too; this one counts"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_what_a_spreadsheet_writes_is_read(read, encoding):
    content = "Comment;Learner;Points;Exercise;by\r\nschön; Bo Äng ;0,5;mse;me\r\n;;;;\r\n"
    assert read(content, encoding) == ({(ANG, "mse"): (0.5, "schön")}, [])


def test_no_file_is_no_overrides_and_one_that_is_no_such_table_stops_the_run(read, tmp_path):
    assert overrides.read(tmp_path / "none.csv", CLASS, ASKED) == ({}, [])
    assert read("") == read("learner,exercise,points\n") == ({}, [])
    with pytest.raises(ValueError, match="has the columns name, points; needed in its first line are learner, exer"):
        read("name,points\nAda,2\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="cannot be read"):
        overrides.read(tmp_path / "folder", CLASS, ASKED)


def test_without_what_was_asked_the_exercises_are_those_that_were_handed_in(tmp_path):
    path = tmp_path / "overrides.csv"
    path.write_text("learner,exercise,points\nAl,own,3\n", encoding="utf-8")
    exercise = {"id": "own", "max_points": 3}
    records = [{**record("Al"), "notebooks": [{"lesson": "99_own", "exercises": [exercise]}]}]
    assert overrides.read(path, records) == ({("al-" + handins.slug("Al")[3:], "own"): (3, "")}, [])
