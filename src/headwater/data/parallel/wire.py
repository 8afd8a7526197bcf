"""A block as bytes for another process of the same run: a short head, and its arrays as they lie in memory.

Arrays never go through a pickle: protocol 5 leaves their buffers out (PEP 574), numpy's and Arrow's alike, and
they are laid side by side into shared memory. Only the head is pickled, between processes that one run started.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns, Items
from headwater.data.origin import local, portable
from headwater.data.stack import stack

_ALIGNED = 64  # what Arrow wants of its buffers
_PLAIN = (int, float, bool, str, bytes)


@dataclass(slots=True)
class Packed:
    """The head and the buffers of a block."""

    head: bytes
    buffers: list[memoryview]

    @property
    def size_bytes(self) -> int:
        """The room that the buffers need."""
        return sum(_padded(buffer.nbytes) for buffer in self.buffers)

    def lay_into(self, memory: memoryview) -> list[tuple[int, int]]:
        """Copy the buffers side by side; return where each begins and how long it is."""
        places, at = [], 0
        for buffer in self.buffers:
            memory[at : at + buffer.nbytes] = buffer
            places.append((at, buffer.nbytes))
            at += _padded(buffer.nbytes)
        return places


def pack(block: Block) -> Packed:
    """Take a block apart."""
    names, positions = portable(block.positions)
    content = block.columns if isinstance(block, Columns) else block.values
    parts: list[memoryview] = []

    def keep(buffer: pickle.PickleBuffer) -> None:
        parts.append(buffer.raw())

    head = pickle.dumps((names, positions, content), protocol=5, buffer_callback=keep)
    return Packed(head, parts)


def unpack(head: bytes, memory: memoryview, places: Sequence[tuple[int, int]]) -> Block:
    """Put a block together over `memory`, without a copy; its arrays can be written as far as that can."""
    buffers = [memory[start : start + size] for start, size in places]
    names, positions, content = pickle.loads(head, buffers=buffers)  # noqa: S301 - from a process of this run
    where = local(names, positions)
    return Columns(content, where) if isinstance(content, dict) else Items(content, where)


def not_sent(error: Exception, where: str) -> DataError:
    """The error for an element that cannot leave its process."""
    told = DataError(
        f"an element cannot go from one process to another: {type(error).__name__}: {error}.",
        where=where,
        remedy='Return arrays, numbers and texts, or use parallel="threads".',
    )
    told.__cause__ = error
    return told


def travels(block: Block) -> bool:
    """Whether a block can be put together elsewhere, where the user's script is not.

    Raised by what cannot be pickled: any `Exception`.
    """
    head = pack(block).head
    return b"__main__" not in head


def tidy(block: Block) -> Block:
    """Elements as columns, where they come back from them exactly as they were: arrays travel fast."""
    if isinstance(block, Columns) or not block.values:
        return block
    first = block.values[0]
    if type(first) is dict:
        if not first or any(type(value) is not dict or value.keys() != first.keys() for value in block.values):
            return block
        if not all(_comes_back([value[name] for value in block.values]) for name in first):
            return block
    elif not _comes_back(block.values):
        return block
    try:
        return Columns(stack(block, operator="map"), block.positions)
    except (DataError, OverflowError):
        return block


def _comes_back(values: list[Any]) -> bool:
    """Whether a column of these values has these values as its elements, with their types."""
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return False
    kind = kinds.pop()
    if kind is np.ndarray:
        return values[0].ndim > 0 and all(
            value.shape == values[0].shape and value.dtype == values[0].dtype for value in values
        )
    if kind is int:
        return bool(min(values) >= -(2**63) and max(values) < 2**63)
    return kind in _PLAIN


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // _ALIGNED) * _ALIGNED
