"""A process that has imported all that answers need, and forks itself for each submission.

It knows no exercise and has never held one, so there is nothing in its memory for a submission to find. It takes its
orders from a socket, whose number is its argument beside that of its parent: to fork, with the socket on which the new
process is to serve, or to end such a process.
"""

import functools
import gc
import importlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

from bplib.course.judging.closing import closed
from bplib.grading.sandbox import host, launching, seccomp, values, wire
from bplib.grading.sandbox.jail import enter
from bplib.grading.sandbox.processes import Limits
from bplib.grading.sandbox.shell import Shell

_NEEDED = (
    "sympy",
    "matplotlib.pyplot",
    "bplib.pictures.explorers",
    "bplib.pictures.plots",
    "bplib.verify",
    "tqdm.auto",
    "bplib.policy",
    "bplib.data",
)
# What is slow the first time, in a cell that anybody may see.
FIRST = """
import numpy
import sympy

x, y = sympy.symbols("x y", real=True)
formula = sympy.diff((1 / (1 + sympy.exp(-x * y)) - y) ** 2 / 3, x) + sympy.log(x) * sympy.sqrt(y)
numpy.random.default_rng(0).normal(size=(3, 3)) @ numpy.ones((3, 2))
for name in ("name", "x", "y"):
    globals().pop(name)
"""


def main(number, parent):
    """Import everything, and fork and end processes until the socket is closed, or the parent has ended."""
    begin(parent)
    shell = Shell()
    shell.run(FIRST)
    values.fingerprint(shell.names.pop("formula"))
    obey(number, functools.partial(_learner, shell=shell))


def begin(parent):
    """End with the parent, import everything, and close what a learner's process must not hold."""
    seccomp.end_with(parent)
    for name in _NEEDED:
        importlib.import_module(name)
    host.prepare()
    with closed():  # which finds out what there is to be closed
        pass
    launching.packages()


def obey(number, learner):
    """Obey the orders that come by the socket of this number; learner(number, order) is what a forked process does."""
    gc.collect()
    gc.freeze()  # so that no fork copies memory just to look for garbage in it
    orders = socket.socket(fileno=number)
    while True:
        order, descriptors, *_ = socket.recv_fds(orders, 1 << 16, 1)
        if not order:
            return
        order = json.loads(order)
        if "end" in order:
            os.kill(order["end"], signal.SIGKILL)
            os.waitpid(order["end"], 0)
            orders.send(b"{}")
            continue
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # there are too many processes, for now
            os.close(descriptors[0])
            orders.send(json.dumps({"failed": error.strerror}).encode())
            continue
        if not pid:
            seccomp.end_with(parent)
            orders.close()
            try:
                if order["fork"] == "zygote":
                    obey(descriptors[0], learner)
                else:
                    learner(descriptors[0], order)
            finally:
                os._exit(0)
        os.close(descriptors[0])
        orders.send(json.dumps({"pid": pid}).encode())


def at_home(number, scratch):
    """Live in the scratch folder, with nothing open but the channel to the judge, by the socket of this number."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    os.dup2(0, 2)
    os.dup2(number, 3)
    os.closerange(4, 1 << 16)
    os.environ |= {"HOME": str(scratch), "TMPDIR": str(scratch)}
    os.chdir(scratch / "exercises")
    return wire.Channel(socket.socket(fileno=3))


def _learner(number, order, shell):
    """The process of one submission: jailed first, then at the judge's service."""
    scratch = Path(order["scratch"])
    channel = at_home(number, scratch)
    channel.send({"not_enforced": enter(launching.jail(scratch, Limits(**order["limits"])))})
    host.serve(channel, shell.names, shell.run)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
