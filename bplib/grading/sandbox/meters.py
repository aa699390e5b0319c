"""What a learner's process has used, read from outside: its time, its threads, and the room it takes on the disk.

The time is that of the processor, so that a machine that is busy with others costs nobody points. An answer that sleeps
comes to an end too: it may take `PATIENCE` times as long on the wall's clock, and so it is where the system does not
tell the processor's time.
"""

import os
import time

PATIENCE = 3
THREADS = 64
ROOM = 256 << 20
FILES = 10_000

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 1


class Meter:
    """The meter of one process, which begins when it is made."""

    def __init__(self, pid=None, scratch=None):
        """Watch the process of this id, and the folder in which it may write; what is not given is not watched."""
        self._pid, self._scratch = pid, scratch
        self._begun = time.monotonic()
        self._spent = self._state()[0]
        self._free = self._room()

    def seconds(self):
        """Seconds of the processor since the beginning, or those of the wall's clock divided by PATIENCE if more."""
        return max(self._state()[0] - self._spent, (time.monotonic() - self._begun) / PATIENCE)

    def excess(self):
        """What it has too much of, as in "started more than 64 threads", or ""."""
        if self._state()[1] > THREADS:
            return f"started more than {THREADS} threads"
        # To count its files takes time, so that is done only where the disk has got fuller, by whomever.
        room = self._room()
        if any(free - left > most for free, left, most in zip(self._free, room, (ROOM, FILES), strict=True)):
            self._free = room
            if self._written():
                return f"wrote more than {ROOM >> 20} MB, or more than {FILES} files"
        return ""

    def _state(self):
        """The seconds of the processor, and the number of threads; zeros where the system does not tell."""
        try:
            # After the name of the program, which may hold anything.
            with open(f"/proc/{self._pid}/stat", "rb", buffering=0) as file:
                fields = file.read().rpartition(b")")[2].split()
            return (int(fields[11]) + int(fields[12])) / _TICKS, int(fields[17])
        except (OSError, ValueError, IndexError):
            return 0.0, 0

    def _room(self):
        """The bytes and the files for which the disk has room; zeros where there is nothing to watch."""
        try:
            disk = os.statvfs(self._scratch)
        except (OSError, TypeError, AttributeError):  # Windows has no statvfs
            return 0, 0
        return disk.f_bavail * disk.f_frsize, disk.f_favail

    def _written(self):
        """Whether its files are too many or too large, those that it has removed and not closed among them."""
        size = count = 0
        folders = [self._scratch]
        try:
            for descriptor in os.scandir(f"/proc/{self._pid}/fd"):
                file = descriptor.stat()
                size += 512 * file.st_blocks * (not file.st_nlink)
            while folders and size <= ROOM and count <= FILES:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        count += 1
                        size += 512 * entry.stat(follow_symlinks=False).st_blocks
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
        except FileNotFoundError:
            return False  # it removes while we count; the next time will tell
        except OSError:
            return True  # too deep to be followed
        return size > ROOM or count > FILES
