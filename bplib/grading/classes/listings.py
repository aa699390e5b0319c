"""What is in a folder or a zip that a stranger has sent: a list of `archives.Item`, with nothing left out but clutter.

Hidden names, what macOS and Jupyter leave behind, copies kept by reset and virtual environments are clutter. A name
such as ../../x is only a name.
"""

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
from pathlib import Path

from bplib.course import files
from bplib.grading.classes import archives
from bplib.grading.classes.archives import (
    FOLDER,
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


def clean(name):
    """A name as people can read it: no half letters, no controls, none that turn the direction of the text."""
    name = name.encode("utf-8", "surrogateescape" if _is_escaped(name) else "replace").decode("utf-8", "replace")
    name = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in _STEERING.sub("", name))
    return " ".join(unicodedata.normalize("NFC", name).split())


def _is_escaped(name):
    """Whether the system could not read the name as UTF-8; Python keeps such bytes as halves of surrogate pairs."""
    return any("\udc80" <= letter <= "\udcff" for letter in name) and not any(
        "\ud800" <= letter < "\udc80" or "\udcff" < letter <= "\udfff" for letter in name
    )


def in_folder(top):
    """What is below a folder on disk: a list of `Item`, in order. It raises for nothing that is in the folder."""
    items = []
    waiting = [(Path(top), ())]
    while waiting:
        folder, parts = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            items.append(Item(parts, TROUBLE, trouble=f"the folder cannot be read: {error.strerror}"))
            continue
        if parts and any(entry.name == "pyvenv.cfg" for entry in found):
            continue
        shown = [entry for entry in found if not _is_passed_over(entry.name)]
        if parts and not shown:
            items.append(Item(parts, FOLDER))
        for entry in shown:
            here = (*parts, clean(entry.name) or "unnamed")
            if _is_escaped(entry.name):
                items.append(Item(here, TROUBLE, trouble="its name is not in UTF-8"))
            kind, trouble = _kind_on_disk(entry)
            if kind == FOLDER:
                waiting.append((Path(entry.path), here))
            else:
                items.append(Item(here, kind, () if trouble else (os.path.abspath(entry.path),), trouble))
    return sorted(items, key=_order)


def _kind_on_disk(entry):
    """(kind, trouble) of an entry of a folder."""
    kind = _kind(entry.name)
    try:
        if entry.is_symlink():
            if kind != OTHER or entry.is_dir():
                return TROUBLE, "it is a link, and links are not followed"
            return OTHER, ""
        if entry.is_dir():
            return FOLDER, ""
        if kind != OTHER:
            with open_file(entry.path) as file:
                if kind == NOTEBOOK and os.fstat(file.fileno()).st_size > archives.MAX_NOTEBOOK_BYTES:
                    raise TooBig(archives.MAX_NOTEBOOK_BYTES)
    except (OSError, ValueError) as error:
        return TROUBLE, reason(error)
    return kind, ""


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
    names = [_name_in_zip(entry) for entry in entries]
    # A virtual environment is known by the file beside its folders.
    environments = {parts[:-1] for parts in names if parts and parts[-1] == "pyvenv.cfg" and parts[:-1]}
    items, folders = [], set()
    for number, (entry, raw) in enumerate(zip(entries, names, strict=True)):
        if not raw or any(map(_is_passed_over, raw)) or any(raw[:k] in environments for k in range(1, len(raw))):
            continue
        parts = tuple(clean(part) or "unnamed" for part in raw)
        if entry.filename.endswith(("/", "\\")):
            folders.add(parts)
        elif stat.S_ISLNK(entry.external_attr >> 16) and _kind(raw[-1]) != OTHER:
            items.append(Item(parts, TROUBLE, trouble="it is a link, and links are not followed"))
        else:
            items.append(Item(parts, _kind(raw[-1]), (*zip_item.where, number)))
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


def _is_passed_over(name):
    return name.startswith(".") or name == "__MACOSX" or files.is_set_aside(name)


def _kind(name):
    return {".ipynb": NOTEBOOK, ".zip": ZIP}.get(os.path.splitext(name)[1].lower(), OTHER)


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
