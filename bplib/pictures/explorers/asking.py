"""Questions, one after the other, with fields to type into and a button that checks."""

from dataclasses import dataclass

import traitlets

from bplib.pictures.explorers.widget import Control, Explorer, menu, toggles

CHECK, ANOTHER = "Check", "Another"


class Field(Control):
    """A line to type into, so many letters wide; its value is the text."""

    def __init__(self, name, width):
        """Begin with nothing typed."""
        super().__init__(name, "field", [], "")
        self.width = width

    place = property(lambda self: 0, lambda self, place: None, doc="A text has no place.")

    def shown(self):
        """What `widget.js` has to know of it."""
        return super().shown() | {"width": self.width}


class Action(Control):
    """A button that does something each time it is pressed; its value counts how often."""

    def __init__(self, name):
        """Begin unpressed."""
        super().__init__(name, "action", [], 0)

    place = property(lambda self: self.value, lambda self, place: setattr(self, "value", place), doc="The count.")


def choice(name, options):
    """A list to choose words from, with nothing chosen yet."""
    return menu(name, ["", *options], "")


@dataclass(frozen=True)
class Said:
    """What is said of an answer.

    status is "passed" or "not yet" or "" where there was nothing to judge, and right tells of each field whether it is.
    """

    words: str
    status: str = ""
    right: tuple[bool, ...] = ()


class Form(Explorer):
    """Questions of some kinds: choose one, type, check, and ask for another.

    ask(kind) gives a question: an object with rows() (the fields as they stand below each other, lists of fresh `Field`
    and `choice`), pictures (SVG), words (what is asked, HTML), and all of it as text and as html() where nothing can be
    typed. judged(question, answers) is called with the texts in the fields, in their order, and gives what is `Said`.
    question is what is asked now; said is what was said last, as a dict.
    """

    typed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    said = traitlets.Dict().tag(sync=True)
    asked = traitlets.Int().tag(sync=True)
    """How many questions were asked before this one."""
    seen = traitlets.Int().tag(sync=True)
    """The same of the question that the page showed when somebody typed or pressed something."""

    def __init__(self, kinds, kind, ask, judged):
        """Ask the first question, of this kind."""
        self._ask, self._judged, self._times = ask, judged, 0
        self._kind = toggles("practice", list(kinds), kind)
        self._check, self._another = Action(CHECK), Action(ANOTHER)
        self._kind.observe(lambda _: self.next(), "value")
        self._check.observe(lambda _: self._say(), "value")
        self._another.observe(lambda _: self.next(), "value")
        self.question = ask(kind)
        super().__init__(self._all(), lambda *_: (self.question.pictures, ""), ((), ""), self.question.text)
        self._static["text/html"] = self.question.html()

    def _all(self):
        """The controls: the fields and the buttons below what is asked, the kinds above it."""
        rows = self.question.rows()
        self._fields = [control for row in rows for control in row]
        for number, row in enumerate([*rows, [self._check, self._another]]):
            for control in row:
                control.row = number
        return [*self._fields, self._check, self._another, self._kind]

    def next(self):
        """Ask another question of the kind that is chosen."""
        self.question = self._ask(self._kind.value)
        controls = self._all()
        for control in self._fields:
            control.observe(self._update, ["value", "options"])
        self.controls = {control.name: control for control in controls}
        with self.hold_sync():
            self.asked += 1
            self.said = {}
            self._update()

    def _say(self):
        said = self._judged(self.question, [field.value for field in self._fields])
        self._times += 1  # so that the same, said again, is heard again
        self.said = {"words": said.words, "status": said.status, "right": list(said.right), "times": self._times}

    def drawn(self):
        """What is asked, and its pictures."""
        return f"{self.question.words}{''.join(self.question.pictures)}"

    def _update(self, change=None):
        with self.hold_sync():
            self.typed = [c.value if isinstance(c, Field) else "" for c in self.controls.values()]
            super()._update(change)

    @traitlets.observe("places")
    def _moved(self, change):
        if not self._is_late():
            with self.hold_sync():  # several may have moved at once, and the page knows of all of them
                self._type()  # before a button judges it
                super()._moved(change)

    @traitlets.observe("typed")
    def _on_typed(self, change):
        if not self._is_late():
            self._type()

    def _is_late(self):
        """Whether the page still showed an earlier question; it is told again what there is now."""
        late = self.seen != self.asked
        if late:
            self._update()
        return late

    def _type(self):
        """Let the fields hold what was typed on the page."""
        with self.hold_sync():
            for control, words in zip(self.controls.values(), self.typed, strict=True):
                if isinstance(control, Field) and control.value != words:
                    control.value = words
