"""Memory that two processes share, and that is gone with them however they end.

It has no name: a file that was never linked, or no longer is, passed as a descriptor. A killed process leaves
nothing behind in ``/dev/shm``, as it does with named segments.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass

_LEAST_BYTES = 1 << 16


@dataclass
class Segment:
    """A piece of shared memory."""

    number: int
    descriptor: int
    memory: mmap.mmap

    @property
    def size_bytes(self) -> int:
        """Its room."""
        return len(self.memory)

    def close(self) -> None:
        """Let it go; a view of it that still lives keeps the mapping."""
        os.close(self.descriptor)
        try:
            self.memory.close()
        except BufferError:  # somebody reads it yet; it goes with the last view
            return


def create(number: int, size_bytes: int) -> Segment:
    """A new segment of at least `size_bytes`, a power of two, so that it serves again."""
    size_bytes = max(_LEAST_BYTES, 1 << (size_bytes - 1).bit_length())
    descriptor = _descriptor()
    os.ftruncate(descriptor, size_bytes)
    return attach(number, descriptor)


def attach(number: int, descriptor: int) -> Segment:
    """The segment behind a descriptor that another process sent."""
    return Segment(number, descriptor, mmap.mmap(descriptor, os.fstat(descriptor).st_size))


def _descriptor() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("headwater")
    with tempfile.TemporaryFile() as file:  # its name is gone already
        return os.dup(file.fileno())
