"""What is in a folder or a zip that a stranger has sent: a list of `archives.Item`, with nothing left out.

Hidden names, what macOS leaves behind and installed packages are clutter: one item stands for all of it, and it is not
looked into. A name such as ../../x is only a name.
"""

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
from pathlib import Path

from bplib.grading import archives
from bplib.grading.archives import (
    FOLDER,
    LINK,
    NOTEBOOK,
    OTHER,
    TROUBLE,
    ZIP,
    Item,
    Refused,
    TooBig,
    open_file,
    reason,
)

_STEERING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # they make a name look like another

_ADDED = ".txt"  # what browsers and mail programs put behind .ipynb

_INSTALLED = "site-packages"  # what lies beside it may be a learner's, who has made an environment of their own folder


def clean(name):
    """A name as people can read it: no half letters, no controls, none that turn the direction of the text."""
    name = name.encode("utf-8", "surrogateescape" if _is_escaped(name) else "replace").decode("utf-8", "replace")
    name = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in _STEERING.sub("", name))
    return " ".join(unicodedata.normalize("NFC", name).split())


def some(names, most):
    """The first names of many, for people: "a, b and 3 more"."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _is_escaped(name):
    """Whether the system could not read the name as UTF-8; Python keeps such bytes as halves of surrogate pairs."""
    return any("\udc80" <= letter <= "\udcff" for letter in name) and not any(
        "\ud800" <= letter < "\udc80" or "\udcff" < letter <= "\udfff" for letter in name
    )


class _Names:
    """The names in one folder or zip as people can read them; of two that look the same one gets a number.

    They may be of two learners, whom nothing else tells apart.
    """

    def __init__(self):
        self._shown, self._taken, self._numbers = {(): ()}, set(), {}

    def shown(self, path):
        """The parts of a path as people can read them."""
        for length in range(1, len(path) + 1):
            if path[:length] not in self._shown:
                above, name = self._shown[path[: length - 1]], clean(path[length - 1]) or "unnamed"
                parts = plain = (*above, name)
                while parts in self._taken:
                    self._numbers[plain] = self._numbers.get(plain, 1) + 1
                    parts = (*above, f"{name} ({self._numbers[plain]})")
                self._taken.add(parts)
                self._shown[path[:length]] = parts
        return self._shown[path]


def at(path):
    """What a path leads to: a list of `Item`. A file that is given by its name is a notebook, unless it is a zip."""
    path = Path(os.path.abspath(path))
    if os.path.isdir(path) and not os.path.islink(path):
        return in_folder(path)
    if not os.path.lexists(path):
        return [Item((), TROUBLE, trouble="there is no such file or folder")]
    kind, trouble = _kind_on_disk(path)
    named = [Item((), TROUBLE, trouble="its name is not in UTF-8")] if _is_escaped(path.name) else []
    return [Item((), NOTEBOOK if kind == OTHER else kind, () if kind == TROUBLE else (str(path),), trouble), *named]


def in_folder(top):
    """What is below a folder on disk: a list of `Item`, in order. It raises for nothing that is in the folder."""
    items, names = [], _Names()
    waiting = [(Path(top), ())]
    while waiting:
        folder, path = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            trouble = f"the folder cannot be read: {error.strerror}"
            items.append(Item(names.shown(path), TROUBLE, trouble=trouble))
            continue
        if path and not found:
            items.append(Item(names.shown(path), FOLDER))
        for entry in found:
            here = names.shown((*path, entry.name))
            if _is_clutter(entry.name):
                items.append(_clutter(here))
                continue
            if _is_escaped(entry.name):
                items.append(Item(here, TROUBLE, trouble="its name is not in UTF-8"))
            kind, trouble = _kind_on_disk(entry)
            if kind == FOLDER:
                waiting.append((Path(entry.path), (*path, entry.name)))
            else:
                items.append(Item(here, kind, () if kind == TROUBLE else (os.path.abspath(entry.path),), trouble))
    return sorted(items, key=_order)


def _kind_on_disk(entry):
    """(kind, trouble) of an entry of a folder."""
    kind = _kind(entry.name)
    try:
        if entry.is_symlink():
            return (TROUBLE, LINK) if kind != OTHER or entry.is_dir() else (OTHER, "")
        if entry.is_dir():
            return FOLDER, ""
        if kind != OTHER:
            with open_file(entry) as file:
                if kind == NOTEBOOK and os.fstat(file.fileno()).st_size > archives.MAX_NOTEBOOK_BYTES:
                    raise TooBig(archives.MAX_NOTEBOOK_BYTES)
    except (OSError, ValueError) as error:
        return TROUBLE, reason(error)
    return kind, _added(entry.name)


def in_zip(zip_item, content=None):
    """What is in a zip: a list of `Item`. content is that of a zip in a zip. Refused if it cannot be read."""
    try:
        with io.BytesIO(content) if content is not None else open_file(zip_item.where[0]) as file:
            size = _directory_size(file)
            if size > archives.MAX_DIRECTORY_BYTES:
                raise Refused("the zip lists far too many files, and was refused")
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
    except Refused:
        raise
    except Exception as error:
        raise Refused(reason(error)) from None
    items, folders, names = {}, set(), _Names()
    for number, entry in enumerate(entries):
        path = _name_in_zip(entry)
        if not path:
            continue
        clutter = next((length for length, name in enumerate(path, 1) if _is_clutter(name)), None)
        parts = names.shown(path[: min(clutter or len(path), archives.MAX_DEPTH)])
        if clutter and len(parts) == clutter:
            items[parts] = _clutter(parts)
        elif len(path) > len(parts):
            items[parts] = Item(parts, TROUBLE, trouble=f"what it holds lies deeper than {len(parts)} folders")
        elif entry.filename.endswith(("/", "\\")):
            folders.add(parts)
        elif stat.S_ISLNK(entry.external_attr >> 16) and _kind(path[-1]) != OTHER:
            items[number] = Item(parts, TROUBLE, trouble=LINK)
        else:
            items[number] = Item(parts, _kind(path[-1]), (*zip_item.where, number), _added(path[-1]))
    items = list(items.values())
    filled = {item.parts[:k] for item in items for k in range(1, len(item.parts))}
    filled |= {folder[:k] for folder in folders for k in range(1, len(folder))}
    items += [Item(folder, FOLDER) for folder in folders - filled]
    return sorted(items, key=_order)


def _order(item):
    return item.parts, item.kind == TROUBLE, [str(step).rjust(9) for step in item.where]


def _name_in_zip(entry):
    name = entry.filename
    if not entry.flag_bits & 0x800:  # most programs write UTF-8 without saying so, which zipfile reads as cp437
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _is_clutter(name):
    return name.startswith(".") or name in ("__MACOSX", _INSTALLED)


def _clutter(parts):
    return Item(parts, OTHER, trouble="what is installed there was passed over" if parts[-1] == _INSTALLED else "")


def _kind(name):
    name = name.lower()
    ending = os.path.splitext(name.removesuffix(_ADDED) if _added(name) else name)[1]
    return {".ipynb": NOTEBOOK, ".zip": ZIP}.get(ending, OTHER)


def _added(name):
    """What is to be said of a notebook whose name has got one more ending on its way, or ""."""
    added = name.lower().endswith(f".ipynb{_ADDED}")
    return f"its name ends in {_ADDED}, and it was read as a notebook" if added else ""


def _directory_size(file):
    """How many bytes the table of contents of a zip has, as zipfile will read them."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - 66_000))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise Refused("it is damaged, or no zip file")
    size = struct.unpack_from("<L", tail, end + 12)[0]
    big = tail.rfind(b"PK\x06\x06", 0, end)
    if big >= 0 and len(tail) >= big + 48:
        size = max(size if size < 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, big + 40)[0])
    if size > length:
        raise Refused("it is damaged, or no zip file")
    return size
