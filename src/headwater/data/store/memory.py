"""Chunks in memory, for all runs of one dataset in one process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

from headwater.data.block import Block
from headwater.data.store.chunk import Chunk, from_bytes, to_bytes
from headwater.data.store.columns import NotStorableError
from headwater.data.store.frozen import frozen
from headwater.data.store.place import Ranges


class Memory:
    """A `Place` that holds at most `limit_bytes`: what comes when it is full is not kept.

    Chunks are copies, so nobody who changes an array changes what is kept. Elements that are not numbers,
    texts, arrays and the like are kept as the objects they are.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.size_bytes = 0
        self._limit_bytes = limit_bytes
        self._ranges = Ranges()
        self._chunks: dict[tuple[int, int], Any] = {}
        self._end: int | None = None
        self._lock = threading.RLock()  # a run that is collected in the midst of a call stores what it made

    @property
    def end(self) -> int | None:
        """How many elements there are, once all were made."""
        return self._end

    def find(self, at: int) -> Chunk | None:
        """The chunk with element `at`."""
        with self._lock:
            pair = self._ranges.holding(at)
            kept = None if pair is None else self._chunks[pair]
        if kept is None:
            return None
        if isinstance(kept, Chunk):
            return replace(kept, block=frozen(kept.block))
        return from_bytes(kept, where="memory", verified=True)

    def gap(self, at: int) -> int | None:
        """How many elements from `at` on are missing before the next chunk."""
        with self._lock:
            return self._ranges.gap(at)

    def admit(self, block: Block) -> None:
        """Elements of any kind are kept."""

    def put(self, chunk: Chunk) -> bool:
        """Keep a copy of a chunk if there is room."""
        if not self._has_room(chunk.block.size_bytes()):
            return False
        pair = (chunk.start, chunk.stop)
        try:
            kept: Any = to_bytes(chunk)
            size_bytes = kept.size
        except NotStorableError:
            kept, size_bytes = chunk, chunk.block.size_bytes()
        with self._lock:
            if not self._has_room(size_bytes):
                return False
            if pair not in self._chunks:
                self._chunks[pair] = kept
                self._ranges.add(*pair)
                self.size_bytes += size_bytes
        return True

    def acquire(self) -> bool:
        """All runs of one process write."""
        return True

    def finish(self, count: int) -> None:
        """Remember the number of elements."""
        self._end = count

    def close(self) -> None:
        """Nothing is held back from others."""

    def _has_room(self, size_bytes: int) -> bool:
        return self._limit_bytes is None or self.size_bytes + size_bytes <= self._limit_bytes


@dataclass
class Memories:
    """A `Memory` for each seed; a copy sent to another process begins empty."""

    limit_bytes: int | None = None
    by_key: dict[str, Memory] = field(default_factory=dict)

    def of(self, key: str) -> Memory:
        """The memory of a dataset with this key."""
        return self.by_key.setdefault(key, Memory(self.limit_bytes))

    def __reduce__(self) -> tuple[Any, ...]:
        return Memories, (self.limit_bytes,)
