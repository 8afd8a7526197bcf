"""Messages between a run and one of its processes, over a socket; blocks go through shared memory.

Whoever receives never waits for a lock that is held while sending. Else both ends could wait for each other:
one cannot send because the other does not read, which does not read because it waits to send.
"""

from __future__ import annotations

import pickle
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from headwater.data.block import Block
from headwater.data.parallel import segment
from headwater.data.parallel.wire import pack, unpack

_LENGTH = struct.Struct("<Q")
# Below, the buffers travel in the message itself: two copies cost less than keeping account of memory.
_SMALL_BYTES = 1 << 14


@dataclass(slots=True)
class Letter:
    """A block that came, over memory that belongs to the sender until it is returned."""

    block: Block
    segment: int | None


@dataclass
class Post:
    """One end of the line. Each end owns the segments it sends, and uses them again when they were returned."""

    line: socket.socket
    _own: dict[int, segment.Segment] = field(default_factory=dict)
    _free: deque[int] = field(default_factory=deque)
    _owed: deque[int] = field(default_factory=deque)  # theirs, to be given back with the next message
    _theirs: dict[int, segment.Segment] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, kind: str, content: Any = None, block: Block | None = None) -> None:
        """Send a message, with a block if there is one.

        Raised when nobody is there any more: `OSError`.
        """
        with self._lock:
            packed = None if block is None else pack(block)
            if packed is None:
                self._write((kind, content, None))
            elif packed.size_bytes <= _SMALL_BYTES:
                memory = bytearray(packed.size_bytes)
                places = packed.lay_into(memoryview(memory))
                self._write((kind, content, (packed.head, places, memory)))
            else:
                piece = self._piece(packed.size_bytes)
                places = packed.lay_into(memoryview(piece.memory))
                self._write((kind, content, (packed.head, places, piece.number)), piece)

    def receive(self) -> tuple[str, Any, Letter | None]:
        """Wait for a message.

        Raised when the other end is gone: `EOFError`.
        """
        length, descriptor = self._read_head()
        (kind, content, sent), returned = pickle.loads(self._read(length))  # noqa: S301 - from a process of this run
        self._free.extend(returned)
        if sent is None:
            return kind, content, None
        head, places, memory = sent
        if not isinstance(memory, int):
            return kind, content, Letter(unpack(head, memoryview(memory), places), None)
        if descriptor is not None:
            self._theirs[memory] = segment.attach(memory, descriptor)
        view = memoryview(self._theirs[memory].memory)
        return kind, content, Letter(unpack(head, view, places), memory)

    def give_back(self, letter: Letter) -> None:
        """Let the sender use the memory of a letter again; it hears of it with the next message."""
        if letter.segment is not None:
            self._owed.append(letter.segment)

    def close(self) -> None:
        """Hang up and let all memory go."""
        self.line.close()
        for piece in (*self._own.values(), *self._theirs.values()):
            piece.close()
        self._own.clear()
        self._theirs.clear()

    def _piece(self, size_bytes: int) -> segment.Segment:
        """A segment of our own that is free and large enough."""
        for _ in range(len(self._free)):
            number = self._free.popleft()
            if self._own[number].size_bytes >= size_bytes:
                return self._own[number]
            self._free.append(number)
        piece = segment.create(len(self._own), size_bytes)
        self._own[piece.number] = piece
        return piece

    def _write(self, message: Any, piece: segment.Segment | None = None) -> None:
        returned = [self._owed.popleft() for _ in range(len(self._owed))]
        text = pickle.dumps((message, returned), protocol=5)
        head = _LENGTH.pack(len(text))
        if piece is None or piece.descriptor is None:
            self.line.sendall(head + text)
        else:
            socket.send_fds(self.line, [head], [piece.descriptor])
            piece.forget_descriptor()
            self.line.sendall(text)

    def _read_head(self) -> tuple[int, int | None]:
        text, found, _, _ = socket.recv_fds(self.line, _LENGTH.size, 1)
        if len(text) < _LENGTH.size:
            text += self._read(_LENGTH.size - len(text))
        return _LENGTH.unpack(text)[0], found[0] if found else None

    def _read(self, size_bytes: int) -> bytearray:
        text = bytearray(size_bytes)
        view, at = memoryview(text), 0
        while at < size_bytes:
            count = self.line.recv_into(view[at:])
            if count == 0:
                raise EOFError("the other end is gone")
            at += count
        return text
