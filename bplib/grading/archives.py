"""Reads a file that a stranger has sent, on disk, in a zip, or in a zip in a zip, when its content is wanted.

Nothing is unpacked to disk and no link is followed. What a zip unpacks to is counted while it is read, because its
header says what its author likes.
"""

import errno
import functools
import io
import os
import stat
import zipfile
from dataclasses import dataclass

NOTEBOOK, ZIP, OTHER, FOLDER, TROUBLE = "notebook", "zip", "other", "folder", "trouble"

LINK = "it is a link, and links are not followed"

MAX_NOTEBOOK_BYTES = 50_000_000
"""A bigger notebook is not loaded: it has large outputs, which do not count, or is none, and would take gigabytes."""

MAX_UNPACKED_BYTES = 500_000_000
"""What the zip files of one learner may unpack to, all together."""

MAX_FILES = 10_000
"""Notebooks and zip files in one hand-in."""

MAX_DIRECTORY_BYTES = 32_000_000
"""The table of contents of a zip, about 300,000 files: a virtual environment fits, a million empty files do not."""

MAX_DEPTH = 100
"""Folders in folders in a zip: a name may be long enough for 30,000."""

MAX_NESTING = 2

_LONGEST_PATH = 300
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Item:
    """Something in a folder or a zip. It holds only names and numbers, so it can be sent to another process.

    parts    the path from the top of what was listed, cleaned for people
    kind     NOTEBOOK, ZIP, OTHER, FOLDER (an empty one) or TROUBLE
    where    the file on disk, and then for each zip on the way the number of the entry in it
    trouble  what is wrong, where kind is TROUBLE, or what was passed over: one line, or ""
    """

    parts: tuple[str, ...]
    kind: str
    where: tuple = ()
    trouble: str = ""

    @property
    def path(self):
        """The path for people; of a very long one the end."""
        path = "/".join(self.parts)
        return path if len(path) <= _LONGEST_PATH else f"... {path[-_LONGEST_PATH:]}"

    def read(self, limit=MAX_NOTEBOOK_BYTES):
        """The content: bytes, the same each time. Refused if it cannot be read or is over the limit."""
        disk, *entries = self.where
        try:
            if not entries:
                with open_file(disk) as file:
                    return _read(file, limit)
            archive = _opened(disk, _stamp(disk), os.getpid())
            for entry in entries[:-1]:
                archive = _opened_within(archive, entry)
            return _unpack(archive, archive.infolist()[entries[-1]], limit)
        except Refused:
            raise
        except Exception as error:
            raise Refused(reason(error)) from None


class Refused(ValueError):  # noqa: N818, it is our decision
    """A file that is not read, and why, in one line; spent is how much was unpacked before that was known."""

    def __init__(self, reason, spent=0):
        """Keep the reason as the text of the error."""
        super().__init__(reason)
        self.spent = spent


class TooBig(Refused):
    """A file that is bigger than the limit it was read with."""

    def __init__(self, limit, spent=0):
        """Say the limit, in bytes, in megabytes."""
        super().__init__(f"it is bigger than {limit / 1e6:.4g} MB, and was not loaded", spent)


# Reading


def open_file(path):
    """A file on disk, opened for reading; a pipe or a device would let us wait forever."""
    if os.path.islink(path):
        raise Refused(LINK)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused("it is no ordinary file")
    return file


def _stamp(path):
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=4)
def _opened(path, stamp, process):
    """A zip on disk. Kept open: the zip of a class is read 10,000 times, and its table of contents need not be.

    Processes must not share it, since a fork shares the place in the file.
    """
    file = open_file(path)
    try:
        return _Kept(file)
    except BaseException:
        file.close()
        raise


class _Kept(zipfile.ZipFile):
    def __del__(self):
        # A file that was handed to it is not closed by a ZipFile.
        file = self.fp
        super().__del__()
        if file:
            file.close()


@functools.lru_cache(maxsize=1)
def _opened_within(archive, entry):
    """A zip in a zip. The last one is kept, or each of its notebooks would unpack all of it again."""
    return zipfile.ZipFile(io.BytesIO(_unpack(archive, archive.infolist()[entry], MAX_UNPACKED_BYTES)))


def _unpack(archive, entry, limit):
    if entry.flag_bits & 1:
        raise Refused("it is encrypted in the zip")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile puts no bound on what one chunk of the other methods becomes in memory.
        raise Refused("it is packed by a method other than that of ordinary zip files")
    if entry.file_size > limit:
        raise TooBig(limit)
    with archive.open(entry) as file:
        return _read(file, limit)


def _read(file, limit):
    chunks, left = [], limit
    try:
        while chunk := file.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise TooBig(limit, spent=limit)
            chunks.append(chunk)
    except Refused:
        raise
    except Exception as error:  # a damaged zip can make zipfile raise nearly anything
        raise Refused(reason(error), spent=limit - left) from None
    return b"".join(chunks)


def reason(error):
    """What an error says about a file, in one line."""
    if isinstance(error, Refused):
        return str(error)
    # Wrong numbers in a damaged zip lead to seeking before its start, which is an invalid argument.
    if isinstance(error, OSError) and error.strerror and error.errno != errno.EINVAL:
        return f"it cannot be read: {error.strerror}"
    return "it is damaged, or no zip file"
