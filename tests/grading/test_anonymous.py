"""Promise: what is written without names says the same of the class, and nobody's name stands anywhere in it."""

import copy
import json
import re
import time

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
        "attachment": 7012345,
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
    [final] = records[1]["notebooks"]
    others = ({"lesson": "02_gradients"}, {"lesson": "03_descent", "path": "emmy 3.ipynb"})
    records[1]["notebooks"] += [
        {**final, "path": "old emmy.ipynb", "content": "c0de"},
        *({**final, **other} for other in others),
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
        "7012345",
        "14:30",
    ):
        assert not re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", said), word


def test_a_name_is_found_without_its_accents_with_two_letters_for_one_and_however_they_are_composed():
    zoe, anna = "Zoë Åkerström", "Anna Müller"
    spelled = ["zoe akerstrom", "Zoë Akerstroem", "ZOE AAKERSTROEM", "Zoe\u0308 A\u030akerstro\u0308m", "åkerström_zoe"]
    records = [
        record(zoe, "# " + ", ".join([*spelled, "Akerstrom", "x = 1", "zoe"])),
        record(anna, "\n".join(f"# {each}" for each in spelled)),
    ]
    records += [
        record("Anna Muller", "# Anna Müller; or Anna Muller; or Anna Mueller; or Anna Muler"),
        record("Jörg Moeller", "# jorg, x, MÖLLER"),
    ]
    whole = counting.settled(records, {"01_loss_functions": {"mse": 2}}, Syllabus())
    nameless = {each["learner"]: each for each in anonymous.without_names(whole, b"salt")}
    codes = {each["notebooks"][0]["exercises"][0]["code"] for each in nameless.values()}
    number = next(code for code in codes if "x = 1" in code)[len("# learner_") :][:3]
    assert f"# {', '.join([f'learner_{number}'] * 6)}, x = 1, learner_{number}" in codes
    assert "\n".join([f"# learner_{number}"] * 5) in codes
    [three] = [code for code in codes if "Muler" in code]
    found = re.findall(r"learner_(\d+)", three)
    assert found[0] == found[2] != found[1] == found[3] and len(found) == 4
    assert any(re.fullmatch(r"# learner_(\d+), x, learner_\1", code) for code in codes)


def test_what_is_left_of_names_is_listed_with_its_places_and_what_is_rare_comes_first():
    records = [record(f"Will {name}", "# I will do it") for name in ("Abel", "Cain", "Seth", "Noah", "Sem")]
    records += [record("Max Béla", "x = max(will)"), record("Mats Öberg", "# with help of bela\ny = 1")]
    records[5]["notebooks"][0]["exercises"][0]["ungraded"] = "# Oberg"
    whole = counting.settled(records, {"01_loss_functions": {"mse": 2}}, Syllabus())
    nameless = anonymous.without_names(whole, b"salt")
    lines = anonymous.left(nameless, whole)
    numbers = {each["notebooks"][0]["exercises"][0]["code"]: each["learner"] for each in nameless}
    bela, oberg = numbers["# with help of bela\ny = 1"], numbers["x = max(will)"]
    assert lines[:3] == [
        f"without names there is still 'bela', which is part of one: {bela}, The mse",
        f"without names there is still 'oberg', which is part of one: {oberg}, The mse",
        f"without names there is still 'will', which is part of one: {oberg}, The mse",
    ]
    assert len(lines) == 3  # nobody who is called Will keeps the word
    many = [
        record(f"Person{k} Sur{k}", "# " + " ".join(f"sur{n}x Sur{n}" for n in range(60) if n != k)) for k in range(60)
    ]
    whole = counting.settled(many, {"01_loss_functions": {"mse": 2}}, Syllabus())
    lines = anonymous.left(anonymous.without_names(whole, b"salt"), whole)
    assert len(lines) == 21 and lines[-1] == "without names there are still 40 other words that are part of one"
    assert all(line.endswith("and 56 more") for line in lines[:-1])


def test_names_made_to_be_spelled_in_many_ways_take_no_time():
    name = " ".join("äöüåø" * 20 + str(k) for k in range(20))
    begun = time.monotonic()
    whole = counting.settled([record(name, f"# {name}")], {"01_loss_functions": {"mse": 2}}, Syllabus())
    [nameless] = anonymous.without_names(whole, b"salt")
    assert nameless["notebooks"][0]["exercises"][0]["code"] == "# learner_001"
    assert anonymous.left([nameless], whole) == [] and time.monotonic() - begun < 5


def test_of_when_something_was_handed_in_the_day_is_left():
    for result in anonymous.without_names(results(), b"salt"):
        for notebook in result["notebooks"]:
            assert notebook["when"] == notebook["handed_in"] == ("2026-10-05" if notebook["handed_in"] else "")


def test_no_extension_tells_who_somebody_is():
    whole = results()
    whole[0]["extensions"] = {"01_loss_functions": "2026-10-09T23:59"}
    assert all(each["extensions"] == {} for each in anonymous.without_names(whole, b"salt"))


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
    assert "a file (0 points) is of the same lesson as another (0 points), which counts" in pages
    assert "2 notebooks are of lessons that were not asked for<" in pages


def test_a_large_class_takes_seconds():
    many = results() * 500
    many = [{**each, "learner": f"{each['learner']} {k}", "slug": f"s{k}"} for k, each in enumerate(many)]
    nameless = anonymous.without_names(many, b"salt")
    assert len({each["slug"] for each in nameless}) == 2000
