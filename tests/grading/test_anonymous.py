"""Promise: what is written without names says the same of the class, and nobody's name stands anywhere in it."""

import copy
import json
import re

from bplib.course.syllabus import Syllabus
from bplib.grading import handins
from bplib.grading.classes import anonymous, counting, feedback

CODE = """# by Ada Lovelace (ada.lovelace@uni.example), with help of Noether, Emmy
def mse(y_pred, y_true):  # ADA was here, 10012345
    max_error = np.max(y_pred - y_true)
    return np.mean((y_pred - y_true) ** 2) + 0 * max_error
"""


def entry(identity, name, email=""):
    return {"lms": "canvas", "download": "all.zip", "identity": identity, "name": name, "email": email}


def record(name, code, identity="", entries=(), points=0, **more):
    exercise = {"id": "mse", "title": "The mse", "points": points, "max_points": 2, "status": "not yet", "code": code}
    exercise |= {"message": f"It raised NameError in the line `{name.split()[0].lower()} = 1`.", "misconception": None}
    notebook = {
        **{"path": f"{name}/{name} final.ipynb", "lesson": "01_loss_functions", "title": "Loss functions"},
        **{"points": points, "max_points": 2, "exercises": [exercise], "problems": [], "late": False},
        **{"when": "2026-10-05T14:30:22", "seen": "2026-10-06", "content": "c0ffee", "download": "Ada's.zip"},
    }
    return {
        **{"learner": name, "identity": identity, "entries": list(entries), "slug": handins.slug(name)},
        **{"late": False, "absent": False, "stranger": False, "notebooks": [notebook], "not_enforced": []},
        **{"digest": "d1ce", "problems": [f"{name}/old.ipynb: it is not JSON: Expecting value, in line 1"], **more},
    }


def results():
    ada = [entry("10012345", "lovelaceada", "ada.lovelace@uni.example")]
    records = [
        record("Ada Lovelace", CODE, "10012345", ada, points=2),
        record("Emmy Noether", "# thanks to lovelaceada\nx = 1", "10012346"),
        record("Max Mean", "def mse(a, y):\n    return np.max(a)", points=1),
        record("Bo (2)", "bo = 3  # 10012345"),
    ]
    records[1]["problems"] = [
        "old emmy.ipynb is of the same lesson as Emmy Noether/Emmy Noether final.ipynb, which counts"
    ]
    overrides = {(records[3]["slug"], "mse"): (1, "Bo, come and see me")}
    return counting.settled(records, {"01_loss_functions": {"mse": 2}}, Syllabus(), overrides)


def test_no_name_identity_address_path_or_fingerprint_is_left():
    said = json.dumps(anonymous.without_names(results(), b"salt")).casefold()
    for word in (
        "ada",
        "lovelace",
        "emmy",
        "noether",
        "bo",
        "uni.example",
        "10012345",
        "final",
        "c0ffee",
        "d1ce",
        "14:30",
    ):
        assert not re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", said), word


def test_code_that_only_looks_like_a_name_stays():
    nameless = anonymous.without_names(results(), b"salt")
    codes = [each["notebooks"][0]["exercises"][0]["code"] for each in nameless]
    assert "def mse(a, y):\n    return np.max(a)" in codes
    [ada] = [code for code in codes if "max_error" in code]
    assert "    return np.mean((y_pred - y_true) ** 2) + 0 * max_error" in ada
    [number] = [each["learner"].removeprefix("learner ") for each in nameless if each["points"] == 2]
    assert ada.startswith(f"# by learner_{number} (")


def test_the_numbers_are_the_same_for_the_same_salt_and_their_order_says_nothing():
    def order(salt):
        return [each["points"] for each in anonymous.without_names(results(), salt)]

    assert order(b"salt") == order(b"salt")
    assert {tuple(order(bytes([k]))[:1]) for k in range(30)} == {(2,), (0,), (1,)}
    nameless = anonymous.without_names(results(), b"salt")
    assert [each["learner"] for each in nameless] == [f"learner 00{k}" for k in range(1, 5)]
    assert [each["slug"] for each in nameless] == [f"learner-00{k}" for k in range(1, 5)]


def test_the_numbers_of_the_class_are_those_with_names_and_the_pages_can_be_made():
    named = results()
    before = copy.deepcopy(named)
    nameless = anonymous.without_names(named, b"salt")
    assert named == before
    keys = ("learners", "graded", "mean", "median", "max_points", "histogram")
    one, other = feedback.statistics(named), feedback.statistics(nameless)
    assert [one[key] for key in keys] == [other[key] for key in keys]
    assert "learner 003" in feedback.class_page(nameless)
    pages = "".join(map(feedback.feedback_page, nameless))
    assert "Lovelace" not in pages and "01_loss_functions.ipynb" in pages and "come and see me" in pages
    assert "a file: it is not JSON: Expecting value, in line 1" in pages
    assert "a file is of the same lesson as another, which counts" in pages


def test_a_large_class_takes_seconds():
    many = results() * 500
    many = [{**each, "learner": f"{each['learner']} {k}", "slug": f"s{k}"} for k, each in enumerate(many)]
    nameless = anonymous.without_names(many, b"salt")
    assert len({each["slug"] for each in nameless}) == 2000
