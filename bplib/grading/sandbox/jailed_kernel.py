"""A Jupyter kernel in a jail, for answers that nbval runs: forked where `zygote` forks, else a program of its own.

As a program its arguments are a connection file, the judge's port and two limits; or, to be the process that kernels
are forked from, those of `zygote`.
"""

import dataclasses
import importlib
import json
import os
import sys
from pathlib import Path

from bplib.grading.sandbox import host, launching, zygote
from bplib.grading.sandbox.jail import enter
from bplib.grading.sandbox.processes import Limits
from bplib.grading.sandbox.shell import start_nothing

# What a kernel imports when it begins.
_NEEDED = ("ipykernel.kernelapp", "ipykernel.debugger", "IPython.extensions.storemagic", "IPython.core.completerlib")


class Zygote(launching.Zygote):
    """Starts kernels: start wants a connection_file and the port of the judge beside what every learner's process has.

    What it starts is a process to watch and to close. It serves no judge: a cell of the kernel does.
    """

    program = __name__


def kernels(number, parent):
    """Import what kernels need, and fork them; see `zygote.main`."""
    zygote.begin(parent)
    for name in _NEEDED:
        importlib.import_module(name)
    exec(zygote.FIRST, {})
    zygote.obey(number, _forked)


def _forked(number, order):
    scratch = Path(order["scratch"])
    channel = zygote.at_home(number, scratch)
    os.environ["IPYTHONDIR"] = str(scratch)
    lacking = _jailed(scratch, order["connection_file"], order["port"], Limits(**order["limits"]))
    channel.send({"not_enforced": lacking})
    channel.close()
    _serve(order["connection_file"])


def main(connection_file, port, memory, seconds):
    """Enter the jail, close what a learner's process must not hold, and be a kernel until the end."""
    scratch, limits = Path.cwd().parent, Limits(memory=memory, notebook_seconds=seconds)
    _jailed(scratch, connection_file, port, limits)
    host.prepare()
    _serve(connection_file)


def _jailed(scratch, connection_file, port, limits):
    """Enter the jail of a kernel. What it does not enforce is returned, and stands in .not_enforced."""
    from IPython.core.profiledir import ProfileDir

    known = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    own = tuple(value for key, value in known.items() if key.endswith("_port"))
    jail = launching.jail(scratch, limits, bind=own, connect=(*own, port))
    jail = dataclasses.replace(jail, readable=(*jail.readable, Path(connection_file)))
    ProfileDir.create_profile_dir(str(scratch / "profile_default"))  # sets modes of files, as nobody may in the jail
    lacking = enter(jail)
    (scratch / ".not_enforced").write_text(json.dumps(lacking), encoding="utf-8")
    return lacking


def _serve(connection_file):
    """Be a kernel until the end."""
    from ipykernel import kernelapp

    kernel = kernelapp.IPKernelApp.instance()
    options = "--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False"
    kernel.initialize(["-f", connection_file, *options])
    start_nothing(kernel.shell)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # nobody reads it, and it may be much
    kernel.start()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        kernels(*map(int, sys.argv[1:]))
    else:
        main(sys.argv[1], *map(int, sys.argv[2:]))
