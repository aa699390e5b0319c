"""Questions, one after the other, with fields to type into and a button that checks."""

import traitlets

from bplib.pictures.explorers.widget import Control, Explorer, menu, toggles

CHECK, ANOTHER = "Check", "Another"


class Field(Control):
    """A line to type into; its value is the text."""

    def __init__(self, name):
        """Begin with nothing typed."""
        super().__init__(name, "field", [], "")

    place = property(lambda self: 0, lambda self, place: None, doc="A text has no place.")


class Action(Control):
    """A button that does something each time it is pressed; its value counts how often."""

    def __init__(self, name):
        """Begin unpressed."""
        super().__init__(name, "action", [], 0)

    place = property(lambda self: self.value, lambda self, place: setattr(self, "value", place), doc="The count.")


class Form(Explorer):
    """Questions of some kinds: choose one, type, check, and ask for another.

    ask(kind) gives a question: an object with fields (pairs of a label and the words to choose from, () where one
    types), pictures (SVG), words (what is asked, HTML), and all of it as text and as html() where nothing can be typed. judged(question, answers) is
    called with the texts in the fields, in their order, and gives the sentence that is said. question is what is asked
    now, said what was said last.
    """

    typed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(self, kinds, kind, ask, judged):
        """Ask the first question, of this kind."""
        self._ask, self._judged = ask, judged
        self._kind = toggles("practice", list(kinds), kind)
        self._check, self._another = Action(CHECK), Action(ANOTHER)
        self._kind.observe(lambda _: self.next(), "value")
        self._check.observe(lambda _: self._say(), "value")
        self._another.observe(lambda _: self.next(), "value")
        self.question = ask(kind)
        super().__init__(self._all(), lambda *_: (self.question.pictures, ""), ((), ""), self.question.text)
        self._static["text/html"] = self.question.html()

    def _all(self):
        """The controls: fields first, since one begins there, and the kinds last."""
        self._fields = [menu(name, ["", *options], "") if options else Field(name) for name, options in self._asked()]
        return [*self._fields, self._check, self._another, self._kind]

    def _asked(self):
        return self.question.fields

    def next(self):
        """Ask another question of the kind that is chosen."""
        self.question = self._ask(self._kind.value)
        controls = self._all()
        for control in self._fields:
            control.observe(self._update, ["value", "options"])
        self.controls = {control.name: control for control in controls}
        with self.hold_sync():
            self.said = ""
            self._update()

    def _say(self):
        self.said = self._judged(self.question, [field.value for field in self._fields])

    def drawn(self):
        """What is asked, and its pictures."""
        return f"{self.question.words}{''.join(self.question.pictures)}"

    def _update(self, change=None):
        super()._update(change)
        if self.follows:
            self.typed = [c.value if isinstance(c, Field) else "" for c in self.controls.values()]

    @traitlets.observe("typed")
    def _on_typed(self, change):
        for control, words in zip(self.controls.values(), change.new, strict=True):
            if isinstance(control, Field) and control.value != words:
                control.value = words
