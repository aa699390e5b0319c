"""Records of learners that came in from LMSs, and their results."""

from bplib.course.syllabus import Asked, Syllabus
from bplib.grading.classes import counting

LOSS, GRADIENTS = "01_loss_functions", "02_gradients"
TITLES = {LOSS: "Loss functions", GRADIENTS: "Gradients"}
ASKED = {LOSS: {"mse": 4, "ce": 6}, GRADIENTS: {"step": 5}}
TERM = Syllabus({LOSS: Asked(), GRADIENTS: Asked()})


def notebook(lesson, points, download="", graded=True, late=False):
    """A graded notebook whose points stand in its first exercises."""
    exercises, left = [], points
    for id, most in ASKED[lesson].items():
        exercises.append({"id": id, "title": f"The {id}", "points": min(left, most), "max_points": most})
        exercises[-1] |= {"status": "passed", "message": "", "misconception": None, "code": f"answer = '{lesson}'"}
        left -= exercises[-1]["points"]
    told = {"path": f"{lesson}.ipynb", "lesson": lesson, "title": TITLES[lesson], "problems": [], "when": ""}
    told |= {"late": late, "download": download, "seen": "2026-10-06", "exercises": exercises}
    return told | {"points": points if graded else None, "max_points": sum(ASKED[lesson].values())}


def entry(lms, identity, name="", download="", email=""):
    return {"lms": lms, "download": download, "identity": identity, "name": name, "email": email}


def record(learner, entries=(), *notebooks, identity=None):
    """A record; without a roster the identity is that of the first entry."""
    if identity is None:
        identity = entries[0]["identity"] if entries else ""
    told = {"learner": learner, "identity": identity, "entries": list(entries), "slug": learner, "late": False}
    told |= {"absent": False, "stranger": False, "problems": [], "not_enforced": [], "digest": ""}
    return told | {"notebooks": list(notebooks)}


def merged(one, other):
    """Two records of one learner as one."""
    return record(one["learner"], one["entries"] + other["entries"], *one["notebooks"], *other["notebooks"])


def moodle_class(download="week 1.zip", lesson=LOSS, first=1001, names=("Ada", "Bo", "Cy"), points=(7.5, 0, 10)):
    """Records of one download of Moodle's, with numbers from first on."""
    return [
        record(name, [entry("moodle", str(first + k), name, download)], notebook(lesson, each, download))
        for k, (name, each) in enumerate(zip(names, points, strict=True))
    ]


def settled(*records):
    return counting.settled(records, ASKED, TERM)
