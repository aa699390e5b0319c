"""Files of a learner, handled so that nothing is lost: where the course lies, writing, setting aside, copies."""

import datetime
import os
import re
from pathlib import Path

_DATE = re.compile(r"\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?")


def course_folder(start=None):
    """The first folder at or above start that holds notebooks/ and exercises/, None if there is none.

    Without a start it is the working folder.
    """
    try:
        here = Path(start or Path.cwd())
        for folder in (here, *here.parents):
            if (folder / "notebooks").is_dir() and (folder / "exercises").is_dir():
                return folder
    except OSError:  # the working folder is gone, or a folder above it is closed to us
        return None
    return None


def write(path, content):
    """Write text, or bytes, to a file so that whoever reads sees the old file or the new one, never half of it."""
    path = Path(path)
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        half.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def set_aside(path):
    """Rename a file to a copy with the time in its name, and return the path of the copy. No file is overwritten."""
    copy = _free(path)
    path.rename(copy)
    return copy


def keep_copy(path, data):
    """Write what a file holds to a copy with the time in its name, unless there is one; return the path of the copy."""
    for copy in sorted(path.parent.iterdir()):
        if original(copy.name) == path.name and copy.is_file() and copy.read_bytes() == data:
            return copy
    copy = _free(path)
    write(copy, data)
    return copy


def _free(path):
    stamp = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    copy, count = path.with_name(f"{path.stem}.{stamp}{path.suffix}"), 1
    while copy.exists():
        count += 1
        copy = path.with_name(f"{path.stem}.{stamp}-{count}{path.suffix}")
    return copy


def is_set_aside(path):
    """Whether a file is a copy that set_aside has made."""
    return original(Path(path).name) is not None


def original(name):
    """The name that a file had before set_aside gave it this one; None if it did not."""
    stem, suffix = os.path.splitext(name)
    before, date = os.path.splitext(stem)
    return before + suffix if _DATE.fullmatch(date) else None
