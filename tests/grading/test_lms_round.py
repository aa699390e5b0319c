"""Promise: from the command line a term of any LMS goes in as it is downloaded, and its own sheet comes out filled."""

import pytest
from lms_imports import blackboard_import, brightspace_import, canvas_import, moodle_import
from test_batch import LESSON, blank, full, linux
from test_layouts import LOSS, tree, zipped
from test_term import SHEET
from test_worksheets import BLACKBOARD, BRIGHTSPACE

from bplib import cli
from bplib.course.syllabus import Syllabus
from bplib.grading.classes.term import Term, grade_class

pytestmark = linux

# As lib/gradebook_exporter.rb of canvas-lms writes it: hidden marks, what can be had, totals, the test student.
CANVAS = '''Student,ID,SIS User ID,SIS Login ID,Section,Notes,HW01 Loss functions (77),Essay (78),Final Score
,,,,,,Manual Posting,,
    Points Possible,,,,,(read only),12.00,20.00,(read only)
"Lovelace, Ada",12,u12,alove,"A, B","says ""hi""",,18.00,80.0
"Müller, Bo",13,u13,bmue,A,,EX,,70.0
"Student, Test",99,,3f2a,A,,,,
'''


@pytest.fixture
def term(tmp_path, monkeypatch):
    """A folder with a download of each LMS, and beside it the sheets that they have exported."""
    monkeypatch.chdir(tmp_path)
    downloads = {
        "moodle.zip": {f"Ada Lovelace_11_assignsubmission_file_/{LESSON}": full()},
        "canvas.zip": {f"lovelaceada_12_500_{LESSON}": full(), f"müllerbo_LATE_13_501_{LESSON}": full()}
        | {f"LATE_anon_b7Yz2_502_{LESSON}": blank()},
        "blackboard.zip": {f"01_ada_attempt_2026-10-05-14-30-22_{LESSON}": full()},
        "brightspace.zip": {f"153-2 - Bo Öz - Oct 5, 2026 230 PM/{LESSON}": full()},
    }
    tree(tmp_path / "in", {name: zipped(content) for name, content in downloads.items()})
    sheets = {"m.csv": SHEET.encode(), "c.csv": CANVAS.encode(), "d2l.csv": BRIGHTSPACE.encode()}
    tree(tmp_path, {**sheets, "b.csv": b"\xff\xfe" + BLACKBOARD.encode("utf-16-le")})
    return tmp_path


def test_the_sheets_of_four_lmss_are_filled_in_one_run_and_each_goes_through_its_import(term, capsys):
    fill = [word for name in ("m.csv", "c.csv", "b.csv", "d2l.csv") for word in ("--fill", name)]
    cli.main(["grade", "in", "--out", "out", "--jobs", "2", *fill])
    said = capsys.readouterr().out
    upload = term / "out" / "upload"
    assert moodle_import((upload / "m.csv").read_bytes(), {"11", "12"}, 12) == {"11": 12}
    sheets = (CANVAS.encode(), (upload / "c.csv").read_bytes())
    before, after = (canvas_import(each, {"12": "", "13": "", "99": ""})[0] for each in sheets)
    assert after == before | {("12", "HW01 Loss functions"): "12"}
    assert (upload / "c.csv").read_text(encoding="utf-8") == CANVAS.replace('"says ""hi""",,', '"says ""hi""",12,')
    assert blackboard_import((upload / "b.csv").read_bytes())[0]["ada", "01"] == "12"
    assert brightspace_import((upload / "d2l.csv").read_bytes())["20067931", "Loss functions"] == "12"
    assert "c.csv: with points, and left as they are: müllerbo (EX)" in said
    assert "hand-ins from Canvas are anonymous, so that they stand in no sheet" in said
    assert "gradebook, feedback, statistics and what an LMS takes are in out" in said


@pytest.mark.parametrize("counts, points", [("best", 12), ("last", 10)])
@pytest.mark.parametrize("again", [LESSON.replace(".ipynb", "-1.ipynb"), "a second file.ipynb", "second.zip"])
def test_of_two_versions_in_one_download_of_canvas_that_counts_which_the_term_says(tmp_path, counts, points, again):
    worse = full().replace("return np.mean(errors**2)", "return 0.123 * np.mean(errors**2)")
    second = zipped({LESSON: worse}) if again.endswith("zip") else worse
    tree(tmp_path / "in", {f"smithjohn_1005_9999_{LESSON}": full(), f"smithjohn_1005_10000_{again}": second})
    [result], _ = grade_class(tmp_path / "in", tmp_path / "out", term=Term(Syllabus(counts=counts)))
    assert result["points"] == points
    other, that = (again, LESSON) if counts == "best" else (LESSON, again)
    [line] = result["notes"]
    assert result["problems"] == [] and line.startswith(other) and that in line and "which counts" in line


def test_a_layout_that_was_told_once_holds_in_later_runs_until_it_is_deleted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tree(tmp_path / "in", {f"ada/{week}/{LOSS}": blank() for week in ("week 1", "again")})

    def grade(*more):
        code = cli.main(["grade", "in", "--out", "out", "--jobs", "1", *more])
        said = capsys.readouterr()
        return code, said.out + said.err

    code, said = grade()
    assert code and len(said.strip().splitlines()) == 4 and not (tmp_path / "out").exists()
    _, first = grade("--layout", "class/learner")
    _, second = grade()
    line = "folders are read as class/learner, which a run before was told; to be asked anew, delete out/.layout"
    assert line in second and line not in first
    (tmp_path / "out" / ".layout").unlink()
    assert "Run it again with" in grade()[1]


def test_where_an_lms_takes_nothing_nothing_is_promised(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tree(tmp_path / "in", {f"ada/{LOSS}": blank()})
    cli.main(["grade", "in", "--out", "out", "--jobs", "1"])
    assert capsys.readouterr().out.strip().endswith("gradebook, feedback and statistics are in out")
