"""Values between two processes that do not trust each other: plain data, and nothing that runs.

A message is a dict, whose values are what `values` can write; it travels as JSON with the bytes of its arrays and long
texts behind it. The worst that a message can do is to be refused: there is no pickle here, and nothing is evaluated.
"""

import json
import socket
import struct
import time

from bplib.grading.sandbox.formulas import Unreadable
from bplib.grading.sandbox.values import TOO_LARGE, Reader, Writer

LARGEST = 64 << 20
"""The bytes that a message may have."""

_JSON = 4 << 20  # of these; a list that is written in three bytes takes twenty times as much when it is read
_HEAD = struct.Struct(">II")


class Channel:
    """A socket between two processes, on which messages come whole and within a time."""

    def __init__(self, connected):
        """Take over a connected stream socket."""
        self.socket = connected

    def send(self, message, functions=None, seconds=None):
        """Send a dict. functions(f) numbers a function that is in it; without, functions go by their type only.

        TimeoutError when the other side does not take it in time, Unreadable for what it would refuse.
        """
        writer = Writer(functions)
        tree = [[key, writer.value(value)] for key, value in message.items()]
        text = json.dumps(tree).encode()
        size = sum(map(len, writer.blobs))
        if len(text) > _JSON or len(text) + size > LARGEST:
            raise Unreadable(TOO_LARGE)
        if seconds is not None and seconds <= 0:
            raise TimeoutError
        self.socket.settimeout(seconds)
        self.socket.sendall(b"".join([_HEAD.pack(len(text), size), text, *writer.blobs]))

    def receive(self, seconds=None, functions=None):
        """The next message. functions(number, name) makes something callable of a function that is in it.

        EOFError where the other side is gone, TimeoutError when the seconds are over, Unreadable for anything else.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        lengths = _HEAD.unpack(self._read(_HEAD.size, deadline))
        if lengths[0] > _JSON or sum(lengths) > LARGEST:
            raise Unreadable(TOO_LARGE)
        text, blob = (self._read(length, deadline) for length in lengths)
        try:
            reader = Reader(blob, functions)
            return {str(key): reader.value(tree) for key, tree in json.loads(text)}
        except Unreadable:
            raise
        except Exception as error:  # whatever is wrong with it, it is no message
            raise Unreadable(f"What came back cannot be read ({type(error).__name__}).") from None

    def is_quiet(self, seconds):
        """Whether nothing comes within so many seconds, not even the end."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        except OSError:
            return False
        return False

    def _read(self, length, deadline):
        parts = []
        while length:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            try:
                part = self.socket.recv(min(length, 1 << 20))
            except ConnectionError:
                part = b""
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def close(self):
        """Close the socket."""
        self.socket.close()
