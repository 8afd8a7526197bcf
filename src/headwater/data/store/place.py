"""Where chunks are kept: the same few calls for memory and for a folder."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Protocol

from headwater.data.block import Block
from headwater.data.store.chunk import Chunk

CHUNK_BYTES = 8 << 20
"""A chunk is closed at this size: large enough that a file costs little, small enough to read one for a row."""


_LAST = 1 << 62  # after any number of an element


class Place(Protocol):
    """Chunks of one dataset. Chunks may overlap and leave gaps: they say which elements they hold."""

    @property
    def end(self) -> int | None:
        """How many elements the dataset has, once it was made to its end."""
        ...

    def find(self, at: int) -> Chunk | None:
        """The chunk that holds element `at`, if it is kept here."""
        ...

    def gap(self, at: int) -> int | None:
        """How many elements from `at` on are not kept here; None if none is that comes later."""
        ...

    def admit(self, block: Block) -> None:
        """Raise a `NotStorableError` if elements such as these cannot be kept."""
        ...

    def put(self, chunk: Chunk) -> bool:
        """Keep a chunk; False if there is no room for it or another is writing."""
        ...

    def finish(self, count: int) -> None:
        """Remember that there are `count` elements and no more."""
        ...

    def close(self) -> None:
        """Let others write."""
        ...


class Ranges:
    """Which elements are kept: pairs of the first and the one after the last.

    >>> ranges = Ranges()
    >>> ranges.add(0, 4), ranges.add(8, 9)
    (None, None)
    >>> ranges.holding(3), ranges.holding(4), ranges.gap(4)
    ((0, 4), None, 4)
    """

    def __init__(self) -> None:
        self.pairs: list[tuple[int, int]] = []
        self._longest = 0

    def add(self, start: int, stop: int) -> None:
        """Count a chunk in."""
        place = bisect_left(self.pairs, (start, stop))
        if self.pairs[place : place + 1] != [(start, stop)]:
            self.pairs.insert(place, (start, stop))
            self._longest = max(self._longest, stop - start)

    def drop(self, start: int, stop: int) -> None:
        """Count a chunk out."""
        self.pairs.remove((start, stop))

    def holding(self, at: int) -> tuple[int, int] | None:
        """The chunk with element `at`, the one that begins last."""
        for number in range(bisect_right(self.pairs, (at, _LAST)) - 1, -1, -1):
            start, stop = self.pairs[number]
            if at < stop:
                return start, stop
            if start + self._longest <= at:
                return None
        return None

    def gap(self, at: int) -> int | None:
        """How many elements there are from `at` to the next chunk that begins after it."""
        number = bisect_right(self.pairs, (at, _LAST))
        return self.pairs[number][0] - at if number < len(self.pairs) else None
