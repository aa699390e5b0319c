"""Starts a process for each submission: forked and jailed on Linux, a plain one elsewhere."""

import contextlib
import dataclasses
import functools
import json
import math
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bplib.course.surroundings import ONE_THREAD
from bplib.grading.sandbox import wire
from bplib.grading.sandbox.jail import PARTS, Jail, python_files
from bplib.grading.sandbox.meters import Meter
from bplib.grading.sandbox.processes import Process
from bplib.grading.sandbox.sweeping import remove

TRIES = 3
"""How often we try what is our own affair."""

_PACKAGE = Path(__file__).resolve().parents[2]


class Failed(RuntimeError):  # noqa: N818, it is our failure and no error of the submission
    """A process did not start; it says nothing about the submission."""


@contextlib.contextmanager
def scratch_folder():
    """A folder to run a submission in, thrown away afterward: an empty exercises/ with notebooks/ beside it."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "notebooks").mkdir()
        (folder / "exercises").mkdir()
        yield folder
    finally:
        with contextlib.suppress(OSError):
            remove(folder)


@contextlib.contextmanager
def limited_memory(most):
    """Within, this process gets no more than so many bytes beside what it has: MemoryError, where a system heeds it."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # not Linux
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + most
    resource.setrlimit(resource.RLIMIT_AS, (min(x for x in (wanted, soft, hard) if x != resource.RLIM_INFINITY), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def jail(scratch, limits, **ports):
    """The jail of a learner's process: it reads Python and its packages, and of ours all but what holds an answer."""
    return Jail(
        (*python_files(), *packages(), _PACKAGE),
        Path(scratch),
        (_PACKAGE / "course" / "problems", _PACKAGE / "course" / "released", _PACKAGE.parent / "solutions"),
        memory=limits.memory,
        cpu_seconds=math.ceil(limits.notebook_seconds),
        **ports,
    )


@functools.cache
def packages():
    """The folders of sys.path that say what is installed in them, and what the links in them lead to."""
    folders = [path for path in sys.path if any(Path(path).glob("*.dist-info"))]
    return (*map(Path, folders), *(target for folder in folders for target in _linked(folder)))


def _linked(folder):
    """What links in a folder of packages lead to; a link in a package stands for the same package elsewhere."""
    with os.scandir(folder) as entries:
        for entry in entries:
            first = Path(entry.path, "__init__.py")
            if entry.is_symlink():
                yield Path(entry.path).resolve()
            elif first.is_symlink():
                if (there := first.resolve().parent).name == entry.name:
                    yield there
            elif entry.is_dir() and not first.exists():
                yield from _linked(entry.path)


def environment():
    """The environment of a learner's process: nothing of ours but what Python needs to find its packages."""
    kept = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "VIRTUAL_ENV")
    ours = {name: os.environ[name] for name in kept if name in os.environ}
    return {
        **ours,
        **ONE_THREAD,
        "BPLIB_PROGRESS": "off",
        "MPLBACKEND": "agg",
        "TQDM_DISABLE": "1",
    }


class Zygote:
    """Starts processes by forking one that has imported everything; see `zygote`."""

    program = "bplib.grading.sandbox.zygote"

    def __init__(self):
        """Start that one. Failed, at the first use, if it does not live."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Matplotlib and IPython want a folder for what they remember.
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.program, str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
            env={**environment(), "HOME": self._home.name},
            cwd=self._home.name,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()

    def another(self):
        """One that takes its orders from elsewhere, forked from this one, which ends it with itself."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, contextlib.ExitStack() as failed:
            failed.enter_context(ours)
            self._order({"fork": "zygote"}, theirs)
            failed.pop_all()
        twin = object.__new__(Zygote)
        twin._process, twin._orders = None, ours
        return twin

    def start(self, scratch, limits, **more):
        """A process that serves one submission in the scratch folder; more is what its program wants to know."""
        ours, theirs = socket.socketpair()
        order = {"fork": "learner", "scratch": str(scratch), "limits": dataclasses.asdict(limits), **more}
        with theirs, contextlib.ExitStack() as failed:
            failed.enter_context(ours)
            pid = self._order(order, theirs)["pid"]
            failed.pop_all()  # it is the process's now
        process = _Forked(wire.Channel(ours), limits, Meter(pid, scratch))
        process.pid = pid
        process.end = lambda: self._order({"end": pid})
        try:
            process.not_enforced = tuple(process.channel.receive(60)["not_enforced"])
        except (EOFError, TimeoutError, wire.Unreadable):
            process.close()
            raise Failed("a process ended before it could be jailed") from None
        return process

    def _order(self, order, *sockets):
        try:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [each.fileno() for each in sockets])
            reply = json.loads(self._orders.recv(1 << 16))
        except (OSError, ValueError):
            raise Failed("the process that is forked for each submission has ended") from None
        if "failed" in reply:
            raise Failed(f"no process could be forked: {reply['failed']}")
        return reply

    def renew(self):
        """Start another, where this one may have failed. Failed where it was forked itself: its origin has others."""
        if not self._process:
            raise Failed("what starts the processes of learners has failed")
        self.close()
        self.__init__()

    def close(self):
        """End it, and with it all that it has forked. One that was forked itself ends with its orders."""
        with contextlib.suppress(OSError):
            self._orders.shutdown(socket.SHUT_RDWR)  # since workers that were forked later hold the socket too
        self._orders.close()
        if self._process:
            self._process.kill()
            self._process.wait()
            self._home.cleanup()


class _Forked(Process):
    def is_alive(self):
        """Whether it has not ended; what has ended is there until it is closed."""
        with contextlib.suppress(OSError, IndexError):
            return Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
        return False

    def close(self):
        super().close()
        try:
            self.end()
        except Failed:
            self.is_orphan = True


class Plain:
    """Starts processes one by one, as is possible everywhere. Of the limits only those of time hold."""

    def another(self):
        """This one, which keeps nothing."""
        return self

    def start(self, scratch, limits):
        """A process that serves one submission in the scratch folder."""
        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as server:
            process = subprocess.Popen(
                [sys.executable, "-m", "bplib.grading.sandbox.host", str(server.getsockname()[1])],
                env={**environment(), "HOME": str(scratch), "USERPROFILE": str(scratch)},
                cwd=scratch / "exercises",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            process.stdin.write(f"{token}\n".encode())
            process.stdin.close()
            try:
                channel = wire.Channel(accepted(server, token, 60))
            except TimeoutError:
                process.kill()
                raise Failed("a process did not start within 60 s") from None
        started = _Spawned(channel, limits, Meter(process.pid, scratch))
        started.end = process
        started.not_enforced = PARTS
        return started

    def renew(self):
        """Nothing is kept that could have failed."""

    def close(self):
        """Nothing is left to end."""


class _Spawned(Process):
    def close(self):
        super().close()
        self.end.kill()
        self.end.wait()


def accepted(server, token, seconds):
    """The first connection to a server that begins with the token. TimeoutError if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if left <= 0:  # others may connect without end
            raise TimeoutError
        server.settimeout(left)
        connection, _ = server.accept()
        connection.settimeout(min(left, 1))
        with contextlib.suppress(OSError):
            if secrets.compare_digest(connection.recv(len(token), socket.MSG_WAITALL), token.encode()):
                return connection
        connection.close()


def launcher():
    """What starts processes best on this system."""
    return Zygote() if sys.platform == "linux" else Plain()
