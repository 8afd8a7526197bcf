"""Memory that two processes share, and that is gone with them however they end.

It has no name: a file that was never linked, or no longer is, passed as a descriptor. A killed process leaves
nothing behind in ``/dev/shm``, as it does with named segments.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from dataclasses import dataclass

_LEAST_BYTES = 1 << 16


@dataclass
class Segment:
    """A piece of shared memory, and its descriptor as long as the other process does not have it."""

    number: int
    memory: mmap.mmap
    descriptor: int | None = None

    @property
    def size_bytes(self) -> int:
        """Its room."""
        return len(self.memory)

    def forget_descriptor(self) -> None:
        """Close the descriptor: the mapping stands without it."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def close(self) -> None:
        """Let it go; a view of it that still lives keeps the mapping."""
        self.forget_descriptor()
        with contextlib.suppress(BufferError):  # somebody reads it yet; it goes with the last view
            self.memory.close()


def create(number: int, size_bytes: int) -> Segment:
    """A new segment of at least `size_bytes`, a power of two, so that it serves again."""
    size_bytes = max(_LEAST_BYTES, 1 << (size_bytes - 1).bit_length())
    descriptor = _descriptor()
    os.ftruncate(descriptor, size_bytes)
    return Segment(number, mmap.mmap(descriptor, size_bytes), descriptor)


def attach(number: int, descriptor: int) -> Segment:
    """The segment behind a descriptor that another process sent, which is closed."""
    try:
        return Segment(number, mmap.mmap(descriptor, os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)


def _descriptor() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("headwater")
    with tempfile.TemporaryFile() as file:  # its name is gone already
        return os.dup(file.fileno())
