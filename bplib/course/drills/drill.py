"""What a drill is: a question drawn from a kind, a level and a seed, fields for its answer, and a judge."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

from bplib.course.judging.judges import Problem
from bplib.course.judging.reading import NOT_ATTEMPTED
from bplib.course.judging.turns import DOTS

LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Field:
    """One blank: its name in an answer in Python, its label beside the line to type into, and how it is read.

    kind is "number", "formula", or "choice" of one of the options.
    """

    name: str
    label: str
    kind: str = "number"
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drill:
    """One question.

    kind, level, seed  what it is drawn from: the same three give the same drill
    asks               the question, a sentence or two of plain text
    pictures           SVG, what is looked at; empty where there is nothing
    code               code and tables to be read, beside the pictures
    text               what stands in the place of all that where there are only letters
    fields             the blanks
    right              {name of a field: what is right}, a number or text
    judge              as of a `Problem`: it takes a function that returns what stands in the blanks (see `answer`)
    hints              from a nudge to nearly the answer
    letters            the arguments of that function, as "x y"; "" where it has none
    alike              what is equal where two drills ask the same
    """

    kind: str
    level: int
    seed: int
    asks: str
    pictures: tuple[str, ...]
    text: str
    fields: tuple[Field, ...]
    right: dict
    judge: object
    hints: tuple[str, ...]
    alike: Hashable
    letters: str = ""
    code: str = ""

    @property
    def id(self):
        """Its name, by which anybody gets the same drill, as "graphs-2-417"."""
        return f"{self.kind}-{self.level}-{self.seed}"

    @property
    def problem(self):
        """The drill as a problem of no points."""

        def judge(answer, seed=None):
            verdict = self.judge(answer, seed=seed)
            return replace(verdict, message=DOTS) if verdict.status == NOT_ATTEMPTED else verdict

        judge.misconceptions = self.judge.misconceptions
        return Problem(self.id, f"Practice: {self.kind}", 0, self.hints, judge, minutes=2, difficulty=self.level)

    @property
    def stub(self):
        """The function to complete and its check, Python: the form of the drill that needs no widget."""
        blanks = ", ".join(f'"{field.name}": ...' for field in self.fields)
        value = f"{{{blanks}}}" if len(self.fields) > 1 else "..."
        arguments = ", ".join(self.letters.split())
        functions = "from sympy import exp, log, sqrt, tanh\n\n\n" if self.letters else ""
        return f'{functions}def answer({arguments}):\n    return {value}\n\n\ncheck("{self.id}", answer)'
