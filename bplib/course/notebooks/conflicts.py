"""Conflicts in which git has left a folder, as after a pull of a newer course: the sides of each, and its end."""

import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Sides:
    """What a file in conflict was before (base), is for the learner (mine) and in the newer course (new), as bytes.

    A side in which there is no such file is None.
    """

    base: bytes | None
    mine: bytes | None
    new: bytes | None


def conflicts(folder):
    """The files below a folder that git has left in conflict: path from the folder, with slashes, to `Sides`.

    There are none where the folder is in no repository, or git not installed.
    """
    blobs = {}
    for entry in (_git(folder, "ls-files", "--unmerged", "-z") or b"").split(b"\0"):
        if entry:
            about, _, path = entry.decode("utf-8", "surrogateescape").partition("\t")
            _, blob, stage = about.split()
            blobs.setdefault(path, {})[int(stage)] = blob
    # In a merge stage 2 is the learner's; where a stash or a rebase lays their work upon the newer course, stage 3 is.
    mine, new = (2, 3) if merging(folder) else (3, 2)
    return {
        path: Sides(*(_git(folder, "cat-file", "blob", of[stage]) if stage in of else None for stage in (1, mine, new)))
        for path, of in blobs.items()
    }


def merging(folder):
    """Whether a merge is under way, which a commit will end."""
    return _git(folder, "rev-parse", "--quiet", "--verify", "MERGE_HEAD") is not None


def settle(folder, path):
    """Tell git that the conflict in a file has ended as the file is now. RuntimeError if git will not have it."""
    if _git(folder, "add", "--", path) is None:
        raise RuntimeError(f"git does not take {path}; end its conflict by `git add {path}`")


def _git(folder, *arguments):
    """What git writes, as bytes; None if it cannot do it."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
