"""Starts a jailed Jupyter kernel for each notebook: forked on Linux, at a tenth of the cost, a program elsewhere."""

import functools
import math
import os
import signal
import subprocess
import sys

from jupyter_client import BlockingKernelClient, write_connection_file

from bplib.course.notebooks import canonical
from bplib.grading.sandbox import jailed_kernel, launching


def start(scratch, limits, port):
    """Start one in exercises/ of the scratch folder, which may connect to the port, and return what manages it.

    That is a `jupyter_client.KernelManager`, or has of it what nbval and we use.
    """
    return _Forked(scratch, limits, port) if sys.platform == "linux" else _spawned(scratch, limits, port)


class _Forked:
    """The manager of a kernel that is forked."""

    def __init__(self, scratch, limits, port):
        file, self._known = write_connection_file(str(scratch / "kernel.json"))
        try:
            self.provisioner = _zygote().start(scratch, limits, connection_file=file, port=port)
        except launching.Failed:
            _zygote().renew()
            raise

    def client(self):
        client = BlockingKernelClient()
        client.load_connection_info(self._known)
        return client

    def is_alive(self):
        return self.provisioner.is_alive()

    def interrupt_kernel(self):
        os.kill(self.provisioner.pid, signal.SIGINT)

    def shutdown_kernel(self, now):
        self.provisioner.close()


@functools.cache
def _zygote():
    """What kernels are forked from."""
    return jailed_kernel.Zygote()


def close():
    """End what kernels are forked from; there may be none, and start begins another."""
    if _zygote.cache_info().currsize:
        _zygote().close()
        _zygote.cache_clear()


def _spawned(scratch, limits, port):
    """The manager of a kernel that is a program of its own."""
    own = [port, limits.memory, math.ceil(limits.notebook_seconds)]
    manager = canonical.kernel_manager(
        [sys.executable, "-m", jailed_kernel.__name__, "{connection_file}", *map(str, own)]
    )
    manager.start_kernel(
        cwd=str(scratch / "exercises"),
        env={**launching.environment(), "HOME": str(scratch), "IPYTHONDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return manager
