"""A filter between this process and the kernel: what it may not ask for, and what it may ask only about itself.

The kernel runs a small program, in its old language for filtering packets, before each system call, and answers with
EPERM where the program says so. See Documentation/userspace-api/seccomp_filter.rst in the sources of Linux.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The machines whose numbers are known here, in the order of the tables, and the kernel's mark for each."""

NEWEST = 450
"""The newest number that the tables take into account; for those above, the kernel is as old as they are."""

REFUSED = {
    # Another process would have limits of its own, and a group or session of its own would lose this one to its keeper.
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281), "setsid": (112, 157),
    "setpgid": (109, 154),
    # What belongs to other processes: memory, descriptors, signals.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # A second way to do what is refused here, memory that no limit counts, and doors where the kernel often broke.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "modify_ldt": (154, None), "uselib": (134, None),
    # Another view of the files, or a way to one that does not go through its name.
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # What is told about a file: Landlock leaves it open, even outside of what may be read. Truncating it knows from
    # its version 3 on, and a file that is open for writing can be truncated without this call.
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None), "lchown": (94, None),
    "fchown": (93, 55), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88), "truncate": (76, 45),
    # Memory, messages and keys that are found by a number and not by a path, and that stay when the process ends.
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191),
    "semtimedop": (220, 192), "mq_open": (240, 180), "mq_unlink": (241, 181), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219),
    # The machine itself, which is no learner's affair; most of it root's alone, and the grader may run as root.
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "syslog": (103, 116), "vhangup": (153, 58), "iopl": (172, None),
    "ioperm": (173, None), "personality": (135, 92), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "setpriority": (141, 140), "ioprio_set": (251, 30),
}  # fmt: skip
"""System calls that are refused whatever their arguments: name -> numbers, None where a machine has no such call."""

NO_SOCKETS = {"socket": (41, 198), "bind": (49, 200), "connect": (42, 203)}
"""Refused as well to a process that needs no network. Sockets that it was given stay usable."""

_ANY = 0xFFFFFFFF
_THREAD = 0x10000  # CLONE_THREAD
_FAST_OPEN = 0x20000000  # MSG_FASTOPEN, which connects where no limit on connecting looks
_STREAM, _KIND = 1, 0xF  # SOCK_STREAM, and the bits that hold it beside the flags
_INET, _INET6, _TCP = 2, 10, 6

# name -> (numbers, conditions); a condition is (which argument, the bits of it that count, the values they may have).
# Each of these arguments has 32 bits for the kernel, so the lower half is all there is to look at.
_RESTRICTED = {
    "clone": ((56, 220), [(0, _THREAD, (_THREAD,))]),  # threads only
    # A datagram socket of a pair could still write to any socket on this machine that has a path.
    "socketpair": ((53, 199), [(1, _KIND, (_STREAM,))]),
    # Size of the terminal, bytes waiting, blocking, closing on exec: not typing into the terminal, nor flags of files.
    "ioctl": ((16, 29), [(1, _ANY, (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451))]),
    # Copies, flags and locks: not whom to send a signal (8, 15), nor leases, which keep others from a file (1024).
    "fcntl": ((72, 25), [(1, _ANY, (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030))]),
    # The ordinary policy only, and for any thread: ZeroMQ sets it for its own, and their numbers are not known here.
    "sched_setscheduler": ((144, 119), [(1, _ANY, (0,))]),
    # Names of threads and of memory, and whether there may be a core: not to survive the parent (1).
    "prctl": ((157, 167), [(0, _ANY, (3, 15, 16, 0x53564D41))]),
}  # fmt: skip

# Calls whose first argument is a process. For a signal 0 is the whole group, so only the own number will do.
_SIGNALS = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip
_OWN = {
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}  # fmt: skip

# With a network: TCP alone, because Landlock limits no other, and not multipath TCP, which it does not see either.
_TCP_ONLY = {
    "socket": ((41, 198), [(0, _ANY, (_INET, _INET6)), (1, _KIND, (_STREAM,)), (2, _ANY, (0, _TCP))]),
    "sendto": ((44, 206), [(3, _FAST_OPEN, (0,))]),
    "sendmsg": ((46, 211), [(2, _FAST_OPEN, (0,))]),
    "sendmmsg": ((307, 269), [(3, _FAST_OPEN, (0,))]),
}
_CLONE3 = (435, 435)  # its arguments lie in memory, where no filter sees them; libraries fall back to clone

# The instructions that are used here: load a word of the call's description, compare, mask, answer.
_LOAD, _EQUAL, _ABOVE, _AND, _ANSWER = 0x20, 0x15, 0x25, 0x54, 0x06
ALLOW = 0x7FFF0000
REFUSE, UNKNOWN, UNSUPPORTED = (0x00050000 | error for error in (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP))
"""The answers of a filter: go on; the caller sees EPERM, what an older kernel would say, or what a smaller one would.

The last is for kinds of sockets: ZeroMQ asks one for the names of the interfaces, and would abort if it got EPERM.
"""


def program(machine, pid, sockets=False):
    """The filter for a machine and a process, as a list of instructions (code, jump if true, if false, operand).

    sockets says whether the process may have TCP sockets. A call by the numbers of another machine, as 32-bit code
    makes, is unknown; so are the numbers above `NEWEST`, among them those of x32. ValueError for a machine that is not
    in `MACHINES`.
    """
    if machine not in MACHINES:
        raise ValueError(f"program: the machine is {machine}; the numbers are known for {' and '.join(MACHINES)}")
    column = list(MACHINES).index(machine)
    restricted = {
        **_RESTRICTED,
        **{name: (numbers, [(0, _ANY, (pid,))]) for name, numbers in _SIGNALS.items()},
        **{name: (numbers, [(0, _ANY, (0, pid))]) for name, numbers in _OWN.items()},
        **(_TCP_ONLY if sockets else {}),
    }
    refused = REFUSED if sockets else {**REFUSED, **NO_SOCKETS}

    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, MACHINES[machine]), (_ANSWER, 0, 0, UNKNOWN)]
    lines += [(_LOAD, 0, 0, 0), (_ABOVE, 0, 1, NEWEST), (_ANSWER, 0, 0, UNKNOWN)]
    for name, (numbers, conditions) in restricted.items():
        answer = UNSUPPORTED if name == "socket" else REFUSE
        block = [line for condition in conditions for line in _test(*condition, answer)] + [(_ANSWER, 0, 0, ALLOW)]
        lines += [(_EQUAL, 0, len(block), numbers[column]), *block]
    for numbers, answer in [(_CLONE3, UNKNOWN), *((numbers, REFUSE) for numbers in refused.values())]:
        if numbers[column] is not None:
            lines += [(_EQUAL, 0, 1, numbers[column]), (_ANSWER, 0, 0, answer)]
    return [*lines, (_ANSWER, 0, 0, ALLOW)]


def install(sockets=False):
    """Put this process, with all its threads, behind the filter for good; `no_new_privileges` must come first.

    OSError or ValueError where that is not possible.
    """
    if sys.maxsize < 2**32:
        raise ValueError("install: this Python has 32 bits; the numbers are those of 64")
    lines = program(platform.machine(), os.getpid(), sockets)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    seccomp = dict(zip(MACHINES, (317, 277), strict=True))[platform.machine()]
    # 1, 1: set a filter, and set it for every thread. A number above 0 is that of a thread which could not follow.
    thread = system_call(seccomp, 1, 1, struct.pack("@HP", len(lines), ctypes.addressof(code)))
    if thread:
        raise OSError(errno.EBUSY, f"the thread {thread} has a filter of its own")


def no_new_privileges():
    """Give up for good to become more than this process is, by a program with set-user-ID. OSError on failure."""
    prctl(38, 1, 0, 0, 0)


def prctl(option, *arguments):
    """Call prctl; OSError where it fails."""
    return _checked("prctl", option, *arguments)


def end_with(parent):
    """End this process when its parent does, or now if that has ended already."""
    prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def set_capabilities(header, sets):
    """Call capset; OSError where it fails."""
    return _checked("capset", header, sets)


def system_call(number, *arguments):
    """Make a system call of Linux with integers, bytes or None, and return what it returns; OSError where it fails."""
    return _checked("syscall", number, *arguments)


def _checked(function, *arguments):
    if sys.platform != "linux":  # elsewhere the same numbers are other calls
        raise OSError(errno.ENOSYS, f"{function} is a call of Linux, and this is {sys.platform}")
    function = getattr(ctypes.CDLL(None, use_errno=True), function)
    function.restype = ctypes.c_long if function.__name__ == "syscall" else ctypes.c_int
    result = function(*(ctypes.c_long(value) if isinstance(value, int) else value for value in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _test(argument, bits, values, answer):
    """Instructions that give an answer unless the bits of the argument have one of the values."""
    yield _LOAD, 0, 0, 16 + 8 * argument  # its lower half, for both machines store that first
    if bits != _ANY:
        yield _AND, 0, 0, bits
    for after, value in zip(reversed(range(len(values))), values, strict=True):
        yield _EQUAL, after + 1, 0, value  # over the other values and the answer
    yield _ANSWER, 0, 0, answer
