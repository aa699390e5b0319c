"""Which files a process may open, and which TCP ports it may use, by Linux's Landlock.

A process gives the kernel a list of what stays open, and everything else closes for good, for root too. See
Documentation/userspace-api/landlock.rst in the sources of Linux. The kernel names what it understands by a version, the
ABI: 1 closes files, 4 ports as well, 6 signals to other processes and sockets with abstract names.
"""

import os
import stat
import struct

from bplib.grading.sandbox.seccomp import system_call

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every machine
_BENEATH, _PORT = 1, 2  # kinds of rules

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_DIR, _MAKE_REG, _MAKE_SYM, _REFER, _TRUNCATE = (1 << bit for bit in (7, 8, 12, 13, 14))
_ALL_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # ABI -> how many there are; with 5 it is the ioctl of devices
_ON_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_IN_SCRATCH = (
    _READ_FILE | _WRITE_FILE | _TRUNCATE | _MAKE_REG | _MAKE_DIR | _MAKE_SYM | _REMOVE_FILE | _REMOVE_DIR | _REFER
)
_DEVICES = {"/dev/null": _READ_FILE | _WRITE_FILE, "/dev/zero": _READ_FILE, "/dev/urandom": _READ_FILE}
_BIND, _CONNECT = 1, 2
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2


def abi():
    """The version of Landlock in this kernel; 0 if there is none, or if it is turned off."""
    try:
        return system_call(_CREATE, None, 0, 1)
    except OSError:
        return 0


def restrict(readable, hidden, scratch, bind=(), connect=()):
    """Close every file and port but these to the calling thread and those it makes later, and return the ABI.

    Files in readable may be read, those in hidden not, and scratch is a folder to write in; links are followed, and a
    path that leads nowhere is passed over. Nothing may be executed. Names are no secret: any folder may be listed, as
    Python's import does, and sizes and dates be read. A hidden file may have a second name, as a hard link, that is not
    seen here. bind and connect are TCP ports; 0 in bind is any that is free. OSError where there is no Landlock.
    """
    version = system_call(_CREATE, None, 0, 1)
    rights = (1 << _ALL_RIGHTS.get(version, 16)) - 1
    ports = _BIND | _CONNECT if version >= 4 else 0
    scope = _ABSTRACT_SOCKETS | _SIGNALS if version >= 6 else 0
    rules = system_call(_CREATE, struct.pack("=QQQ", rights, ports, scope), 24, 0)
    try:
        _open(rules, "/", _READ_DIR & rights)
        for path in _visible(readable, hidden):
            _open(rules, path, _READ_FILE & rights)
        for path, wanted in _DEVICES.items():
            _open(rules, path, wanted & rights)
        _open(rules, os.path.realpath(scratch), _IN_SCRATCH & rights)
        for numbers, right in ((bind, _BIND), (connect, _CONNECT)):
            for number in numbers if ports else ():
                system_call(_ADD, rules, _PORT, struct.pack("=QQ", right, number), 0)
        system_call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return version


def _open(rules, path, rights):
    """Add a rule: rights on a file, or on a folder and all that it holds. What cannot be opened here stays closed."""
    try:
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _ON_A_FILE
        system_call(_ADD, rules, _BENEATH, struct.pack("=Qi", rights, handle), 0)
    except OSError:
        return
    finally:
        os.close(handle)


def _visible(readable, hidden):
    """The largest files and folders in readable that hold nothing hidden.

    A rule cannot take back what another grants, so a folder with something hidden in it is replaced by what else it
    holds. A link in it is left out: what counts is where it leads.
    """
    closed = {os.path.realpath(path) for path in hidden}
    around = {folder for path in closed for folder in _folders_of(path)}
    paths = [os.path.realpath(path) for path in readable]
    paths = [path for path in paths if closed.isdisjoint(_folders_of(path))]
    while paths:
        path = paths.pop()
        if path in closed:
            continue
        if path not in around:
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                paths += [entry.path for entry in entries if not entry.is_symlink()]
        except OSError:
            continue


def _folders_of(path):
    """Every folder above a path."""
    while path != (path := os.path.dirname(path)):
        yield path
