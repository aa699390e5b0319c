"""Practice as a learner meets it: drills in a form with fields, one after the other, harder and easier as it goes."""

import datetime
import itertools
from collections import deque
from html import escape

from bplib.course import progress
from bplib.course.drills import kinds, standing, typed
from bplib.course.judging.paper import by_hand
from bplib.course.judging.reading import NOT_ATTEMPTED, PASSED
from bplib.pictures import svg
from bplib.pictures.explorers import asking

_REMEMBERED = 10
"""How many drills in a row are not alike."""
_WIDE = {"number": 4, "formula": 40}
"""How many letters wide a line to type into is."""


class Practice:
    """The drills that are asked, and what has become of them.

    kind, level and seed may be given, to begin with, or the name of a drill, as "graphs-2-417"; what is not is chosen
    by how the learner stands.
    """

    def __init__(self, kind=None, level=None, seed=None):
        """Draw the first drill."""
        known = progress.standings()
        if isinstance(kind, str) and (drill := kinds.named(kind)):
            kind, level, seed = drill.kind, drill.level, drill.seed
        if kind is None:
            kind = standing.next_kind(known, kinds.KINDS, datetime.date.today())
        self._before = deque(maxlen=_REMEMBERED)
        self._level, self._seed = level, seed
        self.first = Question(self._drawn(kind))
        self._level = self._seed = None

    def _drawn(self, kind):
        level = self._level
        if level is None:
            reached = progress.standings().items()
            level = next((each.level for known, each in reached if known == kind), standing.Standing().level)
        if self._seed is not None:
            drill = kinds.drill(kind, level, self._seed)
        else:
            drill = kinds.another(kind, level, self._before)
        self._before.append(drill)
        return drill

    def form(self):
        """The widget, which begins with the first drill."""
        begin = [self.first]

        def ask(kind):
            return begin.pop() if begin and begin[0].drill.kind == kind else Question(self._drawn(kind))

        return asking.Form(kinds.KINDS, self.first.drill.kind, ask, self.judged)

    def judged(self, question, texts):
        """What is said of the texts in the fields. The first answer to a drill counts for how the learner stands."""
        drill = question.drill
        try:
            answer = typed.answer(drill, texts)
        except ValueError as error:
            return asking.Said(str(error))
        verdict = drill.judge(answer)
        words = f"{verdict.message}{counted(drill.id, verdict.status)}"
        return asking.Said(words, verdict.status, _right(drill, answer, verdict.status == PASSED))


def _right(drill, answer, passed):
    """Whether each blank is right."""
    if len(drill.fields) == 1:
        return (passed,)
    given, needed = answer(), drill.right
    return tuple(
        by_hand(given[field.name], needed[field.name])
        if field.kind == "number"
        else given[field.name] == needed[field.name]
        for field in drill.fields
    )


_counted = set()


def counted(id, status):
    """Let the first answer to a drill count for how the learner stands; what there is to say of that."""
    if id in _counted or status == NOT_ATTEMPTED:
        return ""
    _counted.add(id)
    kind, level, _ = id.split("-")
    if int(level) < progress.standings().get(kind, standing.Standing()).level and status == PASSED:
        return ""  # what is easier than what one can already says nothing new
    before, now = progress.record_drill(kind, status == PASSED)
    if now.level > before.level:
        return f" Three in a row: the next one is of level {now.level}."
    if now.level < before.level:
        return f" The next one is of level {now.level}."
    return ""


class Question:
    """A drill as `asking.Form` asks it."""

    def __init__(self, drill):
        """Take the drill."""
        self.drill = drill
        self.pictures = drill.pictures

    def rows(self):
        """The blanks as they stand below each other: a choice has a row of its own, and so have all gradients."""
        fields = self.drill.fields
        if fields[0].kind == "choice":
            return [[asking.choice(field.label, field.options)] for field in fields]
        rows = itertools.groupby(fields, lambda field: field.name.startswith("d"))
        return [[asking.Field(field.label, _WIDE[field.kind]) for field in row] for _, row in rows]

    @property
    def words(self):
        """The question, HTML, with the name of the drill in the corner."""
        drill = self.drill
        shown = f"<pre>{escape(drill.code)}</pre>" if drill.code else ""
        return f'<p class="bplib-asks"><span>{escape(drill.asks)}</span> <small>{drill.id}</small></p>{shown}'

    @property
    def text(self):
        """All of it for print, with the function to complete."""
        drill = self.drill
        return f"{drill.asks} ({drill.id})\n\n{drill.text}\n\n{drill.stub}"

    def html(self):
        """All of it for a notebook without widgets."""
        drill = self.drill
        choices = "".join(
            f"<p>{escape(field.label)}: {' or '.join(f'<code>{escape(each)}</code>' for each in field.options)}</p>"
            for field in drill.fields
            if not all(option in drill.code for option in field.options)  # which may hold the choices
        )
        return f"{self.words}{svg.figure(self.pictures, '')}{choices}<pre>{escape(drill.stub)}</pre>"
