"""Promise: what counts of what was graded is what the term says, to the learner's good where nobody knows."""

import copy
import datetime
from zoneinfo import ZoneInfo

import pytest

from bplib.course.judging.reading import NOT_ATTEMPTED
from bplib.course.problems import LESSONS
from bplib.course.syllabus import Asked, Extension, Syllabus
from bplib.grading.classes import counting, dates, gradebook

FIRST, SECOND = "01_loss_functions", "02_gradients"
TITLE = f"Loss functions ({FIRST})"
POINTS = {lesson.LESSON: {problem.id: problem.points for problem in lesson.PROBLEMS} for lesson in LESSONS}
MOST = sum(POINTS[FIRST].values())
DUE = datetime.datetime(2026, 10, 5, 23, 59)
BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime.datetime(2020, 1, 1)


def term(counts="best", points=None, per_day=0.25, days=3, extensions=(), due=DUE):
    return Syllabus({FIRST: Asked(due, points)}, counts, per_day, days, BERLIN, "", tuple(extensions))


def notebook(share=1.0, when="", path="01.ipynb", lesson=FIRST, late=False, **more):
    """A notebook of which that share of the points was earned, in its first exercises."""
    exercises, left = [], share * sum(POINTS[lesson].values())
    for id, most in POINTS[lesson].items():
        points = min(most, left)
        left -= points
        exercises.append({"id": id, "title": id, "points": points, "max_points": most, "status": "", "message": ""})
    points = sum(each["points"] for each in exercises)
    whole = {"path": path, "lesson": lesson, "title": lesson, "exercises": exercises, "problems": []}
    return whole | {"points": points, "max_points": sum(POINTS[lesson].values()), "when": when, "late": late} | more


def october(day, hour=12):
    return f"2026-10-{day:02}T{hour:02}:00:00"


def record(*notebooks, learner="Ada", identity="1001", entries=(), problems=()):
    start = {"learner": learner, "identity": identity, "slug": learner.lower(), "entries": list(entries)}
    return start | {"notebooks": list(notebooks), "problems": list(problems)}


def settled(*notebooks, plan=None, overrides=None, **who):
    records = [record(*notebooks, **who)]
    plan = plan or Syllabus()
    [result] = counting.settled(records, counting.asked(records, plan), plan, overrides)
    return result


# The term


def test_without_a_plan_what_somebody_handed_in_is_asked_of_everybody():
    records = [record(notebook()), record(notebook(0.5, lesson=SECOND), learner="Bob"), record(learner="Cy")]
    asked = counting.asked(records, Syllabus())
    assert asked == {lesson: POINTS[lesson] for lesson in (FIRST, SECOND)}
    ada, bob, cy = counting.settled(records, asked, Syllabus())
    assert ada["points"] == MOST and ada["max_points"] == MOST + sum(POINTS[SECOND].values())
    assert bob["max_points"] == cy["max_points"] == ada["max_points"]
    assert (cy["state"], cy["points"], cy["lessons"]) == (counting.EMPTY, None, {})


def test_a_lesson_that_is_due_is_asked_though_nobody_handed_it_in_and_one_that_is_not_listed_never_is():
    plan = Syllabus({FIRST: Asked(), SECOND: Asked(LONG_AGO)})
    result = settled(notebook(), notebook(lesson="04_single_neuron", path="04.ipynb"), plan=plan)
    assert result["points"] == MOST
    assert result["max_points"] == MOST + sum(POINTS[SECOND].values())
    assert result["notes"] == ["04.ipynb is of A single neuron (04_single_neuron), which was not asked for"]
    assert [each["lesson"] for each in result["notebooks"]] == [FIRST]


@pytest.mark.parametrize(
    "due, day, is_asked",
    [
        (DUE, 5, False),
        (DUE, 6, True),
        (None, 25, False),  # what is never due can be handed in any day
    ],
)
def test_a_lesson_that_nobody_has_handed_in_is_not_asked_before_it_is_due(due, day, is_asked):
    plan = Syllabus({FIRST: Asked(DUE), SECOND: Asked(due)}, timezone=BERLIN)
    records, now = [record(notebook()), record(learner="Bob")], datetime.datetime(2026, 10, day, 22, 30, tzinfo=BERLIN)
    asked = counting.asked(records, plan, now=now)
    assert list(asked) == [FIRST, SECOND][: 1 + is_asked]
    ada, bob = counting.settled(records, asked, plan)
    assert (ada["points"], ada["max_points"]) == (MOST, sum(sum(POINTS[lesson].values()) for lesson in asked))
    assert bob["max_points"] == ada["max_points"]
    until = "it is due 2026-10-05 23:59" if due else "it has no date"
    line = f"Gradients (02_gradients) is not asked for yet: nobody has handed it in, and {until}"
    assert counting.news(asked, plan) == ([] if is_asked else [line])


def test_a_lesson_that_anybody_has_handed_in_is_asked_of_everybody_and_stays_so():
    plan = Syllabus({FIRST: Asked(), SECOND: Asked()})
    asked = counting.asked([record(notebook()), record(notebook(lesson=SECOND), learner="Bob")], plan)
    assert list(asked) == [FIRST, SECOND]
    assert counting.asked([record(notebook())], plan, asked) == asked
    assert counting.asked([], plan) == {}
    assert list(counting.asked([], Syllabus({FIRST: Asked()}), asked)) == [FIRST]


def test_a_lesson_has_the_points_that_the_course_gave_it_when_it_was_first_asked_for():
    plan = Syllabus({FIRST: Asked(), SECOND: Asked(DUE)}, timezone=BERLIN)
    records, later = [record(notebook())], datetime.datetime(2026, 10, 25, tzinfo=BERLIN)
    assert SECOND not in counting.asked(records, plan, now=datetime.datetime(2026, 10, 1, tzinfo=BERLIN))
    assert counting.asked([], plan, {FIRST: {"mse": 1}}, later) == {FIRST: {"mse": 1}, SECOND: POINTS[SECOND]}


def test_where_nothing_is_asked_yet_nothing_counts_and_nobody_fails():
    plan = Syllabus({SECOND: Asked()})
    records = [record(notebook())]
    [result] = counting.settled(records, counting.asked(records, plan), plan)
    assert (result["state"], result["points"], result["max_points"]) == (counting.EMPTY, None, 0)
    assert gradebook.lessons([result], {}) == {}


def test_a_lesson_is_worth_what_the_plan_says_and_its_exercises_keep_their_points():
    result = settled(notebook(0.5), plan=term(points=100, due=None))
    assert (result["points"], result["max_points"]) == (50, 100)
    assert result["lessons"][FIRST] == {"points": 50, "max_points": 100, "days_late": 0, "share": 1}
    assert sum(each["points"] for each in result["notebooks"][0]["exercises"]) == MOST / 2
    nothing = settled(notebook(), plan=term(points=0))
    assert (nothing["points"], nothing["max_points"]) == (0, 0)


def test_points_have_two_decimals_at_most_and_the_whole_is_whole():
    plan = term(points=10, due=None)
    assert settled(notebook(5 / MOST), plan=plan)["points"] == round(50 / MOST, 2)
    whole = settled(notebook(), plan=plan)
    assert [str(whole["points"]), str(whole["lessons"][FIRST]["max_points"])] == ["10", "10"]


def test_an_exercise_more_in_the_course_changes_no_result_that_stands():
    fewer = dict(list(POINTS[FIRST].items())[:-1])
    plan = Syllabus({FIRST: Asked()})
    records = [record(notebook())]
    asked = counting.asked(records, plan, {FIRST: fewer})
    [result] = counting.settled(records, asked, plan)
    assert result["points"] == result["max_points"] == sum(fewer.values()) < MOST
    [line] = counting.news(asked, plan)
    assert list(POINTS[FIRST])[-1] in line


def test_points_that_were_changed_since_are_given_as_they_were_asked():
    id = next(iter(POINTS[FIRST]))
    before = {FIRST: {**POINTS[FIRST], id: 10 * POINTS[FIRST][id]}}
    plan = Syllabus({FIRST: Asked()})
    [result] = counting.settled([record(notebook())], counting.asked([], plan, before), plan)
    assert result["points"] == result["max_points"] == sum(before[FIRST].values()) > MOST


def test_records_are_left_as_they_are():
    records = [record(notebook(when=october(7)), notebook(0.5))]
    before = copy.deepcopy(records)
    counting.settled(records, {FIRST: {"mse": 1}}, term(points=7), {("ada", "mse"): (0, "no")})
    assert records == before


# Dates


@pytest.mark.parametrize(
    "when, late, days, share",
    [
        (october(5), False, 0, 1),
        (october(5), True, 0, 1),  # the date of the plan counts, whatever that of the LMS was
        (october(6), False, 1, 0.75),
        (october(8), False, 3, 0.25),
        (october(9), False, 4, 0),
        ("", False, None, 1),
        ("no time", False, None, 1),
        ("", True, 1, 0.75),
    ],
)
def test_lateness_costs_its_share_and_a_time_that_nobody_knows_costs_nothing(when, late, days, share):
    result = settled(notebook(when=when, late=late), plan=term())
    assert result["lessons"][FIRST] == {"points": MOST * share, "max_points": MOST, "days_late": days, "share": share}
    assert (result["points"], result["state"]) == (MOST * share, counting.GRADED)


def test_without_a_penalty_lateness_is_only_shown():
    result = settled(notebook(when=october(25)), plan=Syllabus({FIRST: Asked(DUE)}, timezone=BERLIN))
    assert result["points"] == MOST and result["lessons"][FIRST]["days_late"] == 20


def test_what_lateness_costs_is_taken_from_what_the_lesson_is_worth():
    result = settled(notebook(0.5, when=october(6)), plan=term(points=40))
    assert (result["points"], result["max_points"]) == (15, 40)


@pytest.mark.parametrize("name", ["Ada", "1001", "A77", "ada@uni.example", "Lovelace, Ada"])
def test_an_extension_finds_its_learner_by_every_name_that_any_lms_uses(name):
    entry = {"lms": "canvas", "identity": "A77", "name": "Lovelace, Ada", "email": "Ada@uni.example", "download": ""}
    plan = term(extensions=[Extension(name, FIRST, 2)])
    assert settled(notebook(when=october(7)), plan=plan, entries=[entry])["points"] == MOST
    bob = settled(notebook(when=october(7)), plan=plan, learner="Bob", identity="1002")
    assert bob["points"] == MOST * 0.5


def test_a_result_says_until_when_a_learner_may_hand_in_where_that_is_their_own_date():
    plan = Syllabus(
        {FIRST: Asked(DUE), SECOND: Asked(datetime.datetime(2026, 10, 12, 10, tzinfo=datetime.UTC))},
        timezone=BERLIN,
        extensions=(Extension("Ada", "", 2), Extension("Cy", FIRST, 0)),
    )
    records = [record(notebook()), record(notebook(lesson=SECOND), learner="Cy", identity="")]
    ada, cy = counting.settled(records, counting.asked(records, plan), plan)
    assert ada["extensions"] == {FIRST: "2026-10-07T23:59", SECOND: "2026-10-14T12:00"}
    assert cy["extensions"] == {}
    due = {FIRST: "2026-10-05T23:59", SECOND: "2026-10-12T12:00"}
    assert ada["term"] == cy["term"] == {"due": due, "timezone": "Europe/Berlin", "days": None}


def test_where_an_lms_says_late_and_knows_nothing_of_our_extension_it_is_not_counted():
    plan = term(extensions=[Extension("Ada", FIRST, 2)])
    assert settled(notebook(late=True), plan=plan)["lessons"][FIRST]["days_late"] is None
    assert settled(notebook(late=True), plan=plan, learner="Bob", identity="")["lessons"][FIRST]["days_late"] == 1


def test_what_an_lms_calls_late_and_has_an_extension_is_no_hand_in_of_which_nothing_is_known():
    plan = term(extensions=[Extension("Ada", FIRST, 2)])
    entry = {"lms": "canvas", "download": "canvas.zip", "identity": "", "name": "Ada", "email": ""}
    for more in ({}, {"entries": [entry]}):
        result = settled(notebook(late=True, download="canvas.zip"), plan=plan, **more)
        assert dates.lines([result], plan) == []


def test_a_reader_learns_how_many_times_are_not_known_and_which_extension_fits_nobody():
    plan = term(extensions=[Extension("Ada", FIRST, 2), Extension("Adda"), Extension("twin")])
    whole = [
        record(notebook(when=october(4))),
        record(notebook(), learner="Bob", identity="twin"),
        record(notebook(when="?"), learner="Cy", identity="twin"),
        record(notebook(late=True), learner="Di", identity=""),
        record(learner="Ed", identity=""),
    ]
    results = counting.settled(whole, counting.asked(whole, plan), plan)
    assert dates.lines(results, plan) == [
        f"{TITLE}: hand-ins that count as in time, since no time of theirs is known: 2 (Bob, Cy)",
        f"{TITLE}: hand-ins that count as one day late, since only that they are late is known: 1 (Di)",
        "the extension for Adda is of nobody here",
        "the extension for twin is of 2 learners: Bob, Cy",
    ]
    assert dates.lines(results, term(due=None)) == []


def test_an_extension_of_one_of_whom_nothing_is_there_is_named_while_nameless_hand_ins_of_that_lesson_are():
    known, hidden = record(notebook(lesson=SECOND)), record(notebook(), learner="anon tY5uI", identity="tY5uI")
    records = [known | {"stranger": False}, hidden | {"stranger": True}]
    for lesson, said in ((FIRST, True), (SECOND, False)):
        plan = term(extensions=[Extension("Ada", lesson, 2)])
        results = counting.settled(records, counting.asked(records, Syllabus()), plan)
        told = [line for line in dates.lines(results, plan) if "the extension for Ada" in line]
        assert bool(told) == said and all(f"nothing of {TITLE}" in line and '"tY5uI"' in line for line in told)


def test_where_an_lms_marks_what_is_late_nothing_is_said_of_what_it_does_not_mark():
    entries = [
        {"lms": lms, "download": f"{lms}.zip", "identity": "", "name": "Ada", "email": ""}
        for lms in ("canvas", "moodle")
    ]

    def said(**more):
        results = [settled(notebook(**more), plan=term(), entries=entries)]
        return [
            line.rpartition(",")[0].partition("hand-ins that count as ")[2] for line in dates.lines(results, term())
        ]

    assert said(download="canvas.zip") == []
    assert said(download="moodle.zip") == said() == ["in time"]
    assert said(download="canvas.zip", late=True) == ["one day late"]


# Several notebooks of one lesson


def chosen(plan, *notebooks):
    """The path of the notebook that counts, in whatever order they come, and the points then."""
    found = {
        (result["notebooks"][0]["path"], result["points"])
        for result in (settled(*order, plan=plan) for order in (notebooks, notebooks[::-1]))
    }
    [only] = found
    return only


TIMELY = {"when": october(4), "path": "timely"}
LATE = {"when": october(6), "path": "late"}


def test_of_several_the_best_counts_with_what_lateness_leaves_of_it():
    assert chosen(term(), notebook(0.5, **TIMELY), notebook(1.0, **LATE)) == ("late", MOST * 0.75)
    assert chosen(term(per_day=0.5), notebook(0.75, **TIMELY), notebook(1.0, **LATE)) == ("timely", MOST * 0.75)
    assert chosen(term(days=0), notebook(0.25, **TIMELY), notebook(1.0, **LATE)) == ("timely", MOST * 0.25)


def test_of_equals_the_one_in_time_counts():
    assert chosen(term(per_day=0), notebook(**TIMELY), notebook(**LATE)) == ("timely", MOST)
    assert chosen(term(), notebook(0.0, **TIMELY), notebook(0.0, **LATE)) == ("timely", 0)


def test_of_the_last_before_the_date_late_ones_displace_none():
    last = term("last")
    early = notebook(1.0, when=october(1), path="early")
    assert chosen(last, early, notebook(0.5, **TIMELY)) == ("timely", MOST / 2)
    assert chosen(last, notebook(0.5, **TIMELY), notebook(1.0, **LATE)) == ("timely", MOST / 2)
    assert chosen(term("last", per_day=0), notebook(0.5, **TIMELY), notebook(1.0, **LATE)) == ("timely", MOST / 2)


def test_where_none_was_in_time_the_last_counts_that_still_may():
    later = notebook(0.5, when=october(8), path="later")
    over = notebook(1.0, when=october(20), path="over")
    assert chosen(term("last"), notebook(1.0, **LATE), later, over) == ("later", MOST / 2 * 0.25)
    assert chosen(term("last"), over) == ("over", 0)


def test_an_extension_makes_a_later_one_the_last_in_time():
    plan = term("last", extensions=[Extension("Ada", FIRST, 2)])
    assert chosen(plan, notebook(0.5, **TIMELY), notebook(1.0, **LATE)) == ("late", MOST)


def test_times_of_other_zones_are_compared_as_moments():
    one = notebook(0.5, when="2026-10-05T12:00:00-05:00", path="one")  # 19:00 in Berlin
    assert chosen(term("last"), one, notebook(1.0, when=october(5, 18), path="two")) == ("one", MOST / 2)


def test_where_no_time_is_known_the_best_counts_and_a_known_time_is_after_it():
    assert chosen(term("last"), notebook(0.5, path="one"), notebook(1.0, path="two")) == ("two", MOST)
    assert chosen(term("last"), notebook(1.0, path="one"), notebook(0.5, **TIMELY)) == ("timely", MOST / 2)
    assert chosen(term("last"), notebook(0.5, path="one"), notebook(1.0, **LATE)) == ("one", MOST / 2)


def test_where_canvas_numbers_the_files_the_highest_is_the_last():
    numbered = [notebook(1.0, path="one", attachment=9), notebook(0.5, path="two", attachment=10)]
    assert chosen(term("last"), *numbered) == ("two", MOST / 2) and chosen(term(), *numbered) == ("one", MOST)


@pytest.mark.parametrize("counts, why", [("best", "which counts"), ("last", "which counts as the last")])
def test_a_line_says_which_one_was_passed_over(counts, why):
    result = settled(notebook(0.5, when=october(1), path="old"), notebook(1.0, **TIMELY), plan=term(counts))
    assert result["notes"] == [f"old (6 points) is of the same lesson as timely (12 points), {why}"]
    late = settled(notebook(0.5, **TIMELY), notebook(0.5, **LATE), plan=term(counts))
    assert late["notes"] == [f"late (4.5 points, 1 day late) is of the same lesson as timely (6 points), {why}"]


def test_an_equal_copy_is_passed_over_without_a_word():
    copies = [notebook(path=path, content="c0ffee") for path in ("one", "two")]
    assert settled(*copies)["notes"] == []
    others = [notebook(0.5, path=path, content="other") for path in ("three", "four")]
    assert len(settled(*copies, *others)["notes"]) == 1


def test_a_late_version_that_does_not_count_makes_nobody_late():
    both = notebook(1.0, path="one", attachment=1), notebook(0.5, path="two", attachment=2, late=True)
    assert [settled(*both, plan=plan)["late"] for plan in (term(), term("last", due=None))] == [False, True]


# Notebooks as they were handed out


def stub(lesson=FIRST, folder="clone/exercises", **more):
    whole = notebook(0, lesson=lesson, path=f"{folder}/{lesson}.ipynb", **more)
    for exercise in whole["exercises"]:
        exercise["status"] = NOT_ATTEMPTED
    return whole


@pytest.mark.parametrize("counts", ["best", "last"])
@pytest.mark.parametrize("share", [0.5, 0.0])
def test_an_untouched_notebook_displaces_none_in_which_something_is_attempted(counts, share):
    late = notebook(share, late=True, path="LATE.ipynb")
    for untouched in (stub(), stub(when=october(4)), stub(folder="alone", when=october(4))):
        path, points = chosen(term(counts), late, stub(SECOND), untouched)
        assert (path, points) == ("LATE.ipynb", MOST * share * 0.75)


def test_untouched_notebooks_that_came_along_leave_their_cells_empty_and_are_asked_of_nobody():
    result = settled(notebook(), stub(SECOND), stub("04_single_neuron"), notebook(path="clone/exercises/01.ipynb"))
    assert (result["points"], result["max_points"], [*result["lessons"]]) == (MOST, MOST, [FIRST])
    assert result["problems"] == []
    plan = Syllabus({FIRST: Asked(), SECOND: Asked(LONG_AGO)})
    result = settled(stub(), stub(SECOND), plan=plan)
    assert (result["state"], result["points"], result["lessons"]) == (counting.EMPTY, None, {})
    assert (result["untouched"], result["notebooks"], result["notes"]) == ([SECOND], [], [])


@pytest.mark.parametrize(
    "others",
    [
        [],
        [notebook(lesson=SECOND, path="week 2/02.ipynb")],
        [notebook(lesson=SECOND, path="clone/exercises/02.ipynb", download="week 2.zip")],
        [stub(folder="clone/exercises", when=october(1))],
    ],
)
def test_an_untouched_notebook_that_was_handed_in_alone_is_0(others):
    result = settled(stub(), *others)
    assert result["lessons"][FIRST]["points"] == 0
    assert result["untouched"] == []


def test_a_notebook_of_which_not_all_could_be_read_or_graded_is_not_taken_for_untouched():
    damaged, below, older = stub(), stub(), stub()
    damaged["problems"] = ["2 of its 9 cells could not be read"]
    below["exercises"][0]["ungraded"] = "def mse(): ..."
    older["problems"] = ["it is of the older nbformat 4.4, and was converted"]
    assert [[*settled(each, stub(SECOND))["lessons"]] for each in (damaged, below, older)] == [[FIRST], [FIRST], []]


def test_a_person_may_give_points_for_what_only_came_along():
    id = next(iter(POINTS[FIRST]))
    result = settled(stub(), stub(SECOND), plan=term(due=LONG_AGO), overrides={("ada", id): (2, "")})
    assert (result["points"], result["lessons"][FIRST]["days_late"], result["untouched"]) == (2, 0, [])


def test_a_clone_says_of_lessons_outside_the_plan_one_line_about_what_was_touched_and_none_about_the_rest():
    clone = [stub(lesson) for lesson in POINTS if lesson >= SECOND]
    plan = term(due=None)
    assert settled(notebook(), *clone, plan=plan)["notes"] == []
    for each in clone[:5]:
        each["exercises"][0]["status"] = "passed"
    result = settled(notebook(), *clone, plan=plan)
    [line] = result["notes"]
    assert line.startswith("5 notebooks are of lessons that were not asked for: clone/exercises/02_gradients.ipynb (")
    assert line.endswith(") and 2 more")
    assert result["problems"] == []


# A person's word


def test_an_override_counts_instead_and_what_the_grader_gave_stays_visible():
    id = next(iter(POINTS[FIRST]))
    result = settled(notebook(), plan=term(due=None), overrides={("ada", id): (0.5, "copied")})
    exercise = result["notebooks"][0]["exercises"][0]
    assert exercise["override"] == {"points": POINTS[FIRST][id], "comment": "copied"}
    assert exercise["points"] == 0.5 and result["points"] == MOST - POINTS[FIRST][id] + 0.5


def test_an_override_is_for_whom_it_names_and_decides_also_which_notebook_is_the_best():
    id = list(POINTS[FIRST])[-1]
    overrides = {("ada", id): (100, "")}
    assert settled(notebook(0.0), plan=term(), overrides=overrides)["points"] == 100
    assert settled(notebook(0.0), plan=term(), overrides=overrides, learner="Bob")["points"] == 0


def test_whoever_handed_in_nothing_may_be_given_points_and_is_not_late():
    id = next(iter(POINTS[FIRST]))
    result = settled(plan=term(), overrides={("ada", id): (2, "by mail")})
    assert (result["state"], result["points"], result["max_points"]) == (counting.GRADED, 2, MOST)
    assert result["lessons"][FIRST]["days_late"] == 0
    assert dates.lines([result], term()) == []


# What could not be graded


def test_an_empty_hand_in_has_no_points_and_a_failure_of_grading_is_another_thing():
    unreadable = {"path": "x.ipynb", "points": 0, "max_points": 0, "exercises": [], "problems": ["it is not JSON"]}
    empty = settled(unreadable, plan=term())
    assert (empty["state"], empty["points"], empty["max_points"]) == (counting.EMPTY, None, MOST)
    failed = settled({**unreadable, "points": None}, notebook(), plan=term())
    assert (failed["state"], failed["points"]) == (counting.FAILED, None)
    beside = settled(unreadable, notebook(0.5), plan=term())
    assert (beside["state"], beside["points"]) == (counting.GRADED, MOST / 2)
