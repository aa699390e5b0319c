"""The learner's side of grading: a process that runs the learner's cells and calls the answers for a judge elsewhere.

It holds no expected value and no solution. What it says is believed to be what an answer returned, and nothing more.
"""

import contextlib
import socket
import sys
import types

import numpy as np

from bplib.course.judging.closing import call_from_outside, closed
from bplib.course.judging.raising import Raised, error_text
from bplib.grading.sandbox import wire
from bplib.grading.sandbox.values import fingerprint

CLOSED = tuple(
    f"bplib.course.{name}"
    for name in ("judging.diagnosis", "judging.judges", "problems", "progress", "notebooks.releases")
)
"""Modules that hold what is expected, or lead to it: in a learner's process they cannot be imported."""


def prepare():
    """Close what a learner's process must not hold, and put a check that says nothing in the place of ours."""
    for name in CLOSED:
        sys.modules[name] = None
    silent = types.ModuleType("bplib.course.checks")
    silent.check = silent.hint = silent.mine = silent.practice = silent.show_progress = lambda *_, **__: None
    sys.modules[silent.__name__] = sys.modules["bplib.course"].checks = silent


def serve(channel, names, run=None):
    """Do what the judge asks for, until it closes the channel.

    names is the dict of the learner's names; run(source) runs a cell and returns what it raised, or "".
    """
    served = []  # functions of the learner's, by the number that the judge knows them by
    closing = contextlib.ExitStack()  # what is closed stays so from one call to the next, since to close takes time
    closed_but = None
    asking = []  # the questions that are being answered: a function of the judge's may ask one more

    def number(function):
        served.append(function)
        return len(served) - 1

    def send(message):
        channel.send({"to": asking[-1], **message}, number)

    def callback(number, _):
        def function(*args):
            send({"callback": number, "args": args})
            while "ask" in (told := channel.receive(functions=callback)):
                answer(told)
            if "raised" in told:
                raise ValueError(told["raised"])
            return told["value"]

        return function

    def close(but):
        nonlocal closed_but
        if but != closed_but:
            closing.close()
            closed_but = but
            if but is not None:
                closing.enter_context(closed(but))

    def answer(asked):
        asking.append(asked["number"])
        try:
            if asked["ask"] == "run":
                close(None)
                message = {"raised": run(asked["source"])}
            elif asked["ask"] == "name":
                message = {"value": names[asked["name"]]} if asked["name"] in names else {"missing": True}
            else:
                close(asked["allowed"])
                message = _called(served[asked["function"]], asked["args"])
            try:
                send(message)
            except Exception as error:  # too large, or an object with ideas of its own
                refused = isinstance(error, wire.Unreadable)
                send({"unreadable": str(error) if refused else f"It cannot be read: {error_text(error)}."})
        finally:
            asking.pop()

    with closing:  # a kernel serves one judge after the other, and what one has closed must not stay so for the next
        while True:
            try:
                answer(channel.receive(functions=callback))
            except EOFError:
                return


def _called(answer, args):
    """What came of a call. Where it has written into its arguments, these go back too."""
    before = fingerprint(args)
    try:
        # As in the notebook, where the judge sees to it: what a cell has set for NumPy is not what is judged.
        with np.errstate(all="ignore"):
            value = call_from_outside(answer, args)
    except BaseException as error:
        raised = Raised.of(error, answer)
        return {"raised": [raised.kinds, raised.text, raised.line]}
    return {"value": value} if fingerprint(args) == before else {"value": value, "args": args}


def main(port, token):
    """Serve a judge who waits at a port of this machine: so a process begins where it cannot be forked."""
    from bplib.grading.sandbox.shell import Shell

    prepare()
    shell = Shell()
    serve(connect(port, token), shell.names, shell.run)


def serve_from_kernel(port, token):
    """Serve the same from within a cell of a Jupyter kernel, until the judge closes the channel."""
    from IPython import get_ipython

    serve(connect(port, token), get_ipython().user_ns)


def connect(port, token):
    """The channel to a judge at a port of this machine, who knows us by a token."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(token.encode())
    return wire.Channel(connection)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.stdin.readline().strip())
