"""A jail for code that is not ours: what a process may do from now on, for good, and what this system cannot enforce.

Four walls, each of which this process raises around itself: limits on resources, no privileges, Landlock for files and
ports, and a seccomp filter for the rest. On Linux it takes no root and no program; macOS has the limits alone, Windows
has nothing.
"""

import contextlib
import importlib.util
import math
import os
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bplib.grading.sandbox import landlock, seccomp

PARTS = ("memory", "time", "file size", "files", "attributes", "network", "processes", "signals", "privileges")
"""What a jail limits, in the words in which `enter` says what it could not.

Attributes are modes, owners and dates of files; processes are new ones, the insides of others, and what else the filter
refuses: shared memory, mounts, the clock.
"""


@dataclass(frozen=True)
class Jail:
    """What a process may do.

    A file that is hidden takes what Python has compiled of it along. ValueError if something hidden lies in the scratch
    folder, where nothing stays closed, or for a port that is none.
    """

    readable: tuple[Path, ...]
    """Files and folders that may be read, all the way down; `python_files` are those that Python needs."""
    scratch: Path
    """The one folder that may be written."""
    hidden: tuple[Path, ...] = ()
    """Files and folders that stay closed although they lie in a readable one."""
    memory: int = 2 << 30
    """Bytes of addresses, beyond what the process has when it enters."""
    cpu_seconds: int = 60
    """Processor time of all threads together, beyond what the process has used."""
    file_bytes: int = 20 << 20
    """The size of any one file; how many there are is not limited."""
    open_files: int = 256
    """Files and sockets that are open at once."""
    bind: tuple[int, ...] = ()
    """TCP ports to bind, 0 for any that is free. A Jupyter kernel needs those of its connection file."""
    connect: tuple[int, ...] = ()
    """TCP ports to connect to, wherever they are. With neither there are no sockets at all."""

    def __post_init__(self):
        scratch = os.path.realpath(self.scratch)
        for path in self.hidden:
            if os.path.realpath(path) == scratch or Path(os.path.realpath(path)).is_relative_to(scratch):
                raise ValueError(f"Jail: {path} is to be hidden but lies in the scratch folder {self.scratch}")
        for port in (*self.bind, *self.connect):
            if not 0 <= port < 1 << 16:
                raise ValueError(f"Jail: the port is {port}; it must be from 0 to 65535")


def python_files():
    """The files and folders that Python and its packages read when they are imported, as a tuple of paths.

    A package that is installed from its own folder is not among them.
    """
    libraries = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
    # The table of libraries, the time zone, and what psutil and OpenBLAS ask about the processor.
    settings = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/proc/stat", "/sys/devices/system/cpu")
    # Not the prefix itself: an environment may have been made in a folder that holds other things too.
    own = [
        os.path.join(prefix, name)
        for prefix in (sys.prefix, sys.base_prefix)
        for name in ("lib", "lib64", "bin", "share", "etc", "ssl", "pyvenv.cfg")
    ]
    return tuple(map(Path, dict.fromkeys((*own, *libraries, *settings))))


def enter(jail):
    """Put this process in the jail, for good, and return what is not enforced here: words of `PARTS`, in their order.

    Nothing is raised: a wall that cannot be had is reported, and the others stand. For a process that has one thread,
    because Landlock and privileges belong to each thread: one that was begun before goes free, and what it may do is
    reported. What is open stays open, so close what the jailed must not have. Over its time a process dies by SIGXCPU;
    other limits are errors that Python raises, as a refused call is a PermissionError.
    """
    network = bool(jail.bind or jail.connect)
    lacking = _limit(jail)
    if not _done(_drop_privileges):
        lacking.add("privileges")
    try:
        hidden = [name for path in jail.hidden for name in (path, *_compiled(path))]
        version = landlock.restrict(jail.readable, hidden, jail.scratch, jail.bind, jail.connect)
    except (OSError, ValueError):
        version = 0
        lacking.add("files")
    if _threads() > 1:
        version = 0
        lacking |= {"files", "privileges"}
    if any(map(_opens, jail.hidden)):  # whatever the reason: it is looked at and not only thought out
        lacking.add("files")
    filtered = _done(seccomp.install, network)
    if not filtered:
        lacking |= {"attributes", "processes", "network"}
    if network and version < 4:
        lacking.add("network")
    if not filtered and version < 6:
        lacking.add("signals")
    return [part for part in PARTS if part in lacking]


def _opens(path):
    """Whether a file can be read, or the first that is met in a folder."""
    path = Path(path)
    try:
        files = [path] if path.is_file() else (each for each in path.rglob("*") if each.is_file())
        with open(next(iter(files)), "rb"):
            return True
    except (OSError, StopIteration):
        return False


def _threads():
    """How many threads this process has, those of libraries too; 1 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _limit(jail):
    """Lower the limits on resources; a set of those that this system does not have."""
    lacking = {"memory", "time", "file size"}
    try:
        import resource
    except ImportError:  # Windows
        return lacking
    spent = math.ceil(time.process_time())
    limits = [
        ("time", resource.RLIMIT_CPU, spent + jail.cpu_seconds, 1),  # a signal that says why, a second before the end
        ("file size", resource.RLIMIT_FSIZE, jail.file_bytes, 0),
        ("open files", resource.RLIMIT_NOFILE, jail.open_files, 0),
        ("cores", resource.RLIMIT_CORE, 0, 0),
    ]
    with contextlib.suppress(OSError):  # macOS has no /proc, and does not heed this limit either
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits.append(("memory", resource.RLIMIT_AS, pages * resource.getpagesize() + jail.memory, 0))
    for part, kind, most, grace in limits:
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.getrlimit(kind)
            most, last = ((n if hard == resource.RLIM_INFINITY else min(n, hard)) for n in (most, most + grace))
            resource.setrlimit(kind, (most, last))
            lacking.discard(part)
    return lacking


def _drop_privileges():
    """Give up what root has over others, in this thread and for good. OSError where that fails."""
    seccomp.no_new_privileges()
    with contextlib.suppress(OSError):  # up to the last that this kernel has; without privileges, there is none to drop
        for capability in range(64):
            seccomp.prctl(24, capability, 0, 0, 0)
    with contextlib.suppress(OSError):  # those that would survive a new program; kernels before 4.3 have none
        seccomp.prctl(47, 4, 0, 0, 0)
    seccomp.set_capabilities(struct.pack("=Ii", 0x20080522, 0), bytes(24))


def _compiled(path):
    """What Python has compiled of a file, or would: the text of a hidden module must not be read there."""
    path = Path(os.path.realpath(path))
    if path.suffix == ".py":
        yield importlib.util.cache_from_source(path)
        yield from (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")


def _done(step, *arguments):
    """Whether a step could be done here."""
    try:
        step(*arguments)
    except (OSError, ValueError):
        return False
    return True
