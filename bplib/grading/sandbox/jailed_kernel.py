"""A Jupyter kernel in a jail, for answers that nbval runs: its arguments are a connection file and the judge's port."""

import dataclasses
import json
import os
import sys
from pathlib import Path

from bplib.grading.sandbox import host, launching
from bplib.grading.sandbox.jail import enter
from bplib.grading.sandbox.processes import Limits
from bplib.grading.sandbox.shell import start_nothing


def main(connection_file, port, memory, seconds):
    """Enter the jail, close what a learner's process must not hold, and be a kernel until the end."""
    from ipykernel import kernelapp
    from IPython.core.profiledir import ProfileDir

    scratch = Path.cwd().parent
    known = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    own = tuple(value for key, value in known.items() if key.endswith("_port"))
    limits = Limits(memory=memory, notebook_seconds=seconds)
    jail = launching.jail(scratch, limits, bind=own, connect=(*own, port))
    jail = dataclasses.replace(jail, readable=(*jail.readable, Path(connection_file)))
    ProfileDir.create_profile_dir(str(scratch / "profile_default"))  # sets modes of files, as nobody may in the jail
    (scratch / ".not_enforced").write_text(json.dumps(enter(jail)), encoding="utf-8")
    host.prepare()
    kernel = kernelapp.IPKernelApp.instance()
    options = "--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False"
    kernel.initialize(["-f", connection_file, *options])
    start_nothing(kernel.shell)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # nobody reads it, and it may be much
    kernel.start()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
