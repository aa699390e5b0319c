"""Promise: in what Moodle gives, everybody is whom its own sheets name: in groups, behind numbers, with a namesake."""

import pytest
from lms_imports import moodle_feedback, moodle_import
from lms_records import LOSS, TERM, notebook, settled
from test_layouts import tree, zipped
from test_roster import listed

from bplib.grading.classes import counting
from bplib.grading.classes.people import layouts, participants, roster
from bplib.grading.classes.sheets import exports, uploads

FILE = f"{LOSS}.ipynb"
HEAD = (
    "Identifier,Full name,ID number,Email address,Status,{}Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade)\n"
)


def sheet(*people, grouped=True):
    """A grading worksheet of (number, name, ID number, group), as gradingtable.php writes it."""
    rows = [
        f"Participant {number},{name},{id},u{id}@x.edu,Submitted for grading,{f'{group},' * grouped},10.00,Yes,"
        '"Monday, 12 October 2026, 4:05 PM",-\n'
        for number, name, id, group in people
    ]
    return HEAD.format("Group," if grouped else "") + "".join(rows)


GROUPS = sheet(
    ("8001", "Ada Lovelace", "1", "Team A&B"),
    ("8002", "Anna Schmidt", "2", "Team A&B"),
    ("8003", "Anna Schmidt", "3", "Group_2"),
    ("8004", "Zoë Å", "4", "Default group"),
)
ROSTER = "identity,name,groups\n1,Ada Lovelace,Team A&B\n2,Anna Schmidt,Team A&B\n3,Anna Schmidt,Group_2\n4,Zoë Å,\n"
TEAMS = {
    f"Team AB_31_assignsubmission_file/{FILE}": "a",
    f"Group 2_32_assignsubmission_file/{FILE}": "b",
    f"Default group_assignsubmission_file/{FILE}": "c",
}
MEMBERS = {
    f"Team AB-Ada Lovelace_8001_assignsubmission_file_/{FILE}": "a",
    f"Team AB-Anna Schmidt_8002_assignsubmission_file_/{FILE}": "a",
    f"Group 2-Anna Schmidt_8003_assignsubmission_file_/{FILE}": "b",
    f"Default group-Zoë Å_8004_assignsubmission_file_/{FILE}": "c",
}


def known(tmp_path, files, sheets=(), people=()):
    """(hand-ins, lines), as a class is read; sheets are texts by the names of their files."""
    tmp_path.mkdir(exist_ok=True)
    read = {name: exports.participants(text.encode())[0] for name, text in dict(sheets).items()}
    handed, lines = participants.known(layouts.find(tree(tmp_path / "in", files)), read, people, "in")
    return (roster.matched(handed, people) if people else handed), lines


def who(handed):
    return {each.learner: "".join(n.read().decode() for n in each.notebooks) for each in handed}


def numbers(handed):
    return sorted(e.identity for each in handed for e in each.entries if e.lms == "moodle")


@pytest.mark.parametrize("files", [TEAMS, MEMBERS], ids=["since 4.1", "before"])
def test_what_a_group_hands_in_is_that_of_each_member_by_sheet_and_roster(tmp_path, files):
    people = listed(tmp_path, ROSTER)
    handed, lines = known(tmp_path, {"BP-4714.zip": zipped(files)}, {"Grades-BP-4714.csv": GROUPS}, people)
    assert who(handed) == {"Ada Lovelace": "a", "Anna Schmidt (2)": "a", "Anna Schmidt (3)": "b", "Zoë Å": "c"}
    assert numbers(handed) == ["8001", "8002", "8003", "8004"]
    assert not any(each.absent or each.stranger or each.problems for each in handed) and not lines


@pytest.mark.parametrize("files", [TEAMS, MEMBERS], ids=["since 4.1", "before"])
def test_the_members_get_grades_and_pages_through_moodles_imports(tmp_path, files):
    handed, _ = known(tmp_path, {"BP-4714.zip": zipped(files)}, {"Grades-BP-4714.csv": GROUPS})
    assert {each.learner for each in handed} == {"Ada Lovelace", "Anna Schmidt (8002)", "Anna Schmidt (8003)", "Zoë Å"}
    points = {"a": 7.5, "b": 4, "c": 10}
    records = []
    for each in handed:
        text = each.notebooks[0].read().decode()
        records.append(as_record(each, notebook(LOSS, points[text], each.notebooks[0].download)))
    results = settled(*records)
    expected = {"8001": 7.5, "8002": 7.5, "8003": 4, "8004": 10}
    content, lines = uploads.filled(GROUPS.encode(), results)
    strings = {"id": "Identifier", "grade": "Grade", "modified": "Last modified (grade)", "user": "Participant "}
    assert moodle_import(content, set(expected), 10, strings) == expected
    assert lines == ['"Grade" is 01_loss_functions: 4 grades']
    files = uploads.files(results, {LOSS: {"mse": 4, "ce": 6}}, TERM)
    assert moodle_import(files["moodle.csv"], set(expected), 10) == expected
    assert moodle_feedback(files["feedback_moodle.zip"], set(expected)).keys() == expected.keys()


def as_record(handed, *notebooks):
    entries = [vars(entry) for entry in handed.entries]
    told = {"learner": handed.learner, "identity": handed.identity, "entries": entries, "slug": handed.slug}
    told |= {"late": False, "absent": False, "stranger": handed.stranger, "problems": [], "not_enforced": []}
    return told | {"digest": "", "notebooks": [*notebooks]}


def test_without_a_sheet_a_groups_number_is_nobodys_and_a_line_says_why(tmp_path):
    handed, [line] = known(tmp_path, {"BP-4714.zip": zipped(TEAMS)})
    assert who(handed) == {"Team AB": "a", "Group 2": "b", "Default group": "c"}
    assert numbers(handed) == ["", "", ""] and {each.identity for each in handed} == {""}
    assert line.startswith("BP-4714.zip: groups have handed in together") and "--fill" in line
    results = settled(*(as_record(each, notebook(LOSS, 4, "BP-4714.zip")) for each in handed))
    assert uploads.files(results, {LOSS: {"mse": 4, "ce": 6}}, TERM) == {}


def test_a_roster_with_groups_knows_the_members_but_not_their_numbers(tmp_path):
    people = listed(tmp_path, ROSTER)
    handed, [line] = known(tmp_path, {"BP-4714.zip": zipped(TEAMS)}, people=people)
    assert who(handed) == {
        "Ada Lovelace": "a",
        "Anna Schmidt (2)": "a",
        "Anna Schmidt (3)": "b",
        "Default group": "c",
        "Zoë Å": "",
    }
    assert set(numbers(handed)) == {""} and "--fill" in line


def test_of_the_same_groups_in_two_weeks_each_gets_the_numbers_of_its_own_sheet(tmp_path):
    files = {f"BP-{number}.zip": zipped(TEAMS) for number in (4714, 4715)}
    later = GROUPS.replace("Participant 8", "Participant 9")
    both = {"Grades-BP-4715.csv": later, "Grades-BP-4714 (1).csv": GROUPS}
    handed, lines = known(tmp_path, files, both)
    found = {(e.download, e.identity) for each in handed for e in each.entries if e.lms == "moodle"}
    assert found == {(f"BP-471{k}.zip", f"{n}00{p}") for k, n in ((4, 8), (5, 9)) for p in (1, 2, 3, 4)} and not lines
    handed, [line] = known(tmp_path / "one", files, {"Grades-BP-4714.csv": GROUPS})
    assert numbers(handed) == ["", "", "", "8001", "8002", "8003", "8004"] and line.startswith("BP-4715.zip")
    renamed = {"grades.csv": GROUPS, "other.csv": later}
    assert set(numbers(known(tmp_path / "two", files, renamed)[0])) == {""}  # it cannot be told whose is whose


def test_the_number_of_a_group_is_not_that_of_a_participant_who_happens_to_have_it(tmp_path):
    files = {f"Group 1_8001_assignsubmission_file/{FILE}": "a"}
    alone = sheet(("8001", "Ada Lovelace", "1", ""), grouped=False)
    handed, [_] = known(tmp_path, files, {"g.csv": alone}, listed(tmp_path, "identity,name\nParticipant 8001,Ada\n"))
    assert {each.learner: (each.absent, each.stranger) for each in handed} == {
        "Ada": (True, False),
        "Group 1": (False, True),
    }


def test_before_4_1_the_roster_knows_a_member_behind_the_group_without_a_sheet(tmp_path):
    people = listed(tmp_path, "identity,name\n1,Ada Lovelace\n4,Zoë Å\n5,Jean-Pierre d'Arc\n")
    files = {f"Team-{name}_80{k}_assignsubmission_file_/{FILE}": "" for k, name in enumerate(("Ada Lovelace", "Zoë Å"))}
    files[f"Other-Jean-Pierre dArc_99_assignsubmission_file_/{FILE}"] = ""
    handed, _ = known(tmp_path, files, people=people)
    assert not any(each.absent or each.stranger for each in handed) and len(handed) == 3


def test_a_double_name_is_never_taken_for_a_group(tmp_path):
    people = listed(tmp_path, "identity,name\n1,Lena Meier\n2,Bo Ek\n3,Peter Kunz\n")
    files = {f"Anna-Lena Meier_7_assignsubmission_file_/{FILE}": "", f"Bo Ek_8_assignsubmission_file_/{FILE}": ""}
    handed, _ = known(tmp_path, files, people=people)
    assert [each.learner for each in handed if each.stranger] == ["Anna-Lena Meier"]
    handed, _ = known(tmp_path / "alone", dict([*files.items()][:1]), people=people)
    assert [each.learner for each in handed if each.stranger] == ["Anna-Lena Meier"]


NAMESAKES = {f"Anna Schmidt_{number}_assignsubmission_file_/{FILE}": str(number) for number in (8002, 8003)}
TWO = sheet(("8002", "Anna Schmidt", "2", ""), ("8003", "Anna Schmidt", "3", ""), grouped=False)


@pytest.mark.parametrize("kind", ["the identities", "the addresses", "the sheet", "the German sheet"])
def test_namesakes_are_told_apart_by_the_sheet(tmp_path, kind):
    german = TWO.replace("Participant ", "Teilnehmer/in ").replace("Identifier,Full name,ID number,Email address", "")
    people = {
        "the identities": "identity,name\n2,Anna Schmidt\n3,Anna Schmidt\n",
        "the addresses": "email,name\nu2@x.edu,Anna Schmidt\nu3@x.edu,Anna Schmidt\n",
        "the sheet": TWO,
        "the German sheet": "ID,Vollständiger Name,ID-Nummer,E-Mail-Adresse" + german,
    }[kind]
    sheets = {} if "sheet" in kind else {"g.csv": TWO}
    handed, _ = known(tmp_path, {"w.zip": zipped(NAMESAKES)}, sheets, listed(tmp_path, people))
    assert sorted(who(handed).values()) == ["8002", "8003"] and len(handed) == 2
    assert not any(each.absent or each.stranger or each.problems for each in handed)
    if kind != "the addresses":
        assert {each.identity: n.read().decode() for each in handed for n in each.notebooks} == {
            "2": "8002",
            "3": "8003",
        }


def test_with_a_roster_no_line_says_that_a_roster_can_tell(tmp_path):
    files = {
        f"week {k}.zip": zipped({name.replace("_800", f"_8{k}0"): text for name, text in NAMESAKES.items()})
        for k in (1, 2)
    }
    handed, _ = known(tmp_path, files)
    assert all(layouts.A_ROSTER_TELLS in each.problems[0] for each in handed)
    handed, _ = known(tmp_path, files, people=listed(tmp_path, "identity,name\n2,Anna Schmidt\n3,Anna Schmidt\n"))
    assert not any(layouts.A_ROSTER_TELLS in line for each in handed for line in each.problems)


def test_without_a_roster_a_date_for_an_identity_or_an_address_of_the_sheet_is_theirs(tmp_path):
    handed, _ = known(tmp_path, NAMESAKES, {"g.csv": TWO})
    names = [counting.names_of(as_record(each)) for each in handed]
    assert [("2" in each, "u2@x.edu" in each) for each in names] == [(True, True), (False, False)]


def test_whoever_comes_in_from_elsewhere_stays_as_they_are(tmp_path):
    files = {f"alice/{FILE}": "x", f"8002_8002_678901_{FILE}": "y"}
    alone = layouts.find(tree(tmp_path / "in", files))
    handed, _ = participants.known(alone, {"g.csv": exports.participants(TWO.encode())[0]})
    assert handed == alone and len(handed) == 2


def test_a_number_says_nothing_of_somebody_with_another_name(tmp_path):
    files = {f"Science_8002_assignsubmission_file/{FILE}": "a"}
    people = listed(tmp_path, "identity,name\n2|Participant 8002,Anna Schmidt\n")
    for name, sheets in (("by roster", {}), ("by sheet", {"g.csv": TWO})):
        handed, _ = known(tmp_path / name, files, sheets, people)
        assert [(each.learner, each.stranger) for each in handed] == [("Anna Schmidt", False), ("Science", True)]
        assert "2" not in counting.names_of(as_record(handed[1]))


def test_of_one_sheet_and_two_downloads_that_are_renamed_neither_gets_the_numbers(tmp_path):
    handed, lines = known(tmp_path, {f"week {k}.zip": zipped(TEAMS) for k in (2, 3)}, {"grades.csv": GROUPS})
    assert set(numbers(handed)) == {""} and [line[:10] for line in lines] == ["week 2.zip", "week 3.zip"]


def test_where_one_name_has_no_group_before_it_none_has(tmp_path):
    people = listed(tmp_path, "identity,name\n1,Ada Lovelace\n4,Zoë Å\n")
    names = ("Team-Ada Lovelace", "Team-Zoë Å", "Bo Ek")
    files = {f"{name}_80{k}_assignsubmission_file_/{FILE}": "" for k, name in enumerate(names)}
    handed, _ = known(tmp_path, files, people=people)
    assert sorted(each.learner for each in handed if each.stranger) == sorted(names)
