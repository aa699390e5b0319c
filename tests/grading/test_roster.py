"""Promise: with a roster everybody has one row, whoever is absent too, and nobody gets what may be another's."""

import itertools

import pytest
from test_layouts import LOSS, NEURON, shown, tree, zipped

from bplib.grading import handins
from bplib.grading.classes.people import layouts, repositories, roster


def listed(tmp_path, content):
    path = tmp_path / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return roster.read(path)


def known(people):
    return [(person.identity, person.name, person.email) for person in people]


def matched(tmp_path, files, content):
    """The hand-ins in files by the people of a roster, learner to Handed."""
    people = listed(tmp_path, content)
    return {each.learner: each for each in roster.matched(layouts.find(tree(tmp_path / "in", files)), people)}


# Reading


SPELLINGS = {
    "ours": "identity,name,email\n1,Ada Lovelace,ada@x.edu\n",
    "another order and more": "email,section,name,identity\nada@x.edu,2,Ada Lovelace,1\n",
    "semicolons": "identity;name;email\n1;Ada Lovelace;ada@x.edu\n",
    "tabs": "identity\tname\temail\r\n1\tAda Lovelace\tada@x.edu\r\n",
    "a mark of the order of bytes": b"\xef\xbb\xbfidentity,name,email\n1,Ada Lovelace,ada@x.edu\n",
    "UTF-16, as Blackboard's": "Username\tName\tEmail\n1\tAda Lovelace\tada@x.edu\n".encode("utf-16"),
    "empty lines": "\n\nidentity,name,email\n\n1,Ada Lovelace,ada@x.edu\n\n,,\n",
    "Moodle's": '"First name","Last name","ID number","Email address"\nAda,Lovelace,1,ada@x.edu\n',
    "Brightspace's": "OrgDefinedId,Last Name,First Name,Email,End-of-Line Indicator\n#1,Lovelace,Ada,ada@x.edu,#\n",
    "Gradescope's": "First Name,Last Name,SID,Email\nAda,Lovelace,1,ada@x.edu\n",
    "Gradescope's with its staff": "First Name,Last Name,SID,Email,Role,Sections\n"
    "Grace,Hopper,9,g@x.edu,Instructor,\nAda,Lovelace,1,ada@x.edu,Student,A\nBo,Li,8,b@x.edu,TA,A\n",
    "a row for each identity": "identity,name,email\n1,Ada Lovelace,ada@x.edu\n2,Ada Lovelace,ADA@x.edu\n",
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_a_roster_is_read_in_the_spellings_of_those_who_export_one(tmp_path, content):
    assert known(listed(tmp_path, content)) == [("1", "Ada Lovelace", "ada@x.edu")]


def test_a_roster_in_windows_letters_and_with_a_line_within_a_cell_is_read(tmp_path):
    people = listed(tmp_path, 'identity;name;email;note\r\n1;André Weil;w@x.edu;"a\nb"\r\n2;Bo;;\r\n'.encode("cp1252"))
    assert known(people) == [("1", "André Weil", "w@x.edu"), ("2", "Bo", "")]


def test_the_gradebook_of_canvas_is_a_roster_with_three_identities(tmp_path):
    people = listed(
        tmp_path,
        "Student,ID,SIS User ID,SIS Login ID,Section,Lesson 1 (99)\n    Points Possible,,,,,10\n"
        '"Lovelace, Ada",12,S1,alove,A,7\n',
    )
    assert known(people) == [("12", "Lovelace, Ada", "")] and people[0].identities == ("12", "S1", "alove")


def test_who_is_nobody_in_canvass_gradebook_is_nobody_on_the_roster(tmp_path):
    head = "ID,SIS User ID,SIS Login ID,Section,Lesson 1 (99)\n"
    for names, test in (("Student", '"Student, Test"'), ("LastName,FirstName", "Student,Test")):
        ada = '"Lovelace, Ada"' if names == "Student" else "Lovelace,Ada"
        gradebook = f"{names},{head}    Points Possible{',' * names.count(',')},,,,,10\n{ada},12,S1,alove,A,7\n"
        people = listed(tmp_path, f"{gradebook}{test},99,,3f2a,A,\n")
        assert [(person.identity, person.canvas) for person in people] == [("12", ("S1", "alove", "A"))]
    assert known(listed(tmp_path, "identity,name\n9,Test Student\n")) == [("9", "Test Student", "")]


STAFF = "Instructor", "TA", "Reader", "teacher", "Non-editing teacher", "Teacher, Manager", "Trainer/in", "Dozent*in"
STAFF += "Trainer/in ohne Bearbeitungsrecht", "Observer", "Designer", "Tutor:in", "admin", "TA;Grader"
LEARNERS = "Student", "student", "Teilnehmer/in", "Studierende", "Learner", "", " ", "-", "No roles", "Guest", "Auditor"
LEARNERS += "Student, TA", "Trainer/in, Teilnehmer/in", "Teilnehmer/in mit Bearbeitungsrecht", "TA in training"


@pytest.mark.parametrize("column", ["Role", "roles", "Rolle", "Rollen"])
def test_only_whose_roles_are_all_those_of_staff_is_passed_over(tmp_path, column):
    rows = [*(f"{role}!,staff" for role in STAFF), *(f"{role}!,learner" for role in LEARNERS)]
    rows = [f'"{role}",{number},{kind}' for number, row in enumerate(rows) for role, kind in [row.rsplit("!,", 1)]]
    people = listed(tmp_path, "\n".join([f"{column},identity,name", *rows]))
    assert [person.name for person in people] == ["learner"] * len(LEARNERS)


def test_who_teaches_in_one_row_and_learns_in_another_is_a_learner(tmp_path):
    people = listed(tmp_path, "identity,name,role\n1,Ada,TA\n1,Ada,Student\n")
    assert known(people) == [("1", "Ada", "")]


def test_identities_of_one_person_stand_in_one_cell_or_in_rows_that_share_one(tmp_path):
    people = listed(tmp_path, "identity,name\n1|alove,Ada\nALOVE|x,\n2,Bo\n3,Ada\n")
    assert [(person.name, person.identities) for person in people] == [
        ("Ada", ("1", "alove", "ALOVE", "x")),
        ("Bo", ("2",)),
        ("Ada", ("3",)),  # of one name, and nothing says that they are one person
    ]


def test_ten_thousand_people_are_read_and_matched_in_a_few_seconds(tmp_path):
    rows = "".join(f"{number},Learner {number},l{number}@x.edu\n" for number in range(10_000))
    people = listed(tmp_path, f"identity,name,email\n{rows}")
    entries = [(handins.Entry("canvas", "", "", f"{number}learner"),) for number in range(10_000)]
    handed = [handins.Handed(str(k), "", (), (), False, entries=each) for k, each in enumerate(entries)]
    assert not any(each.absent or each.stranger for each in roster.matched(handed, people))


ERRORS = {
    "gone": (None, "there is no roster"),
    "empty": ("", "begins with nothing; needed are the columns identity, name and email"),
    "other columns": ("a,b\n1,2\n", "begins with a, b; needed are the columns"),
    "nobody": ("identity,name\n,\n", "names nobody"),
    "staff alone": ("identity,name,role\n1,Ada,TA\n", "names nobody but staff"),
    "half of a letter": (b"\xff\xfen", "cannot be read: the sheet says that it is in utf-16-le, and is not"),
    "one identity for two": ("identity,name\n1,Ada\n1,Bo\n", r"gives Bo \(1\) what is also of Ada \(1\)"),
    "one row for two": ("identity,name\n1,Ada\n2,Ada\n1|2,Ada\n", r"what is also of Ada \(1\)"),
}


@pytest.mark.parametrize("content, message", ERRORS.values(), ids=ERRORS)
def test_a_roster_that_means_nothing_is_refused_in_one_sentence(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as error:
        roster.read(tmp_path / "gone.csv") if content is None else listed(tmp_path, content)
    assert "\n" not in str(error.value)


# Matching


def test_nothing_is_wrong_with_what_an_lms_has_no_name_for_and_it_is_nobodys(tmp_path):
    files = {f"anon_b7Yz2_70001_{LOSS}": "", f"Participant_70300_assignsubmission_file_/{LOSS}": ""}
    found = layouts.find(tree(tmp_path / "in", files))
    handed = roster.matched(found, listed(tmp_path, "identity,name\n1,Ada\n"))
    assert [(each.stranger, each.problems) for each in handed if not each.absent] == [(True, ())] * 2


CLASS = """identity,name,email
12|alove,Ada Lovelace,ada@x.edu
13,Zoë O'Neil-Ng,zoe@x.edu
14,Jan van der Berg,jan@x.edu
"""
EVERYBODY = "Ada Lovelace", "Zoë O'Neil-Ng", "Jan van der Berg"
NAMED = {
    "Canvas's letters": (f"lovelaceada_99_678901_{LOSS}", "Ada Lovelace"),
    "Canvas's number": (f"nickname_12_678901_{LOSS}", "Ada Lovelace"),
    "Canvas's letters with accents": (f"oneilngzoë_99_678901_{LOSS}", "Zoë O'Neil-Ng"),
    "Canvas's letters of more names": (f"vanderbergjan_99_678901_{LOSS}", "Jan van der Berg"),
    "Moodle's name": (f"Ada Lovelace_5033_assignsubmission_file_/{LOSS}", "Ada Lovelace"),
    "Moodle's name without apostrophe": (f"Zoë ONeil-Ng_5033_assignsubmission_file_/{LOSS}", "Zoë O'Neil-Ng"),
    "a folder": (f"ADA  lovelace/{LOSS}", "Ada Lovelace"),
    "a file": (f"ada_lovelace_{LOSS}", "Ada Lovelace"),
    "last name first": (f"Lovelace, Ada/{LOSS}", "Ada Lovelace"),
    "an account": (f"ALove/exercises/{LOSS}", "Ada Lovelace"),
    "an address": (f"jan@x.edu/{LOSS}", "Jan van der Berg"),
    "Blackboard's account": (f"Lab_alove_attempt_2026-10-05-14-30-22_{LOSS}", "Ada Lovelace"),
    "Brightspace's number": (f"13-96739 - Z - Oct 5, 2026 1130 PM/{LOSS}", "Zoë O'Neil-Ng"),
}


@pytest.mark.parametrize("name, learner", NAMED.values(), ids=NAMED)
def test_a_hand_in_is_known_by_identity_address_or_name_and_who_has_none_is_absent(tmp_path, name, learner):
    found = matched(tmp_path, {name: "x"}, CLASS)
    assert {each: (len(hand_in.notebooks), hand_in.absent, hand_in.stranger) for each, hand_in in found.items()} == {
        each: (int(each == learner), each != learner, False) for each in EVERYBODY
    }
    assert found["Ada Lovelace"].identity == "12"
    names = {entry.identity for entry in found["Ada Lovelace"].entries}
    assert {"12", "alove"} <= names  # so that a date for either is theirs


def test_accents_are_as_they_are_and_a_stranger_is_told(tmp_path):
    found = matched(tmp_path, {f"Zoe O'Neil-Ng/{LOSS}": "x"}, CLASS)
    assert (found["Zoe O'Neil-Ng"].stranger, found["Zoë O'Neil-Ng"].absent) == (True, True)
    assert found["Zoe O'Neil-Ng"].problems == ("it is nobody's on the roster",)
    assert len(found["Zoe O'Neil-Ng"].notebooks) == 1


def test_a_term_from_several_lmss_is_one_row_and_no_path_is_there_twice(tmp_path):
    files = {"canvas.zip": zipped({f"lovelaceada_12_700_{LOSS}": "", f"bo_15_800_{LOSS}": ""})}
    for week, number in ((1, 1001), (2, 5033)):
        end = f"assignsubmission_file_/{LOSS}"
        moodle = {f"Ada Lovelace_{number}_{end}": "", f"Bo_{number + 1}_{end}": ""}
        files[f"moodle {week}.zip"] = zipped(moodle)
    found = matched(tmp_path, files, f"{CLASS}15,Bo,\n")
    downloads = ("moodle 1.zip", "moodle 2.zip", "canvas.zip")
    assert shown([found["Ada Lovelace"]]) == {"Ada Lovelace": [f"{each}/{LOSS}" for each in downloads]}
    assert found["Ada Lovelace"].problems == found["Bo"].problems == ()
    assert [name for name, each in found.items() if each.absent] == ["Jan van der Berg", "Zoë O'Neil-Ng"]
    assert {entry.lms for entry in found["Bo"].entries} == {"", "moodle", "canvas"}


# Where it might be another's


def test_a_name_of_two_is_nobodys_unless_an_identity_tells(tmp_path):
    people = "identity,name\n11,Li Wei\n12,Li Wei\n"
    files = {f"Li Wei_7_assignsubmission_file_/{LOSS}": "", f"Li Wei_12_assignsubmission_file_/{LOSS}": ""}
    found = matched(tmp_path, files, people)
    assert {name: (each.absent, each.stranger) for name, each in found.items()} == {
        "Li Wei (11)": (True, False),
        "Li Wei (12)": (False, False),
        "Li Wei (7)": (False, True),
    }
    assert found["Li Wei (7)"].problems == (
        "it might be Li Wei (11) or Li Wei (12) of the roster, and counts as nobody's",
    )


def test_a_number_of_moodle_means_nothing_without_the_name(tmp_path):
    found = matched(tmp_path, {f"Eve_12_assignsubmission_file_/{LOSS}": ""}, CLASS)
    assert found["Ada Lovelace"].absent and found["Eve"].stranger


def test_a_hidden_name_is_known_by_what_moodles_sheet_calls_it_and_by_no_other_number(tmp_path):
    files = {f"Participant_{number}_assignsubmission_file_/{LOSS}": "" for number in (12, 14)}
    found = matched(tmp_path, files, "Identifier,Full name,ID number\nParticipant 14,Ada,7\nParticipant 15,Bo,12\n")
    assert {name: (each.absent, each.stranger) for name, each in found.items()} == {
        "Ada": (False, False),
        "Bo": (True, False),
        "Participant 12": (False, True),
    }


def test_an_identity_of_one_with_the_name_of_another_is_nobodys(tmp_path):
    found = matched(tmp_path, {f"vanderbergjan_12_678901_{LOSS}": ""}, CLASS)
    assert found["vanderbergjan"].stranger and found["Ada Lovelace"].absent and found["Jan van der Berg"].absent


def test_two_of_one_name_in_one_download_are_two_of_whom_the_roster_names_one(tmp_path):
    files = {f"Ada Lovelace_{number}_assignsubmission_file_/{LOSS}": "" for number in (7, 8)}
    found = matched(tmp_path, files, CLASS)
    assert found["Ada Lovelace"].absent
    line = "there is more than one in its download who might be Ada Lovelace (12 ada@x.edu) of the roster"
    assert [found[f"Ada Lovelace ({number})"].problems for number in (7, 8)] == [(line,), (line,)]


def test_a_stranger_cannot_take_the_name_of_somebody_on_the_roster(tmp_path):
    people = "identity,name\n11,Ada\n12,Ada\n13,Ada (11)\n"
    found = matched(tmp_path, {f"Ada/{LOSS}": "", f"Bo/{NEURON}": ""}, people)
    assert len(found) == 5 and len({each.slug for each in found.values()}) == 5
    assert [name for name, each in found.items() if each.stranger] == ["Ada", "Bo"]


def test_everybody_is_there_once_whatever_is_handed_in(tmp_path):
    names = ["Ada Lovelace", "alove", "ada@x.edu", "Jan van der Berg", "12", "Mallory", "<b>Zoë", "=1+1", "a|b"]
    people = listed(tmp_path, CLASS)
    for number, chosen in enumerate(itertools.combinations(names, 3)):
        files = {"class.zip": zipped({f"{name}/{LOSS}": name for name in chosen})}
        handed = roster.matched(layouts.find(tree(tmp_path / str(number), files)), people)
        assert {person.name for person in people} <= {each.learner for each in handed}
        assert len({each.slug for each in handed}) == len(handed)
        assert sorted(n.read().decode() for each in handed for n in each.notebooks) == sorted(chosen)
        assert [each.absent for each in handed] == [not each.notebooks for each in handed]


# Repositories

ACCOUNTS = "identity,name\n1|jmue,Jürgen Müller\n2|alove,Ada Lovelace\n3|lee,Bo Lee\n4,Anna Lee\n"


def of_repositories(tmp_path, *names):
    people = listed(tmp_path, ACCOUNTS)
    handed = layouts.find(tree(tmp_path / "in", {f"{name}/exercises/{LOSS}": "" for name in names}))
    found = roster.matched(repositories.known(handed, people), people)
    return {each.learner: each for each in found if not each.absent}


def test_repositories_that_are_named_for_assignment_and_user_are_their_users(tmp_path):
    found = of_repositories(tmp_path, "bplib-course-jmue", "bplib-course-ALOVE", "bplib-course-somebody", "anna-lee")
    assert set(found) == {"Jürgen Müller", "Ada Lovelace", "Anna Lee", "bplib-course-somebody"}
    assert found["Jürgen Müller"].problems == () and found["bplib-course-somebody"].stranger


def test_of_one_repository_alone_a_line_says_whose_it_might_be(tmp_path):
    found = of_repositories(tmp_path, "bplib-course-jmue", "alove", "copy-1")
    assert set(found) == {"bplib-course-jmue", "Ada Lovelace", "copy-1"} and found["bplib-course-jmue"].stranger
    assert found["bplib-course-jmue"].problems == (
        "its name ends in jmue: if it is of Jürgen Müller (1), give them this name as one more identity there",
        "it is nobody's on the roster",
    )
    assert found["copy-1"].problems == ("it is nobody's on the roster",)
