"""A learner's process as the judge sees it: it runs cells, and its functions can be called as if they were here.

Values cross by `wire`, so nothing of the learner's runs on this side. A process that takes too long, ends, or sends
what cannot be read is gone: `reading.Gone` says which.
"""

import contextlib
import secrets
import time
from dataclasses import dataclass, replace

import numpy as np

from bplib.course.judging.raising import Elsewhere, Raised
from bplib.course.judging.reading import Gone, Settled
from bplib.grading.sandbox import wire
from bplib.grading.sandbox.meters import PATIENCE, Meter

ENDED = "ended its process"

_LOOK = 0.05  # seconds from one look at the meter to the next


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds for a cell or a call, and for all of it; bytes of memory beside our own.

    The seconds are those of a `Meter`.
    """

    cell_seconds: float = 60
    notebook_seconds: float = 300
    memory: int = 2 << 30

    def within(self, seconds):
        """The same with so many seconds for a cell or a call, and for all of it in proportion."""
        whole = seconds * self.notebook_seconds / self.cell_seconds
        return replace(self, cell_seconds=seconds, notebook_seconds=whole)


class Missing(LookupError):  # noqa: N818
    """The learner has given nothing this name."""


class Process:
    """The judge's end of a channel to a learner's process."""

    not_enforced = ()
    is_orphan = False
    """Whether, when it was closed, what had started it was gone: then its end says nothing about the learner."""

    def __init__(self, channel, limits, meter=None):
        """Serve one submission. What it may use is counted from now on by its meter, which looks at the clock alone
        where nothing else is known of the process.
        """
        self.channel, self.limits, self.meter = channel, limits, meter or Meter()
        self.seconds_left = limits.notebook_seconds  # of all the processes of one submission this may not be the first
        self._offered, self._allowed = [], []

    def run(self, source):
        """Run a cell; what it raised, as in "NameError: name 'x' is not defined", or ""."""
        return _text(self._ask({"ask": "run", "source": source}).get("raised"), 300)

    @contextlib.contextmanager
    def answering(self):
        """Within, `answer` can be asked for."""
        yield self

    def answer(self, name, allowed=()):
        """What the learner's name stands for: something to call, or a value. Missing if there is no such name.

        When it is called, of the course's mathematics only what is allowed is open to it.
        """
        self._allowed = list(allowed)
        reply = self._answered({"ask": "name", "name": name})
        if "missing" in reply:
            raise Missing(name)
        return reply.get("value")

    def close(self):
        """End the process and forget it."""
        self.channel.close()

    # Asking

    def _ask(self, message):
        """Send a message, do the calls of our own functions that it leads to, and return the reply.

        Each question has a number that nobody can guess. What is sent without it belongs to no question, or to one that
        is over, and is passed over: so no reply can be sent in advance, and none comes too late.
        """
        now = self.meter.seconds()
        until = min(now + self.limits.cell_seconds, self.seconds_left)
        deadline = time.monotonic() + PATIENCE * (until - now)
        number = secrets.token_hex(8)
        try:
            self._send({**message, "number": number}, deadline)
            while True:
                reply = self._received(until, deadline)
                if _text(reply.get("to"), 16) != number:
                    continue
                if "callback" not in reply:
                    return reply
                self._send(self._called_back(reply), deadline)
        except TimeoutError:
            raise Gone(self._too_long()) from None
        except (EOFError, OSError):
            raise Gone(ENDED) from None
        except wire.Unreadable as error:
            raise Gone(f"sent what cannot be read: {error}".rstrip(".")) from None

    def _send(self, message, deadline):
        self.channel.send(message, self._offer, deadline - time.monotonic())

    def _received(self, until, deadline):
        while self.channel.is_quiet(_LOOK):
            self.look(until)
        return self.channel.receive(deadline - time.monotonic(), self._found)

    def look(self, until):
        """Look at the meter: TimeoutError where it shows more than until, Gone where the process has too much."""
        if self.meter.seconds() >= until:
            raise TimeoutError
        if excess := self.meter.excess():
            raise Gone(excess)

    def _answered(self, message):
        """The reply to a question about an answer. Settled where the answer gave what cannot be sent."""
        reply = self._ask(message)
        if "unreadable" in reply:
            raise Settled(_text(reply["unreadable"], 200))
        return reply

    def is_out_of_time(self):
        """Whether nothing is left of the time for the whole notebook."""
        return self.meter.seconds() >= self.seconds_left

    def _too_long(self):
        if self.is_out_of_time():
            return f"was not done when the {self.limits.notebook_seconds:g} s for the whole notebook were over"
        return f"took longer than {self.limits.cell_seconds:g} s"

    def _offer(self, function):
        self._offered.append(function)
        return len(self._offered) - 1

    def _found(self, number, name):
        return Answer(self, number, name, self._allowed)

    def _called_back(self, reply):
        try:
            return {"value": self._offered[reply["callback"]](*reply["args"])}
        except Exception as error:  # the answer has called our function with something odd, and is told so
            return {"raised": f"{type(error).__name__}: {error}"[:200]}


class Answer:
    """A function in a learner's process. What it writes into its arguments is written into ours."""

    def __init__(self, process, number, name, allowed):
        """The function that the process knows by a number."""
        self._process, self._number, self._allowed = process, number, allowed
        self.__name__ = name

    def __call__(self, *args):
        """The value it returns, as plain data; `reading.Elsewhere` if it raises."""
        asked = {"ask": "call", "function": self._number, "args": list(args), "allowed": self._allowed}
        reply = self._process._answered(asked)
        if "raised" in reply:
            raise Elsewhere(_raised(reply["raised"]))
        if isinstance(reply.get("args"), list | tuple):
            _restore(list(args), reply["args"])
        return reply.get("value")


def _raised(told):
    kinds, text, line = told if isinstance(told, list) and len(told) == 3 else ((), None, None)
    kinds = tuple(_text(kind, 60) or "Exception" for kind in kinds[:20]) if isinstance(kinds, list | tuple) else ()
    return Raised(kinds or ("Exception",), _text(text, 220), _text(line, 200))


def _text(value, most):
    """A text from the other side, not too long; "" for anything else, which may not even have a readable form."""
    return value[:most] if isinstance(value, str) else ""


def _restore(ours, theirs):
    """Write into our arguments what has been written into theirs, wherever both are alike."""
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray) and ours.shape == theirs.shape:
        if not np.array_equal(ours, theirs, equal_nan=ours.dtype.kind in "fc"):
            ours.setflags(write=True)
            ours[...] = theirs
    elif isinstance(ours, np.random.Generator) and isinstance(theirs, np.random.Generator):
        ours.bit_generator.state = theirs.bit_generator.state
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours.keys() & theirs.keys():
            ours[key] = _restored(ours[key], theirs[key])
        for key in ours.keys() - theirs.keys():
            del ours[key]
        ours.update({key: theirs[key] for key in theirs.keys() - ours.keys()})
    elif isinstance(ours, list) and isinstance(theirs, list):
        ours[:] = [_restored(*pair) for pair in zip(ours, theirs, strict=False)] + theirs[len(ours) :]
    elif isinstance(ours, tuple) and isinstance(theirs, tuple):
        for pair in zip(ours, theirs, strict=False):
            _restore(*pair)


def _restored(ours, theirs):
    """What a place holds after a call: our own object where it can be written into, else theirs."""
    if type(ours) is type(theirs) and isinstance(ours, np.ndarray | np.random.Generator | dict | list | tuple):
        _restore(ours, theirs)
        if not isinstance(ours, np.ndarray) or ours.shape == theirs.shape:
            return ours
    return theirs
