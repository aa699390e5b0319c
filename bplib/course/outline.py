"""The way through the course: what builds on what, and how long it takes."""

from bplib.course.problems import LESSONS
from bplib.pictures import plans, svg

# The place of each lesson in the picture, by its number.
ROWS = (
    ("00", "00b", "01", "02"),
    (None, None, "04", "03"),
    (None, "05", "06", None),
    (None, "08", "11", "07"),
    (None, "09", None, None),
    ("12", "15", "10", None),
    ("13", None, "10b", "17"),
    ("14", "16", "16b", None),
)
BUILDS_ON = {
    "00b": ("00",),
    "01": ("00b",),
    "02": ("01",),
    "03": ("02",),
    "04": ("03",),
    "05": ("04",),
    "06": ("04",),
    "07": ("06",),
    "08": ("05", "06"),
    "09": ("08",),
    "10": ("09",),
    "10b": ("10",),
    "11": ("06",),
    "12": ("09",),
    "13": ("12",),
    "14": ("13",),
    "15": ("09",),
    "16": ("14",),
    "16b": ("10", "16"),
    "17": ("07", "10b"),
}
"""What has to come just before a lesson; what that builds on comes before, too."""
MINUTES = {
    "00": 15,
    "00b": 20,
    "01": 50,
    "02": 45,
    "03": 45,
    "04": 45,
    "05": 50,
    "06": 55,
    "07": 50,
    "08": 55,
    "09": 50,
}
MINUTES |= {"10b": 45, "11": 50, **dict.fromkeys(("10", "12", "13", "14", "16", "16b"), 60), "15": 75, "17": 65}
"""How long a lesson takes without its exercises, as its first cell says."""
MAY_SKIP = ("00b",)


class Outline:
    """The lessons, an arrow from each to those that build on it, and hours: a picture in a notebook, and a table."""

    def __init__(self):
        """Read the minutes of the exercises from the problems."""
        self.titles = {_number(lesson): lesson.TITLE for lesson in LESSONS}
        self.practice = {_number(lesson): sum(problem.minutes for problem in lesson.PROBLEMS) for lesson in LESSONS}

    @property
    def caption(self):
        """How many hours lessons and exercises take together."""
        read, practice = sum(MINUTES.values()) / 60, sum(self.practice.values()) / 60
        return f"Lessons: about {read:.0f} hours. Exercises: about {practice:.0f} more."

    def __str__(self):
        """A line for each lesson."""
        lines = []
        for number, title in self.titles.items():
            after = f", after {' and '.join(BUILDS_ON[number])}" if number in BUILDS_ON else ""
            lines.append(f"{number:3} {title:27} {MINUTES[number]} + {self.practice[number]} minutes{after}")
        return "\n".join([*lines, self.caption])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def _repr_html_(self):
        return svg.figure([self.svg()], self.caption)

    def svg(self):
        """The picture: a box for each lesson, with the minutes of the lesson and of its exercises."""
        name = {number: f"{number} {title}" for number, title in self.titles.items()}
        rows = [[(name[n], f"{MINUTES[n]} + {self.practice[n]} minutes") if n else None for n in row] for row in ROWS]
        arrows = [(name[start], name[end]) for end, starts in BUILDS_ON.items() for start in starts]
        label = f"What builds on what. {self.caption}"
        return plans.plan(rows, arrows, label, dashed=[name[number] for number in MAY_SKIP])


def _number(lesson):
    return lesson.LESSON.partition("_")[0]
