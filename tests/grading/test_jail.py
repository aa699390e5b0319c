"""Promise: what the jail forbids fails in it and works without it, and what an honest learner needs works in both."""

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from bplib.grading.sandbox import landlock, launching, seccomp
from bplib.grading.sandbox.jail import PARTS, Jail

ROOT = Path(__file__).resolve().parents[2]
DENIED, NO_MODULE, NO_LIMIT = "PermissionError", "ModuleNotFoundError", "ValueError"

# What is tried -> (the part of the jail that stops it, how it is stopped, the attempt).
FORBIDDEN = {
    "reading a hidden file": ("files", DENIED, "open(hidden).read()"),
    "reading a hidden file by a relative path": ("files", DENIED, "os.chdir(course); open('secret/key.txt').read()"),
    "reading a hidden folder's file": ("files", DENIED, "open(deep).read()"),
    "reading a file in a hidden folder that a link leads to": ("files", DENIED, "open(linked).read()"),
    "reading what Python has compiled of a hidden module": ("files", DENIED, "open(compiled, 'rb').read()"),
    "importing a hidden module": ("files", DENIED, "import answers"),
    "importing a hidden package": ("files", DENIED, "import solutions"),
    "reading a file outside": ("files", DENIED, "open(outside).read()"),
    "reading through a link in the scratch folder": (
        "files",
        DENIED,
        "os.symlink(hidden, scratch + '/link'); open(scratch + '/link').read()",
    ),
    "giving a hidden file a second name": ("files", "OSError", "os.link(hidden, scratch + '/hard')"),
    "moving a file into the scratch folder": ("files", DENIED, "os.rename(movable, scratch + '/moved')"),
    "writing outside": ("files", DENIED, "open(course + '/new', 'w')"),
    "writing into a readable file": ("files", DENIED, "open(open_file, 'a')"),
    "making a folder outside": ("files", DENIED, "os.mkdir(course + '/folder')"),
    "deleting a readable file": ("files", DENIED, "os.unlink(deletable)"),
    "truncating a readable file": ("files", DENIED, "os.truncate(open_file, 3)"),
    "making a pipe with a name": ("files", DENIED, "os.mkfifo(scratch + '/fifo')"),
    "reading another's environment": ("files", DENIED, "open(f'/proc/{other}/environ', 'rb').read()"),
    "opening another's memory": ("files", DENIED, "open(f'/proc/{other}/mem', 'rb')"),
    "changing the mode of a file": ("attributes", DENIED, "os.chmod(open_file, 0o600)"),
    "changing the mode of an open file": ("attributes", DENIED, "os.fchmod(os.open(open_file, os.O_RDONLY), 0o600)"),
    "changing the owner of a file": ("attributes", DENIED, "os.chown(open_file, os.getuid(), os.getgid())"),
    "changing the dates of a file": ("attributes", DENIED, "os.utime(open_file)"),
    "connecting to a TCP port": ("network", DENIED, "socket.create_connection(('127.0.0.1', port), 5)"),
    "sending a datagram": (
        "network",
        DENIED,
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
    ),
    "connecting to a socket with a path": ("network", DENIED, "socket.socket(socket.AF_UNIX).connect(unix)"),
    "a pair of datagram sockets, which can write to any": (
        "network",
        DENIED,
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    ),
    "forking": ("processes", DENIED, "os.fork() or os._exit(0); os.wait()"),
    "starting a program": ("processes", DENIED, "subprocess.run([sys.executable, '-c', ''], check=True)"),
    "spawning a program": (
        "processes",
        DENIED,
        "os.waitpid(os.posix_spawn(sys.executable, ['python', '-c', ''], os.environ), 0)",
    ),
    "becoming another program": (
        "processes",
        DENIED,
        "with contextlib.suppress(FileNotFoundError): os.execv('/nowhere', ['nowhere'])",
    ),
    "leaving the group": ("processes", DENIED, "os.setpgid(0, 0)"),
    "surviving the parent": ("processes", DENIED, "called(libc.prctl(1, 0, 0, 0, 0))"),
    "lowering its own priority": ("processes", DENIED, "os.nice(1)"),
    "memory that is a file": ("processes", DENIED, "os.memfd_create('memory')"),
    "memory that others find": ("processes", DENIED, "libc.shmctl(called(libc.shmget(0, 4096, 0o1600)), 0, None)"),
    "a signal to another": ("signals", DENIED, "os.kill(other, 0)"),
    "a signal to the group": ("signals", DENIED, "os.kill(0, 0)"),
    "a signal through a descriptor": ("processes", DENIED, "os.pidfd_open(other)"),
    "a signal by input": ("signals", DENIED, "fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, other)"),
    "asking for another's limits": ("processes", DENIED, "resource.prlimit(other, resource.RLIMIT_CORE)"),
    "moving another to a processor": (
        "processes",
        DENIED,
        "os.sched_setaffinity(other, os.sched_getaffinity(0))",
    ),
    "much memory": ("memory", "MemoryError", "bytearray(1 << 30)"),
    "raising the limit on memory": ("memory", NO_LIMIT, "raised(resource.RLIMIT_AS)"),
    "raising the limit on time": ("time", NO_LIMIT, "raised(resource.RLIMIT_CPU)"),
    "raising the limit on the size of files": ("file size", NO_LIMIT, "raised(resource.RLIMIT_FSIZE)"),
    "a large file": (
        "file size",
        "OSError",
        "with open(scratch + '/large', 'wb') as file: file.seek(25 << 20); file.write(b'x')",
    ),
    "many open files": (None, "OSError", "opened.extend(os.dup(1) for _ in range(400))"),
}

ALLOWED = {
    "reading a readable file": "open(open_file).read()",
    "reading beside what is hidden": "assert open(beside).read() == 'in sight'",
    "importing beside what is hidden": "import lessons",
    "writing and reading in the scratch folder": (
        "open(scratch + '/a', 'w').write('x' * 9); assert open(scratch + '/a').read() == 'x' * 9"
    ),
    "folders, moves, links and deletion in the scratch folder": (
        "os.makedirs(scratch + '/b/c'); open(scratch + '/b/d', 'w').close()\n"
        "os.rename(scratch + '/b/d', scratch + '/b/c/d'); os.symlink('b', scratch + '/e')\n"
        "shutil.rmtree(scratch + '/b'); os.unlink(scratch + '/e')"
    ),
    "shortening a file that is open for writing": "open(scratch + '/f', 'w').truncate(5)",
    "a temporary file": "tempfile.TemporaryFile(dir=scratch).write(b'x')",
    "a file of 15 MB": "open(scratch + '/g', 'wb').write(bytes(15 << 20))",
    "listing any folder": "os.listdir('/'); os.listdir(course + '/secret')",
    "the null device": "open('/dev/null', 'w').write('x'); assert open('/dev/null').read() == ''",
    "randomness": "os.urandom(8); open('/dev/urandom', 'rb').read(8); random.SystemRandom().random()",
    "threads": "thread = threading.Thread(target=kept.append, args=(1,)); thread.start(); thread.join()",
    "a pool of threads": "assert list(ThreadPoolExecutor(4).map(abs, range(-9, 0)))[0] == 9",
    "numpy": "import numpy; assert (numpy.ones((300, 300)) @ numpy.ones((300, 300))).sum() == 300**3",
    "linear algebra": "import numpy; assert abs(numpy.linalg.det(numpy.eye(200)) - 1) < 1e-9",
    "asyncio": "asyncio.run(asyncio.sleep(0))",
    "a pair of sockets": "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'",
    "a signal to itself": "os.kill(os.getpid(), 0); signal.raise_signal(signal.SIGURG)",
    "a timer": (
        "signal.signal(signal.SIGALRM, lambda *_: kept.append('rang')); signal.setitimer(signal.ITIMER_REAL, 0.001)\n"
        "time.sleep(0.1); assert 'rang' in kept"
    ),
    "its own limits": "resource.getrlimit(resource.RLIMIT_AS)",
    "memory below the limit": "bytearray(100 << 20)",
    "local time": "time.localtime(); datetime.datetime.now().astimezone()",
}  # fmt: skip

PROGRAM = """
import asyncio, contextlib, ctypes, datetime, fcntl, json, os, random, resource, shutil, signal, socket, subprocess, sys
import tempfile, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from bplib.grading.sandbox.jail import Jail, enter, python_files

given = json.load(sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
kept, opened = [], []


def called(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def raised(kind):
    resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


lacking = None
if given["jailed"]:
    jail = Jail((*python_files(), *given["readable"]), given["scratch"], tuple(given["hide"]), memory=800 << 20)
    lacking = enter(jail)
sys.path.insert(0, given["course"])
sys.dont_write_bytecode = True
here = os.getcwd()
outcomes = {}
for name, attempt in given["attempts"].items():
    try:
        exec(attempt, {**globals(), **given})
        outcomes[name] = "done"
    except BaseException as error:
        outcomes[name] = type(error).__name__
        outcomes[name + ": why"] = str(error)
    while opened:
        os.close(opened.pop())
    os.chdir(here)
print(json.dumps({"outcomes": outcomes, "lacking": lacking}))
"""

# Another process, which lets itself be looked at where the system would not let a stranger.
OTHER = "import ctypes, sys; ctypes.CDLL(None).prctl(0x59616D61, -1, 0, 0, 0); print(flush=True); sys.stdin.read()"


def run(code, given=None):
    return subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )


def a_course(folder):
    """A folder that may be read, with a part that is hidden, and things outside of it; everything an attempt names."""
    course, elsewhere = folder / "course", folder / "elsewhere"
    for path in (course / "secret" / "deep", course / "solutions", folder / "scratch", elsewhere / "target"):
        path.mkdir(parents=True)
    files = {
        "hidden": course / "secret" / "key.txt",
        "deep": course / "secret" / "deep" / "key.txt",
        "outside": elsewhere / "outside.txt",
        "beside": course / "beside.txt",
        "open_file": course / "open.txt",
        "movable": course / "movable.txt",
        "deletable": course / "deletable.txt",
    }
    for name, path in files.items():
        path.write_text("out of sight" if name in ("hidden", "deep", "outside") else "in sight")
    (course / "target").mkdir()
    (course / "target" / "key.txt").write_text("out of sight")
    (course / "alias").symlink_to(course / "target")
    for name in ("answers", "solutions/__init__", "lessons"):
        (course / f"{name}.py").write_text("x = 1\n")
    compiled = Path(importlib.util.cache_from_source(course / "answers.py"))
    compiled.parent.mkdir()
    compiled.with_name("answers.cpython-399.pyc").write_bytes(b"of another Python")
    return {
        **{name: str(path) for name, path in files.items()},
        "course": str(course),
        "scratch": str(folder / "scratch"),
        "readable": [str(course), str(folder / "nothing here"), *map(str, launching.packages())],
        "hide": [str(course / name) for name in ("secret", "solutions", "answers.py", "alias", "nothing here")],
        "linked": str(course / "target" / "key.txt"),
        "compiled": str(compiled.with_name("answers.cpython-399.pyc")),
    }


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What became of each attempt: (without the jail, in the jail, the parts that this system does not enforce)."""
    if sys.platform == "win32":
        pytest.skip("Windows enforces nothing")
    attempts = {**{name: attempt for name, (_, _, attempt) in FORBIDDEN.items()}, **ALLOWED}
    other = subprocess.Popen([sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    results = []
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as unix:
        for jailed in (False, True):
            folder = tmp_path_factory.mktemp("jailed" if jailed else "free")
            given = a_course(folder)
            if not jailed:
                given["unix"] = str(folder / "socket")
                unix.bind(given["unix"])
                unix.listen()
            else:
                given["unix"] = results[0][0]
            given |= {"jailed": jailed, "attempts": attempts, "other": other.pid, "port": server.getsockname()[1]}
            done = run(PROGRAM, given)
            assert done.returncode == 0, done.stderr
            results.append((given["unix"], json.loads(done.stdout)))
    other.communicate()
    (_, free), (_, jailed) = results
    return free["outcomes"], jailed["outcomes"], jailed["lacking"]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_fails_in_the_jail_and_works_without_it(outcomes, name):
    part, failure, _ = FORBIDDEN[name]
    free, jailed, lacking = outcomes
    if part in lacking:
        pytest.skip(f"{part}: not enforced here")
    assert free[name] == "done", free[f"{name}: why"]
    assert jailed[name] == failure, jailed.get(f"{name}: why")


@pytest.mark.parametrize("name", ALLOWED)
def test_what_an_honest_learner_needs_works_in_the_jail(outcomes, name):
    free, jailed, _ = outcomes
    assert (free[name], jailed[name]) == ("done", "done"), jailed.get(f"{name}: why")


@pytest.mark.skipif(landlock.abi() < 6, reason="this kernel has no Landlock, or an old one")
def test_on_a_recent_linux_everything_is_enforced(outcomes):
    assert outcomes[2] == []


def test_time_runs_out_in_the_jail_and_the_signal_says_so(tmp_path):
    if sys.platform == "win32":
        pytest.skip("Windows enforces nothing")
    code = (
        "import time\nfrom bplib.grading.sandbox.jail import Jail, enter\n"
        "{}\nbusy = time.process_time()\nwhile time.process_time() < busy + 1.2: pass"
    )
    jailed = f"enter(Jail((), {str(tmp_path)!r}, cpu_seconds=0))"  # up to the next full second
    both = [subprocess.Popen([sys.executable, "-c", code.format(line)], cwd=ROOT) for line in ("", jailed)]
    assert [process.wait(60) for process in both] == [0, -signal.SIGXCPU]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows enforces nothing")
def test_a_limit_that_is_lower_already_is_not_raised(tmp_path):
    code = f"""
import resource
from bplib.grading.sandbox.jail import Jail, enter
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 60))
enter(Jail((), {str(tmp_path)!r}))
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    assert run(code).stdout == "(60, 60)\n"


@pytest.mark.skipif(landlock.abi() < 6, reason="this kernel has no Landlock, or one that does not know signals")
def test_landlock_alone_stops_signals_and_sockets_with_abstract_names(tmp_path):
    code = f"""
import json, os, socket, sys
from bplib.grading.sandbox import landlock, launching, seccomp
name = json.load(sys.stdin)
def tried(step, *arguments):
    try:
        return step(*arguments)
    except OSError as error:
        return type(error).__name__
def attempts():
    return [tried(os.kill, os.getppid(), 0), tried(socket.socket(socket.AF_UNIX).connect, "\\0" + name)]
before = attempts()
seccomp.no_new_privileges()
landlock.restrict((), (), {str(tmp_path)!r})
print(before, attempts())
"""
    name = f"bplib-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        assert run(code, name).stdout == f"[None, None] ['{DENIED}', '{DENIED}']\n"


# Where a system offers less

LESS = {
    "Windows": ("sys.platform = 'win32'; sys.modules['resource'] = None", list(PARTS)),
    "macOS": (
        "sys.platform = 'darwin'",
        ["files", "attributes", "network", "processes", "signals", "privileges"],
    ),
    "no Landlock": ("landlock.restrict = fails", ["files"]),
    "no seccomp": ("seccomp.install = fails; landlock.restrict = lambda *_: 7", ["attributes", "network", "processes"]),
    "no seccomp and an old Landlock": (
        "seccomp.install = fails; landlock.restrict = lambda *_: 3",
        ["attributes", "network", "processes", "signals"],
    ),
    "ports and an old Landlock": ("ports = (1,); landlock.restrict = lambda *_: 3", ["network"]),
    "a machine whose numbers are not known": (
        "seccomp.platform.machine = lambda: 'riscv64'; landlock.restrict = lambda *_: 7",
        ["attributes", "network", "processes"],
    ),
    "a second thread": (
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        ["files", "privileges"],
    ),
    "privileges that stay": ("seccomp.set_capabilities = fails", ["privileges"]),
}


@pytest.mark.parametrize("system", LESS)
def test_what_is_not_enforced_is_reported_and_never_raised(system, tmp_path):
    change, expected = LESS[system]
    code = f"""
import json, sys
from bplib.grading.sandbox import jail, landlock, seccomp
def fails(*arguments): raise OSError("not here")
ports = ()
{change}
lacking = jail.enter(jail.Jail((), {str(tmp_path)!r}, connect=ports))
sys.stdout.write(json.dumps(lacking))
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    lacking = json.loads(done.stdout)
    if sys.platform == "linux":
        # Only /proc tells how much memory a process has, and a Linux that plays macOS has it.
        assert lacking == expected
    else:
        assert set(expected) <= set(lacking) <= set(PARTS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
def test_a_hidden_file_in_the_scratch_folder_and_a_port_that_is_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is to be hidden but lies in the scratch folder"):
        Jail((), tmp_path, hidden=(tmp_path / "key",))
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="scratch folder"):
        Jail((), tmp_path / "link", hidden=(tmp_path,))
    with pytest.raises(ValueError, match="the port is 65536"):
        Jail((), tmp_path, bind=(65536,))


# Which files are visible


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
def test_a_folder_that_holds_something_hidden_is_replaced_by_the_rest_of_it(tmp_path):
    for name in ("a/b/c", "a/b/d", "a/e", "f"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a" / "to_f").symlink_to(tmp_path / "f")
    visible = set(landlock._visible([tmp_path / "a"], [tmp_path / "a/b/c"]))
    assert visible == {str(tmp_path.resolve() / name) for name in ("a/b/d", "a/e")}
    assert set(landlock._visible([tmp_path / "a"], [tmp_path / "f"])) == {str(tmp_path.resolve() / "a")}


def test_what_lies_in_a_hidden_folder_stays_closed_though_it_is_named_readable(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert list(landlock._visible([tmp_path / "a/b", tmp_path / "a"], [tmp_path / "a"])) == []


def test_a_hidden_file_that_comes_later_is_closed_too(tmp_path):
    (tmp_path / "beside").mkdir()
    assert list(landlock._visible([tmp_path], [tmp_path / "later"])) == [str(tmp_path.resolve() / "beside")]


# The filter, run here on calls of machines that we may not have

PID = 1000
READ, KILL = {"x86_64": 0, "aarch64": 63}, {"x86_64": 62, "aarch64": 129}


def answer(lines, mark, number, arguments):
    """What the kernel would answer, by the rules of its classic filters."""
    words = {0: number, 4: mark}
    for i, value in enumerate(arguments):
        words |= {16 + 8 * i: value & 0xFFFFFFFF, 20 + 8 * i: value >> 32 & 0xFFFFFFFF}
    at = loaded = 0
    while True:
        code, if_true, if_false, operand = lines[at]
        at += 1
        if code == 0x20:
            loaded = words[operand]
        elif code == 0x54:
            loaded &= operand
        elif code == 0x15:
            at += if_true if loaded == operand else if_false
        elif code == 0x25:
            at += if_true if loaded > operand else if_false
        else:
            assert code == 0x06
            return operand


@pytest.fixture(params=seccomp.MACHINES)
def asked(request):
    """A function that says what becomes of a call, by name or number, on one of the machines."""
    column, mark = list(seccomp.MACHINES).index(request.param), seccomp.MACHINES[request.param]
    tables = (seccomp.REFUSED, seccomp.NO_SOCKETS, seccomp._SIGNALS, seccomp._OWN)
    numbers = {name: both for table in tables for name, both in table.items()}
    restricted = {**seccomp._RESTRICTED, **seccomp._TCP_ONLY}
    numbers |= {name: both for name, (both, _) in restricted.items()} | {"clone3": seccomp._CLONE3}

    def asked(call, *arguments, sockets=False, mark=mark):
        number = numbers[call][column] if isinstance(call, str) else call
        if number is None:
            return seccomp.REFUSE
        arguments = (*arguments, *[0] * (6 - len(arguments)))
        return answer(seccomp.program(request.param, PID, sockets), mark, number, arguments)

    asked.numbers, asked.column, asked.machine = numbers, column, request.param
    return asked


def test_the_tables_refuse_each_call_whatever_its_arguments(asked):
    for name in seccomp.REFUSED:
        for arguments in ((), (PID, PID, PID), (1 << 63,) * 6):
            assert asked(name, *arguments) == asked(name, *arguments, sockets=True) == seccomp.REFUSE, name


def test_what_a_sandbox_must_know_is_in_the_tables():
    needed = """
    fork vfork execve execveat setsid setpgid ptrace process_vm_readv process_vm_writev pidfd_open pidfd_getfd
    pidfd_send_signal io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd memfd_create mount
    umount2 pivot_root open_tree move_mount fsopen fsmount mount_setattr unshare setns chroot keyctl add_key request_key
    init_module finit_module delete_module kexec_load reboot swapon swapoff shmget shmat msgget msgsnd msgrcv semget
    semop mq_open chmod fchmod fchmodat chown fchown lchown fchownat setxattr lsetxattr fsetxattr removexattr utime
    utimes futimesat utimensat truncate setpriority name_to_handle_at open_by_handle_at personality quotactl acct
    settimeofday clock_settime adjtimex sethostname setdomainname
    """
    assert set(needed.split()) <= set(seccomp.REFUSED)
    assert {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"} == set(seccomp._SIGNALS)


def test_a_call_of_no_table_goes_through(asked):
    assert asked(READ[asked.machine]) == seccomp.ALLOW


def test_numbers_that_are_too_new_or_of_another_machine_are_unknown(asked):
    for number in (seccomp.NEWEST + 1, 0x40000000, 0x40000000 + KILL[asked.machine], 0xFFFFFFFF):
        assert asked(number) == seccomp.UNKNOWN
    for mark in (0x40000003, 0x40000028, *(set(seccomp.MACHINES.values()) - {seccomp.MACHINES[asked.machine]})):
        assert asked(READ[asked.machine], mark=mark) == seccomp.UNKNOWN


def test_threads_may_be_made_and_processes_not(asked):
    thread = 0x3D0F00
    assert asked("clone", thread) == seccomp.ALLOW
    assert asked("clone", thread & ~0x10000) == asked("clone", 17) == asked("clone", 0x4111) == seccomp.REFUSE
    assert asked("clone3") == seccomp.UNKNOWN


def test_signals_reach_the_process_itself_alone(asked):
    for name in seccomp._SIGNALS:
        assert asked(name, PID, 9) == asked(name, PID | 1 << 32, 9) == seccomp.ALLOW
        for target in (0, 1, PID + 1, -1, -PID):
            assert asked(name, target, 9) == seccomp.REFUSE


def test_limits_and_priorities_concern_the_process_itself_alone(asked):
    for name in seccomp._OWN:
        assert asked(name, 0) == asked(name, PID) == seccomp.ALLOW
        assert asked(name, 1) == asked(name, PID + 1) == asked(name, -1) == seccomp.REFUSE


def test_without_ports_there_is_no_socket_but_a_pair(asked):
    for family in (1, 2, 10, 16, 17, 40):
        assert asked("socket", family, 1, 0) == seccomp.REFUSE
    assert asked("bind", 3) == asked("connect", 3) == seccomp.REFUSE
    assert asked("socketpair", 1, 1 | 0o2004000) == seccomp.ALLOW
    assert asked("socketpair", 1, 2) == asked("socketpair", 1, 5) == seccomp.REFUSE


def test_with_ports_there_is_tcp_and_nothing_else(asked):
    for family in (2, 10):
        for kind, protocol in ((1, 0), (1 | 0o2004000, 6)):
            assert asked("socket", family, kind, protocol, sockets=True) == seccomp.ALLOW
    for given in ((1, 1, 0), (16, 3, 0), (17, 3, 0), (2, 2, 0), (2, 3, 1), (2, 1, 262), (2, 1, 132), (43, 1, 0)):
        assert asked("socket", *given, sockets=True) == seccomp.UNSUPPORTED
    assert asked("bind", 3, sockets=True) == asked("connect", 3, sockets=True) == seccomp.ALLOW


def test_a_message_does_not_connect(asked):
    for name, place in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        for flags, expected in ((0, seccomp.ALLOW), (0x4000, seccomp.ALLOW), (0x20004000, seccomp.REFUSE)):
            assert asked(name, *[1] * place, flags, sockets=True) == expected


def test_a_descriptor_gives_no_hold_on_terminals_owners_and_leases(asked):
    assert asked("ioctl", 0, 0x5401) == asked("ioctl", 0, 0x5421 | 1 << 32) == seccomp.ALLOW
    assert asked("ioctl", 0, 0x5412) == asked("ioctl", 0, 0x40086602) == asked("ioctl", 0, 0x8901) == seccomp.REFUSE
    assert asked("fcntl", 0, 4) == asked("fcntl", 0, 1030) == seccomp.ALLOW
    assert asked("fcntl", 0, 8) == asked("fcntl", 0, 15) == asked("fcntl", 0, 1024) == seccomp.REFUSE
    assert asked("prctl", 15) == seccomp.ALLOW
    assert asked("prctl", 1) == seccomp.REFUSE


def test_the_numbers_are_those_of_the_kernel(asked):
    places = {
        "x86_64": ["x86_64-linux-gnu/asm/unistd_64.h", "asm/unistd_64.h"],
        "aarch64": ["asm-generic/unistd.h"],
    }[asked.machine]
    headers = [path for place in places if (path := Path("/usr/include") / place).is_file()]
    if not headers:
        pytest.skip("the headers of the kernel are not installed")
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", headers[0].read_text(), flags=re.MULTILINE)
    numbers = {name: int(number) for name, number in found}
    assert {name: both[asked.column] for name, both in asked.numbers.items()} == {
        name: numbers.get(name) for name in asked.numbers
    }


def test_a_machine_that_is_not_known_gets_no_filter():
    with pytest.raises(ValueError, match="the machine is riscv64"):
        seccomp.program("riscv64", PID)


# A Jupyter kernel

LAUNCHER = """
import json, sys
from pathlib import Path
from IPython.core.profiledir import ProfileDir
from jupyter_client.localinterfaces import localhost
from bplib.grading.sandbox.jail import Jail, enter, python_files

localhost()  # asks for the addresses of this machine, and remembers them
ProfileDir.create_profile_dir_by_name(sys.argv[2])  # it copies a file with its mode, which the jail refuses
file, scratch, *packages = sys.argv[1:]
ports = [port for name, port in json.loads(Path(file).read_text()).items() if name.endswith("_port")]
lacking = enter(Jail((*python_files(), *packages, file), Path(scratch), bind=tuple(ports)))
from ipykernel import kernelapp

kernelapp.launch_new_instance(argv=["-f", file, "--ip=127.0.0.1"], user_ns={"lacking": lacking})
"""

CELLS = {
    "1 + 1": "2",
    "import numpy; float((numpy.ones((9, 9)) @ numpy.ones(9)).sum())": "81.0",
    "import threading; t = threading.Thread(target=print); t.start(); t.join(); t.is_alive()": "False",
    "open('a.txt', 'w').write('four')": "4",
    "open(OUTSIDE)": DENIED,
    "import subprocess; subprocess.run(['true'])": DENIED,
    "import socket; socket.create_connection(('127.0.0.1', PORT), 5)": DENIED,
    "socket.socket(socket.AF_UNIX)": "OSError",
    "socket.socket(type=socket.SOCK_DGRAM)": "OSError",
    "socket.socket().bind(('127.0.0.1', 0))": DENIED,
    "socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', PORT))": DENIED,
}


def results_of(client, cell):
    """What a cell returned, or the name of the exception that it ended with; prints are passed over."""
    found = []

    def hook(message):
        if message["msg_type"] == "execute_result":
            found.append(message["content"]["data"]["text/plain"])
        elif message["msg_type"] == "error":
            found.append(message["content"]["ename"])

    client.execute_interactive(cell, timeout=30, output_hook=hook)
    return found


@pytest.mark.skipif(landlock.abi() < 4, reason="this kernel has no Landlock, or one that does not know ports")
def test_a_jupyter_kernel_runs_cells_in_the_jail_and_has_its_own_ports_alone(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "outside.txt").write_text("out of sight")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("HOME", "IPYTHONDIR", "TMPDIR"):
        monkeypatch.setenv(name, str(scratch))
    manager = KernelManager(connection_file=str(tmp_path / "kernel.json"))
    packages = map(str, launching.packages())
    command = [sys.executable, "-c", LAUNCHER, "{connection_file}", str(scratch), *packages]
    manager._kernel_spec = KernelSpec(argv=command)
    with socket.create_server(("127.0.0.1", 0)) as server, (tmp_path / "stderr").open("w") as stderr:
        manager.start_kernel(cwd=str(scratch), stderr=stderr)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=30)
            assert results_of(client, "lacking") == ["[]"]
            names = {"OUTSIDE": repr(str(tmp_path / "outside.txt")), "PORT": str(server.getsockname()[1])}
            for cell, expected in CELLS.items():
                for name, value in names.items():
                    cell = cell.replace(name, value)
                assert results_of(client, cell) == [expected], cell
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
    assert "not permitted" not in (tmp_path / "stderr").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="links are other things there")
def test_packages_are_read_where_they_are_installed_by_links_too_and_no_other_folder_of_the_path(tmp_path, monkeypatch):
    packages, home, store = (tmp_path / name for name in ("installed", "home", "store"))
    for path in (
        packages / "whole-1.dist-info" / "METADATA",
        packages / "whole" / "__init__.py",
        home / "notes.py",
        home / "private.txt",
        store / "linked" / "__init__.py",
        store / "linked" / "inside" / "module.py",
        store / "folder" / "__init__.py",
        store / "spaced" / "part" / "__init__.py",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (packages / "linked").mkdir()
    (packages / "odd").mkdir()
    (packages / "spaced" / "part").mkdir(parents=True)
    (packages / "linked" / "__init__.py").symlink_to(store / "linked" / "__init__.py")
    (packages / "spaced" / "part" / "__init__.py").symlink_to(store / "spaced" / "part" / "__init__.py")
    (packages / "odd" / "__init__.py").symlink_to(home / "notes.py")
    (packages / "folder").symlink_to(store / "folder")
    (packages / "notes.py").symlink_to(home / "notes.py")
    monkeypatch.setattr(sys, "path", [str(home), str(packages)])
    monkeypatch.chdir(home)
    expected = {packages, store / "linked", store / "folder", store / "spaced" / "part", home / "notes.py"}
    assert set(launching.packages.__wrapped__()) == expected
