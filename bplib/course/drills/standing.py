"""How a learner stands in a kind of drill: its level, and when it is due again.

Three right answers in a row make a kind harder, two wrong ones easier. Three right ones also put it away, for a day,
the next time for three days, then for a week, and from then on for a week each time; two wrong ones bring it back
tomorrow. Repetition that is spread over growing intervals keeps more than the same repetition at once: Cepeda, Pashler,
Vul, Wixted and Rohrer, Psychological Bulletin 132 (2006), 354-380.
"""

import datetime
from dataclasses import asdict, dataclass, replace

from bplib.course.drills.drill import LEVELS

HARDER, EASIER = 3, 2
DAYS = (1, 3, 7)


@dataclass(frozen=True)
class Standing:
    """A level, how many answers in a row were right or wrong, how often it was put away, and when it is due.

    due is a date as text, "2026-12-01"; "" where the kind was never put away.
    """

    level: int = LEVELS[0]
    right: int = 0
    wrong: int = 0
    stage: int = 0
    due: str = ""

    def after(self, passed, today):
        """The standing after an answer on a date, a datetime.date."""
        if passed:
            if self.right + 1 < HARDER:
                return replace(self, right=self.right + 1, wrong=0)
            due = today + datetime.timedelta(days=DAYS[min(self.stage, len(DAYS) - 1)])
            level = min(self.level + 1, LEVELS[-1])
            return Standing(level, stage=self.stage + 1, due=due.isoformat())
        if self.wrong + 1 < EASIER:
            return replace(self, right=0, wrong=self.wrong + 1)
        due = today + datetime.timedelta(days=DAYS[0])
        return Standing(max(self.level - 1, LEVELS[0]), due=due.isoformat())

    def is_due(self, today):
        """Whether it was put away, and its day has come."""
        return self.due != "" and self.due <= today.isoformat()

    def stored(self):
        """What is kept of it, as a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def read(cls, stored):
        """The standing that was kept; a fresh one where what was kept is none."""
        try:
            standing = cls(**stored)
            counts = (standing.right, standing.wrong, standing.stage)
            whole = standing.level in LEVELS and all(type(each) is int and each >= 0 for each in counts)
            due = standing.due == "" or datetime.date.fromisoformat(standing.due)
        except (TypeError, ValueError):
            return cls()
        return standing if whole and due is not False else cls()


def next_kind(standings, kinds, today):
    """The kind to practice: what has been due longest, else what was never tried, else what will be due first."""

    def order(kind):
        standing = standings.get(kind, Standing())
        begun = standing.right or standing.wrong
        if standing.is_due(today):
            return 0, standing.due
        return (1, "") if not standing.due or begun else (2, standing.due)

    return min(kinds, key=order)
