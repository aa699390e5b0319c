"""Removes a folder when the process that asked for it has ended, however it ended.

As a program it takes the folder as its argument and waits for the end of its input, which comes when nobody is left
who could write there. It imports nothing of ours, so that it is there at once.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

_SECONDS = 5
"""How long files may still be made by processes that are about to end."""


@contextlib.contextmanager
def swept():
    """Within, temporary files and folders lie in one folder, which is removed even if this process is killed."""
    folder, before = tempfile.mkdtemp(prefix="bplib-"), tempfile.tempdir
    # In a session of its own, so that what ends us from a terminal does not end it.
    sweeper = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before
        sweeper.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            sweeper.wait(2 * _SECONDS)


def remove(folder):
    """Remove a folder, however deep it is: shutil goes down by recursion, and a path has a longest length.

    So we walk, one folder at a time, and never name more than the next. Links are removed and not followed.
    """
    if os.unlink not in os.supports_dir_fd:  # Windows
        shutil.rmtree(folder, ignore_errors=True)
        return
    here, names = os.open(folder, os.O_RDONLY), []
    try:
        while True:
            below = _emptied(here)
            if below is None and not names:
                break
            left, here = here, os.open(below or "..", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=here)
            os.close(left)
            if below is None:
                os.rmdir(names.pop(), dir_fd=here)
            else:
                names.append(below)
    finally:
        os.close(here)
    os.rmdir(folder)


def _emptied(here):
    """Remove the files of an open folder; the name of the first folder that is in the way, or None."""
    with os.scandir(here) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
            os.unlink(entry.name, dir_fd=here)
    return None


def main(folder):
    """Wait for the end of the input, then remove the folder."""
    sys.stdin.buffer.read()
    until = time.monotonic() + _SECONDS
    while os.path.exists(folder) and time.monotonic() < until:
        with contextlib.suppress(OSError):
            remove(folder)
            break
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
